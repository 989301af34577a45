//! Typed expressions: names bound, types known, definitions written out, two-valued.
//!
//! **Rows.** An expression speaks of rows by *frame*. Frame 0 is the row of the population or
//! dimension it is written for; each step of a to-many link ([`Links`]) binds a further frame,
//! whose number it states. An inner binder may reuse a number: the innermost wins.
//!
//! **Truth.** Every boolean expression is a condition that holds or does not hold. A comparison
//! with a missing value does not hold, and `Not` of it therefore does. The only values of type
//! bool that can be missing are columns and function results; used as a condition, missing does
//! not hold.
//!
//! Equality and hashing ignore spans, so equal work is recognized wherever it is written.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

pub use crate::syntax::ast::{ArithOp, TextOp, Unit, WithinSide};

use crate::source::Span;

use super::functions::Function;
use super::program::{DimId, LinkId, ParamId, TransitionId};
use super::types::Type;
use super::value::{Duration, Value};

/// A typed expression at its place.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it says. Shared, since plans repeat parts of rules.
    pub kind: Arc<ExprKind>,
    /// Its type.
    pub ty: Type,
    /// Where it is written; inside a definition, the place in the definition.
    pub span: Span,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.ty == other.ty && (Arc::ptr_eq(&self.kind, &other.kind) || self.kind == other.kind)
    }
}
impl Eq for Expr {}
impl Hash for Expr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kind.hash(state);
    }
}

impl Expr {
    /// The conditions that all have to hold: the parts of an `and`, else the expression itself.
    pub fn conjuncts(&self) -> &[Expr] {
        match &*self.kind {
            ExprKind::And(parts) => parts,
            _ => std::slice::from_ref(self),
        }
    }

    /// An expression of this type.
    pub fn new(kind: ExprKind, ty: Type, span: Span) -> Self {
        Expr { kind: Arc::new(kind), ty, span }
    }

    /// A constant.
    pub fn literal(value: Value, span: Span) -> Self {
        let ty = value.ty();
        Expr::new(ExprKind::Literal(value), ty, span)
    }

    /// A condition.
    pub fn condition(kind: ExprKind, span: Span) -> Self {
        Expr::new(kind, Type::Bool, span)
    }

    /// Always holds (`true`) or never does.
    pub fn constant(holds: bool, span: Span) -> Self {
        Expr::literal(Value::Bool(holds), span)
    }

    /// All hold; flattens, drops what always holds.
    pub fn and(parts: impl IntoIterator<Item = Expr>, span: Span) -> Self {
        let mut all = Vec::new();
        for part in parts {
            match &*part.kind {
                ExprKind::And(inner) => all.extend(inner.iter().cloned()),
                ExprKind::Literal(Value::Bool(true)) => {}
                _ => all.push(part),
            }
        }
        match all.len() {
            0 => Expr::constant(true, span),
            1 => all.swap_remove(0),
            _ => Expr::condition(ExprKind::And(all), span),
        }
    }

    /// Any holds; flattens, drops what never holds.
    pub fn or(parts: impl IntoIterator<Item = Expr>, span: Span) -> Self {
        let mut all = Vec::new();
        for part in parts {
            match &*part.kind {
                ExprKind::Or(inner) => all.extend(inner.iter().cloned()),
                ExprKind::Literal(Value::Bool(false)) => {}
                _ => all.push(part),
            }
        }
        match all.len() {
            0 => Expr::constant(false, span),
            1 => all.swap_remove(0),
            _ => Expr::condition(ExprKind::Or(all), span),
        }
    }

    /// Does not hold.
    #[allow(clippy::should_implement_trait)]
    pub fn not(self) -> Self {
        let span = self.span;
        match &*self.kind {
            ExprKind::Not(inner) if inner.ty == Type::Bool && inner.is_condition() => inner.clone(),
            ExprKind::Literal(Value::Bool(b)) => Expr::constant(!b, span),
            _ => Expr::condition(ExprKind::Not(self), span),
        }
    }

    /// The population that this node speaks of by itself.
    pub fn population(&self) -> Option<&Population> {
        match &*self.kind {
            ExprKind::Member { population, .. }
            | ExprKind::Matches { population, .. }
            | ExprKind::Lookup { population, .. }
            | ExprKind::CountOf(population)
            | ExprKind::EveryOf { population, .. } => Some(population),
            _ => None,
        }
    }

    /// Whether this is a condition (holds or not), as opposed to a bool value that can be missing.
    pub fn is_condition(&self) -> bool {
        matches!(
            &*self.kind,
            ExprKind::And(_)
                | ExprKind::Or(_)
                | ExprKind::Not(_)
                | ExprKind::Compare { .. }
                | ExprKind::Between { .. }
                | ExprKind::In { .. }
                | ExprKind::InList { .. }
                | ExprKind::InWindow { .. }
                | ExprKind::Anniversary { .. }
                | ExprKind::Within { .. }
                | ExprKind::IsMissing(_)
                | ExprKind::IsEmpty(_)
                | ExprKind::Test { .. }
                | ExprKind::Member { .. }
                | ExprKind::Matches { .. }
                | ExprKind::Moved { .. }
                | ExprKind::Quantified { .. }
                | ExprKind::EveryOf { .. }
                | ExprKind::AnniversaryBetween(..)
                | ExprKind::MovedBetween { .. }
                | ExprKind::Literal(Value::Bool(_))
        )
    }
}

/// A row: the frame it is bound in, then to-one links.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    /// See the module documentation.
    pub frame: u16,
    /// To-one links, in order; a missing link makes every column of the row missing.
    pub links: Vec<LinkId>,
}

impl Row {
    /// The row of a frame itself.
    pub fn frame(frame: u16) -> Self {
        Row { frame, links: Vec::new() }
    }
}

/// A path over at least one to-many link: what a quantifier or an aggregate ranges over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Links {
    /// Where it starts: a frame, possibly through to-one links.
    pub from: Row,
    /// The links in order, each with the frame its rows are bound to. The last one's rows are
    /// what is counted; the earlier ones can be spoken of by their names.
    pub steps: Vec<LinkStep>,
}

/// One link of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LinkStep {
    /// The link, from the row before it.
    pub link: LinkId,
    /// The frame its rows are bound to.
    pub frame: u16,
}

impl Links {
    /// The frame of the rows that are counted.
    pub fn last_frame(&self) -> u16 {
        self.steps.last().map_or(self.from.frame, |s| s.frame)
    }

    /// The links of the path, in order.
    pub fn ids(&self) -> Vec<LinkId> {
        self.steps.iter().map(|s| s.link).collect()
    }
}

/// Comparisons; `before` and `after` are `Lt` and `Gt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `=`
    Eq,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

/// Aggregates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregate {
    /// Rows, or rows with a value; 0 over nothing.
    Count,
    /// Different values; 0 over nothing.
    CountDistinct,
    /// 0 over nothing.
    Sum,
    /// Missing over nothing, like all below.
    Avg,
    /// Lowest.
    Min,
    /// Highest.
    Max,
    /// Middle value; the mean of the two middle ones for an even count.
    Median,
    /// Sample standard deviation.
    Stddev,
    /// The value of the row with the lowest sort key; ties go to the highest linked key.
    First,
    /// The value of the row with the highest sort key; ties go to the highest linked key.
    Last,
    /// Values joined by a separator, ordered by value.
    Join,
}

/// How many linked rows must hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// At least one.
    Any,
    /// None.
    No,
    /// All, also when there are none.
    Every,
    /// `count OP N`; the number speaks of the enclosing rows.
    Count(Comparison, Expr),
}

/// A time window, relative to the run's instant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// `today − N < day ≤ today` and not later than now; below a day: `now − N < t ≤ now`.
    Last(Expr),
    /// Later than now, up to `today + N`.
    Next(Expr),
    /// The current week, month, quarter, year (or day).
    This(Unit),
    /// The one before.
    Previous(Unit),
    /// The one after.
    Following(Unit),
}

/// A population or audience that membership is looked up in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Population {
    /// A transition of the program.
    Transition(TransitionId),
    /// A saved audience: its number among [`Program::audiences`](super::program::Program).
    Audience(usize),
    /// All rows of a dimension; only in population facts.
    Dimension(DimId),
}

/// A sort key. Missing values come last either way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sort {
    /// What to sort by.
    pub expr: Expr,
    /// Highest first.
    pub descending: bool,
}

/// `match` of an expression of the left row with one of the right row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MatchPair {
    /// Over the left row: frame 0 is the row the condition is written for.
    pub left: Expr,
    /// Over the right population's row, which is bound as frame [`MatchPair::RIGHT`].
    pub right: Expr,
}

impl MatchPair {
    /// The frame of the right population's row.
    pub const RIGHT: u16 = 1;
}

/// A piece of a `sql` escape.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SqlPart {
    /// Engine text.
    Text(String),
    /// `{{column}}`
    Value(Expr),
}

/// The kinds of typed expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExprKind {
    /// A constant.
    Literal(Value),
    /// The local day of the run's instant.
    Today,
    /// The run's instant.
    Now,
    /// A parameter of the program.
    Param(ParamId),
    /// A column of a dimension's row.
    Column {
        /// Which row.
        row: Row,
        /// Its index in the columns of the row's dimension.
        column: usize,
    },
    /// A column that the population in frame 0 carries; of a saved audience, a stored column
    /// behind the key's.
    Carried {
        /// The frame of the population's row: 0, or [`MatchPair::RIGHT`] on the right of a match.
        frame: u16,
        /// Its index among the population's carried columns.
        index: usize,
    },
    /// A field of a struct, or a path into JSON.
    Field(Expr, Vec<String>),
    /// All hold.
    And(Vec<Expr>),
    /// Any holds.
    Or(Vec<Expr>),
    /// Does not hold.
    Not(Expr),
    /// A comparison. Operands are of one type, or both numbers, or both times (a date against a
    /// timestamp compares days), or JSON and anything.
    Compare {
        /// Which one.
        op: Comparison,
        /// Left operand.
        left: Expr,
        /// Right operand.
        right: Expr,
        /// Text compared after folding case.
        ignoring_case: bool,
    },
    /// Inclusive; a date bound covers its whole day.
    Between {
        /// What is tested.
        value: Expr,
        /// Lower bound.
        low: Expr,
        /// Upper bound.
        high: Expr,
    },
    /// One of these; never holds for a missing value or an empty list.
    In {
        /// What is looked for.
        value: Expr,
        /// Constants or expressions.
        list: Vec<Expr>,
        /// Text compared after folding case.
        ignoring_case: bool,
    },
    /// An element of a list-valued expression.
    InList {
        /// What is looked for.
        value: Expr,
        /// A list column.
        list: Expr,
        /// Text compared after folding case.
        ignoring_case: bool,
    },
    /// In a window of time.
    InWindow {
        /// A date or a timestamp.
        value: Expr,
        /// Which window.
        window: Window,
    },
    /// The yearly return of a date, 29 February falling on the 28th in common years.
    Anniversary {
        /// The date, a birthday.
        date: Expr,
        /// What it is held against.
        test: AnniversaryTest,
    },
    /// Within a distance of another time.
    Within {
        /// The time tested.
        value: Expr,
        /// How far: a duration.
        distance: Expr,
        /// Which side.
        side: WithinSide,
        /// From where.
        anchor: Expr,
    },
    /// Has no value.
    IsMissing(Expr),
    /// Missing, `''` or the empty list.
    IsEmpty(Expr),
    /// A test of a text or a list.
    Test {
        /// Which one.
        op: TextOp,
        /// The text or list.
        value: Expr,
        /// What is looked for; a list for the `any of`/`every of` forms.
        pattern: Expr,
        /// Text compared after folding case.
        ignoring_case: bool,
    },
    /// This row is in a population of its dimension.
    Member {
        /// Which row.
        row: Row,
        /// Where.
        population: Population,
    },
    /// Some row of a population matches by ANDed equalities (`exclude … matching …`).
    Matches {
        /// Whose rows.
        population: Population,
        /// What must be equal.
        pairs: Vec<MatchPair>,
    },
    /// This row entered or left an audience in a window.
    Moved {
        /// Entered, or left.
        entered: bool,
        /// Its number among the program's audiences.
        audience: usize,
        /// Which row.
        row: Row,
        /// When.
        window: Window,
    },
    /// A condition on linked rows.
    Quantified {
        /// How many.
        quantifier: Quantifier,
        /// Over which rows.
        links: Links,
        /// What must hold of them; nothing: that they exist.
        condition: Option<Expr>,
    },
    /// An aggregate over linked rows.
    Aggregate {
        /// Which one.
        function: Aggregate,
        /// Of what; nothing: of rows.
        value: Option<Expr>,
        /// Over which rows.
        links: Links,
        /// Only rows that hold.
        condition: Option<Expr>,
        /// The order of `first` and `last`.
        by: Vec<Sort>,
        /// The separator of `join`.
        separator: Option<String>,
    },
    /// Arithmetic on numbers. Division by zero is missing.
    Arith(ArithOp, Expr, Expr),
    /// Minus.
    Neg(Expr),
    /// A time moved by a duration.
    Shift {
        /// A date or a timestamp.
        time: Expr,
        /// By how much.
        by: Expr,
        /// Back in time.
        back: bool,
    },
    /// An amount of a unit: `(n) days`.
    DurationOf(Expr, Unit),
    /// `if c then a else b`
    If(Expr, Expr, Expr),
    /// A function of the catalogue.
    Function(Function, Vec<Expr>),
    /// Widening or an explicit conversion; the target is the expression's type.
    Convert(Expr),
    /// The escape hatch.
    Sql(Vec<SqlPart>),
    /// The parts of a row's key as the one text by which the log of deliveries names it.
    MemberText(Vec<Expr>),
    /// The parts of a row's key as the one text that the stable hash uses. The implicit argument [`Implicit::RowKey`](super::functions::Implicit) is one of the
    /// innermost row's key columns.
    KeyText(Vec<Expr>),
    /// How many rows a population has.
    CountOf(Population),
    /// Members of a saved audience before the run; 0 when it does not exist yet.
    SizeOf(usize),
    /// A condition on the rows of a population: `every active where …`; the row is frame 0.
    EveryOf {
        /// Any, No, Every or a count.
        quantifier: Quantifier,
        /// Whose rows.
        population: Population,
        /// What must hold.
        condition: Expr,
    },
    /// Made by the planner: the value that a population carries for this row (frame 0) under this
    /// index; missing when the row is not in it.
    Lookup {
        /// Whose column.
        population: Population,
        /// Its index among the carried columns, of an audience: among its columns after the key.
        index: usize,
    },
    /// Made by the planner: this row entered or left an audience, the first bound exclusive when
    /// `after`, the last one inclusive.
    MovedBetween {
        /// Entered, or left.
        entered: bool,
        /// Its number among the program's audiences.
        audience: usize,
        /// Which row.
        row: Row,
        /// Bounds of the time of the change, each a condition on [`ExprKind::Carried`] 0 of
        /// frame [`MatchPair::RIGHT`], an instant.
        when: Expr,
    },
    /// Made by the planner: an instant as local time of a zone.
    ToLocal(Expr, Arc<str>),
    /// Made by the planner: a local time of a zone as an instant, the later one in a repeated hour.
    ToInstant(Expr, Arc<str>),
    /// Made by the planner: whether a yearly return of the date lies between two days, inclusive.
    AnniversaryBetween(Expr, jiff::civil::Date, jiff::civil::Date),
    /// Already reported.
    Error,
}

/// What an anniversary is held against.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AnniversaryTest {
    /// `= d`
    On(Expr),
    /// `in WINDOW`
    In(Window),
    /// `between a and b`
    Between(Expr, Expr),
}

/// A constant duration.
pub fn duration(value: Duration, span: Span) -> Expr {
    Expr::literal(Value::Duration(value), span)
}

impl Window {
    fn map(&self, f: &mut dyn FnMut(&Expr) -> Expr) -> Window {
        match self {
            Window::Last(n) => Window::Last(f(n)),
            Window::Next(n) => Window::Next(f(n)),
            other => other.clone(),
        }
    }
}

impl Quantifier {
    fn map(&self, f: &mut dyn FnMut(&Expr) -> Expr) -> Quantifier {
        match self {
            Quantifier::Count(op, n) => Quantifier::Count(*op, f(n)),
            other => other.clone(),
        }
    }
}

impl Expr {
    /// The same expression with `f` applied to each direct part.
    pub fn map_children(&self, f: &mut dyn FnMut(&Expr) -> Expr) -> Expr {
        use ExprKind::*;
        let kind = match &*self.kind {
            Literal(_)
            | Today
            | Now
            | Param(_)
            | Column { .. }
            | Carried { .. }
            | Member { .. }
            | CountOf(_)
            | SizeOf(_)
            | Lookup { .. }
            | Error => return self.clone(),
            Field(e, path) => Field(f(e), path.clone()),
            And(parts) => And(parts.iter().map(f).collect()),
            Or(parts) => Or(parts.iter().map(f).collect()),
            Not(e) => Not(f(e)),
            Compare { op, left, right, ignoring_case } => {
                Compare { op: *op, left: f(left), right: f(right), ignoring_case: *ignoring_case }
            }
            Between { value, low, high } => Between { value: f(value), low: f(low), high: f(high) },
            In { value, list, ignoring_case } => In {
                value: f(value),
                list: list.iter().map(&mut *f).collect(),
                ignoring_case: *ignoring_case,
            },
            InList { value, list, ignoring_case } => {
                InList { value: f(value), list: f(list), ignoring_case: *ignoring_case }
            }
            InWindow { value, window } => InWindow { value: f(value), window: window.map(f) },
            Anniversary { date, test } => Anniversary {
                date: f(date),
                test: match test {
                    AnniversaryTest::On(day) => AnniversaryTest::On(f(day)),
                    AnniversaryTest::In(window) => AnniversaryTest::In(window.map(f)),
                    AnniversaryTest::Between(a, b) => AnniversaryTest::Between(f(a), f(b)),
                },
            },
            Within { value, distance, side, anchor } => {
                Within { value: f(value), distance: f(distance), side: *side, anchor: f(anchor) }
            }
            IsMissing(e) => IsMissing(f(e)),
            IsEmpty(e) => IsEmpty(f(e)),
            Test { op, value, pattern, ignoring_case } => Test {
                op: *op,
                value: f(value),
                pattern: f(pattern),
                ignoring_case: *ignoring_case,
            },
            Matches { population, pairs } => Matches {
                population: population.clone(),
                pairs: pairs
                    .iter()
                    .map(|p| MatchPair { left: f(&p.left), right: f(&p.right) })
                    .collect(),
            },
            Moved { entered, audience, row, window } => Moved {
                entered: *entered,
                audience: *audience,
                row: row.clone(),
                window: window.map(f),
            },
            Quantified { quantifier, links, condition } => Quantified {
                quantifier: quantifier.map(f),
                links: links.clone(),
                condition: condition.as_ref().map(f),
            },
            Aggregate { function, value, links, condition, by, separator } => Aggregate {
                function: *function,
                value: value.as_ref().map(&mut *f),
                links: links.clone(),
                condition: condition.as_ref().map(&mut *f),
                by: by
                    .iter()
                    .map(|s| Sort { expr: f(&s.expr), descending: s.descending })
                    .collect(),
                separator: separator.clone(),
            },
            Arith(op, a, b) => Arith(*op, f(a), f(b)),
            Neg(e) => Neg(f(e)),
            Shift { time, by, back } => Shift { time: f(time), by: f(by), back: *back },
            DurationOf(e, unit) => DurationOf(f(e), *unit),
            If(c, a, b) => If(f(c), f(a), f(b)),
            Function(function, args) => Function(*function, args.iter().map(f).collect()),
            Convert(e) => Convert(f(e)),
            Sql(parts) => Sql(parts
                .iter()
                .map(|p| match p {
                    SqlPart::Text(t) => SqlPart::Text(t.clone()),
                    SqlPart::Value(e) => SqlPart::Value(f(e)),
                })
                .collect()),
            EveryOf { quantifier, population, condition } => EveryOf {
                quantifier: quantifier.map(f),
                population: population.clone(),
                condition: f(condition),
            },
            MovedBetween { entered, audience, row, when } => MovedBetween {
                entered: *entered,
                audience: *audience,
                row: row.clone(),
                when: f(when),
            },
            MemberText(parts) => MemberText(parts.iter().map(f).collect()),
            KeyText(parts) => KeyText(parts.iter().map(f).collect()),
            ToLocal(e, zone) => ToLocal(f(e), zone.clone()),
            ToInstant(e, zone) => ToInstant(f(e), zone.clone()),
            AnniversaryBetween(e, low, high) => AnniversaryBetween(f(e), *low, *high),
        };
        Expr { kind: Arc::new(kind), ty: self.ty.clone(), span: self.span }
    }

    /// Calls `f` on every part, this one first.
    pub fn walk(&self, f: &mut dyn FnMut(&Expr)) {
        f(self);
        self.map_children(&mut |part| {
            part.walk(f);
            part.clone()
        });
    }
}
