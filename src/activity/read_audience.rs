//! `read audience "Label" [version N] [on D matching COL = COL] [select …]`

use std::any::Any;
use std::sync::{Arc, LazyLock};

use crate::check::binder::Binder;
use crate::diagnostic::{Diagnostic, codes};
use crate::model::expr::{Expr, ExprKind, MatchPair, Population};
use crate::model::program::{ActivityStep, CarriedColumn, Operation};
use crate::plan::Planner;
use crate::syntax::ast;

use super::{Activity, Spec};

/// The activity.
pub struct ReadAudience;

/// A bound `read audience`: the rows of its output's dimension that are members (or that a member
/// matches). Members without such a row are dropped and counted.
#[derive(Debug)]
pub struct Read {
    /// Its number among the program's audiences.
    pub audience: usize,
    /// An older version; nothing: the present members.
    pub version: Option<u64>,
    /// `on DIMENSION matching …`: left over the dimension's row, right over the member's columns
    /// ([`ExprKind::Carried`](crate::model::expr::ExprKind) of frame [`MatchPair::RIGHT`]); empty:
    /// by the key.
    pub matching: Vec<MatchPair>,
    /// What the output carries: the member's stored columns are `Carried` of frame 0, the
    /// dimension's are `Column` of frame 0.
    pub columns: Vec<(CarriedColumn, Expr)>,
}

static SPEC: LazyLock<Spec> = LazyLock::new(|| Spec {
    name: "read audience".into(),
    summary: "The members of a saved audience".into(),
    syntax: "read audience \"Label\" [version N] [on DIMENSION matching COL = COL] [select …]"
        .into(),
    doc: String::new(),
    outputs: 1..=1,
    example: String::new(),
    plugin: None,
});

impl Activity for ReadAudience {
    fn spec(&self) -> &Spec {
        &SPEC
    }

    fn bind(&self, _call: &ast::Call, _binder: &mut Binder<'_>) -> Option<Arc<dyn Operation>> {
        None
    }
}

impl Operation for Read {
    fn plan(&self, step: &ActivityStep, planner: &mut Planner<'_>) -> Result<(), Diagnostic> {
        let Some(&output) = step.outputs.first() else { return Ok(()) };
        let audience = Population::Audience(self.audience);
        let span = step.name_span;
        let rule = if let Some(version) = self.version {
            // The table of the old members becomes the transition itself.
            if !planner.read_version(output, self.audience, version) {
                let label = &planner.program.audiences[self.audience].label;
                return Err(Diagnostic::error(
                    codes::plan::VERSION_NOT_KEPT,
                    format!("Version {version} of \"{label}\" is no longer kept"),
                )
                .label(span, "reads a version that is gone"));
            }
            planner.rows_of(&Population::Transition(output)).1
        } else if self.matching.is_empty() {
            planner.rows_of(&audience).1
        } else {
            let dimension = Population::Dimension(planner.program[output].dimension);
            let pairs = self
                .matching
                .iter()
                .map(|p| MatchPair {
                    left: planner.resolve(&p.left, &dimension),
                    right: planner.fold(&p.right),
                })
                .collect();
            Expr::condition(ExprKind::Matches { population: audience.clone(), pairs }, span)
        };
        let columns: Vec<Expr> =
            self.columns.iter().map(|(_, e)| planner.resolve(e, &audience)).collect();
        planner.define(output, rule, columns);
        Ok(())
    }

    fn expressions(&self) -> Vec<&Expr> {
        let pairs = self.matching.iter().flat_map(|p| [&p.left, &p.right]);
        pairs.chain(self.columns.iter().map(|(_, e)| e)).collect()
    }

    fn inputs(&self) -> Vec<Population> {
        vec![Population::Audience(self.audience)]
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
