//! Runs Camp on a case.

use std::fmt;

use serde_json::Value;

/// What a run did, whichever way it ran.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The program's exit code, or what it would be.
    pub exit: i32,
    /// Errors and warnings.
    pub diagnostics: Vec<Seen>,
    /// The report, as JSON.
    pub report: Option<Value>,
    /// The first script's text.
    pub script: String,
    /// What the program printed; empty in process.
    pub stdout: String,
    /// What the program printed; empty in process.
    pub stderr: String,
}

/// A reported diagnostic.
#[derive(Debug, Default)]
pub struct Seen {
    pub code: String,
    pub warning: bool,
    pub title: String,
    /// The line of its primary label.
    pub line: Option<usize>,
    /// The text its primary label covers.
    pub at: Option<String>,
    pub help: Option<String>,
    pub cause: Option<String>,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.unwrap_or(0);
        let at = self.at.as_deref().unwrap_or_default();
        write!(f, "{} at line {line} {at:?}: {}", self.code, self.title)?;
        if let Some(help) = &self.help {
            write!(f, "\n      help: {help}")?;
        }
        if let Some(cause) = &self.cause {
            write!(f, "\n      cause: {cause}")?;
        }
        Ok(())
    }
}
