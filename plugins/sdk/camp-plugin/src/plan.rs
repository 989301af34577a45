//! What a planner answers: the plan document (`WIRE.md` §3).

use serde_json::{Value as Json, json};

use crate::cx::Cx;
use crate::error::{At, Error, Result};
use crate::sql::Sql;
use crate::types::Type;
use crate::value::Column;

/// A column of a dynamic output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub r#type: Type,
    /// Whether values may be missing.
    pub nullable: bool,
}

impl NewColumn {
    /// A column whose values may be missing.
    pub fn nullable(name: &str, r#type: Type) -> Self {
        Self { name: name.to_owned(), r#type, nullable: true }
    }

    /// A column like another one.
    pub fn like(column: &Column) -> Self {
        Self {
            name: column.output_name().to_owned(),
            r#type: column.r#type.clone(),
            nullable: column.nullable,
        }
    }

    fn json(&self) -> Json {
        json!({"name": self.name, "type": self.r#type.to_string(), "nullable": self.nullable})
    }
}

/// A query whose rows are faults in the data.
#[derive(Debug, Clone)]
pub struct Check {
    sql: Sql,
    fault: Error,
}

impl Check {
    /// The rows of `sql` must not be; `fault` says why, and where in the script that was asked for.
    pub fn new(sql: Sql, fault: Error) -> Self {
        Self { sql, fault }
    }
}

/// The SQL of an activity.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    with: Vec<(String, Sql, bool)>,
    outputs: Vec<(String, Sql, Option<Vec<NewColumn>>)>,
    checks: Vec<Check>,
    why: String,
}

impl Plan {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A step that later ones can name. Names are lower-case words, other than those of inputs.
    pub fn with(mut self, name: &str, sql: Sql) -> Self {
        self.with.push((name.to_owned(), sql, false));
        self
    }

    /// A step worth computing only once when several outputs are taken.
    pub fn with_shared(mut self, name: &str, sql: Sql) -> Self {
        self.with.push((name.to_owned(), sql, true));
        self
    }

    /// The rows of an output: the declared name, or for repeated outputs the name in the call. The SQL
    /// gives the key and the columns by name.
    pub fn output(mut self, name: &str, sql: Sql) -> Self {
        self.outputs.push((name.to_owned(), sql, None));
        self
    }

    /// The rows of a dynamic output, with the columns it has beside the key.
    pub fn dynamic_output(mut self, name: &str, sql: Sql, columns: Vec<NewColumn>) -> Self {
        self.outputs.push((name.to_owned(), sql, Some(columns)));
        self
    }

    /// Fails the run, before anything is saved, when the query has rows.
    pub fn check(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// One line for `explain`.
    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    /// The document, after the checks that need no engine.
    pub(crate) fn finish(&self, cx: &Cx) -> Result<String> {
        for (name, declared) in cx.outputs() {
            let found =
                self.outputs.iter().any(|(output, ..)| output == name || output == declared);
            if !found {
                let message = format!("the plan has no output `{declared}`");
                return Err(At::output(name).fail(crate::Kind::Internal, message));
            }
        }
        for (_, _, columns) in &self.outputs {
            let columns = columns.as_deref().unwrap_or_default();
            for (i, column) in columns.iter().enumerate() {
                if columns[..i].iter().any(|other| other.name == column.name) {
                    let message = format!("two columns of the output are named `{}`", column.name);
                    return Err(Error::new(crate::Kind::Usage, message)
                        .code("column-twice")
                        .help("give one of them another name with `as`"));
                }
            }
        }
        let with = self.with.iter().map(
            |(name, sql, shared)| json!({"name": name, "sql": sql.as_str(), "materialize": shared}),
        );
        let outputs = self.outputs.iter().map(|(name, sql, columns)| {
            let mut json = json!({"name": name, "sql": sql.as_str()});
            if let Some(columns) = columns {
                json["columns"] = columns.iter().map(NewColumn::json).collect();
            }
            json
        });
        let checks = self.checks.iter().map(|Check { sql, fault }| {
            let fault = &*fault.0;
            json!({"sql": sql.as_str(), "path": fault.at.path, "code": fault.code,
                   "message": fault.message, "help": fault.help})
        });
        Ok(json!({
            "camp_plan": 1,
            "with": with.collect::<Vec<_>>(),
            "outputs": outputs.collect::<Vec<_>>(),
            "checks": checks.collect::<Vec<_>>(),
            "why": self.why,
        })
        .to_string())
    }
}
