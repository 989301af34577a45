//! Covers what nobody may read in addresses: passwords, and the signed part of web addresses.

use std::borrow::Cow;

/// The text with every password of an address (`scheme://user:password@`), every value behind
/// `password=`, and all behind the `?` of a web address made of asterisks: as many bytes as before.
pub fn covered(text: &str) -> Cow<'_, str> {
    let mut secret: Vec<(usize, usize)> = Vec::new();
    for (at, _) in text.match_indices("://") {
        let start = at + 3;
        let end = start + text[start..].find(ends_address).unwrap_or(text.len() - start);
        let address = &text[start..end];
        if let Some(host) = address.rfind('@')
            && let Some(colon) = address[..host].find(':')
        {
            secret.push((start + colon + 1, start + host));
        }
        let web = text[..at].ends_with("http") || text[..at].ends_with("https");
        if let Some(query) = address.find('?').filter(|_| web) {
            secret.push((start + query + 1, end));
        }
    }
    const KEY: &str = "password";
    for (at, _) in text.to_ascii_lowercase().match_indices(KEY) {
        let Some(value) = text[at + KEY.len()..].trim_start().strip_prefix('=') else { continue };
        let value = value.trim_start_matches([' ', '\t']);
        let start = text.len() - value.len();
        let length = match value.strip_prefix('\'') {
            Some(quoted) => 1 + end_of_quoted(quoted),
            None => value.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(value.len()),
        };
        secret.push((start, start + length));
    }
    let mut shown = Cow::Borrowed(text);
    for (from, to) in secret {
        if from < to {
            shown.to_mut().replace_range(from..to, &"*".repeat(to - from));
        }
    }
    shown
}

fn ends_address(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '`' | '<' | '>')
}

/// How long a value is whose opening quote is read: a backslash escapes the character behind it.
fn end_of_quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\'' => return at + 1,
            '"' | '\n' => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::covered;

    #[test]
    fn passwords_and_signatures_are_covered_and_nothing_else() {
        for (text, shown) in [
            ("postgres://camp:s3cr3t@host/db", "postgres://camp:******@host/db"),
            ("\"postgres://c:a@b:c@host/db\" oops a@b", "\"postgres://c:*****@host/db\" oops a@b"),
            ("postgres://camp@host/db", "postgres://camp@host/db"),
            ("host=h Password = s3 user=u", "host=h Password = ** user=u"),
            ("password='a b\\'c' user=u", "password=******** user=u"),
            ("\"password='a b", "\"password=****"),
            ("PASSWORD=é\"", "PASSWORD=**\""),
            ("https://h/x.csv?sig=1 x", "https://h/x.csv?***** x"),
            ("the password of a?", "the password of a?"),
        ] {
            assert_eq!(covered(text), shown);
        }
    }
}
