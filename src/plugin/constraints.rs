//! What the manifest asks of a value beside its type.

use serde_json::Value as Json;

use super::gate;
use super::manifest::{Constraints, ParamType};

/// A constraint that a value breaks.
#[derive(Debug, PartialEq)]
pub struct Broken {
    /// The rest of a title that begins with the parameter's name.
    pub must_be: String,
    /// A few words at the value.
    pub label: String,
    /// What to do.
    pub help: Option<String>,
}

/// The first constraint that a value breaks, with the number of the item where it is one of a list.
pub fn broken(c: &Constraints, ty: &ParamType, value: &Json) -> Option<(Option<usize>, Broken)> {
    let Json::Array(items) = value else {
        return of_value(c, value).or_else(|| of_text_length(c, value)).map(|b| (None, b));
    };
    if !matches!(ty, ParamType::List(_)) {
        return None;
    }
    let items_in_words =
        |n: u64| if n == 1 { "one value".to_owned() } else { format!("{n} values") };
    let len = items.len() as u64;
    if let Some(n) = c.min_len.filter(|n| len < *n) {
        let must_be = format!("takes at least {}", items_in_words(n));
        let label = if len == 0 { "empty" } else { "too few" };
        return Some((None, Broken { must_be, label: label.into(), help: None }));
    }
    if let Some(n) = c.max_len.filter(|n| len > *n) {
        let must_be = format!("takes at most {}", items_in_words(n));
        return Some((None, Broken { must_be, label: "too many".into(), help: None }));
    }
    for (n, item) in items.iter().enumerate() {
        if let Some(broken) = of_value(c, item) {
            return Some((Some(n), broken));
        }
        if c.unique && items[..n].contains(item) {
            let must_be = "has a value twice".into();
            let help = Some("remove one of them".into());
            return Some((Some(n), Broken { must_be, label: "again".into(), help }));
        }
    }
    None
}

fn of_value(c: &Constraints, value: &Json) -> Option<Broken> {
    let broken = |must_be: String, label: &str| Broken { must_be, label: label.into(), help: None };
    if let Some(min) = c.min.as_ref().filter(|min| less(value, min)) {
        return Some(broken(format!("is at least {}", in_words(min)), "too small"));
    }
    if let Some(max) = c.max.as_ref().filter(|max| less(max, value)) {
        return Some(broken(format!("is at most {}", in_words(max)), "too large"));
    }
    if let Some(all) = c.one_of.as_ref().filter(|all| !all.contains(value)) {
        let all: Vec<String> = all.iter().map(in_words).collect();
        return Some(broken(format!("is one of {}", all.join(", ")), "not one of these"));
    }
    if let (Some(pattern), Some(text)) = (&c.pattern, value.as_str())
        && gate::matches_whole(text, pattern) == Some(false)
    {
        return Some(broken(format!("does not look like `{pattern}`"), "of another form"));
    }
    None
}

fn of_text_length(c: &Constraints, value: &Json) -> Option<Broken> {
    let length = value.as_str()?.chars().count() as u64;
    if let Some(n) = c.min_len.filter(|n| length < *n) {
        let must_be =
            if n == 1 { "is empty".into() } else { format!("has at least {n} characters") };
        return Some(Broken { must_be, label: "too short".into(), help: None });
    }
    let n = c.max_len.filter(|n| length > *n)?;
    let must_be = format!("has at most {n} characters");
    Some(Broken { must_be, label: "too long".into(), help: None })
}

/// A number of the wire, however it is spelled: numbers, decimals as text, both forms of a size.
fn number(value: &Json) -> Option<(bool, f64)> {
    match value {
        Json::Number(n) => Some((false, n.as_f64()?)),
        Json::String(text) => Some((false, text.parse().ok()?)),
        Json::Object(size) => match (size.get("rows"), size.get("fraction")) {
            (Some(rows), _) => Some((false, rows.as_f64()?)),
            (_, Some(part)) => Some((true, part.as_str()?.parse().ok()?)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether both are numbers of one form, and the first is smaller.
fn less(a: &Json, b: &Json) -> bool {
    match (number(a), number(b)) {
        (Some((f, a)), Some((g, b))) => f == g && a < b,
        _ => false,
    }
}

fn in_words(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Object(size) => match (size.get("rows"), size.get("fraction")) {
            (Some(rows), _) => rows.to_string(),
            (_, Some(part)) => match part.as_str().and_then(|p| p.parse::<f64>().ok()) {
                Some(part) => format!("{}%", part * 100.0),
                None => part.to_string(),
            },
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::manifest::Constant;
    use super::*;
    use serde_json::json;

    fn check(constraints: Json, ty: ParamType, value: Json) -> Option<(Option<usize>, String)> {
        let constraints = serde_json::from_value(constraints).unwrap();
        broken(&constraints, &ty, &value).map(|(at, b)| (at, b.must_be))
    }

    #[test]
    fn bounds_hold_for_every_item_of_a_list_and_lengths_for_the_list() {
        let list = || ParamType::List(Box::new(ParamType::Constant(Constant::Int)));
        let c = json!({"min": 1, "min_len": 2, "unique": true});
        assert_eq!(
            check(c.clone(), list(), json!([5])),
            Some((None, "takes at least 2 values".into()))
        );
        assert_eq!(
            check(c.clone(), list(), json!([5, 0])),
            Some((Some(1), "is at least 1".into()))
        );
        assert_eq!(
            check(c.clone(), list(), json!([5, 5])),
            Some((Some(1), "has a value twice".into()))
        );
        assert_eq!(check(c, list(), json!([5, 6])), None);
    }

    #[test]
    fn the_bound_of_a_size_holds_for_the_form_it_is_written_in() {
        let c = json!({"max": {"fraction": "1"}});
        assert_eq!(
            check(c.clone(), ParamType::Constant(Constant::Size), json!({"rows": 20_000})),
            None
        );
        assert_eq!(
            check(c, ParamType::Constant(Constant::Size), json!({"fraction": "1.5"})),
            Some((None, "is at most 100%".into()))
        );
    }

    #[test]
    fn a_text_counts_characters_not_bytes() {
        let c = json!({"max_len": 2});
        assert_eq!(check(c.clone(), ParamType::Constant(Constant::Text), json!("éé")), None);
        assert!(check(c, ParamType::Constant(Constant::Text), json!("ééé")).is_some());
    }
}
