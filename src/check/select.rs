//! `select`: what a population carries, and what an export writes.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::{names as name_codes, plan as codes, types as type_codes};
use crate::model::expr::{Expr, ExprKind, Population, Row};
use crate::model::program::CarriedColumn;
use crate::model::types::Type;
use crate::source::Span;
use crate::syntax::ast;

use super::binder::{Binder, Input, Rows};
use super::expr::describe;

impl Binder<'_> {
    pub(super) fn bind_select(
        &mut self,
        select: Option<&ast::Select>,
        input: &Input,
        rows: &Rows,
        with_key: bool,
    ) -> Vec<(CarriedColumn, Expr)> {
        let mut columns: Vec<(CarriedColumn, Expr)> = Vec::new();
        let mut places: Vec<Span> = Vec::new();
        let star = select.is_none_or(|s| s.star.is_some());
        if star {
            let at = select.and_then(|s| s.star).unwrap_or(input.span);
            let frame = rows.0.levels.first().map_or(0, |l| l.row.frame);
            // A file of rows that nothing identifies is no use: there `*` means the key too.
            let key = input.dimension.filter(|_| with_key).map(|d| &self.program[d]);
            for (column, found) in
                key.iter().flat_map(|d| d.key.iter().map(|&k| (k, &d.columns[k])))
            {
                let carried = CarriedColumn { name: found.name.clone(), ty: found.ty.clone() };
                let kind = ExprKind::Column { row: Row::frame(frame), column };
                columns.push((carried, Expr::new(kind, found.ty.clone(), at)));
                places.push(at);
            }
            for (index, column) in input.columns.iter().enumerate() {
                let kind = ExprKind::Carried { frame, index };
                columns.push((column.clone(), Expr::new(kind, column.ty.clone(), at)));
                places.push(at);
            }
            // Of a dimension's rows `*` keeps all there is; without it they carry their key alone.
            if let (Population::Dimension(d), true) = (&input.population, select.is_some()) {
                let dimension = &self.program[*d];
                for (column, found) in dimension.columns.iter().enumerate() {
                    if dimension.key.contains(&column) {
                        continue;
                    }
                    let carried = CarriedColumn { name: found.name.clone(), ty: found.ty.clone() };
                    let kind = ExprKind::Column { row: Row::frame(frame), column };
                    columns.push((carried, Expr::new(kind, found.ty.clone(), at)));
                    places.push(at);
                }
            }
        }
        let from_star = columns.len();
        let keys: Vec<(String, usize)> = input.dimension.map_or_else(Vec::new, |d| {
            let dimension = &self.program[d];
            dimension.key.iter().map(|&k| (dimension.columns[k].name.clone(), k)).collect()
        });
        for item in select.map_or(&[][..], |s| &s.items) {
            let bound = self.bind_value(&item.expr, &rows.0);
            let (name, span) = match (&item.alias, &*item.expr.kind) {
                (Some(alias), _) => (alias.node.clone(), alias.span),
                (None, ast::ExprKind::Path(path)) => {
                    let Some(last) = path.parts.last() else { continue };
                    (last.node.clone(), last.span)
                }
                (None, ast::ExprKind::Invalid) => continue,
                (None, _) => {
                    self.report(
                        Diagnostic::error(type_codes::NEEDS_NAME, "A selected value has no name")
                            .label(item.expr.span, "a name is needed")
                            .help(format!("add `as NAME` behind `{}`", describe(&item.expr))),
                    );
                    continue;
                }
            };
            if bound.ty == Type::Duration {
                self.wrong(
                    type_codes::OPERAND,
                    "A column is never a duration",
                    item.expr.span,
                    "this is a duration",
                    None,
                );
                continue;
            }
            if !with_key
                && let Some((_, key)) =
                    keys.iter().find(|(k, _)| k.to_lowercase() == name.to_lowercase())
            {
                // The key is always there; anything else of its name would hide it.
                if !is_own_column(&bound, *key) && bound.ty != Type::Error {
                    self.report(
                        Diagnostic::error(
                            codes::COLUMN_TWICE,
                            format!("`{name}` is the key's column"),
                        )
                        .label(span, "another value of its name")
                        .help("choose another name with `as`"),
                    );
                }
                continue;
            }
            if let Some(at) =
                columns.iter().position(|(c, _)| c.name.to_lowercase() == name.to_lowercase())
            {
                // Selecting again what `*` keeps changes nothing.
                if at < from_star && columns[at].1 == bound {
                    continue;
                }
                self.report(
                    Diagnostic::error(
                        codes::COLUMN_TWICE,
                        format!("Two columns have the name `{name}`"),
                    )
                    .label(span, "again")
                    .label(places[at], "here")
                    .help("choose another name with `as`"),
                );
                continue;
            }
            let ty = match &bound.ty {
                // A column of nothing but missing values is a text.
                Type::Missing => Type::Text,
                ty => ty.clone(),
            };
            places.push(span);
            columns.push((CarriedColumn { name, ty }, bound));
        }
        columns
    }

    /// Whether a name is a carried column of an input; reports where it is not.
    pub fn carried_column(&mut self, name: &ast::Name, input: &Input) -> Option<usize> {
        let found =
            super::scope::find_name(&name.node, input.columns.iter().map(|c| c.name.as_str()));
        match found {
            super::scope::Found::One(index) => Some(index),
            super::scope::Found::Several(fitting) => {
                self.several_columns(&name.node, name.span, &fitting);
                None
            }
            super::scope::Found::None => {
                let choices: Vec<&str> = input.columns.iter().map(|c| c.name.as_str()).collect();
                let title = format!("`{}` does not carry `{}`", input.name, name.node);
                self.unknown(
                    name_codes::UNKNOWN_COLUMN,
                    title,
                    name.span,
                    &name.node,
                    "columns",
                    &choices,
                );
                None
            }
        }
    }
}

/// Whether a value is the row's own key column.
fn is_own_column(bound: &Expr, key: usize) -> bool {
    matches!(&*bound.kind, ExprKind::Column { row, column } if row.links.is_empty() && *column == key)
}
