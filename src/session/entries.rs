//! What `camp repl` asks of a session: its entries so far are one file, and only what is asked for
//! is computed. Between two entries nothing is open, so that the prompt keeps no database from
//! anybody.

use std::collections::HashSet;
use std::path::PathBuf;

use jiff::Timestamp;

use super::profile::{VALUE, VIEW, quoted};
use super::{Checked, Session, add, bytes_of, one};
use crate::activity::Spec;
use crate::catalogue::Catalogue;
use crate::check::Unit;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::engine::duckdb::{self, EngineError, print};
use crate::model::program::{DimId, StepKind, TransitionId};
use crate::model::value::Value;
use crate::plan::query::Select;
use crate::plan::{self, Plan, fold};
use crate::profile::Profile;
use crate::repl::scope::{Link, Named, Scope};
use crate::run::history::Recorded;
use crate::run::report::{PlanReport, Progress, RunReport};
use crate::source::{SourceId, Span};
use crate::syntax::ast::{self, ClauseKind, Statement, StatementKind};
use crate::why::{Question, Why};

/// What is asked of the entries.
#[derive(Default)]
pub(crate) struct Asked {
    /// The places of the statements that are computed, with what they need.
    pub statements: Vec<Span>,
    /// Dimensions and transitions whose first rows are wanted.
    pub shown: Vec<String>,
    /// How many of them.
    pub rows: usize,
}

/// The first rows of a dimension or a population.
pub(crate) struct Rows {
    /// Its name.
    pub name: String,
    /// What its rows are, where it is a population.
    pub dimension: Option<String>,
    /// All of its rows.
    pub count: u64,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The first rows, by key.
    pub rows: Vec<Vec<Value>>,
}

/// What was found.
pub(crate) struct Seen {
    /// As asked for, without what was skipped.
    pub shown: Vec<Rows>,
    /// What a run would do.
    pub report: PlanReport,
    /// What can be spoken of from now on.
    pub scope: Scope,
}

impl Session {
    /// Begins an entry: the clock is read again, and an interrupt of the one before is forgotten.
    pub(crate) fn begin_entry(&mut self) {
        self.interrupter.reset();
        self.started = Timestamp::now();
        self.as_of = self.settings.as_of.unwrap_or(self.started);
    }

    /// Adds the text of an entry to the sources.
    ///
    /// # Errors
    /// There is too much of it.
    pub(crate) fn add_entry(&mut self, name: String, text: &str) -> Result<SourceId, Diagnostic> {
        add(&mut self.sources, name, text.as_bytes().to_vec())
    }

    /// Adds a file to the sources; gives the folder that its paths start from.
    ///
    /// # Errors
    /// It cannot be read, or is not UTF-8.
    pub(crate) fn add_file(&mut self, file: &str) -> Result<(SourceId, PathBuf), Diagnostic> {
        let (name, base, bytes) = bytes_of(file)?;
        Ok((add(&mut self.sources, name, bytes)?, base))
    }

    /// The values of `--set` from now on.
    pub(crate) fn give(&mut self, set: Vec<(String, String)>) {
        self.settings.set = set;
    }

    /// The activities that can be used now.
    pub(crate) fn activities(&self) -> Vec<Spec> {
        self.registry.iter().map(|a| a.spec().clone()).collect()
    }

    /// The plugins that `use` can name.
    pub(crate) fn plugin_names(&self) -> Vec<String> {
        self.finder().names()
    }

    /// The saved audiences.
    ///
    /// # Errors
    /// The database cannot be read.
    pub(crate) fn catalogue(&self) -> Result<Catalogue, Diagnostic> {
        Catalogue::load(&duckdb::Session::open(&self.engine_options())?)
    }

    /// Checks entries with their `test` statements, and computes nothing.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(crate) fn check_entries(&mut self, unit: Unit) -> Result<(), Diagnostics> {
        self.checked_units(vec![unit], Diagnostics::default(), false).map(|_| ())
    }

    /// Computes what is asked of entries; nothing is saved.
    ///
    /// # Errors
    /// What is wrong with the entries, the data or the database.
    pub(crate) fn ask(
        &mut self,
        unit: Unit,
        asked: &Asked,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Seen, Diagnostics> {
        let checked = self.checked_entries(unit)?;
        let wanted = steps_at(&checked, &asked.statements);
        let history = Recorded::new(&checked.catalogue, &checked.program);
        let plan = self.planned_steps(&checked, &history, &wanted)?;
        let mut shown = Vec::new();
        let report = self.execution(&checked, &plan, progress).preview_seen(&mut |report| {
            for name in &asked.shown {
                let of = |s: &&crate::run::report::StepReport| {
                    s.transitions.iter().any(|t| t.name == *name)
                };
                if !report.steps.iter().find(of).is_some_and(|s| s.skipped) {
                    shown.extend(first_rows(&checked, &plan, name, asked.rows)?);
                }
            }
            Ok(())
        })?;
        Ok(Seen { shown, report, scope: scope(&checked) })
    }

    /// A value that speaks of populations and constants.
    ///
    /// # Errors
    /// As of [`Session::ask`]; it speaks of the rows of a dimension.
    pub(crate) fn value_of(
        &mut self,
        mut unit: Unit,
        value: &ast::Expr,
    ) -> Result<Value, Diagnostics> {
        let kind = StatementKind::Expect(ast::Expect { condition: value.clone(), message: None });
        unit.ast.statements.push(Statement { doc: None, kind, span: value.span });
        self.asked = Some(value.span);
        let checked = self.checked_entries(unit);
        self.asked = None;
        let checked = checked?;
        let wanted = steps_at(&checked, &[value.span]);
        let history = Recorded::new(&checked.catalogue, &checked.program);
        let mut plan = self.planned_steps(&checked, &history, &wanted)?;
        let last = checked.program.steps.len().saturating_sub(1);
        let Some(value) = plan.take_asked(last) else { return Ok(Value::Missing) };
        if let Some(constant) = fold::literal(&value) {
            return Ok(constant.clone());
        }
        let mut found = Value::Missing;
        self.execution(&checked, &plan, &mut |_| {}).preview_seen(&mut |_| {
            let select = plan.value(&value, &checked.program, &history);
            let rows = query(&checked, &print::select(&select), value.span)?;
            found = rows.into_iter().flatten().next().unwrap_or(Value::Missing);
            Ok(())
        })?;
        Ok(found)
    }

    /// How a value is spread over the rows of a dimension or a population, or what all of its
    /// columns look like.
    ///
    /// # Errors
    /// As of [`Session::ask`].
    pub(crate) fn spread(
        &mut self,
        mut unit: Unit,
        of: &str,
        value: Option<(&str, ast::Expr)>,
    ) -> Result<Profile, Diagnostics> {
        let (called, expr) = value.unzip();
        let select =
            if expr.is_some() { format!("1 as {}", quoted(VALUE)) } else { "*".to_owned() };
        let text = format!("{} = build audience from {} select {select}", quoted(VIEW), quoted(of));
        let mut made = self.made(&text)?.ast.statements;
        let mut places = Vec::new();
        for statement in &mut made {
            places.push(statement.span);
            let StatementKind::Call(call) = &mut statement.kind else { continue };
            for clause in &mut call.clauses {
                if let (ClauseKind::Select(select), Some(expr)) = (&mut clause.node, &expr)
                    && let Some(item) = select.items.first_mut()
                {
                    item.expr = expr.clone();
                }
            }
        }
        unit.ast.statements.extend(made);
        let checked = self.checked_entries(unit)?;
        let history = Recorded::new(&checked.catalogue, &checked.program);
        let plan = self.planned_steps(&checked, &history, &steps_at(&checked, &places))?;
        let mut profile = None;
        self.execution(&checked, &plan, &mut |_| {}).preview_seen(&mut |_| {
            profile = Some(self.measure(&checked, &plan, of, called)?);
            Ok(())
        })?;
        profile.ok_or_else(Diagnostics::default)
    }

    /// Why a row is in a population of the entries, or is not.
    ///
    /// # Errors
    /// As of [`Session::ask`], and what is wrong with the question.
    pub(crate) fn why_entry(
        &mut self,
        unit: Unit,
        question: &Question,
    ) -> Result<Why, Diagnostics> {
        let checked = self.checked_entries(unit)?;
        self.why_of(&checked, question)
    }

    /// Runs these statements of the entries, with what they need: saves, exports, deliveries.
    ///
    /// # Errors
    /// What is wrong; nothing was saved, exported or delivered then.
    pub(crate) fn commit(
        &mut self,
        unit: Unit,
        statements: &[Span],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<RunReport, Diagnostics> {
        let checked = self.checked_entries(unit)?;
        let history = Recorded::new(&checked.catalogue, &checked.program);
        let plan = self.planned_steps(&checked, &history, &steps_at(&checked, statements))?;
        self.run_planned(&checked, &plan, progress)
    }

    /// Checks entries to compute something of them.
    fn checked_entries(&mut self, unit: Unit) -> Result<Checked, Diagnostics> {
        self.checked_units(vec![unit], Diagnostics::default(), true)
    }
}

/// The steps of these statements and those that they need.
fn steps_at(checked: &Checked, statements: &[Span]) -> HashSet<usize> {
    let program = &checked.program;
    let steps = program.steps.iter().enumerate();
    steps
        .filter(|(_, step)| statements.contains(&step.span))
        .flat_map(|(index, _)| plan::upstream(program, index))
        .collect()
}

fn query(checked: &Checked, sql: &str, span: Span) -> Result<Vec<Vec<Value>>, Diagnostics> {
    let failed = |e: EngineError| one(e.into_diagnostic(Some(span)));
    checked.engine.query(sql).map_err(failed)
}

/// The first rows of what has this name; nothing when it is neither a dimension nor a transition.
fn first_rows(
    checked: &Checked,
    plan: &Plan,
    name: &str,
    limit: usize,
) -> Result<Option<Rows>, Diagnostics> {
    let program = &checked.program;
    let history = Recorded::new(&checked.catalogue, program);
    let transition = program.transitions.iter().position(|t| t.name == name);
    let dimension = program.dimensions.iter().position(|d| d.name == name);
    let (select, dim, span) = match (transition, dimension) {
        (Some(n), _) => {
            let id = TransitionId(n as u32);
            let select = plan.rows_of_transition(id, program, &history);
            (select, program[id].dimension, program[id].span)
        }
        (None, Some(n)) => {
            let id = DimId(n as u32);
            (plan.rows_of_dimension(id, program, &history), id, program[id].span)
        }
        (None, None) => return Ok(None),
    };
    let sql = print::select(&select);
    let counted = query(checked, &format!("SELECT count(*) FROM ({sql}) AS r"), span)?;
    let count = match counted.first().and_then(|row| row.first()) {
        Some(Value::Int(n)) => u64::try_from(*n).unwrap_or(0),
        _ => 0,
    };
    let key: Vec<String> = program[dim].key_columns().map(|c| print::identifier(&c.name)).collect();
    let order =
        if key.is_empty() { String::new() } else { format!(" ORDER BY {}", key.join(", ")) };
    let first = format!("SELECT * FROM ({sql}) AS r{order} LIMIT {limit}");
    Ok(Some(Rows {
        name: name.to_owned(),
        dimension: transition.map(|_| program[dim].name.clone()),
        count,
        columns: names_of(&select),
        rows: if limit == 0 { Vec::new() } else { query(checked, &first, span)? },
    }))
}

fn names_of(select: &Select) -> Vec<String> {
    select.columns.iter().map(|(name, _)| name.clone()).collect()
}

/// What a program has that can be spoken of.
fn scope(checked: &Checked) -> Scope {
    let program = &checked.program;
    let column = |c: &crate::model::schema::Column| (c.name.clone(), c.ty.to_string());
    let dimensions = program.dimensions.iter().enumerate().map(|(n, dim)| Named {
        name: dim.name.clone(),
        dimension: None,
        key: dim.key_columns().map(|c| c.name.clone()).collect(),
        columns: dim.columns.iter().map(column).collect(),
        links: program
            .links
            .iter()
            .filter(|l| l.from == DimId(n as u32) && !l.name.is_empty())
            .map(|l| Link {
                name: l.name.clone(),
                to: program[l.to].name.clone(),
                to_one: l.to_one,
            })
            .collect(),
    });
    let mut populations = Vec::new();
    for step in &program.steps {
        let StepKind::Activity(activity) = &step.kind else { continue };
        for &id in &activity.outputs {
            let transition = &program[id];
            if transition.name.starts_with('_') {
                continue;
            }
            populations.push(Named {
                name: transition.name.clone(),
                dimension: Some(program[transition.dimension].name.clone()),
                columns: transition
                    .columns
                    .iter()
                    .map(|c| (c.name.clone(), c.ty.to_string()))
                    .collect(),
                ..Named::default()
            });
        }
    }
    Scope {
        dimensions: dimensions.collect(),
        populations,
        tables: checked.engine.table_names(),
        audiences: checked.catalogue.labels().map(str::to_owned).collect(),
    }
}
