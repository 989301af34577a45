//! `camp error`

use serde_json::json;

use super::Exit;
use super::output::{Format, Output};
use super::table::Table;
use crate::diagnostic::{CodeInfo, Diagnostic, codes, suggest};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// A code, `E0203`, or its name; all of them without
    pub(super) code: Option<String>,
}

pub(super) fn run(args: Args, out: &mut Output) -> Exit {
    let Some(written) = args.code else {
        let mut table = Table::new(["code", "name", "title"]);
        for code in codes::all() {
            table.row([code.0.id.into(), code.0.name.into(), code.0.title.into()]);
        }
        out.table(&table, "");
        return Exit::FINE;
    };
    let Some(info) = codes::find(&written) else {
        let ids = || codes::all().flat_map(|c| [c.0.id, c.0.name]);
        let help = match suggest::nearest(&written, ids()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "list all codes with `camp error`".to_owned(),
        };
        return out.diagnostic(
            Diagnostic::error(codes::usage::UNKNOWN_CODE, format!("`{written}` is not a code"))
                .help(help),
        );
    };
    if out.format == Format::Json {
        out.json(&json!({
            "code": info.id, "name": info.name, "title": info.title,
            "explanation": info.explanation, "exit_code": info.area.exit_code(),
            "bad": info.bad, "good": info.good,
        }));
    } else {
        let text = page(info, out.width());
        out.print(&text);
    }
    Exit::FINE
}

fn page(info: &CodeInfo, width: usize) -> String {
    let mut text = format!("{} {}\n{}\n", info.id, info.name, info.title);
    text.push_str(&format!("\n{}\n", super::output::wrap(info.explanation, width)));
    let warning = info.id.starts_with('W');
    let bad = if warning { "This is warned of" } else { "This is an error" };
    for (title, script) in [(bad, info.bad), ("This is right", info.good)] {
        let script = script.trim_matches('\n');
        if !script.is_empty() {
            text.push_str(&format!("\n{title}:\n\n"));
            for line in script.lines() {
                text.push_str(format!("    {line}").trim_end());
                text.push('\n');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_page_with_its_title_and_its_samples() {
        for code in codes::all() {
            let text = page(code.0, 80);
            assert!(text.starts_with(code.0.id) && text.contains(code.0.title), "{text}");
            let prose = text.split("This is ").next().unwrap();
            assert!(prose.lines().all(|l| l.chars().count() <= 80), "{text}");
            assert_eq!(text.contains("This is right:"), !code.0.good.is_empty(), "{text}");
        }
    }
}
