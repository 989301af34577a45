//! `--log json`: what happens, for programs, one JSON object a line on the standard error.
//! `docs/operations.md` describes the fields.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::run::report::{Progress, RunReport};
use crate::terminal::visible_json;

/// One for the process: what waits for a database has nothing else to tell it by.
static WANTED: AtomicBool = AtomicBool::new(false);

/// Logs from now on.
pub(super) fn start() {
    WANTED.store(true, Ordering::Relaxed);
}

/// Whether anybody wants it.
pub(super) fn wanted() -> bool {
    WANTED.load(Ordering::Relaxed)
}

/// Writes a line; `fields` is an object.
pub(super) fn line(level: &str, event: &str, fields: Value) {
    if !wanted() {
        return;
    }
    let mut object = Map::new();
    object.insert("time".into(), json!(Timestamp::now().to_string()));
    object.insert("level".into(), json!(level));
    object.insert("event".into(), json!(event));
    if let Value::Object(fields) = fields {
        object.extend(fields);
    }
    // In one piece, so that lines of several processes in one file do not mix.
    let line = visible_json(&Value::Object(object).to_string()) + "\n";
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

/// What a run tells while it works.
pub(super) struct Steps {
    begun: std::time::Instant,
    title: String,
}

impl Steps {
    pub fn new() -> Steps {
        Steps { begun: std::time::Instant::now(), title: String::new() }
    }

    pub fn note(&mut self, progress: &Progress) {
        match progress {
            Progress::Planned { steps } => line("info", "planned", json!({ "steps": steps })),
            Progress::Started { title, .. } => {
                self.begun = std::time::Instant::now();
                self.title.clone_from(title);
            }
            Progress::Finished { step, rows } => {
                let ms = self.begun.elapsed().as_millis() as u64;
                let fields =
                    json!({ "step": step + 1, "title": self.title, "rows": rows, "ms": ms });
                line("info", "step", fields);
            }
            Progress::Committing => line("info", "committing", json!({})),
            Progress::Working { .. } | Progress::Delivering { .. } => {}
        }
    }
}

/// What a run has done.
pub(super) fn report(report: &RunReport) {
    let run = &report.run_id;
    for save in &report.saves {
        let fields = json!({
            "run": run, "label": save.label, "version": save.version, "was": save.was, "now": save.now,
            "entered": save.entered, "left": save.left, "changed": save.changed,
        });
        line("info", "saved", fields);
    }
    for export in &report.exports {
        let fields = json!({ "run": run, "path": export.path, "rows": export.rows });
        line("info", "exported", fields);
    }
    for delivery in &report.deliveries {
        let fields = serde_json::to_value(delivery).unwrap_or_default();
        line("info", "delivered", json!({ "run": run, "delivery": fields }));
    }
    let status = serde_json::to_value(report.status).unwrap_or_default();
    line("info", "run", json!({ "run": run, "status": status, "as_of": report.as_of.to_string() }));
}
