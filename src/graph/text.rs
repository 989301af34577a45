//! Text in pictures: how wide it is, and how it is written so that it stays text.

use unicode_width::UnicodeWidthChar;

use crate::terminal::steers;

/// For XML and HTML, in text and in attributes. What XML has no way to write becomes `U+FFFD`;
/// line breaks and tabs become blanks, which is what a reader of XML would make of them.
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c => push_xml(&mut out, c),
        }
    }
    out
}

/// As [`xml`], with line breaks and tabs kept, for texts that are shown as they are.
pub fn xml_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            // A line ends with `\n`; the other half of `\r\n` is dropped.
            '\r' => {}
            c => push_xml(&mut out, c),
        }
    }
    out
}

fn push_xml(out: &mut String, c: char) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        c => out.push(visible(c)),
    }
}

/// Control characters, and those that turn the direction of all that follows, as `U+FFFD`: a
/// label cannot write over its neighbours, nor make a document that no reader takes.
pub fn visible(c: char) -> char {
    match c {
        c if steers(c) => '\u{fffd}',
        '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        c => c,
    }
}

/// About how wide a text is in a sans-serif font of 12 pixels. The letters are those of wide ones
/// (Verdana is wider, and rare), so that a text fits where the reader has another font.
pub fn width(text: &str, bold: bool) -> f64 {
    let sum: f64 = text.chars().map(char_width).sum();
    (sum * if bold { 1.08 } else { 1.0 }).ceil()
}

fn char_width(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '\'' | '|' => 3.2,
        '.' | ',' | ':' | ';' | '!' | 'I' | ' ' | 'f' | 't' | '/' | '(' | ')' | '[' | ']' => 4.2,
        'r' | '-' | '"' | '*' => 5.0,
        'm' | 'M' | 'W' | '@' | '%' => 11.2,
        'w' | '—' | '…' => 10.2,
        'a'..='z' | '0'..='9' | '$' | '_' | '?' => 7.0,
        'A'..='Z' | '&' | '+' | '=' | '<' | '>' | '−' | '~' | '#' => 8.4,
        c => match c.width() {
            Some(0) => 0.0,
            Some(2) => 13.0,
            // Latin letters with accents, Greek, Cyrillic, Arabic, Devanagari.
            _ => 9.0,
        },
    }
}

/// The text, or as much of its start as fits, with `…` behind it.
pub fn fit(text: &str, room: f64, bold: bool) -> String {
    if width(text, bold) <= room {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut used = width("…", bold);
    for c in text.chars() {
        used += char_width(c) * if bold { 1.08 } else { 1.0 };
        if used > room {
            break;
        }
        short.push(c);
    }
    short.truncate(short.trim_end().len());
    short + "…"
}

/// The text in so many lines at most, broken at blanks; the last one is cut where more follows.
pub fn wrap(text: &str, room: f64, lines: usize) -> Vec<String> {
    let mut wrapped: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let last = wrapped.len() == lines;
        match wrapped.last_mut() {
            Some(line) if last || width(&format!("{line} {word}"), false) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => wrapped.push(word.to_owned()),
        }
    }
    wrapped.into_iter().map(|line| fit(&line, room, false)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_keeps_text_text() {
        assert_eq!(
            xml("<b onclick='x()'>&\"\u{0}\u{1b}\u{202e}"),
            "&lt;b onclick=&#39;x()&#39;&gt;&amp;&quot;\u{fffd}\u{fffd}\u{fffd}"
        );
        assert_eq!(xml("a\nb\tc"), "a b c");
        assert_eq!(xml_lines("a\r\n\tb"), "a\n\tb");
        assert_eq!(xml("Été 日本 🎁"), "Été 日本 🎁");
    }

    #[test]
    fn a_long_text_is_cut_to_its_room_and_a_short_one_is_not() {
        assert_eq!(fit("French", 100.0, false), "French");
        let cut = fit(&"word ".repeat(40), 100.0, true);
        assert!(cut.ends_with('…') && width(&cut, true) <= 100.0, "{cut}");
        assert!(cut.starts_with("word wo"), "{cut}");
    }

    #[test]
    fn lines_break_at_blanks_and_the_last_one_is_cut() {
        let room = width("one two", false);
        assert_eq!(wrap("one two three", room, 2), ["one two", "three"]);
        assert_eq!(wrap("one two three four", room, 2), ["one two", "three…"]);
        assert_eq!(wrap("", room, 2), Vec::<String>::new());
    }

    #[test]
    fn wide_characters_need_more_room() {
        assert!(width("日本", false) > width("ab", false) * 1.5);
        assert_eq!(width("e\u{301}", false), width("e", false));
    }
}
