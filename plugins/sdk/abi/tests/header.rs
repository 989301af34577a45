//! The header and its Rust mirror are one layout, and the header compiles wherever it promises to.

use std::fmt::Write as _;
use std::mem::offset_of;
use std::path::{Path, PathBuf};
use std::process::Command;

use camp_plugin_abi::*;

/// What no release may change: new lines may only join at the end of a struct.
const GOLDEN: &str = include_str!("layout.txt");

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Runs a compiler with the flags every plugin author may use, and gives the path of its output.
fn compile(compiler: &str, standard: &str, source: &str, output: &str) -> PathBuf {
    let output = Path::new(env!("CARGO_TARGET_TMPDIR")).join(output);
    let out = Command::new(compiler)
        .arg(format!("-std={standard}"))
        .args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-fPIC", "-I"])
        .arg(here("../include"))
        .arg(here(source))
        .args(if source.ends_with(".cpp") { vec!["-shared"] } else { vec![] })
        .arg("-o")
        .arg(&output)
        .output()
        .unwrap_or_else(|e| panic!("{compiler} does not run: {e}"));
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    output
}

#[test]
fn c_prints_the_golden_layout() {
    let program = compile("cc", "c11", "tests/layout.c", "layout");
    let out = Command::new(program).output().unwrap();
    assert_eq!(String::from_utf8(out.stdout).unwrap(), GOLDEN);
}

#[test]
fn cpp_compiles_a_plugin() {
    compile("c++", "c++17", "tests/smoke.cpp", "smoke.so");
}

#[test]
fn rust_has_the_golden_layout() {
    macro_rules! layout {
        ($($name:ident { $($field:ident),+ })+) => {{
            let mut text = String::new();
            $(
                writeln!(text, "{} {}", stringify!($name), size_of::<$name>()).unwrap();
                $(writeln!(
                    text, "{}.{} {}",
                    stringify!($name), stringify!($field).trim_end_matches('_'), offset_of!($name, $field)
                ).unwrap();)+
            )+
            text
        }};
    }
    let text = layout! {
        ArrowSchema { format, name, metadata, flags, n_children, children, dictionary, release, private_data }
        ArrowArray { length, null_count, offset, n_buffers, n_children, buffers, children, dictionary, release, private_data }
        ArrowArrayStream { get_schema, get_next, get_last_error, release, private_data }
        camp_str { ptr, len }
        camp_buf { data, len, release, private_data }
        camp_diag { struct_size, severity, flags, sub_offset, sub_len, reserved, code, path, message, help, url }
        camp_run { struct_size, dry_run, attempt, reserved, seed, now_us, deadline_us, run_id, campaign, node, idempotency_key }
        camp_host { struct_size, abi_minor, version, log, diag, cancelled, progress, run, params_json, param, value_kind, value_bool, value_int, value_float, value_text, value_len, value_at, value_key, secret, quote_ident, quote_literal, get_interface }
        camp_plugin { struct_size, abi_minor, manifest, self_, bind, plan, execute, cancel, instance_free, get_interface }
    };
    assert_eq!(text, GOLDEN);
}

#[test]
fn a_shorter_table_reads_as_not_provided() {
    unsafe extern "C" fn cancelled(_: *mut camp_call) -> i32 {
        1
    }
    // SAFETY: `Table`s are valid when zeroed.
    let mut host: camp_host = unsafe { std::mem::zeroed() };
    host.cancelled = Some(cancelled);
    host.get_interface = None;
    host.struct_size = offset_of!(camp_host, cancelled) as u32;
    // SAFETY: the table is ours and as long as it says.
    let read = unsafe { read_table(&raw const host) }.unwrap();
    assert!(read.cancelled.is_none(), "bytes at struct_size are not read");
    host.struct_size += 8;
    // SAFETY: as above.
    let read = unsafe { read_table(&raw const host) }.unwrap();
    assert!(read.cancelled.is_some());
    // A size beyond ours is a newer owner: what we know of is read, and no byte more.
    host.struct_size = u32::MAX;
    // SAFETY: only the bytes of our own struct are read.
    assert!(unsafe { read_table(&raw const host) }.unwrap().cancelled.is_some());
    // SAFETY: NULL is allowed.
    assert!(unsafe { read_table::<camp_host>(std::ptr::null()) }.is_none());
}
