//! What a shell sees: exit codes, which stream says what, a reader that goes away.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

pub(super) struct Folder(tempfile::TempDir);

impl Folder {
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        Folder(dir)
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    fn command(&self, line: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_camp"));
        command.current_dir(self.path()).args(line).env_remove("NO_COLOR").env("TERM", "xterm");
        command
    }

    pub(super) fn camp(&self, line: &[&str]) -> Ran {
        Ran::of(self.command(line).stdin(Stdio::null()).output().unwrap())
    }

    pub(super) fn camp_with(&self, line: &[&str], stdin: &str) -> Ran {
        let mut child = self
            .command(line)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        Ran::of(child.wait_with_output().unwrap())
    }
}

#[derive(Debug)]
pub(super) struct Ran {
    pub(super) exit: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        Ran {
            exit: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:#?}"))
    }
}

const PEOPLE: (&str, &str) = ("people.csv", "id,country,email\n1,FR,a@x\n2,DE,b@x\n3,FR,\n");
const FRENCH: (&str, &str) = (
    "french.camp",
    "campaign \"French\" timezone \"UTC\"\n\
     dimension people = \"people.csv\" key id\n\
     french = build audience from people where country = \"FR\" select email\n\
     save audience french as \"French\"\n",
);

#[test]
fn a_run_reports_to_the_standard_output_and_the_catalogue_keeps_it() {
    let folder = Folder::new(&[PEOPLE, FRENCH]);
    let ran = folder.camp(&["run", "french.camp"]);
    assert_eq!((ran.exit, ran.stderr.as_str()), (0, ""), "{ran:#?}");
    assert!(
        ran.stdout.contains("saved \"French\" (new): was 0, now 2 (67 % of people), +2 −0 ~0"),
        "{ran:#?}"
    );
    assert!(folder.path().join("camp.duckdb").exists());
    let members = folder.camp(&["audiences", "members", "french", "--format", "csv"]);
    assert_eq!(members.stdout, "id,email\n1,a@x\n3,\n");
}

#[test]
fn a_dry_run_and_a_plan_save_nothing() {
    let folder = Folder::new(&[PEOPLE, FRENCH]);
    let dry = folder.camp(&["run", "french.camp", "--dry-run", "--format", "json"]);
    assert_eq!(dry.exit, 0, "{dry:#?}");
    assert_eq!(dry.json()["status"], "dry_run");
    assert_eq!(dry.json()["saves"][0]["now"], 2);
    let plan = folder.camp(&["plan", "french.camp", "--format", "json"]);
    assert_eq!(plan.json()["saves"][0]["entering"], serde_json::json!([["1"], ["3"]]));
    assert!(!folder.path().join("camp.duckdb").exists());
}

#[test]
fn an_error_in_the_script_is_exit_1_and_says_nothing_on_the_standard_output() {
    let folder = Folder::new(&[PEOPLE, ("bad.camp", "x = build audience from nobody\n")]);
    for command in ["check", "run", "plan", "explain"] {
        let ran = folder.camp(&[command, "bad.camp"]);
        assert_eq!((ran.exit, ran.stdout.as_str()), (1, ""), "{command}: {ran:#?}");
        assert!(ran.stderr.contains("bad.camp:1:25"), "{command}: {ran:#?}");
        assert!(!ran.stderr.contains('\u{1b}'), "{command}: {ran:#?}");
    }
    assert!(!folder.path().join("camp.duckdb").exists());
}

#[test]
fn messages_can_be_one_line_or_json() {
    let folder = Folder::new(&[PEOPLE, ("bad.camp", "x = build audience from nobody\n")]);
    let concise = folder.camp(&["run", "bad.camp", "--messages", "concise"]);
    assert!(concise.stderr.starts_with("bad.camp:1:25: error[E"), "{concise:#?}");
    let json = folder.camp(&["run", "bad.camp", "--format", "json"]);
    let first: serde_json::Value =
        serde_json::from_str(json.stderr.lines().next().unwrap()).unwrap();
    assert_eq!((&first["line"], &first["column"]), (&1.into(), &25.into()));
    let check = folder.camp(&["check", "bad.camp", "--format", "json"]);
    assert_eq!((check.exit, &check.json()["errors"]), (1, &1.into()));
}

#[test]
fn colours_are_only_there_when_asked_for() {
    let folder = Folder::new(&[PEOPLE, ("bad.camp", "x = build audience from nobody\n")]);
    assert!(folder.camp(&["check", "bad.camp", "--color", "always"]).stderr.contains('\u{1b}'));
    assert!(!folder.camp(&["check", "bad.camp"]).stderr.contains('\u{1b}'));
}

#[test]
fn wrong_usage_is_exit_2() {
    let folder = Folder::new(&[PEOPLE, FRENCH, ("camp.toml", "datbase = \"x\"\n")]);
    for line in [&["nonsense"][..], &["run"], &["run", "french.camp", "--set", "x"]] {
        assert_eq!(folder.camp(line).exit, 2, "{line:?}");
    }
    let config = folder.camp(&["run", "french.camp"]);
    assert_eq!(config.exit, 2);
    assert!(config.stderr.contains("camp.toml:1:1") && config.stderr.contains("`database`"));
    let folder = Folder::new(&[PEOPLE, FRENCH]);
    assert_eq!(folder.camp(&["run", "french.camp", "--as-of", "soon"]).exit, 2);
    assert_eq!(folder.camp(&["run", "nothing.camp"]).exit, 2);
}

#[test]
fn an_expectation_that_fails_is_exit_3_and_nothing_is_saved() {
    let script = format!("{}expect count(french) > 100 else \"far too few\"\n", FRENCH.1);
    let folder = Folder::new(&[PEOPLE, ("french.camp", &script)]);
    let ran = folder.camp(&["run", "french.camp"]);
    assert_eq!(ran.exit, 3, "{ran:#?}");
    assert!(ran.stderr.contains("far too few"), "{ran:#?}");
    let plan = folder.camp(&["plan", "french.camp"]);
    assert_eq!(plan.exit, 3, "{plan:#?}");
    let listed = folder.camp(&["audiences", "list", "--format", "json"]);
    assert!(listed.exit == 2 || listed.json() == serde_json::json!([]), "{listed:#?}");
}

#[test]
fn a_key_that_repeats_is_exit_4_and_nothing_is_saved() {
    let folder = Folder::new(&[("people.csv", "id,country,email\n1,FR,a\n1,FR,b\n"), FRENCH]);
    let ran = folder.camp(&["run", "french.camp"]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (4, ""), "{ran:#?}");
}

#[test]
fn a_script_can_come_from_the_standard_input() {
    let folder = Folder::new(&[PEOPLE]);
    let ran = folder.camp_with(&["run", "-"], FRENCH.1);
    assert_eq!(ran.exit, 0, "{ran:#?}");
    let bad =
        folder.camp_with(&["check", "-", "--messages", "concise"], "x = build audience from y\n");
    assert!(bad.stderr.starts_with("<stdin>:1:25: "), "{bad:#?}");
}

#[test]
fn the_database_of_the_command_line_wins_over_camp_toml() {
    let folder = Folder::new(&[PEOPLE, FRENCH, ("camp.toml", "database = \"toml.duckdb\"\n")]);
    assert_eq!(folder.camp(&["run", "french.camp", "--db", "line.duckdb"]).exit, 0);
    assert!(folder.path().join("line.duckdb").exists());
    assert!(!folder.path().join("toml.duckdb").exists());
    assert_eq!(folder.camp(&["run", "french.camp"]).exit, 0);
    assert!(folder.path().join("toml.duckdb").exists());
}

#[test]
fn a_database_in_memory_leaves_nothing() {
    let folder = Folder::new(&[PEOPLE, FRENCH]);
    let ran = folder.camp(&["run", "french.camp", "--db", ":memory:"]);
    assert_eq!(ran.exit, 0, "{ran:#?}");
    let mut left: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|f| f.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["french.camp", "people.csv"]);
}

#[test]
fn init_makes_a_project_that_runs() {
    let folder = Folder::new(&[]);
    assert_eq!(folder.camp(&["init", "shop"]).exit, 0);
    let ran = folder.camp(&["run", "shop/first_audience.camp"]);
    assert_eq!(ran.exit, 0, "{ran:#?}");
    // Beside its camp.toml, wherever it was started from.
    assert!(folder.path().join("shop/camp.duckdb").exists());
    assert_eq!(folder.camp(&["init", "shop"]).exit, 2);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = Folder::new(&[]);
    let mut child = folder
        .command(&["functions"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ran = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(ran.stderr).unwrap(), "");
    assert_eq!(ran.status.code(), Some(0));
}

#[test]
fn help_and_version_are_results() {
    let folder = Folder::new(&[]);
    let version = folder.camp(&["--version"]);
    assert_eq!(version.stdout, format!("camp {}\n", env!("CARGO_PKG_VERSION")));
    for shell in ["bash", "zsh", "fish", "powershell"] {
        assert!(folder.camp(&["completions", shell]).stdout.contains("camp"), "{shell}");
    }
    assert_eq!(folder.camp(&["run", "--help"]).exit, 0);
}

/// Ctrl-C while the engine works: exit code 130, and nothing is saved.
#[cfg(unix)]
#[test]
fn an_interrupted_run_saves_nothing() {
    let rows: String = (1..40_000).map(|n| format!("{n},FR,{}@x\n", n % 7)).collect();
    let slow = "campaign \"Slow\" timezone \"UTC\"\n\
        dimension people = \"people.csv\" key id\n\
        dimension others = \"people.csv\" key id\n\
        link people.near, others.back on people.country = others.country\n\
        many = build audience from people\n\
        \x20 where any near where (email = people.email and id != people.id and length(email) > 2)\n\
        save audience many as \"Many\"\n";
    let csv = format!("id,country,email\n{rows}");
    let folder = Folder::new(&[("people.csv", &csv), ("slow.camp", slow)]);
    let child = folder
        .command(&["run", "slow.camp"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.exit, 130, "{ran:#?}");
    assert_eq!(ran.stderr, "interrupted: nothing was saved\n");
    let listed = folder.camp(&["audiences", "list", "--format", "json"]);
    assert!(listed.exit == 2 || listed.json() == serde_json::json!([]), "{listed:#?}");
}
