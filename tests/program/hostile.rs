//! Names, labels, paths and values with every kind of quote and control character: they are kept as
//! they are, and no terminal obeys them.

use std::fmt::Write as _;

use crate::support::database;
use crate::support::project::{Project, Ran};

/// To clear the screen (CSI), to name the window (OSC, ended by BEL and by ST), the same as single
/// characters (C1), to turn the direction of text, backspace, DEL.
const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{1b}]8;;x\u{1b}\\\u{9b}31m\u{9d}0;x\u{9c}\u{90}q\u{202e}\u{2066}\u{200f}\u{8}\u{7f}";

/// What no terminal may get; written down here again, since the program's own list could be wrong.
fn orders(text: &str) -> Vec<char> {
    let order = |c: &char| {
        let code = *c as u32;
        (code < 0x20 && *c != '\n')
            || (0x7f..=0x9f).contains(&code)
            || [0x61c, 0x200e, 0x200f, 0x2028, 0x2029, 0xfeff].contains(&code)
            || (0x202a..=0x202e).contains(&code)
            || (0x2066..=0x2069).contains(&code)
    };
    text.chars().filter(order).collect()
}

fn harmless(what: &str, ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        assert!(orders(text).is_empty(), "{what}: {text:?}");
    }
    assert!(!ran.stderr.contains("panicked"), "{what}: {}", ran.stderr);
}

fn hostile() -> Project {
    let project = Project::new();
    let bad = HOSTILE;
    project.sql(&format!(
        "CREATE TABLE p (id VARCHAR, \"na{bad}me\" VARCHAR, born VARCHAR); \
         INSERT INTO p VALUES ('1{bad}', 'Ann{bad}', '2020-01-01{bad}'), ('2', '''; DROP TABLE p; --', NULL)"
    ));
    project
}

#[test]
fn reports_of_hostile_data_and_labels_steer_no_terminal() {
    let project = hostile();
    let bad = HOSTILE;
    project.write(
        "own.camp",
        &format!(
            "campaign \"C{bad}\"\n  description \"{bad}\"\ndimension p = p key id\n## Doc {bad}\n\
             a = build audience from p select *\nexpect count(a) > 0 else \"M{bad}\"\n\
             save audience a as \"VIP{bad}\"\nexport a to \"out{}.csv\"\n",
            bad.replace('\\', "")
        ),
    );
    let label = format!("VIP{bad}");
    for args in [
        vec!["check", "own.camp"],
        vec!["plan", "own.camp"],
        vec!["run", "own.camp"],
        vec!["run", "own.camp", "--dry-run"],
        vec!["audiences", "list"],
        vec!["audiences", "show", &label],
        vec!["audiences", "members", &label],
        vec!["audiences", "history", &label],
        vec!["audiences", "diff", &label, "1", "1"],
        vec!["audiences", "overlap", &label, &label],
        vec!["runs", "list"],
        vec!["profile", "p", "own.camp"],
    ] {
        for more in [&[][..], &["--format", "json"]] {
            let ran = project.camp(&[&args, more].concat());
            harmless(&format!("{args:?} {more:?}"), &ran);
            assert!(ran.exit == Some(0), "{args:?}: {}", ran.stderr);
        }
    }
    let run = project.rows("SELECT id FROM camp.camp.run ORDER BY sequence DESC LIMIT 1").remove(0);
    harmless("runs show", &project.camp(&["runs", "show", &run]));
    // JSON and CSV keep what is there.
    let json = project.camp(&["audiences", "members", &label, "--format", "json"]);
    let rows: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert!(rows.as_array().unwrap().iter().any(|r| r["id"] == format!("1{bad}")), "{rows}");
    let csv = project.camp(&["audiences", "members", &label, "--format", "csv"]);
    assert!(csv.stdout.contains(&format!("Ann{bad}")), "{:?}", csv.stdout);
}

#[test]
fn errors_about_hostile_scripts_data_and_engine_words_steer_no_terminal() {
    let project = hostile();
    let bad = HOSTILE;
    let plain = bad.replace('\\', "");
    project.write(&format!("data{plain}.csv"), "id,id\n1,2\n");
    project.write("keys.csv", &format!("id,n\nx{bad},1\nx{bad},2\n"));
    let rest = "a = build audience from d\nsave audience a as \"a\"\n";
    let over_p = "dimension p = p key id\na = build audience from p";
    for (n, script) in [
        format!("dimension d = \"no{bad}.csv\" key id\n{rest}"),
        format!("dimension d = \"data{plain}.csv\" key id\n{rest}"),
        format!("dimension d = \"keys.csv\" key id\n{rest}"),
        format!("dimension d = \"keys.csv\" key id\n  columns (id: int)\n{rest}"),
        format!("database x = \"no{bad}.duckdb\"\ndimension d = x.main.t key id\n{rest}"),
        format!("import \"no{bad}.camp\"\n{rest}"),
        format!("{over_p} where `na{bad}` = 1\nsave audience a as \"a\"\n"),
        format!("{over_p} where id = {bad}\nsave audience a as \"a\"\n"),
        format!("{over_p}\n{bad}\n"),
        format!("{over_p} where born matches \"({bad}\"\nsave audience a as \"a\"\n"),
        format!("{over_p} where sql bool \"CAST(born AS DATE) > DATE '2020-01-01' {bad}\"\nsave audience a as \"a\"\n"),
        format!("{over_p} where sql bool \"CAST({{{{id}}}} AS INTEGER) > 0\"\nsave audience a as \"a\"\n"),
        format!("{over_p} where sql bool \"error({{{{id}}}})\"\nsave audience a as \"a\"\n"),
        format!("{over_p}\nexpect count(a) > 100 else \"few{bad}\"\nsave audience a as \"a\"\n"),
        format!("b = read audience \"none{bad}\"\nsave audience b as \"a\"\n"),
        format!("campaign \"c\" timezone \"Europe/{bad}\"\n{over_p}\nsave audience a as \"a\"\n"),
        format!("use no{bad}\n{over_p}\nsave audience a as \"a\"\n"),
        format!("{over_p}\nexport a to \"out.{bad}\"\n"),
    ]
    .iter()
    .enumerate()
    {
        project.write("bad.camp", script);
        for style in ["fancy", "concise", "json"] {
            let ran = project.camp(&["run", "bad.camp", "--messages", style]);
            assert_ne!(ran.exit, Some(0), "script {n} is fine: {script:?}");
            harmless(&format!("script {n} {style}"), &ran);
        }
    }
    // The name of the script itself, and words of the command line.
    let name = format!("b{plain}\n; DROP.camp");
    project.write(&name, &format!("{over_p}\n"));
    harmless("name", &project.camp(&["check", &name]));
    project.write(&name, &format!("{over_p}\nsave audience a as \"a\"\n"));
    let explained = project.camp(&["explain", &name]);
    assert!(!explained.stdout.lines().any(|l| l.starts_with("; DROP")), "{}", explained.stdout);
    harmless("missing", &project.camp(&["run", &format!("none{bad}.camp")]));
    harmless("members", &project.camp(&["audiences", "members", &format!("none{bad}")]));
    harmless("set", &project.camp(&["run", "own.camp", "--as-of", bad]));
}

/// Every character that could end a quote, a line or a name, and some of all kinds: all of ASCII
/// and of the control characters behind it, quotes of all scripts, every character that turns the
/// direction of text or is invisible, tags, marks, letters and pictures.
fn characters() -> Vec<char> {
    let mut all: Vec<char> = (1u32..0xa1).filter_map(char::from_u32).collect();
    for (first, last) in [(0x200b, 0x200f), (0x2028, 0x202e), (0x2060, 0x2069), (0x2018, 0x201f)] {
        all.extend((first..=last).filter_map(char::from_u32));
    }
    all.extend("«»′″‹›´＂＇「」\u{ad}\u{61c}\u{180e}\u{301}\u{feff}\u{fffd}\u{e0041}😀é日".chars());
    all
}

#[test]
fn files_of_every_name_are_read_written_and_never_others() {
    let project = Project::new();
    // A line's end cannot be written in a text, and a slash parts folders.
    let all: Vec<char> =
        characters().into_iter().filter(|c| !matches!(c, '\n' | '\r' | '/')).collect();
    let mut script = String::new();
    for (n, c) in all.iter().enumerate() {
        let name = format!("f{n} {c}'; x");
        project.write(&format!("{name}.csv"), &format!("id\n{n}\n"));
        let written = name.replace('"', "\"\"");
        writeln!(script, "dimension d{n} = \"{written}.csv\" key id").unwrap();
        writeln!(script, "a{n} = build audience from d{n}").unwrap();
        writeln!(script, "export a{n} to \"o{written}.csv\"").unwrap();
    }
    project.write("a.camp", &script);
    let ran = project.run("a.camp");
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    harmless("run", &ran);
    for (n, c) in all.iter().enumerate() {
        let read = std::fs::read_to_string(project.path(&format!("of{n} {c}'; x.csv")));
        assert_eq!(read.unwrap(), format!("id\n{n}\n"), "character {:x}", *c as u32);
    }
    // What is there is what was put there: two files for each, the script and the settings.
    assert_eq!(project.files().len(), 2 * all.len() + 2, "{:?}", project.files());
}

#[test]
fn headers_of_every_character_are_names_of_columns() {
    let project = Project::new();
    let mut header = String::from("id");
    let mut row = String::from("1");
    let all = characters();
    for (n, c) in all.iter().enumerate() {
        write!(header, ",\"c{n} {}x\"", c.to_string().replace('"', "\"\"")).unwrap();
        write!(row, ",v{n}").unwrap();
    }
    project.write("p.csv", &format!("{header}\n{row}\n"));
    project.write(
        "a.camp",
        "dimension p = \"p.csv\" key id\na = build audience from p select *\nsave audience a as \"a\"\n",
    );
    project.run_well("a.camp");
    let db = database::open(&project.database()).unwrap();
    for (n, c) in all.iter().enumerate() {
        // A line break in a header is one kind, however the file writes it.
        let name = format!("c{n} {c}x").replace('"', "\"\"").replace('\r', "\n");
        let rows = database::rows(&db, &format!("SELECT \"{name}\" FROM audience.a")).unwrap();
        assert_eq!(rows, [[format!("v{n}")]], "character {:x}", *c as u32);
    }
}

#[test]
fn the_character_nul_is_kept_in_values_and_refused_in_names_at_its_place() {
    let project = Project::new();
    project.write("p.csv", "id,note\n1,a\0b\n2,a\n3,\0\n");
    let over = "dimension p = \"p.csv\" key id\na = build audience from p";
    for (n, (script, place)) in [
        (format!("{over}\nsave audience a as \"x\0y\"\n"), "3:22"),
        (format!("{over} where note = \"a\0b\"\nsave audience a as \"x\"\n"), "2:42"),
        (format!("{over} select note as `x\0y`\nsave audience a as \"x\"\n"), "2:44"),
        ("dimension p = \"p\0.csv\" key id\na = build audience from p\nsave audience a as \"x\"\n".into(), "1:17"),
        (format!("campaign \"c\0d\"\n{over}\nsave audience a as \"x\"\n"), "1:12"),
        (format!("{over}\nexport a to \"o\0.csv\"\n"), "3:15"),
        (format!("{over}\nexpect count(a) > 0 else \"m\0\"\nsave audience a as \"x\"\n"), "3:28"),
        (format!("import \"m\0.camp\"\n{over}\nsave audience a as \"x\"\n"), "1:10"),
        (format!("{over}\nsave audience a as \"x\"\n\0\n"), "4:1"),
    ]
    .into_iter()
    .enumerate()
    {
        project.write("a.camp", &script);
        for command in ["check", "run"] {
            let ran = project.camp(&[command, "a.camp", "--messages", "concise"]);
            assert_eq!(ran.exit, Some(1), "{n}: {ran:?}");
            assert!(ran.stderr.contains("E0755"), "{n}: {}", ran.stderr);
            assert!(ran.stderr.contains(&format!("a.camp:{place}:")), "{n}: {}", ran.stderr);
            harmless("nul", &ran);
        }
    }
    // In a comment it means nothing, and harms nobody.
    project.write(
        "a.camp",
        &format!("# \0\n{over} select note\nsave audience a as \"x\"\nexport a to \"o.csv\"\n"),
    );
    project.run_well("a.camp");
    let rows = project.rows("SELECT id, octet_length(encode(note)) FROM audience.x ORDER BY id");
    assert_eq!(rows, ["1|3", "2|1", "3|1"]);
    let written = std::fs::read_to_string(project.path("o.csv")).unwrap();
    assert!(written.contains("a\0b"), "{written:?}");
    // A label of values, and a name of a column.
    project.write(
        "a.camp",
        &format!("{over} select note\nsave audience a as \"x {{{{note}}}}\" for each note\n"),
    );
    let ran = project.run("a.camp");
    assert!(ran.exit == Some(1) && ran.stderr.contains("E0755"), "{ran:?}");
    harmless("label", &ran);
    for (name, text) in [("h.csv", "id,n\0m\n1,2\n"), ("h.json", "{\"id\": 1, \"n\\u0000m\": 2}\n")]
    {
        project.write(name, text);
        project.write(
            "a.camp",
            &format!("dimension p = \"{name}\" key id\na = build audience from p\nsave audience a as \"x\"\n"),
        );
        let ran = project.run("a.camp");
        assert!(ran.exit == Some(4) && ran.stderr.contains("NUL"), "{name}: {ran:?}");
        harmless(name, &ran);
    }
}

#[test]
fn columns_and_values_of_every_character_are_carried_as_they_are() {
    let project = Project::new();
    let name = |n: usize, c: char| format!("c{n} {c}x");
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut columns = String::from("'k' AS id");
    for (n, c) in characters().into_iter().enumerate() {
        write!(columns, ", chr({}) || '{n}' AS {}", c as u32, quoted(&name(n, c))).unwrap();
    }
    project.sql(&format!("CREATE TABLE p AS SELECT {columns}"));
    project.write(
        "a.camp",
        "dimension p = p key id\na = build audience from p select *\nsave audience a as \"a\"\n\
         export a to \"a.parquet\"\n",
    );
    project.run_well("a.camp");
    let db = database::open(&project.database()).unwrap();
    for (n, c) in characters().into_iter().enumerate() {
        for from in ["audience.a", &format!("'{}'", project.path("a.parquet").display())] {
            let sql = format!("SELECT {} FROM {from}", quoted(&name(n, c)));
            let rows = database::rows(&db, &sql).unwrap();
            assert_eq!(rows, [[format!("{c}{n}")]], "character {:x} in {from}", c as u32);
        }
    }
}

#[test]
fn labels_and_texts_of_every_character_are_kept_or_refused_and_never_end_their_quotes() {
    let project = Project::new();
    project.sql("CREATE TABLE p AS SELECT 1 AS id");
    // A text does not go over a line's end.
    let inside = |c: &char| !matches!(c, '\n' | '\r');
    let mut script = String::from("dimension p = p key id\n");
    let all: Vec<char> = characters().into_iter().filter(inside).collect();
    let label = |n: usize, c: char| format!("L{n} {c}'; DROP TABLE p; --");
    for (n, c) in all.iter().enumerate() {
        let written = label(n, *c).replace('"', "\"\"");
        writeln!(script, "a{n} = build audience from p where \"{}x\" != \"y\"", written).unwrap();
        writeln!(script, "save audience a{n} as \"{written}\"").unwrap();
    }
    project.write("a.camp", &script);
    project.run_well("a.camp");
    let listed = project.camp(&["audiences", "list", "--format", "json"]);
    let listed: Vec<serde_json::Value> = serde_json::from_str(&listed.stdout).unwrap();
    let labels: Vec<&str> = listed.iter().map(|l| l["label"].as_str().unwrap()).collect();
    for (n, c) in all.iter().enumerate() {
        let label = label(n, *c);
        assert!(labels.contains(&label.as_str()), "{label:?} is not there");
    }
    assert_eq!(project.rows("SELECT count(*) FROM p"), ["1"]);
    // Each is read by its label, and dropped.
    for (n, c) in all.iter().enumerate().step_by(23) {
        let members = project.camp(&["audiences", "members", &label(n, *c)]);
        assert_eq!(members.exit, Some(0), "{members:?}");
        harmless("members", &members);
        let dropped = project.camp(&["audiences", "drop", &label(n, *c)]);
        assert_eq!(dropped.exit, Some(0), "{dropped:?}");
    }
}
