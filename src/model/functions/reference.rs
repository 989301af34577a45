//! The reference of functions, as Markdown for `docs/functions.md` and as text for the terminal.

use super::{AggregateInfo, FunctionInfo, Group, Implicit, aggregates, all, find, help_for};

/// The aggregates over linked rows.
pub(super) const AGGREGATES: &[AggregateInfo] = &[
    AggregateInfo {
        name: "count",
        signature: "count(link)",
        doc: "How many linked rows there are; `count(x of link)` those where `x` is not missing, \
              `count(distinct x of link)` the different values of `x`. 0 over nothing.",
        aliases: &["counta"],
    },
    AggregateInfo {
        name: "sum",
        signature: "sum(x of link)",
        doc: "The sum. Ints and decimals stay exact. 0 over nothing.",
        aliases: &["total"],
    },
    AggregateInfo {
        name: "avg",
        signature: "avg(x of link)",
        doc: "The mean of the values that are not missing. Missing over nothing.",
        aliases: &["average", "mean"],
    },
    AggregateInfo {
        name: "min",
        signature: "min(x of link)",
        doc: "The lowest value: number, date or text. Missing over nothing. Of several values of \
              one row it is `least(x, y)`.",
        aliases: &["minimum"],
    },
    AggregateInfo {
        name: "max",
        signature: "max(x of link)",
        doc: "The highest value: number, date or text. Missing over nothing. Of several values of \
              one row it is `greatest(x, y)`.",
        aliases: &["maximum"],
    },
    AggregateInfo {
        name: "median",
        signature: "median(x of link)",
        doc: "The middle value, the mean of the two middle ones for an even count. Missing over \
              nothing.",
        aliases: &["percentile"],
    },
    AggregateInfo {
        name: "stddev",
        signature: "stddev(x of link)",
        doc: "The standard deviation of a sample. Missing for fewer than two values.",
        aliases: &["stdev", "stddev_samp"],
    },
    AggregateInfo {
        name: "first",
        signature: "first(x of link by key)",
        doc: "The value of the row with the lowest sort key; where `x` is a date or a timestamp, \
              `by` may be left out. Rows without a sort key are left out; ties go to the highest \
              linked key. Missing over nothing.",
        aliases: &["first_value", "arg_min", "min_by"],
    },
    AggregateInfo {
        name: "last",
        signature: "last(x of link by key)",
        doc: "The value of the row with the highest sort key, else as `first`.",
        aliases: &["last_value", "arg_max", "max_by", "most_recent"],
    },
    AggregateInfo {
        name: "join",
        signature: "join(x of link, \", \")",
        doc: "The values as one text, ordered by value, with the separator between them. Missing \
              over nothing.",
        aliases: &["string_agg", "group_concat", "list_agg", "array_agg"],
    },
];

/// The command that writes `docs/functions.md` anew.
const REGENERATE: &str = "CAMP_BLESS=1 cargo test --lib functions_reference";

impl Group {
    /// Its heading.
    pub fn title(self) -> &'static str {
        match self {
            Group::Text => "Text",
            Group::Number => "Numbers",
            Group::Time => "Dates and times",
            Group::List => "Lists",
            Group::Conversion => "Conversions",
            Group::Choice => "Choice and missing values",
            Group::Hash => "Hashes and buckets",
            Group::Geo => "Places",
        }
    }

    fn introduction(self) -> &'static str {
        match self {
            Group::Text => {
                "Positions and lengths count characters (Unicode code points), from 1. Tests of a \
                 text are operators: `contains`, `starts with`, `ends with`, `like`, `matches`, \
                 `is empty`."
            }
            Group::Number => {
                "Whole numbers and decimals are exact, floats are binary. Division by zero, what is \
                 no number and what is too large for a float are missing. More than an exact type \
                 holds is an error."
            }
            Group::Time => {
                "A timestamp with a time zone is taken at local time of the campaign's zone, except \
                 where passed time is measured. Moving a date is arithmetic (`d + 3 days`), and \
                 windows are operators (`in last 30 days`)."
            }
            Group::List => {
                "`length` is among the functions of text. Tests are operators: \
                 `contains`, `contains any of`, `contains every of`, `is empty`."
            }
            Group::Conversion => {
                "Nothing converts between text and other types but by these. What cannot be read is \
                 missing, never guessed and never an error: `x is present and int(x) is missing` \
                 finds it."
            }
            Group::Choice => "`if c then a else b` chooses by a condition.",
            Group::Hash => "",
            Group::Geo => "",
        }
    }
}

const GROUPS: [Group; 8] = [
    Group::Text,
    Group::Number,
    Group::Time,
    Group::List,
    Group::Conversion,
    Group::Choice,
    Group::Hash,
    Group::Geo,
];

const DATE_FORMATS: &str = "\
| letters | part |
|---|---|
| `YYYY` `YY` | year; two digits are 1969 to 2068 |
| `MMMM` `MMM` `MM` `M` | month: English name, its first three letters, `07`, `7` |
| `DD` `D` | day of the month: `04`, `4` |
| `dddd` `ddd` | day of the week: English name, its first three letters; not checked when read |
| `HH` `H` | hour, 0 to 23 |
| `hh` `h` with `A` | hour, 1 to 12, with `AM` or `PM` |
| `mm` `ss` | minute, second |
| `SSS` `SSSSSS` | milliseconds, microseconds |
| `Z` | offset from UTC: `+01:00`, `+0100`, `+01` |

All else stands for itself, and so do a `T` and text in square brackets: `YYYY-MM-DDTHH:mm[Z]`. When \
a text is read, it has to have as many digits as there are letters; `D`, `M`, `H` and `h` take one or \
two.
";

/// What a function takes and gives, in one line.
fn types(function: &FunctionInfo) -> String {
    let params: Vec<String> = function
        .params
        .iter()
        .map(|p| {
            let constant = if p.constant { ", a constant" } else { "" };
            format!("`{}`: {}{constant}", p.name, p.accepts.describe())
        })
        .collect();
    let result = match &function.result {
        super::Result::Type(ty) => ty.to_string(),
        super::Result::Same => "the type they widen to".to_owned(),
        super::Result::Numbers => "the number type they widen to".to_owned(),
        super::Result::Arg(index) => named_type(function, *index, "the type of"),
        super::Result::Element(index) => named_type(function, *index, "an element of"),
        super::Result::Rounded(_) => "int and decimal stay exact, float stays float".to_owned(),
        super::Result::DecimalScale(index) => {
            named_type(function, *index, "decimal(38, n), n being")
        }
        super::Result::TextList => "list of text".to_owned(),
    };
    let separator = if params.is_empty() { "" } else { " " };
    format!("{}{separator}→ {result}", params.join("; "))
}

fn named_type(function: &FunctionInfo, index: usize, words: &str) -> String {
    let name = function.param(index).map_or("", |p| p.name);
    format!("{words} `{name}`")
}

fn implicit(function: &FunctionInfo) -> Option<&'static str> {
    let reads = |i: Implicit| function.implicit.contains(&i);
    if reads(Implicit::RowKey) {
        Some("Reads the row's key.")
    } else if reads(Implicit::Today) {
        Some("Reads the run's day.")
    } else {
        None
    }
}

/// The whole reference, as `docs/functions.md` holds it.
pub fn reference_markdown() -> String {
    let mut out = format!(
        "# Functions\n\n<!-- Made from the function catalogue by `{REGENERATE}`: change \
         src/model/functions/ instead. -->\n\nWhere an entry does not say otherwise, a missing \
         argument gives a missing result. Arguments in brackets may be left out; `…` means that the \
         last one may be repeated. Every example is run by the tests, at 2026-11-24T09:30 in \
         Europe/Paris, for a row with the key 42. *Elsewhere* lists what other tools call it; Camp answers those \
         names with its own.\n\n"
    );
    for group in GROUPS {
        out.push_str(&format!("* [{}](#{})", group.title(), anchor(group.title())));
        let names: Vec<String> =
            all().iter().filter(|f| f.group == group).map(|f| format!("`{}`", f.name)).collect();
        out.push_str(&format!(": {}\n", names.join(", ")));
    }
    let names: Vec<String> = aggregates().iter().map(|a| format!("`{}`", a.name)).collect();
    out.push_str(&format!("* [Aggregates](#aggregates): {}\n", names.join(", ")));
    out.push_str("* [Date formats](#date-formats)\n");
    for group in GROUPS {
        out.push_str(&format!("\n## {}\n", group.title()));
        if !group.introduction().is_empty() {
            out.push_str(&format!("\n{}\n", group.introduction()));
        }
        for function in all().iter().filter(|f| f.group == group) {
            let (example, value) = function.example;
            out.push_str(&format!("\n### {}\n\n", function.name));
            out.push_str(&format!("`{}`", function.signature()));
            out.push_str(&format!(" — {}\n\n{}", types(function), function.doc));
            if let Some(note) = implicit(function) {
                out.push_str(&format!(" {note}"));
            }
            out.push_str(&format!("\n\nExample: `{example}` gives `{value}`"));
            if !function.aliases.is_empty() {
                out.push_str(&format!("  \n*Elsewhere*: {}", function.aliases.join(", ")));
            }
            out.push('\n');
        }
    }
    out.push_str(
        "\n## Aggregates\n\nThey stand over the rows of a to-many link, `count(orders where …)`, and \
         skip missing values. A `where` inside the brackets reaches to the closing one.\n",
    );
    for aggregate in aggregates() {
        out.push_str(&format!(
            "\n### {}\n\n`{}`\n\n{}\n",
            aggregate.name, aggregate.signature, aggregate.doc
        ));
    }
    out.push_str(&format!("\n## Date formats\n\n{DATE_FORMATS}"));
    out
}

fn anchor(title: &str) -> String {
    title.to_lowercase().replace(' ', "-")
}

/// The reference for the terminal: without a name a line for each function, with the name of a
/// function or an aggregate all of its entry, with a group's title its functions, with `formats`
/// the letters of date formats. `Err` holds the help for a name that does not exist.
pub fn reference_text(name: Option<&str>) -> Result<String, Option<String>> {
    let Some(name) = name else {
        let mut out = String::new();
        for group in GROUPS {
            out.push_str(&lines_of(group));
            out.push('\n');
        }
        out.push_str(&aggregate_lines());
        return Ok(out);
    };
    let folded = name.to_lowercase();
    if let Some(function) = find(&folded) {
        return Ok(function_text(function.0));
    }
    if let Some(aggregate) = aggregates().iter().find(|a| a.name == folded) {
        return Ok(format!("{}\n\n{}\n", aggregate.signature, wrapped(aggregate.doc)));
    }
    if let Some(group) = GROUPS.into_iter().find(|g| {
        let title = g.title().to_lowercase();
        title == folded || title.split(' ').next() == Some(&folded)
    }) {
        return Ok(lines_of(group));
    }
    match folded.as_str() {
        "aggregates" => Ok(aggregate_lines()),
        "formats" | "date formats" => Ok(DATE_FORMATS.to_owned()),
        _ => Err(help_for(name)),
    }
}

fn lines_of(group: Group) -> String {
    let mut out = format!("{}\n", group.title());
    for function in all().iter().filter(|f| f.group == group) {
        out.push_str(&line(&function.signature(), function.doc));
    }
    out
}

fn aggregate_lines() -> String {
    let mut out = "Aggregates\n".to_owned();
    for aggregate in aggregates() {
        out.push_str(&line(aggregate.signature, aggregate.doc));
    }
    out
}

/// A signature and the first sentence or clause of its description.
fn line(signature: &str, doc: &str) -> String {
    let end = [". ", ": ", "; "].iter().filter_map(|mark| doc.find(mark)).min();
    let brief = &doc[..end.unwrap_or(doc.len())];
    format!("  {signature:<38} {}\n", brief.trim_end_matches('.'))
}

fn function_text(function: &FunctionInfo) -> String {
    let (example, value) = function.example;
    let mut doc = function.doc.to_owned();
    if let Some(note) = implicit(function) {
        doc.push(' ');
        doc.push_str(note);
    }
    let mut out = format!("{}\n  {}\n\n{}\n", function.signature(), types(function), wrapped(&doc));
    out.push_str(&format!("\n  {example}    # {value}\n"));
    if !function.aliases.is_empty() {
        out.push_str(&format!("\nElsewhere: {}\n", function.aliases.join(", ")));
    }
    out
}

/// Lines of at most 80 characters.
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let mut width = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > 80 {
            out.push('\n');
            width = 0;
        } else if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_reference_is_up_to_date() {
        crate::generated::assert_up_to_date("docs/functions.md", &reference_markdown(), REGENERATE);
    }

    #[test]
    fn the_terminal_gives_an_entry_a_group_or_a_hint() {
        let entry = reference_text(Some("Round")).unwrap();
        assert!(entry.starts_with("round(x, [decimals])\n"), "{entry}");
        assert!(entry.contains("round(-2.675, 2)    # -2.68"), "{entry}");
        assert!(reference_text(Some("numbers")).unwrap().contains("  abs(x)"));
        assert!(reference_text(Some("dates")).unwrap().contains("  age(d)"));
        assert!(reference_text(Some("sum")).unwrap().contains("0 over nothing"));
        assert!(reference_text(Some("formats")).unwrap().contains("YYYY"));
        assert_eq!(reference_text(Some("substr")), Err(help_for("substr")));
        let everything = reference_text(None).unwrap();
        for function in all() {
            assert!(everything.contains(&function.signature()), "{}", function.name);
        }
    }

    #[test]
    fn every_entry_has_a_signature_a_sentence_and_an_example_of_itself() {
        for f in all() {
            assert!(f.doc.ends_with('.') && !f.doc.contains("  "), "{}", f.name);
            assert!(f.example.0.contains(&format!("{}(", f.name)), "{}", f.name);
            let optional = f.params.iter().skip_while(|p| !p.optional);
            assert!(optional.clone().all(|p| p.optional), "{}: optional ones come last", f.name);
        }
    }
}
