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
use camp::plan::passes::Passes;
use camp::session::{Session, Settings};

use super::calendar::{Calendar, later};
use super::data::Data;
use super::evaluate::World;
use super::random::Random;
use super::script::{Population, Script, Writer};
use super::steps::{Expected, Stored};
use super::value::{Key, is_printed};
use crate::support::database;

/// Data and scripts of a run; no scripts: not written yet.
#[derive(Clone, Debug)]
pub struct Run {
    data: Data,
    scripts: Vec<Script>,
}

/// What one seed makes.
#[derive(Clone, Debug)]
pub struct Trial {
    pub runs: Vec<Run>,
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
        let run = |data| Run { data, scripts: Vec::new() };
        Trial { runs: vec![run(data), run(next)], random }
    }

    /// Runs everything. The scripts that are not written yet are, without what the checker refuses.
    pub fn examine(&mut self, tally: &mut Tally) -> Outcome {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let mut audiences: BTreeMap<String, Stored> = BTreeMap::new();
        let mut saved = Vec::new();
        let mut compared = 0;
        for n in 0..self.runs.len() {
            let Run { data, scripts } = &mut self.runs[n];
            data.store(folder);
            if scripts.is_empty() {
                let known: Vec<Population> = std::mem::take(&mut saved);
                let two = self.random.percent(35);
                let mut writer = Writer::new(&mut self.random, data, known.clone());
                let mut script = writer.script();
                tally.written += script.statements.len();
                without_refused(folder, data, &mut script, tally);
                scripts.push(script);
                // In another zone, a declaration with a rule is another dimension, whose audiences do not
                // meet those of the first.
                let rules = scripts[0]
                    .text()
                    .lines()
                    .any(|l| l.starts_with("dimension ") && l.contains(" where "));
                if two && !rules {
                    // Another file of the same run, in another zone.
                    let mut writer = Writer::second(&mut self.random, data, known, &scripts[0]);
                    let mut script = writer.script();
                    tally.written += script.statements.len();
                    without_refused(folder, data, &mut script, tally);
                    scripts.push(script);
                }
            }
            // Whatever passes share work, the rows are the same.
            let left_out: Vec<&str> =
                Passes::names().into_iter().filter(|_| self.random.percent(30)).collect();
            let passes = Passes::without(&left_out);
            let settings = Settings { passes, ..settings(folder, data) };
            let files = write(folder, scripts);
            let mut session = Session::new(settings);
            let (program, found) = session.check(&files);
            let Some(program) = program else {
                return Outcome::Refused(words(&found));
            };
            let expected = expect(&program, data, &audiences);
            let ran = session.run(&files, &mut |_| {});
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
                saved = scripts.iter().flat_map(|s| s.saved.clone()).collect();
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
        let mut with = |change: &dyn Fn(&mut Trial)| {
            let mut other = self.clone();
            change(&mut other);
            found.push(other);
        };
        if self.runs.len() > 1 {
            with(&|t| drop(t.runs.pop()));
            with(&|t| drop(t.runs.remove(0)));
        }
        for (r, run) in self.runs.iter().enumerate() {
            for (s, script) in run.scripts.iter().enumerate() {
                if run.scripts.len() > 1 {
                    with(&|t| drop(t.runs[r].scripts.remove(s)));
                }
                // What the audience that differs does not need.
                let needed = script.needed(difference);
                if needed.len() < script.statements.len() {
                    with(&|t| {
                        let script = &mut t.runs[r].scripts[s];
                        script.statements =
                            needed.iter().map(|&n| script.statements[n].clone()).collect();
                    });
                }
                let (from, to) = (script.header, script.statements.len());
                for parts in [2, 4, 1000] {
                    let step = ((to - from) / parts).max(1);
                    for start in (from..to).step_by(step).rev() {
                        with(&|t| {
                            let statements = &mut t.runs[r].scripts[s].statements;
                            statements.drain(start..(start + step).min(to));
                        });
                    }
                }
            }
        }
        for (r, run) in self.runs.iter().enumerate() {
            for (s, script) in run.scripts.iter().enumerate() {
                for (n, statement) in script.statements.iter().enumerate() {
                    for rule in statement.rule.iter().flat_map(|r| r.smaller()) {
                        with(&|t| {
                            t.runs[r].scripts[s].statements[n].rule = Some(rule.clone());
                        });
                    }
                    if n >= script.header && !statement.behind.is_empty() {
                        with(&|t| t.runs[r].scripts[s].statements[n].behind.clear());
                    }
                }
            }
            for (n, table) in run.data.tables.iter().enumerate() {
                let rows = table.rows.len();
                for parts in [1, 2, 4, 1000] {
                    let step = (rows / parts).max(1);
                    for start in (0..rows).step_by(step) {
                        with(&|t| {
                            let rows = &mut t.runs[r].data.tables[n].rows;
                            rows.drain(start..(start + step).min(rows.len()));
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
        for Run { data, scripts } in &self.runs {
            text += &format!("as of {} in {}\n", data.as_of, data.zone);
            for table in data.tables.iter().filter(|t| !t.rows.is_empty()) {
                let names: Vec<&str> = table.columns.iter().map(|c| c.0).collect();
                text += &format!("  {} ({:?}): {}\n", table.name, table.storage, names.join(", "));
                for row in &table.rows {
                    let row: Vec<String> = row.iter().map(shown).collect();
                    text += &format!("    {}\n", row.join(", "));
                }
            }
            for script in scripts {
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

/// The scripts as files.
pub fn write(folder: &Path, scripts: &[Script]) -> Vec<String> {
    let file = |(n, script): (usize, &Script)| {
        let file = folder.join(format!("random_{n}.camp"));
        std::fs::write(&file, script.text()).unwrap();
        file.display().to_string()
    };
    scripts.iter().enumerate().map(file).collect()
}

/// Takes out what the checker refuses, and what depends on it.
pub fn without_refused(folder: &Path, data: &Data, script: &mut Script, tally: &mut Tally) {
    for _ in 0..30 {
        let files = write(folder, std::slice::from_ref(script));
        let mut session = Session::new(settings(folder, data));
        let (_, found) = session.check(&files);
        let mut lines: Vec<usize> = Vec::new();
        for d in found.iter().filter(|d| d.severity == Severity::Error) {
            let place = d.span().and_then(|s| session.sources.place(s));
            let line = place.map_or(0, |p| p.line);
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
        // What is no number is no value.
        let read = |v: &Value| match v {
            Value::Float(x) if x.is_nan() => Value::Missing,
            v => v.clone(),
        };
        let row = |row: &Vec<Value>| at.iter().map(|&i| read(&row[i])).collect();
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
