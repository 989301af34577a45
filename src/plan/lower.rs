//! Expressions → the query language: two-valued logic becomes the cheapest SQL that gives the same
//! rows.
//!
//! **Truth.** [`Lowering::condition`] gives a scalar that is TRUE exactly when the condition holds
//! (or, asked for the negative, exactly when it does not); FALSE and NULL mean the other thing.
//! Negation is pushed to the atoms, and `OR … IS NULL` appears only there, and only where a value
//! can be missing: a bare comparison lets scans prune, `coalesce(p, false)` and `p IS TRUE` never do.
//!
//! **Rows.** A [`Block`] is a query under construction. To-one links become LEFT JOINs of the block
//! that owns the row; to-many links become one grouped query per link path and row
//! ([`Group`]), shared by all its aggregates and quantifiers, or SEMI and ANTI joins where a
//! condition stands alone at the top of a filter; only a condition that speaks of an enclosing
//! row becomes a correlated subquery. Rows are never multiplied.

use std::collections::HashMap;

use crate::diagnostic::Diagnostics;
use crate::model::expr::{Quantifier, *};
use crate::model::program::{DimId, LinkId, Program, TransitionId};
use crate::model::schema::Scan;
use crate::model::types::Type;
use crate::model::value::Value;

use super::query::*;
use super::relation::{Relations, Table};

/// What the planner knows of saved audiences beside the program.
pub trait History {
    /// Who entered (or left) an audience: columns `k0…` of the member's key and `at`, the instant
    /// of the change. `None` for an audience that does not exist yet.
    fn changes(&self, audience: usize, entered: bool) -> Option<Select>;

    /// Whether there is a log of deliveries.
    fn has_deliveries(&self) -> bool {
        true
    }

    /// The keys `k0…` of the members of an older version.
    fn members_at(&self, audience: usize, version: u64) -> Option<Select>;
}

/// A query under construction.
struct Block {
    from: (Source, Alias),
    joins: Vec<Join>,
    filter: Vec<Scalar>,
    to_one: HashMap<(Alias, LinkId), Alias>,
    lookups: Vec<(Alias, Population, Alias)>,
    existences: Vec<Existence>,
    groups: Vec<Group>,
}

/// A condition that linked rows exist (or do not), as a join of its block.
struct Existence {
    /// Index among the joins.
    join: usize,
    /// The condition.
    expr: Expr,
}

/// The aggregates over one link path from one row: a grouped query, joined to its block.
struct Group {
    from: Alias,
    links: Vec<LinkId>,
    alias: Alias,
    /// Absent while something is lowered inside it.
    block: Option<Block>,
    rows: Vec<(Alias, DimId)>,
    on: Scalar,
    keys: Vec<Scalar>,
    aggregates: Vec<AggregateCall>,
    /// What each aggregate asks of its rows.
    conditions: Vec<Vec<Expr>>,
}

/// A row that expressions speak of.
#[derive(Clone)]
struct Frame {
    alias: Alias,
    rows: FrameRows,
    block: usize,
}

#[derive(Clone, Copy)]
enum FrameRows {
    /// Rows of a dimension.
    Dimension(DimId),
    /// Changes of an audience; the one column is the instant.
    Changes,
}

/// Values of an equality: of the row outside, of the linked row.
type Pair = (Scalar, Scalar);

/// Which rows of a dimension take part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    /// Those that can be addressed: no part of the key is missing.
    Present,
    /// All: their values are compared, not their keys.
    AsTheyAre,
}

/// Lowers expressions into queries.
pub struct Lowering<'a> {
    program: &'a Program,
    relations: &'a Relations,
    history: &'a dyn History,
    blocks: Vec<Block>,
    frames: HashMap<u16, Vec<Frame>>,
    aliases: usize,
    /// What went wrong.
    pub errors: Diagnostics,
}

impl<'a> Lowering<'a> {
    /// For expressions of a program whose parameters and times are folded.
    pub fn new(program: &'a Program, relations: &'a Relations, history: &'a dyn History) -> Self {
        Lowering {
            program,
            relations,
            history,
            blocks: Vec::new(),
            frames: HashMap::new(),
            aliases: 0,
            errors: Diagnostics::default(),
        }
    }

    fn alias(&mut self, prefix: &str) -> Alias {
        self.aliases += 1;
        format!("{prefix}{}", self.aliases)
    }

    /// Rows of a dimension as frame 0: the columns are made by `columns`, only rows for which
    /// all of `filter` holds stay. Rows whose key has a missing part are left out.
    pub fn rows(
        &mut self,
        dimension: DimId,
        filter: &[Expr],
        columns: impl FnOnce(&mut Self) -> Vec<(String, Scalar)>,
    ) -> Select {
        self.rows_kept(dimension, Keys::Present, filter, columns)
    }

    fn rows_kept(
        &mut self,
        dimension: DimId,
        keys: Keys,
        filter: &[Expr],
        columns: impl FnOnce(&mut Self) -> Vec<(String, Scalar)>,
    ) -> Select {
        let dim = &self.program[dimension];
        // Rows without a key cannot be found again in their dimension: where a table holds them, the
        // table is all there is of them.
        let (held, filter) =
            if dim.key.is_empty() { self.held_in_table(filter) } else { (None, filter.to_vec()) };
        let source = match &held {
            Some((_, table)) => Source::Temp(table.clone()),
            None => self.dimension_source(dimension),
        };
        let alias = self.alias("d");
        self.open(source, alias.clone());
        self.bind(0, alias.clone(), dimension);
        if let Some((population, _)) = held {
            self.top().lookups.push((alias.clone(), population, alias.clone()));
        }
        if !dim.key_guaranteed && keys == Keys::Present {
            for column in dim.key_columns().filter(|c| c.nullable) {
                let key = Scalar::Column(alias.clone(), column.name.clone());
                self.top().filter.push(Scalar::IsNotNull(Box::new(key)));
            }
        }
        for condition in &filter {
            self.filter(condition);
        }
        let columns = columns(self);
        self.share_groups();
        self.unbind(0);
        let block = self.close();
        finish(block, columns)
    }

    /// The population whose table a filter asks for, with the table, and the rest of the filter.
    fn held_in_table(&self, filter: &[Expr]) -> (Option<(Population, String)>, Vec<Expr>) {
        let mut held = None;
        let mut rest = Vec::new();
        for condition in filter {
            for part in condition.conjuncts() {
                match table_member(part).and_then(|t| Some((t, self.relations.table(t)?))) {
                    Some((t, table)) if held.is_none() => {
                        held = Some((Population::Transition(t), table.name.clone()));
                    }
                    _ => rest.push(part.clone()),
                }
            }
        }
        (held, rest)
    }

    /// Pairs of rows of a dimension and the rows a path of links leads them to, both with complete
    /// keys: frame 0 and the frames of the path are bound for `columns`.
    pub fn linked(
        &mut self,
        dimension: DimId,
        links: &Links,
        columns: impl FnOnce(&mut Self) -> Vec<(String, Scalar)>,
    ) -> Select {
        self.linked_where(dimension, links, None, columns)
    }

    /// The same, only pairs for which a condition on the linked rows holds.
    pub fn linked_where(
        &mut self,
        dimension: DimId,
        links: &Links,
        condition: Option<&Expr>,
        columns: impl FnOnce(&mut Self) -> Vec<(String, Scalar)>,
    ) -> Select {
        self.rows(dimension, &[], |this| {
            let block = this.blocks.len() - 1;
            let Some((mut previous, _, _)) = this.row(&links.from) else { return Vec::new() };
            for step in &links.steps {
                let target = this.program[step.link].to;
                let source = this.dimension_source(target);
                let alias = this.alias("l");
                let on = this.link_condition(step.link, &previous, &alias, block);
                this.blocks[block].joins.push(Join {
                    kind: JoinKind::Inner,
                    source,
                    alias: alias.clone(),
                    on,
                });
                this.bind(step.frame, alias.clone(), target);
                previous = alias;
            }
            if let Some(last) = links.steps.last() {
                for key in this.key_of(last.frame) {
                    this.top().filter.push(Scalar::IsNotNull(Box::new(key)));
                }
            }
            if let Some(condition) = condition {
                this.filter(condition);
            }
            let columns = columns(this);
            this.unbind_links(links);
            columns
        })
    }

    /// The key of the row in a frame.
    pub fn key_of(&self, frame: u16) -> Vec<Scalar> {
        let Some(Frame { alias, rows: FrameRows::Dimension(dimension), .. }) = self.frame(frame)
        else {
            return Vec::new();
        };
        let columns = self.program[*dimension].key_columns();
        columns.map(|c| Scalar::Column(alias.clone(), c.name.clone())).collect()
    }

    /// The keys `k0…` of all rows of a dimension, those with a missing part too.
    pub fn all_keys(&mut self, dimension: DimId) -> Select {
        self.rows_kept(dimension, Keys::AsTheyAre, &[], |l| {
            let keys = l.key(dimension).into_iter().enumerate();
            keys.map(|(n, key)| (format!("k{n}"), key)).collect()
        })
    }

    /// The key of the row in frame 0.
    pub fn key(&self, dimension: DimId) -> Vec<Scalar> {
        let Some(frame) = self.frame(0) else { return Vec::new() };
        let frame = frame.clone();
        self.program[dimension]
            .key_columns()
            .map(|c| Scalar::Column(frame.alias.clone(), c.name.clone()))
            .collect()
    }

    // ---- blocks and frames

    fn open(&mut self, source: Source, alias: Alias) {
        self.blocks.push(Block {
            from: (source, alias),
            joins: Vec::new(),
            filter: Vec::new(),
            to_one: HashMap::new(),
            lookups: Vec::new(),
            existences: Vec::new(),
            groups: Vec::new(),
        });
    }

    fn close(&mut self) -> Block {
        self.blocks.pop().expect("every close has its open")
    }

    fn top(&mut self) -> &mut Block {
        self.blocks.last_mut().expect("a block is open while expressions are lowered")
    }

    fn bind(&mut self, frame: u16, alias: Alias, dimension: DimId) {
        let block = self.blocks.len() - 1;
        self.bind_in(frame, alias, FrameRows::Dimension(dimension), block);
    }

    fn bind_in(&mut self, frame: u16, alias: Alias, rows: FrameRows, block: usize) {
        self.frames.entry(frame).or_default().push(Frame { alias, rows, block });
    }

    fn unbind(&mut self, frame: u16) {
        if let Some(stack) = self.frames.get_mut(&frame) {
            stack.pop();
        }
    }

    fn frame(&self, frame: u16) -> Option<&Frame> {
        self.frames.get(&frame)?.last()
    }

    /// The rows of a dimension that exist: its base filter applied.
    fn dimension_source(&mut self, dimension: DimId) -> Source {
        let dim = &self.program[dimension];
        if is_deliveries(&dim.scan) && !self.history.has_deliveries() {
            // Nothing was ever delivered: no rows of these columns.
            let columns = dim.columns.iter();
            let columns = columns
                .map(|c| (c.name.clone(), Scalar::Literal(Value::Missing, c.ty.clone())))
                .collect();
            let filter = Some(truth(false));
            return Source::Query(Box::new(Select { columns, filter, ..Select::default() }));
        }
        let scan = Source::Scan {
            scan: dim.scan.clone(),
            local_instants: dim.local_instants.as_ref().map(|(zone, columns)| {
                (zone.clone(), columns.iter().map(|&i| dim.columns[i].name.clone()).collect())
            }),
        };
        let Some(filter) = dim.filter.clone() else { return scan };
        let alias = self.alias("b");
        let columns = dim
            .columns
            .iter()
            .map(|c| (c.name.clone(), Scalar::Column(alias.clone(), c.name.clone())))
            .collect();
        self.open(scan, alias.clone());
        self.bind(0, alias, dimension);
        self.filter(&filter);
        self.share_groups();
        self.unbind(0);
        let block = self.close();
        Source::Query(Box::new(finish(block, columns)))
    }

    /// The alias of a row, its to-one links joined; with the block that owns it.
    fn row(&mut self, row: &Row) -> Option<(Alias, DimId, usize)> {
        let frame = self.frame(row.frame)?.clone();
        let FrameRows::Dimension(mut dimension) = frame.rows else { return None };
        let mut alias = frame.alias;
        for &link in &row.links {
            let key = (alias.clone(), link);
            let next = self.program[link].to;
            alias = match self.blocks[frame.block].to_one.get(&key) {
                Some(joined) => joined.clone(),
                None => {
                    let source = self.dimension_source(next);
                    let joined = self.alias("o");
                    let on = self.link_condition(link, &alias, &joined, frame.block);
                    let block = &mut self.blocks[frame.block];
                    block.joins.push(Join {
                        kind: JoinKind::Left,
                        source,
                        alias: joined.clone(),
                        on,
                    });
                    block.to_one.insert(key, joined.clone());
                    joined
                }
            };
            dimension = next;
        }
        Some((alias, dimension, frame.block))
    }

    /// A value of a link's pair, over the row with this alias.
    fn over(&mut self, expr: &Expr, alias: &Alias, dimension: DimId, block: usize) -> Scalar {
        self.bind_in(0, alias.clone(), FrameRows::Dimension(dimension), block);
        let scalar = self.value(expr);
        self.unbind(0);
        scalar
    }

    fn link_condition(&mut self, link: LinkId, from: &Alias, to: &Alias, block: usize) -> Scalar {
        let link = &self.program[link];
        let parts = link
            .on
            .iter()
            .map(|pair| {
                let left = self.over(&pair.from, from, link.from, block);
                let right = self.over(&pair.to, to, link.to, block);
                equal(left, right)
            })
            .collect();
        and(parts)
    }

    // ---- conditions

    /// Adds a condition to the block on top. What stands alone becomes a SEMI or ANTI JOIN.
    fn filter(&mut self, expr: &Expr) {
        match &*expr.kind {
            ExprKind::And(parts) => parts.iter().for_each(|p| self.filter(p)),
            ExprKind::Not(inner) if matches!(&*inner.kind, ExprKind::Or(_)) => {
                if let ExprKind::Or(parts) = &*inner.kind {
                    for part in parts.clone() {
                        self.filter(&part.not());
                    }
                }
            }
            ExprKind::Not(inner) if matches!(&*inner.kind, ExprKind::Matches { .. }) => {
                if let ExprKind::Matches { population, pairs } = &*inner.kind {
                    self.semi_match(JoinKind::Anti, population, pairs);
                }
            }
            ExprKind::Matches { population, pairs } => {
                self.semi_match(JoinKind::Semi, population, pairs);
            }
            _ => match existence(expr) {
                Some((kind, links, condition))
                    if !self.is_correlated(links, condition.into_iter()) =>
                {
                    self.semi_join(expr, kind, links, condition);
                }
                _ => self.plain_filter(expr),
            },
        }
    }

    fn plain_filter(&mut self, expr: &Expr) {
        match self.condition(expr, true) {
            Scalar::Literal(Value::Bool(true), _) => {}
            condition => self.top().filter.push(condition),
        }
    }

    fn semi_join(&mut self, expr: &Expr, kind: JoinKind, links: &Links, condition: Option<&Expr>) {
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
    fn share_groups(&mut self) {
        let owner = self.blocks.len() - 1;
        for Existence { join, expr } in std::mem::take(&mut self.top().existences).into_iter().rev()
        {
            let Some((_, links, condition)) = existence(&expr) else { continue };
            let Some((from, _, _)) = self.row(&links.from) else { continue };
            let ids = links.ids();
            let asked = condition.map(Expr::conjuncts).unwrap_or_default();
            let shared = self.blocks[owner].groups.iter().any(|group| {
                group.from == from
                    && group.links == ids
                    && group.block.is_some()
                    && group.common().iter().all(|part| asked.contains(part))
            });
            if shared {
                self.top().joins.remove(join);
                self.plain_filter(&expr);
            }
        }
    }

    fn semi_match(&mut self, kind: JoinKind, population: &Population, pairs: &[MatchPair]) {
        let left: Vec<Scalar> = pairs.iter().map(|p| self.value(&p.left)).collect();
        let select = self.matching_rows(population, pairs);
        let alias = self.alias("s");
        let on = left
            .into_iter()
            .enumerate()
            .map(|(i, l)| equal(l, Scalar::Column(alias.clone(), format!("r{i}"))));
        let on = and(on.collect());
        let source = Source::Query(Box::new(select));
        self.top().joins.push(Join { kind, source, alias, on });
    }

    /// Opens a block over the rows of a link path and binds their frames. Gives the equalities of
    /// the first link, (value of the starting row, value of the linked row), and the rows.
    fn open_links(
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

    fn unbind_links(&mut self, links: &Links) {
        for step in &links.steps {
            self.unbind(step.frame);
        }
    }

    /// Whether a condition on linked rows speaks of a row outside.
    fn is_correlated<'e>(&self, links: &Links, parts: impl Iterator<Item = &'e Expr>) -> bool {
        let mut bound: Vec<u16> = links.steps.iter().map(|s| s.frame).collect();
        parts.into_iter().any(|e| speaks_of_others(e, &mut bound))
    }

    /// TRUE exactly when the condition holds (`positive`) or does not hold.
    pub fn condition(&mut self, expr: &Expr, positive: bool) -> Scalar {
        match &*expr.kind {
            ExprKind::Literal(Value::Bool(b)) => truth(*b == positive),
            ExprKind::Literal(Value::Missing) => truth(!positive),
            ExprKind::And(parts) | ExprKind::Or(parts) => {
                let all = matches!(&*expr.kind, ExprKind::And(_)) == positive;
                let parts = parts.iter().map(|p| self.condition(p, positive)).collect();
                if all { and(parts) } else { or(parts) }
            }
            ExprKind::Not(inner) => self.condition(inner, !positive),
            ExprKind::Compare { op, left, right, ignoring_case } => {
                let (mut l, r) = self.operands(left, right, *ignoring_case);
                if positive && refuses_zero(*op, super::fold::literal(right)) {
                    l = without_zero(l);
                }
                let nullable =
                    [(l.clone(), self.may_miss(left)), (r.clone(), self.may_miss(right))];
                if positive {
                    Scalar::Compare(*op, Box::new(l), Box::new(r))
                } else {
                    let (l, r) = (Box::new(l), Box::new(r));
                    let inverse = match op {
                        Comparison::Eq => Scalar::NotEqual(l, r),
                        Comparison::Lt => Scalar::Compare(Comparison::Ge, l, r),
                        Comparison::Le => Scalar::Compare(Comparison::Gt, l, r),
                        Comparison::Gt => Scalar::Compare(Comparison::Le, l, r),
                        Comparison::Ge => Scalar::Compare(Comparison::Lt, l, r),
                    };
                    or_missing(inverse, nullable)
                }
            }
            ExprKind::In { value, list, ignoring_case } => {
                self.in_list(value, list, *ignoring_case, positive)
            }
            ExprKind::InList { value, list, ignoring_case } => {
                let (mut v, mut l) = (self.value(value), self.value(list));
                if *ignoring_case {
                    v = fold_case(v);
                    l = Scalar::Primitive(Primitive::ListFoldCase, vec![l]);
                }
                let nullable =
                    [(v.clone(), self.may_miss(value)), (l.clone(), self.may_miss(list))];
                test(Scalar::Primitive(Primitive::ListContains, vec![l, v]), nullable, positive)
            }
            ExprKind::Test { op, value, pattern, ignoring_case } => {
                self.text_test(*op, value, pattern, *ignoring_case, positive)
            }
            ExprKind::IsMissing(e) => {
                let v = Box::new(self.value(e));
                if positive { Scalar::IsNull(v) } else { Scalar::IsNotNull(v) }
            }
            ExprKind::IsEmpty(e) => self.is_empty(e, positive),
            ExprKind::Member { row, population } => self.member(row, population, positive),
            ExprKind::Matches { population, pairs } => {
                let left: Vec<Scalar> = pairs.iter().map(|p| self.value(&p.left)).collect();
                let select = self.matching_rows(population, pairs);
                let alias = self.alias("m");
                let on = left
                    .into_iter()
                    .enumerate()
                    .map(|(i, l)| equal(l, Scalar::Column(alias.clone(), format!("r{i}"))));
                let on = and(on.collect());
                let owner = self.frame(0).map_or(self.blocks.len() - 1, |f| f.block);
                self.blocks[owner].joins.push(Join {
                    kind: JoinKind::Left,
                    source: Source::Query(Box::new(select)),
                    alias: alias.clone(),
                    on,
                });
                present(Scalar::Column(alias, "r0".into()), positive)
            }
            ExprKind::MovedBetween { entered, audience, row, when } => {
                self.moved(*entered, *audience, row, when, positive)
            }
            ExprKind::AnniversaryBetween(date, first, last) => {
                let d = self.value(date);
                let day = |d| Scalar::Literal(Value::Date(d), Type::Date);
                let years = (first.year()..=last.year()).map(|year| {
                    let year = Scalar::Literal(Value::Int(year.into()), Type::Int);
                    let at = Scalar::Primitive(Primitive::AnniversaryIn, vec![d.clone(), year]);
                    and(vec![
                        Scalar::Compare(
                            Comparison::Ge,
                            Box::new(at.clone()),
                            Box::new(day(*first)),
                        ),
                        Scalar::Compare(Comparison::Le, Box::new(at), Box::new(day(*last))),
                    ])
                });
                let holds = or(years.collect());
                test(holds, [(d.clone(), self.may_miss(date))], positive)
            }
            ExprKind::Quantified { quantifier, links, condition } => {
                self.quantified(quantifier, links, condition.as_ref(), positive)
            }
            ExprKind::EveryOf { quantifier, population, condition } => {
                self.quantified_population(quantifier, population, condition, positive)
            }
            ExprKind::If(c, a, b) => {
                let yes = and(vec![self.condition(c, true), self.condition(a, positive)]);
                let no = and(vec![self.condition(c, false), self.condition(b, positive)]);
                or(vec![yes, no])
            }
            _ => {
                let v = self.value(expr);
                let nullable = [(v.clone(), self.may_miss(expr))];
                test(v, nullable, positive)
            }
        }
    }

    /// Both operands of a comparison, brought to one engine type.
    fn operands(&mut self, left: &Expr, right: &Expr, ignoring_case: bool) -> (Scalar, Scalar) {
        let (mut l, mut r) = (self.value(left), self.value(right));
        // JSON has no types of its own: it is read as the type it is held against.
        if left.ty == Type::Json && right.ty != Type::Json {
            l = json_as(l, &right.ty);
        }
        if right.ty == Type::Json && left.ty != Type::Json {
            r = json_as(r, &left.ty);
        }
        if ignoring_case { (fold_case(l), fold_case(r)) } else { (l, r) }
    }

    fn in_list(
        &mut self,
        value: &Expr,
        list: &[Expr],
        ignoring_case: bool,
        positive: bool,
    ) -> Scalar {
        // A missing element equals nothing.
        let list: Vec<&Expr> =
            list.iter().filter(|e| super::fold::literal(e) != Some(&Value::Missing)).collect();
        if list.is_empty() {
            return truth(!positive);
        }
        let plain = |e: &&Expr| e.ty != Type::Json && matches!(&*e.kind, ExprKind::Literal(_));
        if value.ty == Type::Json || !list.iter().all(plain) {
            let parts = list
                .iter()
                .map(|item| {
                    let kind = ExprKind::Compare {
                        op: Comparison::Eq,
                        left: value.clone(),
                        right: (*item).clone(),
                        ignoring_case,
                    };
                    self.condition(&Expr::condition(kind, item.span), positive)
                })
                .collect();
            return if positive { or(parts) } else { and(parts) };
        }
        let mut v = self.value(value);
        let mut items: Vec<Scalar> = list.iter().map(|e| self.value(e)).collect();
        if ignoring_case {
            v = fold_case(v);
            items = items.into_iter().map(fold_case).collect();
        }
        let nullable = [(v.clone(), self.may_miss(value))];
        test(Scalar::In(Box::new(v), items), nullable, positive)
    }

    fn text_test(
        &mut self,
        op: TextOp,
        value: &Expr,
        pattern: &Expr,
        ignoring_case: bool,
        positive: bool,
    ) -> Scalar {
        let (mut v, mut p) = (self.value(value), self.value(pattern));
        let is_list = matches!(value.ty, Type::List(_));
        let pattern_is_list = matches!(pattern.ty, Type::List(_));
        if ignoring_case {
            let fold = |s, list| {
                if list {
                    Scalar::Primitive(Primitive::ListFoldCase, vec![s])
                } else {
                    fold_case(s)
                }
            };
            v = fold(v, is_list);
            p = if op == TextOp::Matches { p } else { fold(p, pattern_is_list) };
        }
        let nullable = [(v.clone(), self.may_miss(value)), (p.clone(), self.may_miss(pattern))];
        let primitive = match (op, is_list) {
            (TextOp::Contains, false) => Primitive::Contains,
            (TextOp::Contains, true) => Primitive::ListContains,
            (TextOp::ContainsAny, true) => Primitive::ListHasAny,
            (TextOp::ContainsEvery, true) => Primitive::ListHasAll,
            (TextOp::ContainsAny | TextOp::ContainsEvery, false) => {
                return self.contains_texts(op, value, pattern, ignoring_case, positive);
            }
            (TextOp::StartsWith, _) => Primitive::StartsWith,
            (TextOp::EndsWith, _) => Primitive::EndsWith,
            (TextOp::Like, _) => Primitive::Like,
            (TextOp::Matches, _) if ignoring_case => {
                // Folding a pattern would change its classes; the engine's own flag folds instead.
                let flag = Scalar::Literal(Value::Text("(?i)".into()), Type::Text);
                let v = self.value(value);
                let p = Scalar::Primitive(Primitive::Join, vec![flag, p]);
                return test(Scalar::Primitive(Primitive::Matches, vec![v, p]), nullable, positive);
            }
            (TextOp::Matches, _) => Primitive::Matches,
        };
        test(Scalar::Primitive(primitive, vec![v, p]), nullable, positive)
    }

    /// `text contains any of ("a", "b")`: one search per element.
    fn contains_texts(
        &mut self,
        op: TextOp,
        value: &Expr,
        pattern: &Expr,
        ignoring_case: bool,
        positive: bool,
    ) -> Scalar {
        let Some(Value::List(items)) = super::fold::literal(pattern) else {
            return truth(!positive);
        };
        let parts: Vec<Scalar> = items
            .clone()
            .into_iter()
            .map(|item| {
                let item = Expr::literal(item, pattern.span);
                self.text_test(TextOp::Contains, value, &item, ignoring_case, positive)
            })
            .collect();
        if (op == TextOp::ContainsAny) == positive { or(parts) } else { and(parts) }
    }

    fn is_empty(&mut self, e: &Expr, positive: bool) -> Scalar {
        let v = self.value(e);
        let empty = match &e.ty {
            Type::Text | Type::Json => {
                let nothing = Scalar::Literal(Value::Text(String::new()), Type::Text);
                Some(equal(v.clone(), nothing))
            }
            Type::List(_) => {
                let length = Scalar::Primitive(Primitive::ListLength, vec![v.clone()]);
                Some(equal(length, Scalar::Literal(Value::Int(0), Type::Int)))
            }
            _ => None,
        };
        match (empty, positive) {
            (None, true) => Scalar::IsNull(Box::new(v)),
            (None, false) => Scalar::IsNotNull(Box::new(v)),
            (Some(empty), true) => or(vec![Scalar::IsNull(Box::new(v)), empty]),
            // NULL for a missing value, which is not TRUE: empty.
            (Some(empty), false) => Scalar::Not(Box::new(empty)),
        }
    }

    // ---- membership

    /// The rows of a population with `k0…` and its carried columns `c0…`.
    pub fn population_rows(&mut self, population: &Population) -> Option<Source> {
        match population {
            Population::Audience(i) => {
                let existing = self.program.audiences[*i].existing.as_ref()?;
                let Scan::Table { table, .. } = &existing.scan else {
                    return None;
                };
                let alias = self.alias("t");
                let mut columns = Vec::new();
                let rest = &existing.columns[existing.key.len()..];
                for (prefix, list) in [("k", &existing.key[..]), ("c", rest)] {
                    for (n, column) in list.iter().enumerate() {
                        let value = Scalar::Column(alias.clone(), column.name.clone());
                        columns.push((format!("{prefix}{n}"), value));
                    }
                }
                let table = Source::Catalogue { schema: "audience", table: table.clone() };
                let from = Some((table, alias));
                Some(Source::Query(Box::new(Select { columns, from, ..Select::default() })))
            }
            Population::Transition(t) => {
                if let Some(Table { name, .. }) = self.relations.table(*t) {
                    return Some(Source::Temp(name.clone()));
                }
                let relation = self.relations.get(*t)?.clone();
                let select = self.isolated(|this| {
                    this.rows(relation.dimension, std::slice::from_ref(&relation.rule), |this| {
                        let mut columns: Vec<(String, Scalar)> = this
                            .key(relation.dimension)
                            .into_iter()
                            .enumerate()
                            .map(|(n, key)| (format!("k{n}"), key))
                            .collect();
                        for (n, column) in relation.columns.iter().enumerate() {
                            columns.push((format!("c{n}"), this.value(column)));
                        }
                        columns
                    })
                });
                Some(Source::Query(Box::new(select)))
            }
            Population::Dimension(d) => {
                let d = *d;
                let select = self.isolated(|this| {
                    this.rows(d, &[], |this| {
                        let keys = this.key(d).into_iter().enumerate();
                        keys.map(|(n, key)| (format!("k{n}"), key)).collect()
                    })
                });
                Some(Source::Query(Box::new(select)))
            }
        }
    }

    /// Lowers something that knows no frame of this query.
    fn isolated<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        let frames = std::mem::take(&mut self.frames);
        let result = f(self);
        self.frames = frames;
        result
    }

    /// The alias under which a population is joined to a row, `k0` NULL for those not in it.
    fn lookup(&mut self, row: &Row, population: &Population) -> Option<Alias> {
        let (alias, dimension, owner) = self.row(row)?;
        let known =
            self.blocks[owner].lookups.iter().find(|(a, p, _)| *a == alias && p == population);
        if let Some((_, _, joined)) = known {
            return Some(joined.clone());
        }
        let source = self.population_rows(population)?;
        let joined = self.alias("m");
        let on = self.program[dimension]
            .key_columns()
            .enumerate()
            .map(|(n, key)| {
                equal(
                    Scalar::Column(alias.clone(), key.name.clone()),
                    Scalar::Column(joined.clone(), format!("k{n}")),
                )
            })
            .collect();
        let join = Join { kind: JoinKind::Left, source, alias: joined.clone(), on: and(on) };
        let block = &mut self.blocks[owner];
        block.joins.push(join);
        block.lookups.push((alias, population.clone(), joined.clone()));
        Some(joined)
    }

    fn member(&mut self, row: &Row, population: &Population, positive: bool) -> Scalar {
        match self.lookup(row, population) {
            Some(alias) => present(Scalar::Column(alias, "k0".into()), positive),
            // An audience that only this run creates has no members yet.
            None => truth(!positive),
        }
    }

    /// The different values of the right sides over a population's rows: `r0…`, none missing.
    fn matching_rows(&mut self, population: &Population, pairs: &[MatchPair]) -> Select {
        let mut select = self.right_sides(population, pairs);
        select.distinct = true;
        let filled = select.columns.iter().map(|(_, v)| Scalar::IsNotNull(Box::new(v.clone())));
        let mut filter: Vec<Scalar> = select.filter.take().into_iter().collect();
        filter.extend(filled);
        select.filter = Some(and(filter));
        select
    }

    fn right_sides(&mut self, population: &Population, pairs: &[MatchPair]) -> Select {
        let (dimension, rule, carried) = self.relations.rows_of(self.program, population);
        let right: Vec<Expr> =
            pairs.iter().map(|p| super::relation::as_frame_zero(&p.right, &carried)).collect();
        self.isolated(|this| {
            this.rows_kept(dimension, Keys::AsTheyAre, &[rule], |this| {
                right.iter().enumerate().map(|(n, e)| (format!("r{n}"), this.value(e))).collect()
            })
        })
    }

    fn moved(
        &mut self,
        entered: bool,
        audience: usize,
        row: &Row,
        when: &Expr,
        positive: bool,
    ) -> Scalar {
        let (Some(changes), Some((alias, dimension, owner))) =
            (self.history.changes(audience, entered), self.row(row))
        else {
            return truth(!positive);
        };
        let inner = self.alias("h");
        self.open(Source::Query(Box::new(changes)), inner.clone());
        let block = self.blocks.len() - 1;
        self.bind_in(MatchPair::RIGHT, inner.clone(), FrameRows::Changes, block);
        let when = self.condition(when, true);
        self.unbind(MatchPair::RIGHT);
        self.top().filter.push(when);
        let block = self.close();
        let keys: Vec<_> = self.program[dimension].key_columns().enumerate().collect();
        let joined = self.alias("m");
        let columns = keys
            .iter()
            .map(|(n, _)| (format!("k{n}"), Scalar::Column(inner.clone(), format!("k{n}"))))
            .collect();
        let on = keys.iter().map(|(n, key)| {
            equal(
                Scalar::Column(alias.clone(), key.name.clone()),
                Scalar::Column(joined.clone(), format!("k{n}")),
            )
        });
        let on = and(on.collect());
        let mut select = finish(block, columns);
        select.distinct = true;
        self.blocks[owner].joins.push(Join {
            kind: JoinKind::Left,
            source: Source::Query(Box::new(select)),
            alias: joined.clone(),
            on,
        });
        present(Scalar::Column(joined, "k0".into()), positive)
    }

    // ---- linked rows

    fn quantified(
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
    fn quantified_population(
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
        let condition = super::relation::substitute(&condition, &carried);
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
    fn aggregate_over(
        &mut self,
        links: &Links,
        condition: Option<&Expr>,
        call: impl FnOnce(&mut Self) -> AggregateCall,
    ) -> Scalar {
        let Some((from, _, owner)) = self.row(&links.from) else { return null() };
        let ids = links.ids();
        let known = self.blocks[owner].groups.iter().position(|g| g.from == from && g.links == ids);
        let index = match known {
            Some(index) => index,
            None => {
                let (first, rows) = self.open_links(links, &from, owner);
                self.unbind_links(links);
                let block = self.close();
                let alias = self.alias("g");
                let keys: Vec<Scalar> = first.iter().map(|(_, key)| key.clone()).collect();
                let (_, on) = join_keys(first, &alias);
                self.blocks[owner].groups.push(Group {
                    from,
                    links: ids,
                    alias,
                    block: Some(block),
                    rows,
                    on,
                    keys,
                    aggregates: Vec::new(),
                    conditions: Vec::new(),
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
    fn correlated(
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

    fn aggregate(&mut self, expr: &Expr) -> Scalar {
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
    fn aggregate_of_columns(
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

    fn aggregate_call(
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

    // ---- values

    /// The value of an expression; of a condition, TRUE or FALSE, never NULL.
    pub fn value(&mut self, expr: &Expr) -> Scalar {
        match &*expr.kind {
            ExprKind::Literal(value) => Scalar::Literal(value.clone(), expr.ty.clone()),
            ExprKind::Column { row, column } => {
                let Some((alias, dimension, _)) = self.row(row) else { return null() };
                let column = &self.program[dimension].columns[*column];
                let scalar = Scalar::Column(alias, column.name.clone());
                match column.ty {
                    Type::Float => Scalar::Primitive(Primitive::NanToNull, vec![scalar]),
                    _ => scalar,
                }
            }
            // The columns that transitions carry have been replaced by what they stand for.
            ExprKind::Carried { frame, .. } => match self.frame(*frame).cloned() {
                Some(Frame { alias, rows: FrameRows::Changes, .. }) => {
                    Scalar::Column(alias, "at".into())
                }
                _ => null(),
            },
            ExprKind::Lookup { population, index } => {
                match self.lookup(&Row::frame(0), population) {
                    Some(alias) => Scalar::Column(alias, format!("c{index}")),
                    None => Scalar::Literal(Value::Missing, expr.ty.clone()),
                }
            }
            ExprKind::Field(of, path) => self.field(of, path),
            ExprKind::Arith(op, a, b) => {
                let (l, r) = (self.number(a), self.number(b));
                Scalar::Arith(*op, Box::new(l), Box::new(r), expr.ty.clone())
            }
            ExprKind::Neg(e) => Scalar::Neg(Box::new(self.number(e))),
            ExprKind::Shift { time, by, back } => self.shift(time, by, *back, &expr.ty),
            ExprKind::If(c, a, b) => {
                let condition = self.condition(c, true);
                let (a, b) = (self.value(a), self.value(b));
                Scalar::Case(vec![(condition, a)], Some(Box::new(b)))
            }
            ExprKind::Function(function, args) => {
                let args = args.iter().map(|a| (self.value(a), a.ty.clone())).collect();
                Scalar::Function(*function, args, expr.ty.clone())
            }
            ExprKind::Convert(e) => {
                let v = self.value(e);
                match (&e.ty, &expr.ty) {
                    (Type::Timestamp, Type::Date) => Scalar::Primitive(Primitive::DayOf, vec![v]),
                    (Type::Json, ty) => json_as(v, ty),
                    // Decimals of the engine widen by themselves, and a cast of a sum to the type
                    // that was guessed for it could only fail.
                    (Type::Int | Type::Decimal { .. }, Type::Decimal { .. }) => v,
                    (_, ty) => Scalar::Cast(Box::new(v), ty.clone()),
                }
            }
            ExprKind::ToLocal(e, zone) => {
                let zone = Scalar::Literal(Value::Text(zone.to_string()), Type::Text);
                Scalar::Primitive(Primitive::ToLocal, vec![self.value(e), zone])
            }
            ExprKind::ToInstant(e, zone) => {
                let zone = Scalar::Literal(Value::Text(zone.to_string()), Type::Text);
                let local = self.value(e);
                let local = if e.ty == Type::Date {
                    Scalar::Cast(Box::new(local), Type::Timestamp)
                } else {
                    local
                };
                Scalar::Primitive(Primitive::ToInstant, vec![local, zone])
            }
            ExprKind::Aggregate { .. } => self.aggregate(expr),
            ExprKind::Sql(parts) => Scalar::Raw(
                parts
                    .iter()
                    .map(|p| match p {
                        SqlPart::Text(t) => RawPart::Text(t.clone()),
                        SqlPart::Value(e) => RawPart::Value(self.value(e)),
                    })
                    .collect(),
                expr.ty.clone(),
            ),
            ExprKind::MemberText(parts) => {
                let parts = parts.iter().map(|p| self.value(p)).collect();
                Scalar::Primitive(Primitive::MemberText, parts)
            }
            ExprKind::KeyText(parts) => {
                let parts = parts.iter().map(|p| self.value(p)).collect();
                Scalar::Primitive(Primitive::KeyText, parts)
            }
            ExprKind::CountOf(population) => self.count_of(population),
            ExprKind::SizeOf(audience) => {
                let existing = self.program.audiences[*audience].existing.as_ref();
                let size = existing.map_or(0, |a| a.size);
                Scalar::Literal(Value::Int(size.into()), Type::Int)
            }
            ExprKind::Error
            | ExprKind::Today
            | ExprKind::Now
            | ExprKind::Param(_)
            | ExprKind::DurationOf(..) => null(),
            _ => {
                // A condition as a value.
                let holds = self.condition(expr, true);
                match holds {
                    Scalar::Literal(..) | Scalar::IsNull(_) | Scalar::IsNotNull(_) => holds,
                    holds => Scalar::Coalesce(vec![holds, truth(false)]),
                }
            }
        }
    }

    /// A number, out of JSON where it comes from there.
    fn number(&mut self, expr: &Expr) -> Scalar {
        let v = self.value(expr);
        if expr.ty == Type::Json { json_as(v, &Type::Float) } else { v }
    }

    fn count_of(&mut self, population: &Population) -> Scalar {
        if let Population::Transition(t) = population
            && let Some(select) = self.relations.count(*t)
        {
            return Scalar::Subquery(Box::new(select));
        }
        let Some(rows) = self.population_rows(population) else {
            return Scalar::Literal(Value::Int(0), Type::Int);
        };
        let alias = self.alias("n");
        Scalar::Subquery(Box::new(Select {
            columns: vec![("n".into(), count_rows())],
            from: Some((rows, alias)),
            ..Select::default()
        }))
    }

    fn field(&mut self, of: &Expr, path: &[String]) -> Scalar {
        let mut scalar = self.value(of);
        let mut ty = of.ty.clone();
        for (i, part) in path.iter().enumerate() {
            match &ty {
                Type::Struct(fields) => {
                    let field = fields.iter().find(|(n, _)| n == part);
                    ty = field.map_or(Type::Error, |(_, t)| t.clone());
                    let name = Scalar::Literal(Value::Text(part.clone()), Type::Text);
                    scalar = Scalar::Primitive(Primitive::StructField, vec![scalar, name]);
                }
                _ => {
                    let mut args = vec![scalar];
                    let rest = path[i..].iter().cloned();
                    args.extend(rest.map(|p| Scalar::Literal(Value::Text(p), Type::Text)));
                    return Scalar::Primitive(Primitive::JsonText, args);
                }
            }
        }
        scalar
    }

    fn shift(&mut self, time: &Expr, by: &Expr, back: bool, ty: &Type) -> Scalar {
        let t = self.value(time);
        let by = match &*by.kind {
            ExprKind::DurationOf(amount, unit) => {
                let amount = self.value(amount);
                Scalar::Primitive(Primitive::DurationOf(*unit), vec![amount])
            }
            _ => self.value(by),
        };
        let by = if back { Scalar::Neg(Box::new(by)) } else { by };
        let moved = Scalar::Primitive(Primitive::AddDuration, vec![t, by]);
        // DATE plus INTERVAL is a TIMESTAMP in the engine.
        if *ty == Type::Date { Scalar::Cast(Box::new(moved), Type::Date) } else { moved }
    }

    /// Whether a value can be missing; `true` when in doubt.
    fn may_miss(&self, expr: &Expr) -> bool {
        match &*expr.kind {
            ExprKind::Literal(value) => *value == Value::Missing,
            ExprKind::Column { row, column } => {
                let Some(Frame { rows: FrameRows::Dimension(d), .. }) = self.frame(row.frame)
                else {
                    return true;
                };
                let dim = &self.program[*d];
                !row.links.is_empty()
                    || dim.columns[*column].nullable
                    || dim.columns[*column].ty == Type::Float
            }
            ExprKind::Aggregate { function, .. } => {
                !matches!(function, Aggregate::Count | Aggregate::CountDistinct | Aggregate::Sum)
            }
            ExprKind::Arith(ArithOp::Add | ArithOp::Sub | ArithOp::Mul, a, b) => {
                self.may_miss(a) || self.may_miss(b)
            }
            ExprKind::Neg(e) | ExprKind::ToLocal(e, _) | ExprKind::ToInstant(e, _) => {
                self.may_miss(e)
            }
            ExprKind::Convert(e) => e.ty == Type::Json || self.may_miss(e),
            ExprKind::Shift { time, by, .. } => self.may_miss(time) || self.may_miss(by),
            ExprKind::If(_, a, b) => self.may_miss(a) || self.may_miss(b),
            ExprKind::CountOf(_) | ExprKind::SizeOf(_) => false,
            _ => !expr.is_condition(),
        }
    }
}

/// Whether rows come from the log of deliveries.
fn is_deliveries(scan: &Scan) -> bool {
    matches!(scan, Scan::Table { database, schema, table }
        if database == "project" && schema == "camp" && table == "delivery")
}

/// The transition that a condition asks the row in frame 0 to be in.
pub fn table_member(condition: &Expr) -> Option<TransitionId> {
    match &*condition.kind {
        ExprKind::Member { row, population: Population::Transition(t) }
            if row.frame == 0 && row.links.is_empty() =>
        {
            Some(*t)
        }
        _ => None,
    }
}

/// A condition that linked rows exist, or that they do not: how it joins them, the links, what is
/// asked of the rows.
fn existence(expr: &Expr) -> Option<(JoinKind, &Links, Option<&Expr>)> {
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

impl Group {
    /// What all aggregates ask of the rows.
    fn common(&self) -> Vec<&Expr> {
        let Some((first, rest)) = self.conditions.split_first() else { return Vec::new() };
        first.iter().filter(|part| rest.iter().all(|other| other.contains(part))).collect()
    }
}

/// Whether an expression speaks of a frame that is not among the bound ones.
fn speaks_of_others(expr: &Expr, bound: &mut Vec<u16>) -> bool {
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

/// The query of a block: its groups joined last.
fn finish(block: Block, columns: Vec<(String, Scalar)>) -> Select {
    let mut joins = block.joins;
    for group in block.groups {
        let Some(inner) = group.block else { continue };
        joins.push(Join {
            kind: JoinKind::Left,
            source: Source::Query(Box::new(grouped(inner, group.keys, group.aggregates))),
            alias: group.alias,
            on: group.on,
        });
    }
    Select {
        columns,
        from: Some(block.from),
        joins,
        filter: (!block.filter.is_empty()).then(|| and(block.filter)),
        ..Select::default()
    }
}

/// A grouped query `k0…, a0…`. What all its aggregates ask for is asked of the rows, so that
/// the scan can prune.
fn grouped(mut block: Block, keys: Vec<Scalar>, mut aggregates: Vec<AggregateCall>) -> Select {
    if let Some((first, rest)) = aggregates.split_first() {
        let of = |call: &AggregateCall| match &call.filter {
            Some(Scalar::And(parts)) => parts.clone(),
            Some(other) => vec![other.clone()],
            None => Vec::new(),
        };
        let mut common = of(first);
        common.retain(|part| rest.iter().all(|call| of(call).contains(part)));
        for call in &mut aggregates {
            let mut left = of(call);
            left.retain(|part| !common.contains(part));
            call.filter = (!left.is_empty()).then(|| and(left));
        }
        block.filter.extend(common);
    }
    let mut columns: Vec<(String, Scalar)> =
        keys.iter().enumerate().map(|(n, key)| (format!("k{n}"), key.clone())).collect();
    for (n, call) in aggregates.into_iter().enumerate() {
        columns.push((format!("a{n}"), Scalar::Aggregate(Box::new(call))));
    }
    let mut select = finish(block, columns);
    select.group_by = keys;
    select
}

/// The key columns `k0…` of a joined query and the condition that ties them to the outer values.
fn join_keys(pairs: Vec<Pair>, alias: &Alias) -> (Vec<(String, Scalar)>, Scalar) {
    let mut columns = Vec::new();
    let mut on = Vec::new();
    for (n, (outer, inner)) in pairs.into_iter().enumerate() {
        let name = format!("k{n}");
        columns.push((name.clone(), inner));
        on.push(equal(outer, Scalar::Column(alias.clone(), name)));
    }
    (columns, and(on))
}

/// `count(*)`
pub fn count_rows() -> Scalar {
    count_where(None)
}

/// `count(*)` of the rows for which a filter is true.
pub fn count_where(filter: Option<Scalar>) -> Scalar {
    Scalar::Aggregate(Box::new(AggregateCall { filter, ..count_call() }))
}

/// The count of rows, as the aggregate it is.
fn count_call() -> AggregateCall {
    AggregateCall {
        function: Aggregate::Count,
        arg: None,
        arg_ty: Type::Int,
        filter: None,
        order: Vec::new(),
        separator: None,
    }
}

fn null() -> Scalar {
    Scalar::Literal(Value::Missing, Type::Missing)
}

/// TRUE or FALSE.
pub fn truth(holds: bool) -> Scalar {
    Scalar::Literal(Value::Bool(holds), Type::Bool)
}

fn present(key: Scalar, positive: bool) -> Scalar {
    let key = Box::new(key);
    if positive { Scalar::IsNotNull(key) } else { Scalar::IsNull(key) }
}

/// `a = b`
pub fn equal(a: Scalar, b: Scalar) -> Scalar {
    Scalar::Compare(Comparison::Eq, Box::new(a), Box::new(b))
}

/// Whether a comparison with this constant does not hold for zero.
fn refuses_zero(op: Comparison, constant: Option<&Value>) -> bool {
    let sign = match constant {
        Some(Value::Int(n)) => n.signum(),
        Some(Value::Decimal { digits, .. }) => digits.signum(),
        _ => return false,
    };
    match op {
        Comparison::Eq => sign != 0,
        Comparison::Lt => sign <= 0,
        Comparison::Le => sign < 0,
        Comparison::Gt => sign >= 0,
        Comparison::Ge => sign > 0,
    }
}

/// An aggregate whose zero over nothing makes no difference: without `coalesce` the engine may turn
/// the LEFT JOIN it comes from into an inner one.
fn without_zero(scalar: Scalar) -> Scalar {
    match scalar {
        Scalar::Coalesce(mut parts)
            if matches!(
                parts.as_slice(),
                [Scalar::Column(..), Scalar::Literal(Value::Int(0), _)]
            ) =>
        {
            parts.swap_remove(0)
        }
        other => other,
    }
}

fn fold_case(s: Scalar) -> Scalar {
    Scalar::Primitive(Primitive::FoldCase, vec![s])
}

/// A test that is NULL when one of these values is.
fn test<const N: usize>(holds: Scalar, values: [(Scalar, bool); N], positive: bool) -> Scalar {
    if positive { holds } else { or_missing(Scalar::Not(Box::new(holds)), values) }
}

fn or_missing<const N: usize>(inverse: Scalar, values: [(Scalar, bool); N]) -> Scalar {
    let mut parts = vec![inverse];
    for (value, _) in values.into_iter().filter(|(_, nullable)| *nullable) {
        parts.push(Scalar::IsNull(Box::new(value)));
    }
    or(parts)
}

/// A JSON value read as a type; NULL where it is something else.
fn json_as(text: Scalar, ty: &Type) -> Scalar {
    let target = match ty {
        Type::Int | Type::Decimal { .. } => Type::Decimal { precision: 38, scale: 10 },
        Type::Text | Type::Json | Type::Missing | Type::Error => return text,
        other => other.clone(),
    };
    Scalar::TryCast(Box::new(text), target)
}

/// SQL AND, flattened.
pub fn and(parts: Vec<Scalar>) -> Scalar {
    let mut all = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Scalar::And(inner) => all.extend(inner),
            Scalar::Literal(Value::Bool(true), _) => {}
            other => all.push(other),
        }
    }
    match all.len() {
        0 => truth(true),
        1 => all.swap_remove(0),
        _ => Scalar::And(all),
    }
}

/// SQL OR, flattened.
pub fn or(parts: Vec<Scalar>) -> Scalar {
    let mut all = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Scalar::Or(inner) => all.extend(inner),
            Scalar::Literal(Value::Bool(false), _) => {}
            other => all.push(other),
        }
    }
    match all.len() {
        0 => truth(false),
        1 => all.swap_remove(0),
        _ => Scalar::Or(all),
    }
}

/// The row numbers of transitions of a program that a relation reads, for its level.
pub fn transitions_in(expr: &Expr, found: &mut Vec<TransitionId>) {
    expr.walk(&mut |e| {
        if let Some(Population::Transition(t)) = e.population() {
            found.push(*t);
        }
    });
}
