//! The cases of a plugin, and the folders they run in.

use std::path::{Path, PathBuf};

use super::example;
use super::process::camp;
use crate::plugin::kit::{self, Trial};
use crate::plugin::manifest::{Example, Manifest};

/// A case.
pub(super) struct Case {
    /// Tells it from the others.
    pub(super) name: String,
    work: Work,
}

/// What a case does. Places are those of the manifest: the activity, the example.
enum Work {
    /// Looks whether users are told everything.
    Description,
    /// Runs an example and compares what comes of it.
    Example(usize, usize),
    /// Rehearses an example.
    DryRun(usize, usize),
    /// Makes the calls of an example in other ways.
    Trial(usize, usize, Trial),
}

/// All cases of a plugin.
pub(super) fn all(manifest: &Manifest) -> Vec<Case> {
    let mut cases =
        vec![Case { name: "users are told everything".into(), work: Work::Description }];
    let first = manifest.activities.iter().position(|a| !a.examples.is_empty());
    if let Some(first) = first {
        let work = Work::Trial(first, 0, Trial::Hosts);
        cases.push(Case { name: Trial::Hosts.title().into(), work });
    }
    for (a, activity) in manifest.activities.iter().enumerate() {
        for (n, example) in activity.examples.iter().enumerate() {
            let title = match example.title.as_str() {
                "" => format!("{}, example {}", activity.name, n + 1),
                title => format!("{}: {title}", activity.name),
            };
            cases.push(Case { name: title.clone(), work: Work::Example(a, n) });
            if example.error.is_some() {
                continue;
            }
            let mut more = |what: &str, work| {
                cases.push(Case { name: format!("{title}: {what}"), work });
            };
            more("a dry run leaves nothing behind", Work::DryRun(a, n));
            for trial in Trial::of(activity.kind) {
                more(trial.title(), Work::Trial(a, n, trial));
            }
        }
    }
    cases
}

impl Case {
    /// Runs it; what is wrong with the plugin.
    pub(super) fn run(&self, manifest: &Manifest, bench: &Bench, n: usize) -> Result<(), String> {
        let (activity, example) = match self.work {
            Work::Description => return kit::description(manifest),
            Work::Example(a, n) | Work::DryRun(a, n) | Work::Trial(a, n, _) => {
                let activity = &manifest.activities[a];
                (activity, &activity.examples[n])
            }
        };
        let folder = bench.folder(n, example)?;
        let result = match self.work {
            Work::Description => Ok(()),
            Work::Example(..) => example::runs(activity, example, &folder),
            Work::DryRun(..) => example::rehearses(&folder),
            Work::Trial(_, _, trial) => self.attempt(trial, &activity.name, bench, &folder),
        };
        // Only space is lost when that fails.
        let _ = std::fs::remove_dir_all(&folder);
        result
    }

    fn attempt(
        &self,
        trial: Trial,
        activity: &str,
        bench: &Bench,
        folder: &Path,
    ) -> Result<(), String> {
        let answer = folder.join("answer");
        let case = kit::Case {
            library: bench.library.clone(),
            trial,
            activity: activity.to_owned(),
            answer: answer.clone(),
        };
        let case = serde_json::to_string(&case).map_err(|e| e.to_string())?;
        let before = files(&folder.join("work"))?;
        let ran = camp(folder, &[kit::COMMAND, &case])?;
        if let Some(how) = ran.crashed() {
            return Err(how);
        }
        // A plugin that ends the process leaves no answer.
        let answer = std::fs::read_to_string(&answer)
            .map_err(|_| format!("the process ended with {}\n{}", ran.status, ran.stderr))?;
        if !answer.is_empty() {
            return Err(answer);
        }
        if !ran.stdout.is_empty() {
            return Err(format!("it writes to the standard output: {}", ran.stdout));
        }
        unchanged(&before, &files(&folder.join("work"))?)
    }
}

/// The files of a folder and of those below, with their sizes.
pub(super) fn files(folder: &Path) -> Result<Vec<(PathBuf, u64)>, String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).map_err(|e| e.to_string())? {
            let path = entry.map_err(|e| e.to_string())?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push((path.clone(), path.metadata().map_or(0, |m| m.len())));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Two lists of files are one.
pub(super) fn unchanged(before: &[(PathBuf, u64)], after: &[(PathBuf, u64)]) -> Result<(), String> {
    let differs = after
        .iter()
        .find(|file| !before.contains(file))
        .or_else(|| before.iter().find(|file| !after.contains(file)));
    match differs {
        None => Ok(()),
        Some((path, _)) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            Err(format!("it changes the file `{name}` in a dry run"))
        }
    }
}

/// Where the cases run.
pub(super) struct Bench {
    library: PathBuf,
    folder: PathBuf,
}

impl Bench {
    /// A folder that trusts the plugin; one that came with Camp needs no trust.
    pub(super) fn new(library: &Path, shipped: bool) -> Result<Bench, String> {
        let library = library.canonicalize().map_err(|e| e.to_string())?;
        let name = format!("camp-plugin-test-{}", std::process::id());
        let bench = Bench { library, folder: std::env::temp_dir().join(name) };
        std::fs::create_dir(&bench.folder).map_err(|e| e.to_string())?;
        let model = bench.folder.join("model").join("work");
        std::fs::create_dir_all(&model).map_err(|e| e.to_string())?;
        std::fs::write(model.join("camp.toml"), "timezone = \"UTC\"\n")
            .map_err(|e| e.to_string())?;
        if !shipped {
            let library = bench.library.to_string_lossy();
            let added = camp(&bench.folder.join("model"), &["plugin", "add", "--yes", &library])?;
            if !added.status.success() {
                return Err(added.stderr);
            }
        }
        Ok(bench)
    }

    /// A folder for a case: the project is in `work`, with the files of the example.
    fn folder(&self, n: usize, example: &Example) -> Result<PathBuf, String> {
        let text = |e: std::io::Error| e.to_string();
        let folder = self.folder.join(n.to_string());
        let work = folder.join("work");
        std::fs::create_dir_all(&work).map_err(text)?;
        let model = self.folder.join("model").join("work");
        for (file, _) in files(&model)? {
            let to = work.join(file.strip_prefix(&model).map_err(|e| e.to_string())?);
            if let Some(above) = to.parent() {
                std::fs::create_dir_all(above).map_err(text)?;
            }
            // Libraries are large, and nobody changes one.
            std::fs::hard_link(&file, &to)
                .or_else(|_| std::fs::copy(&file, &to).map(drop))
                .map_err(text)?;
        }
        for (name, content) in &example.files {
            if !kit::is_inside(name) {
                return Err(format!("the file `{name}` is not beside the script"));
            }
            let to = work.join(name);
            if let Some(above) = to.parent() {
                std::fs::create_dir_all(above).map_err(text)?;
            }
            std::fs::write(to, content).map_err(text)?;
        }
        std::fs::write(work.join(kit::SCRIPT), format!("{}\n", example.script)).map_err(text)?;
        Ok(folder)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
