//! What would have to differ: the smallest sets of conditions that, turned out the other way,
//! change the verdict.
//!
//! Conditions are taken as independent of each other: that a row cannot be in France and in Spain
//! at once is not known here. Where one condition decides at several places of the tree, a set that
//! works at one place can break another; such sets are extended until the whole tree agrees.

use std::collections::{BTreeSet, HashMap};

use super::build::{Logic, Tree};

/// How many ways are told.
const WAYS: usize = 5;
/// How many are kept while they are put together.
const KEPT: usize = 64;

/// Numbers of questions.
type Set = BTreeSet<usize>;

/// The ways to turn the verdict of the root over, smallest first, and whether there are more.
pub(super) fn ways(tree: &Tree, answers: &[bool]) -> (Vec<Set>, bool) {
    let wanted = !holds(tree, answers);
    let mut open = candidates(tree, answers, wanted, &Set::new());
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
        if holds(tree, &flipped) == wanted {
            found.push(set);
            continue;
        }
        // What it turned over must stay so; the rest is looked for from there.
        for more in candidates(tree, &flipped, wanted, &set) {
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
        if holds(tree, &flip(answers, &without)) == wanted {
            set = without;
        }
    }
    set
}

fn flip(answers: &[bool], set: &Set) -> Vec<bool> {
    answers.iter().enumerate().map(|(n, holds)| *holds != set.contains(&n)).collect()
}

/// The verdict of the root for these answers.
fn holds(tree: &Tree, answers: &[bool]) -> bool {
    tree.verdicts(answers, false)[tree.root]
}

/// Looks for sets that bring items to a verdict, as if no question stood at two places.
struct Search<'a> {
    tree: &'a Tree,
    verdicts: Vec<bool>,
    /// Questions that stay as they are.
    frozen: &'a Set,
    known: HashMap<(usize, bool), Vec<Set>>,
}

impl Search<'_> {
    /// None where nothing would.
    fn candidates(&mut self, item: usize, wanted: bool) -> Vec<Set> {
        if self.verdicts[item] == wanted {
            return vec![Set::new()];
        }
        if let Some(known) = self.known.get(&(item, wanted)) {
            return known.clone();
        }
        let found = match &self.tree.items[item].logic {
            Logic::Known(_) => Vec::new(),
            Logic::Asked { question, .. } if self.frozen.contains(question) => Vec::new(),
            Logic::Asked { question, .. } => vec![Set::from([*question])],
            Logic::Not(part) => self.candidates(*part, !wanted),
            Logic::Same(part) => self.candidates(*part, wanted),
            Logic::All(parts) if wanted => self.together(parts, wanted),
            Logic::Any(parts) if !wanted => self.together(parts, wanted),
            Logic::All(parts) | Logic::Any(parts) => {
                minimal(parts.iter().flat_map(|&part| self.candidates(part, wanted)).collect())
            }
        };
        self.known.insert((item, wanted), found.clone());
        found
    }

    /// One way of each part, in all combinations.
    fn together(&mut self, parts: &[usize], wanted: bool) -> Vec<Set> {
        let mut all = vec![Set::new()];
        for &part in parts {
            let ways = self.candidates(part, wanted);
            let joined = all
                .iter()
                .flat_map(|set| ways.iter().map(move |way| set.union(way).copied().collect()));
            all = minimal(joined.collect());
        }
        all
    }
}

fn candidates(tree: &Tree, answers: &[bool], wanted: bool, frozen: &Set) -> Vec<Set> {
    let verdicts = tree.verdicts(answers, false);
    let mut search = Search { tree, verdicts, frozen, known: HashMap::new() };
    search.candidates(tree.root, wanted)
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

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::build::Item;
    use super::*;
    use crate::diagnostic::Diagnostics;
    use crate::model::program::DimId;

    fn tree(logic: Vec<Logic>) -> Tree {
        let items: Vec<Item> =
            logic.into_iter().map(|l| Item::new(Kind::Condition, String::new(), l)).collect();
        Tree {
            root: items.len() - 1,
            items,
            questions: Vec::new(),
            dimension: DimId(0),
            errors: Diagnostics::default(),
        }
    }

    fn asked(question: usize) -> Logic {
        Logic::Asked { question, negated: false }
    }

    fn sets(tree: &Tree, answers: &[bool]) -> Vec<Vec<usize>> {
        ways(tree, answers).0.into_iter().map(|s| s.into_iter().collect()).collect()
    }

    #[test]
    fn an_and_needs_all_that_do_not_hold_and_an_or_one_of_its_parts() {
        // 0 and 1 and (2 or 3)
        let rule = |answers: &[bool]| {
            let logic = vec![
                asked(0),
                asked(1),
                asked(2),
                asked(3),
                Logic::Any(vec![2, 3]),
                Logic::All(vec![0, 1, 4]),
            ];
            sets(&tree(logic), answers)
        };
        assert_eq!(rule(&[false, false, true, false]), [vec![0, 1]]);
        assert_eq!(rule(&[true, false, false, false]), [vec![1, 2], vec![1, 3]]);
        assert_eq!(rule(&[true, true, true, false]), [vec![0], vec![1], vec![2]]);
        assert_eq!(rule(&[true, true, true, true]), [vec![0], vec![1], vec![2, 3]]);
    }

    #[test]
    fn a_question_at_two_places_turns_over_at_both() {
        // (0 and 1) or (not 0 and 2), nothing holds: 2 alone is enough, 0 needs 1.
        let logic = vec![
            asked(0),
            asked(1),
            Logic::All(vec![0, 1]),
            Logic::Not(0),
            asked(2),
            Logic::All(vec![3, 4]),
            Logic::Any(vec![2, 5]),
        ];
        assert_eq!(sets(&tree(logic), &[false, false, false]), [vec![2], vec![0, 1]]);
        // 0 and not 0: nothing helps.
        let never = vec![asked(0), Logic::Not(0), Logic::All(vec![0, 1])];
        assert_eq!(sets(&tree(never), &[true]), Vec::<Vec<usize>>::new());
    }

    #[test]
    fn populations_that_are_forked_again_and_again_are_looked_at_once() {
        // Each item is both parts of the next: 2⁶⁰ ways through them.
        let mut logic = vec![asked(0)];
        for n in 0..60 {
            logic.push(Logic::All(vec![n, n]));
        }
        assert_eq!(sets(&tree(logic), &[false]), [vec![0]]);
    }
}
