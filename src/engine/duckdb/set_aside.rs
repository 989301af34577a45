//! CSV files that are read without the rows that cannot be.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::bytes::Packed;
use super::csv::{self, Reading, SAMPLE_LINES, guess_delimiter, records};
use super::files::{display, is_remote};
use super::rejects::{self, Rejected};
use super::session::Session;
use crate::diagnostic::{Diagnostic, codes::data};
use crate::model::schema::{FileOptions, Relation};
use crate::source::Span;

/// Where rows that cannot be read go.
pub(super) struct Rejects<'a> {
    pub place: PathBuf,
    /// Where the script says so.
    pub at: Span,
    /// The source as the script names it.
    pub shown: &'a str,
}

/// Opens CSV files whose unreadable rows are set aside.
pub(super) fn open(
    session: &Session,
    paths: &[String],
    options: &FileOptions,
    tab_by_name: bool,
    rejects: Rejects<'_>,
    span: Span,
) -> Result<Relation, Diagnostic> {
    let reading = Reading { session, paths, options, span, tab_by_name };
    let known = session.rejected().into_iter().find(|r| r.target == rejects.place);
    let clean = match known {
        // Two campaigns of a run may declare one source.
        Some(known) if known.files == paths => known.clean,
        Some(_) => {
            return Err(cannot(&rejects, "another source has this file").help("name another file"));
        }
        None => {
            let rejected = reading.set_aside(&rejects)?;
            let clean = rejected.clean.clone();
            session.rejected.borrow_mut().push(rejected);
            clean
        }
    };
    let options = FileOptions { rejects: None, ..options.clone() };
    csv::open(session, &clean, &options, tab_by_name, span)
}

fn cannot(rejects: &Rejects<'_>, why: &str) -> Diagnostic {
    let title = format!("rows of `{}` cannot be set aside", rejects.shown);
    Diagnostic::error(data::CSV_OPTION, title).label(rejects.at, why.to_owned())
}

impl Reading<'_> {
    /// The files without the rows that cannot be read; one that has none of those stays itself.
    fn set_aside(&self, rejects: &Rejects<'_>) -> Result<Rejected, Diagnostic> {
        let mut format = self.dialect()?;
        let packed = |p: &String| Packed::by_name(p) == Some(Packed::Zstd);
        if self.paths.iter().any(|p| packed(p) || is_remote(p)) {
            return Err(cannot(rejects, "the file is packed or elsewhere")
                .help("unpack it on this machine first"));
        }
        if format.encoding == "utf-16" {
            return Err(cannot(rejects, "the file is UTF-16").help("convert it to UTF-8 first"));
        }
        let failed = |e: std::io::Error| {
            let title = format!("rows of `{}` cannot be set aside", rejects.shown);
            Diagnostic::error(data::FILE_UNREADABLE, title)
                .label(rejects.at, "asked for here")
                .help("check the file and the folder for temporary files")
                .cause(e)
        };
        let own = self.session.own_folder().ok_or_else(|| {
            failed(std::io::Error::other("there is no folder for temporary files"))
        })?;
        let number = self.session.rejected.borrow().len();
        let staged = own.join(format!("rejects{number}.csv"));
        let mut out = rejects::begin(&staged).map_err(failed)?;
        let mut rows = 0;
        let mut clean = Vec::with_capacity(self.paths.len());
        for (n, path) in self.paths.iter().enumerate() {
            let utf8 = format.encoding == "utf-8";
            let file = Path::new(path);
            let first = rejects::first_lines(file, utf8, SAMPLE_LINES).map_err(failed)?;
            if n == 0 && self.options.delimiter.is_none() {
                format.delimiter = match self.tab_by_name {
                    true => "\t".into(),
                    false => guess_delimiter(&first, &format.quote).to_string(),
                };
            }
            let width = self.names(path, &records(&first, &format), format.header)?.len();
            let dialect = rejects::Dialect {
                delimiter: format.delimiter.clone(),
                quote: format.quote.chars().next(),
                header: format.header,
                utf8,
            };
            let folder = own.join(format!("sorted{number}-{n}"));
            std::fs::create_dir_all(&folder).map_err(failed)?;
            let name = file.file_name().unwrap_or_default();
            let left = folder.join(match Packed::by_name(path) {
                Some(_) => Path::new(name).file_stem().unwrap_or(name),
                None => name,
            });
            let found = rejects::sort(file, &display(path), &dialect, width, &left, &mut out);
            let found = found.map_err(failed)?;
            rows += found;
            clean.push(match found {
                0 => {
                    // Twice the same file is of no use.
                    let _ = std::fs::remove_dir_all(&folder);
                    path.clone()
                }
                _ => left.to_string_lossy().into_owned(),
            });
        }
        out.flush().map_err(failed)?;
        self.session.opened.borrow_mut().extend(clean.iter().cloned());
        Ok(Rejected {
            source: rejects.shown.to_owned(),
            target: rejects.place.clone(),
            span: rejects.at,
            rows,
            staged,
            files: self.paths.to_vec(),
            clean,
        })
    }
}
