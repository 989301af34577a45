//! Reports of runs and plans as text, CSV and JSON.

use std::time::Duration;

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;

use super::Exit;
use super::numbers::{count, counted, duration, instant, share};
use super::output::{Format, Output};
use super::table::{Cell, Table};
use crate::diagnostic::render::record;
use crate::diagnostic::{Area, Diagnostic};
use crate::run::report::{
    CampaignReport, DeliveryReport, ExpectationReport, ExportReport, PlanReport, PlannedSave,
    RejectsReport, RunReport, SaveReport, Status, StepReport, TransitionCount,
};
use crate::source::SourceMap;

/// Prints what a run did.
pub(super) fn print_run(report: &RunReport, sources: &SourceMap, out: &mut Output) {
    match out.format {
        Format::Json => out.json(&with_warnings(report, &report.warnings, sources)),
        Format::Csv => out.exact(&saves_table(report.saves.iter()).csv()),
        Format::Text if out.quiet => {}
        Format::Text => {
            let text = run_text(report, out);
            out.print(&text);
        }
    }
}

/// Prints what a run would do.
pub(super) fn print_plan(report: &PlanReport, sources: &SourceMap, out: &mut Output) {
    match out.format {
        Format::Json => out.json(&with_warnings(report, &report.warnings, sources)),
        Format::Csv => out.exact(&planned_table(&report.saves).csv()),
        Format::Text => {
            let text = plan_text(report, out);
            out.print(&text);
        }
    }
}

/// The report with its warnings, which only its sources can place.
fn with_warnings(
    report: &impl Serialize,
    warnings: &[Diagnostic],
    sources: &SourceMap,
) -> Option<Value> {
    let mut value = serde_json::to_value(report).ok()?;
    let warnings: Vec<_> = warnings.iter().map(|w| record(w, sources)).collect();
    value.as_object_mut()?.insert("warnings".into(), serde_json::to_value(warnings).ok()?);
    Some(value)
}

/// The exit code of a run that ended like this.
pub(super) fn exit_of(status: Status) -> Exit {
    match status {
        Status::Done | Status::DryRun => Exit::FINE,
        Status::ExpectationFailed => Exit::of_area(Area::Expectation),
        Status::Interrupted => Exit::INTERRUPTED,
        Status::Failed => Exit::of_area(Area::Data),
    }
}

fn run_text(report: &RunReport, out: &Output) -> String {
    let mut text = heading(&report.campaigns, report.as_of);
    text.push_str(&steps_text(&report.steps, &report.campaigns, out));
    let mut lines: Vec<String> = report.expectations.iter().map(expectation_line).collect();
    lines.extend(report.saves.iter().map(|save| {
        let verb = if report.status == Status::Done { "saved" } else { "would save" };
        let new = if save.created { " (new)" } else { "" };
        format!("{verb} \"{}\"{new}: {}", save.label, save_line(save, &out.zone))
    }));
    lines.extend(report.exports.iter().map(|export| export_line(export, report.status)));
    lines.extend(report.rejects.iter().map(|r| rejects_line(r, report.status)));
    lines.extend(report.deliveries.iter().map(delivery_line));
    push_block(&mut text, &lines);
    let elapsed = report.finished.duration_since(report.started);
    let elapsed = duration(Duration::try_from(elapsed).unwrap_or_default());
    let end = match report.status {
        Status::Done => format!("done in {elapsed}"),
        Status::DryRun => format!("dry run in {elapsed}: nothing was saved"),
        Status::ExpectationFailed => "an expectation failed: nothing was saved".to_owned(),
        Status::Interrupted => "interrupted: nothing was saved".to_owned(),
        Status::Failed => "failed: nothing was saved".to_owned(),
    };
    let run = match report.run_id.as_str() {
        "" => String::new(),
        id => format!(", run {id}"),
    };
    push_block(&mut text, &[end + &run]);
    text
}

fn plan_text(report: &PlanReport, out: &Output) -> String {
    let mut text = heading(&report.campaigns, report.as_of);
    text.push_str(&steps_text(&report.steps, &report.campaigns, out));
    for lines in intended(report, out) {
        push_block(&mut text, &lines);
    }
    push_block(&mut text, &["nothing was saved".to_owned()]);
    text
}

/// Whether guards hold, and what would be saved, exported and delivered; empty where there is
/// nothing of it.
pub(super) fn intended_text(report: &PlanReport, out: &Output) -> String {
    let lines = intended(report, out).concat();
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// The same in blocks of lines.
fn intended(report: &PlanReport, out: &Output) -> Vec<Vec<String>> {
    let mut blocks = vec![report.expectations.iter().map(expectation_line).collect()];
    for planned in &report.saves {
        let save = &planned.save;
        let verb = if save.created { "create" } else { "update" };
        let mut lines =
            vec![format!("would {verb} \"{}\": {}", save.label, save_line(save, &out.zone))];
        if planned.unchanged > 0 {
            lines.push(format!("  stay: {}", count(planned.unchanged)));
        }
        lines.extend(sample("enter", save.entered, &planned.entering, planned));
        lines.extend(sample("leave", save.left, &planned.leaving, planned));
        blocks.push(lines);
    }
    let exports = report.exports.iter().map(|export| export_line(export, Status::DryRun));
    let rejects = report.rejects.iter().map(|r| rejects_line(r, Status::DryRun));
    blocks.push(exports.chain(rejects).collect());
    blocks.push(report.deliveries.iter().map(planned_line).collect());
    blocks
}

/// `  enter: customer_id 3, 17, 20 and 95 more`
fn sample(verb: &str, all: u64, keys: &[Vec<String>], planned: &PlannedSave) -> Option<String> {
    if keys.is_empty() {
        return None;
    }
    let shown: Vec<String> = keys.iter().map(|parts| key_text(parts)).collect();
    let more = match all.saturating_sub(keys.len() as u64) {
        0 => String::new(),
        more => format!(" and {} more", count(more)),
    };
    Some(format!("  {verb}: {} {}{more}", planned.key.join(", "), shown.join(", ")))
}

/// `Win back lapsed buyers, as of 2026-11-24 09:30 CET`
fn heading(campaigns: &[CampaignReport], as_of: jiff::Timestamp) -> String {
    let zone_of = |c: &CampaignReport| TimeZone::get(&c.timezone).unwrap_or(TimeZone::UTC);
    let mut lines: Vec<String> = Vec::new();
    for campaign in campaigns {
        let at = instant(as_of, &zone_of(campaign));
        lines.push(format!("{}, as of {at}", campaign.label));
    }
    lines.join("\n") + "\n"
}

/// The table of what was made: a row for each transition, a line for each step without any.
fn steps_text(steps: &[StepReport], campaigns: &[CampaignReport], out: &Output) -> String {
    if steps.is_empty() {
        return String::new();
    }
    let several = campaigns.len() > 1;
    let mut columns = vec!["line", "activity", "transition", "rows", "time"];
    if several {
        columns.insert(0, "campaign");
    }
    let mut table = Table::new(columns);
    let mut notes = Vec::new();
    for step in steps {
        let named: Vec<&TransitionCount> =
            step.transitions.iter().filter(|t| !t.name.starts_with('_')).collect();
        // A step whose work other steps have done has no time of its own.
        let time = match (step.skipped, step.millis) {
            (true, _) => "skipped".to_owned(),
            (false, 0) => String::new(),
            (false, millis) => duration(Duration::from_millis(millis)),
        };
        for index in 0..named.len().max(1) {
            let transition = named.get(index);
            // What belongs to the step stands in its first row only.
            let first = |cell: Cell| if index == 0 { cell } else { Cell::None };
            let mut row = Vec::new();
            if several {
                row.push(first(step.campaign.as_str().into()));
            }
            row.extend([
                first(Cell::Number(step.line)),
                first(step.activity.as_str().into()),
                transition.map(|t| t.name.as_str()).into(),
                transition.and_then(|t| t.rows).into(),
                first(time.as_str().into()),
            ]);
            table.row(row);
        }
        let place = if several {
            format!("{}:{}", step.file, step.line)
        } else {
            format!("line {}", step.line)
        };
        notes.extend(step.note.iter().map(|note| format!("{place}: {note}")));
        for transition in named.iter().filter(|t| t.missing_key > 0) {
            notes.push(format!(
                "{place}: {} of {} without a key left out",
                counted(transition.missing_key, "row"),
                transition.dimension
            ));
        }
    }
    let mut text = format!("\n{}", out.table_text(&table));
    push_block(&mut text, &notes);
    text
}

/// `was 2, now 1,000 (100 % of customers), +998 −0 ~0`
pub(super) fn save_line(save: &SaveReport, zone: &TimeZone) -> String {
    let share = save
        .dimension_size
        .and_then(|size| share(save.now, size))
        .map(|share| format!(" ({share} of {})", save.dimension))
        .unwrap_or_default();
    let expires =
        save.expires.map(|at| format!(", expires {}", instant(at, zone))).unwrap_or_default();
    format!(
        "was {}, now {}{share}, +{} −{} ~{}{expires}",
        count(save.was),
        count(save.now),
        count(save.entered),
        count(save.left),
        count(save.changed)
    )
}

fn export_line(export: &ExportReport, status: Status) -> String {
    let verb = if status == Status::Done { "exported" } else { "would export" };
    let path = export.path.strip_prefix("./").unwrap_or(&export.path);
    format!("{verb} {path}: {}", counted(export.rows, "row"))
}

fn rejects_line(rejects: &RejectsReport, status: Status) -> String {
    let verb = if status == Status::Done { "set aside" } else { "would set aside" };
    let path = rejects.path.strip_prefix("./").unwrap_or(&rejects.path);
    format!("{verb} {} of {}: {path}", counted(rejects.rows, "row"), rejects.source)
}

fn delivery_line(delivery: &DeliveryReport) -> String {
    let parts = [
        (delivery.sent, "sent"),
        (delivery.failed, "failed"),
        (delivery.retry, "not sent, a later run may help"),
        (delivery.skipped, "left out"),
        (delivery.checked, "checked, nothing was sent"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{} {what}", count(*n)))
        .collect();
    let parts = if parts.is_empty() { "nothing to send".to_owned() } else { parts.join(", ") };
    format!("{} {}: {parts}", delivery.activity, delivery.transition)
}

fn planned_line(delivery: &DeliveryReport) -> String {
    let DeliveryReport { activity, transition, rows, .. } = delivery;
    format!("would send {} of {transition} by {activity}", counted(*rows, "row"))
}

fn expectation_line(expectation: &ExpectationReport) -> String {
    if expectation.held {
        format!("holds: {}", expectation.text)
    } else {
        let message = expectation.message.as_ref().map(|m| format!(" ({m})")).unwrap_or_default();
        format!("does not hold, line {}: {}{message}", expectation.line, expectation.text)
    }
}

fn saves_table<'a>(saves: impl Iterator<Item = &'a SaveReport>) -> Table {
    let mut table = Table::new([
        "campaign",
        "label",
        "dimension",
        "dimension_size",
        "was",
        "now",
        "entered",
        "left",
        "changed",
        "version",
        "created",
        "expires",
    ]);
    for save in saves {
        table.row([
            save.campaign.as_str().into(),
            save.label.as_str().into(),
            save.dimension.as_str().into(),
            save.dimension_size.into(),
            save.was.into(),
            save.now.into(),
            save.entered.into(),
            save.left.into(),
            save.changed.into(),
            Cell::Number(save.version),
            Cell::Flag(save.created),
            save.expires.into(),
        ]);
    }
    table
}

/// The table of saves with what only a plan has.
fn planned_table(saves: &[PlannedSave]) -> Table {
    let mut table = Table::new(["unchanged", "entering", "leaving"]);
    let keys = |keys: &[Vec<String>]| {
        keys.iter().map(|parts| key_text(parts)).collect::<Vec<_>>().join(", ")
    };
    for planned in saves {
        table.row([
            planned.unchanged.into(),
            keys(&planned.entering).into(),
            keys(&planned.leaving).into(),
        ]);
    }
    saves_table(saves.iter().map(|s| &s.save)).beside(table)
}

/// `17`, `(FR, 17)`
fn key_text(parts: &[String]) -> String {
    match parts {
        [one] => one.clone(),
        parts => format!("({})", parts.join(", ")),
    }
}

fn push_block(text: &mut String, lines: &[String]) {
    if !lines.is_empty() {
        text.push('\n');
        for line in lines {
            text.push_str(line);
            text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn save() -> SaveReport {
        SaveReport {
            campaign: "Win back".into(),
            label: "VIP".into(),
            dimension: "customers".into(),
            dimension_size: Some(1000),
            was: 2,
            now: 1000,
            entered: 998,
            left: 0,
            changed: 0,
            version: 2,
            created: false,
            expires: None,
        }
    }

    #[test]
    fn a_save_says_was_now_share_and_changes() {
        let line = |save: &SaveReport| save_line(save, &TimeZone::UTC);
        assert_eq!(line(&save()), "was 2, now 1,000 (100 % of customers), +998 −0 ~0");
        let expires = "2027-02-22T08:30:00Z".parse().ok();
        let new = SaveReport { created: true, was: 0, dimension_size: None, expires, ..save() };
        assert_eq!(line(&new), "was 0, now 1,000, +998 −0 ~0, expires 2027-02-22 08:30 UTC");
    }

    #[test]
    fn samples_name_the_key_and_say_how_many_more_there_are() {
        let planned = PlannedSave {
            save: save(),
            key: vec!["customer_id".into()],
            entering: vec![vec!["3".into()], vec!["17".into()]],
            leaving: vec![],
            unchanged: 2,
            digest: String::new(),
        };
        assert_eq!(
            sample("enter", 998, &planned.entering, &planned).unwrap(),
            "  enter: customer_id 3, 17 and 996 more"
        );
        assert_eq!(sample("leave", 0, &planned.leaving, &planned), None);
        let pair = PlannedSave {
            key: vec!["shop".into(), "id".into()],
            entering: vec![vec!["A".into(), "1".into()]],
            ..planned
        };
        assert_eq!(sample("enter", 1, &pair.entering, &pair).unwrap(), "  enter: shop, id (A, 1)");
    }

    #[test]
    fn the_report_lists_transitions_skips_and_what_was_left_out() {
        let count = |name: &str, rows, missing_key| TransitionCount {
            name: name.into(),
            dimension: "customers".into(),
            rows,
            missing_key,
        };
        let step = |line, activity: &str, transitions, skipped| StepReport {
            campaign: "Win back".into(),
            activity: activity.into(),
            file: "a.camp".into(),
            line,
            transitions,
            millis: 120,
            skipped,
            note: None,
        };
        let at: jiff::Timestamp = "2026-11-24T08:30:00Z".parse().unwrap();
        let report = RunReport {
            schema_version: 1,
            run_id: "20261124-083000-1".into(),
            campaigns: vec![CampaignReport {
                label: "Win back".into(),
                file: "a.camp".into(),
                timezone: "Europe/Paris".into(),
            }],
            started: at,
            finished: at + jiff::SignedDuration::from_millis(1250),
            as_of: at,
            status: Status::Done,
            database: None,
            steps: vec![
                step(
                    3,
                    "build audience",
                    vec![count("lapsed", Some(1204), 2), count("_1", None, 0)],
                    false,
                ),
                step(
                    9,
                    "combine",
                    vec![count("reachable", Some(1000), 0), count("rest", Some(204), 0)],
                    false,
                ),
                step(12, "save audience", vec![], true),
            ],
            saves: vec![save()],
            deliveries: Vec::new(),
            exports: vec![ExportReport {
                campaign: "Win back".into(),
                path: "out/vip.csv".into(),
                rows: 1,
            }],
            rejects: vec![],
            expectations: vec![],
            warnings: vec![],
        };
        let (out, _) = Output::captured(Format::Text);
        assert_eq!(
            run_text(&report, &out).lines().collect::<Vec<_>>(),
            [
                "Win back, as of 2026-11-24 09:30 CET",
                "",
                "line  activity        transition   rows  time",
                "   3  build audience  lapsed      1,204  0.1 s",
                "   9  combine         reachable   1,000  0.1 s",
                "                      rest          204",
                "  12  save audience                      skipped",
                "",
                "line 3: 2 rows of customers without a key left out",
                "",
                "saved \"VIP\": was 2, now 1,000 (100 % of customers), +998 −0 ~0",
                "exported out/vip.csv: 1 row",
                "",
                "done in 1.3 s, run 20261124-083000-1",
            ]
        );
    }
}
