//! Values as the language compares and computes them: exact numbers, texts by code point, no
//! answer where a value is missing.

use std::cmp::Ordering;

use camp::model::types::Type;
use camp::model::value::Value;

use super::calendar::Calendar;

/// Digits and scale of an exact number.
fn exact(value: &Value) -> Option<(i128, u8)> {
    match value {
        Value::Int(n) => Some((*n, 0)),
        Value::Decimal { digits, scale } => Some((*digits, *scale)),
        _ => None,
    }
}

fn power(scale: u8) -> i128 {
    10i128.pow(u32::from(scale))
}

/// Any number as a binary one.
pub fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Float(x) => Some(*x),
        Value::Int(n) => Some(*n as f64),
        Value::Decimal { digits, scale } => Some(*digits as f64 / power(*scale) as f64),
        _ => None,
    }
}

/// How two values compare; nothing where one is missing. A date against a timestamp compares days.
pub fn order(a: &Value, b: &Value, calendar: &Calendar) -> Option<Ordering> {
    use Value::*;
    if let (Some((x, s)), Some((y, t))) = (exact(a), exact(b)) {
        let scale = s.max(t);
        return Some((x * power(scale - s)).cmp(&(y * power(scale - t))));
    }
    match (a, b) {
        (Missing, _) | (_, Missing) => None,
        (Bool(x), Bool(y)) => Some(x.cmp(y)),
        (Text(x), Text(y)) => Some(x.cmp(y)),
        (Date(_), Date(_) | Timestamp(_) | Instant(_)) | (Timestamp(_) | Instant(_), Date(_)) => {
            Some(calendar.day(a)?.cmp(&calendar.day(b)?))
        }
        (Timestamp(x), Timestamp(y)) => Some(x.cmp(y)),
        (Instant(_) | Timestamp(_), Instant(_) | Timestamp(_)) => {
            Some(calendar.instant(a)?.cmp(&calendar.instant(b)?))
        }
        _ => match (float(a), float(b)) {
            (Some(x), Some(y)) => x.partial_cmp(&y),
            _ => panic!("{a:?} and {b:?} do not compare"),
        },
    }
}

/// Whether both are there and equal.
pub fn equal(a: &Value, b: &Value, calendar: &Calendar) -> bool {
    order(a, b, calendar) == Some(Ordering::Equal)
}

/// Exact arithmetic where both are exact, binary otherwise; a division is always binary.
pub fn arithmetic(op: char, a: &Value, b: &Value) -> Value {
    if matches!(a, Value::Missing) || matches!(b, Value::Missing) {
        return Value::Missing;
    }
    if op != '/'
        && let (Some((x, s)), Some((y, t))) = (exact(a), exact(b))
    {
        let scale = s.max(t);
        let (digits, scale) = match op {
            '*' => (x * y, s + t),
            '+' => (x * power(scale - s) + y * power(scale - t), scale),
            _ => (x * power(scale - s) - y * power(scale - t), scale),
        };
        return number(digits, scale);
    }
    let (Some(x), Some(y)) = (float(a), float(b)) else { panic!("{a:?} {op} {b:?}") };
    let result = match op {
        '+' => x + y,
        '-' => x - y,
        '*' => x * y,
        _ if y == 0.0 => return Value::Missing,
        _ => x / y,
    };
    Value::Float(result)
}

/// An exact number.
pub fn number(digits: i128, scale: u8) -> Value {
    if scale == 0 { Value::Int(digits) } else { Value::Decimal { digits, scale } }
}

/// `n / d` to so many places, halves away from zero.
pub fn quotient(n: i128, d: i128, scale: u8) -> Value {
    let n = n * power(scale);
    let (n, d) = if d < 0 { (-n, -d) } else { (n, d) };
    let whole = (n.abs() * 2 + d) / (2 * d);
    Value::Decimal { digits: if n < 0 { -whole } else { whole }, scale }
}

/// A value as one of a wider type.
pub fn widened(value: Value, ty: &Type, calendar: &Calendar) -> Value {
    match (&value, ty) {
        (Value::Missing, _) => value,
        (_, Type::Float) => float(&value).map_or(value, Value::Float),
        (Value::Int(n), Type::Decimal { scale, .. }) => {
            Value::Decimal { digits: n * power(*scale), scale: *scale }
        }
        (Value::Decimal { digits, scale: from }, Type::Decimal { scale, .. }) if from <= scale => {
            Value::Decimal { digits: digits * power(scale - from), scale: *scale }
        }
        (Value::Timestamp(_) | Value::Instant(_), Type::Date) => {
            calendar.day(&value).map_or(Value::Missing, Value::Date)
        }
        (Value::Date(_) | Value::Instant(_), Type::Timestamp) => {
            calendar.local(&value).map_or(Value::Missing, Value::Timestamp)
        }
        (Value::Date(_) | Value::Timestamp(_), Type::Instant) => {
            calendar.instant(&value).map_or(Value::Missing, Value::Instant)
        }
        _ => value,
    }
}

/// Letters of any case as one: capital and then small, so that `ς` is `σ`.
pub fn fold(text: &str) -> String {
    lower(&upper(text))
}

/// Letter by letter; a letter whose other case is several letters stays.
pub fn upper(text: &str) -> String {
    text.chars().map(|c| single(c, c.to_uppercase())).collect()
}

/// See [`upper`].
pub fn lower(text: &str) -> String {
    text.chars().map(|c| single(c, c.to_lowercase())).collect()
}

fn single(c: char, mut other: impl Iterator<Item = char>) -> char {
    match (other.next(), other.next()) {
        (Some(only), None) => only,
        _ => c,
    }
}

/// A value that identifies or sorts rows: ordered in itself.
#[derive(Clone, Debug)]
pub struct Key(pub Vec<Value>);

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0
            .iter()
            .zip(&other.0)
            .map(|(a, b)| order(a, b, &Calendar::utc()).expect("keys have no missing part"))
            .find(|o| o.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}
impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Key {}

/// Whether a text of the engine is this value.
pub fn is_printed(text: Option<&str>, value: &Value) -> bool {
    let Some(text) = text else { return matches!(value, Value::Missing) };
    match value {
        Value::Missing => false,
        Value::Bool(b) => text == b.to_string(),
        Value::Text(t) => text == t,
        Value::Date(d) => text == d.to_string(),
        Value::Timestamp(t) => text.parse().ok() == Some(*t),
        Value::Instant(t) => text.parse().ok() == Some(*t),
        Value::Int(_) | Value::Decimal { .. } | Value::Float(_) => {
            let (Ok(x), Some(y)) = (text.parse::<f64>(), float(value)) else { return false };
            // Means are rounded to some place, which the language does not fix.
            (x - y).abs() <= 1e-7 * (1.0 + y.abs())
        }
        Value::Duration(_) | Value::List(_) => panic!("{value:?} in a column"),
    }
}
