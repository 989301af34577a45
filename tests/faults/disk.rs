//! A small disk in memory, where one may be mounted.

use std::ffi::CString;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Mounted over a folder until it is dropped.
pub struct Disk(PathBuf);

impl Disk {
    /// Nothing where that is not allowed.
    pub fn over(folder: &Path) -> Option<Disk> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=96m", "camp-faults"]).arg(folder);
        let mounted = mount.stderr(Stdio::null()).status().is_ok_and(|s| s.success());
        mounted.then(|| Disk(folder.to_owned()))
    }

    /// Fills it with a file but for so many bytes.
    pub fn fill(&self, free: u64) -> PathBuf {
        let filler = self.0.join("filler");
        let file = File::create(&filler).unwrap();
        let path = CString::new(self.0.as_os_str().as_bytes()).unwrap();
        // SAFETY: all-zero is a value of it; the path ends with NUL and the buffer is as the call wants.
        let available = unsafe {
            let mut facts: libc::statvfs = std::mem::zeroed();
            assert_eq!(libc::statvfs(path.as_ptr(), &mut facts), 0);
            facts.f_bavail * facts.f_frsize
        };
        let length = available.saturating_sub(free);
        use std::os::fd::AsRawFd;
        // SAFETY: an open file, and a length that fits.
        let taken = unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, length as libc::off_t) };
        assert_eq!(taken, 0, "the disk cannot be filled");
        filler
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
