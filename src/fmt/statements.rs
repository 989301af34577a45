//! Statements → documents.

use super::doc::Doc;
use super::writer::Writer;
use crate::source::Span;
use crate::syntax::ast::*;

impl Writer {
    /// A whole statement.
    pub fn statement(&mut self, kind: &StatementKind) -> Doc {
        let body = match kind {
            StatementKind::Campaign(campaign) => self.campaign(campaign),
            StatementKind::Dimension(dimension) => self.dimension(dimension),
            StatementKind::Link(link) => {
                let head =
                    self.rest_of(link.right.name.as_ref().unwrap_or(&link.right.dimension).span);
                let on = vec![self.line(true, false), self.inner(&link.on)];
                Doc::Concat(vec![head, Doc::Concat(on).nest()])
            }
            StatementKind::Define(define) => self.define(define),
            StatementKind::Param(param) => self.parameter(param),
            StatementKind::Use(names) => {
                let word = self.word();
                Doc::Concat(vec![word, self.names(names).nest()])
            }
            StatementKind::Expect(expect) => {
                let mut parts = vec![self.word(), self.inner(&expect.condition)];
                if expect.message.is_some() {
                    parts.push(Doc::Concat(vec![self.line(true, false), self.rest()]).nest());
                }
                Doc::Concat(parts)
            }
            StatementKind::Test(test) => self.unit_test(test),
            StatementKind::Call(call) => self.call(call),
            StatementKind::Import(_) | StatementKind::Database(_) | StatementKind::Invalid(_) => {
                Doc::empty()
            }
        };
        let rest = self.rest();
        Doc::Concat(vec![body, rest]).group()
    }

    fn campaign(&mut self, campaign: &Campaign) -> Doc {
        let head = self.rest_of(campaign.label.span);
        let mut clauses = Vec::new();
        while self.peek().is_some() {
            clauses.push(self.line(true, false));
            clauses.push(self.word());
            let begins = ["timezone", "description", "schedule"];
            while self.peek().is_some_and(|w| !begins.contains(&w.text.as_str())) {
                clauses.push(self.word());
            }
        }
        Doc::Concat(vec![head, Doc::Concat(clauses).nest()])
    }

    fn dimension(&mut self, dimension: &Dimension) -> Doc {
        let mut head = vec![match &dimension.source {
            Source::File(text) => self.rest_of(text.span),
            Source::Table(path) => self.rest_of(path.span),
        }];
        let mut clauses = Vec::new();
        if !dimension.key.is_empty() {
            head.push(self.word());
            head.push(self.names(&dimension.key).nest());
        }
        if !dimension.columns.is_empty() {
            clauses.push(self.line(true, false));
            clauses.push(self.word());
            let columns = &dimension.columns;
            clauses.push(self.bracketed(columns.len(), false, |this, n| {
                let declared = this.type_name(&columns[n].ty);
                let format = columns[n].format.as_ref().map(|f| this.rest_of(f.span));
                Doc::Concat(std::iter::once(declared).chain(format).collect())
            }));
        }
        if let Some(rule) = &dimension.filter {
            clauses.push(self.line(true, false));
            clauses.push(self.inner(rule));
        }
        if let Some(last) = dimension.options.last() {
            clauses.push(self.line(true, false));
            clauses.push(self.with(&dimension.options, last.span));
        }
        head.push(Doc::Concat(clauses).nest());
        Doc::Concat(head)
    }

    fn define(&mut self, define: &Define) -> Doc {
        let mut parts = vec![self.word(), self.rest_of(define.name.span)];
        if self.at("(") {
            self.glue();
            let params = &define.params;
            parts.push(self.bracketed(params.len(), false, |this, n| this.parameter(&params[n])));
        }
        parts.push(self.upto(define.body.span.start));
        parts.push(match &*define.body.kind {
            // The bracket stays behind the `=`.
            ExprKind::List(_) | ExprKind::Group(_) => self.expr(&define.body),
            _ => {
                let line = self.line(true, false);
                Doc::Concat(vec![line, self.expr(&define.body)]).nest().group()
            }
        });
        Doc::Concat(parts)
    }

    fn parameter(&mut self, param: &Param) -> Doc {
        let ty = self.type_name(&param.ty);
        match &param.default {
            Some(default) => Doc::Concat(vec![ty, self.inner(default)]),
            None => ty,
        }
    }

    /// Up to the end of a type; its bracket touches its name.
    pub(super) fn type_name(&mut self, ty: &TypeName) -> Doc {
        let name = self.rest_of(ty.name.span);
        self.glue();
        let args = if self.before(ty.span.end) { self.rest_of(ty.span) } else { Doc::empty() };
        self.unglue();
        Doc::Concat(vec![name, args])
    }

    /// Names with commas between them.
    fn names(&mut self, names: &[Name]) -> Doc {
        let mut parts = Vec::new();
        for (n, name) in names.iter().enumerate() {
            if n > 0 {
                parts.push(self.fill());
            }
            parts.push(self.rest_of(name.span));
            if self.at(",") {
                parts.push(if n + 1 == names.len() { self.skip_comma() } else { self.word() });
            }
        }
        Doc::Concat(parts)
    }

    fn call(&mut self, call: &Call) -> Doc {
        let mut parts = Vec::new();
        if !call.outputs.is_empty() {
            parts.push(self.names(&call.outputs).nest());
        }
        parts.push(self.rest_of(call.activity.span));
        let mut modes = Vec::new();
        let mut clauses = Vec::new();
        let exports = call
            .clauses
            .iter()
            .any(|c| matches!(c.node, ClauseKind::To(_) | ClauseKind::ToTable(_)));
        for (n, clause) in call.clauses.iter().enumerate() {
            let after_order = n > 0 && matches!(call.clauses[n - 1].node, ClauseKind::OrderBy(_));
            match &clause.node {
                ClauseKind::Inputs(_)
                | ClauseKind::Label(_)
                | ClauseKind::As(_)
                | ClauseKind::To(_)
                | ClauseKind::ToTable(_) => parts.push(self.rest_of(clause.span)),
                ClauseKind::Set(set) => parts.push(self.set(set)),
                ClauseKind::With(entries) if !exports => {
                    parts.push(self.with(entries, clause.span));
                }
                ClauseKind::CreateOrUpdate
                | ClauseKind::UpdateExisting
                | ClauseKind::Replace
                | ClauseKind::Append
                | ClauseKind::Merge
                | ClauseKind::ExpiresIn(_)
                | ClauseKind::Retain(_)
                | ClauseKind::ForEach(_) => {
                    modes.push(self.line(true, false));
                    modes.push(self.clause(clause));
                }
                ClauseKind::Limit(_) if after_order => {
                    // How many of whom is one thought, as long as it fits.
                    let order = clauses.pop();
                    let limit = Doc::Concat(vec![self.line(true, false), self.clause(clause)]);
                    clauses.push(Doc::Concat(order.into_iter().chain([limit]).collect()).group());
                }
                _ => {
                    clauses.push(self.line(true, false));
                    clauses.push(self.clause(clause));
                }
            }
        }
        parts.push(Doc::Concat(modes).nest().group());
        while self.peek().is_some() {
            clauses.push(self.line(true, false));
            if self.at("wait") {
                clauses.push(self.word());
                clauses.push(self.word());
                clauses.push(self.names(&call.wait_for).nest());
            } else {
                match &call.only_if {
                    Some(condition) => clauses.push(self.inner(condition)),
                    None => clauses.push(self.rest()),
                }
            }
        }
        parts.push(Doc::Concat(clauses).nest());
        Doc::Concat(parts)
    }

    fn clause(&mut self, clause: &Clause) -> Doc {
        let body = match &clause.node {
            ClauseKind::Where(rule) => self.inner(rule),
            ClauseKind::Select(select) => self.select(select, clause.span),
            ClauseKind::OrderBy(sorts) => self.sorts(sorts, clause.span),
            ClauseKind::OnMatching(_, rule) => self.inner(rule),
            ClauseKind::With(entries) => self.with(entries, clause.span),
            _ => Doc::empty(),
        };
        Doc::Concat(vec![body, self.rest_of(clause.span)])
    }

    fn select(&mut self, select: &Select, end: Span) -> Doc {
        let star = select.star.map(|span| Expr::new(ExprKind::Invalid, span));
        let mut items: Vec<&Expr> =
            select.items.iter().map(|item| &item.expr).chain(&star).collect();
        items.sort_by_key(|e| e.span.start);
        Doc::Concat(vec![self.word(), self.listed(&items, end)])
    }

    fn sorts(&mut self, sorts: &[Sort], end: Span) -> Doc {
        let exprs: Vec<&Expr> = sorts.iter().map(|s| &s.expr).collect();
        self.listed(&exprs, end)
    }

    /// `with`, then its options: all on the line, or each on one of its own.
    pub(super) fn with(&mut self, entries: &[Entry], end: Span) -> Doc {
        let word = self.word();
        let mut parts = Vec::new();
        for (n, entry) in entries.iter().enumerate() {
            parts.push(self.line(true, false));
            parts.push(self.entry(entry));
            if self.at(",") {
                parts.push(if n + 1 == entries.len() { self.skip_comma() } else { self.word() });
            }
        }
        let options = Doc::Concat(parts).nest().group();
        Doc::Concat(vec![word, options, self.rest_of(end)])
    }

    fn entry(&mut self, entry: &Entry) -> Doc {
        let name = self.rest_of(entry.name.span);
        let colon = self.word();
        let value = match &entry.value {
            EntryValue::Item(item) => self.inner(&item.expr),
            EntryValue::Subset(subset) => self.subset(subset),
            EntryValue::Reduced(arg) => self.argument(arg),
        };
        Doc::Concat(vec![name, colon, value, self.rest_of(entry.span)])
    }

    fn subset(&mut self, subset: &Subset) -> Doc {
        let mut parts = Vec::new();
        if let Some(rule) = &subset.rule {
            parts.push(self.inner(rule));
        }
        if let Some(last) = subset.order.last() {
            if !parts.is_empty() {
                parts.push(self.line(true, false));
            }
            let mut order = vec![self.sorts(&subset.order, last.expr.span)];
            // `desc` of the last one.
            while self.before(subset.span.end) && !self.at("limit") {
                order.push(self.word());
            }
            if let Some(limit) = &subset.limit {
                order.push(self.line(true, false));
                order.push(self.inner(limit));
            }
            parts.push(Doc::Concat(order).group());
        } else if let Some(limit) = &subset.limit {
            if !parts.is_empty() {
                parts.push(self.line(true, false));
            }
            parts.push(self.inner(limit));
        }
        Doc::Concat(parts).nest().group()
    }

    /// `a` ⏎ `union b` ⏎ `exclude c matching email`
    fn set(&mut self, set: &SetExpr) -> Doc {
        let SetKind::Chain(first, steps) = &set.kind else { return self.rest_of(set.span) };
        let mut parts = vec![self.rest_of(first.span)];
        let mut lines = Vec::new();
        for step in steps {
            lines.push(self.line(true, true));
            lines.push(self.rest_of(step.set.span));
            if let Some(last) = step.matching.last() {
                let exprs: Vec<&Expr> = step.matching.iter().collect();
                lines.push(self.listed(&exprs, last.span));
                lines.push(self.skip_comma());
            }
        }
        parts.push(Doc::Concat(lines).nest().group());
        Doc::Concat(parts)
    }
}
