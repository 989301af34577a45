//! Deliveries: what a run sends when everything is committed.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::catalogue;
use crate::catalogue::history::key_text;
use crate::diagnostic::{Diagnostic, codes};
use crate::engine::duckdb::{Session as Engine, print};
use crate::model::expr::Population;
use crate::model::program::{ActivityStep, StepKind, Transition};
use crate::model::value::Value;
use crate::plan::lower::count_rows;
use crate::plan::query::{Select, Source};
use crate::plan::{self, PlannedDelivery};
use crate::plugin::rows::{Receipt, RowCall};

use super::execute::{Execution, number};
use super::report::{DeliveryReport, Progress, RunReport};

/// A delivery that is due.
struct Due<'a> {
    planned: &'a PlannedDelivery,
    call: &'a RowCall,
    activity: &'a ActivityStep,
    transition: &'a Transition,
}

impl Execution<'_> {
    fn due<'a>(&'a self, planned: &'a PlannedDelivery) -> Option<Due<'a>> {
        let call = plan::rows_of(self.program, planned.step)?;
        let StepKind::Activity(activity) = &self.program.steps[planned.step].kind else {
            return None;
        };
        match activity.operation.inputs().first() {
            Some(Population::Transition(t)) => {
                Some(Due { planned, call, activity, transition: &self.program[*t] })
            }
            _ => None,
        }
    }

    /// What a delivery has to send.
    fn to_send(&self, due: &Due<'_>) -> DeliveryReport {
        let count = |select: &Select| Select {
            columns: vec![("n".into(), count_rows())],
            from: Some((Source::Query(Box::new(select.clone())), "r".into())),
            ..Select::default()
        };
        let rows = match due.planned.inputs.first().map(|rows| self.row(&count(rows))) {
            Some(Ok(row)) => number(&row, 0),
            // The same rows are read again to be sent, and then it is said what is wrong.
            _ => 0,
        };
        DeliveryReport {
            campaign: self.campaign_of(due.planned.step).label.clone(),
            activity: due.activity.activity.clone(),
            transition: due.transition.name.clone(),
            rows,
            ..DeliveryReport::default()
        }
    }

    /// What a run would send.
    pub(super) fn planned_deliveries(&self, skipped: &HashSet<usize>) -> Vec<DeliveryReport> {
        let planned = self.plan.deliveries.iter().filter(|d| !skipped.contains(&d.step));
        planned.filter_map(|d| self.due(d)).map(|due| self.to_send(&due)).collect()
    }

    /// Sends what is to be sent, in the order of the text. Everything is committed by now, so what
    /// goes wrong is reported beside the run and does not undo it.
    pub(super) fn deliver(
        &self,
        report: &mut RunReport,
        run_id: &str,
        skipped: &HashSet<usize>,
        dry_run: bool,
    ) {
        for planned in &self.plan.deliveries {
            if skipped.contains(&planned.step) {
                continue;
            }
            let Some(due) = self.due(planned) else { continue };
            let mut sent = self.to_send(&due);
            let dimension = &self.program[due.transition.dimension].name;
            let engine = self.engine;
            let title = format!("{} {}", sent.activity, sent.transition);
            let of = sent.rows;
            let tell = |done| {
                self.tell(Progress::Delivering { title: title.clone(), done, of });
            };
            tell(0);
            let mut log = |receipts: Vec<Receipt>| {
                let mut records = Vec::new();
                for receipt in receipts {
                    match receipt.status.as_str() {
                        "sent" => sent.sent += 1,
                        "failed" => sent.failed += 1,
                        "skipped" => sent.skipped += 1,
                        "dry_run" => sent.checked += 1,
                        _ => {}
                    }
                    records.push(catalogue::Delivery {
                        run: run_id.to_owned(),
                        campaign: sent.campaign.clone(),
                        activity: sent.transition.clone(),
                        dimension: dimension.clone(),
                        key: member(engine, &receipt.key),
                        channel: sent.activity.clone(),
                        status: receipt.status,
                        provider_id: receipt.provider_id,
                        error: receipt.error,
                        attempt: receipt.attempt,
                        sent_at: Timestamp::now(),
                    });
                }
                tell(sent.sent + sent.failed + sent.skipped + sent.checked);
                if dry_run { Ok(()) } else { catalogue::log_deliveries(engine, &records) }
            };
            let facts = self.facts(planned.step, run_id, dry_run);
            match due.call.deliver(engine, &planned.inputs, &facts, &mut log) {
                Ok(said) => report.warnings.extend(said),
                Err(found) => report.warnings.extend(found),
            }
            let answered = sent.sent + sent.failed + sent.skipped + sent.checked;
            sent.retry = sent.rows.saturating_sub(answered);
            if !dry_run {
                report.warnings.extend(undelivered(&due, &sent));
            }
            report.deliveries.push(sent);
        }
    }
}

/// What is said of rows that did not arrive: an error when another run may reach them, a warning
/// when the other side does not want them.
fn undelivered(due: &Due<'_>, sent: &DeliveryReport) -> Option<Diagnostic> {
    let title =
        |n: u64, what: &str| format!("{n} of {} rows of `{}` {what}", sent.rows, sent.transition);
    let found = match (sent.retry, sent.failed) {
        (0, 0) => return None,
        (0, refused) => Diagnostic::warning(
            codes::warnings::NOT_DELIVERED,
            title(refused, "were not delivered"),
        ),
        (left, _) => {
            Diagnostic::error(codes::plugin::NOT_DELIVERED, title(left, "could not be delivered"))
        }
    };
    Some(
        found
            .label(due.activity.name_span, "by this activity")
            .help("look at the receipts in `camp.delivery`"),
    )
}

/// A member's key as the catalogue has it: its parts as the engine writes them.
fn member(engine: &Engine, key: &[Value]) -> String {
    let text = |part: &Value| match part {
        Value::Text(text) => text.clone(),
        Value::Int(_) | Value::Bool(_) | Value::Date(_) | Value::Decimal { .. } => {
            print::plain(part)
        }
        // Of times and floats the engine's text is its own.
        other => engine
            .query(&format!("SELECT CAST({} AS VARCHAR)", print::literal(other, &other.ty())))
            .ok()
            .and_then(|rows| rows.into_iter().next()?.into_iter().next())
            .map_or_else(|| print::plain(other), |text| print::plain(&text)),
    };
    key_text(&key.iter().map(text).collect::<Vec<_>>())
}
