//! Runs executors and deliveries: rows out of the engine, through a plugin, and back as a table or as
//! receipts.

mod deliver;
mod execute;
mod running;
mod scratch;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use duckdb::arrow::datatypes::Schema;
use serde_json::Value as Json;

use crate::diagnostic::{Diagnostic, Diagnostics, one};
use crate::engine::duckdb::{EngineError, Session as Engine};
use crate::model::types::Type;

use super::bound::Places;
use super::guard::{Fell, Worker};
use super::host::{Call, RunFacts};
use super::loader::{Plugin, Status};
use super::report;
use super::schemas::{self, Lent};
use super::stream::{Failure, Outgoing, Query, WAITING};
use running::{Given, Running, Task};
use scratch::{Source, rows_of};

pub use deliver::{Log, Receipt};

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
    /// Of each column, whether it is handed through from the first input.
    pub passed: Vec<bool>,
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

    fn call(&self, engine: &Engine, facts: &RunFacts) -> Arc<Call> {
        let stop = engine.interrupt_handle().flag();
        let secrets = self.secrets.clone();
        Arc::new(Call::new(self.document.clone(), facts, secrets, stop, Arc::default()))
    }

    /// Starts the plugin on the rows of these sources; `only` is a condition on the first one's.
    fn start(
        &self,
        engine: &Engine,
        sources: &[Source],
        only: Option<&str>,
        call: &Arc<Call>,
        patience: Duration,
    ) -> Result<Running, Diagnostics> {
        let stop = engine.interrupt_handle().flag();
        let failure = Failure::default();
        let (mut outgoing, mut queries) = (Vec::new(), Vec::new());
        for (n, (source, columns)) in sources.iter().zip(&self.relations).enumerate() {
            let query = Query {
                connection: engine.another().map_err(|e| self.engine(e))?,
                sql: rows_of(source, columns, self.keys, only.filter(|_| n == 0)),
                schema: Arc::new(schemas::schema(columns)),
                stop: stop.clone(),
                failure: failure.clone(),
            };
            queries.push(query.connection.interrupt_handle());
            outgoing.push(Outgoing::start(query, call.pulse.clone()));
        }
        let canceller = Arc::default();
        let task = Task {
            plugin: self.plugin.clone(),
            index: self.index,
            call: call.clone(),
            lent: Lent::new(&self.relations).map_err(|why| self.fault(&why))?,
            inputs: outgoing,
            canceller: Arc::clone(&canceller),
        };
        let work = format!("`{}`", self.plugin.manifest.activities[self.index].name);
        let worker = Worker::start(&self.plugin.who(), &work, WAITING, |out| task.run(out))
            .map_err(|fell| self.fell(fell, &stop))?;
        let (schema, call) = (Arc::new(Schema::empty()), call.clone());
        let mut running =
            Running { worker, schema, call, canceller, stop, patience, failure, queries };
        match self.given(&mut running, &mut |_, _| {})? {
            Some(Given::Schema(schema)) => running.schema = schema,
            _ => return Err(self.fault("it gave no stream of rows")),
        }
        Ok(running)
    }

    /// What a plugin gives next: its schema or its rows; `None` at their end.
    fn given(
        &self,
        running: &mut Running,
        told: &mut dyn FnMut(u64, u64),
    ) -> Result<Option<Given>, Diagnostics> {
        let next = running.next(told);
        // Whatever the plugin makes of it: its input broke off.
        let last = matches!(next, Ok(Some(Given::Failed(_) | Given::Broken(_) | Given::End)));
        if let Some(error) = last.then(|| running.failure.take()).flatten() {
            return Err(self.engine(error));
        }
        match next {
            Ok(Some(Given::Failed(status))) => Err(self.failed(status, &running.call)),
            Ok(Some(Given::Broken(words))) => Err(self.broken(&words, &running.call)),
            Ok(Some(Given::End)) => Ok(None),
            Ok(Some(given)) => Ok(Some(given)),
            // Its thread has ended without a word: rows may be missing.
            Ok(None) => Err(self.fault("its rows ended without an end")),
            Err(fell) => Err(self.fell(fell, &running.stop)),
        }
    }

    /// A plugin that did not come back; when the user has asked to stop, that is why.
    fn fell(&self, fell: Fell, stop: &AtomicBool) -> Diagnostics {
        if stop.load(Ordering::Relaxed) && matches!(fell, Fell::Silent(_)) {
            self.plugin.set_fallen();
            return self.engine(EngineError::interrupted());
        }
        one(report::fell(&self.plugin, fell, self.places.activity))
    }

    /// Ends a plugin's thread and collects what it said on the way.
    fn ended(&self, running: Running) -> Result<Vec<Diagnostic>, Diagnostics> {
        let Running { worker, call, stop, patience, .. } = running;
        worker.end(patience).map_err(|fell| self.fell(fell, &stop))?;
        let mut said = report::warnings(&call.take_said(), &self.places);
        said.extend(report::logged(call.take_logged(), &self.places));
        said.extend(report::printed(&self.plugin, self.places.activity));
        Ok(said)
    }

    fn check_stop(&self, engine: &Engine) -> Result<(), Diagnostics> {
        if engine.interrupt_handle().is_requested() {
            return Err(self.engine(EngineError::interrupted()));
        }
        Ok(())
    }
}
