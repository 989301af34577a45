//! A plugin's activity as one of Camp's: the bridge between a call in a script, the plugin, and the
//! tables of the plan.

use std::any::Any;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::activity::{Activity, Spec};
use crate::check::binder::Binder;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::plugin as codes;
use crate::model::expr::{Expr, Population};
use crate::model::program::{ActivityStep, CarriedColumn, DimId, Operation, Program};
use crate::model::types::Type;
use crate::plan::Planner;
use crate::plan::clock::Clock;
use crate::plan::tables::{QueryCheck, QueryInput, QueryOutput, QueryRows, TableQuery, Way};
use crate::syntax::ast;

use super::bound::{BoundCall, BoundRelation, RelationRows};
use super::document::PlanDocument;
use super::gate::{self, Shapes};
use super::host::{Call, RunFacts};
use super::loader::Plugin;
use super::manifest::{self, Kind, NewColumn, OutputDimension};
use super::rows::{RowCall, RowOutput};
use super::schemas::{self, Lent};
use super::{params, report, wire};

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

/// A bound call of a planner.
#[derive(Debug)]
pub struct PlannedCall {
    activity: String,
    relations: Vec<BoundRelation>,
    plan: PlanDocument,
    shapes: Shapes,
    /// Of each outgoing transition, the names of the output and of what it declares.
    outputs: Vec<(String, String)>,
    checks: Vec<Diagnostic>,
    key_fault: Diagnostic,
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
    let json = json!({"as_of": instant(as_of), "today": clock.today().to_string(),
                      "timezone": zone, "campaign": label});
    let facts = RunFacts {
        attempt: 1,
        now_us: as_of.as_microsecond(),
        campaign: label,
        ..RunFacts::default()
    };
    (json, facts)
}

fn instant(at: Timestamp) -> String {
    at.to_string()
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

impl PluginActivity {
    fn planned(&self, bound: BoundCall, binder: &mut Binder<'_>) -> Option<Arc<dyn Operation>> {
        let relations: Vec<(String, Vec<(String, Type)>)> =
            bound.relations.iter().map(|r| (r.name.clone(), r.columns(binder.program()))).collect();
        let (run, facts) = run_facts(binder);
        let document = bound.document(binder.program(), self.manifest(), run);
        let call = Call::new(document, &facts, bound.secrets.clone(), Arc::default());
        let at = bound.places.activity;
        let fault = |binder: &mut Binder<'_>, why: &str| {
            binder.report(report::fault(&self.plugin, why, at));
        };
        let columns: Vec<_> = relations.iter().map(|(_, columns)| columns.clone()).collect();
        let schemas = match Lent::new(&columns) {
            Ok(schemas) => schemas,
            Err(why) => {
                fault(binder, &why);
                return None;
            }
        };
        let planned = self
            .plugin
            .bind(&call, self.manifest(), schemas.as_slice(), &mut [])
            .and_then(|instance| instance.plan(&call));
        let said = call.take_said();
        let bytes = match planned {
            Ok(bytes) => bytes,
            Err(status) => {
                let found = report::errors(status, &said, &bound.places, &self.plugin);
                found.into_iter().for_each(|d| binder.report(d));
                return None;
            }
        };
        report::warnings(&said, &bound.places).into_iter().for_each(|d| binder.report(d));
        let names: Vec<String> = relations.iter().map(|(name, _)| name.clone()).collect();
        let plan = PlanDocument::parse(&bytes, &names);
        let checked = plan.and_then(|plan| gate::check(&plan, &relations).map(|s| (plan, s)));
        let (plan, shapes) = match checked {
            Ok(checked) => checked,
            Err(why) => {
                fault(binder, &why);
                return None;
            }
        };
        let mut outputs = Vec::new();
        for (name, declared) in &bound.outputs {
            let declared = &self.manifest().outputs[*declared];
            let made = self.output(name, declared, &bound, &plan, &shapes, binder.program());
            let (dimension, columns) = match made {
                Ok(made) => made,
                Err(why) => {
                    fault(binder, &why);
                    return None;
                }
            };
            outputs.push((name.clone(), declared.name.clone(), dimension, columns));
        }
        for (_, _, dimension, columns) in &outputs {
            binder.declare_output(*dimension, columns.clone());
        }
        let checks = plan
            .checks
            .iter()
            .map(|check| {
                Diagnostic::error(codes::DATA, params::sentence(&check.message))
                    .label(bound.places.find(&check.path), "")
                    .plugin_code(&check.code)
                    .maybe_help((!check.help.is_empty()).then(|| check.help.clone()))
            })
            .collect();
        Some(Arc::new(PlannedCall {
            activity: self.spec.name.clone(),
            key_fault: report::fault(&self.plugin, "the key of its rows is missing or repeats", at),
            relations: bound.relations,
            plan,
            shapes,
            outputs: outputs.into_iter().map(|(name, declared, ..)| (name, declared)).collect(),
            checks,
        }))
    }

    /// Whose rows an output holds and what they carry, if its SQL gives that.
    fn output(
        &self,
        name: &str,
        declared: &manifest::Output,
        bound: &BoundCall,
        plan: &PlanDocument,
        shapes: &Shapes,
        program: &Program,
    ) -> Result<(DimId, Vec<CarriedColumn>), String> {
        let dimension = output_dimension(declared, &bound.relations)
            .ok_or_else(|| format!("output `{}` is of no dimension", declared.name))?;
        let entry = plan
            .output(name, &declared.name)
            .ok_or_else(|| format!("its plan has no output `{name}`"))?;
        let at = plan.outputs.iter().position(|o| std::ptr::eq(o, entry)).unwrap_or_default();
        let given = &shapes.outputs[at];
        let type_of = |column: &str| given.iter().find(|(n, _)| n == column).map(|(_, ty)| ty);
        for key in program[dimension].key_columns() {
            match type_of(&key.name) {
                Some(ty) if wire::same(ty, &key.ty) => {}
                Some(ty) => {
                    return Err(format!(
                        "output `{name}` gives the key `{}` as {ty}, not as {}",
                        key.name, key.ty
                    ));
                }
                None => return Err(format!("output `{name}` lacks the key `{}`", key.name)),
            }
        }
        let columns = if declared.columns.dynamic {
            let stated = entry
                .columns
                .as_ref()
                .ok_or_else(|| format!("output `{name}` does not state the columns it has"))?;
            stated.iter().map(new_column).collect::<Result<Vec<_>, _>>()?
        } else {
            declared_columns(declared, &bound.relations)?
        };
        let mut carried = Vec::new();
        for column in columns {
            match type_of(&column.name) {
                Some(ty) if wire::same(ty, &column.ty) => carried.push(match &column.ty {
                    // What the wire cannot spell is what the query gives.
                    Type::Other(_) => CarriedColumn { ty: ty.clone(), ..column },
                    _ => column,
                }),
                Some(ty) => {
                    return Err(format!(
                        "output `{name}` gives `{}` as {ty}, not as {}",
                        column.name, column.ty
                    ));
                }
                None => return Err(format!("output `{name}` lacks the column `{}`", column.name)),
            }
        }
        Ok((dimension, carried))
    }
}

/// A bound call of an executor or a delivery.
#[derive(Debug)]
pub struct ExecutedCall {
    relations: Vec<BoundRelation>,
    title: String,
    way: Way,
    key_fault: Diagnostic,
    stranger_fault: Diagnostic,
}

impl PluginActivity {
    fn rows(&self, bound: BoundCall, binder: &mut Binder<'_>) -> Option<Arc<dyn Operation>> {
        let manifest = self.manifest();
        let at = bound.places.activity;
        if binder.options().safe && manifest.kind == Kind::Delivery {
            binder.report(
                Diagnostic::error(
                    codes::REFUSED,
                    format!("`{}` is not allowed under `--safe`", self.spec.name),
                )
                .label(at, "sends rows to the outside")
                .help("run without `--safe`"),
            );
            return None;
        }
        let relations: Vec<Vec<(String, Type)>> =
            bound.relations.iter().map(|r| r.columns(binder.program())).collect();
        let (run, facts) = run_facts(binder);
        let document = bound.document(binder.program(), manifest, run);
        let call = Call::new(document.clone(), &facts, bound.secrets.clone(), Arc::default());
        // SAFETY: all-zero schemas are released ones.
        let mut filled = [unsafe { std::mem::zeroed() }];
        let tried = Lent::new(&relations)
            .map(|lent| self.plugin.bind(&call, manifest, lent.as_slice(), &mut filled).map(drop));
        let said = call.take_said();
        match tried {
            Ok(Ok(())) => {
                report::warnings(&said, &bound.places).into_iter().for_each(|d| binder.report(d));
            }
            Ok(Err(status)) => {
                let found = report::errors(status, &said, &bound.places, &self.plugin);
                found.into_iter().for_each(|d| binder.report(d));
                return None;
            }
            Err(why) => {
                binder.report(report::fault(&self.plugin, &why, at));
                return None;
            }
        }
        let made = self.row_outputs(&bound, &mut filled[0], binder.program());
        schemas::release(&mut filled);
        let made = match made {
            Ok(made) => made,
            Err(why) => {
                binder.report(report::fault(&self.plugin, &why, at));
                return None;
            }
        };
        let mut outputs = Vec::new();
        for (output, dimension, carried) in made {
            binder.declare_output(dimension, carried);
            outputs.push(output);
        }
        let first = bound.relations.first()?.dimension();
        let keys = binder.program()[first].key.len();
        let way = match manifest.kind {
            Kind::Delivery => Way::Delivery,
            _ => Way::Rows,
        };
        Some(Arc::new(RowCall {
            plugin: self.plugin.clone(),
            index: self.index,
            document,
            secrets: bound.secrets,
            relations,
            outputs,
            places: bound.places,
            keys,
            planned: ExecutedCall {
                relations: bound.relations,
                title: self.spec.name.clone(),
                way,
                key_fault: report::fault(
                    &self.plugin,
                    "the key of its rows is missing or repeats",
                    at,
                ),
                stranger_fault: report::fault(
                    &self.plugin,
                    "it gives rows that its dimension does not have",
                    at,
                ),
            },
        }))
    }

    /// What the transitions of an executor hold.
    fn row_outputs(
        &self,
        bound: &BoundCall,
        filled: &mut camp_plugin_abi::ArrowSchema,
        program: &Program,
    ) -> Result<Vec<(RowOutput, DimId, Vec<CarriedColumn>)>, String> {
        let mut made = Vec::new();
        let mut dynamic = None;
        if self.manifest().kind == Kind::Delivery {
            return Ok(made);
        }
        for (name, declared) in &bound.outputs {
            let declared = &self.manifest().outputs[*declared];
            let dimension = output_dimension(declared, &bound.relations)
                .ok_or_else(|| format!("output `{}` is of no dimension", declared.name))?;
            let mut columns: Vec<(String, Type)> =
                program[dimension].key_columns().map(|c| (c.name.clone(), c.ty.clone())).collect();
            let keys = columns.len();
            let carried = if declared.columns.dynamic {
                let all = match &dynamic {
                    Some(all) => all,
                    None => dynamic.insert(schemas::take(filled)?),
                };
                let own = |name: &String| {
                    name != "_output" && !columns.iter().any(|(key, _)| key == name)
                };
                all.iter()
                    .filter(|(name, _)| own(name))
                    .map(|(name, ty)| CarriedColumn { name: name.clone(), ty: ty.clone() })
                    .collect()
            } else {
                declared_columns(declared, &bound.relations)?
            };
            columns.extend(carried.iter().map(|c| (c.name.clone(), c.ty.clone())));
            let output =
                RowOutput { name: name.clone(), declared: declared.name.clone(), columns, keys };
            made.push((output, dimension, carried));
        }
        Ok(made)
    }
}

impl Operation for RowCall {
    fn plan(&self, step: &ActivityStep, planner: &mut Planner<'_>) -> Result<(), Diagnostic> {
        let outputs = self
            .outputs
            .iter()
            .zip(&step.outputs)
            .map(|(output, &transition)| QueryOutput {
                transition,
                sql: String::new(),
                columns: output.columns.iter().map(|(name, _)| name.clone()).collect(),
            })
            .collect();
        planner.tables(TableQuery {
            title: self.planned.title.clone(),
            way: self.planned.way,
            inputs: self.planned.relations.iter().map(query_input).collect(),
            with: Vec::new(),
            outputs,
            checks: Vec::new(),
            key_fault: self.planned.key_fault.clone(),
            stranger_fault: self.planned.stranger_fault.clone(),
        });
        Ok(())
    }

    fn expressions(&self) -> Vec<&Expr> {
        hidden(&self.planned.relations)
    }

    fn inputs(&self) -> Vec<Population> {
        populations(&self.planned.relations)
    }

    fn as_any(&self) -> &dyn Any {
        self
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

impl Operation for PlannedCall {
    fn plan(&self, step: &ActivityStep, planner: &mut Planner<'_>) -> Result<(), Diagnostic> {
        let inputs = self.relations.iter().map(query_input).collect();
        let mut outputs = Vec::new();
        for ((name, declared), &transition) in self.outputs.iter().zip(&step.outputs) {
            let Some(entry) = self.plan.output(name, declared) else { continue };
            let program = planner.program;
            let transition_of = &program[transition];
            let keys = program[transition_of.dimension].key_columns().map(|c| c.name.clone());
            let columns = keys.chain(transition_of.columns.iter().map(|c| c.name.clone()));
            outputs.push(QueryOutput {
                transition,
                sql: entry.sql.clone(),
                columns: columns.collect(),
            });
        }
        let checks = self
            .plan
            .checks
            .iter()
            .zip(&self.shapes.checks)
            .zip(&self.checks)
            .map(|((check, columns), fault)| QueryCheck {
                sql: check.sql.clone(),
                columns: columns.clone(),
                fault: fault.clone(),
            })
            .collect();
        let title = match self.plan.why.as_str() {
            "" => self.activity.clone(),
            why => format!("{}: {why}", self.activity),
        };
        let with = self.plan.with.iter();
        planner.tables(TableQuery {
            title,
            way: Way::Queries,
            inputs,
            with: with.map(|w| (w.name.clone(), w.sql.clone(), w.materialize)).collect(),
            outputs,
            checks,
            key_fault: self.key_fault.clone(),
            stranger_fault: self.key_fault.clone(),
        });
        Ok(())
    }

    fn expressions(&self) -> Vec<&Expr> {
        hidden(&self.relations)
    }

    fn inputs(&self) -> Vec<Population> {
        populations(&self.relations)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
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
