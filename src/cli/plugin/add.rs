//! `camp plugin add`

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::super::Exit;
use super::super::output::Output;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::{plugin as codes, usage};
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
    let effects = lock::effects(&probed.manifest);
    let known = lock.find(&about.name).cloned();
    let new: Vec<&String> =
        effects.iter().filter(|e| known.as_ref().is_none_or(|k| !k.effects.contains(e))).collect();
    let activities: Vec<&str> =
        probed.manifest.activities.iter().map(|a| a.name.as_str()).collect();
    out.say(&format!("{} {}: {}", about.name, about.version, activities.join(", ")));
    for effect in &new {
        out.say(&format!("  {effect}"));
    }
    if !args.yes && !agreed(&about.name, out)? {
        out.say("nothing was changed");
        return Ok(Exit::FINE);
    }
    install(folder, &about.name, &bytes)?;
    let manifest = lock::hash(probed.text.as_bytes());
    // Hashes for other systems stay as long as they are of the same plugin.
    let mut lib = match &known {
        Some(known) if known.manifest == manifest => known.lib.clone(),
        _ => BTreeMap::new(),
    };
    lib.insert(lock::platform(), hash);
    lock.plugins.retain(|p| p.name != about.name);
    lock.plugins.push(Entry {
        name: about.name.clone(),
        version: about.version.clone(),
        manifest,
        effects,
        lib,
    });
    let path = lock.write(folder)?;
    out.say(&format!("trusted in {}: commit it, and write `use {}`", path.display(), about.name));
    Ok(Exit::FINE)
}

fn agreed(name: &str, out: &mut Output) -> Result<bool, Box<Diagnostic>> {
    if !std::io::stdin().is_terminal() {
        return Err(Box::new(
            Diagnostic::error(codes::NOT_TRUSTED, format!("Nobody said that `{name}` is trusted"))
                .help("use `--yes` where nobody can be asked"),
        ));
    }
    out.say("A plugin runs with all your rights.");
    eprint!("Trust it? [y/N] ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    Ok(std::io::stdin().read_line(&mut answer).is_ok()
        && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
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
