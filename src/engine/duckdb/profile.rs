//! How the values of a column are spread, asked of the engine.

use super::error::EngineError;
use super::session::Session;
use super::{identifier, literal};
use crate::engine::duckdb::print;
use crate::model::types::Type;
use crate::model::value::Value;
use crate::profile::{ColumnProfile, Share};

/// How many frequent values are shown.
const FREQUENT: usize = 10;

/// From so many rows on, an overview estimates how many different values there are.
const ESTIMATED_FROM: u64 = 1_000_000;

/// How many bars a histogram of numbers has, more or less.
const BARS: f64 = 12.0;

/// The quantiles that are shown.
const QUANTILES: [u8; 5] = [5, 25, 50, 75, 95];

/// A column to look at.
pub struct Source<'a> {
    /// The table or view it is in, as SQL.
    pub from: &'a str,
    /// Its name there.
    pub column: &'a str,
    /// Its type.
    pub ty: &'a Type,
    /// All rows of the table.
    pub rows: u64,
    /// Everything that can be told, or a line of an overview.
    pub detailed: bool,
    /// The zone of local days.
    pub zone: &'a str,
    /// The instant that "later than now" means.
    pub now: jiff::Timestamp,
}

/// Units of time of histograms: the name, its seconds.
const UNITS: [(&str, &str, f64); 7] = [
    ("hour", "1 HOUR", 3600.0),
    ("day", "1 DAY", 86_400.0),
    ("week", "7 DAYS", 604_800.0),
    ("month", "1 MONTH", 2_629_746.0),
    ("quarter", "3 MONTHS", 7_889_238.0),
    ("year", "1 YEAR", 31_556_952.0),
    ("decade", "10 YEARS", 315_569_520.0),
];

impl Session {
    /// The profile of a column. Names, the key and remarks are the caller's.
    ///
    /// # Errors
    /// The engine's.
    pub fn profile(&self, source: &Source<'_>) -> Result<ColumnProfile, EngineError> {
        let mut profile = ColumnProfile { ty: source.ty.to_string(), ..ColumnProfile::default() };
        self.counts(source, &mut profile)?;
        let filled = source.rows.saturating_sub(profile.missing);
        let limit = if source.detailed { FREQUENT } else { 3 };
        // Where every value is another one, none is frequent.
        if filled > profile.distinct || profile.distinct <= limit as u64 {
            profile.frequent = self.frequent(source, limit)?;
            if profile.distinct > limit as u64 {
                profile.frequent.retain(|share| share.rows > 1);
            }
        }
        let spread = source.ty.is_number() || source.ty.is_time();
        if source.detailed && spread && profile.distinct > 1 {
            self.quantiles(source, &mut profile)?;
            profile.histogram = match source.ty.is_number() {
                true => self.bars(source)?,
                false => self.periods(source)?,
            };
        }
        profile.remarks = remarks_of_counts(&profile, source.rows);
        match source.ty {
            Type::Text => self.remarks_of_text(source, filled, &mut profile)?,
            ty if ty.is_time() => self.remarks_of_time(source, filled, &mut profile)?,
            ty if ty.is_number() => self.remarks_of_number(source, filled, &mut profile)?,
            _ => {}
        }
        Ok(profile)
    }

    fn counts(&self, source: &Source<'_>, into: &mut ColumnProfile) -> Result<(), EngineError> {
        let x = identifier(source.column);
        let estimated = !source.detailed && source.rows >= ESTIMATED_FROM;
        let distinct = match source.ty {
            Type::Json | Type::Struct(_) | Type::Other(_) => {
                format!("count(DISTINCT CAST({x} AS VARCHAR))")
            }
            _ if estimated => format!("approx_count_distinct({x})"),
            _ => format!("count(DISTINCT {x})"),
        };
        into.estimated = estimated;
        let ordered = is_ordered(source.ty);
        let (low, high) = match ordered {
            true => (format!("min({x})"), format!("max({x})")),
            false => ("NULL".into(), "NULL".into()),
        };
        let length = match source.ty {
            Type::Text => Some(format!("length({x})")),
            Type::List(_) => Some(format!("len({x})")),
            _ => None,
        };
        let (empty, shortest, longest) = match &length {
            Some(l) => {
                (format!("count(*) FILTER ({l} = 0)"), format!("min({l})"), format!("max({l})"))
            }
            None => ("0".into(), "NULL".into(), "NULL".into()),
        };
        let mean = match source.ty.is_number() {
            true => format!("avg(CAST({x} AS DOUBLE)) FILTER (isfinite(CAST({x} AS DOUBLE)))"),
            false => "NULL".into(),
        };
        let rows = self.query(&format!(
            "SELECT count(*) - count({x}), {distinct}, {low}, {high}, {empty}, {shortest}, {longest}, \
             {mean} FROM {}",
            source.from
        ))?;
        let Some(row) = rows.first() else { return Ok(()) };
        into.missing = number(row.first());
        into.distinct = number(row.get(1));
        into.min = present(row.get(2));
        into.max = present(row.get(3));
        into.empty = number(row.get(4));
        if let (Some(Value::Int(low)), Some(Value::Int(high))) = (row.get(5), row.get(6)) {
            into.lengths = Some((*low as u64, *high as u64));
        }
        if let Some(Value::Float(mean)) = row.get(7) {
            into.mean = Some(short(*mean));
        }
        Ok(())
    }

    fn frequent(&self, source: &Source<'_>, limit: usize) -> Result<Vec<Share>, EngineError> {
        let x = identifier(source.column);
        let (value, from) = match source.ty {
            Type::List(_) => {
                ("e".into(), format!("(SELECT unnest({x}) AS e FROM {})", source.from))
            }
            Type::Json | Type::Struct(_) | Type::Other(_) => {
                (format!("CAST({x} AS VARCHAR)"), source.from.to_owned())
            }
            _ => (x, source.from.to_owned()),
        };
        let rows = self.query(&format!(
            "SELECT {value} AS v, count(*) AS n FROM {from} WHERE {value} IS NOT NULL GROUP BY v \
             ORDER BY n DESC, v LIMIT {limit}"
        ))?;
        Ok(shares(&rows))
    }

    fn quantiles(&self, source: &Source<'_>, into: &mut ColumnProfile) -> Result<(), EngineError> {
        let x = identifier(source.column);
        let asked: Vec<String> = QUANTILES
            .iter()
            .map(|q| format!("quantile_disc({x}, {})", f64::from(*q) / 100.0))
            .collect();
        let rows = self.query(&format!("SELECT {} FROM {}", asked.join(", "), source.from))?;
        let values = rows.first().map(Vec::as_slice).unwrap_or_default();
        let quantiles = QUANTILES.iter().zip(values);
        into.quantiles =
            quantiles.filter_map(|(q, value)| Some((*q, present(Some(value))?))).collect();
        Ok(())
    }

    /// Bars of equal width; the first and the last one take what lies beyond.
    fn bars(&self, source: &Source<'_>) -> Result<Vec<Share>, EngineError> {
        let x = format!("CAST({} AS DOUBLE)", identifier(source.column));
        let finite = format!("{} WHERE isfinite({x})", source.from);
        let ends = self.query(&format!(
            "SELECT quantile_disc({x}, 0.01), quantile_disc({x}, 0.99) FROM {finite}"
        ))?;
        let (Some(Value::Float(low)), Some(Value::Float(high))) =
            (ends.first().and_then(|r| r.first()), ends.first().and_then(|r| r.get(1)))
        else {
            return Ok(Vec::new());
        };
        let whole = *source.ty == Type::Int;
        let step = round_step((high - low) / BARS, whole);
        if !step.is_finite() || step <= 0.0 {
            return Ok(Vec::new());
        }
        let (first, last) = ((low / step).floor(), (high / step).floor());
        let rows = self.query(&format!(
            "SELECT CAST(least(greatest(floor({x} / {step:?}), {first:?}), {last:?}) AS BIGINT) AS b, \
             count(*) FROM {finite} GROUP BY b"
        ))?;
        let count = |bar: i128| {
            let of = |row: &&Vec<Value>| row.first() == Some(&Value::Int(bar));
            rows.iter().find(of).map_or(0, |row| number(row.get(1)))
        };
        let bars = first as i128..=last as i128;
        Ok(bars.map(|bar| Share { value: short(bar as f64 * step), rows: count(bar) }).collect())
    }

    /// Bars of days, months, years, as many as can be looked at.
    fn periods(&self, source: &Source<'_>) -> Result<Vec<Share>, EngineError> {
        let x = identifier(source.column);
        let local = match source.ty {
            Type::Instant => format!("timezone({}, {x})", literal(source.zone)),
            _ => format!("CAST({x} AS TIMESTAMP)"),
        };
        let finite = format!("{} WHERE isfinite({local})", source.from);
        let ends = self.query(&format!(
            "SELECT quantile_disc({local}, 0.01), quantile_disc({local}, 0.99), \
             date_diff('second', quantile_disc({local}, 0.01), quantile_disc({local}, 0.99)) \
             FROM {finite}"
        ))?;
        let Some([low @ Value::Timestamp(_), high @ Value::Timestamp(_), Value::Int(seconds)]) =
            ends.first().map(Vec::as_slice)
        else {
            return Ok(Vec::new());
        };
        let seconds = *seconds as f64;
        let fitting = UNITS
            .iter()
            .skip(usize::from(*source.ty == Type::Date))
            .find(|(_, _, length)| seconds / length <= 2.0 * BARS);
        let Some((unit, step, _)) = fitting else { return Ok(Vec::new()) };
        let [low, high] = [low, high].map(|end| print::literal(end, &Type::Timestamp));
        let rows = self.query(&format!(
            "WITH h AS (SELECT date_trunc('{unit}', least(greatest({local}, {low}), {high})) AS b, \
             count(*) AS n FROM {finite} GROUP BY b), \
             g AS (SELECT unnest(generate_series(CAST(date_trunc('{unit}', {low}) AS TIMESTAMP), \
             {high}, INTERVAL {step})) AS b) \
             SELECT CAST(g.b AS TIMESTAMP), coalesce(h.n, 0) FROM g LEFT JOIN h ON h.b = g.b ORDER BY 1"
        ))?;
        Ok(rows
            .iter()
            .filter_map(|row| {
                let Some(Value::Timestamp(at)) = row.first() else { return None };
                let shape = match *unit {
                    "hour" => "%Y-%m-%d %H:00",
                    "month" | "quarter" => "%Y-%m",
                    "year" | "decade" => "%Y",
                    _ => "%Y-%m-%d",
                };
                let value = at.strftime(shape).to_string();
                Some(Share { value, rows: number(row.get(1)) })
            })
            .collect())
    }

    fn remarks_of_text(
        &self,
        source: &Source<'_>,
        filled: u64,
        into: &mut ColumnProfile,
    ) -> Result<(), EngineError> {
        let x = identifier(source.column);
        let full = |pattern: &str| {
            format!("count(*) FILTER (regexp_full_match({x}, {}))", literal(pattern))
        };
        let digits = literal("[0-9]+");
        let forms = FORMS.map(|(_, pattern)| full(pattern));
        let words = PLACEHOLDERS.map(literal).join(", ");
        let rows = self.query(&format!(
            "SELECT count(*) FILTER ({x} <> trim({x})), {zeros}, {numeric}, \
             count(DISTINCT length({x})) FILTER (regexp_full_match({x}, {digits})), \
             count(*) FILTER (contains({x}, '@')), \
             count(*) FILTER (lower(trim({x})) IN ({words})), \
             min({x}) FILTER (lower(trim({x})) IN ({words})), \
             count(*) FILTER (regexp_matches({x}, {invisible})), \
             count(*) FILTER (regexp_matches({x}, {garbled})), {forms} FROM {from}",
            zeros = full("0[0-9]+"),
            numeric = full("[0-9]+"),
            invisible = literal("[\u{a0}\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}]"),
            garbled = literal("Ã[\u{80}-\u{bf}©¨ª«´§]|\u{fffd}"),
            forms = forms.join(", "),
            from = source.from,
        ))?;
        let Some(row) = rows.first() else { return Ok(()) };
        let at = |n: usize| number(row.get(n));
        let remarks = &mut into.remarks;
        if at(0) > 0 {
            remarks.push(format!("{} begin or end with a blank: `trim` removes it", at(0)));
        }
        if at(2) > 0 && at(1) > 0 {
            let codes = "they are codes, not numbers, and stay text";
            let lengths = match at(3) {
                0 | 1 => String::new(),
                n => format!("; digits of {n} lengths: some may have lost their zeros"),
            };
            remarks.push(format!("{} begin with 0: {codes}{lengths}", at(1)));
        } else if at(2) > 0 && at(2) < filled && at(2) * 20 >= filled * 19 {
            let others = filled - at(2);
            remarks.push(format!("{others} of {filled} are no numbers, all others are"));
        }
        if at(4) * 5 >= filled * 4 && at(4) < filled {
            remarks.push(format!("{} have no @, all others have one", filled - at(4)));
        }
        if at(5) > 0 {
            let shown = present(row.get(6)).unwrap_or_default();
            remarks.push(format!("{} stand for no value, such as {shown}", at(5)));
        }
        if at(7) > 0 {
            remarks.push(format!("{} have blanks that cannot be seen", at(7)));
        }
        if at(8) > 0 {
            remarks.push(format!("{} were read in a wrong encoding", at(8)));
        }
        let dates: Vec<(&str, u64)> = FORMS
            .iter()
            .enumerate()
            .map(|(n, (form, _))| (*form, at(9 + n)))
            .filter(|(_, n)| *n > 0)
            .collect();
        let all: u64 = dates.iter().map(|(_, n)| n).sum();
        if all * 2 >= filled && dates.len() > 1 {
            let forms: Vec<String> = dates.iter().map(|(f, n)| format!("{f} ({n})")).collect();
            remarks.push(format!("dates in several forms: {}", forms.join(", ")));
        } else if all * 2 >= filled && all < filled {
            remarks.push(format!("{} are no dates, all others are", filled - all));
        } else if let [(form, _)] = dates.as_slice()
            && all > 0
            && all == filled
        {
            remarks.push(format!(
                "dates held as text: `date({}, \"{form}\")` reads them",
                source.column
            ));
        }
        self.alike(source, into)
    }

    /// Values that differ from another one only in case or blanks.
    fn alike(&self, source: &Source<'_>, into: &mut ColumnProfile) -> Result<(), EngineError> {
        let x = identifier(source.column);
        let rows = self.query(&format!(
            "WITH d AS (SELECT DISTINCT {x} AS v FROM {} WHERE {x} <> ''), \
             g AS (SELECT lower(trim(regexp_replace(v, '\\s+', ' ', 'g'))) AS f, count(*) AS n, \
             min(v) AS a, max(v) AS b FROM d GROUP BY f HAVING count(*) > 1) \
             SELECT coalesce(sum(n), 0), arg_min(a, f), arg_min(b, f) FROM g",
            source.from
        ))?;
        let Some(row) = rows.first() else { return Ok(()) };
        let n = number(row.first());
        if n > 0 {
            let (a, b) = (present(row.get(1)), present(row.get(2)));
            into.remarks.push(format!(
                "{n} values differ from another one only in case or blanks, such as {} and {}",
                a.unwrap_or_default(),
                b.unwrap_or_default()
            ));
        }
        Ok(())
    }

    fn remarks_of_time(
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
        let rows = self.query(&format!(
            "SELECT count(*) FILTER ({later}), count(*) FILTER (CAST({day} AS DATE) IN \
             (DATE '1900-01-01', DATE '1970-01-01', DATE '9999-12-31', DATE '0001-01-01')), \
             count(*) FILTER (CAST({day} AS DATE) = {day}) FROM {}",
            source.from
        ))?;
        let Some(row) = rows.first() else { return Ok(()) };
        let at = |n: usize| number(row.get(n));
        if at(0) > 0 && at(0) * 20 <= filled {
            into.remarks.push(format!("{} lie in the future, all others do not", at(0)));
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

    fn remarks_of_number(
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
        Ok(())
    }
}

/// How dates are written in texts.
const FORMS: [(&str, &str); 6] = [
    ("YYYY-MM-DD", "[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?"),
    ("YYYY/MM/DD", "[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}([T ].*)?"),
    ("DD/MM/YYYY", "[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}( .*)?"),
    ("DD.MM.YYYY", "[0-9]{1,2}[.][0-9]{1,2}[.][0-9]{2,4}( .*)?"),
    ("DD-MM-YYYY", "[0-9]{1,2}-[0-9]{1,2}-[0-9]{4}( .*)?"),
    ("YYYYMMDD", "(19|20)[0-9]{2}(0[1-9]|1[0-2])[0-3][0-9]"),
];

/// Words that people write where there is no value.
const PLACEHOLDERS: [&str; 12] =
    ["n/a", "na", "null", "none", "nil", "nan", "-", "--", "?", "unknown", "undefined", "tbd"];

fn remarks_of_counts(profile: &ColumnProfile, rows: u64) -> Vec<String> {
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

fn is_ordered(ty: &Type) -> bool {
    ty.is_number() || ty.is_time() || *ty == Type::Text
}

/// A step of 1, 2 or 5 of some power of ten, not below this one.
fn round_step(least: f64, whole: bool) -> f64 {
    if !least.is_finite() || least <= 0.0 {
        return if whole { 1.0 } else { 0.0 };
    }
    let power = 10f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].iter().map(|n| n * power).find(|s| *s >= least);
    let step = step.unwrap_or(power * 10.0);
    if whole { step.max(1.0) } else { step }
}

/// A number with as many digits as say something.
fn short(x: f64) -> String {
    if x == 0.0 {
        return "0".into();
    }
    let digits = (3 - x.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{x:.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

fn number(value: Option<&Value>) -> u64 {
    match value {
        Some(Value::Int(n)) => u64::try_from(*n).unwrap_or(0),
        Some(Value::Float(x)) => *x as u64,
        Some(Value::Decimal { digits, scale }) => {
            let ten = 10i128.checked_pow(u32::from(*scale)).unwrap_or(1);
            u64::try_from(digits / ten).unwrap_or(0)
        }
        _ => 0,
    }
}

fn present(value: Option<&Value>) -> Option<String> {
    match value {
        None | Some(Value::Missing) => None,
        Some(value) => Some(print::written(value)),
    }
}

fn shares(rows: &[Vec<Value>]) -> Vec<Share> {
    let share =
        |row: &Vec<Value>| Some(Share { value: present(row.first())?, rows: number(row.get(1)) });
    rows.iter().filter_map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_whole_for_whole_numbers() {
        assert_eq!(round_step(0.3, false), 0.5);
        assert_eq!(round_step(0.3, true), 1.0);
        assert_eq!(round_step(13.0, true), 20.0);
        assert_eq!(round_step(51.0, false), 100.0);
        assert_eq!(round_step(0.0, false), 0.0);
    }

    #[test]
    fn numbers_are_shortened_to_what_says_something() {
        assert_eq!(short(1234.5678), "1235");
        assert_eq!(short(0.0123456), "0.01235");
        assert_eq!(short(12.5), "12.5");
        assert_eq!(short(-3.0), "-3");
    }
}
