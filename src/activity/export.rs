//! `export T to "file" [select …] [with …]`, `export T to database.schema.table [select …]`

use std::any::Any;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, LazyLock};

use crate::check::binder::{Binder, entry_bool, entry_text};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::{data, names, plan as codes};
use crate::model::expr::{Expr, Population};
use crate::model::program::{ActivityStep, CarriedColumn, Operation, StepKind, TransitionId};
use crate::model::schema::Target;
use crate::plan::Planner;
use crate::plan::query::CopyFormat;
use crate::source::Span;
use crate::syntax::ast;

use super::{Activity, Clauses, Spec};

/// The activity.
pub struct Export;

/// A bound `export`.
#[derive(Debug)]
pub struct ExportRows {
    /// What is exported.
    pub input: TransitionId,
    /// Where to.
    pub to: Destination,
    /// Where that is written.
    pub to_span: Span,
    /// `select`: exactly these columns; nothing: the key and what the population carries.
    pub columns: Option<Vec<(CarriedColumn, Expr)>>,
}

/// Where an export goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Destination {
    /// A file, written beside its place and renamed after the commit.
    File {
        /// Absolute, parameters and times filled in.
        path: PathBuf,
        /// csv, parquet or json.
        format: CopyFormat,
    },
    /// A table of an attached database, written in one transaction of it.
    Table(Target),
}

impl Destination {
    /// The name of the file, or the table as the script names it.
    pub fn name(&self) -> Option<String> {
        match self {
            Destination::File { path, .. } => {
                path.file_name().map(|n| n.to_string_lossy().into_owned())
            }
            Destination::Table(target) => Some(target.written.clone()),
        }
    }

    /// The path, or the table as the script names it.
    pub fn shown(&self) -> String {
        match self {
            Destination::File { path, .. } => path.display().to_string(),
            Destination::Table(target) => target.written.clone(),
        }
    }

    /// Whether both are one place.
    fn is(&self, other: &Destination) -> bool {
        match (self, other) {
            (Destination::File { path: a, .. }, Destination::File { path: b, .. }) => {
                followed(a) == followed(b)
            }
            (Destination::Table(a), Destination::Table(b)) => a.same_table(b),
            _ => false,
        }
    }
}

static SPEC: LazyLock<Spec> = LazyLock::new(|| {
    Spec {
    name: "export".into(),
    summary: "Writes a population to a CSV, Parquet or JSON file, or to a table of another database".into(),
    syntax: "export TRANSITION to \"file.csv\" | DATABASE.TABLE [select …] [with delimiter: \";\", header: false]"
        .into(),
    doc: "Writes a population to a file, beside its place first and renamed after the commit of the run. \
          The ending says the format: `.csv`, `.tsv`, `.parquet`, `.json` (one array), `.ndjson` or \
          `.jsonl`. Without `select` the file has the key and the carried columns, with it exactly \
          the columns named. `{{today}}`, `{{now}}` and parameters can stand in the path, which is \
          relative to the script.\n\n\
          CSV takes `header: false` and `delimiter: \";\"`.\n\n\
          `to crm.vip` or `to crm.schema.vip` writes a table of an attached database (DuckDB, SQLite, \
          Postgres), in one transaction of it: a new table, or new rows for one that has these columns.".into(),
    outputs: 0..=0,
    example: "buyers = build audience from customers where any orders select email\n\
              export buyers to \"buyers_{{today}}.csv\"\n  select sha256(lower(email)) as hash\n  with header: false\n".into(),
    plugin: None,
}
});

impl Activity for Export {
    fn spec(&self) -> &Spec {
        &SPEC
    }

    fn bind(&self, call: &ast::Call, binder: &mut Binder<'_>) -> Option<Arc<dyn Operation>> {
        use ast::ClauseKind as C;
        let mut clauses = Clauses::of(call);
        clauses.take(|c| matches!(c, C::Inputs(_)));
        let to = clauses.take(|c| matches!(c, C::To(_) | C::ToTable(_)));
        let select = clauses.take(|c| matches!(c, C::Select(_)));
        let with = clauses.take(|c| matches!(c, C::With(_)));
        clauses.finish(binder);
        let input = binder.only_input(call);
        let entries: &[ast::Entry] = match with {
            Some(C::With(entries)) => entries,
            _ => &[],
        };
        let (to, to_span) = match to {
            Some(C::To(text)) => (to_file(text, entries, binder), text.span),
            Some(C::ToTable(path)) => (to_table(path, entries, binder), path.span),
            _ => {
                binder.report(
                    Diagnostic::error(codes::CLAUSE, "`export` does not say where to")
                        .label(call.activity.span, "`to` is missing")
                        .help("add `to \"file.csv\"`"),
                );
                return None;
            }
        };
        let input = input?;
        let Population::Transition(id) = input.population else {
            binder.report(
                Diagnostic::error(
                    names::NOT_A_POPULATION,
                    format!("`{}` is a dimension, not a transition", input.name),
                )
                .label(input.span, "a transition is needed")
                .help(format!("build it first: `everyone = build audience from {}`", input.name)),
            );
            return None;
        };
        let columns = match select {
            Some(C::Select(select)) => {
                let rows = binder.rows(&input);
                Some(binder.exported(select, &input, &rows))
            }
            _ => None,
        };
        let to = to?;
        refuse_twice(&to, to_span, binder)?;
        Some(Arc::new(ExportRows { input: id, to, to_span, columns }))
    }
}

fn to_file(
    text: &ast::Text,
    entries: &[ast::Entry],
    binder: &mut Binder<'_>,
) -> Option<Destination> {
    let path = binder.filled(text, None);
    let format = path.as_ref().and_then(|p| bind_format(p, text, entries, binder));
    let path = binder.base().join(path?);
    let breach = binder.options().fence.as_ref().and_then(|f| f.write(&path).err());
    if let Some(breach) = breach {
        binder.report(breach.diagnostic(&text.node, text.span));
        return None;
    }
    Some(Destination::File { path, format: format? })
}

fn to_table(
    path: &ast::Path,
    entries: &[ast::Entry],
    binder: &mut Binder<'_>,
) -> Option<Destination> {
    if binder.options().fence.is_some() {
        binder.report(
            Diagnostic::error(
                data::SAFE_FORBIDDEN,
                "A script under `--safe` writes no other database",
            )
            .label(path.span, "not allowed")
            .help("export to a file of the project, or run without `--safe`"),
        );
        return None;
    }
    for entry in entries {
        binder.report(
            Diagnostic::error(
                names::UNKNOWN_OPTION,
                format!("Option `{}` is for files", entry.name.node),
            )
            .label(entry.name.span, "this export is a table")
            .help("leave it out"),
        );
    }
    let target = binder.target(path);
    target.filter(|_| entries.is_empty()).map(Destination::Table)
}

/// Reports an export to a place that an earlier statement of the run writes.
fn refuse_twice(to: &Destination, span: Span, binder: &mut Binder<'_>) -> Option<()> {
    let earlier = binder.program().steps.iter().find_map(|step| match &step.kind {
        StepKind::Activity(activity) => {
            let export = activity.operation.as_any().downcast_ref::<ExportRows>()?;
            export.to.is(to).then_some(export.to_span)
        }
        StepKind::Expect { .. } => None,
    });
    let Some(earlier) = earlier else { return Some(()) };
    let what = match to {
        Destination::File { path, .. } => format!("file, `{}`", shown(path, binder.base())),
        Destination::Table(target) => format!("table, `{}`", target.written),
    };
    binder.report(
        Diagnostic::error(codes::EXPORTED_TWICE, format!("Two exports write one {what}"))
            .label(span, "written a second time")
            .label(earlier, "written here")
            .help("choose another one"),
    );
    None
}

/// A path as a script of the folder writes it.
fn shown(path: &Path, base: &Path) -> String {
    path.strip_prefix(base).unwrap_or(path).display().to_string()
}

/// A path with `.` and `..` followed, as far as the text alone tells.
fn followed(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()).components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}

/// The format that the ending of a path says, with its options.
fn bind_format(
    path: &str,
    text: &ast::Text,
    entries: &[ast::Entry],
    binder: &mut Binder<'_>,
) -> Option<CopyFormat> {
    let ending = std::path::Path::new(path)
        .extension()
        .map_or(String::new(), |e| e.to_string_lossy().to_lowercase());
    let known: &[&str] = match ending.as_str() {
        "csv" | "tsv" => &["header", "delimiter"],
        _ => &[],
    };
    let mut header = true;
    let mut delimiter = if ending == "tsv" { "\t".to_string() } else { ",".to_string() };
    let mut fine = true;
    for entry in entries {
        let name = entry.name.node.as_str();
        if !known.contains(&name) {
            fine = false;
            let title = if ["header", "delimiter"].contains(&name) {
                format!("Option `{name}` is for CSV files")
            } else {
                format!("`{name}` is not an option of `export`")
            };
            binder.unknown(
                names::UNKNOWN_OPTION,
                title,
                entry.name.span,
                name,
                "options",
                if known.is_empty() { &["header", "delimiter"] } else { known },
            );
            continue;
        }
        match name {
            "header" => match entry_bool(entry) {
                Some(value) => header = value,
                None => {
                    fine = false;
                    binder.option_value(entry, "`true` or `false`");
                }
            },
            _ => match entry_text(entry) {
                Some((value, _)) if value.len() == 1 && value != "\"" && value != "\n" => {
                    delimiter = value;
                }
                _ => {
                    fine = false;
                    binder.option_value(entry, "one character in quotes");
                }
            },
        }
    }
    let format = match ending.as_str() {
        "csv" | "tsv" => CopyFormat::Csv { delimiter, header },
        "parquet" => CopyFormat::Parquet,
        "json" => CopyFormat::Json { array: true },
        "ndjson" | "jsonl" => CopyFormat::Json { array: false },
        _ => {
            binder.report(
                Diagnostic::error(
                    codes::EXPORT_FORMAT,
                    if ending.is_empty() {
                        "The file has no ending that says its format".to_string()
                    } else {
                        format!("`.{ending}` is not a format of exports")
                    },
                )
                .label(text.span, "which format?")
                .help("use `.csv`, `.parquet`, `.json` or `.ndjson`"),
            );
            return None;
        }
    };
    fine.then_some(format)
}

impl Operation for ExportRows {
    fn plan(&self, _step: &ActivityStep, planner: &mut Planner<'_>) -> Result<(), Diagnostic> {
        let input = Population::Transition(self.input);
        let (dimension, rule, values) = planner.rows_of(&input);
        let columns = match &self.columns {
            None => planner.rows_with_key(dimension, &input, values),
            Some(columns) => columns
                .iter()
                .map(|(column, e)| (column.name.clone(), planner.resolve(e, &input)))
                .collect(),
        };
        planner.export((dimension, rule), columns);
        Ok(())
    }

    fn expressions(&self) -> Vec<&Expr> {
        self.columns.iter().flatten().map(|(_, e)| e).collect()
    }

    fn inputs(&self) -> Vec<Population> {
        vec![Population::Transition(self.input)]
    }

    fn has_effects(&self) -> bool {
        true
    }

    fn caption(&self) -> Option<String> {
        self.to.name()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
