//! Executors: their rows become tables of the plan.

use duckdb::arrow::datatypes::Schema;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::engine::duckdb::{EngineError, Session as Engine, identifier, literal, types};
use crate::plan::query::Select;

use super::super::host::RunFacts;
use super::super::stream::{self, SCRATCH};
use super::super::{schemas, wire};
use super::RowCall;
use super::running::Given;
use super::scratch::{drop_tables, place};

impl RowCall {
    /// Runs an executor: its rows become the given tables of the plan. They stay where they were
    /// written, in the scratch database, and the tables are views of them.
    ///
    /// # Errors
    /// The plugin's and the engine's.
    pub fn execute(
        &self,
        engine: &Engine,
        inputs: &[Select],
        names: &[String],
        facts: &RunFacts,
        told: &mut dyn FnMut(u64, u64),
    ) -> Result<Vec<Diagnostic>, Diagnostics> {
        let mut tables = Vec::new();
        let result = self.filled(engine, (inputs, names), facts, &mut tables, told);
        drop_tables(engine, tables);
        result
    }

    /// `tables` gets those that are of no use afterwards.
    fn filled(
        &self,
        engine: &Engine,
        (inputs, names): (&[Select], &[String]),
        facts: &RunFacts,
        tables: &mut Vec<String>,
        told: &mut dyn FnMut(u64, u64),
    ) -> Result<Vec<Diagnostic>, Diagnostics> {
        let sources = self.reach(engine, inputs, facts, tables)?;
        let call = self.call(engine, facts);
        let mut running = self.start(engine, &sources, None, &call, facts.patience)?;
        let schema = running.schema.clone();
        self.check_schema(&schema).map_err(|why| self.fault(&why))?;
        let table = format!("{}_out", facts.node);
        let create = stream::create_table(&table, &schema).map_err(|why| self.fault(&why))?;
        engine.attach_scratch().map_err(|e| self.engine(e))?;
        engine.execute(&create).map_err(|e| self.engine(e))?;
        {
            let connection = engine.another().map_err(|e| self.engine(e))?;
            let append = |e: duckdb::Error| self.engine(EngineError::from(e));
            let mut appender =
                connection.appender_to_catalog_and_db(&table, SCRATCH, "main").map_err(append)?;
            let mut rows = 0;
            while let Some(given) = self.given(&mut running, told)? {
                self.check_stop(engine)?;
                if let Given::Batch(batch) = given
                    && batch.num_rows() > 0
                {
                    rows += batch.num_rows() as u64;
                    match running.call.pulse.progress() {
                        // It says nothing itself; its rows do.
                        (0, 0) => told(rows, 0),
                        (done, of) => told(done, of),
                    }
                    appender.append_record_batch(batch).map_err(append)?;
                }
            }
            // Dropping an appender would discard its error.
            appender.flush().map_err(append)?;
        }
        let said = self.ended(running)?;
        let several = schema.fields().iter().any(|f| f.name() == "_output");
        for (output, name) in self.outputs.iter().zip(names) {
            let columns: Vec<String> = output
                .columns
                .iter()
                .enumerate()
                .map(|(n, (column, ty))| {
                    let to = numbered(n, output.keys);
                    let had = sources.first().and_then(|s| s.types.get(column));
                    let value = match had.filter(|_| output.passed.get(n) == Some(&true)) {
                        Some(had) => schemas::inward(&identifier(column), ty, had),
                        None => identifier(column),
                    };
                    format!("{value} AS {to}")
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
                    "CREATE TEMP VIEW {} AS SELECT {} FROM {}{filter}",
                    identifier(name),
                    columns.join(", "),
                    place(&table)
                ))
                .map_err(|e| self.engine(e))?;
        }
        Ok(said)
    }

    /// What a step that is skipped gives: tables without rows.
    ///
    /// # Errors
    /// The engine's.
    pub fn nobody(&self, engine: &Engine, names: &[String]) -> Result<(), Diagnostics> {
        for (output, name) in self.outputs.iter().zip(names) {
            let columns: Vec<String> = output
                .columns
                .iter()
                .enumerate()
                .map(|(n, (_, ty))| {
                    let ty = types::to_engine(ty);
                    format!("CAST(NULL AS {ty}) AS {}", numbered(n, output.keys))
                })
                .collect();
            let (name, columns) = (identifier(name), columns.join(", "));
            engine
                .execute(&format!("CREATE TEMP TABLE {name} AS SELECT {columns} WHERE FALSE"))
                .map_err(|e| self.engine(e))?;
        }
        Ok(())
    }

    /// Compares the names and types of a stream with what was declared.
    fn check_schema(&self, schema: &Schema) -> Result<(), String> {
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
                let ty = &schemas::crossing(ty);
                if !given.as_ref().is_some_and(|given| wire::same(given, ty)) {
                    let given = field.data_type();
                    return Err(format!("its column `{name}` has the type {given}, not {ty}"));
                }
            }
        }
        Ok(())
    }
}

/// The name of a column in the table of a transition.
fn numbered(n: usize, keys: usize) -> String {
    match n.checked_sub(keys) {
        None => format!("k{n}"),
        Some(n) => format!("c{n}"),
    }
}
