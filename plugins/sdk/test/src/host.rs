//! The host's side of the C interface, as far as a test needs it.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use camp_plugin_abi::{
    ArrowSchema, CAMP_E_AUTH, CAMP_OK, camp_buf, camp_call, camp_diag, camp_host, camp_plugin,
    camp_plugin_entry, camp_run, camp_status, camp_str, camp_value, read_table,
};
use camp_plugin_host as shared;
use serde_json::Value as Json;

/// Something the plugin said about the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diag {
    /// 1 error, 2 warning, 3 advice.
    pub severity: u32,
    /// The place.
    pub path: String,
    /// The short name of the fault.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Facts about the run.
#[derive(Debug, Clone, Default)]
pub(crate) struct RunFacts {
    pub(crate) dry_run: bool,
    pub(crate) cancel: bool,
}

/// What is behind the `camp_call` of a test.
pub(crate) struct Call {
    text: String,
    json: Json,
    run: camp_run,
    secrets: BTreeMap<String, String>,
    cancelled: AtomicBool,
    diags: Mutex<Vec<Diag>>,
}

impl Call {
    pub(crate) fn new(json: Json, facts: &RunFacts, secrets: &BTreeMap<String, String>) -> Self {
        let run = camp_run {
            struct_size: size_of::<camp_run>() as u32,
            dry_run: facts.dry_run.into(),
            attempt: 1,
            reserved: 0,
            seed: 7,
            now_us: 1_795_496_400_000_000,
            deadline_us: 0,
            run_id: camp_str::new("run-1"),
            campaign: camp_str::new("Spring sale"),
            node: camp_str::new("node-1"),
            idempotency_key: camp_str::new("run-1-node-1"),
        };
        Self {
            text: json.to_string(),
            json,
            run,
            secrets: secrets.clone(),
            cancelled: AtomicBool::new(facts.cancel),
            diags: Mutex::default(),
        }
    }

    pub(crate) fn raw(&self) -> *mut camp_call {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    pub(crate) fn diags(&self) -> Vec<Diag> {
        self.diags.lock().expect("no test panics while it holds this").clone()
    }
}

unsafe fn state<'a>(call: *mut camp_call) -> &'a Call {
    // SAFETY: every call that this host hands out is a `Call`.
    unsafe { &*call.cast::<Call>() }
}

fn text(of: camp_str) -> String {
    // SAFETY: lent for the duration of the callback.
    String::from_utf8(unsafe { of.bytes() }.to_vec()).expect("plugins speak UTF-8")
}

unsafe extern "C" fn log(_: *mut camp_call, _: u32, _: camp_str) {}

unsafe extern "C" fn diag(call: *mut camp_call, diag: *const camp_diag) {
    // SAFETY: a live call and a table that says its size.
    let (call, diag) = unsafe { (state(call), read_table(diag)) };
    let diag = diag.expect("a diagnostic");
    call.diags.lock().expect("no test panics while it holds this").push(Diag {
        severity: diag.severity,
        path: text(diag.path),
        code: text(diag.code),
        message: text(diag.message),
        help: text(diag.help),
    });
}

unsafe extern "C" fn cancelled(call: *mut camp_call) -> i32 {
    // SAFETY: a live call.
    unsafe { state(call) }.cancelled.load(Ordering::Relaxed).into()
}

unsafe extern "C" fn progress(_: *mut camp_call, _: u64, _: u64) {}

unsafe extern "C" fn run(call: *mut camp_call) -> *const camp_run {
    // SAFETY: a live call.
    unsafe { &raw const state(call).run }
}

unsafe extern "C" fn params_json(call: *mut camp_call) -> camp_str {
    // SAFETY: a live call.
    camp_str::new(unsafe { &state(call).text })
}

unsafe extern "C" fn param(call: *mut camp_call, name: camp_str) -> *const camp_value {
    let name = text(name);
    // SAFETY: a live call.
    let json = &unsafe { state(call) }.json;
    shared::raw_value(shared::param(json, &name))
}

unsafe extern "C" fn secret(
    call: *mut camp_call,
    param: camp_str,
    out: *mut camp_buf,
) -> camp_status {
    // SAFETY: a live call.
    let state = unsafe { state(call) };
    let variable = state.json["params"][text(param)]["secret"].as_str().unwrap_or_default();
    match state.secrets.get(variable) {
        // SAFETY: the plugin lends a buffer.
        Some(value) => unsafe { shared::fill(out, value.clone()) },
        None => CAMP_E_AUTH,
    }
}

static HOST: Host = Host(camp_host {
    version: camp_str::new("camp-plugin-test"),
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

struct Host(camp_host);

// SAFETY: functions, and a text of the program.
unsafe impl Sync for Host {}

/// A plugin after its entry was called.
pub(crate) struct Loaded {
    pub(crate) table: camp_plugin,
    pub(crate) manifest: Json,
}

impl Loaded {
    pub(crate) fn new(entry: camp_plugin_entry) -> Self {
        let call = Call::new(Json::Null, &RunFacts::default(), &BTreeMap::new());
        // SAFETY: host and call live; the table says its own size.
        let table = unsafe { read_table(entry(&raw const HOST.0, call.raw())) };
        let table = table.unwrap_or_else(|| panic!("the plugin refused: {:?}", call.diags()));
        // SAFETY: the manifest lives as long as the library.
        let manifest = unsafe { table.manifest.bytes() };
        let manifest = serde_json::from_slice(manifest).expect("the manifest is JSON");
        Self { table, manifest }
    }

    /// Binds a call.
    pub(crate) fn bind(
        &self,
        call: &Call,
        activity: &str,
        inputs: &[ArrowSchema],
        outputs: &mut [ArrowSchema],
    ) -> Result<Instance<'_>, camp_status> {
        let bind = self.table.bind.expect("a plugin binds");
        let mut instance = std::ptr::null_mut();
        // SAFETY: everything lent lives until the function returns.
        let status = unsafe {
            bind(
                self.table.self_,
                call.raw(),
                camp_str::new(activity),
                inputs.as_ptr(),
                inputs.len(),
                outputs.as_mut_ptr(),
                outputs.len(),
                &raw mut instance,
            )
        };
        if status == CAMP_OK { Ok(Instance { loaded: self, instance }) } else { Err(status) }
    }
}

/// Schemas that hold nothing.
pub(crate) fn released_schemas(n: usize) -> Vec<ArrowSchema> {
    // SAFETY: all-zero schemas are released ones.
    (0..n).map(|_| unsafe { std::mem::zeroed() }).collect()
}

/// A bound activity.
pub(crate) struct Instance<'a> {
    pub(crate) loaded: &'a Loaded,
    pub(crate) instance: *mut c_void,
}

impl Instance<'_> {
    pub(crate) fn plan(&self, call: &Call) -> Result<Json, camp_status> {
        let plan = self.loaded.table.plan.expect("a planner plans");
        let mut buffer = camp_buf::EMPTY;
        // SAFETY: the instance is bound, the call lives, the buffer is empty.
        let status = unsafe { plan(self.instance, call.raw(), &raw mut buffer) };
        if status != CAMP_OK {
            return Err(status);
        }
        let bytes = shared::take_buffer(buffer);
        Ok(serde_json::from_slice(&bytes).expect("the plan is JSON"))
    }
}

impl Drop for Instance<'_> {
    fn drop(&mut self) {
        if let Some(free) = self.loaded.table.instance_free {
            // SAFETY: bound once, freed once.
            unsafe { free(self.instance) }
        }
    }
}
