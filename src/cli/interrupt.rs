//! Ctrl-C: the first one interrupts the engine, so that the run ends without having saved anything;
//! a second one ends the program at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::session::Interrupter;

/// Whether the user has asked to stop.
#[derive(Clone, Default)]
pub(super) struct Asked(Arc<AtomicBool>);

impl Asked {
    /// Whether it has happened.
    pub fn already(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Forgets it: what follows is something else.
    pub fn reset(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// Watches for Ctrl-C (and being told to end) from now on.
pub(super) fn watch(interrupter: Interrupter) -> Asked {
    let asked = Asked::default();
    let seen = asked.clone();
    // Without a handler the program still ends on Ctrl-C, only less politely.
    let _ = ctrlc::set_handler(move || {
        if seen.0.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
        interrupter.interrupt();
    });
    asked
}
