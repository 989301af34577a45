//! Keys that no constraint guarantees are checked before anything rests on them: a population is a
//! set of rows that its key tells apart, and a to-one link leads to at most one row.

use crate::model::expr::{Aggregate, Comparison, ExprKind};
use crate::model::program::{DimId, LinkId};
use crate::model::schema::{FileFormat, Scan};
use crate::model::types::Type;
use crate::model::value::Value;

use super::Planner;
use super::lower::{and, count_rows, or};
use super::query::*;

/// How many repeated keys a message shows.
const SHOWN: i128 = 5;

/// A source whose key no constraint guarantees.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyCheck {
    /// Whose.
    pub dimension: DimId,
    /// Where the rows may well come sorted by their key, a quick proof that it is unique.
    pub ascending: Option<Ascending>,
    /// One row: all rows, rows whose key is complete, different complete keys.
    pub counts: Select,
    /// The first keys that repeat, each with how often; run only when some do.
    pub repeated: Select,
}

/// A proof that keys differ: each is above the one before it. It takes less time than
/// grouping the rows, and rows in another order end it at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Ascending {
    /// The first row whose key is missing or not above the one before: none, and all keys differ.
    pub fault: Select,
    /// One row: all rows. Asked when there is no fault.
    pub rows: Select,
}

/// The checks of a plan: the dimensions of its populations and of the ends of its to-one links.
pub(super) fn checks(planner: &Planner<'_>) -> Vec<KeyCheck> {
    let program = planner.program;
    let mut used: Vec<DimId> = program.transitions.iter().map(|t| t.dimension).collect();
    let mut links: Vec<LinkId> = Vec::new();
    program.walk_expressions(&mut |e| match &*e.kind {
        ExprKind::Column { row, .. } | ExprKind::Member { row, .. } => {
            links.extend(row.links.iter().copied());
        }
        ExprKind::Quantified { links: path, .. } | ExprKind::Aggregate { links: path, .. } => {
            links.extend(path.from.links.iter().copied());
            links.extend(path.steps.iter().map(|s| s.link));
        }
        _ => {}
    });
    used.extend(links.into_iter().filter(|l| program[*l].to_one).map(|l| program[l].to));
    used.sort_unstable();
    used.dedup();
    used.retain(|d| !program[*d].key.is_empty() && !program[*d].key_guaranteed);
    used.into_iter().map(|d| check(planner, d)).collect()
}

/// One scan groups the rows by their key; everything is read off the groups.
fn check(planner: &Planner<'_>, dimension: DimId) -> KeyCheck {
    let dim = &planner.program[dimension];
    let mut rows = planner.lowering(&planner.relations).all_keys(dimension);
    rows.group_by = rows.columns.iter().map(|(_, key)| key.clone()).collect();
    rows.columns.push(("times".into(), count_rows()));
    let groups = || Some((Source::Query(Box::new(rows.clone())), "g".into()));
    let of = |name: &str| Scalar::Column("g".into(), name.into());
    let keys: Vec<Scalar> = (0..dim.key.len()).map(|n| of(&format!("k{n}"))).collect();
    let complete = and(keys.iter().map(|k| Scalar::IsNotNull(Box::new(k.clone()))).collect());
    let sum = |filter: Option<Scalar>| {
        let call = AggregateCall {
            function: Aggregate::Sum,
            arg: Some(of("times")),
            arg_ty: Type::Int,
            filter,
            order: Vec::new(),
            separator: None,
        };
        Scalar::Coalesce(vec![Scalar::Aggregate(Box::new(call)), integer(0)])
    };
    let counts = Select {
        columns: vec![
            ("all_rows".into(), sum(None)),
            ("with_key".into(), sum(Some(complete.clone()))),
            ("distinct_keys".into(), Scalar::CountTrue(Box::new(complete.clone()))),
        ],
        from: groups(),
        ..Select::default()
    };
    let names = dim.key_columns().map(|c| c.name.clone());
    let mut columns: Vec<(String, Scalar)> = names.zip(keys.iter().cloned()).collect();
    columns.push(("times".into(), of("times")));
    let often = Scalar::Compare(Comparison::Gt, Box::new(of("times")), Box::new(integer(1)));
    let repeated = Select {
        columns,
        from: groups(),
        filter: Some(and(vec![often, complete])),
        order_by: keys.into_iter().map(|expr| Order { expr, descending: false }).collect(),
        limit: Some(integer(SHOWN)),
        ..Select::default()
    };
    KeyCheck { dimension, ascending: ascending(planner, dimension), counts, repeated }
}

/// Only where half a scan costs half, and the number of rows nothing: over Parquet files and tables.
fn ascending(planner: &Planner<'_>, dimension: DimId) -> Option<Ascending> {
    let dim = &planner.program[dimension];
    let columnar = match &dim.scan {
        Scan::Table { .. } => true,
        Scan::Files { format, .. } => *format == FileFormat::Parquet,
    };
    if !planner.passes.ascending_keys || !columnar || dim.filter.is_some() {
        return None;
    }
    let keys = planner.lowering(&planner.relations).all_keys(dimension);
    let mut rows = keys.clone();
    let before = keys.columns.iter().enumerate();
    rows.columns.extend(
        before.map(|(n, (_, key))| (format!("p{n}"), Scalar::Previous(Box::new(key.clone())))),
    );
    let of = |prefix: &str, n: usize| Scalar::Column("r".into(), format!("{prefix}{n}"));
    let parts = 0..dim.key.len();
    // The first row has none before it: the comparison is NULL there, which is no fault.
    let above = or(parts
        .clone()
        .map(|n| {
            let mut same: Vec<Scalar> =
                (0..n).map(|i| super::lower::equal(of("k", i), of("p", i))).collect();
            let (key, before) = (Box::new(of("k", n)), Box::new(of("p", n)));
            same.push(Scalar::Compare(Comparison::Gt, key, before));
            and(same)
        })
        .collect());
    let mut faults: Vec<Scalar> = parts.map(|n| Scalar::IsNull(Box::new(of("k", n)))).collect();
    faults.push(Scalar::Not(Box::new(above)));
    let fault = Select {
        columns: vec![("fault".into(), integer(1))],
        from: Some((Source::Query(Box::new(rows)), "r".into())),
        filter: Some(or(faults)),
        limit: Some(integer(1)),
        ..Select::default()
    };
    let rows = Select { columns: vec![("all_rows".into(), count_rows())], ..keys };
    Some(Ascending { fault, rows })
}

fn integer(n: i128) -> Scalar {
    Scalar::Literal(Value::Int(n), Type::Int)
}
