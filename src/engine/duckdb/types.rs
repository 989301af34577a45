//! The engine's types as its catalogue spells them, to Camp's types and back; and values out of the
//! engine's batches.

use duckdb::arrow::array::{self as arrow, Array, ArrayRef};
use duckdb::arrow::datatypes::{
    DataType, Int8Type, Int16Type, Int32Type, Int64Type, TimeUnit, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};

use super::error::{EngineError, ErrorKind};
use crate::model::types::Type;
use crate::model::value::{Duration, Value, decimal_text};

/// A type of the engine, as Camp sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// Camp's type.
    pub ty: Type,
    /// The engine type a column must be cast to before Camp's rules hold for it; `None` when it can
    /// be read as it is. An ENUM, for example, sorts by position and a UUID refuses texts that are
    /// none, where Camp compares both as text.
    pub cast: Option<String>,
}

/// Camp's type of an engine type, as `DESCRIBE` and `duckdb_columns()` spell it.
pub fn from_engine(text: &str) -> Mapped {
    let text = text.trim();
    let tree = TypeText::parse(text);
    let ty = tree.ty();
    let normal = tree.normal();
    Mapped { cast: tree.changes().then_some(normal), ty }
}

/// The engine type that holds every value of a type of Camp.
pub fn to_engine(ty: &Type) -> String {
    match ty {
        Type::Text => "VARCHAR".into(),
        Type::Int => "HUGEINT".into(),
        Type::Decimal { precision, scale } => format!("DECIMAL({precision},{scale})"),
        Type::Float => "DOUBLE".into(),
        Type::Bool => "BOOLEAN".into(),
        Type::Date => "DATE".into(),
        Type::Timestamp => "TIMESTAMP".into(),
        Type::Instant => "TIMESTAMPTZ".into(),
        Type::Duration => "INTERVAL".into(),
        Type::List(of) => format!("{}[]", to_engine(of)),
        Type::Json => "JSON".into(),
        Type::Struct(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(n, t)| format!("{} {}", quoted(n), to_engine(t))).collect();
            format!("STRUCT({})", fields.join(", "))
        }
        Type::Other(name) => name.clone(),
        Type::Missing | Type::Error => "VARCHAR".into(),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A type text, taken apart far enough to map it.
enum TypeText {
    /// A type without parts that matter, its parameters still in the text.
    Plain(String),
    /// `T[]`
    List(Box<TypeText>),
    /// `T[3]`
    Array(Box<TypeText>),
    /// `STRUCT(a T, …)`
    Struct(Vec<(String, TypeText)>),
}

impl TypeText {
    fn parse(text: &str) -> TypeText {
        let text = text.trim();
        if let Some(inner) = text.strip_suffix(']')
            && let Some(open) = inner.rfind('[')
        {
            let of = Box::new(TypeText::parse(&inner[..open]));
            return if open + 1 == inner.len() { TypeText::List(of) } else { TypeText::Array(of) };
        }
        if let Some(body) = text.strip_prefix("STRUCT(").and_then(|t| t.strip_suffix(')')) {
            let fields = split_top(body)
                .into_iter()
                .map(|field| {
                    let (name, rest) = take_name(field.trim());
                    (name, TypeText::parse(rest))
                })
                .collect();
            return TypeText::Struct(fields);
        }
        TypeText::Plain(text.to_string())
    }

    fn ty(&self) -> Type {
        match self {
            TypeText::List(of) | TypeText::Array(of) => Type::List(Box::new(of.ty())),
            TypeText::Struct(fields) => {
                Type::Struct(fields.iter().map(|(n, t)| (n.clone(), t.ty())).collect())
            }
            TypeText::Plain(text) => plain_type(text),
        }
    }

    /// Whether reading it as Camp's type needs a cast.
    fn changes(&self) -> bool {
        match self {
            TypeText::List(of) => of.changes(),
            TypeText::Array(_) => true,
            TypeText::Struct(fields) => fields.iter().any(|(_, t)| t.changes()),
            TypeText::Plain(text) => is_text_in_disguise(text),
        }
    }

    /// The engine type to read it as.
    fn normal(&self) -> String {
        match self {
            TypeText::List(of) | TypeText::Array(of) => format!("{}[]", of.normal()),
            TypeText::Struct(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|(n, t)| format!("{} {}", quoted(n), t.normal())).collect();
                format!("STRUCT({})", fields.join(", "))
            }
            TypeText::Plain(text) if is_text_in_disguise(text) => "VARCHAR".into(),
            TypeText::Plain(text) => text.clone(),
        }
    }
}

fn is_text_in_disguise(text: &str) -> bool {
    text == "UUID" || text.starts_with("ENUM(") || text == "ENUM"
}

fn plain_type(text: &str) -> Type {
    if let Some(body) = text.strip_prefix("DECIMAL(").and_then(|t| t.strip_suffix(')')) {
        let mut parts = body.split(',').map(|p| p.trim().parse::<u8>());
        if let (Some(Ok(precision)), Some(Ok(scale))) = (parts.next(), parts.next()) {
            return Type::Decimal { precision, scale };
        }
    }
    match text {
        "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "HUGEINT" | "UTINYINT" | "USMALLINT"
        | "UINTEGER" | "UBIGINT" | "UHUGEINT" => Type::Int,
        "DECIMAL" => Type::Decimal { precision: 18, scale: 3 },
        "FLOAT" | "DOUBLE" => Type::Float,
        "BOOLEAN" => Type::Bool,
        "VARCHAR" | "UUID" | "ENUM" => Type::Text,
        "DATE" => Type::Date,
        "TIMESTAMP" | "TIMESTAMP_S" | "TIMESTAMP_MS" | "TIMESTAMP_NS" => Type::Timestamp,
        "TIMESTAMP WITH TIME ZONE" | "TIMESTAMPTZ" => Type::Instant,
        "JSON" => Type::Json,
        _ if text.starts_with("ENUM(") => Type::Text,
        _ => Type::Other(text.to_string()),
    }
}

/// Splits at commas outside brackets and quotes.
fn split_top(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start, mut quote) = (Vec::new(), 0usize, 0, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// The name at the start of `name TYPE` or `"na""me" TYPE`, and the rest.
fn take_name(field: &str) -> (String, &str) {
    if let Some(body) = field.strip_prefix('"') {
        let mut chars = body.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if c == '"' {
                if chars.peek().is_some_and(|(_, next)| *next == '"') {
                    chars.next();
                    continue;
                }
                return (body[..at].replace("\"\"", "\""), body[at + 1..].trim_start());
            }
        }
    }
    match field.split_once(' ') {
        Some((name, rest)) => (name.to_string(), rest.trim_start()),
        None => (field.to_string(), ""),
    }
}

/// The value of one row of a column.
///
/// # Errors
/// When a time lies outside the calendar Camp has (years -9999 to 9999).
pub fn value_at(column: &ArrayRef, row: usize) -> Result<Value, EngineError> {
    if column.is_null(row) || *column.data_type() == DataType::Null {
        return Ok(Value::Missing);
    }
    macro_rules! int {
        ($ty:ty) => {
            primitive::<$ty>(column, row).map(|v| Value::Int(i128::from(v)))
        };
    }
    let any = column.as_any();
    let value = match column.data_type() {
        DataType::Boolean => {
            any.downcast_ref::<arrow::BooleanArray>().map(|a| Value::Bool(a.value(row)))
        }
        DataType::Int8 => int!(Int8Type),
        DataType::Int16 => int!(Int16Type),
        DataType::Int32 => int!(Int32Type),
        DataType::Int64 => int!(Int64Type),
        DataType::UInt8 => int!(UInt8Type),
        DataType::UInt16 => int!(UInt16Type),
        DataType::UInt32 => int!(UInt32Type),
        DataType::UInt64 => int!(UInt64Type),
        DataType::Float32 => {
            any.downcast_ref::<arrow::Float32Array>().map(|a| Value::Float(f64::from(a.value(row))))
        }
        DataType::Float64 => {
            any.downcast_ref::<arrow::Float64Array>().map(|a| Value::Float(a.value(row)))
        }
        DataType::Decimal32(_, scale) => any
            .downcast_ref::<arrow::Decimal32Array>()
            .map(|a| decimal(i128::from(a.value(row)), *scale)),
        DataType::Decimal64(_, scale) => any
            .downcast_ref::<arrow::Decimal64Array>()
            .map(|a| decimal(i128::from(a.value(row)), *scale)),
        DataType::Decimal128(_, scale) => {
            any.downcast_ref::<arrow::Decimal128Array>().map(|a| decimal(a.value(row), *scale))
        }
        DataType::Utf8 => {
            any.downcast_ref::<arrow::StringArray>().map(|a| Value::Text(a.value(row).to_string()))
        }
        DataType::LargeUtf8 => any
            .downcast_ref::<arrow::LargeStringArray>()
            .map(|a| Value::Text(a.value(row).to_string())),
        DataType::Binary => {
            any.downcast_ref::<arrow::BinaryArray>().map(|a| Value::Text(hex(a.value(row))))
        }
        DataType::LargeBinary => {
            any.downcast_ref::<arrow::LargeBinaryArray>().map(|a| Value::Text(hex(a.value(row))))
        }
        DataType::FixedSizeBinary(_) => any
            .downcast_ref::<arrow::FixedSizeBinaryArray>()
            .map(|a| Value::Text(hex(a.value(row)))),
        DataType::Date32 => {
            let days = any.downcast_ref::<arrow::Date32Array>().map(|a| a.value(row));
            return days.map_or_else(|| Err(unreadable(column)), date);
        }
        DataType::Timestamp(unit, zone) => {
            let raw = match unit {
                TimeUnit::Second => {
                    any.downcast_ref::<arrow::TimestampSecondArray>().map(|a| a.value(row))
                }
                TimeUnit::Millisecond => {
                    any.downcast_ref::<arrow::TimestampMillisecondArray>().map(|a| a.value(row))
                }
                TimeUnit::Microsecond => {
                    any.downcast_ref::<arrow::TimestampMicrosecondArray>().map(|a| a.value(row))
                }
                TimeUnit::Nanosecond => {
                    any.downcast_ref::<arrow::TimestampNanosecondArray>().map(|a| a.value(row))
                }
            };
            let raw = raw.ok_or_else(|| unreadable(column))?;
            return timestamp(raw, unit, zone.is_some());
        }
        DataType::Time64(_) => any.downcast_ref::<arrow::Time64MicrosecondArray>().map(|a| {
            let micros = a.value(row);
            let (seconds, part) = (micros / 1_000_000, micros % 1_000_000);
            let clock =
                format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
            Value::Text(if part == 0 { clock } else { format!("{clock}.{part:06}") })
        }),
        DataType::Interval(_) => any.downcast_ref::<arrow::IntervalMonthDayNanoArray>().map(|a| {
            let v = a.value(row);
            Value::Duration(Duration {
                months: v.months.into(),
                days: v.days.into(),
                micros: v.nanoseconds / 1000,
            })
        }),
        DataType::List(_) => {
            return list(any.downcast_ref::<arrow::ListArray>().map(|a| a.value(row)), column);
        }
        DataType::LargeList(_) => {
            return list(any.downcast_ref::<arrow::LargeListArray>().map(|a| a.value(row)), column);
        }
        DataType::FixedSizeList(..) => {
            let items = any.downcast_ref::<arrow::FixedSizeListArray>().map(|a| a.value(row));
            return list(items, column);
        }
        DataType::Dictionary(..) => {
            let keys = any.downcast_ref::<arrow::DictionaryArray<UInt8Type>>();
            let picked = keys.map(|a| (a.values().clone(), a.keys().value(row) as usize));
            let picked = picked.or_else(|| {
                let a = any.downcast_ref::<arrow::DictionaryArray<UInt16Type>>()?;
                Some((a.values().clone(), a.keys().value(row) as usize))
            });
            let picked = picked.or_else(|| {
                let a = any.downcast_ref::<arrow::DictionaryArray<UInt32Type>>()?;
                Some((a.values().clone(), a.keys().value(row) as usize))
            });
            return match picked {
                Some((values, index)) => value_at(&values, index),
                None => Err(unreadable(column)),
            };
        }
        DataType::Struct(fields) => {
            let parts =
                any.downcast_ref::<arrow::StructArray>().ok_or_else(|| unreadable(column))?;
            let mut text = Vec::with_capacity(fields.len());
            for (field, part) in fields.iter().zip(parts.columns()) {
                text.push(format!("'{}': {}", field.name(), shown(&value_at(part, row)?)));
            }
            return Ok(Value::Text(format!("{{{}}}", text.join(", "))));
        }
        DataType::Map(..) => {
            let entries = any.downcast_ref::<arrow::MapArray>().map(|a| a.value(row));
            let entries = entries.ok_or_else(|| unreadable(column))?;
            let mut text = Vec::with_capacity(entries.len());
            for at in 0..entries.len() {
                let key = shown(&value_at(entries.column(0), at)?);
                text.push(format!("{key}={}", shown(&value_at(entries.column(1), at)?)));
            }
            return Ok(Value::Text(format!("{{{}}}", text.join(", "))));
        }
        DataType::Union(..) => {
            let union =
                any.downcast_ref::<arrow::UnionArray>().ok_or_else(|| unreadable(column))?;
            return value_at(&union.value(row), 0);
        }
        _ => None,
    };
    value.ok_or_else(|| unreadable(column))
}

fn primitive<T: duckdb::arrow::datatypes::ArrowPrimitiveType>(
    column: &ArrayRef,
    row: usize,
) -> Option<T::Native> {
    column.as_any().downcast_ref::<arrow::PrimitiveArray<T>>().map(|a| a.value(row))
}

fn unreadable(column: &ArrayRef) -> EngineError {
    EngineError::new(
        ErrorKind::Other,
        format!("a result has the type {}, which Camp cannot show", column.data_type()),
    )
}

/// A decimal without digits behind the point is a whole number: the engine hands out HUGEINT so.
fn decimal(digits: i128, scale: i8) -> Value {
    match u8::try_from(scale) {
        Ok(0) | Err(_) => Value::Int(digits),
        Ok(scale) => Value::Decimal { digits, scale },
    }
}

fn date(days: i32) -> Result<Value, EngineError> {
    jiff::civil::date(1970, 1, 1)
        .checked_add(jiff::Span::new().try_days(i64::from(days)).map_err(out_of_calendar)?)
        .map(Value::Date)
        .map_err(out_of_calendar)
}

fn timestamp(raw: i64, unit: &TimeUnit, zoned: bool) -> Result<Value, EngineError> {
    let nanos = i128::from(raw)
        * match unit {
            TimeUnit::Second => 1_000_000_000,
            TimeUnit::Millisecond => 1_000_000,
            TimeUnit::Microsecond => 1_000,
            TimeUnit::Nanosecond => 1,
        };
    let instant = jiff::Timestamp::from_nanosecond(nanos).map_err(out_of_calendar)?;
    Ok(if zoned {
        Value::Instant(instant)
    } else {
        Value::Timestamp(jiff::tz::Offset::UTC.to_datetime(instant))
    })
}

fn out_of_calendar(error: jiff::Error) -> EngineError {
    EngineError::new(ErrorKind::Overflow, format!("a time outside the calendar: {error}"))
}

fn list(items: Option<ArrayRef>, column: &ArrayRef) -> Result<Value, EngineError> {
    let items = items.ok_or_else(|| unreadable(column))?;
    (0..items.len()).map(|i| value_at(&items, i)).collect::<Result<_, _>>().map(Value::List)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// A value inside a struct or map, as text for people.
fn shown(value: &Value) -> String {
    match value {
        Value::Missing => "NULL".into(),
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Decimal { digits, scale } => decimal_text(*digits, *scale),
        Value::Float(x) => x.to_string(),
        Value::Text(t) => t.clone(),
        Value::Date(d) => d.to_string(),
        Value::Timestamp(t) => t.to_string().replace('T', " "),
        Value::Instant(t) => t.to_string(),
        Value::Duration(d) => format!("{} months {} days {} µs", d.months, d.days, d.micros),
        Value::List(items) => {
            format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engine_types_map_to_camps() {
        let cases = [
            ("UTINYINT", Type::Int, None),
            ("DECIMAL(38,10)", Type::Decimal { precision: 38, scale: 10 }, None),
            ("TIMESTAMP WITH TIME ZONE", Type::Instant, None),
            ("TIMESTAMP_NS", Type::Timestamp, None),
            ("ENUM('a', 'it''s, b)')", Type::Text, Some("VARCHAR")),
            ("UUID", Type::Text, Some("VARCHAR")),
            ("VARCHAR[][]", Type::List(Box::new(Type::List(Box::new(Type::Text)))), None),
            ("INTEGER[3]", Type::List(Box::new(Type::Int)), Some("INTEGER[]")),
            ("UUID[]", Type::List(Box::new(Type::Text)), Some("VARCHAR[]")),
            ("MAP(INTEGER, VARCHAR)", Type::Other("MAP(INTEGER, VARCHAR)".into()), None),
            ("TIME", Type::Other("TIME".into()), None),
        ];
        for (text, ty, cast) in cases {
            let mapped = from_engine(text);
            assert_eq!(mapped, Mapped { ty, cast: cast.map(str::to_string) }, "{text}");
        }
    }

    #[test]
    fn structs_are_taken_apart_with_any_names() {
        let mapped = from_engine(r#"STRUCT(a INTEGER, "b, ""c" DECIMAL(4,1), d STRUCT(e UUID))"#);
        let inner = Type::Struct(vec![("e".into(), Type::Text)]);
        let fields = vec![
            ("a".to_string(), Type::Int),
            ("b, \"c".to_string(), Type::Decimal { precision: 4, scale: 1 }),
            ("d".to_string(), inner),
        ];
        assert_eq!(mapped.ty, Type::Struct(fields));
        assert_eq!(
            mapped.cast.as_deref(),
            Some(r#"STRUCT("a" INTEGER, "b, ""c" DECIMAL(4,1), "d" STRUCT("e" VARCHAR))"#)
        );
    }

    #[test]
    fn every_type_of_camp_has_an_engine_type_that_maps_back() {
        for ty in [
            Type::Text,
            Type::Int,
            Type::Decimal { precision: 12, scale: 3 },
            Type::Float,
            Type::Bool,
            Type::Date,
            Type::Timestamp,
            Type::Instant,
            Type::Json,
            Type::List(Box::new(Type::Int)),
            Type::Struct(vec![("x y".into(), Type::Date)]),
        ] {
            assert_eq!(from_engine(&to_engine(&ty)).ty, ty);
        }
    }

    #[test]
    fn decimals_are_written_out() {
        assert_eq!(decimal_text(-5, 2), "-0.05");
        assert_eq!(decimal_text(1230, 2), "12.30");
        assert_eq!(decimal_text(7, 0), "7");
    }
}
