//! What `reconcile` finds.

use camp_plugin_test::{Case, asc, desc, expr, of, rule};
use serde_json::{Value, json};

const PEOPLE: &str = "1,a@x,FR,2020-01-01\n2,b@x,FR,2021-01-01\n3,B@x,DE,2022-01-01\n4,,FR,2023-01-01\n5,e@x,FR,2023-01-01\n";

/// Requests without a key.
fn requests(rows: &str) -> Case {
    Case::new(camp_reconcile::camp_plugin_v1, "reconcile")
        .input("in", "email:text, received:date", rows)
        .dimension("to", "person:int key, email:text, country:text, since:date", PEOPLE)
        .outputs("known, unknown")
}

fn by_email() -> Value {
    json!([{"left": expr("lower(trim(email))", "text"), "right": of("to", expr("lower(trim(email))", "text"))}])
}

fn received_desc() -> Value {
    of("in", desc("received", "date"))
}

#[test]
fn rows_become_the_records_they_match() {
    requests("A@x ,2026-01-01\nz@x,2026-01-02\n,2026-01-03\n")
        .param("match", by_email())
        .expect("known", "person,email,received\n1,A@x ,2026-01-01\n")
        // Nobody's missing address is anybody's.
        .expect("unknown", "email,received\nz@x,2026-01-02\n,2026-01-03\n");
}

#[test]
fn several_rows_of_one_record_need_an_order() {
    let rows = "a@x,2026-01-01\nA@x,2026-02-01\na@x,\nz@x,2026-01-01\n";
    requests(rows).param("match", by_email()).expect_fault("several-rows");
    requests(rows)
        .param("match", by_email())
        .param("order", [received_desc()])
        .expect("known", "person,email,received\n1,A@x,2026-02-01\n")
        .expect("unknown", "email\nz@x\n");
}

#[test]
fn several_records_of_one_row_need_an_order_over_the_dimension() {
    let case = || requests("b@x,2026-01-01\n").param("match", by_email());
    case().expect_fault("several-records");
    // An order over the requests cannot decide between two people.
    case().param("order", [received_desc()]).expect_fault("several-records");
    case()
        .param("order", [received_desc(), of("to", desc("since", "date"))])
        .expect("known", "person,email\n3,b@x\n")
        .expect("unknown", "email\n");
    case().param("order", [of("to", asc("since", "date"))]).expect("known", "person\n2\n");
}

#[test]
fn all_equalities_have_to_hold_and_only_some_records_count() {
    let rows = "b@x,2026-01-01\ne@x,2026-01-01\n";
    let with_country = json!([
        by_email()[0],
        {"left": expr("'DE'", "text"), "right": of("to", expr("country", "text"))},
    ]);
    requests(rows)
        .param("match", with_country)
        .expect("known", "person,email\n3,b@x\n")
        .expect("unknown", "email\ne@x\n");
    requests(rows)
        .param("match", by_email())
        .param("only", of("to", rule("since < DATE '2022-01-01'")))
        .expect("known", "person,email\n2,b@x\n")
        .expect("unknown", "email\ne@x\n");
}

#[test]
fn rows_with_a_key_keep_it_as_a_column() {
    Case::new(camp_reconcile::camp_plugin_v1, "reconcile")
        .input("in", "badge:int key, email:text, person:text", "7,a@x,x\n8,a@x,y\n9,q@x,z\n")
        .dimension("to", "person:int key, email:text, country:text, since:date", PEOPLE)
        .outputs("known, unknown")
        .param("match", by_email())
        .param("order", [of("in", desc("badge", "int"))])
        // The column with the name of the new key gives way to it.
        .expect("known", "person,badge,email\n1,8,a@x\n")
        .expect("unknown", "badge,email,person\n9,q@x,z\n");
}

#[test]
fn rows_that_are_alike_in_everything_are_one() {
    requests("a@x,2026-01-01\na@x,2026-01-01\n")
        .param("match", by_email())
        .param("order", [received_desc()])
        .expect("known", "person,email,received\n1,a@x,2026-01-01\n");
}

#[test]
fn the_manifest_is_complete() {
    camp_plugin_test::check_manifest(camp_reconcile::camp_plugin_v1);
}
