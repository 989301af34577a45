//! `camp plugin verify`

use std::path::Path;

use super::super::Exit;
use super::super::output::Output;
use super::super::table::Table;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::plugin as codes;
use crate::plugin::finder::Finder;
use crate::plugin::lock::Lock;
use crate::plugin::trust;

pub(super) fn run(folder: &Path, out: &mut Output) -> Exit {
    let lock = match Lock::read(folder) {
        Ok(lock) => lock,
        Err(wrong) => return out.diagnostic(wrong),
    };
    let finder = Finder { project: Some(folder.to_owned()), ..Finder::default() };
    let mut table = Table::new(["plugin", "version", "library"]);
    let mut exit = Exit::FINE;
    for entry in &lock.plugins {
        let checked = match finder.find(&entry.name) {
            Some(place) => trust::read(&place.path)
                .and_then(|bytes| trust::compare(entry, &bytes))
                .map(|()| place.path),
            None => Err(Diagnostic::error(
                codes::NOT_LOADED,
                format!("Plugin `{}` is trusted but not installed", entry.name),
            )
            .help("install it again: `camp plugin add LIBRARY`")),
        };
        match checked {
            Ok(path) => table.row([
                entry.name.as_str().into(),
                entry.version.as_str().into(),
                path.display().to_string().into(),
            ]),
            Err(wrong) => exit = out.diagnostic(wrong),
        }
    }
    out.table(&table, "`camp.lock` trusts no plugins");
    exit
}
