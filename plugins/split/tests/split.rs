//! What `split` puts where. Numbers of cases are those of the field cases.

use camp_plugin_test::{Case, asc, desc, expr, subset};

fn split(rows: &str) -> Case {
    Case::new(camp_split::camp_plugin_v1, "split").input(
        "in",
        "id:int key, spend:int, country:text",
        rows,
    )
}

/// `n` people, all alike.
fn people(n: u32) -> Case {
    let query = format!("SELECT range + 1 AS id, 0 AS spend, 'FR' AS country FROM range({n})");
    Case::new(camp_split::camp_plugin_v1, "split").input_query(
        "in",
        "id:int key, spend:int, country:text",
        &query,
    )
}

const SPENDERS: &str = "1,50,FR\n2,40,FR\n3,40,DE\n4,10,DE\n5,,FR\n";

#[test]
fn a_row_goes_to_the_first_subset_it_fits() {
    split(SPENDERS)
        .outputs("gold, silver, rest")
        .param("gold", subset("spend >= 50", [], ""))
        .param("silver", subset("spend >= 40", [], ""))
        .expect("gold", "id\n1\n")
        .expect("silver", "id\n2\n3\n")
        .expect("rest", "id,spend\n4,10\n5,\n");
}

#[test]
fn with_overlap_a_row_goes_to_all_it_fits() {
    split(SPENDERS)
        .outputs("gold, silver, rest")
        .param("gold", subset("spend >= 50", [], ""))
        .param("silver", subset("spend >= 40", [desc("spend", "int")], "2"))
        .param("overlap", true)
        .expect("gold", "id\n1\n")
        .expect("silver", "id\n1\n2\n")
        .expect("rest", "id\n3\n4\n5\n");
}

/// Case 121: 2 and 3 tie, the key decides.
#[test]
fn the_best_are_the_same_every_time() {
    let case =
        split(SPENDERS).outputs("best").param("best", subset("", [desc("spend", "int")], "2"));
    for _ in 0..20 {
        assert_eq!(case.rows("best", &["id".into()]), [[Some("1".into())], [Some("2".into())]]);
    }
}

/// Case 130: missing values are neither the best nor the worst.
#[test]
fn missing_values_come_last_in_both_directions() {
    let scores = "1,5,\n2,,\n3,9,\n";
    let pick = |key| split(scores).outputs("one").param("one", subset("", [key], "1"));
    pick(desc("spend", "int")).expect("one", "id\n3\n");
    pick(asc("spend", "int")).expect("one", "id\n1\n");
}

#[test]
fn what_a_limit_cuts_off_falls_to_later_subsets() {
    split(SPENDERS)
        .outputs("offer25, offer15, nobody")
        .param("offer25", subset("spend >= 40", [desc("spend", "int")], "1"))
        .param("offer15", subset("spend >= 10", [desc("spend", "int")], "2"))
        .expect("offer25", "id\n1\n")
        .expect("offer15", "id\n2\n3\n")
        .expect("nobody", "id\n4\n5\n");
}

#[test]
fn a_percentage_is_of_everybody_who_comes_in() {
    // Half, then half of the whole again: everybody, not three quarters.
    let case = people(8)
        .outputs("a, b, rest")
        .param("a", subset("", [], "50%"))
        .param("b", subset("", [], "50%"));
    assert_eq!((case.count("a"), case.count("b"), case.count("rest")), (4, 4, 0));
    // 30 % took their share; 20 % of ten are two although seven are left.
    let case = people(10)
        .outputs("a, b, rest")
        .param("a", subset("", [], "30%"))
        .param("b", subset("", [], "20%"));
    assert_eq!((case.count("a"), case.count("b"), case.count("rest")), (3, 2, 5));
}

/// Case 125.
#[test]
fn percentages_that_do_not_divide() {
    let sizes = |n: u32, limits: [&str; 3]| {
        let case = people(n)
            .outputs("a, b, c, rest")
            .param("a", subset("", [], limits[0]))
            .param("b", subset("", [], limits[1]))
            .param("c", subset("", [], limits[2]));
        ["a", "b", "c", "rest"].map(|name| case.count(name))
    };
    // 33 % of ten are 3.3; the last per cent is the rest and not added to the last.
    assert_eq!(sizes(10, ["33%", "33%", "33%"]), [3, 3, 3, 1]);
    // 12.5 % of ten are 1.25, half-up of 2.5 is 3.
    assert_eq!(sizes(10, ["12.5%", "25%", "25%"]), [1, 3, 3, 3]);
    // Everybody: 2.5 + 2.5 + 5 is ten, so the first half goes up and the second down.
    assert_eq!(sizes(10, ["25%", "25%", "50%"]), [3, 2, 5, 0]);
    // 3.333…, 3.333…, 3.334: the largest remainder is the last one's.
    assert_eq!(sizes(10, ["33.3%", "33.3%", "33.4%"]), [3, 3, 4, 0]);
    assert_eq!(sizes(0, ["33.3%", "33.3%", "33.4%"]), [0, 0, 0, 0]);
    assert_eq!(sizes(1, ["20%", "30%", "50%"]), [0, 0, 1, 0]);
}

/// Case 125: `{4,3,3}`.
#[test]
fn equal_parts_differ_by_one_at_most() {
    let case = people(10).outputs("a, b, c").param("equal", true);
    assert_eq!(["a", "b", "c"].map(|name| case.count(name)), [4, 3, 3]);
    let case = split("1,,A\n2,,A\n3,,A\n4,,B\n5,,B\n6,,B\n")
        .outputs("a, b, c")
        .param("equal", true)
        .param("stratify", [expr("country", "text")]);
    for name in ["a", "b", "c"] {
        let mut found = case.rows(name, &["country".into()]);
        found.sort();
        assert_eq!(found, [[Some("A".into())], [Some("B".into())]]);
    }
}

#[test]
fn more_than_everybody_is_an_error() {
    let case = || people(10).outputs("a, b");
    case()
        .param("a", subset("", [], "60%"))
        .param("b", subset("", [], "60%"))
        .expect_error("params.b.limit", "over-100");
    case().param("a", subset("spend > 1", [], "101%")).expect_error("params.a.limit", "over-100");
    // With conditions or overlap they are caps of different rows.
    let capped = |overlap: bool, condition: &str| {
        case()
            .param("a", subset(condition, [], "60%"))
            .param("b", subset("", [], "60%"))
            .param("overlap", overlap)
    };
    assert!(capped(false, "spend = 0").plan().is_ok());
    assert_eq!(capped(true, "").count("b"), 6);
}

#[test]
fn parts_are_disjoint_and_together_everybody() {
    for n in [1, 7, 100, 1001] {
        let case = people(n)
            .outputs("a, b, c")
            .param("a", subset("id % 3 = 0", [], "10%"))
            .param("b", subset("", [], "17%"));
        let mut all: Vec<_> =
            ["a", "b", "c"].iter().flat_map(|name| case.rows(name, &["id".into()])).collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), n as usize);
        let exact = 0.17 * f64::from(n);
        assert!((case.count("b") as f64 - exact).abs() < 1.0, "{n}");
    }
}

/// Of FR 6, DE 3 and one without a country, five: 3, 1.5 and 0.5.
#[test]
fn strata_keep_their_proportions() {
    let rows: String = (1..=10)
        .map(|i| {
            format!(
                "{i},{},{}\n",
                10 * i,
                match i {
                    1..=6 => "FR",
                    7..=9 => "DE",
                    _ => "",
                }
            )
        })
        .collect();
    let case = |size: &str| {
        split(&rows)
            .outputs("control, mailed")
            .param("control", subset("", [], size))
            .param("stratify", [expr("country", "text")])
    };
    let count = |case: &Case, country: Option<&str>| {
        let found = case.rows("control", &["country".into()]);
        found.iter().filter(|row| row[0].as_deref() == country).count()
    };
    for (size, all) in [("50%", 5), ("5", 5), ("30%", 3), ("100%", 10), ("12", 10), ("0", 0)] {
        let case = case(size);
        assert_eq!(case.count("control"), all, "{size}");
        for (country, of) in [(Some("FR"), 6.0), (Some("DE"), 3.0), (None, 1.0)] {
            let exact = of * all as f64 / 10.0;
            assert!((count(&case, country) as f64 - exact).abs() < 1.0, "{size} {country:?}");
        }
    }
    // With an order, the best of each stratum.
    split(&rows)
        .outputs("top")
        .param("top", subset("", [desc("spend", "int")], "30%"))
        .param("stratify", [expr("country", "text")])
        .expect("top", "id\n9\n6\n5\n");
}

/// Two campaigns do not hold out the same people; one campaign holds out the same ones again.
#[test]
fn the_pick_depends_on_the_seed_alone() {
    let control = |label: &str| {
        people(1000)
            .campaign(label)
            .outputs("control, mailed")
            .param("control", subset("", [], "10%"))
            .rows("control", &["id".into()])
    };
    let spring = control("Spring");
    assert_eq!(spring, control("Spring"));
    let autumn = control("Autumn");
    let both = spring.iter().filter(|id| autumn.contains(id)).count();
    assert!((1..30).contains(&both), "{both} of 100 in both, about 10 by chance");
}

#[test]
fn calls_without_sense_are_refused() {
    people(1).outputs("a, b").expect_error("", "no-subset");
    people(1)
        .outputs("a, b, c")
        .param("c", subset("", [], "1"))
        .expect_error("outputs.a", "subset-missing");
    people(1)
        .outputs("a, b")
        .param("a", subset("", [], "1"))
        .param("equal", true)
        .expect_error("params.a", "equal-with-subset");
}

#[test]
fn without_limits_the_conditions_stay_plain() {
    let case = split(SPENDERS)
        .outputs("a, b, rest")
        .param("a", subset("spend > 40", [], ""))
        .param("b", subset("spend > 10", [], ""));
    let plan = case.plan().unwrap();
    assert_eq!(plan["with"], serde_json::json!([]), "so that the engine pushes them into the scan");
    let sql = |i: usize| {
        plan["outputs"][i]["sql"].as_str().unwrap().split(" WHERE ").nth(1).unwrap().to_owned()
    };
    assert_eq!(sql(0), r#""__p0""#);
    assert_eq!(sql(1), r#"(NOT ("__p0")) AND ("__p1")"#);
    assert_eq!(sql(2), r#"(NOT ("__p0")) AND (NOT ("__p1"))"#);
}

#[test]
fn the_manifest_is_complete() {
    camp_plugin_test::check_manifest(camp_split::camp_plugin_v1);
}
