//! The manifest: what a plugin says about itself, and what all ordinary checks of a call come from.
//! `plugins/sdk/WIRE.md` §1 is its reference.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// The newest manifest this host reads.
pub const VERSION: u64 = 1;

/// The features a plugin may require of this host.
const FEATURES: &[&str] = &["arrow.dictionary"];

/// The manifest of a library.
#[derive(Clone, Debug, Deserialize)]
pub struct Manifest {
    /// Changes only when an old reader would go wrong.
    pub camp_manifest: u64,
    /// Who it is.
    pub plugin: About,
    /// What it was built for.
    #[serde(default)]
    pub abi: Abi,
    /// Features that the host must have.
    #[serde(default)]
    pub requires: Vec<String>,
    /// What scripts can call.
    pub activities: Vec<Activity>,
}

/// Who a plugin is.
#[derive(Clone, Debug, Deserialize)]
pub struct About {
    /// What `use` says.
    pub name: String,
    /// Its version.
    pub version: String,
    /// One line.
    #[serde(default)]
    pub description: String,
    /// An SPDX expression.
    #[serde(default)]
    pub license: String,
    /// Where to read about it.
    #[serde(default)]
    pub homepage: String,
    /// Where to report faults.
    #[serde(default)]
    pub bugs: String,
    /// What it was written with.
    #[serde(default)]
    pub sdk: String,
}

/// The interface it was built for.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Abi {
    /// Part of the exported symbol's name.
    #[serde(default)]
    pub major: u32,
    /// How far inside the major.
    #[serde(default)]
    pub minor: u32,
}

/// The kinds of activity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Gives SQL.
    Planner,
    /// Takes rows, gives rows.
    Executor,
    /// Runs after the commit, gives receipts.
    Delivery,
}

/// An activity.
#[derive(Clone, Debug, Deserialize)]
pub struct Activity {
    /// What scripts write.
    pub name: String,
    /// How it works.
    pub kind: Kind,
    /// One line.
    #[serde(default)]
    pub summary: String,
    /// Markdown.
    #[serde(default)]
    pub doc: String,
    /// The transitions it takes.
    #[serde(default)]
    pub inputs: Vec<Input>,
    /// The transitions it gives.
    #[serde(default)]
    pub outputs: Vec<Output>,
    /// Its parameters.
    #[serde(default)]
    pub params: Vec<Param>,
    /// Rules between them.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// What running it does beside giving rows.
    #[serde(default)]
    pub effects: Effects,
    /// Shown, and run as tests.
    #[serde(default)]
    pub examples: Vec<Example>,
}

/// A declared input.
#[derive(Clone, Debug, Deserialize)]
pub struct Input {
    /// The relation's name in SQL.
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub doc: String,
    /// May be left out, at the end.
    #[serde(default)]
    pub optional: bool,
    /// Rows without a key are fine.
    #[serde(default)]
    pub keyless: bool,
}

/// A declared output.
#[derive(Clone, Debug, Deserialize)]
pub struct Output {
    /// Its name in the plan.
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub doc: String,
    /// May be left out, at the end.
    #[serde(default)]
    pub optional: bool,
    /// As many as the call names.
    #[serde(default)]
    pub repeat: bool,
    /// All rows of the first input that no other output has, and nothing else.
    #[serde(default)]
    pub complement: bool,
    /// Whose rows; those of the first input when left out.
    #[serde(default)]
    pub dimension: Option<OutputDimension>,
    /// What they carry; what the first input carries when left out.
    #[serde(default)]
    pub columns: OutputColumns,
}

/// Whose rows an output holds.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputDimension {
    /// Those of this input.
    Input(String),
    /// Those that this parameter leads to.
    Param(String),
}

/// What an output carries beside its key.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct OutputColumns {
    /// The input whose columns are kept; the first when left out, none when `null`.
    #[serde(default, deserialize_with = "some_option")]
    pub like: Option<Option<String>>,
    /// Without these.
    #[serde(default)]
    pub drop: Vec<String>,
    /// And with these.
    #[serde(default)]
    pub add: Vec<NewColumn>,
    /// The plan (or `bind`) says it.
    #[serde(default)]
    pub dynamic: bool,
}

/// `null` is something else than nothing.
fn some_option<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(d).map(Some)
}

/// A column that an output adds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct NewColumn {
    /// Its name.
    pub name: String,
    /// Its type, as WIRE.md spells it.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether values may be missing.
    #[serde(default = "yes")]
    pub nullable: bool,
}

fn yes() -> bool {
    true
}

/// A parameter.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "RawParam")]
pub struct Param {
    /// What scripts write before the colon; `*outputs*` for the names of the call's outputs.
    pub name: String,
    /// What they write behind it.
    pub ty: ParamType,
    /// Must be given.
    pub required: bool,
    /// Used when it is not given: a wire value.
    pub default: Option<Json>,
    /// What it is for.
    pub doc: String,
    /// What its value must fulfil.
    pub constraints: Constraints,
    /// Still read, with a warning.
    pub deprecated: Option<Deprecated>,
    /// Older names.
    pub renamed_from: Vec<String>,
}

#[derive(Deserialize)]
struct RawParam {
    name: String,
    #[serde(rename = "type")]
    ty: Json,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    default: Option<Json>,
    #[serde(default)]
    doc: String,
    #[serde(default)]
    constraints: Constraints,
    #[serde(default)]
    deprecated: Option<Deprecated>,
    #[serde(default)]
    renamed_from: Vec<String>,
}

impl TryFrom<RawParam> for Param {
    type Error = String;

    fn try_from(raw: RawParam) -> Result<Self, String> {
        let ty = ParamType::parse(&raw.ty).map_err(|e| format!("parameter `{}`: {e}", raw.name))?;
        Ok(Param {
            name: raw.name,
            ty,
            required: raw.required,
            default: raw.default,
            doc: raw.doc,
            constraints: raw.constraints,
            deprecated: raw.deprecated,
            renamed_from: raw.renamed_from,
        })
    }
}

/// The name of the parameter that stands for the names of the call's outputs.
pub const OPEN: &str = "*outputs*";

/// A parameter that goes away.
#[derive(Clone, Debug, Deserialize)]
pub struct Deprecated {
    /// Since which version.
    #[serde(default)]
    pub since: String,
    /// What to use instead.
    #[serde(default, rename = "use")]
    pub instead: String,
}

/// What a value must fulfil.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Constraints {
    /// At least.
    pub min: Option<Json>,
    /// At most.
    pub max: Option<Json>,
    /// So many items or characters at least.
    pub min_len: Option<u64>,
    /// At most.
    pub max_len: Option<u64>,
    /// RE2, the whole text.
    pub pattern: Option<String>,
    /// One of these wire values.
    pub one_of: Option<Vec<Json>>,
    /// Items differ.
    #[serde(default)]
    pub unique: bool,
}

/// A rule between parameters.
#[derive(Clone, Debug, Deserialize)]
pub struct Rule {
    /// When this one is given …
    #[serde(default, rename = "if")]
    pub when: Option<String>,
    /// … these must be.
    #[serde(default)]
    pub need: Vec<String>,
    /// … these must not be.
    #[serde(default)]
    pub without: Vec<String>,
    /// One of them, not two.
    #[serde(default)]
    pub exactly_one: Vec<String>,
    /// Not two of them.
    #[serde(default)]
    pub at_most_one: Vec<String>,
    /// One of them or more.
    #[serde(default)]
    pub at_least_one: Vec<String>,
    /// What is said to who breaks it.
    pub message: Option<String>,
    /// What to do.
    pub help: Option<String>,
}

/// What running an activity does beside giving rows.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Effects {
    /// The same input gives the same output.
    pub deterministic: Option<bool>,
    /// It talks to the outside world.
    pub external: Option<bool>,
    /// Host names it talks to, or `*`.
    #[serde(default)]
    pub network: Vec<String>,
    /// Secret parameters it reads.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// It writes files.
    #[serde(default)]
    pub writes_files: bool,
    /// Doing it twice is doing it once.
    pub idempotent: Option<bool>,
}

/// An example.
#[derive(Clone, Debug, Deserialize)]
pub struct Example {
    /// What it shows.
    #[serde(default)]
    pub title: String,
    /// A whole script.
    pub script: String,
    /// Files beside it.
    #[serde(default)]
    pub files: std::collections::BTreeMap<String, String>,
    /// The rows of transitions, as CSV.
    #[serde(default)]
    pub expect: std::collections::BTreeMap<String, String>,
    /// The diagnostic it must fail with instead.
    #[serde(default, deserialize_with = "expected_error")]
    pub error: Option<ExampleError>,
}

/// How an example has to fail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct ExampleError {
    /// The plugin's name of the fault, or a code of Camp.
    pub code: String,
    /// Words of its title.
    #[serde(default)]
    pub message: String,
    /// The piece of the script that is underlined.
    #[serde(default)]
    pub at: String,
}

/// A code alone, or a record.
fn expected_error<'de, D: serde::Deserializer<'de>>(
    d: D,
) -> Result<Option<ExampleError>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Code(String),
        Record(ExampleError),
    }
    Ok(Option::<Either>::deserialize(d)?.map(|either| match either {
        Either::Code(code) => ExampleError { code, ..ExampleError::default() },
        Either::Record(record) => record,
    }))
}

/// The types whose values are constants of the campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constant {
    /// `true`, `false`
    Bool,
    /// A whole number.
    Int,
    /// An exact number.
    Decimal,
    /// A number.
    Float,
    /// A text.
    Text,
    /// A day.
    Date,
    /// A point in time.
    Instant,
    /// A length of time.
    Duration,
    /// A part.
    Percent,
    /// A number of rows or a part of them.
    Size,
    /// The seed of the stable hash.
    Seed,
    /// Any of them, with its type.
    Literal,
}

impl Constant {
    /// Each as the manifest names it, and as the reference in the terminal writes it.
    const ALL: &[(Constant, &str, &str)] = &[
        (Constant::Bool, "bool", "true or false"),
        (Constant::Int, "int", "whole number"),
        (Constant::Decimal, "decimal", "number"),
        (Constant::Float, "float", "number"),
        (Constant::Text, "text", "text"),
        (Constant::Date, "date", "date"),
        (Constant::Instant, "instant", "date with a time"),
        (Constant::Duration, "duration", "duration"),
        (Constant::Percent, "percent", "percentage"),
        (Constant::Size, "size", "number of rows or percentage"),
        (Constant::Seed, "seed", "seed"),
        (Constant::Literal, "literal", "literal"),
    ];

    fn named(name: &str) -> Option<Constant> {
        Constant::ALL.iter().find(|(_, known, _)| *known == name).map(|(constant, ..)| *constant)
    }

    /// As the reference in the terminal writes it.
    pub fn describe(self) -> &'static str {
        Constant::ALL.iter().find(|(known, ..)| *known == self).map_or("", |(.., words)| words)
    }
}

/// The type of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamType {
    /// A constant of the campaign.
    Constant(Constant),
    /// A word.
    Enum(Vec<String>),
    /// Several.
    List(Box<ParamType>),
    /// The name of an environment variable.
    Secret,
    /// An expression over a relation.
    Expr {
        /// Which.
        of: String,
        /// The types it may have; empty for all.
        accepts: Vec<String>,
        /// The value needs a name for the output.
        named: bool,
    },
    /// A sort key over one of these relations.
    Sort(Vec<String>),
    /// A condition over a relation.
    Rule(String),
    /// A column that a relation carries.
    Column {
        /// Which.
        of: String,
        /// The types it may have.
        accepts: Vec<String>,
    },
    /// `where … order by … limit …`
    Subset(String),
    /// An aggregate over the rows of an input.
    Aggregate(String),
    /// A path through a to-many link, reduced by these functions.
    Reduce {
        /// The input it starts from.
        of: String,
        /// `max`, `count`, …
        functions: Vec<String>,
        /// The types of the value.
        accepts: Vec<String>,
    },
    /// Text with `{{column}}`.
    Template(String),
    /// A link of an input's dimension.
    Link {
        /// The input.
        from: String,
        /// `one`, `many`; nothing for both.
        cardinality: Option<String>,
    },
    /// A dimension.
    Dimension,
    /// Equalities between an input and a dimension.
    Match {
        /// The input.
        left: String,
        /// The `dimension` parameter.
        right: String,
    },
}

impl ParamType {
    fn parse(json: &Json) -> Result<ParamType, String> {
        let unknown = || format!("the type {json} is not known to this version of Camp");
        if let Some(name) = json.as_str() {
            if let Some(constant) = Constant::named(name) {
                return Ok(ParamType::Constant(constant));
            }
            return Ok(match name {
                "secret" => ParamType::Secret,
                "dimension" => ParamType::Dimension,
                _ => return Err(unknown()),
            });
        }
        let map = json.as_object().ok_or_else(unknown)?;
        let (kind, of) = map.iter().next().filter(|_| map.len() == 1).ok_or_else(unknown)?;
        let text =
            |key: &str| of.get(key).and_then(Json::as_str).map(str::to_owned).ok_or_else(unknown);
        let texts = |json: Option<&Json>| -> Vec<String> {
            let items = json.and_then(Json::as_array).into_iter().flatten();
            items.filter_map(Json::as_str).map(str::to_owned).collect()
        };
        Ok(match kind.as_str() {
            "enum" => ParamType::Enum(texts(Some(of))),
            "list" => ParamType::List(Box::new(ParamType::parse(of)?)),
            "expr" => ParamType::Expr {
                of: text("of")?,
                accepts: texts(of.get("accepts")),
                named: of.get("named").and_then(Json::as_bool).unwrap_or(false),
            },
            "sort" => match of.get("of") {
                Some(Json::String(of)) => ParamType::Sort(vec![of.clone()]),
                some => ParamType::Sort(texts(some)),
            },
            "rule" => ParamType::Rule(text("of")?),
            "column" => ParamType::Column { of: text("of")?, accepts: texts(of.get("accepts")) },
            "subset" => ParamType::Subset(text("of")?),
            "aggregate" => ParamType::Aggregate(text("of")?),
            "reduce" => ParamType::Reduce {
                of: text("of")?,
                functions: texts(of.get("functions")),
                accepts: texts(of.get("accepts")),
            },
            "template" => ParamType::Template(text("of")?),
            "link" => ParamType::Link {
                from: text("from")?,
                cardinality: of.get("cardinality").and_then(Json::as_str).map(str::to_owned),
            },
            "match" => ParamType::Match { left: text("left")?, right: text("right")? },
            _ => return Err(unknown()),
        })
    }

    /// The type of an item of it: of a list's, else its own.
    pub fn item(&self) -> &ParamType {
        match self {
            ParamType::List(of) => of.item(),
            other => other,
        }
    }

    /// The relations it speaks of.
    fn relations(&self) -> Vec<&String> {
        match self {
            ParamType::List(of) => of.relations(),
            ParamType::Sort(of) => of.iter().collect(),
            ParamType::Expr { of, .. }
            | ParamType::Rule(of)
            | ParamType::Column { of, .. }
            | ParamType::Subset(of)
            | ParamType::Aggregate(of)
            | ParamType::Reduce { of, .. }
            | ParamType::Template(of)
            | ParamType::Link { from: of, .. } => vec![of],
            ParamType::Match { left, right } => vec![left, right],
            _ => Vec::new(),
        }
    }

    /// As the reference in the terminal writes it.
    pub fn describe(&self) -> String {
        match self {
            ParamType::Constant(constant) => constant.describe().into(),
            ParamType::Enum(words) => words.join(" | "),
            ParamType::List(of) => format!("{} or a list of them", of.describe()),
            ParamType::Secret => "name of an environment variable".into(),
            ParamType::Expr { named: true, .. } => "expression, with a name".into(),
            ParamType::Expr { .. } => "expression".into(),
            ParamType::Sort(_) => "sort key".into(),
            ParamType::Rule(_) => "condition".into(),
            ParamType::Column { .. } => "column".into(),
            ParamType::Subset(_) => "where … order by … limit …".into(),
            ParamType::Aggregate(_) => "aggregate of the input".into(),
            ParamType::Reduce { .. } => "path through a link to many rows".into(),
            ParamType::Template(_) => "text with {{column}}".into(),
            ParamType::Link { .. } => "link".into(),
            ParamType::Dimension => "dimension".into(),
            ParamType::Match { .. } => "equalities".into(),
        }
    }
}

impl Effects {
    /// The effects with the defaults of a kind filled in.
    pub fn of(&self, kind: Kind) -> Effects {
        let delivery = kind == Kind::Delivery;
        Effects {
            deterministic: Some(self.deterministic.unwrap_or(true)),
            external: Some(self.external.unwrap_or(delivery)),
            idempotent: Some(self.idempotent.unwrap_or(!delivery)),
            ..self.clone()
        }
    }
}

impl Activity {
    /// How many transitions a call names.
    pub fn named_outputs(&self) -> std::ops::RangeInclusive<usize> {
        if self.kind != Kind::Delivery && self.outputs.iter().any(|o| o.repeat) {
            return 1..=usize::MAX;
        }
        // Receipts come after the commit, when no other activity could take them.
        if self.kind == Kind::Delivery {
            return 0..=0;
        }
        let required = self.outputs.iter().filter(|o| !o.optional).count();
        required..=self.outputs.len()
    }

    /// Whether names of outputs are keys.
    pub fn open(&self) -> Option<&Param> {
        self.params.iter().find(|p| p.name == OPEN)
    }

    /// The form of a call.
    pub fn syntax(&self) -> String {
        let mut outputs: Vec<String> = Vec::new();
        for output in &self.outputs {
            outputs.push(match (output.repeat, output.optional) {
                (true, _) => "OUT, …".into(),
                (_, true) => format!("[{}]", output.name.to_uppercase()),
                _ => output.name.to_uppercase(),
            });
        }
        let outputs = match (outputs.is_empty(), self.kind) {
            (true, _) => String::new(),
            (_, Kind::Delivery) => format!("[{} = ]", outputs.join(", ")),
            _ => format!("{} = ", outputs.join(", ")),
        };
        let inputs: Vec<String> = self.inputs.iter().map(|i| i.name.to_uppercase()).collect();
        let mut text = format!("{outputs}{} {}", self.name, inputs.join(", "));
        let params = self.params.iter().map(|p| {
            let key = if p.name == OPEN { "OUT" } else { &p.name };
            let entry = format!("{key}: {}", p.ty.describe());
            if p.required { entry } else { format!("[{entry}]") }
        });
        let params: Vec<String> = params.collect();
        if !params.is_empty() {
            text.push_str(" with ");
            text.push_str(&params.join(", "));
        }
        text
    }
}

impl Manifest {
    /// Reads a manifest and checks what serde cannot.
    ///
    /// # Errors
    /// What is wrong with it, for the plugin's author.
    pub fn parse(bytes: &[u8]) -> Result<Manifest, String> {
        let json: Json = serde_json::from_slice(bytes).map_err(|e| format!("not JSON: {e}"))?;
        match json.get("camp_manifest").and_then(Json::as_u64) {
            Some(VERSION) => {}
            Some(n) => {
                return Err(format!(
                    "`camp_manifest` is {n}, and this version of Camp reads {VERSION}"
                ));
            }
            None => return Err("`camp_manifest` is missing".into()),
        }
        let manifest: Manifest = serde_json::from_value(json).map_err(|e| e.to_string())?;
        manifest.validate()?;
        Ok(manifest)
    }

    /// The activity of this name.
    pub fn activity(&self, name: &str) -> Option<&Activity> {
        self.activities.iter().find(|a| a.name == name)
    }

    fn validate(&self) -> Result<(), String> {
        name_is_fine("plugin.name", &self.plugin.name)?;
        if self.plugin.version.is_empty() {
            return Err("`plugin.version` is empty".into());
        }
        if let Some(feature) = self.requires.iter().find(|f| !FEATURES.contains(&f.as_str())) {
            return Err(format!(
                "it requires `{feature}`, which this version of Camp does not have"
            ));
        }
        if self.activities.is_empty() {
            return Err("it has no activity".into());
        }
        let mut names = HashSet::new();
        for activity in &self.activities {
            name_is_fine("an activity's name", &activity.name)?;
            if !names.insert(&activity.name) {
                return Err(format!("two activities are named `{}`", activity.name));
            }
            activity.validate().map_err(|e| format!("activity `{}`: {e}", activity.name))?;
        }
        Ok(())
    }
}

impl Activity {
    fn validate(&self) -> Result<(), String> {
        let mut relations: HashSet<&String> = HashSet::new();
        for input in &self.inputs {
            name_is_fine("an input's name", &input.name)?;
            if !relations.insert(&input.name) {
                return Err(format!("two inputs are named `{}`", input.name));
            }
        }
        optional_at_end("input", self.inputs.iter().map(|i| i.optional))?;
        optional_at_end("output", self.outputs.iter().map(|o| o.optional))?;
        if self.inputs.first().is_none_or(|i| i.optional) {
            return Err("it takes no transition".into());
        }
        if self.outputs.iter().any(|o| o.repeat) && self.outputs.len() > 1 {
            return Err("a repeated output must be the only one".into());
        }
        let mut outputs = HashSet::new();
        for output in &self.outputs {
            if !outputs.insert(&output.name) {
                return Err(format!("two outputs are named `{}`", output.name));
            }
        }
        let mut params = HashSet::new();
        for param in &self.params {
            if param.name != OPEN {
                name_is_fine("a parameter's name", &param.name)?;
            } else if !matches!(param.ty, ParamType::Subset(_)) {
                return Err("the open key takes subsets only".into());
            }
            if !params.insert(&param.name) {
                return Err(format!("two parameters are named `{}`", param.name));
            }
            if matches!(param.ty, ParamType::Link { .. } | ParamType::Dimension) {
                relations.insert(&param.name);
            }
        }
        for param in &self.params {
            if let Some(missing) = param.ty.relations().into_iter().find(|r| !relations.contains(r))
            {
                return Err(format!(
                    "parameter `{}` speaks of `{missing}`, which is no input, link or dimension",
                    param.name
                ));
            }
        }
        for rule in &self.rules {
            let named = rule.when.iter().chain(&rule.need).chain(&rule.without);
            let named = named.chain(&rule.exactly_one).chain(&rule.at_most_one);
            for name in named.chain(&rule.at_least_one) {
                if !params.contains(name) {
                    return Err(format!("a rule speaks of `{name}`, which is no parameter"));
                }
            }
        }
        for output in &self.outputs {
            let known = match &output.dimension {
                None => true,
                Some(OutputDimension::Input(name)) => self.inputs.iter().any(|i| &i.name == name),
                Some(OutputDimension::Param(name)) => relations.contains(name),
            };
            if !known {
                return Err(format!(
                    "output `{}` is of a dimension that is not there",
                    output.name
                ));
            }
            if let Some(Some(like)) = &output.columns.like
                && !self.inputs.iter().any(|i| &i.name == like)
            {
                return Err(format!(
                    "output `{}` is like `{like}`, which is no input",
                    output.name
                ));
            }
        }
        Ok(())
    }
}

fn optional_at_end(what: &str, optional: impl Iterator<Item = bool>) -> Result<(), String> {
    let optional: Vec<bool> = optional.collect();
    if optional.windows(2).any(|w| w[0] && !w[1]) {
        return Err(format!("an optional {what} must stand at the end"));
    }
    Ok(())
}

fn name_is_fine(what: &str, name: &str) -> Result<(), String> {
    let mut chars = name.chars();
    let fine = chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if fine { Ok(()) } else { Err(format!("{what} `{name}` must be `[a-z][a-z0-9_]*`")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with(activity: Json) -> Result<Manifest, String> {
        let manifest = json!({"camp_manifest": 1, "plugin": {"name": "p", "version": "1"},
            "activities": [activity]});
        Manifest::parse(manifest.to_string().as_bytes())
    }

    #[test]
    fn like_null_is_something_else_than_like_left_out() {
        let manifest = with(json!({"name": "a", "kind": "planner", "inputs": [{"name": "in"}],
            "outputs": [{"name": "x", "columns": {"like": null}}, {"name": "y"}]}))
        .unwrap();
        assert_eq!(manifest.activities[0].outputs[0].columns.like, Some(None));
        assert_eq!(manifest.activities[0].outputs[1].columns.like, None);
    }

    #[test]
    fn a_parameter_of_a_relation_that_is_not_there_is_refused() {
        let error = with(json!({"name": "a", "kind": "planner", "inputs": [{"name": "in"}],
            "params": [{"name": "by", "type": {"expr": {"of": "rows"}}}]}))
        .unwrap_err();
        assert!(error.contains("`by` speaks of `rows`"), "{error}");
    }

    #[test]
    fn a_type_of_a_later_version_is_refused_by_its_name() {
        let error = with(json!({"name": "a", "kind": "planner", "inputs": [{"name": "in"}],
            "params": [{"name": "by", "type": "polygon"}]}))
        .unwrap_err();
        assert!(error.contains("polygon"), "{error}");
    }

    #[test]
    fn a_newer_manifest_names_both_versions() {
        let error = Manifest::parse(br#"{"camp_manifest": 2}"#).unwrap_err();
        assert_eq!(error, "`camp_manifest` is 2, and this version of Camp reads 1");
    }

    #[test]
    fn the_names_of_outputs_say_how_many_a_call_may_give() {
        let manifest = with(json!({"name": "a", "kind": "planner", "inputs": [{"name": "in"}],
            "outputs": [{"name": "x"}, {"name": "y", "optional": true}]}))
        .unwrap();
        assert_eq!(manifest.activities[0].named_outputs(), 1..=2);
        let manifest = with(json!({"name": "a", "kind": "delivery", "inputs": [{"name": "in"}],
            "outputs": [{"name": "x"}]}))
        .unwrap();
        assert_eq!(manifest.activities[0].named_outputs(), 0..=0);
    }
}
