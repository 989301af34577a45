//! From a file that somebody named to a file that may be loaded.
//!
//! A library runs with all rights of its user from the moment it is opened, so what is opened is a
//! private copy of exactly the bytes whose hash was compared: a path can be swapped, and a file
//! overwritten in place, between the comparison and the opening.

use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::plugin as codes;

use super::lock::{self, Entry};

/// Reads a library that nobody else can have changed.
///
/// # Errors
/// When it is no file, or others may write it or a folder above it.
pub fn read(path: &Path) -> Result<Vec<u8>, Diagnostic> {
    let unreadable = |e: io::Error| {
        Diagnostic::error(codes::NOT_LOADED, format!("`{}` cannot be read", path.display()))
            .help("name the library of a plugin")
            .cause(e)
    };
    let path = path.canonicalize().map_err(unreadable)?;
    let mut file = File::open(&path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Diagnostic::error(
            codes::NOT_LOADED,
            format!("`{}` is not a file", path.display()),
        )
        .help("name the library of a plugin"));
    }
    private(&path, &metadata, false)?;
    for folder in path.ancestors().skip(1) {
        let metadata = folder.metadata().map_err(unreadable)?;
        private(folder, &metadata, true)?;
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// Refuses what others than the user and the system may write.
#[cfg(unix)]
fn private(path: &Path, metadata: &Metadata, folder: bool) -> Result<(), Diagnostic> {
    use std::os::unix::fs::MetadataExt;
    // SAFETY: has no conditions and cannot fail.
    let user = unsafe { libc::geteuid() };
    let owner = metadata.uid();
    let refused = |title: String, help: &str| {
        Err(Diagnostic::error(codes::NOT_TRUSTED, title).help(help.to_owned()))
    };
    if owner != user && owner != 0 {
        return refused(
            format!("`{}` belongs to another user", path.display()),
            "install the plugin under a folder of this user",
        );
    }
    // In a folder like /tmp, others cannot replace what is not theirs.
    let sticky = folder && metadata.mode() & 0o1000 != 0;
    if metadata.mode() & 0o022 != 0 && !sticky {
        return refused(
            format!("others may write `{}`", path.display()),
            "take the right to write from group and others: `chmod go-w`",
        );
    }
    Ok(())
}

#[cfg(not(unix))]
fn private(_: &Path, _: &Metadata, _: bool) -> Result<(), Diagnostic> {
    Ok(())
}

/// Compares a library with its entry in the lock.
///
/// # Errors
/// When it is not the one that was trusted.
pub fn compare(entry: &Entry, bytes: &[u8]) -> Result<(), Diagnostic> {
    let name = &entry.name;
    let platform = lock::platform();
    let Some(trusted) = entry.lib.get(&platform) else {
        return Err(Diagnostic::error(
            codes::NOT_TRUSTED,
            format!("`{}` has no hash of plugin `{name}` for {platform}", lock::FILE),
        )
        .help("add it on such a machine: `camp plugin add LIBRARY`"));
    };
    let found = lock::hash(bytes);
    if *trusted != found {
        return Err(Diagnostic::error(
            codes::NOT_TRUSTED,
            format!("Plugin `{name}` is not the one that is trusted"),
        )
        .help("run `camp plugin add` if it was updated on purpose; else find out who changed it")
        .cause(format!("`{}` says {trusted}, the file has {found}", lock::FILE)));
    }
    Ok(())
}

/// The private copy of a library, by its hash.
///
/// # Errors
/// When it cannot be made.
pub fn private_copy(bytes: &[u8]) -> Result<PathBuf, Diagnostic> {
    let failed = |e: io::Error| {
        Diagnostic::error(codes::NOT_LOADED, "A plugin's private copy cannot be made")
            .help("set `XDG_CACHE_HOME` to a folder of this user that can be written")
            .cause(e)
    };
    let digest = lock::hash(bytes);
    let digest = digest.trim_start_matches("sha256:");
    let folder = cache().ok_or_else(|| failed(io::Error::other("there is no cache folder")))?;
    let folder = folder.join("camp").join("plugins").join(digest);
    make_private(&folder).map_err(failed)?;
    let place = folder.join(format!("plugin{}", std::env::consts::DLL_SUFFIX));
    // What lies there already is compared again: it is loaded, not the file it was made from.
    if let Ok(there) = std::fs::read(&place)
        && there == bytes
    {
        return Ok(place);
    }
    let draft = folder.join(format!("draft-{}", std::process::id()));
    write_private(&draft, bytes).and_then(|()| std::fs::rename(&draft, &place)).map_err(|e| {
        let _ = std::fs::remove_file(&draft);
        failed(e)
    })?;
    Ok(place)
}

fn cache() -> Option<PathBuf> {
    let set =
        |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")))
}

fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o500);
    }
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::os::unix::fs::PermissionsExt;

    fn chmod(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
            .expect("the file is ours");
    }

    #[test]
    fn what_others_may_write_is_refused_the_folder_above_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lib.so");
        std::fs::write(&file, b"x").unwrap();
        chmod(&file, 0o644);
        assert_eq!(read(&file).unwrap(), b"x");
        chmod(&file, 0o666);
        assert_eq!(read(&file).unwrap_err().code, codes::NOT_TRUSTED);
        chmod(&file, 0o644);
        chmod(folder.path(), 0o777);
        assert_eq!(read(&file).unwrap_err().code, codes::NOT_TRUSTED);
        chmod(folder.path(), 0o1777);
        assert!(read(&file).is_ok(), "others cannot replace files in a sticky folder");
    }

    #[test]
    fn only_the_trusted_bytes_pass() {
        let entry = Entry {
            name: "x".into(),
            version: "1".into(),
            manifest: String::new(),
            effects: Vec::new(),
            lib: BTreeMap::from([(lock::platform(), lock::hash(b"good"))]),
        };
        assert!(compare(&entry, b"good").is_ok());
        let error = compare(&entry, b"bad").unwrap_err();
        assert!(error.cause.unwrap().contains(&lock::hash(b"good")));
    }
}
