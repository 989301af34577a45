//! What looks wrong in a column: what a careful analyst would look at twice before writing a rule.
//!
//! A remark tells what is there, with its number, and never guesses what was meant.

use super::error::EngineError;
use super::profile::{Source, number, present};
use super::session::Session;
use super::{identifier, literal};
use crate::engine::duckdb::print;
use crate::model::types::Type;
use crate::model::value::Value;
use crate::numbers::count;
use crate::profile::ColumnProfile;

/// How dates are written in texts.
const FORMS: [(&str, &str); 8] = [
    ("YYYY-MM-DD", "[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?"),
    ("YYYY/MM/DD", "[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}([T ].*)?"),
    ("DD/MM/YYYY", "[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}( .*)?"),
    ("DD/MM/YY", "[0-9]{1,2}/[0-9]{1,2}/[0-9]{2}( .*)?"),
    ("DD.MM.YYYY", "[0-9]{1,2}[.][0-9]{1,2}[.][0-9]{4}( .*)?"),
    ("DD.MM.YY", "[0-9]{1,2}[.][0-9]{1,2}[.][0-9]{2}( .*)?"),
    ("DD-MM-YYYY", "[0-9]{1,2}-[0-9]{1,2}-[0-9]{4}( .*)?"),
    ("YYYYMMDD", "(19|20)[0-9]{2}(0[1-9]|1[0-2])[0-3][0-9]"),
];

/// Words that people and programs write where there is no value.
const PLACEHOLDERS: [&str; 20] = [
    "n/a",
    "na",
    "null",
    "none",
    "nil",
    "nan",
    "-",
    "--",
    "?",
    "unknown",
    "undefined",
    "tbd",
    "\\n",
    "#n/a",
    "#ref!",
    "#value!",
    "(null)",
    "(blank)",
    "(none)",
    "0000-00-00",
];

/// Parts of the names of columns whose numbers are codes.
const CODES: [&str; 10] =
    ["zip", "postcode", "post_code", "postal", "plz", "ean", "gtin", "siret", "siren", "isbn"];

/// What is counted of a text column, in one scan.
const TEXTS: [(&str, &str); 13] = [
    ("zeros", "0[0-9]+"),
    ("digits", "[0-9]+"),
    ("points", "-?[0-9]+[.][0-9]+"),
    // Behind a comma that parts thousands there are three digits.
    ("commas", "-?[0-9]{1,3}([.][0-9]{3})*,([0-9]{1,2}|[0-9]{4,})|-?[0-9]+,([0-9]{1,2}|[0-9]{4,})"),
    ("whole", "-?[0-9]+"),
    ("exponents", "[0-9]([.][0-9]+)?E[+][0-9]+"),
    ("timed", ".*[0-9][T ][0-9]{1,2}:[0-9]{2}.*"),
    ("day_first", "(1[3-9]|2[0-9]|3[01])/[0-9]{1,2}/[0-9]{2,4}( .*)?"),
    ("month_first", "[0-9]{1,2}/(1[3-9]|2[0-9]|3[01])/[0-9]{2,4}( .*)?"),
    // Parts of a text.
    ("at", "(?s).*@.*"),
    ("invisible", "(?s).*[\u{a0}\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}].*"),
    ("garbled", "(?s).*(Ã[\u{80}-\u{bf}©¨ª«´§]|\u{fffd}).*"),
    ("control", "(?s).*[\\x{00}-\\x{1f}\\x{7f}-\\x{9f}].*"),
];

/// An address of e-mail, as far as it can be seen: one `@`, a domain with a point.
const ADDRESS: &str = "[^@\\s,;<>\"()]+@[^@\\s,;<>\"()]+[.][^@\\s.,;<>\"()]{2,}";

/// How many values of a text column fit each of [`TEXTS`] and [`FORMS`].
struct Counts(Vec<u64>);

impl Counts {
    fn of(&self, what: &str) -> u64 {
        let place = TEXTS.iter().position(|(name, _)| *name == what);
        place.and_then(|at| self.0.get(at)).copied().unwrap_or(0)
    }

    /// The forms of dates that there are.
    fn forms(&self) -> Vec<(&'static str, u64)> {
        let counts = self.0.get(TEXTS.len()..).unwrap_or_default();
        FORMS.iter().zip(counts).filter(|(_, n)| **n > 0).map(|((f, _), n)| (*f, *n)).collect()
    }
}

impl Session {
    pub(super) fn remarks_of_text(
        &self,
        source: &Source<'_>,
        filled: u64,
        into: &mut ColumnProfile,
    ) -> Result<(), EngineError> {
        let x = identifier(source.column);
        let full = |(_, pattern): &(&str, &str)| {
            format!("count(*) FILTER (regexp_full_match({x}, {}))", literal(pattern))
        };
        let counts: Vec<String> = TEXTS.iter().chain(&FORMS).map(full).collect();
        let words = PLACEHOLDERS.map(literal).join(", ");
        let rows = self.query(&format!(
            "SELECT count(*) FILTER ({x} <> trim({x})), \
             count(DISTINCT length({x})) FILTER (regexp_full_match({x}, '[0-9]+')), \
             count(*) FILTER (lower(trim({x})) IN ({words})), \
             min({x}) FILTER (lower(trim({x})) IN ({words})), {} FROM {}",
            counts.join(", "),
            source.from,
        ))?;
        let Some(row) = rows.first() else { return Ok(()) };
        let at = |n: usize| number(row.get(n));
        let counts = Counts(row.iter().skip(4).map(|n| number(Some(n))).collect());
        let remarks = &mut into.remarks;
        if at(0) > 0 {
            remarks.push(format!("{} begin or end with a blank: `trim` removes it", at(0)));
        }
        numbers(source, filled, at(1), &counts, remarks);
        let with_at = counts.of("at");
        if with_at * 5 >= filled * 4 && with_at < filled {
            remarks.push(format!("{} have no @, all others have one", filled - with_at));
        }
        if at(2) > 0 {
            let shown = present(row.get(3)).unwrap_or_default();
            remarks.push(format!("{} stand for no value, such as {shown}", at(2)));
        }
        for (what, remark) in [
            ("invisible", "have blanks that cannot be seen"),
            ("control", "have line breaks or other control characters"),
            ("garbled", "were read in a wrong encoding"),
        ] {
            if counts.of(what) > 0 {
                remarks.push(format!("{} {remark}", counts.of(what)));
            }
        }
        dates(source, filled, &counts, remarks);
        if with_at > 0 && with_at * 5 >= filled * 4 {
            self.remarks_of_addresses(source, into)?;
        }
        self.alike(source, into)
    }

    fn remarks_of_addresses(
        &self,
        source: &Source<'_>,
        into: &mut ColumnProfile,
    ) -> Result<(), EngineError> {
        let x = identifier(source.column);
        let wrong = format!(
            "contains({x}, '@') AND NOT regexp_full_match(trim({x}), {})",
            literal(ADDRESS)
        );
        let rows = self.query(&format!(
            "SELECT count(*) FILTER ({wrong}), min({x}) FILTER ({wrong}), \
             (SELECT count(*) FROM (SELECT lower(trim({x})) AS a FROM {from} WHERE contains({x}, '@') \
             GROUP BY a HAVING count(*) > 1)) FROM {from}",
            from = source.from
        ))?;
        let Some(row) = rows.first() else { return Ok(()) };
        let (wrong, again) = (number(row.first()), number(row.get(2)));
        if wrong > 0 {
            let shown = present(row.get(1)).unwrap_or_default();
            into.remarks.push(format!("{wrong} are no e-mail addresses, such as {shown}"));
        }
        if again > 0 {
            let noun = if again == 1 { "address stands" } else { "addresses stand" };
            into.remarks.push(format!("{} {noun} in more than one row", count(again)));
        }
        Ok(())
    }

    /// Values that differ from another one only in case or blanks, or only in accents.
    fn alike(&self, source: &Source<'_>, into: &mut ColumnProfile) -> Result<(), EngineError> {
        let x = identifier(source.column);
        let rows = self.query(&format!(
            "WITH d AS (SELECT DISTINCT {x} AS v FROM {} WHERE {x} <> ''), \
             f AS (SELECT v, lower(trim(regexp_replace(v, '\\s+', ' ', 'g'))) AS f FROM d), \
             g AS (SELECT f, count(*) AS n, min(v) AS a, max(v) AS b FROM f GROUP BY f), \
             s AS (SELECT strip_accents(nfc_normalize(f)) AS s, sum(n) AS n, min(a) AS a, max(b) AS b \
             FROM g GROUP BY s HAVING count(*) > 1) \
             SELECT coalesce(sum(n) FILTER (n > 1), 0), arg_min(a, f) FILTER (n > 1), \
             arg_min(b, f) FILTER (n > 1), (SELECT coalesce(sum(n), 0) FROM s), \
             (SELECT arg_min(a, s) FROM s), (SELECT arg_min(b, s) FROM s) FROM g",
            source.from
        ))?;
        let Some(row) = rows.first() else { return Ok(()) };
        for (first, what) in [(0, "case or blanks"), (3, "accents")] {
            let n = number(row.get(first));
            if n > 0 {
                let [a, b] = [1, 2].map(|n| present(row.get(first + n)).unwrap_or_default());
                into.remarks.push(format!(
                    "{n} values differ from another one only in {what}, such as {a} and {b}"
                ));
            }
        }
        Ok(())
    }

    pub(super) fn remarks_of_time(
        &self,
        source: &Source<'_>,
        filled: u64,
        into: &mut ColumnProfile,
    ) -> Result<(), EngineError> {
        let x = identifier(source.column);
        let now = print::literal(&Value::Instant(source.now), &Type::Instant);
        let (later, day) = match source.ty {
            Type::Instant => {
                (format!("{x} > {now}"), format!("timezone({}, {x})", literal(source.zone)))
            }
            _ => {
                let local = format!("timezone({}, {now})", literal(source.zone));
                (format!("{x} > {local}"), format!("CAST({x} AS TIMESTAMP)"))
            }
        };
        let nothing = "DATE '1900-01-01', DATE '1970-01-01', DATE '9999-12-31', DATE '0001-01-01'";
        let rows = self.query(&format!(
            "SELECT count(*) FILTER ({later} AND CAST({day} AS DATE) <> DATE '9999-12-31'), \
             count(*) FILTER (CAST({day} AS DATE) IN ({nothing})), \
             count(*) FILTER (CAST({day} AS DATE) = {day}), \
             count(*) FILTER (CAST({day} AS DATE) < DATE '1900-01-01' AND \
             CAST({day} AS DATE) <> DATE '0001-01-01') FROM {}",
            source.from
        ))?;
        let Some(row) = rows.first() else { return Ok(()) };
        let at = |n: usize| number(row.get(n));
        let few = |n: u64| n > 0 && n * 20 <= filled;
        if few(at(0)) {
            into.remarks.push(format!("{} lie in the future, all others do not", at(0)));
        }
        if few(at(3)) {
            into.remarks.push(format!("{} lie before 1900, all others do not", at(3)));
        }
        if at(1) > 0 {
            let days = "1900-01-01, 1970-01-01 or 9999-12-31";
            into.remarks.push(format!("{} are {days}, which often stand for no value", at(1)));
        }
        if *source.ty != Type::Date && filled > 1 && at(2) == filled {
            into.remarks.push("every time is midnight: these are days".into());
        }
        Ok(())
    }

    pub(super) fn remarks_of_number(
        &self,
        source: &Source<'_>,
        filled: u64,
        into: &mut ColumnProfile,
    ) -> Result<(), EngineError> {
        let x = identifier(source.column);
        let rows = self.query(&format!("SELECT count(*) FILTER ({x} < 0) FROM {}", source.from))?;
        let below = number(rows.first().and_then(|r| r.first()));
        if below > 0 && below * 20 <= filled {
            into.remarks.push(format!("{below} are below 0, all others are not"));
        }
        if *source.ty == Type::Int && is_code(source.column) {
            let rows = self.query(&format!(
                "SELECT count(*) FILTER (length(CAST({x} AS VARCHAR)) < \
                 (SELECT max(length(CAST({x} AS VARCHAR))) FROM {from})) FROM {from}",
                from = source.from
            ))?;
            let shorter = number(rows.first().and_then(|r| r.first()));
            if shorter > 0 {
                into.remarks.push(format!(
                    "{shorter} have fewer digits than others: a code held as a number loses the zeros \
                     in front"
                ));
            }
        }
        Ok(())
    }
}

/// Whether the name of a column sounds as if its numbers were codes.
fn is_code(column: &str) -> bool {
    let name = column.to_lowercase();
    CODES.iter().any(|code| name.contains(code))
}

/// Numbers and codes held as text.
fn numbers(
    source: &Source<'_>,
    filled: u64,
    lengths: u64,
    counts: &Counts,
    remarks: &mut Vec<String>,
) {
    // A date is no number, though it may be written with digits alone.
    let all_dates = counts.forms().iter().any(|(_, n)| *n == filled);
    let column = source.column;
    let [zeros, digits, points, commas, whole, exponents] =
        ["zeros", "digits", "points", "commas", "whole", "exponents"].map(|what| counts.of(what));
    if zeros > 0 {
        let codes = "they are codes, not numbers, and stay text";
        let lengths = match lengths {
            0 | 1 => String::new(),
            n => format!("; digits of {n} lengths: some may have lost their zeros"),
        };
        remarks.push(format!("{zeros} begin with 0: {codes}{lengths}"));
    } else if commas > 0 && (commas + whole + points) * 5 >= filled * 4 {
        let points = if points > 0 { format!(", {points} a decimal point") } else { String::new() };
        let read = match points.is_empty() {
            true => format!(": `decimal(replace({column}, \",\", \".\"), 2)` reads them"),
            false => String::new(),
        };
        remarks.push(format!("{commas} have a decimal comma{points}{read}"));
    } else if whole + points == filled && filled > 0 && !all_dates && !is_code(column) {
        let read =
            if points > 0 { format!("decimal({column}, 2)") } else { format!("int({column})") };
        let kind = if points > 0 { "numbers" } else { "whole numbers" };
        remarks.push(format!("all are {kind} held as text: `{read}` reads them"));
    } else if digits > 0 && digits < filled && digits * 20 >= filled * 19 {
        remarks.push(format!("{} of {filled} are no numbers, all others are", filled - digits));
    }
    if exponents > 0 {
        remarks.push(format!("{exponents} look like 1.2E+11: a spreadsheet cut their digits"));
    }
}

/// Dates held as text.
fn dates(source: &Source<'_>, filled: u64, counts: &Counts, remarks: &mut Vec<String>) {
    let forms = counts.forms();
    let all: u64 = forms.iter().map(|(_, n)| n).sum();
    if all * 2 < filled || all == 0 {
        return;
    }
    let (day_first, month_first) = (counts.of("day_first"), counts.of("month_first"));
    if forms.len() > 1 {
        let forms: Vec<String> = forms.iter().map(|(f, n)| format!("{f} ({n})")).collect();
        remarks.push(format!("dates in several forms: {}", forms.join(", ")));
    } else if all < filled {
        remarks.push(format!("{} are no dates, all others are", filled - all));
    }
    if day_first > 0 && month_first > 0 {
        remarks.push(format!(
            "dates with the day first ({day_first}) and with the month first ({month_first})"
        ));
    } else if let [(form, _)] = forms.as_slice()
        && all == filled
    {
        // With slashes the day is first in most countries, and the month in one.
        let form = match (form.starts_with("DD/"), day_first, month_first) {
            (true, 0, 0) => {
                remarks.push(
                    "dates held as text, of which nothing tells whether the day or the month is first"
                        .into(),
                );
                return;
            }
            (true, 0, _) => form.replace("DD/MM", "MM/DD"),
            _ => (*form).to_owned(),
        };
        let read = match counts.of("timed") {
            0 => format!(": `date({}, \"{form}\")` reads them", source.column),
            _ => format!(", with a time, written {form}"),
        };
        remarks.push(format!("dates held as text{read}"));
    }
}

pub(super) fn remarks_of_counts(profile: &ColumnProfile, rows: u64) -> Vec<String> {
    let mut remarks = Vec::new();
    if rows > 0 && profile.missing == rows {
        remarks.push("no row has a value".into());
    } else if rows > 1 && profile.distinct == 1 && profile.missing == 0 {
        remarks.push("every row has the same value".into());
    }
    if profile.empty > 0 && profile.missing > 0 {
        remarks.push("some are missing and some empty: `is empty` holds for both".into());
    }
    remarks
}
