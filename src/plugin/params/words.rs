//! Types and values in words.

use crate::model::types::Type;

/// `whole number` → `a whole number`; what has an article or is no noun stays.
pub(super) fn article(takes: &str) -> String {
    let first = takes.split(' ').next().unwrap_or_default();
    let bare =
        ["a", "an", "one", "the", "at", "values", "aggregates", "true", "equalities", "count,"];
    if bare.contains(&first) {
        return takes.to_owned();
    }
    if takes.contains(" | ") {
        return format!("one of {takes}");
    }
    if takes.starts_with(['a', 'e', 'i', 'o', 'u']) {
        format!("an {takes}")
    } else {
        format!("a {takes}")
    }
}

pub(super) fn in_words(ty: &Type) -> String {
    match ty {
        Type::Text => "a text".into(),
        Type::Int => "a whole number".into(),
        Type::Decimal { .. } => "a decimal".into(),
        Type::Float => "a float".into(),
        Type::Bool => "true or false".into(),
        Type::Date => "a date".into(),
        Type::Timestamp | Type::Instant => "a timestamp".into(),
        Type::Duration => "a duration".into(),
        Type::List(_) => "a list".into(),
        Type::Missing => "`missing`".into(),
        other => format!("of type {other}"),
    }
}

/// A plugin's words as a title: no period at the end.
pub(in crate::plugin) fn sentence(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    let mut chars = text.chars();
    match chars.next() {
        Some(first) if first.is_ascii_lowercase() => first.to_uppercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}
