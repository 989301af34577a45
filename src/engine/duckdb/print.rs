//! The query language of plans → DuckDB's SQL. Every identifier and literal goes through here.

use std::fmt::Write;

use crate::model::expr::{Aggregate, ArithOp, Comparison, Unit};
use crate::model::schema::Scan;
use crate::model::types::Type;
use crate::model::value::{Duration, Value, decimal_text};
use crate::plan::query::*;

/// `"name"`, its quotes doubled.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `'text'`, its quotes doubled. The engine takes no statement with the character NUL in it, which
/// values may have.
pub fn text(value: &str) -> String {
    let quoted = |part: &str| format!("'{}'", part.replace('\'', "''"));
    match value.contains('\0') {
        false => quoted(value),
        true => {
            let parts: Vec<String> = value.split('\0').map(quoted).collect();
            format!("({})", parts.join(" || chr(0) || "))
        }
    }
}

/// The name of a type in a cast.
pub fn type_name(ty: &Type) -> String {
    match ty {
        Type::Text | Type::Error => "VARCHAR".into(),
        Type::Int => "HUGEINT".into(),
        Type::Decimal { precision, scale } => format!("DECIMAL({precision}, {scale})"),
        Type::Float => "DOUBLE".into(),
        Type::Bool => "BOOLEAN".into(),
        Type::Date => "DATE".into(),
        Type::Timestamp => "TIMESTAMP".into(),
        Type::Instant => "TIMESTAMPTZ".into(),
        Type::Duration => "INTERVAL".into(),
        Type::List(of) => format!("{}[]", type_name(of)),
        Type::Json => "JSON".into(),
        Type::Struct(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(n, t)| format!("{} {}", identifier(n), type_name(t))).collect();
            format!("STRUCT({})", fields.join(", "))
        }
        Type::Missing => "INTEGER".into(),
        Type::Other(name) => name.clone(),
    }
}

/// A constant of a type.
pub fn literal(value: &Value, ty: &Type) -> String {
    match value {
        Value::Missing => match ty {
            Type::Missing | Type::Error => "NULL".into(),
            ty => format!("CAST(NULL AS {})", type_name(ty)),
        },
        Value::Bool(b) => if *b { "TRUE" } else { "FALSE" }.into(),
        Value::Int(i) if *ty == Type::Float => format!("CAST({i} AS DOUBLE)"),
        Value::Int(i) => i.to_string(),
        Value::Decimal { digits, scale } => {
            let plain = decimal_text(*digits, *scale);
            if *ty == Type::Float { format!("CAST({plain} AS DOUBLE)") } else { plain }
        }
        // `{:?}` writes the shortest text that reads back as the same number.
        Value::Float(x) => format!("CAST('{x:?}' AS DOUBLE)"),
        Value::Text(t) => text(t),
        Value::Date(d) => format!("DATE '{d}'"),
        Value::Timestamp(t) => format!("TIMESTAMP '{}'", t.strftime("%Y-%m-%d %H:%M:%S%.6f")),
        Value::Instant(t) => {
            format!("TIMESTAMPTZ '{}+00'", t.strftime("%Y-%m-%d %H:%M:%S%.6f"))
        }
        Value::Duration(d) => interval(d),
        Value::List(items) => {
            let of = match ty {
                Type::List(of) => (**of).clone(),
                _ => Type::Missing,
            };
            let items: Vec<String> = items.iter().map(|v| literal(v, &of)).collect();
            match &of {
                Type::Missing | Type::Error => format!("[{}]", items.join(", ")),
                of => format!("CAST([{}] AS {}[])", items.join(", "), type_name(of)),
            }
        }
    }
}

/// A key as the one text by which the catalogue names a member, of parts that are given as SQL: the
/// part itself, or a JSON list of the parts, so that no two keys have one text.
pub fn member_text(parts: &[String]) -> String {
    let texts: Vec<String> = parts.iter().map(|p| format!("CAST({p} AS VARCHAR)")).collect();
    match &texts[..] {
        [one] => one.clone(),
        _ => format!("CAST(to_json([{}]) AS VARCHAR)", texts.join(", ")),
    }
}

/// A constant as people write it, without the engine's type names.
pub fn plain(value: &Value) -> String {
    match value {
        Value::Missing => String::new(),
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Decimal { digits, scale } => decimal_text(*digits, *scale),
        Value::Float(x) => x.to_string(),
        Value::Text(t) => t.clone(),
        Value::Date(d) => d.to_string(),
        Value::Timestamp(t) => t.to_string(),
        Value::Instant(t) => t.to_string(),
        Value::Duration(d) => format!("{} months {} days {} µs", d.months, d.days, d.micros),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            format!("({})", items.join(", "))
        }
    }
}

/// A constant as a script writes it.
pub fn written(value: &Value) -> String {
    match value {
        Value::Missing => "missing".into(),
        Value::Text(text) => format!("\"{}\"", text.replace('"', "\"\"")),
        Value::List(items) => {
            format!("({})", items.iter().map(written).collect::<Vec<_>>().join(", "))
        }
        value => plain(value),
    }
}

fn interval(d: &Duration) -> String {
    format!("(to_months({}) + to_days({}) + to_microseconds({}))", d.months, d.days, d.micros)
}

/// A whole statement.
pub fn statement(statement: &Statement) -> String {
    match statement {
        Statement::CreateTemp { table, select: s } => {
            format!("CREATE TEMP TABLE {} AS\n{}", identifier(table), select(s))
        }
        Statement::DropTemp(table) => format!("DROP TABLE temp.{}", identifier(table)),
        Statement::CreateTempView { view, select: s } => {
            format!("CREATE TEMP VIEW {} AS\n{}", identifier(view), select(s))
        }
        Statement::External { inputs, .. } => {
            let inputs: Vec<String> = inputs.iter().map(select).collect();
            format!("-- these rows go to a plugin\n{}", inputs.join(";\n"))
        }
        Statement::Query(s) => select(s),
        Statement::Copy { select: s, path, format } => {
            let options = match format {
                CopyFormat::Csv { delimiter, header } => {
                    format!("FORMAT csv, DELIMITER {}, HEADER {header}", text(delimiter))
                }
                CopyFormat::Parquet => "FORMAT parquet, COMPRESSION zstd".into(),
                CopyFormat::Json { array } => format!("FORMAT json, ARRAY {array}"),
            };
            // The run renames the file itself.
            format!("COPY (\n{}\n) TO {} ({options}, USE_TMP_FILE false)", select(s), text(path))
        }
    }
}

/// A query.
pub fn select(s: &Select) -> String {
    let mut out = String::from("SELECT ");
    if s.distinct {
        out.push_str("DISTINCT ");
    }
    let columns: Vec<String> = s
        .columns
        .iter()
        .map(|(name, value)| match value {
            Scalar::Column(_, column) if column == name => scalar(value),
            value => format!("{} AS {}", scalar(value), identifier(name)),
        })
        .collect();
    out.push_str(&columns.join(", "));
    if let Some((from, alias)) = &s.from {
        let _ = write!(out, "\nFROM {} AS {}", source(from), identifier(alias));
    }
    for join in &s.joins {
        let kind = match join.kind {
            JoinKind::Inner => "JOIN",
            JoinKind::Left => "LEFT JOIN",
            JoinKind::Semi => "SEMI JOIN",
            JoinKind::Anti => "ANTI JOIN",
        };
        let _ = write!(
            out,
            "\n{kind} {} AS {} ON {}",
            source(&join.source),
            identifier(&join.alias),
            scalar(&join.on)
        );
    }
    if let Some(filter) = &s.filter {
        let _ = write!(out, "\nWHERE {}", scalar(filter));
    }
    if !s.group_by.is_empty() {
        let _ = write!(out, "\nGROUP BY {}", list(&s.group_by));
    }
    if let Some(qualify) = &s.qualify {
        let _ = write!(out, "\nQUALIFY {}", scalar(qualify));
    }
    if !s.order_by.is_empty() {
        let _ = write!(out, "\nORDER BY {}", orders(&s.order_by));
    }
    if let Some(limit) = &s.limit {
        let _ = write!(out, "\nLIMIT {}", scalar(limit));
    }
    out
}

fn indented(sql: &str) -> String {
    sql.replace('\n', "\n  ")
}

fn source(source: &Source) -> String {
    match source {
        Source::Scan { scan: s, local_instants: None } => scan(s),
        Source::Scan { scan: s, local_instants: Some((zone, columns)) } => {
            let replaced: Vec<String> = columns
                .iter()
                .map(|c| {
                    let c = identifier(c);
                    format!("timezone({}, {c}) AS {c}", text(zone))
                })
                .collect();
            format!("(SELECT * REPLACE ({}) FROM {})", replaced.join(", "), scan(s))
        }
        Source::Temp(name) => format!("temp.{}", identifier(name)),
        Source::Catalogue { schema, table } => {
            format!("project.{}.{}", identifier(schema), identifier(table))
        }
        Source::Query(s) => format!("(\n  {}\n)", indented(&select(s))),
        Source::UnionAll(selects) => {
            let parts: Vec<String> = selects.iter().map(select).collect();
            format!("(\n  {}\n)", indented(&parts.join("\nUNION ALL\n")))
        }
        Source::Plugin { inputs, with, parts } => {
            let mut ctes: Vec<String> = inputs
                .iter()
                .map(|(name, s)| {
                    format!("{} AS (\n  {}\n)", identifier(name), indented(&select(s)))
                })
                .collect();
            let shared = parts.len() > 1;
            ctes.extend(with.iter().map(|(name, sql, once)| {
                let how = if *once && shared { "MATERIALIZED " } else { "" };
                format!("{} AS {how}(\n{sql}\n)", identifier(name))
            }));
            let parts: Vec<String> = parts
                .iter()
                .enumerate()
                .map(|(n, part)| {
                    let mut columns: Vec<String> = part
                        .columns
                        .iter()
                        .map(|(from, to)| format!("q.{} AS {}", identifier(from), identifier(to)))
                        .collect();
                    if shared {
                        columns.insert(0, format!("{n} AS o"));
                    }
                    // On a line of its own: a plugin's text may end in a comment.
                    format!("SELECT {}\nFROM (\n{}\n) AS q", columns.join(", "), part.sql)
                })
                .collect();
            let with =
                if ctes.is_empty() { String::new() } else { format!("WITH {}\n", ctes.join(", ")) };
            format!("(\n{with}{}\n)", parts.join("\nUNION ALL\n"))
        }
    }
}

/// A table, or the call that reads files.
pub fn scan(scan: &Scan) -> String {
    super::files::scan_sql(scan)
}

fn list(items: &[Scalar]) -> String {
    items.iter().map(scalar).collect::<Vec<_>>().join(", ")
}

fn orders(items: &[Order]) -> String {
    items
        .iter()
        .map(|o| {
            let direction = if o.descending { "DESC" } else { "ASC" };
            format!("{} {direction} NULLS LAST", scalar(&o.expr))
        })
        .collect::<Vec<_>>()
        .join(", ")
}

fn comparison(op: Comparison) -> &'static str {
    match op {
        Comparison::Eq => "=",
        Comparison::Lt => "<",
        Comparison::Le => "<=",
        Comparison::Gt => ">",
        Comparison::Ge => ">=",
    }
}

fn joined(parts: &[Scalar], word: &str, empty: &str) -> String {
    match parts {
        [] => empty.into(),
        [one] => scalar(one),
        many => format!("({})", many.iter().map(scalar).collect::<Vec<_>>().join(word)),
    }
}

/// A scalar, bracketed so that it can stand anywhere.
pub fn scalar(s: &Scalar) -> String {
    match s {
        Scalar::Column(alias, name) => format!("{}.{}", identifier(alias), identifier(name)),
        Scalar::Literal(value, ty) => literal(value, ty),
        Scalar::And(parts) => joined(parts, " AND ", "TRUE"),
        Scalar::Or(parts) => joined(parts, " OR ", "FALSE"),
        Scalar::Not(e) => format!("(NOT {})", scalar(e)),
        Scalar::Compare(op, a, b) => {
            format!("({} {} {})", scalar(a), comparison(*op), scalar(b))
        }
        Scalar::NotEqual(a, b) => format!("({} <> {})", scalar(a), scalar(b)),
        Scalar::Same(a, b) => format!("({} IS NOT DISTINCT FROM {})", scalar(a), scalar(b)),
        Scalar::IsNull(e) => format!("({} IS NULL)", scalar(e)),
        Scalar::IsNotNull(e) => format!("({} IS NOT NULL)", scalar(e)),
        Scalar::In(e, items) => format!("({} IN ({}))", scalar(e), list(items)),
        Scalar::Arith(op, a, b, ty) => arith(*op, a, b, ty),
        Scalar::Neg(e) => format!("(- {})", scalar(e)),
        Scalar::Primitive(p, args) => primitive(*p, args),
        Scalar::Function(function, args, ty) => {
            let (args, types): (Vec<String>, Vec<Type>) =
                args.iter().map(|(a, ty)| (scalar(a), ty.clone())).unzip();
            super::functions::render(*function, &args, &types, ty)
        }
        Scalar::Cast(e, ty) => format!("CAST({} AS {})", scalar(e), type_name(ty)),
        Scalar::TryCast(e, ty) => format!("TRY_CAST({} AS {})", scalar(e), type_name(ty)),
        Scalar::Case(arms, otherwise) => {
            let mut out = String::from("CASE");
            for (condition, value) in arms {
                let _ = write!(out, " WHEN {} THEN {}", scalar(condition), scalar(value));
            }
            if let Some(value) = otherwise {
                let _ = write!(out, " ELSE {}", scalar(value));
            }
            out + " END"
        }
        Scalar::Coalesce(items) => format!("coalesce({})", list(items)),
        Scalar::Aggregate(call) => aggregate(call),
        Scalar::RowNumber { partition, order } => {
            let partition = match partition.as_slice() {
                [] => String::new(),
                by => format!("PARTITION BY {} ", list(by)),
            };
            format!("row_number() OVER ({partition}ORDER BY {})", orders(order))
        }
        Scalar::CountTrue(condition) => {
            format!("CAST(coalesce(count_if({}), 0) AS BIGINT)", scalar(condition))
        }
        Scalar::Previous(value) => format!("lag({}) OVER ()", scalar(value)),
        Scalar::RowCount => "count(*) OVER ()".into(),
        Scalar::Exists(s) => format!("EXISTS (\n  {}\n)", indented(&select(s))),
        Scalar::Subquery(s) => format!("(\n  {}\n)", indented(&select(s))),
        Scalar::Raw(parts, ty) => {
            let mut inner = String::new();
            for part in parts {
                match part {
                    RawPart::Text(t) => inner.push_str(t),
                    RawPart::Value(v) => {
                        let _ = write!(inner, "({})", scalar(v));
                    }
                }
            }
            format!("CAST(({inner}) AS {})", type_name(ty))
        }
    }
}

fn arith(op: ArithOp, a: &Scalar, b: &Scalar, ty: &Type) -> String {
    let (a, b) = (scalar(a), scalar(b));
    match op {
        ArithOp::Add => format!("({a} + {b})"),
        ArithOp::Sub => format!("({a} - {b})"),
        ArithOp::Mul => format!("({a} * {b})"),
        // DuckDB's `/` gives infinity for a DOUBLE divided by zero.
        ArithOp::Div => format!("CAST(({a} / nullif({b}, 0)) AS {})", type_name(ty)),
    }
}

fn primitive(p: Primitive, args: &[Scalar]) -> String {
    let arg = |i: usize| args.get(i).map(scalar).unwrap_or_default();
    match p {
        // Upper first: `ß` and `ẞ`, `ς` and `σ` meet. One folding for comparing, grouping and lists.
        Primitive::FoldCase => format!("lower(upper({}))", arg(0)),
        Primitive::Contains => format!("contains({}, {})", arg(0), arg(1)),
        Primitive::StartsWith => format!("starts_with({}, {})", arg(0), arg(1)),
        Primitive::EndsWith => format!("ends_with({}, {})", arg(0), arg(1)),
        Primitive::Like => format!("({} LIKE {} ESCAPE '\\')", arg(0), arg(1)),
        Primitive::Matches => format!("regexp_matches({}, {})", arg(0), arg(1)),
        Primitive::ListContains => format!("list_contains({}, {})", arg(0), arg(1)),
        Primitive::ListHasAny => format!("list_has_any({}, {})", arg(0), arg(1)),
        Primitive::ListHasAll => format!("list_has_all({}, {})", arg(0), arg(1)),
        Primitive::ListLength => format!("len({})", arg(0)),
        Primitive::MakeList => format!("[{}]", list(args)),
        Primitive::ListFoldCase => {
            format!("list_transform({}, lambda x: lower(upper(x)))", arg(0))
        }
        Primitive::StructField => format!("struct_extract({}, {})", arg(0), arg(1)),
        Primitive::JsonText => {
            let path: String = args[1..]
                .iter()
                .map(|part| match part {
                    Scalar::Literal(Value::Text(key), _) => {
                        format!(".\"{}\"", key.replace('"', "\\\""))
                    }
                    other => scalar(other),
                })
                .collect();
            format!("json_extract_string({}, {})", arg(0), text(&format!("${path}")))
        }
        Primitive::DayOf => format!("CAST({} AS DATE)", arg(0)),
        Primitive::ToLocal => format!("timezone({}, {})", arg(1), arg(0)),
        Primitive::ToInstant => format!("timezone({}, {})", arg(1), arg(0)),
        Primitive::Join => {
            format!("({})", args.iter().map(scalar).collect::<Vec<_>>().join(" || "))
        }
        Primitive::DurationOf(unit) => {
            let (call, times) = match unit {
                Unit::Second => ("to_seconds", 1),
                Unit::Minute => ("to_minutes", 1),
                Unit::Hour => ("to_hours", 1),
                Unit::Day => ("to_days", 1),
                Unit::Week => ("to_days", 7),
                Unit::Month => ("to_months", 1),
                Unit::Quarter => ("to_months", 3),
                Unit::Year => ("to_months", 12),
            };
            format!("{call}(CAST({} * {times} AS INTEGER))", arg(0))
        }
        Primitive::AddDuration => format!("({} + {})", arg(0), arg(1)),
        Primitive::YearOf => format!("year({})", arg(0)),
        Primitive::AnniversaryIn => {
            let (date, year) = (arg(0), arg(1));
            format!("CAST(({date} + to_years(CAST({year} - year({date}) AS INTEGER))) AS DATE)")
        }
        Primitive::MemberText => {
            let parts: Vec<String> = args.iter().map(scalar).collect();
            member_text(&parts)
        }
        Primitive::KeyText => {
            let parts: Vec<String> = args
                .iter()
                .map(|a| {
                    let part = format!("CAST({} AS VARCHAR)", scalar(a));
                    format!("length({part}) || ':' || {part}")
                })
                .collect();
            format!("({})", parts.join(" || "))
        }
        Primitive::StableHash => {
            format!("md5(length({0}) || ':' || {0} || {1})", arg(0), arg(1))
        }
        Primitive::Scatter => format!("hash({})", list(args)),
        Primitive::NanToNull => {
            format!("CASE WHEN isnan({0}) THEN NULL ELSE {0} END", arg(0))
        }
    }
}

fn aggregate(call: &AggregateCall) -> String {
    let filter =
        call.filter.as_ref().map(|f| format!(" FILTER (WHERE {})", scalar(f))).unwrap_or_default();
    let arg = call.arg.as_ref().map(scalar).unwrap_or_default();
    let float = call.arg_ty == Type::Float;
    match call.function {
        Aggregate::Count if call.arg.is_none() => format!("count(*){filter}"),
        Aggregate::Count => format!("count({arg}){filter}"),
        Aggregate::CountDistinct => format!("count(DISTINCT {arg}){filter}"),
        // Sums of DOUBLE differ from run to run with the order of the rows; a decimal sum does not.
        Aggregate::Sum if float => {
            format!("CAST(sum(CAST({arg} AS DECIMAL(28, 6))){filter} AS DOUBLE)")
        }
        Aggregate::Sum => format!("sum({arg}){filter}"),
        Aggregate::Avg => match &call.arg_ty {
            Type::Float => format!(
                "(CAST(sum(CAST({arg} AS DECIMAL(28, 6))){filter} AS DOUBLE) / nullif(count({arg}){filter}, 0))"
            ),
            // The exact mean, rounded half up at six more decimals than the values have.
            Type::Decimal { scale, .. } => average(&arg, *scale, &filter),
            _ => average(&arg, 0, &filter),
        },
        Aggregate::Min => format!("min({arg}){filter}"),
        Aggregate::Max => format!("max({arg}){filter}"),
        Aggregate::Median => format!("median({arg}){filter}"),
        // In the order of the value: running sums of DOUBLE depend on the order of the rows.
        Aggregate::Stddev => {
            format!("stddev_samp(CAST({arg} AS DOUBLE) ORDER BY {arg}){filter}")
        }
        Aggregate::First | Aggregate::Last => {
            // A list of the rows in order, the first of them taken: `arg_max` skips missing values.
            format!("list({arg} ORDER BY {}){filter}[1]", orders(&call.order))
        }
        Aggregate::Join => {
            let separator = text(call.separator.as_deref().unwrap_or(", "));
            format!("string_agg({arg}, {separator} ORDER BY {arg}){filter}")
        }
    }
}

/// The exact mean of whole numbers or decimals, as a decimal with six more digits behind the
/// point, rounded half away from zero: `avg` of DuckDB is a DOUBLE, which misses thresholds.
fn average(arg: &str, scale: u8, filter: &str) -> String {
    let digits = scale + 6;
    let (sum, count) = (format!("sum({arg}){filter}"), format!("count({arg}){filter}"));
    let scaled = format!("CAST({sum} * {} AS HUGEINT)", 10i128.pow(u32::from(scale)));
    format!(
        "CASE WHEN {count} > 0 THEN CAST((2000000 * {scaled} + sign({sum})::HUGEINT * {count}) // \
         (2 * {count}) AS DECIMAL({}, 0)) * {} END",
        38 - digits,
        decimal_text(1, digits),
    )
}
