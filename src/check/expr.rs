//! Expressions: what operators take and give.

use std::collections::HashMap;
use std::rc::Rc;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::{names as name_codes, types as codes};
use crate::model::expr::{Comparison, Expr, ExprKind, Population, Row, Sort, SqlPart};
use crate::model::program::DimId;
use crate::model::types::Type;
use crate::model::value::Value;
use crate::source::Span;
use crate::syntax::ast::{self, ArithOp, CompareOp, TextOp};

use super::binder::{Binder, error_expr, unknown_expr};
use super::files::Entity;
use super::scope::{Level, Meaning, Scope};

/// How deep a rule may be once its definitions are written out. Every later pass recurses as
/// deep; what the parser lets through of one expression fits well.
const MAX_DEPTH: usize = 320;
/// How many definitions may be written out inside each other.
const MAX_EXPANSIONS: usize = 32;

impl Binder<'_> {
    /// Binds an expression that must be a condition.
    pub(super) fn bind_condition(&mut self, e: &ast::Expr, scope: &Scope) -> Expr {
        let bound = self.bind(e, scope);
        match &bound.ty {
            Type::Bool | Type::Error => bound,
            ty => {
                let help = match ty {
                    Type::Missing => "write `false` for a condition that never holds".to_string(),
                    Type::Json => format!("compare it: `{} = true`", describe(e)),
                    Type::Int | Type::Decimal { .. } | Type::Float => {
                        format!("compare it: `{} > 0`", describe(e))
                    }
                    _ => format!("write `{} is present`, or compare it", describe(e)),
                };
                let title = match ty {
                    Type::Missing => "`missing` is not a condition".to_string(),
                    ty => format!("`{}` is {}, not a condition", describe(e), a(ty)),
                };
                self.wrong(
                    codes::NOT_A_CONDITION,
                    title,
                    e.span,
                    "a condition is needed",
                    Some(help),
                )
            }
        }
    }

    /// Binds an expression that must be a value: anything.
    pub(super) fn bind_value(&mut self, e: &ast::Expr, scope: &Scope) -> Expr {
        self.bind(e, scope)
    }

    /// Binds an expression that must be known before the run.
    pub(super) fn bind_constant(&mut self, e: &ast::Expr, scope: &Scope) -> Expr {
        let bound = self.bind(e, scope);
        if bound.ty != Type::Error && !is_constant(&bound) {
            return self.wrong(
                codes::NOT_CONSTANT,
                format!("`{}` depends on the data", describe(e)),
                e.span,
                "a literal or a parameter is needed",
                None,
            );
        }
        bound
    }

    /// Binds an expression.
    pub(super) fn bind(&mut self, e: &ast::Expr, scope: &Scope) -> Expr {
        if self.depth >= MAX_DEPTH {
            return self.too_deep(e.span);
        }
        self.depth += 1;
        let bound = self.bind_kind(e, scope);
        self.depth -= 1;
        bound
    }

    /// Reported once: a chain that is too long is so from each of its definitions.
    fn too_deep(&mut self, span: Span) -> Expr {
        if std::mem::replace(&mut self.too_deep_reported, true) {
            return error_expr(span);
        }
        self.wrong(
            codes::TOO_DEEP,
            "A rule is nested too deeply",
            span,
            "too deep, definitions written out",
            Some("use fewer definitions of definitions".to_string()),
        )
    }

    fn bind_kind(&mut self, e: &ast::Expr, scope: &Scope) -> Expr {
        let span = e.span;
        match &*e.kind {
            ast::ExprKind::And(parts) => {
                self.warn_every(parts);
                let parts: Vec<Expr> =
                    parts.iter().map(|p| self.bind_condition(p, scope)).collect();
                Expr::condition(ExprKind::And(flatten(parts, true)), span)
            }
            ast::ExprKind::Or(parts) => {
                let parts: Vec<Expr> =
                    parts.iter().map(|p| self.bind_condition(p, scope)).collect();
                Expr::condition(ExprKind::Or(flatten(parts, false)), span)
            }
            ast::ExprKind::Not(inner, _) => {
                let inner = self.bind_condition(inner, scope);
                if inner.ty == Type::Error {
                    return error_expr(span);
                }
                let mut negated = inner.not();
                negated.span = span;
                negated
            }
            ast::ExprKind::If(c, then, other) => self.bind_if(c, then, other, scope, span),
            ast::ExprKind::Compare { left, op, right, ignoring_case } => {
                self.bind_compare(left, *op, right, *ignoring_case, scope, span)
            }
            ast::ExprKind::Between(value, low, high) => {
                self.bind_between(value, low, high, scope, span)
            }
            ast::ExprKind::In { value, list, ignoring_case } => {
                self.bind_in(value, list, *ignoring_case, scope, span)
            }
            ast::ExprKind::InWindow(value, window) => {
                self.bind_in_window(value, window, scope, span)
            }
            ast::ExprKind::Member { row, target } => {
                self.bind_member(row.as_ref(), target, scope, span)
            }
            ast::ExprKind::Moved { entered, target, window } => {
                self.bind_moved(*entered, target, window, scope, span)
            }
            ast::ExprKind::IsMissing(inner) => match self.tested(inner, scope) {
                Some(value) => Expr::condition(ExprKind::IsMissing(value), span),
                None => error_expr(span),
            },
            ast::ExprKind::IsEmpty(inner) => match self.tested(inner, scope) {
                Some(value) => Expr::condition(ExprKind::IsEmpty(value), span),
                None => error_expr(span),
            },
            ast::ExprKind::TextTest { value, op, pattern, ignoring_case } => {
                self.bind_test(value, *op, pattern, *ignoring_case, scope, span)
            }
            ast::ExprKind::Within { value, distance, side, anchor } => {
                let value = self.time_operand(value, scope);
                let distance = self.duration_operand(distance, scope);
                let anchor = self.time_operand(anchor, scope);
                self.uses_zone(span);
                match (value, distance, anchor) {
                    (Some(value), Some(distance), Some(anchor)) => Expr::condition(
                        ExprKind::Within { value, distance, side: *side, anchor },
                        span,
                    ),
                    _ => error_expr(span),
                }
            }
            ast::ExprKind::Quantified { quantifier, link, condition } => {
                self.bind_quantified(quantifier, link, condition.as_ref(), scope, span)
            }
            ast::ExprKind::Arith(left, op, right) => self.bind_arith(left, *op, right, scope, span),
            ast::ExprKind::Neg(inner) => self.bind_neg(inner, scope, span),
            ast::ExprKind::Ago(inner) => self.bind_ago(inner, scope, span),
            ast::ExprKind::Call(call) => self.bind_call(call, scope, span),
            ast::ExprKind::List(items) => self.bind_list_value(items, scope, span),
            ast::ExprKind::Group(inner) => {
                let mut bound = self.bind(inner, scope);
                bound.span = span;
                bound
            }
            ast::ExprKind::Path(path) => self.bind_path(path, scope),
            ast::ExprKind::Literal(literal) => self.bind_literal(literal, scope, span),
            ast::ExprKind::Sql(ty, text) => self.bind_sql(ty, text, scope, span),
            ast::ExprKind::Invalid => error_expr(span),
        }
    }

    fn bind_if(
        &mut self,
        c: &ast::Expr,
        then: &ast::Expr,
        other: &ast::Expr,
        scope: &Scope,
        span: Span,
    ) -> Expr {
        let c = self.bind_condition(c, scope);
        let a_value = self.bind_value(then, scope);
        let b_value = self.bind_value(other, scope);
        let Some(ty) = a_value.ty.widened(&b_value.ty) else {
            self.report(
                Diagnostic::error(
                    codes::MISMATCH,
                    format!("`then` gives {}, `else` gives {}", a(&a_value.ty), a(&b_value.ty)),
                )
                .label(other.span, format!("this is {}", a(&b_value.ty)))
                .label(then.span, format!("this is {}", a(&a_value.ty)))
                .help("convert one of them"),
            );
            return error_expr(span);
        };
        if c.ty == Type::Error {
            return unknown_expr(ty, span);
        }
        let a_value = widen(a_value, &ty);
        let b_value = widen(b_value, &ty);
        Expr::new(ExprKind::If(c, a_value, b_value), ty, span)
    }

    /// What `is missing` and its kin test: a value, or whether a to-one link leads to a row.
    fn tested(&mut self, inner: &ast::Expr, scope: &Scope) -> Option<Expr> {
        let mut bare = inner;
        while let ast::ExprKind::Group(e) = &*bare.kind {
            bare = e;
        }
        if let ast::ExprKind::Path(path) = &*bare.kind {
            return match self.meaning(path, scope) {
                Meaning::Row { row, dimension } => {
                    let key = self.program[dimension].key.first().copied().unwrap_or(0);
                    Some(self.column_expr(dimension, &row, key, inner.span))
                }
                Meaning::Many { .. } => {
                    let written = super::binder::dotted(path);
                    self.wrong(
                        name_codes::NOT_A_VALUE,
                        format!("`{written}` leads to many rows and is not a value"),
                        path.span,
                        "linked rows",
                        Some(format!("write `no {written}` or `any {written}`")),
                    );
                    None
                }
                Meaning::Value(value) => (value.ty != Type::Error).then_some(value),
            };
        }
        let value = self.bind_value(inner, scope);
        (value.ty != Type::Error).then_some(value)
    }

    // ---------------------------------------------------------------- comparisons

    fn bind_compare(
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
        let r = self.bind_value(right, scope);
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

    /// `ignoring case` speaks of text.
    fn folds(&mut self, value: &Expr, written: &ast::Expr) -> bool {
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
    pub(super) fn comparable(&mut self, l: &Expr, r: &Expr, at: Option<Span>) -> bool {
        let as_ast = |e: &Expr| ast::Expr::new(ast::ExprKind::Invalid, at.unwrap_or(e.span));
        self.comparable_as(l, &as_ast(l), r, &as_ast(r), Comparison::Eq)
    }

    fn comparable_as(
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
        for (side, written) in [(l, left), (r, right)] {
            if side.ty == Duration {
                self.wrong(
                    codes::DURATION_COMPARED,
                    "Durations are not compared",
                    written.span,
                    "a duration",
                    Some("compare dates: `a before b + 30 days`".to_string()),
                );
                return false;
            }
        }
        for (side, written) in [(l, left), (r, right)] {
            let help = match &side.ty {
                List(_) => Some(format!("write `{} contains …`", describe(written))),
                Struct(_) => Some(format!("name a part: `{}.PART`", describe(written))),
                Other(_) => Some(format!("write `{} is present`", describe(written))),
                _ => None,
            };
            if help.is_some()
                && !(matches!(side.ty, List(_)) && l.ty == r.ty && op == Comparison::Eq)
            {
                self.wrong(
                    codes::OPERAND,
                    format!("`{}` is {}, which is not compared", describe(written), a(&side.ty)),
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
    pub(super) fn mismatch(&mut self, l: &Expr, left: &ast::Expr, r: &Expr, right: &ast::Expr) {
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
        let literal = super::binder::literal_text(text).map(str::to_string);
        if other.ty.is_time() {
            let (span, label, help) = match literal {
                Some(literal) => {
                    let help = if super::times::parse_time(&literal).is_some() {
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

    fn bind_between(
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

    // ---------------------------------------------------------------- text and list tests

    fn bind_test(
        &mut self,
        value: &ast::Expr,
        op: crate::source::Spanned<TextOp>,
        pattern: &ast::Expr,
        ignoring_case: bool,
        scope: &Scope,
        span: Span,
    ) -> Expr {
        let v = self.bind_value(value, scope);
        let word = match op.node {
            TextOp::Contains => "contains",
            TextOp::ContainsAny => "contains any of",
            TextOp::ContainsEvery => "contains every of",
            TextOp::StartsWith => "starts with",
            TextOp::EndsWith => "ends with",
            TextOp::Like => "like",
            TextOp::Matches => "matches",
        };
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

    // ---------------------------------------------------------------- arithmetic

    fn bind_arith(
        &mut self,
        left: &ast::Expr,
        op: crate::source::Spanned<ArithOp>,
        right: &ast::Expr,
        scope: &Scope,
        span: Span,
    ) -> Expr {
        let l = self.bind_value(left, scope);
        let r = self.bind_value(right, scope);
        if l.ty == Type::Error || r.ty == Type::Error {
            return error_expr(span);
        }
        let adds = matches!(op.node, ArithOp::Add | ArithOp::Sub);
        if adds
            && let Some(digits) = percent_of(right)
            && percent_of(left).is_none()
        {
            let (sign, word) =
                if op.node == ArithOp::Add { (1, "added") } else { (-1, "taken away") };
            let factor = percent_factor(digits, sign);
            return self.wrong(
                codes::PERCENT,
                format!("`{digits}%` is {word} as a plain number"),
                right.span,
                format!("the number {}", percent_plain(digits)),
                Some(match factor {
                    Some(factor) => format!("write `{} * {factor}%`", describe(left)),
                    None => format!("write `{} * …`", describe(left)),
                }),
            );
        }
        if l.ty.is_number() && r.ty.is_number() {
            let ty = arith_type(op.node, &l.ty, &r.ty);
            return Expr::new(ExprKind::Arith(op.node, l, r), ty, span);
        }
        // `missing` and numbers: missing.
        if l.ty == Type::Missing || r.ty == Type::Missing {
            return Expr::new(ExprKind::Literal(Value::Missing), Type::Missing, span);
        }
        match (op.node, &l.ty, &r.ty) {
            (ArithOp::Add | ArithOp::Sub, t, Type::Duration) if t.is_time() => {
                return self.shift(l, r, op.node == ArithOp::Sub, span);
            }
            (ArithOp::Add, Type::Duration, t) if t.is_time() => {
                return self.shift(r, l, false, span);
            }
            (ArithOp::Add | ArithOp::Sub, Type::Duration, Type::Duration) => {
                return self.add_durations(&l, &r, op.node == ArithOp::Sub, span);
            }
            (ArithOp::Sub, a_ty, b_ty) if a_ty.is_time() && b_ty.is_time() => {
                return self.wrong(
                    codes::OPERAND,
                    "Dates are not taken from each other",
                    op.span,
                    "not for two dates",
                    Some(format!("write `days_between({}, {})`", describe(right), describe(left))),
                );
            }
            (ArithOp::Add | ArithOp::Sub, t, n) if t.is_time() && n.is_number() => {
                return self.wrong(
                    codes::OPERAND,
                    "A number is not a length of time",
                    right.span,
                    "a duration is needed",
                    Some(match &*right.kind {
                        ast::ExprKind::Literal(_) => format!("write `{} days`", describe(right)),
                        _ => format!("write `({}) days`", describe(right)),
                    }),
                );
            }
            (ArithOp::Add, Type::Text, Type::Text) => {
                return self.wrong(
                    codes::OPERAND,
                    "Texts are not added",
                    op.span,
                    "only for numbers",
                    Some(format!("write `concat({}, {})`", describe(left), describe(right))),
                );
            }
            _ => {}
        }
        let (bad, written) = if l.ty.is_number() { (&r, right) } else { (&l, left) };
        let sign = match op.node {
            ArithOp::Add => "+",
            ArithOp::Sub => "-",
            ArithOp::Mul => "*",
            ArithOp::Div => "/",
        };
        let help =
            (bad.ty == Type::Text).then(|| format!("write `decimal({}, 2)`", describe(written)));
        self.wrong(
            codes::OPERAND,
            format!("`{sign}` cannot take {}", a(&bad.ty)),
            written.span,
            format!("this is {}", a(&bad.ty)),
            help,
        )
    }

    fn bind_neg(&mut self, inner: &ast::Expr, scope: &Scope, span: Span) -> Expr {
        let bound = self.bind_value(inner, scope);
        match (&bound.ty, &*bound.kind) {
            (Type::Error, _) => error_expr(span),
            (_, ExprKind::Literal(Value::Int(i))) => Expr::literal(Value::Int(-i), span),
            (_, ExprKind::Literal(Value::Decimal { digits, scale })) => {
                Expr::literal(Value::Decimal { digits: -digits, scale: *scale }, span)
            }
            (_, ExprKind::Literal(Value::Duration(d))) => {
                Expr::literal(Value::Duration(d.negated()), span)
            }
            (Type::Missing, _) => bound,
            (ty, _) if ty.is_number() => {
                let ty = ty.clone();
                Expr::new(ExprKind::Neg(bound), ty, span)
            }
            (ty, _) => {
                let ty = a(ty);
                self.wrong(
                    codes::OPERAND,
                    format!("`-` cannot take {ty}"),
                    inner.span,
                    format!("this is {ty}"),
                    None,
                )
            }
        }
    }

    // ---------------------------------------------------------------- definitions

    /// Uses a definition: binds its body again over the row it is used on. `args` are bound by
    /// the caller, in the caller's scope.
    pub(super) fn use_definition(
        &mut self,
        id: (usize, usize),
        args: &[(Option<ast::Name>, Expr)],
        name: &ast::Name,
        level: Option<&Level>,
        scope: &Scope,
    ) -> Expr {
        let (file, statement) = id;
        let ast = self.files[file].ast.clone();
        let ast::StatementKind::Define(define) = &ast.statements[statement].kind else {
            return error_expr(name.span);
        };
        let target = match self.definition_dimension(file, statement) {
            None => None,
            Some(None) => return error_expr(name.span),
            Some(Some(on)) => match level {
                Some(level) if level.dimension == Some(on) => Some(level.clone()),
                _ => {
                    let of = self.program[on].name.clone();
                    let here = level
                        .and_then(|l| l.names.last().cloned())
                        .map_or("there are no rows here".to_string(), |n| {
                            format!("these rows are of `{n}`")
                        });
                    return self.wrong(
                        name_codes::WRONG_DIMENSION,
                        format!("`{}` speaks of `{of}`", name.node),
                        name.span,
                        here,
                        None,
                    );
                }
            },
        };
        let Some(locals) = self.definition_locals(define, args, name, file) else {
            return error_expr(name.span);
        };
        if self.root.expanding.contains(&id) {
            self.definition_circle(id, name.span);
            return error_expr(name.span);
        }
        if self.root.expanding.len() >= MAX_EXPANSIONS {
            return self.too_deep(name.span);
        }
        let row = target.as_ref().map(|l| l.row.clone());
        let cache = (file, statement, row, scope.next_frame);
        if define.params.is_empty()
            && let Some(known) = self.root.expanded.get(&cache)
        {
            return known.clone();
        }
        // Live columns only: a definition speaks of the dimension, whatever a population carries.
        let levels = target
            .and_then(|l| Some(Level::dimension(&self.program, l.dimension?, l.row)))
            .into_iter()
            .map(|mut l| {
                if let Some(on) = &define.on
                    && !l.names.contains(&on.node)
                {
                    l.names.insert(0, on.node.clone());
                }
                l
            })
            .collect();
        let inner = Scope {
            file,
            levels,
            locals: Rc::new(locals),
            next_frame: scope.next_frame,
            facts: false,
        };
        self.root.expanding.push(id);
        let bound = self.bind(&define.body, &inner);
        self.root.expanding.pop();
        if define.params.is_empty() {
            self.root.expanded.insert(cache, bound.clone());
        }
        bound
    }

    fn definition_circle(&mut self, id: (usize, usize), span: Span) {
        let at = self.root.expanding.iter().position(|d| *d == id).unwrap_or(0);
        let circle: Vec<(usize, usize)> = self.root.expanding[at..].to_vec();
        if circle.iter().any(|d| self.root.circular.contains(d)) {
            return;
        }
        let mut names: Vec<String> =
            circle.iter().map(|&d| self.definition_name(d).unwrap_or_default()).collect();
        names.push(names[0].clone());
        self.root.circular.extend(circle);
        self.report(
            Diagnostic::error(
                name_codes::DEFINITION_CYCLE,
                format!("Definitions go round in a circle: {}", names.join(" → ")),
            )
            .label(span, "closes the circle")
            .help("write one of them without the others"),
        );
    }

    fn definition_name(&self, (file, statement): (usize, usize)) -> Option<String> {
        match &self.files[file].ast.statements[statement].kind {
            ast::StatementKind::Define(d) => Some(d.name.node.clone()),
            _ => None,
        }
    }

    /// The values of a definition's parameters; `None` when an argument was wrong.
    fn definition_locals(
        &mut self,
        define: &ast::Define,
        args: &[(Option<ast::Name>, Expr)],
        name: &ast::Name,
        file: usize,
    ) -> Option<HashMap<String, Expr>> {
        let mut given: Vec<Option<Expr>> = vec![None; define.params.len()];
        let mut fine = true;
        for (position, (arg_name, value)) in args.iter().enumerate() {
            let index = match arg_name {
                None if position < given.len() => position,
                None => {
                    let takes = define.params.len();
                    self.wrong(
                        codes::ARGUMENT_COUNT,
                        format!("`{}` takes {}", name.node, count(takes, "argument")),
                        value.span,
                        "one too many",
                        None,
                    );
                    fine = false;
                    continue;
                }
                Some(written) => {
                    match define.params.iter().position(|p| p.name.node == written.node) {
                        Some(index) => index,
                        None => {
                            let choices: Vec<&str> =
                                define.params.iter().map(|p| p.name.node.as_str()).collect();
                            self.unknown(
                                name_codes::UNKNOWN_ARGUMENT,
                                format!("`{}` has no parameter `{}`", name.node, written.node),
                                written.span,
                                &written.node,
                                "parameters",
                                &choices,
                            );
                            fine = false;
                            continue;
                        }
                    }
                }
            };
            if given[index].is_some() {
                self.wrong(
                    codes::ARGUMENT_COUNT,
                    format!("`{}` is given twice", define.params[index].name.node),
                    value.span,
                    "given again",
                    None,
                );
                fine = false;
                continue;
            }
            given[index] = Some(value.clone());
        }
        let mut locals = HashMap::new();
        for (param, value) in define.params.iter().zip(given) {
            let ty = self.type_of_name(&param.ty)?;
            let value = match (value, &param.default) {
                (Some(value), _) => value,
                (None, Some(default)) => self.bind_constant(default, &Scope::empty(file)),
                (None, None) => {
                    self.wrong(
                        codes::ARGUMENT_COUNT,
                        format!("`{}` needs `{}`", name.node, param.name.node),
                        name.span,
                        "an argument is missing",
                        Some(format!("write `{}({}: …)`", name.node, param.name.node)),
                    );
                    fine = false;
                    continue;
                }
            };
            if !takes(&ty, &value.ty) {
                self.wrong(
                    codes::ARGUMENT,
                    format!("`{}` of `{}` is {}", param.name.node, name.node, a(&ty)),
                    value.span,
                    format!("this is {}", a(&value.ty)),
                    None,
                );
                fine = false;
                continue;
            }
            locals.insert(param.name.node.clone(), listed(value, &ty));
        }
        fine.then_some(locals)
    }

    /// Checks the definitions that a file declares on their own, so that mistakes in unused ones
    /// are found too.
    pub(super) fn check_definitions(&mut self, root: usize) {
        // A definition that nobody uses needs no time zone.
        let zone_used = self.root.zone_used;
        for file in self.visible_files(root) {
            let ast = self.files[file].ast.clone();
            for (index, statement) in ast.statements.iter().enumerate() {
                let ast::StatementKind::Define(define) = &statement.kind else { continue };
                if let Some(on) = &define.on {
                    let path = ast::Path { parts: vec![on.clone()], span: on.span };
                    self.dimension_in(file, &path, false);
                }
                // A shadowed second definition has no entry of its own.
                let entity = self.entity(file, &define.name.node).map(|e| e.entity);
                if entity != Some(Entity::Define(file, index)) {
                    continue;
                }
                let mut locals = HashMap::new();
                let mut fine = true;
                for param in &define.params {
                    match self.type_of_name(&param.ty) {
                        Some(ty) => {
                            if let Some(default) = &param.default {
                                let value = self.bind_constant(default, &Scope::empty(file));
                                if !takes(&ty, &value.ty) {
                                    self.wrong(
                                        codes::PARAMETER_VALUE,
                                        format!("`{}` is {}", param.name.node, a(&ty)),
                                        default.span,
                                        format!("this is {}", a(&value.ty)),
                                        None,
                                    );
                                }
                            }
                            locals
                                .insert(param.name.node.clone(), unknown_expr(ty, param.name.span));
                        }
                        None => fine = false,
                    }
                }
                let on = match self.definition_dimension(file, index) {
                    None => None,
                    Some(Some(on)) => Some(on),
                    Some(None) => continue,
                };
                if !fine {
                    continue;
                }
                let levels = on
                    .map(|d| Level::dimension(&self.program, d, Row::frame(0)))
                    .into_iter()
                    .collect();
                let scope = Scope {
                    file,
                    levels,
                    locals: Rc::new(locals),
                    next_frame: u16::from(on.is_some()),
                    facts: false,
                };
                self.root.expanding.push((file, index));
                self.bind(&define.body, &scope);
                self.root.expanding.pop();
            }
        }
        self.root.zone_used = zone_used;
        // What they stand for is bound again where it is used, and the zone noted there.
        self.root.expanded.clear();
    }

    // ---------------------------------------------------------------- membership

    pub(super) fn bind_member(
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
    fn bind_moved(
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
    fn link_between(&mut self, from: DimId, to: DimId) -> Option<String> {
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

    pub(super) fn member_row(
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
                            let written = super::binder::dotted(path);
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
                        let written = super::binder::dotted(path);
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

    fn is_link(&mut self, scope: &Scope, name: &str) -> bool {
        match scope.levels.last().and_then(|l| l.dimension) {
            Some(dimension) => self.find_link(dimension, name).is_some(),
            None => false,
        }
    }

    // ---------------------------------------------------------------- escape hatch

    fn bind_sql(&mut self, ty: &ast::Name, text: &ast::Text, scope: &Scope, span: Span) -> Expr {
        if self.options.fence.is_some() {
            return self.wrong(
                codes::SQL_OFF,
                "`sql` is off",
                span,
                "not under `--safe`",
                Some("write it in the language".to_string()),
            );
        }
        let type_name =
            ast::TypeName { list: false, name: ty.clone(), args: Vec::new(), span: ty.span };
        let Some(ty) = self.type_of_name(&type_name) else { return error_expr(span) };
        let mut parts = Vec::new();
        let mut fine = true;
        for piece in super::templates::pieces(&text.node) {
            match piece {
                super::templates::Piece::Text(t) => parts.push(SqlPart::Text(t.to_string())),
                super::templates::Piece::Name(name) => {
                    let path = ast::Path {
                        parts: name
                            .split('.')
                            .map(|p| {
                                crate::source::Spanned::new(
                                    p.trim().trim_matches('`').to_string(),
                                    text.span,
                                )
                            })
                            .collect(),
                        span: text.span,
                    };
                    let value = self.bind_path(&path, scope);
                    fine &= value.ty != Type::Error;
                    parts.push(SqlPart::Value(value));
                }
            }
        }
        if !fine {
            return unknown_expr(ty, span);
        }
        Expr::new(ExprKind::Sql(parts), ty, span)
    }

    /// Reports a sort key of a type that has no order.
    pub(super) fn check_sortable(&mut self, expr: &Expr) -> bool {
        if matches!(
            expr.ty,
            Type::List(_) | Type::Struct(_) | Type::Json | Type::Other(_) | Type::Duration
        ) {
            self.wrong(
                codes::OPERAND,
                format!("{} has no order", capital(&a(&expr.ty))),
                expr.span,
                "cannot be sorted by",
                None,
            );
            return false;
        }
        true
    }

    /// Sort keys over a scope.
    pub(super) fn bind_sorts(&mut self, sorts: &[ast::Sort], scope: &Scope) -> Vec<Sort> {
        sorts
            .iter()
            .map(|s| {
                let expr = self.bind_value(&s.expr, scope);
                self.check_sortable(&expr);
                Sort { expr, descending: s.descending }
            })
            .collect()
    }
}

// -------------------------------------------------------------------- types

/// Whether two types can be compared.
pub(super) fn fits(l: &Type, r: &Type) -> bool {
    l.is_wild()
        || r.is_wild()
        || l == r
        || (l.is_number() && r.is_number())
        || (l.is_time() && r.is_time())
        || (*l == Type::Json && matches!(r, Type::Text | Type::Bool))
        || (*r == Type::Json && matches!(l, Type::Text | Type::Bool))
        || (*l == Type::Json && (r.is_number() || r.is_time()))
        || (*r == Type::Json && (l.is_number() || l.is_time()))
}

/// Whether a parameter of the first type takes a value of the second: int widens to decimal and
/// float, a date is the midnight of a timestamp.
pub(super) fn takes(param: &Type, value: &Type) -> bool {
    match (param, value) {
        (p, v) if v.is_wild() || *p == Type::Error => true,
        // One value is a list of one.
        (Type::List(p), v) if !matches!(v, Type::List(_)) => takes(p, v),
        (Type::Decimal { .. }, Type::Int | Type::Decimal { .. }) => true,
        (Type::Float, v) => v.is_number(),
        (Type::Timestamp, v) => v.is_time(),
        (Type::List(p), Type::List(v)) => takes(p, v),
        (Type::Text, Type::Json) => true,
        (p, v) => p == v,
    }
}

/// A literal where a list is taken: a list of one.
pub(super) fn listed(value: Expr, param: &Type) -> Expr {
    match (&*value.kind, param) {
        (ExprKind::Literal(Value::List(_)), _) => value,
        (ExprKind::Literal(one), Type::List(_)) if *one != Value::Missing => {
            let list = Value::List(vec![one.clone()]);
            Expr::new(ExprKind::Literal(list), param.clone(), value.span)
        }
        _ => value,
    }
}

/// The type of arithmetic on two numbers. Division is never whole-numbered.
fn arith_type(op: ArithOp, l: &Type, r: &Type) -> Type {
    use Type::*;
    let digits = |t: &Type| match t {
        Decimal { precision, scale } => (*precision, *scale),
        _ => (19, 0),
    };
    match (op, l, r) {
        (ArithOp::Div, ..) | (_, Float, _) | (_, _, Float) => Float,
        (_, Int, Int) => Int,
        (ArithOp::Mul, l, r) => {
            let ((p1, s1), (p2, s2)) = (digits(l), digits(r));
            Decimal { precision: (p1 + p2).min(38), scale: (s1 + s2).min(38) }
        }
        (_, l, r) => {
            let ((p1, s1), (p2, s2)) = (digits(l), digits(r));
            let scale = s1.max(s2);
            let whole = (p1 - s1).max(p2 - s2);
            Decimal { precision: (whole + scale + 1).min(38), scale }
        }
    }
}

/// The value widened to a type; unchanged where it has it.
pub(super) fn widen(value: Expr, ty: &Type) -> Expr {
    if value.ty == *ty || value.ty.is_wild() || matches!(*value.kind, ExprKind::Error) {
        return value;
    }
    let span = value.span;
    Expr::new(ExprKind::Convert(value), ty.clone(), span)
}

/// Whether a value is known before the run looks at data.
pub(super) fn is_constant(e: &Expr) -> bool {
    let mut constant = true;
    e.walk(&mut |e| {
        constant &= !matches!(
            &*e.kind,
            ExprKind::Column { .. }
                | ExprKind::Carried { .. }
                | ExprKind::Member { .. }
                | ExprKind::Moved { .. }
                | ExprKind::Quantified { .. }
                | ExprKind::Aggregate { .. }
                | ExprKind::Matches { .. }
                | ExprKind::Sql(_)
                | ExprKind::CountOf(_)
                | ExprKind::SizeOf(_)
                | ExprKind::EveryOf { .. }
        );
    });
    constant
}

/// How to bring two types together, when a function does.
fn conversion(l: &Type, r: &Type, left: &ast::Expr, right: &ast::Expr) -> Option<String> {
    let (target, written) = match (l, r) {
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

fn flatten(parts: Vec<Expr>, and: bool) -> Vec<Expr> {
    let mut all = Vec::new();
    for part in parts {
        match &*part.kind {
            ExprKind::And(inner) if and => all.extend(inner.iter().cloned()),
            ExprKind::Or(inner) if !and => all.extend(inner.iter().cloned()),
            _ => all.push(part),
        }
    }
    all
}

/// The date of `anniversary(date)`, brackets around it aside.
pub(super) fn anniversary_of(e: &ast::Expr) -> Option<&ast::CallExpr> {
    match &*e.kind {
        ast::ExprKind::Group(inner) => anniversary_of(inner),
        ast::ExprKind::Call(call) => match call.function.parts.as_slice() {
            [name] if name.node == "anniversary" => Some(call),
            _ => None,
        },
        _ => None,
    }
}

/// The digits of a percentage, brackets around it aside.
fn percent_of(e: &ast::Expr) -> Option<&str> {
    match &*e.kind {
        ast::ExprKind::Group(inner) => percent_of(inner),
        ast::ExprKind::Literal(ast::Literal::Percent(digits)) => Some(digits),
        _ => None,
    }
}

/// `10` percent as a plain number: `0.10`.
fn percent_plain(digits: &str) -> String {
    match super::times::percent_value(digits) {
        Some(Value::Decimal { digits, scale }) => crate::model::value::decimal_text(digits, scale),
        _ => digits.to_string(),
    }
}

/// 100 % plus or minus so many.
fn percent_factor(digits: &str, sign: i128) -> Option<String> {
    match parse_number(digits)? {
        Value::Int(i) => Some((100 + sign * i).to_string()),
        Value::Decimal { digits, scale } => {
            let hundred = 100i128.checked_mul(10i128.checked_pow(scale.into())?)?;
            Some(crate::model::value::decimal_text(hundred.checked_add(sign * digits)?, scale))
        }
        _ => None,
    }
}

/// A number as written; `None` when it has too many digits or is none.
pub(super) fn parse_number(text: &str) -> Option<Value> {
    let text = text.replace('_', "");
    match text.split_once('.') {
        None => text.parse().ok().map(Value::Int),
        Some((whole, fraction)) => {
            if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            let scale = u8::try_from(fraction.len()).ok().filter(|s| *s <= 38)?;
            let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
            (digits.unsigned_abs() < 10u128.pow(38)).then_some(Value::Decimal { digits, scale })
        }
    }
}

/// A type with its article, for messages.
pub(super) fn a(ty: &Type) -> String {
    match ty {
        Type::Text => "a text".into(),
        Type::Int => "a whole number".into(),
        Type::Decimal { .. } => "a decimal".into(),
        Type::Float => "a float".into(),
        Type::Bool => "true or false".into(),
        Type::Date => "a date".into(),
        Type::Timestamp | Type::Instant => "a timestamp".into(),
        Type::Duration => "a duration".into(),
        Type::List(of) => format!("a list of {of}"),
        Type::Json => "a json value".into(),
        Type::Struct(_) => "a struct".into(),
        Type::Missing => "`missing`".into(),
        Type::Other(name) => format!("of type {}", name.to_lowercase()),
        Type::Error => "unknown".into(),
    }
}

fn plural(ty: &Type) -> String {
    match ty {
        Type::Text => "texts".into(),
        Type::Int => "whole numbers".into(),
        Type::Decimal { .. } => "decimals".into(),
        Type::Date => "dates".into(),
        ty => format!("values of type {ty}"),
    }
}

pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

pub(super) fn count(n: usize, what: &str) -> String {
    match n {
        0 => format!("no {what}s"),
        1 => format!("one {what}"),
        n => format!("{n} {what}s"),
    }
}

/// An expression as the script would write it, for proposals; `…` where it is long.
pub(super) fn describe(e: &ast::Expr) -> String {
    match &*e.kind {
        ast::ExprKind::Path(path) => super::binder::dotted(path),
        ast::ExprKind::Group(inner) => format!("({})", describe(inner)),
        ast::ExprKind::Neg(inner) => format!("-{}", describe(inner)),
        ast::ExprKind::Literal(l) => match l {
            ast::Literal::Text(t) => format!("\"{}\"", t.replace('"', "\"\"")),
            ast::Literal::Number(n) | ast::Literal::Date(n) => n.clone(),
            ast::Literal::Percent(n) => format!("{n}%"),
            ast::Literal::Bool(b) => b.to_string(),
            ast::Literal::Today => "today".into(),
            ast::Literal::Now => "now".into(),
            ast::Literal::Missing => "missing".into(),
            ast::Literal::Duration(parts) => parts
                .iter()
                .map(|(n, unit)| format!("{} {}", describe(n), super::print::unit_name(*unit)))
                .collect::<Vec<_>>()
                .join(" "),
        },
        ast::ExprKind::Call(call) => {
            let args: Vec<String> = call
                .args
                .iter()
                .map(|arg| {
                    let mut text = describe(&arg.expr);
                    if let Some(of) = &arg.of {
                        text = format!("{text} of {}", super::binder::dotted(of));
                    }
                    text
                })
                .collect();
            format!("{}({})", super::binder::dotted(&call.function), args.join(", "))
        }
        _ => "…".into(),
    }
}
