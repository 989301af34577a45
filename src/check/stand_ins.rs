//! What stands for the sources while a test runs: the columns of the real ones where those can be
//! asked, else those that the test names, and the test's rows.

use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::unit_tests as codes;
use crate::model::label::fold_label;
use crate::model::schema::{Audience, Column, FileOptions, Relation, Scan};
use crate::model::types::Type;
use crate::model::value::Value;
use crate::syntax::ast;

use super::Tests;
use super::binder::{Binder, dotted};
use super::expr::{a, listed, takes};
use super::scope::Scope;
use super::unit_tests::cells;

/// The schema of the tables that hold what a test gives, in a project that lives in memory.
pub const SCHEMA: &str = "given";

/// A relation of the real world, as a table of the test.
pub(super) fn instead(relation: Relation, name: &str) -> Relation {
    let mut columns = relation.columns;
    for column in &mut columns {
        // What is not given is missing, whatever the source promises.
        column.nullable = true;
    }
    Relation { scan: scan(SCHEMA, name), columns, ..relation }
}

fn scan(schema: &str, table: &str) -> Scan {
    Scan::Table { database: "project".into(), schema: schema.into(), table: table.into() }
}

/// A type that no value shows is text.
fn shown_or_text(ty: Type) -> Type {
    if ty == Type::Missing { Type::Text } else { ty }
}

impl Binder<'_> {
    /// The test that the campaign is checked for.
    pub(super) fn running_test(&self) -> Option<ast::UnitTest> {
        let Tests::Run(number) = self.options.tests else { return None };
        let statements = &self.files.get(self.root.file)?.ast.statements;
        let mut tests = statements.iter().filter_map(|s| match &s.kind {
            ast::StatementKind::Test(test) => Some(test),
            _ => None,
        });
        tests.nth(number).cloned()
    }

    /// The relation of a dimension while a test runs; `None` when that was reported.
    pub(super) fn stand_in(
        &mut self,
        file: usize,
        d: &ast::Dimension,
        options: &FileOptions,
    ) -> Option<Relation> {
        let name = &d.name.node;
        let real = match &d.source {
            ast::Source::File(path) => {
                let base = self.files[file].base.clone();
                Some(self.world.file(&path.node, &base, options, path.span))
            }
            ast::Source::Table(path) => {
                let parts = self.table_parts(file, path);
                parts.map(|parts| self.world.table(&parts, path.span))
            }
        };
        let mut relation = match real {
            Some(Ok(relation)) => relation,
            failed => {
                let columns = self.columns_of_given(d, options);
                if columns.is_empty() {
                    self.not_given(d, failed.and_then(Result::err));
                    return None;
                }
                let scan = scan(SCHEMA, name);
                Relation { scan, columns, primary_key: Vec::new(), foreign_keys: Vec::new() }
            }
        };
        if !d.key.is_empty() {
            // The test's rows promise nothing.
            relation.primary_key.clear();
        }
        Some(instead(relation, name))
    }

    fn not_given(&mut self, d: &ast::Dimension, why: Option<Diagnostic>) {
        let name = &d.name.node;
        let columns: Vec<&str> = d.key.iter().map(|k| k.node.as_str()).collect();
        let columns = if columns.is_empty() { "…".into() } else { columns.join(", ") };
        let mut wrong = Diagnostic::error(
            codes::NOT_GIVEN,
            format!("The source of `{name}` cannot be read, and the test gives no rows of it"),
        )
        .label(d.name.span, "its columns are not known")
        .help(format!("add `given {name} ({columns}) = ()` to the test"));
        if let Some(why) = why {
            wrong = wrong.cause(why.title);
        }
        self.report(wrong);
    }

    /// Columns as far as the declaration and the tests of the file name them, the running one
    /// first; none when no test gives rows.
    fn columns_of_given(&mut self, d: &ast::Dimension, options: &FileOptions) -> Vec<Column> {
        let Some(running) = self.running_test() else { return Vec::new() };
        let ast = self.files[self.root.file].ast.clone();
        let others = ast.statements.iter().filter_map(|s| match &s.kind {
            ast::StatementKind::Test(test) => Some(&test.given),
            _ => None,
        });
        let givens = running.given.iter().chain(others.flatten()).filter(
            |g| matches!(&g.target, ast::GivenTarget::Dimension(p) if dotted(p) == d.name.node),
        );
        let mut columns: Vec<Column> = Vec::new();
        for given in givens {
            if columns.is_empty() {
                columns.extend(options.columns.iter().map(|c| Column {
                    name: c.name.clone(),
                    ty: c.ty.clone(),
                    nullable: true,
                }));
            }
            let keys = d.key.iter().map(|name| ast::GivenColumn { name: name.clone(), ty: None });
            let named: Vec<ast::GivenColumn> =
                if given.columns.is_empty() { keys.collect() } else { given.columns.clone() };
            for (n, column) in named.iter().enumerate() {
                let known = columns.iter().position(|c| c.name == column.name.node);
                // A type that no value has shown so far may be shown by the next test.
                if known.is_some_and(|at| columns[at].ty != Type::Missing) {
                    continue;
                }
                let ty = self.type_of_given(given, column, n, named.len());
                match known {
                    Some(at) => columns[at].ty = ty,
                    None => {
                        let name = column.name.node.clone();
                        columns.push(Column { name, ty, nullable: true });
                    }
                }
            }
        }
        for column in &mut columns {
            column.ty = shown_or_text(column.ty.clone());
        }
        columns
    }

    /// The type of a given column: as declared, else the one that all its values have; `missing`
    /// where there is no value.
    fn type_of_given(
        &mut self,
        given: &ast::Given,
        column: &ast::GivenColumn,
        n: usize,
        width: usize,
    ) -> Type {
        if let Some(ty) = &column.ty {
            return self.type_of_name(ty).unwrap_or(Type::Error);
        }
        let scope = Scope::empty(self.root.file);
        let mut found = Type::Missing;
        for row in cells(&given.rows, width, given.columns.is_empty()) {
            let Some(cell) = row.get(n) else { continue };
            // What is wrong with a value is said where the rows are bound.
            let ty = self.attempt(|this| this.bind_constant(cell, &scope).ty);
            let Ok(ty) = ty else { continue };
            found = found.widened(&ty).unwrap_or(found);
        }
        match found {
            // Room for the sums and products of the campaign.
            Type::Decimal { scale, .. } => Type::Decimal { precision: 28, scale: scale.max(6) },
            Type::Error => Type::Missing,
            ty => ty,
        }
    }

    /// An audience that the running test gives.
    pub(super) fn given_audience(&mut self, label: &str) -> Option<Audience> {
        let test = self.running_test()?;
        let mut versions = test.given.iter().filter(|given| {
            matches!(&given.target, ast::GivenTarget::Audience(text, _)
                if fold_label(&text.node) == fold_label(label))
        });
        let given = versions.next()?;
        let version = 1 + versions.count() as u64;
        let ast::GivenTarget::Audience(text, path) = &given.target else { return None };
        // What is wrong with the dimension is said where the test is bound.
        let dimension = self.attempt(|this| this.dimension_by_path(path, false)).ok().flatten()?;
        let columns = self.columns_of_audience(given, dimension);
        let key: Vec<Column> = self.program[dimension].key_columns().cloned().collect();
        Some(Audience {
            label: text.node.clone(),
            scan: scan("audience", &text.node),
            dimension: self.program[dimension].name.clone(),
            key,
            columns,
            size: 0,
            version,
            oldest_version: 1,
            expires: None,
        })
    }

    /// The columns of a given audience, the key's first.
    pub(super) fn columns_of_audience(
        &mut self,
        given: &ast::Given,
        dimension: crate::model::program::DimId,
    ) -> Vec<Column> {
        let dim = &self.program[dimension];
        let mut columns: Vec<Column> = dim.key_columns().cloned().collect();
        let known = dim.columns.clone();
        for (n, column) in given.columns.iter().enumerate() {
            let name = &column.name.node;
            if columns.iter().any(|c| c.name == *name) {
                continue;
            }
            let ty = match known.iter().find(|c| c.name == *name) {
                Some(column) => column.ty.clone(),
                None => shown_or_text(self.type_of_given(given, column, n, given.columns.len())),
            };
            columns.push(Column { name: name.clone(), ty, nullable: true });
        }
        columns
    }

    /// The value that the running test gives a parameter.
    pub(super) fn test_value(&self, name: &str) -> Option<ast::Entry> {
        self.running_test()?.params.into_iter().find(|entry| entry.name.node == name)
    }

    /// A value of `with` as one of a parameter; `None` when it is wrong, which is reported.
    pub(super) fn param_of_test(
        &mut self,
        entry: &ast::Entry,
        name: &str,
        ty: &Type,
    ) -> Option<Value> {
        let ast::EntryValue::Item(ast::Item { expr, alias: None, descending: None }) = &entry.value
        else {
            self.option_value(entry, "one value");
            return None;
        };
        let bound = self.bind_constant(expr, &Scope::empty(self.root.file));
        if bound.ty == Type::Error {
            return None;
        }
        let literal = listed(bound.clone(), ty);
        match &*literal.kind {
            crate::model::expr::ExprKind::Literal(value) if takes(ty, &bound.ty) => {
                Some(value.clone().widened(ty))
            }
            _ => {
                let title = format!("`{name}` is {}, not {}", a(ty), a(&bound.ty));
                self.report(
                    Diagnostic::error(codes::VALUE, title)
                        .label(expr.span, "does not fit")
                        .help(format!("write a literal of type {ty}")),
                );
                None
            }
        }
    }
}
