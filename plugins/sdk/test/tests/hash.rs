//! The stable hash is what WIRE.md says, on the engine too.

use camp_plugin::{Arg, Column, Type, hash};
use camp_plugin_test::query;

const WIRE: &str = include_str!("../../WIRE.md");

fn one(sql: &str) -> String {
    query(sql)[0][0].clone().expect("a value")
}

/// The rows of the table: what is hashed, and the hash.
fn documented() -> Vec<(&'static str, &'static str)> {
    let section = WIRE.split("### 3.3").nth(1).expect("the section");
    let rows = section.lines().filter_map(|line| {
        let cells: Vec<_> = line.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        (cells.len() == 6 && cells[4].len() == 32).then(|| (cells[3], cells[4]))
    });
    rows.collect()
}

#[test]
fn the_table_holds() {
    assert_eq!(documented().len(), 3);
    for (text, hash) in documented() {
        assert_eq!(one(&format!("SELECT md5('{text}')")), hash, "{text}");
    }
}

#[test]
fn the_sdk_writes_that_hash() {
    let table = documented();
    let sql = |seed: &str, key: &[Column], rows: &str| {
        one(&format!("SELECT {} FROM ({rows})", Arg(&hash(seed, key))))
    };
    let id = Column::new("id", Type::Int);
    let day = Column::new("day", Type::Date);
    assert_eq!(sql("", std::slice::from_ref(&id), "SELECT 42 AS id"), table[0].1);
    assert_eq!(sql("Spring sale", std::slice::from_ref(&id), "SELECT 42 AS id"), table[1].1);
    assert_eq!(sql("é", &[id, day], "SELECT 7 AS id, DATE '2026-11-24' AS day"), table[2].1);
}

#[test]
fn parts_cannot_run_into_each_other() {
    let key = ["a", "b"].map(|name| Column::new(name, Type::Text));
    let of = |a: &str, b: &str| {
        one(&format!("SELECT {} FROM (SELECT '{a}' AS a, '{b}' AS b)", Arg(&hash("", &key))))
    };
    assert_ne!(of("1", "23"), of("12", "3"));
    // A length counts characters, not bytes: MD5 of `0:2:éé1:x`.
    assert_eq!(of("éé", "x"), one("SELECT md5('0:2:éé1:x')"));
}

#[test]
fn an_instant_is_its_time_in_utc() {
    let key = [Column::new("at", Type::Instant)];
    let rows = "SELECT TIMESTAMPTZ '2026-11-24 09:30:00.5+01:00' AS at";
    assert_eq!(
        one(&format!("SELECT {} FROM ({rows})", Arg(&hash("", &key)))),
        one("SELECT md5('0:21:2026-11-24 08:30:00.5')")
    );
}

/// The macros that WIRE.md gives a host for DuckDB.
#[test]
fn the_helper_is_the_same_hash() {
    let helpers = WIRE.split("### 3.2").nth(1).expect("the section");
    let sql =
        helpers.split("```sql\n").nth(1).and_then(|rest| rest.split("```").next()).expect("SQL");
    let call = "SELECT camp_hash('é', '7', '2026-11-24')";
    assert_eq!(one(&format!("{sql}; {call}")), documented()[2].1);
}
