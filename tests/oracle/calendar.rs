//! Days, months and clocks of a campaign's zone, from the words of the language reference.

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};

use camp::model::expr::Unit;
use camp::model::value::{Duration, Value};

/// A run's instant in the zone of a campaign.
#[derive(Clone, Debug)]
pub struct Calendar {
    pub now: Timestamp,
    pub zone: TimeZone,
}

impl Calendar {
    pub fn new(now: Timestamp, zone: &str) -> Self {
        Calendar { now, zone: TimeZone::get(zone).unwrap() }
    }

    /// Where no zone matters.
    pub fn utc() -> Self {
        Calendar { now: Timestamp::UNIX_EPOCH, zone: TimeZone::UTC }
    }

    pub fn today(&self) -> Date {
        self.zone.to_datetime(self.now).date()
    }

    /// The local day of a time.
    pub fn day(&self, time: &Value) -> Option<Date> {
        Some(self.local(time)?.date())
    }

    /// A time on the local clock; of a date, its midnight.
    pub fn local(&self, time: &Value) -> Option<DateTime> {
        Some(match time {
            Value::Date(d) => d.at(0, 0, 0, 0),
            Value::Timestamp(t) => *t,
            Value::Instant(t) => self.zone.to_datetime(*t),
            Value::Missing => return None,
            other => panic!("{other:?} is no time"),
        })
    }

    /// A time as a point in time.
    pub fn instant(&self, time: &Value) -> Option<Timestamp> {
        match time {
            Value::Instant(t) => Some(*t),
            _ => Some(later(self.local(time)?, &self.zone)),
        }
    }

    /// A time moved by a duration: calendar months first, clamped at their end, then days, both on
    /// the local clock, then elapsed time. Days and months keep a date a date.
    pub fn shifted(&self, time: &Value, by: Duration) -> Value {
        let days = |day: Date| {
            let month = day.first_of_month().checked_add(by.months.months()).unwrap();
            let moved = month.with().day(day.day().min(month.days_in_month())).build().unwrap();
            moved.checked_add(by.days.days()).unwrap()
        };
        match time {
            Value::Missing => Value::Missing,
            Value::Date(d) if by.micros == 0 => Value::Date(days(*d)),
            Value::Date(_) | Value::Timestamp(_) => {
                let local = self.local(time).unwrap();
                let local = days(local.date()).to_datetime(local.time());
                if by.micros == 0 {
                    return Value::Timestamp(local);
                }
                let moved = later(local, &self.zone).checked_add(by.micros.microseconds());
                Value::Timestamp(self.zone.to_datetime(moved.unwrap()))
            }
            Value::Instant(t) => {
                let mut t = *t;
                if by.months != 0 || by.days != 0 {
                    let local = self.zone.to_datetime(t);
                    t = later(days(local.date()).to_datetime(local.time()), &self.zone);
                }
                Value::Instant(t.checked_add(by.micros.microseconds()).unwrap())
            }
            other => panic!("{other:?} is no time"),
        }
    }

    /// The first day of the period that a day lies in, and of the one after so many others.
    pub fn period(&self, unit: Unit, offset: i64) -> (Date, Date) {
        let today = self.today();
        let months = |first: Date, n: i64| {
            let start = first.checked_add((n * offset).months()).unwrap();
            (start, start.checked_add(n.months()).unwrap())
        };
        match unit {
            Unit::Day => {
                let start = today.checked_add(offset.days()).unwrap();
                (start, start.tomorrow().unwrap())
            }
            Unit::Week => {
                let mut start = today;
                while start.weekday() != jiff::civil::Weekday::Monday {
                    start = start.yesterday().unwrap();
                }
                let start = start.checked_add((7 * offset).days()).unwrap();
                (start, start.checked_add(7.days()).unwrap())
            }
            Unit::Month => months(today.first_of_month(), 1),
            Unit::Quarter => {
                let mut first = today.first_of_month();
                while ![1, 4, 7, 10].contains(&first.month()) {
                    first = first.yesterday().unwrap().first_of_month();
                }
                months(first, 3)
            }
            Unit::Year => months(today.first_of_year(), 12),
            other => panic!("no period of {other:?}"),
        }
    }

    /// The day on which a date returns in a year.
    pub fn anniversary(date: Date, year: i16) -> Date {
        if (date.month(), date.day()) == (2, 29) {
            return Date::new(year, 3, 1).unwrap().yesterday().unwrap();
        }
        Date::new(year, date.month(), date.day()).unwrap()
    }
}

/// A local time of a zone: the later one in the hour that happens twice.
pub fn later(local: DateTime, zone: &TimeZone) -> Timestamp {
    zone.to_ambiguous_timestamp(local).later().unwrap()
}

/// Whether a local time was skipped by the clock.
pub fn skipped(local: DateTime, zone: &TimeZone) -> bool {
    matches!(zone.to_ambiguous_timestamp(local).offset(), AmbiguousOffset::Gap { .. })
}

/// An amount of a unit.
pub fn amount(n: i64, unit: Unit) -> Duration {
    let mut d = Duration::default();
    match unit {
        Unit::Second => d.micros = n * 1_000_000,
        Unit::Minute => d.micros = n * 60_000_000,
        Unit::Hour => d.micros = n * 3_600_000_000,
        Unit::Day => d.days = n,
        Unit::Week => d.days = n * 7,
        Unit::Month => d.months = n,
        Unit::Quarter => d.months = n * 3,
        Unit::Year => d.months = n * 12,
    }
    d
}
