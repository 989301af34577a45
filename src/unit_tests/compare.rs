//! Rows that are there against rows that are expected, and how a difference is told.

use std::collections::HashMap;

use crate::engine::duckdb::print::written as shown;
use crate::model::value::Value;

/// How many differences are shown.
const SHOWN: usize = 12;

/// What is different, a line each; nothing when the rows are the same, in whatever order. The
/// columns with these indices are the key, where all of it is compared.
pub fn differences(
    names: &[String],
    key: &[usize],
    expected: &[Vec<Value>],
    found: &[Vec<Value>],
) -> Vec<String> {
    let canonical = |rows: &[Vec<Value>]| -> Vec<Vec<Value>> {
        rows.iter().map(|row| row.iter().cloned().map(plain).collect()).collect()
    };
    let (expected, found) = (canonical(expected), canonical(found));
    let mut surplus: HashMap<&[Value], i64> = HashMap::new();
    for row in &found {
        *surplus.entry(row).or_default() += 1;
    }
    for row in &expected {
        *surplus.entry(row).or_default() -= 1;
    }
    let mut take = |rows: &[Vec<Value>], sign: i64| -> Vec<Vec<Value>> {
        let mut taken = Vec::new();
        for row in rows {
            if let Some(n) = surplus.get_mut(row.as_slice())
                && *n * sign > 0
            {
                *n -= sign;
                taken.push(row.clone());
            }
        }
        taken
    };
    let mut missing = take(&expected, -1);
    let mut unexpected = take(&found, 1);
    unexpected.sort_by_key(|row| row.iter().map(shown).collect::<Vec<_>>());
    let mut lines = Vec::new();
    if !key.is_empty() && key.len() < names.len() {
        // The same member with other values is one difference, not two.
        let of = |row: &[Value]| -> Vec<Value> { key.iter().map(|&k| row[k].clone()).collect() };
        missing.retain(|wanted| {
            let Some(at) = unexpected.iter().position(|row| of(row) == of(wanted)) else {
                return true;
            };
            let there = unexpected.remove(at);
            let cells = (0..names.len()).filter(|&n| wanted[n] != there[n]).map(|n| {
                format!("{} is {}, expected {}", names[n], shown(&there[n]), shown(&wanted[n]))
            });
            let cells: Vec<String> = cells.collect();
            lines.push(format!("different   {}: {}", row_text(&of(wanted)), cells.join("; ")));
            false
        });
    }
    lines.extend(missing.iter().map(|row| format!("missing     {}", row_text(row))));
    lines.extend(unexpected.iter().map(|row| format!("unexpected  {}", row_text(row))));
    if lines.len() > SHOWN {
        let more = lines.len() - SHOWN;
        lines.truncate(SHOWN);
        lines.push(format!("and {more} more"));
    }
    lines
}

/// One spelling of equal values.
fn plain(value: Value) -> Value {
    match value {
        Value::Decimal { mut digits, mut scale } => {
            while scale > 0 && digits % 10 == 0 {
                digits /= 10;
                scale -= 1;
            }
            if scale == 0 { Value::Int(digits) } else { Value::Decimal { digits, scale } }
        }
        // Both zeros are one.
        Value::Float(0.0) => Value::Float(0.0),
        Value::List(items) => Value::List(items.into_iter().map(plain).collect()),
        value => value,
    }
}

fn row_text(row: &[Value]) -> String {
    match row {
        [one] => shown(one),
        row => format!("({})", row.iter().map(shown).collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i128, email: &str) -> Vec<Value> {
        vec![Value::Int(id), Value::Text(email.into())]
    }

    fn names() -> Vec<String> {
        vec!["id".into(), "email".into()]
    }

    #[test]
    fn rows_are_a_set_whose_order_does_not_matter() {
        let expected = [row(1, "a"), row(2, "b")];
        assert!(differences(&names(), &[0], &expected, &[row(2, "b"), row(1, "a")]).is_empty());
    }

    #[test]
    fn the_same_member_with_another_value_is_one_difference() {
        let lines = differences(&names(), &[0], &[row(1, "a"), row(2, "b")], &[row(2, "c")]);
        assert_eq!(
            lines,
            ["different   2: email is \"c\", expected \"b\"", "missing     (1, \"a\")"]
        );
    }

    #[test]
    fn a_row_that_stands_twice_is_expected_twice() {
        let one = vec!["email".to_string()];
        let row = |text: &str| vec![Value::Text(text.into())];
        let lines = differences(&one, &[], &[row("a")], &[row("a"), row("a")]);
        assert_eq!(lines, ["unexpected  \"a\""]);
    }

    #[test]
    fn numbers_are_equal_by_value() {
        let one = vec!["n".to_string()];
        let decimal = |digits, scale| vec![Value::Decimal { digits, scale }];
        assert!(differences(&one, &[], &[decimal(150, 2)], &[decimal(1_500_000, 6)]).is_empty());
        assert!(differences(&one, &[], &[vec![Value::Int(2)]], &[decimal(20, 1)]).is_empty());
        assert_eq!(differences(&one, &[], &[decimal(15, 1)], &[vec![Value::Missing]]).len(), 2);
    }

    #[test]
    fn many_differences_are_cut() {
        let rows: Vec<Vec<Value>> = (0..40).map(|n| row(n, "x")).collect();
        let lines = differences(&names(), &[0], &rows, &[]);
        assert_eq!(lines.len(), SHOWN + 1);
        assert_eq!(lines[SHOWN], "and 28 more");
    }
}
