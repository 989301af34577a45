//! The options that say which project, which instant and which machine: from the command line and
//! `camp.toml` to the settings of a session.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::output::Output;
use crate::config::{self, Config};
use crate::diagnostic::codes::{data, usage};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::engine::duckdb::lock::Listener;
use crate::fence::Fence;
use crate::plan::passes::Passes;
use crate::plugin::consent::Consent;
use crate::run::publish;
use crate::session::Settings;
use crate::source::SourceMap;
use crate::syntax::{self, ast::StatementKind};

/// How long a run waits for the database by default.
pub(super) const WAIT: Duration = Duration::from_secs(10);

/// The project a command works on.
#[derive(clap::Args, Debug, Clone, Default)]
pub(super) struct ProjectArgs {
    /// The project's database [default: `database` in camp.toml, else camp.duckdb beside it or in
    /// the current folder]; `:memory:` keeps nothing
    #[arg(long, help_heading = "Project and machine", value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// How long to wait while another program holds the database: 10s, 500ms, 2m [default: 10s]
    #[arg(long, help_heading = "Project and machine", value_name = "TIME", value_parser = config::parse_wait)]
    pub wait: Option<Duration>,
    /// The most memory the engine takes: 4GB
    #[arg(long, help_heading = "Project and machine", value_name = "SIZE")]
    pub memory_limit: Option<String>,
    /// How many threads the engine uses
    #[arg(long, help_heading = "Project and machine", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(config::MOST_THREADS)))]
    pub threads: Option<u32>,
    /// Where the engine puts what does not fit into memory
    #[arg(long, help_heading = "Project and machine", value_name = "FOLDER")]
    pub temp_directory: Option<PathBuf>,
}

/// What a script is run with.
#[derive(clap::Args, Debug, Clone, Default)]
pub(super) struct ScriptArgs {
    #[command(flatten)]
    pub project: ProjectArgs,
    /// The instant that today and now mean: 2026-11-24T09:30Z, or without a zone in the
    /// campaign's; a day is its first moment [default: the clock]
    #[arg(long, help_heading = "Script", value_name = "TIME")]
    pub as_of: Option<String>,
    /// The time zone of the campaigns, whatever they say themselves: Europe/Paris
    #[arg(long, help_heading = "Script", value_name = "ZONE")]
    pub timezone: Option<String>,
    /// The value of a parameter; can be given several times
    #[arg(long, help_heading = "Script", value_name = "NAME=VALUE", value_parser = parse_set)]
    pub set: Vec<(String, String)>,
    /// Only what this transition, saved audience or file needs; can be given several times
    #[arg(long, help_heading = "Script", value_name = "NAME")]
    pub only: Vec<String>,
    /// Use only plugins that camp.lock has, and ask nobody to trust others; where `CI` is set, always
    #[arg(long, help_heading = "Script")]
    pub locked: bool,
    /// Run scripts of others: nothing outside the project's folder, no network, no `sql`, no plugins
    #[arg(long, help_heading = "Script")]
    pub safe: bool,
    /// Leave out a pass of the planner, to see what it gives; can be given several times
    #[arg(long, help_heading = "Script", value_name = "PASS", value_parser = Passes::names(), hide = true)]
    pub without: Vec<String>,
}

/// `name=value`; the value may be empty and hold further `=`.
fn parse_set(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

/// The settings of a session that runs these files.
///
/// # Errors
/// The exit code, after what is wrong with `camp.toml` or the command line has been printed.
pub(super) fn settings(
    args: &ScriptArgs,
    files: &[String],
    dry_run: bool,
    out: &mut Output,
) -> Result<Settings, super::Exit> {
    let folder = match files.first().map(String::as_str) {
        None | Some("-") => Path::new(""),
        Some(first) => Path::new(first).parent().unwrap_or(Path::new("")),
    };
    let config = find_config(folder, out)?;
    let timezone = match &args.timezone {
        None => None,
        Some(name) => match config::check_timezone(name) {
            Ok(name) => Some(name),
            Err(help) => {
                let title = format!("`{name}` is not a time zone");
                return Err(out.diagnostic(Diagnostic::error(usage::TIMEZONE, title).help(help)));
            }
        },
    };
    let default_zone = || {
        let name = timezone.as_ref().or(config.timezone.as_ref());
        name.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
    };
    // Times are shown as the user would tell them.
    out.zone = default_zone();
    let as_of = match &args.as_of {
        None => None,
        Some(text) => {
            let zone = || match timezone {
                Some(_) => Ok(default_zone()),
                None => campaigns_zone(files, &default_zone()),
            };
            match as_of(text, zone, Timestamp::now()) {
                Ok(at) => Some(at),
                Err(diagnostic) => return Err(out.diagnostic(*diagnostic)),
            }
        }
    };
    let machine = &args.project;
    let project = config.file.as_ref().and_then(|f| f.parent()).unwrap_or(folder).to_owned();
    let fence = match args.safe {
        true => Some(fence(&project, &config, machine).map_err(|wrong| out.diagnostic(*wrong))?),
        false => None,
    };
    let database = database(machine, &config);
    if let Some(copy) = &config.publish
        && let Some(why) = publish::refused(copy, database.as_deref())
    {
        let title = format!("`publish` names `{}`, which {why}", copy.display());
        return Err(out.diagnostic(
            Diagnostic::error(usage::CONFIG_VALUE, title)
                .help("name a file that nothing else uses"),
        ));
    }
    Ok(Settings {
        database,
        as_of,
        timezone,
        default_timezone: config.timezone,
        set: args.set.clone(),
        only: args.only.clone(),
        dry_run,
        fence,
        wait: machine.wait.or(config.wait).unwrap_or(WAIT),
        waiting: Some(Listener(super::progress::waiting)),
        memory_limit: machine.memory_limit.clone().or(config.memory_limit),
        threads: machine.threads.or(config.threads),
        temp_directory: machine.temp_directory.clone().or(config.temp_directory),
        install_extensions: config.install_extensions,
        project: Some(project),
        consent: consent(args.locked),
        plugin_timeout: config.plugin_timeout,
        publish: config.publish,
        passes: Passes::without(&args.without),
        samples: None,
        limits: config.limits,
        agreed: None,
        keep_going: false,
    })
}

/// The fence of `--safe`. `camp.toml` came with the scripts, so its paths are judged like theirs;
/// what the command line says is the user's own.
fn fence(project: &Path, config: &Config, machine: &ProjectArgs) -> Result<Fence, Box<Diagnostic>> {
    let fence = Fence::around(project).map_err(|cause| {
        let title = format!("the folder `{}` cannot be opened", project.display());
        Box::new(Diagnostic::error(data::SAFE_FORBIDDEN, title).help("check the path").cause(cause))
    })?;
    let database = config.database_or_default();
    if let Some(copy) = &config.publish {
        // It would be replaced at each run, and what is there may be anything.
        fence.write(copy).map_err(|breach| {
            Box::new(breach.told(data::SAFE_FORBIDDEN, &copy.display().to_string()))
        })?;
    }
    let paths = [
        machine.db.is_none().then_some(&database),
        config.temp_directory.as_ref().filter(|_| machine.temp_directory.is_none()),
    ];
    for path in paths.into_iter().flatten() {
        fence.read(path).map_err(|breach| {
            Box::new(breach.told(data::SAFE_FORBIDDEN, &path.display().to_string()))
        })?;
    }
    Ok(fence)
}

/// Who is asked about a plugin that the project does not trust yet: whoever sits at the terminal.
fn consent(locked: bool) -> Consent {
    let ci = std::env::var("CI").is_ok_and(|v| !matches!(v.as_str(), "" | "0" | "false"));
    if locked || ci {
        return Consent::Locked;
    }
    match std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        true => Consent::Ask(super::plugin::ask),
        false => Consent::Nobody,
    }
}

/// The `camp.toml` that holds in a folder.
///
/// # Errors
/// The exit code, after what is wrong with it has been printed.
pub(super) fn find_config(folder: &Path, out: &mut Output) -> Result<Config, super::Exit> {
    let mut sources = SourceMap::default();
    Config::find(folder, &mut sources)
        .map_err(|found: Diagnostics| out.diagnostics(found, &sources))
}

/// The project's database; nothing for one in memory.
pub(super) fn database(args: &ProjectArgs, config: &Config) -> Option<PathBuf> {
    match &args.db {
        Some(path) if path.as_os_str() == ":memory:" => None,
        Some(path) => Some(path.clone()),
        None => Some(config.database_or_default()),
    }
}

/// The zone that all of these campaigns are read in, from their headers.
///
/// What else is wrong with the files is said when they are run.
fn campaigns_zone(files: &[String], default: &TimeZone) -> Result<TimeZone, Box<Diagnostic>> {
    let unclear = |title: &str| {
        Box::new(
            Diagnostic::error(usage::AS_OF, title)
                .help("add the zone, as in 2026-11-24T09:30Z, or `--timezone`"),
        )
    };
    let mut found: Option<TimeZone> = None;
    for file in files {
        if file == "-" {
            // It can be read once only.
            return Err(unclear(
                "the instant has no zone, and that of the script is not known yet",
            ));
        }
        let Ok(text) = std::fs::read_to_string(file) else { continue };
        let mut sources = SourceMap::default();
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let Ok(id) = sources.add(file.as_str(), text) else { continue };
        let (ast, _) = syntax::parse(&sources, id);
        let zone = ast.statements.iter().find_map(|statement| match &statement.kind {
            StatementKind::Campaign(campaign) => campaign.timezone.as_ref(),
            _ => None,
        });
        let zone = match zone.map(|zone| TimeZone::get(&zone.node)) {
            None => default.clone(),
            Some(Ok(zone)) => zone,
            // Reported at its place by the check.
            Some(Err(_)) => continue,
        };
        match &found {
            Some(other) if *other != zone => {
                return Err(unclear("the campaigns have different time zones"));
            }
            _ => found = Some(zone),
        }
    }
    Ok(found.unwrap_or_else(|| default.clone()))
}

/// The instant of `--as-of`; `zone` is asked for only when it has none itself. A time of a clock
/// that strikes twice is the later one, a time that is skipped moves ahead, as everywhere in Camp.
fn as_of(
    text: &str,
    zone: impl Fn() -> Result<TimeZone, Box<Diagnostic>>,
    now: Timestamp,
) -> Result<Timestamp, Box<Diagnostic>> {
    let wrong =
        |title: String, help: &str| Box::new(Diagnostic::error(usage::AS_OF, title).help(help));
    let text = text.trim();
    let at = if let Ok(at) = text.parse::<Timestamp>() {
        Some(at)
    } else if let Ok(date) = text.parse::<Date>()
        && text.len() == "2026-11-24".len()
    {
        date.to_zoned(zone()?).ok().map(|z| z.timestamp())
    } else if let Ok(time) = text.parse::<DateTime>()
        && !text.contains('[')
    {
        zone()?.to_ambiguous_timestamp(time).later().ok()
    } else {
        None
    };
    let at = at.ok_or_else(|| {
        wrong(
            format!("`{text}` is not an instant"),
            "write 2026-11-24, 2026-11-24T09:30 or 2026-11-24T09:30Z",
        )
    })?;
    // Years that the engine's calendar or a typing slip would turn into something else.
    let years = SignedDuration::from_hours(24 * 366 * 1000);
    if at > now.saturating_add(years).unwrap_or(Timestamp::MAX) || at.to_string().starts_with('-') {
        return Err(wrong(format!("`{text}` is too far away"), "check the year"));
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, zone: &str) -> Result<String, String> {
        let zone = || Ok(TimeZone::get(zone).unwrap());
        let now: Timestamp = "2026-11-25T00:00:00Z".parse().unwrap();
        as_of(text, zone, now).map(|at| at.to_string()).map_err(|d| d.code.to_string())
    }

    #[test]
    fn instants_keep_their_zone_and_local_times_are_read_in_the_given_one() {
        assert_eq!(at("2026-11-24T09:30:00Z", "Europe/Paris").unwrap(), "2026-11-24T09:30:00Z");
        assert_eq!(at("2026-11-24T09:30+01:00", "UTC").unwrap(), "2026-11-24T08:30:00Z");
        assert_eq!(at("2026-11-24T09:30", "Europe/Paris").unwrap(), "2026-11-24T08:30:00Z");
        assert_eq!(at("2026-11-24 09:30", "Europe/Paris").unwrap(), "2026-11-24T08:30:00Z");
        assert_eq!(at("2026-11-24", "America/New_York").unwrap(), "2026-11-24T05:00:00Z");
    }

    #[test]
    fn a_day_starts_at_its_first_moment_even_where_midnight_is_skipped() {
        // Beirut went from 2024-03-30 24:00 straight to 01:00.
        assert_eq!(at("2024-03-31", "Asia/Beirut").unwrap(), "2024-03-30T22:00:00Z");
    }

    #[test]
    fn the_repeated_hour_is_the_later_one() {
        assert_eq!(at("2026-10-25T02:30", "Europe/Paris").unwrap(), "2026-10-25T01:30:00Z");
    }

    #[test]
    fn anything_else_is_an_error() {
        for wrong in ["", "today", "24.11.2026", "2026-13-01", "2026-11", "09:30", "-002026-01-01"]
        {
            assert_eq!(at(wrong, "UTC"), Err("E0705".into()), "{wrong}");
        }
    }

    #[test]
    fn a_day_is_one_of_the_campaigns_zone_and_never_of_two() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let york = file("york.camp", "campaign \"a\" timezone \"America/New_York\"\n");
        let york2 = file("york2.camp", "campaign \"b\"\n  timezone \"America/New_York\"\n");
        let none = file("none.camp", "campaign \"c\"\n");
        let paris = TimeZone::get("Europe/Paris").unwrap();
        let name = |files: &[&String]| {
            let files: Vec<String> = files.iter().map(|f| (*f).clone()).collect();
            campaigns_zone(&files, &paris)
                .map(|zone| zone.iana_name().unwrap().to_owned())
                .map_err(|d| d.code.to_string())
        };
        assert_eq!(name(&[&york, &york2]), Ok("America/New_York".into()));
        assert_eq!(name(&[&none]), Ok("Europe/Paris".into()));
        assert_eq!(name(&[&york, &none]), Err("E0705".into()));
        assert_eq!(name(&[&"-".to_owned()]), Err("E0705".into()));
        assert_eq!(name(&[&"no such file".to_owned()]), Ok("Europe/Paris".into()));
    }

    #[test]
    fn a_setting_has_a_name_and_keeps_everything_behind_the_first_equals_sign() {
        assert_eq!(parse_set("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert_eq!(parse_set("a="), Ok(("a".into(), String::new())));
        assert!(parse_set("=b").is_err());
        assert!(parse_set("a").is_err());
    }
}
