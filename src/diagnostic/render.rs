//! Diagnostics as people and machines read them: fancy, concise, JSON.
//!
//! The only place that knows how a diagnostic looks. `excerpt` cuts the lines that labels point at
//! out of the sources, `fancy` draws them, `record` is the machine's form.

mod excerpt;
mod fancy;
mod record;

use std::io::Write;

use super::{Diagnostic, Severity};
use crate::source::SourceMap;
use crate::terminal::{visible_json, visible_line};

pub use record::{Record, RecordLabel, record};

/// The form of a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Style {
    /// With the lines of the script, for people.
    #[default]
    Fancy,
    /// One line each, `file:line:column: error[E0203]: title (help)`, for editors and `grep`.
    Concise,
    /// One JSON object a line.
    Json,
}

/// How diagnostics are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// In which form.
    pub style: Style,
    /// Text is wrapped, and long lines of a script are cut, to so many columns.
    pub width: usize,
    /// With ANSI colours.
    pub colour: bool,
    /// With line-drawing characters; ASCII otherwise.
    pub unicode: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { style: Style::Fancy, width: 80, colour: false, unicode: true }
    }
}

/// One diagnostic, ending in a line break.
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap, options: &Options) -> String {
    match options.style {
        Style::Fancy => fancy::render(diagnostic, sources, options),
        Style::Concise => concise(diagnostic, sources),
        Style::Json => {
            let json = serde_json::to_string(&record(diagnostic, sources));
            visible_json(&json.expect("a record has only texts and numbers")) + "\n"
        }
    }
}

/// All of them, one after another, then a summary for people.
///
/// Nobody is told when the reader of `out` has gone away: there is nobody left to tell.
pub fn write_all<'a>(
    out: &mut dyn Write,
    diagnostics: impl IntoIterator<Item = &'a Diagnostic> + Clone,
    sources: &SourceMap,
    options: &Options,
) {
    let mut text = String::new();
    for diagnostic in diagnostics.clone() {
        text.push_str(&render(diagnostic, sources, options));
        if options.style == Style::Fancy {
            text.push('\n');
        }
    }
    if options.style != Style::Json
        && let Some(summary) = summary(diagnostics)
    {
        text.push_str(&summary);
        text.push('\n');
    }
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// `2 errors, 1 warning`; nothing when there is neither.
pub fn summary<'a>(diagnostics: impl IntoIterator<Item = &'a Diagnostic>) -> Option<String> {
    let (mut errors, mut warnings) = (0, 0);
    for diagnostic in diagnostics {
        match diagnostic.severity {
            Severity::Error => errors += 1,
            Severity::Warning => warnings += 1,
        }
    }
    let count = |n: usize, noun| match n {
        0 => None,
        1 => Some(format!("1 {noun}")),
        n => Some(format!("{n} {noun}s")),
    };
    let parts: Vec<String> =
        [count(errors, "error"), count(warnings, "warning")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// `error` or `warning`.
fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// A title in sentence case, wherever its words come from.
fn headline(title: &str) -> String {
    let mut letters = title.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn concise(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let place = diagnostic
        .span()
        .and_then(|span| excerpt::place(sources, span))
        .map(|p| format!("{}:{}:{}: ", p.file, p.line, p.column))
        .unwrap_or_default();
    let help = diagnostic.help.as_ref().map(|h| format!(" ({h})")).unwrap_or_default();
    let severity = severity_word(diagnostic.severity);
    let title = headline(&diagnostic.title);
    let line = format!("{place}{severity}[{}]: {title}{help}", diagnostic.code);
    // One diagnostic is one line, whatever a label or a path of the user holds.
    visible_line(&line.replace('\r', " ")) + "\n"
}

#[cfg(test)]
mod tests;
