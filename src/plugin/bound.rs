//! What a call of a plugin's activity came to: the relations that its SQL will see, the values it is
//! given, and the places in the script that both came from.

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};

use crate::check::binder::Input;
use crate::model::expr::{Aggregate, Expr, ExprKind, Links};
use crate::model::program::{DimId, Program};
use crate::model::types::Type;
use crate::source::Span;

use super::wire;

/// Rows that the SQL of an activity can name.
#[derive(Clone, Debug)]
pub struct BoundRelation {
    /// Its name there.
    pub name: String,
    /// What the rows are.
    pub rows: RelationRows,
    /// Expressions over them, under the names of hidden columns.
    pub hidden: Vec<(String, Expr)>,
}

/// The kinds of relation.
#[derive(Clone, Debug)]
pub enum RelationRows {
    /// A transition or a dimension of the script.
    Input {
        /// Which.
        input: Input,
        /// What its rows are.
        dimension: DimId,
    },
    /// Pairs of source rows and the rows a link leads to.
    Link {
        /// What it starts from.
        from: DimId,
        /// The path.
        links: Links,
        /// What it leads to.
        target: DimId,
        /// Whether a source row has at most one target.
        to_one: bool,
        /// The names of the source's key columns.
        source_key: Vec<String>,
        /// The names of the target's key columns.
        target_key: Vec<String>,
    },
    /// All rows of a dimension.
    Dimension {
        /// Which.
        dimension: DimId,
        /// The names of its key columns.
        key: Vec<String>,
    },
}

impl BoundRelation {
    /// The dimension whose rows it holds; of a link, the target's.
    pub fn dimension(&self) -> DimId {
        match &self.rows {
            RelationRows::Input { dimension, .. } | RelationRows::Dimension { dimension, .. } => {
                *dimension
            }
            RelationRows::Link { target, .. } => *target,
        }
    }

    /// Its columns with their types, in the order of the contract: key (or source, target),
    /// visible, hidden.
    pub fn columns(&self, program: &Program) -> Vec<(String, Type)> {
        let mut columns = Vec::new();
        let mut key = |dimension: DimId, names: Option<&Vec<String>>| {
            for (n, column) in program[dimension].key_columns().enumerate() {
                let name = names.and_then(|names| names.get(n)).unwrap_or(&column.name);
                columns.push((name.clone(), column.ty.clone()));
            }
        };
        match &self.rows {
            RelationRows::Input { input, dimension } => {
                key(*dimension, None);
                columns.extend(input.columns.iter().map(|c| (c.name.clone(), c.ty.clone())));
            }
            RelationRows::Link { from, target, source_key, target_key, .. } => {
                key(*from, Some(source_key));
                key(*target, Some(target_key));
            }
            RelationRows::Dimension { dimension, key: names } => key(*dimension, Some(names)),
        }
        columns.extend(self.hidden.iter().map(|(name, e)| (name.clone(), e.ty.clone())));
        columns
    }

    /// Its entry in the params document.
    fn json(&self, program: &Program) -> Json {
        let key = |dimension: DimId, names: Option<&Vec<String>>| -> Vec<Json> {
            let columns = program[dimension].key_columns().enumerate();
            columns
                .map(|(n, column)| {
                    let ty = wire::type_text(&column.ty);
                    match names.and_then(|names| names.get(n)) {
                        Some(own) => json!({"column": own, "name": column.name, "type": ty,
                                            "nullable": false}),
                        None => json!({"column": column.name, "type": ty, "nullable": false}),
                    }
                })
                .collect()
        };
        match &self.rows {
            RelationRows::Input { input, dimension } => {
                let columns: Vec<Json> = input
                    .columns
                    .iter()
                    .map(|c| {
                        json!({"column": c.name, "type": wire::type_text(&c.ty), "nullable": true})
                    })
                    .collect();
                json!({"name": self.name, "transition": input.name,
                       "dimension": program[*dimension].name,
                       "key": key(*dimension, None), "columns": columns})
            }
            RelationRows::Link { from, target, source_key, target_key, .. } => {
                json!({"name": self.name, "param": self.name, "dimension": program[*target].name,
                       "source": key(*from, Some(source_key)),
                       "target": key(*target, Some(target_key))})
            }
            RelationRows::Dimension { dimension, key: names } => {
                json!({"name": self.name, "param": self.name, "dimension": program[*dimension].name,
                       "key": key(*dimension, Some(names))})
            }
        }
    }
}

/// A call whose every part was read.
pub struct BoundCall {
    /// The inputs, then one relation per `link` and `dimension` parameter that is given.
    pub relations: Vec<BoundRelation>,
    /// The checked values.
    pub params: Map<String, Json>,
    /// The names in the call, each with the number of the declared output it is.
    pub outputs: Vec<(String, usize)>,
    /// The environment variables of `secret` parameters.
    pub secrets: HashMap<String, String>,
    /// Places of the script by path.
    pub places: Places,
    /// Whether everything is known; not so where a parameter of the campaign has no value yet.
    pub complete: bool,
}

impl BoundCall {
    /// The params document.
    pub fn document(
        &self,
        program: &Program,
        activity: &super::manifest::Activity,
        run: Json,
    ) -> Json {
        let outputs: Vec<Json> = self
            .outputs
            .iter()
            .map(|(name, n)| json!({"name": name, "output": activity.outputs[*n].name}))
            .collect();
        let inputs: Vec<Json> = self.relations.iter().map(|r| r.json(program)).collect();
        json!({"camp_params": 1, "activity": activity.name, "outputs": outputs, "inputs": inputs,
               "params": self.params, "run": run})
    }
}

/// From the paths that plugins report to the places that the script has.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The activity's name.
    pub activity: Span,
    /// `params.by[1]`, `outputs.gold`, `inputs.in`, `inputs.in.columns.email`.
    pub(super) spans: HashMap<String, Span>,
}

impl Places {
    /// The place of a path: the nearest part of it that the script has, else the activity's name.
    pub fn find(&self, path: &str) -> Span {
        let mut path = path;
        loop {
            if let Some(span) = self.spans.get(path) {
                return *span;
            }
            match path.rfind(['.', '[']) {
                Some(at) => path = &path[..at],
                None => return self.activity,
            }
        }
    }

    pub(super) fn insert(&mut self, path: impl Into<String>, span: Span) {
        self.spans.entry(path.into()).or_insert(span);
    }
}

/// Whether a value can never be missing; `false` when in doubt.
pub fn never_missing(program: &Program, dimension: Option<DimId>, expr: &Expr) -> bool {
    match &*expr.kind {
        ExprKind::Literal(value) => *value != crate::model::value::Value::Missing,
        ExprKind::Aggregate { function, .. } => {
            matches!(function, Aggregate::Count | Aggregate::CountDistinct | Aggregate::Sum)
        }
        ExprKind::Column { row, column } => {
            row.links.is_empty()
                && expr.ty != Type::Float
                && dimension.is_some_and(|d| {
                    let dim = &program[d];
                    dim.key.contains(column)
                        || dim.columns.get(*column).is_some_and(|c| !c.nullable)
                })
        }
        _ => expr.is_condition(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_without_a_place_falls_back_to_what_holds_it() {
        let span = |start| Span::new(start, start + 1);
        let mut places = Places { activity: span(1), ..Places::default() };
        places.insert("params.gold", span(2));
        places.insert("params.gold.limit", span(3));
        assert_eq!(places.find("params.gold.limit"), span(3));
        assert_eq!(places.find("params.gold.order[0]"), span(2), "no such part is written");
        assert_eq!(places.find("params.silver"), span(1), "left out");
        assert_eq!(places.find(""), span(1));
    }
}
