//! What a plan shares, and that it gives the same when it does not.

use std::fmt::Write as _;

use crate::support::project::Project;

/// Audiences with all their columns, one text per row, ordered.
fn audiences(project: &Project, labels: usize) -> Vec<String> {
    (0..labels)
        .flat_map(|n| {
            let rows = format!("SELECT {n}, a.* FROM audience.\"A{n}\" a ORDER BY ALL");
            project.rows(&rows)
        })
        .collect()
}

/// Runs it with all passes and without each of these: all give the same. Gives the explanation.
#[track_caller]
fn same_without(project: &Project, script: &str, labels: usize, passes: &[&str]) -> String {
    project.write("a.camp", script);
    let explained = project.camp(&["explain", "a.camp"]);
    assert_eq!(explained.exit, Some(0), "{}", explained.stderr);
    project.run_well("a.camp");
    let first = audiences(project, labels);
    assert!(first.len() > labels, "hardly anybody is in them");
    for pass in passes {
        let ran = project.camp(&["run", "a.camp", "--without", pass]);
        assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
        assert_eq!(audiences(project, labels), first, "without {pass}");
    }
    explained.stdout
}

/// So many audiences of people by what they ordered, each with an aggregate of its own that is carried.
fn rules(header: &str, count: usize) -> String {
    let mut text = header.to_owned();
    for n in 0..count {
        let orders = format!("orders where amount >= {}", n * 3);
        let value = match n % 5 {
            0 => format!("sum(amount of {orders})"),
            1 => format!("count({orders})"),
            2 => format!("max(weight of {orders})"),
            3 => format!("avg(amount of {orders})"),
            _ => format!("last(shop of {orders} by day)"),
        };
        writeln!(
            text,
            "a{n} = build audience from people where count({orders}) >= 2 select {value} as v\n\
             save audience a{n} as \"A{n}\""
        )
        .unwrap();
    }
    text
}

/// 300 people, 3,000 orders in no order; some of nobody, some of people who are not there.
fn shop(project: &Project, key: &str) {
    project.sql(&format!(
        "CREATE TABLE people AS SELECT {key} AS id FROM range(300) r(i);
         CREATE TABLE orders AS SELECT i AS nr,
           CASE WHEN hash(i) % 50 = 0 THEN NULL ELSE {} END AS person,
           CAST(hash(i, 2) % 20000 AS BIGINT) / 100 AS weight, CAST(hash(i, 3) % 20000 AS DECIMAL(9, 0)) / 100 AS amount,
           CASE WHEN hash(i, 4) % 7 = 0 THEN NULL ELSE 's' || hash(i, 5) % 9 END AS shop,
           DATE '2024-01-01' + CAST(hash(i, 6) % 400 AS INTEGER) AS day
         FROM (SELECT range AS n FROM range(3000)) t(i)",
        key.replace("i ", "(hash(i, 1) % 310) ").replace("i)", "(hash(i, 1) % 310))")
    ));
}

const MODEL: &str = "campaign \"Shop\" timezone \"UTC\"\ndimension people = people key id\n\
    dimension orders = orders key nr\n\
    link people.orders, orders.buyer on people.id = orders.person\n";

#[test]
fn orders_that_many_aggregates_group_are_sorted_and_give_the_same() {
    for key in ["CAST(i AS INTEGER)", "DATE '2020-01-01' + CAST(i AS INTEGER)", "'p' || (i )"] {
        let project = Project::new();
        shop(&project, key);
        let explained = same_without(
            &project,
            &rules(MODEL, 25),
            25,
            &["sorted-links", "one-scan", "one-group"],
        );
        assert!(explained.contains("sort orders, to be grouped"), "{key}: {explained}");
    }
}

#[test]
fn few_aggregates_are_grouped_as_the_rows_come() {
    let project = Project::new();
    shop(&project, "CAST(i AS INTEGER)");
    let explained = same_without(&project, &rules(MODEL, 3), 3, &["sorted-links"]);
    assert!(!explained.contains("sort orders"), "{explained}");
}

/// Files ordered by the day, in row groups of 2,048 rows: 20 a day, 1,000 days.
fn history(project: &Project) {
    project.sql(&format!(
        "COPY (SELECT i AS id, DATE '2022-01-01' + CAST(i // 20 AS INTEGER) AS since FROM range(20000) r(i) ORDER BY i) \
         TO '{}' (ROW_GROUP_SIZE 2048);
         COPY (SELECT i AS nr, CAST(hash(i) % 20000 AS BIGINT) AS person, DATE '2022-01-01' + CAST(i // 20 AS INTEGER) AS day \
         FROM range(20000) r(i) ORDER BY i) TO '{}' (ROW_GROUP_SIZE 2048)",
        project.path("people.parquet").display(),
        project.path("orders.parquet").display()
    ));
}

const FILES: &str = "campaign \"Shop\" timezone \"UTC\"\ndimension people = \"people.parquet\" key id\n\
    dimension orders = \"orders.parquet\" key nr\n\
    link people.orders, orders.buyer on people.id = orders.person\n";

fn in_days(windows: &[(&str, &str)], condition: &str) -> String {
    let mut text = FILES.to_owned();
    for (n, (from, to)) in windows.iter().enumerate() {
        let condition = condition.replace("{}", &format!("between {from} and {to}"));
        writeln!(
            text,
            "a{n} = build audience from people where {condition}\nsave audience a{n} as \"A{n}\""
        )
        .unwrap();
    }
    text
}

const FAR: [(&str, &str); 2] = [("2022-01-01", "2022-01-10"), ("2024-09-01", "2024-09-10")];
const NEAR: [(&str, &str); 2] = [("2022-01-01", "2022-01-10"), ("2022-01-05", "2022-01-20")];

#[test]
fn bounds_that_the_files_have_far_from_each_other_are_read_apart() {
    let project = Project::new();
    history(&project);
    // The first row group, and the last, which has what is left.
    let why = "is read apart for bounds far from each other: 2048 and 1568 rows of row groups instead of 20000";
    for (condition, source) in [
        ("since {}", "people"),
        ("count(orders where day {}) >= 1 and id >= 0 or id = 7", "orders"),
    ] {
        let passes = ["near-bounds", "needed-rows", "one-scan"];
        let explained = same_without(&project, &in_days(&FAR, condition), 2, &passes);
        assert!(explained.contains(&format!("{source} {why}")), "{explained}");
        let explained = same_without(&project, &in_days(&NEAR, condition), 2, &passes);
        assert!(!explained.contains("read apart"), "{explained}");
    }
    // 200 people of ten days each.
    project.write("far.camp", &in_days(&FAR, "since {}"));
    project.run_well("far.camp");
    let sizes = project.rows("SELECT label, size FROM camp.camp.audience ORDER BY label");
    assert_eq!(sizes, ["A0|200", "A1|200"]);
}

/// The engine leaves out no row groups for an OR of flags, so the scan itself is asked for the bounds.
#[test]
fn one_scan_of_near_bounds_is_asked_for_what_lies_between_them() {
    let project = Project::new();
    history(&project);
    project.write("near.camp", &in_days(&NEAR, "since {}"));
    let asked = |more: &[&str]| {
        let ran = project.camp(&[&["explain", "near.camp"], more].concat());
        assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
        let bounds = "WHERE ((\"d1\".\"since\" >= DATE '2022-01-01') AND (\"d1\".\"since\" <= DATE '2022-01-20'))";
        (
            ran.stdout.contains("decide 2 populations of people in one scan"),
            ran.stdout.contains(bounds),
        )
    };
    assert_eq!(asked(&[]), (true, true));
    assert_eq!(asked(&["--without", "needed-rows"]), (true, false));
}

/// Tables of DuckDB have row groups of 122,880 rows.
#[test]
fn tables_tell_where_their_rows_lie_as_files_do() {
    let project = Project::new();
    project.sql(
        "CREATE TABLE people AS SELECT i AS id, DATE '2022-01-01' + CAST(i // 500 AS INTEGER) AS since \
         FROM range(500000) r(i) ORDER BY i",
    );
    let model = "campaign \"Shop\" timezone \"UTC\"\ndimension people = people key id\n";
    let script = in_days(&FAR, "since {}").replace(FILES, model);
    let explained = same_without(&project, &script, 2, &["near-bounds", "one-scan"]);
    // 500 rows a day: the days of 2024 are rows 487,000 to 491,999, and the last of the four full row groups
    // ends before row 491,520; behind it are 8,480 rows.
    let why = "people is read apart for bounds far from each other: 122880 and 131360 rows";
    assert!(explained.contains(why), "{explained}");
}
