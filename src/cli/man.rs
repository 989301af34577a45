//! `camp man`

use std::path::PathBuf;

use clap::CommandFactory;
use clap_mangen::Man;

use super::output::Output;
use super::written::unwritable;
use super::{Cli, Exit};
use crate::diagnostic::{Diagnostic, codes::usage, suggest};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// A command, `audiences overlap`; camp itself without
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// Write the pages of all commands into this folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "command", value_hint = clap::ValueHint::DirPath)]
    into: Option<PathBuf>,
}

pub(super) fn run(args: Args, out: &mut Output) -> Exit {
    if let Some(folder) = &args.into {
        let made = std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(Cli::command(), folder));
        return match made {
            Ok(()) => Exit::FINE,
            Err(error) => out.diagnostic(unwritable(folder, &error)),
        };
    }
    let mut whole = Cli::command();
    whole.build();
    let mut command = &whole;
    for name in &args.command {
        let visible = || command.get_subcommands().filter(|c| !c.is_hide_set());
        let Some(found) = visible().find(|c| c.get_name() == name) else {
            let names: Vec<&str> = visible().map(clap::Command::get_name).collect();
            return out.diagnostic(
                Diagnostic::error(
                    usage::UNKNOWN_COMMAND,
                    format!("`{}` is not a command", args.command.join(" ")),
                )
                .maybe_help(suggest::unknown_name(name, "commands", names)),
            );
        };
        command = found;
    }
    let mut page = Vec::new();
    // Into memory, where nothing fails.
    if Man::new(command.clone()).render(&mut page).is_ok() {
        out.print(&String::from_utf8_lossy(&page));
    }
    Exit::FINE
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The commands that people see, with the words that lead to each.
    fn commands(
        command: &clap::Command,
        words: &[String],
        into: &mut Vec<(Vec<String>, clap::Command)>,
    ) {
        into.push((words.to_vec(), command.clone()));
        for sub in command.get_subcommands().filter(|c| !c.is_hide_set()) {
            // Help is not a command of ours.
            if sub.get_name() != "help" {
                commands(sub, &[words, &[sub.get_name().to_owned()]].concat(), into);
            }
        }
    }

    fn all() -> Vec<(Vec<String>, clap::Command)> {
        let mut whole = Cli::command();
        whole.build();
        let mut found = Vec::new();
        commands(&whole, &[], &mut found);
        assert!(found.len() > 30, "{}", found.len());
        found
    }

    #[test]
    fn every_command_has_a_page_that_names_its_options() {
        let dir = tempfile::tempdir().unwrap();
        clap_mangen::generate_to(Cli::command(), dir.path()).unwrap();
        for (words, command) in all() {
            let name = [&["camp".to_owned()], words.as_slice()].concat().join("-");
            let page = std::fs::read_to_string(dir.path().join(format!("{name}.1"))).unwrap();
            for long in
                command.get_arguments().filter(|a| !a.is_hide_set()).filter_map(|a| a.get_long())
            {
                assert!(page.contains(&long.replace('-', "\\-")), "{name}: --{long}\n{page}");
            }
        }
        let pages = std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(pages, all().len(), "hidden commands have no page");
    }

    #[test]
    fn completions_of_every_shell_know_every_command_and_every_option() {
        use clap_complete::Shell::{Bash, Fish, Zsh};
        for shell in [Bash, Fish, Zsh] {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "camp", &mut text);
            let text = String::from_utf8(text).unwrap();
            for (words, command) in all() {
                for word in &words {
                    assert!(text.contains(word.as_str()), "{shell}: {words:?}");
                }
                for long in command
                    .get_arguments()
                    .filter(|a| !a.is_hide_set())
                    .filter_map(|a| a.get_long())
                {
                    let written =
                        if shell == Fish { format!("-l {long}") } else { format!("--{long}") };
                    assert!(text.contains(&written), "{shell}: {words:?} --{long}");
                }
            }
        }
    }
}
