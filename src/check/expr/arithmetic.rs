//! Arithmetic: numbers, times and durations, percentages.

use crate::diagnostic::codes::types as codes;
use crate::model::expr::{Expr, ExprKind};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::source::Span;
use crate::syntax::ast::{self, ArithOp};

use crate::check::binder::{Binder, error_expr};
use crate::check::scope::Scope;

use super::types::{a, describe, parse_number};

impl Binder<'_> {
    pub(in crate::check) fn bind_arith(
        &mut self,
        left: &ast::Expr,
        op: crate::source::Spanned<ArithOp>,
        right: &ast::Expr,
        scope: &Scope,
        span: Span,
    ) -> Expr {
        let l = self.bind_value(left, scope);
        let r = self.bind_value(right, scope);
        if l.ty == Type::Error || r.ty == Type::Error {
            return error_expr(span);
        }
        let adds = matches!(op.node, ArithOp::Add | ArithOp::Sub);
        if adds
            && let Some(digits) = percent_of(right)
            && percent_of(left).is_none()
        {
            let (sign, word) =
                if op.node == ArithOp::Add { (1, "added") } else { (-1, "taken away") };
            let factor = percent_factor(digits, sign);
            return self.wrong(
                codes::PERCENT,
                format!("`{digits}%` is {word} as a plain number"),
                right.span,
                format!("the number {}", percent_plain(digits)),
                Some(match factor {
                    Some(factor) => format!("write `{} * {factor}%`", describe(left)),
                    None => format!("write `{} * …`", describe(left)),
                }),
            );
        }
        if l.ty.is_number() && r.ty.is_number() {
            let ty = arith_type(op.node, &l.ty, &r.ty);
            return Expr::new(ExprKind::Arith(op.node, l, r), ty, span);
        }
        // `missing` and numbers: missing.
        if l.ty == Type::Missing || r.ty == Type::Missing {
            return Expr::new(ExprKind::Literal(Value::Missing), Type::Missing, span);
        }
        match (op.node, &l.ty, &r.ty) {
            (ArithOp::Add | ArithOp::Sub, t, Type::Duration) if t.is_time() => {
                return self.shift(l, r, op.node == ArithOp::Sub, span);
            }
            (ArithOp::Add, Type::Duration, t) if t.is_time() => {
                return self.shift(r, l, false, span);
            }
            (ArithOp::Add | ArithOp::Sub, Type::Duration, Type::Duration) => {
                return self.add_durations(&l, &r, op.node == ArithOp::Sub, span);
            }
            (ArithOp::Sub, a_ty, b_ty) if a_ty.is_time() && b_ty.is_time() => {
                return self.wrong(
                    codes::OPERAND,
                    "Dates are not taken from each other",
                    op.span,
                    "not for two dates",
                    Some(format!("write `days_between({}, {})`", describe(right), describe(left))),
                );
            }
            (ArithOp::Add | ArithOp::Sub, t, n) if t.is_time() && n.is_number() => {
                return self.wrong(
                    codes::OPERAND,
                    "A number is not a length of time",
                    right.span,
                    "a duration is needed",
                    Some(match &*right.kind {
                        ast::ExprKind::Literal(_) => format!("write `{} days`", describe(right)),
                        _ => format!("write `({}) days`", describe(right)),
                    }),
                );
            }
            (ArithOp::Add, Type::Text, Type::Text) => {
                return self.wrong(
                    codes::OPERAND,
                    "Texts are not added",
                    op.span,
                    "only for numbers",
                    Some(format!("write `concat({}, {})`", describe(left), describe(right))),
                );
            }
            _ => {}
        }
        let (bad, written) = if l.ty.is_number() { (&r, right) } else { (&l, left) };
        let sign = match op.node {
            ArithOp::Add => "+",
            ArithOp::Sub => "-",
            ArithOp::Mul => "*",
            ArithOp::Div => "/",
        };
        let help =
            (bad.ty == Type::Text).then(|| format!("write `decimal({}, 2)`", describe(written)));
        self.wrong(
            codes::OPERAND,
            format!("`{sign}` cannot take {}", a(&bad.ty)),
            written.span,
            format!("this is {}", a(&bad.ty)),
            help,
        )
    }

    pub(in crate::check) fn bind_neg(
        &mut self,
        inner: &ast::Expr,
        scope: &Scope,
        span: Span,
    ) -> Expr {
        let bound = self.bind_value(inner, scope);
        match (&bound.ty, &*bound.kind) {
            (Type::Error, _) => error_expr(span),
            (_, ExprKind::Literal(Value::Int(i))) => Expr::literal(Value::Int(-i), span),
            (_, ExprKind::Literal(Value::Decimal { digits, scale })) => {
                Expr::literal(Value::Decimal { digits: -digits, scale: *scale }, span)
            }
            (_, ExprKind::Literal(Value::Duration(d))) => {
                Expr::literal(Value::Duration(d.negated()), span)
            }
            (Type::Missing, _) => bound,
            (ty, _) if ty.is_number() => {
                let ty = ty.clone();
                Expr::new(ExprKind::Neg(bound), ty, span)
            }
            (ty, _) => {
                let ty = a(ty);
                self.wrong(
                    codes::OPERAND,
                    format!("`-` cannot take {ty}"),
                    inner.span,
                    format!("this is {ty}"),
                    None,
                )
            }
        }
    }
}

/// The digits of a percentage, brackets around it aside.
pub(in crate::check) fn percent_of(e: &ast::Expr) -> Option<&str> {
    match &*e.kind {
        ast::ExprKind::Group(inner) => percent_of(inner),
        ast::ExprKind::Literal(ast::Literal::Percent(digits)) => Some(digits),
        _ => None,
    }
}

/// `10` percent as a plain number: `0.10`.
pub(in crate::check) fn percent_plain(digits: &str) -> String {
    match crate::check::times::percent_value(digits) {
        Some(Value::Decimal { digits, scale }) => crate::model::value::decimal_text(digits, scale),
        _ => digits.to_string(),
    }
}

/// 100 % plus or minus so many.
pub(in crate::check) fn percent_factor(digits: &str, sign: i128) -> Option<String> {
    match parse_number(digits)? {
        Value::Int(i) => Some((100 + sign * i).to_string()),
        Value::Decimal { digits, scale } => {
            let hundred = 100i128.checked_mul(10i128.checked_pow(scale.into())?)?;
            Some(crate::model::value::decimal_text(hundred.checked_add(sign * digits)?, scale))
        }
        _ => None,
    }
}

/// The type of arithmetic on two numbers. Division is never whole-numbered.
pub(in crate::check) fn arith_type(op: ArithOp, l: &Type, r: &Type) -> Type {
    use Type::*;
    let digits = |t: &Type| match t {
        Decimal { precision, scale } => (*precision, *scale),
        _ => (19, 0),
    };
    match (op, l, r) {
        (ArithOp::Div, ..) | (_, Float, _) | (_, _, Float) => Float,
        (_, Int, Int) => Int,
        (ArithOp::Mul, l, r) => {
            let ((p1, s1), (p2, s2)) = (digits(l), digits(r));
            Decimal { precision: (p1 + p2).min(38), scale: (s1 + s2).min(38) }
        }
        (_, l, r) => {
            let ((p1, s1), (p2, s2)) = (digits(l), digits(r));
            let scale = s1.max(s2);
            let whole = (p1 - s1).max(p2 - s2);
            Decimal { precision: (whole + scale + 1).min(38), scale }
        }
    }
}
