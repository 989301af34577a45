//! A key as somebody types it.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::usage;
use crate::engine::duckdb::print::plain;
use crate::model::program::Dimension;
use crate::model::types::Type;
use crate::model::value::Value;
use crate::numbers::counted;
use crate::plan::clock::Clock;
use crate::plan::lower::{and, equal};
use crate::plan::query::Scalar;

/// The key of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The names of its columns.
    pub names: Vec<String>,
    /// The values, in the order of the columns.
    pub values: Vec<Value>,
    types: Vec<Type>,
}

/// Reads a key by the types of its columns: `17`, `"a, b"`, `(FR, 17)` or `FR, 17`.
///
/// # Errors
/// When it has another number of parts, or a part is not of its column's type.
pub fn parse(text: &str, dimension: &Dimension, clock: &Clock) -> Result<Key, Box<Diagnostic>> {
    let columns: Vec<_> = dimension.key_columns().collect();
    let names: Vec<String> = columns.iter().map(|c| c.name.clone()).collect();
    let wrong =
        |title: String, help: String| Box::new(Diagnostic::error(usage::KEY, title).help(help));
    let parts = if columns.len() == 1 { vec![unquoted(text)] } else { parts(text) };
    if parts.len() != columns.len() {
        let title = format!(
            "`{text}` has {}, the key of `{}` has {}",
            counted(parts.len() as u64, "part"),
            dimension.name,
            counted(columns.len() as u64, "part")
        );
        return Err(wrong(title, format!("write `{}`", names.join(","))));
    }
    let mut values = Vec::new();
    for (column, part) in columns.iter().zip(parts) {
        let Some(value) = read(&part, &column.ty, clock) else {
            let title = format!("`{part}` is no value of `{}`", column.name);
            let help = format!("write a value of type {}", column.ty);
            return Err(wrong(title, help));
        };
        values.push(value);
    }
    let types = columns.iter().map(|c| c.ty.clone()).collect();
    Ok(Key { names, values, types })
}

impl Key {
    /// The condition that a row has this key, over the columns of its key.
    pub fn is(&self, columns: Vec<Scalar>) -> Scalar {
        let parts = columns.into_iter().zip(&self.values).zip(&self.types);
        and(parts
            .map(|((column, value), ty)| {
                let column = match opaque(ty) {
                    true => Scalar::Cast(Box::new(column), Type::Text),
                    false => column,
                };
                let ty = if opaque(ty) { Type::Text } else { ty.clone() };
                equal(column, Scalar::Literal(value.clone(), ty))
            })
            .collect())
    }

    /// As a message shows it: `17`, `(FR, 17)`.
    pub fn shown(&self) -> String {
        shown(&self.values.iter().map(plain).collect::<Vec<_>>())
    }
}

/// Parts of a key as people read them.
pub(super) fn shown(parts: &[String]) -> String {
    match parts {
        [one] => one.clone(),
        parts => format!("({})", parts.join(", ")),
    }
}

/// Types that only the engine can read: their values are compared as text.
fn opaque(ty: &Type) -> bool {
    !matches!(
        ty,
        Type::Text
            | Type::Int
            | Type::Decimal { .. }
            | Type::Float
            | Type::Bool
            | Type::Date
            | Type::Timestamp
            | Type::Instant
    )
}

fn read(text: &str, ty: &Type, clock: &Clock) -> Option<Value> {
    match ty {
        // As it is: in a text blanks count too.
        Type::Text => Some(Value::Text(text.to_owned())),
        Type::Instant => match crate::check::given_value(text, &Type::Timestamp)? {
            Value::Timestamp(local) => clock.instant(local).ok().map(Value::Instant),
            instant => Some(instant),
        },
        ty if opaque(ty) => Some(Value::Text(text.trim().to_owned())),
        ty => crate::check::given_value(text, ty),
    }
}

/// The parts between commas, outside of double quotes; brackets around all of them are left out.
fn parts(text: &str) -> Vec<String> {
    let text = text.trim();
    let text = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')).unwrap_or(text);
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        match c {
            ',' if !quoted => parts.push(String::new()),
            _ => {
                quoted ^= c == '"';
                if let Some(part) = parts.last_mut() {
                    part.push(c);
                }
            }
        }
    }
    parts.iter().map(|p| unquoted(p.trim())).collect()
}

/// A text in double quotes without them, a doubled quote once.
fn unquoted(text: &str) -> String {
    match text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_several_columns_is_split_at_commas_outside_of_quotes() {
        for (text, expected) in [
            ("FR,17", vec!["FR", "17"]),
            ("(FR, 17)", vec!["FR", "17"]),
            ("\"a, b\", 3", vec!["a, b", "3"]),
            ("\"say \"\"hi\"\"\", 1", vec!["say \"hi\"", "1"]),
            ("17", vec!["17"]),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
    }
}
