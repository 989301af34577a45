//! Program → Plan: the SQL steps of a run, work shared between all its audiences.
//!
//! ```text
//! activities ──plan()──▶ relations and demands ──group──▶ levels ──lower──▶ steps
//! ```
//!
//! Each activity states what its outgoing transitions *are* (a [`Relation`]: a rule over rows of
//! a dimension) and what it needs to exist ([`Planner::save`], [`Planner::export`],
//! [`Planner::cut`]). What a rule alone cannot say (the first N rows, an older version, a
//! plugin's result) becomes a temporary table on a *level*; all relations of one dimension that
//! need the same levels are decided together in one scan (see [`group`]).
//!
//! Nothing here does I/O.

pub mod clock;
pub mod fold;
pub mod group;
pub mod guard;
pub mod keys;
pub mod lower;
pub mod passes;
pub mod query;
pub mod reach;
pub mod reason;
pub mod relation;
mod sorted;
pub mod tables;

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::activity::export::ExportRows;
use crate::activity::save_audience::Save;
use crate::diagnostic::{Diagnostic, Diagnostics, codes, suggest};
use crate::model::expr::*;
use crate::model::program::*;
use crate::source::Span;

use clock::Clock;
use fold::Folder;
use guard::Guard;
use keys::KeyCheck;
use lower::{History, Lowering};
use passes::Passes;
use query::*;
use reach::{Extents, Statistics};
use reason::Reason;
use relation::{Relation, Relations, Table, inline_members, substitute};

/// What a run will do, in order.
#[derive(Debug, Default)]
pub struct Plan {
    /// Sources whose keys must be unique.
    pub key_checks: Vec<KeyCheck>,
    /// Statements that make temporary tables.
    pub steps: Vec<PlanStep>,
    /// How many rows each transition has: queries of one row, a column per transition.
    pub counts: Vec<(Select, Vec<TransitionId>)>,
    /// Queries whose rows are faults, asked before anything is saved, exported or delivered.
    pub checks: Vec<RowCheck>,
    /// `expect` and `only if`, in text order.
    pub guards: Vec<Guard>,
    /// `save audience`, in text order.
    pub saves: Vec<PlannedSave>,
    /// `export`, in text order.
    pub exports: Vec<PlannedExport>,
    /// What is sent to the outside after the commit, in text order.
    pub deliveries: Vec<PlannedDelivery>,
    /// What the plan knows of every transition.
    pub relations: Relations,
    /// Why rows are in the transitions whose activity says so.
    pub reasons: HashMap<TransitionId, Reason>,
}

/// A statement of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanStep {
    /// In words: `decide 3 populations of customers`.
    pub title: String,
    /// The statement.
    pub statement: Statement,
    /// The clauses it came from: what to probe alone when the engine reports an error.
    pub clauses: Vec<(DimId, Expr)>,
    /// Index of the first step of the program that needs it.
    pub first: usize,
    /// What was decided by statistics, and why.
    pub notes: Vec<String>,
}

/// A query whose rows are faults.
#[derive(Clone, Debug, PartialEq)]
pub struct RowCheck {
    /// Index of the step in the program.
    pub step: usize,
    /// The faults.
    pub select: Select,
    /// The names to show its columns under.
    pub columns: Vec<String>,
    /// What is said when there are any; its first label gets the rows.
    pub fault: Diagnostic,
}

/// A save.
#[derive(Debug)]
pub struct PlannedSave {
    /// Index of the step in the program.
    pub step: usize,
    /// The rows: the key's columns and the carried ones under their names.
    pub rows: Select,
    /// When it expires.
    pub expires: Option<Timestamp>,
    /// How many versions are kept.
    pub retain: Option<u64>,
    /// The labels of audiences that it was computed from.
    pub reads: Vec<String>,
}

/// An export.
#[derive(Debug)]
pub struct PlannedExport {
    /// Index of the step in the program.
    pub step: usize,
    /// The rows, ordered by the key, under the names of the file.
    pub rows: Select,
}

/// A delivery.
#[derive(Debug)]
pub struct PlannedDelivery {
    /// Index of the step in the program.
    pub step: usize,
    /// The rows, out of tables of the plan.
    pub inputs: Vec<Select>,
}

/// What an activity asks to exist.
#[derive(Debug)]
enum Demand {
    /// The population is counted.
    Count { step: usize, transition: TransitionId },
    /// Its rows are saved.
    Save { step: usize, transition: TransitionId, columns: Vec<(String, Expr)> },
    /// Its rows are exported.
    Export { step: usize, relation: Relation, columns: Vec<(String, Expr)> },
    /// Its first rows become a table.
    Cut {
        step: usize,
        transition: TransitionId,
        relation: Relation,
        order: Vec<Sort>,
        limit: Cut,
        table: Table,
    },
    /// Queries over populations become tables.
    Tables(Box<tables::Prepared>),
}

/// How many rows a cut keeps.
#[derive(Clone, Debug, PartialEq)]
pub enum Cut {
    /// So many.
    Rows(Expr),
    /// This share of the rows, rounded half up.
    Share(Expr),
}

/// Builds the plan of a program.
pub struct Planner<'a> {
    /// What is planned.
    pub program: &'a Program,
    now: Timestamp,
    history: &'a dyn History,
    extents: Extents<'a>,
    passes: Passes,
    relations: Relations,
    reasons: HashMap<TransitionId, Reason>,
    demands: Vec<Demand>,
    fixed: Vec<(usize, PlanStep)>,
    step: usize,
    clock: Clock,
    tables: usize,
    diagnostics: Diagnostics,
}

/// The steps that are needed for what `--only` names: labels of saves, files and tables of exports, names of
/// transitions. With no names, all.
///
/// # Errors
/// When a name means nothing in the program.
pub fn wanted(program: &Program, only: &[String]) -> Result<HashSet<usize>, Diagnostic> {
    if only.is_empty() {
        return Ok((0..program.steps.len()).collect());
    }
    let mut steps = HashSet::new();
    let mut known = Vec::new();
    let mut found = vec![false; only.len()];
    let maker = program.makers();
    for (index, step) in program.steps.iter().enumerate() {
        let StepKind::Activity(activity) = &step.kind else { continue };
        let mut names: Vec<String> =
            activity.outputs.iter().map(|t| program[*t].name.clone()).collect();
        names.extend(save_of(program, index).map(|s| s.label.clone()));
        names.extend(export_of(program, index).and_then(|e| e.to.name()));
        for (n, name) in only.iter().enumerate() {
            if names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                found[n] = true;
                steps.insert(index);
            }
        }
        known.extend(names);
    }
    if let Some(n) = found.iter().position(|found| !found) {
        return Err(Diagnostic::error(
            codes::usage::ONLY_UNKNOWN,
            format!("`--only {}` names nothing in the campaign", only[n]),
        )
        .maybe_help(suggest::unknown_name(
            &only[n],
            "names",
            known.iter().map(String::as_str).collect::<Vec<_>>(),
        )));
    }
    // What these are made from, and what guards them.
    with_what_they_need(program, &maker, &mut steps);
    for (index, step) in program.steps.iter().enumerate() {
        if matches!(step.kind, StepKind::Expect { .. }) {
            let spoken = transitions_of(step);
            if spoken.iter().all(|t| maker.get(t).is_some_and(|m| steps.contains(m))) {
                steps.insert(index);
            }
        }
    }
    Ok(steps)
}

/// The transitions that a step reads, waits for, or speaks of.
fn transitions_of(step: &Step) -> Vec<TransitionId> {
    let mut found = step.wait_for.clone();
    found.extend(step.only_if.iter().flat_map(spoken_of));
    found.extend(read_by(step));
    found
}

/// A step and those it is made from or waits for, directly or through others: it is skipped when
/// one of them is.
pub fn upstream(program: &Program, step: usize) -> HashSet<usize> {
    let mut steps = HashSet::from([step]);
    with_what_they_need(program, &program.makers(), &mut steps);
    steps
}

fn with_what_they_need(
    program: &Program,
    maker: &HashMap<TransitionId, usize>,
    steps: &mut HashSet<usize>,
) {
    let mut open: Vec<usize> = steps.iter().copied().collect();
    while let Some(index) = open.pop() {
        for t in transitions_of(&program.steps[index]) {
            if let Some(&before) = maker.get(&t)
                && steps.insert(before)
            {
                open.push(before);
            }
        }
    }
}

/// The transitions that what a step makes is made from.
pub fn read_by(step: &Step) -> Vec<TransitionId> {
    match &step.kind {
        StepKind::Expect { condition, .. } => spoken_of(condition),
        StepKind::Activity(activity) => {
            let operation = &activity.operation;
            let inputs = operation.inputs().into_iter().filter_map(|p| match p {
                Population::Transition(t) => Some(t),
                _ => None,
            });
            inputs.chain(operation.expressions().into_iter().flat_map(spoken_of)).collect()
        }
    }
}

fn spoken_of(expr: &Expr) -> Vec<TransitionId> {
    let mut found = Vec::new();
    expr.walk(&mut |part| {
        if let Some(Population::Transition(t)) = part.population() {
            found.push(*t);
        }
    });
    found
}

/// Plans the wanted steps of a program for one instant.
pub fn plan(
    program: &Program,
    now: Timestamp,
    (history, statistics): (&dyn History, &dyn Statistics),
    wanted: &HashSet<usize>,
    passes: Passes,
) -> (Plan, Diagnostics) {
    let zone = program.campaigns.first().map_or("UTC", |c| c.timezone.as_str());
    let mut planner = Planner {
        program,
        now,
        history,
        extents: Extents::new(statistics),
        passes,
        relations: Relations::default(),
        reasons: HashMap::new(),
        demands: Vec::new(),
        fixed: Vec::new(),
        step: 0,
        clock: Clock::new(now, zone),
        tables: 0,
        diagnostics: Diagnostics::default(),
    };
    planner.fold_filters();
    for (index, step) in program.steps.iter().enumerate() {
        if !wanted.contains(&index) {
            continue;
        }
        planner.enter(index);
        if let StepKind::Activity(activity) = &step.kind {
            if let Err(diagnostic) = activity.operation.plan(activity, &mut planner) {
                planner.diagnostics.push(diagnostic);
            }
            for &output in &activity.outputs {
                planner.demands.push(Demand::Count { step: index, transition: output });
            }
        }
    }
    planner.finish(wanted)
}

impl<'a> Planner<'a> {
    /// Dimensions are read in the zone of the campaign that declares them.
    fn fold_filters(&mut self) {
        let zone = self.clock.clone();
        for (n, dimension) in self.program.dimensions.iter().enumerate() {
            let Some(filter) = &dimension.filter else { continue };
            if let Some(zone) = &dimension.filter_zone {
                self.clock = Clock::new(self.now, zone);
            }
            let filter = self.fold(filter);
            self.relations.define_filter(DimId(n as u32), filter);
        }
        self.clock = zone;
    }

    fn enter(&mut self, index: usize) {
        self.step = index;
        let zone = &self.program[self.program.steps[index].campaign].timezone;
        if *zone != *self.clock.zone_name {
            self.clock = Clock::new(self.now, zone);
        }
    }

    /// The run's instant in the campaign's zone.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The level on which it is known whether the step that is planned is skipped.
    fn level_of_guards(&self) -> usize {
        let steps = upstream(self.program, self.step);
        self.level(steps.iter().filter_map(|&step| self.program.steps[step].only_if.as_ref()))
    }

    /// What must hold for the step that is planned not to be skipped.
    pub fn only_if(&mut self) -> Option<Expr> {
        let condition = self.asked()?;
        Some(self.fold(&condition))
    }

    /// The same as the script has it, parameters and times not folded.
    pub fn asked(&self) -> Option<Expr> {
        self.program.steps.get(self.step)?.only_if.clone()
    }

    /// An expression over the rows of a population, as one over its dimension's rows: parameters
    /// and times folded, carried columns replaced, memberships of the same row inlined.
    pub fn resolve(&mut self, expr: &Expr, source: &Population) -> Expr {
        let (dimension, _, carried) = self.rows_of(source);
        let expr = self.fold(&substitute(expr, &carried));
        inline_members(&expr, dimension, &self.relations)
    }

    /// An expression without parameters and relative times.
    pub fn fold(&mut self, expr: &Expr) -> Expr {
        let mut folder =
            Folder { program: self.program, clock: &self.clock, errors: Diagnostics::default() };
        let folded = folder.fold(expr);
        self.diagnostics.extend(folder.errors);
        folded
    }

    /// What a population is: its dimension, its rule, the values it carries.
    pub fn rows_of(&self, population: &Population) -> (DimId, Expr, Vec<Expr>) {
        self.relations.rows_of(self.program, population)
    }

    /// The names of the columns that a population carries.
    pub fn column_names(&self, population: &Population) -> Vec<String> {
        match population {
            Population::Dimension(_) => Vec::new(),
            Population::Transition(t) => {
                self.program[*t].columns.iter().map(|c| c.name.clone()).collect()
            }
            Population::Audience(i) => {
                let existing = self.program.audiences[*i].existing.iter();
                existing.flat_map(|a| &a.columns[a.key.len()..]).map(|c| c.name.clone()).collect()
            }
        }
    }

    /// The key's columns and the carried ones of a population under their names.
    pub fn rows_with_key(
        &self,
        dimension: DimId,
        population: &Population,
        values: Vec<Expr>,
    ) -> Vec<(String, Expr)> {
        let dim = &self.program[dimension];
        let span = dim.span;
        let mut columns: Vec<(String, Expr)> = dim
            .key
            .iter()
            .map(|&column| {
                let c = &dim.columns[column];
                let kind = ExprKind::Column { row: Row::frame(0), column };
                (c.name.clone(), Expr::new(kind, c.ty.clone(), span))
            })
            .collect();
        columns.extend(self.column_names(population).into_iter().zip(values));
        columns
    }

    /// Says what an outgoing transition is.
    pub fn define(&mut self, transition: TransitionId, rule: Expr, columns: Vec<Expr>) {
        let dimension = self.program[transition].dimension;
        self.relations.define(transition, Relation { dimension, rule, columns });
    }

    /// Says that an outgoing transition holds the first rows of a relation, in this order, ties
    /// broken by the key.
    pub fn cut(
        &mut self,
        transition: TransitionId,
        rule: Expr,
        columns: Vec<Expr>,
        order: Vec<Sort>,
        limit: Cut,
    ) {
        let dimension = self.program[transition].dimension;
        let relation = Relation { dimension, rule, columns };
        let parts = relation.columns.iter().chain(order.iter().map(|s| &s.expr));
        let level = self.level(parts.chain([&relation.rule]));
        let table = self.new_table(level);
        let span = self.program[transition].span;
        self.relations.define_table(self.program, transition, table.clone(), span);
        let step = self.step;
        self.demands.push(Demand::Cut { step, transition, relation, order, limit, table });
    }

    /// Says that an outgoing transition holds the members of an older version of an audience.
    pub fn read_version(
        &mut self,
        transition: TransitionId,
        audience: usize,
        version: u64,
    ) -> bool {
        let Some(mut select) = self.history.members_at(audience, version) else { return false };
        let table = self.new_table(0);
        for (n, (name, _)) in select.columns.iter_mut().enumerate() {
            *name = format!("k{n}");
        }
        let label = &self.program.audiences[audience].label;
        let step = PlanStep {
            title: format!("members of \"{label}\" at version {version}"),
            statement: Statement::CreateTemp { table: table.name.clone(), select },
            clauses: Vec::new(),
            first: self.step,
            notes: Vec::new(),
        };
        self.fixed.push((0, step));
        let span = self.program[transition].span;
        self.relations.define_table(self.program, transition, table, span);
        true
    }

    /// Asks for the rows of a transition to be saved under the step's label.
    pub fn save(&mut self, transition: TransitionId, columns: Vec<(String, Expr)>) {
        self.demands.push(Demand::Save { step: self.step, transition, columns });
    }

    /// Asks for the rows of a relation to be written to the step's file.
    pub fn export(&mut self, rows: (DimId, Expr), columns: Vec<(String, Expr)>) {
        let relation = Relation { dimension: rows.0, rule: rows.1, columns: Vec::new() };
        self.demands.push(Demand::Export { step: self.step, relation, columns });
    }

    fn new_table(&mut self, level: usize) -> Table {
        self.tables += 1;
        Table { name: format!("population_{}", self.tables), level }
    }

    /// The level on which an expression can be decided: after all tables it reads.
    fn level<'e>(&self, parts: impl Iterator<Item = &'e Expr>) -> usize {
        let mut transitions = Vec::new();
        parts.for_each(|e| lower::transitions_in(e, &mut transitions));
        let mut level = 0;
        for t in transitions {
            let below = match (self.relations.table(t), self.relations.get(t)) {
                (Some(table), _) => table.level + 1,
                // Inlined as a subquery: what it reads must exist.
                (None, Some(r)) => self.level(r.columns.iter().chain([&r.rule])),
                (None, None) => 0,
            };
            level = level.max(below);
        }
        level
    }

    fn lowering<'b>(&'b self, relations: &'b Relations) -> Lowering<'b> {
        Lowering::new(self.program, relations, self.history).with(self.passes, &self.extents)
    }

    fn finish(mut self, wanted: &HashSet<usize>) -> (Plan, Diagnostics) {
        let demands = std::mem::take(&mut self.demands);
        let mut plan = Plan { key_checks: keys::checks(&self), ..Plan::default() };
        let mut relations = std::mem::take(&mut self.relations);
        group::build(&mut self, demands, &mut relations, &mut plan);
        plan.deliveries.sort_by_key(|d| d.step);
        self.relations = relations.clone();
        plan.guards = guard::guards(&mut self, wanted);
        plan.relations = relations;
        plan.reasons = self.reasons;
        (plan, self.diagnostics)
    }
}

impl Plan {
    /// The rows of a transition, once the steps have run: the key's columns and the carried ones.
    pub fn rows_of_transition(
        &self,
        transition: TransitionId,
        program: &Program,
        history: &dyn History,
    ) -> Select {
        let population = Population::Transition(transition);
        let (dimension, rule, values) = self.relations.rows_of(program, &population);
        let dim = &program[dimension];
        let key = dim.key.iter().map(|&column| {
            let c = &dim.columns[column];
            let kind = ExprKind::Column { row: Row::frame(0), column };
            (c.name.clone(), Expr::new(kind, c.ty.clone(), dim.span))
        });
        let carried = program[transition].columns.iter().map(|c| c.name.clone()).zip(values);
        let columns: Vec<(String, Expr)> = key.chain(carried).collect();
        let mut lowering = Lowering::new(program, &self.relations, history);
        lowering.rows(dimension, &[rule], |l| {
            columns.into_iter().map(|(name, e)| (name, l.value(&e))).collect()
        })
    }

    /// The rows of a dimension with all of its columns.
    pub fn rows_of_dimension(
        &self,
        dimension: DimId,
        program: &Program,
        history: &dyn History,
    ) -> Select {
        let dim = &program[dimension];
        let column = |(column, c): (usize, &crate::model::schema::Column)| {
            let kind = ExprKind::Column { row: Row::frame(0), column };
            (c.name.clone(), Expr::new(kind, c.ty.clone(), dim.span))
        };
        let columns: Vec<(String, Expr)> = dim.columns.iter().enumerate().map(column).collect();
        let mut lowering = Lowering::new(program, &self.relations, history);
        lowering.rows(dimension, &[], |l| {
            columns.into_iter().map(|(name, e)| (name, l.value(&e))).collect()
        })
    }

    /// Takes a value that is asked for out of the guards: it is none.
    pub fn take_asked(&mut self, step: usize) -> Option<Expr> {
        let at = self.guards.iter().position(|g| g.step == step)?;
        Some(self.guards.remove(at).condition)
    }

    /// A value that speaks of populations, once the steps have run: one row, one column.
    pub fn value(&self, value: &Expr, program: &Program, history: &dyn History) -> Select {
        let mut lowering = Lowering::new(program, &self.relations, history);
        let value = lowering.value(value);
        Select { columns: vec![("value".into(), value)], ..Select::default() }
    }

    /// How many rows of a dimension can be addressed.
    pub fn count_of_dimension(
        &self,
        dimension: DimId,
        program: &Program,
        history: &dyn History,
    ) -> Select {
        let mut lowering = Lowering::new(program, &self.relations, history);
        lowering.rows(dimension, &[], |_| vec![("n".into(), lower::count_rows())])
    }

    /// The queries that compute each clause of a step alone, with the clause's place: the first
    /// that fails is the one the engine's error came from.
    pub fn probes(
        &self,
        step: &PlanStep,
        program: &Program,
        history: &dyn History,
    ) -> Vec<(Span, Select)> {
        let mut probes = Vec::new();
        for (dimension, clause) in &step.clauses {
            for part in clause.conjuncts() {
                let mut lowering = Lowering::new(program, &self.relations, history);
                let select = lowering.rows(*dimension, &[], |l| {
                    let value = l.value(part);
                    let count = AggregateCall {
                        function: Aggregate::Count,
                        arg: Some(value),
                        arg_ty: part.ty.clone(),
                        filter: None,
                        order: Vec::new(),
                        separator: None,
                    };
                    vec![("n".into(), Scalar::Aggregate(Box::new(count)))]
                });
                probes.push((part.span, select));
            }
        }
        probes
    }
}

/// The instant at which a saved audience expires, and the retention, as plain values.
pub fn save_options(planner: &mut Planner<'_>, save: &Save) -> (Option<Timestamp>, Option<u64>) {
    use crate::model::value::Value;
    let expires = save.expires.as_ref().and_then(|e| match fold::literal(&planner.fold(e)) {
        Some(Value::Duration(d)) => planner.clock.shift_instant(planner.now, *d).ok(),
        _ => None,
    });
    let retain = save.retain.as_ref().and_then(|e| match fold::literal(&planner.fold(e)) {
        Some(Value::Int(n)) => u64::try_from(*n).ok(),
        _ => None,
    });
    (expires, retain)
}

/// The save of a step.
pub fn save_of(program: &Program, step: usize) -> Option<&Save> {
    operation_of(program, step)
}

/// The export of a step.
pub fn export_of(program: &Program, step: usize) -> Option<&ExportRows> {
    operation_of(program, step)
}

/// The executor or delivery of a step.
pub fn rows_of(program: &Program, step: usize) -> Option<&crate::plugin::rows::RowCall> {
    operation_of(program, step)
}

fn operation_of<T: 'static>(program: &Program, step: usize) -> Option<&T> {
    match &program.steps.get(step)?.kind {
        StepKind::Activity(activity) => activity.operation.as_any().downcast_ref(),
        StepKind::Expect { .. } => None,
    }
}
