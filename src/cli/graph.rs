//! `camp graph`

use std::path::{Path, PathBuf};

use super::output::{Form, Output, Picture, picture};
use super::project::{self, ScriptArgs};
use super::{Exit, scripts, written};
use crate::diagnostic::{Diagnostic, codes::usage};
use crate::graph::{dot, html, mermaid, svg};
use crate::session::Session;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Campaigns; `-` is the standard input
    #[arg(required = true, value_name = "FILES")]
    files: Vec<String>,
    /// The form of the picture [default: as the ending of the file says, else svg]
    #[arg(
        id = "format",
        long = "format",
        help_heading = "Output",
        value_parser = picture(),
        value_name = "FORMAT"
    )]
    form: Option<Form>,
    /// Write to this file instead of the standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Put the first N members of saved audiences on the page, as they are in the database: the file
    /// then holds personal data; html only
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    rows: Option<u64>,
    #[command(flatten)]
    script: ScriptArgs,
}

pub(super) fn run(args: Args, out: &mut Output) -> Exit {
    let files = match scripts::together(&args.files, out) {
        Ok(files) => files,
        Err(exit) => return exit,
    };
    let form = match form(&args) {
        Ok(form) => form,
        Err(wrong) => return out.diagnostic(*wrong),
    };
    let settings = match project::settings(&args.script, &files, true, out) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let database = settings.database.clone();
    let mut session = Session::new(settings);
    let canvas = match session.canvas(&files, args.rows) {
        Ok((canvas, warnings)) => {
            out.diagnostics(warnings, &session.sources);
            canvas
        }
        Err(found) => return out.diagnostics(found, &session.sources),
    };
    let text = match form {
        Picture::Svg => svg::svg(&canvas, &out.zone),
        Picture::Mermaid => mermaid::mermaid(&canvas),
        Picture::Dot => dot::dot(&canvas),
        Picture::Html => html::html(&canvas, &out.zone),
    };
    let Some(file) = &args.output else {
        out.print(&text);
        return Exit::FINE;
    };
    let read = session.sources.files().map(|(_, source)| PathBuf::from(&source.name));
    let kept: Vec<PathBuf> = read.chain(database).collect();
    match written::write(file, &text, &kept) {
        Ok(()) => Exit::FINE,
        Err(wrong) => out.diagnostic(*wrong),
    }
}

/// The form of the picture: as asked for, else as the file is named.
fn form(args: &Args) -> Result<Picture, Box<Diagnostic>> {
    let wrong = |title: String, help: &str| {
        Box::new(Diagnostic::error(usage::PICTURE_FORM, title).help(help))
    };
    let form = match (args.form, &args.output) {
        (Some(Form::Picture(form)), _) => form,
        // Only in front of the command; the general default is not told apart from it.
        (_, None) => Picture::Svg,
        (_, Some(file)) => by_ending(file).ok_or_else(|| {
            let title = format!("the name `{}` does not say which picture it is", file.display());
            wrong(title, "end it in .svg, .mmd, .dot or .html, or add `--format`")
        })?,
    };
    if args.rows.is_some() && form != Picture::Html {
        return Err(wrong(
            "rows can be shown on an `html` page only".into(),
            "add `--format html`, or leave out `--rows`",
        ));
    }
    Ok(form)
}

fn by_ending(file: &Path) -> Option<Picture> {
    match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "svg" => Some(Picture::Svg),
        "mmd" | "mermaid" => Some(Picture::Mermaid),
        "dot" | "gv" => Some(Picture::Dot),
        "html" | "htm" => Some(Picture::Html),
        _ => None,
    }
}
