//! `export T to "file" [select …] [with …]`

use std::any::Any;
use std::sync::{Arc, LazyLock};

use crate::check::binder::Binder;
use crate::diagnostic::Diagnostic;
use crate::model::expr::{Expr, Population};
use crate::model::program::{ActivityStep, CarriedColumn, Operation, TransitionId};
use crate::plan::Planner;
use crate::plan::query::CopyFormat;
use crate::source::Span;
use crate::syntax::ast;

use super::{Activity, Spec};

/// The activity.
pub struct Export;

/// A bound `export`. Written beside its place, renamed after the commit.
#[derive(Debug)]
pub struct ExportFile {
    /// What is exported.
    pub input: TransitionId,
    /// The absolute path, parameters and times filled in.
    pub path: std::path::PathBuf,
    /// Where the path is written.
    pub path_span: Span,
    /// `select`: exactly these columns; nothing: the key and what the population carries.
    pub columns: Option<Vec<(CarriedColumn, Expr)>>,
    /// csv, parquet or json.
    pub format: CopyFormat,
}

static SPEC: LazyLock<Spec> = LazyLock::new(|| Spec {
    name: "export".into(),
    summary: "Writes a population to a CSV, Parquet or JSON file".into(),
    syntax: "export TRANSITION to \"file.csv\" [select …] [with delimiter: \";\", header: false]"
        .into(),
    doc: String::new(),
    outputs: 0..=0,
    example: String::new(),
    plugin: None,
});

impl Activity for Export {
    fn spec(&self) -> &Spec {
        &SPEC
    }

    fn bind(&self, _call: &ast::Call, _binder: &mut Binder<'_>) -> Option<Arc<dyn Operation>> {
        None
    }
}

impl Operation for ExportFile {
    fn plan(&self, _step: &ActivityStep, planner: &mut Planner<'_>) -> Result<(), Diagnostic> {
        let input = Population::Transition(self.input);
        let (dimension, rule, values) = planner.rows_of(&input);
        let columns = match &self.columns {
            None => planner.rows_with_key(dimension, &input, values),
            Some(columns) => columns
                .iter()
                .map(|(column, e)| (column.name.clone(), planner.resolve(e, &input)))
                .collect(),
        };
        planner.export((dimension, rule), columns);
        Ok(())
    }

    fn expressions(&self) -> Vec<&Expr> {
        self.columns.iter().flatten().map(|(_, e)| e).collect()
    }

    fn inputs(&self) -> Vec<Population> {
        vec![Population::Transition(self.input)]
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
