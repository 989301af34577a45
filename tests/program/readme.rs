//! What README.md shows is what happens.

use std::path::Path;
use std::process::Command;

const README: &str = include_str!("../../README.md");

/// The text of the first block that is fenced so.
fn block(fence: &str) -> &'static str {
    let start = format!("```{fence}\n");
    let from = README.find(&start).unwrap() + start.len();
    &README[from..from + README[from..].find("```").unwrap()]
}

/// A line without what differs from run to run: how long it took, the number of the run.
fn steady(line: &str) -> Vec<&str> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_time = |at: usize| {
        let unit = words.get(at + 1).is_some_and(|w| ["ms", "ms,", "s", "s,"].contains(w));
        unit && words[at].starts_with(|c: char| c.is_ascii_digit())
    };
    let mut kept = Vec::new();
    let mut at = 0;
    while at < words.len() {
        if is_time(at) || words[at] == "run" {
            at += 2;
        } else {
            kept.push(words[at]);
            at += 1;
        }
    }
    kept
}

#[test]
fn the_script_is_the_first_example() {
    assert_eq!(block("camp"), include_str!("../../examples/01_first_audience.camp"));
}

#[test]
fn the_session_shows_what_its_commands_print() {
    let dir = tempfile::tempdir().unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    std::fs::create_dir(dir.path().join("data")).unwrap();
    for name in ["camp.toml", "01_first_audience.camp", "data/customers.csv"] {
        std::fs::copy(examples.join(name), dir.path().join(name)).unwrap();
    }
    assert_eq!(shows(dir.path(), block("console")), 2);
}

/// Runs the commands of a session, and compares what each prints with what is shown. Gives how many
/// there are.
fn shows(folder: &Path, session: &str) -> usize {
    let commands: Vec<(&str, &str)> =
        session.split("$ camp ").skip(1).map(|part| part.split_once('\n').unwrap()).collect();
    for (line, shown) in &commands {
        let printed = printed(folder, line);
        let steady = |text: &str| -> Vec<Vec<String>> {
            let lines = text.trim().lines().map(self::steady);
            lines.map(|words| words.into_iter().map(str::to_owned).collect()).collect()
        };
        assert_eq!(steady(&printed), steady(shown), "{line}:\n{printed}");
    }
    commands.len()
}

/// What a command prints.
pub(super) fn printed(folder: &Path, line: &str) -> String {
    // Words in quotes are one argument.
    let arguments: Vec<&str> = line
        .split('"')
        .enumerate()
        .flat_map(|(n, part)| match n % 2 {
            0 => part.split_whitespace().collect(),
            _ => vec![part],
        })
        .collect();
    let ran = Command::new(env!("CARGO_BIN_EXE_camp"))
        .current_dir(folder)
        .args(&arguments)
        .output()
        .unwrap();
    String::from_utf8(ran.stdout).unwrap() + &String::from_utf8(ran.stderr).unwrap()
}
