//! Rules and values against the same in SQL by hand, over rows with everything that is awkward: missing
//! values, empty texts, NaN, ties, rows without links.

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

/// Rules of every kind, and the same by hand in SQL, over a table `t` whose rows are 1 to 120.
const RULES: &[(&str, &str)] = &[
    ("n > 3", "n > 3"),
    ("n != 3", "n IS DISTINCT FROM 3"),
    ("n + m > 3", "n + m > 3"),
    ("n / m > 1", "n / nullif(m, 0) > 1"),
    ("n between 2 and 4", "n BETWEEN 2 AND 4"),
    ("n not between 2 and 4", "NOT coalesce(n BETWEEN 2 AND 4, false)"),
    ("n in (1, 2, 3)", "n IN (1, 2, 3)"),
    ("n not in (1, 2, 3)", "NOT coalesce(n IN (1, 2, 3), false)"),
    ("n in ()", "false"),
    ("n not in ()", "true"),
    ("n in (m, m + 1, 3)", "n = m OR n = m + 1 OR n = 3"),
    ("n not in (m, m + 1, 3)", "NOT coalesce(n = m OR n = m + 1 OR n = 3, false)"),
    ("n = m", "n = m"),
    ("n != m", "NOT coalesce(n = m, false)"),
    ("n <= m or m < 0", "n <= m OR m < 0"),
    ("n > 3 and m > 0", "n > 3 AND m > 0"),
    ("not (n > 3 or m > 0)", "NOT coalesce(n > 3 OR m > 0, false)"),
    ("n > 3 and not (m > 0 and b)", "n > 3 AND NOT coalesce(m > 0 AND b, false)"),
    (
        "not (n > 3 and (m > 0 or not b))",
        "NOT (coalesce(n > 3, false) AND (coalesce(m > 0, false) OR NOT coalesce(b, false)))",
    ),
    ("b", "b"),
    ("b = false", "b = false"),
    ("not b", "NOT coalesce(b, false)"),
    ("b or n > 5", "b OR n > 5"),
    ("n is missing", "n IS NULL"),
    ("s is empty", "s IS NULL OR s = ''"),
    ("s is present", "s <> ''"),
    ("s = \"Abc\"", "s = 'Abc'"),
    ("s = \"abc\" ignoring case", "lower(s) = 'abc'"),
    ("s != \"abc\" ignoring case", "NOT coalesce(lower(s) = 'abc', false)"),
    ("s in (\"ABC\", \"50%\") ignoring case", "lower(s) IN ('abc', '50%')"),
    ("s contains \"_\"", "instr(s, '_') > 0"),
    ("s not contains \"b\"", "NOT coalesce(instr(s, 'b') > 0, false)"),
    ("s starts with \"50%\"", "s[1:3] = '50%'"),
    ("s ends with \"C\" ignoring case", "lower(s[-1:]) = 'c'"),
    ("s like \"_b%\"", "s LIKE '_b%'"),
    ("s not like \"%b%\"", "NOT coalesce(s LIKE '%b%', false)"),
    ("s matches \"^[a-z]\"", "regexp_matches(s, '^[a-z]')"),
    ("length(s) > 2", "length(s) > 2"),
    ("lower(s) = \"abc\"", "lower(s) = 'abc'"),
    ("coalesce(s, \"none\") = \"none\"", "s IS NULL"),
    ("s < \"abc\"", "s < 'abc'"),
    ("money * 2 >= 2.5", "money * 2 >= 2.5"),
    (
        "money > 1 and money <= f",
        "money > 1 AND money <= (CASE WHEN isnan(f) THEN NULL ELSE f END)",
    ),
    ("f >= 1", "(CASE WHEN isnan(f) THEN NULL ELSE f END) >= 1"),
    ("f != 1", "NOT coalesce((CASE WHEN isnan(f) THEN NULL ELSE f END) = 1, false)"),
    ("f is missing", "(CASE WHEN isnan(f) THEN NULL ELSE f END) IS NULL"),
    (
        "money + n > 3 or f > 1 and b",
        "money + n > 3 OR ((CASE WHEN isnan(f) THEN NULL ELSE f END) > 1 AND b)",
    ),
    ("l contains \"a\"", "list_contains(l, 'a')"),
    ("l not contains \"b\"", "NOT coalesce(list_contains(l, 'b'), false)"),
    ("l contains any of (\"b\", \"c\")", "list_contains(l, 'b')"),
    ("l contains every of (\"a\", \"b\")", "list_contains(l, 'a') AND list_contains(l, 'b')"),
    ("l is empty", "l IS NULL OR len(l) = 0"),
    ("length(l) >= 2", "len(l) >= 2"),
    ("j.k = \"v\"", "(j->>'$.k') = 'v'"),
    ("j.k is missing", "(j->>'$.k') IS NULL"),
    ("j.k not in (\"v\")", "NOT coalesce((j->>'$.k') = 'v', false)"),
    ("d = 2025-06-15", "d = DATE '2025-06-15'"),
    ("d != 2025-06-15", "NOT coalesce(d = DATE '2025-06-15', false)"),
    ("d before today", "d < DATE '2025-06-30'"),
    ("d after 10 days ago", "d > DATE '2025-06-20'"),
    ("d in last 30 days", "d > DATE '2025-05-31' AND d <= DATE '2025-06-30'"),
    (
        "d not in last 30 days",
        "NOT coalesce(d > DATE '2025-05-31' AND d <= DATE '2025-06-30', false)",
    ),
    ("d in next 2 weeks", "d > DATE '2025-06-30' AND d <= DATE '2025-07-14'"),
    ("d in this month", "d BETWEEN DATE '2025-06-01' AND DATE '2025-06-30'"),
    ("d in previous week", "d BETWEEN DATE '2025-06-23' AND DATE '2025-06-29'"),
    ("d in this quarter", "d <= DATE '2025-06-30'"),
    ("d between 2025-06-10 and 2025-06-20", "d BETWEEN DATE '2025-06-10' AND DATE '2025-06-20'"),
    ("d within 5 days of 2025-06-20", "d BETWEEN DATE '2025-06-15' AND DATE '2025-06-25'"),
    ("d within 5 days before 2025-06-20", "d BETWEEN DATE '2025-06-15' AND DATE '2025-06-20'"),
    ("anniversary(d) = today", "strftime(d, '%m-%d') = '06-30'"),
    ("anniversary(d) in next 10 days", "strftime(d, '%m-%d') BETWEEN '07-01' AND '07-10'"),
    ("d + 1 month > 2025-07-20", "(d + INTERVAL 1 MONTH)::DATE > DATE '2025-07-20'"),
    ("d + 10 days before ts", "d + 10 < ts::DATE"),
    ("d < tz", "d < (tz AT TIME ZONE 'Europe/Paris')::DATE"),
    ("ts = tz", "ts = (tz AT TIME ZONE 'Europe/Paris')"),
    ("ts > d", "ts::DATE > d"),
    ("ts <= 2025-06-30", "ts < TIMESTAMP '2025-07-01'"),
    (
        "ts not between 2025-06-30 and 2025-07-01",
        "NOT coalesce(ts >= TIMESTAMP '2025-06-30' AND ts < TIMESTAMP '2025-07-02', false)",
    ),
    ("ts = today", "ts::DATE = DATE '2025-06-30'"),
    ("ts != today", "NOT coalesce(ts::DATE = DATE '2025-06-30', false)"),
    (
        "ts in last 6 hours",
        "ts > TIMESTAMP '2025-06-30 08:00' AND ts <= TIMESTAMP '2025-06-30 14:00'",
    ),
    ("ts before now", "ts < TIMESTAMP '2025-06-30 14:00'"),
    ("ts after 1 day ago", "ts >= TIMESTAMP '2025-06-30'"),
    ("ts after 3 hours ago", "ts > TIMESTAMP '2025-06-30 11:00'"),
    ("ts - 3 hours after 2025-06-30T12:00", "ts > TIMESTAMP '2025-06-30 15:00'"),
    ("ts in (2025-06-30, 2025-07-02)", "ts::DATE IN (DATE '2025-06-30', DATE '2025-07-02')"),
    ("tz = today", "(tz AT TIME ZONE 'Europe/Paris')::DATE = DATE '2025-06-30'"),
    ("tz <= 2025-06-30", "(tz AT TIME ZONE 'Europe/Paris') < TIMESTAMP '2025-07-01'"),
    (
        "tz in last 2 days",
        "(tz AT TIME ZONE 'Europe/Paris')::DATE > DATE '2025-06-28' AND tz <= TIMESTAMPTZ '2025-06-30T12:00:00Z'",
    ),
    (
        "tz in this week",
        "(tz AT TIME ZONE 'Europe/Paris')::DATE BETWEEN DATE '2025-06-30' AND DATE '2025-07-06'",
    ),
    ("tz > now", "tz > TIMESTAMPTZ '2025-06-30T12:00:00Z'"),
    (
        "tz within 6 hours after ts",
        "tz >= timezone('Europe/Paris', ts) AND tz <= timezone('Europe/Paris', ts) + INTERVAL 6 HOUR",
    ),
    ("hour(ts) >= 12", "hour(ts) >= 12"),
    ("hour(tz) < 3", "hour((tz AT TIME ZONE 'Europe/Paris')) < 3"),
    ("date(tz) = 2025-07-01", "(tz AT TIME ZONE 'Europe/Paris')::DATE = DATE '2025-07-01'"),
    ("u.name = \"ann\"", "(SELECT u.name FROM u WHERE u.id = t.u_id) = 'ann'"),
    (
        "u.name != \"ann\"",
        "NOT coalesce((SELECT u.name FROM u WHERE u.id = t.u_id) = 'ann', false)",
    ),
    ("u.name is empty", "coalesce((SELECT u.name FROM u WHERE u.id = t.u_id), '') = ''"),
    ("u.level > 1 and n > 2", "(SELECT u.level FROM u WHERE u.id = t.u_id) > 1 AND n > 2"),
    ("u.level is missing", "(SELECT u.level FROM u WHERE u.id = t.u_id) IS NULL"),
    ("not (u.level > 1)", "NOT coalesce((SELECT u.level FROM u WHERE u.id = t.u_id) > 1, false)"),
    ("in audience \"Some\"", "n > 3"),
    ("not in some", "NOT coalesce(n > 3, false)"),
    ("u in audience \"Low\"", "(SELECT u.level FROM u WHERE u.id = t.u_id) < 2"),
    ("not (u in low)", "NOT coalesce((SELECT u.level FROM u WHERE u.id = t.u_id) < 2, false)"),
    (
        "s in (\"abc\", \"x_y\") and not in audience \"Some\" or u.level = 2",
        "(s IN ('abc', 'x_y') AND NOT coalesce(n > 3, false)) OR (SELECT u.level FROM u WHERE u.id = t.u_id) = 2",
    ),
    ("any orders", "EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND (true))"),
    ("no orders", "NOT EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND (true))"),
    ("any orders where paid", "EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND (paid))"),
    ("no orders where paid", "NOT EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND (paid))"),
    (
        "no orders where (paid and v > 3)",
        "NOT EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND (paid AND v > 3))",
    ),
    (
        "no orders where (paid and not (v > 3))",
        "NOT EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND (paid AND NOT coalesce(v > 3, false)))",
    ),
    (
        "every orders where paid",
        "NOT EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND (NOT coalesce(paid, false)))",
    ),
    (
        "not (every orders where (v > 2 or paid))",
        "EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND (NOT coalesce(v > 2 OR paid, false)))",
    ),
    (
        "any orders where not paid",
        "EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND (NOT coalesce(paid, false)))",
    ),
    ("at least 2 orders", "(SELECT count(*) FROM o WHERE o.t_id = t.id AND (true)) >= 2"),
    (
        "at most 1 orders where v > 2",
        "(SELECT count(*) FROM o WHERE o.t_id = t.id AND (v > 2)) <= 1",
    ),
    ("exactly 2 orders", "(SELECT count(*) FROM o WHERE o.t_id = t.id AND (true)) = 2"),
    (
        "fewer than 2 orders where day in last 20 days",
        "(SELECT count(*) FROM o WHERE o.t_id = t.id AND (day > DATE '2025-06-10' AND day <= DATE '2025-06-30')) < 2",
    ),
    (
        "more than 1 orders where (paid or v > 5)",
        "(SELECT count(*) FROM o WHERE o.t_id = t.id AND (paid OR v > 5)) > 1",
    ),
    ("count(orders) = 0", "(SELECT count(*) FROM o WHERE o.t_id = t.id AND (true)) = 0"),
    ("count(orders where paid) < 2", "(SELECT count(*) FROM o WHERE o.t_id = t.id AND (paid)) < 2"),
    (
        "count(distinct v of orders) > 1",
        "(SELECT count(DISTINCT v) FROM o WHERE o.t_id = t.id AND (true)) > 1",
    ),
    (
        "sum(v of orders) < 10",
        "coalesce((SELECT sum(v) FROM o WHERE o.t_id = t.id AND (true)), 0) < 10",
    ),
    ("avg(v of orders) >= 4", "(SELECT avg(v) FROM o WHERE o.t_id = t.id AND (true)) >= 4"),
    ("max(v of orders) > 5", "(SELECT max(v) FROM o WHERE o.t_id = t.id AND (true)) > 5"),
    (
        "min(day of orders) before 2025-06-10",
        "(SELECT min(day) FROM o WHERE o.t_id = t.id AND (true)) < DATE '2025-06-10'",
    ),
    (
        "median(v of orders where paid) > 3",
        "(SELECT median(v) FROM o WHERE o.t_id = t.id AND (paid)) > 3",
    ),
    (
        "last(v of orders by day) > 4",
        "(SELECT v FROM o WHERE o.t_id = t.id AND day IS NOT NULL AND v IS NOT NULL ORDER BY day DESC, id DESC LIMIT 1) > 4",
    ),
    (
        "first(v of orders by day) is missing",
        "(SELECT v FROM o WHERE o.t_id = t.id AND day IS NOT NULL AND v IS NOT NULL ORDER BY day, id DESC LIMIT 1) IS NULL",
    ),
    (
        "last(day of orders) in last 20 days",
        "(SELECT max(day) FROM o WHERE o.t_id = t.id AND (true)) > DATE '2025-06-10' AND (SELECT max(day) FROM o WHERE o.t_id = t.id AND (true)) <= DATE '2025-06-30'",
    ),
    (
        "any orders where (day > t.d)",
        "EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND (day > t.d))",
    ),
    ("no orders where (v > t.n)", "NOT EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND (v > t.n))"),
    (
        "no orders where not (v > t.n)",
        "NOT EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND (NOT coalesce(v > t.n, false)))",
    ),
    (
        "count(orders where v > t.n) >= 1",
        "(SELECT count(*) FROM o WHERE o.t_id = t.id AND (v > t.n)) >= 1",
    ),
    (
        "any orders where (owner.n > 3)",
        "EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND (t.n > 3))",
    ),
    (
        "at least 2 orders where (v > 3 and owner.m > 0)",
        "(SELECT count(*) FROM o WHERE o.t_id = t.id AND (v > 3 AND t.m > 0)) >= 2",
    ),
    (
        "any orders where (count(owner.orders) > 2)",
        "(SELECT count(*) FROM o WHERE o.t_id = t.id AND (true)) > 2",
    ),
    (
        "any orders where (any owner.orders where (v > 8))",
        "EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND (true)) AND EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND (v > 8))",
    ),
    (
        "max(v of orders) > avg(v of orders) + 3",
        "(SELECT max(v) FROM o WHERE o.t_id = t.id AND (true)) > (SELECT avg(v) FROM o WHERE o.t_id = t.id AND (true)) + 3",
    ),
    (
        "count(orders where day in last 20 days) > count(orders where not (day in last 20 days))",
        "(SELECT count(*) FROM o WHERE o.t_id = t.id AND (day > DATE '2025-06-10' AND day <= DATE '2025-06-30')) > (SELECT count(*) FROM o WHERE o.t_id = t.id AND (NOT coalesce(day > DATE '2025-06-10' AND day <= DATE '2025-06-30', false)))",
    ),
    (
        "sum(v * 2 of orders where v > t.m) > 20",
        "coalesce((SELECT sum(v * 2) FROM o WHERE o.t_id = t.id AND (v > t.m)), 0) > 20",
    ),
    (
        "min(day of orders where paid) before d",
        "(SELECT min(day) FROM o WHERE o.t_id = t.id AND (paid)) < d",
    ),
    (
        "d between min(day of orders) and max(day of orders)",
        "d BETWEEN (SELECT min(day) FROM o WHERE o.t_id = t.id AND (true)) AND (SELECT max(day) FROM o WHERE o.t_id = t.id AND (true))",
    ),
    (
        "sum(v of orders) > n",
        "coalesce((SELECT sum(v) FROM o WHERE o.t_id = t.id AND (true)), 0) > n",
    ),
    (
        "any u.ts_of where (n > 5)",
        "EXISTS (SELECT 1 FROM u JOIN t x ON x.u_id = u.id WHERE u.id = t.u_id AND x.n > 5)",
    ),
    (
        "count(u.ts_of where b) > 11",
        "(SELECT count(*) FROM u JOIN t x ON x.u_id = u.id WHERE u.id = t.u_id AND x.b) > 11",
    ),
    (
        "sum(v of u.ts_of.orders) > 260",
        "coalesce((SELECT sum(o.v) FROM u JOIN t x ON x.u_id = u.id JOIN o ON o.t_id = x.id WHERE u.id = t.u_id), 0) > 260",
    ),
    ("rich", "coalesce((SELECT sum(v) FROM o WHERE o.t_id = t.id AND (true)), 0) >= 10"),
    ("rich(20)", "coalesce((SELECT sum(v) FROM o WHERE o.t_id = t.id AND (true)), 0) >= 20"),
    (
        "rich(least: 5) and not rich",
        "coalesce((SELECT sum(v) FROM o WHERE o.t_id = t.id AND (true)), 0) BETWEEN 5 AND 9",
    ),
    (
        "rich or u.level = 1",
        "coalesce((SELECT sum(v) FROM o WHERE o.t_id = t.id AND (true)), 0) >= 10 OR (SELECT u.level FROM u WHERE u.id = t.u_id) = 1",
    ),
    (
        "paid_share > 25%",
        "(SELECT count(*) FROM o WHERE o.t_id = t.id AND (paid)) / nullif((SELECT count(*) FROM o WHERE o.t_id = t.id AND (true)), 0) > 0.25",
    ),
    (
        "paid_share <= 25%",
        "(SELECT count(*) FROM o WHERE o.t_id = t.id AND (paid)) / nullif((SELECT count(*) FROM o WHERE o.t_id = t.id AND (true)), 0) <= 0.25",
    ),
    ("if b then n > 3 else m > 0", "CASE WHEN coalesce(b, false) THEN n > 3 ELSE m > 0 END"),
    (
        "not (if b then n > 3 else m > 0)",
        "NOT coalesce(CASE WHEN coalesce(b, false) THEN n > 3 ELSE m > 0 END, false)",
    ),
    ("(if n > 3 then \"x\" else s) = \"x\"", "n > 3"),
    ("true", "true"),
    ("false", "false"),
    (
        "n > 3 or any orders where (v > 5 and not paid)",
        "n > 3 OR EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND (v > 5 AND NOT coalesce(paid, false)))",
    ),
    (
        "not ((any orders where paid) and n > 1 or s is empty)",
        "NOT ((EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND (paid)) AND coalesce(n > 1, false)) OR (s IS NULL OR s = ''))",
    ),
    (
        "n is missing and any orders",
        "n IS NULL AND EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND (true))",
    ),
    (
        "no orders or every orders where (v >= 5)",
        "NOT EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND (true)) OR NOT EXISTS (SELECT 1 FROM o WHERE o.t_id = t.id AND (NOT coalesce(v >= 5, false)))",
    ),
    (
        "length(u.name) > 0 or count(orders) > n",
        "length((SELECT u.name FROM u WHERE u.id = t.u_id)) > 0 OR (SELECT count(*) FROM o WHERE o.t_id = t.id AND (true)) > n",
    ),
];

/// Values, and the same by hand in SQL.
const VALUES: &[(&str, &str)] = &[
    ("n + 1", "n + 1"),
    ("n / 4", "n / 4"),
    ("money * 10%", "money * 0.10"),
    ("coalesce(n, m, 0 - 1)", "coalesce(n, m, -1)"),
    ("if b then s else \"no\"", "CASE WHEN b THEN s ELSE 'no' END"),
    ("u.name", "(SELECT u.name FROM u WHERE u.id = t.u_id)"),
    ("u.level + n", "(SELECT u.level FROM u WHERE u.id = t.u_id) + n"),
    ("count(orders)", "(SELECT count(*) FROM o WHERE o.t_id = t.id AND (true))"),
    ("count(orders where paid)", "(SELECT count(*) FROM o WHERE o.t_id = t.id AND (paid))"),
    (
        "count(distinct v of orders)",
        "(SELECT count(DISTINCT v) FROM o WHERE o.t_id = t.id AND (true))",
    ),
    ("sum(v of orders)", "coalesce((SELECT sum(v) FROM o WHERE o.t_id = t.id AND (true)), 0)"),
    ("sum(v of orders where v > 100)", "0"),
    ("min(day of orders)", "(SELECT min(day) FROM o WHERE o.t_id = t.id AND (true))"),
    (
        "max(v of orders where not paid)",
        "(SELECT max(v) FROM o WHERE o.t_id = t.id AND (NOT coalesce(paid, false)))",
    ),
    (
        "last(id of orders by v)",
        "(SELECT id FROM o WHERE o.t_id = t.id AND v IS NOT NULL ORDER BY v DESC, id DESC LIMIT 1)",
    ),
    (
        "first(id of orders by v)",
        "(SELECT id FROM o WHERE o.t_id = t.id AND v IS NOT NULL ORDER BY v, id DESC LIMIT 1)",
    ),
    (
        "last(id of orders where not paid by v desc)",
        "(SELECT id FROM o WHERE o.t_id = t.id AND NOT coalesce(paid, false) AND v IS NOT NULL ORDER BY v, id DESC LIMIT 1)",
    ),
    ("d + 1 month", "(d + INTERVAL 1 MONTH)::DATE"),
    ("lower(s)", "lower(s)"),
    ("j.k", "j->>'$.k'"),
    ("f", "(CASE WHEN isnan(f) THEN NULL ELSE f END)"),
    ("count(u.ts_of)", "(SELECT count(*) FROM u JOIN t x ON x.u_id = u.id WHERE u.id = t.u_id)"),
    (
        "sum(v of orders) - n * 2",
        "coalesce((SELECT sum(v) FROM o WHERE o.t_id = t.id AND (true)), 0) - n * 2",
    ),
];

fn model() -> Project {
    let project = Project::new();
    project.sql(DATA);
    project
}

/// The keys for which a rule written in SQL holds.
fn by_hand(project: &Project, sql: &str) -> Vec<String> {
    project.rows(&format!("SELECT id FROM t WHERE coalesce(({sql}), false) ORDER BY id"))
}

fn members(project: &Project, label: &str) -> Vec<String> {
    project.rows(&format!("SELECT id FROM audience.\"{label}\" ORDER BY id"))
}

#[test]
fn a_rule_holds_the_rows_of_the_same_rule_in_sql_and_its_negation_all_others() {
    let project = model();
    let mut script = MODEL.to_owned();
    for (i, (rule, _)) in RULES.iter().enumerate() {
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
    for (i, (rule, sql)) in RULES.iter().enumerate() {
        let yes = by_hand(&project, sql);
        let no = by_hand(&project, &format!("NOT coalesce(({sql}), false)"));
        for (label, wanted) in [("yes", &yes), ("no", &no), ("rest", &no)] {
            let found = members(&project, &format!("{label} {i}"));
            if found != *wanted {
                let less: Vec<_> = wanted.iter().filter(|k| !found.contains(k)).collect();
                let more: Vec<_> = found.iter().filter(|k| !wanted.contains(k)).collect();
                wrong.push(format!("{label} of `{rule}`: lost {less:?}, too many {more:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each rule in a run of its own gives what all of them gave that shared their work.
fn alone(every: usize, of: usize) {
    let project = model();
    let mut wrong = Vec::new();
    for (rule, sql) in RULES.iter().skip(every).step_by(of) {
        let one = format!(
            "{MODEL}alone = build audience from t where {rule}\nsave audience alone as \"alone\"\n"
        );
        project.write("one.camp", &one);
        project.run_well("one.camp");
        if members(&project, "alone") != by_hand(&project, sql) {
            wrong.push(format!("`{rule}`: {:?}", members(&project, "alone")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_rule_alone_holds_the_same_rows_1() {
    alone(0, 3);
}

#[test]
fn a_rule_alone_holds_the_same_rows_2() {
    alone(1, 3);
}

#[test]
fn a_rule_alone_holds_the_same_rows_3() {
    alone(2, 3);
}

#[test]
fn selected_values_are_those_of_the_same_expressions_in_sql() {
    let project = model();
    let items: Vec<String> =
        VALUES.iter().enumerate().map(|(i, (value, _))| format!("{value} as v{i}")).collect();
    project.write(
        "values.camp",
        &format!(
            "{MODEL}all = build audience from t select {}\nsave audience all as \"all\"\n",
            items.join(",\n  ")
        ),
    );
    project.run_well("values.camp");
    let mut wrong = Vec::new();
    for (i, (value, sql)) in VALUES.iter().enumerate() {
        let differ = project.rows(&format!(
            "SELECT t.id, a.v{i}, ({sql}) FROM t JOIN audience.\"all\" a ON a.id = t.id \
             WHERE a.v{i} IS DISTINCT FROM ({sql}) ORDER BY t.id LIMIT 3"
        ));
        if !differ.is_empty() {
            wrong.push(format!("{value}: key|found|wanted {differ:?}"));
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

/// Numbers that are the same in every run of the tests.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        // Knuth's constants; the high bits are the good ones.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

#[test]
fn every_version_of_an_audience_has_the_members_it_had_and_moves_are_told_as_they_were() {
    use std::collections::BTreeSet;
    let project = Project::new();
    project.sql(
        "CREATE TABLE p AS SELECT i AS id, false AS member FROM range(40) r(i); ALTER TABLE p ADD PRIMARY KEY (id)",
    );
    for mode in ["replace", "append", "merge"] {
        project.write(
            &format!("{mode}.camp"),
            &format!("now_in = build audience from p where member\nsave audience now_in as \"a\" {mode}\n"),
        );
    }
    let mut dice = Dice(7);
    let mut versions: Vec<BTreeSet<u64>> = Vec::new();
    for day in 1..=14 {
        let picked: BTreeSet<u64> = (0..40).filter(|_| dice.roll(3) == 0).collect();
        let list: Vec<String> = picked.iter().map(u64::to_string).collect();
        project.sql(&format!("UPDATE p SET member = id IN ({})", list.join(", ")));
        let mode = ["replace", "replace", "append", "merge"][dice.roll(4) as usize];
        let ran = project.camp(&[
            "run",
            &format!("{mode}.camp"),
            "--as-of",
            &format!("2025-06-{day:02}T12:00:00Z"),
        ]);
        assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
        let mut now = picked;
        if mode != "replace" {
            now.extend(versions.last().into_iter().flatten());
        }
        versions.push(now);
    }
    let mut script = String::new();
    for v in 1..=versions.len() {
        writeln!(script, "v{v} = read audience \"a\" version {v}\nsave audience v{v} as \"v{v}\"")
            .unwrap();
    }
    // As of the 14th: the last 5 days are the 10th to the 14th.
    script.push_str(
        "came = build audience from p where entered audience \"a\" in last 5 days\nsave audience came as \"came\"\n\
         went = build audience from p where left audience \"a\" in last 5 days\nsave audience went as \"went\"\n\
         ever = build audience from p where entered audience \"a\" in last 60 days\nsave audience ever as \"ever\"\n",
    );
    project.write("read.camp", &script);
    let ran = project.camp(&["run", "read.camp", "--as-of", "2025-06-14T18:00:00Z"]);
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    let stored = |label: &str| -> BTreeSet<u64> {
        members(&project, label).iter().map(|id| id.parse().unwrap()).collect()
    };
    for (v, wanted) in versions.iter().enumerate() {
        assert_eq!(stored(&format!("v{}", v + 1)), *wanted, "version {}", v + 1);
    }
    let moves = |from: usize, entered: bool| -> BTreeSet<u64> {
        (from..versions.len())
            .flat_map(|v| {
                let empty = BTreeSet::new();
                let before = if v == 0 { &empty } else { &versions[v - 1] };
                let (new, old) =
                    if entered { (&versions[v], before) } else { (before, &versions[v]) };
                new.difference(old).copied().collect::<Vec<_>>()
            })
            .collect()
    };
    assert_eq!(stored("came"), moves(9, true));
    assert_eq!(stored("went"), moves(9, false));
    assert_eq!(stored("ever"), moves(0, true));
}
