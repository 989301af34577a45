//! Whom a project trusts, and what the commands about plugins say.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::project::{Project, Ran};

/// Uses the fixture `faulty`.
const SCRIPT: &str = "campaign \"X\" timezone \"UTC\"
dimension people = \"people.csv\" key id columns (id: int, email: text)
use faulty
all = build audience from people
same = ACTIVITY all
save audience same as \"Same\"
";

/// Builds a plugin with a fault; none: a good one.
pub fn build(folder: &Path, fault: Option<&str>) -> PathBuf {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins");
    let library = folder.join(format!("libcamp_faulty{}", std::env::consts::DLL_SUFFIX));
    let mut command = Command::new("cc");
    command
        .args(["-std=c11", "-fPIC", "-shared", "-I"])
        .arg(plugins.join("sdk/include"))
        .args(fault.map(|f| format!("-DFAULT_{f}")))
        .arg(plugins.join("fixtures/faulty/faulty.c"))
        .arg("-o")
        .arg(&library);
    assert!(command.status().unwrap().success(), "the fixture does not compile");
    library
}

/// A project with people 1, 2 and 3.
pub fn project(activity: &str) -> Project {
    let project = Project::new();
    project.write("people.csv", "id,email\n1,a@x.test\n2,b@x.test\n3,c@x.test\n");
    project.write("x.camp", &SCRIPT.replace("ACTIVITY", activity));
    project
}

pub fn add(project: &Project, fault: Option<&str>) -> Ran {
    let library = build(&project.path(""), fault);
    project.camp(&["plugin", "add", "--yes", &library.to_string_lossy()])
}

#[test]
fn a_plugin_that_is_not_trusted_or_was_changed_is_not_loaded() {
    let project = project("faulty_sql");
    let library = build(&project.path(""), None);
    let unknown = project.run("x.camp");
    assert!(unknown.stderr.contains("E0211"), "{}", unknown.stderr);

    project.camp(&["plugin", "add", "--yes", &library.to_string_lossy()]);
    project.run_well("x.camp");
    assert_eq!(project.camp(&["plugin", "verify"]).exit, Some(0));

    // The installed file becomes another one: neither loaded nor found in order.
    let installed = project.path(".camp/plugins/faulty").join(library.file_name().unwrap());
    let other = build(&project.path(""), Some("SILENT"));
    std::fs::copy(other, &installed).unwrap();
    let changed = project.run("x.camp");
    assert_eq!(changed.exit, Some(5), "{}", changed.stderr);
    assert!(changed.stderr.contains("E0615"), "{}", changed.stderr);
    assert_eq!(project.camp(&["plugin", "verify"]).exit, Some(5));

    let removed = project.camp(&["plugin", "remove", "faulty"]);
    assert_eq!(removed.exit, Some(0), "{}", removed.stderr);
    let gone = project.run("x.camp");
    assert!(gone.stderr.contains("E0211"), "{}", gone.stderr);
}

#[test]
fn adding_asks_and_does_nothing_where_nobody_can_answer() {
    let project = project("faulty_sql");
    let library = build(&project.path(""), None);
    let added = project.camp(&["plugin", "add", &library.to_string_lossy()]);
    assert_eq!(added.exit, Some(5), "{}", added.stderr);
    assert!(added.stderr.contains("sha256:"), "the hash is shown before anything runs");
    assert!(!project.path("camp.lock").exists());
}

/// The library of the fixture under another name, with the same activities.
fn build_other(folder: &Path) -> PathBuf {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins");
    let library = folder.join(format!("libcamp_other{}", std::env::consts::DLL_SUFFIX));
    let made = Command::new("cc")
        .args(["-std=c11", "-fPIC", "-shared", "-DPLUGIN_NAME=\"other\"", "-I"])
        .arg(plugins.join("sdk/include"))
        .arg(plugins.join("fixtures/faulty/faulty.c"))
        .arg("-o")
        .arg(&library)
        .status();
    assert!(made.unwrap().success());
    library
}

/// The library of the fixture that panics, which is a member of the workspace.
pub fn build_panics() -> PathBuf {
    let made = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--quiet", "-p", "camp-panics"])
        .status();
    assert!(made.unwrap().success(), "the fixture does not compile");
    let program = Path::new(env!("CARGO_BIN_EXE_camp"));
    program.with_file_name(format!("libcamp_panics{}", std::env::consts::DLL_SUFFIX))
}

/// Puts the good plugin where it is found, without trusting it.
fn install(project: &Project) -> PathBuf {
    let folder = project.path(".camp/plugins/faulty");
    std::fs::create_dir_all(&folder).unwrap();
    build(&folder, None)
}

fn words(ran: &Ran) -> String {
    ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn two_plugins_with_one_activity_are_not_used_together() {
    let project = project("faulty_sql");
    assert_eq!(add(&project, None).exit, Some(0));
    let other = build_other(&project.path(""));
    let added = project.camp(&["plugin", "add", "--yes", &other.to_string_lossy()]);
    assert_eq!(added.exit, Some(0), "{}", added.stderr);
    // Each alone is fine.
    project.run_well("x.camp");
    let script = std::fs::read_to_string(project.path("x.camp")).unwrap();
    project.write("o.camp", &script.replace("use faulty", "use other"));
    project.run_well("o.camp");
    let both = project.camp(&["check", "x.camp", "o.camp"]);
    assert_eq!(both.exit, Some(1), "two saves of one label: {}", both.stderr);
    assert!(!both.stderr.contains("E0618"), "each file has its own plugin: {}", both.stderr);

    project.write("x.camp", &script.replace("use faulty", "use faulty, other"));
    let ran = project.run("x.camp");
    assert_eq!(ran.exit, Some(5), "{}", ran.stderr);
    assert!(ran.stderr.contains("E0618"), "{}", ran.stderr);
    assert!(
        words(&ran).contains("Plugins `faulty` and `other` both have an activity `faulty_sql`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_library_that_is_not_there_or_not_for_this_system_is_refused() {
    let project = project("faulty");
    let gone = project.camp(&["plugin", "add", "--yes", "no/such/library.so"]);
    assert_eq!(gone.exit, Some(5), "{}", gone.stderr);
    assert!(gone.stderr.contains("E0611"), "{}", gone.stderr);
    // The head of a library for macOS on Apple's processors.
    std::fs::write(
        project.path("mac.so"),
        [&[0xcf, 0xfa, 0xed, 0xfe, 0x0c, 0, 0, 1][..], &[0; 64]].concat(),
    )
    .unwrap();
    let foreign = project.camp(&["plugin", "add", "--yes", "./mac.so"]);
    assert_eq!(foreign.exit, Some(5), "{}", foreign.stderr);
    assert!(words(&foreign).contains("is for macos on aarch64"), "{}", foreign.stderr);
    let text = project.camp(&["plugin", "add", "--yes", "./x.camp"]);
    assert_eq!(text.exit, Some(5), "{}", text.stderr);

    // One that is trusted and then removed by hand.
    assert_eq!(add(&project, None).exit, Some(0));
    std::fs::remove_dir_all(project.path(".camp/plugins/faulty")).unwrap();
    let missing = project.run("x.camp");
    assert_eq!(missing.exit, Some(1), "{}", missing.stderr);
    assert!(missing.stderr.contains("E0211"), "{}", missing.stderr);
    assert_eq!(project.camp(&["plugin", "verify"]).exit, Some(5));
}

#[test]
fn what_others_may_write_is_not_loaded() {
    let project = project("faulty_sql");
    assert_eq!(add(&project, None).exit, Some(0));
    let folder = project.path(".camp/plugins/faulty");
    let library = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    for (path, open, closed) in [(&library, 0o666, 0o644), (&folder, 0o777, 0o755)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(open)).unwrap();
        let ran = project.run("x.camp");
        assert_eq!(ran.exit, Some(5), "{}", ran.stderr);
        assert!(ran.stderr.contains("E0615"), "{}", ran.stderr);
        assert!(words(&ran).contains("thers may write"), "{}", ran.stderr);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(closed)).unwrap();
    }
    project.run_well("x.camp");
}

#[test]
fn a_library_that_describes_itself_differently_than_the_lock_says_is_refused() {
    let project = project("faulty_sql");
    assert_eq!(add(&project, Some("LYING_MANIFEST")).exit, Some(0));
    // The lock of one build with the hash of another: as if the manifest depended on who asks.
    let lying = std::fs::read_to_string(project.path("camp.lock")).unwrap();
    assert_eq!(add(&project, None).exit, Some(0));
    let good = std::fs::read_to_string(project.path("camp.lock")).unwrap();
    let manifest =
        |lock: &str| lock.lines().find(|l| l.starts_with("manifest")).unwrap().to_owned();
    project.write("camp.lock", &good.replace(&manifest(&good), &manifest(&lying)));
    let ran = project.run("x.camp");
    assert_eq!(ran.exit, Some(5), "{}", ran.stderr);
    assert!(words(&ran).contains("describes itself differently"), "{}", ran.stderr);
}

#[test]
fn a_plugin_that_was_never_trusted_is_refused_where_nobody_can_be_asked() {
    let project = project("faulty_sql");
    install(&project);
    for args in
        [&["run", "x.camp"][..], &["check", "x.camp", "--locked"], &["plan", "x.camp", "--locked"]]
    {
        let ran = project.camp(args);
        assert_eq!(ran.exit, Some(5), "{args:?}: {}", ran.stderr);
        assert!(words(&ran).contains("Plugin `faulty` is not in `camp.lock`"), "{}", ran.stderr);
        assert!(!project.path("camp.lock").exists());
    }
    assert!(!project.camp(&["activities"]).stdout.contains("faulty"), "it is not even looked at");
}

#[test]
fn whoever_sits_at_the_terminal_is_asked_once() {
    let refusing = project("faulty_sql");
    install(&refusing);
    let (exit, said) = at_a_terminal(&refusing, &["run", "x.camp"], "n\n", None);
    assert_eq!(exit, Some(5), "{said}");
    assert!(said.contains("Trust it? [y/N]") && said.contains("sha256:"), "{said}");
    assert!(!refusing.path("camp.lock").exists());

    let trusting = project("faulty_sql");
    install(&trusting);
    for args in [&["run", "x.camp", "--locked"][..], &["run", "x.camp"]] {
        let ci = (args.len() == 2).then_some("true");
        let (exit, said) = at_a_terminal(&trusting, args, "y\n", ci);
        assert_eq!(exit, Some(5), "{said}");
        assert!(!said.contains("Trust it?"), "locked, nobody is asked: {said}");
    }
    let (exit, said) = at_a_terminal(&trusting, &["run", "x.camp"], "y\n", None);
    assert_eq!(exit, Some(0), "{said}");
    let lock = std::fs::read_to_string(trusting.path("camp.lock")).unwrap();
    assert!(lock.contains("name = \"faulty\""), "{lock}");
    assert_eq!(trusting.camp(&["run", "x.camp", "--locked"]).exit, Some(0));
}

/// Runs the program on a terminal of its own and types something; gives what it shows.
fn at_a_terminal(
    project: &Project,
    args: &[&str],
    types: &str,
    ci: Option<&str>,
) -> (Option<i32>, String) {
    use std::io::{Read, Write};
    use std::os::fd::{FromRawFd, OwnedFd};
    let (mut ours, mut theirs) = (0, 0);
    let null = std::ptr::null_mut();
    // SAFETY: two descriptors are written, which become owned below.
    let made =
        unsafe { libc::openpty(&raw mut ours, &raw mut theirs, null, null.cast(), null.cast()) };
    assert_eq!(made, 0);
    // SAFETY: fresh, and nobody else has them.
    let (ours, theirs) = unsafe { (OwnedFd::from_raw_fd(ours), OwnedFd::from_raw_fd(theirs)) };
    let mut command = crate::support::drive::program(&project.path(""));
    command.args(args).env_remove("CI");
    if let Some(ci) = ci {
        command.env("CI", ci);
    }
    let mut child = command
        .stdin(theirs.try_clone().unwrap())
        .stdout(std::process::Stdio::null())
        .stderr(theirs)
        .spawn()
        .unwrap();
    drop(command);
    let mut ours = std::fs::File::from(ours);
    ours.write_all(types.as_bytes()).unwrap();
    let mut said = Vec::new();
    // A terminal whose other end is closed gives an error, not an end.
    let mut bytes = [0; 4096];
    while let Ok(n) = ours.read(&mut bytes) {
        if n == 0 {
            break;
        }
        said.extend_from_slice(&bytes[..n]);
    }
    (child.wait().unwrap().code(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn activities_of_trusted_plugins_are_listed_and_explained() {
    let project = project("faulty");
    assert_eq!(add(&project, None).exit, Some(0));
    let all = project.camp(&["activities", "--format", "csv"]);
    assert!(all.stdout.contains("faulty_sql,faulty,Passes on"), "{}", all.stdout);
    let one = project.camp(&["activities", "faulty"]);
    assert!(one.stdout.contains("`n`: whole number"), "{}", one.stdout);
    let split = project.camp(&["activities", "split"]);
    assert!(split.stdout.contains("`stratify`"), "{}{}", split.stdout, split.stderr);
}

#[test]
fn an_imported_file_brings_its_plugins_along() {
    let project = project("faulty_sql");
    assert_eq!(add(&project, None).exit, Some(0));
    let script = std::fs::read_to_string(project.path("x.camp")).unwrap();
    project.write("x.camp", &script.replace("use faulty", "import \"model.camp\""));
    project.write("model.camp", "import \"deeper.camp\"\n");
    project.write("deeper.camp", "use faulty\n");
    project.run_well("x.camp");
    project.write("deeper.camp", "use faulti\n");
    let ran = project.run("x.camp");
    assert_eq!(ran.exit, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("E0211") && ran.stderr.contains("deeper.camp"), "{}", ran.stderr);
}

#[test]
fn an_installed_program_finds_its_plugins_beside_itself() {
    let project = Project::new();
    let build = Path::new(env!("CARGO_BIN_EXE_camp")).parent().unwrap().to_owned();
    let install = |prefix: &str, root: &str| {
        let made = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/install.sh"))
            .env("BUILD", &build)
            .env("PREFIX", prefix)
            .env("DESTDIR", root)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    let root = project.path("root");
    install("/opt/camp", &root.to_string_lossy());
    let prefix = root.join("opt/camp");
    assert!(prefix.join("bin/camp").is_file());
    for file in [
        "share/man/man1/camp.1",
        "share/man/man1/camp-audiences-overlap.1",
        "share/bash-completion/completions/camp",
        "share/zsh/site-functions/_camp",
        "share/fish/vendor_completions.d/camp.fish",
    ] {
        assert!(prefix.join(file).metadata().is_ok_and(|m| m.len() > 100), "{file}");
    }
    // Twice is the same, also over what is there.
    install(&prefix.to_string_lossy(), "");

    project.write("people.csv", "id\n1\n2\n3\n4\n");
    project.write(
        "x.camp",
        "campaign \"X\" timezone \"UTC\"\n\
         dimension people = \"people.csv\" key id columns (id: int)\n\
         use split\n\
         all = build audience from people\n\
         first, others = split all with first: order by id limit 50%\n\
         save audience first as \"First\"\n",
    );
    let ran = Command::new(prefix.join("bin/camp"))
        .current_dir(project.path(""))
        .args(["run", "x.camp"])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(project.rows("SELECT id FROM audience.\"First\" ORDER BY id"), ["1", "2"]);

    // Without its library a plugin is gone, and nothing else.
    let library = format!("lib/camp/plugins/libcamp_split{}", std::env::consts::DLL_SUFFIX);
    std::fs::remove_file(prefix.join(library)).unwrap();
    let without = Ran::of(
        Command::new(prefix.join("bin/camp"))
            .current_dir(project.path(""))
            .args(["run", "x.camp"])
            .output()
            .unwrap(),
    );
    assert_eq!(without.exit, Some(1), "{}", without.stderr);
    assert!(without.stderr.contains("Plugin `split` is not installed"), "{}", without.stderr);
}

#[test]
fn a_plugin_of_the_project_comes_before_one_of_the_user() {
    let project = project("faulty_sql");
    let library = build(&project.path(""), None);
    assert_eq!(add(&project, None).exit, Some(0));
    let own = project.path(".camp/plugins/faulty").join(library.file_name().unwrap());
    let of_user = project.path("data/camp/plugins/faulty");
    std::fs::create_dir_all(&of_user).unwrap();
    let run = || {
        let mut command = crate::support::drive::program(&project.path(""));
        command.args(["run", "x.camp"]).env("XDG_DATA_HOME", project.path("data"));
        Ran::of(command.output().unwrap())
    };
    // Another build among the user's plugins is not even looked at.
    let other = build(&of_user, Some("SILENT"));
    assert_eq!(run().exit, Some(0));
    // The trusted one is found there when the project has none; the other one is refused.
    std::fs::rename(&own, of_user.join("aside")).unwrap();
    let refused = run();
    assert_eq!(refused.exit, Some(5), "{}", refused.stderr);
    assert!(words(&refused).contains("is not the one that is trusted"), "{}", refused.stderr);
    std::fs::rename(of_user.join("aside"), other).unwrap();
    assert_eq!(run().exit, Some(0));
}
