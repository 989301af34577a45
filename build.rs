//! Lets the programs of this package find libduckdb when they run, and says what to do when it is
//! not there to link with.
//!
//! A workspace member whose own programs or tests link DuckDB names this file too, with
//! `build = "../../build.rs"`: link arguments of a package do not reach its dependents.

use std::env;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=DUCKDB_LIB_DIR");

    if env::var_os("CARGO_FEATURE_BUNDLED").is_some() {
        return;
    }
    let macos = env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "macos");
    let library = if macos { "libduckdb.dylib" } else { "libduckdb.so" };

    // Set by .cargo/config.toml or the user. Without it the linker asks the system.
    let Some(dir) = env::var_os("DUCKDB_LIB_DIR") else {
        return;
    };
    let path = Path::new(&dir).join(library);
    println!("cargo::rerun-if-changed={}", path.display());
    if !path.exists() {
        println!(
            "cargo::error=libduckdb not found in {}: run `make setup`, or set DUCKDB_LIB_DIR, or \
             build with --features bundled",
            Path::new(&dir).display()
        );
        return;
    }

    // First an installed program's own neighbourhood, then the directory of this build.
    let origin = if macos { "@executable_path" } else { "$ORIGIN" };
    println!("cargo::rustc-link-arg=-Wl,-rpath,{origin}/../lib");
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", Path::new(&dir).display());
}
