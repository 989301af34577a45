//! Activities: what a statement of a campaign can do.
//!
//! Built-in activities and those of plugins implement the same trait and register the same way.
//! The checker sees an activity only through its [`Spec`] and its [`Activity::bind`]; the planner
//! only through the [`Operation`](crate::model::program::Operation) that `bind` makes.

pub mod build_audience;
pub mod combine;
pub mod export;
pub mod read_audience;
pub mod save_audience;

use std::sync::Arc;

use crate::check::binder::Binder;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::plan as codes;
use crate::model::program::Operation;
use crate::syntax::ast;

/// What is said of an activity: the reference in the terminal, and what `check` needs before it
/// looks at a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// `build audience`
    pub name: String,
    /// One line.
    pub summary: String,
    /// The form, as in the reference.
    pub syntax: String,
    /// Markdown.
    pub doc: String,
    /// How many outgoing transitions a call may name.
    pub outputs: std::ops::RangeInclusive<usize>,
    /// A script that shows it; run by the tests.
    pub example: String,
    /// The plugin it comes from; none for built-in ones.
    pub plugin: Option<String>,
}

/// A kind of activity.
pub trait Activity: Send + Sync {
    /// What is said of it.
    fn spec(&self) -> &Spec;

    /// Checks a call and binds it: resolves its populations, types its expressions, declares its
    /// outgoing transitions through the binder, reports what is wrong to the binder.
    ///
    /// `None` when something was reported that leaves nothing to plan.
    fn bind(&self, call: &ast::Call, binder: &mut Binder<'_>) -> Option<Arc<dyn Operation>>;
}

/// The activities a program can use.
#[derive(Clone, Default)]
pub struct Registry {
    activities: Vec<Arc<dyn Activity>>,
}

impl Registry {
    /// With the built-in activities.
    pub fn builtin() -> Self {
        let mut registry = Registry::default();
        registry.register(Arc::new(build_audience::BuildAudience));
        registry.register(Arc::new(read_audience::ReadAudience));
        registry.register(Arc::new(combine::Combine));
        registry.register(Arc::new(save_audience::SaveAudience));
        registry.register(Arc::new(export::Export));
        registry
    }

    /// Adds one; a later one of the same name does not replace an earlier one.
    pub fn register(&mut self, activity: Arc<dyn Activity>) {
        self.activities.push(activity);
    }

    /// The activity of this name.
    pub fn find(&self, name: &str) -> Option<&Arc<dyn Activity>> {
        self.activities.iter().find(|a| a.spec().name == name)
    }

    /// All, in the order they were registered.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Activity>> {
        self.activities.iter()
    }
}

/// The clauses of a call: each may stand once, and those that nobody takes are out of place.
pub struct Clauses<'c> {
    call: &'c ast::Call,
    left: Vec<&'c ast::Clause>,
}

impl<'c> Clauses<'c> {
    /// All clauses of a call. Of one that stands twice, which the parser reports, the first.
    pub fn of(call: &'c ast::Call) -> Self {
        let mut left: Vec<&ast::Clause> = Vec::new();
        for clause in &call.clauses {
            let kind = std::mem::discriminant(&clause.node);
            if left.iter().all(|c| std::mem::discriminant(&c.node) != kind) {
                left.push(clause);
            }
        }
        Clauses { call, left }
    }

    /// Takes the clause of a kind, when the call has it.
    pub fn take(&mut self, is: impl Fn(&ast::ClauseKind) -> bool) -> Option<&'c ast::ClauseKind> {
        self.take_spanned(is).map(|c| &c.node)
    }

    /// The same with its place.
    pub fn take_spanned(
        &mut self,
        is: impl Fn(&ast::ClauseKind) -> bool,
    ) -> Option<&'c ast::Clause> {
        let at = self.left.iter().position(|c| is(&c.node))?;
        Some(self.left.remove(at))
    }

    /// Reports what nobody took.
    pub fn finish(self, binder: &mut Binder<'_>) {
        for clause in self.left {
            binder.report(
                Diagnostic::error(
                    codes::CLAUSE,
                    format!("`{}` does not take this", self.call.activity.node),
                )
                .label(clause.span, "not here")
                .help(format!("see `camp activities {}` for its form", self.call.activity.node)),
            );
        }
    }
}
