//! `test` statements: the names in them, and the types of their rows.

use jiff::Timestamp;
use jiff::civil::date;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::{names, unit_tests as codes};
use crate::model::expr::Expr;
use crate::model::label::fold_label;
use crate::model::program::{DimId, Step, StepKind, TransitionId};
use crate::model::schema::Column;
use crate::model::types::Type;
use crate::model::unit_test::{Expectation, ExpectationKind, Given, GivenTarget, UnitTest, Whose};
use crate::model::value::Value;
use crate::source::Span;
use crate::syntax::ast;

use super::Tests;
use super::audiences::SavedLabel;
use super::binder::Binder;
use super::expr::{a, count, takes};
use super::files::Entity;
use super::scope::{Found, Scope, find_name};
use super::times::parse_time;

/// The rows that brackets stand for, as their values. Where one column is wanted, a bracket may
/// hold many of them: `(1, 2, 3)`; without a list of columns, a list of keys may stand in one.
pub(super) fn cells(rows: &[ast::Expr], width: usize, keys: bool) -> Vec<Vec<&ast::Expr>> {
    let mut all = Vec::new();
    for row in rows {
        let values = values(row);
        let nested =
            |v: &&ast::Expr| matches!(&*v.kind, ast::ExprKind::List(_) | ast::ExprKind::Group(_));
        if values.is_empty() {
            continue;
        } else if width == 1 && !keys {
            all.extend(values.into_iter().map(|v| vec![v]));
        } else if width == 1 || (keys && values.iter().all(nested)) {
            all.extend(
                values.into_iter().map(|v| if nested(&v) { self::values(v) } else { vec![v] }),
            );
        } else {
            all.push(values);
        }
    }
    all
}

fn values(row: &ast::Expr) -> Vec<&ast::Expr> {
    match &*row.kind {
        ast::ExprKind::List(items) => items.iter().map(|item| &item.expr).collect(),
        ast::ExprKind::Group(one) => vec![one],
        _ => vec![row],
    }
}

impl Binder<'_> {
    /// Binds the tests of the campaign's file that are asked for.
    pub(super) fn bind_tests(&mut self) {
        let ast = self.files[self.root.file].ast.clone();
        let tests = ast.statements.iter().filter_map(|s| match &s.kind {
            ast::StatementKind::Test(test) => Some((test, s.span)),
            _ => None,
        });
        let mut labels: Vec<&ast::Text> = Vec::new();
        for (number, (test, span)) in tests.enumerate() {
            if let Some(first) = labels.iter().find(|l| l.node == test.label.node) {
                let title = format!("Two tests are called \"{}\"", test.label.node);
                self.report(
                    Diagnostic::error(codes::SAME_LABEL, title)
                        .label(test.label.span, "the second")
                        .label(first.span, "the first")
                        .help("say in each label what it alone shows"),
                );
            }
            labels.push(&test.label);
            let wanted = match self.options.tests {
                Tests::Ignore => false,
                Tests::Check => true,
                Tests::Run(wanted) => number == wanted,
            };
            if wanted {
                self.bind_unit_test(test, span);
            }
        }
    }

    fn bind_unit_test(&mut self, test: &ast::UnitTest, span: Span) {
        for entry in &test.params {
            self.check_param_of_test(entry);
        }
        let mut given = Vec::new();
        for clause in &test.given {
            given.extend(self.bind_given(clause, &given));
        }
        let mut expected = Vec::new();
        for clause in &test.expected {
            expected.extend(self.bind_expected(clause));
        }
        if test.expected.is_empty() {
            self.report(
                Diagnostic::error(codes::NOTHING_EXPECTED, "The test expects nothing")
                    .label(test.label.span, "would always pass")
                    .help("add `expect TRANSITION = (…)` with the keys of its members"),
            );
        }
        // A fixed instant, so that a test says the same every day.
        let fixed = date(2000, 1, 1).to_zoned(self.timezone()).map(|z| z.timestamp());
        let fixed = fixed.unwrap_or(Timestamp::UNIX_EPOCH);
        let as_of = test.as_of.as_ref().and_then(|at| self.instant(at)).unwrap_or(fixed);
        let campaign = self.root.campaign;
        let label = test.label.node.clone();
        self.program.tests.push(UnitTest { label, campaign, as_of, given, expected, span });
    }

    /// The instant that a literal stands for; impossible ones were reported by the parser.
    fn instant(&self, at: &ast::Text) -> Option<Timestamp> {
        let zone = self.timezone();
        match parse_time(&at.node)? {
            Value::Instant(at) => Some(at),
            Value::Timestamp(local) => zone.to_ambiguous_timestamp(local).later().ok(),
            Value::Date(day) => day.to_zoned(zone).ok().map(|z| z.timestamp()),
            _ => None,
        }
    }

    fn check_param_of_test(&mut self, entry: &ast::Entry) {
        let file = self.root.file;
        let name = &entry.name;
        match self.entity(file, &name.node).map(|e| e.entity) {
            Some(Entity::Param(id)) => {
                let ty = self.program[id].ty.clone();
                // While the test runs, its parameters have their values already.
                if self.options.tests == Tests::Check {
                    self.param_of_test(entry, &name.node, &ty);
                }
            }
            Some(Entity::Error) => {}
            _ if self.may_exist(file, &name.node) => {}
            _ => {
                let known =
                    self.root.spaces.get(&file).map_or_else(Vec::new, |s| {
                        s.names_where(|e| matches!(e, Entity::Param(_)))
                    });
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                self.unknown(
                    names::UNKNOWN_OPTION,
                    format!("`{}` is not a parameter", name.node),
                    name.span,
                    &name.node,
                    "parameters",
                    &known,
                );
            }
        }
    }

    fn bind_given(&mut self, given: &ast::Given, before: &[Given]) -> Option<Given> {
        let (path, label) = match &given.target {
            ast::GivenTarget::Dimension(path) => (path, None),
            ast::GivenTarget::Audience(label, path) => (path, Some(label)),
        };
        let dimension = self.dimension_by_path(path, false)?;
        let target = match label {
            None => {
                let same =
                    |g: &&Given| matches!(g.target, GivenTarget::Dimension(d) if d == dimension);
                if let Some(first) = before.iter().find(same) {
                    let title =
                        format!("Rows of `{}` are given twice", self.program[dimension].name);
                    self.report(
                        Diagnostic::error(codes::GIVEN_TWICE, title)
                            .label(path.span, "given again")
                            .label(first.span, "given here")
                            .help("put all rows into one `given`"),
                    );
                }
                GivenTarget::Dimension(dimension)
            }
            Some(text) => GivenTarget::Audience {
                label: self.filled(text, None)?,
                dimension,
                as_of: given.as_of.as_ref().and_then(|at| self.instant(at)),
            },
        };
        let available = match label {
            None => self.program[dimension].columns.clone(),
            Some(_) => self.columns_of_audience(given, dimension),
        };
        let headings: Vec<ast::Name> = given.columns.iter().map(|c| c.name.clone()).collect();
        let of = super::binder::dotted(path);
        let columns = self.columns_of_rows(&headings, &available, dimension, &of, path.span)?;
        let key: Vec<Column> = self.program[dimension].key_columns().cloned().collect();
        if let Some(lacking) = key.iter().find(|k| columns.iter().all(|c| c.name != k.name)) {
            let title = format!("The rows have no `{}`, which is the key", lacking.name);
            let span = headings.first().map_or(path.span, |h| h.span);
            self.report(
                Diagnostic::error(codes::KEY_MISSING, title)
                    .label(span, "the key is missing")
                    .help(format!("add `{}` to the columns, and its values", lacking.name)),
            );
            return None;
        }
        let rows = self.bind_rows(&given.rows, &columns, given.columns.is_empty());
        Some(Given { target, columns, rows, span: given.span })
    }

    /// The columns that rows have values for; without a list of them, those of the key.
    fn columns_of_rows(
        &mut self,
        headings: &[ast::Name],
        available: &[Column],
        dimension: DimId,
        of: &str,
        span: Span,
    ) -> Option<Vec<Column>> {
        let dim = &self.program[dimension];
        if headings.is_empty() {
            let key: Vec<Column> = dim.key_columns().cloned().collect();
            if key.is_empty() {
                let title =
                    format!("Rows of `{of}` have no key, so their columns have to be named");
                self.report(
                    Diagnostic::error(codes::ROW_WIDTH, title)
                        .label(span, "which columns?")
                        .help("write the columns in brackets in front of the `=`"),
                );
                return None;
            }
            return Some(key);
        }
        let names: Vec<&str> = available.iter().map(|c| c.name.as_str()).collect();
        let mut columns: Vec<Column> = Vec::new();
        let mut complete = true;
        for heading in headings {
            match find_name(&heading.node, names.iter().copied()) {
                Found::One(n) if columns.iter().any(|c| c.name == available[n].name) => {
                    let title = format!("Column `{}` is named twice", heading.node);
                    self.report(
                        Diagnostic::error(codes::GIVEN_TWICE, title)
                            .label(heading.span, "named again")
                            .help("remove one of them"),
                    );
                    complete = false;
                }
                Found::One(n) => columns.push(available[n].clone()),
                Found::Several(fitting) => {
                    self.several_columns(&heading.node, heading.span, &fitting);
                    complete = false;
                }
                Found::None => {
                    self.unknown(
                        names::UNKNOWN_COLUMN,
                        format!("`{of}` has no column `{}`", heading.node),
                        heading.span,
                        &heading.node,
                        "columns",
                        &names,
                    );
                    complete = false;
                }
            }
        }
        complete.then_some(columns)
    }

    fn bind_rows(&mut self, rows: &[ast::Expr], columns: &[Column], keys: bool) -> Vec<Vec<Expr>> {
        let scope = Scope::empty(self.root.file);
        let mut bound = Vec::new();
        let mut wrong = vec![false; columns.len()];
        for row in cells(rows, columns.len(), keys) {
            if row.len() != columns.len() {
                let span = row.iter().map(|e| e.span).reduce(Span::to).unwrap_or_default();
                let title = format!(
                    "The row has {} for {}",
                    count(row.len(), "value"),
                    count(columns.len(), "column")
                );
                let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
                self.report(
                    Diagnostic::error(codes::ROW_WIDTH, title).label(span, "this row").help(
                        format!("give a value, or `missing`, for each of {}", names.join(", ")),
                    ),
                );
                continue;
            }
            let cells = row.into_iter().zip(columns).zip(&mut wrong);
            let cells = cells.map(|((cell, column), wrong)| {
                let (value, fits) = self.bind_cell(cell, column, &scope);
                // Once for each column is enough.
                if !fits && !std::mem::replace(wrong, true) {
                    self.report_cell(cell, column, &value);
                }
                value
            });
            bound.push(cells.collect());
        }
        bound
    }

    /// A value, and whether it fits its column.
    fn bind_cell(&mut self, cell: &ast::Expr, column: &Column, scope: &Scope) -> (Expr, bool) {
        let value = self.bind_constant(cell, scope);
        let fits = match &column.ty {
            Type::Instant => value.ty.is_time() || value.ty.is_wild(),
            Type::Json | Type::Other(_) => value.ty == Type::Text || value.ty.is_wild(),
            Type::Struct(_) => value.ty.is_wild(),
            ty => takes(ty, &value.ty),
        };
        (value, fits)
    }

    fn report_cell(&mut self, cell: &ast::Expr, column: &Column, value: &Expr) {
        let (name, ty) = (&column.name, &column.ty);
        self.report(
            Diagnostic::error(
                codes::VALUE,
                format!("Column `{name}` is {}, not {}", a(ty), a(&value.ty)),
            )
            .label(cell.span, format!("this is {}", a(&value.ty)))
            .help(format!("give {}, or `missing`", a(ty))),
        );
    }

    fn bind_expected(&mut self, expected: &ast::Expected) -> Option<Expectation> {
        let kind = match &expected.node {
            ast::ExpectedKind::Failure(words) => {
                ExpectationKind::Failure(words.as_ref().map(|w| w.node.clone()))
            }
            ast::ExpectedKind::Holds(condition) => {
                let bound = self.bind_facts(condition);
                if matches!(self.options.tests, Tests::Run(_)) {
                    self.program.steps.push(Step {
                        campaign: self.root.campaign,
                        kind: StepKind::Expect { condition: bound, message: None },
                        only_if: None,
                        wait_for: Vec::new(),
                        span: expected.span,
                    });
                }
                ExpectationKind::Holds { step: self.program.steps.len().saturating_sub(1) }
            }
            ast::ExpectedKind::Rows { of, columns, rows } => {
                let (of, dimension, available, span) = self.whose(of)?;
                let keys = columns.is_empty();
                let name = match &of {
                    Whose::Transition(id) => self.program[*id].name.clone(),
                    Whose::Audience(label) => label.clone(),
                };
                let columns = self.columns_of_rows(columns, &available, dimension, &name, span)?;
                let rows = self.bind_rows(rows, &columns, keys);
                ExpectationKind::Rows { of, columns, rows }
            }
        };
        Some(Expectation { kind, span: expected.span })
    }

    /// Where rows are expected: what they are rows of, and the columns they have.
    fn whose(&mut self, of: &ast::Population) -> Option<(Whose, DimId, Vec<Column>, Span)> {
        match of {
            ast::Population::Transition(name) => {
                let (id, _) = self.transition(name)?;
                let (dimension, columns) = self.columns_of_transition(id);
                Some((Whose::Transition(id), dimension, columns, name.span))
            }
            ast::Population::Audience(text) => {
                if self.options.tests == Tests::Check && self.may_be_saved() {
                    return None;
                }
                let label = self.filled(text, None)?;
                if let Some(id) = self.saved_for_each(&label) {
                    let (dimension, columns) = self.columns_of_transition(id);
                    return Some((Whose::Audience(label), dimension, columns, text.span));
                }
                let input = self.audience(text)?;
                let dimension = input.dimension?;
                let dim = &self.program[dimension];
                let mut columns: Vec<Column> = dim.key_columns().cloned().collect();
                columns.extend(input.columns.into_iter().map(|c| Column {
                    name: c.name,
                    ty: c.ty,
                    nullable: true,
                }));
                Some((Whose::Audience(label), dimension, columns, text.span))
            }
        }
    }

    /// The transition that a save `for each` value of a column may write under this label.
    fn saved_for_each(&self, label: &str) -> Option<TransitionId> {
        let label = fold_label(label);
        let fits = |pattern: &str| {
            let parts = pattern.split_once("{{").and_then(|(before, rest)| {
                rest.rsplit_once("}}").map(|(_, after)| (before, after))
            });
            parts.is_some_and(|(before, after)| {
                label.len() >= before.len() + after.len()
                    && label.starts_with(before)
                    && label.ends_with(after)
            })
        };
        let mut saves: Vec<(&String, &SavedLabel)> =
            self.saves.iter().filter(|(pattern, _)| fits(pattern)).collect();
        saves.sort_by_key(|(_, saved)| saved.span);
        let input = saves.first()?.1.input.as_ref()?;
        match self.entity(self.root.file, input)?.entity {
            Entity::Transition(id) => Some(id),
            _ => None,
        }
    }

    /// Whether the file saves under labels that are known only at the instant of the test, or by
    /// its rows.
    fn may_be_saved(&self) -> bool {
        let statements = &self.files[self.root.file].ast.statements;
        statements.iter().any(|s| match &s.kind {
            ast::StatementKind::Call(call) => call
                .clauses
                .iter()
                .any(|c| matches!(&c.node, ast::ClauseKind::As(text) if text.node.contains("{{"))),
            _ => false,
        })
    }

    fn columns_of_transition(&self, id: TransitionId) -> (DimId, Vec<Column>) {
        let transition = &self.program[id];
        let dim = &self.program[transition.dimension];
        let mut columns: Vec<Column> = dim.key_columns().cloned().collect();
        columns.extend(transition.columns.iter().map(|c| Column {
            name: c.name.clone(),
            ty: c.ty.clone(),
            nullable: true,
        }));
        (transition.dimension, columns)
    }
}
