//! Session, databases and tables against the real engine.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::*;
use crate::diagnostic::codes::data;
use crate::model::schema::{Relation, Scan};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::source::Span;

const HERE: Span = Span { start: 0, end: 1 };

fn memory() -> Session {
    Session::open(&EngineOptions::default()).unwrap()
}

fn options(path: &Path) -> EngineOptions {
    EngineOptions { database: Some(path.to_path_buf()), ..EngineOptions::default() }
}

/// A database made by these statements.
fn database(path: &Path, sql: &str) {
    let connection = ::duckdb::Connection::open(path).unwrap();
    connection.execute_batch(sql).unwrap();
    connection.close().map_err(|(_, e)| e).unwrap();
}

fn parts(name: &str) -> Vec<String> {
    name.split('.').map(str::to_string).collect()
}

fn types_of(relation: &Relation) -> Vec<(String, String)> {
    relation.columns.iter().map(|c| (c.name.clone(), c.ty.to_string())).collect()
}

fn types(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(n, t)| (n.to_string(), t.to_string())).collect()
}

/// Another process that holds a database; this very test program, at [`holder`].
fn hold(path: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "engine::duckdb::tests::holder", "--ignored", "--nocapture"])
        .env("CAMP_TEST_HOLD", path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = child.stdout.take().unwrap();
    let mut out = std::io::BufReader::new(out);
    let mut line = String::new();
    while !line.contains("holding") {
        line.clear();
        assert!(std::io::BufRead::read_line(&mut out, &mut line).unwrap() > 0);
    }
    child.stdout = Some(out.into_inner());
    child
}

#[test]
#[ignore = "runs only as the other process of lock tests"]
fn holder() {
    let Some(path) = std::env::var_os("CAMP_TEST_HOLD") else { return };
    let _connection = ::duckdb::Connection::open(PathBuf::from(path)).unwrap();
    println!("\nholding");
    let mut line = String::new();
    let _ = std::io::stdin().read_line(&mut line);
}

#[test]
fn execute_counts_what_it_created_and_wrote() {
    let s = memory();
    assert_eq!(s.execute("CREATE TEMP TABLE t AS SELECT range AS x FROM range(7)").unwrap(), 7);
    assert_eq!(s.execute("INSERT INTO t SELECT * FROM range(3)").unwrap(), 3);
    assert_eq!(s.execute("DELETE FROM t WHERE x < 2").unwrap(), 4);
}

#[test]
fn values_come_out_in_camps_types() {
    let s = memory();
    let rows = s
        .query(
            "SELECT NULL, true, -5::TINYINT, 170141183460469231731687303715884105727::HUGEINT, \
             12.30::DECIMAL(10,2), 1.5::DOUBLE, 'é', DATE '2024-02-29', \
             TIMESTAMP '2025-01-02 03:04:05.678901', TIMESTAMPTZ '2025-01-02 03:04:05+01', \
             TIMESTAMP_NS '2025-01-02 03:04:05', [1, NULL], 'a'::ENUM('a', 'b'), \
             '{\"a\": 1}'::JSON, {'k': 1}, TIME '10:00:00', INTERVAL 14 MONTH, \
             18446744073709551615::UBIGINT, DATE '1969-12-31'",
        )
        .unwrap();
    let expected = [
        Value::Missing,
        Value::Bool(true),
        Value::Int(-5),
        Value::Int(i128::MAX),
        Value::Decimal { digits: 1230, scale: 2 },
        Value::Float(1.5),
        Value::Text("é".into()),
        Value::Date(jiff::civil::date(2024, 2, 29)),
        Value::Timestamp(jiff::civil::date(2025, 1, 2).at(3, 4, 5, 678_901_000)),
        Value::Instant("2025-01-02T02:04:05Z".parse().unwrap()),
        Value::Timestamp(jiff::civil::date(2025, 1, 2).at(3, 4, 5, 0)),
        Value::List(vec![Value::Int(1), Value::Missing]),
        Value::Text("a".into()),
        Value::Text("{\"a\": 1}".into()),
        Value::Text("{'k': 1}".into()),
        Value::Text("10:00:00".into()),
        Value::Duration(crate::model::value::Duration { months: 14, days: 0, micros: 0 }),
        Value::Int(u64::MAX.into()),
        Value::Date(jiff::civil::date(1969, 12, 31)),
    ];
    assert_eq!(rows.len(), 1);
    for (got, want) in rows[0].iter().zip(&expected) {
        assert_eq!(got, want);
    }
}

#[test]
fn an_error_in_mid_stream_is_an_error() {
    let s = memory();
    let mut seen = 0_u64;
    let error = s
        .stream(
            "SELECT CASE WHEN range = 500000 THEN error('boom') ELSE range END FROM range(1000000)",
            &mut |_| {
                seen += 1;
                Ok(())
            },
        )
        .unwrap_err();
    assert!(error.message.contains("boom"), "{error}");
    assert!(s.query("SELECT 1").is_ok(), "the session goes on");
    assert!(seen < 500_001);
}

#[test]
fn an_error_in_mid_stream_of_a_transaction_is_not_that_the_transaction_is_gone() {
    let s = memory();
    s.begin().unwrap();
    let sql =
        "SELECT CASE WHEN range = 500000 THEN error('boom') ELSE range END FROM range(1000000)";
    let error = s.stream(sql, &mut |_| Ok(())).unwrap_err();
    assert!(error.message.contains("boom") || error.kind == ErrorKind::Interrupted, "{error}");
    s.rollback().unwrap();
    assert!(s.query("SELECT 1").is_ok(), "the session goes on");
}

#[test]
fn an_interrupt_stops_the_running_query_and_one_that_comes_early_the_next() {
    let s = memory();
    let stop = s.interrupt_handle();
    let waiting = stop.clone();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        waiting.interrupt();
    });
    let error = s.query("SELECT count(*) FROM range(100000000000) a").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Interrupted);
    thread.join().unwrap();
    assert_eq!(s.query("SELECT 1").unwrap_err().kind, ErrorKind::Interrupted);
    stop.reset();
    assert_eq!(s.query("SELECT 1").unwrap(), vec![vec![Value::Int(1)]]);
}

#[test]
fn overflow_is_its_own_kind() {
    let s = memory();
    let error = s.query("SELECT x + 1 FROM (SELECT 9223372036854775807::BIGINT AS x)").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Overflow);
    assert_eq!(error.into_diagnostic(Some(HERE)).span(), Some(HERE));
}

#[test]
fn case_135_no_room_to_spill_names_the_setting_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let s = Session::open(&EngineOptions {
        memory_limit: Some("30MB".into()),
        max_temp: Some("0".into()),
        threads: Some(1),
        ..options(&dir.path().join("c.duckdb"))
    })
    .unwrap();
    let error = s
        .execute(
            "CREATE TEMP TABLE big AS SELECT md5(range::VARCHAR) || md5(range::VARCHAR) AS y \
             FROM range(3000000) ORDER BY y",
        )
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::SpillFull, "{error}");
    let diagnostic = error.into_diagnostic(None);
    assert!(diagnostic.title.contains("max_temp_directory_size"));
    drop(s);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn case_134_more_data_than_memory_spills() {
    let dir = tempfile::tempdir().unwrap();
    let s = Session::open(&EngineOptions {
        memory_limit: Some("60MB".into()),
        threads: Some(1),
        ..options(&dir.path().join("c.duckdb"))
    })
    .unwrap();
    let rows = s
        .execute(
            "CREATE TEMP TABLE big AS SELECT range AS k, repeat(md5(range::VARCHAR), 4) AS y \
             FROM range(500000) ORDER BY y",
        )
        .unwrap();
    assert_eq!(rows, 500_000);
    let spilled = s.query("SELECT count(*) > 0 FROM duckdb_temporary_files()").unwrap();
    assert_eq!(spilled[0][0], Value::Bool(true));
    drop(s);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "spill files are gone");
}

#[test]
fn settings_that_are_not_valid_are_named() {
    let bad = EngineOptions { memory_limit: Some("lots".into()), ..EngineOptions::default() };
    let error = Session::open(&bad).err().unwrap();
    assert_eq!(error.code, data::ENGINE_SETTING);
    assert!(error.title.contains("memory_limit"));
}

fn open_error(path: &Path) -> crate::diagnostic::Diagnostic {
    Session::open(&options(path)).err().unwrap()
}

#[test]
fn each_way_a_database_cannot_be_opened_is_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);

    std::fs::write(at("junk.db"), "no database at all, only text").unwrap();
    assert_eq!(open_error(&at("junk.db")).code, data::NOT_A_DATABASE);

    std::fs::write(at("empty.db"), "").unwrap();
    assert_eq!(open_error(&at("empty.db")).code, data::NOT_A_DATABASE);

    assert_eq!(open_error(dir.path()).code, data::DATABASE_ACCESS);

    database(&at("good.db"), "CREATE TABLE t AS SELECT range AS x FROM range(1000)");
    let mut bytes = std::fs::read(at("good.db")).unwrap();
    bytes[5000..5100].fill(b'x');
    std::fs::write(at("bad.db"), &bytes).unwrap();
    assert_eq!(open_error(&at("bad.db")).code, data::DATABASE_CORRUPT);

    let bytes = std::fs::read(at("good.db")).unwrap();
    std::fs::write(at("short.db"), &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(open_error(&at("short.db")).code, data::DATABASE_CORRUPT);
}

#[test]
fn case_139_a_damaged_log_is_told_with_advice_to_copy_it_first() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("w.db");
    let wal = dir.path().join("w.db.wal");
    database(
        &path,
        "CREATE TABLE a AS SELECT range AS x FROM range(10); CHECKPOINT; \
         SET wal_autocheckpoint = '1GB'; PRAGMA disable_checkpoint_on_shutdown; \
         CREATE TABLE b AS SELECT range AS x FROM range(100000)",
    );
    let mut bytes = std::fs::read(&wal).unwrap();
    bytes[200..300].fill(b'z');
    std::fs::write(&wal, bytes).unwrap();
    let error = open_error(&path);
    assert_eq!(error.code, data::DATABASE_LOG_DAMAGED);
    assert!(error.help.unwrap().starts_with("copy the database and its `.wal`"));
    assert!(wal.exists());
}

#[test]
fn case_136_a_database_in_use_names_file_program_and_process() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("held.db");
    let mut child = hold(&path);
    let error = open_error(&path);
    assert_eq!(error.code, data::DATABASE_IN_USE);
    assert!(error.title.contains("held.db"), "{}", error.title);
    assert!(error.title.contains(&format!("PID {}", child.id())), "{}", error.title);
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[test]
fn a_database_that_is_let_go_within_the_wait_opens() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("held.db");
    let mut child = hold(&path);
    let stdin = child.stdin.take();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        drop(stdin);
    });
    let s =
        Session::open(&EngineOptions { wait: Duration::from_secs(20), ..options(&path) }).unwrap();
    assert!(s.project_attached());
    thread.join().unwrap();
    child.wait().unwrap();
}

#[test]
fn the_project_is_created_by_attaching_it_for_writing_only() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("new.duckdb");
    let s = Session::open(&options(&path)).unwrap();
    assert!(!s.project_exists() && !s.project_attached());
    assert_eq!(s.attach_project(true).unwrap_err().code, data::NO_DATABASE);
    s.attach_project(false).unwrap();
    assert!(s.project_exists() && s.project_writable());
    s.execute("CREATE TEMP TABLE kept AS SELECT 1 AS x").unwrap();
    s.begin().unwrap();
    s.execute("CREATE TABLE project.main.t AS SELECT * FROM kept").unwrap();
    s.commit().unwrap();
    s.detach_project().unwrap();
    s.attach_project(true).unwrap();
    assert!(!s.project_writable());
    assert_eq!(s.query("SELECT count(*) FROM project.main.t").unwrap()[0][0], Value::Int(1));
    assert!(s.execute("DROP TABLE project.main.t").is_err());
}

#[test]
fn a_file_is_never_opened_twice_in_one_process() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("one.duckdb");
    database(&path, "CREATE TABLE t (x INT)");
    let first = Session::open(&options(&path)).unwrap();
    assert_eq!(open_error(&path).code, data::DATABASE_OPEN_TWICE);
    let link = dir.path().join("link.duckdb");
    std::fs::hard_link(&path, &link).unwrap();
    assert_eq!(open_error(&link).code, data::DATABASE_OPEN_TWICE);
    drop(first);
    assert!(Session::open(&options(&path)).is_ok());
}

fn shop() -> (tempfile::TempDir, Session) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("shop.duckdb");
    database(
        &path,
        "CREATE TABLE Customers (id INT PRIMARY KEY, Email VARCHAR NOT NULL, note VARCHAR); \
         CREATE TABLE orders (order_id BIGINT PRIMARY KEY, customer_id INT REFERENCES \
           Customers(id), total DECIMAL(10,2), \"at\" TIMESTAMPTZ, tags VARCHAR[]); \
         CREATE VIEW recent AS SELECT order_id, total FROM orders; \
         CREATE SCHEMA crm; CREATE TABLE crm.leads (a INT, b INT, PRIMARY KEY (a, b)); \
         CREATE TABLE \"order\" (\"group\" INT, \"end\" DATE, \"x y\" INT, \"a.b\" INT, \"q\"\"t\" INT); \
         INSERT INTO \"order\" VALUES (1, '2025-01-01', 2, 3, 4); \
         CREATE TYPE mood AS ENUM ('sad', 'ok'); \
         CREATE TABLE odd (u UUID, m mood, ms mood[], s STRUCT(a INT, m mood), j JSON, h HUGEINT, \
           t TIME, f FLOAT, n TIMESTAMP_NS, i INTERVAL); \
         INSERT INTO odd (u, m, ms) VALUES ('12345678-1234-1234-1234-123456789abc', 'ok', ['sad'])",
    );
    let session = Session::open(&options(&path)).unwrap();
    (dir, session)
}

#[test]
fn a_table_is_found_ignoring_case_with_its_keys_and_types() {
    let (_dir, s) = shop();
    let customers = s.table(&parts("CUSTOMERS"), HERE).unwrap();
    let Scan::Table { database, schema, table } = &customers.scan else { panic!() };
    assert_eq!(
        (database.as_str(), schema.as_str(), table.as_str()),
        ("project", "main", "Customers")
    );
    assert_eq!(types_of(&customers), types(&[("id", "int"), ("Email", "text"), ("note", "text")]));
    let nullable: Vec<bool> = customers.columns.iter().map(|c| c.nullable).collect();
    assert_eq!(nullable, [false, false, true]);
    assert_eq!(customers.primary_key, ["id"]);

    let orders = s.table(&parts("orders"), HERE).unwrap();
    assert_eq!(
        types_of(&orders),
        types(&[
            ("order_id", "int"),
            ("customer_id", "int"),
            ("total", "decimal(10, 2)"),
            ("at", "timestamp with a time zone"),
            ("tags", "list of text"),
        ])
    );
    assert_eq!(orders.foreign_keys.len(), 1);
    assert_eq!(orders.foreign_keys[0].columns, ["customer_id"]);
    assert_eq!(orders.foreign_keys[0].table, "Customers");
    assert_eq!(orders.foreign_keys[0].target_columns, ["id"]);
}

#[test]
fn views_and_further_schemas_are_reachable() {
    let (_dir, s) = shop();
    let recent = s.table(&parts("recent"), HERE).unwrap();
    assert_eq!(types_of(&recent), types(&[("order_id", "int"), ("total", "decimal(10, 2)")]));
    assert_eq!(s.table(&parts("crm.leads"), HERE).unwrap().primary_key, ["a", "b"]);
    assert_eq!(s.table(&parts("project.crm.leads"), HERE).unwrap().columns.len(), 2);
    assert_eq!(s.table_names(), ["Customers", "odd", "order", "orders", "recent"]);
}

#[test]
fn cases_142_143_names_of_any_kind_come_back_exactly() {
    let (_dir, s) = shop();
    let order = s.table(&parts("order"), HERE).unwrap();
    let names: Vec<&str> = order.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["group", "end", "x y", "a.b", "q\"t"]);
}

#[test]
fn an_unknown_table_proposes_the_nearest_and_the_right_place() {
    let (_dir, s) = shop();
    let error = s.table(&parts("custmers"), HERE).unwrap_err();
    assert_eq!(error.code, data::UNKNOWN_TABLE);
    assert_eq!(error.help.unwrap(), "did you mean `Customers`?");
    let error = s.table(&parts("leads"), HERE).unwrap_err();
    assert_eq!(error.help.unwrap(), "did you mean `crm.leads`?");
    let error = s.table(&parts("cmr.leads"), HERE).unwrap_err();
    assert_eq!(error.code, data::UNKNOWN_DATABASE);
    assert_eq!(error.help.unwrap(), "did you mean `crm`?");
}

#[test]
fn enums_and_uuids_are_read_as_text() {
    let (_dir, s) = shop();
    let odd = s.table(&parts("odd"), HERE).unwrap();
    let ty = |name: &str| odd.columns.iter().find(|c| c.name == name).unwrap().ty.clone();
    assert_eq!(
        (ty("u"), ty("m"), ty("j"), ty("h")),
        (Type::Text, Type::Text, Type::Json, Type::Int)
    );
    assert_eq!((ty("f"), ty("n")), (Type::Float, Type::Timestamp));
    assert_eq!(ty("ms"), Type::List(Box::new(Type::Text)));
    assert_eq!(ty("t"), Type::Other("TIME".into()));
    let Scan::Table { database, schema, table } = &odd.scan else { panic!() };
    let from = [database, schema, table].map(|p| identifier(p)).join(".");
    // Comparing a UUID column with a text that is none would be an error of the engine.
    let sql = format!("SELECT u FROM {from} WHERE u <> 'nonsense' AND m < 'p'");
    let want = Value::Text("12345678-1234-1234-1234-123456789abc".into());
    assert_eq!(s.query(&sql).unwrap(), vec![vec![want]]);
}

#[test]
fn an_attached_database_is_read_only_and_cannot_take_camps_names() {
    let (dir, mut s) = shop();
    database(&dir.path().join("crm.duckdb"), "CREATE TABLE People (id INT PRIMARY KEY)");
    s.attach("crm2", "crm.duckdb", dir.path(), HERE).unwrap();
    s.attach("crm2", "./crm.duckdb", dir.path(), HERE).unwrap();
    let people = s.table(&parts("crm2.people"), HERE).unwrap();
    assert_eq!(people.primary_key, ["id"]);
    assert!(s.execute("INSERT INTO crm2.main.People VALUES (1)").is_err());
    for name in ["project", "temp", "System"] {
        let error = s.attach(name, "crm.duckdb", dir.path(), HERE).unwrap_err();
        assert_eq!(error.code, data::ATTACH_NAME);
    }
    let error = s.attach("nope", "nope.duckdb", dir.path(), HERE).unwrap_err();
    assert_eq!(error.code, data::NO_DATABASE);
    let error = s.table(&parts("crm2.peple"), HERE).unwrap_err();
    assert_eq!(error.help.unwrap(), "did you mean `crm2.People`?");
}

#[test]
fn the_projects_own_file_under_a_second_name_is_the_project() {
    let (dir, mut s) = shop();
    s.attach("mine", "shop.duckdb", dir.path(), HERE).unwrap();
    let Scan::Table { database, .. } = s.table(&parts("mine.customers"), HERE).unwrap().scan else {
        panic!()
    };
    assert_eq!(database, "project");
}

#[test]
fn a_missing_extension_is_named_with_where_to_put_it() {
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("extensions");
    std::fs::create_dir(&empty).unwrap();
    std::fs::write(dir.path().join("x.db"), b"SQLite format 3\0 and so on").unwrap();
    let options = EngineOptions { extension_directory: Some(empty), ..EngineOptions::default() };
    let mut s = Session::open(&options).unwrap();
    let error = s.attach("lite", "x.db", dir.path(), HERE).unwrap_err();
    assert_eq!(error.code, data::EXTENSION_MISSING);
    assert!(error.help.unwrap().contains("CAMP_EXTENSION_DIRECTORY"));
    let error = s.attach("pg", "postgres://me:secret@nowhere/x", dir.path(), HERE).unwrap_err();
    assert!(!format!("{error:?}").contains("secret"));
    let error = s.attach("my", "mysql:db", dir.path(), HERE).unwrap_err();
    assert_eq!(error.code, data::ATTACH_FAILED);
}

#[test]
fn a_view_that_casts_outlives_a_commit() {
    let (_dir, s) = shop();
    let odd = s.table(&parts("odd"), HERE).unwrap();
    s.detach_project().unwrap();
    s.attach_project(false).unwrap();
    s.begin().unwrap();
    s.execute("CREATE TABLE project.main.t AS SELECT 1 AS x").unwrap();
    let sql = format!("SELECT count(*) FROM {}", files::scan_sql(&odd.scan));
    assert_eq!(s.query(&sql).unwrap(), vec![vec![Value::Int(1)]]);
    s.commit().unwrap();
}

#[test]
fn a_session_may_move_to_another_thread() {
    fn send<T: Send>() {}
    fn shared<T: Send + Sync>() {}
    send::<Session>();
    shared::<Interrupter>();
}

#[test]
fn a_failed_run_can_be_rolled_back_after_an_interrupt() {
    let dir = tempfile::tempdir().unwrap();
    let s = Session::open(&options(&dir.path().join("r.duckdb"))).unwrap();
    s.attach_project(false).unwrap();
    s.begin().unwrap();
    s.execute("CREATE TABLE project.main.t AS SELECT 1 AS x").unwrap();
    let stop = s.interrupt_handle();
    stop.interrupt();
    assert_eq!(s.commit().unwrap_err().kind, ErrorKind::Interrupted);
    s.rollback().unwrap();
    stop.reset();
    assert_eq!(s.table_names(), Vec::<String>::new());
}

// Needs a server with tables made by:
// CREATE TYPE mood AS ENUM ('a', 'b');
// CREATE TABLE customers (id uuid PRIMARY KEY, email text NOT NULL, amt numeric(12,2), mood mood,
//   created timestamptz, tags text[], j jsonb); CREATE SCHEMA crm; CREATE TABLE crm.leads (id int);
#[test]
#[ignore = "needs a Postgres server, named by CAMP_TEST_POSTGRES, and CAMP_EXTENSION_DIRECTORY"]
fn postgres_tables_are_read() {
    let uri = std::env::var("CAMP_TEST_POSTGRES").unwrap();
    let mut s = memory();
    s.attach("pg", &uri, Path::new("."), HERE).unwrap();
    let customers = s.table(&parts("pg.Customers"), HERE).unwrap();
    assert_eq!(
        types_of(&customers),
        types(&[
            ("id", "text"),
            ("email", "text"),
            ("amt", "decimal(12, 2)"),
            ("mood", "text"),
            ("created", "timestamp with a time zone"),
            ("tags", "list of text"),
            // The extension hands out jsonb as text.
            ("j", "text"),
        ])
    );
    assert!(!customers.columns[1].nullable);
    assert!(s.query(&format!("SELECT * FROM {}", files::scan_sql(&customers.scan))).is_ok());
    assert_eq!(s.table(&parts("pg.crm.leads"), HERE).unwrap().columns.len(), 1);
    let error = s.table(&parts("pg.customer"), HERE).unwrap_err();
    assert_eq!(error.help.unwrap(), "did you mean `pg.customers`?");
}
