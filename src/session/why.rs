//! Why one row is in a population: the front door of [`crate::why`].

use std::path::Path;

use super::{Checked, Session, one};
use crate::diagnostic::codes::usage;
use crate::diagnostic::{Diagnostic, Diagnostics, suggest};
use crate::engine::duckdb::print;
use crate::model::label::fold_label;
use crate::model::program::{DimId, Program, TransitionId};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::plan::clock::Clock;
use crate::plan::lower::Lowering;
use crate::plan::query::{Primitive, Scalar};
use crate::plan::{self, Plan};
use crate::run::history::Recorded;
use crate::source::SourceMap;
use crate::syntax;
use crate::syntax::ast::{ClauseKind, StatementKind};
use crate::why::{self, Builder, Evaluation, Key, Question, Why};

impl Session {
    /// Why the row with a key is in a population of the scripts, or is not. Nothing is saved,
    /// exported or delivered; plugins that rows pass on their way do their work.
    ///
    /// # Errors
    /// What is wrong with the scripts, the data or the question.
    pub fn why(&mut self, files: &[String], question: &Question) -> Result<Why, Diagnostics> {
        let checked = self.checked(files, true)?;
        self.why_of(&checked, question)
    }

    /// The same of scripts that are checked already.
    pub(super) fn why_of(
        &self,
        checked: &Checked,
        question: &Question,
    ) -> Result<Why, Diagnostics> {
        let program = &checked.program;
        let transition = find(program, &question.population).map_err(|d| one(*d))?;
        let of = &program[transition];
        let dim = &program[of.dimension];
        if dim.key.is_empty() {
            let title = format!("Rows of `{}` cannot be told apart", dim.name);
            return Err(one(Diagnostic::error(usage::KEYLESS_POPULATION, title)
                .label(dim.span, "has no key")
                .help("declare one: `key COLUMN`")));
        }
        let clock = Clock::new(self.as_of, &program[of.campaign].timezone);
        let key = why::parse_key(&question.key, dim, &clock).map_err(|d| one(*d))?;
        let history = Recorded::new(&checked.catalogue, program);
        let wanted = match program.makers().get(&transition) {
            Some(&step) => plan::upstream(program, step),
            None => Default::default(),
        };
        let plan = self.planned_steps(checked, &history, &wanted)?;
        let gone = self.execution(checked, &plan, &mut |_| {}).prepare()?;
        let relations = plan.without(program, &gone);
        let builder = Builder {
            program,
            plan: &plan,
            relations: &relations,
            gone: &gone,
            sources: &self.sources,
            catalogue: &checked.catalogue,
            registry: &self.registry,
            as_of: self.as_of,
        };
        let engine = &checked.engine;
        let evaluation = Evaluation { program, relations: &relations, history: &history, engine };
        let tree = builder.transition(transition);
        if tree.errors.has_errors() {
            return Err(tree.errors);
        }
        let told = |tree: &why::Tree, answers: &why::Answers| {
            let told = (program, &self.sources);
            why::tell(tree, answers, told, (transition, &key), &clock, question.otherwise)
        };
        if let Some(answers) = evaluation.ask(&tree, &key, question.samples)? {
            return Ok(told(&tree, &answers));
        }
        // Perhaps the row is there and the dimension's own rule leaves it out.
        if let Some(filter) = &dim.filter {
            let unfiltered = without_filter(program, of.dimension);
            let evaluation = Evaluation { program: &unfiltered, ..evaluation };
            let tree = builder.filter(transition, filter);
            if let Some(answers) = evaluation.ask(&tree, &key, question.samples)? {
                return Ok(told(&tree, &answers));
            }
        }
        Err(one(self.unknown_key(checked, &plan, of.dimension, &key)))
    }

    /// The error for a key that no row has, with near ones.
    fn unknown_key(
        &self,
        checked: &Checked,
        plan: &Plan,
        dimension: DimId,
        key: &Key,
    ) -> Diagnostic {
        let dim = &checked.program[dimension];
        let title = format!("No row of `{}` has the key {}", dim.name, key.shown());
        let near = near(checked, plan, dimension, key);
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("see the keys with `camp profile {}.{}`", dim.name, key.names[0]),
        };
        Diagnostic::error(usage::UNKNOWN_KEY, title).help(help)
    }
}

/// A key that is the same but for case, blanks and leading zeros.
fn near(checked: &Checked, plan: &Plan, dimension: DimId, key: &Key) -> Option<String> {
    let [Value::Text(text)] = &key.values[..] else { return None };
    let program = &checked.program;
    let history = Recorded::new(&checked.catalogue, program);
    let mut lowering = Lowering::new(program, &plan.relations, &history);
    let same = |s: Scalar| {
        let folded = Scalar::Primitive(Primitive::FoldCase, vec![s]);
        let literal = |t: &str| Scalar::Literal(Value::Text(t.to_owned()), Type::Text);
        let bare = text.trim().trim_start_matches('0').to_lowercase();
        let pattern = format!("^\\s*0*{}\\s*$", regex_escaped(&bare));
        Scalar::Primitive(Primitive::Matches, vec![folded, literal(&pattern)])
    };
    let mut own = Vec::new();
    let mut select = lowering.rows(dimension, &[], |l| {
        own = l.key(dimension);
        own.iter().enumerate().map(|(n, k)| (format!("k{n}"), k.clone())).collect()
    });
    let own = own.pop()?;
    select.narrow(same(own));
    select.limit = Some(Scalar::Literal(Value::Int(2), Type::Int));
    match &checked.engine.query(&print::select(&select)).ok()?[..] {
        [row] => row.first().map(print::plain),
        _ => None,
    }
}

fn regex_escaped(text: &str) -> String {
    let special = |c: char| !c.is_alphanumeric() && c.is_ascii();
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// The program with all rows of a dimension, and no steps.
fn without_filter(program: &Program, dimension: DimId) -> Program {
    let mut dimensions = program.dimensions.clone();
    dimensions[dimension.0 as usize].filter = None;
    Program {
        campaigns: program.campaigns.clone(),
        dimensions,
        links: program.links.clone(),
        params: program.params.clone(),
        audiences: program.audiences.clone(),
        transitions: program.transitions.clone(),
        steps: Vec::new(),
        tests: Vec::new(),
    }
}

/// The transition of a name, or the one that is saved under a label.
fn find(program: &Program, name: &str) -> Result<TransitionId, Box<Diagnostic>> {
    let bare = name.trim_matches('`');
    let ids = || (0..program.transitions.len()).map(|n| TransitionId(n as u32));
    let mut found: Vec<TransitionId> = ids().filter(|&t| program[t].name == bare).collect();
    let saves = (0..program.steps.len()).filter_map(|step| plan::save_of(program, step));
    if found.is_empty() {
        let fold = fold_label(name);
        found.extend(saves.clone().filter(|s| fold_label(&s.label) == fold).map(|s| s.input));
    }
    match found[..] {
        [one] => Ok(one),
        [] => {
            let named = program.transitions.iter().map(|t| t.name.as_str());
            let names: Vec<&str> = named
                .filter(|n| !n.starts_with('_'))
                .chain(saves.map(|s| s.label.as_str()))
                .collect();
            let title = format!("`{name}` is no transition and no saved audience of the scripts");
            Err(Box::new(
                Diagnostic::error(usage::WHICH_POPULATION, title)
                    .maybe_help(suggest::unknown_name(name, "names", names)),
            ))
        }
        [first, second, ..] => Err(Box::new(
            Diagnostic::error(usage::WHICH_POPULATION, format!("`{name}` is made by two scripts"))
                .label(program[first].span, "here")
                .label(program[second].span, "and here")
                .help("name one of the scripts only"),
        )),
    }
}

/// The scripts of a folder that make a transition of this name, or save an audience of this label.
pub fn making(folder: &Path, name: &str) -> Vec<String> {
    let bare = name.trim_matches('`');
    let fold = fold_label(name);
    let makes = |path: &Path| {
        let Ok(text) = std::fs::read_to_string(path) else { return false };
        let mut sources = SourceMap::default();
        let Ok(id) = sources.add("script", text) else { return false };
        let (tree, _) = syntax::parse(&sources, id);
        tree.statements.iter().any(|statement| match &statement.kind {
            StatementKind::Call(call) => {
                let labels = |clause: &ClauseKind| {
                    matches!(clause, ClauseKind::As(label) if fold_label(&label.node) == fold)
                };
                call.outputs.iter().any(|o| o.node == bare)
                    || call.clauses.iter().any(|clause| labels(&clause.node))
            }
            _ => false,
        })
    };
    super::profile::scripts_of(folder).into_iter().filter(|path| makes(path)).map(named).collect()
}

fn named(path: std::path::PathBuf) -> String {
    path.strip_prefix("./").unwrap_or(&path).display().to_string()
}
