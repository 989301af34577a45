//! Types and constants as the documents between host and plugin spell them (WIRE.md §0.1, §1.4).

use serde_json::{Value as Json, json};

use crate::model::types::Type;
use crate::model::value::{Duration, Value, decimal_text};
use crate::plan::clock::Clock;

/// The wire's text of a type.
pub fn type_text(ty: &Type) -> String {
    match ty {
        Type::Text | Type::Missing => "text".into(),
        Type::Int => "int".into(),
        Type::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
        Type::Float => "float".into(),
        Type::Bool => "bool".into(),
        Type::Date => "date".into(),
        Type::Timestamp => "timestamp".into(),
        Type::Instant => "instant".into(),
        Type::List(of) => format!("list({})", type_text(of)),
        Type::Duration | Type::Json | Type::Struct(_) | Type::Other(_) | Type::Error => {
            "other".into()
        }
    }
}

/// The type of a wire text; `None` for one that is not known or that states no digits.
pub fn parse_type(text: &str) -> Option<Type> {
    let inside = |prefix: &str| text.strip_prefix(prefix)?.strip_suffix(')');
    if let Some(of) = inside("list(") {
        return Some(Type::List(Box::new(parse_type(of)?)));
    }
    if let Some(digits) = inside("decimal(") {
        let (precision, scale) = digits.split_once(',')?;
        let (precision, scale) = (precision.trim().parse().ok()?, scale.trim().parse().ok()?);
        return (scale <= precision && precision <= 38)
            .then_some(Type::Decimal { precision, scale });
    }
    Some(match text {
        "bool" => Type::Bool,
        "int" => Type::Int,
        "float" => Type::Float,
        "text" => Type::Text,
        "date" => Type::Date,
        "timestamp" => Type::Timestamp,
        "instant" => Type::Instant,
        "other" => Type::Other("other".into()),
        _ => return None,
    })
}

/// The text of a type without digits, by which types are compared.
pub fn base(text: &str) -> &str {
    if text.starts_with("decimal") { "decimal" } else { text }
}

/// Whether two types are one as plugins see them.
pub fn same(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::List(a), Type::List(b)) => same(a, b),
        _ => base(&type_text(a)) == base(&type_text(b)),
    }
}

/// Whether a type is among those that a parameter accepts; an empty list takes all.
pub fn accepts(list: &[String], ty: &Type) -> bool {
    let text = type_text(ty);
    let text = base(&text);
    list.is_empty()
        || *ty == Type::Error
        || list.iter().any(|accepted| match accepted.as_str() {
            "number" => ty.is_number(),
            "time" => ty.is_time(),
            accepted => base(accepted) == text,
        })
}

/// What a parameter accepts, in words.
pub fn accepted_in_words(list: &[String]) -> String {
    let words: Vec<&str> = list
        .iter()
        .map(|t| match base(t) {
            "number" | "decimal" | "float" => "a number",
            "int" => "a whole number",
            "time" | "timestamp" | "instant" => "a date or a timestamp",
            "date" => "a date",
            "text" => "a text",
            "bool" => "true or false",
            other => other,
        })
        .collect();
    let mut words = words;
    words.dedup();
    words.join(" or ")
}

/// A constant on the wire; `None` for a missing one and what no parameter can hold.
pub fn value(value: &Value, clock: &Clock) -> Option<Json> {
    Some(match value {
        Value::Missing => return None,
        Value::Bool(b) => json!(b),
        Value::Int(i) => match i64::try_from(*i) {
            Ok(i) => json!(i),
            Err(_) => json!(i.to_string()),
        },
        Value::Decimal { digits, scale } => json!(decimal_text(*digits, *scale)),
        Value::Float(x) => json!(x),
        Value::Text(t) => json!(t),
        Value::Date(d) => json!(d.to_string()),
        Value::Timestamp(t) => json!(clock.instant(*t).ok()?.to_string()),
        Value::Instant(t) => json!(t.to_string()),
        Value::Duration(d) => json!(duration(d)),
        Value::List(items) => {
            Json::Array(items.iter().map(|i| self::value(i, clock)).collect::<Option<_>>()?)
        }
    })
}

/// A number as a decimal fraction without superfluous zeroes; `None` for what is no number.
pub fn fraction(value: &Value) -> Option<String> {
    let text = match value {
        Value::Int(i) => return Some(i.to_string()),
        Value::Decimal { digits, scale } => decimal_text(*digits, *scale),
        _ => return None,
    };
    Some(match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    })
}

/// ISO 8601.
pub fn duration(d: &Duration) -> String {
    let mut text = String::from("P");
    if d.months != 0 {
        text.push_str(&format!("{}M", d.months));
    }
    if d.days != 0 {
        text.push_str(&format!("{}D", d.days));
    }
    if d.micros != 0 {
        text.push('T');
        let (seconds, micros) = (d.micros / 1_000_000, (d.micros % 1_000_000).abs());
        let (hours, minutes, rest) = (seconds / 3600, seconds % 3600 / 60, seconds % 60);
        if hours != 0 {
            text.push_str(&format!("{hours}H"));
        }
        if minutes != 0 {
            text.push_str(&format!("{minutes}M"));
        }
        if rest != 0 || micros != 0 {
            match micros {
                0 => text.push_str(&format!("{rest}S")),
                _ => text.push_str(&format!("{rest}.{micros:06}S")),
            }
        }
    }
    if text == "P" { "P0D".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_iso_8601() {
        let days = |days| Duration { days, ..Duration::default() };
        assert_eq!(duration(&days(90)), "P90D");
        assert_eq!(duration(&Duration { months: 1, ..Duration::default() }), "P1M");
        let micros = |micros| Duration { micros, ..Duration::default() };
        assert_eq!(duration(&micros(2 * 3_600_000_000)), "PT2H");
        assert_eq!(duration(&micros(90_500_000)), "PT1M30.500000S");
    }

    #[test]
    fn a_percentage_is_a_fraction_without_superfluous_zeroes() {
        assert_eq!(fraction(&Value::Decimal { digits: 10, scale: 2 }).as_deref(), Some("0.1"));
        assert_eq!(fraction(&Value::Decimal { digits: 100, scale: 2 }).as_deref(), Some("1"));
        assert_eq!(fraction(&Value::Int(100)).as_deref(), Some("100"));
    }

    #[test]
    fn types_survive_the_wire_and_are_compared_without_digits() {
        let money = Type::Decimal { precision: 18, scale: 2 };
        assert_eq!(parse_type(&type_text(&money)), Some(money.clone()));
        assert!(same(&money, &Type::Decimal { precision: 38, scale: 4 }));
        assert!(!same(&money, &Type::Int));
        assert_eq!(parse_type("list(text)"), Some(Type::List(Box::new(Type::Text))));
        assert_eq!(parse_type("decimal"), None, "no digits are stated");
        assert!(accepts(&["time".into()], &Type::Date));
        assert!(accepts(&["number".into()], &money));
        assert!(!accepts(&["text".into()], &money));
    }
}
