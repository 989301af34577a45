//! Functions of text.

use super::super::types::Type;
use super::{Accepts, FunctionInfo, Group, ParamInfo, Result, entry, param};

const X: ParamInfo = param("x", Accepts::Text);
const COUNT: ParamInfo = param("count", Accepts::Int);

/// A function that gives a text.
const fn text(
    name: &'static str,
    aliases: &'static [&'static str],
    params: &'static [ParamInfo],
    doc: &'static str,
    example: (&'static str, &'static str),
) -> FunctionInfo {
    entry(Group::Text, name, aliases, params, Result::Type(Type::Text), doc, example)
}

/// A function that gives a whole number.
const fn int(
    name: &'static str,
    aliases: &'static [&'static str],
    params: &'static [ParamInfo],
    doc: &'static str,
    example: (&'static str, &'static str),
) -> FunctionInfo {
    entry(Group::Text, name, aliases, params, Result::Type(Type::Int), doc, example)
}

pub(super) const ENTRIES: &[FunctionInfo] = &[
    text(
        "lower",
        &["lcase", "lowercase", "to_lower", "downcase"],
        &[X],
        "The text in small letters, letter by letter by the rules of Unicode: `İ` becomes `i`, `ß` \
         stays. To compare texts without regard to case, `ignoring case` is shorter.",
        ("lower(\"Émile ZOLA\")", "\"émile zola\""),
    ),
    text(
        "upper",
        &["ucase", "uppercase", "to_upper", "upcase"],
        &[X],
        "The text in capital letters, letter by letter by the rules of Unicode.",
        ("upper(\"Émile\")", "\"ÉMILE\""),
    ),
    text(
        "capitalize",
        &["initcap", "proper", "smart", "title", "title_case"],
        &[X],
        "The first letter of each word a capital, the others small. A word starts after anything \
         that is neither a letter nor a digit.",
        ("capitalize(\"JEAN-pierre o'brien\")", "\"Jean-Pierre O'Brien\""),
    ),
    text(
        "trim",
        &["strip", "btrim"],
        &[X],
        "Without the white space at both ends: spaces, tabs, line ends, no-break and all other \
         Unicode spaces, the zero-width space and the byte order mark. Nothing inside changes.",
        ("trim(\"  a b \")", "\"a b\""),
    ),
    text(
        "trim_start",
        &["ltrim", "lstrip"],
        &[X],
        "Without the white space at the start; what counts as white space, see `trim`.",
        ("trim_start(\"  a b \")", "\"a b \""),
    ),
    text(
        "trim_end",
        &["rtrim", "rstrip"],
        &[X],
        "Without the white space at the end; what counts as white space, see `trim`.",
        ("trim_end(\"  a b \")", "\"  a b\""),
    ),
    text(
        "left",
        &["prefix", "head"],
        &[X, COUNT],
        "The first `count` characters, all of them where there are fewer; none for a count below 1.",
        ("left(\"75011\", 2)", "\"75\""),
    ),
    text(
        "right",
        &["suffix", "tail"],
        &[X, COUNT],
        "The last `count` characters, all of them where there are fewer; none for a count below 1.",
        ("right(\"75011\", 2)", "\"11\""),
    ),
    text(
        "substring",
        &["substr", "mid", "slice"],
        &[X, param("from", Accepts::Int), COUNT.optional()],
        "The characters from position `from` on, the first being 1; at most `count` of them, all \
         when it is left out. A position below 1 is read as 1, a count below 1 gives `\"\"`, and so \
         does a position behind the end.",
        ("substring(\"FR-75011\", 4, 2)", "\"75\""),
    ),
    text(
        "replace",
        &["substitute", "str_replace"],
        &[X, param("part", Accepts::Text), param("with", Accepts::Text)],
        "With every occurrence of `part` replaced. Case counts; an empty `part` replaces nothing. \
         For patterns there is `replace_matches`.",
        ("replace(\"06 12 34\", \" \", \"\")", "\"061234\""),
    ),
    int(
        "length",
        &["len", "char_length", "cardinality", "array_length", "list_length"],
        &[param("x", Accepts::TextOrList)],
        "How many characters (Unicode code points) a text has, or how many elements a list has, \
         missing ones included. 0 for `\"\"` and for the empty list.",
        ("length(\"Zoé\")", "3"),
    ),
    int(
        "position",
        &["instr", "strpos", "find", "charindex", "locate", "index_of"],
        &[X, param("part", Accepts::Text)],
        "The position at which `part` first occurs, the first being 1; 0 where it does not occur. \
         The text comes first. Case counts; an empty `part` is at 1.",
        ("position(\"ann@example.test\", \"@\")", "4"),
    ),
    text(
        "concat",
        &["concatenate", "strcat"],
        &[X],
        "The texts one after another. Missing when one of them is: `join_words` leaves those out. \
         Other types are converted by `text`.",
        ("concat(\"FR\", \"-\", text(75011))", "\"FR-75011\""),
    )
    .variadic(),
    text(
        "join_words",
        &["juxt_words", "juxt_words3", "concat_ws", "text_join"],
        &[X],
        "The texts with one space between them. Missing and blank ones are left out, white space \
         at the ends of each goes. Missing when nothing is left.",
        ("join_words(\"Ann \", missing, \"Lee\")", "\"Ann Lee\""),
    )
    .variadic(),
    text(
        "split_part",
        &["get_line", "line", "split_index", "substring_index"],
        &[X, param("separator", Accepts::Text), param("number", Accepts::Int)],
        "The part with this number between separators, the first being 1, the last -1. Missing \
         where there is no such part. An empty separator splits into characters.",
        ("split_part(\"shoes/women/boots\", \"/\", 2)", "\"women\""),
    ),
    entry(
        Group::Text,
        "split_text",
        &["string_split", "str_split", "string_to_array"],
        &[X, param("separator", Accepts::Text)],
        Result::TextList,
        "All parts between separators, as a list; a text without the separator is the only part. \
         An empty separator splits into characters.",
        ("split_text(\"a,b,,c\", \",\")", "(\"a\", \"b\", \"\", \"c\")"),
    ),
    text(
        "pad_left",
        &["lpad", "pad_start", "zfill"],
        &[X, param("length", Accepts::Int), param("fill", Accepts::Text).optional()],
        "Filled up on the left to this many characters, at most 1,000, with `fill` (a space when \
         left out). Longer texts stay as they are. An empty `fill` gives missing.",
        ("pad_left(\"742\", 5, \"0\")", "\"00742\""),
    ),
    text(
        "pad_right",
        &["rpad", "pad_end"],
        &[X, param("length", Accepts::Int), param("fill", Accepts::Text).optional()],
        "Filled up on the right to this many characters, at most 1,000, with `fill` (a space when \
         left out). Longer texts stay as they are. An empty `fill` gives missing.",
        ("pad_right(\"742\", 5, \"0\")", "\"74200\""),
    ),
    text(
        "repeat",
        &["replicate", "rept"],
        &[X, COUNT],
        "The text `count` times, at most 1,000 times; `\"\"` for a count below 1.",
        ("repeat(\"ab\", 3)", "\"ababab\""),
    ),
    text(
        "reverse",
        &["str_reverse"],
        &[X],
        "The characters in reverse order; accents stay on their letters.",
        ("reverse(\"abc\")", "\"cba\""),
    ),
    text(
        "email_domain",
        &["get_email_domain", "domain"],
        &[X],
        "What stands behind the last `@` of an e-mail address, in small letters and without white \
         space at its ends. Missing without an `@` or with nothing behind it.",
        ("email_domain(\"Ann@Example.TEST\")", "\"example.test\""),
    ),
    text(
        "normalize",
        &["nfc", "nfc_normalize", "unicode_normalize"],
        &[X],
        "Accents in their composed form (Unicode NFC), so that texts that look the same are the \
         same. Case, spaces and everything else stay.",
        ("length(normalize(concat(\"Zoe\", character(776))))", "3"),
    ),
    text(
        "strip_accents",
        &["unaccent", "remove_accents", "deaccent"],
        &[X],
        "Letters without their accents; letters that are no accented ones (`ß`, `Æ`, `ø`) stay.",
        ("strip_accents(\"Zoé Ångström\")", "\"Zoe Angstrom\""),
    ),
    text(
        "digits",
        &["only_digits", "keep_digits"],
        &[X],
        "Only the digits 0 to 9 of the text, `\"\"` when it has none.",
        ("digits(\"+33 (0)6 12-34\")", "\"33061234\""),
    ),
    text(
        "extract",
        &["regexp_extract", "regex_extract", "regexp_substr"],
        &[
            X,
            param("pattern", Accepts::Text).constant(),
            param("group", Accepts::Int).optional().constant(),
        ],
        "The first part of the text that fits a pattern (RE2, as `matches`), or the bracketed \
         group of it with this number. Missing where nothing fits; an unknown group is an error.",
        ("extract(\"order 4711 of May\", \"order (\\d+)\", 1)", "\"4711\""),
    ),
    text(
        "replace_matches",
        &["regexp_replace", "regex_replace"],
        &[X, param("pattern", Accepts::Text).constant(), param("with", Accepts::Text).constant()],
        "With every part that fits a pattern (RE2, as `matches`) replaced; `\\1` in `with` is the \
         first bracketed group, `\\0` the whole part.",
        ("replace_matches(\"06.12-34\", \"[^0-9]\", \"\")", "\"061234\""),
    ),
    int(
        "byte_length",
        &["data_length", "octet_length", "strlen"],
        &[X],
        "How many bytes the text has in UTF-8.",
        ("byte_length(\"Zoé\")", "4"),
    ),
    int(
        "code_point",
        &["ascii", "ord", "unicode"],
        &[X],
        "The Unicode number of the first character. Missing for `\"\"`.",
        ("code_point(\"A\")", "65"),
    ),
    text(
        "character",
        &["chr", "char", "unichar"],
        &[param("code", Accepts::Int)],
        "The character with this Unicode number. Missing where there is none, and for 0.",
        ("character(233)", "\"é\""),
    ),
    int(
        "edit_distance",
        &["levenshtein", "editdist3"],
        &[X, param("y", Accepts::Text)],
        "How many characters have to be added, removed or replaced to get from one text to the \
         other (Levenshtein, counted in bytes of UTF-8: an accented letter counts as two). 0 for \
         equal texts; case counts.",
        ("edit_distance(\"Meyer\", \"Maier\")", "2"),
    ),
    entry(
        Group::Text,
        "similarity",
        &["jaro_winkler", "jaro_winkler_similarity"],
        &[X, param("y", Accepts::Text)],
        Result::Type(Type::Float),
        "How alike two texts are, from 0 (nothing in common) to 1 (equal), by Jaro and Winkler; \
         made for names. Case counts.",
        ("round(similarity(\"Martha\", \"Marhta\"), 2)", "0.96"),
    ),
];
