//! `combine a union b`, `combine a intersect b`, `combine a exclude b`

use std::any::Any;
use std::sync::{Arc, LazyLock};

use crate::check::binder::Binder;
use crate::diagnostic::Diagnostic;
use crate::model::expr::{Expr, MatchPair, Population};
use crate::model::program::{ActivityStep, Operation};
use crate::plan::Planner;
use crate::syntax::ast::{self, SetOp};

use super::{Activity, Spec};

/// The activity.
pub struct Combine;

/// A bound `combine`. Columns are the first output's; each value comes from the first set (in
/// text order; for `exclude` only the left) that has the row and a column of that name.
#[derive(Debug)]
pub struct Combination {
    /// The operands.
    pub set: Set,
    /// The outermost union is cut to so many rows, earlier sets first, then by the key.
    pub limit: Option<Expr>,
}

/// A set of rows of one dimension.
#[derive(Clone, Debug, PartialEq)]
pub enum Set {
    /// A transition or a saved audience.
    Population(Population),
    /// One operation over two or more operands, the first being the left one.
    Operation {
        /// Which one.
        op: SetOp,
        /// In text order. `matching` of the first is empty.
        operands: Vec<Operand>,
    },
}

/// An operand of a set operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Operand {
    /// The set.
    pub set: Set,
    /// Compared instead of the key: left over the first operand's row (frame 0, its carried
    /// columns are `Carried`), right over this operand's row (frame [`MatchPair::RIGHT`]). Only
    /// where `set` is a population.
    pub matching: Vec<MatchPair>,
}

impl Set {
    /// The populations in it, in text order.
    pub fn populations(&self) -> Vec<Population> {
        match self {
            Set::Population(p) => vec![p.clone()],
            Set::Operation { operands, .. } => {
                operands.iter().flat_map(|o| o.set.populations()).collect()
            }
        }
    }
}

static SPEC: LazyLock<Spec> = LazyLock::new(|| Spec {
    name: "combine".into(),
    summary: "Union, intersection and exclusion of populations".into(),
    syntax:
        "combine SET union|intersect|exclude SET [matching EXPR] … [common columns only] [limit N]"
            .into(),
    doc: String::new(),
    outputs: 1..=2,
    example: String::new(),
    plugin: None,
});

impl Activity for Combine {
    fn spec(&self) -> &Spec {
        &SPEC
    }

    fn bind(&self, _call: &ast::Call, _binder: &mut Binder<'_>) -> Option<Arc<dyn Operation>> {
        None
    }
}

impl Operation for Combination {
    fn plan(&self, _step: &ActivityStep, _planner: &mut Planner<'_>) -> Result<(), Diagnostic> {
        Ok(())
    }

    fn inputs(&self) -> Vec<Population> {
        self.set.populations()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
