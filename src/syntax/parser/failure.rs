//! The grammar refused a statement: what to say about it.

use pest::error::{Error, ErrorVariant, InputLocation};

use super::{Reading, Rule, Source};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::syntax as codes;
use crate::diagnostic::suggest::nearest;
use crate::syntax::names::{self, Words};
use crate::syntax::scan::{self, Kind, Token};

/// More choices than this help nobody.
const LISTED: usize = 5;

/// Where the grammar stopped, and what it would have taken there.
pub(super) struct Failure {
    /// A byte of the text it read.
    pub at: usize,
    /// The rules it looked for.
    pub wanted: Vec<Rule>,
    /// It ran out of stack.
    pub too_deep: bool,
}

impl Failure {
    pub(super) fn of(error: &Error<Rule>) -> Self {
        let at = match error.location {
            InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
        };
        match &error.variant {
            ErrorVariant::ParsingError { positives, .. } => {
                Failure { at, wanted: positives.clone(), too_deep: false }
            }
            // The only other errors are pest's own limits.
            ErrorVariant::CustomError { .. } => Failure { at, wanted: Vec::new(), too_deep: true },
        }
    }

    /// The words and the kinds of things wanted, each once, in the grammar's order.
    fn choices(&self) -> Vec<String> {
        let mut choices: Vec<String> = Vec::new();
        let mut add = |choice: String| {
            if !choices.contains(&choice) {
                choices.push(choice);
            }
        };
        for rule in &self.wanted {
            match names::words(*rule) {
                Words::Typed(words) => words.iter().for_each(|w| add(format!("`{w}`"))),
                Words::Kind(kind) if *rule != Rule::EOI => add(kind.to_owned()),
                _ => {}
            }
        }
        if choices.is_empty() && self.wanted.contains(&Rule::EOI) {
            choices.push("the end of the statement".to_owned());
        }
        choices
    }

    fn typed(&self) -> Vec<&'static str> {
        let words = self.wanted.iter().map(|rule| names::words(*rule));
        words.flat_map(|w| if let Words::Typed(words) = w { words } else { &[] }).copied().collect()
    }

    fn wants(&self, rules: &[Rule]) -> bool {
        self.wanted.iter().any(|rule| rules.contains(rule))
    }
}

/// The diagnostic for a refused statement.
pub(super) fn explain(source: &Source<'_>, read: &Reading, failure: &Failure) -> Diagnostic {
    let text = &read.patched.text;
    let tokens = &read.tokens;
    let span = |t: &Token| source.span(&read.patched, t.start, t.end);
    let index = tokens.partition_point(|t| t.end <= failure.at);
    if failure.too_deep {
        let place = tokens.get(index).map_or(source.whole, span);
        return scan::too_deep_at(place);
    }
    let before = index.checked_sub(1).map(|i| &tokens[i]);
    let choices = failure.choices();
    let expected = (choices.len() <= LISTED).then(|| listed(&choices)).flatten();

    let Some(token) = tokens.get(index) else {
        let place = before.map_or(source.whole, span);
        let diagnostic = match before {
            Some(b) if names::RESERVED.contains(&b.text(text)) || expected.is_some() => {
                Diagnostic::error(codes::UNFINISHED, "The statement is not finished")
                    .label(place, "something is missing after this")
            }
            _ => Diagnostic::error(codes::UNFINISHED, "The statement is not finished")
                .label(place, "ends here"),
        };
        return diagnostic.help(match expected {
            Some(expected) => format!("add {expected}"),
            None => "complete it, or indent the lines that belong to it".to_owned(),
        });
    };
    let around = Around { text, tokens, index, failure };
    if let Some(hint) = around.hint() {
        let place = tokens.get(hint.token).map_or(source.whole, span);
        return Diagnostic::error(hint.code, hint.title).label(place, hint.label).help(hint.help);
    }
    let shown = super::condensed(token.text(text), 30);
    let title = if shown.contains('`') {
        format!("{shown} is not expected here")
    } else {
        format!("`{shown}` is not expected here")
    };
    let diagnostic = Diagnostic::error(codes::UNEXPECTED, title);
    match (around.near(), expected) {
        (Some(near), _) => {
            diagnostic.label(span(token), "not known here").help(format!("did you mean `{near}`?"))
        }
        (None, Some(expected)) => diagnostic
            .label(span(token), "something else belongs here")
            .help(format!("write {expected}")),
        (None, None) => diagnostic.label(span(token), "cannot stand here").help(match before {
            Some(before) => format!(
                "check what stands behind `{}`, or start a new statement at the margin",
                super::condensed(before.text(text), 20).replace('`', "")
            ),
            None => "begin with a statement's word, such as `import` or `dimension`".to_owned(),
        }),
    }
}

/// `a, b or c`
fn listed(choices: &[String]) -> Option<String> {
    match choices {
        [] => None,
        [one] => Some(one.clone()),
        [most @ .., last] => Some(format!("{} or {last}", most.join(", "))),
    }
}

/// A known mistake.
struct Hint {
    code: crate::diagnostic::Code,
    token: usize,
    title: String,
    label: &'static str,
    help: String,
}

/// The tokens around the place where the grammar stopped.
struct Around<'a> {
    text: &'a str,
    tokens: &'a [Token],
    index: usize,
    failure: &'a Failure,
}

impl Around<'_> {
    fn word(&self, index: usize) -> &str {
        self.tokens.get(index).map_or("", |t| t.text(self.text))
    }

    fn kind(&self, index: usize) -> Option<Kind> {
        self.tokens.get(index).map(|t| t.kind)
    }

    fn before(&self, n: usize) -> &str {
        self.index.checked_sub(n).map_or("", |i| self.word(i))
    }

    fn hint(&self) -> Option<Hint> {
        self.foreign()
            .or_else(|| self.near_statement())
            .or_else(|| self.reserved())
            .or_else(|| self.apart())
            .or_else(|| self.clause_elsewhere())
    }

    /// What other languages say.
    fn foreign(&self) -> Option<Hint> {
        let spelled = |token, title: String, help: &str| {
            Some(Hint {
                code: codes::SPELLING,
                token,
                title,
                label: "not in this language",
                help: help.to_owned(),
            })
        };
        let first = self.word(0);
        if first.eq_ignore_ascii_case("select") && self.word(1) != "=" {
            return Some(Hint {
                code: codes::SQL_STATEMENT,
                token: 0,
                title: format!("`{first}` begins no statement"),
                label: "a clause of `build audience`",
                help: "write `NAME = build audience from … where … select …`".to_owned(),
            });
        }
        let at = self.index;
        let (word, lower) = (self.word(at), self.word(at).to_lowercase());
        if self.before(1) == "is" && self.failure.wants(&[Rule::kw_missing]) {
            let value = match lower.as_str() {
                "true" | "false" => "write the condition alone, or `not` in front of it",
                _ => "write `=` to compare with a value",
            };
            return spelled(
                at - 1,
                "`is` tests only `missing`, `empty` and `present`".into(),
                value,
            );
        }
        let dashes = (0..at).rev().find(|i| {
            self.word(*i) == "-"
                && self.word(i + 1) == "-"
                && self.tokens[*i].end == self.tokens[i + 1].start
        });
        if let Some(dashes) = dashes {
            let title = "`--` begins no comment".to_owned();
            return spelled(dashes, title, "begin comments with `#`");
        }
        let help = match lower.as_str() {
            "when" if self.before(1).eq_ignore_ascii_case("case") => "write `if … then … else …`",
            "join" | "inner" | "outer" => {
                "declare it once, `link a.x, b.y on a.id = b.a_id`, then use `x` as a column"
            }
            "group" | "having"
                if self.word(at + 1).eq_ignore_ascii_case("by") || lower == "having" =>
            {
                "use an aggregate over a link, such as `count(orders)`"
            }
            "as" if self.word(0) == "dimension" => "write `dimension NAME = SOURCE`",
            _ => return None,
        };
        spelled(at, format!("`{word}` is not a word of the language"), help)
    }

    /// The first word is nearly that of a statement or an activity.
    fn near_statement(&self) -> Option<Hint> {
        let near = |token: usize, known: &[&str]| {
            let word = self.word(token);
            let usable = self.kind(token) == Some(Kind::Word) && !known.contains(&word);
            let near = usable.then(|| nearest(word, known.iter().copied())).flatten()?;
            Some(Hint {
                code: codes::UNEXPECTED,
                token,
                title: format!("`{word}` begins no statement"),
                label: "not known",
                help: format!("did you mean `{near}`?"),
            })
        };
        let assign = (0..self.index).find(|i| self.word(*i) == "=");
        // `name = …` and `a, b = …` define transitions: the activity is the word behind `=`.
        let outputs = assign.filter(|a| {
            (0..*a).all(|i| {
                if i % 2 == 0 { self.kind(i) != Some(Kind::Operator) } else { self.word(i) == "," }
            })
        });
        match outputs {
            Some(assign) if assign % 2 == 1 => near(assign + 1, &names::ACTIVITIES).map(|h| Hint {
                title: h.title.replace("begins no statement", "is not an activity of the language"),
                ..h
            }),
            _ if self.index > 0 => near(0, &names::STATEMENTS),
            _ => None,
        }
    }

    /// A reserved word where a name belongs.
    fn reserved(&self) -> Option<Hint> {
        let at = self.index;
        let signs = ["=", "!=", "<", "<=", ">", ">=", ",", ":", ".", ")", "+", "*", "/"];
        let is_reserved =
            |i: usize| self.kind(i) == Some(Kind::Word) && names::RESERVED.contains(&self.word(i));
        let names_only = !self.failure.wanted.is_empty()
            && self.failure.wanted.iter().all(|rule| {
                matches!(
                    rule,
                    Rule::name
                        | Rule::path
                        | Rule::bare
                        | Rule::quoted
                        | Rule::names
                        | Rule::paths
                        | Rule::link_end
                        | Rule::entry
                )
            });
        let token = if is_reserved(at) && (names_only || signs.contains(&self.word(at + 1))) {
            at
        } else if at > 0 && is_reserved(at - 1) && signs.contains(&self.word(at)) {
            at - 1
        } else {
            return None;
        };
        let word = self.word(token);
        Some(Hint {
            code: codes::RESERVED_NAME,
            token,
            title: format!("`{word}` is a reserved word"),
            label: "cannot be a bare name",
            help: format!("put the name in backticks: `` `{word}` ``"),
        })
    }

    /// A blank too many.
    fn apart(&self) -> Option<Hint> {
        let at = self.index;
        let here = self.tokens.get(at)?;
        let before = self.tokens.get(at.checked_sub(1)?)?;
        let gap = before.end < here.start;
        let word = before.text(self.text);
        if here.kind == Kind::Open
            && before.kind == Kind::Word
            && gap
            && !names::RESERVED.contains(&word)
        {
            return Some(Hint {
                code: codes::UNEXPECTED,
                token: at,
                title: format!("A blank stands between `{word}` and its bracket"),
                label: "stands apart",
                help: format!("write `{word}(` without a blank"),
            });
        }
        if here.kind == Kind::Clock && before.kind == Kind::Date {
            let help = format!("write `{word}T{}`", here.text(self.text));
            return Some(Hint {
                code: codes::DATE,
                token: at,
                title: "A time stands apart from its date".to_owned(),
                label: "belongs to the date",
                help,
            });
        }
        None
    }

    /// A clause that another activity has.
    fn clause_elsewhere(&self) -> Option<Hint> {
        let at = self.index;
        let word = self.word(at);
        if !["where", "select", "limit", "order", "with", "from"].contains(&word)
            || !self.failure.wanted.contains(&Rule::EOI)
        {
            return None;
        }
        let activity = (0..at).find(|i| names::ACTIVITIES.contains(&self.word(*i)))?;
        let name = match self.word(activity) {
            word @ ("build" | "read" | "save") => format!("{word} audience"),
            word => word.to_owned(),
        };
        let help = match (name.as_str(), word) {
            ("build audience", "with") => "use `where`, `select`, `order by` and `limit`",
            (_, "from") => "name one population; more than one are joined by `combine`",
            _ => "build that audience first: `NAME = build audience from … where …`",
        };
        Some(Hint {
            code: codes::UNEXPECTED,
            token: at,
            title: format!("`{name}` takes no `{word}`"),
            label: "cannot stand here",
            help: help.to_owned(),
        })
    }

    /// The word that was probably meant.
    fn near(&self) -> Option<&'static str> {
        let word = self.word(self.index);
        if self.kind(self.index) != Some(Kind::Word) || word.chars().count() < 3 {
            return None;
        }
        let typed = self.failure.typed();
        let near = nearest(word, typed.iter().copied().filter(|w| w.len() > 2))?;
        (near != word).then_some(near)
    }
}
