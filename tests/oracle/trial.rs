//! One seed: tables, two campaigns one after the other, and what the oracle says of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use camp::diagnostic::{Diagnostics, Severity};
use camp::model::program::Program;
use camp::model::schema::{FileFormat, Scan};
use camp::model::types::Type;
use camp::model::value::Value;
use camp::session::{Session, Settings};

use super::calendar::{Calendar, later};
use super::data::Data;
use super::evaluate::World;
use super::random::Random;
use super::script::{Script, Writer};
use super::steps::{Expected, Stored};
use super::value::{Key, is_printed};
use crate::support::database;

/// What one seed makes.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Data and script of each run.
    pub runs: Vec<(Data, Option<Script>)>,
    random: Random,
}

/// How a trial ended.
#[derive(Debug)]
pub enum Outcome {
    /// Audiences that were compared.
    Agreed(usize),
    /// The script was refused, as the random ones may be.
    Refused(String),
    /// What differs.
    Differs(String),
}

/// What a series of trials saw.
#[derive(Debug, Default)]
pub struct Tally {
    pub written: usize,
    /// Statements that the checker refused and that were therefore left out.
    pub refused: BTreeMap<String, usize>,
}

/// How long a difference is made smaller.
const SHRINKING: Duration = Duration::from_secs(60);

impl Trial {
    pub fn random(seed: u64) -> Trial {
        let mut random = Random::new(seed);
        let data = Data::random(&mut random);
        let next = data.later(&mut random);
        Trial { runs: vec![(data, None), (next, None)], random }
    }

    /// Runs everything. The scripts that are not written yet are, without what the checker refuses.
    pub fn examine(&mut self, tally: &mut Tally) -> Outcome {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let mut audiences: BTreeMap<String, Stored> = BTreeMap::new();
        let mut saved = Vec::new();
        let mut compared = 0;
        for n in 0..self.runs.len() {
            let (data, script) = &mut self.runs[n];
            data.store(folder);
            let fresh = script.is_none();
            let script = script.get_or_insert_with(|| {
                Writer::new(&mut self.random, data, std::mem::take(&mut saved)).script()
            });
            if fresh {
                tally.written += script.statements.len();
                without_refused(folder, data, script, tally);
            }
            let settings = settings(folder, data);
            let file = write(folder, script);
            let mut session = Session::new(settings);
            let (program, found) = session.check(std::slice::from_ref(&file));
            let Some(program) = program else {
                return Outcome::Refused(words(&found));
            };
            let expected = expect(&program, data, &audiences);
            let ran = session.run(std::slice::from_ref(&file), &mut |_| {});
            let context = |what: String| Outcome::Differs(format!("run {}: {what}", n + 1));
            match (&ran, expected.held) {
                (Err(found), true) => return context(format!("it failed: {}", words(found))),
                (Ok(_), false) => return context("a guard does not hold, and it went on".into()),
                (Err(found), false) => {
                    let guard = |d: &camp::diagnostic::Diagnostic| {
                        d.code.0.area == camp::diagnostic::Area::Expectation
                    };
                    if !found.iter().any(guard) {
                        return context(format!("it failed: {}", words(found)));
                    }
                }
                (Ok(report), true) => {
                    if let Some(wrong) = wrong_numbers(report, &expected) {
                        return context(wrong);
                    }
                }
            }
            if let Some(wrong) = wrong_audiences(folder, &expected) {
                return context(wrong);
            }
            compared += expected.audiences.len();
            if expected.held {
                saved = script.saved.clone();
            }
            audiences = expected.audiences;
        }
        Outcome::Agreed(compared)
    }

    /// A smaller trial that still differs, and how.
    pub fn shrunk(mut self, mut difference: String) -> (Trial, String) {
        let begun = std::time::Instant::now();
        let (mut at, mut progress) = (0, false);
        while begun.elapsed() < SHRINKING {
            let Some(mut candidate) = self.smaller(&difference).into_iter().nth(at) else {
                if !progress {
                    break;
                }
                (at, progress) = (0, false);
                continue;
            };
            match candidate.examine(&mut Tally::default()) {
                Outcome::Differs(how) => {
                    (self, difference) = (candidate, how);
                    progress = true;
                }
                _ => at += 1,
            }
        }
        (self, difference)
    }

    fn smaller(&self, difference: &str) -> Vec<Trial> {
        let mut found = Vec::new();
        let mut with = |change: &dyn Fn(&mut Trial) -> bool| {
            let mut other = self.clone();
            if change(&mut other) {
                found.push(other);
            }
        };
        with(&|t| t.runs.len() > 1 && t.runs.pop().is_some());
        with(&|t| t.runs.len() > 1 && !t.runs.remove(0).0.tables.is_empty());
        // What the audience that differs does not need.
        for run in 0..self.runs.len() {
            let Some(script) = &self.runs[run].1 else { continue };
            let needed = script.needed(difference);
            if needed.len() < script.statements.len() {
                with(&|t| {
                    let script = t.runs[run].1.as_mut().unwrap();
                    script.statements =
                        needed.iter().map(|&n| script.statements[n].clone()).collect();
                    true
                });
            }
        }
        // Many statements at once, then one.
        for parts in [2, 4, 1000] {
            for run in 0..self.runs.len() {
                let Some(script) = &self.runs[run].1 else { continue };
                let (from, to) = (script.header, script.statements.len());
                let step = ((to - from) / parts).max(1);
                for start in (from..to).step_by(step).rev() {
                    with(&|t| {
                        let script = t.runs[run].1.as_mut().unwrap();
                        script.statements.drain(start..(start + step).min(to));
                        true
                    });
                }
            }
        }
        for run in 0..self.runs.len() {
            let Some(script) = &self.runs[run].1 else { continue };
            for (n, statement) in script.statements.iter().enumerate() {
                for rule in statement.rule.iter().flat_map(|r| r.smaller()) {
                    with(&|t| {
                        let script = t.runs[run].1.as_mut().unwrap();
                        script.statements[n].rule = Some(rule.clone());
                        true
                    });
                }
                let named = statement.before.split(" = ").next().unwrap_or_default();
                if n >= script.header && !statement.behind.is_empty() {
                    with(&|t| {
                        t.runs[run].1.as_mut().unwrap().statements[n].behind.clear();
                        !named.is_empty()
                    });
                }
            }
            for table in 0..self.runs[run].0.tables.len() {
                let rows = self.runs[run].0.tables[table].rows.len();
                for parts in [1, 2, 4, 1000] {
                    if rows == 0 {
                        continue;
                    }
                    let step = (rows / parts).max(1);
                    for start in (0..rows).step_by(step) {
                        with(&|t| {
                            t.runs[run].0.tables[table].rows.drain(start..(start + step).min(rows));
                            true
                        });
                    }
                }
            }
        }
        found
    }

    /// Everything that is needed to see it again.
    pub fn show(&self) -> String {
        let mut text = String::new();
        for (data, script) in &self.runs {
            text += &format!("as of {} in {}\n", data.as_of, data.zone);
            for table in data.tables.iter().filter(|t| !t.rows.is_empty()) {
                let names: Vec<&str> = table.columns.iter().map(|c| c.0).collect();
                text += &format!("  {} ({:?}): {}\n", table.name, table.storage, names.join(", "));
                for row in &table.rows {
                    let row: Vec<String> = row.iter().map(shown).collect();
                    text += &format!("    {}\n", row.join(", "));
                }
            }
            if let Some(script) = script {
                text += &script.text();
            }
        }
        text
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Missing => "∅".into(),
        Value::Text(t) => format!("{t:?}"),
        Value::Int(n) => n.to_string(),
        Value::Decimal { digits, scale } => format!("{digits}e-{scale}"),
        Value::Float(x) => format!("{x:?}"),
        Value::Bool(b) => b.to_string(),
        Value::Date(d) => d.to_string(),
        Value::Timestamp(t) => t.to_string(),
        Value::Instant(t) => t.to_string(),
        other => format!("{other:?}"),
    }
}

/// Errors, in words.
pub fn words(found: &Diagnostics) -> String {
    let errors = found.iter().filter(|d| d.severity == Severity::Error);
    let lines = errors.map(|d| {
        let cause = d.cause.as_deref().map(|c| format!(" [{c}]")).unwrap_or_default();
        format!("{} {}{cause}", d.code, d.title)
    });
    lines.collect::<Vec<_>>().join("; ")
}

pub fn settings(folder: &Path, data: &Data) -> Settings {
    Settings {
        database: Some(folder.join("camp.duckdb")),
        as_of: Some(data.as_of),
        threads: Some(1),
        ..Settings::default()
    }
}

/// The script as a file.
pub fn write(folder: &Path, script: &Script) -> String {
    let file = folder.join("random.camp");
    std::fs::write(&file, script.text()).unwrap();
    file.display().to_string()
}

/// Takes out what the checker refuses, and what depends on it.
pub fn without_refused(folder: &Path, data: &Data, script: &mut Script, tally: &mut Tally) {
    for _ in 0..30 {
        let file = write(folder, script);
        let mut session = Session::new(settings(folder, data));
        let (_, found) = session.check(&[file]);
        let mut lines: Vec<usize> = Vec::new();
        for d in found.iter().filter(|d| d.severity == Severity::Error) {
            let place = d.span().and_then(|s| session.sources.place(s));
            let line = place.map_or(0, |p| p.line as usize);
            if line <= script.header {
                panic!("{} {}: {}", d.code, d.title, script.text());
            }
            // A name that went with its statement is no refusal of its own.
            let of = format!("{} {}", d.code, d.title.split('`').next().unwrap_or_default());
            *tally.refused.entry(of).or_default() += 1;
            if std::env::var_os("CAMP_ORACLE_VERBOSE").is_some() {
                eprintln!("refused: {} {} in {}", d.code, d.title, script.statements[line - 1]);
            }
            lines.push(line - 1);
        }
        lines.sort();
        lines.dedup();
        if lines.is_empty() {
            return;
        }
        for line in lines.into_iter().rev() {
            script.statements.remove(line);
        }
    }
    panic!("the checker refuses every script: {}", script.text());
}

/// The world of a program, over the rows of the data.
pub fn world<'a>(
    program: &'a Program,
    data: &Data,
    audiences: &BTreeMap<String, Stored>,
) -> World<'a> {
    let zone = &program.campaigns[0].timezone;
    let mut world = World {
        program,
        rows: Vec::new(),
        transitions: BTreeMap::new(),
        audiences: Vec::new(),
        moves: Vec::new(),
        calendar: Calendar::new(data.as_of, zone),
    };
    for dimension in &program.dimensions {
        let name = match &dimension.scan {
            Scan::Table { table, .. } => table.clone(),
            Scan::Files { paths, format: FileFormat::Parquet } => {
                Path::new(&paths[0]).file_stem().unwrap().to_string_lossy().into_owned()
            }
            other => panic!("the oracle does not read {other:?}"),
        };
        let table = data.table(&name);
        let at: Vec<usize> = dimension
            .columns
            .iter()
            .map(|c| table.columns.iter().position(|t| t.0 == c.name).unwrap())
            .collect();
        let row = |row: &Vec<Value>| at.iter().map(|&i| row[i].clone()).collect();
        let mut rows: Vec<Vec<Value>> = table.rows.iter().map(row).collect();
        if let Some((zone, columns)) = &dimension.local_instants {
            let zone = jiff::tz::TimeZone::get(zone).unwrap();
            for row in &mut rows {
                for &column in columns {
                    if let Value::Timestamp(t) = row[column] {
                        row[column] = Value::Instant(later(t, &zone));
                    }
                }
            }
        }
        world.rows.push(rows);
    }
    // What a dimension's filter leaves out does not exist, through links too.
    for (n, dimension) in program.dimensions.iter().enumerate() {
        let Some(filter) = &dimension.filter else { continue };
        let kept: Vec<Vec<Value>> = (0..world.rows[n].len())
            .filter(|&row| {
                let dimension = camp::model::program::DimId(n as u32);
                let frame = super::evaluate::Frame { dimension, row, carried: Rc::default() };
                world.holds(filter, &vec![(0, frame)])
            })
            .map(|row| world.rows[n][row].clone())
            .collect();
        world.rows[n] = kept;
    }
    for audience in &program.audiences {
        let stored = audience.existing.as_ref().and_then(|a| audiences.get(&a.label));
        let existing: Vec<(String, Type)> = audience
            .existing
            .iter()
            .flat_map(|a| &a.columns[a.key.len()..])
            .map(|c| (c.name.clone(), c.ty.clone()))
            .collect();
        let mut members = BTreeMap::new();
        for (key, row) in stored.iter().flat_map(|s| &s.rows) {
            let names = &stored.unwrap().columns;
            let of =
                |name: &String| names.iter().position(|(n, _)| n == name).map(|at| row[at].clone());
            let carried = existing.iter().map(|(name, _)| of(name).unwrap()).collect();
            members.insert(Key(key.0.clone()), Rc::new(carried));
        }
        world.audiences.push(members);
        world.moves.push(stored.map(|s| s.moves.clone()).unwrap_or_default());
    }
    world
}

/// What a run must do.
pub fn expect(program: &Program, data: &Data, audiences: &BTreeMap<String, Stored>) -> Expected {
    world(program, data, audiences).run(audiences)
}

fn wrong_numbers(report: &camp::run::report::RunReport, expected: &Expected) -> Option<String> {
    let counted = report.steps.iter().flat_map(|s| &s.transitions);
    for found in counted.filter(|t| t.rows.is_some()) {
        // A save that was skipped, or that nothing reads, is not counted.
        let known = expected.counts.iter().find(|(name, _)| *name == found.name);
        if let Some((name, rows)) = known
            && found.rows != Some(*rows as u64)
        {
            return Some(format!("{name} has {rows} rows, reported are {:?}", found.rows));
        }
    }
    for (label, numbers) in &expected.saves {
        let Some(found) = report.saves.iter().find(|s| s.label == *label) else {
            return Some(format!("no report of \"{label}\""));
        };
        let seen = [found.was, found.now, found.entered, found.left].map(|n| n as usize);
        if seen != *numbers {
            return Some(format!(
                "\"{label}\" is reported as was/now/+/- {seen:?}, not {numbers:?}"
            ));
        }
    }
    (report.saves.len() != expected.saves.len()).then(|| "another number of saves".to_owned())
}

fn wrong_audiences(folder: &Path, expected: &Expected) -> Option<String> {
    let db = database::open(&folder.join("camp.duckdb")).unwrap();
    let found = database::snapshot(&db).unwrap();
    let labels = |l: Vec<&String>| format!("{l:?}");
    let (is, must) = (labels(found.keys().collect()), labels(expected.audiences.keys().collect()));
    if is != must {
        return Some(format!("audiences are {is}, not {must}"));
    }
    for (label, stored) in &expected.audiences {
        let (columns, rows) = &found[label];
        let keys = columns.len() - stored.columns.len();
        let names: Vec<&str> = columns[keys..].iter().map(|c| c.0.as_str()).collect();
        let must: Vec<&str> = stored.columns.iter().map(|c| c.0.as_str()).collect();
        if names != must {
            return Some(format!("\"{label}\" has columns {names:?}, not {must:?}"));
        }
        let print = |key: &Key, row: &[Value]| {
            key.0.iter().chain(row).map(shown).collect::<Vec<_>>().join(", ")
        };
        let mut left: Vec<&Vec<String>> = rows.iter().collect();
        for (key, row) in &stored.rows {
            let text = |t: &str| if t == database::MISSING { None } else { Some(t.to_owned()) };
            let is_key = |found: &[String]| {
                key.0.iter().zip(found).all(|(v, t)| is_printed(text(t).as_deref(), v))
            };
            let Some(at) = left.iter().position(|found| is_key(found)) else {
                return Some(format!("\"{label}\" lacks {}", print(key, row)));
            };
            let found = left.swap_remove(at);
            for ((value, found), name) in row.iter().zip(&found[keys..]).zip(&must) {
                if !is_printed(text(found).as_deref(), value) {
                    return Some(format!("\"{label}\": {name} of {} is {found}", print(key, row),));
                }
            }
        }
        if let Some(extra) = left.first() {
            return Some(format!("\"{label}\" must not hold {extra:?}"));
        }
    }
    None
}
