//! What `why` tells of a row is what a run does with it, and what it says would have to differ would
//! make the difference.

use std::collections::HashMap;

use camp::engine::duckdb::print::plain;
use camp::model::value::Value;
use camp::why::{Kind, Node, Question, Why};

use super::*;

/// A key as somebody types it.
fn typed(key: &[String]) -> String {
    match key {
        // A key of one column is taken as it is, but for quotes around it.
        [one] => format!("\"{}\"", one.replace('"', "\"\"")),
        parts => {
            let parts = parts.iter().map(|p| format!("\"{}\"", p.replace('"', "\"\"")));
            parts.collect::<Vec<_>>().join(",")
        }
    }
}

/// So many of these.
fn some<T>(random: &mut Random, mut from: Vec<T>, many: usize) -> Vec<T> {
    let many = many.min(from.len());
    (0..many).map(|_| from.swap_remove(random.below(from.len()))).collect()
}

/// All nodes by their numbers.
fn nodes<'a>(node: &'a Node, found: &mut HashMap<usize, &'a Node>) {
    found.insert(node.id, node);
    node.parts.iter().for_each(|part| nodes(part, found));
}

/// The verdict of a node, told by its parts alone, where the flipped ones turn out the other way.
fn verdict(node: &Node, all: &HashMap<usize, &Node>, flipped: &[usize]) -> bool {
    if let Some(above) = node.as_above {
        return verdict(all[&above], all, flipped);
    }
    let mut parts = node.parts.iter().map(|part| verdict(part, all, flipped));
    match node.kind {
        Kind::All | Kind::Population => parts.all(|holds| holds),
        Kind::Any => parts.any(|holds| holds),
        Kind::Not => !parts.all(|holds| holds),
        // `in t` holds as `t` does, `not in t` as it does not.
        Kind::Condition | Kind::Guard if node.parts.len() == 1 => {
            parts.all(|holds| holds) == (node.holds == node.parts[0].holds)
        }
        _ => {
            let first = node.same_condition.unwrap_or(node.id);
            node.holds != flipped.contains(&first)
        }
    }
}

fn check(why: &Why, member: bool, context: &str) {
    assert_eq!(why.member, member, "{context}\n{why:#?}");
    assert_eq!(why.left.is_empty(), member, "{context}\n{why:#?}");
    let mut all = HashMap::new();
    nodes(&why.tree, &mut all);
    for node in all.values() {
        assert_eq!(verdict(node, &all, &[]), node.holds, "node {}: {context}", node.id);
    }
    let otherwise = why.otherwise.as_ref().unwrap();
    assert_eq!(otherwise.member, !member);
    for way in &otherwise.ways {
        let flipped: Vec<usize> = way.iter().map(|change| change.node).collect();
        assert!(!flipped.is_empty());
        assert_eq!(verdict(&why.tree, &all, &flipped), !member, "{flipped:?}: {context}\n{why:#?}");
        for change in way {
            assert_eq!(change.holds, !all[&change.node].holds);
            // None of them is there for nothing.
            let fewer: Vec<usize> = flipped.iter().copied().filter(|n| *n != change.node).collect();
            assert_eq!(verdict(&why.tree, &all, &fewer), member, "{flipped:?}: {context}");
        }
    }
}

#[test]
fn what_why_tells_is_what_a_run_saves() {
    let mut asked = 0;
    for seed in 0..6 {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let (data, mut random) = stored(11_000 + seed, folder);
        let script = script(&data, &mut random, folder);
        let text = script.text();
        let file = folder.join("law.camp").display().to_string();
        std::fs::write(&file, &text).unwrap();
        let settings = || Settings { dry_run: true, ..trial::settings(folder, &data) };
        // Asked before the run: afterwards rules would read what it saved.
        let mut told = Vec::new();
        let mut saved = script.saved.clone();
        saved.retain(|p| text.contains(&format!(" as \"{}\"", p.name)));
        for population in some(&mut random, saved, 4) {
            let table = data.table(population.table);
            let keys = table.rows.iter().map(|row| &row[..table.key]);
            let keys: Vec<Vec<String>> = keys
                .filter(|key| !key.contains(&Value::Missing))
                .map(|key| key.iter().map(plain).collect())
                .collect();
            for key in some(&mut random, keys, 5) {
                let question = Question {
                    key: typed(&key),
                    population: population.name.clone(),
                    otherwise: true,
                    samples: 2,
                };
                match Session::new(settings()).why(std::slice::from_ref(&file), &question) {
                    Ok(why) => told.push((population.name.clone(), key, why)),
                    // A statement of the script that the data makes fail: the run fails too.
                    Err(found) => {
                        let run = run(folder, &text, settings());
                        assert!(run.is_err(), "{}\n{text}", trial::words(&found));
                    }
                }
            }
        }
        let Ok(report) = run(folder, &text, trial::settings(folder, &data)) else { continue };
        let saved = audiences(folder);
        for (label, key, why) in told {
            let Some(save) = report.saves.iter().find(|s| s.label == label) else { continue };
            let members = keys(&saved, &save.label, key.len());
            check(
                &why,
                members.contains(&key),
                &format!("seed {seed}: {key:?} in {label}\n{text}"),
            );
            asked += 1;
        }
    }
    assert!(asked > 30, "only {asked} rows were asked about");
}
