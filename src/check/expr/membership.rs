//! Membership in transitions and audiences: `in`, `entered`, `left`.

use crate::diagnostic::codes::{names as name_codes, types as codes};
use crate::model::expr::{Expr, ExprKind, Population, Row};
use crate::model::program::DimId;
use crate::model::types::Type;
use crate::source::Span;
use crate::syntax::ast;

use crate::check::binder::{Binder, error_expr};
use crate::check::scope::{Meaning, Scope};

impl Binder<'_> {
    pub(in crate::check) fn bind_member(
        &mut self,
        row: Option<&ast::Path>,
        target: &ast::Population,
        scope: &Scope,
        span: Span,
    ) -> Expr {
        let found = self.member_row(row, scope, span);
        let target_span = match target {
            ast::Population::Audience(label) => label.span,
            ast::Population::Transition(name) => name.span,
        };
        let population = match target {
            ast::Population::Audience(label) => {
                let rows = found.as_ref().map(|(_, d)| *d);
                self.audience_population(label, rows)
            }
            ast::Population::Transition(name) => match self.transition(name) {
                Some((id, _)) => Some((Population::Transition(id), self.program[id].dimension)),
                None => None,
            },
        };
        let (Some((row, dimension)), Some((population, of))) = (found, population) else {
            return error_expr(span);
        };
        if dimension != of {
            let title = format!(
                "Rows of `{}` are never in a population of `{}`",
                self.program[dimension].name, self.program[of].name
            );
            let label = format!("holds rows of `{}`", self.program[of].name);
            let help = self.link_between(dimension, of).map(|link| format!("write `{link} in …`"));
            return self.wrong(
                crate::diagnostic::codes::plan::DIFFERENT_DIMENSIONS,
                title,
                target_span,
                label,
                help,
            );
        }
        if self.program[dimension].key.is_empty() {
            let name = self.program[dimension].name.clone();
            return self.wrong(
                crate::diagnostic::codes::plan::NO_KEY,
                format!("Rows of `{name}` have no key"),
                target_span,
                "membership needs a key",
                Some(format!("declare the key: `dimension {name} = … key COLUMN`")),
            );
        }
        Expr::condition(ExprKind::Member { row, population }, span)
    }

    /// `entered audience "Label" in WINDOW`: the history that the catalogue keeps.
    pub(in crate::check) fn bind_moved(
        &mut self,
        entered: bool,
        target: &ast::Population,
        window: &crate::source::Spanned<ast::Window>,
        scope: &Scope,
        span: Span,
    ) -> Expr {
        let row = self.member_row(None, scope, span);
        let window = self.bind_window(window, scope);
        let label = match target {
            ast::Population::Audience(label) => label,
            ast::Population::Transition(name) => {
                return self.wrong(
                    name_codes::NOT_A_POPULATION,
                    format!("`{}` has no history", name.node),
                    name.span,
                    "a saved audience is needed",
                    Some("write `audience \"Label\"`".to_string()),
                );
            }
        };
        let (Some((row, dimension)), Some(window)) = (row, window) else {
            return error_expr(span);
        };
        match self.audience_for_history(label, dimension) {
            Some(audience) => {
                Expr::condition(ExprKind::Moved { entered, audience, row, window }, span)
            }
            None => error_expr(span),
        }
    }

    /// A to-one link from one dimension to another, for help.
    pub(in crate::check) fn link_between(&mut self, from: DimId, to: DimId) -> Option<String> {
        for name in self.link_names(from) {
            if let Some(Some(link)) = self.find_link(from, &name)
                && self.program[link].to == to
                && self.program[link].to_one
            {
                return Some(name);
            }
        }
        None
    }

    pub(in crate::check) fn member_row(
        &mut self,
        row: Option<&ast::Path>,
        scope: &Scope,
        span: Span,
    ) -> Option<(Row, DimId)> {
        match row {
            None => match scope.levels.last() {
                Some(level) => {
                    let dimension = level.dimension?;
                    Some((level.row.clone(), dimension))
                }
                None => {
                    self.wrong(
                        name_codes::UNKNOWN_COLUMN,
                        "There is no row here that could be a member",
                        span,
                        "no row",
                        None,
                    );
                    None
                }
            },
            Some(path) => {
                // The name of a row in scope is the row itself.
                if let [name] = path.parts.as_slice()
                    && let Some(level) =
                        scope.levels.iter().rev().find(|l| l.names.contains(&name.node))
                    && !self.is_link(scope, &name.node)
                {
                    let dimension = level.dimension?;
                    return Some((level.row.clone(), dimension));
                }
                match self.meaning(path, scope) {
                    Meaning::Row { row, dimension } => Some((row, dimension)),
                    Meaning::Value(value) => {
                        if value.ty != Type::Error {
                            let written = crate::check::binder::dotted(path);
                            self.wrong(
                                codes::OPERAND,
                                format!("`{written}` is a value, not a row"),
                                path.span,
                                "a link to one row is needed",
                                Some("write the link, or nothing for this row".to_string()),
                            );
                        }
                        None
                    }
                    Meaning::Many { .. } => {
                        let written = crate::check::binder::dotted(path);
                        self.wrong(
                            codes::MANY_ROWS,
                            format!("`{written}` leads to many rows"),
                            path.span,
                            "a link to one row is needed",
                            Some(format!("write `any {written} where in …`")),
                        );
                        None
                    }
                }
            }
        }
    }

    pub(in crate::check) fn is_link(&mut self, scope: &Scope, name: &str) -> bool {
        match scope.levels.last().and_then(|l| l.dimension) {
            Some(dimension) => self.find_link(dimension, name).is_some(),
            None => false,
        }
    }
}
