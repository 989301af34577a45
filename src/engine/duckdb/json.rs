//! JSON files: the names of all records, and a type for each that loses nothing.
//!
//! The engine's own detection turns a column of ids into binary floats as soon as one number has a
//! fraction, and texts that look like dates into dates. Here every column is read as JSON once, and
//! the kinds of its values decide. The answer is kept ([`answers`]).

use super::answers;
use super::bytes::Mark;
use super::error::EngineError;
use super::files::{display, duplicate_header, no_nul, otherwise, path_list, unreadable};
use super::session::Session;
use super::typing::{Found, Stage, suggested};
use super::{bytes, identifier, literal, types};
use crate::diagnostic::{Diagnostic, codes::data, suggest};
use crate::model::schema::{Column, FileFormat, FileOptions, Relation, Scan};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::source::Span;

/// What the values of a column are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Values {
    None,
    Numbers,
    Texts,
    Bools,
    Lists,
    Scalars,
    Other,
}

/// Opens JSON files: the names and types of their columns.
pub(super) fn open(
    session: &Session,
    paths: &[String],
    options: &FileOptions,
    span: Span,
) -> Result<Relation, Diagnostic> {
    let stated =
        answers::kept(session, "json", paths, options, || stated(session, paths, options, span))?;
    let column = |(name, engine_type): &(String, String)| Column {
        name: name.clone(),
        ty: types::from_engine(engine_type).ty,
        nullable: true,
    };
    let columns = stated.iter().map(column).collect();
    let scan = Scan::Files { paths: paths.to_vec(), format: FileFormat::Json { columns: stated } };
    Ok(Relation { scan, columns, primary_key: vec![], foreign_keys: vec![] })
}

/// Every column with the engine's type.
fn stated(
    session: &Session,
    paths: &[String],
    options: &FileOptions,
    span: Span,
) -> Result<Vec<(String, String)>, Diagnostic> {
    let failed = |e: EngineError| unreadable(e, paths, span);
    for path in paths {
        if let Some(why) = bytes::damage(path) {
            return Err(otherwise(path, why, span));
        }
        if let Mark::Utf16 { .. } | Mark::Utf16Big = bytes::mark(path) {
            let title = format!("`{}` is UTF-16, and JSON is read as UTF-8", display(path));
            return Err(Diagnostic::error(data::FILE_UNREADABLE, title)
                .label(span, "not in UTF-8")
                .help("convert the file: `iconv -f UTF-16 -t UTF-8`"));
        }
    }
    let names = names(session, paths, options, span)?;
    let all: Vec<String> = names.iter().map(|n| format!("{}: 'JSON'", literal(n))).collect();
    let source = format!(
        "read_json({}, columns={{{}}}, hive_partitioning=false)",
        path_list(paths),
        all.join(", ")
    );
    let kinds: Vec<String> =
        names.iter().map(|n| format!("list(DISTINCT json_type({}))", identifier(n))).collect();
    let rows =
        session.query(&format!("SELECT {} FROM {source}", kinds.join(", "))).map_err(failed)?;
    let kinds: Vec<Values> =
        rows.into_iter().next().unwrap_or_default().iter().map(values).collect();

    let mut found: Vec<Stage> = Vec::new();
    let mut texts: Vec<String> = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let column = identifier(name);
        let declared = options.columns.iter().find(|d| d.name.eq_ignore_ascii_case(name));
        let kind = kinds.get(at).copied().unwrap_or(Values::Other);
        texts.push(match kind {
            Values::Numbers => format!("CAST({column} AS VARCHAR)"),
            _ => format!("({column} ->> '$')"),
        });
        let plain = |ty: &str| Stage::Done(Found::Type { engine_type: ty.into(), format: None });
        found.push(match (declared, kind) {
            (Some(d), _) if d.ty == Type::Json => plain("JSON"),
            (Some(d), _) if d.ty == Type::Text => plain("VARCHAR"),
            (Some(d), _) if d.format.is_some() => {
                return Err(Diagnostic::error(
                    data::CSV_OPTION,
                    "a format can be declared only for columns of CSV files",
                )
                .label(d.span, "in a JSON file")
                .help("declare the column as text, and convert it with `date(x, \"…\")`"));
            }
            (Some(d), _) => Stage::Declared { ty: d.ty.clone(), format: None },
            (None, Values::None | Values::Scalars) => plain("VARCHAR"),
            (None, Values::Numbers) => Stage::Whole,
            (None, Values::Bools) => plain("BOOLEAN"),
            (None, Values::Texts) => Stage::Unknown,
            (None, Values::Lists) => plain(&list_type(session, &source, &column).map_err(failed)?),
            (None, Values::Other) => plain("JSON"),
        });
    }
    settle(session, &source, &texts, &mut found).map_err(failed)?;

    let mut stated = Vec::with_capacity(names.len());
    for ((name, stage), text) in names.iter().zip(found).zip(&texts) {
        let engine_type = match stage {
            Stage::Done(Found::Type { engine_type, format: None }) => engine_type,
            // Dates that JSON writes another way than ISO 8601 are texts.
            Stage::Done(Found::Type { .. } | Found::Ambiguous { .. }) => "VARCHAR".to_string(),
            Stage::Done(Found::Misfit { condition }) => {
                let sql = format!("SELECT {text} FROM {source} WHERE {condition} LIMIT 1");
                let rows = session.query(&sql).map_err(failed)?;
                let value = match rows.first().and_then(|r| r.first()) {
                    Some(Value::Text(value)) => value.clone(),
                    _ => String::new(),
                };
                let declared = options.columns.iter().find(|d| d.name.eq_ignore_ascii_case(name));
                let ty = declared.map_or_else(String::new, |d| d.ty.to_string());
                return Err(Diagnostic::error(
                    data::CSV_VALUE,
                    format!("`{value}` in column `{name}` is no {ty}"),
                )
                .label(declared.map_or(span, |d| d.span), "does not fit every value")
                .help("mend the value, or declare the column as text"));
            }
            _ => "VARCHAR".to_string(),
        };
        stated.push((name.clone(), engine_type));
    }
    Ok(stated)
}

/// The names of all records, in the order they first appear.
fn names(
    session: &Session,
    paths: &[String],
    options: &FileOptions,
    span: Span,
) -> Result<Vec<String>, Diagnostic> {
    let failed = |e: EngineError| unreadable(e, paths, span);
    let list = path_list(paths);
    let described = session
        .describe(&format!(
            "SELECT * FROM read_json({list}, maximum_depth=1, sample_size=-1, union_by_name=true, \
             hive_partitioning=false)"
        ))
        .map_err(failed)?;
    let mut names: Vec<String> = described.into_iter().map(|(name, _)| name).collect();
    let keys = |filter: &str| {
        session.query(&format!(
            "SELECT DISTINCT unnest(json_keys(json)) AS k FROM read_json_objects({list}) {filter}"
        ))
    };
    // The engine calls a file without records a file with one column `json`, and renames the second
    // of two names that differ by case.
    let suspicious = names.iter().any(|n| {
        n == "json" || n.rsplit_once('_').is_some_and(|(_, end)| end.parse::<u32>().is_ok())
    });
    if suspicious {
        let known: Vec<String> = keys("")
            .map_err(failed)?
            .into_iter()
            .filter_map(|row| match row.into_iter().next() {
                Some(Value::Text(key)) => Some(key),
                _ => None,
            })
            .collect();
        if let Some((twin, name)) = super::files::twins(&known) {
            let (a, b) = if twin < name { (twin, name) } else { (name, twin) };
            return Err(duplicate_header(&super::files::display(&paths[0]), a, b, span));
        }
        if known.is_empty() {
            names.clear();
        }
    }
    no_nul(&display(&paths[0]), &names, span)?;
    for declared in &options.columns {
        // A file without records yet is what it is declared to be.
        if names.is_empty() || names.iter().any(|n| n.eq_ignore_ascii_case(&declared.name)) {
            continue;
        }
        return Err(Diagnostic::error(
            data::DECLARED_COLUMN,
            format!("`{}` has no column `{}`", display(&paths[0]), declared.name),
        )
        .label(declared.span, "not in the file")
        .maybe_help(suggest::unknown_name(
            &declared.name,
            "columns",
            names.iter().map(String::as_str),
        )));
    }
    if names.is_empty() {
        names = options.columns.iter().map(|d| d.name.clone()).collect();
    }
    if let (true, Some(marked)) =
        (names.is_empty(), paths.iter().find(|p| bytes::mark(p) == Mark::Utf8))
    {
        // The engine finds the records of an array only where it begins at the first byte.
        let title =
            format!("`{}` begins with a byte order mark, not with a record", display(marked));
        return Err(Diagnostic::error(data::FILE_UNREADABLE, title)
            .label(span, "begins with a mark")
            .help("save the file as UTF-8 without a mark"));
    }
    if names.is_empty() {
        return Err(Diagnostic::error(
            data::FILE_UNREADABLE,
            format!("`{}` holds no records, so no columns", display(&paths[0])),
        )
        .label(span, "holds no records")
        .help("declare its columns: `columns (id: int)`"));
    }
    Ok(names)
}

fn values(kinds: &Value) -> Values {
    let Value::List(kinds) = kinds else { return Values::None };
    let mut all = Values::None;
    for kind in kinds {
        let Value::Text(kind) = kind else { continue };
        let one = match kind.as_str() {
            "NULL" => continue,
            "BIGINT" | "UBIGINT" | "HUGEINT" | "DOUBLE" => Values::Numbers,
            "VARCHAR" => Values::Texts,
            "BOOLEAN" => Values::Bools,
            "ARRAY" => Values::Lists,
            _ => Values::Other,
        };
        let scalar =
            |v| matches!(v, Values::Numbers | Values::Texts | Values::Bools | Values::Scalars);
        all = match all {
            Values::None => one,
            same if same == one => same,
            other if scalar(other) && scalar(one) => Values::Scalars,
            _ => Values::Other,
        };
    }
    all
}

/// The type of a column of lists: of texts, of whole numbers, else JSON.
fn list_type(session: &Session, source: &str, column: &str) -> Result<String, EngineError> {
    let rows = session.query(&format!(
        "SELECT DISTINCT json_type(e) FROM (SELECT unnest({column} -> '$[*]') AS e FROM {source}) \
         WHERE e IS NOT NULL"
    ))?;
    let kinds = Value::List(rows.into_iter().flatten().collect());
    let whole = matches!(&kinds, Value::List(k) if k.iter().all(|k| {
        *k == Value::Text("BIGINT".into()) || *k == Value::Text("UBIGINT".into())
            || *k == Value::Text("NULL".into())
    }));
    Ok(match values(&kinds) {
        Values::Texts | Values::None => "VARCHAR[]",
        Values::Bools => "BOOLEAN[]",
        Values::Numbers if whole => "HUGEINT[]",
        _ => "JSON",
    }
    .into())
}

/// Asks until every column is settled. Texts can only become times: a number in quotes is a text.
fn settle(
    session: &Session,
    source: &str,
    texts: &[String],
    stages: &mut [Stage],
) -> Result<(), EngineError> {
    while stages.iter().any(|s| !s.is_done()) {
        let (mut asked, mut parts) = (Vec::new(), Vec::new());
        for (at, stage) in stages.iter().enumerate() {
            let aggregates = stage.aggregates(&texts[at]);
            if !aggregates.is_empty() {
                asked.push((at, parts.len(), aggregates.len()));
                parts.extend(aggregates);
            }
        }
        let rows = session.query(&format!("SELECT {} FROM {source}", parts.join(", ")))?;
        let answers = rows.into_iter().next().unwrap_or_default();
        for (at, from, count) in asked {
            let answers = answers.get(from..from + count).unwrap_or_default();
            // Only a text column can hold empty texts.
            let empties = matches!(answers.get(1), Some(Value::Int(n)) if *n > 0);
            stages[at] = match (&stages[at], answers.get(2)) {
                (Stage::Unknown, Some(Value::Text(sample))) => match suggested(sample) {
                    time @ (Stage::Day | Stage::Local | Stage::Zoned) if !empties => time,
                    _ => Stage::Done(Found::text()),
                },
                (stage, _) => stage.decide(&texts[at], answers),
            };
        }
    }
    Ok(())
}
