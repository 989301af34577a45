//! Program and plan → the tree of a population's rule, with the questions that it asks of a row.

use std::collections::{HashMap, HashSet};

use crate::activity::Registry;
use crate::catalogue::Catalogue;
use crate::diagnostic::Diagnostics;
use crate::model::expr::{Expr, ExprKind, Links, Population, Row};
use crate::model::program::{DimId, Program, StepKind, TransitionId};
use crate::model::value::Value;
use crate::plan::clock::Clock;
use crate::plan::fold::{self, Folder};
use crate::plan::reason::Reason;
use crate::plan::relation::{Relations, inline_members, substitute};
use crate::plan::{Cut, Plan};
use crate::source::{SourceMap, Span};

use super::Kind;
use super::values::shown;

/// The rule of a population over one row, and what it asks of the row.
pub struct Tree {
    pub(super) items: Vec<Item>,
    pub(super) root: usize,
    pub(super) questions: Vec<Asked>,
    /// Whose rows it speaks of.
    pub(super) dimension: DimId,
    /// What went wrong while times were resolved.
    pub errors: Diagnostics,
}

/// A scalar over the row.
pub(super) struct Asked {
    /// Resolved.
    pub expr: Expr,
    /// Whether it is asked if it holds, rather than for its value.
    pub condition: bool,
}

/// How an item comes to its verdict.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Logic {
    /// Always the same.
    Known(bool),
    /// The answer to a question, or its opposite.
    Asked { question: usize, negated: bool },
    /// All of these items hold.
    All(Vec<usize>),
    /// One of them does.
    Any(Vec<usize>),
    /// This item does not.
    Not(usize),
    /// As this item.
    Same(usize),
}

/// A node of the tree before its verdict is known.
pub(super) struct Item {
    pub kind: Kind,
    pub text: String,
    pub span: Option<Span>,
    pub logic: Logic,
    /// What is shown below it.
    pub parts: Vec<usize>,
    pub facts: Vec<(String, Given)>,
    pub linked: Vec<LinkedAsk>,
    pub notes: Vec<String>,
    pub as_above: Option<usize>,
    /// Of a population: what it is made from.
    pub flows: Vec<usize>,
    /// Of a population: the question whether the row is in it, which the plan answers.
    pub member: Option<usize>,
    /// Of a population: its name.
    pub name: Option<String>,
}

/// A value.
pub(super) enum Given {
    /// Known before anything is asked.
    Known(Value),
    /// The answer to a question.
    Asked(usize),
    /// In words.
    Words(String),
}

/// Linked rows of which something is said; the numbers are those of questions.
pub(super) struct LinkedAsk {
    pub name: String,
    pub rows: usize,
    pub matching: Option<usize>,
    pub parts: Vec<(String, usize)>,
    pub sample: Sample,
    pub first_do_not_hold: bool,
}

/// Rows at the end of a path.
pub(super) struct Sample {
    pub links: Links,
    pub condition: Option<Expr>,
    pub target: DimId,
}

/// What trees are built from.
pub struct Builder<'a> {
    /// The campaign.
    pub program: &'a Program,
    /// Its plan.
    pub plan: &'a Plan,
    /// What the plan knows of the transitions, those that were skipped holding nobody.
    pub relations: &'a Relations,
    /// The transitions that hold nobody, since their step was skipped.
    pub gone: &'a HashSet<TransitionId>,
    /// For the words of the script.
    pub sources: &'a SourceMap,
    /// For what is known of saved audiences.
    pub catalogue: &'a Catalogue,
    /// For what is said of activities.
    pub registry: &'a Registry,
    /// The run's instant.
    pub as_of: jiff::Timestamp,
}

/// A tree under construction.
pub(super) struct Building<'a> {
    pub from: &'a Builder<'a>,
    pub tree: Tree,
    pub clock: Clock,
    known: HashMap<TransitionId, usize>,
    makers: HashMap<TransitionId, usize>,
}

impl<'a> Builder<'a> {
    /// The tree of a transition.
    pub fn transition(&'a self, transition: TransitionId) -> Tree {
        let mut building = self.start(transition);
        building.tree.root = building.transition(transition);
        building.tree
    }

    /// The tree of the rule that says which rows a transition's dimension has.
    pub fn filter(&'a self, transition: TransitionId, filter: &Expr) -> Tree {
        let mut building = self.start(transition);
        let dimension = building.tree.dimension;
        if let Some(zone) = &self.program[dimension].filter_zone {
            building.clock = Clock::new(self.as_of, zone);
        }
        let rule = building.rule(filter, &Population::Dimension(dimension));
        let name = &self.program[dimension].name;
        let parts = building.flattened(rule);
        let mut item =
            Item::new(Kind::All, format!("{name} has this row"), Logic::All(parts.clone()));
        item.parts = parts;
        item.name = Some(name.clone());
        item.span = Some(self.program[dimension].span);
        building.tree.root = building.push(item);
        building.tree
    }

    fn start(&'a self, transition: TransitionId) -> Building<'a> {
        let of = &self.program[transition];
        Building {
            from: self,
            tree: Tree {
                items: Vec::new(),
                root: 0,
                questions: Vec::new(),
                dimension: of.dimension,
                errors: Diagnostics::default(),
            },
            clock: Clock::new(self.as_of, &self.program[of.campaign].timezone),
            known: HashMap::new(),
            makers: self.program.makers(),
        }
    }
}

impl Tree {
    /// The verdicts of all items for the answers to the questions, each found once, however often
    /// it is spoken of. With `as_planned` a population has whom the plan says it has, which is
    /// what a run saves.
    pub(super) fn verdicts(&self, answers: &[bool], as_planned: bool) -> Vec<bool> {
        let mut known = vec![None; self.items.len()];
        (0..self.items.len())
            .map(|item| self.verdict(answers, as_planned, item, &mut known))
            .collect()
    }

    fn verdict(
        &self,
        answers: &[bool],
        as_planned: bool,
        item: usize,
        known: &mut [Option<bool>],
    ) -> bool {
        if let Some(holds) = known[item] {
            return holds;
        }
        let mut of = |part: usize| self.verdict(answers, as_planned, part, known);
        let holds = match &self.items[item].logic {
            Logic::Known(holds) => *holds,
            Logic::Asked { question, negated } => answers[*question] != *negated,
            Logic::All(parts) => parts.iter().all(|&part| of(part)),
            Logic::Any(parts) => parts.iter().any(|&part| of(part)),
            Logic::Not(part) => !of(*part),
            Logic::Same(part) => of(*part),
        };
        let holds = match self.items[item].member.filter(|_| as_planned) {
            Some(question) => {
                let member = answers[question];
                debug_assert_eq!(member, holds, "`{}` is told as it is not", self.items[item].text);
                member
            }
            None => holds,
        };
        known[item] = Some(holds);
        holds
    }
}

impl Item {
    pub(super) fn new(kind: Kind, text: String, logic: Logic) -> Item {
        Item {
            kind,
            text,
            span: None,
            logic,
            parts: Vec::new(),
            facts: Vec::new(),
            linked: Vec::new(),
            notes: Vec::new(),
            as_above: None,
            flows: Vec::new(),
            member: None,
            name: None,
        }
    }
}

impl Building<'_> {
    pub(super) fn push(&mut self, item: Item) -> usize {
        self.tree.items.push(item);
        self.tree.items.len() - 1
    }

    /// The number of a question; equal ones are one.
    pub(super) fn ask(&mut self, expr: Expr, condition: bool) -> usize {
        let questions = &mut self.tree.questions;
        let known = questions.iter().position(|q| q.condition == condition && q.expr == expr);
        known.unwrap_or_else(|| {
            questions.push(Asked { expr, condition });
            questions.len() - 1
        })
    }

    /// The words of the script, on one line.
    pub(super) fn words(&self, span: Span) -> String {
        let text = self.from.sources.slice(span);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// An expression over the rows of a population as one over its dimension's rows.
    pub(super) fn resolve(&mut self, expr: &Expr, of: &Population) -> Expr {
        let (dimension, _, carried) = self.from.relations.rows_of(self.from.program, of);
        let expr = self.fold(&substitute(expr, &carried));
        inline_members(&expr, dimension, self.from.relations)
    }

    pub(super) fn fold(&mut self, expr: &Expr) -> Expr {
        let program = self.from.program;
        let mut folder = Folder { program, clock: &self.clock, errors: Diagnostics::default() };
        let folded = folder.fold(expr);
        self.tree.errors.extend(folder.errors);
        folded
    }

    // ---- populations

    fn population(&mut self, population: &Population) -> usize {
        match population {
            Population::Transition(t) => self.transition(*t),
            Population::Dimension(d) => self.row(*d),
            Population::Audience(i) => self.audience(*i),
        }
    }

    fn row(&mut self, dimension: DimId) -> usize {
        let dim = &self.from.program[dimension];
        let text = format!("row of {}", dim.name);
        let mut item = Item::new(Kind::Row, text, Logic::Known(true));
        item.span = Some(dim.span).filter(|s| !s.is_empty());
        if let Some(filter) = &dim.filter {
            item.notes.push(format!("where {}", self.words(filter.span)));
        }
        self.push(item)
    }

    fn audience(&mut self, index: usize) -> usize {
        let audience = &self.from.program.audiences[index];
        let dimension = audience.dimension;
        let (label, existing) = (audience.label.clone(), audience.existing.is_some());
        let member = self.is_member(Population::Audience(index), Span::default());
        let question = self.ask(member, true);
        let logic = if dimension == self.tree.dimension {
            Logic::Asked { question, negated: false }
        } else {
            Logic::Known(false)
        };
        let mut item = Item::new(Kind::Audience, format!("audience \"{label}\""), logic);
        item.name = Some(label.clone());
        item.notes = self.notes_of_audience(&label, existing);
        self.push(item)
    }

    /// What is known of a saved audience.
    pub(super) fn notes_of_audience(&self, label: &str, existing: bool) -> Vec<String> {
        match self.from.catalogue.find(label).filter(|_| existing) {
            Some(entry) => vec![format!(
                "version {} of {}, saved by \"{}\"",
                entry.audience.version,
                shown(&Value::Instant(entry.updated), &self.clock.zone),
                entry.campaign
            )],
            None => vec!["new: nobody is in it before this run".to_owned()],
        }
    }

    pub(super) fn is_member(&self, population: Population, span: Span) -> Expr {
        Expr::condition(ExprKind::Member { row: Row::frame(0), population }, span)
    }

    pub(super) fn transition(&mut self, t: TransitionId) -> usize {
        let program = self.from.program;
        let (text, span) = self.title(t);
        if let Some(&known) = self.known.get(&t) {
            let mut item = Item::new(Kind::Population, text, Logic::Same(known));
            item.as_above = Some(known);
            item.span = Some(span);
            item.flows = vec![known];
            item.name = Some(program[t].name.clone());
            return self.push(item);
        }
        // Its number comes before those of its parts.
        let id = self.push(Item::new(Kind::Population, text, Logic::Known(false)));
        self.known.insert(t, id);
        let outer = self.clock.clone();
        self.clock = Clock::new(self.from.as_of, &program[program[t].campaign].timezone);
        let mut item = self.made(t);
        self.clock = outer;
        let (_, rule, _) = self.from.relations.rows_of(program, &Population::Transition(t));
        item.member = Some(self.ask(rule, true));
        item.text = std::mem::take(&mut self.tree.items[id].text);
        item.span = Some(span);
        item.name = Some(program[t].name.clone());
        self.tree.items[id] = item;
        id
    }

    /// The statement that makes a transition, without its rule.
    fn title(&self, t: TransitionId) -> (String, Span) {
        let program = self.from.program;
        let Some(step) = self.makers.get(&t).map(|&step| &program.steps[step]) else {
            return (program[t].name.clone(), program[t].span);
        };
        let text = self.words(step.span);
        let end = [" where ", " select ", " order by ", " with ", " only if ", " wait for "]
            .iter()
            .filter_map(|clause| text.find(clause))
            .min();
        let mut title = text[..end.unwrap_or(text.len())].to_owned();
        if let (StepKind::Activity(activity), false) = (&step.kind, title.contains('=')) {
            title = format!("{}: {}", program[t].name, activity.activity);
        }
        (title, step.span)
    }

    /// A population with its reason.
    fn made(&mut self, t: TransitionId) -> Item {
        let program = self.from.program;
        let step = self.makers.get(&t).map(|&index| &program.steps[index]);
        let mut item = Item::new(Kind::Population, String::new(), Logic::Known(false));
        let mut parts = Vec::new();
        if let Some(step) = step
            && let Some(condition) = &step.only_if
            && !matches!(&step.kind, StepKind::Activity(a) if a.operation.has_effects())
        {
            let of = Population::Dimension(program[t].dimension);
            let guard = self.rule(condition, &of);
            let mut only_if = Item::new(
                Kind::Guard,
                format!("only if {}", self.words(condition.span)),
                Logic::Same(guard),
            );
            only_if.span = Some(condition.span);
            only_if.parts = match self.tree.items[guard].kind {
                Kind::All | Kind::Any | Kind::Not => vec![guard],
                _ => {
                    // One condition says the same as the guard itself.
                    let condition = &mut self.tree.items[guard];
                    only_if.facts = std::mem::take(&mut condition.facts);
                    Vec::new()
                }
            };
            parts.push(self.push(only_if));
        }
        if self.from.gone.contains(&t) {
            let mut skipped = Item::new(
                Kind::Guard,
                "its statement is not skipped".to_owned(),
                Logic::Known(false),
            );
            skipped.notes.push("skipped: nobody is in it".to_owned());
            parts.push(self.push(skipped));
        }
        match self.from.plan.reasons.get(&t).cloned() {
            Some(reason) => {
                let reason = self.reason(&reason, true, &mut item.flows);
                parts.extend(self.flattened(reason));
            }
            None => {
                let chosen = self.chosen(t, &mut item.flows);
                parts.push(chosen);
            }
        }
        item.logic = Logic::All(parts.clone());
        item.parts = parts;
        item
    }

    /// What an activity chose for reasons of its own.
    fn chosen(&mut self, t: TransitionId, flows: &mut Vec<usize>) -> usize {
        let program = self.from.program;
        let step = self.makers.get(&t).map(|&index| &program.steps[index].kind);
        let member = self.is_member(Population::Transition(t), program[t].span);
        let member = self.resolve(&member, &Population::Dimension(program[t].dimension));
        let question = self.ask(member, true);
        let mut text = format!("chosen for {}", program[t].name);
        let mut notes = Vec::new();
        let mut parts = Vec::new();
        if let Some(StepKind::Activity(activity)) = step {
            text = format!("chosen by {} for {}", activity.activity, program[t].name);
            if let Some(known) = self.from.registry.find(&activity.activity) {
                notes.push(known.spec().summary.clone());
            }
            for input in activity.operation.inputs() {
                let (of, ..) = self.from.relations.rows_of(program, &input);
                if of == self.tree.dimension {
                    let input = self.population(&input);
                    flows.push(input);
                    parts.push(input);
                } else {
                    let name = match &input {
                        Population::Transition(t) => &program[*t].name,
                        Population::Audience(i) => &program.audiences[*i].label,
                        Population::Dimension(d) => &program[*d].name,
                    };
                    notes.push(format!("made from `{name}`, rows of {}", program[of].name));
                }
            }
        }
        let mut item = Item::new(Kind::Chosen, text, Logic::Asked { question, negated: false });
        item.notes = notes;
        item.parts = parts;
        self.push(item)
    }

    // ---- reasons

    fn reason(&mut self, reason: &Reason, positive: bool, flows: &mut Vec<usize>) -> usize {
        match reason {
            Reason::In(population) => {
                let item = self.population(population);
                if positive {
                    flows.push(item);
                }
                item
            }
            Reason::Rule { rule, of } => self.rule(rule, of),
            Reason::Matches { condition, population } => self.matches(condition, population),
            Reason::First { output, order, limit } => self.first(*output, order, limit),
            Reason::Version { output, audience, version } => {
                let member = self.is_member(Population::Transition(*output), Span::default());
                let question = self.ask(member, true);
                let label = &self.from.program.audiences[*audience].label;
                let text = format!("audience \"{label}\" version {version}");
                let logic = Logic::Asked { question, negated: false };
                self.push(Item::new(Kind::Audience, text, logic))
            }
            Reason::All(parts) => {
                let parts = self.reasons(parts, positive, flows);
                self.compound(Kind::All, parts, None)
            }
            Reason::Any(parts) => {
                let parts = self.reasons(parts, positive, flows);
                self.compound(Kind::Any, parts, None)
            }
            Reason::Not(part) => {
                let part = self.reason(part, !positive, flows);
                self.negated(part, None)
            }
        }
    }

    fn reasons(&mut self, parts: &[Reason], positive: bool, flows: &mut Vec<usize>) -> Vec<usize> {
        parts
            .iter()
            .flat_map(|part| {
                let item = self.reason(part, positive, flows);
                match part {
                    Reason::Rule { .. } => self.flattened(item),
                    _ => vec![item],
                }
            })
            .collect()
    }

    /// The parts of an `and`, which its parent can have as its own.
    fn flattened(&mut self, item: usize) -> Vec<usize> {
        match &self.tree.items[item] {
            Item { kind: Kind::All, parts, .. } => parts.clone(),
            _ => vec![item],
        }
    }

    fn compound(&mut self, kind: Kind, parts: Vec<usize>, span: Option<Span>) -> usize {
        let (text, logic) = match kind {
            Kind::Any => ("any of", Logic::Any(parts.clone())),
            _ => ("all of", Logic::All(parts.clone())),
        };
        let mut item = Item::new(kind, text.to_owned(), logic);
        item.span = span;
        item.parts = parts;
        self.push(item)
    }

    fn negated(&mut self, part: usize, span: Option<Span>) -> usize {
        let of = &self.tree.items[part];
        let text = match (of.kind, &of.name) {
            (Kind::Population, Some(name)) => format!("not in `{name}`"),
            (Kind::Audience, _) => format!("not in {}", of.text),
            _ => "not".to_owned(),
        };
        let mut item = Item::new(Kind::Not, text, Logic::Not(part));
        item.span = span;
        item.parts = vec![part];
        self.push(item)
    }

    fn first(
        &mut self,
        output: TransitionId,
        order: &[crate::model::expr::Sort],
        limit: &Cut,
    ) -> usize {
        let member = self.is_member(Population::Transition(output), Span::default());
        let question = self.ask(member, true);
        let written: Vec<String> = order
            .iter()
            .map(|s| self.words(s.expr.span) + if s.descending { " desc" } else { "" })
            .collect();
        let how_many = match limit {
            Cut::Rows(n) => fold::literal(n).map(|n| shown(n, &self.clock.zone)),
            Cut::Share(share) => Some(self.words(share.span)),
        };
        let how_many = how_many.unwrap_or_default();
        let mut item = Item::new(
            Kind::First,
            format!("among the first {how_many} by {}", written.join(", ")),
            Logic::Asked { question, negated: false },
        );
        let mut facts = Vec::new();
        for (sort, name) in order.iter().zip(written) {
            let name = name.trim_end_matches(" desc").to_owned();
            facts.push((name, Given::Asked(self.ask(sort.expr.clone(), false))));
        }
        item.facts = facts;
        self.push(item)
    }

    fn matches(&mut self, condition: &Expr, population: &Population) -> usize {
        let program = self.from.program;
        let name = match population {
            Population::Transition(t) => program[*t].name.clone(),
            Population::Audience(i) => format!("audience \"{}\"", program.audiences[*i].label),
            Population::Dimension(d) => program[*d].name.clone(),
        };
        let question = self.ask(condition.clone(), true);
        let text = format!("matches a row of {name} by {}", self.words(condition.span));
        let mut item = Item::new(Kind::Condition, text, Logic::Asked { question, negated: false });
        item.span = Some(condition.span);
        if let ExprKind::Matches { pairs, .. } = &*condition.kind {
            for pair in pairs {
                let given = Given::Asked(self.ask(pair.left.clone(), false));
                item.facts.push((self.words(pair.left.span), given));
            }
        }
        self.push(item)
    }

    // ---- rules

    /// A condition of the script over rows of a population.
    pub(super) fn rule(&mut self, expr: &Expr, of: &Population) -> usize {
        match &*expr.kind {
            ExprKind::And(parts) => {
                let parts = parts.iter().map(|p| self.rule(p, of)).collect();
                self.compound(Kind::All, parts, Some(expr.span))
            }
            ExprKind::Or(parts) => {
                let parts = parts.iter().map(|p| self.rule(p, of)).collect();
                self.compound(Kind::Any, parts, Some(expr.span))
            }
            ExprKind::If(condition, yes, no) => {
                let (condition, yes) = (self.rule(condition, of), self.rule(yes, of));
                let (not, no) = (self.negated(condition, None), self.rule(no, of));
                let ways = [
                    self.compound(Kind::All, vec![condition, yes], None),
                    self.compound(Kind::All, vec![not, no], None),
                ];
                self.compound(Kind::Any, ways.to_vec(), Some(expr.span))
            }
            ExprKind::Not(inner) => match &*inner.kind {
                ExprKind::And(_) | ExprKind::Or(_) | ExprKind::Not(_) | ExprKind::If(..) => {
                    let inner = self.rule(inner, of);
                    self.negated(inner, Some(expr.span))
                }
                _ => match self.member(inner, expr.span) {
                    Some(member) => {
                        self.tree.items[member].logic = match self.tree.items[member].logic {
                            Logic::Same(population) => Logic::Not(population),
                            ref other => other.clone(),
                        };
                        member
                    }
                    None => self.atom(inner, of, expr.span, true),
                },
            },
            ExprKind::Literal(Value::Bool(holds)) => {
                let mut item =
                    Item::new(Kind::Condition, self.words(expr.span), Logic::Known(*holds));
                item.span = Some(expr.span);
                self.push(item)
            }
            _ => match self.member(expr, expr.span) {
                Some(member) => member,
                None => self.atom(expr, of, expr.span, false),
            },
        }
    }

    /// `in TRANSITION` of the row itself: the transition's own tree says why.
    fn member(&mut self, expr: &Expr, span: Span) -> Option<usize> {
        let ExprKind::Member { row, population: Population::Transition(t) } = &*expr.kind else {
            return None;
        };
        if row.frame != 0
            || !row.links.is_empty()
            || self.from.program[*t].dimension != self.tree.dimension
        {
            return None;
        }
        let population = self.transition(*t);
        let text = self.words(span);
        let mut item = Item::new(Kind::Condition, text, Logic::Same(population));
        item.span = Some(span);
        item.parts = vec![population];
        Some(self.push(item))
    }

    fn atom(&mut self, expr: &Expr, of: &Population, span: Span, negated: bool) -> usize {
        let resolved = self.resolve(expr, of);
        let logic = match fold::literal(&resolved) {
            // Known from the instant and the parameters alone.
            Some(Value::Bool(holds)) => Logic::Known(*holds != negated),
            _ => Logic::Asked { question: self.ask(resolved, true), negated },
        };
        let mut item = Item::new(Kind::Condition, self.words(span), logic);
        item.span = Some(span);
        self.facts(expr, of, &mut item);
        self.push(item)
    }
}
