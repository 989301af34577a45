//! Values as people and programs read them.

use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

use crate::engine::duckdb::print::written;
use crate::model::value::{Value, decimal_text};
use crate::plan::clock::Clock;
use crate::plan::fold::Bounds;

use super::Fact;

/// A named value.
pub(super) fn fact(name: String, value: &Value, zone: &TimeZone) -> Fact {
    Fact { name, value: json_of(value), shown: shown(value, zone) }
}

/// A value as a script writes it; times in the zone of the campaign.
pub(super) fn shown(value: &Value, zone: &TimeZone) -> String {
    match value {
        Value::Instant(at) => {
            let local = at.to_zoned(zone.clone());
            let seconds = local.second() != 0 || local.subsec_nanosecond() != 0;
            let form = if seconds { "%Y-%m-%d %H:%M:%S%.f %Z" } else { "%Y-%m-%d %H:%M %Z" };
            local.strftime(form).to_string()
        }
        Value::Timestamp(time) => {
            let seconds = time.second() != 0 || time.subsec_nanosecond() != 0;
            let form = if seconds { "%Y-%m-%d %H:%M:%S%.f" } else { "%Y-%m-%d %H:%M" };
            time.strftime(form).to_string()
        }
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| shown(item, zone)).collect();
            format!("({})", items.join(", "))
        }
        other => written(other),
    }
}

/// A value for programs: what JSON can hold as itself, everything else as text.
fn json_of(value: &Value) -> Json {
    match value {
        Value::Missing => Json::Null,
        Value::Bool(yes) => json!(yes),
        Value::Int(n) => i64::try_from(*n).map_or_else(|_| json!(n.to_string()), |n| json!(n)),
        // Digits are kept: a binary number would round some.
        Value::Decimal { digits, scale } => json!(decimal_text(*digits, *scale)),
        Value::Float(x) => json!(x),
        Value::Text(text) => json!(text),
        Value::Date(day) => json!(day.to_string()),
        Value::Timestamp(time) => json!(time.to_string()),
        Value::Instant(at) => json!(at.to_string()),
        Value::Duration(_) => json!(written(value)),
        Value::List(items) => Json::Array(items.iter().map(json_of).collect()),
    }
}

/// `2026-10-26 to 2026-11-24, not after 2026-11-24 09:30 CET`
pub(super) fn window(bounds: &Bounds, clock: &Clock) -> String {
    let at = |t: &jiff::Timestamp| shown(&Value::Instant(*t), &clock.zone);
    let mut parts = Vec::new();
    match (bounds.first, bounds.last) {
        (Some(first), Some(last)) if first == last => parts.push(format!("on {first}")),
        (Some(first), Some(last)) => parts.push(format!("{first} to {last}")),
        (Some(first), None) => parts.push(format!("from {first}")),
        (None, Some(last)) => parts.push(format!("up to {last}")),
        (None, None) => {}
    }
    parts.extend(bounds.after.map(|t| format!("later than {}", at(&t))));
    parts.extend(bounds.until.map(|t| format!("not after {}", at(&t))));
    parts.join(", ")
}
