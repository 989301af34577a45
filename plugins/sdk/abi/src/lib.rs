//! The Rust mirror of `camp_plugin.h`: the same names, the same order, the same layout.
//!
//! The header is normative, for ownership and threads too; a test compiles it and compares every size
//! and offset with this file. Host and plugins both use this crate, so it has no dependencies and
//! holds nothing but layout and the few rules a reader of a foreign struct has to follow.
//!
//! Function pointers are `Option`s: a table that is shorter or older than ours reads as `None`
//! ([`read_table`]), never as garbage.

#![no_std]
#![allow(non_camel_case_types)] // the names of the C header

use core::ffi::{c_char, c_int, c_void};

/// The interface this crate describes; part of the exported symbol's name.
pub const CAMP_ABI_MAJOR: u32 = 1;
/// How far inside the major this crate goes.
pub const CAMP_ABI_MINOR: u32 = 0;
/// The one symbol that a plugin of this major exports.
pub const CAMP_ENTRY_SYMBOL: &core::ffi::CStr = c"camp_plugin_v1";

/// Column or field may be missing ([`ArrowSchema::flags`]).
pub const ARROW_FLAG_NULLABLE: i64 = 2;

/// A schema of the Arrow C data interface.
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs)] // laid down by the Arrow specification
pub struct ArrowSchema {
    pub format: *const c_char,
    pub name: *const c_char,
    pub metadata: *const c_char,
    pub flags: i64,
    pub n_children: i64,
    pub children: *mut *mut ArrowSchema,
    pub dictionary: *mut ArrowSchema,
    pub release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    pub private_data: *mut c_void,
}

/// An array of the Arrow C data interface.
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs)] // laid down by the Arrow specification
pub struct ArrowArray {
    pub length: i64,
    pub null_count: i64,
    pub offset: i64,
    pub n_buffers: i64,
    pub n_children: i64,
    pub buffers: *mut *const c_void,
    pub children: *mut *mut ArrowArray,
    pub dictionary: *mut ArrowArray,
    pub release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    pub private_data: *mut c_void,
}

/// A stream of the Arrow C stream interface.
#[repr(C)]
#[derive(Debug)]
#[allow(missing_docs)] // laid down by the Arrow specification
pub struct ArrowArrayStream {
    pub get_schema:
        Option<unsafe extern "C" fn(*mut ArrowArrayStream, out: *mut ArrowSchema) -> c_int>,
    pub get_next:
        Option<unsafe extern "C" fn(*mut ArrowArrayStream, out: *mut ArrowArray) -> c_int>,
    pub get_last_error: Option<unsafe extern "C" fn(*mut ArrowArrayStream) -> *const c_char>,
    pub release: Option<unsafe extern "C" fn(*mut ArrowArrayStream)>,
    pub private_data: *mut c_void,
}

/// Borrowed UTF-8, without a NUL at its end.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct camp_str {
    /// The first byte; may be NULL when `len` is 0.
    pub ptr: *const c_char,
    /// Bytes.
    pub len: usize,
}

impl camp_str {
    /// No text at all.
    pub const EMPTY: Self = Self { ptr: core::ptr::null(), len: 0 };

    /// Lends `text`; it must outlive every reader of the result.
    pub const fn new(text: &str) -> Self {
        Self { ptr: text.as_ptr().cast(), len: text.len() }
    }

    /// The bytes behind it.
    ///
    /// # Safety
    /// `ptr` and `len` describe readable memory that does not change for the lifetime chosen by the
    /// caller.
    pub const unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.ptr.is_null() || self.len == 0 {
            return &[];
        }
        // SAFETY: the caller vouches for pointer, length and lifetime.
        unsafe { core::slice::from_raw_parts(self.ptr.cast(), self.len) }
    }
}

/// Owned bytes: whoever holds it calls `release`, which frees with the producer's allocator.
#[repr(C)]
#[derive(Debug)]
pub struct camp_buf {
    /// The first byte.
    pub data: *const u8,
    /// Bytes.
    pub len: usize,
    /// Frees, then sets itself to NULL. NULL: nothing is held.
    pub release: Option<unsafe extern "C" fn(*mut camp_buf)>,
    /// The producer's own.
    pub private_data: *mut c_void,
}

impl camp_buf {
    /// Holds nothing; what a receiver passes in to be filled.
    pub const EMPTY: Self = Self {
        data: core::ptr::null(),
        len: 0,
        release: None,
        private_data: core::ptr::null_mut(),
    };
}

/// How a call ended.
pub type camp_status = i32;
/// Fine.
pub const CAMP_OK: camp_status = 0;
/// The script asked for something wrong.
pub const CAMP_E_USAGE: camp_status = 1;
/// A row broke the contract.
pub const CAMP_E_DATA: camp_status = 2;
/// The outside world failed.
pub const CAMP_E_IO: camp_status = 3;
/// Stopped because it was asked to.
pub const CAMP_E_CANCELLED: camp_status = 4;
/// Took longer than it may.
pub const CAMP_E_TIMEOUT: camp_status = 5;
/// The host or this minor lacks something that is needed.
pub const CAMP_E_UNSUPPORTED: camp_status = 6;
/// A secret is missing or was refused.
pub const CAMP_E_AUTH: camp_status = 7;
/// A bug of the plugin.
pub const CAMP_E_INTERNAL: camp_status = 8;
/// A bug of the plugin, caught at the boundary; the instance is poisoned.
pub const CAMP_E_PANIC: camp_status = 9;

/// Severity of a diagnostic: the call fails.
pub const CAMP_ERROR: u32 = 1;
/// Severity of a diagnostic: likely a mistake.
pub const CAMP_WARNING: u32 = 2;
/// Severity of a diagnostic: worth knowing.
pub const CAMP_ADVICE: u32 = 3;

/// Log level.
pub const CAMP_LOG_ERROR: u32 = 1;
/// Log level.
pub const CAMP_LOG_WARN: u32 = 2;
/// Log level.
pub const CAMP_LOG_INFO: u32 = 3;
/// Log level.
pub const CAMP_LOG_DEBUG: u32 = 4;
/// Log level.
pub const CAMP_LOG_TRACE: u32 = 5;

/// Trying again may help ([`camp_diag::flags`]).
pub const CAMP_DIAG_RETRYABLE: u32 = 1;

/// Kind of a parameter value: nothing.
pub const CAMP_NULL: u32 = 0;
/// Kind of a parameter value.
pub const CAMP_BOOL: u32 = 1;
/// Kind of a parameter value.
pub const CAMP_INT: u32 = 2;
/// Kind of a parameter value.
pub const CAMP_FLOAT: u32 = 3;
/// Kind of a parameter value.
pub const CAMP_TEXT: u32 = 4;
/// Kind of a parameter value.
pub const CAMP_LIST: u32 = 5;
/// Kind of a parameter value.
pub const CAMP_MAP: u32 = 6;

/// One call into the plugin; the host's own.
#[repr(C)]
pub struct camp_call {
    _opaque: [u8; 0],
}

/// One checked parameter value; the host's own.
#[repr(C)]
pub struct camp_value {
    _opaque: [u8; 0],
}

/// One diagnostic; everything in it is borrowed for the duration of [`camp_host::diag`].
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct camp_diag {
    /// Set by the plugin.
    pub struct_size: u32,
    /// [`CAMP_ERROR`], [`CAMP_WARNING`] or [`CAMP_ADVICE`].
    pub severity: u32,
    /// [`CAMP_DIAG_RETRYABLE`].
    pub flags: u32,
    /// First byte inside a text or template parameter.
    pub sub_offset: u32,
    /// Bytes from there; both 0: all of it.
    pub sub_len: u32,
    /// 0.
    pub reserved: u32,
    /// A short stable name of the fault.
    pub code: camp_str,
    /// What it is about: `params.by[1]`; see WIRE.md.
    pub path: camp_str,
    /// What is wrong.
    pub message: camp_str,
    /// What to do; starts with a verb.
    pub help: camp_str,
    /// Where to read more.
    pub url: camp_str,
}

/// Facts about the run; valid as long as the call.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct camp_run {
    /// Set by the host.
    pub struct_size: u32,
    /// 1: validate and count, but cause no outside effect.
    pub dry_run: u32,
    /// 1, 2, …
    pub attempt: u32,
    /// 0.
    pub reserved: u32,
    /// The only source of randomness of a deterministic activity.
    pub seed: u64,
    /// The run's instant, microseconds since 1970 UTC.
    pub now_us: i64,
    /// 0: none.
    pub deadline_us: i64,
    /// Names the run.
    pub run_id: camp_str,
    /// The campaign's label.
    pub campaign: camp_str,
    /// Names the activity inside the run.
    pub node: camp_str,
    /// The same for every attempt of this activity in this run.
    pub idempotency_key: camp_str,
}

/// What the host offers. Thread-safe; valid until the process ends.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)] // described in the header
pub struct camp_host {
    pub struct_size: u32,
    pub abi_minor: u32,
    pub version: camp_str,
    pub log: Option<unsafe extern "C" fn(*mut camp_call, level: u32, message: camp_str)>,
    pub diag: Option<unsafe extern "C" fn(*mut camp_call, *const camp_diag)>,
    pub cancelled: Option<unsafe extern "C" fn(*mut camp_call) -> i32>,
    pub progress: Option<unsafe extern "C" fn(*mut camp_call, done: u64, total: u64)>,
    pub run: Option<unsafe extern "C" fn(*mut camp_call) -> *const camp_run>,
    pub params_json: Option<unsafe extern "C" fn(*mut camp_call) -> camp_str>,
    pub param: Option<unsafe extern "C" fn(*mut camp_call, name: camp_str) -> *const camp_value>,
    pub value_kind: Option<unsafe extern "C" fn(*const camp_value) -> u32>,
    pub value_bool: Option<unsafe extern "C" fn(*const camp_value) -> i32>,
    pub value_int: Option<unsafe extern "C" fn(*const camp_value) -> i64>,
    pub value_float: Option<unsafe extern "C" fn(*const camp_value) -> f64>,
    pub value_text: Option<unsafe extern "C" fn(*const camp_value) -> camp_str>,
    pub value_len: Option<unsafe extern "C" fn(*const camp_value) -> usize>,
    pub value_at: Option<unsafe extern "C" fn(*const camp_value, usize) -> *const camp_value>,
    pub value_key: Option<unsafe extern "C" fn(*const camp_value, usize) -> camp_str>,
    pub secret: Option<
        unsafe extern "C" fn(*mut camp_call, param: camp_str, out: *mut camp_buf) -> camp_status,
    >,
    pub quote_ident:
        Option<unsafe extern "C" fn(*mut camp_call, camp_str, out: *mut camp_buf) -> camp_status>,
    pub quote_literal: Option<
        unsafe extern "C" fn(*mut camp_call, *const camp_value, out: *mut camp_buf) -> camp_status,
    >,
    pub get_interface: Option<unsafe extern "C" fn(id: camp_str) -> *const c_void>,
}

/// What the plugin offers.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)] // described in the header
pub struct camp_plugin {
    pub struct_size: u32,
    pub abi_minor: u32,
    pub manifest: camp_str,
    pub self_: *mut c_void,
    pub bind: Option<
        unsafe extern "C" fn(
            self_: *mut c_void,
            call: *mut camp_call,
            activity: camp_str,
            inputs: *const ArrowSchema,
            n_inputs: usize,
            outputs: *mut ArrowSchema,
            n_outputs: usize,
            instance: *mut *mut c_void,
        ) -> camp_status,
    >,
    pub plan: Option<
        unsafe extern "C" fn(
            instance: *mut c_void,
            call: *mut camp_call,
            out: *mut camp_buf,
        ) -> camp_status,
    >,
    pub execute: Option<
        unsafe extern "C" fn(
            instance: *mut c_void,
            call: *mut camp_call,
            inputs: *mut ArrowArrayStream,
            n_inputs: usize,
            output: *mut ArrowArrayStream,
        ) -> camp_status,
    >,
    pub cancel: Option<unsafe extern "C" fn(instance: *mut c_void)>,
    pub instance_free: Option<unsafe extern "C" fn(instance: *mut c_void)>,
    pub get_interface:
        Option<unsafe extern "C" fn(self_: *mut c_void, id: camp_str) -> *const c_void>,
}

/// The type of the exported function.
pub type camp_plugin_entry =
    unsafe extern "C" fn(host: *const camp_host, call: *mut camp_call) -> *const camp_plugin;

/// A table that crosses the boundary: plain data that begins with its own size.
///
/// # Safety
/// `repr(C)`, begins with `struct_size: u32`, and all-zero bytes are a valid value.
pub unsafe trait Table: Copy {}
// SAFETY: integers, nullable pointers and `Option`s of function pointers only.
unsafe impl Table for camp_host {}
// SAFETY: as above.
unsafe impl Table for camp_plugin {}
// SAFETY: as above.
unsafe impl Table for camp_run {}
// SAFETY: as above.
unsafe impl Table for camp_diag {}

/// Copies what the owner of a table really has, at most what we know of, into a table of ours: what is
/// beyond its `struct_size` reads as zero, that is "not provided". `None` for NULL.
///
/// # Safety
/// `theirs` is NULL or points to at least `struct_size` readable bytes.
pub unsafe fn read_table<T: Table>(theirs: *const T) -> Option<T> {
    if theirs.is_null() {
        return None;
    }
    // SAFETY: every table begins with its size, and the caller vouches for the pointer.
    let size = unsafe { *theirs.cast::<u32>() } as usize;
    // SAFETY: `Table` promises that zeroes are a value.
    let mut ours: T = unsafe { core::mem::zeroed() };
    // SAFETY: both sides hold at least that many bytes.
    unsafe {
        core::ptr::copy_nonoverlapping(
            theirs.cast::<u8>(),
            (&raw mut ours).cast::<u8>(),
            size.min(size_of::<T>()),
        );
    }
    Some(ours)
}

/// Layout is decided for 64-bit little-endian machines; the header says so too. What the first minor has ends
/// where it ends for ever; the test compares every field with what C says.
const _: () = {
    use core::mem::offset_of;
    assert!(size_of::<*const ()>() == 8 && cfg!(target_endian = "little"));
    assert!(size_of::<ArrowSchema>() == 72 && size_of::<ArrowArray>() == 80);
    assert!(size_of::<ArrowArrayStream>() == 40 && size_of::<camp_buf>() == 32);
    assert!(offset_of!(camp_diag, url) == 88 && offset_of!(camp_run, idempotency_key) == 88);
    assert!(offset_of!(camp_host, get_interface) == 168);
    assert!(offset_of!(camp_plugin, get_interface) == 72);
};
