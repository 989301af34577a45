//! Rows out of the engine to a plugin, and back.
//!
//! A stream of the engine borrows its connection and stays on its thread, and an appender on the
//! same connection would end it; so each input is read by a thread of its own, on a connection of
//! its own. What other connections cannot read, temporary tables, is put into a scratch database
//! first that all see. A short channel between the threads bounds what is in memory.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use camp_plugin_abi as abi;
use duckdb::Connection;
use duckdb::arrow::array::{Array, RecordBatch, RecordBatchReader};
use duckdb::arrow::compute::{cast, concat_batches};
use duckdb::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use duckdb::arrow::error::ArrowError;
use duckdb::arrow::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};

use crate::engine::duckdb::{EngineError, ErrorKind, identifier};

use super::host::Pulse;

/// Rows of a batch that a plugin gets, about.
const ROWS: usize = 16_000;
/// Batches that wait for the plugin, at most.
pub const WAITING: usize = 2;

type Batch = Result<RecordBatch, ArrowError>;

/// What the plugin pulls from.
struct Reader {
    batches: Receiver<Batch>,
    schema: SchemaRef,
    ended: bool,
    pulse: Arc<Pulse>,
}

impl Iterator for Reader {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        if self.ended {
            return None;
        }
        self.pulse.set_waiting(true);
        let next = self.batches.recv().ok();
        self.pulse.set_waiting(false);
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

impl RecordBatchReader for Reader {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
}

/// An input on its way to a plugin.
pub struct Outgoing {
    stream: abi::ArrowArrayStream,
    thread: Option<JoinHandle<()>>,
}

// SAFETY: the stream is the exporter's boxed reader, which is `Send`.
unsafe impl Send for Outgoing {}

/// Why an input broke off; the plugin may tell it in words of its own.
#[derive(Clone, Default)]
pub struct Failure(Arc<Mutex<Option<EngineError>>>);

impl Failure {
    fn set(&self, error: EngineError) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    /// The engine's error, once.
    pub fn take(&self) -> Option<EngineError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A query whose rows go to a plugin.
pub struct Query {
    /// Of its own: a stream borrows it.
    pub connection: Connection,
    /// Its columns are those of the schema.
    pub sql: String,
    /// The contract's types.
    pub schema: SchemaRef,
    /// Raised to end it.
    pub stop: Arc<AtomicBool>,
    /// Where its error goes.
    pub failure: Failure,
}

impl Outgoing {
    /// The rows of a query.
    pub fn start(query: Query, pulse: Arc<Pulse>) -> Outgoing {
        let schema = query.schema.clone();
        let (sender, batches) = sync_channel(WAITING);
        let thread = std::thread::spawn(move || {
            if let Err(error) = query.produce(&sender) {
                // Arrow's C interface ends an error's text at a NUL, and its exporter would panic.
                let words = ArrowError::ExternalError(error.message.replace('\0', " ").into());
                query.failure.set(error);
                // Nobody listens when the plugin has released the stream.
                let _ = sender.send(Err(words));
            }
        });
        let reader = Reader { batches, schema, ended: false, pulse };
        Outgoing { stream: hand_over(Box::new(reader)), thread: Some(thread) }
    }

    /// Moves the stream out; what stays waits for its thread.
    pub fn take(&mut self) -> abi::ArrowArrayStream {
        let moved = abi::ArrowArrayStream { ..self.stream };
        self.stream.release = None;
        moved
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        if let Some(release) = self.stream.release {
            // SAFETY: ours, not moved, released once.
            unsafe { release(&raw mut self.stream) }
        }
        // The reader is gone by now, so the thread's next batch ends it. A plugin that keeps the
        // stream against the contract keeps the thread, which nobody may wait for then.
        if let Some(thread) = self.thread.take() {
            for _ in 0..200 {
                if thread.is_finished() {
                    let _ = thread.join();
                    return;
                }
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        }
    }
}

/// Batches as a stream that moves to a plugin.
pub(super) fn hand_over(reader: Box<dyn RecordBatchReader + Send>) -> abi::ArrowArrayStream {
    let stream = FFI_ArrowArrayStream::new(reader);
    // SAFETY: both are the C struct of the Arrow specification, whose size the interface crate
    // asserts; the value moves.
    unsafe { std::mem::transmute::<FFI_ArrowArrayStream, abi::ArrowArrayStream>(stream) }
}

impl Query {
    fn produce(&self, sender: &SyncSender<Batch>) -> Result<(), EngineError> {
        let shape = |e: ArrowError| EngineError::new(ErrorKind::Other, e.to_string());
        let mut statement = self.connection.prepare(&self.sql)?;
        // The crate's iterator panics on an error in mid-stream, so batches are fetched one by one.
        drop(statement.stream_arrow([])?);
        let mut waiting: Vec<RecordBatch> = Vec::new();
        let mut rows = 0;
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Err(EngineError::interrupted());
            }
            let batch = statement.step()?;
            let last = batch.is_none();
            if let Some(batch) = batch.filter(|b| b.len() > 0) {
                let columns = batch.columns().to_vec();
                let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(shape)?;
                rows += batch.num_rows();
                waiting.push(batch);
            }
            if !waiting.is_empty() && (last || rows >= ROWS) {
                let batch = concat_batches(&self.schema, &waiting).map_err(shape)?;
                waiting.clear();
                rows = 0;
                if sender.send(Ok(batch)).is_err() {
                    return Ok(());
                }
            }
            if last {
                return Ok(());
            }
        }
    }
}

/// What a plugin gives, batch by batch.
pub struct Incoming {
    reader: ArrowArrayStreamReader,
    schema: SchemaRef,
}

/// The type of values that can be written in several ways: dictionaries, views, other units of time.
fn plain(ty: &DataType) -> DataType {
    match ty {
        DataType::Dictionary(_, of) => plain(of),
        DataType::Utf8View => DataType::Utf8,
        DataType::Date64 => DataType::Date32,
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        ty => ty.clone(),
    }
}

impl Incoming {
    /// Takes over a stream.
    ///
    /// # Errors
    /// When it is no stream, or its schema cannot be read.
    pub fn new(mut stream: abi::ArrowArrayStream) -> Result<Incoming, String> {
        let complete = stream.get_schema.is_some() && stream.get_next.is_some();
        if stream.release.is_none() || !complete {
            return Err("it gave no stream of rows".into());
        }
        let stream = (&raw mut stream).cast::<FFI_ArrowArrayStream>();
        // SAFETY: the same C struct; it moves into the reader, which releases it.
        let reader = unsafe { ArrowArrayStreamReader::from_raw(stream) };
        let reader = reader.map_err(|e| e.to_string())?;
        let given = reader.schema();
        let fields = given.fields().iter();
        let fields: Vec<Field> =
            fields.map(|f| Field::new(f.name(), plain(f.data_type()), true)).collect();
        Ok(Incoming { reader, schema: Arc::new(Schema::new(fields)) })
    }

    /// What its batches look like.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// The next batch.
    ///
    /// # Errors
    /// The plugin's, and batches that Arrow does not allow.
    pub fn next(&mut self) -> Option<Result<RecordBatch, String>> {
        let batch = match self.reader.next()? {
            Ok(batch) => batch,
            Err(error) => return Some(Err(error.to_string())),
        };
        let valid = batch.columns().iter().try_for_each(|c| c.to_data().validate());
        let columns = valid.and_then(|()| {
            let columns = batch.columns().iter().zip(self.schema.fields());
            columns
                .map(|(column, field)| match column.data_type() == field.data_type() {
                    true => Ok(column.clone()),
                    false => cast(column, field.data_type()),
                })
                .collect()
        });
        let batch = columns.and_then(|columns| RecordBatch::try_new(self.schema.clone(), columns));
        Some(batch.map_err(|e| format!("its rows are not valid: {e}")))
    }
}

/// The engine's type for a column of a plugin's rows; `None` for what the contract does not have.
pub fn engine_type(ty: &DataType) -> Option<String> {
    Some(match ty {
        DataType::Boolean => "BOOLEAN".into(),
        DataType::Int8 => "TINYINT".into(),
        DataType::Int16 => "SMALLINT".into(),
        DataType::Int32 => "INTEGER".into(),
        DataType::Int64 => "BIGINT".into(),
        DataType::UInt8 => "UTINYINT".into(),
        DataType::UInt16 => "USMALLINT".into(),
        DataType::UInt32 => "UINTEGER".into(),
        DataType::UInt64 => "UBIGINT".into(),
        DataType::Float32 => "FLOAT".into(),
        DataType::Float64 => "DOUBLE".into(),
        DataType::Decimal128(precision, scale) => format!("DECIMAL({precision},{scale})"),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Null => "VARCHAR".into(),
        DataType::Date32 => "DATE".into(),
        DataType::Timestamp(TimeUnit::Microsecond, None) => "TIMESTAMP".into(),
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => "TIMESTAMPTZ".into(),
        DataType::List(of) => format!("{}[]", engine_type(of.data_type())?),
        _ => return None,
    })
}

/// A table of the scratch database for rows of this schema.
///
/// # Errors
/// A type that the contract does not have, with its column.
pub fn create_table(name: &str, schema: &Schema) -> Result<String, String> {
    let mut columns = Vec::new();
    for field in schema.fields() {
        let ty = engine_type(field.data_type()).ok_or_else(|| {
            format!("its column `{}` has the type {}", field.name(), field.data_type())
        })?;
        columns.push(format!("{} {ty}", identifier(field.name())));
    }
    Ok(format!("CREATE TABLE {SCRATCH}.main.{} ({})", identifier(name), columns.join(", ")))
}

/// The database that all connections of the engine see, uncommitted work of the run aside.
pub const SCRATCH: &str = "scratch";

#[cfg(test)]
mod tests {
    use super::*;
    use duckdb::arrow::array::{
        AsArray, DictionaryArray, RecordBatchIterator, StringViewArray, TimestampMillisecondArray,
    };
    use duckdb::arrow::datatypes::{Int32Type, TimestampMicrosecondType};

    #[test]
    fn dictionaries_views_and_other_units_of_time_are_decoded() {
        let words: DictionaryArray<Int32Type> =
            vec![Some("a"), None, Some("a")].into_iter().collect();
        let batch = RecordBatch::try_from_iter([
            ("word", Arc::new(words) as Arc<dyn Array>),
            ("view", Arc::new(StringViewArray::from(vec!["x", "y", "z"]))),
            ("at", Arc::new(TimestampMillisecondArray::from(vec![1, 2, 3]))),
        ])
        .unwrap();
        let schema = batch.schema();
        let reader = RecordBatchIterator::new([Ok(batch)], schema);
        let stream = FFI_ArrowArrayStream::new(Box::new(reader));
        // SAFETY: both are the C struct of the Arrow specification; the value moves.
        let stream =
            unsafe { std::mem::transmute::<FFI_ArrowArrayStream, abi::ArrowArrayStream>(stream) };
        let mut incoming = Incoming::new(stream).unwrap();
        let create = create_table("t", &incoming.schema()).unwrap();
        assert_eq!(
            create,
            "CREATE TABLE scratch.main.\"t\" (\"word\" VARCHAR, \"view\" VARCHAR, \"at\" TIMESTAMP)"
        );
        let batch = incoming.next().unwrap().unwrap();
        let words: Vec<Option<&str>> = batch.column(0).as_string::<i32>().iter().collect();
        assert_eq!(words, [Some("a"), None, Some("a")]);
        assert_eq!(batch.column(1).as_string::<i32>().value(2), "z");
        assert_eq!(batch.column(2).as_primitive::<TimestampMicrosecondType>().value(1), 2000);
        assert!(incoming.next().is_none());
    }
}
