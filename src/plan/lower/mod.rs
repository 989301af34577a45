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

mod conditions;
mod linked;
mod membership;
mod sql;
mod values;

use std::collections::HashMap;

use crate::diagnostic::Diagnostics;
use crate::model::expr::*;
use crate::model::program::{DimId, LinkId, Program, TransitionId};
use crate::model::types::Type;
use crate::model::value::Value;

use super::passes::Passes;
use super::query::*;
use super::reach::{Extents, Reach};
use super::relation::Relations;

use linked::grouped;
use membership::is_deliveries;
pub use membership::table_member;
pub use sql::{and, count_rows, equal, or, truth};

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
    /// The name of the dimension that the path leads to.
    of: String,
    on: Scalar,
    keys: Vec<(Scalar, Type)>,
    aggregates: Vec<AggregateCall>,
    /// What each aggregate asks of its rows.
    conditions: Vec<Vec<Expr>>,
    /// The rows at the end of the path that any of them can need.
    reach: Reach,
    passes: Passes,
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
    passes: Passes,
    extents: Option<&'a Extents<'a>>,
    /// What was decided by statistics, and why.
    pub notes: Vec<String>,
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
            passes: Passes::ALL,
            extents: None,
            notes: Vec::new(),
            errors: Diagnostics::default(),
        }
    }

    /// With these passes only, by these statistics.
    pub fn with(self, passes: Passes, extents: &'a Extents<'a>) -> Self {
        Lowering { passes, extents: Some(extents), ..self }
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
        // Folded by the planner; one that nobody folded speaks of no times.
        let filter = dim.filter.as_ref();
        let Some(filter) = filter.map(|f| self.relations.filter(dimension).unwrap_or(f)) else {
            return scan;
        };
        let filter = filter.clone();
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
}

/// The query of a block: its groups joined last.
fn finish(block: Block, columns: Vec<(String, Scalar)>) -> Select {
    let mut joins = block.joins;
    for group in block.groups {
        let mut group = group;
        let Some(inner) = group.block.take() else { continue };
        joins.push(Join {
            kind: JoinKind::Left,
            alias: group.alias.clone(),
            on: group.on.clone(),
            source: Source::Query(Box::new(grouped(inner, group))),
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

/// The row numbers of transitions of a program that a relation reads, for its level.
pub fn transitions_in(expr: &Expr, found: &mut Vec<TransitionId>) {
    expr.walk(&mut |e| {
        if let Some(Population::Transition(t)) = e.population() {
            found.push(*t);
        }
    });
}
