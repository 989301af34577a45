//! Random campaigns, written in the language, over the tables of [`super::data`].

use std::fmt;

use super::data::{Data, Storage, Ty};
use super::random::Random;

/// A rule as a tree, so that it can be made smaller.
#[derive(Clone, Debug)]
pub enum Rule {
    Atom(String),
    Not(Box<Rule>),
    And(Vec<Rule>),
    Or(Vec<Rule>),
    /// A condition on linked rows: what stands before and behind it.
    Linked(String, Box<Rule>, String),
}

/// A link to many: its path, where it leads, and the names met on the way, each with its table.
type ToMany = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, parts: &[Rule], word: &str| {
            let parts: Vec<String> = parts.iter().map(|p| format!("({p})")).collect();
            f.write_str(&parts.join(word))
        };
        match self {
            Rule::Atom(text) => f.write_str(text),
            Rule::Not(inner) => write!(f, "not ({inner})"),
            Rule::And(parts) => joined(f, parts, " and "),
            Rule::Or(parts) => joined(f, parts, " or "),
            Rule::Linked(before, inner, behind) => write!(f, "{before}{inner}{behind}"),
        }
    }
}

impl Rule {
    /// Rules with less in them.
    pub fn smaller(&self) -> Vec<Rule> {
        match self {
            Rule::Atom(_) => Vec::new(),
            Rule::Not(inner) => {
                let within = inner.smaller().into_iter().map(|r| Rule::Not(Box::new(r)));
                std::iter::once((**inner).clone()).chain(within).collect()
            }
            Rule::And(parts) | Rule::Or(parts) => {
                let mut found = parts.clone();
                for (n, part) in parts.iter().enumerate() {
                    for less in part.smaller() {
                        let mut parts = parts.clone();
                        parts[n] = less;
                        found.push(match self {
                            Rule::And(_) => Rule::And(parts),
                            _ => Rule::Or(parts),
                        });
                    }
                }
                found
            }
            Rule::Linked(before, inner, behind) => {
                let always = matches!(&**inner, Rule::Atom(t) if t == "true");
                let less = inner.smaller().into_iter();
                less.chain((!always).then(|| Rule::Atom("true".into())))
                    .map(|r| Rule::Linked(before.clone(), Box::new(r), behind.clone()))
                    .collect()
            }
        }
    }
}

/// A statement, on one line.
#[derive(Clone, Debug)]
pub struct Statement {
    pub before: String,
    pub rule: Option<Rule>,
    pub behind: String,
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule {
            Some(rule) => write!(f, "{} where {rule}{}", self.before, self.behind),
            None => write!(f, "{}{}", self.before, self.behind),
        }
    }
}

impl Statement {
    fn plain(text: String) -> Self {
        Statement { before: text, rule: None, behind: String::new() }
    }
}

/// A population, or an audience saved before.
#[derive(Clone, Debug)]
pub struct Population {
    pub name: String,
    pub table: &'static str,
    pub columns: Vec<(String, Ty)>,
}

/// A file: its statements, the first `header` of them declarations.
#[derive(Clone, Debug)]
pub struct Script {
    pub header: usize,
    pub statements: Vec<Statement>,
    pub saved: Vec<Population>,
}

impl Script {
    pub fn text(&self) -> String {
        self.statements.iter().map(|s| format!("{s}\n")).collect()
    }
}

impl Script {
    /// The statements that some text speaks of by a name or a label, and what they are made from.
    pub fn needed(&self, text: &str) -> Vec<usize> {
        let words = |text: &str| -> Vec<String> {
            text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect()
        };
        let mut names = words(text);
        let mut needed: Vec<usize> = (0..self.header).collect();
        for n in (self.header..self.statements.len()).rev() {
            let line = self.statements[n].to_string();
            let (made, label) = match line.split_once(" as \"") {
                Some((_, label)) if line.contains("save audience ") => {
                    (String::new(), label.split('"').next().unwrap_or_default().to_owned())
                }
                _ => (line.split(" = ").next().unwrap_or_default().to_owned(), "\0".to_owned()),
            };
            if text.contains(&label) || words(&made).iter().any(|w| names.contains(w)) {
                needed.push(n);
                names.extend(words(&line).into_iter().filter(|w| w.starts_with('t')));
            }
        }
        needed.sort();
        needed
    }
}

/// What a rule can speak of.
#[derive(Clone, Debug)]
struct Scope {
    table: &'static str,
    /// Enclosing rows by the name they are reached under.
    outer: Vec<(&'static str, &'static str)>,
    /// Only at the top: columns that the population carries.
    carried: Vec<(String, Ty)>,
}

/// Writes scripts.
pub struct Writer<'a> {
    pub random: &'a mut Random,
    pub data: &'a Data,
    populations: Vec<Population>,
    /// Audiences that exist before this script.
    audiences: Vec<Population>,
    names: usize,
    zone: &'static str,
    /// Labels that another file of the run saves.
    taken: Vec<String>,
    /// Declarations of the first file, which the second one shares.
    model: Vec<Statement>,
}

const WHOLE: [&str; 4] = ["day", "week", "month", "quarter"];

impl<'a> Writer<'a> {
    pub fn new(random: &'a mut Random, data: &'a Data, audiences: Vec<Population>) -> Self {
        Writer {
            random,
            data,
            populations: Vec::new(),
            audiences,
            names: 0,
            zone: data.zone,
            taken: Vec::new(),
            model: Vec::new(),
        }
    }

    /// For a second file of a run, in another zone.
    pub fn second(
        random: &'a mut Random,
        data: &'a Data,
        audiences: Vec<Population>,
        first: &Script,
    ) -> Self {
        let taken = first.saved.iter().map(|s| s.name.clone()).collect();
        let writer = Writer::new(random, data, audiences);
        let model = first.statements[1..first.header].to_vec();
        Writer { names: 50, zone: data.other, taken, model, ..writer }
    }

    /// A whole file.
    pub fn script(&mut self) -> Script {
        let mut statements = self.header();
        let header = statements.len();
        let mut saved = Vec::new();
        let builds = self.random.between(3, 7);
        for _ in 0..builds {
            let made = match self.random.below(8) {
                0 if self.populations.len() > 1 => self.combine(&mut statements),
                1 if self.populations.len() > 1 => self.combine(&mut statements),
                2 if !self.audiences.is_empty() => self.read(&mut statements),
                _ => self.build(&mut statements),
            };
            for population in made {
                self.save(&mut statements, &population, &mut saved);
                self.populations.push(population);
            }
            if self.random.percent(6) {
                let fact = self.fact();
                statements.push(Statement::plain(format!("expect {fact}")));
            }
        }
        Script { header, statements, saved }
    }

    /// Only rules, each as a population of its own.
    pub fn alone(&mut self, count: usize) -> Script {
        let mut statements = self.header();
        let header = statements.len();
        for n in 0..count {
            let table = *self.random.pick(&["customers", "customers", "orders", "lines"]);
            let scope = Scope { table, outer: Vec::new(), carried: Vec::new() };
            let rule = Some(self.rule(&scope, 3));
            let before = format!("r{n} = build audience from {table}");
            statements.push(Statement { before, rule, behind: String::new() });
        }
        Script { header, statements, saved: Vec::new() }
    }

    fn header(&mut self) -> Vec<Statement> {
        let mut lines = vec![format!("campaign \"Random\" timezone \"{}\"", self.zone)];
        if !self.model.is_empty() {
            let campaign = Statement::plain(lines.remove(0));
            return std::iter::once(campaign).chain(self.model.clone()).collect();
        }
        for table in &self.data.tables {
            let (name, columns) = (table.name, &table.columns);
            let source = match table.storage {
                Storage::Parquet => format!("\"{name}.parquet\""),
                _ => name.to_owned(),
            };
            let mut line = format!("dimension {name} = {source}");
            if table.key > 0 {
                let key: Vec<&str> = columns[..table.key].iter().map(|c| c.0).collect();
                line += &format!(" key {}", key.join(", "));
            }
            let filter = match name {
                "orders" => "status != \"void\"",
                "customers" => "country != \"GR\"",
                _ => "product not in (\"bag\")",
            };
            if table.key > 0 && self.random.percent(20) {
                line += &format!(" where {filter}");
            }
            lines.push(line);
        }
        for link in [
            "customers.orders, orders.customer on customers.id = orders.customer_id",
            "orders.lines, lines.order on orders.order_id = lines.order_no",
            "customers.referred, customers.referrer on customers.id = customers.referrer_id",
            "customers.optouts, optouts on lower(customers.email) = lower(optouts.address)",
        ] {
            lines.push(format!("link {link}"));
        }
        lines.push("define big = 50".into());
        lines.push(
            "define spent on customers = sum(amount of orders where status = \"paid\")".into(),
        );
        lines.push("define bought(window: duration = 30 days) on customers = any orders where ordered_at in last window".into());
        lines.into_iter().map(Statement::plain).collect()
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("t{}", self.names)
    }

    fn build(&mut self, statements: &mut Vec<Statement>) -> Vec<Population> {
        let from = match self.populations.is_empty() || self.random.percent(65) {
            true => None,
            false => Some(self.random.below(self.populations.len())),
        };
        let (source, table, carried) = match from {
            Some(n) => {
                let p = &self.populations[n];
                (p.name.clone(), p.table, p.columns.clone())
            }
            None => {
                let table =
                    *self.random.pick(&["customers", "customers", "customers", "orders", "lines"]);
                (table.to_owned(), table, Vec::new())
            }
        };
        let scope = Scope { table, outer: Vec::new(), carried };
        let rule = self.random.percent(92).then(|| self.rule(&scope, 3));
        let mut columns = scope.carried.clone();
        let mut behind = String::new();
        if self.random.percent(45) {
            columns = Vec::new();
            let mut parts = Vec::new();
            for _ in 0..self.random.between(1, 3) {
                let ty = self.any_type();
                let name =
                    format!("v_{}{}", format!("{ty:?}").to_lowercase(), self.random.below(2));
                if columns.iter().all(|(n, _)| *n != name) {
                    parts.push(format!("{} as {name}", self.value(&scope, ty, 2)));
                    columns.push((name, ty));
                }
            }
            behind += &format!(" select {}", parts.join(", "));
        }
        if self.random.percent(25) {
            let ty = *self.random.pick(&[Ty::Int, Ty::Decimal, Ty::Text, Ty::Date, Ty::Timestamp]);
            let sort = self.value(&scope, ty, 1);
            let way = *self.random.pick(&["", " desc", " asc"]);
            let limit = match self.random.percent(50) {
                true => format!("{}", self.random.between(1, 6)),
                false => format!("{}%", self.random.between(1, 20) * 5),
            };
            behind += &format!(" order by {sort}{way} limit {limit}");
        }
        let mut made = vec![Population { name: self.name(), table, columns: columns.clone() }];
        if self.random.percent(25) {
            made.push(Population { name: self.name(), table, columns });
        }
        let names: Vec<&str> = made.iter().map(|p| p.name.as_str()).collect();
        let before = format!("{} = build audience from {source}", names.join(", "));
        statements.push(Statement { before, rule, behind });
        made
    }

    fn read(&mut self, statements: &mut Vec<Statement>) -> Vec<Population> {
        let audience = self.random.pick(&self.audiences).clone();
        let name = self.name();
        let mut text = format!("{name} = read audience \"{}\"", audience.name);
        let mut columns = Vec::new();
        if self.random.percent(50) && !audience.columns.is_empty() {
            columns = audience.columns.clone();
            let names: Vec<&str> = columns.iter().map(|c| c.0.as_str()).collect();
            text += &format!(" select {}", names.join(", "));
        }
        statements.push(Statement::plain(text));
        vec![Population { name, table: audience.table, columns }]
    }

    fn combine(&mut self, statements: &mut Vec<Statement>) -> Vec<Population> {
        let first = self.random.pick(&self.populations).clone();
        let table = first.table;
        let mut operands: Vec<(String, Vec<(String, Ty)>)> = Vec::new();
        for p in &self.populations {
            if p.table == table && p.name != first.name {
                operands.push((p.name.clone(), p.columns.clone()));
            }
        }
        for a in &self.audiences {
            if a.table == table {
                operands.push((format!("audience \"{}\"", a.name), a.columns.clone()));
            }
        }
        if operands.is_empty() {
            return self.build(statements);
        }
        let mut columns = first.columns.clone();
        let all = |columns: &mut Vec<(String, Ty)>, more: &[(String, Ty)]| {
            for column in more {
                if columns.iter().all(|(n, _)| *n != column.0) {
                    columns.push(column.clone());
                }
            }
        };
        let other = |random: &mut Random| random.pick(&operands).clone();
        let a = other(self.random);
        let b = other(self.random);
        let mut tail = String::new();
        let set = match self.random.below(7) {
            0 => {
                all(&mut columns, &a.1);
                all(&mut columns, &b.1);
                if self.random.percent(60) {
                    tail = format!(" limit {}", self.random.between(1, 8));
                }
                format!("{} union {} union {}", first.name, a.0, b.0)
            }
            1 => {
                all(&mut columns, &a.1);
                if self.random.percent(60) {
                    tail = format!(" limit {}", self.random.between(1, 8));
                }
                format!("{} union {}", first.name, a.0)
            }
            2 => {
                all(&mut columns, &a.1);
                format!("{} intersect {}", first.name, a.0)
            }
            3 => format!("{} exclude {}", first.name, a.0),
            4 => {
                all(&mut columns, &a.1);
                format!("{} union {} exclude {}", first.name, a.0, b.0)
            }
            5 => {
                all(&mut columns, &a.1);
                all(&mut columns, &b.1);
                format!("{} intersect ({} union {})", first.name, a.0, b.0)
            }
            6 if table == "customers" && self.random.percent(50) => {
                all(&mut columns, &a.1);
                let text = columns.iter().find(|c| c.1 == Ty::Text).map(|c| c.0.clone());
                let left = text.unwrap_or_else(|| "email".into());
                if self.random.percent(50) {
                    tail = " common columns only".into();
                }
                format!("({} union {}) exclude optouts matching {left} = address", first.name, a.0)
            }
            _ if table == "customers" => {
                let op = *self.random.pick(&["exclude", "intersect"]);
                format!("{} {op} optouts matching lower(email) = lower(address)", first.name)
            }
            _ => format!("({} intersect {}) exclude {}", first.name, a.0, b.0),
        };
        let op = set.contains("exclude") || set.contains("intersect");
        let cut = tail.contains("limit");
        if tail.contains("common") {
            columns.clear();
        }
        let common = !set.contains("exclude") && self.random.percent(20);
        if common {
            tail = format!(" common columns only{tail}");
            columns.clear();
        }
        let mut made = vec![Population { name: self.name(), table, columns: columns.clone() }];
        if (op || cut) && self.random.percent(60) {
            made.push(Population { name: self.name(), table, columns });
        }
        let names: Vec<&str> = made.iter().map(|p| p.name.as_str()).collect();
        statements.push(Statement::plain(format!("{} = combine {set}{tail}", names.join(", "))));
        made
    }

    fn save(
        &mut self,
        statements: &mut Vec<Statement>,
        population: &Population,
        saved: &mut Vec<Population>,
    ) {
        let mut label = format!("{} of {}", population.name, population.table);
        let mut mode = "";
        let same = |a: &&Population| {
            a.table == population.table && saved.iter().all(|s: &Population| s.name != a.name)
        };
        let known: Vec<Population> = self.audiences.iter().filter(same).cloned().collect();
        if !known.is_empty() && self.random.percent(50) {
            label = self.random.pick(&known).name.clone();
            mode = *self.random.pick(&["", " append", " merge", " update existing append"]);
        }
        if saved.iter().any(|s| s.name == label) || self.taken.contains(&label) {
            return;
        }
        let mut text = format!("save audience {} as \"{label}\"{mode}", population.name);
        if self.random.percent(20) {
            text = format!("{} = {text}", self.name());
        }
        if self.random.percent(8) {
            text += &format!(" only if count({}) > 2", population.name);
        }
        statements.push(Statement::plain(text));
        saved.push(Population { name: label, ..population.clone() });
    }

    fn fact(&mut self) -> String {
        let p = self.random.pick(&self.populations).clone();
        match self.random.below(4) {
            0 => format!("count({}) between 0 and 40", p.name),
            1 => format!("count({}) <= 100% * count({})", p.name, p.table),
            2 => {
                let scope = Scope { table: p.table, outer: Vec::new(), carried: p.columns };
                format!("fewer than 9 {} where ({})", p.name, self.atom(&scope, 0))
            }
            _ => format!("count({}) < 4", p.name),
        }
    }

    // ------------------------------------------------------------------------------ rules

    fn rule(&mut self, scope: &Scope, depth: usize) -> Rule {
        if depth == 0 {
            return self.atom(scope, 0);
        }
        match self.random.below(10) {
            0 | 1 => Rule::And(self.rules(scope, depth)),
            2 | 3 => Rule::Or(self.rules(scope, depth)),
            4 => Rule::Not(Box::new(self.rule(scope, depth - 1))),
            5 | 6 => self.linked(scope, depth - 1),
            _ => self.atom(scope, depth),
        }
    }

    fn rules(&mut self, scope: &Scope, depth: usize) -> Vec<Rule> {
        (0..self.random.between(2, 3)).map(|_| self.rule(scope, depth - 1)).collect()
    }

    /// Links to many of a table, where they lead, and the names met on the way.
    fn to_many(table: &str) -> &'static [ToMany] {
        match table {
            "customers" => &[
                ("orders", "orders", &[]),
                ("orders", "orders", &[]),
                ("orders.lines", "lines", &[("orders", "orders")]),
                ("referred", "customers", &[]),
                ("optouts", "optouts", &[]),
                ("referrer.orders", "orders", &[]),
            ],
            "orders" => &[("lines", "lines", &[]), ("customer.orders", "orders", &[])],
            "lines" => &[("order.lines", "lines", &[]), ("order.customer.orders", "orders", &[])],
            _ => &[],
        }
    }

    fn step(&mut self, scope: &Scope) -> Option<(&'static str, Scope)> {
        let choices = Self::to_many(scope.table);
        if choices.is_empty() {
            return None;
        }
        let (path, table, between) = *self.random.pick(choices);
        let mut outer = scope.outer.clone();
        outer.push((if scope.outer.is_empty() { scope.table } else { "" }, scope.table));
        outer.extend(between);
        // A name that the linked row has itself means that one.
        outer.retain(|(name, t)| !name.is_empty() && *t != table && !path.ends_with(name));
        Some((path, Scope { table, outer, carried: Vec::new() }))
    }

    fn linked(&mut self, scope: &Scope, depth: usize) -> Rule {
        let Some((path, inner)) = self.step(scope) else { return self.atom(scope, depth) };
        let n = self.random.between(0, 3);
        let condition = self.rule(&inner, depth.min(2));
        let (before, behind) = match self.random.below(9) {
            0 | 1 => (format!("any {path} where ("), ")".to_owned()),
            2 => (format!("no {path} where ("), ")".to_owned()),
            3 => (format!("every {path} where ("), ")".to_owned()),
            4 => {
                let how = *self.random.pick(&[
                    "at least",
                    "at most",
                    "exactly",
                    "more than",
                    "fewer than",
                ]);
                (format!("{how} {n} {path} where ("), ")".to_owned())
            }
            5 => {
                let op = *self.random.pick(&["=", "!=", "<", ">=", ">"]);
                (format!("count({path} where "), format!(") {op} {n}"))
            }
            _ => {
                let ty = *self.random.pick(&[
                    Ty::Int,
                    Ty::Decimal,
                    Ty::Date,
                    Ty::Timestamp,
                    Ty::Instant,
                    Ty::Text,
                ]);
                let Some((function, value, by, result)) = self.aggregate(&inner, ty) else {
                    return Rule::Linked(
                        format!("any {path} where ("),
                        Box::new(condition),
                        ")".into(),
                    );
                };
                let op = *self.random.pick(&["=", "!=", "<", ">=", ">", "<="]);
                let against = self.value(scope, result, 0);
                (format!("{function}({value} of {path} where "), format!("{by}) {op} {against}"))
            }
        };
        Rule::Linked(before, Box::new(condition), behind)
    }

    /// An aggregate: its name, its value, its order, the type of its result.
    fn aggregate(&mut self, inner: &Scope, ty: Ty) -> Option<(&'static str, String, String, Ty)> {
        let value = self.column(inner, ty)?;
        let keyed = inner.table != "optouts";
        let functions: &[&str] = match ty {
            Ty::Int | Ty::Decimal => {
                &["sum", "avg", "min", "max", "median", "count(distinct", "first", "last"]
            }
            Ty::Float => &["sum", "avg", "min", "max", "first", "last"],
            Ty::Text => &["min", "max", "first", "last", "count(distinct", "join"],
            Ty::Bool => &["first", "last"],
            _ => &["min", "max", "first", "last"],
        };
        let function = *self.random.pick(functions);
        Some(match function {
            "first" | "last" => {
                if !keyed {
                    return None;
                }
                let sort_ty = *self.random.pick(&[
                    Ty::Decimal,
                    Ty::Text,
                    Ty::Timestamp,
                    Ty::Instant,
                    Ty::Date,
                    Ty::Int,
                ]);
                let sort = self.column(inner, sort_ty)?;
                let way = *self.random.pick(&["", "", " desc"]);
                (function, value, format!(" by {sort}{way}"), ty)
            }
            "count(distinct" => ("count", format!("distinct {value}"), String::new(), Ty::Int),
            "avg" | "median" => {
                (function, value, String::new(), if ty == Ty::Int { Ty::Float } else { ty })
            }
            _ => (function, value, String::new(), ty),
        })
    }

    fn atom(&mut self, scope: &Scope, depth: usize) -> Rule {
        let compare = |random: &mut Random| *random.pick(&["=", "!=", "<", "<=", ">", ">="]);
        let text = match self.random.below(16) {
            0 | 1 => {
                let ty = *self.random.pick(&[Ty::Int, Ty::Decimal, Ty::Float]);
                let other = *self.random.pick(&[Ty::Int, Ty::Decimal, ty]);
                let op = compare(self.random);
                format!("{} {op} {}", self.value(scope, ty, depth), self.value(scope, other, 1))
            }
            2 => {
                let ty = *self.random.pick(&[
                    Ty::Int,
                    Ty::Decimal,
                    Ty::Date,
                    Ty::Timestamp,
                    Ty::Instant,
                    Ty::Text,
                ]);
                let not = *self.random.pick(&["", "not "]);
                let (v, a, b) =
                    (self.value(scope, ty, depth.min(1)), self.constant(ty), self.constant(ty));
                format!("{v} {not}between {a} and {b}")
            }
            3 => {
                let ty = *self.random.pick(&[Ty::Int, Ty::Text, Ty::Date, Ty::Decimal]);
                let not = *self.random.pick(&["", "not "]);
                let items: Vec<String> =
                    (0..self.random.between(1, 3)).map(|_| self.constant(ty)).collect();
                let case =
                    if ty == Ty::Text && self.random.percent(30) { " ignoring case" } else { "" };
                format!(
                    "{} {not}in ({}){case}",
                    self.value(scope, ty, depth.min(1)),
                    items.join(", ")
                )
            }
            4 | 5 => {
                let not = *self.random.pick(&["", "", "not "]);
                let test =
                    *self.random.pick(&["contains", "starts with", "ends with", "like", "matches"]);
                let pattern = match test {
                    "like" => *self.random.pick(&["a%", "%x%", "_nn%", "%", "P___", "%a\\%"]),
                    "matches" => *self.random.pick(&["^a", "x.t", "t$", "o", "^P..d$"]),
                    _ => *self.random.pick(&["a", "x.test", "A", "", "é", "oe", "paid", "σ"]),
                };
                let case = if self.random.percent(30) && test != "matches" {
                    " ignoring case"
                } else {
                    ""
                };
                format!(
                    "{} {not}{test} \"{pattern}\"{case}",
                    self.value(scope, Ty::Text, depth.min(1))
                )
            }
            6 => {
                let case = if self.random.percent(40) { " ignoring case" } else { "" };
                let op = *self.random.pick(&["=", "!="]);
                format!(
                    "{} {op} {}{case}",
                    self.value(scope, Ty::Text, 1),
                    self.value(scope, Ty::Text, 1)
                )
            }
            7 => {
                let ty = self.any_type();
                let test = *self.random.pick(&[
                    "missing",
                    "empty",
                    "present",
                    "not missing",
                    "not empty",
                    "not present",
                ]);
                format!("{} is {test}", self.value(scope, ty, depth.min(1)))
            }
            8 if self.random.percent(40) && self.column(scope, Ty::List).is_some() => {
                let tags = self.column(scope, Ty::List).unwrap();
                let not = *self.random.pick(&["", "not "]);
                let case = *self.random.pick(&["", " ignoring case"]);
                match self.random.below(5) {
                    0 => format!("{tags} {not}contains \"a\"{case}"),
                    1 => format!("{tags} {not}contains any of (\"a\", \"b\"){case}"),
                    2 => format!("{tags} {not}contains every of (\"A\", \"b\"){case}"),
                    3 => {
                        format!("{tags} is {}", self.random.pick(&["empty", "present", "missing"]))
                    }
                    _ => format!("length({tags}) > {}", self.random.between(0, 1)),
                }
            }
            8 => match self.column(scope, Ty::Bool) {
                Some(column) => match self.random.below(4) {
                    0 => column,
                    1 => format!("not {column}"),
                    2 => format!("{column} = false"),
                    _ => format!("{column} != true"),
                },
                None => "true".into(),
            },
            9 | 10 => {
                let ty = self.time_type();
                let other = self.time_type();
                let op = *self.random.pick(&["=", "!=", "<", "<=", ">", ">=", "before", "after"]);
                format!("{} {op} {}", self.value(scope, ty, 1), self.value(scope, other, 1))
            }
            11 | 12 => {
                let ty = self.time_type();
                let not = *self.random.pick(&["", "not "]);
                let window = self.window(ty != Ty::Date);
                format!("{} {not}in {window}", self.value(scope, ty, depth.min(1)))
            }
            13 => {
                let ty = self.time_type();
                let other = self.time_type();
                let side = *self.random.pick(&["after", "before", "of"]);
                let length = self.duration(ty != Ty::Date && other != Ty::Date);
                format!(
                    "{} within {length} {side} {}",
                    self.value(scope, ty, 1),
                    self.value(scope, other, 1)
                )
            }
            14 => {
                if scope.table == "customers" && self.random.percent(50) {
                    match self.random.below(3) {
                        0 => format!("anniversary(born) in {}", self.window(false)),
                        1 => "anniversary(born) = today".into(),
                        _ => format!(
                            "anniversary(born) between today and today + {} days",
                            self.random.between(0, 40)
                        ),
                    }
                } else if scope.table == "customers" && scope.outer.is_empty() {
                    match self.random.below(2) {
                        0 => "spent >= big".into(),
                        _ => "bought(14 days)".into(),
                    }
                } else {
                    return self.atom(scope, depth);
                }
            }
            _ => return self.membership(scope),
        };
        Rule::Atom(text)
    }

    fn membership(&mut self, scope: &Scope) -> Rule {
        let to_one: &[(&str, &str)] = match scope.table {
            "orders" => &[("", "orders"), ("customer ", "customers")],
            "lines" => &[("", "lines"), ("order ", "orders"), ("order.customer ", "customers")],
            "customers" => &[("", "customers"), ("referrer ", "customers")],
            _ => &[],
        };
        let mut choices = Vec::new();
        for (path, table) in to_one {
            for p in self.populations.iter().filter(|p| p.table == *table) {
                choices.push(format!("{path}in {}", p.name));
            }
            for a in self.audiences.iter().filter(|a| a.table == *table) {
                choices.push(format!("{path}in audience \"{}\"", a.name));
                if path.is_empty() {
                    choices.push(format!("entered audience \"{}\" in last 30 days", a.name));
                    choices.push(format!("left audience \"{}\" in this month", a.name));
                }
            }
        }
        if choices.is_empty() {
            return self.atom(scope, 0);
        }
        let text = self.random.pick(&choices).clone();
        Rule::Atom(if self.random.percent(30) { format!("not {text}") } else { text })
    }

    fn duration(&mut self, hours: bool) -> String {
        let units: &[&str] = if hours {
            &["days", "weeks", "months", "hours", "hours", "minutes"]
        } else {
            &["days", "weeks", "months", "years"]
        };
        let unit = *self.random.pick(units);
        let most = match unit {
            "days" => 40,
            "hours" => 60,
            "minutes" => 300,
            _ => 5,
        };
        format!("{} {unit}", self.random.between(1, most))
    }

    fn window(&mut self, hours: bool) -> String {
        match self.random.below(7) {
            0..=2 => format!("last {}", self.duration(hours)),
            3 | 4 => format!("next {}", self.duration(hours)),
            _ => {
                let which = *self.random.pick(&["this", "previous", "next"]);
                format!("{which} {}", self.random.pick(&WHOLE))
            }
        }
    }

    // ------------------------------------------------------------------------------ values

    fn any_type(&mut self) -> Ty {
        use Ty::*;
        *self.random.pick(&[Int, Decimal, Float, Text, Text, Bool, Date, Timestamp, Instant])
    }

    fn time_type(&mut self) -> Ty {
        *self.random.pick(&[Ty::Date, Ty::Timestamp, Ty::Timestamp, Ty::Instant, Ty::Instant])
    }

    /// A column of this type that can be named here.
    fn column(&mut self, scope: &Scope, ty: Ty) -> Option<String> {
        let mut found = Vec::new();
        let own = |found: &mut Vec<String>, data: &Data, prefix: &str, table: &str| {
            for (name, of) in &data.table(table).columns {
                if *of == ty {
                    found.push(format!("{prefix}{name}"));
                }
            }
        };
        for _ in 0..3 {
            own(&mut found, self.data, "", scope.table);
        }
        let paths: &[(&str, &str)] = match scope.table {
            "orders" => &[("customer.", "customers"), ("customer.referrer.", "customers")],
            "lines" => &[("order.", "orders"), ("order.customer.", "customers")],
            "customers" => &[("referrer.", "customers")],
            _ => &[],
        };
        for (prefix, table) in paths {
            own(&mut found, self.data, prefix, table);
        }
        for (name, table) in &scope.outer {
            for _ in 0..2 {
                own(&mut found, self.data, &format!("{name}."), table);
            }
        }
        for (name, of) in &scope.carried {
            if *of == ty {
                found.extend([name.clone(), name.clone(), name.clone()]);
            }
        }
        (!found.is_empty()).then(|| self.random.pick(&found).clone())
    }

    fn constant(&mut self, ty: Ty) -> String {
        match ty {
            Ty::Int => format!("{}", self.random.between(-1, 30)),
            Ty::Decimal => match self.random.below(3) {
                0 => "10.50".into(),
                1 => "50%".into(),
                _ => format!("{}.25", self.random.between(0, 120)),
            },
            Ty::Float => format!("{}.33", self.random.between(-2, 5)),
            Ty::Text => format!(
                "\"{}\"",
                self.random.pick(&[
                    "paid",
                    "PAID",
                    "FR",
                    "shoe",
                    "",
                    "ann@x.test",
                    "ÉVA@X.test",
                    "σίσυφος",
                    "spam"
                ])
            ),
            Ty::Bool => (*self.random.pick(&["true", "false"])).into(),
            Ty::Date => match self.random.below(4) {
                0 => "today".into(),
                1 => format!("{} ago", self.duration(false)),
                2 => format!("today + {}", self.duration(false)),
                _ => (*self.random.pick(&[
                    "2025-03-30",
                    "2025-03-31",
                    "2025-10-26",
                    "2024-02-29",
                    "2000-02-29",
                ]))
                .into(),
            },
            Ty::List => unreachable!("lists are only tested"),
            Ty::Timestamp => (*self.random.pick(&[
                "2025-03-31T12:00",
                "2025-10-26T02:30",
                "2025-03-30T03:00",
                "2025-06-30T00:00",
            ]))
            .into(),
            Ty::Instant => match self.random.below(3) {
                0 => "now".into(),
                1 => format!("{} hours ago", self.random.between(1, 80)),
                _ => (*self.random.pick(&[
                    "2025-03-30T01:00Z",
                    "2025-10-26T00:30Z",
                    "2025-10-26T02:30+01:00",
                    "2025-11-02T06:30Z",
                ]))
                .into(),
            },
        }
    }

    fn value(&mut self, scope: &Scope, ty: Ty, depth: usize) -> String {
        if depth == 0 || self.random.percent(45) {
            if self.random.percent(80)
                && let Some(column) = self.column(scope, ty)
            {
                return column;
            }
            return self.constant(ty);
        }
        let depth = depth - 1;
        match self.random.below(9) {
            0 => {
                let condition = self.rule(scope, depth.min(1));
                let (a, b) = (self.value(scope, ty, depth), self.value(scope, ty, depth));
                format!("(if {condition} then {a} else {b})")
            }
            1 => {
                let (a, b) = (self.value(scope, ty, depth), self.value(scope, ty, depth));
                format!("coalesce({a}, {b})")
            }
            2..=4 if !Self::to_many(scope.table).is_empty() => {
                let (path, inner) = self.step(scope).unwrap();
                let condition = match self.random.percent(60) {
                    true => format!(" where {}", self.rule(&inner, depth.min(1))),
                    false => String::new(),
                };
                if ty == Ty::Int && self.random.percent(40) {
                    return format!("count({path}{condition})");
                }
                match self.aggregate(&inner, ty) {
                    Some((function, value, by, result)) if result == ty => {
                        format!("{function}({value} of {path}{condition}{by})")
                    }
                    _ => self.value(scope, ty, 0),
                }
            }
            _ => self.computed(scope, ty, depth),
        }
    }

    fn computed(&mut self, scope: &Scope, ty: Ty, depth: usize) -> String {
        match ty {
            Ty::Int => match self.random.below(6) {
                0 => format!("length({})", self.value(scope, Ty::Text, depth)),
                1 => {
                    let time = self.time_type();
                    let part = *self.random.pick(&["year", "month", "day", "weekday", "hour"]);
                    format!("{part}({})", self.value(scope, time, depth))
                }
                2 => {
                    let (a, b) = (self.time_type(), self.time_type());
                    format!(
                        "days_between({}, {})",
                        self.value(scope, a, depth),
                        self.value(scope, b, depth)
                    )
                }
                3 => format!(
                    "mod({}, {})",
                    self.value(scope, Ty::Int, depth),
                    self.random.between(0, 4)
                ),
                4 => format!("abs({})", self.value(scope, Ty::Int, depth)),
                _ => {
                    let op = *self.random.pick(&["+", "-", "*"]);
                    format!(
                        "({} {op} {})",
                        self.value(scope, Ty::Int, depth),
                        self.value(scope, Ty::Int, 0)
                    )
                }
            },
            Ty::Decimal => {
                let op = *self.random.pick(&["+", "-", "*"]);
                let other = if op == "*" { Ty::Int } else { Ty::Decimal };
                let right = match self.value(scope, other, 0) {
                    percent if percent.ends_with('%') => "1.5".to_owned(),
                    right => right,
                };
                format!("({} {op} {right})", self.value(scope, Ty::Decimal, depth))
            }
            Ty::Float => {
                let ty = *self.random.pick(&[Ty::Int, Ty::Decimal, Ty::Float]);
                format!("({} / {})", self.value(scope, ty, depth), self.value(scope, Ty::Int, 0))
            }
            Ty::Text => match self.random.below(4) {
                0 => format!("lower({})", self.value(scope, Ty::Text, depth)),
                1 => format!("upper({})", self.value(scope, Ty::Text, depth)),
                2 => format!(
                    "left({}, {})",
                    self.value(scope, Ty::Text, depth),
                    self.random.between(0, 4)
                ),
                _ => format!(
                    "concat({}, {})",
                    self.value(scope, Ty::Text, depth),
                    self.value(scope, Ty::Text, 0)
                ),
            },
            Ty::Bool => self.value(scope, Ty::Bool, 0),
            Ty::Date => match self.random.below(3) {
                0 => {
                    let time = *self.random.pick(&[Ty::Timestamp, Ty::Instant]);
                    format!("date({})", self.value(scope, time, depth))
                }
                1 => {
                    let unit = *self.random.pick(&["days", "months"]);
                    let amount = self.value(scope, Ty::Int, 0);
                    format!("({} - ({amount}) {unit})", self.value(scope, Ty::Date, 0))
                }
                _ => {
                    let op = *self.random.pick(&["+", "-"]);
                    let length = self.duration(false);
                    format!("({} {op} {length})", self.value(scope, Ty::Date, depth))
                }
            },
            Ty::List => unreachable!("lists are only tested"),
            Ty::Timestamp | Ty::Instant => {
                let op = *self.random.pick(&["+", "-"]);
                let length = self.duration(true);
                format!("({} {op} {length})", self.value(scope, ty, depth))
            }
        }
    }
}
