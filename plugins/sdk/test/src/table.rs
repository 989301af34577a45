//! The relations of a case: their columns, their rows, and how both look to plugin and engine.

use serde_json::{Value as Json, json};

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Key,
    Source,
    Target,
    /// Visible in an input; what expressions are made of elsewhere.
    Plain,
}

/// A relation.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) name: String,
    /// Of a `link` or `dimension` parameter: its keys have hidden names.
    of_param: bool,
    columns: Vec<(String, String, Role)>,
    rows: Option<Vec<Vec<Option<String>>>>,
    pub(crate) query: Option<String>,
    /// Name, type and SQL of hidden columns.
    pub(crate) hidden: Vec<(String, String, String)>,
}

impl Table {
    pub(crate) fn new(name: &str, columns: &str, rows: Option<&str>, of_param: bool) -> Self {
        let columns: Vec<_> = split_columns(columns)
            .iter()
            .map(|column| {
                let (name, rest) = column.split_once(':').expect("columns are `name:type`");
                let mut words = rest.split_whitespace();
                let r#type = words.next().expect("a type");
                let role = match words.next() {
                    None => Role::Plain,
                    Some("key") => Role::Key,
                    Some("source") => Role::Source,
                    Some("target") => Role::Target,
                    Some(other) => panic!("`{other}` is no role of a column"),
                };
                (name.trim().to_owned(), r#type.to_owned(), role)
            })
            .collect();
        let rows = rows.map(csv);
        for row in rows.iter().flatten() {
            assert_eq!(row.len(), columns.len(), "cells of {row:?} in `{name}`");
        }
        Self { name: name.to_owned(), of_param, columns, rows, query: None, hidden: Vec::new() }
    }

    fn of_role(&self, wanted: Role) -> impl Iterator<Item = &(String, String, Role)> {
        self.columns.iter().filter(move |(_, _, role)| *role == wanted)
    }

    fn names(&self, role: Role) -> Vec<String> {
        self.of_role(role).map(|(name, ..)| name.clone()).collect()
    }

    /// The names of its key.
    pub(crate) fn key(&self) -> Vec<String> {
        self.names(Role::Key)
    }

    /// The names of the key that an output of this parameter's dimension has.
    pub(crate) fn target_key(&self) -> Vec<String> {
        let target = self.names(Role::Target);
        if target.is_empty() { self.key() } else { target }
    }

    /// Names and types of the visible columns beside the key.
    pub(crate) fn carried(&self) -> Vec<(String, String)> {
        self.of_role(Role::Plain).map(|(name, r#type, _)| (name.clone(), r#type.clone())).collect()
    }

    /// The name under which the plugin sees a column.
    fn seen_as(&self, name: &str, role: Role) -> String {
        let hidden = |prefix: &str| {
            let at = self.of_role(role).position(|(other, ..)| other == name);
            format!("__{prefix}{}", at.unwrap_or_default())
        };
        match role {
            Role::Source => hidden("s"),
            Role::Target => hidden("t"),
            Role::Key if self.of_param => hidden("k"),
            Role::Key | Role::Plain => name.to_owned(),
        }
    }

    /// What the plugin sees of it: the name, the type, and the name in the base.
    pub(crate) fn seen(&self) -> Vec<(String, String, String)> {
        let order = [Role::Key, Role::Source, Role::Target, Role::Plain];
        let roles = order.iter().filter(|role| !self.of_param || **role != Role::Plain);
        roles
            .flat_map(|role| self.of_role(*role))
            .map(|(name, r#type, role)| (self.seen_as(name, *role), r#type.clone(), name.clone()))
            .collect()
    }

    /// Its entry in the params document.
    pub(crate) fn json(&self) -> Json {
        let records = |wanted: Role| {
            let record = |(name, r#type, role): &(String, String, Role)| {
                let column = self.seen_as(name, *role);
                let mut record =
                    json!({"column": column, "type": r#type, "nullable": wanted == Role::Plain});
                if column != *name {
                    record["name"] = json!(name);
                }
                record
            };
            self.of_role(wanted).map(record).collect::<Vec<_>>()
        };
        let mut json = json!({"name": self.name, "dimension": "people"});
        if self.of_param {
            json["param"] = json!(self.name);
            if self.of_role(Role::Source).next().is_some() {
                json["source"] = json!(records(Role::Source));
                json["target"] = json!(records(Role::Target));
            } else {
                json["key"] = json!(records(Role::Key));
            }
        } else {
            json["transition"] = json!("people");
            json["key"] = json!(records(Role::Key));
            json["columns"] = json!(records(Role::Plain));
        }
        json
    }

    /// The statement that makes its base table, with the rows in one order or the other.
    pub(crate) fn create(&self, reversed: bool) -> String {
        let source = match (&self.query, &self.rows) {
            (Some(query), _) => format!("SELECT *, row_number() OVER () AS __row FROM ({query})"),
            (None, rows) => {
                let rows = rows.as_deref().unwrap_or_default();
                let casts: Vec<_> = self
                    .columns
                    .iter()
                    .enumerate()
                    .map(|(i, (name, r#type, _))| {
                        format!("CAST(c{i} AS {}) AS {}", engine_type(r#type), quote(name))
                    })
                    .collect();
                let names: Vec<_> = (0..self.columns.len()).map(|i| format!("c{i}")).collect();
                let values: Vec<_> = rows
                    .iter()
                    .enumerate()
                    .map(|(i, row)| {
                        let cells: Vec<_> =
                            row.iter().map(|cell| literal(cell.as_deref())).collect();
                        format!("({}, {i})", cells.join(", "))
                    })
                    .collect();
                if values.is_empty() {
                    let nulls = vec!["NULL"; self.columns.len()].join(", ");
                    format!(
                        "SELECT {}, 0 AS __row FROM (SELECT {nulls}) t({}) WHERE false",
                        casts.join(", "),
                        names.join(", ")
                    )
                } else {
                    format!(
                        "SELECT {}, __row FROM (VALUES {}) t({}, __row)",
                        casts.join(", "),
                        values.join(", "),
                        names.join(", ")
                    )
                }
            }
        };
        let direction = if reversed { "DESC" } else { "ASC" };
        format!(
            "CREATE TABLE {} AS SELECT * EXCLUDE (__row) FROM ({source}) ORDER BY __row {direction}",
            self.base()
        )
    }

    fn base(&self) -> String {
        quote(&format!("base of {}", self.name))
    }

    /// The query that stands behind its name in the plugin's SQL.
    pub(crate) fn select(&self) -> String {
        let mut columns: Vec<_> = self
            .seen()
            .iter()
            .map(|(seen, _, base)| format!("{} AS {}", quote(base), quote(seen)))
            .collect();
        columns.extend(self.hidden.iter().map(|(name, r#type, sql)| {
            format!("CAST(({sql}) AS {}) AS {}", engine_type(r#type), quote(name))
        }));
        format!("SELECT {} FROM {}", columns.join(", "), self.base())
    }
}

/// `a:int, b:decimal(10,2) key` at the commas outside brackets.
fn split_columns(text: &str) -> Vec<String> {
    let mut depth = 0;
    let mut columns = vec![String::new()];
    for c in text.chars() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        if c == ',' && depth == 0 {
            columns.push(String::new());
        } else if let Some(last) = columns.last_mut() {
            last.push(c);
        }
    }
    columns.iter().map(|column| column.trim().to_owned()).collect()
}

/// A type of the documents as DuckDB spells it.
pub(crate) fn engine_type(r#type: &str) -> String {
    if let Some(item) = r#type.strip_prefix("list(").and_then(|rest| rest.strip_suffix(')')) {
        return format!("{}[]", engine_type(item));
    }
    match r#type {
        "int" => "BIGINT".into(),
        "float" => "DOUBLE".into(),
        "text" => "VARCHAR".into(),
        "bool" => "BOOLEAN".into(),
        "instant" => "TIMESTAMPTZ".into(),
        other => other.to_uppercase(),
    }
}

/// An identifier.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(cell: Option<&str>) -> String {
    cell.map_or("NULL".into(), |text| format!("'{}'", text.replace('\'', "''")))
}

/// The cells of CSV: nothing is a missing value, `""` an empty text.
pub fn csv(text: &str) -> Vec<Vec<Option<String>>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut cell: Option<String> = None;
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.get_or_insert_default().push('"');
            }
            '"' => {
                quoted = !quoted;
                cell.get_or_insert_default();
            }
            ',' if !quoted => row.push(cell.take()),
            '\n' if !quoted => {
                row.push(cell.take());
                rows.push(std::mem::take(&mut row));
            }
            '\r' if !quoted => {}
            c => cell.get_or_insert_default().push(c),
        }
    }
    if cell.is_some() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_tells_missing_from_empty() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            csv("a,,\"\"\n\"x,\"\"y\",2,"),
            vec![vec![some("a"), None, some("")], vec![some("x,\"y"), some("2"), None]]
        );
    }
}
