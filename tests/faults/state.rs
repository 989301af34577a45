//! The project that faults are inflicted on, and what has to hold of it after each.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use crate::support::database;
use crate::support::drive;
use crate::support::project::{Project, Ran};

use super::disk::Disk;
use super::patience::run;

/// How far the audiences move with each version.
const STEP: u64 = 50;
/// After so many versions they begin again.
const ROUND: u64 = 20;

/// Two audiences that are replaced together, one that grows, a copy for readers, an export.
///
/// `Moving` has 1,000 members from `STEP` times the version on, `Paying` those of them who have an
/// order, which are the even ones, `Growing` all who ever were in `Moving`.
const SCRIPT: &str = "campaign \"Faults\"
param g: int
dimension people = people key id
dimension orders = \"orders.csv\" key id columns (id: int, person: int, amount: decimal)
link people.orders, orders.person on people.id = orders.person
moving = build audience from people where id >= g * 50 and id < g * 50 + 1000 select name
paying = build audience from moving where any orders where amount >= 0 select sum(amount of orders) as spent
expect count(moving) = 1000
save audience moving as \"Moving\"
save audience paying as \"Paying\" retain 5 versions
save audience moving as \"Growing\" append
export paying to \"paying.csv\"
";

/// A project under test, and how often it was saved.
pub struct Subject {
    /// A small disk that holds the project; dropped before the folder it lies over.
    pub disk: Option<Disk>,
    pub project: Project,
    /// The version that is saved for certain.
    pub version: u64,
    /// Where the round began: versions count from 1, the audiences' places do not.
    start: u64,
    /// How many steps a run has.
    pub steps: u64,
    /// How long one takes.
    pub micros: u64,
    /// What killed runs have left of files that were not finished.
    unfinished: BTreeSet<String>,
}

impl Subject {
    /// With one version saved.
    pub fn new(start: u64, own_disk: bool) -> Subject {
        let project = Project::new();
        let disk = if own_disk { Disk::over(&project.path("")) } else { None };
        project.write("camp.toml", "timezone = \"UTC\"\npublish = \"read.duckdb\"\n");
        project.write("faults.camp", SCRIPT);
        project
            .sql("CREATE TABLE people AS SELECT i AS id, 'n' || i AS name FROM range(2100) r(i)");
        let mut subject = Subject {
            disk,
            project,
            version: 0,
            start,
            steps: 0,
            micros: 0,
            unfinished: BTreeSet::new(),
        };
        subject.write_orders();
        subject.run_on("the first run");
        let begun = std::time::Instant::now();
        let ran = run(subject.next().env("CAMP_TEST_STEPS", "1"), "the second run");
        assert_eq!(ran.exit, Some(0), "{ran:?}");
        subject.micros = begun.elapsed().as_micros() as u64;
        subject.version += 1;
        subject.steps = ran.stderr.lines().filter(|l| l.starts_with("step ")).count() as u64;
        assert!(subject.steps > 20, "the steps of a run are not told: {}", ran.stderr);
        subject.whole("the second run");
        subject
    }

    /// Every second person has an order.
    pub fn write_orders(&self) {
        let mut text = String::from("id,person,amount\n");
        for person in (0..2100).step_by(2) {
            text.push_str(&format!("{person},{person},{person}.50\n"));
        }
        self.project.write("orders.csv", &text);
    }

    fn place(&self, version: u64) -> u64 {
        (self.start + version) % ROUND
    }

    /// The run that saves the version after the present one.
    pub fn next(&self) -> Command {
        let mut command = drive::program(self.project.path("").as_path());
        command.args(self.arguments());
        command
    }

    pub fn arguments(&self) -> Vec<String> {
        let set = format!("g={}", self.place(self.version + 1));
        ["run", "faults.camp", "--threads", "2", "--as-of", drive::AS_OF, "--set", &set]
            .map(str::to_owned)
            .to_vec()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.project.path(name)
    }

    /// A run that nothing happens to.
    pub fn run_on(&mut self, context: &str) {
        let ran = run(&mut self.next(), context);
        assert_eq!(ran.exit, Some(0), "the next run failed after {context}: {}", ran.stderr);
        self.version += 1;
        let exported = self.exported();
        assert_eq!(exported, Some(self.place(self.version)), "the export is old after {context}");
        let tmp = self.file("camp.duckdb.tmp");
        assert!(!tmp.exists(), "a folder for spilling was left after {context}");
    }

    /// What a run that something happened to may have saved or not; it is looked at here.
    pub fn settle(&mut self, context: &str) -> bool {
        let saved = self.saved(context);
        assert!(
            saved == self.version || saved == self.version + 1,
            "version {saved} after {} and {context}",
            self.version
        );
        let new = saved > self.version;
        self.version = saved;
        self.whole(context);
        new
    }

    /// A run that ends by itself leaves nothing that is not finished.
    pub fn tidy(&mut self, ran: &Ran, context: &str) {
        let files = self.project.files().into_iter().filter(|f| f.contains(".part")).collect();
        let before = std::mem::replace(&mut self.unfinished, files);
        let new: Vec<&String> = self.unfinished.difference(&before).collect();
        assert!(ran.exit.is_none() || new.is_empty(), "{new:?} are left: {context}: {ran:?}");
    }

    fn saved(&self, context: &str) -> u64 {
        let db = database::open(&self.project.database())
            .unwrap_or_else(|e| panic!("the database does not open after {context}: {e}"));
        let rows = database::rows(
            &db,
            "SELECT max(version) FROM camp.camp.audience WHERE label = 'Moving'",
        );
        rows.unwrap()[0][0].parse().unwrap()
    }

    /// The place in the round of what was exported last.
    fn exported(&self) -> Option<u64> {
        let text = std::fs::read_to_string(self.file("paying.csv")).ok()?;
        let ids: Vec<u64> =
            text.lines().skip(1).map(|l| l.split(',').next().unwrap().parse().unwrap()).collect();
        assert_eq!(ids.len(), 500, "the export is a part only");
        let first = *ids.iter().min().unwrap();
        assert_eq!(ids.iter().max(), Some(&(first + 998)), "the export is a mixture");
        Some(first / STEP)
    }

    /// Everything the database says agrees with itself and with what was saved.
    pub fn whole(&self, context: &str) {
        self.whole_in(&self.project.database(), self.version, context);
        let old = self.version.saturating_sub(1);
        let places = [self.place(self.version), self.place(old)];
        assert!(self.exported().is_none_or(|p| places.contains(&p)), "the export after {context}");
        // The copy for readers is of some version, and whole too.
        let copy = self.file("read.duckdb");
        if copy.exists() {
            let db = database::open(&copy).unwrap();
            let rows = database::rows(
                &db,
                "SELECT version FROM read.camp.audience WHERE label = 'Moving'",
            );
            let version: u64 = rows.unwrap()[0][0].parse().unwrap();
            drop(db);
            assert!(version <= self.version, "the copy is ahead after {context}");
            self.whole_in(&copy, version, context);
        }
    }

    fn whole_in(&self, file: &std::path::Path, version: u64, context: &str) {
        let db = database::open(file).unwrap();
        let name = file.file_stem().unwrap().to_string_lossy();
        let rows = |sql: &str| -> Vec<String> {
            let sql = sql.replace("CAT.", &format!("{name}.camp."));
            let rows = database::rows(&db, &sql);
            rows.unwrap_or_else(|e| panic!("{sql} after {context}: {e}"))
                .into_iter()
                .map(|r| r.join("|"))
                .collect()
        };
        let low = self.place(version) * STEP;
        assert_eq!(
            rows(
                "SELECT count(*), count(DISTINCT id), min(id), max(id), count(name) FROM audience.\"Moving\""
            ),
            [format!("1000|1000|{low}|{}|1000", low + 999)],
            "Moving after {context}"
        );
        assert_eq!(
            rows(
                "SELECT count(*), min(id), max(id), sum(id % 2), bool_and(spent = id + 0.5) FROM audience.\"Paying\""
            ),
            [format!("500|{low}|{}|0|true", low + 998)],
            "Paying after {context}"
        );
        let places: Vec<u64> = (1..=version).map(|v| self.place(v)).collect();
        let mut grown = BTreeSet::new();
        for place in &places {
            grown.extend(place * STEP..place * STEP + 1000);
        }
        assert_eq!(
            rows("SELECT count(*), count(DISTINCT id), min(id), max(id) FROM audience.\"Growing\""),
            [format!(
                "{0}|{0}|{1}|{2}",
                grown.len(),
                grown.first().unwrap(),
                grown.last().unwrap()
            )],
            "Growing after {context}"
        );
        // The catalogue says the same of each.
        assert_eq!(
            rows(
                "SELECT a.label, a.version, a.size, (SELECT max(version) FROM CAT.version v WHERE v.audience = a.id) \
                 FROM CAT.audience a ORDER BY a.label"
            ),
            [
                format!("Growing|{version}|{}|{version}", grown.len()),
                format!("Moving|{version}|1000|{version}"),
                format!("Paying|{version}|500|{version}"),
            ],
            "the catalogue after {context}"
        );
        assert_eq!(
            rows(
                "SELECT count(*), count(DISTINCT id), count(DISTINCT sequence) FROM CAT.run WHERE status = 'done'"
            ),
            [format!("{version}|{version}|{version}")],
            "the runs after {context}"
        );
        // Each version's members, replayed from who came and went.
        let replayed = rows(
            "SELECT v.version, v.size, count(m.key), min(m.key::BIGINT), max(m.key::BIGINT) \
             FROM CAT.version v JOIN CAT.audience a ON a.id = v.audience AND a.label = 'Moving' \
             LEFT JOIN CAT.membership m ON m.audience = a.label AND coalesce(m.entered_version, 0) <= v.version \
             AND (m.left_version IS NULL OR m.left_version > v.version) GROUP BY ALL ORDER BY v.version",
        );
        let expected: Vec<String> = (1..=version)
            .map(|v| {
                let low = self.place(v) * STEP;
                format!("{v}|1000|1000|{low}|{}", low + 999)
            })
            .collect();
        assert_eq!(replayed, expected, "the history after {context}");
        // Old versions are forgotten where that was asked for, and what is kept adds up.
        assert_eq!(
            rows(
                "SELECT count(*) <= 5, sum(CASE WHEN v.version > a.oldest_version THEN v.entered - v.left_count ELSE 0 END) \
                 = a.size - min_by(v.size, v.version) FROM CAT.version v JOIN CAT.audience a ON a.id = v.audience \
                 WHERE a.label = 'Paying' AND v.version >= a.oldest_version GROUP BY a.size, a.oldest_version"
            ),
            ["true|true"],
            "the retained history after {context}"
        );
    }
}
