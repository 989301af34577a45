//! Where a run can be killed by a test. Not in the program that ships: builds without debug assertions
//! have none of it.
//!
//! `CAMP_TEST_KILL=12` kills the process (SIGKILL, nothing is tidied up) before its twelfth step,
//! `12+300` three hundred microseconds into it. `CAMP_TEST_STEPS=1` tells each step on the standard
//! error.

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
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::Duration;

    struct Wanted {
        kill: Option<(u64, Duration)>,
        tell: bool,
    }

    static WANTED: OnceLock<Wanted> = OnceLock::new();
    static STEPS: AtomicU64 = AtomicU64::new(0);

    fn wanted() -> Wanted {
        let kill = std::env::var("CAMP_TEST_KILL").ok().and_then(|text| {
            let (at, after) = text.split_once('+').unwrap_or((&text, "0"));
            Some((at.parse().ok()?, Duration::from_micros(after.parse().ok()?)))
        });
        Wanted { kill, tell: std::env::var_os("CAMP_TEST_STEPS").is_some() }
    }

    pub fn step(what: &str) {
        let wanted = WANTED.get_or_init(wanted);
        let number = STEPS.fetch_add(1, Ordering::Relaxed) + 1;
        if wanted.tell {
            eprintln!("step {number}: {}", what.split('\n').next().unwrap_or_default());
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
