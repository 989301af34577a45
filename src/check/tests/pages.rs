//! The pages of the codes: each bad sample gives its code, each good one nothing of the kind.

use super::*;
use crate::diagnostic::codes;

#[test]
fn bad_samples_give_their_code_and_good_ones_no_error() {
    for code in codes::all() {
        let id = code.0.id;
        if !["E02", "E03", "E04", "E08", "W09"].iter().any(|range| id.starts_with(range)) {
            continue;
        }
        if !code.0.bad.is_empty() {
            let found = check(code.0.bad);
            assert!(
                found.diagnostics.iter().any(|d| d.code == code),
                "{id} is not given by\n{}\nbut\n{}",
                code.0.bad,
                found.all()
            );
        }
        if !code.0.good.is_empty() {
            let found = check(code.0.good);
            found.assert_no_errors();
            assert!(found.diagnostics.iter().all(|d| d.code != code), "{id}: {}", found.all());
        }
    }
}

#[test]
fn messages_are_short_and_speak_plainly() {
    for code in codes::all() {
        let Some(help) = check(code.0.bad).diagnostics.iter().next().cloned() else { continue };
        assert!(!help.title.ends_with('.'), "{}", help.title);
        for label in &help.labels {
            assert!(label.text.split_whitespace().count() <= 9, "{}: {}", code, label.text);
        }
    }
}

#[test]
fn the_examples_of_the_built_in_activities_check() {
    for activity in crate::activity::Registry::builtin().iter() {
        let spec = activity.spec();
        assert!(!spec.doc.is_empty() && !spec.example.is_empty(), "{}", spec.name);
        let found = check(&spec.example);
        found.assert_no_errors();
        assert!(spec.example.contains(&spec.name), "{}", spec.name);
    }
}
