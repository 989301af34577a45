//! The mistakes of the first hour: `tests/cases/mistakes.md` lists them with what is said of each,
//! and this checks that it is said, and that what should have been written has no errors.

use camp::diagnostic::Severity;
use camp::session::{Session, Settings};

const PAGE: &str = include_str!("cases/mistakes.md");

/// A mistake, with what is said of it.
struct Mistake {
    heading: &'static str,
    written: &'static str,
    code: &'static str,
    title: &'static str,
    place: &'static str,
    label: &'static str,
    help: &'static str,
    right: &'static str,
}

/// The text of the blocks of a section.
fn blocks(section: &'static str) -> Vec<&'static str> {
    section.split("```camp\n").skip(1).map(|part| part.split("```").next().unwrap()).collect()
}

fn mistakes() -> (&'static str, Vec<Mistake>) {
    let mut sections = PAGE.split("\n## ");
    let model = blocks(sections.next().unwrap())[0];
    let read = |section: &'static str| {
        let [written, right] = blocks(section)[..] else { panic!("two blocks: {section}") };
        let mut said = section.lines().filter_map(|line| line.strip_prefix("* "));
        let (code, title) = said.next().unwrap().split_once(": ").unwrap();
        let place = said.next().unwrap().strip_prefix("at `").unwrap();
        let (place, label) = place.split_once("`: ").unwrap();
        let help = said.next().unwrap().strip_prefix("help: ").unwrap();
        let heading = section.lines().next().unwrap();
        Mistake { heading, written, code, title, place, label, help, right }
    };
    (model, sections.map(read).collect())
}

/// What is said of a script: each error with its code, title, place, label and help.
fn said(model: &str, text: &str) -> Vec<[String; 5]> {
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data");
    let model = model.replace("data/", &format!("{}/", examples.display()));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("mistake.camp");
    std::fs::write(&file, format!("{model}{text}")).unwrap();
    let mut session = Session::new(Settings::default());
    let (_, found) = session.check(&[file.display().to_string()]);
    found
        .sorted()
        .into_iter()
        .filter(|d| d.severity == Severity::Error)
        .map(|d| {
            let label = d.labels.first().unwrap();
            [
                d.code.to_string(),
                d.title.clone(),
                session.sources.slice(label.span).to_owned(),
                label.text.clone(),
                d.help.clone().unwrap_or_default(),
            ]
        })
        .collect()
}

#[test]
fn each_is_answered_once_and_told_what_to_write() {
    let (model, mistakes) = mistakes();
    assert!(mistakes.len() >= 20);
    let mut wrong = String::new();
    for mistake in &mistakes {
        let wanted = [mistake.code, mistake.title, mistake.place, mistake.label, mistake.help];
        let found = said(model, mistake.written);
        if found != [wanted.map(str::to_owned)] {
            wrong += &format!("{}:\n  wanted {wanted:?}\n  found  {found:?}\n", mistake.heading);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn what_should_have_been_written_has_no_errors() {
    let (model, mistakes) = mistakes();
    for mistake in &mistakes {
        assert_eq!(said(model, mistake.right), Vec::<[String; 5]>::new(), "{}", mistake.heading);
    }
}
