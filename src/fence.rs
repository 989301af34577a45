//! The folder that the scripts of others are kept in under `--safe`.
//!
//! The engine can allow a path, but it follows links, and what may be read may be written. So each
//! path of a script is judged here, by where it really leads, before the engine hears of it.

use std::io;
use std::path::{Component, Path, PathBuf};

use crate::diagnostic::codes::data;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// A folder that scripts neither read nor write outside of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// With all links resolved.
    root: PathBuf,
}

/// Why a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    /// It leads out of the folder.
    Outside,
    /// The file has a second name, and nobody knows where.
    SecondName,
    /// A pipe, a device, a socket.
    Special,
    /// It would be replaced.
    Exists,
    /// A file or folder whose name begins with a dot: settings of programs.
    Hidden,
    /// An address of the network.
    Remote,
}

impl Fence {
    /// A fence around a folder; an empty path is the current one.
    ///
    /// # Errors
    /// There is no such folder.
    pub fn around(folder: &Path) -> io::Result<Fence> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        Ok(Fence { root: folder.canonicalize()? })
    }

    /// Where a file that a script reads really is. One that does not exist is judged by its folder.
    ///
    /// # Errors
    /// It is not an ordinary file of the folder, of one name.
    pub fn read(&self, path: &Path) -> Result<PathBuf, Breach> {
        let (place, exists) = self.inside(path)?;
        if exists && place.is_dir() {
            return Ok(place);
        }
        if exists {
            let meta = place.metadata().map_err(|_| Breach::Special)?;
            if !meta.is_file() {
                return Err(Breach::Special);
            }
            if names(&meta) > 1 {
                return Err(Breach::SecondName);
            }
        }
        Ok(place)
    }

    /// Judges a file that a script wants to write.
    ///
    /// # Errors
    /// It leads out of the folder, exists, or is hidden.
    pub fn write(&self, path: &Path) -> Result<(), Breach> {
        let (place, _) = self.inside(path)?;
        // A link that leads nowhere does not exist, but is there.
        if path.symlink_metadata().is_ok() {
            return Err(Breach::Exists);
        }
        let below = place.strip_prefix(&self.root).map_err(|_| Breach::Outside)?;
        let hidden = |part: Component<'_>| matches!(part, Component::Normal(name) if name.to_string_lossy().starts_with('.'));
        if below.components().any(hidden) { Err(Breach::Hidden) } else { Ok(()) }
    }

    /// The path with links resolved, as far as it exists, and whether all of it does.
    fn inside(&self, path: &Path) -> Result<(PathBuf, bool), Breach> {
        let whole = std::path::absolute(path).map_err(|_| Breach::Outside)?;
        let mut missing: Vec<Component<'_>> = Vec::new();
        let mut known = whole.as_path();
        let place = loop {
            match known.canonicalize() {
                Ok(place) => break place,
                // A link without its target, or a folder that cannot be looked into.
                Err(_) if known.symlink_metadata().is_ok() => return Err(Breach::Outside),
                Err(_) => {}
            }
            // What is behind a folder that does not exist must be plain names.
            match known.components().next_back() {
                Some(part @ Component::Normal(_)) => missing.push(part),
                _ => return Err(Breach::Outside),
            }
            known = known.parent().ok_or(Breach::Outside)?;
        };
        if !place.starts_with(&self.root) {
            return Err(Breach::Outside);
        }
        let exists = missing.is_empty();
        Ok((missing.into_iter().rev().fold(place, |p, part| p.join(part)), exists))
    }
}

/// How many names a file has.
#[cfg(unix)]
fn names(meta: &std::fs::Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    meta.nlink()
}

/// How many names a file has, which the standard library does not tell here.
#[cfg(not(unix))]
fn names(_: &std::fs::Metadata) -> u64 {
    1
}

impl Breach {
    /// What is told of a path that a script names.
    pub fn diagnostic(self, path: &str, span: Span) -> Diagnostic {
        self.told(data::SAFE_FORBIDDEN, path).label(span, self.label())
    }

    /// The same without a place, for a path that stands elsewhere.
    pub fn told(self, code: Code, path: &str) -> Diagnostic {
        let (what, help) = match self {
            Breach::Outside => (
                "leads out of the project's folder",
                "copy the file into the project's folder, or run without `--safe`",
            ),
            Breach::SecondName => (
                "has a second name, which may lie outside the project's folder",
                "copy the file, so that it has one name, or run without `--safe`",
            ),
            Breach::Special => {
                ("is no ordinary file", "copy what it gives into a file, or run without `--safe`")
            }
            Breach::Exists => {
                ("exists, and would be replaced", "remove the file, or run without `--safe`")
            }
            Breach::Hidden => ("is a hidden file", "choose a name without a dot in front"),
            Breach::Remote => (
                "is not in the project's folder",
                "fetch the file into the project's folder, or run without `--safe`",
            ),
        };
        Diagnostic::error(code, format!("`{path}` {what}")).help(help)
    }

    fn label(self) -> &'static str {
        match self {
            Breach::Outside | Breach::Remote => "outside the project's folder",
            Breach::SecondName => "a file of two names",
            Breach::Special => "not an ordinary file",
            Breach::Exists => "exists already",
            Breach::Hidden => "hidden",
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_what_really_lies_in_the_folder_passes() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("project");
        fs::create_dir_all(root.join("data")).unwrap();
        fs::create_dir(home.path().join("project2")).unwrap();
        for file in ["secret.csv", "project2/x.csv", "project/data/own.csv"] {
            fs::write(home.path().join(file), "id\n1\n").unwrap();
        }
        symlink("data/own.csv", root.join("near.csv")).unwrap();
        symlink("../secret.csv", root.join("far.csv")).unwrap();
        symlink(home.path(), root.join("up")).unwrap();
        symlink("nowhere", root.join("dangling.csv")).unwrap();
        fs::hard_link(home.path().join("secret.csv"), root.join("hard.csv")).unwrap();
        let fence = Fence::around(&root).unwrap();
        let read = |path: &str| fence.read(&root.join(path)).map(drop);
        assert_eq!(read("data/own.csv"), Ok(()));
        assert_eq!(read("near.csv"), Ok(()));
        assert_eq!(read("data/../data/own.csv"), Ok(()));
        assert_eq!(read("data/none.csv"), Ok(()));
        assert_eq!(read("hard.csv"), Err(Breach::SecondName));
        for out in [
            "far.csv",
            "up/secret.csv",
            "../secret.csv",
            "data/../../secret.csv",
            "dangling.csv",
            "/etc/passwd",
            "/proc/self/environ",
            "../project2/x.csv",
            "none/../../secret.csv",
        ] {
            assert_eq!(read(out), Err(Breach::Outside), "{out}");
        }
        let write = |path: &str| fence.write(&root.join(path));
        assert_eq!(write("out/new.csv"), Ok(()));
        assert_eq!(write("data/own.csv"), Err(Breach::Exists));
        assert_eq!(write("near.csv"), Err(Breach::Exists));
        assert_eq!(write(".vscode/settings.json"), Err(Breach::Hidden));
        for out in ["../new.csv", "up/new.csv", "/tmp/new.csv", "dangling.csv", "none/../../x.csv"]
        {
            assert_eq!(write(out), Err(Breach::Outside), "{out}");
        }
    }
}
