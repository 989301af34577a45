//! `save audience T as "Label" [mode] [update] …`

use std::any::Any;
use std::sync::{Arc, LazyLock};

use crate::check::binder::Binder;
use crate::diagnostic::Diagnostic;
use crate::model::expr::{Expr, ExprKind, Population};
use crate::model::program::{ActivityStep, Operation, TransitionId};
use crate::model::value::Value;
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

impl Save {
    /// The whole audience after the save, as far as its members are rows of the dimension.
    fn after(
        &self,
        planner: &Planner<'_>,
        output: TransitionId,
        old: Option<Population>,
        rule: Expr,
        values: Vec<Expr>,
    ) -> (Expr, Vec<Expr>) {
        let (Update::Append | Update::Merge, Some(old)) = (self.update, old) else {
            return (rule, values);
        };
        let (_, old_rule, old_values) = planner.rows_of(&old);
        let span = self.label_span;
        let new_names = planner.column_names(&Population::Transition(self.input));
        let old_names = planner.column_names(&old);
        // `append` keeps the old row, `merge` takes the new value.
        let merge = self.update == Update::Merge;
        let columns = planner.program[output]
            .columns
            .iter()
            .map(|column| {
                let find = |names: &[String], values: &[Expr]| {
                    let n = names.iter().position(|n| *n == column.name)?;
                    values.get(n).cloned()
                };
                let nothing = Expr::new(ExprKind::Literal(Value::Missing), column.ty.clone(), span);
                let new = find(&new_names, &values);
                let old = find(&old_names, &old_values).unwrap_or_else(|| nothing.clone());
                let kind = match new {
                    Some(new) if merge => ExprKind::If(rule.clone(), new, old),
                    Some(new) => ExprKind::If(old_rule.clone(), old, new),
                    None => ExprKind::If(old_rule.clone(), old, nothing),
                };
                Expr::new(kind, column.ty.clone(), span)
            })
            .collect();
        (Expr::or([old_rule, rule], span), columns)
    }
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
    fn plan(&self, step: &ActivityStep, planner: &mut Planner<'_>) -> Result<(), Diagnostic> {
        let input = Population::Transition(self.input);
        let (dimension, rule, values) = planner.rows_of(&input);
        planner.save(self.input, planner.rows_with_key(dimension, &input, values.clone()));
        if let Some(&output) = step.outputs.first() {
            let old = self.audience.map(Population::Audience);
            let (rule, columns) = self.after(planner, output, old, rule, values);
            planner.define(output, rule, columns);
        }
        Ok(())
    }

    fn expressions(&self) -> Vec<&Expr> {
        Vec::new()
    }

    fn inputs(&self) -> Vec<Population> {
        vec![Population::Transition(self.input)]
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
