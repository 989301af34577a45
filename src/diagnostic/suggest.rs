//! «Did you mean …»: the nearest of the names that exist.

/// How many choices a message lists before it says how many more there are.
const LISTED: usize = 5;

/// The candidate nearest to what was written: equal but for case first, then by edit distance of
/// at most a third of the length (at least one).
pub fn nearest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let folded = written.to_lowercase();
    let limit = (written.chars().count() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let lower = candidate.to_lowercase();
        let distance = if lower == folded { 0 } else { strsim::osa_distance(&folded, &lower) };
        if distance <= limit && best.is_none_or(|(d, name)| (distance, candidate) < (d, name)) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, name)| name)
}

/// The help for a name that does not exist: the nearest one, else what exists.
///
/// `what` is the plural of the kind of thing: «columns», «audiences».
pub fn unknown_name<'a>(
    written: &str,
    what: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    if let Some(name) = nearest(written, candidates.clone()) {
        return Some(format!("did you mean `{name}`?"));
    }
    choices(candidates).map(|list| format!("use one of the {what}: {list}"))
}

/// `` `a`, `b` and `c` ``, at most five, then how many more; `None` when there are none.
pub fn choices<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let names: Vec<&str> = names.into_iter().collect();
    let shown: Vec<String> = names.iter().take(LISTED).map(|n| format!("`{n}`")).collect();
    let more = names.len().saturating_sub(LISTED);
    match (shown.as_slice(), more) {
        ([], _) => None,
        ([one], 0) => Some(one.clone()),
        ([most @ .., last], 0) => Some(format!("{} and {last}", most.join(", "))),
        (all, more) => Some(format!("{} and {more} more", all.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_prefers_equal_but_for_case_and_refuses_far_names() {
        assert_eq!(nearest("Email", ["emails", "email"]), Some("email"));
        assert_eq!(nearest("cuntry", ["county", "country"]), Some("country"));
        assert_eq!(nearest("x", ["email", "country"]), None);
    }

    #[test]
    fn choices_are_capped_at_five() {
        assert_eq!(choices(["a", "b"]).unwrap(), "`a` and `b`");
        assert_eq!(
            choices(["a", "b", "c", "d", "e", "f", "g"]).unwrap(),
            "`a`, `b`, `c`, `d`, `e` and 2 more"
        );
        assert_eq!(choices([]), None);
    }
}
