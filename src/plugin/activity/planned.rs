//! Calls of planners: their SQL becomes steps of the plan.

use std::any::Any;
use std::sync::Arc;

use crate::check::binder::Binder;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::plugin as codes;
use crate::model::expr::{Expr, Population};
use crate::model::program::{ActivityStep, CarriedColumn, DimId, Operation, Program};
use crate::model::types::Type;
use crate::plan::Planner;
use crate::plan::tables::{QueryCheck, QueryOutput, TableQuery, Way};

use super::super::bound::{BoundCall, BoundRelation};
use super::super::document::PlanDocument;
use super::super::finder::SHIPPED;
use super::super::gate::{self, Shapes};
use super::super::host::Call;
use super::super::manifest;
use super::super::schemas::Lent;
use super::super::{guard, params, report, wire};
use super::{
    PluginActivity, STRANGERS, declared_columns, hidden, new_column, output_dimension, populations,
    query_input, run_facts,
};

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
    stranger_fault: Option<Diagnostic>,
}

impl PluginActivity {
    pub(super) fn planned(
        &self,
        bound: BoundCall,
        binder: &mut Binder<'_>,
    ) -> Option<Arc<dyn Operation>> {
        let relations: Vec<(String, Vec<(String, Type)>)> =
            bound.relations.iter().map(|r| (r.name.clone(), r.columns(binder.program()))).collect();
        let (run, facts) = run_facts(binder);
        let document = bound.document(binder.program(), self.manifest(), run);
        let call =
            Call::new(document, &facts, bound.secrets.clone(), Arc::default(), Arc::default());
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
        if self.plugin.has_fallen() {
            return None;
        }
        let call = Arc::new(call);
        let of_thread = (self.plugin.clone(), call.clone(), self.index);
        let planned = guard::call(&self.plugin.who(), "a plan", move || {
            let (plugin, call, index) = of_thread;
            let activity = &plugin.manifest.activities[index];
            let instance = plugin.bind(&call, activity, schemas.as_slice(), &mut [])?;
            instance.plan(&call)
        });
        report::printed(&self.plugin, at).into_iter().for_each(|d| binder.report(d));
        let planned = match planned {
            Ok(planned) => planned,
            Err(fell) => {
                binder.report(report::fell(&self.plugin, fell, at));
                return None;
            }
        };
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
            binder.declare_table(*dimension, columns.clone());
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
            // Those that ship give only rows that come in, or that links lead to.
            stranger_fault: (!SHIPPED.contains(&self.plugin.manifest.plugin.name.as_str()))
                .then(|| report::fault(&self.plugin, STRANGERS, at)),
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
            stranger_fault: self.stranger_fault.clone(),
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
