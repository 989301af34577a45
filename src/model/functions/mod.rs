//! The function catalogue: one typed entry per function, with its documentation and an example
//! that the tests run. How an engine computes a function is the engine's business.

mod choice;
mod conversion;
mod geo;
mod hash;
mod help;
mod list;
mod number;
mod reference;
mod text;
mod time;

use std::hash::{Hash, Hasher};
use std::sync::LazyLock;

use super::format;
use super::types::Type;
use super::value::Value;

pub use help::{construct_for, help_for};
pub use reference::{reference_markdown, reference_text};

/// A function of the catalogue; compared by name.
#[derive(Clone, Copy, Debug)]
pub struct Function(pub &'static FunctionInfo);

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}
impl Eq for Function {}
impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

/// What is known of a function.
#[derive(Clone, Debug)]
pub struct FunctionInfo {
    /// The name it is called by.
    pub name: &'static str,
    /// Names of other tools that the checker answers with this one: `len` → `length`.
    pub aliases: &'static [&'static str],
    /// The heading it stands under in the reference.
    pub group: Group,
    /// Its parameters. The last one repeats when `variadic`.
    pub params: &'static [ParamInfo],
    /// Whether the last parameter may be given several times.
    pub variadic: bool,
    /// The type of its result.
    pub result: Result,
    /// Arguments the host adds behind the written ones.
    pub implicit: &'static [Implicit],
    /// What it gives, with units and what happens to odd input.
    pub doc: &'static str,
    /// An expression without columns and its value as Camp prints it, run by the tests.
    pub example: (&'static str, &'static str),
}

/// The headings of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Text.
    Text,
    /// Numbers.
    Number,
    /// Dates and times.
    Time,
    /// Lists.
    List,
    /// Conversions.
    Conversion,
    /// Choice and missing values.
    Choice,
    /// Hashes and stable buckets.
    Hash,
    /// Places on earth.
    Geo,
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub struct ParamInfo {
    /// Its name in the reference and in messages.
    pub name: &'static str,
    /// What it takes.
    pub accepts: Accepts,
    /// May be left out (only at the end).
    pub optional: bool,
    /// Must be a constant (a literal, a parameter, `today`), as formats and patterns are.
    pub constant: bool,
}

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// text
    Text,
    /// int
    Int,
    /// int, decimal, float
    Number,
    /// bool
    Bool,
    /// date
    Date,
    /// date or timestamp; an instant is turned into local time of the campaign's zone first.
    LocalTime,
    /// timestamp or instant, as an instant; a local one is read in the campaign's zone.
    Instant,
    /// date, timestamp or instant, as they are.
    Time,
    /// a list
    List,
    /// anything
    Any,
    /// Anything that widens together with all other parameters of this kind.
    Same,
    /// A duration.
    Duration,
    /// text, a number or a bool: what `int` and its like convert.
    TextNumberBool,
    /// text or a time; an instant is turned into local time of the campaign's zone first.
    TextOrTime,
    /// text or a list
    TextOrList,
}

impl Accepts {
    /// The words for it in the reference and in messages.
    pub fn describe(self) -> &'static str {
        match self {
            Accepts::Text => "text",
            Accepts::Int => "int",
            Accepts::Number => "number",
            Accepts::Bool => "bool",
            Accepts::Date => "date",
            Accepts::LocalTime | Accepts::Time => "date or timestamp",
            Accepts::Instant => "timestamp",
            Accepts::List => "list",
            Accepts::Any => "anything",
            Accepts::Same => "anything of one type",
            Accepts::Duration => "duration",
            Accepts::TextNumberBool => "text, number or bool",
            Accepts::TextOrTime => "text, date or timestamp",
            Accepts::TextOrList => "text or list",
        }
    }
}

/// The type of a result.
#[derive(Clone, Debug, PartialEq)]
pub enum Result {
    /// Always this one.
    Type(Type),
    /// The widened type of all `Same` arguments.
    Same,
    /// The type of the argument with this index.
    Arg(usize),
    /// The element type of the list argument with this index.
    Element(usize),
    /// Int and decimal stay exact at this many decimals (a constant argument index, 0 when left
    /// out), float stays float: `round`.
    Rounded(usize),
    /// A decimal of the precision 38 and the scale of the constant argument with this index.
    DecimalScale(usize),
    /// The widened type of all number arguments: `mod`.
    Numbers,
    /// A list of texts.
    TextList,
}

/// What the host adds to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Implicit {
    /// The local day of the run.
    Today,
    /// The run's instant.
    Now,
    /// The campaign's time zone, as text.
    Timezone,
    /// The key of the population's row, as the text that the stable hash uses.
    RowKey,
    /// The campaign's label, the default seed.
    CampaignLabel,
}

/// All functions, in the order of the reference: by group, then as a reader would look.
pub fn all() -> &'static [FunctionInfo] {
    static ALL: LazyLock<Vec<FunctionInfo>> = LazyLock::new(|| {
        [
            text::ENTRIES,
            number::ENTRIES,
            time::ENTRIES,
            list::ENTRIES,
            conversion::ENTRIES,
            choice::ENTRIES,
            hash::ENTRIES,
            geo::ENTRIES,
        ]
        .concat()
    });
    &ALL
}

/// The function of this name.
pub fn find(name: &str) -> Option<Function> {
    all().iter().find(|f| f.name == name).map(Function)
}

impl FunctionInfo {
    /// The parameter that the argument with this index goes to.
    pub fn param(&self, index: usize) -> Option<&'static ParamInfo> {
        match self.params.get(index) {
            None if self.variadic => self.params.last(),
            found => found,
        }
    }

    /// The fewest arguments of a call.
    pub fn min_args(&self) -> usize {
        self.params.iter().filter(|p| !p.optional).count()
    }

    /// The most arguments of a call; `None`: as many as one likes.
    pub fn max_args(&self) -> Option<usize> {
        (!self.variadic).then_some(self.params.len())
    }

    /// How it is called: `round(x, [decimals])`.
    pub fn signature(&self) -> String {
        let mut parts: Vec<String> = self
            .params
            .iter()
            .map(|p| if p.optional { format!("[{}]", p.name) } else { p.name.to_owned() })
            .collect();
        if self.variadic {
            parts.push("…".to_owned());
        }
        format!("{}({})", self.name, parts.join(", "))
    }

    /// The type of a call with arguments of these types, where `constant` gives the whole number
    /// that the argument with an index is. Arguments that do not fit give [`Type::Error`].
    pub fn result_type(&self, args: &[Type], constant: impl Fn(usize) -> Option<i128>) -> Type {
        let arg = |index: usize| args.get(index).cloned().unwrap_or(Type::Missing);
        let widened = |accepts: Accepts| {
            args.iter()
                .enumerate()
                .filter(|(i, _)| self.param(*i).is_some_and(|p| p.accepts == accepts))
                .try_fold(Type::Missing, |ty, (_, other)| ty.widened(other))
                .unwrap_or(Type::Error)
        };
        match &self.result {
            Result::Type(ty) => ty.clone(),
            Result::Same => widened(Accepts::Same),
            Result::Numbers => widened(Accepts::Number),
            Result::Arg(index) => arg(*index),
            Result::Element(index) => match arg(*index) {
                Type::List(of) => *of,
                Type::Missing => Type::Missing,
                _ => Type::Error,
            },
            Result::Rounded(index) => match arg(0) {
                Type::Decimal { precision, scale } => {
                    let decimals = constant(*index).unwrap_or(0).clamp(0, i128::from(scale));
                    Type::Decimal { precision, scale: decimals as u8 }
                }
                other => other,
            },
            Result::DecimalScale(index) => {
                let decimals = constant(*index).unwrap_or(0).clamp(0, MOST_DECIMALS);
                Type::Decimal { precision: 38, scale: decimals as u8 }
            }
            Result::TextList => Type::List(Box::new(Type::Text)),
        }
    }
}

/// The most decimals of an exact decimal; 8 digits stay before the point.
const MOST_DECIMALS: i128 = 30;

/// Whether a constant argument has a value that the function can work with: a format, a time zone,
/// a number of decimals. What is wrong otherwise is the start of a title.
pub fn check_constant(
    function: Function,
    index: usize,
    value: &Value,
) -> std::result::Result<(), String> {
    let Some(param) = function.0.param(index) else { return Ok(()) };
    match (param.name, value) {
        ("format", Value::Text(text)) => {
            format::to_strptime(text)?;
            match function.0.name {
                "format_date" if format::has_offset(text) => {
                    Err(format!("a local time has no offset, which `{text}` asks for"))
                }
                "format_date" => Ok(()),
                _ if !format::has_day(text) => {
                    Err(format!("`{text}` does not state year, month and day"))
                }
                _ => Ok(()),
            }
        }
        ("zone", Value::Text(zone)) => match jiff::tz::TimeZone::get(zone) {
            Ok(_) => Ok(()),
            Err(_) => Err(format!("there is no time zone `{zone}`")),
        },
        ("decimals", Value::Int(n)) => {
            let least = if function.0.name == "decimal" { 0 } else { -MOST_DECIMALS };
            if (least..=MOST_DECIMALS).contains(n) {
                Ok(())
            } else {
                Err(format!("{n} decimals are not between {least} and {MOST_DECIMALS}"))
            }
        }
        _ => Ok(()),
    }
}

/// Whether the argument with this index is an RE2 pattern, to be checked as that of `matches`.
pub fn is_pattern(function: Function, index: usize) -> bool {
    function.0.param(index).is_some_and(|p| p.name == "pattern")
}

/// An aggregate, for the reference: it is called over links and is no function of the catalogue.
#[derive(Debug)]
pub struct AggregateInfo {
    /// Its name.
    pub name: &'static str,
    /// How it is called.
    pub signature: &'static str,
    /// What it gives, and over nothing.
    pub doc: &'static str,
    /// Names of other tools for it.
    pub aliases: &'static [&'static str],
}

/// The aggregates over linked rows.
pub fn aggregates() -> &'static [AggregateInfo] {
    reference::AGGREGATES
}

/// One entry; the files of this folder list them by group.
const fn entry(
    group: Group,
    name: &'static str,
    aliases: &'static [&'static str],
    params: &'static [ParamInfo],
    result: Result,
    doc: &'static str,
    example: (&'static str, &'static str),
) -> FunctionInfo {
    FunctionInfo {
        name,
        aliases,
        group,
        params,
        variadic: false,
        result,
        implicit: &[],
        doc,
        example,
    }
}

impl FunctionInfo {
    const fn variadic(mut self) -> Self {
        self.variadic = true;
        self
    }

    const fn implicit(mut self, implicit: &'static [Implicit]) -> Self {
        self.implicit = implicit;
        self
    }
}

/// A parameter.
const fn param(name: &'static str, accepts: Accepts) -> ParamInfo {
    ParamInfo { name, accepts, optional: false, constant: false }
}

impl ParamInfo {
    const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    const fn constant(mut self) -> Self {
        self.constant = true;
        self
    }
}

#[cfg(test)]
mod tests;
