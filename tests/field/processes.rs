//! What the documentation promises of several processes, held at the very moment it speaks of: a run
//! stops at a step (`CAMP_TEST_PAUSE`) until the test lets it go on.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use duckdb::{AccessMode, Config, Connection};

use crate::support::drive;
use crate::support::project::{Project, Ran};

/// 20,000 people, and for each label a script that saves those whose number ends so.
fn project(labels: &[(&str, u32)]) -> Project {
    let project = Project::new();
    project.sql("CREATE TABLE p AS SELECT i AS id FROM range(20000) r(i)");
    for (label, rest) in labels {
        project.write(
            &format!("{label}{rest}.camp"),
            &format!(
                "dimension p = p key id\npart = build audience from p where mod(id, 10) = {rest}\n\
                 save audience part as \"{label}\"\n"
            ),
        );
    }
    project
}

fn read_only(path: &Path) -> Result<Connection, duckdb::Error> {
    let config = Config::default().access_mode(AccessMode::ReadOnly).unwrap();
    Connection::open_with_flags(path, config)
}

/// A run that has stopped at a step.
struct Stopped {
    child: Child,
    go: PathBuf,
}

impl Stopped {
    fn at(step: &str, project: &Project, args: &[&str]) -> Stopped {
        let go = project.path(&format!("go-{}", args[1]));
        let mut command = drive::program(&project.path(""));
        command.args(args).env("CAMP_TEST_PAUSE", format!("{step}@{}", go.display()));
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let reached = go.with_extension("reached");
        let begun = Instant::now();
        while !reached.exists() {
            assert!(begun.elapsed() < Duration::from_secs(60), "`{step}` was never reached");
            std::thread::sleep(Duration::from_millis(5));
        }
        Stopped { child, go }
    }

    fn go_on(self) -> Ran {
        std::fs::write(&self.go, "").unwrap();
        Ran::of(self.child.wait_with_output().unwrap())
    }
}

#[test]
fn while_a_run_computes_others_read_check_and_compute() {
    let project = project(&[("a", 0), ("a", 1)]);
    project.run_well("a0.camp");
    let computing = Stopped::at("CREATE", &project, &["run", "a1.camp"]);
    let db = read_only(&project.database()).expect("the file is held alone while a run computes");
    let count: i64 = db.query_row("SELECT count(*) FROM audience.a", [], |r| r.get(0)).unwrap();
    assert_eq!(count, 2000);
    drop(db);
    for command in ["check", "plan"] {
        let ran = project.camp(&[command, "a1.camp", "--wait", "0s"]);
        assert_eq!(ran.exit, Some(0), "{command}: {}", ran.stderr);
    }
    let rehearsed = project.camp(&["run", "a1.camp", "--dry-run", "--wait", "0s"]);
    assert_eq!(rehearsed.exit, Some(0), "{}", rehearsed.stderr);
    assert_eq!(computing.go_on().exit, Some(0));
}

#[test]
fn a_commit_waits_for_a_run_that_computes_and_names_it() {
    let project = project(&[("a", 0), ("b", 1)]);
    project.run_well("a0.camp");
    let computing = Stopped::at("CREATE", &project, &["run", "b1.camp"]);
    let ran = project.camp(&["run", "a0.camp", "--wait", "800ms"]);
    assert_eq!(ran.exit, Some(4), "{ran:?}");
    let id = computing.child.id().to_string();
    assert!(ran.stderr.contains("E0507") && ran.stderr.contains(&id), "{}", ran.stderr);
    assert!(ran.stderr.contains("waiting: ") && ran.stderr.contains("camp"), "{}", ran.stderr);
    // Let go meanwhile, both succeed.
    let waiting = project.start(&["run", "a0.camp", "--wait", "60s"]);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(computing.go_on().exit, Some(0));
    let waited = Ran::of(waiting.wait_with_output().unwrap());
    assert_eq!(waited.exit, Some(0), "{}", waited.stderr);
    assert_eq!(
        project.rows("SELECT label, version FROM camp.camp.audience ORDER BY label"),
        ["a|2", "b|1"]
    );
}

#[test]
fn only_the_commit_holds_the_file_alone_and_it_is_named() {
    let project = project(&[("a", 0), ("a", 1)]);
    project.run_well("a0.camp");
    let committing = Stopped::at("COMMIT", &project, &["run", "a1.camp"]);
    assert!(read_only(&project.database()).is_err(), "the commit does not hold the file");
    let ran = project.camp(&["plan", "a0.camp", "--wait", "700ms"]);
    assert_eq!(ran.exit, Some(4), "{ran:?}");
    assert!(ran.stderr.contains(&committing.child.id().to_string()), "{}", ran.stderr);
    let reader = project.start(&["audiences", "list", "--wait", "60s"]);
    assert_eq!(committing.go_on().exit, Some(0));
    let listed = Ran::of(reader.wait_with_output().unwrap());
    assert_eq!(listed.exit, Some(0), "{}", listed.stderr);
    assert!(read_only(&project.database()).is_ok(), "the file is held after the commit");
}

#[test]
fn a_run_that_came_between_is_noticed_and_what_changes_is_computed_anew() {
    let project = project(&[("a", 0), ("a", 1), ("a", 2)]);
    project.write(
        "copy.camp",
        "dimension p = p key id\nold = read audience \"a\"\nsave audience old as \"copy\"\n",
    );
    project.run_well("a0.camp");
    // It has computed and let go of the file; now the other one comes.
    let first = Stopped::at("attach the project for writing", &project, &["run", "a1.camp"]);
    let reads = Stopped::at("attach the project for writing", &project, &["run", "copy.camp"]);
    project.run_well("a2.camp");
    let first = first.go_on();
    assert_eq!(first.exit, Some(0), "{}", first.stderr);
    // The report is against what the other run left, not against what this one had seen.
    assert_eq!(
        project.rows(
            "SELECT v.version, v.size, v.entered, v.left_count FROM camp.camp.version v ORDER BY 1"
        ),
        ["1|2000|2000|0", "2|2000|2000|2000", "3|2000|2000|2000"]
    );
    assert_eq!(project.rows("SELECT DISTINCT id % 10 FROM audience.a"), ["1"]);
    let second = project.camp(&["audiences", "members", "a", "--version", "2", "--format", "csv"]);
    assert!(second.stdout.lines().skip(1).all(|id| id.ends_with('2')), "version 2 is a mixture");
    // Who only read it is told, and stands as of before.
    let reads = reads.go_on();
    assert_eq!(reads.exit, Some(0), "{}", reads.stderr);
    assert!(reads.stderr.contains("W0950"), "{}", reads.stderr);
    assert_eq!(project.rows("SELECT DISTINCT id % 10 FROM audience.copy"), ["0"]);
}

/// How many commits readers of the copy look on.
const COMMITS: usize = 20;

#[test]
fn the_copy_for_readers_is_old_or_new_and_always_there() {
    let project = project(&[("a", 0), ("a", 1)]);
    project.write("camp.toml", "timezone = \"UTC\"\npublish = \"read.duckdb\"\n");
    project.run_well("a0.camp");
    let copy = project.path("read.duckdb");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reads = scope.spawn(|| {
            let mut seen = BTreeSet::new();
            let mut reads = 0;
            while !done.load(Ordering::Relaxed) {
                let db = read_only(&copy).expect("the copy cannot be opened");
                let (version, count, kinds, rest): (i64, i64, i64, i64) = db
                    .query_row(
                        "SELECT (SELECT version FROM read.camp.audience), count(*), \
                         count(DISTINCT id % 10), min(id % 10) FROM audience.a",
                        [],
                        |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)),
                    )
                    .unwrap();
                assert_eq!((count, kinds), (2000, 1), "a mixture");
                // Odd versions are of the first script.
                assert_eq!(
                    rest,
                    (version + 1) % 2,
                    "version {version} with the members of another"
                );
                seen.insert(version);
                reads += 1;
            }
            (seen, reads)
        });
        for n in 1..=COMMITS {
            project.run_well(["a0.camp", "a1.camp"][n % 2]);
        }
        done.store(true, Ordering::Relaxed);
        let (seen, reads) = reads.join().unwrap();
        assert!(seen.len() > 5 && reads > COMMITS, "{seen:?} in {reads} reads");
        eprintln!("{reads} reads during {COMMITS} commits saw {} versions", seen.len());
    });
    assert_eq!(project.rows("SELECT version FROM camp.camp.audience"), ["21"]);
}

#[test]
fn two_runs_that_spill_do_not_disturb_each_other() {
    let project = Project::new();
    project.sql(
        "CREATE TABLE people AS SELECT i AS id, repeat(md5(i::VARCHAR), 20) AS payload FROM range(500000) r(i)",
    );
    for name in ["one", "two"] {
        project.write(
            &format!("{name}.camp"),
            &format!(
                "dimension people = people key id\ntop = build audience from people where mod(id, 5) < 3 select \
                 payload\nsave audience top as \"{name}\"\n"
            ),
        );
    }
    let limits = ["--memory-limit", "150MB", "--threads", "2", "--wait", "300s"];
    let tmp = project.path("camp.duckdb.tmp");
    let mut runs: Vec<Child> = ["one.camp", "two.camp"]
        .map(|file| project.start(&[&["run", file], &limits[..]].concat()))
        .into();
    // Folders of their own, at one time, and something in them.
    let (mut together, mut spilled) = (0, false);
    while runs.iter_mut().any(|run| run.try_wait().unwrap().is_none()) {
        let folders = std::fs::read_dir(&tmp).into_iter().flatten().flatten();
        let folders: Vec<PathBuf> = folders.map(|e| e.path()).filter(|p| p.is_dir()).collect();
        let in_use = |p: &PathBuf| std::fs::read_dir(p).is_ok_and(|mut d| d.next().is_some());
        together = together.max(folders.len());
        spilled |= folders.iter().any(in_use);
        std::thread::sleep(Duration::from_millis(3));
    }
    for child in runs {
        let ran = Ran::of(child.wait_with_output().unwrap());
        assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    }
    assert_eq!(together, 2, "the runs were not at work at one time");
    assert!(spilled, "nothing was spilled: the limit is too high");
    for name in ["one", "two"] {
        let whole = format!(
            "SELECT count(*), count(DISTINCT a.id), count(a.payload = p.payload OR NULL), max(a.id % 5) \
             FROM audience.{name} a JOIN people p ON a.id = p.id"
        );
        assert_eq!(project.rows(&whole), ["300000|300000|300000|2"]);
    }
    assert!(!tmp.exists(), "a folder was left behind");
}

#[test]
fn twenty_runs_at_once_all_succeed_one_after_another() {
    let labels: Vec<String> = (0..20).map(|n| format!("own{n:02}")).collect();
    let project = project(&[]);
    for (n, label) in labels.iter().enumerate() {
        project.write(
            &format!("{label}.camp"),
            &format!(
                "dimension p = p key id\npart = build audience from p where mod(id, 20) = {n}\n\
                 save audience part as \"{label}\"\nsave audience part as \"shared\" append\n"
            ),
        );
    }
    let children: Vec<Child> = labels
        .iter()
        .map(|l| project.start(&["run", &format!("{l}.camp"), "--wait", "300s", "--threads", "1"]))
        .collect();
    for child in children {
        let ran = Ran::of(child.wait_with_output().unwrap());
        assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    }
    assert_eq!(
        project.rows(
            "SELECT count(*), sum(size), max(version) FROM camp.camp.audience WHERE label != 'shared'"
        ),
        ["20|20000|1"]
    );
    // Each added its own to what the others had left: nobody is lost, nobody twice.
    assert_eq!(
        project.rows("SELECT count(*), count(DISTINCT id) FROM audience.shared"),
        ["20000|20000"]
    );
    assert_eq!(
        project.rows(
            "SELECT max(v.version), sum(v.entered), sum(v.left_count), max(v.size) FROM camp.camp.version v JOIN \
             camp.camp.audience a ON a.id = v.audience WHERE a.label = 'shared'"
        ),
        ["20|20000|0|20000"]
    );
    assert_eq!(
        project.rows("SELECT count(*), count(DISTINCT sequence), max(sequence) FROM camp.camp.run"),
        ["20|20|20"]
    );
    assert_eq!(
        project
            .rows("SELECT count(*) FROM camp.camp.run r JOIN camp.camp.run p ON r.previous = p.id"),
        ["19"]
    );
    assert!(!project.path("camp.duckdb.tmp").exists());
}

#[test]
fn a_run_beside_an_open_shell_computes_and_waits_only_to_save() {
    let project = project(&[("a", 0), ("a", 1)]);
    project.run_well("a0.camp");
    // A shell that only reads.
    let shell = read_only(&project.database()).unwrap();
    let run = project.start(&["run", "a1.camp", "--wait", "60s", "--log", "json"]);
    std::thread::sleep(Duration::from_millis(1500));
    let count: i64 = shell.query_row("SELECT count(*) FROM audience.a", [], |r| r.get(0)).unwrap();
    assert_eq!(count, 2000);
    drop(shell);
    let ran = Ran::of(run.wait_with_output().unwrap());
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    let lines: Vec<serde_json::Value> =
        ran.stderr.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let at = |event: &str| lines.iter().position(|l| l["event"] == event);
    assert!(at("committing") < at("waiting") && at("waiting").is_some(), "{}", ran.stderr);
    let this = std::process::id().to_string();
    let why = lines[at("waiting").unwrap()]["why"].as_str().unwrap();
    assert!(why.contains(&this), "{why} does not name {this}");
}

#[test]
fn a_run_beside_a_shell_that_writes_waits_for_it_from_the_start_and_names_it() {
    let project = project(&[("a", 0), ("a", 1)]);
    project.run_well("a0.camp");
    let this = std::process::id().to_string();
    // A shell that may write holds the file alone: nothing can even be read.
    let shell = Connection::open(project.database()).unwrap();
    shell.execute_batch("CREATE TABLE notes AS SELECT 1 AS n").unwrap();
    for line in [["run", "a1.camp"], ["plan", "a1.camp"], ["audiences", "list"]] {
        let ran = project.camp(&[&line[..], &["--wait", "300ms"]].concat());
        assert_eq!(ran.exit, Some(4), "{line:?}: {ran:?}");
        assert!(ran.stderr.contains("E0507") && ran.stderr.contains(&this), "{}", ran.stderr);
    }
    let run = project.start(&["run", "a1.camp", "--wait", "60s"]);
    std::thread::sleep(Duration::from_millis(900));
    let count: i64 = shell.query_row("SELECT count(*) FROM audience.a", [], |r| r.get(0)).unwrap();
    assert_eq!(count, 2000);
    shell.execute_batch("INSERT INTO notes VALUES (2)").unwrap();
    drop(shell);
    let ran = Ran::of(run.wait_with_output().unwrap());
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains(&this), "it does not say who it waits for: {}", ran.stderr);
    // Both wrote, and neither lost anything.
    assert_eq!(project.rows("SELECT count(*) FROM notes"), ["2"]);
    assert_eq!(project.rows("SELECT version FROM camp.camp.audience"), ["2"]);
    assert_eq!(project.rows("SELECT DISTINCT id % 10 FROM audience.a"), ["1"]);
}

#[test]
fn what_a_shell_changed_between_computing_and_saving_is_not_lost() {
    let project = project(&[("a", 0), ("a", 1)]);
    project.run_well("a0.camp");
    let run = Stopped::at("attach the project for writing", &project, &["run", "a1.camp"]);
    // The file is free now: a shell writes a table of the user's own.
    project.sql("CREATE TABLE notes AS SELECT 1 AS n; DELETE FROM p WHERE id = 1");
    let ran = run.go_on();
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    assert_eq!(project.rows("SELECT count(*) FROM notes"), ["1"]);
    assert_eq!(project.rows("SELECT count(*) FROM p"), ["19999"]);
    // What was computed stands: it is of the moment when the run read.
    assert_eq!(project.rows("SELECT count(*), min(id) FROM audience.a"), ["2000|1"]);
}
