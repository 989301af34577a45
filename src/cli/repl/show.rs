//! What entries gave, as text.

use super::super::numbers::{count, counted};
use super::super::reports;
use super::super::table::{Cell, Table};
use super::super::values;
use super::Repl;
use crate::engine::duckdb::print::written;
use crate::model::value::Value;
use crate::repl::document::Change;
use crate::run::report::PlanReport;
use crate::session::entries::{Rows, Seen};
use crate::syntax::ast::StatementKind;

/// The longest text in a row.
const CELL: usize = 32;

/// A cell that a long text does not make wide.
fn short(cell: Cell) -> Cell {
    match cell {
        Cell::Text(text) if text.chars().count() > CELL => {
            Cell::Text(text.chars().take(CELL - 1).chain(['…']).collect())
        }
        cell => cell,
    }
}

/// How many of the columns fit beside each other; one at least.
fn fitting(rows: &Rows, width: Option<usize>) -> usize {
    let Some(width) = width else { return rows.columns.len() };
    let mut used = 0;
    for (n, name) in rows.columns.iter().enumerate() {
        let cells = rows.rows.iter().filter_map(|row| row.get(n));
        let widest = cells.map(|v| unicode_width::UnicodeWidthStr::width(values::text(v).as_str()));
        let widest = widest.max().unwrap_or(0).min(CELL);
        used += widest.max(unicode_width::UnicodeWidthStr::width(name.as_str())) + 2;
        if used > width {
            return n.max(1);
        }
    }
    rows.columns.len()
}

impl Repl<'_> {
    /// Shows what an entry gave, and what is another one because of it.
    pub(super) fn show_change(&mut self, change: &Change, seen: &Seen) {
        let mut shown = seen.shown.iter();
        for &span in &change.new {
            let Some(item) = change.document.item(span) else { continue };
            match &item.statement.kind {
                StatementKind::Dimension(d) => {
                    if let Some(rows) = shown.as_slice().first()
                        && rows.name == d.name.node
                    {
                        self.show_rows(rows);
                        shown.next();
                    }
                }
                StatementKind::Call(_) if !item.outputs().is_empty() => {
                    for name in item.outputs() {
                        match shown.as_slice().first() {
                            Some(rows) if rows.name == name => {
                                self.show_rows(rows);
                                shown.next();
                            }
                            _ => self.out.print(&format!("{name}: skipped\n")),
                        }
                    }
                }
                StatementKind::Define(d) => {
                    let on = d.on.as_ref().map(|on| format!(" on {}", on.node)).unwrap_or_default();
                    self.out.say(&format!("{}: a definition{on}", d.name.node));
                }
                StatementKind::Test(test) => {
                    let label = &test.label.node;
                    self.out.say(&format!("{label}: a test; `:save` it, and `camp test` runs it"));
                }
                StatementKind::Link(link) => {
                    let ends = [(&link.left, &link.right), (&link.right, &link.left)];
                    for (end, other) in ends {
                        if let Some(name) = &end.name {
                            let (of, to) = (&end.dimension.node, &other.dimension.node);
                            self.out.say(&format!("{of}.{}: rows of {to}", name.node));
                        }
                    }
                }
                StatementKind::Use(plugins) => {
                    for plugin in plugins {
                        let all = self.session.activities();
                        let its = all.iter().filter(|a| a.plugin.as_ref() == Some(&plugin.node));
                        let forms: Vec<String> = its.map(|a| a.syntax.clone()).collect();
                        for form in forms {
                            self.out.say(&form);
                        }
                    }
                }
                StatementKind::Param(p) => {
                    self.out.say(&format!("{}: a parameter", p.name.node));
                }
                _ => {}
            }
        }
        self.show_followers(change, &seen.report);
        self.show_intended(&seen.report);
    }

    /// Populations that were computed again because of the entry.
    fn show_followers(&mut self, change: &Change, report: &PlanReport) {
        for &span in &change.affected {
            let Some(item) = change.document.item(span) else { continue };
            for name in item.outputs() {
                let transitions = report.steps.iter().flat_map(|s| &s.transitions);
                let rows = transitions.filter(|t| t.name == name).find_map(|t| t.rows);
                let Some(rows) = rows else { continue };
                let was = match self.counts.insert(name.clone(), rows) {
                    Some(was) if was != rows => format!(" (was {})", count(was)),
                    Some(_) => " (as before)".to_owned(),
                    None => String::new(),
                };
                self.out.print(&format!("{name}: {}{was}\n", counted(rows, "row")));
            }
        }
    }

    /// What a run would do of the entry, and whether its guards hold.
    fn show_intended(&mut self, report: &PlanReport) {
        let text = reports::intended_text(report, self.out);
        if !text.is_empty() {
            self.out.print(&text);
        }
        let effects =
            !(report.saves.is_empty() && report.exports.is_empty() && report.deliveries.is_empty());
        if effects {
            self.out.say("nothing is saved or sent before `:run`");
        }
    }

    /// A dimension or a population with its first rows.
    pub(super) fn show_rows(&mut self, rows: &Rows) {
        let of = match &rows.dimension {
            Some(dimension) => {
                self.counts.insert(rows.name.clone(), rows.count);
                format!(" of {dimension}")
            }
            None => String::new(),
        };
        let mut text = format!("{}: {}{of}\n", rows.name, counted(rows.count, "row"));
        if !rows.rows.is_empty() {
            let shown = fitting(rows, self.out.terminal_width());
            let mut table = Table::of_data(rows.columns[..shown].iter().cloned());
            for row in &rows.rows {
                table.row(row[..shown].iter().map(|value| short(values::cell(value))));
            }
            text += &self.out.plain_table_text(&table);
            if shown < rows.columns.len() {
                text += &format!("without {}\n", rows.columns[shown..].join(", "));
            }
            let more = rows.count.saturating_sub(rows.rows.len() as u64);
            if more > 0 {
                text += &format!("and {} more\n", count(more));
            }
        }
        self.out.print(&text);
    }

    /// A value, as a script writes it.
    pub(super) fn show_value(&mut self, value: &Value) {
        let text = match value {
            Value::Duration(_) => values::text(value),
            value => written(value),
        };
        self.out.print(&format!("{text}\n"));
    }

    /// Everything that has a name.
    pub(super) fn show_tables(&mut self) {
        let mut table = Table::new(["name", "is", "rows", "of"]);
        let scope = &self.scope;
        for dimension in &scope.dimensions {
            table.row([dimension.name.as_str().into(), "dimension".into(), Cell::None, Cell::None]);
        }
        for population in &scope.populations {
            table.row([
                population.name.as_str().into(),
                "population".into(),
                self.counts.get(&population.name).copied().into(),
                population.dimension.as_deref().into(),
            ]);
        }
        for (name, on, _) in self.document.definitions() {
            table.row([name.into(), "definition".into(), Cell::None, on.into()]);
        }
        let (params, _) = self.document.params();
        let mut params: Vec<&str> = params.into_iter().collect();
        params.sort_unstable();
        for name in params {
            table.row([name.into(), "parameter".into(), Cell::None, Cell::None]);
        }
        for name in &scope.tables {
            if scope.dimension(name).is_none() {
                table.row([name.as_str().into(), "table".into(), Cell::None, Cell::None]);
            }
        }
        let none =
            "nothing has a name yet: begin with `dimension customers = \"customers.csv\" key id`";
        self.out.table(&table, none);
    }

    /// The columns and links of dimensions and populations.
    pub(super) fn show_schema(&mut self, of: Option<&str>) -> bool {
        let scope = &self.scope;
        let all = scope.dimensions.iter().chain(&scope.populations);
        let chosen: Vec<_> = match of {
            None => scope.dimensions.iter().collect(),
            Some(name) => all.filter(|n| n.name == name).collect(),
        };
        if chosen.is_empty() {
            return of.is_none();
        }
        let mut text = String::new();
        for named in chosen {
            let of = named.dimension.as_ref().map(|d| format!(": rows of {d}")).unwrap_or_default();
            text += &format!("{}{of}\n", named.name);
            let mut table = Table::new(["column", "type", ""]);
            for (name, ty) in &named.columns {
                let key = if named.key.contains(name) { "key" } else { "" };
                table.row([name.as_str().into(), ty.as_str().into(), key.into()]);
            }
            for link in &named.links {
                let to = if link.to_one { "one of" } else { "many of" };
                table.row([
                    link.name.as_str().into(),
                    format!("{to} {}", link.to).into(),
                    "link".into(),
                ]);
            }
            text += &self.out.table_text(&table);
        }
        self.out.print(&text);
        true
    }
}
