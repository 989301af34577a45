//! The plugin SDK, which every Camp carries with it: an author needs neither Camp's sources nor a
//! registry that has it.

use std::io;
use std::path::{Path, PathBuf};

/// Each file below `plugins/sdk`, but for the SDK's own tests.
macro_rules! sources {
    ($($name:literal)+) => {
        const SOURCES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../plugins/sdk/", $name)))),+];
    };
}

sources! {
    "WIRE.md"
    "abi/Cargo.toml"
    "abi/src/lib.rs"
    "camp-plugin/Cargo.toml"
    "camp-plugin/src/about.rs"
    "camp-plugin/src/cx.rs"
    "camp-plugin/src/deliver.rs"
    "camp-plugin/src/error.rs"
    "camp-plugin/src/execute.rs"
    "camp-plugin/src/guard.rs"
    "camp-plugin/src/lib.rs"
    "camp-plugin/src/pick.rs"
    "camp-plugin/src/plan.rs"
    "camp-plugin/src/plugin.rs"
    "camp-plugin/src/rows.rs"
    "camp-plugin/src/sql.rs"
    "camp-plugin/src/stream.rs"
    "camp-plugin/src/types.rs"
    "camp-plugin/src/value.rs"
    "host/Cargo.toml"
    "host/src/lib.rs"
    "include/camp_plugin.h"
    "test/Cargo.toml"
    "test/src/execute.rs"
    "test/src/host.rs"
    "test/src/lib.rs"
    "test/src/sql.rs"
    "test/src/table.rs"
}

/// The C header.
pub(super) fn header() -> &'static str {
    source("include/camp_plugin.h")
}

/// The root of the Rust crate that plugins use.
pub(super) fn crate_root() -> &'static str {
    source("camp-plugin/src/lib.rs")
}

fn source(wanted: &str) -> &'static str {
    SOURCES.iter().find(|(name, _)| *name == wanted).map_or("", |(_, text)| text)
}

/// Writes the SDK into a folder, as a Cargo workspace of its own.
pub(super) fn write(folder: &Path) -> io::Result<()> {
    let root = include_str!("template/sdk.toml.txt")
        .replace("{{version}}", env!("CARGO_PKG_VERSION"))
        .replace("{{rust}}", env!("CARGO_PKG_RUST_VERSION"));
    for (name, text) in SOURCES.iter().copied().chain([("Cargo.toml", root.as_str())]) {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)?;
    }
    Ok(())
}

/// The folder of the libduckdb that this process runs on; nothing when it is part of the program.
/// The SDK's tests open it.
pub(super) fn duckdb_folder() -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    // SAFETY: an all-zero `Dl_info` is a value; the address is that of a function, and the name that
    // comes back lives as long as the library.
    let file = unsafe {
        let mut info: libc::Dl_info = std::mem::zeroed();
        let address = duckdb::ffi::duckdb_library_version as *const () as *const libc::c_void;
        if libc::dladdr(address, &raw mut info) == 0 || info.dli_fname.is_null() {
            return None;
        }
        std::ffi::CStr::from_ptr(info.dli_fname).to_bytes().to_vec()
    };
    let file = Path::new(std::ffi::OsStr::from_bytes(&file)).canonicalize().ok()?;
    let is_library = file.file_name()?.to_str()?.contains("duckdb.");
    is_library.then(|| file.parent().map(Path::to_owned)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_sdk_is_carried() {
        let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/sdk");
        let mut found = Vec::new();
        let mut open = vec![sdk.clone()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                let name = entry.path().strip_prefix(&sdk).unwrap().to_str().unwrap().to_owned();
                match entry.path().is_dir() {
                    true if !name.ends_with("/tests") => open.push(entry.path()),
                    true => {}
                    false => found.push(name),
                }
            }
        }
        found.sort();
        let carried: Vec<&str> = SOURCES.iter().map(|(name, _)| *name).collect();
        assert_eq!(carried, found);
    }

    #[test]
    fn the_engine_of_this_process_is_found() {
        let folder = duckdb_folder().unwrap();
        let library = format!("libduckdb{}", std::env::consts::DLL_SUFFIX);
        assert!(folder.join(library).is_file(), "{}", folder.display());
    }
}
