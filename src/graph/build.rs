//! From a checked program to its canvas.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::activity::Registry;
use crate::model::expr::Population;
use crate::model::program::{CampaignId, Program, Step, StepKind, TransitionId};
use crate::plan;
use crate::run::execute::one_line;
use crate::source::{SourceId, SourceMap, Span};
use crate::syntax::{self, ast::ClauseKind, ast::StatementKind};

use super::{Canvas, Chart, Flow, Kind, Node, Use, UseKind};

/// The canvas of the wanted steps of a program, without numbers, SQL and rows.
pub fn canvas(
    program: &Program,
    sources: &SourceMap,
    registry: &Registry,
    wanted: &HashSet<usize>,
) -> Canvas {
    let clauses = clauses(program, sources);
    let charts = program.campaigns.iter().enumerate().map(|(number, campaign)| {
        let mut builder = Builder {
            program,
            sources,
            registry,
            wanted,
            campaign: CampaignId(number as u32),
            chart: Chart {
                title: campaign.label.clone(),
                description: campaign.description.clone(),
                file: campaign.file.clone(),
                ..Chart::default()
            },
            clauses: &clauses,
            flows: HashMap::new(),
        };
        builder.build();
        builder.chart
    });
    Canvas { charts: charts.collect() }
}

/// What a flow is of.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Origin {
    /// A population of the campaign.
    Transition(TransitionId),
    /// A saved audience, by its label.
    Audience(String),
}

struct Builder<'a> {
    program: &'a Program,
    sources: &'a SourceMap,
    registry: &'a Registry,
    wanted: &'a HashSet<usize>,
    campaign: CampaignId,
    chart: Chart,
    clauses: &'a HashMap<Span, Span>,
    flows: HashMap<Origin, usize>,
}

impl Builder<'_> {
    fn build(&mut self) {
        let steps = self.program.steps.iter().enumerate();
        let steps: Vec<_> = steps
            .filter(|(n, step)| step.campaign == self.campaign && self.wanted.contains(n))
            .collect();
        for &(index, step) in &steps {
            let from = self.chart.nodes.len();
            self.chart.nodes.push(self.node(index, step));
            if let StepKind::Activity(activity) = &step.kind {
                for &output in &activity.outputs {
                    let transition = &self.program[output];
                    // The place of a generated name is the whole statement.
                    let written = self.sources.slice(transition.span);
                    let named = written.trim_matches('`') == transition.name;
                    self.flows.insert(Origin::Transition(output), self.chart.flows.len());
                    self.chart.flows.push(Flow {
                        from,
                        label: named.then(|| transition.name.clone()),
                        doc: transition.doc.clone(),
                        rows: None,
                        uses: Vec::new(),
                    });
                }
            }
        }
        for (to, &(_, step)) in steps.iter().enumerate() {
            self.uses(to, step);
        }
        // An output that nobody named and nobody uses is no arrow.
        self.chart.flows.retain(|flow| flow.label.is_some() || !flow.uses.is_empty());
    }

    fn node(&self, index: usize, step: &Step) -> Node {
        let place = self.sources.place(step.span).map(|place| (place.file, place.line));
        let mut node = Node {
            kind: Kind::Guard,
            title: "expect".into(),
            caption: None,
            rule: None,
            plugin: None,
            doc: None,
            span: Some(step.span),
            place,
            script: self.sources.slice(step.span).trim_end().to_owned(),
            step: Some(index),
            sql: Vec::new(),
            outcome: None,
            rows: None,
        };
        match &step.kind {
            StepKind::Expect { condition, .. } => {
                node.rule = Some(one_line(self.sources.slice(condition.span)));
            }
            StepKind::Activity(activity) => {
                let effect = activity.operation.has_effects();
                node.kind = if effect { Kind::Effect } else { Kind::Activity };
                node.title = activity.activity.clone();
                node.caption = activity
                    .operation
                    .caption()
                    .or_else(|| self.dimensions(step))
                    .map(|c| one_line(&c));
                let rule = self.clauses.get(&step.span);
                node.rule = rule.map(|span| one_line(self.sources.slice(*span)));
                let found = self.registry.find(&activity.activity);
                node.plugin = found.and_then(|a| a.spec().plugin.clone());
                let docs = activity.outputs.iter().filter_map(|t| self.program[*t].doc.clone());
                node.doc = plan::save_of(self.program, index)
                    .and_then(|save| save.doc.clone())
                    .or_else(|| docs.into_iter().next());
            }
        }
        node
    }

    /// `from customers`: the dimensions whose rows go in.
    fn dimensions(&self, step: &Step) -> Option<String> {
        let StepKind::Activity(activity) = &step.kind else { return None };
        let mut names: Vec<&str> = Vec::new();
        for population in activity.operation.inputs() {
            if let Population::Dimension(id) = population
                && !names.contains(&self.program[id].name.as_str())
            {
                names.push(&self.program[id].name);
            }
        }
        (!names.is_empty()).then(|| format!("from {}", names.join(", ")))
    }

    fn uses(&mut self, to: usize, step: &Step) {
        let mut uses: Vec<(Population, UseKind)> = Vec::new();
        match &step.kind {
            StepKind::Activity(activity) => {
                let inputs = activity.operation.inputs();
                uses.extend(inputs.into_iter().map(|p| (p, UseKind::Input)));
                for expr in activity.operation.expressions() {
                    expr.walk(&mut |e| uses.extend(spoken(e)));
                }
            }
            StepKind::Expect { condition, .. } => condition.walk(&mut |e| uses.extend(spoken(e))),
        }
        step.only_if.iter().for_each(|e| e.walk(&mut |e| uses.extend(spoken(e))));
        let waits = step.wait_for.iter();
        uses.extend(waits.map(|t| (Population::Transition(*t), UseKind::Order)));
        for (population, kind) in uses {
            if let Some(flow) = self.flow(&population) {
                let uses = &mut self.chart.flows[flow].uses;
                match uses.iter_mut().find(|u| u.to == to) {
                    // The strongest tie is the one that is drawn.
                    Some(known) => known.kind = known.kind.min(kind),
                    None => uses.push(Use { to, kind }),
                }
            }
        }
    }

    /// The flow of a population; a saved audience that is read for the first time gets a node.
    fn flow(&mut self, population: &Population) -> Option<usize> {
        let origin = match population {
            Population::Transition(id) if self.program[*id].campaign == self.campaign => {
                Origin::Transition(*id)
            }
            // What another campaign of this run makes is seen through an audience that it saves.
            Population::Transition(id) => Origin::Audience(self.label_of(*id)),
            Population::Audience(number) => {
                Origin::Audience(self.program.audiences.get(*number)?.label.clone())
            }
            Population::Dimension(_) => return None,
        };
        if let Some(&flow) = self.flows.get(&origin) {
            return Some(flow);
        }
        let Origin::Audience(label) = &origin else { return None };
        let from = self.chart.nodes.len();
        self.chart.nodes.push(Node {
            kind: Kind::Audience,
            title: label.clone(),
            caption: None,
            rule: None,
            plugin: None,
            doc: None,
            span: None,
            place: None,
            script: String::new(),
            step: None,
            sql: Vec::new(),
            outcome: None,
            rows: None,
        });
        let flow = self.chart.flows.len();
        self.chart.flows.push(Flow { from, label: None, doc: None, rows: None, uses: Vec::new() });
        self.flows.insert(origin, flow);
        Some(flow)
    }

    /// The label that a population is saved under, where there is one; else its name.
    fn label_of(&self, transition: TransitionId) -> String {
        let saves = self.program.steps.iter().enumerate().filter(|(_, step)| match &step.kind {
            StepKind::Activity(activity) => {
                let saved = Population::Transition(transition);
                activity.outputs.contains(&transition)
                    || activity.operation.inputs().contains(&saved)
            }
            StepKind::Expect { .. } => false,
        });
        let mut labels = saves.filter_map(|(index, _)| plan::save_of(self.program, index));
        match (labels.next(), labels.next()) {
            (Some(save), None) => save.label.clone(),
            _ => self.program[transition].name.clone(),
        }
    }
}

fn spoken(expr: &crate::model::expr::Expr) -> Option<(Population, UseKind)> {
    expr.population().map(|population| (population.clone(), UseKind::Condition))
}

/// What each call decides by, by the place of its statement: its `where`, else its order and limit.
/// A bound rule may come from a definition, this is what stands in the call.
fn clauses(program: &Program, sources: &SourceMap) -> HashMap<Span, Span> {
    let files: BTreeSet<_> = program
        .steps
        .iter()
        .filter_map(|step| sources.locate(step.span))
        .map(|file| file.0)
        .collect();
    let mut rules = HashMap::new();
    for file in files {
        let (ast, _) = syntax::parse(sources, SourceId(file));
        for statement in &ast.statements {
            let StatementKind::Call(call) = &statement.kind else { continue };
            let span = |is: fn(&ClauseKind) -> bool| {
                call.clauses.iter().find(|clause| is(&clause.node)).map(|clause| clause.span)
            };
            let order = span(|c| matches!(c, ClauseKind::OrderBy(_)));
            let limit = span(|c| matches!(c, ClauseKind::Limit(_)));
            let cut = order.zip(limit).map(|(order, limit)| order.to(limit)).or(limit);
            let rule = span(|c| matches!(c, ClauseKind::Where(_))).or(cut);
            rules.extend(rule.map(|rule| (statement.span, rule)));
        }
    }
    rules
}
