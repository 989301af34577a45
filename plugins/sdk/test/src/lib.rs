//! Tests an activity without Camp and without loading a library.
//!
//! A [`Case`] plays the host: it makes the params document, calls the plugin through the same table of C
//! functions that Camp uses, runs the SQL it gives on DuckDB, and compares rows.
//!
//! ```no_run
//! # use camp_plugin_test::abi::camp_plugin_entry;
//! # fn entry() -> camp_plugin_entry { unimplemented!() }
//! use camp_plugin_test::{Case, desc, expr};
//!
//! Case::new(entry(), "deduplicate")
//!     .input("in", "id:int key, email:text, seen:int", "1,a@x,1\n2,a@x,9\n3,,4\n")
//!     .param("by", [expr("lower(email)", "text")])
//!     .param("order", [desc("seen", "int")])
//!     .outputs("unique, doubles")
//!     .expect("unique", "id\n2\n3\n")
//!     .expect("doubles", "id\n1\n");
//! ```
//!
//! What the host promises is kept: keys are unique, hidden columns of rules are never missing. What a
//! planner promises is checked on every run: each output has its key, unique and without missing parts,
//! and the declared columns with their types; and it is the same when the rows come in another order.
//!
//! `DUCKDB_LIB_DIR` says where `libduckdb` is; without it the system's is used.

#[cfg(feature = "arrow")]
mod execute;
/// The samples of the author's guide.
#[cfg(all(doctest, feature = "arrow"))]
#[doc = include_str!("../../../../docs/plugins.md")]
mod guide {}
mod host;
mod sql;
mod table;

use std::collections::BTreeMap;

pub use camp_plugin_abi as abi;
use camp_plugin_abi::camp_plugin_entry;
use serde_json::{Map, Value as Json, json};

#[cfg(feature = "arrow")]
pub use execute::Executed;
pub use host::Diag;
use host::{Call, Loaded};
use table::Table;
pub use table::csv;

/// An expression over the input, with its type: `expr("lower(email)", "text")`.
pub fn expr(sql: &str, r#type: &str) -> Json {
    json!({"$sql": sql, "type": r#type})
}

/// A condition over the input.
pub fn rule(sql: &str) -> Json {
    json!({"$sql": format!("coalesce(({sql}), false)"), "type": "bool", "nullable": false})
}

/// An expression with a name for the output.
pub fn named(sql: &str, r#type: &str, name: &str) -> Json {
    json!({"$sql": sql, "type": r#type, "as": name})
}

/// A sort key, lowest first.
pub fn asc(sql: &str, r#type: &str) -> Json {
    json!({"$sql": sql, "type": r#type, "desc": false})
}

/// A sort key, highest first.
pub fn desc(sql: &str, r#type: &str) -> Json {
    json!({"$sql": sql, "type": r#type, "desc": true})
}

/// The same over another relation.
pub fn of(relation: &str, mut value: Json) -> Json {
    value["of"] = json!(relation);
    value
}

/// A size as scripts write it: `20` or `12.5%`.
pub fn size(text: &str) -> Json {
    let Some(percent) = text.strip_suffix('%') else {
        return json!({"rows": text.parse::<u64>().expect("a number of rows")});
    };
    let (whole, digits) = percent.split_once('.').unwrap_or((percent, ""));
    let digits = format!("{whole:0>3}{digits}");
    let (whole, fraction) = digits.split_at(digits.len() - digits.len().min(2 + digits.len() - 3));
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    json!({"fraction": if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }})
}

/// A subset: a condition, an order, a limit; empty texts and lists leave a part out.
pub fn subset<const N: usize>(condition: &str, order: [Json; N], limit: &str) -> Json {
    json!({
        "rule": if condition.is_empty() { Json::Null } else { rule(condition) },
        "order": order.as_slice(),
        "limit": if limit.is_empty() { Json::Null } else { size(limit) },
    })
}

/// Panics unless the manifest of a plugin says all that a user wants to know and Camp wants to check.
pub fn check_manifest(entry: camp_plugin_entry) {
    let manifest = Loaded::new(entry).manifest;
    let word = |name: &Json| {
        let name = name.as_str().unwrap_or_default();
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let text = |json: &Json| json.as_str().is_some_and(|text| !text.trim().is_empty());
    assert_eq!(manifest["camp_manifest"], 1);
    assert!(word(&manifest["plugin"]["name"]), "{}", manifest["plugin"]["name"]);
    assert!(text(&manifest["plugin"]["version"]) && text(&manifest["plugin"]["description"]));
    assert_eq!(
        manifest["abi"],
        json!({"major": abi::CAMP_ABI_MAJOR, "minor": abi::CAMP_ABI_MINOR})
    );
    let activities = manifest["activities"].as_array().expect("a list of activities");
    assert!(!activities.is_empty(), "a plugin has activities");
    for activity in activities {
        let name = &activity["name"];
        assert!(word(name), "{name}");
        let kind = activity["kind"].as_str().unwrap_or_default();
        assert!(["planner", "executor", "delivery"].contains(&kind), "{name} is of kind {kind}");
        assert!(text(&activity["summary"]), "{name} has no summary");
        for part in ["inputs", "outputs", "params"] {
            let entries =
                activity[part].as_array().unwrap_or_else(|| panic!("{name} has no {part}"));
            for (i, entry) in entries.iter().enumerate() {
                let what = format!("{name}, {part}: {}", entry["name"]);
                assert!(word(&entry["name"]) || entry["name"] == "*outputs*", "{what} is no name");
                assert!(text(&entry["doc"]), "{what} has no documentation");
                assert!(
                    entries[..i].iter().all(|other| other["name"] != entry["name"]),
                    "{what} is there twice"
                );
                assert!(
                    entry["required"] != true || entry.get("default").is_none(),
                    "{what} is required and has a default"
                );
            }
        }
        assert!(
            kind == "delivery" || !activity["outputs"].as_array().is_some_and(Vec::is_empty),
            "{name} has no output"
        );
        let names: Vec<_> =
            activity["params"].as_array().into_iter().flatten().map(|p| &p["name"]).collect();
        for rule in activity["rules"].as_array().into_iter().flatten() {
            let mentioned = rule.as_object().into_iter().flatten().filter(|(key, _)| {
                ["if", "need", "without", "exactly_one", "at_most_one", "at_least_one"]
                    .contains(&key.as_str())
            });
            for (_, value) in mentioned {
                let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
                assert!(
                    values.iter().all(|value| names.contains(&value)),
                    "{name}: {rule} names no parameter"
                );
            }
        }
    }
}

/// Runs a statement on an empty DuckDB and gives its rows as text.
pub fn query(sql: &str) -> Vec<Vec<Option<String>>> {
    sql::query(sql)
}

/// One call of an activity.
pub struct Case {
    pub(crate) loaded: Loaded,
    activity: Json,
    campaign: String,
    tables: Vec<Table>,
    params: Map<String, Json>,
    outputs: Vec<(String, String)>,
    pub(crate) run: host::RunFacts,
    pub(crate) secrets: BTreeMap<String, String>,
    folder: String,
}

impl Case {
    /// An activity of a plugin, by the function that the plugin exports.
    pub fn new(entry: camp_plugin_entry, activity: &str) -> Self {
        let loaded = Loaded::new(entry);
        let activity = loaded.manifest["activities"]
            .as_array()
            .expect("a manifest has activities")
            .iter()
            .find(|candidate| candidate["name"] == activity)
            .expect("the manifest has this activity")
            .clone();
        Self {
            loaded,
            activity,
            campaign: "Spring sale".into(),
            tables: Vec::new(),
            params: Map::new(),
            outputs: Vec::new(),
            run: host::RunFacts::default(),
            secrets: BTreeMap::new(),
            folder: String::new(),
        }
    }

    /// An input: its columns as `name:type`, those of the key with `key` behind, and its rows as CSV
    /// without a header. Nothing between two commas is a missing value, `""` an empty text.
    pub fn input(self, name: &str, columns: &str, rows: &str) -> Self {
        self.relation(Table::new(name, columns, Some(rows), false))
    }

    /// An input whose rows are a query.
    pub fn input_query(self, name: &str, columns: &str, query: &str) -> Self {
        let mut table = Table::new(name, columns, None, false);
        table.query = Some(query.to_owned());
        self.relation(table)
    }

    /// The relation of a `link` parameter: columns that are the source's or the target's key say `source`
    /// or `target`; `to_one` is its cardinality.
    pub fn link(mut self, param: &str, to_one: bool, columns: &str, rows: &str) -> Self {
        let cardinality = if to_one { "one" } else { "many" };
        self.params.insert(param.into(), json!({"relation": param, "cardinality": cardinality}));
        self.relation(Table::new(param, columns, Some(rows), true))
    }

    /// The relation of a `dimension` parameter.
    pub fn dimension(mut self, param: &str, columns: &str, rows: &str) -> Self {
        self.params.insert(param.into(), json!({"relation": param}));
        self.relation(Table::new(param, columns, Some(rows), true))
    }

    fn relation(mut self, table: Table) -> Self {
        self.tables.push(table);
        self
    }

    /// Gives a parameter, or the subset of an output of that name.
    pub fn param(mut self, name: &str, value: impl Into<Json>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }

    /// The names left of the `=`.
    pub fn outputs(mut self, names: &str) -> Self {
        let declared = self.activity["outputs"].as_array().expect("outputs are a list");
        let repeated = declared.first().is_some_and(|first| first["repeat"] == true);
        self.outputs = names
            .split(',')
            .enumerate()
            .map(|(i, name)| {
                let output = &declared[if repeated { 0 } else { i }]["name"];
                (name.trim().into(), output.as_str().expect("an output has a name").into())
            })
            .collect();
        self
    }

    /// The campaign's label, which is the default seed.
    pub fn campaign(mut self, label: &str) -> Self {
        label.clone_into(&mut self.campaign);
        self
    }

    /// The rows that an output must have, as CSV with a header, in any order; columns that the header
    /// leaves out are not compared.
    #[track_caller]
    pub fn expect(self, output: &str, rows: &str) -> Self {
        let (header, wanted) =
            csv(rows).split_first().map(|(h, r)| (h.clone(), r.to_vec())).expect("a header");
        let columns: Vec<_> =
            header.into_iter().map(|name| name.expect("a column's name")).collect();
        let mut found = self.rows(output, &columns);
        let mut wanted = wanted;
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "rows of `{output}` ({columns:?}), found on the left");
        self
    }

    /// The values of some columns of an output, as text.
    #[track_caller]
    pub fn rows(&self, output: &str, columns: &[String]) -> Vec<Vec<Option<String>>> {
        let plan = self.plan().unwrap_or_else(|diags| panic!("the plan failed: {diags:#?}"));
        let mut first = sql::run(self, &plan, output, columns, false);
        let mut second = sql::run(self, &plan, output, columns, true);
        first.sort();
        second.sort();
        assert_eq!(first, second, "the rows depend on the order of the input");
        first
    }

    /// How many rows an output has.
    #[track_caller]
    pub fn count(&self, output: &str) -> usize {
        self.rows(output, &[]).len()
    }

    /// The call must be refused, with this code at this path.
    #[track_caller]
    pub fn expect_error(self, path: &str, code: &str) -> Self {
        let diags = self.plan().expect_err("the plan was made");
        assert!(
            diags.iter().any(|diag| diag.path == path && diag.code == code),
            "no {code} at {path}: {diags:#?}"
        );
        self
    }

    /// A check of the plan must find faults, with this code.
    #[track_caller]
    pub fn expect_fault(self, code: &str) -> Self {
        let plan = self.plan().unwrap_or_else(|diags| panic!("the plan failed: {diags:#?}"));
        let faults = sql::faults(self.tables(), &plan);
        assert!(faults.iter().any(|found| found == code), "no fault {code}: {faults:?}");
        self
    }

    /// Nothing may happen outside.
    pub fn dry_run(mut self) -> Self {
        self.run.dry_run = true;
        self
    }

    /// The host asks to stop from the start.
    pub fn cancelled(mut self) -> Self {
        self.run.cancel = true;
        self
    }

    /// Where the script is: relative paths start there.
    pub fn folder(mut self, folder: &std::path::Path) -> Self {
        self.folder = folder.to_string_lossy().into_owned();
        self
    }

    /// The value of a secret, by the name of its variable.
    pub fn secret(mut self, variable: &str, value: &str) -> Self {
        self.secrets.insert(variable.into(), value.into());
        self
    }

    /// Runs an executor or a delivery, with the rows of the inputs in batches of at most `batch` rows.
    #[cfg(feature = "arrow")]
    #[track_caller]
    pub fn execute(&self, batch: usize) -> Executed {
        execute::run(self, execute::Course { batch, pulls: usize::MAX, good: usize::MAX })
    }

    /// Like [`execute`](Self::execute), but the host lets go after so many batches of the output.
    #[cfg(feature = "arrow")]
    #[track_caller]
    pub fn execute_some(&self, batch: usize, pulls: usize) -> Executed {
        execute::run(self, execute::Course { batch, pulls, good: usize::MAX })
    }

    /// Like [`execute`](Self::execute), but the input fails after so many batches.
    #[cfg(feature = "arrow")]
    #[track_caller]
    pub fn execute_failing(&self, batch: usize, good: usize) -> Executed {
        execute::run(self, execute::Course { batch, pulls: usize::MAX, good })
    }

    /// The plan document, or what was said against the call.
    pub fn plan(&self) -> Result<Json, Vec<Diag>> {
        let call = self.call();
        // A planner has no use for schemas: released ones stand for each relation.
        let schemas = host::released_schemas(self.tables().len());
        let instance = self.loaded.bind(&call, self.name(), &schemas, &mut []);
        let plan = instance.and_then(|instance| instance.plan(&call));
        plan.map_err(|_| call.diags())
    }

    pub(crate) fn name(&self) -> &str {
        self.activity["name"].as_str().expect("an activity has a name")
    }

    fn declared_params(&self) -> &[Json] {
        self.activity["params"].as_array().expect("params are a list")
    }

    /// The relations with the hidden columns that the parameters need.
    pub(crate) fn tables(&self) -> Vec<Table> {
        self.resolve().0
    }

    pub(crate) fn call(&self) -> Call {
        let (tables, params) = self.resolve();
        let document = json!({
            "camp_params": 1,
            "activity": self.name(),
            "outputs": self.outputs.iter()
                .map(|(name, output)| json!({"name": name, "output": output})).collect::<Vec<_>>(),
            "inputs": tables.iter().map(Table::json).collect::<Vec<_>>(),
            "params": params,
            "run": {"as_of": "2026-11-24T05:00:00Z", "today": "2026-11-24",
                    "timezone": "Europe/Paris", "campaign": self.campaign,
                    "folder": self.folder},
        });
        Call::new(document, &self.run, &self.secrets)
    }

    /// Fills in defaults, and turns expressions into hidden columns.
    fn resolve(&self) -> (Vec<Table>, Map<String, Json>) {
        let mut tables = self.tables.clone();
        let mut params = Map::new();
        let declared =
            |name: &str| self.declared_params().iter().find(|param| param["name"] == name);
        let mut open = Vec::new();
        for (name, value) in &self.params {
            let mut value = value.clone();
            hide(&mut value, &mut tables);
            if declared(name).is_some() {
                params.insert(name.clone(), value);
            } else {
                assert!(
                    declared("*outputs*").is_some()
                        && self.outputs.iter().any(|(output, _)| output == name),
                    "`{name}` is neither a parameter nor an output"
                );
                value["name"] = json!(name);
                open.push(value);
            }
        }
        // In the order in which a script would list them.
        open.sort_by_key(|value| {
            self.outputs.iter().position(|(output, _)| value["name"] == *output)
        });
        for param in self.declared_params() {
            let name = param["name"].as_str().expect("a parameter has a name");
            if name == "*outputs*" {
                params.insert(name.into(), json!(open));
            } else if !params.contains_key(name) {
                assert!(param["required"] != true, "`{name}` is required");
                if param["type"] == "seed" {
                    params.insert(name.into(), json!(self.campaign));
                } else if let Some(default) = param.get("default") {
                    params.insert(name.into(), default.clone());
                }
            }
        }
        (tables, params)
    }

    /// What the output must carry beside the key: names, and types as the documents spell them.
    pub(crate) fn shape(&self, plan: &Json, output: &str) -> (Vec<String>, Vec<(String, String)>) {
        let declared = self.outputs.iter().find(|(name, _)| name == output);
        let (_, declared) = declared.expect("an output of the call");
        let entry = self.activity["outputs"]
            .as_array()
            .and_then(|outputs| outputs.iter().find(|entry| entry["name"] == **declared))
            .expect("a declared output");
        let by_name = |name: &str| {
            self.tables.iter().find(|table| table.name == name).expect("a relation of the call")
        };
        let key = match entry["dimension"]["param"].as_str() {
            Some(param) => by_name(param).target_key(),
            None => self.tables[0].key(),
        };
        let pair = |column: &Json| {
            let text = |key: &str| column[key].as_str().unwrap_or_default().to_owned();
            (text("name"), text("type"))
        };
        let columns = &entry["columns"];
        if columns["dynamic"] == true {
            let found = sql::output(plan, output, declared)["columns"].as_array().cloned();
            return (
                key,
                found.expect("a dynamic output states its columns").iter().map(pair).collect(),
            );
        }
        let like = match &columns["like"] {
            Json::Null if columns.is_null() => Some(self.tables[0].name.as_str()),
            other => other.as_str(),
        };
        let mut carried = like.map(|name| by_name(name).carried()).unwrap_or_default();
        for column in columns["add"].as_array().into_iter().flatten() {
            let column = pair(column);
            carried.retain(|(name, _)| *name != column.0);
            carried.push(column);
        }
        (key, carried)
    }

    /// The declared name of an output of the call.
    pub(crate) fn declared_output(&self, name: &str) -> &str {
        let output = self.outputs.iter().find(|(output, _)| output == name);
        output.map(|(_, declared)| declared.as_str()).expect("an output of the call")
    }
}

/// Replaces each expression by the record of a hidden column.
fn hide(value: &mut Json, tables: &mut [Table]) {
    let used: usize = tables.iter().map(|table| table.hidden.len()).sum();
    match value {
        Json::Array(items) => items.iter_mut().for_each(|item| hide(item, tables)),
        Json::Object(map) => {
            let Some(sql) = map.remove("$sql") else {
                return map.values_mut().for_each(|item| hide(item, tables));
            };
            let relation = map.get("of").and_then(Json::as_str).unwrap_or("in");
            let table = tables.iter_mut().find(|table| table.name == relation);
            let table = table.unwrap_or_else(|| panic!("no relation `{relation}` for `{sql}`"));
            let name = format!("__p{used}");
            let r#type = map["type"].as_str().expect("an expression has a type").to_owned();
            table.hidden.push((name.clone(), r#type, sql.as_str().expect("SQL").to_owned()));
            map.insert("column".into(), json!(name));
            map.entry("nullable").or_insert(json!(true));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_what_scripts_write() {
        assert_eq!(size("20"), json!({"rows": 20}));
        assert_eq!(size("10%"), json!({"fraction": "0.1"}));
        assert_eq!(size("100%"), json!({"fraction": "1"}));
        assert_eq!(size("33%"), json!({"fraction": "0.33"}));
        assert_eq!(size("12.5%"), json!({"fraction": "0.125"}));
        assert_eq!(size("0.05%"), json!({"fraction": "0.0005"}));
        assert_eq!(size("250%"), json!({"fraction": "2.5"}));
    }
}
