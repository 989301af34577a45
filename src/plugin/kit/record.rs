//! Notes the calls that a plugin is bound with, so that the kit can make them again with other rows and
//! other values. Nothing is noted outside of the kit's processes.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use camp_plugin_abi as abi;
use duckdb::arrow::datatypes::Schema;
use duckdb::arrow::ffi::FFI_ArrowSchema;
use serde_json::Value as Json;

use crate::model::types::Type;
use crate::plugin::host::Call;
use crate::plugin::loader::Plugin;
use crate::plugin::manifest::Activity;
use crate::plugin::schemas;

/// A call of an activity as the host made it.
#[derive(Clone)]
pub struct Recorded {
    /// Whose.
    pub plugin: Arc<Plugin>,
    /// The activity's name.
    pub activity: String,
    /// The params document.
    pub document: Json,
    /// The columns of its relations, in order.
    pub relations: Vec<Vec<(String, Type)>>,
}

static RECORDED: OnceLock<Mutex<Vec<Recorded>>> = OnceLock::new();

/// Notes calls from now on.
pub fn start() {
    RECORDED.get_or_init(Mutex::default);
}

/// What was noted.
pub fn taken() -> Vec<Recorded> {
    let Some(recorded) = RECORDED.get() else { return Vec::new() };
    std::mem::take(&mut *recorded.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Notes a call, if anybody wants to know.
pub fn note(plugin: &Arc<Plugin>, call: &Call, activity: &Activity, inputs: &[abi::ArrowSchema]) {
    let Some(recorded) = RECORDED.get() else { return };
    let relations = inputs
        .iter()
        .map(|schema| {
            let schema = std::ptr::from_ref(schema).cast::<FFI_ArrowSchema>();
            // SAFETY: the same C struct of the Arrow specification, the host's own, only read.
            let schema = Schema::try_from(unsafe { &*schema }).unwrap_or_else(|_| Schema::empty());
            let column = |field: &Arc<duckdb::arrow::datatypes::Field>| {
                Some((field.name().clone(), schemas::type_of(field.data_type())?))
            };
            schema.fields().iter().filter_map(column).collect()
        })
        .collect();
    recorded.lock().unwrap_or_else(PoisonError::into_inner).push(Recorded {
        plugin: plugin.clone(),
        activity: activity.name.clone(),
        document: call.document().clone(),
        relations,
    });
}
