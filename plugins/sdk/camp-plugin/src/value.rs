//! Parameter types: what the manifest says about each, and how its wire value is read
//! (`WIRE.md` §1.4).

use std::ops::Deref;

use serde_json::{Map, Value as Json, json};

use crate::about::plain;
use crate::error::{At, Error, Kind, Result};
use crate::sql;
use crate::sql::{Lit, Name, Sql, ToSql};
use crate::types::Type;

/// A type that a parameter can have.
pub trait Value: Sized {
    /// The name the manifest gives a parameter of this type, where that is not the field's own.
    const NAME: Option<&'static str> = None;

    /// The type as the manifest spells it.
    fn declare() -> Json;

    /// Reads a wire value; `None` when the parameter is not given and has no default.
    ///
    /// # Errors
    /// What was expected, in a few words: then host and plugin disagree about the contract.
    fn read(json: Option<&Json>) -> Result<Self, String>;
}

/// The `params` of one call.
#[derive(Debug)]
pub struct Given(pub(crate) Map<String, Json>);

impl Given {
    /// Reads one of them.
    ///
    /// # Errors
    /// A bug of the host or of this crate: the host has checked the types.
    pub fn take<T: Value>(&self, name: &str) -> Result<T> {
        let name = T::NAME.unwrap_or(plain(name));
        T::read(self.0.get(name)).map_err(|expected| {
            At::param(name).fail(Kind::Internal, format!("parameter `{name}`: expected {expected}"))
        })
    }
}

/// A column of a relation, visible or hidden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name in SQL.
    pub column: String,
    /// The type of its values.
    pub r#type: Type,
    /// Whether values may be missing.
    pub nullable: bool,
    /// The name under which an output hands it out, where that differs.
    pub name: Option<String>,
}

impl Column {
    /// A column that always has a value.
    pub fn new(column: &str, r#type: Type) -> Self {
        Self { column: column.to_owned(), r#type, nullable: false, name: None }
    }

    /// The name under which an output hands it out.
    pub fn output_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.column)
    }

    /// It as `"column" AS "output name"`.
    pub fn named(&self) -> Sql {
        match &self.name {
            Some(name) if *name != self.column => sql!("{} AS {}", self, Name(name)),
            _ => sql!("{}", self),
        }
    }

    /// It with the relation in front: `"in"."column"`.
    pub fn of(&self, relation: &str) -> Sql {
        sql!("{}.{}", Name(relation), self)
    }

    /// As a sort key, lowest first.
    pub fn ascending(&self) -> SortKey {
        SortKey { column: self.clone(), descending: false, of: None }
    }

    /// As a sort key, highest first; missing values come last either way.
    pub fn descending(&self) -> SortKey {
        SortKey { column: self.clone(), descending: true, of: None }
    }

    /// The condition that there is a value, and not an empty text.
    pub fn present(&self) -> Sql {
        match (self.nullable, &self.r#type) {
            (_, Type::Text) => sql!("({c} IS NOT NULL AND {c} <> '')", c = self),
            (true, _) => sql!("{} IS NOT NULL", self),
            (false, _) => sql!("TRUE"),
        }
    }

    /// Its values in a batch of the relation.
    ///
    /// # Errors
    /// The batch has no such column: it is of another relation.
    #[cfg(feature = "arrow")]
    pub fn values<'a>(
        &self,
        batch: &'a arrow_array::RecordBatch,
    ) -> Result<&'a arrow_array::ArrayRef> {
        batch
            .column_by_name(&self.column)
            .ok_or_else(|| Error::internal(format!("the batch has no column `{}`", self.column)))
    }

    fn parse(json: &Json) -> Option<Self> {
        Some(Self {
            column: json.get("column")?.as_str()?.to_owned(),
            r#type: Type::parse(json.get("type")?.as_str()?),
            nullable: json.get("nullable").and_then(Json::as_bool).unwrap_or(true),
            name: json.get("name").and_then(Json::as_str).map(str::to_owned),
        })
    }

    /// The columns of a list of records.
    pub(crate) fn list(json: Option<&Json>) -> Option<Vec<Self>> {
        json?.as_array()?.iter().map(Self::parse).collect()
    }
}

impl ToSql for Column {
    fn write(&self, out: &mut String) {
        Name(&self.column).write(out);
    }
}

impl Value for Column {
    fn declare() -> Json {
        json!({"expr": {"of": "in"}})
    }

    fn read(json: Option<&Json>) -> Result<Self, String> {
        json.and_then(Self::parse).ok_or_else(|| "a column record".to_owned())
    }
}

/// Column records under a type of their own, since the script writes each in its own way.
macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident = $json:tt;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(pub Column);

        impl Deref for $name {
            type Target = Column;
            fn deref(&self) -> &Column {
                &self.0
            }
        }

        impl ToSql for $name {
            fn write(&self, out: &mut String) {
                self.0.write(out);
            }
        }

        impl Value for $name {
            fn declare() -> Json {
                json!($json)
            }
            fn read(json: Option<&Json>) -> Result<Self, String> {
                Column::read(json).map(Self)
            }
        }
    )+};
}

columns! {
    /// An expression of the script.
    Expr = {"expr": {"of": "in"}};
    /// A condition: never missing.
    Condition = {"rule": {"of": "in"}};
    /// A column that the relation carries, by its name.
    Field = {"column": {"of": "in"}};
}

/// An expression with a name for the output: `lower(email) as address`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The value.
    pub column: Column,
    /// The name.
    pub name: String,
}

impl Value for Named {
    fn declare() -> Json {
        json!({"expr": {"of": "in", "named": true}})
    }

    fn read(json: Option<&Json>) -> Result<Self, String> {
        json.and_then(|json| {
            Some(Self { column: Column::parse(json)?, name: json.get("as")?.as_str()?.to_owned() })
        })
        .ok_or_else(|| "a column record with `as`".to_owned())
    }
}

/// A value to sort by, with its direction. In SQL it is `"column" DESC NULLS LAST`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// What is compared.
    pub column: Column,
    /// Highest first.
    pub descending: bool,
    /// Which relation it belongs to, where the parameter allows several.
    pub of: Option<String>,
}

impl SortKey {
    fn parse(json: &Json) -> Option<Self> {
        Some(Self {
            column: Column::parse(json)?,
            descending: json.get("desc")?.as_bool()?,
            of: json.get("of").and_then(Json::as_str).map(str::to_owned),
        })
    }
}

impl ToSql for SortKey {
    fn write(&self, out: &mut String) {
        self.column.write(out);
        out.push_str(if self.descending { " DESC NULLS LAST" } else { " ASC NULLS LAST" });
    }
}

impl Value for SortKey {
    fn declare() -> Json {
        json!({"sort": {"of": "in"}})
    }

    fn read(json: Option<&Json>) -> Result<Self, String> {
        json.and_then(Self::parse).ok_or_else(|| "a sort key".to_owned())
    }
}

/// A decimal fraction as a quotient of whole numbers, so that SQL computes with it exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent {
    /// Above the line.
    pub numerator: u64,
    /// Below it: a power of ten.
    pub denominator: u64,
}

impl Percent {
    fn parse(text: &str) -> Option<Self> {
        let (whole, digits) = text.split_once('.').unwrap_or((text, ""));
        let digits = digits.trim_end_matches('0');
        // Nine digits keep `rows × numerator` far from the end of a 64-bit integer.
        if digits.len() > 9 || whole.len() > 6 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let denominator = 10_u64.pow(u32::try_from(digits.len()).ok()?);
        let whole: u64 = whole.parse().ok()?;
        let part: u64 = if digits.is_empty() { 0 } else { digits.parse().ok()? };
        Some(Self { numerator: whole * denominator + part, denominator })
    }

    /// The numerator for another denominator that this one divides.
    pub fn over(self, denominator: u64) -> u64 {
        self.numerator * (denominator / self.denominator)
    }
}

impl Value for Percent {
    fn declare() -> Json {
        json!("percent")
    }

    fn read(json: Option<&Json>) -> Result<Self, String> {
        json.and_then(Json::as_str)
            .and_then(Self::parse)
            .ok_or_else(|| "a fraction of at most nine digits".to_owned())
    }
}

/// How many: a number of rows, or a part of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// That many.
    Rows(u64),
    /// That part.
    Fraction(Percent),
}

impl Size {
    fn parse(json: &Json) -> Option<Self> {
        match (json.get("rows"), json.get("fraction")) {
            (Some(rows), None) => rows.as_u64().map(Self::Rows),
            (None, Some(part)) => Percent::parse(part.as_str()?).map(Self::Fraction),
            _ => None,
        }
    }
}

impl Value for Size {
    fn declare() -> Json {
        json!("size")
    }

    fn read(json: Option<&Json>) -> Result<Self, String> {
        json.and_then(Self::parse)
            .ok_or_else(|| "a number of rows, or a fraction of at most nine digits".to_owned())
    }
}

/// The seed of the stable hash; the campaign's label when the script gives none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed(pub String);

impl Value for Seed {
    fn declare() -> Json {
        json!("seed")
    }

    fn read(json: Option<&Json>) -> Result<Self, String> {
        String::read(json).map(Self)
    }
}

/// Some of the rows: `where RULE order by … limit …`, each part optional.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subset {
    /// Which rows fit; all of them without one.
    pub rule: Option<Condition>,
    /// Which of them come first.
    pub order: Vec<SortKey>,
    /// How many are taken.
    pub limit: Option<Size>,
}

impl Value for Subset {
    fn declare() -> Json {
        json!({"subset": {"of": "in"}})
    }

    fn read(json: Option<&Json>) -> Result<Self, String> {
        let json = json.ok_or("a subset")?;
        Ok(Self {
            rule: Option::read(json.get("rule").filter(|rule| !rule.is_null()))?,
            order: Vec::read(json.get("order"))?,
            limit: Option::read(json.get("limit").filter(|limit| !limit.is_null()))?,
        })
    }
}

/// Subsets under the names of the call's outputs: the open key `*outputs*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subsets(pub Vec<(String, Subset)>);

impl Value for Subsets {
    const NAME: Option<&'static str> = Some("*outputs*");

    fn declare() -> Json {
        Subset::declare()
    }

    fn read(json: Option<&Json>) -> Result<Self, String> {
        let Some(json) = json else { return Ok(Self(Vec::new())) };
        let items = json.as_array().ok_or("a list of subsets")?;
        let named = |item: &Json| {
            let name = item.get("name").and_then(Json::as_str).ok_or("a subset with a name")?;
            Ok((name.to_owned(), Subset::read(Some(item))?))
        };
        items.iter().map(named).collect::<Result<_, String>>().map(Self)
    }
}

/// An aggregate over the rows of the input: `max(basket of abandoned) as basket`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aggregate {
    /// `count sum avg min max median first last`
    pub function: String,
    /// What is aggregated; `None` counts rows.
    pub column: Option<Column>,
    /// Each value once.
    pub distinct: bool,
    /// Which rows count.
    pub rule: Option<Condition>,
    /// What decides which is first or last.
    pub by: Option<Column>,
    /// The name of the result.
    pub name: String,
}

impl Value for Aggregate {
    fn declare() -> Json {
        json!({"aggregate": {"of": "in"}})
    }

    fn read(json: Option<&Json>) -> Result<Self, String> {
        let field =
            |key: &str| json.and_then(|json| json.get(key)).filter(|value| !value.is_null());
        let text = |key: &str| {
            field(key).and_then(Json::as_str).map(str::to_owned).ok_or("an aggregate record")
        };
        Ok(Self {
            function: text("function")?,
            column: Option::read(field("column"))?,
            distinct: field("distinct").and_then(Json::as_bool).unwrap_or(false),
            rule: Option::read(field("rule"))?,
            by: Option::read(field("by"))?,
            name: text("as")?,
        })
    }
}

/// What was computed over a collection, by function: `orders.ordered_at` with `max` and `count`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reduced(Vec<(String, Column)>);

impl Reduced {
    /// The result of one of the functions that the parameter declares.
    ///
    /// # Errors
    /// The function was not declared, or the host left it out.
    pub fn get(&self, function: &str) -> Result<&Column> {
        self.0
            .iter()
            .find(|(name, _)| name == function)
            .map(|(_, column)| column)
            .ok_or_else(|| Error::internal(format!("the host gave no `{function}`")))
    }
}

impl Value for Reduced {
    fn declare() -> Json {
        json!({"reduce": {"of": "in", "functions": []}})
    }

    fn read(json: Option<&Json>) -> Result<Self, String> {
        let map = json.and_then(Json::as_object).ok_or("column records by function")?;
        map.iter()
            .map(|(name, column)| Ok((name.clone(), Column::read(Some(column))?)))
            .collect::<Result<_, String>>()
            .map(Self)
    }
}

/// A link of the input's dimension; its pairs are the relation of the parameter's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The relation, for [`Cx::input`](crate::Cx::input).
    pub relation: String,
    /// Each source row has at most one target.
    pub to_one: bool,
}

impl Value for Link {
    fn declare() -> Json {
        json!({"link": {"from": "in"}})
    }

    fn read(json: Option<&Json>) -> Result<Self, String> {
        json.and_then(|json| {
            Some(Self {
                relation: json.get("relation")?.as_str()?.to_owned(),
                to_one: json.get("cardinality")?.as_str()? == "one",
            })
        })
        .ok_or_else(|| "a link record".to_owned())
    }
}

/// A dimension; its rows are the relation of the parameter's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    /// The relation, for [`Cx::input`](crate::Cx::input).
    pub relation: String,
}

impl Value for Dimension {
    fn declare() -> Json {
        json!("dimension")
    }

    fn read(json: Option<&Json>) -> Result<Self, String> {
        json.and_then(|json| Some(Self { relation: json.get("relation")?.as_str()?.to_owned() }))
            .ok_or_else(|| "a dimension record".to_owned())
    }
}

/// Equalities between an input and a dimension, all of which have to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match(pub Vec<(Column, Column)>);

impl Value for Match {
    fn declare() -> Json {
        json!({"match": {"left": "in", "right": "to"}})
    }

    fn read(json: Option<&Json>) -> Result<Self, String> {
        let pairs = json.and_then(Json::as_array).ok_or("a list of pairs")?;
        pairs
            .iter()
            .map(|pair| Ok((Column::read(pair.get("left"))?, Column::read(pair.get("right"))?)))
            .collect::<Result<_, String>>()
            .map(Self)
    }
}

/// A constant of the script that may be of several types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Literal {
    /// Its type.
    pub r#type: Type,
    text: String,
}

impl ToSql for Literal {
    fn write(&self, out: &mut String) {
        let text = Lit(&self.text);
        let sql = match self.r#type {
            Type::Bool => sql!("CAST({} AS BOOLEAN)", text),
            Type::Int => sql!("CAST({} AS BIGINT)", text),
            Type::Decimal(precision, scale) => {
                sql!("CAST({} AS DECIMAL({}, {}))", text, u32::from(precision), u32::from(scale))
            }
            Type::Float => sql!("CAST({} AS DOUBLE)", text),
            Type::Date => sql!("CAST({} AS DATE)", text),
            _ => sql!("{}", text),
        };
        sql.write(out);
    }
}

impl Value for Literal {
    fn declare() -> Json {
        json!("literal")
    }

    fn read(json: Option<&Json>) -> Result<Self, String> {
        let parse = |json: &Json| {
            let r#type = match json.get("type")?.as_str()? {
                // A literal has exactly the digits it was written with.
                "decimal" => {
                    let scale =
                        json.get("value")?.as_str()?.split_once('.').map_or(0, |(_, d)| d.len());
                    Type::Decimal(38, u8::try_from(scale).ok()?)
                }
                other => Type::parse(other),
            };
            let text = match json.get("value")? {
                Json::String(text) => text.clone(),
                plain @ (Json::Bool(_) | Json::Number(_)) => plain.to_string(),
                _ => return None,
            };
            match r#type {
                Type::Bool
                | Type::Int
                | Type::Decimal(..)
                | Type::Float
                | Type::Text
                | Type::Date => Some(Self { r#type, text }),
                _ => None,
            }
        };
        json.and_then(parse).ok_or_else(|| "a number, text, date or truth value".to_owned())
    }
}

/// The name of a secret. Its value comes from [`Cx::secret`](crate::Cx::secret), where it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// The environment variable.
    pub variable: String,
}

impl Value for Secret {
    fn declare() -> Json {
        json!("secret")
    }

    fn read(json: Option<&Json>) -> Result<Self, String> {
        json.and_then(|json| Some(Self { variable: json.get("secret")?.as_str()?.to_owned() }))
            .ok_or_else(|| "the name of a secret".to_owned())
    }
}

/// A piece of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// As it stands.
    Text(String),
    /// The value of the row.
    Column(Column),
}

/// Text with places for columns: `Dear {{first_name}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(pub Vec<Part>);

impl Value for Template {
    fn declare() -> Json {
        json!({"template": {"of": "in"}})
    }

    fn read(json: Option<&Json>) -> Result<Self, String> {
        let parts = json.and_then(Json::as_array).ok_or("a list of pieces")?;
        let part = |part: &Json| match part {
            Json::String(text) => Ok(Part::Text(text.clone())),
            column => Column::read(Some(column)).map(Part::Column),
        };
        parts.iter().map(part).collect::<Result<_, String>>().map(Self)
    }
}

/// A word out of a few; [`choices!`](crate::choices!) implements it.
pub trait Choice: Sized + Copy + 'static {
    /// The words and what they mean.
    const WORDS: &'static [(&'static str, Self)];
}

/// Declares an enum whose values are words of the script:
/// `choices! { pub enum Side { Left = "left", Right = "right" } }`.
#[macro_export]
macro_rules! choices {
    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $vis enum $name { $($(#[$doc])* $variant),+ }

        impl $crate::Choice for $name {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),+];
        }

        impl $crate::Value for $name {
            fn declare() -> $crate::json::Value {
                $crate::json::json!({"enum": [$($word),+]})
            }
            fn read(json: Option<&$crate::json::Value>) -> Result<Self, String> {
                let word = json.and_then($crate::json::Value::as_str);
                <Self as $crate::Choice>::WORDS
                    .iter()
                    .find(|(known, _)| Some(*known) == word)
                    .map(|(_, value)| *value)
                    .ok_or_else(|| String::from("one of the declared words"))
            }
        }
    };
}

macro_rules! plain {
    ($($type:ty, $name:literal, $get:expr;)+) => {$(
        impl Value for $type {
            fn declare() -> Json {
                json!($name)
            }
            fn read(json: Option<&Json>) -> Result<Self, String> {
                json.and_then($get).ok_or_else(|| concat!("a value of type ", $name).to_owned())
            }
        }
    )+};
}

plain! {
    bool, "bool", Json::as_bool;
    i64, "int", Json::as_i64;
    u64, "int", Json::as_u64;
    f64, "float", Json::as_f64;
    String, "text", |json| json.as_str().map(str::to_owned);
}

impl<T: Value> Value for Option<T> {
    fn declare() -> Json {
        T::declare()
    }

    fn read(json: Option<&Json>) -> Result<Self, String> {
        json.map(|json| T::read(Some(json))).transpose()
    }
}

impl<T: Value> Value for Vec<T> {
    fn declare() -> Json {
        json!({"list": T::declare()})
    }

    fn read(json: Option<&Json>) -> Result<Self, String> {
        let Some(json) = json else { return Ok(Self::new()) };
        json.as_array().ok_or("a list")?.iter().map(|item| T::read(Some(item))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_is_exact() {
        let read = |text: &str| Percent::read(Some(&json!(text)));
        assert_eq!(read("0.1"), Ok(Percent { numerator: 1, denominator: 10 }));
        assert_eq!(read("1"), Ok(Percent { numerator: 1, denominator: 1 }));
        assert_eq!(read("0.125000"), Ok(Percent { numerator: 125, denominator: 1000 }));
        for bad in ["", ".5", "1e-1", "-0.1", "0.1234567891", "0.x"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_subset_has_optional_parts() {
        let json = json!({"name": "gold", "rule": null, "order": [], "limit": {"fraction": "0.5"}});
        let subset = Subset::read(Some(&json)).unwrap();
        assert_eq!(subset.rule, None);
        assert_eq!(subset.limit, Some(Size::Fraction(Percent { numerator: 5, denominator: 10 })));
        assert!(Subset::read(Some(&json!({"order": [{"column": "x"}]}))).is_err());
    }

    #[test]
    fn a_literal_keeps_its_type() {
        let sql = |json: Json| {
            Literal::read(Some(&json)).map(|literal| sql!("{}", literal).as_str().to_owned())
        };
        assert_eq!(sql(json!({"type": "text", "value": "5"})), Ok("'5'".into()));
        assert_eq!(sql(json!({"type": "int", "value": 5})), Ok("CAST('5' AS BIGINT)".into()));
        assert_eq!(
            sql(json!({"type": "decimal", "value": "1.50"})),
            Ok("CAST('1.50' AS DECIMAL(38, 2))".into())
        );
        assert!(sql(json!({"type": "duration", "value": "P1D"})).is_err());
    }
}
