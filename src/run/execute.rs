//! Plan → RunReport: computes everything into temporary tables, asks the guards, and only then
//! writes, all or nothing.
//!
//! The order is what makes a run safe: keys are checked before anything rests on them, guards
//! before anything is staged, exports are written beside their places before the commit and
//! renamed after it, those to tables of other databases committed after it.

use std::cell::RefCell;
use std::collections::HashSet;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::activity::save_audience::Save as SaveOperation;
use crate::catalogue::{self, Catalogue, RunRecord, StagedSave, StepRecord};
use crate::diagnostic::{Diagnostic, Diagnostics, codes, one};
use crate::engine::duckdb::print::{self, plain};
use crate::engine::duckdb::{EngineError, Session as Engine};
use crate::fault;
use crate::model::expr::Population;
use crate::model::program::*;
use crate::model::schema::Column;
use crate::model::value::Value;
use crate::plan::query::{Select, Statement};
use crate::plan::{self, Plan, PlanStep};
use crate::plugin::host::RunFacts;
use crate::source::SourceMap;

use super::exports::{self, Staged as StagedExport};
use super::for_each;
use super::limits::Limits;
use super::report::*;
use super::saved_plan::{self, SavedPlan};

/// How many keys `camp plan` shows of those who would enter or leave, when nobody says.
pub const SAMPLES: usize = 5;

/// What a run works with.
pub struct Execution<'a> {
    /// What is run.
    pub program: &'a Program,
    /// How.
    pub plan: &'a Plan,
    /// The engine, the project attached read-only when there is one.
    pub engine: &'a Engine,
    /// What the project held when the plan was made.
    pub catalogue: &'a Catalogue,
    /// For places and the words of expectations.
    pub sources: &'a SourceMap,
    /// The run's instant.
    pub as_of: Timestamp,
    /// By the clock.
    pub started: Timestamp,
    /// How long a plugin at work may give no sign of life.
    pub plugin_timeout: Duration,
    /// As the user named it.
    pub database: Option<String>,
    /// Told while it works.
    pub progress: RefCell<&'a mut dyn FnMut(Progress)>,
    /// What was found so far that stops nothing.
    pub warnings: Vec<Diagnostic>,
    /// How many keys a plan shows of those who would enter or leave.
    pub samples: usize,
    /// How far an audience may change before a plan warns.
    pub limits: Limits,
    /// The plan that a run has to keep.
    pub agreed: Option<&'a SavedPlan>,
    /// Whether campaigns whose expectations hold are saved when those of others do not.
    pub keep_going: bool,
}

/// Everything computed, nothing written.
pub(super) struct Computed {
    pub(super) report: RunReport,
    pub(super) saves: Vec<Planned>,
    pub(super) exports: Vec<StagedExport>,
    /// Files with rows that were set aside, beside their places.
    pub(super) rejects: Vec<exports::StagedFile>,
    pub(super) sizes: Vec<(DimId, u64)>,
    pub(super) skipped: HashSet<usize>,
}

/// A save with the step it comes from.
pub(super) struct Planned {
    pub(super) step: usize,
    pub(super) staged: StagedSave,
}

/// What the guards of a run said.
#[derive(Default)]
struct Guarded {
    answers: Vec<Answer>,
    /// Indices of steps.
    skipped: HashSet<usize>,
    /// What nobody is in, since the step that makes it was skipped.
    gone: HashSet<TransitionId>,
    /// What a step that waits for it waits for in vain.
    never: HashSet<TransitionId>,
}

/// The answer to one guard.
struct Answer {
    step: usize,
    holds: bool,
    /// The counts it spoke of, when it does not hold.
    facts: String,
}

pub(super) type Outcome<T> = Result<T, Diagnostics>;

impl Execution<'_> {
    /// Runs and commits.
    ///
    /// # Errors
    /// Nothing was saved, exported or delivered then; the run is logged as failed where that is
    /// possible.
    pub fn run(mut self, dry_run: bool) -> Outcome<RunReport> {
        let run_id = RunRecord::new_id(self.started);
        let result = self.compute(&run_id, dry_run).and_then(|c| self.write(c, &run_id, dry_run));
        if let (Err(diagnostics), false) = (&result, dry_run) {
            let words: Vec<&str> = diagnostics.iter().map(|d| d.title.as_str()).collect();
            let record = self.record(&run_id, Vec::new());
            catalogue::log_failed_run(self.engine, &record, &words.join("; "));
        }
        result
    }

    /// Computes everything and says what would change.
    ///
    /// # Errors
    /// As of [`Execution::run`], but for guards: they are shown.
    pub fn preview(self) -> Outcome<PlanReport> {
        self.preview_seen(&mut |_| Ok(()))
    }

    /// The same; `look` sees everything computed.
    ///
    /// # Errors
    /// As of [`Execution::preview`], and those of `look`.
    pub fn preview_seen(
        mut self,
        look: &mut dyn FnMut(&RunReport) -> Outcome<()>,
    ) -> Outcome<PlanReport> {
        let run_id = RunRecord::new_id(self.started);
        let computed = self.compute_unguarded(&run_id, true)?;
        look(&computed.report)?;
        let mut saves = Vec::new();
        let mut warnings = computed.report.warnings;
        for planned in &computed.saves {
            let save = self.save_report(planned, &computed.sizes);
            let (entering, leaving) =
                self.samples(&planned.staged).map_err(|e| one(e.into_diagnostic(None)))?;
            let key = planned.staged.save.key.iter().map(|c| c.name.clone()).collect();
            warnings.extend(self.limits.warnings(&save, planned.staged.save.label_span));
            let unchanged = save.was.saturating_sub(save.left + save.changed);
            let digest = self.digest(planned)?;
            let planned = PlannedSave { save, key, entering, leaving, unchanged, digest };
            saves.push(planned);
        }
        let labels = saves.iter().map(|s| s.save.label.as_str());
        let audiences = saved_plan::bases(self.program, self.catalogue, labels);
        Ok(PlanReport {
            schema_version: SCHEMA_VERSION,
            campaigns: computed.report.campaigns,
            as_of: self.as_of,
            steps: computed.report.steps,
            saves,
            exports: computed.report.exports,
            rejects: computed.report.rejects,
            deliveries: self.planned_deliveries(&computed.skipped),
            expectations: computed.report.expectations,
            audiences,
            warnings,
        })
    }

    /// Runs and commits although guards do not hold: the report says which, and a test judges.
    /// `look` sees everything computed, before the commit changes what rules read.
    ///
    /// # Errors
    /// As of [`Execution::run`], but for guards.
    pub fn rehearse(
        mut self,
        look: &mut dyn FnMut(&RunReport) -> Outcome<()>,
    ) -> Outcome<RunReport> {
        self.check_secrets(true)?;
        let run_id = RunRecord::new_id(self.started);
        let computed = self.compute_unguarded(&run_id, true)?;
        look(&computed.report)?;
        self.write(computed, &run_id, false)
    }

    fn compute(&mut self, run_id: &str, dry_run: bool) -> Outcome<Computed> {
        if !dry_run && !self.plan.deliveries.is_empty() && self.engine.project_path().is_none() {
            let step = &self.program.steps[self.plan.deliveries[0].step];
            return Err(one(Diagnostic::error(
                codes::data::NO_DATABASE,
                "A delivery needs a database that keeps its receipts",
            )
            .label(step.span, "would send")
            .help("name a database with `--db`, or use `--dry-run`")));
        }
        self.check_secrets(dry_run)?;
        let computed = self.compute_unguarded(run_id, dry_run)?;
        self.judged(computed)
    }

    /// Makes the tables of the plan and nothing else: what is asked of its populations then reads
    /// what a run would read. Gives the transitions that nobody is in, since their step is skipped.
    ///
    /// # Errors
    /// As of [`Execution::run`], but for guards, keys and what is saved or written.
    pub fn prepare(mut self) -> Outcome<HashSet<TransitionId>> {
        self.check_secrets(true)?;
        let run_id = RunRecord::new_id(self.started);
        self.tell(Progress::Planned { steps: self.plan.steps.len() });
        self.execute_steps(&run_id, true)?;
        Ok(self.ask_guards(None)?.gone)
    }

    fn compute_unguarded(&mut self, run_id: &str, dry_run: bool) -> Outcome<Computed> {
        let statements = self.plan.steps.len();
        self.tell(Progress::Planned { steps: statements });
        let keys = self.check_keys()?;
        let millis = self.execute_steps(run_id, dry_run)?;
        self.report_computed(&keys, &millis, dry_run)
    }

    /// Executes the statements of the plan; gives the milliseconds of each step of the program.
    fn execute_steps(&mut self, run_id: &str, dry_run: bool) -> Outcome<Vec<u64>> {
        let mut millis = vec![0u64; self.program.steps.len()];
        for (n, step) in self.plan.steps.iter().enumerate() {
            self.tell(Progress::Started { step: n, title: step.title.clone() });
            let begun = Instant::now();
            let rows = match &step.statement {
                Statement::External { step: index, inputs, tables } => {
                    if let Some(call) = plan::rows_of(self.program, *index) {
                        if self.ask_guards(Some(*index))?.skipped.contains(index) {
                            call.nobody(self.engine, tables)?;
                            continue;
                        }
                        let facts = self.facts(*index, run_id, dry_run);
                        let told =
                            &mut |done, of| self.tell(Progress::Working { step: n, done, of });
                        let said = call.execute(self.engine, inputs, tables, &facts, told)?;
                        self.warnings.extend(said);
                    }
                    0
                }
                statement => {
                    let sql = print::statement(statement);
                    self.engine.execute(&sql).map_err(|e| one(self.blame(e, step)))?
                }
            };
            if let Some(spent) = millis.get_mut(step.first) {
                *spent += begun.elapsed().as_millis() as u64;
            }
            self.tell(Progress::Finished { step: n, rows: Some(rows) });
        }
        Ok(millis)
    }

    /// Asks the guards, stages saves and exports, and says so.
    fn report_computed(
        &mut self,
        keys: &[(DimId, u64, u64)],
        millis: &[u64],
        dry_run: bool,
    ) -> Outcome<Computed> {
        let counts = self.count()?;
        let Guarded { answers, skipped, .. } = self.ask_guards(None)?;
        self.check_rows(&skipped)?;
        let mut steps = self.step_reports(&counts, keys, &skipped, millis);
        let expectations = self.expectations(&answers);
        let saves = self.stage(&skipped)?;
        let exports = self.exports(&skipped)?;
        let rejected = self.engine.rejected();
        exports::check_rejects(self.engine, self.program, &rejected).map_err(one)?;
        // What a test of a campaign reads is not the campaign's own.
        let rejects = match dry_run {
            true => Vec::new(),
            false => exports::stage_rejects(&rejected).map_err(one)?,
        };
        self.note_members_gone(&counts, &mut steps);
        let sizes = self.dimension_sizes(&saves, keys)?;
        let report = RunReport {
            schema_version: SCHEMA_VERSION,
            run_id: String::new(),
            campaigns: self.campaigns(),
            started: self.started,
            finished: self.started,
            as_of: self.as_of,
            status: Status::DryRun,
            database: self.database.clone(),
            steps,
            saves: Vec::new(),
            deliveries: Vec::new(),
            exports: exports
                .iter()
                .map(|e| ExportReport {
                    campaign: self.campaign_of(e.step).label.clone(),
                    path: e.shown(&self.campaign_of(e.step).base),
                    rows: e.rows,
                })
                .collect(),
            rejects: rejected
                .iter()
                .map(|r| RejectsReport {
                    source: r.source.clone(),
                    path: r.target.strip_prefix(".").unwrap_or(&r.target).display().to_string(),
                    rows: r.rows,
                })
                .collect(),
            expectations,
            warnings: std::mem::take(&mut self.warnings),
        };
        Ok(Computed { report, saves, exports, rejects, sizes, skipped })
    }

    fn write(&mut self, computed: Computed, run_id: &str, dry_run: bool) -> Outcome<RunReport> {
        let Computed { mut report, mut saves, exports, rejects, sizes, skipped } = computed;
        report.saves = saves.iter().map(|s| self.save_report(s, &sizes)).collect();
        if let Some(agreed) = self.agreed {
            let digests = saves.iter().map(|s| self.digest(s)).collect::<Outcome<Vec<_>>>()?;
            let saves: Vec<_> = report.saves.iter().cloned().zip(digests).collect();
            let deliveries = self.planned_deliveries(&skipped);
            agreed.check_answer(&saves, &report.exports, &deliveries)?;
        }
        if dry_run {
            self.deliver(&mut report, run_id, &skipped, true);
            report.finished = Timestamp::now();
            return Ok(report);
        }
        self.tell(Progress::Committing);
        let tables = exports::write_tables(self.engine, &exports).map_err(one)?;
        if !saves.is_empty() || !self.plan.deliveries.is_empty() || self.engine.project_exists() {
            let mut staged: Vec<StagedSave> = saves.iter().map(|s| s.staged.clone()).collect();
            let records = self.step_records(&report);
            let record = self.record(run_id, records);
            let engine = self.engine;
            let mut next = staged.len();
            let committed = catalogue::commit(
                engine,
                self.catalogue,
                &record,
                &mut staged,
                &mut |present, old| {
                    // The temporary tables of the first computation keep their names.
                    next += 1;
                    catalogue::stage(engine, present, &old.save, next)
                },
            )
            .map_err(one)?;
            for (planned, staged) in saves.iter_mut().zip(staged) {
                planned.staged = staged;
            }
            report.saves = saves.iter().map(|s| self.save_report(s, &sizes)).collect();
            for label in committed.overtaken {
                report.warnings.push(
                    Diagnostic::warning(
                        codes::warnings::OVERTAKEN,
                        format!("Another run changed \"{label}\" while this one was computed"),
                    )
                    .help("run the campaign again to see the change"),
                );
            }
        }
        for export in exports {
            if let exports::Place::File(file) = export.place {
                file.publish().map_err(one)?;
            }
        }
        for file in rejects {
            file.publish().map_err(one)?;
        }
        exports::publish_tables(tables).map_err(one)?;
        fault::step("deliver");
        report.run_id = run_id.to_owned();
        report.status = Status::Done;
        self.deliver(&mut report, run_id, &skipped, false);
        report.finished = Timestamp::now();
        Ok(report)
    }

    /// Of the members after a save.
    fn digest(&self, planned: &Planned) -> Outcome<String> {
        let span = planned.staged.save.label_span;
        planned.staged.digest(self.engine).map_err(|e| one(e.into_diagnostic(Some(span))))
    }

    /// Tells whoever watches.
    pub(super) fn tell(&self, progress: Progress) {
        (self.progress.borrow_mut())(progress);
    }

    // ---- plugins

    /// Refuses a run that would only find out after the commit that a secret is missing.
    fn check_secrets(&mut self, dry_run: bool) -> Outcome<()> {
        let mut wrong = Diagnostics::default();
        let external = self.plan.steps.iter().filter_map(|s| match &s.statement {
            Statement::External { step, .. } => Some(*step),
            _ => None,
        });
        // A delivery that is only rehearsed has no use for its secrets yet.
        let external = external.map(|step| (step, true));
        let deliveries = self.plan.deliveries.iter().map(|d| (d.step, !dry_run));
        for (step, needed) in external.chain(deliveries) {
            let Some(call) = plan::rows_of(self.program, step) else { continue };
            for (param, variable) in &call.secrets {
                if std::env::var_os(variable).is_some_and(|v| !v.is_empty()) {
                    continue;
                }
                let title = format!("The environment variable `{variable}` is not set");
                let span = call.places.find(&format!("params.{param}"));
                let help = format!("set `{variable}` where Camp is started");
                if needed {
                    let error = Diagnostic::error(codes::plugin::SECRET_MISSING, title);
                    wrong.push(error.label(span, "its value is needed").help(help));
                } else {
                    let warning = Diagnostic::warning(codes::warnings::SECRET_MISSING, title);
                    let label = "a run needs its value";
                    self.warnings.push(warning.label(span, label).help(help));
                }
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    /// What a plugin may know of the run.
    pub(super) fn facts(&self, step: usize, run_id: &str, dry_run: bool) -> RunFacts {
        RunFacts {
            dry_run,
            attempt: 1,
            now_us: self.as_of.as_microsecond(),
            run_id: run_id.to_owned(),
            campaign: self.campaign_of(step).label.clone(),
            node: format!("step_{step}"),
            patience: self.plugin_timeout,
        }
    }

    // ---- before anything rests on it

    /// Checks that the keys of sources are unique; gives per dimension all its rows and those
    /// with a complete key.
    fn check_keys(&self) -> Outcome<Vec<(DimId, u64, u64)>> {
        let mut found = Vec::new();
        let mut wrong = Diagnostics::default();
        for check in &self.plan.key_checks {
            let dim = &self.program[check.dimension];
            let failed = |e: EngineError| one(e.into_diagnostic(Some(dim.span)));
            if let Some(ascending) = &check.ascending
                && self.row(&ascending.fault).map_err(failed)?.is_empty()
            {
                let all = number(&self.row(&ascending.rows).map_err(failed)?, 0);
                found.push((check.dimension, all, all));
                continue;
            }
            let row = self.row(&check.counts).map_err(failed)?;
            let (all, with_key, distinct) = (number(&row, 0), number(&row, 1), number(&row, 2));
            found.push((check.dimension, all, with_key));
            if distinct < with_key {
                let rows = self.engine.query(&print::select(&check.repeated)).map_err(failed)?;
                let shown: Vec<String> = rows.iter().map(|r| repeated_key(r)).collect();
                let key: Vec<&str> = dim.key_columns().map(|c| c.name.as_str()).collect();
                wrong.push(
                    Diagnostic::error(
                        codes::data::KEY_REPEATS,
                        format!("The key of `{}` is not unique", dim.name),
                    )
                    .label(dim.span, format!("repeats: {}", shown.join(", ")))
                    .help(format!(
                        "choose a key that names one row, or remove the repeated rows of `{}`",
                        key.join("`, `")
                    )),
                );
            }
        }
        if wrong.is_empty() { Ok(found) } else { Err(wrong) }
    }

    /// The place of an engine error: each clause of the step is computed alone, and the first that
    /// fails with the same kind of error is the one.
    fn blame(&self, error: EngineError, step: &PlanStep) -> Diagnostic {
        use crate::engine::duckdb::ErrorKind;
        if matches!(error.kind, ErrorKind::Interrupted | ErrorKind::DiskFull) {
            return error.into_diagnostic(None);
        }
        let source = step.clauses.first().map(|(d, _)| self.program[*d].span);
        let fallback = self.program.steps.get(step.first).map(|s| s.span).or(source);
        let history = super::history::Recorded::new(self.catalogue, self.program);
        let place = self
            .plan
            .probes(step, self.program, &history)
            .into_iter()
            .find(|(_, probe)| {
                self.engine.query(&print::select(probe)).is_err_and(|e| e.kind == error.kind)
            })
            .map(|(span, _)| span);
        error.into_diagnostic(place.or(fallback))
    }

    pub(super) fn row(&self, select: &Select) -> Result<Vec<Value>, EngineError> {
        let rows = self.engine.query(&print::select(select))?;
        Ok(rows.into_iter().next().unwrap_or_default())
    }

    // ---- counts and guards

    fn count(&self) -> Outcome<Vec<Option<u64>>> {
        let mut counts = vec![None; self.program.transitions.len()];
        for (select, transitions) in &self.plan.counts {
            let span = transitions.first().map(|t| self.program[*t].span);
            let row = self.row(select).map_err(|e| one(e.into_diagnostic(span)))?;
            for (n, t) in transitions.iter().enumerate() {
                counts[t.0 as usize] = Some(number(&row, n));
            }
        }
        Ok(counts)
    }

    /// Asks the guards in text order and finds the steps that are skipped: those whose `only if`
    /// does not hold, and those that come after them. With a step, only what decides about it,
    /// which can be asked as soon as it is that step's turn.
    fn ask_guards(&self, about: Option<usize>) -> Outcome<Guarded> {
        let mut guarded = Guarded::default();
        let upstream = about.map(|step| plan::upstream(self.program, step));
        let guards_it = |u: &HashSet<usize>| self.plan.guards.iter().any(|g| u.contains(&g.step));
        if upstream.as_ref().is_some_and(|u| !guards_it(u)) {
            return Ok(guarded);
        }
        let history = super::history::Recorded::new(self.catalogue, self.program);
        for (index, step) in self.program.steps.iter().enumerate() {
            if upstream.as_ref().is_some_and(|u| !u.contains(&index)) {
                continue;
            }
            let gone = &guarded.gone;
            let is_expect = matches!(step.kind, StepKind::Expect { .. });
            let orphaned = !is_expect && plan::read_by(step).iter().any(|t| gone.contains(t));
            let waits = step.wait_for.iter().any(|t| guarded.never.contains(t));
            let mut runs = !orphaned && !waits;
            let guard = self.plan.guards.iter().find(|g| g.step == index);
            if let (true, Some(guard)) = (runs, guard) {
                let failed = |e: EngineError| one(e.into_diagnostic(Some(step.span)));
                let question = self.plan.ask(guard, self.program, &history, gone);
                let row = self.row(&question).map_err(failed)?;
                let holds = matches!(row.first(), Some(Value::Bool(true)));
                let mut said = String::new();
                let facts = self.plan.facts(guard, self.program, &history, gone);
                if !holds && !facts.columns.is_empty() {
                    let row = self.row(&facts).map_err(failed)?;
                    let named = facts.columns.iter().zip(&row);
                    let named: Vec<String> =
                        named.map(|((name, _), v)| format!("{name} is {}", plain(v))).collect();
                    said = named.join(", ");
                }
                guarded.answers.push(Answer { step: index, holds, facts: said });
                runs = is_expect || holds;
            }
            if let (false, StepKind::Activity(activity)) = (runs, &step.kind) {
                guarded.skipped.insert(index);
                guarded.never.extend(activity.outputs.iter().copied());
                // An audience is there also where its save was skipped, with its old content.
                if orphaned || !activity.operation.as_any().is::<SaveOperation>() {
                    guarded.gone.extend(activity.outputs.iter().copied());
                }
            }
        }
        Ok(guarded)
    }

    /// Asks the queries whose rows are faults.
    fn check_rows(&self, skipped: &HashSet<usize>) -> Outcome<()> {
        let mut wrong = Diagnostics::default();
        for check in self.plan.checks.iter().filter(|c| !skipped.contains(&c.step)) {
            let rows = self
                .engine
                .query(&print::select(&check.select))
                .map_err(|e| one(e.into_diagnostic(check.fault.span())))?;
            if rows.is_empty() {
                continue;
            }
            let shown: Vec<String> = rows.iter().map(|r| named_row(&check.columns, r)).collect();
            let mut fault = check.fault.clone();
            if let Some(label) = fault.labels.first_mut() {
                label.text = shown.join("; ");
            }
            wrong.push(fault);
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    fn expectations(&self, answers: &[Answer]) -> Vec<ExpectationReport> {
        let mut reports = Vec::new();
        for Answer { step, holds, facts } in answers {
            let step = &self.program.steps[*step];
            let StepKind::Expect { condition, message } = &step.kind else { continue };
            let place = self.sources.place(step.span);
            reports.push(ExpectationReport {
                campaign: self.program[step.campaign].label.clone(),
                text: one_line(self.sources.slice(condition.span)),
                file: place.as_ref().map(|p| p.file.clone()).unwrap_or_default(),
                line: place.map_or(0, |p| p.line as u64),
                held: *holds,
                message: message.clone(),
                facts: (!facts.is_empty()).then(|| facts.clone()),
            });
        }
        reports
    }

    // ---- saves and exports

    fn stage(&mut self, skipped: &HashSet<usize>) -> Outcome<Vec<Planned>> {
        let mut all: Vec<Planned> = Vec::new();
        let mut warnings = Vec::new();
        for save in &self.plan.saves {
            let Some(operation) = plan::save_of(self.program, save.step) else { continue };
            if skipped.contains(&save.step) {
                continue;
            }
            let parts = for_each::parts(self.engine, self.program, operation, &save.rows);
            let (parts, without_value) = parts.map_err(one)?;
            warnings.extend(without_value);
            for (label, rows) in parts {
                let number = all.len();
                let view = format!("save_{number}");
                let statement = Statement::CreateTempView { view: view.clone(), select: rows };
                self.engine
                    .execute(&print::statement(&statement))
                    .map_err(|e| one(e.into_diagnostic(Some(operation.label_span))))?;
                let request = self.save_request(operation, save, label, view);
                let staged =
                    catalogue::stage(self.engine, self.catalogue, &request, number).map_err(one)?;
                warnings.extend(staged.warnings.iter().cloned());
                all.push(Planned { step: save.step, staged });
            }
        }
        self.warnings.extend(warnings);
        Ok(all)
    }

    fn save_request(
        &self,
        operation: &SaveOperation,
        save: &plan::PlannedSave,
        label: String,
        staged: String,
    ) -> catalogue::Save {
        let transition = &self.program[operation.input];
        let dimension = &self.program[transition.dimension];
        let key: Vec<Column> = dimension.key_columns().cloned().collect();
        let mut columns = key.clone();
        columns.extend(transition.columns.iter().map(|c| Column {
            name: c.name.clone(),
            ty: c.ty.clone(),
            nullable: true,
        }));
        catalogue::Save {
            label,
            label_span: operation.label_span,
            staged,
            key,
            columns,
            dimension: dimension.name.clone(),
            update: operation.update,
            must_exist: operation.must_exist,
            expires: save.expires,
            retain: save.retain,
            campaign: self.campaign_of(save.step).label.clone(),
            reads: save.reads.clone(),
            doc: operation.doc.clone().or_else(|| transition.doc.clone()),
        }
    }

    fn exports(&self, skipped: &HashSet<usize>) -> Outcome<Vec<StagedExport>> {
        let mut staged = Vec::new();
        for export in &self.plan.exports {
            let Some(operation) = plan::export_of(self.program, export.step) else { continue };
            if skipped.contains(&export.step) {
                continue;
            }
            let written = exports::stage(self.engine, self.program, operation, export, &staged);
            staged.push(written.map_err(one)?);
        }
        Ok(staged)
    }

    fn samples(&self, staged: &StagedSave) -> Result<(Keys, Keys), EngineError> {
        let names: Vec<String> =
            staged.save.key.iter().map(|c| print::identifier(&c.name)).collect();
        let text = |row: Vec<Value>| row.iter().map(plain).collect::<Vec<String>>();
        match staged.changes() {
            None => {
                let list = names.join(", ");
                let content = print::identifier(&staged.content);
                let sql = format!(
                    "SELECT {list} FROM temp.{content} ORDER BY {list} LIMIT {}",
                    self.samples
                );
                let rows = self.engine.query(&sql)?;
                Ok((rows.into_iter().map(text).collect(), Vec::new()))
            }
            Some(changes) => {
                let keys: Vec<String> = (1..=names.len()).map(|n| format!("k{n}")).collect();
                let list = keys.join(", ");
                let table = print::identifier(changes);
                let pick = |kind: u8| {
                    format!(
                        "SELECT {list} FROM temp.{table} WHERE kind = {kind} ORDER BY {list} LIMIT {}",
                        self.samples
                    )
                };
                let entering = self.engine.query(&pick(1))?.into_iter().map(text).collect();
                let leaving = self.engine.query(&pick(0))?.into_iter().map(text).collect();
                Ok((entering, leaving))
            }
        }
    }

    /// How many rows the dimension of each save has: the ground for «100 % of customers».
    fn dimension_sizes(
        &self,
        saves: &[Planned],
        keys: &[(DimId, u64, u64)],
    ) -> Outcome<Vec<(DimId, u64)>> {
        let mut sizes: Vec<(DimId, u64)> =
            keys.iter().map(|(d, _, with_key)| (*d, *with_key)).collect();
        for planned in saves {
            let Some(operation) = plan::save_of(self.program, planned.step) else { continue };
            let d = self.program[operation.input].dimension;
            if sizes.iter().any(|(known, _)| *known == d) {
                continue;
            }
            let history = super::history::Recorded::new(self.catalogue, self.program);
            let count = self.plan.count_of_dimension(d, self.program, &history);
            let row =
                self.row(&count).map_err(|e| one(e.into_diagnostic(Some(self.program[d].span))))?;
            sizes.push((d, number(&row, 0)));
        }
        Ok(sizes)
    }

    // ---- reports

    /// The indices of the steps that a report has an entry for, in its order.
    fn activity_steps(&self) -> impl Iterator<Item = usize> {
        let steps = self.program.steps.iter().enumerate();
        steps.filter(|(_, s)| matches!(s.kind, StepKind::Activity(_))).map(|(index, _)| index)
    }

    pub(super) fn campaign_of(&self, step: usize) -> &Campaign {
        &self.program[self.program.steps[step].campaign]
    }

    fn campaigns(&self) -> Vec<CampaignReport> {
        self.program
            .campaigns
            .iter()
            .map(|c| CampaignReport {
                label: c.label.clone(),
                file: c.file.clone(),
                timezone: c.timezone.clone(),
            })
            .collect()
    }

    fn step_reports(
        &self,
        counts: &[Option<u64>],
        keys: &[(DimId, u64, u64)],
        skipped: &HashSet<usize>,
        millis: &[u64],
    ) -> Vec<StepReport> {
        let mut reports = Vec::new();
        for (index, step) in self.program.steps.iter().enumerate() {
            let StepKind::Activity(activity) = &step.kind else { continue };
            let place = self.sources.place(step.span);
            let from_dimension =
                activity.operation.inputs().iter().any(|p| matches!(p, Population::Dimension(_)));
            let transitions = activity
                .outputs
                .iter()
                .enumerate()
                .map(|(n, t)| {
                    let transition = &self.program[*t];
                    let without = keys
                        .iter()
                        .find(|(d, ..)| *d == transition.dimension && from_dimension && n == 0)
                        .map_or(0, |(_, all, with_key)| all - with_key);
                    TransitionCount {
                        name: transition.name.clone(),
                        dimension: self.program[transition.dimension].name.clone(),
                        rows: counts[t.0 as usize].filter(|_| !skipped.contains(&index)),
                        missing_key: without,
                    }
                })
                .collect();
            reports.push(StepReport {
                campaign: self.program[step.campaign].label.clone(),
                activity: activity.activity.clone(),
                file: place.as_ref().map(|p| p.file.clone()).unwrap_or_default(),
                line: place.map_or(0, |p| p.line as u64),
                transitions,
                millis: millis[index],
                skipped: skipped.contains(&index),
                note: None,
            });
        }
        reports
    }

    /// Members of a read audience that are no rows of the dimension any more.
    fn note_members_gone(&self, counts: &[Option<u64>], reports: &mut [StepReport]) {
        let activities = self.program.steps.iter().filter_map(|s| match &s.kind {
            StepKind::Activity(a) => Some(a),
            StepKind::Expect { .. } => None,
        });
        for (activity, report) in activities.zip(reports) {
            let Some(read) =
                activity.operation.as_any().downcast_ref::<crate::activity::read_audience::Read>()
            else {
                continue;
            };
            let audience = &self.program.audiences[read.audience];
            let (Some(existing), Some(output)) = (&audience.existing, activity.outputs.first())
            else {
                continue;
            };
            // What this run saved has only rows that exist.
            let (None, None, true, Some(rows)) = (
                read.version,
                read.after_save,
                read.matching.is_empty(),
                counts[output.0 as usize],
            ) else {
                continue;
            };
            let gone = existing.size.saturating_sub(rows);
            if gone > 0 {
                let dimension = &self.program[self.program[*output].dimension].name;
                report.note = Some(format!("{gone} of its members no longer exist in {dimension}"));
            }
        }
    }

    fn save_report(&self, planned: &Planned, sizes: &[(DimId, u64)]) -> SaveReport {
        let save = &planned.staged.save;
        let counts = planned.staged.counts;
        let existing = self.catalogue.find(&save.label);
        let d = plan::save_of(self.program, planned.step)
            .map(|operation| self.program[operation.input].dimension);
        let size = sizes.iter().find(|(known, _)| Some(*known) == d).map(|(_, n)| *n);
        SaveReport {
            campaign: save.campaign.clone(),
            label: save.label.clone(),
            dimension: save.dimension.clone(),
            dimension_size: size,
            was: counts.was,
            now: counts.now,
            entered: counts.entered,
            left: counts.left,
            changed: counts.changed,
            version: existing.map_or(1, |e| e.audience.version + 1),
            created: existing.is_none(),
            expires: save.expires,
        }
    }

    fn record(&self, run_id: &str, steps: Vec<StepRecord>) -> RunRecord {
        let mut zones: Vec<&str> = Vec::new();
        for campaign in &self.program.campaigns {
            if !zones.contains(&campaign.timezone.as_str()) {
                zones.push(&campaign.timezone);
            }
        }
        RunRecord {
            id: run_id.to_owned(),
            command: "run".into(),
            started: self.started,
            as_of: self.as_of,
            timezone: zones.join(", "),
            campaigns: self.program.campaigns.iter().map(|c| c.label.clone()).collect(),
            files: self.program.campaigns.iter().map(|c| c.file.clone()).collect(),
            steps,
            strict: self.agreed.is_some(),
        }
    }

    fn step_records(&self, report: &RunReport) -> Vec<StepRecord> {
        let mut records = Vec::new();
        for (index, step) in self.activity_steps().zip(&report.steps) {
            let note = if step.skipped { Some("skipped".into()) } else { step.note.clone() };
            let record = |transition: Option<String>, rows| StepRecord {
                campaign: step.campaign.clone(),
                activity: step.activity.clone(),
                transition,
                rows,
                note: note.clone(),
                ms: step.millis,
            };
            // A save has a record of its own, below.
            if step.transitions.is_empty() && plan::save_of(self.program, index).is_none() {
                records.push(record(None, None));
            }
            for t in &step.transitions {
                records.push(record(Some(t.name.clone()), t.rows));
            }
        }
        for save in &report.saves {
            records.push(StepRecord {
                campaign: save.campaign.clone(),
                activity: "save audience".into(),
                transition: Some(save.label.clone()),
                rows: Some(save.now),
                note: Some(format!(
                    "was {}, now {}, +{} -{} ~{}",
                    save.was, save.now, save.entered, save.left, save.changed
                )),
                ms: 0,
            });
        }
        records
    }
}

type Keys = Vec<Vec<String>>;

pub(super) fn number(row: &[Value], index: usize) -> u64 {
    match row.get(index) {
        Some(Value::Int(n)) => u64::try_from(*n).unwrap_or_default(),
        _ => 0,
    }
}

/// `7 (3 times)`
fn repeated_key(row: &[Value]) -> String {
    let (times, key) = match row.split_last() {
        Some((times, key)) => (plain(times), key),
        None => return String::new(),
    };
    let parts: Vec<String> = key.iter().map(plain).collect();
    match parts.as_slice() {
        [one] => format!("{one} ({times} times)"),
        many => format!("({}) ({times} times)", many.join(", ")),
    }
}

/// `email a@x.test, times 2`
fn named_row(columns: &[String], row: &[Value]) -> String {
    let parts: Vec<String> =
        columns.iter().zip(row).map(|(name, value)| format!("{name} {}", plain(value))).collect();
    parts.join(", ")
}

/// White space as single blanks.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
