//! Tables as CSV, compared.

use std::collections::BTreeMap;

/// Compares two tables: the expected columns by name, the rows in any order.
pub(super) fn compare(transition: &str, expected: &str, found: &str) -> Result<(), String> {
    let (names, rows) = table(expected);
    let (has, found_rows) = table(found);
    let mut at = Vec::new();
    for name in &names {
        let place = has.iter().position(|h| h == name);
        at.push(place.ok_or_else(|| format!("`{transition}` has no column `{name}`"))?);
    }
    let picked = found_rows
        .iter()
        .map(|row| at.iter().map(|&n| row.get(n).cloned().unwrap_or_default()).collect());
    if counted(rows.into_iter()) == counted(picked) {
        return Ok(());
    }
    Err(format!("`{transition}` has other rows\nexpected:\n{expected}\nfound:\n{found}"))
}

fn counted(rows: impl Iterator<Item = Vec<String>>) -> BTreeMap<Vec<String>, usize> {
    let mut counts = BTreeMap::new();
    rows.for_each(|row| *counts.entry(row).or_insert(0) += 1);
    counts
}

/// A table as CSV, whose values may stand in quotes.
fn table(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = Vec::new();
    let mut value = String::new();
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quoted) {
            ('"', true) if chars.peek() == Some(&'"') => {
                chars.next();
                value.push('"');
            }
            ('"', _) => quoted = !quoted,
            (',', false) => row.push(std::mem::take(&mut value)),
            ('\r', false) => {}
            ('\n', false) => {
                row.push(std::mem::take(&mut value));
                rows.push(std::mem::take(&mut row));
            }
            (c, _) => value.push(c),
        }
    }
    if !value.is_empty() || !row.is_empty() {
        row.push(value);
        rows.push(row);
    }
    let header = if rows.is_empty() { Vec::new() } else { rows.remove(0) };
    (header, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_compared_by_name_in_any_order() {
        let found = "id,email,extra\n2,\"a, b\",x\n1,,y\n";
        assert!(compare("t", "email,id\n,1\n\"a, b\",2\n", found).is_ok());
        assert!(compare("t", "id\n1\n", found).is_err(), "a row too few");
        assert!(compare("t", "phone\n1\n", found).unwrap_err().contains("`phone`"));
    }
}
