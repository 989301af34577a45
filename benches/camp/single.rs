//! One audience, trivial scripts, and checks.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::Bench;
use crate::contest::{compare, measure, millis};

impl Bench<'_> {
    pub fn single(&self, source: &str) {
        let script = self.file(
            "single.camp",
            &format!(
                "{}recent = build audience from customers\n  where consent\n    and any orders where \
                 (status = \"paid\" and ordered_at in last 90 days)\n    and sum(amount of orders where \
                 status = \"paid\") >= 500\n  select email, country\nsave audience recent as \"Recent\"\n",
                self.header(source)
            ),
        );
        let (attach, customers, orders) = self.tables(source);
        let sql = self.file(
            "single.sql",
            &format!(
                "{attach} CREATE TABLE recent AS SELECT customer_id, email, country FROM {customers} c
                 SEMI JOIN (SELECT customer_id FROM {orders} WHERE status = 'paid'
                   AND ordered_at >= TIMESTAMP '2026-04-03' AND ordered_at <= TIMESTAMP '2026-07-01 12:00:00') r
                   USING (customer_id)
                 SEMI JOIN (SELECT customer_id FROM {orders} WHERE status = 'paid' GROUP BY customer_id
                   HAVING sum(amount) >= 500) s USING (customer_id)
                 WHERE consent;"
            ),
        );
        compare(
            &format!("single_{source}"),
            &mut [
                ("camp", &mut || self.camp(&script, &self.fresh("camp.duckdb"), &[])),
                ("SQL by hand", &mut || self.sql(&sql, &self.fresh("sql.duckdb"))),
            ],
        );
    }

    pub fn history(&self) {
        let script = |days: u32| {
            self.file(
                &format!("history_{days}.camp"),
                &format!(
                    "{}recent = build audience from customers\n  where any orders where (status = \"paid\" \
                     and ordered_at in last {days} days)\n  select email\nsave audience recent as \"Recent\"\n",
                    self.header("parquet")
                ),
            )
        };
        let (_, customers, orders) = self.tables("parquet");
        let sql = |days: i64| {
            let first = jiff::civil::date(2026, 7, 1) - jiff::Span::new().days(days - 1);
            self.file(
                &format!("history_{days}.sql"),
                &format!(
                    "CREATE OR REPLACE TABLE recent AS SELECT customer_id, email FROM {customers} c
                     SEMI JOIN (SELECT customer_id FROM {orders} WHERE status = 'paid'
                       AND ordered_at >= TIMESTAMP '{first}' AND ordered_at <= TIMESTAMP '2026-07-01 12:00:00') r
                       USING (customer_id);"
                ),
            )
        };
        let (camp, plain) = (self.fresh("camp_history.duckdb"), self.fresh("sql_history.duckdb"));
        assert!(
            self.camp(&script(90), &camp, &[]).stdout(Stdio::null()).status().unwrap().success()
        );
        assert!(self.sql(&sql(90), &plain).status().unwrap().success());
        let mut turn = 0;
        let mut other = 0;
        compare(
            "history_parquet",
            &mut [
                ("camp", &mut || {
                    turn += 1;
                    self.camp(&script(if turn % 2 == 0 { 90 } else { 85 }), &camp, &[])
                }),
                ("SQL by hand, no history", &mut || {
                    other += 1;
                    self.sql(&sql(if other % 2 == 0 { 90 } else { 85 }), &plain)
                }),
            ],
        );
    }

    pub fn check_thousand(&self) {
        let mut text = self.header("parquet");
        for i in 0..1000 {
            let _ = writeln!(
                text,
                "a{i} = build audience from customers where country = \"FR\" and consent and \
                 count(orders where amount > {i}) >= 2 select email"
            );
        }
        let script = self.file("thousand.camp", &text);
        let empty = self.file("empty.camp", &self.header("parquet"));
        let check = |script: &Path| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_camp"));
            command.arg("check").arg(script).args(["--db", ":memory:"]).stderr(Stdio::null());
            command
        };
        let costs = measure(&mut [
            ("1,000 statements", &mut || check(&script)),
            ("the header alone", &mut || check(&empty)),
        ]);
        for (name, costs) in &costs {
            let mut cpu: Vec<Duration> = costs.iter().map(|c| c.cpu).collect();
            cpu.sort();
            println!(
                "| check_thousand (CPU) | {name} | {} | {} | |",
                millis(cpu[cpu.len() / 2]),
                millis(cpu[0])
            );
        }
    }

    pub fn trivial(&self) {
        self.file("few.csv", "id,name\n1,a\n2,b\n3,c\n");
        let script = self.file(
            "trivial.camp",
            "campaign \"Trivial\" timezone \"UTC\"\ndimension few = \"few.csv\" key id\n\
             a = build audience from few where name != \"b\"\nsave audience a as \"Few\"\n",
        );
        let sql = self.file("open.sql", "SELECT 1;");
        compare(
            "trivial",
            &mut [
                ("camp", &mut || self.camp(&script, &self.fresh("trivial.duckdb"), &[])),
                ("opening DuckDB", &mut || self.sql(&sql, &self.fresh("open.duckdb"))),
            ],
        );
    }
}
