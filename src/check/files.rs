//! Files and their names: loads imports, collects what each file declares, and makes the one
//! namespace that a file sees.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::rc::Rc;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::names as codes;
use crate::model::program::{ParamId, TransitionId};
use crate::source::{SourceId, Span};
use crate::syntax::ast::{Ast, StatementKind};

use super::Unit;
use super::binder::Binder;

/// A loaded file.
pub(super) struct File {
    pub source: SourceId,
    pub name: String,
    pub base: PathBuf,
    pub ast: Rc<Ast>,
    /// The files it imports, with the place of the import.
    pub imports: Vec<(usize, Span)>,
}

/// What a name of a file stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Entity {
    /// An attached database, by the engine's name; `None` when attaching failed.
    Database(Option<String>),
    /// A `dimension` statement: file and statement.
    Dimension(usize, usize),
    /// A `define` statement: file and statement.
    Define(usize, usize),
    /// A parameter of the program.
    Param(ParamId),
    /// A population that a step above gives.
    Transition(TransitionId),
    /// Something that was reported already.
    Error,
}

impl Entity {
    /// The kind of thing, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Entity::Database(_) => "database",
            Entity::Dimension(..) => "dimension",
            Entity::Define(..) => "definition",
            Entity::Param(_) => "parameter",
            Entity::Transition(_) => "transition",
            Entity::Error => "name",
        }
    }
}

/// An entry of a namespace.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub entity: Entity,
    pub span: Span,
}

/// What a file sees: its own names and those of what it imports.
#[derive(Clone, Debug, Default)]
pub(super) struct Space {
    pub names: HashMap<String, Entry>,
    /// Names that statements which could not be read may have defined: never reported as unknown.
    pub maybe: HashSet<String>,
}

impl Space {
    /// The entry of a name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.names.get(name)
    }

    /// All names that satisfy a test, sorted, for suggestions.
    pub fn names_where(&self, keep: impl Fn(&Entity) -> bool) -> Vec<String> {
        let mut names: Vec<String> = self
            .names
            .iter()
            .filter(|(_, e)| keep(&e.entity))
            .map(|(name, _)| name.clone())
            .collect();
        names.sort();
        names
    }
}

impl Binder<'_> {
    /// Loads a file named on the command line and everything it imports; gives its number.
    pub(super) fn load_root(&mut self, unit: Unit) -> usize {
        let mut path = Vec::new();
        self.load(unit, &mut path)
    }

    fn load(&mut self, unit: Unit, path: &mut Vec<usize>) -> usize {
        if let Some(known) = self.files.iter().position(|f| f.name == unit.name) {
            return known;
        }
        let index = self.files.len();
        let ast = Rc::new(unit.ast);
        self.files.push(File {
            source: unit.source,
            name: unit.name,
            base: unit.base.clone(),
            ast: ast.clone(),
            imports: Vec::new(),
        });
        path.push(index);
        for statement in &ast.statements {
            let StatementKind::Import(text) = &statement.kind else { continue };
            let cached = (unit.base.clone(), text.node.clone());
            let target = match self.imported.get(&cached) {
                Some(&known) => Some(known),
                None => match self.imports.import(&text.node, &unit.base, text.span) {
                    Err(diagnostic) => {
                        self.report(diagnostic);
                        None
                    }
                    Ok(imported) => {
                        let known = self.load(imported, path);
                        self.imported.insert(cached, known);
                        Some(known)
                    }
                },
            };
            let Some(target) = target else {
                // What the missing file would have defined is unknown: no name can be judged.
                self.blind.insert(index);
                continue;
            };
            if let Some(at) = path.iter().position(|&f| f == target) {
                let mut names: Vec<&str> =
                    path[at..].iter().map(|&f| self.files[f].name.as_str()).collect();
                names.push(&self.files[target].name);
                let title = format!("Files import each other in a circle: {}", names.join(" → "));
                self.report(
                    Diagnostic::error(codes::IMPORT_CYCLE, title)
                        .label(text.span, "closes the circle")
                        .help("move what both files need into a third file"),
                );
                continue;
            }
            self.files[index].imports.push((target, text.span));
        }
        path.pop();
        index
    }

    /// The files a file sees: those it imports, directly or through others, then itself.
    pub(super) fn visible_files(&self, file: usize) -> Vec<usize> {
        fn visit(binder: &Binder<'_>, file: usize, seen: &mut Vec<usize>) {
            for &(import, _) in &binder.files[file].imports {
                if !seen.contains(&import) {
                    visit(binder, import, seen);
                }
            }
            if !seen.contains(&file) {
                seen.push(file);
            }
        }
        let mut seen = Vec::new();
        visit(self, file, &mut seen);
        seen
    }

    /// Makes the namespaces of a campaign's file and of all it imports. Imported files come
    /// before the files that import them.
    pub(super) fn collect_names(&mut self, root: usize) {
        for file in self.visible_files(root) {
            let mut space = Space::default();
            for (import, span) in self.files[file].imports.clone() {
                let imported = self.root.spaces.get(&import).cloned().unwrap_or_default();
                space.maybe.extend(imported.maybe);
                let mut entries: Vec<(String, Entry)> = imported.names.into_iter().collect();
                entries.sort_by_key(|(_, e)| e.span);
                for (name, entry) in entries {
                    match space.names.get(&name) {
                        Some(known) if known.entity != entry.entity => {
                            let other = known.span;
                            self.defined_twice(&name, span, other);
                        }
                        Some(_) => {}
                        None => {
                            space.names.insert(name, entry);
                        }
                    }
                }
            }
            let ast = self.files[file].ast.clone();
            for (index, statement) in ast.statements.iter().enumerate() {
                let (name, entity) = match &statement.kind {
                    StatementKind::Database(d) => {
                        let base = self.files[file].base.clone();
                        let alias = self.attach(&d.name.node, &d.uri, &base);
                        (&d.name, Entity::Database(alias))
                    }
                    StatementKind::Dimension(d) => (&d.name, Entity::Dimension(file, index)),
                    StatementKind::Define(d) => (&d.name, Entity::Define(file, index)),
                    StatementKind::Param(p) => {
                        let id = self.declare_param(file, index, p);
                        (&p.name, Entity::Param(id))
                    }
                    StatementKind::Invalid(names) => {
                        space.maybe.extend(names.iter().cloned());
                        continue;
                    }
                    StatementKind::Call(_) | StatementKind::Expect(_) if file != root => {
                        let name = self.files[file].name.clone();
                        self.report(
                            Diagnostic::error(
                                codes::IMPORTED_ACTIVITY,
                                format!("`{name}` is imported, so it cannot run activities"),
                            )
                            .label(statement.span, "only in a file that is run")
                            .help(
                                "move the declarations that others need into a file of their own",
                            ),
                        );
                        continue;
                    }
                    _ => continue,
                };
                match space.names.get(&name.node) {
                    Some(known) => {
                        let other = known.span;
                        self.defined_twice(&name.node, name.span, other);
                    }
                    None => {
                        space.names.insert(name.node.clone(), Entry { entity, span: name.span });
                    }
                }
            }
            self.root.spaces.insert(file, space);
        }
    }

    pub(super) fn defined_twice(&mut self, name: &str, span: Span, other: Span) {
        self.report(
            Diagnostic::error(codes::DEFINED_TWICE, format!("`{name}` is defined twice"))
                .label(span, "defined again")
                .label(other, "defined here")
                .help("choose another name"),
        );
    }

    /// What a name stands for in a file.
    pub(super) fn entity(&self, file: usize, name: &str) -> Option<Entry> {
        self.root.spaces.get(&file).and_then(|s| s.get(name)).cloned()
    }

    /// Whether an unknown name must not be reported: a statement or an import that could not be
    /// read may have defined it.
    pub(super) fn may_exist(&self, file: usize, name: &str) -> bool {
        self.visible_files(file).iter().any(|f| self.blind.contains(f))
            || self.root.spaces.get(&file).is_some_and(|s| s.maybe.contains(name))
    }
}
