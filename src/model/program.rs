//! A checked campaign, or several that run together: every name bound, every type known.
//! What it is *not* yet: ordered into SQL, or tied to an instant.

use std::any::Any;
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;

use crate::source::Span;
use crate::syntax::ast::Schedule;

use super::expr::{Expr, Population};
use super::schema::{Audience, Column, Scan};
use super::types::Type;
use super::unit_test::UnitTest;
use super::value::Value;

/// Index into [`Program::dimensions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DimId(pub u32);
/// Index into [`Program::links`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId(pub u32);
/// Index into [`Program::params`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParamId(pub u32);
/// Index into [`Program::transitions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransitionId(pub u32);
/// Index into [`Program::campaigns`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CampaignId(pub u32);

/// Everything that one run does.
#[derive(Debug, Default)]
pub struct Program {
    /// One per file that was named on the command line.
    pub campaigns: Vec<Campaign>,
    /// Targeting dimensions; equal declarations of several files are one.
    pub dimensions: Vec<Dimension>,
    /// Named ends of links.
    pub links: Vec<Link>,
    /// Parameters of all files.
    pub params: Vec<Param>,
    /// Audiences that exist before the run and that it reads, saves or asks about.
    pub audiences: Vec<AudienceRef>,
    /// All populations of the run.
    pub transitions: Vec<Transition>,
    /// In text order, file after file.
    pub steps: Vec<Step>,
    /// The tests that were asked for.
    pub tests: Vec<UnitTest>,
}

impl Program {
    /// The populations that each transition was made from, one activity back.
    pub fn origins(&self) -> HashMap<TransitionId, Vec<Population>> {
        let mut origins = HashMap::new();
        for step in &self.steps {
            if let StepKind::Activity(a) = &step.kind {
                for &output in &a.outputs {
                    origins.insert(output, a.operation.inputs());
                }
            }
        }
        origins
    }

    /// The step that makes each transition.
    pub fn makers(&self) -> HashMap<TransitionId, usize> {
        let mut makers = HashMap::new();
        for (index, step) in self.steps.iter().enumerate() {
            if let StepKind::Activity(activity) = &step.kind {
                makers.extend(activity.outputs.iter().map(|t| (*t, index)));
            }
        }
        makers
    }

    /// Calls `f` on every part of every expression that decides about rows.
    pub fn walk_expressions(&self, f: &mut dyn FnMut(&Expr)) {
        for dimension in &self.dimensions {
            dimension.filter.iter().for_each(|e| e.walk(f));
        }
        for step in &self.steps {
            step.only_if.iter().for_each(|e| e.walk(f));
            match &step.kind {
                StepKind::Activity(a) => a.operation.expressions().iter().for_each(|e| e.walk(f)),
                StepKind::Expect { condition, .. } => condition.walk(f),
            }
        }
    }
}

macro_rules! index {
    ($($id:ty => $field:ident: $item:ty),*) => {$(
        impl std::ops::Index<$id> for Program {
            type Output = $item;
            fn index(&self, id: $id) -> &$item {
                &self.$field[id.0 as usize]
            }
        }
    )*};
}
index!(DimId => dimensions: Dimension, LinkId => links: Link, ParamId => params: Param,
    TransitionId => transitions: Transition, CampaignId => campaigns: Campaign);

/// One file's header.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaign {
    /// Its label; the file's name without ending when it has no `campaign` statement.
    pub label: String,
    /// As the user named the file.
    pub file: String,
    /// The folder that relative paths start from.
    pub base: std::path::PathBuf,
    /// The IANA name that rules are read in.
    pub timezone: String,
    /// Free text.
    pub description: Option<String>,
    /// Metadata.
    pub schedule: Option<Schedule>,
}

/// A targeting dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension {
    /// Its name in the file.
    pub name: String,
    /// Where its rows are.
    pub scan: Scan,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Indices of the key's columns; empty for a dimension without a key.
    pub key: Vec<usize>,
    /// Whether the source guarantees that the key is unique and present (a PRIMARY KEY).
    pub key_guaranteed: bool,
    /// Rows for which it does not hold do not exist. Frame 0 is the row.
    pub filter: Option<Expr>,
    /// The IANA name of the zone that the filter is read in.
    pub filter_zone: Option<String>,
    /// The zone of the source's zone-less timestamps where it is not the campaign's: the engine
    /// reads those columns as instants ([`Type::Instant`] in `columns`), these indices.
    pub local_instants: Option<(String, Vec<usize>)>,
    /// Where it is declared.
    pub span: Span,
}

impl Dimension {
    /// The key's columns.
    pub fn key_columns(&self) -> impl Iterator<Item = &Column> {
        self.key.iter().map(|&i| &self.columns[i])
    }
}

/// One named end of a link: from rows of one dimension to rows of another.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The name that rows of `from` see it under.
    pub name: String,
    /// The dimension it starts from.
    pub from: DimId,
    /// The dimension it leads to.
    pub to: DimId,
    /// Equalities, all must hold.
    pub on: Vec<LinkPair>,
    /// At most one row per row: the condition covers the other side's key.
    pub to_one: bool,
    /// Where it is declared; of a FOREIGN KEY, the dimension's place.
    pub span: Span,
}

/// An equality of a link; each side is an expression over its own row, which is frame 0.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkPair {
    /// Over the row it starts from.
    pub from: Expr,
    /// Over the row it leads to.
    pub to: Expr,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Its declared type.
    pub ty: Type,
    /// Given on the command line, else the default; none when it must be given and was not.
    pub value: Option<Value>,
    /// Where it is declared.
    pub span: Span,
}

/// An audience that the program names.
#[derive(Clone, Debug, PartialEq)]
pub struct AudienceRef {
    /// The label as written first.
    pub label: String,
    /// What the catalogue knows; nothing when only this run creates it.
    pub existing: Option<Audience>,
    /// The dimension of this program that its members are rows of, bound by name and key.
    pub dimension: DimId,
}

/// A population.
#[derive(Clone, Debug, PartialEq)]
pub struct Transition {
    /// Its name; generated for an output that was given none.
    pub name: String,
    /// `##` lines above.
    pub doc: Option<String>,
    /// What its rows are.
    pub dimension: DimId,
    /// The columns it carries beside the key.
    pub columns: Vec<CarriedColumn>,
    /// The campaign it belongs to.
    pub campaign: CampaignId,
    /// Where it is defined.
    pub span: Span,
}

/// A column that a population carries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CarriedColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

/// One thing a run does.
#[derive(Debug)]
pub struct Step {
    /// Whose.
    pub campaign: CampaignId,
    /// What.
    pub kind: StepKind,
    /// `only if`: else skipped.
    pub only_if: Option<Expr>,
    /// `wait for`: it starts after the steps that make these.
    pub wait_for: Vec<TransitionId>,
    /// The whole statement.
    pub span: Span,
}

/// The kinds of step.
#[derive(Debug)]
pub enum StepKind {
    /// An activity.
    Activity(ActivityStep),
    /// A guard: when it does not hold, nothing is saved, exported or delivered.
    Expect {
        /// What must hold.
        condition: Expr,
        /// What to say when it does not.
        message: Option<String>,
    },
}

/// A bound call of an activity.
#[derive(Debug)]
pub struct ActivityStep {
    /// `build audience`
    pub activity: String,
    /// Where the activity is named.
    pub name_span: Span,
    /// Its outgoing transitions, in order.
    pub outputs: Vec<TransitionId>,
    /// What its own `bind` made of the call.
    pub operation: Arc<dyn Operation>,
}

/// What an activity made of a call: planned by [`crate::plan`], looked into only by its own
/// activity (and by tests, through [`Any`]).
pub trait Operation: Any + Debug + Send + Sync {
    /// Adds what the step does to the plan.
    ///
    /// # Errors
    /// What can only be known from the plan, as a diagnostic.
    fn plan(
        &self,
        step: &ActivityStep,
        planner: &mut crate::plan::Planner<'_>,
    ) -> Result<(), crate::diagnostic::Diagnostic>;

    /// Every expression of the step.
    fn expressions(&self) -> Vec<&Expr>;

    /// The populations it reads, in order.
    fn inputs(&self) -> Vec<Population>;

    /// Whether it does something beside making populations: saves, writes, sends.
    fn has_effects(&self) -> bool {
        false
    }

    /// What it works on beside its populations, in a few words, for a picture: a label, a file.
    fn caption(&self) -> Option<String> {
        None
    }

    /// Itself, for tests that evaluate a program on their own.
    fn as_any(&self) -> &dyn Any;
}
