//! Progress on a terminal: which step, how many there are, how long it takes.

use std::cell::{Cell, RefCell};
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{log, numbers};
use crate::run::report::Progress;
use crate::terminal::visible_line;

thread_local! {
    /// What is shown now.
    static SHOWN: RefCell<Option<ProgressBar>> = const { RefCell::new(None) };
    /// Whether nothing but errors is told.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Hides the progress while somebody is asked something.
pub(super) fn suspended<T>(ask: impl FnOnce() -> T) -> T {
    let bar = SHOWN.with_borrow(Clone::clone);
    match bar {
        Some(bar) => bar.suspend(ask),
        None => ask(),
    }
}

/// Tells that a database is held by another program, and which.
pub(super) fn waiting(held: &str) {
    log::line("warning", "waiting", serde_json::json!({ "why": held }));
    if QUIET.get() || log::wanted() {
        return;
    }
    let words = format!("waiting: {}", visible_line(held));
    match SHOWN.with_borrow(Clone::clone).filter(|bar| !bar.is_hidden()) {
        Some(bar) => bar.set_message(words),
        None => eprintln!("{words}"),
    }
}

/// Shows the progress of one run, and nothing where nobody watches.
pub(super) struct Shown {
    bar: ProgressBar,
}

impl Shown {
    /// Starts to show; hidden when `quiet` or when the standard error is no terminal.
    pub fn start(quiet: bool) -> Self {
        let visible = !quiet && !log::wanted() && std::io::stderr().is_terminal();
        QUIET.set(quiet);
        let target =
            if visible { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(0), target).with_message("checking");
        set_template(&bar, "{spinner} {wide_msg} {elapsed}");
        if visible {
            // In a thread of its own, which a process that may not have one need not start.
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        SHOWN.set(Some(bar.clone()));
        Shown { bar }
    }

    /// Takes note of what the run tells.
    pub fn note(&self, progress: Progress) {
        match progress {
            Progress::Planned { steps } => {
                self.bar.set_length(steps as u64);
                self.bar.set_message("computing");
                // Without steps, counting is all there is to do.
                if steps > 0 {
                    set_template(&self.bar, "{spinner} {pos}/{len} {wide_msg} {elapsed}");
                }
            }
            Progress::Started { step, title } => {
                self.bar.set_position(step as u64);
                self.bar.set_message(visible_line(&title));
            }
            Progress::Working { done, of, .. } => {
                let message = self.bar.message();
                let title = message.split(": ").next().unwrap_or_default();
                self.bar.set_message(how_far(title, done, of));
            }
            Progress::Delivering { title, done, of } => {
                self.bar.set_message(how_far(&visible_line(&title), done, of));
            }
            Progress::Finished { step, rows } => {
                self.bar.set_position(step as u64 + 1);
                if let Some(rows) = rows {
                    let message = self.bar.message();
                    self.bar.set_message(format!("{message}: {}", numbers::counted(rows, "row")));
                }
            }
            Progress::Committing => self.bar.set_message("saving"),
        }
    }

    /// Removes it from the terminal.
    pub fn end(self) {
        self.bar.finish_and_clear();
        SHOWN.set(None);
    }
}

/// `score people: 16,000 of 40,000`
fn how_far(title: &str, done: u64, of: u64) -> String {
    match of {
        0 => format!("{title}: {}", numbers::count(done)),
        of => format!("{title}: {} of {}", numbers::count(done), numbers::count(of)),
    }
}

fn set_template(bar: &ProgressBar, template: &str) {
    // A template that cannot be read leaves the plain bar: it is decoration.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}
