//! The grammar refused a statement: what to say about it.

use pest::error::{Error, ErrorVariant, InputLocation};

use super::hints::Around;
use super::{Reading, Rule, Source};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::syntax as codes;
use crate::syntax::names::{self, Words};
use crate::syntax::scan::{self, Token};

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

    /// The words wanted, the first one of each phrase.
    pub(super) fn typed(&self) -> Vec<&'static str> {
        let words = self.wanted.iter().map(|rule| names::words(*rule));
        words
            .flat_map(|w| if let Words::Typed(words) = w { words } else { &[] })
            .map(|phrase| phrase.split(' ').next().unwrap_or(phrase))
            .collect()
    }

    /// Whether one of these was looked for.
    pub(super) fn wants(&self, rules: &[Rule]) -> bool {
        self.wanted.iter().any(|rule| rules.contains(rule))
    }
}

/// The diagnostic for a refused statement.
pub(super) fn explain(source: &Source<'_>, read: &Reading, mut failure: Failure) -> Diagnostic {
    let text = &read.patched.text;
    let tokens = &read.tokens;
    let first = tokens.first().map_or("", |t| t.text(text));
    if names::STATEMENTS.contains(&first) && tokens.get(1).is_none_or(|t| failure.at <= t.start) {
        // The word could still be the name of a transition, which is not what was meant.
        failure.wanted.retain(|rule| !matches!(rule, Rule::comma | Rule::assign));
    }
    // These may end every call, and are seldom what is missing.
    let ends = |rule: &Rule| {
        matches!(rule, Rule::kw_only | Rule::kw_wait | Rule::wait_for | Rule::only_if)
    };
    if !failure.wanted.iter().all(|rule| ends(rule) || *rule == Rule::EOI) {
        failure.wanted.retain(|rule| !ends(rule));
    }
    // `30 days` may go on, `30 days 2 hours`, and seldom does.
    let index = tokens.partition_point(|t| t.end <= failure.at);
    if index > 0 && names::unit(tokens[index - 1].text(text)).is_some() && failure.wanted.len() > 1
    {
        failure.wanted.retain(|rule| *rule != Rule::number);
    }
    let failure = &failure;
    let span = |t: &Token| source.span(&read.patched, t.start, t.end);
    if failure.too_deep {
        let place = tokens.get(index).map_or(source.whole, span);
        return scan::too_deep_at(place);
    }
    let before = index.checked_sub(1).map(|i| &tokens[i]);
    let choices = failure.choices();
    let expected = (choices.len() <= LISTED).then(|| listed(&choices)).flatten();

    let around = Around { text, tokens, index, failure };
    let Some(token) = tokens.get(index) else {
        let place = before.map_or(source.whole, span);
        return Diagnostic::error(codes::UNFINISHED, "The statement is not finished")
            .label(place, "something is missing after this")
            .help(match (around.missing(), expected) {
                (Some(missing), _) => missing.to_owned(),
                (None, Some(expected)) => format!("add {expected}"),
                _ => "complete it, or indent the lines that belong to it".to_owned(),
            });
    };
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
    if let Some(help) = around.special() {
        return diagnostic.label(span(token), "cannot stand here").help(help);
    }
    match (around.near(), expected) {
        (Some(near), _) => {
            diagnostic.label(span(token), "not known here").help(format!("did you mean `{near}`?"))
        }
        (None, Some(expected)) => diagnostic
            .label(span(token), "something else belongs here")
            .help(match around.quoted() {
                Some(text) => format!("put it in quotes: `\"{text}\"`"),
                None => format!("write {expected}"),
            }),
        (None, None) => diagnostic.label(span(token), "cannot stand here").help(around.advice()),
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
