//! Population facts: what `expect` and `only if` say of populations and audiences.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::{plan as plan_codes, types as codes};
use crate::model::expr::{Expr, ExprKind, Population};
use crate::model::types::Type;
use crate::source::{Span, Spanned};
use crate::syntax::ast;

use super::aggregates::aggregate;
use super::binder::{Binder, error_expr};
use super::scope::Scope;

impl Binder<'_> {
    /// A condition on populations.
    pub(super) fn bind_facts(&mut self, e: &ast::Expr) -> Expr {
        let scope = Scope { facts: true, ..Scope::empty(self.root.file) };
        self.bind_condition(e, &scope)
    }

    /// A value of populations, of any type.
    pub(super) fn bind_fact(&mut self, e: &ast::Expr) -> Expr {
        let scope = Scope { facts: true, ..Scope::empty(self.root.file) };
        self.bind_value(e, &scope)
    }

    /// `count(vip)`, `size("VIP")`; `None` for other functions.
    pub(super) fn bind_fact_call(
        &mut self,
        name: &ast::Name,
        call: &ast::CallExpr,
        scope: &Scope,
        span: Span,
    ) -> Option<Expr> {
        match name.node.as_str() {
            "size" => Some(match call.args.as_slice() {
                [arg] => match &*arg.expr.kind {
                    ast::ExprKind::Literal(ast::Literal::Text(label)) => {
                        let label = Spanned::new(label.clone(), arg.expr.span);
                        match self.audience_for_size(&label) {
                            Some(index) => Expr::new(ExprKind::SizeOf(index), Type::Int, span),
                            None => error_expr(span),
                        }
                    }
                    ast::ExprKind::Path(_) => self.wrong(
                        codes::ARGUMENT,
                        "`size` is the size of a saved audience",
                        arg.span,
                        "a label in quotes is needed",
                        Some(format!("write `count({})`", super::expr::describe(&arg.expr))),
                    ),
                    _ => self.wrong(
                        codes::ARGUMENT,
                        "`size` takes the label of an audience",
                        arg.span,
                        "a label in quotes is needed",
                        None,
                    ),
                },
                _ => self.wrong(
                    codes::ARGUMENT_COUNT,
                    "`size` takes the label of one audience",
                    call.args_span,
                    "one label is needed",
                    Some("write `size(\"VIP\")`".to_string()),
                ),
            }),
            "count" => {
                let [arg] = call.args.as_slice() else { return None };
                let ast::ExprKind::Path(path) = &*arg.expr.kind else {
                    return Some(self.wrong(
                        codes::ARGUMENT,
                        "`count` takes a population here",
                        arg.span,
                        "a population is needed",
                        None,
                    ));
                };
                if let Some(condition) = &arg.condition {
                    return Some(self.wrong(
                        codes::ARGUMENT,
                        "A part of a population is not counted here",
                        condition.span,
                        "not in a guard",
                        Some("build the part first, and count it".to_string()),
                    ));
                }
                Some(match self.population(path) {
                    Some(input) if self.counts(&input) => {
                        Expr::new(ExprKind::CountOf(input.population), Type::Int, span)
                    }
                    Some(_) | None => error_expr(span),
                })
            }
            other if aggregate(other).is_some() => {
                let _ = scope;
                Some(self.wrong(
                    codes::ARGUMENT,
                    format!("`{other}` of a population is not known here"),
                    span,
                    "only `count` and `size`",
                    Some("use `every POPULATION where …` or `count(POPULATION)`".to_string()),
                ))
            }
            _ => None,
        }
    }

    fn counts(&mut self, input: &super::binder::Input) -> bool {
        let Some(dimension) = input.dimension else { return false };
        // A keyless dimension has rows, but no population: its rows may repeat.
        if self.program[dimension].key.is_empty()
            && matches!(input.population, Population::Dimension(_))
        {
            self.report(
                Diagnostic::error(
                    plan_codes::NO_KEY,
                    format!("Rows of `{}` have no key", input.name),
                )
                .label(input.span, "not a population"),
            );
            return false;
        }
        true
    }

    /// `every active where …`, `no open where …`, `any vip`.
    pub(super) fn bind_fact_quantifier(
        &mut self,
        quantifier: &Spanned<ast::Quantifier>,
        population: &ast::Path,
        condition: Option<&ast::Expr>,
        scope: &Scope,
        span: Span,
    ) -> Expr {
        let quantifier = self.bind_quantifier(&quantifier.node, scope);
        let Some(input) = self.population(population) else { return error_expr(span) };
        let rows = self.rows(&input);
        let condition = match condition {
            Some(c) => self.bind_condition(c, &rows.0),
            None => Expr::constant(true, span),
        };
        match quantifier {
            Some(quantifier) if condition.ty != Type::Error => Expr::condition(
                ExprKind::EveryOf { quantifier, population: input.population, condition },
                span,
            ),
            _ => error_expr(span),
        }
    }
}
