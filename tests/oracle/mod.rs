//! The oracle: a naive evaluator of a program, one row at a time, with nested loops and no SQL,
//! written from the language reference; and random campaigns on random data that the interpreter
//! and it must agree on.
//!
//! `CAMP_ORACLE_CASES=2000 cargo test --test main oracle::` runs more of them, from the seed
//! `CAMP_ORACLE_SEED`; each failure prints its seed and what is left after making it smaller.

mod calendar;
pub mod data;
mod evaluate;
pub mod random;
pub mod script;
mod steps;
pub mod trial;
mod value;

use std::panic::{AssertUnwindSafe, catch_unwind};

use trial::{Outcome, Tally, Trial};

/// How many trials a shard makes.
fn cases() -> u64 {
    number("CAMP_ORACLE_CASES").unwrap_or(48) / SHARDS
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Tests that run beside each other.
const SHARDS: u64 = 4;

fn shard(shard: u64) {
    let first = number("CAMP_ORACLE_SEED").unwrap_or(1);
    let mut tally = Tally::default();
    let mut failures = Vec::new();
    let (mut compared, mut agreed, mut refused) = (0, 0, 0);
    for n in 0..cases() {
        let seed = first + n * SHARDS + shard;
        let mut trial = Trial::random(seed);
        // A panic needs its seed as much as a difference does.
        let ended = catch_unwind(AssertUnwindSafe(|| trial.examine(&mut tally)));
        let Ok(outcome) = ended else { panic!("seed {seed} broke off:\n{}", trial.show()) };
        match outcome {
            Outcome::Agreed(audiences) => {
                compared += audiences;
                agreed += 1;
            }
            Outcome::Refused(why) => {
                refused += 1;
                eprintln!("seed {seed} is refused: {why}\n{}", trial.show());
            }
            Outcome::Differs(how) => {
                let (trial, how) = trial.shrunk(how);
                failures.push(format!("seed {seed}: {how}\n{}", trial.show()));
                if failures.len() >= number("CAMP_ORACLE_FAILURES").unwrap_or(1) as usize {
                    break;
                }
            }
        }
    }
    eprintln!("{agreed} programs agreed, {compared} audiences; {refused} refused");
    eprintln!("{} statements written, refused: {:#?}", tally.written, tally.refused);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    // Else the random campaigns no longer say anything.
    let out: usize = tally.refused.values().sum();
    assert!(out * 4 < tally.written, "{out} of {} statements are refused", tally.written);
    // Two files of one run may not fit together: each was checked alone.
    assert!(refused * 4 <= cases(), "{refused} scripts are refused");
}

#[test]
fn random_campaigns_give_what_the_oracle_says_1() {
    shard(0);
}

#[test]
fn random_campaigns_give_what_the_oracle_says_2() {
    shard(1);
}

#[test]
fn random_campaigns_give_what_the_oracle_says_3() {
    shard(2);
}

#[test]
fn random_campaigns_give_what_the_oracle_says_4() {
    shard(3);
}
