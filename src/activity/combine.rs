//! `combine a union b`, `combine a intersect b`, `combine a exclude b`

use std::any::Any;
use std::sync::{Arc, LazyLock};

use crate::check::binder::Binder;
use crate::diagnostic::Diagnostic;
use crate::model::expr::{Expr, ExprKind, MatchPair, Population, Sort};
use crate::model::program::{ActivityStep, Operation, TransitionId};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::plan::relation::substitute;
use crate::plan::{Cut, Planner};
use crate::source::Span;
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
    /// The names that a `matching` expression can use for this set's columns, in order.
    fn column_names(&self, planner: &Planner<'_>) -> Vec<String> {
        match self {
            Set::Population(population) => planner.column_names(population),
            Set::Operation { operands, .. } => {
                let mut names: Vec<String> = Vec::new();
                for name in operands.iter().flat_map(|o| o.set.column_names(planner)) {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                names
            }
        }
    }

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

/// Rows of a set while it is planned: who is in it, and where each column's value comes from.
struct Rows {
    rule: Expr,
    /// Name, the rows that have it from here, the value; earlier ones win.
    columns: Vec<(String, Expr, Expr)>,
}

impl Rows {
    /// The values of a transition's columns, each from the first set that has row and column.
    fn carried(&self, planner: &Planner<'_>, transition: TransitionId) -> Vec<Expr> {
        planner.program[transition]
            .columns
            .iter()
            .map(|column| {
                let span = self.rule.span;
                let nothing = Expr::new(ExprKind::Literal(Value::Missing), column.ty.clone(), span);
                let sources = self.columns.iter().filter(|(name, ..)| *name == column.name);
                let sources: Vec<(&Expr, Expr)> =
                    sources.map(|(_, rule, value)| (rule, widened(value, &column.ty))).collect();
                // Where all say the same, or the first one has every row, nothing is chosen.
                if let Some((rule, value)) = sources.first()
                    && (**rule == self.rule || sources.iter().all(|(_, v)| v == value))
                    && sources.iter().any(|(r, _)| **r == self.rule)
                {
                    return value.clone();
                }
                sources.into_iter().rev().fold(nothing, |rest, (rule, value)| {
                    let kind = ExprKind::If(rule.clone(), value, rest);
                    Expr::new(kind, column.ty.clone(), span)
                })
            })
            .collect()
    }
}

fn widened(value: &Expr, ty: &Type) -> Expr {
    if value.ty == *ty {
        return value.clone();
    }
    Expr::new(ExprKind::Convert(value.clone()), ty.clone(), value.span)
}

impl Set {
    fn rows(&self, planner: &mut Planner<'_>, span: Span) -> Rows {
        match self {
            Set::Population(population) => {
                let (_, rule, values) = planner.rows_of(population);
                let names = planner.column_names(population);
                let columns =
                    names.into_iter().zip(values).map(|(n, v)| (n, rule.clone(), v)).collect();
                Rows { rule, columns }
            }
            Set::Operation { op: SetOp::Exclude, operands } => {
                let mut left = operands[0].set.rows(planner, span);
                let mut parts = vec![left.rule.clone()];
                for operand in &operands[1..] {
                    parts.push(operand.holds(&operands[0].set, planner, span).not());
                }
                let rule = Expr::and(parts, span);
                // The left set has every row that is left.
                for (_, from, _) in left.columns.iter_mut().filter(|(_, r, _)| *r == left.rule) {
                    *from = rule.clone();
                }
                Rows { rule, columns: left.columns }
            }
            Set::Operation { op: SetOp::Intersect, operands } => {
                let mut left = operands[0].set.rows(planner, span);
                let mut parts = vec![left.rule.clone()];
                for operand in &operands[1..] {
                    parts.push(operand.holds(&operands[0].set, planner, span));
                    if operand.matching.is_empty() {
                        left.columns.extend(operand.set.rows(planner, span).columns);
                    }
                }
                // Every set has every row of the intersection.
                let rule = Expr::and(parts, span);
                for (_, from, _) in &mut left.columns {
                    *from = rule.clone();
                }
                Rows { rule, columns: left.columns }
            }
            Set::Operation { op: SetOp::Union, .. } => self.everyone(planner, span),
        }
    }

    /// The rows that the complement is taken from: of `exclude` the left set's, else everyone in
    /// some set.
    fn everyone(&self, planner: &mut Planner<'_>, span: Span) -> Rows {
        match self {
            Set::Operation { op: SetOp::Exclude, operands } => operands[0].set.rows(planner, span),
            Set::Operation { op: SetOp::Intersect, operands }
                if operands.iter().any(|o| !o.matching.is_empty()) =>
            {
                operands[0].set.rows(planner, span)
            }
            Set::Operation { operands, .. } => {
                let sets: Vec<Rows> = operands.iter().map(|o| o.set.rows(planner, span)).collect();
                let rule = Expr::or(sets.iter().map(|s| s.rule.clone()), span);
                Rows { rule, columns: sets.into_iter().flat_map(|s| s.columns).collect() }
            }
            Set::Population(_) => self.rows(planner, span),
        }
    }

    /// 0 for rows of the first set, 1 for those that only later ones have, and so on.
    fn priority(&self, planner: &mut Planner<'_>, span: Span) -> Expr {
        let Set::Operation { operands, .. } = self else {
            return Expr::literal(Value::Int(0), span);
        };
        let number = |n: usize| Expr::literal(Value::Int(n as i128), span);
        let last = number(operands.len());
        operands.iter().enumerate().rev().fold(last, |rest, (n, operand)| {
            let rule = operand.set.rows(planner, span).rule;
            Expr::new(ExprKind::If(rule, number(n), rest), Type::Int, span)
        })
    }

    fn expressions(&self) -> Vec<&Expr> {
        match self {
            Set::Population(_) => Vec::new(),
            Set::Operation { operands, .. } => operands
                .iter()
                .flat_map(|o| {
                    let pairs = o.matching.iter().flat_map(|p| [&p.left, &p.right]);
                    o.set.expressions().into_iter().chain(pairs)
                })
                .collect(),
        }
    }
}

impl Operand {
    /// Whether a row of the first operand is in this one, by its key or by what matches.
    fn holds(&self, first: &Set, planner: &mut Planner<'_>, span: Span) -> Expr {
        if self.matching.is_empty() {
            return self.set.rows(planner, span).rule;
        }
        let Set::Population(population) = &self.set else {
            return self.set.rows(planner, span).rule;
        };
        let left = first.rows(planner, span);
        let names = first.column_names(planner);
        let values: Vec<Expr> = names
            .iter()
            .map(|name| {
                let known = left.columns.iter().find(|(n, ..)| n == name);
                known.map_or_else(|| Expr::constant(false, span), |(_, _, value)| value.clone())
            })
            .collect();
        let pairs = self
            .matching
            .iter()
            .map(|p| MatchPair {
                left: planner.fold(&substitute(&p.left, &values)),
                right: planner.fold(&p.right),
            })
            .collect();
        Expr::condition(ExprKind::Matches { population: population.clone(), pairs }, span)
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
    fn plan(&self, step: &ActivityStep, planner: &mut Planner<'_>) -> Result<(), Diagnostic> {
        let Some(&first) = step.outputs.first() else { return Ok(()) };
        let span = step.name_span;
        let all = self.set.rows(planner, span);
        let columns = all.carried(planner, first);
        let inside = match &self.limit {
            None => {
                planner.define(first, all.rule.clone(), columns);
                all.rule.clone()
            }
            Some(limit) => {
                let rank = Sort { expr: self.set.priority(planner, span), descending: false };
                let limit = Cut::Rows(planner.fold(limit));
                planner.cut(first, all.rule.clone(), columns, vec![rank], limit);
                planner.rows_of(&Population::Transition(first)).1
            }
        };
        if let Some(&rest) = step.outputs.get(1) {
            let everyone = self.set.everyone(planner, span);
            let columns = everyone.carried(planner, rest);
            planner.define(rest, Expr::and([everyone.rule, inside.not()], span), columns);
        }
        Ok(())
    }

    fn expressions(&self) -> Vec<&Expr> {
        self.set.expressions()
    }

    fn inputs(&self) -> Vec<Population> {
        self.set.populations()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
