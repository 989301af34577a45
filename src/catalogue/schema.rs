//! The tables of schema `camp`, and how older ones become newer ones.
//!
//! The instant of a version (`camp.version.as_of`) is the run's `--as-of` instant, not the moment of
//! writing: the same instant gives the same answers about who entered and who left. When a run is
//! repeated for an earlier instant, a higher version has an earlier instant; versions are ordered
//! by their number, never by `as_of`.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::data as codes;

use super::store::Store;
use super::{Catalogue, Row, sql, unreadable};
use crate::engine::duckdb::EngineError;
use crate::engine::duckdb::print::member_text;

/// The version of the catalogue that this program writes.
pub const VERSION: u64 = MIGRATIONS.len() as u64;

/// What makes version 1, 2, …: each one's statements run in the write transaction.
pub(super) const MIGRATIONS: &[&[&str]] = &[&[
    "CREATE SCHEMA IF NOT EXISTS project.audience",
    // `columns` and `key_columns`: [{"name": …, "type": …}], the key's columns first. `reads`: the
    // labels it was computed from.
    "CREATE TABLE project.camp.audience (id BIGINT, label VARCHAR, label_fold VARCHAR, \
     table_name VARCHAR, dimension VARCHAR, key_columns JSON, columns JSON, shape BIGINT, \
     created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ, version BIGINT, oldest_version BIGINT, \
     size BIGINT, campaign VARCHAR, run VARCHAR, expires_at TIMESTAMPTZ, retain BIGINT, \
     reads JSON, doc VARCHAR)",
    // A change table per shape, `change_<id>`: audience, version, k1 … kn, entered.
    "CREATE TABLE project.camp.shape (id BIGINT, dimension VARCHAR, key_columns JSON)",
    "CREATE TABLE project.camp.version (audience BIGINT, version BIGINT, run VARCHAR, \
     as_of TIMESTAMPTZ, size BIGINT, entered BIGINT, left_count BIGINT, changed BIGINT, \
     shape BIGINT, key_columns JSON)",
    "CREATE TABLE project.camp.run (id VARCHAR, sequence BIGINT, previous VARCHAR, \
     command VARCHAR, started TIMESTAMPTZ, finished TIMESTAMPTZ, as_of TIMESTAMPTZ, \
     timezone VARCHAR, status VARCHAR, campaigns JSON, files JSON, error VARCHAR, \
     camp_version VARCHAR)",
    "CREATE TABLE project.camp.step (run VARCHAR, ordinal BIGINT, campaign VARCHAR, \
     activity VARCHAR, transition VARCHAR, rows BIGINT, note VARCHAR, ms BIGINT)",
    "CREATE TABLE project.camp.delivery (run VARCHAR, campaign VARCHAR, activity VARCHAR, \
     dimension VARCHAR, key VARCHAR, channel VARCHAR, status VARCHAR, provider_id VARCHAR, \
     error VARCHAR, attempt BIGINT, sent_at TIMESTAMPTZ)",
]];

/// The version of the attached project's catalogue; nothing when it has none.
pub(super) fn version(store: &dyn Store) -> Result<Option<u64>, Diagnostic> {
    // Asked directly: the engine's own lists of tables would open every attached database.
    match store.query("SELECT max(version) FROM project.camp.meta") {
        Ok(rows) => rows.into_iter().next().map_or(Ok(None), |row| Row::new(row).maybe_int()),
        Err(error) => match has_meta(store) {
            Ok(false) => Ok(None),
            _ => Err(unreadable(error)),
        },
    }
}

fn has_meta(store: &dyn Store) -> Result<bool, EngineError> {
    store
        .query(
            "SELECT 1 FROM duckdb_tables() WHERE database_name = 'project' \
             AND schema_name = 'camp' AND table_name = 'meta'",
        )
        .map(|rows| !rows.is_empty())
}

/// An error when a newer Camp wrote the catalogue.
pub(super) fn refuse_newer(found: u64) -> Result<(), Diagnostic> {
    if found <= VERSION {
        return Ok(());
    }
    Err(Diagnostic::error(
        codes::CATALOGUE_NEWER,
        format!("the catalogue has version {found}, this Camp knows versions up to {VERSION}"),
    )
    .help("update Camp, or use the database that belongs to this version"))
}

/// Makes the tables, or brings older ones up to date; inside the write transaction. Gives whether
/// it did anything, so that the view must be made anew.
pub(super) fn ensure(store: &dyn Store) -> Result<bool, Failed> {
    bring_up(store, MIGRATIONS)
}

/// The same for any list of migrations, so that a test can have one that is to come.
pub(super) fn bring_up(store: &dyn Store, migrations: &[&[&str]]) -> Result<bool, Failed> {
    let newest = migrations.len() as u64;
    store.execute("CREATE SCHEMA IF NOT EXISTS project.camp")?;
    store.execute("CREATE TABLE IF NOT EXISTS project.camp.meta (version BIGINT)")?;
    let found = version(store)?.unwrap_or(0);
    if found == newest {
        return Ok(false);
    }
    let Some(missing) = migrations.get(found as usize..) else {
        return refuse_newer(found).map(|()| false).map_err(Failed::from);
    };
    for migration in missing {
        for statement in *migration {
            store.execute(statement)?;
        }
    }
    store.execute("DELETE FROM project.camp.meta")?;
    store.execute(&format!("INSERT INTO project.camp.meta VALUES ({newest})"))?;
    Ok(true)
}

/// Why a step of a write failed: the engine, or what was found.
#[derive(Debug)]
pub(super) enum Failed {
    /// The engine.
    Store(EngineError),
    /// Camp.
    Found(Box<Diagnostic>),
}

impl From<EngineError> for Failed {
    fn from(error: EngineError) -> Self {
        Failed::Store(error)
    }
}
impl From<Diagnostic> for Failed {
    fn from(diagnostic: Diagnostic) -> Self {
        Failed::Found(Box::new(diagnostic))
    }
}

/// The statement that makes the view `camp.membership`: who was a member from when to when.
///
/// It names its tables without the database, so that it works under whatever name a client
/// attaches the file, and those of its own schema without that too: a client that opens
/// `camp.duckdb` calls the database `camp`, and `camp.version` could mean two things. A member
/// since before the oldest version that is kept has no `entered_at`.
///
/// Labels are constants in it, and nothing is materialized, so that asking for one audience reads
/// no other.
pub(super) fn membership_view(catalogue: &Catalogue) -> String {
    let mut changes = vec![
        "SELECT CAST(NULL AS BIGINT) AS audience, CAST(NULL AS BIGINT) AS shape, \
         CAST(NULL AS VARCHAR) AS key, CAST(NULL AS BIGINT) AS version, \
         CAST(NULL AS BOOLEAN) AS entered WHERE false"
            .to_string(),
    ];
    for shape in &catalogue.shapes {
        changes.push(format!(
            "SELECT audience, {}, {}, version, entered FROM {}",
            shape.id,
            member_text(&sql::key_names(shape.key.len())),
            sql::ident(&shape.change_table()),
        ));
    }
    let mut present = vec![
        "SELECT CAST(NULL AS VARCHAR) AS label, CAST(NULL AS BIGINT) AS audience, \
         CAST(NULL AS BIGINT) AS shape, CAST(NULL AS VARCHAR) AS key WHERE false"
            .to_string(),
    ];
    for entry in &catalogue.entries {
        // As the change table has it: 1 and 1.0 would be two texts.
        let key: Vec<String> = entry
            .stored_key()
            .iter()
            .map(|c| format!("CAST({} AS {})", sql::ident(&c.name), sql::key_type(&c.engine_type)))
            .collect();
        present.push(format!(
            "SELECT {}, {}, {}, {} FROM audience.{}",
            sql::text(&entry.audience.label),
            entry.id,
            entry.shape.id,
            member_text(&key),
            sql::ident(&entry.table),
        ));
    }
    format!(
        "CREATE OR REPLACE VIEW project.camp.membership AS \
         WITH change AS NOT MATERIALIZED (\
             SELECT a.label, c.audience, c.shape, c.key, c.version, c.entered \
             FROM ({changes}) AS c JOIN audience AS a ON a.id = c.audience), \
         present AS NOT MATERIALIZED ({present}), \
         stay AS NOT MATERIALIZED (\
             SELECT label, audience, shape, key, CASE WHEN entered THEN version END AS since, \
                 CASE WHEN entered THEN following ELSE version END AS until \
             FROM (SELECT *, \
                 lead(version) OVER (PARTITION BY label, audience, shape, key ORDER BY version) \
                     AS following, \
                 row_number() OVER (PARTITION BY label, audience, shape, key ORDER BY version) \
                     AS nth \
                 FROM change) \
             WHERE entered OR nth = 1 \
             UNION ALL \
             SELECT label, audience, shape, key, NULL, NULL FROM present \
             ANTI JOIN change USING (label, audience, shape, key)) \
         SELECT s.label AS audience, h.dimension AS dimension, s.key AS key, \
             v.version AS entered_version, v.as_of AS entered_at, \
             s.until AS left_version, w.as_of AS left_at \
         FROM stay AS s \
         JOIN shape AS h ON h.id = s.shape \
         LEFT JOIN version AS v ON v.audience = s.audience AND v.version = coalesce(s.since, 1) \
         LEFT JOIN version AS w ON w.audience = s.audience AND w.version = s.until",
        changes = changes.join(" UNION ALL "),
        present = present.join(" UNION ALL "),
    )
}
