//! Types and values in words.

use crate::model::types::{Type, a};

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
        Type::List(_) => "a list".into(),
        Type::Json | Type::Struct(_) | Type::Other(_) | Type::Error => format!("of type {ty}"),
        ty => a(ty),
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
