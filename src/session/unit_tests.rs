//! Runs the tests of a file, each over its own rows, in memory.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::time::Instant;

use jiff::Timestamp;

use super::{Known, Project, Reader, Session, one};
use crate::catalogue::Catalogue;
use crate::check::{self, Tests, Unit};
use crate::diagnostic::codes::unit_tests as codes;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::engine::duckdb::{self, EngineOptions, print};
use crate::model::program::{Program, StepKind};
use crate::model::unit_test::{Expectation, ExpectationKind, UnitTest, Whose};
use crate::model::value::Value;
use crate::plan::passes::Passes;
use crate::plan::{self, Plan};
use crate::run::execute::{Execution, SAMPLES};
use crate::run::history::Recorded;
use crate::run::limits::Limits;
use crate::run::report::RunReport;
use crate::source::{SourceMap, Span};
use crate::syntax::ast::StatementKind;
use crate::unit_tests::compare::differences;
use crate::unit_tests::data::{self, Constants};
use crate::unit_tests::{Failure, TestReport, Verdict};

/// A test of a file: its label and its place.
struct Found {
    label: String,
    span: Span,
}

impl Session {
    /// Runs those tests of a file whose label is wanted; `each` hears of every one when it is done.
    ///
    /// # Errors
    /// What is wrong with the campaign itself, or the file.
    pub fn test(
        &mut self,
        file: &str,
        wanted: &dyn Fn(&str) -> bool,
        each: &mut dyn FnMut(&TestReport),
    ) -> Result<Vec<TestReport>, Diagnostics> {
        let (unit, found) = self.read(file)?;
        if found.has_errors() {
            return Err(found);
        }
        let unit = self.with_subject(unit)?;
        let tests: Vec<Found> = unit
            .ast
            .statements
            .iter()
            .filter_map(|s| match &s.kind {
                StatementKind::Test(test) => {
                    Some(Found { label: test.label.node.clone(), span: s.span })
                }
                _ => None,
            })
            .collect();
        if !tests.iter().any(|t| wanted(&t.label)) {
            return Ok(Vec::new());
        }
        let mut diagnostics = Diagnostics::default();
        let (known, failed) = self.enable_plugins_of(std::slice::from_ref(&unit), &mut diagnostics);
        if diagnostics.has_errors() {
            return Err(diagnostics);
        }
        let mut world = self.sources_of_tests(&unit, &known)?;
        let mut reports = Vec::new();
        for (number, test) in tests.iter().enumerate().filter(|(_, t)| wanted(&t.label)) {
            let begun = Instant::now();
            let outcome = self.test_one(number, &unit, &mut world, &failed);
            let (verdict, failures, errors) = match outcome {
                Ok(failures) if failures.is_empty() => (Verdict::Passed, failures, Vec::new()),
                Ok(failures) => (Verdict::Failed, failures, Vec::new()),
                Err(found) => {
                    // What is wrong with the campaign is wrong for every test.
                    let of_test = |d: &Diagnostic| {
                        d.code == codes::NOT_GIVEN
                            || d.labels.iter().any(|l| {
                                test.span.start <= l.span.start && l.span.end <= test.span.end
                            })
                            || d.labels.is_empty()
                    };
                    if reports.is_empty() && !found.iter().all(of_test) {
                        return Err(found);
                    }
                    let errors = found.sorted().into_iter();
                    let errors = errors.filter(|d| d.severity == Severity::Error).collect();
                    (Verdict::Error, Vec::new(), errors)
                }
            };
            let place = self.sources.place(test.span);
            let report = TestReport {
                file: file.to_owned(),
                label: test.label.clone(),
                line: place.map_or(0, |p| p.line),
                verdict,
                millis: begun.elapsed().as_millis() as u64,
                failures,
                errors,
            };
            each(&report);
            reports.push(report);
        }
        Ok(reports)
    }

    /// A file with tests and without activities, together with the campaign that it imports: as if
    /// its tests stood at the end of that.
    ///
    /// # Errors
    /// It imports several campaigns.
    pub(super) fn with_subject(&mut self, unit: Unit) -> Result<Unit, Diagnostics> {
        let has = |unit: &Unit, kind: fn(&StatementKind) -> bool| {
            unit.ast.statements.iter().any(|s| kind(&s.kind))
        };
        let runs = |kind: &StatementKind| {
            matches!(kind, StatementKind::Call(_) | StatementKind::Expect(_))
        };
        let tests = |kind: &StatementKind| matches!(kind, StatementKind::Test(_));
        if !has(&unit, tests) || has(&unit, runs) {
            return Ok(unit);
        }
        let mut subject: Option<(Unit, Span)> = None;
        for statement in &unit.ast.statements {
            let StatementKind::Import(text) = &statement.kind else { continue };
            let fence = self.settings.fence.as_ref();
            let mut reader = Reader::new(&mut self.sources, Known::default(), fence);
            let imported = check::Imports::import(&mut reader, &text.node, &unit.base, text.span);
            // What is wrong with a file is reported where the check imports it.
            let Ok(imported) = imported else { continue };
            if !has(&imported, runs) {
                continue;
            }
            if let Some((_, first)) = &subject {
                return Err(one(Diagnostic::error(
                    codes::SEVERAL_CAMPAIGNS,
                    "The file tests two campaigns",
                )
                .label(statement.span, "the second")
                .label(*first, "the first")
                .help("put the tests of each campaign into a file of their own")));
            }
            subject = Some((imported, statement.span));
        }
        let Some((mut subject, import)) = subject else { return Ok(unit) };
        subject.ast.statements.retain(|s| !tests(&s.kind));
        for mut statement in unit.ast.statements {
            if statement.span == import {
                continue;
            }
            if let StatementKind::Import(text) = &mut statement.kind {
                text.node = std::path::absolute(unit.base.join(&text.node))
                    .map_or_else(|_| text.node.clone(), |path| path.display().to_string());
            }
            subject.ast.statements.push(statement);
        }
        Ok(subject)
    }

    /// The real sources, for their columns: without the project's database where there is none, or
    /// where somebody holds it.
    fn sources_of_tests(&self, unit: &Unit, known: &Known) -> Result<Project, Diagnostics> {
        let options = self.engine_options();
        let without = EngineOptions { database: None, ..options.clone() };
        let open = |options: &EngineOptions| -> Result<Project, Diagnostic> {
            let mut engine = duckdb::Session::open(options)?;
            let units = std::iter::once(unit).chain(known.units.values());
            self.lock_down(&mut engine, units)?;
            let catalogue = Catalogue::load(&engine)?;
            Ok(Project { engine, catalogue })
        };
        open(&options).or_else(|_| open(&without)).map_err(one)
    }

    fn test_one(
        &mut self,
        number: usize,
        unit: &Unit,
        world: &mut Project,
        failed: &[String],
    ) -> Result<Vec<Failure>, Diagnostics> {
        let (mut program, mut found) =
            self.program_of_test(number, unit, world, failed, self.as_of);
        // Labels with `{{today}}` are those of the test's day.
        if let Some(at) = program.tests.first().map(|t| t.as_of).filter(|at| *at != self.as_of) {
            (program, found) = self.program_of_test(number, unit, world, failed, at);
        }
        if found.has_errors() {
            return Err(found);
        }
        let Some(test) = program.tests.pop() else { return Ok(Vec::new()) };
        let options = EngineOptions {
            database: None,
            wait: std::time::Duration::ZERO,
            ..self.engine_options()
        };
        let mut engine = duckdb::Session::open(&options).map_err(one)?;
        self.lock_down(&mut engine, std::iter::empty()).map_err(one)?;
        self.interrupter.watch(engine.interrupt_handle());
        engine.attach_project(false).map_err(one)?;
        let zone = &program[test.campaign].timezone;
        let clock = plan::clock::Clock::new(test.as_of, zone);
        let constants = Constants { program: &program, clock };
        data::fill(&engine, &test, &constants).map_err(one)?;
        let catalogue = data::save_audiences(&engine, &test, &constants).map_err(one)?;
        for audience in &mut program.audiences {
            if let Some(entry) = catalogue.find(&audience.label) {
                audience.existing = Some(entry.audience.clone());
            }
        }
        self.rehearse(&program, &test, &engine, &catalogue)
    }

    fn program_of_test(
        &mut self,
        number: usize,
        unit: &Unit,
        world: &mut Project,
        failed: &[String],
        as_of: Timestamp,
    ) -> (Program, Diagnostics) {
        let options = check::Options {
            tests: Tests::Run(number),
            ..self.check_options(as_of, failed.to_vec())
        };
        let fence = self.settings.fence.as_ref();
        let mut reader = Reader::new(&mut self.sources, Known::default(), fence);
        let (program, found) =
            check::check(vec![unit.clone()], &mut reader, world, &self.registry, &options);
        let mut all = reader.diagnostics;
        all.extend(found);
        (program, all)
    }

    /// Runs the campaign over the given rows and compares.
    fn rehearse(
        &self,
        program: &Program,
        test: &UnitTest,
        engine: &duckdb::Session,
        catalogue: &Catalogue,
    ) -> Result<Vec<Failure>, Diagnostics> {
        let history = Recorded::new(catalogue, program);
        // Nothing leaves a test: neither files nor deliveries.
        let inside = |step: &usize| match &program.steps[*step].kind {
            StepKind::Activity(activity) => {
                !activity.operation.has_effects() || plan::save_of(program, *step).is_some()
            }
            StepKind::Expect { .. } => true,
        };
        let wanted: HashSet<usize> = (0..program.steps.len()).filter(inside).collect();
        let (mut plan, found) = plan::plan(
            program,
            test.as_of,
            (&history, &plan::reach::Unknown),
            &wanted,
            Passes::ALL,
        );
        if found.has_errors() {
            return Err(found);
        }
        // Whatever an activity says of itself.
        plan.exports.clear();
        plan.deliveries.clear();
        let judge = Judge { sources: &self.sources, program, test, engine, catalogue, plan: &plan };
        let mut rows = HashMap::new();
        let report = Execution {
            samples: SAMPLES,
            limits: Limits::default(),
            agreed: None,
            keep_going: false,
            program,
            plan: &plan,
            engine,
            catalogue,
            sources: &self.sources,
            as_of: test.as_of,
            started: self.started,
            database: None,
            plugin_timeout: self.plugin_timeout(),
            progress: RefCell::new(&mut |_| {}),
            warnings: Vec::new(),
        }
        .rehearse(&mut |report| {
            rows = judge.rows_of_transitions(report)?;
            Ok(())
        })?;
        let mut failures = Vec::new();
        for (n, expectation) in test.expected.iter().enumerate() {
            let details = judge.details(expectation, rows.remove(&n).unwrap_or_default(), &report);
            let details = details.map_err(one)?;
            if !details.is_empty() {
                failures.push(judge.failure(expectation, details));
            }
        }
        Ok(failures)
    }
}

/// Compares what a run gave with what was expected.
struct Judge<'a> {
    sources: &'a SourceMap,
    program: &'a Program,
    test: &'a UnitTest,
    engine: &'a duckdb::Session,
    catalogue: &'a Catalogue,
    plan: &'a Plan,
}

impl Judge<'_> {
    fn failure(&self, expectation: &Expectation, details: Vec<String>) -> Failure {
        let written = self.sources.slice(expectation.span);
        let mut words: String = written.split_whitespace().collect::<Vec<_>>().join(" ");
        if words.chars().count() > 90 {
            words = words.chars().take(89).chain(['…']).collect();
        }
        let line = self.sources.place(expectation.span).map_or(0, |p| p.line);
        Failure { line, expectation: words, details }
    }

    /// What is not as expected; nothing when all is.
    fn details(
        &self,
        expectation: &Expectation,
        rows_before: Vec<Vec<Value>>,
        report: &RunReport,
    ) -> Result<Vec<String>, Diagnostic> {
        Ok(match &expectation.kind {
            ExpectationKind::Rows { of, columns, rows } => {
                let zone = &self.program[self.test.campaign].timezone;
                let clock = plan::clock::Clock::new(self.test.as_of, zone);
                let constants = Constants { program: self.program, clock };
                let expected = constants.rows(rows, columns)?;
                let names: Vec<String> = columns.iter().map(|c| c.name.clone()).collect();
                let (key, found) = match of {
                    Whose::Transition(id) => {
                        let dimension = &self.program[self.program[*id].dimension];
                        let key = dimension.key_columns().map(|c| c.name.clone()).collect();
                        (key, rows_before)
                    }
                    Whose::Audience(label) => match self.rows_of_audience(label, &names)? {
                        Some(found) => found,
                        None => return Ok(vec![format!("no audience \"{label}\" was saved")]),
                    },
                };
                let key: Vec<Option<usize>> =
                    key.iter().map(|k: &String| names.iter().position(|n| n == k)).collect();
                let key: Option<Vec<usize>> = key.into_iter().collect();
                differences(&names, &key.unwrap_or_default(), &expected, &found)
            }
            ExpectationKind::Holds { step } => match self.guard(*step, report) {
                Some((true, ..)) => Vec::new(),
                Some((false, _, Some(facts))) => vec![facts],
                _ => vec!["does not hold".into()],
            },
            ExpectationKind::Failure(words) => {
                let own: HashSet<usize> = self
                    .test
                    .expected
                    .iter()
                    .filter_map(|e| match e.kind {
                        ExpectationKind::Holds { step } => Some(step),
                        _ => None,
                    })
                    .collect();
                let mut messages = Vec::new();
                for step in (0..self.program.steps.len()).filter(|step| !own.contains(step)) {
                    if let Some((false, message, _)) = self.guard(step, report) {
                        messages.push(message.unwrap_or_default());
                    }
                }
                let said = |m: &String| words.as_ref().is_none_or(|w| m.contains(w.as_str()));
                match messages.iter().any(said) {
                    true => Vec::new(),
                    false if messages.is_empty() => {
                        vec!["every guard of the campaign holds".into()]
                    }
                    false => messages.iter().map(|m| format!("the guard says \"{m}\"")).collect(),
                }
            }
        })
    }

    /// Whether a guard held, its message, and the counts it speaks of.
    fn guard(
        &self,
        step: usize,
        report: &RunReport,
    ) -> Option<(bool, Option<String>, Option<String>)> {
        let is_expect = |step: usize| {
            matches!(self.program.steps.get(step).map(|s| &s.kind), Some(StepKind::Expect { .. }))
        };
        let guards = self.plan.guards.iter().filter(|g| is_expect(g.step));
        let mut answers = guards.zip(&report.expectations);
        let (_, answer) = answers.find(|(guard, _)| guard.step == step)?;
        Some((answer.held, answer.message.clone(), answer.facts.clone()))
    }

    /// The rows of each expectation that speaks of a transition.
    fn rows_of_transitions(
        &self,
        report: &RunReport,
    ) -> Result<HashMap<usize, Vec<Vec<Value>>>, Diagnostics> {
        let mut all = HashMap::new();
        let history = Recorded::new(self.catalogue, self.program);
        for (n, expectation) in self.test.expected.iter().enumerate() {
            let ExpectationKind::Rows { of: Whose::Transition(id), columns, .. } =
                &expectation.kind
            else {
                continue;
            };
            let name = &self.program[*id].name;
            let mut counts = report.steps.iter().flat_map(|s| &s.transitions);
            // What was skipped has nobody in it.
            if counts.any(|t| t.name == *name && t.rows.is_none()) {
                continue;
            }
            let names: Vec<String> = columns.iter().map(|c| c.name.clone()).collect();
            let rows = self.plan.rows_of_transition(*id, self.program, &history);
            let rows = self.query(&format!("({})", print::select(&rows)), &names).map_err(one)?;
            all.insert(n, rows);
        }
        Ok(all)
    }

    /// The key's columns of an audience, and its rows; nothing when there is no such audience.
    #[allow(clippy::type_complexity)]
    fn rows_of_audience(
        &self,
        label: &str,
        names: &[String],
    ) -> Result<Option<(Vec<String>, Vec<Vec<Value>>)>, Diagnostic> {
        let after = Catalogue::load(self.engine)?;
        let Some(entry) = after.find(label) else { return Ok(None) };
        let audience = &entry.audience;
        if let Some(absent) = names.iter().find(|n| audience.columns.iter().all(|c| c.name != **n))
        {
            let title = format!("Audience \"{label}\" has no column `{absent}`");
            return Err(Diagnostic::error(codes::VALUE, title)
                .label(self.test.span, "in this test")
                .help("name columns that the audience was saved with"));
        }
        let key = audience.key.iter().map(|c| c.name.clone()).collect();
        Ok(Some((key, self.query(&print::scan(&audience.scan), names)?)))
    }

    fn query(&self, from: &str, names: &[String]) -> Result<Vec<Vec<Value>>, Diagnostic> {
        let columns: Vec<String> = names.iter().map(|n| print::identifier(n)).collect();
        let sql = format!("SELECT {} FROM {from} AS r", columns.join(", "));
        self.engine.query(&sql).map_err(|e| e.into_diagnostic(Some(self.test.span)))
    }
}
