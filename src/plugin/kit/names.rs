//! Columns whose names are hard to quote.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::record::Recorded;

/// The same call over columns with odd names: those of its inputs, key included. Hidden columns and those
/// of links and dimensions have names of the host's choice.
pub fn odd(call: &Recorded) -> Recorded {
    let mut names: HashMap<String, String> = HashMap::new();
    for input in call.document["inputs"].as_array().into_iter().flatten() {
        if input.get("param").is_some() {
            continue;
        }
        for part in ["key", "columns"] {
            for column in input[part].as_array().into_iter().flatten() {
                let Some(name) = column["column"].as_str() else { continue };
                let n = names.len();
                let odd = [
                    format!("a \"b\" {n}"),
                    format!("select {n}"),
                    format!("É'ë\\ {n}"),
                    format!("x.y, {n}"),
                ];
                names.entry(name.to_owned()).or_insert_with(|| odd[n % odd.len()].clone());
            }
        }
    }
    let mut renamed = call.clone();
    rename(&mut renamed.document["inputs"], &names);
    rename(&mut renamed.document["params"], &names);
    for (name, _) in renamed.relations.iter_mut().flatten() {
        if let Some(odd) = names.get(name) {
            odd.clone_into(name);
        }
    }
    renamed
}

fn rename(json: &mut Json, names: &HashMap<String, String>) {
    match json {
        Json::Array(items) => items.iter_mut().for_each(|item| rename(item, names)),
        Json::Object(map) => {
            if let Some(Json::String(name)) = map.get_mut("column")
                && let Some(odd) = names.get(name)
            {
                odd.clone_into(name);
            }
            map.values_mut().for_each(|item| rename(item, names));
        }
        _ => {}
    }
}
