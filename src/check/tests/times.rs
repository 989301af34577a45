//! Dates, durations, windows.

use super::*;

#[test]
fn relative_dates_are_days_and_hours_are_instants() {
    assert_eq!(rule("signed_up_at = 3 days ago"), "signed_up_at = (today - 3 days)");
    assert_eq!(rule("seen_at after 36 hours ago"), "seen_at > (now - 36 hours)");
    assert_eq!(
        rule("signed_up_at before today - 1 month 1 day"),
        "signed_up_at < (today - 1 months 1 days)"
    );
    assert_eq!(
        rule("signed_up_at before (points) days ago"),
        "signed_up_at < (today - (points) days)"
    );
}

#[test]
fn windows_take_durations_and_periods() {
    assert_eq!(rule("seen_at in last 30 days"), "seen_at in last 30 days");
    assert_eq!(rule("birthday in previous quarter"), "birthday in previous quarters");
    assert_said(said_of_rule("points in last 30 days"), "E0303", "points", "");
}

#[test]
fn a_parameter_can_be_a_window() {
    let text = program(
        "param window: duration = 90 days\n\
         define recent(w: duration = 30 days) on customers = any orders where ordered_at in last w\n\
         a = build audience from customers where recent and recent(window) and recent(w: 2 weeks)\n\
         save audience a as \"A\"\n",
    );
    assert!(
        text.contains(
            "(any orders#1 where #1.ordered_at in last 30 days and \
             any orders#1 where #1.ordered_at in last $window and \
             any orders#1 where #1.ordered_at in last 14 days)"
        ),
        "{text}"
    );
}

#[test]
fn durations_are_never_compared() {
    assert_said(
        said_of_rule("90 days > 1 month"),
        "E0306",
        "90 days",
        "compare dates: `a before b + 30 days`",
    );
    // Case 54: dates are.
    assert_eq!(
        rule_on("orders", "shipped_on after ordered_at + 1 month"),
        "shipped_on > (ordered_at + 1 months)"
    );
}

#[test]
fn two_dates_have_no_difference() {
    assert_said(
        said_of_rule("today - signed_up_at > 3"),
        "E0303",
        "-",
        "write `days_between(signed_up_at, today)`",
    );
    assert_said(said_of_rule("signed_up_at + 3 > today"), "E0303", "3", "write `3 days`");
}

#[test]
fn only_hours_and_below_have_fractions() {
    assert_eq!(rule("seen_at in last 1.5 hours"), "seen_at in last 90 minutes");
    assert_said(said_of_rule("seen_at in last 1.5 days"), "E0311", "1.5", "");
}

#[test]
fn an_anniversary_is_held_against_days_and_windows_only() {
    assert_eq!(rule("anniversary(birthday) = today"), "anniversary(birthday) = today");
    assert_eq!(
        rule("anniversary(birthday) in next 7 days"),
        "anniversary(birthday) in next 7 days"
    );
    assert_eq!(
        rule("anniversary(birthday) between today and today + 3 days"),
        "anniversary(birthday) between today and (today + 3 days)"
    );
    assert_said(
        said_of_rule("anniversary(birthday) > today"),
        "E0314",
        "anniversary(birthday)",
        "write `anniversary(birthday) in next 7 days`, `= today` or `between …`",
    );
}

#[test]
fn distances_between_times_are_conditions() {
    assert_eq!(
        rule_on("orders", "shipped_on within 14 days after ordered_at"),
        "shipped_on within 14 days after ordered_at"
    );
}

#[test]
fn utc_without_being_asked_for_is_a_warning_only_where_it_matters() {
    let relative =
        "a = build audience from customers where signed_up_at = today\nsave audience a as \"A\"\n";
    assert_said(
        said(relative),
        "W0901",
        "today",
        "add `timezone \"Europe/Paris\"` to the campaign, or set it in `camp.toml`",
    );
    assert_eq!(
        said("a = build audience from customers where consent\nsave audience a as \"A\"\n"),
        []
    );
    let given =
        crate::check::Options { default_timezone: Some("Asia/Tokyo".into()), ..fake::options() };
    let checked = check_files(&[("t.camp", relative)], &[], &given);
    assert_eq!(checked.said(), []);
    assert_eq!(checked.program.campaigns[0].timezone, "Asia/Tokyo");
}

#[test]
fn the_command_line_wins_over_the_campaign_over_the_project() {
    let script = "campaign \"C\" timezone \"Europe/Paris\"\n";
    let both = crate::check::Options {
        timezone: Some("America/New_York".into()),
        default_timezone: Some("Asia/Tokyo".into()),
        ..fake::options()
    };
    assert_eq!(
        check_files(&[("t.camp", script)], &[], &both).program.campaigns[0].timezone,
        "America/New_York"
    );
    let project = crate::check::Options { timezone: None, ..both };
    assert_eq!(
        check_files(&[("t.camp", script)], &[], &project).program.campaigns[0].timezone,
        "Europe/Paris"
    );
}

#[test]
fn an_unknown_time_zone_suggests_the_nearest() {
    assert_said(
        said("campaign \"C\" timezone \"Europe/Pari\"\n"),
        "E0210",
        "\"Europe/Pari\"",
        "did you mean `Europe/Paris`?",
    );
}

#[test]
fn timestamps_of_another_zone_are_read_as_instants() {
    let text = program(
        "campaign \"C\" timezone \"Europe/Paris\"\n\
         dimension logs = \"logs.csv\" key id with timezone: \"Asia/Tokyo\"\n\
         a = build audience from logs where at after now\nsave audience a as \"A\"\n",
    );
    assert!(text.contains("dimension logs key (id) at in Asia/Tokyo"), "{text}");
}
