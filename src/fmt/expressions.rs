//! Expressions → documents.

use super::doc::Doc;
use super::writer::Writer;
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::scan::Kind;

impl Writer {
    /// An expression at the margin of its clause: a chain goes on below its first operand.
    pub fn expr(&mut self, expr: &Expr) -> Doc {
        let head = self.upto(expr.span.start);
        let body = match &*expr.kind {
            ExprKind::And(operands) | ExprKind::Or(operands) => self.chain(operands),
            ExprKind::If(..) => self.choice(expr),
            ExprKind::Arith(_, op, _) => {
                let mut operands = Vec::new();
                terms(expr, matches!(op.node, ArithOp::Add | ArithOp::Sub), &mut operands);
                self.chain(operands)
            }
            ExprKind::Group(inner) => {
                let inner = [Item { expr: inner.clone(), alias: None, descending: None }];
                self.bracket(&inner, false)
            }
            ExprKind::List(items) => self.bracket(items, true),
            ExprKind::Call(call) => self.call_expr(call),
            ExprKind::Neg(inner) => {
                let sign = self.word();
                // Two signs would read as one of another language.
                if !matches!(*inner.kind, ExprKind::Neg(_)) {
                    self.glue();
                }
                Doc::Concat(vec![sign, self.inner(inner)])
            }
            kind => {
                let mut parts = Vec::new();
                for child in children(kind) {
                    parts.push(self.inner(child));
                }
                Doc::Concat(parts)
            }
        };
        let tail = self.rest_of(expr.span);
        Doc::Concat(vec![head, body, tail])
    }

    /// An expression within another one: when it breaks, one level further in.
    pub fn inner(&mut self, expr: &Expr) -> Doc {
        let head = self.upto(expr.span.start);
        let body = self.expr(expr);
        // Brackets end where the line began that they stand in.
        let hangs = matches!(
            &*expr.kind,
            ExprKind::And(_) | ExprKind::Or(_) | ExprKind::Arith(..) | ExprKind::If(..)
        );
        Doc::Concat(vec![head, if hangs { body.nest() } else { body }])
    }

    /// `a` ⏎ `and b` ⏎ `and c`: broken before each operator, or nowhere.
    fn chain<'e>(&mut self, operands: impl IntoIterator<Item = &'e Expr>) -> Doc {
        let mut parts = Vec::new();
        for (n, operand) in operands.into_iter().enumerate() {
            if n > 0 {
                parts.push(self.line(true, true));
            }
            parts.push(self.inner(operand));
        }
        Doc::Concat(parts).group()
    }

    /// `if a then b` ⏎ `else if c then d` ⏎ `else e`
    fn choice(&mut self, expr: &Expr) -> Doc {
        let mut parts = Vec::new();
        let mut choice = expr;
        while let ExprKind::If(condition, value, other) = &*choice.kind {
            parts.push(self.inner(condition));
            parts.push(self.inner(value));
            parts.push(self.line(true, false));
            choice = other;
        }
        parts.push(self.inner(choice));
        Doc::Concat(parts).group()
    }

    /// From bracket to bracket, the values between them.
    pub fn bracket(&mut self, items: &[Item], list: bool) -> Doc {
        let plain = list && items.iter().all(is_plain);
        self.bracketed(items.len(), plain, |this, n| this.inner(&items[n].expr))
    }

    /// From bracket to bracket; `value` writes at least the beginning of the value with a number.
    pub fn bracketed(
        &mut self,
        count: usize,
        fill: bool,
        mut value: impl FnMut(&mut Self, usize) -> Doc,
    ) -> Doc {
        let open = self.word();
        if count == 0 {
            let inside = self.remarks_inside().nest();
            return Doc::Concat(vec![open, inside, self.word()]);
        }
        let mut inside = vec![self.line(false, false)];
        for n in 0..count {
            if n > 0 {
                inside.push(if fill { self.fill() } else { self.line(true, false) });
            }
            inside.push(value(self, n));
            while self.peek().is_some_and(|w| w.kind != Kind::Close && w.text != ",") {
                inside.push(self.word());
            }
            // A list of one value in brackets is one by its comma only.
            let last = n + 1 == count;
            if self.at(",") {
                inside.push(if last && count > 1 { self.skip_comma() } else { self.word() });
            }
        }
        inside.push(self.remarks_inside());
        let end = self.line(false, false);
        let close = self.word();
        Doc::Concat(vec![open, Doc::Concat(inside).nest(), end, close]).group()
    }

    /// `sum(amount of orders where paid)`
    fn call_expr(&mut self, call: &CallExpr) -> Doc {
        let name = self.rest_of(call.function.span);
        self.glue();
        let args = self.bracketed(call.args.len(), false, |this, n| this.argument(&call.args[n]));
        Doc::Concat(vec![name, args])
    }

    /// `amount of orders where paid by ordered_at`
    pub(super) fn argument(&mut self, arg: &Arg) -> Doc {
        let mut parts = vec![self.upto(arg.expr.span.start), self.inner(&arg.expr)];
        if let Some(link) = &arg.of {
            parts.push(self.rest_of(link.span));
        }
        let mut clauses = Vec::new();
        if let Some(condition) = &arg.condition {
            clauses.push(self.line(true, false));
            clauses.push(self.inner(condition));
        }
        if !arg.by.is_empty() {
            clauses.push(self.line(true, false));
            for sort in &arg.by {
                clauses.push(self.inner(&sort.expr));
            }
        }
        clauses.push(self.rest_of(arg.span));
        parts.push(Doc::Concat(clauses).nest());
        Doc::Concat(parts).group()
    }

    /// Values without brackets, one a line when they do not fit on one: `a, b desc`. The first one
    /// stands behind the words before it.
    pub fn listed(&mut self, exprs: &[&Expr], end: Span) -> Doc {
        let mut parts = Vec::new();
        let last = exprs.len().saturating_sub(1);
        for (n, expr) in exprs.iter().enumerate() {
            if n > 0 {
                parts.push(self.line(true, false));
            }
            parts.push(self.inner(expr));
            while self.before(end.end) && !self.at(",") {
                parts.push(self.word());
            }
            if self.before(end.end) {
                parts.push(if n == last { self.skip_comma() } else { self.word() });
            }
        }
        Doc::Concat(parts).nest().group()
    }
}

/// The operands of a chain of `+ -` or of `* /`, which leans to the left.
fn terms<'e>(expr: &'e Expr, sums: bool, into: &mut Vec<&'e Expr>) {
    match &*expr.kind {
        ExprKind::Arith(left, op, right)
            if sums == matches!(op.node, ArithOp::Add | ArithOp::Sub) =>
        {
            terms(left, sums, into);
            into.push(right);
        }
        _ => into.push(expr),
    }
}

/// Short values of which a line may hold many.
fn is_plain(item: &Item) -> bool {
    item.alias.is_none()
        && item.descending.is_none()
        && match &*item.expr.kind {
            ExprKind::Literal(literal) => !matches!(literal, Literal::Duration(_)),
            ExprKind::Neg(inner) => matches!(*inner.kind, ExprKind::Literal(_)),
            _ => false,
        }
}

/// The expressions within one that has no breaks of its own, in the order written.
fn children(kind: &ExprKind) -> Vec<&Expr> {
    match kind {
        ExprKind::Not(e, _) | ExprKind::IsMissing(e) | ExprKind::IsEmpty(e) | ExprKind::Ago(e) => {
            vec![e]
        }
        ExprKind::Compare { left, right, .. } => vec![left, right],
        ExprKind::Between(value, low, high) => vec![value, low, high],
        ExprKind::In { value, list, .. } => vec![value, list],
        ExprKind::InWindow(value, window) => {
            std::iter::once(value).chain(distance(&window.node)).collect()
        }
        ExprKind::Moved { window, .. } => distance(&window.node).into_iter().collect(),
        ExprKind::TextTest { value, pattern, .. } => vec![value, pattern],
        ExprKind::Within { value, distance, anchor, .. } => vec![value, distance, anchor],
        ExprKind::Quantified { quantifier, condition, .. } => {
            let count = match &quantifier.node {
                Quantifier::Any | Quantifier::No | Quantifier::Every => None,
                Quantifier::AtLeast(n)
                | Quantifier::AtMost(n)
                | Quantifier::Exactly(n)
                | Quantifier::MoreThan(n)
                | Quantifier::FewerThan(n) => Some(n),
            };
            count.into_iter().chain(condition).collect()
        }
        ExprKind::Literal(Literal::Duration(parts)) => parts.iter().map(|(n, _)| n).collect(),
        _ => Vec::new(),
    }
}

fn distance(window: &Window) -> Option<&Expr> {
    match window {
        Window::Last(distance) | Window::Next(distance) => Some(distance),
        Window::This(_) | Window::Previous(_) | Window::Following(_) => None,
    }
}
