//! Labels of audiences.

/// The form in which labels are compared: lower case by Unicode, surrounding blanks aside.
///
/// Every comparison of labels goes through here, so that no two places fold differently. Composed
/// and decomposed accents stay different labels.
pub fn fold_label(label: &str) -> String {
    label.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::fold_label;

    #[test]
    fn labels_that_differ_by_case_are_one_also_beyond_ascii() {
        assert_eq!(fold_label("Été VIP"), fold_label("ÉTÉ vip "));
        assert_ne!(fold_label("VIP"), fold_label("VIP 2"));
    }
}
