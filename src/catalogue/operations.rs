//! What the command line does with the catalogue: `camp audiences …`, `camp runs …`.
//!
//! Reading functions need the project attached, read-only will do. Those that write leave it
//! detached, as [`commit`](super::commit()) does.

use jiff::Timestamp;

use crate::activity::save_audience::Update;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::data as codes;
use crate::engine::duckdb::EngineError;
use crate::source::Span;

use super::commit::{self, Committed, RunRecord};
use super::history;
use super::schema;
use super::stage::{self, Save, StagedSave};
use super::store::Store;
use super::{Catalogue, Entry, Row, Shape, sql, unreadable};

/// A version of an audience.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionInfo {
    /// Its number.
    pub version: u64,
    /// The run that wrote it.
    pub run: String,
    /// The instant it was computed for.
    pub at: Timestamp,
    /// Members.
    pub size: u64,
    /// How many entered with it.
    pub entered: u64,
    /// How many left with it.
    pub left: u64,
    /// How many stayed with other values.
    pub changed: u64,
    /// The number of its shape.
    pub shape: u64,
}

/// The kept versions of an audience, newest first.
///
/// # Errors
/// When there is no such audience, or the catalogue cannot be read.
pub fn versions(
    store: &dyn Store,
    catalogue: &Catalogue,
    label: &str,
) -> Result<Vec<VersionInfo>, Diagnostic> {
    let entry = catalogue.get(label)?;
    store
        .query(&format!(
            "SELECT version, run, epoch_us(as_of), size, entered, left_count, changed, shape \
             FROM project.camp.version WHERE audience = {} ORDER BY version DESC",
            entry.id
        ))
        .map_err(unreadable)?
        .into_iter()
        .map(|row| {
            let mut row = Row::new(row);
            Ok(VersionInfo {
                version: row.int()?,
                run: row.text()?,
                at: row.instant()?,
                size: row.int()?,
                entered: row.int()?,
                left: row.int()?,
                changed: row.int()?,
                shape: row.int()?,
            })
        })
        .collect()
}

/// The query that gives the members, ordered by key: all columns of the present ones, the key of
/// those at an older version.
///
/// # Errors
/// When there is no such audience, or the version is not kept.
pub fn members(
    store: &dyn Store,
    catalogue: &Catalogue,
    label: &str,
    version: Option<u64>,
) -> Result<String, Diagnostic> {
    let entry = catalogue.get(label)?;
    match version {
        Some(version) if version != entry.audience.version => {
            let shape = shape_at(store, catalogue, entry, version)?;
            let order: Vec<String> = shape.key.iter().map(|c| sql::column("m", &c.name)).collect();
            Ok(format!(
                "SELECT * FROM ({}) AS m ORDER BY {}",
                history::members_sql(entry, version, shape),
                order.join(", ")
            ))
        }
        _ => {
            let order: Vec<String> =
                entry.stored_key().iter().map(|c| sql::column("m", &c.name)).collect();
            Ok(format!(
                "SELECT * FROM {} AS m ORDER BY {}",
                sql::audience(&entry.table),
                order.join(", ")
            ))
        }
    }
}

/// The shape that an audience had at a version that is kept.
fn shape_at<'c>(
    store: &dyn Store,
    catalogue: &'c Catalogue,
    entry: &Entry,
    version: u64,
) -> Result<&'c Shape, Diagnostic> {
    let rows = store
        .query(&format!(
            "SELECT shape FROM project.camp.version WHERE audience = {} AND version = {version}",
            entry.id
        ))
        .map_err(unreadable)?;
    let Some(row) = rows.into_iter().next() else {
        let audience = &entry.audience;
        return Err(Diagnostic::error(
            codes::UNKNOWN_VERSION,
            format!("the audience `{}` has no version {version}", audience.label),
        )
        .help(format!(
            "choose a version from {} to {}",
            audience.oldest_version, audience.version
        )));
    };
    let id = Row::new(row).int()?;
    catalogue.shape(id).ok_or_else(|| super::damaged(format!("there is no shape {id}")))
}

/// A stay in an audience.
#[derive(Clone, Debug, PartialEq)]
pub struct Stay {
    /// The member's key as text.
    pub key: String,
    /// The version and its instant with which the member entered; nothing: before the oldest
    /// version that is kept.
    pub entered: Option<(u64, Timestamp)>,
    /// The version and its instant with which the member left; nothing: still a member.
    pub left: Option<(u64, Timestamp)>,
}

/// When one member entered and left, oldest stay first. `key` has a text per key column.
///
/// # Errors
/// When there is no such audience, or the catalogue cannot be read.
pub fn stays(
    store: &dyn Store,
    catalogue: &Catalogue,
    label: &str,
    key: &[String],
) -> Result<Vec<Stay>, Diagnostic> {
    let entry = catalogue.get(label)?;
    let maybe = |version: Option<u64>, at: Option<Timestamp>| version.zip(at);
    store
        .query(&format!(
            "SELECT key, entered_version, epoch_us(entered_at), left_version, epoch_us(left_at) \
             FROM project.camp.membership WHERE audience = {} AND key = {} \
             ORDER BY entered_version NULLS FIRST, left_version NULLS LAST",
            sql::text(&entry.audience.label),
            sql::text(&history::key_text(key)),
        ))
        .map_err(unreadable)?
        .into_iter()
        .map(|row| {
            let mut row = Row::new(row);
            Ok(Stay {
                key: row.text()?,
                entered: maybe(row.maybe_int()?, row.maybe_instant()?),
                left: maybe(row.maybe_int()?, row.maybe_instant()?),
            })
        })
        .collect()
}

/// Who is in a later version and not in an earlier one, and the other way round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// How many entered.
    pub entered: u64,
    /// How many left.
    pub left: u64,
    /// The query that gives the keys of those who entered.
    pub entered_sql: String,
    /// The query that gives the keys of those who left.
    pub left_sql: String,
}

/// Compares two versions of an audience.
///
/// # Errors
/// When one of them is not kept, or the audience had another dimension.
pub fn difference(
    store: &dyn Store,
    catalogue: &Catalogue,
    label: &str,
    from: u64,
    to: u64,
) -> Result<Difference, Diagnostic> {
    let entry = catalogue.get(label)?;
    let shape = shape_at(store, catalogue, entry, from)?;
    let other = shape_at(store, catalogue, entry, to)?;
    if shape != other {
        return Err(not_comparable(
            &format!("versions {from} and {to} of `{}`", entry.audience.label),
            shape,
            other,
        ));
    }
    let members = |version| history::members_sql(entry, version, shape);
    compared(store, shape, &members(from), &members(to))
}

/// Compares the present members of two audiences: those of the second who are not in the first
/// entered, those of the first who are not in the second left.
///
/// # Errors
/// When there is no such audience, or they are of different dimensions.
pub fn difference_of(
    store: &dyn Store,
    catalogue: &Catalogue,
    first: &str,
    second: &str,
) -> Result<Difference, Diagnostic> {
    let (a, b) = (catalogue.get(first)?, catalogue.get(second)?);
    if a.shape.id != b.shape.id {
        let what = format!("`{}` and `{}`", a.audience.label, b.audience.label);
        return Err(not_comparable(&what, &a.shape, &b.shape));
    }
    let members = |entry: &Entry| history::members_sql(entry, entry.audience.version, &a.shape);
    compared(store, &a.shape, &members(a), &members(b))
}

/// Who is in one of two queries of keys and not in the other.
fn compared(
    store: &dyn Store,
    shape: &Shape,
    before: &str,
    after: &str,
) -> Result<Difference, Diagnostic> {
    let keys: Vec<&str> = shape.key.iter().map(|c| c.name.as_str()).collect();
    let same: Vec<String> =
        keys.iter().map(|k| format!("{} = {}", sql::column("a", k), sql::column("b", k))).collect();
    let order: Vec<String> = keys.iter().map(|k| sql::column("a", k)).collect();
    let only = |a: &str, b: &str| {
        format!("SELECT a.* FROM ({a}) AS a ANTI JOIN ({b}) AS b ON {}", same.join(" AND "))
    };
    let ordered = |sql: &str| format!("{sql} ORDER BY {}", order.join(", "));
    let (entered, left) = (only(after, before), only(before, after));
    Ok(Difference {
        entered: stage::count(store, &format!("({entered})")).map_err(unreadable)?,
        left: stage::count(store, &format!("({left})")).map_err(unreadable)?,
        entered_sql: ordered(&entered),
        left_sql: ordered(&left),
    })
}

fn not_comparable(what: &str, a: &Shape, b: &Shape) -> Diagnostic {
    let describe = |s: &Shape| {
        let key: Vec<&str> = s.key.iter().map(|c| c.name.as_str()).collect();
        format!("`{}` by {}", s.dimension, key.join(", "))
    };
    Diagnostic::error(
        codes::NOT_COMPARABLE,
        format!("{what} hold rows of {} and of {}", describe(a), describe(b)),
    )
    .help("compare audiences of one dimension")
}

/// How audiences overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// Their labels with their sizes, in the order they were named, each once.
    pub audiences: Vec<(String, u64)>,
    /// How many are in some of them.
    pub everybody: u64,
    /// The combinations that somebody is in: with up to [`EVERY_COMBINATION`] audiences all, with
    /// more the single audiences, the pairs, and those that are of exactly some members. The one of
    /// most members first, then that of fewer audiences, then as they were named.
    pub combinations: Vec<Combination>,
}

/// A combination of audiences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Combination {
    /// A bit for each audience, the first one lowest.
    mask: u64,
    /// Members of all of these, whatever else they are in.
    pub together: u64,
    /// Members of all of these and of no other that was named.
    pub only: u64,
}

impl Combination {
    /// Whether the audience of this number is in it.
    pub fn has(&self, audience: usize) -> bool {
        self.mask & (1 << audience) != 0
    }
}

impl Overlap {
    /// The combinations that are of exactly some members, those of most first.
    pub fn exclusive(&self) -> Vec<&Combination> {
        let mut found: Vec<_> = self.combinations.iter().filter(|c| c.only > 0).collect();
        found.sort_by_key(|c| std::cmp::Reverse(c.only));
        found
    }

    /// The labels of a combination.
    pub fn labels(&self, combination: &Combination) -> Vec<&str> {
        let all = self.audiences.iter().enumerate();
        all.filter(|(n, _)| combination.has(*n)).map(|(_, (label, _))| label.as_str()).collect()
    }

    /// `"A" and "B"`
    pub fn words(&self, combination: &Combination) -> String {
        let labels = self.labels(combination);
        labels.iter().map(|label| format!("\"{label}\"")).collect::<Vec<_>>().join(" and ")
    }
}

/// Up to so many audiences, all their combinations are told.
pub const EVERY_COMBINATION: usize = 10;
/// How many audiences can be compared.
pub const MOST_AUDIENCES: usize = 40;

/// Compares the present members of audiences, in one scan of each.
///
/// # Errors
/// When there is no such audience, or they are of different dimensions.
pub fn overlap(
    store: &dyn Store,
    catalogue: &Catalogue,
    labels: &[String],
) -> Result<Overlap, Diagnostic> {
    let mut entries: Vec<&Entry> = Vec::new();
    for label in labels {
        let entry = catalogue.get(label)?;
        if entries.iter().all(|e| e.id != entry.id) {
            entries.push(entry);
        }
    }
    let Some(first) = entries.first() else {
        return Ok(Overlap { audiences: Vec::new(), everybody: 0, combinations: Vec::new() });
    };
    if let Some(other) = entries.iter().find(|e| e.shape.id != first.shape.id) {
        let what = format!("`{}` and `{}`", first.audience.label, other.audience.label);
        return Err(not_comparable(&what, &first.shape, &other.shape));
    }
    let keys = sql::key_names(first.shape.key.len());
    // Keys are unique in each audience, so that the sum of the bits says which ones a key is in.
    let parts = entries.iter().enumerate().map(|(n, entry)| {
        let columns = entry.stored_key().iter().zip(&keys).zip(&first.shape.key).map(
            |((column, key), of)| {
                format!("CAST({} AS {}) AS {key}", sql::ident(&column.name), of.engine_type)
            },
        );
        let columns: Vec<String> = columns.collect();
        let bit = 1_u64 << n;
        format!("SELECT {}, {bit} AS bit FROM {}", columns.join(", "), sql::audience(&entry.table))
    });
    let parts: Vec<String> = parts.collect();
    let keys = keys.join(", ");
    let query = format!(
        "SELECT mask, count(*) FROM (SELECT CAST(sum(bit) AS BIGINT) AS mask FROM ({}) AS m \
         GROUP BY {keys}) AS k GROUP BY mask ORDER BY mask",
        parts.join(" UNION ALL ")
    );
    let mut exact: Vec<(u64, u64)> = Vec::new();
    for row in store.query(&query).map_err(unreadable)? {
        let mut row = Row::new(row);
        exact.push((row.int()?, row.int()?));
    }
    let sizes = entries.iter().enumerate().map(|(n, entry)| {
        let size = exact.iter().filter(|(mask, _)| mask & (1 << n) != 0).map(|(_, times)| times);
        (entry.audience.label.clone(), size.sum())
    });
    Ok(Overlap {
        audiences: sizes.collect(),
        everybody: exact.iter().map(|(_, times)| times).sum(),
        combinations: combinations(entries.len(), &exact),
    })
}

/// The combinations that somebody is in, out of how many are in exactly which audiences.
fn combinations(audiences: usize, exact: &[(u64, u64)]) -> Vec<Combination> {
    let mut masks: std::collections::BTreeSet<u64> = exact.iter().map(|(mask, _)| *mask).collect();
    if audiences <= EVERY_COMBINATION {
        masks.extend(1..1 << audiences);
    } else {
        let bits = || (0..audiences).map(|n| 1_u64 << n);
        masks.extend(bits().flat_map(|a| bits().map(move |b| a | b)));
    }
    let found = masks.into_iter().map(|mask| Combination {
        mask,
        together: exact.iter().filter(|(m, _)| m & mask == mask).map(|(_, times)| times).sum(),
        only: exact.iter().find(|(m, _)| *m == mask).map_or(0, |(_, times)| *times),
    });
    // An audience is told even when nobody is in it.
    let mut found: Vec<Combination> =
        found.filter(|c| c.together > 0 || c.mask.count_ones() == 1).collect();
    found.sort_by_key(|c| {
        // Of two, that of the audience that was named first.
        (
            std::cmp::Reverse(c.together),
            c.mask.count_ones(),
            std::cmp::Reverse(c.mask.reverse_bits()),
        )
    });
    found
}

/// Drops an audience with its history. `run` is the record of the command.
///
/// # Errors
/// When there is no such audience, others were computed from it (unless forced), or the file
/// cannot be had or written.
pub fn drop(
    store: &dyn Store,
    run: &RunRecord,
    label: &str,
    force: bool,
) -> Result<(), Diagnostic> {
    // Looked up before the file is held alone, so that a wrong label holds up nobody.
    refuse_drop(&Catalogue::load(store)?, label, force)?;
    commit::write(store, Some(&run.id), || {
        schema::ensure(store)?;
        let present = Catalogue::read(store)?;
        refuse_drop(&present, label, force)?;
        remove(store, &present, present.get(label)?)?;
        commit::write_run(store, &present, run, "done", None)?;
        store.execute(&schema::membership_view(&Catalogue::read(store)?))?;
        Ok(())
    })
}

/// Removes an audience with its history, inside the write transaction.
pub(super) fn remove(
    store: &dyn Store,
    present: &Catalogue,
    entry: &Entry,
) -> Result<(), EngineError> {
    store.execute(&format!("DROP TABLE IF EXISTS {}", sql::audience(&entry.table)))?;
    for shape in &present.shapes {
        let table = sql::camp(&shape.change_table());
        store.execute(&format!("DELETE FROM {table} WHERE audience = {}", entry.id))?;
    }
    store.execute(&format!("DELETE FROM project.camp.version WHERE audience = {}", entry.id))?;
    store.execute(&format!("DELETE FROM project.camp.audience WHERE id = {}", entry.id))?;
    Ok(())
}

fn refuse_drop(catalogue: &Catalogue, label: &str, force: bool) -> Result<(), Diagnostic> {
    let entry = catalogue.get(label)?;
    let readers = catalogue.readers(label);
    if force || readers.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = readers.iter().map(|r| format!("`{r}`")).collect();
    Err(Diagnostic::error(
        codes::AUDIENCE_IN_USE,
        format!("the audience `{}` is read by {}", entry.audience.label, list.join(", ")),
    )
    .help("drop or change those first, or add `--force`"))
}

/// Saves the members of an older version as a new version.
///
/// Members come back with the key and, where they are members now, with their present values; the
/// values of members who had left are not kept, those are missing. When the audience had another
/// dimension then, it gets that one back, with the key alone.
///
/// # Errors
/// When there is no such audience or version, or the file cannot be had or written.
pub fn restore(
    store: &dyn Store,
    catalogue: &Catalogue,
    run: &RunRecord,
    label: &str,
    version: u64,
) -> Result<(StagedSave, Committed), Diagnostic> {
    const STAGED: &str = "restored";
    let entry = catalogue.get(label)?;
    let shape = shape_at(store, catalogue, entry, version)?;
    let members = history::members_sql(entry, version, shape);
    let select = if shape.id == entry.shape.id {
        let key = entry.stored_key();
        let mut columns: Vec<String> = key
            .iter()
            .map(|c| {
                let (value, name) = (sql::column("m", &c.name), sql::ident(&c.name));
                format!("CAST({value} AS {}) AS {name}", c.engine_type)
            })
            .collect();
        columns.extend(entry.stored[key.len()..].iter().map(|c| sql::column("p", &c.name)));
        let same: Vec<String> = key
            .iter()
            .map(|c| format!("{} = {}", sql::column("m", &c.name), sql::column("p", &c.name)))
            .collect();
        format!(
            "SELECT {} FROM ({members}) AS m LEFT JOIN {} AS p ON {}",
            columns.join(", "),
            sql::audience(&entry.table),
            same.join(" AND ")
        )
    } else {
        members
    };
    store
        .execute(&format!("CREATE OR REPLACE TEMP TABLE {} AS {select}", sql::temp(STAGED)))
        .map_err(unreadable)?;
    let columns: Vec<_> = stage::temp_columns(store, STAGED)
        .map_err(unreadable)?
        .into_iter()
        .map(|c| crate::model::schema::Column {
            ty: sql::model_type(&c.engine_type),
            nullable: !shape.key.iter().any(|k| k.name == c.name),
            name: c.name,
        })
        .collect();
    let save = Save {
        label: entry.audience.label.clone(),
        label_span: Span::default(),
        staged: STAGED.into(),
        key: columns[..shape.key.len()].to_vec(),
        columns,
        dimension: shape.dimension.clone(),
        update: Update::Replace,
        must_exist: true,
        expires: entry.audience.expires,
        retain: entry.retain,
        campaign: entry.campaign.clone(),
        reads: entry.reads.clone(),
        doc: entry.doc.clone(),
    };
    let mut saves = [stage::stage(store, catalogue, &save, 0)?];
    let committed = commit::commit(store, catalogue, run, &mut saves, &mut |fresh, old| {
        stage::stage(store, fresh, &old.save, old.number)
    })?;
    let [save] = saves;
    Ok((save, committed))
}

/// A run in the log.
#[derive(Clone, Debug, PartialEq)]
pub struct RunInfo {
    /// Its id.
    pub id: String,
    /// Its number in the order of commits.
    pub sequence: u64,
    /// The run before it.
    pub previous: Option<String>,
    /// `run`, or a command.
    pub command: String,
    /// By the clock.
    pub started: Timestamp,
    /// By the clock.
    pub finished: Timestamp,
    /// The instant that relative dates came from.
    pub as_of: Timestamp,
    /// The time zone.
    pub timezone: String,
    /// `done` or `failed`.
    pub status: String,
    /// The labels of its campaigns.
    pub campaigns: Vec<String>,
    /// Its files.
    pub files: Vec<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// The version of Camp.
    pub camp_version: String,
}

const RUN_COLUMNS: &str = "id, sequence, previous, command, epoch_us(started), \
    epoch_us(finished), epoch_us(as_of), timezone, status, campaigns::VARCHAR, files::VARCHAR, \
    error, camp_version";

fn run_info(row: Vec<crate::model::value::Value>) -> Result<RunInfo, Diagnostic> {
    let mut row = Row::new(row);
    Ok(RunInfo {
        id: row.text()?,
        sequence: row.int()?,
        previous: row.maybe_text()?,
        command: row.text()?,
        started: row.instant()?,
        finished: row.instant()?,
        as_of: row.instant()?,
        timezone: row.text()?,
        status: row.text()?,
        campaigns: row.json()?,
        files: row.json()?,
        error: row.maybe_text()?,
        camp_version: row.text()?,
    })
}

/// Whether there is a catalogue to ask.
fn exists(store: &dyn Store) -> Result<bool, Diagnostic> {
    if !store.project_exists() {
        return Ok(false);
    }
    match schema::version(store)? {
        None => Ok(false),
        Some(version) => schema::refuse_newer(version).map(|()| true),
    }
}

/// The last runs, newest first.
///
/// # Errors
/// When the catalogue cannot be read.
pub fn runs(store: &dyn Store, limit: u64) -> Result<Vec<RunInfo>, Diagnostic> {
    if !exists(store)? {
        return Ok(Vec::new());
    }
    store
        .query(&format!(
            "SELECT {RUN_COLUMNS} FROM project.camp.run ORDER BY sequence DESC LIMIT {limit}"
        ))
        .map_err(unreadable)?
        .into_iter()
        .map(run_info)
        .collect()
}

/// The last run of a campaign that was committed, with what it did; none before the first.
///
/// # Errors
/// When the catalogue cannot be read.
pub fn last_run_of(store: &dyn Store, campaign: &str) -> Result<Option<RunDetails>, Diagnostic> {
    if !exists(store)? {
        return Ok(None);
    }
    let found = store
        .query(&format!(
            "SELECT id FROM project.camp.run WHERE status = 'done' AND command = 'run' \
             AND json_contains(campaigns, to_json({})) ORDER BY sequence DESC LIMIT 1",
            sql::text(campaign)
        ))
        .map_err(unreadable)?;
    let Some(row) = found.into_iter().next() else { return Ok(None) };
    run(store, &Row::new(row).text()?).map(Some)
}

/// What a run delivered of a campaign: the activity, the status, how many.
///
/// # Errors
/// When the catalogue cannot be read.
pub fn deliveries(
    store: &dyn Store,
    run: &str,
    campaign: &str,
) -> Result<Vec<(String, String, u64)>, Diagnostic> {
    store
        .query(&format!(
            "SELECT activity, status, count(*) FROM project.camp.delivery \
             WHERE run = {} AND campaign = {} GROUP BY ALL ORDER BY ALL",
            sql::text(run),
            sql::text(campaign)
        ))
        .map_err(unreadable)?
        .into_iter()
        .map(|row| {
            let mut row = Row::new(row);
            Ok((row.text()?, row.text()?, row.int()?))
        })
        .collect()
}

/// A run with what it did and saved.
#[derive(Clone, Debug, PartialEq)]
pub struct RunDetails {
    /// Its record.
    pub run: RunInfo,
    /// Its steps.
    pub steps: Vec<commit::StepRecord>,
    /// The versions it wrote that are still kept, each with the label of its audience.
    pub saves: Vec<(String, VersionInfo)>,
}

/// One run, by its id or the start of it.
///
/// # Errors
/// When there is none, or several.
pub fn run(store: &dyn Store, id: &str) -> Result<RunDetails, Diagnostic> {
    let unknown = |help: &str| {
        Diagnostic::error(codes::UNKNOWN_RUN, format!("there is no run `{id}`")).help(help)
    };
    if !exists(store)? {
        return Err(unknown("run a campaign first"));
    }
    let rows = store
        .query(&format!(
            "SELECT {RUN_COLUMNS} FROM project.camp.run WHERE starts_with(id, {}) \
             ORDER BY sequence DESC LIMIT 2",
            sql::text(id)
        ))
        .map_err(unreadable)?;
    let mut found = rows.into_iter().map(run_info).collect::<Result<Vec<_>, _>>()?;
    let exact = found.iter().position(|r| r.id == id);
    let run = match (exact, found.len()) {
        (Some(i), _) => found.swap_remove(i),
        (None, 1) => found.swap_remove(0),
        (None, 0) => return Err(unknown("list the runs with `camp runs list`")),
        (None, _) => return Err(unknown("write more of the id, several runs begin with it")),
    };
    let of_run = sql::text(&run.id);
    let steps = store
        .query(&format!(
            "SELECT campaign, activity, transition, rows, note, ms FROM project.camp.step \
             WHERE run = {of_run} ORDER BY ordinal"
        ))
        .map_err(unreadable)?
        .into_iter()
        .map(|row| {
            let mut row = Row::new(row);
            Ok(commit::StepRecord {
                campaign: row.text()?,
                activity: row.text()?,
                transition: row.maybe_text()?,
                rows: row.maybe_int()?,
                note: row.maybe_text()?,
                ms: row.int()?,
            })
        })
        .collect::<Result<Vec<_>, Diagnostic>>()?;
    let saves = store
        .query(&format!(
            "SELECT a.label, v.version, v.run, epoch_us(v.as_of), v.size, v.entered, v.left_count, \
             v.changed, v.shape FROM project.camp.version AS v \
             JOIN project.camp.audience AS a ON a.id = v.audience \
             WHERE v.run = {of_run} ORDER BY a.label_fold"
        ))
        .map_err(unreadable)?
        .into_iter()
        .map(|row| {
            let mut row = Row::new(row);
            let label = row.text()?;
            Ok((
                label,
                VersionInfo {
                    version: row.int()?,
                    run: row.text()?,
                    at: row.instant()?,
                    size: row.int()?,
                    entered: row.int()?,
                    left: row.int()?,
                    changed: row.int()?,
                    shape: row.int()?,
                },
            ))
        })
        .collect::<Result<Vec<_>, Diagnostic>>()?;
    Ok(RunDetails { run, steps, saves })
}
