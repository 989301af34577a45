//! Values by their types: constants, words, lists of them; and where each other type is read.

use serde_json::{Value as Json, json};

use crate::check::binder::Binder;
use crate::diagnostic::codes::plugin as codes;
use crate::diagnostic::{Diagnostic, suggest};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::plan::fold::{self, Folder};
use crate::source::Span;
use crate::syntax::ast;

use super::super::manifest::{Constant, ParamType};
use super::super::wire;
use super::words::{article, in_words};
use super::{Reader, ungrouped};

impl Reader<'_> {
    pub(super) fn entry_value(
        &mut self,
        ty: &ParamType,
        entry: &ast::Entry,
        name: &str,
        path: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let value = match (&entry.value, ty) {
            (ast::EntryValue::Subset(subset), ParamType::Subset(of)) => {
                self.subset(of, subset, path, binder)
            }
            (ast::EntryValue::Subset(subset), _) => {
                self.wrong(name, &ty.describe(), subset.span, "a part of the rows", None, binder)
            }
            (ast::EntryValue::Reduced(arg), ParamType::Reduce { .. }) => {
                self.places.insert(path, arg.span);
                self.reduce(ty, arg, name, binder)
            }
            (ast::EntryValue::Reduced(arg), _) => {
                let label = "rows of a link";
                self.wrong(name, &ty.describe(), arg.span, label, None, binder)
            }
            (ast::EntryValue::Item(item), ParamType::Subset(_)) => self.wrong(
                name,
                "a part of the rows",
                item.expr.span,
                "`where`, `order by` or `limit` is missing",
                Some(format!("write `{name}: where …`")),
                binder,
            ),
            (ast::EntryValue::Item(item), _) => self.value(ty, item, name, path, binder),
        };
        self.fine &= value.is_some() || !self.complete;
        value
    }

    pub(super) fn wrong(
        &mut self,
        name: &str,
        takes: &str,
        span: Span,
        label: &str,
        help: Option<String>,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        self.fine = false;
        binder.report(
            Diagnostic::error(codes::PARAMETER_VALUE, format!("`{name}` takes {}", article(takes)))
                .label(span, label)
                .maybe_help(help),
        );
        None
    }

    pub(super) fn value(
        &mut self,
        ty: &ParamType,
        item: &ast::Item,
        name: &str,
        path: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let expr = &item.expr;
        let span = expr.span;
        self.places.insert(path, span);
        if let ParamType::List(of) = ty {
            return self.list(of, item, name, path, binder);
        }
        let named = matches!(ty, ParamType::Expr { named: true, .. } | ParamType::Aggregate(_));
        if let Some(alias) = item.alias.as_ref().filter(|_| !named) {
            return self.wrong(
                name,
                &ty.describe(),
                alias.span,
                "a name has no use here",
                None,
                binder,
            );
        }
        if item.descending.is_some() && !matches!(ty, ParamType::Sort(_)) {
            let label = "`asc` and `desc` have no use here";
            return self.wrong(name, &ty.describe(), span, label, None, binder);
        }
        if matches!(*expr.kind, ast::ExprKind::Invalid) {
            self.fine = false;
            return None;
        }
        match ty {
            ParamType::List(_) | ParamType::Subset(_) => None,
            ParamType::Enum(words) => self.word(words, expr, name, binder),
            ParamType::Secret => match &*ungrouped(expr).kind {
                ast::ExprKind::Literal(ast::Literal::Text(variable)) => {
                    self.secrets.insert(name.to_owned(), variable.clone());
                    Some(json!({"secret": variable}))
                }
                _ => self.wrong(
                    name,
                    "the name of an environment variable",
                    span,
                    "a text is needed",
                    Some(format!("write `{name}: \"VARIABLE\"`")),
                    binder,
                ),
            },
            ParamType::Constant(ty) => {
                let (value, given) = self.constant(expr, binder)?;
                self.literal(*ty, &value, &given, name, span, binder)
            }
            ParamType::Expr { of, accepts, named } => {
                let (at, bound) = self.over(of, expr, binder)?;
                if !self.fits(accepts, &bound, name, span, binder) {
                    return None;
                }
                let mut record = self.record(at, bound, false, binder);
                if *named {
                    let alias = self.name_of(item, name, binder)?;
                    record.insert("as".into(), json!(alias));
                }
                Some(Json::Object(record))
            }
            ParamType::Sort(of) => self.sort(of, expr, item.descending == Some(true), binder),
            ParamType::Rule(of) => {
                let at = self.relation(of)?;
                let scope = self.scopes[at].clone();
                let bound = binder.condition(expr, &scope);
                self.rule(at, bound, binder)
            }
            ParamType::Column { of, accepts } => self.column(of, accepts, expr, name, binder),
            ParamType::Aggregate(of) => self.aggregate(of, item, name, binder),
            ParamType::Reduce { .. } => self.reduced_path(ty, expr, name, binder),
            ParamType::Template(of) => self.template(of, expr, name, binder),
            ParamType::Link { from, cardinality } => {
                self.link(from, cardinality.as_deref(), expr, name, binder)
            }
            ParamType::Dimension => self.dimension(expr, name, binder),
            ParamType::Match { left, right } => self.matching(left, right, expr, binder),
        }
    }

    pub(super) fn list(
        &mut self,
        of: &ParamType,
        item: &ast::Item,
        name: &str,
        path: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let single = |expr: &ast::Expr| ast::Item {
            expr: expr.clone(),
            alias: item.alias.clone(),
            descending: item.descending,
        };
        let items: Vec<ast::Item> = match (&*item.expr.kind, of) {
            (ast::ExprKind::List(items), _) => items.clone(),
            (ast::ExprKind::Group(inner), _) => vec![single(inner)],
            (_, ParamType::Constant(constant)) => {
                // A constant of the campaign may be a whole list: `define eu = (\"FR\", \"DE\")`.
                let (value, given) = self.constant(&item.expr, binder)?;
                let values = match value {
                    Value::List(values) => values,
                    value => vec![value],
                };
                let given = match given {
                    Type::List(of) => *of,
                    other => other,
                };
                let span = item.expr.span;
                let items = values
                    .iter()
                    .map(|v| self.literal(*constant, v, &given, name, span, binder))
                    .collect::<Option<Vec<_>>>()?;
                return Some(Json::Array(items));
            }
            _ => vec![single(&item.expr)],
        };
        let mut values = Vec::new();
        let mut fine = true;
        for (n, item) in items.iter().enumerate() {
            match self.value(of, item, name, &format!("{path}[{n}]"), binder) {
                Some(value) => values.push(value),
                None => fine = false,
            }
        }
        fine.then_some(Json::Array(values))
    }

    /// A constant; `None` when it was reported, or is a parameter that has no value yet.
    pub(super) fn constant(
        &mut self,
        expr: &ast::Expr,
        binder: &mut Binder<'_>,
    ) -> Option<(Value, Type)> {
        if let ast::ExprKind::Literal(ast::Literal::Text(text)) = &*ungrouped(expr).kind {
            let text = ast::Text { node: text.clone(), span: expr.span };
            let Some(text) = binder.filled(&text, None) else {
                self.fine = false;
                return None;
            };
            return Some((Value::Text(text), Type::Text));
        }
        let bound = binder.constant(expr);
        if bound.ty == Type::Error {
            self.fine = false;
            return None;
        }
        let mut folder =
            Folder { program: binder.program(), clock: &self.clock, errors: Default::default() };
        let folded = folder.fold(&bound);
        let errors = folder.errors;
        if errors.has_errors() {
            self.fine = false;
            errors.into_iter().for_each(|d| binder.report(d));
            return None;
        }
        match fold::literal(&folded) {
            // A parameter of the campaign without a value was reported where it is declared.
            Some(Value::Missing) if bound.ty != Type::Missing => {
                self.complete = false;
                None
            }
            Some(value) => Some((value.clone(), bound.ty.clone())),
            None => {
                self.fine = false;
                binder.report(
                    Diagnostic::error(
                        codes::PARAMETER_VALUE,
                        "The value is not known before the run",
                    )
                    .label(expr.span, "not a constant")
                    .help("write a literal or a parameter"),
                );
                None
            }
        }
    }

    pub(super) fn literal(
        &mut self,
        ty: Constant,
        value: &Value,
        given: &Type,
        name: &str,
        span: Span,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let wire = match (ty, value) {
            (Constant::Bool, Value::Bool(_))
            | (Constant::Int, Value::Int(_))
            | (Constant::Text, Value::Text(_))
            | (Constant::Date, Value::Date(_))
            | (Constant::Instant, Value::Timestamp(_) | Value::Instant(_))
            | (Constant::Duration, Value::Duration(_)) => wire::value(value, &self.clock),
            (Constant::Instant, Value::Date(day)) => {
                let start = self.clock.start_of(*day).ok();
                start.map(|t| json!(t.to_string()))
            }
            (Constant::Decimal, Value::Int(i)) => Some(json!(i.to_string())),
            (Constant::Decimal, Value::Decimal { .. }) => wire::value(value, &self.clock),
            (Constant::Float, Value::Int(i)) => Some(json!(*i as f64)),
            (Constant::Float, Value::Float(x)) => Some(json!(x)),
            (Constant::Float, Value::Decimal { digits, scale }) => {
                crate::model::value::decimal_text(*digits, *scale)
                    .parse::<f64>()
                    .ok()
                    .map(|x| json!(x))
            }
            (Constant::Percent, Value::Int(_) | Value::Decimal { .. }) => {
                wire::fraction(value).map(|f| json!(f))
            }
            (Constant::Size, Value::Int(rows)) => Some(json!({"rows": i64::try_from(*rows).ok()?})),
            (Constant::Size, Value::Decimal { .. }) => {
                wire::fraction(value).map(|f| json!({"fraction": f}))
            }
            (Constant::Seed, Value::Int(i)) => Some(json!(i.to_string())),
            (Constant::Seed, Value::Text(t)) => Some(json!(t)),
            (Constant::Literal, Value::Missing | Value::List(_)) => None,
            (Constant::Literal, value) => {
                // A time with a zone where the literal has none would be another value.
                let ty = match value {
                    Value::Timestamp(_) => Type::Instant,
                    value => value.ty(),
                };
                wire::value(value, &self.clock)
                    .map(|v| json!({"type": wire::base(&wire::type_text(&ty)), "value": v}))
            }
            _ => None,
        };
        if wire.is_none() {
            let is = in_words(given);
            return self.wrong(name, ty.describe(), span, &format!("this is {is}"), None, binder);
        }
        wire
    }

    pub(super) fn word(
        &mut self,
        words: &[String],
        expr: &ast::Expr,
        name: &str,
        binder: &mut Binder<'_>,
    ) -> Option<Json> {
        let (written, quoted) = match &*ungrouped(expr).kind {
            ast::ExprKind::Path(path) if path.parts.len() == 1 => {
                (path.parts[0].node.clone(), false)
            }
            ast::ExprKind::Literal(ast::Literal::Text(text)) => (text.clone(), true),
            ast::ExprKind::Literal(ast::Literal::Bool(b)) => (b.to_string(), false),
            _ => (String::new(), false),
        };
        if words.contains(&written) && !quoted {
            return Some(json!(written));
        }
        self.fine = false;
        let help = match quoted && words.contains(&written) {
            true => Some(format!("write it without quotes: `{written}`")),
            false => suggest::unknown_name(&written, "words", words.iter().map(String::as_str)),
        };
        let title = match written.is_empty() {
            true => format!("`{name}` takes one word"),
            false => format!("`{written}` is not a value of `{name}`"),
        };
        binder.report(
            Diagnostic::error(codes::PARAMETER_VALUE, title)
                .label(expr.span, "not one of its words")
                .maybe_help(help),
        );
        None
    }
}
