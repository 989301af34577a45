//! `camp plugin remove`

use std::path::Path;

use super::super::Exit;
use super::super::output::Output;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::{plugin as codes, usage};
use crate::diagnostic::suggest;
use crate::plugin::lock::Lock;

#[derive(clap::Args, Debug)]
pub(in crate::cli) struct Args {
    /// The plugin
    #[arg(value_name = "NAME")]
    name: String,
}

pub(super) fn run(args: &Args, folder: &Path, out: &mut Output) -> Exit {
    match remove(&args.name, folder) {
        Ok(()) => {
            out.say(&format!("{} is no longer trusted", args.name));
            Exit::FINE
        }
        Err(wrong) => out.diagnostic(*wrong),
    }
}

fn remove(name: &str, folder: &Path) -> Result<(), Box<Diagnostic>> {
    let mut lock = Lock::read(folder)?;
    if lock.find(name).is_none() {
        let names: Vec<&str> = lock.plugins.iter().map(|p| p.name.as_str()).collect();
        return Err(Box::new(
            Diagnostic::error(
                codes::NOT_TRUSTED,
                format!("Plugin `{name}` is not in `{}`", crate::plugin::lock::FILE),
            )
            .maybe_help(suggest::unknown_name(name, "plugins", names)),
        ));
    }
    lock.plugins.retain(|p| p.name != name);
    lock.write(folder)?;
    let place = folder.join(".camp").join("plugins").join(name);
    match std::fs::remove_dir_all(&place) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Box::new(
            Diagnostic::error(
                usage::UNWRITABLE,
                format!("`{}` cannot be removed", place.display()),
            )
            .help("remove the folder by hand; nothing loads it any more")
            .cause(e),
        )),
        _ => Ok(()),
    }
}
