//! Side-by-side benchmarks; see `benches/README.md`.
//!
//! The program starts itself again for the contestants that are plain SQL (`--sql FILE DATABASE`),
//! so that each side pays for its own process.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CUSTOMERS: u64 = 500_000;
const ORDERS: u64 = 10_000_000;
/// All relative dates; the data ends shortly before.
const AS_OF: &str = "2026-07-01T12:00:00Z";

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, sql, database] = args.as_slice()
        && flag == "--sql"
    {
        return run_sql(Path::new(sql), Path::new(database));
    }
    let wanted = |name: &str| {
        let filters: Vec<&String> = args.iter().filter(|a| !a.starts_with("--")).collect();
        filters.is_empty() || filters.iter().any(|f| name.contains(f.as_str()))
    };
    let data = data();
    let work = tempfile::tempdir().unwrap();
    let bench = Bench { data: &data, work: work.path() };
    println!("| benchmark | contestant | median | fastest | ratio of medians |");
    println!("|---|---|---|---|---|");
    for source in ["parquet", "table"] {
        if wanted(&format!("single_{source}")) {
            bench.single(source);
        }
    }
    if wanted("history_parquet") {
        bench.history();
    }
    if wanted("hundred") {
        bench.hundred();
    }
    if wanted("check_thousand") {
        bench.check_thousand();
    }
    if wanted("trivial") {
        bench.trivial();
    }
    if wanted("memory") {
        bench.memory();
    }
    if ["plugin_planner", "plugin_executor", "plugin_load"].into_iter().any(wanted) {
        let plugins = Plugins::build(work.path());
        if wanted("plugin_planner") {
            bench.plugin_planner();
        }
        if wanted("plugin_executor") {
            bench.plugin_executor();
        }
        if wanted("plugin_load") {
            bench.plugin_load(&plugins);
        }
    }
}

/// The plugins of the benchmarks: those that ship lie beside the program, the others are trusted in the
/// folder of the scripts.
struct Plugins {
    /// What scripts can use.
    names: Vec<&'static str>,
}

impl Plugins {
    fn build(project: &Path) -> Plugins {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let run = |command: &mut Command| assert!(command.status().unwrap().success());
        let camp = Path::new(env!("CARGO_BIN_EXE_camp"));
        run(Command::new(env!("CARGO"))
            .current_dir(root)
            .args(["build", "--quiet", "--release", "--package", "camp-copy"])
            .args(SHIPPED.iter().map(|name| format!("--package=camp-{}", name.replace('_', "-")))));
        fs::write(project.join("camp.toml"), "timezone = \"UTC\"\n").unwrap();
        let suffix = std::env::consts::DLL_SUFFIX;
        let mut libraries = vec![camp.with_file_name(format!("libcamp_copy{suffix}"))];
        for name in ["cap", "measure"] {
            let out = project.join(format!("libcamp_{name}{suffix}"));
            let sample = root.join(format!("plugins/samples/c_{name}"));
            let out_is = format!("OUT={}", out.display());
            run(Command::new("make").arg("--silent").arg("-C").arg(sample).arg(out_is));
            libraries.push(out);
        }
        for library in libraries {
            run(Command::new(camp)
                .current_dir(project)
                .args(["--quiet", "plugin", "add", "--yes"])
                .arg(library)
                .stderr(Stdio::null()));
        }
        Plugins { names: SHIPPED.iter().copied().chain(["cap", "measure"]).collect() }
    }
}

const SHIPPED: [&str; 8] =
    ["change_dimension", "deduplicate", "enrich", "reconcile", "rfm", "sample", "split", "webhook"];

/// Runs the statements of a file against a database: a contestant of its own.
fn run_sql(sql: &Path, database: &Path) {
    let connection = duckdb::Connection::open(database).unwrap();
    connection.execute_batch(&fs::read_to_string(sql).unwrap()).unwrap();
}

/// The folder of the data, made on first use.
fn data() -> PathBuf {
    let folder = std::env::var_os("CAMP_BENCH_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-data"),
        PathBuf::from,
    );
    if folder.join("done").exists() {
        return folder;
    }
    fs::create_dir_all(&folder).unwrap();
    eprintln!("making {CUSTOMERS} customers and {ORDERS} orders in {}", folder.display());
    let _ = fs::remove_file(folder.join("shop.duckdb"));
    let connection = duckdb::Connection::open(folder.join("shop.duckdb")).unwrap();
    // Values from hashes of the row number: the same data everywhere, with the skew of a shop.
    let sql = format!(
        "SET TimeZone = 'UTC';
         CREATE TEMP MACRO h(i, salt) AS CAST(hash(i, salt) % 1000000000 AS BIGINT);
         CREATE TABLE customers AS SELECT i AS customer_id, 'c' || i || '@example.test' AS email,
           ['FR', 'DE', 'IT', 'ES', 'NL'][1 + h(i, 0) % 5] AS country,
           h(i, 1) % 10 < 7 AS consent,
           DATE '2020-01-01' + CAST(h(i, 2) % 2300 AS INTEGER) AS signed_up
         FROM range({CUSTOMERS}) t(i);
         ALTER TABLE customers ADD PRIMARY KEY (customer_id);
         CREATE TABLE orders AS SELECT i AS order_id,
           CAST(floor({CUSTOMERS} * pow((h(i, 3) % 1000000) / 1000000.0, 2)) AS BIGINT) AS customer_id,
           TIMESTAMP '2023-01-01' + to_seconds(h(i, 4) % 110000000) AS ordered_at,
           CAST((h(i, 5) % 20000) / 100.0 AS DECIMAL(10, 2)) AS amount,
           ['paid', 'paid', 'paid', 'open', 'refunded'][1 + h(i, 6) % 5] AS status
         FROM range({ORDERS}) t(i);
         ALTER TABLE orders ALTER order_id SET NOT NULL;
         COPY customers TO '{0}/customers.parquet' (FORMAT parquet, COMPRESSION zstd);
         COPY orders TO '{0}/orders.parquet' (FORMAT parquet, COMPRESSION zstd);",
        folder.display()
    );
    connection.execute_batch(&sql).unwrap();
    drop(connection);
    fs::write(folder.join("done"), "").unwrap();
    folder
}

struct Bench<'a> {
    data: &'a Path,
    work: &'a Path,
}

/// What one process cost.
struct Cost {
    wall: Duration,
    cpu: Duration,
    peak_kib: u64,
}

impl Bench<'_> {
    fn header(&self, source: &str) -> String {
        let data = self.data.display();
        match source {
            "parquet" => format!(
                "campaign \"Bench\" timezone \"UTC\"\n\
                 dimension customers = \"{data}/customers.parquet\" key customer_id\n\
                 dimension orders = \"{data}/orders.parquet\" key order_id\n\
                 link customers.orders, orders.customer on customers.customer_id = orders.customer_id\n"
            ),
            _ => format!(
                "campaign \"Bench\" timezone \"UTC\"\n\
                 database shop = \"{data}/shop.duckdb\"\n\
                 dimension customers = shop.customers\n\
                 dimension orders = shop.orders key order_id\n\
                 link customers.orders, orders.customer on customers.customer_id = orders.customer_id\n"
            ),
        }
    }

    fn tables(&self, source: &str) -> (String, String, String) {
        let data = self.data.display();
        match source {
            "parquet" => (
                String::new(),
                format!("'{data}/customers.parquet'"),
                format!("'{data}/orders.parquet'"),
            ),
            _ => (
                format!("ATTACH '{data}/shop.duckdb' AS shop (READ_ONLY);"),
                "shop.customers".into(),
                "shop.orders".into(),
            ),
        }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.work.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn camp(&self, script: &Path, database: &Path, extra: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_camp"));
        command
            .arg("run")
            .arg(script)
            .arg("--db")
            .arg(database)
            .args(["--as-of", AS_OF])
            .args(extra);
        command
    }

    fn sql(&self, sql: &Path, database: &Path) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("--sql").arg(sql).arg(database);
        command
    }

    fn fresh(&self, name: &str) -> PathBuf {
        let path = self.work.join(name);
        for ending in ["", ".wal"] {
            let _ = fs::remove_file(format!("{}{ending}", path.display()));
        }
        path
    }

    fn single(&self, source: &str) {
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
        self.compare(
            &format!("single_{source}"),
            &mut [
                ("camp", &mut || self.camp(&script, &self.fresh("camp.duckdb"), &[])),
                ("SQL by hand", &mut || self.sql(&sql, &self.fresh("sql.duckdb"))),
            ],
        );
    }

    fn history(&self) {
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
        self.compare(
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

    /// 100 rules over the same orders: (window in days, lowest sum, country).
    fn rules() -> Vec<(u32, u32, &'static str)> {
        let countries = ["FR", "DE", "IT", "ES", "NL"];
        (0..100).map(|i| (30 + i % 14 * 15, 100 + i / 14 * 50, countries[i as usize % 5])).collect()
    }

    fn hundred_script(&self) -> PathBuf {
        let mut text = self.header("parquet");
        for (i, (days, sum, country)) in Self::rules().into_iter().enumerate() {
            let _ = write!(
                text,
                "a{i} = build audience from customers\n  where country = \"{country}\" and sum(amount of \
                 orders where status = \"paid\" and ordered_at in last {days} days) >= {sum}\n  select \
                 email\nsave audience a{i} as \"Audience {i}\"\n"
            );
        }
        self.file("hundred.camp", &text)
    }

    fn hundred(&self) {
        let script = self.hundred_script();
        let (_, customers, orders) = self.tables("parquet");
        let mut sql = String::new();
        for (i, (days, sum, country)) in Self::rules().into_iter().enumerate() {
            let first = jiff::civil::date(2026, 7, 1) - jiff::Span::new().days(i64::from(days) - 1);
            let _ = write!(
                sql,
                "CREATE TABLE audience_{i} AS SELECT customer_id, email FROM {customers} c
                 SEMI JOIN (SELECT customer_id FROM {orders} WHERE status = 'paid' AND ordered_at >=
                   TIMESTAMP '{first}' AND ordered_at <= TIMESTAMP '2026-07-01 12:00:00'
                   GROUP BY customer_id HAVING sum(amount) >= {sum}) s USING (customer_id)
                 WHERE country = '{country}';\n"
            );
        }
        let sql = self.file("hundred.sql", &sql);
        self.compare(
            "hundred",
            &mut [
                ("camp", &mut || self.camp(&script, &self.fresh("hundred.duckdb"), &[])),
                ("100 statements", &mut || self.sql(&sql, &self.fresh("hundred_sql.duckdb"))),
            ],
        );
    }

    fn check_thousand(&self) {
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
        let costs = self.measure(&mut [
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

    fn trivial(&self) {
        self.file("few.csv", "id,name\n1,a\n2,b\n3,c\n");
        let script = self.file(
            "trivial.camp",
            "campaign \"Trivial\" timezone \"UTC\"\ndimension few = \"few.csv\" key id\n\
             a = build audience from few where name != \"b\"\nsave audience a as \"Few\"\n",
        );
        let sql = self.file("open.sql", "SELECT 1;");
        self.compare(
            "trivial",
            &mut [
                ("camp", &mut || self.camp(&script, &self.fresh("trivial.duckdb"), &[])),
                ("opening DuckDB", &mut || self.sql(&sql, &self.fresh("open.duckdb"))),
            ],
        );
    }

    fn memory(&self) {
        let script = self.hundred_script();
        let costs = self.measure(&mut [("camp, --memory-limit 256MB", &mut || {
            self.camp(&script, &self.fresh("memory.duckdb"), &["--memory-limit", "256MB"])
        })]);
        let peak = costs[0].1.iter().map(|c| c.peak_kib).max().unwrap();
        println!("| memory | {} | {} MB | | |", costs[0].0, peak / 1024);
    }

    /// The newest order of each customer: a planner against the same SQL by hand. Orders have no primary key,
    /// so both sides look whether theirs is unique, which is no matter of the plugin.
    fn plugin_planner(&self) {
        let script = self.file(
            "planner.camp",
            &format!(
                "{}use deduplicate\nall = build audience from orders select amount\n\
                 newest = deduplicate all with by: customer_id, order: ordered_at desc\n\
                 save audience newest as \"Newest\"\n",
                self.header("table")
            ),
        );
        let (attach, _, orders) = self.tables("table");
        let sql = self.file(
            "planner.sql",
            &format!(
                "{attach} CREATE TEMP TABLE key_check AS SELECT sum(times), count(*) FROM (
                   SELECT order_id, count(*) AS times FROM {orders} GROUP BY order_id);
                 CREATE TABLE newest AS SELECT order_id, amount FROM (
                   SELECT order_id, amount, customer_id IS NULL AS alone, row_number() OVER (
                     PARTITION BY customer_id ORDER BY ordered_at DESC NULLS LAST, order_id) AS place
                   FROM {orders}) WHERE alone OR place <= 1;"
            ),
        );
        self.compare(
            "plugin_planner",
            &mut [
                ("camp, deduplicate", &mut || {
                    self.camp(&script, &self.fresh("planner.duckdb"), &[])
                }),
                ("SQL by hand, key checked", &mut || {
                    self.sql(&sql, &self.fresh("planner_sql.duckdb"))
                }),
            ],
        );
    }

    /// Orders through an executor that copies them, and back: five columns.
    fn plugin_executor(&self) {
        for (name, rows) in [("1 M rows", 1_000_000), ("10 M rows", ORDERS)] {
            let text = |activity: &str| {
                format!(
                    "{}use copy\nall = build audience from orders\n  where order_id < {rows}\n  \
                     select customer_id, ordered_at, amount, status\n{activity}",
                    self.header("table")
                )
            };
            let through = self.file(
                &format!("executor_{rows}.camp"),
                &text(&format!("same = copy all\nexpect count(same) = {rows}\n")),
            );
            let beside = self.file(
                &format!("no_executor_{rows}.camp"),
                &text(&format!("expect count(all) = {rows}\n")),
            );
            let camp = |script: &Path, more: &[&str]| {
                let database = self.fresh("executor.duckdb");
                self.camp(script, &database, &[&["--quiet"], more].concat())
            };
            let limit = ["--memory-limit", "256MB"];
            let costs = self.measure(&mut [
                ("through a plugin", &mut || camp(&through, &[])),
                ("without", &mut || camp(&beside, &[])),
                ("through a plugin, --memory-limit 256MB", &mut || camp(&through, &limit)),
            ]);
            let (wall, _) = median(&costs[0].1);
            let (base, _) = median(&costs[1].1);
            let rate = rows as f64 / wall.saturating_sub(base).as_secs_f64().max(1e-9) / 1e6;
            for (contestant, costs) in &costs {
                let (middle, fastest) = median(costs);
                let peak = costs.iter().map(|c| c.peak_kib).max().unwrap() / 1024;
                println!(
                    "| plugin_executor, {name} | {contestant}, peak memory {peak} MB | {} | {} | |",
                    millis(middle),
                    millis(fastest)
                );
            }
            println!("| plugin_executor, {name} | **{rate:.2} M rows/s** | | | |");
        }
    }

    /// A trivial script that uses ten plugins, and one that uses none.
    fn plugin_load(&self, plugins: &Plugins) {
        self.file("few.csv", "id,name\n1,a\n2,b\n3,c\n");
        let text = |uses: &str| {
            format!(
                "campaign \"Trivial\" timezone \"UTC\"\n{uses}dimension few = \"few.csv\" key id\n\
                 a = build audience from few where name != \"b\"\nsave audience a as \"Few\"\n"
            )
        };
        let uses: String = plugins.names.iter().map(|name| format!("use {name}\n")).collect();
        let with = self.file("with.camp", &text(&uses));
        let without = self.file("without.camp", &text(""));
        self.compare(
            "plugin_load",
            &mut [
                ("ten plugins", &mut || self.camp(&with, &self.fresh("with.duckdb"), &["--quiet"])),
                ("none", &mut || self.camp(&without, &self.fresh("without.duckdb"), &["--quiet"])),
            ],
        );
    }

    /// Alternates the contestants and prints a row for each, compared with the last one.
    fn compare(&self, name: &str, contestants: &mut [Contestant<'_>]) {
        let costs = self.measure(contestants);
        let (base, _) = median(&costs[costs.len() - 1].1);
        for (contestant, costs) in &costs {
            let (middle, fastest) = median(costs);
            println!(
                "| {name} | {contestant} | {} | {} | {:.2} |",
                millis(middle),
                millis(fastest),
                middle.as_secs_f64() / base.as_secs_f64()
            );
        }
    }

    fn measure(&self, contestants: &mut [Contestant<'_>]) -> Vec<(String, Vec<Cost>)> {
        let rounds =
            std::env::var("CAMP_BENCH_ROUNDS").ok().and_then(|r| r.parse().ok()).unwrap_or(7);
        let mut costs: Vec<(String, Vec<Cost>)> =
            contestants.iter().map(|(name, _)| ((*name).to_owned(), Vec::new())).collect();
        for round in 0..=rounds {
            for (n, (name, command)) in contestants.iter_mut().enumerate() {
                let cost = run(name, command());
                // The first round warms the file cache.
                if round > 0 {
                    costs[n].1.push(cost);
                }
            }
        }
        costs
    }
}

type Contestant<'a> = (&'a str, &'a mut dyn FnMut() -> Command);

/// Runs a process to its end; CPU time and peak memory as the system counted them.
#[expect(clippy::zombie_processes, reason = "wait4 waits, and tells what it cost")]
fn run(name: &str, mut command: Command) -> Cost {
    let begun = Instant::now();
    let child = command.stdout(Stdio::null()).spawn().unwrap();
    let mut status = 0;
    // SAFETY: an all-zero `rusage` is a valid value, and both pointers live for the call.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::wait4(child.id() as libc::pid_t, &mut status, 0, &mut usage);
        usage
    };
    let wall = begun.elapsed();
    assert_eq!(status, 0, "{name} failed");
    let time = |t: libc::timeval| {
        Duration::from_secs(t.tv_sec as u64) + Duration::from_micros(t.tv_usec as u64)
    };
    Cost {
        wall,
        cpu: time(usage.ru_utime) + time(usage.ru_stime),
        peak_kib: usage.ru_maxrss as u64,
    }
}

/// The median and the lowest time.
fn median(costs: &[Cost]) -> (Duration, Duration) {
    let mut walls: Vec<Duration> = costs.iter().map(|c| c.wall).collect();
    walls.sort();
    (walls[walls.len() / 2], walls[0])
}

fn millis(d: Duration) -> String {
    format!("{:.0} ms", d.as_secs_f64() * 1000.0)
}
