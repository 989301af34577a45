//! Which types go together, and the words that messages have for types and expressions.

use crate::model::expr::{Expr, ExprKind};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::syntax::ast;

pub(in crate::check) use crate::model::types::a;

/// Whether two types can be compared.
pub(in crate::check) fn fits(l: &Type, r: &Type) -> bool {
    l.is_wild()
        || r.is_wild()
        || l == r
        || (l.is_number() && r.is_number())
        || (l.is_time() && r.is_time())
        || (*l == Type::Json && matches!(r, Type::Text | Type::Bool))
        || (*r == Type::Json && matches!(l, Type::Text | Type::Bool))
        || (*l == Type::Json && (r.is_number() || r.is_time()))
        || (*r == Type::Json && (l.is_number() || l.is_time()))
}

/// Whether a parameter of the first type takes a value of the second: int widens to decimal and
/// float, a date is the midnight of a timestamp.
pub(in crate::check) fn takes(param: &Type, value: &Type) -> bool {
    match (param, value) {
        (p, v) if v.is_wild() || *p == Type::Error => true,
        // One value is a list of one.
        (Type::List(p), v) if !matches!(v, Type::List(_)) => takes(p, v),
        (Type::Decimal { .. }, Type::Int | Type::Decimal { .. }) => true,
        (Type::Float, v) => v.is_number(),
        (Type::Timestamp, v) => v.is_time(),
        (Type::List(p), Type::List(v)) => takes(p, v),
        (Type::Text, Type::Json) => true,
        (p, v) => p == v,
    }
}

/// A literal where a list is taken: a list of one.
pub(in crate::check) fn listed(value: Expr, param: &Type) -> Expr {
    match (&*value.kind, param) {
        (ExprKind::Literal(Value::List(_)), _) => value,
        (ExprKind::Literal(one), Type::List(_)) if *one != Value::Missing => {
            let list = Value::List(vec![one.clone()]);
            Expr::new(ExprKind::Literal(list), param.clone(), value.span)
        }
        _ => value,
    }
}

/// The value widened to a type; unchanged where it has it.
pub(in crate::check) fn widen(value: Expr, ty: &Type) -> Expr {
    if value.ty == *ty || value.ty.is_wild() || matches!(*value.kind, ExprKind::Error) {
        return value;
    }
    let span = value.span;
    Expr::new(ExprKind::Convert(value), ty.clone(), span)
}

/// Whether a value is known before the run looks at data.
pub(in crate::check) fn is_constant(e: &Expr) -> bool {
    let mut constant = true;
    e.walk(&mut |e| {
        constant &= !matches!(
            &*e.kind,
            ExprKind::Column { .. }
                | ExprKind::Carried { .. }
                | ExprKind::Member { .. }
                | ExprKind::Moved { .. }
                | ExprKind::Quantified { .. }
                | ExprKind::Aggregate { .. }
                | ExprKind::Matches { .. }
                | ExprKind::Sql(_)
                | ExprKind::CountOf(_)
                | ExprKind::SizeOf(_)
                | ExprKind::EveryOf { .. }
        );
    });
    constant
}

pub(in crate::check) fn plural(ty: &Type) -> String {
    match ty {
        Type::Text => "texts".into(),
        Type::Int => "whole numbers".into(),
        Type::Decimal { .. } => "decimals".into(),
        Type::Date => "dates".into(),
        ty => format!("values of type {ty}"),
    }
}

pub(in crate::check) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

pub(in crate::check) fn count(n: usize, what: &str) -> String {
    match n {
        0 => format!("no {what}s"),
        1 => format!("one {what}"),
        n => format!("{n} {what}s"),
    }
}

/// An expression as the script would write it, for proposals; `…` where it is long.
pub(in crate::check) fn describe(e: &ast::Expr) -> String {
    match &*e.kind {
        ast::ExprKind::Path(path) => crate::check::binder::dotted(path),
        ast::ExprKind::Group(inner) => format!("({})", describe(inner)),
        ast::ExprKind::Neg(inner) => format!("-{}", describe(inner)),
        ast::ExprKind::Literal(l) => match l {
            ast::Literal::Text(t) => format!("\"{}\"", t.replace('"', "\"\"")),
            ast::Literal::Number(n) | ast::Literal::Date(n) => n.clone(),
            ast::Literal::Percent(n) => format!("{n}%"),
            ast::Literal::Bool(b) => b.to_string(),
            ast::Literal::Today => "today".into(),
            ast::Literal::Now => "now".into(),
            ast::Literal::Missing => "missing".into(),
            ast::Literal::Duration(parts) => parts
                .iter()
                .map(|(n, unit)| {
                    format!("{} {}", describe(n), crate::check::print::unit_name(*unit))
                })
                .collect::<Vec<_>>()
                .join(" "),
        },
        ast::ExprKind::Call(call) => {
            let args: Vec<String> = call
                .args
                .iter()
                .map(|arg| {
                    let mut text = describe(&arg.expr);
                    if let Some(of) = &arg.of {
                        text = format!("{text} of {}", crate::check::binder::dotted(of));
                    }
                    text
                })
                .collect();
            format!("{}({})", crate::check::binder::dotted(&call.function), args.join(", "))
        }
        _ => "…".into(),
    }
}

/// A number as written; `None` when it has too many digits or is none.
pub(in crate::check) fn parse_number(text: &str) -> Option<Value> {
    let text = text.replace('_', "");
    match text.split_once('.') {
        None => text.parse().ok().map(Value::Int),
        Some((whole, fraction)) => {
            if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let scale = u8::try_from(fraction.len()).ok().filter(|s| *s <= 38)?;
            let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
            (digits.unsigned_abs() < 10u128.pow(38)).then_some(Value::Decimal { digits, scale })
        }
    }
}
