//! The front door: a session opens sources, checks, plans and runs campaigns.
//!
//! ```text
//! files ─▶ Ast ─▶ Program ─▶ Plan ─▶ RunReport
//! ```

pub mod canvas;
pub(crate) mod entries;
pub(crate) mod profile;
mod unit_tests;
pub(crate) mod why;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use crate::activity::Registry;
use crate::catalogue::Catalogue;
use crate::check::{self, Imports, Tests, Unit};
use crate::diagnostic::{Diagnostic, Diagnostics, codes, one};
use crate::engine::duckdb::measure::Measured;
use crate::engine::duckdb::{self, EngineOptions, print};
use crate::fence::Fence;
use crate::model::program::Program;
use crate::model::schema::{Audience, FileOptions, Relation, Target, World};
use crate::numbers::counted;
use crate::plan::lower::History;
use crate::plan::passes::Passes;
use crate::plan::query::Select;
use crate::plan::{self, Plan};
use crate::plugin::{self, consent::Consent, finder::Finder};
use crate::run::execute::{Execution, SAMPLES};
use crate::run::exports::beside;
use crate::run::history::Recorded;
use crate::run::limits::Limits;
use crate::run::publish::publish;
use crate::run::report::{PlanReport, Progress, RunReport};
use crate::run::saved_plan::SavedPlan;
use crate::secret::covered;
use crate::source::{SourceId, SourceMap, Span};
use crate::syntax;
use crate::syntax::ast::{self, StatementKind};

/// How long a plugin at work may give no sign of life: neither rows nor progress, while it does not
/// wait for its input either.
pub const PLUGIN_TIMEOUT: Duration = Duration::from_secs(300);

/// What a session is told from outside the scripts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// The project's database; none: in memory, nothing is kept.
    pub database: Option<PathBuf>,
    /// The instant of all relative dates; the clock, read once, when not given.
    pub as_of: Option<Timestamp>,
    /// `--timezone`
    pub timezone: Option<String>,
    /// Of `camp.toml`.
    pub default_timezone: Option<String>,
    /// `--set name=value`
    pub set: Vec<(String, String)>,
    /// `--only`: labels, files or transitions; empty: everything.
    pub only: Vec<String>,
    /// Compute everything, write nothing.
    pub dry_run: bool,
    /// The scripts are somebody else's: no `sql`, and no access beyond what they name in this folder.
    pub fence: Option<Fence>,
    /// How long a locked database is waited for.
    pub wait: Duration,
    /// Hears, once, which program is waited for.
    pub waiting: Option<duckdb::lock::Listener>,
    /// The engine's memory limit.
    pub memory_limit: Option<String>,
    /// The engine's threads.
    pub threads: Option<u32>,
    /// Where the engine spills.
    pub temp_directory: Option<PathBuf>,
    /// From where missing extensions of the engine may be fetched.
    pub install_extensions: Option<duckdb::session::Repository>,
    /// The folder of the project, which has `camp.lock` and `.camp`.
    pub project: Option<PathBuf>,
    /// Who decides about a plugin that the project does not trust yet.
    pub consent: Consent,
    /// How long a plugin at work may give no sign of life; [`PLUGIN_TIMEOUT`] when not given.
    pub plugin_timeout: Option<Duration>,
    /// A copy of the database for readers, replaced after each commit.
    pub publish: Option<PathBuf>,
    /// Campaigns whose expectations hold are saved when those of others do not.
    pub keep_going: bool,
    /// The passes that plans go through.
    pub passes: Passes,
    /// How many keys a plan shows of those who would enter or leave; [`SAMPLES`] when not given.
    pub samples: Option<usize>,
    /// How far an audience may change before a plan warns.
    pub limits: Limits,
    /// The plan that a run has to keep: it does exactly this, or nothing.
    pub agreed: Option<SavedPlan>,
}

/// A stage of the pipeline that can be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The tree as written.
    Ast,
    /// Names bound, types known.
    Program,
    /// The steps.
    Plan,
}

/// A step of a plan with its text for the engine.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainedStep {
    /// What it does.
    pub title: String,
    /// The clauses it came from.
    pub places: Vec<Span>,
    /// The statement.
    pub sql: String,
    /// What was decided by statistics, and why.
    pub notes: Vec<String>,
}

/// What computing campaigns took.
#[derive(Clone, Debug, PartialEq)]
pub struct Analyzed {
    /// The steps of the plan.
    pub steps: Vec<AnalyzedStep>,
    /// All other statements.
    pub beside: Vec<Measured>,
}

/// A step, and what it took.
#[derive(Clone, Debug, PartialEq)]
pub struct AnalyzedStep {
    /// What it does.
    pub step: ExplainedStep,
    /// Nothing of a step that was not needed, or that runs with the commit.
    pub measured: Option<Measured>,
}

/// Stops a session from another thread.
#[derive(Clone, Default)]
pub struct Interrupter {
    engine: Arc<Mutex<Interrupted>>,
}

#[derive(Default)]
struct Interrupted {
    asked: bool,
    engine: Option<duckdb::Interrupter>,
}

impl Interrupter {
    /// Stops what the session does; nothing is saved.
    pub fn interrupt(&self) {
        let engine = {
            let Ok(mut state) = self.engine.lock() else { return };
            state.asked = true;
            state.engine.clone()
        };
        if let Some(engine) = engine {
            engine.interrupt();
        }
    }

    /// Forgets that it was asked to stop: what follows is something else.
    fn reset(&self) {
        if let Ok(mut state) = self.engine.lock() {
            *state = Interrupted::default();
        }
    }

    fn watch(&self, engine: duckdb::Interrupter) {
        let Ok(mut state) = self.engine.lock() else { return };
        if state.asked {
            engine.interrupt();
        }
        state.engine = Some(engine);
    }
}

/// A session.
pub struct Session {
    /// All texts read so far, for the places of diagnostics.
    pub sources: SourceMap,
    settings: Settings,
    as_of: Timestamp,
    started: Timestamp,
    registry: Registry,
    interrupter: Interrupter,
    /// The statement that is no guard but a value that is asked for.
    asked: Option<Span>,
}

/// A program and what it was checked against.
struct Checked {
    program: Program,
    engine: duckdb::Session,
    catalogue: Catalogue,
    warnings: Diagnostics,
}

impl Session {
    /// A session with these settings. Nothing is opened yet.
    pub fn new(settings: Settings) -> Session {
        let started = Timestamp::now();
        Session {
            sources: SourceMap::default(),
            as_of: settings.as_of.unwrap_or(started),
            started,
            settings,
            registry: Registry::builtin(),
            interrupter: Interrupter::default(),
            asked: None,
        }
    }

    /// Stops this session from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.interrupter.clone()
    }

    /// Checks campaigns: everything that can be known without their data.
    pub fn check(&mut self, files: &[String]) -> (Option<Program>, Diagnostics) {
        match self.checked(files, false) {
            Ok(checked) => (Some(checked.program), checked.warnings),
            Err(diagnostics) => (None, diagnostics),
        }
    }

    /// Computes campaigns and says what would change.
    ///
    /// # Errors
    /// What is wrong with the scripts, the data or the database.
    pub fn plan(&mut self, files: &[String]) -> Result<PlanReport, Diagnostics> {
        let checked = self.checked(files, true)?;
        let plan = self.planned(&checked)?;
        self.execution(&checked, &plan, &mut |_| {}).preview()
    }

    /// A plan that this session made of these files, to be kept as a file.
    pub fn saved_plan(&self, report: &PlanReport, files: &[String]) -> SavedPlan {
        let Settings { set, only, timezone, .. } = &self.settings;
        let given = (&set[..], &only[..], timezone.as_ref());
        SavedPlan::new(report, &self.sources, files, given)
    }

    /// The steps of campaigns with their text for the engine.
    ///
    /// # Errors
    /// What is wrong with the scripts or the database.
    pub fn explain(&mut self, files: &[String]) -> Result<Vec<ExplainedStep>, Diagnostics> {
        let checked = self.checked(files, true)?;
        let plan = self.planned(&checked)?;
        let history = Recorded::new(&checked.catalogue, &checked.program);
        Ok(explained(&checked.program, &plan, &history))
    }

    /// Computes campaigns, saves nothing, and tells of each step what it took; last, of the
    /// statements that are no step of the plan, such as comparisons with what was saved before.
    ///
    /// # Errors
    /// What is wrong with the scripts, the data or the database.
    pub fn analyze(&mut self, files: &[String]) -> Result<Analyzed, Diagnostics> {
        let checked = self.checked(files, true)?;
        checked.engine.measure().map_err(|e| one(e.into_diagnostic(None)))?;
        let plan = self.planned(&checked)?;
        let history = Recorded::new(&checked.catalogue, &checked.program);
        let steps = explained(&checked.program, &plan, &history);
        self.execution(&checked, &plan, &mut |_| {}).preview()?;
        let mut beside = checked.engine.measured();
        let mut taken = |step: &ExplainedStep| {
            let at = beside.iter().position(|m| m.sql.trim() == step.sql.trim())?;
            Some(beside.remove(at))
        };
        let steps = steps.into_iter().map(|step| (taken(&step), step));
        let steps = steps.map(|(measured, step)| AnalyzedStep { step, measured }).collect();
        Ok(Analyzed { steps, beside })
    }

    /// Runs campaigns together: one plan, one commit.
    ///
    /// # Errors
    /// What is wrong; nothing was saved, exported or delivered then.
    pub fn run(
        &mut self,
        files: &[String],
        progress: &mut dyn FnMut(Progress),
    ) -> Result<RunReport, Diagnostics> {
        let checked = self.checked(files, true)?;
        if let Some(agreed) = &self.settings.agreed {
            agreed.check_scripts(&self.sources)?;
            agreed.check_bases(&checked.program, &checked.catalogue)?;
        }
        let plan = self.planned(&checked)?;
        self.run_planned(&checked, &plan, progress)
    }

    /// Runs a plan, and gives readers their copy.
    fn run_planned(
        &self,
        checked: &Checked,
        plan: &Plan,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<RunReport, Diagnostics> {
        let mut report = self.execution(checked, plan, progress).run(self.settings.dry_run)?;
        if let (Some(copy), false) = (&self.settings.publish, self.settings.dry_run) {
            report.warnings.extend(publish(&checked.engine, copy).err());
        }
        Ok(report)
    }

    /// A stage of the pipeline, as text.
    ///
    /// # Errors
    /// What is wrong before that stage is reached.
    pub fn debug(&mut self, stage: Stage, file: &str) -> Result<String, Diagnostics> {
        let files = [file.to_owned()];
        match stage {
            Stage::Ast => {
                let (unit, diagnostics) = self.read(file)?;
                if diagnostics.has_errors() {
                    return Err(diagnostics);
                }
                Ok(covered(&format!("{:#?}", unit.ast)).into_owned())
            }
            Stage::Program => {
                let checked = self.checked(&files, false)?;
                Ok(check::print::program(&checked.program))
            }
            Stage::Plan => {
                let steps = self.explain(&files)?;
                let text = steps.iter().map(|s| format!("-- {}\n{};\n", s.title, s.sql));
                Ok(text.collect::<Vec<_>>().join("\n"))
            }
        }
    }

    fn execution<'a>(
        &'a self,
        checked: &'a Checked,
        plan: &'a Plan,
        progress: &'a mut dyn FnMut(Progress),
    ) -> Execution<'a> {
        Execution {
            program: &checked.program,
            plan,
            engine: &checked.engine,
            catalogue: &checked.catalogue,
            sources: &self.sources,
            as_of: self.as_of,
            started: self.started,
            plugin_timeout: self.plugin_timeout(),
            database: self.settings.database.as_ref().map(|p| p.display().to_string()),
            progress: RefCell::new(progress),
            warnings: checked.warnings.clone().sorted(),
            samples: self.settings.samples.unwrap_or(SAMPLES),
            limits: self.settings.limits,
            agreed: self.settings.agreed.as_ref(),
            keep_going: self.settings.keep_going,
        }
    }

    fn planned(&self, checked: &Checked) -> Result<Plan, Diagnostics> {
        let wanted = plan::wanted(&checked.program, &self.settings.only).map_err(one)?;
        let history = Recorded::new(&checked.catalogue, &checked.program);
        self.planned_steps(checked, &history, &wanted)
    }

    /// The plan of some steps of the program.
    fn planned_steps(
        &self,
        checked: &Checked,
        history: &Recorded<'_>,
        wanted: &HashSet<usize>,
    ) -> Result<Plan, Diagnostics> {
        let (plan, diagnostics) = plan::plan(
            &checked.program,
            self.as_of,
            (history, &checked.engine),
            wanted,
            self.settings.passes,
        );
        if diagnostics.has_errors() {
            return Err(diagnostics);
        }
        checked.engine.lock_settings().map_err(|e| one(e.into_diagnostic(None)))?;
        Ok(plan)
    }

    /// Under `--safe`, opens what the scripts name and shuts everything else, before the engine looks
    /// at any of it: a view in a database of somebody else can read whatever the engine can.
    fn lock_down<'u>(
        &self,
        engine: &mut duckdb::Session,
        units: impl Iterator<Item = &'u Unit>,
    ) -> Result<(), Diagnostic> {
        if self.settings.fence.is_none() {
            return Ok(());
        }
        for unit in units {
            for statement in &unit.ast.statements {
                match &statement.kind {
                    StatementKind::Database(d) => {
                        engine.hold(&d.name.node, &d.uri.node, &unit.base, d.uri.span);
                    }
                    StatementKind::Dimension(d) => {
                        if let ast::Source::File(path) = &d.source {
                            engine.note(&path.node, &unit.base, path.span);
                        }
                    }
                    _ => {}
                }
            }
        }
        let written: Vec<PathBuf> = self.settings.publish.iter().map(|copy| beside(copy)).collect();
        engine.lock_down(&written).map_err(|e| e.into_diagnostic(None))
    }

    fn checked(&mut self, files: &[String], to_run: bool) -> Result<Checked, Diagnostics> {
        let mut diagnostics = Diagnostics::default();
        let mut units = Vec::new();
        for file in files {
            match self.read(file) {
                Ok((unit, found)) => {
                    diagnostics.extend(found);
                    let whole = if to_run { Ok(unit) } else { self.with_subject(unit) };
                    match whole {
                        Ok(unit) => units.push(unit),
                        Err(found) => diagnostics.extend(found),
                    }
                }
                Err(found) => diagnostics.extend(found),
            }
        }
        self.checked_units(units, diagnostics, to_run)
    }

    fn checked_units(
        &mut self,
        units: Vec<Unit>,
        mut diagnostics: Diagnostics,
        to_run: bool,
    ) -> Result<Checked, Diagnostics> {
        // A check plans nothing, so nobody would profit from statistics.
        let options = EngineOptions { schemas_only: !to_run, ..self.engine_options() };
        let mut engine = match duckdb::Session::open(&options) {
            Ok(engine) => engine,
            Err(wrong) => {
                diagnostics.push(wrong);
                return Err(diagnostics);
            }
        };
        self.interrupter.watch(engine.interrupt_handle());
        let (known, failed) = self.enable_plugins_of(&units, &mut diagnostics);
        let opened = self
            .lock_down(&mut engine, units.iter().chain(known.units.values()))
            .and_then(|()| Catalogue::load(&engine));
        let catalogue = match opened {
            Ok(catalogue) => catalogue,
            Err(wrong) => {
                diagnostics.push(wrong);
                return Err(diagnostics);
            }
        };
        let options = check::Options {
            require_params: to_run,
            // A run does not care for them.
            tests: if to_run { Tests::Ignore } else { Tests::Check },
            ..self.check_options(self.as_of, failed)
        };
        let mut world = Project { engine, catalogue };
        let mut reader = Reader::new(&mut self.sources, known, self.settings.fence.as_ref());
        let (program, found) =
            check::check(units, &mut reader, &mut world, &self.registry, &options);
        diagnostics.extend(reader.diagnostics);
        diagnostics.extend(found);
        if diagnostics.has_errors() {
            return Err(diagnostics);
        }
        let Project { engine, catalogue } = world;
        for rejected in engine.rejected().iter().filter(|r| r.rows > 0) {
            diagnostics.push(
                Diagnostic::warning(
                    codes::warnings::ROWS_REJECTED,
                    format!(
                        "{} of `{}` cannot be read",
                        counted(rejected.rows, "row"),
                        rejected.source
                    ),
                )
                .label(rejected.span, "set aside here by a run")
                .help("look at the file after a run: it says why"),
            );
        }
        Ok(Checked { program, engine, catalogue, warnings: diagnostics })
    }

    /// How a campaign is checked to be run; its tests are left out.
    fn check_options(&self, as_of: Timestamp, failed_plugins: Vec<String>) -> check::Options {
        check::Options {
            as_of,
            timezone: self.settings.timezone.clone(),
            default_timezone: self.settings.default_timezone.clone(),
            set: self.settings.set.clone(),
            fence: self.settings.fence.clone(),
            require_params: true,
            plugins: self.finder().names(),
            failed_plugins,
            tests: Tests::Ignore,
            asked: self.asked,
        }
    }

    fn plugin_timeout(&self) -> Duration {
        self.settings.plugin_timeout.unwrap_or(PLUGIN_TIMEOUT)
    }

    fn finder(&self) -> Finder {
        Finder {
            project: self.settings.project.clone(),
            forbidden: self.settings.fence.is_some(),
            consent: self.settings.consent,
        }
    }

    /// Loads the plugins that files and what they import use. Gives the imported files, and the
    /// plugins that could not be loaded, which were reported.
    fn enable_plugins_of(
        &mut self,
        units: &[Unit],
        diagnostics: &mut Diagnostics,
    ) -> (Known, Vec<String>) {
        let fence = self.settings.fence.as_ref();
        let mut reader = Reader::new(&mut self.sources, Known::default(), fence);
        reader.read_ahead(units);
        let Reader { diagnostics: found, known, .. } = reader;
        diagnostics.extend(found);
        let failed = self.enable_plugins(units.iter().chain(known.units.values()), diagnostics);
        (known, failed)
    }

    /// Loads the plugins that the files use; gives those that could not be, which were reported.
    fn enable_plugins<'u>(
        &mut self,
        units: impl Iterator<Item = &'u Unit>,
        diagnostics: &mut Diagnostics,
    ) -> Vec<String> {
        let finder = self.finder();
        let mut failed = Vec::new();
        for unit in units {
            for statement in &unit.ast.statements {
                let StatementKind::Use(names) = &statement.kind else { continue };
                for name in names {
                    if failed.contains(&name.node) {
                        continue;
                    }
                    let enabled =
                        plugin::enable(&name.node, name.span, &finder, &mut self.registry);
                    if let Err(wrong) = enabled {
                        diagnostics.push(wrong);
                        failed.push(name.node.clone());
                    }
                }
            }
        }
        failed
    }

    fn engine_options(&self) -> EngineOptions {
        EngineOptions {
            database: self.settings.database.clone(),
            memory_limit: self.settings.memory_limit.clone(),
            threads: self.settings.threads,
            temp_directory: self.settings.temp_directory.clone(),
            max_temp: None,
            fence: self.settings.fence.clone(),
            wait: self.settings.wait,
            waiting: self.settings.waiting,
            extension_directory: None,
            repository: self.settings.install_extensions.clone(),
            schemas_only: false,
        }
    }

    fn read(&mut self, file: &str) -> Result<(Unit, Diagnostics), Diagnostics> {
        let (name, base, bytes) = bytes_of(file).map_err(one)?;
        unit(&mut self.sources, name, base, bytes).map_err(one)
    }
}

/// A script's name in messages, its folder and its bytes; `-` is the standard input.
fn bytes_of(file: &str) -> Result<(String, PathBuf, Vec<u8>), Diagnostic> {
    let wrong = |e: std::io::Error| unreadable(file, &e);
    if file != "-" {
        let bytes = std::fs::read(file).map_err(wrong)?;
        return Ok((file.to_owned(), folder_of(Path::new(file)), bytes));
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).map_err(wrong)?;
    Ok(("<stdin>".to_owned(), PathBuf::from("."), bytes))
}

/// Opens a script as text only; `-` is the standard input.
///
/// # Errors
/// It cannot be read, or is not UTF-8.
pub(crate) fn open(sources: &mut SourceMap, file: &str) -> Result<SourceId, Diagnostic> {
    let (name, _, bytes) = bytes_of(file)?;
    add(sources, name, bytes)
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

fn unreadable(file: &str, cause: &std::io::Error) -> Diagnostic {
    let title = if cause.kind() == std::io::ErrorKind::NotFound {
        format!("There is no file `{file}`")
    } else {
        format!("`{file}` cannot be read")
    };
    Diagnostic::error(codes::usage::SCRIPT_UNREADABLE, title)
        .help("name a campaign that exists, or `-` for the standard input")
        .cause(cause)
}

/// A text as a source: its bytes must be UTF-8, a BOM is dropped.
fn add(sources: &mut SourceMap, name: String, bytes: Vec<u8>) -> Result<SourceId, Diagnostic> {
    let text = String::from_utf8(bytes).map_err(|e| {
        let valid = &e.as_bytes()[..e.utf8_error().valid_up_to()];
        let line = valid.iter().filter(|b| **b == b'\n').count() + 1;
        Diagnostic::error(
            codes::usage::SCRIPT_NOT_UTF8,
            format!("`{name}` is not UTF-8: line {line} has a byte that is no text"),
        )
        .help("save the file as UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    sources.add(name.as_str(), text).map_err(|_| {
        Diagnostic::error(codes::usage::SCRIPT_UNREADABLE, format!("`{name}` is too large"))
            .help("split the campaign into several files")
    })
}

fn unit(
    sources: &mut SourceMap,
    name: String,
    base: PathBuf,
    bytes: Vec<u8>,
) -> Result<(Unit, Diagnostics), Diagnostic> {
    let source = add(sources, name.clone(), bytes)?;
    let (ast, diagnostics) = syntax::parse(sources, source);
    Ok((Unit { source, name, ast, base }, diagnostics))
}

/// Reads imported files.
struct Reader<'a> {
    sources: &'a mut SourceMap,
    diagnostics: Diagnostics,
    known: Known,
    fence: Option<&'a Fence>,
}

/// What is known of the files that were read so far.
#[derive(Default)]
struct Known {
    /// Imported ones, by folder and path.
    units: HashMap<(PathBuf, String), Unit>,
    /// The name of each file, by its place: one name for one file, however it is reached.
    names: HashMap<PathBuf, String>,
}

impl<'a> Reader<'a> {
    fn new(sources: &'a mut SourceMap, known: Known, fence: Option<&'a Fence>) -> Reader<'a> {
        Reader { sources, diagnostics: Diagnostics::default(), known, fence }
    }

    /// Reads what files import, directly or through others: they may use plugins, which are loaded
    /// before anything is checked. What cannot be read is reported when it is checked.
    fn read_ahead(&mut self, units: &[Unit]) {
        let mut open: Vec<Unit> = units.to_vec();
        for unit in units {
            let path = PathBuf::from(&unit.name);
            self.known.names.insert(path.canonicalize().unwrap_or(path), unit.name.clone());
        }
        while let Some(unit) = open.pop() {
            for statement in &unit.ast.statements {
                let StatementKind::Import(path) = &statement.kind else { continue };
                let key = (unit.base.clone(), path.node.clone());
                if self.known.units.contains_key(&key) {
                    continue;
                }
                if let Ok(imported) = self.import(&path.node, &unit.base, path.span) {
                    self.known.units.insert(key, imported.clone());
                    open.push(imported);
                }
            }
        }
    }
}

impl Imports for Reader<'_> {
    fn import(&mut self, path: &str, base: &Path, span: Span) -> Result<Unit, Diagnostic> {
        if let Some(unit) = self.known.units.get(&(base.to_owned(), path.to_owned())) {
            return Ok(unit.clone());
        }
        let file = base.join(path);
        if let Some(fence) = self.fence {
            fence.read(&file).map_err(|breach| breach.diagnostic(path, span))?;
        }
        let place = file.canonicalize().unwrap_or_else(|_| file.clone());
        let names = &mut self.known.names;
        let name = names.entry(place).or_insert_with(|| file.display().to_string()).clone();
        let file = PathBuf::from(&name);
        let bytes = std::fs::read(&file).map_err(|e| {
            Diagnostic::error(codes::names::IMPORT_UNREADABLE, unreadable(&name, &e).title)
                .label(span, "imported here")
                .help("name a file relative to the folder of this one")
                .cause(e)
        })?;
        let (unit, found) = unit(self.sources, name, folder_of(&file), bytes)?;
        self.diagnostics.extend(found);
        Ok(unit)
    }
}

/// The world as a project sees it: the engine's tables and files, the catalogue's audiences.
struct Project {
    engine: duckdb::Session,
    catalogue: Catalogue,
}

impl World for Project {
    fn table(&mut self, parts: &[String], span: Span) -> Result<Relation, Diagnostic> {
        self.engine.table(parts, span)
    }

    fn file(
        &mut self,
        path: &str,
        base: &Path,
        options: &FileOptions,
        span: Span,
    ) -> Result<Relation, Diagnostic> {
        self.engine.file(path, base, options, span)
    }

    fn attach(&mut self, name: &str, uri: &str, base: &Path, span: Span) -> Result<(), Diagnostic> {
        self.engine.attach(name, uri, base, span)
    }

    fn target(&mut self, parts: &[String], span: Span) -> Result<Target, Diagnostic> {
        self.engine.target(parts, span)
    }

    fn audience(&mut self, label: &str) -> Result<Option<Audience>, Diagnostic> {
        Ok(self.catalogue.find(label).map(|e| e.audience.clone()))
    }

    fn audience_labels(&mut self) -> Vec<String> {
        self.catalogue.labels().map(str::to_owned).collect()
    }

    fn table_names(&mut self) -> Vec<String> {
        self.engine.table_names()
    }
}

fn explained(program: &Program, plan: &Plan, history: &dyn History) -> Vec<ExplainedStep> {
    let mut steps = explained_checks(program, plan);
    steps.extend(explained_work(program, plan, history));
    steps
}

/// A query of the plan, as a step.
fn asked(title: impl Into<String>, places: Vec<Span>, select: &Select) -> ExplainedStep {
    let sql = print::select(select);
    ExplainedStep { title: title.into(), places, sql, notes: Vec::new() }
}

/// What is asked before anything is computed.
fn explained_checks(program: &Program, plan: &Plan) -> Vec<ExplainedStep> {
    let mut steps = Vec::new();
    for check in &plan.key_checks {
        let dim = &program[check.dimension];
        let mut step = |title: String, select| steps.push(asked(title, vec![dim.span], select));
        let unique = format!("check that the key of {} is unique", dim.name);
        match &check.ascending {
            Some(quick) => {
                step(format!("{unique}: each above the one before"), &quick.fault);
                step(format!("{unique}, where the rows are in another order"), &check.counts);
            }
            None => step(unique, &check.counts),
        }
    }
    steps
}

/// What is computed, asked, saved, sent and written.
fn explained_work(program: &Program, plan: &Plan, history: &dyn History) -> Vec<ExplainedStep> {
    let mut steps = Vec::new();
    let place = |step: usize| vec![program.steps[step].span];
    for step in &plan.steps {
        steps.push(ExplainedStep {
            title: step.title.clone(),
            places: step.clauses.iter().map(|(_, e)| e.span).collect(),
            sql: print::statement(&step.statement),
            notes: step.notes.clone(),
        });
    }
    for (select, transitions) in &plan.counts {
        let names: Vec<&str> = transitions.iter().map(|t| program[*t].name.as_str()).collect();
        let places = transitions.iter().map(|t| program[*t].span).collect();
        steps.push(asked(format!("count {}", names.join(", ")), places, select));
    }
    for guard in &plan.guards {
        let question = plan.ask(guard, program, history, &HashSet::new());
        steps.push(asked("ask whether a condition holds", place(guard.step), &question));
    }
    for save in &plan.saves {
        let label = plan::save_of(program, save.step).map_or("", |s| s.label.as_str());
        steps.push(asked(format!("save \"{label}\""), place(save.step), &save.rows));
    }
    for delivery in &plan.deliveries {
        for rows in &delivery.inputs {
            steps.push(asked("rows to deliver after the commit", place(delivery.step), rows));
        }
    }
    for export in &plan.exports {
        let operation = plan::export_of(program, export.step);
        let title = format!("export {}", operation.map_or(String::new(), |e| e.to.shown()));
        steps.push(asked(title, place(export.step), &export.rows));
    }
    steps
}
