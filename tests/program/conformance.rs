//! `camp plugin test`: what ships passes the conformance kit, and what misbehaves does not.

use std::path::Path;
use std::process::Command;

use crate::support::project::Project;

/// A library from a C source, as `camp plugin new` builds it.
fn compiled(project: &Project, source: &str, name: &str, define: &[&str]) -> String {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins");
    let library = project.path(&format!("libcamp_{name}{}", std::env::consts::DLL_SUFFIX));
    let made = Command::new("cc")
        .args(["-std=c11", "-fPIC", "-shared", "-I"])
        .arg(plugins.join("sdk/include"))
        .args(define.iter().map(|d| format!("-D{d}")))
        .arg(plugins.join(source))
        .arg("-o")
        .arg(&library)
        .status()
        .unwrap();
    assert!(made.success(), "{source} does not compile");
    library.to_string_lossy().into_owned()
}

#[test]
fn every_plugin_that_ships_passes() {
    let project = Project::new();
    for plugin in camp::plugin::finder::SHIPPED {
        let tested = project.camp(&["plugin", "test", plugin]);
        assert_eq!(tested.exit, Some(0), "{plugin}: {}{}", tested.stdout, tested.stderr);
        assert!(tested.stdout.lines().count() > 10, "{plugin}: {}", tested.stdout);
    }
}

#[test]
fn the_samples_in_c_pass() {
    let project = Project::new();
    for (source, name) in
        [("samples/c_cap/cap.c", "cap"), ("samples/c_measure/measure.c", "measure")]
    {
        let library = compiled(&project, source, name, &[]);
        let tested = project.camp(&["plugin", "test", &library]);
        assert_eq!(tested.exit, Some(0), "{name}: {}{}", tested.stdout, tested.stderr);
    }
}

/// The cases that a plugin fails, of those with such a name, and why.
fn failures(project: &Project, library: &str, name: &str) -> Vec<(String, String)> {
    let tested = project.camp(&["plugin", "test", library, "--format", "json", "--filter", name]);
    let cases: serde_json::Value = serde_json::from_str(&tested.stdout).unwrap();
    let wrong: Vec<(String, String)> = cases
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["ok"] == false)
        .map(|case| {
            let text = |key: &str| case[key].as_str().unwrap().to_owned();
            (text("case"), text("why"))
        })
        .collect();
    assert_eq!(tested.exit, Some(if wrong.is_empty() { 0 } else { 5 }), "{}", tested.stderr);
    wrong
}

#[test]
fn each_kind_of_fault_fails_its_case() {
    let project = Project::new();
    // Fault, the end of the case's name, words of what is wrong.
    let of_rows = [
        ("CRASHES_ON_WRONG_VALUES", "values of wrong types are refused in words", "signal"),
        ("SILENT", "values of wrong types are refused in words", "did not say why"),
        ("STDOUT", "unfit: rows: no rows", "standard output"),
        ("WRITES_A_FILE", "unfit: rows: one row", "changes the file"),
        ("EXITS", "unfit: rows: one row", "exit status: 3"),
        ("FORGETS_INPUT", "the host may let go at any time", "inputs were released"),
        ("SWALLOWS_ERRORS", "an input that breaks off breaks the output", "as if it were whole"),
        ("NEVER_STOPS", "it stops when it is asked to", "asked to stop"),
        ("BY_BATCH", "many rows", "other rows come with batches of 7"),
        ("NO_DOCS", "users are told everything", "has no documentation"),
        ("WRONG_EXAMPLE", "unfit: rows", "has other rows"),
        ("WRONG_ERROR_CODE", "unfit: too many", "is wanted"),
        ("WRONG_ERROR_PLACE", "unfit: too many", "is wanted"),
        ("TOUCHES_OLD_HOST", "older and newer hosts are served or refused", "signal"),
    ];
    let of_plans = [
        ("PLAN_WITH_COUNTER", "one call has one plan", "not always the same"),
        ("PLAN_ANY_ROW", "many rows", "order of the input"),
        ("PLAN_LOSES_ROWS", "one row", "is in no output"),
        ("PLAN_DUPLICATES", "many rows", "is there twice"),
        ("PLAN_UNQUOTED", "columns with odd names", "syntax error"),
    ];
    for (name, faults) in [("unfit", &of_rows[..]), ("unfit_sql", &of_plans[..])] {
        let source = format!("fixtures/unfit/{name}.c");
        let good = compiled(&project, &source, name, &[]);
        assert_eq!(failures(&project, &good, ""), [], "{name} without a fault");
        for (fault, case, words) in faults {
            let library = compiled(&project, &source, name, &[&format!("FAULT_{fault}")]);
            let found = failures(&project, &library, case);
            assert!(
                found.iter().any(|(name, why)| name.ends_with(case) && why.contains(words)),
                "{fault}: {found:#?}"
            );
        }
    }
}

#[test]
fn a_report_for_build_servers_counts_the_cases() {
    let project = Project::new();
    let report = project.path("report.xml").to_string_lossy().into_owned();
    let tested = project.camp(&["plugin", "test", "sample", "--junit", &report]);
    assert_eq!(tested.exit, Some(0), "{}", tested.stderr);
    let xml = std::fs::read_to_string(report).unwrap();
    let cases = xml.matches("<testcase ").count();
    assert!(xml.contains(&format!("tests=\"{cases}\" failures=\"0\"")), "{xml}");
    assert_eq!(cases, tested.stdout.lines().count());

    let some = project.camp(&["plugin", "test", "sample", "--filter", "one row"]);
    assert_eq!(some.stdout.lines().count(), 1, "{}", some.stdout);
}
