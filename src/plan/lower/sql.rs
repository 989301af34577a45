//! Scalars that every file of this folder makes.

use crate::model::expr::*;
use crate::model::types::Type;
use crate::model::value::Value;
use crate::plan::query::*;

use super::Pair;

/// `count(*)`
pub fn count_rows() -> Scalar {
    Scalar::Aggregate(Box::new(count_call()))
}

/// The count of rows, as the aggregate it is.
pub(super) fn count_call() -> AggregateCall {
    AggregateCall {
        function: Aggregate::Count,
        arg: None,
        arg_ty: Type::Int,
        filter: None,
        order: Vec::new(),
        separator: None,
    }
}

pub(super) fn null() -> Scalar {
    Scalar::Literal(Value::Missing, Type::Missing)
}

/// TRUE or FALSE.
pub fn truth(holds: bool) -> Scalar {
    Scalar::Literal(Value::Bool(holds), Type::Bool)
}

/// `a = b`
pub fn equal(a: Scalar, b: Scalar) -> Scalar {
    Scalar::Compare(Comparison::Eq, Box::new(a), Box::new(b))
}

/// SQL AND, flattened.
pub fn and(parts: Vec<Scalar>) -> Scalar {
    let mut all = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Scalar::And(inner) => all.extend(inner),
            Scalar::Literal(Value::Bool(true), _) => {}
            other => all.push(other),
        }
    }
    match all.len() {
        0 => truth(true),
        1 => all.swap_remove(0),
        _ => Scalar::And(all),
    }
}

/// SQL OR, flattened.
pub fn or(parts: Vec<Scalar>) -> Scalar {
    let mut all = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Scalar::Or(inner) => all.extend(inner),
            Scalar::Literal(Value::Bool(false), _) => {}
            other => all.push(other),
        }
    }
    match all.len() {
        0 => truth(false),
        1 => all.swap_remove(0),
        _ => Scalar::Or(all),
    }
}

/// Whether a comparison with this constant does not hold for zero.
pub(super) fn refuses_zero(op: Comparison, constant: Option<&Value>) -> bool {
    let sign = match constant {
        Some(Value::Int(n)) => n.signum(),
        Some(Value::Decimal { digits, .. }) => digits.signum(),
        _ => return false,
    };
    match op {
        Comparison::Eq => sign != 0,
        Comparison::Lt => sign <= 0,
        Comparison::Le => sign < 0,
        Comparison::Gt => sign >= 0,
        Comparison::Ge => sign > 0,
    }
}

/// An aggregate whose zero over nothing makes no difference: without `coalesce` the engine may turn
/// the LEFT JOIN it comes from into an inner one.
pub(super) fn without_zero(scalar: Scalar) -> Scalar {
    match scalar {
        Scalar::Coalesce(mut parts)
            if matches!(
                parts.as_slice(),
                [Scalar::Column(..), Scalar::Literal(Value::Int(0), _)]
            ) =>
        {
            parts.swap_remove(0)
        }
        other => other,
    }
}

/// A test that is NULL when one of these values is.
pub(super) fn test<const N: usize>(
    holds: Scalar,
    values: [(Scalar, bool); N],
    positive: bool,
) -> Scalar {
    if positive { holds } else { or_missing(Scalar::Not(Box::new(holds)), values) }
}

pub(super) fn or_missing<const N: usize>(inverse: Scalar, values: [(Scalar, bool); N]) -> Scalar {
    let mut parts = vec![inverse];
    for (value, _) in values.into_iter().filter(|(_, nullable)| *nullable) {
        parts.push(Scalar::IsNull(Box::new(value)));
    }
    or(parts)
}

pub(super) fn present(key: Scalar, positive: bool) -> Scalar {
    let key = Box::new(key);
    if positive { Scalar::IsNotNull(key) } else { Scalar::IsNull(key) }
}

/// The key columns `k0…` of a joined query and the condition that ties them to the outer values.
pub(super) fn join_keys(pairs: Vec<Pair>, alias: &Alias) -> (Vec<(String, Scalar)>, Scalar) {
    let mut columns = Vec::new();
    let mut on = Vec::new();
    for (n, (outer, inner)) in pairs.into_iter().enumerate() {
        let name = format!("k{n}");
        columns.push((name.clone(), inner));
        on.push(equal(outer, Scalar::Column(alias.clone(), name)));
    }
    (columns, and(on))
}

/// A JSON value read as a type; NULL where it is something else.
pub(super) fn json_as(text: Scalar, ty: &Type) -> Scalar {
    let target = match ty {
        Type::Int | Type::Decimal { .. } => Type::Decimal { precision: 38, scale: 10 },
        Type::Text | Type::Json | Type::Missing | Type::Error => return text,
        other => other.clone(),
    };
    Scalar::TryCast(Box::new(text), target)
}
