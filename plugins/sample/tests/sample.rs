//! What `sample` picks. Numbers of cases are those of the field cases.

use camp_plugin_test::{Case, expr, size};

fn people(query: &str) -> Case {
    Case::new(camp_sample::camp_plugin_v1, "sample").input_query(
        "in",
        "id:int key, country:text",
        query,
    )
}

fn range(n: u32) -> String {
    format!("SELECT range + 1 AS id, if(range % 10 < 7, 'FR', 'DE') AS country FROM range({n})")
}

/// Case 123: the test kit compares with the rows in the opposite order.
#[test]
fn the_same_seed_is_the_same_sample() {
    let sample = |seed: &str| {
        let case =
            people(&range(300_000)).param("size", size("500")).param("seed", seed).outputs("part");
        case.rows("part", &["id".into()])
    };
    let first = sample("42");
    assert_eq!(first.len(), 500);
    assert_eq!(first, sample("42"));
    assert_ne!(first, sample("43"));
}

/// Case 126: hashes computed by another program, MD5 of `2:421:1`, `2:421:2`, ….
#[test]
fn the_sample_is_that_of_the_documented_hash() {
    people(&range(9))
        .param("size", size("3"))
        .param("seed", "42")
        .outputs("part, rest")
        .expect("part", "id\n1\n6\n7\n")
        .expect("rest", "id\n2\n3\n4\n5\n8\n9\n");
}

#[test]
fn keys_of_several_parts_and_types_are_hashed_as_text() {
    // MD5 of `1:é1:710:2026-11-24` is 7f28…, of `1:é1:810:2026-11-24` febd…
    let case = Case::new(camp_sample::camp_plugin_v1, "sample")
        .input("in", "id:int key, day:date key", "7,2026-11-24\n8,2026-11-24\n")
        .param("size", size("1"))
        .param("seed", "é")
        .outputs("part");
    case.expect("part", "id,day\n7,2026-11-24\n");
}

#[test]
fn a_percentage_is_rounded_half_up() {
    let count = |n: u32, percent: &str| {
        people(&range(n)).param("size", size(percent)).outputs("part").count("part")
    };
    assert_eq!(count(10, "25%"), 3);
    assert_eq!(count(10, "24%"), 2);
    assert_eq!(count(10, "100%"), 10);
    assert_eq!(count(0, "50%"), 0);
    people(&range(1))
        .param("size", size("101%"))
        .outputs("part")
        .expect_error("params.size", "over-100");
}

#[test]
fn a_smaller_sample_is_part_of_a_larger_one() {
    let ids = |text: &str| {
        people(&range(1000)).param("size", size(text)).outputs("part").rows("part", &["id".into()])
    };
    let (small, large) = (ids("50"), ids("30%"));
    assert_eq!(large.len(), 300);
    assert!(small.iter().all(|id| large.contains(id)));
}

/// 70 of FR and 30 of DE; ten of them are seven and three.
#[test]
fn strata_keep_their_proportions() {
    let case = people(&range(100))
        .param("size", size("10"))
        .param("stratify", [expr("country", "text")])
        .outputs("part");
    let rows = case.rows("part", &["country".into()]);
    let french = rows.iter().filter(|row| row[0].as_deref() == Some("FR")).count();
    assert_eq!((rows.len(), french), (10, 7));
}

#[test]
fn the_manifest_is_complete() {
    camp_plugin_test::check_manifest(camp_sample::camp_plugin_v1);
}
