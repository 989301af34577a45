//! Tests of the catalogue on a real database file.

mod cases;
mod faults;
mod past;
mod upgrade;

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::*;
use crate::activity::save_audience::Update;
use crate::engine::duckdb::{EngineError, EngineOptions, ErrorKind, Session};
use crate::source::Span;

/// A session over one database file, which can fail on purpose.
pub(super) struct TestStore {
    session: Session,
    /// How many more statements succeed while the project is attached for writing.
    pub(super) fuse: Cell<Option<usize>>,
    /// A commit happens, and yet says that it failed.
    pub(super) loses_answer: Cell<bool>,
    /// The statements that ran while the project was attached for writing.
    pub(super) written: RefCell<Vec<String>>,
}

impl TestStore {
    pub(super) fn open(path: &Path) -> Self {
        let options = EngineOptions { database: Some(path.to_owned()), ..EngineOptions::default() };
        TestStore {
            session: Session::open(&options).unwrap(),
            fuse: Cell::new(None),
            loses_answer: Cell::new(false),
            written: RefCell::default(),
        }
    }

    fn burn(&self, sql: &str) -> Result<(), EngineError> {
        if !self.session.project_writable() {
            return Ok(());
        }
        self.written.borrow_mut().push(sql.to_string());
        match self.fuse.get() {
            Some(0) => {
                Err(EngineError::new(ErrorKind::Other, format!("injected failure of: {sql}")))
            }
            Some(n) => {
                self.fuse.set(Some(n - 1));
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Rows as text, `-` for a missing value, sorted.
    pub(super) fn rows(&self, sql: &str) -> Vec<String> {
        let mut rows: Vec<String> = self
            .session
            .query(&format!("SELECT COLUMNS(*)::VARCHAR FROM ({sql})"))
            .unwrap_or_else(|e| panic!("{sql}: {e}"))
            .into_iter()
            .map(|row| {
                let cells: Vec<String> = row
                    .into_iter()
                    .map(|v| match v {
                        Value::Text(t) => t,
                        Value::Missing => "-".into(),
                        other => panic!("{other:?}"),
                    })
                    .collect();
                cells.join(" ")
            })
            .collect();
        rows.sort();
        rows
    }

    /// Attaches the project read-only, as it was before a commit.
    pub(super) fn reattach(&self) {
        self.session.detach_project().unwrap();
        if self.session.project_exists() {
            self.session.attach_project(true).unwrap();
        }
    }

    /// Runs statements on the project's file as another program would.
    pub(super) fn by_hand(&self, statements: &[&str]) {
        self.session.attach_project(false).unwrap();
        for statement in statements {
            self.session.execute(statement).unwrap();
        }
        self.reattach();
    }
}

impl Store for TestStore {
    fn execute(&self, sql: &str) -> Result<u64, EngineError> {
        self.burn(sql)?;
        self.session.execute(sql)
    }

    fn query(&self, sql: &str) -> Result<Vec<Vec<Value>>, EngineError> {
        self.burn(sql)?;
        self.session.query(sql)
    }

    fn project_exists(&self) -> bool {
        self.session.project_exists()
    }

    fn detach_project(&self) -> Result<(), EngineError> {
        self.session.detach_project()
    }

    fn attach_project(&self, read_only: bool) -> Result<(), Diagnostic> {
        self.session.attach_project(read_only)
    }

    fn attach_project_now(&self) -> Result<(), Diagnostic> {
        self.session.attach_project_now()
    }

    fn begin(&self) -> Result<(), EngineError> {
        self.burn("BEGIN")?;
        self.session.begin()
    }

    fn commit(&self) -> Result<(), EngineError> {
        self.burn("COMMIT")?;
        self.session.commit()?;
        match self.loses_answer.get() {
            true => Err(EngineError::new(ErrorKind::Other, "the answer was lost")),
            false => Ok(()),
        }
    }

    fn rollback(&self) -> Result<(), EngineError> {
        self.session.rollback()
    }
}

/// A project in a folder of its own.
pub(super) struct Project {
    pub(super) folder: tempfile::TempDir,
    pub(super) store: TestStore,
    /// The instant of the next run, a day after the last one.
    pub(super) day: Cell<i64>,
}

impl Project {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = TestStore::open(&folder.path().join("camp.duckdb"));
        Project { folder, store, day: Cell::new(0) }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("camp.duckdb")
    }

    pub(super) fn catalogue(&self) -> Catalogue {
        Catalogue::load(&self.store).unwrap()
    }

    /// Stages one save of the rows of a query, its first column the key.
    pub(super) fn stage(
        &self,
        save: &Save,
        rows: &str,
        number: usize,
    ) -> Result<StagedSave, Diagnostic> {
        let save = Save { staged: format!("input_{number}"), ..save.clone() };
        self.store
            .execute(&format!("CREATE OR REPLACE TEMP TABLE {} AS {rows}", sql::temp(&save.staged)))
            .unwrap();
        stage(&self.store, &self.catalogue(), &save, number)
    }

    pub(super) fn run_record(&self) -> RunRecord {
        let day = self.day.get();
        self.day.set(day + 1);
        RunRecord {
            id: format!("run-{day}"),
            command: "run".into(),
            started: instant(day),
            as_of: instant(day),
            timezone: "UTC".into(),
            campaigns: vec!["Test".into()],
            files: vec!["test.camp".into()],
            strict: false,
            steps: vec![StepRecord {
                campaign: "Test".into(),
                activity: "save audience".into(),
                transition: None,
                rows: Some(1),
                note: None,
                ms: 0,
            }],
        }
    }

    pub(super) fn commit(&self, saves: &mut [StagedSave]) -> Result<Committed, Diagnostic> {
        let catalogue = self.catalogue();
        self.commit_from(&catalogue, saves)
    }

    pub(super) fn commit_from(
        &self,
        catalogue: &Catalogue,
        saves: &mut [StagedSave],
    ) -> Result<Committed, Diagnostic> {
        let result =
            commit(&self.store, catalogue, &self.run_record(), saves, &mut |fresh, old| {
                stage(&self.store, fresh, &old.save, old.number)
            });
        self.store.reattach();
        result
    }

    /// Runs one save of the rows of a query and gives its counts.
    pub(super) fn save(&self, save: &Save, rows: &str) -> Result<Counts, Diagnostic> {
        self.save_as(1, save, rows)
    }

    /// The same, by another run with temporary tables of its own.
    pub(super) fn save_as(
        &self,
        number: usize,
        save: &Save,
        rows: &str,
    ) -> Result<Counts, Diagnostic> {
        let mut saves = [self.stage(save, rows, number)?];
        self.commit(&mut saves)?;
        let [save] = saves;
        Ok(save.counts)
    }

    /// The rows of an audience.
    pub(super) fn members(&self, label: &str) -> Vec<String> {
        self.store.rows(&format!("SELECT * FROM {}", sql::audience(label)))
    }
}

/// Midnight UTC of the n-th day from 1 January 2025.
pub(super) fn instant(day: i64) -> Timestamp {
    Timestamp::from_second(1_735_689_600 + day * 86_400).unwrap()
}

/// A save of customers with the key `id`.
pub(super) fn save(label: &str, update: Update) -> Save {
    save_of(label, update, "customers", &["id"])
}

pub(super) fn save_of(label: &str, update: Update, dimension: &str, key: &[&str]) -> Save {
    let key: Vec<Column> = key
        .iter()
        .map(|k| Column { name: (*k).into(), ty: crate::model::types::Type::Int, nullable: false })
        .collect();
    Save {
        label: label.into(),
        label_span: Span::default(),
        staged: String::new(),
        columns: key.clone(),
        key,
        dimension: dimension.into(),
        update,
        must_exist: false,
        expires: None,
        retain: None,
        campaign: "Test".into(),
        reads: Vec::new(),
        doc: None,
    }
}

pub(super) fn counts(was: u64, now: u64, entered: u64, left: u64, changed: u64) -> Counts {
    Counts { was, now, entered, left, changed }
}
