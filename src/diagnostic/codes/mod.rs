//! The registry of codes, one file per area. Numbers are never reused.
//!
//! | range | area |
//! |---|---|
//! | `E01xx` | syntax |
//! | `E02xx` | names |
//! | `E03xx` | types and options |
//! | `E04xx` | what a campaign as a whole may not do |
//! | `E05xx` | data, engine, catalogue, at run time |
//! | `E06xx` | plugins |
//! | `E07xx` | the command line and `camp.toml` |
//! | `E08xx` | `test` statements |
//! | `W09xx` | warnings |

pub mod data;
pub mod names;
pub mod plan;
pub mod plugin;
pub mod syntax;
pub mod types;
pub mod unit_tests;
pub mod usage;
pub mod warnings;

use super::{Code, CodeInfo};

/// Registers the codes of one file: `NAME = "E0101", "dotted.name", area, "title", "explanation",
/// bad "…", good "…";`.
macro_rules! codes {
    ($($name:ident = $id:literal, $dotted:literal, $area:ident, $title:literal, $explanation:literal, bad $bad:literal, good $good:literal;)*) => {
        $(
            #[doc = $title]
            pub const $name: $crate::diagnostic::Code = $crate::diagnostic::Code(&$crate::diagnostic::CodeInfo {
                id: $id, name: $dotted, title: $title, explanation: $explanation,
                bad: $bad, good: $good, area: $crate::diagnostic::Area::$area,
            });
        )*
        /// The codes of this file, in the order of their numbers.
        pub(super) const ALL: &[$crate::diagnostic::Code] = &[$($name),*];
    };
}
pub(crate) use codes;

/// Every registered code, by number.
pub fn all() -> impl Iterator<Item = Code> {
    [
        syntax::ALL,
        names::ALL,
        types::ALL,
        plan::ALL,
        data::ALL,
        plugin::ALL,
        usage::ALL,
        unit_tests::ALL,
        warnings::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The code with this number (`E0203`, upper or lower case) or dotted name.
pub fn find(id: &str) -> Option<&'static CodeInfo> {
    all().map(|c| c.0).find(|c| c.id.eq_ignore_ascii_case(id) || c.name == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_unique_and_in_order() {
        let ids: Vec<&str> = all().map(|c| c.0.id).collect();
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(ids, sorted, "numbers must rise and never repeat");
        let mut names: Vec<&str> = all().map(|c| c.0.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "a dotted name repeats");
    }
}
