//! The templates of a call: files of the project whose names fit.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use camp_plugin::prelude::*;
use camp_plugin::{Column, Part};
use lettre::message::Mailbox;

use crate::Email;
use crate::template::{Fault, Page, Text};

/// How deep folders of templates may nest; a link to a folder above would have no end.
const DEEPEST: usize = 8;

/// What a message is made of.
#[derive(Debug)]
pub struct Letter {
    /// The subject, unless the call has one.
    pub subject: Option<Text>,
    /// The sender.
    pub from: Mailbox,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<Mailbox>,
    /// As HTML.
    pub html: Option<Text>,
    /// As plain text.
    pub text: Option<Text>,
}

/// All letters that rows of a call may get, by name.
#[derive(Debug)]
pub struct Library {
    letters: BTreeMap<String, Letter>,
}

impl Library {
    /// Reads the files that fit a call.
    ///
    /// # Errors
    /// There are none, or one of them cannot be used.
    pub fn open(email: &Email, cx: &Cx) -> Result<Self> {
        let columns = cx.input("in")?.visible();
        let folder = cx.folder().join(&email.folder);
        let mut all = BTreeSet::new();
        if !folder.is_dir() {
            return Err(cx
                .param("template")
                .error(format!("there is no folder `{}`", email.folder))
                .code("no-template")
                .help("make it beside the script, or name another one as `folder: \"…\"`"));
        }
        list(&folder, "", DEEPEST, &mut all);
        let fitting: Vec<_> = all.iter().filter(|name| fits(&email.template.0, name)).collect();
        if fitting.is_empty() {
            return Err(missing(email, cx, &all));
        }
        let letters = fitting
            .into_iter()
            .map(|name| Ok((name.clone(), Letter::read(email, cx, &folder, name, &columns)?)));
        Ok(Self { letters: letters.collect::<Result<_>>()? })
    }

    /// The letter of that name.
    pub fn get(&self, name: &str) -> Option<&Letter> {
        self.letters.get(name)
    }
}

/// No file fits.
fn missing(email: &Email, cx: &Cx, all: &BTreeSet<String>) -> Error {
    let wanted: String = email
        .template
        .0
        .iter()
        .map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Column(_) => "…".to_owned(),
        })
        .collect();
    let there: Vec<_> = all.iter().take(6).map(|name| format!("`{name}`")).collect();
    let help = match there.as_slice() {
        [] => format!("write `{0}/{wanted}.html` or `{0}/{wanted}.txt`", email.folder),
        there => format!("write its .html or .txt file, or use one of {}", there.join(", ")),
    };
    cx.param("template")
        .error(format!("there is no template `{wanted}` in `{}`", email.folder))
        .code("no-template")
        .help(help)
}

/// The names of all templates in a folder: paths inside it, without the ending.
fn list(folder: &Path, prefix: &str, depth: usize, names: &mut BTreeSet<String>) {
    // What cannot be listed has no templates.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let path = entry.path();
        if path.is_dir() {
            if depth > 0 {
                list(&path, &format!("{prefix}{name}/"), depth - 1, names);
            }
        } else if let Some(name) = name.strip_suffix(".html").or(name.strip_suffix(".txt")) {
            names.insert(format!("{prefix}{name}"));
        }
    }
}

/// Whether rows can have values that make this name.
fn fits(parts: &[Part], name: &str) -> bool {
    match parts {
        [] => name.is_empty(),
        [Part::Text(text), rest @ ..] => {
            name.strip_prefix(text.as_str()).is_some_and(|name| fits(rest, name))
        }
        [Part::Column(_)] => true,
        [Part::Column(_), rest @ ..] => name
            .char_indices()
            .map(|(at, _)| at)
            .chain([name.len()])
            .any(|at| fits(rest, &name[at..])),
    }
}

impl Letter {
    fn read(email: &Email, cx: &Cx, folder: &Path, name: &str, columns: &[Column]) -> Result<Self> {
        let page = |ending: &str| -> Result<Option<Page>> {
            let file = format!("{name}.{ending}");
            let path = folder.join(&file);
            if !path.is_file() {
                return Ok(None);
            }
            let text = fs::read_to_string(path).map_err(|error| {
                cx.param("template")
                    .error(format!("template `{file}` cannot be read: {error}"))
                    .code("template")
            })?;
            Page::parse(&text, columns).map(Some).map_err(|fault| at(cx, &file, fault))
        };
        let (html, text) = (page("html")?, page("txt")?);
        let (mut subject, mut from, mut reply_to) = (None, None, None);
        let mut bodies = Vec::new();
        for (ending, page) in [("html", html), ("txt", text)] {
            let Some(page) = page else {
                bodies.push(None);
                continue;
            };
            let file = format!("{name}.{ending}");
            one(&mut subject, page.subject, "subject", cx, &file)?;
            let mailbox = |said: Option<(String, usize)>, field: &str| {
                said.map(|(said, line)| {
                    said.parse::<Mailbox>().map_err(|_| {
                        at(
                            cx,
                            &file,
                            Fault {
                                line,
                                what: format!("`{field}` is no address"),
                                help: "write `name@shop.example` or `Name <name@shop.example>`"
                                    .into(),
                            },
                        )
                    })
                })
                .transpose()
            };
            one(&mut from, mailbox(page.from, "from")?, "from", cx, &file)?;
            one(&mut reply_to, mailbox(page.reply_to, "reply_to")?, "reply_to", cx, &file)?;
            bodies.push(Some(page.body));
        }
        let text = bodies.pop().flatten();
        let html = bodies.pop().flatten();
        if subject.is_none() && email.subject.is_none() {
            return Err(cx
                .param("template")
                .error(format!("template `{name}` has no subject"))
                .code("no-subject")
                .help(
                    "begin the file with `---`, `subject: …`, `---`, or add `subject: \"…\"` here",
                ));
        }
        let from = email.sender(cx)?.or(from).ok_or_else(|| {
            cx.param("template")
                .error(format!("template `{name}` has no sender"))
                .code("no-sender")
                .help("add `from: …` to the head of the file, or `from: \"…\"` here")
        })?;
        let reply_to = email.answers_to(cx)?.or(reply_to);
        Ok(Self { subject, from, reply_to, html, text })
    }
}

/// Both files of a template may say a thing, but not two things.
fn one<T: PartialEq>(
    so_far: &mut Option<T>,
    said: Option<T>,
    field: &str,
    cx: &Cx,
    file: &str,
) -> Result<()> {
    match (&so_far, said) {
        (Some(first), Some(second)) if *first != second => Err(cx
            .param("template")
            .error(format!("template `{file}` has another `{field}` than its .html file"))
            .code("template")
            .help("say it in one of the two files")),
        (None, said) => {
            *so_far = said;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A fault of a file, shown where the script names the template.
fn at(cx: &Cx, file: &str, fault: Fault) -> Error {
    cx.param("template")
        .error(format!("template `{file}`, line {}: {}", fault.line, fault.what))
        .code("template")
        .help(fault.help)
}

#[cfg(test)]
mod tests {
    use camp_plugin::Type;

    use super::*;

    #[test]
    fn a_name_fits_when_values_can_make_it() {
        let text = |text: &str| Part::Text(text.into());
        let column = || Part::Column(Column::new("x", Type::Text));
        let pattern = [text("a-"), column(), text("-z"), column()];
        assert!(fits(&pattern, "a-b-z") && fits(&pattern, "a--z9") && fits(&pattern, "a-é-z-z"));
        assert!(!fits(&pattern, "a-b") && !fits(&pattern, "b-z"));
        assert!(fits(&[text("vip")], "vip") && !fits(&[text("vip")], "vip2"));
    }
}
