//! The relations of a call, with made-up rows that keep every promise of the host.

use std::collections::HashMap;

use duckdb::Connection;
use duckdb::arrow::array::RecordBatch;
use serde_json::Value as Json;

use super::record::Recorded;
use crate::engine::duckdb::{identifier, literal};
use crate::model::types::Type;
use crate::plugin::{schemas, stream};

/// Which rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// None.
    None,
    /// One.
    One,
    /// Some, and nothing in a column that may be missing.
    Missing,
    /// Texts that are hard to quote.
    Odd,
    /// So many that they come in several batches.
    Many,
}

impl Rows {
    fn count(self) -> u64 {
        match self {
            Rows::None => 0,
            Rows::One => 1,
            Rows::Missing => 20,
            Rows::Odd => 40,
            Rows::Many => 5_000,
        }
    }
}

/// A column of a relation.
struct Column {
    name: String,
    ty: Type,
    /// The place in its key; `None` for a value.
    key: Option<(usize, bool)>,
    nullable: bool,
}

/// A relation of a call.
pub struct Relation {
    /// Its name in SQL.
    pub name: String,
    columns: Vec<Column>,
}

impl Relation {
    /// All relations of a call.
    pub fn all(call: &Recorded) -> Vec<Relation> {
        let mut nullable = HashMap::new();
        promises(&call.document["params"], &mut nullable);
        let inputs = call.document["inputs"].as_array().map_or(&[][..], Vec::as_slice);
        inputs
            .iter()
            .zip(&call.relations)
            .map(|(json, columns)| Relation::new(json, columns, &nullable))
            .collect()
    }

    fn new(json: &Json, columns: &[(String, Type)], nullable: &HashMap<String, bool>) -> Relation {
        let keys: Vec<Vec<&str>> = ["key", "source", "target"]
            .iter()
            .map(|part| {
                let list = json[*part].as_array().map_or(&[][..], Vec::as_slice);
                list.iter().filter_map(|c| c["column"].as_str()).collect()
            })
            .collect();
        let type_of = |name: &str| columns.iter().find(|(n, _)| n == name).map(|(_, ty)| ty);
        let columns = columns
            .iter()
            .map(|(name, ty)| {
                let key = keys.iter().find_map(|key| {
                    let at = key.iter().position(|k| k == name)?;
                    // One part tells the rows apart, the last that has enough values.
                    let telling = key.iter().rposition(|k| type_of(k) != Some(&Type::Bool));
                    Some((at, telling.is_none_or(|last| last == at)))
                });
                let nullable = key.is_none() && nullable.get(name).copied().unwrap_or(true);
                Column { name: name.clone(), ty: ty.clone(), key, nullable }
            })
            .collect();
        Relation { name: json["name"].as_str().unwrap_or_default().to_owned(), columns }
    }

    /// Makes the table of its rows, in one order or the other.
    pub fn create(&self, engine: &Connection, rows: Rows, reversed: bool) -> Result<(), String> {
        let columns: Vec<String> = self
            .columns
            .iter()
            .enumerate()
            .map(|(n, column)| {
                let ty = stream::engine_type(&schemas::data_type(&column.ty));
                let ty = ty.unwrap_or_else(|| "VARCHAR".into());
                format!("CAST({} AS {ty}) AS {}", column.value(n, rows), identifier(&column.name))
            })
            .collect();
        let only_flags =
            self.columns.iter().filter(|c| c.key.is_some()).all(|c| c.ty == Type::Bool);
        let has_key = self.columns.iter().any(|c| c.key.is_some());
        let count = if has_key && only_flags { rows.count().min(2) } else { rows.count() };
        let direction = if reversed { "DESC" } else { "ASC" };
        let sql = format!(
            "CREATE OR REPLACE TABLE {} AS SELECT {} FROM range({count}) t(i) ORDER BY i {direction}",
            identifier(&table(&self.name)),
            columns.join(", ")
        );
        engine.execute_batch(&sql).map_err(|e| format!("the kit's own rows: {e}"))
    }

    /// Its entry in front of a query of a plan.
    pub fn with(&self) -> String {
        format!("{} AS (SELECT * FROM {})", identifier(&self.name), identifier(&table(&self.name)))
    }

    /// Its rows, as a plugin gets them.
    pub fn batch(&self, engine: &Connection) -> Result<RecordBatch, String> {
        let sql = format!("SELECT * FROM {}", identifier(&table(&self.name)));
        let columns: Vec<_> = self.columns.iter().map(|c| (c.name.clone(), c.ty.clone())).collect();
        let schema = std::sync::Arc::new(schemas::schema(&columns));
        let mut statement = engine.prepare(&sql).map_err(|e| e.to_string())?;
        let found: Vec<RecordBatch> =
            statement.query_arrow([]).map_err(|e| e.to_string())?.collect();
        let batches: Result<Vec<RecordBatch>, _> = found
            .into_iter()
            .map(|batch| RecordBatch::try_new(schema.clone(), batch.columns().to_vec()))
            .collect();
        duckdb::arrow::compute::concat_batches(&schema, &batches.map_err(|e| e.to_string())?)
            .map_err(|e| e.to_string())
    }
}

fn table(relation: &str) -> String {
    format!("rows of {relation}")
}

/// What the document says of the columns that its parameters name.
fn promises(json: &Json, nullable: &mut HashMap<String, bool>) {
    match json {
        Json::Array(items) => items.iter().for_each(|item| promises(item, nullable)),
        Json::Object(map) => {
            if let (Some(Json::String(name)), Some(Json::Bool(may))) =
                (map.get("column"), map.get("nullable"))
            {
                nullable.insert(name.clone(), *may);
            }
            map.values().for_each(|item| promises(item, nullable));
        }
        _ => {}
    }
}

const PLAIN: &[&str] = &["Ann", "bob@x.test", "", "FR", "a", "Zoé"];
const ODD: &[&str] = &[
    "it's",
    "\"q\"",
    "a\\b",
    "é\u{301}",
    "😀",
    "a,b;c",
    "line\nbreak",
    "%_",
    "{{x}}",
    "NULL",
    "'; --",
    "\u{200f}x",
    " ",
    "",
];

impl Column {
    /// The SQL of its value in row `i`.
    fn value(&self, place: usize, rows: Rows) -> String {
        if let Some((_, telling)) = self.key {
            let n = if telling { "i" } else { "(i % 5)" };
            return match (&self.ty, rows) {
                (Type::Text, Rows::Odd) => format!("'it''s \"' || {n} || '\" \\ é😀'"),
                (Type::Bool, _) => "i % 2 = 0".to_owned(),
                (ty, _) => of_number(ty, n),
            };
        }
        if self.nullable && rows == Rows::Missing {
            return "NULL".into();
        }
        let value = match (&self.ty, rows) {
            (Type::Text, Rows::Odd) => one_of(ODD, place),
            (Type::Text, _) => one_of(PLAIN, place),
            (Type::Bool, _) => format!("(i + {place}) % 3 = 0"),
            (ty, _) => of_number(ty, &format!("((i * 7919 + {place}) % 50)")),
        };
        if self.nullable && rows != Rows::One {
            format!("CASE WHEN (i + {place}) % 7 = 0 THEN NULL ELSE {value} END")
        } else {
            value
        }
    }
}

fn one_of(texts: &[&str], place: usize) -> String {
    let list: Vec<String> = texts.iter().map(|text| literal(text)).collect();
    format!("[{}][1 + (i + {place}) % {}]", list.join(", "), list.len())
}

fn of_number(ty: &Type, n: &str) -> String {
    match ty {
        Type::Int => format!("{n} + 1"),
        Type::Decimal { precision, scale } => {
            // As many whole digits as fit, four of them at most.
            let digits = u32::from(precision.saturating_sub(*scale)).min(4);
            format!("({n} % {})", 10_u64.pow(digits).max(1))
        }
        Type::Float => format!("{n} / 8.0"),
        Type::Date => format!("DATE '2020-01-01' + CAST({n} AS INTEGER)"),
        Type::Timestamp => format!("TIMESTAMP '2020-01-01' + to_seconds({n})"),
        Type::Instant => format!("TIMESTAMPTZ '2020-01-01 00:00:00+00' + to_seconds({n})"),
        Type::List(of) => format!("[{}]", of_number(of, n)),
        _ => format!("'k' || {n}"),
    }
}
