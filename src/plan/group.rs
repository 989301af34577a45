//! Demands → steps: everything of one dimension and one level is decided in one scan.
//!
//! Where several populations are asked for, the scan becomes a **matrix**: one row per dimension
//! row that is in any of them, a flag per population, and each carried value once, however many
//! populations carry it. Conditions that all of them share are asked of the scan itself. A single
//! population keeps its filters pushed down instead, and what is only counted is never stored.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::expr::*;
use crate::model::program::{DimId, TransitionId};
use crate::model::types::Type;
use crate::model::value::Value;

use super::lower::{self, count_rows, or};
use super::query::*;
use super::reach::Reach;
use super::relation::{Relation, Relations};
use super::{Cut, Demand, Plan, PlanStep, PlannedExport, PlannedSave, Planner};
use super::{sorted, tables};

/// What one scan reads: a dimension; of one without a key, the table of a transition where one
/// holds its rows. Flags for very many populations are decided in several scans, which have numbers.
type Rows = (DimId, Option<TransitionId>, usize);

/// How many populations one scan decides. A flag takes a byte of every row, and a matrix of so many
/// is still small beside what is grouped to decide them.
const FLAGS: usize = 512;

/// The transition whose table has to be read by itself.
fn alone(
    planner: &Planner<'_>,
    relations: &Relations,
    relation: &Relation,
) -> Option<TransitionId> {
    if !planner.program[relation.dimension].key.is_empty() {
        return None;
    }
    let member = |part: &Expr| lower::table_member(part).filter(|t| relations.table(*t).is_some());
    relation.rule.conjuncts().iter().find_map(member)
}

/// What one scan decides.
#[derive(Default)]
struct Group {
    /// Different rules.
    rules: Vec<Expr>,
    /// Different values beside the key.
    values: Vec<Expr>,
    /// Whether any rows are needed, not only how many.
    stored: bool,
    /// What to do with it.
    uses: Vec<Use>,
    /// The first step of the program that needs it.
    first: usize,
    /// The rows that any of the rules can need.
    reach: Reach,
    /// Whether any of it asks for more than the row says.
    linked: bool,
    /// Why other rules of its rows are decided elsewhere, or the linked rows in several scans.
    notes: Vec<String>,
}

impl Group {
    fn has_room(&self, rule: &Expr) -> bool {
        self.rules.len() < FLAGS || self.rules.contains(rule)
    }
}

/// A use of a group: the index of the rule, and what for.
struct Use {
    rule: usize,
    purpose: Purpose,
}

enum Purpose {
    Count(TransitionId),
    Save {
        step: usize,
        transition: TransitionId,
        columns: Vec<(String, Expr)>,
    },
    Export {
        step: usize,
        columns: Vec<(String, Expr)>,
    },
    Cut {
        transition: TransitionId,
        columns: Vec<Expr>,
        order: Vec<Sort>,
        limit: Cut,
        table: String,
    },
}

/// Where the rows of a group are.
struct Stored {
    source: Source,
    /// Whether there is a flag per rule.
    flags: bool,
}

/// Turns demands into the steps of a plan and says how every transition is counted.
pub(super) fn build(
    planner: &mut Planner<'_>,
    demands: Vec<Demand>,
    relations: &mut Relations,
    plan: &mut Plan,
) {
    planner.relations = relations.clone();
    for (_, step) in planner.fixed.drain(..) {
        plan.steps.push(step);
    }
    let mut levels: BTreeMap<usize, BTreeMap<Rows, Group>> = BTreeMap::new();
    let mut queries: BTreeMap<usize, Vec<Box<tables::Prepared>>> = BTreeMap::new();
    for demand in demands {
        match demand {
            Demand::Tables(query) => queries.entry(query.level).or_default().push(query),
            Demand::Save { step, transition, columns }
                if let Some(rows) = held(
                    planner,
                    relations,
                    &of_transition(planner, relations, transition),
                    &columns,
                ) =>
            {
                push_save(planner, relations, plan, (step, transition), rows);
            }
            Demand::Export { step, relation, columns }
                if let Some(mut rows) = held(planner, relations, &relation, &columns) =>
            {
                rows.order_by = ascending(&key_columns(planner, relation.dimension));
                plan.exports.push(PlannedExport { step, rows });
            }
            demand => sort_in(planner, relations, plan, &mut levels, demand),
        }
    }
    let numbers: BTreeSet<usize> = levels.keys().chain(queries.keys()).copied().collect();
    for level in numbers {
        for ((dimension, ..), group) in levels.remove(&level).into_iter().flatten() {
            emit(planner, relations, plan, dimension, group);
        }
        for query in queries.remove(&level).into_iter().flatten() {
            tables::emit(planner, relations, plan, query);
        }
    }
    plan.saves.sort_by_key(|s| s.step);
    plan.exports.sort_by_key(|e| e.step);
}

/// Rows that a table of the plan holds as they are wanted: the dimension need not be read again.
fn held(
    planner: &Planner<'_>,
    relations: &Relations,
    relation: &Relation,
    values: &[(String, Expr)],
) -> Option<Select> {
    let wanted = planner.passes.held_rows || planner.program[relation.dimension].key.is_empty();
    let (table, columns) =
        wanted.then(|| relations.held(planner.program, relation, values)).flatten()?;
    let of = |name: String| Scalar::Column("r".into(), name);
    let names = values.iter().map(|(name, _)| name.clone());
    Some(Select {
        columns: names.zip(columns.into_iter().map(of)).collect(),
        from: Some((Source::Temp(table.name), "r".into())),
        ..Select::default()
    })
}

fn of_transition(planner: &Planner<'_>, relations: &Relations, t: TransitionId) -> Relation {
    let (dimension, rule, _) = relations.rows_of(planner.program, &Population::Transition(t));
    Relation { dimension, rule, columns: Vec::new() }
}

fn key_columns(planner: &Planner<'_>, dimension: DimId) -> Vec<Scalar> {
    let parts = 0..planner.program[dimension].key.len();
    parts.map(|n| Scalar::Column("r".into(), format!("k{n}"))).collect()
}

fn push_save(
    planner: &mut Planner<'_>,
    relations: &Relations,
    plan: &mut Plan,
    (step, transition): (usize, TransitionId),
    rows: Select,
) {
    let (expires, retain) = match super::save_of(planner.program, step) {
        Some(save) => {
            planner.enter(step);
            super::save_options(planner, save)
        }
        None => (None, None),
    };
    let reads = reads(planner, relations, transition);
    plan.saves.push(PlannedSave { step, rows, expires, retain, reads });
}

fn sort_in(
    planner: &Planner<'_>,
    relations: &mut Relations,
    plan: &mut Plan,
    levels: &mut BTreeMap<usize, BTreeMap<Rows, Group>>,
    demand: Demand,
) {
    let of = |t: TransitionId| of_transition(planner, relations, t);
    let (first, relation, purpose, values) = match demand {
        Demand::Count { step, transition: t } => {
            if let Some(table) = relations.table(t) {
                let select = count_of(Source::Temp(table.name.clone()), None);
                relations.define_count(t, select.clone());
                plan.counts.push((select, vec![t]));
                return;
            }
            (step, of(t), Purpose::Count(t), Vec::new())
        }
        Demand::Save { step, transition, columns } => {
            let values = columns.iter().map(|(_, e)| e.clone()).collect();
            (step, of(transition), Purpose::Save { step, transition, columns }, values)
        }
        Demand::Export { step, relation, columns } => {
            let values = columns.iter().map(|(_, e)| e.clone()).collect();
            (step, relation, Purpose::Export { step, columns }, values)
        }
        Demand::Cut { step, transition, relation, order, limit, table } => {
            let mut values: Vec<Expr> = relation.columns.clone();
            values.extend(order.iter().map(|s| s.expr.clone()));
            let columns = relation.columns.clone();
            let purpose = Purpose::Cut { transition, columns, order, limit, table: table.name };
            (step, relation, purpose, values)
        }
        // Has no rule that a scan could decide.
        Demand::Tables(_) => return,
    };
    let level = planner.level(values.iter().chain([&relation.rule]));
    let rows = (relation.dimension, alone(planner, relations, &relation));
    let groups = levels.entry(level).or_default();
    let reach = Reach::of(planner.program, rows.0, 0, relation.rule.conjuncts());
    let linked = values.iter().chain([&relation.rule]).any(asks_for_more);
    let mut notes = Vec::new();
    let mut near = |group: &Group| {
        // What is linked is read for all of them together.
        let apart = if planner.passes.near_bounds && !linked && !group.linked {
            planner.extents.apart(planner.program, rows.0, &group.reach, &reach)
        } else {
            None
        };
        let near = apart.is_none();
        notes.extend(apart);
        near
    };
    let mut of_rows = groups.iter().filter(|(at, _)| (at.0, at.1) == rows);
    let count = of_rows.clone().count();
    let shared = of_rows.find(|(_, group)| {
        planner.passes.one_scan && group.has_room(&relation.rule) && near(group)
    });
    let number = shared.map_or(count, |(at, _)| at.2);
    let group = groups.entry((rows.0, rows.1, number)).or_insert_with(|| Group {
        first,
        reach: reach.clone(),
        ..Group::default()
    });
    group.first = group.first.min(first);
    group.reach = group.reach.hull(&reach);
    group.linked |= linked;
    notes.into_iter().for_each(|note| {
        index_of(&mut group.notes, note);
    });
    let rule = index_of(&mut group.rules, relation.rule);
    if !matches!(purpose, Purpose::Count(_)) {
        group.stored = true;
    }
    for value in values {
        if key_part(planner, relation.dimension, &value).is_none() {
            index_of(&mut group.values, value);
        }
    }
    group.uses.push(Use { rule, purpose });
}

/// Whether an expression needs rows of other sources.
fn asks_for_more(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |part| {
        found |= match &*part.kind {
            ExprKind::Column { row, .. } => !row.links.is_empty(),
            ExprKind::Quantified { .. } | ExprKind::Aggregate { .. } | ExprKind::Lookup { .. } => {
                true
            }
            ExprKind::MovedBetween { .. } => true,
            _ => part.population().is_some(),
        };
    });
    found
}

fn index_of<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    list.iter().position(|e| *e == item).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    })
}

/// Which part of the key of its dimension an expression is.
fn key_part(planner: &Planner<'_>, dimension: DimId, expr: &Expr) -> Option<usize> {
    match &*expr.kind {
        ExprKind::Column { row, column } if row.frame == 0 && row.links.is_empty() => {
            planner.program[dimension].key.iter().position(|k| k == column)
        }
        _ => None,
    }
}

fn emit(
    planner: &mut Planner<'_>,
    relations: &mut Relations,
    plan: &mut Plan,
    dimension: DimId,
    mut group: Group,
) {
    let name = planner.program[dimension].name.clone();
    let mut lowering = planner.lowering(relations);
    let mut select = select_group(planner, &mut lowering, dimension, &group);
    group.notes.append(&mut lowering.notes);
    let clauses = group.rules.iter().chain(&group.values);
    let clauses: Vec<(DimId, Expr)> = clauses.map(|e| (dimension, e.clone())).collect();
    let sorted = sorted::sort_rows(planner, plan, &mut select, &clauses, group.first);
    let flags = group.rules.len() > 1;
    let source = if group.stored {
        let table = planner.new_table(0).name;
        let title = match group.rules.len() {
            1 => format!("select from {name}"),
            n => format!("decide {n} populations of {name} in one scan"),
        };
        plan.steps.push(PlanStep {
            title,
            statement: Statement::CreateTemp { table: table.clone(), select },
            clauses,
            first: group.first,
            notes: std::mem::take(&mut group.notes),
        });
        sorted::forget(plan, sorted, group.first);
        Source::Temp(table)
    } else {
        Source::Query(Box::new(select))
    };
    let stored = Stored { source, flags };
    count_uses(relations, plan, &group, &stored);
    for Use { rule, purpose } in &group.uses {
        let column = |e: &Expr| {
            let name = match key_part(planner, dimension, e) {
                Some(n) => format!("k{n}"),
                None => {
                    let n = group.values.iter().position(|v| v == e).unwrap_or_default();
                    format!("v{n}")
                }
            };
            Scalar::Column("r".into(), name)
        };
        let rows = |columns: Vec<(String, Scalar)>| Select {
            columns,
            from: Some((stored.source.clone(), "r".into())),
            filter: stored.flags.then(|| Scalar::Column("r".into(), format!("f{rule}"))),
            ..Select::default()
        };
        let keys = key_columns(planner, dimension);
        match purpose {
            Purpose::Count(_) => {}
            Purpose::Save { step, transition, columns } => {
                let columns = columns.iter().map(|(n, e)| (n.clone(), column(e))).collect();
                let rows = rows(columns);
                push_save(planner, relations, plan, (*step, *transition), rows);
            }
            Purpose::Export { step, columns } => {
                let columns = columns.iter().map(|(n, e)| (n.clone(), column(e))).collect();
                let mut rows = rows(columns);
                rows.order_by = ascending(&keys);
                plan.exports.push(PlannedExport { step: *step, rows });
            }
            Purpose::Cut { transition, columns, order, limit, table } => {
                let mut named: Vec<(String, Scalar)> = keys
                    .iter()
                    .enumerate()
                    .map(|(n, key)| (format!("k{n}"), key.clone()))
                    .collect();
                for (n, e) in columns.iter().enumerate() {
                    named.push((format!("c{n}"), column(e)));
                }
                let mut select = rows(named);
                let mut sorted: Vec<Order> = order
                    .iter()
                    .map(|s| Order { expr: column(&s.expr), descending: s.descending })
                    .collect();
                sorted.extend(ascending(&keys));
                match limit {
                    Cut::Rows(n) => {
                        select.order_by = sorted;
                        select.limit = Some(constant(n));
                    }
                    Cut::Share(share) => select.qualify = Some(first_share(sorted, share)),
                }
                let name = &planner.program[*transition].name;
                plan.steps.push(PlanStep {
                    title: format!("first rows of `{name}`"),
                    statement: Statement::CreateTemp { table: table.clone(), select },
                    clauses: Vec::new(),
                    first: group.first,
                    notes: Vec::new(),
                });
            }
        }
    }
}

/// The query that decides a group: key `k0…`, flags `f0…` when there are several rules, values `v0…`.
fn select_group(
    planner: &Planner<'_>,
    lowering: &mut lower::Lowering<'_>,
    dimension: DimId,
    group: &Group,
) -> Select {
    let common = common_parts(&group.rules);
    let columns = |l: &mut lower::Lowering<'_>, rules: &[Expr]| {
        let mut columns: Vec<(String, Scalar)> = l
            .key(dimension)
            .into_iter()
            .enumerate()
            .map(|(n, key)| (format!("k{n}"), key))
            .collect();
        for (n, rule) in rules.iter().enumerate() {
            columns.push((format!("f{n}"), l.condition(rule, true)));
        }
        for (n, value) in group.values.iter().enumerate() {
            columns.push((format!("v{n}"), l.value(value)));
        }
        if columns.is_empty() {
            // Rows without a key that are only counted.
            columns.push(("row".into(), lower::truth(true)));
        }
        columns
    };
    if group.rules.len() == 1 {
        return lowering.rows(dimension, &group.rules, |l| columns(l, &[]));
    }
    let rest: Vec<Expr> = group.rules.iter().map(|r| without(r, &common)).collect();
    let mut matrix = lowering.rows(dimension, &common, |l| columns(l, &rest));
    if planner.passes.needed_rows
        && let Some((_, alias)) = &matrix.from
    {
        let shared = Reach::of(planner.program, dimension, 0, &common);
        let known = shared.conditions(alias);
        for bound in group.reach.conditions(alias).into_iter().filter(|b| !known.contains(b)) {
            matrix.narrow(bound);
        }
    }
    let alias = "x";
    let everyone = rest.iter().any(|r| super::fold::literal(r) == Some(&Value::Bool(true)));
    let flags = (0..rest.len()).map(|n| Scalar::Column(alias.into(), format!("f{n}")));
    let filter = (!everyone).then(|| or(flags.collect()));
    Select {
        columns: matrix
            .columns
            .iter()
            .map(|(name, _)| (name.clone(), Scalar::Column(alias.into(), name.clone())))
            .collect(),
        from: Some((Source::Query(Box::new(matrix)), alias.into())),
        filter,
        ..Select::default()
    }
}

/// The conditions that every rule asks for.
fn common_parts(rules: &[Expr]) -> Vec<Expr> {
    let Some((first, rest)) = rules.split_first() else { return Vec::new() };
    let mut common = first.conjuncts().to_vec();
    common.retain(|part| rest.iter().all(|rule| rule.conjuncts().contains(part)));
    common
}

fn without(rule: &Expr, common: &[Expr]) -> Expr {
    let parts = rule.conjuncts().iter().filter(|p| !common.contains(p));
    Expr::and(parts.cloned(), rule.span)
}

fn count_uses(relations: &mut Relations, plan: &mut Plan, group: &Group, stored: &Stored) {
    let mut transitions = Vec::new();
    let mut columns = Vec::new();
    for Use { rule, purpose } in &group.uses {
        let Purpose::Count(t) = purpose else { continue };
        let flag = stored.flags.then(|| Scalar::Column("r".into(), format!("f{rule}")));
        relations.define_count(*t, count_of(stored.source.clone(), flag.clone()));
        columns.push((format!("n{}", transitions.len()), count_flags(flag)));
        transitions.push(*t);
    }
    if !transitions.is_empty() {
        let from = Some((stored.source.clone(), "r".into()));
        plan.counts.push((Select { columns, from, ..Select::default() }, transitions));
    }
}

fn count_flags(flag: Option<Scalar>) -> Scalar {
    flag.map_or_else(count_rows, |flag| Scalar::CountTrue(Box::new(flag)))
}

fn count_of(source: Source, filter: Option<Scalar>) -> Select {
    Select {
        columns: vec![("n".into(), count_rows())],
        from: Some((source, "r".into())),
        filter,
        ..Select::default()
    }
}

fn ascending(keys: &[Scalar]) -> Vec<Order> {
    keys.iter().map(|k| Order { expr: k.clone(), descending: false }).collect()
}

/// The row's number is at most its share of all rows, rounded half up:
/// `n ≤ ⌊all · share + ½⌋`, which for a whole number is `n − ½ ≤ all · share`.
fn first_share(order: Vec<Order>, share: &Expr) -> Scalar {
    let number = Scalar::RowNumber { partition: Vec::new(), order };
    let decimal = Type::Decimal { precision: 38, scale: 6 };
    let bound = Scalar::Arith(
        ArithOp::Mul,
        Box::new(Scalar::RowCount),
        Box::new(constant(share)),
        decimal.clone(),
    );
    let half = Scalar::Literal(Value::Decimal { digits: 5, scale: 1 }, decimal.clone());
    let number = Scalar::Arith(ArithOp::Sub, Box::new(number), Box::new(half), decimal);
    Scalar::Compare(Comparison::Le, Box::new(number), Box::new(bound))
}

fn constant(expr: &Expr) -> Scalar {
    let value = super::fold::literal(expr).cloned().unwrap_or(Value::Missing);
    Scalar::Literal(value, expr.ty.clone())
}

/// The labels of the audiences that a transition was computed from.
fn reads(planner: &Planner<'_>, relations: &Relations, transition: TransitionId) -> Vec<String> {
    let mut labels = Vec::new();
    let mut seen = Vec::new();
    let mut open = vec![transition];
    let origins = planner.program.origins();
    while let Some(t) = open.pop() {
        if seen.contains(&t) {
            continue;
        }
        seen.push(t);
        let mut exprs: Vec<Expr> = Vec::new();
        if let Some(r) = relations.get(t) {
            exprs.push(r.rule.clone());
            exprs.extend(r.columns.iter().cloned());
        }
        let mut populations = origins.get(&t).cloned().unwrap_or_default();
        for e in &exprs {
            e.walk(&mut |part| match &*part.kind {
                ExprKind::Member { population, .. }
                | ExprKind::Matches { population, .. }
                | ExprKind::Lookup { population, .. } => populations.push(population.clone()),
                ExprKind::MovedBetween { audience, .. } => {
                    populations.push(Population::Audience(*audience));
                }
                _ => {}
            });
        }
        for population in populations {
            match population {
                Population::Transition(t) => open.push(t),
                Population::Audience(i) => {
                    let label = planner.program.audiences[i].label.clone();
                    if !labels.contains(&label) {
                        labels.push(label);
                    }
                }
                Population::Dimension(_) => {}
            }
        }
    }
    labels.sort();
    labels
}
