//! Why a row is in a population: the words of a rule, as the activity that made it says them.
//!
//! A [`Relation`](super::relation::Relation) says *who* is in a population with everything
//! inlined; a reason keeps the populations and the conditions apart, as the script has them. Both
//! are stated by the same `plan` of an operation, so they cannot drift apart unseen: a law test
//! asks both of every row.

use crate::model::expr::{Expr, Population, Sort};
use crate::model::program::TransitionId;

use super::{Cut, Planner};

/// Why a row is in a population, or not.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// It is in this population.
    In(Population),
    /// A condition of the script holds for it, as a row of this population.
    Rule {
        /// As the checker bound it: parameters and times are not folded.
        rule: Expr,
        /// Whose row frame 0 is.
        of: Population,
    },
    /// It matches a row of a population by other values than its key.
    Matches {
        /// Resolved, over the dimension's row.
        condition: Expr,
        /// Whose rows.
        population: Population,
    },
    /// It is among the first rows that have everything else.
    First {
        /// Holds them.
        output: TransitionId,
        /// In this order, then by the key; resolved.
        order: Vec<Sort>,
        /// So many.
        limit: Cut,
    },
    /// It was a member of an older version of an audience.
    Version {
        /// Holds them.
        output: TransitionId,
        /// Its number among the program's audiences.
        audience: usize,
        /// Which.
        version: u64,
    },
    /// All of these.
    All(Vec<Reason>),
    /// Any of these.
    Any(Vec<Reason>),
    /// Not this.
    Not(Box<Reason>),
}

impl Planner<'_> {
    /// Says why rows are in an outgoing transition. Of one that nothing is said of, only the
    /// activity knows.
    pub fn because(&mut self, transition: TransitionId, reason: Reason) {
        self.reasons.insert(transition, reason);
    }
}
