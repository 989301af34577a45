//! The numbers of a past run, put on the canvas.

use crate::catalogue::operations::RunDetails;

use super::{Chart, Outcome, PastRun, Saved};

/// Deliveries of a run: the activity, what became of them, how many.
pub type Deliveries = [(String, String, u64)];

/// Puts the numbers of a run of this campaign on its chart. What the script has now and had not
/// then has no numbers. `saves` gives the label that the save of a step writes.
pub fn put<'a>(
    chart: &mut Chart,
    run: &RunDetails,
    deliveries: &Deliveries,
    saves: impl Fn(usize) -> Option<&'a str>,
) {
    chart.run = Some(PastRun { id: run.run.id.clone(), as_of: run.run.as_of });
    let steps: Vec<_> = run.steps.iter().filter(|s| s.campaign == chart.title).collect();
    for flow in &mut chart.flows {
        let Some(label) = &flow.label else { continue };
        let node = &mut chart.nodes[flow.from];
        // A transition of this name may have come from something else then.
        let record =
            steps.iter().find(|s| s.transition.as_ref() == Some(label) && s.activity == node.title);
        if let Some(record) = record {
            if record.note.as_deref() == Some("skipped") {
                node.outcome = Some(Outcome::Skipped);
            } else {
                flow.rows = record.rows;
            }
        }
    }
    for index in 0..chart.nodes.len() {
        let outcome = match chart.nodes[index].step.and_then(&saves) {
            Some(label) => saved(run, label).map(Outcome::Saved),
            None => sent(chart, index, deliveries),
        };
        let node = &mut chart.nodes[index];
        node.outcome = node.outcome.take().or(outcome);
    }
}

/// What was saved under a label; `{{…}}` in it stands for any text.
fn saved(run: &RunDetails, label: &str) -> Option<Saved> {
    let is = |written: &str| match (label.find("{{"), label.rfind("}}")) {
        (Some(from), Some(to)) if from < to => {
            written.len() >= from + label.len() - to - 2
                && written.starts_with(&label[..from])
                && written.ends_with(&label[to + 2..])
        }
        _ => written == label,
    };
    let mut all = Saved::default();
    for (_, version) in run.saves.iter().filter(|(written, _)| is(written)) {
        all.audiences += 1;
        // Each of these was counted at the save: what was there is what did not enter, and what left.
        all.was += (version.size + version.left).saturating_sub(version.entered);
        all.now += version.size;
        all.entered += version.entered;
        all.left += version.left;
        all.changed += version.changed;
    }
    (all.audiences > 0).then_some(all)
}

/// What became of what was sent; where two steps of a campaign send alike, it cannot be told apart.
fn sent(chart: &Chart, index: usize, deliveries: &Deliveries) -> Option<Outcome> {
    let title = &chart.nodes[index].title;
    if chart.nodes.iter().filter(|n| n.title == *title).count() > 1 {
        return None;
    }
    let of = deliveries.iter().filter(|(activity, ..)| activity == title);
    let of: Vec<_> = of.map(|(_, status, times)| (status.clone(), *times)).collect();
    (!of.is_empty()).then_some(Outcome::Sent(of))
}
