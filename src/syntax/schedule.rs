//! The words of a schedule.

use super::ast::{Clock, Schedule};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::syntax as codes;
use crate::diagnostic::suggest::nearest;
use crate::source::{Span, Spanned};

const KINDS: [&str; 6] = ["hourly", "daily", "weekly", "monthly", "yearly", "every"];
const DAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// The longest month lengths, 29 February among them.
const LENGTHS: [u8; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

type Read<T> = Result<T, Box<Diagnostic>>;

/// Reads `weekly on monday, friday at 05:00`.
pub(super) fn read(words: &[Spanned<String>]) -> Read<Schedule> {
    let mut words = Words { words, at: 0 };
    let kind = words.one_of(&KINDS, FORMS)?;
    let schedule = match KINDS[kind] {
        "hourly" => Schedule::Hourly,
        "daily" => Schedule::Daily(words.clock()?),
        "weekly" => {
            words.expect("on", "name the days: `weekly on monday, friday at 05:00`")?;
            let mut days = Vec::new();
            loop {
                let day = words.one_of(&DAYS, "use a day from `monday` to `sunday`")? as u8 + 1;
                if !days.contains(&day) {
                    days.push(day);
                }
                // Also `monday and friday`, as people say it.
                if !words.take(",") && !words.take("and") {
                    break;
                }
            }
            days.sort_unstable();
            Schedule::Weekly(days, words.clock()?)
        }
        "monthly" => {
            let help = "write `monthly on day 1 at 06:00` or `monthly on last day at 06:00`";
            words.expect("on", help)?;
            if words.take("last") {
                words.expect("day", help)?;
                Schedule::MonthlyLast(words.clock()?)
            } else {
                words.expect("day", help)?;
                let day = words.number(1, 31, "use a day from 1 to 31, or `last day`")? as u8;
                Schedule::MonthlyOn(day, words.clock()?)
            }
        }
        "yearly" => {
            let help = "write `yearly on 1 january at 02:00`";
            words.expect("on", help)?;
            let place = words.here();
            let day = words.number(1, 31, help)? as u8;
            let month = words.one_of(&MONTHS, "use a month from `january` to `december`")?;
            if day > LENGTHS[month] {
                let place = place.to(words.before());
                let help = format!("use a day from 1 to {}", LENGTHS[month]);
                let title = format!("There is no {day} {}", MONTHS[month]);
                return Err(problem(title, place, "never comes", help));
            }
            Schedule::Yearly(day, month as u8 + 1, words.clock()?)
        }
        _ => {
            let help = "write `every 15 minutes` or `every 2 hours`";
            let number = words.number(1, 1_000_000, help)?;
            let unit = words.one_of(&["minute", "minutes", "hour", "hours"], help)?;
            Schedule::EveryMinutes(if unit < 2 { number } else { number * 60 })
        }
    };
    match words.words.get(words.at) {
        None => Ok(schedule),
        Some(more) => Err(problem(
            format!("`{}` is not part of the schedule", more.node),
            more.span,
            "one word too many",
            format!("remove it, or use one of {FORMS_SHORT}"),
        )),
    }
}

const FORMS: &str = "use `hourly`, `daily at 07:00`, `weekly on monday at 05:00`, \
    `monthly on day 1 at 06:00`, `yearly on 1 january at 02:00` or `every 15 minutes`";
const FORMS_SHORT: &str = "`hourly`, `daily`, `weekly`, `monthly`, `yearly` and `every`";

fn problem(
    title: impl Into<String>,
    span: Span,
    label: &str,
    help: impl Into<String>,
) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(codes::SCHEDULE, title).label(span, label).help(help))
}

struct Words<'w> {
    words: &'w [Spanned<String>],
    at: usize,
}

impl Words<'_> {
    /// The next word's place, else that behind the last one.
    fn here(&self) -> Span {
        match self.words.get(self.at) {
            Some(word) => word.span,
            None => {
                self.words.last().map_or(Span::default(), |w| Span::new(w.span.end, w.span.end))
            }
        }
    }

    fn before(&self) -> Span {
        self.at.checked_sub(1).and_then(|i| self.words.get(i)).map_or(Span::default(), |w| w.span)
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.words.get(self.at).is_some_and(|w| w.node == word);
        self.at += usize::from(found);
        found
    }

    /// What stands there instead, or that nothing does.
    fn wrong(&self, help: impl Into<String>) -> Box<Diagnostic> {
        match self.words.get(self.at) {
            Some(word) => {
                let title = format!("`{}` does not fit the schedule", word.node);
                problem(title, word.span, "not known here", help)
            }
            None => problem("The schedule is not finished", self.before(), "ends here", help),
        }
    }

    fn expect(&mut self, word: &str, help: &str) -> Read<()> {
        if self.take(word) { Ok(()) } else { Err(self.wrong(help)) }
    }

    fn one_of(&mut self, choices: &[&str], help: &str) -> Read<usize> {
        let written = self.words.get(self.at).map(|w| w.node.as_str());
        if let Some(found) = choices.iter().position(|c| Some(*c) == written) {
            self.at += 1;
            return Ok(found);
        }
        match written.and_then(|w| nearest(w, choices.iter().copied())) {
            Some(near) => Err(self.wrong(format!("did you mean `{near}`?"))),
            None => Err(self.wrong(help)),
        }
    }

    fn number(&mut self, low: u32, high: u32, help: &str) -> Read<u32> {
        let number = self.words.get(self.at).and_then(|w| w.node.parse().ok());
        match number.filter(|n| (low..=high).contains(n)) {
            Some(number) => {
                self.at += 1;
                Ok(number)
            }
            None => Err(self.wrong(help)),
        }
    }

    /// `at 07:00`, or midnight.
    fn clock(&mut self) -> Read<Clock> {
        if !self.take("at") {
            return match self.words.get(self.at) {
                Some(w) if w.node.contains(':') => {
                    Err(self.wrong(format!("write `at {}`", w.node)))
                }
                _ => Ok(Clock::default()),
            };
        }
        let written = self.words.get(self.at).map_or("", |w| w.node.as_str());
        let parts = written.split_once(':').and_then(|(h, m)| {
            Some((h.parse::<u8>().ok()?, m.parse::<u8>().ok().filter(|_| m.len() == 2)?))
        });
        match parts {
            Some((hour, minute)) if hour < 24 && minute < 60 => {
                if written.len() != 5 {
                    return Err(self.wrong(format!("write `{hour:02}:{minute:02}`")));
                }
                self.at += 1;
                Ok(Clock { hour, minute })
            }
            _ => Err(self.wrong(match half_day(written) {
                Some(hour) => format!("write `{hour:02}:00`"),
                None => "write a time from `00:00` to `23:59`".to_owned(),
            })),
        }
    }
}

/// `7am`, `7pm` → the hour.
fn half_day(written: &str) -> Option<u8> {
    let lower = written.to_lowercase();
    let (hour, noon) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(hour), _) => (hour, 0),
        (_, Some(hour)) => (hour, 12),
        _ => return None,
    };
    let hour: u8 = hour.parse().ok().filter(|h| (1..=12).contains(h))?;
    Some(hour % 12 + noon)
}
