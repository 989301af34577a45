//! What is shown beside a condition: the values that it speaks of, the linked rows, the instants
//! that its times mean.

use crate::diagnostic::Diagnostics;
use crate::model::expr::{
    Aggregate, AnniversaryTest, Expr, ExprKind, Links, Population, Quantifier, Row, SqlPart, Window,
};
use crate::model::types::Type;
use crate::plan::fold::{self, Folder};

use super::build::{Building, Given, Item, LinkedAsk, Sample};
use super::values::window;

impl Building<'_> {
    /// Adds what an atomic condition speaks of.
    pub(super) fn facts(&mut self, expr: &Expr, of: &Population, item: &mut Item) {
        match &*expr.kind {
            ExprKind::Compare { left, right, .. } => self.values([left, right], of, item),
            ExprKind::Between { value, low, high } => self.values([value, low, high], of, item),
            ExprKind::In { value, list, .. } => {
                self.values(std::iter::once(value).chain(list), of, item);
            }
            ExprKind::InList { value, list, .. } => self.values([value, list], of, item),
            ExprKind::InWindow { value, window } => {
                self.values([value], of, item);
                self.window(window, item);
            }
            ExprKind::Anniversary { date, test } => {
                self.values([date], of, item);
                match test {
                    AnniversaryTest::On(day) => self.values([day], of, item),
                    AnniversaryTest::Between(low, high) => self.values([low, high], of, item),
                    AnniversaryTest::In(window) => self.window(window, item),
                }
            }
            ExprKind::Within { value, distance, anchor, .. } => {
                self.values([value, anchor, distance], of, item);
            }
            ExprKind::IsMissing(e) | ExprKind::IsEmpty(e) => self.values([e], of, item),
            ExprKind::Test { value, pattern, .. } => self.values([value, pattern], of, item),
            ExprKind::Quantified { quantifier, links, condition } => {
                if let Quantifier::Count(_, n) = quantifier {
                    self.values([n], of, item);
                }
                let every = *quantifier == Quantifier::Every;
                self.linked(links, condition.as_ref(), every, of, item);
            }
            ExprKind::Member { row, population } => {
                self.linked_key(row, item);
                if let Population::Audience(index) = population {
                    let audience = &self.from.program.audiences[*index];
                    let (label, existing) = (audience.label.clone(), audience.existing.is_some());
                    item.notes.extend(self.notes_of_audience(&label, existing));
                }
            }
            ExprKind::Moved { row, window, .. } => {
                self.linked_key(row, item);
                self.window(window, item);
            }
            ExprKind::Sql(parts) => {
                let parts = parts.iter().filter_map(|part| match part {
                    SqlPart::Value(e) => Some(e),
                    SqlPart::Text(_) => None,
                });
                self.values(parts, of, item);
            }
            _ => self.values([expr], of, item),
        }
    }

    fn values<'e>(
        &mut self,
        exprs: impl IntoIterator<Item = &'e Expr>,
        of: &Population,
        item: &mut Item,
    ) {
        for expr in exprs {
            self.value(expr, of, item);
        }
    }

    fn value(&mut self, expr: &Expr, of: &Population, item: &mut Item) {
        // What the script writes as a constant is in its words already.
        if matches!(&*expr.kind, ExprKind::Literal(_)) {
            return;
        }
        if let ExprKind::Convert(inner) = &*expr.kind
            && inner.span == expr.span
        {
            return self.value(inner, of, item);
        }
        let name = self.words(expr.span);
        if !name.is_empty() && item.facts.iter().all(|(known, _)| *known != name) {
            let resolved = self.resolve(expr, of);
            let given = match fold::literal(&resolved) {
                Some(value) => Some(Given::Known(value.clone())),
                // Only constants have a type that no row can give.
                None if expr.ty == Type::Duration => None,
                None => Some(Given::Asked(self.ask(resolved, false))),
            };
            item.facts.extend(given.map(|given| (name, given)));
        }
        match &*expr.kind {
            ExprKind::Aggregate { links, condition, .. } => {
                self.linked(links, condition.as_ref(), false, of, item);
            }
            ExprKind::Column { .. }
            | ExprKind::Carried { .. }
            | ExprKind::Field(..)
            | ExprKind::Quantified { .. } => {}
            _ => {
                let mut parts = Vec::new();
                expr.map_children(&mut |part| {
                    parts.push(part.clone());
                    part.clone()
                });
                self.values(&parts, of, item);
            }
        }
    }

    /// The days or instants that a window means.
    fn window(&mut self, of: &Window, item: &mut Item) {
        let of = match of {
            Window::Last(length) => Window::Last(self.fold(length)),
            Window::Next(length) => Window::Next(self.fold(length)),
            other => other.clone(),
        };
        let program = self.from.program;
        let folder = Folder { program, clock: &self.clock, errors: Diagnostics::default() };
        if let Ok(bounds) = folder.bounds(&of) {
            item.facts.push(("in".to_owned(), Given::Words(window(&bounds, &self.clock))));
        }
    }

    /// The key of a row that to-one links lead to.
    fn linked_key(&mut self, row: &Row, item: &mut Item) {
        let program = self.from.program;
        let Some(last) = row.links.last() else { return };
        let path: Vec<&str> = row.links.iter().map(|l| program[*l].name.as_str()).collect();
        let path = path.join(".");
        let target = &program[program[*last].to];
        for &column in &target.key {
            let of = &target.columns[column];
            let kind = ExprKind::Column { row: row.clone(), column };
            let expr = Expr::new(kind, of.ty.clone(), target.span);
            let question = self.ask(expr, false);
            item.facts.push((format!("{path}.{}", of.name), Given::Asked(question)));
        }
    }

    /// The rows that a path leads to: all, those that a condition holds for, and the first keys.
    fn linked(
        &mut self,
        links: &Links,
        condition: Option<&Expr>,
        every: bool,
        of: &Population,
        item: &mut Item,
    ) {
        let program = self.from.program;
        let Some(last) = links.steps.last() else { return };
        let target = program[last.link].to;
        let path = links.from.links.iter().chain(links.steps.iter().map(|s| &s.link));
        let path: Vec<&str> = path.map(|l| program[*l].name.as_str()).collect();
        let span = item.span.unwrap_or_default();
        let count = |this: &mut Self, condition: Option<&Expr>| {
            let kind = ExprKind::Aggregate {
                function: Aggregate::Count,
                value: None,
                links: links.clone(),
                condition: condition.cloned(),
                by: Vec::new(),
                separator: None,
            };
            let counted = this.resolve(&Expr::new(kind, Type::Int, span), of);
            this.ask(counted, false)
        };
        let rows = count(self, None);
        let matching = condition.map(|c| count(self, Some(c)));
        let conjuncts = condition.map(Expr::conjuncts).filter(|parts| parts.len() > 1);
        let mut parts = Vec::new();
        for part in conjuncts.unwrap_or_default() {
            parts.push((self.words(part.span), count(self, Some(part))));
        }
        let known = item.linked.iter().any(|l| l.rows == rows && l.matching == matching);
        if known {
            return;
        }
        let sampled = condition.map(|c| if every { c.clone().not() } else { c.clone() });
        let sampled = sampled.map(|c| self.resolve(&c, of));
        item.linked.push(LinkedAsk {
            name: path.join("."),
            rows,
            matching,
            parts,
            sample: Sample { links: links.clone(), condition: sampled, target },
            first_do_not_hold: every,
        });
    }
}
