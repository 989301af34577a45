//! What the engine knows of sources without reading their rows: the values of row groups.

use crate::model::schema::{Column, FileFormat, Scan};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::plan::reach::{Part, Statistics};

use super::Session;
use super::print::{identifier, text, type_name};

impl Statistics for Session {
    /// Of Parquet files by their footers, of tables of DuckDB by their segments. Text has none, nor have
    /// other databases.
    fn parts(&self, scan: &Scan, column: &Column) -> Option<Vec<Part>> {
        let name = text(&column.name);
        let sql = match scan {
            Scan::Files { paths, format: FileFormat::Parquet } => {
                let paths: Vec<String> = paths.iter().map(|p| text(p)).collect();
                format!(
                    "SELECT row_group_num_rows, stats_min_value, stats_max_value \
                     FROM parquet_metadata([{}]) WHERE path_in_schema = {name}",
                    paths.join(", ")
                )
            }
            Scan::Files { .. } => return None,
            Scan::Table { database, schema, table } => {
                let table = [database, schema, table].map(|part| identifier(part)).join(".");
                let edge = |which: &str| {
                    format!("nullif(regexp_extract(stats, '{which}: ([^,\\]]*)', 1), '')")
                };
                format!(
                    "SELECT count, {}, {} FROM pragma_storage_info({}) \
                     WHERE column_name = {name} AND segment_type <> 'VALIDITY'",
                    edge("Min"),
                    edge("Max"),
                    text(&table)
                )
            }
        };
        let ty = match &column.ty {
            Type::Int | Type::Decimal { .. } | Type::Date | Type::Timestamp | Type::Instant => {
                type_name(&column.ty)
            }
            // The order of other values is not the engine's.
            _ => return None,
        };
        let sql = format!(
            "SELECT n, TRY_CAST(low AS {ty}), TRY_CAST(high AS {ty}) FROM ({sql}) t(n, low, high)"
        );
        // Without statistics a plan is a little slower at most: no reason to fail.
        let rows = self.query(&sql).ok()?;
        let part = |row: Vec<Value>| match <[Value; 3]>::try_from(row).ok()? {
            [Value::Int(rows), low, high] => {
                Some(Part { rows: u64::try_from(rows).ok()?, low, high })
            }
            _ => None,
        };
        let parts: Option<Vec<Part>> = rows.into_iter().map(part).collect();
        parts.filter(|parts| !parts.is_empty())
    }
}
