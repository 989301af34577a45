//! Scores of `rfm`, worked out by hand.

use camp_plugin_test::{Case, expr};
use serde_json::json;

fn rfm(rows: &str, bins: u64) -> Case {
    Case::new(camp_rfm::camp_plugin_v1, "rfm")
        .input("in", "id:int key, last:date, orders:int, spent:decimal(10,2)", rows)
        .param("date", json!({"max": expr("last", "date"), "count": expr("orders", "int")}))
        .param("amount", json!({"sum": expr("spent", "decimal(10,2)")}))
        .param("bins", bins)
        .outputs("scored")
}

#[test]
fn a_score_counts_the_fifths_below() {
    // Ten people: nobody to nine people below each, two per bin.
    let rows: String =
        (1..=10).map(|i| format!("{i},2026-01-{i:02},{},{}\n", 11 - i, 10 * i)).collect();
    rfm(&rows, 5).expect(
        "scored",
        "id,recency,frequency,monetary\n\
         1,1,5,1\n2,1,5,1\n3,2,4,2\n4,2,4,2\n5,3,3,3\n6,3,3,3\n7,4,2,4\n8,4,2,4\n9,5,1,5\n10,5,1,5\n",
    );
}

#[test]
fn equal_values_have_equal_scores() {
    // Three of four bought once: nobody is below them; three of four are below the fourth.
    rfm("1,2026-01-01,1,5\n2,2026-01-01,1,5\n3,2026-01-01,1,5\n4,2026-02-01,9,7\n", 4)
        .expect("scored", "id,recency,frequency,monetary\n1,1,1,1\n2,1,1,1\n3,1,1,1\n4,4,4,4\n");
}

#[test]
fn who_did_nothing_has_no_score_and_moves_nobody() {
    rfm("1,2026-01-01,1,5\n2,2026-02-01,2,9\n3,,0,0\n4,,0,0\n", 2)
        .expect("scored", "id,recency,frequency,monetary\n1,1,1,1\n2,2,2,2\n3,,,\n4,,,\n");
}

#[test]
fn columns_go_on_and_scores_replace_their_namesakes() {
    Case::new(camp_rfm::camp_plugin_v1, "rfm")
        .input(
            "in",
            "id:int key, monetary:text, last:date, n:int, spent:decimal(10,2)",
            "1,x,2026-01-01,1,5\n",
        )
        .param("date", json!({"max": expr("last", "date"), "count": expr("n", "int")}))
        .param("amount", json!({"sum": expr("spent", "decimal(10,2)")}))
        .outputs("scored")
        .expect("scored", "id,last,monetary\n1,2026-01-01,1\n");
}

#[test]
fn the_manifest_is_complete() {
    camp_plugin_test::check_manifest(camp_rfm::camp_plugin_v1);
}
