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

/// Ends with an error that names the file, on its own account, and leaves the file as it was.
fn refused(project: &Project, script: &str, words: &[&str]) {
    let before = std::fs::read(project.database()).ok();
    let ran = project.run(script);
    assert_eq!(ran.exit, Some(4), "{ran:?}");
    for word in words {
        assert!(ran.stderr.contains(word), "`{word}` is not in {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    assert_eq!(std::fs::read(project.database()).ok(), before, "the database was touched");
}

#[test]
fn a_database_that_is_none_is_left_as_it_is() {
    let project = Project::new();
    project.write("p.csv", "id\n1\n");
    project.write(
        "a.camp",
        "dimension p = \"p.csv\" key id\na = build audience from p\nsave audience a as \"a\"\n",
    );
    project.write("camp.duckdb", &"this is a text and no database\n".repeat(1000));
    refused(&project, "a.camp", &["camp.duckdb"]);
    std::fs::remove_file(project.database()).unwrap();
    std::fs::create_dir(project.database()).unwrap();
    refused(&project, "a.camp", &["camp.duckdb"]);
}

#[test]
fn a_damaged_database_is_told_and_left_as_it_is() {
    for (name, damage) in [("cut", 0.6), ("half", 0.3), ("header", 0.0)] {
        let project = replaced();
        project.run_well("old.camp");
        let mut bytes = std::fs::read(project.database()).unwrap();
        if name == "header" {
            for byte in &mut bytes[8..64] {
                *byte = !*byte;
            }
        } else {
            bytes.truncate((bytes.len() as f64 * damage) as usize);
        }
        std::fs::write(project.database(), &bytes).unwrap();
        let ran = project.run("new.camp");
        // What was cut off may be parts that nothing needs; but never a crash, and never silence.
        match ran.exit {
            Some(0) => assert_eq!(whole(&project), NEW, "{name}"),
            Some(4) => assert!(ran.stderr.contains("camp.duckdb"), "{name}: {}", ran.stderr),
            other => panic!("{name}: ended with {other:?}: {}", ran.stderr),
        }
    }
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_saves_nothing() {
    // The shell's limit on the size of a file stands for a disk that is full.
    let project = replaced();
    project.run_well("old.camp");
    let size = std::fs::metadata(project.database()).unwrap().len() / 512;
    project.write(
        "large.camp",
        "dimension p = p key id\nwide = build audience from p select text(id) as a, md5(text(id)) as b, \
         md5(text(id + 1)) as c, md5(text(id + 2)) as d\nsave audience wide as \"aud\"\n",
    );
    let camp = env!("CARGO_BIN_EXE_camp");
    let output = std::process::Command::new("sh")
        .args(["-c", &format!("trap '' XFSZ; ulimit -f {}; exec {camp} run large.camp", size + 64)])
        .current_dir(project.database().parent().unwrap())
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let ran = Ran::of(output);
    assert_eq!(ran.exit, Some(4), "{ran:?}");
    assert_eq!(whole(&project), OLD);
    // And with room again the same run goes well.
    project.run_well("large.camp");
    assert_eq!(
        project.rows("SELECT count(*), count(DISTINCT b) FROM audience.aud"),
        ["150000|150000"]
    );
}

#[test]
fn two_first_runs_at_once_make_one_catalogue() {
    for _ in 0..3 {
        let project = Project::new();
        project.write("p.csv", "id\n1\n2\n");
        for name in ["one", "two"] {
            project.write(
                &format!("{name}.camp"),
                &format!("dimension p = \"p.csv\" key id\na = build audience from p\nsave audience a as \"{name}\"\n"),
            );
        }
        let children = [project.start(&["run", "one.camp"]), project.start(&["run", "two.camp"])];
        for child in children {
            let ran = Ran::of(child.wait_with_output().unwrap());
            assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
        }
        assert_eq!(
            project.rows("SELECT label, size FROM camp.camp.audience ORDER BY label"),
            ["one|2", "two|2"]
        );
    }
}
