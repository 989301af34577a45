//! The functions of the catalogue as DuckDB SQL.
//!
//! The catalogue promises more than DuckDB's functions of the same names do: nothing fails on a
//! value, nothing is rounded or read in another way in silence, NaN does not exist. Where SQL here
//! is longer than seems needed, DuckDB 1.5.5 does something else:
//!
//! * `try_cast('12.7' AS bigint)` is 13, `'1_000'` is 1000, `'1e999'` infinity;
//! * `try_strptime` reads `3/4/25` by `%d/%m/%Y` as the year 25, and `infinity` as 1900;
//! * a text with an offset and without seconds is no `timestamptz`;
//! * `ceil` of an int is a double; `sqrt` and `ln` fail on what they cannot do, `power` gives NaN;
//! * `greatest` passes over NULL; `trim` leaves tabs; `left(x, -1)` cuts at the end;
//! * `lpad` cuts longer texts, and fails on an empty fill; `split_part` gives `''` where there is
//!   no part, `regexp_extract` where nothing fits;
//! * `timezone` of an unknown zone fails even inside `TRY`; `string_split` with a missing separator
//!   gives the whole text;
//! * `TRY` takes no argument with a subquery, so it is not used;
//! * the order of `list_distinct` and `list_intersect` is arbitrary.

use crate::model::format;
use crate::model::functions::Function;
use crate::model::types::Type;

/// The longest text that padding makes, and the most repetitions.
const MOST_CHARACTERS: i64 = 1000;

/// A text that is a whole number.
const WHOLE: &str = "[+-]?[0-9]+";

/// A text that is a number with or without a point.
const POINT: &str = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)";

/// The SQL of a call. The arguments are printed SQL of these types, those that the host adds
/// included: the local day as a date, the instant as a `timestamptz`, zone and label as text, the
/// row's key as [`key_text`]. Arguments of type `LocalTime` are dates or timestamps, of type
/// `Instant` `timestamptz`.
pub fn render(function: Function, args: &[String], arg_types: &[Type], result: &Type) -> String {
    // Brackets, so that no operator inside an argument binds to what is written around it.
    let args: Vec<String> = args.iter().map(|a| format!("({a})")).collect();
    let call = Call { args: &args, types: arg_types, result };
    // Whatever is missing makes the call missing, and needs no function of its own type.
    if call.args.iter().zip(arg_types).any(|(_, ty)| *ty == Type::Missing)
        && !matches!(function.0.name, "coalesce" | "if_empty" | "null_if" | "join_words")
    {
        return null(result);
    }
    format!("({})", call.render(function.0.name))
}

/// The stable hash: MD5 in hex over the seed and the key's parts, each behind its length.
pub fn stable_hash(seed: &str, key_text: &str) -> String {
    format!("md5({} || ({key_text}))", with_length(&format!("({seed})")))
}

/// The text of a row's key that the stable hash is made of: every part as text behind its number
/// of characters and a colon.
pub fn key_text(parts: &[String]) -> String {
    let parts: Vec<String> =
        parts.iter().map(|sql| with_length(&format!("CAST({sql} AS VARCHAR)"))).collect();
    if parts.is_empty() { "''".to_owned() } else { parts.join(" || ") }
}

fn with_length(text: &str) -> String {
    format!("length({text}) || ':' || {text}")
}

/// The text of a value, the same for equal values of a type.
fn to_text(sql: &str, ty: &Type) -> String {
    match ty {
        Type::Text => sql.to_owned(),
        Type::Timestamp => format!("replace(CAST({sql} AS VARCHAR), ' ', 'T')"),
        // The session's zone is UTC, but a text that becomes data depends on no setting.
        Type::Instant => {
            format!("replace(CAST(timezone('UTC', {sql}) AS VARCHAR), ' ', 'T') || 'Z'")
        }
        _ => format!("CAST({sql} AS VARCHAR)"),
    }
}

/// A text literal.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The text of a printed literal, whatever brackets and casts the printer put around it.
fn literal_text(sql: &str) -> Option<String> {
    let mut sql = sql.trim();
    loop {
        let upper = sql.to_uppercase();
        if let Some(inner) = sql.strip_prefix('(').and_then(|s| s.strip_suffix(')')) {
            sql = inner.trim();
        } else if upper.starts_with("CAST(") && upper.ends_with(" AS VARCHAR)") {
            sql = sql[5..sql.len() - " AS VARCHAR)".len()].trim();
        } else if let Some(inner) = sql.strip_suffix("::VARCHAR") {
            sql = inner.trim();
        } else {
            break;
        }
    }
    let inner = sql.strip_prefix('\'')?.strip_suffix('\'')?;
    let plain = inner.replace("''", "\0");
    (!plain.contains('\'')).then(|| plain.replace('\0', "'"))
}

/// All white space that `trim` knows; none of it means anything in a pattern's brackets.
fn white_space() -> String {
    let mut all: String = "\t\n\u{b}\u{c}\r \u{85}\u{a0}\u{1680}".to_owned();
    all.extend('\u{2000}'..='\u{200b}');
    all.push_str("\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}");
    all
}

/// The text without white space at its ends. DuckDB's `trim` of given characters costs three times
/// as much as finding out that there are none.
fn trim(text: &str) -> String {
    let space = white_space();
    format!(
        "CASE WHEN regexp_matches({text}, {}) THEN trim({text}, {}) ELSE {text} END",
        quoted(&format!("^[{space}]|[{space}]$")),
        quoted(&space)
    )
}

/// A pattern, and the value of a text that fits it.
type Form<'a> = (&'a str, &'a dyn Fn(&str) -> String);

/// What a text says that fits one of these patterns as a whole, white space around it allowed:
/// `value` of the text. Texts without white space are not trimmed first, which would cost more than
/// the rest.
fn read(text: &str, forms: &[Form<'_>]) -> String {
    let space = white_space();
    let trimmed = format!("trim({text}, {})", quoted(&space));
    let mut out = "CASE".to_owned();
    for (pattern, value) in forms {
        let when = format!("regexp_full_match({text}, {})", quoted(pattern));
        out.push_str(&format!(" WHEN {when} THEN {}", value(text)));
    }
    for (pattern, value) in forms {
        let pattern = quoted(&format!("[{space}]*({pattern})[{space}]*"));
        out.push_str(&format!(
            " WHEN regexp_full_match({text}, {pattern}) THEN {}",
            value(&trimmed)
        ));
    }
    out.push_str(" END");
    out
}

/// The SQL name of a type.
fn sql_type(ty: &Type) -> String {
    match ty {
        Type::Text => "VARCHAR".to_owned(),
        Type::Int => "BIGINT".to_owned(),
        Type::Decimal { precision, scale } => format!("DECIMAL({precision}, {scale})"),
        Type::Float => "DOUBLE".to_owned(),
        Type::Bool => "BOOLEAN".to_owned(),
        Type::Date => "DATE".to_owned(),
        Type::Timestamp => "TIMESTAMP".to_owned(),
        Type::Instant => "TIMESTAMPTZ".to_owned(),
        Type::List(of) => format!("{}[]", sql_type(of)),
        _ => "VARCHAR".to_owned(),
    }
}

fn null(ty: &Type) -> String {
    match ty {
        Type::Missing | Type::Error => "NULL".to_owned(),
        ty => format!("CAST(NULL AS {})", sql_type(ty)),
    }
}

/// A float without NaN and infinity.
fn finite(sql: &str) -> String {
    format!("CASE WHEN isfinite({sql}) THEN {sql} END")
}

/// One call.
struct Call<'a> {
    args: &'a [String],
    types: &'a [Type],
    result: &'a Type,
}

impl Call<'_> {
    fn arg(&self, index: usize) -> &str {
        self.args.get(index).map_or("NULL", String::as_str)
    }

    fn ty(&self, index: usize) -> &Type {
        match self.types.get(index) {
            // A part of a document is read as text.
            Some(Type::Json) => &Type::Text,
            Some(ty) => ty,
            None => &Type::Error,
        }
    }

    /// A count for a function that wants a BIGINT, brought between two bounds. Not by `greatest`
    /// and `least`, which would make a bound of NULL.
    fn bounded(&self, index: usize, low: i64, high: i64) -> String {
        let n = self.arg(index);
        format!(
            "CAST(CASE WHEN {n} < {low} THEN {low} WHEN {n} > {high} THEN {high} ELSE {n} END AS BIGINT)"
        )
    }

    /// A number of characters or a position behind the first.
    fn count(&self, index: usize) -> String {
        self.bounded(index, 0, i64::from(i32::MAX))
    }

    /// A position, negative ones from the end.
    fn position(&self, index: usize) -> String {
        self.bounded(index, i64::from(-i32::MAX), i64::from(i32::MAX))
    }

    fn double(&self, index: usize) -> String {
        format!("CAST({} AS DOUBLE)", self.arg(index))
    }

    fn date(&self, index: usize) -> String {
        match self.ty(index) {
            Type::Date => self.arg(index).to_owned(),
            _ => format!("CAST({} AS DATE)", self.arg(index)),
        }
    }

    fn timestamp(&self, index: usize) -> String {
        match self.ty(index) {
            Type::Timestamp => self.arg(index).to_owned(),
            _ => format!("CAST({} AS TIMESTAMP)", self.arg(index)),
        }
    }

    /// A value of the result's type, where DuckDB's own type may differ.
    fn typed(&self, sql: &str) -> String {
        format!("CAST({sql} AS {})", sql_type(self.result))
    }

    /// `value` unless one of the arguments is missing.
    fn unless_missing(&self, value: &str) -> String {
        let tests: Vec<String> = self.args.iter().map(|a| format!("{a} IS NULL")).collect();
        format!("CASE WHEN {} THEN NULL ELSE {value} END", tests.join(" OR "))
    }

    fn render(&self, name: &str) -> String {
        let x = self.arg(0);
        let y = self.arg(1);
        match name {
            // text
            "lower" | "upper" | "reverse" | "md5" | "sha1" | "sha256" | "strip_accents" => {
                format!("{name}({x})")
            }
            "capitalize" => format!(
                r"array_to_string(list_transform(regexp_extract_all(lower({x}), '[\pL\pM\pN]+|[^\pL\pM\pN]+'), lambda w: upper(left(w, 1)) || substring(w, 2)), '')"
            ),
            "trim" => trim(x),
            "trim_start" => format!("ltrim({x}, {})", quoted(&white_space())),
            "trim_end" => format!("rtrim({x}, {})", quoted(&white_space())),
            "left" | "right" => format!("{name}({x}, {})", self.count(1)),
            "substring" => {
                let from = self.bounded(1, 1, i64::from(i32::MAX));
                match self.args.get(2) {
                    None => format!("substring({x}, {from})"),
                    Some(_) => {
                        format!("substring({x}, {from}, {})", self.count(2))
                    }
                }
            }
            "replace" => format!("replace({x}, {y}, {})", self.arg(2)),
            "length" => format!("CAST(length({x}) AS BIGINT)"),
            "position" => format!("CAST(instr({x}, {y}) AS BIGINT)"),
            "concat" => format!("({})", self.args.join(" || ")),
            "join_words" => {
                let words: Vec<String> = self
                    .args
                    .iter()
                    .map(|a| format!("nullif({}, '')", trim(&format!("CAST({a} AS VARCHAR)"))))
                    .collect();
                format!("nullif(concat_ws(' ', {}), '')", words.join(", "))
            }
            "split_part" => {
                format!("list_extract({}, {})", self.split(), self.position(2))
            }
            "split_text" => self.split(),
            "pad_left" | "pad_right" => {
                let function = if name == "pad_left" { "lpad" } else { "rpad" };
                let fill =
                    self.args.get(2).map_or("' '".to_owned(), |f| format!("nullif({f}, '')"));
                let length = self.bounded(1, 0, MOST_CHARACTERS);
                format!(
                    "{function}({x}, CAST(CASE WHEN length({x}) >= {length} THEN length({x}) ELSE {length} END AS INTEGER), {fill})"
                )
            }
            "repeat" => format!("repeat({x}, {})", self.bounded(1, 0, MOST_CHARACTERS)),
            "email_domain" => format!(
                "nullif({}, '')",
                trim(&format!("lower(regexp_extract({x}, '@([^@]*)$', 1))"))
            ),
            "normalize" => format!("nfc_normalize({x})"),
            "digits" => format!("regexp_replace({x}, '[^0-9]', '', 'g')"),
            "extract" => {
                let group = self.args.get(2).map_or("0".to_owned(), |_| self.integer(2));
                format!(
                    "CASE WHEN regexp_matches({x}, {y}) THEN regexp_extract({x}, {y}, {group}) END"
                )
            }
            "replace_matches" => format!("regexp_replace({x}, {y}, {}, 'g')", self.arg(2)),
            "byte_length" => format!("CAST(strlen({x}) AS BIGINT)"),
            "code_point" => format!("CAST(CASE WHEN {x} <> '' THEN unicode({x}) END AS BIGINT)"),
            "character" => format!(
                "CASE WHEN {x} BETWEEN 1 AND 1114111 AND {x} NOT BETWEEN 55296 AND 57343 THEN chr(CAST({x} AS INTEGER)) END"
            ),
            "edit_distance" => format!("CAST(levenshtein({x}, {y}) AS BIGINT)"),
            "similarity" => format!("jaro_winkler_similarity({x}, {y})"),

            // numbers
            "abs" => format!("abs({x})"),
            "sign" => format!("CAST(sign({x}) AS BIGINT)"),
            "round" | "trunc" => self.rounded(name),
            "ceil" | "floor" => match self.ty(0) {
                Type::Int => x.to_owned(),
                Type::Float => format!("{name}({x})"),
                _ => self.typed(&format!("{name}({x})")),
            },
            "mod" => {
                let rest = format!("mod({x}, nullif({y}, 0))");
                if *self.result == Type::Float { finite(&rest) } else { rest }
            }
            "greatest" | "least" => {
                self.unless_missing(&format!("{name}({})", self.args.join(", ")))
            }
            "percent" => {
                finite(&format!("({} * 100 / nullif({}, 0))", self.double(0), self.double(1)))
            }
            "power" => finite(&format!("power({}, {})", self.double(0), self.double(1))),
            "exp" => finite(&format!("exp({})", self.double(0))),
            "sqrt" => format!("CASE WHEN {x} >= 0 THEN sqrt({}) END", self.double(0)),
            "ln" | "log10" => format!("CASE WHEN {x} > 0 THEN {name}({}) END", self.double(0)),

            // times
            "year" | "quarter" | "month" | "day" | "hour" | "minute" | "second" | "week" => {
                format!("CAST({name}({x}) AS BIGINT)")
            }
            "week_year" => format!("CAST(isoyear({x}) AS BIGINT)"),
            "day_of_year" => format!("CAST(dayofyear({x}) AS BIGINT)"),
            "weekday" => format!("CAST(isodow({x}) AS BIGINT)"),
            "weekday_name" => format!("dayname({x})"),
            "month_name" => format!("monthname({x})"),
            "year_month" => format!("CAST(year({x}) * 100 + month({x}) AS BIGINT)"),
            "days_between" => self.between("day", 0, 1),
            "days_since" => self.between("day", 0, 1),
            "days_until" => self.between("day", 1, 0),
            // Toward zero, as all differences: `//` of ints does that.
            "weeks_between" => format!("({} // 7)", self.between("day", 0, 1)),
            "months_between" => self.between("month", 0, 1),
            "years_between" | "age" => self.between("year", 0, 1),
            "hours_between" => self.passed(3_600_000_000),
            "minutes_between" => self.passed(60_000_000),
            "seconds_between" => self.passed(1_000_000),
            "start_of_minute" | "start_of_hour" | "start_of_day" => {
                let unit = &name["start_of_".len()..];
                format!("date_trunc('{unit}', {})", self.timestamp(0))
            }
            "start_of_week" | "start_of_month" | "start_of_quarter" | "start_of_year" => {
                self.start_of(&name["start_of_".len()..])
            }
            "end_of_week" => format!("({} + 6)", self.start_of("week")),
            "end_of_month" => format!("last_day({})", self.date(0)),
            "end_of_quarter" => {
                format!("last_day(CAST({} + INTERVAL 2 MONTH AS DATE))", self.start_of("quarter"))
            }
            "end_of_year" => {
                format!("last_day(CAST({} + INTERVAL 11 MONTH AS DATE))", self.start_of("year"))
            }
            "format_date" => match literal_text(y).map(|f| format::to_strftime(&f)) {
                Some(Ok(letters)) => format!("strftime({x}, {})", quoted(&letters)),
                Some(Err(why)) => failing(&why),
                None => failing("the date format is not constant"),
            },
            // A cast knows which zones there are and gives NULL for others, where `timezone`
            // fails in a way that TRY does not catch.
            "in_timezone" => {
                let zone = format!("nullif({}, '')", trim(y));
                format!(
                    "CASE WHEN TRY_CAST('2000-01-01 00:00:00 ' || {zone} AS TIMESTAMPTZ) IS NOT NULL THEN timezone({zone}, {x}) END"
                )
            }
            "make_date" => format!(
                "CASE WHEN {x} BETWEEN 1 AND 9999 AND {y} BETWEEN 1 AND 12 AND {day} BETWEEN 1 AND 31 THEN TRY_CAST(printf('%04d-%02d-%02d', CAST({x} AS BIGINT), CAST({y} AS BIGINT), CAST({day} AS BIGINT)) AS DATE) END",
                day = self.arg(2)
            ),
            "to_unix" => format!("(epoch_us({x}) // 1000000)"),
            // The years 1 to 9999. DuckDB holds more, but cannot turn all of it into local time.
            "from_unix" => format!(
                "CASE WHEN {x} BETWEEN -62135596800 AND 253402300799 THEN make_timestamptz(CAST({x} AS BIGINT) * 1000000) END"
            ),

            // lists
            "element" => format!("list_extract({x}, {})", self.position(1)),
            "distinct_count" => format!("CAST(list_unique({x}) AS BIGINT)"),
            "unique" => format!("list_sort(list_distinct({x}), 'ASC', 'NULLS LAST')"),
            "sorted" => format!("list_sort({x}, 'ASC', 'NULLS LAST')"),
            // A missing list would be taken for an empty one.
            "common" => self.unless_missing(&format!(
                "list_sort(list_distinct(list_intersect({x}, {y})), 'ASC', 'NULLS LAST')"
            )),
            "join_list" => {
                let element = match self.ty(0) {
                    Type::List(of) => to_text("e", of),
                    _ => "CAST(e AS VARCHAR)".to_owned(),
                };
                format!(
                    "CASE WHEN {y} IS NOT NULL THEN array_to_string(list_transform({x}, lambda e: {element}), {y}) END"
                )
            }

            // conversions
            "text" => to_text(x, self.ty(0)),
            "int" => match self.ty(0) {
                Type::Text => read(x, &[(WHOLE, &|t| format!("TRY_CAST({t} AS BIGINT)"))]),
                Type::Bool => format!("CAST({x} AS BIGINT)"),
                _ => format!("TRY_CAST(trunc({x}) AS BIGINT)"),
            },
            "decimal" => {
                let wanted = sql_type(self.result);
                match self.ty(0) {
                    Type::Text => read(x, &[(POINT, &|t| format!("TRY_CAST({t} AS {wanted})"))]),
                    Type::Bool => self.typed(&format!("CAST({x} AS BIGINT)")),
                    _ => format!("TRY_CAST({x} AS {wanted})"),
                }
            }
            "float" => match self.ty(0) {
                Type::Text => {
                    let value =
                        |t: &str| format!("({})", finite(&format!("TRY_CAST({t} AS DOUBLE)")));
                    read(x, &[(&format!("{POINT}([eE][+-]?[0-9]+)?"), &value)])
                }
                Type::Bool => format!("CAST(CAST({x} AS BIGINT) AS DOUBLE)"),
                _ => self.double(0),
            },
            "bool" => match self.ty(0) {
                Type::Text => format!(
                    "CASE WHEN lower({0}) IN ('true', 't', 'yes', 'y', 'on', '1') THEN true WHEN lower({0}) IN ('false', 'f', 'no', 'n', 'off', '0') THEN false END",
                    trim(x)
                ),
                Type::Bool => x.to_owned(),
                _ => format!("({x} <> 0)"),
            },
            "date" => match self.ty(0) {
                Type::Text => format!("CAST({} AS DATE)", self.local_time()),
                _ => self.date(0),
            },
            "timestamp" => match self.ty(0) {
                Type::Text => self.local_time(),
                _ => self.timestamp(0),
            },
            "instant" => self.instant(),

            // choice
            "coalesce" => format!("coalesce({})", self.args.join(", ")),
            "null_if" => format!("nullif({x}, {y})"),
            "if_empty" => match self.ty(0) {
                Type::Text => format!("CASE WHEN {x} <> '' THEN {x} ELSE {y} END"),
                Type::List(_) => format!("CASE WHEN length({x}) > 0 THEN {x} ELSE {y} END"),
                _ => format!("coalesce({x}, {y})"),
            },

            // hashes
            "stable_hash" => self.row_hash(),
            "bucket" => format!(
                "(CAST(CAST('0x' || left({}, 13) AS BIGINT) AS DOUBLE) / 4503599627370496)",
                self.row_hash()
            ),

            // places
            "distance" => self.distance(),

            // Reached by no function of the catalogue: a test renders every one.
            other => failing(&format!("`{other}` has no SQL")),
        }
    }

    /// The parts of a text; DuckDB takes a missing separator for one that does not occur.
    fn split(&self) -> String {
        let (x, separator) = (self.arg(0), self.arg(1));
        format!("CASE WHEN {separator} IS NOT NULL THEN string_split({x}, {separator}) END")
    }

    /// A constant for a parameter of DuckDB that is an INTEGER.
    fn integer(&self, index: usize) -> String {
        format!("CAST({} AS INTEGER)", self.arg(index))
    }

    fn rounded(&self, name: &str) -> String {
        let x = self.arg(0);
        let decimals = self.args.get(1).map_or("0".to_owned(), |_| self.integer(1));
        let value = format!("{name}({x}, {decimals})");
        match self.ty(0) {
            Type::Decimal { .. } => self.typed(&value),
            Type::Float => finite(&value),
            _ => value,
        }
    }

    /// Full calendar units between two local days; DuckDB clamps months as Camp does (a law test
    /// holds it to that).
    fn between(&self, unit: &str, from: usize, to: usize) -> String {
        format!("datesub('{unit}', {}, {})", self.date(from), self.date(to))
    }

    /// Full units of elapsed time.
    fn passed(&self, micros: u64) -> String {
        format!("((epoch_us({}) - epoch_us({})) // {micros})", self.arg(1), self.arg(0))
    }

    fn start_of(&self, unit: &str) -> String {
        format!("CAST(date_trunc('{unit}', {}) AS DATE)", self.date(0))
    }

    /// The zone that the host added last.
    fn zone(&self) -> &str {
        self.args.last().map_or("'UTC'", String::as_str)
    }

    /// The format, when one is written: behind the value, before the zone.
    fn format(&self) -> Option<&str> {
        (self.args.len() > 2).then(|| self.arg(1))
    }

    /// A text as a local time, NULL when it is none.
    fn local_time(&self) -> String {
        let zone = self.zone();
        self.read_time(&|local| local, &|instant| format!("timezone({zone}, {instant})"))
    }

    /// A text as an instant, NULL when it is none.
    fn instant(&self) -> String {
        let zone = self.zone();
        self.read_time(&|local| format!("timezone({zone}, {local})"), &|instant| instant)
    }

    /// A text as a time, by its format or by the ISO form; what becomes of it depends on whether it
    /// states an offset from UTC.
    fn read_time(
        &self,
        local: &dyn Fn(String) -> String,
        instant: &dyn Fn(String) -> String,
    ) -> String {
        let x = self.arg(0);
        let Some(format) = self.format() else {
            return read(
                x,
                &[
                    (&iso(false), &|t| local(format!("TRY_CAST({t} AS TIMESTAMP)"))),
                    (&iso(true), &|t| instant(iso_instant(t))),
                ],
            );
        };
        match Format::of(format) {
            Ok(format) => read(
                x,
                &[(&format.pattern, &|t| {
                    let time = format!("try_strptime({t}, {})", quoted(&format.letters));
                    if format.offset { instant(time) } else { local(time) }
                })],
            ),
            Err(why) => failing(&why),
        }
    }

    /// The stable hash of the row: `[seed], key, label`.
    fn row_hash(&self) -> String {
        match self.args {
            [seed, key, _] => stable_hash(seed, key),
            [key, label] => stable_hash(label, key),
            _ => failing("the row has no key"),
        }
    }

    fn distance(&self) -> String {
        let [a, b, c, d] = [0, 1, 2, 3].map(|i| self.double(i));
        format!(
            "CASE WHEN {a} BETWEEN -90 AND 90 AND {c} BETWEEN -90 AND 90 AND {b} BETWEEN -180 AND 180 AND {d} BETWEEN -180 AND 180 THEN 12742.0176 * asin(least(1, sqrt(power(sin(radians({c} - {a}) / 2), 2) + cos(radians({a})) * cos(radians({c})) * power(sin(radians({d} - {b}) / 2), 2)))) END"
        )
    }
}

/// A date format in the engine's terms.
struct Format {
    letters: String,
    pattern: String,
    offset: bool,
}

impl Format {
    fn of(printed: &str) -> Result<Format, String> {
        let text = literal_text(printed).ok_or("the date format is not constant")?;
        Ok(Format {
            letters: format::to_strptime(&text)?,
            pattern: format::to_pattern(&text)?,
            offset: format::has_offset(&text),
        })
    }
}

/// The pattern of a date or a timestamp as Camp writes it, seconds and their parts optional.
fn iso(offset: bool) -> String {
    let day = r"[0-9]{4}-[0-9]{2}-[0-9]{2}";
    let time = r"[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?";
    if offset {
        format!("{day}{time} ?(Z|[+-][0-9]{{2}}(:?[0-9]{{2}})?)")
    } else {
        format!("{day}({time})?")
    }
}

/// A text of the ISO form with an offset, brought to the one form of it that DuckDB reads whether
/// or not it has seconds.
fn iso_instant(text: &str) -> String {
    let text = format!(
        r"regexp_replace(regexp_replace(regexp_replace(replace({text}, ' ', 'T'), 'Z$', '+00'), '(T[0-9:]+)(\.[0-9]{{6}})[0-9]+', '\1\2'), 'T([+-])', '\1')"
    );
    format!(
        "try_strptime({text}, ['%Y-%m-%dT%H:%M%z', '%Y-%m-%dT%H:%M:%S%z', '%Y-%m-%dT%H:%M:%S.%f%z'])"
    )
}

/// SQL that fails with this message; only for calls that the checker refuses.
fn failing(why: &str) -> String {
    format!("error({})", quoted(why))
}

#[cfg(test)]
mod tests;
