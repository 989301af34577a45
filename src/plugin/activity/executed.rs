//! Calls of executors and deliveries: their rows leave the engine.

use std::any::Any;
use std::sync::Arc;

use crate::check::binder::Binder;
use crate::diagnostic::Diagnostic;
use crate::model::expr::{Expr, Population};
use crate::model::program::{ActivityStep, CarriedColumn, DimId, Operation, Program};
use crate::model::types::Type;
use crate::plan::Planner;
use crate::plan::tables::{QueryOutput, TableQuery, Way};

use super::super::bound::{BoundCall, BoundRelation, RelationRows};
use super::super::host::Call;
use super::super::manifest::Kind;
use super::super::rows::{RowCall, RowOutput};
use super::super::schemas::{self, Lent};
use super::super::{guard, report};
use super::{
    PluginActivity, STRANGERS, declared_columns, hidden, output_dimension, populations,
    query_input, run_facts,
};

/// A bound call of an executor or a delivery.
#[derive(Debug)]
pub struct ExecutedCall {
    relations: Vec<BoundRelation>,
    pub(in crate::plugin) title: String,
    way: Way,
    key_fault: Diagnostic,
    stranger_fault: Diagnostic,
}

impl PluginActivity {
    pub(super) fn rows(
        &self,
        bound: BoundCall,
        binder: &mut Binder<'_>,
    ) -> Option<Arc<dyn Operation>> {
        let manifest = self.manifest();
        let at = bound.places.activity;
        let relations: Vec<Vec<(String, Type)>> =
            bound.relations.iter().map(|r| r.columns(binder.program())).collect();
        let (run, facts) = run_facts(binder);
        let document = bound.document(binder.program(), manifest, run);
        let call = Call::new(
            document.clone(),
            &facts,
            bound.secrets.clone(),
            Arc::default(),
            Arc::default(),
        );
        if self.plugin.has_fallen() {
            return None;
        }
        let lent = match Lent::new(&relations) {
            Ok(lent) => lent,
            Err(why) => {
                binder.report(report::fault(&self.plugin, &why, at));
                return None;
            }
        };
        let call = Arc::new(call);
        let of_thread = (self.plugin.clone(), call.clone(), self.index);
        let tried = guard::call(&self.plugin.who(), "`bind`", move || {
            let (plugin, call, index) = of_thread;
            let activity = &plugin.manifest.activities[index];
            // SAFETY: all-zero schemas are released ones.
            let mut filled = [unsafe { std::mem::zeroed() }];
            plugin
                .bind(&call, activity, lent.as_slice(), &mut filled)
                .map(|_instance| schemas::take(&mut filled[0]))
        });
        report::printed(&self.plugin, at).into_iter().for_each(|d| binder.report(d));
        let said = call.take_said();
        let stated = match tried {
            Ok(Ok(stated)) => {
                report::warnings(&said, &bound.places).into_iter().for_each(|d| binder.report(d));
                stated
            }
            Ok(Err(status)) => {
                let found = report::errors(status, &said, &bound.places, &self.plugin);
                found.into_iter().for_each(|d| binder.report(d));
                return None;
            }
            Err(fell) => {
                binder.report(report::fell(&self.plugin, fell, at));
                return None;
            }
        };
        let made = self.row_outputs(&bound, &stated, binder.program());
        let made = match made {
            Ok(made) => made,
            Err(why) => {
                binder.report(report::fault(&self.plugin, &why, at));
                return None;
            }
        };
        let mut outputs = Vec::new();
        for (output, dimension, carried) in made {
            binder.declare_table(dimension, carried);
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
                stranger_fault: report::fault(&self.plugin, STRANGERS, at),
            },
        }))
    }

    /// What the transitions of an executor hold.
    fn row_outputs(
        &self,
        bound: &BoundCall,
        stated: &Result<Vec<(String, Type)>, String>,
        program: &Program,
    ) -> Result<Vec<(RowOutput, DimId, Vec<CarriedColumn>)>, String> {
        let mut made = Vec::new();
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
            let own = bound.relations.first().is_some_and(|r| {
                matches!(r.rows, RelationRows::Input { .. }) && r.dimension() == dimension
            });
            let carried = if declared.columns.dynamic {
                let all = stated.as_ref().map_err(Clone::clone)?;
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
            let of_first = match &declared.columns.like {
                None => true,
                Some(like) => like.as_ref() == bound.relations.first().map(|r| &r.name),
            };
            let passes = |column: &CarriedColumn| {
                of_first
                    && !declared.columns.dynamic
                    && !declared.columns.add.iter().any(|a| a.name == column.name)
            };
            let passed = std::iter::repeat_n(own, keys).chain(carried.iter().map(passes)).collect();
            let declared = declared.name.clone();
            let output = RowOutput { name: name.clone(), declared, columns, keys, passed };
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
            stranger_fault: Some(self.planned.stranger_fault.clone()),
        });
        Ok(())
    }

    fn expressions(&self) -> Vec<&Expr> {
        hidden(&self.planned.relations)
    }

    fn inputs(&self) -> Vec<Population> {
        populations(&self.planned.relations)
    }

    fn has_effects(&self) -> bool {
        self.planned.way == Way::Delivery
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
