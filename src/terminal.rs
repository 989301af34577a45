//! Text from data, labels and engines, fit for a terminal.
//!
//! A value of a table can hold what a terminal takes for an order: to clear the screen, to rename the
//! window, to answer as if somebody typed, to show text in another order than it is in. None of that
//! reaches one.

/// Control characters, and those that turn the direction of the text or cannot be seen at all: a
/// file could draw over the message with them, or show another script than the one that runs.
pub fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' // marks of direction
            | '\u{2028}'..='\u{202e}' // line and paragraph, embeddings and overrides
            | '\u{2060}'..='\u{206f}' // isolates, invisible operators, what is deprecated
            | '\u{fff9}'..='\u{fffb}' | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}') // tags
}

/// The text without what would steer a terminal; its line breaks stay.
pub fn visible(text: &str) -> String {
    let shown = |c| match c {
        '\n' => '\n',
        '\t' => ' ',
        c if steers(c) => '\u{fffd}',
        c => c,
    };
    text.chars().map(shown).collect()
}

/// The same, in one line.
pub fn visible_line(text: &str) -> String {
    visible(text).replace('\n', " ")
}

/// JSON that says the same and steers no terminal: within it such characters stand in strings only,
/// where they can be escaped.
pub fn visible_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && steers(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_to_a_terminal_become_visible_and_letters_stay() {
        // CSI, OSC with BEL, OSC with ST, a C1 CSI, a carriage return, DEL.
        assert_eq!(visible("\u{1b}[2J\u{1b}]0;x\u{7}"), "\u{fffd}[2J\u{fffd}]0;x\u{fffd}");
        assert_eq!(visible("a\u{9b}2Jb\rc\u{7f}"), "a\u{fffd}2Jb\u{fffd}c\u{fffd}");
        assert_eq!(visible("a\u{202e}b\u{2066}c\u{200f}d"), "a\u{fffd}b\u{fffd}c\u{fffd}d");
        assert_eq!(visible("a\tb\nc"), "a b\nc");
        assert_eq!(visible_line("a\nb"), "a b");
        // Joined emoji, combining marks, right-to-left letters.
        for text in ["👩‍👩‍👧", "e\u{301}", "שלום", "日本"] {
            assert_eq!(visible(text), text);
        }
    }

    #[test]
    fn escaped_json_says_the_same() {
        let value = serde_json::json!({"a\u{9b}": "\u{1b}[2J\u{202e}\u{e0041}\u{7f}\nx"});
        for json in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let shown = visible_json(&json);
            assert!(!shown.chars().any(|c| c != '\n' && steers(c)), "{shown:?}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        }
    }
}
