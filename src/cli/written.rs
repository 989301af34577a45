//! Files that commands write.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, codes::usage};
use crate::run::exports::beside;

/// Whether two paths lead to one file that is there.
pub(super) fn same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// What is said of a file that could not be written.
pub(super) fn unwritable(file: &Path, cause: &dyn Display) -> Diagnostic {
    Diagnostic::error(usage::UNWRITABLE, format!("`{}` cannot be written", file.display()))
        .cause(cause)
}

/// Writes a file, beside its place first, so that a reader never sees half of it. A file of that
/// name is replaced, unless it is one of those that must be kept.
///
/// # Errors
/// It cannot be written, or must be kept.
pub(super) fn write(file: &Path, text: &str, kept: &[PathBuf]) -> Result<(), Box<Diagnostic>> {
    if kept.iter().any(|k| same(file, k)) {
        let title = format!("`{}` is read by this command", file.display());
        return Err(Box::new(
            Diagnostic::error(usage::WOULD_OVERWRITE, title).help("choose another file"),
        ));
    }
    // Where a link leads, with the rights that the old file has.
    let place = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let beside = beside(&place);
    let put = || {
        std::fs::write(&beside, text)?;
        if let Ok(old) = place.metadata() {
            std::fs::set_permissions(&beside, old.permissions())?;
        }
        std::fs::rename(&beside, &place)
    };
    put().map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        Box::new(unwritable(file, &error))
    })
}
