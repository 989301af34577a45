//! Functions of lists. `length` stands with those of text.

use super::super::types::Type;
use super::{Accepts, FunctionInfo, Group, ParamInfo, Result, entry, param};

const L: ParamInfo = param("list", Accepts::List);

/// A function of lists.
const fn list(
    name: &'static str,
    aliases: &'static [&'static str],
    params: &'static [ParamInfo],
    result: Result,
    doc: &'static str,
    example: (&'static str, &'static str),
) -> FunctionInfo {
    entry(Group::List, name, aliases, params, result, doc, example)
}

pub(super) const ENTRIES: &[FunctionInfo] = &[
    list(
        "element",
        &["list_element", "element_at", "list_extract", "nth", "item"],
        &[L, param("number", Accepts::Int)],
        Result::Element(0),
        "The element with this number, the first being 1, the last -1. Missing where there is none.",
        ("element((\"a\", \"b\", \"c\"), -1)", "\"c\""),
    ),
    list(
        "distinct_count",
        &["list_unique", "approx_count", "count_unique"],
        &[L],
        Result::Type(Type::Int),
        "How many different elements the list has; missing ones do not count. 0 for the empty list.",
        ("distinct_count((\"a\", \"b\", \"a\"))", "2"),
    ),
    list(
        "unique",
        &["list_distinct", "array_distinct", "distinct"],
        &[L],
        Result::Arg(0),
        "Every element once, the lowest first; missing ones go.",
        ("unique((\"b\", \"a\", \"b\"))", "(\"a\", \"b\")"),
    ),
    list(
        "sorted",
        &["sort", "list_sort", "array_sort", "sort_list"],
        &[L],
        Result::Arg(0),
        "The elements from the lowest to the highest, texts by code point, missing ones last.",
        ("sorted((3, 1, 2))", "(1, 2, 3)"),
    ),
    list(
        "common",
        &["list_intersect", "array_intersect", "intersection"],
        &[L, param("other", Accepts::List)],
        Result::Arg(0),
        "The elements that both lists have, each once, the lowest first; missing ones go.",
        ("common((\"a\", \"b\", \"c\"), (\"c\", \"a\"))", "(\"a\", \"c\")"),
    ),
    list(
        "join_list",
        &["array_to_string", "list_to_text", "implode"],
        &[L, param("separator", Accepts::Text)],
        Result::Type(Type::Text),
        "The elements as text, in their order, with the separator between them; missing ones are \
         left out. `\"\"` for the empty list.",
        ("join_list((\"golf\", \"chess\"), \", \")", "\"golf, chess\""),
    ),
];
