//! Exports: written beside their places, renamed after the commit.

use std::fs;
use std::path::{Path, PathBuf};

use crate::activity::export::ExportFile;
use crate::diagnostic::{Diagnostic, codes};
use crate::engine::duckdb::{Session as Engine, print};
use crate::fault;
use crate::model::program::Program;
use crate::model::schema::Scan;
use crate::plan::PlannedExport;
use crate::plan::query::Statement;

/// A file written beside its place. Dropped unpublished, it is removed again.
#[derive(Debug)]
pub struct Staged {
    /// Index of the step in the program.
    pub step: usize,
    /// Where it will be.
    pub target: PathBuf,
    /// Its rows.
    pub rows: u64,
    beside: PathBuf,
    /// Folders that were made for it, the innermost first; an earlier export's among them, so that
    /// the last one to go takes them along.
    made: Vec<PathBuf>,
    published: bool,
}

impl Staged {
    /// Puts the file in its place, replacing an older one.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn publish(mut self) -> Result<(), Diagnostic> {
        fault::step("put an export in its place");
        fs::rename(&self.beside, &self.target).map_err(|e| {
            Diagnostic::error(
                codes::data::EXPORT_FAILED,
                format!("`{}` cannot be put in its place", self.target.display()),
            )
            .help("the audiences of the run are saved; export again")
            .cause(e)
        })?;
        self.published = true;
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.published {
            // Nothing to be done about a file that cannot be removed: the run has its own error.
            let _ = fs::remove_file(&self.beside);
            for folder in &self.made {
                // Refused where something else has come into it.
                let _ = fs::remove_dir(folder);
            }
        }
    }
}

/// Writes an export beside its place; `before` are the run's exports so far.
///
/// # Errors
/// When the file would destroy what the run reads, or cannot be written.
pub fn stage(
    engine: &Engine,
    program: &Program,
    operation: &ExportFile,
    planned: &PlannedExport,
    before: &[Staged],
) -> Result<Staged, Diagnostic> {
    let target = &operation.path;
    refuse_sources(engine, program, operation)?;
    let failed = |cause: &dyn std::fmt::Display| {
        Diagnostic::error(
            codes::data::EXPORT_FAILED,
            format!("`{}` cannot be written", target.display()),
        )
        .label(operation.path_span, "written here")
        .help("choose a folder that can be written")
        .cause(cause)
    };
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if target.file_name().is_none() || target.is_dir() {
        return Err(failed(&"the path names a folder"));
    }
    let known: Vec<&PathBuf> = before.iter().flat_map(|s| &s.made).collect();
    let made: Vec<PathBuf> = folder
        .ancestors()
        .filter(|f| !f.as_os_str().is_empty())
        .filter(|f| !f.exists() || known.iter().any(|k| k == f))
        .map(Path::to_path_buf)
        .collect();
    let beside = beside(target);
    let mut staged = Staged {
        step: planned.step,
        target: target.clone(),
        rows: 0,
        beside: beside.clone(),
        made,
        published: false,
    };
    fs::create_dir_all(folder).map_err(|e| failed(&e))?;
    // Under `--safe` the engine writes nowhere but in its own folder: beside the place a link may
    // wait for it that leads elsewhere.
    let inside = match engine.fence() {
        None => None,
        Some(_) => match engine.own_folder() {
            Some(own) => Some(own.join(format!("export{}", planned.step))),
            None => return Err(failed(&"there is no folder for temporary files")),
        },
    };
    let copy = Statement::Copy {
        select: planned.rows.clone(),
        path: inside.as_ref().unwrap_or(&beside).to_string_lossy().into_owned(),
        format: operation.format.clone(),
    };
    staged.rows = engine.execute(&print::statement(&copy)).map_err(|e| failed(&e.message))?;
    if let Some(inside) = inside {
        moved(&inside, &beside).map_err(|e| failed(&e))?;
    }
    Ok(staged)
}

/// Moves a file onto a name that nothing has.
fn moved(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut target = fs::File::create_new(to)?;
    std::io::copy(&mut fs::File::open(from)?, &mut target)?;
    target.sync_all()?;
    fs::remove_file(from)
}

/// Where this process writes a file before it is put in its place.
pub fn beside(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.{}.part", std::process::id()))
}

/// A file that the run reads, or a database, must never be the target: the engine would destroy it.
fn refuse_sources(
    engine: &Engine,
    program: &Program,
    operation: &ExportFile,
) -> Result<(), Diagnostic> {
    let target = real(&operation.path);
    let mut taken: Vec<(PathBuf, &str)> = Vec::new();
    for dimension in &program.dimensions {
        if let Scan::Files { paths, .. } = &dimension.scan {
            taken.extend(paths.iter().map(|p| (real(Path::new(p)), "is read by the campaign")));
        }
    }
    for path in
        engine.project_path().map(Path::to_path_buf).into_iter().chain(engine.attached_paths())
    {
        let mut log = path.clone().into_os_string();
        log.push(".wal");
        taken.push((real(Path::new(&log)), "is the log of a database"));
        taken.push((real(&path), "is a database"));
    }
    for campaign in &program.campaigns {
        taken.push((real(Path::new(&campaign.file)), "is the campaign itself"));
    }
    match taken.into_iter().find(|(path, _)| *path == target) {
        None => Ok(()),
        Some((_, what)) => Err(Diagnostic::error(
            codes::data::EXPORT_OVER_SOURCE,
            format!("The export would overwrite `{}`, which {what}", operation.path.display()),
        )
        .label(operation.path_span, "would be overwritten")
        .help("export to another file")),
    }
}

/// The path with links resolved, as far as it exists.
fn real(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    match (absolute.parent().and_then(|p| p.canonicalize().ok()), absolute.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => absolute,
    }
}
