//! `docs/tutorial.md` is one session over the sample data of `camp init`: what it shows is typed, and
//! what follows is what the program prints. `CAMP_BLESS=1` writes that anew.

use std::path::Path;
use std::process::Command;

use super::repl::session;

const PAGE: &str = include_str!("../../docs/tutorial.md");
const FENCE: &str = "```console\n";

/// What is typed at the prompts of a record.
fn typed(record: &str) -> String {
    let mut text = String::new();
    for line in record.lines() {
        if let Some(first) = line.strip_prefix("camp>") {
            text += "\n";
            text += first.strip_prefix(' ').unwrap_or(first);
            text += "\n";
        } else if let Some(more) = line.strip_prefix("  ...") {
            text += more.strip_prefix(' ').unwrap_or(more);
            text += "\n";
        }
    }
    text
}

/// A record without what differs from run to run.
fn steady(record: &str) -> String {
    let line = |line: &str| match line.starts_with("done in ") {
        true => "done in 0.1 s, run 20261124T083000Z-1c2f-7c2fd070".to_owned(),
        false => line.to_owned(),
    };
    record.lines().map(|l| line(l) + "\n").collect()
}

fn blocks() -> Vec<&'static str> {
    PAGE.split(FENCE).skip(1).map(|part| part.split("```").next().unwrap()).collect()
}

#[test]
fn every_step_gives_what_the_page_shows() {
    let dir = tempfile::tempdir().unwrap();
    let made = Command::new(env!("CARGO_BIN_EXE_camp"))
        .current_dir(dir.path())
        .args(["init", "shop", "--quiet"])
        .status()
        .unwrap();
    assert!(made.success());
    let shown = blocks();
    let typed: String = shown.iter().map(|block| typed(block)).collect();
    let (record, _) = session(&dir.path().join("shop"), &["--echo"], &typed);
    let record = steady(&record);
    if std::env::var_os("CAMP_BLESS").is_some() {
        // Each block has as many prompts as before.
        let mut rest = record.as_str();
        let mut page = PAGE.split(FENCE).next().unwrap().to_owned();
        for part in PAGE.split(FENCE).skip(1) {
            let (block, after) = part.split_once("```").unwrap();
            let prompts = block.lines().filter(|l| l.starts_with("camp>")).count();
            let mut starts = rest.match_indices("camp>").map(|(at, _)| at);
            let end = starts.nth(prompts).unwrap_or(rest.len());
            page += &format!("{FENCE}{}```{after}", &rest[..end]);
            rest = &rest[end..];
        }
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tutorial.md");
        std::fs::write(file, page).unwrap();
        return;
    }
    let wanted = steady(&shown.concat());
    let diff = similar::TextDiff::from_lines(wanted.as_str(), record.as_str());
    assert!(wanted == record, "{}", diff.unified_diff());
}

#[test]
fn what_the_page_types_is_found_by_help_or_by_completion() {
    // The commands and statements of the page, and where the prompt tells them.
    let dir = tempfile::tempdir().unwrap();
    let (help, _) = session(dir.path(), &[], ":help\n");
    for block in blocks() {
        for line in block.lines().filter_map(|l| l.strip_prefix("camp> :")) {
            let command = line.split_whitespace().next().unwrap();
            assert!(help.contains(&format!(":{command}")), "`:{command}` is not in `:help`");
        }
    }
    for statement in ["dimension", "build audience", "save audience", "count("] {
        assert!(help.contains(statement), "`:help` does not show `{statement}`");
    }
}
