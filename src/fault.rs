//! Where a run can be killed by a test. Not in the program that ships: builds without debug assertions
//! have none of it.
//!
//! `CAMP_TEST_KILL=12` kills the process (SIGKILL, nothing is tidied up) before its twelfth step,
//! `12+300` three hundred microseconds into it. `CAMP_TEST_STEPS=1` tells each step on the standard
//! error. `CAMP_TEST_PAUSE=COMMIT@/tmp/x` stops before the first step that begins with `COMMIT`, makes
//! the file `/tmp/x.reached`, and goes on once there is a file `/tmp/x`.

/// Tells that something is about to be done that outlives the process or takes its time.
#[inline]
pub fn step(what: &str) {
    #[cfg(all(debug_assertions, unix))]
    imp::step(what);
    #[cfg(not(all(debug_assertions, unix)))]
    let _ = what;
}

#[cfg(all(debug_assertions, unix))]
mod imp {
    use std::path::PathBuf;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    use std::time::Duration;

    struct Wanted {
        kill: Option<(u64, Duration)>,
        tell: bool,
        pause: Option<(String, PathBuf)>,
    }

    static WANTED: OnceLock<Wanted> = OnceLock::new();
    static PAUSED: AtomicBool = AtomicBool::new(false);
    static STEPS: AtomicU64 = AtomicU64::new(0);

    fn wanted() -> Wanted {
        let kill = std::env::var("CAMP_TEST_KILL").ok().and_then(|text| {
            let (at, after) = text.split_once('+').unwrap_or((&text, "0"));
            Some((at.parse().ok()?, Duration::from_micros(after.parse().ok()?)))
        });
        let pause = std::env::var("CAMP_TEST_PAUSE").ok().and_then(|text| {
            let (what, file) = text.split_once('@')?;
            Some((what.to_owned(), PathBuf::from(file)))
        });
        Wanted { kill, pause, tell: std::env::var_os("CAMP_TEST_STEPS").is_some() }
    }

    pub fn step(what: &str) {
        let wanted = WANTED.get_or_init(wanted);
        let number = STEPS.fetch_add(1, Ordering::Relaxed) + 1;
        if wanted.tell {
            eprintln!("step {number}: {}", what.split('\n').next().unwrap_or_default());
        }
        if let Some((prefix, file)) = &wanted.pause
            && what.starts_with(prefix.as_str())
            && !PAUSED.swap(true, Ordering::Relaxed)
        {
            let _ = std::fs::write(file.with_extension("reached"), "");
            while !file.exists() {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        match wanted.kill {
            Some((at, after)) if at == number && after.is_zero() => die(),
            Some((at, after)) if at == number => {
                std::thread::spawn(move || {
                    std::thread::sleep(after);
                    die();
                });
            }
            _ => {}
        }
    }

    fn die() {
        // SAFETY: has no conditions; ends this process at once.
        unsafe {
            libc::kill(libc::getpid(), libc::SIGKILL);
        }
    }
}
