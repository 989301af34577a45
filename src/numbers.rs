//! Numbers as people read them. Machine formats never use these.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

/// `1,234,567`
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 row`, `1,000 rows`
pub(crate) fn counted(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
}

/// The share of a whole: `12 %`, `0.4 %`. Only the whole is `100 %` and only nobody is `0 %`, so
/// that one missing person is seen.
pub(crate) fn share(part: u64, whole: u64) -> Option<String> {
    if whole == 0 || part > whole {
        return None;
    }
    let (part, whole) = (u128::from(part), u128::from(whole));
    let permille = (part * 2000 + whole) / (whole * 2);
    Some(match permille {
        _ if part == 0 => "0 %".to_owned(),
        _ if part == whole => "100 %".to_owned(),
        0 => "under 0.1 %".to_owned(),
        1..=9 => format!("0.{permille} %"),
        991..=1000 => format!("99.{} %", (permille - 990).min(9)),
        _ => format!("{} %", (permille + 5) / 10),
    })
}

/// `0.3 s`, `12 ms`, `2 min 5 s`
pub(crate) fn duration(time: Duration) -> String {
    match time.as_millis() {
        ms @ 0..100 => format!("{ms} ms"),
        ms @ 100..59_950 => format!("{}.{} s", (ms + 50) / 1000, (ms + 50) / 100 % 10),
        ms => {
            let seconds = (ms + 500) / 1000;
            format!("{} min {} s", seconds / 60, seconds % 60)
        }
    }
}

/// `2026-11-24 09:30 CET`
pub(crate) fn instant(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        for (n, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(n), text);
        }
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(counted(1000, "row"), "1,000 rows");
    }

    #[test]
    fn shares_round_but_never_to_everybody_or_nobody() {
        for (part, whole, text) in [
            (1000, 1000, "100 %"),
            (999, 1000, "99.9 %"),
            (999_999, 1_000_000, "99.9 %"),
            (995, 1000, "99.5 %"),
            (990, 1000, "99 %"),
            (125, 1000, "13 %"),
            (10, 1000, "1 %"),
            (4, 1000, "0.4 %"),
            (1, 1_000_000, "under 0.1 %"),
            (0, 10, "0 %"),
        ] {
            assert_eq!(share(part, whole).as_deref(), Some(text), "{part} of {whole}");
        }
        assert_eq!(share(0, 0), None);
        assert_eq!(share(u64::MAX, u64::MAX).as_deref(), Some("100 %"));
    }

    #[test]
    fn durations_have_the_unit_that_fits() {
        for (ms, text) in [
            (0, "0 ms"),
            (99, "99 ms"),
            (100, "0.1 s"),
            (3349, "3.3 s"),
            (9960, "10.0 s"),
            (59_949, "59.9 s"),
            (59_950, "1 min 0 s"),
            (125_000, "2 min 5 s"),
        ] {
            assert_eq!(duration(Duration::from_millis(ms)), text);
        }
    }

    #[test]
    fn instants_are_shown_in_their_zone() {
        let at: Timestamp = "2026-11-24T08:30:00Z".parse().unwrap();
        assert_eq!(instant(at, &TimeZone::get("Europe/Paris").unwrap()), "2026-11-24 09:30 CET");
    }
}
