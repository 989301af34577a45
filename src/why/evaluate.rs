//! The questions of a tree, asked of one row: one query for all verdicts and values, one for each
//! path of which keys are shown.

use crate::diagnostic::{Diagnostic, Diagnostics, one};
use crate::engine::duckdb::{EngineError, Session as Engine, print};
use crate::model::program::{DimId, Program};
use crate::model::value::Value;
use crate::plan::lower::{History, Lowering};
use crate::plan::query::{Order, Scalar, Select, Source};
use crate::plan::relation::Relations;

use super::build::{Asked, LinkedAsk, Tree};
use super::key::Key;

/// Where questions are asked.
pub struct Evaluation<'a> {
    /// The campaign.
    pub program: &'a Program,
    /// What is known of its transitions.
    pub relations: &'a Relations,
    /// The past of audiences.
    pub history: &'a dyn History,
    /// With the tables of the plan.
    pub engine: &'a Engine,
}

/// The answers to a tree's questions.
pub struct Answers {
    /// In the order of the questions.
    values: Vec<Value>,
    /// The verdicts of the items.
    holds: Vec<bool>,
    /// Per item and path, the first keys.
    firsts: Vec<Vec<Vec<Vec<Value>>>>,
}

impl Answers {
    pub(super) fn value(&self, question: usize) -> &Value {
        self.values.get(question).unwrap_or(&Value::Missing)
    }

    /// Which questions hold: neither false nor missing does.
    pub(super) fn held(&self, tree: &Tree) -> Vec<bool> {
        (0..tree.questions.len()).map(|q| *self.value(q) == Value::Bool(true)).collect()
    }

    pub(super) fn holds(&self, item: usize) -> bool {
        self.holds.get(item).copied().unwrap_or_default()
    }

    pub(super) fn firsts(&self, item: usize, path: usize) -> &[Vec<Value>] {
        self.firsts.get(item).and_then(|paths| paths.get(path)).map_or(&[], Vec::as_slice)
    }

    pub(super) fn count(&self, question: usize) -> u64 {
        match self.value(question) {
            Value::Int(n) => u64::try_from(*n).unwrap_or_default(),
            _ => 0,
        }
    }
}

impl Evaluation<'_> {
    /// The answers for the row with this key; none where there is no such row.
    ///
    /// # Errors
    /// The engine's, at the condition that it comes from.
    pub fn ask(
        &self,
        tree: &Tree,
        key: &Key,
        samples: usize,
    ) -> Result<Option<Answers>, Diagnostics> {
        let select = self.question(tree.dimension, key, &tree.questions)?;
        let rows = match self.engine.query(&print::select(&select)) {
            Ok(rows) => rows,
            Err(error) => return Err(self.blamed(error, tree, key)),
        };
        if rows.len() > 1 {
            let dim = &self.program[tree.dimension];
            return Err(one(Diagnostic::error(
                crate::diagnostic::codes::data::KEY_REPEATS,
                format!("Several rows of `{}` have the key {}", dim.name, key.shown()),
            )
            .label(dim.span, "its key is not unique")
            .help("choose a key that names one row")));
        }
        let Some(values) = rows.into_iter().next() else { return Ok(None) };
        let mut answers = Answers { values, holds: Vec::new(), firsts: Vec::new() };
        answers.holds = tree.verdicts(&answers.held(tree), true);
        for item in &tree.items {
            let mut paths = Vec::new();
            for linked in &item.linked {
                paths.push(self.firsts(tree.dimension, key, linked, &answers, samples)?);
            }
            answers.firsts.push(paths);
        }
        Ok(Some(answers))
    }

    fn question(
        &self,
        dimension: DimId,
        key: &Key,
        asked: &[Asked],
    ) -> Result<Select, Diagnostics> {
        let mut lowering = Lowering::new(self.program, self.relations, self.history);
        let mut own = Vec::new();
        let mut select = lowering.rows(dimension, &[], |l| {
            own = l.key(dimension);
            let mut columns = vec![("row".to_owned(), crate::plan::lower::truth(true))];
            columns.truncate(usize::from(asked.is_empty()));
            for (n, Asked { expr, condition }) in asked.iter().enumerate() {
                let scalar = if *condition { l.condition(expr, true) } else { l.value(expr) };
                columns.push((format!("q{n}"), scalar));
            }
            columns
        });
        if lowering.errors.has_errors() {
            return Err(lowering.errors);
        }
        select.narrow(key.is(own));
        Ok(select)
    }

    /// The error at the first question that fails alone.
    fn blamed(&self, error: EngineError, tree: &Tree, key: &Key) -> Diagnostics {
        let fails = |asked: &&Asked| {
            let select = self.question(tree.dimension, key, std::slice::from_ref(asked));
            select.is_ok_and(|s| {
                self.engine.query(&print::select(&s)).is_err_and(|e| e.kind == error.kind)
            })
        };
        let span = tree.questions.iter().find(fails).map(|asked| asked.expr.span);
        one(error.into_diagnostic(span.filter(|s| !s.is_empty())))
    }

    fn firsts(
        &self,
        dimension: DimId,
        key: &Key,
        linked: &LinkedAsk,
        answers: &Answers,
        limit: usize,
    ) -> Result<Vec<Vec<Value>>, Diagnostics> {
        let width = self.program[linked.sample.target].key.len();
        let matching = linked.matching.unwrap_or(linked.rows);
        let (rows, matching) = (answers.count(linked.rows), answers.count(matching));
        let nothing = if linked.first_do_not_hold { rows == matching } else { matching == 0 };
        if width == 0 || limit == 0 || nothing {
            return Ok(Vec::new());
        }
        let mut lowering = Lowering::new(self.program, self.relations, self.history);
        let mut own = Vec::new();
        let links = &linked.sample.links;
        let condition = linked.sample.condition.as_ref();
        let mut select = lowering.linked_where(dimension, links, condition, |l| {
            own = l.key(dimension);
            let keys = l.key_of(links.last_frame()).into_iter().enumerate();
            keys.map(|(n, key)| (format!("k{n}"), key)).collect()
        });
        select.narrow(key.is(own));
        // Several ways can lead to one row.
        select.distinct = true;
        let of = |n: usize| Scalar::Column("f".to_owned(), format!("k{n}"));
        let first = Select {
            columns: (0..width).map(|n| (format!("k{n}"), of(n))).collect(),
            from: Some((Source::Query(Box::new(select)), "f".to_owned())),
            order_by: (0..width).map(|n| Order { expr: of(n), descending: false }).collect(),
            limit: Some(Scalar::Literal(Value::Int(limit as i128), crate::model::types::Type::Int)),
            ..Select::default()
        };
        let span = condition.map(|c| c.span);
        self.engine.query(&print::select(&first)).map_err(|e| one(e.into_diagnostic(span)))
    }
}
