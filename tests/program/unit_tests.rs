//! `camp test` as a shell sees it.

use super::commands::{Folder, Ran};

/// A campaign whose sources nobody has.
const CAMPAIGN: &str = r#"campaign "Visits" timezone "Europe/Paris"
database crm = "postgres://nowhere.invalid/crm"
dimension people = "nowhere/people.parquet" key id where not deleted
dimension visits = crm.main.visits key visit_id
link people.visits, visits.person on people.id = visits.person_id
param least: int = 2
busy, calm = build audience from people
  where count(visits where at in last 7 days) >= least and not in audience "Told"
  select name, max(at of visits) as latest
told = save audience busy as "Told" append
only_many = build audience from busy select name
save audience only_many as "Many" only if count(busy) > 100
expect count(busy) >= 1000 else "too few"
export busy to "out/busy.csv"
"#;

const TEST: &str = r#"
test "seven days, today among them"
  as of 2026-11-24T09:30
  given people (id, name, deleted) =
    (1, "Ann", false),
    (2, "Bob", false),
    (3, "Cid", missing),
    (4, "Dee", true)
  given visits (visit_id, person_id, at) =
    (1, 1, 2026-11-18T00:00),
    (2, 1, 2026-11-24T09:30),
    (3, 2, 2026-11-17T23:59),
    (4, 2, 2026-11-24T09:31),
    (5, 3, 1 day ago),
    (6, 3, 1 day ago),
    (7, 4, 1 day ago),
    (8, 4, 1 day ago)
  given audience "Told" of people = (3)
"#;

fn folder(files: &[(&str, &str)]) -> Folder {
    let campaign = format!("{CAMPAIGN}{TEST}  expect busy = (1)\n");
    let folder = Folder::new(&[("visits.camp", &campaign)]);
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// The campaign with one test that ends like this.
fn tested(end: &str) -> Ran {
    let text = format!("{CAMPAIGN}{TEST}{end}\n");
    Folder::new(&[("a.camp", &text)]).camp(&["test", "a.camp"])
}

#[track_caller]
fn passes(end: &str) {
    let ran = tested(end);
    assert_eq!(ran.exit, 0, "{ran:#?}");
    assert!(ran.stdout.ends_with("\n1 test: 1 passed\n"), "{ran:#?}");
}

#[track_caller]
fn fails(end: &str, lines: &[&str]) {
    let ran = tested(end);
    assert_eq!(ran.exit, 3, "{ran:#?}");
    let details: Vec<&str> =
        ran.stdout.lines().filter_map(|l| l.strip_prefix("            ")).collect();
    assert_eq!(details, lines, "{ran:#?}");
}

#[test]
fn transitions_have_exactly_the_members_that_are_expected() {
    passes("  expect busy = (1)\n  expect calm = (3, 2)\n  expect told = (1, 3)");
    passes("  expect busy (id, name, latest) = (1, \"Ann\", 2026-11-24T09:30)");
    passes("  expect busy (name) = (\"Ann\")\n  expect count(calm) = 2");
    // What `only if` skips holds nobody, and is not saved.
    passes("  expect audience \"Told\" = (1, 3)");
}

#[test]
fn a_difference_is_told_by_rows_and_columns() {
    fails("  expect busy = (1, 2)", &["missing     2"]);
    fails("  expect busy = ()", &["unexpected  1"]);
    fails(
        "  expect calm (id, name) = (2, \"Rob\"), (5, \"Eve\")",
        &[
            "different   2: name is \"Bob\", expected \"Rob\"",
            "missing     (5, \"Eve\")",
            "unexpected  (3, \"Cid\")",
        ],
    );
    fails("  expect count(calm) = 3", &["count(calm) is 2"]);
    fails("  expect audience \"Told\" = (1)", &["unexpected  3"]);
    fails("  expect audience \"Many\" = ()", &["no audience \"Many\" was saved"]);
}

#[test]
fn guards_of_the_campaign_count_only_where_a_failure_is_expected() {
    passes("  expect failure");
    passes("  expect failure \"too few\"");
    fails("  expect failure \"too many\"", &["the guard says \"too few\""]);
}

#[test]
fn parameters_are_those_of_the_test() {
    passes("  with least: 1\n  expect busy = (1)");
    passes("  with least: 0\n  expect busy = (1, 2)");
    passes("  with least: 3\n  expect busy = ()");
}

#[test]
fn nothing_is_written_and_no_database_is_made() {
    let folder = folder(&[]);
    let ran = folder.camp(&["test", "visits.camp"]);
    assert_eq!(ran.exit, 0, "{ran:#?}");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn a_file_of_tests_knows_the_transitions_of_the_campaign_it_imports() {
    let own = format!(
        "import \"../visits.camp\"\ndefine nobody = ()\n{TEST}  expect busy = (1)\n\
         test \"nobody at all\"\n  given people = ()\n  expect busy = ()\n"
    );
    let folder = folder(&[]);
    std::fs::create_dir(folder.path().join("tests")).unwrap();
    std::fs::write(folder.path().join("tests/visits.camp"), own).unwrap();
    let ran = folder.camp(&["test", "tests"]);
    assert_eq!(ran.exit, 0, "{ran:#?}");
    assert!(ran.stdout.starts_with("tests/visits.camp\n  ok      seven days"), "{ran:#?}");
    assert!(ran.stdout.ends_with("\n2 tests: 2 passed\n"), "{ran:#?}");
}

#[test]
fn what_is_wrong_with_a_test_is_said_at_its_place() {
    let ran = tested("  expect bussy = (1)");
    assert_eq!(ran.exit, 1, "{ran:#?}");
    assert!(ran.stderr.contains("`bussy` is neither a transition nor a dimension"), "{ran:#?}");
    assert!(ran.stderr.contains("did you mean `busy`?"), "{ran:#?}");
    let ran = tested("  expect busy (id, nome) = (1, \"Ann\")");
    assert!(ran.stderr.contains("did you mean `name`?"), "{ran:#?}");
    let ran = tested("  with lesat: 3\n  expect busy = ()");
    assert!(ran.stderr.contains("did you mean `least`?"), "{ran:#?}");
    let ran = tested("  expect busy = (\"one\")");
    assert!(ran.stderr.contains("Column `id` is a whole number, not a text"), "{ran:#?}");
}

#[test]
fn a_key_that_is_given_twice_is_an_error() {
    let folder = folder(&[(
        "twice.camp",
        "dimension p = \"p.csv\" key id\na = build audience from p\nsave audience a as \"A\"\n\
         test \"twice\"\n  given p = (1, 1)\n  expect a = (1)\n",
    )]);
    let ran = folder.camp(&["test", "twice.camp"]);
    assert!(ran.stderr.contains("E0570"), "{ran:#?}");
    assert_ne!(ran.exit, 0, "{ran:#?}");
}

#[test]
fn a_source_that_nobody_has_must_be_given() {
    let folder = folder(&[(
        "lacks.camp",
        "dimension p = \"p.csv\" key id\na = build audience from p\nsave audience a as \"A\"\n\
         test \"lacks\"\n  expect a = ()\n",
    )]);
    let ran = folder.camp(&["test", "lacks.camp"]);
    assert_eq!(ran.exit, 1, "{ran:#?}");
    assert!(ran.stderr.contains("E0806"), "{ran:#?}");
    assert!(ran.stderr.contains("add `given p (id) = ()` to the test"), "{ran:#?}");
}

#[test]
fn real_sources_say_the_columns_and_none_of_their_rows_are_seen() {
    let folder = Folder::new(&[
        ("p.csv", "id,country,n\n1,FR,5\n2,DE,6\n"),
        (
            "a.camp",
            "campaign \"A\" timezone \"UTC\"\ndimension p = \"p.csv\" key id\n\
             a = build audience from p where country = \"FR\" or n > 4\nsave audience a as \"A\"\n\
             test \"given rows alone\"\n  given p (id, n) = (7, 5), (8, 4)\n  expect a = (7)\n\
             test \"none\"\n  expect a = ()\n",
        ),
    ]);
    let ran = folder.camp(&["test", "a.camp"]);
    assert_eq!(ran.exit, 0, "{ran:#?}");
    // The campaign itself runs as if there were no tests.
    assert_eq!(folder.camp(&["run", "a.camp"]).exit, 0);
    let members = folder.camp(&["audiences", "members", "A", "--format", "csv"]);
    assert_eq!(members.stdout, "id\n1\n2\n");
}

#[test]
fn a_run_does_not_care_for_tests_and_a_check_does() {
    let folder = Folder::new(&[
        ("p.csv", "id\n1\n"),
        (
            "a.camp",
            "campaign \"A\" timezone \"UTC\"\ndimension p = \"p.csv\" key id\n\
             a = build audience from p\nsave audience a as \"A\"\n\
             test \"wrong\"\n  given q = (1)\n  expect a = (1)\n",
        ),
    ]);
    assert_eq!(folder.camp(&["run", "a.camp"]).exit, 0);
    let check = folder.camp(&["check", "a.camp"]);
    assert_eq!(check.exit, 1, "{check:#?}");
    assert!(check.stderr.contains("`q` is not a dimension"), "{check:#?}");
}

#[test]
fn tests_can_be_picked_and_results_are_for_programs_too() {
    let two = format!(
        "{CAMPAIGN}{TEST}  expect busy = (2)\ntest \"nobody\"\n  given people = ()\n  expect busy = ()\n"
    );
    let folder = Folder::new(&[("a.camp", &two)]);
    let picked = folder.camp(&["test", "a.camp", "--name", "nobody"]);
    assert_eq!(picked.exit, 0, "{picked:#?}");
    let none = folder.camp(&["test", "a.camp", "--name", "somebody"]);
    assert_eq!(none.exit, 2, "{none:#?}");
    let json = folder.camp(&["test", "a.camp", "--format", "json", "--junit", "junit.xml"]);
    assert_eq!(json.exit, 3, "{json:#?}");
    let value = json.json();
    assert_eq!((&value["passed"], &value["failed"]), (&1.into(), &1.into()));
    assert_eq!(value["tests"][0]["failures"][0]["details"][0], "missing     2");
    let junit = std::fs::read_to_string(folder.path().join("junit.xml")).unwrap();
    assert!(junit.contains("<testsuite name=\"a.camp\" tests=\"2\" failures=\"1\""), "{junit}");
    let csv = folder.camp(&["test", "a.camp", "--format", "csv"]);
    assert!(csv.stdout.starts_with("file,line,test,verdict,millis,details\n"), "{csv:#?}");
}

#[test]
fn a_file_without_tests_is_said_to_have_none() {
    let folder = Folder::new(&[("a.camp", "campaign \"A\"\n")]);
    let ran = folder.camp(&["test", "a.camp"]);
    assert_eq!(ran.exit, 2, "{ran:#?}");
    assert!(ran.stderr.contains("There is no test in a.camp"), "{ran:#?}");
}

#[test]
fn the_tests_of_the_examples_pass() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let ran = Folder::new(&[]).camp(&["test", examples]);
    assert_eq!(ran.exit, 0, "{ran:#?}");
}

#[test]
fn history_is_that_of_the_given_versions() {
    let text = r#"campaign "H" timezone "UTC"
dimension p = "p.csv" key id
new = build audience from p where entered audience "V" in last 7 days
gone = build audience from p where left audience "V" in last 7 days
old = read audience "V" version 1
save audience new as "N {{today}}"
test "versions"
  as of 2026-11-24
  given p = (1, 2, 3)
  given audience "V" of p as of 2026-11-01 = (1, 2)
  given audience "V" of p as of 2026-11-20 = (2, 3)
  expect new = (3)
  expect gone = (1)
  expect old = (1, 2)
  expect audience "V" = (2, 3)
  expect audience "N 2026-11-24" = (3)
"#;
    let ran = Folder::new(&[("h.camp", text)]).camp(&["test", "h.camp"]);
    assert_eq!(ran.exit, 0, "{ran:#?}");
}

#[test]
fn a_file_tests_one_campaign() {
    let campaign =
        "dimension p = \"p.csv\" key id\na = build audience from p\nexport a to \"a.csv\"\n";
    let folder = Folder::new(&[
        ("a.camp", campaign),
        ("b.camp", campaign),
        ("t.camp", "import \"a.camp\"\nimport \"b.camp\"\ntest \"t\"\n  expect a = ()\n"),
    ]);
    let ran = folder.camp(&["test", "t.camp"]);
    assert_eq!(ran.exit, 1, "{ran:#?}");
    assert!(ran.stderr.contains("E0808"), "{ran:#?}");
}

#[test]
fn keys_of_several_columns_instants_and_lists_are_compared_by_value() {
    let text = r#"campaign "Odd" timezone "Europe/Paris"
dimension p = "p.parquet" key id
dimension lines = "lines.parquet" key order, line
dimension loose = "loose.parquet"
most = build audience from lines where price > 1.5 select sku, price
raw = build audience from loose where address is present select address
tagged = build audience from p where tags contains "a" and at after 2025-01-01 select tags, at
save audience most as "Most {{sku}}" for each sku
test "odd"
  as of 2025-07-01
  given p (id, tags, at) =
    (1, ("a", "b"), 2025-01-02T09:00+01:00),
    (2, ("a"), 2025-01-02T00:00Z),
    (3, ("a"), 2025-01-01T23:59+01:00),
    (4, (), 2025-01-02T00:00Z)
  given loose (address) = ("x"), ("x"), (missing)
  given lines (order, line, sku, price) = (1, 1, "A", 2), (1, 2, "B", 1.5), (2, 1, "A", 1.51)
  expect most = ((1, 1), (2, 1))
  expect most = (1, 1), (2, 1)
  expect most (order, line, price) = (1, 1, 2.00), (2, 1, 1.510)
  expect audience "Most A" = (1, 1), (2, 1)
  expect tagged (id, tags, at) = (1, ("a", "b"), 2025-01-02T09:00), (2, ("a"), 2025-01-02T01:00)
  expect raw (address) = ("x", "x")
"#;
    let ran = Folder::new(&[("odd.camp", text)]).camp(&["test", "odd.camp"]);
    assert_eq!(ran.exit, 0, "{ran:#?}");
}
