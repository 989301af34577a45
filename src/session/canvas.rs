//! `camp graph`: the canvas of campaigns, with the numbers of their last run.

use std::collections::HashSet;

use crate::catalogue::operations;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::engine::duckdb::{EngineError, print::plain};
use crate::graph::{Canvas, Rows, Statement, build, counts};
use crate::model::program::Program;
use crate::plan::{self, lower::History, passes::Passes};
use crate::run::history::Recorded;

use super::{Checked, Session, explained_work, one};

/// What comes along with a canvas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Along {
    /// What the engine does for each box; nothing where a parameter has no value.
    pub sql: bool,
    /// The first so many members of each audience that is saved or read.
    pub rows: Option<u64>,
}

impl Session {
    /// The canvas of campaigns. Nothing is computed: members are those of the catalogue.
    ///
    /// # Errors
    /// What is wrong with the scripts or the database.
    pub fn canvas(
        &mut self,
        files: &[String],
        along: Along,
    ) -> Result<(Canvas, Diagnostics), Diagnostics> {
        let mut checked = self.checked(files, false)?;
        let program = &checked.program;
        let wanted = plan::wanted(program, &self.settings.only).map_err(one)?;
        let mut canvas = build::canvas(program, &self.sources, &self.registry, &wanted);
        if along.sql && program.params.iter().all(|p| p.value.is_some()) {
            self.planned(&checked)?;
            let history = Recorded::new(&checked.catalogue, program);
            for node in canvas.charts.iter_mut().flat_map(|chart| &mut chart.nodes) {
                if let Some(step) = node.step {
                    node.sql = self.sql_of(program, step, &history)?;
                }
            }
        }
        self.put_numbers(&checked, &mut canvas).map_err(one)?;
        if let Some(limit) = along.rows {
            put_rows(&checked, &mut canvas, limit).map_err(one)?;
        }
        Ok((canvas, std::mem::take(&mut checked.warnings)))
    }

    /// What `camp explain --only` says of one step: its own work and what it is made from.
    fn sql_of(
        &self,
        program: &Program,
        step: usize,
        history: &dyn History,
    ) -> Result<Vec<Statement>, Diagnostics> {
        let wanted: HashSet<usize> = plan::upstream(program, step);
        let (plan, diagnostics) =
            plan::plan(program, self.as_of, (history, &plan::reach::Unknown), &wanted, Passes::ALL);
        if diagnostics.has_errors() {
            return Err(diagnostics);
        }
        let steps = explained_work(program, &plan, history).into_iter();
        Ok(steps.map(|step| Statement { title: step.title, sql: step.sql }).collect())
    }

    fn put_numbers(&self, checked: &Checked, canvas: &mut Canvas) -> Result<(), Diagnostic> {
        for chart in &mut canvas.charts {
            let Some(run) = operations::last_run_of(&checked.engine, &chart.title)? else {
                continue;
            };
            let sent = operations::deliveries(&checked.engine, &run.run.id, &chart.title)?;
            counts::put(chart, &run, &sent, |step| {
                plan::save_of(&checked.program, step).map(|save| save.label.as_str())
            });
        }
        Ok(())
    }
}

fn put_rows(checked: &Checked, canvas: &mut Canvas, limit: u64) -> Result<(), Diagnostic> {
    let failed = |e: EngineError| e.into_diagnostic(None);
    for node in canvas.charts.iter_mut().flat_map(|chart| &mut chart.nodes) {
        let label = match node.step {
            Some(step) => plan::save_of(&checked.program, step).map(|save| save.label.clone()),
            None => Some(node.title.clone()),
        };
        let entry = label.and_then(|label| checked.catalogue.find(&label));
        let Some(entry) = entry else { continue };
        let label = &entry.audience.label;
        let sql = operations::members(&checked.engine, &checked.catalogue, label, None)?;
        let columns = checked.engine.describe(&sql).map_err(failed)?;
        let found = checked
            .engine
            .query(&format!("SELECT * FROM ({sql}) LIMIT {limit}"))
            .map_err(failed)?;
        node.rows = Some(Rows {
            columns: columns.into_iter().map(|(name, _)| name).collect(),
            rows: found.iter().map(|row| row.iter().map(plain).collect()).collect(),
            of: entry.audience.size,
        });
    }
    Ok(())
}
