//! What was found out about the columns of text files, kept in the session and in the user's cache: to find
//! it out every value is read, and the same file gives the same answer.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::session::Session;
use crate::diagnostic::Diagnostic;
use crate::model::schema::FileOptions;

/// Raised when the same file may get another answer.
const VERSION: u32 = 3;

/// The answers, by everything they depend on.
#[derive(Debug)]
pub struct Answers {
    known: HashMap<String, (String, String)>,
    /// Where they outlive the session; `None` keeps them in memory.
    pub(super) directory: Option<PathBuf>,
}

impl Default for Answers {
    fn default() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let base = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")));
        // Tests must not find what an earlier build thought.
        let directory =
            if cfg!(test) { None } else { base.map(|b| b.join("camp").join("columns")) };
        Answers { known: HashMap::new(), directory }
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    source: String,
    state: String,
    answer: String,
}

impl Answers {
    /// One file for each source and its options, so that a changed source replaces its answer.
    fn file(&self, key: &Key) -> Option<PathBuf> {
        let name: String = Sha256::digest(&key.source).iter().map(|b| format!("{b:02x}")).collect();
        Some(self.directory.as_ref()?.join(format!("{name}.json")))
    }

    fn get(&self, key: &Key) -> Option<String> {
        if let Some((state, answer)) = self.known.get(&key.source) {
            return (*state == key.state).then(|| answer.clone());
        }
        let text = std::fs::read(self.file(key)?).ok()?;
        let stored: Stored = serde_json::from_slice(&text).ok()?;
        (stored.source == key.source && stored.state == key.state).then_some(stored.answer)
    }

    /// A cache that cannot be written is only slower.
    fn put(&mut self, key: Key, answer: String) {
        let file = self.file(&key);
        let stored = Stored { source: key.source, state: key.state, answer };
        if let (Some(file), Ok(text)) = (file, serde_json::to_vec(&stored)) {
            let _ = write_whole(&file, &text);
        }
        self.known.insert(stored.source, (stored.state, stored.answer));
    }
}

/// Written beside and renamed, so that no reader sees half of it.
fn write_whole(file: &Path, text: &[u8]) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let beside = folder.join(format!("{}-{:08x}.tmp", std::process::id(), super::spill::random()));
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, file)
}

/// What an answer depends on.
struct Key {
    /// Paths and options.
    source: String,
    /// Size and time of every file.
    state: String,
}

impl Key {
    /// `None` for files that have no size and time, like remote ones.
    fn of(kind: &str, paths: &[String], options: &FileOptions, own: Option<&Path>) -> Option<Key> {
        let mut source = format!("camp {} {kind} {VERSION}\n", env!("CARGO_PKG_VERSION"));
        let mut state = String::new();
        for path in paths {
            // What was set aside for this session is not there again.
            if own.is_some_and(|own| Path::new(path).starts_with(own)) {
                return None;
            }
            let meta = std::fs::metadata(path).ok()?;
            let time = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?.as_nanos();
            let path = std::fs::canonicalize(path).ok()?;
            source.push_str(&format!("{}\n", path.display()));
            state.push_str(&format!("{} {time}\n", meta.len()));
        }
        for c in &options.columns {
            source.push_str(&format!("{:?} {:?} {:?}\n", c.name, c.ty, c.format));
        }
        let FileOptions { delimiter, quote, encoding, header, .. } = options;
        source.push_str(&format!("{delimiter:?} {quote:?} {encoding:?} {header:?}"));
        Some(Key { source, state })
    }
}

/// What was found out about files of a kind, or is now.
pub(super) fn kept<T: Serialize + DeserializeOwned>(
    session: &Session,
    kind: &str,
    paths: &[String],
    options: &FileOptions,
    find_out: impl FnOnce() -> Result<T, Diagnostic>,
) -> Result<T, Diagnostic> {
    let key = Key::of(kind, paths, options, session.own_folder());
    let known = key.as_ref().and_then(|key| session.answers.borrow().get(key));
    if let Some(answer) = known.and_then(|text| serde_json::from_str(&text).ok()) {
        return Ok(answer);
    }
    let answer = find_out()?;
    if let (Some(key), Ok(text)) = (key, serde_json::to_string(&answer)) {
        session.answers.borrow_mut().put(key, text);
    }
    Ok(answer)
}
