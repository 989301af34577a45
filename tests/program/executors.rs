//! What an executor gets and gives back, with the plugin `panics`, which hands its rows through.

use camp::run::report::Progress;
use camp::session::{Session, Settings};

use super::plugins::build_panics;
use crate::support::project::Project;

fn project(script: &str) -> Project {
    let project = Project::new();
    let added = project.camp(&["plugin", "add", "--yes", &build_panics().to_string_lossy()]);
    assert_eq!(added.exit, Some(0), "{}", added.stderr);
    project.write("x.camp", &format!("campaign \"X\" timezone \"UTC\"\nuse panics\n{script}"));
    project
}

#[test]
fn columns_come_back_with_the_types_they_had() {
    let project = project(
        "all = build audience from things select *\n\
         same = panics all\n\
         save audience same as \"Same\"\n",
    );
    project.sql(
        "CREATE TYPE mood AS ENUM ('good', 'bad');
         CREATE TABLE things (
             id INTEGER PRIMARY KEY, tiny TINYINT, wide HUGEINT, money DECIMAL(9, 2), ratio FLOAT,
             mood mood, mark UUID, tags VARCHAR[], doc JSON, spot STRUCT(x INTEGER, name VARCHAR),
             spots STRUCT(x INTEGER)[], pairs MAP(VARCHAR, INTEGER), spell INTERVAL, bytes BLOB,
             noted TIMESTAMP, since TIMESTAMPTZ, day DATE);
         INSERT INTO things VALUES
             (1, 7, 12, 1.50, 0.5, 'bad', '00000000-0000-0000-0000-000000000001', ['a', NULL],
              '{\"k\": [1, null]}', {'x': 1, 'name': 'it''s, \"so\" {x: 1}'}, [{'x': 1}, NULL],
              MAP {'a': 1}, INTERVAL 2 MONTH, '\\xAA'::BLOB, '2026-01-02 03:04:05.5',
              '2026-01-02 03:04:05+00', '2026-01-02'),
             (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
              NULL, NULL);",
    );
    project.run_well("x.camp");
    let columns = "id, tiny, wide, money, ratio, mood, mark, tags, doc, spot, spots, pairs, spell, \
                   bytes, noted, since, day";
    let of = |table: &str| project.rows(&format!("SELECT {columns} FROM {table} ORDER BY id"));
    assert_eq!(of("audience.\"Same\""), of("things"));
    let described = |table: &str| {
        let sql = format!("SELECT column_name, column_type FROM (DESCRIBE {table}) ORDER BY 1");
        project.rows(&sql)
    };
    // An ENUM and a UUID are texts in Camp, with and without a plugin.
    let expected: Vec<String> = described("things")
        .into_iter()
        .map(|line| match line.split_once('|') {
            Some((name @ ("mood" | "mark"), _)) => format!("{name}|VARCHAR"),
            _ => line,
        })
        .collect();
    assert_eq!(described("audience.\"Same\""), expected);
}

#[test]
fn a_whole_number_of_more_than_64_bits_is_an_error_before_the_plugin_runs() {
    let project = project(
        "all = build audience from things select *\n\
         same = panics all\n\
         save audience same as \"Same\"\n",
    );
    project.sql(
        "CREATE TABLE things (id INTEGER PRIMARY KEY, wide HUGEINT);
         INSERT INTO things VALUES (1, 9223372036854775807), (2, 9223372036854775808);",
    );
    let ran = project.run("x.camp");
    assert_eq!(ran.exit, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("E0610"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("1 values of a column are too large for `panics`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_step_that_is_skipped_does_not_run_its_plugin() {
    // It would panic. What depends on it is skipped with it, also through another step.
    let project = project(
        "all = build audience from things\n\
         some = build audience from all where id = 1 only if count(all) > 5\n\
         first = panics all with at: batch only if count(all) > 100\n\
         second = panics some with at: batch\n\
         third = panics all with at: batch wait for second\n\
         fourth = panics all only if count(all) = 2\n\
         save audience first as \"First\"\n\
         save audience fourth as \"Fourth\"\n",
    );
    project
        .sql("CREATE TABLE things (id INTEGER PRIMARY KEY); INSERT INTO things VALUES (1), (2);");
    project.run_well("x.camp");
    assert_eq!(project.rows("SELECT count(*) FROM audience.\"Fourth\""), ["2"]);
    let saved = project.rows("SELECT label FROM camp.camp.audience ORDER BY 1");
    assert_eq!(saved, ["Fourth"]);
}

#[test]
fn whoever_watches_sees_how_far_an_executor_is() {
    let project = project("all = build audience from things\nsame = panics all\n");
    project.sql("CREATE TABLE things AS SELECT range AS id FROM range(40000); ALTER TABLE things ADD PRIMARY KEY (id);");
    let settings = Settings {
        database: Some(project.database()),
        project: Some(project.path("")),
        ..Settings::default()
    };
    let script = project.path("x.camp").display().to_string();
    let mut seen = Vec::new();
    let ran = Session::new(settings).run(&[script], &mut |progress| {
        if let Progress::Working { done, .. } = progress {
            seen.push(done);
        }
    });
    assert!(ran.is_ok());
    assert_eq!(seen.last(), Some(&40_000), "{seen:?}");
    assert!(seen.len() > 1 && seen.is_sorted(), "{seen:?}");
}

/// The rows are computed while the plugin reads them; what goes wrong there is the engine's error
/// and not the plugin's, whatever the plugin makes of its broken input.
#[test]
fn an_error_in_the_rows_that_a_plugin_reads_is_the_engines() {
    let project = project(
        "all = build audience from things select n * n as square\n\
         same = panics all\n\
         save audience same as \"Same\"\n",
    );
    project.sql(
        "CREATE TABLE things (id INTEGER PRIMARY KEY, n BIGINT);
         INSERT INTO things SELECT range, range FROM range(5000);
         INSERT INTO things VALUES (5000, 9223372036854775807);",
    );
    let ran = project.run("x.camp");
    assert_eq!(ran.exit, Some(4), "{}", ran.stderr);
    assert!(ran.stderr.contains("E0535 engine.overflow"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("E06"), "no fault of the plugin: {}", ran.stderr);
}
