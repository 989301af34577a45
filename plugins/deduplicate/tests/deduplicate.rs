//! What `deduplicate` keeps. Numbers of cases are those of the field cases.

use camp_plugin_test::{Case, asc, desc, expr, rule};

fn deduplicate(columns: &str, rows: &str) -> Case {
    Case::new(camp_deduplicate::camp_plugin_v1, "deduplicate").input("in", columns, rows)
}

/// Case 128.
#[test]
fn blank_addresses_are_nobodys_duplicates() {
    deduplicate(
        "id:int key, email:text, upd:int",
        "1,,1\n2,,2\n3,a@x.test,1\n5,a@x.test,3\n6,\"\",1\n7,\"\",1\n",
    )
    .param("by", [expr("email", "text")])
    .param("order", [desc("upd", "int")])
    .outputs("unique, doubles")
    .expect("unique", "id,email,upd\n1,,1\n2,,2\n5,a@x.test,3\n6,\"\",1\n7,\"\",1\n")
    .expect("doubles", "id,email,upd\n3,a@x.test,1\n");
}

/// Case 129: the survivor is picked by the stable hash, MD5 of `11:Spring sale1:<id>` here:
/// 1 → 4b…, 2 → 83…, 3 → 65… (computed with another program).
#[test]
fn without_an_order_the_stable_hash_decides() {
    let people = "1,a\n2,a\n3,a\n4,b\n";
    deduplicate("id:int key, email:text", people)
        .param("by", [expr("email", "text")])
        .outputs("unique, doubles")
        .expect("unique", "id\n1\n4\n");
    deduplicate("id:int key, email:text", people)
        .param("by", [expr("email", "text")])
        .param("seed", "7")
        .outputs("unique")
        .expect("unique", "id\n2\n4\n");
}

/// Case 129: "keep non-empty".
#[test]
fn presence_is_a_preference_and_no_filter() {
    deduplicate("id:int key, email:text, phone:text", "1,a,\n2,a,9\n3,b,\n4,b,\n")
        .param("by", [expr("email", "text")])
        .param("prefer", [rule("phone IS NOT NULL AND phone <> ''")])
        .param("order", [asc("id", "int")])
        .outputs("unique, doubles")
        .expect("unique", "id\n2\n3\n")
        .expect("doubles", "id\n1\n4\n");
}

#[test]
fn preferences_count_in_their_order() {
    let rows = "1,a,,x\n2,a,9,\n3,a,9,y\n";
    let case = || {
        deduplicate("id:int key, email:text, phone:text, mail:text", rows)
            .param("by", [expr("email", "text")])
    };
    let (phone, mail) = (|| rule("phone IS NOT NULL"), || rule("mail IS NOT NULL"));
    case().param("prefer", [phone(), mail()]).outputs("u").expect("u", "id\n3\n");
    case()
        .param("prefer", [mail()])
        .param("order", [desc("id", "int")])
        .param("keep", 2)
        .outputs("u, d")
        .expect("u", "id\n1\n3\n")
        .expect("d", "id\n2\n");
}

#[test]
fn preferred_values_come_in_their_order_and_others_last() {
    let case = |values: serde_json::Value| {
        deduplicate(
            "id:int key, email:text, source:text",
            "1,a,import\n2,a,shop\n3,a,web\n4,b,\n5,b,import\n",
        )
        .param("by", [expr("email", "text")])
        .param("value", expr("source", "text"))
        .param("values", values)
        .param("order", [asc("id", "int")])
        .outputs("u")
    };
    let text = |value: &str| serde_json::json!({"type": "text", "value": value});
    case(serde_json::json!([text("web"), text("shop")])).expect("u", "id\n3\n4\n");
    case(serde_json::json!([text("shop"), text("import")])).expect("u", "id\n2\n5\n");
}

/// The vendor's worked example: A, B are duplicates of Y; C is one of Z.
#[test]
fn keep_says_how_many_of_a_group_stay() {
    let case = |keep: u64| {
        deduplicate("id:text key, name:text, age:int", "A,y,1\nB,y,2\nC,z,1\nY,y,3\nZ,z,3\n")
            .param("by", [expr("name", "text")])
            .param("keep", keep)
            .param("order", [desc("age", "int")])
            .outputs("kept, rest")
    };
    case(1).expect("kept", "id\nY\nZ\n").expect("rest", "id\nA\nB\nC\n");
    case(2).expect("kept", "id\nY\nB\nC\nZ\n").expect("rest", "id\nA\n");
    case(0).expect("kept", "id\nA\nB\nC\nY\nZ\n").expect("rest", "id\n");
}

/// Case 131: never a mixture unless it is asked for.
#[test]
fn merge_takes_the_first_value_there_is() {
    let case = || {
        deduplicate(
            "id:int key, email:text, phone:text, upd:date",
            "1,a@x.test,,2025-01-01\n2,a@x.test,9,2024-01-01\n3,b@x.test,,2025-01-01\n4,,,2025-01-01\n5,,7,2025-01-01\n",
        )
        .param("by", [expr("email", "text")])
        .param("order", [desc("upd", "date")])
        .outputs("unique, doubles")
    };
    case().expect("unique", "id,phone\n1,\n3,\n4,\n5,7\n");
    case()
        .param("merge", serde_json::json!([[field("phone")]]))
        .expect(
            "unique",
            "id,phone,upd\n1,9,2025-01-01\n3,,2025-01-01\n4,,2025-01-01\n5,7,2025-01-01\n",
        )
        .expect("doubles", "id,phone\n2,9\n");
}

fn field(name: &str) -> serde_json::Value {
    serde_json::json!({"column": name, "type": "text", "nullable": true})
}

#[test]
fn columns_merged_together_come_from_one_row() {
    let case = |merge: serde_json::Value| {
        deduplicate(
            "id:int key, who:text, street:text, city:text",
            "1,a,,\n2,a,Long Road,\n3,a,,Rome\n4,a,High Street,Paris\n",
        )
        .param("by", [expr("who", "text")])
        .param("order", [asc("id", "int")])
        .param("merge", merge)
        .outputs("u")
    };
    case(serde_json::json!([[field("street"), field("city")]]))
        .expect("u", "id,street,city\n1,High Street,Paris\n");
    case(serde_json::json!([[field("street")], [field("city")]]))
        .expect("u", "id,street,city\n1,Long Road,Rome\n");
}

#[test]
fn merge_is_refused_where_it_makes_no_sense() {
    let case = || {
        deduplicate("id:int key, email:text", "1,a\n")
            .param("by", [expr("email", "text")])
            .outputs("u")
    };
    case()
        .param("merge", serde_json::json!([[field("email")]]))
        .param("keep", 2)
        .expect_error("params.keep", "merge-keeps-one");
    case()
        .param("merge", serde_json::json!([[{"column": "id", "type": "int", "nullable": false}]]))
        .expect_error("params.merge[0]", "merge-key");
    case()
        .param("merge", serde_json::json!([[field("email")], [field("email")]]))
        .expect_error("params.merge[1]", "merge-twice");
}

#[test]
fn a_household_is_an_address_and_a_postcode() {
    deduplicate(
        "id:int key, address:text, postcode:text",
        "1,1 Elm,75001\n2,1 ELM ,75001\n3,1 Elm,75002\n4,,75001\n5,,75001\n",
    )
    .param("by", [expr("lower(trim(address))", "text"), expr("postcode", "text")])
    .param("order", [asc("id", "int")])
    .outputs("per_house, others")
    .expect("per_house", "id\n1\n3\n4\n5\n")
    .expect("others", "id\n2\n");
}

#[test]
fn the_manifest_is_complete() {
    camp_plugin_test::check_manifest(camp_deduplicate::camp_plugin_v1);
}
