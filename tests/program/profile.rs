//! `camp profile` as a shell sees it. The numbers are counted by hand in the rows below.

use super::commands::{Folder, Ran};

/// Two rows have no key, and one is deleted.
const PEOPLE: &str = "\
id,city,born,points,code,joined,deleted
1,Paris,1990-05-01,10,01234,2025-01-31,false
2,paris,1980-01-01,20,1235,31/01/2025,false
3,\"Paris \",,30,99999,01/02/2025,false
4,Lyon,1900-01-01,-5,00001,2025-03-01,false
5,,2001-12-31,1000,12345,2025-03-02,false
6,n/a,1995-06-15,40,23456,2025-03-03,false
7,Lyon,1999-01-01,50,34567,2025-03-04,true
,Lyon,1999-01-01,60,45678,2025-03-05,false
,Nice,1999-01-01,70,56789,2025-03-06,false
";

const MODEL: &str = "\
dimension people = \"people.csv\" key id columns (city: text, code: text, joined: text) where not deleted
dimension orders = \"orders.csv\" key nr
link people.orders, orders.person on people.id = orders.person_id
define spent on people = sum(amount of orders)
";

const ORDERS: &str = "nr,person_id,amount,at\n1,1,10.50,2025-01-01 10:00:00\n2,1,4.50,2025-01-02 00:00:00\n3,2,7,2025-02-01 09:00:00\n3,2,8,2025-02-01 09:00:00\n";

fn folder() -> Folder {
    Folder::new(&[("people.csv", PEOPLE), ("orders.csv", ORDERS), ("model.camp", MODEL)])
}

fn json(what: &str) -> serde_json::Value {
    let ran = profile(&[what, "--format", "json"]);
    assert_eq!(ran.exit, 0, "{ran:#?}");
    ran.json()
}

fn profile(words: &[&str]) -> Ran {
    let line: Vec<&str> = ["profile"].iter().chain(words).copied().collect();
    let mut line = line;
    line.extend(["--as-of", "2026-11-24T00:00Z"]);
    folder().camp(&line)
}

fn remarks(what: &str) -> Vec<String> {
    let value = json(what);
    let remarks = value["columns"][0]["remarks"].as_array().unwrap().clone();
    remarks.iter().map(|r| r.as_str().unwrap().to_owned()).collect()
}

#[test]
fn rows_are_those_of_the_dimension_and_the_others_are_counted() {
    let value = json("people");
    assert_eq!((&value["rows"], &value["left_out"]), (&6.into(), &3.into()));
    let columns = value["columns"].as_array().unwrap();
    let names: Vec<&str> = columns.iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["id", "city", "born", "points", "code", "joined", "deleted"]);
    assert_eq!((&columns[0]["key"], &columns[1]["key"]), (&true.into(), &false.into()));
    assert_eq!(columns[6]["remarks"][0], "every row has the same value");
}

#[test]
fn counts_of_a_column_are_exact() {
    let value = json("people.city");
    let column = &value["columns"][0];
    assert_eq!((&column["missing"], &column["distinct"]), (&1.into(), &5.into()));
    assert_eq!(column["lengths"], serde_json::json!([3, 6]));
    assert_eq!((&column["min"], &column["max"]), (&"\"Lyon\"".into(), &"\"paris\"".into()));
}

#[test]
fn spellings_that_differ_in_case_or_blanks_are_named() {
    let said = remarks("people.city");
    assert!(
        said.contains(&"1 begin or end with a blank: `trim` removes it".to_owned()),
        "{said:?}"
    );
    assert!(said.contains(&"1 stand for no value, such as \"n/a\"".to_owned()), "{said:?}");
    assert!(
        said.contains(
            &"3 values differ from another one only in case or blanks, such as \"Paris\" and \"paris\""
                .to_owned()
        ),
        "{said:?}"
    );
}

#[test]
fn leading_zeros_and_lost_ones_are_named() {
    assert_eq!(
        remarks("people.code"),
        [
            "2 begin with 0: they are codes, not numbers, and stay text; digits of 2 lengths: some may have lost their zeros"
        ]
    );
}

#[test]
fn dates_in_several_forms_are_named() {
    assert_eq!(
        remarks("people.joined"),
        ["dates in several forms: YYYY-MM-DD (4), DD/MM/YYYY (2)"]
    );
}

#[test]
fn days_that_stand_for_no_value_and_rare_signs_are_named() {
    assert_eq!(
        remarks("people.born"),
        ["1 are 1900-01-01, 1970-01-01 or 9999-12-31, which often stand for no value"]
    );
    // One of six is no rarity.
    assert!(remarks("people.points").is_empty());
}

#[test]
fn numbers_have_quantiles_and_bars() {
    let value = json("people.points");
    let column = &value["columns"][0];
    // −5, 10, 20, 30, 40, 1000: half of them are not more than 20.
    assert_eq!(column["quantiles"][2], serde_json::json!([50, "20"]));
    assert_eq!((&column["min"], &column["max"]), (&"-5".into(), &"1000".into()));
    assert_eq!(column["mean"], "182.5");
    let bars = column["histogram"].as_array().unwrap();
    let rows: u64 = bars.iter().map(|b| b["rows"].as_u64().unwrap()).sum();
    assert_eq!(rows, 6);
    // From −5 to 1000 in a dozen steps: 100 wide.
    assert_eq!((&bars[0]["value"], &bars[0]["rows"]), (&"-100".into(), &1.into()));
    assert_eq!((&bars[1]["value"], &bars[1]["rows"]), (&"0".into(), &4.into()));
    assert_eq!((&bars[11]["value"], &bars[11]["rows"]), (&"1000".into(), &1.into()));
}

#[test]
fn dates_have_bars_of_calendar_periods() {
    let value = json("orders.at");
    let bars = &value["columns"][0]["histogram"];
    // 31 days are five weeks, from Monday 30 December.
    assert_eq!(bars[0], serde_json::json!({"value": "2024-12-30", "rows": 2}));
    assert_eq!(bars[4], serde_json::json!({"value": "2025-01-27", "rows": 2}));
    assert_eq!(bars.as_array().unwrap().len(), 5);
}

#[test]
fn definitions_paths_and_expressions_can_be_looked_at() {
    let spent = json("people.spent");
    assert_eq!(spent["columns"][0]["max"], "15.00");
    let city = json("orders.person.city");
    assert_eq!(
        city["columns"][0]["frequent"][0],
        serde_json::json!({"value": "\"Paris\"", "rows": 2})
    );
    let count = json("people.count(orders where amount > 5)");
    assert_eq!(count["columns"][0]["distinct"], 3);
}

#[test]
fn a_key_that_stands_twice_is_named() {
    let value = json("orders");
    assert_eq!(value["remarks"][0], "2 rows have a nr that stands twice");
}

#[test]
fn a_file_and_a_table_need_no_script() {
    let folder = folder();
    let file = folder.camp(&["profile", "orders.csv", "--format", "csv"]);
    assert_eq!(file.exit, 0, "{file:#?}");
    assert!(
        file.stdout
            .starts_with("column,type,missing,distinct,min,max,most_frequent\nnr,int,0,3,1,3,")
    );
    let one = folder.camp(&["profile", "orders.csv", "--of", "amount", "--format", "csv"]);
    assert!(one.stdout.starts_with("kind,value,rows\nrows,,4\nmissing,,0\n"), "{one:#?}");
}

#[test]
fn what_does_not_exist_is_answered() {
    let ran = profile(&["people.citi"]);
    assert_eq!(ran.exit, 1, "{ran:#?}");
    assert!(ran.stderr.contains("did you mean `city`?"), "{ran:#?}");
    let ran = profile(&["nobody"]);
    assert_ne!(ran.exit, 0, "{ran:#?}");
}

#[test]
fn people_read_facts_bars_and_what_to_look_at() {
    let ran = profile(&["people.points"]);
    let expected = "\
people: 6 rows; 3 more have no key, or are left out by `where`
points: int

  missing   0 (0 %)
  distinct  6, each once
  lowest    -5
  highest   1000
  mean      182.5
";
    assert!(ran.stdout.starts_with(expected), "{ran:#?}");
    assert!(ran.stdout.contains("\nvalues\n    -5  1    17 %  ▇"), "{ran:#?}");
}

#[test]
fn a_table_of_the_project_needs_no_script() {
    let project = crate::support::project::Project::new();
    project.sql("CREATE TABLE visits (id INTEGER PRIMARY KEY, page VARCHAR)");
    project.sql("INSERT INTO visits VALUES (1, 'a'), (2, 'a'), (3, NULL)");
    let ran = project.camp(&["profile", "visits.page", "--format", "csv"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    assert_eq!(
        ran.stdout,
        "kind,value,rows\nrows,,3\nmissing,,1\nempty,,0\ndistinct,,1\nmin,\"\"\"a\"\"\",\nmax,\"\"\"a\"\"\",\nfrequent,\"\"\"a\"\"\",2\n"
    );
}

/// The remarks on each column of a file, in which every column is declared as it stands here.
fn remarks_of(columns: &str, rows: &str) -> Vec<(String, Vec<String>)> {
    let names: Vec<&str> =
        columns.split(',').map(|c| c.split(':').next().unwrap().trim()).collect();
    let model = format!("dimension t = \"t.csv\" key id columns ({columns})\n");
    let data = format!("{}\n{rows}", names.join(","));
    let folder = Folder::new(&[("t.csv", &data), ("model.camp", &model)]);
    let line = ["profile", "t", "--format", "json", "--as-of", "2026-11-24T00:00Z"];
    let ran = folder.camp(&line);
    assert_eq!(ran.exit, 0, "{ran:#?}");
    let told = ran.json();
    let columns = told["columns"].as_array().unwrap();
    let text = |v: &serde_json::Value| v.as_str().unwrap().to_owned();
    let remarks =
        |c: &serde_json::Value| c["remarks"].as_array().unwrap().iter().map(text).collect();
    columns.iter().map(|c| (text(&c["name"]), remarks(c))).collect()
}

/// The remarks on one column beside the key.
fn remarks_on(name: &str, ty: &str, values: &[&str]) -> Vec<String> {
    let rows: String = values
        .iter()
        .enumerate()
        .map(|(n, v)| format!("{n},\"{}\"\n", v.replace('"', "\"\"")))
        .collect();
    remarks_of(&format!("id: int, {name}: {ty}"), &rows).remove(1).1
}

#[test]
fn addresses_that_are_none_or_stand_twice_are_named() {
    let said = remarks_on(
        "email",
        "text",
        &[
            "ann@example.test",
            "ANN@example.test ",
            "bob@example",
            "cleo@@example.test",
            "dan@example.test, eve@example.test",
            "x.y+z@sub.example.test",
            "f@example.test",
            "none",
        ],
    );
    // ANN is ann again. Without a domain: bob; two @: cleo; two addresses: dan.
    assert!(said.contains(&"1 have no @, all others have one".to_owned()), "{said:?}");
    assert!(
        said.contains(&"3 are no e-mail addresses, such as \"bob@example\"".to_owned()),
        "{said:?}"
    );
    assert!(said.contains(&"1 address stands in more than one row".to_owned()), "{said:?}");
    assert!(remarks_on("email", "text", &["a@example.test", "b@example.test"]).is_empty());
}

#[test]
fn numbers_held_as_text_are_named_with_what_reads_them() {
    let one = |values: &[&str]| remarks_on("x", "text", values);
    assert_eq!(
        one(&["7", "12", "-3"]),
        ["all are whole numbers held as text: `int(x)` reads them"]
    );
    assert_eq!(one(&["7", "1.5"]), ["all are numbers held as text: `decimal(x, 2)` reads them"]);
    assert_eq!(
        one(&["1,50", "1.234,75", "7"]),
        ["2 have a decimal comma: `decimal(replace(x, \",\", \".\"), 2)` reads them"]
    );
    assert_eq!(one(&["1,50", "2.25"]), ["1 have a decimal comma, 1 a decimal point"]);
    assert_eq!(
        one(&["3.36E+10", "33612345678"]),
        ["1 look like 1.2E+11: a spreadsheet cut their digits"]
    );
    // Thousands are parted by commas before three digits.
    assert!(one(&["1,000", "2,000"]).is_empty(), "{:?}", one(&["1,000", "2,000"]));
    // One of twenty.
    let mut values: Vec<String> = (1..20).map(|n| n.to_string()).collect();
    values.push("x".into());
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    assert_eq!(one(&values), ["1 of 20 are no numbers, all others are"]);
    assert!(one(&["Ann", "Bob"]).is_empty());
}

#[test]
fn codes_held_as_numbers_are_named() {
    let said = |name: &str| remarks_on(name, "int", &["94107", "1220", "75001"]);
    assert_eq!(
        said("zip_code"),
        ["1 have fewer digits than others: a code held as a number loses the zeros in front"]
    );
    assert!(said("points").is_empty());
}

#[test]
fn dates_that_read_two_ways_are_never_said_to_read_one_way() {
    let one = |values: &[&str]| remarks_on("x", "text", values);
    let reads = |form: &str| vec![format!("dates held as text: `date(x, \"{form}\")` reads them")];
    assert_eq!(one(&["31/12/2025", "01/02/2025"]), reads("DD/MM/YYYY"));
    assert_eq!(one(&["12/31/2025", "01/02/2025"]), reads("MM/DD/YYYY"));
    assert_eq!(one(&["31/12/25", "01/02/25"]), reads("DD/MM/YY"));
    assert_eq!(one(&["31.12.2025", "01.02.2025"]), reads("DD.MM.YYYY"));
    assert_eq!(one(&["20251231", "20250102"]), reads("YYYYMMDD"));
    assert_eq!(
        one(&["03/04/2025", "01/02/2025"]),
        ["dates held as text, of which nothing tells whether the day or the month is first"]
    );
    assert_eq!(
        one(&["31/12/2025", "12/31/2025", "01/02/2025"]),
        ["dates with the day first (1) and with the month first (1)"]
    );
    assert_eq!(
        one(&["31/12/2025", "12/31/25"]),
        [
            "dates in several forms: DD/MM/YYYY (1), DD/MM/YY (1)",
            "dates with the day first (1) and with the month first (1)"
        ]
    );
    assert_eq!(
        one(&["2025-12-31 10:00", "2025-01-02 11:30"]),
        ["dates held as text, with a time, written YYYY-MM-DD"]
    );
    assert_eq!(one(&["2025-12-31", "2025-01-02", "soon"]), ["1 are no dates, all others are"]);
}

#[test]
fn days_of_the_future_and_of_long_ago_are_named_where_they_are_few() {
    let days = |odd: &str| {
        let mut days = vec!["1990-05-01"; 19];
        days.push(odd);
        remarks_on("born", "date", &days)
    };
    assert_eq!(days("2026-11-25"), ["1 lie in the future, all others do not"]);
    assert_eq!(days("0025-03-04"), ["1 lie before 1900, all others do not"]);
    assert_eq!(
        days("9999-12-31"),
        ["1 are 1900-01-01, 1970-01-01 or 9999-12-31, which often stand for no value"]
    );
    assert!(days("2026-11-23").is_empty(), "{:?}", days("2026-11-23"));
}

#[test]
fn spellings_that_differ_only_in_accents_and_signs_that_nobody_sees_are_named() {
    // Composed, without an accent, and decomposed: three texts, two of which fold to one already.
    let said = remarks_on("city", "text", &["Orl\u{e9}ans", "Orleans", "Orle\u{301}ans", "Lyon"]);
    assert_eq!(
        said,
        [
            "3 values differ from another one only in accents, such as \"Orleans\" and \"Orl\u{e9}ans\""
        ]
    );
    let said = remarks_on("note", "text", &["a\nb", "c\td", "e", "f\u{a0}g", "\\N"]);
    assert_eq!(
        said,
        [
            "1 stand for no value, such as \"\\N\"",
            "1 have blanks that cannot be seen",
            "2 have line breaks or other control characters"
        ]
    );
}

#[test]
fn a_column_without_faults_is_told_nothing_about() {
    let columns =
        "id: int, name: text, email: text, born: date, spent: decimal, zip: text, active: bool";
    let rows = "1,Ann,ann@example.test,1990-05-01,10.50,75001,true\n2,Bob,bob@example.test,1985-02-03,7.25,69002,false\n\
                3,Cleo,cleo@example.test,1979-12-31,0.00,13003,true\n";
    for (name, remarks) in remarks_of(columns, rows) {
        assert!(remarks.is_empty(), "{name}: {remarks:?}");
    }
}
