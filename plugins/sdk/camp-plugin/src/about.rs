//! What an activity says about itself: the manifest (`WIRE.md` §1), built from typed declarations.

use serde_json::{Map, Value as Json, json};

use crate::value::Value;

/// A declared parameter. [`params!`](crate::params!) makes them; its square brackets hold calls of
/// these methods.
#[derive(Debug, Clone)]
pub struct Param {
    json: Map<String, Json>,
}

impl Param {
    /// A parameter of type `T`, optional without a default until said otherwise.
    pub fn new<T: Value>(name: &str, doc: &[&str]) -> Self {
        let mut json = Map::new();
        json.insert("name".into(), json!(T::NAME.unwrap_or(plain(name))));
        json.insert("type".into(), T::declare());
        let doc: Vec<_> = doc.iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        json.insert("doc".into(), json!(doc.join("\n")));
        Self { json }
    }

    fn set(mut self, key: &str, value: impl Into<Json>) -> Self {
        self.json.insert(key.into(), value.into());
        self
    }

    fn constraint(mut self, key: &str, value: impl Into<Json>) -> Self {
        let all = self.json.entry("constraints").or_insert_with(|| json!({}));
        if let Json::Object(map) = all {
            map.insert(key.into(), value.into());
        }
        self
    }

    /// Changes the record of a type such as `{"list": {"expr": {…}}}`.
    fn inner(mut self, key: &str, value: Json) -> Self {
        let mut at = self.json.get_mut("type");
        while let Some(Json::Object(map)) = at {
            if let Some(kind) = map.keys().next().cloned()
                && kind != "list"
            {
                if let Some(Json::Object(record)) = map.get_mut(&kind) {
                    record.insert(key.into(), value);
                }
                return self;
            }
            at = map.get_mut("list");
        }
        self
    }

    /// The script has to give it.
    pub fn required(self) -> Self {
        self.set("required", true)
    }

    /// What it is when the script does not give it.
    pub fn default(self, value: impl Into<Json>) -> Self {
        self.set("default", value)
    }

    /// The relation its expressions are over; `in` without this.
    pub fn of(self, relation: &str) -> Self {
        self.inner("of", json!(relation))
    }

    /// Several relations its sort keys may be over.
    pub fn of_any<const N: usize>(self, relations: [&str; N]) -> Self {
        self.inner("of", json!(relations.as_slice()))
    }

    /// The types its expressions may have.
    pub fn accepts<const N: usize>(self, types: [&str; N]) -> Self {
        self.inner("accepts", json!(types.as_slice()))
    }

    /// The aggregates that a [`Reduced`](crate::Reduced) needs.
    pub fn functions<const N: usize>(self, functions: [&str; N]) -> Self {
        self.inner("functions", json!(functions.as_slice()))
    }

    /// The smallest value.
    pub fn min(self, value: impl Into<Json>) -> Self {
        self.constraint("min", value)
    }

    /// The largest value.
    pub fn max(self, value: impl Into<Json>) -> Self {
        self.constraint("max", value)
    }

    /// The fewest items or characters.
    pub fn min_len(self, value: u64) -> Self {
        self.constraint("min_len", value)
    }

    /// The most items or characters.
    pub fn max_len(self, value: u64) -> Self {
        self.constraint("max_len", value)
    }

    /// A regular expression (RE2) that the whole text has to match.
    pub fn pattern(self, pattern: &str) -> Self {
        self.constraint("pattern", pattern)
    }

    /// Items may not repeat.
    pub fn unique(self) -> Self {
        self.constraint("unique", true)
    }
}

/// The name of a field as scripts write it: `match` is a keyword of Rust only.
pub(crate) fn plain(field: &str) -> &str {
    field.strip_prefix("r#").unwrap_or(field)
}

/// A declared input.
#[derive(Debug, Clone)]
pub struct Input {
    json: Json,
}

impl Input {
    /// A transition of a dimension with a key.
    pub fn new(name: &str, doc: &str) -> Self {
        Self { json: json!({"name": name, "doc": doc}) }
    }

    #[cfg(feature = "arrow")]
    pub(crate) fn name(&self) -> &str {
        self.json["name"].as_str().unwrap_or_default()
    }

    /// Also of a dimension without a key.
    pub fn keyless(mut self) -> Self {
        self.json["keyless"] = json!(true);
        self
    }

    /// The call may leave it out.
    pub fn optional(mut self) -> Self {
        self.json["optional"] = json!(true);
        self
    }
}

/// A declared output; like the first input in dimension and columns until said otherwise.
#[derive(Debug, Clone)]
pub struct Output {
    pub(crate) json: Json,
}

impl Output {
    /// One output.
    pub fn new(name: &str, doc: &str) -> Self {
        Self { json: json!({"name": name, "doc": doc}) }
    }

    /// As many outputs as the call names.
    pub fn repeated(name: &str, doc: &str) -> Self {
        let mut output = Self::new(name, doc);
        output.json["repeat"] = json!(true);
        output
    }

    /// The call may leave it out.
    pub fn optional(mut self) -> Self {
        self.json["optional"] = json!(true);
        self
    }

    /// It has all rows of the first input that are in no other output, and nothing else: nobody gets lost.
    /// `camp plugin test` holds the activity to it.
    pub fn complement(mut self) -> Self {
        self.json["complement"] = json!(true);
        self
    }

    /// Its rows are of the dimension that this `link` or `dimension` parameter leads to.
    pub fn of_param(mut self, param: &str) -> Self {
        self.json["dimension"] = json!({"param": param});
        self
    }

    /// The plan says which columns there are.
    pub fn dynamic(mut self) -> Self {
        self.json["columns"] = json!({"dynamic": true});
        self
    }

    /// The columns of `input`, and these: name, type, may be missing.
    pub fn adding<const N: usize>(mut self, input: &str, add: [(&str, &str, bool); N]) -> Self {
        let add: Vec<_> = add
            .iter()
            .map(|(name, r#type, nullable)| json!({"name": name, "type": r#type, "nullable": nullable}))
            .collect();
        self.json["columns"] = json!({"like": input, "add": add});
        self
    }

    #[cfg(feature = "arrow")]
    pub(crate) fn added(&self) -> Vec<(String, String, bool)> {
        let add = self.json["columns"]["add"].as_array().map_or(&[][..], Vec::as_slice);
        let text = |json: &Json, key: &str| json[key].as_str().unwrap_or_default().to_owned();
        add.iter()
            .map(|c| (text(c, "name"), text(c, "type"), c["nullable"].as_bool().unwrap_or(true)))
            .collect()
    }

    #[cfg(feature = "arrow")]
    pub(crate) fn is_dynamic(&self) -> bool {
        self.json["columns"]["dynamic"] == json!(true)
    }
}

/// A rule between parameters that Camp checks.
#[derive(Debug, Clone)]
pub struct Rule {
    json: Json,
}

impl Rule {
    /// Who gives `param` has to give these.
    pub fn needs<const N: usize>(param: &str, others: [&str; N]) -> Self {
        Self { json: json!({"if": param, "need": others.as_slice()}) }
    }

    /// Who gives `param` may not give these.
    pub fn excludes<const N: usize>(param: &str, others: [&str; N]) -> Self {
        Self { json: json!({"if": param, "without": others.as_slice()}) }
    }

    /// One of them, not two.
    pub fn exactly_one<const N: usize>(params: [&str; N]) -> Self {
        Self { json: json!({"exactly_one": params.as_slice()}) }
    }

    /// One of them or more.
    pub fn at_least_one<const N: usize>(params: [&str; N]) -> Self {
        Self { json: json!({"at_least_one": params.as_slice()}) }
    }

    /// What is said to who breaks it; the help begins with a verb.
    pub fn message(mut self, message: &str, help: &str) -> Self {
        self.json["message"] = json!(message);
        self.json["help"] = json!(help);
        self
    }
}

/// What running the activity does beside giving rows.
#[derive(Debug, Clone)]
pub struct Effects {
    json: Json,
}

impl Effects {
    /// It talks to these hosts; `*` for whatever the script names.
    pub fn network<const N: usize>(hosts: [&str; N]) -> Self {
        Self {
            json: json!({"deterministic": false, "external": true, "idempotent": false,
                         "network": hosts.as_slice(), "secrets": [], "writes_files": false}),
        }
    }

    /// It writes files that the script names.
    pub fn files() -> Self {
        let mut effects = Self::network([]);
        effects.json["writes_files"] = json!(true);
        effects
    }

    /// It reads these secrets (parameters of that type).
    pub fn secrets<const N: usize>(mut self, params: [&str; N]) -> Self {
        self.json["secrets"] = json!(params.as_slice());
        self
    }

    /// Doing it twice is doing it once.
    pub fn idempotent(mut self) -> Self {
        self.json["idempotent"] = json!(true);
        self
    }
}

/// An example that is shown, and run as a test.
#[derive(Debug, Clone)]
pub struct Example {
    json: Json,
}

impl Example {
    /// A whole script.
    pub fn new(title: &str, script: &str) -> Self {
        Self { json: json!({"title": title, "script": script, "files": {}, "expect": {}}) }
    }

    /// A file beside the script.
    pub fn file(mut self, name: &str, content: &str) -> Self {
        self.json["files"][name] = json!(content);
        self
    }

    /// The rows that a transition of the script has, as CSV.
    pub fn expect(mut self, transition: &str, csv: &str) -> Self {
        self.json["expect"][transition] = json!(csv);
        self
    }

    /// The script must be refused: with the code that [`Error::code`](crate::Error::code) gave, or one of
    /// Camp's own such as `E0602`, and with this piece of it underlined.
    pub fn refused(mut self, code: &str, underlined: &str) -> Self {
        self.json["error"] = json!({"code": code, "at": underlined});
        self
    }

    /// Words that the error of a [`refused`](Self::refused) script has to contain.
    pub fn saying(mut self, words: &str) -> Self {
        self.json["error"]["message"] = json!(words);
        self
    }
}

/// The description of an activity.
#[derive(Debug, Clone)]
pub struct About {
    pub(crate) name: String,
    summary: String,
    doc: String,
    pub(crate) inputs: Vec<Input>,
    pub(crate) outputs: Vec<Output>,
    rules: Vec<Rule>,
    effects: Option<Effects>,
    examples: Vec<Example>,
}

impl About {
    /// The name scripts use, and one line that says what it does.
    pub fn new(name: &str, summary: &str) -> Self {
        Self {
            name: name.to_owned(),
            summary: summary.to_owned(),
            doc: String::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            rules: Vec::new(),
            effects: None,
            examples: Vec::new(),
        }
    }

    /// More about it, in Markdown.
    pub fn doc(mut self, doc: &str) -> Self {
        doc.clone_into(&mut self.doc);
        self
    }

    /// The next input.
    pub fn input(mut self, input: Input) -> Self {
        self.inputs.push(input);
        self
    }

    /// The next output.
    pub fn output(mut self, output: Output) -> Self {
        self.outputs.push(output);
        self
    }

    /// A rule between parameters.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// What it does beside giving rows; nothing without this.
    pub fn effects(mut self, effects: Effects) -> Self {
        self.effects = Some(effects);
        self
    }

    /// An example.
    pub fn example(mut self, example: Example) -> Self {
        self.examples.push(example);
        self
    }

    /// Its entry in the manifest.
    pub(crate) fn json(&self, kind: &str, params: Vec<Param>) -> Json {
        let mut json = json!({
            "name": self.name, "kind": kind, "summary": self.summary, "doc": self.doc,
            "inputs": self.inputs.iter().map(|input| input.json.clone()).collect::<Vec<_>>(),
            "outputs": self.outputs.iter().map(|output| output.json.clone()).collect::<Vec<_>>(),
            "params": params.into_iter().map(|param| Json::Object(param.json)).collect::<Vec<_>>(),
            "rules": self.rules.iter().map(|rule| rule.json.clone()).collect::<Vec<_>>(),
            "examples": self.examples.iter().map(|example| example.json.clone()).collect::<Vec<_>>(),
        });
        if let Some(effects) = &self.effects {
            json["effects"] = effects.json.clone();
        }
        json
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Expr, SortKey, Subsets};

    #[test]
    fn options_reach_the_innermost_type() {
        let param = Param::new::<Vec<Vec<Expr>>>("x", &[" a", " b"]).of("to").accepts(["int"]);
        assert_eq!(
            Json::Object(param.json),
            json!({"name": "x", "doc": "a\nb",
                   "type": {"list": {"list": {"expr": {"of": "to", "accepts": ["int"]}}}}})
        );
        let param = Param::new::<Vec<SortKey>>("o", &[]).of_any(["in", "to"]).min_len(1).max_len(3);
        assert_eq!(param.json["type"], json!({"list": {"sort": {"of": ["in", "to"]}}}));
        assert_eq!(param.json["constraints"], json!({"min_len": 1, "max_len": 3}));
    }

    #[test]
    fn an_open_key_has_its_own_name() {
        assert_eq!(Param::new::<Subsets>("subsets", &[]).json["name"], json!("*outputs*"));
    }
}
