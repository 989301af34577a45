//! A tree and its answers → what is told.

use std::collections::{HashMap, HashSet};

use crate::engine::duckdb::print::plain;
use crate::model::program::{Program, TransitionId};
use crate::plan::clock::Clock;
use crate::source::{SourceMap, Span};

use super::build::{Given, Item, Logic, Tree};
use super::evaluate::Answers;
use super::key::Key;
use super::values::fact;
use super::{Change, Fact, Kind, Left, Linked, Node, Otherwise, Place, SCHEMA_VERSION, Why, flips};

/// What is told of a row.
pub fn tell(
    tree: &Tree,
    answers: &Answers,
    (program, sources): (&Program, &SourceMap),
    (transition, key): (TransitionId, &Key),
    clock: &Clock,
    otherwise: bool,
) -> Why {
    // A question is told as the item that asks it first.
    let mut first = HashMap::new();
    for (n, item) in tree.items.iter().enumerate() {
        if let Logic::Asked { question, .. } = item.logic {
            first.entry(question).or_insert(n);
        }
    }
    let teller = Teller { tree, answers, program, sources, clock, first };
    let member = answers.holds(tree.root);
    let mut left = Vec::new();
    if !member {
        teller.lost(tree.root, &mut left, &mut HashSet::new());
        if left.is_empty() {
            // The dimension's own rule leaves it out.
            left.push(tree.root);
        }
        left.sort_by_key(|&item| tree.items[item].span.map(|s| s.start));
    }
    let left = left.into_iter().map(|item| Left {
        transition: tree.items[item].name.clone().unwrap_or_default(),
        node: item,
        place: teller.place(tree.items[item].span),
    });
    let zone = &clock.zone;
    Why {
        schema_version: SCHEMA_VERSION,
        as_of: clock.now,
        timezone: clock.zone_name.to_string(),
        dimension: program[tree.dimension].name.clone(),
        key: key.names.iter().zip(&key.values).map(|(n, v)| fact(n.clone(), v, zone)).collect(),
        transition: program[transition].name.clone(),
        member,
        tree: teller.node(tree.root),
        left: left.collect(),
        otherwise: otherwise.then(|| teller.otherwise(!member)),
    }
}

struct Teller<'a> {
    tree: &'a Tree,
    answers: &'a Answers,
    program: &'a Program,
    sources: &'a SourceMap,
    clock: &'a Clock,
    /// The first item that asks a question.
    first: HashMap<usize, usize>,
}

impl Teller<'_> {
    fn place(&self, span: Option<Span>) -> Option<Place> {
        let place = self.sources.place(span.filter(|s| !s.is_empty())?)?;
        let file = place.file.strip_prefix("./").map(str::to_owned).unwrap_or(place.file);
        Some(Place { file, line: place.line, column: place.column })
    }

    fn node(&self, id: usize) -> Node {
        let item = &self.tree.items[id];
        Node {
            id,
            kind: item.kind,
            text: item.text.clone(),
            place: self.place(item.span),
            holds: self.answers.holds(id),
            values: item.facts.iter().map(|(name, given)| self.fact(name, given)).collect(),
            linked: (0..item.linked.len()).map(|n| self.linked(id, item, n)).collect(),
            notes: item.notes.clone(),
            as_above: item.as_above,
            same_condition: self.same_condition(id),
            parts: item.parts.iter().map(|&part| self.node(part)).collect(),
        }
    }

    fn same_condition(&self, id: usize) -> Option<usize> {
        let Logic::Asked { question, .. } = self.tree.items[id].logic else { return None };
        self.first.get(&question).copied().filter(|&first| first != id)
    }

    fn fact(&self, name: &str, given: &Given) -> Fact {
        let zone = &self.clock.zone;
        match given {
            Given::Known(value) => fact(name.to_owned(), value, zone),
            Given::Asked(question) => fact(name.to_owned(), self.answers.value(*question), zone),
            Given::Words(words) => Fact {
                name: name.to_owned(),
                value: serde_json::Value::String(words.clone()),
                shown: words.clone(),
            },
        }
    }

    fn linked(&self, id: usize, item: &Item, n: usize) -> Linked {
        let asked = &item.linked[n];
        let target = &self.program[asked.sample.target];
        let firsts = self.answers.firsts(id, n);
        Linked {
            name: asked.name.clone(),
            rows: self.answers.count(asked.rows),
            matching: asked.matching.map(|q| self.answers.count(q)),
            parts: asked
                .parts
                .iter()
                .map(|(text, q)| (text.clone(), self.answers.count(*q)))
                .collect(),
            key: target.key_columns().map(|c| c.name.clone()).collect(),
            first: firsts.iter().map(|row| row.iter().map(plain).collect()).collect(),
            first_do_not_hold: asked.first_do_not_hold,
        }
    }

    /// The populations that lost the row: it is not in them although it is in something that they
    /// are made from. Where it is in nothing of that, it was lost further up.
    fn lost(&self, item: usize, found: &mut Vec<usize>, seen: &mut HashSet<usize>) {
        let item = self.tree.items[item].as_above.unwrap_or(item);
        if !seen.insert(item) || self.tree.items[item].kind != Kind::Population {
            return;
        }
        let flows = &self.tree.items[item].flows;
        let reached = flows.iter().any(|&flow| self.answers.holds(flow));
        let further: Vec<usize> = flows
            .iter()
            .copied()
            .filter(|&flow| self.tree.items[flow].kind == Kind::Population)
            .collect();
        if reached || further.is_empty() {
            found.push(item);
            return;
        }
        for flow in further {
            self.lost(flow, found, seen);
        }
    }

    fn otherwise(&self, member: bool) -> Otherwise {
        let (ways, more) = flips::ways(self.tree, &self.answers.held(self.tree));
        let change = |question: usize| {
            let &id = self.first.get(&question)?;
            let item = &self.tree.items[id];
            Some(Change {
                node: id,
                text: item.text.clone(),
                place: self.place(item.span),
                holds: !self.answers.holds(id),
            })
        };
        let ways = ways.into_iter().map(|way| way.into_iter().filter_map(change).collect());
        Otherwise { member, ways: ways.collect(), more }
    }
}
