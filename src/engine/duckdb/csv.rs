//! CSV files: the dialect, the header, and a type for every column, before anything is read for good.
//!
//! The engine's own sniffer looks at a sample: it takes a first row for a header or not, loses
//! leading zeros that come late, and reads money as binary floats. So the header is declared and
//! never guessed, every value of the file is checked once, and the file is then read with all of it
//! stated. The answer is kept ([`answers`]).

use std::collections::{HashMap, HashSet};

use super::answers;
use super::bytes::{self, Mark};
use super::error::{EngineError, ErrorKind};
use super::files::{display, otherwise, scan_sql};
use super::session::Session;
use super::typing::{Found, Stage, engine_format, suggested};
use super::{identifier, literal, types};
use crate::diagnostic::{Code, Diagnostic, codes::data, suggest};
use crate::model::schema::{Column, CsvColumn, CsvFormat, FileFormat, FileOptions, Relation, Scan};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::numbers::counted;
use crate::source::Span;

/// How many lines of a file are looked at for its dialect and first guesses.
pub(super) const SAMPLE_LINES: usize = 200;
/// No text file has this between its values.
const NO_DELIMITER: &str = "\u{1}\u{2}\u{3}\u{4}";
const ENCODINGS: [&str; 3] = ["utf-8", "latin-1", "utf-16"];
const DELIMITERS: [&str; 4] = [",", ";", "\t", "|"];

/// One reading of CSV files.
pub(super) struct Reading<'a> {
    pub(super) session: &'a Session,
    pub(super) paths: &'a [String],
    pub(super) options: &'a FileOptions,
    pub(super) span: Span,
    pub(super) tab_by_name: bool,
}

/// Opens CSV files: the dialect, the columns, and every value checked.
pub(super) fn open(
    session: &Session,
    paths: &[String],
    options: &FileOptions,
    tab_by_name: bool,
    span: Span,
) -> Result<Relation, Diagnostic> {
    let format = answers::kept(session, "csv", paths, options, || {
        Reading { session, paths, options, span, tab_by_name }.format()
    })?;
    let columns = format
        .columns
        .iter()
        .map(|c| Column {
            name: c.name.clone(),
            ty: types::from_engine(&c.engine_type).ty,
            nullable: true,
        })
        .collect();
    let scan = Scan::Files { paths: paths.to_vec(), format: FileFormat::Csv(format) };
    Ok(Relation { scan, columns, primary_key: vec![], foreign_keys: vec![] })
}

impl Reading<'_> {
    fn format(&self) -> Result<CsvFormat, Diagnostic> {
        for path in self.paths {
            bytes::damage(path).map_or(Ok(()), |why| Err(otherwise(path, why, self.span)))?;
        }
        let mut format = self.dialect()?;
        let first = self.lines(&self.paths[0], &format)?;
        self.no_note_for_excel(&first, format.header)?;
        if self.options.delimiter.is_none() {
            format.delimiter = match self.tab_by_name {
                true => "\t".into(),
                false => guess_delimiter(&first, &format.quote).to_string(),
            };
        }
        let records = records(&first, &format);
        let names = self.names(&self.paths[0], &records, format.header)?;
        format.columns = names
            .iter()
            .map(|name| CsvColumn {
                name: name.clone(),
                engine_type: "VARCHAR".into(),
                format: None,
                via_text: false,
            })
            .collect();
        for (at, path) in self.paths.iter().enumerate().skip(1) {
            if let Some(order) = self.order_in(path, &format)? {
                format.reordered.push((at, order));
            }
        }
        let rows = &records[usize::from(format.header).min(records.len())..];
        let mut stages = self.first_stages(&names, rows)?;
        let empties = self.check(&format, &mut stages)?;
        let read_as_text = format.clone();
        for (at, stage) in stages.into_iter().enumerate() {
            self.settle(&read_as_text, &mut format, at, stage, empties[at])?;
        }
        Ok(format)
    }

    /// What is declared of the dialect, checked.
    pub(super) fn dialect(&self) -> Result<CsvFormat, Diagnostic> {
        let o = self.options;
        let one = |what: &str, value: &str| {
            if value.chars().count() == 1 {
                Ok(value.to_string())
            } else {
                Err(self.error(
                    data::CSV_OPTION,
                    format!("`{what}` is one character, not `{value}`"),
                    "not one character",
                    "write one character",
                ))
            }
        };
        let delimiter = match o.delimiter.as_deref() {
            None => ",".to_string(),
            Some("tab" | "\\t") => "\t".to_string(),
            Some(other) => one("delimiter", other)?,
        };
        let quote = match o.quote.as_deref() {
            None => "\"".to_string(),
            Some("" | "none") => String::new(),
            Some(other) => one("quote", other)?,
        };
        let marked = Mark::Utf16 { marked: true };
        let written = match o.encoding.as_deref() {
            Some(written) => written,
            None if bytes::mark(&self.paths[0]) == marked => "utf-16",
            None => "utf-8",
        };
        let encoding = match written.to_lowercase().replace(['-', '_', ' '], "").as_str() {
            "utf8" => "utf-8",
            "latin1" | "iso88591" => "latin-1",
            "utf16" => "utf-16",
            _ => {
                return Err(self.error(
                    data::CSV_OPTION,
                    format!("the encoding `{written}` is not known"),
                    "unknown encoding",
                    &suggest::nearest(written, ENCODINGS).map_or_else(
                        || match written
                            .chars()
                            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
                        {
                            true => format!("convert the file: `iconv -f {written} -t UTF-8`"),
                            // Nothing of a script becomes a command that somebody might paste.
                            false => "convert the file to UTF-8".into(),
                        },
                        |near| format!("did you mean `{near}`?"),
                    ),
                ));
            }
        };
        for path in self.paths {
            self.agrees(path, encoding)?;
        }
        Ok(CsvFormat {
            delimiter,
            escape: quote.clone(),
            quote,
            header: o.header.unwrap_or(true),
            encoding: encoding.into(),
            columns: vec![],
            reordered: vec![],
        })
    }

    /// Checks that what a file begins with is of this encoding: the engine would decode anything.
    fn agrees(&self, path: &str, encoding: &str) -> Result<(), Diagnostic> {
        let (is, help) = match (bytes::mark(path), encoding) {
            (Mark::None, _) | (Mark::Utf8, "utf-8") | (Mark::Utf16 { .. }, "utf-16") => {
                return Ok(());
            }
            (Mark::Utf8, _) => ("UTF-8", "leave `encoding` out"),
            (Mark::Utf16 { .. }, _) => {
                ("UTF-16", "state the encoding: `with encoding: \"utf-16\"`")
            }
            (Mark::Utf16Big, _) => ("UTF-16BE", "convert the file: `iconv -f UTF-16BE -t UTF-8`"),
        };
        let title = format!("`{}` is {is}, not {encoding}", display(path));
        Err(self.error(data::CSV_ENCODING, title, "in another encoding", help))
    }

    /// Some programs write `sep=;` above the header, which only Excel understands.
    fn no_note_for_excel(&self, lines: &[String], header: bool) -> Result<(), Diagnostic> {
        match lines.first() {
            Some(line) if header && line.starts_with("sep=") && line.chars().count() <= 5 => {
                let shown = display(&self.paths[0]);
                Err(self.no_header(&shown, &format!("it begins with `{line}`, a note for Excel")))
            }
            _ => Ok(()),
        }
    }

    /// The first lines of a file, decoded by the engine: it knows encodings and compression.
    fn lines(&self, path: &str, format: &CsvFormat) -> Result<Vec<String>, Diagnostic> {
        let sql = format!(
            "SELECT line FROM read_csv({}, auto_detect=false, header=false, delim={}, quote='', \
             escape='', columns={{'line': 'VARCHAR'}}, strict_mode=false, encoding={}, buffer_size={}) LIMIT \
             {SAMPLE_LINES}",
            super::files::path_list(std::slice::from_ref(&path.to_string())),
            literal(NO_DELIMITER),
            literal(&format.encoding),
            super::files::CSV_BUFFER,
        );
        let rows = self.session.in_order(|s| s.query(&sql)).map_err(|e| self.unreadable(e))?;
        Ok(rows
            .into_iter()
            .map(|mut row| match row.pop() {
                Some(Value::Text(line)) => line,
                _ => String::new(),
            })
            .collect())
    }

    /// The names of a file's columns.
    pub(super) fn names(
        &self,
        path: &str,
        records: &[Vec<String>],
        header: bool,
    ) -> Result<Vec<String>, Diagnostic> {
        let shown = display(path);
        let first = records.first();
        if !header {
            let declared: Vec<String> =
                self.options.columns.iter().map(|c| c.name.clone()).collect();
            return match (first, declared.is_empty()) {
                (Some(first), false) if first.len() != declared.len() => Err(self.error(
                    data::DECLARED_COLUMN,
                    format!(
                        "`{shown}` has {} columns, {} are declared",
                        first.len(),
                        declared.len()
                    ),
                    "names another number of columns",
                    "declare every column of a file without a header, in its order",
                )),
                (_, false) => Ok(declared),
                (Some(first), true) => {
                    Ok((1..=first.len()).map(|n| format!("column{n}")).collect())
                }
                (None, true) => Err(self.no_header(&shown, "the file is empty")),
            };
        }
        let Some(first) = first else { return Err(self.no_header(&shown, "the file is empty")) };
        if first.iter().all(|name| name.trim().is_empty()) {
            return Err(self.no_header(&shown, "its first row is blank"));
        }
        let names: Vec<String> = first
            .iter()
            .enumerate()
            .map(|(i, name)| match name.trim() {
                "" => format!("column{}", i + 1),
                name => name.to_string(),
            })
            .collect();
        super::files::no_nul(&shown, &names, self.span)?;
        if let Some((twin, name)) = super::files::twins(&names) {
            return Err(super::files::duplicate_header(&shown, twin, name, self.span));
        }
        Ok(names)
    }

    fn no_header(&self, shown: &str, why: &str) -> Diagnostic {
        self.error(
            data::CSV_NO_HEADER,
            format!("`{shown}` has no header: {why}"),
            "has no header",
            "add the row of names to the file, or write `with header: false`",
        )
    }

    /// Where the columns of a further file stand; `None` when in the same order.
    fn order_in(&self, path: &str, format: &CsvFormat) -> Result<Option<Vec<usize>>, Diagnostic> {
        let records = records(&self.lines(path, format)?, format);
        let (shown, reference) = (display(path), display(&self.paths[0]));
        let differ = |title: String| {
            self.error(
                data::FILES_DIFFER,
                title,
                "its files do not agree",
                "give all files the same columns, or read them as dimensions of their own",
            )
        };
        if !format.header {
            return match records.first() {
                Some(first) if first.len() != format.columns.len() => Err(differ(format!(
                    "`{shown}` has {} columns, `{reference}` has {}",
                    first.len(),
                    format.columns.len()
                ))),
                _ => Ok(None),
            };
        }
        let names = self.names(path, &records, true)?;
        let known = format.columns.iter().enumerate().map(|(at, c)| (c.name.to_lowercase(), at));
        let known: HashMap<String, usize> = known.collect();
        let mut order = Vec::with_capacity(names.len());
        for name in &names {
            match known.get(&name.to_lowercase()) {
                Some(at) => order.push(*at),
                None => {
                    return Err(differ(format!(
                        "`{shown}` has a column `{name}` that `{reference}` does not have"
                    )));
                }
            }
        }
        let found: HashSet<usize> = order.iter().copied().collect();
        if let Some(at) = (0..known.len()).find(|at| !found.contains(at)) {
            let name = &format.columns[at].name;
            return Err(differ(format!("`{shown}` lacks the column `{name}` of `{reference}`")));
        }
        Ok(if order.iter().enumerate().all(|(i, at)| i == *at) { None } else { Some(order) })
    }

    /// Where each column starts: as declared, else as the sample suggests.
    fn first_stages(
        &self,
        names: &[String],
        rows: &[Vec<String>],
    ) -> Result<Vec<Stage>, Diagnostic> {
        let mut stages: Vec<Stage> = (0..names.len())
            .map(|at| {
                let sample = rows.iter().filter_map(|r| r.get(at)).find(|v| !v.is_empty());
                sample.map_or(Stage::Unknown, |v| suggested(v))
            })
            .collect();
        for declared in &self.options.columns {
            let folded = declared.name.to_lowercase();
            let at = names
                .iter()
                .position(|n| *n == declared.name)
                .or_else(|| names.iter().position(|n| n.to_lowercase() == folded));
            let Some(at) = at else {
                return Err(Diagnostic::error(
                    data::DECLARED_COLUMN,
                    format!("`{}` has no column `{}`", display(&self.paths[0]), declared.name),
                )
                .label(declared.span, "not in the file")
                .maybe_help(suggest::unknown_name(
                    &declared.name,
                    "columns",
                    names.iter().map(String::as_str),
                )));
            };
            let format = match &declared.format {
                None => None,
                Some(written) => Some(engine_format(written).map_err(|why| {
                    Diagnostic::error(
                        data::CSV_OPTION,
                        format!("the format `{written}` is not valid: {why}"),
                    )
                    .label(declared.span, "not a format")
                    .help("write it with YYYY, MM, DD, HH, mm and ss, like `DD.MM.YYYY`")
                })?),
            };
            // A declared date without a format may be written with slashes; which way, the values
            // must tell.
            let separated = matches!(stages[at], Stage::Separated(_));
            if matches!(declared.ty, Type::Date | Type::Timestamp) && format.is_none() && separated
            {
                continue;
            }
            stages[at] = match (&declared.ty, format) {
                (Type::Text, _) => Stage::Done(Found::text()),
                (ty, format) => Stage::Declared { ty: ty.clone(), format },
            };
        }
        Ok(stages)
    }

    /// Reads everything as text and asks until every column is settled. The first scan reads every
    /// value of every column, so that a malformed row or byte is found here. Tells which columns
    /// hold `""`.
    fn check(&self, format: &CsvFormat, stages: &mut [Stage]) -> Result<Vec<bool>, Diagnostic> {
        let source = self.source(format);
        let columns: Vec<String> = format.columns.iter().map(|c| identifier(&c.name)).collect();
        let mut empties = vec![false; stages.len()];
        let mut first = true;
        while first || stages.iter().any(|s| !s.is_done()) {
            let mut asked = Vec::new();
            let mut parts = Vec::new();
            for (at, stage) in stages.iter().enumerate() {
                let aggregates = stage.aggregates(&columns[at]);
                if aggregates.is_empty() {
                    if first {
                        parts.push(format!("count({})", columns[at]));
                    }
                    continue;
                }
                asked.push((at, parts.len(), aggregates.len()));
                parts.extend(aggregates);
            }
            let rows = self
                .session
                .query(&format!("SELECT {} FROM {source}", parts.join(", ")))
                .map_err(|e| self.unreadable(e))?;
            let answers = rows.into_iter().next().unwrap_or_default();
            for (at, from, count) in asked {
                let answers = answers.get(from..from + count).unwrap_or_default();
                empties[at] = matches!(answers.get(1), Some(Value::Int(n)) if *n > 0);
                stages[at] = stages[at].decide(&columns[at], answers);
            }
            first = false;
        }
        Ok(empties)
    }

    fn source(&self, format: &CsvFormat) -> String {
        let format = FileFormat::Csv(format.clone());
        scan_sql(&Scan::Files { paths: self.paths.to_vec(), format })
    }

    /// Writes what was found into the format.
    fn settle(
        &self,
        read_as_text: &CsvFormat,
        format: &mut CsvFormat,
        at: usize,
        stage: Stage,
        quoted_empty: bool,
    ) -> Result<(), Diagnostic> {
        let name = format.columns[at].name.clone();
        let declared =
            self.options.columns.iter().find(|d| d.name.to_lowercase() == name.to_lowercase());
        let span = declared.map_or(self.span, |d| d.span);
        let Stage::Done(mut found) = stage else { return Ok(()) };
        // A declared date that began with slashes and turned out to be none: its values are checked
        // as ISO 8601.
        if let (Found::Type { engine_type, .. }, Some(declared)) = (&found, declared)
            && matches!(declared.ty, Type::Date | Type::Timestamp)
            && engine_type == "VARCHAR"
        {
            let mut stages = vec![Stage::Done(Found::text()); format.columns.len()];
            stages[at] = Stage::Declared { ty: declared.ty.clone(), format: None };
            self.check(read_as_text, &mut stages)?;
            if let Stage::Done(again) = stages.swap_remove(at) {
                found = again;
            }
        }
        match found {
            Found::Type { engine_type, format: date_format } => {
                let column = &mut format.columns[at];
                column.via_text = quoted_empty && engine_type != "VARCHAR";
                column.engine_type = engine_type;
                column.format = date_format;
                Ok(())
            }
            Found::Ambiguous { sample, .. } => Err(Diagnostic::error(
                data::CSV_AMBIGUOUS_DATE,
                format!("the dates of `{name}` can be read in two ways, like `{sample}`"),
            )
            .label(span, "day first or month first?")
            .help(format!(
                "state which: `columns ({name}: date \"DD/MM/YYYY\")` or `\"MM/DD/YYYY\"`"
            ))),
            Found::Misfit { condition } => {
                let ty = declared.map_or_else(String::new, |d| d.ty.to_string());
                let (place, value) = self.first_where(read_as_text, at, &condition)?;
                let written = declared.and_then(|d| d.format.as_deref());
                let what = match written {
                    Some(written) => format!("{ty} written `{written}`"),
                    None => ty,
                };
                Err(Diagnostic::error(
                    data::CSV_VALUE,
                    format!("`{value}` in column `{name}` is no {what} ({place})"),
                )
                .label(span, "does not fit every value")
                .help("mend the value, or declare the column as text"))
            }
        }
    }

    /// The first value for which the condition holds, and its file and line.
    fn first_where(
        &self,
        format: &CsvFormat,
        at: usize,
        condition: &str,
    ) -> Result<(String, String), Diagnostic> {
        let text = CsvFormat { reordered: vec![], ..format.clone() };
        let name = identifier(&format.columns[at].name);
        for (index, path) in self.paths.iter().enumerate() {
            let mut of_file = text.clone();
            if let Some((_, order)) = format.reordered.iter().find(|(i, _)| *i == index) {
                of_file.reordered = vec![(0, order.clone())];
            }
            let all: Vec<String> = of_file.columns.iter().map(|c| identifier(&c.name)).collect();
            let source = scan_sql(&Scan::Files {
                paths: vec![path.clone()],
                format: FileFormat::Csv(of_file),
            });
            // A value in quotes may hold line breaks, which shift the lines behind it.
            let sql = format!(
                "WITH numbered AS (SELECT row_number() OVER () AS camp_row, {name} AS camp_value, \
                   len(regexp_replace(concat({all}), '[^\\n]', '', 'g')) AS camp_breaks, \
                   {condition} AS camp_hit FROM {source}), \
                 hit AS (SELECT camp_row, camp_value FROM numbered WHERE camp_hit \
                   ORDER BY camp_row LIMIT 1) \
                 SELECT camp_row + (SELECT coalesce(sum(camp_breaks), 0) FROM numbered AS n \
                   WHERE n.camp_row < hit.camp_row), camp_value FROM hit",
                all = all.join(", "),
            );
            let rows = self.session.in_order(|s| s.query(&sql)).map_err(|e| self.unreadable(e))?;
            if let Some([Value::Int(row), Value::Text(value)]) = rows.first().map(Vec::as_slice) {
                let line = row + i128::from(format.header);
                return Ok((format!("line {line} of `{}`", display(path)), value.clone()));
            }
        }
        Ok((format!("in `{}`", display(&self.paths[0])), String::new()))
    }

    fn error(&self, code: Code, title: String, label: &str, help: &str) -> Diagnostic {
        Diagnostic::error(code, title).label(self.span, label).help(help)
    }

    fn unreadable(&self, error: EngineError) -> Diagnostic {
        explain(error, self.paths, self.span)
    }
}

/// Why a CSV file cannot be read, with the line the engine names.
pub(super) fn explain(error: EngineError, paths: &[String], span: Span) -> Diagnostic {
    if !matches!(
        error.kind,
        ErrorKind::Format | ErrorKind::Io | ErrorKind::Other | ErrorKind::Conversion
    ) {
        return error.into_diagnostic(Some(span));
    }
    let full = error.full.as_str();
    let after = |mark: &str| {
        let rest = &full[full.find(mark)? + mark.len()..];
        Some(rest.lines().next().unwrap_or_default().trim().to_string())
    };
    let file = after("\n  file = ").unwrap_or_else(|| paths[0].clone());
    let file = display(&file);
    let line = after("CSV Error on Line: ");
    let place = match &line {
        Some(line) => format!("line {line} of `{file}`"),
        None => format!("`{file}`"),
    };
    let made = |code, title: String, label: &str, help: &str| {
        Diagnostic::error(code, title).label(span, label).help(help).cause(&error.message)
    };
    if full.contains("not latin-1 encoded") {
        return made(
            data::CSV_ENCODING,
            match paths.iter().find_map(|p| Some((bytes::line_beyond_latin_1(p)?, p))) {
                Some((line, path)) => {
                    format!(
                        "line {line} of `{}` is not latin-1, perhaps Windows-1252",
                        display(path)
                    )
                }
                None => format!("{place} is not latin-1, perhaps Windows-1252"),
            },
            "not in this encoding",
            "convert the file: `iconv -f WINDOWS-1252 -t UTF-8`",
        );
    }
    if full.contains("reached an invalid state")
        && let Some((line, path)) =
            paths.iter().find_map(|p| Some((bytes::other_line_end(p, Some(b'"'))?, p)))
    {
        return made(
            data::CSV_ROW,
            format!("line {line} of `{}` ends in another way than those before", display(path)),
            "mixes line ends",
            "give all lines one end, as `dos2unix` does",
        );
    }
    if full.contains("Invalid unicode") || full.contains("not utf-8 encoded") {
        return made(
            data::CSV_ENCODING,
            format!("{place} is not UTF-8"),
            "not in this encoding",
            "state the encoding: `with encoding: \"latin-1\"` or `\"utf-16\"`",
        );
    }
    if let Some(counts) = after("Expected Number of Columns: ")
        && let Some((expected, found)) = counts.split_once(" Found: ")
    {
        return made(
            data::CSV_ROW,
            format!("{place} has {} for {}", some(found, "value"), some(expected, "column")),
            "has a row of another length",
            "mend the row, or state the `delimiter` or `quote` of the file",
        );
    }
    if full.contains("nterminated quote") || full.contains("uote") && line.is_some() {
        return made(
            data::CSV_ROW,
            format!("a quote in {place} does not end, or text follows it"),
            "has a broken quote",
            "mend the row, or state `with quote: \"\"` where quotes mean nothing",
        );
    }
    if full.contains("Maximum line size") || full.contains("line size") {
        return made(
            data::CSV_ROW,
            format!("{place} is too long"),
            "has a line that is too long",
            "check for a quote that does not end",
        );
    }
    made(
        data::FILE_UNREADABLE,
        format!("{place} cannot be read"),
        "cannot be read",
        "check the file",
    )
}

/// How many of something, in the engine's digits.
fn some(digits: &str, noun: &str) -> String {
    digits.trim().parse().map_or_else(|_| format!("{digits} {noun}s"), |n| counted(n, noun))
}

/// The delimiter that splits the lines most evenly, by the header first.
pub(super) fn guess_delimiter(lines: &[String], quote: &str) -> &'static str {
    let mut best = (0.0, 1, DELIMITERS[0]);
    for delimiter in DELIMITERS {
        let dialect = CsvFormat {
            delimiter: delimiter.into(),
            quote: quote.into(),
            escape: quote.into(),
            header: true,
            encoding: String::new(),
            columns: vec![],
            reordered: vec![],
        };
        let records = records(lines, &dialect);
        let Some(width) = records.first().map(Vec::len).filter(|w| *w > 1) else { continue };
        let even =
            records.iter().filter(|r| r.len() == width).count() as f64 / records.len() as f64;
        if (even, width) > (best.0, best.1) {
            best = (even, width, delimiter);
        }
    }
    best.2
}

/// The records of some lines. The last one is left out when its quote does not end in the sample.
pub(super) fn records(lines: &[String], format: &CsvFormat) -> Vec<Vec<String>> {
    let delimiter = format.delimiter.chars().next().unwrap_or(',');
    let quote = format.quote.chars().next();
    let mut records = Vec::new();
    let (mut record, mut value, mut quoted) = (Vec::new(), String::new(), false);
    for line in lines {
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            if quoted {
                if Some(c) == quote {
                    if chars.peek() == quote.as_ref() {
                        chars.next();
                        value.push(c);
                    } else {
                        quoted = false;
                    }
                } else {
                    value.push(c);
                }
            } else if Some(c) == quote && value.is_empty() {
                quoted = true;
            } else if c == delimiter {
                record.push(std::mem::take(&mut value));
            } else {
                value.push(c);
            }
        }
        if quoted {
            value.push('\n');
            continue;
        }
        record.push(std::mem::take(&mut value));
        let record = std::mem::take(&mut record);
        // The engine skips blank lines in files of several columns.
        if record.len() > 1 || !record[0].is_empty() || records.is_empty() {
            records.push(record);
        }
    }
    // One blank line is no record.
    if records.len() == 1 && records[0] == [""] { Vec::new() } else { records }
}
