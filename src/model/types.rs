//! The types of values.

use std::fmt;

/// The type of an expression or a column. Every value may be missing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Unicode text.
    Text,
    /// Whole numbers up to 128 bit.
    Int,
    /// Exact decimals.
    Decimal {
        /// Digits in all, at most 38.
        precision: u8,
        /// Digits behind the point.
        scale: u8,
    },
    /// Binary floating point.
    Float,
    /// True or false.
    Bool,
    /// A calendar day.
    Date,
    /// A local time without a zone, in the campaign's time zone.
    Timestamp,
    /// A point in time (a timestamp with a zone).
    Instant,
    /// A length of time; never a column.
    Duration,
    /// A list of values of one type.
    List(Box<Type>),
    /// A JSON document; its parts are read by path.
    Json,
    /// A struct with named fields.
    Struct(Vec<(String, Type)>),
    /// The literal `missing`: fits every type.
    Missing,
    /// A type of the engine that can be carried along and tested for presence, nothing else.
    Other(String),
    /// Already reported; fits everything, so that one mistake gives one message.
    Error,
}

impl Type {
    /// int, decimal or float.
    pub fn is_number(&self) -> bool {
        matches!(self, Type::Int | Type::Decimal { .. } | Type::Float)
    }

    /// date, or a timestamp with or without a zone.
    pub fn is_time(&self) -> bool {
        matches!(self, Type::Date | Type::Timestamp | Type::Instant)
    }

    /// Fits everything: reported already, or the literal `missing`.
    pub fn is_wild(&self) -> bool {
        matches!(self, Type::Missing | Type::Error)
    }

    /// The narrowest type that both widen to without loss: int → decimal → float, `missing` and
    /// errors to anything, a list to a list. `None` where they do not meet.
    pub fn widened(&self, other: &Type) -> Option<Type> {
        use Type::*;
        Some(match (self, other) {
            (a, b) if a == b => a.clone(),
            (Missing, t) | (t, Missing) | (Error, t) | (t, Error) => t.clone(),
            (Int, d @ Decimal { .. }) | (d @ Decimal { .. }, Int) => d.clone(),
            (Int | Decimal { .. }, Float) | (Float, Int | Decimal { .. }) => Float,
            (Decimal { precision: p1, scale: s1 }, Decimal { precision: p2, scale: s2 }) => {
                let scale = (*s1).max(*s2);
                let whole = (p1 - s1).max(p2 - s2);
                Decimal { precision: (whole + scale).min(38), scale }
            }
            (List(a), List(b)) => List(Box::new(a.widened(b)?)),
            _ => return None,
        })
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Text => f.write_str("text"),
            Type::Int => f.write_str("int"),
            Type::Decimal { precision, scale } => write!(f, "decimal({precision}, {scale})"),
            Type::Float => f.write_str("float"),
            Type::Bool => f.write_str("bool"),
            Type::Date => f.write_str("date"),
            Type::Timestamp => f.write_str("timestamp"),
            Type::Instant => f.write_str("timestamp with a time zone"),
            Type::Duration => f.write_str("duration"),
            Type::List(of) => write!(f, "list of {of}"),
            Type::Json => f.write_str("json"),
            Type::Struct(_) => f.write_str("struct"),
            Type::Missing => f.write_str("missing"),
            Type::Other(name) => write!(f, "{}", name.to_lowercase()),
            Type::Error => f.write_str("unknown"),
        }
    }
}

/// A type with its article, for messages.
pub fn a(ty: &Type) -> String {
    match ty {
        Type::Text => "a text".into(),
        Type::Int => "a whole number".into(),
        Type::Decimal { .. } => "a decimal".into(),
        Type::Float => "a float".into(),
        Type::Bool => "true or false".into(),
        Type::Date => "a date".into(),
        Type::Timestamp | Type::Instant => "a timestamp".into(),
        Type::Duration => "a duration".into(),
        Type::List(of) => format!("a list of {of}"),
        Type::Json => "a json value".into(),
        Type::Struct(_) => "a struct".into(),
        Type::Missing => "`missing`".into(),
        Type::Other(name) => format!("of type {}", name.to_lowercase()),
        Type::Error => "unknown".into(),
    }
}
