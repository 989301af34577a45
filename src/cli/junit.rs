//! Results of tests as JUnit XML, in the form that build servers agree on.

use std::fmt::Write;

use crate::unit_tests::{TestReport, Verdict};

/// All tests, a suite for each file.
pub(super) fn xml(reports: &[TestReport]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(text, "<testsuites{}>", counts(reports));
    let mut rest = reports;
    while let Some(first) = rest.first() {
        let n = rest.iter().take_while(|r| r.file == first.file).count();
        let (suite, after) = rest.split_at(n);
        let _ = writeln!(text, "  <testsuite name=\"{}\"{}>", escaped(&first.file), counts(suite));
        for report in suite {
            case(&mut text, report);
        }
        text.push_str("  </testsuite>\n");
        rest = after;
    }
    text.push_str("</testsuites>\n");
    text
}

fn counts(reports: &[TestReport]) -> String {
    let count = |v| reports.iter().filter(|r| r.verdict == v).count();
    let millis: u64 = reports.iter().map(|r| r.millis).sum();
    format!(
        " tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{}\"",
        reports.len(),
        count(Verdict::Failed),
        count(Verdict::Error),
        seconds(millis)
    )
}

fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

fn case(text: &mut String, report: &TestReport) {
    let _ = write!(
        text,
        "    <testcase classname=\"{}\" name=\"{}\" file=\"{0}\" line=\"{}\" time=\"{}\"",
        escaped(&report.file),
        escaped(&report.label),
        report.line,
        seconds(report.millis)
    );
    let inside: Vec<(&str, String, String)> = match report.verdict {
        Verdict::Passed => Vec::new(),
        Verdict::Failed => report
            .failures
            .iter()
            .map(|f| {
                ("failure", format!("line {}: {}", f.line, f.expectation), f.details.join("\n"))
            })
            .collect(),
        Verdict::Error => {
            report.errors.iter().map(|d| ("error", d.title.clone(), d.title.clone())).collect()
        }
    };
    if inside.is_empty() {
        text.push_str("/>\n");
        return;
    }
    text.push_str(">\n");
    for (tag, message, body) in inside {
        let (message, body) = (escaped(&message), escaped(&body));
        let _ = writeln!(text, "      <{tag} message=\"{message}\">{body}</{tag}>");
    }
    text.push_str("    </testcase>\n");
}

/// Text of an attribute or an element. Characters that XML cannot hold at all are left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c < ' ' => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit_tests::Failure;

    #[test]
    fn failures_stand_inside_their_case_and_signs_are_escaped() {
        let report = |label: &str, verdict, failures| TestReport {
            file: "a.camp".into(),
            label: label.into(),
            line: 3,
            verdict,
            millis: 1234,
            failures,
            errors: Vec::new(),
        };
        let failure = Failure {
            line: 5,
            expectation: "expect vip = (\"<&>\")".into(),
            details: vec!["missing     \"<&>\"".into()],
        };
        let text = xml(&[
            report("one", Verdict::Passed, Vec::new()),
            report("a < b\u{1}", Verdict::Failed, vec![failure]),
        ]);
        assert_eq!(
            text,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuites tests=\"2\" failures=\"1\" errors=\"0\" time=\"2.468\">\n\
             \x20 <testsuite name=\"a.camp\" tests=\"2\" failures=\"1\" errors=\"0\" time=\"2.468\">\n\
             \x20   <testcase classname=\"a.camp\" name=\"one\" file=\"a.camp\" line=\"3\" time=\"1.234\"/>\n\
             \x20   <testcase classname=\"a.camp\" name=\"a &lt; b\" file=\"a.camp\" line=\"3\" time=\"1.234\">\n\
             \x20     <failure message=\"line 5: expect vip = (&quot;&lt;&amp;&gt;&quot;)\">missing     &quot;&lt;&amp;&gt;&quot;</failure>\n\
             \x20   </testcase>\n\
             \x20 </testsuite>\n\
             </testsuites>\n"
        );
    }
}
