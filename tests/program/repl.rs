//! `camp repl` through a pipe. The numbers are counted by hand in the rows below.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::commands::Folder;

const PEOPLE: (&str, &str) = (
    "people.csv",
    "id,country,email,points,joined\n\
     1,FR,a@x,10,2026-11-20\n\
     2,DE,b@x,20,2026-10-01\n\
     3,FR,,30,2026-11-01\n\
     4,FR,d@x,40,2026-01-01\n",
);
const DIMENSION: &str = "dimension people = \"people.csv\" key id\n";
const FRENCH: &str = "french = build audience from people where country = \"FR\" select email\n";
const MAILED: &str = "mailed = build audience from french where email is present\n";

fn folder() -> Folder {
    Folder::new(&[PEOPLE, ("camp.toml", "timezone = \"UTC\"\n")])
}

/// What a session prints, results and messages in their order, and its exit code.
pub(super) fn session(folder: &std::path::Path, options: &[&str], typed: &str) -> (String, i32) {
    let record = folder.join("record.txt");
    let file = std::fs::File::create(&record).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_camp"))
        .current_dir(folder)
        .args(["repl", "--as-of", "2026-11-24T09:30Z"])
        .args(options)
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let exit = child.wait().unwrap().code().unwrap();
    let text = std::fs::read_to_string(&record).unwrap();
    std::fs::remove_file(record).unwrap();
    (text, exit)
}

fn typed(folder: &Folder, entries: &[&str]) -> String {
    session(folder.path(), &[], &entries.concat()).0
}

#[test]
fn a_binding_shows_its_rows_and_how_many_there_are() {
    let said = typed(&folder(), &[DIMENSION, FRENCH]);
    assert!(said.contains("people: 4 rows\n"), "{said}");
    let rows = "french: 3 rows of people\nid  email\n 1  a@x\n 3\n 4  d@x\n";
    assert!(said.ends_with(rows), "{said}");
}

#[test]
fn lines_that_are_indented_go_on_with_the_entry() {
    let long =
        "french = build audience from people\n  where country = \"FR\"\n    and points > 10\n";
    let said = typed(&folder(), &[DIMENSION, long]);
    assert!(said.contains("french: 2 rows of people\n"), "{said}");
    assert!(!said.contains("french: 4 rows"), "{said}");
    // A blank line ends an entry; what is indented then goes on with it all the same.
    let apart = "french = build audience from people\n\n  where country = \"FR\"\n";
    let said = typed(&folder(), &[DIMENSION, apart]);
    assert!(said.contains("french: 4 rows") && said.contains("french: 3 rows"), "{said}");
}

#[test]
fn an_unfinished_line_goes_on_and_a_blank_line_ends_it() {
    let said = typed(&folder(), &[DIMENSION, "count(\npeople\n)\n"]);
    assert!(said.ends_with("\n4\n"), "{said}");
    let (said, exit) = session(folder().path(), &[], "x = build audience from\n\n1 + 1\n");
    assert!(said.contains("E0105") && said.ends_with("\n2\n"), "{said}");
    assert_eq!(exit, 1);
}

#[test]
fn values_are_answered_and_values_of_rows_are_spread() {
    let said = typed(&folder(), &[DIMENSION, FRENCH, "count(french) * 2\n"]);
    assert!(said.ends_with("\n6\n"), "{said}");
    let said = typed(&folder(), &[DIMENSION, "7 days ago\nlower(\"ÉTÉ\")\n90 days\n"]);
    assert!(said.ends_with("\n2026-11-17\n\"été\"\n90 days\n"), "{said}");
    for of_rows in ["people.country\n", "country\n"] {
        let said = typed(&folder(), &[DIMENSION, of_rows]);
        assert!(said.contains("\"FR\"  3    75 %"), "{said}");
        assert!(said.contains("\"DE\"  1    25 %"), "{said}");
    }
    let said = typed(&folder(), &[DIMENSION, "points > 10\n"]);
    assert!(said.contains("true   3    75 %"), "{said}");
    // Of a population, only its own rows.
    let said = typed(&folder(), &[DIMENSION, FRENCH, "french.points\n"]);
    assert!(said.contains("french: 3 rows") && said.contains("lowest    10"), "{said}");
}

#[test]
fn a_new_meaning_is_given_to_what_follows_from_it() {
    let again = "french = build audience from people where points > 10 select email\n";
    let said = typed(&folder(), &[DIMENSION, FRENCH, MAILED, again]);
    // 2, 3, 4, of whom 3 has no address; before 1, 3, 4.
    assert!(said.ends_with("mailed: 2 rows (as before)\n"), "{said}");
    let again = "french = build audience from people where points > 30 select email\n";
    let said = typed(&folder(), &[DIMENSION, FRENCH, MAILED, again]);
    assert!(said.ends_with("mailed: 1 row (was 2)\n"), "{said}");
}

#[test]
fn an_entry_that_fails_changes_nothing() {
    let wrong = "french = build audience from people where contry = \"FR\"\n";
    let said =
        typed(&folder(), &[DIMENSION, FRENCH, MAILED, wrong, "count(french)\ncount(mailed)\n"]);
    assert!(said.contains("<entry 4>:1:43"), "{said}");
    assert!(said.contains("did you mean `country`?"), "{said}");
    assert!(said.ends_with("\n3\n2\n"), "{said}");
    // What follows from it would be wrong: the entry is, too.
    let breaks = "french = build audience from people where country = \"FR\"\n\
                  named = build audience from french select email as address\n";
    let said = typed(
        &folder(),
        &[
            DIMENSION,
            breaks,
            "x = build audience from named where address is present\n",
            "named = build audience from french\n",
            "count(x)\n",
        ],
    );
    assert!(said.contains("E0201"), "{said}");
    assert!(said.ends_with("\n2\n"), "{said}");
}

#[test]
fn an_error_is_told_at_its_place_within_the_entry() {
    let wrong = "x = build audience from people\n  where points > \"many\"\n";
    let said = typed(&folder(), &[DIMENSION, wrong]);
    assert!(said.contains("[<entry 2>:2:18]"), "{said}");
}

#[test]
fn nothing_is_saved_before_run_and_everything_by_it() {
    let folder = folder();
    let save = "save audience french as \"French\"\n";
    let said = typed(&folder, &[DIMENSION, FRENCH, save, ":plan\n"]);
    assert!(said.contains("would create \"French\": was 0, now 3"), "{said}");
    assert!(!folder.path().join("camp.duckdb").exists());
    let said = typed(&folder, &[DIMENSION, FRENCH, save, ":run\n:run\n:audiences\n"]);
    assert!(said.contains("saved \"French\" (new): was 0, now 3"), "{said}");
    assert!(said.contains("there is nothing to save"), "{said}");
    let members = folder.camp(&["audiences", "members", "french", "--format", "csv"]);
    assert_eq!(members.stdout, "id,email\n1,a@x\n3,\n4,d@x\n");
}

#[test]
fn what_was_saved_is_saved_again_only_when_it_has_changed() {
    let folder = folder();
    let save = "save audience french as \"French\"\n";
    let again = "french = build audience from people where points > 30 select email\n";
    let said = typed(
        &folder,
        &[
            DIMENSION,
            FRENCH,
            save,
            ":run\n",
            "x = build audience from people\n",
            ":plan\n",
            again,
            ":run\n",
        ],
    );
    assert!(said.contains("there is nothing to save"), "{said}");
    assert!(said.contains("would update \"French\": was 3, now 1"), "{said}");
    assert!(said.contains("saved \"French\": was 3, now 1"), "{said}");
}

#[test]
fn a_guard_is_answered_when_it_is_typed_and_stops_a_run() {
    let folder = folder();
    let guard = "expect count(french) > 10 else \"too few\"\n";
    let entries = [DIMENSION, FRENCH, guard, "save audience french as \"French\"\n", ":run\n"];
    let (said, exit) = session(folder.path(), &[], &entries.concat());
    assert!(said.contains("does not hold, line 1: count(french) > 10 (too few)"), "{said}");
    assert!(said.contains("E0452"), "{said}");
    assert_eq!(exit, 3);
    assert!(!folder.path().join("camp.duckdb").exists());
}

#[test]
fn entries_are_written_as_a_script_that_runs_and_is_read_again() {
    let folder = folder();
    let again = "french = build audience from people where country = \"DE\" select email\n";
    let said = typed(
        &folder,
        &[
            DIMENSION,
            FRENCH,
            MAILED,
            again,
            "save audience mailed as \"Mailed\"\n",
            ":save mine.camp\n",
        ],
    );
    assert!(said.contains("mine.camp"), "{said}");
    let ran = folder.camp(&["run", "mine.camp"]);
    assert!(ran.stdout.contains("saved \"Mailed\" (new): was 0, now 1"), "{ran:#?}");
    let said = typed(&folder, &[":load mine.camp\n", "count(mailed)\n"]);
    assert!(said.ends_with("\n1\n"), "{said}");
    let (said, _) =
        session(folder.path(), &["mine.camp"], "count(mailed)\n:save mine.camp\n:save camp.toml\n");
    assert!(said.contains("\n1\n") && said.contains("E0709"), "{said}");
}

#[test]
fn a_script_that_is_typed_means_what_it_means_in_a_file() {
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for name in ["01_first_audience", "02_win_back", "03_combine_and_guard"] {
        let folder = Folder::new(&[]);
        std::fs::create_dir(folder.path().join("data")).unwrap();
        for entry in std::fs::read_dir(examples.join("data")).unwrap() {
            let path = entry.unwrap().path();
            let to = folder.path().join("data").join(path.file_name().unwrap());
            std::fs::copy(&path, to).unwrap();
        }
        std::fs::copy(examples.join("model.camp"), folder.path().join("model.camp")).unwrap();
        let script = std::fs::read_to_string(examples.join(format!("{name}.camp"))).unwrap();
        std::fs::write(folder.path().join("script.camp"), &script).unwrap();
        let (said, exit) = session(folder.path(), &[], &format!("{script}\n:save typed.camp\n"));
        assert_eq!(exit, 0, "{name}: {said}");
        let plan = |file: &str| {
            let line = ["plan", file, "--as-of", "2026-11-24T09:30Z", "--format", "json"];
            let ran = folder.camp(&line);
            assert_eq!(ran.exit, 0, "{name}: {ran:#?}");
            ran.json()
        };
        let (script, typed) = (plan("script.camp"), plan("typed.camp"));
        assert!(!script["saves"].as_array().unwrap().is_empty());
        for part in ["saves", "exports"] {
            assert_eq!(script[part], typed[part], "{name}");
        }
    }
}

#[test]
fn undo_and_reset_forget_entries_and_keep_what_is_saved() {
    let again = "french = build audience from people where points > 30 select email\n";
    let said = typed(
        &folder(),
        &[DIMENSION, FRENCH, again, ":undo\n", "count(french)\n", ":reset\n", "count(french)\n"],
    );
    assert!(said.contains("\n3\n"), "{said}");
    assert!(said.contains("E0203"), "{said}");
}

#[test]
fn parameters_are_given_when_they_are_declared() {
    let folder = folder();
    let many = "param least: int = 100\nmany = build audience from people where points >= least\n";
    let (said, exit) = session(folder.path(), &["--set", "least=20"], &[DIMENSION, many].concat());
    assert!(said.contains("many: 3 rows of people"), "{said}");
    assert_eq!(exit, 0);
}

#[test]
fn names_schemas_and_help_are_told() {
    let said = typed(&folder(), &[DIMENSION, FRENCH, ":tables\n:schema french\n:schema nobody\n"]);
    assert!(said.contains("french  population     3  people"), "{said}");
    assert!(said.contains("french: rows of people\ncolumn  type\nemail   text"), "{said}");
    assert!(said.contains("E0203"), "{said}");
    let said =
        typed(&folder(), &[":help\n:help lower\n:help build audience\n:help E0201\n:halp\n"]);
    for part in [":plan", "lower(", "build audience from", "did you mean `:help`?"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn a_record_shows_what_was_typed() {
    let (said, _) = session(folder().path(), &["--echo"], "(1\n  + 1)\n");
    assert_eq!(said, "camp> (1\n  ...   + 1)\n2\n");
}

#[test]
fn a_prompt_that_is_left_alone_keeps_the_database_from_nobody() {
    let folder = folder();
    let script = [DIMENSION, FRENCH, "save audience french as \"French\"\n"].concat();
    std::fs::write(folder.path().join("french.camp"), &script).unwrap();
    assert_eq!(folder.camp(&["run", "french.camp"]).exit, 0);
    let mut child = Command::new(env!("CARGO_BIN_EXE_camp"))
        .current_dir(folder.path())
        .args(["repl", "french.camp"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    input.write_all(b"size(\"French\")\n\n").unwrap();
    assert!(answers.any(|line| line.unwrap() == "3"));
    // Another program writes while the prompt waits, without waiting itself.
    let ran = folder.camp(&["run", "french.camp", "--wait", "0s"]);
    assert_eq!(ran.exit, 0, "{ran:#?}");
    input.write_all(b":audiences\n").unwrap();
    assert!(answers.any(|line| line.unwrap().starts_with("French  people        3        2")));
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[cfg(unix)]
#[test]
fn an_interrupt_stops_the_query_and_not_the_session() {
    let folder = folder();
    // Each row is compared with each: hours of work.
    let rows: String = (0..60_000).map(|n| format!("{n},1,name number {n}\n")).collect();
    std::fs::write(folder.path().join("many.csv"), format!("id,one,name\n{rows}")).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_camp"))
        .current_dir(folder.path())
        .arg("repl")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    let slow = "dimension many = \"many.csv\" key id\n\n\
                link many.others, many.mine on many.one = many.one\n\n\
                all = build audience from many select name\n\n\
                2 + 1\n\n\
                x = build audience from all where any others where (edit_distance(name, all.name) > 1000)\n\n";
    input.write_all(slow.as_bytes()).unwrap();
    assert!(
        answers.any(|line| line.unwrap() == "3"),
        "the entries before the slow one are answered"
    );
    // Nothing tells from outside that the query has begun.
    std::thread::sleep(Duration::from_secs(5));
    let begun = Instant::now();
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());
    input.write_all(b"2 + 2\n\ncount(x)\n\n:quit\n").unwrap();
    assert_eq!(answers.next().unwrap().unwrap(), "4");
    assert!(begun.elapsed() < Duration::from_secs(60), "it was not stopped");
    // Two errors in a row: the interrupted entry has changed nothing.
    assert_ne!(child.wait().unwrap().code(), Some(0));
}
