//! Values of the user's data as cells of a table.

use super::table::Cell;
use crate::model::value::{Duration, Value, decimal_text};

/// A value as a cell.
pub(super) fn cell(value: &Value) -> Cell {
    match value {
        Value::Missing => Cell::None,
        Value::Bool(yes) => Cell::Flag(*yes),
        Value::Int(n) => {
            u64::try_from(*n).map_or_else(|_| Cell::Digits(n.to_string()), Cell::Number)
        }
        Value::Decimal { digits, scale } => Cell::Digits(decimal_text(*digits, *scale)),
        Value::Float(x) => Cell::Digits(x.to_string()),
        Value::Instant(at) => Cell::Time(*at),
        other => Cell::Text(text(other)),
    }
}

/// A value as text; a missing one is empty.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Missing => String::new(),
        Value::Bool(yes) => yes.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Decimal { digits, scale } => decimal_text(*digits, *scale),
        Value::Float(x) => x.to_string(),
        Value::Text(text) => text.clone(),
        Value::Date(day) => day.to_string(),
        Value::Timestamp(time) => time.to_string().replace('T', " "),
        Value::Instant(at) => at.to_string(),
        Value::Duration(Duration { months, days, micros }) => {
            let seconds = micros / 1_000_000;
            let parts = [(*months, "months"), (*days, "days"), (seconds, "seconds")];
            let shown: Vec<String> =
                parts.iter().filter(|(n, _)| *n != 0).map(|(n, u)| format!("{n} {u}")).collect();
            if shown.is_empty() { "0 seconds".to_owned() } else { shown.join(" ") }
        }
        Value::List(items) => {
            format!("({})", items.iter().map(text).collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_all_their_digits() {
        for (digits, scale, text) in
            [(9850, 2, "98.50"), (-5, 2, "-0.05"), (0, 2, "0.00"), (7, 0, "7"), (-123, 1, "-12.3")]
        {
            assert_eq!(decimal_text(digits, scale), text);
        }
    }

    #[test]
    fn missing_is_empty_and_numbers_stay_numbers() {
        assert_eq!(cell(&Value::Missing), Cell::None);
        assert_eq!(cell(&Value::Int(7)), Cell::Number(7));
        assert_eq!(cell(&Value::Int(-7)), Cell::Digits("-7".into()));
        let list = Value::List(vec![Value::Text("a".into()), Value::Int(1)]);
        assert_eq!(text(&list), "(a, 1)");
    }
}
