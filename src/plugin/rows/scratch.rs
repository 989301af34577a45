//! Tables that all connections see: what a plugin's rows are read from.

use std::collections::HashMap;

use crate::diagnostic::codes::plugin as codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::engine::duckdb::{Session as Engine, identifier, print};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::plan::query::Select;

use super::super::host::RunFacts;
use super::super::stream::SCRATCH;
use super::super::{guard, schemas};
use super::{RowCall, one};

/// Rows that a plugin reads: what stands behind `FROM`, and the engine's types of its columns.
pub(super) struct Source {
    pub(super) from: String,
    pub(super) types: EngineTypes,
}

impl RowCall {
    /// Puts the inputs where all connections see them, as often as they may be read.
    pub(super) fn load(
        &self,
        engine: &Engine,
        inputs: &[Select],
        facts: &RunFacts,
        tables: &mut Vec<String>,
    ) -> Result<Vec<Source>, Diagnostics> {
        let numbered = inputs.iter().enumerate();
        numbered.map(|(n, select)| self.load_one(engine, select, n, facts, tables)).collect()
    }

    /// The inputs for one reading: a query that other connections can run is left as it is, so
    /// that its rows are never held as a whole.
    pub(super) fn reach(
        &self,
        engine: &Engine,
        inputs: &[Select],
        facts: &RunFacts,
        tables: &mut Vec<String>,
    ) -> Result<Vec<Source>, Diagnostics> {
        let another = engine.another().map_err(|e| self.engine(e))?;
        let mut sources = Vec::new();
        for (n, select) in inputs.iter().enumerate() {
            let sql = print::select(select);
            // It cannot when the query reads temporary tables.
            let reachable = another.prepare(&sql).is_ok();
            let types: EngineTypes = match reachable {
                true => engine.describe(&sql).map_err(|e| self.engine(e))?.into_iter().collect(),
                false => EngineTypes::new(),
            };
            let columns = self.relations.get(n).map_or(&[][..], Vec::as_slice);
            sources.push(if reachable && wide(columns, &types).next().is_none() {
                Source { from: format!("({sql})"), types }
            } else {
                self.load_one(engine, select, n, facts, tables)?
            });
        }
        Ok(sources)
    }

    fn load_one(
        &self,
        engine: &Engine,
        select: &Select,
        n: usize,
        facts: &RunFacts,
        tables: &mut Vec<String>,
    ) -> Result<Source, Diagnostics> {
        engine.attach_scratch().map_err(|e| self.engine(e))?;
        let table = format!("{}_{n}", facts.node);
        let from = place(&table);
        engine
            .execute(&format!("CREATE TABLE {from} AS\n{}", print::select(select)))
            .map_err(|e| self.engine(e))?;
        tables.push(table);
        let types = engine.describe(&format!("SELECT * FROM {from}"));
        let types = types.map_err(|e| self.engine(e))?.into_iter().collect();
        let source = Source { from, types };
        if let Some(columns) = self.relations.get(n) {
            self.check_widths(engine, columns, &source)?;
        }
        Ok(source)
    }

    /// Whole numbers cross in 64 bits; the engine's may have more.
    fn check_widths(
        &self,
        engine: &Engine,
        columns: &[(String, Type)],
        source: &Source,
    ) -> Result<(), Diagnostics> {
        for name in wide(columns, &source.types) {
            let column = identifier(name);
            let sql = format!(
                "SELECT count(*) FROM {} \
                 WHERE {column} IS NOT NULL AND TRY_CAST({column} AS BIGINT) IS NULL",
                source.from
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

/// The columns of whole numbers whose values may need more than 64 bits.
fn wide<'c>(
    columns: &'c [(String, Type)],
    types: &'c EngineTypes,
) -> impl Iterator<Item = &'c String> {
    let names = columns.iter().filter(|(_, ty)| *ty == Type::Int).map(|(name, _)| name);
    names.filter(|name| types.get(*name).is_some_and(|of| of == "HUGEINT" || of == "UBIGINT"))
}

/// A scratch table in statements.
pub(super) fn place(table: &str) -> String {
    format!("{SCRATCH}.main.{}", identifier(table))
}

/// Drops scratch tables, but for those that a thread which was abandoned may still read.
pub(super) fn drop_tables(engine: &Engine, tables: Vec<String>) {
    if guard::abandoned() {
        return;
    }
    for table in tables {
        // Only memory is lost when that fails.
        let _ = engine.execute(&format!("DROP TABLE {}", place(&table)));
    }
}

/// The rows of a source as the contract types them, in the order of the key.
pub(super) fn rows_of(
    source: &Source,
    columns: &[(String, Type)],
    keys: usize,
    only: Option<&str>,
) -> String {
    let list: Vec<String> = columns
        .iter()
        .map(|(name, ty)| {
            let of = source.types.get(name).map_or("", String::as_str);
            let name = identifier(name);
            format!("{} AS {name}", schemas::outward(&name, ty, of))
        })
        .collect();
    let order: Vec<String> = columns.iter().take(keys).map(|(name, _)| identifier(name)).collect();
    let order =
        if order.is_empty() { String::new() } else { format!(" ORDER BY {}", order.join(", ")) };
    let only = only.map_or(String::new(), |only| format!(" WHERE {only}"));
    format!("SELECT {} FROM {} AS i{only}{order}", list.join(", "), source.from)
}
