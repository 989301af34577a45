//! What a plan warns of: audiences that change more than somebody would expect.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::warnings;
use crate::source::Span;

use super::report::SaveReport;

/// Changes of fewer members than this are nobody's surprise.
const FEW: u64 = 10;

/// How far an audience may change before a plan warns. Shares of the members before: 0.5 is half of
/// them; nothing: never.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// So many may leave.
    pub shrink: Option<f64>,
    /// So many may enter.
    pub grow: Option<f64>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { shrink: Some(0.3), grow: Some(1.0) }
    }
}

impl Limits {
    /// What is to be said of a save.
    pub fn warnings(&self, save: &SaveReport, span: Span) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let label = &save.label;
        let mut warn = |code, title: String, at: &str, help: &str| {
            found.push(Diagnostic::warning(code, title).label(span, at).help(help.to_owned()));
        };
        let everybody = save.dimension_size == Some(save.now) && save.now > 0;
        if everybody && (save.was != save.now || save.entered > 0) {
            warn(
                warnings::AUDIENCE_EVERYBODY,
                format!("\"{label}\" would be everybody: all {} of {}", save.now, save.dimension),
                "leaves nobody out",
                "look at its rule, or at a missing `where`",
            );
        }
        // That a full audience becomes empty is said where it is computed.
        if save.now == 0 && save.was == 0 && save.created {
            warn(
                warnings::AUDIENCE_EMPTY,
                format!("\"{label}\" would be new, and empty"),
                "nobody is in it",
                "see who is left out, and where, with `camp why KEY TRANSITION`",
            );
        }
        let exceeds = |members: u64, limit: Option<f64>| {
            members >= FEW && limit.is_some_and(|l| members as f64 > l * save.was as f64)
        };
        if save.was > 0 && save.now > 0 && exceeds(save.left, self.shrink) {
            warn(
                warnings::AUDIENCE_SHRINKS,
                format!("\"{label}\" would lose {} of its {} members", save.left, save.was),
                "more than usual",
                "look at who leaves; another limit: `--warn-shrink 50%`",
            );
        }
        if save.was > 0 && exceeds(save.entered, self.grow) {
            warn(
                warnings::AUDIENCE_GROWS,
                format!("\"{label}\" has {} members and would gain {}", save.was, save.entered),
                "more than usual",
                "look at who enters; another limit: `--warn-grow 200%`",
            );
        }
        found
    }
}

/// A limit as it is written: `30%`, `12.5%`, `never`.
///
/// # Errors
/// What is expected, for texts that are no such thing.
pub fn parse(text: &str) -> Result<Option<f64>, String> {
    let text = text.trim();
    if text == "never" {
        return Ok(None);
    }
    let number = text.strip_suffix('%').map(str::trim_end).and_then(|n| n.parse::<f64>().ok());
    match number {
        Some(percent) if percent.is_finite() && percent >= 0.0 => Ok(Some(percent / 100.0)),
        _ => Err("expected a share such as 30%, or never".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn save(was: u64, now: u64, entered: u64, left: u64) -> SaveReport {
        SaveReport {
            campaign: "c".into(),
            label: "VIP".into(),
            dimension: "customers".into(),
            dimension_size: Some(1000),
            was,
            now,
            entered,
            left,
            changed: 0,
            version: 2,
            created: was == 0,
            expires: None,
        }
    }

    fn codes(limits: Limits, save: &SaveReport) -> Vec<String> {
        let found = limits.warnings(save, Span::default());
        found.iter().map(|d| d.code.to_string()).collect()
    }

    #[test]
    fn what_changes_beyond_a_limit_is_warned_of() {
        let usual = Limits::default();
        let cases: [(SaveReport, &[&str]); 9] = [
            // Exactly at the limit is within it: 30 % of 100 leave, 100 % of 100 enter.
            (save(100, 70, 0, 30), &[]),
            (save(100, 69, 0, 31), &["W0987"]),
            (save(100, 200, 100, 0), &[]),
            (save(100, 201, 101, 0), &["W0988"]),
            // As many as before, others.
            (save(100, 100, 90, 90), &["W0987"]),
            // Few members come and go all the time.
            (save(12, 3, 0, 9), &[]),
            (save(0, 1000, 1000, 0), &["W0985"]),
            (save(1000, 1000, 0, 0), &[]),
            (save(0, 0, 0, 0), &["W0986"]),
        ];
        for (save, expected) in cases {
            assert_eq!(codes(usual, &save), expected, "{save:?}");
        }
        let never = Limits { shrink: None, grow: None };
        assert_eq!(codes(never, &save(100, 100, 90, 90)), [""; 0]);
    }

    #[test]
    fn limits_are_shares_or_never() {
        assert_eq!(parse("30%"), Ok(Some(0.3)));
        assert_eq!(parse("12.5 %"), Ok(Some(0.125)));
        assert_eq!(parse("never"), Ok(None));
        for wrong in ["30", "-1%", "%", "half", "inf%", "NaN%"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
