//! The conformance kit: what every plugin has to keep, tried on it. Each case runs in a process of its
//! own, which `camp plugin test` starts; here is what such a process does.
//!
//! The calls come from the examples of the plugin's manifest: an example is checked like any script, and
//! the calls that the host makes then are noted ([`record`]) and made again with other rows
//! ([`relations`]), names and values. So every call is one that a script can make, but for [`wrong`].

mod direct;
mod names;
mod outputs;
mod planner;
pub(super) mod record;
mod relations;
mod rows;
mod wrong;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::record::Recorded;
use self::relations::Rows;
use super::host::{Call, RunFacts};
use super::manifest::{Kind, Manifest};
use crate::session::{Session, Settings};

/// The hidden command of the program that runs a case.
pub const COMMAND: &str = "__plugin-case";
/// The environment variable that stands for every secret.
pub const SECRET: &str = "CAMP_PLUGIN_TEST_SECRET";
/// The instant of every run of the kit.
pub const AS_OF: &str = "2026-11-24T05:00:00Z";
/// The script of a case, in its folder.
pub const SCRIPT: &str = "example.camp";

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trial {
    /// Hosts of other minors.
    Hosts,
    /// The same plan for the same call.
    SamePlan,
    /// Rows of one kind.
    NoRows,
    /// Rows of one kind.
    OneRow,
    /// Rows of one kind.
    MissingValues,
    /// Rows of one kind.
    OddTexts,
    /// Rows of one kind.
    ManyRows,
    /// Columns with odd names.
    OddNames,
    /// Values of wrong types.
    WrongValues,
    /// The input breaks off.
    InputFails,
    /// It is asked to stop.
    Stops,
    /// The host lets go of the output.
    LetGo,
}

impl Trial {
    /// What a kind of activity is put through.
    pub fn of(kind: Kind) -> Vec<Trial> {
        let mut all = vec![
            Trial::NoRows,
            Trial::OneRow,
            Trial::MissingValues,
            Trial::OddTexts,
            Trial::ManyRows,
            Trial::OddNames,
            Trial::WrongValues,
        ];
        match kind {
            Kind::Planner => all.insert(0, Trial::SamePlan),
            Kind::Executor | Kind::Delivery => {
                all.extend([Trial::InputFails, Trial::Stops, Trial::LetGo]);
            }
        }
        all
    }

    /// What has to hold, in words.
    pub fn title(self) -> &'static str {
        match self {
            Trial::Hosts => "older and newer hosts are served or refused",
            Trial::SamePlan => "one call has one plan",
            Trial::NoRows => "no rows",
            Trial::OneRow => "one row",
            Trial::MissingValues => "nothing in any column that may be missing",
            Trial::OddTexts => "texts that are hard to quote",
            Trial::ManyRows => "many rows",
            Trial::OddNames => "columns with odd names",
            Trial::WrongValues => "values of wrong types are refused in words",
            Trial::InputFails => "an input that breaks off breaks the output",
            Trial::Stops => "it stops when it is asked to",
            Trial::LetGo => "the host may let go at any time",
        }
    }
}

/// A case, as the process that runs it is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Case {
    /// The library.
    pub library: PathBuf,
    /// What is tried.
    pub trial: Trial,
    /// The activity whose calls are made again.
    pub activity: String,
    /// Where the answer goes: nothing when all is well, else what is wrong. Not the standard output:
    /// that has to stay empty.
    pub answer: PathBuf,
}

/// What the hidden command does, in the folder of the case.
///
/// # Errors
/// The case, or its answer, is not readable or writable.
pub fn answer(case: &str) -> Result<(), String> {
    let case: Case = serde_json::from_str(case).map_err(|e| e.to_string())?;
    let answer = attempt(&case).err().unwrap_or_default();
    std::fs::write(&case.answer, answer).map_err(|e| e.to_string())
}

fn attempt(case: &Case) -> Result<(), String> {
    if case.trial == Trial::Hosts {
        return wrong::hosts(&case.library);
    }
    for call in &recorded(&case.activity)? {
        let planner = outputs::activity(call)?.kind == Kind::Planner;
        let with = |call: &Recorded, rows| match planner {
            true => planner::holds(call, rows),
            false => rows::holds(call, rows),
        };
        match case.trial {
            Trial::Hosts => {}
            Trial::SamePlan => planner::same_plan(call)?,
            Trial::NoRows => with(call, Rows::None)?,
            Trial::OneRow => with(call, Rows::One)?,
            Trial::MissingValues => with(call, Rows::Missing)?,
            Trial::OddTexts => with(call, Rows::Odd)?,
            Trial::ManyRows => with(call, Rows::Many)?,
            Trial::OddNames => with(&names::odd(call), Rows::Odd)?,
            Trial::WrongValues => wrong::values(call)?,
            Trial::InputFails => rows::input_fails(call)?,
            Trial::Stops => rows::stops(call)?,
            Trial::LetGo => rows::let_go(call)?,
        }
    }
    Ok(())
}

/// The calls of an activity that the example of this folder makes.
fn recorded(activity: &str) -> Result<Vec<Recorded>, String> {
    record::start();
    let mut session = Session::new(Settings {
        as_of: AS_OF.parse().ok(),
        default_timezone: Some("UTC".into()),
        project: Some(PathBuf::from(".")),
        ..Settings::default()
    });
    let (_, found) = session.check(&[SCRIPT.to_owned()]);
    if let Some(error) = found.iter().find(|d| d.severity == crate::diagnostic::Severity::Error) {
        return Err(format!("the example has an error: {}", error.title));
    }
    let mut calls = record::taken();
    calls.retain(|call| call.activity == activity);
    if calls.is_empty() {
        return Err(format!("the example does not call `{activity}`"));
    }
    // All outputs that a call may name are looked at.
    for call in &mut calls {
        let Ok(entry) = outputs::activity(call) else { continue };
        let repeated = entry.outputs.iter().any(|o| o.repeat);
        let names: Vec<String> = entry.outputs.iter().map(|o| o.name.clone()).collect();
        let Some(taken) = call.document["outputs"].as_array_mut() else { continue };
        for name in names.iter().skip(taken.len()).filter(|_| !repeated) {
            taken.push(serde_json::json!({"name": format!("kit_{name}"), "output": name}));
        }
    }
    Ok(calls)
}

/// A call as the kit's host makes it.
fn host_call(call: &Recorded, stop: Arc<AtomicBool>) -> Call {
    let facts = RunFacts {
        dry_run: true,
        attempt: 1,
        now_us: 1_795_496_400_000_000,
        run_id: "kit".into(),
        campaign: "Kit".into(),
        node: "node".into(),
        // Every trial has a time limit of its own.
        patience: Duration::MAX,
    };
    // Every secret is the kit's.
    let params = call.document["params"].as_object().into_iter().flatten();
    let secrets = params
        .filter(|(_, value)| value.get("secret").is_some())
        .map(|(name, _)| (name.clone(), SECRET.to_owned()))
        .collect();
    Call::new(call.document.clone(), &facts, secrets, stop, Arc::default())
}

/// What a manifest leaves out that users want to know.
pub fn description(manifest: &Manifest) -> Result<(), String> {
    let said = |text: &str, what: String| match text.trim().is_empty() {
        true => Err(format!("{what} has no documentation")),
        false => Ok(()),
    };
    said(&manifest.plugin.description, "the plugin".into())?;
    for activity in &manifest.activities {
        let name = &activity.name;
        said(&activity.summary, format!("`{name}`"))?;
        for input in &activity.inputs {
            said(&input.doc, format!("input `{}` of `{name}`", input.name))?;
        }
        for output in &activity.outputs {
            said(&output.doc, format!("output `{}` of `{name}`", output.name))?;
        }
        for param in &activity.params {
            said(&param.doc, format!("parameter `{}` of `{name}`", param.name))?;
        }
        if activity.examples.iter().all(|example| example.error.is_some()) {
            return Err(format!("`{name}` has no example that goes well"));
        }
    }
    Ok(())
}

/// The shape of a file name that a manifest may ask for: beside the script or below.
pub fn is_inside(name: &str) -> bool {
    Path::new(name).components().all(|c| matches!(c, std::path::Component::Normal(_)))
}
