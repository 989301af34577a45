//! A plugin is a folder: without it its activity is gone, and nothing else.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::project::Project;

const HEAD: &str = "campaign \"X\" timezone \"UTC\"
dimension people = \"people.csv\" key id columns (id: int, name: text)
all = build audience from people select name
";

/// A project with people, whose scripts use one plugin each.
fn project(scripts: &[(&str, &str)]) -> Project {
    let project = Project::new();
    project.write("people.csv", "id,name\n1,Ann\n2,Bob\n");
    for (plugin, call) in scripts {
        project.write(
            &format!("{plugin}.camp"),
            &format!("{HEAD}use {plugin}\nout = {call}\nsave audience out as \"{plugin}\"\n"),
        );
    }
    project
}

const SAMPLE: (&str, &str) = ("sample", "sample all with size: 1");
const DEDUPLICATE: (&str, &str) = ("deduplicate", "deduplicate all with by: name");

#[test]
fn without_its_installed_folder_only_its_activity_is_gone() {
    let cap = ("cap", "cap all with at_most: 1");
    let measure = ("measure", "measure all with text: name");
    let project = project(&[cap, measure, SAMPLE]);
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/samples");
    for name in ["cap", "measure"] {
        let out = project.path(&format!("libcamp_{name}.so"));
        let made = Command::new("make")
            .args(["--silent", "-C"])
            .arg(samples.join(format!("c_{name}")))
            .arg(format!("OUT={}", out.display()))
            .status()
            .unwrap();
        assert!(made.success());
        let added = project.camp(&["plugin", "add", "--yes", &out.to_string_lossy()]);
        assert_eq!(added.exit, Some(0), "{}", added.stderr);
        project.run_well(&format!("{name}.camp"));
    }
    std::fs::remove_dir_all(project.path(".camp/plugins/cap")).unwrap();
    let gone = project.run("cap.camp");
    assert!(gone.exit != Some(0) && gone.stderr.contains("E0211"), "{}", gone.stderr);
    let listed = project.camp(&["plugin", "list"]);
    assert_eq!(listed.exit, Some(0), "{}", listed.stderr);
    assert!(listed.stdout.contains("measure") && !listed.stdout.contains("cap "));
    project.run_well("measure.camp");
    project.run_well("sample.camp");
}

#[test]
fn without_the_library_of_a_plugin_that_ships_only_its_activity_is_gone() {
    let project = project(&[SAMPLE, DEDUPLICATE]);
    // An installation of its own, on the file system of the build, so that nothing is copied.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("an-installation");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_camp"));
    let mut files: Vec<PathBuf> = vec![program.to_owned()];
    for name in camp::plugin::finder::SHIPPED {
        files.push(program.with_file_name(camp::plugin::finder::library_name(name)));
    }
    for file in files {
        std::fs::hard_link(&file, folder.join(file.file_name().unwrap())).unwrap();
    }
    let run = |script: &str| {
        let mut command = Command::new(folder.join("camp"));
        let output = command.args(["run", script]).current_dir(project.path("")).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(run("sample.camp").0, Some(0));
    std::fs::remove_file(folder.join(camp::plugin::finder::library_name("sample"))).unwrap();
    let (exit, said) = run("sample.camp");
    assert!(exit != Some(0) && said.contains("E0211"), "{said}");
    let (exit, said) = run("deduplicate.camp");
    assert_eq!(exit, Some(0), "{said}");
}

/// The manifests and sources of packages, without what they are built into.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let (path, copy_to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &copy_to);
        } else {
            std::fs::copy(path, copy_to).unwrap();
        }
    }
}

#[test]
fn without_its_sources_the_others_are_built_as_before() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    copy(&root.join("plugins"), &folder.path().join("plugins"));
    for file in ["Cargo.toml", "Cargo.lock", "build.rs"] {
        std::fs::copy(root.join(file), folder.path().join(file)).unwrap();
    }
    // The targets that the manifest names have to be there.
    for file in ["src/lib.rs", "src/main.rs", "tests/main.rs", "benches/camp.rs"] {
        let file = folder.path().join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, "").unwrap();
    }
    let packages = || {
        let output = Command::new(env!("CARGO"))
            .args(["metadata", "--offline", "--no-deps", "--format-version", "1"])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let all = json["packages"].as_array().unwrap().iter();
        let mut names: Vec<String> =
            all.map(|package| package["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    let mut before = packages();
    std::fs::remove_dir_all(folder.path().join("plugins/rfm")).unwrap();
    before.retain(|name| name != "camp-rfm");
    assert_eq!(packages(), before);
}
