//! `with rejects: …`: rows of text files that cannot be read, set aside by a run.

use serde_json::Value;

use crate::support::project::Project;

const RAGGED: &str = "id,name\n1,a\n2\n3,c,d\n4,\"d\"\"\"\n5,\"open\n6,f\n7,\"bad\"x\n8,h\n";

fn script(rejects: &str) -> String {
    format!(
        "dimension customers = \"c.csv\" key id{rejects}\na = build audience from customers select name\n\
         save audience a as \"A\"\n"
    )
}

#[test]
fn rows_that_cannot_be_read_are_counted_and_written_aside_by_a_run_alone() {
    let project = Project::new();
    project.write("c.csv", RAGGED);
    project.write("plain.camp", &script(""));
    let ran = project.run("plain.camp");
    assert!(ran.exit == Some(4) && ran.stderr.contains("E0522"), "{}", ran.stderr);
    assert!(ran.stderr.contains("Line 3") || ran.stderr.contains("line 3"), "{}", ran.stderr);

    project.write("a.camp", &script(" with rejects: \"out/rejected.csv\""));
    let written = || std::fs::read_to_string(project.path("out/rejected.csv")).ok();
    for args in [&["check", "a.camp"][..], &["plan", "a.camp"], &["run", "a.camp", "--dry-run"]] {
        let ran = project.camp(args);
        assert_eq!(ran.exit, Some(0), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("W0990"), "{args:?}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("4 rows of `c.csv` cannot be read"),
            "{args:?}: {}",
            ran.stderr
        );
        assert_eq!(written(), None, "{args:?}");
    }
    let ran = project.camp(&["run", "a.camp", "--format", "json"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["rejects"][0]["rows"], 4);
    assert_eq!(report["rejects"][0]["source"], "c.csv");
    assert_eq!(report["rejects"][0]["path"], "out/rejected.csv");
    // Nothing is lost: eight lines behind the head, four here and four there.
    assert_eq!(
        project.rows("SELECT id, name FROM audience.\"A\" ORDER BY id"),
        ["1|a", "4|d\"", "6|f", "8|h"]
    );
    assert_eq!(
        written().unwrap(),
        "file,line,reason,text\n\
         \"c.csv\",3,\"has 1 value for 2 columns\",\"2\"\n\
         \"c.csv\",4,\"has 3 values for 2 columns\",\"3,c,d\"\n\
         \"c.csv\",6,\"text follows a quote that ends\",\"5,\"\"open\"\n\
         \"c.csv\",8,\"text follows a quote that ends\",\"7,\"\"bad\"\"x\"\n"
    );

    // A run that saves nothing leaves the file as it is; the next good one brings it up to date.
    project.write("c.csv", "id,name\n1,a\n2,b\n");
    project.write(
        "guard.camp",
        &format!("{}expect count(a) > 5\n", script(" with rejects: \"out/rejected.csv\"")),
    );
    assert_eq!(project.run("guard.camp").exit, Some(3));
    assert_eq!(written().unwrap().lines().count(), 5);
    let ran = project.run("a.camp");
    assert!(ran.exit == Some(0) && !ran.stderr.contains("W0990"), "{}", ran.stderr);
    assert_eq!(written().unwrap(), "file,line,reason,text\n");
    assert!(!project.files().iter().any(|f| f.ends_with(".part")), "{:?}", project.files());
}

#[test]
fn files_of_a_pattern_are_sorted_each_and_types_hold_for_what_is_left() {
    let project = Project::new();
    project.write("c1.csv", "id;amount\n1;1,5\n2;2\n3\n");
    project.write("c2.csv", "amount;id\n7;4\nx;y;z\n8;5\n");
    project.write(
        "a.camp",
        "dimension c = \"c?.csv\" key id with rejects: \"r.csv\", delimiter: \";\"\n\
         a = build audience from c where id > 1 select amount\nsave audience a as \"A\"\n",
    );
    project.run_well("a.camp");
    assert_eq!(project.rows("SELECT id FROM audience.\"A\" ORDER BY id"), ["2", "4", "5"]);
    let written = std::fs::read_to_string(project.path("r.csv")).unwrap();
    assert_eq!(
        written,
        "file,line,reason,text\n\"c1.csv\",4,\"has 1 value for 2 columns\",\"3\"\n\
         \"c2.csv\",3,\"has 3 values for 2 columns\",\"x;y;z\"\n"
    );
    // A value that does not fit a declared type stays an error, and names its own file.
    project.write(
        "typed.camp",
        "dimension c = \"c?.csv\" key id columns (amount: int) with rejects: \"r.csv\", delimiter: \";\"\n\
         a = build audience from c select amount\nsave audience a as \"A\"\n",
    );
    let ran = project.run("typed.camp");
    assert!(ran.exit == Some(4) && ran.stderr.contains("E0523"), "{}", ran.stderr);
    assert!(ran.stderr.contains("c1.csv"), "{}", ran.stderr);
}

#[test]
fn rejects_go_where_nothing_is_destroyed() {
    let project = Project::new();
    project.write("c.csv", RAGGED);
    project.write("d.csv", "id\n1\n");
    project.write("c.parquet", "");
    project.write("u.csv.zst", "");
    let second = "dimension other = \"d.csv\" key id with rejects: \"r.csv\"\nb = build audience from other\n\
                  save audience b as \"B\"\n";
    for (text, code) in [
        (script(" with rejects: \"c.csv\""), "E0572"),
        (script(" with rejects: \"a.camp\""), "E0572"),
        (script(" with rejects: \"camp.duckdb\""), "E0572"),
        (script(" with rejects: 3"), "E0315"),
        (format!("{}{second}", script(" with rejects: \"r.csv\"")), "E0525"),
        (format!("{}export a to \"r.csv\"\n", script(" with rejects: \"r.csv\"")), "E0572"),
        (script(" with rejects: \"r.csv\", encoding: \"utf-16\""), "E0525"),
        (script(" with rejects: \"r.csv\"").replace("c.csv", "u.csv.zst"), "E0525"),
        (script(" with rejects: \"r.csv\"").replace("c.csv", "c.parquet"), "E0525"),
        (script(" with rejects: \"d.csv/r.csv\""), "E0571"),
    ] {
        project.write("a.camp", &text);
        let ran = project.run("a.camp");
        assert!(ran.exit != Some(0) && ran.stderr.contains(code), "{text}: {}", ran.stderr);
        assert_eq!(std::fs::read_to_string(project.path("c.csv")).unwrap(), RAGGED);
        assert!(!project.path("r.csv").exists(), "{text}");
    }
}

#[test]
fn under_safe_rejects_stay_inside_and_replace_nothing() {
    let project = Project::new();
    std::fs::create_dir(project.path("shop")).unwrap();
    project.write("shop/camp.toml", "timezone = \"UTC\"\n");
    project.write("shop/c.csv", RAGGED);
    for (place, fine) in [("r.csv", true), ("r.csv", false), ("../r.csv", false), (".r.csv", false)]
    {
        project.write("shop/a.camp", &script(&format!(" with rejects: \"{place}\"")));
        let ran = project.camp(&["run", "shop/a.camp", "--safe"]);
        assert_eq!(ran.exit == Some(0), fine, "{place}: {}", ran.stderr);
        assert!(fine || ran.stderr.contains("E0528"), "{place}: {}", ran.stderr);
    }
    assert!(project.path("shop/r.csv").exists() && !project.path("r.csv").exists());
}
