//! `camp.lock`: the plugins that a project trusts, by the hashes of their libraries. Written by
//! `camp plugin add`, committed with the scripts, compared at every load.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::plugin as codes;

use super::manifest::{Activity, Manifest};

/// The name of the file, in the folder of the project.
pub const FILE: &str = "camp.lock";

/// The plugins that a project trusts.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Lock {
    /// Of the file's form.
    pub version: u32,
    /// Ordered by name.
    #[serde(default, rename = "plugin")]
    pub plugins: Vec<Entry>,
}

/// A plugin that is trusted.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Entry {
    /// What `use` says.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The hash of its manifest.
    pub manifest: String,
    /// What its activities do beside giving rows; more of them in an update ask again.
    #[serde(default)]
    pub effects: Vec<String>,
    /// The hash of the library, by operating system and processor.
    pub lib: BTreeMap<String, String>,
}

impl Default for Lock {
    fn default() -> Self {
        Lock { version: 1, plugins: Vec::new() }
    }
}

/// This operating system and processor, as the lock names them.
pub fn platform() -> String {
    format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH)
}

/// `sha256:…`
pub fn hash(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let hex: String = digest.iter().map(|b| format!("{b:02x}")).collect();
    format!("sha256:{hex}")
}

/// The effects of a plugin, in words that can be compared.
pub fn effects(manifest: &Manifest) -> Vec<String> {
    let mut all: Vec<String> = manifest.activities.iter().flat_map(effects_of).collect();
    all.sort();
    all.dedup();
    all
}

fn effects_of(activity: &Activity) -> Vec<String> {
    let effects = activity.effects.of(activity.kind);
    let mut all: Vec<String> =
        effects.network.iter().map(|host| format!("network: {host}")).collect();
    all.extend(effects.secrets.iter().map(|s| format!("secret: {}.{s}", activity.name)));
    if effects.writes_files {
        all.push("writes files".into());
    }
    if effects.external == Some(true) {
        all.push("external".into());
    }
    all
}

impl Lock {
    /// The lock of a project; an empty one where there is none.
    ///
    /// # Errors
    /// A file that cannot be read or understood.
    pub fn read(project: &Path) -> Result<Lock, Diagnostic> {
        let path = project.join(FILE);
        let unusable = |cause: String| {
            Diagnostic::error(
                codes::LOCK_UNREADABLE,
                format!("`{}` cannot be used", path.display()),
            )
            .help("restore it, or remove it and run `camp plugin add` again")
            .cause(cause)
        };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Lock::default()),
            Err(e) => return Err(unusable(e.to_string())),
        };
        Lock::parse(&text).map_err(unusable)
    }

    /// The lock that a text is.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Lock, String> {
        let lock: Lock = toml::from_str(text).map_err(|e| e.message().to_owned())?;
        match lock.version {
            1 => Ok(lock),
            other => Err(format!("its version is {other}, and this program reads 1")),
        }
    }

    /// Its text, as it is written.
    pub fn text(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }

    /// Writes it: beside its place first, so that a crash leaves the old one.
    ///
    /// # Errors
    /// The system's.
    pub fn write(&mut self, project: &Path) -> Result<PathBuf, Diagnostic> {
        self.plugins.sort_by(|a, b| a.name.cmp(&b.name));
        let path = project.join(FILE);
        let draft = project.join(format!(".{FILE}.{}", std::process::id()));
        let text = self.text();
        let header = "# The plugins that this project trusts. Written by `camp plugin add`.\n";
        std::fs::write(&draft, format!("{header}{text}"))
            .and_then(|()| std::fs::rename(&draft, &path))
            .map_err(|e| {
                let _ = std::fs::remove_file(&draft);
                let title = format!("`{}` cannot be written", path.display());
                Diagnostic::error(codes::LOCK_UNREADABLE, title)
                    .help("make the folder of the project writable")
                    .cause(e)
            })?;
        Ok(path)
    }

    /// The entry of a plugin.
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.plugins.iter().find(|p| p.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_reads_back_what_was_written_in_the_order_of_names() {
        let folder = tempfile::tempdir().unwrap();
        let entry = |name: &str| Entry {
            name: name.into(),
            version: "1".into(),
            manifest: hash(b"m"),
            effects: vec!["network: *".into()],
            lib: BTreeMap::from([(platform(), hash(b"x"))]),
        };
        let mut lock = Lock { version: 1, plugins: vec![entry("b"), entry("a")] };
        lock.write(folder.path()).unwrap();
        let read = Lock::read(folder.path()).unwrap();
        assert_eq!(read.plugins, vec![entry("a"), entry("b")]);
    }

    #[test]
    fn no_lock_trusts_nobody_and_a_broken_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Lock::read(folder.path()).unwrap(), Lock::default());
        std::fs::write(folder.path().join(FILE), "version = 2\n").unwrap();
        let error = Lock::read(folder.path()).unwrap_err();
        assert_eq!(error.code, codes::LOCK_UNREADABLE);
    }

    #[test]
    fn the_hash_is_sha256_in_hex() {
        assert_eq!(
            hash(b"abc"),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
