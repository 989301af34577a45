//! `camp plugin new`: a plugin that works, for its author to change. Everything it needs lies in its
//! folder, the SDK too.

use std::path::{Path, PathBuf};

use super::super::Exit;
use super::super::output::Output;
use super::sdk;
use crate::activity::Registry;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::usage;
use crate::plugin::finder::{SHIPPED, library_name};

/// What a new plugin can do.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Gives SQL, which runs in the engine
    Planner,
    /// Takes rows, gives rows
    Executor,
    /// Sends rows somewhere after the commit
    Delivery,
}

/// What a new plugin can be written in.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Lang {
    /// With the SDK
    Rust,
    /// From the header alone
    C,
}

#[derive(clap::Args, Debug)]
pub(in crate::cli) struct Args {
    /// The name that `use` says: lower-case letters, digits and `_`
    #[arg(value_name = "NAME")]
    name: String,
    /// How it works
    #[arg(long, value_enum, default_value_t = Kind::Planner)]
    kind: Kind,
    /// What it is written in
    #[arg(long, value_enum, default_value_t = Lang::Rust)]
    lang: Lang,
    /// An SDK to share with other plugins; without it the plugin gets one of its own in `sdk/`
    #[arg(long, value_name = "FOLDER")]
    sdk: Option<PathBuf>,
}

pub(super) fn run(args: &Args, out: &mut Output) -> Exit {
    match write(args) {
        Ok(files) => {
            out.say(&format!("a new plugin in {}:", args.name));
            for (file, _) in &files {
                out.say(&format!("  {file}"));
            }
            if args.lang == Lang::Rust && args.sdk.is_none() {
                out.say("  sdk/");
            }
            out.say(&format!("\nnext:\n  cd {}\n{}", args.name, indented(&args.commands())));
            let library = Path::new(&args.name).join(args.library());
            let library = std::path::absolute(&library).unwrap_or(library);
            out.say("then, in the folder of a campaign:");
            out.say(&format!("  camp plugin add {}", library.display()));
            Exit::FINE
        }
        Err(wrong) => out.diagnostic(*wrong),
    }
}

fn indented(lines: &str) -> String {
    lines.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// A file of the new plugin: its name and its text.
type File = (String, String);

impl Args {
    /// Where its library will be, in its folder.
    fn library(&self) -> PathBuf {
        let library = library_name(&self.name);
        match self.lang {
            Lang::Rust => Path::new("target/release").join(library),
            Lang::C => library.into(),
        }
    }

    /// What its author types, from the plugin's folder.
    fn commands(&self) -> String {
        match self.lang {
            Lang::Rust => format!(
                "cargo test\ncargo build --release\ncamp plugin test {}",
                self.library().display()
            ),
            Lang::C => "make\nmake test".into(),
        }
    }

    fn summary(&self) -> &'static str {
        match (self.kind, self.lang) {
            (Kind::Planner, Lang::Rust) => "Keeps the first rows of an order",
            (Kind::Executor, Lang::Rust) => "Counts the letters of a text",
            (Kind::Delivery, _) => "Writes a line for each row to a file",
            (Kind::Planner, Lang::C) => "Keeps at most so many rows",
            (Kind::Executor, Lang::C) => "Counts the characters of a text",
        }
    }

    /// All files but those of the SDK.
    fn files(&self, sdk: &str) -> Vec<File> {
        let features = match self.kind {
            Kind::Planner => "",
            Kind::Executor | Kind::Delivery => ", features = [\"arrow\"]",
        };
        let notes = match self.lang {
            Lang::Rust => {
                "The tests run SQL on the libduckdb that `DUCKDB_LIB_DIR` names; `.cargo/config.toml` names\n\
                 the one of the Camp that made this folder."
            }
            Lang::C => "`camp_plugin.h` says who owns what; it is all that is needed.",
        };
        let fill = |text: &str| {
            text.replace("{{name}}", &self.name)
                .replace("{{Name}}", &type_name(&self.name))
                .replace("{{summary}}", self.summary())
                .replace("{{features}}", features)
                .replace("{{sdk}}", sdk)
                .replace("{{commands}}", &self.commands())
                .replace("{{library}}", &self.library().display().to_string())
                .replace("{{notes}}", notes)
        };
        let mut files = match self.lang {
            Lang::Rust => self.rust(&fill),
            Lang::C => self.c(),
        };
        files.push(("README.md".into(), fill(include_str!("template/README.md"))));
        files
    }

    fn rust(&self, fill: &dyn Fn(&str) -> String) -> Vec<File> {
        let (source, test) = match self.kind {
            Kind::Planner => (
                include_str!("template/planner.rs.txt"),
                include_str!("template/planner_test.rs.txt"),
            ),
            Kind::Executor => (
                include_str!("template/executor.rs.txt"),
                include_str!("template/executor_test.rs.txt"),
            ),
            Kind::Delivery => (
                include_str!("template/delivery.rs.txt"),
                include_str!("template/delivery_test.rs.txt"),
            ),
        };
        let mut files = vec![
            ("Cargo.toml".into(), fill(include_str!("template/Cargo.toml.txt"))),
            ("src/lib.rs".into(), fill(source)),
            (format!("tests/{}.rs", self.name), fill(test)),
            // A path of this machine is nothing to hand on.
            (".gitignore".into(), "/target/\n/.cargo/\n".to_owned()),
        ];
        if let Some(duckdb) = sdk::duckdb_folder() {
            let text = format!(
                "[env]\nDUCKDB_LIB_DIR = {{ value = {:?} }}\n",
                duckdb.display().to_string()
            );
            files.push((".cargo/config.toml".into(), text));
        }
        files
    }

    /// The samples in C are the templates, under another name.
    fn c(&self) -> Vec<File> {
        let (sample, source) = match self.kind {
            Kind::Executor => {
                ("measure", include_str!("../../../plugins/samples/c_measure/measure.c"))
            }
            _ => ("cap", include_str!("../../../plugins/samples/c_cap/cap.c")),
        };
        let head = format!("NAME = {}\nCFLAGS ?= -O2\nHEADER_DIR ?= .\n\n", self.name);
        let rules = include_str!("../../../plugins/samples/plugin.mk");
        vec![
            (format!("{}.c", self.name), renamed(source, sample, &self.name)),
            ("camp_plugin.h".into(), sdk::header().to_owned()),
            ("Makefile".into(), head + rules),
            (".gitignore".into(), "*.so\n*.dylib\n".to_owned()),
        ]
    }
}

fn write(args: &Args) -> Result<Vec<File>, Box<Diagnostic>> {
    let wrong = |title: String, help: &str| {
        Box::new(Diagnostic::error(usage::WOULD_OVERWRITE, title).help(help.to_owned()))
    };
    if let Some(help) = name_fault(&args.name) {
        return Err(wrong(format!("`{}` cannot be the name of a plugin", args.name), help));
    }
    if args.lang == Lang::C && args.kind == Kind::Delivery {
        return Err(wrong(
            "There is no start for a delivery in C".into(),
            "write it in Rust, or start from `--kind executor`",
        ));
    }
    let folder = Path::new(&args.name);
    if folder.symlink_metadata().is_ok() {
        return Err(wrong(format!("`{}` is already there", args.name), "choose another name"));
    }
    let failed = |e: std::io::Error| {
        Box::new(
            Diagnostic::error(usage::UNWRITABLE, format!("`{}` cannot be written", args.name))
                .help("choose a folder that can be written")
                .cause(e),
        )
    };
    let sdk = match &args.sdk {
        Some(sdk) if !sdk.join("camp-plugin/Cargo.toml").is_file() => {
            return Err(wrong(
                format!("`{}` is no plugin SDK", sdk.display()),
                "name a folder `sdk` of another new plugin, or leave out `--sdk`",
            ));
        }
        Some(sdk) => sdk.canonicalize().map_err(failed)?.display().to_string(),
        None => "sdk".into(),
    };
    let files = args.files(&sdk);
    if args.lang == Lang::Rust && args.sdk.is_none() {
        sdk::write(&folder.join("sdk")).map_err(failed)?;
    }
    for (name, text) in &files {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        std::fs::write(path, text).map_err(failed)?;
    }
    Ok(files)
}

/// What to do about a name that no plugin can have.
fn name_fault(name: &str) -> Option<&'static str> {
    let mut chars = name.chars();
    let fine = chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    // A built-in activity may have several words: `save audience`.
    let builtin = || Registry::builtin();
    let taken = |registry: Registry| {
        registry.iter().any(|a| a.spec().name.split(' ').any(|word| word == name))
    };
    if !fine {
        Some("use lower-case letters, digits and `_`")
    } else if SHIPPED.contains(&name) || taken(builtin()) {
        Some("choose another name: Camp has an activity of this one")
    } else {
        None
    }
}

/// `top_n` → `TopN`; a name that the SDK's prelude or Rust's has gets `Call` behind it.
fn type_name(name: &str) -> String {
    const RUST: &[&str] = &[
        "Box", "Clone", "Copy", "Default", "Drop", "Eq", "Err", "Fn", "From", "Into", "Iterator",
        "None", "Ok", "Option", "Ord", "Result", "Self", "Send", "Some", "String", "Sync", "Vec",
    ];
    let camel: String = name
        .split('_')
        .map(|part| {
            let mut chars = part.chars();
            chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
        })
        .collect();
    let other = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let taken = sdk::crate_root().split(other).any(|word| word == camel);
    if taken || RUST.contains(&camel.as_str()) { camel + "Call" } else { camel }
}

/// A text with a word replaced by another.
fn renamed(text: &str, from: &str, to: &str) -> String {
    let part_of_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(from) {
        let (before, behind) = (&rest[..at], &rest[at + from.len()..]);
        let whole = !before.ends_with(part_of_word) && !behind.starts_with(part_of_word);
        out.push_str(before);
        // The word before decides too: what was written already ends the text so far.
        let whole = whole && !(before.is_empty() && out.ends_with(part_of_word));
        out.push_str(if whole { to } else { from });
        rest = behind;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_are_renamed() {
        let text = "cap -- escaped, cap\\n \\\"cap\\\", cap_x capcap x_cap cap";
        assert_eq!(
            renamed(text, "cap", "top"),
            "top -- escaped, top\\n \\\"top\\\", cap_x capcap x_cap top"
        );
    }

    #[test]
    fn types_do_not_hide_what_the_sources_use() {
        assert_eq!(type_name("top_n"), "TopN");
        for taken in ["plan", "match", "option", "planner"] {
            assert!(type_name(taken).ends_with("Call"), "{taken}");
        }
    }

    #[test]
    fn names_that_cannot_be_used_are_refused() {
        for name in ["", "Top", "9a", "a-b", "split", "export", "audience"] {
            assert!(name_fault(name).is_some(), "{name}");
        }
        assert_eq!(name_fault("top_n"), None);
    }
}
