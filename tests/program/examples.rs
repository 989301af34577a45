//! Every example runs and finds whom it says it finds. The numbers come from
//! `examples/data/expected.py`, which reads the files row by row and knows nothing of Camp.

use std::collections::BTreeMap;
use std::path::Path;

use camp::diagnostic::render;
use camp::run::report::{RunReport, Status};
use camp::session::{Session, Settings};

/// The examples in a folder of their own, so that they can write.
pub fn examples() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for folder in ["", "data", "templates"] {
        std::fs::create_dir_all(dir.path().join(folder)).unwrap();
        for entry in std::fs::read_dir(from.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let kept = path.extension().is_some_and(|e| e == "camp" || e == "csv" || e == "html");
            if kept && path.is_file() {
                let to = dir.path().join(folder).join(path.file_name().unwrap());
                std::fs::copy(&path, to).unwrap();
            }
        }
    }
    dir
}

/// Runs one example at midnight of a day in Paris.
fn run(dir: &tempfile::TempDir, file: &str, day: &str) -> RunReport {
    let as_of = format!("{day}T00:00:00[Europe/Paris]").parse::<jiff::Zoned>().unwrap();
    let mut session = Session::new(Settings {
        database: Some(dir.path().join("camp.duckdb")),
        as_of: Some(as_of.timestamp()),
        ..Settings::default()
    });
    let files = [dir.path().join(file).display().to_string()];
    let report = session.run(&files, &mut |_| {}).unwrap_or_else(|found| {
        let found = found.sorted();
        let text: String = found
            .iter()
            .map(|d| render::render(d, &session.sources, &render::Options::default()))
            .collect();
        panic!("{file}:\n{text}")
    });
    assert_eq!(report.status, Status::Done);
    report
}

/// The transitions of a run with their rows.
fn rows(report: &RunReport) -> BTreeMap<&str, u64> {
    let all = report.steps.iter().flat_map(|s| &s.transitions);
    all.filter_map(|t| Some((t.name.as_str(), t.rows?))).collect()
}

/// Members before and after, entered and left, of each save.
fn saves(report: &RunReport) -> Vec<(&str, [u64; 4])> {
    report.saves.iter().map(|s| (s.label.as_str(), [s.was, s.now, s.entered, s.left])).collect()
}

#[test]
fn first_audience() {
    let dir = examples();
    let report = run(&dir, "01_first_audience.camp", "2026-11-24");
    assert_eq!(saves(&report), [("French newsletter", [0, 66, 66, 0])]);
    assert_eq!(report.saves[0].dimension_size, Some(320));
}

#[test]
fn win_back() {
    let dir = examples();
    let report = run(&dir, "02_win_back.camp", "2026-11-24");
    let rows = rows(&report);
    for (name, expected) in
        [("lapsed", 112), ("opted_out", 110), ("reachable", 76), ("suppressed", 36)]
    {
        // A transition that nothing needs is not counted.
        if let Some(found) = rows.get(name) {
            assert_eq!(*found, expected, "{name}");
        }
    }
    assert_eq!(saves(&report), [("Lapsed buyers, reachable", [0, 76, 76, 0])]);
    let file = std::fs::read_to_string(dir.path().join("out/lapsed_buyers.csv")).unwrap();
    let mut lines = file.lines();
    assert_eq!(lines.next(), Some("customer_id,email,lifetime_value"));
    assert_eq!(lines.clone().count(), 76);
    assert!(lines.all(|line| line.len() > 7 && line.starts_with("000")), "{file}");
}

#[test]
fn combine_and_guard() {
    let dir = examples();
    let report = run(&dir, "03_combine_and_guard.camp", "2026-11-24");
    assert_eq!(
        saves(&report),
        [("Spring sale, early access", [0, 11, 11, 0]), ("Spring sale", [0, 99, 99, 0])]
    );
    let rows = rows(&report);
    assert_eq!((rows["reachable"], rows["blocked"], rows["invited"]), (125, 15, 110));
    let file = std::fs::read_to_string(dir.path().join("out/spring_sale.csv")).unwrap();
    assert_eq!(file.lines().count(), 111);
}

#[test]
fn history() {
    let dir = examples();
    let first = run(&dir, "04_history.camp", "2026-08-01");
    assert_eq!(
        saves(&first),
        [
            ("Club", [0, 42, 42, 0]),
            ("Club, welcome", [0, 42, 42, 0]),
            ("Club, goodbye", [0, 0, 0, 0])
        ]
    );
    let second = run(&dir, "04_history.camp", "2026-11-24");
    assert_eq!(saves(&second)[0], ("Club", [42, 47, 17, 12]));
    assert_eq!((second.saves[1].now, second.saves[2].now), (17, 12));
}

#[test]
fn all_examples_are_run_by_a_test() {
    let this = include_str!("examples.rs");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".camp") && name != "model.camp" {
            assert!(this.contains(&format!("\"{name}\"")), "{name} is run by no test");
        }
    }
}

/// Runs an example through the binary: its plugins lie beside it.
fn through_the_binary(file: &str, options: &[&str]) -> RunReport {
    let dir = examples();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_camp"))
        .current_dir(dir.path())
        .args(["run", file, "--as-of", "2026-11-24", "--format", "json"])
        .args(options)
        .env_remove("CAMP_SMTP_URL")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn control_group() {
    let report = through_the_binary("05_control_group.camp", &[]);
    let rows = rows(&report);
    // A tenth of 191, rounded half up.
    for (name, expected) in
        [("writable", 198), ("unique", 191), ("doubles", 7), ("control", 19), ("mailed", 172)]
    {
        assert_eq!(rows.get(name), Some(&expected), "{name}");
    }
}

#[test]
fn birthday_mail() {
    let report = through_the_binary("06_birthday_mail.camp", &["--dry-run"]);
    assert_eq!(rows(&report).get("soon"), Some(&14));
    let delivery = &report.deliveries[0];
    assert_eq!((delivery.rows, delivery.checked, delivery.failed, delivery.sent), (14, 14, 0, 0));
}
