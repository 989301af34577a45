//! `camp plugin info`

use std::path::Path;

use super::super::Exit;
use super::super::output::{Format, Output, wrap};
use super::is_path;
use crate::diagnostic::codes::plugin as codes;
use crate::diagnostic::{Diagnostic, suggest};
use crate::plugin::finder::Finder;
use crate::plugin::manifest::{Manifest, OPEN};
use crate::plugin::{self, lock, probe, trust};

#[derive(clap::Args, Debug)]
pub(in crate::cli) struct Args {
    /// An installed plugin, or the path of a library
    #[arg(value_name = "NAME|LIBRARY")]
    plugin: String,
}

pub(super) fn run(args: &Args, finder: &Finder, out: &mut Output) -> Exit {
    let found = if is_path(&args.plugin) {
        of_library(Path::new(&args.plugin), out)
    } else {
        of_name(&args.plugin, finder)
    };
    let (manifest, text) = match found {
        Ok(found) => found,
        Err(wrong) => return out.diagnostic(*wrong),
    };
    if out.format == Format::Json {
        // The manifest is JSON that was read already.
        let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        out.json(&json);
        return Exit::FINE;
    }
    let text = shown(&manifest, out.width());
    out.print(&text);
    Exit::FINE
}

fn of_library(path: &Path, out: &mut Output) -> Result<(Manifest, String), Box<Diagnostic>> {
    let bytes = trust::read(path)?;
    out.say(&format!("{} {}", path.display(), lock::hash(&bytes)));
    let probed = probe::probe(&trust::private_copy(&bytes)?, path)?;
    Ok((probed.manifest, probed.text))
}

/// An installed plugin, by its name.
pub(super) fn of_name(name: &str, finder: &Finder) -> Result<(Manifest, String), Box<Diagnostic>> {
    let Some(place) = finder.find(name) else {
        return Err(Box::new(unknown(name, finder)));
    };
    let plugin = plugin::open(name, &place, finder)?;
    Ok((plugin.manifest.clone(), plugin.manifest_text.clone()))
}

/// The error of a plugin that is not there.
pub(super) fn unknown(name: &str, finder: &Finder) -> Diagnostic {
    let names = finder.names();
    let help = suggest::unknown_name(name, "plugins", names.iter().map(String::as_str));
    Diagnostic::error(codes::NOT_LOADED, format!("Plugin `{name}` is not installed"))
        .maybe_help(help.or_else(|| Some("install it: `camp plugin add LIBRARY`".into())))
}

fn shown(manifest: &Manifest, width: usize) -> String {
    let about = &manifest.plugin;
    let mut text = format!("{} {}", about.name, about.version);
    if !about.license.is_empty() {
        text.push_str(&format!(", {}", about.license));
    }
    text.push('\n');
    for line in [&about.description, &about.homepage].into_iter().filter(|l| !l.is_empty()) {
        text.push_str(&format!("{line}\n"));
    }
    let effects = lock::effects(manifest);
    if !effects.is_empty() {
        text.push_str(&format!("beside giving rows: {}\n", effects.join(", ")));
    }
    for activity in &manifest.activities {
        text.push_str(&format!(
            "\n{}: {}\n\n    {}\n",
            activity.name,
            activity.summary,
            activity.syntax()
        ));
        if !activity.doc.is_empty() {
            text.push_str(&format!("\n{}\n", wrap(&activity.doc, width)));
        }
        for param in &activity.params {
            let name = if param.name == OPEN { "the name of an output" } else { &param.name };
            text.push_str(&format!("\n  {name}: {}\n", param.ty.describe()));
            let doc = param.doc.replace('\n', " ");
            for line in wrap(&doc, width.saturating_sub(4)).lines() {
                text.push_str(&format!("    {line}\n"));
            }
        }
    }
    text
}
