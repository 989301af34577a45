//! The commands of the prompt: they begin with `:`, which nothing in a script does.

use super::super::{activities, error, functions, reports, written};
use super::{Repl, one};
use crate::diagnostic::codes::usage;
use crate::diagnostic::{Diagnostic, Diagnostics, codes, suggest};
use crate::model::functions::reference_text;
use crate::repl::document::Document;
use crate::session::entries::Asked;
use crate::why::Question;

/// The commands, as completion offers them.
pub(super) const NAMES: [&str; 13] = [
    "audiences",
    "help",
    "list",
    "load",
    "plan",
    "quit",
    "reset",
    "run",
    "save",
    "schema",
    "tables",
    "undo",
    "why",
];

const HELP: &str = "\
An entry is a statement, or a value that is asked for:

  dimension customers = \"data/customers.csv\" key customer_id
                                         where the customers are
  customers                              what their columns look like
  customers.country                      how one is spread
  french = build audience from customers where country = \"FR\"
                                         who they are; the first ones are shown
  count(french)                          a value
  save audience french as \"French\"       who would enter and leave; `:run` saves

An entry that is not finished goes on in the next line, and a blank line ends it. A line that
begins with blanks goes on with the entry above. A name that is given again takes its new
meaning, and what speaks of it is computed again. Tab completes.

  :help NAME        explain a function, an activity or an error: `:help count`, `:help E0201`
  :tables           what has a name
  :schema [NAME]    columns, types and links
  :audiences        what is saved
  :list             the entries so far, as a script
  :plan             what a run would change
  :run              save, export and deliver, everything or nothing
  :why KEY NAME     why a row is in a population, or is not; `:why not KEY NAME` also says
                    what would have to differ
  :load FILE        read a script
  :save FILE        write the entries to a script
  :undo             take back the last entry
  :reset            forget the entries; what is saved stays
  :quit             leave, as Ctrl-D does
";

impl Repl<'_> {
    /// Does what a command says; `false` when the session ends.
    pub(super) fn command(&mut self, text: &str) -> bool {
        let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        let done = match name {
            "quit" | "q" | "exit" => return false,
            "help" | "h" | "?" => self.help(rest),
            "tables" => {
                self.show_tables();
                Ok(())
            }
            "schema" => self.schema(rest),
            "audiences" => self.audiences(),
            "list" => {
                let script = self.document.script();
                self.out.print(&script);
                Ok(())
            }
            "plan" => self.plan(),
            "run" => self.run(),
            "load" => match rest {
                "" => Err(one(needs(name, "a script", ":load first_audience.camp"))),
                file => self.load(unquoted(file)),
            },
            "save" => match rest {
                "" => Err(one(Diagnostic::error(usage::REPL_ARGUMENT, "`:save` needs a file")
                    .help("write `:save my.camp`; `:run` saves audiences"))),
                file => self.save(unquoted(file)),
            },
            "reset" => self.reset(),
            "undo" => self.undo(),
            "why" => self.why(rest),
            _ => Err(one(Diagnostic::error(
                usage::REPL_COMMAND,
                format!("`:{name}` is not a command"),
            )
            .help(match suggest::nearest(name, NAMES) {
                Some(near) => format!("did you mean `:{near}`?"),
                None => "see `:help`".to_owned(),
            }))),
        };
        self.settle(done);
        true
    }

    fn help(&mut self, name: &str) -> Result<(), Diagnostics> {
        if name.is_empty() {
            self.out.print(HELP);
            return Ok(());
        }
        let words = || name.split_whitespace().map(str::to_owned).collect();
        let activities = self.session.activities();
        let plugins = self.session.plugin_names();
        let activities = || activities.iter().map(|a| &a.name).chain(&plugins).map(String::as_str);
        let exit = if codes::find(name).is_some() {
            error::run(error::Args { code: Some(name.to_owned()) }, self.out)
        } else if activities().any(|known| known == name) {
            activities::run(activities::Args { name: words() }, self.out)
        } else if reference_text(Some(name)).is_ok() {
            functions::run(functions::Args { name: words() }, self.out)
        } else {
            let names = crate::model::functions::all().iter().map(|f| f.name);
            let names: Vec<&str> = names.chain(activities()).collect();
            let near = suggest::nearest(name, names).map(|near| format!("did you mean `{near}`?"));
            let title = format!("`{name}` is no function, no activity and no code of an error");
            return Err(one(Diagnostic::error(usage::UNKNOWN_FUNCTION, title).help(
                near.unwrap_or_else(|| "list them: `camp functions`, `camp activities`".into()),
            )));
        };
        self.worst = self.worst.max(exit);
        Ok(())
    }

    fn schema(&mut self, name: &str) -> Result<(), Diagnostics> {
        let known = self.show_schema((!name.is_empty()).then_some(name));
        if known {
            return Ok(());
        }
        let names = self.scope.dimensions.iter().chain(&self.scope.populations);
        let names: Vec<&str> = names.map(|n| n.name.as_str()).collect();
        Err(one(Diagnostic::error(
            codes::names::UNKNOWN_POPULATION,
            format!("`{name}` is neither a dimension nor a population"),
        )
        .maybe_help(suggest::unknown_name(name, "names", names))))
    }

    fn audiences(&mut self) -> Result<(), Diagnostics> {
        let catalogue = self.session.catalogue().map_err(one)?;
        let table = super::super::audiences::table(&catalogue);
        self.out.table(&table, "there are no audiences yet");
        Ok(())
    }

    /// Whether a run has something to do; says so where not.
    fn has_pending(&mut self) -> bool {
        let pending = self.document.has_pending();
        if !pending {
            self.out.say("there is nothing to save: `save audience NAME as \"Label\"` asks for it");
        }
        pending
    }

    /// Tells warnings, but that nothing uses a population yet: that is what a prompt is for.
    fn tell(&mut self, warnings: &[Diagnostic]) {
        let told = warnings.iter().filter(|d| d.code != codes::warnings::UNUSED);
        let told: Vec<Diagnostic> = told.cloned().collect();
        self.out.sorted(&told, &self.session.sources);
    }

    /// What a run would change.
    fn plan(&mut self) -> Result<(), Diagnostics> {
        if !self.has_pending() {
            return Ok(());
        }
        let asked = Asked { statements: self.document.pending(), ..Asked::default() };
        let shown = super::super::progress::Shown::start(self.out.quiet);
        let unit = self.document.unit();
        let seen = self.session.ask(unit, &asked, &mut |progress| shown.note(progress));
        shown.end();
        let mut seen = seen?;
        seen.report.steps.clear();
        self.tell(&seen.report.warnings);
        reports::print_plan(&seen.report, &self.session.sources, self.out);
        Ok(())
    }

    /// Does what the entries ask for and no run has done yet.
    fn run(&mut self) -> Result<(), Diagnostics> {
        if !self.has_pending() {
            return Ok(());
        }
        let shown = super::super::progress::Shown::start(self.out.quiet);
        let pending = self.document.pending();
        let unit = self.document.unit();
        let done = self.session.commit(unit, &pending, &mut |progress| shown.note(progress));
        shown.end();
        let mut report = done?;
        report.steps.clear();
        self.tell(&report.warnings);
        reports::print_run(&report, &self.session.sources, self.out);
        self.document.all_done();
        // What was saved or sent is not taken back by forgetting the entry that asked for it.
        self.undo.clear();
        let seen = self.session.ask(self.document.unit(), &Asked::default(), &mut |_| {})?;
        self.scope = seen.scope;
        Ok(())
    }

    /// Writes the entries to a file.
    fn save(&mut self, file: &str) -> Result<(), Diagnostics> {
        let path = std::path::Path::new(file);
        let own = self.own_file.as_deref() == Some(file);
        if path.symlink_metadata().is_ok() && !own {
            let title = format!("`{file}` is already there");
            return Err(one(
                Diagnostic::error(usage::WOULD_OVERWRITE, title).help("choose another name")
            ));
        }
        written::write(path, &self.document.script(), &[]).map_err(|wrong| one(*wrong))?;
        self.own_file = Some(file.to_owned());
        self.out.say(&format!("the entries are in {file}: `camp run {file}` runs them"));
        Ok(())
    }

    /// `[not] KEY NAME`
    fn why(&mut self, text: &str) -> Result<(), Diagnostics> {
        let (otherwise, text) = match text.strip_prefix("--not ").or(text.strip_prefix("not ")) {
            Some(rest) => (true, rest.trim()),
            None => (false, text),
        };
        let Some((key, population)) = text.split_once(char::is_whitespace) else {
            return Err(one(needs("why", "a key and a population", ":why 000013 french")));
        };
        let question = Question {
            key: unquoted(key).to_owned(),
            population: unquoted(population.trim()).to_owned(),
            otherwise,
            samples: 3,
        };
        let why = self.session.why_entry(self.document.unit(), &question)?;
        let text = super::super::why::text(&why, self.out);
        self.out.print(&text);
        Ok(())
    }

    /// Takes back the last entry that changed something.
    fn undo(&mut self) -> Result<(), Diagnostics> {
        let Some(before) = self.undo.pop() else {
            self.out.say("there is nothing to take back");
            return Ok(());
        };
        self.give_params(&before);
        let seen = self.session.ask(before.unit(), &Asked::default(), &mut |_| {})?;
        let lines = |of: &Document, not_in: &Document| -> Vec<String> {
            let other = |text: &String| not_in.items.iter().all(|i| i.text != *text);
            let texts = of.items.iter().map(|i| &i.text).filter(|text| other(text));
            texts.map(|text| text.lines().next().unwrap_or_default().to_owned()).collect()
        };
        for line in lines(&self.document, &before) {
            self.out.say(&format!("taken back: {line}"));
        }
        for line in lines(&before, &self.document) {
            self.out.say(&format!("as before: {line}"));
        }
        self.scope = seen.scope;
        self.document = before;
        self.last = None;
        self.counts.retain(|name, _| self.scope.population(name).is_some());
        Ok(())
    }

    fn reset(&mut self) -> Result<(), Diagnostics> {
        self.document = Document::new();
        self.undo.clear();
        self.counts.clear();
        self.in_play = None;
        self.last = None;
        self.own_file = None;
        self.session.give(Vec::new());
        let seen = self.session.ask(self.document.unit(), &Asked::default(), &mut |_| {})?;
        self.scope = seen.scope;
        self.out.say("the entries are forgotten; saved audiences are as they were");
        Ok(())
    }
}

fn needs(command: &str, what: &str, sample: &str) -> Diagnostic {
    Diagnostic::error(usage::REPL_ARGUMENT, format!("`:{command}` needs {what}"))
        .help(format!("write `{sample}`"))
}

/// Reports a script whose paths would be read from another folder than those of the entries.
pub(super) fn other_folder(file: &str) -> Diagnostic {
    Diagnostic::error(usage::REPL_FOLDER, format!("`{file}` is in another folder than the entries"))
        .help("type `:reset` first, or start with `camp repl FILE`")
}

fn unquoted(text: &str) -> &str {
    let inner = |quote| text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}
