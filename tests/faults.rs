//! Thousands of faults: runs that are killed, starved, robbed of their files or given damaged ones.
//! After each the database opens, audiences are whole, counts equal rows, history is consistent, and
//! the next run succeeds.
//!
//! `make test` does a few of each; `make faults COUNT=3000` does many and prints how many were
//! survived. The order is random: `CAMP_FAULTS_SEED` repeats one. `CAMP_FAULTS_SECONDS` ends it early.

mod disk;
mod inflict;
mod patience;
mod state;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use inflict::{Fault, Outcome};
use state::Subject;

/// Faults of each project before a new one is started: its history is looked at after each.
const EACH: u64 = 40;

/// A small generator, so that a seed repeats everything.
pub struct Random(u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

/// What befell runs, how they ended, and how often.
#[derive(Default)]
struct Told(BTreeMap<(&'static str, &'static str), u64>);

impl Told {
    fn note(&mut self, fault: &Fault, outcome: Outcome) {
        *self.0.entry((fault.kind(), outcome.words())).or_default() += 1;
    }

    fn print(&self) {
        println!("\n| fault | the run then | times |\n|---|---|---|");
        for ((fault, outcome), times) in &self.0 {
            println!("| {fault} | {outcome} | {times} |");
        }
    }

    fn saw(&self, outcome: Outcome) -> bool {
        self.0.keys().any(|(_, o)| *o == outcome.words())
    }
}

/// What one leaves is what the next one finds: also that nothing adds up over many.
#[test]
fn a_run_may_be_killed_at_each_of_its_steps() {
    // In a long run also a moment into each step.
    let moments: &[u64] = match number("CAMP_FAULTS") {
        Some(_) => &[0, 100, 300, 1000, 3000],
        None => &[0],
    };
    let mut told = Told::default();
    let mut steps = 0;
    for &micros in moments {
        let mut subject = Subject::new(7, false);
        steps = subject.steps;
        for step in 1..=steps {
            let fault = match micros {
                0 => Fault::KilledAt { step },
                _ => Fault::KilledIn { step, micros },
            };
            let context = format!("{fault:?}");
            let outcome = fault.inflict(&mut subject, &context);
            assert!(micros > 0 || outcome != Outcome::Finished, "not killed by {context}");
            told.note(&fault, outcome);
            // Exports that were never put in their place are of any version.
            if outcome == Outcome::New {
                subject.run_on(&context);
            }
        }
        subject.run_on("all of them");
        subject.whole("all of them");
    }
    told.print();
    println!("\n{} kills survived, {steps} steps", steps * moments.len() as u64);
    assert!(told.saw(Outcome::Old) && told.saw(Outcome::New), "{:?}", told.0);
}

#[test]
fn runs_survive_kills_full_disks_little_memory_and_damaged_files() {
    let count = number("CAMP_FAULTS").unwrap_or(24);
    let seed = number("CAMP_FAULTS_SEED").unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        now.as_nanos() as u64
    });
    println!("seed {seed}");
    let mut random = Random(seed | 1);
    let begun = Instant::now();
    let enough = number("CAMP_FAULTS_SECONDS").map(Duration::from_secs);
    let mut survived = 0;
    let mut told = Told::default();
    // Mounting needs rights and is felt outside of the test, so a short run does without.
    let own_disk = count > 200;
    let mut subject = Subject::new(random.below(20), own_disk);
    if own_disk && subject.disk.is_none() {
        println!("left out: a disk of its own that fills up, which needs the right to mount one");
    }
    for n in 0..count {
        if enough.is_some_and(|enough| begun.elapsed() > enough) {
            break;
        }
        if n > 0 && n % EACH == 0 {
            subject = Subject::new(random.below(20), own_disk);
        }
        // Each kind in turn, so that a short run has all of them.
        let fault = Fault::choose(n, &mut random, &subject);
        let context = format!("fault {n} of seed {seed}: {fault:?}");
        let outcome = fault.inflict(&mut subject, &context);
        told.note(&fault, outcome);
        // Whatever happened, the next run goes well.
        subject.run_on(&context);
        subject.whole(&context);
        survived += 1;
        if count > 200 && survived % 100 == 0 {
            println!("{survived} faults survived after {:.0?}", begun.elapsed());
        }
    }
    told.print();
    println!("\n{survived} faults survived in {:.0?}, seed {seed}", begun.elapsed());
    assert!(told.saw(Outcome::Old), "no fault hit: {:?}", told.0);
}
