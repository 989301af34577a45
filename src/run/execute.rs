//! Plan → RunReport: computes everything into temporary tables, asks the guards, and only then
//! writes, all or nothing.
//!
//! The order is what makes a run safe: keys are checked before anything rests on them, guards
//! before anything is staged, exports are written beside their places before the commit and
//! renamed after it.

use std::collections::HashSet;
use std::time::Instant;

use jiff::Timestamp;

use crate::activity::save_audience::Save as SaveOperation;
use crate::catalogue::{self, Catalogue, RunRecord, StagedSave, StepRecord};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::engine::duckdb::print::{self, plain};
use crate::engine::duckdb::{EngineError, Session as Engine};
use crate::model::expr::Population;
use crate::model::program::*;
use crate::model::schema::Column;
use crate::model::value::Value;
use crate::plan::query::{Select, Statement};
use crate::plan::{self, Plan, PlanStep};
use crate::source::SourceMap;

use super::exports::{self, Staged as StagedExport};
use super::report::*;

/// How many keys `camp plan` shows of those who would enter or leave.
const SAMPLE: usize = 5;

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
    /// As the user named it.
    pub database: Option<String>,
    /// Told while it works.
    pub progress: &'a mut dyn FnMut(Progress),
    /// What was found so far that stops nothing.
    pub warnings: Vec<Diagnostic>,
}

/// Everything computed, nothing written.
struct Computed {
    report: RunReport,
    saves: Vec<Planned>,
    exports: Vec<StagedExport>,
    sizes: Vec<(DimId, u64)>,
}

/// A save with the step it comes from.
struct Planned {
    step: usize,
    staged: StagedSave,
}

type Outcome<T> = Result<T, Diagnostics>;

fn one(diagnostic: Diagnostic) -> Diagnostics {
    let mut all = Diagnostics::default();
    all.push(diagnostic);
    all
}

impl Execution<'_> {
    /// Runs and commits.
    ///
    /// # Errors
    /// Nothing was saved, exported or delivered then; the run is logged as failed where that is
    /// possible.
    pub fn run(mut self, dry_run: bool) -> Outcome<RunReport> {
        let run_id = RunRecord::new_id(self.started);
        let result = self.compute().and_then(|c| self.write(c, &run_id, dry_run));
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
    pub fn preview(mut self) -> Outcome<PlanReport> {
        let computed = self.compute_unguarded()?;
        let mut saves = Vec::new();
        for planned in &computed.saves {
            let save = self.save_report(planned, &computed.sizes);
            let (entering, leaving) =
                self.samples(&planned.staged).map_err(|e| one(e.into_diagnostic(None)))?;
            let key = planned.staged.save.key.iter().map(|c| c.name.clone()).collect();
            saves.push(super::report::PlannedSave { save, key, entering, leaving });
        }
        Ok(PlanReport {
            schema_version: SCHEMA_VERSION,
            campaigns: computed.report.campaigns,
            as_of: self.as_of,
            steps: computed.report.steps,
            saves,
            exports: computed.report.exports,
            expectations: computed.report.expectations,
            warnings: computed.report.warnings,
        })
    }

    fn compute(&mut self) -> Outcome<Computed> {
        let computed = self.compute_unguarded()?;
        let failed = self.failed_expectations(&computed.report);
        if failed.is_empty() { Ok(computed) } else { Err(failed) }
    }

    fn compute_unguarded(&mut self) -> Outcome<Computed> {
        let statements = self.plan.steps.len();
        (self.progress)(Progress::Planned { steps: statements });
        let keys = self.check_keys()?;
        let mut millis = vec![0u64; self.program.steps.len()];
        for (n, step) in self.plan.steps.iter().enumerate() {
            (self.progress)(Progress::Started { step: n, title: step.title.clone() });
            let begun = Instant::now();
            let sql = print::statement(&step.statement);
            let rows = self.engine.execute(&sql).map_err(|e| one(self.blame(e, step)))?;
            if let Some(spent) = millis.get_mut(step.first) {
                *spent += begun.elapsed().as_millis() as u64;
            }
            (self.progress)(Progress::Finished { step: n, rows: Some(rows) });
        }
        let counts = self.count()?;
        let (held, facts) = self.ask_guards()?;
        let skipped = self.skipped(&held);
        let mut steps = self.step_reports(&counts, &keys, &skipped, &millis);
        let expectations = self.expectations(&held, &facts);
        let saves = self.stage(&skipped)?;
        for planned in &saves {
            self.warnings.extend(planned.staged.warnings.iter().cloned());
        }
        let exports = self.exports(&skipped)?;
        self.note_members_gone(&counts, &mut steps);
        let sizes = self.dimension_sizes(&saves, &keys)?;
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
            exports: exports
                .iter()
                .map(|e| ExportReport {
                    campaign: self.campaign_of(e.step).label.clone(),
                    path: self.as_written(e),
                    rows: e.rows,
                })
                .collect(),
            expectations,
            warnings: std::mem::take(&mut self.warnings),
        };
        Ok(Computed { report, saves, exports, sizes })
    }

    fn write(&mut self, computed: Computed, run_id: &str, dry_run: bool) -> Outcome<RunReport> {
        let Computed { mut report, mut saves, exports, sizes } = computed;
        report.saves = saves.iter().map(|s| self.save_report(s, &sizes)).collect();
        if dry_run {
            report.finished = Timestamp::now();
            return Ok(report);
        }
        (self.progress)(Progress::Committing);
        if !saves.is_empty() || self.engine.project_exists() {
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
            export.publish().map_err(one)?;
        }
        report.run_id = run_id.to_owned();
        report.status = Status::Done;
        report.finished = Timestamp::now();
        Ok(report)
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

    fn row(&self, select: &Select) -> Result<Vec<Value>, EngineError> {
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

    /// Whether each guard holds (by step), and the facts it spoke of.
    fn ask_guards(&self) -> Outcome<(Held, Vec<String>)> {
        let mut held = Vec::new();
        let mut facts = Vec::new();
        for guard in &self.plan.guards {
            let span = self.program.steps[guard.step].span;
            let failed = |e: EngineError| one(e.into_diagnostic(Some(span)));
            let row = self.row(&guard.select).map_err(failed)?;
            let holds = matches!(row.first(), Some(Value::Bool(true)));
            held.push((guard.step, holds));
            let named = if holds || guard.facts.columns.is_empty() {
                String::new()
            } else {
                let row = self.row(&guard.facts).map_err(failed)?;
                let facts = guard.facts.columns.iter().zip(&row);
                let facts: Vec<String> =
                    facts.map(|((name, _), value)| format!("{name} is {}", plain(value))).collect();
                facts.join(", ")
            };
            facts.push(named);
        }
        Ok((held, facts))
    }

    fn expectations(&self, held: &[(usize, bool)], facts: &[String]) -> Vec<ExpectationReport> {
        let mut reports = Vec::new();
        for ((step, held), facts) in held.iter().zip(facts) {
            let step = &self.program.steps[*step];
            let StepKind::Expect { condition, message } = &step.kind else { continue };
            let place = self.sources.place(step.span);
            reports.push(ExpectationReport {
                campaign: self.program[step.campaign].label.clone(),
                text: one_line(self.sources.slice(condition.span)),
                file: place.as_ref().map(|p| p.file.clone()).unwrap_or_default(),
                line: place.map_or(0, |p| p.line as u64),
                held: *held,
                message: message.clone(),
                facts: (!facts.is_empty()).then(|| facts.clone()),
            });
        }
        reports
    }

    fn failed_expectations(&self, report: &RunReport) -> Diagnostics {
        let mut failed = Diagnostics::default();
        let expects = self
            .program
            .steps
            .iter()
            .filter(|s| matches!(s.kind, StepKind::Expect { .. }) && self.is_planned(s));
        for (step, expectation) in expects.zip(&report.expectations) {
            if expectation.held {
                continue;
            }
            let StepKind::Expect { condition, .. } = &step.kind else { continue };
            let title = match &expectation.message {
                Some(message) => format!("An expectation does not hold: {message}"),
                None => "An expectation does not hold".into(),
            };
            let label = expectation.facts.clone().unwrap_or_else(|| "does not hold".into());
            failed.push(
                Diagnostic::error(codes::plan::EXPECTATION_FAILED, title)
                    .label(condition.span, label)
                    .help("look at the counts with `camp plan`; nothing was saved, exported or delivered"),
            );
        }
        failed
    }

    fn is_planned(&self, step: &Step) -> bool {
        let index = self.program.steps.iter().position(|s| std::ptr::eq(s, step));
        index.is_some_and(|i| self.plan.guards.iter().any(|g| g.step == i))
    }

    /// Steps whose `only if` does not hold, and those that work on what they would have made or
    /// wait for it. An audience is there also where its save was skipped, with its old content.
    fn skipped(&self, held: &[(usize, bool)]) -> HashSet<usize> {
        let mut skipped = HashSet::new();
        let mut gone: HashSet<TransitionId> = HashSet::new();
        let mut never: HashSet<TransitionId> = HashSet::new();
        for (index, step) in self.program.steps.iter().enumerate() {
            let StepKind::Activity(activity) = &step.kind else { continue };
            let refused = held.iter().any(|(s, held)| *s == index && !held);
            let inputs = activity.operation.inputs();
            let orphaned = inputs.iter().any(|p| match p {
                Population::Transition(t) => gone.contains(t),
                _ => false,
            });
            if refused || orphaned || step.wait_for.iter().any(|t| never.contains(t)) {
                skipped.insert(index);
                never.extend(activity.outputs.iter().copied());
                if !activity.operation.as_any().is::<SaveOperation>() || orphaned {
                    gone.extend(activity.outputs.iter().copied());
                }
            }
        }
        skipped
    }

    // ---- saves and exports

    fn stage(&self, skipped: &HashSet<usize>) -> Outcome<Vec<Planned>> {
        let mut all = Vec::new();
        for save in &self.plan.saves {
            let Some(operation) = plan::save_of(self.program, save.step) else { continue };
            if skipped.contains(&save.step) {
                continue;
            }
            for (label, rows) in self.labelled(operation, &save.rows)? {
                let number = all.len();
                let view = format!("save_{number}");
                let statement = Statement::CreateTempView { view: view.clone(), select: rows };
                self.engine
                    .execute(&print::statement(&statement))
                    .map_err(|e| one(e.into_diagnostic(Some(operation.label_span))))?;
                let request = self.save_request(operation, save, label, view);
                let staged =
                    catalogue::stage(self.engine, self.catalogue, &request, number).map_err(one)?;
                all.push(Planned { step: save.step, staged });
            }
        }
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
            doc: transition.doc.clone(),
        }
    }

    /// The audiences of a save: one, or one per value of the `for each` column.
    fn labelled(&self, operation: &SaveOperation, rows: &Select) -> Outcome<Vec<(String, Select)>> {
        use crate::plan::lower;
        use crate::plan::query::{Order, Scalar, Source};
        let Some(column) = operation.for_each else {
            return Ok(vec![(operation.label.clone(), rows.clone())]);
        };
        let carried = &self.program[operation.input].columns[column];
        let alias = || String::from("e");
        let value = Scalar::Column(alias(), carried.name.clone());
        let from = || Some((Source::Query(Box::new(rows.clone())), alias()));
        let values = Select {
            columns: vec![("value".into(), value.clone())],
            from: from(),
            filter: Some(Scalar::IsNotNull(Box::new(value.clone()))),
            order_by: vec![Order {
                expr: Scalar::Column("e".into(), carried.name.clone()),
                descending: false,
            }],
            distinct: true,
            ..Select::default()
        };
        let found = self
            .engine
            .query(&print::select(&values))
            .map_err(|e| one(e.into_diagnostic(Some(operation.label_span))))?;
        let placeholder = format!("{{{{{}}}}}", carried.name);
        Ok(found
            .into_iter()
            .filter_map(|row| row.into_iter().next())
            .map(|v| {
                let label = operation.label.replace(&placeholder, &plain(&v));
                let columns = rows.columns.iter();
                let columns = columns
                    .map(|(name, _)| (name.clone(), Scalar::Column(alias(), name.clone())))
                    .collect();
                let is = lower::equal(value.clone(), Scalar::Literal(v, carried.ty.clone()));
                let rows = Select { columns, from: from(), filter: Some(is), ..Select::default() };
                (label, rows)
            })
            .collect())
    }

    fn exports(&self, skipped: &HashSet<usize>) -> Outcome<Vec<StagedExport>> {
        let mut staged = Vec::new();
        for export in &self.plan.exports {
            let Some(operation) = plan::export_of(self.program, export.step) else { continue };
            if skipped.contains(&export.step) {
                continue;
            }
            let written =
                exports::stage(self.engine, self.program, operation, export, &staged);
            staged.push(written.map_err(one)?);
        }
        Ok(staged)
    }

    /// The path of an export as the script has it: from the folder of the campaign.
    fn as_written(&self, export: &StagedExport) -> String {
        let base = &self.campaign_of(export.step).base;
        export.target.strip_prefix(base).unwrap_or(&export.target).display().to_string()
    }

    fn samples(&self, staged: &StagedSave) -> Result<(Keys, Keys), EngineError> {
        let names: Vec<String> =
            staged.save.key.iter().map(|c| print::identifier(&c.name)).collect();
        let text = |row: Vec<Value>| row.iter().map(plain).collect::<Vec<String>>();
        match staged.changes() {
            None => {
                let list = names.join(", ");
                let content = print::identifier(&staged.content);
                let sql =
                    format!("SELECT {list} FROM temp.{content} ORDER BY {list} LIMIT {SAMPLE}");
                let rows = self.engine.query(&sql)?;
                Ok((rows.into_iter().map(text).collect(), Vec::new()))
            }
            Some(changes) => {
                let keys: Vec<String> = (1..=names.len()).map(|n| format!("k{n}")).collect();
                let list = keys.join(", ");
                let table = print::identifier(changes);
                let pick = |kind: u8| {
                    format!(
                        "SELECT {list} FROM temp.{table} WHERE kind = {kind} ORDER BY {list} LIMIT {SAMPLE}"
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

    fn campaign_of(&self, step: usize) -> &Campaign {
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
                        rows: counts[t.0 as usize],
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
/// Index of a step, whether its condition holds.
type Held = Vec<(usize, bool)>;

fn number(row: &[Value], index: usize) -> u64 {
    match row.get(index) {
        Some(Value::Int(n)) => u64::try_from(*n).unwrap_or_default(),
        _ => 0,
    }
}

/// `(7, 1) 3 times`
fn repeated_key(row: &[Value]) -> String {
    let (times, key) = match row.split_last() {
        Some((times, key)) => (plain(times), key),
        None => return String::new(),
    };
    let parts: Vec<String> = key.iter().map(plain).collect();
    match parts.as_slice() {
        [one] => format!("{one} {times} times"),
        many => format!("({}) {times} times", many.join(", ")),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
