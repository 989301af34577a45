//! Mistakes that people make often, and what to say to each.

use super::Rule;
use super::failure::Failure;
use crate::diagnostic::codes::syntax as codes;
use crate::diagnostic::suggest::nearest;
use crate::syntax::names;
use crate::syntax::scan::{Kind, Token};

/// A known mistake.
pub(super) struct Hint {
    /// Its code.
    pub code: crate::diagnostic::Code,
    /// The token to blame.
    pub token: usize,
    /// What is wrong.
    pub title: String,
    /// What is wrong here.
    pub label: &'static str,
    /// What to do.
    pub help: String,
}

/// The tokens around the place where the grammar stopped.
pub(super) struct Around<'a> {
    /// What the grammar read.
    pub text: &'a str,
    /// Its tokens.
    pub tokens: &'a [Token],
    /// The token that could not stand there.
    pub index: usize,
    /// What could.
    pub failure: &'a Failure,
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

    /// What to say, when the mistake is a known one.
    pub(super) fn hint(&self) -> Option<Hint> {
        self.at_the_margin()
            .or_else(|| self.no_activity())
            .or_else(|| self.foreign())
            .or_else(|| self.near_statement())
            .or_else(|| self.reserved())
            .or_else(|| self.apart())
            .or_else(|| self.clause_elsewhere())
    }

    /// A clause at the margin, a query, a missing `=`.
    fn at_the_margin(&self) -> Option<Hint> {
        let first = self.word(0);
        let lower = first.to_lowercase();
        if matches!(self.word(1), "=" | ",") {
            return None;
        }
        let hint = |code, token, label, help: String| {
            let title = format!("`{first}` begins no statement");
            Some(Hint { code, token, title, label, help })
        };
        let from = self.tokens.iter().any(|t| t.text(self.text).eq_ignore_ascii_case("from"));
        if lower == "select" && from {
            let help = "write `NAME = build audience from … where … select …`";
            return hint(codes::SQL_STATEMENT, 0, "a clause of `build audience`", help.into());
        }
        if CLAUSES.contains(&lower.as_str()) {
            let help = "indent it: it belongs to the statement above".to_owned();
            return hint(codes::UNEXPECTED, 0, "a clause", help);
        }
        if self.index <= 2
            && names::ACTIVITIES.contains(&self.word(1))
            && self.kind(0) == Some(Kind::Word)
        {
            let help = format!("write `{first} = {} …`", self.word(1));
            return hint(codes::UNEXPECTED, 0, "no `=` behind it", help);
        }
        None
    }

    /// What stands behind the `=` of a name, or in front of the name, and is no activity.
    fn no_activity(&self) -> Option<Hint> {
        let hint = |token, title: String, label, help: String| {
            Some(Hint { code: codes::UNEXPECTED, token, title, label, help })
        };
        let (first, second) = (self.word(0), self.word(1));
        let assigns = matches!(first, "let" | "set" | "var" | "const" | "with" | "def");
        if assigns && self.kind(1) == Some(Kind::Word) && self.word(2) == "=" && self.index <= 2 {
            let title = format!("`{first}` begins no statement");
            let help = format!("write `define {second} = …`, or `{second} = ACTIVITY …`");
            return hint(0, title, "not a word of the language", help);
        }
        if second == "where" && self.index == 1 && !names::is_keyword(first) {
            let title = format!("`{first}` begins no statement");
            let help = format!("write `NAME = build audience from {first} where …`");
            return hint(0, title, "no activity in front of it", help);
        }
        if second != "=" || self.kind(0) != Some(Kind::Word) {
            return None;
        }
        let lower = self.word(2).to_lowercase();
        if lower == "select" {
            return Some(Hint {
                code: codes::SQL_STATEMENT,
                token: 2,
                title: format!("`{}` is not an activity of the language", self.word(2)),
                label: "a clause of `build audience`",
                help: format!("write `{first} = build audience from … where … select …`"),
            });
        }
        let operators = ["union", "intersect", "exclude", "minus", "except"];
        if operators.contains(&self.word(3)) && self.kind(2) == Some(Kind::Word) {
            let operator = match self.word(3) {
                "minus" | "except" => "exclude",
                word => word,
            };
            let title = format!("`{}` is not an activity", self.word(2));
            let help = format!("write `{first} = combine {} {operator} …`", self.word(2));
            return hint(2, title, "a set, without `combine`", help);
        }
        let value = matches!(self.kind(2), Some(Kind::Number | Kind::Text | Kind::Date));
        if self.index == 2 && value {
            let title = format!("`{first}` is given a value, not an activity");
            let help = format!("write `define {first} = {}`", self.word(2));
            return (!help.contains("``")).then(|| hint(2, title, "a value", help)).flatten();
        }
        None
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
        let at = self.index;
        let (word, lower) = (self.word(at), self.word(at).to_lowercase());
        if self.before(1) == "is"
            && self.failure.wants(&[Rule::kw_missing])
            && self.near().is_none()
        {
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
        if self.before(1) == "not"
            && self.before(2) == "is"
            && self.failure.wants(&[Rule::kw_missing])
            && self.near().is_none()
        {
            let title = "`is not` tests only `missing`, `empty` and `present`".to_owned();
            return spelled(at - 2, title, "write `!=` to compare with a value");
        }
        if word == "*" && self.before(1) == "(" && self.before(2) == "count" {
            return spelled(
                at,
                "`*` counts nothing".into(),
                "name the link to count, as in `count(orders)`",
            );
        }
        let help = match lower.as_str() {
            "exists" => "write `any` or `no` in front of the link",
            _ if self.before(1) == "exists" => "write `any` or `no` in front of the link",
            "minus" | "except" | "without"
                if self.failure.wants(&[Rule::set_step, Rule::kw_exclude]) =>
            {
                "write `exclude`"
            }
            "and" if self.failure.wants(&[Rule::set_step, Rule::kw_intersect]) => {
                "write `intersect`"
            }
            "or" if self.failure.wants(&[Rule::set_step, Rule::kw_union]) => "write `union`",
            "since" if self.failure.wants(&[Rule::tail]) => {
                "write `>=`, or `after` for the days behind it"
            }
            "until" if self.failure.wants(&[Rule::tail]) => {
                "write `<=`, or `before` for the days in front of it"
            }
            "(" if matches!(self.before(1), "now" | "today") => "remove the brackets",
            "by" if self.before(1) == "order" && self.before(2) == "where" => {
                "write a condition behind `where`, or remove the `where`"
            }
            "otherwise" => "write `else`",
            "percent" => "write the sign behind the number, as in `10%`",
            "to" if self.failure.wants(&[Rule::kw_and])
                && self.tokens[..at].iter().any(|t| t.text(self.text) == "between") =>
            {
                "write `and`"
            }
            "$" | "€" | "£" | "¥" => "write the number without a currency",
            "the" => "remove `the`",
            "last" | "next" | "this" if self.before(1) == "the" => "remove `the`",
            "with" | "having" | "that" if self.failure.wants(&[Rule::kw_where]) && at > 2 => {
                "write `where`, then the condition"
            }
            "in" if self.failure.wants(&[Rule::kw_where]) => {
                "write `where` and a column first, as in `no orders where ordered_at in …`"
            }
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
        let title = format!("`{word}` does not belong here");
        Some(Hint {
            code: codes::SPELLING,
            token: at,
            title,
            label: "not known here",
            help: help.to_owned(),
        })
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
        let callable = !names::is_keyword(word) || matches!(word, "last" | "left" | "next");
        if gap && here.text(self.text) == "=" && matches!(word, "<" | ">") {
            return Some(Hint {
                code: codes::UNEXPECTED,
                token: at,
                title: format!("A blank stands inside `{word}=`"),
                label: "stands apart",
                help: format!("write `{word}=`"),
            });
        }
        if here.kind == Kind::Open && before.kind == Kind::Word && gap && callable {
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
    pub(super) fn near(&self) -> Option<&'static str> {
        let word = self.word(self.index);
        if self.kind(self.index) != Some(Kind::Word) || word.chars().count() < 3 {
            return None;
        }
        let typed = self.failure.typed();
        let near = nearest(word, typed.iter().copied().filter(|w| w.len() > 2))?;
        (near != word).then_some(near)
    }

    /// What is missing at the end, when that is known.
    pub(super) fn missing(&self) -> Option<&'static str> {
        let wants = |rules: &[Rule]| self.failure.wants(rules);
        let before = self.index.checked_sub(1).and_then(|i| self.kind(i));
        if self.before(1) == "=" && wants(&[Rule::build, Rule::kw_build]) {
            Some("add an activity, such as `build audience from …`")
        } else if before == Some(Kind::Number)
            && wants(&[Rule::unit])
            && matches!(self.before(2), "last" | "next" | "within")
        {
            Some("add a unit, such as `days`")
        } else if wants(&[Rule::kw_else, Rule::else_branch])
            && self.tokens.iter().any(|t| t.text(self.text) == "then")
        {
            Some("add `else` and a value: every `if` has one")
        } else {
            None
        }
    }

    /// What stands where only a text can, up to the next blank.
    pub(super) fn quoted(&self) -> Option<&str> {
        let first = self.tokens.get(self.index)?;
        let texts = self.failure.wanted.iter().all(|rule| *rule == Rule::text);
        if !texts || !matches!(first.kind, Kind::Word | Kind::Number) {
            return None;
        }
        let mut end = first.end;
        for next in &self.tokens[self.index + 1..] {
            if next.start != end
                || matches!(next.kind, Kind::Text | Kind::Unclosed)
                || next.text(self.text) == ","
            {
                break;
            }
            end = next.end;
        }
        Some(&self.text[first.start..end])
    }

    /// What to do about a comma, or a label without quotes.
    pub(super) fn special(&self) -> Option<String> {
        let label = self.before(1) == "audience" && self.failure.wants(&[Rule::text]);
        if label && self.kind(self.index) == Some(Kind::Word) {
            return Some(format!("put the label in quotes: `\"{}\"`", self.word(self.index)));
        }
        match (self.word(self.index), self.before(1), self.before(2)) {
            (",", ",", _) => Some("remove one of the commas".to_owned()),
            (",", _, "from") => Some("name one population; `combine` joins several".to_owned()),
            (",", low, "between") if !low.contains('`') => {
                Some(format!("write `and` between the two: `between {low} and …`"))
            }
            (",", first, "in") if !first.contains('`') => {
                Some(format!("write the list in brackets: `in ({first}, …)`"))
            }
            _ => None,
        }
    }

    /// What to do where much could stand.
    pub(super) fn advice(&self) -> String {
        let word = self.word(self.index);
        let shown = if word.contains('`') {
            word.to_owned()
        } else {
            format!("`{}`", super::condensed(word, 20))
        };
        let value = matches!(
            self.kind(self.index),
            Some(Kind::Word | Kind::Quoted | Kind::Text | Kind::Number | Kind::Date | Kind::Open)
        );
        let wants = |rules: &[Rule]| self.failure.wants(rules);
        let constant =
            matches!(self.kind(self.index), Some(Kind::Text | Kind::Number | Kind::Date));
        if self.index == 0 {
            return "begin with a statement's word, such as `import` or `dimension`".to_owned();
        }
        if wants(&[Rule::set_step, Rule::kw_union]) {
            return "join sets by `union`, `intersect` or `exclude`".to_owned();
        }
        if value && wants(&[Rule::comma]) {
            return format!("add `,` in front of {shown}");
        }
        if constant && wants(&[Rule::tail, Rule::compared, Rule::op_eq]) {
            return format!("add a comparison, such as `=`, in front of {shown}");
        }
        if value && wants(&[Rule::kw_and]) {
            return "join conditions by `and` or `or`".to_owned();
        }
        let before = super::condensed(self.before(1), 20).replace('`', "");
        format!("check what stands behind `{before}`, or start a new statement at the margin")
    }
}

/// Words that begin a clause, and so a line that should be indented.
const CLAUSES: [&str; 22] = [
    "where",
    "select",
    "from",
    "order",
    "limit",
    "with",
    "and",
    "or",
    "then",
    "else",
    "timezone",
    "schedule",
    "description",
    "columns",
    "key",
    "on",
    "append",
    "replace",
    "expires",
    "retain",
    "to",
    "as",
];
