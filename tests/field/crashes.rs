//! Processes that end in the middle, and what they leave behind.

use std::time::{Duration, Instant};

use crate::support::project::{Project, Ran};

/// An audience of 0 … 99,999 that a script replaces by 50,000 … 149,999.
fn replaced() -> Project {
    let project = Project::new();
    project.sql("CREATE TABLE p AS SELECT i AS id FROM range(150000) r(i)");
    project.write(
        "old.camp",
        "dimension p = p key id\nlow = build audience from p where id < 100_000\n\
         save audience low as \"aud\"\n",
    );
    project.write(
        "new.camp",
        "dimension p = p key id\nhigh = build audience from p where id >= 50_000\n\
         save audience high as \"aud\"\n",
    );
    project
}

const OLD: &str = "100000|0|99999";
const NEW: &str = "100000|50000|149999";

/// The audience is whole, and everything the catalogue says of it agrees.
fn whole(project: &Project) -> String {
    let stored = project.rows("SELECT count(*), min(id), max(id) FROM audience.aud").remove(0);
    assert!(stored == OLD || stored == NEW, "{stored}");
    let said = project.rows(
        "SELECT a.size, a.version = (SELECT max(version) FROM camp.camp.version v WHERE v.audience = a.id) \
         FROM camp.camp.audience a WHERE a.label = 'aud'",
    );
    assert_eq!(said, ["100000|true"], "the catalogue disagrees with the audience");
    stored
}

#[cfg(unix)]
#[test]
fn n138_a_run_killed_at_any_moment_leaves_the_old_or_the_new_audience() {
    let project = replaced();
    project.run_well("old.camp");
    let started = Instant::now();
    project.run_well("new.camp");
    let length = started.elapsed();
    let (mut old, mut new) = (0, 0);
    for step in 0..16 {
        // From the start to a little behind the usual end, so that commits are hit too.
        let delay = length.mul_f64(1.1) * step / 16;
        project.run_well("old.camp");
        let mut child = project.start(&["run", "new.camp"]);
        std::thread::sleep(delay);
        let _ = child.kill();
        child.wait().unwrap();
        if whole(&project) == OLD {
            old += 1
        } else {
            new += 1
        }
        // And the next run is not hindered.
        project.run_well("new.camp");
        assert_eq!(whole(&project), NEW);
    }
    assert!(old > 0, "no kill came before a commit: {old} {new}");
}

#[cfg(unix)]
#[test]
fn n137_a_run_killed_after_its_commit_keeps_the_new_audience() {
    let project = replaced();
    project.run_well("old.camp");
    let mut child = project.start(&["run", "new.camp"]);
    // The report is printed after the commit, so what is killed then is committed.
    let mut report = String::new();
    std::io::Read::read_to_string(&mut child.stdout.take().unwrap(), &mut report).unwrap();
    let _ = child.kill();
    child.wait().unwrap();
    assert!(report.contains("aud"), "{report}");
    assert_eq!(whole(&project), NEW);
}

#[test]
fn n139_a_damaged_log_is_told_and_nothing_is_deleted() {
    for cut in [7, 40, 0] {
        let project = replaced();
        project.run_well("old.camp");
        {
            let db = crate::support::database::open(&project.database()).unwrap();
            db.execute_batch(
                "PRAGMA disable_checkpoint_on_shutdown; CREATE TABLE extra AS SELECT range AS i \
                 FROM range(100000)",
            )
            .unwrap();
        }
        let log = project.path("camp.duckdb.wal");
        assert!(log.exists(), "the engine left no log to damage");
        let mut bytes = std::fs::read(&log).unwrap();
        if cut == 0 {
            let half = bytes.len() / 2;
            for byte in &mut bytes[half..half + 64] {
                *byte = !*byte;
            }
        } else {
            bytes.truncate(bytes.len() - cut);
        }
        std::fs::write(&log, &bytes).unwrap();
        let ran = project.run("new.camp");
        // A log that only ends too early may be read up to there; anything else is told.
        match ran.exit {
            Some(0) => assert_eq!(whole(&project), NEW),
            Some(4) => {
                assert!(ran.stderr.contains("camp.duckdb"), "{}", ran.stderr);
                assert!(
                    ran.stderr.contains("copy") || ran.stderr.contains("backup"),
                    "{}",
                    ran.stderr
                );
                assert_eq!(std::fs::read(&log).unwrap(), bytes, "the log was touched");
            }
            other => panic!("ended with {other:?}: {}", ran.stderr),
        }
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_saves_nothing_and_leaves_no_files() {
    let project = replaced();
    project.write(
        "long.camp",
        "dimension p = p key id\ndimension q = p key id\nlink p.all, q on p.id * 0 = q.id * 0\n\
         slow = build audience from p where count(all where (all.id + p.id > 7)) > 5\n\
         save audience slow as \"aud\"\nexport slow to \"out.csv\"\n",
    );
    project.run_well("old.camp");
    let before = project.files();
    let child = project.start(&["run", "long.camp"]);
    std::thread::sleep(Duration::from_millis(1500));
    let interrupt =
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupt.unwrap().success());
    let asked = Instant::now();
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert!(asked.elapsed() < Duration::from_secs(5), "it went on for {:?}", asked.elapsed());
    assert_eq!(ran.exit, Some(130), "{}", ran.stderr);
    assert_eq!(whole(&project), OLD);
    assert_eq!(project.files(), before);
}
