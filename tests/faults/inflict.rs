//! The faults, and what a run may do when one befalls it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::project::Ran;
use crate::support::{database, drive};

use super::Random;
use super::patience::{ended, run};
use super::state::Subject;

/// What happens to a run; with a `log`, while a commit of another program is to be replayed.
#[derive(Debug)]
pub enum Fault {
    /// Killed before a step of its own.
    KilledAt { step: u64 },
    /// Killed a moment after one has begun.
    KilledIn { step: u64, micros: u64 },
    /// Killed from outside at any time.
    Killed { micros: u64 },
    /// No file may become larger than this.
    DiskFull { blocks: u64, log: bool },
    /// The disk has so much room left.
    Filled { free: u64 },
    /// The process may have so much address space.
    NoMemory { kilobytes: u64, log: bool },
    /// The engine may use so little memory.
    LittleMemory { kilobytes: u64, log: bool },
    /// A file is gone before the run.
    Removed { file: &'static str },
    /// A file goes away while it runs.
    Vanishes { file: &'static str, micros: u64 },
    /// The log beside the database ends too early.
    LogCut { bytes: u64 },
    /// Some of the log is something else.
    LogDamaged { at: u64, bytes: u64 },
    /// Told to end (SIGTERM).
    Ended { micros: u64 },
}

/// What the run did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It went well all the same, or was done already.
    Finished,
    /// Nothing of it is left.
    Old,
    /// It broke off after its commit.
    New,
    /// It died of itself, and nothing of it is left.
    DiedOld,
    /// It died of itself after its commit.
    DiedNew,
    /// The damage was told, nothing was touched, and a backup put back.
    Restored,
}

impl Outcome {
    pub fn words(self) -> &'static str {
        match self {
            Outcome::Finished => "succeeds",
            Outcome::Old => "leaves the old version",
            Outcome::New => "leaves the new version",
            Outcome::DiedOld => "dies, the old version stands",
            Outcome::DiedNew => "dies, the new version stands",
            Outcome::Restored => "refuses the file, untouched",
        }
    }
}

const FILES: [&str; 5] =
    ["orders.csv", "read.duckdb", "paying.csv", "camp.duckdb.tmp", "camp.toml"];

impl Fault {
    /// Of the kind whose turn it is.
    pub fn choose(turn: u64, random: &mut Random, subject: &Subject) -> Fault {
        // A little behind the end too.
        let step = 1 + random.below(subject.steps + 2);
        let micros = random.below(subject.micros * 6 / 5);
        match turn % 12 {
            0 => Fault::KilledAt { step },
            1 if subject.disk.is_some() && random.below(2) == 0 => {
                // With less than 96 KB the commit and the export have no room, with more the copy.
                let most = if random.below(2) == 0 { 96 << 10 } else { 4 << 20 };
                Fault::Filled { free: random.below(most) }
            }
            1 => Fault::DiskFull {
                // Either the log and the export have no room, or the database has none.
                blocks: match random.below(2) {
                    0 => random.below(160),
                    _ => random.below(full(subject) * 11 / 10),
                },
                log: random.below(2) == 0,
            },
            2 => Fault::KilledIn { step, micros: random.below(3000) },
            3 => Fault::LogCut { bytes: random.next() },
            4 => Fault::Killed { micros },
            5 => Fault::NoMemory {
                kilobytes: 100_000 + random.below(600_000),
                log: random.below(2) == 0,
            },
            6 => Fault::KilledAt { step: subject.steps - random.below(subject.steps / 2) },
            7 => Fault::Removed { file: FILES[random.below(FILES.len() as u64) as usize] },
            8 => Fault::KilledIn {
                step: subject.steps - random.below(subject.steps / 2),
                micros: random.below(1500),
            },
            9 => Fault::LogDamaged { at: random.next(), bytes: 1 + random.below(64) },
            10 => match random.below(2) {
                0 => Fault::LittleMemory {
                    kilobytes: 100 + random.below(40_000),
                    log: random.below(2) == 0,
                },
                _ => Fault::Ended { micros },
            },
            _ => Fault::Vanishes { file: FILES[random.below(FILES.len() as u64) as usize], micros },
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Fault::KilledAt { .. } => "killed before a step",
            Fault::KilledIn { .. } => "killed in a step",
            Fault::Killed { .. } => "killed at any time",
            Fault::DiskFull { .. } => "size of files limited",
            Fault::Filled { .. } => "disk full",
            Fault::NoMemory { .. } => "address space denied",
            Fault::LittleMemory { .. } => "little memory",
            Fault::Removed { .. } => "file removed before",
            Fault::Vanishes { .. } => "file removed meanwhile",
            Fault::LogCut { .. } => "log cut off",
            Fault::LogDamaged { .. } => "log damaged",
            Fault::Ended { .. } => "told to end",
        }
    }

    /// Whether it ends the process from outside.
    fn kills(&self) -> bool {
        matches!(
            self,
            Fault::KilledAt { .. }
                | Fault::KilledIn { .. }
                | Fault::Killed { .. }
                | Fault::Ended { .. }
        )
    }

    /// Lets a run meet it, and looks at what is left.
    pub fn inflict(&self, subject: &mut Subject, context: &str) -> Outcome {
        match *self {
            Fault::KilledAt { step } => {
                let ran = run(subject.next().env("CAMP_TEST_KILL", step.to_string()), context);
                finish(self, subject, &ran, context)
            }
            Fault::KilledIn { step, micros } => {
                let kill = format!("{step}+{micros}");
                let ran = run(subject.next().env("CAMP_TEST_KILL", kill), context);
                finish(self, subject, &ran, context)
            }
            Fault::Killed { micros } => {
                let ran = while_running(subject, micros, context, |id| send(id, libc::SIGKILL));
                finish(self, subject, &ran, context)
            }
            Fault::Ended { micros } => {
                let ran = while_running(subject, micros, context, |id| send(id, libc::SIGTERM));
                finish(self, subject, &ran, context)
            }
            Fault::DiskFull { blocks, log } => {
                if log {
                    leave_log(subject);
                }
                let limits = format!("trap '' XFSZ; ulimit -f {blocks}");
                let ran = limited(subject, &limits, context);
                finish(self, subject, &ran, context)
            }
            Fault::Filled { free } => {
                let filler = subject.disk.as_ref().unwrap().fill(free);
                let ran = run(&mut subject.next(), context);
                remove(&filler);
                finish(self, subject, &ran, context)
            }
            Fault::NoMemory { kilobytes, log } => {
                if log {
                    leave_log(subject);
                }
                let ran = limited(subject, &format!("ulimit -v {kilobytes}"), context);
                finish(self, subject, &ran, context)
            }
            Fault::LittleMemory { kilobytes, log } => {
                if log {
                    leave_log(subject);
                }
                let limit = format!("{kilobytes}KB");
                let ran = run(subject.next().args(["--memory-limit", &limit]), context);
                finish(self, subject, &ran, context)
            }
            Fault::Removed { file } => {
                remove(&subject.file(file));
                let ran = run(&mut subject.next(), context);
                let outcome = finish(self, subject, &ran, context);
                replace(subject);
                outcome
            }
            Fault::Vanishes { file, micros } => {
                let path = subject.file(file);
                let ran = while_running(subject, micros, context, |_| remove(&path));
                let outcome = finish(self, subject, &ran, context);
                replace(subject);
                outcome
            }
            Fault::LogCut { bytes } => damaged(self, subject, context, |log| {
                let keep = bytes % (log.len() as u64 + 1);
                log.truncate(keep as usize);
            }),
            Fault::LogDamaged { at, bytes } => damaged(self, subject, context, |log| {
                let at = (at % log.len() as u64) as usize;
                let end = (at + bytes as usize).min(log.len());
                for byte in &mut log[at..end] {
                    *byte = !*byte;
                }
            }),
        }
    }
}

/// Blocks of 512 bytes that the database has.
fn full(subject: &Subject) -> u64 {
    fs::metadata(subject.project.database()).map_or(0, |m| m.len()) / 512
}

/// A run under a shell's limits.
fn limited(subject: &Subject, limits: &str, context: &str) -> Ran {
    let camp = drive::executable();
    let camp = camp.display();
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{limits}; exec {camp} \"$@\""), "sh"]);
    command.args(subject.arguments());
    command.current_dir(subject.project.path("")).env("TZ", "UTC").env("NO_COLOR", "1");
    run(&mut command, context)
}

fn while_running(subject: &Subject, micros: u64, context: &str, what: impl FnOnce(u32)) -> Ran {
    let mut command = subject.next();
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    std::thread::sleep(Duration::from_micros(micros));
    what(child.id());
    ended(child, context)
}

fn send(process: u32, signal: i32) {
    // SAFETY: a child that was not waited for yet, so the number is its own.
    unsafe {
        libc::kill(process as i32, signal);
    }
}

fn remove(path: &Path) {
    let _ = fs::remove_file(path);
    let _ = fs::remove_dir_all(path);
}

/// Puts back what a fault took away and a run needs.
fn replace(subject: &Subject) {
    subject.write_orders();
    subject.project.write("camp.toml", "timezone = \"UTC\"\npublish = \"read.duckdb\"\n");
}

/// What a run that ended somehow has done; it never says that it went well and has not.
fn finish(fault: &Fault, subject: &mut Subject, ran: &Ran, context: &str) -> Outcome {
    assert!(!ran.stderr.contains("panicked"), "{context}: {}", ran.stderr);
    if !matches!(fault, Fault::LogCut { .. } | Fault::LogDamaged { .. }) {
        let cries = ran.stderr.contains("damaged");
        assert!(!cries, "nothing is damaged: {context}: {}", ran.stderr);
    }
    subject.tidy(ran, context);
    let new = subject.settle(context);
    match (ran.exit, new) {
        (Some(0), true) => Outcome::Finished,
        (Some(0), false) => panic!("it said that it saved, and did not: {context}: {ran:?}"),
        // Only what denies address space may end the process: not every part of the engine, of the
        // allocator and of the system's loader has a way to say that there is none.
        (None, new) if !fault.kills() => {
            assert!(matches!(fault, Fault::NoMemory { .. }), "it died: {context}: {ran:?}");
            if new { Outcome::DiedNew } else { Outcome::DiedOld }
        }
        (_, true) => Outcome::New,
        (_, false) => Outcome::Old,
    }
}

/// A commit of another program that is in the log only.
fn leave_log(subject: &Subject) {
    let db = database::open(&subject.project.database()).unwrap();
    db.execute_batch(
        "PRAGMA disable_checkpoint_on_shutdown; CREATE OR REPLACE TABLE theirs AS SELECT range AS i \
         FROM range(3000); UPDATE theirs SET i = i + 1 WHERE i < 100",
    )
    .unwrap();
}

/// Such a log, damaged.
fn damaged(
    fault: &Fault,
    subject: &mut Subject,
    context: &str,
    damage: impl Fn(&mut Vec<u8>),
) -> Outcome {
    let database = subject.project.database();
    let log = subject.file("camp.duckdb.wal");
    let backup = fs::read(&database).unwrap();
    leave_log(subject);
    let whole = fs::read(&log).unwrap_or_else(|e| panic!("the engine left no log: {context}: {e}"));
    let mut bytes = whole.clone();
    damage(&mut bytes);
    fs::write(&log, &bytes).unwrap();
    let before = fs::read(&database).unwrap();
    let ran = run(&mut subject.next(), context);
    assert!(!ran.stderr.contains("panicked"), "{context}: {}", ran.stderr);
    if ran.exit == Some(0) {
        // What was cut off is a commit that is not there; the rest was replayed.
        return finish(fault, subject, &ran, context);
    }
    assert_eq!(ran.exit, Some(4), "{context}: {ran:?}");
    assert!(ran.stderr.contains("camp.duckdb"), "{context}: {}", ran.stderr);
    assert_eq!(fs::read(&log).unwrap(), bytes, "the log was touched: {context}");
    assert_eq!(fs::read(&database).unwrap(), before, "the database was touched: {context}");
    fs::write(&database, &backup).unwrap();
    fs::remove_file(&log).unwrap();
    subject.whole(context);
    Outcome::Restored
}
