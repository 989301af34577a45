//! A run saves everything or nothing: whatever fails, wherever it stands in the file.

use super::*;

const HEADER: &str = "campaign \"Atomic\" timezone \"UTC\"\n";

/// What goes well by itself.
const STATEMENTS: [&str; 6] = [
    "a = build audience from p where n >= 2 select n",
    "save audience a as \"a\" append",
    "b, rest = build audience from p order by n desc limit 2",
    "save audience b as \"b\"",
    "export b to \"b.csv\"",
    "save audience rest as \"new\"",
];

/// Audiences, catalogue, files with their bytes.
type Traces = (Snapshot, Vec<Vec<String>>, Vec<(String, Vec<u8>)>);

/// Everything of a project that a run could leave a trace in, but for the log of runs.
fn traces(folder: &Path) -> Traces {
    let db = database::open(&folder.join("camp.duckdb")).unwrap();
    let mut catalogue = database::rows(&db, "SELECT * FROM camp.camp.audience").unwrap();
    catalogue.extend(database::rows(&db, "SELECT * FROM camp.camp.version").unwrap());
    let changes = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'camp' AND \
                   table_name LIKE 'change%'";
    for table in database::rows(&db, changes).unwrap().into_iter().flatten() {
        catalogue.extend(database::rows(&db, &format!("SELECT * FROM camp.camp.{table}")).unwrap());
    }
    catalogue.sort();
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with("camp.duckdb") && name != "law.camp" {
            // A folder has no content of its own, but it must not be there.
            files.push((name, std::fs::read(entry.path()).unwrap_or_default()));
        }
    }
    files.sort();
    (database::snapshot(&db).unwrap(), catalogue, files)
}

/// Puts a statement that fails in every place of the file.
fn leaves_no_trace(failing: &str) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let db = database::open(&folder.join("camp.duckdb")).unwrap();
    db.execute_batch(
        "CREATE TABLE p(id BIGINT PRIMARY KEY, n BIGINT);
         INSERT INTO p VALUES (1, 1), (2, 2), (3, 9000000000000000000)",
    )
    .unwrap();
    drop(db);
    let settings = || Settings {
        database: Some(folder.join("camp.duckdb")),
        as_of: Some("2025-06-30T12:00:00Z".parse().unwrap()),
        ..Settings::default()
    };
    let before = "a = build audience from p where id = 1 select n\n\
                  save audience a as \"a\"\nsave audience a as \"b\"\n\
                  export a to \"b.csv\"\n";
    run_well(folder, &format!("{HEADER}{before}"), settings());
    let known = traces(folder);
    for place in 0..=STATEMENTS.len() {
        let (above, below) = STATEMENTS.split_at(place);
        let text = [&[HEADER.trim_end()], above, &[failing], below].concat().join("\n") + "\n";
        let ran = run(folder, &text, settings());
        assert!(ran.is_err(), "`{failing}` went well at place {place}");
        assert_eq!(traces(folder), known, "`{failing}` at place {place}");
    }
    // The statements are not what failed.
    run_well(folder, &format!("{HEADER}{}\n", STATEMENTS.join("\n")), settings());
    assert_ne!(traces(folder), known);
}

#[test]
fn a_guard_that_does_not_hold_leaves_no_trace() {
    leaves_no_trace("expect count(p) > 5 else \"too few\"");
}

#[test]
fn a_folder_for_an_export_is_a_trace_too() {
    leaves_no_trace(
        "x = build audience from p\nexport x to \"folder/deep/x.csv\"\n\
         export x to \"folder/y.csv\"\nexpect count(x) > 5",
    );
}

#[test]
fn an_overflow_leaves_no_trace() {
    leaves_no_trace(
        "o = build audience from p where n * n * n * 9_000_000_000_000_000_000 > 1\n\
         save audience o as \"overflow\"",
    );
}

#[test]
fn a_file_that_cannot_be_written_leaves_no_trace() {
    leaves_no_trace("x = build audience from p\nexport x to \"b.csv/x.csv\"");
}

#[test]
fn a_file_in_the_place_of_the_database_leaves_no_trace() {
    leaves_no_trace("x = build audience from p\nexport x to \"camp.duckdb\"");
}
