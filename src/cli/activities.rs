//! `camp activities`

use serde_json::json;

use super::Exit;
use super::output::{Format, Output, wrap};
use super::table::Table;
use crate::activity::Registry;
use crate::diagnostic::{Diagnostic, codes::usage, suggest};
use crate::plugin;
use crate::plugin::finder::Finder;
use crate::source::Span;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// An activity, `build audience`; all of them without
    #[arg(value_name = "NAME")]
    pub(super) name: Vec<String>,
}

pub(super) fn run(args: Args, out: &mut Output) -> Exit {
    let mut registry = Registry::builtin();
    let project = match super::plugin::project_folder(out) {
        Ok(folder) => folder,
        Err(exit) => return exit,
    };
    // Only what came with Camp and what the project trusts is loaded for a look.
    let finder = Finder { project: Some(project), ..Finder::default() };
    for name in finder.names() {
        // One that is broken or not trusted says so when a script uses it.
        let _ = plugin::enable(&name, Span::default(), &finder, &mut registry);
    }
    if args.name.is_empty() {
        let mut table = Table::new(["activity", "from", "summary"]);
        for spec in registry.iter().map(|a| a.spec()) {
            let origin = spec.plugin.as_deref().unwrap_or("built in");
            table.row([spec.name.as_str().into(), origin.into(), spec.summary.as_str().into()]);
        }
        out.table(&table, "there are no activities");
        return Exit::FINE;
    }
    // Unquoted, as it is written in a script: `camp activities build audience`.
    let written = args.name.join(" ");
    let Some(activity) = registry.find(&written) else {
        let names: Vec<&str> = registry.iter().map(|a| a.spec().name.as_str()).collect();
        return out.diagnostic(
            Diagnostic::error(usage::UNKNOWN_ACTIVITY, format!("`{written}` is not an activity"))
                .maybe_help(suggest::unknown_name(&written, "activities", names)),
        );
    };
    let spec = activity.spec();
    if out.format == Format::Json {
        out.json(&json!({
            "name": spec.name, "plugin": spec.plugin, "summary": spec.summary,
            "syntax": spec.syntax, "doc": spec.doc, "example": spec.example,
            "outputs": {"least": spec.outputs.start(), "most": spec.outputs.end()},
        }));
        return Exit::FINE;
    }
    let mut text = format!("{}\n\n    {}\n", spec.summary, spec.syntax);
    if !spec.doc.is_empty() {
        text.push_str(&format!("\n{}\n", wrap(&spec.doc, out.width())));
    }
    if !spec.example.is_empty() {
        text.push('\n');
        for line in spec.example.trim_matches('\n').lines() {
            text.push_str(format!("    {line}").trim_end());
            text.push('\n');
        }
    }
    out.print(&text);
    Exit::FINE
}
