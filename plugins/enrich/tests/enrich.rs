//! What `enrich` adds.

use camp_plugin_test::{Case, asc, desc, named, of, rule};

const PEOPLE: &str = "1,Ann\n2,Bob\n3,Cid\n";
/// Ann has four orders, two of them on one day, one without a day; Bob has one; somebody else has one.
const ORDERS: &str = "1,11,2026-01-01,10,paid\n1,12,2026-03-01,20,paid\n1,13,2026-03-01,30,open\n1,14,,40,paid\n\
                      2,21,2026-02-01,50,open\n9,91,2026-02-01,60,paid\n";

fn enrich() -> Case {
    Case::new(camp_enrich::camp_plugin_v1, "enrich").input("in", "id:int key, name:text", PEOPLE)
}

fn with_orders() -> Case {
    enrich().link(
        "collection",
        false,
        "id:int source, no:int target, day:date, amount:decimal(10,2), status:text",
        ORDERS,
    )
}

#[test]
fn expressions_become_columns_and_nobody_is_lost() {
    enrich()
        .param(
            "add",
            [
                named("nullif(length(name) * id, 9)", "int", "points"),
                named("upper(name)", "text", "name"),
            ],
        )
        .outputs("rich")
        .expect("rich", "id,name,points\n1,ANN,3\n2,BOB,6\n3,CID,\n");
}

#[test]
fn the_first_rows_of_a_collection_become_columns() {
    with_orders()
        .param("rows", 3)
        .param(
            "columns",
            [
                of("collection", named("day", "date", "day")),
                of("collection", named("amount", "decimal(10,2)", "amount")),
            ],
        )
        .param("order", [of("collection", desc("day", "date"))])
        .outputs("rich")
        // The missing day comes last although the order is descending, and is cut off; ties go to the key.
        .expect(
            "rich",
            "id,name,day_1,day_2,day_3,amount_1,amount_2,amount_3\n\
             1,Ann,2026-03-01,2026-03-01,2026-01-01,20.00,30.00,10.00\n\
             2,Bob,2026-02-01,,,50.00,,\n3,Cid,,,,,,\n",
        );
}

#[test]
fn only_some_rows_of_the_collection_count() {
    with_orders()
        .param("rows", 1)
        .param("columns", [of("collection", named("amount", "decimal(10,2)", "amount"))])
        .param("order", [of("collection", asc("amount", "decimal(10,2)"))])
        .param("only", of("collection", rule("status = 'open'")))
        .outputs("rich")
        .expect("rich", "id,amount_1\n1,30.00\n2,50.00\n3,\n");
}

#[test]
fn both_at_once() {
    with_orders()
        .param("add", [named("id * 2", "int", "twice")])
        .param("rows", 1)
        .param("columns", [of("collection", named("no", "int", "no"))])
        .param("order", [of("collection", desc("amount", "decimal(10,2)"))])
        .outputs("rich")
        .expect("rich", "id,twice,no_1\n1,2,14\n2,4,21\n3,6,\n");
}

#[test]
fn the_key_cannot_be_replaced_nor_a_name_be_used_twice() {
    enrich()
        .param("add", [named("1", "int", "x"), named("2", "int", "id")])
        .outputs("rich")
        .expect_error("params.add[1]", "key-column");
    enrich()
        .param("add", [named("1", "int", "x"), named("2", "int", "x")])
        .outputs("rich")
        .expect_error("", "column-twice");
}

#[test]
fn the_manifest_is_complete() {
    camp_plugin_test::check_manifest(camp_enrich::camp_plugin_v1);
}
