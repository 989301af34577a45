//! Exports. Files are written beside their places and renamed after the commit; tables of other databases
//! are written in a transaction that is committed after it.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use crate::activity::export::{Destination, ExportRows};
use crate::diagnostic::{Diagnostic, codes};
use crate::engine::duckdb::rejects::Rejected;
use crate::engine::duckdb::targets::{Waiting, Writing};
use crate::engine::duckdb::{Session as Engine, print};
use crate::fault;
use crate::model::program::Program;
use crate::model::schema::{Scan, Target};
use crate::plan::PlannedExport;
use crate::plan::query::{CopyFormat, Statement};
use crate::source::Span;

/// Everything computed for an export.
#[derive(Debug)]
pub struct Staged {
    /// Index of the step in the program.
    pub step: usize,
    /// Its rows.
    pub rows: u64,
    /// Where they wait.
    pub place: Place,
}

/// Where the rows of an export wait.
#[derive(Debug)]
pub enum Place {
    /// Beside the file.
    File(StagedFile),
    /// In the engine.
    Table(StagedTable),
}

/// Rows for a table of an attached database.
#[derive(Debug)]
pub struct StagedTable {
    target: Target,
    span: Span,
    waiting: Waiting,
}

impl Staged {
    /// The file from the folder of the campaign, or the table as the script names it.
    pub fn shown(&self, base: &Path) -> String {
        match &self.place {
            Place::File(file) => {
                file.target.strip_prefix(base).unwrap_or(&file.target).display().to_string()
            }
            Place::Table(table) => table.target.written.clone(),
        }
    }
}

/// Writes the tables among exports, each database in a transaction of its own. Until these are
/// committed nobody sees a difference.
///
/// # Errors
/// A database that cannot be written; none of them changes then.
pub fn write_tables<'e>(
    engine: &'e Engine,
    exports: &[Staged],
) -> Result<Vec<Writing<'e>>, Diagnostic> {
    let mut open: Vec<Writing<'e>> = Vec::new();
    for export in exports {
        let Place::Table(StagedTable { target, span, waiting }) = &export.place else { continue };
        let known = open.iter().position(|w| w.is_of(&target.database));
        let writing = match known {
            Some(at) => &open[at],
            None => {
                open.push(engine.write_to(&target.database, *span)?);
                &open[open.len() - 1]
            }
        };
        fault::step("write an exported table");
        writing.replace(target, waiting).map_err(|e| {
            Diagnostic::error(
                codes::data::EXPORT_FAILED,
                format!("The table `{}` cannot be written", target.written),
            )
            .label(*span, "written here")
            .help("check that the database may be written, and what the table allows")
            .cause(e)
        })?;
    }
    Ok(open)
}

/// Commits what [`write_tables`] wrote.
///
/// # Errors
/// When a database refuses.
pub fn publish_tables(open: Vec<Writing<'_>>) -> Result<(), Diagnostic> {
    for writing in open {
        fault::step("commit exported tables");
        writing.commit().map_err(|e| {
            Diagnostic::error(codes::data::EXPORT_FAILED, "An exported table cannot be committed")
                .help("the audiences of the run are saved; export again")
                .cause(e)
        })?;
    }
    Ok(())
}

/// A file written beside its place. Dropped unpublished, it is removed again.
#[derive(Debug)]
pub struct StagedFile {
    target: PathBuf,
    beside: PathBuf,
    /// Folders that were made for it, the innermost first; an earlier export's among them, so that
    /// the last one to go takes them along.
    made: Vec<PathBuf>,
    published: bool,
}

impl StagedFile {
    /// The place beside a file, in a folder that is made where there is none; `before` are files that the run has
    /// begun.
    fn begun<'f>(
        target: &Path,
        span: Span,
        before: impl Iterator<Item = &'f StagedFile>,
    ) -> Result<StagedFile, Diagnostic> {
        let folder =
            target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let known: Vec<&PathBuf> = before.flat_map(|file| &file.made).collect();
        let made = folder
            .ancestors()
            .filter(|f| !f.as_os_str().is_empty())
            .filter(|f| !f.exists() || known.iter().any(|k| k.as_path() == *f))
            .map(Path::to_path_buf)
            .collect();
        let target = target.to_owned();
        let file = StagedFile { beside: beside(&target), target, made, published: false };
        fs::create_dir_all(folder).map_err(|e| unwritable(&file.target, span, &e))?;
        Ok(file)
    }

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

impl Drop for StagedFile {
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

/// Computes an export and writes nothing that anybody sees; `before` are the run's exports so far.
///
/// # Errors
/// When it would destroy what the run reads, or cannot be written.
pub fn stage(
    engine: &Engine,
    program: &Program,
    operation: &ExportRows,
    planned: &PlannedExport,
    before: &[Staged],
) -> Result<Staged, Diagnostic> {
    let span = operation.to_span;
    match &operation.to {
        Destination::File { path, format } => {
            stage_file(engine, program, (path, format, span), planned, before)
        }
        Destination::Table(target) => {
            refuse_source_table(program, target, span)?;
            let query = print::select(&planned.rows);
            let waiting = engine.wait_for(target, &query, planned.step, span)?;
            let rows = waiting.rows;
            let table = StagedTable { target: target.clone(), span, waiting };
            Ok(Staged { step: planned.step, rows, place: Place::Table(table) })
        }
    }
}

/// A table that the run reads would be another one while it is read.
fn refuse_source_table(program: &Program, target: &Target, span: Span) -> Result<(), Diagnostic> {
    let read = program.dimensions.iter().any(|dimension| match &dimension.scan {
        Scan::Table { database, schema, table } => {
            target.is(database, schema, table)
                || crate::engine::duckdb::tables::casts(target, table)
        }
        Scan::Files { .. } => false,
    });
    if !read {
        return Ok(());
    }
    Err(Diagnostic::error(
        codes::data::EXPORT_OVER_SOURCE,
        format!("The export would overwrite `{}`, which is read by the campaign", target.written),
    )
    .label(span, "would be overwritten")
    .help("export to another table"))
}

/// Refuses files for rows that were set aside which would destroy what the run reads.
///
/// # Errors
/// The first one.
pub fn check_rejects(
    engine: &Engine,
    program: &Program,
    rejected: &[Rejected],
) -> Result<(), Diagnostic> {
    rejected.iter().try_for_each(|r| refuse_sources(engine, program, &r.target, r.span))
}

/// Puts rows that were set aside beside the files that they are for.
///
/// # Errors
/// When one cannot be written.
pub fn stage_rejects(rejected: &[Rejected]) -> Result<Vec<StagedFile>, Diagnostic> {
    let mut staged: Vec<StagedFile> = Vec::with_capacity(rejected.len());
    for rejects in rejected {
        let file = StagedFile::begun(&rejects.target, rejects.span, staged.iter())?;
        let copied = fs::copy(&rejects.staged, &file.beside);
        copied.map_err(|e| unwritable(&rejects.target, rejects.span, &e))?;
        staged.push(file);
    }
    Ok(staged)
}

fn unwritable(file: &Path, span: Span, cause: &dyn Display) -> Diagnostic {
    let title = format!("`{}` cannot be written", file.display());
    Diagnostic::error(codes::data::EXPORT_FAILED, title)
        .label(span, "written here")
        .help("choose a folder that can be written")
        .cause(cause)
}

fn stage_file(
    engine: &Engine,
    program: &Program,
    (target, format, span): (&Path, &CopyFormat, Span),
    planned: &PlannedExport,
    before: &[Staged],
) -> Result<Staged, Diagnostic> {
    refuse_sources(engine, program, target, span)?;
    if engine.rejected().iter().any(|r| real(&r.target) == real(target)) {
        return Err(Diagnostic::error(
            codes::data::EXPORT_OVER_SOURCE,
            format!("`{}` has the rows that are set aside", target.display()),
        )
        .label(span, "would be overwritten")
        .help("export to another file"));
    }
    let failed = |cause: &dyn Display| unwritable(target, span, cause);
    if target.file_name().is_none() || target.is_dir() {
        return Err(failed(&"the path names a folder"));
    }
    let files = before.iter().filter_map(|s| match &s.place {
        Place::File(file) => Some(file),
        Place::Table(_) => None,
    });
    let file = StagedFile::begun(target, span, files)?;
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
        path: inside.as_ref().unwrap_or(&file.beside).to_string_lossy().into_owned(),
        format: format.clone(),
    };
    let rows = engine.execute(&print::statement(&copy)).map_err(|e| failed(&e.message))?;
    if let Some(inside) = inside {
        moved(&inside, &file.beside).map_err(|e| failed(&e))?;
    }
    Ok(Staged { step: planned.step, rows, place: Place::File(file) })
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
    path: &Path,
    span: Span,
) -> Result<(), Diagnostic> {
    let target = real(path);
    let mut taken: Vec<(PathBuf, &str)> = Vec::new();
    for dimension in &program.dimensions {
        if let Scan::Files { paths, .. } = &dimension.scan {
            taken.extend(paths.iter().map(|p| (real(Path::new(p)), "is read by the campaign")));
        }
    }
    for rejects in engine.rejected() {
        taken.extend(
            rejects.files().iter().map(|p| (real(Path::new(p)), "is read by the campaign")),
        );
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
            format!("The export would overwrite `{}`, which {what}", path.display()),
        )
        .label(span, "would be overwritten")
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
