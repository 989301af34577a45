//! What could be typed next: the grammar says which kinds of things, the scope which ones there
//! are.

use crate::activity::Spec;
use crate::model::functions;
use crate::repl::scope::{Named, Scope};
use crate::syntax::entry::{Wanted, wanted_behind};
use crate::syntax::is_reserved;

/// Everything that completion knows.
#[derive(Default)]
pub(crate) struct Known {
    /// What has a name.
    pub scope: Scope,
    /// Definitions: the name, what it is of, whether it takes arguments.
    pub definitions: Vec<(String, Option<String>, bool)>,
    /// Parameters and constants.
    pub values: Vec<String>,
    /// The activities that can be used.
    pub activities: Vec<Spec>,
    /// The plugins that `use` can name.
    pub plugins: Vec<String>,
    /// The dimension that was spoken of last.
    pub in_play: Option<String>,
    /// The commands of the prompt.
    pub commands: Vec<&'static str>,
}

/// Words that a condition or a value may begin with.
const BEGINNINGS: [&str; 18] = [
    "any",
    "at least",
    "at most",
    "entered",
    "every",
    "exactly",
    "false",
    "fewer than",
    "if",
    "in audience",
    "left",
    "missing",
    "more than",
    "no",
    "not",
    "now",
    "today",
    "true",
];

/// Words that a comparison may go on with.
const COMPARISONS: [&str; 14] = [
    "after",
    "before",
    "between",
    "contains",
    "ends with",
    "in",
    "is empty",
    "is missing",
    "is present",
    "like",
    "matches",
    "not",
    "starts with",
    "within",
];

/// Where the word that is typed begins, and what it could become.
pub(crate) fn complete(text: &str, known: &Known) -> (usize, Vec<String>) {
    if let Some(start) = open_quote(text) {
        return quoted(text, start, known);
    }
    let start = text
        .char_indices()
        .rev()
        .take_while(|(_, c)| c.is_alphanumeric() || *c == '_' || *c == '`')
        .last()
        .map_or(text.len(), |(at, _)| at);
    let (before, typed) = text.split_at(start);
    let mut found = if let Some(command) = before.trim_start().strip_prefix(':') {
        return (start, command_words(command, typed, known));
    } else if before.ends_with('.') {
        members(before, known)
    } else {
        named(before, typed, known)
    };
    let folded = typed.trim_matches('`').to_lowercase();
    found.retain(|name| name.trim_matches('`').to_lowercase().starts_with(&folded));
    found.sort_by_key(|name| name.to_lowercase());
    found.dedup();
    (start, found)
}

/// The byte behind the quote of a text that is not closed yet.
fn open_quote(text: &str) -> Option<usize> {
    let line = text.rfind('\n').map_or(0, |at| at + 1);
    let mut open: Option<(char, usize)> = None;
    for (at, c) in text[line..].char_indices() {
        match open {
            None if c == '#' => return None,
            None if matches!(c, '"' | '\'' | '`') => open = Some((c, line + at + 1)),
            Some((quote, _)) if c == quote => open = None,
            _ => {}
        }
    }
    open.filter(|(quote, _)| *quote != '`').map(|(_, at)| at)
}

/// A label, or a path where a file stands.
fn quoted(text: &str, start: usize, known: &Known) -> (usize, Vec<String>) {
    let quote = &text[start - 1..start];
    let before = text[..start - 1].trim_end();
    let word = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
    let typed = &text[start..];
    if matches!(word, "audience" | "as" | "size") || before.ends_with('(') {
        let folded = typed.to_lowercase();
        let labels = known.scope.audiences.iter();
        let labels = labels.filter(|label| label.to_lowercase().starts_with(&folded));
        return (start, labels.map(|label| format!("{}{quote}", doubled(label, quote))).collect());
    }
    if !matches!(word, "import" | "to") && !before.ends_with('=') {
        return (start, Vec::new());
    }
    (
        start,
        files(typed)
            .into_iter()
            .map(|(path, folder)| if folder { path } else { path + quote })
            .collect(),
    )
}

fn doubled(label: &str, quote: &str) -> String {
    label.replace(quote, &quote.repeat(2))
}

/// The files and folders that a path could become.
pub(crate) fn files(typed: &str) -> Vec<(String, bool)> {
    let at = typed.rfind('/').map_or(0, |at| at + 1);
    let (folder, start) = typed.split_at(at);
    let place = if folder.is_empty() { "." } else { folder };
    let Ok(entries) = std::fs::read_dir(place) else { return Vec::new() };
    let mut found: Vec<(String, bool)> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            let hidden = name.starts_with('.') && !start.starts_with('.');
            if hidden || !name.starts_with(start) {
                return None;
            }
            let is_folder = entry.path().is_dir();
            let mark = if is_folder { "/" } else { "" };
            Some((format!("{folder}{name}{mark}"), is_folder))
        })
        .collect();
    found.sort();
    found
}

/// What a command of the prompt takes.
fn command_words(before: &str, typed: &str, known: &Known) -> Vec<String> {
    let mut words: Vec<String> = match before.split_whitespace().next() {
        None => known.commands.iter().map(|c| (*c).to_owned()).collect(),
        Some("schema" | "why") => {
            let scope = &known.scope;
            let names = scope.dimensions.iter().chain(&scope.populations);
            names.map(|n| n.name.clone()).collect()
        }
        Some("help") => {
            let functions = functions::all().iter().map(|f| f.name.to_owned());
            functions.chain(known.activities.iter().map(|a| a.name.clone())).collect()
        }
        Some("load" | "save") => files(typed).into_iter().map(|(path, _)| path).collect(),
        _ => Vec::new(),
    };
    words.retain(|word| word.starts_with(typed));
    words
}

/// What stands behind the point of a path.
fn members(before: &str, known: &Known) -> Vec<String> {
    let path = before.trim_end_matches('.');
    let start = path
        .char_indices()
        .rev()
        .take_while(|(_, c)| c.is_alphanumeric() || "_`.".contains(*c))
        .last()
        .map_or(path.len(), |(at, _)| at);
    let mut parts = path[start..].split('.').map(|part| part.trim_matches('`'));
    let Some(first) = parts.next() else { return Vec::new() };
    let scope = &known.scope;
    let linked = |of: &Named, name: &str| {
        let link = of.links.iter().find(|l| l.name == name)?;
        scope.dimension(&link.to)
    };
    let mut at = scope.rows_of(first);
    let mut carried: &[(String, String)] = &[];
    match scope.population(first) {
        Some(population) => carried = &population.columns,
        None if at.is_none() => {
            let rows = rows_in_play(&path[..start], known);
            at = rows.iter().find_map(|of| linked(of, first));
        }
        None => {}
    }
    for part in parts {
        carried = &[];
        at = at.and_then(|of| linked(of, part));
    }
    let mut names: Vec<String> = carried.iter().map(|(name, _)| written(name)).collect();
    if let Some(of) = at {
        names.extend(row_names(of, known));
    }
    names
}

/// Columns, links and definitions of a dimension's rows.
fn row_names(of: &Named, known: &Known) -> Vec<String> {
    let columns = of.columns.iter().map(|(name, _)| written(name));
    let links = of.links.iter().map(|l| written(&l.name));
    let definitions = known.definitions.iter().filter(|(_, on, _)| on.as_ref() == Some(&of.name));
    columns.chain(links).chain(definitions.map(|d| written(&d.0))).collect()
}

/// The dimensions whose rows an entry speaks of so far: that behind the last `from` or `on`, and
/// those behind links that it names; else the one that was spoken of last.
fn rows_in_play<'k>(before: &str, known: &'k Known) -> Vec<&'k Named> {
    let words = crate::syntax::entry::words(before);
    let scope = &known.scope;
    let behind = |n: usize| matches!(words[n - 1].as_str(), "from" | "on");
    let named = (1..words.len()).filter(|&n| behind(n));
    let named = named.filter_map(|n| scope.rows_of(&words[n])).next_back();
    let any = || words.iter().rev().find_map(|word| scope.rows_of(word));
    let in_play = || known.in_play.as_deref().and_then(|name| scope.rows_of(name));
    let only = || match scope.dimensions.as_slice() {
        [one] => Some(one),
        _ => None,
    };
    let Some(first) = named.or_else(any).or_else(in_play).or_else(only) else { return Vec::new() };
    let mut rows = vec![first];
    for word in &words {
        let found = rows.iter().find_map(|of| {
            let link = of.links.iter().find(|l| l.name == *word)?;
            scope.dimension(&link.to)
        });
        rows.extend(found.filter(|found| !rows.iter().any(|of| of.name == found.name)));
    }
    rows
}

/// The columns that the population of a clause carries.
fn carried_in_play(before: &str, known: &Known) -> Vec<String> {
    let words = crate::syntax::entry::words(before);
    let population = words.iter().rev().find_map(|word| known.scope.population(word));
    let columns = population.into_iter().flat_map(|p| &p.columns);
    columns.map(|(name, _)| written(name)).collect()
}

/// Words of the language and names, as the grammar asks for them.
fn named(before: &str, typed: &str, known: &Known) -> Vec<String> {
    let wanted = wanted_behind(before);
    let mut found: Vec<String> = Vec::new();
    let words = crate::syntax::entry::words(before);
    let last = words.last().map_or("", String::as_str);
    let scope = &known.scope;
    let dimensions = || scope.dimensions.iter().map(|d| written(&d.name));
    let populations = || scope.populations.iter().map(|p| written(&p.name));
    found.extend(wanted.words.iter().map(|w| (*w).to_owned()));
    let Wanted { value, name, activity, comparison, set, .. } = wanted;
    if comparison {
        found.extend(COMPARISONS.map(str::to_owned));
    }
    if set {
        found.push("audience".into());
        found.extend(populations());
    }
    let statement_start = before.trim().is_empty();
    if activity || (name && before.trim_end().ends_with('=')) {
        let plugins = known.activities.iter().filter(|a| a.plugin.is_some());
        found.extend(plugins.map(|a| a.name.clone()));
    }
    if value {
        // Without a letter of it, nobody looks for one of a hundred functions.
        if !typed.is_empty() {
            found.extend(BEGINNINGS.map(str::to_owned));
            found.extend(functions::all().iter().map(|f| format!("{}(", f.name)));
            found.extend(
                ["count(", "sum(", "avg(", "min(", "max(", "first(", "last("].map(str::to_owned),
            );
        }
        found.extend(known.values.iter().map(|v| written(v)));
        for of in rows_in_play(before, known) {
            found.extend(row_names(of, known));
            found.push(written(&of.name));
        }
        found.extend(carried_in_play(before, known));
        if statement_start || before.ends_with('(') || last == "expect" {
            found.extend(dimensions().chain(populations()));
        }
    }
    if name {
        match last {
            "use" => found.extend(known.plugins.iter().cloned()),
            "on" | "link" => found.extend(dimensions()),
            "audience" => found.extend(populations()),
            "from" => {
                found.extend(dimensions().chain(populations()));
            }
            "with" => found.extend(options(&words, known)),
            _ if before.trim_end().ends_with(',') && words.iter().any(|w| w == "with") => {
                found.extend(options(&words, known));
            }
            "key" => {
                for of in rows_in_play(before, known) {
                    found.extend(of.columns.iter().map(|(name, _)| written(name)));
                }
            }
            _ if words.first().is_some_and(|w| w == "dimension") => {
                found.extend(scope.tables.iter().map(|t| written(t)));
            }
            _ => found.extend(populations()),
        }
    }
    found
}

/// The options of the activity that an entry calls, from the form in its reference.
fn options(words: &[String], known: &Known) -> Vec<String> {
    let called = known.activities.iter().rev().find(|a| words.contains(&a.name));
    let Some((_, form)) = called.and_then(|a| a.syntax.split_once(" with ")) else {
        return Vec::new();
    };
    form.split(',')
        .filter_map(|part| {
            let (name, _) = part.trim_matches([' ', '[', ']']).split_once(':')?;
            let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
            (plain && !words.iter().any(|w| w == name)).then(|| format!("{name}: "))
        })
        .collect()
}

/// A name as a script writes it.
fn written(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && name.chars().next().is_some_and(|c| !c.is_ascii_digit());
    if plain && !is_reserved(name) { name.to_owned() } else { format!("`{name}`") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repl::scope::Link;

    fn known() -> Known {
        let columns = |names: &[&str]| -> Vec<(String, String)> {
            names.iter().map(|n| ((*n).to_owned(), "text".to_owned())).collect()
        };
        let link = |name: &str, to: &str, to_one| Link { name: name.into(), to: to.into(), to_one };
        let customers = Named {
            name: "customers".into(),
            columns: columns(&["customer_id", "country", "consent", "first name"]),
            links: vec![link("orders", "orders", false)],
            ..Named::default()
        };
        let orders = Named {
            name: "orders".into(),
            columns: columns(&["order_id", "amount"]),
            links: vec![link("customer", "customers", true)],
            ..Named::default()
        };
        let french = Named {
            name: "french".into(),
            dimension: Some("customers".into()),
            columns: columns(&["email"]),
            ..Named::default()
        };
        let spec = Spec {
            name: "deduplicate".into(),
            summary: String::new(),
            syntax: "KEPT, [REST] = deduplicate IN with by: expression, [keep: whole number], [order: sort key]".into(),
            doc: String::new(),
            outputs: 1..=2,
            example: String::new(),
            plugin: Some("deduplicate".into()),
        };
        Known {
            scope: Scope {
                dimensions: vec![customers, orders],
                populations: vec![french],
                tables: vec!["crm_people".into()],
                audiences: vec!["French newsletter".into(), "VIP".into()],
            },
            definitions: vec![("lifetime_value".into(), Some("customers".into()), false)],
            values: vec!["minimum".into()],
            activities: vec![spec],
            plugins: vec!["split".into(), "sample".into()],
            in_play: None,
            commands: vec!["help", "plan", "save"],
        }
    }

    fn after(text: &str) -> Vec<String> {
        complete(text, &known()).1
    }

    #[test]
    fn statements_begin_with_their_words_and_a_half_word_is_completed_in_place() {
        let first = after("");
        assert!(first.contains(&"dimension".to_owned()) && first.contains(&"french".to_owned()));
        assert!(!first.contains(&"lower(".to_owned()), "too many to look at: {first:?}");
        assert_eq!(complete("dim", &known()), (0, vec!["dimension".to_owned()]));
        assert_eq!(after("x = bu"), ["build"]);
        assert_eq!(after("x = build "), ["audience"]);
    }

    #[test]
    fn every_beginning_of_a_script_can_be_completed_judged_and_coloured() {
        let script = "## Wer käuft.\nx, `ä b` = build audience from customers\n  where any orders where \
                      (amount > 1.5 and not in audience 'VIP') and country in (\"FR\", “DE”)\n# note\n\
                      save audience x as \"VIP\" expires in 90 days\n:help cou\ncustomers.orders.amo";
        let known = known();
        for (at, _) in script.char_indices() {
            let text = &script[..at];
            let (start, _) = complete(text, &known);
            assert!(text.is_char_boundary(start));
            crate::syntax::entry::is_unfinished(text);
            crate::syntax::entry::looks(text);
        }
    }

    #[test]
    fn populations_and_dimensions_stand_behind_from() {
        assert_eq!(after("x = build audience from "), ["customers", "french", "orders"]);
        assert_eq!(after("save audience "), ["french"]);
    }

    #[test]
    fn clauses_follow_as_the_grammar_has_them() {
        let clauses = after("x = build audience from customers ");
        assert!(clauses.contains(&"where".to_owned()), "{clauses:?}");
        assert!(!clauses.contains(&"days".to_owned()), "{clauses:?}");
        assert_eq!(after("x = build audience from customers where country in last 30 d"), ["days"]);
    }

    #[test]
    fn columns_are_those_of_the_dimension_in_play() {
        let names = after("x = build audience from customers where co");
        for name in ["consent", "country", "count("] {
            assert!(names.contains(&name.to_owned()), "{names:?}");
        }
        assert!(!names.contains(&"amount".to_owned()));
        assert_eq!(
            after("x = build audience from customers where any orders where am"),
            ["amount"]
        );
        assert_eq!(
            after("x = build audience from customers where first"),
            ["`first name`", "first("]
        );
        assert_eq!(after("y = build audience from french where ema"), ["email", "email_domain("]);
        assert_eq!(after("x = build audience from customers where lifetime"), ["lifetime_value"]);
    }

    #[test]
    fn comparisons_follow_a_column() {
        assert_eq!(after("x = build audience from customers where country sta"), ["starts with"]);
    }

    #[test]
    fn paths_are_followed_through_links() {
        assert_eq!(after("customers.cou"), ["country"]);
        assert_eq!(after("orders.customer.cou"), ["country"]);
        assert!(after("french.").contains(&"email".to_owned()));
    }

    #[test]
    fn labels_stand_in_quotes() {
        assert_eq!(after("vip = read audience \"v"), ["VIP\""]);
        assert_eq!(after("x = combine french exclude audience \"Fr"), ["French newsletter\""]);
    }

    #[test]
    fn options_of_an_activity_are_offered_once() {
        assert_eq!(after("u = deduplicate french with "), ["by: ", "keep: ", "order: "]);
        let others = after("u = deduplicate french with by: email, ");
        assert!(others.contains(&"keep: ".to_owned()) && !others.contains(&"by: ".to_owned()));
        assert!(after("u = dedu").contains(&"deduplicate".to_owned()));
        assert_eq!(after("use s"), ["sample", "split"]);
    }

    #[test]
    fn commands_are_completed_with_what_they_take() {
        assert_eq!(after(":pl"), ["plan"]);
        assert_eq!(complete(":schema fr", &known()), (8, vec!["french".to_owned()]));
    }
}
