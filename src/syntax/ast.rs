//! The tree of a source file, exactly as written: no name is bound, no type known, no option
//! checked. Equality ignores spans, so that two spellings of one thing are equal; of
//! [`ExprKind`]s compare the [`Expr`]s around them.

mod unit_test;

pub use unit_test::{Expected, ExpectedKind, Given, GivenColumn, GivenTarget, UnitTest};

use crate::source::{Span, Spanned};

/// A name, without its backticks.
pub type Name = Spanned<String>;
/// The content of a quoted text, quotes undone, `{{…}}` still inside.
pub type Text = Spanned<String>;

/// One file.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Ast {
    /// In the order of the file. Statements that could not be read are [`StatementKind::Invalid`].
    pub statements: Vec<Statement>,
}

/// One statement with its documentation.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The `##` lines directly above, joined by line breaks.
    pub doc: Option<String>,
    /// What it says.
    pub kind: StatementKind,
    /// From its first word to its last.
    pub span: Span,
}

/// The kinds of statement.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    /// `campaign "Label" timezone "Z" schedule …`
    Campaign(Campaign),
    /// `import "model.camp"`
    Import(Text),
    /// `database NAME = "uri"`
    Database(Database),
    /// `dimension NAME = SOURCE …`
    Dimension(Dimension),
    /// `link A.x, B.y on …`
    Link(Link),
    /// `define NAME(params) on D = EXPR`
    Define(Define),
    /// `param NAME: TYPE = default`
    Param(Param),
    /// `use a, b`
    Use(Vec<Name>),
    /// `expect EXPR else "message"`
    Expect(Expect),
    /// `test "Label" given … expect …`
    Test(UnitTest),
    /// `out, out = activity …`, `export …` among them.
    Call(Call),
    /// Could not be read; the names it may have defined, so that nobody reports them as unknown.
    Invalid(Vec<String>),
}

/// The header of a campaign.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaign {
    /// Its label.
    pub label: Text,
    /// An IANA name.
    pub timezone: Option<Text>,
    /// Free text.
    pub description: Option<Text>,
    /// Metadata for whatever starts Camp.
    pub schedule: Option<Spanned<Schedule>>,
}

/// When a campaign should run.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// `hourly`
    Hourly,
    /// `daily at 07:00`
    Daily(Clock),
    /// `weekly on monday, friday at 05:00`; 1 is Monday.
    Weekly(Vec<u8>, Clock),
    /// `monthly on day 1 at 06:00`
    MonthlyOn(u8, Clock),
    /// `monthly on last day at 06:00`
    MonthlyLast(Clock),
    /// `yearly on 1 january at 02:00`: day, month.
    Yearly(u8, u8, Clock),
    /// `every 15 minutes`, in minutes.
    EveryMinutes(u32),
}

/// A time of day; midnight when left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Clock {
    /// 0–23.
    pub hour: u8,
    /// 0–59.
    pub minute: u8,
}

/// An attached database.
#[derive(Clone, Debug, PartialEq)]
pub struct Database {
    /// Its name in this file.
    pub name: Name,
    /// Path or URI.
    pub uri: Text,
}

/// A targeting dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension {
    /// Its name in this file.
    pub name: Name,
    /// Where its rows are.
    pub source: Source,
    /// What identifies a row.
    pub key: Vec<Name>,
    /// Declared types.
    pub columns: Vec<ColumnDecl>,
    /// Rows for which it does not hold do not exist.
    pub filter: Option<Expr>,
    /// `with delimiter: ";"`
    pub options: Vec<Entry>,
}

/// Where rows come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// `"data/orders/*.csv"`
    File(Text),
    /// `customers`, `crm.public.accounts`
    Table(Path),
}

/// `postcode: text`, `sent: date "DD.MM.YYYY"`
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDecl {
    /// The column.
    pub name: Name,
    /// Its type.
    pub ty: TypeName,
    /// The format of dates and timestamps.
    pub format: Option<Text>,
}

/// A type as written: `decimal(12, 2)`, `list of text`.
#[derive(Clone, Debug)]
pub struct TypeName {
    /// `list of …`
    pub list: bool,
    /// `text`, `int`, …
    pub name: Name,
    /// Precision and scale.
    pub args: Vec<Spanned<u32>>,
    /// All of it.
    pub span: Span,
}

/// `link A.x, B.y on A.col = B.col`
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The left end: `A.x`, or `A` when that end has no name.
    pub left: LinkEnd,
    /// The right end.
    pub right: LinkEnd,
    /// ANDed comparisons.
    pub on: Expr,
}

/// One end of a link.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkEnd {
    /// The dimension whose rows see it.
    pub dimension: Name,
    /// The name it is seen under.
    pub name: Option<Name>,
}

/// A reusable rule, trait or constant.
#[derive(Clone, Debug, PartialEq)]
pub struct Define {
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub params: Vec<Param>,
    /// The dimension it speaks of; a constant has none.
    pub on: Option<Name>,
    /// What it stands for.
    pub body: Expr,
}

/// A parameter of a file or of a definition.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeName,
    /// Used when it is not given.
    pub default: Option<Expr>,
}

/// A guard.
#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    /// What must hold.
    pub condition: Expr,
    /// What to say when it does not.
    pub message: Option<Text>,
}

/// A run of an activity: built-in and plugin activities have the same shape, a list of clauses.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The names given to its outgoing transitions.
    pub outputs: Vec<Name>,
    /// `build audience`, `combine`, `export`, `deduplicate`.
    pub activity: Name,
    /// In the order written.
    pub clauses: Vec<Clause>,
    /// `wait for a, b`
    pub wait_for: Vec<Name>,
    /// `only if EXPR`
    pub only_if: Option<Expr>,
}

/// One clause of a call, with its place.
pub type Clause = Spanned<ClauseKind>;

/// What a clause says.
#[derive(Clone, Debug, PartialEq)]
pub enum ClauseKind {
    /// The populations a call takes: `from customers`, `save audience X`, `deduplicate A, B`.
    Inputs(Vec<Path>),
    /// `read audience "Label"`
    Label(Text),
    /// `as "Label"`
    As(Text),
    /// `to "file.csv"`
    To(Text),
    /// `to database.schema.table`
    ToTable(Path),
    /// `where RULE`
    Where(Expr),
    /// `select …`
    Select(Select),
    /// `order by …`
    OrderBy(Vec<Sort>),
    /// `limit N`, `limit N%`
    Limit(Expr),
    /// `version N`
    Version(Spanned<u64>),
    /// `on DIMENSION matching COL = COL`
    OnMatching(Name, Expr),
    /// The operands of `combine`.
    Set(SetExpr),
    /// `common columns only`
    CommonColumnsOnly,
    /// `create or update`
    CreateOrUpdate,
    /// `update existing`
    UpdateExisting,
    /// `replace`
    Replace,
    /// `append`
    Append,
    /// `merge`
    Merge,
    /// `expires in 90 days`
    ExpiresIn(Expr),
    /// `retain 12 versions`
    Retain(Expr),
    /// `for each COLUMN`
    ForEach(Name),
    /// `with key: value, …`
    With(Vec<Entry>),
}

/// `key: value`
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its key.
    pub name: Name,
    /// Its value.
    pub value: EntryValue,
    /// All of it.
    pub span: Span,
}

/// The value of an option.
#[derive(Clone, Debug, PartialEq)]
pub enum EntryValue {
    /// An expression, a literal, a word, a list; with `as`, `asc`, `desc` where written.
    Item(Item),
    /// `where RULE order by … limit …`
    Subset(Subset),
    /// `VALUE of LINK where RULE`
    Reduced(Arg),
}

/// A part of a population.
#[derive(Clone, Debug)]
pub struct Subset {
    /// Which rows.
    pub rule: Option<Expr>,
    /// Which of them first.
    pub order: Vec<Sort>,
    /// How many: a number of rows or a percentage.
    pub limit: Option<Expr>,
    /// All of it.
    pub span: Span,
}

/// `EXPR as NAME`, `EXPR desc`
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The value.
    pub expr: Expr,
    /// Its name.
    pub alias: Option<Name>,
    /// `Some(true)` for `desc`, `Some(false)` for `asc`.
    pub descending: Option<bool>,
}

/// What a population carries.
#[derive(Clone, Debug)]
pub struct Select {
    /// `*`, with its place: all columns so far are kept.
    pub star: Option<Span>,
    /// Further columns. `descending` is never set.
    pub items: Vec<Item>,
}

/// A sort key.
#[derive(Clone, Debug, PartialEq)]
pub struct Sort {
    /// What to sort by.
    pub expr: Expr,
    /// Highest first.
    pub descending: bool,
}

/// The operands of `combine`.
#[derive(Clone, Debug)]
pub struct SetExpr {
    /// The shape.
    pub kind: SetKind,
    /// All of it.
    pub span: Span,
}

/// The shape of a set expression.
#[derive(Clone, Debug, PartialEq)]
pub enum SetKind {
    /// A transition.
    Transition(Name),
    /// `audience "Label"`
    Audience(Text),
    /// A chain as written, left to right: `first op set op set …`. Brackets nest.
    Chain(Box<SetExpr>, Vec<SetOperand>),
}

/// One `op set` of a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct SetOperand {
    /// Union, intersect, exclude.
    pub op: Spanned<SetOp>,
    /// The right operand.
    pub set: SetExpr,
    /// `matching EXPR`: comparisons instead of the key.
    pub matching: Vec<Expr>,
}

/// The set operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetOp {
    /// Everyone in some set.
    Union,
    /// Everyone in every set.
    Intersect,
    /// The left without the right.
    Exclude,
}

impl SetOp {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            SetOp::Union => "union",
            SetOp::Intersect => "intersect",
            SetOp::Exclude => "exclude",
        }
    }
}

/// A dotted name: a column, a link path, a transition.
#[derive(Clone, Debug)]
pub struct Path {
    /// At least one.
    pub parts: Vec<Name>,
    /// All of it.
    pub span: Span,
}

/// An expression with its place.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it says.
    pub kind: Box<ExprKind>,
    /// All of it, brackets included.
    pub span: Span,
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        match (&*self.kind, &*other.kind) {
            (ExprKind::Not(a, _), ExprKind::Not(b, _)) => a == b,
            (a, b) => a == b,
        }
    }
}

/// Equality of these fields alone: the places are left out.
macro_rules! equal_but_for_spans {
    ($($type:ident: $($field:ident),+;)*) => {$(
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                $(self.$field == other.$field)&&+
            }
        }
    )*};
}
equal_but_for_spans! {
    Statement: doc, kind;
    TypeName: list, name, args;
    Entry: name, value;
    Subset: rule, order, limit;
    SetExpr: kind;
    Path: parts;
    CallExpr: function, args;
    Arg: name, distinct, expr, of, condition, by;
}

impl PartialEq for Select {
    fn eq(&self, other: &Self) -> bool {
        self.star.is_some() == other.star.is_some() && self.items == other.items
    }
}

impl Expr {
    /// An expression at its place.
    pub fn new(kind: ExprKind, span: Span) -> Self {
        Expr { kind: Box::new(kind), span }
    }
}

/// The kinds of expression. Every `not` form of an operator is [`ExprKind::Not`] of its positive
/// form, so that negation has one meaning.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `and`, two or more operands.
    And(Vec<Expr>),
    /// `or`, two or more operands.
    Or(Vec<Expr>),
    /// `not x`, `x not in …`, `x != y`, `x is not …`; the span of the `not` or of the operator.
    Not(Expr, Span),
    /// `if c then a else b`
    If(Expr, Expr, Expr),
    /// `a < b`
    Compare {
        /// Left operand.
        left: Expr,
        /// Which comparison; `!=` is `Not` of `Eq`.
        op: Spanned<CompareOp>,
        /// Right operand.
        right: Expr,
        /// `ignoring case`
        ignoring_case: bool,
    },
    /// `x between a and b`, inclusive.
    Between(Expr, Expr, Expr),
    /// `x in (a, b)`; the right side is a list, a constant or a list column.
    In {
        /// What is looked for.
        value: Expr,
        /// Where.
        list: Expr,
        /// `ignoring case`
        ignoring_case: bool,
    },
    /// `x in last 30 days`
    InWindow(Expr, Spanned<Window>),
    /// `in audience "L"`, `customer in vip`; the left side is a to-one link, or nothing for this row.
    Member {
        /// The to-one link before `in`.
        row: Option<Path>,
        /// Where membership is looked up.
        target: Population,
    },
    /// `entered audience "L" in last 7 days`
    Moved {
        /// `entered` (true) or `left`.
        entered: bool,
        /// Which audience.
        target: Population,
        /// When.
        window: Spanned<Window>,
    },
    /// `x is missing`
    IsMissing(Expr),
    /// `x is empty`; `is present` is `Not` of it.
    IsEmpty(Expr),
    /// `x contains y`, `starts with`, …
    TextTest {
        /// The text, or the list.
        value: Expr,
        /// Which test.
        op: Spanned<TextOp>,
        /// What is looked for.
        pattern: Expr,
        /// `ignoring case`
        ignoring_case: bool,
    },
    /// `d within 14 days after x`
    Within {
        /// The time tested.
        value: Expr,
        /// How far.
        distance: Expr,
        /// Which side.
        side: WithinSide,
        /// From where.
        anchor: Expr,
    },
    /// `any L where …`
    Quantified {
        /// Which quantifier.
        quantifier: Spanned<Quantifier>,
        /// A to-many link, through others.
        link: Path,
        /// The condition on the linked row.
        condition: Option<Expr>,
    },
    /// `a + b`
    Arith(Expr, Spanned<ArithOp>, Expr),
    /// `-a`
    Neg(Expr),
    /// `90 days ago`
    Ago(Expr),
    /// `lower(email)`, `count(orders where …)`, `recent_buyer(60 days)`, `quantity(…)`.
    Call(CallExpr),
    /// `(a, b)`, `()`, with aliases and directions where an option allows them.
    List(Vec<Item>),
    /// `(a)`: grouping, kept so that the formatter and error texts see it.
    Group(Expr),
    /// `country`, `customer.country`
    Path(Path),
    /// A literal.
    Literal(Literal),
    /// `sql int "length({{email}})"`
    Sql(Name, Text),
    /// Could not be read; already reported.
    Invalid,
}

/// A function, an aggregate, a definition with parameters.
#[derive(Clone, Debug)]
pub struct CallExpr {
    /// Usually one part; `orders.count` and the like are errors of the checker.
    pub function: Path,
    /// In the order written.
    pub args: Vec<Arg>,
    /// From bracket to bracket.
    pub args_span: Span,
}

/// One argument.
#[derive(Clone, Debug)]
pub struct Arg {
    /// `window: 30 days`
    pub name: Option<Name>,
    /// `count(distinct …)`
    pub distinct: bool,
    /// The value.
    pub expr: Expr,
    /// `… of orders`
    pub of: Option<Path>,
    /// `… where status = "paid"`
    pub condition: Option<Expr>,
    /// `… by ordered_at`
    pub by: Vec<Sort>,
    /// All of it.
    pub span: Span,
}

/// A population as an operand of a membership.
#[derive(Clone, Debug, PartialEq)]
pub enum Population {
    /// `audience "Label"`
    Audience(Text),
    /// A transition of this file.
    Transition(Name),
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
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
    /// `before`
    Before,
    /// `after`
    After,
}

/// Tests of a text or a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextOp {
    /// `contains`
    Contains,
    /// `contains any of`
    ContainsAny,
    /// `contains every of`
    ContainsEvery,
    /// `starts with`
    StartsWith,
    /// `ends with`
    EndsWith,
    /// `like`
    Like,
    /// `matches`
    Matches,
}

impl TextOp {
    /// As a script has it.
    pub fn word(self) -> &'static str {
        match self {
            TextOp::Contains => "contains",
            TextOp::ContainsAny => "contains any of",
            TextOp::ContainsEvery => "contains every of",
            TextOp::StartsWith => "starts with",
            TextOp::EndsWith => "ends with",
            TextOp::Like => "like",
            TextOp::Matches => "matches",
        }
    }
}

/// Arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArithOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
}

/// `after`, `before`, `of`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WithinSide {
    /// From the anchor to the anchor plus the distance.
    After,
    /// From the anchor minus the distance to the anchor.
    Before,
    /// Both sides.
    Of,
}

/// How many linked rows must hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Quantifier {
    /// `any`
    Any,
    /// `no`
    No,
    /// `every`
    Every,
    /// `at least N`
    AtLeast(Expr),
    /// `at most N`
    AtMost(Expr),
    /// `exactly N`
    Exactly(Expr),
    /// `more than N`
    MoreThan(Expr),
    /// `fewer than N`
    FewerThan(Expr),
}

/// A window of time around today.
#[derive(Clone, Debug, PartialEq)]
pub enum Window {
    /// `last 30 days`, `last (n) days`, `last window`: a duration.
    Last(Expr),
    /// `next 2 weeks`
    Next(Expr),
    /// `this month`
    This(Unit),
    /// `previous month`
    Previous(Unit),
    /// `next month`
    Following(Unit),
}

/// Units of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    /// 1 s
    Second,
    /// 60 s
    Minute,
    /// 60 min
    Hour,
    /// A local day.
    Day,
    /// 7 days, from Monday.
    Week,
    /// A calendar month.
    Month,
    /// 3 months.
    Quarter,
    /// 12 months.
    Year,
}

/// Literals as written.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `"text"`
    Text(String),
    /// `1_000`, `3.14`: digits and at most one point, no underscores.
    Number(String),
    /// `10%`: the digits before the sign.
    Percent(String),
    /// `2026-11-24`, `2026-11-24T09:30`, with `Z` or an offset: as written.
    Date(String),
    /// `90 days`, `1 month 1 day`: pairs of an amount and its unit.
    Duration(Vec<(Expr, Unit)>),
    /// `true`, `false`
    Bool(bool),
    /// `today`
    Today,
    /// `now`
    Now,
    /// `missing`
    Missing,
}
