//! The catalogue: audiences, versions, membership history, runs; its schema and migrations.
//!
//! Everything lives in the project's database, which an engine session attaches as `project`:
//! a schema `camp` with the records ([`schema`]) and a schema `audience` with one table per
//! audience under its label, so that any DuckDB client reads it.
//!
//! A run computes its saves into temporary tables while the project is attached read-only
//! ([`stage()`]), and then holds the file alone for one transaction ([`commit()`]). The past is not
//! stored: it is replayed backwards from the present ([`history`]).
//!
//! The SQL is plain on purpose (no indexes, no constraints, no sequences), so that the same schemas
//! fit a DuckLake.

pub mod commit;
pub mod history;
pub mod operations;
pub mod schema;
mod sql;
pub mod stage;
pub mod store;
pub mod vacuum;

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::diagnostic::codes::data as codes;
use crate::diagnostic::{Diagnostic, suggest};
use crate::engine::duckdb::{EngineError, ErrorKind};
use crate::model::label::fold_label;
use crate::model::schema::{Audience, Column, Scan};
use crate::model::value::Value;
use crate::source::Span;

pub use commit::{
    Committed, Delivery, RunRecord, StepRecord, commit, log_deliveries, log_failed_run, recorded,
};
pub use stage::{Counts, Save, StagedSave, stage};
pub use store::Store;

/// A column as the catalogue stores it: its name and the engine's type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StoredColumn {
    /// Its name.
    pub name: String,
    /// The engine's type, `BIGINT`.
    #[serde(rename = "type")]
    pub engine_type: String,
}

/// What identifies members: the dimension and the key's columns. Members of two versions of an
/// audience can be compared when their shapes are equal; each shape has a change table of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Its number: the table is `camp.change_<id>`.
    pub id: u64,
    /// The dimension that members are rows of.
    pub dimension: String,
    /// The key's columns, with the types of the change table.
    pub key: Vec<StoredColumn>,
}

impl Shape {
    /// The name of its change table in schema `camp`.
    pub fn change_table(&self) -> String {
        format!("change_{}", self.id)
    }

    fn identifies(&self, dimension: &str, key: &[StoredColumn]) -> bool {
        self.dimension == dimension && same_key(&self.key, key)
    }
}

/// Whether two keys have the same columns of comparable types, in order.
fn same_key(a: &[StoredColumn], b: &[StoredColumn]) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|(a, b)| {
            a.name.eq_ignore_ascii_case(&b.name)
                && sql::key_type(&a.engine_type) == sql::key_type(&b.engine_type)
        })
}

/// An audience of the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its number, never reused while any of its records is there.
    pub id: u64,
    /// The folding of its label.
    fold: String,
    /// The table in schema `audience`.
    pub table: String,
    /// All columns with the engine's types, the key's first.
    pub stored: Vec<StoredColumn>,
    /// The shape of its present members.
    pub shape: Shape,
    /// What the checker knows of it.
    pub audience: Audience,
    /// The instant of its first version.
    pub created: Timestamp,
    /// The instant of its newest version.
    pub updated: Timestamp,
    /// The campaign that saved it last.
    pub campaign: String,
    /// The run that saved it last.
    pub run: String,
    /// How many versions are kept.
    pub retain: Option<u64>,
    /// The labels of the audiences it was computed from.
    pub reads: Vec<String>,
    /// `##` lines above the save.
    pub doc: Option<String>,
}

impl Entry {
    /// The key's columns with the engine's types.
    pub fn stored_key(&self) -> &[StoredColumn] {
        &self.stored[..self.audience.key.len()]
    }
}

/// What the project's catalogue held when it was loaded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalogue {
    /// By the folding of their labels.
    entries: Vec<Entry>,
    shapes: Vec<Shape>,
    sequence: u64,
    last_run: Option<String>,
}

impl Catalogue {
    /// Reads the catalogue of the attached project; empty when there is no project file or it has
    /// no catalogue yet.
    ///
    /// # Errors
    /// When it was written by a newer Camp, or cannot be read.
    pub fn load(store: &dyn Store) -> Result<Catalogue, Diagnostic> {
        if !store.project_exists() {
            return Ok(Catalogue::default());
        }
        match schema::version(store)? {
            None => Ok(Catalogue::default()),
            Some(version) => {
                schema::refuse_newer(version)?;
                Catalogue::read(store)
            }
        }
    }

    /// Whether the project has a catalogue: a run was recorded in it.
    pub fn is_there(&self) -> bool {
        self.last_run.is_some() || !self.entries.is_empty()
    }

    /// Reads it where it is known to exist.
    fn read(store: &dyn Store) -> Result<Catalogue, Diagnostic> {
        let shapes = store
            .query("SELECT id, dimension, key_columns::VARCHAR FROM project.camp.shape ORDER BY id")
            .map_err(unreadable)?
            .into_iter()
            .map(|row| {
                let mut row = Row::new(row);
                Ok(Shape { id: row.int()?, dimension: row.text()?, key: row.json()? })
            })
            .collect::<Result<Vec<_>, Diagnostic>>()?;
        let mut entries = store
            .query(
                "SELECT id, label, table_name, dimension, key_columns::VARCHAR, columns::VARCHAR, \
                 shape, epoch_us(created_at), epoch_us(updated_at), version, oldest_version, size, \
                 campaign, run, epoch_us(expires_at), retain, reads::VARCHAR, doc \
                 FROM project.camp.audience",
            )
            .map_err(unreadable)?
            .into_iter()
            .map(|row| entry(row, &shapes))
            .collect::<Result<Vec<_>, Diagnostic>>()?;
        entries.sort_by(|a, b| a.fold.cmp(&b.fold));
        let last = store
            .query("SELECT sequence, id FROM project.camp.run ORDER BY sequence DESC LIMIT 1")
            .map_err(unreadable)?;
        let (sequence, last_run) = match last.into_iter().next() {
            Some(row) => {
                let mut row = Row::new(row);
                (row.int()?, Some(row.text()?))
            }
            None => (0, None),
        };
        Ok(Catalogue { entries, shapes, sequence, last_run })
    }

    /// The audience with this label, ignoring case.
    pub fn find(&self, label: &str) -> Option<&Entry> {
        let fold = fold_label(label);
        let at = self.entries.binary_search_by(|e| e.fold.cmp(&fold)).ok()?;
        self.entries.get(at)
    }

    /// The audience with this label, for a command that names it.
    ///
    /// # Errors
    /// When there is none: with the nearest label.
    pub fn get(&self, label: &str) -> Result<&Entry, Diagnostic> {
        self.find(label).ok_or_else(|| self.unknown(label))
    }

    fn unknown(&self, label: &str) -> Diagnostic {
        let labels: Vec<&str> = self.labels().collect();
        Diagnostic::error(codes::UNKNOWN_AUDIENCE, format!("there is no audience `{label}`"))
            .maybe_help(suggest::unknown_name(label, "audiences", labels))
    }

    /// All labels, by their folding.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|e| e.audience.label.as_str())
    }

    /// All audiences, by the folding of their labels.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The shape of this number.
    pub fn shape(&self, id: u64) -> Option<&Shape> {
        self.shapes.iter().find(|s| s.id == id)
    }

    /// The sequence number of the last run that was recorded; 0 before the first.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The last run that was recorded.
    pub fn last_run(&self) -> Option<&str> {
        self.last_run.as_deref()
    }

    /// The audiences that were computed from this one.
    pub fn readers(&self, label: &str) -> Vec<&str> {
        let fold = fold_label(label);
        self.entries
            .iter()
            .filter(|e| e.fold != fold)
            .filter(|e| e.reads.iter().any(|r| fold_label(r) == fold))
            .map(|e| e.audience.label.as_str())
            .collect()
    }
}

fn entry(row: Vec<Value>, shapes: &[Shape]) -> Result<Entry, Diagnostic> {
    let mut row = Row::new(row);
    let id = row.int()?;
    let label = row.text()?;
    let table = row.text()?;
    let dimension = row.text()?;
    let key: Vec<StoredColumn> = row.json()?;
    let stored: Vec<StoredColumn> = row.json()?;
    let shape = row.int()?;
    let created = row.instant()?;
    let updated = row.instant()?;
    let version = row.int()?;
    let oldest_version = row.int()?;
    let size = row.int()?;
    let campaign = row.text()?;
    let run = row.text()?;
    let expires = row.maybe_instant()?;
    let retain = row.maybe_int()?;
    let reads = row.json()?;
    let doc = row.maybe_text()?;
    if stored.len() < key.len() || stored[..key.len()] != key[..] {
        return Err(damaged(format!("the key of `{label}` is not the start of its columns")));
    }
    let Some(shape) = shapes.iter().find(|s| s.id == shape && s.identifies(&dimension, &key))
    else {
        return Err(damaged(format!("`{label}` has no change table")));
    };
    let columns: Vec<Column> = stored
        .iter()
        .enumerate()
        .map(|(i, c)| Column {
            name: c.name.clone(),
            ty: sql::model_type(&c.engine_type),
            nullable: i >= key.len(),
        })
        .collect();
    let audience = Audience {
        label,
        scan: Scan::Table {
            database: "project".into(),
            schema: "audience".into(),
            table: table.clone(),
        },
        dimension,
        key: columns[..key.len()].to_vec(),
        columns,
        size,
        version,
        oldest_version,
        expires,
    };
    Ok(Entry {
        id,
        fold: fold_label(&audience.label),
        table,
        stored,
        shape: shape.clone(),
        audience,
        created,
        updated,
        campaign,
        run,
        retain,
        reads,
        doc,
    })
}

/// The errors of the engine that explain themselves, whatever was being done.
fn known(error: EngineError, span: Option<Span>) -> Result<Diagnostic, EngineError> {
    match error.kind {
        ErrorKind::Conflict
        | ErrorKind::Interrupted
        | ErrorKind::OutOfMemory
        | ErrorKind::SpillFull
        | ErrorKind::DiskFull
        | ErrorKind::Locked
        | ErrorKind::Corrupt => Ok(error.into_diagnostic(span)),
        _ => Err(error),
    }
}

/// What a query could not read is the catalogue's fault, never the script's.
fn unreadable(error: EngineError) -> Diagnostic {
    known(error, None).unwrap_or_else(damaged)
}

fn damaged(cause: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::error(codes::CATALOGUE_UNREADABLE, "the catalogue cannot be read")
        .help("restore the database file from a backup")
        .cause(cause)
}

/// The cells of a result row, taken one after another with their types checked.
struct Row(std::vec::IntoIter<Value>);

impl Row {
    fn new(row: Vec<Value>) -> Self {
        Row(row.into_iter())
    }

    fn next(&mut self) -> Value {
        self.0.next().unwrap_or(Value::Missing)
    }

    fn maybe_int(&mut self) -> Result<Option<u64>, Diagnostic> {
        match self.next() {
            Value::Missing => Ok(None),
            Value::Int(i) => {
                u64::try_from(i).map(Some).map_err(|_| damaged(format!("{i} is negative")))
            }
            other => Err(damaged(format!("{other:?} is not a number"))),
        }
    }

    fn int(&mut self) -> Result<u64, Diagnostic> {
        self.maybe_int()?.ok_or_else(|| damaged("a number is missing"))
    }

    fn maybe_text(&mut self) -> Result<Option<String>, Diagnostic> {
        match self.next() {
            Value::Missing => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            other => Err(damaged(format!("{other:?} is not a text"))),
        }
    }

    fn text(&mut self) -> Result<String, Diagnostic> {
        self.maybe_text()?.ok_or_else(|| damaged("a text is missing"))
    }

    /// Microseconds since 1970, as `epoch_us` gives them: the same on every engine and connection.
    fn maybe_instant(&mut self) -> Result<Option<Timestamp>, Diagnostic> {
        match self.next() {
            Value::Missing => Ok(None),
            Value::Int(us) => i64::try_from(us)
                .ok()
                .and_then(|us| Timestamp::from_microsecond(us).ok())
                .map(Some)
                .ok_or_else(|| damaged(format!("{us} is not an instant"))),
            other => Err(damaged(format!("{other:?} is not an instant"))),
        }
    }

    fn instant(&mut self) -> Result<Timestamp, Diagnostic> {
        self.maybe_instant()?.ok_or_else(|| damaged("an instant is missing"))
    }

    fn json<T: for<'de> Deserialize<'de>>(&mut self) -> Result<T, Diagnostic> {
        let text = self.text()?;
        serde_json::from_str(&text).map_err(damaged)
    }
}
