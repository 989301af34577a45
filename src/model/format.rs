//! Date formats: the letters a script writes (`DD/MM/YYYY`), turned into the engine's `strptime`
//! and `strftime` letters and into a pattern that a text has to have. The only place that knows
//! either set of letters.
//!
//! | letters | part |
//! |---|---|
//! | `YYYY` `YY` | year; two digits are 1969 to 2068 |
//! | `MMMM` `MMM` `MM` `M` | month: English name, its first three letters, `07`, `7` |
//! | `DD` `D` | day of the month: `04`, `4` |
//! | `dddd` `ddd` | day of the week: English name, its first three letters |
//! | `HH` `H` | hour, 0 to 23 |
//! | `hh` `h` with `A` | hour, 1 to 12, with `AM` or `PM` |
//! | `mm` `ss` | minute, second |
//! | `SSS` `SSSSSS` | milliseconds, microseconds |
//! | `Z` | offset from UTC: `+01:00`, `+0100`, `+01`; a fixed `Z` is `[Z]` |
//!
//! Everything that is not a letter stands for itself, and so do a `T` and text in square brackets.

/// The letters, longest first where one starts another: written, engine's, pattern of the text.
const PARTS: &[(&str, &str, &str)] = &[
    ("YYYY", "%Y", r"\d{4}"),
    ("YY", "%y", r"\d{2}"),
    ("MMMM", "%B", r"\pL+"),
    ("MMM", "%b", r"\pL{3}"),
    ("MM", "%m", r"\d{2}"),
    ("M", "%-m", r"\d{1,2}"),
    ("DD", "%d", r"\d{2}"),
    ("D", "%-d", r"\d{1,2}"),
    ("dddd", "%A", r"\pL+"),
    ("ddd", "%a", r"\pL{3}"),
    ("HH", "%H", r"\d{2}"),
    ("H", "%-H", r"\d{1,2}"),
    ("hh", "%I", r"\d{2}"),
    ("h", "%-I", r"\d{1,2}"),
    ("mm", "%M", r"\d{2}"),
    ("ss", "%S", r"\d{2}"),
    ("SSSSSS", "%f", r"\d{1,6}"),
    ("SSS", "%g", r"\d{1,3}"),
    ("A", "%p", r"[AaPp][Mm]"),
    ("Z", "%z", r"[+-]\d{2}(?::?\d{2})?"),
];

/// What other tools write for a part, and what is meant.
const ELSEWHERE: &[(&str, &str)] = &[
    ("yyyy", "YYYY"),
    ("yy", "YY"),
    ("dd", "DD"),
    ("d", "D"),
    ("Mon", "MMM"),
    ("Month", "MMMM"),
    ("MON", "MMM"),
    ("MONTH", "MMMM"),
    ("MI", "mm"),
    ("HH24", "HH"),
    ("HH12", "hh"),
    ("SS", "ss"),
    ("m", "mm"),
    ("s", "ss"),
    ("S", "SSS"),
    ("a", "A"),
    ("AM", "A"),
    ("PM", "A"),
    ("XXX", "Z"),
    ("TZ", "Z"),
];

/// A piece of a format.
enum Piece<'a> {
    /// The engine's letter and the pattern of the text.
    Part(&'static str, &'static str),
    /// Stands for itself.
    Text(&'a str),
}

/// The format for reading texts, in the engine's letters; on failure what is wrong, as the start
/// of a title. Texts must also have the shape of [`to_pattern`]: the engine alone reads
/// `3/4/25` as the year 25 and `infinity` as 1900.
pub fn to_strptime(format: &str) -> Result<String, String> {
    to_engine(format)
}

/// The format for writing times, in the engine's letters.
pub fn to_strftime(format: &str) -> Result<String, String> {
    to_engine(format)
}

fn to_engine(format: &str) -> Result<String, String> {
    let mut out = String::new();
    for piece in pieces(format)? {
        match piece {
            Piece::Part(letter, _) => out.push_str(letter),
            Piece::Text(text) => out.push_str(&text.replace('%', "%%")),
        }
    }
    Ok(out)
}

/// The RE2 pattern that a whole text of this format matches: as many digits as the letters say.
/// Days, months and hours that stand between signs may have one digit: people write `9/1/2025`
/// under `MM/DD/YYYY`. White space around it is allowed for.
pub fn to_pattern(format: &str) -> Result<String, String> {
    let mut out = String::from(r"\s*");
    let pieces = pieces(format)?;
    let is_part = |at: Option<usize>| {
        at.and_then(|at| pieces.get(at)).is_some_and(|p| matches!(p, Piece::Part(..)))
    };
    for (at, piece) in pieces.iter().enumerate() {
        let alone = !is_part(at.checked_sub(1)) && !is_part(Some(at + 1));
        match piece {
            Piece::Part("%m" | "%d" | "%H" | "%I", _) if alone => out.push_str(r"\d{1,2}"),
            Piece::Part(_, pattern) => out.push_str(pattern),
            Piece::Text(text) => {
                for c in text.chars() {
                    if c.is_ascii_punctuation() {
                        out.push('\\');
                    }
                    out.push(c);
                }
            }
        }
    }
    out.push_str(r"\s*");
    Ok(out)
}

/// Whether a text of this format states its offset from UTC, so that it is an instant.
pub fn has_offset(format: &str) -> bool {
    pieces(format).is_ok_and(|p| p.iter().any(|p| matches!(p, Piece::Part("%z", _))))
}

/// Whether a text of this format states a time of day.
pub fn has_time(format: &str) -> bool {
    pieces(format)
        .is_ok_and(|p| p.iter().any(|p| matches!(p, Piece::Part("%H" | "%-H" | "%I" | "%-I", _))))
}

/// Whether a text of this format states a day: year, month and day of the month.
pub fn has_day(format: &str) -> bool {
    let Ok(pieces) = pieces(format) else { return false };
    let has = |letters: &[&str]| {
        pieces.iter().any(|p| matches!(p, Piece::Part(letter, _) if letters.contains(letter)))
    };
    has(&["%Y", "%y"]) && has(&["%m", "%-m", "%b", "%B"]) && has(&["%d", "%-d"])
}

fn pieces(format: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut out = Vec::new();
    let mut rest = format;
    let mut word_starts = true;
    while let Some(c) = rest.chars().next() {
        if let Some(inner) = rest.strip_prefix('[') {
            let end = inner.find(']').ok_or("a `[` of the date format is never closed")?;
            out.push(Piece::Text(&inner[..end]));
            rest = &inner[end + 1..];
        } else if c == '%' {
            let letters: String = rest.chars().take(2).collect();
            return Err(format!(
                "`{letters}` is no part of a date format, which is written like `YYYY-MM-DD`"
            ));
        } else if c.is_ascii_alphabetic() {
            if word_starts && let Some((theirs, ours)) = elsewhere(word(rest)) {
                return Err(format!("`{theirs}` is no part of a date format, `{ours}` is"));
            }
            // `YYYYMMDDTHHmm` is one run of letters, so a part takes all its repetitions.
            let same = rest.len() - rest.trim_start_matches(c).len();
            let run = &rest[..same];
            if let Some((written, engine, pattern)) = PARTS.iter().find(|p| p.0 == run) {
                out.push(Piece::Part(engine, pattern));
                rest = &rest[written.len()..];
            } else if run == "T" {
                out.push(Piece::Text(run));
                rest = &rest[1..];
            } else {
                return Err(match elsewhere(run) {
                    Some((theirs, ours)) => {
                        format!("`{theirs}` is no part of a date format, `{ours}` is")
                    }
                    None => format!(
                        "`{run}` is no part of a date format, which is written like `YYYY-MM-DD`"
                    ),
                });
            }
        } else {
            let end = rest
                .find(|c: char| c.is_ascii_alphabetic() || c == '[' || c == '%')
                .unwrap_or(rest.len());
            out.push(Piece::Text(&rest[..end]));
            rest = &rest[end..];
        }
        word_starts = !c.is_ascii_alphabetic();
    }
    if !out.iter().any(|p| matches!(p, Piece::Part(..))) {
        return Err("the date format names no part of a date, as `YYYY-MM-DD` does".to_owned());
    }
    Ok(out)
}

/// The letters and digits that a text starts with.
fn word(text: &str) -> &str {
    &text[..text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len())]
}

fn elsewhere(letters: &str) -> Option<(&'static str, &'static str)> {
    ELSEWHERE.iter().find(|(theirs, _)| *theirs == letters).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_formats_become_the_engines_letters() {
        for (ours, engine) in [
            ("YYYY-MM-DD", "%Y-%m-%d"),
            ("DD.MM.YYYY", "%d.%m.%Y"),
            ("D/M/YY", "%-d/%-m/%y"),
            ("YYYYMMDDTHHmmss", "%Y%m%dT%H%M%S"),
            ("DD MMM YYYY hh:mm A", "%d %b %Y %I:%M %p"),
            ("dddd D MMMM YYYY, H:mm", "%A %-d %B %Y, %-H:%M"),
            ("YYYY-MM-DDTHH:mm:ss.SSSZ", "%Y-%m-%dT%H:%M:%S.%g%z"),
            ("[week of] YYYY-MM-DD", "week of %Y-%m-%d"),
            ("DD[%]MM[%]YYYY", "%d%%%m%%%Y"),
        ] {
            assert_eq!(to_strptime(ours).as_deref(), Ok(engine), "{ours}");
        }
    }

    #[test]
    fn what_other_tools_write_is_answered_with_the_right_letters() {
        for (theirs, part) in [
            ("dd/MM/yyyy", "`DD`"),
            ("DD/MM/yyyy", "`YYYY`"),
            ("DD Mon YYYY", "`MMM`"),
            ("YYYY-MM-DD HH24:MI", "`HH`"),
            ("%d/%m/%Y", "`YYYY-MM-DD`"),
            ("YYYY-MM-DD HH:mm:SS", "`ss`"),
            ("YYYYY", "`YYYY-MM-DD`"),
        ] {
            let error = to_strptime(theirs).unwrap_err();
            assert!(error.contains(part), "{theirs}: {error}");
        }
        assert!(to_strptime("").is_err());
        assert!(to_strptime("--").is_err());
        assert!(to_strptime("YYYY [x").is_err());
    }

    #[test]
    fn a_pattern_asks_for_as_many_digits_as_the_letters() {
        assert_eq!(to_pattern("DD/MM/YYYY").as_deref(), Ok(r"\s*\d{1,2}\/\d{1,2}\/\d{4}\s*"));
        assert_eq!(to_pattern("D.M.YY").as_deref(), Ok(r"\s*\d{1,2}\.\d{1,2}\.\d{2}\s*"));
        assert_eq!(to_pattern("[a(b] YYYY").as_deref(), Ok(r"\s*a\(b \d{4}\s*"));
        // Without signs between them, one digit less could be read two ways.
        assert_eq!(to_pattern("YYYYMMDD").as_deref(), Ok(r"\s*\d{4}\d{2}\d{2}\s*"));
    }

    #[test]
    fn it_is_known_what_a_format_states() {
        assert!(has_day("DD/MM/YYYY") && !has_day("MM/YYYY"));
        assert!(has_time("DD/MM/YYYY HH:mm") && !has_time("DD/MM/YYYY"));
        assert!(has_offset("YYYY-MM-DDTHH:mm:ssZ") && !has_offset("YYYY-MM-DDTHH:mm:ss"));
    }
}
