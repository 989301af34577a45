//! The checker's state, and what an activity's `bind` sees of it.
//!
//! An activity resolves the populations of its call ([`Binder::population`]), binds expressions
//! over their rows ([`Binder::rows`], [`Binder::condition`], [`Binder::value`]), declares its
//! outgoing transitions ([`Binder::declare_output`]) and reports what is wrong
//! ([`Binder::report`]) at the spans of the call's tree.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::activity::Registry;
use crate::diagnostic::codes::{names, plan};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, suggest};
use crate::model::expr::{Expr, ExprKind, MatchPair, Population, Row, Sort};
use crate::model::program::{
    CampaignId, CarriedColumn, DimId, LinkId, ParamId, Program, Transition, TransitionId,
};
use crate::model::schema::{Audience, Relation, Target, World};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::source::Span;
use crate::syntax::ast;

use super::audiences::SavedLabel;
use super::files::{Entity, Entry, File, Space};
use super::scope::{Found, Level, Scope, find_name};
use super::{Imports, Options};

pub use super::dimensions::{entry_bool, entry_span, entry_text};

/// The checker, as seen by an activity that binds a call.
pub struct Binder<'a> {
    pub(super) imports: &'a mut dyn Imports,
    pub(super) world: &'a mut dyn World,
    pub(super) registry: &'a Registry,
    pub(super) options: &'a Options,
    pub(super) program: Program,
    pub(super) diagnostics: Diagnostics,
    pub(super) files: Vec<File>,
    /// Imports by folder and path, so that each is read once.
    pub(super) imported: HashMap<(PathBuf, String), usize>,
    /// Files with an import that could not be read.
    pub(super) blind: HashSet<usize>,
    /// Attached databases: name and URI with its folder, to the engine's name.
    pub(super) attached: HashMap<(String, String, PathBuf), Option<String>>,
    /// Tables and files that were opened; `None` where that failed and was reported.
    pub(super) relations: HashMap<String, Option<Relation>>,
    /// The tables that a bare name can mean, once somebody asked.
    pub(super) table_names: Option<HashSet<String>>,
    /// How deep the expression that is being bound is nested, definitions written out.
    pub(super) depth: usize,
    /// Whether a rule that is too deep was reported.
    pub(super) too_deep_reported: bool,
    /// Reads of audiences that this run saves further down, with the step that reads.
    pub(super) early_reads: Vec<(String, Span, usize)>,
    /// Dimensions by what they have alike; several where their filters differ.
    pub(super) dimension_keys: HashMap<super::dimensions::Identity, Vec<DimId>>,
    /// Parameters by the statement that declares them.
    pub(super) param_ids: HashMap<(usize, usize), ParamId>,
    /// Existing audiences by folded label.
    pub(super) catalogue: HashMap<String, Option<Audience>>,
    /// All labels this run saves, by folded label.
    pub(super) saves: HashMap<String, SavedLabel>,
    /// The built-in dimension of deliveries, once something uses it.
    pub(super) deliveries: Option<DimId>,
    /// Transitions whose rows are held in a table without a key: nothing leads from them back to
    /// their dimension, so that they have the columns they carry and no others.
    pub(super) apart: HashSet<TransitionId>,
    /// Parameters that have got their value, or a report.
    pub(super) bound_params: HashSet<ParamId>,
    pub(super) root: Root,
    pub(super) call: CallState,
}

/// What belongs to the campaign that is being checked.
#[derive(Default)]
pub(super) struct Root {
    pub file: usize,
    pub campaign: CampaignId,
    /// What each visible file sees.
    pub spaces: HashMap<usize, Space>,
    /// `dimension` statements; `None` where one was wrong and reported.
    pub dimensions: HashMap<super::dimensions::Place, Option<DimId>>,
    /// How many dimensions of other files a declared one was taken for in vain.
    pub passed: HashMap<super::dimensions::Place, usize>,
    /// Tables used without a declaration, by their engine's name.
    pub tables: HashMap<String, Option<DimId>>,
    /// Links by the dimension they start from. Declared ones come before FOREIGN KEYs.
    pub links: Vec<RootLink>,
    /// FOREIGN KEYs of the dimensions that are tables.
    pub foreign_keys: HashMap<DimId, Rc<Relation>>,
    /// Names that outputs further down define, with their place.
    pub later: HashMap<String, Span>,
    /// Transitions that were reported as used too early.
    pub early: HashSet<String>,
    /// For each output of the file, the populations its call takes.
    pub takes: HashMap<String, Vec<String>>,
    /// Definitions being expanded, to find circles.
    pub expanding: Vec<(usize, usize)>,
    /// Expansions of definitions without parameters.
    pub expanded: HashMap<(usize, usize, Option<Row>, u16), Expr>,
    /// Definitions found to go round in a circle.
    pub circular: HashSet<(usize, usize)>,
    /// Transitions that something takes.
    pub used: HashSet<TransitionId>,
    /// Where the time zone mattered first.
    pub zone_used: Option<Span>,
    /// Whether anybody set a time zone.
    pub zone_given: bool,
    /// `every L` of rules that also ask for `any L`.
    pub every_meant: HashSet<Span>,
    /// Plugins named by `use`.
    pub plugins: HashMap<String, Span>,
}

/// A link as a campaign sees it.
#[derive(Clone, Debug)]
pub(super) struct RootLink {
    pub from: DimId,
    pub name: String,
    /// `None` when its declaration was wrong and reported.
    pub id: Option<LinkId>,
    pub span: Span,
}

/// The call that is being bound.
#[derive(Default)]
pub(super) struct CallState {
    pub names: Vec<ast::Name>,
    pub outputs: Vec<TransitionId>,
    pub declared: Vec<(String, Entry)>,
    pub doc: Option<String>,
    pub activity: String,
    pub span: Span,
    pub only_if: bool,
    /// Whether it takes a transition whose rows are apart from their dimension.
    pub takes_apart: bool,
}

/// A population that a call takes.
#[derive(Clone, Debug)]
pub struct Input {
    /// Which one.
    pub population: Population,
    /// What its rows are; nothing when its dimension is not known (a foreign audience).
    pub dimension: Option<DimId>,
    /// The columns it carries beside the key.
    pub columns: Vec<CarriedColumn>,
    /// As the script names it.
    pub name: String,
    /// Where it is named.
    pub span: Span,
}

/// Rows that an expression can be bound over.
#[derive(Clone)]
pub struct Rows(pub(super) Scope);

/// An aggregate over the rows of a population: `max(basket of abandoned)`.
#[derive(Clone, Debug)]
pub struct PopulationAggregate {
    /// Which input it speaks of, as an index into the inputs that were offered.
    pub input: usize,
    /// Which aggregate.
    pub function: crate::model::expr::Aggregate,
    /// Of what, over the population's row (frame 0); nothing: of rows.
    pub value: Option<Expr>,
    /// Only rows that hold.
    pub condition: Option<Expr>,
    /// The order of `first` and `last`.
    pub by: Vec<Sort>,
    /// The type of the result.
    pub ty: Type,
}

impl<'a> Binder<'a> {
    pub(super) fn new(
        imports: &'a mut dyn Imports,
        world: &'a mut dyn World,
        registry: &'a Registry,
        options: &'a Options,
    ) -> Self {
        Binder {
            imports,
            world,
            registry,
            options,
            program: Program::default(),
            diagnostics: Diagnostics::default(),
            files: Vec::new(),
            imported: HashMap::new(),
            blind: HashSet::new(),
            attached: HashMap::new(),
            relations: HashMap::new(),
            table_names: None,
            depth: 0,
            too_deep_reported: false,
            early_reads: Vec::new(),
            dimension_keys: HashMap::new(),
            param_ids: HashMap::new(),
            catalogue: HashMap::new(),
            saves: HashMap::new(),
            deliveries: None,
            apart: HashSet::new(),
            bound_params: HashSet::new(),
            root: Root::default(),
            call: CallState::default(),
        }
    }
}

impl Binder<'_> {
    /// Reports something that is wrong.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// How many errors were reported so far.
    pub fn errors(&self) -> usize {
        self.diagnostics.iter().filter(|d| d.severity == crate::diagnostic::Severity::Error).count()
    }

    /// Binds something that may turn out wrong: then nothing is reported, and what would have been
    /// comes back.
    ///
    /// # Errors
    /// What was wrong.
    pub fn attempt<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> Result<T, Diagnostics> {
        let before = std::mem::take(&mut self.diagnostics);
        let value = f(self);
        let found = std::mem::replace(&mut self.diagnostics, before);
        if found.has_errors() {
            return Err(found);
        }
        self.diagnostics.extend(found);
        Ok(value)
    }

    /// Reports an error with one label and gives the value that stands for it.
    pub(super) fn wrong(
        &mut self,
        code: Code,
        title: impl Into<String>,
        span: Span,
        label: impl Into<String>,
        help: Option<String>,
    ) -> Expr {
        self.report(Diagnostic::error(code, title).label(span, label).maybe_help(help));
        error_expr(span)
    }

    /// What is known so far.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// What the check was told.
    pub fn options(&self) -> &Options {
        self.options
    }

    /// The campaign whose call is being bound.
    pub fn campaign(&self) -> CampaignId {
        self.root.campaign
    }

    /// The label of the campaign's header; empty without one.
    pub fn campaign_label(&self) -> &str {
        let statements = &self.files[self.root.file].ast.statements;
        statements
            .iter()
            .find_map(|s| match &s.kind {
                ast::StatementKind::Campaign(c) => Some(c.label.node.as_str()),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// The folder that relative paths of the script start from.
    pub fn base(&self) -> &Path {
        &self.files[self.root.file].base
    }

    /// The file whose call is being bound.
    pub fn source(&self) -> crate::source::SourceId {
        self.files[self.root.file].source
    }

    /// Whether the call stands under `only if`.
    pub fn is_conditional(&self) -> bool {
        self.call.only_if
    }

    // ---------------------------------------------------------------- populations

    /// The dimension or transition that a call takes; `None` when that was reported.
    pub fn population(&mut self, path: &ast::Path) -> Option<Input> {
        let file = self.root.file;
        let name = dotted(path);
        if let [part] = path.parts.as_slice() {
            match self.entity(file, &part.node).map(|e| e.entity) {
                Some(Entity::Transition(id)) => return Some(self.transition_input(id, part)),
                Some(Entity::Error) => return None,
                Some(Entity::Dimension(..)) | None => {}
                Some(other) => {
                    let populations = self.population_names();
                    let help = suggest::unknown_name(
                        &part.node,
                        "populations",
                        populations.iter().map(String::as_str),
                    );
                    self.report(
                        Diagnostic::error(
                            names::NOT_A_POPULATION,
                            format!("`{}` is a {}, not a population", part.node, other.kind()),
                        )
                        .label(part.span, "a dimension or a transition is needed")
                        .maybe_help(help),
                    );
                    return None;
                }
            }
        }
        let dimension = self.dimension_by_path(path, true)?;
        Some(Input {
            population: Population::Dimension(dimension),
            dimension: Some(dimension),
            columns: Vec::new(),
            name,
            span: path.span,
        })
    }

    /// A transition by its name; dimensions are refused.
    pub fn transition(&mut self, name: &ast::Name) -> Option<(TransitionId, Input)> {
        let input = self.population(&ast::Path { parts: vec![name.clone()], span: name.span })?;
        match input.population {
            Population::Transition(id) => Some((id, input)),
            _ => {
                let fresh = format!("{}_rows", name.node);
                self.report(
                    Diagnostic::error(
                        names::NOT_A_POPULATION,
                        format!("`{}` is a dimension, not a transition", name.node),
                    )
                    .label(name.span, "a transition is needed")
                    .help(format!("build it first: `{fresh} = build audience from {}`", name.node)),
                );
                None
            }
        }
    }

    pub(super) fn transition_input(&mut self, id: TransitionId, name: &ast::Name) -> Input {
        self.root.used.insert(id);
        self.call.takes_apart |= self.apart.contains(&id);
        let transition = &self.program[id];
        Input {
            population: Population::Transition(id),
            dimension: Some(transition.dimension),
            columns: transition.columns.clone(),
            name: name.node.clone(),
            span: name.span,
        }
    }

    /// The one population of a call, from its `Inputs` clause.
    pub fn only_input(&mut self, call: &ast::Call) -> Option<Input> {
        let paths = call.clauses.iter().find_map(|c| match &c.node {
            ast::ClauseKind::Inputs(paths) => Some(paths),
            _ => None,
        });
        match paths.map(Vec::as_slice) {
            Some([path]) => self.population(path),
            Some([_, second, ..]) => {
                self.report(
                    Diagnostic::error(
                        plan::CLAUSE,
                        format!("`{}` takes one population", call.activity.node),
                    )
                    .label(second.span, "one too many"),
                );
                None
            }
            _ => {
                self.report(
                    Diagnostic::error(
                        plan::CLAUSE,
                        format!("`{}` does not say what it takes", call.activity.node),
                    )
                    .label(call.activity.span, "a population is missing"),
                );
                None
            }
        }
    }

    /// Names that stand for populations, for suggestions.
    pub(super) fn population_names(&mut self) -> Vec<String> {
        let mut names = self.root.spaces.get(&self.root.file).map_or_else(Vec::new, |s| {
            s.names_where(|e| matches!(e, Entity::Transition(_) | Entity::Dimension(..)))
        });
        self.is_table("");
        names.extend(self.table_names.iter().flatten().cloned());
        names.sort();
        names.dedup();
        names
    }

    // ---------------------------------------------------------------- rows and expressions

    /// The rows of a population: its carried columns first, then its dimension's columns and
    /// links, as frame 0.
    pub fn rows(&self, input: &Input) -> Rows {
        Rows(self.input_scope(input, 0))
    }

    /// The rows on the right of a `matching`, as frame [`MatchPair::RIGHT`].
    pub fn right_rows(&self, input: &Input) -> Rows {
        Rows(self.input_scope(input, MatchPair::RIGHT))
    }

    /// The rows of a dimension, as frame 0.
    pub fn dimension_rows(&self, dimension: DimId) -> Rows {
        Rows(Scope::of(self.root.file, Level::dimension(&self.program, dimension, Row::frame(0))))
    }

    fn input_scope(&self, input: &Input, frame: u16) -> Scope {
        let apart =
            matches!(input.population, Population::Transition(id) if self.apart.contains(&id));
        let mut level = match input.dimension.filter(|_| !apart) {
            Some(dimension) => Level::dimension(&self.program, dimension, Row::frame(frame)),
            None => Level::without_dimension(Row::frame(frame)),
        };
        if !level.names.contains(&input.name) {
            level.names.insert(0, input.name.clone());
        }
        level.carried = Rc::new(input.columns.clone());
        Scope::of(self.root.file, level)
    }

    /// No rows at all: constants, parameters, `today`.
    pub fn no_rows(&self) -> Rows {
        Rows(Scope::empty(self.root.file))
    }

    /// A condition over rows.
    pub fn condition(&mut self, expr: &ast::Expr, rows: &Rows) -> Expr {
        self.bind_condition(expr, &rows.0)
    }

    /// The rule of a population: a condition, with warnings that only whole rules can give.
    pub fn rule(&mut self, expr: &ast::Expr, rows: &Rows) -> Expr {
        let bound = self.bind_condition(expr, &rows.0);
        self.report_every(&bound);
        bound
    }

    /// The equalities of a `matching`: `a = b`, more of them joined by `and` or commas, or one
    /// expression that is compared on both sides. `None` when one was wrong.
    pub fn matching(
        &mut self,
        conditions: &[ast::Expr],
        left: &Rows,
        right: &Rows,
    ) -> Option<Vec<MatchPair>> {
        let mut pairs = Vec::new();
        let mut fine = true;
        let mut parts: Vec<&ast::Expr> = conditions.iter().rev().collect();
        while let Some(part) = parts.pop() {
            let (l, r) = match &*part.kind {
                ast::ExprKind::Group(inner) => {
                    parts.push(inner);
                    continue;
                }
                ast::ExprKind::And(all) => {
                    parts.extend(all.iter().rev());
                    continue;
                }
                ast::ExprKind::Compare { left, op, right, ignoring_case: false }
                    if op.node == ast::CompareOp::Eq =>
                {
                    (left, right)
                }
                ast::ExprKind::Invalid => return None,
                _ => (part, part),
            };
            let l = self.bind_value(l, &left.0);
            let r = self.bind_value(r, &right.0);
            if l.ty == Type::Error || r.ty == Type::Error {
                fine = false;
            } else if std::ptr::eq(l.kind.as_ref(), r.kind.as_ref())
                || self.comparable(&l, &r, None)
            {
                pairs.push(MatchPair { left: l, right: r });
            } else {
                fine = false;
            }
        }
        (fine && !pairs.is_empty()).then_some(pairs)
    }

    /// A value over rows.
    pub fn value(&mut self, expr: &ast::Expr, rows: &Rows) -> Expr {
        self.bind_value(expr, &rows.0)
    }

    /// Sort keys over rows.
    pub fn sorts(&mut self, sorts: &[ast::Sort], rows: &Rows) -> Vec<Sort> {
        self.bind_sorts(sorts, &rows.0)
    }

    /// Sort keys over rows and over what `select` makes of them: as in SQL, a bare name is what is
    /// selected under it, inside an expression it is the source's.
    pub fn sorts_of_selected(
        &mut self,
        sorts: &[ast::Sort],
        rows: &Rows,
        selected: &[(CarriedColumn, Expr)],
    ) -> Vec<Sort> {
        let sort = |s: &ast::Sort, binder: &mut Self| {
            let named = match &*s.expr.kind {
                ast::ExprKind::Path(path) if path.parts.len() == 1 => {
                    let names = selected.iter().map(|(c, _)| c.name.as_str());
                    find_name(&path.parts[0].node, names)
                }
                _ => Found::None,
            };
            let Found::One(at) = named else {
                return binder.bind_sorts(std::slice::from_ref(s), &rows.0).pop();
            };
            let expr = Expr { span: s.expr.span, ..selected[at].1.clone() };
            binder.check_sortable(&expr);
            Some(Sort { expr, descending: s.descending })
        };
        sorts.iter().filter_map(|s| sort(s, self)).collect()
    }

    /// A value that does not depend on rows.
    pub fn constant(&mut self, expr: &ast::Expr) -> Expr {
        let scope = Scope::empty(self.root.file);
        self.bind_constant(expr, &scope)
    }

    /// The link that an option names, seen from rows; with the dimension it leads to.
    pub fn link(&mut self, path: &ast::Path, rows: &Rows) -> Option<crate::model::expr::Links> {
        self.bind_any_links(path, &rows.0)
    }

    /// The rows that a link leads to, over the rows it starts from: further expressions are bound
    /// in the frame of its last step.
    pub fn linked_rows(
        &mut self,
        rows: &Rows,
        path: &ast::Path,
        links: &crate::model::expr::Links,
    ) -> Rows {
        Rows(self.scope_of_links(&rows.0, path, links))
    }

    /// An aggregate over one of the call's own inputs, for options such as
    /// `add: (max(basket of abandoned) as basket)`. `None` when the expression is not an aggregate
    /// over an input; what is wrong inside one is reported.
    pub fn population_aggregate(
        &mut self,
        expr: &ast::Expr,
        inputs: &[Input],
    ) -> Option<PopulationAggregate> {
        self.bind_population_aggregate(expr, inputs)
    }

    /// The columns of a `select`, over the rows of an input; with `*`, or without a select, what
    /// the input carries is kept. Columns of the dimension's key are never among them.
    pub fn selected(
        &mut self,
        select: Option<&ast::Select>,
        input: &Input,
        rows: &Rows,
    ) -> Vec<(CarriedColumn, Expr)> {
        self.bind_select(select, input, rows, false)
    }

    /// The same for an export: exactly the named columns, the key's among them.
    pub fn exported(
        &mut self,
        select: &ast::Select,
        input: &Input,
        rows: &Rows,
    ) -> Vec<(CarriedColumn, Expr)> {
        self.bind_select(Some(select), input, rows, true)
    }

    // ---------------------------------------------------------------- outputs

    /// Declares the next output, whose rows become a table of their own.
    pub fn declare_table(&mut self, dimension: DimId, columns: Vec<CarriedColumn>) -> TransitionId {
        let id = self.declare_output(dimension, columns);
        if self.program[dimension].key.is_empty() {
            self.apart.insert(id);
        }
        id
    }

    /// Declares the next outgoing transition. When the call names fewer outputs, it gets a name
    /// of its own that no script can write.
    pub fn declare_output(
        &mut self,
        dimension: DimId,
        columns: Vec<CarriedColumn>,
    ) -> TransitionId {
        let index = self.call.outputs.len();
        let id = TransitionId(self.program.transitions.len() as u32);
        let named = self.call.names.get(index).cloned();
        let (name, span) = match &named {
            Some(name) => (name.node.clone(), name.span),
            // Reports do not show it: no name that a script writes has a blank in it.
            None => (format!("_{} {}", self.call.activity, id.0 + 1), self.call.span),
        };
        self.program.transitions.push(Transition {
            name,
            doc: self.call.doc.clone(),
            dimension,
            columns,
            campaign: self.root.campaign,
            span,
        });
        if self.call.takes_apart && self.program[dimension].key.is_empty() {
            self.apart.insert(id);
        }
        self.call.outputs.push(id);
        if let Some(name) = named {
            let entry = Entry { entity: Entity::Transition(id), span: name.span };
            self.call.declared.push((name.node, entry));
        }
        id
    }

    /// The `##` lines above the statement.
    pub fn doc(&self) -> Option<String> {
        self.call.doc.clone()
    }

    /// How many outputs the call names.
    pub fn named_outputs(&self) -> usize {
        self.call.names.len()
    }

    /// The names given to the outputs, in order.
    pub fn output_names(&self) -> &[ast::Name] {
        &self.call.names
    }

    // ---------------------------------------------------------------- helpers

    /// A table of an attached database, to be written; `None` when that was reported.
    pub fn target(&mut self, path: &ast::Path) -> Option<Target> {
        let first = &path.parts[0];
        let known = self.entity(self.root.file, &first.node).map(|e| e.entity);
        let parts = if path.parts.len() > 1 && !matches!(known, Some(Entity::Database(_))) {
            // A table of the project, or a file without its quotes.
            path.parts.iter().map(|p| p.node.clone()).collect()
        } else {
            self.table_parts(self.root.file, path)?
        };
        match self.world.target(&parts, path.span) {
            Ok(target) => Some(Target { written: dotted(path), ..target }),
            Err(wrong) => {
                self.report(wrong);
                None
            }
        }
    }

    /// Reports that `written` is none of `choices`, with the nearest one.
    pub fn unknown(
        &mut self,
        code: Code,
        title: String,
        span: Span,
        written: &str,
        what: &str,
        choices: &[&str],
    ) {
        let help = suggest::unknown_name(written, what, choices.iter().copied());
        self.report(Diagnostic::error(code, title).label(span, "not known").maybe_help(help));
    }

    /// The dimension of an input, or a report that its rows have no key.
    pub fn needs_key(&mut self, input: &Input, what: &str) -> Option<DimId> {
        let dimension = input.dimension?;
        if self.program[dimension].key.is_empty() {
            let name = self.program[dimension].name.clone();
            self.report(
                Diagnostic::error(plan::NO_KEY, format!("Rows of `{name}` have no key"))
                    .label(input.span, what.to_string())
                    .help(format!("declare the key: `dimension {name} = … key COLUMN`")),
            );
            return None;
        }
        Some(dimension)
    }

    pub(super) fn finish(self) -> (Program, Diagnostics) {
        // A definition is bound again at each use, a model in each campaign: its errors are one.
        let mut seen: HashSet<(&'static str, Option<Span>, String)> = HashSet::new();
        let mut diagnostics = Diagnostics::default();
        for d in self.diagnostics {
            if seen.insert((d.code.0.id, d.span(), d.title.clone())) {
                diagnostics.push(d);
            }
        }
        (self.program, diagnostics)
    }
}

/// The value that stands for something already reported.
pub(super) fn error_expr(span: Span) -> Expr {
    Expr::new(ExprKind::Error, Type::Error, span)
}

/// A value of this type that is not known, as a definition's parameter before it is used.
pub(super) fn unknown_expr(ty: Type, span: Span) -> Expr {
    Expr::new(ExprKind::Error, ty, span)
}

/// A path as written.
pub(super) fn dotted(path: &ast::Path) -> String {
    path.parts.iter().map(|p| p.node.as_str()).collect::<Vec<_>>().join(".")
}

/// The text of a constant, when the expression is one.
pub fn literal_text(expr: &Expr) -> Option<&str> {
    match &*expr.kind {
        ExprKind::Literal(Value::Text(text)) => Some(text),
        _ => None,
    }
}
