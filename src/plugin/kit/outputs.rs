//! What the outputs of a call have promised, as far as the documents say it.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::record::Recorded;
use crate::model::types::Type;
use crate::plugin::manifest::{Activity, NewColumn, Output, OutputDimension};
use crate::plugin::wire;

/// An output of a call.
pub struct Promised {
    /// The name in the call.
    pub name: String,
    /// The declared one.
    pub declared: String,
    /// The columns of its key.
    pub keys: Vec<(String, Type)>,
    /// Beside the key; `None`: the plan, or `bind`, says it.
    carried: Option<Vec<(String, Type)>>,
    /// It has whom no other output has.
    pub complement: bool,
}

impl Promised {
    /// The key and the carried columns, given those that the plugin stated.
    pub fn columns(&self, stated: Option<&[NewColumn]>) -> Result<Vec<(String, Type)>, String> {
        let mut columns = self.keys.clone();
        match (&self.carried, stated) {
            (Some(carried), _) => columns.extend(carried.iter().cloned()),
            (None, Some(stated)) => {
                for column in stated {
                    columns.push(new_column(column)?);
                }
            }
            (None, None) => return Err(format!("`{}` does not state its columns", self.name)),
        }
        Ok(columns)
    }

    /// No part of a key is missing, and no key is there twice. The key's columns come first in a row.
    pub fn check_keys(&self, rows: &[Vec<Option<String>>]) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        for row in rows {
            let key = &row[..self.keys.len()];
            if key.iter().any(Option::is_none) {
                return Err(format!("a part of the key is missing: {key:?}"));
            }
            if !key.is_empty() && !seen.insert(key) {
                return Err(format!("the key {key:?} is there twice"));
            }
        }
        Ok(())
    }
}

/// The outputs of a call.
pub fn promised(call: &Recorded) -> Result<Vec<Promised>, String> {
    let activity = activity(call)?;
    let relations = call.document["inputs"].as_array().map_or(&[][..], Vec::as_slice);
    let relation = |name: &str| relations.iter().find(|r| r["name"] == name);
    let named = call.document["outputs"].as_array().map_or(&[][..], Vec::as_slice);
    let mut all = Vec::new();
    for output in named {
        let text = |key: &str| output[key].as_str().unwrap_or_default().to_owned();
        let (name, declared) = (text("name"), text("output"));
        let entry = activity
            .outputs
            .iter()
            .find(|o| o.name == declared)
            .ok_or_else(|| format!("there is no output `{declared}`"))?;
        let source = match &entry.dimension {
            None => relations.first(),
            Some(OutputDimension::Input(name) | OutputDimension::Param(name)) => relation(name),
        };
        all.push(Promised {
            name,
            declared,
            keys: source.map(key_of).unwrap_or_default(),
            carried: carried(entry, relations)?,
            complement: entry.complement,
        });
    }
    Ok(all)
}

/// The activity of a call.
pub fn activity(call: &Recorded) -> Result<&Activity, String> {
    let all = &call.plugin.manifest.activities;
    all.iter()
        .find(|a| a.name == call.activity)
        .ok_or_else(|| format!("there is no activity `{}`", call.activity))
}

/// The key that rows of a relation have in an output: its own, or that of a link's targets.
pub fn key_of(relation: &Json) -> Vec<(String, Type)> {
    let target = relation["target"].as_array().filter(|target| !target.is_empty());
    let columns = target.or_else(|| relation["key"].as_array());
    columns.into_iter().flatten().map(column).collect()
}

/// A column record: its name in outputs, and its type.
fn column(json: &Json) -> (String, Type) {
    let name = json["name"].as_str().or_else(|| json["column"].as_str()).unwrap_or_default();
    let ty = json["type"].as_str().and_then(wire::parse_type);
    (name.to_owned(), ty.unwrap_or(Type::Other("other".into())))
}

fn new_column(column: &NewColumn) -> Result<(String, Type), String> {
    let ty = wire::parse_type(&column.ty)
        .ok_or_else(|| format!("`{}` has the unknown type `{}`", column.name, column.ty))?;
    Ok((column.name.clone(), ty))
}

fn carried(output: &Output, relations: &[Json]) -> Result<Option<Vec<(String, Type)>>, String> {
    if output.columns.dynamic {
        return Ok(None);
    }
    let like = match &output.columns.like {
        None => relations.first(),
        Some(None) => None,
        Some(Some(name)) => relations.iter().find(|r| r["name"] == **name),
    };
    let columns = like.and_then(|r| r["columns"].as_array()).into_iter().flatten();
    let mut columns: Vec<_> = columns.map(column).collect();
    columns.retain(|(name, _)| !output.columns.drop.contains(name));
    for added in &output.columns.add {
        columns.retain(|(name, _)| *name != added.name);
        columns.push(new_column(added)?);
    }
    Ok(Some(columns))
}
