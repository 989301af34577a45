//! What every executor and delivery has to keep: whatever the size of the batches, the same rows go
//! out, with the declared columns; nobody is lost when the input breaks; it stops when it is asked to; and
//! every input is released, once. Deliveries only rehearse here.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use camp_plugin_abi as abi;
use duckdb::Connection;
use duckdb::arrow::array::{RecordBatch, RecordBatchReader};
use duckdb::arrow::datatypes::SchemaRef;
use duckdb::arrow::error::ArrowError;
use duckdb::arrow::util::display::{ArrayFormatter, FormatOptions};

use super::direct::bind;
use super::outputs;
use super::record::Recorded;
use super::relations::{Relation, Rows};
use crate::model::types::Type;
use crate::plugin::host::Call;
use crate::plugin::manifest::{Kind, NewColumn};
use crate::plugin::stream::{self, Incoming};
use crate::plugin::{schemas, wire};

type Cells = Vec<Vec<Option<String>>>;

/// How the input behaves.
#[derive(Clone, Copy)]
enum Course {
    /// It ends after its rows; this many in a batch, an empty batch between any two when told so.
    Whole { size: usize, gaps: bool },
    /// It fails after so many batches.
    Fails(usize),
    /// It goes on for ever.
    Endless,
}

/// An input on its way: counts that it was released.
struct Source {
    rows: RecordBatch,
    at: usize,
    batches: usize,
    course: Course,
    released: Arc<AtomicUsize>,
}

impl Iterator for Source {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batches += 1;
        match self.course {
            Course::Fails(after) if self.batches > after => {
                Some(Err(ArrowError::ComputeError("the kit's input fails here".into())))
            }
            Course::Fails(_) | Course::Endless => {
                Some(Ok(self.rows.slice(0, self.rows.num_rows().min(100))))
            }
            Course::Whole { gaps: true, .. } if self.batches.is_multiple_of(2) => {
                Some(Ok(self.rows.slice(0, 0)))
            }
            Course::Whole { size, .. } => {
                let len = size.min(self.rows.num_rows() - self.at);
                let batch = self.rows.slice(self.at, len);
                self.at += len;
                (len > 0).then_some(Ok(batch))
            }
        }
    }
}

impl RecordBatchReader for Source {
    fn schema(&self) -> SchemaRef {
        self.rows.schema()
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.released.fetch_add(1, Ordering::SeqCst);
    }
}

/// What became of a call.
enum Ended {
    /// All rows of the output, and its columns.
    Well(Vec<(String, Type)>, Cells),
    /// It was refused in words.
    Refused,
    /// It broke off in mid-stream.
    Broke,
}

/// What the host does with the output.
#[derive(Clone, Copy)]
enum Pulls {
    /// Takes all of it.
    All,
    /// Takes so many batches, then lets go.
    Some(usize),
    /// Takes three batches, asks it to stop, and goes on taking.
    Stop,
}

/// How long a plugin may take to stop.
const PATIENCE: Duration = Duration::from_secs(5);

struct Kit<'a> {
    call: &'a Recorded,
    batches: Vec<RecordBatch>,
}

impl<'a> Kit<'a> {
    fn new(call: &'a Recorded, rows: Rows) -> Result<Kit<'a>, String> {
        let engine = Connection::open_in_memory().map_err(|e| e.to_string())?;
        engine.execute_batch("SET TimeZone = 'UTC'").map_err(|e| e.to_string())?;
        let mut batches = Vec::new();
        for relation in Relation::all(call) {
            relation.create(&engine, rows, false)?;
            batches.push(relation.batch(&engine)?);
        }
        Ok(Kit { call, batches })
    }

    fn is_delivery(&self) -> Result<bool, String> {
        Ok(outputs::activity(self.call)?.kind == Kind::Delivery)
    }

    /// Makes the call. Every input must have been released in the end.
    fn run(&self, course: Course, pulls: Pulls) -> Result<Ended, String> {
        let released = Arc::new(AtomicUsize::new(0));
        let ended = self.pull(course, pulls, &released)?;
        // Bound and refused: the inputs were never handed over.
        let Some((ended, handed)) = ended else { return Ok(Ended::Refused) };
        match released.load(Ordering::SeqCst) {
            n if n == handed => Ok(ended),
            n => Err(format!("{n} of {handed} inputs were released")),
        }
    }

    fn pull(
        &self,
        course: Course,
        pulls: Pulls,
        released: &Arc<AtomicUsize>,
    ) -> Result<Option<(Ended, usize)>, String> {
        let stop = Arc::new(AtomicBool::new(false));
        let host = super::host_call(self.call, stop.clone());
        let Some(bound) = bind(self.call, &host)? else { return Ok(None) };
        let mut inputs: Vec<abi::ArrowArrayStream> = self
            .batches
            .iter()
            .map(|rows| {
                stream::hand_over(Box::new(Source {
                    rows: rows.clone(),
                    at: 0,
                    batches: 0,
                    course,
                    released: released.clone(),
                }))
            })
            .collect();
        let handed = inputs.len();
        let Some(output) = bound.execute(&host, &mut inputs)? else {
            return Ok(Some((Ended::Refused, handed)));
        };
        let mut output = Incoming::new(output)?;
        let schema = output.schema();
        let mut columns = Vec::new();
        for field in schema.fields() {
            let ty = schemas::type_of(field.data_type()).ok_or_else(|| {
                format!("its column `{}` has the type {}", field.name(), field.data_type())
            })?;
            columns.push((field.name().clone(), ty));
        }
        let mut rows = Cells::new();
        let mut taken = 0;
        let mut asked: Option<Instant> = None;
        loop {
            if matches!(pulls, Pulls::Some(n) if taken >= n) {
                break;
            }
            if matches!(pulls, Pulls::Stop) && taken == 3 && asked.is_none() {
                stop.store(true, Ordering::SeqCst);
                bound.cancel();
                asked = Some(Instant::now());
            }
            let next = output.next();
            if asked.is_some_and(|asked| asked.elapsed() > PATIENCE) {
                return Err("it goes on 5 s after it was asked to stop".into());
            }
            match next {
                None => break,
                Some(Ok(batch)) => {
                    taken += 1;
                    // Nobody looks at the rows of a run that is stopped.
                    if asked.is_none() {
                        texts(&batch, &mut rows)?;
                    }
                }
                Some(Err(words)) if said_panic(&host) => return Err(words),
                Some(Err(_)) => return Ok(Some((Ended::Broke, handed))),
            }
        }
        Ok(Some((Ended::Well(columns, rows), handed)))
    }
}

fn said_panic(host: &Call) -> bool {
    host.take_said().iter().any(|said| said.code == "panic")
}

fn texts(batch: &RecordBatch, rows: &mut Cells) -> Result<(), String> {
    let options = FormatOptions::default();
    let columns: Result<Vec<_>, _> =
        batch.columns().iter().map(|c| ArrayFormatter::try_new(c.as_ref(), &options)).collect();
    let columns = columns.map_err(|e| e.to_string())?;
    for row in 0..batch.num_rows() {
        let cells = columns.iter().zip(batch.columns());
        let cells = cells.map(|(text, c)| (!c.is_null(row)).then(|| text.value(row).to_string()));
        rows.push(cells.collect());
    }
    Ok(())
}

/// The promises hold for such rows, with batches of several sizes.
pub fn holds(call: &Recorded, rows: Rows) -> Result<(), String> {
    let kit = Kit::new(call, rows)?;
    let mut first: Option<Cells> = None;
    for (size, gaps) in [(usize::MAX, false), (7, false), (1, true)] {
        if rows == Rows::Many && size == 1 {
            continue;
        }
        match kit.run(Course::Whole { size, gaps }, Pulls::All)? {
            // Such rows are refused, in words.
            Ended::Refused => return Ok(()),
            Ended::Broke if first.is_none() => return Ok(()),
            Ended::Broke => return Err(format!("it fails with batches of {size} rows")),
            Ended::Well(columns, mut found) => {
                if kit.is_delivery()? {
                    kit.check_receipts(&columns, &found)?;
                } else {
                    kit.check_rows(&columns, &found)?;
                }
                found.sort();
                match &first {
                    None => first = Some(found),
                    Some(first) if *first == found => {}
                    Some(_) => return Err(format!("other rows come with batches of {size} rows")),
                }
            }
        }
    }
    Ok(())
}

impl Kit<'_> {
    fn check_rows(&self, columns: &[(String, Type)], rows: &Cells) -> Result<(), String> {
        let stated: Vec<NewColumn> = columns
            .iter()
            .map(|(name, ty)| NewColumn {
                name: name.clone(),
                ty: wire::type_text(ty),
                nullable: true,
            })
            .collect();
        let marker = columns.iter().position(|(name, _)| name == "_output");
        for output in outputs::promised(self.call)? {
            let wrong = |what: String| format!("output `{}`: {what}", output.name);
            let mut places = Vec::new();
            for (name, ty) in output.columns(Some(&stated))? {
                match columns.iter().position(|(n, _)| *n == name) {
                    None => return Err(wrong(format!("it lacks the column `{name}`"))),
                    Some(at) if !wire::same(&columns[at].1, &ty) => {
                        return Err(wrong(format!("its `{name}` is {}, not {ty}", columns[at].1)));
                    }
                    Some(at) => places.push(at),
                }
            }
            let own = rows.iter().filter(|row| match marker {
                None => true,
                Some(at) => [&output.name, &output.declared]
                    .iter()
                    .any(|name| row[at].as_deref() == Some(name)),
            });
            let own: Cells =
                own.map(|r| places.iter().map(|&at| r[at].clone()).collect()).collect();
            output.check_keys(&own).map_err(wrong)?;
        }
        Ok(())
    }

    fn check_receipts(&self, columns: &[(String, Type)], rows: &Cells) -> Result<(), String> {
        let keys = outputs::key_of(&self.call.document["inputs"][0]);
        if columns.len() != keys.len() + 4 {
            return Err(format!("receipts have {} columns", columns.len()));
        }
        for ((name, ty), (given, given_ty)) in keys.iter().zip(columns) {
            if name != given || !wire::same(ty, given_ty) {
                return Err(format!("receipts have `{given}` for the key `{name}`"));
            }
        }
        let mut seen = BTreeSet::new();
        for row in rows {
            let (key, rest) = row.split_at(keys.len());
            let status = rest[0].as_deref().unwrap_or_default();
            if !["dry_run", "skipped", "failed"].contains(&status) {
                return Err(format!("a dry run gives the status `{status}`"));
            }
            if !seen.insert(key) {
                return Err(format!("{key:?} has two receipts"));
            }
        }
        match self.batches[0].num_rows() {
            n if n == rows.len() => Ok(()),
            n => Err(format!("{n} rows have {} receipts", rows.len())),
        }
    }
}

/// An input that fails makes the output fail: an end would lose people without a word.
pub fn input_fails(call: &Recorded) -> Result<(), String> {
    match Kit::new(call, Rows::Many)?.run(Course::Fails(3), Pulls::All)? {
        Ended::Broke | Ended::Refused => Ok(()),
        Ended::Well(..) => Err("the input failed, and the output ended as if it were whole".into()),
    }
}

/// It stops soon when it is asked to, even if its input never ends.
pub fn stops(call: &Recorded) -> Result<(), String> {
    Kit::new(call, Rows::Many)?.run(Course::Endless, Pulls::Stop).map(drop)
}

/// The host may let go of the output at any time.
pub fn let_go(call: &Recorded) -> Result<(), String> {
    let kit = Kit::new(call, Rows::Many)?;
    for taken in [0, 1, 3] {
        kit.run(Course::Whole { size: 100, gaps: false }, Pulls::Some(taken))?;
    }
    Ok(())
}
