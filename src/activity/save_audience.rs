//! `save audience T as "Label" [mode] [update] …`

use std::any::Any;
use std::sync::{Arc, LazyLock};

use crate::check::binder::Binder;
use crate::diagnostic::Diagnostic;
use crate::model::expr::{Expr, Population};
use crate::model::program::{ActivityStep, Operation, TransitionId};
use crate::plan::Planner;
use crate::source::Span;
use crate::syntax::ast;

use super::{Activity, Spec};

/// The activity.
pub struct SaveAudience;

/// A bound `save audience`. An output, when named, is the whole audience after the save.
#[derive(Debug)]
pub struct Save {
    /// What is saved: its key and its carried columns.
    pub input: TransitionId,
    /// The label with parameters and times filled in. With `for_each`, `{{column}}` still inside.
    pub label: String,
    /// Where the label is written.
    pub label_span: Span,
    /// Its number among the program's audiences; nothing with `for_each`.
    pub audience: Option<usize>,
    /// What happens to the old content.
    pub update: Update,
    /// `update existing`: the label must exist. Checked by `bind`; with `for_each` at run time.
    pub must_exist: bool,
    /// A duration from the run's instant.
    pub expires: Option<Expr>,
    /// How many versions are kept: a positive number.
    pub retain: Option<Expr>,
    /// One audience per value of this carried column.
    pub for_each: Option<usize>,
}

/// What happens to the old content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Update {
    /// It is lost; dimension and columns become the new ones.
    Replace,
    /// Old rows stay as they are, new keys are added.
    Append,
    /// Also updates the given columns of old rows.
    Merge,
}

static SPEC: LazyLock<Spec> = LazyLock::new(|| Spec {
    name: "save audience".into(),
    summary: "Stores a population in the catalogue under a label".into(),
    syntax: "save audience TRANSITION as \"Label\" [create or update|update existing] \
             [replace|append|merge] [expires in DURATION] [retain N versions] [for each COLUMN]"
        .into(),
    doc: String::new(),
    outputs: 0..=1,
    example: String::new(),
    plugin: None,
});

impl Activity for SaveAudience {
    fn spec(&self) -> &Spec {
        &SPEC
    }

    fn bind(&self, _call: &ast::Call, _binder: &mut Binder<'_>) -> Option<Arc<dyn Operation>> {
        None
    }
}

impl Operation for Save {
    fn plan(&self, _step: &ActivityStep, _planner: &mut Planner<'_>) -> Result<(), Diagnostic> {
        Ok(())
    }

    fn inputs(&self) -> Vec<Population> {
        vec![Population::Transition(self.input)]
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
