//! Executors that map batches: rows in, the same rows with more columns, or fewer rows, out.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchReader as _};
use arrow_schema::{Field, Schema, SchemaRef};

use crate::about::{About, Output};
use crate::cx::{Cx, Relation};
use crate::error::{Error, Result};
use crate::plugin::{Entry, Instance, Params, Schemas};
use crate::stream::{Incoming, Outgoing, execute, hand_out, input_failed, lent};
use crate::types::Type;

/// An activity with one input and one output that works batch by batch.
pub trait MapBatches: Params {
    /// What is opened once and used for every batch: a model, a connection.
    type State: Send + 'static;

    /// Its description. The output has the input's columns and those of [`Output::adding`].
    fn about() -> About;

    /// Columns added to the input's, where that depends on the parameters: for an output that is
    /// [`Output::dynamic`].
    ///
    /// # Errors
    /// What the script asks for cannot be done.
    fn columns(&self, _cx: &Cx, _input: &Schema) -> Result<Vec<Field>> {
        Ok(Vec::new())
    }

    /// Called once, before the first batch.
    ///
    /// # Errors
    /// It cannot start.
    fn open(&self, cx: &Cx) -> Result<Self::State>;

    /// One batch. Its columns are found by name, so hidden ones may stay in it.
    ///
    /// # Errors
    /// The run fails.
    fn batch(&self, state: &mut Self::State, batch: RecordBatch, cx: &Cx) -> Result<RecordBatch>;

    /// Called once, after the last batch: rows that were held back until all had been seen.
    ///
    /// # Errors
    /// The run fails.
    fn finish(&self, _state: &mut Self::State, _cx: &Cx) -> Result<Option<RecordBatch>> {
        Ok(None)
    }
}

impl Entry {
    /// An activity that maps batches.
    pub fn executor<M: MapBatches>() -> Self {
        Self::new("executor", M::about(), M::declare(), Some(execute), |cx, given, schemas| {
            let activity = M::read(given)?;
            let input = first_input::<M>(cx)?;
            let added = match M::about().outputs.first() {
                Some(output) if output.is_dynamic() => {
                    // SAFETY: lent by the host for the duration of `bind`.
                    let lent = unsafe { lent(schemas.inputs.0, schemas.inputs.1) }?;
                    let schema =
                        lent.first().ok_or_else(|| Error::internal("the host lent no schema"))?;
                    let added = activity.columns(cx, schema)?;
                    announce(&output_schema(schema, input, &added)?, schemas)?;
                    added
                }
                Some(output) => declared(output)?,
                None => return Err(Error::internal("an executor needs a declared output")),
            };
            Ok(Box::new(Mapper { activity: Arc::new(activity), added }))
        })
    }
}

/// A batch with one more column, or with another one under a name it has.
///
/// # Errors
/// The column has another number of rows.
pub fn with_column(batch: &RecordBatch, name: &str, values: ArrayRef) -> Result<RecordBatch> {
    let schema = batch.schema();
    let mut fields: Vec<_> = schema.fields().iter().map(|field| field.as_ref().clone()).collect();
    let mut columns = batch.columns().to_vec();
    let field = Field::new(name, values.data_type().clone(), true);
    match schema.index_of(name) {
        Ok(at) => {
            fields[at] = field;
            columns[at] = values;
        }
        Err(_) => {
            fields.push(field);
            columns.push(values);
        }
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

fn first_input<M: MapBatches>(cx: &Cx) -> Result<&Relation> {
    let about = M::about();
    let input =
        about.inputs.first().ok_or_else(|| Error::internal("an executor needs an input"))?;
    cx.input(input.name())
}

/// Tells the host the columns of a dynamic output.
fn announce(schema: &Schema, schemas: &Schemas) -> Result<()> {
    if schemas.outputs.1 == 0 {
        return Err(Error::internal("the host lent no place for a schema"));
    }
    // SAFETY: the host lends that many released schemas.
    unsafe { hand_out(schema, schemas.outputs.0) }
}

/// The Arrow field of a declared column.
fn declared(output: &Output) -> Result<Vec<Field>> {
    output
        .added()
        .into_iter()
        .map(|(name, r#type, nullable)| {
            let data_type = Type::parse(&r#type).arrow().ok_or_else(|| {
                Error::internal(format!("column `{name}` cannot be of type {}", r#type))
            })?;
            Ok(Field::new(name, data_type, nullable))
        })
        .collect()
}

/// The key and the visible columns of the input, then the added ones, which replace those of one name.
fn output_schema(input: &Schema, relation: &Relation, added: &[Field]) -> Result<Schema> {
    let mut fields = Vec::new();
    for column in relation.visible() {
        if !added.iter().any(|field| *field.name() == column.column) {
            fields.push(input.field_with_name(&column.column)?.clone());
        }
    }
    fields.extend(added.iter().cloned());
    Ok(Schema::new(fields))
}

struct Mapper<M> {
    activity: Arc<M>,
    added: Vec<Field>,
}

impl<M: MapBatches> Instance for Mapper<M> {
    fn execute(&mut self, cx: Cx, inputs: Vec<Incoming>) -> Result<Outgoing> {
        let input = inputs.into_iter().next().ok_or_else(|| Error::internal("no input stream"))?;
        let schema: SchemaRef =
            Arc::new(output_schema(&input.schema(), first_input::<M>(&cx)?, &self.added)?);
        let mut state = self.activity.open(&cx)?;
        let activity = Arc::clone(&self.activity);
        let shape = Arc::clone(&schema);
        let mut done = 0;
        let mut input = Some(input);
        let batches = std::iter::from_fn(move || {
            let mut step = || {
                let Some(rows) = &mut input else { return Ok(None) };
                if cx.cancelled() {
                    return Err(Error::cancelled());
                }
                let batch = match rows.next() {
                    Some(batch) => {
                        let batch = batch.map_err(|e| input_failed(&e))?;
                        Some(activity.batch(&mut state, batch, &cx)?)
                    }
                    None => {
                        input = None;
                        activity.finish(&mut state, &cx)?
                    }
                };
                let Some(batch) = batch else { return Ok(None) };
                done += batch.num_rows() as u64;
                cx.progress(done, 0);
                shaped(&batch, &shape).map(Some)
            };
            step().transpose()
        });
        Ok(Outgoing { schema, batches: Box::new(batches.fuse()) })
    }
}

/// The columns of the schema, by name.
fn shaped(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = schema.fields().iter().map(|field| {
        batch
            .column_by_name(field.name())
            .cloned()
            .ok_or_else(|| Error::internal(format!("the batch has no column `{}`", field.name())))
    });
    Ok(RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<_>>()?)?)
}
