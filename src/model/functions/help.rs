//! What to say to someone who calls a function by the name it has in SQL, in a spreadsheet or in a
//! marketing cloud.

use crate::diagnostic::suggest;

use super::{aggregates, all};

/// What is no function in Camp but something else: normalized names, and the help.
const CONSTRUCTS: &[(&[&str], &str)] = &[
    (
        &[
            "if", "iif", "ifelse", "ifthen", "case", "when", "decode", "switch", "choose",
            "ifequals",
        ],
        "write `if condition then a else b`",
    ),
    (
        &[
            "addyears",
            "addmonths",
            "adddays",
            "addhours",
            "addminutes",
            "addseconds",
            "dateadd",
            "adddate",
            "dateplus",
            "addweeks",
            "edate",
        ],
        "write `d + 3 days`, with any unit",
    ),
    (
        &[
            "subyears",
            "submonths",
            "subdays",
            "subhours",
            "subminutes",
            "subseconds",
            "subdate",
            "datesubtract",
            "subweeks",
        ],
        "write `d - 3 days`, with any unit",
    ),
    (&["daysago", "daysagoint", "weeksago", "monthsago", "yearsago"], "write `3 days ago`"),
    (&["monthsold", "weeksold"], "write `months_between(d, today)`"),
    (&["curdate", "currentdate", "today"], "write `today`"),
    (
        &["now", "getdate", "getutcdate", "currenttimestamp", "sysdate", "localtimestamp"],
        "write `now`, or `today` for the day",
    ),
    (&["isblank", "ismissing", "isna", "ismemonull"], "write `x is missing`, or `x is empty`"),
    (&["isempty", "isnullorempty"], "write `x is empty`"),
    (
        &["isnotnull", "notnull", "ispresent", "exists", "allnonnull2", "allnonnull3"],
        "write `x is present`",
    ),
    (&["contains", "includes", "memocontains", "search", "strcontains"], "write `x contains y`"),
    (&["startswith", "beginswith"], "write `x starts with y`"),
    (&["endswith"], "write `x ends with y`"),
    (
        &["matches", "regexpmatches", "regexplike", "regexmatch", "regexpfullmatch", "rlike"],
        "write `x matches \"pattern\"`",
    ),
    (&["like", "ilike"], "write `x like \"a%\"`, with `ignoring case` at its end"),
    (&["between"], "write `x between a and b`"),
    (&["inlist", "isanyof"], "write `x in (a, b)`"),
    (
        &["listcontains", "arraycontains", "arrayhas", "hasany", "listhasany"],
        "write `list contains x` or `list contains any of (a, b)`",
    ),
    (&["datecmp", "datecompare", "strcmp", "compare"], "compare with `<`, `=` and `>`"),
    (&["not"], "write `not` before the condition"),
    (
        &["random", "rand", "runif", "newuuid", "uuid", "genrandomuuid", "newid"],
        "use `bucket(\"seed\")`, which stays the same for a row",
    ),
    (
        &["rownum", "rownumber", "rowid", "rank", "denserank", "over", "partitionby", "ntile"],
        "use the activities `deduplicate` or `split`, or `order by … limit`",
    ),
    (
        &["countdistinct", "approxcountdistinct", "distinctcountof"],
        "use `count(distinct x of link)`",
    ),
    (&["countall", "countif", "countifs"], "use `count(link where condition)`"),
    (&["sumif", "sumifs"], "use `sum(column of link where condition)`"),
    (&["averageif", "averageifs"], "use `avg(column of link where condition)`"),
    (
        &["cast", "trycast", "convert"],
        "use `int`, `decimal`, `float`, `date`, `timestamp` or `text`",
    ),
    (&["birthday"], "write `anniversary(d) = today`"),
    (&["quote", "jsonextract", "jsonvalue", "getpath"], "write the path, `attrs.plan`"),
];

/// One action for a name that is no function: the function that other tools call so, the words of
/// Camp for it, or the nearest name there is.
pub fn help_for(written: &str) -> Option<String> {
    let name = normalized(written);
    if let Some(function) = all().iter().find(|f| normalized(f.name) == name) {
        return Some(format!("did you mean `{}`?", function.name));
    }
    if let Some(function) =
        all().iter().find(|f| f.aliases.iter().any(|alias| normalized(alias) == name))
    {
        return Some(format!("use `{}`", function.signature()));
    }
    if let Some(aggregate) = aggregates()
        .iter()
        .find(|a| normalized(a.name) == name || a.aliases.iter().any(|b| normalized(b) == name))
    {
        return Some(format!("use `{}`", aggregate.signature));
    }
    if let Some(help) = construct_for(written) {
        return Some(help.to_owned());
    }
    suggest::unknown_name(written, "functions", names()).filter(|help| help.starts_with("did"))
}

/// The help for what is a function in other languages, and here another construct.
pub fn construct_for(written: &str) -> Option<&'static str> {
    let name = normalized(written);
    let found = CONSTRUCTS.iter().find(|(names, _)| names.contains(&name.as_str()));
    found.map(|(_, help)| *help)
}

/// The names of all functions and aggregates.
fn names() -> impl Iterator<Item = &'static str> + Clone {
    all().iter().map(|f| f.name).chain(aggregates().iter().map(|a| a.name))
}

/// Small letters without underscores, so that `DaysDiff` and `days_diff` are one name.
fn normalized(name: &str) -> String {
    name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_tools_are_answered_with_what_camp_has() {
        for (written, help) in [
            ("len", "use `length(x)`"),
            ("SUBSTR", "use `substring(x, from, [count])`"),
            ("DaysDiff", "use `days_between(from, to)`"),
            ("YearsOld", "use `age(d)`"),
            ("ToInteger", "use `int(x)`"),
            ("nvl", "use `coalesce(x, y, …)`"),
            ("Iif", "write `if condition then a else b`"),
            ("AddMonths", "write `d + 3 days`, with any unit"),
            ("GetDate", "write `now`, or `today` for the day"),
            ("Lower", "did you mean `lower`?"),
            ("lowr", "did you mean `lower`?"),
            ("CountDistinct", "use `count(distinct x of link)`"),
            ("GetEmailDomain", "use `email_domain(x)`"),
            ("NewUUID", "use `bucket(\"seed\")`, which stays the same for a row"),
        ] {
            assert_eq!(help_for(written).as_deref(), Some(help), "{written}");
        }
        assert_eq!(help_for("frobnicate_everything"), None);
    }

    #[test]
    fn a_name_of_another_tool_leads_to_one_answer() {
        let mut seen: Vec<(String, &str)> = Vec::new();
        for f in all() {
            seen.push((normalized(f.name), f.name));
            seen.extend(f.aliases.iter().map(|a| (normalized(a), f.name)));
        }
        for a in aggregates() {
            seen.push((normalized(a.name), a.name));
            seen.extend(a.aliases.iter().map(|b| (normalized(b), a.name)));
        }
        for (names, help) in CONSTRUCTS {
            seen.extend(names.iter().map(|n| (normalized(n), *help)));
        }
        seen.sort();
        for pair in seen.windows(2) {
            assert!(pair[0].0 != pair[1].0, "{pair:?}");
        }
    }
}
