//! `camp functions`

use serde_json::{Value, json};

use super::Exit;
use super::output::{Format, Output};
use super::table::Table;
use crate::diagnostic::{Diagnostic, codes::usage};
use crate::model::functions::{self, FunctionInfo, reference_text};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// A function, an aggregate, the title of a group, or `formats`; all of them without
    #[arg(value_name = "NAME")]
    pub(super) name: Vec<String>,
}

pub(super) fn run(args: Args, out: &mut Output) -> Exit {
    // Unquoted, since titles of groups are several words.
    let written = (!args.name.is_empty()).then(|| args.name.join(" "));
    let text = match reference_text(written.as_deref()) {
        Ok(text) => text,
        Err(help) => {
            let written = written.unwrap_or_default();
            return out.diagnostic(
                Diagnostic::error(
                    usage::UNKNOWN_FUNCTION,
                    format!("`{written}` is not a function"),
                )
                .maybe_help(help.or(Some("list all functions with `camp functions`".into()))),
            );
        }
    };
    let chosen = || {
        let written = written.as_deref();
        functions::all().iter().filter(move |f| written.is_none_or(|name| f.name == name))
    };
    match out.format {
        Format::Json => out.json(&chosen().map(entry).collect::<Vec<_>>()),
        Format::Csv => {
            let mut table = Table::new(["group", "function", "doc"]);
            for function in chosen() {
                table.row([
                    function.group.title().into(),
                    function.signature().into(),
                    function.doc.into(),
                ]);
            }
            out.table(&table, "");
        }
        Format::Text => out.print(&format!("{}\n", text.trim_end())),
    }
    Exit::FINE
}

fn entry(function: &FunctionInfo) -> Value {
    let params: Vec<Value> = function
        .params
        .iter()
        .map(|p| {
            json!({
                "name": p.name, "accepts": p.accepts.describe(),
                "optional": p.optional, "constant": p.constant,
            })
        })
        .collect();
    let (example, value) = function.example;
    json!({
        "name": function.name, "group": function.group.title(), "aliases": function.aliases,
        "signature": function.signature(), "params": params, "variadic": function.variadic,
        "doc": function.doc, "example": example, "value": value,
    })
}
