//! What would have to differ: the smallest sets of conditions that, turned out the other way,
//! change the verdict.
//!
//! Conditions are taken as independent of each other: that a row cannot be in France and in Spain
//! at once is not known here. Where one condition decides at several places of the tree, a set that
//! works at one place can break another; such sets are extended until the whole tree agrees.

use std::collections::BTreeSet;

use super::build::{Logic, Tree};

/// How many ways are told.
const WAYS: usize = 5;
/// How many are kept while they are put together.
const KEPT: usize = 64;

/// Numbers of questions.
type Set = BTreeSet<usize>;

/// The ways to turn the verdict of the root over, smallest first, and whether there are more.
pub(super) fn ways(tree: &Tree, answers: &[bool]) -> (Vec<Set>, bool) {
    let wanted = !holds(tree, answers, tree.root);
    let mut open = candidates(tree, answers, tree.root, wanted, &Set::new());
    let mut found: Vec<Set> = Vec::new();
    let mut tried: BTreeSet<Set> = BTreeSet::new();
    while let Some(set) = pop_smallest(&mut open) {
        if tried.len() > KEPT * 4 || found.len() > WAYS {
            return (cut(found), true);
        }
        if !tried.insert(set.clone()) || found.iter().any(|known| known.is_subset(&set)) {
            continue;
        }
        let flipped = flip(answers, &set);
        if holds(tree, &flipped, tree.root) == wanted {
            found.push(set);
            continue;
        }
        // What it turned over must stay so; the rest is looked for from there.
        for more in candidates(tree, &flipped, tree.root, wanted, &set) {
            open.push(set.union(&more).copied().collect());
        }
    }
    let found: Vec<Set> =
        found.into_iter().map(|set| reduced(tree, answers, set, wanted)).collect();
    let more = found.len() > WAYS;
    (cut(minimal(found)), more)
}

fn cut(mut found: Vec<Set>) -> Vec<Set> {
    found.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    found.truncate(WAYS);
    found
}

fn pop_smallest(open: &mut Vec<Set>) -> Option<Set> {
    let at = (0..open.len())
        .min_by(|&a, &b| (open[a].len(), &open[a]).cmp(&(open[b].len(), &open[b])))?;
    Some(open.swap_remove(at))
}

/// Without the parts that it works without.
fn reduced(tree: &Tree, answers: &[bool], mut set: Set, wanted: bool) -> Set {
    for question in set.clone() {
        let mut without = set.clone();
        without.remove(&question);
        if holds(tree, &flip(answers, &without), tree.root) == wanted {
            set = without;
        }
    }
    set
}

fn flip(answers: &[bool], set: &Set) -> Vec<bool> {
    answers.iter().enumerate().map(|(n, holds)| *holds != set.contains(&n)).collect()
}

/// The verdict of an item for these answers.
pub(super) fn holds(tree: &Tree, answers: &[bool], item: usize) -> bool {
    match &tree.items[item].logic {
        Logic::Known(holds) => *holds,
        Logic::Asked { question, negated } => answers[*question] != *negated,
        Logic::All(parts) => parts.iter().all(|&part| holds(tree, answers, part)),
        Logic::Any(parts) => parts.iter().any(|&part| holds(tree, answers, part)),
        Logic::Not(part) => !holds(tree, answers, *part),
        Logic::Same(part) => holds(tree, answers, *part),
    }
}

/// The sets that would bring an item to a verdict if no question stood at two places. None where
/// nothing would.
fn candidates(tree: &Tree, answers: &[bool], item: usize, wanted: bool, frozen: &Set) -> Vec<Set> {
    if holds(tree, answers, item) == wanted {
        return vec![Set::new()];
    }
    match &tree.items[item].logic {
        Logic::Known(_) => Vec::new(),
        Logic::Asked { question, .. } if frozen.contains(question) => Vec::new(),
        Logic::Asked { question, .. } => vec![Set::from([*question])],
        Logic::Not(part) => candidates(tree, answers, *part, !wanted, frozen),
        Logic::Same(part) => candidates(tree, answers, *part, wanted, frozen),
        Logic::All(parts) if wanted => together(tree, answers, parts, wanted, frozen),
        Logic::Any(parts) if !wanted => together(tree, answers, parts, wanted, frozen),
        Logic::All(parts) | Logic::Any(parts) => {
            let each = parts.iter().flat_map(|&p| candidates(tree, answers, p, wanted, frozen));
            minimal(each.collect())
        }
    }
}

/// One way of each part, in all combinations.
fn together(
    tree: &Tree,
    answers: &[bool],
    parts: &[usize],
    wanted: bool,
    frozen: &Set,
) -> Vec<Set> {
    let mut all = vec![Set::new()];
    for &part in parts {
        let ways = candidates(tree, answers, part, wanted, frozen);
        let joined = all
            .iter()
            .flat_map(|set| ways.iter().map(move |way| set.union(way).copied().collect()));
        all = minimal(joined.collect());
    }
    all
}

/// Without those that contain another one; of very many, the smallest.
fn minimal(mut sets: Vec<Set>) -> Vec<Set> {
    sets.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    let mut kept: Vec<Set> = Vec::new();
    for set in sets {
        if kept.len() == KEPT {
            break;
        }
        if !kept.iter().any(|known| known.is_subset(&set)) {
            kept.push(set);
        }
    }
    kept
}
