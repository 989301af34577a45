//! The past, replayed backwards from the present.
//!
//! A change table has a row for every member that entered or left at a version; a first version
//! logs nothing. The members at an older version are the present ones without **all** whose
//! membership changed after it, and with those whose first later change is that they left. Keys
//! only: the values that members had are not kept.

use crate::model::expr::Comparison;
use crate::model::types::Type;
use crate::model::value::Value;
use crate::plan::query::{Join, JoinKind, Order, Scalar, Select, Source};

use super::{Catalogue, Entry, Shape, sql};

/// A member's key as the one text that `camp.membership` and `camp.delivery` use: the part itself,
/// or a JSON list of the parts.
pub fn key_text(parts: &[String]) -> String {
    match parts {
        [one] => one.clone(),
        // Texts always serialize.
        _ => serde_json::to_string(parts).unwrap_or_default(),
    }
}

/// The columns of the change table of an audience's present shape, for
/// `entered|left audience … in WINDOW`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeScan {
    /// The audience's number: column `audience`.
    pub audience: u64,
    /// The table, in schema `camp`; nothing when nobody ever entered or left.
    pub table: Option<String>,
    /// The key's columns there, in the order of the audience's key. Column `entered` says whether
    /// the member entered; column `version` leads to `camp.version.as_of`.
    pub key: Vec<String>,
}

impl Catalogue {
    /// Where the changes of an audience are.
    pub fn changes(&self, entry: &Entry) -> ChangeScan {
        ChangeScan {
            audience: entry.id,
            table: self.shape(entry.shape).map(Shape::change_table),
            key: sql::key_names(entry.audience.key.len()),
        }
    }

    /// The keys of the members at a version whose shape is the present one, under the key's names.
    /// `version` is one of `oldest_version..=version`.
    pub fn members_at(&self, entry: &Entry, version: u64) -> Select {
        let names: Vec<&str> = entry.audience.key.iter().map(|c| c.name.as_str()).collect();
        let stored: Vec<String> = entry.stored.iter().map(|c| c.name.clone()).collect();
        let present = Source::Catalogue { schema: "audience", table: entry.table.clone() };
        let mut still = Select {
            columns: names.iter().map(|n| ((*n).to_string(), col("p", n))).collect(),
            from: Some((present, "p".into())),
            ..Select::default()
        };
        let Some(shape) = self.shape(entry.shape) else { return still };
        if version >= entry.audience.version {
            return still;
        }
        let keys = sql::key_names(names.len());
        let table = || Source::Catalogue { schema: "camp", table: shape.change_table() };
        let later = |alias: &str| {
            vec![
                same(col(alias, "audience"), int(entry.id)),
                Scalar::Compare(
                    Comparison::Gt,
                    Box::new(col(alias, "version")),
                    Box::new(int(version)),
                ),
            ]
        };
        let mut changed = later("c");
        changed.extend(stored.iter().zip(&keys).map(|(n, k)| same(col("p", n), col("c", k))));
        still.joins.push(Join {
            kind: JoinKind::Anti,
            source: table(),
            alias: "c".into(),
            on: Scalar::And(changed),
        });
        let first = Scalar::RowNumber {
            partition: keys.iter().map(|k| col("c", k)).collect(),
            order: vec![Order { expr: col("c", "version"), descending: false }],
        };
        let left = Select {
            columns: names
                .iter()
                .zip(&keys)
                .map(|(n, k)| ((*n).to_string(), col("c", k)))
                .collect(),
            from: Some((table(), "c".into())),
            filter: Some(Scalar::And(later("c"))),
            qualify: Some(Scalar::And(vec![
                same(first, int(1)),
                Scalar::Not(Box::new(col("c", "entered"))),
            ])),
            ..Select::default()
        };
        Select {
            columns: names.iter().map(|n| ((*n).to_string(), col("m", n))).collect(),
            from: Some((Source::UnionAll(vec![still, left]), "m".into())),
            ..Select::default()
        }
    }

    /// The keys of those who entered (or left) an audience, each time they did, and when: column
    /// `as_of`. The members of the first version entered with it.
    pub fn moves(&self, entry: &Entry, entered: bool) -> Select {
        let names: Vec<&str> = entry.audience.key.iter().map(|c| c.name.as_str()).collect();
        let version_of = |alias: &str, version: Scalar| Join {
            kind: JoinKind::Inner,
            source: Source::Catalogue { schema: "camp", table: "version".into() },
            alias: alias.into(),
            on: Scalar::And(vec![
                same(col(alias, "audience"), int(entry.id)),
                same(col(alias, "version"), version),
            ]),
        };
        let mut parts = Vec::new();
        if let Some(shape) = self.shape(entry.shape) {
            let keys = sql::key_names(names.len());
            let mut columns: Vec<(String, Scalar)> =
                names.iter().zip(&keys).map(|(n, k)| ((*n).to_string(), col("c", k))).collect();
            columns.push(("as_of".into(), col("v", "as_of")));
            let moved = match entered {
                true => col("c", "entered"),
                false => Scalar::Not(Box::new(col("c", "entered"))),
            };
            parts.push(Select {
                columns,
                from: Some((
                    Source::Catalogue { schema: "camp", table: shape.change_table() },
                    "c".into(),
                )),
                joins: vec![version_of("v", col("c", "version"))],
                filter: Some(Scalar::And(vec![same(col("c", "audience"), int(entry.id)), moved])),
                ..Select::default()
            });
        }
        if entered && entry.audience.oldest_version == 1 {
            let mut columns: Vec<(String, Scalar)> =
                names.iter().map(|n| ((*n).to_string(), col("m", n))).collect();
            columns.push(("as_of".into(), col("v", "as_of")));
            parts.push(Select {
                columns,
                from: Some((Source::Query(Box::new(self.members_at(entry, 1))), "m".into())),
                joins: vec![version_of("v", int(1))],
                ..Select::default()
            });
        }
        let mut columns: Vec<(String, Scalar)> =
            names.iter().map(|n| ((*n).to_string(), col("e", n))).collect();
        columns.push(("as_of".into(), col("e", "as_of")));
        Select { columns, from: Some((Source::UnionAll(parts), "e".into())), ..Select::default() }
    }

    /// The text of [`Catalogue::members_at`] for any shape the audience ever had: the keys under
    /// the names they had then.
    pub(super) fn members_sql(&self, entry: &Entry, version: u64, shape: &Shape) -> String {
        let keys = sql::key_names(shape.key.len());
        let later = format!("c.audience = {} AND c.version > {version}", entry.id);
        let change = sql::camp(&shape.change_table());
        let named = |alias: &str, columns: &[String]| {
            columns
                .iter()
                .zip(&shape.key)
                .map(|(c, k)| {
                    let (value, name) = (sql::column(alias, c), sql::ident(&k.name));
                    format!("CAST({value} AS {}) AS {name}", k.engine_type)
                })
                .collect::<Vec<_>>()
                .join(", ")
        };
        let left = format!(
            "SELECT {} FROM {change} AS c WHERE {later} \
             QUALIFY row_number() OVER (PARTITION BY {} ORDER BY c.version) = 1 AND NOT c.entered",
            named("c", &keys),
            keys.iter().map(|k| format!("c.{k}")).collect::<Vec<_>>().join(", "),
        );
        if entry.shape != shape.id {
            // Nobody of that dimension is a member now; whoever was has left since.
            return left;
        }
        let stored: Vec<String> = entry.stored_key().iter().map(|c| c.name.clone()).collect();
        let same: Vec<String> = stored
            .iter()
            .zip(&keys)
            .map(|(n, k)| format!("{} = c.{k}", sql::column("p", n)))
            .collect();
        format!(
            "SELECT {still} FROM {present} AS p ANTI JOIN {change} AS c ON {later} AND {same} \
             UNION ALL {left}",
            still = named("p", &stored),
            present = sql::audience(&entry.table),
            same = same.join(" AND "),
        )
    }
}

fn col(alias: &str, name: &str) -> Scalar {
    Scalar::Column(alias.into(), name.into())
}

fn int(value: u64) -> Scalar {
    Scalar::Literal(Value::Int(value.into()), Type::Int)
}

fn same(a: Scalar, b: Scalar) -> Scalar {
    Scalar::Compare(Comparison::Eq, Box::new(a), Box::new(b))
}
