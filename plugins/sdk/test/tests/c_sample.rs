//! The C sample, built by its own Makefile and called like any plugin.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use camp_plugin_test::abi::{CAMP_ENTRY_SYMBOL, camp_plugin_entry};
use camp_plugin_test::{Case, check_manifest, desc};
use libloading::Library;

fn entry() -> camp_plugin_entry {
    static BUILT: OnceLock<&Library> = OnceLock::new();
    let library = BUILT.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/c_cap");
        // Each test may be a process of its own: none loads what another one is still writing.
        let name = format!("libcamp_cap_{}.so", std::process::id());
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let made = Command::new("make")
            .arg("-C")
            .arg(source)
            .arg("--always-make")
            .arg(format!("OUT={}", out.display()))
            .output()
            .expect("make runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        // SAFETY: the sample; like every plugin it is never unloaded.
        let library = unsafe { Library::new(&out) }.expect("the sample loads");
        // What is loaded stays, its name need not.
        std::fs::remove_file(out).expect("the sample can be removed");
        Box::leak(Box::new(library))
    });
    // SAFETY: the symbol has this type by the header.
    *unsafe { library.get::<camp_plugin_entry>(CAMP_ENTRY_SYMBOL.to_bytes_with_nul()) }
        .expect("the sample exports the entry")
}

#[test]
fn it_keeps_the_first_rows() {
    let people = || {
        Case::new(entry(), "cap").input(
            "in",
            "id:int key, \"odd\"\" name\":text, spend:int",
            "1,a,5\n2,b,\n3,c,9\n4,d,9\n",
        )
    };
    people().param("at_most", 3).outputs("some").expect("some", "id,spend\n1,5\n2,\n3,9\n");
    people()
        .param("at_most", 3)
        .param("order", [desc("spend", "int")])
        .outputs("some")
        .expect("some", "id\n1\n3\n4\n");
    assert_eq!(people().param("at_most", 0).outputs("some").count("some"), 0);
}

#[test]
fn the_manifest_is_complete() {
    check_manifest(entry());
}
