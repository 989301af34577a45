//! `--safe`: scripts of somebody else, in a folder of somebody else, try to get out.
//!
//! The folder of the test is the world, `shop` in it the project that came from outside. Whatever
//! stands in the world says [`SECRET`]; an attempt has failed when the program refuses, the word is
//! nowhere in what it says, and the world is as it was. Each test says how many attempts it made:
//! `cargo test --test main program::safe -- --nocapture`.

#![cfg(unix)]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::database;
use crate::support::project::{Project, Ran};

const SECRET: &str = "tops3cret";

/// A world with secrets, and the stranger's project in it.
struct World(Project, Cell<usize>);

impl Drop for World {
    fn drop(&mut self) {
        let test = std::thread::current().name().unwrap_or_default().to_owned();
        eprintln!("{} escape attempts failed: {test}", self.1.get());
    }
}

impl World {
    fn new() -> World {
        let world = World(Project::new(), Cell::new(0));
        let out = |name: &str| world.0.path(name);
        world.0.write("secret.csv", &format!("id,{SECRET}\n1,{SECRET}\n"));
        world.0.write("secret.json", &format!("[{{\"id\": 1, \"{SECRET}\": \"{SECRET}\"}}]\n"));
        world.0.write("secret.camp", &format!("define {SECRET} = 1\n"));
        database::open(&out("secret.duckdb"))
            .unwrap()
            .execute_batch(&format!("CREATE TABLE t AS SELECT 1 AS id, '{SECRET}' AS {SECRET}"))
            .unwrap();
        std::fs::create_dir_all(out("shop/data")).unwrap();
        world.0.write("shop/camp.toml", "timezone = \"UTC\"\n");
        world.0.write("shop/data/own.csv", "id,name\n1,a\n2,b\n");
        symlink("../secret.csv", out("shop/far.csv")).unwrap();
        symlink("../secret.camp", out("shop/far.camp")).unwrap();
        symlink("../secret.duckdb", out("shop/far.duckdb")).unwrap();
        symlink("..", out("shop/up")).unwrap();
        symlink("/proc/self/environ", out("shop/environ.csv")).unwrap();
        symlink("/dev/stdin", out("shop/stdin.csv")).unwrap();
        symlink("../new.csv", out("shop/dangling.csv")).unwrap();
        for name in ["secret.csv", "secret.camp", "secret.duckdb"] {
            std::fs::hard_link(out(name), out("shop").join(format!("hard_{name}"))).unwrap();
        }
        assert!(Command::new("mkfifo").arg(out("shop/pipe.csv")).status().unwrap().success());
        world
    }

    fn root(&self) -> PathBuf {
        self.0.path("")
    }

    /// Everything outside of the project, by path and content.
    fn outside(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut all = BTreeMap::new();
        for entry in std::fs::read_dir(self.root()).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                all.insert(path, Vec::new());
            } else {
                all.insert(path.clone(), std::fs::read(path).unwrap());
            }
        }
        all
    }

    /// One more way out was tried.
    fn tried(&self) {
        self.1.set(self.1.get() + 1);
    }

    fn run(&self, script: &str, command: &str) -> Ran {
        self.0.write("shop/theirs.camp", script);
        self.0.camp(&[command, "shop/theirs.camp", "--safe"])
    }

    /// The attempt is refused by each command, nothing is told and nothing changes.
    fn refused(&self, script: &str, codes: &[&str]) {
        self.tried();
        let before = self.outside();
        for command in ["check", "plan", "run"] {
            let ran = self.run(script, command);
            assert!(matches!(ran.exit, Some(1 | 4 | 5)), "{command} of {script}: {ran:?}");
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(!said.contains(SECRET) || script.contains(SECRET), "{script}: {said}");
            let code = codes.iter().any(|code| ran.stderr.contains(code));
            assert!(code, "{command} of {script}: {}", ran.stderr);
        }
        assert_eq!(self.outside(), before, "{script} changed the world");
    }

    /// The attempt is refused by a run at the latest, and tells nothing.
    fn stopped(&self, script: &str) {
        self.tried();
        let before = self.outside();
        let ran = self.run(script, "run");
        assert!(matches!(ran.exit, Some(1 | 4 | 5)), "{script}: {ran:?}");
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!said.contains(SECRET), "{script}: {said}");
        assert_eq!(self.outside(), before, "{script} changed the world");
    }
}

fn reads(source: &str) -> String {
    format!(
        "dimension d = \"{source}\" key id\na = build audience from d select *\nsave audience a as \"a\"\n"
    )
}

fn own(rest: &str) -> String {
    format!("dimension d = \"data/own.csv\" key id\na = build audience from d select *\n{rest}\n")
}

#[test]
fn no_file_outside_is_read_by_any_way_to_it() {
    let world = World::new();
    let root = world.root().display().to_string();
    let real = world.root().canonicalize().unwrap().display().to_string();
    for source in [
        format!("{root}/secret.csv"),
        format!("{real}/shop/../secret.csv"),
        "../secret.csv".into(),
        "../secret.json".into(),
        "data/../../secret.csv".into(),
        "./data/./../.././secret.csv".into(),
        format!("file://{real}/secret.csv"),
        "far.csv".into(),
        "hard_secret.csv".into(),
        "up/secret.csv".into(),
        "up/shop/up/secret.csv".into(),
        "../*.csv".into(),
        "../[s]ecret.csv".into(),
        "f*.csv".into(),
        "*/../../secret.csv".into(),
        "[d]ata/../../s*.csv".into(),
        "up/*.csv".into(),
        "u?/secret.csv".into(),
        "hard_*.csv".into(),
        "environ.csv".into(),
        "stdin.csv".into(),
        "pipe.csv".into(),
        "/proc/self/cwd/../secret.csv".into(),
        "/proc/self/cwd/secret.csv".into(),
        format!("/proc/self/root{real}/secret.csv"),
        "/dev/fd/../../secret.csv".into(),
    ] {
        world.refused(&reads(&source), &["E0528"]);
    }
}

#[test]
fn nothing_of_the_network_is_read() {
    let world = World::new();
    for source in [
        "http://127.0.0.1:9/x.csv",
        "https://example.org/x.parquet",
        "s3://bucket/x.csv",
        "S3://bucket/*.csv",
        "hf://datasets/x/y.csv",
        "gcs://bucket/x.json",
    ] {
        world.refused(&reads(source), &["E0528"]);
    }
    for uri in ["postgres://u:pw@127.0.0.1/db", "postgres:host=127.0.0.1 password=pw"] {
        let script = format!("database db = \"{uri}\"\n{}", own("save audience a as \"a\""));
        world.refused(&script, &["E0528"]);
        let told = world.0.camp(&["check", "shop/theirs.camp", "--safe", "--messages", "concise"]);
        assert!(!told.stderr.contains("pw"), "{}", told.stderr);
    }
}

#[test]
fn no_text_of_a_path_ends_its_quotes() {
    let world = World::new();
    let root = world.root().canonicalize().unwrap().display().to_string();
    for source in [
        format!("data/own.csv', '{root}/secret.csv"),
        format!(
            "data/own.csv'], auto_detect=true) UNION ALL SELECT * FROM read_csv(['{root}/secret.csv"
        ),
        "data/own.csv'); COPY (SELECT 1) TO 'up/new.csv'; --.csv".to_string(),
        format!("data/own.csv\u{0}{root}/secret.csv"),
        "data/own.csv,../secret.csv".into(),
        "{data/own.csv,../secret.csv}".into(),
    ] {
        world.stopped(&reads(&source));
    }
    for option in [
        "encoding: \"utf-8', filename='x\"",
        "delimiter: \"', all_varchar=true, delim='\"",
        "quote: \"'\"\"\"",
        "timezone: \"UTC'; SET lock_configuration=false; --\"",
    ] {
        world.stopped(&format!(
            "dimension d = \"data/own.csv\" key id\n  with {option}\na = build audience from d\nsave audience a as \"a\"\n"
        ));
    }
}

#[test]
fn no_script_outside_is_imported() {
    let world = World::new();
    let root = world.root().display().to_string();
    for path in [
        format!("{root}/secret.camp"),
        "../secret.camp".into(),
        "data/../../secret.camp".into(),
        "far.camp".into(),
        "hard_secret.camp".into(),
        "up/secret.camp".into(),
        "/etc/passwd".into(),
        "/dev/stdin".into(),
        "pipe.csv".into(),
    ] {
        world.refused(
            &format!("import \"{path}\"\n{}", own("save audience a as \"a\"")),
            &["E0528"],
        );
    }
}

#[test]
fn what_an_imported_script_tries_is_refused_too() {
    let world = World::new();
    world.0.write("shop/model.camp", "dimension far = \"../secret.csv\" key id\n");
    world.refused(
        "import \"model.camp\"\na = build audience from far\nsave audience a as \"a\"\n",
        &["E0528"],
    );
    world.0.write("shop/model.camp", "define x = sql int \"1\"\n");
    world.refused(
        &format!("import \"model.camp\"\n{}", own("save audience a as \"a\"")),
        &["E0319"],
    );
}

#[test]
fn no_database_outside_is_attached() {
    let world = World::new();
    let root = world.root().canonicalize().unwrap().display().to_string();
    symlink("../secret.duckdb", world.0.path("shop/log.duckdb.wal")).unwrap();
    database::open(&world.0.path("shop/own.duckdb"))
        .unwrap()
        .execute_batch("CREATE TABLE t AS SELECT 1 AS id")
        .unwrap();
    std::fs::copy(world.0.path("shop/own.duckdb"), world.0.path("shop/log.duckdb")).unwrap();
    for uri in [
        format!("{root}/secret.duckdb"),
        "../secret.duckdb".into(),
        "far.duckdb".into(),
        "hard_secret.duckdb".into(),
        "up/secret.duckdb".into(),
        "duckdb:../secret.duckdb".into(),
        format!("sqlite:{root}/secret.sqlite"),
        "sqlite:../secret.sqlite".into(),
        "log.duckdb".into(),
        "/dev/stdin".into(),
    ] {
        let script = format!(
            "database db = \"{uri}\"\ndimension d = db.main.t key id\na = build audience from d select *\n\
             save audience a as \"a\"\n"
        );
        world.refused(&script, &["E0528"]);
    }
}

#[test]
fn a_view_in_a_database_of_theirs_reads_nothing() {
    let world = World::new();
    let root = world.root().canonicalize().unwrap().display().to_string();
    let views = [
        format!("SELECT * FROM read_csv('{root}/secret.csv')"),
        format!("SELECT * FROM '{root}/secret.csv'"),
        format!("SELECT 1 AS id, content FROM read_text('{root}/secret.csv')"),
        format!("SELECT 1 AS id, content FROM read_blob('{root}/secret.*')"),
        format!("SELECT 1 AS id, file FROM glob('{root}/*')"),
        format!("SELECT * FROM read_json('{root}/secret.json')"),
        "SELECT 1 AS id, content FROM read_text('/proc/self/environ')".into(),
        format!("SELECT * FROM read_csv('{root}/shop/up/secret.csv')"),
        format!("SELECT * FROM read_csv('{root}/shop/far.csv')"),
        format!("SELECT * FROM read_csv('{root}/shop/hard_secret.csv')"),
        format!(
            "SELECT * FROM read_csv('{root}/shop/data/own.csv') a, read_text('{root}/secret.csv')"
        ),
        "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')".into(),
        format!("SELECT 1 AS id, * FROM sniff_csv('{root}/secret.csv')"),
        format!("SELECT 1 AS id, json FROM read_json_objects('{root}/secret.json')"),
        format!("SELECT 1 AS id, * FROM query('FROM read_text(''{root}/secret.csv'')')"),
        format!("SELECT 1 AS id, content FROM read_text('{root}/shop/data/../../secret.csv')"),
        format!(
            "SELECT 1 AS id, content FROM read_text(['{root}/shop/data/own.csv', '{root}/secret.csv'])"
        ),
        format!("SELECT 1 AS id, content FROM read_text('file://{root}/secret.csv')"),
        format!(
            "SELECT 1 AS id, (SELECT any_value(content) FROM read_text('{root}/secret.csv')) AS x"
        ),
    ];
    let file = world.0.path("shop/own.duckdb");
    {
        let db = database::open(&file).unwrap();
        for (n, view) in views.iter().enumerate() {
            // Made over a stand-in, since the engine binds a view when it is made.
            let made = db.execute_batch(&format!("CREATE VIEW v{n} AS {view}"));
            if made.is_err() {
                assert!(view.contains("http"), "{view}: {made:?}");
                db.execute_batch(&format!("CREATE VIEW v{n} AS SELECT 1 AS id WHERE error('no')"))
                    .unwrap();
            }
        }
        db.execute_batch(&format!(
            "CREATE MACRO m() AS TABLE SELECT * FROM read_csv('{root}/secret.csv'); \
             CREATE VIEW via_macro AS SELECT * FROM m()"
        ))
        .unwrap();
    }
    let names = (0..views.len()).map(|n| format!("v{n}")).chain(["via_macro".into()]);
    for view in names {
        world.stopped(&format!(
            "database db = \"own.duckdb\"\ndimension d = db.main.{view} key id\n\
             a = build audience from d select *\nsave audience a as \"a\"\n"
        ));
        // And of the project's own database, which came with the scripts as well.
        let script = format!(
            "dimension d = {view} key id\na = build audience from d select *\nsave audience a as \"a\"\n"
        );
        world.0.write("shop/theirs.camp", &script);
        world.tried();
        let ran = world.0.camp(&["run", "shop/theirs.camp", "--safe", "--db", "shop/own.duckdb"]);
        assert!(matches!(ran.exit, Some(1 | 4)), "{view}: {ran:?}");
        assert!(!format!("{ran:?}").contains(SECRET), "{view}: {ran:?}");
    }
}

#[test]
fn nothing_is_written_outside_or_over_what_is_there() {
    let world = World::new();
    let root = world.root().display().to_string();
    let own_before = std::fs::read(world.0.path("shop/data/own.csv")).unwrap();
    world.0.write("shop/other.csv", "kept\n");
    for target in [
        format!("{root}/new.csv"),
        format!("{root}/secret.csv"),
        "../new.csv".into(),
        "../secret.csv".into(),
        "data/../../new.parquet".into(),
        "none/../../new.csv".into(),
        "up/new.csv".into(),
        "up/new/new.csv".into(),
        "up/secret.csv".into(),
        "far.csv".into(),
        "hard_secret.csv".into(),
        "dangling.csv".into(),
        "other.csv".into(),
        "pipe.csv".into(),
        ".vscode/settings.json".into(),
        "data/.hidden.csv".into(),
        "/dev/shm/camp-escape.csv".into(),
        "/proc/self/cwd/new.csv".into(),
    ] {
        world.refused(&own(&format!("export a to \"{target}\"")), &["E0528"]);
    }
    world.refused(&own("export a to \"data/own.csv\""), &["E0528"]);
    let param = "param p: text = \"../new\"\n";
    world.refused(&format!("{param}{}", own("export a to \"{{p}}.csv\"")), &["E0528"]);
    assert_eq!(std::fs::read(world.0.path("shop/data/own.csv")).unwrap(), own_before);
    assert_eq!(std::fs::read_to_string(world.0.path("shop/other.csv")).unwrap(), "kept\n");
    assert!(!Path::new("/dev/shm/camp-escape.csv").exists());
}

#[test]
fn a_link_that_waits_where_an_export_is_drafted_is_not_followed() {
    let world = World::new();
    world.0.write("shop/theirs.camp", &own("export a to \"out.csv\""));
    let before = world.outside();
    world.tried();
    let camp = env!("CARGO_BIN_EXE_camp");
    // The shell becomes the program, so that its number is known before.
    let script = format!(
        "ln -s ../secret.csv shop/.out.csv.$$.part; exec {camp} run shop/theirs.camp --safe"
    );
    let output =
        Command::new("sh").args(["-c", &script]).current_dir(world.root()).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert_eq!(world.outside(), before);
}

#[test]
fn settings_that_came_with_the_scripts_lead_nowhere_else() {
    let world = World::new();
    world.0.write("shop/theirs.camp", &own("save audience a as \"a\""));
    let before = world.outside();
    for setting in [
        "database = \"../secret.duckdb\"",
        "database = \"far.duckdb\"",
        "database = \"hard_secret.duckdb\"",
        "publish = \"../copy.duckdb\"",
        "publish = \"up/copy.duckdb\"",
        "publish = \"theirs.camp\"",
        "publish = \"data/own.csv\"",
        "publish = \".vscode/settings.json\"",
        "temp_directory = \"../spill\"",
        "temp_directory = \"up\"",
    ] {
        world.0.write("shop/camp.toml", &format!("timezone = \"UTC\"\n{setting}\n"));
        world.tried();
        let ran = world.0.camp(&["run", "shop/theirs.camp", "--safe"]);
        assert_eq!(ran.exit, Some(4), "{setting}: {ran:?}");
        assert!(ran.stderr.contains("E0528"), "{setting}: {}", ran.stderr);
        assert_eq!(world.outside(), before, "{setting}");
    }
    // One that is new and inside is written, and nothing is left beside it.
    world.0.write("shop/camp.toml", "timezone = \"UTC\"\npublish = \"read.duckdb\"\n");
    let ran = world.0.camp(&["run", "shop/theirs.camp", "--safe"]);
    assert!(ran.exit == Some(0) && !ran.stderr.contains("W0951"), "{ran:?}");
    let names = world.0.files();
    assert!(names.iter().any(|f| f == "read.duckdb"), "{names:?}");
    assert!(names.iter().all(|f| !f.contains(".part")), "{names:?}");
    // The folder for what does not fit into memory is made beside the database.
    world.0.write("shop/camp.toml", "timezone = \"UTC\"\n");
    std::fs::create_dir(world.0.path("precious")).unwrap();
    world.0.write("precious/1-1.lock", "");
    std::fs::create_dir(world.0.path("precious/1-1")).unwrap();
    symlink("../precious", world.0.path("shop/camp.duckdb.tmp")).unwrap();
    world.tried();
    let ran = world.0.camp(&["run", "shop/theirs.camp", "--safe"]);
    assert_eq!(ran.exit, Some(0), "{ran:?}");
    assert!(world.0.path("precious/1-1").exists(), "a folder outside was tidied up");
}

#[test]
fn neither_sql_nor_plugins_of_theirs_nor_deliveries() {
    let world = World::new();
    for rule in [
        "a2 = build audience from d where sql bool \"true\"",
        "a2 = build audience from a select sql text \"getenv('HOME')\" as x",
        "define evil on d = sql int \"1\"\na2 = build audience from d where evil = 1",
        "a2 = build audience from d where (sql text \"(SELECT content FROM read_text('/etc/passwd'))\") = \"\"",
    ] {
        world.refused(&own(&format!("{rule}\nsave audience a2 as \"a\"")), &["E0319"]);
    }
    let theirs = world.0.path("shop/.camp/plugins/evil");
    std::fs::create_dir_all(&theirs).unwrap();
    std::fs::write(theirs.join("libcamp_evil.so"), b"\x7fELF").unwrap();
    // One of theirs, those that come with Camp whether they send something or not, one that is
    // nowhere: whether a machine has a plugin is not told.
    for call in [
        "use evil\nb = evil a\nsave audience b as \"b\"",
        "use split\nx, y = split a with x: where id = 1\nsave audience x as \"x\"",
        "use deduplicate\nb = deduplicate a with by: name\nsave audience b as \"b\"",
        "use webhook\nwebhook a with url: \"http://127.0.0.1:9/\"",
        "use email\nemail a with to: name, subject: \"x\", text: \"x\"",
        "use nowhere\nb = nowhere a\nsave audience b as \"b\"",
    ] {
        world.refused(&own(call), &["E0625"]);
    }
    let told = world.run(&own("use nowhere, split\nsave audience a as \"a\""), "check");
    let place = "theirs.camp:3:5";
    let concise = world.0.camp(&["check", "shop/theirs.camp", "--safe", "--messages", "concise"]);
    assert_eq!((told.exit, told.stderr.matches("E0625").count()), (Some(1), 2), "{told:?}");
    assert!(concise.stderr.contains(place), "{}", concise.stderr);
}

#[test]
fn an_imported_script_loads_no_plugin_either() {
    let world = World::new();
    world.0.write("shop/model.camp", "use split\ndimension d2 = \"data/own.csv\" key id\n");
    world.refused(
        &format!("import \"model.camp\"\n{}", own("save audience a as \"a\"")),
        &["E0625"],
    );
}

#[test]
fn every_command_that_takes_a_script_keeps_it_inside() {
    let world = World::new();
    let before = world.outside();
    let far = reads("../secret.csv");
    let plugin = own("use split\nx, y = split a with x: where id = 1\nsave audience x as \"x\"");
    let sql = own("b = build audience from a where sql bool \"true\"\nsave audience b as \"b\"");
    for (script, code) in [(&far, "E0528"), (&plugin, "E0625"), (&sql, "E0319")] {
        let test = "\ntest \"t\"\n  given d (id) = (1), (2)\n  expect a = (1), (2)\n";
        world.0.write(
            "shop/theirs.camp",
            &format!("{script}{}", if code == "E0528" { "" } else { test }),
        );
        for line in [
            &["check"][..],
            &["plan"],
            &["plan", "--save-plan", "plan.json"],
            &["run"],
            &["run", "--dry-run"],
            &["run", "--only", "a"],
            &["explain"],
            &["explain", "--analyze"],
            &["graph"],
            &["why", "1", "a"],
            &["profile", "d"],
            &["test"],
        ] {
            // `profile` asks for no step, `test` reads no data.
            if line[0] == "profile" && code != "E0528" || line[0] == "test" && code == "E0528" {
                continue;
            }
            world.tried();
            let ran = world.0.camp(&[line, &["shop/theirs.camp", "--safe"]].concat());
            assert!(
                !ran.stdout.contains(SECRET) && !ran.stderr.contains(SECRET),
                "{line:?} {ran:?}"
            );
            assert!(ran.stderr.contains(code), "{line:?} does not say {code}: {ran:?}");
            assert_ne!(ran.exit, Some(0), "{line:?} of {code}");
        }
    }
    assert_eq!(world.outside(), before);
}

#[test]
fn an_honest_script_works() {
    let world = World::new();
    database::open(&world.0.path("shop/own.duckdb"))
        .unwrap()
        .execute_batch("CREATE TABLE t AS SELECT range AS id FROM range(9)")
        .unwrap();
    world
        .0
        .write("shop/model.camp", "database db = \"own.duckdb\"\ndimension t = db.main.t key id\n");
    let script = "import \"model.camp\"\ndimension d = \"data/*.csv\" key id\n\
        a = build audience from d select name\nb = build audience from t where id > 6\n\
        x = build audience from a where name = \"a\"\n\
        save audience x as \"a\"\nsave audience b as \"b\"\nexport a to \"out/a.csv\"\n";
    let ran = world.run(script, "run");
    assert_eq!(ran.exit, Some(0), "{ran:?}");
    assert_eq!(
        std::fs::read_to_string(world.0.path("shop/out/a.csv")).unwrap(),
        "id,name\n1,a\n2,b\n"
    );
    let db = database::open(&world.0.path("shop/camp.duckdb")).unwrap();
    let rows =
        database::rows(&db, "SELECT label, size FROM camp.camp.audience ORDER BY label").unwrap();
    assert_eq!(rows, [["a", "1"], ["b", "2"]]);
}

/// The project's database came with the scripts: its catalogue may be no table of Camp's.
#[test]
fn a_catalogue_of_theirs_made_of_views_reads_nothing() {
    let world = World::new();
    let root = world.root().canonicalize().unwrap().display().to_string();
    world.0.write("shop/theirs.camp", &own("save audience a as \"a\""));
    let made = world.0.camp(&["run", "shop/theirs.camp"]);
    assert_eq!(made.exit, Some(0), "{made:?}");
    let whole = std::fs::read(world.0.path("shop/camp.duckdb")).unwrap();
    let text = format!("(SELECT content FROM read_text('{root}/secret.csv'))");
    for change in [
        format!("DROP TABLE audience.a; CREATE VIEW audience.a AS SELECT 1 AS id, {text} AS name"),
        format!(
            "ALTER TABLE camp.camp.audience RENAME TO audience2; CREATE VIEW camp.camp.audience AS \
             SELECT * REPLACE ({text} AS label) FROM camp.camp.audience2"
        ),
        format!(
            "ALTER TABLE camp.camp.run RENAME TO run2; CREATE VIEW camp.camp.run AS \
             SELECT * REPLACE ({text} AS error) FROM camp.camp.run2"
        ),
        format!(
            "DROP TABLE camp.camp.meta; CREATE VIEW camp.camp.meta AS SELECT length({text}) AS version"
        ),
        format!("CREATE OR REPLACE VIEW camp.camp.membership AS SELECT {text} AS audience"),
    ] {
        std::fs::write(world.0.path("shop/camp.duckdb"), &whole).unwrap();
        database::open(&world.0.path("shop/camp.duckdb")).unwrap().execute_batch(&change).unwrap();
        let before = world.outside();
        for script in [
            "b = read audience \"a\"\nsave audience b as \"b\"",
            "b = build audience from d where in audience \"a\"\nsave audience b as \"b\"",
            "save audience a as \"a\"",
        ] {
            world.0.write("shop/theirs.camp", &own(script));
            for command in ["plan", "run"] {
                world.tried();
                let ran = world.0.camp(&[command, "shop/theirs.camp", "--safe"]);
                let said = format!("{}{}", ran.stdout, ran.stderr);
                assert!(!said.contains(SECRET), "{change} {script}: {said}");
                assert!(!said.contains("panicked"), "{said}");
            }
        }
        assert_eq!(world.outside(), before, "{change}");
    }
}

#[test]
fn the_engine_lets_no_view_write_or_change_a_setting() {
    let world = World::new();
    let root = world.root().canonicalize().unwrap().display().to_string();
    let home = world.0.path("shop/home");
    std::fs::create_dir_all(home.join(".duckdb/stored_secrets")).unwrap();
    let views = [
        format!(
            "SELECT 1 AS id FROM enable_logging('QueryLog', storage = 'file', storage_path = '{root}/new')"
        ),
        "SELECT 1 AS id FROM disable_logging()".to_owned(),
        format!("SELECT 1 AS id, write_log('{SECRET}') AS x"),
        format!("SELECT 1 AS id, * FROM read_duckdb('{root}/secret.duckdb', table_name = 't')"),
        "SELECT 1 AS id, getenv('HOME') AS x".into(),
        "SELECT 1 AS id FROM force_checkpoint()".into(),
        "SELECT 1 AS id FROM checkpoint('temp')".into(),
        "SELECT 1 AS id, secret_string AS x FROM duckdb_secrets()".into(),
        "SELECT 1 AS id, set_config('threads', '99') AS x".into(),
    ];
    let file = world.0.path("shop/own.duckdb");
    let mut made = 0;
    for (n, view) in views.iter().enumerate() {
        let db = database::open(&file).unwrap();
        // What this version of the engine does not know cannot be tried.
        let created = db.execute_batch(&format!("CREATE VIEW v{n} AS {view}"));
        eprintln!("{view}: {created:?}");
        drop(db);
        if created.is_err() {
            continue;
        }
        made += 1;
        let before = world.outside();
        world.tried();
        let ran = world.run(
            &format!(
                "database db = \"own.duckdb\"\ndimension d = db.main.v{n} key id\n\
                 a = build audience from d select *\nsave audience a as \"a\"\n"
            ),
            "run",
        );
        eprintln!("{view}: {ran:?}");
        assert_eq!(world.outside(), before, "{view} changed the world");
        assert!(!world.0.path("new").exists(), "{view} wrote a file");
    }
    assert!(made >= 2, "the engine knows none of these");
}
