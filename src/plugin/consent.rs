//! The first use of a plugin that a project does not trust yet.

use std::collections::BTreeMap;
use std::path::Path;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::plugin as codes;

use super::lock::{self, Entry, Lock};
use super::probe::{self, Probed};
use super::trust;

/// Who decides whether a plugin is trusted that `camp.lock` does not have.
#[derive(Clone, Copy, Debug, Default)]
pub enum Consent {
    /// Nobody can be asked: it is refused.
    #[default]
    Nobody,
    /// `--locked`: it is refused.
    Locked,
    /// Whoever answers this question; a plugin that is trusted goes into `camp.lock`.
    Ask(fn(&Question) -> bool),
}

impl PartialEq for Consent {
    fn eq(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// What somebody who is to trust a plugin gets to see.
#[derive(Clone, Debug)]
pub struct Question {
    /// What `use` says.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The library.
    pub library: String,
    /// Its hash.
    pub hash: String,
    /// The activities it adds.
    pub activities: Vec<String>,
    /// What they do beside giving rows.
    pub effects: Vec<String>,
}

impl Question {
    /// About a library that was probed.
    pub fn new(library: &Path, hash: &str, probed: &Probed) -> Question {
        let about = &probed.manifest.plugin;
        Question {
            name: about.name.clone(),
            version: about.version.clone(),
            library: library.display().to_string(),
            hash: hash.to_owned(),
            activities: probed.manifest.activities.iter().map(|a| a.name.clone()).collect(),
            effects: lock::effects(&probed.manifest),
        }
    }
}

/// Asks whether a library that the lock does not have is trusted, and records the answer.
///
/// # Errors
/// When it is not trusted, or cannot be looked at.
pub fn first_use(
    name: &str,
    library: &Path,
    bytes: &[u8],
    project: &Path,
    consent: Consent,
) -> Result<Entry, Diagnostic> {
    let refused = |help: &str| {
        Diagnostic::error(codes::NOT_TRUSTED, format!("Plugin `{name}` is not in `{}`", lock::FILE))
            .help(help)
    };
    let ask = match consent {
        Consent::Ask(ask) => ask,
        Consent::Nobody => return Err(refused("trust it: `camp plugin add LIBRARY`")),
        Consent::Locked => {
            return Err(refused("trust it where nothing is locked: `camp plugin add LIBRARY`"));
        }
    };
    let probed = probe::probe(&trust::private_copy(bytes)?, library)?;
    let question = Question::new(library, &lock::hash(bytes), &probed);
    if question.name != name {
        return Err(refused("give its folder the name that it has")
            .cause(format!("`{}` says that it is plugin `{}`", question.library, question.name)));
    }
    if !ask(&question) {
        return Err(refused("trust it: `camp plugin add LIBRARY`"));
    }
    let mut lock = Lock::read(project)?;
    let entry = record(&mut lock, &probed, bytes);
    lock.write(project)?;
    Ok(entry)
}

/// Enters a library into a lock.
pub fn record(lock: &mut Lock, probed: &Probed, bytes: &[u8]) -> Entry {
    let about = &probed.manifest.plugin;
    let manifest = lock::hash(probed.text.as_bytes());
    // Hashes for other systems stay as long as they are of the same plugin.
    let mut lib = match lock.find(&about.name) {
        Some(known) if known.manifest == manifest => known.lib.clone(),
        _ => BTreeMap::new(),
    };
    lib.insert(lock::platform(), lock::hash(bytes));
    let entry = Entry {
        name: about.name.clone(),
        version: about.version.clone(),
        manifest,
        effects: lock::effects(&probed.manifest),
        lib,
    };
    lock.plugins.retain(|p| p.name != about.name);
    lock.plugins.push(entry.clone());
    entry
}
