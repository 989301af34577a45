//! Many audiences over the same orders, in one run and as statements one after another.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::contest::{compare, measure};
use crate::data::{self, Kind};
use crate::{AS_OF, Bench};

/// Customers of a country whose paid orders of the last days give enough of something.
pub struct Rule {
    country: &'static str,
    days: u32,
    /// What is asked of the orders, in Camp and in SQL; `{}` stands for the orders.
    asked: (String, String),
}

impl Rule {
    /// So many rules, which ask for 42 different aggregates.
    pub fn some(count: u32) -> Vec<Rule> {
        let countries = ["FR", "DE", "IT", "ES", "NL"];
        let rule = |i: u32| {
            let step = i / 14;
            let asked = match i % 3 {
                0 => {
                    let least = 100 + step * 50;
                    (format!("sum(amount of {{}}) >= {least}"), format!("sum(amount) >= {least}"))
                }
                1 => {
                    let least = 2 + step;
                    (format!("count({{}}) >= {least}"), format!("count(*) >= {least}"))
                }
                _ => {
                    let least = 60 + step * 2;
                    (format!("max(amount of {{}}) >= {least}"), format!("max(amount) >= {least}"))
                }
            };
            Rule { country: countries[i as usize % 5], days: 30 + i % 14 * 15, asked }
        };
        (0..count).map(rule).collect()
    }

    fn camp(&self) -> String {
        let orders =
            format!("orders where status = \"paid\" and ordered_at in last {} days", self.days);
        format!("country = \"{}\" and {}", self.country, self.asked.0.replace("{}", &orders))
    }

    fn sql(&self, customers: &str, orders: &str) -> String {
        let first =
            jiff::civil::date(2026, 7, 1) - jiff::Span::new().days(i64::from(self.days) - 1);
        format!(
            "SELECT customer_id, email FROM {customers} c
             SEMI JOIN (SELECT customer_id FROM {orders} WHERE status = 'paid' AND ordered_at >=
               TIMESTAMP '{first}' AND ordered_at <= TIMESTAMP '2026-07-01 12:00:00'
               GROUP BY customer_id HAVING {}) s USING (customer_id)
             WHERE country = '{}'",
            self.asked.1, self.country
        )
    }
}

impl Bench<'_> {
    fn many_script(&self, name: &str, header: &str, rules: &[Rule]) -> PathBuf {
        let mut text = header.to_owned();
        for (i, rule) in rules.iter().enumerate() {
            let _ = write!(
                text,
                "a{i} = build audience from customers\n  where {}\n  select email\n\
                 save audience a{i} as \"Audience {i}\"\n",
                rule.camp()
            );
        }
        self.file(&format!("{name}.camp"), &text)
    }

    /// So many audiences over files of a kind, against as many statements; afterwards every audience
    /// must have the members that its statement gives.
    pub fn many(&self, name: &str, count: u32, kind: Kind) {
        let rules = Rule::some(count);
        let script = self.many_script(name, &self.header_of(kind), &rules);
        let [customers, orders] = self.files_of(kind);
        let mut sql = String::new();
        for (i, rule) in rules.iter().enumerate() {
            let _ =
                writeln!(sql, "CREATE TABLE audience_{i} AS {};", rule.sql(&customers, &orders));
        }
        let sql = self.file(&format!("{name}.sql"), &sql);
        let ours = self.work.join(format!("{name}.duckdb"));
        let theirs = self.work.join(format!("{name}_sql.duckdb"));
        let statements = format!("{count} statements");
        compare(
            name,
            &mut [
                ("camp", &mut || self.camp(&script, &self.fresh(&ours), &[])),
                (&statements, &mut || self.sql(&sql, &self.fresh(&theirs))),
            ],
        );
        same_members(&ours, &theirs, count);
        self.reads(name, &script);
    }

    /// How often each source is read, as the engine's own profile has it.
    fn reads(&self, name: &str, script: &Path) {
        let mut command = self.program();
        command.args(["explain", "--analyze", "--as-of", AS_OF, "--db", ":memory:"]).arg(script);
        let output = command.stderr(Stdio::inherit()).output().unwrap();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            if let Some(read) = line.strip_prefix("-- ").filter(|l| l.contains(" is read ")) {
                let (source, times) = read.split_once(" is read ").unwrap();
                let source = source.rsplit('/').next().unwrap_or(source);
                println!("| {name} | {source} is read {times} | | | |");
            }
        }
    }

    /// A plan that shares against the one that does not: sharing never costs much.
    pub fn sharing(&self) {
        let few = |count| Rule::some(count).iter().map(Rule::camp).collect::<Vec<_>>();
        let days = |from: &str, to: &str| format!("ordered_at between {from} and {to}");
        let [early, next, late] = [
            days("2023-02-01", "2023-02-07"),
            days("2023-02-03", "2023-02-09"),
            days("2026-05-01", "2026-05-07"),
        ];
        let any = |days: &str| format!("count(orders where {days}) >= 2");
        let cases = [
            ("2 by their orders", "customers", few(2)),
            ("10 by their orders", "customers", few(10)),
            ("2 by weeks beside each other", "customers", vec![any(&early), any(&next)]),
            ("2 by weeks far from each other", "customers", vec![any(&early), any(&late)]),
            ("2 of weeks beside each other", "orders", vec![early.clone(), next.clone()]),
            ("2 of weeks far from each other", "orders", vec![early.clone(), late.clone()]),
        ];
        let ordered = data::ordered(self.data);
        for (name, dimension, rules) in cases {
            let mut text = format!(
                "campaign \"Bench\" timezone \"UTC\"\n\
                 dimension customers = \"{}\" key customer_id\ndimension orders = \"{}\" key order_id\n\
                 link customers.orders, orders.customer on customers.customer_id = orders.customer_id\n",
                Kind::Parquet.file(self.data, "customers").display(),
                ordered.display()
            );
            for (i, rule) in rules.iter().enumerate() {
                let _ = write!(
                    text,
                    "a{i} = build audience from {dimension} where {rule}\nsave audience a{i} as \"A {i}\"\n"
                );
            }
            let script = self.file("sharing.camp", &text);
            let database = self.work.join("sharing.duckdb");
            let apart =
                ["--without", "one-scan", "--without", "one-group", "--without", "sorted-links"];
            compare(
                &format!("sharing, {name}"),
                &mut [
                    ("camp", &mut || self.camp(&script, &self.fresh(&database), &[])),
                    ("nothing shared", &mut || self.camp(&script, &self.fresh(&database), &apart)),
                ],
            );
        }
    }

    /// The peak memory of a hundred audiences under a limit.
    pub fn memory(&self) {
        let script = self.many_script("memory", &self.header_of(Kind::Parquet), &Rule::some(100));
        let database = self.work.join("memory.duckdb");
        let costs = measure(&mut [("camp, --memory-limit 256MB", &mut || {
            self.camp(&script, &self.fresh(&database), &["--memory-limit", "256MB"])
        })]);
        let peak = costs[0].1.iter().map(|c| c.peak_kib).max().unwrap();
        println!("| memory | {} | {} MB | | |", costs[0].0, peak / 1024);
    }

    /// Time and memory by the number of audiences.
    pub fn growth(&self) {
        for count in [1, 10, 100, 1000] {
            let name = format!("growth_{count}");
            let script =
                self.many_script(&name, &self.header_of(Kind::Parquet), &Rule::some(count));
            let database = self.work.join("growth.duckdb");
            let costs =
                measure(&mut [("camp", &mut || self.camp(&script, &self.fresh(&database), &[]))]);
            let (middle, fastest) = crate::contest::median(&costs[0].1);
            let peak = costs[0].1.iter().map(|c| c.peak_kib).max().unwrap() / 1024;
            println!(
                "| growth | {count} audiences, {} orders, peak memory {peak} MB | {} | {} | |",
                crate::data::orders(),
                crate::contest::millis(middle),
                crate::contest::millis(fastest)
            );
        }
    }
}

/// Whether each audience has the rows of its statement, as often.
fn same_members(ours: &Path, theirs: &Path, count: u32) {
    let connection = duckdb::Connection::open_in_memory().unwrap();
    let attach = format!(
        "ATTACH '{}' AS ours (READ_ONLY); ATTACH '{}' AS theirs (READ_ONLY);",
        ours.display(),
        theirs.display()
    );
    connection.execute_batch(&attach).unwrap();
    for i in 0..count {
        let [ours, theirs] =
            [format!("ours.audience.\"Audience {i}\""), format!("theirs.main.audience_{i}")];
        let sql = format!(
            "SELECT (SELECT count(*) FROM {theirs}) - (SELECT count(*) FROM {ours}),
               (SELECT count(*) FROM (SELECT customer_id, email FROM {theirs} EXCEPT ALL
                 SELECT customer_id, email FROM {ours}))"
        );
        let differs: (i64, i64) =
            connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(differs, (0, 0), "audience {i} has other members than its statement gives");
    }
}
