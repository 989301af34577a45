//! `camp plugin new`: each start is written, built and tested with the commands that it prints, and runs
//! in a campaign.
//!
//! So do the commands and the scripts of `docs/plugins.md`, and its first sample as a plugin; its other samples
//! are doctests of the SDK.
//!
//! What Cargo builds stays in `target/tmp/new-plugins`, so that only the first run takes long; the
//! sources are written anew each time.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::drive;
use crate::support::project::{Project, Ran};

const GUIDE: &str = include_str!("../../docs/plugins.md");

/// A campaign with people 1 to 4; 4 has no name. 1 and 3 have orders.
const HEAD: &str = "campaign \"X\" timezone \"UTC\"
dimension people = \"people.csv\" key id columns (id: int, first_name: text, age: int)
dimension orders = \"orders.csv\" key id columns (id: int, person_id: int, amount: int)
link people.orders, orders.person on people.id = orders.person_id
all = build audience from people select first_name, age
buyers = build audience from people where any orders select age
";

/// The block of the guide with this fence that holds these words.
fn of_guide(fence: &str, words: &str) -> &'static str {
    let mut blocks = GUIDE.split("\n```").skip(1).step_by(2);
    let block = blocks.find(|block| block.lines().next() == Some(fence) && block.contains(words));
    block.unwrap().split_once('\n').unwrap().1
}

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
            // Whoever runs this may build elsewhere.
            .env("CARGO_TARGET_DIR", folder.join("target"))
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
    project.write("orders.csv", "id,person_id,amount\n1,1,5\n2,3,2\n3,3,9\n");
    let uses = if rest.starts_with("use ") { String::new() } else { format!("use {name}\n") };
    project.write("x.camp", &format!("{HEAD}{uses}{rest}"));
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

/// One after the other: they share what Cargo makes, under names that do not tell their SDKs apart.
#[test]
fn each_rust_start_and_the_sample_of_the_guide_work_as_printed_and_in_a_campaign() {
    starts();
    sample_of_the_guide();
}

fn starts() {
    let library = rust("top_n", "planner", None);
    let project = campaign(
        "top_n",
        &library,
        &format!(
            "{}\nfirst, rest = top_n all with order: age desc, keep: 2\n\
             export first to \"first.csv\"\nexport rest to \"rest.csv\"\n\
             export oldest to \"oldest.csv\"\nexport others to \"others.csv\"\n",
            of_guide("camp", "use top_n")
        ),
    );
    assert_eq!(rows(&project, "first.csv"), ["id,first_name,age", "2,Zoé,60", "3,Al 7,50"]);
    assert_eq!(rows(&project, "rest.csv"), ["id,first_name,age", "1,Ann,30", "4,,"]);
    assert_eq!(rows(&project, "oldest.csv"), ["id,age", "1,30", "3,50"]);
    assert_eq!(rows(&project, "others.csv"), ["id,age"]);

    let sdk = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-plugins/top_n/sdk");
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

/// The first sample of the guide, with the manifest that the guide gives it, over the SDK of another plugin.
fn sample_of_the_guide() {
    let (folder, _) = new("best", &[]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    std::fs::write(folder.join("Cargo.toml"), of_guide("toml", "camp-best")).unwrap();
    let sample = of_guide("rust,standalone_crate", "struct Best");
    let (source, _) = sample.split_once("// tests/best.rs").unwrap();
    std::fs::write(folder.join("src/lib.rs"), source).unwrap();
    std::fs::remove_dir_all(folder.join("tests")).unwrap();
    let made = Command::new("cargo")
        .arg("build")
        .current_dir(&folder)
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_TARGET_DIR", folder.parent().unwrap().join("target"))
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let library = camp::plugin::finder::library_name("best");
    let library = folder.parent().unwrap().join("target/debug").join(library);
    let project = campaign(
        "best",
        &library,
        &format!(
            "{}\nexport top to \"top.csv\"\nfirst, rest = best buyers with by: sum(amount of orders), \
             keep: 1\nexport first to \"first.csv\"\nexport rest to \"rest.csv\"\n",
            of_guide("camp", "use best")
        ),
    );
    assert_eq!(rows(&project, "top.csv"), ["id,age", "1,30", "3,50"]);
    assert_eq!(rows(&project, "first.csv"), ["id,age", "3,50"]);
    assert_eq!(rows(&project, "rest.csv"), ["id,age", "1,30"]);
}

#[test]
fn the_guide_has_the_commands_that_are_printed() {
    let project = Project::new();
    let made = project.camp(&["plugin", "new", "top_n"]);
    let (_, printed) = made.stderr.split_once("next:\n").unwrap();
    let printed = printed.replace(std::env::consts::DLL_SUFFIX, ".so");
    let typed: Vec<&str> = of_guide("sh", "camp plugin new").lines().skip(1).collect();
    for line in &typed {
        assert!(printed.contains(&format!("  {line}\n")), "{line}\n{printed}");
    }
    assert!(typed.len() >= 4, "{typed:?}");
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
