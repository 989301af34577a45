//! Runs executors and deliveries: rows out of the engine, through a plugin, and back as a table or as
//! receipts.

use std::collections::HashMap;
use std::sync::Arc;

use duckdb::arrow::array::RecordBatch;
use serde_json::Value as Json;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::engine::duckdb::{EngineError, Session as Engine, identifier, literal, print, types};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::plan::query::Select;

use super::bound::Places;
use super::host::{Call, RunFacts};
use super::loader::{Instance, Plugin, Status, Watch};
use super::schemas::{self, Lent};
use super::stream::{self, Incoming, Outgoing, SCRATCH};
use super::{report, wire};

/// A bound call of an executor or a delivery.
#[derive(Debug)]
pub struct RowCall {
    /// Who.
    pub plugin: Arc<Plugin>,
    /// Its place in the manifest.
    pub index: usize,
    /// The params document.
    pub document: Json,
    /// Environment variables of secret parameters.
    pub secrets: HashMap<String, String>,
    /// The columns of the relations, in the order of the contract.
    pub relations: Vec<Vec<(String, Type)>>,
    /// Its rows, by output: the name that stands in the stream's `_output`, and the columns, the
    /// key's first, then the carried ones.
    pub outputs: Vec<RowOutput>,
    /// For diagnostics.
    pub places: Places,
    /// How many columns of the first relation are its key.
    pub keys: usize,
    /// What the planner needs of it.
    pub(super) planned: super::activity::ExecutedCall,
}

/// An output of an executor.
#[derive(Debug)]
pub struct RowOutput {
    /// Under which `_output` gives its rows; the name in the call.
    pub name: String,
    /// The declared one, which fits too.
    pub declared: String,
    /// Names and types: the key's columns, then the carried ones.
    pub columns: Vec<(String, Type)>,
    /// How many are the key's.
    pub keys: usize,
}

/// A receipt of a delivery.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    /// The member's key.
    pub key: Vec<Value>,
    /// `sent`, `failed`, `retry`, `skipped`, `dry_run`
    pub status: String,
    /// What the other side calls it.
    pub provider_id: Option<String>,
    /// Why not.
    pub error: Option<String>,
    /// Tries, from 1.
    pub attempt: u64,
}

const STATUSES: &[&str] = &["sent", "failed", "retry", "skipped", "dry_run"];

fn one(diagnostic: Diagnostic) -> Diagnostics {
    let mut all = Diagnostics::default();
    all.push(diagnostic);
    all
}

/// A plugin at work. Dropped in this order: the rows it gives, the instance, the call, the inputs.
struct Running {
    output: Incoming,
    _watch: Watch,
    _instance: Instance,
    call: Box<Call>,
    inputs: Vec<Outgoing>,
}

impl RowCall {
    fn fault(&self, why: &str) -> Diagnostics {
        one(report::fault(&self.plugin, why, self.places.activity))
    }

    fn engine(&self, error: EngineError) -> Diagnostics {
        one(error.into_diagnostic(Some(self.places.activity)))
    }

    fn failed(&self, status: Status, call: &Call) -> Diagnostics {
        let said = call.take_said();
        let mut all = Diagnostics::default();
        all.extend(report::errors(status, &said, &self.places, &self.plugin));
        all
    }

    /// The diagnostics of a stream that broke: what the plugin said, else the stream's own words.
    fn broken(&self, words: &str, call: &Call) -> Diagnostics {
        let said = call.take_said();
        if said.iter().any(|s| s.severity == camp_plugin_abi::CAMP_ERROR) {
            let mut all = Diagnostics::default();
            let status = match said.iter().any(|s| s.code == "panic" || s.code == "internal") {
                true => Status(camp_plugin_abi::CAMP_E_INTERNAL),
                false => Status(camp_plugin_abi::CAMP_E_IO),
            };
            all.extend(report::errors(status, &said, &self.places, &self.plugin));
            return all;
        }
        self.fault(words)
    }

    fn start(
        &self,
        engine: &Engine,
        inputs: &[Select],
        facts: &RunFacts,
        tables: &mut Vec<String>,
    ) -> Result<Running, Diagnostics> {
        let stop = engine.interrupt_handle().flag();
        engine.attach_scratch().map_err(|e| self.engine(e))?;
        let mut outgoing = Vec::new();
        for (select, columns) in inputs.iter().zip(&self.relations) {
            let table = format!("{}_{}", facts.node, tables.len());
            engine
                .execute(&format!(
                    "CREATE TABLE {SCRATCH}.main.{} AS\n{}",
                    identifier(&table),
                    print::select(select)
                ))
                .map_err(|e| self.engine(e))?;
            tables.push(table.clone());
            let sql = rows_of(&table, columns, self.keys);
            let connection = engine.another().map_err(|e| self.engine(e))?;
            let schema = schemas::schema(columns);
            outgoing.push(Outgoing::start(connection, sql, schema, stop.clone()));
        }
        let call = Box::new(Call::new(self.document.clone(), facts, self.secrets.clone(), stop));
        let lent = Lent::new(&self.relations).map_err(|why| self.fault(&why))?;
        let activity = &self.plugin.manifest.activities[self.index];
        // SAFETY: all-zero schemas are released ones.
        let mut outputs = [unsafe { std::mem::zeroed() }];
        let bound = self.plugin.bind(&call, activity, lent.as_slice(), &mut outputs);
        schemas::release(&mut outputs);
        let mut instance = bound.map_err(|status| self.failed(status, &call))?;
        let watch = instance.watch(engine.interrupt_handle().flag());
        // The plugin owns the streams from here, even when it fails.
        let mut streams: Vec<_> = outgoing.iter_mut().map(Outgoing::take).collect();
        let output =
            instance.execute(&call, &mut streams).map_err(|status| self.failed(status, &call))?;
        let output = Incoming::new(output).map_err(|why| self.broken(&why, &call))?;
        Ok(Running { output, _watch: watch, _instance: instance, call, inputs: outgoing })
    }

    /// Runs an executor: its rows become the given tables of the plan.
    ///
    /// # Errors
    /// The plugin's and the engine's.
    pub fn execute(
        &self,
        engine: &Engine,
        inputs: &[Select],
        names: &[String],
        facts: &RunFacts,
    ) -> Result<Vec<Diagnostic>, Diagnostics> {
        let mut tables = Vec::new();
        let result = self.filled(engine, inputs, names, facts, &mut tables);
        for table in tables {
            // Only memory is lost when that fails.
            let _ = engine.execute(&format!("DROP TABLE {SCRATCH}.main.{}", identifier(&table)));
        }
        result
    }

    fn filled(
        &self,
        engine: &Engine,
        inputs: &[Select],
        names: &[String],
        facts: &RunFacts,
        tables: &mut Vec<String>,
    ) -> Result<Vec<Diagnostic>, Diagnostics> {
        let mut running = self.start(engine, inputs, facts, tables)?;
        let schema = running.output.schema();
        self.check_schema(&schema).map_err(|why| self.fault(&why))?;
        let table = format!("{}_out", facts.node);
        let create = stream::create_table(&table, &schema).map_err(|why| self.fault(&why))?;
        engine.execute(&create).map_err(|e| self.engine(e))?;
        tables.push(table.clone());
        {
            let connection = engine.another().map_err(|e| self.engine(e))?;
            let append = |e: duckdb::Error| self.engine(EngineError::from(e));
            let mut appender =
                connection.appender_to_catalog_and_db(&table, SCRATCH, "main").map_err(append)?;
            while let Some(batch) = running.output.next() {
                self.check_stop(engine)?;
                let batch = batch.map_err(|words| self.broken(&words, &running.call))?;
                if batch.num_rows() > 0 {
                    appender.append_record_batch(batch).map_err(append)?;
                }
            }
            // Dropping an appender would discard its error.
            appender.flush().map_err(append)?;
        }
        let warnings = report::warnings(&running.call.take_said(), &self.places);
        drop(running);
        let several = schema.fields().iter().any(|f| f.name() == "_output");
        for (output, name) in self.outputs.iter().zip(names) {
            let columns: Vec<String> = output
                .columns
                .iter()
                .enumerate()
                .map(|(n, (column, _))| {
                    let to = match n.checked_sub(output.keys) {
                        None => format!("k{n}"),
                        Some(n) => format!("c{n}"),
                    };
                    format!("{} AS {to}", identifier(column))
                })
                .collect();
            let filter = if several {
                let names = [literal(&output.name), literal(&output.declared)];
                format!(" WHERE \"_output\" IN ({})", names.join(", "))
            } else {
                String::new()
            };
            engine
                .execute(&format!(
                    "CREATE TEMP TABLE {} AS SELECT {} FROM {SCRATCH}.main.{}{filter}",
                    identifier(name),
                    columns.join(", "),
                    identifier(&table)
                ))
                .map_err(|e| self.engine(e))?;
        }
        Ok(warnings)
    }

    fn check_stop(&self, engine: &Engine) -> Result<(), Diagnostics> {
        if engine.interrupt_handle().is_requested() {
            return Err(self.engine(EngineError::interrupted()));
        }
        Ok(())
    }

    /// Compares the names and types of a stream with what was declared.
    fn check_schema(&self, schema: &duckdb::arrow::datatypes::Schema) -> Result<(), String> {
        let of = |name: &str| schema.fields().iter().find(|f| f.name() == name);
        if self.outputs.len() > 1 && of("_output").is_none() {
            return Err("its rows do not say which output they are of".into());
        }
        for output in &self.outputs {
            for (name, ty) in &output.columns {
                let Some(field) = of(name) else {
                    return Err(format!("its rows lack the column `{name}`"));
                };
                let given = schemas::type_of(field.data_type());
                if !given.as_ref().is_some_and(|given| wire::same(given, ty)) {
                    let given = field.data_type();
                    return Err(format!("its column `{name}` has the type {given}, not {ty}"));
                }
            }
        }
        Ok(())
    }

    /// Runs a delivery: each batch of receipts goes to `log` as soon as it is there.
    ///
    /// # Errors
    /// The plugin's and the engine's; what was logged before stays.
    pub fn deliver(
        &self,
        engine: &Engine,
        inputs: &[Select],
        facts: &RunFacts,
        log: &mut dyn FnMut(Vec<Receipt>) -> Result<(), Diagnostic>,
    ) -> Result<Vec<Diagnostic>, Diagnostics> {
        let mut tables = Vec::new();
        let result = self.receipts(engine, inputs, facts, log, &mut tables);
        for table in tables {
            let _ = engine.execute(&format!("DROP TABLE {SCRATCH}.main.{}", identifier(&table)));
        }
        result
    }

    fn receipts(
        &self,
        engine: &Engine,
        inputs: &[Select],
        facts: &RunFacts,
        log: &mut dyn FnMut(Vec<Receipt>) -> Result<(), Diagnostic>,
        tables: &mut Vec<String>,
    ) -> Result<Vec<Diagnostic>, Diagnostics> {
        let mut running = self.start(engine, inputs, facts, tables)?;
        self.check_receipts(&running.output.schema()).map_err(|why| self.fault(&why))?;
        while let Some(batch) = running.output.next() {
            let batch = batch.map_err(|words| self.broken(&words, &running.call))?;
            let receipts = self.read(&batch).map_err(|why| self.fault(&why))?;
            if !receipts.is_empty() {
                log(receipts).map_err(one)?;
            }
        }
        let warnings = report::warnings(&running.call.take_said(), &self.places);
        running.inputs.clear();
        Ok(warnings)
    }

    fn check_receipts(&self, schema: &duckdb::arrow::datatypes::Schema) -> Result<(), String> {
        if schema.fields().len() != self.keys + 4 {
            return Err(format!(
                "its receipts have {} columns, not {}",
                schema.fields().len(),
                self.keys + 4
            ));
        }
        for (field, (name, ty)) in schema.fields().iter().zip(&self.relations[0][..self.keys]) {
            let given = schemas::type_of(field.data_type());
            if field.name() != name || !given.as_ref().is_some_and(|given| wire::same(given, ty)) {
                return Err(format!("its receipts have `{}` for the key `{name}`", field.name()));
            }
        }
        Ok(())
    }

    fn read(&self, batch: &RecordBatch) -> Result<Vec<Receipt>, String> {
        let value = |column: usize, row: usize| {
            types::value_at(batch.column(column), row).map_err(|e| e.message)
        };
        let text = |column: usize, row: usize| -> Result<Option<String>, String> {
            Ok(match value(column, row)? {
                Value::Missing => None,
                Value::Text(text) => Some(text),
                other => Some(print::plain(&other)),
            })
        };
        let mut receipts = Vec::new();
        for row in 0..batch.num_rows() {
            let key: Vec<Value> =
                (0..self.keys).map(|n| value(n, row)).collect::<Result<_, _>>()?;
            let status = text(self.keys, row)?.unwrap_or_default();
            if !STATUSES.contains(&status.as_str()) {
                return Err(format!("a receipt has the status `{status}`"));
            }
            receipts.push(Receipt {
                key,
                status,
                provider_id: text(self.keys + 1, row)?,
                error: text(self.keys + 2, row)?,
                attempt: match value(self.keys + 3, row)? {
                    Value::Int(n) => u64::try_from(n).unwrap_or(1),
                    _ => 1,
                },
            });
        }
        Ok(receipts)
    }
}

/// The rows of a scratch table as the contract types them, in the order of the key.
fn rows_of(table: &str, columns: &[(String, Type)], keys: usize) -> String {
    let list: Vec<String> = columns
        .iter()
        .map(|(name, ty)| {
            let name = identifier(name);
            format!("CAST({name} AS {}) AS {name}", schemas::engine_type(ty))
        })
        .collect();
    let order: Vec<String> = columns.iter().take(keys).map(|(name, _)| identifier(name)).collect();
    let order =
        if order.is_empty() { String::new() } else { format!(" ORDER BY {}", order.join(", ")) };
    format!("SELECT {} FROM {SCRATCH}.main.{}{order}", list.join(", "), identifier(table))
}
