//! Saved audiences: what a label means where it is read, before and after this run saves it.

use std::collections::HashMap;

use crate::diagnostic::codes::{names as names_codes, plan as codes, warnings};
use crate::diagnostic::{Diagnostic, suggest};
use crate::model::expr::Population;
use crate::model::label::fold_label;
use crate::model::program::{AudienceRef, CarriedColumn, DimId, Dimension, StepKind, TransitionId};
use crate::model::schema::Audience;
use crate::model::types::Type;
use crate::source::{Span, Spanned};
use crate::syntax::ast;

use super::binder::{Binder, Input};
use super::files::Entity;

/// A label that this run saves.
#[derive(Clone, Debug)]
pub(super) struct SavedLabel {
    /// Where it is saved.
    pub span: Span,
    /// The file that saves it, and the transition that it saves.
    pub file: usize,
    pub input: Option<String>,
    /// Its whole content, once the save stands above.
    pub content: Option<TransitionId>,
    /// The step that saves it.
    pub step: Option<usize>,
}

impl Binder<'_> {
    /// Notes the labels that a file saves, so that a read above the save knows them.
    pub(super) fn collect_saves(&mut self, file: usize) {
        let ast = self.files[file].ast.clone();
        for statement in &ast.statements {
            let ast::StatementKind::Call(call) = &statement.kind else { continue };
            if call.activity.node != "save audience" {
                continue;
            }
            let mut label = None;
            let mut column = None;
            let mut input = None;
            for clause in &call.clauses {
                match &clause.node {
                    ast::ClauseKind::As(text) => label = Some(text),
                    ast::ClauseKind::ForEach(name) => column = Some(name.node.as_str()),
                    ast::ClauseKind::Inputs(paths) => {
                        input = paths.first().map(super::binder::dotted);
                    }
                    _ => {}
                }
            }
            let Some(text) = label else { continue };
            let Some(label) = self.filled(text, column) else { continue };
            let saved = SavedLabel { span: text.span, file, input, content: None, step: None };
            match self.saves.get(&fold_label(&label)) {
                Some(first) if first.span != text.span => {
                    let first = first.span;
                    self.report(
                        Diagnostic::error(
                            codes::SAVED_TWICE,
                            format!("Audience `{label}` is saved twice in one run"),
                        )
                        .label(text.span, "saved again")
                        .label(first, "saved here")
                        .help("choose another label, or combine the two populations"),
                    );
                }
                Some(_) => {}
                None => {
                    self.saves.insert(fold_label(&label), saved);
                }
            }
        }
    }

    /// What the catalogue knows of a label.
    pub fn existing_audience(&mut self, label: &str) -> Option<Audience> {
        let key = fold_label(label);
        if let Some(known) = self.catalogue.get(&key) {
            return known.clone();
        }
        let given = self.given_audience(label);
        let found = match given.map_or_else(|| self.world.audience(label), |a| Ok(Some(a))) {
            Ok(found) => found,
            Err(diagnostic) => {
                self.report(diagnostic);
                None
            }
        };
        self.catalogue.insert(key, found.clone());
        found
    }

    /// The number of an audience among the program's, for members that are rows of a dimension.
    pub fn audience_index(
        &mut self,
        label: &str,
        existing: Option<Audience>,
        dimension: DimId,
    ) -> usize {
        let key = fold_label(label);
        let known = self
            .program
            .audiences
            .iter()
            .position(|a| fold_label(&a.label) == key && a.dimension == dimension);
        known.unwrap_or_else(|| {
            let label = label.to_string();
            self.program.audiences.push(AudienceRef { label, existing, dimension });
            self.program.audiences.len() - 1
        })
    }

    /// Notes that a save stands above everything that follows: from here on, its label means the
    /// new content.
    pub fn saved(&mut self, label: &str, content: TransitionId) {
        let step = self.program.steps.len();
        if let Some(saved) = self.saves.get_mut(&fold_label(label)) {
            saved.content = Some(content);
            saved.step = Some(step);
        }
    }

    /// Warns of reads that stand above the save of their label without being part of what it
    /// saves: they see the old content, which the order of the text says only to who looks.
    pub(super) fn warn_early_reads(&mut self) {
        if self.early_reads.is_empty() {
            return;
        }
        // The steps that each step depends on, directly.
        let mut makers: HashMap<TransitionId, usize> = HashMap::new();
        let mut needs: Vec<Vec<usize>> = Vec::new();
        for (index, step) in self.program.steps.iter().enumerate() {
            let mut used: Vec<Population> = Vec::new();
            if let StepKind::Activity(activity) = &step.kind {
                used.extend(activity.operation.inputs());
                for e in activity.operation.expressions() {
                    e.walk(&mut |e| used.extend(e.population().cloned()));
                }
                makers.extend(activity.outputs.iter().map(|&id| (id, index)));
            }
            let steps = used.iter().filter_map(|p| match p {
                Population::Transition(id) => makers.get(id).copied(),
                _ => None,
            });
            needs.push(steps.collect());
        }
        for (label, span, reader) in std::mem::take(&mut self.early_reads) {
            let Some(saved) = self.saves.get(&fold_label(&label)).cloned() else { continue };
            let Some(save) = saved.step.filter(|&s| s < needs.len()) else { continue };
            let mut left = vec![save];
            let mut seen = Vec::new();
            while let Some(step) = left.pop() {
                if !seen.contains(&step) {
                    seen.push(step);
                    left.extend(&needs[step]);
                }
            }
            if seen.contains(&reader) {
                continue;
            }
            self.report(
                Diagnostic::warning(
                    warnings::OLD_CONTENT,
                    format!("Audience `{label}` is read before this run saves it"),
                )
                .label(span, "sees the old content")
                .label(saved.span, "saved here")
                .help("move the save above, to read the new content"),
            );
        }
    }

    /// The members of an audience in the place of a population: before its save in this run the
    /// old content, after it the new. `None` when that was reported.
    pub fn audience(&mut self, text: &ast::Text) -> Option<Input> {
        self.audience_input(text, None, false)
    }

    /// The same for members whose dimension this file need not declare, as in
    /// `read audience … on DIMENSION matching …`: the dimension is then the audience's own table.
    pub fn foreign_audience(&mut self, text: &ast::Text) -> Option<Input> {
        self.audience_input(text, None, true)
    }

    /// The population and dimension of `in audience "Label"`, for rows of a dimension.
    pub(super) fn audience_population(
        &mut self,
        text: &ast::Text,
        rows: Option<DimId>,
    ) -> Option<(Population, DimId)> {
        let input = self.audience_input(text, rows, false)?;
        Some((input.population, input.dimension?))
    }

    fn audience_input(
        &mut self,
        text: &ast::Text,
        rows: Option<DimId>,
        foreign: bool,
    ) -> Option<Input> {
        let label = self.filled(text, None)?;
        let saved = self.saves.get(&fold_label(&label)).cloned();
        if let Some(content) = saved.as_ref().and_then(|s| s.content) {
            let name = Spanned::new(label.clone(), text.span);
            let input = self.transition_input(content, &name);
            return Some(input);
        }
        if let Some(audience) = self.existing_audience(&label) {
            if audience.expires.is_some_and(|end| end < self.options.as_of) {
                let end = audience.expires.map_or(String::new(), |e| {
                    e.to_zoned(self.timezone()).strftime("%Y-%m-%d").to_string()
                });
                self.report(
                    Diagnostic::error(codes::EXPIRED, format!("Audience `{label}` has expired"))
                        .label(text.span, format!("until {end}"))
                        .help("save it again, or leave it out"),
                );
                return None;
            }
            let dimension = match self.known_dimension(&audience) {
                Some(known) => known,
                None if foreign => self.members_dimension(&audience),
                None => self.audience_dimension(&audience, text.span)?,
            };
            if saved.is_some() {
                let step = self.program.steps.len();
                self.early_reads.push((label.clone(), text.span, step));
            }
            let index = self.audience_index(&label, Some(audience.clone()), dimension);
            return Some(Input {
                population: Population::Audience(index),
                dimension: Some(dimension),
                columns: audience.columns[audience.key.len()..]
                    .iter()
                    .map(|c| CarriedColumn { name: c.name.clone(), ty: c.ty.clone() })
                    .collect(),
                name: label,
                span: text.span,
            });
        }
        let Some(saved) = saved else {
            self.unknown_audience(&label, text.span);
            return None;
        };
        let found = match rows {
            Some(dimension) => Some(dimension),
            None => self.dimension_of_save(&saved),
        };
        let Some(dimension) = found else {
            self.report(
                Diagnostic::error(
                    names_codes::UNKNOWN_AUDIENCE,
                    format!("Audience `{label}` does not exist yet"),
                )
                .label(text.span, "saved further down")
                .label(saved.span, "saved here")
                .help("read it after its save"),
            );
            return None;
        };
        self.report(
            Diagnostic::warning(
                warnings::EMPTY_BEFORE_SAVE,
                format!("Audience `{label}` does not exist yet, so it is empty here"),
            )
            .label(text.span, "empty until its first save")
            .label(saved.span, "saved here"),
        );
        let index = self.audience_index(&label, None, dimension);
        Some(Input {
            population: Population::Audience(index),
            dimension: Some(dimension),
            columns: Vec::new(),
            name: label,
            span: text.span,
        })
    }

    /// An audience whose history is asked, for rows of a dimension. What this run does to it is
    /// not history yet.
    pub(super) fn audience_for_history(&mut self, text: &ast::Text, rows: DimId) -> Option<usize> {
        let label = self.filled(text, None)?;
        let existing = self.existing_audience(&label);
        let Some(audience) = existing else {
            let Some(saved) = self.saves.get(&fold_label(&label)).cloned() else {
                self.unknown_audience(&label, text.span);
                return None;
            };
            self.report(
                Diagnostic::warning(
                    warnings::EMPTY_BEFORE_SAVE,
                    format!("Audience `{label}` does not exist yet, so it has no history"),
                )
                .label(text.span, "nobody entered or left")
                .label(saved.span, "saved here"),
            );
            return Some(self.audience_index(&label, None, rows));
        };
        let dimension = self.audience_dimension(&audience, text.span)?;
        if dimension != rows {
            let (of, here) =
                (self.program[dimension].name.clone(), self.program[rows].name.clone());
            self.report(
                Diagnostic::error(
                    codes::DIFFERENT_DIMENSIONS,
                    format!("Rows of `{here}` are never in a population of `{of}`"),
                )
                .label(text.span, format!("holds rows of `{of}`")),
            );
            return None;
        }
        Some(self.audience_index(&label, Some(audience), dimension))
    }

    /// An audience whose size is asked: one that exists, or that this run saves first.
    pub(super) fn audience_for_size(&mut self, text: &ast::Text) -> Option<usize> {
        let label = self.filled(text, None)?;
        if let Some(audience) = self.existing_audience(&label) {
            let known = self.known_dimension(&audience);
            let dimension = known.unwrap_or_else(|| self.members_dimension(&audience));
            return Some(self.audience_index(&label, Some(audience), dimension));
        }
        let saved = self.saves.get(&fold_label(&label)).cloned();
        let dimension = match &saved {
            Some(SavedLabel { content: Some(content), .. }) => {
                Some(self.program[*content].dimension)
            }
            Some(saved) => self.dimension_of_save(saved),
            None => {
                self.unknown_audience(&label, text.span);
                None
            }
        };
        Some(self.audience_index(&label, None, dimension?))
    }

    /// Reports a label that nothing has.
    pub fn unknown_audience(&mut self, label: &str, span: Span) {
        let labels = self.world.audience_labels();
        let help = suggest::unknown_name(label, "audiences", labels.iter().map(String::as_str))
            .unwrap_or_else(|| "save it first: `save audience T as \"…\"`".to_string());
        self.report(
            Diagnostic::error(
                names_codes::UNKNOWN_AUDIENCE,
                format!("Audience `{label}` does not exist"),
            )
            .label(span, "no audience has this label")
            .help(help),
        );
    }

    /// The dimension of this program that the members of an audience are rows of.
    fn audience_dimension(&mut self, audience: &Audience, span: Span) -> Option<DimId> {
        if let Some(known) = self.known_dimension(audience) {
            return Some(known);
        }
        let keys: Vec<&str> = audience.key.iter().map(|k| k.name.as_str()).collect();
        let keys = keys.join(", ");
        let name = &audience.dimension;
        let declared = self.entity(self.root.file, name);
        let (label, help) = match declared {
            Some(entry) if matches!(entry.entity, Entity::Dimension(..)) => {
                if let Entity::Dimension(f, s) = entry.entity
                    && self.root.dimensions.get(&(f, s)).copied().flatten().is_none()
                {
                    return None;
                }
                (
                    format!("its rows have the key {keys}"),
                    "read it `on DIMENSION matching COLUMN = COLUMN`".to_string(),
                )
            }
            _ => (
                format!("its rows are of `{name}`"),
                format!("add `dimension {name} = … key {keys}`"),
            ),
        };
        self.report(
            Diagnostic::error(
                codes::UNDECLARED_DIMENSION,
                format!("Dimension `{name}` of audience `{}` is not declared", audience.label),
            )
            .label(span, label)
            .help(help),
        );
        None
    }

    /// The dimension of that name and key, declared or a table.
    fn known_dimension(&mut self, audience: &Audience) -> Option<DimId> {
        let file = self.root.file;
        let name = &audience.dimension;
        let id = match self.entity(file, name).map(|e| e.entity) {
            Some(Entity::Dimension(f, s)) => {
                self.root.dimensions.get(&(f, s)).copied().flatten()?
            }
            Some(_) => return None,
            None => {
                let known = self.root.tables.get(name).copied().flatten();
                match known {
                    Some(id) => id,
                    None if self.is_table(name) => {
                        self.table_dimension(std::slice::from_ref(name), Span::default())?
                    }
                    None => return None,
                }
            }
        };
        let here: Vec<(&str, &Type)> =
            self.program[id].key_columns().map(|c| (c.name.as_str(), &c.ty)).collect();
        let there: Vec<(&str, &Type)> =
            audience.key.iter().map(|c| (c.name.as_str(), &c.ty)).collect();
        let same = here.len() == there.len()
            && here
                .iter()
                .all(|(name, ty)| there.iter().any(|(n, t)| n == name && super::expr::fits(ty, t)));
        same.then_some(id)
    }

    /// Members of an audience on their own, as rows of the audience's table.
    fn members_dimension(&mut self, audience: &Audience) -> DimId {
        let known = self
            .program
            .dimensions
            .iter()
            .position(|d| d.scan == audience.scan && d.name == audience.dimension);
        let index = known.unwrap_or_else(|| {
            self.program.dimensions.push(Dimension {
                name: audience.dimension.clone(),
                scan: audience.scan.clone(),
                columns: audience.columns.clone(),
                key: (0..audience.key.len()).collect(),
                key_guaranteed: true,
                filter: None,
                filter_zone: None,
                local_instants: None,
                span: Span::default(),
            });
            self.program.dimensions.len() - 1
        });
        DimId(index as u32)
    }

    /// The dimension that a save further down will have, as far as the text tells.
    fn dimension_of_save(&mut self, saved: &SavedLabel) -> Option<DimId> {
        let ast = self.files[saved.file].ast.clone();
        let mut sources: HashMap<&str, &ast::Call> = HashMap::new();
        for statement in &ast.statements {
            if let ast::StatementKind::Call(call) = &statement.kind {
                for output in &call.outputs {
                    sources.entry(output.node.as_str()).or_insert(call);
                }
            }
        }
        // From the saved transition back through what each call takes, to a name that is known.
        let mut left = vec![ast::Path {
            parts: vec![Spanned::new(saved.input.clone()?, saved.span)],
            span: saved.span,
        }];
        let mut seen: Vec<String> = Vec::new();
        while let Some(path) = left.pop() {
            let name = super::binder::dotted(&path);
            if seen.contains(&name) {
                continue;
            }
            seen.push(name.clone());
            if saved.file == self.root.file
                && let Some(Entity::Transition(id)) =
                    self.entity(saved.file, &name).map(|e| e.entity)
            {
                return Some(self.program[id].dimension);
            }
            let Some(call) = sources.get(name.as_str()) else {
                match self.source_dimension(saved.file, &path) {
                    Some(found) => return Some(found),
                    None => continue,
                }
            };
            // The last one pushed is looked at first: the first operand decides.
            for clause in call.clauses.iter().rev() {
                match &clause.node {
                    ast::ClauseKind::Inputs(paths) => left.extend(paths.iter().rev().cloned()),
                    ast::ClauseKind::OnMatching(dimension, _) => left
                        .push(ast::Path { parts: vec![dimension.clone()], span: dimension.span }),
                    ast::ClauseKind::Set(set) => {
                        let mut names = Vec::new();
                        transitions(set, &mut names);
                        left.extend(
                            names
                                .into_iter()
                                .rev()
                                .map(|n| ast::Path { parts: vec![n.clone()], span: n.span }),
                        );
                    }
                    _ => {}
                }
            }
        }
        None
    }

    /// A dimension that a call further down takes. What is wrong is reported where it stands.
    fn source_dimension(&mut self, file: usize, path: &ast::Path) -> Option<DimId> {
        let name = super::binder::dotted(path);
        if file != self.root.file {
            // Another file's names: only a dimension both know by this name can be meant.
            return match self.entity(self.root.file, &name).map(|e| e.entity) {
                Some(Entity::Dimension(f, s)) => {
                    self.root.dimensions.get(&(f, s)).copied().flatten()
                }
                Some(_) => None,
                None if self.is_table(&name) => self.table_dimension(&[name], path.span),
                None => None,
            };
        }
        let quiet = self.diagnostics.len();
        let found = self.dimension_in(file, path, false);
        if self.diagnostics.len() > quiet {
            let kept: Vec<Diagnostic> = self.diagnostics.iter().take(quiet).cloned().collect();
            self.diagnostics = crate::diagnostic::Diagnostics::default();
            self.diagnostics.extend(kept);
        }
        found
    }
}

/// The transitions that a set is made of, in text order.
fn transitions<'s>(set: &'s ast::SetExpr, out: &mut Vec<&'s ast::Name>) {
    match &set.kind {
        ast::SetKind::Transition(name) => out.push(name),
        ast::SetKind::Audience(_) => {}
        ast::SetKind::Chain(first, rest) => {
            transitions(first, out);
            rest.iter().for_each(|operand| transitions(&operand.set, out));
        }
    }
}
