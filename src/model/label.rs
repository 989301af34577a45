//! Labels of audiences.

use unicode_normalization::UnicodeNormalization;

/// The form in which labels are compared: two labels with one form are one audience.
///
/// Surrounding blanks, case and the way accents are written (composed, or as marks of their own:
/// keyboards and file systems differ) make no difference. Upper case comes first, since it joins
/// what lower case alone keeps apart: `ß` and `SS`, the two lower-case sigmas. Everything that the
/// engine takes for one name is one here too, and every comparison of labels goes through here.
pub fn fold_label(label: &str) -> String {
    label.trim().nfd().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::fold_label;

    #[test]
    fn labels_that_differ_by_case_are_one_also_beyond_ascii() {
        assert_eq!(fold_label("Été VIP"), fold_label("ÉTÉ vip "));
        assert_eq!(fold_label("straße"), fold_label("STRASSE"));
        assert_eq!(fold_label("τέλος"), fold_label("ΤΈΛΟΣ"));
        assert_ne!(fold_label("VIP"), fold_label("VIP 2"));
        assert_ne!(fold_label("Ete"), fold_label("Été"));
    }

    #[test]
    fn accents_are_the_same_however_they_are_written() {
        assert_eq!(fold_label("Zo\u{e9}"), fold_label("ZOE\u{301}"));
        assert_eq!(fold_label("\u{1e09}"), fold_label("C\u{301}\u{327}"), "marks in any order");
    }
}
