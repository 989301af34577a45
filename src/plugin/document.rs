//! The plan document of a planner (WIRE.md §3).

use serde::Deserialize;

use super::manifest::NewColumn;

/// What a planner answers.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PlanDocument {
    /// Its version.
    pub camp_plan: u64,
    /// Steps that later ones can name.
    #[serde(default)]
    pub with: Vec<With>,
    /// The rows of the outputs.
    #[serde(default)]
    pub outputs: Vec<Output>,
    /// Queries whose rows are faults.
    #[serde(default)]
    pub checks: Vec<Check>,
    /// One line for `explain`.
    #[serde(default)]
    pub why: String,
}

/// A step.
#[derive(Clone, Debug, Deserialize)]
pub struct With {
    /// Its name.
    pub name: String,
    /// Its query.
    pub sql: String,
    /// Worth computing once.
    #[serde(default)]
    pub materialize: bool,
}

/// The rows of an output.
#[derive(Clone, Debug, Deserialize)]
pub struct Output {
    /// The declared name, or that of the call for a repeated output.
    pub name: String,
    /// Its query.
    pub sql: String,
    /// What a dynamic output carries beside the key.
    #[serde(default)]
    pub columns: Option<Vec<NewColumn>>,
}

/// A query whose rows are faults.
#[derive(Clone, Debug, Deserialize)]
pub struct Check {
    /// The query.
    pub sql: String,
    /// What it is about.
    #[serde(default)]
    pub path: String,
    /// A name for scripts that read errors.
    #[serde(default)]
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    #[serde(default)]
    pub help: String,
}

impl PlanDocument {
    /// Reads a plan.
    ///
    /// # Errors
    /// What is wrong with it, for the plugin's author.
    pub fn parse(bytes: &[u8], inputs: &[String]) -> Result<PlanDocument, String> {
        let plan: PlanDocument =
            serde_json::from_slice(bytes).map_err(|e| format!("its plan is not readable: {e}"))?;
        if plan.camp_plan != 1 {
            return Err(format!(
                "`camp_plan` is {}, and this version of Camp reads 1",
                plan.camp_plan
            ));
        }
        let mut names: Vec<&str> = inputs.iter().map(String::as_str).collect();
        for with in &plan.with {
            let mut chars = with.name.chars();
            let fine = chars.next().is_some_and(|c| c.is_ascii_lowercase())
                && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if !fine {
                return Err(format!("the step `{}` must be `[a-z][a-z0-9_]*`", with.name));
            }
            if names.contains(&with.name.as_str()) {
                return Err(format!("the name `{}` is used twice", with.name));
            }
            names.push(&with.name);
        }
        Ok(plan)
    }

    /// The entry of an output: under the name in the call, else under the declared one.
    pub fn output(&self, name: &str, declared: &str) -> Option<&Output> {
        let find = |wanted: &str| self.outputs.iter().find(|o| o.name == wanted);
        find(name).or_else(|| find(declared))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_named_like_an_input_is_refused() {
        let plan = br#"{"camp_plan": 1, "with": [{"name": "in", "sql": "SELECT 1"}]}"#;
        let error = PlanDocument::parse(plan, &["in".into()]).unwrap_err();
        assert_eq!(error, "the name `in` is used twice");
    }

    #[test]
    fn a_newer_plan_names_both_versions() {
        let error = PlanDocument::parse(br#"{"camp_plan": 2}"#, &[]).unwrap_err();
        assert_eq!(error, "`camp_plan` is 2, and this version of Camp reads 1");
    }
}
