//! Codes `E03xx`: types and options. The samples speak of the tables of [`super::names`].

use super::codes;

codes! {
    MISMATCH = "E0301", "types.mismatch", Script, "Two values do not fit each other",
        "Nothing is converted between text and other types in silence. Convert explicitly, `int(x)`, `decimal(x, 2)`, `date(x, \"DD/MM/YYYY\")`, or write the other value in the column's type.",
        bad "vip = build audience from orders where amount > \"100\"\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from orders where amount > 100\nsave audience vip as \"VIP\"\n";
    NOT_A_CONDITION = "E0302", "types.not_a_condition", Script, "A value stands where a condition is needed",
        "A condition holds or does not hold. A value becomes one by a comparison or a test: `country = \"FR\"`, `email is present`.",
        bad "vip = build audience from customers where country\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from customers where country is present\nsave audience vip as \"VIP\"\n";
    OPERAND = "E0303", "types.operand", Script, "An operator cannot take this value",
        "Arithmetic takes numbers, text tests take text or lists, windows take dates and timestamps.",
        bad "vip = build audience from customers where email + 1 > 2\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from customers where length(email) + 1 > 2\nsave audience vip as \"VIP\"\n";
    TEXT_TIME = "E0304", "types.text_time", Script, "A text is compared with a date",
        "Dates held as text compare letter by letter, so 9/1 comes after 10/1. Convert the column with its format, or declare its type where the file is declared; write dates without quotes.",
        bad "vip = build audience from orders where ordered_at after \"2025-01-01\"\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from orders where ordered_at after 2025-01-01\nsave audience vip as \"VIP\"\n";
    LIST_ELEMENT = "E0305", "types.list_element", Script, "A value of a list does not fit",
        "All values of a list have the type of what is looked for.",
        bad "vip = build audience from customers where country in (\"FR\", 33)\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from customers where country in (\"FR\", \"BE\")\nsave audience vip as \"VIP\"\n";
    DURATION_COMPARED = "E0306", "types.duration_compared", Script, "Durations are compared",
        "A month has 28 to 31 days, so durations have no order. Compare dates instead: `second after first + 1 month`.",
        bad "define long = 90 days\nvip = build audience from customers where long > 1 month\nsave audience vip as \"VIP\"\n",
        good "define long = 90 days\nvip = build audience from customers where any orders where ordered_at in last long\nsave audience vip as \"VIP\"\n";
    PERCENT = "E0307", "types.percent", Script, "A percentage is added or taken away",
        "`10%` is the number 0.10, so `price - 10%` would take away ten cents. Multiply instead.",
        bad "big = build audience from orders where amount - 10% > 100\nsave audience big as \"Big\"\n",
        good "big = build audience from orders where amount * 90% > 100\nsave audience big as \"Big\"\n";
    ARGUMENT = "E0308", "types.argument", Script, "An argument has the wrong type",
        "`camp functions NAME` shows what a function takes.",
        bad "vip = build audience from orders where lower(amount) = \"a\"\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from customers where lower(email) = \"a\"\nsave audience vip as \"VIP\"\n";
    ARGUMENT_COUNT = "E0309", "types.argument_count", Script, "A call has too many or too few arguments",
        "`camp functions NAME` shows what a function takes.",
        bad "vip = build audience from customers where lower(email, country) = \"a\"\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from customers where lower(email) = \"a\"\nsave audience vip as \"VIP\"\n";
    NOT_CONSTANT = "E0310", "types.not_constant", Script, "A value must be known before the run",
        "Formats, limits, counts of versions and the like are literals, parameters or computed from them; they cannot depend on a row.",
        bad "vip = build audience from customers where date(email, country) = 2025-01-01\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from customers where date(email, \"DD/MM/YYYY\") = 2025-01-01\nsave audience vip as \"VIP\"\n";
    BAD_LITERAL = "E0311", "types.bad_literal", Script, "A literal is not a value",
        "A number or a duration with too many digits, or a fraction of a day: only hours, minutes and seconds have fractions.",
        bad "vip = build audience from orders where ordered_at in last 1.5 days\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from orders where ordered_at in last 36 hours\nsave audience vip as \"VIP\"\n";
    BAD_PATTERN = "E0312", "types.bad_pattern", Script, "A pattern cannot be read",
        "Patterns are RE2: no look-around, no back-references. They match a part of the text; `^` and `$` tie them to its ends.",
        bad "vip = build audience from customers where email matches \"([k-m]\"\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from customers where email matches \"[k-m]\"\nsave audience vip as \"VIP\"\n";
    COMPARED_MISSING = "E0313", "types.compared_missing", Script, "Something is compared with `missing`",
        "A comparison with a missing value never holds. Test for it: `x is missing`, `x is present`.",
        bad "vip = build audience from customers where email = missing\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from customers where email is missing\nsave audience vip as \"VIP\"\n";
    ANNIVERSARY = "E0314", "types.anniversary", Script, "An anniversary is used as a date",
        "`anniversary(d)` returns every year; it can be held against one date (`=`), a window (`in next 7 days`) or two dates (`between`).",
        bad "vip = build audience from orders where anniversary(ordered_at) > today\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from orders where anniversary(ordered_at) in next 7 days\nsave audience vip as \"VIP\"\n";
    OPTION_VALUE = "E0315", "types.option_value", Script, "An option has the wrong value",
        "The page of the activity says what each option takes.",
        bad "vip = build audience from customers\nexport vip to \"out.csv\" with header: \"yes\"\n",
        good "vip = build audience from customers\nexport vip to \"out.csv\" with header: true\n";
    LINK_CONDITION = "E0316", "types.link_condition", Script, "A link is not made of equalities",
        "A link is one or more equalities, joined by `and`: the left operand of each belongs to the first dimension, the right one to the second.",
        bad "link customers.later, orders on customers.customer_id < orders.customer_id\nvip = build audience from customers where any later\nsave audience vip as \"VIP\"\n",
        good "link customers.bought, orders on customers.customer_id = orders.customer_id\nvip = build audience from customers where any bought\nsave audience vip as \"VIP\"\n";
    MANY_ROWS = "E0317", "types.many_rows", Script, "A link leads to many rows where one value is needed",
        "Say which of the linked rows is meant: `sum(amount of orders)`, `last(amount of orders by ordered_at)`.",
        bad "vip = build audience from customers where orders.amount > 100\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from customers where any orders where amount > 100\nsave audience vip as \"VIP\"\n";
    PARAMETER_VALUE = "E0318", "types.parameter_value", Script, "A parameter has the wrong value",
        "The value, given by `--set` or as the default, must have the parameter's type.",
        bad "param minimum: int = \"ten\"\nvip = build audience from customers where count(orders) > minimum\nsave audience vip as \"VIP\"\n",
        good "param minimum: int = 10\nvip = build audience from customers where count(orders) > minimum\nsave audience vip as \"VIP\"\n";
    SQL_OFF = "E0319", "types.sql_off", Script, "`sql` is off",
        "Under `--safe`, the escape hatch `sql` cannot be used.",
        bad "", good "";
    NEEDS_NAME = "E0320", "types.needs_name", Script, "A selected value has no name",
        "A selected path is named by its last part; every other expression needs `as NAME`.",
        bad "vip = build audience from customers select lower(email)\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from customers select lower(email) as email\nsave audience vip as \"VIP\"\n";
    ONE_ROW = "E0321", "types.one_row", Script, "A link leads to one row where many are needed",
        "`any`, `no`, `count( … )` and the like speak of links to many rows. The columns of a single linked row are written as a path: `customer.country`.",
        bad "paid = build audience from orders where any customer where country = \"FR\"\nsave audience paid as \"Paid\"\n",
        good "paid = build audience from orders where customer.country = \"FR\"\nsave audience paid as \"Paid\"\n";
    SORT_KEY = "E0322", "types.sort_key", Script, "`first` and `last` do not know the order",
        "`first` and `last` sort by a date or timestamp that they return; for other values `by` says the order.",
        bad "vip = build audience from customers where last(amount of orders) > 10\nsave audience vip as \"VIP\"\n",
        good "vip = build audience from customers where last(amount of orders by ordered_at) > 10\nsave audience vip as \"VIP\"\n";
    TOO_DEEP = "E0323", "types.too_deep", Script, "A rule is nested too deeply",
        "Definitions are written out where they are used. A chain of hundreds of definitions that each use the one before makes a rule that nobody can read.",
        bad "", good "";
}
