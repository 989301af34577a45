//! The tree of a `test` statement.

use super::{Entry, Expr, Name, Path, Population, Text, TypeName};
use crate::source::{Span, Spanned};

/// A test of a campaign: what exists before a run, and what must be true after it.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitTest {
    /// What it shows, in words.
    pub label: Text,
    /// `as of 2026-11-24`: the run's instant, as written.
    pub as_of: Option<Text>,
    /// `with minimum: 50`: values of parameters.
    pub params: Vec<Entry>,
    /// What exists before, in the order written.
    pub given: Vec<Given>,
    /// What must be true after, in the order written.
    pub expected: Vec<Expected>,
}

/// Rows that exist before the run: `given customers (id, spent) = (1, 500)`
#[derive(Clone, Debug)]
pub struct Given {
    /// Of what.
    pub target: GivenTarget,
    /// The columns that the rows have values for; empty: the key's.
    pub columns: Vec<GivenColumn>,
    /// When an audience was saved with these members.
    pub as_of: Option<Text>,
    /// A bracket each: a list, or a group for one value.
    pub rows: Vec<Expr>,
    /// All of it.
    pub span: Span,
}

impl PartialEq for Given {
    fn eq(&self, other: &Self) -> bool {
        self.target == other.target
            && self.columns == other.columns
            && self.as_of == other.as_of
            && self.rows == other.rows
    }
}

/// What rows are given of.
#[derive(Clone, Debug, PartialEq)]
pub enum GivenTarget {
    /// `customers`
    Dimension(Path),
    /// `audience "VIP" of customers`
    Audience(Text, Path),
}

/// `spent: decimal`
#[derive(Clone, Debug, PartialEq)]
pub struct GivenColumn {
    /// Its name.
    pub name: Name,
    /// Its type, where the source cannot be asked.
    pub ty: Option<TypeName>,
}

/// One expectation.
pub type Expected = Spanned<ExpectedKind>;

/// What must be true after the run.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpectedKind {
    /// `vip = (1, 2)`, `audience "VIP" (id, email) = (1, "a@example.com")`
    Rows {
        /// Who.
        of: Population,
        /// The columns that are compared; empty: the key's.
        columns: Vec<Name>,
        /// A bracket each.
        rows: Vec<Expr>,
    },
    /// A condition over populations.
    Holds(Expr),
    /// A guard of the campaign does not hold, with these words in its message.
    Failure(Option<Text>),
}
