//! `combine a union b`, `combine a intersect b`, `combine a exclude b`

use std::any::Any;
use std::sync::{Arc, LazyLock};

use crate::check::binder::{Binder, Input};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::{names, plan as codes};
use crate::model::expr::{Expr, ExprKind, MatchPair, Population, Sort};
use crate::model::program::{ActivityStep, CarriedColumn, DimId, Operation, TransitionId};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::plan::reason::Reason;
use crate::plan::relation::substitute;
use crate::plan::{Cut, Planner};
use crate::source::Span;
use crate::syntax::ast::{self, SetOp};

use super::{Activity, Clauses, Spec};

/// The activity.
pub struct Combine;

/// A bound `combine`. Columns are the first output's; each value comes from the first set (in
/// text order; for `exclude` only the left) that has the row and a column of that name.
#[derive(Debug)]
pub struct Combination {
    /// The operands.
    pub set: Set,
    /// The outermost union is cut to so many rows, earlier sets first, then by the key.
    pub limit: Option<Expr>,
}

/// A set of rows of one dimension.
#[derive(Clone, Debug, PartialEq)]
pub enum Set {
    /// A transition or a saved audience.
    Population(Population),
    /// One operation over two or more operands, the first being the left one.
    Operation {
        /// Which one.
        op: SetOp,
        /// In text order. `matching` of the first is empty.
        operands: Vec<Operand>,
    },
}

/// An operand of a set operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Operand {
    /// The set.
    pub set: Set,
    /// Compared instead of the key: left over the first operand's row (frame 0, its carried
    /// columns are `Carried`), right over this operand's row (frame [`MatchPair::RIGHT`]). Only
    /// where `set` is a population.
    pub matching: Vec<MatchPair>,
}

impl Set {
    /// The names that a `matching` expression can use for this set's columns, in order.
    fn column_names(&self, planner: &Planner<'_>) -> Vec<String> {
        match self {
            Set::Population(population) => planner.column_names(population),
            Set::Operation { operands, .. } => {
                let mut names: Vec<String> = Vec::new();
                for name in operands.iter().flat_map(|o| o.set.column_names(planner)) {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                names
            }
        }
    }

    /// The words of its operations, innermost first, each once.
    fn operators(&self) -> Vec<&'static str> {
        let Set::Operation { op, operands } = self else { return Vec::new() };
        let mut words = Vec::new();
        let inner = operands.iter().flat_map(|o| o.set.operators());
        for word in inner.chain([op.word()]) {
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words
    }

    /// The populations in it, in text order.
    pub fn populations(&self) -> Vec<Population> {
        match self {
            Set::Population(p) => vec![p.clone()],
            Set::Operation { operands, .. } => {
                operands.iter().flat_map(|o| o.set.populations()).collect()
            }
        }
    }
}

/// Rows of a set while it is planned: who is in it, and where each column's value comes from.
struct Rows {
    rule: Expr,
    /// Name, the rows that have it from here, the value; earlier ones win.
    columns: Vec<(String, Expr, Expr)>,
}

impl Rows {
    /// The values of a transition's columns, each from the first set that has row and column.
    fn carried(&self, planner: &Planner<'_>, transition: TransitionId) -> Vec<Expr> {
        planner.program[transition]
            .columns
            .iter()
            .map(|column| {
                let span = self.rule.span;
                let nothing = Expr::new(ExprKind::Literal(Value::Missing), column.ty.clone(), span);
                let sources = self.columns.iter().filter(|(name, ..)| *name == column.name);
                let sources: Vec<(&Expr, Expr)> =
                    sources.map(|(_, rule, value)| (rule, widened(value, &column.ty))).collect();
                // Where all say the same, or the first one has every row, nothing is chosen.
                if let Some((rule, value)) = sources.first()
                    && (**rule == self.rule || sources.iter().all(|(_, v)| v == value))
                    && sources.iter().any(|(r, _)| **r == self.rule)
                {
                    return value.clone();
                }
                sources.into_iter().rev().fold(nothing, |rest, (rule, value)| {
                    let kind = ExprKind::If(rule.clone(), value, rest);
                    Expr::new(kind, column.ty.clone(), span)
                })
            })
            .collect()
    }
}

fn widened(value: &Expr, ty: &Type) -> Expr {
    if value.ty == *ty {
        return value.clone();
    }
    Expr::new(ExprKind::Convert(value.clone()), ty.clone(), value.span)
}

impl Set {
    fn rows(&self, planner: &mut Planner<'_>, span: Span) -> Rows {
        match self {
            Set::Population(population) => {
                let (_, rule, values) = planner.rows_of(population);
                let names = planner.column_names(population);
                let columns =
                    names.into_iter().zip(values).map(|(n, v)| (n, rule.clone(), v)).collect();
                Rows { rule, columns }
            }
            Set::Operation { op: SetOp::Exclude, operands } => {
                let mut left = operands[0].set.rows(planner, span);
                let mut parts = vec![left.rule.clone()];
                for operand in &operands[1..] {
                    parts.push(operand.holds(&operands[0].set, planner, span).not());
                }
                let rule = Expr::and(parts, span);
                // The left set has every row that is left.
                for (_, from, _) in left.columns.iter_mut().filter(|(_, r, _)| *r == left.rule) {
                    *from = rule.clone();
                }
                Rows { rule, columns: left.columns }
            }
            Set::Operation { op: SetOp::Intersect, operands } => {
                let mut left = operands[0].set.rows(planner, span);
                let mut parts = vec![left.rule.clone()];
                for operand in &operands[1..] {
                    parts.push(operand.holds(&operands[0].set, planner, span));
                    if operand.matching.is_empty() {
                        left.columns.extend(operand.set.rows(planner, span).columns);
                    }
                }
                // Every set has every row of the intersection.
                let rule = Expr::and(parts, span);
                for (_, from, _) in &mut left.columns {
                    *from = rule.clone();
                }
                Rows { rule, columns: left.columns }
            }
            Set::Operation { op: SetOp::Union, .. } => self.everyone(planner, span),
        }
    }

    /// The rows that the complement is taken from: of `exclude` the left set's, else everyone in
    /// some set.
    fn everyone(&self, planner: &mut Planner<'_>, span: Span) -> Rows {
        match self {
            Set::Operation { op: SetOp::Exclude, operands } => operands[0].set.rows(planner, span),
            Set::Operation { op: SetOp::Intersect, operands }
                if operands.iter().any(|o| !o.matching.is_empty()) =>
            {
                operands[0].set.rows(planner, span)
            }
            Set::Operation { operands, .. } => {
                let sets: Vec<Rows> = operands.iter().map(|o| o.set.rows(planner, span)).collect();
                let rule = Expr::or(sets.iter().map(|s| s.rule.clone()), span);
                Rows { rule, columns: sets.into_iter().flat_map(|s| s.columns).collect() }
            }
            Set::Population(_) => self.rows(planner, span),
        }
    }

    /// 0 for rows of the first set, 1 for those that only later ones have, and so on.
    fn priority(&self, planner: &mut Planner<'_>, span: Span) -> Expr {
        let Set::Operation { operands, .. } = self else {
            return Expr::literal(Value::Int(0), span);
        };
        let number = |n: usize| Expr::literal(Value::Int(n as i128), span);
        let last = number(operands.len());
        operands.iter().enumerate().rev().fold(last, |rest, (n, operand)| {
            let rule = operand.set.rows(planner, span).rule;
            Expr::new(ExprKind::If(rule, number(n), rest), Type::Int, span)
        })
    }

    /// Why a row is in it.
    fn reason(&self, planner: &mut Planner<'_>, span: Span) -> Reason {
        match self {
            Set::Population(population) => Reason::In(population.clone()),
            Set::Operation { op, operands } => {
                let mut parts = vec![operands[0].set.reason(planner, span)];
                for operand in &operands[1..] {
                    let part = operand.reason(&operands[0].set, planner, span);
                    parts.push(match op {
                        SetOp::Exclude => Reason::Not(Box::new(part)),
                        SetOp::Union | SetOp::Intersect => part,
                    });
                }
                match op {
                    SetOp::Union => Reason::Any(parts),
                    SetOp::Intersect | SetOp::Exclude => Reason::All(parts),
                }
            }
        }
    }

    /// Why a row is among those that the complement is taken from; as [`Set::everyone`].
    fn reason_of_everyone(&self, planner: &mut Planner<'_>, span: Span) -> Reason {
        match self {
            Set::Operation { op: SetOp::Exclude, operands } => {
                operands[0].set.reason(planner, span)
            }
            Set::Operation { op: SetOp::Intersect, operands }
                if operands.iter().any(|o| !o.matching.is_empty()) =>
            {
                operands[0].set.reason(planner, span)
            }
            Set::Operation { operands, .. } => {
                Reason::Any(operands.iter().map(|o| o.set.reason(planner, span)).collect())
            }
            Set::Population(_) => self.reason(planner, span),
        }
    }

    fn expressions(&self) -> Vec<&Expr> {
        match self {
            Set::Population(_) => Vec::new(),
            Set::Operation { operands, .. } => operands
                .iter()
                .flat_map(|o| {
                    let pairs = o.matching.iter().flat_map(|p| [&p.left, &p.right]);
                    o.set.expressions().into_iter().chain(pairs)
                })
                .collect(),
        }
    }
}

impl Operand {
    /// Why a row of the first operand is in this one.
    fn reason(&self, first: &Set, planner: &mut Planner<'_>, span: Span) -> Reason {
        match &self.set {
            Set::Population(population) if !self.matching.is_empty() => {
                let mut condition = self.holds(first, planner, span);
                if let [pair, rest @ ..] = &self.matching[..] {
                    let last = rest.last().unwrap_or(pair);
                    condition.span = pair.left.span.to(last.right.span);
                }
                Reason::Matches { condition, population: population.clone() }
            }
            set => set.reason(planner, span),
        }
    }

    /// Whether a row of the first operand is in this one, by its key or by what matches.
    fn holds(&self, first: &Set, planner: &mut Planner<'_>, span: Span) -> Expr {
        if self.matching.is_empty() {
            return self.set.rows(planner, span).rule;
        }
        let Set::Population(population) = &self.set else {
            return self.set.rows(planner, span).rule;
        };
        let left = first.rows(planner, span);
        let names = first.column_names(planner);
        let values: Vec<Expr> = names
            .iter()
            .map(|name| {
                let known = left.columns.iter().find(|(n, ..)| n == name);
                known.map_or_else(|| Expr::constant(false, span), |(_, _, value)| value.clone())
            })
            .collect();
        let pairs = self
            .matching
            .iter()
            .map(|p| MatchPair {
                left: planner.fold(&substitute(&p.left, &values)),
                right: planner.fold(&p.right),
            })
            .collect();
        Expr::condition(ExprKind::Matches { population: population.clone(), pairs }, span)
    }
}

static SPEC: LazyLock<Spec> = LazyLock::new(|| {
    Spec {
    name: "combine".into(),
    summary: "Union, intersection and exclusion of populations".into(),
    syntax:
        "combine SET union|intersect|exclude SET [matching EXPR] … [common columns only] [limit N]"
            .into(),
    doc: "Sets of one dimension, compared by their key. One operator repeated is one operation over all; \
          unions followed by exclusions need no brackets, other mixes do.\n\n\
          * `exclude` and `intersect` take `matching lower(email) = lower(address)` to compare \
          expressions instead of the key, also with another dimension or one without a key; one \
          expression alone is compared on both sides.\n\
          * `exclude` keeps the left columns. `union` and `intersect` take each column's value from \
          the first set that has the row and the column; `common columns only` keeps the columns \
          that every set has.\n\
          * A second outgoing transition is the complement: of `exclude` the removed rows, of \
          `intersect` everyone in some set but not in all, of `union … limit N` those cut.".into(),
    outputs: 1..=2,
    example: "buyers = build audience from customers where any orders\n\
              french = build audience from customers where country = \"FR\"\n\
              silent = build audience from customers where not consent\n\
              reachable, removed = combine buyers union french exclude silent\n\
              save audience reachable as \"Buyers or French, reachable\"\n".into(),
    plugin: None,
}
});

impl Activity for Combine {
    fn spec(&self) -> &Spec {
        &SPEC
    }

    fn bind(&self, call: &ast::Call, binder: &mut Binder<'_>) -> Option<Arc<dyn Operation>> {
        let mut clauses = Clauses::of(call);
        let set = clauses.take(|c| matches!(c, ast::ClauseKind::Set(_)));
        let common = clauses.take(|c| matches!(c, ast::ClauseKind::CommonColumnsOnly)).is_some();
        let limit = clauses.take_spanned(|c| matches!(c, ast::ClauseKind::Limit(_)));
        clauses.finish(binder);
        let Some(ast::ClauseKind::Set(set)) = set else {
            binder.report(
                Diagnostic::error(codes::CLAUSE, "`combine` does not say what it combines")
                    .label(call.activity.span, "populations are missing")
                    .help("write `combine a union b`, `a intersect b` or `a exclude b`"),
            );
            return None;
        };
        let mut bound_limit = None;
        if let Some(clause) = limit
            && let ast::ClauseKind::Limit(e) = &clause.node
        {
            bound_limit = binder.positive(e, "A limit");
        }
        let bound = bind_set(set, common, binder)?;
        let op = match &bound.set {
            Set::Operation { op, .. } => Some(*op),
            Set::Population(_) => None,
        };
        if let Some(clause) = limit
            && op != Some(SetOp::Union)
        {
            binder.report(
                Diagnostic::error(codes::CLAUSE, "Only a union is cut by a limit")
                    .label(clause.span, "not here")
                    .help("build the first rows: `build audience from T order by … limit N`"),
            );
            return None;
        }
        if op == Some(SetOp::Union)
            && limit.is_none()
            && let Some(second) = binder.output_names().get(1).cloned()
        {
            binder.report(
                Diagnostic::error(codes::OUTPUTS, "A union without a limit leaves nobody out")
                    .label(second.span, "always empty")
                    .help("remove the name, or add `limit N`"),
            );
            return None;
        }
        if op.is_none() {
            binder.report(
                Diagnostic::error(codes::CLAUSE, "`combine` has only one population")
                    .label(set.span, "nothing to combine it with")
                    .help("write `combine a union b`"),
            );
            return None;
        }
        for _ in 0..binder.named_outputs().max(1) {
            binder.declare_output(bound.dimension, bound.columns.clone());
        }
        Some(Arc::new(Combination { set: bound.set, limit: bound_limit }))
    }
}

/// A bound set with what its rows are and carry.
struct BoundSet {
    set: Set,
    dimension: DimId,
    columns: Vec<CarriedColumn>,
    /// What a `matching` can speak of, as [`Set::column_names`].
    named: Vec<CarriedColumn>,
    span: Span,
    name: String,
}

/// An operand in the place where it may also be of another dimension.
enum Side {
    Same(BoundSet),
    Other(Input),
}

fn bind_set(set: &ast::SetExpr, common: bool, binder: &mut Binder<'_>) -> Option<BoundSet> {
    match &set.kind {
        ast::SetKind::Transition(_) | ast::SetKind::Audience(_) => {
            let input = bind_population(set, binder)?;
            bound_population(input, set.span, binder)
        }
        ast::SetKind::Chain(first, rest) => bind_chain(set, first, rest, common, binder),
    }
}

fn bind_population(set: &ast::SetExpr, binder: &mut Binder<'_>) -> Option<Input> {
    match &set.kind {
        ast::SetKind::Audience(label) => binder.audience(label),
        ast::SetKind::Transition(name) => {
            binder.population(&ast::Path { parts: vec![name.clone()], span: name.span })
        }
        ast::SetKind::Chain(..) => None,
    }
}

/// A population that is combined by its key.
fn bound_population(input: Input, span: Span, binder: &mut Binder<'_>) -> Option<BoundSet> {
    if matches!(input.population, Population::Dimension(_)) {
        let name = &input.name;
        binder.report(
            Diagnostic::error(
                names::NOT_A_POPULATION,
                format!("`{name}` is a dimension, not a transition"),
            )
            .label(span, "a transition is needed")
            .help(format!("build it first: `all_{name} = build audience from {name}`")),
        );
        return None;
    }
    let dimension = binder.needs_key(&input, "only behind `exclude`, with `matching`")?;
    Some(BoundSet {
        set: Set::Population(input.population),
        dimension,
        columns: input.columns.clone(),
        named: input.columns,
        span,
        name: input.name,
    })
}

fn bind_chain(
    set: &ast::SetExpr,
    first: &ast::SetExpr,
    rest: &[ast::SetOperand],
    common: bool,
    binder: &mut Binder<'_>,
) -> Option<BoundSet> {
    let Some(start) = rest.first() else { return bind_set(first, common, binder) };
    // Unions followed by exclusions read one way; other mixes need brackets.
    let unions = rest.iter().take_while(|o| o.op.node == start.op.node).count();
    let (left, right) = rest.split_at(unions);
    if let Some(next) = right.first() {
        let reads_one_way =
            start.op.node == SetOp::Union && right.iter().all(|o| o.op.node == SetOp::Exclude);
        if !reads_one_way {
            binder.report(
                Diagnostic::error(codes::BRACKETS, "Set operations are mixed without brackets")
                    .label(next.op.span, "before or after the others?")
                    .help("put brackets around the part that comes first"),
            );
            // What is wrong inside the operands is still worth saying.
            bind_set(first, common, binder);
            for operand in rest {
                bind_population(&operand.set, binder);
            }
            return None;
        }
        let union = ast::SetExpr {
            kind: ast::SetKind::Chain(Box::new(first.clone()), left.to_vec()),
            span: first.span.to(left.last().map_or(first.span, |o| o.set.span)),
        };
        return bind_operation(set.span, &union, right, common, binder);
    }
    bind_operation(set.span, first, rest, common, binder)
}

/// One operation over two or more operands.
fn bind_operation(
    span: Span,
    first: &ast::SetExpr,
    rest: &[ast::SetOperand],
    common: bool,
    binder: &mut Binder<'_>,
) -> Option<BoundSet> {
    let op = rest.first()?.op.node;
    let left = bind_set(first, common, binder);
    let mut sides = Vec::new();
    let mut fine = left.is_some();
    for operand in rest {
        let side = if operand.matching.is_empty() {
            bind_set(&operand.set, common, binder).map(Side::Same)
        } else {
            bind_matched(operand, op, binder).map(Side::Other)
        };
        fine &= side.is_some();
        sides.push(side);
    }
    let left = left?;
    // The left operand's row, for what `matching` says of it.
    let left_input = Input {
        population: match &left.set {
            Set::Population(p) => p.clone(),
            Set::Operation { .. } => Population::Dimension(left.dimension),
        },
        dimension: Some(left.dimension),
        columns: left.named.clone(),
        name: left.name.clone(),
        span: left.span,
    };
    let left_rows = binder.rows(&left_input);
    let mut operands = vec![Operand { set: left.set.clone(), matching: Vec::new() }];
    let mut columns: Vec<Vec<CarriedColumn>> = vec![left.columns.clone()];
    let mut spans = vec![left.span];
    let mut named = left.named.clone();
    for (operand, side) in rest.iter().zip(sides) {
        match side {
            Some(Side::Same(bound)) => {
                if bound.dimension != left.dimension {
                    different_dimensions(&left, &bound, binder);
                    fine = false;
                    continue;
                }
                if op != SetOp::Exclude {
                    for column in bound.named {
                        if named.iter().all(|c| c.name != column.name) {
                            named.push(column);
                        }
                    }
                }
                columns.push(bound.columns.clone());
                spans.push(bound.span);
                operands.push(Operand { set: bound.set, matching: Vec::new() });
            }
            Some(Side::Other(input)) => {
                let right_rows = binder.right_rows(&input);
                match binder.matching(&operand.matching, &left_rows, &right_rows) {
                    Some(matching) => {
                        operands.push(Operand { set: Set::Population(input.population), matching })
                    }
                    None => fine = false,
                }
            }
            None => {}
        }
    }
    if !fine {
        return None;
    }
    let columns = match op {
        SetOp::Exclude => left.columns,
        SetOp::Union | SetOp::Intersect => merged_columns(&columns, &spans, common, binder)?,
    };
    Some(BoundSet {
        set: Set::Operation { op, operands },
        dimension: left.dimension,
        columns,
        named,
        span,
        name: left.name,
    })
}

/// The operand of a `matching`: any population, of any dimension, with or without a key.
fn bind_matched(operand: &ast::SetOperand, op: SetOp, binder: &mut Binder<'_>) -> Option<Input> {
    if op == SetOp::Union {
        binder.report(
            Diagnostic::error(codes::CLAUSE, "A union has no `matching`")
                .label(operand.op.span, "rows of one dimension only")
                .help("use `matching` with `exclude` or `intersect`"),
        );
        return None;
    }
    if let ast::SetKind::Chain(..) = operand.set.kind {
        binder.report(
            Diagnostic::error(codes::CLAUSE, "`matching` compares with one population")
                .label(operand.set.span, "several populations")
                .help("name it first with a `combine` of its own"),
        );
        return None;
    }
    bind_population(&operand.set, binder)
}

fn different_dimensions(left: &BoundSet, right: &BoundSet, binder: &mut Binder<'_>) {
    let (l, r) = {
        let program = binder.program();
        (program[left.dimension].name.clone(), program[right.dimension].name.clone())
    };
    let title = if l == r {
        format!("The populations are of two dimensions called `{l}`")
    } else {
        format!("Rows of `{l}` and rows of `{r}` are not combined by key")
    };
    binder.report(
        Diagnostic::error(codes::DIFFERENT_DIMENSIONS, title)
            .label(right.span, format!("rows of `{r}`"))
            .label(left.span, format!("rows of `{l}`"))
            .help("compare columns: `exclude … matching a = b`, or change the dimension first"),
    );
}

/// The columns of a union or an intersection: each from the first set that has it.
fn merged_columns(
    sets: &[Vec<CarriedColumn>],
    spans: &[Span],
    common: bool,
    binder: &mut Binder<'_>,
) -> Option<Vec<CarriedColumn>> {
    let mut merged: Vec<(CarriedColumn, Span, usize)> = Vec::new();
    let mut fine = true;
    for (columns, &span) in sets.iter().zip(spans) {
        for column in columns {
            match merged.iter_mut().find(|(c, _, _)| c.name == column.name) {
                Some((known, first, sets)) => match known.ty.widened(&column.ty) {
                    Some(ty) => {
                        known.ty = ty;
                        *sets += 1;
                    }
                    None => {
                        fine = false;
                        binder.report(
                            Diagnostic::error(
                                codes::COLUMN_TYPES,
                                format!(
                                    "Column `{}` is {} here and {} there",
                                    column.name, column.ty, known.ty
                                ),
                            )
                            .label(span, format!("`{}` is {}", column.name, column.ty))
                            .label(*first, format!("`{}` is {}", column.name, known.ty))
                            .help("select it under another name, or convert it"),
                        );
                    }
                },
                None => merged.push((column.clone(), span, 1)),
            }
        }
    }
    if common {
        merged.retain(|(_, _, seen)| *seen == sets.len());
    }
    fine.then(|| merged.into_iter().map(|(c, _, _)| c).collect())
}

impl Operation for Combination {
    fn plan(&self, step: &ActivityStep, planner: &mut Planner<'_>) -> Result<(), Diagnostic> {
        let Some(&first) = step.outputs.first() else { return Ok(()) };
        let span = step.name_span;
        let all = self.set.rows(planner, span);
        let columns = all.carried(planner, first);
        let mut reason = self.set.reason(planner, span);
        let inside = match &self.limit {
            None => {
                planner.define(first, all.rule.clone(), columns);
                all.rule.clone()
            }
            Some(limit) => {
                let rank = Sort { expr: self.set.priority(planner, span), descending: false };
                let limit = Cut::Rows(planner.fold(limit));
                let cut = Reason::First {
                    output: first,
                    order: vec![rank.clone()],
                    limit: limit.clone(),
                };
                reason = Reason::All(vec![reason, cut]);
                planner.cut(first, all.rule.clone(), columns, vec![rank], limit);
                planner.rows_of(&Population::Transition(first)).1
            }
        };
        planner.because(first, reason);
        if let Some(&rest) = step.outputs.get(1) {
            let others = Reason::Not(Box::new(Reason::In(Population::Transition(first))));
            let from = self.set.reason_of_everyone(planner, span);
            planner.because(rest, Reason::All(vec![from, others]));
            let everyone = self.set.everyone(planner, span);
            let columns = everyone.carried(planner, rest);
            planner.define(rest, Expr::and([everyone.rule, inside.not()], span), columns);
        }
        Ok(())
    }

    fn expressions(&self) -> Vec<&Expr> {
        self.set.expressions()
    }

    fn inputs(&self) -> Vec<Population> {
        self.set.populations()
    }

    fn caption(&self) -> Option<String> {
        Some(self.set.operators().join(", "))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
