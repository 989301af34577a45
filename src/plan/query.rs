//! The statements a plan is made of: a small relational language between the planner and the
//! engine. No user name can clash here: every column is qualified by an alias the planner made,
//! and only the engine's printer turns any of it into text.

use crate::model::expr::{Aggregate, ArithOp, Comparison};
use crate::model::functions::Function;
use crate::model::schema::Scan;
use crate::model::types::Type;
use crate::model::value::Value;

/// The alias of a row source inside one [`Select`]; made by the planner, never by a user.
pub type Alias = String;

/// A query.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Select {
    /// The names and values of its columns.
    pub columns: Vec<(String, Scalar)>,
    /// Where rows come from; none for a single row of constants.
    pub from: Option<(Source, Alias)>,
    /// Joined in order.
    pub joins: Vec<Join>,
    /// Only rows for which it is true.
    pub filter: Option<Scalar>,
    /// Grouped by these.
    pub group_by: Vec<Scalar>,
    /// Only window results for which it is true.
    pub qualify: Option<Scalar>,
    /// Ordered by these, always with a full tie break where it decides anything.
    pub order_by: Vec<Order>,
    /// At most so many rows.
    pub limit: Option<Scalar>,
    /// Equal rows once.
    pub distinct: bool,
    /// The order in which its rows are best grouped; says nothing of what it gives.
    pub clustered: Option<Clustering>,
}

/// An order of rows in which grouping them takes less time; see [`super::sorted`].
#[derive(Clone, Debug, PartialEq)]
pub struct Clustering {
    /// The order.
    pub by: Vec<Scalar>,
    /// What is sorted, in words: `orders`.
    pub rows: String,
}

/// Where rows come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// A table or file of the user.
    Scan {
        /// How to read it.
        scan: Scan,
        /// Zone-less timestamp columns that are read as instants of this zone.
        local_instants: Option<(String, Vec<String>)>,
    },
    /// A temporary table of the plan.
    Temp(String),
    /// A table of the catalogue, in schema `camp` or `audience` of the project's database.
    Catalogue {
        /// `camp` or `audience`.
        schema: &'static str,
        /// The table.
        table: String,
    },
    /// A query in brackets.
    Query(Box<Select>),
    /// Queries one after another, duplicates kept; columns by position, names of the first.
    UnionAll(Vec<Select>),
    /// Engine text: a plugin's query, in which the named sources are visible as CTEs.
    Plugin {
        /// The inputs, by the name the text uses.
        inputs: Vec<(String, Select)>,
        /// Further CTEs of the plugin, in order: name, text, whether it is worth computing once.
        with: Vec<(String, String, bool)>,
        /// The queries, one after another, duplicates kept. Where there are several, a column `o`
        /// says from which a row is.
        parts: Vec<PluginPart>,
    },
}

/// A query of a plugin, and what is taken of it.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginPart {
    /// Engine text.
    pub sql: String,
    /// Its columns by name, each with the name it gets.
    pub columns: Vec<(String, String)>,
}

/// A join.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// Which kind.
    pub kind: JoinKind,
    /// What is joined.
    pub source: Source,
    /// Its alias.
    pub alias: Alias,
    /// On what.
    pub on: Scalar,
}

/// The kinds of join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// Rows on both sides.
    Inner,
    /// All left rows.
    Left,
    /// Left rows that have a right one.
    Semi,
    /// Left rows that have none.
    Anti,
}

/// A sort key. Missing values (and NaN) come last either way.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// What to sort by.
    pub expr: Scalar,
    /// Highest first.
    pub descending: bool,
}

/// A scalar of the engine. SQL's three-valued logic applies here; the planner is the one that
/// knows how to make two of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// A column of a source of this query or of one around it.
    Column(Alias, String),
    /// A constant of this type.
    Literal(Value, Type),
    /// SQL `AND`.
    And(Vec<Scalar>),
    /// SQL `OR`.
    Or(Vec<Scalar>),
    /// SQL `NOT`.
    Not(Box<Scalar>),
    /// SQL comparison.
    Compare(Comparison, Box<Scalar>, Box<Scalar>),
    /// `<>`
    NotEqual(Box<Scalar>, Box<Scalar>),
    /// `IS NOT DISTINCT FROM`
    Same(Box<Scalar>, Box<Scalar>),
    /// `IS NULL`
    IsNull(Box<Scalar>),
    /// `IS NOT NULL`
    IsNotNull(Box<Scalar>),
    /// `x IN (…)`, not empty.
    In(Box<Scalar>, Vec<Scalar>),
    /// Arithmetic that gives this type; division by zero and NaN are NULL.
    Arith(ArithOp, Box<Scalar>, Box<Scalar>, Type),
    /// Minus.
    Neg(Box<Scalar>),
    /// An engine primitive.
    Primitive(Primitive, Vec<Scalar>),
    /// A function of the catalogue, its implicit arguments added, each with its type; then the
    /// type of its result.
    Function(Function, Vec<(Scalar, Type)>, Type),
    /// A cast that fails where it would lose something.
    Cast(Box<Scalar>, Type),
    /// A cast that gives NULL where the value does not fit.
    TryCast(Box<Scalar>, Type),
    /// `CASE WHEN … THEN … ELSE … END`
    Case(Vec<(Scalar, Scalar)>, Option<Box<Scalar>>),
    /// `coalesce(…)`
    Coalesce(Vec<Scalar>),
    /// An aggregate.
    Aggregate(Box<AggregateCall>),
    /// How many rows a condition is true for, of a query that is not grouped. The engine sorts rows out for
    /// each `FILTER` of an aggregate; for the flags of a hundred populations that takes several times as
    /// long (0.3 s and 0.04 s of `hundred_parquet`).
    CountTrue(Box<Scalar>),
    /// `row_number() OVER (PARTITION BY … ORDER BY …)`
    RowNumber {
        /// Numbered within these.
        partition: Vec<Scalar>,
        /// In this order.
        order: Vec<Order>,
    },
    /// `lag(…) OVER ()`: its value in the row before, in the order in which rows come.
    Previous(Box<Scalar>),
    /// `count(*) OVER ()`: the number of rows of the query.
    RowCount,
    /// `EXISTS (…)`
    Exists(Box<Select>),
    /// A query of one column and at most one row.
    Subquery(Box<Select>),
    /// Engine text with values in it, the user's `sql` escape.
    Raw(Vec<RawPart>, Type),
}

/// A piece of engine text.
#[derive(Clone, Debug, PartialEq)]
pub enum RawPart {
    /// As it is.
    Text(String),
    /// A value, in brackets.
    Value(Scalar),
}

/// An aggregate of the engine.
#[derive(Clone, Debug, PartialEq)]
pub struct AggregateCall {
    /// Which one. [`Aggregate::First`] and `Last` pick by `order`, highest wins.
    pub function: Aggregate,
    /// Its argument; none counts rows.
    pub arg: Option<Scalar>,
    /// The argument's type, which decides how sums are kept exact.
    pub arg_ty: Type,
    /// Only rows for which it is true.
    pub filter: Option<Scalar>,
    /// For `First` and `Last`: the keys, in order, ties broken by the row's key.
    pub order: Vec<Order>,
    /// For `Join`.
    pub separator: Option<String>,
}

/// Engine primitives that are not functions of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Primitive {
    /// Folds the case of a text, the one folding of Camp.
    FoldCase,
    /// Case-sensitive literal search: text, part.
    Contains,
    /// text, start.
    StartsWith,
    /// text, end.
    EndsWith,
    /// text, pattern with `%` and `_`, backslash escapes.
    Like,
    /// text, RE2 pattern, part match.
    Matches,
    /// list, element.
    ListContains,
    /// list, list.
    ListHasAny,
    /// list, list: every element of the second.
    ListHasAll,
    /// Number of elements.
    ListLength,
    /// Builds a list of its arguments.
    MakeList,
    /// Folds the case of every element.
    ListFoldCase,
    /// struct, field name.
    StructField,
    /// JSON, path parts…: the value as text, NULL for JSON null.
    JsonText,
    /// The local day of a local time.
    DayOf,
    /// instant, zone: its local time there.
    ToLocal,
    /// local time, zone: the instant (the later one in a repeated hour).
    ToInstant,
    /// Texts, one after another.
    Join,
    /// An amount of a unit as a duration.
    DurationOf(crate::model::expr::Unit),
    /// time, duration: moved by it.
    AddDuration,
    /// The year of a date.
    YearOf,
    /// date, year: the return of the date in that year, 29 February on the 28th in common years.
    AnniversaryIn,
    /// Parts of a key as the one text by which the catalogue names a member.
    MemberText,
    /// Parts of a key as the one text the stable hash uses.
    KeyText,
    /// seed, key text: MD5 in hex.
    StableHash,
    /// A float's NaN as NULL.
    NanToNull,
    /// Values as a number that is the same for the same values in one run; no more is known of it.
    Scatter,
}

impl Scalar {
    /// What it is made of, directly; queries inside it are none of it.
    pub fn parts_mut(&mut self, visit: &mut dyn FnMut(&mut Scalar)) {
        let orders = |orders: &mut Vec<Order>, visit: &mut dyn FnMut(&mut Scalar)| {
            orders.iter_mut().for_each(|o| visit(&mut o.expr));
        };
        match self {
            Scalar::Column(..)
            | Scalar::Literal(..)
            | Scalar::RowCount
            | Scalar::Exists(_)
            | Scalar::Subquery(_) => {}
            Scalar::And(parts)
            | Scalar::Or(parts)
            | Scalar::Coalesce(parts)
            | Scalar::Primitive(_, parts) => parts.iter_mut().for_each(visit),
            Scalar::Not(a)
            | Scalar::IsNull(a)
            | Scalar::IsNotNull(a)
            | Scalar::Neg(a)
            | Scalar::Cast(a, _)
            | Scalar::TryCast(a, _)
            | Scalar::CountTrue(a)
            | Scalar::Previous(a) => visit(a),
            Scalar::Compare(_, a, b)
            | Scalar::NotEqual(a, b)
            | Scalar::Same(a, b)
            | Scalar::Arith(_, a, b, _) => {
                visit(a);
                visit(b);
            }
            Scalar::In(a, list) => {
                visit(a);
                list.iter_mut().for_each(visit);
            }
            Scalar::Function(_, args, _) => args.iter_mut().for_each(|(arg, _)| visit(arg)),
            Scalar::Case(arms, otherwise) => {
                for (when, then) in arms {
                    visit(when);
                    visit(then);
                }
                otherwise.iter_mut().for_each(|e| visit(e));
            }
            Scalar::Aggregate(call) => {
                call.arg.iter_mut().chain(&mut call.filter).for_each(&mut *visit);
                orders(&mut call.order, visit);
            }
            Scalar::RowNumber { partition, order } => {
                partition.iter_mut().for_each(&mut *visit);
                orders(order, visit);
            }
            Scalar::Raw(parts, _) => {
                for part in parts {
                    if let RawPart::Value(value) = part {
                        visit(value);
                    }
                }
            }
        }
    }
}

impl Select {
    /// Leaves only the rows for which this holds too.
    pub fn narrow(&mut self, also: Scalar) {
        let filter = self.filter.take().into_iter().chain([also]);
        self.filter = Some(super::lower::and(filter.collect()));
    }
}

/// A statement of a plan.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// A temporary table from a query.
    CreateTemp {
        /// Its name.
        table: String,
        /// Its rows.
        select: Select,
    },
    /// A temporary table that nothing reads any longer.
    DropTemp(String),
    /// A name for a query over temporary tables.
    CreateTempView {
        /// Its name.
        view: String,
        /// Its rows.
        select: Select,
    },
    /// Temporary tables from rows that leave the engine and come back: a plugin's executor.
    External {
        /// Index of the step in the program, whose operation does it.
        step: usize,
        /// The rows that go out.
        inputs: Vec<Select>,
        /// The tables, one per output of the operation.
        tables: Vec<String>,
    },
    /// A query whose rows the run looks at.
    Query(Select),
    /// A file.
    Copy {
        /// The rows.
        select: Select,
        /// Where to, already beside its final place.
        path: String,
        /// How.
        format: CopyFormat,
    },
}

/// The format of an export.
#[derive(Clone, Debug, PartialEq)]
pub enum CopyFormat {
    /// CSV.
    Csv {
        /// One character.
        delimiter: String,
        /// Names in the first row.
        header: bool,
    },
    /// Parquet.
    Parquet,
    /// Newline-delimited JSON, or one array.
    Json {
        /// One array.
        array: bool,
    },
}
