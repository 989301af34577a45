//! The types of the language as the documents spell them (`WIRE.md` §0.1).

use std::fmt::{self, Display};

/// A type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Type {
    /// `bool`
    Bool,
    /// `int`, of any width.
    Int,
    /// `decimal(P,S)`
    Decimal(u8, u8),
    /// `float`, never NaN.
    Float,
    /// `text`
    Text,
    /// `date`
    Date,
    /// `timestamp`: without a zone.
    Timestamp,
    /// `instant`: with one.
    Instant,
    /// `list(T)`
    List(Box<Type>),
    /// Carried through, never computed with.
    Other,
}

impl Type {
    /// Reads a type; whatever is not known is [`Type::Other`], as a newer host may know more.
    pub fn parse(text: &str) -> Self {
        let inside = |prefix: &str| {
            text.strip_prefix(prefix)?.strip_prefix('(')?.strip_suffix(')').map(str::trim)
        };
        match text {
            "bool" => Self::Bool,
            "int" => Self::Int,
            "float" => Self::Float,
            "text" => Self::Text,
            "date" => Self::Date,
            "timestamp" => Self::Timestamp,
            "instant" => Self::Instant,
            _ => {
                if let Some(item) = inside("list") {
                    return Self::List(Box::new(Self::parse(item)));
                }
                let digits = inside("decimal").and_then(|digits| {
                    let (precision, scale) = digits.split_once(',')?;
                    Some((precision.trim().parse().ok()?, scale.trim().parse().ok()?))
                });
                digits.map_or(Self::Other, |(precision, scale)| Self::Decimal(precision, scale))
            }
        }
    }

    /// How Arrow calls it; nothing for [`Type::Other`].
    #[cfg(feature = "arrow")]
    pub fn arrow(&self) -> Option<arrow_schema::DataType> {
        use arrow_schema::{DataType, Field, TimeUnit};
        Some(match self {
            Self::Bool => DataType::Boolean,
            Self::Int => DataType::Int64,
            Self::Decimal(precision, scale) => {
                DataType::Decimal128(*precision, i8::try_from(*scale).ok()?)
            }
            Self::Float => DataType::Float64,
            Self::Text => DataType::Utf8,
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::List(item) => DataType::List(Field::new("item", item.arrow()?, true).into()),
            Self::Other => return None,
        })
    }

    /// Whether values can be added up.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Decimal(..) | Self::Float)
    }
}

impl Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Decimal(precision, scale) => write!(f, "decimal({precision},{scale})"),
            Self::Float => f.write_str("float"),
            Self::Text => f.write_str("text"),
            Self::Date => f.write_str("date"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Instant => f.write_str("instant"),
            Self::List(item) => write!(f, "list({item})"),
            Self::Other => f.write_str("other"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_survives_its_text() {
        for text in [
            "bool",
            "int",
            "decimal(38,2)",
            "float",
            "text",
            "date",
            "timestamp",
            "instant",
            "list(list(int))",
        ] {
            assert_eq!(Type::parse(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_unknown_is_carried() {
        assert_eq!(Type::parse("decimal(1)"), Type::Other);
        assert_eq!(Type::parse("geometry"), Type::Other);
        assert_eq!(Type::parse("list(geometry)"), Type::List(Box::new(Type::Other)));
    }
}
