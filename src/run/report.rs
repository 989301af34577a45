//! What a run did, and what a run would do: plain data, printed by the command line, kept as JSON
//! with the run.
//!
//! The JSON is an interface: fields are added, never renamed; [`SCHEMA_VERSION`] rises when one
//! has to change its meaning.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;

use super::saved_plan::Base;

/// The version of the JSON form of [`RunReport`] and [`PlanReport`].
pub const SCHEMA_VERSION: u32 = 1;

/// What a run did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// [`SCHEMA_VERSION`] of the program that wrote it.
    pub schema_version: u32,
    /// The run's number in the catalogue, as text; empty for a dry run.
    pub run_id: String,
    /// The campaigns that ran, in the order of the command line.
    pub campaigns: Vec<CampaignReport>,
    /// By the clock.
    pub started: Timestamp,
    /// By the clock.
    pub finished: Timestamp,
    /// The instant that every relative date comes from.
    pub as_of: Timestamp,
    /// How it ended.
    pub status: Status,
    /// The project's database, as the user named it; nothing for one in memory.
    pub database: Option<String>,
    /// In the order they ran.
    pub steps: Vec<StepReport>,
    /// In the order of the text.
    pub saves: Vec<SaveReport>,
    /// In the order of the text.
    pub exports: Vec<ExportReport>,
    /// Rows of files that cannot be read and were asked to be set aside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejects: Vec<RejectsReport>,
    /// In the order of the text, after the commit.
    #[serde(default)]
    pub deliveries: Vec<DeliveryReport>,
    /// In the order of the text.
    pub expectations: Vec<ExpectationReport>,
    /// What the run warns of. Not part of the JSON form: only with its sources can a diagnostic
    /// be shown, so the command line adds them.
    #[serde(skip)]
    pub warnings: Vec<Diagnostic>,
}

/// A campaign of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignReport {
    /// Its label.
    pub label: String,
    /// Its file, as the user named it.
    pub file: String,
    /// The zone its rules were read in.
    pub timezone: String,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Everything is saved, exported and delivered.
    Done,
    /// Everything was computed, nothing was saved.
    DryRun,
    /// A guard of the script was false; nothing was saved.
    ExpectationFailed,
    /// Stopped by the user; nothing was saved.
    Interrupted,
    /// Stopped by an error; nothing was saved.
    Failed,
}

/// What one statement did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReport {
    /// The label of its campaign.
    pub campaign: String,
    /// `build audience`
    pub activity: String,
    /// Where it is written.
    pub file: String,
    /// Its first line, from 1.
    pub line: u64,
    /// Its outgoing transitions, in order.
    pub transitions: Vec<TransitionCount>,
    /// How long it took, where a statement of the engine is its own; shared work counts for the
    /// first step that needs it.
    pub millis: u64,
    /// Its `only if` did not hold.
    pub skipped: bool,
    /// One sentence that a reader of the report needs: «3 members no longer exist».
    pub note: Option<String>,
}

/// The size of a population.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransitionCount {
    /// Its name in the script; a generated name starts with `_` and is not shown.
    pub name: String,
    /// What its rows are.
    pub dimension: String,
    /// Its rows; nothing where nobody asked for them, so that they were never counted.
    pub rows: Option<u64>,
    /// Rows left out because a part of their key is missing.
    pub missing_key: u64,
}

/// What a delivery sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryReport {
    /// The label of its campaign.
    pub campaign: String,
    /// The activity that sent.
    pub activity: String,
    /// The population that it was sent to.
    pub transition: String,
    /// Its rows.
    pub rows: u64,
    /// Sent.
    pub sent: u64,
    /// Refused for good.
    pub failed: u64,
    /// Not sent, although it was tried several times; a later run may help.
    pub retry: u64,
    /// Left out by the activity.
    pub skipped: u64,
    /// Checked only: a dry run.
    pub checked: u64,
}

/// What a save did, or would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveReport {
    /// The label of its campaign.
    pub campaign: String,
    /// The audience.
    pub label: String,
    /// What its rows are.
    pub dimension: String,
    /// Rows of the dimension at this run, where that was counted.
    pub dimension_size: Option<u64>,
    /// Members before.
    pub was: u64,
    /// Members after.
    pub now: u64,
    /// Members after that were none before.
    pub entered: u64,
    /// Members before that are none after.
    pub left: u64,
    /// Members that stayed and carry other values.
    pub changed: u64,
    /// The version this save wrote, or would write.
    pub version: u64,
    /// Whether the label is new.
    pub created: bool,
    /// After this instant nobody can read it.
    pub expires: Option<Timestamp>,
}

/// A file that a run wrote, or would write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportReport {
    /// The label of its campaign.
    pub campaign: String,
    /// As written in the script, parameters filled in.
    pub path: String,
    /// Its rows.
    pub rows: u64,
}

/// A guard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectationReport {
    /// The label of its campaign.
    pub campaign: String,
    /// The condition, as written.
    pub text: String,
    /// Where it is written.
    pub file: String,
    /// Its first line, from 1.
    pub line: u64,
    /// Whether it held.
    pub held: bool,
    /// What the script says when it does not.
    pub message: Option<String>,
    /// The counts it speaks of, when it did not hold: `count(unique) is 12`.
    #[serde(default)]
    pub facts: Option<String>,
}

/// Rows of a source that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectsReport {
    /// The source, as the script names it.
    pub source: String,
    /// The file that has them after a run, from the folder of the program.
    pub path: String,
    /// How many.
    pub rows: u64,
}

/// What a run would do: everything was computed, nothing was saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanReport {
    /// [`SCHEMA_VERSION`] of the program that wrote it.
    pub schema_version: u32,
    /// In the order of the command line.
    pub campaigns: Vec<CampaignReport>,
    /// The instant that every relative date comes from.
    pub as_of: Timestamp,
    /// As of the run that it foresees.
    pub steps: Vec<StepReport>,
    /// In the order of the text.
    pub saves: Vec<PlannedSave>,
    /// In the order of the text.
    pub exports: Vec<ExportReport>,
    /// Rows of files that cannot be read and were asked to be set aside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejects: Vec<RejectsReport>,
    /// What would be sent: their rows, and no receipts.
    #[serde(default)]
    pub deliveries: Vec<DeliveryReport>,
    /// In the order of the text. One that does not hold is no error of a plan: it is shown.
    pub expectations: Vec<ExpectationReport>,
    /// Every audience that is read, asked about or saved, as it was.
    #[serde(default)]
    pub audiences: Vec<Base>,
    /// As in [`RunReport::warnings`].
    #[serde(skip)]
    pub warnings: Vec<Diagnostic>,
}

/// A save that would happen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedSave {
    /// The numbers.
    #[serde(flatten)]
    pub save: SaveReport,
    /// The names of the key's columns.
    pub key: Vec<String>,
    /// The first keys, by key, that would enter; their parts as text.
    pub entering: Vec<Vec<String>>,
    /// The first keys, by key, that would leave.
    pub leaving: Vec<Vec<String>>,
    /// Members before and after whose values stay the same.
    #[serde(default)]
    pub unchanged: u64,
    /// Of the keys of the members after, in whatever order: two plans with equal digests save the
    /// same members.
    #[serde(default)]
    pub digest: String,
}

/// What a run tells while it works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many statements of the engine are about to run.
    Planned {
        /// How many.
        steps: usize,
    },
    /// A statement starts.
    Started {
        /// From 0.
        step: usize,
        /// What it does, in the words of the script: «build audience lapsed».
        title: String,
    },
    /// An executor tells how far it is.
    Working {
        /// From 0.
        step: usize,
        /// So much is done.
        done: u64,
        /// Of so much; 0 when it does not know.
        of: u64,
    },
    /// A delivery tells how far it is.
    Delivering {
        /// «webhook fresh».
        title: String,
        /// Rows with a receipt.
        done: u64,
        /// All rows.
        of: u64,
    },
    /// A statement is done.
    Finished {
        /// From 0.
        step: usize,
        /// Rows it made, where that is known.
        rows: Option<u64>,
    },
    /// Everything is computed; the run saves.
    Committing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planned_save_is_one_flat_object_of_json() {
        let save = SaveReport {
            campaign: "Win back".into(),
            label: "VIP".into(),
            dimension: "customers".into(),
            dimension_size: Some(10),
            was: 2,
            now: 3,
            entered: 1,
            left: 0,
            changed: 0,
            version: 4,
            created: false,
            expires: None,
        };
        let planned = PlannedSave {
            save,
            key: vec!["customer_id".into()],
            entering: vec![vec!["7".into()]],
            leaving: vec![],
            unchanged: 2,
            digest: "3:0".into(),
        };
        let json = serde_json::to_value(&planned).unwrap();
        assert_eq!(json["label"], "VIP");
        assert_eq!(json["entering"][0][0], "7");
        assert_eq!(serde_json::from_value::<PlannedSave>(json).unwrap(), planned);
    }
}
