//! Plugins: activities from native libraries.
//!
//! ```text
//! use NAME ─finder▶ library ─loader▶ manifest ─activity▶ Registry
//! call ─params▶ params document ─bind, plan▶ plan document ─gate▶ tables of the plan
//! ```
//!
//! `plugins/sdk/WIRE.md` says what crosses the line, `plugins/sdk/include/camp_plugin.h` how. The
//! rest of Camp sees a plugin only as an [`Activity`](crate::activity::Activity).

pub mod activity;
pub mod bound;
pub mod consent;
mod constraints;
pub mod document;
pub mod finder;
mod gate;
pub mod guard;
pub mod host;
pub mod kit;
pub mod loader;
pub mod lock;
pub mod manifest;
mod params;
pub mod probe;
mod report;
pub mod rows;
pub mod schemas;
pub mod stdout;
mod stream;
pub mod trust;
pub mod wire;

use std::sync::Arc;

use crate::activity::{Activity, Registry};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// Loads a plugin that a script uses, and registers its activities. `Ok(false)` when there is none.
///
/// # Errors
/// When there is one that cannot be loaded.
pub fn enable(
    name: &str,
    span: Span,
    finder: &finder::Finder,
    registry: &mut Registry,
) -> Result<bool, Diagnostic> {
    // Before anything is looked for: whether a machine has a plugin is none of a stranger's business.
    if finder.forbidden {
        return Err(Diagnostic::error(
            crate::diagnostic::codes::plugin::UNDER_SAFE,
            format!("Plugin `{name}` is not allowed under `--safe`"),
        )
        .label(span, "loads a plugin")
        .help("read what the script does with it, then run without `--safe`"));
    }
    if registry.iter().any(|a| a.spec().plugin.as_deref() == Some(name)) {
        return Ok(true);
    }
    let Some(place) = finder.find(name) else { return Ok(false) };
    let plugin = open(name, &place, finder).map_err(|wrong| match wrong.span() {
        None => wrong.label(span, "used here"),
        Some(_) => wrong,
    })?;
    let activities = activity::activities(&plugin);
    let builtin = activities.iter().find_map(|activity| {
        let name = &activity.spec().name;
        registry.find(name).filter(|known| known.spec().plugin.is_none()).map(|_| name)
    });
    if let Some(activity) = builtin {
        return Err(Diagnostic::error(
            crate::diagnostic::codes::plugin::ACTIVITY_TWICE,
            format!("Plugin `{name}` has an activity `{activity}`, which is built in"),
        )
        .label(span, "used here")
        .help("report it to the plugin's author"));
    }
    for activity in activities {
        registry.register(Arc::new(activity));
    }
    Ok(true)
}

/// Loads a plugin that was found: at once when it came with Camp, else a private copy of what the
/// project's lock trusts.
///
/// # Errors
/// When it is not trusted, or cannot be loaded.
pub fn open(
    name: &str,
    place: &finder::Place,
    finder: &finder::Finder,
) -> Result<Arc<loader::Plugin>, Diagnostic> {
    stdout::keep();
    let load = |path: &std::path::Path| {
        let loaded = loader::load(path).map_err(|e| e.into_diagnostic(name, &place.path, None));
        // A library that prints when it is loaded is never trusted; what else is there is nobody's.
        let _ = stdout::take();
        loaded
    };
    if place.shipped {
        return load(&place.path);
    }
    let project = finder.project.clone().unwrap_or_default();
    let lock = lock::Lock::read(&project)?;
    let bytes = trust::read(&place.path)?;
    let entry = match lock.find(name) {
        Some(entry) => entry.clone(),
        None => consent::first_use(name, &place.path, &bytes, &project, finder.consent)?,
    };
    trust::compare(&entry, &bytes)?;
    let plugin = load(&trust::private_copy(&bytes)?)?;
    if entry.manifest != plugin.manifest_hash || plugin.manifest.plugin.name != name {
        return Err(Diagnostic::error(
            crate::diagnostic::codes::plugin::NOT_TRUSTED,
            format!("Plugin `{name}` describes itself differently than when it was trusted"),
        )
        .help("run `camp plugin add` again and look at what it says"));
    }
    Ok(plugin)
}

/// The macros that planner SQL may call on this engine (WIRE.md §3.2).
pub fn helpers() -> String {
    const PARTS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let overloads: Vec<String> = (1..=PARTS.len())
        .map(|n| {
            let parts = &PARTS[..n];
            let text: String = ["seed"]
                .iter()
                .chain(parts)
                .map(|p| format!("CAST(length({p}) AS VARCHAR) || ':' || {p}"))
                .collect::<Vec<_>>()
                .join(" || ");
            format!("(seed, {}) AS md5({text})", parts.join(", "))
        })
        .collect();
    format!("CREATE OR REPLACE TEMP MACRO camp_hash {}", overloads.join(", "))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_helper_gives_the_hashes_of_the_contract() {
        let engine = duckdb::Connection::open_in_memory().unwrap();
        engine.execute_batch(&super::helpers()).unwrap();
        // The table of WIRE.md §3.3.
        for (call, hash) in [
            ("camp_hash('', '42')", "7730db16370c36308729515a8cddf11c"),
            ("camp_hash('Spring sale', '42')", "e376be201ef1996b5556f1d45cd4eb07"),
            ("camp_hash('é', '7', '2026-11-24')", "7f28ca5ed445ccbacaee92358cb84c81"),
        ] {
            let found: String =
                engine.query_row(&format!("SELECT {call}"), [], |row| row.get(0)).unwrap();
            assert_eq!(found, hash, "{call}");
        }
    }
}
