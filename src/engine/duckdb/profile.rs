//! How the values of a column are spread, asked of the engine.

use super::error::EngineError;
use super::session::Session;
use super::{identifier, literal};
use crate::engine::duckdb::print;
use crate::model::types::Type;
use crate::model::value::Value;
use crate::profile::{ColumnProfile, Share};

use super::remarks::remarks_of_counts;

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

pub(super) fn number(value: Option<&Value>) -> u64 {
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

pub(super) fn present(value: Option<&Value>) -> Option<String> {
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
