//! What somebody who runs Camp every night needs: room again, logs and records for other programs.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::project::{Project, Ran};

/// Audiences over ten people: `Kept` for ever, `Short` for a day, `Base` for a day and read by `Kept`.
fn project() -> Project {
    let project = Project::new();
    project.sql("CREATE TABLE p AS SELECT i AS id FROM range(10) r(i)");
    project.write(
        "a.camp",
        "param n: int\ndimension p = p key id\na = build audience from p where id < n\n\
         b = read audience \"Base\"\nsave audience a as \"Base\" expires in 1 day\n\
         save audience a as \"Short\" expires in 1 day\nsave audience b as \"Kept\"\n",
    );
    project.write(
        "first.camp",
        "dimension p = p key id\na = build audience from p\nsave audience a as \"Base\"\n",
    );
    project.run_well("first.camp");
    for n in 1..=6 {
        let ran =
            project.camp(&["run", "a.camp", "--set", &format!("n={n}"), "--as-of", "2025-06-01"]);
        assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    }
    project
}

fn vacuum(project: &Project, args: &[&str]) -> Value {
    let ran = project.camp(&[&["vacuum", "--format", "json"], args].concat());
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn vacuum_forgets_old_versions_and_the_rest_is_told_as_before() {
    let project = project();
    let members = |version: &str| {
        project.camp(&["audiences", "members", "Short", "--version", version, "--format", "csv"])
    };
    let before: Vec<String> = ["5", "6"].map(|v| members(v).stdout).into();
    let would = vacuum(&project, &["--versions", "2", "--dry-run"]);
    assert_eq!(project.rows("SELECT count(*) FROM camp.camp.version"), ["19"]);
    // Seven versions of Base, six of the others: five and four and four go.
    assert_eq!(would["versions"], 13);
    let did = vacuum(&project, &["--versions", "2"]);
    assert_eq!(did["versions"], 13);
    assert_eq!(
        project
            .rows("SELECT label, oldest_version, version FROM camp.camp.audience ORDER BY label"),
        ["Base|6|7", "Kept|5|6", "Short|5|6"]
    );
    assert_eq!(project.rows("SELECT count(*) FROM camp.camp.version"), ["6"]);
    let after: Vec<String> = ["5", "6"].map(|v| members(v).stdout).into();
    assert_eq!(before, after);
    assert_eq!(before[0].lines().count(), 6, "{}", before[0]);
    let gone = members("4");
    assert!(gone.exit == Some(4) && gone.stderr.contains("from 5 to 6"), "{gone:?}");
    // Nothing more to do, and the next version counts on.
    assert_eq!(vacuum(&project, &["--versions", "2"])["versions"], 0);
    let ran = project.camp(&["run", "a.camp", "--set", "n=9", "--as-of", "2025-06-01"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    assert_eq!(project.rows("SELECT count(*) FROM audience.\"Short\""), ["9"]);
    assert_eq!(
        project.rows("SELECT version, entered, left_count FROM camp.camp.version WHERE version = 7 ORDER BY ALL"),
        ["7|1|0", "7|1|0", "7|3|0"]
    );
}

#[test]
fn vacuum_drops_expired_audiences_unless_others_were_computed_from_them() {
    let project = project();
    let did = vacuum(&project, &["--expired"]);
    assert_eq!(did["audiences"], serde_json::json!(["Short"]));
    assert_eq!(did["needed"][0]["label"], "Base");
    assert_eq!(did["needed"][0]["read_by"], serde_json::json!(["Kept"]));
    assert_eq!(
        project.rows("SELECT label FROM camp.camp.audience ORDER BY label"),
        ["Base", "Kept"]
    );
    assert_eq!(
        project.rows(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'audience' ORDER BY 1"
        ),
        ["Base", "Kept"]
    );
    assert_eq!(
        project.rows("SELECT DISTINCT audience FROM camp.camp.membership ORDER BY 1"),
        ["Base", "Kept"]
    );
    // It is in the record of runs.
    assert_eq!(
        project.rows("SELECT command, status FROM camp.camp.run ORDER BY sequence DESC LIMIT 1"),
        ["vacuum --expired|done"]
    );
}

#[test]
fn vacuum_forgets_runs_that_nothing_needs() {
    let project = project();
    // Nothing that old; all that wrote a version that is kept.
    assert_eq!(vacuum(&project, &["--runs", "30"])["runs"], 0);
    assert_eq!(vacuum(&project, &["--runs", "0"])["runs"], 0, "the newest stays");
    vacuum(&project, &["--versions", "1"]);
    // Six runs wrote versions that are forgotten now; of three vacuums the newest stays.
    let did = vacuum(&project, &["--runs", "0"]);
    assert_eq!(did["runs"], 8);
    assert_eq!(
        project.rows(
            "SELECT count(*) FROM camp.camp.step s ANTI JOIN camp.camp.run r ON r.id = s.run"
        ),
        ["0"]
    );
    let listed = project.camp(&["runs", "list"]);
    assert_eq!(listed.exit, Some(0), "{}", listed.stderr);
    let ran = project.camp(&["run", "a.camp", "--set", "n=3", "--as-of", "2025-06-02"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
}

#[test]
fn vacuum_must_be_told_what() {
    let project = project();
    assert_eq!(project.camp(&["vacuum"]).exit, Some(2));
    assert_eq!(project.camp(&["vacuum", "--versions", "0"]).exit, Some(2));
}

fn lines(ran: &Ran) -> Vec<Value> {
    ran.stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect()
}

#[test]
fn a_log_is_one_object_a_line_from_start_to_end() {
    let project = project();
    let ran = project.camp(&[
        "run",
        "a.camp",
        "--log",
        "json",
        "--format",
        "json",
        "--as-of",
        "2025-06-01",
        "--set",
        "n=2",
    ]);
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    let lines = lines(&ran);
    for line in &lines {
        let time: jiff::Timestamp = line["time"].as_str().unwrap().parse().unwrap();
        assert!(time > jiff::Timestamp::UNIX_EPOCH);
        assert!(["info", "warning", "error"].contains(&line["level"].as_str().unwrap()), "{line}");
    }
    let events: Vec<&str> = lines.iter().map(|l| l["event"].as_str().unwrap()).collect();
    assert_eq!((events[0], events[events.len() - 1]), ("start", "end"));
    let kinds: BTreeSet<&str> = events.iter().copied().collect();
    for kind in ["planned", "step", "committing", "saved", "run"] {
        assert!(kinds.contains(kind), "{kind} is not among {kinds:?}");
    }
    assert!(!ran.stderr.contains("n=2"), "values of parameters may be secrets");
    let saved = lines.iter().find(|l| l["event"] == "saved" && l["label"] == "Short").unwrap();
    assert_eq!(
        (&saved["was"], &saved["now"], &saved["left"], &saved["version"]),
        (&6.into(), &2.into(), &4.into(), &7.into())
    );
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(saved["run"], report["run_id"]);
    let end = lines.last().unwrap();
    assert_eq!((&end["exit"], &end["level"]), (&0.into(), &"info".into()));
}

#[test]
fn a_log_has_what_went_wrong_and_the_exit_code() {
    let project = project();
    project.write("bad.camp", "a = build audience from nowhere\nsave audience a as \"x\"\n");
    let ran = project.camp(&["run", "bad.camp", "--log", "json"]);
    assert_eq!(ran.exit, Some(1));
    let lines = lines(&ran);
    let message = lines.iter().find(|l| l["event"] == "message" && l["level"] == "error").unwrap();
    assert_eq!((&message["file"], &message["line"]), (&"bad.camp".into(), &1.into()));
    assert!(message["code"].as_str().unwrap().starts_with('E') && message["title"].is_string());
    let end = lines.last().unwrap();
    assert_eq!(
        (&end["event"], &end["exit"], &end["level"]),
        (&"end".into(), &1.into(), &"error".into())
    );
}

#[test]
fn the_record_of_a_run_is_one_object_for_other_programs() {
    let project = project();
    let shown = project.camp(&["runs", "show", "--format", "json"]);
    let record: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(record["schema_version"], 1);
    assert_eq!((&record["status"], &record["command"]), (&"done".into(), &"run".into()));
    assert_eq!(record["saves"].as_array().unwrap().len(), 3);
    assert_eq!(record["files"], serde_json::json!(["a.camp"]));
    for instant in ["started", "finished", "as_of"] {
        record[instant].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    }
}
