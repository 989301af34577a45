//! The standard output is Camp's: results go there, and a plugin that prints would spoil them.
//!
//! Before the first plugin is loaded the program moves its results to a descriptor of their own and
//! puts a pipe in place of the standard output. What arrives in the pipe is a plugin's, and becomes
//! a warning that names it.

use std::io::{self, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// Whether this process may move its output: a program of tests has other plans for it.
static ALLOWED: AtomicBool = AtomicBool::new(false);
/// Where results go, once they are moved.
static RESULTS: AtomicI32 = AtomicI32::new(1);
/// The end of the pipe to read from.
static PIPE: AtomicI32 = AtomicI32::new(-1);

/// Allows [`keep`]: said by the program when it starts, with all its results going to [`Results`].
pub fn allow() {
    ALLOWED.store(true, Ordering::SeqCst);
}

/// Moves the results out of the way of plugins, the first time.
pub fn keep() {
    static ONCE: Once = Once::new();
    if !ALLOWED.load(Ordering::SeqCst) {
        return;
    }
    ONCE.call_once(|| {
        let mut ends = [0; 2];
        // SAFETY: two descriptors are written; what fails leaves everything as it was.
        unsafe {
            let own = libc::fcntl(1, libc::F_DUPFD_CLOEXEC, 3);
            if own < 0 || libc::pipe(ends.as_mut_ptr()) != 0 {
                return;
            }
            for end in ends {
                libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC);
                // A plugin that prints much gets an error and does not wait for a reader.
                libc::fcntl(end, libc::F_SETFL, libc::O_NONBLOCK);
            }
            RESULTS.store(own, Ordering::SeqCst);
            PIPE.store(ends[0], Ordering::SeqCst);
            libc::dup2(ends[1], 1);
            libc::close(ends[1]);
        }
    });
}

/// What was printed since the last time, its first lines.
pub fn take() -> Option<String> {
    let pipe = PIPE.load(Ordering::SeqCst);
    if pipe < 0 {
        return None;
    }
    let mut bytes = [0u8; 1024];
    let mut found = Vec::new();
    // SAFETY: flushes what C code of this process has buffered; the buffer is as long as is said.
    unsafe {
        libc::fflush(std::ptr::null_mut());
        loop {
            let n = libc::read(pipe, bytes.as_mut_ptr().cast(), bytes.len());
            let Ok(n) = usize::try_from(n) else { break };
            if n == 0 {
                break;
            }
            if found.len() < bytes.len() {
                found.extend_from_slice(&bytes[..n]);
            }
        }
    }
    (!found.is_empty()).then(|| String::from_utf8_lossy(&found).into_owned())
}

/// Where the program writes its results.
#[derive(Debug, Default)]
pub struct Results;

impl Write for Results {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let to = RESULTS.load(Ordering::SeqCst);
        if to == 1 {
            return io::stdout().write(bytes);
        }
        // SAFETY: the bytes live, and the descriptor is this program's for ever.
        let written = unsafe { libc::write(to, bytes.as_ptr().cast(), bytes.len()) };
        usize::try_from(written).map_err(|_| io::Error::last_os_error())
    }

    fn flush(&mut self) -> io::Result<()> {
        match RESULTS.load(Ordering::SeqCst) {
            1 => io::stdout().flush(),
            _ => Ok(()),
        }
    }
}
