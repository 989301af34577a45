//! `camp plugin new`

use std::path::{Path, PathBuf};

use super::super::Exit;
use super::super::output::Output;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::usage;

/// What a new plugin can do.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Gives SQL
    Planner,
    /// Takes rows, gives rows
    Executor,
}

#[derive(clap::Args, Debug)]
pub(in crate::cli) struct Args {
    /// The name that `use` says: lower-case letters, digits and `_`
    #[arg(value_name = "NAME")]
    name: String,
    /// How it works
    #[arg(long, value_enum, default_value_t = Kind::Planner)]
    kind: Kind,
    /// Where the SDK lies: the folder `plugins/sdk` of Camp's sources
    #[arg(long, value_name = "FOLDER")]
    sdk: PathBuf,
}

pub(super) fn run(args: &Args, out: &mut Output) -> Exit {
    match write(args) {
        Ok(files) => {
            out.say(&format!("a new plugin in {}:", args.name));
            for file in files {
                out.say(&format!("  {file}"));
            }
            let library = crate::plugin::finder::library_name(&args.name);
            out.say(&format!(
                "\nnext: cd {0} && cargo build && camp plugin test target/debug/{library}",
                args.name
            ));
            Exit::FINE
        }
        Err(wrong) => out.diagnostic(*wrong),
    }
}

fn write(args: &Args) -> Result<Vec<&'static str>, Box<Diagnostic>> {
    let wrong = |title: String, help: &str| {
        Box::new(Diagnostic::error(usage::WOULD_OVERWRITE, title).help(help.to_owned()))
    };
    let mut chars = args.name.chars();
    let fine = chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !fine {
        let title = format!("`{}` cannot be the name of a plugin", args.name);
        return Err(wrong(title, "use lower-case letters, digits and `_`"));
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
    let sdk = args.sdk.canonicalize().map_err(failed)?;
    let struct_name = camel(&args.name);
    let fill = |text: &str| {
        text.replace("{{name}}", &args.name)
            .replace("{{Name}}", &struct_name)
            .replace("{{sdk}}", &sdk.display().to_string())
    };
    let (cargo, source) = match args.kind {
        Kind::Planner => {
            (include_str!("template/planner.toml"), include_str!("template/planner.rs.txt"))
        }
        Kind::Executor => {
            (include_str!("template/executor.toml"), include_str!("template/executor.rs.txt"))
        }
    };
    let files = [
        ("Cargo.toml", fill(cargo)),
        ("src/lib.rs", fill(source)),
        ("README.md", fill(include_str!("template/README.md"))),
        (".gitignore", "/target/\n".to_owned()),
    ];
    std::fs::create_dir_all(folder.join("src")).map_err(failed)?;
    let mut names = Vec::new();
    for (name, text) in files {
        std::fs::write(folder.join(name), text).map_err(failed)?;
        names.push(name);
    }
    Ok(names)
}

/// `top_n` → `TopN`
fn camel(name: &str) -> String {
    name.split('_')
        .map(|part| {
            let mut chars = part.chars();
            chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
        })
        .collect()
}
