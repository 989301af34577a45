//! What is tried with each input; a panic is a fault. Used by the fuzz targets and, over few inputs, by
//! `tests/fuzz.rs`.

use std::path::{Path, PathBuf};

use camp::activity::Registry;
use camp::catalogue::Catalogue;
use camp::check::{self, Imports, Unit};
use camp::diagnostic::render::{self, Style};
use camp::diagnostic::{Diagnostic, Diagnostics, codes};
use camp::fmt;
use camp::model::schema::{
    Audience, Column, FileFormat, FileOptions, ForeignKey, Relation, Scan, Target, World,
};
use camp::model::types::Type;
use camp::plan;
use camp::plan::passes::Passes;
use camp::plan::reach::Unknown;
use camp::plugin::lock::Lock;
use camp::plugin::manifest::Manifest;
use camp::run::history::Recorded;
use camp::source::{SourceId, SourceMap, Span};
use camp::syntax::{self, ast::Ast};

/// Longer inputs say nothing new and take their time.
const LONGEST: usize = 4096;

fn source(bytes: &[u8]) -> Option<(SourceMap, SourceId)> {
    let text = std::str::from_utf8(bytes).ok().filter(|t| t.len() <= LONGEST)?;
    let mut sources = SourceMap::default();
    let id = sources.add("fuzz.camp", text).ok()?;
    Some((sources, id))
}

/// Each can be shown in each style, and points into the file.
fn shown(diagnostics: &Diagnostics, sources: &SourceMap) {
    for diagnostic in diagnostics.iter() {
        for label in &diagnostic.labels {
            assert!(sources.locate(label.span).is_some(), "points nowhere: {diagnostic:?}");
        }
        for style in [Style::Fancy, Style::Concise, Style::Json] {
            for (width, unicode) in [(80, true), (40, false)] {
                let options = render::Options { style, width, unicode, ..Default::default() };
                render::render(diagnostic, sources, &options);
            }
        }
    }
}

fn parsed(text: &str) -> Option<(Ast, bool)> {
    let (sources, id) = source(text.as_bytes())?;
    let (ast, diagnostics) = syntax::parse(&sources, id);
    Some((ast, diagnostics.has_errors()))
}

/// Any text is read, and what is wrong with it is told at its place.
pub fn parser(bytes: &[u8]) {
    let Some((sources, id)) = source(bytes) else { return };
    let (_, diagnostics) = syntax::parse(&sources, id);
    shown(&diagnostics, &sources);
}

/// A script in the style means the same, and formatting it again changes nothing.
pub fn formatter(bytes: &[u8]) {
    let Some((sources, id)) = source(bytes) else { return };
    let done = fmt::format(&sources, id);
    shown(&done.diagnostics, &sources);
    let text = &sources.file(id).text;
    let Some((before, wrong)) = parsed(text) else { return };
    // What cannot be read stays as it is, and so does little else of its surroundings.
    if wrong {
        return;
    }
    let Some((after, wrong)) = parsed(&done.text) else { return };
    assert!(!wrong, "cannot be read any more:\n{text}\n---\n{}", done.text);
    assert!(before == after, "means something else:\n{text}\n---\n{}", done.text);
    let Some((sources, id)) = source(done.text.as_bytes()) else { return };
    assert_eq!(fmt::format(&sources, id).text, done.text, "is not done after once:\n{text}");
}

/// Any script is checked against tables of all types, and planned when nothing is wrong with it.
pub fn checker(bytes: &[u8]) {
    let Some((sources, id)) = source(bytes) else { return };
    let (ast, diagnostics) = syntax::parse(&sources, id);
    let unit = Unit { source: id, name: "fuzz.camp".into(), ast, base: PathBuf::from("/nowhere") };
    let options = check::Options {
        as_of: jiff::Timestamp::from_second(1_790_000_000).unwrap_or_default(),
        require_params: false,
        ..check::Options::default()
    };
    let registry = Registry::builtin();
    let (program, found) = check::check(vec![unit], &mut Nobody, &mut Made, &registry, &options);
    shown(&found, &sources);
    if diagnostics.has_errors() || found.has_errors() {
        return;
    }
    let catalogue = Catalogue::default();
    let history = Recorded::new(&catalogue, &program);
    if let Ok(wanted) = plan::wanted(&program, &[]) {
        let (_, found) =
            plan::plan(&program, options.as_of, (&history, &Unknown), &wanted, Passes::ALL);
        shown(&found, &sources);
    }
}

/// Any manifest is read or refused, and what is read can be described.
pub fn manifest(bytes: &[u8]) {
    let Ok(manifest) = Manifest::parse(bytes) else { return };
    for activity in &manifest.activities {
        activity.syntax();
        for param in &activity.params {
            param.ty.describe();
        }
        assert!(manifest.activity(&activity.name).is_some(), "is not found: {}", activity.name);
    }
    camp::plugin::lock::effects(&manifest);
}

/// Any lock file is read or refused, and what is read is written as it was.
pub fn lock_file(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(lock) = Lock::parse(text) else { return };
    for entry in &lock.plugins {
        assert!(lock.find(&entry.name).is_some());
    }
    let written = lock.text();
    assert_eq!(Lock::parse(&written).as_ref(), Ok(&lock), "is written as something else");
}

/// There is nothing to import.
struct Nobody;

impl Imports for Nobody {
    fn import(&mut self, path: &str, _: &Path, span: Span) -> Result<Unit, Diagnostic> {
        Err(missing(path, span))
    }
}

fn missing(what: &str, span: Span) -> Diagnostic {
    Diagnostic::error(codes::data::NO_FILE, format!("there is no `{what}`")).label(span, "none")
}

/// A world in which every table and every file exists, with a column of each type.
struct Made;

fn columns() -> Vec<Column> {
    let column = |name: &str, ty: Type, nullable: bool| Column { name: name.into(), ty, nullable };
    vec![
        column("id", Type::Int, false),
        column("customer_id", Type::Int, true),
        column("email", Type::Text, true),
        column("country", Type::Text, true),
        column("consent", Type::Bool, true),
        column("birthday", Type::Date, true),
        column("ordered_at", Type::Timestamp, true),
        column("seen_at", Type::Instant, true),
        column("amount", Type::Decimal { precision: 12, scale: 2 }, true),
        column("score", Type::Float, true),
        column("interests", Type::List(Box::new(Type::Text)), true),
        column("attrs", Type::Json, true),
        column("address", Type::Struct(vec![("city".into(), Type::Text)]), true),
        column("token", Type::Other("UUID".into()), true),
        column("odd name", Type::Text, true),
    ]
}

impl World for Made {
    fn table(&mut self, parts: &[String], span: Span) -> Result<Relation, Diagnostic> {
        let Some(table) = parts.last().filter(|t| t.len() < 40) else {
            return Err(missing("table", span));
        };
        let foreign = ForeignKey {
            columns: vec!["customer_id".into()],
            table: "customers".into(),
            target_columns: vec!["id".into()],
        };
        Ok(Relation {
            scan: Scan::Table {
                database: "project".into(),
                schema: "main".into(),
                table: table.clone(),
            },
            columns: columns(),
            primary_key: vec!["id".into()],
            foreign_keys: vec![foreign],
        })
    }

    fn file(
        &mut self,
        path: &str,
        _: &Path,
        _: &FileOptions,
        span: Span,
    ) -> Result<Relation, Diagnostic> {
        if path.contains("none") {
            return Err(missing(path, span));
        }
        let scan = Scan::Files { paths: vec![path.into()], format: FileFormat::Parquet };
        Ok(Relation { scan, columns: columns(), primary_key: vec![], foreign_keys: vec![] })
    }

    fn attach(&mut self, _: &str, uri: &str, _: &Path, span: Span) -> Result<(), Diagnostic> {
        if uri.contains("none") { Err(missing(uri, span)) } else { Ok(()) }
    }

    fn target(&mut self, parts: &[String], _: Span) -> Result<Target, Diagnostic> {
        let written = parts.join(".");
        let table = parts.last().cloned().unwrap_or_default();
        Ok(Target { database: parts[0].clone(), schema: "main".into(), table, written })
    }

    fn audience(&mut self, label: &str) -> Result<Option<Audience>, Diagnostic> {
        Ok((!label.contains("none")).then(|| Audience {
            label: label.into(),
            scan: Scan::Table {
                database: "project".into(),
                schema: "audience".into(),
                table: label.into(),
            },
            dimension: "customers".into(),
            key: columns().into_iter().take(1).collect(),
            columns: columns().into_iter().take(4).collect(),
            size: 10,
            version: 3,
            oldest_version: 1,
            expires: None,
        }))
    }

    fn audience_labels(&mut self) -> Vec<String> {
        vec!["VIP".into()]
    }

    fn table_names(&mut self) -> Vec<String> {
        vec!["customers".into(), "orders".into()]
    }
}
