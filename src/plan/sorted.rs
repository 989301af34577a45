//! Linked rows that many aggregates group are sorted by their key first.
//!
//! The states of many aggregates for all keys are far larger than the processor's caches, and rows
//! in any order jump between them. Rows that come sorted go from one key to the next: sorting the
//! few columns that are needed takes less time than the jumps (`benches`: `hundred_parquet`, with and
//! `--without sorted-links`). It takes a table of its own, since the engine ignores the order of a
//! query in brackets.

use crate::model::program::DimId;
use crate::model::types::Type;

use super::query::*;
use super::{Expr, Plan, PlanStep, Planner};

/// From so many aggregates on it pays for keys that are numbers.
const NUMBERS: usize = 12;
/// For other keys: they are sorted by a number made of them, which scatters what lay together before.
const OTHERS: usize = 32;

/// The order in which rows with these keys are best grouped for so many aggregates, if any is better
/// than the one in which they come.
pub(super) fn order(keys: &[(Scalar, Type)], aggregates: usize) -> Option<Vec<Scalar>> {
    let plain = keys.iter().all(|(_, ty)| matches!(ty, Type::Int | Type::Date));
    if aggregates < if plain { NUMBERS } else { OTHERS } {
        return None;
    }
    let keys: Vec<Scalar> = keys.iter().map(|(key, _)| key.clone()).collect();
    Some(if plain { keys } else { vec![Scalar::Primitive(Primitive::Scatter, keys)] })
}

/// Puts the rows of grouped queries in a query, where an order is best for them, into sorted tables:
/// steps of the plan. Gives the tables, which nothing but the query reads.
pub(super) fn sort_rows(
    planner: &mut Planner<'_>,
    plan: &mut Plan,
    select: &mut Select,
    clauses: &[(DimId, Expr)],
    first: usize,
) -> Vec<String> {
    let mut tables = Vec::new();
    each_grouped(select, &mut |grouped, clustering| {
        let Some(rows) = apart(grouped, clustering.by) else { return };
        let table = planner.new_table(0).name;
        let alias = grouped.from.take().map_or_else(|| "s".into(), |(_, alias)| alias);
        grouped.from = Some((Source::Temp(table.clone()), alias));
        plan.steps.push(PlanStep {
            title: format!("sort {}, to be grouped", clustering.rows),
            statement: Statement::CreateTemp { table: table.clone(), select: rows },
            clauses: clauses.to_vec(),
            first,
            notes: Vec::new(),
        });
        tables.push(table);
    });
    tables
}

/// Lets go of tables that were sorted.
pub(super) fn forget(plan: &mut Plan, tables: Vec<String>, first: usize) {
    plan.steps.extend(tables.into_iter().map(|table| PlanStep {
        title: "let go of the sorted rows".into(),
        statement: Statement::DropTemp(table),
        clauses: Vec::new(),
        first,
        notes: Vec::new(),
    }));
}

/// Takes the order from every query inside this one that has one.
fn each_grouped(select: &mut Select, found: &mut dyn FnMut(&mut Select, Clustering)) {
    if let Some(clustering) = select.clustered.take() {
        found(select, clustering);
    }
    let joined = select.joins.iter_mut().map(|join| &mut join.source);
    for source in select.from.iter_mut().map(|(source, _)| source).chain(joined) {
        match source {
            Source::Query(inner) => each_grouped(inner, found),
            Source::UnionAll(parts) => parts.iter_mut().for_each(|p| each_grouped(p, found)),
            Source::Plugin { inputs, .. } => {
                inputs.iter_mut().for_each(|(_, input)| each_grouped(input, found));
            }
            Source::Scan { .. } | Source::Temp(_) | Source::Catalogue { .. } => {}
        }
    }
}

/// Splits a grouped query into the columns of its rows that it needs, in this order, and the rest, which
/// reads them under the same alias. Nothing where a query inside it may speak of the rows.
fn apart(grouped: &mut Select, by: Vec<Scalar>) -> Option<Select> {
    let (_, alias) = grouped.from.as_ref()?;
    let alias = alias.clone();
    let mut columns: Vec<(String, Scalar)> = Vec::new();
    let mut rest = grouped.clone();
    let mut whole = true;
    let values = rest.columns.iter_mut().map(|(_, value)| value).chain(&mut rest.group_by);
    for value in values {
        rename(value, &alias, &mut columns, &mut whole);
    }
    if !whole {
        return None;
    }
    let rows = Select {
        columns,
        from: rest.from.clone(),
        joins: std::mem::take(&mut rest.joins),
        filter: rest.filter.take(),
        order_by: by.into_iter().map(|expr| Order { expr, descending: false }).collect(),
        ..Select::default()
    };
    *grouped = rest;
    Some(rows)
}

/// Columns of whatever rows become columns `c0…` of the alias.
fn rename(
    value: &mut Scalar,
    alias: &Alias,
    columns: &mut Vec<(String, Scalar)>,
    whole: &mut bool,
) {
    match value {
        Scalar::Column(..) => {
            let at = columns.iter().position(|(_, c)| c == value).unwrap_or_else(|| {
                columns.push((format!("c{}", columns.len()), value.clone()));
                columns.len() - 1
            });
            *value = Scalar::Column(alias.clone(), format!("c{at}"));
        }
        Scalar::Exists(_) | Scalar::Subquery(_) => *whole = false,
        value => value.parts_mut(&mut |part| rename(part, alias, columns, whole)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str) -> Scalar {
        Scalar::Column("l".into(), name.into())
    }

    fn count(condition: Scalar) -> Scalar {
        Scalar::CountTrue(Box::new(condition))
    }

    #[test]
    fn few_aggregates_are_not_worth_sorting_for() {
        let number = [(column("customer"), Type::Int)];
        let text = [(column("customer"), Type::Text)];
        assert_eq!(order(&number, NUMBERS - 1), None);
        assert_eq!(order(&number, NUMBERS), Some(vec![column("customer")]));
        assert_eq!(order(&text, NUMBERS), None);
        let scattered = Scalar::Primitive(Primitive::Scatter, vec![column("customer")]);
        assert_eq!(order(&text, OTHERS), Some(vec![scattered]));
    }

    #[test]
    fn the_sorted_rows_have_what_the_groups_need_and_nothing_else() {
        let missing = |name| Scalar::IsNull(Box::new(column(name)));
        let mut grouped = Select {
            columns: vec![
                ("k0".into(), column("customer")),
                ("a0".into(), count(missing("amount"))),
                ("a1".into(), count(Scalar::Or(vec![missing("amount"), missing("day")]))),
            ],
            from: Some((Source::Temp("orders".into()), "l".into())),
            filter: Some(missing("status")),
            group_by: vec![column("customer")],
            ..Select::default()
        };
        let rows = apart(&mut grouped, vec![column("customer")]).unwrap();
        let named: Vec<_> = ["customer", "amount", "day"].map(column).into_iter().collect();
        let names = ["c0", "c1", "c2"].map(String::from);
        assert_eq!(rows.columns, names.into_iter().zip(named).collect::<Vec<_>>());
        assert_eq!(rows.filter, Some(missing("status")));
        assert_eq!((&grouped.filter, &grouped.group_by), (&None, &vec![column("c0")]));
        assert_eq!(grouped.columns[1].1, count(missing("c1")));
    }

    #[test]
    fn a_query_inside_that_may_speak_of_the_rows_leaves_them_where_they_are() {
        let inner = Scalar::Exists(Box::default());
        let mut grouped = Select {
            columns: vec![("a0".into(), count(inner))],
            from: Some((Source::Temp("orders".into()), "l".into())),
            ..Select::default()
        };
        let before = grouped.clone();
        assert_eq!(apart(&mut grouped, Vec::new()), None);
        assert_eq!(grouped, before);
    }
}
