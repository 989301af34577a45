//! Laws of the language, for many rules over rows with everything that is awkward: missing values,
//! empty texts, NaN, ties, rows without links.

use std::fmt::Write as _;

use crate::support::project::Project;

const DATA: &str = "
CREATE TABLE u(id BIGINT PRIMARY KEY, name VARCHAR, level INTEGER);
INSERT INTO u VALUES (1, 'ann', 1), (2, NULL, 2), (3, '', NULL);
CREATE TABLE t AS SELECT
  i AS id,
  CASE WHEN i % 5 = 0 THEN NULL ELSE i % 7 END AS n,
  CASE WHEN i % 3 = 0 THEN NULL ELSE i % 4 - 1 END AS m,
  CASE WHEN i % 6 = 0 THEN NULL ELSE DATE '2025-06-01' + (i % 60)::INTEGER END AS d,
  CASE WHEN i % 7 = 0 THEN NULL ELSE TIMESTAMP '2025-06-29 22:00' + to_minutes(i * 37) END AS ts,
  CASE WHEN i % 8 = 0 THEN NULL ELSE TIMESTAMPTZ '2025-06-29T22:00:00Z' + to_minutes(i * 41) END AS tz,
  CASE i % 6 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'Abc' WHEN 3 THEN 'abc' WHEN 4 THEN '50%' ELSE 'x_y' END AS s,
  CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN true ELSE false END AS b,
  CASE WHEN i % 4 = 0 THEN NULL ELSE (i % 9) / 4.0 END::DECIMAL(8, 2) AS money,
  CASE WHEN i % 5 = 0 THEN NULL WHEN i % 5 = 1 THEN 'NaN'::DOUBLE ELSE (i % 9) / 4.0 END AS f,
  CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN [] WHEN 2 THEN ['a'] ELSE ['a', 'b', NULL] END AS l,
  CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN '{}' WHEN 2 THEN '{\"k\":null}' WHEN 3 THEN '{\"k\":\"v\"}' ELSE '{\"k\":7}' END::JSON AS j,
  CASE i % 4 WHEN 0 THEN NULL ELSE i % 4 + (i % 8 = 3)::INTEGER END AS u_id
FROM range(1, 121) r(i);
ALTER TABLE t ADD PRIMARY KEY (id);
CREATE TABLE o AS SELECT i AS id,
  CASE WHEN i % 11 = 0 THEN NULL ELSE (i * 7) % 130 END AS t_id,
  CASE WHEN i % 4 = 0 THEN NULL ELSE i % 10 END AS v,
  CASE WHEN i % 5 = 0 THEN NULL ELSE DATE '2025-06-01' + (i % 40)::INTEGER END AS day,
  CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN true ELSE false END AS paid
FROM range(1, 301) r(i);
ALTER TABLE o ADD PRIMARY KEY (id);
";

const MODEL: &str = "campaign \"laws\" timezone \"Europe/Paris\"
link t.u, u.ts_of on t.u_id = u.id
link t.orders, o.owner on t.id = o.t_id
define rich(least: int = 10) on t = sum(v of orders) >= least
define paid_share on t = count(orders where paid) / count(orders)
some = build audience from t where n > 3
save audience some as \"Some\"
low = build audience from u where level < 2
save audience low as \"Low\"
";

/// Rules of every kind.
const RULES: &[&str] = &[
    "n > 3",
    "n != 3",
    "n + m > 3",
    "n / m > 1",
    "n between 2 and 4",
    "n not between 2 and 4",
    "n in (1, 2, 3)",
    "n not in (1, 2, 3)",
    "n in ()",
    "n = m",
    "n <= m or m < 0",
    "n > 3 and m > 0",
    "not (n > 3 or m > 0)",
    "n > 3 and not (m > 0 and b)",
    "b",
    "b = false",
    "not b",
    "b or n > 5",
    "n is missing",
    "s is empty",
    "s is present",
    "s = \"Abc\"",
    "s = \"abc\" ignoring case",
    "s in (\"ABC\", \"50%\") ignoring case",
    "s contains \"_\"",
    "s not contains \"b\"",
    "s starts with \"50%\"",
    "s ends with \"C\" ignoring case",
    "s like \"_b%\"",
    "s not like \"%b%\"",
    "s matches \"^[a-z]\"",
    "length(s) > 2",
    "lower(s) = \"abc\"",
    "coalesce(s, \"none\") = \"none\"",
    "money * 2 >= 2.5",
    "money > 1 and money <= f",
    "f >= 1",
    "f != 1",
    "f is missing",
    "l contains \"a\"",
    "l not contains \"b\"",
    "l contains any of (\"b\", \"c\")",
    "l contains every of (\"a\", \"b\")",
    "l is empty",
    "j.k = \"v\"",
    "j.k is missing",
    "j.k not in (\"v\")",
    "d = 2025-06-15",
    "d != 2025-06-15",
    "d before today",
    "d after 10 days ago",
    "d in last 30 days",
    "d in next 2 weeks",
    "d in this month",
    "d in previous week",
    "d between 2025-06-10 and 2025-06-20",
    "d within 5 days of 2025-06-20",
    "anniversary(d) = today",
    "anniversary(d) in next 10 days",
    "ts <= 2025-06-30",
    "ts = today",
    "ts in last 6 hours",
    "ts before now",
    "ts after 1 day ago",
    "tz = today",
    "tz <= 2025-06-30",
    "tz in last 2 days",
    "tz in this week",
    "tz > now",
    "tz within 6 hours after ts",
    "hour(ts) >= 12",
    "u.name = \"ann\"",
    "u.name != \"ann\"",
    "u.name is empty",
    "u.level > 1 and n > 2",
    "u.level is missing",
    "not (u.level > 1)",
    "in audience \"Some\"",
    "not in some",
    "u in audience \"Low\"",
    "any orders",
    "no orders",
    "any orders where paid",
    "no orders where paid",
    "no orders where (paid and v > 3)",
    "every orders where paid",
    "any orders where not paid",
    "at least 2 orders",
    "at most 1 orders where v > 2",
    "exactly 2 orders",
    "fewer than 2 orders where day in last 20 days",
    "more than 1 orders where (paid or v > 5)",
    "count(orders) = 0",
    "count(orders where paid) < 2",
    "count(distinct v of orders) > 1",
    "sum(v of orders) < 10",
    "avg(v of orders) >= 4",
    "max(v of orders) > 5",
    "min(day of orders) before 2025-06-10",
    "median(v of orders where paid) > 3",
    "last(v of orders by day) > 4",
    "first(v of orders by day) is missing",
    "last(day of orders) in last 20 days",
    "any orders where (day > t.d)",
    "no orders where (v > t.n)",
    "count(orders where v > t.n) >= 1",
    "any orders where (owner.n > 3)",
    "sum(v of orders) > n",
    "rich",
    "rich(20)",
    "rich or u.level = 1",
    "paid_share > 25%",
    "if b then n > 3 else m > 0",
    "(if n > 3 then \"x\" else s) = \"x\"",
    "true",
    "false",
    "n > 3 or any orders where (v > 5 and not paid)",
    "not (any orders where paid and n > 1 or s is empty)",
];

fn model() -> Project {
    let project = Project::new();
    project.sql(DATA);
    project
}

/// Ambiguous conditions are bracketed, as the language asks.
fn bracketed(rule: &str) -> String {
    rule.replace("(any orders where paid and n > 1 or", "((any orders where paid) and n > 1 or")
}

#[test]
fn a_rule_and_its_negation_divide_everybody_and_sharing_work_changes_nothing() {
    let project = model();
    let mut script = MODEL.to_owned();
    for (i, rule) in RULES.iter().enumerate() {
        let rule = bracketed(rule);
        writeln!(
            script,
            "y{i}, r{i} = build audience from t where {rule}\nn{i} = build audience from t where not ({rule})\n\
             save audience y{i} as \"yes {i}\"\nsave audience n{i} as \"no {i}\"\nsave audience r{i} as \"rest {i}\""
        )
        .unwrap();
    }
    project.write("all.camp", &script);
    project.run_well("all.camp");
    let mut wrong = Vec::new();
    for (i, rule) in RULES.iter().enumerate() {
        let counts = project.rows(&format!(
            "SELECT (SELECT count(*) FROM audience.\"yes {i}\" JOIN audience.\"no {i}\" USING (id)), \
             (SELECT count(*) FROM (SELECT id FROM audience.\"yes {i}\" UNION SELECT id FROM audience.\"no {i}\")), \
             (SELECT count(*) FROM ((SELECT id FROM audience.\"no {i}\" EXCEPT SELECT id FROM audience.\"rest {i}\") \
             UNION ALL (SELECT id FROM audience.\"rest {i}\" EXCEPT SELECT id FROM audience.\"no {i}\")))"
        ));
        if counts != ["0|120|0"] {
            wrong.push(format!("{rule}: in both | in some (120) | not in the rest = {counts:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    for (i, rule) in RULES.iter().enumerate() {
        let rule = bracketed(rule);
        let one = format!(
            "{MODEL}alone = build audience from t where {rule}\nsave audience alone as \"alone\"\n"
        );
        project.write("one.camp", &one);
        project.run_well("one.camp");
        let differ = project.rows(&format!(
            "(SELECT id FROM audience.alone EXCEPT SELECT id FROM audience.\"yes {i}\") UNION ALL \
             (SELECT id FROM audience.\"yes {i}\" EXCEPT SELECT id FROM audience.alone)"
        ));
        if !differ.is_empty() {
            wrong.push(format!("{rule}: alone and together differ in {differ:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_same_instant_gives_the_same_audiences_with_any_number_of_threads_and_any_order_of_rows() {
    let project = model();
    let mut script = MODEL.to_owned();
    let values = [
        "sum(f of orders_f)",
        "avg(f of orders_f)",
        "last(v of orders by day)",
        "first(id of orders by v)",
        "median(v of orders)",
        "max(day of orders)",
        "count(distinct v of orders)",
    ];
    // A link to many within one table needs a dimension of its own.
    script.push_str("dimension t2 = t key id\nlink t.orders_f, t2 on t.n = t2.n\n");
    let items: Vec<String> =
        values.iter().enumerate().map(|(i, v)| format!("{v} as v{i}")).collect();
    writeln!(
        script,
        "all = build audience from t select {}\nsave audience all as \"all\"\n\
         top = build audience from t order by m desc, money limit 30%\nsave audience top as \"top\"",
        items.join(", ")
    )
    .unwrap();
    project.write("values.camp", &script);
    let content = |project: &Project| {
        (
            project.rows("SELECT * FROM audience.\"all\" ORDER BY id"),
            project.rows("SELECT * FROM audience.top ORDER BY id"),
        )
    };
    let run = |threads: &str| {
        let ran = project.camp(&[
            "run",
            "values.camp",
            "--as-of",
            crate::support::drive::AS_OF,
            "--threads",
            threads,
        ]);
        assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
        content(&project)
    };
    let first = run("1");
    assert_eq!(first.0.len(), 120);
    assert_eq!(first.1.len(), 36);
    assert_eq!(run("8"), first);
    project.sql(
        "CREATE TABLE t_new AS SELECT * FROM t ORDER BY hash(id); DROP TABLE t; ALTER TABLE t_new RENAME TO t; \
         ALTER TABLE t ADD PRIMARY KEY (id); CREATE TABLE o_new AS SELECT * FROM o ORDER BY hash(id + 7); \
         DROP TABLE o; ALTER TABLE o_new RENAME TO o; ALTER TABLE o ADD PRIMARY KEY (id)",
    );
    assert_eq!(run("4"), first);
}
