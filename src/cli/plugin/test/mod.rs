//! `camp plugin test`: the conformance kit. Every case runs in a folder and in processes of its own, so
//! that a crash, a plugin that hangs, or one that writes where it may not is the result of one case.

mod cases;
mod example;
mod process;
mod report;
mod tables;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use self::cases::{Bench, Case};
use super::super::Exit;
use super::super::output::{Format, Output};
use super::{info, is_path};
use crate::diagnostic::codes::usage;
use crate::diagnostic::{Area, Diagnostic};
use crate::plugin::finder::Finder;
use crate::plugin::manifest::Manifest;
use crate::plugin::{lock, probe, trust};

#[derive(clap::Args, Debug)]
pub(in crate::cli) struct Args {
    /// An installed plugin, or the path of a library
    #[arg(value_name = "NAME|LIBRARY")]
    plugin: String,
    /// Only the cases whose name contains this
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Write a report as JUnit XML too, for build servers
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

/// How a case ended.
struct Ended {
    /// The case.
    name: String,
    /// What is wrong; nothing when all is well.
    wrong: Option<String>,
    /// How long it took.
    took: Duration,
}

pub(super) fn run(args: &Args, finder: &Finder, out: &mut Output) -> Exit {
    match test(args, finder, out) {
        Ok(exit) => exit,
        Err(wrong) => out.diagnostic(*wrong),
    }
}

fn test(args: &Args, finder: &Finder, out: &mut Output) -> Result<Exit, Box<Diagnostic>> {
    let (manifest, library, shipped) = if is_path(&args.plugin) {
        let path = PathBuf::from(&args.plugin);
        (of_library(&path, out)?, path, false)
    } else {
        let manifest = info::of_name(&args.plugin, finder)?.0;
        let place = finder.find(&args.plugin).ok_or_else(|| info::unknown(&args.plugin, finder))?;
        (manifest, place.path, place.shipped)
    };
    let bench = Bench::new(&library, shipped).map_err(|why| {
        Diagnostic::error(usage::UNWRITABLE, "The plugin cannot be tested")
            .help("see what the system says")
            .cause(why)
    })?;
    let mut cases = cases::all(&manifest);
    if let Some(filter) = &args.filter {
        cases.retain(|case| case.name.contains(filter.as_str()));
    }
    let ended = run_all(&cases, &manifest, &bench, out);
    if out.format == Format::Json {
        out.json(&report::json(&ended));
    }
    if let Some(path) = &args.junit {
        std::fs::write(path, report::junit(&manifest, &ended)).map_err(|e| {
            Diagnostic::error(usage::UNWRITABLE, format!("`{}` cannot be written", path.display()))
                .help("choose a file that can be written")
                .cause(e)
        })?;
    }
    let wrong = ended.iter().filter(|e| e.wrong.is_some()).count();
    out.say(&format!("{} cases, {wrong} wrong", ended.len()));
    Ok(if wrong == 0 { Exit::FINE } else { Exit::of_area(Area::Plugin) })
}

fn of_library(path: &Path, out: &mut Output) -> Result<Manifest, Box<Diagnostic>> {
    let bytes = trust::read(path)?;
    out.say(&format!("{} {}", path.display(), lock::hash(&bytes)));
    Ok(probe::probe(&trust::private_copy(&bytes)?, path)?.manifest)
}

/// Runs the cases, several at a time, and tells how each ended in the order of the list.
fn run_all(cases: &[Case], manifest: &Manifest, bench: &Bench, out: &mut Output) -> Vec<Ended> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let (sender, results) = mpsc::channel();
    let sender = Mutex::new(sender);
    let mut ended: Vec<Option<Ended>> = cases.iter().map(|_| None).collect();
    let mut told = 0;
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let sender = sender.lock().map(|s| s.clone());
            let Ok(sender) = sender else { continue };
            let next = &next;
            scope.spawn(move || {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(n) else { return };
                    let begun = Instant::now();
                    let wrong = case.run(manifest, bench, n).err();
                    let name = case.name.clone();
                    // Nobody listens any more when the program ends.
                    let _ = sender.send((n, Ended { name, wrong, took: begun.elapsed() }));
                }
            });
        }
        for _ in 0..cases.len() {
            let Ok((n, result)) = results.recv() else { break };
            ended[n] = Some(result);
            while let Some(Some(result)) = ended.get(told) {
                if out.format != Format::Json {
                    out.print(&report::line(result));
                }
                told += 1;
            }
        }
    });
    ended.into_iter().flatten().collect()
}
