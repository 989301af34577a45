//! `deduplicate`: groups rows by expressions and keeps the best of each group.

use camp_plugin::prelude::*;
use camp_plugin::{all, join};

params! {
    /// What a call of `deduplicate` gives.
    pub struct Deduplicate {
        /// What makes rows duplicates of each other: all of these are equal. A row in which one of them is
        /// missing or an empty text is nobody's duplicate.
        by: Vec<Expr> [required, min_len(1)],
        /// How many rows of each group stay; 0 keeps all.
        keep: u64 [default(1), min(0)],
        /// Rows for which the first condition holds come first, then the second, …:
        /// `prefer: (phone is present, email is present)`.
        prefer: Vec<Condition>,
        /// What `values` are compared with.
        value: Option<Expr>,
        /// Rows with the first of these values come first, then those with the second, …
        values: Vec<Literal>,
        /// Which rows come first, after `prefer` and `values`. Ties go to the lowest key.
        order: Vec<SortKey>,
        /// Which rows come first when there is no `order`: the stable hash over this and the key.
        seed: Seed,
        /// Columns that the kept row takes from the first row of its group that has a value there; columns in
        /// a bracket of their own only together: `merge: (phone, (street, city))`.
        merge: Vec<Vec<Field>>,
    }
}

impl Planner for Deduplicate {
    fn about() -> About {
        About::new("deduplicate", "Keeps the best rows of each group of duplicates")
            .doc(
                "Duplicates are rows with equal values. Which of them stay is decided by `prefer`, then \
                 `values`, then `order`; without an `order` by the stable hash, so that the same data gives \
                 the same rows every time. A kept row keeps its own values, unless `merge` names columns.",
            )
            .input(Input::new("in", "the rows"))
            .output(Output::new("kept", "the rows that stay"))
            .output(Output::new("rest", "the others").optional().complement())
            .rule(Rule::needs("values", ["value"]).message(
                "`values` need to know what to be compared with",
                "add `value:` with a column",
            ))
            .rule(Rule::needs("value", ["values"]).message(
                "`value` needs the values that come first",
                "add `values: (…)`",
            ))
            .example(
                Example::new(
                    "The newest row of each address",
                    "use deduplicate\n\
                     dimension people = \"people.csv\" key id columns (id: int, email: text, seen: date)\n\
                     all = build audience from people select email, seen\n\
                     unique, doubles = deduplicate all with by: lower(email), order: seen desc\n\
                     save audience unique as \"Unique\"\n",
                )
                .file(
                    "people.csv",
                    "id,email,seen\n1,a@x.test,2026-01-01\n2,A@x.test,2026-02-01\n3,,2026-01-01\n",
                )
                .expect("unique", "id\n2\n3\n")
                .expect("doubles", "id\n1\n"),
            )
    }

    fn plan(&self, cx: &Cx) -> Result<Plan> {
        let rows = cx.input("in")?;
        if self.keep == 0 {
            let everything = sql!("SELECT {} FROM {}", rows.visible(), rows);
            let nothing = sql!("SELECT {} FROM {} WHERE FALSE", rows.visible(), rows);
            return Ok(Plan::new().output("kept", everything).output("rest", nothing));
        }
        self.check_merge(cx, rows)?;

        let present: Vec<_> = self.by.iter().map(|part| part.present()).collect();
        let ranked = sql!(
            "SELECT *, {grouped} AS \"__grouped\", \
             row_number() OVER (PARTITION BY {by} ORDER BY {order}) AS \"__rank\" FROM {rows}",
            grouped = all(&present),
            by = self.by,
            order = self.ranking(rows),
            rows = rows,
        );
        let plan = Plan::new()
            .with_shared("ranked", ranked)
            .output(
                "rest",
                sql!(
                    "SELECT {} FROM \"ranked\" WHERE \"__grouped\" AND \"__rank\" > {}",
                    rows.visible(),
                    self.keep
                ),
            )
            .why(format!("{} per group of {} expressions", self.keep, self.by.len()));
        Ok(if self.merge.is_empty() {
            plan.output(
                "kept",
                sql!(
                    "SELECT {} FROM \"ranked\" WHERE NOT \"__grouped\" OR \"__rank\" <= {}",
                    rows.visible(),
                    self.keep
                ),
            )
        } else {
            self.merged(plan, rows)
        })
    }
}

impl Deduplicate {
    /// What decides between the rows of a group, to the last tie.
    fn ranking(&self, rows: &Relation) -> Sql {
        let mut keys = Vec::new();
        for condition in &self.prefer {
            keys.push(sql!("CASE WHEN {} THEN 0 ELSE 1 END", condition));
        }
        if let Some(value) = &self.value {
            let branches: Vec<_> = self
                .values
                .iter()
                .enumerate()
                .map(|(i, literal)| sql!("WHEN {} = {} THEN {}", value, literal, i))
                .collect();
            keys.push(sql!("CASE {} ELSE {} END", join(&branches, " "), self.values.len()));
        }
        if self.order.is_empty() {
            keys.push(rows.hash(&self.seed.0));
        } else {
            keys.push(sql!("{}", self.order));
        }
        keys.push(sql!("{}", rows.key_order()));
        join(&keys, ", ")
    }

    fn check_merge(&self, cx: &Cx, rows: &Relation) -> Result<()> {
        if self.merge.is_empty() {
            return Ok(());
        }
        if self.keep != 1 {
            return Err(cx
                .param("keep")
                .error("`merge` makes one row of each group, so one row has to stay")
                .code("merge-keeps-one")
                .help("set `keep: 1`, or leave `merge` out"));
        }
        let mut seen = Vec::new();
        for (i, group) in self.merge.iter().enumerate() {
            for field in group {
                let at = cx.param("merge").item(i);
                if rows.key.contains(field) {
                    return Err(at
                        .error(format!(
                            "`{}` is the key, and stays that of the kept row",
                            field.column
                        ))
                        .code("merge-key")
                        .help("leave it out of `merge`"));
                }
                if seen.contains(&&field.column) {
                    return Err(at
                        .error(format!("`{}` is merged twice", field.column))
                        .code("merge-twice")
                        .help("name each column once"));
                }
                seen.push(&field.column);
            }
        }
        Ok(())
    }

    /// The kept rows with the merged columns.
    fn merged(&self, plan: Plan, rows: &Relation) -> Plan {
        let first = |i: usize| format!("__first{i}");
        // The rank of the first row of the group that has all columns of a merge group.
        let firsts: Vec<_> = self
            .merge
            .iter()
            .enumerate()
            .map(|(i, group)| {
                let present: Vec<_> = group.iter().map(|field| field.present()).collect();
                sql!(
                    "min(CASE WHEN {} THEN \"__rank\" END) OVER (PARTITION BY {}) AS {}",
                    all(&present),
                    self.by,
                    Name(&first(i))
                )
            })
            .collect();
        let merge_group = |column: &str| {
            self.merge.iter().position(|group| group.iter().any(|field| field.column == column))
        };
        let columns: Vec<_> = rows
            .visible()
            .iter()
            .map(|column| match merge_group(&column.column) {
                None => sql!("{}", column),
                Some(i) => sql!(
                    "CASE WHEN \"__grouped\" AND {first} IS NOT NULL THEN \
                     max(CASE WHEN \"__rank\" = {first} THEN {column} END) OVER (PARTITION BY {by}) \
                     ELSE {column} END AS {column}",
                    first = Name(&first(i)),
                    column = column,
                    by = self.by,
                ),
            })
            .collect();
        plan.with("sources", sql!("SELECT *, {} FROM \"ranked\"", firsts))
            .with("merged", sql!("SELECT {}, \"__grouped\", \"__rank\" FROM \"sources\"", columns))
            .output(
                "kept",
                sql!(
                    "SELECT {} FROM \"merged\" WHERE NOT \"__grouped\" OR \"__rank\" = 1",
                    rows.visible()
                ),
            )
    }
}

camp_plugin::export![planner(Deduplicate)];
