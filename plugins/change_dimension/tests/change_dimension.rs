//! Where `change_dimension` leads.

use camp_plugin_test::{Case, expr, rule};
use serde_json::{Value, json};

/// Carts of two people, one of nobody.
fn carts() -> Case {
    Case::new(camp_change_dimension::camp_plugin_v1, "change_dimension")
        .input(
            "in",
            "cart:int key, basket:decimal(10,2), weight:float, day:date, note:text",
            "10,5.00,0.1,2026-01-01,a\n11,9.50,0.2,2026-03-01,b\n12,1.00,0.3,2026-03-01,\n13,7.00,,2026-01-02,d\n14,8.00,1.5,,e\n",
        )
        .link("to", true, "cart:int source, customer_id:int target", "10,1\n11,1\n12,1\n13,2\n99,3\n")
        .outputs("people, lost")
}

fn aggregate(function: &str, column: Value, name: &str) -> Value {
    json!({"function": function, "column": column, "distinct": false, "rule": null, "by": null, "as": name})
}

fn basket() -> Value {
    expr("basket", "decimal(10,2)")
}

#[test]
fn to_one_gives_one_row_per_target() {
    // Customer 3 is linked to a cart that did not come in.
    carts().expect("people", "customer_id\n1\n2\n").expect("lost", "cart,basket,note\n14,8.00,e\n");
}

#[test]
fn aggregates_are_over_the_rows_that_lead_there() {
    carts()
        .param(
            "add",
            [
                aggregate("max", basket(), "most"),
                aggregate("sum", basket(), "total"),
                aggregate("avg", basket(), "mean"),
                aggregate("median", basket(), "middle"),
                aggregate("count", Value::Null, "carts"),
                aggregate("count", expr("weight", "float"), "weighed"),
                aggregate("sum", expr("weight", "float"), "weight"),
                aggregate("min", expr("note", "text"), "note"),
                aggregate("sum", expr("cart", "int"), "keys"),
            ],
        )
        .expect(
            "people",
            "customer_id,most,total,middle,carts,weighed,weight,note,keys\n\
             1,9.50,15.50,5.0,3,3,0.6,a,33\n\
             2,7.00,7.00,7.0,1,0,0.0,d,13\n",
        );
}

#[test]
fn an_aggregate_may_count_some_rows_only() {
    let mut spent = aggregate("sum", basket(), "spent");
    spent["rule"] = rule("basket > 100");
    let mut big = aggregate("count", Value::Null, "big");
    big["rule"] = rule("basket >= 5");
    let mut days = aggregate("count", expr("day", "date"), "days");
    days["distinct"] = json!(true);
    carts()
        .param("add", [spent, big, days])
        .expect("people", "customer_id,spent,big,days\n1,0.00,2,2\n2,0.00,1,1\n");
}

#[test]
fn first_and_last_go_by_their_key_and_ties_to_the_highest() {
    let by_day = |function: &str, column: Value, name: &str| {
        let mut aggregate = aggregate(function, column, name);
        aggregate["by"] = expr("day", "date");
        aggregate
    };
    // Carts 11 and 12 are of one day; 12 is the higher, but has no note.
    carts()
        .param(
            "add",
            [
                by_day("last", basket(), "last"),
                by_day("first", basket(), "first"),
                by_day("last", expr("note", "text"), "note"),
                aggregate("last", expr("day", "date"), "day"),
            ],
        )
        .expect(
            "people",
            "customer_id,last,first,note,day\n1,1.00,5.00,b,2026-03-01\n2,7.00,7.00,d,2026-01-02\n",
        );
}

#[test]
fn to_many_fans_out_and_each_target_comes_once() {
    Case::new(camp_change_dimension::camp_plugin_v1, "change_dimension")
        .input("in", "id:int key, owner:text", "1,Ann\n2,Bob\n3,Cid\n")
        .link(
            "to",
            false,
            "id:int source, shop:int target, no:int target",
            "1,7,1\n1,7,2\n2,7,2\n2,8,1\n",
        )
        .outputs("contacts, none")
        .param(
            "add",
            [
                aggregate("max", expr("owner", "text"), "owner"),
                aggregate("count", Value::Null, "n"),
            ],
        )
        .expect("contacts", "shop,no,owner,n\n7,1,Ann,1\n7,2,Bob,2\n8,1,Bob,1\n")
        .expect("none", "id\n3\n");
}

#[test]
fn what_cannot_be_aggregated_is_refused_where_it_stands() {
    carts()
        .param(
            "add",
            [aggregate("max", basket(), "x"), aggregate("sum", expr("note", "text"), "y")],
        )
        .expect_error("params.add[1]", "aggregate");
    carts()
        .param("add", [aggregate("count", Value::Null, "customer_id")])
        .expect_error("params.add[0]", "key-column");
    Case::new(camp_change_dimension::camp_plugin_v1, "change_dimension")
        .input("in", "id:int key", "1\n")
        .link("to", false, "id:int source", "1\n")
        .outputs("x")
        .expect_error("params.to", "no-key");
}

#[test]
fn the_manifest_is_complete() {
    camp_plugin_test::check_manifest(camp_change_dimension::camp_plugin_v1);
}
