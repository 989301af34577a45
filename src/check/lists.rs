//! Lists: `x in (a, b)`, lists of constants, list columns.

use crate::diagnostic::codes::types as codes;
use crate::model::expr::{Expr, ExprKind};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::source::Span;
use crate::syntax::ast;

use super::binder::{Binder, error_expr};
use super::expr::{a, describe, fits};
use super::scope::Scope;

impl Binder<'_> {
    pub(super) fn bind_in(
        &mut self,
        value: &ast::Expr,
        list: &ast::Expr,
        ignoring_case: bool,
        scope: &Scope,
        span: Span,
    ) -> Expr {
        // `customer in vip`: which of the two `in` it is, only the names tell.
        if let (ast::ExprKind::Path(row), ast::ExprKind::Path(path)) = (&*value.kind, &*list.kind)
            && let [name] = path.parts.as_slice()
            && self.means_transition(name, scope)
        {
            let target = ast::Population::Transition(name.clone());
            return self.bind_member(Some(row), &target, scope, span);
        }
        let v = self.bind_value(value, scope);
        if matches!(v.ty, Type::Duration) {
            return self.wrong(
                codes::DURATION_COMPARED,
                "Durations are not compared",
                value.span,
                "a duration",
                Some("compare dates: `a before b + 30 days`".to_string()),
            );
        }
        if let Type::List(_) = v.ty {
            return self.wrong(
                codes::OPERAND,
                format!("`{}` is {}, which is not looked for in a list", describe(value), a(&v.ty)),
                value.span,
                "one value is needed",
                Some(format!("write `{} contains any of (…)`", describe(value))),
            );
        }
        let items = match list_items(list) {
            Some(items) => items,
            None => {
                let bound = self.bind_value(list, scope);
                if let Type::List(of) = &bound.ty {
                    if !fits(&v.ty, of) {
                        return self.wrong(
                            codes::MISMATCH,
                            format!(
                                "`{}` is {}, and `{}` is {}",
                                describe(value),
                                a(&v.ty),
                                describe(list),
                                a(&bound.ty)
                            ),
                            list.span,
                            format!("this is {}", a(&bound.ty)),
                            None,
                        );
                    }
                    if v.ty == Type::Error {
                        return error_expr(span);
                    }
                    // A list of constants is written out; a column or a parameter stays a list.
                    if let ExprKind::Literal(Value::List(values)) = &*bound.kind {
                        let list =
                            values.iter().map(|v| Expr::literal(v.clone(), list.span)).collect();
                        return Expr::condition(
                            ExprKind::In { value: v, list, ignoring_case },
                            span,
                        );
                    }
                    return Expr::condition(
                        ExprKind::InList { value: v, list: bound, ignoring_case },
                        span,
                    );
                }
                if bound.ty == Type::Error || v.ty == Type::Error {
                    return error_expr(span);
                }
                // One value is a list of one.
                if !self.fits_list(&v, value, &bound, list) {
                    return error_expr(span);
                }
                return Expr::condition(
                    ExprKind::In { value: v, list: vec![bound], ignoring_case },
                    span,
                );
            }
        };
        let mut bound = Vec::with_capacity(items.len());
        let mut fine = v.ty != Type::Error;
        for item in items {
            let b = self.bind_value(&item.expr, scope);
            fine &= self.fits_list(&v, value, &b, &item.expr);
            fine &= b.ty != Type::Error;
            self.zone_between(&v.ty, &b.ty, item.expr.span);
            bound.push(b);
        }
        if !fine {
            return error_expr(span);
        }
        Expr::condition(ExprKind::In { value: v, list: bound, ignoring_case }, span)
    }

    /// Whether a name behind `in` is a transition and nothing that could be a list.
    fn means_transition(&self, name: &ast::Name, scope: &Scope) -> bool {
        if scope.locals.contains_key(&name.node) {
            return false;
        }
        if let Some(level) = scope.levels.last() {
            let carried = level.carried.iter().any(|c| c.name == name.node);
            let live = level
                .dimension
                .is_some_and(|d| self.program[d].columns.iter().any(|c| c.name == name.node));
            if carried || live {
                return false;
            }
        }
        match self.entity(scope.file, &name.node).map(|e| e.entity) {
            Some(super::files::Entity::Transition(_)) => true,
            Some(_) => false,
            None => self.root.later.contains_key(&name.node),
        }
    }

    fn fits_list(
        &mut self,
        value: &Expr,
        written: &ast::Expr,
        item: &Expr,
        item_written: &ast::Expr,
    ) -> bool {
        if item.ty == Type::Missing {
            self.wrong(
                codes::COMPARED_MISSING,
                "`missing` is never found in a list",
                item_written.span,
                "never equal to anything",
                Some(format!("write `or {} is missing`", describe(written))),
            );
            return false;
        }
        if fits(&value.ty, &item.ty) && item.ty != Type::Duration {
            return true;
        }
        let help = match (&value.ty, &item.ty) {
            (Type::Text, t) if t.is_number() || *t == Type::Bool => {
                Some(format!("put quotes around it: `\"{}\"`", describe(item_written)))
            }
            (t, Type::Text) => match super::binder::literal_text(item) {
                Some(text) if t.is_number() && super::expr::parse_number(text).is_some() => {
                    Some(format!("write it without quotes: `{text}`"))
                }
                Some(text) if t.is_time() && super::times::parse_time(text).is_some() => {
                    Some(format!("write it without quotes: `{text}`"))
                }
                _ => None,
            },
            _ => None,
        };
        self.wrong(
            codes::LIST_ELEMENT,
            format!(
                "`{}` is {}, and {} of the list is {}",
                describe(written),
                a(&value.ty),
                match describe(item_written).as_str() {
                    "…" => "a value".to_string(),
                    text => format!("`{text}`"),
                },
                a(&item.ty)
            ),
            item_written.span,
            format!("this is {}", a(&item.ty)),
            help,
        );
        false
    }

    /// A list in the place of a value: its items must be constants of one type.
    pub(super) fn bind_list_value(
        &mut self,
        items: &[ast::Item],
        scope: &Scope,
        span: Span,
    ) -> Expr {
        let mut values = Vec::new();
        let mut ty = Type::Missing;
        let mut first: Option<Expr> = None;
        for item in items {
            if let Some(alias) = &item.alias {
                return self.wrong(
                    codes::OPERAND,
                    "A value of a list has no name",
                    alias.span,
                    "not here",
                    None,
                );
            }
            let bound = self.bind_value(&item.expr, scope);
            match ty.widened(&bound.ty) {
                Some(wider) => ty = wider,
                None => {
                    let title = format!(
                        "A list holds {} and {}",
                        first.as_ref().map_or("values".to_string(), |f| a(&f.ty)),
                        a(&bound.ty)
                    );
                    return self.wrong(
                        codes::LIST_ELEMENT,
                        title,
                        item.expr.span,
                        format!("this is {}", a(&bound.ty)),
                        None,
                    );
                }
            }
            match &*bound.kind {
                ExprKind::Literal(value) => values.push(value.clone()),
                _ if bound.ty == Type::Error => return error_expr(span),
                // Times are constants of the run, but not of the script.
                _ => {
                    return self.wrong(
                        codes::NOT_CONSTANT,
                        format!("`{}` is not a literal", describe(&item.expr)),
                        item.expr.span,
                        "a literal is needed",
                        Some("write the list where it is used, behind `in`".to_string()),
                    );
                }
            }
            first.get_or_insert(bound);
        }
        Expr::new(ExprKind::Literal(Value::List(values)), Type::List(Box::new(ty)), span)
    }

    /// What stands behind `contains any of`: a list whose elements fit; one value is a list of
    /// one. `None` when that was reported.
    pub(super) fn list_value(
        &mut self,
        e: &ast::Expr,
        element: Option<&Type>,
        scope: &Scope,
    ) -> Option<Expr> {
        let bound = self.bind_value(e, scope);
        let of = match &bound.ty {
            Type::Error => return Some(bound),
            Type::List(of) => (**of).clone(),
            other => other.clone(),
        };
        if let Some(element) = element
            && !fits(element, &of)
        {
            self.wrong(
                codes::LIST_ELEMENT,
                format!("The list holds {}, and {} is looked for", list_of(element), a(&of)),
                e.span,
                format!("this is {}", a(&bound.ty)),
                None,
            );
            return None;
        }
        Some(match (&bound.ty, &*bound.kind) {
            (Type::List(_), _) => bound,
            (_, ExprKind::Literal(value)) => {
                Expr::literal(Value::List(vec![value.clone()]), e.span)
            }
            _ => {
                self.wrong(
                    codes::OPERAND,
                    format!("`{}` is {}, not a list", describe(e), a(&bound.ty)),
                    e.span,
                    "a list is needed",
                    Some(format!("write `contains {}`", describe(e))),
                );
                return None;
            }
        })
    }
}

fn list_of(ty: &Type) -> String {
    match ty {
        Type::Text => "texts".into(),
        Type::Int => "whole numbers".into(),
        ty => format!("values of type {ty}"),
    }
}

/// The items of a list written out.
fn list_items(e: &ast::Expr) -> Option<&[ast::Item]> {
    match &*e.kind {
        ast::ExprKind::List(items) => Some(items),
        _ => None,
    }
}
