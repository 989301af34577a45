//! What an expression is for one row: by nested loops over all rows, without any plan.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use camp::model::expr::*;
use camp::model::program::*;
use camp::model::types::Type;
use camp::model::value::Value;

use super::calendar::{Calendar, amount};
use super::value::{self, Key, arithmetic, equal, fold, order};

/// Rows of a population: by key, with what they carry.
pub type Members = BTreeMap<Key, Rc<Vec<Value>>>;

/// A row that an expression speaks of.
#[derive(Clone, Debug)]
pub struct Frame {
    pub dimension: DimId,
    /// Its place among the dimension's rows.
    pub row: usize,
    /// What the population carries for it.
    pub carried: Rc<Vec<Value>>,
}

/// Who came to an audience or left it, and when.
pub type Moves = Vec<(Key, bool, jiff::Timestamp)>;

/// Everything that an expression can ask.
pub struct World<'a> {
    pub program: &'a Program,
    /// The rows of each dimension, each with its columns' values.
    pub rows: Vec<Vec<Vec<Value>>>,
    /// The populations made so far.
    pub transitions: BTreeMap<TransitionId, Members>,
    /// What the program's audiences held before the run, by all rows ever saved.
    pub audiences: Vec<Members>,
    /// Their history.
    pub moves: Vec<Moves>,
    pub calendar: Calendar,
}

/// The rows that are bound, the innermost last.
pub type Frames = Vec<(u16, Frame)>;

const NOTHING: Value = Value::Missing;

impl World<'_> {
    /// The key of a row; nothing when a part is missing.
    pub fn key(&self, dimension: DimId, row: usize) -> Option<Key> {
        let row = &self.rows[dimension.0 as usize][row];
        let key: Vec<Value> = self.program[dimension].key.iter().map(|&c| row[c].clone()).collect();
        let whole = !key.is_empty() && key.iter().all(|v| !matches!(v, Value::Missing));
        whole.then_some(Key(key))
    }

    /// The row with a key.
    pub fn row_of(&self, dimension: DimId, key: &Key) -> Option<usize> {
        let count = self.rows[dimension.0 as usize].len();
        (0..count).find(|&row| self.key(dimension, row).as_ref() == Some(key))
    }

    /// The rows of a population, each as a frame. Those that no longer exist are left out, and of
    /// a dimension with a key those without one.
    pub fn members(&self, population: &Population) -> Vec<Frame> {
        let (dimension, members) = match population {
            Population::Dimension(d) => {
                let carried = Rc::new(Vec::new());
                let all = 0..self.rows[d.0 as usize].len();
                let keyless = self.program[*d].key.is_empty();
                return all
                    .filter(|&row| keyless || self.key(*d, row).is_some())
                    .map(|row| Frame { dimension: *d, row, carried: carried.clone() })
                    .collect();
            }
            Population::Transition(t) => (self.program[*t].dimension, &self.transitions[t]),
            Population::Audience(i) => (self.program.audiences[*i].dimension, &self.audiences[*i]),
        };
        let frame = |(key, carried): (&Key, &Rc<Vec<Value>>)| {
            let row = self.row_of(dimension, key)?;
            Some(Frame { dimension, row, carried: carried.clone() })
        };
        members.iter().filter_map(frame).collect()
    }

    fn contains(&self, population: &Population, key: &Key) -> bool {
        match population {
            Population::Dimension(d) => self.row_of(*d, key).is_some(),
            Population::Transition(t) => self.transitions[t].contains_key(key),
            Population::Audience(i) => self.audiences[*i].contains_key(key),
        }
    }

    /// The row that a path of to-one links leads to.
    fn resolve(&self, row: &Row, frames: &Frames) -> Option<(DimId, usize)> {
        let (_, frame) = frames.iter().rev().find(|(n, _)| *n == row.frame)?;
        let mut at = (frame.dimension, frame.row);
        for &link in &row.links {
            let next = self.linked(link, at.1).into_iter().next()?;
            at = (self.program[link].to, next);
        }
        Some(at)
    }

    /// The rows that a link leads to.
    fn linked(&self, link: LinkId, row: usize) -> Vec<usize> {
        let link = &self.program[link];
        let alone = |dimension, row| vec![(0, Frame { dimension, row, carried: Rc::default() })];
        let from = alone(link.from, row);
        let holds = |other: &usize| {
            let to = alone(link.to, *other);
            link.on.iter().all(|pair| {
                let (a, b) = (self.value(&pair.from, &from), self.value(&pair.to, &to));
                equal(&a, &b, &self.calendar)
            })
        };
        (0..self.rows[link.to.0 as usize].len()).filter(holds).collect()
    }

    /// All ways along a path of links, each with the frames it binds.
    fn along(&self, links: &Links, frames: &Frames) -> Vec<Frames> {
        let Some(start) = self.resolve(&links.from, frames) else { return Vec::new() };
        let mut ways = vec![(frames.clone(), start.1)];
        for step in &links.steps {
            let dimension = self.program[step.link].to;
            ways = ways
                .into_iter()
                .flat_map(|(frames, row)| {
                    self.linked(step.link, row).into_iter().map(move |row| {
                        let mut frames = frames.clone();
                        frames.push((step.frame, Frame { dimension, row, carried: Rc::default() }));
                        (frames, row)
                    })
                })
                .collect();
        }
        ways.into_iter().map(|(frames, _)| frames).collect()
    }

    /// Whether a condition holds.
    pub fn holds(&self, e: &Expr, frames: &Frames) -> bool {
        let calendar = &self.calendar;
        match &*e.kind {
            ExprKind::And(parts) => parts.iter().all(|p| self.holds(p, frames)),
            ExprKind::Or(parts) => parts.iter().any(|p| self.holds(p, frames)),
            ExprKind::Not(inner) => !self.holds(inner, frames),
            ExprKind::Compare { op, left, right, ignoring_case } => {
                let (a, b) = (self.value(left, frames), self.value(right, frames));
                let (a, b) = if *ignoring_case { (folded(a), folded(b)) } else { (a, b) };
                compares(*op, &a, &b, calendar)
            }
            ExprKind::Between { value, low, high } => {
                let v = self.value(value, frames);
                compares(Comparison::Ge, &v, &self.value(low, frames), calendar)
                    && compares(Comparison::Le, &v, &self.value(high, frames), calendar)
            }
            ExprKind::In { value, list, ignoring_case } => {
                let case = |v| if *ignoring_case { folded(v) } else { v };
                let v = case(self.value(value, frames));
                list.iter().any(|item| equal(&v, &case(self.value(item, frames)), calendar))
            }
            ExprKind::InWindow { value, window } => {
                self.in_window(&self.value(value, frames), window, frames)
            }
            ExprKind::Anniversary { date, test } => {
                let Some(born) = calendar.day(&self.value(date, frames)) else { return false };
                let day = |e: &Expr| calendar.day(&self.value(e, frames));
                let returns = (1..=9999).map(|y| Calendar::anniversary(born, y));
                match test {
                    AnniversaryTest::On(on) => returns.into_iter().any(|d| Some(d) == day(on)),
                    AnniversaryTest::Between(low, high) => {
                        let (Some(low), Some(high)) = (day(low), day(high)) else { return false };
                        returns.into_iter().any(|d| low <= d && d <= high)
                    }
                    AnniversaryTest::In(window) => {
                        returns.into_iter().any(|d| self.in_window(&Value::Date(d), window, frames))
                    }
                }
            }
            ExprKind::Within { value, distance, side, anchor } => {
                let v = self.value(value, frames);
                let anchor = self.value(anchor, frames);
                let Value::Duration(by) = self.value(distance, frames) else { return false };
                let before = calendar.shifted(&anchor, by.negated());
                let after = calendar.shifted(&anchor, by);
                let (low, high) = match side {
                    WithinSide::After => (anchor, after),
                    WithinSide::Before => (before, anchor),
                    WithinSide::Of => (before, after),
                };
                compares(Comparison::Ge, &v, &low, calendar)
                    && compares(Comparison::Le, &v, &high, calendar)
            }
            ExprKind::IsMissing(inner) => matches!(self.value(inner, frames), Value::Missing),
            ExprKind::IsEmpty(inner) => match self.value(inner, frames) {
                Value::Missing => true,
                Value::Text(t) => t.is_empty(),
                Value::List(items) => items.is_empty(),
                _ => false,
            },
            ExprKind::Test { op, value, pattern, ignoring_case } => {
                let case = |v| if *ignoring_case { folded(v) } else { v };
                let v = case(self.value(value, frames));
                let p = case(self.value(pattern, frames));
                text_test(*op, &v, &p)
            }
            ExprKind::Member { row, population } => self
                .resolve(row, frames)
                .and_then(|(dimension, row)| self.key(dimension, row))
                .is_some_and(|key| self.contains(population, &key)),
            ExprKind::Matches { population, pairs } => self.matches(population, pairs, frames),
            ExprKind::InList { value, list, ignoring_case } => {
                let case = |v| if *ignoring_case { folded(v) } else { v };
                let v = case(self.value(value, frames));
                text_test(TextOp::Contains, &case(self.value(list, frames)), &v)
            }
            ExprKind::Moved { entered, audience, row, window } => {
                let key = self.resolve(row, frames).and_then(|(d, row)| self.key(d, row));
                let Some(key) = key else { return false };
                self.moves[*audience].iter().any(|(who, came, at)| {
                    *came == *entered
                        && *who == key
                        && self.in_window(&Value::Instant(*at), window, frames)
                })
            }
            ExprKind::Quantified { quantifier, links, condition } => {
                let ways = self.along(links, frames);
                let all = ways.len();
                let good = ways
                    .iter()
                    .filter(|f| condition.as_ref().is_none_or(|c| self.holds(c, f)))
                    .count();
                self.quantified(quantifier, good, all, frames)
            }
            ExprKind::EveryOf { quantifier, population, condition } => {
                let rows = self.members(population);
                let all = rows.len();
                let good =
                    rows.into_iter().filter(|f| self.holds(condition, &vec![(0, f.clone())]));
                self.quantified(quantifier, good.count(), all, frames)
            }
            _ => matches!(self.value(e, frames), Value::Bool(true)),
        }
    }

    /// Whether a row of a population matches by all pairs; the left sides are over frame 0.
    pub fn matches(&self, population: &Population, pairs: &[MatchPair], frames: &Frames) -> bool {
        self.members(population).into_iter().any(|right| {
            let mut both = frames.clone();
            both.push((MatchPair::RIGHT, right));
            pairs.iter().all(|pair| {
                let (a, b) = (self.value(&pair.left, frames), self.value(&pair.right, &both));
                equal(&a, &b, &self.calendar)
            })
        })
    }

    fn quantified(&self, how: &Quantifier, good: usize, all: usize, frames: &Frames) -> bool {
        match how {
            Quantifier::Any => good > 0,
            Quantifier::No => good == 0,
            Quantifier::Every => good == all,
            Quantifier::Count(op, n) => {
                let n = self.value(n, frames);
                compares(*op, &Value::Int(good as i128), &n, &self.calendar)
            }
        }
    }

    fn in_window(&self, time: &Value, window: &Window, frames: &Frames) -> bool {
        let calendar = &self.calendar;
        let Some(day) = calendar.day(time) else { return false };
        let now = Value::Instant(calendar.now);
        let today = calendar.today();
        let is = |op, bound: &Value| compares(op, time, bound, calendar);
        let length = |e: &Expr| match self.value(e, frames) {
            Value::Duration(d) => d,
            other => panic!("a window of {other:?}"),
        };
        let moved = |by| calendar.shifted(&Value::Date(today), by);
        match window {
            Window::Last(n) => {
                let n = length(n);
                let begins = if n.is_calendar() {
                    Value::Date(day) != moved(n.negated())
                        && compares(
                            Comparison::Gt,
                            &Value::Date(day),
                            &moved(n.negated()),
                            calendar,
                        )
                } else {
                    is(Comparison::Gt, &calendar.shifted(&now, n.negated()))
                };
                begins && is(Comparison::Le, &now)
            }
            Window::Next(n) => {
                let n = length(n);
                let ends = if n.is_calendar() {
                    compares(Comparison::Le, &Value::Date(day), &moved(n), calendar)
                } else {
                    is(Comparison::Le, &calendar.shifted(&now, n))
                };
                ends && is(Comparison::Gt, &now)
            }
            Window::This(unit) | Window::Previous(unit) | Window::Following(unit) => {
                let offset = match window {
                    Window::This(_) => 0,
                    Window::Previous(_) => -1,
                    _ => 1,
                };
                let (first, end) = calendar.period(*unit, offset);
                first <= day && day < end
            }
        }
    }

    /// What an expression gives.
    pub fn value(&self, e: &Expr, frames: &Frames) -> Value {
        let calendar = &self.calendar;
        if e.is_condition() && !matches!(&*e.kind, ExprKind::Literal(_)) {
            return Value::Bool(self.holds(e, frames));
        }
        match &*e.kind {
            ExprKind::Literal(v) => v.clone(),
            ExprKind::Today => Value::Date(calendar.today()),
            ExprKind::Now => Value::Instant(calendar.now),
            ExprKind::Param(p) => self.program[*p].value.clone().unwrap_or(NOTHING),
            ExprKind::Column { row, column } => match self.resolve(row, frames) {
                Some((d, row)) => self.rows[d.0 as usize][row][*column].clone(),
                None => NOTHING,
            },
            ExprKind::Carried { frame, index } => {
                let (_, frame) = frames.iter().rev().find(|(n, _)| n == frame).unwrap();
                frame.carried[*index].clone()
            }
            ExprKind::Arith(op, a, b) => {
                let op = match op {
                    ArithOp::Add => '+',
                    ArithOp::Sub => '-',
                    ArithOp::Mul => '*',
                    ArithOp::Div => '/',
                };
                arithmetic(op, &self.value(a, frames), &self.value(b, frames))
            }
            ExprKind::Neg(inner) => match self.value(inner, frames) {
                Value::Duration(d) => Value::Duration(d.negated()),
                v => arithmetic('-', &Value::Int(0), &v),
            },
            ExprKind::Shift { time, by, back } => {
                let Value::Duration(by) = self.value(by, frames) else { return NOTHING };
                let by = if *back { by.negated() } else { by };
                calendar.shifted(&self.value(time, frames), by)
            }
            ExprKind::DurationOf(n, unit) => match self.value(n, frames) {
                Value::Int(n) => Value::Duration(amount(n as i64, *unit)),
                _ => NOTHING,
            },
            ExprKind::If(c, a, b) => self.value(if self.holds(c, frames) { a } else { b }, frames),
            ExprKind::Convert(inner) => value::widened(self.value(inner, frames), &e.ty, calendar),
            ExprKind::Function(f, args) => {
                let args: Vec<Value> = args.iter().map(|a| self.value(a, frames)).collect();
                self.function(f.0.name, args, &e.ty)
            }
            ExprKind::Aggregate { function, value, links, condition, by, separator } => {
                let mut ways = self.along(links, frames);
                ways.retain(|f| condition.as_ref().is_none_or(|c| self.holds(c, f)));
                self.aggregate(*function, value.as_ref(), &ways, by, separator.as_deref(), &e.ty)
            }
            ExprKind::CountOf(population) => Value::Int(self.members(population).len() as i128),
            ExprKind::SizeOf(audience) => Value::Int(self.audiences[*audience].len() as i128),
            other => panic!("the oracle does not know {other:?}"),
        }
    }

    fn aggregate(
        &self,
        function: Aggregate,
        of: Option<&Expr>,
        ways: &[Frames],
        by: &[Sort],
        separator: Option<&str>,
        ty: &Type,
    ) -> Value {
        let calendar = &self.calendar;
        let Some(of) = of else { return Value::Int(ways.len() as i128) };
        if let Aggregate::First | Aggregate::Last = function {
            return self.first_or_last(function, of, ways, &by[0]);
        }
        let mut values: Vec<Value> = ways.iter().map(|f| self.value(of, f)).collect();
        values.retain(|v| !matches!(v, Value::Missing));
        let sorted = |mut values: Vec<Value>| {
            values.sort_by(|a, b| order(a, b, calendar).unwrap());
            values
        };
        let total =
            |values: &[Value]| values.iter().fold(Value::Int(0), |sum, v| arithmetic('+', &sum, v));
        let mean = |values: &[Value]| match (total(values), ty) {
            (Value::Int(n), Type::Decimal { scale, .. }) => {
                value::quotient(n, values.len() as i128, *scale)
            }
            (Value::Decimal { digits, scale: from }, Type::Decimal { scale, .. }) => {
                let exact = digits * 10i128.pow(u32::from(scale - from));
                let Value::Decimal { digits, .. } = value::quotient(exact, values.len() as i128, 0)
                else {
                    unreachable!()
                };
                Value::Decimal { digits, scale: *scale }
            }
            (sum, _) => arithmetic('/', &sum, &Value::Int(values.len() as i128)),
        };
        match function {
            Aggregate::Count => Value::Int(values.len() as i128),
            Aggregate::CountDistinct => {
                let mut values = sorted(values);
                values.dedup_by(|a, b| equal(a, b, calendar));
                Value::Int(values.len() as i128)
            }
            Aggregate::Sum => value::widened(total(&values), ty, calendar),
            _ if values.is_empty() => NOTHING,
            Aggregate::Avg => mean(&values),
            Aggregate::Min => sorted(values).swap_remove(0),
            Aggregate::Max => sorted(values).pop().unwrap(),
            Aggregate::Median => {
                let values = sorted(values);
                let middle = &values[(values.len() - 1) / 2..=values.len() / 2];
                mean(middle)
            }
            Aggregate::Join => {
                let texts = sorted(values).into_iter().map(|v| match v {
                    Value::Text(t) => t,
                    other => panic!("{other:?} joined"),
                });
                Value::Text(texts.collect::<Vec<_>>().join(separator.unwrap()))
            }
            other => panic!("the oracle does not know {other:?}"),
        }
    }

    fn first_or_last(&self, function: Aggregate, of: &Expr, ways: &[Frames], by: &Sort) -> Value {
        let calendar = &self.calendar;
        let highest = (function == Aggregate::Last) != by.descending;
        let mut best: Option<(Value, Option<Key>, Value)> = None;
        for frames in ways {
            let (sort, v) = (self.value(&by.expr, frames), self.value(of, frames));
            if matches!(sort, Value::Missing) || matches!(v, Value::Missing) {
                continue;
            }
            let (_, last) = frames.last().unwrap();
            let key = self.key(last.dimension, last.row);
            let better = best.as_ref().is_none_or(|(known, known_key, _)| {
                match order(&sort, known, calendar).unwrap() {
                    Ordering::Equal => key > *known_key,
                    Ordering::Greater => highest,
                    Ordering::Less => !highest,
                }
            });
            if better {
                best = Some((sort, key, v));
            }
        }
        best.map_or(NOTHING, |(_, _, v)| v)
    }

    fn function(&self, name: &str, args: Vec<Value>, ty: &Type) -> Value {
        use Value::*;
        let calendar = &self.calendar;
        let widen = |v: Value| value::widened(v, ty, calendar);
        match (name, &args[..]) {
            ("coalesce", _) => {
                let found = args.into_iter().find(|v| !matches!(v, Missing));
                return widen(found.unwrap_or(NOTHING));
            }
            ("if_empty", [a, b]) => {
                let empty = matches!(a, Missing) || matches!(a, Text(t) if t.is_empty());
                return widen(if empty { b.clone() } else { a.clone() });
            }
            ("null_if", [a, b]) => {
                return if equal(a, b, calendar) { NOTHING } else { widen(a.clone()) };
            }
            _ if args.iter().any(|v| matches!(v, Missing)) => return NOTHING,
            _ => {}
        }
        match (name, &args[..]) {
            ("lower", [Text(t)]) => Text(value::lower(t)),
            ("upper", [Text(t)]) => Text(value::upper(t)),
            ("trim", [Text(t)]) => Text(t.trim().to_owned()),
            ("length", [List(items)]) => Int(items.len() as i128),
            ("length", [Text(t)]) => Int(t.chars().count() as i128),
            ("left", [Text(t), Int(n)]) => Text(t.chars().take((*n).max(0) as usize).collect()),
            ("concat", texts) => Text(
                texts
                    .iter()
                    .map(|t| match t {
                        Text(t) => t.as_str(),
                        other => panic!("{other:?} in concat"),
                    })
                    .collect(),
            ),
            ("abs", [v]) => {
                if order(v, &Int(0), calendar) == Some(Ordering::Less) {
                    arithmetic('-', &Int(0), v)
                } else {
                    v.clone()
                }
            }
            ("mod", [_, b]) if equal(b, &Int(0), calendar) => NOTHING,
            ("mod", [Int(a), Int(b)]) => Int(a % b),
            ("greatest" | "least", all) => {
                let sorted = |a: &&Value, b: &&Value| order(a, b, calendar).unwrap();
                let found = if name == "least" {
                    all.iter().min_by(sorted)
                } else {
                    all.iter().max_by(sorted)
                };
                widen(found.unwrap().clone())
            }
            ("year", [t]) => Int(calendar.day(t).unwrap().year().into()),
            ("month", [t]) => Int(calendar.day(t).unwrap().month().into()),
            ("day", [t]) => Int(calendar.day(t).unwrap().day().into()),
            ("weekday", [t]) => {
                Int(calendar.day(t).unwrap().weekday().to_monday_one_offset().into())
            }
            ("hour", [t]) => Int(calendar.local(t).unwrap().hour().into()),
            ("date", [t, ..]) => Date(calendar.day(t).unwrap()),
            ("days_between", [a, b]) => {
                let (a, b) = (calendar.day(a).unwrap(), calendar.day(b).unwrap());
                let n = a.until((jiff::Unit::Day, b)).unwrap().get_days();
                Int(n.into())
            }
            ("hours_between", [a, b]) => {
                let (a, b) = (calendar.instant(a).unwrap(), calendar.instant(b).unwrap());
                Int((b.as_second() - a.as_second()) as i128 / 3600)
            }
            ("age", [t, Date(today)]) => {
                let born = calendar.day(t).unwrap();
                let had = Calendar::anniversary(born, today.year()) <= *today;
                Int(i128::from(today.year() - born.year()) - i128::from(!had))
            }
            _ => panic!("the oracle does not know {name}{args:?}"),
        }
    }
}

fn folded(value: Value) -> Value {
    match value {
        Value::Text(t) => Value::Text(fold(&t)),
        Value::List(items) => Value::List(items.into_iter().map(folded).collect()),
        other => other,
    }
}

fn compares(op: Comparison, a: &Value, b: &Value, calendar: &Calendar) -> bool {
    let Some(order) = order(a, b, calendar) else { return false };
    match op {
        Comparison::Eq => order.is_eq(),
        Comparison::Lt => order.is_lt(),
        Comparison::Le => order.is_le(),
        Comparison::Gt => order.is_gt(),
        Comparison::Ge => order.is_ge(),
    }
}

fn text_test(op: TextOp, value: &Value, pattern: &Value) -> bool {
    if let Value::List(elements) = value {
        let has = |item: &Value| !matches!(item, Value::Missing) && elements.contains(item);
        return match (op, pattern) {
            (TextOp::Contains, item) => has(item),
            (TextOp::ContainsAny, Value::List(items)) => items.iter().any(has),
            (TextOp::ContainsEvery, Value::List(items)) => items.iter().all(has),
            other => panic!("{other:?} of a list"),
        };
    }
    let Value::Text(text) = value else { return false };
    if let Value::List(items) = pattern {
        let found = |item: &Value| matches!(item, Value::Text(t) if text.contains(t.as_str()));
        return match op {
            TextOp::ContainsAny => items.iter().any(found),
            TextOp::ContainsEvery => items.iter().all(found),
            _ => panic!("{op:?} of a list"),
        };
    }
    let Value::Text(pattern) = pattern else { return false };
    let chars = |t: &str| t.chars().collect::<Vec<char>>();
    match op {
        TextOp::Contains => text.contains(pattern.as_str()),
        TextOp::StartsWith => text.starts_with(pattern.as_str()),
        TextOp::EndsWith => text.ends_with(pattern.as_str()),
        TextOp::Like => like(&chars(text), &chars(pattern)),
        TextOp::Matches => {
            let (text, pattern) = (chars(text), chars(pattern));
            match pattern.strip_prefix(&['^']) {
                Some(rest) => matches_here(&text, rest),
                None => (0..=text.len()).any(|at| matches_here(&text[at..], &pattern)),
            }
        }
        TextOp::ContainsAny | TextOp::ContainsEvery => panic!("{op:?} of a text"),
    }
}

/// `%` is any text, `_` any one character.
fn like(text: &[char], pattern: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('%', rest)) => (0..=text.len()).any(|at| like(&text[at..], rest)),
        Some((c, rest)) => {
            text.split_first().is_some_and(|(t, tail)| (*c == '_' || c == t) && like(tail, rest))
        }
    }
}

/// Letters, `.` and a `$` at the end: what the random patterns are made of.
fn matches_here(text: &[char], pattern: &[char]) -> bool {
    match pattern.split_first() {
        None => true,
        Some(('$', [])) => text.is_empty(),
        Some((c, rest)) => text.split_first().is_some_and(|(t, tail)| {
            (*c == '.' && *t != '\n' || c == t) && matches_here(tail, rest)
        }),
    }
}
