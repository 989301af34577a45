//! What the formatter promises: the style of `docs/formatting.md`, the same meaning, all comments,
//! and that a second time changes nothing.

use std::path::{Path, PathBuf};

use super::*;
use crate::source::SourceMap;
use crate::syntax::ast::Ast;
use crate::syntax::{self, comments::comments, scan::Lexer};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

struct Done {
    text: String,
    left: usize,
}

fn done(text: &str) -> Done {
    let mut sources = SourceMap::default();
    let id = sources.add("test.camp", text).unwrap();
    let formatted = format(&sources, id);
    Done { text: formatted.text, left: formatted.left.len() }
}

fn read(text: &str) -> (Ast, bool, Vec<String>) {
    let mut sources = SourceMap::default();
    let id = sources.add("test.camp", text.trim_start_matches('\u{feff}')).unwrap();
    let (ast, found) = syntax::parse(&sources, id);
    let comments = comments(&sources, id).into_iter().map(|c| c.text).collect();
    (ast, found.is_empty(), comments)
}

/// Nothing but the look of a text changes, and that once only.
fn keeps_everything(text: &str, what: &str) {
    let formatted = done(text);
    let (before, sound, remarks) = read(text);
    let (after, _, kept) = read(&formatted.text);
    assert_eq!(before, after, "{what} means something else:\n{}", formatted.text);
    assert_eq!(remarks, kept, "{what} loses a comment:\n{}", formatted.text);
    assert!(!sound || formatted.left == 0, "{what} has a statement left:\n{}", formatted.text);
    let twice = done(&formatted.text).text;
    similar(&formatted.text, &twice, &format!("{what}, a second time"));
}

fn similar(expected: &str, found: &str, what: &str) {
    if expected != found {
        let diff = ::similar::TextDiff::from_lines(expected, found);
        panic!("{what}:\n{}", diff.unified_diff());
    }
}

/// Every script of the repository: cases, samples, examples, and the blocks of the documentation.
fn scripts() -> Vec<(String, String)> {
    fn below(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                below(&path, into);
            } else if path.extension().is_some_and(|e| e == "camp") {
                into.push(path);
            }
        }
    }
    let mut files = Vec::new();
    below(&Path::new(ROOT).join("tests"), &mut files);
    below(&Path::new(ROOT).join("examples"), &mut files);
    files.sort();
    let mut scripts: Vec<(String, String)> = Vec::new();
    for file in files {
        // A case may hold bytes that are no text.
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let text = text.trim_start_matches('\u{feff}').to_owned();
        scripts.push((file.strip_prefix(ROOT).unwrap().display().to_string(), text));
    }
    for page in ["docs/language.md", "docs/operations.md", "docs/plugins.md", "README.md"] {
        let text = std::fs::read_to_string(Path::new(ROOT).join(page)).unwrap();
        for (n, block) in text.split("```camp").skip(1).enumerate() {
            let (_, block) = block.split_once('\n').unwrap();
            let (block, _) = block.split_once("```").unwrap();
            scripts.push((format!("{page} block {}", n + 1), block.to_owned()));
        }
    }
    assert!(scripts.len() > 300, "the scripts are gone");
    scripts
}

#[test]
fn every_script_of_the_repository_keeps_its_meaning_and_its_comments() {
    for (name, text) in scripts() {
        keeps_everything(&text, &name);
    }
}

/// Random numbers that a seed repeats.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) % n
    }
}

/// The statements with other blanks, line breaks and more comments between their words.
fn scattered(text: &str, dice: &mut Dice) -> String {
    let mut sources = SourceMap::default();
    let id = sources.add("test.camp", text).unwrap();
    let (pieces, _) = syntax::pieces(&sources, id);
    let mut result = String::new();
    let mut end = 0;
    for piece in pieces.iter().filter(|p| p.sound) {
        result += &text[end..piece.range.start];
        let statement = &text[piece.range.clone()];
        let mut last = 0;
        for token in Lexer::new(statement) {
            let gap = &statement[last..token.start];
            let after_comment = statement[..last]
                .rfind('#')
                .is_some_and(|at| Lexer::new(statement).any(|t| t.start == at && t.end == last));
            result += match dice.below(if after_comment { 4 } else { 16 }) {
                _ if gap.is_empty() => "",
                0 => "\n  ",
                1 => "\n\n    ",
                2 => "\n# alone\n ",
                3 => "\n\n\t## alone, below a blank line\n\n  ",
                4 => " # behind\n ",
                5 => "  # behind\n   # and below\n ",
                6 | 7 => "\n    ",
                8 => "   ",
                _ => " ",
            };
            result += token.text(statement);
            last = token.end;
        }
        end = piece.range.end;
    }
    result + &text[end..]
}

#[test]
fn meaning_and_comments_are_kept_wherever_lines_break() {
    let mut dice = Dice(2026);
    for (name, text) in scripts() {
        let (before, _, _) = read(&text);
        for round in 0..3 {
            let scattered = scattered(&text, &mut dice);
            assert_eq!(before, read(&scattered).0, "{name}: the test itself\n{scattered}");
            keeps_everything(&scattered, &format!("{name}, round {round}:\n{scattered}"));
        }
    }
}

#[test]
fn every_beginning_of_a_script_can_be_formatted() {
    for (name, text) in scripts().into_iter().step_by(17) {
        for (at, _) in text.char_indices().step_by(5) {
            keeps_everything(&text[..at], &format!("{name} up to {at}"));
        }
    }
}

/// A text is in the style.
fn stays(text: &str) {
    similar(text, &done(text).text, "is in the style");
}

fn becomes(text: &str, formatted: &str) {
    similar(formatted, &done(text).text, "formatted");
    stays(formatted);
}

#[test]
fn what_is_on_one_line_and_fits_stays_there() {
    stays("campaign \"Sets\" timezone \"Europe/Paris\"\n");
    stays("reachable = build audience from wanted where contactable select email, country\n");
    stays("save audience a as \"A\" append retain 12 versions only if count(a) > 0\n");
    becomes(
        "a   =build audience from p where x=1 and not(y or z)select f(  x ,1 )as g\n",
        "a = build audience from p where x = 1 and not (y or z) select f(x, 1) as g\n",
    );
}

#[test]
fn what_is_broken_once_is_broken_at_all_of_its_places() {
    becomes(
        "a = build audience from customers\n where x = 1 and y\n and z select email,\n first_name\n",
        "a = build audience from customers\n  where x = 1\n    and y\n    and z\n  select email,\n    first_name\n",
    );
    becomes(
        "a, b = deduplicate c with by: lower(email), keep: 1,\n  order: (spend desc, since)\n  only if x\n",
        "a, b = deduplicate c with\n  by: lower(email),\n  keep: 1,\n  order: (spend desc, since)\n  only if x\n",
    );
}

#[test]
fn long_lines_break_at_their_outermost_places_first() {
    becomes(
        "base = build audience from customers where legal and email is present select email, country, languages\n",
        "base = build audience from customers\n  where legal and email is present\n  select email, country, languages\n",
    );
    becomes(
        "a = build audience from customers where any deliveries where (campaign = \"Spring sale\" and status = \"sent\" and sent_at in last 10 days) or b\n",
        "a = build audience from customers\n  where any deliveries where (\n      campaign = \"Spring sale\" and status = \"sent\" and sent_at in last 10 days\n    )\n    or b\n",
    );
    becomes(
        "define points on customers = sum(amount of orders where status = \"paid\" and ordered_at in previous year) * 10\n",
        "define points on customers =\n  sum(amount of orders where status = \"paid\" and ordered_at in previous year) * 10\n",
    );
    becomes(
        "a = build audience from customers where country in (\"aaaaaaaaaaaaaaaaaaaaa\", \"bbbbbbbbbbbbbbbbbbbbbbbbbbbbb\", \"cccccccccccccccccccccc\", \"d\")\n",
        "a = build audience from customers\n  where country in (\n    \"aaaaaaaaaaaaaaaaaaaaa\", \"bbbbbbbbbbbbbbbbbbbbbbbbbbbbb\", \"cccccccccccccccccccccc\", \"d\"\n  )\n",
    );
}

#[test]
fn choices_break_before_their_else() {
    becomes(
        "define legal on c = if country = \"DE\" then double_opt_in\n  else if country in (\"FR\", \"IT\") then consent else consent and not minor\n",
        "define legal on c =\n  if country = \"DE\" then double_opt_in\n  else if country in (\"FR\", \"IT\") then consent\n  else consent and not minor\n",
    );
}

#[test]
fn neighbouring_dimensions_are_a_table() {
    becomes(
        "dimension a = \"data/a.csv\" key id\ndimension longer = t key x, y\n  columns (z: text)\ndimension c = t\n\ndimension alone = t key id\n",
        "dimension a      = \"data/a.csv\" key id\ndimension longer = t            key x, y\n  columns (z: text)\ndimension c      = t\n\ndimension alone = t key id\n",
    );
    // A comment parts them.
    stays("database crm = \"crm.duckdb\"\n# Another one.\ndatabase b = \"b.duckdb\"\n");
}

#[test]
fn blank_lines_and_comments_stay_where_they_are() {
    becomes(
        "\n\n# Top.\n\n\n\n## Doc.\na = build audience from p # why\n\n  # inside\n  where x # first\n    and y\n   # about a\nb = build audience from a\n\n\n",
        "# Top.\n\n## Doc.\na = build audience from p # why\n\n  # inside\n  where x # first\n    and y\n  # about a\nb = build audience from a\n",
    );
}

#[test]
fn texts_have_double_quotes_unless_they_hold_some() {
    becomes(
        "define a = ('x', 'O''Neil', '\"', \"it's\", 'both \" and ''')\n",
        "define a = (\"x\", \"O'Neil\", '\"', \"it's\", 'both \" and ''')\n",
    );
}

#[test]
fn commas_at_the_end_go_except_in_a_list_of_one() {
    becomes(
        "define a = (1, 2,)\ndefine b = (1,)\nx, = build audience from p select y, z,\n",
        "define a = (1, 2)\ndefine b = (1,)\nx = build audience from p select y, z\n",
    );
}

#[test]
fn line_ends_are_one_character_and_the_last_line_has_one() {
    becomes(
        "a = build audience from p\r\n\r\nb = oops oops\r\n  where",
        "a = build audience from p\n\nb = oops oops\n  where\n",
    );
    assert_eq!(done("").text, "");
    assert_eq!(done("\n\n").text, "");
}

#[test]
fn a_statement_with_an_error_stays_as_it_is_and_the_others_do_not() {
    let text = "a=build audience from p\nb  =  build audience from p where x == 1\nc=build audience from p\n";
    let formatted = done(text);
    assert_eq!(
        formatted.text,
        "a = build audience from p\nb  =  build audience from p where x == 1\nc = build audience from p\n"
    );
    assert_eq!(formatted.left, 1);
}

#[test]
fn rows_of_tests_stand_each_on_a_line_when_one_does() {
    becomes(
        "test \"t\" as of 2026-11-24\n given people (id,name:text) = (1,\"a\"),\n (2,missing),\n expect busy=(1,2) expect count(busy)=1\n",
        "test \"t\"\n  as of 2026-11-24\n  given people (id, name: text) =\n    (1, \"a\"),\n    (2, missing)\n  expect busy = (1, 2)\n  expect count(busy) = 1\n",
    );
}
