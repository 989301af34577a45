//! Populations as rules: a relation is a dimension, a rule over its row, and the values that its
//! rows carry. Set operations between populations of one dimension are boolean combinations of
//! their rules, so one scan of the dimension can decide the membership of every audience.

use std::collections::{HashMap, HashSet};

use crate::model::expr::*;
use crate::model::program::{DimId, Program, TransitionId};
use crate::source::Span;

use super::query::Select;

/// Rows of a dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    /// What its rows are.
    pub dimension: DimId,
    /// Which rows, over the dimension's row as frame 0.
    pub rule: Expr,
    /// What they carry, in the order of the transition's columns.
    pub columns: Vec<Expr>,
}

/// A temporary table that holds a population: columns `k0…` and `c0…`.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// After which level of the plan it exists.
    pub level: usize,
}

/// What the planner knows of the transitions so far.
#[derive(Clone, Debug, Default)]
pub struct Relations {
    relations: HashMap<TransitionId, Relation>,
    tables: HashMap<TransitionId, Table>,
    counts: HashMap<TransitionId, Select>,
    /// Those whose table has only rows that the dimension has.
    complete: HashSet<TransitionId>,
    /// The filters of dimensions, parameters and times folded.
    filters: HashMap<DimId, Expr>,
}

impl Relations {
    /// The rule of a transition.
    pub fn get(&self, transition: TransitionId) -> Option<&Relation> {
        self.relations.get(&transition)
    }

    /// Its table, when a rule alone cannot say who is in it.
    pub fn table(&self, transition: TransitionId) -> Option<&Table> {
        self.tables.get(&transition)
    }

    /// The filter of a dimension, without parameters and relative times.
    pub fn filter(&self, dimension: DimId) -> Option<&Expr> {
        self.filters.get(&dimension)
    }

    /// Says what the filter of a dimension is.
    pub fn define_filter(&mut self, dimension: DimId, filter: Expr) {
        self.filters.insert(dimension, filter);
    }

    /// Says that the table of a transition has only rows that its dimension has, so that it can be
    /// read without asking the dimension again.
    pub fn set_complete(&mut self, transition: TransitionId) {
        self.complete.insert(transition);
    }

    /// Values of the rows for which a rule holds, as columns `k…` and `c…` of a table, when the rule
    /// is nothing but to be in that table and the values are what it holds.
    pub fn held(
        &self,
        program: &Program,
        relation: &Relation,
        values: &[(String, Expr)],
    ) -> Option<(Table, Vec<String>)> {
        let ExprKind::Member { row, population: Population::Transition(t) } = &*relation.rule.kind
        else {
            return None;
        };
        let table = self.tables.get(t).filter(|_| self.complete.contains(t))?;
        let own = Population::Transition(*t);
        let key = &program[relation.dimension].key;
        let columns = values.iter().map(|(_, value)| match &*value.kind {
            ExprKind::Lookup { population, index } if *population == own => {
                Some(format!("c{index}"))
            }
            ExprKind::Column { row, column } if *row == Row::frame(0) => {
                key.iter().position(|k| k == column).map(|n| format!("k{n}"))
            }
            _ => None,
        });
        let columns = columns.collect::<Option<Vec<_>>>()?;
        (*row == Row::frame(0)).then(|| (table.clone(), columns))
    }

    /// How its rows are counted, once the plan has decided where they are.
    pub fn count(&self, transition: TransitionId) -> Option<Select> {
        self.counts.get(&transition).cloned()
    }

    /// Says what a transition is.
    pub fn define(&mut self, transition: TransitionId, relation: Relation) {
        self.relations.insert(transition, relation);
    }

    /// Says that a table holds a transition; its rule becomes membership in the table.
    pub fn define_table(
        &mut self,
        program: &Program,
        transition: TransitionId,
        table: Table,
        span: Span,
    ) {
        let population = Population::Transition(transition);
        let columns = program[transition].columns.iter().map(|c| c.ty.clone());
        let relation = stored(program[transition].dimension, population, columns, span);
        self.relations.insert(transition, relation);
        self.tables.insert(transition, table);
    }

    /// Says how a transition's rows are counted.
    pub fn define_count(&mut self, transition: TransitionId, count: Select) {
        self.counts.insert(transition, count);
    }

    /// Dimension, rule and carried values of a population.
    pub fn rows_of(&self, program: &Program, population: &Population) -> (DimId, Expr, Vec<Expr>) {
        let span = Span::default();
        match population {
            Population::Dimension(d) => (*d, Expr::constant(true, span), Vec::new()),
            Population::Transition(t) => match self.relations.get(t) {
                Some(r) => (r.dimension, r.rule.clone(), r.columns.clone()),
                // Only after an error that was reported: nobody.
                None => (program[*t].dimension, Expr::constant(false, span), Vec::new()),
            },
            Population::Audience(i) => {
                let audience = &program.audiences[*i];
                let columns = audience
                    .existing
                    .iter()
                    .flat_map(|a| a.columns[a.key.len()..].iter().map(|c| c.ty.clone()));
                let r = stored(audience.dimension, population.clone(), columns, span);
                (r.dimension, r.rule, r.columns)
            }
        }
    }
}

/// A population that is stored as a table, over its dimension.
fn stored(
    dimension: DimId,
    population: Population,
    columns: impl Iterator<Item = crate::model::types::Type>,
    span: Span,
) -> Relation {
    let member = ExprKind::Member { row: Row::frame(0), population: population.clone() };
    let columns = columns
        .enumerate()
        .map(|(index, ty)| {
            Expr::new(ExprKind::Lookup { population: population.clone(), index }, ty, span)
        })
        .collect();
    Relation { dimension, rule: Expr::condition(member, span), columns }
}

/// The expression with the carried columns of frame 0 replaced by what they stand for.
pub fn substitute(expr: &Expr, carried: &[Expr]) -> Expr {
    if let ExprKind::Carried { frame: 0, index } = &*expr.kind {
        return carried.get(*index).cloned().unwrap_or_else(|| expr.clone());
    }
    expr.map_children(&mut |part| substitute(part, carried))
}

/// The right side of a match over its own row as frame 0, its carried columns replaced.
pub fn as_frame_zero(expr: &Expr, carried: &[Expr]) -> Expr {
    let moved = |row: &Row| {
        let frame = if row.frame == MatchPair::RIGHT { 0 } else { row.frame };
        Row { frame, links: row.links.clone() }
    };
    let kind = match &*expr.kind {
        ExprKind::Carried { frame: MatchPair::RIGHT, index } => {
            return carried.get(*index).cloned().unwrap_or_else(|| expr.clone());
        }
        ExprKind::Column { row, column } => ExprKind::Column { row: moved(row), column: *column },
        ExprKind::Member { row, population } => {
            ExprKind::Member { row: moved(row), population: population.clone() }
        }
        _ => {
            let mut expr = expr.map_children(&mut |part| as_frame_zero(part, carried));
            let kind = match &*expr.kind {
                ExprKind::Quantified { quantifier, links, condition } => ExprKind::Quantified {
                    quantifier: quantifier.clone(),
                    links: Links { from: moved(&links.from), steps: links.steps.clone() },
                    condition: condition.clone(),
                },
                ExprKind::Aggregate { function, value, links, condition, by, separator } => {
                    ExprKind::Aggregate {
                        function: *function,
                        value: value.clone(),
                        links: Links { from: moved(&links.from), steps: links.steps.clone() },
                        condition: condition.clone(),
                        by: by.clone(),
                        separator: separator.clone(),
                    }
                }
                _ => return expr,
            };
            expr.kind = std::sync::Arc::new(kind);
            return expr;
        }
    };
    Expr { kind: std::sync::Arc::new(kind), ty: expr.ty.clone(), span: expr.span }
}

/// The expression with memberships of the same row in populations of the same dimension replaced
/// by their rules: then one scan decides both.
pub fn inline_members(expr: &Expr, dimension: DimId, relations: &Relations) -> Expr {
    if let ExprKind::Member { row, population: Population::Transition(t) } = &*expr.kind
        && row.frame == 0
        && row.links.is_empty()
        && relations.table(*t).is_none()
        && let Some(relation) = relations.get(*t)
        && relation.dimension == dimension
    {
        return relation.rule.clone();
    }
    expr.map_children(&mut |part| inline_members(part, dimension, relations))
}
