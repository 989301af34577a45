//! `build audience from D [where R] [select …] [order by … limit N]`

use std::any::Any;
use std::sync::{Arc, LazyLock};

use crate::check::binder::Binder;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::plan as codes;
use crate::model::expr::{Expr, Population, Sort};
use crate::model::program::{ActivityStep, CarriedColumn, Operation};
use crate::plan::reason::Reason;
use crate::plan::{Cut, Planner};
use crate::syntax::ast;

use super::{Activity, Clauses, Spec};

/// The activity.
pub struct BuildAudience;

/// A bound `build audience`. Its first output holds the rows of `source` for which `rule` holds,
/// cut by `limit`; its second output the other rows of `source`.
#[derive(Debug)]
pub struct Build {
    /// A dimension or a transition.
    pub source: Population,
    /// Frame 0 is the source's row; nothing: all rows.
    pub rule: Option<Expr>,
    /// What the outputs carry, each with its value over the source's row.
    pub columns: Vec<(CarriedColumn, Expr)>,
    /// Which rows come first; ties are broken by the key.
    pub order: Vec<Sort>,
    /// How many rows stay.
    pub limit: Option<Limit>,
}

/// How many rows stay.
#[derive(Clone, Debug, PartialEq)]
pub enum Limit {
    /// So many.
    Rows(Expr),
    /// This share of the rows, rounded half up.
    Share(Expr),
}

static SPEC: LazyLock<Spec> = LazyLock::new(|| {
    Spec {
    name: "build audience".into(),
    summary: "Rows of a dimension or a transition for which a rule holds".into(),
    syntax: "build audience from DIMENSION|TRANSITION [where RULE] [select EXPR [as NAME], …|*] \
             [order by … limit N|P%]"
        .into(),
    doc: "The rows of a dimension, or of another population, for which a rule holds. Without `where`, \
          all of them.\n\n\
          * `select` says which columns the population carries beside its key: paths are named by \
          their last part, other expressions by `as NAME`. `*` keeps what the source carries, of a \
          dimension all columns. Building from a dimension carries the key alone, building from a \
          population what it carries.\n\
          * `order by … limit N` keeps the first N rows, `limit P%` a share of them, rounded half \
          up. Ties are broken by the key; missing values come last. `order by` sees what `select` names.\n\
          * A second outgoing transition holds the rows of the source that are not in the first.".into(),
    outputs: 1..=2,
    example: "vip, others = build audience from customers\n  where consent and any orders where amount > 100\n  \
              select email, sum(amount of orders) as spent\n  order by spent desc\n  limit 1_000\n\
              save audience vip as \"VIP\"\nsave audience others as \"Not VIP\"\n".into(),
    plugin: None,
}
});

impl Activity for BuildAudience {
    fn spec(&self) -> &Spec {
        &SPEC
    }

    fn bind(&self, call: &ast::Call, binder: &mut Binder<'_>) -> Option<Arc<dyn Operation>> {
        let mut clauses = Clauses::of(call);
        let input = binder.only_input(call);
        clauses.take(|c| matches!(c, ast::ClauseKind::Inputs(_)));
        let rule = clauses.take(|c| matches!(c, ast::ClauseKind::Where(_)));
        let select = clauses.take(|c| matches!(c, ast::ClauseKind::Select(_)));
        let order = clauses.take(|c| matches!(c, ast::ClauseKind::OrderBy(_)));
        let limit = clauses.take(|c| matches!(c, ast::ClauseKind::Limit(_)));
        clauses.finish(binder);

        let limit = match limit {
            Some(ast::ClauseKind::Limit(e)) => bind_limit(e, binder).map(|l| (l, e.span)),
            _ => None,
        };
        let input = input?;
        let rows = binder.rows(&input);
        let rule = match rule {
            Some(ast::ClauseKind::Where(e)) => Some(binder.rule(e, &rows)),
            _ => None,
        };
        let select = match select {
            Some(ast::ClauseKind::Select(s)) => Some(s),
            _ => None,
        };
        let columns = binder.selected(select, &input, &rows);
        let order = match order {
            Some(ast::ClauseKind::OrderBy(sorts)) => {
                binder.sorts_of_selected(sorts, &rows, &columns)
            }
            _ => Vec::new(),
        };
        if let Some((_, span)) = &limit {
            if order.is_empty() {
                binder.report(
                    Diagnostic::error(codes::LIMIT_WITHOUT_ORDER, "A limit without an order")
                        .label(*span, "which rows stay?")
                        .help("add `order by …` before `limit`"),
                );
            } else {
                binder.needs_key(&input, "a limit needs a key to break ties");
            }
        }
        let dimension = input.dimension?;
        let carried: Vec<CarriedColumn> = columns.iter().map(|(c, _)| c.clone()).collect();
        for _ in 0..binder.named_outputs().max(1) {
            binder.declare_output(dimension, carried.clone());
        }
        Some(Arc::new(Build {
            source: input.population,
            rule,
            columns,
            order,
            limit: limit.map(|(limit, _)| limit),
        }))
    }
}

/// A number of rows, or a share of them.
pub(super) fn bind_limit(e: &ast::Expr, binder: &mut Binder<'_>) -> Option<Limit> {
    if let ast::ExprKind::Literal(ast::Literal::Percent(_)) = &*e.kind {
        return Some(Limit::Share(binder.constant(e)));
    }
    binder.positive(e, "A limit").map(Limit::Rows)
}

impl Operation for Build {
    fn plan(&self, step: &ActivityStep, planner: &mut Planner<'_>) -> Result<(), Diagnostic> {
        let (_, all, _) = planner.rows_of(&self.source);
        let span = step.name_span;
        let rule = match &self.rule {
            Some(rule) => Expr::and([all.clone(), planner.resolve(rule, &self.source)], rule.span),
            None => all.clone(),
        };
        let columns: Vec<Expr> =
            self.columns.iter().map(|(_, e)| planner.resolve(e, &self.source)).collect();
        let Some(&first) = step.outputs.first() else { return Ok(()) };
        let source = Reason::In(self.source.clone());
        let asked = self
            .rule
            .iter()
            .map(|rule| Reason::Rule { rule: rule.clone(), of: self.source.clone() });
        let mut reasons: Vec<Reason> = std::iter::once(source.clone()).chain(asked).collect();
        let inside = match &self.limit {
            None => {
                planner.define(first, rule.clone(), columns.clone());
                rule
            }
            Some(limit) => {
                let order: Vec<Sort> = self
                    .order
                    .iter()
                    .map(|s| Sort {
                        expr: planner.resolve(&s.expr, &self.source),
                        descending: s.descending,
                    })
                    .collect();
                let cut = match limit {
                    Limit::Rows(n) => Cut::Rows(planner.fold(n)),
                    Limit::Share(share) => Cut::Share(planner.fold(share)),
                };
                let (output, limit) = (first, cut.clone());
                reasons.push(Reason::First { output, order: order.clone(), limit });
                planner.cut(first, rule, columns.clone(), order, cut);
                planner.rows_of(&Population::Transition(first)).1
            }
        };
        planner.because(first, Reason::All(reasons));
        if let Some(&rest) = step.outputs.get(1) {
            let others = Reason::Not(Box::new(Reason::In(Population::Transition(first))));
            planner.because(rest, Reason::All(vec![source, others]));
            planner.define(rest, Expr::and([all, inside.not()], span), columns);
        }
        Ok(())
    }

    fn expressions(&self) -> Vec<&Expr> {
        let columns = self.columns.iter().map(|(_, e)| e);
        self.rule.iter().chain(columns).chain(self.order.iter().map(|s| &s.expr)).collect()
    }

    fn inputs(&self) -> Vec<Population> {
        vec![self.source.clone()]
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
