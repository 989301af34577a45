//! `camp plugin add`

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::super::Exit;
use super::super::output::Output;
use super::super::progress;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::{plugin as codes, usage};
use crate::plugin::consent::{self, Question};
use crate::plugin::finder::{SHIPPED, library_name};
use crate::plugin::lock::{self, Entry, Lock};
use crate::plugin::{probe, trust};

#[derive(clap::Args, Debug)]
pub(in crate::cli) struct Args {
    /// The library of the plugin
    #[arg(value_name = "LIBRARY")]
    library: PathBuf,
    /// Trust it without asking
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(args: &Args, folder: &Path, out: &mut Output) -> Exit {
    match add(args, folder, out) {
        Ok(exit) => exit,
        Err(wrong) => out.diagnostic(*wrong),
    }
}

fn add(args: &Args, folder: &Path, out: &mut Output) -> Result<Exit, Box<Diagnostic>> {
    let bytes = trust::read(&args.library)?;
    let hash = lock::hash(&bytes);
    // Shown before anything of it runs.
    out.say(&format!("{} {hash}", args.library.display()));
    let copy = trust::private_copy(&bytes)?;
    let probed = probe::probe(&copy, &args.library)?;
    let about = &probed.manifest.plugin;
    if SHIPPED.contains(&about.name.as_str()) {
        return Err(Box::new(
            Diagnostic::error(
                codes::NOT_TRUSTED,
                format!("A plugin `{}` comes with Camp", about.name),
            )
            .help("give the other one a name of its own"),
        ));
    }
    let mut lock = Lock::read(folder)?;
    let question = Question::new(&args.library, &hash, &probed);
    say_about(&question, lock.find(&about.name), out);
    if !args.yes && !agreed(&about.name)? {
        out.say("nothing was changed");
        return Ok(Exit::FINE);
    }
    install(folder, &about.name, &bytes)?;
    consent::record(&mut lock, &probed, &bytes);
    let path = lock.write(folder)?;
    out.say(&format!("trusted in {}: commit it, and write `use {}`", path.display(), about.name));
    Ok(Exit::FINE)
}

/// Says what a plugin does; of one that is trusted already, what the other one does more.
fn say_about(question: &Question, known: Option<&Entry>, out: &mut Output) {
    let Question { name, version, activities, effects, .. } = question;
    out.say(&format!("{name} {version}: {}", activities.join(", ")));
    for effect in effects.iter().filter(|e| known.is_none_or(|k| !k.effects.contains(e))) {
        out.say(&format!("  {effect}"));
    }
}

/// Asks on the terminal whether a plugin is trusted that a script uses for the first time.
pub(in crate::cli) fn ask(question: &Question) -> bool {
    let Question { name, version, library, hash, activities, effects } = question;
    progress::suspended(|| {
        eprintln!("{name} {version}: {}", activities.join(", "));
        eprintln!("{library} {hash}");
        for effect in effects {
            eprintln!("  {effect}");
        }
        answer()
    })
}

fn agreed(name: &str) -> Result<bool, Box<Diagnostic>> {
    if !std::io::stdin().is_terminal() {
        return Err(Box::new(
            Diagnostic::error(codes::NOT_TRUSTED, format!("Nobody said that `{name}` is trusted"))
                .help("use `--yes` where nobody can be asked"),
        ));
    }
    Ok(answer())
}

fn answer() -> bool {
    eprint!("A plugin runs with all your rights. Trust it? [y/N] ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).is_ok()
        && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

fn install(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Box<Diagnostic>> {
    let place = folder.join(".camp").join("plugins").join(name);
    let library = place.join(library_name(name));
    let draft = place.join(format!("draft-{}", std::process::id()));
    std::fs::create_dir_all(&place)
        .and_then(|()| std::fs::write(&draft, bytes))
        .and_then(|()| std::fs::rename(&draft, &library))
        .map_err(|e| {
            Box::new(
                Diagnostic::error(
                    usage::UNWRITABLE,
                    format!("`{}` cannot be written", library.display()),
                )
                .help("make the folder of the project writable")
                .cause(e),
            )
        })
}
