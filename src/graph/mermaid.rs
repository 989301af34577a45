//! The canvas for Mermaid, which code hosts and wikis draw.

use std::fmt::Write as _;

use crate::numbers::count;

use super::picture::outcome_lines;
use super::text::{fit, visible};
use super::{Canvas, Chart, Kind, Node, UseKind};

/// How much of a rule is seen.
const RULE: f64 = 230.0;

/// A flowchart; several campaigns are boxes around theirs.
pub fn mermaid(canvas: &Canvas) -> String {
    let mut out = String::from("flowchart LR\n");
    let several = canvas.charts.len() > 1;
    for (c, chart) in canvas.charts.iter().enumerate() {
        if several {
            let _ = writeln!(out, "  subgraph c{c}[\"{}\"]", text(&chart.title));
        }
        draw(&mut out, c, chart);
        if several {
            out.push_str("  end\n");
        }
    }
    // Frames only: the theme of the page says what is readable on it.
    out.push_str(
        "  classDef effect stroke:#1f7f55,stroke-width:2px\n\
         \x20 classDef guard stroke:#a86200,stroke-dasharray:5 3\n\
         \x20 classDef skipped opacity:0.55\n",
    );
    out
}

fn draw(out: &mut String, c: usize, chart: &Chart) {
    for (n, node) in chart.nodes.iter().enumerate() {
        let (open, close) = match node.kind {
            Kind::Activity => ("[", "]"),
            Kind::Effect => ("[/", "/]"),
            Kind::Guard => ("{{", "}}"),
            Kind::Audience => ("([", "])"),
        };
        let _ = writeln!(out, "  c{c}n{n}{open}\"{}\"{close}", lines(node));
        let skipped = matches!(node.outcome, Some(super::Outcome::Skipped));
        for (class, has) in [
            ("effect", node.kind == Kind::Effect),
            ("guard", node.kind == Kind::Guard),
            ("skipped", skipped),
        ] {
            if has {
                let _ = writeln!(out, "  class c{c}n{n} {class}");
            }
        }
    }
    for (f, flow) in chart.flows.iter().enumerate() {
        let label = flow.label.as_ref().map(|label| match flow.rows {
            Some(rows) => format!("|\"{}<br/>{}\"|", text(label), count(rows)),
            None => format!("|\"{}\"|", text(label)),
        });
        let label = label.unwrap_or_default();
        let from = flow.from;
        for u in &flow.uses {
            let arrow = match u.kind {
                UseKind::Input => "-->",
                UseKind::Condition | UseKind::Order => "-.->",
            };
            let _ = writeln!(out, "  c{c}n{from} {arrow}{label} c{c}n{}", u.to);
        }
        if flow.uses.is_empty() {
            // It ends here: a small circle, so that its number is seen.
            let _ = writeln!(out, "  c{c}n{from} -->{label} c{c}f{f}((\" \"))");
        }
    }
}

fn lines(node: &Node) -> String {
    let mut lines = vec![format!("<b>{}</b>", text(&node.title))];
    lines.extend(node.caption.iter().map(|caption| text(caption)));
    lines.extend(node.rule.iter().map(|rule| text(&fit(rule, RULE, false))));
    lines.extend(node.plugin.iter().map(|plugin| text(&format!("plugin {plugin}"))));
    lines.extend(outcome_lines(node).iter().map(|line| text(line)));
    lines.join("<br/>")
}

/// All but letters, digits and a few harmless signs as `#code;`: quotes, brackets, `#`, and what
/// Mermaid would take for Markdown or HTML.
fn text(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            ' ' | ',' | '.' | ':' | '+' | '=' | '/' => out.push(c),
            c if c.is_alphanumeric() => out.push(c),
            c => {
                let _ = write!(out, "#{};", visible(c) as u32);
            }
        }
    }
    out
}
