//! `camp repl`: entries, one after another; each is checked and computed at once, and nothing is
//! saved before `:run`.

mod commands;
mod lines;
mod show;

use std::collections::HashMap;
use std::io::IsTerminal;

use super::interrupt::Asked as Interrupted;
use super::output::{Format, Output};
use super::project::{self, ScriptArgs};
use super::{Exit, interrupt};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, codes::warnings, one};
use crate::repl::complete::Known;
use crate::repl::document::{Change, Document};
use crate::repl::scope::Scope;
use crate::session::Session;
use crate::session::entries::Asked;
use crate::source::{SourceId, Span};
use crate::syntax::ast::{ClauseKind, Expr, ExprKind, StatementKind};
use crate::syntax::entry::{self, Entry, Written};
use lines::{Lines, Next};

/// How many rows are shown of a population.
const ROWS: usize = 5;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// A script to begin with
    #[arg(value_name = "FILE")]
    file: Option<String>,
    /// Print what is read as it would stand on a terminal, for a record of a session
    #[arg(long)]
    echo: bool,
    #[command(flatten)]
    script: ScriptArgs,
}

pub(super) fn run(args: Args, out: &mut Output) -> Exit {
    let files: Vec<String> = args.file.iter().cloned().collect();
    let settings = match project::settings(&args.script, &files, false, out) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    // What is said of an entry is for people, whatever other commands print.
    out.format = Format::Text;
    let set = settings.set.clone();
    let mut session = Session::new(settings);
    session.give(Vec::new());
    let interrupted = interrupt::watch(session.interrupter());
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let mut repl = Repl {
        session,
        document: Document::new(),
        scope: Scope::default(),
        undo: Vec::new(),
        counts: HashMap::new(),
        in_play: None,
        last: None,
        entries: 0,
        own_file: None,
        set,
        interrupted,
        worst: Exit::FINE,
        out,
    };
    repl.begin(args.file.as_deref());
    let lines: Box<dyn Lines> = match terminal {
        true => {
            repl.out.say("Camp: `:help` tells what can be typed, Ctrl-D leaves");
            match lines::Terminal::open(repl.out.colour()) {
                Ok(lines) => Box::new(lines),
                Err(_) => Box::new(lines::Piped::new(args.echo)),
            }
        }
        false => Box::new(lines::Piped::new(args.echo)),
    };
    repl.read_all(lines);
    if terminal { Exit::FINE } else { repl.worst }
}

/// A session at the prompt.
struct Repl<'o> {
    session: Session,
    document: Document,
    scope: Scope,
    /// The entries as they were before each of the last ones.
    undo: Vec<Document>,
    /// How many rows populations had when they were computed last.
    counts: HashMap<String, u64>,
    /// The dimension that was spoken of last.
    in_play: Option<String>,
    /// The text of the last entry, and the statements that are kept of it.
    last: Option<(String, Vec<Span>)>,
    /// How many entries were read.
    entries: usize,
    /// The file that `:load` read or `:save` wrote.
    own_file: Option<String>,
    /// `--set`
    set: Vec<(String, String)>,
    interrupted: Interrupted,
    worst: Exit,
    out: &'o mut Output,
}

type Outcome<T> = Result<T, Diagnostics>;

impl Repl<'_> {
    /// Looks at what is there, and reads the script to begin with.
    fn begin(&mut self, file: Option<&str>) {
        match self.session.ask(self.document.unit(), &Asked::default(), &mut |_| {}) {
            Ok(seen) => self.scope = seen.scope,
            Err(found) => self.fail(found),
        }
        if let Some(file) = file {
            let done = self.load(file);
            self.settle(done);
        }
    }

    fn read_all(&mut self, mut lines: Box<dyn Lines>) {
        loop {
            match lines.next(self.known()) {
                Next::End => break,
                Next::Dropped => {}
                Next::Entry(_) if !lines.is_terminal() && self.interrupted.already() => {
                    self.worst = Exit::INTERRUPTED;
                    break;
                }
                Next::Entry(text) => {
                    self.interrupted.reset();
                    self.session.begin_entry();
                    let typed = text.trim();
                    if let Some(command) = typed.strip_prefix(':') {
                        if !self.command(command) {
                            break;
                        }
                    } else if !typed.is_empty() {
                        let done = self.entry(&text);
                        self.settle(done);
                    }
                    // It was meant for this entry.
                    self.interrupted.reset();
                }
            }
        }
    }

    /// Says what went wrong, if anything did.
    fn settle(&mut self, done: Outcome<()>) {
        match done {
            Ok(()) => {}
            Err(_) if self.interrupted.already() => {
                self.out.say("interrupted: nothing has changed");
                self.worst = Exit::INTERRUPTED;
            }
            Err(found) => self.fail(found),
        }
    }

    fn fail(&mut self, found: Diagnostics) {
        let exit = self.out.diagnostics(found, &self.session.sources);
        self.worst = self.worst.max(exit);
    }

    /// What completion may offer.
    fn known(&self) -> Known {
        let definitions = self.document.definitions();
        let definitions: Vec<(String, Option<String>, bool)> = definitions
            .map(|(name, on, args)| (name.to_owned(), on.map(str::to_owned), args))
            .collect();
        let constants = definitions.iter().filter(|d| d.1.is_none()).map(|d| d.0.clone());
        let params = self.document.params().0.into_iter().map(str::to_owned);
        Known {
            scope: self.scope.clone(),
            values: params.chain(constants).collect(),
            definitions,
            activities: self.session.activities(),
            plugins: self.session.plugin_names(),
            in_play: self.in_play.clone(),
            commands: commands::NAMES.to_vec(),
        }
    }

    /// Reads one entry. Nothing changes when it fails.
    fn entry(&mut self, typed: &str) -> Outcome<()> {
        self.entries += 1;
        let mut text = entry::joined(typed.trim_end());
        let mut before = self.document.clone();
        // By the layout rule, what is indented goes on with the statement above.
        let indented = text.starts_with([' ', '\t']);
        if let (true, Some((above, kept))) = (indented, &self.last) {
            text = format!("{above}\n{text}");
            before.forget_unnamed(kept);
        }
        let name = format!("<entry {}>", self.entries);
        let id = self.session.add_entry(name, &text).map_err(one)?;
        let (entry, found) = entry::read(&self.session.sources, id);
        if found.has_errors() {
            return Err(found);
        }
        let kept = match entry {
            Entry::Value(value) => {
                self.value(&text, value)?;
                Vec::new()
            }
            Entry::Statements(statements) => self.statements(before, statements, id, ROWS)?,
        };
        self.last = Some((text, kept));
        Ok(())
    }

    /// Takes statements into the document and shows what they give; the statements that are kept.
    fn statements(
        &mut self,
        before: Document,
        statements: Vec<Written>,
        source: SourceId,
        rows: usize,
    ) -> Outcome<Vec<Span>> {
        let in_play = statements.iter().rev().find_map(|w| rows_of(&w.statement.kind));
        let change = before.with(statements);
        self.give_params(&change.document);
        let result = self.try_change(&change, source, rows);
        match result {
            Ok(scope) => {
                let Change { document, new: kept, .. } = change;
                self.undo.push(std::mem::replace(&mut self.document, document));
                self.scope = scope;
                let in_play =
                    in_play.and_then(|name| Some(self.scope.rows_of(&name)?.name.clone()));
                self.in_play = in_play.or(self.in_play.take());
                Ok(kept)
            }
            Err(found) => {
                let document = self.document.clone();
                self.give_params(&document);
                Err(found)
            }
        }
    }

    /// Computes what an entry gives and what follows from it, and shows that.
    fn try_change(&mut self, change: &Change, source: SourceId, rows: usize) -> Outcome<Scope> {
        let document = &change.document;
        let unit = document.unit();
        let has_test = |span: &Span| document.item(*span).is_some_and(|i| i.is_test());
        if change.new.iter().any(has_test) {
            self.session.check_entries(unit.clone())?;
        }
        let mut asked = Asked { rows, ..Asked::default() };
        for &span in change.new.iter().chain(&change.affected) {
            let Some(item) = document.item(span) else { continue };
            if item.is_step() && !(item.done && item.outputs().is_empty()) {
                asked.statements.push(span);
            }
        }
        for &span in &change.new {
            let Some(item) = document.item(span) else { continue };
            match &item.statement.kind {
                StatementKind::Dimension(d) => asked.shown.push(d.name.node.clone()),
                StatementKind::Call(_) => asked.shown.extend(item.outputs()),
                _ => {}
            }
        }
        let shown = super::progress::Shown::start(self.out.quiet);
        let seen = self.session.ask(unit, &asked, &mut |progress| shown.note(progress));
        shown.end();
        let seen = seen?;
        self.warn(&seen.report.warnings, source);
        self.show_change(change, &seen);
        Ok(seen.scope)
    }

    /// The warnings of an entry. Those of earlier ones were said, and a population that nothing uses
    /// yet is what a prompt is for.
    fn warn(&mut self, found: &[Diagnostic], source: SourceId) {
        let file = self.session.sources.file(source);
        // That a save grows or shrinks beyond belief may be due to an entry far from it.
        let of_saves = [
            warnings::AUDIENCE_EVERYBODY,
            warnings::AUDIENCE_EMPTY,
            warnings::AUDIENCE_SHRINKS,
            warnings::AUDIENCE_GROWS,
        ];
        let here = |d: &&Diagnostic| match d.span() {
            Some(_) if of_saves.contains(&d.code) => true,
            Some(span) => file.start <= span.start && span.end <= file.end(),
            None => true,
        };
        let found: Vec<Diagnostic> = found
            .iter()
            .filter(|d| d.severity == Severity::Warning && d.code != warnings::UNUSED)
            .filter(here)
            .cloned()
            .collect();
        self.out.sorted(&found, &self.session.sources);
    }

    /// Answers a value: of a population, of a dimension's rows, or of neither.
    fn value(&mut self, text: &str, value: Expr) -> Outcome<()> {
        if let ExprKind::Path(path) = &*value.kind {
            let first = path.parts[0].node.clone();
            let known =
                self.scope.dimension(&first).is_some() || self.scope.population(&first).is_some();
            if known && path.parts.len() == 1 {
                return self.whole(&first);
            }
            if known {
                let mut rest = path.clone();
                rest.parts.remove(0);
                rest.span = rest.parts[0].span.to(path.span);
                let called = text.trim().split_once('.').map_or("", |(_, rest)| rest);
                let span = rest.span;
                let rest = Expr::new(ExprKind::Path(rest), span);
                return self.spread(&first, called, rest);
            }
        }
        let unit = self.document.unit();
        let alone = match self.session.value_of(unit, &value) {
            Ok(found) => {
                self.show_value(&found);
                return Ok(());
            }
            Err(found) => found,
        };
        if self.interrupted.already() {
            return Err(alone);
        }
        // Not of populations alone: of the rows of a dimension.
        let words = entry::words(text);
        let counts = words.iter().any(|w| matches!(w.as_str(), "count" | "size"));
        let assigned = assigned(&value);
        let mut first: Option<Diagnostics> = None;
        for of in self.rows_meant(&words) {
            match self.spread(&of, text.trim(), value.clone()) {
                Ok(()) => return Ok(()),
                Err(found) => {
                    first.get_or_insert(found);
                }
            }
            if self.interrupted.already() {
                break;
            }
        }
        match first {
            Some(_) if counts && !self.interrupted.already() => Err(alone),
            Some(found) => Err(self.advised(found, assigned, &value)),
            None => Err(self.advised(alone, assigned, &value)),
        }
    }

    /// The dimensions and populations whose rows a value may be of, the likeliest first: what it
    /// names, what was spoken of last, and what has a link that it names.
    fn rows_meant(&self, words: &[String]) -> Vec<String> {
        let links = |of: &str, word: &str| {
            let named = self.scope.rows_of(of);
            named.is_some_and(|n| n.links.iter().any(|l| l.name == *word))
        };
        let in_play = self.in_play.iter().cloned();
        let mut meant: Vec<String> = Vec::new();
        let in_play: Vec<String> = in_play.collect();
        for of in &in_play {
            if words.iter().any(|word| links(of, word)) {
                meant.push(of.clone());
            }
        }
        meant.extend(words.iter().filter(|w| self.scope.rows_of(w).is_some()).cloned());
        if meant.is_empty() {
            meant.extend(in_play);
        }
        let dimensions = || self.scope.dimensions.iter().map(|d| d.name.clone());
        meant.extend(dimensions().filter(|of| words.iter().any(|word| links(of, word))));
        if let ([], [one]) = (meant.as_slice(), self.scope.dimensions.as_slice()) {
            meant.push(one.name.clone());
        }
        let mut seen = std::collections::HashSet::new();
        meant.retain(|of| seen.insert(of.clone()));
        meant
    }

    /// A name that nothing has may be nearly that of a population, or is meant to become one.
    fn advised(
        &self,
        found: Diagnostics,
        assigned: Option<(String, Span)>,
        value: &Expr,
    ) -> Diagnostics {
        let alone = match &*value.kind {
            ExprKind::Path(path) if path.parts.len() == 1 => Some(&path.parts[0]),
            _ => None,
        };
        let mut advised = Diagnostics::default();
        for mut diagnostic in found {
            let open = diagnostic.code == crate::diagnostic::codes::names::UNKNOWN_COLUMN
                && diagnostic.help.as_ref().is_none_or(|help| help.starts_with("use one of"));
            let scope = self.scope.dimensions.iter().chain(&self.scope.populations);
            let names = scope.map(|n| n.name.as_str());
            if let (true, Some(name)) = (open, alone) {
                let near = crate::diagnostic::suggest::nearest(&name.node, names);
                let near = near.map(|near| format!("did you mean `{near}`?"));
                diagnostic.help = near.or(diagnostic.help);
            } else if let (true, Some((name, span))) = (open, &assigned)
                && diagnostic.span() == Some(*span)
            {
                diagnostic.help = Some(format!("write `define {name} = …` to give a value a name"));
            }
            advised.push(diagnostic);
        }
        advised
    }

    /// Shows a population, or the columns of a dimension.
    fn whole(&mut self, name: &str) -> Outcome<()> {
        if self.scope.population(name).is_none() {
            let profile = self.session.spread(self.document.unit(), name, None)?;
            super::profile::print(&profile, false, self.out);
            self.in_play = Some(name.to_owned());
            return Ok(());
        }
        let made = |i: &&crate::repl::document::Item| i.outputs().iter().any(|o| o == name);
        let statements = self.document.items.iter().filter(made).map(|i| i.statement.span);
        let asked =
            Asked { statements: statements.collect(), shown: vec![name.to_owned()], rows: ROWS };
        let seen = self.session.ask(self.document.unit(), &asked, &mut |_| {})?;
        for rows in &seen.shown {
            self.show_rows(rows);
        }
        self.in_play = self.scope.rows_of(name).map(|of| of.name.clone());
        Ok(())
    }

    /// Shows how a value is spread over rows.
    fn spread(&mut self, of: &str, called: &str, value: Expr) -> Outcome<()> {
        let unit = self.document.unit();
        let profile = self.session.spread(unit, of, Some((called, value)))?;
        super::profile::print(&profile, true, self.out);
        self.in_play = self.scope.rows_of(of).map(|of| of.name.clone());
        Ok(())
    }

    /// Reads a file as one entry.
    fn load(&mut self, file: &str) -> Outcome<()> {
        let (id, base) = self.session.add_file(file).map_err(one)?;
        let (statements, found) = entry::read_file(&self.session.sources, id);
        if found.has_errors() {
            return Err(found);
        }
        let mut before = self.document.clone();
        if before.items.is_empty() {
            before.base = base;
        } else if before.base != base {
            return Err(one(commands::other_folder(file)));
        }
        self.statements(before, statements, id, 0)?;
        self.own_file.get_or_insert_with(|| file.to_owned());
        self.last = None;
        Ok(())
    }

    /// Gives the session those values of `--set` that the entries declare; all of them once other
    /// files may.
    fn give_params(&mut self, document: &Document) {
        let (names, imports) = document.params();
        let set = self.set.iter().filter(|(name, _)| imports || names.contains(name.as_str()));
        self.session.give(set.cloned().collect());
    }
}

/// The name and the place of what looks as if a value were given to it: `minimum = 5`.
fn assigned(value: &Expr) -> Option<(String, Span)> {
    let ExprKind::Compare { left, op, .. } = &*value.kind else { return None };
    let ExprKind::Path(path) = &*left.kind else { return None };
    let ([name], crate::syntax::ast::CompareOp::Eq) = (path.parts.as_slice(), op.node) else {
        return None;
    };
    Some((name.node.clone(), name.span))
}

/// The dimension or population that a statement speaks of.
fn rows_of(kind: &StatementKind) -> Option<String> {
    match kind {
        StatementKind::Dimension(d) => Some(d.name.node.clone()),
        StatementKind::Define(d) => Some(d.on.as_ref()?.node.clone()),
        StatementKind::Call(call) => call.clauses.iter().find_map(|clause| match &clause.node {
            ClauseKind::Inputs(paths) => Some(paths.first()?.parts.first()?.node.clone()),
            _ => None,
        }),
        _ => None,
    }
}
