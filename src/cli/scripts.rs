//! The scripts that the paths of a command line stand for.

use std::path::Path;

use super::Exit;
use super::output::Output;
use crate::diagnostic::{Diagnostic, Diagnostics, codes::usage};
use crate::source::SourceMap;

/// The scripts that paths stand for, for a command that takes them together: all or none.
///
/// # Errors
/// The exit code, after what is wrong has been printed.
pub(super) fn together(paths: &[String], out: &mut Output) -> Result<Vec<String>, Exit> {
    let mut found = Diagnostics::default();
    let files = named(paths, &mut found);
    match found.has_errors() {
        true => Err(out.diagnostics(found, &SourceMap::default())),
        false => Ok(files),
    }
}

/// The scripts that paths stand for: of a folder, all below it but for hidden ones.
pub(super) fn named(paths: &[String], found: &mut Diagnostics) -> Vec<String> {
    let mut files = Vec::new();
    for path in paths {
        if path == "-" || !Path::new(path).is_dir() {
            files.push(path.clone());
            continue;
        }
        let mut below = Vec::new();
        if let Err(error) = gather(Path::new(path), &mut below) {
            let title = format!("The folder `{path}` cannot be read");
            found.push(Diagnostic::error(usage::SCRIPT_UNREADABLE, title).cause(error));
        } else if below.is_empty() {
            found.push(
                Diagnostic::error(
                    usage::SCRIPT_UNREADABLE,
                    format!("There is no script in the folder `{path}`"),
                )
                .help("name a folder with `.camp` files in it"),
            );
        }
        files.extend(below);
    }
    let mut seen = std::collections::HashSet::new();
    files.retain(|file| seen.insert(file.clone()));
    files
}

fn gather(folder: &Path, into: &mut Vec<String>) -> std::io::Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        // Links to folders are not followed: they may lead in a circle.
        if entry.file_type()?.is_dir() {
            gather(&path, into)?;
        } else if path.extension().is_some_and(|e| e == "camp") && path.is_file() {
            into.push(path.display().to_string());
        }
    }
    Ok(())
}
