//! The one instant of a run, read in a time zone. Every relative date comes from here: the same
//! instant and data give the same audience.

use std::sync::Arc;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Disambiguation, TimeZone};
use jiff::{Timestamp, ToSpan};

use crate::model::expr::Unit;
use crate::model::value::Duration;

/// The run's instant in the time zone of a campaign.
#[derive(Clone, Debug)]
pub struct Clock {
    /// The run's instant.
    pub now: Timestamp,
    /// The campaign's zone.
    pub zone: TimeZone,
    /// Its IANA name.
    pub zone_name: Arc<str>,
}

/// A date or time left the years that the calendar knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange;

impl Clock {
    /// The instant in the zone of this IANA name; UTC for a name that no longer exists (the
    /// checker has refused those).
    pub fn new(now: Timestamp, zone_name: &str) -> Self {
        let zone = TimeZone::get(zone_name).unwrap_or(TimeZone::UTC);
        Clock { now, zone, zone_name: zone_name.into() }
    }

    /// The local day.
    pub fn today(&self) -> Date {
        self.local(self.now).date()
    }

    /// The local time of an instant.
    pub fn local(&self, instant: Timestamp) -> DateTime {
        self.zone.to_datetime(instant)
    }

    /// The instant of a local time. In a repeated hour the later one, as ICU and therefore the
    /// engine has it; a skipped local time is read with the offset before the gap, like ICU's.
    ///
    /// # Errors
    /// At the ends of the calendar.
    pub fn instant(&self, local: DateTime) -> Result<Timestamp, OutOfRange> {
        let ambiguous = self.zone.to_ambiguous_timestamp(local);
        let how = match ambiguous.offset() {
            jiff::tz::AmbiguousOffset::Fold { .. } => Disambiguation::Later,
            _ => Disambiguation::Compatible,
        };
        ambiguous.disambiguate(how).map_err(|_| OutOfRange)
    }

    /// The first instant of a local day.
    ///
    /// # Errors
    /// At the ends of the calendar.
    pub fn start_of(&self, day: Date) -> Result<Timestamp, OutOfRange> {
        // Where midnight is skipped the day begins after the gap; where it is repeated, at the first.
        let midnight = day.to_datetime(Time::midnight());
        self.zone
            .to_ambiguous_timestamp(midnight)
            .disambiguate(Disambiguation::Compatible)
            .map_err(|_| OutOfRange)
    }

    /// A day moved by a calendar duration: months first, clamped at their end, then days.
    ///
    /// # Errors
    /// At the ends of the calendar.
    pub fn shift_date(&self, day: Date, by: Duration) -> Result<Date, OutOfRange> {
        day.checked_add(by.months.months())
            .and_then(|d| d.checked_add(by.days.days()))
            .map_err(|_| OutOfRange)
    }

    /// A local time moved: months, then days on the wall clock, then elapsed time.
    ///
    /// # Errors
    /// At the ends of the calendar.
    pub fn shift_local(&self, time: DateTime, by: Duration) -> Result<DateTime, OutOfRange> {
        let moved = self.shift_date(time.date(), by)?.to_datetime(time.time());
        if by.micros == 0 {
            return Ok(moved);
        }
        let instant = self.instant(moved)?;
        instant.checked_add(by.micros.microseconds()).map(|t| self.local(t)).map_err(|_| OutOfRange)
    }

    /// An instant moved: months and days on the local wall clock, then elapsed time.
    ///
    /// # Errors
    /// At the ends of the calendar.
    pub fn shift_instant(&self, instant: Timestamp, by: Duration) -> Result<Timestamp, OutOfRange> {
        let moved = if by.months == 0 && by.days == 0 {
            instant
        } else {
            let local = self.local(instant);
            self.instant(self.shift_date(local.date(), by)?.to_datetime(local.time()))?
        };
        moved.checked_add(by.micros.microseconds()).map_err(|_| OutOfRange)
    }

    /// The first day of the period that holds a day. Weeks are ISO, from Monday.
    pub fn period_start(&self, day: Date, unit: Unit) -> Date {
        match unit {
            Unit::Week => {
                let back = i64::from(day.weekday().to_monday_zero_offset());
                day.checked_sub(back.days()).unwrap_or(day)
            }
            Unit::Month => day.first_of_month(),
            Unit::Quarter => {
                let first = (day.month() - 1) / 3 * 3 + 1;
                Date::new(day.year(), first, 1).unwrap_or(day)
            }
            Unit::Year => day.first_of_year(),
            Unit::Second | Unit::Minute | Unit::Hour | Unit::Day => day,
        }
    }
}

/// One unit as a duration.
pub fn unit(unit: Unit, amount: i64) -> Duration {
    let mut d = Duration::default();
    match unit {
        Unit::Second => d.micros = amount.saturating_mul(1_000_000),
        Unit::Minute => d.micros = amount.saturating_mul(60_000_000),
        Unit::Hour => d.micros = amount.saturating_mul(3_600_000_000),
        Unit::Day => d.days = amount,
        Unit::Week => d.days = amount.saturating_mul(7),
        Unit::Month => d.months = amount,
        Unit::Quarter => d.months = amount.saturating_mul(3),
        Unit::Year => d.months = amount.saturating_mul(12),
    }
    d
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn at(text: &str, zone: &str) -> Clock {
        Clock::new(text.parse().unwrap(), zone)
    }

    #[test]
    fn today_is_the_local_day() {
        // Case 33: 02:30 UTC is still the day before in New York.
        assert_eq!(at("2025-11-05T02:30Z", "America/New_York").today(), date(2025, 11, 4));
    }

    #[test]
    fn months_come_before_days_and_are_clamped() {
        let clock = at("2025-03-31T00:00Z", "UTC");
        let one_month_one_day = Duration { months: -1, days: -1, micros: 0 };
        // Cases 37 and 38.
        assert_eq!(clock.shift_date(date(2025, 3, 31), one_month_one_day), Ok(date(2025, 2, 27)));
        assert_eq!(
            clock.shift_date(date(2025, 3, 31), unit(Unit::Month, -1)),
            Ok(date(2025, 2, 28))
        );
    }

    #[test]
    fn a_day_is_a_wall_clock_day_and_24_hours_are_elapsed() {
        // Case 48: the clock changed in the night of 30 March 2025 in Paris.
        let clock = at("2025-03-29T11:00Z", "Europe/Paris");
        let sent: Timestamp = "2025-03-29T11:00Z".parse().unwrap();
        assert_eq!(
            clock.shift_instant(sent, unit(Unit::Day, 1)),
            Ok("2025-03-30T10:00Z".parse().unwrap())
        );
        assert_eq!(
            clock.shift_instant(sent, unit(Unit::Hour, 24)),
            Ok("2025-03-30T11:00Z".parse().unwrap())
        );
    }

    #[test]
    fn the_repeated_hour_is_the_later_one() {
        let clock = at("2025-10-26T00:00Z", "Europe/Paris");
        let local = date(2025, 10, 26).at(2, 30, 0, 0);
        assert_eq!(clock.instant(local), Ok("2025-10-26T01:30Z".parse().unwrap()));
    }

    #[test]
    fn periods_start_on_monday_and_at_quarters() {
        let clock = at("2025-06-11T00:00Z", "UTC");
        assert_eq!(clock.period_start(date(2025, 6, 11), Unit::Week), date(2025, 6, 9));
        assert_eq!(clock.period_start(date(2025, 6, 11), Unit::Quarter), date(2025, 4, 1));
        assert_eq!(clock.period_start(date(2025, 6, 11), Unit::Year), date(2025, 1, 1));
    }
}
