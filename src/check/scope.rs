//! What a name means where it stands: rows in scope, columns, definitions, file-level names.
//!
//! A scope is a stack of levels, one per row that can be spoken of. A bare name is looked up in
//! the innermost level only; the rows around it are reached by the name of their dimension, their
//! link or their transition.

use std::collections::HashMap;
use std::rc::Rc;

use crate::diagnostic::codes::{names as codes, types as type_codes};
use crate::diagnostic::{Diagnostic, suggest};
use crate::model::expr::{Expr, ExprKind, Row};
use crate::model::program::{CarriedColumn, DimId, LinkId, Program};
use crate::model::types::Type;
use crate::source::Span;
use crate::syntax::ast;

use super::binder::{Binder, dotted, error_expr};
use super::files::Entity;

/// The rows and names that an expression can speak of.
#[derive(Clone)]
pub(super) struct Scope {
    /// Whose file's names are seen.
    pub file: usize,
    /// Outermost first.
    pub levels: Vec<Level>,
    /// The parameters of the definition that is being expanded.
    pub locals: Rc<HashMap<String, Expr>>,
    /// The first number not used by a row in scope.
    pub next_frame: u16,
    /// Whether populations can be counted: `expect`, `only if`.
    pub facts: bool,
}

/// One row in scope.
#[derive(Clone)]
pub(super) struct Level {
    pub row: Row,
    /// The dimension of the row; `None` for members whose dimension is not declared.
    pub dimension: Option<DimId>,
    /// The columns that the population in this frame carries.
    pub carried: Rc<Vec<CarriedColumn>>,
    /// What the row can be called from further inside.
    pub names: Vec<String>,
}

impl Scope {
    pub fn empty(file: usize) -> Self {
        Scope { file, levels: Vec::new(), locals: Rc::default(), next_frame: 0, facts: false }
    }

    pub fn of(file: usize, level: Level) -> Self {
        let next_frame = level.row.frame + 1;
        Scope { file, levels: vec![level], locals: Rc::default(), next_frame, facts: false }
    }
}

impl Level {
    pub fn dimension(program: &Program, dimension: DimId, row: Row) -> Self {
        Level {
            row,
            dimension: Some(dimension),
            carried: Rc::default(),
            names: vec![program[dimension].name.clone()],
        }
    }

    pub fn without_dimension(row: Row) -> Self {
        Level { row, dimension: None, carried: Rc::default(), names: Vec::new() }
    }
}

/// What a path stands for.
pub(super) enum Meaning {
    /// A value, or an error that was reported.
    Value(Expr),
    /// The row that a to-one link leads to.
    Row { row: Row, dimension: DimId },
    /// A link to many rows, at this part of the path.
    Many { link: LinkId, at: usize, row: Row },
}

/// A name among names that differ by case.
pub(super) enum Found<T> {
    One(T),
    None,
    Several(Vec<String>),
}

/// Exact first, then ignoring case when only one fits.
pub(super) fn find_name<'n>(
    written: &str,
    names: impl Iterator<Item = &'n str> + Clone,
) -> Found<usize> {
    if let Some(at) = names.clone().position(|n| n == written) {
        return Found::One(at);
    }
    let folded = written.to_lowercase();
    let fitting: Vec<(usize, &str)> =
        names.enumerate().filter(|(_, n)| n.to_lowercase() == folded).collect();
    match fitting.as_slice() {
        [] => Found::None,
        [(at, _)] => Found::One(*at),
        several => Found::Several(several.iter().map(|(_, n)| n.to_string()).collect()),
    }
}

impl Binder<'_> {
    /// The index of a column of a dimension.
    pub(super) fn find_column(&self, dimension: DimId, name: &str) -> Found<usize> {
        find_name(name, self.program[dimension].columns.iter().map(|c| c.name.as_str()))
    }

    pub(super) fn column_expr(
        &self,
        dimension: DimId,
        row: &Row,
        column: usize,
        span: Span,
    ) -> Expr {
        let ty = self.program[dimension].columns[column].ty.clone();
        Expr::new(ExprKind::Column { row: row.clone(), column }, ty, span)
    }

    pub(super) fn several_columns(&mut self, name: &str, span: Span, fitting: &[String]) -> Expr {
        let list = suggest::choices(fitting.iter().map(String::as_str)).unwrap_or_default();
        self.wrong(
            codes::AMBIGUOUS,
            format!("`{name}` fits several columns: {list}"),
            span,
            "spelled like none of them",
            Some("write the column exactly as its source spells it".to_string()),
        )
    }

    /// The value of a path.
    pub(super) fn bind_path(&mut self, path: &ast::Path, scope: &Scope) -> Expr {
        match self.meaning(path, scope) {
            Meaning::Value(expr) => expr,
            Meaning::Row { dimension, .. } => {
                let written = dotted(path);
                let column = self.program[dimension]
                    .columns
                    .first()
                    .map_or_else(|| "column".to_string(), |c| c.name.clone());
                self.wrong(
                    codes::NOT_A_VALUE,
                    format!("`{written}` is a row, not a value"),
                    path.span,
                    "a column of the row is needed",
                    Some(format!("name a column: `{written}.{column}`")),
                )
            }
            Meaning::Many { at, .. } => {
                let link =
                    dotted(&ast::Path { parts: path.parts[..=at].to_vec(), span: path.span });
                if at + 1 == path.parts.len() {
                    self.wrong(
                        codes::NOT_A_VALUE,
                        format!("`{link}` leads to many rows and is not a value"),
                        path.span,
                        "linked rows",
                        Some(format!("write `any {link}` or `count({link})`")),
                    )
                } else {
                    let rest = dotted(&ast::Path {
                        parts: path.parts[at + 1..].to_vec(),
                        span: path.span,
                    });
                    self.wrong(
                        type_codes::MANY_ROWS,
                        format!("`{link}` leads to many rows, so `{rest}` is not one value"),
                        path.span,
                        "one value is needed",
                        Some(format!("write `max({rest} of {link})` or `any {link} where …`")),
                    )
                }
            }
        }
    }

    /// What a path stands for. Reports what does not exist.
    pub(super) fn meaning(&mut self, path: &ast::Path, scope: &Scope) -> Meaning {
        match path.parts.as_slice() {
            [name] => self.meaning_of_name(name, scope),
            _ => self.meaning_of_path(path, scope),
        }
    }

    fn meaning_of_name(&mut self, name: &ast::Name, scope: &Scope) -> Meaning {
        if let Some(local) = scope.locals.get(&name.node) {
            let mut expr = local.clone();
            expr.span = name.span;
            return Meaning::Value(expr);
        }
        let entry = self.entity(scope.file, &name.node);
        let level = scope.levels.last().cloned();
        if let Some(level) = &level {
            match find_name(&name.node, level.carried.iter().map(|c| c.name.as_str())) {
                Found::One(index) => {
                    // A population's columns are named in the script, so only names that are
                    // values of their own can be meant instead.
                    if let Some(entry) = &entry
                        && self.is_plain_value(&entry.entity)
                    {
                        return self.two_meanings(name, entry.entity.kind(), entry.span, None);
                    }
                    let ty = level.carried[index].ty.clone();
                    let kind = ExprKind::Carried { frame: level.row.frame, index };
                    return Meaning::Value(Expr::new(kind, ty, name.span));
                }
                Found::Several(fitting) => {
                    return Meaning::Value(self.several_columns(&name.node, name.span, &fitting));
                }
                Found::None => {}
            }
            if let Some(dimension) = level.dimension {
                match self.find_column(dimension, &name.node) {
                    Found::One(column) => {
                        if let Some(entry) = &entry
                            && entry.entity != Entity::Error
                        {
                            let of = level.names.last().cloned();
                            return self.two_meanings(name, entry.entity.kind(), entry.span, of);
                        }
                        let row = level.row.clone();
                        return Meaning::Value(
                            self.column_expr(dimension, &row, column, name.span),
                        );
                    }
                    Found::Several(fitting) => {
                        return Meaning::Value(
                            self.several_columns(&name.node, name.span, &fitting),
                        );
                    }
                    Found::None => {}
                }
            }
        }
        if let Some(entry) = &entry {
            match &entry.entity {
                Entity::Error => return Meaning::Value(error_expr(name.span)),
                Entity::Param(id) => {
                    let ty = self.program[*id].ty.clone();
                    return Meaning::Value(Expr::new(ExprKind::Param(*id), ty, name.span));
                }
                Entity::Define(file, statement) => {
                    return Meaning::Value(self.use_definition(
                        (*file, *statement),
                        &[],
                        name,
                        level.as_ref(),
                        scope,
                    ));
                }
                Entity::Database(_) | Entity::Dimension(..) | Entity::Transition(_) => {}
            }
        }
        if let Some(level) = &level
            && let Some(dimension) = level.dimension
            && let Some(link) = self.find_link(dimension, &name.node)
        {
            return match link {
                None => Meaning::Value(error_expr(name.span)),
                Some(link) if self.program[link].to_one => {
                    let mut row = level.row.clone();
                    row.links.push(link);
                    Meaning::Row { row, dimension: self.program[link].to }
                }
                Some(link) => Meaning::Many { link, at: 0, row: level.row.clone() },
            };
        }
        if self.may_exist(scope.file, &name.node) {
            return Meaning::Value(error_expr(name.span));
        }
        if let Some(entry) = entry {
            let kind = entry.entity.kind();
            return Meaning::Value(self.wrong(
                codes::NOT_A_VALUE,
                format!("`{}` is a {kind}, not a value", name.node),
                name.span,
                "a value is needed",
                None,
            ));
        }
        Meaning::Value(self.unknown_column(name, scope))
    }

    fn unknown_column(&mut self, name: &ast::Name, scope: &Scope) -> Expr {
        let Some(level) = scope.levels.last() else {
            let values = self.value_names(scope.file, None);
            let help =
                suggest::unknown_name(&name.node, "names", values.iter().map(String::as_str));
            return self.wrong(
                codes::UNKNOWN_COLUMN,
                format!("`{}` is not defined", name.node),
                name.span,
                "not known",
                help,
            );
        };
        // A row further out may have it: scopes never search outward, but the help can.
        for outer in scope.levels.iter().rev().skip(1) {
            let carried = find_name(&name.node, outer.carried.iter().map(|c| c.name.as_str()));
            let live = outer.dimension.map(|d| self.find_column(d, &name.node));
            if (matches!(carried, Found::One(_)) || matches!(live, Some(Found::One(_))))
                && let Some(outer_name) = outer.names.first()
            {
                let here = level.names.last().cloned().unwrap_or_default();
                return self.wrong(
                    codes::UNKNOWN_COLUMN,
                    format!("`{}` is not a column of `{here}`", name.node),
                    name.span,
                    "a bare name is the linked row",
                    Some(format!("write `{outer_name}.{}`", name.node)),
                );
            }
        }
        let mut candidates: Vec<String> = level.carried.iter().map(|c| c.name.clone()).collect();
        if let Some(dimension) = level.dimension {
            candidates.extend(self.program[dimension].columns.iter().map(|c| c.name.clone()));
        }
        let mut seen = std::collections::HashSet::new();
        candidates.retain(|c| seen.insert(c.clone()));
        let columns = candidates.clone();
        candidates.extend(self.value_names(scope.file, level.dimension));
        let linked = level.dimension.and_then(|d| self.linked_column(d, &name.node));
        let help = linked
            .or_else(|| {
                let near = suggest::nearest(&name.node, candidates.iter().map(String::as_str))?;
                Some(format!("did you mean `{near}`?"))
            })
            .or_else(|| {
                suggest::choices(columns.iter().map(String::as_str))
                    .map(|list| format!("use one of the columns: {list}"))
            });
        let title = match level.names.last() {
            Some(of) => format!("`{}` is not a column of `{of}`", name.node),
            None => format!("`{}` is not a column of these rows", name.node),
        };
        self.wrong(codes::UNKNOWN_COLUMN, title, name.span, "not known", help)
    }

    /// How a column is reached that only linked rows have.
    fn linked_column(&self, dimension: DimId, name: &str) -> Option<String> {
        let has = |l: &&crate::model::program::Link| {
            l.from == dimension
                && !l.name.is_empty()
                && self.program[l.to].columns.iter().any(|c| c.name == name)
        };
        let links = || self.program.links.iter().filter(has);
        let link = links().find(|l| l.to_one).or_else(|| links().next())?;
        Some(match link.to_one {
            true => format!("write `{}.{name}`", link.name),
            false => format!("write `any {0} where ({name} …)` or `max({name} of {0})`", link.name),
        })
    }

    /// Parameters, constants and the definitions of a dimension, for suggestions.
    fn value_names(&self, file: usize, dimension: Option<DimId>) -> Vec<String> {
        let Some(space) = self.root.spaces.get(&file) else { return Vec::new() };
        space.names_where(|e| match e {
            Entity::Param(_) => true,
            Entity::Define(f, s) => {
                let on = self.definition_dimension(*f, *s);
                on.is_none() || (dimension.is_some() && on == Some(dimension))
            }
            _ => false,
        })
    }

    /// A parameter or a constant.
    fn is_plain_value(&self, entity: &Entity) -> bool {
        match entity {
            Entity::Param(_) => true,
            Entity::Define(f, s) => self.definition_dimension(*f, *s).is_none(),
            _ => false,
        }
    }

    fn two_meanings(
        &mut self,
        name: &ast::Name,
        kind: &str,
        other: Span,
        of: Option<String>,
    ) -> Meaning {
        let help = match of {
            Some(of) => format!("write `{of}.{0}` for the column, or rename the {kind}", name.node),
            None => format!("rename the column with `as`, or the {kind}"),
        };
        self.report(
            Diagnostic::error(
                codes::AMBIGUOUS,
                format!("`{}` is both a column and a {kind}", name.node),
            )
            .label(name.span, "which of the two?")
            .label(other, format!("the {kind}"))
            .help(help),
        );
        Meaning::Value(error_expr(name.span))
    }

    fn meaning_of_path(&mut self, path: &ast::Path, scope: &Scope) -> Meaning {
        let first = &path.parts[0];
        if let Some(local) = scope.locals.get(&first.node).cloned() {
            return Meaning::Value(self.field_of(local, &path.parts[1..], path.span));
        }
        let Some(level) = scope.levels.last().cloned() else {
            if self.may_exist(scope.file, &first.node) {
                return Meaning::Value(error_expr(path.span));
            }
            let title = format!("`{}` has no row here", dotted(path));
            return Meaning::Value(self.wrong(
                codes::UNKNOWN_COLUMN,
                title,
                path.span,
                "no rows to speak of",
                None,
            ));
        };
        // The row's own columns with parts, and its links.
        let mut candidates: Vec<(&'static str, Meaning)> = Vec::new();
        let carried = find_name(&first.node, level.carried.iter().map(|c| c.name.as_str()));
        if let Found::One(index) = carried
            && has_parts(&level.carried[index].ty)
        {
            let ty = level.carried[index].ty.clone();
            let kind = ExprKind::Carried { frame: level.row.frame, index };
            let column = Expr::new(kind, ty, first.span);
            return Meaning::Value(self.field_of(column, &path.parts[1..], path.span));
        }
        if let Some(dimension) = level.dimension {
            if let Found::One(column) = self.find_column(dimension, &dotted(path)) {
                let row = level.row.clone();
                let column = self.column_expr(dimension, &row, column, path.span);
                candidates.push(("column", Meaning::Value(column)));
            }
            if let Found::One(column) = self.find_column(dimension, &first.node)
                && has_parts(&self.program[dimension].columns[column].ty)
            {
                let row = level.row.clone();
                let column = self.column_expr(dimension, &row, column, first.span);
                candidates.push(("column with parts", Meaning::Value(column)));
            }
            if let Some(link) = self.find_link(dimension, &first.node) {
                match link {
                    None => return Meaning::Value(error_expr(path.span)),
                    Some(link) if self.program[link].to_one => {
                        let mut row = level.row.clone();
                        row.links.push(link);
                        let dimension = self.program[link].to;
                        candidates.push(("link", Meaning::Row { row, dimension }));
                    }
                    Some(link) => {
                        let row = level.row.clone();
                        candidates.push(("link", Meaning::Many { link, at: 0, row }));
                    }
                }
            }
        }
        if candidates.len() > 1 {
            let written = dotted(path);
            let kinds: Vec<&str> = candidates.iter().map(|(k, _)| *k).collect();
            return Meaning::Value(self.wrong(
                codes::AMBIGUOUS,
                format!("`{written}` is both a {} and a {}", kinds[0], kinds[1]),
                path.span,
                "which of the two?",
                Some(format!(
                    "write `` `{written}` `` in backticks for the column, or rename the link"
                )),
            ));
        }
        match candidates.pop() {
            Some(("column", value)) => return value,
            Some((_, Meaning::Value(column))) => {
                return Meaning::Value(self.field_of(column, &path.parts[1..], path.span));
            }
            Some((_, Meaning::Row { row, dimension })) => {
                return self.walk(path, 1, row, dimension, scope);
            }
            Some((_, many)) => return many,
            None => {}
        }
        // The rows in scope, by their names.
        let mut named =
            scope.levels.iter().rev().filter(|l| l.names.iter().any(|n| n == &first.node));
        if let Some(level) = named.next() {
            if named.next().is_some() {
                let rest = dotted(&ast::Path { parts: path.parts[1..].to_vec(), span: path.span });
                return Meaning::Value(self.wrong(
                    codes::AMBIGUOUS,
                    format!("Two rows in scope are called `{}`", first.node),
                    first.span,
                    "which of the two?",
                    Some(format!(
                        "write `{rest}` for the linked row; build from a transition to name the other"
                    )),
                ));
            }
            let level = level.clone();
            return self.walk_level(path, &level, scope);
        }
        if self.may_exist(scope.file, &first.node) {
            return Meaning::Value(error_expr(path.span));
        }
        let mut known: Vec<String> = Vec::new();
        if let Some(dimension) = level.dimension {
            known.extend(self.link_names(dimension));
        }
        known.extend(scope.levels.iter().flat_map(|l| l.names.iter().cloned()));
        let here = level.names.last().cloned().unwrap_or_else(|| "these rows".to_string());
        let entry = self.entity(scope.file, &first.node);
        if let Some(entry) = &entry
            && entry.entity == Entity::Error
        {
            return Meaning::Value(error_expr(path.span));
        }
        let help = suggest::unknown_name(&first.node, "links", known.iter().map(String::as_str));
        let title = match level.dimension.map(|d| self.find_column(d, &first.node)) {
            Some(Found::One(_)) => format!("`{}` is a column without parts", first.node),
            _ => format!("`{}` is not a link of `{here}`", first.node),
        };
        Meaning::Value(self.wrong(codes::UNKNOWN_LINK, title, first.span, "not known", help))
    }

    /// A path whose first part names a row in scope.
    fn walk_level(&mut self, path: &ast::Path, level: &Level, scope: &Scope) -> Meaning {
        let second = &path.parts[1];
        // `abandoned.basket` is what the transition carries, `customers.country` the live column.
        let dimension_name = level.dimension.map(|d| self.program[d].name.clone());
        let by_dimension =
            dimension_name.as_deref() == Some(path.parts[0].node.as_str()) && level.names.len() > 1;
        if !by_dimension
            && let Found::One(index) =
                find_name(&second.node, level.carried.iter().map(|c| c.name.as_str()))
        {
            let ty = level.carried[index].ty.clone();
            let kind = ExprKind::Carried { frame: level.row.frame, index };
            let column = Expr::new(kind, ty, path.span);
            return Meaning::Value(self.field_of(column, &path.parts[2..], path.span));
        }
        match level.dimension {
            Some(dimension) => self.walk(path, 1, level.row.clone(), dimension, scope),
            None => {
                Meaning::Value(self.unknown_column(
                    second,
                    &Scope { levels: vec![level.clone()], ..scope.clone() },
                ))
            }
        }
    }

    /// Follows the parts of a path from `at` over a row of a dimension.
    fn walk(
        &mut self,
        path: &ast::Path,
        at: usize,
        row: Row,
        dimension: DimId,
        scope: &Scope,
    ) -> Meaning {
        let Some(part) = path.parts.get(at) else { return Meaning::Row { row, dimension } };
        let rest = &path.parts[at + 1..];
        match self.find_column(dimension, &part.node) {
            Found::One(column) => {
                let ty = self.program[dimension].columns[column].ty.clone();
                if rest.is_empty() || has_parts(&ty) {
                    let column = self.column_expr(dimension, &row, column, path.span);
                    return Meaning::Value(self.field_of(column, rest, path.span));
                }
            }
            Found::Several(fitting) => {
                return Meaning::Value(self.several_columns(&part.node, part.span, &fitting));
            }
            Found::None => {}
        }
        if let Some(link) = self.find_link(dimension, &part.node) {
            return match link {
                None => Meaning::Value(error_expr(path.span)),
                Some(link) if self.program[link].to_one => {
                    let mut row = row;
                    row.links.push(link);
                    let to = self.program[link].to;
                    self.walk(path, at + 1, row, to, scope)
                }
                Some(link) => Meaning::Many { link, at, row },
            };
        }
        if rest.is_empty()
            && let Some(entry) = self.entity(scope.file, &part.node)
            && let Entity::Define(file, statement) = entry.entity
        {
            let target = Level::dimension(&self.program, dimension, row);
            return Meaning::Value(self.use_definition(
                (file, statement),
                &[],
                part,
                Some(&target),
                scope,
            ));
        }
        if self.may_exist(scope.file, &part.node) {
            return Meaning::Value(error_expr(path.span));
        }
        let of = self.program[dimension].name.clone();
        let (code, what, candidates) = if rest.is_empty() {
            let mut names: Vec<String> =
                self.program[dimension].columns.iter().map(|c| c.name.clone()).collect();
            names.extend(self.root.spaces.get(&scope.file).map_or_else(Vec::new, |s| {
                s.names_where(|e| match e {
                    Entity::Define(f, d) => {
                        self.definition_dimension(*f, *d) == Some(Some(dimension))
                    }
                    _ => false,
                })
            }));
            (codes::UNKNOWN_COLUMN, "column", names)
        } else {
            (codes::UNKNOWN_LINK, "link", self.link_names(dimension))
        };
        let help = suggest::unknown_name(
            &part.node,
            &format!("{what}s"),
            candidates.iter().map(String::as_str),
        );
        Meaning::Value(self.wrong(
            code,
            format!("`{}` is not a {what} of `{of}`", part.node),
            part.span,
            "not known",
            help,
        ))
    }

    /// A part of a struct or a JSON document.
    fn field_of(&mut self, value: Expr, parts: &[ast::Name], span: Span) -> Expr {
        if parts.is_empty() {
            return value;
        }
        let mut ty = value.ty.clone();
        let mut names = Vec::new();
        for part in parts {
            ty = match ty {
                Type::Json => Type::Json,
                Type::Error => return error_expr(span),
                Type::Struct(fields) => {
                    match find_name(&part.node, fields.iter().map(|(n, _)| n.as_str())) {
                        Found::One(at) => {
                            names.push(fields[at].0.clone());
                            let (_, field) = fields[at].clone();
                            ty = field;
                            continue;
                        }
                        _ => {
                            let help = suggest::unknown_name(
                                &part.node,
                                "parts",
                                fields.iter().map(|(n, _)| n.as_str()),
                            );
                            return self.wrong(
                                codes::UNKNOWN_COLUMN,
                                format!("`{}` is not a part of the column", part.node),
                                part.span,
                                "not known",
                                help,
                            );
                        }
                    }
                }
                other => {
                    return self.wrong(
                        codes::UNKNOWN_COLUMN,
                        format!("A value of type {other} has no part `{}`", part.node),
                        part.span,
                        "not a struct or json",
                        None,
                    );
                }
            };
            names.push(part.node.clone());
        }
        Expr::new(ExprKind::Field(value, names), ty, span)
    }

    /// The dimension a definition speaks of: `None` for a constant, `Some(None)` when its
    /// dimension is wrong and reported.
    pub(super) fn definition_dimension(
        &self,
        file: usize,
        statement: usize,
    ) -> Option<Option<DimId>> {
        let ast::StatementKind::Define(define) = &self.files[file].ast.statements[statement].kind
        else {
            return None;
        };
        let on = define.on.as_ref()?;
        Some(match self.entity(file, &on.node).map(|e| e.entity) {
            Some(Entity::Dimension(f, s)) => self.root.dimensions.get(&(f, s)).copied().flatten(),
            _ => self.root.tables.get(&on.node).copied().flatten(),
        })
    }
}

/// Whether values of a type have parts that a path can name.
fn has_parts(ty: &Type) -> bool {
    matches!(ty, Type::Json | Type::Struct(_) | Type::Error)
}
