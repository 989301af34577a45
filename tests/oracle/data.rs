//! Random tables: few rows with many ties, missing values, orphans and times around clock changes.

use std::fmt::Write as _;
use std::path::Path;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use camp::model::value::Value;

use super::calendar::{later, skipped};
use super::random::Random;

/// The type of a column or an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ty {
    Int,
    Decimal,
    Float,
    Text,
    Bool,
    Date,
    Timestamp,
    Instant,
    /// Of texts.
    List,
}

impl Ty {
    fn sql(self) -> &'static str {
        match self {
            Ty::Int => "BIGINT",
            Ty::Decimal => "DECIMAL(10,2)",
            Ty::Float => "DOUBLE",
            Ty::Text => "VARCHAR",
            Ty::Bool => "BOOLEAN",
            Ty::Date => "DATE",
            Ty::Timestamp => "TIMESTAMP",
            Ty::Instant => "TIMESTAMPTZ",
            Ty::List => "VARCHAR[]",
        }
    }
}

/// How a table is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// A table whose key nothing guarantees.
    Plain,
    /// With a PRIMARY KEY.
    Constrained,
    /// A Parquet file.
    Parquet,
}

/// A table with its rows.
#[derive(Clone, Debug)]
pub struct Table {
    pub name: &'static str,
    pub columns: Vec<(&'static str, Ty)>,
    /// How many of the first columns are its key.
    pub key: usize,
    pub storage: Storage,
    pub rows: Vec<Vec<Value>>,
}

/// All tables, where and when they are read.
#[derive(Clone, Debug)]
pub struct Data {
    pub tables: Vec<Table>,
    pub zone: &'static str,
    /// Of a second file.
    pub other: &'static str,
    pub as_of: Timestamp,
    text_keys: bool,
}

const ZONES: [&str; 7] = [
    "UTC",
    "Europe/Paris",
    "Europe/Paris",
    "America/New_York",
    "America/Santiago",
    "Asia/Kolkata",
    "Pacific/Kiritimati",
];

const INSTANTS: [&str; 10] = [
    "2025-06-30T12:00:00Z",
    "2025-03-31T10:00:00Z",
    "2025-03-30T00:30:00Z",
    "2025-03-30T11:00:00Z",
    "2025-10-26T00:30:00Z",
    "2025-10-26T01:15:00Z",
    "2024-02-29T18:00:00Z",
    "2025-12-31T23:30:00Z",
    "2025-11-02T05:30:00Z",
    "2025-01-01T00:00:00Z",
];

const CHANGES: [(&str, &str); 7] = [
    ("2025-10-26T00:30:00Z", "Europe/Paris"),
    ("2025-10-26T01:15:00Z", "Europe/Paris"),
    ("2025-10-26T02:00:00Z", "Europe/Paris"),
    ("2025-03-30T01:00:00Z", "Europe/Paris"),
    ("2025-11-02T06:20:00Z", "America/New_York"),
    ("2025-09-07T04:30:00Z", "America/Santiago"),
    ("2025-04-06T03:30:00Z", "America/Santiago"),
];

impl Data {
    pub fn random(random: &mut Random) -> Data {
        let mut zone = *random.pick(&ZONES);
        let mut as_of: Timestamp = random.pick(&INSTANTS).parse().unwrap();
        if random.percent(50) {
            // Where something happens to the clock.
            let (at, place) = *random.pick(&CHANGES);
            (as_of, zone) = (at.parse().unwrap(), place);
        }
        let other = *random.pick(&ZONES);
        let text_keys = random.percent(30);
        let mut maker = Maker::new(random, zone, other, as_of);
        let tables = maker.tables(text_keys);
        Data { tables, zone, other, as_of, text_keys }
    }

    pub fn table(&self, name: &str) -> &Table {
        self.tables.iter().find(|t| t.name == name).unwrap()
    }

    /// Later, with other rows.
    pub fn later(&self, random: &mut Random) -> Data {
        let mut next = self.clone();
        next.as_of = self.as_of + (random.between(1, 20) * 12).hours();
        let mut maker = Maker::new(random, self.zone, self.other, next.as_of);
        let fresh = maker.tables(self.text_keys);
        for (table, fresh) in next.tables.iter_mut().zip(fresh) {
            table.rows.retain(|_| !maker.random.percent(20));
            for row in fresh.rows {
                let known = |r: &Vec<Value>| table.key > 0 && r[..table.key] == row[..table.key];
                let keyless = table.key > 0 && matches!(row[0], Value::Missing);
                if maker.random.percent(40) && !keyless && !table.rows.iter().any(known) {
                    table.rows.push(row);
                }
            }
        }
        next
    }

    /// Puts the tables in place of those that stand there.
    pub fn store(&self, folder: &Path) {
        let mut sql = String::new();
        for table in &self.tables {
            let mut columns: Vec<String> =
                table.columns.iter().map(|(n, t)| format!("{n} {}", t.sql())).collect();
            if table.storage == Storage::Constrained && table.key > 0 {
                let key: Vec<&str> = table.columns[..table.key].iter().map(|c| c.0).collect();
                columns.push(format!("PRIMARY KEY ({})", key.join(", ")));
            }
            let (name, columns) = (table.name, columns.join(", "));
            writeln!(sql, "CREATE OR REPLACE TABLE {name} ({columns});").unwrap();
            for row in &table.rows {
                let values: Vec<String> = row.iter().map(literal).collect();
                writeln!(sql, "INSERT INTO {name} VALUES ({});", values.join(", ")).unwrap();
            }
            if table.storage == Storage::Parquet {
                let file = folder.join(format!("{name}.parquet"));
                writeln!(sql, "COPY {name} TO '{}' (FORMAT parquet);", file.display()).unwrap();
                writeln!(sql, "DROP TABLE {name};").unwrap();
            }
        }
        let db = crate::support::database::open(&folder.join("camp.duckdb")).unwrap();
        db.execute_batch(&sql).unwrap();
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Missing => "NULL".into(),
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Decimal { digits, scale } => {
            format!("{digits}::DECIMAL(18,2) / 1{:0>1$}", "", *scale as usize)
        }
        Value::Float(x) => format!("'{x:?}'::DOUBLE"),
        Value::Text(t) => format!("'{}'", t.replace('\'', "''")),
        Value::Date(d) => format!("DATE '{d}'"),
        Value::Timestamp(t) => format!("TIMESTAMP '{t}'"),
        Value::Instant(t) => format!("TIMESTAMPTZ '{t}'"),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("[{}]::VARCHAR[]", items.join(", "))
        }
        other => panic!("{other:?} in a table"),
    }
}

struct Maker<'a> {
    random: &'a mut Random,
    zone: TimeZone,
    other: TimeZone,
    as_of: Timestamp,
}

impl<'a> Maker<'a> {
    fn new(random: &'a mut Random, zone: &str, other: &str, as_of: Timestamp) -> Self {
        let of = |name| TimeZone::get(name).unwrap();
        Maker { random, zone: of(zone), other: of(other), as_of }
    }

    fn tables(&mut self, text_keys: bool) -> Vec<Table> {
        let key = |n: i64| match text_keys {
            true => Value::Text(format!("c{n}")),
            false => Value::Int(n.into()),
        };
        let key_ty = if text_keys { Ty::Text } else { Ty::Int };
        let people = self.random.between(4, 14);
        let mut customers = Vec::new();
        for n in 1..=people {
            let referrer = match self.random.below(3) {
                0 => Value::Missing,
                _ => key(self.random.between(1, people + 1)),
            };
            customers.push(vec![
                key(n),
                self.maybe(Self::email),
                self.maybe(|m| m.text(&["FR", "DE", "fr", "", "GR"])),
                self.maybe(|m| Value::Int(m.random.between(-1, 60).into())),
                self.maybe(Self::money),
                self.maybe(|m| match m.random.below(12) {
                    0 => Value::Float(f64::NAN),
                    _ => Value::Float(m.random.between(-8, 20) as f64 / 4.0),
                }),
                self.maybe(|m| Value::Bool(m.random.percent(50))),
                self.maybe(Self::birth),
                self.maybe(|m| Value::Timestamp(m.local())),
                self.maybe(|m| Value::Instant(m.instant())),
                referrer,
                self.maybe(|m| {
                    let many = m.random.below(3);
                    Value::List((0..many).map(|_| m.maybe(|m| m.text(&["a", "A", "b"]))).collect())
                }),
            ]);
        }
        let mut orders = Vec::new();
        for n in 1..=self.random.between(0, 25) {
            let customer = match self.random.below(8) {
                0 => Value::Missing,
                _ => key(self.random.between(1, people + 2)),
            };
            orders.push(vec![
                Value::Int((n * 3 % 28).into()),
                customer,
                self.maybe(|m| m.text(&["paid", "open", "Paid", "", "void"])),
                self.maybe(Self::money),
                self.maybe(|m| Value::Int(m.random.between(0, 5).into())),
                self.maybe(|m| Value::Timestamp(m.local())),
                self.maybe(|m| Value::Instant(m.instant())),
                self.maybe(|m| Value::Date(m.local().date())),
            ]);
        }
        let mut lines = Vec::new();
        for n in 0..self.random.between(0, 30) {
            lines.push(vec![
                Value::Int(self.random.between(1, 30).into()),
                Value::Int((n % 7).into()),
                self.maybe(|m| m.text(&["shoe", "Shoe", "hat", "", "bag"])),
                self.maybe(Self::money),
                self.maybe(|m| Value::Bool(m.random.percent(50))),
            ]);
        }
        lines.sort_by_key(|l| format!("{:?}", &l[..2]));
        lines.dedup_by(|a, b| a[..2] == b[..2]);
        let mut optouts = Vec::new();
        for _ in 0..self.random.between(0, 5) {
            optouts.push(vec![self.maybe(Self::email), self.maybe(|m| m.text(&["spam", "moved"]))]);
        }
        use Ty::*;
        let table = |name, columns: &[(&'static str, Ty)], key, storage, rows| Table {
            name,
            columns: columns.to_vec(),
            key,
            storage,
            rows,
        };
        let mut storage = || match self.random.below(3) {
            0 => Storage::Plain,
            1 => Storage::Constrained,
            _ => Storage::Parquet,
        };
        let mut tables = vec![
            table(
                "customers",
                &[
                    ("id", key_ty),
                    ("email", Text),
                    ("country", Text),
                    ("age", Int),
                    ("score", Decimal),
                    ("rating", Float),
                    ("consent", Bool),
                    ("born", Date),
                    ("signup", Timestamp),
                    ("seen", Instant),
                    ("referrer_id", key_ty),
                    ("tags", List),
                ],
                1,
                storage(),
                customers,
            ),
            table(
                "orders",
                &[
                    ("order_id", Int),
                    ("customer_id", key_ty),
                    ("status", Text),
                    ("amount", Decimal),
                    ("qty", Int),
                    ("ordered_at", Timestamp),
                    ("shipped_at", Instant),
                    ("due", Date),
                ],
                1,
                storage(),
                orders,
            ),
            table(
                "lines",
                &[
                    ("order_no", Int),
                    ("line_no", Int),
                    ("product", Text),
                    ("price", Decimal),
                    ("gift", Bool),
                ],
                2,
                storage(),
                lines,
            ),
            table("optouts", &[("address", Text), ("reason", Text)], 0, Storage::Plain, optouts),
        ];
        // A customer without a key belongs to no population.
        if tables[0].storage != Storage::Constrained && self.random.percent(25) {
            let mut row = tables[0].rows[0].clone();
            row[0] = Value::Missing;
            tables[0].rows.push(row);
        }
        tables
    }

    fn maybe(&mut self, value: impl FnOnce(&mut Self) -> Value) -> Value {
        if self.random.percent(18) { Value::Missing } else { value(self) }
    }

    fn text(&mut self, from: &[&str]) -> Value {
        Value::Text((*self.random.pick(from)).to_owned())
    }

    fn email(&mut self) -> Value {
        self.text(&[
            "ann@x.test",
            "Ann@X.test",
            "bob@x.test",
            "BOB@x.test",
            "éva@x.test",
            "ÉVA@x.test",
            "",
            " ",
            "o'neil@x.test",
            "σίσυφος",
            "ΣΊΣΥΦΟΣ",
            "a%b_c",
        ])
    }

    fn money(&mut self) -> Value {
        let digits = match self.random.below(3) {
            0 => self.random.between(-500, 30_000),
            1 => *self.random.pick(&[0, 1_000, 1_050, 9_999, 10_000, -525]),
            _ => self.random.between(0, 12) * 1_000,
        };
        Value::Decimal { digits: digits.into(), scale: 2 }
    }

    fn birth(&mut self) -> Value {
        let born = match self.random.below(4) {
            0 => Date::new(2000, 2, 29).unwrap(),
            _ => {
                let years = self.random.between(12, 50);
                let day = self.today() + self.random.between(-20, 20).days();
                day - years.years()
            }
        };
        Value::Date(born)
    }

    fn today(&self) -> Date {
        self.zone.to_datetime(self.as_of).date()
    }

    /// A local time that exists: near the instant, near a clock change, at midnight, on a month's
    /// last day.
    fn local(&mut self) -> DateTime {
        loop {
            let local = match self.random.below(6) {
                0 => {
                    self.zone.to_datetime(self.as_of) + (self.random.between(-8, 4) * 15).minutes()
                }
                1 => {
                    let change = match self.random.percent(70) {
                        true => self.zone.preceding(self.as_of).next(),
                        false => self.zone.following(self.as_of).next(),
                    };
                    let near = change.map_or(self.as_of, |c| c.timestamp());
                    self.zone.to_datetime(near + (self.random.between(-6, 6) * 30).minutes())
                }
                2 => self.today().at(0, 0, 0, 0) + self.random.between(-40, 3).days(),
                3 => {
                    let month = self.today() - self.random.between(0, 5).months();
                    month.last_of_month().at(23, 30, 0, 0)
                }
                4 => self.today().at(12, 0, 0, 0) - self.random.between(0, 8).days(),
                _ => {
                    self.zone.to_datetime(self.as_of)
                        - (self.random.between(0, 600 * 24 * 4) * 15).minutes()
                }
            };
            let local = local.round(jiff::Unit::Second).unwrap();
            if !skipped(local, &self.zone) && !skipped(local, &self.other) {
                return local;
            }
        }
    }

    fn instant(&mut self) -> Timestamp {
        let local = self.local();
        if self.random.percent(20) {
            return self.zone.to_ambiguous_timestamp(local).earlier().unwrap();
        }
        later(local, &self.zone)
    }
}
