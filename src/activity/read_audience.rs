//! `read audience "Label" [version N] [on D matching COL = COL] [select …]`

use std::any::Any;
use std::sync::{Arc, LazyLock};

use crate::check::binder::{Binder, Input};
use crate::diagnostic::{Diagnostic, codes};
use crate::model::expr::{Expr, ExprKind, MatchPair, Population};
use crate::model::program::{ActivityStep, CarriedColumn, Operation, TransitionId};
use crate::plan::Planner;
use crate::plan::reason::Reason;
use crate::source::Spanned;
use crate::syntax::ast;

use super::{Activity, Clauses, Spec};

/// The activity.
pub struct ReadAudience;

/// A bound `read audience`: the rows of its output's dimension that are members (or that a member
/// matches). Members without such a row are dropped and counted.
#[derive(Debug)]
pub struct Read {
    /// Its number among the program's audiences.
    pub audience: usize,
    /// The whole audience after a save of this run that stands above: read instead of the old
    /// content. The stored columns are then this transition's.
    pub after_save: Option<TransitionId>,
    /// An older version; nothing: the present members.
    pub version: Option<u64>,
    /// `on DIMENSION matching …`: left over the dimension's row, right over the member's columns
    /// ([`ExprKind::Carried`](crate::model::expr::ExprKind) of frame [`MatchPair::RIGHT`]); empty:
    /// by the key.
    pub matching: Vec<MatchPair>,
    /// What the output carries: the member's stored columns are `Carried` of frame 0 (only where
    /// it is read by the key), the dimension's are `Column` of frame 0.
    pub columns: Vec<(CarriedColumn, Expr)>,
}

static SPEC: LazyLock<Spec> = LazyLock::new(|| {
    Spec {
    name: "read audience".into(),
    summary: "The members of a saved audience".into(),
    syntax: "read audience \"Label\" [version N] [on DIMENSION matching COL = COL] [select …]"
        .into(),
    doc: "The members of a saved audience with the columns that were stored. Members that no longer \
          exist in the dimension are left out and counted. Above a save of the same run the old \
          content is read, below it the new.\n\n\
          * `version N` reads an older version.\n\
          * `on DIMENSION matching a = b` gives the rows of a dimension that a member matches: left \
          of `=` the dimension's columns, right of it the stored ones.\n\
          * An audience that does not exist, or has expired, is an error.".into(),
    outputs: 1..=1,
    example: "buyers = build audience from customers where any orders select email\n\
              save audience buyers as \"Buyers\"\n\
              again = read audience \"Buyers\" select email, country\n\
              save audience again as \"Buyers with their country\"\n".into(),
    plugin: None,
}
});

impl Activity for ReadAudience {
    fn spec(&self) -> &Spec {
        &SPEC
    }

    fn bind(&self, call: &ast::Call, binder: &mut Binder<'_>) -> Option<Arc<dyn Operation>> {
        use ast::ClauseKind as C;
        let mut clauses = Clauses::of(call);
        let label = clauses.take(|c| matches!(c, C::Label(_)));
        let version = clauses.take(|c| matches!(c, C::Version(_)));
        let on = clauses.take(|c| matches!(c, C::OnMatching(..)));
        let select = clauses.take(|c| matches!(c, C::Select(_)));
        clauses.finish(binder);
        let Some(C::Label(text)) = label else {
            binder.report(
                Diagnostic::error(codes::plan::CLAUSE, "`read audience` does not say which one")
                    .label(call.activity.span, "a label is missing")
                    .help("write `read audience \"Label\"`"),
            );
            return None;
        };
        let foreign = on.is_some();
        let members = if foreign { binder.foreign_audience(text) } else { binder.audience(text) };
        let on = match on {
            Some(C::OnMatching(name, condition)) => {
                let path = ast::Path { parts: vec![name.clone()], span: name.span };
                let input = binder.population(&path)?;
                Some((binder.needs_key(&input, "a key is needed")?, condition))
            }
            _ => None,
        };
        let members = members?;
        let version = match version {
            Some(C::Version(number)) => {
                check_version(number, text, &members, binder)?;
                Some(number.node)
            }
            _ => None,
        };
        let (dimension, matching) = match on {
            Some((dimension, condition)) => {
                let left = binder.dimension_rows(dimension);
                let right = binder.right_rows(&members);
                let pairs = binder.matching(std::slice::from_ref(condition), &left, &right)?;
                (dimension, pairs)
            }
            None => (members.dimension?, Vec::new()),
        };
        // What the members carry comes first, then the columns of the dimension. Read by
        // `matching`, a row may have several members, so only the dimension's columns are its own.
        let carried = if matching.is_empty() { members.columns.clone() } else { Vec::new() };
        let rows_of = Input { dimension: Some(dimension), columns: carried, ..members.clone() };
        let rows = binder.rows(&rows_of);
        let select = match select {
            Some(C::Select(s)) => Some(s),
            _ => None,
        };
        let columns = binder.selected(select, &rows_of, &rows);
        binder.declare_output(dimension, columns.iter().map(|(c, _)| c.clone()).collect());
        let (audience, after_save) = match members.population {
            Population::Audience(index) => (index, None),
            // Saved above: the new content.
            Population::Transition(id) => {
                let existing = binder.existing_audience(&members.name);
                let of = binder.program()[id].dimension;
                (binder.audience_index(&members.name, existing, of), Some(id))
            }
            Population::Dimension(_) => return None,
        };
        Some(Arc::new(Read { audience, after_save, version, matching, columns }))
    }
}

/// Reports a version that was never written or is not kept.
fn check_version(
    number: &Spanned<u64>,
    text: &ast::Text,
    members: &Input,
    binder: &mut Binder<'_>,
) -> Option<()> {
    let existing = binder.existing_audience(&members.name);
    let after_save = matches!(members.population, Population::Transition(_));
    let (oldest, newest) = existing.map_or((0, 0), |a| (a.oldest_version, a.version));
    if !after_save && newest > 0 && (oldest..=newest).contains(&number.node) {
        return Some(());
    }
    let help = if after_save {
        "read the version before the save".to_string()
    } else if newest == 0 {
        "leave out `version`".to_string()
    } else {
        format!("use a version from {oldest} to {newest}")
    };
    let label = match (after_save, newest) {
        (true, _) => "the audience was just saved".to_string(),
        (false, 0) => "nothing was saved yet".to_string(),
        (false, newest) => format!("the newest is {newest}"),
    };
    binder.report(
        Diagnostic::error(
            codes::plan::VERSION,
            format!("Audience `{}` has no version {}", text.node, number.node),
        )
        .label(number.span, label)
        .help(help),
    );
    None
}

impl Operation for Read {
    fn plan(&self, step: &ActivityStep, planner: &mut Planner<'_>) -> Result<(), Diagnostic> {
        let Some(&output) = step.outputs.first() else { return Ok(()) };
        let audience = match self.after_save {
            Some(id) => Population::Transition(id),
            None => Population::Audience(self.audience),
        };
        let span = step.name_span;
        let rule = if let Some(version) = self.version {
            // The table of the old members becomes the transition itself.
            if !planner.read_version(output, self.audience, version) {
                let label = &planner.program.audiences[self.audience].label;
                return Err(Diagnostic::error(
                    codes::plan::VERSION_NOT_KEPT,
                    format!("Version {version} of \"{label}\" is no longer kept"),
                )
                .label(span, "reads a version that is gone"));
            }
            planner.rows_of(&Population::Transition(output)).1
        } else if self.matching.is_empty() {
            planner.rows_of(&audience).1
        } else {
            let dimension = Population::Dimension(planner.program[output].dimension);
            let pairs = self
                .matching
                .iter()
                .map(|p| MatchPair {
                    left: planner.resolve(&p.left, &dimension),
                    right: planner.fold(&p.right),
                })
                .collect();
            Expr::condition(ExprKind::Matches { population: audience.clone(), pairs }, span)
        };
        let reason = match self.version {
            Some(version) => Reason::Version { output, audience: self.audience, version },
            None if self.matching.is_empty() => Reason::In(audience.clone()),
            None => {
                let mut condition = rule.clone();
                if let [pair, rest @ ..] = &self.matching[..] {
                    let last = rest.last().unwrap_or(pair);
                    condition.span = pair.left.span.to(last.right.span);
                }
                Reason::Matches { condition, population: audience.clone() }
            }
        };
        planner.because(output, reason);
        let columns: Vec<Expr> =
            self.columns.iter().map(|(_, e)| planner.resolve(e, &audience)).collect();
        planner.define(output, rule, columns);
        Ok(())
    }

    fn expressions(&self) -> Vec<&Expr> {
        let pairs = self.matching.iter().flat_map(|p| [&p.left, &p.right]);
        pairs.chain(self.columns.iter().map(|(_, e)| e)).collect()
    }

    fn inputs(&self) -> Vec<Population> {
        match self.after_save {
            Some(id) => vec![Population::Transition(id)],
            None => vec![Population::Audience(self.audience)],
        }
    }

    fn caption(&self) -> Option<String> {
        self.version.map(|version| format!("version {version}"))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
