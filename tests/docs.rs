//! The samples of the documentation are checked and run, over the data of `examples/`.
//!
//! What a block is, its fence says:
//!
//! | fence | the block |
//! |---|---|
//! | `camp` | is a whole file, and has no errors |
//! | `camp fragment` | are statements, below those of `docs/preamble.camp` |
//! | `camp rules D` | has a rule over rows of `D` on each line |
//! | `camp error E0203` | is a fragment that gives this error |
//! | `camp parse` | is only parsed: it speaks of data that the examples do not have |
//!
//! With `test` behind `camp` its tests are run. With `run` behind `camp` it is also run, but for the commit. Then `# name: 12 rows` says how many
//! rows a transition has; behind a rule, `# 12` says for how many it holds. Those numbers are
//! counted by `docs/expected.py`, which knows nothing of Camp.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use camp::diagnostic::{Diagnostics, render};
use camp::session::{Session, Settings, Stage};
use camp::source::SourceMap;
use camp::unit_tests::Verdict;

const PAGES: [(&str, &str); 4] = [
    ("docs/language.md", include_str!("../docs/language.md")),
    ("docs/operations.md", include_str!("../docs/operations.md")),
    ("docs/formatting.md", include_str!("../docs/formatting.md")),
    ("docs/pictures.md", include_str!("../docs/pictures.md")),
];
const PREAMBLE: &str = include_str!("docs/preamble.camp");
const SETUP: &str = include_str!("docs/setup.camp");

/// A fenced block.
struct Block {
    /// The page and the line of its fence.
    place: String,
    /// What stands behind `camp`.
    words: Vec<&'static str>,
    text: &'static str,
}

impl Block {
    fn is(&self, word: &str) -> bool {
        self.words.contains(&word)
    }

    /// The word behind another one.
    fn behind(&self, word: &str) -> Option<&'static str> {
        let at = self.words.iter().position(|w| *w == word)?;
        self.words.get(at + 1).copied()
    }

    /// The file to check, and how many rows its transitions have.
    fn script(&self) -> (String, BTreeMap<String, u64>) {
        if let Some(dimension) = self.behind("rules") {
            return rules(self.text, dimension);
        }
        let whole = !self.is("fragment") && self.behind("error").is_none();
        let script = if whole { self.text.into() } else { format!("{PREAMBLE}\n{}", self.text) };
        let counts = self.text.lines().filter_map(|line| {
            let (name, count) = line.trim().strip_prefix("# ")?.split_once(": ")?;
            Some((name.to_owned(), count.strip_suffix(" rows")?.parse().ok()?))
        });
        (script, counts.collect())
    }
}

/// Each line a rule; an indented line goes on with the one above.
fn rules(text: &str, dimension: &str) -> (String, BTreeMap<String, u64>) {
    let mut script = String::from(PREAMBLE);
    let mut counts = BTreeMap::new();
    let mut n = 0;
    for line in text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')) {
        if line.starts_with(' ') {
            writeln!(script, "{line}").unwrap();
        } else {
            n += 1;
            writeln!(script, "rule_{n} = build audience from {dimension} where {line}").unwrap();
        }
        if let Some((_, comment)) = line.rsplit_once('#')
            && let Ok(count) = comment.split_whitespace().next().unwrap_or_default().parse()
        {
            counts.insert(format!("rule_{n}"), count);
        }
    }
    for rule in 1..=n {
        // Only what something needs is computed.
        writeln!(script, "expect count(rule_{rule}) >= 0").unwrap();
    }
    (script, counts)
}

fn blocks() -> Vec<Block> {
    let mut all = Vec::new();
    for (page, text) in PAGES {
        let mut offset = 0;
        let mut open: Option<(usize, usize, &'static str)> = None;
        for (n, line) in text.split_inclusive('\n').enumerate() {
            let (start, fence) = (offset, line.trim_end().strip_prefix("```"));
            offset += line.len();
            match (fence, open) {
                (Some(info), None) => open = Some((n + 1, offset, info)),
                (Some(_), Some((line, from, info))) => {
                    let mut words = info.split_whitespace();
                    if words.next() == Some("camp") {
                        all.push(Block {
                            place: format!("{page}:{line}"),
                            words: words.collect(),
                            text: &text[from..start],
                        });
                    }
                    open = None;
                }
                (None, _) => {}
            }
        }
        assert!(open.is_none(), "{page}: a block has no end");
    }
    all
}

/// The examples' data and model, and a database with the audiences that the samples read.
struct Project(tempfile::TempDir);

impl Project {
    fn new() -> Project {
        let dir = tempfile::tempdir().unwrap();
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        std::fs::copy(examples.join("model.camp"), dir.path().join("model.camp")).unwrap();
        for (folder, kind) in [("data", "csv"), ("templates", "html")] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
            for entry in std::fs::read_dir(examples.join(folder)).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|e| e == kind) {
                    let to = dir.path().join(folder).join(path.file_name().unwrap());
                    std::fs::copy(&path, to).unwrap();
                }
            }
        }
        let project = Project(dir);
        for day in ["2026-08-01", "2026-11-20"] {
            let file = project.write(SETUP);
            let mut session = project.session(day, false);
            if let Err(found) = session.run(&[file], &mut |_| {}) {
                panic!("setup.camp:\n{}", shown(found, &session.sources));
            }
        }
        project
    }

    fn write(&self, script: &str) -> String {
        let file = self.0.path().join("sample.camp");
        std::fs::write(&file, script).unwrap();
        file.display().to_string()
    }

    /// Of half past nine of a day in Paris.
    fn session(&self, day: &str, dry_run: bool) -> Session {
        let as_of = format!("{day}T09:30[Europe/Paris]").parse::<jiff::Zoned>().unwrap();
        Session::new(Settings {
            database: Some(self.0.path().join("camp.duckdb")),
            as_of: Some(as_of.timestamp()),
            dry_run,
            ..Settings::default()
        })
    }
}

fn shown(found: Diagnostics, sources: &SourceMap) -> String {
    let found = found.sorted();
    found.iter().map(|d| render::render(d, sources, &render::Options::default())).collect()
}

/// Every block that `wanted` takes has no errors; those that are run give the rows they say.
fn all_hold(wanted: impl Fn(&Block) -> bool) {
    let project = Project::new();
    let mut failures = String::new();
    let mut seen = 0;
    for block in blocks().iter().filter(|b| wanted(b)) {
        seen += 1;
        if let Err(failure) = holds(block, &project) {
            write!(failures, "{}:\n{failure}\n", block.place).unwrap();
        }
    }
    assert!(seen > 0, "no block is of this kind");
    assert!(failures.is_empty(), "{failures}");
}

fn holds(block: &Block, project: &Project) -> Result<(), String> {
    let (script, counts) = block.script();
    let file = project.write(&script);
    let mut session = project.session("2026-11-24", true);
    if block.is("parse") {
        let parsed = session.debug(Stage::Ast, &file);
        return parsed.map(|_| ()).map_err(|found| shown(found, &session.sources));
    }
    if let Some(code) = block.behind("error") {
        let (_, found) = session.check(&[file]);
        let codes: Vec<String> = found.iter().map(|d| d.code.to_string()).collect();
        return match codes.iter().any(|c| c == code) {
            true => Ok(()),
            false => Err(format!("{code} is wanted, {codes:?} are given")),
        };
    }
    if block.is("test") {
        let reports = session
            .test(&file, &|_| true, &mut |_| {})
            .map_err(|found| shown(found, &session.sources))?;
        let failed = reports.iter().filter(|r| r.verdict != Verdict::Passed);
        let failed: Vec<String> = failed.map(|r| format!("{r:#?}")).collect();
        assert!(!reports.is_empty(), "{}: no test", block.place);
        return if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) };
    }
    if !block.is("run") {
        let (_, found) = session.check(&[file]);
        return match found.has_errors() {
            true => Err(shown(found, &session.sources)),
            false => Ok(()),
        };
    }
    let report =
        session.run(&[file], &mut |_| {}).map_err(|found| shown(found, &session.sources))?;
    let rows: BTreeMap<&str, Option<u64>> = report
        .steps
        .iter()
        .flat_map(|s| &s.transitions)
        .map(|t| (t.name.as_str(), t.rows))
        .collect();
    for (name, count) in counts {
        let found = rows.get(name.as_str()).copied().flatten();
        if found != Some(count) {
            return Err(format!("{name} has {found:?} rows, the page says {count}\n{script}"));
        }
    }
    Ok(())
}

#[test]
fn samples_have_no_errors() {
    all_hold(|b| !b.is("run") && !b.is("test") && b.behind("error").is_none());
}

#[test]
fn samples_that_are_run_give_the_rows_they_say() {
    all_hold(|b| b.is("run"));
}

#[test]
fn tests_of_samples_pass() {
    all_hold(|b| b.is("test"));
}

#[test]
fn wrong_samples_give_their_errors() {
    all_hold(|b| b.behind("error").is_some());
}

/// `CAMP_BLESS=1` writes them in the style.
#[test]
fn samples_are_formatted() {
    for (page, text) in PAGES {
        let mut formatted = text.to_owned();
        // From the end, so that the places of the blocks before stay.
        for block in blocks().into_iter().rev().filter(|b| b.place.starts_with(page)) {
            if block.is("rules") {
                continue;
            }
            let mut sources = SourceMap::default();
            let id = sources.add(block.place.as_str(), block.text).unwrap();
            let start = block.text.as_ptr() as usize - text.as_ptr() as usize;
            let done = camp::fmt::format(&sources, id).text;
            formatted.replace_range(start..start + block.text.len(), &done);
        }
        if std::env::var_os("CAMP_BLESS").is_some() {
            std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(page), &formatted).unwrap();
        } else {
            let diff = similar::TextDiff::from_lines(text, &formatted);
            assert!(formatted == text, "{page}:\n{}", diff.unified_diff());
        }
    }
}

#[test]
fn every_fence_has_a_kind_that_is_tested() {
    let kinds = ["run", "fragment", "rules", "error", "parse", "test"];
    for block in blocks() {
        let mut words = block.words.iter();
        while let Some(word) = words.next() {
            assert!(kinds.contains(word), "{}: `{word}`", block.place);
            if ["rules", "error"].contains(word) {
                assert!(words.next().is_some(), "{}: `{word}` of what?", block.place);
            }
        }
    }
}

#[test]
fn links_between_the_pages_lead_somewhere() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for entry in std::fs::read_dir(&docs).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "md") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for part in text.split("](").skip(1) {
            let target = part.split(')').next().unwrap();
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            if file.contains("://") {
                continue;
            }
            let to = if file.is_empty() { path.clone() } else { docs.join(file) };
            assert!(to.exists(), "{}: {target}", path.display());
            if !anchor.is_empty() {
                let page = std::fs::read_to_string(&to).unwrap();
                let known = page.lines().filter(|l| l.starts_with('#')).any(|l| slug(l) == anchor);
                assert!(known, "{}: {target} has no such heading", path.display());
            }
        }
    }
}

/// The anchor of a heading, as the usual renderers make it.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}
