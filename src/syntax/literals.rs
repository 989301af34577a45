//! Numbers and dates: whether what looks like one is one.
//!
//! What is not is reported and read as something harmless, so that the rest is checked too.

use super::scan::{Kind, Token};
use super::spelling::Patch;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::syntax as codes;
use crate::source::Span;

/// Checks the numbers and dates of a statement.
pub(super) fn check(
    text: &str,
    tokens: &[Token],
    base: u32,
    patches: &mut Vec<Patch>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    // `schedule daily at 7am` is answered by the schedule itself.
    let header = tokens.first().is_some_and(|t| t.text(text) == "campaign");
    for (index, token) in tokens.iter().enumerate() {
        let written = token.text(text);
        let mut start = token.start;
        let found = match token.kind {
            Kind::Number if !header => {
                let point = index.checked_sub(1).map(|i| &tokens[i]).filter(|p| {
                    p.text(text) == "."
                        && p.end == token.start
                        && !text[..p.start].ends_with(|c: char| {
                            c.is_alphanumeric() || matches!(c, '_' | ')' | '`')
                        })
                });
                match point {
                    Some(point) => {
                        start = point.start;
                        Some(Wrong {
                            code: codes::NUMBER,
                            title: format!("`.{written}` is not a number"),
                            help: format!("write `0.{written}`"),
                            with: format!("0.{written}"),
                        })
                    }
                    None => number(written),
                }
            }
            Kind::Date => date(written),
            _ => None,
        };
        let Some(wrong) = found else { continue };
        let span = Span::new(base + start as u32, base + token.end as u32);
        let label = if wrong.code == codes::DATE { "not a date" } else { "not a number" };
        diagnostics
            .push(Diagnostic::error(wrong.code, wrong.title).label(span, label).help(wrong.help));
        patches.push(Patch { start, end: token.end, with: wrong.with });
    }
}

struct Wrong {
    code: crate::diagnostic::Code,
    title: String,
    help: String,
    with: String,
}

/// Digits in groups joined by `_`, at most one point between digits.
fn is_number(text: &str) -> bool {
    let group = |g: &str| !g.is_empty() && g.bytes().all(|b| b.is_ascii_digit());
    let digits = |d: &str| d.split('_').all(group);
    match text.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text),
    }
}

fn number(written: &str) -> Option<Wrong> {
    let bare = written.strip_suffix('%').unwrap_or(written);
    if is_number(bare) {
        return None;
    }
    let digits = bare.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(bare.len());
    let (amount, rest) = bare.split_at(digits);
    let unit = match rest {
        "d" => Some("days"),
        "h" => Some("hours"),
        "w" => Some("weeks"),
        "y" => Some("years"),
        "min" => Some("minutes"),
        _ => super::names::unit(rest).is_some().then_some(rest),
    };
    let (help, with) = match unit.filter(|_| is_number(amount)) {
        Some(unit) => (format!("write `{amount} {unit}`"), format!("{amount} {unit}")),
        None if bare.ends_with('_') || bare.contains("__") => {
            let plain = bare.trim_end_matches('_').replace("__", "_");
            (format!("write `{plain}`"), "0".to_owned())
        }
        None => {
            ("write digits with at most one point, such as `1_000.50`".to_owned(), "0".to_owned())
        }
    };
    Some(Wrong { code: codes::NUMBER, title: format!("`{written}` is not a number"), help, with })
}

/// What a date is read as when it is none.
const ANY_DATE: &str = "2000-01-01";

fn date(written: &str) -> Option<Wrong> {
    let bytes = written.as_bytes();
    let digits = |range: std::ops::Range<usize>| {
        bytes.get(range).is_some_and(|b| b.iter().all(u8::is_ascii_digit))
    };
    let iso = digits(0..4)
        && bytes.get(4) == Some(&b'-')
        && digits(5..7)
        && bytes.get(7) == Some(&b'-')
        && digits(8..10);
    let wrong = |title: String, help: String, with: &str| {
        Some(Wrong { code: codes::DATE, title, help, with: with.to_owned() })
    };
    if !iso {
        return unlike(written);
    }
    let number = |range: std::ops::Range<usize>| written[range].parse::<i16>().unwrap_or(0);
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let Ok(first) = jiff::civil::Date::new(year, month.clamp(0, 99) as i8, 1) else {
        let help = if (1..=12).contains(&day) && (1..=31).contains(&month) {
            format!("did you mean `{year:04}-{day:02}-{month:02}`?")
        } else {
            "use a month from 01 to 12".to_owned()
        };
        return wrong(format!("There is no month {month:02}"), help, ANY_DATE);
    };
    let length = i16::from(first.days_in_month());
    if !(1..=length).contains(&day) {
        let help = format!("use a day from 01 to {length}");
        return wrong(format!("There is no {year:04}-{month:02}-{day:02}"), help, ANY_DATE);
    }
    let time = &written[10..];
    if time.is_empty() || is_time(time) {
        return None;
    }
    let help = "write the time as in `2026-11-24T09:30`, with `Z` or `+01:00` behind it for a zone";
    wrong(format!("`{written}` has no readable time"), help.to_owned(), &written[..10])
}

/// `T09:30`, `T09:30:15.5`, with `Z` or an offset.
fn is_time(text: &str) -> bool {
    let two = |part: &str, high: u8| {
        part.len() == 2
            && part.bytes().all(|b| b.is_ascii_digit())
            && part.parse().is_ok_and(|n: u8| n <= high)
    };
    let Some(text) = text.strip_prefix('T') else { return false };
    let (clock, offset) = match text.find(['Z', '+', '-']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let zone = match offset.strip_prefix(['+', '-']) {
        Some(zone) => zone.split_once(':').is_some_and(|(h, m)| two(h, 15) && two(m, 59)),
        None => offset.is_empty() || offset == "Z",
    };
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (clock, None),
    };
    let mut parts = clock.split(':');
    let hours = parts.next().is_some_and(|h| two(h, 23));
    let minutes = parts.next().is_some_and(|m| two(m, 59));
    let seconds = parts.next();
    let fraction_fits = match fraction {
        Some(f) => seconds.is_some() && !f.is_empty() && f.bytes().all(|b| b.is_ascii_digit()),
        None => true,
    };
    zone && hours
        && minutes
        && seconds.is_none_or(|s| two(s, 59))
        && fraction_fits
        && parts.next().is_none()
}

/// Something like a date in another form: `2026-1-5`, `24/11/2026`, `24.11.2026`, `2026-11`.
fn unlike(written: &str) -> Option<Wrong> {
    let sign = written.find(['-', '/', '.']).and_then(|at| written[at..].chars().next())?;
    let head = written.find(|c: char| !(c.is_ascii_digit() || c == sign)).unwrap_or(written.len());
    let (dates, rest) = written.split_at(head);
    let parts: Vec<&str> = dates.split(sign).collect();
    let value = |i: usize| parts.get(i).and_then(|p| p.parse::<u32>().ok()).unwrap_or(0);
    let long = |i: usize| parts.get(i).is_some_and(|p| p.len() == 4);
    if sign == '.' && !long(0) && !long(2) {
        let groups = parts.len() > 2 && parts.iter().skip(1).all(|p| p.len() == 3);
        let help = if groups {
            format!("write `{}`", parts.join("_"))
        } else {
            "write digits with at most one point, such as `1_000.50`".to_owned()
        };
        return Some(Wrong {
            code: codes::NUMBER,
            title: format!("`{written}` is not a number"),
            help,
            with: "0".to_owned(),
        });
    }
    let title = format!("`{written}` is not a date");
    let wrong = |help: String, with: Option<String>| {
        let with = with.filter(|w| date(w).is_none()).unwrap_or_else(|| ANY_DATE.to_owned());
        Some(Wrong { code: codes::DATE, title: title.clone(), help, with })
    };
    if parts.len() == 2 {
        let help = format!("write a whole date, `{dates}-01`, or blanks around the `-`");
        return wrong(help, None);
    }
    let one = |year: u32, month: u32, day: u32| {
        // With more digits it would be a date in another form again, and so without end.
        if month > 99 || day > 99 {
            return None;
        }
        let written = format!("{year:04}-{month:02}-{day:02}{rest}");
        date(&written).is_none().then_some(written)
    };
    let candidates: Vec<String> = if long(0) {
        one(value(0), value(1), value(2)).into_iter().collect()
    } else if long(2) {
        let (a, b, year) = (value(0), value(1), value(2));
        let mut both: Vec<String> =
            [one(year, b, a), one(year, a, b)].into_iter().flatten().collect();
        both.dedup();
        both
    } else {
        Vec::new()
    };
    match candidates.as_slice() {
        [only] => wrong(format!("write `{only}`"), Some(only.clone())),
        [day_first, month_first] => {
            wrong(format!("write `{day_first}` or `{month_first}`"), Some(day_first.clone()))
        }
        _ => wrong("write year, month and day: `2026-11-24`".to_owned(), None),
    }
}
