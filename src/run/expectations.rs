//! What becomes of a run whose expectations do not hold.

use std::collections::HashSet;

use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::model::program::{CampaignId, StepKind};
use crate::plan;

use super::execute::{Computed, Execution, Outcome};
use super::report::RunReport;

impl Execution<'_> {
    /// What is to be written: everything, where all expectations hold. Else nothing, or, when the
    /// others are to go on, what no campaign makes whose expectations do not hold, nor one that is
    /// made from it.
    pub(super) fn judged(&self, mut computed: Computed) -> Outcome<Computed> {
        let failed = self.failed_expectations(&computed.report);
        if failed.is_empty() {
            return Ok(computed);
        }
        let left_out = self.left_out(failed.iter().map(|(campaign, _)| *campaign).collect());
        let all = |found: Vec<(CampaignId, Diagnostic)>| {
            let mut all = Diagnostics::default();
            all.extend(found.into_iter().map(|(_, diagnostic)| diagnostic));
            all
        };
        if !self.keep_going || left_out.len() == self.program.campaigns.len() {
            return Err(all(failed));
        }
        let of = |step: usize| self.program.steps[step].campaign;
        let writes = |step: usize| !left_out.contains(&of(step));
        computed.saves.retain(|save| writes(save.step));
        let mut steps = computed.exports.iter().map(|export| export.step);
        computed.report.exports.retain(|_| steps.next().is_none_or(writes));
        drop(steps);
        computed.exports.retain(|export| writes(export.step));
        computed.skipped.extend((0..self.program.steps.len()).filter(|step| !writes(*step)));
        // A report has its activities in the order of the program.
        let activities = self.program.steps.iter().filter_map(|step| match &step.kind {
            StepKind::Activity(activity) => Some((step.campaign, activity)),
            StepKind::Expect { .. } => None,
        });
        for ((campaign, activity), told) in activities.zip(&mut computed.report.steps) {
            told.skipped |= left_out.contains(&campaign) && activity.operation.has_effects();
        }
        computed.report.warnings.extend(all(failed).sorted());
        Ok(computed)
    }

    /// Campaigns that are left out with these: those that are made from what they make.
    fn left_out(&self, failed: HashSet<CampaignId>) -> HashSet<CampaignId> {
        let steps = self.program.steps.iter().enumerate();
        let after = steps.filter(|(index, _)| {
            let upstream = plan::upstream(self.program, *index);
            upstream.iter().any(|step| failed.contains(&self.program.steps[*step].campaign))
        });
        let after: Vec<CampaignId> = after.map(|(_, step)| step.campaign).collect();
        failed.into_iter().chain(after).collect()
    }

    fn failed_expectations(&self, report: &RunReport) -> Vec<(CampaignId, Diagnostic)> {
        let guards = self.plan.guards.iter().map(|guard| &self.program.steps[guard.step]);
        let expects = guards.filter(|step| matches!(step.kind, StepKind::Expect { .. }));
        let mut failed = Vec::new();
        for (step, expectation) in expects.zip(&report.expectations) {
            let StepKind::Expect { condition, .. } = &step.kind else { continue };
            if expectation.held {
                continue;
            }
            let title = match &expectation.message {
                Some(message) => format!("An expectation does not hold: {message}"),
                None => "An expectation does not hold".into(),
            };
            let label = expectation.facts.clone().unwrap_or_else(|| "does not hold".into());
            let of = if self.keep_going { " of this campaign" } else { "" };
            let help = format!(
                "look at the counts with `camp plan`; nothing{of} was saved, exported or delivered"
            );
            let diagnostic = Diagnostic::error(codes::plan::EXPECTATION_FAILED, title)
                .label(condition.span, label)
                .help(help);
            failed.push((step.campaign, diagnostic));
        }
        failed
    }
}
