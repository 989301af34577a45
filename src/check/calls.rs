//! Calls: functions of the catalogue, aggregates, definitions with arguments.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::types as codes;
use crate::model::expr::{Expr, ExprKind};
use crate::model::functions::{self, Accepts, Function, Implicit};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::source::Span;
use crate::syntax::ast;

use super::aggregates::aggregate;
use super::binder::{Binder, dotted, error_expr, unknown_expr};
use super::dimensions::text;
use super::expr::{a, capital, count, describe, is_constant, widen};
use super::files::Entity;
use super::scope::Scope;

impl Binder<'_> {
    pub(super) fn bind_call(&mut self, call: &ast::CallExpr, scope: &Scope, span: Span) -> Expr {
        let [name] = call.function.parts.as_slice() else {
            let written = dotted(&call.function);
            let last = call.function.parts.last().map_or("", |p| p.node.as_str());
            return self.wrong(
                crate::diagnostic::codes::names::UNKNOWN_FUNCTION,
                format!("`{written}` is not a function"),
                call.function.span,
                "functions have no rows",
                Some(match aggregate(last) {
                    Some(_) => {
                        let rest = call.function.parts[..call.function.parts.len() - 1]
                            .iter()
                            .map(|p| p.node.as_str())
                            .collect::<Vec<_>>()
                            .join(".");
                        format!("write `{last}({rest})`")
                    }
                    None => format!("write `{last}(…)`"),
                }),
            );
        };
        if let Some(entry) = self.entity(scope.file, &name.node) {
            match entry.entity {
                Entity::Define(file, statement) => {
                    let mut args = Vec::new();
                    for arg in &call.args {
                        if !self.plain_argument(arg, &name.node) {
                            return error_expr(span);
                        }
                        let value = self.bind_value(&arg.expr, scope);
                        args.push((arg.name.clone(), value));
                    }
                    let level = scope.levels.last().cloned();
                    return self.use_definition(
                        (file, statement),
                        &args,
                        name,
                        level.as_ref(),
                        scope,
                    );
                }
                Entity::Error => return error_expr(span),
                _ => {}
            }
        }
        if name.node == "anniversary" {
            return self.anniversary_misused(call, span);
        }
        if scope.facts
            && let Some(fact) = self.bind_fact_call(name, call, scope, span)
        {
            return fact;
        }
        let function = functions::find(&name.node);
        if let Some(aggregate) = aggregate(&name.node) {
            let over_links =
                call.args.iter().any(|arg| arg.of.is_some() || arg.condition.is_some());
            // `min(a, b)` and the like may be functions of the catalogue too.
            if over_links || function.is_none() {
                return self.bind_aggregate(aggregate, call, scope, span);
            }
        }
        match function {
            Some(function) => self.bind_function(function, name, call, scope, span),
            None => {
                for arg in &call.args {
                    if arg.of.is_none() && arg.condition.is_none() {
                        self.bind_value(&arg.expr, scope);
                    }
                }
                self.unknown_function(name, scope);
                error_expr(span)
            }
        }
    }

    /// Whether an argument is a plain value, without `of`, `where`, `by`, `distinct`.
    fn plain_argument(&mut self, arg: &ast::Arg, function: &str) -> bool {
        let (span, word) = if let Some(of) = &arg.of {
            (of.span, "of")
        } else if let Some(condition) = &arg.condition {
            (condition.span, "where")
        } else if let Some(sort) = arg.by.first() {
            (sort.expr.span, "by")
        } else if arg.distinct {
            (arg.span, "distinct")
        } else {
            return true;
        };
        self.wrong(
            codes::ARGUMENT,
            format!("`{function}` does not take `{word}`"),
            span,
            "only in aggregates",
            Some(
                "use `count`, `sum`, `avg`, `min`, `max`, `median`, `first` or `last`".to_string(),
            ),
        );
        false
    }

    fn bind_function(
        &mut self,
        function: Function,
        name: &ast::Name,
        call: &ast::CallExpr,
        scope: &Scope,
        span: Span,
    ) -> Expr {
        let info = function.0;
        let required = info.params.iter().filter(|p| !p.optional).count();
        let most = info.params.len();
        let given = call.args.len();
        if given < required || (given > most && !info.variadic) {
            let takes = match (required, most) {
                _ if info.variadic => format!("at least {}", count(required, "argument")),
                (r, m) if r == m => count(m, "argument"),
                (r, m) => format!("{r} to {}", count(m, "argument")),
            };
            let names: Vec<&str> = info.params.iter().map(|p| p.name).collect();
            for arg in &call.args {
                self.bind_value(&arg.expr, scope);
            }
            return self.wrong(
                codes::ARGUMENT_COUNT,
                format!("`{}` takes {takes}, not {given}", name.node),
                call.args_span,
                if given < required { "an argument is missing" } else { "too many arguments" },
                Some(format!("write `{}({})`", name.node, names.join(", "))),
            );
        }
        let mut args = Vec::new();
        let mut fine = true;
        for (index, arg) in call.args.iter().enumerate() {
            if !self.plain_argument(arg, &name.node) {
                return error_expr(span);
            }
            let param = &info.params[index.min(most - 1)];
            if let Some(written) = &arg.name
                && written.node != param.name
            {
                let names: Vec<&str> = info.params.iter().map(|p| p.name).collect();
                self.unknown(
                    crate::diagnostic::codes::names::UNKNOWN_ARGUMENT,
                    format!("This argument of `{}` is `{}`", name.node, param.name),
                    written.span,
                    &written.node,
                    "names, in this order",
                    &names,
                );
                fine = false;
            }
            let bound = self.bind_value(&arg.expr, scope);
            if bound.ty == Type::Error {
                fine = false;
                args.push(bound);
                continue;
            }
            match self.accept(bound, param.accepts, &arg.expr, &name.node, param.name) {
                Some(bound) => {
                    if param.constant && !is_constant(&bound) {
                        self.wrong(
                            codes::NOT_CONSTANT,
                            format!("`{}` of `{}` depends on the data", param.name, name.node),
                            arg.expr.span,
                            "a literal or a parameter is needed",
                            None,
                        );
                        fine = false;
                    }
                    fine &= self.check_argument(function, index, &bound);
                    args.push(bound);
                }
                None => {
                    fine = false;
                    args.push(error_expr(arg.expr.span));
                }
            }
        }
        if !fine {
            // What a call gives is often known anyway, so that its use is checked too.
            return match &info.result {
                functions::Result::Type(ty) => unknown_expr(ty.clone(), span),
                _ => error_expr(span),
            };
        }
        if self.same_type(info, call, &mut args, &name.node).is_none() {
            return error_expr(span);
        }
        let types: Vec<Type> = args.iter().map(|arg| arg.ty.clone()).collect();
        let ty = info.result_type(&types, |index| match args.get(index).map(|e| &*e.kind) {
            Some(ExprKind::Literal(Value::Int(i))) => Some(*i),
            _ => None,
        });
        for implicit in info.implicit {
            let arg = match implicit {
                Implicit::Today => {
                    self.uses_zone(span);
                    Expr::new(ExprKind::Today, Type::Date, span)
                }
                Implicit::Now => Expr::new(ExprKind::Now, Type::Instant, span),
                Implicit::Timezone => {
                    // Only instants need the zone to have a day or an hour.
                    if args.iter().any(|arg| matches!(arg.ty, Type::Instant)) {
                        self.uses_zone(span);
                    }
                    let zone = self.program[self.root.campaign].timezone.clone();
                    text(&zone, span)
                }
                Implicit::CampaignLabel => {
                    let label = self.program[self.root.campaign].label.clone();
                    text(&label, span)
                }
                Implicit::RowKey => {
                    let key = scope
                        .levels
                        .last()
                        .and_then(|l| Some((l.dimension?, l.row.clone())))
                        .and_then(|(d, row)| self.key_text(d, &row, span));
                    match key {
                        Some(key) => key,
                        None => {
                            return self.wrong(
                                crate::diagnostic::codes::plan::NO_KEY,
                                format!("`{}` needs rows with a key", name.node),
                                span,
                                "these rows have no key",
                                None,
                            );
                        }
                    }
                }
            };
            args.push(arg);
        }
        Expr::new(ExprKind::Function(function, args), ty, span)
    }

    /// What can be said of an argument whose value is known: formats, zones, patterns.
    fn check_argument(&mut self, function: Function, index: usize, bound: &Expr) -> bool {
        if functions::is_pattern(function, index) {
            return self.check_pattern(bound);
        }
        let value = match &*bound.kind {
            ExprKind::Literal(value) => Some(value.clone()),
            ExprKind::Param(id) => self.program[*id].value.clone(),
            _ => None,
        };
        let Some(Err(problem)) = value.map(|v| functions::check_constant(function, index, &v))
        else {
            return true;
        };
        self.wrong(codes::ARGUMENT, capital(&problem), bound.span, "not possible here", None);
        false
    }

    /// An argument as a parameter takes it, widened where that is free; `None` when reported.
    fn accept(
        &mut self,
        bound: Expr,
        accepts: Accepts,
        written: &ast::Expr,
        function: &str,
        param: &str,
    ) -> Option<Expr> {
        use Accepts as A;
        let ty = bound.ty.clone();
        if ty == Type::Missing {
            return Some(bound);
        }
        let (fits, needed) = match accepts {
            A::Text => (matches!(ty, Type::Text | Type::Json), "a text"),
            A::Int => (ty == Type::Int, "a whole number"),
            A::Number => (ty.is_number(), "a number"),
            A::Bool => (ty == Type::Bool, "true or false"),
            A::Date => (ty == Type::Date, "a date"),
            A::LocalTime | A::Time => (ty.is_time(), "a date or a timestamp"),
            A::Instant => (matches!(ty, Type::Timestamp | Type::Instant), "a timestamp"),
            A::List => (matches!(ty, Type::List(_) | Type::Json), "a list"),
            A::Duration => (ty == Type::Duration, "a duration"),
            A::TextNumberBool => (
                matches!(ty, Type::Text | Type::Bool | Type::Json) || ty.is_number(),
                "a text, a number or a bool",
            ),
            A::TextOrTime => {
                (matches!(ty, Type::Text | Type::Json) || ty.is_time(), "a text or a time")
            }
            A::TextOrList => {
                (matches!(ty, Type::Text | Type::List(_) | Type::Json), "a text or a list")
            }
            A::Any | A::Same => (true, ""),
        };
        if !fits {
            let written_text = describe(written);
            let help = match (accepts, &ty) {
                (A::Text, t) if t.is_number() || t.is_time() => {
                    Some(format!("write `text({written_text})`"))
                }
                (A::Date, t) if t.is_time() => Some(format!("write `date({written_text})`")),
                (A::Date | A::LocalTime | A::Time, Type::Text) => {
                    Some(format!("write `date({written_text}, \"DD/MM/YYYY\")` with its format"))
                }
                (A::Int, Type::Text) => Some(format!("write `int({written_text})`")),
                (A::Number, Type::Text) => Some(format!("write `decimal({written_text}, 2)`")),
                _ => None,
            };
            self.report(
                Diagnostic::error(
                    codes::ARGUMENT,
                    format!("`{param}` of `{function}` is {needed}, not {}", a(&ty)),
                )
                .label(written.span, format!("this is {}", a(&ty)))
                .maybe_help(help),
            );
            return None;
        }
        Some(match (accepts, &ty) {
            // The planner turns them into local time, or instants, of the campaign's zone.
            (A::LocalTime | A::TextOrTime, Type::Instant) | (A::Instant, Type::Timestamp) => {
                self.uses_zone(bound.span);
                bound
            }
            (A::Text | A::TextNumberBool | A::TextOrTime, Type::Json) => widen(bound, &Type::Text),
            _ => bound,
        })
    }

    /// Brings the arguments that must have one type to it; `None` when they do not meet.
    fn same_type(
        &mut self,
        info: &functions::FunctionInfo,
        call: &ast::CallExpr,
        args: &mut [Expr],
        name: &str,
    ) -> Option<Type> {
        let last = info.params.len().saturating_sub(1);
        let is_same =
            |i: usize| info.params.get(i.min(last)).is_some_and(|p| p.accepts == Accepts::Same);
        let mut ty = Type::Missing;
        let mut first: Option<usize> = None;
        for i in (0..args.len()).filter(|&i| is_same(i)) {
            match ty.widened(&args[i].ty) {
                Some(wider) => ty = wider,
                None => {
                    let first = first.unwrap_or(0);
                    self.report(
                        Diagnostic::error(
                            codes::ARGUMENT,
                            format!(
                                "{} and {} do not fit together in `{name}`",
                                capital(&a(&args[first].ty)),
                                a(&args[i].ty)
                            ),
                        )
                        .label(call.args[i].span, format!("this is {}", a(&args[i].ty)))
                        .label(call.args[first].span, format!("this is {}", a(&args[first].ty)))
                        .help("convert one of them"),
                    );
                    return None;
                }
            }
            if args[i].ty != Type::Missing {
                first.get_or_insert(i);
            }
        }
        for i in (0..args.len()).filter(|&i| is_same(i)) {
            args[i] = widen(args[i].clone(), &ty);
        }
        Some(ty)
    }
}
