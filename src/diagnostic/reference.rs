//! The page of all codes, `docs/errors.md`, made from the registry.

use std::fmt::Write;

use super::{Area, CodeInfo, codes};

/// The command that writes `docs/errors.md` anew.
const REGENERATE: &str = "CAMP_BLESS=1 cargo test --lib errors_reference";

/// The areas, by the first digits of their codes.
const AREAS: [(&str, &str); 9] = [
    ("E01", "How a script is written"),
    ("E02", "Names"),
    ("E03", "Types and options"),
    ("E04", "The campaign as a whole"),
    ("E05", "Data, engine and catalogue"),
    ("E06", "Plugins"),
    ("E07", "The command line and camp.toml"),
    ("E08", "Tests"),
    ("W09", "Warnings"),
];

/// All codes as a Markdown page.
pub fn reference_markdown() -> String {
    let mut out = format!(
        "# Errors and warnings\n\n<!-- Made from the registry of codes by `{REGENERATE}`: change \
         src/diagnostic/codes/ instead. -->\n\nEvery message has a code, which never changes its \
         meaning. `camp error CODE` shows the same page in the terminal. An error stops everything: \
         nothing is saved, exported or delivered. A warning stops nothing. The exit code of the \
         program is that of its worst error. The samples are complete scripts, as far as a script \
         alone can show the error; what is wrong in the first is right in the second.\n"
    );
    for (range, title) in AREAS {
        let infos: Vec<&CodeInfo> =
            codes::all().map(|c| c.0).filter(|c| c.id.starts_with(range)).collect();
        if infos.is_empty() {
            continue;
        }
        // Writing to a string cannot fail.
        let _ = write!(out, "\n## {title}\n\n| code | |\n|---|---|\n");
        for info in &infos {
            let anchor = info.id.to_lowercase();
            let _ = writeln!(out, "| [{}](#{anchor}) | {} |", info.id, info.title);
        }
        for info in infos {
            entry(&mut out, info);
        }
    }
    out
}

fn entry(out: &mut String, info: &CodeInfo) {
    let exit = match (info.id.starts_with('W'), info.area) {
        (true, _) => "a warning".to_owned(),
        (false, area) => format!("{}, exit code {}", named(area), area.exit_code()),
    };
    let _ = write!(
        out,
        "\n### {}\n\n**{}** (`{}`: {exit})\n\n{}\n",
        info.id, info.title, info.name, info.explanation
    );
    for (title, script) in [("Wrong", info.bad), ("Right", info.good)] {
        let script = script.trim_matches('\n');
        if !script.is_empty() {
            // A text block: some are wrong, and none is over the sample data of the reference.
            let _ = write!(out, "\n{title}:\n\n```text\n{script}\n```\n");
        }
    }
}

fn named(area: Area) -> &'static str {
    match area {
        Area::Script => "the script",
        Area::Usage => "usage",
        Area::Expectation => "an expectation",
        Area::Data => "data or engine",
        Area::Plugin => "a plugin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_reference_is_up_to_date() {
        crate::generated::assert_up_to_date("docs/errors.md", &reference_markdown(), REGENERATE);
    }

    #[test]
    fn errors_reference_has_every_code_once() {
        let page = reference_markdown();
        for code in codes::all() {
            let heading = format!("\n### {}\n", code.0.id);
            assert_eq!(page.matches(&heading).count(), 1, "{}", code.0.id);
        }
    }
}
