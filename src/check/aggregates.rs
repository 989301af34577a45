//! Quantifiers and aggregates over linked rows.

use crate::diagnostic::codes::{names as name_codes, types as codes, warnings};
use crate::diagnostic::{Diagnostic, suggest};
use crate::model::expr::{Aggregate, Comparison, Expr, ExprKind, Population, Quantifier, Sort};
use crate::model::types::Type;
use crate::source::{Span, Spanned};
use crate::syntax::ast;

use super::binder::{Binder, Input, PopulationAggregate, dotted, error_expr, literal_text};
use super::expr::{a, describe};
use super::scope::Scope;

/// The aggregates by the names scripts call them.
pub(super) const AGGREGATES: &[(&str, Aggregate)] = &[
    ("count", Aggregate::Count),
    ("sum", Aggregate::Sum),
    ("avg", Aggregate::Avg),
    ("min", Aggregate::Min),
    ("max", Aggregate::Max),
    ("median", Aggregate::Median),
    ("stddev", Aggregate::Stddev),
    ("first", Aggregate::First),
    ("last", Aggregate::Last),
    ("join", Aggregate::Join),
];

/// The aggregate of this name.
pub(super) fn aggregate(name: &str) -> Option<Aggregate> {
    AGGREGATES.iter().find(|(n, _)| *n == name).map(|(_, f)| *f)
}

impl Binder<'_> {
    // ---------------------------------------------------------------- quantifiers

    pub(super) fn bind_quantified(
        &mut self,
        quantifier: &Spanned<ast::Quantifier>,
        link: &ast::Path,
        condition: Option<&ast::Expr>,
        scope: &Scope,
        span: Span,
    ) -> Expr {
        if scope.facts {
            return self.bind_fact_quantifier(quantifier, link, condition, scope, span);
        }
        let quantifier_bound = self.bind_quantifier(&quantifier.node, scope);
        let Some(links) = self.bind_links(link, scope) else {
            return error_expr(span);
        };
        let inner = self.scope_of_links(scope, link, &links);
        let condition = condition.map(|c| self.bind_condition(c, &inner));
        if condition.as_ref().is_some_and(|c| c.ty == Type::Error) {
            return error_expr(span);
        }
        match quantifier_bound {
            Some(quantifier) => {
                Expr::condition(ExprKind::Quantified { quantifier, links, condition }, span)
            }
            None => error_expr(span),
        }
    }

    pub(super) fn bind_quantifier(
        &mut self,
        quantifier: &ast::Quantifier,
        scope: &Scope,
    ) -> Option<Quantifier> {
        let (comparison, number) = match quantifier {
            ast::Quantifier::Any => return Some(Quantifier::Any),
            ast::Quantifier::No => return Some(Quantifier::No),
            ast::Quantifier::Every => return Some(Quantifier::Every),
            ast::Quantifier::AtLeast(n) => (Comparison::Ge, n),
            ast::Quantifier::AtMost(n) => (Comparison::Le, n),
            ast::Quantifier::Exactly(n) => (Comparison::Eq, n),
            ast::Quantifier::MoreThan(n) => (Comparison::Gt, n),
            ast::Quantifier::FewerThan(n) => (Comparison::Lt, n),
        };
        let bound = self.bind_value(number, scope);
        match &bound.ty {
            Type::Error => None,
            Type::Int => Some(Quantifier::Count(comparison, bound)),
            ty => {
                let ty = a(ty);
                self.wrong(
                    codes::OPERAND,
                    format!("`{}` is {ty}, not a whole number", describe(number)),
                    number.span,
                    "a whole number is needed",
                    None,
                );
                None
            }
        }
    }

    /// Warns of `every L …` in a rule that does not also ask for `any L`.
    pub(super) fn warn_every(&mut self, parts: &[ast::Expr]) {
        let any: Vec<String> = parts
            .iter()
            .filter_map(|p| match quantified(p) {
                Some((ast::Quantifier::Any | ast::Quantifier::AtLeast(_), link)) => {
                    Some(dotted(link))
                }
                _ => None,
            })
            .collect();
        for part in parts {
            if let Some((ast::Quantifier::Every, link)) = quantified(part)
                && any.contains(&dotted(link))
            {
                self.root.every_meant.insert(part.span);
            }
        }
    }

    /// Reports the `every` of a rule that nothing guards, after the rule was bound.
    pub(super) fn report_every(&mut self, rule: &Expr) {
        let mut found = Vec::new();
        rule.walk(&mut |e| {
            if let ExprKind::Quantified { quantifier: Quantifier::Every, links, .. } = &*e.kind {
                found.push((e.span, links.steps.last().map(|s| s.link)));
            }
        });
        for (span, link) in found {
            if self.root.every_meant.contains(&span) {
                continue;
            }
            let name = link.map_or(String::new(), |l| self.program[l].name.clone());
            self.report(
                Diagnostic::warning(
                    warnings::EVERY_OF_NOTHING,
                    format!("`every {name}` also holds where there are no {name}"),
                )
                .label(span, "true of nothing")
                .help(format!("add `any {name} and` where that is not meant")),
            );
        }
    }

    // ---------------------------------------------------------------- aggregates

    /// An aggregate call, when it is one: `count(orders)`, `sum(amount of orders where …)`.
    pub(super) fn bind_aggregate(
        &mut self,
        function: Aggregate,
        call: &ast::CallExpr,
        scope: &Scope,
        span: Span,
    ) -> Expr {
        let name = call.function.parts[0].node.clone();
        let Some(arg) = call.args.first() else {
            return self.wrong(
                codes::ARGUMENT_COUNT,
                format!("`{name}` does not say over what"),
                call.args_span,
                "a link is missing",
                Some(example(function)),
            );
        };
        let mut separator = None;
        for extra in &call.args[1..] {
            if function == Aggregate::Join && separator.is_none() {
                let bound = self.bind_constant(&extra.expr, scope);
                match literal_text(&bound) {
                    Some(text) => separator = Some(text.to_string()),
                    None => {
                        if bound.ty != Type::Error {
                            self.wrong(
                                codes::ARGUMENT,
                                "A separator is a literal text",
                                extra.span,
                                "a literal text is needed",
                                None,
                            );
                        }
                        return error_expr(span);
                    }
                }
                continue;
            }
            return self.wrong(
                codes::ARGUMENT_COUNT,
                format!("`{name}` takes one argument"),
                extra.span,
                "one too many",
                Some(example(function)),
            );
        }
        let (value, path) = match (&arg.of, function) {
            (Some(of), _) => (Some(&arg.expr), of),
            (None, Aggregate::Count) if !arg.distinct => match &*arg.expr.kind {
                ast::ExprKind::Path(path) => (None, path),
                ast::ExprKind::Invalid => return error_expr(span),
                _ => {
                    return self.wrong(
                        codes::ARGUMENT,
                        "`count` counts linked rows",
                        arg.span,
                        "a link is needed",
                        Some("write `count(orders where …)`".to_string()),
                    );
                }
            },
            (None, _) => {
                if matches!(&*arg.expr.kind, ast::ExprKind::Invalid) {
                    return error_expr(span);
                }
                let help = match &*arg.expr.kind {
                    ast::ExprKind::Path(path) if path.parts.len() > 1 => {
                        let (last, link) =
                            path.parts.split_last().map_or(("", String::new()), |(l, rest)| {
                                let rest = ast::Path { parts: rest.to_vec(), span: path.span };
                                (l.node.as_str(), dotted(&rest))
                            });
                        format!("write `{name}({last} of {link})`")
                    }
                    _ => format!("write `{name}({} of LINK)`", describe(&arg.expr)),
                };
                return self.wrong(
                    codes::ARGUMENT,
                    format!("`{name}` does not say over which linked rows"),
                    arg.span,
                    "`of` and a link are missing",
                    Some(help),
                );
            }
        };
        let Some(links) = self.bind_links(path, scope) else { return error_expr(span) };
        let inner = self.scope_of_links(scope, path, &links);
        let condition = arg.condition.as_ref().map(|c| self.bind_condition(c, &inner));
        let value_bound = value.map(|v| self.bind_value(v, &inner));
        let by = self.bind_sorts(&arg.by, &inner);
        let Some((function, ty, by)) =
            self.aggregate_type(function, arg, value_bound.as_ref(), by, &name)
        else {
            return error_expr(span);
        };
        if condition.as_ref().is_some_and(|c| c.ty == Type::Error)
            || by.iter().any(|s| s.expr.ty == Type::Error)
        {
            return super::binder::unknown_expr(ty, span);
        }
        let separator =
            (function == Aggregate::Join).then(|| separator.unwrap_or_else(|| ", ".to_string()));
        Expr::new(
            ExprKind::Aggregate { function, value: value_bound, links, condition, by, separator },
            ty,
            span,
        )
    }

    /// What an aggregate gives, and the order of `first` and `last`; `None` when reported.
    fn aggregate_type(
        &mut self,
        function: Aggregate,
        arg: &ast::Arg,
        value: Option<&Expr>,
        mut by: Vec<Sort>,
        name: &str,
    ) -> Option<(Aggregate, Type, Vec<Sort>)> {
        if arg.distinct && function != Aggregate::Count {
            self.wrong(
                codes::ARGUMENT,
                format!("`{name}` does not take `distinct`"),
                arg.span,
                "only for `count`",
                None,
            );
            return None;
        }
        if let Some(sort) = arg.by.first()
            && !matches!(function, Aggregate::First | Aggregate::Last)
        {
            self.wrong(
                codes::ARGUMENT,
                format!("`{name}` has no order"),
                sort.expr.span,
                "only for `first` and `last`",
                Some("remove `by`".to_string()),
            );
            return None;
        }
        let ty = value.map(|v| v.ty.clone());
        if ty == Some(Type::Error) {
            return None;
        }
        let wrong_type = |binder: &mut Self, needed: &str| {
            let ty = ty.clone().unwrap_or(Type::Error);
            let help = (ty == Type::Text && needed.contains("number"))
                .then(|| format!("write `{name}(decimal({}, 2) of …)`", describe(&arg.expr)));
            binder.wrong(
                codes::ARGUMENT,
                format!("`{name}` cannot take {}", a(&ty)),
                arg.expr.span,
                format!("{needed} is needed"),
                help,
            );
            None
        };
        let given = ty.clone().unwrap_or(Type::Missing);
        let result = match function {
            Aggregate::Count | Aggregate::CountDistinct => {
                let function = if arg.distinct { Aggregate::CountDistinct } else { function };
                return Some((function, Type::Int, by));
            }
            Aggregate::Sum => match given {
                Type::Int => Type::Int,
                Type::Float => Type::Float,
                Type::Decimal { scale, .. } => Type::Decimal { precision: 38, scale },
                _ => return wrong_type(self, "a number"),
            },
            Aggregate::Avg | Aggregate::Median => match given {
                Type::Int | Type::Float => Type::Float,
                Type::Decimal { scale, .. } => {
                    // The mean of exact numbers stays exact to some more places.
                    Type::Decimal { precision: 38, scale: (scale + 6).min(20) }
                }
                _ => return wrong_type(self, "a number"),
            },
            Aggregate::Stddev if given.is_number() => Type::Float,
            Aggregate::Stddev => return wrong_type(self, "a number"),
            Aggregate::Min | Aggregate::Max => match given {
                ty if ty.is_number() || ty.is_time() => ty,
                Type::Text => Type::Text,
                _ => return wrong_type(self, "a number, a date or a text"),
            },
            Aggregate::First | Aggregate::Last => {
                if by.is_empty() {
                    match value {
                        Some(v) if v.ty.is_time() => {
                            by = vec![Sort { expr: v.clone(), descending: false }];
                        }
                        _ => {
                            self.wrong(
                                codes::SORT_KEY,
                                format!("`{name}` does not know the order"),
                                arg.span,
                                "`by` is missing",
                                Some(format!(
                                    "write `{name}({} of {} by SORTKEY)`",
                                    describe(&arg.expr),
                                    arg.of.as_ref().map_or("…".to_string(), dotted)
                                )),
                            );
                            return None;
                        }
                    }
                }
                given
            }
            Aggregate::Join => match given {
                Type::Text => Type::Text,
                _ => return wrong_type(self, "a text"),
            },
        };
        Some((function, result, by))
    }

    // ---------------------------------------------------------------- over a call's inputs

    pub(super) fn bind_population_aggregate(
        &mut self,
        expr: &ast::Expr,
        inputs: &[Input],
    ) -> Option<PopulationAggregate> {
        let ast::ExprKind::Call(call) = &*expr.kind else { return None };
        let [name] = call.function.parts.as_slice() else { return None };
        let function = aggregate(&name.node)?;
        let [arg] = call.args.as_slice() else { return None };
        let (value, path) = match &arg.of {
            Some(of) => (Some(&arg.expr), of),
            None => match &*arg.expr.kind {
                ast::ExprKind::Path(path) => (None, path),
                _ => return None,
            },
        };
        let [of] = path.parts.as_slice() else { return None };
        let input = inputs.iter().position(|i| i.name == of.node)?;
        if let Population::Transition(id) = inputs[input].population {
            self.root.used.insert(id);
        }
        let scope = self.rows(&inputs[input]).0;
        let value = value.map(|v| self.bind_value(v, &scope));
        let condition = arg.condition.as_ref().map(|c| self.bind_condition(c, &scope));
        let by = self.bind_sorts(&arg.by, &scope);
        let (function, ty, by) =
            self.aggregate_type(function, arg, value.as_ref(), by, &name.node)?;
        Some(PopulationAggregate { input, function, value, condition, by, ty })
    }

    /// Help for a name that is not an aggregate or a function.
    pub(super) fn function_choices(&self) -> Vec<&'static str> {
        crate::model::functions::all()
            .iter()
            .map(|f| f.name)
            .chain(AGGREGATES.iter().map(|(n, _)| *n))
            .chain(["anniversary"])
            .collect()
    }

    pub(super) fn unknown_function(&mut self, name: &ast::Name, scope: &Scope) {
        if self.may_exist(scope.file, &name.node) {
            return;
        }
        let alias = crate::model::functions::all()
            .iter()
            .find(|f| f.aliases.contains(&name.node.to_lowercase().as_str()));
        let construct = crate::model::functions::construct_for(&name.node);
        let help = match (alias, construct) {
            (Some(f), _) => Some(format!("use `{}`", f.name)),
            (None, Some(help)) => Some(help.to_owned()),
            (None, None) => {
                let mut names: Vec<String> =
                    self.function_choices().into_iter().map(str::to_string).collect();
                names.extend(self.root.spaces.get(&scope.file).map_or_else(Vec::new, |s| {
                    s.names_where(|e| matches!(e, super::files::Entity::Define(..)))
                }));
                suggest::nearest(&name.node, names.iter().map(String::as_str))
                    .map(|n| format!("did you mean `{n}`?"))
                    .or_else(|| Some("see `camp functions` for all of them".to_string()))
            }
        };
        self.report(
            Diagnostic::error(
                name_codes::UNKNOWN_FUNCTION,
                format!("`{}` is not a function", name.node),
            )
            .label(name.span, "not known")
            .maybe_help(help),
        );
    }
}

fn quantified(e: &ast::Expr) -> Option<(&ast::Quantifier, &ast::Path)> {
    match &*e.kind {
        ast::ExprKind::Group(inner) => quantified(inner),
        ast::ExprKind::Quantified { quantifier, link, .. } => Some((&quantifier.node, link)),
        _ => None,
    }
}

/// How an aggregate is written.
fn example(function: Aggregate) -> String {
    match function {
        Aggregate::Count | Aggregate::CountDistinct => "write `count(orders where …)`".into(),
        Aggregate::First | Aggregate::Last => "write `last(status of orders by ordered_at)`".into(),
        Aggregate::Join => "write `join(sku of orders.lines, \", \")`".into(),
        _ => {
            let name = AGGREGATES.iter().find(|(_, f)| *f == function).map_or("sum", |(n, _)| *n);
            format!("write `{name}(amount of orders where …)`")
        }
    }
}
