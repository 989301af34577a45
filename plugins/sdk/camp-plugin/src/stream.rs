//! Arrow streams across the boundary, in both directions.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow_array::ffi::{FFI_ArrowArray, to_ffi};
use arrow_array::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use arrow_array::{Array, RecordBatch, StructArray};
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::{Schema, SchemaRef};
use camp_plugin_abi as abi;

use crate::cx::{Call, Cx, Host};
use crate::error::{Error, Result};
use crate::guard::{guard, quietly};
use crate::plugin::bound;

/// The foreign structs of arrow-rs and of the header are the same Arrow structs.
const _: () = {
    assert!(size_of::<FFI_ArrowArrayStream>() == size_of::<abi::ArrowArrayStream>());
    assert!(size_of::<FFI_ArrowArray>() == size_of::<abi::ArrowArray>());
    assert!(size_of::<FFI_ArrowSchema>() == size_of::<abi::ArrowSchema>());
};

/// Rows that the host hands over.
pub(crate) type Incoming = ArrowArrayStreamReader;

/// Rows that go back.
pub(crate) struct Outgoing {
    pub(crate) schema: SchemaRef,
    pub(crate) batches: Box<dyn Iterator<Item = Result<RecordBatch>> + Send>,
}

/// The schemas that `bind` lends.
///
/// # Safety
/// `schemas` points to `n` schemas that the host owns.
pub(crate) unsafe fn lent(schemas: *const abi::ArrowSchema, n: usize) -> Result<Vec<Schema>> {
    (0..n)
        .map(|i| {
            // SAFETY: the caller vouches for `n` schemas; the layouts are the same, and it is only read.
            let schema = unsafe { &*schemas.add(i).cast::<FFI_ArrowSchema>() };
            Ok(Schema::try_from(schema)?)
        })
        .collect()
}

/// Fills a schema of the host.
///
/// # Safety
/// `out` is a released schema that the host lends.
pub(crate) unsafe fn hand_out(schema: &Schema, out: *mut abi::ArrowSchema) -> Result<()> {
    let schema = FFI_ArrowSchema::try_from(schema)?;
    // SAFETY: same layout; the target is released, so nothing is lost by overwriting it.
    unsafe { out.cast::<FFI_ArrowSchema>().write(schema) };
    Ok(())
}

/// What is behind the stream that the host holds.
struct Exported {
    host: &'static Host,
    call: Call,
    poisoned: Arc<AtomicBool>,
    outgoing: Outgoing,
    last_error: CString,
    /// Once it failed it goes on failing: an end would look like the end of the rows.
    failed: c_int,
}

pub(crate) unsafe extern "C" fn execute(
    instance: *mut c_void,
    call: *mut abi::camp_call,
    inputs: *mut abi::ArrowArrayStream,
    n_inputs: usize,
    output: *mut abi::ArrowArrayStream,
) -> abi::camp_status {
    // Ours from here on, so that they are released whatever happens.
    let taken: Vec<_> = (0..n_inputs)
        // SAFETY: the host moves `n_inputs` streams; `from_raw` leaves each source released.
        .map(|i| unsafe { FFI_ArrowArrayStream::from_raw(inputs.add(i).cast()) })
        .collect();
    // SAFETY: by the header, the instance is live.
    let bound = unsafe { bound(instance) };
    bound.call(call, |instance| {
        let host = bound.host;
        let (cx, _) = Cx::open(host, Call(call))?;
        let incoming =
            taken.into_iter().map(ArrowArrayStreamReader::try_new).collect::<Result<_, _>>()?;
        let outgoing = instance.execute(cx.stopped_by(Arc::clone(&bound.stop)), incoming)?;
        let exported = Exported {
            host,
            call: Call(call),
            poisoned: Arc::clone(&bound.poisoned),
            outgoing,
            last_error: CString::default(),
            failed: 0,
        };
        // SAFETY: the host lends a place for one stream.
        unsafe {
            output.write(abi::ArrowArrayStream {
                get_schema: Some(get_schema),
                get_next: Some(get_next),
                get_last_error: Some(get_last_error),
                release: Some(release),
                private_data: Box::into_raw(Box::new(exported)).cast(),
            });
        }
        Ok(())
    })
}

impl Exported {
    /// Runs a callback: its failure goes to the host as a diagnostic, and becomes the stream's last error.
    fn call(&mut self, body: impl FnOnce(&mut Outgoing) -> Result<()>) -> c_int {
        let Self { host, call, poisoned, outgoing, last_error, failed } = self;
        if *failed != 0 {
            return *failed;
        }
        match guard(host, *call, || body(outgoing)) {
            Ok(()) => 0,
            Err(failure) => {
                poisoned.fetch_or(failure.status == abi::CAMP_E_PANIC, Ordering::Relaxed);
                let message = failure.error.to_string().replace('\0', "\u{fffd}");
                *last_error = CString::new(message).unwrap_or_default();
                *failed = if failure.status == abi::CAMP_E_CANCELLED { ECANCELED } else { EIO };
                *failed
            }
        }
    }
}

const EIO: c_int = 5;
const ECANCELED: c_int = 125;

/// # Safety
/// `stream` came from [`execute`] and is not released; its calls do not overlap.
unsafe fn exported<'a>(stream: *mut abi::ArrowArrayStream) -> &'a mut Exported {
    // SAFETY: the caller vouches for it.
    unsafe { &mut *(*stream).private_data.cast::<Exported>() }
}

unsafe extern "C" fn get_schema(
    stream: *mut abi::ArrowArrayStream,
    out: *mut abi::ArrowSchema,
) -> c_int {
    // SAFETY: the host calls it on a live stream, with a released schema to fill.
    unsafe { exported(stream).call(|outgoing| hand_out(&outgoing.schema, out)) }
}

unsafe extern "C" fn get_next(
    stream: *mut abi::ArrowArrayStream,
    out: *mut abi::ArrowArray,
) -> c_int {
    let next = |outgoing: &mut Outgoing| {
        let array = match outgoing.batches.next().transpose()? {
            Some(batch) => to_ffi(&StructArray::from(batch).to_data())?.0,
            None => FFI_ArrowArray::empty(),
        };
        // SAFETY: same layout; the host lends a place for one array.
        unsafe { out.cast::<FFI_ArrowArray>().write(array) };
        Ok(())
    };
    // SAFETY: the host calls it on a live stream.
    unsafe { exported(stream).call(next) }
}

unsafe extern "C" fn get_last_error(stream: *mut abi::ArrowArrayStream) -> *const c_char {
    // SAFETY: the host calls it on a live stream.
    let text: &CStr = unsafe { &exported(stream).last_error };
    if text.is_empty() { std::ptr::null() } else { text.as_ptr() }
}

unsafe extern "C" fn release(stream: *mut abi::ArrowArrayStream) {
    quietly(|| {
        // SAFETY: released once; the struct says so afterwards.
        unsafe {
            drop(Box::from_raw((*stream).private_data.cast::<Exported>()));
            (*stream).private_data = std::ptr::null_mut();
        }
    });
    // SAFETY: the struct itself is the host's and live.
    unsafe { (*stream).release = None };
}

/// A failure of the input: the host knows why, the plugin only passes it on.
pub(crate) fn input_failed(error: &arrow_schema::ArrowError) -> Error {
    Error::new(crate::Kind::Io, format!("the input ended early: {error}")).code("input")
}
