//! Constant values: literals, parameters, folded times.

use std::hash::{Hash, Hasher};

use super::types::Type;

/// A constant.
#[derive(Clone, Debug)]
pub enum Value {
    /// No value.
    Missing,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// `digits / 10^scale`
    Decimal {
        /// All digits as one whole number.
        digits: i128,
        /// How many of them stand behind the point.
        scale: u8,
    },
    /// A binary floating-point number.
    Float(f64),
    /// A text.
    Text(String),
    /// A calendar day.
    Date(jiff::civil::Date),
    /// A local time.
    Timestamp(jiff::civil::DateTime),
    /// A point in time.
    Instant(jiff::Timestamp),
    /// A length of time.
    Duration(Duration),
    /// Values of one type.
    List(Vec<Value>),
}

/// A calendar duration. Months apply before days, days before the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Duration {
    /// Calendar months; a quarter is 3, a year is 12.
    pub months: i64,
    /// Local days; a week is 7.
    pub days: i64,
    /// Elapsed microseconds: hours and below.
    pub micros: i64,
}

impl Duration {
    /// Whether it counts only whole local days or months, so that shifting a date by it gives a date.
    pub fn is_calendar(&self) -> bool {
        self.micros == 0
    }

    /// The same length in the other direction.
    pub fn negated(&self) -> Duration {
        Duration { months: -self.months, days: -self.days, micros: -self.micros }
    }
}

impl Value {
    /// The same value as one of a type that it widens to.
    pub fn widened(self, ty: &Type) -> Value {
        match (self, ty) {
            (Value::Int(i), Type::Float) => Value::Float(i as f64),
            (Value::Decimal { digits, scale }, Type::Float) => {
                let text = decimal_text(digits, scale);
                text.parse().map_or(Value::Decimal { digits, scale }, Value::Float)
            }
            (Value::Int(digits), Type::Decimal { .. }) => Value::Decimal { digits, scale: 0 },
            (Value::Date(day), Type::Timestamp) => {
                Value::Timestamp(day.to_datetime(Default::default()))
            }
            (Value::List(items), Type::List(of)) => {
                Value::List(items.into_iter().map(|v| v.widened(of)).collect())
            }
            (value, _) => value,
        }
    }

    /// The type of the value.
    pub fn ty(&self) -> Type {
        match self {
            Value::Missing => Type::Missing,
            Value::Bool(_) => Type::Bool,
            Value::Int(_) => Type::Int,
            Value::Decimal { digits, scale } => {
                let precision = digits.unsigned_abs().to_string().len().max(*scale as usize + 1);
                Type::Decimal { precision: precision.min(38) as u8, scale: *scale }
            }
            Value::Float(_) => Type::Float,
            Value::Text(_) => Type::Text,
            Value::Date(_) => Type::Date,
            Value::Timestamp(_) => Type::Timestamp,
            Value::Instant(_) => Type::Instant,
            Value::Duration(_) => Type::Duration,
            Value::List(items) => {
                let of = items.iter().try_fold(Type::Missing, |ty, v| ty.widened(&v.ty()));
                Type::List(Box::new(of.unwrap_or(Type::Error)))
            }
        }
    }
}

/// `digits / 10^scale` written out, with all its digits.
pub fn decimal_text(digits: i128, scale: u8) -> String {
    let scale = usize::from(scale);
    if scale == 0 {
        return digits.to_string();
    }
    let sign = if digits < 0 { "-" } else { "" };
    let all = format!("{:0>width$}", digits.unsigned_abs(), width = scale + 1);
    let (whole, part) = all.split_at(all.len() - scale);
    format!("{sign}{whole}.{part}")
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Missing, Value::Missing) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Decimal { digits: a, scale: s }, Value::Decimal { digits: b, scale: t }) => {
                a == b && s == t
            }
            // Bit equality: this is identity of constants, not arithmetic.
            (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::Date(a), Value::Date(b)) => a == b,
            (Value::Timestamp(a), Value::Timestamp(b)) => a == b,
            (Value::Instant(a), Value::Instant(b)) => a == b,
            (Value::Duration(a), Value::Duration(b)) => a == b,
            (Value::List(a), Value::List(b)) => a == b,
            _ => false,
        }
    }
}
impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Value::Missing => {}
            Value::Bool(b) => b.hash(state),
            Value::Int(i) => i.hash(state),
            Value::Decimal { digits, scale } => (digits, scale).hash(state),
            Value::Float(x) => x.to_bits().hash(state),
            Value::Text(t) => t.hash(state),
            Value::Date(d) => d.hash(state),
            Value::Timestamp(t) => t.hash(state),
            Value::Instant(t) => t.hash(state),
            Value::Duration(d) => d.hash(state),
            Value::List(items) => items.hash(state),
        }
    }
}
