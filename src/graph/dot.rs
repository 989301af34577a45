//! The canvas for Graphviz.

use std::fmt::Write as _;

use crate::numbers::count;

use super::picture::outcome_lines;
use super::text::{visible, wrap};
use super::{Canvas, Chart, Kind, Node, UseKind};

/// How much of a rule is seen.
const RULE: f64 = 230.0;

/// A `digraph`; several campaigns are clusters.
pub fn dot(canvas: &Canvas) -> String {
    let mut out = String::from(
        "digraph campaign {\n  rankdir=LR;\n  node [shape=box, style=rounded, \
         fontname=\"Helvetica\", fontsize=11];\n  edge [fontname=\"Helvetica\", fontsize=10];\n",
    );
    let several = canvas.charts.len() > 1;
    for (c, chart) in canvas.charts.iter().enumerate() {
        let title = quoted(std::slice::from_ref(&chart.title));
        if several {
            let _ = writeln!(out, "  subgraph cluster_{c} {{\n  label={title};");
        } else {
            let _ = writeln!(out, "  label={title}; labelloc=t;");
        }
        draw(&mut out, c, chart);
        if several {
            out.push_str("  }\n");
        }
    }
    out.push_str("}\n");
    out
}

fn draw(out: &mut String, c: usize, chart: &Chart) {
    for (n, node) in chart.nodes.iter().enumerate() {
        let look = match node.kind {
            Kind::Activity => "",
            Kind::Effect => ", style=\"rounded,bold\", color=\"#1f7f55\"",
            Kind::Guard => ", shape=hexagon, style=dashed, color=\"#a86200\"",
            Kind::Audience => ", shape=cylinder, style=\"\"",
        };
        let _ = writeln!(out, "  c{c}n{n} [label={}{look}];", quoted(&lines(node)));
    }
    for (f, flow) in chart.flows.iter().enumerate() {
        let mut label: Vec<String> = flow.label.iter().cloned().collect();
        label.extend(flow.rows.map(count));
        let label =
            if label.is_empty() { String::new() } else { format!("label={}", quoted(&label)) };
        for u in &flow.uses {
            let style = match u.kind {
                UseKind::Input => "",
                UseKind::Condition => "style=dashed",
                UseKind::Order => "style=dotted",
            };
            let both = if label.is_empty() || style.is_empty() { "" } else { ", " };
            let _ = writeln!(out, "  c{c}n{} -> c{c}n{} [{label}{both}{style}];", flow.from, u.to);
        }
        if flow.uses.is_empty() {
            let _ = writeln!(
                out,
                "  c{c}f{f} [shape=point];\n  c{c}n{} -> c{c}f{f} [{label}];",
                flow.from
            );
        }
    }
}

fn lines(node: &Node) -> Vec<String> {
    let mut lines = vec![node.title.clone()];
    lines.extend(node.caption.clone());
    lines.extend(node.rule.iter().flat_map(|rule| wrap(rule, RULE, 2)));
    lines.extend(node.plugin.iter().map(|plugin| format!("plugin {plugin}")));
    lines.extend(outcome_lines(node));
    lines
}

/// Lines as one quoted text: `\n` between them, and no backslash of theirs means anything.
fn quoted(lines: &[String]) -> String {
    let mut out = String::from("\"");
    for (n, line) in lines.iter().enumerate() {
        if n > 0 {
            out.push_str("\\n");
        }
        for c in line.chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' | '\r' | '\t' => out.push(' '),
                // Graphviz reads `&amp;` and its like in any text.
                '&' => out.push_str("&amp;"),
                c => out.push(visible(c)),
            }
        }
    }
    out.push('"');
    out
}
