//! Runs plans on DuckDB, through the dozen functions of its C interface that this takes.

use std::ffi::{CStr, CString, c_char, c_void};
use std::sync::OnceLock;

use libloading::Library;
use serde_json::Value as Json;

use crate::Case;
use crate::table::{Table, engine_type, quote};

/// `duckdb_result` of `duckdb.h`.
#[repr(C)]
struct Answer {
    counts: [u64; 3],
    columns: *mut c_void,
    error: *mut c_char,
    internal: *mut c_void,
}

/// The functions of `duckdb.h` that are used.
struct Engine {
    open: unsafe extern "C" fn(*const c_char, *mut *mut c_void) -> u32,
    close: unsafe extern "C" fn(*mut *mut c_void),
    connect: unsafe extern "C" fn(*mut c_void, *mut *mut c_void) -> u32,
    disconnect: unsafe extern "C" fn(*mut *mut c_void),
    query: unsafe extern "C" fn(*mut c_void, *const c_char, *mut Answer) -> u32,
    destroy_result: unsafe extern "C" fn(*mut Answer),
    result_error: unsafe extern "C" fn(*mut Answer) -> *const c_char,
    column_count: unsafe extern "C" fn(*mut Answer) -> u64,
    row_count: unsafe extern "C" fn(*mut Answer) -> u64,
    value_varchar: unsafe extern "C" fn(*mut Answer, u64, u64) -> *mut c_char,
    free: unsafe extern "C" fn(*mut c_void),
}

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let file = libloading::library_filename("duckdb");
        let path = std::env::var_os("DUCKDB_LIB_DIR")
            .map_or_else(|| file.clone().into(), |dir| std::path::Path::new(&dir).join(&file));
        // SAFETY: DuckDB's own library; it is never unloaded.
        let library = unsafe { Library::new(&path) };
        let library = Box::leak(Box::new(library.unwrap_or_else(|e| {
            panic!("{}: {e}; set DUCKDB_LIB_DIR to the directory of libduckdb", path.display())
        })));
        macro_rules! function {
            ($name:literal) => {
                // SAFETY: the type is that of `duckdb.h`.
                unsafe { *library.get($name).expect("a function of DuckDB's C interface") }
            };
        }
        Engine {
            open: function!(b"duckdb_open"),
            close: function!(b"duckdb_close"),
            connect: function!(b"duckdb_connect"),
            disconnect: function!(b"duckdb_disconnect"),
            query: function!(b"duckdb_query"),
            destroy_result: function!(b"duckdb_destroy_result"),
            result_error: function!(b"duckdb_result_error"),
            column_count: function!(b"duckdb_column_count"),
            row_count: function!(b"duckdb_row_count"),
            value_varchar: function!(b"duckdb_value_varchar"),
            free: function!(b"duckdb_free"),
        }
    })
}

type Cells = Vec<Vec<Option<String>>>;

/// A database in memory.
struct Database {
    database: *mut c_void,
    connection: *mut c_void,
}

impl Database {
    fn open() -> Self {
        let mut this = Self { database: std::ptr::null_mut(), connection: std::ptr::null_mut() };
        // SAFETY: NULL is a database in memory; both places are ours.
        unsafe {
            assert_eq!((engine().open)(std::ptr::null(), &raw mut this.database), 0, "open");
            assert_eq!((engine().connect)(this.database, &raw mut this.connection), 0, "connect");
        }
        this.query("SET TimeZone = 'UTC'");
        this
    }

    #[track_caller]
    fn query(&self, sql: &str) -> Cells {
        let text = CString::new(sql).expect("SQL without NUL");
        let engine = engine();
        // SAFETY: the connection is open; every text is copied before it is freed.
        unsafe {
            let mut answer: Answer = std::mem::zeroed();
            if (engine.query)(self.connection, text.as_ptr(), &raw mut answer) != 0 {
                let error = (engine.result_error)(&raw mut answer);
                panic!("{}\n{sql}", CStr::from_ptr(error).to_string_lossy());
            }
            let columns = (engine.column_count)(&raw mut answer);
            let cell = |answer: *mut Answer, column, row| {
                let text = (engine.value_varchar)(answer, column, row);
                if text.is_null() {
                    return None;
                }
                let copy = CStr::from_ptr(text).to_string_lossy().into_owned();
                (engine.free)(text.cast());
                Some(copy)
            };
            let rows = (0..(engine.row_count)(&raw mut answer))
                .map(|row| (0..columns).map(|c| cell(&raw mut answer, c, row)).collect())
                .collect();
            (engine.destroy_result)(&raw mut answer);
            rows
        }
    }

    fn with_tables(tables: &[Table], reversed: bool) -> Self {
        let this = Self::open();
        for table in tables {
            this.query(&table.create(reversed));
        }
        this
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // SAFETY: opened together, closed once.
        unsafe {
            (engine().disconnect)(&raw mut self.connection);
            (engine().close)(&raw mut self.database);
        }
    }
}

/// The rows of a statement without tables.
pub(crate) fn query(sql: &str) -> Cells {
    Database::open().query(sql)
}

/// A query of a plan with everything it may name in front.
fn compose(tables: &[Table], plan: &Json, query: &str) -> String {
    let mut with: Vec<_> = tables
        .iter()
        .map(|table| format!("{} AS ({})", quote(&table.name), table.select()))
        .collect();
    for step in plan["with"].as_array().into_iter().flatten() {
        let name = step["name"].as_str().expect("a step has a name");
        assert!(
            name.starts_with(|c: char| c.is_ascii_lowercase())
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
            "`{name}` is no name for a step"
        );
        assert!(tables.iter().all(|table| table.name != name), "`{name}` is an input");
        let sql = step["sql"].as_str().expect("a step has SQL");
        portable(sql);
        with.push(format!("{} AS ({sql})", quote(name)));
    }
    format!("WITH {} {query}", with.join(", "))
}

/// The plan's entry for an output.
pub(crate) fn output<'a>(plan: &'a Json, name: &str, declared: &str) -> &'a Json {
    let outputs = plan["outputs"].as_array().expect("a plan has outputs");
    let find = |wanted: &str| outputs.iter().find(|output| output["name"] == wanted);
    find(name).or_else(|| find(declared)).unwrap_or_else(|| panic!("the plan has no `{name}`"))
}

/// The rows of an output, after its promises were checked.
#[track_caller]
pub(crate) fn run(
    case: &Case,
    plan: &Json,
    name: &str,
    columns: &[String],
    reversed: bool,
) -> Cells {
    let tables = case.tables();
    let database = Database::with_tables(&tables, reversed);
    let faults = found_faults(&database, &tables, plan);
    assert!(faults.is_empty(), "the plan's checks found faults: {faults:?}");

    let sql =
        output(plan, name, case.declared_output(name))["sql"].as_str().expect("an output has SQL");
    portable(sql);
    let (key, carried) = case.shape(plan, name);
    let promised: Vec<_> = key.iter().chain(carried.iter().map(|(name, _)| name)).collect();
    let list = |names: &[&String]| names.iter().map(|n| quote(n)).collect::<Vec<_>>().join(", ");
    database.query(&format!(
        "CREATE TABLE result AS {}",
        compose(&tables, plan, &format!("SELECT {} FROM ({sql})", list(&promised)))
    ));

    let types = database.query("SELECT column_name, column_type FROM (DESCRIBE result)");
    for (column, r#type) in &carried {
        let found = types.iter().find(|row| row[0].as_ref() == Some(column));
        let found = found.and_then(|row| row[1].as_deref()).unwrap_or_default();
        assert!(
            same_type(found, r#type),
            "`{column}` of `{name}` is {found}, stated as {}",
            r#type
        );
    }
    if !key.is_empty() {
        let key: Vec<_> = key.iter().collect();
        let missing: Vec<_> = key.iter().map(|name| format!("{} IS NULL", quote(name))).collect();
        let lost = database.query(&format!("SELECT * FROM result WHERE {}", missing.join(" OR ")));
        assert!(lost.is_empty(), "keys of `{name}` have missing parts: {lost:?}");
        let list = list(&key);
        let twice = database.query(&format!(
            "SELECT {list} FROM result GROUP BY {list} HAVING count(*) > 1 LIMIT 3"
        ));
        assert!(twice.is_empty(), "keys of `{name}` repeat: {twice:?}");
    }
    let wanted: Vec<_> =
        columns.iter().map(|name| format!("CAST({} AS VARCHAR)", quote(name))).collect();
    let wanted = if wanted.is_empty() { "1".to_owned() } else { wanted.join(", ") };
    database.query(&format!("SELECT {wanted} FROM result"))
}

/// All cells of a relation, hidden columns included.
#[cfg(feature = "arrow")]
pub(crate) fn cells(table: &Table) -> Cells {
    let database = Database::with_tables(std::slice::from_ref(table), false);
    let columns = table.seen().into_iter().map(|(name, ..)| name);
    let columns = columns.chain(table.hidden.iter().map(|(name, ..)| name.clone()));
    let columns: Vec<_> =
        columns.map(|name| format!("CAST({} AS VARCHAR)", quote(&name))).collect();
    database.query(&format!("SELECT {} FROM ({})", columns.join(", "), table.select()))
}

/// The codes of the checks that find rows.
pub(crate) fn faults(tables: Vec<Table>, plan: &Json) -> Vec<String> {
    found_faults(&Database::with_tables(&tables, false), &tables, plan)
}

fn found_faults(database: &Database, tables: &[Table], plan: &Json) -> Vec<String> {
    let checks = plan["checks"].as_array().into_iter().flatten();
    checks
        .filter(|check| {
            let sql = check["sql"].as_str().expect("a check has SQL");
            portable(sql);
            !database.query(&compose(tables, plan, sql)).is_empty()
        })
        .map(|check| check["code"].as_str().expect("a check has a code").to_owned())
        .collect()
}

/// What `WIRE.md` §3.1 rules out, as far as words tell.
#[track_caller]
fn portable(sql: &str) {
    let upper = sql.to_uppercase();
    for word in
        ["QUALIFY", "EXCLUDE (", "USING SAMPLE", "RANDOM(", "NOW(", "NOT IN (SELECT", "::", "//"]
    {
        assert!(!upper.contains(word), "planner SQL may not use {word}: {sql}");
    }
}

/// Whether a type of the engine is the stated one, widths aside.
fn same_type(found: &str, stated: &str) -> bool {
    match stated {
        "int" => ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"].contains(&found),
        "float" => ["FLOAT", "DOUBLE"].contains(&found),
        "instant" => found == "TIMESTAMP WITH TIME ZONE",
        "other" => true,
        stated => found == engine_type(stated),
    }
}
