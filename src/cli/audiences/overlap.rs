//! `camp audiences overlap`

use serde_json::json;

use super::super::numbers::{count, share};
use super::super::output::{Form, Format, Output, Picture, form};
use super::super::project::ProjectArgs;
use super::super::store::Project;
use super::super::table::{Cell, Table};
use super::Done;
use crate::catalogue::operations::{self, MOST_AUDIENCES, Overlap};
use crate::graph::upset::upset;

/// How many combinations are shown to people.
const SHOWN: usize = 30;

#[derive(clap::Args, Debug)]
pub(in crate::cli) struct Args {
    /// Their labels, in any case
    #[arg(required = true, num_args = 2..=MOST_AUDIENCES, value_name = "LABEL")]
    labels: Vec<String>,
    /// At most so many combinations, those of most members first [default: 30, else all in JSON and
    /// CSV]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// How results are printed
    #[arg(
        id = "format",
        long = "format",
        help_heading = "Output",
        value_parser = form(&[Picture::Svg]),
        value_name = "FORMAT"
    )]
    form: Option<Form>,
    #[command(flatten)]
    pub project: ProjectArgs,
}

pub(super) fn overlap(project: &Project, args: &Args, out: &mut Output) -> Done {
    let found = operations::overlap(&project.store, &project.catalogue, &args.labels)?;
    if args.form == Some(Form::Picture(Picture::Svg)) {
        out.print(&upset(&found, args.limit.unwrap_or(SHOWN)));
        return Ok(());
    }
    let limit = args.limit.or((out.format == Format::Text).then_some(SHOWN));
    let shown = found.combinations.iter().take(limit.unwrap_or(usize::MAX));
    match out.format {
        Format::Json => {
            let audiences = found.audiences.iter();
            let audiences = audiences.map(|(label, size)| json!({"label": label, "size": size}));
            let combinations = shown.map(
                |c| json!({"audiences": found.labels(c), "together": c.together, "only": c.only}),
            );
            out.json(&json!({
                "audiences": audiences.collect::<Vec<_>>(),
                "everybody": found.everybody,
                "combinations": combinations.collect::<Vec<_>>(),
            }));
        }
        Format::Csv => {
            let mut table = Table::new(["audiences", "together", "only"]);
            for c in shown {
                // A list as JSON: a label may hold any sign that would stand between two.
                let labels = json!(found.labels(c)).to_string();
                table.row([labels.into(), c.together.into(), c.only.into()]);
            }
            out.exact(&table.csv());
        }
        Format::Text => {
            let text = text(&found, limit, out);
            out.print(&text);
        }
    }
    Ok(())
}

fn text(found: &Overlap, limit: Option<usize>, out: &Output) -> String {
    let smallest = |c: &operations::Combination| {
        let of = found.audiences.iter().enumerate().filter(|(n, _)| c.has(*n));
        of.map(|(_, (_, size))| *size).min().unwrap_or(0)
    };
    let mut table = Table::new(["members of", "together", "of the smallest", "only these"]);
    for c in found.combinations.iter().take(limit.unwrap_or(usize::MAX)) {
        // Of one audience alone it would always be all.
        let part = (found.labels(c).len() > 1).then(|| share(c.together, smallest(c))).flatten();
        let part = part.map_or(Cell::None, Cell::Digits);
        table.row([found.words(c).into(), c.together.into(), part, c.only.into()]);
    }
    let mut text = out.table_text(&table);
    if let Some(hidden) = found.combinations.len().checked_sub(table.len()).filter(|n| *n > 0) {
        text.push_str(&format!(
            "… and {} more; choose how many with `--limit`\n",
            count(hidden as u64)
        ));
    }
    text.push_str(&format!("\n{} in all\n", count(found.everybody)));
    text
}
