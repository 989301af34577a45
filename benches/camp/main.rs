//! Side-by-side benchmarks; see `benches/README.md`.
//!
//! The program starts itself again for the contestants that are plain SQL (`--sql FILE DATABASE`),
//! so that each side pays for its own process.

#![allow(clippy::unwrap_used)]

mod contest;
mod data;
mod growth;
mod many;
mod plugins;
mod single;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use data::{Data, Kind};
use many::Rule;
use plugins::Plugins;

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
        filters.is_empty() || filters.iter().any(|f| name.starts_with(f.as_str()))
    };
    let data = Data::of(data::orders());
    let work = tempfile::tempdir().unwrap();
    let bench = Bench { data: &data, work: work.path() };
    if args.iter().any(|arg| arg == "data") {
        // For whoever else reads them.
        bench.files_of(Kind::Parquet);
        return;
    }
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
    for (name, count, kind) in [
        ("hundred_parquet", 100, Kind::Parquet),
        ("hundred_csv", 100, Kind::Csv),
        ("hundred_json", 100, Kind::Json),
        ("five_hundred_parquet", 500, Kind::Parquet),
    ] {
        if wanted(name) {
            bench.many(name, &Rule::some(count), kind);
        }
    }
    if wanted("hundred_events") {
        bench.many("hundred_events", &Rule::mixed(100), Kind::Parquet);
    }
    if wanted("sharing") {
        bench.sharing();
    }
    if wanted("growth") {
        growth::growth(work.path());
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

/// Runs the statements of a file against a database: a contestant of its own.
fn run_sql(sql: &Path, database: &Path) {
    let connection = duckdb::Connection::open(database).unwrap();
    connection.execute_batch(&fs::read_to_string(sql).unwrap()).unwrap();
}

struct Bench<'a> {
    data: &'a Data,
    work: &'a Path,
}

impl Bench<'_> {
    /// The model over a source: `parquet`, or tables of an attached database.
    fn header(&self, source: &str) -> String {
        match source {
            "parquet" => self.header_of(Kind::Parquet),
            _ => format!(
                "campaign \"Bench\" timezone \"UTC\"\n\
                 database shop = \"{}\"\n\
                 dimension customers = shop.customers\n\
                 dimension orders = shop.orders key order_id\n\
                 link customers.orders, orders.customer on customers.customer_id = orders.customer_id\n",
                self.data.database().display()
            ),
        }
    }

    /// The model over files of a kind.
    fn header_of(&self, kind: Kind) -> String {
        let [customers, orders] = ["customers", "orders"].map(|t| self.data.file(kind, t));
        format!(
            "campaign \"Bench\" timezone \"UTC\"\n\
             dimension customers = \"{}\" key customer_id\n\
             dimension orders = \"{}\" key order_id\n\
             link customers.orders, orders.customer on customers.customer_id = orders.customer_id\n",
            customers.display(),
            orders.display()
        )
    }

    /// Customers and orders as files of a kind, as they stand in statements.
    fn files_of(&self, kind: Kind) -> [String; 2] {
        ["customers", "orders"].map(|t| format!("'{}'", self.data.file(kind, t).display()))
    }

    fn tables(&self, source: &str) -> (String, String, String) {
        match source {
            "parquet" => {
                let [customers, orders] = self.files_of(Kind::Parquet);
                (String::new(), customers, orders)
            }
            _ => (
                format!("ATTACH '{}' AS shop (READ_ONLY);", self.data.database().display()),
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

    fn program(&self) -> Command {
        Command::new(env!("CARGO_BIN_EXE_camp"))
    }

    fn camp(&self, script: &Path, database: &Path, extra: &[&str]) -> Command {
        let mut command = self.program();
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

    /// A database of this name that does not exist.
    fn fresh(&self, name: impl AsRef<Path>) -> PathBuf {
        let path = self.work.join(name);
        for ending in ["", ".wal"] {
            let _ = fs::remove_file(format!("{}{ending}", path.display()));
        }
        path
    }
}
