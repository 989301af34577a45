//! `camp plan` and the files it writes, as a shell sees them.

use std::iter::empty as nobody;

use super::commands::{Folder, Ran};

const SCRIPT: &str = "\
campaign \"French\" timezone \"UTC\"
dimension people = \"people.csv\" key id
param land: text = \"FR\"
french = build audience from people where country = land
save audience french as \"French\"
";

/// The numbers of these ids, in France.
fn people(french: impl Iterator<Item = u32>, others: impl Iterator<Item = u32>) -> String {
    let row = |land: &'static str| move |id: u32| format!("{id},{land}\n");
    let rows = french.map(row("FR")).chain(others.map(row("DE")));
    std::iter::once("id,country\n".to_owned()).chain(rows).collect()
}

fn write(folder: &Folder, name: &str, text: &str) {
    std::fs::write(folder.path().join(name), text).unwrap();
}

/// A folder whose audience has 1 to 20, of 40 people.
fn folder() -> Folder {
    let folder = Folder::new(&[("french.camp", SCRIPT), ("people.csv", &people(1..=20, 21..=40))]);
    done(&folder.camp(&["run", "french.camp"]));
    folder
}

fn done(ran: &Ran) {
    assert_eq!(ran.exit, 0, "{ran:#?}");
}

#[track_caller]
fn refused(ran: &Ran, words: &[&str]) {
    assert_eq!(ran.exit, 3, "{ran:#?}");
    // Messages are wrapped.
    let said = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ").replace("│ ", "");
    for words in words {
        assert!(said.contains(words), "`{words}` in {ran:#?}");
    }
}

#[test]
fn a_plan_says_who_enters_who_leaves_and_who_stays() {
    let folder = folder();
    // 19 and 20 leave, 21 to 24 enter.
    write(&folder, "people.csv", &(people(1..=18, 19..=20) + "21,FR\n22,FR\n23,FR\n24,FR\n"));
    let plan = folder.camp(&["plan", "french.camp", "--samples", "3"]);
    assert_eq!((plan.exit, plan.stderr.as_str()), (0, ""), "{plan:#?}");
    assert!(
        plan.stdout.contains(
            "would update \"French\": was 20, now 22 (92 % of people), +4 −2 ~0\n  stay: 18\n  \
             enter: id 21, 22, 23 and 1 more\n  leave: id 19, 20\n"
        ),
        "{plan:#?}"
    );
    let csv = folder.camp(&["plan", "french.camp", "--samples", "3", "--format", "csv"]);
    assert!(csv.stdout.ends_with(",2,false,,18,\"21, 22, 23\",\"19, 20\"\n"), "{csv:#?}");
    let json = folder.camp(&["plan", "french.camp", "--samples", "0", "--format", "json"]).json();
    let save = &json["saves"][0];
    assert_eq!((&save["unchanged"], &save["entering"]), (&18.into(), &serde_json::json!([])));
    assert_eq!(json["audiences"], serde_json::json!([{"label": "French", "version": 1}]));
}

#[test]
fn an_audience_that_shrinks_or_grows_beyond_a_limit_is_warned_of() {
    let folder = folder();
    // 12 of 20 leave: 60 %.
    write(&folder, "people.csv", &people(1..=8, 9..=40));
    let plan = |words: &[&str]| {
        let mut line = vec!["plan", "french.camp", "--messages", "concise"];
        line.extend(words);
        folder.camp(&line)
    };
    let warned = plan(&[]);
    done(&warned);
    assert!(warned.stderr.contains("\"French\" would lose 12 of its 20 members"), "{warned:#?}");
    assert_eq!(plan(&["--fail-on-warning"]).exit, 3);
    assert_eq!(plan(&["--warn-shrink", "60%", "--fail-on-warning"]).exit, 0);
    assert_eq!(plan(&["--warn-shrink", "half"]).exit, 2);
    write(&folder, "camp.toml", "warn_shrink = \"never\"\n");
    assert_eq!(plan(&["--fail-on-warning"]).exit, 0);
    assert_eq!(plan(&["--warn-shrink", "59.9%", "--fail-on-warning"]).exit, 3);
    // 41 enter where 20 were.
    write(&folder, "people.csv", &people(1..=61, 62..=63));
    assert!(plan(&[]).stderr.contains("has 20 members and would gain 41"));
}

#[test]
fn an_audience_that_becomes_empty_or_everybody_is_warned_of() {
    let folder = folder();
    let warnings = |data: &str| {
        write(&folder, "people.csv", data);
        folder.camp(&["plan", "french.camp", "--messages", "concise"]).stderr
    };
    let everybody = warnings(&people(1..=25, nobody()));
    assert!(everybody.contains("\"French\" would be everybody: all 25 of people"), "{everybody}");
    let empty = warnings(&people(nobody(), 1..=40));
    assert!(empty.contains("had 20 members and becomes empty"), "{empty}");
    // New and empty.
    let folder = Folder::new(&[("french.camp", SCRIPT), ("people.csv", "id,country\n1,DE\n")]);
    let new = folder.camp(&["plan", "french.camp", "--messages", "concise"]).stderr;
    assert!(new.contains("\"French\" would be new, and empty"), "{new}");
}

#[test]
fn a_run_does_what_its_plan_says_and_only_once() {
    let folder = folder();
    write(&folder, "people.csv", &people(1..=22, 23..=40));
    done(&folder.camp(&[
        "plan",
        "french.camp",
        "--set",
        "land=DE",
        "--as-of",
        "2026-11-24",
        "--save-plan",
        "p.json",
    ]));
    let ran = folder.camp(&["run", "--plan", "p.json"]);
    done(&ran);
    // With its parameter: 23 to 40.
    assert!(ran.stdout.contains("was 20, now 18"), "{ran:#?}");
    assert!(ran.stdout.contains("as of 2026-11-24 00:00 UTC"), "{ran:#?}");
    let again = folder.camp(&["run", "--plan", "p.json"]);
    refused(&again, &["Another run changed \"French\" since the plan: version 2, planned with 1"]);
}

#[test]
fn a_run_is_refused_where_the_data_gives_another_answer_and_says_which() {
    let folder = folder();
    write(&folder, "people.csv", &people(1..=22, 23..=40));
    done(&folder.camp(&["plan", "french.camp", "--save-plan", "p.json"]));
    // Rows that are not French make no difference.
    write(&folder, "people.csv", &people(1..=22, 23..=90));
    done(&folder.camp(&["run", "--plan", "p.json", "--dry-run"]));
    // One more.
    write(&folder, "people.csv", &people(1..=23, 24..=40));
    let ran = folder.camp(&["run", "--plan", "p.json"]);
    refused(&ran, &["\"French\" would have 23 members (+3 −0), planned were 22 members (+2 −0)"]);
    // As many, and another one: 23 in the place of 22.
    write(&folder, "people.csv", &(people(1..=21, 24..=40) + "22,DE\n23,FR\n"));
    let ran = folder.camp(&["run", "--plan", "p.json"]);
    refused(&ran, &["\"French\" would have other members than planned, as many of them"]);
    let members = folder.camp(&["audiences", "list", "--format", "json"]).json();
    assert_eq!(members[0]["size"], 20, "nothing was saved");
    // As planned again: what was refused did not spoil the plan.
    write(&folder, "people.csv", &people(1..=22, 23..=40));
    done(&folder.camp(&["run", "--plan", "p.json"]));
}

#[test]
fn a_run_is_refused_where_a_script_changed() {
    let folder = Folder::new(&[
        ("model.camp", "dimension people = \"people.csv\" key id\n"),
        (
            "french.camp",
            "import \"model.camp\"\nfrench = build audience from people\nsave audience french as \"French\"\n",
        ),
        ("people.csv", "id\n1\n2\n"),
    ]);
    let zone = ["--timezone", "UTC"];
    let mut line = vec!["plan", "french.camp", "--save-plan", "p.json"];
    line.extend(zone);
    done(&folder.camp(&line));
    write(&folder, "model.camp", "dimension people = \"people.csv\" key id # the same people\n");
    refused(
        &folder.camp(&["run", "--plan", "p.json"]),
        &["model.camp` has changed since it was planned"],
    );
}

#[test]
fn an_export_with_other_rows_is_not_as_planned() {
    let script =
        SCRIPT.replace("save audience french as \"French\"", "export french to \"out.csv\"");
    let folder = Folder::new(&[("french.camp", &script), ("people.csv", &people(1..=3, 4..=5))]);
    done(&folder.camp(&["plan", "french.camp", "--save-plan", "p.json"]));
    write(&folder, "people.csv", &people(1..=4, 5..=5));
    let ran = folder.camp(&["run", "--plan", "p.json"]);
    refused(&ran, &["`out.csv` would have 4 rows, planned were 3"]);
    assert!(!folder.path().join("out.csv").exists());
}

#[test]
fn a_plan_says_itself_what_it_is_run_with() {
    let folder = folder();
    done(&folder.camp(&["plan", "french.camp", "--save-plan", "p.json"]));
    for more in [&["--set", "land=DE"][..], &["french.camp"], &["--as-of", "2026-11-24"]] {
        let mut line = vec!["run", "--plan", "p.json"];
        line.extend(more);
        assert_eq!(folder.camp(&line).exit, 2, "{more:?}");
    }
    assert_eq!(folder.camp(&["run"]).exit, 2);
    for (text, words) in [
        ("no plan", "`q.json` is not a saved plan"),
        ("{\"plan_version\": 99}", "was written by a newer Camp"),
    ] {
        write(&folder, "q.json", text);
        let ran = folder.camp(&["run", "--plan", "q.json"]);
        assert_eq!(ran.exit, 2, "{ran:#?}");
        assert!(ran.stderr.contains(words), "{ran:#?}");
    }
}
