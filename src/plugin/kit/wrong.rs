//! What no script can make the host hand over, and what a plugin has to survive all the same: values of
//! wrong types, an unknown activity, and hosts of other minors.

use std::path::Path;
use std::sync::Arc;

use camp_plugin_abi as abi;
use serde_json::{Value as Json, json};

use super::direct::bind;
use super::record::Recorded;
use crate::plugin::host::{self, Call};
use crate::plugin::loader;
use crate::plugin::manifest::Kind;

/// Each value in turn is of a wrong type, or missing.
pub fn values(call: &Recorded) -> Result<(), String> {
    let wrong = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5),
        json!("x"),
        json!([]),
        json!([null]),
        json!({}),
        json!({"column": 7}),
        json!([[{"column": "__nothing", "type": "text"}]]),
    ];
    let names: Vec<String> =
        call.document["params"].as_object().into_iter().flatten().map(|(n, _)| n.clone()).collect();
    for name in names {
        for value in &wrong {
            let mut changed = call.clone();
            changed.document["params"][&name] = value.clone();
            survives(&changed).map_err(|e| format!("`{name}` as {value}: {e}"))?;
        }
        let mut changed = call.clone();
        if let Some(Json::Object(params)) = changed.document.get_mut("params") {
            params.remove(&name);
        }
        survives(&changed).map_err(|e| format!("without `{name}`: {e}"))?;
    }
    Ok(())
}

/// It is bound, or refused in words; a plan is made, or refused in words.
fn survives(call: &Recorded) -> Result<(), String> {
    let host = super::host_call(call, Arc::default());
    let Some(bound) = bind(call, &host)? else { return Ok(()) };
    match super::outputs::activity(call)?.kind {
        Kind::Planner => bound.plan(&host).map(drop),
        Kind::Executor | Kind::Delivery => Ok(()),
    }
}

/// A host that ends earlier, and one that goes on, are served or refused.
pub fn hosts(library: &Path) -> Result<(), String> {
    let entry = loader::entry(library).map_err(|e| format!("it cannot be loaded: {e:?}"))?;
    // SAFETY: the table of this process, which lives for ever.
    let table = unsafe { *host::table() };
    // A host of which only `log` and `diag` are known. What is beyond must not be touched, and is such
    // that it shows.
    const KNOWN: usize = std::mem::offset_of!(abi::camp_host, cancelled);
    let first = abi::camp_host { struct_size: KNOWN as u32, ..table };
    let older = Box::leak(Box::new([0xAAAA_AAAA_AAAA_AAAA_u64; size_of::<abi::camp_host>() / 8]));
    // SAFETY: the table is as long as what it is copied to, of which that many bytes are ours.
    unsafe {
        std::ptr::copy_nonoverlapping(
            (&raw const first).cast::<u8>(),
            older.as_mut_ptr().cast::<u8>(),
            KNOWN,
        );
    }
    let call = Box::leak(Box::new(Call::empty()));
    // SAFETY: host and call live for ever; the table says how much of it there is.
    let answer = unsafe { entry(older.as_ptr().cast(), call.raw()) };
    if !answer.is_null() {
        described(answer).map_err(|e| format!("for an older host: {e}"))?;
    }
    /// With more behind what this version knows.
    #[repr(C)]
    struct Newer {
        known: abi::camp_host,
        more: [u64; 32],
    }
    let known = abi::camp_host { struct_size: size_of::<Newer>() as u32, abi_minor: 99, ..table };
    let newer = Box::leak(Box::new(Newer { known, more: [0xAAAA_AAAA_AAAA_AAAA; 32] }));
    let _ = newer.more;
    // SAFETY: as above; a table may be longer than its reader knows.
    let answer = unsafe { entry((&raw const *newer).cast(), call.raw()) };
    if answer.is_null() {
        return Err("it refuses a newer host of the same major".into());
    }
    described(answer).map_err(|e| format!("for a newer host: {e}"))
}

fn described(table: *const abi::camp_plugin) -> Result<(), String> {
    // SAFETY: what the plugin handed out; it says its own size.
    let table = unsafe { abi::read_table(table) }.ok_or("it gave no table")?;
    // SAFETY: the manifest lives as long as the library.
    crate::plugin::manifest::Manifest::parse(unsafe { table.manifest.bytes() }).map(drop)
}
