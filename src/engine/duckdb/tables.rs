//! Tables and views of the project's database and of attached ones.

use super::attach::Keeper;
use super::error::EngineError;
use super::session::{PROJECT, Session};
use super::{identifier, literal, types};
use crate::diagnostic::{Diagnostic, codes::data, suggest};
use crate::model::schema::{Column, ForeignKey, Relation, Scan, Target};
use crate::model::value::Value;
use crate::source::Span;

/// The schemas in which a name without one is looked up.
const DEFAULT_SCHEMAS: [&str; 2] = ["main", "public"];

/// What the names of views that cast a source begin with.
const CAST: &str = "camp:";

/// Whether a table that is read, by its name, is a view that casts this one.
pub fn casts(target: &Target, view: &str) -> bool {
    let entry = Entry {
        database: target.database.clone(),
        schema: target.schema.clone(),
        table: target.table.clone(),
        view: false,
    };
    view.strip_prefix(CAST).is_some_and(|name| name.eq_ignore_ascii_case(&entry.spelled()))
}

/// A table or view that can be named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) database: String,
    pub(super) schema: String,
    pub(super) table: String,
    pub(super) view: bool,
}

impl Entry {
    /// As a script would write it.
    fn spelled(&self) -> String {
        let default = DEFAULT_SCHEMAS.contains(&self.schema.as_str());
        match (self.database == PROJECT, default) {
            (true, true) => self.table.clone(),
            (true, false) => format!("{}.{}", self.schema, self.table),
            (false, true) => format!("{}.{}", self.database, self.table),
            (false, false) => format!("{}.{}.{}", self.database, self.schema, self.table),
        }
    }

    fn sql(&self) -> String {
        format!(
            "{}.{}.{}",
            identifier(&self.database),
            identifier(&self.schema),
            identifier(&self.table)
        )
    }

    fn filter(&self) -> String {
        format!(
            "database_name = {} AND schema_name = {} AND table_name = {}",
            literal(&self.database),
            literal(&self.schema),
            literal(&self.table)
        )
    }
}

impl Session {
    /// A table or view: `table`, `schema.table`, `database.table` or `database.schema.table`.
    ///
    /// # Errors
    /// When no such table exists.
    pub fn table(&self, parts: &[String], span: Span) -> Result<Relation, Diagnostic> {
        let entries = self.entries().map_err(|e| e.into_diagnostic(Some(span)))?;
        let entry = self.resolve(&entries, parts, span)?;
        self.relation(entry, span)
    }

    /// The names of the tables a bare name can mean.
    pub fn table_names(&self) -> Vec<String> {
        let entries = self.entries().unwrap_or_default();
        entries
            .into_iter()
            .filter(|e| e.database == PROJECT && e.schema == DEFAULT_SCHEMAS[0])
            .map(|e| e.table)
            .collect()
    }

    pub(super) fn entries(&self) -> Result<Vec<Entry>, EngineError> {
        let rows = self.query(
            "SELECT database_name, schema_name, table_name, false FROM duckdb_tables() \
             WHERE NOT internal AND database_name NOT IN ('system', 'temp', 'memory') \
             UNION ALL \
             SELECT database_name, schema_name, view_name, true FROM duckdb_views() \
             WHERE NOT internal AND database_name NOT IN ('system', 'temp', 'memory') \
             ORDER BY 1, 2, 3",
        )?;
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                let [database, schema, table]: [String; 3] = texts(&row)?.try_into().ok()?;
                Some(Entry {
                    database,
                    schema,
                    table,
                    view: row.get(3) == Some(&Value::Bool(true)),
                })
            })
            .collect())
    }

    fn resolve<'e>(
        &self,
        entries: &'e [Entry],
        parts: &[String],
        span: Span,
    ) -> Result<&'e Entry, Diagnostic> {
        let written = parts.join(".");
        let (database, schema, table) = match parts {
            [table] => (PROJECT.to_string(), None, table),
            [first, table] => match self.database_named(first) {
                Some(database) => (database, None, table),
                None => (PROJECT.to_string(), Some(first), table),
            },
            [first, schema, table] => match self.database_named(first) {
                Some(database) => (database, Some(schema), table),
                None => return Err(self.unknown_database(entries, first, span)),
            },
            _ => {
                return Err(unknown_table(&written, span)
                    .help("write `table`, `schema.table` or `database.schema.table`"));
            }
        };
        let of_database: Vec<&Entry> = entries.iter().filter(|e| e.database == database).collect();
        let in_schema: Vec<&Entry> = match schema {
            Some(schema) => best(&of_database, schema, |e| &e.schema),
            None => of_database
                .iter()
                .copied()
                .filter(|e| DEFAULT_SCHEMAS.contains(&e.schema.as_str()))
                .collect(),
        };
        if let [entry] = best(&in_schema, table, |e| &e.table).as_slice() {
            return Ok(entry);
        }
        if let (Some(schema), [_, _]) = (schema, parts)
            && in_schema.is_empty()
        {
            return Err(self.unknown_database(entries, schema, span));
        }
        // Elsewhere under exactly this name: that is the likely slip.
        let elsewhere = entries.iter().find(|e| e.table.eq_ignore_ascii_case(table));
        let help = match elsewhere {
            Some(entry) => Some(format!("did you mean `{}`?", entry.spelled())),
            None if database == PROJECT && !self.project_exists() => {
                Some(match self.project_path() {
                    Some(path) => format!(
                        "create the database `{}` with its tables, or give a file: `dimension … = \
                     \"data.csv\"`",
                        path.display()
                    ),
                    None => "name a database with `--db`, or give a file".to_string(),
                })
            }
            None => {
                let names: Vec<String> = of_database.iter().map(|e| e.spelled()).collect();
                suggest::unknown_name(&written, "tables", names.iter().map(String::as_str))
            }
        };
        Err(unknown_table(&written, span).maybe_help(help))
    }

    fn unknown_database(&self, entries: &[Entry], name: &str, span: Span) -> Diagnostic {
        let mut names = self.database_names();
        let schemas = entries.iter().filter(|e| e.database == PROJECT).map(|e| e.schema.clone());
        names.extend(schemas);
        names.sort();
        names.dedup();
        let help =
            suggest::unknown_name(name, "databases and schemas", names.iter().map(String::as_str));
        Diagnostic::error(data::UNKNOWN_DATABASE, format!("no database or schema `{name}`"))
            .label(span, "not a database or schema")
            .maybe_help(help)
    }

    fn relation(&self, entry: &Entry, span: Span) -> Result<Relation, Diagnostic> {
        let failed = |error: EngineError| error.into_diagnostic(Some(span));
        let raw: Vec<(String, String, bool)> = if entry.view {
            // Binding tells the types of a view, and whether it works at all.
            let described = self.describe(&format!("SELECT * FROM {}", entry.sql()));
            let described = described.map_err(|error| {
                Diagnostic::error(
                    data::UNKNOWN_TABLE,
                    format!("the view `{}` cannot be read", entry.spelled()),
                )
                .label(span, "broken view")
                .help("mend the view, or name the table it reads")
                .cause(error)
            })?;
            described.into_iter().map(|(name, ty)| (name, ty, true)).collect()
        } else {
            let rows = self.query(&format!(
                "SELECT column_name, data_type, is_nullable FROM duckdb_columns() WHERE {} \
                 ORDER BY column_index",
                entry.filter()
            ));
            rows.map_err(failed)?
                .into_iter()
                .filter_map(|row| {
                    let [name, ty]: [String; 2] = texts(&row[..2])?.try_into().ok()?;
                    Some((name, ty, row.get(2) != Some(&Value::Bool(false))))
                })
                .collect()
        };
        let (mut primary_key, mut foreign_keys) = (Vec::new(), Vec::new());
        if !entry.view {
            for row in self.constraints(entry).map_err(failed)? {
                match row.as_slice() {
                    [Value::Text(kind), Value::List(columns), ..] if kind == "PRIMARY KEY" => {
                        primary_key = texts(columns).unwrap_or_default();
                    }
                    [_, Value::List(columns), Value::Text(table), Value::List(targets)] => {
                        foreign_keys.push(ForeignKey {
                            columns: texts(columns).unwrap_or_default(),
                            table: table.clone(),
                            target_columns: texts(targets).unwrap_or_default(),
                        });
                    }
                    _ => {}
                }
            }
        }
        let (columns, casts) = mapped(raw);
        let mut scan = Scan::Table {
            database: entry.database.clone(),
            schema: entry.schema.clone(),
            table: entry.table.clone(),
        };
        if !casts.is_empty() {
            scan = self.cast_view(&entry.sql(), &entry.spelled(), &casts).map_err(failed)?;
        }
        Ok(Relation { scan, columns, primary_key, foreign_keys })
    }

    /// The keys of a table and those that point to others: kind, columns, the other table, its columns.
    /// Extensions tell of no foreign keys, so the source itself is asked.
    fn constraints(&self, entry: &Entry) -> Result<Vec<Vec<Value>>, EngineError> {
        match self.keeper(&entry.database) {
            Keeper::Postgres => return self.postgres_constraints(entry),
            Keeper::Sqlite => {
                let mut found = self.engine_constraints(entry)?;
                found.extend(self.sqlite_foreign_keys(entry)?);
                return Ok(found);
            }
            Keeper::DuckDb | Keeper::DuckLake => {}
        }
        self.engine_constraints(entry)
    }

    fn engine_constraints(&self, entry: &Entry) -> Result<Vec<Vec<Value>>, EngineError> {
        self.query(&format!(
            "SELECT constraint_type, constraint_column_names, referenced_table, \
             referenced_column_names FROM duckdb_constraints() WHERE {} \
             AND constraint_type IN ('PRIMARY KEY', 'FOREIGN KEY') ORDER BY constraint_index",
            entry.filter()
        ))
    }

    fn postgres_constraints(&self, entry: &Entry) -> Result<Vec<Vec<Value>>, EngineError> {
        let columns = |numbers: &str, table: &str| {
            format!(
                "(SELECT array_agg(a.attname::text ORDER BY k.n) FROM unnest({numbers}) WITH ORDINALITY \
                 AS k (number, n) JOIN pg_attribute a ON a.attrelid = {table} AND a.attnum = k.number)"
            )
        };
        let asked = format!(
            "SELECT CASE c.contype WHEN 'p' THEN 'PRIMARY KEY' ELSE 'FOREIGN KEY' END AS kind, {} AS own, \
             f.relname::text AS other, {} AS theirs FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid \
             JOIN pg_namespace s ON s.oid = t.relnamespace LEFT JOIN pg_class f ON f.oid = c.confrelid \
             WHERE (c.contype = 'p' OR (c.contype = 'f' AND f.relnamespace = t.relnamespace)) \
             AND s.nspname = {} AND t.relname = {} ORDER BY c.contype DESC, c.conname",
            columns("c.conkey", "c.conrelid"),
            columns("c.confkey", "c.confrelid"),
            literal(&entry.schema),
            literal(&entry.table)
        );
        self.query(&format!(
            "SELECT kind, own, other, theirs FROM postgres_query({}, {})",
            literal(&entry.database),
            literal(&asked)
        ))
    }

    /// A key that names no columns of the other table means its primary key.
    fn sqlite_foreign_keys(&self, entry: &Entry) -> Result<Vec<Vec<Value>>, EngineError> {
        let table = literal(&entry.table);
        let asked = format!(
            "SELECT fk.id, fk.seq, m.name AS other, own.name AS own, coalesce(fk.\"to\", (SELECT pk.name FROM \
             pragma_table_info(fk.\"table\") pk WHERE pk.pk = fk.seq + 1)) AS theirs \
             FROM pragma_foreign_key_list({table}) fk \
             JOIN pragma_table_info({table}) own ON lower(own.name) = lower(fk.\"from\") \
             JOIN sqlite_master m ON m.type = 'table' AND lower(m.name) = lower(fk.\"table\")"
        );
        let query = format!(
            "SELECT 'FOREIGN KEY', list(own ORDER BY CAST(seq AS INTEGER)), any_value(other), \
             list(theirs ORDER BY CAST(seq AS INTEGER)) FROM sqlite_query({}, {}) \
             GROUP BY id HAVING count(theirs) = count(*) ORDER BY CAST(id AS INTEGER)",
            literal(&entry.database),
            literal(&asked)
        );
        // The extension keeps a handle of the transaction in which the query was prepared.
        self.connection.execute_batch("BEGIN TRANSACTION")?;
        let found = self.query(&query);
        self.rollback()?;
        found
    }

    /// A temporary view of a source whose columns have the types that Camp's rules need. Its name
    /// follows from the source, so that one source stays one.
    pub(super) fn cast_view(
        &self,
        source: &str,
        name: &str,
        casts: &[(String, String)],
    ) -> Result<Scan, EngineError> {
        let casts: Vec<String> = casts
            .iter()
            .map(|(c, ty)| format!("CAST({} AS {ty}) AS {}", identifier(c), identifier(c)))
            .collect();
        let view = format!("{CAST}{name}");
        self.execute(&format!(
            "CREATE OR REPLACE TEMP VIEW {} AS SELECT * REPLACE ({}) FROM {source}",
            identifier(&view),
            casts.join(", ")
        ))?;
        Ok(Scan::Table { database: "temp".into(), schema: "main".into(), table: view })
    }
}

/// Columns in Camp's types, and the casts that make them so.
pub(super) fn mapped(raw: Vec<(String, String, bool)>) -> (Vec<Column>, Vec<(String, String)>) {
    let mut casts = Vec::new();
    let columns = raw
        .into_iter()
        .map(|(name, text, nullable)| {
            let mapped = types::from_engine(&text);
            if let Some(cast) = mapped.cast {
                casts.push((name.clone(), cast));
            }
            Column { name, ty: mapped.ty, nullable }
        })
        .collect();
    (columns, casts)
}

/// The texts at the start of a row.
pub(super) fn texts(values: &[Value]) -> Option<Vec<String>> {
    let texts: Vec<String> = values
        .iter()
        .map_while(|v| match v {
            Value::Text(t) => Some(t.clone()),
            _ => None,
        })
        .collect();
    (!texts.is_empty()).then_some(texts)
}

/// Those whose name is exactly this one, else those whose name is it ignoring case.
pub(super) fn best<'e>(
    entries: &[&'e Entry],
    name: &str,
    of: impl Fn(&Entry) -> &String,
) -> Vec<&'e Entry> {
    let exact: Vec<&Entry> = entries.iter().copied().filter(|e| of(e) == name).collect();
    if !exact.is_empty() {
        return exact;
    }
    let folded = name.to_lowercase();
    entries.iter().copied().filter(|e| of(e).to_lowercase() == folded).collect()
}

fn unknown_table(written: &str, span: Span) -> Diagnostic {
    Diagnostic::error(data::UNKNOWN_TABLE, format!("no table `{written}`"))
        .label(span, "no such table or view")
}
