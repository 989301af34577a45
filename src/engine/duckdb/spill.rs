//! Where work that does not fit into memory is written.
//!
//! Two processes that spill into one directory crash, so each session has its own,
//! `<base>/<pid>-<random>`, and holds a lock on a file beside it for as long as it lives. A directory
//! whose lock nobody holds was left by a process that was killed; the next session removes it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// How often a name or a vanished base directory is tried again.
const ATTEMPTS: usize = 8;

/// A spill directory that is removed when it is dropped.
#[derive(Debug)]
pub struct SpillDir {
    base: PathBuf,
    path: PathBuf,
    lock_path: PathBuf,
    // Released by the system when the process dies, however it does.
    _lock: File,
}

impl SpillDir {
    /// Makes one under `base` and removes those of dead processes there.
    ///
    /// # Errors
    /// When `base` cannot be created or written.
    pub fn create(base: &Path) -> io::Result<SpillDir> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            // Another session that ends may remove the base, and a starting one a lock file that
            // is not locked yet, between any two of these calls.
            match SpillDir::attempt(base) {
                Ok(Some(dir)) => {
                    remove_stale(base);
                    return Ok(dir);
                }
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| io::Error::other("no free name for a spill directory")))
    }

    fn attempt(base: &Path) -> io::Result<Option<SpillDir>> {
        fs::create_dir_all(base)?;
        let name = format!("{}-{:08x}", std::process::id(), random());
        let (path, lock_path) = (base.join(&name), base.join(format!("{name}.lock")));
        let lock = match File::create_new(&lock_path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            Err(error) => return Err(error),
        };
        if lock.try_lock().is_err() || !lock_path.exists() {
            return Ok(None);
        }
        if let Err(error) = fs::create_dir(&path) {
            let _ = fs::remove_file(&lock_path);
            return Err(error);
        }
        Ok(Some(SpillDir { base: base.to_path_buf(), path, lock_path, _lock: lock }))
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SpillDir {
    fn drop(&mut self) {
        // Nothing can be done about a failure here; the next session tries again.
        let _ = fs::remove_dir_all(&self.path);
        let _ = fs::remove_file(&self.lock_path);
        let _ = fs::remove_dir(&self.base);
    }
}

/// Removes directories under `base` whose process is gone.
fn remove_stale(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else { return };
    for lock_path in entries.flatten().map(|e| e.path()) {
        if lock_path.extension().is_none_or(|e| e != "lock") {
            continue;
        }
        let Ok(file) = File::open(&lock_path) else { continue };
        if file.try_lock().is_ok() {
            let _ = fs::remove_dir_all(lock_path.with_extension(""));
            let _ = fs::remove_file(&lock_path);
        }
    }
}

/// A number that other sessions will not have: the standard library seeds its maps at random.
pub(super) fn random() -> u32 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new().build_hasher().finish() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_process_directory_is_removed_and_a_living_one_stays() {
        let home = tempfile::tempdir().unwrap();
        let base = home.path().join("x.duckdb.tmp");
        let living = SpillDir::create(&base).unwrap();
        fs::create_dir(base.join("1-dead")).unwrap();
        fs::write(base.join("1-dead/block.tmp"), "x").unwrap();
        fs::write(base.join("1-dead.lock"), "").unwrap();
        let second = SpillDir::create(&base).unwrap();
        assert!(!base.join("1-dead").exists());
        assert!(!base.join("1-dead.lock").exists());
        assert!(living.path().exists());
        assert_ne!(living.path(), second.path());
    }

    #[test]
    fn nothing_is_left_behind() {
        let home = tempfile::tempdir().unwrap();
        let base = home.path().join("x.duckdb.tmp");
        let dir = SpillDir::create(&base).unwrap();
        fs::write(dir.path().join("block.tmp"), "x").unwrap();
        drop(dir);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }
}
