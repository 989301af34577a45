//! A plugin's activity as one of Camp's: the bridge between a call in a script, the plugin, and the
//! tables of the plan.

mod executed;
mod planned;

use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::activity::{Activity, Spec};
use crate::check::binder::Binder;
use crate::model::expr::{Expr, Population};
use crate::model::program::{CarriedColumn, DimId, Operation};
use crate::plan::clock::Clock;
use crate::plan::tables::{QueryInput, QueryRows};
use crate::syntax::ast;

use super::bound::{BoundRelation, RelationRows};
use super::host::RunFacts;
use super::loader::Plugin;
use super::manifest::{self, Kind, NewColumn, OutputDimension};
use super::{params, wire};

pub use executed::ExecutedCall;
pub use planned::PlannedCall;

/// What is wrong when rows are of nobody.
const STRANGERS: &str = "it gives rows that its dimension does not have";

/// An activity of a plugin.
pub struct PluginActivity {
    spec: Spec,
    plugin: Arc<Plugin>,
    index: usize,
}

/// All activities of a plugin.
pub fn activities(plugin: &Arc<Plugin>) -> Vec<PluginActivity> {
    let name = &plugin.manifest.plugin.name;
    plugin
        .manifest
        .activities
        .iter()
        .enumerate()
        .map(|(index, activity)| PluginActivity {
            spec: Spec {
                name: activity.name.clone(),
                summary: activity.summary.clone(),
                syntax: activity.syntax(),
                doc: doc(activity),
                outputs: activity.named_outputs(),
                example: activity.examples.first().map(|e| e.script.clone()).unwrap_or_default(),
                plugin: Some(name.clone()),
            },
            plugin: plugin.clone(),
            index,
        })
        .collect()
}

/// The documentation of an activity with its parameters.
fn doc(activity: &manifest::Activity) -> String {
    let mut doc = activity.doc.clone();
    if !activity.params.is_empty() {
        doc.push_str("\n\nParameters:\n");
    }
    for param in &activity.params {
        let name = if param.name == manifest::OPEN { "NAME OF AN OUTPUT" } else { &param.name };
        doc.push_str(&format!("\n* `{name}`: {}.", param.ty.describe()));
        if !param.doc.is_empty() {
            doc.push_str(&format!(" {}", param.doc.replace('\n', " ")));
        }
    }
    doc.trim().to_owned()
}

impl PluginActivity {
    fn manifest(&self) -> &manifest::Activity {
        &self.plugin.manifest.activities[self.index]
    }
}

/// The facts of the run that a planner may use: enough for its plan to be a pure function.
fn run_facts(binder: &Binder<'_>) -> (Json, RunFacts) {
    let as_of = binder.options().as_of;
    let zone = &binder.program()[binder.campaign()].timezone;
    let clock = Clock::new(as_of, zone);
    let label = binder.campaign_label().to_owned();
    let json = json!({"as_of": as_of.to_string(), "today": clock.today().to_string(),
                      "timezone": zone, "campaign": label,
                      "folder": folder(binder)});
    let facts = RunFacts {
        attempt: 1,
        now_us: as_of.as_microsecond(),
        campaign: label,
        ..RunFacts::default()
    };
    (json, facts)
}

/// Where relative paths of the script start, whatever folder the process is in.
fn folder(binder: &Binder<'_>) -> String {
    let folder = binder.base();
    // It fails only where the current folder is gone.
    let folder = std::path::absolute(folder.join(".")).unwrap_or_else(|_| folder.to_owned());
    folder.to_string_lossy().into_owned()
}

impl Activity for PluginActivity {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn bind(&self, call: &ast::Call, binder: &mut Binder<'_>) -> Option<Arc<dyn Operation>> {
        let bound = params::bind(self.manifest(), call, binder)?;
        if !bound.complete {
            return None;
        }
        match self.manifest().kind {
            Kind::Planner => self.planned(bound, binder),
            Kind::Executor | Kind::Delivery => self.rows(bound, binder),
        }
    }
}

fn hidden(relations: &[BoundRelation]) -> Vec<&Expr> {
    relations.iter().flat_map(|r| r.hidden.iter().map(|(_, e)| e)).collect()
}

fn populations(relations: &[BoundRelation]) -> Vec<Population> {
    relations
        .iter()
        .filter_map(|r| match &r.rows {
            RelationRows::Input { input, .. } => Some(input.population.clone()),
            _ => None,
        })
        .collect()
}

fn new_column(column: &NewColumn) -> Result<CarriedColumn, String> {
    let ty = wire::parse_type(&column.ty)
        .ok_or_else(|| format!("column `{}` has the unknown type `{}`", column.name, column.ty))?;
    Ok(CarriedColumn { name: column.name.clone(), ty })
}

fn output_dimension(declared: &manifest::Output, relations: &[BoundRelation]) -> Option<DimId> {
    let relation = match &declared.dimension {
        None => relations.first(),
        Some(OutputDimension::Input(name) | OutputDimension::Param(name)) => {
            relations.iter().find(|r| &r.name == name)
        }
    };
    relation.map(BoundRelation::dimension)
}

fn declared_columns(
    declared: &manifest::Output,
    relations: &[BoundRelation],
) -> Result<Vec<CarriedColumn>, String> {
    let like = match &declared.columns.like {
        None => relations.first(),
        Some(None) => None,
        Some(Some(name)) => relations.iter().find(|r| &r.name == name),
    };
    let mut columns = match like.map(|r| &r.rows) {
        Some(RelationRows::Input { input, .. }) => input.columns.clone(),
        _ => Vec::new(),
    };
    columns.retain(|c| !declared.columns.drop.contains(&c.name));
    for added in &declared.columns.add {
        let column = new_column(added)?;
        match columns.iter_mut().find(|c| c.name == column.name) {
            Some(known) => *known = column,
            None => columns.push(column),
        }
    }
    Ok(columns)
}

fn query_input(relation: &BoundRelation) -> QueryInput {
    let rows = match &relation.rows {
        RelationRows::Input { input, .. } => QueryRows::Population(input.population.clone()),
        RelationRows::Link { from, links, source_key, target_key, .. } => QueryRows::Links {
            from: *from,
            links: links.clone(),
            source_key: source_key.clone(),
            target_key: target_key.clone(),
        },
        RelationRows::Dimension { dimension, key } => {
            QueryRows::Dimension { dimension: *dimension, key: key.clone() }
        }
    };
    QueryInput { name: relation.name.clone(), rows, values: relation.hidden.clone() }
}
