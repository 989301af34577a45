//! Writing: one transaction per run, everything or nothing.
//!
//! The project is let go of, attached for writing, and held alone only for the transaction. A
//! commit can be durable though its answer never came: the run's id is written in the same
//! transaction, so [`recorded`] tells.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::{data as codes, plan as plan_codes};
use crate::model::label::fold_label;

use super::schema::{self, Failed};
use super::stage::{Changes, StagedSave};
use super::store::Store;
use super::{Catalogue, Entry, Shape, StoredColumn, sql};
use crate::engine::duckdb::EngineError;

/// What is written down about a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRecord {
    /// Its id, made before anything is written: [`RunRecord::new_id`].
    pub id: String,
    /// What was asked for: `run`, or a command such as `drop "VIP"`.
    pub command: String,
    /// By the clock.
    pub started: Timestamp,
    /// The instant that relative dates come from.
    pub as_of: Timestamp,
    /// The time zone of the campaigns.
    pub timezone: String,
    /// The labels of the campaigns.
    pub campaigns: Vec<String>,
    /// The files, as named.
    pub files: Vec<String>,
    /// What it did.
    pub steps: Vec<StepRecord>,
    /// Whether it is refused where another run changed what it saves or was computed from: it was
    /// agreed on as it is.
    pub strict: bool,
}

impl RunRecord {
    /// An id that no other run has: the instant, the process, a random part.
    pub fn new_id(now: Timestamp) -> String {
        use std::hash::{BuildHasher, Hasher};
        // The standard library's hasher is seeded by the system's randomness.
        let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
        let second = now.strftime("%Y%m%dT%H%M%SZ");
        format!("{second}-{:x}-{:08x}", std::process::id(), random as u32)
    }
}

/// One step of a run, for its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepRecord {
    /// The label of its campaign.
    pub campaign: String,
    /// `build audience`
    pub activity: String,
    /// Its transition, or the label of what was saved.
    pub transition: Option<String>,
    /// How many rows came out.
    pub rows: Option<u64>,
    /// What else is to say: skipped, left out, `was 2, now 3`.
    pub note: Option<String>,
    /// How long it took, in milliseconds.
    pub ms: u64,
}

/// What a commit did.
#[derive(Clone, Debug, PartialEq)]
pub struct Committed {
    /// The sequence number of the run.
    pub sequence: u64,
    /// The saves, by index, whose audience another run had changed meanwhile, so that they were
    /// computed again.
    pub restaged: Vec<usize>,
    /// Audiences that another run changed after this one had read them: the run is as of before.
    pub overtaken: Vec<String>,
    /// The catalogue as it is now.
    pub catalogue: Catalogue,
}

/// Computes a save again, against the present catalogue; usually [`stage()`](super::stage::stage).
pub type Restage<'a> = dyn FnMut(&Catalogue, &StagedSave) -> Result<StagedSave, Diagnostic> + 'a;

/// Writes all saves of a run and its record, or nothing.
///
/// `catalogue` is what the saves were computed against. The project is detached afterwards,
/// whatever happened; attaching it again is the caller's choice.
///
/// # Errors
/// When the file cannot be had or written, or a save is no longer possible; nothing is written
/// then.
pub fn commit(
    store: &dyn Store,
    catalogue: &Catalogue,
    run: &RunRecord,
    saves: &mut [StagedSave],
    restage: &mut Restage<'_>,
) -> Result<Committed, Diagnostic> {
    refuse_twice(saves)?;
    write(store, Some(&run.id), || {
        let created = schema::ensure(store)?;
        let present = Catalogue::read(store)?;
        if run.strict {
            refuse_changed(catalogue, &present, saves)?;
        }
        let mut restaged = Vec::new();
        for (i, save) in saves.iter_mut().enumerate() {
            let base = present.find(&save.save.label).map(|e| (e.id, e.audience.version));
            if save.base != base {
                *save = restage(&present, save)?;
                restaged.push(i);
            }
        }
        let sequence = write_run(store, &present, run, "done", None)?;
        Writer { store, run, present: &present }.saves(saves)?;
        let after = Catalogue::read(store)?;
        let view = schema::membership_view(&after);
        if created || view != schema::membership_view(&present) {
            store.execute(&view)?;
        }
        let overtaken = overtaken(catalogue, &present, saves);
        Ok(Committed { sequence, restaged, overtaken, catalogue: after })
    })
}

/// What was agreed on rests on what the catalogue held then.
fn refuse_changed(
    before: &Catalogue,
    present: &Catalogue,
    saves: &[StagedSave],
) -> Result<(), Diagnostic> {
    let saved = saves.iter().find(|save| {
        save.base != present.find(&save.save.label).map(|e| (e.id, e.audience.version))
    });
    let read = || overtaken(before, present, saves).into_iter().next();
    let Some(label) = saved.map(|s| s.save.label.clone()).or_else(read) else { return Ok(()) };
    let title = format!("Another run changed \"{label}\" while this one was computed");
    Err(Diagnostic::error(plan_codes::PLANNED_AUDIENCES, title).help("make the plan again"))
}

/// Two labels of `for each` may differ only by case.
fn refuse_twice(saves: &[StagedSave]) -> Result<(), Diagnostic> {
    let mut seen: HashMap<String, &StagedSave> = HashMap::new();
    for save in saves {
        if let Some(first) = seen.insert(fold_label(&save.save.label), save) {
            return Err(Diagnostic::error(
                codes::SAVED_TWICE,
                format!("the audience `{}` is saved twice in one run", save.save.label),
            )
            .label(save.save.label_span, format!("saved again as `{}`", save.save.label))
            .label(first.save.label_span, format!("saved as `{}`", first.save.label))
            .help("give each save a label of its own; case makes no difference"));
        }
    }
    Ok(())
}

fn overtaken(before: &Catalogue, present: &Catalogue, saves: &[StagedSave]) -> Vec<String> {
    let version = |c: &Catalogue, l: &str| c.find(l).map(|e| (e.id, e.audience.version));
    let mut labels: Vec<&String> = saves.iter().flat_map(|s| &s.save.reads).collect();
    labels.sort();
    labels.dedup();
    labels.into_iter().filter(|l| version(before, l) != version(present, l)).cloned().collect()
}

/// Runs `body` in one transaction on the project, which is attached for writing only for it.
pub(super) fn write<T>(
    store: &dyn Store,
    run: Option<&str>,
    body: impl FnOnce() -> Result<T, Failed>,
) -> Result<T, Diagnostic> {
    store.detach_project().map_err(failed)?;
    store.attach_project(false)?;
    write_attached(store, run, body)
}

fn write_attached<T>(
    store: &dyn Store,
    run: Option<&str>,
    body: impl FnOnce() -> Result<T, Failed>,
) -> Result<T, Diagnostic> {
    let result = store.begin().map_err(Failed::from).and_then(|()| body());
    let value = match result {
        Ok(value) => value,
        Err(error) => {
            // The error itself is what to report; a rollback that fails is done by the detaching.
            let _ = store.rollback();
            let _ = store.detach_project();
            return Err(match error {
                Failed::Store(error) => failed(error),
                Failed::Found(diagnostic) => *diagnostic,
            });
        }
    };
    match store.commit() {
        Ok(()) => {
            // What is committed is committed.
            let _ = store.detach_project();
            Ok(value)
        }
        Err(error) => {
            let _ = store.rollback();
            let _ = store.detach_project();
            match run {
                Some(run) if is_recorded(store, run) => Ok(value),
                _ => Err(failed(error)),
            }
        }
    }
}

fn is_recorded(store: &dyn Store, run: &str) -> bool {
    let found = store.attach_project(true).and_then(|()| recorded(store, run));
    let _ = store.detach_project();
    found.unwrap_or(false)
}

fn failed(error: EngineError) -> Diagnostic {
    super::known(error, None).unwrap_or_else(|error| {
        Diagnostic::error(
            codes::WRITE_FAILED,
            "the catalogue could not be written, nothing was saved",
        )
        .help("check the space on the disk and the rights of the database file")
        .cause(error)
    })
}

/// Whether the attached project's catalogue has a record of this run: then it was committed.
///
/// # Errors
/// When the catalogue cannot be read.
pub fn recorded(store: &dyn Store, run: &str) -> Result<bool, Diagnostic> {
    if !store.project_exists() || schema::version(store)?.is_none() {
        return Ok(false);
    }
    let rows = store
        .query(&format!(
            "SELECT 1 FROM project.camp.run WHERE status = 'done' AND id = {}",
            sql::text(run)
        ))
        .map_err(super::unreadable)?;
    Ok(!rows.is_empty())
}

/// Writes the record of a run and gives its sequence number.
pub(super) fn write_run(
    store: &dyn Store,
    present: &Catalogue,
    run: &RunRecord,
    status: &str,
    error: Option<&str>,
) -> Result<u64, EngineError> {
    let sequence = present.sequence + 1;
    let previous = present.last_run.as_deref();
    let values = [
        sql::text(&run.id),
        sequence.to_string(),
        sql::maybe_text(previous),
        sql::text(&run.command),
        sql::instant(run.started),
        sql::instant(Timestamp::now()),
        sql::instant(run.as_of),
        sql::text(&run.timezone),
        sql::text(status),
        sql::json(&run.campaigns),
        sql::json(&run.files),
        sql::maybe_text(error),
        sql::text(env!("CARGO_PKG_VERSION")),
    ];
    insert(
        store,
        "run (id, sequence, previous, command, started, finished, as_of, timezone, status, \
         campaigns, files, error, camp_version)",
        &[values.join(", ")],
    )?;
    let steps: Vec<String> = run
        .steps
        .iter()
        .enumerate()
        .map(|(i, step)| {
            [
                sql::text(&run.id),
                (i + 1).to_string(),
                sql::text(&step.campaign),
                sql::text(&step.activity),
                sql::maybe_text(step.transition.as_deref()),
                sql::maybe_int(step.rows),
                sql::maybe_text(step.note.as_deref()),
                step.ms.to_string(),
            ]
            .join(", ")
        })
        .collect();
    insert(store, "step (run, ordinal, campaign, activity, transition, rows, note, ms)", &steps)?;
    Ok(sequence)
}

/// Inserts rows of values, some hundreds per statement.
fn insert(store: &dyn Store, into: &str, rows: &[String]) -> Result<(), EngineError> {
    for some in rows.chunks(500) {
        let rows: Vec<String> = some.iter().map(|r| format!("({r})")).collect();
        store.execute(&format!("INSERT INTO project.camp.{into} VALUES {}", rows.join(", ")))?;
    }
    Ok(())
}

struct Writer<'a> {
    store: &'a dyn Store,
    run: &'a RunRecord,
    present: &'a Catalogue,
}

/// A save with everything about its place in the catalogue decided.
struct Write<'a> {
    staged: &'a StagedSave,
    old: Option<&'a Entry>,
    id: u64,
    version: u64,
    oldest: u64,
    shape: u64,
}

impl Writer<'_> {
    fn saves(&self, saves: &[StagedSave]) -> Result<(), Failed> {
        if saves.is_empty() {
            return Ok(());
        }
        let mut shapes = self.present.shapes.clone();
        let mut next = self.present.entries.iter().map(|e| e.id).max().unwrap_or(0);
        let mut writes = Vec::new();
        for staged in saves {
            let old = self.present.find(&staged.save.label);
            let id = old.map_or_else(
                || {
                    next += 1;
                    next
                },
                |e| e.id,
            );
            let version = old.map_or(1, |e| e.audience.version + 1);
            let kept = old.map_or(1, |e| e.audience.oldest_version);
            let oldest = match staged.save.retain {
                Some(retain) => kept.max((version + 1).saturating_sub(retain.max(1))),
                None => kept,
            };
            let shape = self.shape(&mut shapes, staged)?;
            writes.push(Write { staged, old, id, version, oldest, shape });
        }
        // The changes first: members who leave because the dimension changes are still read from
        // the old table.
        self.changes(&writes, &shapes)?;
        for write in &writes {
            self.table(write)?;
        }
        self.records(&writes)?;
        self.forget(&writes, &shapes)
    }

    fn shape(&self, shapes: &mut Vec<Shape>, staged: &StagedSave) -> Result<u64, Failed> {
        let key = staged.stored_key();
        if let Some(shape) = shapes.iter().find(|s| s.identifies(&staged.save.dimension, key)) {
            return Ok(shape.id);
        }
        let shape = Shape {
            id: shapes.iter().map(|s| s.id).max().unwrap_or(0) + 1,
            dimension: staged.save.dimension.clone(),
            key: key
                .iter()
                .map(|c| StoredColumn {
                    name: c.name.clone(),
                    engine_type: sql::key_type(&c.engine_type),
                })
                .collect(),
        };
        let columns: Vec<String> = sql::key_names(shape.key.len())
            .into_iter()
            .zip(&shape.key)
            .map(|(k, c)| format!("{k} {}", c.engine_type))
            .collect();
        self.store.execute(&format!(
            "CREATE TABLE {} (audience BIGINT, version BIGINT, {}, entered BOOLEAN)",
            sql::camp(&shape.change_table()),
            columns.join(", ")
        ))?;
        let values =
            format!("{}, {}, {}", shape.id, sql::text(&shape.dimension), sql::json(&shape.key));
        insert(self.store, "shape (id, dimension, key_columns)", &[values])?;
        let id = shape.id;
        shapes.push(shape);
        Ok(id)
    }

    /// One statement per shape.
    fn changes(&self, writes: &[Write<'_>], shapes: &[Shape]) -> Result<(), Failed> {
        for shape in shapes {
            let names = sql::key_names(shape.key.len());
            let all = |key: &[StoredColumn], write: &Write<'_>, from: String, entered: bool| {
                let key: Vec<String> = key
                    .iter()
                    .zip(&shape.key)
                    .map(|(c, s)| format!("CAST({} AS {})", sql::ident(&c.name), s.engine_type))
                    .collect();
                format!(
                    "SELECT {}, {}, {}, {entered} FROM {from}",
                    write.id,
                    write.version,
                    key.join(", ")
                )
            };
            let mut selects = Vec::new();
            for write in writes {
                match (&write.staged.changes, write.old) {
                    (Changes::Table(table), _) if write.shape == shape.id => {
                        let counts = write.staged.counts;
                        if counts.entered + counts.left > 0 {
                            selects.push(format!(
                                "SELECT {}, {}, {}, kind = 1 FROM {} WHERE kind <> 2",
                                write.id,
                                write.version,
                                names.join(", "),
                                sql::temp(table)
                            ));
                        }
                    }
                    (Changes::Switched, Some(old)) => {
                        if write.shape == shape.id {
                            let from = sql::temp(&write.staged.content);
                            selects.push(all(write.staged.stored_key(), write, from, true));
                        }
                        if old.shape.id == shape.id {
                            let from = sql::audience(&old.table);
                            selects.push(all(old.stored_key(), write, from, false));
                        }
                    }
                    _ => {}
                }
            }
            if !selects.is_empty() {
                self.store.execute(&format!(
                    "INSERT INTO {} {}",
                    sql::camp(&shape.change_table()),
                    selects.join(" UNION ALL ")
                ))?;
            }
        }
        Ok(())
    }

    /// The table with the members.
    fn table(&self, write: &Write<'_>) -> Result<(), Failed> {
        let label = &write.staged.save.label;
        let create = match write.old {
            // Not replaced: a table of this name would be somebody else's.
            None => "CREATE TABLE",
            Some(old) if old.table != *label => {
                let table = sql::audience(&old.table);
                self.store.execute(&format!("DROP TABLE IF EXISTS {table}"))?;
                "CREATE TABLE"
            }
            Some(old) => {
                let counts = write.staged.counts;
                let quiet = counts.entered + counts.left + counts.changed == 0;
                if quiet && write.staged.columns == old.stored {
                    return Ok(());
                }
                "CREATE OR REPLACE TABLE"
            }
        };
        let written = self.store.execute(&format!(
            "{create} {} AS SELECT * FROM {}",
            sql::audience(label),
            sql::temp(&write.staged.content)
        ));
        match written {
            Err(error) if error.message.contains("already exists") => {
                Err(taken(write.staged, error).into())
            }
            other => other.map(|_| ()).map_err(Failed::from),
        }
    }

    fn records(&self, writes: &[Write<'_>]) -> Result<(), Failed> {
        let replaced: Vec<String> =
            writes.iter().filter(|w| w.old.is_some()).map(|w| w.id.to_string()).collect();
        if !replaced.is_empty() {
            self.store.execute(&format!(
                "DELETE FROM project.camp.audience WHERE id IN ({})",
                replaced.join(", ")
            ))?;
        }
        let at = sql::instant(self.run.as_of);
        let mut audiences = Vec::new();
        let mut versions = Vec::new();
        for write in writes {
            let save = &write.staged.save;
            let counts = write.staged.counts;
            let key = sql::json(&write.staged.stored_key());
            audiences.push(
                [
                    write.id.to_string(),
                    sql::text(&save.label),
                    sql::text(&fold_label(&save.label)),
                    sql::text(&save.label),
                    sql::text(&save.dimension),
                    key.clone(),
                    sql::json(&write.staged.columns),
                    write.shape.to_string(),
                    write.old.map_or_else(|| at.clone(), |e| sql::instant(e.created)),
                    at.clone(),
                    write.version.to_string(),
                    write.oldest.to_string(),
                    counts.now.to_string(),
                    sql::text(&save.campaign),
                    sql::text(&self.run.id),
                    sql::maybe_instant(save.expires),
                    sql::maybe_int(save.retain),
                    sql::json(&save.reads),
                    sql::maybe_text(save.doc.as_deref()),
                ]
                .join(", "),
            );
            versions.push(
                [
                    write.id.to_string(),
                    write.version.to_string(),
                    sql::text(&self.run.id),
                    at.clone(),
                    counts.now.to_string(),
                    counts.entered.to_string(),
                    counts.left.to_string(),
                    counts.changed.to_string(),
                    write.shape.to_string(),
                    key,
                ]
                .join(", "),
            );
        }
        insert(
            self.store,
            "audience (id, label, label_fold, table_name, dimension, key_columns, columns, shape, \
             created_at, updated_at, version, oldest_version, size, campaign, run, expires_at, \
             retain, reads, doc)",
            &audiences,
        )?;
        insert(
            self.store,
            "version (audience, version, run, as_of, size, entered, left_count, changed, shape, \
             key_columns)",
            &versions,
        )?;
        Ok(())
    }

    /// `retain`: forgets versions older than the oldest kept one. Its own changes stay: who
    /// entered and left then is still told, and replay never needs them.
    fn forget(&self, writes: &[Write<'_>], shapes: &[Shape]) -> Result<(), Failed> {
        let old: Vec<String> = writes
            .iter()
            .filter(|w| w.old.is_some_and(|e| e.audience.oldest_version < w.oldest))
            .map(|w| format!("(audience = {} AND version < {})", w.id, w.oldest))
            .collect();
        if old.is_empty() {
            return Ok(());
        }
        let old = old.join(" OR ");
        self.store.execute(&format!("DELETE FROM project.camp.version WHERE {old}"))?;
        for shape in shapes {
            let table = sql::camp(&shape.change_table());
            self.store.execute(&format!("DELETE FROM {table} WHERE {old}"))?;
        }
        Ok(())
    }
}

fn taken(staged: &StagedSave, error: EngineError) -> Diagnostic {
    let label = &staged.save.label;
    Diagnostic::error(
        codes::TABLE_TAKEN,
        format!("schema `audience` has a table `{label}` that is no audience"),
    )
    .label(staged.save.label_span, "would overwrite it")
    .help("rename the table, or save under another label")
    .cause(error)
}

/// Writes the log of a run that failed; a best effort, since a failed run must not wait or fail
/// again. Gives whether it was written.
///
/// The project is detached afterwards.
pub fn log_failed_run(store: &dyn Store, run: &RunRecord, error: &str) -> bool {
    if !store.project_exists()
        || store.detach_project().is_err()
        || store.attach_project_now().is_err()
    {
        return false;
    }
    write_attached(store, None, || {
        let created = schema::ensure(store)?;
        let present = Catalogue::read(store)?;
        write_run(store, &present, run, "failed", Some(error))?;
        if created {
            store.execute(&schema::membership_view(&present))?;
        }
        Ok(())
    })
    .is_ok()
}

/// One try to send something to one member.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// The run.
    pub run: String,
    /// The label of the campaign.
    pub campaign: String,
    /// The name of the transition or activity.
    pub activity: String,
    /// The dimension of the member.
    pub dimension: String,
    /// The member's key as text, see [`key_text`](super::history::key_text).
    pub key: String,
    /// `email`
    pub channel: String,
    /// `sent`, `failed`, …
    pub status: String,
    /// The provider's own id.
    pub provider_id: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// The number of the try, from 1.
    pub attempt: u64,
    /// When.
    pub sent_at: Timestamp,
}

/// Records deliveries. The project is detached afterwards.
///
/// # Errors
/// When the file cannot be had or written.
pub fn log_deliveries(store: &dyn Store, deliveries: &[Delivery]) -> Result<(), Diagnostic> {
    if deliveries.is_empty() {
        return Ok(());
    }
    write(store, None, || {
        if schema::ensure(store)? {
            store.execute(&schema::membership_view(&Catalogue::read(store)?))?;
        }
        let rows: Vec<String> = deliveries
            .iter()
            .map(|d| {
                [
                    sql::text(&d.run),
                    sql::text(&d.campaign),
                    sql::text(&d.activity),
                    sql::text(&d.dimension),
                    sql::text(&d.key),
                    sql::text(&d.channel),
                    sql::text(&d.status),
                    sql::maybe_text(d.provider_id.as_deref()),
                    sql::maybe_text(d.error.as_deref()),
                    d.attempt.to_string(),
                    sql::instant(d.sent_at),
                ]
                .join(", ")
            })
            .collect();
        insert(
            store,
            "delivery (run, campaign, activity, dimension, key, channel, status, provider_id, \
             error, attempt, sent_at)",
            &rows,
        )?;
        Ok(())
    })
}
