//! Conversions. Between text and anything else nothing converts but by these.

use super::super::types::Type;
use super::{Accepts, FunctionInfo, Group, Implicit, ParamInfo, Result, entry, param};

const X: ParamInfo = param("x", Accepts::TextNumberBool);
const FORMAT: ParamInfo = param("format", Accepts::Text).optional().constant();

/// A conversion.
const fn conversion(
    name: &'static str,
    aliases: &'static [&'static str],
    params: &'static [ParamInfo],
    result: Result,
    doc: &'static str,
    example: (&'static str, &'static str),
) -> FunctionInfo {
    entry(Group::Conversion, name, aliases, params, result, doc, example)
}

pub(super) const ENTRIES: &[FunctionInfo] = &[
    conversion(
        "text",
        &["to_text", "str", "string", "to_string", "to_char", "varchar", "cstr"],
        &[param("x", Accepts::Any)],
        Result::Type(Type::Text),
        "Anything as text: a decimal with all its decimals, `true` or `false`, a date as \
         `2026-11-24`, a timestamp as `2026-11-24T09:30:00`, one with a time zone in UTC as \
         `2026-11-24T08:30:00Z`. Other forms of dates: `format_date`.",
        ("text(12.50)", "\"12.50\""),
    ),
    conversion(
        "int",
        &["to_int", "to_integer", "to_int64", "integer", "bigint", "cint", "parse_int"],
        &[X],
        Result::Type(Type::Int),
        "A whole number of up to 64 bits. Of a text that is digits with or without a sign, white \
         space around them allowed; any other text, `12.5` and `1,000` included, is missing. Of a \
         number, cut off toward zero (`round` rounds). `true` is 1, `false` 0. Missing where it \
         does not fit.",
        ("int(\" 042 \")", "42"),
    ),
    conversion(
        "decimal",
        &["to_decimal", "numeric", "to_number", "money", "cdec", "val"],
        &[X, param("decimals", Accepts::Int).constant()],
        Result::DecimalScale(1),
        "An exact decimal with this many decimals, 0 to 30; further ones are rounded, halves away \
         from zero. Of a text that is digits with at most one point, with or without a sign, white \
         space around them allowed; any other text, `1,5` included, is missing. `true` is 1, \
         `false` 0. Missing where it has more than 38 digits.",
        ("decimal(\"19.9\", 2)", "19.90"),
    ),
    conversion(
        "float",
        &["to_float", "double", "to_double", "real", "cdbl"],
        &[X],
        Result::Type(Type::Float),
        "A binary floating-point number. Of a text that is a number with a point or an exponent \
         (`1.5e3`), white space around it allowed; any other text is missing. `true` is 1, `false` \
         0. Missing where it is too large.",
        ("float(\"1.5e3\")", "1500.0"),
    ),
    conversion(
        "bool",
        &["to_bool", "boolean", "to_boolean", "cbool"],
        &[X],
        Result::Type(Type::Bool),
        "Of a text: true for `true`, `t`, `yes`, `y`, `on`, `1`, false for `false`, `f`, `no`, \
         `n`, `off`, `0`, whatever their case and white space around them; any other text is \
         missing. Of a number: false for 0, true for all others.",
        ("bool(\"Yes\")", "true"),
    ),
    conversion(
        "date",
        &["to_date", "date_only", "cdate", "parse_date", "date_parse", "date_value", "str_to_date"],
        &[param("x", Accepts::TextOrTime), FORMAT],
        Result::Type(Type::Date),
        "The local day of a timestamp, or of a text. A text without a format is a date or \
         timestamp as `2026-11-24` or `2026-11-24T09:30`; with one, it has exactly that form, white \
         space around it allowed. Any other text and a day that does not exist are missing. The \
         format is for texts only; its letters are listed under \"Date formats\".",
        ("date(\"24/11/2026\", \"DD/MM/YYYY\")", "2026-11-24"),
    )
    .implicit(&[Implicit::Timezone]),
    conversion(
        "timestamp",
        &["to_timestamp", "to_date_time", "datetime", "strptime", "parse_timestamp"],
        &[param("x", Accepts::TextOrTime), FORMAT],
        Result::Type(Type::Timestamp),
        "A local time. Of a date, its midnight. Of a text as `2026-11-24T09:30`, \
         `2026-11-24 09:30:15.5`, or of the given format; one with an offset is turned into local \
         time of the campaign's time zone. Any other text and a time that does not exist are \
         missing. The format is for texts only; its letters are listed under \"Date formats\".",
        ("timestamp(\"24.11.2026 9:30\", \"DD.MM.YYYY H:mm\")", "2026-11-24T09:30:00"),
    )
    .implicit(&[Implicit::Timezone]),
    conversion(
        "instant",
        &["timestamptz", "to_timestamp_tz", "convert_ntz", "to_instant"],
        &[param("x", Accepts::Text), FORMAT],
        Result::Type(Type::Instant),
        "A point in time of a text as `2026-11-24T09:30Z` or `2026-11-24 09:30:15+01:00`, or of \
         the given format. Without an offset it is local time of the campaign's time zone, the \
         later one in a repeated hour. Any other text and a time that does not exist are missing.",
        ("hours_between(instant(\"2026-11-24T08:00Z\"), instant(\"2026-11-24T08:00-05:00\"))", "5"),
    )
    .implicit(&[Implicit::Timezone]),
];
