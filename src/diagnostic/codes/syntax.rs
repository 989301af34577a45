//! Codes `E01xx`.

use super::codes;

codes! {
    NOT_CLOSED = "E0101", "syntax.not_closed", Script, "A text or a quoted name has no end",
        "A text stands between two equal quotes on one line, a name that is not made of letters, digits and `_` between two backticks. To write the quote itself inside a text, double it: `\"He said \"\"yes\"\"\"`.",
        bad "import \"model.camp\n", good "param file: text = \"model.camp\"\n";
    BRACKET = "E0102", "syntax.bracket", Script, "A bracket has no partner",
        "Every `(` needs its `)` in the same statement. A statement ends before the next line that starts at the margin, so lines inside brackets are indented.",
        bad "define eu = (\"FR\", \"DE\"\n", good "define eu = (\"FR\", \"DE\")\n";
    TOO_DEEP = "E0103", "syntax.too_deep", Script, "A rule is nested too deeply",
        "Brackets, `if`s, conditions inside conditions and long chains of arithmetic may be nested to a limit. Name the inner parts with `define` and use the names.",
        bad "define x = ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1)))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))\n",
        good "define x = ((1))\n";
    UNEXPECTED = "E0104", "syntax.unexpected", Script, "Something stands where it cannot",
        "The statement is readable up to this place. The help says what can stand there, when the choices are few.",
        bad "param minimum = 100\n", good "param minimum: int = 100\n";
    UNFINISHED = "E0105", "syntax.unfinished", Script, "A statement is not finished",
        "The statement ends although something must follow. A line belongs to the statement above only when it is indented.",
        bad "param minimum: int =\n", good "param minimum: int = 100\n";
    SPELLING = "E0106", "syntax.spelling", Script, "A word or a sign of another language",
        "Other languages write it otherwise. Here it is `=`, `!=`, `and`, `or`, `not`, `is missing`, and comments begin with `#`.",
        bad "define same = 1 == 1\n", good "define same = 1 = 1\n";
    KEYWORD_CASE = "E0107", "syntax.keyword_case", Script, "A keyword is not in lower case",
        "Keywords are written in lower case; names keep the case they have.",
        bad "define small = 1 > 0 AND 2 > 1\n", good "define small = 1 > 0 and 2 > 1\n";
    TYPOGRAPHY = "E0108", "syntax.typography", Script, "Quotes or blanks of a word processor",
        "Word processors and web pages replace straight quotes and plain blanks by others that look alike. Texts stand in `\"` or `'`, and plain spaces, tabs and line breaks stand between words.",
        bad "define hello = “Good morning”\n", good "define hello = \"Good morning\"\n";
    NUMBER = "E0109", "syntax.number", Script, "Something like a number is none",
        "A number is digits with at most one point between them, in groups joined by `_` where that helps: `1_000.50`. A percentage has its `%` glued to it. A duration is a number, a blank and a unit: `30 days`.",
        bad "param size: int = 1__000\n", good "param size: int = 1_000\n";
    DATE = "E0110", "syntax.date", Script, "Something like a date is none",
        "A date is year, month and day with four, two and two digits, `2026-11-24`; a time may follow, `2026-11-24T09:30`, and `Z` or an offset such as `+01:00`. Anything else that looks like a date is an error, never a calculation.",
        bad "param start: date = 24/11/2026\n", good "param start: date = 2026-11-24\n";
    RESERVED_NAME = "E0111", "syntax.reserved_name", Script, "A reserved word is used as a name",
        "A few words cannot be bare names: and or not in is if then else where between any no every true false today now missing sql. Backticks make a name of every word.",
        bad "param every: int = 3\n", good "param `every`: int = 3\n";
    CHAINED_COMPARISON = "E0112", "syntax.chained_comparison", Script, "Comparisons do not chain",
        "A comparison has two sides. `x between a and b` includes both ends; where an end is excluded, write two comparisons joined by `and`.",
        bad "define inside = 1 < 5 < 10\n", good "define inside = 5 between 1 and 10\n";
    BARE_ALTERNATIVE = "E0113", "syntax.bare_alternative", Script, "A value stands where a condition belongs",
        "`or` and `and` join conditions, not values: `x = \"a\" or \"b\"` would compare `x` only with the first. Write `x in (\"a\", \"b\")`.",
        bad "define known(x: text) = x = \"a\" or \"b\"\n", good "define known(x: text) = x in (\"a\", \"b\")\n";
    AMBIGUOUS_CONDITION = "E0114", "syntax.ambiguous_condition", Script, "A condition can be read two ways",
        "The condition behind `any orders where` is one condition or a bracket. When `and` or `or` follows one without a bracket, it could belong to the condition, and speak of the order, or stand beside it, and speak of the customer. A bracket decides.",
        bad "dimension customers = customers key id\ndimension orders = orders key id\nlink customers.orders, orders.customer on customers.id = orders.customer_id\ndefine good on customers = any orders where paid and active\n",
        good "dimension customers = customers key id\ndimension orders = orders key id\nlink customers.orders, orders.customer on customers.id = orders.customer_id\ndefine good on customers = any orders where (paid) and active\n";
    SCHEDULE = "E0115", "syntax.schedule", Script, "A schedule that cannot be read",
        "A schedule is `hourly`, `daily at 07:00`, `weekly on monday, friday at 05:00`, `monthly on day 1 at 06:00`, `monthly on last day at 06:00`, `yearly on 1 january at 02:00`, or `every 15 minutes`.",
        bad "campaign \"Spring\" schedule monthly at 06:00\n", good "campaign \"Spring\" schedule monthly on day 1 at 06:00\n";
    INDENTED_START = "E0116", "syntax.indented_start", Script, "An indented line continues nothing",
        "An indented line belongs to the statement above. The first statement of a file starts at the margin, as all others do.",
        bad "  param minimum: int = 100\n", good "param minimum: int = 100\n";
    MERGE_MARKER = "E0117", "syntax.merge_marker", Script, "A merge was left unfinished",
        "Git writes both versions of a part that it could not merge between lines of `<<<<<<<`, `=======` and `>>>>>>>`. Keep one version and remove those lines.",
        bad "<<<<<<< HEAD\nparam minimum: int = 100\n=======\n>>>>>>> branch\n", good "param minimum: int = 100\n";
    CLAUSE_TWICE = "E0118", "syntax.clause_twice", Script, "A clause is written twice",
        "Each clause of a statement is written at most once, and of clauses that exclude each other one is kept.",
        bad "campaign \"Spring\" timezone \"UTC\" timezone \"Europe/Paris\"\n", good "campaign \"Spring\" timezone \"Europe/Paris\"\n";
    CLAUSE_ORDER = "E0119", "syntax.clause_order", Script, "A clause stands behind one that follows it",
        "`build audience` has its clauses in one order: `from`, `where`, `select`, `order by`, `limit`. So every script reads alike.",
        bad "dimension customers = customers key id\nall = build audience from customers select id where active\n",
        good "dimension customers = customers key id\nall = build audience from customers where active select id\n";
    SQL_STATEMENT = "E0120", "syntax.sql_statement", Script, "A statement of SQL",
        "An audience is built by `build audience from … where … select …`, and a name before it: `vip = build audience from customers where …`.",
        bad "select id from customers where active\n", good "dimension customers = customers key id\nall = build audience from customers where active select id\n";
}
