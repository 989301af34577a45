//! Why one row is in a population, or is not: the rule as a tree, each condition with its verdict
//! and its values.
//!
//! ```text
//! Program, Plan ──build──▶ Tree ──evaluate──▶ answers ──tell──▶ Why
//! ```
//!
//! The tree comes from the [`Reason`](crate::plan::reason::Reason)s that the activities state
//! while they are planned, and every verdict is a column of a query over the one row, printed by
//! the same lowering that prints the run's statements: there is no second evaluator.

mod build;
mod evaluate;
mod facts;
mod flips;
mod key;
mod tell;
mod values;

use serde::Serialize;

pub use build::{Builder, Tree};
pub use evaluate::{Answers, Evaluation};
pub use key::{Key, parse as parse_key};
pub use tell::tell;

/// The version of the JSON form of [`Why`].
pub const SCHEMA_VERSION: u32 = 1;

/// What is asked of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The row's key as it was written; parts of a key with several columns apart by commas.
    pub key: String,
    /// A transition, or the label of an audience that a script saves.
    pub population: String,
    /// Also what would have to differ.
    pub otherwise: bool,
    /// How many keys of linked rows are shown.
    pub samples: usize,
}

/// Why a row is in a population, or is not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Why {
    /// [`SCHEMA_VERSION`] of the program that wrote it.
    pub schema_version: u32,
    /// The run's instant.
    pub as_of: jiff::Timestamp,
    /// The zone that the rule is read in.
    pub timezone: String,
    /// What the row is of.
    pub dimension: String,
    /// Its key: names and values.
    pub key: Vec<Fact>,
    /// The population.
    pub transition: String,
    /// Whether the row is in it.
    pub member: bool,
    /// The rule.
    pub tree: Node,
    /// Where the row was lost: the populations that it is not in although it is in what they are
    /// made from, in the order of the text. Empty for a member.
    pub left: Vec<Left>,
    /// What would have to differ, where that was asked.
    pub otherwise: Option<Otherwise>,
}

/// A population that lost the row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Left {
    /// Its name.
    pub transition: String,
    /// The node of the tree.
    pub node: usize,
    /// Where it is made.
    pub place: Option<Place>,
}

/// Where something is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// As the user named the file.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
}

/// What a node of the tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A population that a statement of the script makes.
    Population,
    /// The row of the dimension.
    Row,
    /// All of its parts have to hold.
    All,
    /// One of its parts has to hold.
    Any,
    /// Its part must not hold.
    Not,
    /// A condition.
    Condition,
    /// The first rows.
    First,
    /// A saved audience.
    Audience,
    /// Rows that a plugin chose.
    Chosen,
    /// What has to hold for a statement not to be skipped.
    Guard,
}

/// A node of the tree.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// Its number in the tree.
    pub id: usize,
    /// What it is.
    pub kind: Kind,
    /// As the script has it, on one line.
    pub text: String,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Whether it holds.
    pub holds: bool,
    /// Values that it speaks of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Fact>,
    /// Linked rows that it speaks of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub linked: Vec<Linked>,
    /// What else is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The node that tells the same, further above: its parts are not repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_above: Option<usize>,
    /// The first node that asks the same of the row: both turn out alike, or both the other way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_condition: Option<usize>,
    /// Its parts. Of a plugin's population, what went into it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Node>,
}

/// A value of the row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fact {
    /// What it is the value of, as the script has it.
    pub name: String,
    /// For programs.
    pub value: serde_json::Value,
    /// For people.
    pub shown: String,
}

impl Fact {
    /// The value without quotes.
    pub fn plain(&self) -> String {
        self.value.as_str().map_or_else(|| self.shown.clone(), str::to_owned)
    }
}

/// Linked rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Linked {
    /// The path, `orders.lines`.
    pub name: String,
    /// All of them.
    pub rows: u64,
    /// Those that the condition holds for; nothing without one.
    pub matching: Option<u64>,
    /// The parts of the condition, and how many rows each of them holds for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<(String, u64)>,
    /// The names of the key's columns.
    pub key: Vec<String>,
    /// The first keys, by key: of `every`, of those that do not hold, else of those that do.
    pub first: Vec<Vec<String>>,
    /// Whether `first` are those that the condition does not hold for.
    pub first_do_not_hold: bool,
}

/// What would have to differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Otherwise {
    /// Whether the row would be a member then.
    pub member: bool,
    /// Each is enough alone, and none of its parts can be left out; the shortest first.
    pub ways: Vec<Vec<Change>>,
    /// Whether there are more.
    pub more: bool,
}

/// A condition that would have to turn out the other way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The node of the tree.
    pub node: usize,
    /// As the script has it.
    pub text: String,
    /// Where.
    pub place: Option<Place>,
    /// Whether it would hold.
    pub holds: bool,
}
