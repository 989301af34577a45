//! The built-in activities: what they bind, and what they refuse.

use super::*;

#[test]
fn build_carries_what_is_selected_beside_the_key() {
    let text = step(
        "a, rest = build audience from customers where consent\n  \
           select customer_id, email, lower(country) as land, count(orders) as n\n  \
           order by spend desc, email limit 10%\nsave audience a as \"A\"\n",
        "a on",
    );
    assert_eq!(
        text,
        "a on customers (email: text, land: text, n: int), rest on customers (email: text, land: text, n: int) =\n  \
         build audience customers\n  where consent\n  email = email\n  land = lower(country)\n  \
         n = count(orders#1)\n  order by spend desc, email\n  limit share 0.10"
    );
}

#[test]
fn a_star_keeps_what_a_transition_carries() {
    let text = program(
        "a = build audience from customers select email, points\n\
         b = build audience from a\nc = build audience from a select *, country\n\
         d = build audience from a select country\n\
         save audience b as \"B\"\nsave audience c as \"C\"\nsave audience d as \"D\"\n",
    );
    assert!(text.contains("b on customers (email: text, points: int)"), "{text}");
    assert!(text.contains("c on customers (email: text, points: int, country: text)"), "{text}");
    assert!(text.contains("d on customers (country: text)"), "{text}");
}

#[test]
fn selected_columns_have_names_and_each_once() {
    let with = |select: &str| {
        said(&format!(
            "a = build audience from customers select {select}\nsave audience a as \"A\"\n"
        ))
    };
    assert_said(
        with("lower(email)"),
        "E0320",
        "lower(email)",
        "add `as NAME` behind `lower(email)`",
    );
    assert_said(
        with("email, lower(email) as email"),
        "E0412",
        "email",
        "choose another name with `as`",
    );
    assert_said(
        with("points as customer_id"),
        "E0412",
        "customer_id",
        "choose another name with `as`",
    );
}

#[test]
fn a_limit_needs_an_order() {
    assert_said(
        said("a = build audience from customers limit 5\nsave audience a as \"A\"\n"),
        "E0402",
        "5",
        "add `order by …` before `limit`",
    );
    assert_eq!(
        check(
            "a = build audience from customers order by email limit 0\nsave audience a as \"A\"\n"
        )
        .error_codes(),
        ["E0315"]
    );
}

#[test]
fn combine_repeats_an_operation_as_one_and_excludes_from_unions() {
    let with = |set: &str| {
        let text = program(&format!(
            "a = build audience from customers select email\nb = build audience from customers where consent select points\n\
             c = build audience from customers where points > 1\n\
             x = combine {set}\nsave audience x as \"X\"\n"
        ));
        let at = text.find("x on customers").expect("the step");
        let step: Vec<&str> = text[at..].lines().take(3).collect();
        (step[0].to_string(), step[2].trim().to_string())
    };
    assert_eq!(
        with("a union b union c"),
        ("x on customers (email: text, points: int) =".into(), "(a union b union c)".into())
    );
    assert_eq!(with("a union b exclude c").1, "((a union b) exclude c)");
    assert_eq!(
        with("a exclude (b intersect c)"),
        ("x on customers (email: text) =".into(), "(a exclude (b intersect c))".into())
    );
    assert_eq!(with("(a union b) exclude c common columns only").0, "x on customers () =");
    assert_eq!(with("a union audience \"VIP\"").1, "(a union audience \"VIP\")");
}

#[test]
fn other_mixes_of_set_operations_need_brackets() {
    let script = "a = build audience from customers\nb = build audience from customers\n\
                  c = build audience from customers\nx = combine a union b intersect c\nsave audience x as \"X\"\n";
    let codes = check(script).error_codes();
    assert_eq!(codes.len(), 1, "{codes:?}");
}

#[test]
fn sets_of_different_dimensions_are_not_combined_by_key() {
    // Case 68.
    let script = "p = build audience from customers\no = build audience from orders\n\
                  x = combine p intersect o\nsave audience x as \"X\"\n";
    assert_said(
        said(script),
        "E0403",
        "o",
        "compare columns: `exclude … matching a = b`, or change the dimension first",
    );
}

#[test]
fn matching_compares_columns_across_dimensions_and_without_keys() {
    let text = program(
        "dimension blocked = optout\n\
         a = build audience from customers select email\n\
         b = build audience from blocked select email as address\n\
         x, out = combine a exclude b matching lower(email) = lower(address) exclude blocked matching lower(trim(email))\n\
         save audience x as \"X\"\n",
    );
    assert!(
        text.contains(
            "(a exclude b matching lower(@0) = lower(#1@0) exclude blocked matching lower(trim(@0)) = lower(trim(#1.email)))"
        ),
        "{text}"
    );
}

#[test]
fn columns_of_one_name_must_fit() {
    let script = "a = build audience from customers select country as x\n\
                  b = build audience from customers select points as x\n\
                  c = combine a union b\nsave audience c as \"C\"\n";
    assert_said(said(script), "E0413", "b", "select it under another name, or convert it");
}

#[test]
fn rows_without_a_key_are_excluded_and_exported_only() {
    let script = "dimension blocked = optout\na = build audience from blocked select email\n\
                  save audience a as \"A\"\n";
    assert_eq!(check(script).error_codes(), ["E0401"]);
    check("dimension blocked = optout\na = build audience from blocked select email\nexport a to \"a.csv\"\n")
        .assert_no_errors();
}

#[test]
fn a_label_is_saved_once_in_a_run_over_all_files() {
    // Case 90, and Unicode.
    let a = "x = build audience from customers\nsave audience x as \"Été\"\n";
    let b = "x = build audience from customers\nsave audience x as \"ÉTÉ\"\n";
    let checked = check_files(&[("a.camp", a), ("b.camp", b)], &[], &fake::options());
    assert_eq!(checked.error_codes(), ["E0404"]);
}

#[test]
fn a_read_above_the_save_sees_the_old_content_and_below_the_new() {
    let text = program(
        "old = read audience \"VIP\"\na = build audience from customers where not in audience \"VIP\" select email\n\
         save audience a as \"vip\"\nnew = read audience \"VIP\"\n\
         x = combine old union new exclude audience \"VIP\"\nsave audience x as \"X\"\n",
    );
    assert!(
        text.contains(
            "old on customers (email: text, points: int) =\n  read audience audience \"VIP\""
        ),
        "{text}"
    );
    assert!(text.contains("where not row in audience \"VIP\""), "{text}");
    assert!(text.contains("new on customers (email: text) =\n  read audience a"), "{text}");
    assert!(text.contains("((old union new) exclude a)"), "{text}");
}

#[test]
fn after_an_append_the_whole_audience_is_read() {
    let text = program(
        "a = build audience from customers select email, country\nsave audience a as \"VIP\" append\n\
         b = build audience from customers where in audience \"VIP\"\nsave audience b as \"B\"\n",
    );
    // The old columns stay, new ones are added.
    assert!(text.contains("on customers (email: text, points: int, country: text) =\n  save audience a as \"VIP\" Append"), "{text}");
    assert!(text.contains("where row in _save audience"), "{text}");
}

#[test]
fn a_label_that_only_this_run_saves_is_empty_before_it() {
    let script = "a = build audience from customers where not in audience \"Seen\"\nsave audience a as \"Seen\" append\n";
    let checked = check(script);
    checked.assert_no_errors();
    assert_eq!(checked.said()[0].0, "W0903");
    // The dimension of one that is read is found through its save.
    let script = "old = read audience \"Seen\"\nnew = build audience from customers\nall = combine old union new\n\
                  save audience all as \"Seen\"\n";
    check(script).assert_no_errors();
}

#[test]
fn an_audience_that_does_not_exist_or_expired_is_an_error() {
    // Case 66: never an empty set.
    assert_said(
        said_of_rule("not in audience \"nope\""),
        "E0204",
        "\"nope\"",
        "use one of the audiences: `VIP`, `Lapsed buyers`, `Big orders`, `Old list` and `Gone`",
    );
    assert_said(
        said_of_rule("in audience \"Gone\""),
        "E0407",
        "\"Gone\"",
        "save it again, or leave it out",
    );
}

#[test]
fn an_audience_of_an_undeclared_dimension_is_read_by_matching() {
    assert_said(
        said("a = read audience \"Old list\"\nsave audience a as \"A\"\n"),
        "E0418",
        "\"Old list\"",
        "add `dimension contacts = … key contact_id`",
    );
    let text = program(
        "a = read audience \"Old list\" on customers matching lower(email) = lower(email) select country\n\
         save audience a as \"A\"\n",
    );
    assert!(text.contains("a on customers (country: text)"), "{text}");
    assert!(text.contains("matching lower(email) = lower(#1@0)"), "{text}");
}

#[test]
fn versions_that_are_not_kept_are_refused() {
    let with = |n: u32| {
        check(&format!("a = read audience \"VIP\" version {n}\nsave audience a as \"A\"\n"))
    };
    with(3).assert_no_errors();
    assert_eq!(with(2).said()[0].2, "use a version from 3 to 5");
    assert_eq!(with(6).error_codes(), ["E0417"]);
}

#[test]
fn append_and_merge_keep_dimension_and_column_types() {
    let with = |build: &str, how: &str| {
        check(&format!("a = build audience from {build}\nsave audience a as \"VIP\" {how}\n"))
            .error_codes()
    };
    assert_eq!(with("orders", "append"), ["E0405"]);
    assert_eq!(with("customers select email as points", "merge"), ["E0406"]);
    assert_eq!(with("customers select spend as points", "merge"), Vec::<String>::new());
    assert_eq!(with("orders", "replace"), Vec::<String>::new());
}

#[test]
fn update_existing_needs_the_label() {
    let script = "a = build audience from customers\nsave audience a as \"VPI\" update existing\n";
    assert_said(said(script), "E0204", "\"VPI\"", "did you mean `VIP`?");
}

#[test]
fn a_save_for_each_value_names_the_column() {
    let text = program(
        "a = build audience from customers select country\n\
         save audience a as \"Summer {{country}} {{today}}\" for each country expires in 90 days retain 12 versions\n",
    );
    assert!(
        text.contains(
            "save audience a as \"Summer {{country}} 2025-11-24\" Replace expires in 90 days retain 12 for each country"
        ),
        "{text}"
    );
    let script = "a = build audience from customers select country\n\
                  save audience a as \"Summer\" for each country\n";
    assert_said(said(script), "E0410", "\"Summer\"", "add `{{country}}` to the label");
}

#[test]
fn placeholders_that_stand_for_nothing_are_errors() {
    let script = "param region: text = \"FR\"\na = build audience from customers\nsave audience a as \"A {{regoin}}\"\n";
    assert_said(said(script), "E0221", "\"A {{regoin}}\"", "did you mean `region`?");
}

#[test]
fn an_export_knows_its_format_by_the_ending() {
    let text = program(
        "a = build audience from customers select email\n\
         export a to \"out/a_{{now}}.csv\" select customer_id, sha256(email) as hash with header: false, delimiter: \";\"\n\
         export a to \"a.ndjson\"\n",
    );
    assert!(
        text.contains(
            "to /scripts/out/a_2025-11-24T08-30-00.csv Csv { delimiter: \";\", header: false }"
        ),
        "{text}"
    );
    assert!(text.contains("customer_id = customer_id\n  hash = sha256(@0)"), "{text}");
    assert!(text.contains("to /scripts/a.ndjson Json { array: false }"), "{text}");
    assert_said(
        said("a = build audience from customers\nexport a to \"a.xlsx\"\n"),
        "E0411",
        "\"a.xlsx\"",
        "use `.csv`, `.parquet`, `.json` or `.ndjson`",
    );
    assert_said(
        said("a = build audience from customers\nexport a to \"a.csv\" with delimeter: \";\"\n"),
        "E0207",
        "delimeter",
        "did you mean `delimiter`?",
    );
}

#[test]
fn guards_speak_of_populations() {
    let text = program(
        "a = build audience from customers select email\n\
         expect count(a) between 1 and 50% * count(customers) else \"too many\"\n\
         expect count(a) > 80% * size(\"VIP\")\nexpect every a where email contains \"@\"\n\
         expect no a where email is empty\nexpect any a\n\
         save audience a as \"A\" only if count(a) > 0\n",
    );
    assert!(
        text.contains("expect count(a) between 1 and (0.50 * count(customers)) else \"too many\""),
        "{text}"
    );
    assert!(text.contains("expect count(a) > (0.80 * size(\"VIP\"))"), "{text}");
    assert!(text.contains("expect every a where @0 contains \"@\""), "{text}");
    assert!(text.contains("only if count(a) > 0"), "{text}");
}

#[test]
fn the_number_of_outputs_is_checked() {
    assert_said(
        said("a, b, c = build audience from customers\nsave audience a as \"A\"\n"),
        "E0409",
        "c",
        "name 2 transitions",
    );
    assert_said(
        said("a = build audience from customers\nx = export a to \"a.csv\"\n"),
        "E0409",
        "x",
        "remove the name",
    );
}

#[test]
fn a_call_none_of_whose_transitions_is_used_is_a_warning() {
    assert_said(
        said(
            "a = build audience from customers\nb = build audience from a where consent\nsave audience a as \"A\"\n",
        ),
        "W0902",
        "b",
        "save it, export it, or remove the statement",
    );
    // A file that keeps nothing is being tried out.
    assert_eq!(said("a = build audience from customers where consent\n"), []);
    // One of two is enough.
    assert_eq!(
        said("a, b = build audience from customers where consent\nsave audience b as \"B\"\n"),
        []
    );
}

#[test]
fn steps_wait_for_transitions() {
    let text = program(
        "a = build audience from customers\nsaved = save audience a as \"A\"\nexport a to \"a.csv\" wait for saved\n",
    );
    assert!(text.contains("wait for saved"), "{text}");
}

#[test]
fn plugins_bind_through_the_same_calls() {
    let text = program(
        "use split, change_dimension\n\
         o = build audience from orders where amount > 3 select amount\n\
         people = change_dimension o with to: customer, add: (max(amount of o) as best, count(o) as n)\n\
         gold, rest = split people with gold: where best > 10 and country = \"FR\"\n\
         save audience gold as \"G\"\n",
    );
    assert!(text.contains("people on customers (best: decimal(12, 2), n: int)"), "{text}");
    assert!(text.contains("gold on customers (best: decimal(12, 2), n: int)"), "{text}");
}

#[test]
fn reading_the_old_content_of_a_label_that_is_saved_below_is_not_silent() {
    // Case 64: a final audience that reads another one above its save.
    let script = "final = build audience from customers where not in audience \"Lapsed buyers\"\n\
                  save audience final as \"Final\"\n\
                  lapsed = build audience from customers where not consent\n\
                  save audience lapsed as \"Lapsed buyers\"\n";
    assert_said(
        said(script),
        "W0906",
        "\"Lapsed buyers\"",
        "move the save above, to read the new content",
    );
    // What an audience adds to itself is read above by its nature.
    let script = "new = build audience from customers where not in audience \"Lapsed buyers\"\n\
                  save audience new as \"Lapsed buyers\" append\n";
    assert_eq!(said(script), []);
}
