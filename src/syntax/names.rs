//! The grammar's rules in the words that a script uses, for what to say when something is missing.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::ast::Unit;
use super::parser::Rule;

/// Words that are a name only in backticks.
pub(super) const RESERVED: [&str; 19] = [
    "and", "or", "not", "in", "is", "if", "then", "else", "where", "between", "any", "no", "every",
    "true", "false", "today", "now", "missing", "sql",
];

/// How a rule is called when it is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    /// Words and signs, as typed.
    Typed(&'static [&'static str]),
    /// A kind of thing.
    Kind(&'static str),
    /// Nothing that would help anybody.
    Silent,
}

/// What to call a rule. The match is exhaustive, so that no new rule goes unnamed.
pub(super) fn words(rule: Rule) -> Words {
    use Words::{Kind, Silent, Typed};
    match rule {
        Rule::EOI => Kind("the end of the statement"),
        Rule::statement
        | Rule::value
        | Rule::WHITESPACE
        | Rule::reserved
        | Rule::digits
        | Rule::word_start
        | Rule::word_char
        | Rule::chained
        | Rule::begins_other
        | Rule::dot
        | Rule::clause_ahead => Silent,
        Rule::campaign => Typed(&["campaign"]),
        Rule::timezone => Typed(&["timezone"]),
        Rule::description => Typed(&["description"]),
        Rule::schedule => Typed(&["schedule"]),
        Rule::schedule_words | Rule::schedule_word => Kind("a schedule"),
        Rule::import => Typed(&["import"]),
        Rule::database => Typed(&["database"]),
        Rule::dimension => Typed(&["dimension"]),
        Rule::key => Typed(&["key"]),
        Rule::columns => Typed(&["columns"]),
        Rule::column => Kind("a column"),
        Rule::type_name | Rule::sql_type => Kind("a type"),
        Rule::link => Typed(&["link"]),
        Rule::link_end => Kind("a dimension"),
        Rule::define => Typed(&["define"]),
        Rule::params => Kind("parameters"),
        Rule::parameter => Kind("a parameter"),
        Rule::param => Typed(&["param"]),
        Rule::use_plugins => Typed(&["use"]),
        Rule::expect => Typed(&["expect"]),
        Rule::test => Typed(&["test"]),
        Rule::as_of => Typed(&["as of"]),
        Rule::given => Typed(&["given"]),
        Rule::given_rows => Kind("a dimension"),
        Rule::given_audience => Typed(&["audience"]),
        Rule::given_columns => Typed(&["("]),
        Rule::given_column => Kind("a column"),
        Rule::rows => Kind("rows in brackets"),
        Rule::expected => Typed(&["expect"]),
        Rule::expected_rows | Rule::expected_name => Kind("a transition"),
        Rule::failure => Typed(&["failure"]),
        Rule::call | Rule::activity => Kind("an activity"),
        Rule::wait_for => Typed(&["wait for"]),
        Rule::only_if => Typed(&["only if"]),
        Rule::build => Typed(&["build audience"]),
        Rule::read => Typed(&["read audience"]),
        Rule::combine => Typed(&["combine"]),
        Rule::save => Typed(&["save audience"]),
        Rule::export => Typed(&["export"]),
        Rule::where_clause => Typed(&["where"]),
        Rule::select => Typed(&["select"]),
        Rule::selected => Kind("a column"),
        Rule::star => Typed(&["*"]),
        Rule::order_by | Rule::subset_order => Typed(&["order by"]),
        Rule::sort => Kind("a sort key"),
        Rule::limit => Typed(&["limit"]),
        Rule::limit_value | Rule::count => Kind("a number"),
        Rule::version => Typed(&["version"]),
        Rule::on_matching => Typed(&["on"]),
        Rule::common_columns => Typed(&["common columns only"]),
        Rule::as_label => Typed(&["as"]),
        Rule::to_target => Typed(&["to"]),
        Rule::create_or_update => Typed(&["create or update"]),
        Rule::update_existing => Typed(&["update existing"]),
        Rule::replace => Typed(&["replace"]),
        Rule::append => Typed(&["append"]),
        Rule::merge => Typed(&["merge"]),
        Rule::expires => Typed(&["expires in"]),
        Rule::retain => Typed(&["retain"]),
        Rule::for_each => Typed(&["for each"]),
        Rule::with_clause => Typed(&["with"]),
        Rule::entry => Kind("an option"),
        Rule::of_link => Typed(&["of"]),
        Rule::subset => Kind("a part of the population"),
        Rule::set | Rule::set_term => Kind("a set"),
        Rule::set_step => Typed(&["union", "intersect", "exclude"]),
        Rule::matching => Typed(&["matching"]),
        Rule::audience => Typed(&["audience"]),
        Rule::expr | Rule::logic | Rule::operand | Rule::comparison => {
            Kind("a condition or a value")
        }
        Rule::sum
        | Rule::signed
        | Rule::primary
        | Rule::item
        | Rule::argument
        | Rule::bracket
        | Rule::reference
        | Rule::constant => Kind("a value"),
        Rule::choice | Rule::branch => Typed(&["if"]),
        Rule::else_branch => Typed(&["else"]),
        Rule::quantified | Rule::quantifier => Typed(&["any", "no", "every"]),
        Rule::member => Typed(&["in"]),
        Rule::moved => Typed(&["entered", "left"]),
        Rule::population => Kind("an audience"),
        Rule::tail => Kind("a comparison"),
        Rule::compared => Typed(&["=", "!=", "<", "<=", ">", ">="]),
        Rule::ordered => Typed(&["before", "after"]),
        Rule::between => Typed(&["between"]),
        Rule::in_values => Typed(&["in"]),
        Rule::is_tested => Typed(&["is"]),
        Rule::text_tested => Typed(&["contains", "starts with", "ends with", "like", "matches"]),
        Rule::within => Typed(&["within"]),
        Rule::ignoring_case => Typed(&["ignoring case"]),
        Rule::window | Rule::counted_window => Kind("a window of time"),
        Rule::timespan => Kind("a duration"),
        Rule::period => Typed(&["day", "week", "month", "quarter", "year"]),
        Rule::raw_sql => Typed(&["sql"]),
        Rule::arguments => Typed(&["("]),
        Rule::names | Rule::paths | Rule::path | Rule::name | Rule::quoted | Rule::bare => {
            Kind("a name")
        }
        Rule::text => Kind("a text in quotes"),
        Rule::number => Kind("a number"),
        Rule::percent => Kind("a percentage"),
        Rule::date => Kind("a date"),
        Rule::unit => {
            Typed(&["seconds", "minutes", "hours", "days", "weeks", "months", "quarters", "years"])
        }
        Rule::lparen => Typed(&["("]),
        Rule::rparen => Typed(&[")"]),
        Rule::comma => Typed(&[","]),
        Rule::colon => Typed(&[":"]),
        Rule::assign | Rule::op_eq => Typed(&["="]),
        Rule::op_ne => Typed(&["!="]),
        Rule::op_le => Typed(&["<="]),
        Rule::op_ge => Typed(&[">="]),
        Rule::op_lt => Typed(&["<"]),
        Rule::op_gt => Typed(&[">"]),
        Rule::plus => Typed(&["+"]),
        Rule::minus => Typed(&["-"]),
        Rule::times => Typed(&["*"]),
        Rule::divide => Typed(&["/"]),
        Rule::kw_after => Typed(&["after"]),
        Rule::kw_ago => Typed(&["ago"]),
        Rule::kw_and => Typed(&["and"]),
        Rule::kw_any => Typed(&["any"]),
        Rule::kw_append => Typed(&["append"]),
        Rule::kw_as => Typed(&["as"]),
        Rule::kw_asc => Typed(&["asc"]),
        Rule::kw_at => Typed(&["at"]),
        Rule::kw_audience => Typed(&["audience"]),
        Rule::kw_before => Typed(&["before"]),
        Rule::kw_between => Typed(&["between"]),
        Rule::kw_build => Typed(&["build"]),
        Rule::kw_by => Typed(&["by"]),
        Rule::kw_campaign => Typed(&["campaign"]),
        Rule::kw_case => Typed(&["case"]),
        Rule::kw_columns => Typed(&["columns"]),
        Rule::kw_combine => Typed(&["combine"]),
        Rule::kw_common => Typed(&["common"]),
        Rule::kw_contains => Typed(&["contains"]),
        Rule::kw_create => Typed(&["create"]),
        Rule::kw_database => Typed(&["database"]),
        Rule::kw_define => Typed(&["define"]),
        Rule::kw_desc => Typed(&["desc"]),
        Rule::kw_description => Typed(&["description"]),
        Rule::kw_dimension => Typed(&["dimension"]),
        Rule::kw_distinct => Typed(&["distinct"]),
        Rule::kw_each => Typed(&["each"]),
        Rule::kw_else => Typed(&["else"]),
        Rule::kw_empty => Typed(&["empty"]),
        Rule::kw_ends => Typed(&["ends"]),
        Rule::kw_entered => Typed(&["entered"]),
        Rule::kw_every => Typed(&["every"]),
        Rule::kw_exactly => Typed(&["exactly"]),
        Rule::kw_exclude => Typed(&["exclude"]),
        Rule::kw_existing => Typed(&["existing"]),
        Rule::kw_expect => Typed(&["expect"]),
        Rule::kw_expires => Typed(&["expires"]),
        Rule::kw_export => Typed(&["export"]),
        Rule::kw_failure => Typed(&["failure"]),
        Rule::kw_false => Typed(&["false"]),
        Rule::kw_fewer => Typed(&["fewer"]),
        Rule::kw_for => Typed(&["for"]),
        Rule::kw_from => Typed(&["from"]),
        Rule::kw_given => Typed(&["given"]),
        Rule::kw_if => Typed(&["if"]),
        Rule::kw_ignoring => Typed(&["ignoring"]),
        Rule::kw_import => Typed(&["import"]),
        Rule::kw_in => Typed(&["in"]),
        Rule::kw_intersect => Typed(&["intersect"]),
        Rule::kw_is => Typed(&["is"]),
        Rule::kw_key => Typed(&["key"]),
        Rule::kw_last => Typed(&["last"]),
        Rule::kw_least => Typed(&["least"]),
        Rule::kw_left => Typed(&["left"]),
        Rule::kw_like => Typed(&["like"]),
        Rule::kw_limit => Typed(&["limit"]),
        Rule::kw_link => Typed(&["link"]),
        Rule::kw_list => Typed(&["list"]),
        Rule::kw_matches => Typed(&["matches"]),
        Rule::kw_matching => Typed(&["matching"]),
        Rule::kw_merge => Typed(&["merge"]),
        Rule::kw_missing => Typed(&["missing"]),
        Rule::kw_more => Typed(&["more"]),
        Rule::kw_most => Typed(&["most"]),
        Rule::kw_next => Typed(&["next"]),
        Rule::kw_no => Typed(&["no"]),
        Rule::kw_not => Typed(&["not"]),
        Rule::kw_now => Typed(&["now"]),
        Rule::kw_of => Typed(&["of"]),
        Rule::kw_on => Typed(&["on"]),
        Rule::kw_only => Typed(&["only if"]),
        Rule::kw_or => Typed(&["or"]),
        Rule::kw_order => Typed(&["order by"]),
        Rule::kw_param => Typed(&["param"]),
        Rule::kw_present => Typed(&["present"]),
        Rule::kw_previous => Typed(&["previous"]),
        Rule::kw_read => Typed(&["read"]),
        Rule::kw_replace => Typed(&["replace"]),
        Rule::kw_retain => Typed(&["retain"]),
        Rule::kw_save => Typed(&["save"]),
        Rule::kw_schedule => Typed(&["schedule"]),
        Rule::kw_select => Typed(&["select"]),
        Rule::kw_sql => Typed(&["sql"]),
        Rule::kw_starts => Typed(&["starts"]),
        Rule::kw_test => Typed(&["test"]),
        Rule::kw_than => Typed(&["than"]),
        Rule::kw_then => Typed(&["then"]),
        Rule::kw_this => Typed(&["this"]),
        Rule::kw_timezone => Typed(&["timezone"]),
        Rule::kw_to => Typed(&["to"]),
        Rule::kw_today => Typed(&["today"]),
        Rule::kw_true => Typed(&["true"]),
        Rule::kw_union => Typed(&["union"]),
        Rule::kw_update => Typed(&["update"]),
        Rule::kw_use => Typed(&["use"]),
        Rule::kw_version => Typed(&["version"]),
        Rule::kw_versions => Typed(&["versions"]),
        Rule::kw_wait => Typed(&["wait for"]),
        Rule::kw_where => Typed(&["where"]),
        Rule::kw_with => Typed(&["with"]),
        Rule::kw_within => Typed(&["within"]),
    }
}

/// Whether a rule is that of a keyword.
pub(super) fn is_keyword_rule(rule: Rule) -> bool {
    format!("{rule:?}").starts_with("kw_")
}

/// Whether a word, in lower case, is a keyword or a unit of time somewhere.
pub(super) fn is_keyword(word: &str) -> bool {
    static KEYWORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
        let rules = Rule::all_rules().iter().filter(|rule| is_keyword_rule(**rule));
        let words = rules.flat_map(|rule| match words(*rule) {
            Words::Typed(words) => words,
            _ => &[],
        });
        words.flat_map(|phrase| phrase.split(' ')).collect()
    });
    unit(word).is_some() || KEYWORDS.contains(word)
}

/// Words a statement can begin with.
pub(super) const STATEMENTS: [&str; 15] = [
    "campaign",
    "import",
    "database",
    "dimension",
    "link",
    "define",
    "param",
    "use",
    "expect",
    "test",
    "export",
    "save",
    "build",
    "combine",
    "read",
];

/// Words an activity of the language begins with.
pub(super) const ACTIVITIES: [&str; 5] = ["build", "read", "combine", "save", "export"];

/// The unit of time that a word names.
pub(super) fn unit(word: &str) -> Option<Unit> {
    Some(match word.strip_suffix('s').unwrap_or(word) {
        "second" => Unit::Second,
        "minute" => Unit::Minute,
        "hour" => Unit::Hour,
        "day" => Unit::Day,
        "week" => Unit::Week,
        "month" => Unit::Month,
        "quarter" => Unit::Quarter,
        "year" => Unit::Year,
        _ => return None,
    })
}
