//! `test` statements → documents: each clause on its line, a row on each where they do not fit.

use super::doc::Doc;
use super::writer::Writer;
use crate::source::Span;
use crate::syntax::ast::*;

impl Writer {
    pub(super) fn unit_test(&mut self, test: &UnitTest) -> Doc {
        let head = self.rest_of(test.label.span);
        let mut given = test.given.iter();
        let mut expected = test.expected.iter();
        let mut clauses = Vec::new();
        while let Some(word) = self.peek().map(|w| w.text.clone()) {
            clauses.push(self.line(true, false));
            clauses.push(match word.as_str() {
                "with" => {
                    let end = test.params.last().map_or(test.label.span, |p| p.span);
                    self.with(&test.params, end)
                }
                "given" => match given.next() {
                    Some(given) => self.given(given),
                    None => self.rest(),
                },
                "expect" => match expected.next() {
                    Some(expected) => self.expected(expected),
                    None => self.rest(),
                },
                _ => match &test.as_of {
                    Some(at) if self.before(at.span.end) => self.rest_of(at.span),
                    _ => self.rest(),
                },
            });
        }
        Doc::Concat(vec![head, Doc::Concat(clauses).nest()]).group()
    }

    fn given(&mut self, given: &Given) -> Doc {
        let target = match &given.target {
            GivenTarget::Dimension(path) | GivenTarget::Audience(_, path) => path.span,
        };
        let mut parts = vec![self.rest_of(target)];
        if self.at("(") {
            let columns = &given.columns;
            parts.push(self.bracketed(columns.len(), true, |this, n| match &columns[n].ty {
                Some(ty) => this.type_name(ty),
                None => this.rest_of(columns[n].name.span),
            }));
        }
        parts.push(self.rows(&given.rows, given.columns.is_empty(), given.span));
        Doc::Concat(parts)
    }

    fn expected(&mut self, expected: &Expected) -> Doc {
        match &expected.node {
            ExpectedKind::Rows { rows, columns, .. } => {
                self.rows(rows, columns.is_empty(), expected.span)
            }
            ExpectedKind::Holds(condition) => self.inner(condition),
            ExpectedKind::Failure(_) => self.rest_of(expected.span),
        }
    }

    /// Up to the `=`, then the rows: on the line when they fit, else each on one of its own.
    fn rows(&mut self, rows: &[Expr], keys: bool, end: Span) -> Doc {
        let Some(first) = rows.first() else { return self.rest_of(end) };
        let head = self.upto(first.span.start);
        // A list of keys stays behind the `=`.
        let list = keys && rows.len() == 1;
        let mut parts = Vec::new();
        for (n, row) in rows.iter().enumerate() {
            if !list {
                parts.push(self.line(true, false));
            }
            parts.push(self.expr(row));
            if self.at(",") {
                parts.push(if n + 1 == rows.len() { self.skip_comma() } else { self.word() });
            }
        }
        let body = Doc::Concat(parts);
        Doc::Concat(vec![head, if list { body } else { body.nest().group() }])
    }
}
