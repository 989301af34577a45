//! Expressions over relations: columns of the params document, visible or hidden.

use serde_json::{Map, Value as Json, json};

use crate::check::binder::{Binder, Input};
use crate::model::expr::{Expr, ExprKind, Row};
use crate::model::types::Type;
use crate::source::Span;
use crate::syntax::ast;

use super::super::bound::{RelationRows, never_missing};
use super::super::manifest::Constant;
use super::super::wire;
use super::words::in_words;
use super::{Reader, ungrouped};

impl Reader<'_> {
    /// The relation of a name. `None` for one whose own parameter was left out or wrong: that was
    /// reported, or a rule of the manifest reports it.
    pub(super) fn relation(&mut self, name: &str) -> Option<usize> {
        let at = self.relations.iter().position(|r| r.name == name);
        if at.is_none() {
            self.fine = false;
        }
        at
    }

    pub(super) fn over(
        &mut self,
        of: &str,
        expr: &ast::Expr,
        binder: &mut Binder<'_>,
    ) -> Option<(usize, Expr)> {
        let at = self.relation(of)?;
        let scope = self.scopes[at].clone();
        let bound = binder.value(expr, &scope);
        if bound.ty == Type::Error {
            self.fine = false;
            return None;
        }
        Some((at, bound))
    }

    pub(super) fn fits(
        &mut self,
        accepts: &[String],
        bound: &Expr,
        name: &str,
        span: Span,
        binder: &mut Binder<'_>,
    ) -> bool {
        if bound.ty != Type::Duration && wire::accepts(accepts, &bound.ty) {
            return true;
        }
        self.of_wrong_type(accepts, &bound.ty, name, span, binder);
        false
    }

    /// A column record for an expression: a visible column where it is just that, else a hidden one.
    pub(super) fn record(
        &mut self,
        at: usize,
        bound: Expr,
        hide: bool,
        binder: &mut Binder<'_>,
    ) -> Map<String, Json> {
        let program = binder.program();
        let relation = &self.relations[at];
        let key = match &relation.rows {
            RelationRows::Link { .. } => None,
            RelationRows::Input { dimension, .. } | RelationRows::Dimension { dimension, .. } => {
                Some(*dimension)
            }
        };
        let nullable = !never_missing(program, key, &bound);
        let visible = match (&relation.rows, &*bound.kind) {
            _ if hide => None,
            (RelationRows::Input { input, .. }, ExprKind::Carried { frame: 0, index }) => {
                input.columns.get(*index).map(|c| c.name.clone())
            }
            (RelationRows::Input { dimension, .. }, ExprKind::Column { row, column })
                if *row == Row::frame(0) && program[*dimension].key.contains(column) =>
            {
                Some(program[*dimension].columns[*column].name.clone())
            }
            _ => None,
        };
        let ty = wire::type_text(&bound.ty);
        let column = match visible {
            Some(column) => column,
            None => self.hide(at, bound),
        };
        let mut record = Map::new();
        record.insert("column".into(), json!(column));
        record.insert("type".into(), json!(ty));
        record.insert("nullable".into(), json!(nullable));
        record
    }

    pub(super) fn hide(&mut self, at: usize, bound: Expr) -> String {
        if let Some((name, _)) = self.relations[at].hidden.iter().find(|(_, e)| *e == bound) {
            return name.clone();
        }
        let name = self.fresh('p');
        self.relations[at].hidden.push((name.clone(), bound));
        name
    }

    /// A hidden name that no column of the inputs has.
    pub(super) fn fresh(&mut self, letter: char) -> String {
        loop {
            let counter = match letter {
                's' => &mut self.keys[0],
                't' => &mut self.keys[1],
                _ => &mut self.hidden,
            };
            let name = format!("__{letter}{counter}");
            *counter += 1;
            let taken = |input: &Input| input.columns.iter().any(|c| c.name.to_lowercase() == name);
            if !self.inputs.iter().any(taken) {
                return name;
            }
        }
    }

    /// Records that a parameter mentions a column, for faults that a plugin finds in it.
    pub(super) fn mentions(&mut self, at: usize, record: &Map<String, Json>, span: Span) {
        let relation = self.relations[at].name.clone();
        if let Some(column) = record.get("column").and_then(Json::as_str) {
            self.places.insert(format!("inputs.{relation}.columns.{column}"), span);
        }
    }

    pub(super) fn rule(&mut self, at: usize, bound: Expr, binder: &mut Binder<'_>) -> Option<Json> {
        if bound.ty == Type::Error {
            self.fine = false;
            return None;
        }
        // A column that can be missing does not hold then.
        let bound = if bound.is_condition() {
            bound
        } else {
            let span = bound.span;
            Expr::condition(ExprKind::And(vec![bound]), span)
        };
        let mut record = self.record(at, bound, true, binder);
        record.insert("nullable".into(), json!(false));
        Some(Json::Object(record))
    }

    pub(super) fn sort(
        &mut self,
        of: &[String],
        expr: &ast::Expr,
        descending: bool,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let (at, bound) = match of {
            [only] => {
                let at = self.relation(only)?;
                let scope = self.scopes[at].clone();
                let sort = ast::Sort { expr: expr.clone(), descending };
                let sorts = binder.sorts(std::slice::from_ref(&sort), &scope);
                (at, sorts.into_iter().next()?.expr)
            }
            several => {
                let there: Vec<usize> = several
                    .iter()
                    .filter_map(|of| self.relations.iter().position(|r| &r.name == of))
                    .collect();
                let mut found = None;
                let mut first_wrong = None;
                for at in there {
                    let scope = self.scopes[at].clone();
                    let sort = ast::Sort { expr: expr.clone(), descending };
                    match binder.attempt(|b| b.sorts(std::slice::from_ref(&sort), &scope)) {
                        Ok(sorts) => {
                            found = sorts.into_iter().next().map(|s| (at, s.expr));
                            break;
                        }
                        Err(wrong) => {
                            first_wrong.get_or_insert(wrong);
                        }
                    }
                }
                if found.is_none() {
                    self.fine = false;
                    let wrong = first_wrong.into_iter().flatten();
                    wrong.for_each(|d| binder.report(d));
                }
                found?
            }
        };
        if bound.ty == Type::Error {
            self.fine = false;
            return None;
        }
        let mut record = self.record(at, bound, false, binder);
        self.mentions(at, &record, expr.span);
        record.insert("desc".into(), json!(descending));
        if of.len() > 1 {
            record.insert("of".into(), json!(self.relations[at].name));
        }
        Some(Json::Object(record))
    }

    pub(super) fn column(
        &mut self,
        of: &str,
        accepts: &[String],
        expr: &ast::Expr,
        name: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let at = self.relation(of)?;
        let path = match &*ungrouped(expr).kind {
            ast::ExprKind::Path(path) if path.parts.len() == 1 => path.parts[0].clone(),
            _ => {
                return self.wrong(
                    name,
                    "the name of a column",
                    expr.span,
                    "not a column",
                    None,
                    binder,
                );
            }
        };
        let RelationRows::Input { input, dimension } = self.relations[at].rows.clone() else {
            self.fine = false;
            return None;
        };
        let key = binder.program()[dimension]
            .key_columns()
            .find(|c| c.name == path.node)
            .map(|c| (c.name.clone(), c.ty.clone(), false));
        let found = match key {
            Some(key) => Some(key),
            None => binder
                .carried_column(&path, &input)
                .map(|n| (input.columns[n].name.clone(), input.columns[n].ty.clone(), true)),
        };
        let Some((column, ty, nullable)) = found else {
            self.fine = false;
            return None;
        };
        if !wire::accepts(accepts, &ty) {
            return self.of_wrong_type(accepts, &ty, name, expr.span, binder);
        }
        let mut record = Map::new();
        record.insert("column".into(), json!(column));
        record.insert("type".into(), json!(wire::type_text(&ty)));
        record.insert("nullable".into(), json!(nullable));
        self.mentions(at, &record, expr.span);
        Some(Json::Object(record))
    }

    pub(super) fn subset(
        &mut self,
        of: &str,
        subset: &ast::Subset,
        path: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let at = self.relation(of)?;
        self.places.insert(path, subset.span);
        let mut fine = true;
        let rule = match &subset.rule {
            None => Json::Null,
            Some(rule) => {
                self.places.insert(format!("{path}.rule"), rule.span);
                let scope = self.scopes[at].clone();
                let bound = binder.rule(rule, &scope);
                match self.rule(at, bound, binder) {
                    Some(record) => record,
                    None => {
                        fine = false;
                        Json::Null
                    }
                }
            }
        };
        let mut order = Vec::new();
        for (n, sort) in subset.order.iter().enumerate() {
            self.places.insert(format!("{path}.order[{n}]"), sort.expr.span);
            match self.sort(&[of.to_owned()], &sort.expr, sort.descending, binder) {
                Some(key) => order.push(key),
                None => fine = false,
            }
        }
        let limit = match &subset.limit {
            None => Json::Null,
            Some(limit) => {
                self.places.insert(format!("{path}.limit"), limit.span);
                let size = self.constant(limit, binder).and_then(|(v, t)| {
                    self.literal(Constant::Size, &v, &t, "limit", limit.span, binder)
                });
                match size {
                    Some(size) if negative(&size) => {
                        self.wrong("limit", "at least 0", limit.span, "too small", None, binder);
                        fine = false;
                        Json::Null
                    }
                    Some(size) => size,
                    None => {
                        fine = false;
                        Json::Null
                    }
                }
            }
        };
        fine.then(|| json!({"rule": rule, "order": order, "limit": limit}))
    }

    /// Reports a value of a type that a parameter does not take.
    pub(super) fn of_wrong_type(
        &mut self,
        accepts: &[String],
        ty: &Type,
        name: &str,
        span: Span,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let takes = match accepts {
            [] => "a value that a column can hold".to_owned(),
            accepts => wire::accepted_in_words(accepts),
        };
        self.wrong(name, &takes, span, &format!("this is {}", in_words(ty)), None, binder)
    }

    /// The name that a value has in the output.
    pub(super) fn name_of(
        &mut self,
        item: &ast::Item,
        name: &str,
        binder: &mut Binder<'_>,
    ) -> Option<String> {
        if let Some(alias) = &item.alias {
            return Some(alias.node.clone());
        }
        if let ast::ExprKind::Path(path) = &*ungrouped(&item.expr).kind
            && let Some(last) = path.parts.last()
        {
            return Some(last.node.clone());
        }
        self.wrong(
            name,
            "values with a name",
            item.expr.span,
            "a name is needed",
            Some("add `as NAME`".into()),
            binder,
        );
        None
    }
}

fn negative(size: &Json) -> bool {
    size.get("rows").and_then(Json::as_i64).is_some_and(|n| n < 0)
        || size.get("fraction").and_then(Json::as_str).is_some_and(|f| f.starts_with('-'))
}
