//! Tables of attached databases that exports write: in one transaction of that database, on a
//! connection of its own, since a transaction may write one database only.
//!
//! A table that exists keeps its indexes, rights and views: its rows are replaced. One of other
//! columns is refused, since it may be anybody's.

use duckdb::Connection;

use super::attach::Keeper;
use super::error::EngineError;
use super::session::{PROJECT, Session};
use super::tables::{self, Entry};
use super::{identifier, literal, types};
use crate::diagnostic::{Diagnostic, codes::data, codes::plan, suggest};
use crate::model::schema::Target;
use crate::model::types::Type;
use crate::model::value::Value;
use crate::source::Span;

/// The endings of files that exports write.
const FILES: [&str; 6] = ["csv", "tsv", "parquet", "json", "ndjson", "jsonl"];

/// Rows that wait for their table, in the database `scratch`.
#[derive(Debug)]
pub struct Waiting {
    /// The table of `scratch`.
    table: String,
    /// How many.
    pub rows: u64,
    /// The name of each column, the type it has in the target, and its value.
    columns: Vec<(String, String, String)>,
    /// Whether the target must be made.
    create: bool,
}

/// An open transaction of an attached database. Dropped without a commit, it changed nothing.
pub struct Writing<'e> {
    engine: &'e Session,
    connection: Option<Connection>,
    /// The engine's name of the database, and the one under which it is written.
    database: String,
    writable: String,
}

impl Session {
    /// A table that a script wants to write; it need not exist.
    ///
    /// # Errors
    /// It is not in an attached database that can be written, or is a view.
    pub fn target(&self, parts: &[String], span: Span) -> Result<Target, Diagnostic> {
        let written = parts.join(".");
        let wrong = |title: String, label: &str, help: String| {
            Err(Diagnostic::error(plan::EXPORT_TARGET, title).label(span, label).help(help))
        };
        let (first, schema, table) = match parts {
            [first, table] => (first, None, table),
            [first, schema, table] => (first, Some(schema), table),
            _ => {
                return wrong(
                    format!("`{written}` names no database to export to"),
                    "not a table of a database",
                    format!("write `database.table`, or a file in quotes: `\"{written}.csv\"`"),
                );
            }
        };
        let Some(database) = self.database_named(first) else {
            let file = FILES.iter().any(|ending| table.eq_ignore_ascii_case(ending));
            let names = self.database_names();
            let help = match file && schema.is_none() {
                true => Some(format!("write the file in quotes: `\"{written}\"`")),
                false => {
                    suggest::unknown_name(first, "databases", names.iter().map(String::as_str))
                }
            };
            return Err(Diagnostic::error(
                data::UNKNOWN_DATABASE,
                format!("no database `{first}`"),
            )
            .label(span, "not a database")
            .maybe_help(help));
        };
        if database == PROJECT {
            return wrong(
                format!("`{first}` is the project's own database"),
                "belongs to Camp's audiences",
                "save an audience there: `save audience … as \"…\"`".into(),
            );
        }
        let keeper = self.keeper(&database);
        if keeper == Keeper::DuckLake {
            return wrong(
                format!("`{first}` is a DuckLake, which Camp only reads"),
                "cannot be written",
                "export to a file, or to a table of DuckDB, SQLite or Postgres".into(),
            );
        }
        let schema = self.schema_of(&database, keeper, schema, span)?;
        let entries = self.entries().map_err(|e| e.into_diagnostic(Some(span)))?;
        let in_schema: Vec<&Entry> =
            entries.iter().filter(|e| e.database == database && e.schema == schema).collect();
        let table = match tables::best(&in_schema, table, |e| &e.table).as_slice() {
            [entry] if entry.view => {
                return wrong(
                    format!("`{written}` is a view"),
                    "not a table",
                    "name a table".into(),
                );
            }
            [entry] => entry.table.clone(),
            _ => table.clone(),
        };
        Ok(Target { database, schema, table, written })
    }

    fn schema_of(
        &self,
        database: &str,
        keeper: Keeper,
        written: Option<&String>,
        span: Span,
    ) -> Result<String, Diagnostic> {
        let Some(written) = written else {
            return Ok(if keeper == Keeper::Postgres { "public" } else { "main" }.into());
        };
        let rows = self
            .query(&format!(
                "SELECT schema_name FROM duckdb_schemas() WHERE database_name = {} ORDER BY 1",
                literal(database)
            ))
            .map_err(|e| e.into_diagnostic(Some(span)))?;
        let names: Vec<String> = rows.iter().filter_map(|r| tables::texts(r)?.pop()).collect();
        let folded = written.to_lowercase();
        let exact = names.iter().find(|n| *n == written);
        match exact.or_else(|| names.iter().find(|n| n.to_lowercase() == folded)) {
            Some(name) => Ok(name.clone()),
            None => Err(Diagnostic::error(
                data::UNKNOWN_DATABASE,
                format!("no schema `{written}` in the database"),
            )
            .label(span, "not a schema there")
            .maybe_help(suggest::unknown_name(
                written,
                "schemas",
                names.iter().map(String::as_str),
            ))),
        }
    }

    /// Computes the rows of a query for a table, and checks that they fit it. Writes nothing there.
    ///
    /// # Errors
    /// The table has other columns; the engine's.
    pub fn wait_for(
        &self,
        target: &Target,
        query: &str,
        number: usize,
        span: Span,
    ) -> Result<Waiting, Diagnostic> {
        let failed = |e: EngineError| e.into_diagnostic(Some(span));
        self.attach_scratch().map_err(failed)?;
        let table = format!("export_{number}");
        let place = format!("scratch.main.{}", identifier(&table));
        let rows =
            self.execute(&format!("CREATE OR REPLACE TABLE {place} AS {query}")).map_err(failed)?;
        let own = self.describe(&format!("SELECT * FROM {place}")).map_err(failed)?;
        let keeper = self.keeper(&target.database);
        let there = self.columns_there(target).map_err(failed)?;
        let create = there.is_empty();
        let mut columns = Vec::with_capacity(own.len());
        for (name, ty) in &own {
            let made = made_as(ty, keeper);
            let column = match create {
                true => (name.clone(), made),
                false => {
                    let folded = name.to_lowercase();
                    let same = there
                        .iter()
                        .find(|(n, _)| n == name)
                        .or_else(|| there.iter().find(|(n, _)| n.to_lowercase() == folded));
                    match same {
                        Some((there, of)) if fits(ty, &made, of) => (there.clone(), of.clone()),
                        Some((there, of)) => {
                            let here = types::from_engine(ty).ty;
                            let of = types::from_engine(of).ty;
                            let what = format!("`{there}` is {of} there and {here} here");
                            return Err(other_columns(target, &what, span));
                        }
                        None => {
                            let what = format!("it has no `{name}`");
                            return Err(other_columns(target, &what, span));
                        }
                    }
                }
            };
            let value = converted(&identifier(name), ty, &column.1);
            columns.push((column.0, column.1, value));
        }
        let known = |name: &str| columns.iter().any(|(n, ..)| n == name);
        if let Some((name, _)) = there.iter().find(|(name, _)| !known(name)) {
            let what = format!("its column `{name}` is not exported");
            return Err(other_columns(target, &what, span));
        }
        Ok(Waiting { table, rows, columns, create })
    }

    /// The columns of a table with their types; none where there is no table.
    fn columns_there(&self, target: &Target) -> Result<Vec<(String, String)>, EngineError> {
        let rows = self.query(&format!(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = {} \
             AND schema_name = {} AND table_name = {} ORDER BY column_index",
            literal(&target.database),
            literal(&target.schema),
            literal(&target.table)
        ))?;
        Ok(rows
            .iter()
            .filter_map(|row| match row.as_slice() {
                [Value::Text(name), Value::Text(ty)] => Some((name.clone(), ty.clone())),
                _ => None,
            })
            .collect())
    }

    /// Begins a transaction that writes an attached database, until it is dropped.
    ///
    /// # Errors
    /// The database cannot be written, or somebody holds it.
    pub fn write_to(&self, database: &str, span: Span) -> Result<Writing<'_>, Diagnostic> {
        let failed = |e: EngineError| e.into_diagnostic(Some(span));
        let keeper = self.keeper(database);
        let writable = self.attach_for_writing(database, span)?;
        let mut writing =
            Writing { engine: self, connection: None, database: database.into(), writable };
        let connection = self.another().map_err(failed)?;
        let begun = connection.execute_batch("BEGIN TRANSACTION");
        writing.connection = Some(connection);
        begun.map_err(|e| failed(e.into()))?;
        if keeper == Keeper::Postgres {
            // Somebody who reads the table must not keep a run for ever.
            let wait = self.options.wait.as_millis().max(1);
            let set = format!("SET LOCAL lock_timeout = {wait}");
            writing
                .run(&format!(
                    "CALL postgres_execute({}, {})",
                    literal(&writing.writable),
                    literal(&set)
                ))
                .map_err(failed)?;
        }
        Ok(writing)
    }
}

impl Writing<'_> {
    /// Whether it writes this database.
    pub fn is_of(&self, database: &str) -> bool {
        self.database == database
    }

    /// Puts rows in the place of those of a table, which is made where there is none.
    ///
    /// # Errors
    /// The engine's, and those of the database.
    pub fn replace(&self, target: &Target, waiting: &Waiting) -> Result<(), EngineError> {
        let place = format!(
            "{}.{}.{}",
            identifier(&self.writable),
            identifier(&target.schema),
            identifier(&target.table)
        );
        let names: Vec<String> = waiting.columns.iter().map(|(n, ..)| identifier(n)).collect();
        if waiting.create {
            let columns: Vec<String> = waiting
                .columns
                .iter()
                .map(|(n, ty, _)| format!("{} {ty}", identifier(n)))
                .collect();
            self.run(&format!("CREATE TABLE {place} ({})", columns.join(", ")))?;
        } else {
            self.run(&format!("DELETE FROM {place}"))?;
        }
        let values: Vec<&str> = waiting.columns.iter().map(|(.., v)| v.as_str()).collect();
        self.run(&format!(
            "INSERT INTO {place} ({}) SELECT {} FROM scratch.main.{}",
            names.join(", "),
            values.join(", "),
            identifier(&waiting.table)
        ))
    }

    /// Commits: from here on everybody sees the new rows.
    ///
    /// # Errors
    /// Those of the database; nothing changed then.
    pub fn commit(self) -> Result<(), EngineError> {
        self.run("COMMIT")
    }

    fn run(&self, sql: &str) -> Result<(), EngineError> {
        match &self.connection {
            Some(connection) => Ok(connection.execute_batch(sql)?),
            None => Ok(()),
        }
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Fails after a commit, when there is nothing to roll back.
            let _ = connection.execute_batch("ROLLBACK");
        }
        self.engine.attach_for_reading(&self.database, &self.writable);
    }
}

fn other_columns(target: &Target, what: &str, span: Span) -> Diagnostic {
    Diagnostic::error(
        data::EXPORT_COLUMNS,
        format!("The table `{}` has other columns: {what}", target.written),
    )
    .label(span, "would be written here")
    .help("select what the table has, drop the table, or export to another one")
}

/// The type that a column of the engine's type gets in a table that is made.
fn made_as(ty: &str, keeper: Keeper) -> String {
    let own = types::from_engine(ty).ty;
    match keeper {
        Keeper::DuckDb | Keeper::DuckLake => ty.to_owned(),
        Keeper::Sqlite => match own {
            Type::Int | Type::Bool => "BIGINT",
            Type::Float | Type::Decimal { .. } => "DOUBLE",
            _ => "VARCHAR",
        }
        .into(),
        Keeper::Postgres => match own {
            Type::Int => match ty {
                "TINYINT" | "UTINYINT" | "SMALLINT" => "SMALLINT",
                "USMALLINT" | "INTEGER" => "INTEGER",
                "UINTEGER" | "BIGINT" => "BIGINT",
                _ => "DECIMAL(38,0)",
            }
            .into(),
            Type::Text => "VARCHAR".into(),
            Type::List(of) if !matches!(*of, Type::List(_) | Type::Struct(_) | Type::Json) => {
                let of = ty.strip_suffix("[]").unwrap_or("VARCHAR");
                format!("{}[]", made_as(of, keeper))
            }
            Type::List(_) | Type::Struct(_) => "JSON".into(),
            _ => ty.to_owned(),
        },
    }
}

/// Whether values of an engine type, or of the one that a new table would have, go into a column
/// without becoming something else.
fn fits(ty: &str, made: &str, there: &str) -> bool {
    let there = types::from_engine(there).ty;
    let fit = |own: Type| match (&own, &there) {
        (Type::Decimal { precision: p, scale: s }, Type::Decimal { precision: tp, scale: ts }) => {
            ts >= s && tp - ts >= p - s
        }
        (Type::Int, Type::Decimal { .. }) => true,
        (own, there) => own == there,
    };
    fit(types::from_engine(ty).ty) || fit(types::from_engine(made).ty)
}

/// A value as a column of a type takes it.
fn converted(value: &str, ty: &str, to: &str) -> String {
    let nested = matches!(types::from_engine(ty).ty, Type::List(_) | Type::Struct(_));
    match (nested, to) {
        _ if ty == to => value.to_owned(),
        (true, "JSON") => format!("to_json({value})"),
        (true, "VARCHAR") => format!("CAST(to_json({value}) AS VARCHAR)"),
        _ => format!("CAST({value} AS {to})"),
    }
}
