use clap::Parser;

use super::super::output::Format;
use super::super::{Cli, Command as Top, runs};
use super::*;
use crate::activity::save_audience::Update;
use crate::catalogue::Catalogue;
use crate::catalogue::commit::{RunRecord, commit};
use crate::catalogue::stage::{Save, stage};
use crate::engine::duckdb::{EngineOptions, Session};
use crate::model::schema::Column;
use crate::model::types::Type;
use crate::source::Span;

/// A project with two audiences: `VIP` in two versions, `Newsletter` in one.
fn project() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let database = Some(dir.path().join("camp.duckdb"));
    let store = Session::open(&EngineOptions { database, ..EngineOptions::default() }).unwrap();
    let save = |number: usize, label: &str, rows: &str, reads: &[&str]| {
        if store.project_exists() {
            store.attach_project(true).unwrap();
        }
        let catalogue = Catalogue::load(&store).unwrap();
        store
            .execute(&format!(
                "CREATE TEMP TABLE input_{number} AS SELECT * FROM (VALUES {rows}) t(id, email)"
            ))
            .unwrap();
        let column = |name: &str, ty, nullable| Column { name: name.into(), ty, nullable };
        let save = Save {
            label: label.into(),
            label_span: Span::default(),
            staged: format!("input_{number}"),
            key: vec![column("id", Type::Int, false)],
            columns: vec![column("id", Type::Int, false), column("email", Type::Text, true)],
            dimension: "customers".into(),
            update: Update::Replace,
            must_exist: false,
            expires: None,
            retain: None,
            campaign: "Spring".into(),
            reads: reads.iter().map(|r| (*r).to_owned()).collect(),
            doc: None,
        };
        let at: jiff::Timestamp = format!("2026-11-0{number}T09:00:00Z").parse().unwrap();
        let run = RunRecord {
            id: format!("run-{number}"),
            command: "run".into(),
            started: at,
            as_of: at,
            timezone: "UTC".into(),
            campaigns: vec!["Spring".into()],
            files: vec!["spring.camp".into()],
            strict: false,
            steps: vec![],
        };
        let mut saves = [stage(&store, &catalogue, &save, 0).unwrap()];
        commit(&store, &catalogue, &run, &mut saves, &mut |c, s| stage(&store, c, &s.save, 0))
            .unwrap();
    };
    save(1, "VIP", "(1, 'a@x'), (2, NULL), (3, 'c@x')", &[]);
    save(2, "VIP", "(2, NULL), (3, 'c@x'), (4, 'd@x'), (5, 'e@x')", &[]);
    save(3, "Newsletter", "(4, 'd@x'), (9, 'n@x')", &["VIP"]);
    dir
}

/// Runs a command on the project; gives the exit code and everything printed.
fn camp(dir: &tempfile::TempDir, format: Format, line: &[&str]) -> (u8, String) {
    let db = dir.path().join("camp.duckdb");
    let args = ["camp"].iter().chain(line).map(|a| (*a).to_owned());
    let args = args.chain(["--db".to_owned(), db.display().to_string()]);
    let cli = Cli::try_parse_from(args).unwrap();
    let (mut out, captured) = Output::captured(format);
    let exit = match cli.command {
        Top::Audiences(command) => run(command, &mut out),
        Top::Runs(command) => runs::run(command, &mut out),
        other => panic!("{other:?}"),
    };
    (exit.0, captured.take())
}

fn text(dir: &tempfile::TempDir, line: &[&str]) -> Vec<String> {
    let (exit, text) = camp(dir, Format::Text, line);
    assert_eq!(exit, 0, "{text}");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn the_list_has_every_audience() {
    let dir = project();
    assert_eq!(
        camp(&dir, Format::Csv, &["audiences", "list"]).1,
        "label,dimension,size,version,updated,campaign,expires\n\
         Newsletter,customers,2,1,2026-11-03T09:00:00Z,Spring,\n\
         VIP,customers,4,2,2026-11-02T09:00:00Z,Spring,\n"
    );
}

#[test]
fn labels_are_found_in_any_case_and_a_wrong_one_suggests_the_near_one() {
    let dir = project();
    assert!(text(&dir, &["audiences", "show", "vip"]).contains(&"VIP".to_owned()));
    let (exit, said) = camp(&dir, Format::Text, &["audiences", "show", "VIPP"]);
    assert_eq!(exit, 4);
    assert!(said.contains("did you mean `VIP`?"), "{said}");
}

#[test]
fn show_tells_columns_and_who_reads_it() {
    let dir = project();
    let shown = text(&dir, &["audiences", "show", "VIP"]);
    for line in
        ["members    4 of customers", "key        id", "version    2", "read by    Newsletter"]
    {
        assert!(shown.contains(&line.to_owned()), "{shown:#?}");
    }
    let (_, json) = camp(&dir, Format::Json, &["audiences", "show", "VIP"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["columns"][1]["column"], "email");
    assert_eq!(json["size"], 4);
}

#[test]
fn members_are_those_of_the_version_asked_for() {
    let dir = project();
    assert_eq!(
        text(&dir, &["audiences", "members", "VIP"]),
        ["id  email", " 2", " 3  c@x", " 4  d@x", " 5  e@x"]
    );
    assert_eq!(
        camp(&dir, Format::Csv, &["audiences", "members", "VIP", "--version", "1"]).1,
        "id\n1\n2\n3\n"
    );
    assert_eq!(
        text(&dir, &["audiences", "members", "VIP", "--limit", "1"]),
        ["id  email", " 2", "1 of 4; choose how many with `--limit`"]
    );
}

#[test]
fn history_counts_each_version_and_follows_one_member() {
    let dir = project();
    assert_eq!(
        camp(&dir, Format::Csv, &["audiences", "history", "VIP"]).1,
        "version,at,size,entered,left,changed,run\n\
         2,2026-11-02T09:00:00Z,4,2,1,0,run-2\n\
         1,2026-11-01T09:00:00Z,3,3,0,0,run-1\n"
    );
    let stays = camp(&dir, Format::Csv, &["audiences", "history", "VIP", "4"]).1;
    assert_eq!(stays, "entered,entered_version,left,left_version\n2026-11-02T09:00:00Z,2,,\n");
}

#[test]
fn diff_shows_who_entered_and_who_left() {
    let dir = project();
    assert_eq!(
        text(&dir, &["audiences", "diff", "VIP"]),
        ["VIP, version 1 to 2", "", "2 entered", "id", " 4", " 5", "", "1 left", "id", " 1"]
    );
    assert_eq!(
        camp(&dir, Format::Csv, &["audiences", "diff", "VIP", "1", "2"]).1,
        "change,id\nentered,4\nentered,5\nleft,1\n"
    );
}

#[test]
fn overlap_counts_members_of_all_of_these_and_of_only_these() {
    let dir = project();
    // VIP: 2 3 4 5, Newsletter: 4 9.
    assert_eq!(
        text(&dir, &["audiences", "overlap", "VIP", "newsletter"]),
        [
            "members of              together  of the smallest  only these",
            "\"VIP\"                          4                            3",
            "\"Newsletter\"                   2                            1",
            "\"VIP\" and \"Newsletter\"         1             50 %           1",
            "",
            "5 in all",
        ]
    );
    let line = ["audiences", "overlap", "VIP", "newsletter"];
    assert_eq!(
        camp(&dir, Format::Csv, &line).1,
        "audiences,together,only\n\"[\"\"VIP\"\"]\",4,3\n\"[\"\"Newsletter\"\"]\",2,1\n\
         \"[\"\"VIP\"\",\"\"Newsletter\"\"]\",1,1\n"
    );
    let json: serde_json::Value = serde_json::from_str(&camp(&dir, Format::Json, &line).1).unwrap();
    assert_eq!(json["everybody"], 5);
    assert_eq!(json["audiences"][1], serde_json::json!({"label": "Newsletter", "size": 2}));
    assert_eq!(json["combinations"][2]["audiences"], serde_json::json!(["VIP", "Newsletter"]));
    let few = text(&dir, &["audiences", "overlap", "VIP", "newsletter", "--limit", "1"]);
    assert_eq!(few[2], "… and 2 more; choose how many with `--limit`");
}

#[test]
fn overlap_is_drawn_with_a_column_for_each_combination_of_some_members() {
    let dir = project();
    let line = ["audiences", "overlap", "VIP", "Newsletter", "--format", "svg"];
    let (exit, svg) = camp(&dir, Format::Text, &line);
    assert_eq!(exit, 0, "{svg}");
    // Three combinations of two audiences: six circles, four of them filled.
    assert_eq!(svg.matches("<circle").count(), 6, "{svg}");
    assert_eq!(svg.matches("class=\"dot\"").count(), 4, "{svg}");
    assert!(svg.contains("<title>&quot;VIP&quot; and &quot;Newsletter&quot;</title>"), "{svg}");
}

#[test]
fn history_ends_with_a_line_of_its_sizes_and_is_drawn() {
    let dir = project();
    let lines = text(&dir, &["audiences", "history", "VIP"]);
    // 3 of 4 are six eighths.
    assert_eq!(lines.last().unwrap(), "▆█");
    // One version is no history.
    assert_eq!(text(&dir, &["audiences", "history", "Newsletter"]).len(), 2);
    let (exit, svg) = camp(&dir, Format::Text, &["audiences", "history", "VIP", "--format", "svg"]);
    assert_eq!(exit, 0, "{svg}");
    assert!(svg.contains("version 2, 2026-11-02 09:00 UTC: 4 members, +2 −1 ~0"), "{svg}");
}

#[test]
fn two_audiences_are_compared_as_they_are_now() {
    let dir = project();
    assert_eq!(
        text(&dir, &["audiences", "diff", "vip", "--with", "newsletter"]),
        [
            "VIP, Newsletter: 1 in both",
            "",
            "3 only in VIP",
            "id",
            " 2",
            " 3",
            " 5",
            "",
            "1 only in Newsletter",
            "id",
            " 9",
        ]
    );
    let line = ["audiences", "diff", "VIP", "--with", "Newsletter"];
    assert_eq!(camp(&dir, Format::Csv, &line).1, "only_in,id\nVIP,2\nVIP,3\nVIP,5\nNewsletter,9\n");
    let json: serde_json::Value = serde_json::from_str(&camp(&dir, Format::Json, &line).1).unwrap();
    assert_eq!((&json["both"], &json["only_first"]), (&1.into(), &3.into()));
}

#[test]
fn export_writes_the_file_and_overwrites_only_when_told() {
    let dir = project();
    let file = dir.path().join("vip.csv");
    let path = file.display().to_string();
    text(&dir, &["audiences", "export", "VIP", &path]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "id,email\n2,\n3,c@x\n4,d@x\n5,e@x\n");
    let (exit, said) = camp(&dir, Format::Text, &["audiences", "export", "Newsletter", &path]);
    assert_eq!(exit, 2, "{said}");
    assert!(said.contains("E0709"), "{said}");
    text(&dir, &["audiences", "export", "Newsletter", &path, "--force"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "id,email\n4,d@x\n9,n@x\n");
    let left: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|f| f.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".part"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn export_never_replaces_the_database() {
    let dir = project();
    let link = dir.path().join("vip.csv");
    #[cfg(unix)]
    std::os::unix::fs::symlink(dir.path().join("camp.duckdb"), &link).unwrap();
    #[cfg(unix)]
    {
        let path = link.display().to_string();
        let (exit, said) =
            camp(&dir, Format::Text, &["audiences", "export", "VIP", &path, "--force"]);
        assert_eq!(exit, 2, "{said}");
        assert!(said.contains("is the database"), "{said}");
    }
    assert_eq!(text(&dir, &["audiences", "members", "VIP"]).len(), 5);
}

#[test]
fn restore_makes_a_new_version_of_old_members() {
    let dir = project();
    assert_eq!(
        text(&dir, &["audiences", "restore", "vip", "1"]),
        ["restored \"VIP\" version 1 as version 3: now 3, +1 −2"]
    );
    let members = camp(&dir, Format::Csv, &["audiences", "members", "VIP"]).1;
    assert_eq!(members, "id,email\n1,\n2,\n3,c@x\n");
    let runs = text(&dir, &["runs", "list"]);
    assert!(runs[1].contains("restore \"VIP\" version 1"), "{runs:#?}");
}

#[test]
fn an_audience_that_others_read_is_dropped_only_by_force() {
    let dir = project();
    let (exit, said) = camp(&dir, Format::Text, &["audiences", "drop", "VIP"]);
    assert_ne!(exit, 0, "{said}");
    assert!(said.contains("Newsletter"), "{said}");
    assert_eq!(text(&dir, &["audiences", "drop", "VIP", "--force"]), ["dropped \"VIP\""]);
    assert!(camp(&dir, Format::Csv, &["audiences", "list"]).1.lines().count() == 2);
}

#[test]
fn runs_are_listed_newest_first_and_shown_by_the_start_of_their_id() {
    let dir = project();
    let listed = text(&dir, &["runs", "list", "--limit", "2"]);
    assert!(listed[1].starts_with("run-3") && listed[2].starts_with("run-2"), "{listed:#?}");
    let last = text(&dir, &["runs", "show"]);
    assert!(last.contains(&"run        run-3".to_owned()), "{last:#?}");
    let (_, json) = camp(&dir, Format::Json, &["runs", "show", "run-2"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["saves"][0]["label"], "VIP");
    assert_eq!(json["saves"][0]["entered"], 2);
    let (exit, said) = camp(&dir, Format::Text, &["runs", "show", "nope"]);
    assert_eq!(exit, 4, "{said}");
}

#[test]
fn without_a_database_the_help_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let (exit, said) = camp(&dir, Format::Text, &["audiences", "list"]);
    assert_eq!(exit, 2);
    assert!(said.contains("E0714") && said.contains("run a campaign first"), "{said}");
}
