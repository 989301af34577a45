//! What holds for every campaign, tried on random ones: nobody falls through the cracks, a key
//! stands once, sharing work changes nothing, the same instant gives the same audiences, and a run
//! saves everything or nothing; formatting keeps the meaning.

mod atomic;
mod format;
mod rules;
mod same;
mod why;

use std::collections::BTreeSet;
use std::path::Path;

use camp::diagnostic::Diagnostics;
use camp::run::report::RunReport;
use camp::session::{Session, Settings};

use crate::oracle::data::Data;
use crate::oracle::random::Random;
use crate::oracle::script::{Script, Writer};
use crate::oracle::trial::{self, Tally};
use crate::support::database::{self, Snapshot};

/// Tables of a seed in a folder.
fn stored(seed: u64, folder: &Path) -> (Data, Random) {
    let mut random = Random::new(seed);
    let data = Data::random(&mut random);
    data.store(folder);
    (data, random)
}

/// A script of a seed that the checker takes, over these tables.
fn script(data: &Data, random: &mut Random, folder: &Path) -> Script {
    let mut script = Writer::new(random, data, Vec::new()).script();
    trial::without_refused(folder, data, &mut script, &mut Tally::default());
    script
}

fn run(folder: &Path, text: &str, settings: Settings) -> Result<RunReport, Diagnostics> {
    let file = folder.join("law.camp");
    std::fs::write(&file, text).unwrap();
    Session::new(settings).run(&[file.display().to_string()], &mut |_| {})
}

fn run_well(folder: &Path, text: &str, settings: Settings) -> RunReport {
    match run(folder, text, settings) {
        Ok(report) => report,
        Err(found) => panic!("{}\n{text}", trial::words(&found)),
    }
}

fn audiences(folder: &Path) -> Snapshot {
    let db = database::open(&folder.join("camp.duckdb")).unwrap();
    database::snapshot(&db).unwrap()
}

/// The keys of an audience.
fn keys(audiences: &Snapshot, label: &str, width: usize) -> BTreeSet<Vec<String>> {
    audiences[label].1.iter().map(|row| row[..width].to_vec()).collect()
}

#[test]
fn a_rule_and_its_negation_part_everyone() {
    for seed in 0..6 {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let (data, mut random) = stored(7_000 + seed, folder);
        let mut script = Writer::new(&mut random, &data, Vec::new()).alone(6);
        trial::without_refused(folder, &data, &mut script, &mut Tally::default());
        let mut text: String =
            script.statements[..script.header].iter().map(|s| format!("{s}\n")).collect();
        let rules = &script.statements[script.header..];
        for (n, statement) in rules.iter().enumerate() {
            let table = statement.before.rsplit(' ').next().unwrap();
            let rule = statement.rule.as_ref().unwrap();
            text += &format!(
                "all{n} = build audience from {table}\n\
                 yes{n}, rest{n} = build audience from {table} where {rule}\n\
                 no{n} = build audience from {table} where not ({rule})\n"
            );
            for name in ["all", "yes", "rest", "no"] {
                text += &format!("save audience {name}{n} as \"{name}{n}\"\n");
            }
        }
        run_well(folder, &text, trial::settings(folder, &data));
        let saved = audiences(folder);
        for (n, statement) in rules.iter().enumerate() {
            let table = statement.before.rsplit(' ').next().unwrap();
            let width = data.table(table).key;
            let of = |name: &str| keys(&saved, &format!("{name}{n}"), width);
            let (all, yes, rest, no) = (of("all"), of("yes"), of("rest"), of("no"));
            assert!(yes.is_disjoint(&no), "seed {seed}, both hold: {statement}");
            assert_eq!(yes.union(&no).cloned().collect::<BTreeSet<_>>(), all, "{statement}");
            assert_eq!(rest, no, "seed {seed}, the rest of {statement}");
        }
    }
}

#[test]
fn a_key_stands_once_in_every_population() {
    for seed in 0..6 {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let (data, mut random) = stored(8_000 + seed, folder);
        let script = script(&data, &mut random, folder);
        let Ok(report) = run(folder, &script.text(), trial::settings(folder, &data)) else {
            continue;
        };
        let saved = audiences(folder);
        for population in &script.saved {
            let Some((_, rows)) = saved.get(&population.name) else { continue };
            let width = data.table(population.table).key;
            let once = keys(&saved, &population.name, width);
            assert_eq!(once.len(), rows.len(), "seed {seed}: {}", population.name);
            let missing = database::MISSING.to_owned();
            assert!(once.iter().all(|k| !k.contains(&missing)), "seed {seed}");
            let said = report.saves.iter().find(|s| s.label == population.name).unwrap();
            assert_eq!(said.now as usize, rows.len(), "seed {seed}: {}", population.name);
        }
    }
}
