//! `camp.toml`: the settings of a project.
//!
//! It is looked for in a folder and the folders above it; the nearest one counts. Paths in it are
//! relative to it. What the command line says wins over what it says.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Diagnostics, codes::usage, suggest};
use crate::engine::duckdb::session::Repository;
use crate::run::limits::{self, Limits};
use crate::source::{SourceMap, Span};

/// The file's name.
pub const FILE: &str = "camp.toml";
/// The database of a project that names none.
pub const DEFAULT_DATABASE: &str = "camp.duckdb";
/// More threads than any machine has cores; the engine falls over when it cannot start them.
pub const MOST_THREADS: u32 = 1024;
/// The settings, as they are spelt.
const KEYS: [&str; 11] = [
    "database",
    "timezone",
    "memory_limit",
    "threads",
    "temp_directory",
    "wait",
    "publish",
    "plugin_timeout",
    "warn_shrink",
    "warn_grow",
    "install_extensions",
];

/// What a `camp.toml` says. Paths are already relative to the current folder, not to the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// The file; nothing when there is none.
    pub file: Option<PathBuf>,
    /// The project's database.
    pub database: Option<PathBuf>,
    /// The zone of campaigns that name none.
    pub timezone: Option<String>,
    /// `"4GB"`, in the engine's spelling.
    pub memory_limit: Option<String>,
    /// Of the engine.
    pub threads: Option<u32>,
    /// Where the engine puts what does not fit into memory.
    pub temp_directory: Option<PathBuf>,
    /// How long a run waits for the database while another program holds it.
    pub wait: Option<Duration>,
    /// How long a plugin at work may give no sign of life.
    pub plugin_timeout: Option<Duration>,
    /// A copy of the database for readers, renewed after each run.
    pub publish: Option<PathBuf>,
    /// How far an audience may change before a plan warns.
    pub limits: Limits,
    /// From where missing extensions of the engine may be fetched.
    pub install_extensions: Option<Repository>,
}

impl Config {
    /// The settings that hold in `folder`: of the nearest `camp.toml`, or none.
    ///
    /// # Errors
    /// When the file cannot be read or says something that is not understood; the file is then in
    /// `sources`.
    pub fn find(folder: &Path, sources: &mut SourceMap) -> Result<Config, Diagnostics> {
        // Absolute only for the search: what is shown and kept stays as short as it was given.
        let up = std::path::Component::ParentDir;
        let absolute = if folder.components().any(|c| c == up) {
            folder.canonicalize()
        } else {
            std::path::absolute(folder)
        };
        let absolute = absolute.unwrap_or_else(|_| folder.to_owned());
        for (steps, above) in absolute.ancestors().enumerate() {
            if above.join(FILE).is_file() {
                let short = folder
                    .ancestors()
                    .nth(steps)
                    .filter(|short| folder.is_relative() && short.components().all(|c| c != up));
                return Config::read(&short.unwrap_or(above).join(FILE), sources);
            }
        }
        Ok(Config::default())
    }

    /// The settings of one file.
    ///
    /// # Errors
    /// As [`Config::find`].
    pub fn read(file: &Path, sources: &mut SourceMap) -> Result<Config, Diagnostics> {
        let name = file.display().to_string();
        let unreadable = |cause: &dyn std::fmt::Display| {
            let mut all = Diagnostics::default();
            all.push(
                Diagnostic::error(usage::CONFIG_UNREADABLE, format!("`{name}` cannot be read"))
                    .cause(cause),
            );
            all
        };
        let text = std::fs::read_to_string(file).map_err(|error| unreadable(&error))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let id = sources.add(name.as_str(), text).map_err(|_| unreadable(&"it is too large"))?;
        let base = file.parent().unwrap_or(Path::new(""));
        let mut reader = Reader { start: sources.file(id).start, found: Diagnostics::default() };
        let config = reader.config(text, base);
        if reader.found.is_empty() {
            Ok(Config { file: Some(file.to_owned()), ..config })
        } else {
            Err(reader.found)
        }
    }

    /// The project's database: as named, else `camp.duckdb` beside the file, else in the current
    /// folder (not beside the script: `camp audiences`, which has none, looks at the same one).
    pub fn database_or_default(&self) -> PathBuf {
        let beside = self.file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        self.database.clone().unwrap_or_else(|| beside.join(DEFAULT_DATABASE))
    }
}

/// Collects what is wrong with one file.
struct Reader {
    /// Where the file starts in the offset space.
    start: u32,
    found: Diagnostics,
}

type Value<'i> = Spanned<DeValue<'i>>;

impl Reader {
    fn config(&mut self, text: &str, base: &Path) -> Config {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let span = self.span(error.span().unwrap_or(0..0));
            self.found.push(
                Diagnostic::error(usage::CONFIG_SYNTAX, "this line is not valid TOML")
                    .label(span, "cannot be read")
                    .help("write `key = value`, texts in double quotes")
                    .cause(error.message()),
            );
        }
        let mut config = Config::default();
        for (key, value) in table.get_ref() {
            let path = |text: String| base.join(text);
            match key.get_ref().as_ref() {
                "database" => config.database = self.text(key, value).map(path),
                "temp_directory" => config.temp_directory = self.text(key, value).map(path),
                "publish" => config.publish = self.text(key, value).map(path),
                "memory_limit" => config.memory_limit = self.text(key, value),
                "timezone" => config.timezone = self.timezone(key, value),
                "threads" => config.threads = self.threads(key, value),
                "wait" => config.wait = self.time(key, value),
                "warn_shrink" => {
                    config.limits.shrink = self.share(key, value).unwrap_or_default();
                }
                "warn_grow" => config.limits.grow = self.share(key, value).unwrap_or_default(),
                "install_extensions" => {
                    config.install_extensions = self.repository(key, value, base);
                }
                "plugin_timeout" => config.plugin_timeout = self.time(key, value),
                other => self.found.push(
                    Diagnostic::error(
                        usage::CONFIG_KEY,
                        format!("`{other}` is not a setting of `{FILE}`"),
                    )
                    .label(self.span(key.span()), "unknown setting")
                    .maybe_help(suggest::nearest(other, KEYS).map_or_else(
                        || suggest_all(&KEYS),
                        |name| Some(format!("did you mean `{name}`?")),
                    )),
                ),
            }
        }
        config
    }

    fn text(&mut self, key: &Spanned<impl AsRef<str>>, value: &Value<'_>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => Some(text.to_string()),
            _ => self.wrong(key, value, "a text is expected", "write it in double quotes"),
        }
    }

    fn repository(
        &mut self,
        key: &Spanned<impl AsRef<str>>,
        value: &Value<'_>,
        base: &Path,
    ) -> Option<Repository> {
        match value.get_ref() {
            DeValue::Boolean(true) => Some(Repository::DuckDb),
            DeValue::Boolean(false) => None,
            DeValue::String(text) if text.contains("://") => Some(Repository::At(text.to_string())),
            DeValue::String(text) if !text.trim().is_empty() => {
                let folder = base.join(text.as_ref());
                Some(Repository::At(folder.to_string_lossy().into_owned()))
            }
            _ => self.wrong(
                key,
                value,
                "neither yes nor a repository",
                "write `true`, `false`, or the folder or address of a repository",
            ),
        }
    }

    fn timezone(&mut self, key: &Spanned<impl AsRef<str>>, value: &Value<'_>) -> Option<String> {
        let name = self.text(key, value)?;
        match check_timezone(&name) {
            Ok(name) => Some(name),
            Err(help) => self.wrong(key, value, "unknown time zone", &help),
        }
    }

    fn threads(&mut self, key: &Spanned<impl AsRef<str>>, value: &Value<'_>) -> Option<u32> {
        let number = match value.get_ref() {
            DeValue::Integer(n) => u32::from_str_radix(n.as_str(), n.radix()).ok(),
            _ => None,
        };
        number.filter(|n| (1..=MOST_THREADS).contains(n)).or_else(|| {
            self.wrong(
                key,
                value,
                "a number from 1 to 1024 is expected",
                "write for example `threads = 4`",
            )
        })
    }

    fn time(&mut self, key: &Spanned<impl AsRef<str>>, value: &Value<'_>) -> Option<Duration> {
        let duration = match value.get_ref() {
            DeValue::String(text) => parse_wait(text).ok(),
            _ => None,
        };
        duration.or_else(|| {
            let help = format!("write for example `{} = \"10s\"`", key.get_ref().as_ref());
            self.wrong(key, value, "a duration is expected", &help)
        })
    }

    fn share(&mut self, key: &Spanned<impl AsRef<str>>, value: &Value<'_>) -> Option<Option<f64>> {
        let share = match value.get_ref() {
            DeValue::String(text) => limits::parse(text).ok(),
            _ => None,
        };
        share.or_else(|| {
            let help = format!("write for example `{} = \"30%\"`", key.get_ref().as_ref());
            self.wrong(key, value, "a share or `never` is expected", &help)
        })
    }

    fn wrong<T>(
        &mut self,
        key: &Spanned<impl AsRef<str>>,
        value: &Value<'_>,
        label: &str,
        help: &str,
    ) -> Option<T> {
        let key = key.get_ref().as_ref();
        self.found.push(
            Diagnostic::error(usage::CONFIG_VALUE, format!("`{key}` cannot have this value"))
                .label(self.span(value.span()), label)
                .help(help),
        );
        None
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.start + range.start as u32, self.start + range.end.max(range.start) as u32)
    }
}

fn suggest_all(names: &[&str]) -> Option<String> {
    Some(format!("use one of `{}`", names.join("`, `")))
}

/// The name of a time zone as the IANA list spells it.
///
/// # Errors
/// The help for a name that is not in the list.
pub fn check_timezone(name: &str) -> Result<String, String> {
    let zone = jiff::tz::TimeZone::get(name).ok();
    if let Some(iana) = zone.as_ref().and_then(|z| z.iana_name()) {
        return Ok(iana.to_owned());
    }
    let names: Vec<String> = jiff::tz::db().available().map(|n| n.to_string()).collect();
    // Cities are what people remember: `Paris` is nearest to the last part of `Europe/Paris`.
    let whole = suggest::nearest(name, names.iter().map(String::as_str));
    let by_city = || {
        let city = suggest::nearest(name, names.iter().filter_map(|n| n.split('/').next_back()))?;
        names.iter().map(String::as_str).find(|n| n.split('/').next_back() == Some(city))
    };
    Err(whole.or_else(by_city).map_or_else(
        || "use a name of the IANA list such as `Europe/Paris`".to_owned(),
        |near| format!("did you mean `{near}`?"),
    ))
}

/// A time to wait: `10s`, `500ms`, `2m`, `0`; a number alone is seconds.
///
/// # Errors
/// What is expected, for texts that are no such thing.
pub fn parse_wait(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let expected = || "expected a duration such as 10s, 500ms or 2m".to_owned();
    let number: u64 = text[..digits].parse().map_err(|_| expected())?;
    match text[digits..].trim() {
        "ms" => Ok(Duration::from_millis(number)),
        "" | "s" => Ok(Duration::from_secs(number)),
        "m" | "min" => number.checked_mul(60).map(Duration::from_secs).ok_or_else(expected),
        _ => Err(expected()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Result<Config, Vec<Diagnostic>>, SourceMap, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(FILE);
        std::fs::write(&file, text).unwrap();
        let mut sources = SourceMap::default();
        let config = Config::read(&file, &mut sources).map_err(Diagnostics::sorted);
        (config, sources, dir)
    }

    fn errors(text: &str) -> Vec<(String, String, Option<String>)> {
        let (result, sources, _dir) = read(text);
        let found = result.unwrap_err();
        found
            .into_iter()
            .map(|d| {
                let under = sources.slice(d.span().unwrap()).to_owned();
                (d.code.to_string(), under, d.help)
            })
            .collect()
    }

    #[test]
    fn every_setting_is_read_and_paths_are_relative_to_the_file() {
        let (config, _, dir) = read(
            "database = \"data/p.duckdb\"\ntimezone = \"europe/paris\"\nmemory_limit = \"2GB\"\n\
             threads = 3\ntemp_directory = \"/tmp/x\"\nwait = \"2m\"\npublish = \"read.duckdb\"\n\
             plugin_timeout = \"1m\"\nwarn_shrink = \"5%\"\nwarn_grow = \"never\"\n\
             install_extensions = \"mirror\"\n",
        );
        assert_eq!(
            config.unwrap(),
            Config {
                file: Some(dir.path().join("camp.toml")),
                database: Some(dir.path().join("data/p.duckdb")),
                timezone: Some("Europe/Paris".into()),
                memory_limit: Some("2GB".into()),
                threads: Some(3),
                temp_directory: Some("/tmp/x".into()),
                wait: Some(Duration::from_secs(120)),
                plugin_timeout: Some(Duration::from_secs(60)),
                publish: Some(dir.path().join("read.duckdb")),
                limits: Limits { shrink: Some(0.05), grow: None },
                install_extensions: Some(Repository::At(
                    dir.path().join("mirror").to_string_lossy().into_owned()
                )),
            }
        );
        let repository = |text: &str| read(text).0.unwrap().install_extensions;
        assert_eq!(repository("install_extensions = true\n"), Some(Repository::DuckDb));
        assert_eq!(repository("install_extensions = false\n"), None);
        let address = "http://mirror.example/duckdb";
        assert_eq!(
            repository(&format!("install_extensions = \"{address}\"\n")),
            Some(Repository::At(address.into()))
        );
    }

    #[test]
    fn a_misspelt_setting_is_an_error_at_its_place_with_the_right_one() {
        assert_eq!(
            errors("timezone = \"UTC\"\ndatbase = \"x\"\n"),
            [("E0702".into(), "datbase".into(), Some("did you mean `database`?".into()))]
        );
    }

    #[test]
    fn wrong_values_are_all_reported_at_their_places() {
        let found =
            errors("threads = 0\nwait = \"soon\"\ntimezone = \"Europe/Pariss\"\ndatabase = 3\n");
        let short: Vec<(&str, &str)> =
            found.iter().map(|(code, under, _)| (code.as_str(), under.as_str())).collect();
        assert_eq!(
            short,
            [("E0703", "0"), ("E0703", "\"soon\""), ("E0703", "\"Europe/Pariss\""), ("E0703", "3")]
        );
        assert_eq!(found[2].2.as_deref(), Some("did you mean `Europe/Paris`?"));
    }

    #[test]
    fn broken_toml_is_an_error_with_a_place() {
        let found = errors("database = camp.duckdb\n");
        assert_eq!(found[0].0, "E0701");
        assert!("database = camp.duckdb".contains(found[0].1.as_str()), "{found:?}");
    }

    #[test]
    fn the_nearest_file_above_counts_and_none_is_fine() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        let mut sources = SourceMap::default();
        std::fs::write(dir.path().join(FILE), "threads = 1\n").unwrap();
        assert_eq!(Config::find(&deep, &mut sources).unwrap().threads, Some(1));
        std::fs::write(dir.path().join("a").join(FILE), "threads = 2\n").unwrap();
        let found = Config::find(&deep, &mut sources).unwrap();
        assert_eq!(found.threads, Some(2));
        assert_eq!(found.database_or_default(), dir.path().join("a/camp.duckdb"));
        assert_eq!(Config::default().database_or_default(), Path::new("camp.duckdb"));
    }

    #[test]
    fn waits_have_units_and_nothing_else_is_a_wait() {
        assert_eq!(parse_wait("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(parse_wait("0"), Ok(Duration::ZERO));
        assert_eq!(parse_wait("500 ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_wait("2m"), Ok(Duration::from_secs(120)));
        for wrong in
            ["", "s", "-1s", "1h", "1.5s", "99999999999999999999s", "18446744073709551615m"]
        {
            assert!(parse_wait(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_city_alone_suggests_its_zone() {
        assert_eq!(check_timezone("Paris"), Err("did you mean `Europe/Paris`?".into()));
        assert_eq!(check_timezone("UTC"), Ok("UTC".into()));
    }
}
