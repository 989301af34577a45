//! Names: namespaces, definitions, imports, dimensions, links, parameters.

use super::*;

#[test]
fn unknown_names_are_reported_all_at_once() {
    // Case 147: an unknown dimension, an unknown column, an unknown audience.
    let script = "a = build audience from custmers\n\
                  b = build audience from customers where cuntry = \"FR\"\n\
                  c = build audience from customers where not in audience \"Vup\"\n\
                  save audience a as \"A\"\nsave audience b as \"B\"\nsave audience c as \"C\"\n";
    assert_eq!(
        said(script),
        [
            ("E0203".into(), "custmers".into(), "did you mean `customers`?".into()),
            ("E0201".into(), "cuntry".into(), "did you mean `country`?".into()),
            ("E0204".into(), "\"Vup\"".into(), "did you mean `VIP`?".into()),
        ]
    );
}

#[test]
fn errors_of_all_files_come_out_of_one_run() {
    let checked = check_files(
        &[
            ("a.camp", "x = build audience from customers where nope\nsave audience x as \"A\"\n"),
            ("b.camp", "x = build audience from customers where nada\nsave audience x as \"B\"\n"),
        ],
        &[],
        &fake::options(),
    );
    assert_eq!(checked.error_codes(), ["E0201", "E0201"]);
}

#[test]
fn names_of_a_statement_that_cannot_be_read_are_not_unknown() {
    let script = "a = build audience from customers where ((\n\
                  b = build audience from a\nsave audience b as \"B\"\n";
    let codes = check(script).error_codes();
    assert!(codes.iter().all(|c| c.starts_with("E01")), "{codes:?}");
}

#[test]
fn a_column_and_a_name_of_the_file_are_ambiguous() {
    let script = "define country = \"FR\"\n\
                  a = build audience from customers where country = \"FR\"\nsave audience a as \"A\"\n";
    assert_said(
        said(script),
        "E0214",
        "country",
        "write `customers.country` for the column, or rename the definition",
    );
    // By its dimension's name the column is meant.
    assert!(
        program(
            "define country = \"FR\"\n\
             a = build audience from customers where customers.country = \"FR\"\nsave audience a as \"A\"\n"
        )
        .contains("where country = \"FR\"")
    );
}

#[test]
fn columns_that_differ_by_case_are_reached_exactly() {
    // Cases 106 and 144.
    assert_eq!(rule("Tier = \"a\""), "Tier = \"a\"");
    assert_eq!(rule("tier = \"a\""), "tier = \"a\"");
    assert_said(
        said_of_rule("TIER = \"a\""),
        "E0214",
        "TIER",
        "write the column exactly as its source spells it",
    );
    assert_eq!(rule("EMAIL is empty"), "email is empty");
}

#[test]
fn odd_column_names_are_columns() {
    // Cases 142, 143, 146.
    assert_eq!(
        rule_on("`order`", "group = 1 and end before today and key = \"x\" and `a.b` = \"y\""),
        "(group = 1 and end < today and key = \"x\" and a.b = \"y\")"
    );
}

#[test]
fn a_dotted_name_that_is_a_link_path_and_a_column_is_ambiguous() {
    // Case 145.
    let script = "dimension t = `order` key group\nlink t.orders, orders on t.group = orders.order_id\n\
                  a = build audience from t where orders.total = 1\nsave audience a as \"A\"\n";
    assert_eq!(check(script).error_codes(), ["E0214"]);
    let exact = script.replace("orders.total", "`orders.total`");
    check(&exact).assert_no_errors();
}

#[test]
fn definitions_are_seen_in_any_order_and_written_out() {
    let text = program(
        "a = build audience from customers where good\nsave audience a as \"A\"\n\
         define good on customers = rich and consent\n\
         define rich on customers = sum(amount of orders) > least\ndefine least = 100\n",
    );
    assert!(text.contains("where (sum(#1.amount of orders#1) > 100 and consent)"), "{text}");
}

#[test]
fn a_circle_of_definitions_is_shown_as_a_path_once() {
    let script = "define a on customers = b\ndefine b on customers = c\ndefine c on customers = a\n\
                  x = build audience from customers where a\nsave audience x as \"X\"\n";
    let checked = check(script);
    assert_eq!(checked.titles(), ["Definitions go round in a circle: a → b → c → a"]);
}

#[test]
fn a_type_error_in_a_definition_is_reported_once_however_often_it_is_used() {
    let script = "define odd on customers = country > 3\n\
                  a = build audience from customers where odd\n\
                  b = build audience from customers where not odd\n\
                  save audience a as \"A\"\nsave audience b as \"B\"\n";
    assert_eq!(check(script).error_codes(), ["E0301"]);
}

#[test]
fn an_unused_definition_is_checked_too() {
    assert_eq!(check("define odd(n: int) on customers = country > n\n").error_codes(), ["E0301"]);
}

#[test]
fn a_definition_is_used_through_a_link_but_not_on_other_rows() {
    let text = program(
        "define rich on customers = sum(amount of orders) > 100\n\
         a = build audience from orders where customer.rich\nsave audience a as \"A\"\n",
    );
    assert!(text.contains("where sum(#1.amount of .customer.orders#1) > 100"), "{text}");
    let script = "define rich on customers = sum(amount of orders) > 100\n\
                  a = build audience from orders where rich\nsave audience a as \"A\"\n";
    assert_said(said(script), "E0220", "rich", "");
}

#[test]
fn parameters_of_a_definition_win_over_columns() {
    let text = program(
        "define above(points: int) on customers = count(orders) > points\n\
         a = build audience from customers where above(customers.points)\nsave audience a as \"A\"\n",
    );
    assert!(text.contains("where count(orders#1) > points"), "{text}");
}

#[test]
fn what_a_population_carries_wins_over_a_definition_of_its_name() {
    let text = program(
        "define total on customers = sum(amount of orders)\n\
         a = build audience from customers select total\n\
         b = build audience from a where total > 100 and customers.total > 50\nsave audience b as \"B\"\n",
    );
    assert!(text.contains("where (@0 > 100 and sum(#1.amount of orders#1) > 50)"), "{text}");
}

#[test]
fn a_transition_is_defined_once_and_above_its_use() {
    let twice = "a = build audience from customers\na = build audience from customers where consent\n\
                 save audience a as \"A\"\n";
    assert_said(said(twice), "E0213", "a", "choose another name");
    let later =
        "b = build audience from a\na = build audience from customers\nsave audience b as \"B\"\n";
    assert_said(said(later), "E0217", "a", "move this statement below the definition");
}

#[test]
fn an_audience_made_of_itself_shows_the_circle() {
    // Case 65.
    let checked =
        check("x = build audience from y\ny = build audience from x\nsave audience x as \"X\"\n");
    assert_eq!(checked.titles(), ["`y` is made of itself: y → x → y"]);
    let checked = check("x = build audience from x where consent\nsave audience x as \"X\"\n");
    assert_eq!(checked.titles(), ["`x` is made of itself: x → x"]);
}

#[test]
fn links_are_declared_with_both_ends_and_their_cardinality() {
    let text = program(
        "dimension people = \"customers.parquet\" key customer_id\n\
         dimension buys = \"orders.parquet\" key order_id\n\
         link people.buys, buys.buyer on people.customer_id = buys.customer_id\n\
         link people.referrer, people.referees on lower(people.email) = people.code\n\
         a = build audience from people where any buys and no referees\nsave audience a as \"A\"\n",
    );
    assert!(text.contains("link people.buys → buys many on customer_id = customer_id"), "{text}");
    assert!(text.contains("link buys.buyer → people one on customer_id = customer_id"), "{text}");
    assert!(text.contains("link people.referees → people many on code = lower(email)"), "{text}");
}

#[test]
fn a_link_is_made_of_equalities_in_order() {
    let swapped = "link customers.bought, orders on orders.customer_id = customers.customer_id\n";
    assert_said(said(swapped), "E0316", "orders.customer_id", "swap the two operands");
    let smaller = "link customers.bought, orders on customers.customer_id < orders.customer_id\n";
    assert_eq!(check(smaller).error_codes(), ["E0316"]);
    // Case 96: keys of two types.
    let typed = "link customers.bought, orders on customers.code = orders.customer_id\n";
    assert_eq!(check(typed).error_codes(), ["E0301"]);
}

#[test]
fn a_wrong_link_is_reported_once_and_its_uses_are_not() {
    let script = "link customers.bought, ordrs on customers.customer_id = ordrs.customer_id\n\
                  a = build audience from customers where any bought where whatever = 3\nsave audience a as \"A\"\n";
    assert_said(said(script), "E0203", "ordrs", "did you mean `orders`?");
}

#[test]
fn a_dimension_that_cannot_be_opened_swallows_what_follows() {
    let script = "dimension d = \"nowhere.csv\" key id\n\
                  a = build audience from d where x = 3\nb = build audience from a where y\n\
                  save audience b as \"B\"\nexport b to \"b.csv\"\n";
    assert_said(said(script), "E0203", "\"nowhere.csv\"", "");
}

#[test]
fn a_table_without_a_primary_key_needs_a_declaration() {
    let script = "a = build audience from optout\nsave audience a as \"A\"\n";
    assert_said(
        said(script),
        "E0401",
        "optout",
        "declare it: `dimension optout = optout key COLUMN`",
    );
}

#[test]
fn tables_of_attached_databases_are_dimensions() {
    let text = program(
        "database crm = \"crm.db\"\ndimension accounts = crm.public.accounts\n\
         a = build audience from accounts where employees > 5\nsave audience a as \"A\"\n",
    );
    assert!(text.contains("dimension accounts key (id) guaranteed"), "{text}");
    let script = "dimension accounts = cmr.public.accounts key id\ndatabase crm = \"crm.db\"\n";
    assert_said(said(script), "E0212", "cmr", "did you mean `crm`?");
}

#[test]
fn equal_dimensions_and_links_of_several_files_are_one() {
    let model = "dimension people = \"customers.parquet\" key customer_id where consent\n\
                 dimension buys = \"orders.parquet\" key order_id\n\
                 link people.buys, buys on people.customer_id = buys.customer_id\n";
    let a = "import \"model.camp\"\nx = build audience from people where any buys\nsave audience x as \"A\"\n";
    let b = "import \"model.camp\"\nx = build audience from people where no buys\nsave audience x as \"B\"\n";
    let checked =
        check_files(&[("a.camp", a), ("b.camp", b)], &[("model.camp", model)], &fake::options());
    checked.assert_no_errors();
    assert_eq!(checked.program.dimensions.len(), 2);
    assert_eq!(checked.program.links.len(), 1);
    assert_eq!(checked.program.steps.len(), 4);
    assert!(checked.program.dimensions[0].filter.is_some());
}

#[test]
fn a_filtered_dimension_is_another_one() {
    let a = "dimension c = customers where consent\nx = build audience from c\nsave audience x as \"A\"\n";
    let b = "dimension c = customers\nx = build audience from c\nsave audience x as \"B\"\n";
    let checked = check_files(&[("a.camp", a), ("b.camp", b)], &[], &fake::options());
    checked.assert_no_errors();
    assert_eq!(checked.program.dimensions.len(), 2);
}

#[test]
fn filters_that_go_round_in_a_circle_are_refused() {
    let script = "dimension buyers = customers where any buys\n\
                  dimension buys = orders where buyer.consent\n\
                  link buyers.buys, buys.buyer on buyers.customer_id = buys.customer_id\n";
    let checked = check(script);
    assert_eq!(
        checked.titles(),
        ["Dimensions filter each other in a circle: buyers → buys → buyers"]
    );
}

#[test]
fn imports_are_read_once_and_circles_are_shown_as_a_path() {
    let a = "import \"b.camp\"\n";
    let imports =
        [("b.camp", "import \"c.camp\"\ndefine one = 1\n"), ("c.camp", "import \"b.camp\"\n")];
    let checked = check_files(&[("a.camp", a)], &imports, &fake::options());
    assert_eq!(checked.titles(), ["Files import each other in a circle: b.camp → c.camp → b.camp"]);
    // The same file on two ways is one.
    let a = "import \"b.camp\"\nimport \"c.camp\"\n\
             x = build audience from customers where points > one\nsave audience x as \"X\"\n";
    let imports = [("b.camp", "import \"c.camp\"\n"), ("c.camp", "define one = 1\n")];
    check_files(&[("a.camp", a)], &imports, &fake::options()).assert_no_errors();
}

#[test]
fn an_import_that_cannot_be_read_makes_no_name_unknown() {
    let script = "import \"lost.camp\"\nx = build audience from people where rich\nsave audience x as \"X\"\n";
    assert_said(said(script), "E0203", "\"lost.camp\"", "");
}

#[test]
fn an_imported_file_runs_nothing() {
    let checked = check_files(
        &[("a.camp", "import \"b.camp\"\n")],
        &[("b.camp", "x = build audience from customers\n")],
        &fake::options(),
    );
    assert_eq!(checked.error_codes(), ["E0222"]);
}

#[test]
fn parameters_take_values_of_their_type() {
    let set = |pairs: &[(&str, &str)]| crate::check::Options {
        set: pairs.iter().map(|(n, v)| (n.to_string(), v.to_string())).collect(),
        ..fake::options()
    };
    let script = "param minimum: int = 5\n\
                  a = build audience from customers where points > minimum\nsave audience a as \"A {{minimum}}\"\n";
    let checked = check_files(&[("t.camp", script)], &[], &set(&[("minimum", "1_000")]));
    checked.assert_no_errors();
    let text = crate::check::print::program(&checked.program);
    assert!(text.contains("param minimum: int = 1000"), "{text}");
    assert!(text.contains("as \"A 1000\""), "{text}");
    let wrong = check_files(&[("t.camp", script)], &[], &set(&[("minimum", "many")]));
    assert_eq!(wrong.error_codes(), ["E0318"]);
    let unknown = check_files(&[("t.camp", script)], &[], &set(&[("minimun", "3")]));
    assert_eq!(unknown.said()[0].2, "did you mean `minimum`?");
    assert_said(said("param minimum: int = \"x\"\n"), "E0318", "\"x\"", "");
}

#[test]
fn a_parameter_without_a_value_stops_a_run_and_warns_in_a_check() {
    let script = "param region: text\n";
    assert_said(said(script), "E0414", "region", "set it: `--set region=…`, or give it a default");
    let check_only = crate::check::Options { require_params: false, ..fake::options() };
    let checked = check_files(&[("t.camp", script)], &[], &check_only);
    assert_eq!(checked.said()[0].0, "W0905");
    assert!(!checked.diagnostics.has_errors());
}

#[test]
fn types_and_options_that_do_not_exist_are_answered() {
    assert_said(said("param n: number = 3\n"), "E0208", "number", "use `int` or `decimal`");
    assert_said(
        said("dimension d = \"d.csv\" key id with delimeter: \";\"\n"),
        "E0207",
        "delimeter",
        "did you mean `delimiter`?",
    );
}

#[test]
fn activities_and_plugins_that_do_not_exist_are_answered() {
    let script = "a = build audience from customers\nb = deduplicat a\nsave audience b as \"B\"\n";
    assert_said(said(script), "E0206", "deduplicat", "did you mean `deduplicate`?");
    let script = "a = build audience from customers\nb = split a\nsave audience b as \"B\"\n";
    assert_said(said(script), "E0206", "split", "add `use split`");
    assert_said(said("use splitt\n"), "E0211", "splitt", "did you mean `split`?");
}
