//! Expressions: what operators take and give.

mod arithmetic;
mod comparisons;
mod definitions;
mod membership;
mod types;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::{names as name_codes, types as codes};
use crate::model::expr::{Expr, ExprKind, Sort, SqlPart};
use crate::model::types::Type;
use crate::source::Span;
use crate::syntax::ast;

use super::binder::{Binder, error_expr, unknown_expr};
use super::scope::{Meaning, Scope};

pub(super) use comparisons::anniversary_of;
pub(super) use types::{
    a, capital, count, describe, fits, is_constant, listed, parse_number, takes, widen,
};

/// How deep a rule may be once its definitions are written out. Every later pass recurses as
/// deep; what the parser lets through of one expression fits well.
const MAX_DEPTH: usize = 320;
impl Binder<'_> {
    /// Binds an expression that must be a condition.
    pub(super) fn bind_condition(&mut self, e: &ast::Expr, scope: &Scope) -> Expr {
        let bound = self.bind(e, scope);
        match &bound.ty {
            Type::Bool | Type::Error => bound,
            ty => {
                let help = match ty {
                    Type::Missing => "write `false` for a condition that never holds".to_string(),
                    Type::Json => format!("compare it: `{} = true`", describe(e)),
                    Type::Int | Type::Decimal { .. } | Type::Float => {
                        format!("compare it: `{} > 0`", describe(e))
                    }
                    _ => format!("write `{} is present`, or compare it", describe(e)),
                };
                let title = match ty {
                    Type::Missing => "`missing` is not a condition".to_string(),
                    ty => format!("`{}` is {}, not a condition", describe(e), a(ty)),
                };
                self.wrong(
                    codes::NOT_A_CONDITION,
                    title,
                    e.span,
                    "a condition is needed",
                    Some(help),
                )
            }
        }
    }

    /// Binds an expression that must be a value: anything.
    pub(super) fn bind_value(&mut self, e: &ast::Expr, scope: &Scope) -> Expr {
        self.bind(e, scope)
    }

    /// Binds an expression that must be known before the run.
    pub(super) fn bind_constant(&mut self, e: &ast::Expr, scope: &Scope) -> Expr {
        let bound = self.bind(e, scope);
        if bound.ty != Type::Error && !is_constant(&bound) {
            return self.wrong(
                codes::NOT_CONSTANT,
                format!("`{}` depends on the data", describe(e)),
                e.span,
                "a literal or a parameter is needed",
                None,
            );
        }
        bound
    }

    /// Binds an expression.
    pub(super) fn bind(&mut self, e: &ast::Expr, scope: &Scope) -> Expr {
        if self.depth >= MAX_DEPTH {
            return self.too_deep(e.span);
        }
        self.depth += 1;
        let bound = self.bind_kind(e, scope);
        self.depth -= 1;
        bound
    }

    /// Reported once: a chain that is too long is so from each of its definitions.
    fn too_deep(&mut self, span: Span) -> Expr {
        if std::mem::replace(&mut self.too_deep_reported, true) {
            return error_expr(span);
        }
        self.wrong(
            codes::TOO_DEEP,
            "A rule is nested too deeply",
            span,
            "too deep, definitions written out",
            Some("use fewer definitions of definitions".to_string()),
        )
    }

    fn bind_kind(&mut self, e: &ast::Expr, scope: &Scope) -> Expr {
        let span = e.span;
        match &*e.kind {
            ast::ExprKind::And(parts) => {
                self.warn_every(parts);
                let parts: Vec<Expr> =
                    parts.iter().map(|p| self.bind_condition(p, scope)).collect();
                Expr::condition(ExprKind::And(flatten(parts, true)), span)
            }
            ast::ExprKind::Or(parts) => {
                let parts: Vec<Expr> =
                    parts.iter().map(|p| self.bind_condition(p, scope)).collect();
                Expr::condition(ExprKind::Or(flatten(parts, false)), span)
            }
            ast::ExprKind::Not(inner, _) => {
                let inner = self.bind_condition(inner, scope);
                if inner.ty == Type::Error {
                    return error_expr(span);
                }
                let mut negated = inner.not();
                negated.span = span;
                negated
            }
            ast::ExprKind::If(c, then, other) => self.bind_if(c, then, other, scope, span),
            ast::ExprKind::Compare { left, op, right, ignoring_case } => {
                self.bind_compare(left, *op, right, *ignoring_case, scope, span)
            }
            ast::ExprKind::Between(value, low, high) => {
                self.bind_between(value, low, high, scope, span)
            }
            ast::ExprKind::In { value, list, ignoring_case } => {
                self.bind_in(value, list, *ignoring_case, scope, span)
            }
            ast::ExprKind::InWindow(value, window) => {
                self.bind_in_window(value, window, scope, span)
            }
            ast::ExprKind::Member { row, target } => {
                self.bind_member(row.as_ref(), target, scope, span)
            }
            ast::ExprKind::Moved { entered, target, window } => {
                self.bind_moved(*entered, target, window, scope, span)
            }
            ast::ExprKind::IsMissing(inner) => match self.tested(inner, scope) {
                Some(value) => Expr::condition(ExprKind::IsMissing(value), span),
                None => error_expr(span),
            },
            ast::ExprKind::IsEmpty(inner) => match self.tested(inner, scope) {
                Some(value) => Expr::condition(ExprKind::IsEmpty(value), span),
                None => error_expr(span),
            },
            ast::ExprKind::TextTest { value, op, pattern, ignoring_case } => {
                self.bind_test(value, *op, pattern, *ignoring_case, scope, span)
            }
            ast::ExprKind::Within { value, distance, side, anchor } => {
                let value = self.time_operand(value, scope);
                let distance = self.duration_operand(distance, scope);
                let anchor = self.time_operand(anchor, scope);
                self.uses_zone(span);
                match (value, distance, anchor) {
                    (Some(value), Some(distance), Some(anchor)) => Expr::condition(
                        ExprKind::Within { value, distance, side: *side, anchor },
                        span,
                    ),
                    _ => error_expr(span),
                }
            }
            ast::ExprKind::Quantified { quantifier, link, condition } => {
                self.bind_quantified(quantifier, link, condition.as_ref(), scope, span)
            }
            ast::ExprKind::Arith(left, op, right) => self.bind_arith(left, *op, right, scope, span),
            ast::ExprKind::Neg(inner) => self.bind_neg(inner, scope, span),
            ast::ExprKind::Ago(inner) => self.bind_ago(inner, scope, span),
            ast::ExprKind::Call(call) => self.bind_call(call, scope, span),
            ast::ExprKind::List(items) => self.bind_list_value(items, scope, span),
            ast::ExprKind::Group(inner) => {
                let mut bound = self.bind(inner, scope);
                bound.span = span;
                bound
            }
            ast::ExprKind::Path(path) => self.bind_path(path, scope),
            ast::ExprKind::Literal(literal) => self.bind_literal(literal, scope, span),
            ast::ExprKind::Sql(ty, text) => self.bind_sql(ty, text, scope, span),
            ast::ExprKind::Invalid => error_expr(span),
        }
    }

    fn bind_if(
        &mut self,
        c: &ast::Expr,
        then: &ast::Expr,
        other: &ast::Expr,
        scope: &Scope,
        span: Span,
    ) -> Expr {
        let c = self.bind_condition(c, scope);
        let a_value = self.bind_value(then, scope);
        let b_value = self.bind_value(other, scope);
        let Some(ty) = a_value.ty.widened(&b_value.ty) else {
            self.report(
                Diagnostic::error(
                    codes::MISMATCH,
                    format!("`then` gives {}, `else` gives {}", a(&a_value.ty), a(&b_value.ty)),
                )
                .label(other.span, format!("this is {}", a(&b_value.ty)))
                .label(then.span, format!("this is {}", a(&a_value.ty)))
                .help("convert one of them"),
            );
            return error_expr(span);
        };
        if c.ty == Type::Error {
            return unknown_expr(ty, span);
        }
        let a_value = widen(a_value, &ty);
        let b_value = widen(b_value, &ty);
        Expr::new(ExprKind::If(c, a_value, b_value), ty, span)
    }

    /// What `is missing` and its kin test: a value, or whether a to-one link leads to a row.
    fn tested(&mut self, inner: &ast::Expr, scope: &Scope) -> Option<Expr> {
        let mut bare = inner;
        while let ast::ExprKind::Group(e) = &*bare.kind {
            bare = e;
        }
        if let ast::ExprKind::Path(path) = &*bare.kind {
            return match self.meaning(path, scope) {
                Meaning::Row { row, dimension } => {
                    let key = self.program[dimension].key.first().copied().unwrap_or(0);
                    Some(self.column_expr(dimension, &row, key, inner.span))
                }
                Meaning::Many { .. } => {
                    let written = crate::check::binder::dotted(path);
                    self.wrong(
                        name_codes::NOT_A_VALUE,
                        format!("`{written}` leads to many rows and is not a value"),
                        path.span,
                        "linked rows",
                        Some(format!("write `no {written}` or `any {written}`")),
                    );
                    None
                }
                Meaning::Value(value) => (value.ty != Type::Error).then_some(value),
            };
        }
        let value = self.bind_value(inner, scope);
        (value.ty != Type::Error).then_some(value)
    }

    fn bind_sql(&mut self, ty: &ast::Name, text: &ast::Text, scope: &Scope, span: Span) -> Expr {
        if self.options.fence.is_some() {
            return self.wrong(
                codes::SQL_OFF,
                "`sql` is off",
                span,
                "not under `--safe`",
                Some("write it in the language".to_string()),
            );
        }
        let type_name =
            ast::TypeName { list: false, name: ty.clone(), args: Vec::new(), span: ty.span };
        let Some(ty) = self.type_of_name(&type_name) else { return error_expr(span) };
        let mut parts = Vec::new();
        let mut fine = true;
        for piece in super::templates::pieces(&text.node) {
            match piece {
                super::templates::Piece::Text(t) => parts.push(SqlPart::Text(t.to_string())),
                super::templates::Piece::Name(name) => {
                    let path = ast::Path {
                        parts: name
                            .split('.')
                            .map(|p| {
                                crate::source::Spanned::new(
                                    p.trim().trim_matches('`').to_string(),
                                    text.span,
                                )
                            })
                            .collect(),
                        span: text.span,
                    };
                    let value = self.bind_path(&path, scope);
                    fine &= value.ty != Type::Error;
                    parts.push(SqlPart::Value(value));
                }
            }
        }
        if !fine {
            return unknown_expr(ty, span);
        }
        Expr::new(ExprKind::Sql(parts), ty, span)
    }

    /// Reports a sort key of a type that has no order.
    pub(super) fn check_sortable(&mut self, expr: &Expr) -> bool {
        if matches!(
            expr.ty,
            Type::List(_) | Type::Struct(_) | Type::Json | Type::Other(_) | Type::Duration
        ) {
            self.wrong(
                codes::OPERAND,
                format!("{} has no order", capital(&a(&expr.ty))),
                expr.span,
                "cannot be sorted by",
                None,
            );
            return false;
        }
        true
    }

    /// Sort keys over a scope.
    pub(super) fn bind_sorts(&mut self, sorts: &[ast::Sort], scope: &Scope) -> Vec<Sort> {
        sorts
            .iter()
            .map(|s| {
                let expr = self.bind_value(&s.expr, scope);
                self.check_sortable(&expr);
                Sort { expr, descending: s.descending }
            })
            .collect()
    }
}

fn flatten(parts: Vec<Expr>, and: bool) -> Vec<Expr> {
    let mut all = Vec::new();
    for part in parts {
        match &*part.kind {
            ExprKind::And(inner) if and => all.extend(inner.iter().cloned()),
            ExprKind::Or(inner) if !and => all.extend(inner.iter().cloned()),
            _ => all.push(part),
        }
    }
    all
}
