//! What conditions and values bind to, and their types.

use super::*;

#[test]
fn a_negative_operator_is_not_of_its_positive_one() {
    assert_eq!(rule("country != \"FR\""), "not country = \"FR\"");
    assert_eq!(rule("country not in (\"FR\", \"BE\")"), "not country in (\"FR\", \"BE\")");
    assert_eq!(rule("email not contains \"@\""), "not email contains \"@\"");
    assert_eq!(rule("email is not missing"), "not email is missing");
    assert_eq!(rule("email is present"), "not email is empty");
    // Case 14: negation twice is none.
    assert_eq!(rule("not (email is present)"), "email is empty");
}

#[test]
fn and_binds_tighter_than_or_and_nested_ones_are_flat() {
    assert_eq!(
        rule("country = \"A\" or country = \"B\" and consent"),
        "(country = \"A\" or (country = \"B\" and consent))"
    );
    assert_eq!(
        rule("consent and (points > 1 and points < 5)"),
        "(consent and points > 1 and points < 5)"
    );
}

#[test]
fn numbers_are_exact_and_a_percentage_is_a_number() {
    assert_eq!(rule("spend > 1_000.50"), "spend > 1000.50");
    assert_eq!(rule("score < 12.5%"), "score < 0.125");
    assert_eq!(rule("spend * 90% > 10"), "(spend * 0.90) > 10");
    assert_eq!(rule("points > -3"), "points > -3");
}

#[test]
fn a_percentage_is_not_added_or_taken_away() {
    assert_said(said_of_rule("spend - 10% > 5"), "E0307", "10%", "write `spend * 90%`");
    assert_said(said_of_rule("spend + 12.5% > 5"), "E0307", "12.5%", "write `spend * 112.5%`");
}

#[test]
fn a_value_is_not_a_condition() {
    assert_said(
        said_of_rule("country"),
        "E0302",
        "country",
        "write `country is present`, or compare it",
    );
    assert_said(said_of_rule("consent and points"), "E0302", "points", "compare it: `points > 0`");
}

#[test]
fn text_and_numbers_are_not_compared() {
    // Case 114.
    assert_said(
        said_of_rule("code > 9"),
        "E0301",
        "code",
        "write `int(code)`, or quotes around `9`",
    );
    assert_said(said_of_rule("points > \"9\""), "E0301", "\"9\"", "write it without quotes: `9`");
}

#[test]
fn dates_held_as_text_need_a_format() {
    // Case 52.
    assert_said(
        said_of_rule("born after 2025-09-15"),
        "E0304",
        "born",
        "write `date(born, \"DD/MM/YYYY\")` with its format",
    );
    assert_said(
        said_of_rule("birthday after \"2025-09-15\""),
        "E0304",
        "\"2025-09-15\"",
        "write it without quotes: `2025-09-15`",
    );
    assert_said(
        said_of_rule("born in last 30 days"),
        "E0304",
        "born",
        "write `date(born, \"DD/MM/YYYY\")` with its format",
    );
}

#[test]
fn a_list_of_mixed_types_names_the_value() {
    // Case 115: the wrong value, not the list.
    assert_said(said_of_rule("points in (1, \"b\")"), "E0305", "\"b\"", "");
    assert_said(
        said_of_rule("country in (\"FR\", 33)"),
        "E0305",
        "33",
        "put quotes around it: `\"33\"`",
    );
}

#[test]
fn the_empty_list_and_a_list_of_one_are_lists() {
    // Case 71.
    assert_eq!(rule("country in ()"), "country in ()");
    assert_eq!(rule("country not in ()"), "not country in ()");
    assert_eq!(rule("country in (\"FR\")"), "country in (\"FR\")");
}

#[test]
fn a_constant_list_is_written_out_and_a_list_parameter_stays_one() {
    let text = program(
        "define eu = (\"FR\", \"DE\")\nparam more: list of text = (\"BE\")\n\
         a = build audience from customers where country in eu or country in more\n\
         save audience a as \"A\"\n",
    );
    assert!(text.contains("where (country in (\"FR\", \"DE\") or country in $more)"), "{text}");
    assert!(text.contains("param more: list of text = (\"BE\")"), "{text}");
}

#[test]
fn missing_is_tested_not_compared() {
    assert_said(said_of_rule("email = missing"), "E0313", "missing", "write `email is missing`");
}

#[test]
fn bad_patterns_are_found_before_the_run() {
    // Cases 20 and 110.
    assert_said(
        said_of_rule("email matches \"^(?!x)\""),
        "E0312",
        "\"^(?!x)\"",
        "write two conditions: `matches` and `not matches`",
    );
    assert_said(
        said_of_rule("email matches \"([k-m]\""),
        "E0312",
        "\"([k-m]\"",
        "close it with `)`",
    );
    assert_eq!(rule("email matches \"[k-m]\""), "email matches \"[k-m]\"");
}

#[test]
fn lists_contain_values_of_their_type() {
    assert_eq!(rule("interests contains \"run\""), "interests contains \"run\"");
    assert_eq!(
        rule("interests contains any of (\"a\", \"b\")"),
        "interests contains any of (\"a\", \"b\")"
    );
    assert_said(said_of_rule("interests contains 3"), "E0305", "3", "");
}

#[test]
fn struct_and_json_parts_are_read_by_path() {
    assert_eq!(rule("address.city = \"Lyon\""), "address→city = \"Lyon\"");
    assert_eq!(rule("attrs.plan = \"pro\""), "attrs→plan = \"pro\"");
    assert_said(
        said_of_rule("address.town = \"Lyon\""),
        "E0201",
        "town",
        "use one of the parts: `city` and `zip`",
    );
}

#[test]
fn the_escape_hatch_binds_its_columns_and_is_off_when_safe() {
    assert_eq!(
        rule("sql bool \"length({{email}}) > {{address.zip}}\""),
        "sql bool \"length({email}) > {address→zip}\""
    );
    let script =
        "a = build audience from customers where sql bool \"true\"\nsave audience a as \"A\"\n";
    let fence = crate::fence::Fence::around(std::path::Path::new("")).ok();
    let safe = crate::check::Options { fence, ..fake::options() };
    let checked = check_files(&[("t.camp", script)], &[], &safe);
    assert_eq!(checked.error_codes(), ["E0319"]);
}

#[test]
fn links_of_foreign_keys_go_both_ways() {
    assert_eq!(rule("any orders"), "any orders#1");
    assert_eq!(rule_on("orders", "customer.country = \"FR\""), ".customer.country = \"FR\"");
    let text = program(
        "a = build audience from customers where any orders.lines\nsave audience a as \"A\"\n",
    );
    assert!(
        text.contains("link customers.orders → orders many on customer_id = customer_id"),
        "{text}"
    );
    assert!(text.contains("any orders#1.lines#2"), "{text}");
}

#[test]
fn a_bare_name_inside_a_quantifier_is_the_linked_row_only() {
    // Case 29: the level it is written in.
    assert_eq!(
        rule(
            "any orders where (status = \"cancelled\" and ordered_at after customers.signed_up_at)"
        ),
        "any orders#1 where (#1.status = \"cancelled\" and #1.ordered_at > signed_up_at)"
    );
    assert_said(
        said_of_rule("any orders where country = \"FR\""),
        "E0201",
        "country",
        "write `customers.country`",
    );
}

#[test]
fn in_a_path_of_links_the_earlier_rows_are_reached_by_name() {
    assert_eq!(
        rule("any orders.lines where (price > 3 and orders.status = \"paid\")"),
        "any orders#1.lines#2 where (#2.price > 3 and #1.status = \"paid\")"
    );
}

#[test]
fn a_link_starts_from_a_to_one_link_or_an_enclosing_row() {
    assert_eq!(
        rule_on("lines", "no order.customer.orders where amount > 3"),
        "no .order.customer.orders#1 where #1.amount > 3"
    );
    assert_eq!(
        rule("any orders where (at least 2 customers.orders where amount > 3)"),
        "any orders#1 where count >= 2 of orders#2 where #2.amount > 3"
    );
}

#[test]
fn a_name_of_two_rows_in_scope_is_ambiguous() {
    // The linked rows and the rows around them are both orders.
    assert_eq!(
        said_of_rule_on("orders", "no customer.orders where ordered_at after orders.ordered_at")[0]
            .0,
        "E0214"
    );
    let text = program(
        "mine = build audience from orders\n\
         a = build audience from mine where no customer.orders where ordered_at after mine.ordered_at\n\
         save audience a as \"A\"\n",
    );
    assert!(text.contains("no .customer.orders#1 where #1.ordered_at > ordered_at"), "{text}");
}

#[test]
fn aggregates_say_over_what_and_know_their_types() {
    let text = program(
        "a = build audience from customers select count(orders) as n,\n  \
           sum(amount of orders where status = \"paid\") as total, avg(amount of orders) as mean,\n  \
           count(distinct sku of orders.lines) as skus, last(status of orders by ordered_at) as latest,\n  \
           last(ordered_at of orders) as at, min(ordered_at of orders) as first_at\n\
         save audience a as \"A\"\n",
    );
    assert!(text.contains("n: int, total: decimal(38, 2), mean: decimal(38, 8), skus: int, latest: text, at: timestamp, first_at: timestamp"), "{text}");
    assert!(
        text.contains("total = sum(#1.amount of orders#1 where #1.status = \"paid\")"),
        "{text}"
    );
    assert!(text.contains("skus = count distinct(#2.sku of orders#1.lines#2)"), "{text}");
    assert!(text.contains("at = last(#1.ordered_at of orders#1 by #1.ordered_at)"), "{text}");
}

#[test]
fn linked_rows_are_not_a_value() {
    assert_said(said_of_rule("orders"), "E0218", "orders", "write `any orders` or `count(orders)`");
    assert_said(
        said_of_rule("orders.amount > 3"),
        "E0317",
        "orders.amount",
        "write `max(amount of orders)` or `any orders where …`",
    );
    assert_said(
        said_of_rule("sum(orders.amount) > 3"),
        "E0308",
        "orders.amount",
        "write `sum(amount of orders)`",
    );
    assert_said(
        said_of_rule("last(status of orders) = \"paid\""),
        "E0322",
        "status of orders",
        "write `last(status of orders by SORTKEY)`",
    );
    assert_said(
        said_of_rule_on("orders", "any customer where consent"),
        "E0321",
        "customer",
        "write the columns as a path: `customer.COLUMN`",
    );
}

#[test]
fn every_warns_unless_the_rule_asks_for_any_too() {
    assert_said(
        said_of_rule("every orders where amount > 3"),
        "W0904",
        "every orders where amount > 3",
        "add `any orders and` where that is not meant",
    );
    assert_eq!(said_of_rule("any orders and every orders where amount > 3"), []);
}

#[test]
fn functions_check_their_arguments() {
    assert_eq!(rule("lower(email) = \"a\""), "lower(email) = \"a\"");
    assert_said(said_of_rule("lower(points) = \"a\""), "E0308", "points", "write `text(points)`");
    assert_said(said_of_rule("lower() = \"a\""), "E0309", "()", "write `lower(x)`");
    assert_said(said_of_rule("lowr(email) = \"a\""), "E0205", "lowr", "did you mean `lower`?");
    // A name of another tool is answered with ours.
    assert_said(said_of_rule("ifnull(email, \"\") = \"a\""), "E0205", "ifnull", "use `coalesce`");
}

#[test]
fn implicit_arguments_are_added() {
    assert_eq!(rule("bucket(\"x\") < 5%"), "bucket(\"x\", key(customer_id), \"Test\") < 0.05");
    assert_eq!(rule("age(birthday) >= 18"), "age(birthday, today) >= 18");
}

#[test]
fn one_mistake_gives_one_message() {
    // The unknown column spoils neither the comparison nor the rest of the rule.
    assert_said(
        said_of_rule("coalesce(emial, 3) + 1 > country and points > 1"),
        "E0201",
        "emial",
        "did you mean `email`?",
    );
}

#[test]
fn membership_needs_rows_of_the_same_dimension() {
    assert_eq!(rule("in audience \"VIP\""), "row in audience \"VIP\"");
    assert_eq!(rule_on("orders", "customer in audience \"VIP\""), ".customer in audience \"VIP\"");
    // Case 68.
    assert_said(
        said_of_rule_on("orders", "in audience \"VIP\""),
        "E0403",
        "\"VIP\"",
        "write `customer in …`",
    );
    assert_eq!(
        rule(
            "entered audience \"VIP\" in last 7 days and not left audience \"VIP\" in last 365 days"
        ),
        "(row entered audience \"VIP\" in last 7 days and not row left audience \"VIP\" in last 365 days)"
    );
}

#[test]
fn a_to_one_link_is_missing_where_it_leads_nowhere() {
    assert_eq!(rule_on("orders", "customer is missing"), ".customer.customer_id is missing");
}

#[test]
fn the_link_to_deliveries_is_there_when_it_is_used() {
    let text = program(
        "a = build audience from customers where no deliveries where sent_at in last 7 days\n\
         save audience a as \"A\"\n",
    );
    assert!(
        text.contains(
            "link customers.deliveries → deliveries many on \"customers\" = dimension and member(customer_id) = key"
        ),
        "{text}"
    );
    assert!(
        !program("a = build audience from customers\nsave audience a as \"A\"\n")
            .contains("deliveries")
    );
}

#[test]
fn deep_rules_are_bound_or_refused_and_never_overflow() {
    // Case 133: as deep as the parser lets through, and definitions of definitions without end.
    let brackets = format!("{}consent{}", "(".repeat(100), ")".repeat(100));
    assert_eq!(rule(&brackets), "consent");
    let sum = vec!["1"; 200].join(" + ");
    assert_eq!(said_of_rule(&format!("points > {sum}")), []);
    let mut script = "define d0 on customers = consent\n".to_string();
    for n in 1..2000 {
        script += &format!("define d{n} on customers = not d{}\n", n - 1);
    }
    script += "a = build audience from customers where d1999\nsave audience a as \"A\"\n";
    let codes = check(&script).error_codes();
    assert_eq!(codes, ["E0323"]);
    // Both limits nearly reached at once still fit the stack.
    let mut script = format!("define d0 on customers = points > {}\n", vec!["1"; 190].join(" + "));
    for n in 1..30 {
        script += &format!("define d{n} on customers = not d{}\n", n - 1);
    }
    script += "a = build audience from customers where d29\nsave audience a as \"A\"\n";
    check(&script).assert_no_errors();
}

#[test]
fn many_conditions_in_a_row_are_fine() {
    let many: Vec<String> = (0..1500).map(|n| format!("points = {n}")).collect();
    assert_eq!(said_of_rule(&many.join(" or ")), []);
}

#[test]
fn a_linked_row_is_looked_up_in_a_transition() {
    let text = program(
        "vip = build audience from customers where consent\n\
         a = build audience from orders where customer in vip and customer not in vip\n\
         save audience a as \"A\"\n",
    );
    assert!(text.contains("where (.customer in vip and not .customer in vip)"), "{text}");
}
