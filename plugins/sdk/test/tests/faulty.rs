//! Every build of the faulty fixture compiles without a warning, and the one without a fault is good.
#![cfg(feature = "arrow")]

use std::path::{Path, PathBuf};
use std::process::Command;

use camp_plugin_test::abi::{CAMP_ENTRY_SYMBOL, camp_plugin_entry};
use camp_plugin_test::{Case, check_manifest};
use libloading::Library;

fn plugins() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn compile(fault: &str, more: &[&str]) {
    let made = Command::new("cc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-fPIC", "-I"])
        .arg(plugins().join("sdk/include"))
        .arg(format!("-D{fault}"))
        .arg(plugins().join("fixtures/faulty/faulty.c"))
        .args(more)
        .output()
        .expect("cc runs");
    assert!(made.status.success(), "{fault}: {}", String::from_utf8_lossy(&made.stderr));
}

#[test]
fn every_fault_of_the_readme_compiles() {
    let source = std::fs::read_to_string(plugins().join("fixtures/faulty/faulty.c")).unwrap();
    let readme = std::fs::read_to_string(plugins().join("fixtures/README.md")).unwrap();
    let mut faults: Vec<_> = source
        .match_indices("FAULT_")
        .map(|(at, _)| {
            let end = source[at..].find(|c: char| !(c.is_ascii_uppercase() || c == '_'));
            &source[at..at + end.expect("the file goes on")]
        })
        .filter(|fault| *fault != "FAULT_")
        .collect();
    faults.sort_unstable();
    faults.dedup();
    assert!(faults.len() > 30, "{faults:?}");
    for fault in faults {
        assert!(
            readme.contains(&format!("`{}`", &fault["FAULT_".len()..])),
            "{fault} is not explained"
        );
        compile(fault, &["-fsyntax-only"]);
    }
}

#[test]
fn without_a_fault_it_is_a_good_plugin() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libcamp_faulty.so");
    compile("NO_FAULT", &["-shared", "-o", out.to_str().unwrap()]);
    // SAFETY: the fixture; it is never unloaded.
    let library = Box::leak(Box::new(unsafe { Library::new(out) }.unwrap()));
    // SAFETY: the symbol has this type by the header.
    let entry = *unsafe { library.get::<camp_plugin_entry>(CAMP_ENTRY_SYMBOL.to_bytes_with_nul()) }
        .unwrap();
    check_manifest(entry);
    Case::new(entry, "faulty_sql")
        .input("in", "id:int key, name:text", "5,a\n6,\n")
        .outputs("same")
        .expect("same", "id,name\n5,a\n6,\n");
    let done =
        Case::new(entry, "faulty").input("in", "id:int key", "5\n6\n7\n").outputs("n").execute(2);
    assert_eq!(done.error, None);
    assert_eq!(done.column("id"), [Some("0"), Some("1"), Some("2")]);
    assert_eq!(done.batches, [2, 1]);
}
