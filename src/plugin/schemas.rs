//! Relations as Arrow schemas.

use std::sync::Arc;

use camp_plugin_abi as abi;
use duckdb::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use duckdb::arrow::ffi::FFI_ArrowSchema;

use crate::model::types::Type;

/// Whether a plugin gets the values themselves; everything else crosses as text.
fn is_native(ty: &Type) -> bool {
    match ty {
        Type::List(of) => is_native(of),
        Type::Text
        | Type::Int
        | Type::Decimal { .. }
        | Type::Float
        | Type::Bool
        | Type::Date
        | Type::Timestamp
        | Type::Instant => true,
        _ => false,
    }
}

/// The Arrow type of a column. Whole numbers of all widths are one to a plugin, and what only the
/// engine understands is handed over as text.
pub fn data_type(ty: &Type) -> DataType {
    match ty {
        ty if !is_native(ty) => DataType::Utf8,
        Type::Int => DataType::Int64,
        Type::Decimal { precision, scale } => DataType::Decimal128(*precision, *scale as i8),
        Type::Float => DataType::Float64,
        Type::Bool => DataType::Boolean,
        Type::Date => DataType::Date32,
        Type::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        Type::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Type::List(of) => DataType::List(Arc::new(Field::new("l", data_type(of), true))),
        _ => DataType::Utf8,
    }
}

/// The engine's type that is handed over as [`data_type`].
fn engine_type(ty: &Type) -> String {
    match ty {
        ty if !is_native(ty) => "VARCHAR".into(),
        Type::Int => "BIGINT".into(),
        Type::Decimal { precision, scale } => format!("DECIMAL({precision},{scale})"),
        Type::Float => "DOUBLE".into(),
        Type::Bool => "BOOLEAN".into(),
        Type::Date => "DATE".into(),
        Type::Timestamp => "TIMESTAMP".into(),
        Type::Instant => "TIMESTAMPTZ".into(),
        Type::List(of) => format!("{}[]", engine_type(of)),
        _ => "VARCHAR".into(),
    }
}

/// Camp's type of a column as a plugin sees it and gives it back.
pub fn crossing(ty: &Type) -> Type {
    if is_native(ty) { ty.clone() } else { Type::Text }
}

/// A column of the engine as the contract types it; `of` is the engine's own type of it.
pub fn outward(column: &str, ty: &Type, of: &str) -> String {
    match is_nested(of) && !is_native(ty) {
        true => format!("CAST(to_json({column}) AS VARCHAR)"),
        false => format!("CAST({column} AS {})", engine_type(ty)),
    }
}

/// What [`outward`] made of a column, as the engine had it before.
pub fn inward(column: &str, ty: &Type, of: &str) -> String {
    match is_nested(of) && !is_native(ty) {
        // The text of a JSON column is its value; that of anything else has to be read.
        true => format!("CAST(CAST({column} AS JSON) AS {of})"),
        false => format!("CAST({column} AS {of})"),
    }
}

/// Whether values of an engine's type have parts: their text is JSON.
fn is_nested(of: &str) -> bool {
    let of = of.to_uppercase();
    ["STRUCT(", "MAP(", "UNION("].iter().any(|start| of.starts_with(start)) || of.ends_with(']')
}

/// Camp's type of a column of a plugin's rows; `None` for what the contract does not have.
pub fn type_of(ty: &DataType) -> Option<Type> {
    Some(match ty {
        DataType::Boolean => Type::Bool,
        ty if ty.is_integer() => Type::Int,
        DataType::Decimal128(38, 0) => Type::Int,
        DataType::Decimal128(precision, scale) => {
            Type::Decimal { precision: *precision, scale: u8::try_from(*scale).ok()? }
        }
        DataType::Float32 | DataType::Float64 => Type::Float,
        DataType::Utf8 | DataType::LargeUtf8 => Type::Text,
        DataType::Date32 => Type::Date,
        DataType::Timestamp(TimeUnit::Microsecond, None) => Type::Timestamp,
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => Type::Instant,
        DataType::List(of) => Type::List(Box::new(type_of(of.data_type())?)),
        _ => return None,
    })
}

/// The columns of a schema that a plugin filled; it is released.
///
/// # Errors
/// What is wrong with it.
pub fn take(schema: &mut abi::ArrowSchema) -> Result<Vec<(String, Type)>, String> {
    if schema.release.is_none() {
        return Err("it does not state the columns of its rows".into());
    }
    let raw = (schema as *mut abi::ArrowSchema).cast::<FFI_ArrowSchema>();
    // SAFETY: the same C struct, filled by the plugin; it moves, and is released when dropped.
    let ffi = unsafe { FFI_ArrowSchema::from_raw(raw) };
    let read = Schema::try_from(&ffi).map_err(|e| e.to_string())?;
    read.fields()
        .iter()
        .map(|f| match type_of(f.data_type()) {
            Some(ty) => Ok((f.name().clone(), ty)),
            None => Err(format!("its column `{}` has the type {}", f.name(), f.data_type())),
        })
        .collect()
}

/// Releases schemas that a plugin filled.
pub fn release(schemas: &mut [abi::ArrowSchema]) {
    for schema in schemas {
        if let Some(release) = schema.release {
            // SAFETY: filled by the plugin, released once.
            unsafe { release(schema) }
        }
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

// SAFETY: plain data with its own release, which may run on any thread.
unsafe impl Send for Lent {}

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
        release(&mut self.0);
    }
}
