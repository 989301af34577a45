//! A program as text, for people who look at what the checker made of a script:
//! `camp debug program`, and the checker's tests.
//!
//! A column is written with the row it is read from: `email` of the population's own row,
//! `.customer.country` through links, `#1.amount` of the row bound as frame 1, `@basket` for what
//! the population carries.

use std::fmt::Write;

use crate::model::expr::{
    Aggregate, AnniversaryTest, ArithOp, Comparison, Expr, ExprKind, Links, MatchPair, Population,
    Quantifier, Row, Sort, SqlPart, Unit, Window, WithinSide,
};
use crate::model::program::{DimId, Program, StepKind};
use crate::model::value::{Duration, Value, decimal_text};

/// All of a program.
pub fn program(program: &Program) -> String {
    let mut out = String::new();
    for campaign in &program.campaigns {
        let _ = writeln!(out, "campaign {:?} in {}", campaign.label, campaign.timezone);
    }
    for param in &program.params {
        let value = param.value.as_ref().map_or("?".to_string(), self::value);
        let _ = writeln!(out, "param {}: {} = {value}", param.name, param.ty);
    }
    for (index, d) in program.dimensions.iter().enumerate() {
        let key: Vec<&str> = d.key_columns().map(|c| c.name.as_str()).collect();
        let _ = write!(out, "dimension {} key ({})", d.name, key.join(", "));
        if d.key_guaranteed {
            out.push_str(" guaranteed");
        }
        if let Some((zone, columns)) = &d.local_instants {
            let names: Vec<&str> = columns.iter().map(|&i| d.columns[i].name.as_str()).collect();
            let _ = write!(out, " {} in {zone}", names.join(", "));
        }
        if let Some(filter) = &d.filter {
            let printer = Printer { program, frames: vec![(0, Some(DimId(index as u32)))] };
            let _ = write!(out, " where {}", printer.expr(filter));
        }
        out.push('\n');
    }
    for link in &program.links {
        let from = Printer { program, frames: vec![(0, Some(link.from))] };
        let to = Printer { program, frames: vec![(0, Some(link.to))] };
        let pairs: Vec<String> = link
            .on
            .iter()
            .map(|p| format!("{} = {}", from.expr(&p.from), to.expr(&p.to)))
            .collect();
        let _ = writeln!(
            out,
            "link {}.{} → {} {} on {}",
            program[link.from].name,
            link.name,
            program[link.to].name,
            if link.to_one { "one" } else { "many" },
            pairs.join(" and ")
        );
    }
    for audience in &program.audiences {
        let known = audience
            .existing
            .as_ref()
            .map_or("new".to_string(), |a| format!("version {}, {} members", a.version, a.size));
        let of = &program[audience.dimension].name;
        let _ = writeln!(out, "audience {:?} on {of} ({known})", audience.label);
    }
    for step in &program.steps {
        match &step.kind {
            StepKind::Expect { condition, message } => {
                let printer = Printer { program, frames: Vec::new() };
                let _ = write!(out, "expect {}", printer.expr(condition));
                if let Some(message) = message {
                    let _ = write!(out, " else {message:?}");
                }
            }
            StepKind::Activity(activity) => {
                let outputs: Vec<String> = activity
                    .outputs
                    .iter()
                    .map(|&id| {
                        let t = &program[id];
                        let columns: Vec<String> =
                            t.columns.iter().map(|c| format!("{}: {}", c.name, c.ty)).collect();
                        format!(
                            "{} on {} ({})",
                            t.name,
                            program[t.dimension].name,
                            columns.join(", ")
                        )
                    })
                    .collect();
                if !outputs.is_empty() {
                    let _ = writeln!(out, "{} =", outputs.join(", "));
                    out.push_str("  ");
                }
                let _ = write!(out, "{}", activity.activity);
                let inputs: Vec<String> =
                    activity.operation.inputs().iter().map(|p| population(program, p)).collect();
                if !inputs.is_empty() {
                    let _ = write!(out, " {}", inputs.join(", "));
                }
                let detail = operation(program, activity.operation.as_any(), activity);
                out.push_str(&detail);
            }
        }
        if let Some(condition) = &step.only_if {
            let printer = Printer { program, frames: Vec::new() };
            let _ = write!(out, " only if {}", printer.expr(condition));
        }
        if !step.wait_for.is_empty() {
            let names: Vec<&str> =
                step.wait_for.iter().map(|&id| program[id].name.as_str()).collect();
            let _ = write!(out, " wait for {}", names.join(", "));
        }
        out.push('\n');
    }
    out
}

/// What the built-in activities made of a call; nothing for others.
fn operation(
    program: &Program,
    operation: &dyn std::any::Any,
    step: &crate::model::program::ActivityStep,
) -> String {
    use crate::activity::{build_audience, combine, export, read_audience, save_audience};
    let mut out = String::new();
    let of = step.outputs.first().map(|&id| program[id].dimension);
    let over = |p: &Population| Printer::over(program, p).frames[0].1;
    let columns = |out: &mut String,
                   columns: &[(crate::model::program::CarriedColumn, Expr)],
                   printer: &Printer<'_>| {
        for (column, value) in columns {
            let _ = write!(out, "\n  {} = {}", column.name, printer.expr(value));
        }
    };
    if let Some(build) = operation.downcast_ref::<build_audience::Build>() {
        let printer = Printer::over(program, &build.source);
        if let Some(rule) = &build.rule {
            let _ = write!(out, "\n  where {}", printer.expr(rule));
        }
        columns(&mut out, &build.columns, &printer);
        if !build.order.is_empty() {
            let _ = write!(out, "\n  order by {}", printer.sorts(&build.order));
        }
        match &build.limit {
            Some(build_audience::Limit::Rows(n)) => {
                let _ = write!(out, "\n  limit {}", printer.expr(n));
            }
            Some(build_audience::Limit::Share(share)) => {
                let _ = write!(out, "\n  limit share {}", printer.expr(share));
            }
            None => {}
        }
    } else if let Some(combination) = operation.downcast_ref::<combine::Combination>() {
        let _ = write!(out, "\n  {}", set(program, &combination.set, of));
        if let Some(limit) = &combination.limit {
            let printer = Printer { program, frames: Vec::new() };
            let _ = write!(out, "\n  limit {}", printer.expr(limit));
        }
    } else if let Some(read) = operation.downcast_ref::<read_audience::Read>() {
        let printer = Printer { program, frames: vec![(0, of)] };
        if let Some(version) = read.version {
            let _ = write!(out, " version {version}");
        }
        let right = over(&Population::Audience(read.audience));
        let both = Printer { program, frames: vec![(0, of), (MatchPair::RIGHT, right)] };
        for pair in &read.matching {
            let _ = write!(out, "\n  matching {}", both.pair(pair));
        }
        columns(&mut out, &read.columns, &printer);
    } else if let Some(save) = operation.downcast_ref::<save_audience::Save>() {
        let printer = Printer { program, frames: Vec::new() };
        let _ = write!(out, " as {:?} {:?}", save.label, save.update);
        if save.must_exist {
            out.push_str(" existing");
        }
        if let Some(expires) = &save.expires {
            let _ = write!(out, " expires in {}", printer.expr(expires));
        }
        if let Some(retain) = &save.retain {
            let _ = write!(out, " retain {}", printer.expr(retain));
        }
        if let Some(column) = save.for_each {
            let _ = write!(out, " for each {}", program[save.input].columns[column].name);
        }
    } else if let Some(export) = operation.downcast_ref::<export::ExportRows>() {
        let dimension = program[export.input].dimension;
        let printer = Printer { program, frames: vec![(0, Some(dimension))] };
        let _ = match &export.to {
            export::Destination::File { path, format } => {
                write!(out, " to {} {format:?}", path.display())
            }
            export::Destination::Table(target) => write!(out, " to {}", target.written),
        };
        columns(&mut out, export.columns.as_deref().unwrap_or(&[]), &printer);
    }
    out
}

fn set(program: &Program, s: &crate::activity::combine::Set, of: Option<DimId>) -> String {
    use crate::activity::combine::Set;
    match s {
        Set::Population(p) => population(program, p),
        Set::Operation { op, operands } => {
            let word = op.word();
            let parts: Vec<String> = operands
                .iter()
                .map(|o| {
                    let mut text = set(program, &o.set, of);
                    let right = match &o.set {
                        Set::Population(p) => Printer::over(program, p).frames[0].1,
                        Set::Operation { .. } => of,
                    };
                    let frames = vec![(0, of), (MatchPair::RIGHT, right)];
                    let printer = Printer { program, frames };
                    for pair in &o.matching {
                        let _ = write!(text, " matching {}", printer.pair(pair));
                    }
                    text
                })
                .collect();
            format!("({})", parts.join(&format!(" {word} ")))
        }
    }
}

/// A population by its name.
pub fn population(program: &Program, population: &Population) -> String {
    match population {
        Population::Transition(id) => program[*id].name.clone(),
        Population::Audience(index) => format!("audience {:?}", program.audiences[*index].label),
        Population::Dimension(id) => program[*id].name.clone(),
    }
}

/// An expression over rows of a dimension.
pub fn expr(program: &Program, dimension: Option<DimId>, expr: &Expr) -> String {
    Printer { program, frames: vec![(0, dimension)] }.expr(expr)
}

/// Knows which dimension each frame's rows are of.
struct Printer<'p> {
    program: &'p Program,
    frames: Vec<(u16, Option<DimId>)>,
}

impl<'p> Printer<'p> {
    fn over(program: &'p Program, population: &Population) -> Self {
        let dimension = match population {
            Population::Transition(id) => program[*id].dimension,
            Population::Audience(index) => program.audiences[*index].dimension,
            Population::Dimension(id) => *id,
        };
        Printer { program, frames: vec![(0, Some(dimension))] }
    }

    fn inside(&self, links: &Links) -> Printer<'p> {
        let mut frames = self.frames.clone();
        for step in &links.steps {
            frames.push((step.frame, Some(self.program[step.link].to)));
        }
        Printer { program: self.program, frames }
    }

    fn dimension(&self, row: &Row) -> Option<DimId> {
        match row.links.last() {
            Some(&link) => Some(self.program[link].to),
            None => self.frames.iter().rev().find(|(f, _)| *f == row.frame).and_then(|(_, d)| *d),
        }
    }

    fn row(&self, row: &Row) -> String {
        let mut out = if row.frame == 0 { String::new() } else { format!("#{}", row.frame) };
        for &link in &row.links {
            let _ = write!(out, ".{}", self.program[link].name);
        }
        out
    }

    fn column(&self, row: &Row, column: usize) -> String {
        let name = match self.dimension(row) {
            Some(d) => self.program[d]
                .columns
                .get(column)
                .map_or_else(|| format!("column {column}"), |c| c.name.clone()),
            None => format!("column {column}"),
        };
        let row = self.row(row);
        if row.is_empty() { name } else { format!("{row}.{name}") }
    }

    fn links(&self, links: &Links) -> String {
        let mut out = self.row(&links.from);
        for step in &links.steps {
            let name = &self.program[step.link].name;
            let dot = if out.is_empty() { "" } else { "." };
            let _ = write!(out, "{dot}{name}#{}", step.frame);
        }
        out
    }

    fn sorts(&self, sorts: &[Sort]) -> String {
        let parts: Vec<String> = sorts
            .iter()
            .map(|s| format!("{}{}", self.expr(&s.expr), if s.descending { " desc" } else { "" }))
            .collect();
        parts.join(", ")
    }

    fn pair(&self, pair: &MatchPair) -> String {
        format!("{} = {}", self.expr(&pair.left), self.expr(&pair.right))
    }

    fn list(&self, items: &[Expr]) -> String {
        items.iter().map(|e| self.expr(e)).collect::<Vec<_>>().join(", ")
    }

    fn window(&self, window: &Window) -> String {
        match window {
            Window::Last(d) => format!("last {}", self.expr(d)),
            Window::Next(d) => format!("next {}", self.expr(d)),
            Window::This(unit) => format!("this {}", unit_name(*unit)),
            Window::Previous(unit) => format!("previous {}", unit_name(*unit)),
            Window::Following(unit) => format!("next {}", unit_name(*unit)),
        }
    }

    fn quantifier(&self, quantifier: &Quantifier) -> String {
        match quantifier {
            Quantifier::Any => "any".into(),
            Quantifier::No => "no".into(),
            Quantifier::Every => "every".into(),
            Quantifier::Count(op, n) => format!("count {} {} of", sign(*op), self.expr(n)),
        }
    }

    fn expr(&self, e: &Expr) -> String {
        let joined = |parts: &[Expr], word: &str| {
            let parts: Vec<String> = parts.iter().map(|p| self.expr(p)).collect();
            format!("({})", parts.join(word))
        };
        let case = |ignoring: bool| if ignoring { " ignoring case" } else { "" };
        match &*e.kind {
            ExprKind::Literal(v) => value(v),
            ExprKind::Today => "today".into(),
            ExprKind::Now => "now".into(),
            ExprKind::Param(id) => format!("${}", self.program[*id].name),
            ExprKind::Column { row, column } => self.column(row, *column),
            ExprKind::Carried { frame: 0, index } => format!("@{index}"),
            ExprKind::Carried { frame, index } => format!("#{frame}@{index}"),
            ExprKind::Field(of, parts) => format!("{}→{}", self.expr(of), parts.join("→")),
            ExprKind::And(parts) => joined(parts, " and "),
            ExprKind::Or(parts) => joined(parts, " or "),
            ExprKind::Not(inner) => format!("not {}", self.expr(inner)),
            ExprKind::Compare { op, left, right, ignoring_case } => format!(
                "{} {} {}{}",
                self.expr(left),
                sign(*op),
                self.expr(right),
                case(*ignoring_case)
            ),
            ExprKind::Between { value, low, high } => {
                format!("{} between {} and {}", self.expr(value), self.expr(low), self.expr(high))
            }
            ExprKind::In { value, list, ignoring_case } => {
                format!("{} in ({}){}", self.expr(value), self.list(list), case(*ignoring_case))
            }
            ExprKind::InList { value, list, ignoring_case } => {
                format!("{} in {}{}", self.expr(value), self.expr(list), case(*ignoring_case))
            }
            ExprKind::InWindow { value, window } => {
                format!("{} in {}", self.expr(value), self.window(window))
            }
            ExprKind::Anniversary { date, test } => {
                let test = match test {
                    AnniversaryTest::On(day) => format!("= {}", self.expr(day)),
                    AnniversaryTest::In(window) => format!("in {}", self.window(window)),
                    AnniversaryTest::Between(low, high) => {
                        format!("between {} and {}", self.expr(low), self.expr(high))
                    }
                };
                format!("anniversary({}) {test}", self.expr(date))
            }
            ExprKind::Within { value, distance, side, anchor } => {
                let side = match side {
                    WithinSide::After => "after",
                    WithinSide::Before => "before",
                    WithinSide::Of => "of",
                };
                format!(
                    "{} within {} {side} {}",
                    self.expr(value),
                    self.expr(distance),
                    self.expr(anchor)
                )
            }
            ExprKind::IsMissing(inner) => format!("{} is missing", self.expr(inner)),
            ExprKind::IsEmpty(inner) => format!("{} is empty", self.expr(inner)),
            ExprKind::Test { op, value, pattern, ignoring_case } => {
                let word = op.word();
                format!(
                    "{} {word} {}{}",
                    self.expr(value),
                    self.expr(pattern),
                    case(*ignoring_case)
                )
            }
            ExprKind::Member { row, population: p } => {
                let row = self.row(row);
                let row = if row.is_empty() { "row".to_string() } else { row };
                format!("{row} in {}", population(self.program, p))
            }
            ExprKind::Matches { population: p, pairs } => {
                let pairs: Vec<String> = pairs.iter().map(|p| self.pair(p)).collect();
                format!("matches {} on {}", population(self.program, p), pairs.join(" and "))
            }
            ExprKind::Moved { entered, audience, row, window } => {
                let row = self.row(row);
                let row = if row.is_empty() { "row".to_string() } else { row };
                format!(
                    "{row} {} audience {:?} in {}",
                    if *entered { "entered" } else { "left" },
                    self.program.audiences[*audience].label,
                    self.window(window)
                )
            }
            ExprKind::Quantified { quantifier, links, condition } => {
                let inside = self.inside(links);
                let condition = condition
                    .as_ref()
                    .map_or(String::new(), |c| format!(" where {}", inside.expr(c)));
                format!("{} {}{condition}", self.quantifier(quantifier), self.links(links))
            }
            ExprKind::Aggregate { function, value, links, condition, by, separator } => {
                let inside = self.inside(links);
                let mut out = format!("{}(", aggregate_name(*function));
                if let Some(value) = value {
                    let _ = write!(out, "{} of ", inside.expr(value));
                }
                out.push_str(&self.links(links));
                if let Some(condition) = condition {
                    let _ = write!(out, " where {}", inside.expr(condition));
                }
                if !by.is_empty() {
                    let _ = write!(out, " by {}", inside.sorts(by));
                }
                if let Some(separator) = separator {
                    let _ = write!(out, ", {separator:?}");
                }
                out.push(')');
                out
            }
            ExprKind::Arith(op, left, right) => {
                let sign = match op {
                    ArithOp::Add => "+",
                    ArithOp::Sub => "-",
                    ArithOp::Mul => "*",
                    ArithOp::Div => "/",
                };
                format!("({} {sign} {})", self.expr(left), self.expr(right))
            }
            ExprKind::Neg(inner) => format!("-{}", self.expr(inner)),
            ExprKind::Shift { time, by, back } => {
                format!("({} {} {})", self.expr(time), if *back { "-" } else { "+" }, self.expr(by))
            }
            ExprKind::DurationOf(n, unit) => format!("({}) {}", self.expr(n), unit_name(*unit)),
            ExprKind::If(c, then, other) => {
                format!("if {} then {} else {}", self.expr(c), self.expr(then), self.expr(other))
            }
            ExprKind::Function(function, args) => {
                format!("{}({})", function.0.name, self.list(args))
            }
            ExprKind::Convert(inner) => format!("{} as {}", self.expr(inner), e.ty),
            ExprKind::Sql(parts) => {
                let parts: String = parts
                    .iter()
                    .map(|p| match p {
                        SqlPart::Text(text) => text.clone(),
                        SqlPart::Value(v) => format!("{{{}}}", self.expr(v)),
                    })
                    .collect();
                format!("sql {} {parts:?}", e.ty)
            }
            ExprKind::MemberText(parts) => format!("member({})", self.list(parts)),
            ExprKind::KeyText(parts) => format!("key({})", self.list(parts)),
            // Only plans hold these; their SQL shows them.
            ExprKind::CountOf(p) => format!("count({})", population(self.program, p)),
            ExprKind::SizeOf(index) => format!("size({:?})", self.program.audiences[*index].label),
            ExprKind::EveryOf { quantifier, population: p, condition } => {
                let inside = Printer::over(self.program, p);
                format!(
                    "{} {} where {}",
                    self.quantifier(quantifier),
                    population(self.program, p),
                    inside.expr(condition)
                )
            }
            ExprKind::Lookup { population: p, index } => {
                format!("{}@{index}", population(self.program, p))
            }
            ExprKind::MovedBetween { entered, audience, when, .. } => format!(
                "{} audience {:?} when {}",
                if *entered { "entered" } else { "left" },
                self.program.audiences[*audience].label,
                self.expr(when)
            ),
            ExprKind::ToLocal(inner, zone) => format!("{} in {zone}", self.expr(inner)),
            ExprKind::ToInstant(inner, zone) => format!("{} of {zone}", self.expr(inner)),
            ExprKind::AnniversaryBetween(date, low, high) => {
                format!("anniversary({}) between {low} and {high}", self.expr(date))
            }
            ExprKind::Error => "?".into(),
        }
    }
}

fn sign(op: Comparison) -> &'static str {
    match op {
        Comparison::Eq => "=",
        Comparison::Lt => "<",
        Comparison::Le => "<=",
        Comparison::Gt => ">",
        Comparison::Ge => ">=",
    }
}

fn aggregate_name(function: Aggregate) -> &'static str {
    match function {
        Aggregate::Count => "count",
        Aggregate::CountDistinct => "count distinct",
        Aggregate::Sum => "sum",
        Aggregate::Avg => "avg",
        Aggregate::Min => "min",
        Aggregate::Max => "max",
        Aggregate::Median => "median",
        Aggregate::Stddev => "stddev",
        Aggregate::First => "first",
        Aggregate::Last => "last",
        Aggregate::Join => "join",
    }
}

/// A unit as scripts name it, in the plural.
pub(super) fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Second => "seconds",
        Unit::Minute => "minutes",
        Unit::Hour => "hours",
        Unit::Day => "days",
        Unit::Week => "weeks",
        Unit::Month => "months",
        Unit::Quarter => "quarters",
        Unit::Year => "years",
    }
}

/// A constant as a script would write it.
pub fn value(value: &Value) -> String {
    match value {
        Value::Missing => "missing".into(),
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Decimal { digits, scale } => decimal_text(*digits, *scale),
        Value::Float(x) => x.to_string(),
        Value::Text(text) => format!("\"{}\"", text.replace('"', "\"\"")),
        Value::Date(day) => day.to_string(),
        Value::Timestamp(time) => time.to_string(),
        Value::Instant(instant) => instant.to_string(),
        Value::Duration(d) => duration(d),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(self::value).collect();
            format!("({})", items.join(", "))
        }
    }
}

fn duration(d: &Duration) -> String {
    let mut parts = Vec::new();
    if d.months != 0 {
        parts.push(format!("{} months", d.months));
    }
    if d.days != 0 {
        parts.push(format!("{} days", d.days));
    }
    if d.micros != 0 {
        let seconds = d.micros / 1_000_000;
        if d.micros % 1_000_000 != 0 {
            parts.push(format!("{} microseconds", d.micros));
        } else if seconds % 3600 == 0 {
            parts.push(format!("{} hours", seconds / 3600));
        } else if seconds % 60 == 0 {
            parts.push(format!("{} minutes", seconds / 60));
        } else {
            parts.push(format!("{seconds} seconds"));
        }
    }
    if parts.is_empty() { "0 days".into() } else { parts.join(" ") }
}
