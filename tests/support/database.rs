//! The project's database, seen by any DuckDB client: never open while Camp has it.

use std::collections::BTreeMap;
use std::path::Path;

use duckdb::Connection;

/// How a missing value is written in cases.
pub const MISSING: &str = "∅";

/// Opens the database of a case.
pub fn open(path: &Path) -> Result<Connection, String> {
    let db = Connection::open(path).map_err(|e| e.to_string())?;
    // Values are compared as text: never in the machine's zone.
    db.execute_batch("SET autoinstall_known_extensions = false; SET GLOBAL TimeZone = 'UTC'")
        .map_err(|e| e.to_string())?;
    Ok(db)
}

/// Quotes a name.
pub fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The rows of a query, every value as text.
pub fn rows(db: &Connection, sql: &str) -> Result<Vec<Vec<String>>, String> {
    let sql = format!("SELECT COLUMNS(*)::VARCHAR FROM ({})", sql.trim().trim_end_matches(';'));
    let problem = |e: duckdb::Error| format!("{e}\n  in {sql}");
    let mut statement = db.prepare(&sql).map_err(problem)?;
    let mut found = statement.query([]).map_err(problem)?;
    let mut out = Vec::new();
    while let Some(row) = found.next().map_err(problem)? {
        let width = row.as_ref().column_count();
        let values = (0..width)
            .map(|i| row.get::<_, Option<String>>(i).map(|v| v.unwrap_or_else(|| MISSING.into())))
            .collect::<Result<_, _>>()
            .map_err(problem)?;
        out.push(values);
    }
    Ok(out)
}

/// The columns of an audience's table, with their types.
pub fn columns(db: &Connection, label: &str) -> Result<Vec<(String, String)>, String> {
    let sql = format!(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = \
         current_database() AND schema_name = 'audience' AND table_name = '{}' ORDER BY column_index",
        label.replace('\'', "''")
    );
    Ok(rows(db, &sql)?.into_iter().map(|r| (r[0].clone(), r[1].clone())).collect())
}

/// Every audience with its columns and rows, sorted.
pub type Snapshot = BTreeMap<String, (Vec<(String, String)>, Vec<Vec<String>>)>;

/// All audiences as they are stored.
pub fn snapshot(db: &Connection) -> Result<Snapshot, String> {
    let labels = rows(
        db,
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'audience' AND database_name = \
         current_database()",
    )?;
    let mut out = Snapshot::new();
    for label in labels.into_iter().flatten() {
        let mut members = rows(db, &format!("SELECT * FROM audience.{}", ident(&label)))?;
        members.sort();
        let columns = columns(db, &label)?;
        out.insert(label, (columns, members));
    }
    Ok(out)
}

/// What the catalogue says of an audience's table: its size and how many of its columns are its key.
pub fn catalogue_entry(db: &Connection, label: &str) -> Result<Option<(u64, usize)>, String> {
    let sql = format!(
        "SELECT size, json_array_length(key_columns) FROM camp.camp.audience WHERE table_name = '{}'",
        label.replace('\'', "''")
    );
    let found = rows(db, &sql)?;
    let Some(row) = found.first() else { return Ok(None) };
    let size = row[0].parse().map_err(|e| format!("{}: {e}", row[0]))?;
    let key = row[1].parse().map_err(|e| format!("{}: {e}", row[1]))?;
    Ok(Some((size, key)))
}
