//! Deliveries: rows go somewhere else, receipts come back.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use arrow_array::{ArrayRef, Int64Array, RecordBatch, RecordBatchReader as _, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use crate::about::{About, Input};
use crate::cx::Cx;
use crate::error::{Error, Result};
use crate::plugin::{Entry, Instance, Params};
use crate::rows::Rows;
use crate::stream::{Incoming, Outgoing, execute, input_failed};

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It arrived.
    Sent,
    /// It will not arrive.
    Failed,
    /// A later attempt may help.
    Retry,
    /// There was nothing to send.
    Skipped,
    /// It would have been sent.
    DryRun,
}

impl Status {
    /// As the receipts spell it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Retry => "retry",
            Self::Skipped => "skipped",
            Self::DryRun => "dry_run",
        }
    }
}

/// What is known about one row.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// What became of it.
    pub status: Status,
    /// What the other side calls it.
    pub provider_id: Option<String>,
    /// Why not; without secrets and personal data.
    pub error: Option<String>,
}

/// How one request ended.
#[derive(Debug)]
pub enum Outcome {
    /// All its rows arrived; the other side may have a name for it.
    Sent(Option<String>),
    /// Nothing arrived, and trying again may help; the other side may have said when.
    Again {
        /// Not before this long.
        after: Option<Duration>,
        /// Why; without secrets and personal data.
        why: String,
    },
    /// Nothing arrived, and trying again is no use.
    Refused(String),
    /// Each row has a receipt of its own, in the order of the rows. Those that say [`Status::Retry`] are
    /// tried again, in a request of their own.
    Rows(Vec<Receipt>),
}

/// How fast, and how stubbornly.
#[derive(Debug, Clone)]
pub struct Pace {
    /// Rows in one request.
    pub batch: usize,
    /// Tries of one request, the first included.
    pub tries: u32,
    /// The pause before the second try; it doubles from try to try, up to a minute.
    pub first_pause: Duration,
    /// Requests in a second, at most.
    pub rate: Option<f64>,
}

impl Pace {
    /// Of the parameters that deliveries share: rows in a request, tries, milliseconds before the second
    /// try, requests in a second.
    pub fn new(batch: u64, tries: u64, pause: u64, rate: Option<f64>) -> Self {
        Self {
            batch: usize::try_from(batch).unwrap_or(usize::MAX),
            tries: u32::try_from(tries).unwrap_or(u32::MAX),
            first_pause: Duration::from_millis(pause),
            rate,
        }
    }

    /// The same where each row goes out by itself: the rate is one of rows. A request then holds no more
    /// rows than a second may have.
    pub fn by_rows(mut self) -> Self {
        if let Some(rate) = &mut self.rate {
            // A negative or tiny rate is one row per request.
            self.batch = self.batch.min(*rate as usize).max(1);
            *rate /= self.batch as f64;
        }
        self
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self { batch: 1, tries: 4, first_pause: Duration::from_millis(500), rate: None }
    }
}

/// An activity that sends rows somewhere. Batching, retries with growing pauses, the rate, dry runs,
/// cancellation and receipts are done for it.
pub trait Deliver: Params {
    /// What is opened once and used for every request.
    type State: Send + 'static;

    /// Its description.
    fn about() -> About;

    /// How fast it may go.
    fn pace(&self) -> Pace;

    /// Checks a call beyond what the manifest says, during `camp check`. It may read files of the
    /// project ([`Cx::folder`]), and nothing else.
    ///
    /// # Errors
    /// What the script asks for cannot be done.
    fn check(&self, _cx: &Cx) -> Result<()> {
        Ok(())
    }

    /// Called once, before the first request; in a dry run too, so it causes no effect.
    ///
    /// # Errors
    /// It cannot start.
    fn open(&self, cx: &Cx) -> Result<Self::State>;

    /// Makes a request in a dry run, without sending it, and says what is known without the other
    /// side: rows that would be sent count as [`Outcome::Sent`].
    ///
    /// # Errors
    /// Requests cannot be made.
    fn rehearse(&self, _state: &mut Self::State, _rows: &Rows, _cx: &Cx) -> Result<Outcome> {
        Ok(Outcome::Sent(None))
    }

    /// Sends one request. `idempotency_key` is the same for every try of the same rows in this run:
    /// hand it on, so that what arrived twice counts once.
    ///
    /// # Errors
    /// Going on makes no sense: the run's delivery stops here.
    fn send(
        &self,
        state: &mut Self::State,
        rows: &Rows,
        idempotency_key: &str,
        cx: &Cx,
    ) -> Result<Outcome>;
}

impl Entry {
    /// An activity that delivers.
    pub fn delivery<D: Deliver>() -> Self {
        Self::new("delivery", D::about(), D::declare(), Some(execute), |cx, given, _| {
            let activity = D::read(given)?;
            activity.check(cx)?;
            Ok(Box::new(Delivery(Arc::new(activity))))
        })
    }
}

struct Delivery<D>(Arc<D>);

impl<D: Deliver> Instance for Delivery<D> {
    fn execute(&mut self, cx: Cx, inputs: Vec<Incoming>) -> Result<Outgoing> {
        let about = D::about();
        let name = about.inputs.first().map_or("in", Input::name);
        let relation = cx.input(name)?.clone();
        let mut input =
            inputs.into_iter().next().ok_or_else(|| Error::internal("no input stream"))?;

        let given = input.schema();
        let mut fields = Vec::new();
        for column in &relation.key {
            fields.push(given.field_with_name(&column.column)?.clone());
        }
        fields.extend([
            Field::new("status", DataType::Utf8, false),
            Field::new("provider_id", DataType::Utf8, true),
            Field::new("error", DataType::Utf8, true),
            Field::new("attempt", DataType::Int64, false),
        ]);
        let schema: SchemaRef = Arc::new(Schema::new(fields));

        let run = cx.run()?;
        let activity = Arc::clone(&self.0);
        let state = activity.open(&cx)?;
        let pace = activity.pace();
        let mut sender = Sender {
            activity,
            state,
            pace,
            cx,
            dry_run: run.dry_run,
            idempotency_key: run.idempotency_key,
            schema: Arc::clone(&schema),
            next_request: Instant::now(),
            again: None,
            done: 0,
        };
        let mut pending: Option<(Rows, usize)> = None;
        let batches = std::iter::from_fn(move || {
            // One item per request: a receipt is handed on as soon as it is known.
            let mut step = || loop {
                if let Some(again) = sender.again.take() {
                    if let Some(receipts) = sender.retry(again)? {
                        return Ok(Some(receipts));
                    }
                    continue;
                }
                if let Some((rows, at)) = &mut pending
                    && *at < rows.len()
                {
                    let chunk = rows.slice(*at, sender.pace.batch.max(1).min(rows.len() - *at));
                    *at += chunk.len();
                    if let Some(receipts) = sender.deliver(chunk, 1)? {
                        return Ok(Some(receipts));
                    }
                    continue;
                }
                match input.next() {
                    None => return Ok(None),
                    Some(batch) => {
                        let batch = batch.map_err(|e| input_failed(&e))?;
                        pending = Some((Rows::new(batch, &relation)?, 0));
                    }
                }
            };
            step().transpose()
        });
        Ok(Outgoing { schema, batches: Box::new(batches.fuse()) })
    }
}

struct Sender<D: Deliver> {
    activity: Arc<D>,
    state: D::State,
    pace: Pace,
    cx: Cx,
    dry_run: bool,
    idempotency_key: String,
    schema: SchemaRef,
    next_request: Instant,
    /// What is tried again before anything else.
    again: Option<Again>,
    done: u64,
}

/// Rows that did not arrive yet.
struct Again {
    rows: Rows,
    /// How often they were tried.
    tries: u32,
    /// Not before this long.
    after: Option<Duration>,
}

impl<D: Deliver> Sender<D> {
    /// Sends one request and gives the receipts of the rows that are settled by it, if any are; the
    /// others wait in `again`.
    fn deliver(&mut self, rows: Rows, attempt: u32) -> Result<Option<RecordBatch>> {
        if self.cx.cancelled() {
            return Err(Error::cancelled());
        }
        let outcome = if self.dry_run {
            self.activity.rehearse(&mut self.state, &rows, &self.cx)?
        } else {
            let key = rows.idempotency_key(&self.idempotency_key)?;
            self.wait_for_turn()?;
            self.activity.send(&mut self.state, &rows, &key, &self.cx)?
        };
        let all =
            |status, provider_id, error| vec![Receipt { status, provider_id, error }; rows.len()];
        let mut after = None;
        let mut receipts = match outcome {
            Outcome::Sent(id) => all(Status::Sent, id, None),
            Outcome::Again { after: asked, why } => {
                after = asked;
                all(Status::Retry, None, Some(why))
            }
            Outcome::Refused(why) => all(Status::Failed, None, Some(why)),
            Outcome::Rows(receipts) if receipts.len() == rows.len() => receipts,
            Outcome::Rows(receipts) => {
                return Err(Error::internal(format!(
                    "{} receipts for {} rows",
                    receipts.len(),
                    rows.len()
                )));
            }
        };
        if self.dry_run {
            for receipt in receipts.iter_mut().filter(|receipt| receipt.status == Status::Sent) {
                receipt.status = Status::DryRun;
            }
        } else if attempt < self.pace.tries {
            let open = |at: &usize| receipts[*at].status == Status::Retry;
            let (open, settled): (Vec<_>, Vec<_>) = (0..rows.len()).partition(open);
            if !open.is_empty() {
                self.again = Some(Again { rows: rows.take(&open)?, tries: attempt, after });
            }
            if settled.is_empty() {
                return Ok(None);
            }
            receipts = settled.iter().map(|at| receipts[*at].clone()).collect();
            return self.settled(&rows.take(&settled)?, &receipts, attempt).map(Some);
        }
        self.settled(&rows, &receipts, attempt).map(Some)
    }

    /// Tries rows again, after a pause that doubles from try to try.
    fn retry(&mut self, again: Again) -> Result<Option<RecordBatch>> {
        let doubled = 1_u32.checked_shl(again.tries - 1).unwrap_or(u32::MAX);
        let pause = self.pace.first_pause.saturating_mul(doubled).min(LONGEST_PAUSE);
        self.sleep(again.after.unwrap_or(pause).max(pause).min(LONGEST_PAUSE))?;
        self.deliver(again.rows, again.tries + 1)
    }

    fn settled(&mut self, rows: &Rows, receipts: &[Receipt], attempt: u32) -> Result<RecordBatch> {
        self.done += rows.len() as u64;
        self.cx.progress(self.done, 0);
        self.receipts(rows, receipts, i64::from(attempt))
    }

    fn receipts(&self, rows: &Rows, receipts: &[Receipt], attempt: i64) -> Result<RecordBatch> {
        let mut columns = rows.key_arrays();
        let texts = |text: fn(&Receipt) -> Option<&str>| -> ArrayRef {
            Arc::new(receipts.iter().map(text).collect::<StringArray>())
        };
        columns.push(texts(|receipt| Some(receipt.status.word())));
        columns.push(texts(|receipt| receipt.provider_id.as_deref()));
        columns.push(texts(|receipt| receipt.error.as_deref()));
        columns.push(Arc::new(Int64Array::from(vec![attempt; receipts.len()])));
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }

    fn wait_for_turn(&mut self) -> Result<()> {
        let now = Instant::now();
        self.sleep(self.next_request.saturating_duration_since(now))?;
        if let Some(rate) = self.pace.rate.filter(|rate| *rate > 0.0) {
            self.next_request = self.next_request.max(now) + Duration::from_secs_f64(1.0 / rate);
        }
        Ok(())
    }

    /// Waits, and notices when Camp asks to stop.
    fn sleep(&self, time: Duration) -> Result<()> {
        let end = Instant::now() + time;
        loop {
            if self.cx.cancelled() {
                return Err(Error::cancelled());
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(Duration::from_millis(50)));
        }
    }
}

/// Why a connection failed, in words that hold no address and no secret.
pub fn broken(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "the connection was refused",
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "no answer in time",
        // What rustls says about an other side that does not speak TLS.
        io::ErrorKind::InvalidData => "no secure connection",
        _ => "the connection broke",
    }
}

const LONGEST_PAUSE: Duration = Duration::from_secs(60);
