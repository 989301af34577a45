//! The sample campaigns, as people write them, run over small made data.
//!
//! They protect the language as a whole: each is checked and planned, and those with plugins are run
//! ([`real`]).

mod real;

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::project::Project;

pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/samples");

/// The instant that the made data is around.
pub const AS_OF: &str = "2026-11-25T09:30:00Z";

pub fn samples() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with(|c: char| c.is_ascii_digit()) && name.ends_with(".camp")
        })
        .collect();
    found.sort();
    found
}

/// A project with the made data, the model, and the audiences that samples read.
pub fn project() -> Project {
    let project = Project::new();
    for folder in ["data/orders", "data/opens", "in", "lake/visits", "out"] {
        fs::create_dir_all(project.path(folder)).unwrap();
    }
    let setup = fs::read_to_string(Path::new(FOLDER).join("setup.sql")).unwrap();
    project.sql(&setup.replace("{dir}", &project.path(".").to_string_lossy()));
    fs::create_dir(project.path("templates")).unwrap();
    for template in fs::read_dir(Path::new(FOLDER).join("templates")).unwrap().flatten() {
        fs::copy(template.path(), project.path("templates").join(template.file_name())).unwrap();
    }
    for file in ["model.camp", "before.camp"] {
        fs::copy(Path::new(FOLDER).join(file), project.path(file)).unwrap();
    }
    let ran = project.camp(&["run", "before.camp", "--as-of", AS_OF]);
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    project
}

#[test]
fn there_are_forty_campaigns_and_one_more() {
    assert_eq!(samples().len(), 41);
}

#[test]
fn every_sample_checks_and_plans() {
    let mut problems = Vec::new();
    let project = project();
    for sample in samples() {
        let name = sample.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&sample).unwrap();
        fs::write(project.path(&name), &text).unwrap();
        let checked = project.camp(&["check", &name, "--as-of", AS_OF]);
        if checked.exit != Some(0) {
            problems.push(format!("{name}: check\n{}", checked.stderr));
            continue;
        }
        let plan = ["plan", &name, "--as-of", AS_OF];
        let ran = project.camp(&plan);
        // A guard may not hold for the made data: then the plan says so, which is 3.
        if !matches!(ran.exit, Some(0 | 3)) {
            problems.push(format!("{name}: plan\n{}{}", ran.stdout, ran.stderr));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn saves_of_a_sample_are_what_its_rules_say() {
    // 34: everybody is in one of the two, by the law that nobody falls through the cracks.
    let project = project();
    let name = "34_complement_check.camp";
    fs::copy(Path::new(FOLDER).join(name), project.path(name)).unwrap();
    let ran = project.camp(&["run", name, "--as-of", AS_OF]);
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    let source = project.path("data/customers.parquet");
    let independent = project.rows(&format!(
        "SELECT count(*) FROM '{}' WHERE consent IS DISTINCT FROM true",
        source.display()
    ));
    let saved = project.rows("SELECT count(*) FROM audience.\"Consent missing or refused\"");
    assert_eq!(saved, independent);
}
