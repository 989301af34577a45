//! What every host of Camp plugins does alike: Camp itself, and the host that the SDK's tests play. The
//! getters over a params document, the buffers that are handed over, and how SQL is quoted.
//!
//! Nothing here panics, whatever a plugin hands over: a bad pointer is undefined behaviour and cannot be
//! caught, but bad UTF-8, unknown numbers and wrong kinds read as empty.

use std::ffi::c_void;

use camp_plugin_abi as abi;
use serde_json::Value as Json;

/// A table with what every host does alike; the functions that need to know the call are missing.
pub const HOST: abi::camp_host = abi::camp_host {
    struct_size: size_of::<abi::camp_host>() as u32,
    abi_minor: abi::CAMP_ABI_MINOR,
    version: abi::camp_str::EMPTY,
    log: None,
    diag: None,
    cancelled: None,
    progress: None,
    run: None,
    params_json: None,
    param: None,
    value_kind: Some(value_kind),
    value_bool: Some(value_bool),
    value_int: Some(value_int),
    value_float: Some(value_float),
    value_text: Some(value_text),
    value_len: Some(value_len),
    value_at: Some(value_at),
    value_key: Some(value_key),
    secret: None,
    quote_ident: Some(quote_ident),
    quote_literal: Some(quote_literal),
    get_interface: Some(get_interface),
};

/// There are no further interfaces yet.
unsafe extern "C" fn get_interface(_: abi::camp_str) -> *const c_void {
    std::ptr::null()
}

/// What a plugin lends, as text.
///
/// # Safety
/// As [`abi::camp_str::bytes`].
pub unsafe fn lossy(of: abi::camp_str) -> String {
    // SAFETY: the caller vouches for it.
    String::from_utf8_lossy(unsafe { of.bytes() }).into_owned()
}

/// A value as plugins get it; NULL for none.
pub fn raw_value(value: Option<&Json>) -> *const abi::camp_value {
    value.map_or(std::ptr::null(), |v| std::ptr::from_ref(v).cast())
}

/// What `camp_host.param` finds in a params document: a parameter, or with `$` in front a part of the
/// document.
pub fn param<'a>(document: &'a Json, name: &str) -> Option<&'a Json> {
    match name.strip_prefix('$') {
        Some(part) => document.get(part),
        None => document.get("params").and_then(|params| params.get(name)),
    }
}

/// The value behind a pointer; null for NULL.
///
/// # Safety
/// NULL, or what [`raw_value`] gave, while the document lives.
unsafe fn value<'a>(of: *const abi::camp_value) -> &'a Json {
    // SAFETY: the caller vouches for it.
    unsafe { of.cast::<Json>().as_ref() }.unwrap_or(&Json::Null)
}

/// `camp_host.value_kind`
///
/// # Safety
/// A value of this host, or NULL; so for the other getters.
pub unsafe extern "C" fn value_kind(of: *const abi::camp_value) -> u32 {
    // SAFETY: a value of this host, here and below.
    match unsafe { value(of) } {
        Json::Null => abi::CAMP_NULL,
        Json::Bool(_) => abi::CAMP_BOOL,
        Json::Number(number) if number.is_i64() => abi::CAMP_INT,
        Json::Number(_) => abi::CAMP_FLOAT,
        Json::String(_) => abi::CAMP_TEXT,
        Json::Array(_) => abi::CAMP_LIST,
        Json::Object(_) => abi::CAMP_MAP,
    }
}

/// `camp_host.value_bool`
///
/// # Safety
/// As [`value_kind`].
pub unsafe extern "C" fn value_bool(of: *const abi::camp_value) -> i32 {
    // SAFETY: as above.
    unsafe { value(of) }.as_bool().unwrap_or_default().into()
}

/// `camp_host.value_int`
///
/// # Safety
/// As [`value_kind`].
pub unsafe extern "C" fn value_int(of: *const abi::camp_value) -> i64 {
    // SAFETY: as above.
    unsafe { value(of) }.as_i64().unwrap_or_default()
}

/// `camp_host.value_float`
///
/// # Safety
/// As [`value_kind`].
pub unsafe extern "C" fn value_float(of: *const abi::camp_value) -> f64 {
    // SAFETY: as above.
    unsafe { value(of) }.as_f64().unwrap_or_default()
}

/// `camp_host.value_text`
///
/// # Safety
/// As [`value_kind`].
pub unsafe extern "C" fn value_text(of: *const abi::camp_value) -> abi::camp_str {
    // SAFETY: as above.
    unsafe { value(of) }.as_str().map_or(abi::camp_str::EMPTY, abi::camp_str::new)
}

/// `camp_host.value_len`
///
/// # Safety
/// As [`value_kind`].
pub unsafe extern "C" fn value_len(of: *const abi::camp_value) -> usize {
    // SAFETY: as above.
    match unsafe { value(of) } {
        Json::Array(items) => items.len(),
        Json::Object(map) => map.len(),
        _ => 0,
    }
}

/// `camp_host.value_at`
///
/// # Safety
/// As [`value_kind`].
pub unsafe extern "C" fn value_at(of: *const abi::camp_value, at: usize) -> *const abi::camp_value {
    // SAFETY: as above.
    raw_value(match unsafe { value(of) } {
        Json::Array(items) => items.get(at),
        Json::Object(map) => map.values().nth(at),
        _ => None,
    })
}

/// `camp_host.value_key`
///
/// # Safety
/// As [`value_kind`].
pub unsafe extern "C" fn value_key(of: *const abi::camp_value, at: usize) -> abi::camp_str {
    // SAFETY: as above.
    let key = unsafe { value(of) }.as_object().and_then(|map| map.keys().nth(at));
    key.map_or(abi::camp_str::EMPTY, |key| abi::camp_str::new(key))
}

/// `camp_host.quote_ident`
///
/// # Safety
/// The text is lent for the duration of the call; `out` is NULL or a buffer to fill.
pub unsafe extern "C" fn quote_ident(
    _: *mut abi::camp_call,
    name: abi::camp_str,
    out: *mut abi::camp_buf,
) -> abi::camp_status {
    // SAFETY: a lent text, and a buffer to fill.
    unsafe {
        let name = lossy(name).replace('"', "\"\"");
        fill(out, format!("\"{name}\""))
    }
}

/// `camp_host.quote_literal`
///
/// # Safety
/// A value of this host; `out` is NULL or a buffer to fill.
pub unsafe extern "C" fn quote_literal(
    _: *mut abi::camp_call,
    of: *const abi::camp_value,
    out: *mut abi::camp_buf,
) -> abi::camp_status {
    // SAFETY: a value of this host.
    let text = match unsafe { value(of) } {
        Json::Null => "NULL".into(),
        Json::Bool(b) => if *b { "TRUE" } else { "FALSE" }.into(),
        Json::Number(n) => n.to_string(),
        // A backslash in a text means itself on one engine and escapes on another.
        Json::String(text) => {
            let quoted = |piece: &str| format!("'{}'", piece.replace('\'', "''"));
            text.split('\\').map(quoted).collect::<Vec<_>>().join(" || chr(92) || ")
        }
        Json::Array(_) | Json::Object(_) => return abi::CAMP_E_USAGE,
    };
    // SAFETY: a buffer to fill.
    unsafe { fill(out, text) }
}

/// Hands a text over: the plugin releases it.
///
/// # Safety
/// `out` is NULL or a buffer that the plugin lends to be filled.
pub unsafe fn fill(out: *mut abi::camp_buf, text: String) -> abi::camp_status {
    if out.is_null() {
        return abi::CAMP_E_INTERNAL;
    }
    let text = Box::new(text);
    let buffer = abi::camp_buf {
        data: text.as_ptr(),
        len: text.len(),
        release: Some(release),
        private_data: Box::into_raw(text).cast(),
    };
    // SAFETY: not NULL, and the plugin lends a buffer to be filled.
    unsafe { out.write(buffer) };
    abi::CAMP_OK
}

unsafe extern "C" fn release(buffer: *mut abi::camp_buf) {
    // SAFETY: filled by `fill`; a second release finds NULL.
    unsafe {
        let Some(buffer) = buffer.as_mut() else { return };
        if !buffer.private_data.is_null() {
            drop(Box::from_raw(buffer.private_data.cast::<String>()));
        }
        *buffer = abi::camp_buf::EMPTY;
    }
}

/// The bytes of a buffer that a plugin filled; it is released.
pub fn take_buffer(mut buffer: abi::camp_buf) -> Vec<u8> {
    let text = abi::camp_str { ptr: buffer.data.cast(), len: buffer.len };
    // SAFETY: filled by the plugin, alive until released below.
    let bytes = unsafe { text.bytes() }.to_vec();
    if let Some(release) = buffer.release {
        // SAFETY: once, by the function that came with it.
        unsafe { release(&raw mut buffer) }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_literal_with_a_backslash_is_the_same_on_engines_that_escape_with_it() {
        let value = json!("a\\b'c");
        let mut buffer = abi::camp_buf::EMPTY;
        // SAFETY: a value of this host and a buffer of this test.
        let status = unsafe {
            quote_literal(std::ptr::null_mut(), raw_value(Some(&value)), &raw mut buffer)
        };
        assert_eq!(status, abi::CAMP_OK);
        assert_eq!(take_buffer(buffer), b"'a' || chr(92) || 'b''c'");
    }

    #[test]
    fn a_name_cannot_end_its_quotes() {
        let mut buffer = abi::camp_buf::EMPTY;
        // SAFETY: a lent text and a buffer of this test.
        let status = unsafe {
            quote_ident(std::ptr::null_mut(), abi::camp_str::new("a\"b"), &raw mut buffer)
        };
        assert_eq!(status, abi::CAMP_OK);
        assert_eq!(take_buffer(buffer), b"\"a\"\"b\"");
    }

    #[test]
    fn parts_of_the_document_are_reached_without_a_json_reader() {
        let document = json!({"params": {"keep": 2}, "run": {"today": "2026-11-24"}});
        let raw = |name: &str| raw_value(param(&document, name));
        // SAFETY: values of a document that lives.
        unsafe {
            assert_eq!((value_kind(raw("keep")), value_int(raw("keep"))), (abi::CAMP_INT, 2));
            assert_eq!(value_kind(raw("$run")), abi::CAMP_MAP);
            assert_eq!(value_key(raw("$run"), 0).bytes(), b"today");
            assert!(raw("nothing").is_null());
            assert_eq!(value_kind(std::ptr::null()), abi::CAMP_NULL);
        }
    }
}
