//! Finds the type of a column of texts without ever losing anything: a type is taken only when
//! every value of the column reads as it and can be told again from it.
//!
//! A sample says what a column may be; aggregates over all rows decide. Most columns are settled by
//! the first scan with one cheap condition; one whose sample lied is asked again with others. The
//! pure casts and comparisons come first: patterns cost several times as much.

use super::literal;
use crate::model::format;
use crate::model::types::Type;
use crate::model::value::Value;

/// Whole or decimal numbers, written the only way: no leading zero, no `+`, no blanks.
const NUMBER: &str = r"-?[1-9][0-9]*(\.[0-9]+)?|-?0\.[0-9]+|0";
/// The same, or with an exponent.
const FLOAT: &str = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?";
/// An exponent with a sign, as programs print it: `1e5` alone may as well be a product code.
const SIGNED_EXPONENT: &str = r".*[eE][+-][0-9]+";
const LOCAL_TIME: &str =
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?";
const INSTANT: &str = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}(:?[0-9]{2})?)";

/// Where a column stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing but missing values was seen: the next scan brings a value.
    Unknown,
    /// Whole numbers up to 64 bit, or any number.
    Whole,
    /// Decimals with so many digits behind the point, at most 18 in all, or any number.
    Money(u8),
    /// Whole numbers and decimals, or floats.
    Number,
    /// Numbers of which some have exponents.
    Float,
    /// `true` and `false`.
    Bool,
    /// `2025-01-31`, or local times.
    Day,
    /// Local times as ISO 8601 writes them.
    Local,
    /// Points in time, with a zone.
    Zoned,
    /// `03/04/2025`, with this character between, perhaps with a time.
    Separated(char),
    /// A declared type: the engine's type, and the format of a date.
    Declared { ty: Type, format: Option<String> },
    /// Settled.
    Done(Found),
}

/// What a column is read as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// This type of the engine, dates perhaps in this format.
    Type { engine_type: String, format: Option<String> },
    /// Dates that read both ways.
    Ambiguous { day_first: String, month_first: String, sample: String },
    /// A value does not fit the declared type; the condition finds it.
    Misfit { condition: String },
}

impl Found {
    pub(super) fn text() -> Found {
        Found::plain("VARCHAR")
    }

    fn plain(ty: &str) -> Found {
        Found::Type { engine_type: ty.into(), format: None }
    }
}

/// The stage a sample value suggests.
pub(super) fn suggested(value: &str) -> Stage {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let unsigned = value.strip_prefix('-').unwrap_or(value);
    if digits(unsigned) {
        return Stage::Whole;
    }
    if value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false") {
        return Stage::Bool;
    }
    let bytes = value.as_bytes();
    if value.is_ascii() && bytes.len() >= 10 && digits(&value[..4]) && bytes[4] == b'-' {
        let zoned = value.ends_with(['Z', 'z']) || value[10..].contains(['+', '-']);
        return match (bytes.len(), zoned) {
            (10, _) => Stage::Day,
            (_, true) => Stage::Zoned,
            (_, false) => Stage::Local,
        };
    }
    let day = value.split([' ', 'T']).next().unwrap_or_default();
    for separator in ['/', '.', '-'] {
        let parts: Vec<&str> = day.split(separator).collect();
        if let [a, b, c] = parts.as_slice()
            && [a, b, c].iter().all(|p| digits(p))
            && (a.len() <= 2 && b.len() <= 2 && c.len() == 4
                || a.len() == 4 && b.len() <= 2 && c.len() <= 2)
        {
            return Stage::Separated(separator);
        }
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let is_number = match mantissa.split_once('.') {
        Some((whole, part)) => digits(whole) && digits(part),
        None => digits(mantissa),
    };
    let signed = exponent.is_none_or(|e| e.starts_with(['+', '-']) && digits(&e[1..]));
    if is_number && signed {
        return match (exponent, mantissa.split_once('.')) {
            (Some(_), _) => Stage::Float,
            (None, Some((_, part))) if part.len() <= 9 => Stage::Money(part.len() as u8),
            _ => Stage::Number,
        };
    }
    Stage::Done(Found::text())
}

fn matches(v: &str, pattern: &str) -> String {
    format!("regexp_full_match({v}, {})", literal(pattern))
}

fn same_as_cast(v: &str, ty: &str) -> String {
    format!("CAST(TRY_CAST({v} AS {ty}) AS VARCHAR) = {v}")
}

/// The two readings of a separated date, and the one that has the year first.
fn separated_formats(separator: char, time: &str) -> [String; 3] {
    let s = separator;
    [format!("%d{s}%m{s}%Y{time}"), format!("%m{s}%d{s}%Y{time}"), format!("%Y{s}%m{s}%d{time}")]
}

const TIMES: [&str; 3] = ["", " %H:%M", " %H:%M:%S"];

/// Reads with a format, `NULL` where it does not fit. The engine's parser takes one or two digits
/// and a year of fewer than four, so the year is checked.
fn read_as(v: &str, format: &str) -> String {
    format!("try_strptime({v}, {})", literal(format))
}

impl Stage {
    pub(super) fn is_done(&self) -> bool {
        matches!(self, Stage::Done(_))
    }

    /// What to ask about a column `v` of texts; the answers go to [`Stage::decide`]. The first two
    /// count the values, and those that are empty texts.
    pub(super) fn aggregates(&self, v: &str) -> Vec<String> {
        // Not with `FILTER`: for each one the engine copies the columns of all, so that a file of
        // 2,000 columns needs gigabytes.
        let count = |condition: String| format!("count(CASE WHEN {condition} THEN 1 END)");
        let filled = format!("nullif({v}, '')");
        let mut asked = vec![format!("count({v})"), count(format!("{v} = ''"))];
        match self {
            Stage::Done(_) => return vec![],
            Stage::Unknown => asked.push(format!("min({filled})")),
            Stage::Whole => asked.push(count(same_as_cast(v, "BIGINT"))),
            Stage::Money(scale) => {
                asked.push(count(same_as_cast(v, &format!("DECIMAL(18,{scale})"))));
            }
            Stage::Number => asked.extend([
                count(matches(v, NUMBER)),
                format!("max(length(split_part(ltrim({v}, '-'), '.', 1)))"),
                format!("max(length(split_part({v}, '.', 2)))"),
            ]),
            Stage::Float => {
                asked.extend([count(matches(v, FLOAT)), count(matches(v, SIGNED_EXPONENT))]);
            }
            Stage::Bool => asked
                .push(count(format!("{v} IN ('true', 'false', 'True', 'False', 'TRUE', 'FALSE')"))),
            Stage::Day => asked.push(count(same_as_cast(v, "DATE"))),
            Stage::Local => asked.push(count(format!(
                "{} AND {}",
                matches(v, LOCAL_TIME),
                not_null(v, "TIMESTAMP")
            ))),
            Stage::Zoned => asked.push(count(format!(
                "{} AND {}",
                matches(v, INSTANT),
                not_null(v, "TIMESTAMPTZ")
            ))),
            Stage::Separated(separator) => {
                asked.push(format!("min({filled})"));
                for time in TIMES {
                    for format in separated_formats(*separator, time) {
                        let pattern = shape(&format);
                        asked.push(count(format!(
                            "{} AND {} IS NOT NULL",
                            matches(v, &pattern),
                            read_as(v, &format)
                        )));
                    }
                }
            }
            Stage::Declared { ty, format } => {
                let good = fits(v, ty, format.as_deref());
                asked.extend([
                    count(format!("{v} <> '' AND ({good}) IS NOT TRUE")),
                    match ty {
                        Type::Int => {
                            count(format!("{v} <> '' AND TRY_CAST({v} AS BIGINT) IS NULL"))
                        }
                        Type::Timestamp => count(matches(v, INSTANT)),
                        _ => "0".into(),
                    },
                ]);
            }
        }
        asked
    }

    /// The next stage, from the answers.
    pub(super) fn decide(&self, v: &str, answers: &[Value]) -> Stage {
        let number = |at: usize| match answers.get(at) {
            Some(Value::Int(n)) => *n,
            _ => 0,
        };
        let sample = |at: usize| match answers.get(at) {
            Some(Value::Text(t)) => Some(t.as_str()),
            _ => None,
        };
        let filled = number(0) - number(1);
        let all = |at: usize| number(at) == filled;
        let found = match self {
            Stage::Done(found) => found.clone(),
            Stage::Unknown => {
                return sample(2).map_or(Stage::Done(Found::text()), suggested);
            }
            _ if filled == 0 && !matches!(self, Stage::Declared { .. }) => Found::text(),
            Stage::Whole if all(2) => Found::plain("BIGINT"),
            Stage::Money(scale) if all(2) => Found::plain(&format!("DECIMAL(18,{scale})")),
            Stage::Whole | Stage::Money(_) => return Stage::Number,
            Stage::Number => match (number(3), number(4)) {
                _ if !all(2) => return Stage::Float,
                (..=18, 0) => Found::plain("BIGINT"),
                (..=38, 0) => Found::plain("HUGEINT"),
                // Room to 18 digits costs nothing and keeps the type when a longer value comes.
                (whole, scale) if scale > 0 && whole + scale <= 38 => {
                    Found::plain(&format!("DECIMAL({},{scale})", (whole + scale).max(18)))
                }
                _ => Found::text(),
            },
            Stage::Float if all(2) && number(3) > 0 => Found::plain("DOUBLE"),
            Stage::Bool if all(2) => Found::plain("BOOLEAN"),
            Stage::Day if all(2) => Found::plain("DATE"),
            Stage::Day => return Stage::Local,
            Stage::Local if all(2) => Found::plain("TIMESTAMP"),
            Stage::Zoned if all(2) => Found::plain("TIMESTAMPTZ"),
            Stage::Float | Stage::Bool | Stage::Local | Stage::Zoned => Found::text(),
            Stage::Separated(separator) => {
                let mut found = Found::text();
                for (i, time) in TIMES.iter().enumerate() {
                    let [day_first, month_first, year_first] = separated_formats(*separator, time);
                    let at = 3 + i * 3;
                    let ty = if time.is_empty() { "DATE" } else { "TIMESTAMP" };
                    let with = |format: String| Found::Type {
                        engine_type: ty.into(),
                        format: Some(format),
                    };
                    found = match (all(at), all(at + 1), all(at + 2)) {
                        (true, true, _) => Found::Ambiguous {
                            day_first,
                            month_first,
                            sample: sample(2).unwrap_or_default().to_string(),
                        },
                        (true, ..) => with(day_first),
                        (_, true, _) => with(month_first),
                        (.., true) => with(year_first),
                        _ => continue,
                    };
                    break;
                }
                found
            }
            Stage::Declared { ty, format } => {
                // A declared timestamp whose values carry a zone is a point in time; some with and
                // some without cannot be one column.
                let zoned = *ty == Type::Timestamp && number(3) > 0;
                if number(2) > 0 || (zoned && !all(3)) {
                    let good =
                        if zoned { matches(v, INSTANT) } else { fits(v, ty, format.as_deref()) };
                    Found::Misfit { condition: format!("{v} <> '' AND ({good}) IS NOT TRUE") }
                } else {
                    let engine_type = match ty {
                        Type::Int if number(3) == 0 => "BIGINT".to_string(),
                        Type::Timestamp if zoned => "TIMESTAMPTZ".to_string(),
                        ty => super::types::to_engine(ty),
                    };
                    Found::Type { engine_type, format: format.clone() }
                }
            }
        };
        Stage::Done(found)
    }
}

fn not_null(v: &str, ty: &str) -> String {
    format!("TRY_CAST({v} AS {ty}) IS NOT NULL")
}

/// The pattern that values of a format have, in the engine's letters: the engine alone reads `25`
/// as the year 25 where four digits are asked for.
fn shape(format: &str) -> String {
    let mut pattern = String::new();
    let mut chars = format.chars().peekable();
    let mut after_part = false;
    while let Some(c) = chars.next() {
        if c != '%' {
            after_part = false;
            if c.is_ascii_punctuation() {
                pattern.push('\\');
            }
            pattern.push(c);
            continue;
        }
        pattern.push_str(match chars.next() {
            Some('Y') => "[0-9]{4}",
            Some('y') => "[0-9]{2}",
            Some('b' | 'B' | 'a' | 'A' | 'p') => r"\pL+",
            Some('z') => "[+-][0-9]{2}(:?[0-9]{2})?",
            Some('f' | 'g') => "[0-9]{1,6}",
            Some('-') => {
                chars.next();
                "[0-9]{1,2}"
            }
            Some('%') => "%",
            // Without signs between them, one digit less could be read two ways.
            _ if after_part || chars.peek() == Some(&'%') => "[0-9]{2}",
            _ => "[0-9]{1,2}",
        });
        after_part = true;
    }
    pattern
}

/// Whether a filled value reads as a declared type without losing anything.
fn fits(v: &str, ty: &Type, format: Option<&str>) -> String {
    if let Some(format) = format {
        return format!("{} AND {} IS NOT NULL", matches(v, &shape(format)), read_as(v, format));
    }
    match ty {
        Type::Text | Type::Missing | Type::Error => "true".into(),
        // The engine would round `2.5` to a whole number.
        Type::Int => {
            format!("{} AND {}", matches(v, r"\s*[+-]?[0-9]+\s*"), not_null(v, "HUGEINT"))
        }
        Type::Decimal { precision, scale } => {
            let pattern = format!(r"\s*[+-]?[0-9]*(\.[0-9]{{0,{scale}}}0*)?\s*");
            let cast = not_null(v, &format!("DECIMAL({precision},{scale})"));
            format!("{} AND {cast}", matches(v, &pattern))
        }
        Type::Date => {
            format!("{} AND {}", matches(v, "[0-9]{4}-[0-9]{2}-[0-9]{2}"), not_null(v, "DATE"))
        }
        Type::Timestamp => format!(
            "({} AND {}) OR ({} AND {})",
            matches(v, LOCAL_TIME),
            not_null(v, "TIMESTAMP"),
            matches(v, INSTANT),
            not_null(v, "TIMESTAMPTZ")
        ),
        Type::Json => format!("json_valid({v})"),
        ty => not_null(v, &super::types::to_engine(ty)),
    }
}

/// A format in Camp's letters (`DD.MM.YYYY HH:mm`) in the engine's (`%d.%m.%Y %H:%M`).
///
/// # Errors
/// What is wrong with it.
pub(super) fn engine_format(written: &str) -> Result<String, String> {
    if format::has_day(written) {
        format::to_strptime(written)
    } else {
        format::to_strptime(written).and(Err("a format needs YYYY, MM and DD".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_suggest_a_family_and_codes_stay_text() {
        assert_eq!(suggested("-12"), Stage::Whole);
        assert_eq!(suggested("12.50"), Stage::Money(2));
        assert_eq!(suggested("1.5e-05"), Stage::Float);
        assert_eq!(suggested("True"), Stage::Bool);
        assert_eq!(suggested("2025-01-02"), Stage::Day);
        assert_eq!(suggested("2025-01-02T03:04"), Stage::Local);
        assert_eq!(suggested("2025-01-02T03:04:05-01:00"), Stage::Zoned);
        assert_eq!(suggested("3/4/2025"), Stage::Separated('/'));
        assert_eq!(suggested("03.04.2025 10:00"), Stage::Separated('.'));
        for text in ["1e5", "2e10", "T", "F", "nan", "inf", "+33600000009", "11.0.1", "", "-", "é"]
        {
            assert_eq!(suggested(text), Stage::Done(Found::text()), "{text}");
        }
    }

    #[test]
    fn formats_are_translated_and_unknown_letters_refused() {
        assert_eq!(engine_format("DD.MM.YYYY").unwrap(), "%d.%m.%Y");
        assert_eq!(engine_format("YYYY-MM-DDTHH:mm:ss").unwrap(), "%Y-%m-%dT%H:%M:%S");
        assert_eq!(engine_format("MM/DD/YY HH:mm").unwrap(), "%m/%d/%y %H:%M");
        assert!(engine_format("dd/MM/YYYY").is_err());
        assert!(engine_format("YYYY").is_err());
    }

    #[test]
    fn a_year_of_two_digits_does_not_fit_four() {
        assert_eq!(shape("%d/%m/%Y"), r"[0-9]{1,2}\/[0-9]{1,2}\/[0-9]{4}");
        assert_eq!(shape("%-d.%b %y"), r"[0-9]{1,2}\.\pL+ [0-9]{2}");
        assert_eq!(shape("%Y%m%d"), "[0-9]{4}[0-9]{2}[0-9]{2}");
    }
}
