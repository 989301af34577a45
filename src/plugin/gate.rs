//! Looks at the SQL of a planner before it may run: one SELECT each, over nothing but its inputs and
//! its own steps, with the columns it promised. That guards against mistakes; it is no sandbox, since
//! a native plugin can do anything anyway.
//!
//! The check needs an engine but no data, so it has one of its own, where the inputs are empty: `camp
//! check` finds out what a run would.

use std::sync::{Mutex, PoisonError};

use duckdb::{Config, Connection};
use serde_json::Value as Json;

use super::document::PlanDocument;
use crate::engine::duckdb::{identifier, literal, types};
use crate::model::types::Type;

/// What the queries of a plan give.
#[derive(Debug, Default)]
pub struct Shapes {
    /// Of each output of the plan, its columns.
    pub outputs: Vec<Vec<(String, Type)>>,
    /// Of each check, the names of its columns.
    pub checks: Vec<Vec<String>>,
}

/// Functions that reach beyond the rows of the query, or differ between two runs.
const FORBIDDEN: &[&str] = &[
    "query",
    "query_table",
    "json_execute_serialized_sql",
    "json_serialize_sql",
    "nextval",
    "currval",
    "getenv",
    "getvariable",
    "glob",
    "read_text",
    "read_blob",
    "read_csv",
    "read_csv_auto",
    "read_json",
    "read_json_auto",
    "read_ndjson",
    "read_json_objects",
    "read_parquet",
    "parquet_scan",
    "sniff_csv",
    "random",
    "uuid",
    "gen_random_uuid",
    "uuidv4",
    "uuidv7",
    "setseed",
    "now",
    "today",
    "current_date",
    "current_timestamp",
    "current_time",
    "get_current_timestamp",
    "get_current_time",
    "transaction_timestamp",
    "current_setting",
    "current_user",
    "current_database",
    "current_schema",
    "current_schemas",
    "current_query",
    "txid_current",
    "version",
    "pragma_version",
    "enable_logging",
    "disable_logging",
    "checkpoint",
    "force_checkpoint",
    "any_value",
    "arbitrary",
    "write_log",
    "first",
    "last",
    "duckdb_tables",
    "duckdb_settings",
    "duckdb_secrets",
    "which_secret",
];

/// Names without brackets that the engine reads as functions of the clock, where no column has them.
const CLOCKS: &[&str] =
    &["current_timestamp", "current_date", "current_time", "localtime", "localtimestamp"];

/// What a text may speak of.
#[derive(Clone)]
struct Known {
    /// Inputs and steps.
    tables: Vec<String>,
    /// Columns of inputs.
    columns: Vec<String>,
}

/// Table functions that only unfold values.
const TABLE_FUNCTIONS: &[&str] = &["unnest", "range", "generate_series"];

/// The engine of the gate; opened once. Not one of each thread: what a thread drops when the process ends
/// it drops after the engine's own data of the thread, which is a crash.
static ENGINE: Mutex<Option<Connection>> = Mutex::new(None);

fn with_engine<T>(f: impl FnOnce(&Connection) -> Result<T, String>) -> Result<T, String> {
    let mut engine = ENGINE.lock().unwrap_or_else(PoisonError::into_inner);
    let connection = match engine.take() {
        Some(connection) => connection,
        None => open().map_err(|e| e.to_string())?,
    };
    let result = f(&connection);
    *engine = Some(connection);
    result
}

fn open() -> Result<Connection, duckdb::Error> {
    let config = Config::default()
        .enable_autoload_extension(false)?
        .with("autoinstall_known_extensions", "false")?
        .with("threads", "1")?;
    let connection = Connection::open_in_memory_with_flags(config)?;
    connection.execute_batch(&format!(
        "SET GLOBAL TimeZone = 'UTC'; {}; SET enable_external_access = false; SET lock_configuration = true",
        super::helpers()
    ))?;
    Ok(connection)
}

/// Whether the whole of a text matches an RE2 pattern; `None` when the pattern is not valid.
pub fn matches_whole(text: &str, pattern: &str) -> Option<bool> {
    with_engine(|engine| {
        engine
            .query_row("SELECT regexp_full_match(?, ?)", [text, pattern], |row| row.get(0))
            .map_err(|e| e.to_string())
    })
    .ok()
}

/// Checks all queries of a plan over inputs with these columns.
///
/// # Errors
/// What is wrong with the plan, for the plugin's author.
pub fn check(
    plan: &PlanDocument,
    inputs: &[(String, Vec<(String, Type)>)],
) -> Result<Shapes, String> {
    with_engine(|engine| {
        let columns = inputs.iter().flat_map(|(_, columns)| columns);
        let mut known = Known {
            tables: inputs.iter().map(|(name, _)| name.clone()).collect(),
            columns: columns.map(|(name, _)| name.to_lowercase()).collect(),
        };
        let mut ctes: Vec<String> = inputs.iter().map(empty_input).collect();
        for with in &plan.with {
            let place = format!("step `{}`", with.name);
            only_a_query(engine, &with.sql, &known).map_err(|e| format!("{place}: {e}"))?;
            ctes.push(format!("{} AS (\n{}\n)", identifier(&with.name), with.sql));
            known.tables.push(with.name.clone());
        }
        let mut shapes = Shapes::default();
        let describe = |sql: &str, place: String| {
            only_a_query(engine, sql, &known).map_err(|e| format!("{place}: {e}"))?;
            columns_of(engine, &ctes, sql).map_err(|e| format!("{place}: {e}"))
        };
        for output in &plan.outputs {
            let columns = describe(&output.sql, format!("output `{}`", output.name))?;
            shapes.outputs.push(columns);
        }
        for (n, check) in plan.checks.iter().enumerate() {
            let columns = describe(&check.sql, format!("check {}", n + 1))?;
            shapes.checks.push(columns.into_iter().map(|(name, _)| name).collect());
        }
        Ok(shapes)
    })
}

fn empty_input((name, columns): &(String, Vec<(String, Type)>)) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|(name, ty)| format!("CAST(NULL AS {}) AS {}", types::to_engine(ty), identifier(name)))
        .collect();
    format!("{} AS (SELECT {} WHERE FALSE)", identifier(name), columns.join(", "))
}

fn columns_of(
    engine: &Connection,
    ctes: &[String],
    sql: &str,
) -> Result<Vec<(String, Type)>, String> {
    let text =
        format!("DESCRIBE (WITH {}\nSELECT * FROM (\n{sql}\n) AS \"plan\")", ctes.join(", "));
    let mut statement = engine.prepare(&text).map_err(|e| first_line(&e))?;
    let rows = statement
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
        .map_err(|e| first_line(&e))?;
    let mut columns = Vec::new();
    for row in rows {
        let (name, ty) = row.map_err(|e| first_line(&e))?;
        columns.push((name, types::from_engine(&ty).ty));
    }
    Ok(columns)
}

fn first_line(error: &duckdb::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

/// Refuses everything but one SELECT over known names.
fn only_a_query(engine: &Connection, sql: &str, known: &Known) -> Result<(), String> {
    // Serializing parses the text and runs nothing, whatever it holds.
    let text: String = engine
        .query_row(
            &format!("SELECT CAST(json_serialize_sql({}) AS VARCHAR)", literal(sql)),
            [],
            |r| r.get(0),
        )
        .map_err(|e| first_line(&e))?;
    let json: Json = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    if json.get("error").and_then(Json::as_bool) == Some(true) {
        let message = json.get("error_message").and_then(Json::as_str).unwrap_or("not a query");
        return Err(message.lines().next().unwrap_or_default().to_owned());
    }
    let statements = json.get("statements").and_then(Json::as_array).map_or(0, Vec::len);
    if statements != 1 {
        return Err(format!("{statements} statements, where one query is expected"));
    }
    walk(&json, known)
}

/// Walks the tree of a query: names of tables, functions, table functions.
fn walk(json: &Json, known: &Known) -> Result<(), String> {
    match json {
        Json::Array(items) => items.iter().try_for_each(|item| walk(item, known)),
        Json::Object(map) => {
            let text = |key: &str| map.get(key).and_then(Json::as_str).unwrap_or_default();
            // Steps inside the query are known in it and in what is around it: names cannot reach
            // anything else by that.
            let mut inner = known.clone();
            if let Some(ctes) =
                map.get("cte_map").and_then(|c| c.get("map")).and_then(Json::as_array)
            {
                inner
                    .tables
                    .extend(ctes.iter().filter_map(|c| c.get("key")?.as_str()).map(str::to_owned));
            }
            if map.get("sample").is_some_and(Json::is_object) {
                return Err("it takes a sample, which may differ between two runs".into());
            }
            match text("type") {
                "BASE_TABLE" => {
                    let schema = [text("schema_name"), text("catalog_name")].concat();
                    let table = text("table_name");
                    if !schema.is_empty()
                        || !inner.tables.iter().any(|k| k.eq_ignore_ascii_case(table))
                    {
                        return Err(format!("it reads `{table}`, which is none of its inputs"));
                    }
                }
                "TABLE_FUNCTION" => {
                    let function = map.get("function").and_then(|f| f.get("function_name"));
                    let name = function.and_then(Json::as_str).unwrap_or_default();
                    if !TABLE_FUNCTIONS.contains(&name.to_lowercase().as_str()) {
                        return Err(format!("it calls `{name}`, which reads more than its inputs"));
                    }
                }
                "SHOW_REF" => return Err("it asks what the engine holds".into()),
                _ => {}
            }
            if text("class") == "COLUMN_REF"
                && let Some([Json::String(name)]) =
                    map.get("column_names").and_then(Json::as_array).map(Vec::as_slice)
                && CLOCKS.contains(&name.to_lowercase().as_str())
                && !known.columns.contains(&name.to_lowercase())
            {
                return Err(format!("it asks `{name}`, which differs between two runs"));
            }
            if let Some(name) = map.get("function_name").and_then(Json::as_str)
                && FORBIDDEN.contains(&name.to_lowercase().as_str())
                // `first(x ORDER BY …)` as a window says which row it means.
                && !(matches!(name, "first" | "last") && text("class") == "WINDOW")
            {
                return Err(format!("it calls `{name}`, which may differ between two runs"));
            }
            map.values().try_for_each(|value| walk(value, &inner))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::{Output, With};
    use super::*;

    fn checked(sql: &str) -> Result<Vec<(String, Type)>, String> {
        let plan = PlanDocument {
            camp_plan: 1,
            with: vec![With {
                name: "step".into(),
                sql: "SELECT * FROM \"in\"".into(),
                materialize: false,
            }],
            outputs: vec![Output { name: "out".into(), sql: sql.into(), columns: None }],
            ..PlanDocument::default()
        };
        let columns = vec![("id".into(), Type::Int), ("email".into(), Type::Text)];
        check(&plan, &[("in".into(), columns)]).map(|mut s| s.outputs.remove(0))
    }

    #[test]
    fn a_query_over_inputs_and_steps_passes_and_says_its_columns() {
        let sql = "SELECT id, upper(email) AS e FROM step WHERE id IN (SELECT id FROM \"in\")";
        assert_eq!(checked(sql).unwrap(), vec![("id".into(), Type::Int), ("e".into(), Type::Text)]);
        assert!(checked("WITH own AS (SELECT id FROM step) SELECT * FROM own").is_ok());
        assert!(
            checked("SELECT row_number() OVER (PARTITION BY email ORDER BY id) AS n FROM step")
                .is_ok()
        );
    }

    #[test]
    fn anything_else_is_refused_without_running_it() {
        for (sql, word) in [
            ("SELECT 1; SELECT 2", "2 statements"),
            ("DROP TABLE x", "Only SELECT"),
            ("SELECT * FROM customers", "`customers`"),
            ("SELECT * FROM \"in\" WHERE EXISTS (SELECT 1 FROM secret)", "`secret`"),
            ("SELECT * FROM main.\"in\"", "`in`"),
            ("SELECT * FROM read_csv('/etc/passwd')", "`read_csv`"),
            ("SELECT * FROM '/etc/passwd'", "`/etc/passwd`"),
            ("SELECT getenv('HOME') AS h", "`getenv`"),
            ("SELECT id, random() AS r FROM \"in\"", "`random`"),
            ("SELECT * FROM query('SELECT 1')", "`query`"),
            ("SELECT now() AS n", "`now`"),
            ("SELECT CURRENT_TIMESTAMP AS n", "`"),
            ("SELECT CURRENT_DATE AS n", "`"),
            ("SELECT id, any_value(email) AS e FROM \"in\" GROUP BY id", "`any_value`"),
            ("SELECT first(email) AS e FROM \"in\"", "`first`"),
            ("SELECT * FROM \"in\" USING SAMPLE 10", "sample"),
            ("SELECT * FROM \"in\" TABLESAMPLE 10%", "sample"),
            ("FROM duckdb_tables()", "`duckdb_tables`"),
            ("SELECT * FROM (DESCRIBE \"in\")", ""),
            ("SELECT (SELECT content FROM read_text('/etc/passwd')) AS x", "`read_text`"),
            ("SELEKT 1", ""),
        ] {
            let error = checked(sql).expect_err(sql);
            assert!(error.contains(word), "{sql}: {error}");
        }
    }
}
