//! Tests of the catalogue on a real database file.

mod cases;
mod faults;
mod past;

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};

use duckdb::Connection;
use duckdb::types::ValueRef;
use jiff::Timestamp;

use super::store::StoreError;
use super::*;
use crate::activity::save_audience::Update;
use crate::source::Span;

/// A session over one database file, which can fail on purpose.
pub(super) struct TestStore {
    connection: Connection,
    path: PathBuf,
    writable: Cell<bool>,
    /// How many more statements succeed while the project is attached for writing.
    pub(super) fuse: Cell<Option<usize>>,
    /// The statements that ran while it was.
    pub(super) written: RefCell<Vec<String>>,
}

impl TestStore {
    pub(super) fn open(path: &Path) -> Self {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("SET autoinstall_known_extensions = false").unwrap();
        let store = TestStore {
            connection,
            path: path.to_owned(),
            writable: Cell::new(false),
            fuse: Cell::new(None),
            written: RefCell::default(),
        };
        store.attach_project(true).unwrap();
        store
    }

    fn burn(&self, sql: &str) -> Result<(), StoreError> {
        if !self.writable.get() {
            return Ok(());
        }
        self.written.borrow_mut().push(sql.to_string());
        match self.fuse.get() {
            Some(0) => Err(StoreError(format!("injected failure of: {sql}"))),
            Some(n) => {
                self.fuse.set(Some(n - 1));
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn run(&self, sql: &str) -> Result<u64, StoreError> {
        let mut statement = self.connection.prepare(sql).map_err(words)?;
        statement.execute([]).map(|n| n as u64).map_err(words)
    }

    /// Rows as text, `-` for a missing value, sorted.
    pub(super) fn rows(&self, sql: &str) -> Vec<String> {
        let mut rows: Vec<String> =
            Store::query(self, &format!("SELECT COLUMNS(*)::VARCHAR FROM ({sql})"))
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
}

fn words(error: duckdb::Error) -> StoreError {
    StoreError(error.to_string())
}

fn value(cell: ValueRef<'_>) -> Value {
    match cell {
        ValueRef::Null => Value::Missing,
        ValueRef::Boolean(b) => Value::Bool(b),
        ValueRef::TinyInt(i) => Value::Int(i.into()),
        ValueRef::Int(i) => Value::Int(i.into()),
        ValueRef::BigInt(i) => Value::Int(i.into()),
        ValueRef::HugeInt(i) => Value::Int(i),
        ValueRef::UBigInt(i) => Value::Int(i.into()),
        ValueRef::Text(t) => Value::Text(String::from_utf8(t.to_vec()).unwrap()),
        other => panic!("{other:?}"),
    }
}

impl Store for TestStore {
    fn execute(&self, sql: &str) -> Result<u64, StoreError> {
        self.burn(sql)?;
        self.run(sql)
    }

    fn query(&self, sql: &str) -> Result<Vec<Vec<Value>>, StoreError> {
        self.burn(sql)?;
        let mut statement = self.connection.prepare(sql).map_err(words)?;
        let mut rows = statement.query([]).map_err(words)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next().map_err(words)? {
            let count = row.as_ref().column_count();
            all.push((0..count).map(|i| value(row.get_ref(i).unwrap())).collect());
        }
        Ok(all)
    }

    fn project_exists(&self) -> bool {
        self.path.exists()
    }

    fn detach_project(&self) -> Result<(), StoreError> {
        self.writable.set(false);
        self.run("DETACH DATABASE IF EXISTS project").map(|_| ())
    }

    fn attach_project(&self, read_only: bool) -> Result<(), Diagnostic> {
        if read_only && !self.path.exists() {
            return Ok(());
        }
        let options = if read_only { "(READ_ONLY)" } else { "" };
        let path = sql::text(self.path.to_str().unwrap());
        self.run(&format!("ATTACH {path} AS project {options}"))
            .map_err(|e| Diagnostic::error(codes::WRITE_FAILED, "attach").cause(e))?;
        self.writable.set(!read_only);
        Ok(())
    }

    fn begin(&self) -> Result<(), StoreError> {
        self.burn("BEGIN")?;
        self.run("BEGIN").map(|_| ())
    }

    fn commit(&self) -> Result<(), StoreError> {
        self.burn("COMMIT")?;
        self.run("COMMIT").map(|_| ())
    }

    fn rollback(&self) -> Result<(), StoreError> {
        self.run("ROLLBACK").map(|_| ())
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
        self.store.attach_project(true).unwrap();
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
