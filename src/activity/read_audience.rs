//! `read audience "Label" [version N] [on D matching COL = COL] [select …]`

use std::any::Any;
use std::sync::{Arc, LazyLock};

use crate::check::binder::Binder;
use crate::diagnostic::Diagnostic;
use crate::model::expr::{Expr, MatchPair, Population};
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
    fn plan(&self, _step: &ActivityStep, _planner: &mut Planner<'_>) -> Result<(), Diagnostic> {
        Ok(())
    }

    fn inputs(&self) -> Vec<Population> {
        vec![Population::Audience(self.audience)]
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
