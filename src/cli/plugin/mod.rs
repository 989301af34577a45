//! `camp plugin …`

mod add;
mod info;
mod list;
mod new;
mod remove;
mod sdk;
mod test;
mod verify;

pub(super) use add::ask;

use std::path::{Path, PathBuf};

use super::Exit;
use super::output::Output;
use super::project;
use crate::plugin::finder::Finder;

#[derive(clap::Subcommand, Debug)]
pub(super) enum Command {
    /// List the plugins that scripts here can use
    List,
    /// Show what a plugin says about itself: its activities and their parameters
    Info(info::Args),
    /// Start a new plugin in a folder
    New(new::Args),
    /// Trust a plugin's library and install it in this project
    Add(add::Args),
    /// Take a plugin out of this project
    Remove(remove::Args),
    /// Run the conformance kit and the examples of a plugin
    Test(test::Args),
    /// Compare the installed plugins with camp.lock
    Verify,
}

pub(super) fn run(command: Command, out: &mut Output) -> Exit {
    let folder = match project_folder(out) {
        Ok(folder) => folder,
        Err(exit) => return exit,
    };
    let finder = Finder { project: Some(folder.clone()), ..Finder::default() };
    match command {
        Command::List => list::run(&finder, out),
        Command::Info(args) => info::run(&args, &finder, out),
        Command::New(args) => new::run(&args, out),
        Command::Add(args) => add::run(&args, &folder, out),
        Command::Remove(args) => remove::run(&args, &folder, out),
        Command::Test(args) => test::run(&args, &finder, out),
        Command::Verify => verify::run(&folder, out),
    }
}

/// The folder with `camp.toml`, else the current one.
pub(super) fn project_folder(out: &mut Output) -> Result<PathBuf, Exit> {
    let config = project::find_config(Path::new(""), out)?;
    let folder = config.file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    Ok(if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() })
}

/// Whether a word names a file and not a plugin.
fn is_path(word: &str) -> bool {
    word.contains(std::path::is_separator) || word.ends_with(std::env::consts::DLL_SUFFIX)
}
