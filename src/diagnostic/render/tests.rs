use super::*;
use crate::diagnostic::{Area, Code, CodeInfo, Diagnostic};
use crate::source::{SourceId, Span};

const UNKNOWN: Code = Code(&CodeInfo {
    id: "E0203",
    name: "names.unknown",
    title: "Unknown name",
    explanation: "",
    bad: "",
    good: "",
    area: Area::Script,
});

/// A map with one file.
fn one(text: &str) -> (SourceMap, SourceId) {
    let mut sources = SourceMap::default();
    let id = sources.add("spring.camp", text).unwrap();
    (sources, id)
}

/// The span of `what` in a file.
fn at(sources: &SourceMap, id: SourceId, what: &str) -> Span {
    let file = sources.file(id);
    let start = file.text.find(what).expect("the text is there") as u32 + file.start;
    Span::new(start, start + what.len() as u32)
}

fn fancy(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    render(diagnostic, sources, &Options::default())
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

#[test]
fn fancy_shows_code_title_place_label_and_help() {
    let (sources, id) = one("# Ü\nvip = build audience from customers\ncombine vips with lapsed\n");
    let d = Diagnostic::error(UNKNOWN, "transition `vips` is not defined")
        .label(at(&sources, id, "vips"), "no transition with this name above")
        .help("did you mean `vip`?");
    assert_eq!(
        lines(&fancy(&d, &sources)),
        [
            "E0203 names.unknown",
            "",
            "  × Transition `vips` is not defined",
            "   ╭─[spring.camp:3:9]",
            " 2 │ vip = build audience from customers",
            " 3 │ combine vips with lapsed",
            "   ·         ──┬─",
            "   ·           ╰── no transition with this name above",
            "   ╰────",
            "  help: did you mean `vip`?",
        ]
    );
}

#[test]
fn columns_count_characters_not_bytes() {
    let (sources, id) = one("save «é日本» vvip");
    let d = Diagnostic::error(UNKNOWN, "t").label(at(&sources, id, "vvip"), "here");
    assert!(fancy(&d, &sources).contains("[spring.camp:1:12]"), "{}", fancy(&d, &sources));
    let concise = render(&d, &sources, &Options { style: Style::Concise, ..Options::default() });
    assert_eq!(concise, "spring.camp:1:12: error[E0203]: T\n");
    // «é日本» is 7 columns wide, two of its characters take two.
    let underline = " ".repeat(5 + 7 + 1);
    assert!(
        fancy(&d, &sources).contains(&format!("   · {underline}──┬─")),
        "{}",
        fancy(&d, &sources)
    );
}

#[test]
fn an_error_at_the_end_points_at_the_last_character_before_it() {
    let text = "vip = build audience from customers where (a\n\n  \n";
    let (sources, _) = one(text);
    let end = Span::new(text.len() as u32, text.len() as u32);
    let d = Diagnostic::error(UNKNOWN, "t").label(end, "`)` is missing");
    let drawn = fancy(&d, &sources);
    assert!(drawn.contains("[spring.camp:1:44]"), "{drawn}");
    assert!(drawn.contains("╰── `)` is missing"), "{drawn}");
    let record = record(&d, &sources);
    let place = record.place.unwrap();
    assert_eq!((place.line, place.column, place.end_line, place.end_column), (1, 44, 1, 45));
}

#[test]
fn an_empty_file_still_has_a_place() {
    let (sources, _) = one("");
    let d = Diagnostic::error(UNKNOWN, "t").label(Span::new(0, 0), "nothing here");
    let drawn = fancy(&d, &sources);
    assert!(drawn.contains("[spring.camp:1:1]") && drawn.contains("nothing here"), "{drawn}");
}

#[test]
fn a_label_in_another_file_has_an_excerpt_of_its_own_after_the_primary_one() {
    let mut sources = SourceMap::default();
    let model = sources.add("model.camp", "define vip on customers = true\n").unwrap();
    let main = sources.add("main.camp", "import \"model.camp\"\n\nvip = build audience\n").unwrap();
    let d = Diagnostic::error(UNKNOWN, "`vip` is defined twice")
        .label(at(&sources, main, "vip = "), "defined again")
        .label(at(&sources, model, "vip"), "first defined here");
    let drawn = fancy(&d, &sources);
    let (first, second) =
        (drawn.find("[main.camp:3:1]").unwrap(), drawn.find("[model.camp:1:8]").unwrap());
    assert!(first < second, "{drawn}");
    assert!(drawn.contains("╰── first defined here"), "{drawn}");
}

#[test]
fn labels_far_apart_in_a_file_do_not_show_what_is_between() {
    let between: String = (3..60).map(|n| format!("# line {n}\n")).collect();
    let (sources, id) = one(&format!("a = 1\n# line 2\n{between}b = aa\n"));
    let d = Diagnostic::error(UNKNOWN, "t")
        .label(at(&sources, id, "aa"), "unknown")
        .label(at(&sources, id, "a ="), "defined here");
    let drawn = fancy(&d, &sources);
    assert!(!drawn.contains("# line 30"), "{drawn}");
    assert!(drawn.find("[spring.camp:60:5]") < drawn.find("[spring.camp:1:1]"), "{drawn}");
}

#[test]
fn near_labels_share_an_excerpt_and_its_place_is_the_primary_ones() {
    let (sources, id) = one("a = 1\n\nb = aa\n");
    let d = Diagnostic::error(UNKNOWN, "t")
        .label(at(&sources, id, "aa"), "unknown")
        .label(at(&sources, id, "a ="), "defined here");
    let drawn = fancy(&d, &sources);
    assert_eq!(drawn.matches('[').count(), 1, "{drawn}");
    assert!(drawn.contains("[spring.camp:3:5]"), "{drawn}");
}

#[test]
fn a_long_line_is_cut_around_its_label() {
    let text = format!("x = ({} vips {})", "abc, ".repeat(400), "def, ".repeat(400));
    let (sources, id) = one(&text);
    let d = Diagnostic::error(UNKNOWN, "t").label(at(&sources, id, "vips"), "unknown");
    let drawn = fancy(&d, &sources);
    assert!(drawn.contains("[spring.camp:1:2007]"), "{drawn}");
    for line in drawn.lines() {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
    let shown = drawn.lines().find(|l| l.contains("vips")).unwrap();
    assert!(shown.starts_with(" 1 │ …") && shown.ends_with('…'), "{shown}");
    // The underline stands under the word.
    let column = |line: &str, what: &str| line.split(what).next().unwrap().chars().count();
    let under = drawn.lines().find(|l| l.contains("──┬─")).unwrap();
    assert_eq!(column(shown, "vips"), column(under, "──┬─"), "{drawn}");
}

#[test]
fn tabs_become_spaces_and_the_underline_stays_under_the_word() {
    let (sources, id) = one("\t\tvips\tx");
    let d = Diagnostic::error(UNKNOWN, "t").label(at(&sources, id, "vips"), "unknown");
    let drawn = fancy(&d, &sources);
    assert!(drawn.contains(" 1 │         vips    x"), "{drawn}");
    assert!(drawn.contains("   ·         ──┬─"), "{drawn}");
    assert!(drawn.contains("[spring.camp:1:3]"), "{drawn}");
}

#[test]
fn a_script_cannot_steer_the_terminal() {
    let (sources, id) = one("x = \"\u{1b}[31mred\u{202e}\" vips");
    let d = Diagnostic::error(UNKNOWN, "audience `\u{1b}[2J` is unknown")
        .label(at(&sources, id, "vips"), "\u{1b}]8;;x")
        .help("use \u{9b}1m");
    for style in [Style::Fancy, Style::Concise] {
        let drawn = render(&d, &sources, &Options { style, ..Options::default() });
        let bad = drawn.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(bad, None, "{drawn:?}");
    }
}

#[test]
fn a_tall_span_is_shown_by_its_first_line() {
    let body: String = (0..30).map(|n| format!("  line {n}\n")).collect();
    let text = format!("x = build audience\n{body}");
    let (sources, _) = one(&text);
    let d = Diagnostic::error(UNKNOWN, "t").label(Span::new(0, text.len() as u32), "all of it");
    let drawn = fancy(&d, &sources);
    assert!(drawn.contains("x = build audience") && drawn.contains("all of it"), "{drawn}");
    assert!(!drawn.contains("line 5"), "{drawn}");
    assert_eq!(record(&d, &sources).place.unwrap().end_line, 32);
}

#[test]
fn a_span_of_a_few_lines_shows_them_all() {
    let text = "x = build audience\n  from a\n  where b\ny = 1\n";
    let (sources, _) = one(text);
    let end = text.find("\ny").unwrap() as u32;
    let d = Diagnostic::error(UNKNOWN, "t").label(Span::new(0, end), "all of it");
    let drawn = fancy(&d, &sources);
    assert!(drawn.contains("where b") && drawn.contains("all of it"), "{drawn}");
}

#[test]
fn windows_line_ends_are_line_ends() {
    let (sources, id) = one("a = 1\r\nb = vips\r\nc = 2\r\n");
    let d = Diagnostic::error(UNKNOWN, "t").label(at(&sources, id, "vips"), "unknown");
    let drawn = fancy(&d, &sources);
    assert!(drawn.contains("[spring.camp:2:5]") && drawn.contains(" 2 │ b = vips\n"), "{drawn}");
    assert!(!drawn.contains('\r') && !drawn.contains('\u{fffd}'), "{drawn:?}");
}

#[test]
fn a_diagnostic_without_a_place_shows_its_words_and_the_cause() {
    let d = Diagnostic::error(UNKNOWN, "the database cannot be opened")
        .help("close the other program")
        .cause("IO Error: Could not set lock\nPID 42");
    assert_eq!(
        lines(&fancy(&d, &SourceMap::default())),
        [
            "E0203 names.unknown",
            "",
            "  × The database cannot be opened",
            "  ╰─▶ IO Error: Could not set lock",
            "      PID 42",
            "  help: close the other program",
        ]
    );
    let concise = Options { style: Style::Concise, ..Options::default() };
    assert_eq!(
        render(&d, &SourceMap::default(), &concise),
        "error[E0203]: The database cannot be opened (close the other program)\n"
    );
}

#[test]
fn ascii_has_no_other_characters() {
    let (sources, id) = one("combine vips");
    let d = Diagnostic::warning(UNKNOWN, "t").label(at(&sources, id, "vips"), "unknown").cause("c");
    let drawn = render(&d, &sources, &Options { unicode: false, ..Options::default() });
    assert!(drawn.is_ascii(), "{drawn}");
}

#[test]
fn colour_is_only_there_when_asked_for() {
    let (sources, id) = one("combine vips");
    let d = Diagnostic::error(UNKNOWN, "t").label(at(&sources, id, "vips"), "unknown");
    assert!(!fancy(&d, &sources).contains('\u{1b}'));
    assert!(
        render(&d, &sources, &Options { colour: true, ..Options::default() }).contains('\u{1b}')
    );
}

#[test]
fn the_machine_form_has_places_of_all_labels() {
    let mut sources = SourceMap::default();
    let model = sources.add("model.camp", "define vip on customers = true\n").unwrap();
    let main = sources.add("main.camp", "vip = build audience\n").unwrap();
    let d = Diagnostic::error(UNKNOWN, "`vip` is defined twice")
        .label(at(&sources, main, "vip"), "defined again")
        .label(at(&sources, model, "vip"), "first defined here")
        .help("rename one");
    let line = render(&d, &sources, &Options { style: Style::Json, ..Options::default() });
    let json: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "code": "E0203", "name": "names.unknown", "severity": "error",
            "title": "`vip` is defined twice",
            "file": "main.camp", "line": 1, "column": 1, "end_line": 1, "end_column": 4,
            "labels": [
                {"text": "defined again", "file": "main.camp",
                 "line": 1, "column": 1, "end_line": 1, "end_column": 4},
                {"text": "first defined here", "file": "model.camp",
                 "line": 1, "column": 8, "end_line": 1, "end_column": 11},
            ],
            "help": "rename one", "cause": null,
        })
    );
    assert_eq!(serde_json::from_str::<Record>(&line).unwrap(), record(&d, &sources));
}

#[test]
fn the_summary_counts_and_a_closed_reader_is_no_panic() {
    let e = Diagnostic::error(UNKNOWN, "t");
    let w = Diagnostic::warning(UNKNOWN, "t");
    assert_eq!(summary([&e, &e, &w]).unwrap(), "2 errors, 1 warning");
    assert_eq!(summary([&w]).unwrap(), "1 warning");
    assert_eq!(summary([]), None);
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
    }
    write_all(&mut Closed, &[e, w], &SourceMap::default(), &Options::default());
}

/// Whatever the text and the spans: something is drawn, with the title in it.
#[test]
fn every_span_of_odd_texts_can_be_drawn() {
    let texts = ["", "\n", "é", "a\r\nb", "\r\r\n", "a\tb\n\n\u{1f600}\u{301}x\n", "  \n  ", "x\r"];
    let mut sources = SourceMap::default();
    for (n, text) in texts.iter().enumerate() {
        sources.add(format!("f{n}"), *text).unwrap();
    }
    let last = sources.files().last().unwrap().1.end() + 2;
    for start in 0..last {
        for end in start..last {
            let d = Diagnostic::error(UNKNOWN, "a title")
                .label(Span::new(start, end), "one")
                .label(Span::new(start, start), "two");
            for style in [Style::Fancy, Style::Concise, Style::Json] {
                let options = Options { style, width: 30, ..Options::default() };
                assert!(render(&d, &sources, &options).contains("A title"));
            }
        }
    }
}

#[test]
fn real_mistakes_are_drawn_within_the_width() {
    let mut drawn = 0;
    for code in crate::diagnostic::codes::all().filter(|c| !c.0.bad.is_empty()) {
        let mut sources = SourceMap::default();
        let id = sources.add("bad.camp", code.0.bad).unwrap();
        let (_, found) = crate::syntax::parse(&sources, id);
        for diagnostic in found.iter() {
            let text = fancy(diagnostic, &sources);
            drawn += 1;
            assert!(text.contains("[bad.camp:"), "{text}");
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "{text}");
            }
        }
    }
    assert!(drawn >= 20, "only {drawn} samples of the syntax were drawn");
}
