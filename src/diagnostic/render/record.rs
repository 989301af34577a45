//! A diagnostic as machines read it.

use serde::{Deserialize, Serialize};

use super::{excerpt, severity_word};
use crate::diagnostic::Diagnostic;
use crate::source::{SourceMap, Span};

/// The JSON form of a diagnostic. Lines and columns count from 1, columns in characters; an end is
/// the first character behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// `E0203`
    pub code: String,
    /// `names.unknown`
    pub name: String,
    /// `error` or `warning`
    pub severity: String,
    /// What is wrong.
    pub title: String,
    /// The primary label's place, flat; nothing without one.
    #[serde(flatten)]
    pub place: Option<RecordPlace>,
    /// All labels, the primary one first.
    pub labels: Vec<RecordLabel>,
    /// What to do.
    pub help: Option<String>,
    /// The engine's or the system's words.
    pub cause: Option<String>,
    /// What the plugin that said it calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin_code: Option<String>,
}

/// A range of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordPlace {
    /// As the user named it.
    pub file: String,
    /// First line.
    pub line: usize,
    /// First column.
    pub column: usize,
    /// Last line.
    pub end_line: usize,
    /// The column behind the last character.
    pub end_column: usize,
}

/// A label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordLabel {
    /// Its words.
    pub text: String,
    /// Its place.
    #[serde(flatten)]
    pub place: Option<RecordPlace>,
}

/// The machine's form of a diagnostic.
pub fn record(diagnostic: &Diagnostic, sources: &SourceMap) -> Record {
    let labels = diagnostic
        .labels
        .iter()
        .map(|l| RecordLabel { text: l.text.clone(), place: place(sources, l.span) });
    Record {
        code: diagnostic.code.0.id.to_owned(),
        name: diagnostic.code.0.name.to_owned(),
        severity: severity_word(diagnostic.severity).to_owned(),
        title: super::headline(&diagnostic.title),
        place: diagnostic.span().and_then(|s| place(sources, s)),
        labels: labels.collect(),
        help: diagnostic.help.clone(),
        cause: diagnostic.cause.clone(),
        plugin_code: diagnostic.plugin_code.as_ref().map(|code| code.0.clone()),
    }
}

fn place(sources: &SourceMap, span: Span) -> Option<RecordPlace> {
    let span = excerpt::anchor(sources, span)?;
    let start = sources.place(span)?;
    let end = sources.place(Span::new(span.end, span.end))?;
    Some(RecordPlace {
        file: start.file,
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    })
}
