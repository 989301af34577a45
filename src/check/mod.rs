//! Ast → Program: names bound, types inferred, cardinalities known, calls bound by their
//! activities. Not yet: anything that needs the run's data, and no constant is folded.
//!
//! One run may check several files; each has its own namespace, and what they declare alike
//! (dimensions, links) is one thing in the [`Program`]. A part that is wrong is reported once and
//! becomes an error value that fits everywhere, so that independent errors of all files come out
//! of one run and none causes another.

mod aggregates;
mod audiences;
pub mod binder;
mod calls;
mod dimensions;
mod expr;
mod facts;
mod files;
mod links;
mod lists;
mod params;
mod patterns;
pub mod print;
mod scope;
mod select;
pub mod stand_ins;
mod steps;
mod templates;
#[cfg(test)]
mod tests;
mod times;
mod unit_tests;

use std::path::{Path, PathBuf};

use crate::activity::Registry;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::program::Program;
use crate::model::schema::World;
use crate::source::{SourceId, Span};
use crate::syntax::ast::Ast;

pub(crate) use params::parse_value as given_value;

/// A parsed file.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Its number in the source map.
    pub source: SourceId,
    /// As the user named it; of an imported file, one name for one file, however it is reached.
    pub name: String,
    /// Its tree.
    pub ast: Ast,
    /// The folder of the file, which relative paths start from.
    pub base: PathBuf,
}

/// What a check is told beside the files.
#[derive(Clone, Debug)]
pub struct Options {
    /// The run's instant.
    pub as_of: jiff::Timestamp,
    /// `--timezone`: wins over the campaigns.
    pub timezone: Option<String>,
    /// Of `camp.toml`: for campaigns without one.
    pub default_timezone: Option<String>,
    /// `--set name=value`, in order; the last of a name wins.
    pub set: Vec<(String, String)>,
    /// The scripts are somebody else's: `sql` is off, exports stay inside.
    pub fence: Option<crate::fence::Fence>,
    /// A parameter without a value is an error (a run), else a warning (a check alone).
    pub require_params: bool,
    /// The plugins that can be used, for proposals.
    pub plugins: Vec<String>,
    /// Plugins that exist but could not be loaded, which was reported.
    pub failed_plugins: Vec<String>,
    /// What becomes of `test` statements.
    pub tests: Tests,
    /// The place of an `expect` that is no guard but a value that is asked for, of any type.
    pub asked: Option<Span>,
}

/// What becomes of `test` statements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tests {
    /// They are checked like all others.
    #[default]
    Check,
    /// Nothing: a run does not care for them.
    Ignore,
    /// The campaign is checked for the test with this number in its file: what the test gives
    /// stands for the sources.
    Run(usize),
}

impl Default for Options {
    fn default() -> Self {
        Options {
            as_of: jiff::Timestamp::UNIX_EPOCH,
            timezone: None,
            default_timezone: None,
            set: Vec::new(),
            fence: None,
            require_params: true,
            plugins: Vec::new(),
            failed_plugins: Vec::new(),
            tests: Tests::default(),
            asked: None,
        }
    }
}

/// Reads and parses imported files; reports what does not parse on its own.
pub trait Imports {
    /// The file at `path`, relative to `base`.
    ///
    /// # Errors
    /// When it cannot be read, as a diagnostic at `span`.
    fn import(&mut self, path: &str, base: &Path, span: Span) -> Result<Unit, Diagnostic>;
}

/// Checks the files of one run together.
///
/// The program is complete only when there are no errors; with errors it is still the best that
/// is known, for `camp debug` and editors.
pub fn check(
    units: Vec<Unit>,
    imports: &mut dyn Imports,
    world: &mut dyn World,
    registry: &Registry,
    options: &Options,
) -> (Program, Diagnostics) {
    let mut binder = binder::Binder::new(imports, world, registry, options);
    let roots: Vec<usize> = units.into_iter().map(|unit| binder.load_root(unit)).collect();
    binder.check_options();
    // Everything that statements can speak of is known in all files before any step is bound:
    // a read knows the saves of files that come later.
    let prepared: Vec<binder::Root> = roots.iter().map(|&file| binder.prepare(file)).collect();
    for root in prepared {
        binder.bind_steps(root);
    }
    binder.warn_early_reads();
    binder.check_given_params();
    binder.finish()
}
