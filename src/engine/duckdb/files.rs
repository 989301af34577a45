//! Files: found, told apart by their names, and read with everything stated.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::error::{EngineError, ErrorKind};
use super::session::Session;
use super::{bytes, csv, identifier, json, literal, set_aside, tables};
use crate::diagnostic::{Code, Diagnostic, codes::data};
use crate::fence::Breach;
use crate::model::schema::{CsvFormat, FileFormat, FileOptions, Relation, Scan};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::secret::covered;
use crate::source::Span;

/// A line of a CSV file may be half as long.
pub(super) const CSV_BUFFER: usize = 33_554_432;
/// Statistics of more files than this cost more than they save.
const STATISTICS_FILES: usize = 64;

/// What a source is in the engine's words, to stand behind `FROM`.
pub fn scan_sql(scan: &Scan) -> String {
    match scan {
        Scan::Table { database, schema, table } => {
            format!("{}.{}.{}", identifier(database), identifier(schema), identifier(table))
        }
        Scan::Files { paths, format: FileFormat::Parquet } => parquet_sql(paths),
        Scan::Files { paths, format: FileFormat::Json { columns } } => {
            let columns: Vec<String> =
                columns.iter().map(|(n, t)| format!("{}: {}", literal(n), literal(t))).collect();
            format!(
                "read_json({}, columns={{{}}}, hive_partitioning=false)",
                path_list(paths),
                columns.join(", ")
            )
        }
        Scan::Files { paths, format: FileFormat::Csv(format) } => csv_sql(paths, format),
    }
}

fn parquet_sql(paths: &[String]) -> String {
    let union = if paths.len() > 1 { ", union_by_name=true" } else { "" };
    format!("read_parquet({}, hive_partitioning=false{union})", path_list(paths))
}

/// Paths as a list literal, in which the engine finds no pattern.
pub(super) fn path_list(paths: &[String]) -> String {
    let paths: Vec<String> = paths
        .iter()
        .map(|path| {
            // There it is no pattern, and what stands behind a `?` goes to the server as it is.
            if path.starts_with("http://") || path.starts_with("https://") {
                return literal(path);
            }
            let mut plain = String::with_capacity(path.len());
            for c in path.chars() {
                match c {
                    '[' | '*' | '?' => plain.extend(['[', c, ']']),
                    c => plain.push(c),
                }
            }
            literal(&plain)
        })
        .collect();
    format!("[{}]", paths.join(", "))
}

/// A reading for each order of columns, one below the other.
fn csv_sql(paths: &[String], format: &CsvFormat) -> String {
    let same: Vec<usize> = (0..format.columns.len()).collect();
    let mut groups: Vec<(Vec<usize>, Vec<String>)> = Vec::new();
    for (at, path) in paths.iter().enumerate() {
        let order = format.reordered.iter().find(|(i, _)| *i == at).map_or(&same, |(_, o)| o);
        match groups.iter_mut().find(|(o, _)| o == order) {
            Some((_, paths)) => paths.push(path.clone()),
            None => groups.push((order.clone(), vec![path.clone()])),
        }
    }
    let plain = format.columns.iter().all(|c| c.format.is_none() && !c.via_text);
    if let ([(order, paths)], true) = (groups.as_slice(), plain)
        && *order == same
    {
        return csv_call(paths, format, order);
    }
    let columns: Vec<String> = format
        .columns
        .iter()
        .map(|c| {
            let name = identifier(&c.name);
            let filled = if c.via_text { format!("nullif({name}, '')") } else { name.clone() };
            match &c.format {
                Some(date) => format!(
                    "CAST(strptime({filled}, {}) AS {}) AS {name}",
                    literal(date),
                    c.engine_type
                ),
                None if c.via_text => format!("CAST({filled} AS {}) AS {name}", c.engine_type),
                None => name,
            }
        })
        .collect();
    let parts: Vec<String> = groups
        .iter()
        .map(|(order, paths)| {
            format!("SELECT {} FROM {}", columns.join(", "), csv_call(paths, format, order))
        })
        .collect();
    format!("({})", parts.join(" UNION ALL "))
}

fn csv_call(paths: &[String], format: &CsvFormat, order: &[usize]) -> String {
    let columns: Vec<String> = order
        .iter()
        .filter_map(|at| format.columns.get(*at))
        .map(|c| {
            let text = c.via_text || c.format.is_some();
            let ty = if text { "VARCHAR" } else { &c.engine_type };
            format!("{}: {}", literal(&c.name), literal(ty))
        })
        .collect();
    format!(
        "read_csv({}, auto_detect=false, delim={}, quote={}, escape={}, header={}, encoding={}, \
         columns={{{}}}, allow_quoted_nulls=false, hive_partitioning=false, buffer_size={CSV_BUFFER})",
        path_list(paths),
        literal(&format.delimiter),
        literal(&format.quote),
        literal(&format.escape),
        format.header,
        literal(&format.encoding),
        columns.join(", ")
    )
}

/// What kind of file a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Parquet,
    Csv { tab: bool },
    Json,
}

fn kind_of(path: &str) -> Option<Kind> {
    let name = path.to_lowercase();
    let name = name.split(['?', '#']).next().filter(|_| is_remote(path)).unwrap_or(&name);
    let packed = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst"));
    let plain = packed.unwrap_or(name);
    Some(match plain.rsplit_once('.')?.1 {
        "parquet" | "pq" if packed.is_none() => Kind::Parquet,
        "csv" | "txt" => Kind::Csv { tab: false },
        "tsv" | "tab" => Kind::Csv { tab: true },
        "json" | "ndjson" | "jsonl" => Kind::Json,
        _ => return None,
    })
}

pub(super) fn is_remote(path: &str) -> bool {
    path.split_once("://").is_some_and(|(scheme, _)| {
        scheme != "file" && scheme.len() > 1 && scheme.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

impl Session {
    /// A file or a pattern of files, relative to `base`.
    ///
    /// # Errors
    /// When there is none, it cannot be read, its files do not agree, or its values do not fit what
    /// is declared.
    pub fn file(
        &mut self,
        path: &str,
        base: &Path,
        options: &FileOptions,
        span: Span,
    ) -> Result<Relation, Diagnostic> {
        let Some(kind) = kind_of(path) else {
            let database = [".duckdb", ".db", ".sqlite"].iter().any(|e| path.ends_with(e));
            let help = match database {
                true => "attach it: `database name = \"path\"`, then `name.table`",
                false => "use a `.csv`, `.parquet` or `.json` file",
            };
            return Err(error(
                data::FILE_KIND,
                format!("the kind of `{path}` is not known"),
                "unknown kind of file",
                span,
            )
            .help(help));
        };
        let paths = self.paths(path, base, span)?;
        let fresh = {
            let opened = self.opened.borrow();
            paths.iter().find(|p| !opened.contains(p)).cloned()
        };
        if let (true, Some(fresh)) = (self.is_locked(), fresh) {
            return Err(error(
                data::SAFE_FORBIDDEN,
                format!("`{}` cannot be opened any more under `--safe`", display(&fresh)),
                "not allowed",
                span,
            )
            .help("name every file before the run begins"));
        }
        self.opened.borrow_mut().extend(paths.iter().cloned());
        if kind != Kind::Parquet {
            for path in &paths {
                bytes::misnamed(path).map_or(Ok(()), |why| Err(otherwise(path, why, span)))?;
            }
        }
        match kind {
            Kind::Parquet => {
                no_csv_options(options, span)?;
                self.parquet(&paths, options, span)
            }
            Kind::Json => {
                no_csv_options(options, span)?;
                json::open(self, &paths, options, span)
            }
            Kind::Csv { tab } => match &options.rejects {
                None => csv::open(self, &paths, options, tab, span),
                Some((target, at)) => {
                    let place = self.place_of_rejects(target, base, *at)?;
                    let rejects = set_aside::Rejects { place, at: *at, shown: path };
                    set_aside::open(self, &paths, options, tab, rejects, span)
                }
            },
        }
    }

    fn place_of_rejects(
        &self,
        target: &str,
        base: &Path,
        span: Span,
    ) -> Result<PathBuf, Diagnostic> {
        let place = base.join(target);
        match self.fence().and_then(|fence| fence.write(&place).err()) {
            Some(breach) => Err(breach.diagnostic(target, span)),
            None => Ok(place),
        }
    }

    /// Takes note of files that a script names, so that they can be read when everything else is
    /// shut. What is wrong with them is told by [`Session::file`].
    pub fn note(&mut self, path: &str, base: &Path, span: Span) {
        if kind_of(path).is_some()
            && let Ok(paths) = self.paths(path, base, span)
        {
            self.opened.borrow_mut().extend(paths);
        }
    }

    /// The files that a path or a pattern names, judged under `--safe`.
    fn paths(&self, path: &str, base: &Path, span: Span) -> Result<Vec<String>, Diagnostic> {
        let remote = is_remote(path);
        let Some(fence) = self.fence() else {
            return if remote {
                self.remote(path, span)
            } else {
                self.local(path.strip_prefix("file://").unwrap_or(path), base, span)
            };
        };
        if remote {
            return Err(Breach::Remote.diagnostic(path, span));
        }
        let path = path.strip_prefix("file://").unwrap_or(path);
        // Before anything is listed: what is in a folder outside is nobody's business.
        fence.read(&base.join(fixed_part(path))).map_err(|b| b.diagnostic(path, span))?;
        let paths = self.local(path, base, span)?;
        for file in &paths {
            fence.read(Path::new(file)).map_err(|b| b.diagnostic(&display(file), span))?;
        }
        Ok(paths)
    }

    fn remote(&self, path: &str, span: Span) -> Result<Vec<String>, Diagnostic> {
        self.load_extension("httpfs", span).map_err(|missing| Diagnostic {
            code: data::FILE_REMOTE,
            title: format!(
                "`{}` is remote, and the DuckDB extension `httpfs` is not installed",
                covered(path)
            ),
            ..missing
        })?;
        self.know_store().map_err(|e| e.into_diagnostic(Some(span)))?;
        if !path.contains('*') {
            return Ok(vec![path.to_string()]);
        }
        let sql = format!("SELECT file FROM glob({}) ORDER BY file", literal(path));
        let rows = self.query(&sql).map_err(|e| e.into_diagnostic(Some(span)))?;
        let paths: Vec<String> = rows
            .into_iter()
            .filter_map(|row| match row.into_iter().next() {
                Some(Value::Text(file)) => Some(file),
                _ => None,
            })
            .collect();
        if paths.is_empty() { Err(no_file(path, None, span)) } else { Ok(paths) }
    }

    fn local(&self, path: &str, base: &Path, span: Span) -> Result<Vec<String>, Diagnostic> {
        let base = std::path::absolute(base).unwrap_or_else(|_| base.to_path_buf());
        let whole = base.join(path);
        if whole.is_dir() {
            return Err(error(
                data::NO_FILE,
                format!("`{path}` is a folder"),
                "a folder, not a file",
                span,
            )
            .help(format!("write `{}/*.csv`", path.trim_end_matches('/'))));
        }
        // A file whose name looks like a pattern is that file.
        let found = if whole.exists() {
            vec![whole]
        } else if path.contains(['*', '?', '[']) {
            let mut found = Vec::new();
            expand(&base, Path::new(path), &mut found);
            found.sort();
            found.dedup();
            found
        } else {
            Vec::new()
        };
        if found.is_empty() {
            let folder = match path.contains(['*', '?', '[']) {
                true => base.join(fixed_part(path)),
                false => base.join(path).parent().map_or(base.clone(), Path::to_path_buf),
            };
            return Err(no_file(path, Some(&folder), span));
        }
        let mut paths = Vec::with_capacity(found.len());
        for file in found {
            match file.to_str() {
                Some(text) => paths.push(text.to_string()),
                None => {
                    return Err(error(
                        data::FILE_UNREADABLE,
                        format!("the name of `{}` is not UTF-8", file.display()),
                        "finds a name that is not UTF-8",
                        span,
                    )
                    .help("rename the file"));
                }
            }
        }
        Ok(paths)
    }

    fn parquet(
        &self,
        paths: &[String],
        options: &FileOptions,
        span: Span,
    ) -> Result<Relation, Diagnostic> {
        let failed = |e: EngineError| unreadable(e, paths, span);
        self.parquet_names(paths, span)?;
        let sql = parquet_sql(paths);
        let described = self.describe(&format!("SELECT * FROM {sql}")).map_err(failed)?;
        if paths.len() > 1 {
            self.parquet_types_agree(paths, span)?;
        }
        let complete = self.complete_columns(paths);
        let raw = described
            .into_iter()
            .map(|(name, ty)| {
                let nullable = !complete.contains(&name);
                (name, ty, nullable)
            })
            .collect();
        let (columns, casts) = tables::mapped(raw);
        for declared in &options.columns {
            let column = columns.iter().find(|c| c.name.eq_ignore_ascii_case(&declared.name));
            let shown = display(&paths[0]);
            match column {
                None => {
                    let names = columns.iter().map(|c| c.name.as_str());
                    return Err(Diagnostic::error(
                        data::DECLARED_COLUMN,
                        format!("`{shown}` has no column `{}`", declared.name),
                    )
                    .label(declared.span, "not in the file")
                    .maybe_help(crate::diagnostic::suggest::unknown_name(
                        &declared.name,
                        "columns",
                        names,
                    )));
                }
                Some(column) if column.ty != declared.ty && declared.ty != Type::Error => {
                    return Err(Diagnostic::error(
                        data::DECLARED_COLUMN,
                        format!("`{}` of `{shown}` is {}", column.name, column.ty),
                    )
                    .label(declared.span, format!("declared as {}", declared.ty))
                    .help("leave the declaration out: a Parquet file states its types"));
                }
                Some(_) => {}
            }
        }
        let scan = if casts.is_empty() {
            Scan::Files { paths: paths.to_vec(), format: FileFormat::Parquet }
        } else {
            self.cast_view(&sql, &paths.join(" "), &casts).map_err(failed)?
        };
        Ok(Relation { scan, columns, primary_key: vec![], foreign_keys: vec![] })
    }

    /// Checks that the files have one set of names, no two alike: the engine renames the second of
    /// two that differ by case, without a word.
    fn parquet_names(&self, paths: &[String], span: Span) -> Result<(), Diagnostic> {
        let mut reference: Option<Vec<String>> = None;
        // The engine gives rows of one file in order, but not the files.
        for path in paths {
            let list = path_list(std::slice::from_ref(path));
            let sql = format!("SELECT name, num_children FROM parquet_schema({list})");
            let rows = self
                .in_order(|s| s.query(&sql))
                .map_err(|e| unreadable(e, std::slice::from_ref(path), span))?;
            let names = top_level(&rows);
            no_nul(&display(path), &names, span)?;
            if let Some((twin, name)) = twins(&names) {
                return Err(duplicate_header(&display(path), twin, name, span));
            }
            match &reference {
                None => reference = Some(names),
                Some(reference) => same_names(reference, &names, &paths[0], path, span)?,
            }
        }
        Ok(())
    }

    fn parquet_types_agree(&self, paths: &[String], span: Span) -> Result<(), Diagnostic> {
        let mut reference: Vec<(String, Type)> = Vec::new();
        for path in paths {
            let list = path_list(std::slice::from_ref(path));
            let sql = format!("SELECT * FROM read_parquet({list}, hive_partitioning=false)");
            let described =
                self.describe(&sql).map_err(|e| unreadable(e, std::slice::from_ref(path), span))?;
            for (name, text) in described {
                let ty = super::types::from_engine(&text).ty;
                let folded = name.to_lowercase();
                match reference.iter_mut().find(|(n, _)| *n == folded) {
                    None => reference.push((folded, ty)),
                    Some((_, known)) => match known.widened(&ty) {
                        Some(wider) => *known = wider,
                        None => {
                            return Err(error(
                                data::FILES_DIFFER,
                                format!(
                                    "`{name}` is {ty} in `{}`, but {known} in `{}`",
                                    display(path),
                                    display(&paths[0])
                                ),
                                "its files do not agree",
                                span,
                            )
                            .help("write the files again with one type"));
                        }
                    },
                }
            }
        }
        Ok(())
    }

    /// The columns that the files' statistics say are missing in no row. They are read in the same
    /// run, so this holds.
    fn complete_columns(&self, paths: &[String]) -> Vec<String> {
        if self.options.schemas_only || paths.len() > STATISTICS_FILES {
            return Vec::new();
        }
        let sql = format!(
            "SELECT path_in_schema FROM parquet_metadata({}) GROUP BY path_in_schema \
             HAVING bool_and(coalesce(stats_null_count = 0, false))",
            path_list(paths)
        );
        // Without statistics every column may lack values.
        let rows = self.query(&sql).unwrap_or_default();
        rows.into_iter()
            .filter_map(|row| match row.into_iter().next() {
                Some(Value::Text(name)) => Some(name),
                _ => None,
            })
            .collect()
    }

    /// Runs queries that give rows in the order of their files.
    pub(super) fn in_order<T>(
        &self,
        run: impl FnOnce(&Session) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        self.connection.execute_batch("SET preserve_insertion_order = true")?;
        let result = run(self);
        self.connection.execute_batch("SET preserve_insertion_order = false")?;
        result
    }
}

/// The names right below the root of a Parquet schema, which is listed depth first.
fn top_level(rows: &[Vec<Value>]) -> Vec<String> {
    let mut names = Vec::new();
    // How many children are still to come at each depth; the root has depth 0.
    let mut open: Vec<i128> = Vec::new();
    for row in rows {
        let children = match row.get(1) {
            Some(Value::Int(n)) => *n,
            _ => 0,
        };
        if let (1, Some(Value::Text(name))) = (open.len(), row.first()) {
            names.push(name.clone());
        }
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        if children > 0 {
            open.push(children);
        }
        while open.len() > 1 && open.last().is_some_and(|left| *left <= 0) {
            open.pop();
        }
    }
    names
}

/// Checks that a file has the names of the first one, in any order.
pub(super) fn same_names(
    reference: &[String],
    names: &[String],
    first: &str,
    path: &str,
    span: Span,
) -> Result<(), Diagnostic> {
    let folded = |names: &[String]| names.iter().map(|n| n.to_lowercase()).collect::<HashSet<_>>();
    let lacks = |known: &HashSet<String>, name: &str| !known.contains(&name.to_lowercase());
    let (known, found) = (folded(reference), folded(names));
    let (shown, first) = (display(path), display(first));
    let title = if let Some(more) = names.iter().find(|n| lacks(&known, n)) {
        format!("`{shown}` has a column `{more}` that `{first}` does not have")
    } else if let Some(less) = reference.iter().find(|n| lacks(&found, n)) {
        format!("`{shown}` lacks the column `{less}` of `{first}`")
    } else {
        return Ok(());
    };
    Err(error(data::FILES_DIFFER, title, "its files do not agree", span)
        .help("give all files the same columns, or read them as dimensions of their own"))
}

fn no_csv_options(options: &FileOptions, span: Span) -> Result<(), Diagnostic> {
    let given = [
        ("delimiter", options.delimiter.is_some()),
        ("quote", options.quote.is_some()),
        ("encoding", options.encoding.is_some()),
        ("header", options.header.is_some()),
        ("rejects", options.rejects.is_some()),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(error(
            data::CSV_OPTION,
            format!("`{name}` is an option of CSV files"),
            "not a CSV file",
            span,
        )
        .help("leave the option out")),
        None => Ok(()),
    }
}

/// Collects the files under `base` that a pattern names. `**` stands for any folders; hidden names
/// need a pattern that begins with a dot.
fn expand(base: &Path, pattern: &Path, found: &mut Vec<PathBuf>) {
    let mut parts = pattern.components();
    let Some(first) = parts.next() else {
        if base.is_file() {
            found.push(base.to_path_buf());
        }
        return;
    };
    let rest = parts.as_path();
    let text = first.as_os_str().to_string_lossy();
    let entries = |folder: &Path| {
        std::fs::read_dir(folder).map(|e| e.flatten().collect::<Vec<_>>()).unwrap_or_default()
    };
    if text == "**" {
        expand(base, rest, found);
        for entry in entries(base) {
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            // Links are not followed: they may lead back.
            if !hidden && entry.file_type().is_ok_and(|t| t.is_dir()) {
                expand(&entry.path(), pattern, found);
            }
        }
    } else if text.contains(['*', '?', '[']) {
        for entry in entries(base) {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let hidden = name.starts_with('.') && !text.starts_with('.');
            if !hidden && fits(&text, &name) {
                expand(&entry.path(), rest, found);
            }
        }
    } else {
        let next = base.join(first);
        if next.exists() {
            expand(&next, rest, found);
        }
    }
}

/// Whether a name fits a pattern of `*`, `?` and `[a-z]`.
fn fits(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n, mut star) = (0, 0, None);
    while n < name.len() {
        let step = match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some('?') => Some(p + 1),
            Some('[') => one_of(&pattern, p, name[n]),
            Some(c) if *c == name[n] => Some(p + 1),
            _ => None,
        };
        match (step, star) {
            (Some(next), _) => (p, n) = (next, n + 1),
            (None, Some((at, from))) => {
                star = Some((at, from + 1));
                (p, n) = (at + 1, from + 1);
            }
            (None, None) => return false,
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Behind the bracket that opens at `at`, when the character is one of those in it.
fn one_of(pattern: &[char], at: usize, c: char) -> Option<usize> {
    let end = at + 2 + pattern.get(at + 2..)?.iter().position(|c| *c == ']')?;
    let set = &pattern[at + 1..end];
    let (negated, set) = match set.first() {
        Some('!' | '^') => (true, &set[1..]),
        _ => (false, set),
    };
    let mut inside = false;
    let mut i = 0;
    while i < set.len() {
        if i + 2 < set.len() && set[i + 1] == '-' {
            inside |= (set[i]..=set[i + 2]).contains(&c);
            i += 3;
        } else {
            inside |= set[i] == c;
            i += 1;
        }
    }
    (inside != negated).then_some(end + 1)
}

/// The folders of a pattern before its first wildcard.
fn fixed_part(pattern: &str) -> PathBuf {
    Path::new(pattern)
        .components()
        .take_while(|c| !c.as_os_str().to_string_lossy().contains(['*', '?', '[']))
        .collect()
}

/// A path as people know it: from the current folder where it lies below.
pub(super) fn display(path: &str) -> String {
    if is_remote(path) {
        return covered(path).into_owned();
    }
    let here = std::env::current_dir().ok();
    here.and_then(|here| Path::new(path).strip_prefix(here).ok())
        .map_or_else(|| path.to_string(), |p| p.display().to_string())
}

fn no_file(path: &str, folder: Option<&Path>, span: Span) -> Diagnostic {
    let pattern = path.contains(['*', '?', '[']);
    let what = if pattern { "no file fits" } else { "there is no file" };
    let diagnostic = match folder {
        Some(folder) if !folder.exists() => error(
            data::NO_FILE,
            format!("{what} `{path}`: the folder `{}` does not exist", folder.display()),
            "no such folder",
            span,
        ),
        Some(folder) if pattern => error(
            data::NO_FILE,
            format!("{what} `{path}` in `{}`", folder.display()),
            "no file fits",
            span,
        ),
        Some(folder) => {
            let name = Path::new(path).file_name().map(|n| n.to_string_lossy().into_owned());
            let names: Vec<String> = std::fs::read_dir(folder)
                .map(|entries| {
                    entries
                        .flatten()
                        .map(|e| e.file_name().to_string_lossy().into_owned())
                        .filter(|n| kind_of(n).is_some())
                        .collect()
                })
                .unwrap_or_default();
            let near = crate::diagnostic::suggest::nearest(
                &name.unwrap_or_default(),
                names.iter().map(String::as_str),
            );
            let near = near
                .map(|near| Path::new(path).with_file_name(near).to_string_lossy().into_owned());
            error(
                data::NO_FILE,
                format!("{what} `{path}` in `{}`", folder.display()),
                "no such file",
                span,
            )
            .maybe_help(near.map(|near| format!("did you mean `{near}`?")))
        }
        None => error(data::NO_FILE, format!("{what} `{path}`"), "no such file", span),
    };
    match diagnostic.help {
        Some(_) => diagnostic,
        None => diagnostic.help("check the path: it starts at the folder of the script"),
    }
}

/// Refuses a column that no statement of the engine can name.
pub(super) fn no_nul(file: &str, names: &[String], span: Span) -> Result<(), Diagnostic> {
    match names.iter().find(|name| name.contains('\0')) {
        None => Ok(()),
        Some(name) => {
            let title =
                format!("`{file}` has a column `{name}`, whose name holds the character NUL");
            Err(error(data::FILE_UNREADABLE, title, "has a name that cannot be used", span)
                .help("rename the column in the file"))
        }
    }
}

/// The first two names that differ by case at most.
pub(super) fn twins(names: &[String]) -> Option<(&String, &String)> {
    let mut seen = HashMap::new();
    names.iter().find_map(|name| Some((seen.insert(name.to_lowercase(), name)?, name)))
}

pub(super) fn duplicate_header(file: &str, first: &str, second: &str, span: Span) -> Diagnostic {
    let title = if first == second {
        format!("`{file}` has two columns `{first}`")
    } else {
        format!("`{file}` has two columns that differ only by case: `{first}` and `{second}`")
    };
    error(data::DUPLICATE_HEADER, title, "has two columns of one name", span)
        .help("rename one of them in the file")
}

fn error(code: Code, title: String, label: &str, span: Span) -> Diagnostic {
    Diagnostic::error(code, title).label(span, label)
}

/// A file that is something else than its name says.
pub(super) fn otherwise(path: &str, (what, help): bytes::Otherwise, span: Span) -> Diagnostic {
    let title = format!("`{}` {what}", display(path));
    error(data::FILE_UNREADABLE, title, "cannot be read", span).help(help)
}

/// Why a file cannot be read.
pub(super) fn unreadable(failure: EngineError, paths: &[String], span: Span) -> Diagnostic {
    match failure.kind {
        ErrorKind::Io
        | ErrorKind::Other
        | ErrorKind::Format
        | ErrorKind::Corrupt
        | ErrorKind::Conversion => {
            // The engine names the file when there are several.
            let file = paths.iter().find(|p| failure.full.contains(p.as_str()));
            let file = display(file.unwrap_or(&paths[0]));
            error(data::FILE_UNREADABLE, format!("`{file}` cannot be read"), "cannot be read", span)
                .help("check that the file is whole and is what its name says")
                .cause(failure.message)
        }
        _ => failure.into_diagnostic(Some(span)),
    }
}
