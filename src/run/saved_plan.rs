//! A plan that was looked at, as a file: a later run does exactly this, or nothing.
//!
//! The file holds what the answer came from (scripts, parameters, the instant, the versions of the
//! audiences) and of each save a digest of its members, not the members themselves: it can be kept
//! with a change request without holding anybody's data.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::catalogue::Catalogue;
use crate::diagnostic::codes::{plan as codes, usage};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::label::fold_label;
use crate::model::program::Program;
use crate::plugin::lock;
use crate::source::SourceMap;

use super::report::{DeliveryReport, ExportReport, PlanReport, PlannedSave, SaveReport};

/// The version of the file.
pub const VERSION: u32 = 1;

/// A plan as a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedPlan {
    /// [`VERSION`] of the program that wrote it.
    pub plan_version: u32,
    /// The version of Camp.
    pub camp_version: String,
    /// The scripts, as named.
    pub files: Vec<String>,
    /// The scripts and what they import, each with the hash of its text.
    pub scripts: Vec<Script>,
    /// The run's instant: the run has the same.
    pub as_of: Timestamp,
    /// `--timezone`
    pub timezone: Option<String>,
    /// `--set`
    pub set: Vec<(String, String)>,
    /// `--only`
    pub only: Vec<String>,
    /// Every audience that is read, asked about or saved, as it was.
    pub audiences: Vec<Base>,
    /// What is saved.
    pub saves: Vec<Agreed>,
    /// What is exported: paths and rows.
    pub exports: Vec<Counted>,
    /// What is sent: populations and rows.
    pub deliveries: Vec<Counted>,
}

/// A script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// Its name in messages.
    pub file: String,
    /// `sha256:…` of its text.
    pub hash: String,
}

/// An audience that a plan was made against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// Its label.
    pub label: String,
    /// Its version; nothing where it did not exist.
    pub version: Option<u64>,
}

/// A save.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreed {
    /// The audience.
    pub label: String,
    /// What its rows are.
    pub dimension: String,
    /// Members before.
    pub was: u64,
    /// Members after.
    pub now: u64,
    /// New members.
    pub entered: u64,
    /// Members no more.
    pub left: u64,
    /// Of the members after.
    pub digest: String,
}

/// Rows that leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// A path, or a population with the activity that sends it.
    pub what: String,
    /// How many.
    pub rows: u64,
}

impl SavedPlan {
    /// A plan with what it was made from. `set`, `only` and `timezone` are those of the command.
    pub fn new(
        report: &PlanReport,
        sources: &SourceMap,
        files: &[String],
        (set, only, timezone): (&[(String, String)], &[String], Option<&String>),
    ) -> SavedPlan {
        SavedPlan {
            plan_version: VERSION,
            camp_version: env!("CARGO_PKG_VERSION").to_owned(),
            files: files.to_vec(),
            scripts: scripts(sources),
            as_of: report.as_of,
            timezone: timezone.cloned(),
            set: set.to_vec(),
            only: only.to_vec(),
            audiences: report.audiences.clone(),
            saves: report.saves.iter().map(agreed).collect(),
            exports: report.exports.iter().map(exported).collect(),
            deliveries: report.deliveries.iter().map(sent).collect(),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is no plan, or one of a newer Camp.
    pub fn read(path: &Path) -> Result<SavedPlan, Diagnostic> {
        let name = path.display();
        let wrong = |title: String, cause: &dyn std::fmt::Display| {
            Diagnostic::error(usage::PLAN_UNREADABLE, title)
                .help("write one with `camp plan FILES --save-plan FILE`")
                .cause(cause)
        };
        let text = std::fs::read_to_string(path)
            .map_err(|e| wrong(format!("The plan `{name}` cannot be read"), &e))?;
        let is_none = |e: serde_json::Error| wrong(format!("`{name}` is not a saved plan"), &e);
        let value: serde_json::Value = serde_json::from_str(&text).map_err(is_none)?;
        match value.get("plan_version").and_then(serde_json::Value::as_u64) {
            Some(version) if version > VERSION.into() => {
                return Err(Diagnostic::error(
                    usage::PLAN_UNREADABLE,
                    format!("The plan `{name}` was written by a newer Camp"),
                )
                .help("make the plan again with this version"));
            }
            _ => {}
        }
        serde_json::from_value(value).map_err(is_none)
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        // Lists of texts and numbers always serialize.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Refuses scripts that are not those of the plan.
    ///
    /// # Errors
    /// Which ones are not.
    pub fn check_scripts(&self, sources: &SourceMap) -> Result<(), Diagnostics> {
        let present = scripts(sources);
        let mut wrong = Diagnostics::default();
        let mut refuse = |title: String| {
            wrong
                .push(Diagnostic::error(codes::PLANNED_SCRIPTS, title).help("make the plan again"));
        };
        for script in &self.scripts {
            match present.iter().find(|s| s.file == script.file) {
                Some(known) if known.hash == script.hash => {}
                Some(_) => refuse(format!("`{}` has changed since it was planned", script.file)),
                None => refuse(format!("`{}` is not read any more", script.file)),
            }
        }
        for script in present.iter().filter(|s| self.scripts.iter().all(|p| p.file != s.file)) {
            refuse(format!("`{}` was not read when the plan was made", script.file));
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// Refuses audiences that another run changed since.
    ///
    /// # Errors
    /// Which ones.
    pub fn check_bases(&self, program: &Program, catalogue: &Catalogue) -> Result<(), Diagnostics> {
        let mut wrong = Diagnostics::default();
        let present = bases(program, catalogue, self.saves.iter().map(|s| s.label.as_str()));
        for planned in &self.audiences {
            let now = present.iter().find(|b| fold_label(&b.label) == fold_label(&planned.label));
            let version = now.and_then(|b| b.version);
            if version == planned.version {
                continue;
            }
            let title = match (planned.version, version) {
                (Some(then), Some(now)) => format!(
                    "Another run changed \"{}\" since the plan: version {now}, planned with {then}",
                    planned.label
                ),
                (None, Some(_)) => {
                    format!("Another run saved \"{}\" since the plan", planned.label)
                }
                _ => format!("\"{}\" was dropped since the plan", planned.label),
            };
            wrong.push(
                Diagnostic::error(codes::PLANNED_AUDIENCES, title).help("make the plan again"),
            );
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// Refuses a run that would do something else.
    ///
    /// # Errors
    /// Each save, export and delivery that differs, and how.
    pub fn check_answer(
        &self,
        saves: &[(SaveReport, String)],
        exports: &[ExportReport],
        deliveries: &[DeliveryReport],
    ) -> Result<(), Diagnostics> {
        let mut wrong = Diagnostics::default();
        let mut refuse = |title: String| {
            wrong.push(Diagnostic::error(codes::NOT_AS_PLANNED, title).help("make the plan again"));
        };
        let same = |a: &str, b: &str| fold_label(a) == fold_label(b);
        for planned in &self.saves {
            let Some((save, digest)) = saves.iter().find(|(s, _)| same(&s.label, &planned.label))
            else {
                refuse(format!("\"{}\" would not be saved", planned.label));
                continue;
            };
            if *digest != planned.digest {
                let label = &planned.label;
                let then = numbers(planned.now, planned.entered, planned.left);
                let now = numbers(save.now, save.entered, save.left);
                refuse(if then == now {
                    format!("\"{label}\" would have other members than planned, as many of them")
                } else {
                    format!("\"{label}\" would have {now}, planned were {then}")
                });
            }
        }
        for (save, _) in saves
            .iter()
            .filter(|(s, _)| self.saves.iter().all(|planned| !same(&planned.label, &s.label)))
        {
            refuse(format!("\"{}\" would be saved, and was not planned", save.label));
        }
        let exports: Vec<Counted> = exports.iter().map(exported).collect();
        let deliveries: Vec<Counted> = deliveries.iter().map(sent).collect();
        for (planned, present) in [(&self.exports, exports), (&self.deliveries, deliveries)] {
            for planned in planned {
                match present.iter().find(|c| c.what == planned.what) {
                    Some(now) if now.rows == planned.rows => {}
                    now => refuse(format!(
                        "`{}` would have {} rows, planned were {}",
                        planned.what,
                        now.map_or(0, |now| now.rows),
                        planned.rows
                    )),
                }
            }
            for now in present.iter().filter(|c| planned.iter().all(|p| p.what != c.what)) {
                refuse(format!("`{}` was not planned", now.what));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

/// `3 members (+1 −0)`
fn numbers(now: u64, entered: u64, left: u64) -> String {
    format!("{now} members (+{entered} −{left})")
}

fn scripts(sources: &SourceMap) -> Vec<Script> {
    let script = |file: &crate::source::SourceFile| Script {
        file: file.name.clone(),
        hash: lock::hash(file.text.as_bytes()),
    };
    sources.files().map(|(_, file)| script(file)).collect()
}

/// The audiences of a program and those that it saves, as the catalogue has them.
pub(super) fn bases<'l>(
    program: &'l Program,
    catalogue: &Catalogue,
    saved: impl Iterator<Item = &'l str>,
) -> Vec<Base> {
    let mut found: Vec<Base> = Vec::new();
    for label in program.audiences.iter().map(|a| a.label.as_str()).chain(saved) {
        if found.iter().all(|b| fold_label(&b.label) != fold_label(label)) {
            let version = catalogue.find(label).map(|e| e.audience.version);
            found.push(Base { label: label.to_owned(), version });
        }
    }
    found
}

fn agreed(planned: &PlannedSave) -> Agreed {
    let save = &planned.save;
    Agreed {
        label: save.label.clone(),
        dimension: save.dimension.clone(),
        was: save.was,
        now: save.now,
        entered: save.entered,
        left: save.left,
        digest: planned.digest.clone(),
    }
}

fn exported(export: &ExportReport) -> Counted {
    Counted { what: export.path.clone(), rows: export.rows }
}

fn sent(delivery: &DeliveryReport) -> Counted {
    Counted { what: format!("{} {}", delivery.activity, delivery.transition), rows: delivery.rows }
}
