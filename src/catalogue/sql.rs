//! Text of the statements that only the catalogue makes.

use jiff::Timestamp;

use crate::engine::duckdb::types;
use crate::model::types::Type;

pub(super) use crate::engine::duckdb::print::{identifier as ident, text};

/// A column of an alias.
pub(super) fn column(alias: &str, name: &str) -> String {
    format!("{alias}.{}", ident(name))
}

/// A text or nothing.
pub(super) fn maybe_text(value: Option<&str>) -> String {
    value.map_or_else(|| "NULL".into(), text)
}

/// A number or nothing.
pub(super) fn maybe_int(value: Option<u64>) -> String {
    value.map_or_else(|| "NULL".into(), |v| v.to_string())
}

/// An instant, in microseconds: the engine keeps no more.
pub(super) fn instant(value: Timestamp) -> String {
    format!("make_timestamptz({})", value.as_microsecond())
}

/// An instant or nothing.
pub(super) fn maybe_instant(value: Option<Timestamp>) -> String {
    value.map_or_else(|| "NULL".into(), instant)
}

/// Anything as JSON text.
pub(super) fn json<T: serde::Serialize>(value: &T) -> String {
    // Lists of texts and of plain structs always serialize.
    text(&serde_json::to_string(value).unwrap_or_else(|_| "[]".into()))
}

/// A temporary table.
pub(super) fn temp(table: &str) -> String {
    format!("temp.main.{}", ident(table))
}

/// The table of an audience.
pub(super) fn audience(table: &str) -> String {
    format!("project.audience.{}", ident(table))
}

/// A table of schema `camp`.
pub(super) fn camp(table: &str) -> String {
    format!("project.camp.{}", ident(table))
}

/// `k1`, `k2`, …: the key's columns in a change table.
pub(super) fn key_names(count: usize) -> Vec<String> {
    (1..=count).map(|i| format!("k{i}")).collect()
}

/// The type that a change table gives to a key column: integers are widened, so that a column that
/// grows keeps its history.
pub(super) fn key_type(engine_type: &str) -> String {
    match engine_type {
        "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "UTINYINT" | "USMALLINT" | "UINTEGER" => {
            "BIGINT".into()
        }
        "UBIGINT" | "HUGEINT" => "HUGEINT".into(),
        other if other.starts_with("ENUM") => "VARCHAR".into(),
        other => other.into(),
    }
}

/// Camp's type of an engine type.
pub(super) fn model_type(engine_type: &str) -> Type {
    types::from_engine(engine_type).ty
}
