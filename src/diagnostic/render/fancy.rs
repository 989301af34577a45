//! A diagnostic with the lines of the script, drawn by miette.
//!
//! Miette counts columns in bytes, merges snippets by a count of lines that is too high and gives up
//! on a label outside of its source. So it gets excerpts made for it, with a location line of our
//! own ([`super::excerpt`]), and draws only.

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, SourceCode, SourceSpan,
    SpanContents, ThemeCharacters, ThemeStyles,
};

use super::Options;
use super::excerpt::{self, Excerpt};
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::SourceMap;
use crate::terminal::visible;

/// Columns beside the text of a script: line number and frame.
const FRAME: usize = 8;
/// Columns of the arrows of a label over several lines.
const GUTTER: usize = 4;

/// Draws one diagnostic.
pub(super) fn render(diagnostic: &Diagnostic, sources: &SourceMap, options: &Options) -> String {
    let tall = diagnostic.labels.iter().any(|l| sources.slice(l.span).contains('\n'));
    let beside = if tall { FRAME + GUTTER } else { FRAME };
    let excerpts = excerpt::excerpts(diagnostic, sources, options.width.saturating_sub(beside));
    let cause = diagnostic.cause.as_deref().map(|cause| Cause(visible(cause)));
    let report = Report { diagnostic, cause, sources: Excerpts(excerpts) };
    let mut styles = if options.colour { ThemeStyles::ansi() } else { ThemeStyles::none() };
    // The primary label in the colour of the severity, wherever its text stands.
    let primary = match diagnostic.severity {
        Severity::Error => styles.error,
        Severity::Warning => styles.warning,
    };
    let mut marks: Vec<_> = report.sources.marks().collect();
    marks.sort_by_key(|m| m.range.start);
    if !marks.is_empty() {
        let of = |primary_one| if primary_one { primary } else { styles.advice };
        styles.highlights = marks.iter().map(|m| of(m.primary)).collect();
    }
    let characters =
        if options.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
    let mut text = String::new();
    let drawn = GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
        .with_width(options.width)
        .with_urls(false)
        .without_primary_span_start()
        .without_syntax_highlighting()
        .render_report(&mut text, &report);
    if drawn.is_err() {
        // Nothing of the message is lost when its drawing fails.
        return super::concise(diagnostic, sources);
    }
    // Miette leaves blanks at the ends of lines.
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    while lines.last().is_some_and(|l| l.is_empty()) {
        lines.pop();
    }
    lines.join("\n") + "\n"
}

/// What miette is given.
struct Report<'a> {
    diagnostic: &'a Diagnostic,
    cause: Option<Cause>,
    sources: Excerpts,
}

impl std::fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.diagnostic.fmt(f)
    }
}

impl std::fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&visible(&super::headline(&self.diagnostic.title)))
    }
}

impl std::error::Error for Report<'_> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}

/// The engine's or the system's words, drawn as what the title follows from.
#[derive(Debug)]
struct Cause(String);

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Cause {}

impl miette::Diagnostic for Report<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        let code = self.diagnostic.code.0;
        Some(Box::new(format!("{} {}", code.id, code.name)))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        let help = self.diagnostic.help.as_deref()?;
        Some(Box::new(visible(help)))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        (!self.sources.0.is_empty()).then_some(&self.sources)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.sources.marks().map(|mark| {
            let text = (!mark.text.is_empty()).then(|| mark.text.clone());
            let span = SourceSpan::new(mark.range.start.into(), mark.range.len());
            if mark.primary {
                LabeledSpan::new_primary_with_span(text, span)
            } else {
                LabeledSpan::new_with_span(text, span)
            }
        })))
    }
}

/// The excerpts as one source.
struct Excerpts(Vec<Excerpt>);

impl Excerpts {
    fn marks(&self) -> impl Iterator<Item = &excerpt::Mark> {
        self.0.iter().flat_map(|e| &e.labels)
    }
}

impl SourceCode for Excerpts {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        _before: usize,
        _after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let end = span.offset() + span.len();
        // A span over two excerpts is none: so miette keeps them apart.
        let excerpt = self
            .0
            .iter()
            .find(|e| e.range().contains(&span.offset()) && end <= e.range().end)
            .ok_or(MietteError::OutOfBounds)?;
        let name = excerpt
            .labels
            .iter()
            .find(|m| m.range.start == span.offset() && m.range.len() == span.len())
            .map(|m| format!("{}:{}:{}", m.place.file, m.place.line, m.place.column));
        Ok(Box::new(Contents {
            text: excerpt.text.as_bytes(),
            span: SourceSpan::new(excerpt.start.into(), excerpt.text.len()),
            name: name.map(|n| visible(&n)),
            line: excerpt.first_line - 1,
            lines: excerpt.text.matches('\n').count(),
        }))
    }
}

struct Contents<'a> {
    text: &'a [u8],
    span: SourceSpan,
    name: Option<String>,
    line: usize,
    lines: usize,
}

impl<'a> SpanContents<'a> for Contents<'a> {
    fn data(&self) -> &'a [u8] {
        self.text
    }
    fn span(&self) -> &SourceSpan {
        &self.span
    }
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
    fn line(&self) -> usize {
        self.line
    }
    fn column(&self) -> usize {
        0
    }
    fn line_count(&self) -> usize {
        self.lines
    }
}
