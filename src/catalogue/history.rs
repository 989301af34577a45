//! The past, replayed backwards from the present.
//!
//! A change table has a row for every member that entered or left at a version; a first version
//! logs nothing. The members at an older version are the present ones without **all** whose
//! membership changed after it, and with those whose first later change is that they left. Keys
//! only: the values that members had are not kept.

use crate::engine::duckdb::print;
use crate::model::expr::Comparison;
use crate::model::types::Type;
use crate::model::value::Value;
use crate::plan::query::{Join, JoinKind, Order, Scalar, Select, Source};

use super::{Entry, Shape, sql};

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
    /// The table, in schema `camp`.
    pub table: String,
    /// The key's columns there, in the order of the audience's key. Column `entered` says whether
    /// the member entered; column `version` leads to `camp.version.as_of`.
    pub key: Vec<String>,
}

impl Entry {
    /// Where the changes of the audience are.
    pub fn changes(&self) -> ChangeScan {
        ChangeScan {
            audience: self.id,
            table: self.shape.change_table(),
            key: sql::key_names(self.audience.key.len()),
        }
    }

    /// The keys of the members at a version whose shape is the present one, under the key's names.
    /// `version` is one of `oldest_version..=version`.
    pub fn members_at(&self, version: u64) -> Select {
        members(self, version, &self.shape)
    }

    /// The keys of those who entered (or left) the audience, each time they did, and when: column
    /// `as_of`, an instant. The members of the first version entered with it.
    pub fn moves(&self, entered: bool) -> Select {
        let names: Vec<&str> = self.audience.key.iter().map(|c| c.name.as_str()).collect();
        let version_of = |version: Scalar| Join {
            kind: JoinKind::Inner,
            source: Source::Catalogue { schema: "camp", table: "version".into() },
            alias: "v".into(),
            on: Scalar::And(vec![
                same(col("v", "audience"), int(self.id)),
                same(col("v", "version"), version),
            ]),
        };
        let with_instant = |mut columns: Vec<(String, Scalar)>, alias: &str| {
            columns.push(("as_of".into(), col(alias, "as_of")));
            columns
        };
        let changes = self.changes();
        let moved = match entered {
            true => col("c", "entered"),
            false => Scalar::Not(Box::new(col("c", "entered"))),
        };
        let mut parts = vec![Select {
            columns: with_instant(named(&names, "c", &changes.key), "v"),
            from: Some((Source::Catalogue { schema: "camp", table: changes.table }, "c".into())),
            joins: vec![version_of(col("c", "version"))],
            filter: Some(Scalar::And(vec![same(col("c", "audience"), int(self.id)), moved])),
            ..Select::default()
        }];
        if entered && self.audience.oldest_version == 1 {
            // In a first version of another shape nobody was a member of this one: the replay
            // gives no one then.
            parts.push(Select {
                columns: with_instant(named(&names, "m", &names), "v"),
                from: Some((Source::Query(Box::new(self.members_at(1))), "m".into())),
                joins: vec![version_of(int(1))],
                ..Select::default()
            });
        }
        Select {
            columns: with_instant(named(&names, "e", &names), "e"),
            from: Some((Source::UnionAll(parts), "e".into())),
            ..Select::default()
        }
    }
}

/// The keys of the members at a version, for any shape the audience had then, under the names the
/// key had.
fn members(entry: &Entry, version: u64, shape: &Shape) -> Select {
    let names: Vec<&str> = shape.key.iter().map(|c| c.name.as_str()).collect();
    let keys = sql::key_names(names.len());
    let changes = || Source::Catalogue { schema: "camp", table: shape.change_table() };
    let later = || {
        vec![
            same(col("c", "audience"), int(entry.id)),
            Scalar::Compare(Comparison::Gt, Box::new(col("c", "version")), Box::new(int(version))),
        ]
    };
    let first = Scalar::RowNumber {
        partition: keys.iter().map(|k| col("c", k)).collect(),
        order: vec![Order { expr: col("c", "version"), descending: false }],
    };
    let left = Select {
        columns: named(&names, "c", &keys),
        from: Some((changes(), "c".into())),
        filter: Some(Scalar::And(later())),
        qualify: Some(Scalar::And(vec![
            same(first, int(1)),
            Scalar::Not(Box::new(col("c", "entered"))),
        ])),
        ..Select::default()
    };
    if entry.shape.id != shape.id {
        // Nobody of that dimension is a member now: whoever was has left since.
        return left;
    }
    let stored: Vec<&str> = entry.stored_key().iter().map(|c| c.name.as_str()).collect();
    let mut still = Select {
        columns: named(&names, "p", &stored),
        from: Some((
            Source::Catalogue { schema: "audience", table: entry.table.clone() },
            "p".into(),
        )),
        ..Select::default()
    };
    if version >= entry.audience.version {
        return still;
    }
    let mut on = later();
    on.extend(stored.iter().zip(&keys).map(|(n, k)| same(col("p", n), col("c", k))));
    still.joins.push(Join {
        kind: JoinKind::Anti,
        source: changes(),
        alias: "c".into(),
        on: Scalar::And(on),
    });
    Select {
        columns: named(&names, "m", &names),
        from: Some((Source::UnionAll(vec![still, left]), "m".into())),
        ..Select::default()
    }
}

/// The text of [`members`].
pub(super) fn members_sql(entry: &Entry, version: u64, shape: &Shape) -> String {
    print::select(&members(entry, version, shape))
}

/// Columns of an alias under other names.
fn named(names: &[&str], alias: &str, columns: &[impl AsRef<str>]) -> Vec<(String, Scalar)> {
    names
        .iter()
        .zip(columns)
        .map(|(name, column)| ((*name).to_string(), col(alias, column.as_ref())))
        .collect()
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
