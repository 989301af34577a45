//! Runs executors and deliveries: streams in, a stream out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use arrow_array::{ArrayRef, RecordBatch, RecordBatchReader, StringArray};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::{ArrowError, Field, Schema, SchemaRef};
use camp_plugin::Type;
use camp_plugin_abi::{ArrowArrayStream, ArrowSchema, CAMP_OK};

use crate::host::{Diag, released_schemas};
use crate::table::Table;
use crate::{Case, sql};

/// What came of it.
#[derive(Debug)]
pub struct Executed {
    /// The names of the output's columns.
    pub columns: Vec<String>,
    /// Its rows as text, in order.
    pub rows: Vec<Vec<Option<String>>>,
    /// The rows of each batch.
    pub batches: Vec<usize>,
    /// Why it ended early.
    pub error: Option<String>,
    /// What the plugin said.
    pub diags: Vec<Diag>,
}

impl Executed {
    /// The values of a column.
    ///
    /// # Panics
    /// There is no such column.
    #[track_caller]
    pub fn column(&self, name: &str) -> Vec<Option<&str>> {
        let at =
            self.columns.iter().position(|column| column == name).expect("a column of the output");
        self.rows.iter().map(|row| row[at].as_deref()).collect()
    }
}

/// How a run differs from one in which everything goes well.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Course {
    /// Rows in a batch of the input, at most.
    pub(crate) batch: usize,
    /// Batches of the output that the host pulls before it lets go.
    pub(crate) pulls: usize,
    /// Batches of the input after which it fails.
    pub(crate) good: usize,
}

/// An input of the test: counts that it was released, and may fail on the way.
struct Source {
    batches: std::vec::IntoIter<RecordBatch>,
    schema: SchemaRef,
    good: usize,
    released: Arc<AtomicUsize>,
}

impl Iterator for Source {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let Some(good) = self.good.checked_sub(1) else {
            return Some(Err(ArrowError::IoError(
                "the disk is gone".into(),
                std::io::ErrorKind::Other.into(),
            )));
        };
        self.good = good;
        self.batches.next().map(Ok)
    }
}

impl RecordBatchReader for Source {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.released.fetch_add(1, Ordering::Relaxed);
    }
}

#[track_caller]
pub(crate) fn run(case: &Case, course: Course) -> Executed {
    let released = Arc::new(AtomicUsize::new(0));
    let (executed, inputs) = pull(case, course, &released);
    assert_eq!(released.load(Ordering::Relaxed), inputs, "every input is released, once");
    executed
}

/// The run itself, and how many inputs it handed over.
fn pull(case: &Case, course: Course, released: &Arc<AtomicUsize>) -> (Executed, usize) {
    let call = case.call();
    let tables = case.tables();
    let schemas: Vec<_> = tables.iter().map(schema).collect();
    let lent: Vec<ArrowSchema> = schemas
        .iter()
        .map(|schema| {
            let schema =
                FFI_ArrowSchema::try_from(schema.as_ref()).expect("types of the interface");
            // SAFETY: both are the Arrow struct; it is released below.
            unsafe { std::mem::transmute::<FFI_ArrowSchema, ArrowSchema>(schema) }
        })
        .collect();
    let mut stated = released_schemas(1);
    let bound = case.loaded.bind(&call, case.name(), &lent, &mut stated);
    for mut schema in lent.into_iter().chain(stated) {
        if let Some(release) = schema.release {
            // SAFETY: ours, and released once.
            unsafe { release(&raw mut schema) }
        }
    }
    let mut executed =
        Executed { columns: vec![], rows: vec![], batches: vec![], error: None, diags: vec![] };
    let failed = |mut executed: Executed, error: String| {
        executed.error = Some(error);
        executed.diags = call.diags();
        executed
    };
    let instance = match bound {
        Ok(instance) => instance,
        Err(status) => return (failed(executed, format!("bind gave {status}")), 0),
    };

    let mut inputs: Vec<_> = tables
        .iter()
        .zip(schemas)
        .map(|(table, schema)| {
            let whole = rows(table, &schema);
            let size = course.batch.max(1);
            let offsets = (0..whole.num_rows()).step_by(size);
            let batches: Vec<_> =
                offsets.map(|at| whole.slice(at, size.min(whole.num_rows() - at))).collect();
            let source = Source {
                batches: batches.into_iter(),
                schema,
                good: course.good,
                released: Arc::clone(released),
            };
            FFI_ArrowArrayStream::new(Box::new(source))
        })
        .collect();
    let execute = case.loaded.table.execute.expect("an executor executes");
    let mut output = FFI_ArrowArrayStream::empty();
    // SAFETY: instance and call live; the streams are moved, and each is a stream of ours.
    let status = unsafe {
        execute(
            instance.instance,
            call.raw(),
            inputs.as_mut_ptr().cast::<ArrowArrayStream>(),
            inputs.len(),
            (&raw mut output).cast::<ArrowArrayStream>(),
        )
    };
    if status != CAMP_OK {
        return (failed(executed, format!("execute gave {status}")), inputs.len());
    }
    let reader = ArrowArrayStreamReader::try_new(output).expect("the stream has a schema");
    executed.columns = reader.schema().fields().iter().map(|field| field.name().clone()).collect();
    for batch in reader.take(course.pulls) {
        match batch {
            Ok(batch) => {
                executed.batches.push(batch.num_rows());
                executed.rows.extend(texts(&batch));
            }
            Err(error) => return (failed(executed, error.to_string()), inputs.len()),
        }
    }
    executed.diags = call.diags();
    (executed, inputs.len())
}

fn schema(table: &Table) -> SchemaRef {
    let seen = table.seen().into_iter().map(|(name, r#type, _)| (name, r#type));
    let hidden = table.hidden.iter().map(|(name, r#type, _)| (name.clone(), r#type.clone()));
    let fields = seen.chain(hidden).map(|(name, r#type)| {
        let r#type = Type::parse(&r#type).arrow().expect("a type of the interface");
        Field::new(name, r#type, true)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn rows(table: &Table, schema: &SchemaRef) -> RecordBatch {
    let cells = sql::cells(table);
    let columns = schema.fields().iter().enumerate().map(|(i, field)| {
        let text: ArrayRef =
            Arc::new(cells.iter().map(|row| row[i].as_deref()).collect::<StringArray>());
        arrow_cast::cast(&text, field.data_type()).expect("cells fit their types")
    });
    RecordBatch::try_new(Arc::clone(schema), columns.collect()).expect("columns fit the schema")
}

fn texts(batch: &RecordBatch) -> Vec<Vec<Option<String>>> {
    let options = FormatOptions::default();
    let columns: Vec<_> = batch
        .columns()
        .iter()
        .map(|array| {
            (array, ArrayFormatter::try_new(array, &options).expect("a type that has a text"))
        })
        .collect();
    let cell = |(array, texts): &(&ArrayRef, ArrayFormatter<'_>), row: usize| {
        (!array.is_null(row)).then(|| texts.value(row).to_string())
    };
    (0..batch.num_rows())
        .map(|row| columns.iter().map(|column| cell(column, row)).collect())
        .collect()
}
