//! `camp completions`

use clap::CommandFactory;

use super::output::Output;
use super::{Cli, Exit};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

pub(super) fn run(args: Args, out: &mut Output) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "camp", &mut text);
    out.exact(&String::from_utf8_lossy(&text));
    Exit::FINE
}
