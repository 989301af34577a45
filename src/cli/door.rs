//! The front door as the commands use it.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::diagnostic::Diagnostics;
use crate::model::program::Program;
use crate::run::report::{PlanReport, Progress, RunReport};
use crate::source::{SourceMap, Span};

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub database: Option<PathBuf>,
    pub as_of: Option<Timestamp>,
    pub timezone: Option<String>,
    pub default_timezone: Option<String>,
    pub set: Vec<(String, String)>,
    pub only: Vec<String>,
    pub dry_run: bool,
    pub safe: bool,
    pub wait: Duration,
    pub memory_limit: Option<String>,
    pub threads: Option<u32>,
    pub temp_directory: Option<PathBuf>,
    pub publish: Option<PathBuf>,
}

pub struct Session {
    pub sources: SourceMap,
}

pub struct ExplainedStep {
    pub title: String,
    pub places: Vec<Span>,
    pub sql: String,
}

pub enum Stage {
    Ast,
    Program,
    Plan,
}

#[derive(Clone)]
pub struct Interrupter;
impl Interrupter {
    pub fn interrupt(&self) {}
}

impl Session {
    pub fn new(_settings: Settings) -> Session {
        Session { sources: SourceMap::default() }
    }
    pub fn check(&mut self, _files: &[String]) -> (Option<Program>, Diagnostics) {
        (None, Diagnostics::default())
    }
    pub fn plan(&mut self, _files: &[String]) -> Result<PlanReport, Diagnostics> {
        Err(Diagnostics::default())
    }
    pub fn explain(&mut self, _files: &[String]) -> Result<Vec<ExplainedStep>, Diagnostics> {
        Err(Diagnostics::default())
    }
    pub fn run(
        &mut self,
        _files: &[String],
        _progress: &mut dyn FnMut(Progress),
    ) -> Result<RunReport, Diagnostics> {
        Err(Diagnostics::default())
    }
    pub fn debug(&mut self, _stage: Stage, _file: &str) -> Result<String, Diagnostics> {
        Err(Diagnostics::default())
    }
    pub fn interrupter(&self) -> Interrupter {
        Interrupter
    }
}
