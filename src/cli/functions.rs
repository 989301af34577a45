//! `camp functions`

use serde_json::json;

use super::Exit;
use super::output::{Format, Output, wrap};
use super::table::Table;
use crate::diagnostic::{Diagnostic, codes::usage, suggest};
use crate::model::functions::{self, Accepts, FunctionInfo, Group, Result as Gives};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// A function; all of them without
    name: Option<String>,
}

pub(super) fn run(args: Args, out: &mut Output) -> Exit {
    let Some(written) = args.name else {
        let mut table = Table::new(["group", "function", "summary"]);
        for function in functions::all() {
            table.row([
                group(function.group).into(),
                signature(function).into(),
                first_sentence(function.doc).into(),
            ]);
        }
        out.table(&table, "there are no functions");
        return Exit::FINE;
    };
    let found = functions::all()
        .iter()
        .find(|f| f.name == written || f.aliases.contains(&written.as_str()));
    let Some(function) = found else {
        let names: Vec<&str> = functions::all().iter().map(|f| f.name).collect();
        let help = match suggest::nearest(&written, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "list all functions with `camp functions`".to_owned(),
        };
        return out.diagnostic(
            Diagnostic::error(usage::UNKNOWN_FUNCTION, format!("`{written}` is not a function"))
                .help(help),
        );
    };
    let (example, value) = function.example;
    if out.format == Format::Json {
        let params = function.params.iter().map(|p| {
            json!({
                "name": p.name, "accepts": p.accepts.describe(),
                "optional": p.optional, "constant": p.constant,
            })
        });
        out.json(&json!({
            "name": function.name, "group": group(function.group),
            "aliases": function.aliases, "signature": signature(function),
            "params": params.collect::<Vec<_>>(), "variadic": function.variadic,
            "doc": function.doc, "example": example, "value": value,
        }));
    } else {
        let text = format!(
            "{}\n\n{}\n\n    {example}\n    # {value}\n",
            signature(function),
            wrap(function.doc, out.width())
        );
        out.print(&text);
    }
    Exit::FINE
}

/// `round(x: number, [decimals: int]) → number`
pub(super) fn signature(function: &FunctionInfo) -> String {
    let mut params: Vec<String> = function
        .params
        .iter()
        .map(|p| {
            let text = format!("{}: {}", p.name, p.accepts.describe());
            if p.optional { format!("[{text}]") } else { text }
        })
        .collect();
    if function.variadic {
        params.push("…".into());
    }
    let gives = match &function.result {
        Gives::Type(ty) => ty.to_string(),
        Gives::Same => "the same".to_owned(),
        Gives::Arg(index) => format!("as {}", param_name(function, *index)),
        Gives::Element(index) => format!("an element of {}", param_name(function, *index)),
        Gives::Rounded(_) => "number".to_owned(),
        Gives::DecimalScale(_) => "decimal".to_owned(),
        Gives::Numbers => "number".to_owned(),
        Gives::TextList => "list of text".to_owned(),
    };
    format!("{}({}) → {gives}", function.name, params.join(", "))
}

fn param_name(function: &FunctionInfo, index: usize) -> &'static str {
    function.params.get(index).map_or("the argument", |p| p.name)
}

fn group(group: Group) -> &'static str {
    match group {
        Group::Text => "text",
        Group::Number => "numbers",
        Group::Time => "time",
        Group::List => "lists",
        Group::Conversion => "conversion",
        Group::Choice => "choice",
        Group::Hash => "hashes",
        Group::Geo => "places",
    }
}

fn first_sentence(doc: &str) -> String {
    let end = doc.find(". ").unwrap_or(doc.len());
    doc[..end].trim_end_matches('.').replace('\n', " ")
}
