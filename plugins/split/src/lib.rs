//! `split`: divides a population into subsets.

use camp_plugin::pick::{BILLION, Pick, half_up, quotient};
use camp_plugin::prelude::*;
use camp_plugin::{all, join};

params! {
    /// What a call of `split` gives.
    pub struct Split {
        /// The subset of an output: `gold: where spend >= 1000 order by spend desc limit 10%`. Subsets are filled
        /// in the order in which they are written, and a row goes to the first it fits. A percentage is of all
        /// rows that come in. Rows that a limit cuts off may go to later subsets. The last output needs no
        /// subset: it takes the rest.
        subsets: Subsets,
        /// A row may go to every subset it fits.
        overlap: bool [default(false)],
        /// No subsets: all outputs get equally many.
        equal: bool [default(false)],
        /// What has the same proportions in every subset with a limit as in the rows it is taken from.
        stratify: Vec<Expr>,
        /// Which rows are picked where a limit has no order: the stable hash over this and the key.
        seed: Seed,
    }
}

impl Planner for Split {
    fn about() -> About {
        About::new("split", "Divides a population into subsets")
            .input(Input::new("in", "the rows to divide"))
            .output(Output::repeated("part", "one subset, or the rest"))
            .example(
                Example::new(
                    "Loyalty tiers",
                    "use split\n\
                     dimension people = \"people.csv\" key id columns (id: int, points: int)\n\
                     members = build audience from people select points\n\
                     gold, silver, none = split members with\n\
                     \x20 gold: where points >= 100 order by points desc limit 1,\n\
                     \x20 silver: where points >= 50\n\
                     save audience gold as \"Gold\"\n",
                )
                .file("people.csv", "id,points\n1,100\n2,300\n3,60\n4,10\n")
                .expect("gold", "id\n2\n")
                .expect("silver", "id\n1\n3\n")
                .expect("none", "id\n4\n"),
            )
            .example(
                Example::new(
                    "A control group of a tenth",
                    "use split\n\
                     dimension people = \"people.csv\" key id columns (id: int)\n\
                     pool = build audience from people\n\
                     control, mailed = split pool with control: limit 10%, seed: 2026\n\
                     expect count(control) = 1\n\
                     save audience mailed as \"Mailed\"\n",
                )
                .file("people.csv", "id\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n"),
            )
    }

    fn plan(&self, cx: &Cx) -> Result<Plan> {
        self.check(cx)?;
        let rows = cx.input("in")?;
        if self.equal { Ok(self.equal_parts(cx, rows)) } else { Ok(self.parts(cx, rows)) }
    }
}

impl Split {
    fn check(&self, cx: &Cx) -> Result<()> {
        let subsets = &self.subsets.0;
        if self.equal {
            if let Some((name, _)) = subsets.first() {
                return Err(cx
                    .param(name)
                    .error("`equal` divides everything, so there is nothing a subset could say")
                    .code("equal-with-subset")
                    .help("leave out `equal` or the subsets"));
            }
            return Ok(());
        }
        if subsets.is_empty() {
            return Err(At::default()
                .error("there is nothing to split by")
                .code("no-subset")
                .help("give an output a subset (`vip: where …`), or set `equal: true`"));
        }
        for (name, _) in cx.outputs().split_last().map_or(&[][..], |(_, before)| before) {
            if !subsets.iter().any(|(subset, _)| subset == name) {
                return Err(At::output(name)
                    .error(format!(
                        "`{name}` has no subset, and only the last output takes the rest"
                    ))
                    .code("subset-missing")
                    .help(format!("add `{name}: where …`, or move it to the end")));
            }
        }
        self.check_percentages(cx)?;

        let mut everything: Option<&str> = None;
        for (name, subset) in subsets.iter().filter(|_| !self.overlap) {
            if let Some(first) = everything {
                let text = format!("`{first}` takes every row, so `{name}` stays empty");
                cx.warn(&cx.param(name).error(text).code("subset-empty").help(format!(
                    "give `{first}` a `where` or a `limit`, or move it behind `{name}`"
                )));
            }
            if subset.rule.is_none() && subset.limit.is_none() {
                everything.get_or_insert(name);
            }
        }
        Ok(())
    }

    /// No subset can take more than there is, nor can those that any row fits together.
    fn check_percentages(&self, cx: &Cx) -> Result<()> {
        let mut sum = 0;
        for (name, subset) in &self.subsets.0 {
            let Some(Size::Fraction(part)) = subset.limit else { continue };
            let at = || cx.param(name).part("limit");
            let part = part.over(BILLION);
            if part > BILLION {
                return Err(at()
                    .error("a subset cannot be more than everybody")
                    .code("over-100")
                    .help("write at most 100%"));
            }
            if subset.rule.is_none() && !self.overlap {
                sum += part;
                if sum > BILLION {
                    return Err(at()
                        .error("with this one the percentages are more than 100%")
                        .code("over-100")
                        .help(
                            "percentages are of all rows that come in: make their sum at most 100%",
                        ));
                }
            }
        }
        Ok(())
    }

    /// Deals the rows out one by one, stratum after stratum: sizes differ by one at most, in all and within
    /// each stratum.
    fn equal_parts(&self, cx: &Cx, rows: &Relation) -> Plan {
        let parts = cx.outputs().len();
        let dealt = sql!(
            "SELECT *, mod(row_number() OVER (ORDER BY {}) - 1, {}) AS \"__part\" FROM {}",
            join(&[self.strata_order(), vec![sql!("{}", self.pick(rows, &[]))]].concat(), ", "),
            parts,
            rows
        );
        let mut plan = Plan::new().with_shared("dealt", dealt).why(format!("{parts} equal parts"));
        for (i, (name, _)) in cx.outputs().iter().enumerate() {
            let sql = sql!("SELECT {} FROM \"dealt\" WHERE \"__part\" = {}", rows.visible(), i);
            plan = plan.output(name, sql);
        }
        plan
    }

    fn strata_order(&self) -> Vec<Sql> {
        self.stratify.iter().map(|stratum| sql!("{}", stratum.ascending())).collect()
    }

    /// The order in which rows are taken, to the last tie: the subset's, else the stable hash.
    fn pick(&self, rows: &Relation, order: &[SortKey]) -> Sql {
        if order.is_empty() {
            sql!("{}, {}", rows.hash(&self.seed.0), rows.key_order())
        } else {
            sql!("{}, {}", order, rows.key_order())
        }
    }

    fn parts(&self, cx: &Cx, rows: &Relation) -> Plan {
        let mut plan = Plan::new();
        let mut from = sql!("{}", rows);
        if self.subsets.0.iter().any(|(_, subset)| subset.limit.is_some()) {
            plan = plan.with("sized", self.sized(rows));
            from = sql!("\"sized\"");
        }
        let last_limited = self.subsets.0.iter().rposition(|(_, subset)| subset.limit.is_some());
        // What of the subsets before holds of a row that is no longer free.
        let mut taken: Vec<Sql> = Vec::new();
        let mut members: Vec<(&str, Sql)> = Vec::new();
        for (i, (name, subset)) in self.subsets.0.iter().enumerate() {
            let rule = subset.rule.as_ref().map_or(sql!("TRUE"), |rule| sql!("{}", rule));
            let fits = if self.overlap {
                rule.clone()
            } else {
                let free = taken.iter().map(|taken| sql!("NOT ({})", taken));
                all(&free.chain([rule.clone()]).collect::<Vec<_>>())
            };
            let Some(limit) = subset.limit else {
                taken.push(rule);
                members.push((name, fits));
                continue;
            };
            let pick = Pick {
                name: &i.to_string(),
                fits: &fits,
                quota: &self.quota(i, limit),
                strata: &self.stratify,
                order: &self.pick(rows, &subset.order),
                shared: Some(i) == last_limited,
            };
            let member;
            (plan, from, member) = pick.mark(plan, &from);
            taken.push(member.clone());
            members.push((name, member));
        }
        for (name, _) in cx.outputs() {
            let condition = match members.iter().find(|(member, _)| member == name) {
                Some((_, condition)) => condition.clone(),
                None => all(&taken.iter().map(|taken| sql!("NOT ({})", taken)).collect::<Vec<_>>()),
            };
            let sql = sql!("SELECT {} FROM {} WHERE {}", rows.visible(), from, condition);
            plan = plan.output(name, sql);
        }
        plan.why(format!("{} subsets in order", self.subsets.0.len()))
    }

    /// The input with what the sizes of subsets need to know: how many rows there are, and where the
    /// percentages are everybody, the whole rows and what is over of each.
    fn sized(&self, rows: &Relation) -> Sql {
        let counted = sql!("SELECT *, count(*) OVER () AS \"__all\" FROM {}", rows);
        let Some(parts) = self.whole() else { return counted };
        let columns: Vec<_> = parts
            .iter()
            .map(|&(i, part)| {
                let product = sql!("\"__all\" * {}", part);
                sql!(
                    "{} AS {}, mod({}, {}) AS {}",
                    quotient(&product, &sql!("{}", BILLION)),
                    Name(&format!("__whole{i}")),
                    product,
                    BILLION,
                    Name(&format!("__over{i}")),
                )
            })
            .collect();
        sql!("SELECT *, {} FROM ({}) AS \"counted\"", columns, counted)
    }

    /// The subsets with percentages, in billionths, when these are everybody.
    fn whole(&self) -> Option<Vec<(usize, u64)>> {
        let parts: Vec<_> = self
            .subsets
            .0
            .iter()
            .enumerate()
            .filter_map(|(i, (_, subset))| match subset.limit {
                Some(Size::Fraction(part)) => Some((i, part.over(BILLION))),
                _ => None,
            })
            .collect();
        let everybody = parts.iter().map(|(_, part)| part).sum::<u64>() == BILLION;
        (everybody && !self.overlap).then_some(parts)
    }

    /// How many rows a subset takes at most.
    fn quota(&self, i: usize, limit: Size) -> Sql {
        let part = match limit {
            Size::Rows(rows) => return sql!("{}", rows),
            Size::Fraction(part) => part,
        };
        let Some(parts) = self.whole() else {
            return half_up(&sql!("\"__all\""), part);
        };
        // Largest remainder: what is over adds up to whole rows, which go to the largest pieces; equal pieces
        // in the order of the subsets.
        let over = |j: usize| format!("__over{j}");
        let sum: Vec<_> = parts.iter().map(|&(j, _)| sql!("{}", Name(&over(j)))).collect();
        let ahead: Vec<_> = parts
            .iter()
            .filter(|&&(j, _)| j != i)
            .map(|&(j, _)| {
                let relation = if j < i { sql!(">=") } else { sql!(">") };
                sql!(
                    "CASE WHEN {} {} {} THEN 1 ELSE 0 END",
                    Name(&over(j)),
                    relation,
                    Name(&over(i))
                )
            })
            .collect();
        sql!(
            "{} + CASE WHEN {} < {} THEN 1 ELSE 0 END",
            Name(&format!("__whole{i}")),
            if ahead.is_empty() { sql!("0") } else { join(&ahead, " + ") },
            quotient(&sql!("({})", join(&sum, " + ")), &sql!("{}", BILLION)),
        )
    }
}

camp_plugin::export![planner(Split)];
