//! Sizes that nobody has by accident, measured: `make limits`. Left out of `make test`, which has the
//! same at sizes that take seconds (`limits.rs`).

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::project::{Project, Ran};

/// Runs it, prints what it took.
fn timed(project: &Project, what: &str, args: &[&str]) -> (Ran, Duration) {
    let begun = Instant::now();
    let ran = project.camp(args);
    let took = begun.elapsed();
    assert_eq!(ran.exit, Some(0), "{what}: {}", ran.stderr);
    println!("| {what} | {:.2} s |", took.as_secs_f64());
    (ran, took)
}

/// As [`timed`], and prints how much memory it took and how much it spilled, looking all the time.
fn watched(project: &Project, what: &str, args: &[&str]) {
    let begun = Instant::now();
    let mut child = project.start(args);
    let status = format!("/proc/{}/status", child.id());
    let (mut spilled, mut memory) = (0, 0);
    while child.try_wait().unwrap().is_none() {
        spilled = spilled.max(bytes_below(&project.path("camp.duckdb.tmp")));
        // Of the system's own counting of the highest: `VmHWM:   123456 kB`.
        let told = std::fs::read_to_string(&status).unwrap_or_default();
        let line = told.lines().find_map(|l| l.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok());
        memory = memory.max(kilobytes.unwrap_or(0) * 1024);
        std::thread::sleep(Duration::from_millis(20));
    }
    let took = begun.elapsed();
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.exit, Some(0), "{what}: {}", ran.stderr);
    println!("| {what} | {:.2} s |", took.as_secs_f64());
    println!("| its most memory | {:.0} MB |", memory as f64 / 1e6);
    println!("| what was spilled at most | {:.0} MB |", spilled as f64 / 1e6);
}

fn bytes_below(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let of = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(facts) if facts.is_dir() => bytes_below(&entry.path()),
        Ok(facts) => facts.len(),
        Err(_) => 0,
    };
    entries.map(of).sum()
}

fn size(project: &Project) {
    let bytes = std::fs::metadata(project.database()).unwrap().len();
    println!("| the database then has | {:.1} MB |", bytes as f64 / 1e6);
}

#[test]
#[ignore = "a measurement: make limits"]
fn five_thousand_audiences() {
    let project = Project::new();
    project.sql("CREATE TABLE p AS SELECT i AS id FROM range(100000) r(i)");
    println!("\n| 5,000 audiences | |\n|---|---|");
    for part in 0..10 {
        let mut script = String::from("dimension p = p key id\n");
        for n in part * 500..(part + 1) * 500 {
            writeln!(script, "a{n} = build audience from p where mod(id, 5000) = {n}").unwrap();
            writeln!(script, "save audience a{n} as \"Audience {n}\"").unwrap();
        }
        project.write(&format!("part{part}.camp"), &script);
    }
    timed(&project, "run that saves the first 500", &["run", "part0.camp", "--quiet"]);
    for part in 1..9 {
        project.run_well(&format!("part{part}.camp"));
    }
    timed(&project, "run that saves 500 more beside 4,500", &["run", "part9.camp", "--quiet"]);
    assert_eq!(project.rows("SELECT count(*), sum(size) FROM camp.camp.audience"), ["5000|100000"]);
    project.write(
        "one.camp",
        "dimension p = p key id\na = read audience \"Audience 77\"\nb = build audience from p where id < 7\n\
         save audience b as \"Audience 78\"\n",
    );
    timed(&project, "run that saves one", &["run", "one.camp", "--quiet"]);
    timed(&project, "check", &["check", "one.camp"]);
    timed(&project, "audiences list", &["audiences", "list", "--format", "json"]);
    timed(&project, "audiences show", &["audiences", "show", "Audience 4999"]);
    timed(&project, "audiences members", &["audiences", "members", "Audience 4999"]);
    timed(&project, "the same 500 again, nobody moves", &["run", "part9.camp", "--quiet"]);
    size(&project);
}

#[test]
#[ignore = "a measurement: make limits"]
fn ten_thousand_versions() {
    const VERSIONS: u64 = 10_000;
    let project = Project::new();
    project.sql("CREATE TABLE p AS SELECT i AS id FROM range(1000000) r(i)");
    project.write(
        "a.camp",
        "dimension p = p key id\na = build audience from p where id < 100000\nsave audience a as \"A\"\n",
    );
    project.run_well("a.camp");
    project.run_well("a.camp");
    // Each version since: fifty enter, fifty leave, one after another round the table. The runs that
    // would have written them are left out.
    project.sql(&format!(
        "INSERT INTO camp.camp.version SELECT v.audience, n, v.run, v.as_of + to_minutes(n), 100000, 50, 50, 0, \
         v.shape, v.key_columns FROM camp.camp.version v, range(3, {VERSIONS} + 1) r(n) WHERE v.version = 2; \
         INSERT INTO camp.camp.change_1 (audience, version, k1, entered) SELECT 1, n, \
         (n * 50 + i + CASE WHEN e THEN 100000 ELSE 0 END) % 1000000, e FROM range(3, {VERSIONS} + 1) r(n), \
         range(50) s(i), (VALUES (true), (false)) t(e); \
         UPDATE camp.camp.audience SET version = {VERSIONS}; \
         CREATE OR REPLACE TABLE audience.\"A\" AS SELECT (({VERSIONS} * 50 + 50) + i) % 1000000 AS id FROM range(100000) r(i)"
    ));
    println!("\n| 10,000 versions of one audience, 100 changes each | |\n|---|---|");
    project.write(
        "next.camp",
        "dimension p = p key id\na = build audience from p where id between 510000 and 609999\n\
         save audience a as \"A\"\n",
    );
    timed(&project, "run that saves one more", &["run", "next.camp", "--quiet"]);
    for version in ["10000", "5000", "3"] {
        let what = format!("audiences members --version {version}");
        let (ran, _) = timed(
            &project,
            &what,
            &["audiences", "members", "A", "--version", version, "--format", "csv", "--limit", "1"],
        );
        let first: u64 = ran.stdout.lines().nth(1).unwrap().parse().unwrap();
        // Version v has 100,000 in a row from 50 v + 50 on; those that came round stand in front.
        let low = version.parse::<u64>().unwrap() * 50 + 50;
        assert_eq!(first, low, "of version {version}");
    }
    timed(&project, "audiences history", &["audiences", "history", "A", "--format", "json"]);
    timed(&project, "audiences history of a member", &["audiences", "history", "A", "500100"]);
    timed(
        &project,
        "audiences diff over 9,000 versions",
        &["audiences", "diff", "A", "500", "9500"],
    );
    timed(&project, "vacuum --versions 100", &["vacuum", "--versions", "100"]);
    assert_eq!(project.rows("SELECT count(*) FROM camp.camp.version"), ["100"]);
    size(&project);
}

#[test]
#[ignore = "a measurement: make limits"]
fn tables_of_2_000_columns() {
    let project = Project::new();
    let columns: Vec<String> = (0..2_000).map(|c| format!("i * {c} AS c{c}")).collect();
    let columns = columns.join(", ");
    project.sql(&format!("CREATE TABLE wide AS SELECT i AS id, {columns} FROM range(20000) r(i)"));
    project.sql(&format!("COPY wide TO '{}'", project.path("wide.csv").display()));
    println!("\n| 20,000 rows of 2,000 columns | |\n|---|---|");
    let head = "dimension wide = wide key id\n";
    project.write(
        "three.camp",
        &format!("{head}a = build audience from wide where c1999 > 1_000_000 select c7, c8\nsave audience a as \"a\"\n"),
    );
    project.write(
        "all.camp",
        &format!("{head}a = build audience from wide select *\nsave audience a as \"all\"\n"),
    );
    project.write(
        "csv.camp",
        "dimension wide = \"wide.csv\" key id\na = build audience from wide where c1999 > 1_000_000 select c7\n\
         save audience a as \"csv\"\n",
    );
    timed(&project, "check", &["check", "three.camp"]);
    timed(&project, "run that carries three", &["run", "three.camp", "--quiet"]);
    timed(&project, "run that carries all", &["run", "all.camp", "--quiet"]);
    timed(
        &project,
        "the same again, compared with the version before",
        &["run", "all.camp", "--quiet"],
    );
    timed(&project, "run over the CSV file", &["run", "csv.camp", "--quiet"]);
    timed(&project, "audiences show", &["audiences", "show", "all"]);
    let counts = "SELECT (SELECT count(*) FROM audience.a), (SELECT count(*) FROM audience.\"all\"), \
                  (SELECT count(*) FROM audience.csv)";
    assert_eq!(project.rows(counts), ["19499|20000|19499"]);
    size(&project);
}

#[test]
#[ignore = "a measurement: make limits"]
fn a_hundred_million_orders_in_a_gigabyte() {
    let orders = std::env::var("CAMP_LIMITS_ORDERS").ok().and_then(|n| n.parse().ok());
    let orders: u64 = orders.unwrap_or(100_000_000);
    let customers = orders / 20;
    let project = Project::new();
    println!("\n| {orders} orders of {customers} customers, memory limit 1 GB | |\n|---|---|");
    let begun = Instant::now();
    let (o, c) = (project.path("orders.parquet"), project.path("customers.parquet"));
    project.sql(&format!(
        "SET memory_limit = '1GB'; SET preserve_insertion_order = false; SET threads = 2; \
         COPY (SELECT i AS id, (hash(i) % {customers})::BIGINT AS customer, ((hash(i + 1) % 20000) / 100)::DECIMAL(12, 2) \
         AS amount, TIMESTAMP '2024-01-01' + to_seconds((hash(i + 2) % 47000000)::BIGINT) AS ordered_at FROM \
         range({orders}) r(i)) TO '{}'; \
         COPY (SELECT i AS id, 'p' || i || '@example.com' AS email FROM range({customers}) r(i)) TO '{}'",
        o.display(),
        c.display()
    ));
    println!("| making them | {:.1} s |", begun.elapsed().as_secs_f64());
    let bytes = std::fs::metadata(&o).unwrap().len();
    println!("| orders.parquet has | {:.0} MB |", bytes as f64 / 1e6);
    project.write(
        "large.camp",
        "dimension customers = \"customers.parquet\" key id\ndimension orders = \"orders.parquet\" key id\n\
         link customers.orders, orders.customer on customers.id = orders.customer\n\
         define spent on customers = sum(amount of orders)\n\
         big = build audience from customers where spent > 2500 select email, spent\n\
         lapsed = build audience from customers where last(ordered_at of orders) before 60 days ago\n\
         many = build audience from customers where count(orders where amount > 100) >= 15\n\
         save audience big as \"Big\"\nsave audience lapsed as \"Lapsed\"\nsave audience many as \"Many\"\n",
    );
    watched(
        &project,
        "a run of three audiences with sums, last and counts over all orders",
        &["run", "large.camp", "--memory-limit", "1GB", "--threads", "2", "--as-of", "2025-06-30"],
    );
    let wrong = project.rows(&format!(
        "WITH o AS (SELECT customer, sum(amount) AS spent FROM '{}' GROUP BY customer HAVING sum(amount) > 2500) \
         SELECT (SELECT count(*) FROM o), count(*), count(a.spent = o.spent OR NULL) FROM audience.\"Big\" a \
         JOIN o ON o.customer = a.id",
        o.display()
    ));
    let counts: Vec<&str> = wrong[0].split('|').collect();
    assert!(counts.iter().all(|c| *c == counts[0]), "{wrong:?}");
}
