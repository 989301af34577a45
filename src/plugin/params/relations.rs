//! Further relations of a call: links, dimensions, and what matches them with an input.

use serde_json::{Value as Json, json};

use crate::check::binder::{Binder, Input};
use crate::model::expr::{MatchPair, Population};
use crate::model::program::DimId;
use crate::plan::relation::as_frame_zero;
use crate::syntax::ast;

use super::super::bound::{BoundRelation, RelationRows};
use super::{Reader, ungrouped};

impl Reader<'_> {
    pub(super) fn link(
        &mut self,
        from: &str,
        cardinality: Option<&str>,
        expr: &ast::Expr,
        name: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let at = self.relation(from)?;
        let from = self.relations[at].dimension();
        let ast::ExprKind::Path(path) = &*ungrouped(expr).kind else {
            return self.wrong(name, "a link", expr.span, "not a link", None, binder);
        };
        let rows = binder.dimension_rows(from);
        let Some(links) = binder.link(path, &rows) else {
            self.fine = false;
            return None;
        };
        let target = binder.program()[links.steps.last()?.link].to;
        let to_one = links.steps.iter().all(|s| binder.program()[s.link].to_one);
        let given = if to_one { "one" } else { "many" };
        if cardinality.is_some_and(|needed| needed != given) {
            let takes = if to_one { "a link to many rows" } else { "a link to one row" };
            return self.wrong(name, takes, expr.span, &format!("leads to {given}"), None, binder);
        }
        let scope = binder.linked_rows(&rows, path, &links);
        let source_key = self.key_names(from, 's', binder);
        let target_key = self.key_names(target, 't', binder);
        self.scopes.push(scope);
        self.relations.push(BoundRelation {
            name: name.to_owned(),
            rows: RelationRows::Link { from, links, target, to_one, source_key, target_key },
            hidden: Vec::new(),
        });
        Some(json!({"relation": name, "cardinality": given}))
    }

    pub(super) fn key_names(
        &mut self,
        dimension: DimId,
        letter: char,
        binder: &Binder<'_>,
    ) -> Vec<String> {
        let parts = binder.program()[dimension].key.len();
        (0..parts).map(|_| self.fresh(letter)).collect()
    }

    pub(super) fn dimension(
        &mut self,
        expr: &ast::Expr,
        name: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let ast::ExprKind::Path(path) = &*ungrouped(expr).kind else {
            return self.wrong(name, "a dimension", expr.span, "not a dimension", None, binder);
        };
        let Some(input) = binder.population(path) else {
            self.fine = false;
            return None;
        };
        let Population::Dimension(dimension) = input.population else {
            return self.wrong(name, "a dimension", expr.span, "a transition", None, binder);
        };
        if binder.needs_key(&input, "its rows cannot be told apart").is_none() {
            self.fine = false;
            return None;
        }
        let key = self.key_names(dimension, 't', binder);
        self.scopes.push(binder.dimension_rows(dimension));
        self.relations.push(BoundRelation {
            name: name.to_owned(),
            rows: RelationRows::Dimension { dimension, key },
            hidden: Vec::new(),
        });
        Some(json!({"relation": name}))
    }

    pub(super) fn matching(
        &mut self,
        left: &str,
        right: &str,
        expr: &ast::Expr,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let (l, r) = (self.relation(left)?, self.relation(right)?);
        let dimension = self.relations[r].dimension();
        let target = binder.program()[dimension].name.clone();
        let left_rows = self.scopes[l].clone();
        let right_rows = binder.right_rows(&Input {
            population: Population::Dimension(dimension),
            dimension: Some(dimension),
            columns: Vec::new(),
            name: target.clone(),
            span: expr.span,
        });
        let conditions = [turned(expr, &target)];
        let Some(pairs) = binder.matching(&conditions, &left_rows, &right_rows) else {
            self.fine = false;
            return None;
        };
        let mut records = Vec::new();
        for MatchPair { left, right } in pairs {
            let right = as_frame_zero(&right, &[]);
            let left = self.record(l, left, false, binder);
            let right = self.record(r, right, true, binder);
            records.push(json!({"left": left, "right": right}));
        }
        Some(Json::Array(records))
    }
}

/// The equalities with the side of the dimension on the right, where the script names it on the left.
fn turned(expr: &ast::Expr, dimension: &str) -> ast::Expr {
    let kind = match &*expr.kind {
        ast::ExprKind::Group(inner) => ast::ExprKind::Group(turned(inner, dimension)),
        ast::ExprKind::And(parts) => {
            ast::ExprKind::And(parts.iter().map(|p| turned(p, dimension)).collect())
        }
        ast::ExprKind::Compare { left, op, right, ignoring_case }
            if speaks_of(left, dimension) && !speaks_of(right, dimension) =>
        {
            ast::ExprKind::Compare {
                left: right.clone(),
                op: *op,
                right: left.clone(),
                ignoring_case: *ignoring_case,
            }
        }
        _ => return expr.clone(),
    };
    ast::Expr::new(kind, expr.span)
}

/// Whether an expression names a column by this dimension.
fn speaks_of(expr: &ast::Expr, dimension: &str) -> bool {
    match &*expr.kind {
        ast::ExprKind::Path(path) => path.parts.len() > 1 && path.parts[0].node == dimension,
        ast::ExprKind::Group(inner) | ast::ExprKind::Neg(inner) => speaks_of(inner, dimension),
        ast::ExprKind::Call(call) => call.args.iter().any(|a| speaks_of(&a.expr, dimension)),
        ast::ExprKind::Arith(l, _, r) => speaks_of(l, dimension) || speaks_of(r, dimension),
        _ => false,
    }
}
