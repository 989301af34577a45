//! Membership: whether a row is in a population or an audience, was in it, or matches its rows.

use crate::model::expr::*;
use crate::model::program::TransitionId;
use crate::model::schema::Scan;
use crate::plan::query::*;
use crate::plan::relation::Table;

use super::sql::{and, equal, present, truth};
use super::{FrameRows, Keys, Lowering, finish};

impl Lowering<'_> {
    pub(super) fn semi_match(
        &mut self,
        kind: JoinKind,
        population: &Population,
        pairs: &[MatchPair],
    ) {
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
    pub(super) fn isolated<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        let frames = std::mem::take(&mut self.frames);
        let result = f(self);
        self.frames = frames;
        result
    }

    /// The alias under which a population is joined to a row, `k0` NULL for those not in it.
    pub(super) fn lookup(&mut self, row: &Row, population: &Population) -> Option<Alias> {
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

    pub(super) fn member(&mut self, row: &Row, population: &Population, positive: bool) -> Scalar {
        match self.lookup(row, population) {
            Some(alias) => present(Scalar::Column(alias, "k0".into()), positive),
            // An audience that only this run creates has no members yet.
            None => truth(!positive),
        }
    }

    /// The different values of the right sides over a population's rows: `r0…`, none missing.
    pub(super) fn matching_rows(&mut self, population: &Population, pairs: &[MatchPair]) -> Select {
        let mut select = self.right_sides(population, pairs);
        select.distinct = true;
        let filled = select.columns.iter().map(|(_, v)| Scalar::IsNotNull(Box::new(v.clone())));
        let mut filter: Vec<Scalar> = select.filter.take().into_iter().collect();
        filter.extend(filled);
        select.filter = Some(and(filter));
        select
    }

    pub(super) fn right_sides(&mut self, population: &Population, pairs: &[MatchPair]) -> Select {
        let (dimension, rule, carried) = self.relations.rows_of(self.program, population);
        let right: Vec<Expr> = pairs
            .iter()
            .map(|p| crate::plan::relation::as_frame_zero(&p.right, &carried))
            .collect();
        self.isolated(|this| {
            this.rows_kept(dimension, Keys::AsTheyAre, &[rule], |this| {
                right.iter().enumerate().map(|(n, e)| (format!("r{n}"), this.value(e))).collect()
            })
        })
    }

    pub(super) fn moved(
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
}

/// Whether rows come from the log of deliveries.
pub(super) fn is_deliveries(scan: &Scan) -> bool {
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
