//! What the parser promises, file by file.

use super::ast::*;
use super::*;

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/samples");

fn samples() -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = std::fs::read_dir(SAMPLES)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "camp"))
        .map(|p| {
            (
                p.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read_to_string(p).unwrap(),
            )
        })
        .collect();
    files.sort();
    assert!(files.len() >= 42, "the samples are gone");
    files
}

fn read(text: &str) -> (SourceMap, Ast, Vec<crate::diagnostic::Diagnostic>) {
    let mut sources = SourceMap::default();
    let id = sources.add("test.camp", text).unwrap();
    let (ast, diagnostics) = parse(&sources, id);
    (sources, ast, diagnostics.into_iter().collect())
}

#[test]
fn every_sample_is_read_without_an_error() {
    for (name, text) in samples() {
        let (sources, ast, diagnostics) = read(&text);
        let shown: Vec<String> = diagnostics
            .iter()
            .map(|d| {
                format!(
                    "{:?}: {} `{}` {:?}",
                    d.span().and_then(|s| sources.place(s)),
                    d.title,
                    sources.slice(d.span().unwrap_or_default()),
                    d.help
                )
            })
            .collect();
        assert!(shown.is_empty(), "{name}:\n{}", shown.join("\n"));
        assert!(ast.is_complete());
    }
}

/// Everything reported, as `CODE span text | help`.
fn problems(text: &str) -> Vec<String> {
    let (sources, _, diagnostics) = read(text);
    diagnostics
        .iter()
        .map(|d| {
            let place = sources.slice(d.span().unwrap());
            format!("{} {place} | {}", d.code, d.help.as_deref().unwrap_or(""))
        })
        .collect()
}

/// Asserts the only problem of a rule behind `where`.
fn rule_problem(rule: &str, expected: &str) {
    let text = format!("x = build audience from customers where {rule}\n");
    assert_eq!(problems(&text), [expected], "{rule}");
}

fn expr(text: &str) -> Expr {
    let (_, ast, diagnostics) = read(&format!("expect {text}\n"));
    assert!(diagnostics.is_empty(), "{text}: {diagnostics:?}");
    match ast.statements.into_iter().next().unwrap().kind {
        StatementKind::Expect(e) => e.condition,
        other => panic!("{other:?}"),
    }
}

// ---------------------------------------------------------------- spellings of other languages

#[test]
fn operators_of_other_languages_are_answered_with_the_right_ones() {
    rule_problem("country == \"FR\"", "E0106 == | write `=`");
    rule_problem("country <> \"FR\"", "E0106 <> | write `!=`");
    rule_problem("a && b", "E0106 && | write `and`");
    rule_problem("a&&b", "E0106 && | write `and`");
    rule_problem("a || b", "E0106 || | write `or`; texts are joined by `concat(a, b)`");
    rule_problem("!consent", "E0106 ! | write `not`");
    rule_problem("a ≥ 5", "E0106 ≥ | write `>=`");
    rule_problem("a in [1, 2]", "E0106 [ | write lists in round brackets");
    rule_problem("a % 2 = 0", "E0106 % | write `mod(a, b)` for the remainder");
    rule_problem("a < 10 %", "E0106 % | glue it to the number: `10%`");
    rule_problem("a = 1;", "E0106 ; | remove it: a statement ends with its line");
}

#[test]
fn a_wrong_spelling_still_gives_the_tree_that_was_meant() {
    let meant = read("expect not a and b != 1 or c = \"x\"\n").1;
    for text in [
        "expect !a && b <> 1 || c == “x”\n",
        "expect NOT a AND b != 1 OR c = 'x'\n",
        "expect\u{a0}not a and b !== 1 or c = \"x\";\n",
    ] {
        let (_, ast, diagnostics) = read(text);
        assert!(!diagnostics.is_empty());
        assert_eq!(ast, meant, "{text}");
    }
}

#[test]
fn null_tests_are_answered_with_missing() {
    rule_problem("a is null", "E0106 null | write `missing`");
    assert_eq!(
        problems("expect a IS NOT NULL\n"),
        ["E0107 IS | write `is`", "E0107 NOT | write `not`", "E0106 NULL | write `missing`"]
    );
    rule_problem("a is not null and b = 1", "E0106 null | write `missing`");
}

#[test]
fn keywords_in_capitals_are_answered_and_names_in_capitals_stay() {
    let text = "x = BUILD AUDIENCE FROM Customers WHERE Order = 1 AND LIMIT > 2\n";
    let (_, ast, _) = read(text);
    assert_eq!(
        problems(text),
        [
            "E0107 BUILD | write `build`",
            "E0107 AUDIENCE | write `audience`",
            "E0107 FROM | write `from`",
            "E0107 WHERE | write `where`",
            "E0107 AND | write `and`",
        ]
    );
    let meant = read("x = build audience from Customers where Order = 1 and LIMIT > 2\n").1;
    assert_eq!(ast, meant);
}

#[test]
fn quotes_and_blanks_of_word_processors_are_answered() {
    rule_problem("a = “FR”", "E0108 “FR” | write `\"FR\"`");
    rule_problem("a = «FR»", "E0108 «FR» | write `\"FR\"`");
    rule_problem("a = „FR“", "E0108 „FR“ | write `\"FR\"`");
    rule_problem("a = “the \"x\"”", "E0108 “the \"x\"” | write `\"the \"\"x\"\"\"`");
    rule_problem("a\u{a0}= 1", "E0108 \u{a0} | replace it by a plain space");
    rule_problem("a =\u{200b} 1", "E0108 \u{200b} | remove it");
    rule_problem("a = \"FR”", "E0101 \" | write `\"` instead of `”`");
}

#[test]
fn sql_statements_are_answered_with_build_audience() {
    assert_eq!(
        problems("select email from customers where consent\n"),
        ["E0120 select | write `NAME = build audience from … where … select …`"]
    );
    assert_eq!(
        problems("SELECT * FROM customers\n"),
        ["E0120 SELECT | write `NAME = build audience from … where … select …`"]
    );
}

// ------------------------------------------------------------------------ what reads two ways

#[test]
fn chained_comparisons_propose_between() {
    rule_problem("1 < x < 10", "E0112 < | use `x between 1 and 10`, which includes both ends");
    rule_problem("10 >= x > 1", "E0112 > | use `x between 1 and 10`, which includes both ends");
    rule_problem("a = b = c", "E0112 = | join two comparisons by `and`");
}

#[test]
fn bare_values_behind_or_propose_in() {
    rule_problem("x = \"a\" or \"b\"", "E0113 \"b\" | use `x in (\"a\", \"b\")`");
    rule_problem("x = 1 or 2 or 3 and ok", "E0113 2 | use `x in (1, 2, 3)`");
    rule_problem("x != \"a\" and \"b\"", "E0113 \"b\" | use `x not in (\"a\", \"b\")`");
}

#[test]
fn a_condition_without_a_bracket_shows_both_readings() {
    rule_problem(
        "any orders where paid and active",
        "E0114 and | write `any orders where (paid and active)`, or `any orders where (paid) and active`",
    );
    rule_problem(
        "not no orders where a = 1 or b",
        "E0114 or | write `no orders where (a = 1 or b)`, or `no orders where (a = 1) or b`",
    );
    for fine in [
        "any orders where (paid and active) and consent",
        "consent and any orders where paid",
        "(any orders where paid) and consent",
        "any orders and consent",
        "count(orders where paid and active) > 2",
        "any orders where any lines where (a and b)",
    ] {
        expr(fine);
    }
}

// ------------------------------------------------------------------------- texts and brackets

#[test]
fn texts_end_on_their_line() {
    assert_eq!(
        problems("import \"model.camp\nparam n: int = 1\n"),
        ["E0101 \" | add `\"` where the text ends, on the same line"]
    );
    assert_eq!(problems("expect `a = 1\n"), ["E0101 ` | add the second backtick behind the name"]);
}

#[test]
fn brackets_need_partners() {
    rule_problem(
        "a in (1, 2",
        "E0102 ( | add the `)`, or indent the lines that belong to the statement",
    );
    rule_problem("a = 1)", "E0102 ) | remove the `)`, or add the `(` that it closes");
    // A line at the margin that begins no statement belongs to the bracket above.
    assert_eq!(
        problems("define eu = (\n\"FR\",\n\"DE\")\nparam n: int = 1\n"),
        ["E0102 ( | add the `)`, or indent the lines that belong to the statement"]
    );
}

#[test]
fn double_quotes_and_braces_stay_inside_a_text() {
    let ExprKind::Compare { right, .. } = *expr("a = \"He said \"\"{{today}}\"\" it's # x\"").kind
    else {
        panic!()
    };
    assert_eq!(
        *right.kind,
        ExprKind::Literal(Literal::Text("He said \"{{today}}\" it's # x".into()))
    );
    assert_eq!(expr("a = 'it''s'"), expr("a = \"it's\""));
}

// --------------------------------------------------------------------------- numbers and dates

/// Such a month was looked at as a date in another form again and again, until the stack was full.
#[test]
fn a_month_or_a_day_of_too_many_digits_is_an_error() {
    for date in ["2026-111-24", "2026-1-111", "24/111/2026", "240/11/2026", "2026/202624/11"] {
        let help = "write year, month and day: `2026-11-24`";
        rule_problem(&format!("d > {date}"), &format!("E0110 {date} | {help}"));
    }
}

#[test]
fn what_looks_like_a_date_is_a_date_or_an_error() {
    rule_problem("d > 2026-1-5", "E0110 2026-1-5 | write `2026-01-05`");
    rule_problem("d > 24/11/2026", "E0110 24/11/2026 | write `2026-11-24`");
    rule_problem("d > 11.24.2026", "E0110 11.24.2026 | write `2026-11-24`");
    rule_problem("d > 05/11/2026", "E0110 05/11/2026 | write `2026-11-05` or `2026-05-11`");
    rule_problem("d > 2026/11/24", "E0110 2026/11/24 | write `2026-11-24`");
    rule_problem("d > 24-11-26", "E0110 24-11-26 | write year, month and day: `2026-11-24`");
    rule_problem(
        "d > 2026-11",
        "E0110 2026-11 | write a whole date, `2026-11-01`, or blanks around the `-`",
    );
    rule_problem("d > 2026-02-30", "E0110 2026-02-30 | use a day from 01 to 28");
    rule_problem("d > 2026-13-01", "E0110 2026-13-01 | did you mean `2026-01-13`?");
    rule_problem(
        "d > 2026-11-24T25:00",
        "E0110 2026-11-24T25:00 | write the time as in `2026-11-24T09:30`, with `Z` or `+01:00` behind it for a zone",
    );
    rule_problem("d > 2026-11-24 09:30", "E0110 09:30 | write `2026-11-24T09:30`");
    for fine in [
        "d > 2024-02-29",
        "d > 2026-11-24T09:30",
        "d > 2026-11-24T09:30:15.250Z",
        "d > 2026-11-24T09:30-05:30",
        "d > 2026 - 11",
        "d > 100-50",
    ] {
        expr(fine);
    }
}

#[test]
fn what_looks_like_a_number_is_a_number_or_an_error() {
    rule_problem("a > 30days ago", "E0109 30days | write `30 days`");
    rule_problem("a in last 24h", "E0109 24h | write `24 hours`");
    rule_problem("a > 1__000", "E0109 1__000 | write `1_000`");
    rule_problem("a > .5", "E0109 .5 | write `0.5`");
    rule_problem("a > 1.000.000", "E0109 1.000.000 | write `1_000_000`");
    rule_problem("a > 1e5", "E0109 1e5 | write digits with at most one point, such as `1_000.50`");
    for (written, literal) in [
        ("1_000", Literal::Number("1000".into())),
        ("3.14", Literal::Number("3.14".into())),
        ("12.5%", Literal::Percent("12.5".into())),
    ] {
        assert_eq!(*expr(written).kind, ExprKind::Literal(literal));
    }
}

// --------------------------------------------------------------------------------------- names

#[test]
fn reserved_words_as_names_ask_for_backticks() {
    for word in names::RESERVED {
        assert_eq!(
            problems(&format!("param {word}: int = 3\n")),
            [format!("E0111 {word} | put the name in backticks: `` `{word}` ``")],
        );
        expr(&format!("`{word}` = 3 and a.`{word}` = 4"));
    }
    rule_problem("no = 1", "E0111 no | put the name in backticks: `` `no` ``");
    rule_problem("a.in = 1", "E0111 in | put the name in backticks: `` `in` ``");
    assert_eq!(names::RESERVED.len(), 19);
}

#[test]
fn all_other_keywords_can_be_names() {
    for rule in parser::Rule::all_rules() {
        let name = format!("{rule:?}");
        let Some(word) = name.strip_prefix("kw_") else { continue };
        if is_reserved(word) {
            continue;
        }
        let path = Expr::new(
            ExprKind::Path(Path {
                parts: vec![Name::new(word.into(), Default::default())],
                span: Default::default(),
            }),
            Default::default(),
        );
        assert_eq!(expr(&format!("{word} = 1")), expr(&format!("`{word}` = 1")), "{word}");
        assert_eq!(expr(word), path, "{word}");
    }
}

// --------------------------------------------------------------------- expectations and typing errors

#[test]
fn missing_words_are_named_when_few_can_stand_there() {
    assert_eq!(problems("x = build audience customers\n"), ["E0104 customers | write `from`"]);
    assert_eq!(
        problems("x = build audience frm customers\n"),
        ["E0104 frm | did you mean `from`?"]
    );
    assert_eq!(problems("save audience vip\n"), ["E0105 vip | add `as`"]);
    assert_eq!(problems("import model\n"), ["E0104 model | put it in quotes: `\"model\"`"]);
    assert_eq!(problems("param minimum = 100\n"), ["E0104 = | write `:`"]);
    rule_problem("a > 30 dys ago", "E0104 dys | did you mean `days`?");
    rule_problem("a is mising", "E0104 mising | did you mean `missing`?");
    rule_problem("d in last month", "E0104 last month | write `previous month`, or `last 1 month`");
    rule_problem(
        "consent is true",
        "E0106 is | write the condition alone, or `not` in front of it",
    );
}

#[test]
fn misspelled_statements_and_activities_are_recognized() {
    assert_eq!(
        problems("dimesion customers = \"x.csv\"\n"),
        ["E0104 dimesion | did you mean `dimension`?"]
    );
    assert_eq!(problems("campagin \"Spring\"\n"), ["E0104 campagin | did you mean `campaign`?"]);
    assert_eq!(problems("x = biuld audience from y\n"), ["E0104 biuld | did you mean `build`?"]);
    assert_eq!(
        problems("save audience vip as \"VIP\" where consent\n"),
        ["E0104 where | build that audience first: `NAME = build audience from … where …`"]
    );
}

#[test]
fn clauses_stand_once_and_in_order() {
    assert_eq!(
        problems("x = build audience from c select a where b\n"),
        ["E0119 where b | move `where` in front of `select`"]
    );
    assert_eq!(
        problems("save audience x as \"X\" append merge\n"),
        ["E0118 merge | keep one of them"]
    );
    assert_eq!(
        problems("x = build audience from c where a where b\n"),
        [
            "E0118 where b | join conditions by `and`; those on linked rows stand in the bracket, as in `count(orders where …)`"
        ]
    );
}

#[test]
fn every_independent_error_is_reported() {
    let text = "param a = 1\n\nx = build audience from c where a == 1 and b <> 2\nparam ok: int = 1\nuse\nimport 'x\n";
    let (_, ast, _) = read(text);
    assert_eq!(
        problems(text),
        [
            "E0104 = | write `:`",
            "E0106 == | write `=`",
            "E0106 <> | write `!=`",
            "E0105 use | add a name",
            "E0101 ' | add `'` where the text ends, on the same line",
        ]
    );
    assert_eq!(ast.statements.len(), 5);
    assert_eq!(ast.statements[0].kind, StatementKind::Invalid(vec!["a".into()]));
    assert!(matches!(ast.statements[2].kind, StatementKind::Param(_)));
}

#[test]
fn a_broken_statement_keeps_the_names_it_may_define() {
    for (text, names) in [
        ("a, `b c` = splt pool wth\n", vec!["a", "b c"]),
        ("dimension orders = \"x\" kex id\n", vec!["orders"]),
        ("define rich(minimum: decimal) on customers = spend >\n", vec!["rich"]),
        ("link a.x, b.y on a.id =\n", vec!["a", "x", "b", "y"]),
        ("expect a >\n", vec![]),
    ] {
        let (_, ast, _) = read(text);
        let names = names.into_iter().map(str::to_owned).collect();
        assert_eq!(ast.statements[0].kind, StatementKind::Invalid(names), "{text}");
    }
}

// -------------------------------------------------------------------------------------- schedules

#[test]
fn schedules_are_read() {
    let clock = |hour, minute| Clock { hour, minute };
    for (text, expected) in [
        ("hourly", Schedule::Hourly),
        ("daily at 07:00", Schedule::Daily(clock(7, 0))),
        ("daily", Schedule::Daily(clock(0, 0))),
        ("weekly on friday, monday at 05:30", Schedule::Weekly(vec![1, 5], clock(5, 30))),
        ("monthly on day 31 at 06:00", Schedule::MonthlyOn(31, clock(6, 0))),
        ("monthly on last day at 23:59", Schedule::MonthlyLast(clock(23, 59))),
        ("yearly on 29 february at 02:00", Schedule::Yearly(29, 2, clock(2, 0))),
        ("every 15 minutes", Schedule::EveryMinutes(15)),
        ("every 1 hour", Schedule::EveryMinutes(60)),
    ] {
        let (_, ast, diagnostics) =
            read(&format!("campaign \"X\"\n  schedule {text}\n  timezone \"UTC\"\n"));
        assert!(diagnostics.is_empty(), "{text}: {diagnostics:?}");
        let StatementKind::Campaign(campaign) = &ast.statements[0].kind else { panic!() };
        assert_eq!(campaign.schedule.as_ref().unwrap().node, expected);
        assert!(campaign.timezone.is_some());
    }
}

#[test]
fn schedule_errors_say_what_is_possible() {
    let schedule = |words: &str| problems(&format!("campaign \"X\" schedule {words}\n"));
    let forms = "use `hourly`, `daily at 07:00`, `weekly on monday at 05:00`, `monthly on day 1 at 06:00`, `yearly on 1 january at 02:00` or `every 15 minutes`";
    assert_eq!(schedule("sometimes"), [format!("E0115 sometimes | {forms}")]);
    assert_eq!(schedule("dayly at 07:00"), ["E0115 dayly | did you mean `daily`?"]);
    assert_eq!(schedule("daily at 7:00"), ["E0115 7:00 | write `07:00`"]);
    assert_eq!(schedule("daily 07:00"), ["E0115 07:00 | write `at 07:00`"]);
    assert_eq!(schedule("daily at 24:00"), ["E0115 24:00 | write a time from `00:00` to `23:59`"]);
    assert_eq!(schedule("weekly on munday"), ["E0115 munday | did you mean `monday`?"]);
    assert_eq!(
        schedule("weekly"),
        ["E0115 weekly | name the days: `weekly on monday, friday at 05:00`"]
    );
    assert_eq!(schedule("monthly on day 32"), ["E0115 32 | use a day from 1 to 31, or `last day`"]);
    assert_eq!(schedule("yearly on 31 june"), ["E0115 31 june | use a day from 1 to 30"]);
    assert_eq!(
        schedule("every 0 minutes"),
        ["E0115 0 | write `every 15 minutes` or `every 2 hours`"]
    );
}

// ------------------------------------------------------------------------------------------ layout

#[test]
fn files_without_statements_are_fine() {
    for text in
        ["", "\n", "# only a comment", "   \n\t\n", "\u{feff}", "\u{feff}# x\r\n", "## doc\n"]
    {
        let (_, ast, diagnostics) = read(text);
        assert!(ast.statements.is_empty() && diagnostics.is_empty(), "{text:?}");
    }
}

#[test]
fn line_ends_tabs_and_a_bom_change_nothing() {
    for (name, text) in samples() {
        let plain = read(&text).1;
        let windows = text.replace('\n', "\r\n");
        let tabs = text.replace("\n  ", "\n\t");
        let bom = format!("\u{feff}{text}");
        for variant in [&windows, &tabs, &bom, text.trim_end()] {
            let (_, ast, diagnostics) = read(variant);
            assert!(diagnostics.is_empty(), "{name}: {diagnostics:?}");
            assert_eq!(ast, plain, "{name}");
        }
    }
}

#[test]
fn blank_and_comment_lines_never_end_a_statement() {
    let text = "x = build audience from c\n\n# why\n  where a # trailing\n\n  # more\n    and b in (\n    1,\n)\nuse s\n";
    let (_, ast, diagnostics) = read(text);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(ast.statements.len(), 2);
    assert_eq!(ast, read("x = build audience from c where a and b in (1,)\nuse s\n").1);
}

#[test]
fn documentation_belongs_to_the_statement_directly_below() {
    let text =
        "## Rich\n##people\nparam a: int\n## lost\n\nparam b: int\n### ruler\nparam c: int\n";
    let (_, ast, _) = read(text);
    let docs: Vec<Option<&str>> = ast.statements.iter().map(|s| s.doc.as_deref()).collect();
    assert_eq!(docs, [Some("Rich\npeople"), None, None]);
}

#[test]
fn an_indented_first_line_is_reported_and_still_read() {
    let (_, ast, _) = read("  use s\n");
    assert_eq!(problems("  use s\n"), ["E0116    | start the statement at the margin"]);
    assert!(matches!(ast.statements[0].kind, StatementKind::Use(_)));
}

#[test]
fn merge_markers_are_one_error_and_both_versions_are_read() {
    let text = "<<<<<<< HEAD\nparam a: int = 1\n=======\nparam b: int = 2\n>>>>>>> other\nuse s\n";
    assert_eq!(
        problems(text),
        ["E0117 <<<<<<< HEAD | keep one of the versions and remove the marker lines"]
    );
    assert_eq!(read(text).1.statements.len(), 3);
}

#[test]
fn comments_are_kept_beside_the_tree() {
    let text = "\u{feff}# head\n## doc\nuse s # tail\n  # own\nexpect \"#no\" = a\n";
    let mut sources = SourceMap::default();
    sources.add("other.camp", "use x\n").unwrap();
    let id = sources.add("test.camp", text).unwrap();
    let found = comments::comments(&sources, id);
    let shown: Vec<(&str, bool, bool)> =
        found.iter().map(|c| (c.text.as_str(), c.own_line, c.doc)).collect();
    assert_eq!(
        shown,
        [
            ("# head", true, false),
            ("## doc", true, true),
            ("# tail", false, false),
            ("# own", true, false)
        ]
    );
    for comment in &found {
        assert_eq!(sources.slice(comment.span), comment.text);
    }
}

// ------------------------------------------------------------------------------------- robustness

/// Runs on a thread with the stack that Rust gives to every thread.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(2 << 20).spawn(work).unwrap().join().unwrap();
}

#[test]
fn deep_nesting_is_an_error_and_never_an_overflow() {
    on_a_small_stack(|| {
        // (what, how it begins, what is innermost, how it ends, how often)
        for (start, opens, closes, n) in [
            ("expect ", "(", "", 100_000),
            ("expect ", "(", ")", 10_000),
            ("expect ", "(", ")", 100_000),
            ("expect ", "[", "]", 100_000),
            ("expect ", "f(", ")", 10_000),
            ("x = combine ", "(", ")", 10_000),
            ("expect ", "at least (", "", 10_000),
            ("expect ", "if ", "", 10_000),
            ("expect ", "if a then ", "", 10_000),
            ("expect ", "any a where ", "", 10_000),
            ("expect ", "not no a where ", "", 10_000),
            ("expect ", "not ", "", 5_000),
            ("expect ", "!", "", 5_000),
            ("expect ", "- ", "", 5_000),
            ("expect ", "if a then b else ", "", 1_000),
            ("expect ", "a + ", "", 2_000),
            ("expect ", "a * ", "", 2_000),
        ] {
            let text = format!("{start}{}a{}", opens.repeat(n), closes.repeat(n));
            let (_, ast, diagnostics) = read(&text);
            let codes: Vec<&str> = diagnostics.iter().map(|d| d.code.0.id).collect();
            assert!(codes.contains(&"E0103"), "{n} {opens}: {codes:?}");
            assert!(codes.len() <= 3, "{n} {opens}: {codes:?}");
            drop(ast);
        }
        // A chain of signs without blanks looks like a comment of other languages.
        assert!(read(&format!("expect {}a", "-".repeat(100_000))).2.len() <= 2);
    });
}

#[test]
fn what_is_allowed_fits_a_small_stack() {
    on_a_small_stack(|| {
        for text in [
            format!("expect {}1{}\n", "(".repeat(MAX_NESTING), ")".repeat(MAX_NESTING)),
            format!("expect {}1{}\n", "f(".repeat(MAX_NESTING), ")".repeat(MAX_NESTING)),
            format!("expect {}1{}\n", "(a + ".repeat(120), ")".repeat(120)),
            format!("expect {}1{}\n", "(not any x where ".repeat(60), ")".repeat(60)),
            format!("expect {}x\n", "if a then b else ".repeat(100)),
            format!("expect {}a\n", "not ".repeat(200)),
            format!("expect 1{}\n", " + 1".repeat(250)),
            format!("x = combine {}a{}\n", "(".repeat(MAX_NESTING), ")".repeat(MAX_NESTING)),
        ] {
            let (_, ast, diagnostics) = read(&text);
            assert!(diagnostics.is_empty(), "{}: {}", &text[..40], diagnostics[0].title);
            let _ = format!("{ast:?}");
        }
    });
}

#[test]
fn wide_rules_have_no_limit() {
    on_a_small_stack(|| {
        let wide = format!("expect a = 1{}\n", " or a = 1".repeat(1_500));
        assert!(read(&wide).2.is_empty());
        let list = format!("expect a in ({})\n", "\"x\", ".repeat(5_000));
        assert!(read(&list).2.is_empty());
        let set = format!("x = combine a{}\n", " union a".repeat(1_500));
        assert!(read(&set).2.is_empty());
    });
}

#[test]
fn every_prefix_of_every_sample_is_read_without_a_panic() {
    let mut seen = std::collections::HashSet::new();
    for (name, text) in samples() {
        // The statements above a cut were read already; the cut one is read by itself.
        let pieces = layout::statements(&text, 0, &mut Diagnostics::default());
        for piece in pieces {
            if !seen.insert(text[piece.range.clone()].to_owned()) {
                continue;
            }
            for cut in piece.range.clone().filter(|cut| text.is_char_boundary(*cut)) {
                let prefix = &text[piece.range.start..cut];
                let (sources, ast, diagnostics) = read(prefix);
                for diagnostic in &diagnostics {
                    check_words(diagnostic, &name);
                    for label in &diagnostic.labels {
                        assert!(sources.locate(label.span).is_some(), "{name}: {prefix}");
                    }
                }
                let silent = diagnostics.is_empty() && !ast.is_complete();
                assert!(!silent, "{name}: a statement was dropped without a word: {prefix}");
            }
        }
    }
}

/// The house rules for what an error says.
fn check_words(diagnostic: &crate::diagnostic::Diagnostic, place: &str) {
    let title = &diagnostic.title;
    assert!(!title.ends_with('.') && !title.is_empty(), "{place}: {title}");
    let first = title.chars().next().unwrap();
    assert!(!first.is_lowercase(), "{place}: {title}");
    let help = diagnostic.help.as_deref().unwrap_or_default();
    let verbs = [
        "write",
        "add",
        "use",
        "keep",
        "remove",
        "replace",
        "did you mean",
        "put",
        "check",
        "name",
        "join",
        "begin",
        "move",
        "glue",
        "start",
        "complete",
        "build",
        "declare",
        "indent",
    ];
    assert!(verbs.iter().any(|verb| help.starts_with(verb)), "{place}: {title}: {help}");
    for label in &diagnostic.labels {
        assert!(label.text.split_whitespace().count() <= 8, "{place}: {}", label.text);
    }
    for word in ["token", "parse", "grammar", "expression", "kw_", "rule::", " you "] {
        assert!(!title.to_lowercase().contains(word), "{place}: {title}");
        assert!(word == " you " || !help.to_lowercase().contains(word), "{place}: {help}");
    }
}

/// How many steps the grammar takes: the lowest limit under which pest still finishes. The limit is
/// the whole process's, so only a process of its own may ask.
fn steps(text: &str) -> f64 {
    let finishes = |limit: usize| {
        pest::set_call_limit(std::num::NonZeroUsize::new(limit));
        !read(text).2.iter().any(|d| d.code.0.id == "E0103")
    };
    let mut high = 1 << 10;
    while !finishes(high) {
        assert!(high < 1 << 23, "more than {high} steps: {text}");
        high *= 2;
    }
    let mut low = high / 2;
    while low + high / 40 < high {
        let middle = low.midpoint(high);
        if finishes(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high as f64
}

#[test]
fn work_grows_with_length_and_with_depth_not_faster() {
    let alone = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "syntax::tests::steps_grow_in_a_straight_line"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&alone.stdout);
    assert!(alone.status.success(), "{said}{}", String::from_utf8_lossy(&alone.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

#[test]
#[ignore = "changes a setting of the whole process; the test above runs it in one of its own"]
fn steps_grow_in_a_straight_line() {
    let many =
        |n: usize| format!("expect {}\n", vec!["a.b = \"x\" and c in (1, 2)"; n].join(" or "));
    let ratio = steps(&many(80)) / steps(&many(20));
    assert!((3.5..4.5).contains(&ratio), "four times the length took {ratio} times the steps");
    for (open, close) in [
        ("(", ")"),
        ("f(", ")"),
        ("(a, ", ")"),
        ("at least (", ") x"),
        ("x in last (", ") days"),
        ("x in last(", " of y)"),
        ("x within (", ") days after y"),
        ("if a then b else if c then (", ") else d"),
        ("any x where (", ")"),
        ("count(x where ", ")"),
        ("first(a of b where c by ", ")"),
        ("a = (", ")"),
        ("a = b = (", ")"),
        ("a contains any of (", ")"),
        ("a between 1 and (", ")"),
        ("a before (", ")"),
        ("if (", ") then a else b"),
        ("if a then b else (", ")"),
        ("-(", ") days ago"),
        ("x not in (", ")"),
        ("left(", ")"),
    ] {
        // Without a mistake, with one at the end, with one innermost.
        for (inner, end) in [("", ""), ("", " ?"), (" ?", "")] {
            let deep =
                |n: usize| format!("expect {}1{inner}{}{end}\n", open.repeat(n), close.repeat(n));
            let ratio = steps(&deep(16)) / steps(&deep(8));
            assert!(
                ratio < 2.5,
                "{open}1{inner}{close}{end}: twice the depth took {ratio} times the steps"
            );
        }
    }
    for (open, close) in [("(", ")"), ("(a union ", ")"), ("audience \"x\" union (", ")")] {
        let deep = |n: usize| format!("x = combine {}a{}\n", open.repeat(n), close.repeat(n));
        assert!(steps(&deep(16)) / steps(&deep(8)) < 2.5, "{open}");
    }
    for (open, close) in [("limit (", ")"), ("where (", ")"), ("(a desc, ", ")")] {
        let deep = |n: usize| format!("x y with a: {}1{}\n", open.repeat(n), close.repeat(n));
        assert!(steps(&deep(16)) / steps(&deep(8)) < 2.5, "{open}");
    }
}

// ------------------------------------------------------------------------------- codes and grammar

#[test]
fn every_code_of_this_area_has_a_bad_and_a_good_script() {
    let registered: Vec<_> =
        crate::diagnostic::codes::all().filter(|c| c.0.id.starts_with("E01")).collect();
    assert!(registered.len() >= 20);
    for code in registered {
        let (_, _, bad) = read(code.0.bad);
        assert!(bad.iter().any(|d| d.code == code), "{code}: the bad script gives {bad:?}");
        assert!(bad.iter().all(|d| d.code == code), "{code}: the bad script gives more: {bad:?}");
        bad.iter().for_each(|d| check_words(d, code.0.id));
        let (_, ast, good) = read(code.0.good);
        assert!(good.is_empty() && ast.is_complete(), "{code}: the good script gives {good:?}");
        assert!(!code.0.explanation.is_empty() && !ast.statements.is_empty());
    }
}

const GRAMMAR: &str = include_str!("../../grammar/camp.pest");

/// Name, definition and the line above of every rule in the grammar's file.
fn rules() -> Vec<(&'static str, &'static str, &'static str)> {
    let lines: Vec<&str> = GRAMMAR.lines().collect();
    let at = |i: usize| {
        let (name, definition) = lines[i].split_once(" = ")?;
        let is_rule = !name.contains([' ', '/']) && i > 0;
        is_rule.then(|| (name, definition, lines[i - 1]))
    };
    (0..lines.len()).filter_map(at).collect()
}

#[test]
fn every_rule_of_the_grammar_is_documented() {
    let rules = rules();
    assert!(rules.len() > 200);
    for (name, _, above) in rules {
        assert!(above.starts_with("/// "), "{name} has no documentation");
    }
}

#[test]
fn every_keyword_is_its_letters_and_no_more() {
    for (name, definition, _) in rules() {
        if let Some(word) = name.strip_prefix("kw_") {
            assert_eq!(definition, format!("@{{ \"{word}\" ~ !word_char }}"));
            assert!(names::is_keyword(word));
        }
    }
}

#[test]
fn no_sign_or_word_hides_inside_another_rule() {
    // What is not a rule of its own cannot be named when it is missing.
    let lexical = [
        "WHITESPACE",
        "schedule_word",
        "counted_window",
        "period",
        "quoted",
        "reserved",
        "begins_other",
        "word_start",
        "word_char",
        "text",
        "number",
        "percent",
        "digits",
        "date",
        "unit",
        "lparen",
        "rparen",
        "comma",
        "colon",
        "dot",
        "assign",
        "plus",
        "minus",
        "times",
        "divide",
        "star",
    ];
    for (name, definition, _) in rules() {
        let own = name.starts_with("kw_") || name.starts_with("op_") || lexical.contains(&name);
        assert!(own || !definition.contains('"'), "{name} has a bare literal");
    }
}

#[test]
fn the_reserved_words_are_the_same_everywhere() {
    let rules = rules();
    let (_, definition, _) = rules.iter().find(|(name, ..)| *name == "reserved").unwrap();
    let mut words: Vec<&str> = words_of(definition);
    let mut listed = names::RESERVED.to_vec();
    words.sort_unstable();
    listed.sort_unstable();
    assert_eq!(words, listed);
    let readme = include_str!("../../grammar/README.md");
    assert!(readme.contains(&names::RESERVED.join(" ")), "the README lists other words");
}

/// The words in quotes of a rule.
fn words_of(definition: &str) -> Vec<&str> {
    definition.split('"').skip(1).step_by(2).collect()
}

#[test]
fn a_word_does_not_hide_a_longer_one_behind_it() {
    // A choice takes the first word that fits and is not tried again: `no` would hide `now`.
    for (name, definition, _) in rules() {
        if !["reserved", "begins_other"].contains(&name) {
            continue;
        }
        let words = words_of(definition);
        for (at, word) in words.iter().enumerate() {
            let hidden = words[at..].iter().find(|w| w.len() > word.len() && w.starts_with(word));
            assert_eq!(hidden, None, "behind `{word}` in {name}");
        }
    }
}

// ------------------------------------------------------------------------------------------- spans

/// Checks that every child lies inside its parent and behind its elder siblings.
struct Walker<'s> {
    sources: &'s SourceMap,
    seen: usize,
}

impl Walker<'_> {
    fn children(&mut self, parent: crate::source::Span, children: &[crate::source::Span]) {
        for child in children {
            self.seen += 1;
            let text = self.sources.slice(*child);
            assert!(parent.start <= child.start && child.end <= parent.end, "{text} sticks out");
            assert!(!text.is_empty() && text.trim() == text, "`{text}` has blanks around");
        }
        for pair in children.windows(2) {
            let texts = (self.sources.slice(pair[0]), self.sources.slice(pair[1]));
            assert!(pair[0].end <= pair[1].start, "{texts:?} overlap or are out of order");
        }
    }

    fn path(&mut self, path: &Path) {
        let parts: Vec<_> = path.parts.iter().map(|p| p.span).collect();
        self.children(path.span, &parts);
        for part in &path.parts {
            assert_eq!(self.sources.slice(part.span).trim_matches('`'), part.node);
        }
    }

    fn items(&mut self, parent: crate::source::Span, items: &[Item]) {
        let mut spans = Vec::new();
        for item in items {
            spans.push(item.expr.span);
            spans.extend(item.alias.as_ref().map(|a| a.span));
            self.expr(&item.expr);
        }
        self.children(parent, &spans);
    }

    fn expr(&mut self, expr: &Expr) {
        use ExprKind::*;
        let mut children = Vec::new();
        match &*expr.kind {
            And(all) | Or(all) => children.extend(all),
            Not(a, at) => {
                self.children(expr.span, &[*at]);
                children.push(a);
            }
            If(a, b, c) | Between(a, b, c) => children.extend([a, b, c]),
            Compare { left, op, right, .. } => {
                self.children(expr.span, &[left.span, op.span, right.span]);
                children.extend([left, right]);
            }
            In { value, list, .. } => children.extend([value, list]),
            InWindow(value, window) => {
                self.children(expr.span, &[value.span, window.span]);
                children.push(value);
            }
            Member { row, .. } => row.iter().for_each(|r| self.path(r)),
            Moved { window, .. } => self.children(expr.span, &[window.span]),
            IsMissing(a) | IsEmpty(a) | Neg(a) | Ago(a) | Group(a) => children.push(a),
            TextTest { value, op, pattern, .. } => {
                self.children(expr.span, &[value.span, op.span, pattern.span]);
                children.extend([value, pattern]);
            }
            Within { value, distance, anchor, .. } => children.extend([value, distance, anchor]),
            Quantified { quantifier, link, condition } => {
                self.path(link);
                let mut spans = vec![quantifier.span, link.span];
                spans.extend(condition.as_ref().map(|c| c.span));
                self.children(expr.span, &spans);
                children.extend(condition);
            }
            Arith(a, op, b) => {
                self.children(expr.span, &[a.span, op.span, b.span]);
                children.extend([a, b]);
            }
            Call(call) => {
                self.path(&call.function);
                self.children(expr.span, &[call.function.span, call.args_span]);
                let spans: Vec<_> = call.args.iter().map(|a| a.span).collect();
                self.children(call.args_span, &spans);
                for arg in &call.args {
                    let mut spans: Vec<_> = arg.name.iter().map(|n| n.span).collect();
                    spans.push(arg.expr.span);
                    spans.extend(arg.of.as_ref().map(|o| o.span));
                    spans.extend(arg.condition.as_ref().map(|c| c.span));
                    spans.extend(arg.by.iter().map(|b| b.expr.span));
                    self.children(arg.span, &spans);
                    self.expr(&arg.expr);
                    arg.condition.iter().for_each(|c| self.expr(c));
                    arg.by.iter().for_each(|b| self.expr(&b.expr));
                }
            }
            List(items) => self.items(expr.span, items),
            Path(path) => self.path(path),
            Literal(super::ast::Literal::Duration(pairs)) => {
                children.extend(pairs.iter().map(|(amount, _)| amount));
            }
            Literal(_) => {}
            Sql(ty, text) => self.children(expr.span, &[ty.span, text.span]),
            Invalid => panic!("an unreadable part in a sample"),
        }
        let spans: Vec<_> = children.iter().map(|c| c.span).collect();
        self.children(expr.span, &spans);
        children.into_iter().for_each(|c| self.expr(c));
    }

    fn clause(&mut self, clause: &Clause) {
        let span = clause.span;
        match &clause.node {
            ClauseKind::Inputs(paths) => {
                let spans: Vec<_> = paths.iter().map(|p| p.span).collect();
                self.children(span, &spans);
            }
            ClauseKind::Where(e)
            | ClauseKind::Limit(e)
            | ClauseKind::ExpiresIn(e)
            | ClauseKind::Retain(e) => {
                self.children(span, &[e.span]);
                self.expr(e);
            }
            ClauseKind::Select(select) => self.items(span, &select.items),
            ClauseKind::OrderBy(sorts) => {
                let spans: Vec<_> = sorts.iter().map(|s| s.expr.span).collect();
                self.children(span, &spans);
                sorts.iter().for_each(|s| self.expr(&s.expr));
            }
            ClauseKind::With(entries) => {
                let spans: Vec<_> = entries.iter().map(|e| e.span).collect();
                self.children(span, &spans);
                for entry in entries {
                    match &entry.value {
                        EntryValue::Item(item) => {
                            self.items(entry.span, std::slice::from_ref(item))
                        }
                        EntryValue::Subset(subset) => {
                            self.children(entry.span, &[entry.name.span, subset.span]);
                            subset.rule.iter().for_each(|r| self.expr(r));
                        }
                        EntryValue::Reduced(arg) => {
                            self.children(entry.span, &[entry.name.span, arg.span]);
                            self.expr(&arg.expr);
                            arg.condition.iter().for_each(|c| self.expr(c));
                        }
                    }
                }
            }
            ClauseKind::Set(set) => {
                self.children(span, &[set.span]);
                self.set(set);
            }
            _ => {}
        }
    }

    fn set(&mut self, set: &SetExpr) {
        if let SetKind::Chain(first, steps) = &set.kind {
            let mut spans = vec![first.span];
            self.set(first);
            for step in steps {
                spans.extend([step.op.span, step.set.span]);
                spans.extend(step.matching.iter().map(|m| m.span));
                self.set(&step.set);
                step.matching.iter().for_each(|m| self.expr(m));
            }
            self.children(set.span, &spans);
        }
    }

    fn statement(&mut self, statement: &Statement) {
        let span = statement.span;
        match &statement.kind {
            StatementKind::Define(define) => {
                self.children(span, &[define.name.span, define.body.span]);
                self.expr(&define.body);
            }
            StatementKind::Link(link) => {
                self.children(
                    span,
                    &[link.left.dimension.span, link.right.dimension.span, link.on.span],
                );
                self.expr(&link.on);
            }
            StatementKind::Expect(expect) => {
                let mut spans = vec![expect.condition.span];
                spans.extend(expect.message.as_ref().map(|m| m.span));
                self.children(span, &spans);
                self.expr(&expect.condition);
            }
            StatementKind::Call(call) => {
                let mut spans: Vec<_> = call.outputs.iter().map(|o| o.span).collect();
                spans.push(call.activity.span);
                spans.extend(call.clauses.iter().map(|c| c.span));
                self.children(span, &spans);
                call.clauses.iter().for_each(|c| self.clause(c));
                call.only_if.iter().for_each(|c| self.expr(c));
            }
            _ => {}
        }
    }
}

#[test]
fn spans_nest_and_follow_each_other() {
    for (name, text) in samples() {
        // Behind another file, with comments between the words.
        let parted = |line: &str| match line.starts_with('#') {
            true => line.to_owned(),
            false => line.replace(" and ", "  # é\n    and "),
        };
        let text = text.lines().map(parted).collect::<Vec<_>>().join("\n");
        let mut sources = SourceMap::default();
        sources.add("first.camp", "use x\n").unwrap();
        let id = sources.add(name.as_str(), text.as_str()).unwrap();
        let (ast, diagnostics) = parse(&sources, id);
        assert!(diagnostics.is_empty(), "{name}");
        let file = sources.file(id);
        let mut walker = Walker { sources: &sources, seen: 0 };
        let spans: Vec<_> = ast.statements.iter().map(|s| s.span).collect();
        walker.children(crate::source::Span::new(file.start, file.end()), &spans);
        ast.statements.iter().for_each(|s| walker.statement(s));
        assert!(walker.seen > 10, "{name}");
    }
}

#[test]
fn spans_cover_what_was_written() {
    let text = "a.`b c`  >= 1 + 2 # x\n  and not  lower( email )  like \"x\" ignoring case";
    let (sources, ast, _) = read(&format!("expect {text}\n"));
    let StatementKind::Expect(expect) = &ast.statements[0].kind else { panic!() };
    let slice = |e: &Expr| sources.slice(e.span).to_owned();
    assert_eq!(slice(&expect.condition), text);
    let ExprKind::And(parts) = &*expect.condition.kind else { panic!() };
    assert_eq!(slice(&parts[0]), "a.`b c`  >= 1 + 2");
    assert_eq!(slice(&parts[1]), "not  lower( email )  like \"x\" ignoring case");
    let ExprKind::Not(inner, at) = &*parts[1].kind else { panic!() };
    assert_eq!(
        (sources.slice(*at), slice(inner).as_str()),
        ("not", "lower( email )  like \"x\" ignoring case")
    );
    let ExprKind::TextTest { value, op, .. } = &*inner.kind else { panic!() };
    assert_eq!((slice(value).as_str(), sources.slice(op.span)), ("lower( email )", "like"));
}

#[test]
fn spans_of_a_mended_statement_are_those_of_the_file() {
    let text = "expect a && “b” <> lower(c)\n";
    let (sources, ast, _) = read(text);
    let StatementKind::Expect(expect) = &ast.statements[0].kind else { panic!() };
    let ExprKind::And(parts) = &*expect.condition.kind else { panic!() };
    assert_eq!(sources.slice(parts[0].span), "a");
    let ExprKind::Not(inner, at) = &*parts[1].kind else { panic!() };
    assert_eq!(sources.slice(*at), "<>");
    let ExprKind::Compare { left, right, .. } = &*inner.kind else { panic!() };
    assert_eq!((sources.slice(left.span), sources.slice(right.span)), ("“b”", "lower(c)"));
}

#[test]
fn common_mistakes_get_the_advice_they_need() {
    for (rule, expected) in [
        ("spend > 100€", "E0106 € | write the number without a currency"),
        ("in audience VIP", "E0104 VIP | put the label in quotes: `\"VIP\"`"),
        ("country in \"FR\", \"DE\"", "E0104 , | write the list in brackets: `in (\"FR\", …)`"),
        ("a in (\"FR\" \"DE\")", "E0104 \"DE\" | add `,` in front of `\"DE\"`"),
        ("case when a then b end", "E0106 when | write `if … then … else …`"),
        ("if a then b", "E0105 b | add `else` and a value: every `if` has one"),
        ("a between 1 to 5", "E0106 to | write `and`"),
        ("d in last 30", "E0105 30 | add a unit, such as `days`"),
        ("d in the last 30 days", "E0106 last | remove `the`"),
        ("d within 3 days from today", "E0104 from | write `after`, `before` or `of`"),
        ("count(*) > 5", "E0106 * | name the link to count, as in `count(orders)`"),
        ("count (orders) > 5", "E0104 ( | write `count(` without a blank"),
        ("not exists orders", "E0106 orders | write `any` or `no` in front of the link"),
        ("any orders with amount > 5", "E0106 with | write `where`, then the condition"),
        ("name is \"x\"", "E0106 is | write `=` to compare with a value"),
        ("name is not \"x\"", "E0106 is | write `!=` to compare with a value"),
        ("age > = 18", "E0104 = | write `>=`"),
        ("age starts", "E0105 starts | add `with`"),
        ("a = 1 b = 2", "E0104 b | join conditions by `and` or `or`"),
        (
            "a = 1 -- why",
            "E0106 -- | begin comments with `#`; for a minus twice, put a blank between",
        ),
        ("{{country}} = 5", "E0106 { | write the name alone: `{{…}}` is for texts"),
        ("x = 1 elif", "E0104 elif | join conditions by `and` or `or`"),
    ] {
        rule_problem(rule, expected);
    }
    for (text, expected) in [
        ("x =\n", "E0105 = | add an activity, such as `build audience from …`"),
        ("x build audience from c\n", "E0104 x | write `x = build …`"),
        (
            "x = build audience from a, b\n",
            "E0104 , | name one population; `combine` joins several",
        ),
        ("x = build audience from a select b c\n", "E0104 c | add `,` in front of `c`"),
        ("x = combine a minus b\n", "E0106 minus | write `exclude`"),
        ("x = read audience VIP\n", "E0104 VIP | put the label in quotes: `\"VIP\"`"),
        ("import model.camp\n", "E0104 model | put it in quotes: `\"model.camp\"`"),
        (
            "campaign \"X\" timezone Europe/Paris\n",
            "E0104 Europe | put it in quotes: `\"Europe/Paris\"`",
        ),
        ("dimension c = \"c.csv\" key (a, b)\n", "E0104 ( | write a name"),
        ("expect a = 1 otherwise \"x\"\n", "E0106 otherwise | write `else`"),
        ("campaign \"X\" schedule daily at 7pm\n", "E0115 7pm | write `19:00`"),
        ("42\n", "E0104 42 | begin with a statement's word, such as `import` or `dimension`"),
    ] {
        assert_eq!(problems(text), [expected], "{text}");
    }
}

#[test]
fn a_clause_at_the_margin_is_told_to_be_indented() {
    assert_eq!(
        problems("x = build audience from c\nwhere a\nselect b\n"),
        [
            "E0104 where | indent it: it belongs to the statement above",
            "E0104 select | indent it: it belongs to the statement above",
        ]
    );
}

/// Words and signs that meet in all orders.
const SOUP: [&str; 48] = [
    "x",
    "=",
    "build audience",
    "from",
    "where",
    "select",
    "any",
    "no",
    "orders",
    "and",
    "or",
    "not",
    "(",
    ")",
    ",",
    ":",
    "\"text\"",
    "'",
    "`q`",
    "`",
    "2026-11-24",
    "24/11/2026",
    "1_000",
    "10%",
    "%",
    "days",
    "ago",
    "in",
    "last",
    "is",
    "NULL",
    "WHERE",
    "==",
    "<>",
    "&&",
    "“a”",
    "\u{a0}",
    "if",
    "then",
    "else",
    "combine",
    "union",
    "with",
    "\n",
    "\n  ",
    "#c\n",
    "é",
    "<<<<<<< x\n",
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        cases: 600,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,60}|[ -~\n\t]{0,80}") {
        sound(&text);
    }

    #[test]
    fn any_order_of_words_is_read_without_a_panic(
        words in proptest::collection::vec(0..SOUP.len(), 0..24),
        glued in proptest::prelude::any::<bool>(),
    ) {
        let words: Vec<&str> = words.into_iter().map(|i| SOUP[i]).collect();
        sound(&words.join(if glued { "" } else { " " }));
    }
}

/// Every place that is reported lies in the file, between characters; what is not read is reported.
fn sound(text: &str) {
    let (sources, ast, diagnostics) = read(text);
    for diagnostic in &diagnostics {
        check_words(diagnostic, text);
        for label in &diagnostic.labels {
            let span = label.span;
            assert!(text.get(span.start as usize..span.end as usize).is_some(), "{text}: {span:?}");
        }
    }
    assert!(ast.is_complete() || !diagnostics.is_empty(), "{text}");
    for statement in &ast.statements {
        assert!(sources.locate(statement.span).is_some(), "{text}");
    }
}

#[test]
fn tests_of_campaigns_are_read() {
    let (_, ast, diagnostics) = read(
        "test \"t\"\n  as of 2026-11-24\n  with n: 5, list: (1, 2)\n\
         \x20 given people (id, name: text) = (1, \"a\"), (2, missing)\n\
         \x20 given audience \"V\" of people as of 2026-11-01 = (1)\n\
         \x20 expect busy = (1, 2)\n  expect audience \"V\" (id) = ()\n\
         \x20 expect count(busy) = (1)\n  expect failure \"few\"\n  expect failure = ()\n",
    );
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let StatementKind::Test(test) = &ast.statements[0].kind else { panic!("{ast:?}") };
    assert_eq!((test.params.len(), test.given.len(), test.expected.len()), (2, 2, 5));
    assert_eq!(test.given[0].columns[1].ty.as_ref().unwrap().name.node, "text");
    assert!(matches!(&test.expected[2].node, ExpectedKind::Holds(_)));
    assert!(matches!(&test.expected[3].node, ExpectedKind::Failure(Some(_))));
    assert!(matches!(&test.expected[4].node, ExpectedKind::Rows { .. }));
}

#[test]
fn a_transition_may_be_called_test_or_given() {
    let (_, ast, diagnostics) =
        read("test = build audience from given where failure\nexport test to \"a.csv\"\n");
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert!(matches!(&ast.statements[0].kind, StatementKind::Call(_)));
}
