//! Which linked rows a grouped query needs to read: those that any of its aggregates asks for.
//!
//! Each aggregate has a filter of its own, behind the scan. Where all of them have a lower (or an
//! upper) bound for one column, the weakest of the bounds is asked of the scan itself, which can
//! then leave out whole parts of a file that is ordered by it, mostly by time.

use std::cmp::Ordering;

use crate::model::expr::Comparison;
use crate::model::value::Value;
use crate::plan::query::Scalar;

/// A comparison of a column with a constant.
struct Bound<'s> {
    column: &'s Scalar,
    /// From below.
    lower: bool,
    value: &'s Value,
    whole: &'s Scalar,
}

fn bound(part: &Scalar) -> Option<Bound<'_>> {
    let Scalar::Compare(op, column, value) = part else { return None };
    let lower = match op {
        Comparison::Ge | Comparison::Gt => true,
        Comparison::Le | Comparison::Lt => false,
        Comparison::Eq => return None,
    };
    match (&**column, &**value) {
        (column @ Scalar::Column(..), Scalar::Literal(value, _)) => {
            Some(Bound { column, lower, value, whole: part })
        }
        _ => None,
    }
}

/// The bounds of columns that hold for each row that any of the filters lets through; each filter
/// is given by its parts, all of which must hold.
pub(super) fn bounds(filters: &[Vec<Scalar>]) -> Vec<Scalar> {
    let Some((first, rest)) = filters.split_first() else { return Vec::new() };
    if rest.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<Scalar> = Vec::new();
    for start in first.iter().filter_map(bound) {
        let weakest = rest.iter().try_fold(start, |weakest, filter| {
            let same = |b: &Bound<'_>| b.column == weakest.column && b.lower == weakest.lower;
            // Of several bounds of one filter any will do: all must hold.
            filter.iter().filter_map(bound).find(same).and_then(|b| weaker(weakest, b))
        });
        if let Some(weakest) = weakest
            && !found.contains(weakest.whole)
        {
            found.push(weakest.whole.clone());
        }
    }
    found
}

/// The bound that lets more rows through; nothing where their values cannot be compared.
fn weaker<'s>(a: Bound<'s>, b: Bound<'s>) -> Option<Bound<'s>> {
    let order = match (a.value, b.value) {
        (Value::Int(x), Value::Int(y)) => x.cmp(y),
        (Value::Date(x), Value::Date(y)) => x.cmp(y),
        (Value::Timestamp(x), Value::Timestamp(y)) => x.cmp(y),
        (Value::Instant(x), Value::Instant(y)) => x.cmp(y),
        (Value::Decimal { digits: x, scale: s }, Value::Decimal { digits: y, scale: t })
            if s == t =>
        {
            x.cmp(y)
        }
        _ => return None,
    };
    Some(match (order, a.lower) {
        (Ordering::Less, true) | (Ordering::Greater, false) => a,
        (Ordering::Greater, true) | (Ordering::Less, false) => b,
        // `>=` lets more through than `>`.
        (Ordering::Equal, _) => match a.whole {
            Scalar::Compare(Comparison::Ge | Comparison::Le, ..) => a,
            _ => b,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::types::Type;

    fn compare(column: &str, op: Comparison, value: i128) -> Scalar {
        let column = Scalar::Column("o".into(), column.into());
        Scalar::Compare(
            op,
            Box::new(column),
            Box::new(Scalar::Literal(Value::Int(value), Type::Int)),
        )
    }

    #[test]
    fn the_weakest_bound_of_all_filters_is_asked_of_the_scan() {
        use Comparison::*;
        let filters = [
            vec![compare("day", Ge, 5), compare("day", Lt, 9)],
            vec![compare("day", Lt, 7), compare("day", Ge, 3), compare("amount", Gt, 1)],
            vec![compare("day", Gt, 3), compare("day", Lt, 8)],
        ];
        assert_eq!(bounds(&filters), [compare("day", Ge, 3), compare("day", Lt, 9)]);
    }

    #[test]
    fn a_filter_without_a_bound_needs_all_rows() {
        use Comparison::*;
        let filters = [vec![compare("day", Ge, 5)], vec![compare("amount", Ge, 3)]];
        assert_eq!(bounds(&filters), []);
        assert_eq!(bounds(&[vec![compare("day", Ge, 5)], Vec::new()]), []);
        assert_eq!(bounds(&[vec![compare("day", Ge, 5)], vec![compare("day", Le, 3)]]), []);
    }
}
