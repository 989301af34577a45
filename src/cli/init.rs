//! `camp init`

use std::io::Write;
use std::path::{Path, PathBuf};

use super::Exit;
use super::output::Output;
use crate::diagnostic::{Diagnostic, codes::usage};

/// What a new project holds. The campaign and its data are an example that the tests run.
const FILES: [(&str, &str); 5] = [
    ("camp.toml", include_str!("../../examples/camp.toml")),
    ("first_audience.camp", include_str!("../../examples/01_first_audience.camp")),
    ("data/customers.csv", include_str!("../../examples/data/customers.csv")),
    ("data/orders.csv", include_str!("../../examples/data/orders.csv")),
    (".gitignore", "*.duckdb\n*.duckdb.wal\n*.duckdb.tmp/\nout/\n"),
];

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Where; made when it does not exist
    #[arg(default_value = ".", value_name = "FOLDER")]
    folder: PathBuf,
}

pub(super) fn run(args: Args, out: &mut Output) -> Exit {
    match write(&args.folder) {
        Ok(()) => {
            let folder = args.folder.display();
            out.say(&format!("a new project in {folder}:"));
            for (name, _) in FILES {
                out.say(&format!("  {name}"));
            }
            let go = if args.folder == Path::new(".") {
                String::new()
            } else {
                format!("cd {folder} && ")
            };
            out.say(&format!("\nnext: {go}camp run first_audience.camp"));
            Exit::FINE
        }
        Err(diagnostic) => out.diagnostic(*diagnostic),
    }
}

/// Writes all files, or none when one of them is already there.
fn write(folder: &Path) -> Result<(), Box<Diagnostic>> {
    let path = |name: &str| folder.join(name);
    if let Some((name, _)) = FILES.iter().find(|(name, _)| path(name).symlink_metadata().is_ok()) {
        return Err(Box::new(
            Diagnostic::error(
                usage::WOULD_OVERWRITE,
                format!("`{}` is already there", path(name).display()),
            )
            .help("choose another folder"),
        ));
    }
    for (name, text) in FILES {
        let file = path(name);
        let written = (|| {
            if let Some(parent) = file.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&file)?
                .write_all(text.as_bytes())
        })();
        written.map_err(|error: std::io::Error| {
            let title = format!("`{}` cannot be written", file.display());
            Box::new(Diagnostic::error(usage::UNWRITABLE, title).cause(error))
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_project_has_all_its_files_and_a_second_init_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("shop");
        write(&folder).unwrap();
        for (name, text) in FILES {
            assert_eq!(std::fs::read_to_string(folder.join(name)).unwrap(), text);
        }
        std::fs::write(folder.join("camp.toml"), "threads = 1\n").unwrap();
        std::fs::remove_file(folder.join("first_audience.camp")).unwrap();
        assert_eq!(write(&folder).unwrap_err().code, usage::WOULD_OVERWRITE);
        assert_eq!(std::fs::read_to_string(folder.join("camp.toml")).unwrap(), "threads = 1\n");
        assert!(!folder.join("first_audience.camp").exists());
    }

    #[test]
    fn its_settings_are_understood() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path()).unwrap();
        let mut sources = crate::source::SourceMap::default();
        let config = crate::config::Config::find(dir.path(), &mut sources).unwrap();
        assert_eq!(config.timezone.as_deref(), Some("Europe/Paris"));
        assert_eq!(config.database, Some(dir.path().join("camp.duckdb")));
    }
}
