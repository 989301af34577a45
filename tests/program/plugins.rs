//! Plugins that misbehave: the program survives what a process can survive, saves nothing, and names
//! the plugin. The libraries are built here from the C sources of the fixtures, one fault each.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::project::{Project, Ran};

const SCRIPT: &str = "campaign \"X\" timezone \"UTC\"
dimension people = \"people.csv\" key id columns (id: int, email: text)
use faulty
all = build audience from people
same = ACTIVITY all
save audience same as \"Same\"
";

/// Builds a plugin with a fault; none: a good one.
fn build(folder: &Path, fault: Option<&str>) -> PathBuf {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins");
    let library = folder.join(format!("libcamp_faulty{}", std::env::consts::DLL_SUFFIX));
    let mut command = Command::new("cc");
    command
        .args(["-std=c11", "-fPIC", "-shared", "-I"])
        .arg(plugins.join("sdk/include"))
        .args(fault.map(|f| format!("-DFAULT_{f}")))
        .arg(plugins.join("fixtures/faulty/faulty.c"))
        .arg("-o")
        .arg(&library);
    assert!(command.status().unwrap().success(), "the fixture does not compile");
    library
}

/// A project with people 1, 2 and 3.
fn project(activity: &str) -> Project {
    let project = Project::new();
    project.write("people.csv", "id,email\n1,a@x.test\n2,b@x.test\n3,c@x.test\n");
    project.write("x.camp", &SCRIPT.replace("ACTIVITY", activity));
    project
}

fn add(project: &Project, fault: Option<&str>) -> Ran {
    let library = build(&project.path(""), fault);
    project.camp(&["plugin", "add", "--yes", &library.to_string_lossy()])
}

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
        ("NEWER_MAJOR", "not a plugin"),
        ("SHORT_TABLE", "not valid"),
        ("NULL_BIND", "does not provide `bind`"),
        ("REFUSES", "this plugin wants a licence"),
        ("REFUSES_SILENTLY", "gave no reason"),
        ("EXITS_AT_LOAD", "exit status: 3"),
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
        // One that does not even answer takes a second one: no thread can be killed.
        for _ in 0..if fault == "ENDLESS" { 1 } else { 2 } {
            // SAFETY: our own child, which was not waited for.
            unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
            std::thread::sleep(Duration::from_millis(500));
        }
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
        assert_ne!(status.code(), Some(0), "{fault}");
        assert!(!project.database().exists(), "{fault} left a database");
    }
}

#[test]
fn a_plugin_that_is_not_trusted_or_was_changed_is_not_loaded() {
    let project = project("faulty_sql");
    let library = build(&project.path(""), None);
    let unknown = project.run("x.camp");
    assert!(unknown.stderr.contains("E0211"), "{}", unknown.stderr);

    project.camp(&["plugin", "add", "--yes", &library.to_string_lossy()]);
    project.run_well("x.camp");
    assert_eq!(project.camp(&["plugin", "verify"]).exit, Some(0));

    // The installed file becomes another one: neither loaded nor found in order.
    let installed = project.path(".camp/plugins/faulty").join(library.file_name().unwrap());
    let other = build(&project.path(""), Some("SILENT"));
    std::fs::copy(other, &installed).unwrap();
    let changed = project.run("x.camp");
    assert_eq!(changed.exit, Some(5), "{}", changed.stderr);
    assert!(changed.stderr.contains("E0615"), "{}", changed.stderr);
    assert_eq!(project.camp(&["plugin", "verify"]).exit, Some(5));

    let removed = project.camp(&["plugin", "remove", "faulty"]);
    assert_eq!(removed.exit, Some(0), "{}", removed.stderr);
    let gone = project.run("x.camp");
    assert!(gone.stderr.contains("E0211"), "{}", gone.stderr);
}

#[test]
fn adding_asks_and_does_nothing_where_nobody_can_answer() {
    let project = project("faulty_sql");
    let library = build(&project.path(""), None);
    let added = project.camp(&["plugin", "add", &library.to_string_lossy()]);
    assert_eq!(added.exit, Some(5), "{}", added.stderr);
    assert!(added.stderr.contains("sha256:"), "the hash is shown before anything runs");
    assert!(!project.path("camp.lock").exists());
}
