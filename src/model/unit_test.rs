//! A checked `test` statement.

use jiff::Timestamp;

use super::expr::Expr;
use super::program::{CampaignId, DimId, TransitionId};
use super::schema::Column;
use crate::source::Span;

/// A test: every name bound, every value of a type that fits. Values are constants that may still
/// speak of parameters and of the test's instant.
#[derive(Clone, Debug)]
pub struct UnitTest {
    /// What it shows, in words.
    pub label: String,
    /// The campaign that it tests.
    pub campaign: CampaignId,
    /// The run's instant.
    pub as_of: Timestamp,
    /// What exists before the run.
    pub given: Vec<Given>,
    /// What must be true after it.
    pub expected: Vec<Expectation>,
    /// The whole statement.
    pub span: Span,
}

/// Rows that exist before the run.
#[derive(Clone, Debug)]
pub struct Given {
    /// Of what.
    pub target: GivenTarget,
    /// The columns that the rows have values for.
    pub columns: Vec<Column>,
    /// A value for each of the columns.
    pub rows: Vec<Vec<Expr>>,
    /// The whole clause.
    pub span: Span,
}

/// What rows are given of.
#[derive(Clone, Debug)]
pub enum GivenTarget {
    /// A dimension.
    Dimension(DimId),
    /// A version of a saved audience.
    Audience {
        /// Its label.
        label: String,
        /// What its members are rows of.
        dimension: DimId,
        /// When it was saved; nothing: a year before the run.
        as_of: Option<Timestamp>,
    },
}

/// One expectation.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// What must be true.
    pub kind: ExpectationKind,
    /// The whole clause.
    pub span: Span,
}

/// The kinds of expectation.
#[derive(Clone, Debug)]
pub enum ExpectationKind {
    /// These rows and no others.
    Rows {
        /// Where.
        of: Whose,
        /// The columns that are compared.
        columns: Vec<Column>,
        /// A value for each of the columns.
        rows: Vec<Vec<Expr>>,
    },
    /// The condition of this step of the program.
    Holds {
        /// Index of the step.
        step: usize,
    },
    /// A guard of the campaign does not hold, and its message has these words.
    Failure(Option<String>),
}

/// Where rows are expected.
#[derive(Clone, Debug)]
pub enum Whose {
    /// In a transition.
    Transition(TransitionId),
    /// In an audience, after the run.
    Audience(String),
}
