//! Aggregates over inputs and over links, and templates.

use serde_json::{Map, Value as Json, json};

use crate::check::binder::Binder;
use crate::model::expr::{Aggregate, Expr, ExprKind, Sort};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::plan::fold::{self, Folder};
use crate::syntax::ast;

use super::super::bound::RelationRows;
use super::super::manifest::ParamType;
use super::super::wire;
use super::{Reader, ungrouped};

impl Reader<'_> {
    pub(super) fn aggregate(
        &mut self,
        of: &str,
        item: &ast::Item,
        name: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let at = self.relation(of)?;
        let RelationRows::Input { input, .. } = self.relations[at].rows.clone() else {
            self.fine = false;
            return None;
        };
        let transition = input.name.clone();
        let inputs = [input];
        let before = binder.errors();
        let Some(found) = binder.population_aggregate(&item.expr, &inputs) else {
            self.fine = false;
            if binder.errors() == before {
                let help = format!("write `max(COLUMN of {transition}) as NAME`");
                self.wrong(
                    name,
                    &format!("aggregates over `{transition}`"),
                    item.expr.span,
                    "not an aggregate of the input",
                    Some(help),
                    binder,
                );
            }
            return None;
        };
        if binder.errors() != before {
            self.fine = false;
            return None;
        }
        let (function, distinct) = match found.function {
            Aggregate::Count => ("count", false),
            Aggregate::CountDistinct => ("count", true),
            Aggregate::Sum => ("sum", false),
            Aggregate::Avg => ("avg", false),
            Aggregate::Min => ("min", false),
            Aggregate::Max => ("max", false),
            Aggregate::Median => ("median", false),
            Aggregate::First => ("first", false),
            Aggregate::Last => ("last", false),
            Aggregate::Stddev | Aggregate::Join => {
                let takes = "count, sum, avg, min, max, median, first or last";
                return self.wrong(name, takes, item.expr.span, "not one of these", None, binder);
            }
        };
        let alias = match &item.alias {
            Some(alias) => alias.node.clone(),
            None => {
                return self.wrong(
                    name,
                    "values with a name",
                    item.expr.span,
                    "a name is needed",
                    Some("add `as NAME`".into()),
                    binder,
                );
            }
        };
        let mut optional = |this: &mut Self, e: Option<Expr>, rule: bool| match e {
            None => Json::Null,
            Some(e) => {
                let mut record = this.record(at, e, rule, binder);
                if rule {
                    record.insert("nullable".into(), json!(false));
                }
                Json::Object(record)
            }
        };
        let column = optional(self, found.value, false);
        let rule = optional(self, found.condition, true);
        let by = match found.by.into_iter().next() {
            None => Json::Null,
            Some(Sort { expr, .. }) => optional(self, Some(expr), false),
        };
        Some(json!({"function": function, "distinct": distinct, "as": alias, "column": column,
                    "rule": rule, "by": by}))
    }

    /// `orders.amount`, which is `amount of orders`.
    pub(super) fn reduced_path(
        &mut self,
        ty: &ParamType,
        expr: &ast::Expr,
        name: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let span = expr.span;
        match &*ungrouped(expr).kind {
            ast::ExprKind::Path(path) if path.parts.len() > 1 => {
                let (last, link) = path.parts.split_last()?;
                let link = ast::Path { parts: link.to_vec(), span: path.span };
                let value = ast::Path { parts: vec![last.clone()], span: last.span };
                let arg = ast::Arg {
                    name: None,
                    distinct: false,
                    expr: ast::Expr::new(ast::ExprKind::Path(value), last.span),
                    of: Some(link),
                    condition: None,
                    by: Vec::new(),
                    span,
                };
                self.reduce(ty, &arg, name, binder)
            }
            _ => self.wrong(
                name,
                &ty.describe(),
                span,
                "not such a path",
                Some(format!("write `{name}: VALUE of LINK where …` or `{name}: LINK.COLUMN`")),
                binder,
            ),
        }
    }

    /// What the functions of the parameter make of `amount of orders where paid`.
    pub(super) fn reduce(
        &mut self,
        ty: &ParamType,
        arg: &ast::Arg,
        name: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let ParamType::Reduce { of, functions, accepts } = ty else { return None };
        let at = self.relation(of)?;
        let span = arg.span;
        let mut records = Map::new();
        for function in functions {
            let call = ast::CallExpr {
                function: ast::Path { parts: vec![ast::Name::new(function.clone(), span)], span },
                args: vec![arg.clone()],
                args_span: span,
            };
            let call = ast::Expr::new(ast::ExprKind::Call(call), span);
            let scope = self.scopes[at].clone();
            let bound = binder.value(&call, &scope);
            if bound.ty == Type::Error {
                self.fine = false;
                return None;
            }
            let reduced = match &*bound.kind {
                ExprKind::Aggregate { value: Some(value), .. } => value.ty.clone(),
                _ => bound.ty.clone(),
            };
            if !wire::accepts(accepts, &reduced) {
                return self.of_wrong_type(accepts, &reduced, name, arg.expr.span, binder);
            }
            records.insert(function.clone(), Json::Object(self.record(at, bound, true, binder)));
        }
        Some(Json::Object(records))
    }

    pub(super) fn template(
        &mut self,
        of: &str,
        expr: &ast::Expr,
        name: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let at = self.relation(of)?;
        let ast::ExprKind::Literal(ast::Literal::Text(text)) = &*ungrouped(expr).kind else {
            return self.wrong(
                name,
                "a text with `{{column}}`",
                expr.span,
                "a text is needed",
                None,
                binder,
            );
        };
        let mut pieces = Vec::new();
        for (piece, is_name) in template_pieces(text) {
            if !is_name {
                pieces.push(json!(piece));
                continue;
            }
            let parts = piece
                .split('.')
                .map(|p| ast::Name::new(p.trim().trim_matches('`').to_owned(), expr.span))
                .collect();
            let path = ast::Path { parts, span: expr.span };
            let path = ast::Expr::new(ast::ExprKind::Path(path), expr.span);
            let (_, bound) = self.over(of, &path, binder)?;
            let mut folder = Folder {
                program: binder.program(),
                clock: &self.clock,
                errors: Default::default(),
            };
            let folded = folder.fold(&bound);
            match fold::literal(&folded) {
                Some(Value::Missing) => self.complete = false,
                Some(value) => {
                    pieces.push(json!(crate::engine::duckdb::print::plain(value)));
                }
                None => {
                    let record = self.record(at, bound, false, binder);
                    self.mentions(at, &record, expr.span);
                    pieces.push(Json::Object(record));
                }
            }
        }
        Some(Json::Array(pieces))
    }
}

/// The pieces of a text with `{{names}}`, each with whether it is a name.
fn template_pieces(text: &str) -> Vec<(&str, bool)> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let Some(end) = rest[start..].find("}}") else { break };
        if start > 0 {
            pieces.push((&rest[..start], false));
        }
        pieces.push((rest[start + 2..start + end].trim(), true));
        rest = &rest[start + end + 2..];
    }
    if !rest.is_empty() {
        pieces.push((rest, false));
    }
    pieces
}
