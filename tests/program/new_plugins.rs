//! `camp plugin new`: each start is written, built and tested with the commands that it prints, and runs
//! in a campaign.
//!
//! What Cargo builds stays in `target/tmp/new-plugins`, so that only the first run takes long; the
//! sources are written anew each time.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::drive;
use crate::support::project::{Project, Ran};

/// A campaign with people 1 to 4; 4 has no name.
const HEAD: &str = "campaign \"X\" timezone \"UTC\"
dimension people = \"people.csv\" key id columns (id: int, first_name: text, age: int)
all = build audience from people select first_name, age
";

/// A new plugin in a folder where nothing of it was, and what `camp plugin new` printed.
fn new(name: &str, args: &[&str]) -> (PathBuf, Ran) {
    let above = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-plugins");
    std::fs::create_dir_all(&above).unwrap();
    let folder = above.join(name);
    let _ = std::fs::remove_dir_all(&folder);
    let made =
        Ran::of(drive::program(&above).args(["plugin", "new", name]).args(args).output().unwrap());
    assert_eq!(made.exit, Some(0), "{}", made.stderr);
    (folder, made)
}

/// Types the commands that were printed, the last one aside, and gives the library of the last one.
fn type_commands(folder: &Path, made: &Ran) -> PathBuf {
    let (_, printed) = made.stderr.split_once("next:\n").unwrap();
    let lines: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    let (add, commands) = lines.split_last().unwrap();
    assert_eq!(commands[0], format!("cd {}", folder.file_name().unwrap().to_str().unwrap()));
    assert!(commands.len() >= 3, "{printed}");
    for command in &commands[1..] {
        // Debug builds, and nothing from the network: the workspace's lock file names what is there.
        let command = command.replace("cargo build --release", "cargo build");
        let command = command.replace("target/release", "target/debug");
        let mut words = command.split(' ');
        let program = match words.next().unwrap() {
            "camp" => env!("CARGO_BIN_EXE_camp"),
            other => other,
        };
        let ran = Command::new(program)
            .args(words)
            .current_dir(folder)
            .env("CARGO_NET_OFFLINE", "true")
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_TERM_COLOR", "never")
            .env("NO_COLOR", "1")
            .env("CAMP", env!("CARGO_BIN_EXE_camp"))
            // The file that the plugin has is to name the engine.
            .env_remove("DUCKDB_LIB_DIR")
            .output()
            .unwrap();
        let ran = Ran::of(ran);
        assert_eq!(ran.exit, Some(0), "{command}\n{}{}", ran.stdout, ran.stderr);
    }
    let library = add.strip_prefix("camp plugin add ").unwrap();
    PathBuf::from(library.replace("target/release", "target/debug"))
}

/// A Rust plugin: the second and third share the SDK of the first, and what Cargo made of it.
fn rust(name: &str, kind: &str, sdk: Option<&Path>) -> PathBuf {
    let sdk = sdk.map(|sdk| sdk.display().to_string());
    let mut args = vec!["--kind", kind];
    args.extend(sdk.iter().flat_map(|sdk| ["--sdk", sdk.as_str()]));
    let (folder, made) = new(name, &args);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let target = folder.parent().unwrap().join("target");
    std::fs::create_dir_all(&target).unwrap();
    std::os::unix::fs::symlink(target, folder.join("target")).unwrap();
    type_commands(&folder, &made)
}

/// A campaign that uses the plugin, which was added.
fn campaign(name: &str, library: &Path, rest: &str) -> Project {
    let project = Project::new();
    project.write("people.csv", "id,first_name,age\n1,Ann,30\n2,Zoé,60\n3,Al 7,50\n4,,\n");
    project.write("x.camp", &format!("{HEAD}use {name}\n{rest}"));
    let added = project.camp(&["plugin", "add", "--yes", &library.to_string_lossy()]);
    assert_eq!(added.exit, Some(0), "{}", added.stderr);
    project.run_well("x.camp");
    project
}

fn rows(project: &Project, file: &str) -> Vec<String> {
    let text = std::fs::read_to_string(project.path(file)).unwrap();
    let mut rows: Vec<String> = text.lines().map(str::to_owned).collect();
    rows[1..].sort();
    rows
}

/// The three one after the other, since Cargo would make them wait anyway.
#[test]
fn each_rust_start_works_as_printed_and_in_a_campaign() {
    let library = rust("fresh_planner", "planner", None);
    let project = campaign(
        "fresh_planner",
        &library,
        "oldest, others = fresh_planner all with order: age desc, keep: 2\n\
         export oldest to \"oldest.csv\"\nexport others to \"others.csv\"\n",
    );
    assert_eq!(rows(&project, "oldest.csv"), ["id,first_name,age", "2,Zoé,60", "3,Al 7,50"]);
    assert_eq!(rows(&project, "others.csv"), ["id,first_name,age", "1,Ann,30", "4,,"]);

    let sdk = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-plugins/fresh_planner/sdk");
    let library = rust("fresh_executor", "executor", Some(&sdk));
    let project = campaign(
        "fresh_executor",
        &library,
        "measured = fresh_executor all with text: lower(first_name)\n\
         export measured to \"measured.csv\"\n",
    );
    assert_eq!(
        rows(&project, "measured.csv"),
        ["id,first_name,age,letters", "1,Ann,30,3", "2,Zoé,60,3", "3,Al 7,50,2", "4,,,"]
    );

    let library = rust("fresh_delivery", "delivery", Some(&sdk));
    let project = campaign(
        "fresh_delivery",
        &library,
        "fresh_delivery all with file: \"out.txt\", text: \"Dear {{first_name}}\"\n",
    );
    let mut lines = rows(&project, "out.txt");
    lines.sort();
    assert_eq!(lines, ["Dear ", "Dear Al 7", "Dear Ann", "Dear Zoé"]);
}

#[test]
fn each_c_start_works_as_printed_and_in_a_campaign() {
    let (folder, made) = new("fresh_cap", &["--lang", "c"]);
    let library = type_commands(&folder, &made);
    let project = campaign(
        "fresh_cap",
        &library,
        "some = fresh_cap all with at_most: 2, order: age desc\nexport some to \"some.csv\"\n",
    );
    assert_eq!(rows(&project, "some.csv"), ["id,first_name,age", "2,Zoé,60", "3,Al 7,50"]);

    let (folder, made) = new("fresh_measure", &["--lang", "c", "--kind", "executor"]);
    let library = type_commands(&folder, &made);
    let project = campaign(
        "fresh_measure",
        &library,
        "measured = fresh_measure all with text: first_name\nexport measured to \"measured.csv\"\n",
    );
    assert_eq!(
        rows(&project, "measured.csv"),
        ["id,first_name,age,characters", "1,Ann,30,3", "2,Zoé,60,3", "3,Al 7,50,4", "4,,,"]
    );
}

#[test]
fn nothing_is_overwritten_and_no_name_is_taken_twice() {
    let project = Project::new();
    for name in ["split", "export", "Top", "top-n"] {
        let refused = project.camp(&["plugin", "new", name]);
        assert_eq!(refused.exit, Some(2), "{name}: {}", refused.stderr);
        assert!(!project.path(name).exists());
    }
    assert_eq!(project.camp(&["plugin", "new", "top_n"]).exit, Some(0));
    assert!(!std::fs::read_to_string(project.path("top_n/src/lib.rs")).unwrap().contains("{{"));
    let again = project.camp(&["plugin", "new", "top_n", "--lang", "c"]);
    assert_eq!(again.exit, Some(2), "{}", again.stderr);
    let no_sdk = project.camp(&["plugin", "new", "other", "--sdk", "."]);
    assert_eq!(no_sdk.exit, Some(2), "{}", no_sdk.stderr);
}
