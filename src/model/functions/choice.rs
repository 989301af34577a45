//! Functions that choose between values, and deal with missing ones.

use super::{Accepts, FunctionInfo, Group, ParamInfo, Result, entry, param};

const X: ParamInfo = param("x", Accepts::Same);
const Y: ParamInfo = param("y", Accepts::Same);

pub(super) const ENTRIES: &[FunctionInfo] = &[
    entry(
        Group::Choice,
        "coalesce",
        &["ifnull", "nvl", "isnull", "no_null", "zeroifnull", "if_missing"],
        &[X, Y],
        Result::Same,
        "The first of its arguments that is not missing; missing when all are. `0`, `\"\"` and \
         `false` are values; `if_empty` passes over empty texts too.",
        ("coalesce(missing, 0, 5)", "0"),
    )
    .variadic(),
    entry(
        Group::Choice,
        "if_empty",
        &["is_empty_string", "default", "if_blank"],
        &[X, Y],
        Result::Same,
        "`x`, or `y` where `x` is empty: missing, `\"\"`, or the empty list. Blanks are not empty; \
         `if_empty(trim(x), y)` passes over them too.",
        ("if_empty(\"\", \"friend\")", "\"friend\""),
    ),
    entry(
        Group::Choice,
        "null_if",
        &["missing_if", "na_if"],
        &[X, Y],
        Result::Same,
        "Missing where `x` equals `y`, else `x`; for placeholders such as \"n/a\" or 1900-01-01. \
         `x` where `y` is missing.",
        ("null_if(\"n/a\", \"n/a\")", "missing"),
    ),
];
