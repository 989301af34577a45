//! Runs executors and deliveries: rows out of the engine, through a plugin, and back as a table or as
//! receipts.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use duckdb::arrow::array::{BooleanArray, RecordBatch};
use duckdb::arrow::compute::{cast, filter_record_batch};
use duckdb::arrow::datatypes::{Schema, SchemaRef};
use serde_json::Value as Json;

use crate::diagnostic::codes::plugin as codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::engine::duckdb::{EngineError, Session as Engine, identifier, literal, print, types};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::plan::query::Select;

use super::bound::Places;
use super::guard::{self, Fell, Worker};
use super::host::{Call, RunFacts};
use super::loader::{Canceller, Plugin, Status};
use super::schemas::{self, Lent};
use super::stream::{self, Incoming, Outgoing, SCRATCH, WAITING};
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
    /// Of each column, whether it is handed through from the first input.
    pub passed: Vec<bool>,
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

fn one(diagnostic: Diagnostic) -> Diagnostics {
    let mut all = Diagnostics::default();
    all.push(diagnostic);
    all
}

/// What the thread of an executor says.
enum Given {
    /// What its rows look like; first, and once.
    Schema(SchemaRef),
    /// Some rows.
    Batch(RecordBatch),
    /// It refused.
    Failed(Status),
    /// Its rows broke off, in the stream's words.
    Broken(String),
    /// All rows were there.
    End,
}

/// A plugin at work on its own thread.
struct Running {
    worker: Worker<Given>,
    schema: SchemaRef,
    call: Arc<Call>,
    /// Present while the instance lives.
    canceller: Arc<Mutex<Option<Canceller>>>,
    stop: Arc<AtomicBool>,
    patience: Duration,
}

/// How long a plugin that was asked to stop may take for it.
const GRACE: Duration = Duration::from_secs(2);

impl Running {
    /// What it gives next. `told` gets what it says of its progress.
    fn next(&mut self, told: &mut dyn FnMut(u64, u64)) -> Result<Option<Given>, Fell> {
        let (mut beats, mut since) = (self.call.pulse.count(), Duration::ZERO);
        let mut asked: Option<Duration> = None;
        let mut last = (0, 0);
        self.worker.next(|waited| {
            let progress = self.call.pulse.progress();
            if progress != last {
                last = progress;
                told(progress.0, progress.1);
            }
            let now = self.call.pulse.count();
            if now != beats {
                (beats, since) = (now, waited);
            }
            if self.stop.load(Ordering::Relaxed) {
                match asked {
                    None => {
                        asked = Some(waited);
                        cancel(&self.canceller);
                    }
                    Some(at) if waited - at > GRACE => return Err(Fell::Silent(GRACE)),
                    Some(_) => {}
                }
            }
            match waited - since > self.patience {
                true => Err(Fell::Silent(self.patience)),
                false => Ok(()),
            }
        })
    }
}

/// Asks a plugin to stop, on a thread of its own as everything it does.
fn cancel(canceller: &Arc<Mutex<Option<Canceller>>>) {
    let canceller = canceller.clone();
    // It need not come back: whoever waits for its rows gives up on it by himself.
    let asked = Worker::start("A plugin", "`cancel`", 1, move |_: &SyncSender<()>| {
        let held = canceller.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(canceller) = *held {
            // SAFETY: the instance is dropped only after this was taken out under the lock.
            unsafe { canceller.cancel() }
        }
    });
    if let Ok(asked) = asked {
        asked.detach();
    }
}

/// Everything that a plugin's thread takes along.
struct Task {
    plugin: Arc<Plugin>,
    index: usize,
    call: Arc<Call>,
    lent: Lent,
    inputs: Vec<Outgoing>,
    canceller: Arc<Mutex<Option<Canceller>>>,
}

impl Task {
    fn run(self, out: &SyncSender<Given>) {
        // Nobody listens any more when the host had enough, so what cannot be sent ends it.
        let last = match self.give(out) {
            Ok(()) => Given::End,
            Err(last) => last,
        };
        let _ = out.send(last);
    }

    fn give(mut self, out: &SyncSender<Given>) -> Result<(), Given> {
        let activity = &self.plugin.manifest.activities[self.index];
        // SAFETY: all-zero schemas are released ones.
        let mut outputs = [unsafe { std::mem::zeroed() }];
        let bound = self.plugin.bind(&self.call, activity, self.lent.as_slice(), &mut outputs);
        schemas::release(&mut outputs);
        let mut instance = bound.map_err(Given::Failed)?;
        let slot = || self.canceller.lock().unwrap_or_else(PoisonError::into_inner);
        *slot() = instance.canceller();
        // The plugin owns the streams from here, even when it fails.
        let mut streams: Vec<_> = self.inputs.iter_mut().map(Outgoing::take).collect();
        let given = instance
            .execute(&self.call, &mut streams)
            .map_err(Given::Failed)
            .and_then(|output| Incoming::new(output).map_err(Given::Broken))
            .and_then(|output| pass_on(output, out));
        *slot() = None;
        given
    }
}

fn pass_on(mut output: Incoming, out: &SyncSender<Given>) -> Result<(), Given> {
    let mut going = out.send(Given::Schema(output.schema())).is_ok();
    while going && let Some(batch) = output.next() {
        going = out.send(Given::Batch(batch.map_err(Given::Broken)?)).is_ok();
    }
    Ok(())
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

    /// Puts the inputs where all connections see them.
    fn load(
        &self,
        engine: &Engine,
        inputs: &[Select],
        facts: &RunFacts,
        tables: &mut Vec<String>,
    ) -> Result<Vec<EngineTypes>, Diagnostics> {
        engine.attach_scratch().map_err(|e| self.engine(e))?;
        let mut types = Vec::new();
        for (n, select) in inputs.iter().enumerate() {
            let table = format!("{}_{n}", facts.node);
            engine
                .execute(&format!(
                    "CREATE TABLE {SCRATCH}.main.{} AS\n{}",
                    identifier(&table),
                    print::select(select)
                ))
                .map_err(|e| self.engine(e))?;
            types.push(types_of(engine, &table).map_err(|e| self.engine(e))?);
            tables.push(table);
        }
        for ((columns, types), table) in self.relations.iter().zip(&types).zip(&*tables) {
            self.check_widths(engine, columns, types, table)?;
        }
        Ok(types)
    }

    /// Whole numbers cross in 64 bits; the engine's may have more.
    fn check_widths(
        &self,
        engine: &Engine,
        columns: &[(String, Type)],
        types: &EngineTypes,
        table: &str,
    ) -> Result<(), Diagnostics> {
        for (name, ty) in columns {
            let wide = types.get(name).is_some_and(|of| of == "HUGEINT" || of == "UBIGINT");
            if *ty != Type::Int || !wide {
                continue;
            }
            let column = identifier(name);
            let table = identifier(table);
            let sql = format!(
                "SELECT count(*) FROM {SCRATCH}.main.{table} \
                 WHERE {column} IS NOT NULL AND TRY_CAST({column} AS BIGINT) IS NULL"
            );
            let rows = engine.query(&sql).map_err(|e| self.engine(e))?;
            let Some(Value::Int(n @ 1..)) = rows.first().and_then(|row| row.first()) else {
                continue;
            };
            let activity = &self.planned.title;
            return Err(one(Diagnostic::error(
                codes::DATA,
                format!("{n} values of a column are too large for `{activity}`"),
            )
            .label(
                self.places.find(&format!("inputs.in.columns.{name}")),
                "takes whole numbers of 64 bits",
            )
            .help("convert them: `decimal(x, 0)` or a text")));
        }
        Ok(())
    }

    fn call(&self, engine: &Engine, facts: &RunFacts) -> Arc<Call> {
        let stop = engine.interrupt_handle().flag();
        let secrets = self.secrets.clone();
        Arc::new(Call::new(self.document.clone(), facts, secrets, stop, Arc::default()))
    }

    /// Starts the plugin on the rows of these tables; `only` is a condition on the first one's.
    fn start(
        &self,
        engine: &Engine,
        (tables, types): (&[String], &[EngineTypes]),
        only: Option<&str>,
        call: &Arc<Call>,
        patience: Duration,
    ) -> Result<Running, Diagnostics> {
        let stop = engine.interrupt_handle().flag();
        let mut outgoing = Vec::new();
        let relations = tables.iter().zip(types).zip(&self.relations);
        for (n, ((table, types), columns)) in relations.enumerate() {
            let sql = rows_of((table, types), columns, self.keys, only.filter(|_| n == 0));
            let connection = engine.another().map_err(|e| self.engine(e))?;
            let (schema, pulse) = (schemas::schema(columns), call.pulse.clone());
            outgoing.push(Outgoing::start(connection, sql, schema, stop.clone(), pulse));
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
        let mut running = Running { worker, schema, call, canceller, stop, patience };
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
        match running.next(told) {
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
        told: &mut dyn FnMut(u64, u64),
    ) -> Result<Vec<Diagnostic>, Diagnostics> {
        let mut tables = Vec::new();
        let result = self.filled(engine, (inputs, names), facts, &mut tables, told);
        drop_tables(engine, tables);
        result
    }

    fn filled(
        &self,
        engine: &Engine,
        (inputs, names): (&[Select], &[String]),
        facts: &RunFacts,
        tables: &mut Vec<String>,
        told: &mut dyn FnMut(u64, u64),
    ) -> Result<Vec<Diagnostic>, Diagnostics> {
        let types = self.load(engine, inputs, facts, tables)?;
        let call = self.call(engine, facts);
        let mut running = self.start(engine, (tables, &types), None, &call, facts.patience)?;
        let schema = running.schema.clone();
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
            let mut rows = 0;
            while let Some(given) = self.given(&mut running, told)? {
                self.check_stop(engine)?;
                if let Given::Batch(batch) = given
                    && batch.num_rows() > 0
                {
                    rows += batch.num_rows() as u64;
                    if running.call.pulse.progress() == (0, 0) {
                        // It says nothing itself; its rows do.
                        told(rows, 0);
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
                    let had = types.first().and_then(|t| t.get(column));
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
                    "CREATE TEMP TABLE {} AS SELECT {} FROM {SCRATCH}.main.{}{filter}",
                    identifier(name),
                    columns.join(", "),
                    identifier(&table)
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

    fn check_stop(&self, engine: &Engine) -> Result<(), Diagnostics> {
        if engine.interrupt_handle().is_requested() {
            return Err(self.engine(EngineError::interrupted()));
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
        let types = self.load(engine, inputs, facts, tables)?;
        let loaded = tables.clone();
        let done = format!("{}_done", facts.node);
        let keys = schemas::schema(&self.relations[0][..self.keys]);
        let create = stream::create_table(&done, &keys).map_err(|why| self.fault(&why))?;
        engine.execute(&create).map_err(|e| self.engine(e))?;
        tables.push(done.clone());
        let matches: Vec<String> =
            keys.fields().iter().map(|f| format!("d.{0} = i.{0}", identifier(f.name()))).collect();
        let matches = matches.join(" AND ");
        let [input, done_at] =
            [&loaded[0], &done].map(|table| format!("{SCRATCH}.main.{}", identifier(table)));
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
                .start(engine, (&loaded, &types), only, &call, facts.patience)
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

/// The name of a column in the table of a transition.
fn numbered(n: usize, keys: usize) -> String {
    match n.checked_sub(keys) {
        None => format!("k{n}"),
        Some(n) => format!("c{n}"),
    }
}

/// The engine's types of a table's columns.
type EngineTypes = HashMap<String, String>;

fn types_of(engine: &Engine, table: &str) -> Result<EngineTypes, EngineError> {
    let rows = engine.query(&format!(
        "SELECT column_name, data_type FROM duckdb_columns() \
         WHERE database_name = {} AND table_name = {}",
        literal(SCRATCH),
        literal(table)
    ))?;
    let texts = rows.into_iter().filter_map(|row| match <[Value; 2]>::try_from(row) {
        Ok([Value::Text(name), Value::Text(ty)]) => Some((name, ty)),
        _ => None,
    });
    Ok(texts.collect())
}

/// Drops scratch tables, but for those that a thread which was abandoned may still read.
fn drop_tables(engine: &Engine, tables: Vec<String>) {
    if guard::abandoned() {
        return;
    }
    for table in tables {
        // Only memory is lost when that fails.
        let _ = engine.execute(&format!("DROP TABLE {SCRATCH}.main.{}", identifier(&table)));
    }
}

/// The rows of a scratch table as the contract types them, in the order of the key.
fn rows_of(
    (table, types): (&str, &EngineTypes),
    columns: &[(String, Type)],
    keys: usize,
    only: Option<&str>,
) -> String {
    let list: Vec<String> = columns
        .iter()
        .map(|(name, ty)| {
            let of = types.get(name).map_or("", String::as_str);
            let name = identifier(name);
            format!("{} AS {name}", schemas::outward(&name, ty, of))
        })
        .collect();
    let order: Vec<String> = columns.iter().take(keys).map(|(name, _)| identifier(name)).collect();
    let order =
        if order.is_empty() { String::new() } else { format!(" ORDER BY {}", order.join(", ")) };
    let only = only.map_or(String::new(), |only| format!(" WHERE {only}"));
    let (list, table) = (list.join(", "), identifier(table));
    format!("SELECT {list} FROM {SCRATCH}.main.{table} AS i{only}{order}")
}
