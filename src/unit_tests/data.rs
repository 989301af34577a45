//! What a test gives, as tables and audiences of a project that lives in memory.

use jiff::{Timestamp, ToSpan};

use crate::activity::save_audience::Update;
use crate::catalogue::{self, Catalogue, RunRecord, Save};
use crate::check::stand_ins::SCHEMA;
use crate::diagnostic::codes::unit_tests as codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::engine::duckdb::Session as Engine;
use crate::engine::duckdb::print;
use crate::model::expr::Expr;
use crate::model::label::fold_label;
use crate::model::program::{Dimension, Program};
use crate::model::schema::{Column, Scan};
use crate::model::types::Type;
use crate::model::unit_test::{Given, GivenTarget, UnitTest};
use crate::model::value::Value;
use crate::plan::clock::Clock;
use crate::plan::fold::{self, Folder};
use crate::source::Span;

/// Numbers of temporary tables that no save of a run has.
const NUMBERS: usize = 1_000_000;

/// The constants of a test.
pub struct Constants<'a> {
    /// For the values of parameters.
    pub program: &'a Program,
    /// The test's instant in the campaign's zone.
    pub clock: Clock,
}

impl Constants<'_> {
    /// The value of an expression, as one of a column.
    ///
    /// # Errors
    /// It leads out of the calendar, or is nothing that can be computed beforehand.
    pub fn value(&self, expr: &Expr, ty: &Type) -> Result<Value, Diagnostic> {
        let errors = Diagnostics::default();
        let mut folder = Folder { program: self.program, clock: &self.clock, errors };
        let folded = folder.fold(expr);
        if let Some(wrong) = folder.errors.iter().next() {
            return Err(wrong.clone());
        }
        let Some(value) = fold::literal(&folded) else {
            return Err(Diagnostic::error(codes::VALUE, "The value is not a plain one")
                .label(expr.span, "cannot be computed before the run")
                .help("write a literal, or a date such as `3 days ago`"));
        };
        Ok(self.fitted(value.clone(), ty))
    }

    /// All values of rows.
    ///
    /// # Errors
    /// As of [`Constants::value`].
    pub fn rows(
        &self,
        rows: &[Vec<Expr>],
        columns: &[Column],
    ) -> Result<Vec<Vec<Value>>, Diagnostic> {
        let row = |row: &Vec<Expr>| {
            row.iter().zip(columns).map(|(e, column)| self.value(e, &column.ty)).collect()
        };
        rows.iter().map(row).collect()
    }

    fn fitted(&self, value: Value, ty: &Type) -> Value {
        let instant = |local| self.clock.instant(local).map_or(Value::Missing, Value::Instant);
        match (value, ty) {
            (Value::Date(day), Type::Instant) => instant(day.to_datetime(Default::default())),
            (Value::Timestamp(local), Type::Instant) => instant(local),
            (Value::Instant(at), Type::Timestamp) => Value::Timestamp(self.clock.local(at)),
            (Value::Missing, _) => Value::Missing,
            (Value::List(items), Type::List(of)) => {
                Value::List(items.into_iter().map(|v| self.fitted(v, of)).collect())
            }
            (one, Type::List(of)) => Value::List(vec![self.fitted(one, of)]),
            (value, ty) => value.widened(ty),
        }
    }
}

/// The engine's type of a given column.
fn engine_type(ty: &Type) -> String {
    match ty {
        Type::Int => "BIGINT".into(),
        Type::List(of) => format!("{}[]", engine_type(of)),
        ty => print::type_name(ty),
    }
}

/// Makes the tables of all dimensions, with the rows that the test gives.
///
/// # Errors
/// A value that the table cannot hold.
pub fn fill(engine: &Engine, test: &UnitTest, constants: &Constants<'_>) -> Result<(), Diagnostic> {
    run(engine, &format!("CREATE SCHEMA project.{}", print::identifier(SCHEMA)), None)?;
    for dimension in &constants.program.dimensions {
        let Scan::Table { schema, .. } = &dimension.scan else { continue };
        if schema != SCHEMA {
            continue;
        }
        let columns: Vec<String> = (0..dimension.columns.len())
            .map(|n| {
                let name = print::identifier(&dimension.columns[n].name);
                format!("{name} {}", engine_type(&stored(dimension, n)))
            })
            .collect();
        let table = print::scan(&dimension.scan);
        let create = format!("CREATE TABLE IF NOT EXISTS {table} ({})", columns.join(", "));
        run(engine, &create, Some(dimension.span))?;
    }
    for given in &test.given {
        let GivenTarget::Dimension(id) = given.target else { continue };
        let dimension = &constants.program[id];
        // As the source has them: times without a zone where it has a zone of its own.
        let place = |c: &Column| dimension.columns.iter().position(|d| d.name == c.name);
        let columns: Vec<Column> = given
            .columns
            .iter()
            .map(|c| Column {
                ty: place(c).map_or(c.ty.clone(), |n| stored(dimension, n)),
                ..c.clone()
            })
            .collect();
        insert(engine, &print::scan(&dimension.scan), &columns, given, constants)?;
    }
    Ok(())
}

/// The type that the source has a column in.
fn stored(dimension: &Dimension, column: usize) -> Type {
    match &dimension.local_instants {
        Some((_, local)) if local.contains(&column) => Type::Timestamp,
        _ => dimension.columns[column].ty.clone(),
    }
}

fn insert(
    engine: &Engine,
    table: &str,
    columns: &[Column],
    given: &Given,
    constants: &Constants<'_>,
) -> Result<(), Diagnostic> {
    let rows = constants.rows(&given.rows, columns)?;
    if rows.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = columns.iter().map(|c| print::identifier(&c.name)).collect();
    let rows: Vec<String> = rows
        .iter()
        .map(|row| {
            let cells = row.iter().zip(columns).map(|(v, c)| print::literal(v, &c.ty));
            format!("({})", cells.collect::<Vec<_>>().join(", "))
        })
        .collect();
    let sql = format!("INSERT INTO {table} ({}) VALUES {}", names.join(", "), rows.join(", "));
    run(engine, &sql, Some(given.span))
}

fn run(engine: &Engine, sql: &str, span: Option<Span>) -> Result<(), Diagnostic> {
    engine.execute(sql).map(drop).map_err(|e| e.into_diagnostic(span))
}

/// Saves the audiences that exist before the run, version after version, and gives the catalogue.
/// An audience that the campaign reads and the test does not give has nobody in it.
///
/// # Errors
/// A value that the audience cannot hold.
pub fn save_audiences(
    engine: &Engine,
    test: &UnitTest,
    constants: &Constants<'_>,
) -> Result<Catalogue, Diagnostic> {
    let mut versions: Vec<(Timestamp, Save, Option<&Given>)> = Vec::new();
    let long_ago = |at: Timestamp| {
        let year_before = constants.clock.local(at).checked_sub(1.year());
        year_before.ok().and_then(|at| constants.clock.instant(at).ok()).unwrap_or(at)
    };
    for given in &test.given {
        let GivenTarget::Audience { label, dimension, as_of } = &given.target else { continue };
        let dim = &constants.program[*dimension];
        let key: Vec<Column> = dim.key_columns().cloned().collect();
        let others = given.columns.iter().filter(|c| key.iter().all(|k| k.name != c.name));
        let columns = key.iter().chain(others).cloned().collect();
        let save = save(label, &dim.name, key, columns, versions.len());
        versions.push((as_of.unwrap_or_else(|| long_ago(test.as_of)), save, Some(given)));
    }
    for audience in &constants.program.audiences {
        let Some(existing) = &audience.existing else { continue };
        let same = |label: &str| fold_label(label) == fold_label(&audience.label);
        if versions.iter().any(|(_, save, _)| same(&save.label)) {
            continue;
        }
        let (key, columns) = (existing.key.clone(), existing.columns.clone());
        let save = save(&existing.label, &existing.dimension, key, columns, versions.len());
        versions.push((long_ago(test.as_of), save, None));
    }
    versions.sort_by_key(|(at, ..)| *at);
    let mut catalogue = Catalogue::load(engine)?;
    for (n, (at, save, given)) in versions.into_iter().enumerate() {
        let columns: Vec<String> = save
            .columns
            .iter()
            .map(|c| format!("{} {}", print::identifier(&c.name), engine_type(&c.ty)))
            .collect();
        let table = print::identifier(&save.staged);
        let span = given.map(|g| g.span);
        run(engine, &format!("CREATE TEMP TABLE {table} ({})", columns.join(", ")), span)?;
        if let Some(given) = given {
            insert(engine, &table, &given.columns, given, constants)?;
        }
        let record = RunRecord {
            id: RunRecord::new_id(at),
            command: "given".into(),
            started: at,
            as_of: at,
            timezone: constants.clock.zone_name.to_string(),
            campaigns: Vec::new(),
            files: Vec::new(),
            strict: false,
            steps: Vec::new(),
        };
        let number = NUMBERS + n;
        let mut staged = [catalogue::stage(engine, &catalogue, &save, number)?];
        let again = |present: &Catalogue, old: &catalogue::StagedSave| {
            catalogue::stage(engine, present, &old.save, number)
        };
        let mut again = again;
        catalogue::commit(engine, &catalogue, &record, &mut staged, &mut again)?;
        catalogue = Catalogue::load(engine)?;
    }
    Ok(catalogue)
}

fn save(label: &str, dimension: &str, key: Vec<Column>, columns: Vec<Column>, n: usize) -> Save {
    Save {
        label: label.to_owned(),
        label_span: Span::default(),
        staged: format!("given_audience_{n}"),
        key,
        columns,
        dimension: dimension.to_owned(),
        update: Update::Replace,
        must_exist: false,
        expires: None,
        retain: None,
        campaign: "test".into(),
        reads: Vec::new(),
        doc: None,
    }
}
