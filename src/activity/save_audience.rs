//! `save audience T as "Label" [mode] [update] …`

use std::any::Any;
use std::sync::{Arc, LazyLock};

use crate::check::binder::{Binder, Input};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::{names, plan as codes, types};
use crate::model::expr::{Expr, ExprKind, Population};
use crate::model::program::{ActivityStep, CarriedColumn, DimId, Operation, TransitionId};
use crate::model::schema::Audience;
use crate::model::types::Type;
use crate::model::value::Value;
use crate::plan::Planner;
use crate::plan::reason::Reason;
use crate::source::Span;
use crate::syntax::ast;

use super::{Activity, Clauses, Spec};

/// The activity.
pub struct SaveAudience;

/// A bound `save audience`. Its output is the whole audience after the save: declared when it is
/// named, and also, without a name, where later reads of the label need it (`append`, `merge`, or
/// `only if`; a skipped save leaves the old content).
#[derive(Debug)]
pub struct Save {
    /// What is saved: its key and its carried columns.
    pub input: TransitionId,
    /// The label with parameters and times filled in. With `for_each`, `{{column}}` still inside.
    pub label: String,
    /// Where the label is written.
    pub label_span: Span,
    /// The `##` lines above: they follow the audience into the catalogue.
    pub doc: Option<String>,
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

impl Save {
    /// Why a row is in the audience after the save.
    fn reason(&self, planner: &Planner<'_>, output: TransitionId) -> Reason {
        let dimension = planner.program[output].dimension;
        let old = self.audience.map(Population::Audience);
        let old = old.filter(|old| planner.rows_of(old).0 == dimension);
        let new = Reason::In(Population::Transition(self.input));
        let after = match (&old, self.update) {
            (Some(old), Update::Append | Update::Merge) => {
                Reason::Any(vec![Reason::In(old.clone()), new])
            }
            _ => new,
        };
        let Some(condition) = planner.asked() else { return after };
        let saved = Reason::Rule { rule: condition, of: Population::Dimension(dimension) };
        let skipped = Reason::Not(Box::new(saved.clone()));
        let mut ways = vec![Reason::All(vec![saved, after])];
        ways.extend(old.map(|old| Reason::All(vec![skipped, Reason::In(old)])));
        Reason::Any(ways)
    }

    /// What the audience holds where the step may be skipped: the old content then.
    fn unless_skipped(
        &self,
        planner: &Planner<'_>,
        output: TransitionId,
        old: Option<Population>,
        saved: Expr,
        rule: Expr,
        columns: Vec<Expr>,
    ) -> (Expr, Vec<Expr>) {
        let span = self.label_span;
        let dimension = planner.program[output].dimension;
        // Members of another dimension are no rows of this one.
        let known = old.map(|o| (planner.rows_of(&o), planner.column_names(&o)));
        let known = known.filter(|((of, ..), _)| *of == dimension);
        let (old_rule, old_values, old_names) = match known {
            Some(((_, rule, values), names)) => (rule, values, names),
            None => (Expr::constant(false, span), Vec::new(), Vec::new()),
        };
        let chosen = planner.program[output].columns.iter().zip(columns).map(|(column, new)| {
            let at = old_names.iter().position(|n| *n == column.name);
            let old = at.and_then(|at| old_values.get(at)).cloned().unwrap_or_else(|| {
                Expr::new(ExprKind::Literal(Value::Missing), column.ty.clone(), span)
            });
            Expr::new(ExprKind::If(saved.clone(), new, old), column.ty.clone(), span)
        });
        let columns = chosen.collect();
        let skipped = Expr::and([saved.clone().not(), old_rule], span);
        (Expr::or([Expr::and([saved, rule], span), skipped], span), columns)
    }
}

static SPEC: LazyLock<Spec> = LazyLock::new(|| {
    Spec {
    name: "save audience".into(),
    summary: "Stores a population in the catalogue under a label".into(),
    syntax: "save audience TRANSITION as \"Label\" [create or update|update existing] \
             [replace|append|merge] [expires in DURATION] [retain N versions] [for each COLUMN]"
        .into(),
    doc: "Stores a population: its key and the columns it carries. All saves of a run commit together or \
          not at all.\n\n\
          * `replace` (the default) puts the new rows in the place of the old ones. `append` keeps \
          the old rows as they are and adds new keys; `merge` also updates the columns given. Both \
          need the same dimension, and columns match by name.\n\
          * `update existing` refuses a label that does not exist yet.\n\
          * `expires in 90 days` makes reading an error after that; each save renews it. `retain 12 \
          versions` lets older versions go.\n\
          * `for each COLUMN` saves one audience per value, named by `{{COLUMN}}` in the label.\n\
          * An outgoing transition is the whole audience after the save.".into(),
    outputs: 0..=1,
    example: "buyers = build audience from customers where any orders select email\n\
              save audience buyers as \"Buyers {{today}}\" expires in 90 days retain 12 versions\n".into(),
    plugin: None,
}
});

impl Activity for SaveAudience {
    fn spec(&self) -> &Spec {
        &SPEC
    }

    fn bind(&self, call: &ast::Call, binder: &mut Binder<'_>) -> Option<Arc<dyn Operation>> {
        use ast::ClauseKind as C;
        let mut clauses = Clauses::of(call);
        clauses.take(|c| matches!(c, C::Inputs(_)));
        let label = clauses.take(|c| matches!(c, C::As(_)));
        let for_each = clauses.take(|c| matches!(c, C::ForEach(_)));
        let expires = clauses.take(|c| matches!(c, C::ExpiresIn(_)));
        let retain = clauses.take(|c| matches!(c, C::Retain(_)));
        clauses.take(|c| matches!(c, C::CreateOrUpdate));
        let must_exist = clauses.take(|c| matches!(c, C::UpdateExisting));
        // Two of them exclude each other, which the parser reports.
        let mut updates: Vec<Update> = Vec::new();
        for (update, is) in
            [(Update::Replace, C::Replace), (Update::Append, C::Append), (Update::Merge, C::Merge)]
        {
            if clauses.take(|c| *c == is).is_some() {
                updates.push(update);
            }
        }
        clauses.finish(binder);
        let mut fine = true;
        let update = updates.first().copied().unwrap_or(Update::Replace);

        let expires = match expires {
            Some(C::ExpiresIn(e)) => {
                let bound = binder.constant(e);
                match &bound.ty {
                    Type::Duration => Some(bound),
                    Type::Error => None,
                    ty => {
                        binder.report(
                            Diagnostic::error(
                                types::OPTION_VALUE,
                                format!("An audience expires in a duration, not in a {ty}"),
                            )
                            .label(e.span, "a duration is needed")
                            .help("write `expires in 90 days`"),
                        );
                        None
                    }
                }
            }
            _ => None,
        };
        let retain = match retain {
            Some(C::Retain(e)) => binder.positive(e, "The number of versions"),
            _ => None,
        };
        let input = binder.only_input(call);
        let Some(C::As(text)) = label else {
            binder.report(
                Diagnostic::error(codes::CLAUSE, "A saved audience needs a label")
                    .label(call.activity.span, "`as` is missing")
                    .help("add `as \"Label\"`"),
            );
            return None;
        };
        let column = match for_each {
            Some(C::ForEach(name)) => Some(name),
            _ => None,
        };
        let label = binder.filled(text, column.map(|c| c.node.as_str()));
        let input = input?;
        let Population::Transition(id) = input.population else {
            binder.report(
                Diagnostic::error(
                    names::NOT_A_POPULATION,
                    format!("`{}` is a dimension, not a transition", input.name),
                )
                .label(input.span, "a transition is needed")
                .help(format!("build it first: `everyone = build audience from {}`", input.name)),
            );
            return None;
        };
        let dimension = binder.needs_key(&input, "only rows with a key are saved")?;
        let for_each = match column {
            Some(name) => {
                let index = binder.carried_column(name, &input)?;
                let placeholder = format!("{{{{{}}}}}", name.node);
                if label.as_ref().is_some_and(|l| !l.contains(&placeholder)) {
                    binder.report(
                        Diagnostic::error(
                            codes::CLAUSE,
                            format!("The label does not name `{}`", name.node),
                        )
                        .label(text.span, "one label for all values")
                        .help(format!("add `{placeholder}` to the label")),
                    );
                    return None;
                }
                Some(index)
            }
            None => None,
        };
        let label = label?;
        if label.trim().is_empty() {
            binder.report(
                Diagnostic::error(codes::CLAUSE, "A label is empty")
                    .label(text.span, "no label")
                    .help("write a label between the quotes"),
            );
            return None;
        }
        let mut columns = input.columns.clone();
        let mut audience = None;
        if for_each.is_none() {
            let existing = binder.existing_audience(&label);
            if must_exist.is_some() && existing.is_none() {
                binder.unknown_audience(&label, text.span);
                fine = false;
            }
            if let Some(old) = existing.as_ref().filter(|_| update != Update::Replace) {
                match old_content(old, dimension, &input, text.span, binder) {
                    Some(all) => columns = all,
                    None => fine = false,
                }
            }
            audience = Some(binder.audience_index(&label, existing, dimension));
        }
        // A save that replaces leaves exactly its input; any other leaves what only the save
        // itself knows, and so does one that may be skipped.
        let whole = update != Update::Replace || binder.is_conditional();
        let output = (for_each.is_none() && (whole || binder.named_outputs() > 0))
            .then(|| binder.declare_output(dimension, columns));
        if for_each.is_some()
            && let Some(name) = binder.output_names().first().cloned()
        {
            binder.report(
                Diagnostic::error(codes::OUTPUTS, "A save for each value gives no transition")
                    .label(name.span, "several audiences")
                    .help("remove the name, or read one of them back"),
            );
            return None;
        }
        if for_each.is_none() {
            binder.saved(&label, if whole { output.unwrap_or(id) } else { id });
        }
        fine.then(|| {
            Arc::new(Save {
                input: id,
                label,
                label_span: text.span,
                doc: binder.doc(),
                audience,
                update,
                must_exist: must_exist.is_some(),
                expires,
                retain,
                for_each,
            }) as Arc<dyn Operation>
        })
    }
}

/// The columns of an audience after new rows were added to its old ones: the old columns, then
/// the new ones. `None` when they cannot be: another dimension, or a column that would lose
/// something whatever its values.
fn old_content(
    old: &Audience,
    dimension: DimId,
    input: &Input,
    span: Span,
    binder: &mut Binder<'_>,
) -> Option<Vec<CarriedColumn>> {
    let (name, key) = {
        let of = &binder.program()[dimension];
        let key: Vec<String> = of.key_columns().map(|c| c.name.clone()).collect();
        (of.name.clone(), key)
    };
    let old_key: Vec<String> = old.key.iter().map(|c| c.name.clone()).collect();
    if old.dimension != name || old_key != key {
        let title = format!("Audience `{}` holds rows of `{}`", old.label, old.dimension);
        binder.report(
            Diagnostic::error(codes::OTHER_DIMENSION, title)
                .label(span, format!("rows of `{name}` cannot join them"))
                .help("save with `replace`, or under another label"),
        );
        return None;
    }
    let mut columns: Vec<CarriedColumn> = old.columns[old.key.len()..]
        .iter()
        .map(|c| CarriedColumn { name: c.name.clone(), ty: c.ty.clone() })
        .collect();
    let mut fine = true;
    for new in &input.columns {
        match columns.iter().find(|c| c.name == new.name) {
            None => columns.push(new.clone()),
            Some(stored) if converts(&new.ty, &stored.ty) => {}
            Some(stored) => {
                fine = false;
                let title = format!(
                    "Column `{}` is stored as {}, and the new values are {}",
                    new.name, stored.ty, new.ty
                );
                binder.report(
                    Diagnostic::error(codes::LOSSY_COLUMN, title)
                        .label(input.span, format!("`{}` is {}", new.name, new.ty))
                        .help("convert the column, or save with `replace`"),
                );
            }
        }
    }
    fine.then_some(columns)
}

/// Whether values of one type can go into a column of another: always, or as far as the values
/// of a run fit (numbers), which the run checks.
fn converts(new: &Type, stored: &Type) -> bool {
    new == stored
        || new.is_wild()
        || (new.is_number() && stored.is_number())
        || (*new == Type::Date && matches!(stored, Type::Timestamp | Type::Instant))
        || matches!((new, stored), (Type::List(n), Type::List(s)) if converts(n, s))
}

impl Operation for Save {
    fn plan(&self, step: &ActivityStep, planner: &mut Planner<'_>) -> Result<(), Diagnostic> {
        let input = Population::Transition(self.input);
        let (dimension, rule, values) = planner.rows_of(&input);
        planner.save(self.input, planner.rows_with_key(dimension, &input, values.clone()));
        if let Some(&output) = step.outputs.first() {
            let reason = self.reason(planner, output);
            planner.because(output, reason);
            let old = self.audience.map(Population::Audience);
            let (rule, columns) = self.after(planner, output, old.clone(), rule, values);
            let (rule, columns) = match planner.only_if() {
                Some(saved) => self.unless_skipped(planner, output, old, saved, rule, columns),
                None => (rule, columns),
            };
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

    fn has_effects(&self) -> bool {
        true
    }

    fn caption(&self) -> Option<String> {
        Some(format!("\"{}\"", self.label))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
