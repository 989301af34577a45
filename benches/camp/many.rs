//! Many audiences over the same orders, in one run and as statements one after another.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::contest::{compare, measure};
use crate::data::Kind;
use crate::{AS_OF, Bench};

/// Customers of a country whose orders (or events) of one kind and the last days give enough of something.
pub struct Rule {
    country: &'static str,
    days: u32,
    rows: Rows,
    /// What is asked of the rows, in Camp and in SQL; `{}` stands for the rows.
    asked: (String, String),
}

/// What is linked: the table, its time, what its kind is called and which one is asked for.
#[derive(Clone, Copy)]
struct Rows {
    table: &'static str,
    at: &'static str,
    kind: (&'static str, &'static str),
}

const ORDERS: Rows = Rows { table: "orders", at: "ordered_at", kind: ("status", "paid") };
const CLICKS: Rows = Rows { table: "events", at: "happened_at", kind: ("kind", "click") };

impl Rule {
    /// So many rules, which ask for 42 different aggregates of the orders.
    pub fn some(count: u32) -> Vec<Rule> {
        (0..count).map(Rule::of_orders).collect()
    }

    /// The same, every second one about events instead: 21 aggregates of the orders, 14 of the events.
    pub fn mixed(count: u32) -> Vec<Rule> {
        let clicks = |i: u32| {
            let least = 2 + i / 14;
            let asked = (format!("count({{}}) >= {least}"), format!("count(*) >= {least}"));
            Rule { rows: CLICKS, asked, ..Rule::of_orders(i / 2) }
        };
        (0..count).map(|i| if i % 2 == 0 { Rule::of_orders(i) } else { clicks(i) }).collect()
    }

    fn of_orders(i: u32) -> Rule {
        let countries = ["FR", "DE", "IT", "ES", "NL"];
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
        Rule { country: countries[i as usize % 5], days: 30 + i % 14 * 15, rows: ORDERS, asked }
    }

    pub fn camp(&self) -> String {
        let Rows { table, at, kind: (column, kind) } = self.rows;
        let rows =
            format!("{table} where {column} = \"{kind}\" and {at} in last {} days", self.days);
        format!("country = \"{}\" and {}", self.country, self.asked.0.replace("{}", &rows))
    }

    /// The best statement we know for one rule alone; `file` gives a table as it stands in SQL.
    fn sql(&self, file: &dyn Fn(&str) -> String) -> String {
        let Rows { table, at, kind: (column, kind) } = self.rows;
        let first =
            jiff::civil::date(2026, 7, 1) - jiff::Span::new().days(i64::from(self.days) - 1);
        format!(
            "SELECT customer_id, email FROM {} c
             SEMI JOIN (SELECT customer_id FROM {} WHERE {column} = '{kind}' AND {at} >=
               TIMESTAMP '{first}' AND {at} <= TIMESTAMP '2026-07-01 12:00:00'
               GROUP BY customer_id HAVING {}) s USING (customer_id)
             WHERE country = '{}'",
            file("customers"),
            file(table),
            self.asked.1,
            self.country
        )
    }
}

/// A script that saves an audience for each rule.
pub fn script(header: &str, rules: &[Rule]) -> String {
    let mut text = header.to_owned();
    for (i, rule) in rules.iter().enumerate() {
        let _ = write!(
            text,
            "a{i} = build audience from customers\n  where {}\n  select email\n\
             save audience a{i} as \"Audience {i}\"\n",
            rule.camp()
        );
    }
    text
}

impl Bench<'_> {
    fn many_script(&self, name: &str, kind: Kind, rules: &[Rule]) -> PathBuf {
        let mut header = self.header_of(kind);
        if rules.iter().any(|rule| rule.rows.table == "events") {
            let _ = write!(
                header,
                "dimension events = \"{}\" key event_id\n\
                 link customers.events, events.customer on customers.customer_id = events.customer_id\n",
                self.data.file(kind, "events").display()
            );
        }
        self.file(&format!("{name}.camp"), &script(&header, rules))
    }

    /// An audience for each rule over files of a kind, against a statement for each; afterwards every
    /// audience must have the members that its statement gives.
    pub fn many(&self, name: &str, rules: &[Rule], kind: Kind) {
        let script = self.many_script(name, kind, rules);
        let file = |table: &str| format!("'{}'", self.data.file(kind, table).display());
        let mut sql = String::new();
        for (i, rule) in rules.iter().enumerate() {
            let _ = writeln!(sql, "CREATE TABLE audience_{i} AS {};", rule.sql(&file));
        }
        let sql = self.file(&format!("{name}.sql"), &sql);
        let ours = self.work.join(format!("{name}.duckdb"));
        let theirs = self.work.join(format!("{name}_sql.duckdb"));
        let statements = format!("{} statements", rules.len());
        compare(
            name,
            &mut [
                ("camp", &mut || self.camp(&script, &self.fresh(&ours), &[])),
                (&statements, &mut || self.sql(&sql, &self.fresh(&theirs))),
            ],
        );
        same_members(&ours, &theirs, rules.len());
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
        let ordered = self.data.file(Kind::Parquet, "orders_by_time");
        for (name, dimension, rules) in cases {
            let mut text = format!(
                "campaign \"Bench\" timezone \"UTC\"\n\
                 dimension customers = \"{}\" key customer_id\ndimension orders = \"{}\" key order_id\n\
                 link customers.orders, orders.customer on customers.customer_id = orders.customer_id\n",
                self.data.file(Kind::Parquet, "customers").display(),
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
        let script = self.many_script("memory", Kind::Parquet, &Rule::some(100));
        let database = self.work.join("memory.duckdb");
        let costs = measure(&mut [("camp, --memory-limit 256MB", &mut || {
            self.camp(&script, &self.fresh(&database), &["--memory-limit", "256MB"])
        })]);
        let peak = costs[0].1.iter().map(|c| c.peak_kib).max().unwrap();
        println!("| memory | {} | {} MB | | |", costs[0].0, peak / 1024);
    }
}

/// Whether each audience has the rows of its statement, as often.
fn same_members(ours: &Path, theirs: &Path, count: usize) {
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
