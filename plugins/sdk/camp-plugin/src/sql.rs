//! SQL text that cannot be misquoted: what is spliced into it decides by its type how.

use std::fmt::{self, Display};

use crate::types::Type;
use crate::value::Column;

/// A piece of SQL. It comes from [`sql!`](crate::sql!) or from functions of this crate, never from a
/// text of the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sql(String);

impl Sql {
    /// Only for [`sql!`](crate::sql!), which makes sure that `text` is a literal of the source.
    #[doc(hidden)]
    pub fn written(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Something that can stand in SQL. Deliberately not implemented for `str` and `String`: is it a name
/// ([`Name`]) or a value ([`Lit`])?
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in SQL as it is",
    note = "wrap a text in `Name(…)` if it is an identifier, in `Lit(…)` if it is a value"
)]
pub trait ToSql {
    /// Appends it, quoted as it has to be.
    fn write(&self, out: &mut String);
}

/// What [`sql!`](crate::sql!) hands to the formatter.
#[doc(hidden)]
pub struct Arg<'a, T: ?Sized>(pub &'a T);

impl<T: ToSql + ?Sized> Display for Arg<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.0.write(&mut text);
        f.write_str(&text)
    }
}

/// Builds [`Sql`] from a literal with `{}` or `{name}` places, as `format!` does:
/// `sql!("SELECT {cols} FROM {}", rows, cols = rows.visible())`. Columns and [`Name`]s become
/// identifiers, [`Lit`]s and numbers values, lists are joined by commas, other `Sql` is spliced. Nothing
/// else fits, a variable is not captured by its name, and no place may stand inside quotes, so no text of the
/// script can become SQL.
///
/// ```
/// use camp_plugin::{Lit, Name, sql};
/// let sql = sql!("SELECT {} FROM {rows} WHERE {{}} = {}", Name("a\"b"), Lit("it's"), rows = Name("in"));
/// assert_eq!(sql.as_str(), r#"SELECT "a""b" FROM "in" WHERE {} = 'it''s'"#);
/// ```
///
/// ```compile_fail
/// let text = String::from("x; DROP TABLE y");
/// camp_plugin::sql!("SELECT {}", text);
/// ```
///
/// ```compile_fail
/// let text = String::from("x; DROP TABLE y");
/// camp_plugin::sql!("SELECT {text}");
/// ```
///
/// ```compile_fail
/// camp_plugin::sql!("SELECT '{}'", camp_plugin::Lit("' OR TRUE --"));
/// ```
#[macro_export]
macro_rules! sql {
    (@collect $text:literal [$($done:tt)*]) => {
        // `concat!` is what turns off the capture of variables by name.
        $crate::Sql::written({
            const _: () = $crate::places_are_bare($text);
            ::std::format!(::std::concat!($text), $($done)*)
        })
    };
    (@collect $text:literal [$($done:tt)*] $name:ident = $arg:expr $(, $($rest:tt)*)?) => {
        $crate::sql!(@collect $text [$($done)* $name = $crate::Arg(&$arg),] $($($rest)*)?)
    };
    (@collect $text:literal [$($done:tt)*] $arg:expr $(, $($rest:tt)*)?) => {
        $crate::sql!(@collect $text [$($done)* $crate::Arg(&$arg),] $($($rest)*)?)
    };
    ($text:literal $(, $($args:tt)*)?) => {
        $crate::sql!(@collect $text [] $($($args)*)?)
    };
}

/// Fails to compile when a place of a literal stands inside quotes, where the quotes of the value would end
/// them, or when quotes have no end.
#[doc(hidden)]
pub const fn places_are_bare(text: &str) {
    let bytes = text.as_bytes();
    let mut quote = 0;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if quote == 0 && (byte == b'\'' || byte == b'"') {
            quote = byte;
        } else if quote == byte {
            // A doubled quote ends and begins, which comes to the same.
            quote = 0;
        } else if byte == b'{' {
            if at + 1 < bytes.len() && bytes[at + 1] == b'{' {
                at += 1;
            } else {
                assert!(
                    quote == 0,
                    "a place of `sql!` stands inside quotes: leave them out, the value brings its own"
                );
            }
        }
        at += 1;
    }
    assert!(quote == 0, "a quote of `sql!` has no end");
}

impl ToSql for Sql {
    fn write(&self, out: &mut String) {
        out.push_str(&self.0);
    }
}

/// An identifier.
#[derive(Debug, Clone, Copy)]
pub struct Name<'a>(pub &'a str);

impl ToSql for Name<'_> {
    fn write(&self, out: &mut String) {
        out.push('"');
        out.push_str(&self.0.replace('"', "\"\""));
        out.push('"');
    }
}

/// A text value.
#[derive(Debug, Clone, Copy)]
pub struct Lit<'a>(pub &'a str);

impl ToSql for Lit<'_> {
    fn write(&self, out: &mut String) {
        // A backslash is itself in DuckDB and an escape in Spark; `chr(92)` is one in both.
        let mut pieces = self.0.split('\\');
        let quote = |piece: &str| format!("'{}'", piece.replace('\'', "''"));
        let first = quote(pieces.next().unwrap_or_default());
        let rest: Vec<_> = pieces.map(quote).collect();
        if rest.is_empty() {
            out.push_str(&first);
        } else {
            out.push_str(&format!("({first} || chr(92) || {})", rest.join(" || chr(92) || ")));
        }
    }
}

macro_rules! numbers {
    ($($type:ty)+) => {$(
        impl ToSql for $type {
            fn write(&self, out: &mut String) {
                out.push_str(&self.to_string());
            }
        }
    )+};
}
numbers!(i32 u32 i64 u64 usize);

impl ToSql for bool {
    fn write(&self, out: &mut String) {
        out.push_str(if *self { "TRUE" } else { "FALSE" });
    }
}

impl<T: ToSql + ?Sized> ToSql for &T {
    fn write(&self, out: &mut String) {
        (**self).write(out);
    }
}

impl<T: ToSql> ToSql for [T] {
    fn write(&self, out: &mut String) {
        for (i, item) in self.iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            item.write(out);
        }
    }
}

impl<T: ToSql> ToSql for Vec<T> {
    fn write(&self, out: &mut String) {
        self.as_slice().write(out);
    }
}

impl<T: ToSql, const N: usize> ToSql for [T; N] {
    fn write(&self, out: &mut String) {
        self.as_slice().write(out);
    }
}

/// The items with `between` in between; nothing when there are none.
pub fn join<T: ToSql>(items: &[T], between: &str) -> Sql {
    let pieces: Vec<_> = items.iter().map(|item| Arg(item).to_string()).collect();
    Sql(pieces.join(between))
}

/// The conjunction of conditions; `TRUE` when there are none.
pub fn all(conditions: &[Sql]) -> Sql {
    match conditions {
        [] => Sql("TRUE".to_owned()),
        [one] => one.clone(),
        many => {
            let bracketed: Vec<_> = many.iter().map(|c| sql!("({})", c)).collect();
            join(&bracketed, " AND ")
        }
    }
}

/// Columns of one relation equal those of another, pair by pair.
pub fn equal(left: &str, lefts: &[Column], right: &str, rights: &[Column]) -> Sql {
    let pairs = lefts.iter().zip(rights);
    all(&pairs.map(|(l, r)| sql!("{} = {}", l.of(left), r.of(right))).collect::<Vec<_>>())
}

/// The stable hash of a row (`WIRE.md` §3.3): 32 hex digits from the seed and the key, the same on every
/// engine and in every version.
pub fn hash(seed: &str, key: &[Column]) -> Sql {
    let mut text = Arg(&Lit(&format!("{}:{seed}", seed.chars().count()))).to_string();
    for column in key {
        let part = text_of(column);
        text.push_str(&format!(
            " || CAST(length({part}) AS STRING) || ':' || {part}",
            part = part.as_str()
        ));
    }
    Sql(format!("md5({text})"))
}

/// A value as the text that the stable hash is defined over.
fn text_of(column: &Column) -> Sql {
    match column.r#type {
        // The session is in UTC; only DuckDB writes the offset.
        Type::Instant => sql!("replace(CAST({} AS STRING), '+00', '')", column),
        _ => sql!("CAST({} AS STRING)", column),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_quoted() {
        let sql =
            sql!("SELECT {} FROM {t} WHERE x = {}", Name("a\"b"), Lit("it's"), t = Name("in"));
        assert_eq!(sql.as_str(), r#"SELECT "a""b" FROM "in" WHERE x = 'it''s'"#);
    }

    #[test]
    fn a_backslash_is_no_escape_anywhere() {
        assert_eq!(Arg(&Lit(r"a\b")).to_string(), r"('a' || chr(92) || 'b')");
        assert_eq!(Arg(&Lit(r"\")).to_string(), r"('' || chr(92) || '')");
    }

    #[test]
    fn the_hash_is_written_out() {
        let key = [Column::new("k", Type::Int)];
        assert_eq!(
            hash("Spring sale", &key).as_str(),
            r#"md5('11:Spring sale' || CAST(length(CAST("k" AS STRING)) AS STRING) || ':' || CAST("k" AS STRING))"#
        );
    }

    #[test]
    fn conditions_are_bracketed() {
        assert_eq!(all(&[]).as_str(), "TRUE");
        assert_eq!(all(&[sql!("a OR b"), sql!("c")]).as_str(), "(a OR b) AND (c)");
    }
}
