//! Pairs → `test` statements.

use super::{Builder, Node, Rule};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::syntax as codes;
use crate::source::{Span, Spanned};
use crate::syntax::ast::*;

impl Builder<'_> {
    pub(super) fn unit_test(&mut self, node: Node<'_>) -> Option<UnitTest> {
        let mut label = None;
        let (mut as_of, mut params) = (None::<Text>, None::<(Span, Vec<Entry>)>);
        let (mut given, mut expected) = (Vec::new(), Vec::new());
        for part in node.into_inner() {
            let span = self.span(&part);
            match part.as_rule() {
                Rule::text => label = Some(self.text(part)),
                Rule::as_of => {
                    self.twice("as of", span, as_of.as_ref().map(|t| t.span));
                    as_of = self.as_of(part);
                }
                Rule::with_clause => {
                    self.twice("with", span, params.as_ref().map(|p| p.0));
                    params = Some((span, self.entries(part)));
                }
                Rule::given => given.push(self.given(part)?),
                Rule::expected => expected.push(self.expected(part)?),
                _ => {}
            }
        }
        let params = params.map(|p| p.1).unwrap_or_default();
        Some(UnitTest { label: label?, as_of, params, given, expected })
    }

    fn as_of(&mut self, node: Node<'_>) -> Option<Text> {
        let date = node.into_inner().find(|p| p.as_rule() == Rule::date)?;
        Some(Spanned::new(date.as_str().to_owned(), self.span(&date)))
    }

    fn given(&mut self, node: Node<'_>) -> Option<Given> {
        let span = self.span(&node);
        let (mut target, mut columns, mut as_of, mut rows) = (None, Vec::new(), None, Vec::new());
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::given_rows | Rule::given_audience => {
                    let (mut label, mut path) = (None, None);
                    for part in part.into_inner() {
                        match part.as_rule() {
                            Rule::audience => label = self.text_of(part),
                            Rule::path => path = Some(self.path(part)),
                            Rule::given_columns => columns = self.given_columns(part),
                            Rule::as_of => as_of = self.as_of(part),
                            _ => {}
                        }
                    }
                    let path = path?;
                    target = Some(match label {
                        Some(label) => GivenTarget::Audience(label, path),
                        None => GivenTarget::Dimension(path),
                    });
                }
                Rule::rows => rows = self.rows(part),
                _ => {}
            }
        }
        Some(Given { target: target?, columns, as_of, rows, span })
    }

    fn given_columns(&mut self, node: Node<'_>) -> Vec<GivenColumn> {
        let columns = node.into_inner().filter(|p| p.as_rule() == Rule::given_column);
        columns.filter_map(|c| self.given_column(c)).collect()
    }

    fn given_column(&mut self, node: Node<'_>) -> Option<GivenColumn> {
        let (mut name, mut ty) = (None, None);
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(part)),
                Rule::type_name => ty = self.type_name(part),
                _ => {}
            }
        }
        Some(GivenColumn { name: name?, ty })
    }

    fn rows(&mut self, node: Node<'_>) -> Vec<Expr> {
        let brackets = node.into_inner().filter(|p| p.as_rule() == Rule::bracket);
        brackets.map(|b| self.bracket(b)).collect()
    }

    fn expected(&mut self, node: Node<'_>) -> Option<Expected> {
        let span = self.span(&node);
        for part in node.into_inner() {
            let kind = match part.as_rule() {
                Rule::expected_rows => self.expected_rows(part)?,
                Rule::failure => ExpectedKind::Failure(self.text_of(part)),
                Rule::expr => ExpectedKind::Holds(self.expr(part)),
                _ => continue,
            };
            return Some(Spanned::new(kind, span));
        }
        None
    }

    fn expected_rows(&mut self, node: Node<'_>) -> Option<ExpectedKind> {
        let (mut of, mut columns, mut rows) = (None, Vec::new(), Vec::new());
        for part in node.into_inner() {
            match part.as_rule() {
                Rule::audience => of = Some(Population::Audience(self.text_of(part)?)),
                Rule::expected_name => {
                    let name = part.into_inner().next()?;
                    of = Some(Population::Transition(self.name(name)));
                }
                Rule::given_columns => columns = self.given_columns(part),
                Rule::rows => rows = self.rows(part),
                _ => {}
            }
        }
        for column in &columns {
            if let Some(ty) = &column.ty {
                self.diagnostics.push(
                    Diagnostic::error(codes::UNEXPECTED, "An expected column needs no type")
                        .label(ty.span, "known already")
                        .help(format!("write `{}` alone", column.name.node)),
                );
            }
        }
        let columns = columns.into_iter().map(|c| c.name).collect();
        Some(ExpectedKind::Rows { of: of?, columns, rows })
    }
}
