//! The data: made from row numbers, skewed as that of a shop, the same everywhere; written on first
//! use.

use std::fs;
use std::path::{Path, PathBuf};

/// How many orders there are, `CAMP_BENCH_ORDERS`.
pub fn orders() -> u64 {
    std::env::var("CAMP_BENCH_ORDERS").ok().and_then(|n| n.parse().ok()).unwrap_or(10_000_000)
}

/// How many customers there are: one for 20 orders.
fn customers() -> u64 {
    orders() / 20
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

    /// A table as a file of this kind; text is written when it is first asked for.
    pub fn file(self, data: &Path, table: &str) -> PathBuf {
        let path = data.join(format!("{table}.{}", self.ending()));
        if !path.exists() {
            eprintln!("making {}", path.display());
            let part = data.join(format!("{table}.part"));
            let connection = duckdb::Connection::open_in_memory().unwrap();
            let sql = format!(
                "SET preserve_insertion_order = true;
                 COPY (FROM '{}') TO '{}' (FORMAT {})",
                data.join(format!("{table}.parquet")).display(),
                part.display(),
                self.ending()
            );
            connection.execute_batch(&sql).unwrap();
            fs::rename(part, &path).unwrap();
        }
        path
    }
}

/// The orders as a Parquet file ordered by their time, as shops write them.
pub fn ordered(data: &Path) -> PathBuf {
    let path = data.join("orders_by_time.parquet");
    if !path.exists() {
        eprintln!("making {}", path.display());
        let part = data.join("orders_by_time.part");
        let connection = duckdb::Connection::open_in_memory().unwrap();
        let sql = format!(
            "COPY (FROM '{}' ORDER BY ordered_at, order_id) TO '{}' (FORMAT parquet, COMPRESSION zstd)",
            data.join("orders.parquet").display(),
            part.display()
        );
        connection.execute_batch(&sql).unwrap();
        fs::rename(part, &path).unwrap();
    }
    path
}

/// The folder of the data.
pub fn data() -> PathBuf {
    let (customers, orders) = (customers(), orders());
    let root = std::env::var_os("CAMP_BENCH_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench-data"),
        PathBuf::from,
    );
    let folder = if orders == 10_000_000 { root } else { root.join(orders.to_string()) };
    if folder.join("done").exists() {
        return folder;
    }
    fs::create_dir_all(&folder).unwrap();
    eprintln!("making {customers} customers and {orders} orders in {}", folder.display());
    let _ = fs::remove_file(folder.join("shop.duckdb"));
    let connection = duckdb::Connection::open(folder.join("shop.duckdb")).unwrap();
    // Values from hashes of the row number, with the skew of a shop.
    let sql = format!(
        "SET TimeZone = 'UTC';
         CREATE TEMP MACRO h(i, salt) AS CAST(hash(i, salt) % 1000000000 AS BIGINT);
         CREATE TABLE customers AS SELECT i AS customer_id, 'c' || i || '@example.test' AS email,
           ['FR', 'DE', 'IT', 'ES', 'NL'][1 + h(i, 0) % 5] AS country,
           h(i, 1) % 10 < 7 AS consent,
           DATE '2020-01-01' + CAST(h(i, 2) % 2300 AS INTEGER) AS signed_up
         FROM range({customers}) t(i);
         ALTER TABLE customers ADD PRIMARY KEY (customer_id);
         CREATE TABLE orders AS SELECT i AS order_id,
           CAST(floor({customers} * pow((h(i, 3) % 1000000) / 1000000.0, 2)) AS BIGINT) AS customer_id,
           TIMESTAMP '2023-01-01' + to_seconds(h(i, 4) % 110000000) AS ordered_at,
           CAST((h(i, 5) % 20000) / 100.0 AS DECIMAL(10, 2)) AS amount,
           ['paid', 'paid', 'paid', 'open', 'refunded'][1 + h(i, 6) % 5] AS status
         FROM range({orders}) t(i);
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
