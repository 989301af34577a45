//! A save before it is written: what the audience will hold, who enters, who leaves.
//!
//! Everything here is in temporary tables; the project stays attached read-only. One join per
//! audience gives the changes and the counts.

use jiff::Timestamp;

use crate::activity::save_audience::Update;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::{data as codes, warnings};
use crate::model::schema::Column;
use crate::model::types::Type;
use crate::model::value::Value;
use crate::source::Span;

use super::store::Store;
use super::{Catalogue, Entry, Row, StoredColumn, same_key, sql};
use crate::engine::duckdb::print::member_text;
use crate::engine::duckdb::{EngineError, ErrorKind};

/// A save, as a run gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Save {
    /// The label, everything in it filled in.
    pub label: String,
    /// Where it is written.
    pub label_span: Span,
    /// A TEMP table, or a TEMP view of TEMP tables alone (it is read again while the project is
    /// being written): the key's columns first, then the carried ones, under the user's names; its
    /// key is present and unique.
    pub staged: String,
    /// The key's columns.
    pub key: Vec<Column>,
    /// All columns, the key's first.
    pub columns: Vec<Column>,
    /// The dimension that the rows are of.
    pub dimension: String,
    /// What happens to the old content.
    pub update: Update,
    /// The label must exist.
    pub must_exist: bool,
    /// Reading the audience after this instant is an error.
    pub expires: Option<Timestamp>,
    /// How many versions are kept; nothing: all.
    pub retain: Option<u64>,
    /// The label of the campaign.
    pub campaign: String,
    /// The labels of the audiences it was computed from.
    pub reads: Vec<String>,
    /// `##` lines above.
    pub doc: Option<String>,
}

impl Save {
    /// Where it is written; nothing for a command.
    fn span(&self) -> Option<Span> {
        (!self.label_span.is_empty()).then_some(self.label_span)
    }

    /// Points a diagnostic at the save, when it is written in a script.
    pub(super) fn label(&self, diagnostic: Diagnostic, text: impl Into<String>) -> Diagnostic {
        match self.span() {
            Some(span) => diagnostic.label(span, text),
            None => diagnostic,
        }
    }
}

/// What a save does to the number of members: `was 2, now 1,000 +998 −0 ~0`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Members before.
    pub was: u64,
    /// Members after.
    pub now: u64,
    /// New members.
    pub entered: u64,
    /// Members no more.
    pub left: u64,
    /// Members before and after, one of whose stored values differs; a column that only one of the
    /// two contents has is missing in the other.
    pub changed: u64,
}

/// A save that is ready to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct StagedSave {
    /// What was asked for.
    pub save: Save,
    /// Its number in the run; names its temporary tables.
    pub number: usize,
    /// A TEMP table with the whole audience after the save.
    pub content: String,
    /// Its columns with the engine's types, the key's first.
    pub columns: Vec<StoredColumn>,
    /// What the save does.
    pub counts: Counts,
    /// What the user should hear about, though nothing is wrong.
    pub warnings: Vec<Diagnostic>,
    pub(super) changes: Changes,
    /// The audience and version it was computed against; nothing: there was none.
    pub(super) base: Option<(u64, u64)>,
}

impl StagedSave {
    /// The key's columns with the engine's types.
    pub fn stored_key(&self) -> &[StoredColumn] {
        &self.columns[..self.save.key.len()]
    }

    /// How many members there are after the save, and a digest of their keys that does not depend on
    /// their order: `66:2f4c…`.
    ///
    /// # Errors
    /// The engine's.
    pub fn digest(&self, store: &dyn Store) -> Result<String, EngineError> {
        let keys: Vec<String> =
            self.stored_key().iter().map(|c| sql::column("m", &c.name)).collect();
        // Keys stand once, so none can cancel itself out.
        let rows = store.query(&format!(
            "SELECT count(*), to_hex(coalesce(bit_xor(md5_number({})), 0)) FROM {} AS m",
            member_text(&keys),
            sql::temp(&self.content)
        ))?;
        let mut row = Row::new(rows.into_iter().next().unwrap_or_default());
        let count = row.int().map_err(EngineError::from)?;
        let digest = row.text().map_err(EngineError::from)?;
        Ok(format!("{count}:{}", digest.to_lowercase()))
    }

    /// A TEMP table with the changes: the key's columns as `k1`, `k2`, …, and `kind`, which is 1
    /// for a member that enters, 0 for one that leaves, 2 for one whose values change. `None` when
    /// everybody enters: the audience is new, or becomes one of another dimension.
    pub fn changes(&self) -> Option<&str> {
        match &self.changes {
            Changes::Table(table) => Some(table),
            Changes::First | Changes::Switched => None,
        }
    }
}

/// Who enters and who leaves.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Changes {
    /// A first version: everybody enters, nothing is logged.
    First,
    /// In this TEMP table, see [`StagedSave::changes`].
    Table(String),
    /// The audience becomes one of another shape: all old members leave, all new ones enter.
    Switched,
}

/// Computes a save against the catalogue. `number` names the temporary tables.
///
/// # Errors
/// When the save is not possible as it is: another dimension, a value that does not fit.
pub fn stage(
    store: &dyn Store,
    catalogue: &Catalogue,
    save: &Save,
    number: usize,
) -> Result<StagedSave, Diagnostic> {
    let failed = |error: EngineError| {
        super::known(error, save.span()).unwrap_or_else(|error| {
            let title = format!("the audience `{}` cannot be computed", save.label);
            save.label(Diagnostic::error(codes::SAVE_FAILED, title), "saved here").cause(error)
        })
    };
    let incoming = temp_columns(store, &save.staged).map_err(failed)?;
    let existing = catalogue.find(&save.label);
    let Some(old) = existing else {
        if save.must_exist {
            return Err(save.label(catalogue.unknown(&save.label), "must exist to be updated"));
        }
        let now = count(store, &sql::temp(&save.staged)).map_err(failed)?;
        return Ok(StagedSave {
            save: save.clone(),
            number,
            content: save.staged.clone(),
            columns: incoming,
            counts: Counts { now, entered: now, ..Counts::default() },
            warnings: Vec::new(),
            changes: Changes::First,
            base: None,
        });
    };
    let stager = Stager { store, save, number, incoming, old };
    let mut staged = match save.update {
        Update::Replace => stager.replace().map_err(failed)?,
        Update::Append | Update::Merge => {
            stager.refuse_other_shape()?;
            let columns = stager.joined_columns()?;
            stager.refuse_losses(&columns, &failed)?;
            match save.update {
                Update::Merge => stager.merge(columns).map_err(failed)?,
                _ => stager.append(columns).map_err(failed)?,
            }
        }
    };
    if staged.counts.was > 0 && staged.counts.now == 0 {
        staged.warnings.push(emptied(save, staged.counts.was));
    }
    Ok(staged)
}

fn emptied(save: &Save, was: u64) -> Diagnostic {
    let title = format!("the audience `{}` had {was} members and becomes empty", save.label);
    save.label(Diagnostic::warning(warnings::AUDIENCE_EMPTIED, title), "nobody is left")
        .help("add `expect count(…) > 0` to refuse an empty save")
}

struct Stager<'a> {
    store: &'a dyn Store,
    save: &'a Save,
    number: usize,
    incoming: Vec<StoredColumn>,
    old: &'a Entry,
}

/// A column of the content after an append or a merge.
struct Joined {
    column: StoredColumn,
    /// Its name in the old content.
    old: Option<String>,
    /// The column that comes in.
    new: Option<StoredColumn>,
}

impl Joined {
    /// The incoming value with the stored type. `NULL` when none comes in.
    fn incoming(&self, alias: &str) -> String {
        match &self.new {
            Some(new) if new.engine_type == self.column.engine_type => {
                sql::column(alias, &new.name)
            }
            Some(new) => {
                format!("CAST({} AS {})", sql::column(alias, &new.name), self.column.engine_type)
            }
            None => format!("CAST(NULL AS {})", self.column.engine_type),
        }
    }

    /// The stored value. `NULL` for a column that the old content lacks.
    fn stored(&self, alias: &str) -> String {
        match &self.old {
            Some(name) => sql::column(alias, name),
            None => format!("CAST(NULL AS {})", self.column.engine_type),
        }
    }

    fn named(&self, value: String) -> String {
        format!("{value} AS {}", sql::ident(&self.column.name))
    }
}

impl Stager<'_> {
    fn key_len(&self) -> usize {
        self.save.key.len()
    }

    fn changes_table(&self) -> String {
        format!("save_{}_changes", self.number)
    }

    fn content_table(&self) -> String {
        format!("save_{}_content", self.number)
    }

    /// `n.k = o.k AND …`; keys are never missing.
    fn same_member(&self) -> String {
        let pairs: Vec<String> = self.incoming[..self.key_len()]
            .iter()
            .zip(self.old.stored_key())
            .map(|(n, o)| format!("{} = {}", sql::column("n", &n.name), sql::column("o", &o.name)))
            .collect();
        pairs.join(" AND ")
    }

    fn staged_save(
        &self,
        content: String,
        columns: Vec<StoredColumn>,
        counts: Counts,
        changes: Changes,
    ) -> StagedSave {
        StagedSave {
            save: self.save.clone(),
            number: self.number,
            content,
            columns,
            counts,
            warnings: Vec::new(),
            changes,
            base: Some((self.old.id, self.old.audience.version)),
        }
    }

    fn same_shape(&self) -> bool {
        self.old.audience.dimension == self.save.dimension
            && same_key(self.old.stored_key(), &self.incoming[..self.key_len()])
    }

    /// The old content is lost: what is staged is the content already.
    fn replace(&self) -> Result<StagedSave, EngineError> {
        let was = count(self.store, &sql::audience(&self.old.table))?;
        let now = count(self.store, &sql::temp(&self.save.staged))?;
        let content = self.save.staged.clone();
        if !self.same_shape() {
            let counts = Counts { was, now, entered: now, left: was, changed: 0 };
            return Ok(self.staged_save(content, self.incoming.clone(), counts, Changes::Switched));
        }
        let keys: Vec<String> = self.incoming[..self.key_len()]
            .iter()
            .zip(self.old.stored_key())
            .zip(sql::key_names(self.key_len()))
            .map(|((n, o), k)| {
                let value = format!(
                    "coalesce({}, {})",
                    sql::column("n", &n.name),
                    sql::column("o", &o.name)
                );
                format!("CAST({value} AS {}) AS {k}", sql::key_type(&n.engine_type))
            })
            .collect();
        let no_new = format!("{} IS NULL", sql::column("n", &self.incoming[0].name));
        let no_old = format!("{} IS NULL", sql::column("o", &self.old.stored[0].name));
        let mut differs = vec![no_new.clone(), no_old.clone()];
        differs.extend(self.differences());
        self.changes(&format!(
            "SELECT {keys}, CASE WHEN {no_old} THEN 1 WHEN {no_new} THEN 0 ELSE 2 END AS kind \
             FROM {new} AS n FULL JOIN {old} AS o ON {same} WHERE {differs}",
            keys = keys.join(", "),
            new = sql::temp(&self.save.staged),
            old = sql::audience(&self.old.table),
            same = self.same_member(),
            differs = differs.join(" OR "),
        ))?;
        let counts = self.counts(was)?;
        let changes = Changes::Table(self.changes_table());
        Ok(self.staged_save(content, self.incoming.clone(), Counts { now, ..counts }, changes))
    }

    /// Where the values of a member before and after differ, for a replace.
    fn differences(&self) -> Vec<String> {
        let key = self.key_len();
        let mut all = Vec::new();
        for new in &self.incoming[key..] {
            let n = sql::column("n", &new.name);
            all.push(match find(&self.old.stored[key..], &new.name) {
                Some(old) => {
                    let o = sql::column("o", &old.name);
                    distinct(&n, &new.engine_type, &o, &old.engine_type)
                }
                None => format!("{n} IS NOT NULL"),
            });
        }
        for old in &self.old.stored[key..] {
            if find(&self.incoming[key..], &old.name).is_none() {
                all.push(format!("{} IS NOT NULL", sql::column("o", &old.name)));
            }
        }
        all
    }

    fn refuse_other_shape(&self) -> Result<(), Diagnostic> {
        if self.same_shape() {
            return Ok(());
        }
        let describe = |dimension: &str, key: &[StoredColumn]| {
            let key: Vec<String> = key
                .iter()
                .map(|c| format!("{} {}", c.name, sql::model_type(&c.engine_type)))
                .collect();
            format!("`{dimension}` ({})", key.join(", "))
        };
        let stored = describe(&self.old.audience.dimension, self.old.stored_key());
        let given = describe(&self.save.dimension, &self.incoming[..self.key_len()]);
        Err(Diagnostic::error(
            codes::OTHER_DIMENSION,
            format!("the audience `{}` holds rows of {stored}", self.old.audience.label),
        )
        .label(self.save.label_span, format!("rows of {given} do not fit"))
        .help("use `replace`, or save under another label"))
    }

    /// The columns after an append or a merge: the stored ones, then those that are new.
    fn joined_columns(&self) -> Result<Vec<Joined>, Diagnostic> {
        let mut columns = Vec::new();
        for (i, old) in self.old.stored.iter().enumerate() {
            let new = if i < self.key_len() {
                self.incoming.get(i)
            } else {
                find(&self.incoming[self.key_len()..], &old.name)
            };
            if let Some(new) = new {
                self.refuse_conversion(new, old)?;
            }
            columns.push(Joined {
                column: old.clone(),
                old: Some(old.name.clone()),
                new: new.cloned(),
            });
        }
        for new in &self.incoming[self.key_len()..] {
            if find(&self.old.stored[self.key_len()..], &new.name).is_none() {
                columns.push(Joined { column: new.clone(), old: None, new: Some(new.clone()) });
            }
        }
        Ok(columns)
    }

    fn refuse_conversion(&self, new: &StoredColumn, old: &StoredColumn) -> Result<(), Diagnostic> {
        if comparable(&new.engine_type, &old.engine_type) {
            return Ok(());
        }
        let (given, stored) =
            (sql::model_type(&new.engine_type), sql::model_type(&old.engine_type));
        Err(Diagnostic::error(
            codes::STORED_TYPE,
            format!(
                "column `{}` of the audience `{}` holds {stored}, not {given}",
                old.name, self.old.audience.label
            ),
        )
        .label(self.save.label_span, format!("`{}` comes as {given}", new.name))
        .help("convert the column in `select`, or use `replace`"))
    }

    /// Refuses a value that would not survive the way into the stored type and back.
    fn refuse_losses(
        &self,
        columns: &[Joined],
        failed: &dyn Fn(EngineError) -> Diagnostic,
    ) -> Result<(), Diagnostic> {
        for column in columns {
            let Some(new) = &column.new else { continue };
            let stored = &column.column.engine_type;
            if new.engine_type == *stored {
                continue;
            }
            let value = sql::column("n", &new.name);
            let keys: Vec<String> =
                self.incoming[..self.key_len()].iter().map(|k| sql::column("n", &k.name)).collect();
            let there = format!("TRY_CAST({value} AS {stored})");
            let rows = self
                .store
                .query(&format!(
                    "SELECT CAST({value} AS VARCHAR), {key} FROM {from} AS n \
                     WHERE {value} IS NOT NULL AND ({there} IS NULL OR \
                     TRY_CAST({there} AS {given}) IS DISTINCT FROM {value}) \
                     ORDER BY {order} LIMIT 1",
                    key = member_text(&keys),
                    from = sql::temp(&self.save.staged),
                    given = new.engine_type,
                    order = keys.join(", "),
                ))
                .map_err(failed)?;
            let Some(row) = rows.into_iter().next() else { continue };
            let mut row = Row::new(row);
            let (value, key) = (row.text()?, row.text()?);
            let name = &column.column.name;
            return Err(Diagnostic::error(
                codes::LOSSY_VALUE,
                format!(
                    "{value} does not fit column `{name}` of the audience `{}`",
                    self.old.audience.label
                ),
            )
            .label(self.save.label_span, format!("`{name}` is stored as {}", stored.to_lowercase()))
            .help(if self.save.key.iter().any(|k| k.name == *name) {
                "use `replace`, so that the key is stored anew".to_owned()
            } else {
                format!("round `{name}` in `select`, or use `replace`")
            })
            .cause(format!("the row with key {key}")));
        }
        Ok(())
    }

    fn append(&self, columns: Vec<Joined>) -> Result<StagedSave, EngineError> {
        let was = count(self.store, &sql::audience(&self.old.table))?;
        self.changes(&format!(
            "SELECT {keys}, 1 AS kind FROM {new} AS n ANTI JOIN {old} AS o ON {same}",
            keys = self.incoming_keys().join(", "),
            new = sql::temp(&self.save.staged),
            old = sql::audience(&self.old.table),
            same = self.same_member(),
        ))?;
        self.content(
            &columns,
            &format!(
                "SELECT {stored} FROM {old} AS o",
                stored = list(&columns, |c| c.named(c.stored("o"))),
                old = sql::audience(&self.old.table),
            ),
        )?;
        self.joined(columns, was)
    }

    fn merge(&self, columns: Vec<Joined>) -> Result<StagedSave, EngineError> {
        let was = count(self.store, &sql::audience(&self.old.table))?;
        let no_old = format!("{} IS NULL", sql::column("o", &self.old.stored[0].name));
        let mut differs = vec![no_old.clone()];
        for column in columns[self.key_len()..].iter().filter(|c| c.new.is_some()) {
            differs.push(format!(
                "{} IS DISTINCT FROM {}",
                column.incoming("n"),
                column.stored("o")
            ));
        }
        self.changes(&format!(
            "SELECT {keys}, CASE WHEN {no_old} THEN 1 ELSE 2 END AS kind \
             FROM {new} AS n LEFT JOIN {old} AS o ON {same} WHERE {differs}",
            keys = self.incoming_keys().join(", "),
            new = sql::temp(&self.save.staged),
            old = sql::audience(&self.old.table),
            same = self.same_member(),
            differs = differs.join(" OR "),
        ))?;
        let is_given = format!("{} IS NOT NULL", sql::column("n", &self.incoming[0].name));
        let key = self.key_len();
        let mut position = 0;
        self.content(
            &columns,
            &format!(
                "SELECT {values} FROM {old} AS o LEFT JOIN {new} AS n ON {same}",
                values = list(&columns, |c| {
                    position += 1;
                    c.named(match &c.new {
                        Some(_) if position > key => format!(
                            "CASE WHEN {is_given} THEN {} ELSE {} END",
                            c.incoming("n"),
                            c.stored("o")
                        ),
                        _ => c.stored("o"),
                    })
                }),
                old = sql::audience(&self.old.table),
                new = sql::temp(&self.save.staged),
                same = self.same_member(),
            ),
        )?;
        self.joined(columns, was)
    }

    fn incoming_keys(&self) -> Vec<String> {
        self.incoming[..self.key_len()]
            .iter()
            .zip(sql::key_names(self.key_len()))
            .map(|(c, k)| {
                format!(
                    "CAST({} AS {}) AS {k}",
                    sql::column("n", &c.name),
                    sql::key_type(&c.engine_type)
                )
            })
            .collect()
    }

    fn changes(&self, select: &str) -> Result<(), EngineError> {
        let table = sql::temp(&self.changes_table());
        self.store.execute(&format!("CREATE OR REPLACE TEMP TABLE {table} AS {select}"))?;
        Ok(())
    }

    /// The old rows as `old_rows` gives them, then the rows that enter.
    fn content(&self, columns: &[Joined], old_rows: &str) -> Result<(), EngineError> {
        let entering: Vec<String> = self.incoming[..self.key_len()]
            .iter()
            .zip(sql::key_names(self.key_len()))
            .map(|(c, k)| format!("{} = c.{k}", sql::column("n", &c.name)))
            .collect();
        self.store.execute(&format!(
            "CREATE OR REPLACE TEMP TABLE {table} AS {old_rows} UNION ALL \
             SELECT {values} FROM {new} AS n SEMI JOIN {changes} AS c \
             ON c.kind = 1 AND {entering}",
            table = sql::temp(&self.content_table()),
            values = list(columns, |c| c.named(c.incoming("n"))),
            new = sql::temp(&self.save.staged),
            changes = sql::temp(&self.changes_table()),
            entering = entering.join(" AND "),
        ))?;
        Ok(())
    }

    fn joined(&self, columns: Vec<Joined>, was: u64) -> Result<StagedSave, EngineError> {
        let columns = columns.into_iter().map(|c| c.column).collect();
        let counts = self.counts(was)?;
        let changes = Changes::Table(self.changes_table());
        Ok(self.staged_save(self.content_table(), columns, counts, changes))
    }

    fn counts(&self, was: u64) -> Result<Counts, EngineError> {
        let rows = self.store.query(&format!(
            "SELECT count(*) FILTER (kind = 1), count(*) FILTER (kind = 0), \
             count(*) FILTER (kind = 2) FROM {}",
            sql::temp(&self.changes_table())
        ))?;
        let mut row = Row::new(rows.into_iter().next().unwrap_or_default());
        let mut next = || row.int().map_err(EngineError::from);
        let (entered, left, changed) = (next()?, next()?, next()?);
        Ok(Counts { was, now: (was + entered).saturating_sub(left), entered, left, changed })
    }
}

fn list(columns: &[Joined], each: impl FnMut(&Joined) -> String) -> String {
    columns.iter().map(each).collect::<Vec<_>>().join(", ")
}

/// The engine's names ignore ASCII case, so a table cannot have two columns that differ by it.
fn find<'a>(columns: &'a [StoredColumn], name: &str) -> Option<&'a StoredColumn> {
    columns.iter().find(|c| c.name.eq_ignore_ascii_case(name))
}

/// Whether values of two engine types can be compared, and converted where nothing is lost.
fn comparable(a: &str, b: &str) -> bool {
    let (a, b) = (sql::model_type(a), sql::model_type(b));
    a == b || (a.is_number() && b.is_number())
}

/// Whether two values differ, whatever their types are: no comparison may fail on a value.
fn distinct(a: &str, a_type: &str, b: &str, b_type: &str) -> String {
    let (x, y) = (sql::model_type(a_type), sql::model_type(b_type));
    let cast = if a_type == b_type {
        return format!("{a} IS DISTINCT FROM {b}");
    } else if x.is_number() && y.is_number() {
        // The common type of two wide numbers may hold neither.
        let wide = |t: &Type, name: &str| match t {
            Type::Decimal { precision, .. } => *precision > 18,
            _ => name.ends_with("HUGEINT"),
        };
        if !wide(&x, a_type) && !wide(&y, b_type) {
            return format!("{a} IS DISTINCT FROM {b}");
        }
        "DOUBLE"
    } else {
        "VARCHAR"
    };
    format!("CAST({a} AS {cast}) IS DISTINCT FROM CAST({b} AS {cast})")
}

/// How many rows a table has.
pub(super) fn count(store: &dyn Store, table: &str) -> Result<u64, EngineError> {
    let rows = store.query(&format!("SELECT count(*) FROM {table}"))?;
    Row::new(rows.into_iter().next().unwrap_or_default()).int().map_err(EngineError::from)
}

/// The columns of a TEMP table.
pub(super) fn temp_columns(
    store: &dyn Store,
    table: &str,
) -> Result<Vec<StoredColumn>, EngineError> {
    let rows = store.query(&format!("DESCRIBE {}", sql::temp(table)))?;
    rows.into_iter()
        .map(|row| match &row[..] {
            [Value::Text(name), Value::Text(engine_type), ..] => {
                Ok(StoredColumn { name: name.clone(), engine_type: engine_type.clone() })
            }
            other => {
                Err(EngineError::new(ErrorKind::Other, format!("{other:?} describes no column")))
            }
        })
        .collect()
}
