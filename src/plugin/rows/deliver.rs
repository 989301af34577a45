//! Deliveries: their rows are receipts, kept as soon as they are there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use duckdb::arrow::array::{BooleanArray, RecordBatch};
use duckdb::arrow::compute::{cast, filter_record_batch};
use duckdb::arrow::datatypes::Schema;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::engine::duckdb::{EngineError, Session as Engine, identifier, print, types};
use crate::model::value::Value;
use crate::plan::query::Select;

use super::super::host::RunFacts;
use super::super::stream::{self, SCRATCH};
use super::super::{guard, schemas, wire};
use super::running::{Given, Running};
use super::scratch::{drop_tables, place};
use super::{RowCall, one};

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

/// Takes receipts to where they are kept.
pub type Log<'a> = &'a mut dyn FnMut(Vec<Receipt>) -> Result<(), Diagnostic>;

/// Where the receipts of one attempt go.
struct Receipts<'a, 'l> {
    /// The scratch table of rows that are done with.
    done: &'a str,
    keys: &'a Schema,
    /// Tries of the attempts before.
    before: u64,
    /// Most tries of a row in this one.
    most: u64,
    log: &'a mut (dyn FnMut(Vec<Receipt>) -> Result<(), Diagnostic> + 'l),
}

/// The pauses between the attempts of a delivery. A plugin paces the requests of one attempt
/// itself; this is for an outage that is longer than its patience.
const PAUSES: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(8)];

const STATUSES: &[&str] = &["sent", "failed", "retry", "skipped", "dry_run"];

impl RowCall {
    /// Runs a delivery: each batch of receipts goes to `log` as soon as it is there. Rows whose
    /// receipt says that it may help, and rows without one, are tried again after a pause.
    ///
    /// # Errors
    /// The plugin's and the engine's; what was logged before stays.
    pub fn deliver(
        &self,
        engine: &Engine,
        inputs: &[Select],
        facts: &RunFacts,
        log: Log<'_>,
    ) -> Result<Vec<Diagnostic>, Diagnostics> {
        if guard::abandoned() {
            // A plugin took a thread along; the program has to come to its end.
            return Ok(Vec::new());
        }
        let mut tables = Vec::new();
        let result = self.attempts(engine, inputs, facts, log, &mut tables);
        drop_tables(engine, tables);
        result
    }

    fn attempts(
        &self,
        engine: &Engine,
        inputs: &[Select],
        facts: &RunFacts,
        log: Log<'_>,
        tables: &mut Vec<String>,
    ) -> Result<Vec<Diagnostic>, Diagnostics> {
        let sources = self.load(engine, inputs, facts, tables)?;
        let done = format!("{}_done", facts.node);
        let keys = schemas::schema(&self.relations[0][..self.keys]);
        let create = stream::create_table(&done, &keys).map_err(|why| self.fault(&why))?;
        engine.execute(&create).map_err(|e| self.engine(e))?;
        tables.push(done.clone());
        let matches: Vec<String> =
            keys.fields().iter().map(|f| format!("d.{0} = i.{0}", identifier(f.name()))).collect();
        let matches = matches.join(" AND ");
        let (input, done_at) = (&sources[0].from, place(&done));
        let left = format!("NOT EXISTS (SELECT 1 FROM {done_at} AS d WHERE {matches})");
        let count = |sql: String| -> Result<i128, Diagnostics> {
            let rows = engine.query(&sql).map_err(|e| self.engine(e))?;
            match rows.first().and_then(|row| row.first()) {
                Some(Value::Int(n)) => Ok(*n),
                _ => Ok(0),
            }
        };
        let mut tries = 0;
        let mut attempt = 1;
        let result = loop {
            let facts = RunFacts { attempt, ..facts.clone() };
            let call = self.call(engine, &facts);
            let only = (attempt > 1).then_some(left.as_str());
            let mut receipts = Receipts { done: &done, keys: &keys, before: tries, most: 0, log };
            let result = self
                .start(engine, &sources, only, &call, facts.patience)
                .and_then(|running| self.receipts(engine, running, &mut receipts));
            tries += receipts.most;
            let again = match &result {
                Ok(_) => true,
                Err(_) => call.is_retryable() && !self.plugin.has_fallen(),
            };
            let ended = facts.dry_run || !again || attempt as usize > PAUSES.len();
            if ended || count(format!("SELECT count(*) FROM {input} AS i WHERE {left}"))? == 0 {
                break result;
            }
            self.pause(engine, PAUSES[attempt as usize - 1])?;
            attempt += 1;
        };
        let said = result?;
        let twice = format!("SELECT count(*) - count(DISTINCT d) FROM {done_at} AS d");
        if count(twice)? > 0 {
            return Err(self.fault("it gives two receipts for one row"));
        }
        let strange = format!("NOT EXISTS (SELECT 1 FROM {input} AS i WHERE {matches})");
        if count(format!("SELECT count(*) FROM {done_at} AS d WHERE {strange}"))? > 0 {
            return Err(self.fault("it gives receipts for rows that it did not get"));
        }
        Ok(said)
    }

    fn pause(&self, engine: &Engine, pause: Duration) -> Result<(), Diagnostics> {
        let begun = Instant::now();
        while begun.elapsed() < pause {
            self.check_stop(engine)?;
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Logs the receipts of one attempt, and notes whose are final.
    fn receipts(
        &self,
        engine: &Engine,
        mut running: Running,
        receipts: &mut Receipts<'_, '_>,
    ) -> Result<Vec<Diagnostic>, Diagnostics> {
        self.check_receipts(&running.schema).map_err(|why| self.fault(&why))?;
        let connection = engine.another().map_err(|e| self.engine(e))?;
        let failed = |e: duckdb::Error| self.engine(EngineError::from(e));
        let mut appender = connection
            .appender_to_catalog_and_db(receipts.done, SCRATCH, "main")
            .map_err(failed)?;
        while let Some(given) = self.given(&mut running, &mut |_, _| {})? {
            let Given::Batch(batch) = given else { continue };
            let mut read = self.read(&batch).map_err(|why| self.fault(&why))?;
            if read.is_empty() {
                continue;
            }
            let is_final: BooleanArray = read.iter().map(|r| Some(r.status != "retry")).collect();
            for receipt in &mut read {
                receipts.most = receipts.most.max(receipt.attempt);
                receipt.attempt += receipts.before;
            }
            // On record before anything else can go wrong.
            (receipts.log)(read).map_err(one)?;
            let columns = (0..self.keys)
                .map(|n| cast(batch.column(n), receipts.keys.field(n).data_type()))
                .collect::<Result<_, _>>();
            let done = columns
                .and_then(|columns| RecordBatch::try_new(Arc::new(receipts.keys.clone()), columns))
                .and_then(|keys| filter_record_batch(&keys, &is_final))
                .map_err(|e| self.fault(&e.to_string()))?;
            if done.num_rows() > 0 {
                appender.append_record_batch(done).map_err(failed)?;
                appender.flush().map_err(failed)?;
            }
        }
        self.ended(running)
    }

    fn check_receipts(&self, schema: &Schema) -> Result<(), String> {
        if schema.fields().len() != self.keys + 4 {
            return Err(format!(
                "its receipts have {} columns, not {}",
                schema.fields().len(),
                self.keys + 4
            ));
        }
        for (field, (name, ty)) in schema.fields().iter().zip(&self.relations[0][..self.keys]) {
            let given = schemas::type_of(field.data_type());
            let ty = &schemas::crossing(ty);
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
