//! The library that `make setup` fetched is the right one, is found at run time, and has inside what
//! Camp counts on.

use duckdb::Connection;

fn text(sql: &str) -> String {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch("SET autoinstall_known_extensions = false; SET TimeZone = 'UTC'").unwrap();
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn duckdb_has_the_pinned_version() {
    assert_eq!(text("SELECT version()"), "v1.5.5");
}

#[test]
fn time_zones_are_inside() {
    assert_eq!(
        text("SELECT timezone('Europe/Paris', TIMESTAMPTZ '2025-01-01 00:00:00+00')::VARCHAR"),
        "2025-01-01 01:00:00"
    );
}

#[test]
fn json_is_inside() {
    assert_eq!(text(r#"SELECT '{"a": {"b": "c"}}'::JSON ->> '$.a.b'"#), "c");
}

#[test]
fn parquet_is_inside() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("t.parquet");
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch(&format!("COPY (SELECT 42 AS x) TO '{}' (FORMAT parquet)", file.display()))
        .unwrap();
    let x: i32 = db
        .query_row("SELECT x FROM read_parquet(?)", [file.to_str().unwrap()], |row| row.get(0))
        .unwrap();
    assert_eq!(x, 42);
}
