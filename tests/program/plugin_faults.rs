//! Plugins that misbehave: the program survives what a process can survive, saves nothing, and names
//! the plugin. The libraries are built from the C sources of the fixtures, one fault each.

use std::time::{Duration, Instant};

use super::plugins::{add, build_panics, project};
use crate::support::project::{Project, Ran};

/// Trusts a plugin with a fault and runs a script that uses it.
fn run(activity: &str, fault: &str) -> (Project, Ran) {
    let project = project(activity);
    let added = add(&project, Some(fault));
    assert_eq!(added.exit, Some(0), "{fault}: {}", added.stderr);
    let ran = project.run("x.camp");
    (project, ran)
}

#[test]
fn a_library_that_is_no_plugin_here_is_never_trusted() {
    for (fault, word) in [
        ("NO_SYMBOL", "not a plugin"),
        ("NEWER_MAJOR", "needs interface 2, and this version of Camp offers 1."),
        ("OLDER_MAJOR", "needs interface 0, and this version of Camp offers 1."),
        ("SHORT_TABLE", "not valid"),
        ("NULL_BIND", "does not provide `bind`"),
        ("REFUSES", "this plugin wants a licence"),
        ("REFUSES_SILENTLY", "gave no reason"),
        ("EXITS_AT_LOAD", "tried to end the program"),
        ("STDOUT_AT_LOAD", "standard output"),
        ("BAD_MANIFEST", "not valid"),
        ("UNKNOWN_REQUIREMENT", "time.travel"),
        ("UNKNOWN_TYPE", "quaternion"),
    ] {
        let project = project("faulty");
        let added = add(&project, Some(fault));
        let said = added.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(added.exit, Some(5), "{fault}: {said}");
        assert!(said.contains(word), "{fault}: {said}");
        assert!(!project.path("camp.lock").exists(), "{fault} is trusted");
        assert!(added.stdout.is_empty(), "{fault} wrote to the output: {}", added.stdout);
    }
}

#[test]
fn versions_inside_the_major_and_tables_of_any_length_work() {
    for fault in ["NEWER_MINOR", "LONG_TABLE"] {
        let (_, ran) = run("faulty_sql", fault);
        assert_eq!(ran.exit, Some(0), "{fault}: {}", ran.stderr);
    }
}

#[test]
fn a_fault_names_the_plugin_and_saves_nothing() {
    for (activity, fault, word) in [
        ("faulty", "SILENT", "did not say why"),
        ("faulty", "UNKNOWN_STATUS", "a status of the future"),
        ("faulty_sql", "PLAN_NOT_JSON", "not readable"),
        ("faulty_sql", "PLAN_NEWER", "`camp_plan` is 99"),
        ("faulty_sql", "PLAN_NO_OUTPUT", "no output"),
        ("faulty_sql", "PLAN_BROKEN_SQL", "syntax error"),
        ("faulty_sql", "PLAN_TWO_STATEMENTS", "SELECT"),
        ("faulty_sql", "PLAN_NO_SELECT", "SELECT"),
        ("faulty_sql", "PLAN_OTHER_TABLE", "none of its inputs"),
        ("faulty_sql", "PLAN_FILE", "reads more than its inputs"),
        ("faulty_sql", "PLAN_VOLATILE", "differ between two runs"),
        ("faulty_sql", "PLAN_WITHOUT_KEY", "lacks the key `id`"),
        ("faulty_sql", "PLAN_DUPLICATES", "missing or repeats"),
        ("faulty", "WRONG_SCHEMA", "lack the column `id`"),
        ("faulty", "WRONG_TYPE", "`id` has the type"),
        ("faulty", "DUPLICATES", "missing or repeats"),
        ("faulty", "MISSING_KEYS", "id"),
        ("faulty", "FAILS_IN_STREAM", "the other side hung up"),
        ("faulty", "EMPTY_STREAM", "no stream of rows"),
    ] {
        let (project, ran) = run(activity, fault);
        let said = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(ran.exit, Some(5), "{fault}: {said}");
        assert!(said.contains("E0614") && said.contains("`faulty` 1.0.0"), "{fault}: {said}");
        assert!(said.contains(word), "{fault}: {said}");
        assert!(!project.database().exists(), "{fault} left a database");
    }
}

#[test]
fn what_a_plugin_says_badly_is_still_shown() {
    for fault in ["STRANGE_PATH", "NOT_TEXT"] {
        let (_, ran) = run("faulty", fault);
        assert_eq!(ran.exit, Some(1), "{fault}: {}", ran.stderr);
        assert!(ran.stderr.contains("E0608"), "{fault}: {}", ran.stderr);
    }
}

#[test]
fn an_executor_that_does_not_end_is_stopped_by_an_interrupt() {
    for fault in ["ENDLESS", "HANGS_IN_STREAM"] {
        let project = project("faulty");
        assert_eq!(add(&project, Some(fault)).exit, Some(0));
        let mut child = crate::support::drive::program(&project.path(""))
            .args(["run", "x.camp"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_secs(2));
        assert!(child.try_wait().unwrap().is_none(), "{fault} ended by itself");
        let begun = Instant::now();
        // SAFETY: our own child, which was not waited for.
        unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > Duration::from_secs(10) {
                child.kill().unwrap();
                panic!("{fault} does not stop");
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        assert_eq!(status.code(), Some(130), "{fault}");
        assert!(!project.database().exists(), "{fault} left a database");
    }
}

#[test]
fn a_plugin_that_does_not_come_back_is_an_error_at_its_place() {
    for (activity, fault, word) in [
        ("faulty_sql", "EXITS", "tried to end the program"),
        ("faulty_sql", "CRASHES", "it crashed (SIGABRT)"),
        ("faulty_sql", "HANGS", "no sign of life for 10s"),
        ("faulty", "EXITS", "tried to end the program"),
        ("faulty", "CRASHES", "it crashed (SIGABRT)"),
        ("faulty", "CRASHES_IN_STREAM", "it crashed (SIGABRT)"),
        ("faulty", "HANGS_IN_STREAM", "no sign of life for 1s"),
    ] {
        let project = project(activity);
        project.write("camp.toml", "timezone = \"UTC\"\nplugin_timeout = \"1s\"\n");
        assert_eq!(add(&project, Some(fault)).exit, Some(0));
        let ran = project.run("x.camp");
        let said = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(ran.exit, Some(5), "{fault}: {said}");
        assert!(said.contains("E0614") && said.contains("`faulty` 1.0.0"), "{fault}: {said}");
        assert!(said.contains("x.camp:5") && said.contains(word), "{fault}: {said}");
        assert!(!project.database().exists(), "{fault} left a database");
    }
}

#[test]
fn nothing_is_lost_by_a_plugin_that_crashes_and_the_failed_run_is_on_record() {
    let project = project("faulty");
    assert_eq!(add(&project, None).exit, Some(0));
    // Without a fault its rows are 0, 1, 2: those that exist are 1 and 2, so people have them.
    project.write("people.csv", "id,email\n0,z@x.test\n1,a@x.test\n2,b@x.test\n");
    project.run_well("x.camp");
    assert_eq!(add(&project, Some("CRASHES_IN_STREAM")).exit, Some(0));
    assert_eq!(project.run("x.camp").exit, Some(5));
    assert_eq!(project.rows("SELECT id FROM audience.\"Same\" ORDER BY id"), ["0", "1", "2"]);
    let runs = project.camp(&["runs", "list", "--format", "csv"]);
    assert!(runs.stdout.contains("failed"), "{}", runs.stdout);
}

#[test]
fn what_a_plugin_prints_is_kept_from_the_results() {
    for activity in ["faulty", "faulty_sql"] {
        let project = project(activity);
        project.write("people.csv", "id,email\n0,z@x.test\n1,a@x.test\n2,b@x.test\n");
        assert_eq!(add(&project, Some("STDOUT")).exit, Some(0));
        let ran = project.camp(&["run", "x.camp", "--format", "json", "--messages", "concise"]);
        assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
        let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        let words = json["warnings"].to_string();
        assert!(words.contains("`faulty` 1.0.0 writes to the standard output"), "{words}");
        assert!(!ran.stdout.contains("id,email") || words.contains("id,email"), "{}", ran.stdout);
        assert_eq!(ran.stderr.matches("writes to the standard output").count(), 1, "once");
    }
}

#[test]
fn a_panic_in_any_callback_is_an_error_that_names_its_place() {
    let project = project("faulty");
    let library = build_panics();
    let added = project.camp(&["plugin", "add", "--yes", &library.to_string_lossy()]);
    assert_eq!(added.exit, Some(0), "{}", added.stderr);
    let script = |call: &str| {
        format!(
            "campaign \"X\" timezone \"UTC\"\n\
             dimension people = \"people.csv\" key id columns (id: int, email: text)\n\
             use panics\n\
             all = build audience from people\n\
             same = {call}\n\
             save audience same as \"Same\"\n"
        )
    };
    for (call, word) in [
        ("panics_planning all", "no plan for all"),
        ("panics all with at: open", "no state"),
        ("panics all with at: batch", "batch of 3"),
        ("panics all with at: payload", "panic"),
        ("panics all with at: nul", "a"),
        ("panics all with at: drop", "dropped"),
    ] {
        project.write("x.camp", &script(call));
        let ran = project.run("x.camp");
        let said = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(ran.exit, Some(5), "{call}: {said}");
        assert!(said.contains("E0614") && said.contains("Plugin `panics`"), "{call}: {said}");
        assert!(said.contains("x.camp:5") && said.contains(word), "{call}: {said}");
        assert!(!project.database().exists(), "{call} left a database");
    }
    project.write("x.camp", &script("panics all"));
    project.run_well("x.camp");
    assert_eq!(project.rows("SELECT id FROM audience.\"Same\" ORDER BY id"), ["1", "2", "3"]);
}

#[test]
fn a_delivery_that_fails_keeps_what_was_committed_and_says_what_was_not_sent() {
    for (fault, word) in [
        (Some("CRASHES_IN_EXECUTE"), "it crashed (SIGABRT)"),
        (None, "its receipts have 1 columns, not 5"),
    ] {
        let project = project("faulty_sql");
        let script = std::fs::read_to_string(project.path("x.camp")).unwrap();
        project.write("x.camp", &format!("{script}faulty_send same\nfaulty_send all\n"));
        assert_eq!(add(&project, fault).exit, Some(0));
        let ran = project.run("x.camp");
        let said = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(ran.exit, Some(5), "{said}");
        assert!(said.contains("E0614") && said.contains(word), "{said}");
        assert!(said.contains("x.camp:7"), "{said}");
        for population in ["same", "all"] {
            let left = format!("3 of 3 rows of `{population}` could not be delivered");
            assert!(said.contains(&left), "{said}");
        }
        assert_eq!(project.rows("SELECT count(*) FROM audience.\"Same\""), ["3"]);
        assert_eq!(project.rows("SELECT status FROM camp.camp.run"), ["done"]);
    }
}

#[test]
fn a_crash_in_a_thread_that_a_plugin_started_names_it_and_saves_nothing() {
    let (project, ran) = run("faulty", "CRASHES_IN_THREAD");
    assert_eq!(ran.exit, None, "ended by a signal: {}", ran.stderr);
    assert!(
        ran.stderr.contains("the last plugin at work was: Plugin `faulty` 1.0.0"),
        "{}",
        ran.stderr
    );
    assert!(!project.database().exists());
}
