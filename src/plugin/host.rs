//! The host's side of the C interface: the table of functions that every plugin gets, and the state
//! behind a `camp_call`. `plugins/sdk/include/camp_plugin.h` is normative.
//!
//! Nothing here panics, whatever a plugin hands over: a bad pointer is undefined behaviour and cannot
//! be caught, but bad UTF-8, unknown numbers and wrong kinds read as empty.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use camp_plugin_abi as abi;
use camp_plugin_host as shared;
use camp_plugin_host::{fill, lossy};
use serde_json::Value as Json;

pub use camp_plugin_host::take_buffer;

/// Something that a plugin said about a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// 1 error, 2 warning, 3 advice.
    pub severity: u32,
    /// Trying again may help.
    pub retryable: bool,
    /// What it is about.
    pub path: String,
    /// The short name of the fault.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
    /// Bytes inside a text: first, how many.
    pub part: (u32, u32),
}

/// The facts of a run that a call may ask for.
#[derive(Debug, Clone, Default)]
pub struct RunFacts {
    /// Validate, but cause no outside effect.
    pub dry_run: bool,
    /// 1, 2, …
    pub attempt: u32,
    /// The run's instant, microseconds since 1970 UTC.
    pub now_us: i64,
    /// Names the run.
    pub run_id: String,
    /// The campaign's label.
    pub campaign: String,
    /// Names the activity inside the run.
    pub node: String,
    /// How long it may give no sign of life.
    pub patience: Duration,
}

/// The signs of life of a call, for whoever waits for it.
#[derive(Debug, Default)]
pub struct Pulse {
    beats: AtomicU64,
    waiting: AtomicBool,
    done: AtomicU64,
    total: AtomicU64,
}

impl Pulse {
    /// A sign of life.
    pub fn beat(&self) {
        self.beats.fetch_add(1, Ordering::Relaxed);
    }

    /// It waits for its input, which is not its fault, or has got it.
    pub fn set_waiting(&self, waiting: bool) {
        self.waiting.store(waiting, Ordering::Relaxed);
        self.beat();
    }

    /// A number that changes with every sign of life, and all the time while it waits for input.
    pub fn count(&self) -> u64 {
        if self.waiting.load(Ordering::Relaxed) {
            self.beat();
        }
        self.beats.load(Ordering::Relaxed)
    }

    /// What it said of its progress: done, and of how many; 0 for what it did not say.
    pub fn progress(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed))
    }
}

impl RunFacts {
    /// The same for every attempt of this activity in this run.
    fn idempotency_key(&self) -> String {
        format!("{}-{}", self.run_id, self.node)
    }
}

/// What is behind a `camp_call`. Lives as long as the plugin may use the call.
pub struct Call {
    text: String,
    json: Json,
    run: abi::camp_run,
    /// What `run` borrows from.
    _facts: Box<[String; 4]>,
    secrets: HashMap<String, String>,
    cancelled: Arc<AtomicBool>,
    /// Its signs of life.
    pub pulse: Arc<Pulse>,
    retryable: AtomicBool,
    said: Mutex<Vec<Said>>,
    logged: Mutex<Vec<(u32, String)>>,
}

// SAFETY: the raw pointers in `run` point into `_facts`, which never changes.
unsafe impl Send for Call {}
// SAFETY: as above; everything else is behind a lock or never changes.
unsafe impl Sync for Call {}

impl Call {
    /// A call with its params document. `secrets` are the environment variables by parameter.
    pub fn new(
        json: Json,
        facts: &RunFacts,
        secrets: HashMap<String, String>,
        cancelled: Arc<AtomicBool>,
        pulse: Arc<Pulse>,
    ) -> Call {
        let texts = Box::new([
            facts.run_id.clone(),
            facts.campaign.clone(),
            facts.node.clone(),
            facts.idempotency_key(),
        ]);
        let run = abi::camp_run {
            struct_size: size_of::<abi::camp_run>() as u32,
            dry_run: facts.dry_run.into(),
            attempt: facts.attempt.max(1),
            reserved: 0,
            seed: seed(&facts.campaign),
            now_us: facts.now_us,
            deadline_us: 0,
            run_id: abi::camp_str::new(&texts[0]),
            campaign: abi::camp_str::new(&texts[1]),
            node: abi::camp_str::new(&texts[2]),
            idempotency_key: abi::camp_str::new(&texts[3]),
        };
        Call {
            text: json.to_string(),
            json,
            run,
            _facts: texts,
            secrets,
            cancelled,
            pulse,
            retryable: AtomicBool::new(false),
            said: Mutex::default(),
            logged: Mutex::default(),
        }
    }

    /// A call before anything is known: for the entry of a library.
    pub fn empty() -> Call {
        Call::new(Json::Null, &RunFacts::default(), HashMap::new(), Arc::default(), Arc::default())
    }

    /// The params document.
    pub fn document(&self) -> &Json {
        &self.json
    }

    /// The pointer that plugins get.
    pub fn raw(&self) -> *mut abi::camp_call {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    /// Takes what was said so far.
    pub fn take_said(&self) -> Vec<Said> {
        std::mem::take(&mut *self.said.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether an error was reported that trying again may mend.
    pub fn is_retryable(&self) -> bool {
        self.retryable.load(Ordering::Relaxed)
    }

    /// Takes what was logged so far.
    pub fn take_logged(&self) -> Vec<(u32, String)> {
        std::mem::take(&mut *self.logged.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A number from the campaign's label: chance that is the same in every run.
fn seed(campaign: &str) -> u64 {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(campaign.as_bytes());
    let mut bytes = [0u8; 8];
    bytes.copy_from_slice(&digest[..8]);
    u64::from_le_bytes(bytes)
}

/// The call behind a pointer; `None` for NULL.
///
/// # Safety
/// NULL, or what [`Call::raw`] gave, while that call lives.
unsafe fn state<'a>(call: *mut abi::camp_call) -> Option<&'a Call> {
    // SAFETY: the caller vouches for it.
    unsafe { call.cast::<Call>().as_ref() }
}

unsafe extern "C" fn log(call: *mut abi::camp_call, level: u32, message: abi::camp_str) {
    // SAFETY: a live call, and a text lent for the duration of this function.
    let (Some(call), message) = (unsafe { (state(call), lossy(message)) }) else { return };
    call.pulse.beat();
    let mut logged = call.logged.lock().unwrap_or_else(PoisonError::into_inner);
    // A plugin that logs per row must not fill the memory.
    if logged.len() < 1000 {
        logged.push((level, message));
    }
}

unsafe extern "C" fn diag(call: *mut abi::camp_call, diag: *const abi::camp_diag) {
    // SAFETY: a live call, and a table that says its own size.
    let (Some(call), Some(diag)) = (unsafe { (state(call), abi::read_table(diag)) }) else {
        return;
    };
    // SAFETY: the texts are lent for the duration of this function.
    let text = |of| unsafe { lossy(of) };
    let said = Said {
        severity: diag.severity,
        retryable: diag.flags & abi::CAMP_DIAG_RETRYABLE != 0,
        path: text(diag.path),
        code: text(diag.code),
        message: text(diag.message),
        help: text(diag.help),
        part: (diag.sub_offset, diag.sub_len),
    };
    if said.retryable && said.severity == abi::CAMP_ERROR {
        call.retryable.store(true, Ordering::Relaxed);
    }
    let mut all = call.said.lock().unwrap_or_else(PoisonError::into_inner);
    if all.len() < 1000 {
        all.push(said);
    }
}

unsafe extern "C" fn cancelled(call: *mut abi::camp_call) -> i32 {
    // SAFETY: a live call.
    unsafe { state(call) }
        .is_some_and(|c| {
            c.pulse.beat();
            c.cancelled.load(Ordering::Relaxed)
        })
        .into()
}

unsafe extern "C" fn progress(call: *mut abi::camp_call, done: u64, total: u64) {
    // SAFETY: a live call.
    if let Some(call) = unsafe { state(call) } {
        call.pulse.done.store(done, Ordering::Relaxed);
        call.pulse.total.store(total, Ordering::Relaxed);
        call.pulse.beat();
    }
}

unsafe extern "C" fn run(call: *mut abi::camp_call) -> *const abi::camp_run {
    // SAFETY: a live call.
    unsafe { state(call) }.map_or(std::ptr::null(), |c| &raw const c.run)
}

unsafe extern "C" fn params_json(call: *mut abi::camp_call) -> abi::camp_str {
    // SAFETY: a live call.
    unsafe { state(call) }.map_or(abi::camp_str::EMPTY, |c| abi::camp_str::new(&c.text))
}

unsafe extern "C" fn param(
    call: *mut abi::camp_call,
    name: abi::camp_str,
) -> *const abi::camp_value {
    // SAFETY: a live call and a lent text.
    let (Some(call), name) = (unsafe { (state(call), lossy(name)) }) else {
        return std::ptr::null();
    };
    shared::raw_value(shared::param(&call.json, &name))
}

unsafe extern "C" fn secret(
    call: *mut abi::camp_call,
    param: abi::camp_str,
    out: *mut abi::camp_buf,
) -> abi::camp_status {
    // SAFETY: a live call and a lent text.
    let (Some(call), param) = (unsafe { (state(call), lossy(param)) }) else {
        return abi::CAMP_E_INTERNAL;
    };
    // Only what the manifest declares as a secret, and the script named, is ever read.
    let value = call.secrets.get(&param).and_then(|variable| std::env::var(variable).ok());
    match value.filter(|v| !v.is_empty()) {
        // SAFETY: the plugin lends a buffer.
        Some(value) => unsafe { fill(out, value) },
        None => abi::CAMP_E_AUTH,
    }
}

/// A table for all plugins.
struct Table(abi::camp_host);
// SAFETY: functions, and a text of the program.
unsafe impl Sync for Table {}

static TABLE: Table = Table(abi::camp_host {
    version: abi::camp_str::new(concat!("camp ", env!("CARGO_PKG_VERSION"))),
    log: Some(log),
    diag: Some(diag),
    cancelled: Some(cancelled),
    progress: Some(progress),
    run: Some(run),
    params_json: Some(params_json),
    param: Some(param),
    secret: Some(secret),
    ..shared::HOST
});

/// The table that plugins get.
pub fn table() -> *const abi::camp_host {
    &raw const TABLE.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_declared_secrets_are_read() {
        let secrets = HashMap::from([("token".to_owned(), "PATH".to_owned())]);
        let call =
            Call::new(json!({}), &RunFacts::default(), secrets, Arc::default(), Arc::default());
        let mut buffer = abi::camp_buf::EMPTY;
        // SAFETY: a live call, lent texts, a buffer of this test.
        let ask = |name: &'static str, buffer: &mut abi::camp_buf| unsafe {
            secret(call.raw(), abi::camp_str::new(name), buffer)
        };
        assert_eq!(ask("HOME", &mut buffer), abi::CAMP_E_AUTH);
        assert_eq!(ask("token", &mut buffer), abi::CAMP_OK);
        assert_eq!(take_buffer(buffer), std::env::var("PATH").unwrap().as_bytes());
    }
}
