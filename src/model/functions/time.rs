//! Functions of dates and times.

use super::super::types::Type;
use super::{Accepts, FunctionInfo, Group, Implicit, ParamInfo, Result, entry, param};

const D: ParamInfo = param("d", Accepts::LocalTime);
const FROM: ParamInfo = param("from", Accepts::LocalTime);
const TO: ParamInfo = param("to", Accepts::LocalTime);

/// A function of times.
const fn time(
    name: &'static str,
    aliases: &'static [&'static str],
    params: &'static [ParamInfo],
    result: Type,
    doc: &'static str,
    example: (&'static str, &'static str),
) -> FunctionInfo {
    entry(Group::Time, name, aliases, params, Result::Type(result), doc, example)
}

pub(super) const ENTRIES: &[FunctionInfo] = &[
    time("year", &[], &[D], Type::Int, "The year.", ("year(2026-11-24)", "2026")),
    time(
        "quarter",
        &[],
        &[D],
        Type::Int,
        "The quarter of the year, 1 to 4.",
        ("quarter(2026-11-24)", "4"),
    ),
    time(
        "month",
        &[],
        &[D],
        Type::Int,
        "The month of the year, 1 to 12.",
        ("month(2026-11-24)", "11"),
    ),
    time(
        "week",
        &["iso_week", "week_of_year", "week_num", "isoweeknum"],
        &[D],
        Type::Int,
        "The ISO week of the year, 1 to 53. Weeks start on Monday and belong to the year that has \
         their Thursday: 1 January may be in week 52 or 53 of `week_year`.",
        ("week(2027-01-01)", "53"),
    ),
    time(
        "week_year",
        &["iso_year"],
        &[D],
        Type::Int,
        "The year that the ISO week belongs to; see `week`.",
        ("week_year(2027-01-01)", "2026"),
    ),
    time(
        "day",
        &["day_of_month"],
        &[D],
        Type::Int,
        "The day of the month, 1 to 31.",
        ("day(2026-11-24)", "24"),
    ),
    time(
        "day_of_year",
        &["doy"],
        &[D],
        Type::Int,
        "The day of the year, 1 to 366.",
        ("day_of_year(2026-02-01)", "32"),
    ),
    time(
        "weekday",
        &["day_of_week", "dow", "iso_dow"],
        &[D],
        Type::Int,
        "The day of the week by ISO: 1 is Monday, 7 is Sunday.",
        ("weekday(2026-11-24)", "2"),
    ),
    time(
        "weekday_name",
        &["day_name"],
        &[D],
        Type::Text,
        "The English name of the day of the week.",
        ("weekday_name(2026-11-24)", "\"Tuesday\""),
    ),
    time(
        "month_name",
        &[],
        &[D],
        Type::Text,
        "The English name of the month.",
        ("month_name(2026-11-24)", "\"November\""),
    ),
    time(
        "year_month",
        &["year_and_month", "yyyymm"],
        &[D],
        Type::Int,
        "Year and month as one number: 202611 for November 2026.",
        ("year_month(2026-11-24)", "202611"),
    ),
    time(
        "hour",
        &["hours"],
        &[D],
        Type::Int,
        "The hour of the local day, 0 to 23; 0 for a date.",
        ("hour(2026-11-24T09:30)", "9"),
    ),
    time(
        "minute",
        &["minutes"],
        &[D],
        Type::Int,
        "The minute of the hour, 0 to 59; 0 for a date.",
        ("minute(2026-11-24T09:30)", "30"),
    ),
    time(
        "second",
        &["seconds"],
        &[D],
        Type::Int,
        "The whole second of the minute, 0 to 59; 0 for a date.",
        ("second(2026-11-24T09:30:59)", "59"),
    ),
    time(
        "days_between",
        &["days_diff", "date_diff", "day_diff", "date_sub"],
        &[FROM, TO],
        Type::Int,
        "How many days `to` is after `from`, by the local calendar: the midnights between them, \
         whatever the time of day. Negative when `to` is earlier. The earlier one comes first.",
        ("days_between(2026-11-01, 2026-11-24)", "23"),
    ),
    time(
        "weeks_between",
        &["weeks_diff", "week_diff"],
        &[FROM, TO],
        Type::Int,
        "How many full weeks of seven days lie between two local days; a started one does not \
         count. Negative when `to` is earlier.",
        ("weeks_between(2026-11-01, 2026-11-24)", "3"),
    ),
    time(
        "months_between",
        &["months_diff", "month_diff"],
        &[FROM, TO],
        Type::Int,
        "How many full calendar months lie between two local days: the most months that can be \
         added to `from` without passing `to`, where 31 January plus one month is the last of \
         February. The time of day does not count. Negative, with the sides swapped, when `to` is \
         earlier.",
        ("months_between(2026-01-31, 2026-02-28)", "1"),
    ),
    time(
        "years_between",
        &["years_diff", "year_diff"],
        &[FROM, TO],
        Type::Int,
        "How many full years lie between two local days: twelve full months each, see \
         `months_between`. 29 February returns on the 28th in common years.",
        ("years_between(2000-02-29, 2026-02-28)", "26"),
    ),
    time(
        "hours_between",
        &["hours_diff", "hour_diff"],
        &[param("from", Accepts::Instant), param("to", Accepts::Instant)],
        Type::Int,
        "How many full hours passed from one instant to the other, over clock changes too; a \
         started one does not count. Negative when `to` is earlier.",
        ("hours_between(2026-03-29T01:30+01:00, 2026-03-29T03:30+02:00)", "1"),
    ),
    time(
        "minutes_between",
        &["minutes_diff", "minute_diff"],
        &[param("from", Accepts::Instant), param("to", Accepts::Instant)],
        Type::Int,
        "How many full minutes passed from one instant to the other; a started one does not count. \
         Negative when `to` is earlier.",
        ("minutes_between(2026-11-24T09:30, 2026-11-24T10:15:59)", "45"),
    ),
    time(
        "seconds_between",
        &["seconds_diff", "second_diff"],
        &[param("from", Accepts::Instant), param("to", Accepts::Instant)],
        Type::Int,
        "How many full seconds passed from one instant to the other. Negative when `to` is earlier.",
        ("seconds_between(2026-11-24T09:30, 2026-11-24T09:31)", "60"),
    ),
    time(
        "age",
        &["years_old", "age_in_years"],
        &[D],
        Type::Int,
        "The age in full years on the run's day, `years_between(d, today)`: someone born on 29 \
         February is a year older on the 28th in common years. Negative for a day to come.",
        ("age(2008-11-24)", "18"),
    )
    .implicit(&[Implicit::Today]),
    time(
        "days_since",
        &["days_old", "recency"],
        &[D],
        Type::Int,
        "How many days ago a local day was, `days_between(d, today)`. Negative for a day to come.",
        ("days_since(2026-11-01)", "23"),
    )
    .implicit(&[Implicit::Today]),
    time(
        "days_until",
        &["days_left"],
        &[D],
        Type::Int,
        "In how many days a local day comes, `days_between(today, d)`. Negative for a past day.",
        ("days_until(2026-12-24)", "30"),
    )
    .implicit(&[Implicit::Today]),
    time(
        "start_of_minute",
        &["trunc_minute"],
        &[D],
        Type::Timestamp,
        "The start of the minute, in local time.",
        ("start_of_minute(2026-11-24T09:30:59)", "2026-11-24T09:30:00"),
    ),
    time(
        "start_of_hour",
        &["trunc_hour"],
        &[D],
        Type::Timestamp,
        "The start of the hour, in local time.",
        ("start_of_hour(2026-11-24T09:30)", "2026-11-24T09:00:00"),
    ),
    time(
        "start_of_day",
        &["trunc_day", "midnight"],
        &[D],
        Type::Timestamp,
        "Midnight at the start of the local day, a timestamp. The day itself is `date(d)`.",
        ("start_of_day(2026-11-24T09:30)", "2026-11-24T00:00:00"),
    ),
    time(
        "start_of_week",
        &["trunc_week", "first_day_of_week"],
        &[D],
        Type::Date,
        "The Monday of the week.",
        ("start_of_week(2026-11-29)", "2026-11-23"),
    ),
    time(
        "start_of_month",
        &["trunc_month", "first_day_of_month", "bom"],
        &[D],
        Type::Date,
        "The first day of the month.",
        ("start_of_month(2026-11-24)", "2026-11-01"),
    ),
    time(
        "start_of_quarter",
        &["trunc_quarter"],
        &[D],
        Type::Date,
        "The first day of the quarter.",
        ("start_of_quarter(2026-11-24)", "2026-10-01"),
    ),
    time(
        "start_of_year",
        &["trunc_year"],
        &[D],
        Type::Date,
        "The first day of the year.",
        ("start_of_year(2026-11-24)", "2026-01-01"),
    ),
    time(
        "end_of_week",
        &["last_day_of_week"],
        &[D],
        Type::Date,
        "The Sunday of the week.",
        ("end_of_week(2026-11-24)", "2026-11-29"),
    ),
    time(
        "end_of_month",
        &["last_day", "eomonth", "last_day_of_month"],
        &[D],
        Type::Date,
        "The last day of the month.",
        ("end_of_month(2028-02-01)", "2028-02-29"),
    ),
    time(
        "end_of_quarter",
        &["last_day_of_quarter"],
        &[D],
        Type::Date,
        "The last day of the quarter.",
        ("end_of_quarter(2026-11-24)", "2026-12-31"),
    ),
    time(
        "end_of_year",
        &["last_day_of_year"],
        &[D],
        Type::Date,
        "The last day of the year.",
        ("end_of_year(2026-11-24)", "2026-12-31"),
    ),
    time(
        "format_date",
        &["strftime", "date_format", "format_timestamp"],
        &[D, param("format", Accepts::Text).constant()],
        Type::Text,
        "The local time as text of this format; month and day names are English. The letters are \
         listed under \"Date formats\".",
        ("format_date(2026-11-24, \"D MMMM YYYY\")", "\"24 November 2026\""),
    ),
    time(
        "in_timezone",
        &["to_time_zone", "at_time_zone", "convert_timezone", "from_utc_timestamp"],
        &[param("t", Accepts::Instant), param("zone", Accepts::Text)],
        Type::Timestamp,
        "What the clocks of a time zone show at an instant; `zone` may be a column. Missing for an \
         unknown zone; one written in the script is an error when it is unknown.",
        ("in_timezone(2026-11-24T09:30Z, \"Asia/Tokyo\")", "2026-11-24T18:30:00"),
    ),
    time(
        "make_date",
        &["date_from_parts", "date_serial"],
        &[param("year", Accepts::Int), param("month", Accepts::Int), param("day", Accepts::Int)],
        Type::Date,
        "The date of a year, a month and a day. Missing where there is no such day, and outside the years 1 to 9999.",
        ("make_date(2026, 11, 24)", "2026-11-24"),
    ),
    time(
        "to_unix",
        &["epoch", "unix_timestamp"],
        &[param("t", Accepts::Instant)],
        Type::Int,
        "The instant as whole seconds since 1970-01-01 in UTC; parts of a second are cut off.",
        ("to_unix(2026-11-24T00:00Z)", "1795478400"),
    ),
    time(
        "from_unix",
        &["from_unixtime", "epoch_to_timestamp"],
        &[param("seconds", Accepts::Int)],
        Type::Instant,
        "The instant that many seconds after 1970-01-01 in UTC. Missing outside the years 1 to 9999, \
         which milliseconds of our days are: `from_unix(int(x / 1000))`.",
        ("year(from_unix(1795478400))", "2026"),
    ),
];
