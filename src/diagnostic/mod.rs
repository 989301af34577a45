//! What Camp says when something is wrong.
//!
//! Phases return plain [`Diagnostic`]s: a stable [`Code`], a title, labels with spans, one help.
//! Nothing here knows how they are shown; [`render`] is the only place that does.

pub mod codes;
pub mod reference;
pub mod render;
pub mod suggest;

use crate::source::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing is stopped.
    Warning,
    /// Nothing is saved, exported or delivered.
    Error,
}

/// What a diagnostic is about, and therefore the exit code of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// The script: exit code 1.
    Script,
    /// The command line, `camp.toml`: exit code 2.
    Usage,
    /// A guard of the script was false: exit code 3.
    Expectation,
    /// Data files, databases, the engine: exit code 4.
    Data,
    /// A plugin: exit code 5.
    Plugin,
}

impl Area {
    /// The exit code of a program that ends because of this.
    pub fn exit_code(self) -> u8 {
        match self {
            Area::Script => 1,
            Area::Usage => 2,
            Area::Expectation => 3,
            Area::Data => 4,
            Area::Plugin => 5,
        }
    }
}

/// The registered facts of a code: never reused, explained by `camp error CODE`.
#[derive(Debug)]
pub struct CodeInfo {
    /// `E0203`, or `W0901` for a warning.
    pub id: &'static str,
    /// A dotted machine name, `names.unknown`.
    pub name: &'static str,
    /// One line, as in the headline of its page.
    pub title: &'static str,
    /// A paragraph: what it means and what to do.
    pub explanation: &'static str,
    /// A script that gives this error; run by the tests. Empty where no script alone can.
    pub bad: &'static str,
    /// The same script, mended; run by the tests.
    pub good: &'static str,
    /// Decides the exit code.
    pub area: Area,
}

/// A registered code.
#[derive(Clone, Copy, Debug)]
pub struct Code(pub &'static CodeInfo);

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}
impl Eq for Code {}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.id)
    }
}

/// A place with a few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// At most about eight words.
    pub text: String,
}

/// One thing that is wrong, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its registered code.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong, one sentence without a period.
    pub title: String,
    /// The first label is the primary one; the others show related places.
    pub labels: Vec<Label>,
    /// One action, begins with a verb, or «did you mean …».
    pub help: Option<String>,
    /// The engine's or the system's own words, never the headline.
    pub cause: Option<String>,
    /// What the plugin that said it calls it, for programs that read errors.
    pub plugin_code: Option<Box<PluginCode>>,
}

/// A plugin's own name of a fault. Rare, so a diagnostic has only a pointer for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginCode(pub String);

impl Diagnostic {
    /// An error with this code and title.
    pub fn error(code: Code, title: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity: Severity::Error,
            title: title.into(),
            labels: Vec::new(),
            help: None,
            cause: None,
            plugin_code: None,
        }
    }

    /// A warning with this code and title.
    pub fn warning(code: Code, title: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, title) }
    }

    /// Adds a place; the first one added is the primary one.
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Sets the help.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Sets the help when there is one.
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// Keeps the engine's or the system's words.
    pub fn cause(mut self, cause: impl std::fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// Keeps a plugin's name of the fault; an empty one is none.
    pub fn plugin_code(mut self, code: &str) -> Self {
        self.plugin_code = (!code.is_empty()).then(|| Box::new(PluginCode(code.to_owned())));
        self
    }

    /// Where it is, when it has a place.
    pub fn span(&self) -> Option<Span> {
        self.labels.first().map(|l| l.span)
    }
}

/// The diagnostics a phase collects: everything independent is reported in one go.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics(Vec<Diagnostic>);

/// A diagnostic alone.
pub fn one(diagnostic: Diagnostic) -> Diagnostics {
    let mut all = Diagnostics::default();
    all.push(diagnostic);
    all
}

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Takes over all of another phase.
    pub fn extend(&mut self, other: impl IntoIterator<Item = Diagnostic>) {
        self.0.extend(other);
    }

    /// The one that was added last.
    pub fn last_mut(&mut self) -> Option<&mut Diagnostic> {
        self.0.last_mut()
    }

    /// Whether any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// In the order they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Ordered by place, the same diagnostic at the same place only once.
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        self.0.sort_by_key(|d| d.span().map_or((0, 0), |s| (s.start, s.end)));
        self.0.dedup();
        self.0
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
