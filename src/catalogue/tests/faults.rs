//! Everything or nothing: every statement of a write fails once, and processes are killed.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::super::operations;
use super::*;
use Update::{Append, Merge, Replace};

/// Everything that the project's file holds, as text.
fn dump(store: &TestStore) -> Vec<String> {
    let mut all = Vec::new();
    let tables = store.rows(
        "SELECT schema_name || '.' || '\"' || table_name || '\"' FROM duckdb_tables() \
         WHERE database_name = 'project'",
    );
    for table in tables {
        all.push(table.clone());
        all.extend(store.rows(&format!("SELECT * FROM project.{table}")));
    }
    all.extend(
        store.rows(
            "SELECT sql FROM duckdb_views() WHERE database_name = 'project' AND NOT internal",
        ),
    );
    all
}

impl Project {
    /// Makes the first, second, … statement of a write fail until none does. Gives how many ways
    /// to fail there were.
    fn fail_everywhere(&self, mut write: impl FnMut() -> Result<(), Diagnostic>) -> usize {
        let before = dump(&self.store);
        for n in 0.. {
            self.store.fuse.set(Some(n));
            let result = write();
            self.store.fuse.set(None);
            self.store.reattach();
            if result.is_ok() {
                assert_ne!(dump(&self.store), before, "the write did nothing");
                return n;
            }
            let after = if self.path().exists() { dump(&self.store) } else { Vec::new() };
            assert_eq!(after, before, "after a failure at statement {n}");
            assert_eq!(self.catalogue(), Catalogue::load(&self.store).unwrap());
        }
        unreachable!("the numbers do not end")
    }
}

#[test]
fn a_commit_that_fails_at_any_statement_leaves_the_file_as_it_was() {
    let p = Project::new();
    let kept = Save { retain: Some(2), ..save("Kept", Append) };
    let saves = |first: bool| {
        let id = if first { "1" } else { "2" };
        vec![
            p.stage(&save("Vip", Replace), &format!("SELECT unnest([{id}, 7]) AS id"), 1).unwrap(),
            p.stage(&kept, &format!("SELECT {id} AS id, 'x' AS x"), 2).unwrap(),
            // Its label changes case.
            p.stage(&save(if first { "été" } else { "Été" }, Merge), "SELECT 1 AS id", 3).unwrap(),
            // Its dimension changes.
            p.stage(
                &save_of("Dim", Replace, if first { "customers" } else { "orders" }, &["id"]),
                "SELECT 1 AS id",
                4,
            )
            .unwrap(),
            // It is new each time.
            p.stage(&save(&format!("New {id}"), Replace), "SELECT 1 AS id", 5).unwrap(),
        ]
    };
    // Attaching for writing makes the file; what is tested is what is in it.
    p.store.by_hand(&[]);
    let write = |first| {
        let catalogue = p.catalogue();
        let saves = saves(first);
        let run = p.run_record();
        p.fail_everywhere(|| {
            commit(&p.store, &catalogue, &run, &mut saves.clone(), &mut |fresh, old| {
                stage(&p.store, fresh, &old.save, old.number)
            })
            .map(|_| ())
        })
    };
    // The very first commit makes the schemas too.
    assert!(write(true) > 15);
    p.commit(&mut saves(true)).unwrap();
    assert!(write(false) > 15);
    let catalogue = p.catalogue();
    let labels: Vec<&str> = catalogue.labels().collect();
    assert_eq!(labels, ["Dim", "Kept", "New 1", "New 2", "Vip", "Été"]);
    assert_eq!(catalogue.find("kept").unwrap().audience.oldest_version, 2);
}

#[test]
fn a_drop_that_fails_at_any_statement_leaves_the_file_as_it_was() {
    let p = Project::new();
    p.save(&save("t", Replace), "SELECT 1 AS id").unwrap();
    p.save(&save("t", Replace), "SELECT 2 AS id").unwrap();
    let run = p.run_record();
    let ways = p.fail_everywhere(|| operations::drop(&p.store, &run, "t", false));
    assert!(ways > 5, "{ways}");
    assert_eq!(p.catalogue().labels().count(), 0);
}

#[test]
fn a_commit_whose_answer_is_lost_is_found_by_its_record() {
    let p = Project::new();
    let staged = p.stage(&save("t", Replace), "SELECT 1 AS id", 1).unwrap();
    p.store.loses_answer.set(true);
    assert_eq!(p.commit(&mut [staged]).unwrap().sequence, 1);
    assert_eq!(p.members("t"), ["1"]);
}

#[test]
fn the_log_of_a_failed_run_does_not_wait_for_a_file_in_use() {
    let p = Project::new();
    p.save(&save("t", Replace), "SELECT 1 AS id").unwrap();
    let run = p.run_record();
    p.store.detach_project().unwrap();
    let other = TestStore::open(&p.path());
    other.attach_project(false).unwrap();
    let start = std::time::Instant::now();
    assert!(!log_failed_run(&p.store, &run, "it failed"));
    // A run waits for ten seconds.
    assert!(start.elapsed() < Duration::from_secs(5));
    other.detach_project().unwrap();
    assert!(log_failed_run(&p.store, &run, "it failed"));
}

/// The content of both audiences at a version: 1000 keys, half of them new each time.
fn keys_at(version: u64) -> String {
    format!("SELECT range + {} AS id FROM range(1000)", version * 500)
}

/// Not a test of its own: what the killed process does.
#[test]
#[ignore = "run as a child by the test below"]
fn child_that_commits_until_it_is_killed() {
    let Ok(path) = std::env::var("CAMP_TEST_KILLED") else { return };
    let store = TestStore::open(Path::new(&path));
    loop {
        let catalogue = Catalogue::load(&store).unwrap();
        let version = catalogue.find("A").map_or(0, |e| e.audience.version) + 1;
        let mut saves: Vec<StagedSave> = ["A", "B"]
            .into_iter()
            .enumerate()
            .map(|(i, label)| {
                let save = Save { staged: format!("input_{i}"), ..save(label, Replace) };
                let rows = keys_at(version);
                store
                    .execute(&format!("CREATE OR REPLACE TEMP TABLE input_{i} AS {rows}"))
                    .unwrap();
                stage(&store, &catalogue, &save, i).unwrap()
            })
            .collect();
        let run = RunRecord {
            id: format!("run-{version}"),
            command: "run".into(),
            started: instant(0),
            as_of: instant(version as i64),
            timezone: "UTC".into(),
            campaigns: Vec::new(),
            files: Vec::new(),
            strict: false,
            steps: Vec::new(),
        };
        println!("\ncommitting");
        commit(&store, &catalogue, &run, &mut saves, &mut |_, _| unreachable!()).unwrap();
        println!("\ncommitted {version}");
        store.attach_project(true).unwrap();
    }
}

/// Cases 85, 137, 138.
#[test]
fn a_process_killed_around_its_commit_leaves_whole_versions_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("camp.duckdb");
    for round in 0..8u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture", "--test-threads=1"])
            .arg("catalogue::tests::faults::child_that_commits_until_it_is_killed")
            .env("CAMP_TEST_KILLED", &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut acknowledged = None;
        let mut committing = 0;
        for line in lines.by_ref() {
            if let Some(version) = line.strip_prefix("committed ") {
                acknowledged = Some(version.parse::<u64>().unwrap());
            }
            committing += u64::from(line == "committing");
            if committing == 2 {
                break;
            }
        }
        // Somewhere inside the second commit, later each time.
        std::thread::sleep(Duration::from_millis(3 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines {
            if let Some(version) = line.strip_prefix("committed ") {
                acknowledged = Some(version.parse::<u64>().unwrap());
            }
        }
        let store = TestStore::open(&path);
        let catalogue = Catalogue::load(&store).unwrap();
        let version = catalogue.find("A").unwrap().audience.version;
        let acknowledged = acknowledged.unwrap();
        assert!(version == acknowledged || version == acknowledged + 1, "{version} {acknowledged}");
        assert!(recorded(&store, &format!("run-{version}")).unwrap());
        assert!(!recorded(&store, &format!("run-{}", version + 1)).unwrap());
        for label in ["A", "B"] {
            let entry = catalogue.find(label).unwrap();
            assert_eq!((entry.audience.version, entry.audience.size), (version, 1000));
            for past in 1..=version {
                let sql = operations::members(&store, &catalogue, label, Some(past)).unwrap();
                assert_eq!(
                    store.rows(&format!(
                        "SELECT count(*), min(id) = {0}, max(id) = {0} + 999 FROM ({sql})",
                        past * 500
                    )),
                    ["1000 true true"],
                    "{label} version {past} of {version}"
                );
            }
        }
    }
}
