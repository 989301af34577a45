//! Tables from queries that only the engine understands: what a plugin makes of populations.
//!
//! The queries see their inputs by name, as rows that the planner lowers like any other; each
//! output becomes the table of a transition. Outputs of one shape are computed by one statement
//! into one table, of which each transition is a view, so that their common steps run once.

use crate::diagnostic::Diagnostic;
use crate::model::expr::{Comparison, Expr, Links, Population};
use crate::model::program::{DimId, TransitionId};
use crate::model::types::Type;
use crate::model::value::Value;

use super::lower::{Lowering, count_rows, equal, or};
use super::query::*;
use super::relation::{Relations, Table};
use super::{Demand, Plan, PlanStep, PlannedDelivery, Planner, RowCheck, sorted};

/// How many faulty rows are shown.
const SHOWN: i128 = 5;

/// What happens to the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The queries give the tables, inside the engine.
    Queries,
    /// The step's operation takes the rows and gives the tables.
    Rows,
    /// The step's operation takes the rows, after the commit.
    Delivery,
}

/// Queries over populations.
#[derive(Clone, Debug)]
pub struct TableQuery {
    /// In words, for progress and `explain`.
    pub title: String,
    /// What happens to the rows.
    pub way: Way,
    /// What the queries see.
    pub inputs: Vec<QueryInput>,
    /// Steps that later texts can name: name, text, whether it is worth computing once.
    pub with: Vec<(String, String, bool)>,
    /// The tables.
    pub outputs: Vec<QueryOutput>,
    /// Queries whose rows are faults.
    pub checks: Vec<QueryCheck>,
    /// What is said when the key of an output has a missing part or repeats.
    pub key_fault: Diagnostic,
    /// What is said when rows are of nobody; nothing where that cannot be.
    pub stranger_fault: Option<Diagnostic>,
}

/// Rows that the texts can name.
#[derive(Clone, Debug)]
pub struct QueryInput {
    /// By this name.
    pub name: String,
    /// Which.
    pub rows: QueryRows,
    /// Values beside them: over the population's row, over the last row of the links, over the
    /// dimension's row.
    pub values: Vec<(String, Expr)>,
}

/// The kinds of input.
#[derive(Clone, Debug)]
pub enum QueryRows {
    /// A population: its key and what it carries, under their names.
    Population(Population),
    /// Pairs of rows and the rows that links lead to.
    Links {
        /// What they start from.
        from: DimId,
        /// The path.
        links: Links,
        /// The names of the key's columns there.
        source_key: Vec<String>,
        /// The names of the target key's columns.
        target_key: Vec<String>,
    },
    /// All rows of a dimension.
    Dimension {
        /// Which.
        dimension: DimId,
        /// The names of its key's columns.
        key: Vec<String>,
    },
}

/// A table.
#[derive(Clone, Debug)]
pub struct QueryOutput {
    /// The transition that it holds.
    pub transition: TransitionId,
    /// The query.
    pub sql: String,
    /// The columns of the key, then the carried ones, as the query names them.
    pub columns: Vec<String>,
}

/// A query whose rows are faults.
#[derive(Clone, Debug)]
pub struct QueryCheck {
    /// The query.
    pub sql: String,
    /// Its columns.
    pub columns: Vec<String>,
    /// What is said.
    pub fault: Diagnostic,
}

/// A query with everything resolved, waiting for its level.
#[derive(Debug)]
pub(super) struct Prepared {
    step: usize,
    pub(super) level: usize,
    query: TableQuery,
    inputs: Vec<Resolved>,
    tables: Vec<Table>,
}

#[derive(Debug)]
struct Resolved {
    name: String,
    rows: ResolvedRows,
    values: Vec<(String, Expr)>,
}

#[derive(Debug)]
enum ResolvedRows {
    Rule { dimension: DimId, rule: Expr, carried: Vec<(String, Expr)> },
    Links { from: DimId, links: Links, source_key: Vec<String>, target_key: Vec<String> },
    Dimension { dimension: DimId, key: Vec<String> },
}

impl Planner<'_> {
    /// Says that outgoing transitions hold what queries over populations give.
    pub fn tables(&mut self, query: TableQuery) {
        let inputs: Vec<Resolved> = query.inputs.iter().map(|i| self.resolved(i)).collect();
        let mut level = self.level(inputs.iter().flat_map(Resolved::expressions));
        if query.way == Way::Rows {
            // A plugin whose step is skipped does not run at all.
            level = level.max(self.level_of_guards());
        }
        let mut tables = Vec::new();
        for output in &query.outputs {
            let table = self.new_table(level);
            let span = self.program[output.transition].span;
            self.relations.define_table(self.program, output.transition, table.clone(), span);
            self.relations.set_complete(output.transition);
            tables.push(table);
        }
        let step = self.step;
        let prepared = Prepared { step, level, query, inputs, tables };
        self.demands.push(Demand::Tables(Box::new(prepared)));
    }

    fn resolved(&mut self, input: &QueryInput) -> Resolved {
        let rows = match &input.rows {
            QueryRows::Population(population) => {
                let (dimension, rule, values) = self.rows_of(population);
                let carried = self.column_names(population).into_iter().zip(values).collect();
                ResolvedRows::Rule { dimension, rule, carried }
            }
            QueryRows::Links { from, links, source_key, target_key } => ResolvedRows::Links {
                from: *from,
                links: links.clone(),
                source_key: source_key.clone(),
                target_key: target_key.clone(),
            },
            QueryRows::Dimension { dimension, key } => {
                ResolvedRows::Dimension { dimension: *dimension, key: key.clone() }
            }
        };
        let values = input
            .values
            .iter()
            .map(|(name, e)| {
                let e = match &input.rows {
                    QueryRows::Population(population) => self.resolve(e, population),
                    _ => self.fold(e),
                };
                (name.clone(), e)
            })
            .collect();
        Resolved { name: input.name.clone(), rows, values }
    }
}

impl Resolved {
    fn expressions(&self) -> impl Iterator<Item = &Expr> {
        let (rule, carried) = match &self.rows {
            ResolvedRows::Rule { rule, carried, .. } => (Some(rule), carried.as_slice()),
            _ => (None, &[][..]),
        };
        let carried = carried.iter().map(|(_, e)| e);
        rule.into_iter().chain(carried).chain(self.values.iter().map(|(_, e)| e))
    }

    /// The clauses to probe alone when the engine reports an error.
    fn clauses(&self) -> Vec<(DimId, Expr)> {
        match &self.rows {
            ResolvedRows::Rule { dimension, .. } => {
                self.expressions().map(|e| (*dimension, e.clone())).collect()
            }
            ResolvedRows::Dimension { dimension, .. } => {
                self.values.iter().map(|(_, e)| (*dimension, e.clone())).collect()
            }
            ResolvedRows::Links { .. } => Vec::new(),
        }
    }

    /// The rows, and what was decided about them by statistics; what has to be sorted for them becomes
    /// steps before.
    fn rows(
        &self,
        planner: &mut Planner<'_>,
        relations: &Relations,
        plan: &mut Plan,
        step: usize,
    ) -> (Select, Vec<String>) {
        let mut lowering = planner.lowering(relations);
        let mut select = self.select(planner, &mut lowering);
        let notes = lowering.notes;
        sorted::sort_rows(planner, plan, &mut select, &self.clauses(), step);
        (select, notes)
    }

    fn select(&self, planner: &Planner<'_>, lowering: &mut Lowering<'_>) -> Select {
        let named = |names: &[String], keys: Vec<Scalar>| -> Vec<(String, Scalar)> {
            names.iter().cloned().zip(keys).collect()
        };
        match &self.rows {
            ResolvedRows::Rule { dimension, rule, carried } => {
                let dim = &planner.program[*dimension];
                let names: Vec<String> = dim.key_columns().map(|c| c.name.clone()).collect();
                lowering.rows(*dimension, std::slice::from_ref(rule), |l| {
                    let mut columns = named(&names, l.key(*dimension));
                    for (name, e) in carried.iter().chain(&self.values) {
                        columns.push((name.clone(), l.value(e)));
                    }
                    columns
                })
            }
            ResolvedRows::Dimension { dimension, key } => lowering.rows(*dimension, &[], |l| {
                let mut columns = named(key, l.key(*dimension));
                for (name, e) in &self.values {
                    columns.push((name.clone(), l.value(e)));
                }
                columns
            }),
            ResolvedRows::Links { from, links, source_key, target_key } => {
                let mut select = lowering.linked(*from, links, |l| {
                    let mut columns = named(source_key, l.key(*from));
                    columns.extend(named(target_key, l.key_of(links.last_frame())));
                    for (name, e) in &self.values {
                        columns.push((name.clone(), l.value(e)));
                    }
                    columns
                });
                // Several ways can lead to one row. Rows without a key are told apart by nothing.
                select.distinct = links.steps.len() > 1 && !target_key.is_empty();
                select
            }
        }
    }
}

/// The steps of a query.
pub(super) fn emit(
    planner: &mut Planner<'_>,
    relations: &Relations,
    plan: &mut Plan,
    prepared: Box<Prepared>,
) {
    let Prepared { step, query, inputs, tables, .. } = *prepared;
    match query.way {
        Way::Queries => {}
        Way::Rows => return emit_rows(planner, relations, plan, (step, &query, &inputs, &tables)),
        Way::Delivery => return emit_delivery(planner, relations, plan, step, &query, &inputs),
    }
    let shapes: Vec<Shape> = query.outputs.iter().map(|o| shape(planner, o.transition)).collect();
    let together = shapes.len() > 1 && shapes.windows(2).all(|w| w[0] == w[1]);
    let statements = if together { 1 } else { query.outputs.len() } + query.checks.len();
    let mut sources: Vec<(String, Select)> = Vec::new();
    let mut clauses = Vec::new();
    let mut notes = Vec::new();
    for input in &inputs {
        let (select, found) = input.rows(planner, relations, plan, step);
        notes.extend(found);
        clauses.extend(input.clauses());
        if statements == 1 {
            sources.push((input.name.clone(), select));
            continue;
        }
        // Several statements read it, so it is computed once.
        let table = planner.new_table(0).name;
        let columns = select.columns.iter();
        let columns = columns
            .map(|(name, _)| (name.clone(), Scalar::Column("r".into(), name.clone())))
            .collect();
        let from = Some((Source::Temp(table.clone()), "r".into()));
        plan.steps.push(PlanStep {
            title: format!("rows for {}", query.title),
            statement: Statement::CreateTemp { table, select },
            clauses: clauses.clone(),
            first: step,
            notes: std::mem::take(&mut notes),
        });
        sources.push((input.name.clone(), Select { columns, from, ..Select::default() }));
    }
    let source = |parts: Vec<PluginPart>| Source::Plugin {
        inputs: sources.clone(),
        with: query.with.clone(),
        parts,
    };
    let part = |output: &QueryOutput, keys: usize| PluginPart {
        sql: output.sql.clone(),
        columns: output
            .columns
            .iter()
            .enumerate()
            .map(|(n, name)| {
                let to = match n.checked_sub(keys) {
                    None => format!("k{n}"),
                    Some(n) => format!("c{n}"),
                };
                (name.clone(), to)
            })
            .collect(),
    };
    let mut create = |name: &str, select: Select| {
        plan.steps.push(PlanStep {
            title: query.title.clone(),
            statement: Statement::CreateTemp { table: name.to_owned(), select },
            clauses: clauses.clone(),
            first: step,
            notes: std::mem::take(&mut notes),
        });
    };
    if together {
        let parts = query.outputs.iter().zip(&shapes).map(|(o, s)| part(o, s.keys)).collect();
        let all = planner.new_table(0).name;
        let mut columns: Vec<(String, Scalar)> = shapes[0].names();
        columns.insert(0, ("o".into(), Scalar::Column("p".into(), "o".into())));
        let from = Some((source(parts), "p".into()));
        create(&all, Select { columns, from, ..Select::default() });
        for (n, (table, shape)) in tables.iter().zip(&shapes).enumerate() {
            let number = Scalar::Literal(Value::Int(n as i128), Type::Int);
            let select = Select {
                columns: shape.names(),
                from: Some((Source::Temp(all.clone()), "p".into())),
                filter: Some(equal(Scalar::Column("p".into(), "o".into()), number)),
                ..Select::default()
            };
            plan.steps.push(PlanStep {
                title: format!("rows of `{}`", planner.program[query.outputs[n].transition].name),
                statement: Statement::CreateTempView { view: table.name.clone(), select },
                clauses: Vec::new(),
                first: step,
                notes: Vec::new(),
            });
        }
    } else {
        for ((output, table), shape) in query.outputs.iter().zip(&tables).zip(&shapes) {
            let from = Some((source(vec![part(output, shape.keys)]), "p".into()));
            create(&table.name, Select { columns: shape.names(), from, ..Select::default() });
        }
    }
    for check in &query.checks {
        let columns = check.columns.iter();
        let part = PluginPart {
            sql: check.sql.clone(),
            columns: columns.enumerate().map(|(n, c)| (c.clone(), format!("f{n}"))).collect(),
        };
        let select = Select {
            columns: (0..check.columns.len())
                .map(|n| (format!("f{n}"), Scalar::Column("p".into(), format!("f{n}"))))
                .collect(),
            from: Some((source(vec![part]), "p".into())),
            limit: Some(Scalar::Literal(Value::Int(SHOWN), Type::Int)),
            ..Select::default()
        };
        let columns = check.columns.clone();
        plan.checks.push(RowCheck { step, select, columns, fault: check.fault.clone() });
    }
    for ((output, table), shape) in query.outputs.iter().zip(&tables).zip(&shapes) {
        if shape.keys > 0 {
            let columns = output.columns[..shape.keys].to_vec();
            plan.checks.push(RowCheck {
                step,
                select: faulty_keys(&table.name, shape.keys),
                columns,
                fault: query.key_fault.clone(),
            });
            plan.checks.extend(strangers(
                planner,
                relations,
                step,
                &query,
                (output, table, shape.keys),
            ));
        }
    }
}

/// An executor: its inputs leave the engine, its tables come back.
fn emit_rows(
    planner: &mut Planner<'_>,
    relations: &Relations,
    plan: &mut Plan,
    (step, query, inputs, tables): (usize, &TableQuery, &[Resolved], &[Table]),
) {
    let rows: Vec<_> = inputs.iter().map(|i| i.rows(planner, relations, plan, step)).collect();
    let (rows, notes): (_, Vec<_>) = rows.into_iter().unzip();
    plan.steps.push(PlanStep {
        title: query.title.clone(),
        statement: Statement::External {
            step,
            inputs: rows,
            tables: tables.iter().map(|t| t.name.clone()).collect(),
        },
        clauses: inputs.iter().flat_map(Resolved::clauses).collect(),
        first: step,
        notes: notes.concat(),
    });
    for (output, table) in query.outputs.iter().zip(tables) {
        let keys = shape(planner, output.transition).keys;
        if keys == 0 {
            continue;
        }
        let (columns, fault) = (output.columns[..keys].to_vec(), query.key_fault.clone());
        let select = faulty_keys(&table.name, keys);
        plan.checks.push(RowCheck { step, select, columns, fault });
        plan.checks.extend(strangers(planner, relations, step, query, (output, table, keys)));
    }
}

/// Keys of a table that no row of the dimension has: a plugin can invent some, and nothing that
/// reads the table would notice.
fn strangers(
    planner: &Planner<'_>,
    relations: &Relations,
    step: usize,
    query: &TableQuery,
    (output, table, keys): (&QueryOutput, &Table, usize),
) -> Option<RowCheck> {
    let fault = query.stranger_fault.clone()?;
    let dimension = planner.program[output.transition].dimension;
    let names: Vec<String> = (0..keys).map(|n| format!("k{n}")).collect();
    let known = planner
        .lowering(relations)
        .rows(dimension, &[], |l| names.iter().cloned().zip(l.key(dimension)).collect());
    let of = |alias: &str, name: &String| Scalar::Column(alias.to_owned(), name.clone());
    let on = names.iter().map(|name| equal(of("t", name), of("d", name))).collect();
    let select = Select {
        columns: names.iter().map(|name| (name.clone(), of("t", name))).collect(),
        from: Some((Source::Temp(table.name.clone()), "t".into())),
        joins: vec![Join {
            kind: JoinKind::Anti,
            source: Source::Query(Box::new(known)),
            alias: "d".into(),
            on: super::lower::and(on),
        }],
        limit: Some(Scalar::Literal(Value::Int(SHOWN), Type::Int)),
        ..Select::default()
    };
    Some(RowCheck { step, select, columns: output.columns[..keys].to_vec(), fault })
}

/// A delivery: its rows are computed with everything else, and wait for the commit.
fn emit_delivery(
    planner: &mut Planner<'_>,
    relations: &Relations,
    plan: &mut Plan,
    step: usize,
    query: &TableQuery,
    inputs: &[Resolved],
) {
    let mut waiting = Vec::new();
    for input in inputs {
        let (select, notes) = input.rows(planner, relations, plan, step);
        let table = planner.new_table(0).name;
        let columns = select.columns.iter();
        let columns = columns
            .map(|(name, _)| (name.clone(), Scalar::Column("r".into(), name.clone())))
            .collect();
        let from = Some((Source::Temp(table.clone()), "r".into()));
        plan.steps.push(PlanStep {
            title: format!("rows for {}", query.title),
            statement: Statement::CreateTemp { table, select },
            clauses: input.clauses(),
            first: step,
            notes,
        });
        waiting.push(Select { columns, from, ..Select::default() });
    }
    plan.deliveries.push(PlannedDelivery { step, inputs: waiting });
}

/// What the table of a transition looks like.
#[derive(PartialEq)]
struct Shape {
    keys: usize,
    types: Vec<Type>,
}

impl Shape {
    fn names(&self) -> Vec<(String, Scalar)> {
        (0..self.keys)
            .map(|n| format!("k{n}"))
            .chain((0..self.types.len() - self.keys).map(|n| format!("c{n}")))
            .map(|name| (name.clone(), Scalar::Column("p".into(), name)))
            .collect()
    }
}

fn shape(planner: &Planner<'_>, transition: TransitionId) -> Shape {
    let transition = &planner.program[transition];
    let dimension = &planner.program[transition.dimension];
    let keys = dimension.key_columns().map(|c| c.ty.clone());
    let types = keys.chain(transition.columns.iter().map(|c| c.ty.clone())).collect();
    Shape { keys: dimension.key.len(), types }
}

/// Keys of a table with a missing part, or that stand there several times.
fn faulty_keys(table: &str, keys: usize) -> Select {
    let names: Vec<String> = (0..keys).map(|n| format!("k{n}")).collect();
    let of = |alias: &str, name: &String| Scalar::Column(alias.to_owned(), name.clone());
    let mut columns: Vec<(String, Scalar)> =
        names.iter().map(|name| (name.clone(), of("t", name))).collect();
    columns.push(("times".into(), count_rows()));
    let grouped = Select {
        columns,
        from: Some((Source::Temp(table.to_owned()), "t".into())),
        group_by: names.iter().map(|name| of("t", name)).collect(),
        ..Select::default()
    };
    let one = Scalar::Literal(Value::Int(1), Type::Int);
    let times = Scalar::Column("g".into(), "times".into());
    let mut faults = vec![Scalar::Compare(Comparison::Gt, Box::new(times), Box::new(one))];
    faults.extend(names.iter().map(|name| Scalar::IsNull(Box::new(of("g", name)))));
    Select {
        columns: names.iter().map(|name| (name.clone(), of("g", name))).collect(),
        from: Some((Source::Query(Box::new(grouped)), "g".into())),
        filter: Some(or(faults)),
        limit: Some(Scalar::Literal(Value::Int(SHOWN), Type::Int)),
        ..Select::default()
    }
}
