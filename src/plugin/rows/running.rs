//! A plugin at work on a thread of its own, and what it says from there.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use duckdb::InterruptHandle;
use duckdb::arrow::array::RecordBatch;
use duckdb::arrow::datatypes::SchemaRef;

use super::super::guard::{Fell, Worker};
use super::super::host::Call;
use super::super::loader::{Canceller, Plugin, Status};
use super::super::schemas::{self, Lent};
use super::super::stream::{Failure, Incoming, Outgoing};

/// What the thread of an executor says.
pub(super) enum Given {
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
pub(super) struct Running {
    pub(super) worker: Worker<Given>,
    pub(super) schema: SchemaRef,
    pub(super) call: Arc<Call>,
    /// Present while the instance lives.
    pub(super) canceller: Arc<Mutex<Option<Canceller>>>,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) patience: Duration,
    /// Why an input broke off.
    pub(super) failure: Failure,
    /// Of the queries of its inputs.
    pub(super) queries: Vec<Arc<InterruptHandle>>,
}

/// How long a plugin that was asked to stop may take for it.
const GRACE: Duration = Duration::from_secs(2);

impl Running {
    /// What it gives next. `told` gets what it says of its progress.
    pub(super) fn next(&mut self, told: &mut dyn FnMut(u64, u64)) -> Result<Option<Given>, Fell> {
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
                for query in &self.queries {
                    query.interrupt();
                }
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
pub(super) struct Task {
    pub(super) plugin: Arc<Plugin>,
    pub(super) index: usize,
    pub(super) call: Arc<Call>,
    pub(super) lent: Lent,
    pub(super) inputs: Vec<Outgoing>,
    pub(super) canceller: Arc<Mutex<Option<Canceller>>>,
}

impl Task {
    pub(super) fn run(self, out: &SyncSender<Given>) {
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
