//! Taking a number of rows out of many, in SQL: exactly as many as asked for, the same every time, and
//! with the proportions of groups kept where that is wanted.

use crate::plan::Plan;
use crate::sql;
use crate::sql::{Name, Sql};
use crate::value::{Column, Expr, Percent, SortKey};

/// Percentages have at most nine digits behind the point, so they are whole billionths.
pub const BILLION: u64 = 1_000_000_000;

/// Whole-number division. The engines differ in its operator and in the type of `/`, but without its rest
/// the dividend divides exactly, so this is right while the result fits a float.
pub fn quotient(dividend: &Sql, divisor: &Sql) -> Sql {
    sql!(
        "CAST((({a}) - mod({a}, {b})) / {b} AS BIGINT)",
        a = sql!("CAST({} AS BIGINT)", dividend),
        b = divisor
    )
}

/// That part of `all` rows, rounded half-up.
pub fn half_up(all: &Sql, part: Percent) -> Sql {
    let doubled = sql!("2 * {} * {} + {}", all, part.numerator, part.denominator);
    quotient(&doubled, &sql!("{}", 2 * part.denominator))
}

/// The first rows, in some order, of those that fit.
pub struct Pick<'a> {
    /// What its steps and columns are called after: digits or letters, different for each pick of a plan.
    pub name: &'a str,
    /// Which rows may be taken: a condition that is never missing.
    pub fits: &'a Sql,
    /// How many are taken at most: the same for every row.
    pub quota: &'a Sql,
    /// Groups whose proportions among the rows that fit are kept.
    pub strata: &'a [Expr],
    /// What decides who is first, to the last tie.
    pub order: &'a Sql,
    /// Worth computing once when several outputs are taken.
    pub shared: bool,
}

impl Pick<'_> {
    /// Adds the steps that mark the taken rows of `from`. Gives the relation that has everything of `from` and
    /// the mark, and the mark: a condition that is never missing.
    pub fn mark(&self, plan: Plan, from: &Sql) -> (Plan, Sql, Sql) {
        let [step, member] = [format!("picked_{}", self.name), format!("__picked_{}", self.name)];
        let mark = sql!("{}", Name(&member));
        let (plan, marked) = if self.strata.is_empty() {
            (plan, self.mark_plainly(from, &mark))
        } else {
            self.mark_by_strata(plan, from, &mark)
        };
        let plan =
            if self.shared { plan.with_shared(&step, marked) } else { plan.with(&step, marked) };
        (plan, sql!("{}", Name(&step)), mark)
    }

    /// 1 for rows that fit, which are a window of their own.
    fn fitting(&self) -> Sql {
        sql!("CASE WHEN {} THEN 1 ELSE 0 END", self.fits)
    }

    fn mark_plainly(&self, from: &Sql, mark: &Sql) -> Sql {
        sql!(
            "SELECT *, {} AND row_number() OVER (PARTITION BY {} ORDER BY {}) <= {} AS {} FROM {}",
            self.fits,
            self.fitting(),
            self.order,
            self.quota,
            mark,
            from
        )
    }

    /// Largest remainder: each stratum gets the whole rows of its share of the quota, and what is left goes
    /// to the strata that are owed most, the lowest first among equals.
    fn mark_by_strata(&self, plan: Plan, from: &Sql, mark: &Sql) -> (Plan, Sql) {
        let names = ["fits", "count", "size", "number", "whole", "owed", "place", "given"]
            .map(|name| format!("__{name}_{}", self.name));
        let [fit, count, size, number, whole, owed, place, given] =
            names.each_ref().map(|name| Name(name));
        let steps = ["numbered", "shared", "placed"].map(|name| format!("{name}_{}", self.name));
        let [numbered, shared, placed] = steps.each_ref().map(|name| Name(name));
        let taken = sql!("least({}, {})", self.quota, count);
        let share = sql!("{} * {}", size, taken);
        let divisor = sql!("CAST(greatest({}, 1) AS BIGINT)", count);
        let strata_order: Vec<SortKey> = self.strata.iter().map(|s| Column::ascending(s)).collect();
        let plan = plan
            .with(
                numbered.0,
                sql!(
                    "SELECT *, {fitting} AS {fit}, sum({fitting}) OVER () AS {count}, \
                     sum({fitting}) OVER (PARTITION BY {strata}) AS {size}, \
                     row_number() OVER (PARTITION BY {fitting}, {strata} ORDER BY {order}) AS {number} \
                     FROM {from}",
                    fitting = self.fitting(),
                    fit = fit,
                    count = count,
                    strata = self.strata,
                    size = size,
                    order = self.order,
                    number = number,
                    from = from,
                ),
            )
            .with(
                shared.0,
                sql!(
                    "SELECT *, {} AS {}, mod(CAST({} AS BIGINT), {}) AS {} FROM {}",
                    quotient(&share, &divisor),
                    whole,
                    share,
                    divisor,
                    owed,
                    numbered
                ),
            )
            .with(
                placed.0,
                sql!(
                    "SELECT *, dense_rank() OVER (ORDER BY {owed} DESC, {strata}) AS {place}, \
                     sum(CASE WHEN {fit} = 1 AND {number} = 1 THEN {whole} ELSE 0 END) OVER () AS {given} \
                     FROM {shared}",
                    owed = owed,
                    strata = strata_order,
                    place = place,
                    fit = fit,
                    number = number,
                    whole = whole,
                    given = given,
                    shared = shared,
                ),
            );
        let marked = sql!(
            "SELECT *, {fit} = 1 AND {number} <= {whole} + CASE WHEN {place} <= {taken} - {given} \
             THEN 1 ELSE 0 END AS {mark} FROM {placed}",
            fit = fit,
            number = number,
            whole = whole,
            place = place,
            taken = taken,
            given = given,
            mark = mark,
            placed = placed,
        );
        (plan, marked)
    }
}
