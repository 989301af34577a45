//! `camp why` as a shell sees it. What it has to say is worked out by hand from the rows below.

use std::path::Path;

use super::commands::{Folder, Ran};

/// 4 is deleted.
const PEOPLE: &str = "\
id,country,email,consent,deleted
1,FR,a@x,true,false
2,FR,,true,false
3,DE,c@x,false,false
4,FR,d@x,true,true
";

/// Paid: 1 has 50 + 70, 2 has 10. Of the last 30 days: 11, 13 and 21.
const ORDERS: &str = "\
nr,person_id,status,amount,at
11,1,paid,50,2026-11-20 10:00:00
12,1,paid,70,2026-01-05 00:00:00
13,1,void,900,2026-11-21 09:00:00
21,2,paid,10,2026-11-22 00:00:00
";

const SCRIPT: &str = "\
campaign \"Wanted\" timezone \"Europe/Paris\"
dimension people = \"people.csv\" key id where not deleted
dimension orders = \"orders.csv\" key nr
link people.orders, orders.person on people.id = orders.person_id
param least: decimal = 100
define spent on people = sum(amount of orders where status = \"paid\")
french = build audience from people where country = \"FR\" and email is present
big = build audience from french
  where spent >= least
    and any orders where (at in last 30 days and status = \"paid\")
silent = build audience from people where not consent
wanted, rest = combine big exclude silent
save audience wanted as \"Wanted people\"
";

fn folder() -> Folder {
    Folder::new(&[("people.csv", PEOPLE), ("orders.csv", ORDERS), ("w.camp", SCRIPT)])
}

fn why(words: &[&str]) -> Ran {
    let mut line = vec!["why"];
    line.extend(words);
    line.extend(["--as-of", "2026-11-24"]);
    folder().camp(&line)
}

#[track_caller]
fn told(words: &[&str], expected: &str) {
    let ran = why(words);
    assert_eq!((ran.exit, ran.stderr.as_str()), (0, ""), "{ran:#?}");
    let diff = similar::TextDiff::from_lines(ran.stdout.as_str(), expected);
    assert!(ran.stdout == expected, "{}", diff.unified_diff());
}

#[test]
fn a_member_is_told_with_every_condition_its_values_and_linked_rows() {
    told(
        &["1", "wanted", "w.camp", "--not"],
        "\
✓ people 1 is in `wanted`, as of 2026-11-24 00:00 CET

✓ wanted, rest = combine big exclude silent  line 12
├─ ✓ big = build audience from french  line 8
│  ├─ ✓ french = build audience from people  line 7
│  │  ├─ ✓ row of people
│  │  │       where not deleted
│  │  ├─ ✓ country = \"FR\"  line 7
│  │  │       country  \"FR\"
│  │  └─ ✓ email is present  line 7
│  │          email  \"a@x\"
│  ├─ ✓ spent >= least  line 9
│  │       sum(amount of orders where status = \"paid\")  120
│  │       least                                        100
│  │       orders                                       3 rows, 2 match: 11, 12
│  └─ ✓ any orders where (at in last 30 days and status = \"paid\")  line 10
│          orders  3 rows, 1 matches: 11
│                  2 where at in last 30 days
│                  2 where status = \"paid\"
└─ ✓ not in `silent`
   └─ ✗ silent = build audience from people  line 11
      ├─ ✓ row of people
      │       where not deleted
      └─ ✗ not consent  line 11
              consent  true

it would not be in `wanted` if
  1. `country = \"FR\"` did not hold  line 7
  2. `email is present` did not hold  line 7
  3. `spent >= least` did not hold  line 9
  4. `any orders where (at in last 30 days and status = \"paid\")` did not hold  line 10
  5. `not consent` held  line 11
",
    );
}

#[test]
fn who_is_lost_is_told_where_and_what_would_have_to_differ() {
    // 2 has no address: lost at `french`, and has spent too little besides.
    let lost = why(&["2", "wanted", "w.camp", "--not"]);
    assert!(
        lost.stdout.starts_with(
            "✗ people 2 is not in `wanted`, as of 2026-11-24 00:00 CET\n  \
             left the flow at `french`, w.camp:7\n"
        ),
        "{lost:#?}"
    );
    assert!(
        lost.stdout.ends_with(
            "it would be in `wanted` if\n  `email is present` held, and  line 7\n  \
             `spent >= least` held  line 9\n"
        ),
        "{lost:#?}"
    );
    // 3 is in nothing that `rest` or `wanted` is made from: not French, and no consent.
    let rest = why(&["3", "rest", "w.camp", "--format", "json"]).json();
    assert_eq!(
        (&rest["member"], &rest["left"][0]["transition"]),
        (&false.into(), &"french".into())
    );
    // 1 is in `big` and not excluded: `rest` is where it is lost.
    let rest = why(&["1", "rest", "w.camp", "--format", "json"]).json();
    assert_eq!(rest["left"][0]["transition"], "rest");
}

#[test]
fn a_row_that_the_dimension_leaves_out_is_told_by_its_rule() {
    told(
        &["4", "wanted", "w.camp", "--not"],
        "\
✗ people 4 is not in `wanted`, as of 2026-11-24 00:00 CET
  left the flow at `people`, w.camp:2

✗ people has this row  line 2
└─ ✗ not deleted  line 2
        deleted  true

it would be in `wanted` if
  `not deleted` held  line 2
",
    );
}

#[test]
fn a_population_is_found_by_its_label_and_in_the_scripts_of_the_folder() {
    let by_label = why(&["1", "WANTED people"]);
    assert!(by_label.stdout.starts_with("✓ people 1 is in `wanted`"), "{by_label:#?}");
    let none = why(&["1", "nothing"]);
    assert_eq!(none.exit, 2);
    assert!(none.stderr.contains("No script of this folder makes `nothing`"), "{none:#?}");
}

#[test]
fn a_question_that_cannot_be_answered_says_what_to_ask() {
    for (words, said) in [
        (&["1", "wnted", "w.camp"][..], "did you mean `wanted`?"),
        (&["9", "wanted", "w.camp"], "No row of `people` has the key 9"),
        (&["x", "wanted", "w.camp"], "`x` is no value of `id`"),
        (&["1,2", "wanted", "w.camp"], "`1,2` is no value of `id`"),
    ] {
        let ran = why(words);
        assert_eq!(ran.exit, 2, "{ran:#?}");
        assert!(ran.stderr.contains(said), "{ran:#?}");
    }
}

#[test]
fn a_key_of_several_columns_has_its_parts_apart_by_commas() {
    let script = "\
campaign \"Lines\" timezone \"UTC\"
dimension lines = \"lines.csv\" key shop, nr
odd = build audience from lines where amount > 5
save audience odd as \"Odd\"
";
    let folder = Folder::new(&[
        ("lines.csv", "shop,nr,amount\n\"A, B\",1,9\n\"A, B\",2,1\nC,1,7\n"),
        ("l.camp", script),
    ]);
    let member = |key: &str| {
        let ran = folder.camp(&["why", key, "odd", "l.camp", "--format", "json"]);
        assert_eq!(ran.exit, 0, "{ran:#?}");
        ran.json()["member"].clone()
    };
    assert_eq!(member("C,1"), true);
    assert_eq!(member("(C, 1)"), true);
    assert_eq!(member("\"A, B\",1"), true);
    assert_eq!(member("\"A, B\", 2"), false);
    let ran = folder.camp(&["why", "C", "odd", "l.camp"]);
    assert_eq!(ran.exit, 2);
    let said = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("`C` has 1 part, the key of `lines` has 2 parts"), "{ran:#?}");
}

#[test]
fn a_key_without_its_zeros_is_recognized() {
    let folder = Folder::new(&[
        ("p.csv", "id\n007\n008\n"),
        (
            "p.camp",
            "campaign \"P\" timezone \"UTC\"\ndimension p = \"p.csv\" key id\nall = build audience from p\nsave audience all as \"All\"\n",
        ),
    ]);
    let ran = folder.camp(&["why", "7", "all", "p.camp"]);
    assert_eq!(ran.exit, 2);
    assert!(ran.stderr.contains("did you mean `007`?"), "{ran:#?}");
}

#[test]
fn a_statement_that_is_skipped_says_so() {
    let script = SCRIPT.replace(
        "silent = build audience from people where not consent",
        "silent = build audience from people where not consent only if count(french) > 5",
    );
    let folder =
        Folder::new(&[("people.csv", PEOPLE), ("orders.csv", ORDERS), ("w.camp", &script)]);
    let ran = folder.camp(&["why", "3", "silent", "w.camp", "--as-of", "2026-11-24"]);
    assert!(
        ran.stdout.contains("✗ only if count(french) > 5  line 11\n│       count(french)  1\n"),
        "{ran:#?}"
    );
}

/// What docs/why.md shows is what happens.
#[test]
fn the_samples_of_the_page_are_what_the_program_prints() {
    const PAGE: &str = include_str!("../../docs/why.md");
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("data")).unwrap();
    for folder in ["", "data"] {
        for entry in std::fs::read_dir(examples.join(folder)).unwrap() {
            let from = entry.unwrap().path();
            if from.is_file() {
                std::fs::copy(&from, dir.path().join(folder).join(from.file_name().unwrap()))
                    .unwrap();
            }
        }
    }
    let mut tried = 0;
    for block in PAGE.split("```console\n").skip(1) {
        let block = &block[..block.find("```").unwrap()];
        let (command, expected) = block.split_once('\n').unwrap();
        let words = command.strip_prefix("$ camp ").unwrap().split_whitespace();
        let ran = std::process::Command::new(env!("CARGO_BIN_EXE_camp"))
            .args(words)
            .current_dir(dir.path())
            .output()
            .unwrap();
        let printed = String::from_utf8(ran.stdout).unwrap();
        let diff = similar::TextDiff::from_lines(expected, printed.as_str());
        assert!(printed == expected, "{command}\n{}", diff.unified_diff());
        tried += 1;
    }
    assert_eq!(tried, 2);
}
