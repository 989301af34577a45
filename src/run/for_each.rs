//! `save audience … for each COLUMN`: one audience per value that the column has at this run.

use crate::activity::save_audience::Save;
use crate::diagnostic::{Diagnostic, codes};
use crate::engine::duckdb::Session as Engine;
use crate::engine::duckdb::print::{self, plain};
use crate::model::program::Program;
use crate::model::value::Value;
use crate::plan::lower::{count_rows, equal};
use crate::plan::query::{Order, Scalar, Select, Source};

/// A label and its rows.
pub type Part = (String, Select);

/// The audiences of a save: one, or with `for each` one per value. Rows without a value are in
/// none of them, which is warned of.
///
/// # Errors
/// When the values cannot be read.
pub fn parts(
    engine: &Engine,
    program: &Program,
    save: &Save,
    rows: &Select,
) -> Result<(Vec<Part>, Option<Diagnostic>), Diagnostic> {
    let Some(column) = save.for_each else {
        return Ok((vec![(save.label.clone(), rows.clone())], None));
    };
    let carried = &program[save.input].columns[column];
    let value = || Scalar::Column("e".into(), carried.name.clone());
    let from = || Some((Source::Query(Box::new(rows.clone())), "e".into()));
    let values = Select {
        columns: vec![("value".into(), value()), ("times".into(), count_rows())],
        from: from(),
        group_by: vec![value()],
        order_by: vec![Order { expr: value(), descending: false }],
        ..Select::default()
    };
    let found = engine
        .query(&print::select(&values))
        .map_err(|e| e.into_diagnostic(Some(save.label_span)))?;
    let placeholder = format!("{{{{{}}}}}", carried.name);
    let mut parts = Vec::new();
    let mut warning = None;
    for row in found {
        let mut cells = row.into_iter();
        match (cells.next(), cells.next()) {
            (Some(Value::Missing), Some(times)) => {
                let title = format!(
                    "{} rows have no value of `{}` and are in no audience",
                    plain(&times),
                    carried.name
                );
                warning = Some(
                    Diagnostic::warning(codes::warnings::FOR_EACH_MISSING, title)
                        .label(save.label_span, "one audience for each value")
                        .help(format!("give them one: `coalesce({}, \"other\")`", carried.name)),
                );
            }
            (Some(found), _) => {
                let label = save.label.replace(&placeholder, &plain(&found));
                if label.contains('\0') {
                    let title = format!("A value of `{}` holds the character NUL", carried.name);
                    return Err(Diagnostic::error(codes::usage::NUL, title)
                        .label(save.label_span, "would be in a label")
                        .help("leave the value out with `where`, or mend it in the data"));
                }
                let own = |name: &String| (name.clone(), Scalar::Column("e".into(), name.clone()));
                let is = equal(value(), Scalar::Literal(found, carried.ty.clone()));
                parts.push((
                    label,
                    Select {
                        columns: rows.columns.iter().map(|(name, _)| own(name)).collect(),
                        from: from(),
                        filter: Some(is),
                        ..Select::default()
                    },
                ));
            }
            _ => {}
        }
    }
    Ok((parts, warning))
}
