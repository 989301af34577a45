//! Functions of numbers.

use super::super::types::Type;
use super::{Accepts, FunctionInfo, Group, ParamInfo, Result, entry, param};

const X: ParamInfo = param("x", Accepts::Number);
const DECIMALS: ParamInfo = param("decimals", Accepts::Int).optional().constant();

/// A function of numbers.
const fn number(
    name: &'static str,
    aliases: &'static [&'static str],
    params: &'static [ParamInfo],
    result: Result,
    doc: &'static str,
    example: (&'static str, &'static str),
) -> FunctionInfo {
    entry(Group::Number, name, aliases, params, result, doc, example)
}

pub(super) const ENTRIES: &[FunctionInfo] = &[
    number(
        "abs",
        &["absolute"],
        &[X],
        Result::Arg(0),
        "The number without its sign.",
        ("abs(-2.50)", "2.50"),
    ),
    number(
        "sign",
        &["signum", "sgn"],
        &[X],
        Result::Type(Type::Int),
        "-1, 0 or 1: whether the number is below, at or above zero.",
        ("sign(-2.5)", "-1"),
    ),
    number(
        "round",
        &[],
        &[X, DECIMALS],
        Result::Rounded(1),
        "Rounded to this many decimals, to whole numbers when left out, to tens with -1. Halves go \
         away from zero. Exact for ints and decimals. A float is rounded as the binary number it \
         is, which may lie just below the half that it is written as: \
         `round(decimal(x, 6), 2)` rounds what is written.",
        ("round(-2.675, 2)", "-2.68"),
    ),
    number(
        "ceil",
        &["ceiling", "round_up"],
        &[X],
        Result::Rounded(1),
        "The lowest whole number that is not below `x`: -2 for -2.5.",
        ("ceil(2.1)", "3"),
    ),
    number(
        "floor",
        &["round_down"],
        &[X],
        Result::Rounded(1),
        "The highest whole number that is not above `x`: -3 for -2.5.",
        ("floor(-2.5)", "-3"),
    ),
    number(
        "trunc",
        &["truncate", "fix"],
        &[X, DECIMALS],
        Result::Rounded(1),
        "Cut off behind this many decimals, toward zero; to a whole number when left out. Exact \
         for ints and decimals.",
        ("trunc(-2.678, 1)", "-2.6"),
    ),
    number(
        "mod",
        &["modulo", "modulus", "remainder"],
        &[X, param("by", Accepts::Number)],
        Result::Numbers,
        "What is left of `x` after whole divisions by `by`, with the sign of `x`: -1 for \
         `mod(-7, 3)`. Missing when `by` is 0.",
        ("mod(17, 5)", "2"),
    ),
    number(
        "greatest",
        &["max_of", "larger", "latest", "newest"],
        &[param("x", Accepts::Same), param("y", Accepts::Same)],
        Result::Same,
        "The highest of its arguments: numbers, dates, or texts by code point. Missing when one of \
         them is missing; `coalesce` gives those a value.",
        ("greatest(3, 10, 7)", "10"),
    )
    .variadic(),
    number(
        "least",
        &["min_of", "smaller", "oldest", "earliest"],
        &[param("x", Accepts::Same), param("y", Accepts::Same)],
        Result::Same,
        "The lowest of its arguments: numbers, dates, or texts by code point. Missing when one of \
         them is missing; `coalesce` gives those a value.",
        ("least(2026-05-01, 2025-12-31)", "2025-12-31"),
    )
    .variadic(),
    number(
        "percent",
        &["percentage", "pct"],
        &[param("part", Accepts::Number), param("whole", Accepts::Number)],
        Result::Type(Type::Float),
        "How many percent `part` is of `whole`, a float: 25.0 for a quarter. Missing when `whole` \
         is 0. As a share, between 0 and 1, `part / whole` compares with `25%`.",
        ("percent(1, 4)", "25.0"),
    ),
    number(
        "power",
        &["pow", "exponent"],
        &[X, param("exponent", Accepts::Number)],
        Result::Type(Type::Float),
        "`x` to the power of `exponent`, a float. Missing where that is no real number or too large \
         for a float.",
        ("power(2, 10)", "1024.0"),
    ),
    number(
        "sqrt",
        &["square_root"],
        &[X],
        Result::Type(Type::Float),
        "The square root, a float. Missing for a number below zero.",
        ("sqrt(6.25)", "2.5"),
    ),
    number(
        "exp",
        &[],
        &[X],
        Result::Type(Type::Float),
        "e to the power of `x`, a float. Missing where that is too large for a float.",
        ("exp(0)", "1.0"),
    ),
    number(
        "ln",
        &["log", "loge"],
        &[X],
        Result::Type(Type::Float),
        "The natural logarithm, a float. Missing for zero and below.",
        ("ln(1)", "0.0"),
    ),
    number(
        "log10",
        &["lg"],
        &[X],
        Result::Type(Type::Float),
        "The logarithm to base 10, a float. Missing for zero and below.",
        ("log10(1000)", "3.0"),
    ),
];
