//! Calls straight through the plugin's table: what the kit has to see, the host would have caught.

use std::ffi::c_void;

use camp_plugin_abi as abi;

use super::outputs;
use super::record::Recorded;
use crate::plugin::host::{self, Call};
use crate::plugin::loader::Status;
use crate::plugin::manifest::Kind;
use crate::plugin::schemas::{self, Lent};

/// A bound call.
pub struct Bound {
    table: abi::camp_plugin,
    raw: *mut c_void,
}

/// Binds a call; `None` when it is refused in words.
pub fn bind(call: &Recorded, host: &Call) -> Result<Option<Bound>, String> {
    let lent = Lent::new(&call.relations)?;
    let inputs = lent.as_slice();
    let activity = outputs::activity(call)?;
    let table = *call.plugin.table();
    let bind = table.bind.ok_or("it has no `bind`")?;
    // SAFETY: all-zero schemas are released ones.
    let mut filled: [abi::ArrowSchema; 1] = [unsafe { std::mem::zeroed() }];
    let places = if activity.kind == Kind::Planner { 0 } else { 1 };
    let mut raw = std::ptr::null_mut();
    // SAFETY: everything lent lives until the function returns.
    let status = unsafe {
        bind(
            table.self_,
            host.raw(),
            abi::camp_str::new(&activity.name),
            inputs.as_ptr(),
            inputs.len(),
            filled.as_mut_ptr(),
            places,
            &raw mut raw,
        )
    };
    schemas::release(&mut filled);
    match status {
        abi::CAMP_OK => Ok(Some(Bound { table, raw })),
        status => refused(Status(status), host).map(|()| None),
    }
}

impl Bound {
    /// The plan document; `None` when it is refused in words.
    pub fn plan(&self, host: &Call) -> Result<Option<Vec<u8>>, String> {
        let plan = self.table.plan.ok_or("it has no `plan`")?;
        let mut buffer = abi::camp_buf::EMPTY;
        // SAFETY: the instance is bound, the call lives, the buffer is empty.
        match unsafe { plan(self.raw, host.raw(), &raw mut buffer) } {
            abi::CAMP_OK => Ok(Some(host::take_buffer(buffer))),
            status => refused(Status(status), host).map(|()| None),
        }
    }

    /// Starts it: the inputs move to the plugin. `None` when it refuses in words.
    pub fn execute(
        &self,
        host: &Call,
        inputs: &mut [abi::ArrowArrayStream],
    ) -> Result<Option<abi::ArrowArrayStream>, String> {
        let execute = self.table.execute.ok_or("it has no `execute`")?;
        // SAFETY: an all-zero stream is a released one.
        let mut output: abi::ArrowArrayStream = unsafe { std::mem::zeroed() };
        // SAFETY: the instance is bound, the call lives, the inputs move.
        let status = unsafe {
            execute(self.raw, host.raw(), inputs.as_mut_ptr(), inputs.len(), &raw mut output)
        };
        match status {
            abi::CAMP_OK => Ok(Some(output)),
            status => refused(Status(status), host).map(|()| None),
        }
    }

    /// Asks it to stop.
    pub fn cancel(&self) {
        if let Some(cancel) = self.table.cancel {
            // SAFETY: the instance lives; any thread may do this at any time.
            unsafe { cancel(self.raw) }
        }
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        if let Some(free) = self.table.instance_free {
            // SAFETY: bound once, freed once.
            unsafe { free(self.raw) }
        }
    }
}

/// A status other than fine comes with words, and is no panic.
fn refused(status: Status, host: &Call) -> Result<(), String> {
    let said = host.take_said();
    let words: Vec<&str> = said
        .iter()
        .filter(|said| said.severity == abi::CAMP_ERROR)
        .map(|said| said.message.as_str())
        .collect();
    if status.0 == abi::CAMP_E_PANIC {
        return Err(format!("it panicked: {}", words.join("; ")));
    }
    if words.is_empty() {
        return Err(format!("it failed with status {} and did not say why", status.0));
    }
    Ok(())
}
