//! Several processes at one database.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use duckdb::{AccessMode, Config, Connection};

use crate::support::project::{Project, Ran};

/// 200,000 people, and two scripts that save one half or the other of them under one label.
fn halves() -> Project {
    let project = Project::new();
    project.sql("CREATE TABLE p AS SELECT i AS id FROM range(200000) r(i)");
    for (name, rest) in [("even", 0), ("odd", 1)] {
        project.write(
            &format!("{name}.camp"),
            &format!(
                "dimension p = p key id\nhalf = build audience from p where mod(id, 2) = {rest}\n\
                 save audience half as \"half\"\n"
            ),
        );
    }
    project.write(
        "all.camp",
        "dimension p = p key id\nall = build audience from p\nsave audience all as \"half\"\n",
    );
    project
}

/// Reads without a write lock; nothing while another process writes.
fn reader(project: &Project) -> Option<Connection> {
    let config = Config::default().access_mode(AccessMode::ReadOnly).unwrap();
    Connection::open_with_flags(project.database(), config).ok()
}

fn count(db: &Connection) -> Result<i64, duckdb::Error> {
    db.query_row("SELECT count(*) FROM audience.half", [], |row| row.get(0))
}

#[test]
fn n074_a_reader_sees_the_old_or_the_new_audience_during_a_replace() {
    let project = halves();
    project.run_well("even.camp");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reads = scope.spawn(|| {
            let mut seen = BTreeSet::new();
            while !done.load(Ordering::Relaxed) {
                if let Some(db) = reader(&project) {
                    seen.insert(count(&db).unwrap());
                }
                std::thread::sleep(Duration::from_millis(2));
            }
            seen
        });
        project.run_well("all.camp");
        project.run_well("even.camp");
        project.run_well("all.camp");
        std::thread::sleep(Duration::from_millis(20));
        done.store(true, Ordering::Relaxed);
        let seen = reads.join().unwrap();
        assert!(seen.is_subset(&BTreeSet::from([100_000, 200_000])), "{seen:?}");
        assert!(seen.contains(&200_000), "nothing was read after the last replace");
    });
}

#[test]
fn n083_a_reader_of_the_published_copy_hinders_no_replace_and_keeps_its_snapshot() {
    let project = halves();
    project.write("camp.toml", "timezone = \"UTC\"\npublish = \"read.duckdb\"\n");
    project.run_well("even.camp");
    let config = Config::default().access_mode(AccessMode::ReadOnly).unwrap();
    let db = Connection::open_with_flags(project.path("read.duckdb"), config).unwrap();
    db.execute_batch("BEGIN").unwrap();
    assert_eq!(count(&db).unwrap(), 100_000);
    project.run_well("all.camp");
    project.run_well("all.camp");
    assert_eq!(count(&db).unwrap(), 100_000);
    db.execute_batch("COMMIT").unwrap();
    drop(db);
    assert_eq!(project.rows("SELECT count(*) FROM audience.half"), ["200000"]);
    let config = Config::default().access_mode(AccessMode::ReadOnly).unwrap();
    let again = Connection::open_with_flags(project.path("read.duckdb"), config).unwrap();
    assert_eq!(count(&again).unwrap(), 200_000);
}

#[test]
fn n083_a_replace_waits_for_a_reader_and_then_succeeds() {
    let project = halves();
    project.run_well("even.camp");
    let db = reader(&project).unwrap();
    let child = project.start(&["run", "all.camp"]);
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(count(&db).unwrap(), 100_000);
    drop(db);
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    assert_eq!(project.rows("SELECT count(*) FROM audience.half"), ["200000"]);
}

#[test]
fn n089_two_runs_that_save_one_audience_never_mix() {
    let project = halves();
    for _ in 0..4 {
        let first = project.start(&["run", "even.camp"]);
        let second = project.start(&["run", "odd.camp"]);
        let ends: Vec<Ran> = [first, second]
            .into_iter()
            .map(|child| Ran::of(child.wait_with_output().unwrap()))
            .collect();
        assert!(ends.iter().any(|r| r.exit == Some(0)), "{ends:?}");
        for ran in &ends {
            let told = ran.exit == Some(0) || ran.exit == Some(4);
            assert!(told && !ran.stderr.contains("panicked"), "{ran:?}");
        }
        let stored = project
            .rows("SELECT count(*), count(DISTINCT id), count(DISTINCT id % 2) FROM audience.half");
        assert_eq!(stored, ["100000|100000|1"]);
        assert_eq!(
            project.rows("SELECT size FROM camp.camp.audience WHERE label = 'half'"),
            ["100000"]
        );
    }
}

#[test]
fn n136_a_database_in_use_names_the_file_and_the_process() {
    let project = halves();
    project.run_well("even.camp");
    let holder = crate::support::database::open(&project.database()).unwrap();
    let started = Instant::now();
    let ran = project.camp(&["run", "all.camp", "--wait", "300ms"]);
    assert_eq!(ran.exit, Some(4), "{ran:?}");
    assert!(started.elapsed() < Duration::from_secs(8), "it waited far longer than asked");
    assert!(ran.stderr.contains("camp.duckdb"), "{}", ran.stderr);
    assert!(ran.stderr.contains(&std::process::id().to_string()), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
    drop(holder);
    assert_eq!(project.rows("SELECT count(*) FROM audience.half"), ["100000"]);
}

#[test]
fn n136_a_check_needs_no_write_lock() {
    let project = halves();
    project.run_well("even.camp");
    let holder = reader(&project).unwrap();
    let ran = project.camp(&["check", "all.camp", "--wait", "0s"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    let planned = project.camp(&["plan", "all.camp", "--wait", "0s"]);
    assert_eq!(planned.exit, Some(0), "{}", planned.stderr);
    drop(holder);
}

#[test]
fn n141_an_export_is_the_whole_old_list_or_the_whole_new_one() {
    let project = halves();
    project.write(
        "export.camp",
        "dimension p = p key id\nlist = read audience \"half\"\nexport list to \"list.csv\"\n",
    );
    project.run_well("even.camp");
    for script in ["odd.camp", "even.camp", "odd.camp"] {
        let export = project.start(&["run", "export.camp"]);
        let replace = project.start(&["run", script]);
        for child in [export, replace] {
            let ran = Ran::of(child.wait_with_output().unwrap());
            assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
        }
        let text = std::fs::read_to_string(project.path("list.csv")).unwrap();
        let ids: Vec<u64> = text.lines().skip(1).map(|l| l.parse().unwrap()).collect();
        assert_eq!(ids.len(), 100_000);
        let kinds: BTreeSet<u64> = ids.iter().map(|id| id % 2).collect();
        assert_eq!(kinds.len(), 1, "the list is a mixture");
    }
}
