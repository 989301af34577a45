//! The function catalogue: one typed entry per function, with its documentation and an example
//! that the tests run. How an engine computes a function is the engine's business.

use std::hash::{Hash, Hasher};

use super::types::Type;

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
#[derive(Debug)]
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
#[derive(Debug)]
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

/// All functions, by name.
pub fn all() -> &'static [FunctionInfo] {
    &[]
}

/// The function of this name.
pub fn find(name: &str) -> Option<Function> {
    all().iter().find(|f| f.name == name).map(Function)
}
