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

#[test]
fn vacuum_gives_a_list_as_csv() {
    let project = project();
    let told = |args: &[&str]| {
        let ran = project.camp(&[&["vacuum", "--format", "csv"], args].concat());
        assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
        ran.stdout
    };
    let all = ["--expired", "--versions", "2", "--dry-run"];
    let before = told(&all);
    let lines: Vec<&str> = before.lines().collect();
    assert_eq!(lines[..2], ["what,label,count,read_by", "audience,Short,1,"]);
    assert_eq!(lines[2], "needed,Base,0,\"[\"\"Kept\"\"]\"");
    assert!(lines[3].starts_with("versions,,") && lines[4] == "runs,,0,", "{before}");
    assert_eq!(lines.len(), 5);
    assert_eq!(told(&all[..3]).lines().collect::<Vec<_>>(), lines, "the preview tells the truth");
    assert_eq!(
        told(&all[..3]),
        "what,label,count,read_by\nneeded,Base,0,\"[\"\"Kept\"\"]\"\nversions,,0,\nruns,,0,\n"
    );
}

/// What a database says of its audiences, in an order of its own.
fn told(project: &Project) -> Vec<String> {
    let mut all = Vec::new();
    for line in [
        &["audiences", "list"][..],
        &["audiences", "members", "Short"],
        &["audiences", "members", "Short", "--version", "3"],
        &["audiences", "history", "Kept"],
        &["audiences", "diff", "Short", "2", "5"],
        &["runs", "list"],
    ] {
        let ran = project.camp(&[line, &["--format", "csv"]].concat());
        assert_eq!(ran.exit, Some(0), "{line:?}: {}", ran.stderr);
        all.push(ran.stdout);
    }
    all
}

/// The three ways of docs/operations.md.
#[test]
fn a_backup_restored_tells_all_it_knew_and_runs_go_on_from_it() {
    for way in ["publish", "engine", "file"] {
        let project = project();
        let backup = project.path("backup.duckdb");
        match way {
            "publish" => {
                project.write("camp.toml", "timezone = \"UTC\"\npublish = \"backup.duckdb\"\n");
                project.run_well("first.camp");
            }
            "engine" => {
                let db = duckdb::Connection::open_in_memory().unwrap();
                db.execute_batch(&format!(
                    "ATTACH '{}' AS shop (READ_ONLY); ATTACH '{}' AS backup; \
                     COPY FROM DATABASE shop TO backup",
                    project.database().display(),
                    backup.display()
                ))
                .unwrap();
            }
            _ => drop(std::fs::copy(project.database(), &backup).unwrap()),
        }
        let before = told(&project);
        project.write("camp.toml", "timezone = \"UTC\"\n");
        // What came after the backup, and a log that belongs to what is lost.
        let ran = project.camp(&["run", "a.camp", "--set", "n=9", "--as-of", "2025-06-01"]);
        assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
        assert_ne!(told(&project), before, "{way}");
        std::fs::rename(&backup, project.database()).unwrap();
        let log = project.path("camp.duckdb.wal");
        let _ = std::fs::remove_file(&log);
        assert_eq!(told(&project), before, "{way}");
        // Versions and runs count on, and members stay who they were.
        let newest = project.rows("SELECT max(sequence) FROM camp.camp.run").remove(0);
        let ran = project.camp(&["run", "a.camp", "--set", "n=2", "--as-of", "2025-06-01"]);
        assert_eq!(ran.exit, Some(0), "{way}: {}", ran.stderr);
        assert_eq!(
            project.rows(
                "SELECT v.version, v.size, v.left_count FROM camp.camp.version v JOIN camp.camp.audience a \
                 ON a.id = v.audience WHERE a.label = 'Short' AND v.version = a.version"
            ),
            ["7|2|4"],
            "{way}"
        );
        let next: u64 = newest.parse::<u64>().unwrap() + 1;
        assert_eq!(project.rows("SELECT max(sequence) FROM camp.camp.run"), [next.to_string()]);
        assert_eq!(
            project.rows("SELECT key FROM camp.camp.membership WHERE audience = 'Short' AND left_at IS NULL ORDER BY 1"),
            ["0", "1"],
            "{way}"
        );
    }
}

#[test]
fn a_newer_catalogue_is_refused_by_every_command_and_left_as_it_is() {
    let project = project();
    project.sql("UPDATE camp.camp.meta SET version = 99");
    let before = std::fs::read(project.database()).unwrap();
    for line in [
        &["run", "first.camp"][..],
        &["plan", "first.camp"],
        &["check", "first.camp"],
        &["audiences", "list"],
        &["audiences", "members", "Base"],
        &["audiences", "drop", "Base", "--force"],
        &["audiences", "restore", "Base", "1"],
        &["runs", "list"],
        &["runs", "show"],
        &["vacuum", "--expired"],
    ] {
        let ran = project.camp(line);
        assert_eq!(ran.exit, Some(4), "{line:?}: {ran:?}");
        assert!(
            ran.stderr.contains("E0550") && ran.stderr.contains("99"),
            "{line:?}: {}",
            ran.stderr
        );
        assert_eq!(std::fs::read(project.database()).unwrap(), before, "{line:?} changed it");
    }
}

#[test]
fn a_file_of_an_older_engine_is_read_and_one_of_a_newer_engine_refused() {
    let project = Project::new();
    project.write(
        "a.camp",
        "dimension p = p key id\na = build audience from p\nsave audience a as \"a\"\n",
    );
    // The oldest form that the engine can write: that of its version 1.0.
    let db = duckdb::Connection::open_in_memory().unwrap();
    db.execute_batch(&format!(
        "ATTACH '{}' AS old (STORAGE_VERSION 'v1.0.0'); \
         CREATE TABLE old.p AS SELECT i AS id FROM range(3) r(i)",
        project.database().display()
    ))
    .unwrap();
    drop(db);
    project.run_well("a.camp");
    assert_eq!(project.rows("SELECT count(*) FROM audience.a"), ["3"]);
    // The number of the form stands behind a checksum of 8 bytes and the word DUCK.
    let mut bytes = std::fs::read(project.database()).unwrap();
    assert_eq!(&bytes[8..12], b"DUCK");
    bytes[12..20].copy_from_slice(&9999u64.to_le_bytes());
    std::fs::write(project.database(), &bytes).unwrap();
    for line in [["run", "a.camp"], ["plan", "a.camp"], ["audiences", "list"]] {
        let ran = project.camp(&line);
        assert_eq!(ran.exit, Some(4), "{line:?}: {ran:?}");
        assert!(ran.stderr.contains("E0504") || ran.stderr.contains("E0503"), "{}", ran.stderr);
    }
    assert_eq!(std::fs::read(project.database()).unwrap(), bytes, "it was changed");
}

/// The table of docs/operations.md, but for 130, which `commands` holds.
#[test]
fn each_exit_code_says_what_the_documentation_says() {
    let project = project();
    let over = "dimension p = p key id\na = build audience from p\n";
    project.write("bad.camp", "a = build audience from nowhere\nsave audience a as \"x\"\n");
    project.write("guard.camp", &format!("{over}expect count(a) > 99\nsave audience a as \"x\"\n"));
    project.write(
        "data.camp",
        "dimension d = \"no.csv\" key id\na = build audience from d\nsave audience a as \"x\"\n",
    );
    let theirs = project.path(".camp/plugins/evil");
    std::fs::create_dir_all(&theirs).unwrap();
    std::fs::write(theirs.join("libcamp_evil.so"), b"\x7fELF").unwrap();
    project
        .write("plugin.camp", &format!("use evil\n{over}b = evil a\nsave audience b as \"x\"\n"));
    for (exit, line) in [
        (0, &["run", "first.camp"][..]),
        (1, &["run", "bad.camp"]),
        (2, &["run", "first.camp", "--no-such-option"]),
        (3, &["run", "guard.camp"]),
        (4, &["run", "data.camp"]),
        (5, &["run", "plugin.camp"]),
    ] {
        let ran = project.camp(line);
        assert_eq!(ran.exit, Some(exit), "{line:?}: {}", ran.stderr);
        // The scheduler's last line says the same, but where the line itself was wrong.
        if exit != 2 {
            let logged = project.camp(&[line, &["--log", "json"]].concat());
            assert_eq!(lines(&logged).last().unwrap()["exit"], exit, "{line:?}");
        }
    }
    let audiences = project.rows("SELECT count(*) FROM camp.camp.audience WHERE label = 'x'");
    assert_eq!(audiences, ["0"], "something was saved");
}

#[test]
fn publish_replaces_nothing_but_a_copy_of_before() {
    let project = project();
    let script = std::fs::read_to_string(project.path("first.camp")).unwrap();
    project.write("own.csv", "id\n1\n");
    std::fs::create_dir(project.path("folder")).unwrap();
    let before = project.rows("SELECT count(*) FROM camp.camp.run");
    for (target, why) in [
        ("first.camp", "is no database"),
        ("own.csv", "is no database"),
        ("camp.toml", "is no database"),
        ("folder", "is a folder"),
        ("camp.duckdb", "is the project's own database"),
    ] {
        project.write("camp.toml", &format!("timezone = \"UTC\"\npublish = \"{target}\"\n"));
        let settings = std::fs::read(project.path("camp.toml")).unwrap();
        for command in ["run", "plan"] {
            let ran = project.camp(&[command, "first.camp"]);
            assert_eq!(ran.exit, Some(2), "{target}: {ran:?}");
            assert!(ran.stderr.contains("E0703") && ran.stderr.contains(why), "{}", ran.stderr);
        }
        assert_eq!(std::fs::read(project.path("camp.toml")).unwrap(), settings);
    }
    assert_eq!(std::fs::read_to_string(project.path("first.camp")).unwrap(), script);
    assert_eq!(std::fs::read_to_string(project.path("own.csv")).unwrap(), "id\n1\n");
    assert_eq!(project.rows("SELECT count(*) FROM camp.camp.run"), before);
    // A database that the campaign reads is somebody else's.
    let db = crate::support::database::open(&project.path("crm.duckdb")).unwrap();
    db.execute_batch("CREATE TABLE t AS SELECT 1 AS id").unwrap();
    drop(db);
    project.write("camp.toml", "timezone = \"UTC\"\npublish = \"crm.duckdb\"\n");
    project.write(
        "crm.camp",
        "database crm = \"crm.duckdb\"\ndimension t = crm.main.t key id\na = build audience from t\n\
         save audience a as \"crm\"\n",
    );
    let ran = project.run("crm.camp");
    assert!(ran.exit == Some(0) && ran.stderr.contains("W0951"), "{ran:?}");
    let db = crate::support::database::open(&project.path("crm.duckdb")).unwrap();
    let count: i64 = db.query_row("SELECT count(*) FROM t", [], |r| r.get(0)).unwrap();
    assert_eq!(count, 1, "it was replaced");
    drop(db);
    // A new name, an empty file and a copy of before are fine; nothing is left beside them.
    project.write("empty.duckdb", "");
    for target in ["new.duckdb", "new.duckdb", "empty.duckdb"] {
        project.write("camp.toml", &format!("timezone = \"UTC\"\npublish = \"{target}\"\n"));
        let ran = project.run("first.camp");
        assert!(ran.exit == Some(0) && !ran.stderr.contains("W0951"), "{target}: {ran:?}");
    }
    assert!(project.files().iter().all(|f| !f.contains(".part")), "{:?}", project.files());
}

#[test]
fn more_threads_than_any_machine_has_are_refused() {
    let project = project();
    for threads in ["0", "1025", "100000", "99999999999"] {
        project.write("camp.toml", &format!("timezone = \"UTC\"\nthreads = {threads}\n"));
        let ran = project.camp(&["run", "first.camp"]);
        assert!(ran.exit == Some(2) && ran.stderr.contains("E0703"), "{threads}: {ran:?}");
        project.write("camp.toml", "timezone = \"UTC\"\n");
        assert_eq!(project.camp(&["run", "first.camp", "--threads", threads]).exit, Some(2));
    }
}

/// The blocks of docs/operations.md in a language.
fn documented(language: &str) -> Vec<String> {
    let text = include_str!("../../docs/operations.md");
    let blocks = text.split("```").skip(1).step_by(2);
    let of = |block: &str| Some(block.strip_prefix(language)?.strip_prefix('\n')?.to_owned());
    blocks.filter_map(of).collect()
}

#[test]
fn the_units_of_the_documentation_are_what_systemd_understands() {
    let units = documented("ini");
    assert_eq!(units.len(), 3);
    if std::process::Command::new("systemd-analyze").arg("--version").output().is_err() {
        eprintln!("SKIPPED: systemd-analyze is not installed, so no unit was tried");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    for unit in units {
        let path = unit.lines().next().unwrap().trim_start_matches("# ");
        let name = path.rsplit('/').next().unwrap();
        // What the machine of the reader has, and this one need not.
        let unit = unit
            .replace("/usr/local/bin/camp", "/bin/true")
            .replace("User=camp", "User=root")
            .replace("/srv/shop", "/");
        std::fs::write(folder.path().join(name), unit).unwrap();
        names.push(folder.path().join(name.replace("@.", "@x.")));
    }
    std::fs::copy(folder.path().join("camp-alert@.service"), &names[2]).unwrap();
    let ran =
        std::process::Command::new("systemd-analyze").arg("verify").args(&names).output().unwrap();
    let ran = Ran::of(ran);
    // It may also speak of the units of this machine.
    let said: Vec<&str> = ran.stderr.lines().filter(|l| l.contains("camp-")).collect();
    assert!(said.is_empty(), "{said:?}");
}

#[test]
fn the_script_of_the_documentation_speaks_only_when_somebody_has_to_act() {
    let project = project();
    let script = documented("sh").into_iter().find(|s| s.contains("camp-night")).unwrap();
    let camp = std::path::Path::new(env!("CARGO_BIN_EXE_camp")).parent().unwrap();
    let path = format!("{}:{}", camp.display(), std::env::var("PATH").unwrap());
    project.write("night.sh", &script);
    let over = "dimension p = p key id\na = build audience from p\n";
    project.write("guard.camp", &format!("{over}expect count(a) > 99\nsave audience a as \"x\"\n"));
    project.write("bad.camp", "a = build audience from nowhere\nsave audience a as \"x\"\n");
    for (file, says) in [
        ("first.camp", ""),
        ("guard.camp", "A guard stopped guard.camp"),
        ("bad.camp", "bad.camp failed:"),
    ] {
        let ran = std::process::Command::new("sh")
            .args(["night.sh", file])
            .current_dir(project.path(""))
            .env("PATH", &path)
            .output()
            .unwrap();
        let ran = Ran::of(ran);
        assert_eq!(ran.stdout.is_empty(), says.is_empty(), "{ran:?}");
        assert!(ran.stdout.starts_with(says) && ran.stderr.is_empty(), "{ran:?}");
        assert!(file != "bad.camp" || ran.stdout.contains("E0"), "{ran:?}");
    }
}
