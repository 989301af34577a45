//! Tests of the checker: what scripts bind to, and what is said of wrong ones.

mod activities;
mod expressions;
mod fake;
mod names;
mod pages;
mod times;

use fake::{check, check_files};

/// The program of a script that must be right, as text; warnings are allowed.
fn program(script: &str) -> String {
    let checked = check(script);
    checked.assert_no_errors();
    super::print::program(&checked.program)
}

/// The lines of the program that follow the first one with `from`.
fn step(script: &str, from: &str) -> String {
    let all = program(script);
    let start = all.find(from).unwrap_or_else(|| panic!("no {from:?} in\n{all}"));
    let rest = &all[start..];
    let mut lines = vec![rest.lines().next().unwrap_or("")];
    lines.extend(rest.lines().skip(1).take_while(|l| l.starts_with(' ')));
    lines.join("\n")
}

/// The rule that a condition on customers binds to.
fn rule(condition: &str) -> String {
    rule_on("customers", condition)
}

fn rule_on(dimension: &str, condition: &str) -> String {
    let text = program(&format!(
        "campaign \"Test\" timezone \"Europe/Paris\"\n\
         vip = build audience from {dimension} where {condition}\nsave audience vip as \"Rule test\"\n"
    ));
    let start = text.find("  where ").unwrap_or_else(|| panic!("no rule in\n{text}"));
    text[start + 8..].lines().next().unwrap_or("").to_string()
}

/// What is said of a script: code, text under the primary label, help.
fn said(script: &str) -> Vec<(String, String, String)> {
    check(script).said()
}

/// What is said of a condition on customers.
fn said_of_rule(condition: &str) -> Vec<(String, String, String)> {
    said_of_rule_on("customers", condition)
}

fn said_of_rule_on(dimension: &str, condition: &str) -> Vec<(String, String, String)> {
    said(&format!(
        "campaign \"Test\" timezone \"Europe/Paris\"\n\
         vip = build audience from {dimension} where {condition}\nsave audience vip as \"Rule test\"\n"
    ))
}

/// Asserts one message: code, the text it points at, and its help.
#[track_caller]
fn assert_said(said: Vec<(String, String, String)>, code: &str, at: &str, help: &str) {
    let expected = vec![(code.to_string(), at.to_string(), help.to_string())];
    assert_eq!(said, expected);
}
