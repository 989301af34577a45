//! Definitions: each use is written out, with its arguments in place of the parameters.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::{names as name_codes, types as codes};
use crate::model::expr::{Expr, Row};
use crate::source::Span;
use crate::syntax::ast;
use std::collections::HashMap;
use std::rc::Rc;

use crate::check::binder::{Binder, error_expr, unknown_expr};
use crate::check::files::Entity;
use crate::check::scope::{Level, Scope};

use super::types::{a, count, listed, takes};

/// How many definitions may be written out inside each other.
const MAX_EXPANSIONS: usize = 32;

impl Binder<'_> {
    /// Uses a definition: binds its body again over the row it is used on. `args` are bound by
    /// the caller, in the caller's scope.
    pub(in crate::check) fn use_definition(
        &mut self,
        id: (usize, usize),
        args: &[(Option<ast::Name>, Expr)],
        name: &ast::Name,
        level: Option<&Level>,
        scope: &Scope,
    ) -> Expr {
        let (file, statement) = id;
        let ast = self.files[file].ast.clone();
        let ast::StatementKind::Define(define) = &ast.statements[statement].kind else {
            return error_expr(name.span);
        };
        let target = match self.definition_dimension(file, statement) {
            None => None,
            Some(None) => return error_expr(name.span),
            Some(Some(on)) => match level {
                Some(level) if level.dimension == Some(on) => Some(level.clone()),
                _ => {
                    let of = self.program[on].name.clone();
                    let here = level
                        .and_then(|l| l.names.last().cloned())
                        .map_or("there are no rows here".to_string(), |n| {
                            format!("these rows are of `{n}`")
                        });
                    return self.wrong(
                        name_codes::WRONG_DIMENSION,
                        format!("`{}` speaks of `{of}`", name.node),
                        name.span,
                        here,
                        None,
                    );
                }
            },
        };
        let Some(locals) = self.definition_locals(define, args, name, file) else {
            return error_expr(name.span);
        };
        if self.root.expanding.contains(&id) {
            self.definition_circle(id, name.span);
            return error_expr(name.span);
        }
        if self.root.expanding.len() >= MAX_EXPANSIONS {
            return self.too_deep(name.span);
        }
        let row = target.as_ref().map(|l| l.row.clone());
        let cache = (file, statement, row, scope.next_frame);
        if define.params.is_empty()
            && let Some(known) = self.root.expanded.get(&cache)
        {
            return known.clone();
        }
        // Live columns only: a definition speaks of the dimension, whatever a population carries.
        let levels = target
            .and_then(|l| Some(Level::dimension(&self.program, l.dimension?, l.row)))
            .into_iter()
            .map(|mut l| {
                if let Some(on) = &define.on
                    && !l.names.contains(&on.node)
                {
                    l.names.insert(0, on.node.clone());
                }
                l
            })
            .collect();
        let inner = Scope {
            file,
            levels,
            locals: Rc::new(locals),
            next_frame: scope.next_frame,
            facts: false,
        };
        self.root.expanding.push(id);
        let bound = self.bind(&define.body, &inner);
        self.root.expanding.pop();
        if define.params.is_empty() {
            self.root.expanded.insert(cache, bound.clone());
        }
        bound
    }

    pub(in crate::check) fn definition_circle(&mut self, id: (usize, usize), span: Span) {
        let at = self.root.expanding.iter().position(|d| *d == id).unwrap_or(0);
        let circle: Vec<(usize, usize)> = self.root.expanding[at..].to_vec();
        if circle.iter().any(|d| self.root.circular.contains(d)) {
            return;
        }
        let mut names: Vec<String> =
            circle.iter().map(|&d| self.definition_name(d).unwrap_or_default()).collect();
        names.push(names[0].clone());
        self.root.circular.extend(circle);
        self.report(
            Diagnostic::error(
                name_codes::DEFINITION_CYCLE,
                format!("Definitions go round in a circle: {}", names.join(" → ")),
            )
            .label(span, "closes the circle")
            .help("write one of them without the others"),
        );
    }

    pub(in crate::check) fn definition_name(
        &self,
        (file, statement): (usize, usize),
    ) -> Option<String> {
        match &self.files[file].ast.statements[statement].kind {
            ast::StatementKind::Define(d) => Some(d.name.node.clone()),
            _ => None,
        }
    }

    /// The values of a definition's parameters; `None` when an argument was wrong.
    pub(in crate::check) fn definition_locals(
        &mut self,
        define: &ast::Define,
        args: &[(Option<ast::Name>, Expr)],
        name: &ast::Name,
        file: usize,
    ) -> Option<HashMap<String, Expr>> {
        let mut given: Vec<Option<Expr>> = vec![None; define.params.len()];
        let mut fine = true;
        for (position, (arg_name, value)) in args.iter().enumerate() {
            let index = match arg_name {
                None if position < given.len() => position,
                None => {
                    let takes = define.params.len();
                    self.wrong(
                        codes::ARGUMENT_COUNT,
                        format!("`{}` takes {}", name.node, count(takes, "argument")),
                        value.span,
                        "one too many",
                        None,
                    );
                    fine = false;
                    continue;
                }
                Some(written) => {
                    match define.params.iter().position(|p| p.name.node == written.node) {
                        Some(index) => index,
                        None => {
                            let choices: Vec<&str> =
                                define.params.iter().map(|p| p.name.node.as_str()).collect();
                            self.unknown(
                                name_codes::UNKNOWN_ARGUMENT,
                                format!("`{}` has no parameter `{}`", name.node, written.node),
                                written.span,
                                &written.node,
                                "parameters",
                                &choices,
                            );
                            fine = false;
                            continue;
                        }
                    }
                }
            };
            if given[index].is_some() {
                self.wrong(
                    codes::ARGUMENT_COUNT,
                    format!("`{}` is given twice", define.params[index].name.node),
                    value.span,
                    "given again",
                    None,
                );
                fine = false;
                continue;
            }
            given[index] = Some(value.clone());
        }
        let mut locals = HashMap::new();
        for (param, value) in define.params.iter().zip(given) {
            let ty = self.type_of_name(&param.ty)?;
            let value = match (value, &param.default) {
                (Some(value), _) => value,
                (None, Some(default)) => self.bind_constant(default, &Scope::empty(file)),
                (None, None) => {
                    self.wrong(
                        codes::ARGUMENT_COUNT,
                        format!("`{}` needs `{}`", name.node, param.name.node),
                        name.span,
                        "an argument is missing",
                        Some(format!("write `{}({}: …)`", name.node, param.name.node)),
                    );
                    fine = false;
                    continue;
                }
            };
            if !takes(&ty, &value.ty) {
                self.wrong(
                    codes::ARGUMENT,
                    format!("`{}` of `{}` is {}", param.name.node, name.node, a(&ty)),
                    value.span,
                    format!("this is {}", a(&value.ty)),
                    None,
                );
                fine = false;
                continue;
            }
            locals.insert(param.name.node.clone(), listed(value, &ty));
        }
        fine.then_some(locals)
    }

    /// Checks the definitions that a file declares on their own, so that mistakes in unused ones
    /// are found too.
    pub(in crate::check) fn check_definitions(&mut self, root: usize) {
        // A definition that nobody uses needs no time zone.
        let zone_used = self.root.zone_used;
        for file in self.visible_files(root) {
            let ast = self.files[file].ast.clone();
            for (index, statement) in ast.statements.iter().enumerate() {
                let ast::StatementKind::Define(define) = &statement.kind else { continue };
                if let Some(on) = &define.on {
                    let path = ast::Path { parts: vec![on.clone()], span: on.span };
                    self.dimension_in(file, &path, false);
                }
                // A shadowed second definition has no entry of its own.
                let entity = self.entity(file, &define.name.node).map(|e| e.entity);
                if entity != Some(Entity::Define(file, index)) {
                    continue;
                }
                let mut locals = HashMap::new();
                let mut fine = true;
                for param in &define.params {
                    match self.type_of_name(&param.ty) {
                        Some(ty) => {
                            if let Some(default) = &param.default {
                                let value = self.bind_constant(default, &Scope::empty(file));
                                if !takes(&ty, &value.ty) {
                                    self.wrong(
                                        codes::PARAMETER_VALUE,
                                        format!("`{}` is {}", param.name.node, a(&ty)),
                                        default.span,
                                        format!("this is {}", a(&value.ty)),
                                        None,
                                    );
                                }
                            }
                            locals
                                .insert(param.name.node.clone(), unknown_expr(ty, param.name.span));
                        }
                        None => fine = false,
                    }
                }
                let on = match self.definition_dimension(file, index) {
                    None => None,
                    Some(Some(on)) => Some(on),
                    Some(None) => continue,
                };
                if !fine {
                    continue;
                }
                let levels = on
                    .map(|d| Level::dimension(&self.program, d, Row::frame(0)))
                    .into_iter()
                    .collect();
                let scope = Scope {
                    file,
                    levels,
                    locals: Rc::new(locals),
                    next_frame: u16::from(on.is_some()),
                    facts: false,
                };
                self.root.expanding.push((file, index));
                self.bind(&define.body, &scope);
                self.root.expanding.pop();
            }
        }
        self.root.zone_used = zone_used;
        // What they stand for is bound again where it is used, and the zone noted there.
        self.root.expanded.clear();
    }
}
