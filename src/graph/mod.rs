//! The canvas: a campaign as boxes and arrows, for people who think in pictures.
//!
//! ```text
//! Program ──build──▶ Canvas ──svg | mermaid | dot | html──▶ text
//! ```
//!
//! A [`Canvas`] has one [`Chart`] per campaign. Activities and guards are its nodes; each outgoing
//! transition is a [`Flow`] from the activity that makes it to all that use it. The numbers of a
//! past run are put on it by [`counts`]; nothing here reads a file or a database.
//!
//! Every output is a function of the canvas alone: the same campaign and the same run give the same
//! bytes.

pub mod build;
pub mod counts;
pub mod dot;
pub mod history;
pub mod html;
pub mod layout;
pub mod mermaid;
mod picture;
pub mod svg;
pub mod text;
pub mod upset;

use jiff::Timestamp;

use crate::source::Span;

/// The campaigns of a command line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Canvas {
    /// In the order of the command line.
    pub charts: Vec<Chart>,
}

/// One campaign.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// Its label.
    pub title: String,
    /// What it says of itself.
    pub description: Option<String>,
    /// As the user named the file.
    pub file: String,
    /// In the order of the text; saved audiences that are read stand behind all others.
    pub nodes: Vec<Node>,
    /// In the order of the text.
    pub flows: Vec<Flow>,
    /// The run that the numbers are of.
    pub run: Option<PastRun>,
}

/// A run whose numbers are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastRun {
    /// Its id.
    pub id: String,
    /// The instant it was computed for.
    pub as_of: Timestamp,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An activity that makes populations.
    Activity,
    /// An activity that saves, writes or sends.
    Effect,
    /// A guard: when it does not hold, nothing is saved.
    Guard,
    /// A saved audience that is read.
    Audience,
}

/// A box.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// `build audience`; of a saved audience its label.
    pub title: String,
    /// A few more words: the dimension, the label, the file.
    pub caption: Option<String>,
    /// The rule that decides, as written, on one line.
    pub rule: Option<String>,
    /// The plugin that the activity comes from.
    pub plugin: Option<String>,
    /// `##` lines above.
    pub doc: Option<String>,
    /// Where it is written; nothing for a saved audience.
    pub span: Option<Span>,
    /// File and line of that.
    pub place: Option<(String, usize)>,
    /// The statement as written.
    pub script: String,
    /// Index of the step in the program.
    pub step: Option<usize>,
    /// What the engine does for it.
    pub sql: Vec<Statement>,
    /// What the last run did here.
    pub outcome: Option<Outcome>,
    /// The first rows, where they were asked for.
    pub rows: Option<Rows>,
}

/// A statement of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// In words.
    pub title: String,
    /// Its text.
    pub sql: String,
}

/// What a run did at a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its `only if` did not hold.
    Skipped,
    /// It saved.
    Saved(Saved),
    /// It sent, by what became of it: `sent`, `failed`, with their numbers.
    Sent(Vec<(String, u64)>),
}

/// What a save did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// How many audiences: more than one with `for each`.
    pub audiences: u64,
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
}

/// Rows of a saved audience.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The values as text.
    pub rows: Vec<Vec<String>>,
    /// How many there are in all.
    pub of: u64,
}

/// A population on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// The node it comes from.
    pub from: usize,
    /// Its name; nothing where the script gives none.
    pub label: Option<String>,
    /// `##` lines above.
    pub doc: Option<String>,
    /// Its rows at the last run.
    pub rows: Option<u64>,
    /// Who uses it, each node once.
    pub uses: Vec<Use>,
}

/// A use of a population.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// The node.
    pub to: usize,
    /// For what.
    pub kind: UseKind,
}

/// What a population is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UseKind {
    /// Its rows go in.
    Input,
    /// A rule, an `only if` or a guard speaks of it.
    Condition,
    /// It is waited for.
    Order,
}
