//! Comparisons, `between`, and tests of texts and lists.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::types as codes;
use crate::model::expr::{Comparison, Expr, ExprKind};
use crate::model::types::Type;
use crate::source::Span;
use crate::syntax::ast::{self, CompareOp, TextOp};

use crate::check::binder::{Binder, error_expr};
use crate::check::scope::Scope;

use super::types::{a, capital, describe, fits, parse_number, plural};

impl Binder<'_> {
    pub(in crate::check) fn bind_compare(
        &mut self,
        left: &ast::Expr,
        op: crate::source::Spanned<CompareOp>,
        right: &ast::Expr,
        ignoring_case: bool,
        scope: &Scope,
        span: Span,
    ) -> Expr {
        let comparison = match op.node {
            CompareOp::Eq => Comparison::Eq,
            CompareOp::Lt | CompareOp::Before => Comparison::Lt,
            CompareOp::Le => Comparison::Le,
            CompareOp::Gt | CompareOp::After => Comparison::Gt,
            CompareOp::Ge => Comparison::Ge,
        };
        for (side, other) in [(left, right), (right, left)] {
            if anniversary_of(side).is_some() {
                return self.bind_anniversary_compare(side, op, other, scope, span);
            }
        }
        let l = self.bind_value(left, scope);
        self.advise_unknown(left, &l, right, None);
        let r = self.bind_value(right, scope);
        self.advise_unknown(right, &r, left, Some(&l));
        if matches!(op.node, CompareOp::Before | CompareOp::After) {
            let mut fine = true;
            for (bound, written) in [(&l, left), (&r, right)] {
                if !bound.ty.is_time()
                    && !bound.ty.is_wild()
                    && !matches!(bound.ty, Type::Text | Type::Json)
                {
                    let word = if op.node == CompareOp::Before { "before" } else { "after" };
                    self.wrong(
                        codes::OPERAND,
                        format!(
                            "`{word}` compares dates, and `{}` is {}",
                            describe(written),
                            a(&bound.ty)
                        ),
                        written.span,
                        "a date or a timestamp is needed",
                        Some(format!("write `{}`", if word == "before" { "<" } else { ">" })),
                    );
                    fine = false;
                }
            }
            if !fine {
                return error_expr(span);
            }
        }
        if !self.comparable_as(&l, left, &r, right, comparison) {
            return error_expr(span);
        }
        if ignoring_case && !self.folds(&l, left) {
            return error_expr(span);
        }
        if l.ty == Type::Error || r.ty == Type::Error {
            return error_expr(span);
        }
        self.zone_between(&l.ty, &r.ty, span);
        Expr::condition(
            ExprKind::Compare { op: comparison, left: l, right: r, ignoring_case },
            span,
        )
    }

    /// An unknown name beside a comparison is often the `null` of other languages, or a text
    /// without its quotes.
    fn advise_unknown(
        &mut self,
        side: &ast::Expr,
        bound: &Expr,
        other: &ast::Expr,
        other_bound: Option<&Expr>,
    ) {
        let ast::ExprKind::Path(path) = &*side.kind else { return };
        let ([name], Type::Error) = (path.parts.as_slice(), &bound.ty) else { return };
        let text = other_bound.is_some_and(|o| o.ty == Type::Text);
        let said = self.diagnostics.last_mut().filter(|d| {
            d.code == crate::diagnostic::codes::names::UNKNOWN_COLUMN && d.span() == Some(name.span)
        });
        let Some(said) = said else { return };
        let listed = said.help.as_ref().is_none_or(|h| h.starts_with("use one of"));
        if matches!(name.node.to_lowercase().as_str(), "null" | "nil" | "none") {
            said.help = Some(format!("write `{} is missing`", describe(other)));
        } else if text && listed {
            said.help = Some(format!("put the text in quotes: `\"{}\"`", name.node));
        }
    }

    /// `ignoring case` speaks of text.
    pub(in crate::check) fn folds(&mut self, value: &Expr, written: &ast::Expr) -> bool {
        let text = match &value.ty {
            Type::List(of) => &**of,
            ty => ty,
        };
        if matches!(text, Type::Text | Type::Json) || text.is_wild() {
            return true;
        }
        self.wrong(
            codes::OPERAND,
            format!("`{}` is {}, which has no case", describe(written), a(&value.ty)),
            written.span,
            "a text is needed",
            Some("remove `ignoring case`".to_string()),
        );
        false
    }

    /// Whether two bound operands can be compared, as in a link or a `matching`; reports at their
    /// own places.
    pub(in crate::check) fn comparable(&mut self, l: &Expr, r: &Expr, at: Option<Span>) -> bool {
        let as_ast = |e: &Expr| ast::Expr::new(ast::ExprKind::Invalid, at.unwrap_or(e.span));
        self.comparable_as(l, &as_ast(l), r, &as_ast(r), Comparison::Eq)
    }

    pub(in crate::check) fn comparable_as(
        &mut self,
        l: &Expr,
        left: &ast::Expr,
        r: &Expr,
        right: &ast::Expr,
        op: Comparison,
    ) -> bool {
        use Type::*;
        if l.ty == Error || r.ty == Error {
            return true;
        }
        for (side, written, other) in [(l, left, right), (r, right, left)] {
            if side.ty == Missing {
                self.wrong(
                    codes::COMPARED_MISSING,
                    "A comparison with `missing` never holds",
                    written.span,
                    "never equal to anything",
                    Some(format!("write `{} is missing`", describe(other))),
                );
                return false;
            }
        }
        for (side, written, other) in [(l, left, r), (r, right, l)] {
            if side.ty == Duration {
                let help = match &*written.kind {
                    ast::ExprKind::Literal(_) if other.ty.is_time() => {
                        let length = describe(written);
                        format!("write `{length} ago`, or `in last {length}`")
                    }
                    _ => "compare dates: `a before b + 30 days`".to_owned(),
                };
                self.wrong(
                    codes::DURATION_COMPARED,
                    "Durations are not compared",
                    written.span,
                    "a duration",
                    Some(help),
                );
                return false;
            }
        }
        for (side, written, other) in [(l, left, right), (r, right, left)] {
            let help = match &side.ty {
                List(_) if matches!(&*written.kind, ast::ExprKind::List(_)) => {
                    let other = describe(other);
                    Some(format!("write `{other} in (…)` or `{other} not in (…)`"))
                }
                List(_) => Some(format!("write `{} contains …`", describe(written))),
                Struct(_) => Some(format!("name a part: `{}.PART`", describe(written))),
                Other(_) => Some(format!("write `{} is present`", describe(written))),
                _ => None,
            };
            if help.is_some()
                && !(matches!(side.ty, List(_)) && l.ty == r.ty && op == Comparison::Eq)
            {
                let title = match &*written.kind {
                    ast::ExprKind::List(_) => "A list is not compared".to_owned(),
                    _ => {
                        format!("`{}` is {}, which is not compared", describe(written), a(&side.ty))
                    }
                };
                self.wrong(
                    codes::OPERAND,
                    title,
                    written.span,
                    format!("this is {}", a(&side.ty)),
                    help,
                );
                return false;
            }
        }
        if l.ty == Bool && r.ty == Bool && op != Comparison::Eq {
            self.wrong(
                codes::OPERAND,
                "True and false have no order",
                left.span.to(right.span),
                "only `=` and `!=`",
                None,
            );
            return false;
        }
        if fits(&l.ty, &r.ty) {
            return true;
        }
        self.mismatch(l, left, r, right);
        false
    }

    /// Reports two operands whose types do not meet, with the best proposal.
    pub(in crate::check) fn mismatch(
        &mut self,
        l: &Expr,
        left: &ast::Expr,
        r: &Expr,
        right: &ast::Expr,
    ) {
        let (text, text_ast, other, other_ast) = if l.ty == Type::Text {
            (l, left, r, right)
        } else if r.ty == Type::Text {
            (r, right, l, left)
        } else {
            let title = format!("{} is compared with {}", capital(&a(&l.ty)), a(&r.ty));
            self.report(
                Diagnostic::error(codes::MISMATCH, title)
                    .label(right.span, format!("this is {}", a(&r.ty)))
                    .label(left.span, format!("this is {}", a(&l.ty)))
                    .maybe_help(conversion(&l.ty, &r.ty, left, right)),
            );
            return;
        };
        let literal = crate::check::binder::literal_text(text).map(str::to_string);
        if other.ty.is_time() {
            let (span, label, help) = match literal {
                Some(literal) => {
                    let help = if crate::check::times::parse_time(&literal).is_some() {
                        format!("write it without quotes: `{literal}`")
                    } else {
                        "write the date as `2025-12-31`, without quotes".to_string()
                    };
                    (text_ast.span, "a text, not a date".to_string(), help)
                }
                None => (
                    text_ast.span,
                    "this is a text".to_string(),
                    format!("write `date({}, \"DD/MM/YYYY\")` with its format", describe(text_ast)),
                ),
            };
            self.report(
                Diagnostic::error(
                    codes::TEXT_TIME,
                    format!("{} is compared with a text", capital(&a(&other.ty))),
                )
                .label(span, label)
                .help(help),
            );
            return;
        }
        let title = format!("{} is compared with a text", capital(&a(&other.ty)));
        let (span, help) = match literal {
            Some(literal) if other.ty.is_number() && parse_number(&literal).is_some() => {
                (text_ast.span, Some(format!("write it without quotes: `{literal}`")))
            }
            Some(_) if other.ty == Type::Bool => (text_ast.span, Some(alone(other_ast))),
            Some(_) => (text_ast.span, None),
            None if matches!(*other.kind, ExprKind::Literal(_)) && other.ty.is_number() => {
                let digits = describe(other_ast);
                (
                    text_ast.span,
                    Some(format!(
                        "write `int({0})`, or quotes around `{digits}`",
                        describe(text_ast)
                    )),
                )
            }
            None => (text_ast.span, conversion(&other.ty, &Type::Text, other_ast, text_ast)),
        };
        self.report(
            Diagnostic::error(codes::MISMATCH, title)
                .label(span, "this is text")
                .label(other_ast.span, format!("this is {}", a(&other.ty)))
                .maybe_help(help),
        );
    }

    pub(in crate::check) fn bind_between(
        &mut self,
        value: &ast::Expr,
        low: &ast::Expr,
        high: &ast::Expr,
        scope: &Scope,
        span: Span,
    ) -> Expr {
        if let Some(date) = anniversary_of(value) {
            return self.bind_anniversary_between(date, low, high, scope, span);
        }
        let v = self.bind_value(value, scope);
        let l = self.bind_value(low, scope);
        let h = self.bind_value(high, scope);
        let fine = self.comparable_as(&v, value, &l, low, Comparison::Ge)
            & self.comparable_as(&v, value, &h, high, Comparison::Le);
        if !fine || [&v, &l, &h].iter().any(|e| e.ty == Type::Error) {
            return error_expr(span);
        }
        self.zone_between(&v.ty, &l.ty, span);
        self.zone_between(&v.ty, &h.ty, span);
        Expr::condition(ExprKind::Between { value: v, low: l, high: h }, span)
    }

    pub(in crate::check) fn bind_test(
        &mut self,
        value: &ast::Expr,
        op: crate::source::Spanned<TextOp>,
        pattern: &ast::Expr,
        ignoring_case: bool,
        scope: &Scope,
        span: Span,
    ) -> Expr {
        let v = self.bind_value(value, scope);
        let word = op.node.word();
        let several = matches!(op.node, TextOp::ContainsAny | TextOp::ContainsEvery);
        let element = match &v.ty {
            Type::List(of) if several || op.node == TextOp::Contains => Some((**of).clone()),
            Type::Text | Type::Json | Type::Error if !several => None,
            // `text contains any of (…)`: every part is looked for in the text.
            Type::Text | Type::Json if several => Some(Type::Text),
            Type::Error => Some(Type::Error),
            ty => {
                let needed = if several { "a list" } else { "a text" };
                let help = match ty {
                    Type::List(_) => Some("use `contains`".to_string()),
                    _ => Some(format!("write `text({}) {word} …`", describe(value))),
                };
                self.bind_value(pattern, scope);
                return self.wrong(
                    codes::OPERAND,
                    format!("`{}` is {}, which `{word}` cannot test", describe(value), a(ty)),
                    value.span,
                    format!("{needed} is needed"),
                    help,
                );
            }
        };
        if several {
            let Some(items) = self.list_value(pattern, element.as_ref(), scope) else {
                return error_expr(span);
            };
            if v.ty == Type::Error || items.ty == Type::Error {
                return error_expr(span);
            }
            return Expr::condition(
                ExprKind::Test { op: op.node, value: v, pattern: items, ignoring_case },
                span,
            );
        }
        let p = self.bind_value(pattern, scope);
        match &element {
            Some(of) => {
                if !fits(of, &p.ty) {
                    return self.wrong(
                        codes::LIST_ELEMENT,
                        format!("`{}` holds {}, not {}", describe(value), plural(of), a(&p.ty)),
                        pattern.span,
                        format!("this is {}", a(&p.ty)),
                        matches!(p.ty, Type::List(_))
                            .then(|| "use `contains any of` or `contains every of`".to_string()),
                    );
                }
            }
            None => {
                if !matches!(p.ty, Type::Text | Type::Error) {
                    let help = match p.ty {
                        Type::List(_) => {
                            Some(format!("write `{word}` for each text, joined by `or`"))
                        }
                        Type::Missing => None,
                        _ => Some("put quotes around it".to_string()),
                    };
                    return self.wrong(
                        codes::OPERAND,
                        format!("`{word}` looks for a text, not {}", a(&p.ty)),
                        pattern.span,
                        "a text is needed",
                        help,
                    );
                }
                if op.node == TextOp::Matches && !self.check_pattern(&p) {
                    return error_expr(span);
                }
            }
        }
        if v.ty == Type::Error || p.ty == Type::Error {
            return error_expr(span);
        }
        if ignoring_case && !self.folds(&v, value) {
            return error_expr(span);
        }
        Expr::condition(ExprKind::Test { op: op.node, value: v, pattern: p, ignoring_case }, span)
    }
}

/// How to bring two types together, when a function does.
pub(in crate::check) fn conversion(
    l: &Type,
    r: &Type,
    left: &ast::Expr,
    right: &ast::Expr,
) -> Option<String> {
    let (target, written) = match (l, r) {
        (Type::Bool, t) if t.is_number() => return Some(alone(left)),
        (t, Type::Bool) if t.is_number() => return Some(alone(right)),
        (Type::Text, t) => (t, left),
        (t, Type::Text) => (t, right),
        _ => return None,
    };
    let written = describe(written);
    match target {
        Type::Int => Some(format!("convert it: `int({written})`")),
        Type::Decimal { .. } | Type::Float => Some(format!("convert it: `decimal({written}, 2)`")),
        Type::Bool => Some(format!("compare with a text: `{written} = \"true\"`")),
        _ => None,
    }
}

/// What to write instead of comparing something that is true or false.
fn alone(written: &ast::Expr) -> String {
    let written = describe(written);
    format!("write `{written}` alone, or `not {written}`")
}

/// The date of `anniversary(date)`, brackets around it aside.
pub(in crate::check) fn anniversary_of(e: &ast::Expr) -> Option<&ast::CallExpr> {
    match &*e.kind {
        ast::ExprKind::Group(inner) => anniversary_of(inner),
        ast::ExprKind::Call(call) => match call.function.parts.as_slice() {
            [name] if name.node == "anniversary" => Some(call),
            _ => None,
        },
        _ => None,
    }
}
