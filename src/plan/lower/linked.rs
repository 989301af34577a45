//! Conditions and aggregates over linked rows: joins, grouped queries, correlated subqueries.

use crate::model::expr::{Quantifier, *};
use crate::model::program::DimId;
use crate::model::types::Type;
use crate::model::value::Value;
use crate::plan::query::*;
use crate::plan::reach::Reach;
use crate::plan::sorted;

use super::sql::{
    and, count_call, count_rows, equal, join_keys, null, refuses_zero, test, truth, without_zero,
};
use super::{Block, Existence, Group, Lowering, Pair, finish};

impl Lowering<'_> {
    pub(super) fn semi_join(
        &mut self,
        expr: &Expr,
        kind: JoinKind,
        links: &Links,
        condition: Option<&Expr>,
    ) {
        let Some((from, _, owner)) = self.row(&links.from) else { return };
        let (first, _) = self.open_links(links, &from, owner);
        if let Some(condition) = condition {
            self.filter(condition);
        }
        self.share_groups();
        self.unbind_links(links);
        let block = self.close();
        let alias = self.alias("s");
        let (columns, on) = join_keys(first, &alias);
        let select = finish(block, columns);
        let source = Source::Query(Box::new(select));
        let expr = expr.clone();
        let block = &mut self.blocks[owner];
        block.existences.push(Existence { join: block.joins.len(), expr });
        block.joins.push(Join { kind, source, alias, on });
    }

    /// An existence whose links are grouped anyway becomes one more aggregate of the group: the
    /// linked rows are read once. Not so where the group reads only some of the rows and the
    /// existence may need others: reading more of them can cost more than a second, pruned scan.
    pub(super) fn share_groups(&mut self) {
        if !self.passes.one_group {
            return;
        }
        let owner = self.blocks.len() - 1;
        for Existence { join, expr } in std::mem::take(&mut self.top().existences).into_iter().rev()
        {
            let Some((_, links, condition)) = existence(&expr) else { continue };
            let Some((from, _, _)) = self.row(&links.from) else { continue };
            let ids = links.ids();
            let asked = condition.map(Expr::conjuncts).unwrap_or_default();
            let reach = self.reach(links, condition);
            let mut why = Vec::new();
            let shared = self.blocks[owner].groups.iter().any(|group| {
                group.from == from
                    && group.links == ids
                    && group.block.is_some()
                    && group.common().iter().all(|part| asked.contains(part))
                    && self.together(group, &reach, &mut why)
            });
            self.notes.append(&mut why);
            if shared {
                self.top().joins.remove(join);
                self.plain_filter(&expr);
            }
        }
    }

    /// Opens a block over the rows of a link path and binds their frames. Gives the equalities of
    /// the first link, (value of the starting row, value of the linked row), and the rows.
    pub(super) fn open_links(
        &mut self,
        links: &Links,
        from: &Alias,
        owner: usize,
    ) -> (Vec<Pair>, Vec<(Alias, DimId)>) {
        let mut rows = Vec::new();
        let mut first = Vec::new();
        for (i, step) in links.steps.iter().enumerate() {
            let link = &self.program[step.link];
            let source = self.dimension_source(link.to);
            let alias = self.alias("l");
            if i == 0 {
                let outer: Vec<Scalar> = link
                    .on
                    .iter()
                    .map(|pair| self.over(&pair.from, from, link.from, owner))
                    .collect();
                self.open(source, alias.clone());
                let block = self.blocks.len() - 1;
                for (pair, outer) in link.on.iter().zip(outer) {
                    first.push((outer, self.over(&pair.to, &alias, link.to, block)));
                }
            } else {
                let block = self.blocks.len() - 1;
                let previous: &(Alias, DimId) = &rows[i - 1];
                let previous = previous.0.clone();
                let on = self.link_condition(step.link, &previous, &alias, block);
                let kind = JoinKind::Inner;
                self.blocks[block].joins.push(Join { kind, source, alias: alias.clone(), on });
            }
            self.bind(step.frame, alias.clone(), link.to);
            rows.push((alias, link.to));
        }
        (first, rows)
    }

    /// Which rows at the end of a path a condition can need.
    fn reach(&self, links: &Links, condition: Option<&Expr>) -> Reach {
        let Some(last) = links.steps.last() else { return Reach::default() };
        let parts = condition.into_iter().flat_map(Expr::conjuncts);
        Reach::of(self.program, self.program[last.link].to, last.frame, parts)
    }

    /// Whether what needs these rows had better be an aggregate of a group; says why not.
    fn together(&self, group: &Group, reach: &Reach, why: &mut Vec<String>) -> bool {
        let extents = self.extents.filter(|_| self.passes.near_bounds);
        let (Some(extents), Some((_, dimension))) = (extents, group.rows.last()) else {
            return true;
        };
        let apart = extents.apart(self.program, *dimension, &group.reach, reach);
        let together = apart.is_none();
        why.extend(apart.filter(|note| !self.notes.contains(note)));
        together
    }

    pub(super) fn unbind_links(&mut self, links: &Links) {
        for step in &links.steps {
            self.unbind(step.frame);
        }
    }

    /// Whether a condition on linked rows speaks of a row outside.
    pub(super) fn is_correlated<'e>(
        &self,
        links: &Links,
        parts: impl Iterator<Item = &'e Expr>,
    ) -> bool {
        let mut bound: Vec<u16> = links.steps.iter().map(|s| s.frame).collect();
        parts.into_iter().any(|e| speaks_of_others(e, &mut bound))
    }

    pub(super) fn quantified(
        &mut self,
        quantifier: &Quantifier,
        links: &Links,
        condition: Option<&Expr>,
        positive: bool,
    ) -> Scalar {
        let (op, number, condition) = match quantifier {
            Quantifier::Any => (Comparison::Gt, None, condition.cloned()),
            Quantifier::No => (Comparison::Eq, None, condition.cloned()),
            // `every`: none that does not hold.
            Quantifier::Every => {
                let Some(condition) = condition else { return truth(positive) };
                (Comparison::Eq, None, Some(condition.clone().not()))
            }
            Quantifier::Count(op, n) => (*op, Some(n), condition.cloned()),
        };
        let correlated = self.is_correlated(links, condition.iter());
        if correlated && number.is_none() {
            let exists = self.correlated(links, condition.as_ref(), |_| Vec::new());
            let exists = Scalar::Exists(Box::new(exists));
            return if (op == Comparison::Gt) == positive {
                exists
            } else {
                Scalar::Not(Box::new(exists))
            };
        }
        let count = if correlated {
            let rows = self.correlated(links, condition.as_ref(), |_| {
                vec![("n".into(), Scalar::Aggregate(Box::new(count_call())))]
            });
            Scalar::Subquery(Box::new(rows))
        } else {
            self.aggregate_over(links, condition.as_ref(), |_| count_call())
        };
        let zero = Scalar::Literal(Value::Int(0), Type::Int);
        let count = Scalar::Coalesce(vec![count, zero.clone()]);
        let (bound, nullable) = match number {
            Some(n) => (self.value(n), self.may_miss(n)),
            None => (zero, false),
        };
        let count = match &bound {
            Scalar::Literal(n, _) if positive && refuses_zero(op, Some(n)) => without_zero(count),
            _ => count,
        };
        let holds = Scalar::Compare(op, Box::new(count), Box::new(bound.clone()));
        test(holds, [(bound, nullable)], positive)
    }

    /// The rows of a population for which a condition holds, counted.
    pub(super) fn quantified_population(
        &mut self,
        quantifier: &Quantifier,
        population: &Population,
        condition: &Expr,
        positive: bool,
    ) -> Scalar {
        let (op, number, condition) = match quantifier {
            Quantifier::Any => (Comparison::Gt, None, condition.clone()),
            Quantifier::No => (Comparison::Eq, None, condition.clone()),
            Quantifier::Every => (Comparison::Eq, None, condition.clone().not()),
            Quantifier::Count(op, n) => (*op, Some(n), condition.clone()),
        };
        let (dimension, rule, carried) = self.relations.rows_of(self.program, population);
        let condition = crate::plan::relation::substitute(&condition, &carried);
        let filter = [rule, condition];
        let count = self
            .isolated(|this| this.rows(dimension, &filter, |_| vec![("n".into(), count_rows())]));
        let bound = match number {
            Some(n) => self.value(n),
            None => Scalar::Literal(Value::Int(0), Type::Int),
        };
        let count = Scalar::Subquery(Box::new(count));
        let holds = Scalar::Compare(op, Box::new(count), Box::new(bound));
        if positive { holds } else { Scalar::Not(Box::new(holds)) }
    }

    /// An aggregate over linked rows: a column of a shared grouped query, or a correlated one.
    pub(super) fn aggregate_over(
        &mut self,
        links: &Links,
        condition: Option<&Expr>,
        call: impl FnOnce(&mut Self) -> AggregateCall,
    ) -> Scalar {
        let Some((from, _, owner)) = self.row(&links.from) else { return null() };
        let ids = links.ids();
        let reach = self.reach(links, condition);
        let groups = &self.blocks[owner].groups;
        let same = |g: &Group| g.from == from && g.links == ids;
        // One that something is lowered inside of comes first: what is asked there speaks of its rows.
        let open = groups.iter().position(|g| same(g) && g.block.is_none());
        let mut why = Vec::new();
        let known = open
            .or_else(|| groups.iter().position(|g| same(g) && self.together(g, &reach, &mut why)));
        self.notes.append(&mut why);
        let index = match known {
            Some(index) => index,
            None => {
                let (first, rows) = self.open_links(links, &from, owner);
                self.unbind_links(links);
                let block = self.close();
                let alias = self.alias("g");
                let of =
                    rows.last().map_or_else(String::new, |(_, d)| self.program[*d].name.clone());
                let types = links.steps.first().map(|step| &self.program[step.link].on);
                let types = types.into_iter().flatten().map(|pair| pair.to.ty.clone());
                let keys = first.iter().map(|(_, key)| key.clone()).zip(types).collect();
                let (_, on) = join_keys(first, &alias);
                self.blocks[owner].groups.push(Group {
                    from,
                    links: ids,
                    alias,
                    block: Some(block),
                    rows,
                    of,
                    on,
                    keys,
                    aggregates: Vec::new(),
                    conditions: Vec::new(),
                    reach: reach.clone(),
                    passes: self.passes,
                });
                self.blocks[owner].groups.len() - 1
            }
        };
        let group = &mut self.blocks[owner].groups[index];
        let Some(block) = group.block.take() else {
            // The same path inside itself: it speaks of an outer row of the same link.
            let select = self.correlated(links, condition, |this| {
                vec![("v".into(), Scalar::Aggregate(Box::new(call(this))))]
            });
            return Scalar::Subquery(Box::new(select));
        };
        let rows = group.rows.clone();
        self.blocks.push(block);
        for (step, (alias, dimension)) in links.steps.iter().zip(rows) {
            self.bind(step.frame, alias, dimension);
        }
        let filter = condition.map(|c| self.condition(c, true));
        let mut call = call(self);
        call.filter = match (filter, call.filter.take()) {
            (Some(a), Some(b)) => Some(and(vec![a, b])),
            (a, b) => a.or(b),
        };
        self.unbind_links(links);
        let block = self.close();
        let group = &mut self.blocks[owner].groups[index];
        group.block = Some(block);
        group.reach = group.reach.hull(&reach);
        let n = match group.aggregates.iter().position(|a| *a == call) {
            Some(n) => n,
            None => {
                group.aggregates.push(call);
                group.conditions.push(condition.map_or(Vec::new(), |c| c.conjuncts().to_vec()));
                group.aggregates.len() - 1
            }
        };
        Scalar::Column(group.alias.clone(), format!("a{n}"))
    }

    /// A query over linked rows that may speak of enclosing ones.
    pub(super) fn correlated(
        &mut self,
        links: &Links,
        condition: Option<&Expr>,
        columns: impl FnOnce(&mut Self) -> Vec<(String, Scalar)>,
    ) -> Select {
        let Some((from, _, owner)) = self.row(&links.from) else { return Select::default() };
        let (first, _) = self.open_links(links, &from, owner);
        for (outer, inner) in first {
            self.top().filter.push(equal(inner, outer));
        }
        if let Some(condition) = condition {
            let condition = self.condition(condition, true);
            self.top().filter.push(condition);
        }
        let mut columns = columns(self);
        if columns.is_empty() {
            columns.push(("one".into(), Scalar::Literal(Value::Int(1), Type::Int)));
        }
        self.unbind_links(links);
        let block = self.close();
        finish(block, columns)
    }

    pub(super) fn aggregate(&mut self, expr: &Expr) -> Scalar {
        let ExprKind::Aggregate { function, value, links, condition, by, separator } = &*expr.kind
        else {
            return null();
        };
        let parts = value.iter().chain(condition).chain(by.iter().map(|s| &s.expr));
        let correlated = self.is_correlated(links, parts);
        let zero = matches!(function, Aggregate::Count | Aggregate::CountDistinct | Aggregate::Sum);
        let call = |this: &mut Self| this.aggregate_call(*function, value, links, by, separator);
        let taken = value.iter().chain(by.iter().map(|s| &s.expr));
        let scalar = if correlated && self.is_correlated(links, taken) {
            self.aggregate_of_columns(links, condition.as_ref(), call)
        } else if correlated {
            let select = self.correlated(links, condition.as_ref(), |this| {
                vec![("v".into(), Scalar::Aggregate(Box::new(call(this))))]
            });
            Scalar::Subquery(Box::new(select))
        } else {
            self.aggregate_over(links, condition.as_ref(), call)
        };
        let scalar = if zero {
            Scalar::Coalesce(vec![scalar, Scalar::Literal(Value::Int(0), Type::Int)])
        } else {
            scalar
        };
        match (function, &expr.ty) {
            // These come out of the engine in a type of its own.
            (Aggregate::Avg | Aggregate::Median | Aggregate::Stddev, Type::Float) => {
                Scalar::Cast(Box::new(scalar), Type::Float)
            }
            _ => scalar,
        }
    }

    /// An aggregate of something that an enclosing row says. It is a column of the linked rows
    /// first: SQL takes an aggregate of enclosing columns alone for one of the enclosing query.
    pub(super) fn aggregate_of_columns(
        &mut self,
        links: &Links,
        condition: Option<&Expr>,
        call: impl FnOnce(&mut Self) -> AggregateCall,
    ) -> Scalar {
        let alias = self.alias("v");
        let mut outer = None;
        let rows = self.correlated(links, condition, |this| {
            let mut call = call(this);
            let mut columns = Vec::new();
            let parts = call.arg.iter_mut().chain(&mut call.filter);
            for part in parts.chain(call.order.iter_mut().map(|o| &mut o.expr)) {
                let name = format!("c{}", columns.len());
                let column = Scalar::Column(alias.clone(), name.clone());
                columns.push((name, std::mem::replace(part, column)));
            }
            outer = Some(call);
            columns
        });
        let columns = outer.map(|call| ("v".into(), Scalar::Aggregate(Box::new(call))));
        Scalar::Subquery(Box::new(Select {
            columns: columns.into_iter().collect(),
            from: Some((Source::Query(Box::new(rows)), alias)),
            ..Select::default()
        }))
    }

    pub(super) fn aggregate_call(
        &mut self,
        function: Aggregate,
        value: &Option<Expr>,
        links: &Links,
        by: &[Sort],
        separator: &Option<String>,
    ) -> AggregateCall {
        let arg = value.as_ref().map(|v| self.value(v));
        let mut call = AggregateCall {
            function,
            arg: arg.clone(),
            arg_ty: value.as_ref().map_or(Type::Int, |v| v.ty.clone()),
            filter: None,
            order: Vec::new(),
            separator: separator.clone(),
        };
        if !matches!(function, Aggregate::First | Aggregate::Last) {
            return call;
        }
        // The first and the last of what is sorted by itself are its lowest and its highest.
        if let ([only], Some(value)) = (by, value)
            && only.expr == *value
        {
            let highest = (function == Aggregate::Last) != only.descending;
            call.function = if highest { Aggregate::Max } else { Aggregate::Min };
            return call;
        }
        let last = function == Aggregate::Last;
        let mut filled: Vec<Scalar> =
            arg.into_iter().map(|a| Scalar::IsNotNull(Box::new(a))).collect();
        for sort in by {
            let key = self.value(&sort.expr);
            filled.push(Scalar::IsNotNull(Box::new(key.clone())));
            call.order.push(Order { expr: key, descending: sort.descending != last });
        }
        if let Some((alias, dimension, _)) = self.row(&Row::frame(links.last_frame())) {
            let dim = &self.program[dimension];
            // Without a key any full order will do, as long as it is the same every time.
            let all: Vec<usize> = (0..dim.columns.len()).collect();
            let columns = if dim.key.is_empty() { &all } else { &dim.key };
            for &column in columns {
                let name = dim.columns[column].name.clone();
                call.order
                    .push(Order { expr: Scalar::Column(alias.clone(), name), descending: true });
            }
        }
        call.filter = Some(and(filled));
        call
    }
}

impl Group {
    /// What all aggregates ask of the rows.
    fn common(&self) -> Vec<&Expr> {
        let Some((first, rest)) = self.conditions.split_first() else { return Vec::new() };
        first.iter().filter(|part| rest.iter().all(|other| other.contains(part))).collect()
    }
}

/// A condition that linked rows exist, or that they do not: how it joins them, the links, what is
/// asked of the rows.
pub(super) fn existence(expr: &Expr) -> Option<(JoinKind, &Links, Option<&Expr>)> {
    let (expr, positive) = match &*expr.kind {
        ExprKind::Not(inner) => (inner, false),
        _ => (expr, true),
    };
    let ExprKind::Quantified { quantifier, links, condition } = &*expr.kind else { return None };
    let exists = match quantifier {
        Quantifier::Any => positive,
        Quantifier::No => !positive,
        _ => return None,
    };
    let kind = if exists { JoinKind::Semi } else { JoinKind::Anti };
    Some((kind, links, condition.as_ref()))
}

/// Whether an expression speaks of a frame that is not among the bound ones.
pub(super) fn speaks_of_others(expr: &Expr, bound: &mut Vec<u16>) -> bool {
    let mut found = false;
    match &*expr.kind {
        ExprKind::Column { row, .. }
        | ExprKind::Member { row, .. }
        | ExprKind::MovedBetween { row, .. } => return !bound.contains(&row.frame),
        ExprKind::Carried { frame, .. } => return !bound.contains(frame),
        ExprKind::Lookup { .. } | ExprKind::Matches { .. } => return !bound.contains(&0),
        ExprKind::Quantified { links, .. } | ExprKind::Aggregate { links, .. } => {
            if !bound.contains(&links.from.frame) {
                return true;
            }
            let before = bound.len();
            bound.extend(links.steps.iter().map(|s| s.frame));
            expr.map_children(&mut |part| {
                found |= speaks_of_others(part, bound);
                part.clone()
            });
            bound.truncate(before);
            return found;
        }
        _ => {}
    }
    expr.map_children(&mut |part| {
        found |= speaks_of_others(part, bound);
        part.clone()
    });
    found
}

/// A grouped query `k0…, a0…`. What all its aggregates ask for is asked of the rows, so that
/// the scan can prune.
pub(super) fn grouped(mut block: Block, group: Group) -> Select {
    let Group { keys, mut aggregates, passes, of, rows, reach, .. } = group;
    let asked = |call: &AggregateCall| match &call.filter {
        Some(Scalar::And(parts)) => parts.clone(),
        Some(other) => vec![other.clone()],
        None => Vec::new(),
    };
    if let Some((first, rest)) = aggregates.split_first() {
        let mut common = asked(first);
        common.retain(|part| rest.iter().all(|call| asked(call).contains(part)));
        for call in &mut aggregates {
            let mut left = asked(call);
            left.retain(|part| !common.contains(part));
            call.filter = (!left.is_empty()).then(|| and(left));
        }
        block.filter.extend(common);
    }
    if passes.needed_rows {
        let bounds = rows.last().map_or_else(Vec::new, |(alias, _)| reach.conditions(alias));
        let more = bounds.into_iter().filter(|bound| !block.filter.contains(bound));
        block.filter.extend(more.collect::<Vec<_>>());
    }
    let by = passes.sorted_links.then(|| sorted::order(&keys, aggregates.len())).flatten();
    let keys: Vec<Scalar> = keys.into_iter().map(|(key, _)| key).collect();
    let mut columns: Vec<(String, Scalar)> =
        keys.iter().enumerate().map(|(n, key)| (format!("k{n}"), key.clone())).collect();
    for (n, call) in aggregates.into_iter().enumerate() {
        columns.push((format!("a{n}"), Scalar::Aggregate(Box::new(call))));
    }
    let mut select = finish(block, columns);
    select.group_by = keys;
    select.clustered = by.map(|by| Clustering { by, rows: of });
    select
}
