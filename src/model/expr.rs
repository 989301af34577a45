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
    /// A column that the population in frame 0 carries. Of a saved audience
    /// ([`Population::Audience`]) all stored columns count, the key's first, as in
    /// [`Audience::columns`](super::schema::Audience).
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
    /// The parts of a row's key as the one text that the stable hash and the log of deliveries
    /// use. The implicit argument [`Implicit::RowKey`](super::functions::Implicit) is one of the
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

impl Expr {
    /// Calls `see` with this expression and everything in it, conditions, sort keys and bounds
    /// of windows among them; outer before inner.
    pub fn visit(&self, see: &mut impl FnMut(&Expr)) {
        see(self);
        let mut children: Vec<&Expr> = Vec::new();
        self.children(&mut children);
        for child in children {
            child.visit(see);
        }
    }

    /// The expressions directly inside, in the order they are written.
    pub fn children<'e>(&'e self, out: &mut Vec<&'e Expr>) {
        fn window<'e>(window: &'e Window, out: &mut Vec<&'e Expr>) {
            if let Window::Last(d) | Window::Next(d) = window {
                out.push(d);
            }
        }
        match &*self.kind {
            ExprKind::Literal(_)
            | ExprKind::Today
            | ExprKind::Now
            | ExprKind::Param(_)
            | ExprKind::Column { .. }
            | ExprKind::Carried { .. }
            | ExprKind::Member { .. }
            | ExprKind::CountOf(_)
            | ExprKind::SizeOf(_)
            | ExprKind::Error => {}
            ExprKind::Field(e, _)
            | ExprKind::Not(e)
            | ExprKind::IsMissing(e)
            | ExprKind::IsEmpty(e)
            | ExprKind::Neg(e)
            | ExprKind::DurationOf(e, _)
            | ExprKind::Convert(e) => out.push(e),
            ExprKind::And(all) | ExprKind::Or(all) | ExprKind::KeyText(all) => out.extend(all),
            ExprKind::Function(_, args) => out.extend(args),
            ExprKind::Compare { left, right, .. } | ExprKind::Arith(_, left, right) => {
                out.extend([left, right]);
            }
            ExprKind::Between { value, low, high } => out.extend([value, low, high]),
            ExprKind::In { value, list, .. } => {
                out.push(value);
                out.extend(list);
            }
            ExprKind::InList { value, list, .. } => out.extend([value, list]),
            ExprKind::InWindow { value, window: w } => {
                out.push(value);
                window(w, out);
            }
            ExprKind::Anniversary { date, test } => {
                out.push(date);
                match test {
                    AnniversaryTest::On(day) => out.push(day),
                    AnniversaryTest::In(w) => window(w, out),
                    AnniversaryTest::Between(a, b) => out.extend([a, b]),
                }
            }
            ExprKind::Within { value, distance, anchor, .. } => {
                out.extend([value, distance, anchor]);
            }
            ExprKind::Test { value, pattern, .. } => out.extend([value, pattern]),
            ExprKind::Matches { pairs, .. } => {
                out.extend(pairs.iter().flat_map(|p| [&p.left, &p.right]));
            }
            ExprKind::Moved { window: w, .. } => window(w, out),
            ExprKind::Quantified { quantifier, condition, .. } => {
                if let Quantifier::Count(_, n) = quantifier {
                    out.push(n);
                }
                out.extend(condition);
            }
            ExprKind::Aggregate { value, condition, by, .. } => {
                out.extend(value);
                out.extend(condition);
                out.extend(by.iter().map(|s| &s.expr));
            }
            ExprKind::Shift { time, by, .. } => out.extend([time, by]),
            ExprKind::If(c, a, b) => out.extend([c, a, b]),
            ExprKind::Sql(parts) => out.extend(parts.iter().filter_map(|p| match p {
                SqlPart::Value(e) => Some(e),
                SqlPart::Text(_) => None,
            })),
            ExprKind::EveryOf { quantifier, condition, .. } => {
                if let Quantifier::Count(_, n) = quantifier {
                    out.push(n);
                }
                out.push(condition);
            }
        }
    }
}

/// A constant duration.
pub fn duration(value: Duration, span: Span) -> Expr {
    Expr::literal(Value::Duration(value), span)
}
