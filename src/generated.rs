//! Files under `docs/` that are made from the code, so that they never say anything else.

/// Fails when a file of the repository differs from what the code makes of it; with `CAMP_BLESS`
/// set it is written first. `regenerate` is the command that does that.
pub(crate) fn assert_up_to_date(file: &str, wanted: &str, regenerate: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("CAMP_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "{file} is stale: run `{regenerate}`");
}
