//! `camp debug`

use clap::ValueEnum;

use super::Exit;
use super::output::Output;
use super::project::{self, ScriptArgs};
use crate::session::{Session, Stage};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// What to show
    #[arg(value_enum)]
    stage: Pass,
    /// A script; `-` is the standard input
    file: String,
    #[command(flatten)]
    script: ScriptArgs,
}

/// The passes that can be looked at.
#[derive(ValueEnum, Clone, Copy, Debug)]
enum Pass {
    /// The tree, as written
    Ast,
    /// Names bound, types known
    Program,
    /// The statements before they are SQL
    Plan,
}

pub(super) fn run(args: Args, out: &mut Output) -> Exit {
    let files = [args.file];
    let settings = match project::settings(&args.script, &files, true, out) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let mut session = Session::new(settings);
    let stage = match args.stage {
        Pass::Ast => Stage::Ast,
        Pass::Program => Stage::Program,
        Pass::Plan => Stage::Plan,
    };
    match session.debug(stage, &files[0]) {
        Ok(text) => {
            out.print(&format!("{}\n", text.trim_end()));
            Exit::FINE
        }
        Err(found) => out.diagnostics(found, &session.sources),
    }
}
