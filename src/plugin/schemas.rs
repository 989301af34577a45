//! Relations as Arrow schemas.

use std::sync::Arc;

use camp_plugin_abi as abi;
use duckdb::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use duckdb::arrow::ffi::FFI_ArrowSchema;

use crate::model::types::Type;

/// The Arrow type of a column. Whole numbers of all widths are one to a plugin, and what only the
/// engine understands is handed over as text.
pub fn data_type(ty: &Type) -> DataType {
    match ty {
        Type::Int => DataType::Int64,
        Type::Decimal { precision, scale } => DataType::Decimal128(*precision, *scale as i8),
        Type::Float => DataType::Float64,
        Type::Bool => DataType::Boolean,
        Type::Date => DataType::Date32,
        Type::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        Type::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Type::List(of) => DataType::List(Arc::new(Field::new("item", data_type(of), true))),
        _ => DataType::Utf8,
    }
}

/// The schema of a relation with these columns.
pub fn schema(columns: &[(String, Type)]) -> Schema {
    let fields: Vec<Field> =
        columns.iter().map(|(name, ty)| Field::new(name, data_type(ty), true)).collect();
    Schema::new(fields)
}

/// Schemas on loan to a plugin: released when this is dropped.
pub struct Lent(Vec<abi::ArrowSchema>);

impl Lent {
    /// Of these relations.
    ///
    /// # Errors
    /// A schema that Arrow's C interface cannot hold.
    pub fn new(relations: &[Vec<(String, Type)>]) -> Result<Lent, String> {
        let mut all = Vec::new();
        for columns in relations {
            let ffi =
                FFI_ArrowSchema::try_from(&schema(columns)).map_err(|error| error.to_string())?;
            // SAFETY: both are the C struct of the Arrow specification, whose size the interface
            // crate asserts; the value moves.
            all.push(unsafe { std::mem::transmute::<FFI_ArrowSchema, abi::ArrowSchema>(ffi) });
        }
        Ok(Lent(all))
    }

    /// What plugins get.
    pub fn as_slice(&self) -> &[abi::ArrowSchema] {
        &self.0
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        for schema in &mut self.0 {
            if let Some(release) = schema.release {
                // SAFETY: ours, released once.
                unsafe { release(schema) }
            }
        }
    }
}
