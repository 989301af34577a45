//! The data: made from row numbers, skewed as that of a shop, the same everywhere; each file is
//! written when it is first asked for.

use std::fs;
use std::path::{Path, PathBuf};

/// How many orders there are, `CAMP_BENCH_ORDERS`.
pub fn orders() -> u64 {
    std::env::var("CAMP_BENCH_ORDERS").ok().and_then(|n| n.parse().ok()).unwrap_or(10_000_000)
}

/// Data of one size: a customer for 20 orders, five events for each order.
#[derive(Clone)]
pub struct Data {
    folder: PathBuf,
    /// How many orders there are.
    pub orders: u64,
}

/// The kinds of files.
#[derive(Clone, Copy)]
pub enum Kind {
    Parquet,
    Csv,
    Json,
}

impl Kind {
    fn ending(self) -> &'static str {
        match self {
            Kind::Parquet => "parquet",
            Kind::Csv => "csv",
            Kind::Json => "json",
        }
    }
}

/// Values from hashes of the row number. Of customers, the first have most of the orders and events.
const MACROS: &str = "SET TimeZone = 'UTC'; SET preserve_insertion_order = true;
    CREATE TEMP MACRO h(i, salt) AS CAST(hash(i, salt) % 1000000000 AS BIGINT);
    CREATE TEMP MACRO skewed(i, salt, n) AS CAST(floor(n * pow((h(i, salt) % 1000000) / 1000000.0, 2)) AS BIGINT);
    CREATE TEMP MACRO moment(i, salt) AS TIMESTAMP '2023-01-01' + to_seconds(h(i, salt) % 110000000);";

impl Data {
    pub fn of(orders: u64) -> Data {
        let root = std::env::var_os("CAMP_BENCH_DATA").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-data"),
            PathBuf::from,
        );
        let folder = if orders == 10_000_000 { root } else { root.join(orders.to_string()) };
        fs::create_dir_all(&folder).unwrap();
        Data { folder, orders }
    }

    fn rows(&self, table: &str) -> String {
        let customers = self.orders / 20;
        match table {
            "customers" => format!(
                "SELECT i AS customer_id, 'c' || i || '@example.test' AS email,
                   ['FR', 'DE', 'IT', 'ES', 'NL'][1 + h(i, 0) % 5] AS country,
                   h(i, 1) % 10 < 7 AS consent, DATE '2020-01-01' + CAST(h(i, 2) % 2300 AS INTEGER) AS signed_up
                 FROM range({customers}) t(i)"
            ),
            "orders" => format!(
                "SELECT i AS order_id, skewed(i, 3, {customers}) AS customer_id, moment(i, 4) AS ordered_at,
                   CAST((h(i, 5) % 20000) / 100.0 AS DECIMAL(10, 2)) AS amount,
                   ['paid', 'paid', 'paid', 'open', 'refunded'][1 + h(i, 6) % 5] AS status
                 FROM range({}) t(i)",
                self.orders
            ),
            "events" => format!(
                "SELECT i AS event_id, skewed(i, 7, {customers}) AS customer_id, moment(i, 8) AS happened_at,
                   ['view', 'view', 'view', 'view', 'cart', 'search', 'click', 'open'][1 + h(i, 9) % 8] AS kind
                 FROM range({}) t(i)",
                self.orders * 5
            ),
            // As shops write them.
            "orders_by_time" => {
                format!("FROM '{}' ORDER BY ordered_at, order_id", self.file(Kind::Parquet, "orders").display())
            }
            table => panic!("there are no {table}"),
        }
    }

    /// A table as a file.
    pub fn file(&self, kind: Kind, table: &str) -> PathBuf {
        self.made(&format!("{table}.{}", kind.ending()), |part| {
            let (rows, format) = match kind {
                Kind::Parquet => (self.rows(table), "parquet, COMPRESSION zstd"),
                Kind::Csv | Kind::Json => {
                    let file = self.file(Kind::Parquet, table);
                    (format!("FROM '{}'", file.display()), kind.ending())
                }
            };
            let connection = duckdb::Connection::open_in_memory().unwrap();
            let sql = format!("{MACROS} COPY ({rows}) TO '{}' (FORMAT {format})", part.display());
            connection.execute_batch(&sql).unwrap();
        })
    }

    /// Customers and orders as tables of a database.
    pub fn database(&self) -> PathBuf {
        self.made("shop.duckdb", |part| {
            let connection = duckdb::Connection::open(part).unwrap();
            let table = |name| {
                let file = self.file(Kind::Parquet, name);
                format!("CREATE TABLE {name} AS FROM '{}';", file.display())
            };
            let sql = format!(
                "{MACROS} {} ALTER TABLE customers ADD PRIMARY KEY (customer_id);
                 {} ALTER TABLE orders ALTER order_id SET NOT NULL;",
                table("customers"),
                table("orders")
            );
            connection.execute_batch(&sql).unwrap();
        })
    }

    fn made(&self, name: &str, make: impl FnOnce(&Path)) -> PathBuf {
        let path = self.folder.join(name);
        if !path.exists() {
            eprintln!("making {}", path.display());
            let part = self.folder.join(format!("{name}.part"));
            let _ = fs::remove_file(&part);
            make(&part);
            fs::rename(part, &path).unwrap();
        }
        path
    }
}
