//! Constant patterns are read at check time: RE2, no look-around, no back-references.

use regex_syntax::hir::{Hir, HirKind};

use crate::diagnostic::codes::types as codes;
use crate::model::expr::{Expr, ExprKind};
use crate::model::value::Value;

use super::binder::Binder;

/// RE2 refuses longer repetitions.
const MOST_REPETITIONS: u32 = 1000;

impl Binder<'_> {
    /// Checks a pattern that is known; one that is not is the engine's to check.
    pub(super) fn check_pattern(&mut self, pattern: &Expr) -> bool {
        let text = match &*pattern.kind {
            ExprKind::Literal(Value::Text(text)) => text.clone(),
            ExprKind::Param(id) => match &self.program[*id].value {
                Some(Value::Text(text)) => text.clone(),
                _ => return true,
            },
            _ => return true,
        };
        let Err(problem) = read(&text) else { return true };
        self.wrong(
            codes::BAD_PATTERN,
            "A pattern cannot be read",
            pattern.span,
            problem.label,
            Some(problem.help.to_string()),
        );
        false
    }
}

#[derive(Debug, PartialEq)]
struct Problem {
    label: &'static str,
    help: &'static str,
}

fn read(pattern: &str) -> Result<(), Problem> {
    // RE2's quoted literals are unknown to the reader used here, and always fine.
    if pattern.contains(r"\Q") {
        return Ok(());
    }
    use regex_syntax::ast::ErrorKind as K;
    match regex_syntax::Parser::new().parse(pattern) {
        Ok(hir) => {
            if repeats(&hir) > MOST_REPETITIONS {
                return Err(Problem {
                    label: "a repetition is too long",
                    help: "repeat at most 1,000 times",
                });
            }
            Ok(())
        }
        Err(regex_syntax::Error::Parse(error)) => Err(match error.kind() {
            K::UnsupportedLookAround => Problem {
                label: "look-around is not supported",
                help: "write two conditions: `matches` and `not matches`",
            },
            K::UnsupportedBackreference => Problem {
                label: "back-references are not supported",
                help: "write the repeated part twice",
            },
            K::GroupUnclosed => {
                Problem { label: "a bracket is not closed", help: "close it with `)`" }
            }
            K::GroupUnopened => Problem {
                label: "a bracket is not opened",
                help: r"write `\)` for the sign itself",
            },
            K::ClassUnclosed => Problem { label: "a `[` is not closed", help: "close it with `]`" },
            K::RepetitionMissing => Problem {
                label: "nothing stands before the repetition",
                help: r"write `\*`, `\+` or `\?` for the sign itself",
            },
            _ => Problem { label: "not a pattern", help: "check the signs after each `\\`" },
        }),
        Err(_) => Err(Problem { label: "not a pattern", help: "check the signs after each `\\`" }),
    }
}

fn repeats(hir: &Hir) -> u32 {
    match hir.kind() {
        HirKind::Repetition(r) => r.min.max(r.max.unwrap_or(0)).max(repeats(&r.sub)),
        HirKind::Capture(c) => repeats(&c.sub),
        HirKind::Concat(all) | HirKind::Alternation(all) => {
            all.iter().map(repeats).max().unwrap_or(0)
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn re2_patterns_are_read_and_others_are_refused_with_the_reason() {
        for fine in ["[k-m]", r"^\+33[67]", r"\Qa.b\E", "(?i)x", r"\p{L}+", "a{1000}"] {
            assert!(read(fine).is_ok(), "{fine}");
        }
        assert_eq!(read("^(?!x)").unwrap_err().label, "look-around is not supported");
        assert_eq!(read("([k-m]").unwrap_err().label, "a bracket is not closed");
        assert_eq!(read(r"(a)\1").unwrap_err().label, "back-references are not supported");
        assert_eq!(read("a{1001}").unwrap_err().label, "a repetition is too long");
        assert_eq!(read("*a").unwrap_err().label, "nothing stands before the repetition");
    }
}
