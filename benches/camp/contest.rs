//! Contestants that take turns, each in a process of its own, and what they cost.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A name, and how to start it.
pub type Contestant<'a> = (&'a str, &'a mut dyn FnMut() -> Command);

/// What one process cost.
pub struct Cost {
    pub wall: Duration,
    pub cpu: Duration,
    pub peak_kib: u64,
}

/// Alternates the contestants and prints a row for each, compared with the last one.
pub fn compare(name: &str, contestants: &mut [Contestant<'_>]) {
    let costs = measure(contestants);
    let (base, _) = median(&costs[costs.len() - 1].1);
    for (contestant, costs) in &costs {
        let (middle, fastest) = median(costs);
        println!(
            "| {name} | {contestant} | {} | {} | {:.2} |",
            millis(middle),
            millis(fastest),
            middle.as_secs_f64() / base.as_secs_f64()
        );
    }
}

pub fn measure(contestants: &mut [Contestant<'_>]) -> Vec<(String, Vec<Cost>)> {
    let rounds = std::env::var("CAMP_BENCH_ROUNDS").ok().and_then(|r| r.parse().ok()).unwrap_or(7);
    let mut costs: Vec<(String, Vec<Cost>)> =
        contestants.iter().map(|(name, _)| ((*name).to_owned(), Vec::new())).collect();
    for round in 0..=rounds {
        for (n, (name, command)) in contestants.iter_mut().enumerate() {
            let cost = run(name, command());
            // The first round warms the file cache.
            if round > 0 {
                costs[n].1.push(cost);
            }
        }
    }
    costs
}

/// Runs a process to its end; CPU time and peak memory as the system counted them.
#[expect(clippy::zombie_processes, reason = "wait4 waits, and tells what it cost")]
fn run(name: &str, mut command: Command) -> Cost {
    let begun = Instant::now();
    let child = command.stdout(Stdio::null()).spawn().unwrap();
    let mut status = 0;
    // SAFETY: an all-zero `rusage` is a valid value, and both pointers live for the call.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::wait4(child.id() as libc::pid_t, &mut status, 0, &mut usage);
        usage
    };
    let wall = begun.elapsed();
    assert_eq!(status, 0, "{name} failed");
    let time = |t: libc::timeval| {
        Duration::from_secs(t.tv_sec as u64) + Duration::from_micros(t.tv_usec as u64)
    };
    Cost {
        wall,
        cpu: time(usage.ru_utime) + time(usage.ru_stime),
        peak_kib: usage.ru_maxrss as u64,
    }
}

/// The median and the lowest time.
pub fn median(costs: &[Cost]) -> (Duration, Duration) {
    let mut walls: Vec<Duration> = costs.iter().map(|c| c.wall).collect();
    walls.sort();
    (walls[walls.len() / 2], walls[0])
}

pub fn millis(d: Duration) -> String {
    format!("{:.0} ms", d.as_secs_f64() * 1000.0)
}
