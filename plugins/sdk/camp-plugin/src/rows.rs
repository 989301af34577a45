//! A piece of the input, row by row.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch, UInt64Array};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;
use serde_json::{Map, Value as Json, json};

use crate::cx::Relation;
use crate::error::{Error, Result};
use crate::value::{Column, Part, Template};

/// Some rows of the input, in order.
#[derive(Debug, Clone)]
pub struct Rows {
    batch: RecordBatch,
    key: Vec<usize>,
    visible: Vec<usize>,
}

impl Rows {
    pub(crate) fn new(batch: RecordBatch, relation: &Relation) -> Result<Self> {
        let positions = |columns: &[Column]| {
            columns.iter().map(|column| position(&batch, &column.column)).collect::<Result<_>>()
        };
        let key = positions(&relation.key)?;
        let visible = positions(&relation.visible())?;
        Ok(Self { batch, key, visible })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.batch.num_rows()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All columns, hidden ones included.
    pub fn batch(&self) -> &RecordBatch {
        &self.batch
    }

    /// Some of them that follow each other. Panics when there are not that many.
    pub fn slice(&self, offset: usize, len: usize) -> Self {
        Self { batch: self.batch.slice(offset, len), ..self.clone() }
    }

    /// Those at some places, in that order.
    pub(crate) fn take(&self, places: &[usize]) -> Result<Self> {
        let places: UInt64Array = places.iter().map(|at| *at as u64).collect();
        Ok(Self {
            batch: arrow_select::take::take_record_batch(&self.batch, &places)?,
            ..self.clone()
        })
    }

    pub(crate) fn key_arrays(&self) -> Vec<arrow_array::ArrayRef> {
        self.key.iter().map(|&i| self.batch.column(i).clone()).collect()
    }

    /// A row as a JSON object: the key and the columns that the input carries. Decimals are text, so
    /// that no digit is lost; dates and times are ISO 8601.
    ///
    /// # Errors
    /// A column is of a type that the interface does not have.
    pub fn json(&self, row: usize) -> Result<Map<String, Json>> {
        let schema = self.batch.schema();
        let cell = |&i: &usize| {
            Ok((schema.field(i).name().clone(), cell(self.batch.column(i).as_ref(), row)?))
        };
        self.visible.iter().map(cell).collect()
    }

    /// A column's value in a row, as text; `None` when it is missing.
    ///
    /// # Errors
    /// There is no such column.
    pub fn text(&self, row: usize, column: &Column) -> Result<Option<String>> {
        let array = self.batch.column(position(&self.batch, &column.column)?);
        Ok(match cell(array.as_ref(), row)? {
            Json::Null => None,
            Json::String(text) => Some(text),
            other => Some(other.to_string()),
        })
    }

    /// A template with the values of a row in place; a missing value leaves nothing.
    ///
    /// # Errors
    /// A column is not there.
    pub fn fill(&self, row: usize, template: &Template) -> Result<String> {
        let mut text = String::new();
        for part in &template.0 {
            match part {
                Part::Text(piece) => text.push_str(piece),
                Part::Column(column) => {
                    text.push_str(&self.text(row, column)?.unwrap_or_default());
                }
            }
        }
        Ok(text)
    }

    /// A key for a request that carries exactly these rows: the same again when they are sent again,
    /// another one for other rows.
    ///
    /// # Errors
    /// A key column is of a type that the interface does not have.
    pub fn idempotency_key(&self, activity: &str) -> Result<String> {
        // FNV-1a with 128 bits: stable for ever, and nothing here has to withstand an attacker.
        let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
        let mut add = |text: &str| {
            for byte in text.bytes().chain([0]) {
                hash = (hash ^ u128::from(byte))
                    .wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
            }
        };
        for row in 0..self.len() {
            for &i in &self.key {
                add(&cell(self.batch.column(i).as_ref(), row)?.to_string());
            }
        }
        Ok(format!("{activity}-{hash:032x}"))
    }
}

fn position(batch: &RecordBatch, column: &str) -> Result<usize> {
    batch
        .schema()
        .index_of(column)
        .map_err(|_| Error::internal(format!("the host's rows have no column `{column}`")))
}

/// One value as JSON.
fn cell(array: &dyn Array, row: usize) -> Result<Json> {
    macro_rules! number {
        ($type:ty) => {
            json!(array.as_primitive::<$type>().value(row))
        };
    }
    if array.is_null(row) {
        return Ok(Json::Null);
    }
    let list = |items: arrow_array::ArrayRef| {
        (0..items.len())
            .map(|i| cell(items.as_ref(), i))
            .collect::<Result<Vec<_>>>()
            .map(Json::Array)
    };
    Ok(match array.data_type() {
        DataType::Null => Json::Null,
        DataType::Boolean => json!(array.as_boolean().value(row)),
        DataType::Int8 => number!(Int8Type),
        DataType::Int16 => number!(Int16Type),
        DataType::Int32 => number!(Int32Type),
        DataType::Int64 => number!(Int64Type),
        DataType::UInt8 => number!(UInt8Type),
        DataType::UInt16 => number!(UInt16Type),
        DataType::UInt32 => number!(UInt32Type),
        DataType::UInt64 => number!(UInt64Type),
        DataType::Float32 => number!(Float32Type),
        DataType::Float64 => number!(Float64Type),
        DataType::List(_) => list(array.as_list::<i32>().value(row))?,
        DataType::LargeList(_) => list(array.as_list::<i64>().value(row))?,
        DataType::Struct(_) => {
            let fields = array.as_struct();
            let names = fields.column_names().into_iter().map(str::to_owned);
            let cells = fields.columns().iter().map(|column| cell(column.as_ref(), row));
            names
                .zip(cells)
                .map(|(name, cell)| Ok((name, cell?)))
                .collect::<Result<Map<_, _>>>()?
                .into()
        }
        _ => {
            let options = FormatOptions::default();
            json!(ArrayFormatter::try_new(array, &options)?.value(row).try_to_string()?)
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Date32Array, Decimal128Array, Int64Array, StringArray};

    use super::*;
    use crate::types::Type;

    fn rows() -> Rows {
        let money = Decimal128Array::from(vec![Some(1250), None]).with_precision_and_scale(10, 2);
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("id", Arc::new(Int64Array::from(vec![1, 2]))),
            ("name", Arc::new(StringArray::from(vec![Some("Ann"), None]))),
            ("spend", Arc::new(money.unwrap())),
            ("born", Arc::new(Date32Array::from(vec![0, 20_000]))),
            ("__p0", Arc::new(StringArray::from(vec!["x", "y"]))),
        ];
        let relation = Relation {
            name: "in".into(),
            transition: String::new(),
            dimension: String::new(),
            key: vec![Column::new("id", Type::Int)],
            columns: ["name", "spend", "born"].map(|name| Column::new(name, Type::Other)).into(),
            source: vec![],
            target: vec![],
        };
        Rows::new(
            RecordBatch::try_from_iter_with_nullable(
                columns.into_iter().map(|(name, array)| (name, array, true)),
            )
            .unwrap(),
            &relation,
        )
        .unwrap()
    }

    #[test]
    fn a_row_becomes_json_without_hidden_columns() {
        assert_eq!(
            Json::Object(rows().json(0).unwrap()),
            json!({"id": 1, "name": "Ann", "spend": "12.50", "born": "1970-01-01"})
        );
        assert_eq!(
            Json::Object(rows().json(1).unwrap()),
            json!({"id": 2, "name": null, "spend": null, "born": "2024-10-04"})
        );
    }

    #[test]
    fn the_idempotency_key_follows_the_rows() {
        let all = rows();
        let key = |rows: &Rows| rows.idempotency_key("run-1").unwrap();
        assert_eq!(key(&all), key(&rows()));
        assert_ne!(key(&all.slice(0, 1)), key(&all.slice(1, 1)));
        // FNV-1a of `1`, NUL.
        assert_eq!(key(&all.slice(0, 1)), "run-1-088094cef9ab1be95aa07330556e615c");
    }
}
