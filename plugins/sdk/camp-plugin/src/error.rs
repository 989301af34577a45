//! What a call can fail with, and how it names the place in the script.

use std::fmt::{self, Display, Write as _};
use std::ops::Range;

use camp_plugin_abi as abi;

/// The result of everything that may fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whose fault it is, which decides how Camp reports it and whether it tries again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The script asks for something wrong.
    Usage,
    /// A row breaks the contract.
    Data,
    /// The outside world failed.
    Io,
    /// Camp asked to stop.
    Cancelled,
    /// It took longer than it may.
    Timeout,
    /// Camp, or this version of it, lacks something.
    Unsupported,
    /// A secret is missing or was refused.
    Auth,
    /// A bug of this plugin.
    Internal,
}

impl Kind {
    pub(crate) fn status(self) -> abi::camp_status {
        match self {
            Self::Usage => abi::CAMP_E_USAGE,
            Self::Data => abi::CAMP_E_DATA,
            Self::Io => abi::CAMP_E_IO,
            Self::Cancelled => abi::CAMP_E_CANCELLED,
            Self::Timeout => abi::CAMP_E_TIMEOUT,
            Self::Unsupported => abi::CAMP_E_UNSUPPORTED,
            Self::Auth => abi::CAMP_E_AUTH,
            Self::Internal => abi::CAMP_E_INTERNAL,
        }
    }

    fn code(self) -> &'static str {
        match self {
            Self::Usage => "invalid",
            Self::Data => "data",
            Self::Io => "io",
            Self::Cancelled => "cancelled",
            Self::Timeout => "timeout",
            Self::Unsupported => "unsupported",
            Self::Auth => "auth",
            Self::Internal => "internal",
        }
    }
}

/// A failure, with the place it is about. Any [`std::error::Error`] becomes one of kind
/// [`Kind::Internal`] through `?`.
#[derive(Debug, Clone)]
pub struct Error(pub(crate) Box<Fault>);

/// What an [`Error`] says; boxed, since results are handed on far more often than they fail.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    pub(crate) at: At,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) help: String,
    pub(crate) retryable: bool,
}

impl Error {
    /// A failure that is about no parameter in particular.
    pub fn new(kind: Kind, message: impl Display) -> Self {
        At::default().fail(kind, message)
    }

    /// A bug of this plugin, or of the host it talks to.
    pub fn internal(message: impl Display) -> Self {
        Self::new(Kind::Internal, message)
    }

    /// Camp asked to stop.
    pub fn cancelled() -> Self {
        Self::new(Kind::Cancelled, "stopped")
    }

    /// The short stable name of the fault that scripts and documentation use: `over-100`.
    pub fn code(mut self, code: &str) -> Self {
        code.clone_into(&mut self.0.code);
        self
    }

    /// What to do about it; begins with a verb.
    pub fn help(mut self, help: impl Display) -> Self {
        self.0.help = help.to_string();
        self
    }

    /// Trying again may help.
    pub fn retryable(mut self) -> Self {
        self.0.retryable = true;
        self
    }

    /// Whose fault it is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            // Writing to a String cannot fail.
            let _ = write!(message, ": {error}");
            cause = error.source();
        }
        Self::internal(message)
    }
}

/// A place in the call: a parameter, an item of its list, an input, an output. Camp turns it into the
/// piece of script to underline.
#[derive(Debug, Clone, Default)]
pub struct At {
    pub(crate) path: String,
    pub(crate) range: Option<Range<u32>>,
}

impl At {
    /// The value of a parameter, or of an entry under an open key.
    pub fn param(name: &str) -> Self {
        Self { path: format!("params.{name}"), range: None }
    }

    /// A name left of the `=`.
    pub fn output(name: &str) -> Self {
        Self { path: format!("outputs.{name}"), range: None }
    }

    /// An input of the call.
    pub fn input(name: &str) -> Self {
        Self { path: format!("inputs.{name}"), range: None }
    }

    /// A column of an input.
    pub fn column(input: &str, column: &str) -> Self {
        Self { path: format!("inputs.{input}.columns.{column}"), range: None }
    }

    /// The item of a list.
    pub fn item(mut self, index: usize) -> Self {
        // Writing to a String cannot fail.
        let _ = write!(self.path, "[{index}]");
        self
    }

    /// A part of a value: `limit` of a subset.
    pub fn part(mut self, name: &str) -> Self {
        let _ = write!(self.path, ".{name}");
        self
    }

    /// Bytes inside a text.
    pub fn bytes(mut self, range: Range<u32>) -> Self {
        self.range = Some(range);
        self
    }

    /// The script is wrong here.
    pub fn error(self, message: impl Display) -> Error {
        self.fail(Kind::Usage, message)
    }

    /// Something failed on behalf of this value.
    pub fn fail(self, kind: Kind, message: impl Display) -> Error {
        Error(Box::new(Fault {
            kind,
            at: self,
            code: kind.code().to_owned(),
            message: message.to_string(),
            help: String::new(),
            retryable: false,
        }))
    }
}
