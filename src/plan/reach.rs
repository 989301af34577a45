//! Which rows of a source rules can need, and whether rules had better be decided in one scan.
//!
//! A rule that bounds a column needs no row beyond the bounds, and a scan that is asked for them leaves
//! out whole parts of a source that is ordered by it, mostly by time. Rules that share a scan need
//! what lies between the widest of their bounds. That is less than what they read one by one, but for
//! bounds far apart: the first days of one year and the last of another. The engine's
//! [`Statistics`] say how many rows lie where; where it has none, a scan is shared.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use crate::model::expr::*;
use crate::model::program::{DimId, Program};
use crate::model::schema::{Column, Scan};
use crate::model::types::Type;
use crate::model::value::Value;

use super::query::{Alias, Scalar};

/// What the engine knows of a source without reading its rows.
pub trait Statistics {
    /// The parts of a source that a scan can leave out, by the values they have in a column. `None` where
    /// that is not known.
    fn parts(&self, scan: &Scan, column: &Column) -> Option<Vec<Part>>;
}

/// No statistics.
pub struct Unknown;

impl Statistics for Unknown {
    fn parts(&self, _: &Scan, _: &Column) -> Option<Vec<Part>> {
        None
    }
}

/// A part of a source: a row group.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// How many it has.
    pub rows: u64,
    /// The lowest value, or missing where it is not known.
    pub low: Value,
    /// The highest value, or missing where it is not known.
    pub high: Value,
}

/// The bounds that a rule has for columns of one row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reach {
    ranges: BTreeMap<String, Range>,
}

/// From where to where.
#[derive(Clone, Debug, Default, PartialEq)]
struct Range {
    low: Option<Bound>,
    high: Option<Bound>,
}

#[derive(Clone, Debug, PartialEq)]
struct Bound {
    value: Value,
    ty: Type,
    /// The value itself is not within.
    strict: bool,
}

/// Which of two bounds to take.
#[derive(Clone, Copy, PartialEq)]
enum Wanted {
    /// The one that lets fewer rows through.
    Stronger,
    /// The one that lets more rows through.
    Weaker,
}

impl Reach {
    /// Of conditions that must all hold, over the row in a frame.
    pub fn of<'e>(
        program: &Program,
        dimension: DimId,
        frame: u16,
        parts: impl IntoIterator<Item = &'e Expr>,
    ) -> Reach {
        let mut reach = Reach::default();
        let column = |e: &Expr| match &*e.kind {
            ExprKind::Column { row, column } if row.frame == frame && row.links.is_empty() => {
                Some((program[dimension].columns.get(*column)?.name.clone(), e.ty.clone()))
            }
            _ => None,
        };
        for part in parts {
            match &*part.kind {
                ExprKind::Compare { op, left, right, ignoring_case: false } => {
                    match (column(left), column(right)) {
                        (Some(column), None) => reach.narrow(&column, *op, right),
                        (None, Some(column)) => reach.narrow(&column, mirrored(*op), left),
                        _ => {}
                    }
                }
                ExprKind::Between { value, low, high } => {
                    if let Some(column) = column(value) {
                        reach.narrow(&column, Comparison::Ge, low);
                        reach.narrow(&column, Comparison::Le, high);
                    }
                }
                ExprKind::In { value, list, ignoring_case: false } => {
                    if let Some(column) = column(value) {
                        let each = |e: &Expr| {
                            let mut one = Reach::default();
                            one.narrow(&column, Comparison::Eq, e);
                            one
                        };
                        if let Some(all) = list.iter().map(each).reduce(|a, b| a.hull(&b)) {
                            for (name, range) in all.ranges {
                                reach.set(name, range);
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        reach
    }

    fn narrow(&mut self, (name, ty): &(String, Type), op: Comparison, value: &Expr) {
        let exact = |ty: &Type| matches!(ty, Type::Int | Type::Decimal { .. });
        let Some(found) = super::fold::literal(value) else { return };
        if value.ty != *ty && !(exact(ty) && exact(&value.ty)) || order(found, found).is_none() {
            return;
        }
        let strict = matches!(op, Comparison::Gt | Comparison::Lt);
        let bound = Some(Bound { value: found.clone(), ty: value.ty.clone(), strict });
        let range = match op {
            Comparison::Ge | Comparison::Gt => Range { low: bound, high: None },
            Comparison::Le | Comparison::Lt => Range { low: None, high: bound },
            Comparison::Eq => Range { low: bound.clone(), high: bound },
        };
        self.set(name.clone(), range);
    }

    fn set(&mut self, name: String, also: Range) {
        let range = self.ranges.entry(name).or_default();
        range.low = both(range.low.take(), also.low, true);
        range.high = both(range.high.take(), also.high, false);
    }

    /// Of two rules together: what lies within the weaker of their bounds.
    pub fn hull(&self, other: &Reach) -> Reach {
        let mut ranges = BTreeMap::new();
        for (name, a) in &self.ranges {
            let Some(b) = other.ranges.get(name) else { continue };
            let of = |a: &Option<Bound>, b: &Option<Bound>, lower| {
                choose(a.clone()?, b.clone()?, lower, Wanted::Weaker)
            };
            let range = Range { low: of(&a.low, &b.low, true), high: of(&a.high, &b.high, false) };
            if range != Range::default() {
                ranges.insert(name.clone(), range);
            }
        }
        Reach { ranges }
    }

    /// As conditions on the row with this alias.
    pub fn conditions(&self, alias: &Alias) -> Vec<Scalar> {
        let mut conditions = Vec::new();
        for (name, range) in &self.ranges {
            let mut ask = |bound: &Option<Bound>, ops: [Comparison; 2]| {
                let Some(bound) = bound else { return };
                let column = Scalar::Column(alias.clone(), name.clone());
                let value = Scalar::Literal(bound.value.clone(), bound.ty.clone());
                let op = ops[usize::from(bound.strict)];
                conditions.push(Scalar::Compare(op, Box::new(column), Box::new(value)));
            };
            ask(&range.low, [Comparison::Ge, Comparison::Gt]);
            ask(&range.high, [Comparison::Le, Comparison::Lt]);
        }
        conditions
    }
}

impl Range {
    /// Whether a part may have rows within.
    fn meets(&self, part: &Part) -> bool {
        let beyond = |bound: &Option<Bound>, edge: &Value, than: Ordering| {
            bound.as_ref().is_some_and(|b| order(edge, &b.value) == Some(than))
        };
        !beyond(&self.low, &part.high, Ordering::Less)
            && !beyond(&self.high, &part.low, Ordering::Greater)
    }
}

/// With the operands exchanged.
fn mirrored(op: Comparison) -> Comparison {
    match op {
        Comparison::Ge => Comparison::Le,
        Comparison::Gt => Comparison::Lt,
        Comparison::Le => Comparison::Ge,
        Comparison::Lt => Comparison::Gt,
        Comparison::Eq => Comparison::Eq,
    }
}

/// The bound of a rule that has both.
fn both(a: Option<Bound>, b: Option<Bound>, lower: bool) -> Option<Bound> {
    match (a, b) {
        // Where they cannot be compared either is true.
        (Some(a), Some(b)) => choose(a.clone(), b, lower, Wanted::Stronger).or(Some(a)),
        (a, b) => a.or(b),
    }
}

/// Nothing where their values cannot be compared.
fn choose(a: Bound, b: Bound, lower: bool, wanted: Wanted) -> Option<Bound> {
    let order = match order(&a.value, &b.value)? {
        // `>=` lets more through than `>`.
        Ordering::Equal if lower => a.strict.cmp(&b.strict),
        Ordering::Equal => b.strict.cmp(&a.strict),
        order => order,
    };
    // Of two lower bounds the higher one is the stronger.
    let first_is_stronger = (order == Ordering::Greater) == lower;
    Some(if first_is_stronger == (wanted == Wanted::Stronger) { a } else { b })
}

/// Of values whose order is the same for everyone: of texts it depends on the source.
fn order(a: &Value, b: &Value) -> Option<Ordering> {
    let exact = |value: &Value| match value {
        Value::Int(i) => Some((*i, 0)),
        Value::Decimal { digits, scale } => Some((*digits, *scale)),
        _ => None,
    };
    match (a, b) {
        (Value::Date(x), Value::Date(y)) => Some(x.cmp(y)),
        (Value::Timestamp(x), Value::Timestamp(y)) => Some(x.cmp(y)),
        (Value::Instant(x), Value::Instant(y)) => Some(x.cmp(y)),
        (a, b) => {
            let ((x, s), (y, t)) = (exact(a)?, exact(b)?);
            let scale = s.max(t);
            let raised = |digits: i128, from: u8| {
                digits.checked_mul(10_i128.checked_pow(u32::from(scale - from))?)
            };
            Some(raised(x, s)?.cmp(&raised(y, t)?))
        }
    }
}

/// The parts of a dimension's source, by a column.
type Parts = HashMap<(DimId, String), Option<Rc<[Part]>>>;

/// How far rules reach, in rows.
pub struct Extents<'a> {
    statistics: &'a dyn Statistics,
    known: RefCell<Parts>,
}

impl<'a> Extents<'a> {
    /// By these statistics.
    pub fn new(statistics: &'a dyn Statistics) -> Self {
        Extents { statistics, known: RefCell::default() }
    }

    /// Why rules that need these rows of a dimension had better not share a scan of it, if so.
    pub fn apart(
        &self,
        program: &Program,
        dimension: DimId,
        a: &Reach,
        b: &Reach,
    ) -> Option<String> {
        let hull = a.hull(b);
        // One of them reads everything that the other needs.
        if hull == *a || hull == *b {
            return None;
        }
        let names: Vec<&String> = a.ranges.keys().chain(b.ranges.keys()).collect();
        let rows = |reach: &Reach| {
            let each = names.iter().filter_map(|name| self.rows(program, dimension, name, reach));
            each.min()
        };
        let (one, other, all) = (rows(a)?, rows(b)?, rows(&hull)?);
        let name = &program[dimension].name;
        (all > one + other).then(|| {
            format!(
                "{name} is read apart for bounds far from each other: {one} and {other} rows of row groups instead of {all}"
            )
        })
    }

    /// How many rows the parts have that a scan has to read, as far as one column tells.
    fn rows(&self, program: &Program, dimension: DimId, name: &str, reach: &Reach) -> Option<u64> {
        let parts = self.parts(program, dimension, name)?;
        let range = reach.ranges.get(name);
        let met = parts.iter().filter(|part| range.is_none_or(|range| range.meets(part)));
        Some(met.map(|part| part.rows).sum())
    }

    fn parts(&self, program: &Program, dimension: DimId, name: &str) -> Option<Rc<[Part]>> {
        let key = (dimension, name.to_owned());
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        let dim = &program[dimension];
        let index = dim.columns.iter().position(|c| c.name == name)?;
        // Of local times the source has other values than the rows.
        let moved = dim.local_instants.as_ref().is_some_and(|(_, of)| of.contains(&index));
        let parts =
            if moved { None } else { self.statistics.parts(&dim.scan, &dim.columns[index]) };
        let parts: Option<Rc<[Part]>> = parts.map(Into::into);
        self.known.borrow_mut().insert(key, parts.clone());
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(value: i128, strict: bool) -> Option<Bound> {
        Some(Bound { value: Value::Int(value), ty: Type::Int, strict })
    }

    fn reach(ranges: &[(&str, Option<Bound>, Option<Bound>)]) -> Reach {
        let mut reach = Reach::default();
        for (name, low, high) in ranges {
            reach.set((*name).into(), Range { low: low.clone(), high: high.clone() });
        }
        reach
    }

    #[test]
    fn together_rules_need_what_lies_within_the_weakest_bounds() {
        let first = reach(&[("day", bound(5, false), bound(9, true))]);
        let second =
            reach(&[("day", bound(3, false), bound(7, true)), ("amount", bound(1, true), None)]);
        let third = reach(&[("day", bound(3, true), bound(9, false))]);
        let all = first.hull(&second).hull(&third);
        assert_eq!(all, reach(&[("day", bound(3, false), bound(9, false))]));
        let column = || Box::new(Scalar::Column("o".into(), "day".into()));
        let value = |n| Box::new(Scalar::Literal(Value::Int(n), Type::Int));
        assert_eq!(
            all.conditions(&"o".into()),
            [
                Scalar::Compare(Comparison::Ge, column(), value(3)),
                Scalar::Compare(Comparison::Le, column(), value(9))
            ]
        );
    }

    #[test]
    fn a_rule_without_a_bound_needs_all_rows() {
        let bounded = reach(&[("day", bound(5, false), None)]);
        let other = reach(&[("amount", bound(3, false), None)]);
        let upper = reach(&[("day", None, bound(3, false))]);
        for all in [&other, &upper, &Reach::default()] {
            assert_eq!(bounded.hull(all), Reach::default());
        }
    }

    #[test]
    fn of_bounds_that_must_all_hold_the_strongest_counts() {
        let mut reach = reach(&[("day", bound(5, false), bound(20, false))]);
        reach.set("day".into(), Range { low: bound(5, true), high: bound(30, false) });
        let kept = Range { low: bound(5, true), high: bound(20, false) };
        assert_eq!(reach.ranges["day"], kept);
    }

    #[test]
    fn decimals_and_whole_numbers_are_compared_by_what_they_are_worth() {
        let decimal = |digits, scale| Value::Decimal { digits, scale };
        assert_eq!(order(&decimal(150, 2), &Value::Int(1)), Some(Ordering::Greater));
        assert_eq!(order(&decimal(15, 1), &decimal(150, 2)), Some(Ordering::Equal));
        assert_eq!(order(&Value::Text("a".into()), &Value::Text("b".into())), None);
        assert_eq!(order(&Value::Int(i128::MAX), &decimal(1, 2)), None);
    }

    /// Ten parts of 100 rows each, ordered by the day: 0 to 9, 10 to 19, ….
    struct Ordered;

    impl Statistics for Ordered {
        fn parts(&self, _: &Scan, column: &Column) -> Option<Vec<Part>> {
            let part =
                |n: i128| Part { rows: 100, low: Value::Int(n * 10), high: Value::Int(n * 10 + 9) };
            (column.name == "day").then(|| (0..10).map(part).collect())
        }
    }

    fn program() -> Program {
        let column = |name: &str| Column { name: name.into(), ty: Type::Int, nullable: true };
        let scan = Scan::Files {
            paths: vec!["orders.parquet".into()],
            format: crate::model::schema::FileFormat::Parquet,
        };
        let span = crate::source::Span::default();
        let orders = crate::model::program::Dimension {
            name: "orders".into(),
            scan,
            columns: vec![column("day"), column("amount")],
            key: Vec::new(),
            key_guaranteed: false,
            filter: None,
            filter_zone: None,
            local_instants: None,
            span,
        };
        Program { dimensions: vec![orders], ..Program::default() }
    }

    #[test]
    fn bounds_far_from_each_other_are_read_apart_and_near_ones_together() {
        let (program, extents) = (program(), Extents::new(&Ordered));
        let days = |low, high| reach(&[("day", bound(low, false), bound(high, false))]);
        let apart = |a: &Reach, b: &Reach| extents.apart(&program, DimId(0), a, b);
        // One part each, ten from the first to the last.
        assert_eq!(
            apart(&days(0, 5), &days(90, 99)).as_deref(),
            Some(
                "orders is read apart for bounds far from each other: 100 and 100 rows of row groups instead of 1000"
            )
        );
        // Parts 0 and 1 apart; together they are the same two.
        assert_eq!(apart(&days(0, 5), &days(10, 15)), None);
        // Parts 0 to 6 and 5 to 9: ten against twelve.
        assert_eq!(apart(&days(0, 65), &days(55, 99)), None);
        // Whatever lies within the other.
        assert_eq!(apart(&days(0, 99), &days(50, 51)), None);
        assert_eq!(apart(&Reach::default(), &days(50, 51)), None);
        // Of this column nothing is known.
        let amounts = |low, high| reach(&[("amount", bound(low, false), bound(high, false))]);
        assert_eq!(apart(&amounts(0, 1), &amounts(90, 99)), None);
    }
}
