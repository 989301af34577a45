//! Tables that all connections see: what a plugin's rows are read from.

use std::collections::HashMap;

use crate::diagnostic::codes::plugin as codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::engine::duckdb::{EngineError, Session as Engine, identifier, literal, print};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::plan::query::Select;

use super::super::host::RunFacts;
use super::super::stream::SCRATCH;
use super::super::{guard, schemas};
use super::{RowCall, one};

impl RowCall {
    /// Puts the inputs where all connections see them.
    pub(super) fn load(
        &self,
        engine: &Engine,
        inputs: &[Select],
        facts: &RunFacts,
        tables: &mut Vec<String>,
    ) -> Result<Vec<EngineTypes>, Diagnostics> {
        engine.attach_scratch().map_err(|e| self.engine(e))?;
        let mut types = Vec::new();
        for (n, select) in inputs.iter().enumerate() {
            let table = format!("{}_{n}", facts.node);
            engine
                .execute(&format!(
                    "CREATE TABLE {SCRATCH}.main.{} AS\n{}",
                    identifier(&table),
                    print::select(select)
                ))
                .map_err(|e| self.engine(e))?;
            types.push(types_of(engine, &table).map_err(|e| self.engine(e))?);
            tables.push(table);
        }
        for ((columns, types), table) in self.relations.iter().zip(&types).zip(&*tables) {
            self.check_widths(engine, columns, types, table)?;
        }
        Ok(types)
    }

    /// Whole numbers cross in 64 bits; the engine's may have more.
    fn check_widths(
        &self,
        engine: &Engine,
        columns: &[(String, Type)],
        types: &EngineTypes,
        table: &str,
    ) -> Result<(), Diagnostics> {
        for (name, ty) in columns {
            let wide = types.get(name).is_some_and(|of| of == "HUGEINT" || of == "UBIGINT");
            if *ty != Type::Int || !wide {
                continue;
            }
            let column = identifier(name);
            let table = identifier(table);
            let sql = format!(
                "SELECT count(*) FROM {SCRATCH}.main.{table} \
                 WHERE {column} IS NOT NULL AND TRY_CAST({column} AS BIGINT) IS NULL"
            );
            let rows = engine.query(&sql).map_err(|e| self.engine(e))?;
            let Some(Value::Int(n @ 1..)) = rows.first().and_then(|row| row.first()) else {
                continue;
            };
            let activity = &self.planned.title;
            return Err(one(Diagnostic::error(
                codes::DATA,
                format!("{n} values of a column are too large for `{activity}`"),
            )
            .label(
                self.places.find(&format!("inputs.in.columns.{name}")),
                "takes whole numbers of 64 bits",
            )
            .help("convert them: `decimal(x, 0)` or a text")));
        }
        Ok(())
    }
}

/// The engine's types of a table's columns.
pub(super) type EngineTypes = HashMap<String, String>;

fn types_of(engine: &Engine, table: &str) -> Result<EngineTypes, EngineError> {
    let rows = engine.query(&format!(
        "SELECT column_name, data_type FROM duckdb_columns() \
         WHERE database_name = {} AND table_name = {}",
        literal(SCRATCH),
        literal(table)
    ))?;
    let texts = rows.into_iter().filter_map(|row| match <[Value; 2]>::try_from(row) {
        Ok([Value::Text(name), Value::Text(ty)]) => Some((name, ty)),
        _ => None,
    });
    Ok(texts.collect())
}

/// Drops scratch tables, but for those that a thread which was abandoned may still read.
pub(super) fn drop_tables(engine: &Engine, tables: Vec<String>) {
    if guard::abandoned() {
        return;
    }
    for table in tables {
        // Only memory is lost when that fails.
        let _ = engine.execute(&format!("DROP TABLE {SCRATCH}.main.{}", identifier(&table)));
    }
}

/// The rows of a scratch table as the contract types them, in the order of the key.
pub(super) fn rows_of(
    (table, types): (&str, &EngineTypes),
    columns: &[(String, Type)],
    keys: usize,
    only: Option<&str>,
) -> String {
    let list: Vec<String> = columns
        .iter()
        .map(|(name, ty)| {
            let of = types.get(name).map_or("", String::as_str);
            let name = identifier(name);
            format!("{} AS {name}", schemas::outward(&name, ty, of))
        })
        .collect();
    let order: Vec<String> = columns.iter().take(keys).map(|(name, _)| identifier(name)).collect();
    let order =
        if order.is_empty() { String::new() } else { format!(" ORDER BY {}", order.join(", ")) };
    let only = only.map_or(String::new(), |only| format!(" WHERE {only}"));
    let (list, table) = (list.join(", "), identifier(table));
    format!("SELECT {list} FROM {SCRATCH}.main.{table} AS i{only}{order}")
}
