//! The canvas as one page, with nothing beside itself: no script, no font, no request.
//!
//! A box is a link to its section, and CSS shows the section that the address names: the page works
//! where scripts are not allowed, and what a label holds can never be one.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use crate::numbers::{count, counted};

use super::picture::{self, HEADS, STYLE, outcome_lines};
use super::svg::{NOTHING, about};
use super::text::{xml, xml_lines};
use super::{Canvas, Chart, Kind, Node, UseKind};

/// The page. Times are shown in this zone.
pub fn html(canvas: &Canvas, zone: &TimeZone) -> String {
    let titles: Vec<&str> = canvas.charts.iter().map(|c| c.title.as_str()).collect();
    let mut charts = String::new();
    let mut panels = String::new();
    let mut selected = String::new();
    for (c, chart) in canvas.charts.iter().enumerate() {
        draw(&mut charts, c, chart, zone);
        for n in 0..chart.nodes.len() {
            panel(&mut panels, c, chart, n);
            let _ = writeln!(
                selected,
                "body:has(#c{c}n{n}:target) a[href=\"#c{c}n{n}\"] rect{{stroke-width:3.5}}"
            );
        }
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<style>\n{STYLE}{}{selected}</style>\n</head>\n<body>\n\
         <svg class=\"defs\" aria-hidden=\"true\">{HEADS}</svg>\n\
         <main>\n{charts}</main>\n<aside>\n{LEGEND}{panels}</aside>\n</body>\n</html>\n",
        xml(&titles.join(", ")),
        include_str!("page.css"),
    )
}

const LEGEND: &str = "<section class=\"legend\"><h3>How to read it</h3>\
    <p>A box is a statement of the script. Choose one: its rule, what it did, and its SQL appear here.</p>\
    <dl><dt><i class=\"k activity\"></i></dt><dd>makes populations</dd>\
    <dt><i class=\"k plugin\"></i></dt><dd>the same, by a plugin</dd>\
    <dt><i class=\"k effect\"></i></dt><dd>saves, writes or sends</dd>\
    <dt><i class=\"k guard\"></i></dt><dd>a guard: when it does not hold, nothing is saved</dd>\
    <dt><i class=\"k audience\"></i></dt><dd>a saved audience that is read</dd>\
    <dt><i class=\"l\"></i></dt><dd>its rows go in</dd>\
    <dt><i class=\"l dashed\"></i></dt><dd>a rule or a guard speaks of it</dd>\
    <dt><i class=\"l dotted\"></i></dt><dd>it is waited for</dd></dl></section>\n";

fn draw(out: &mut String, c: usize, chart: &Chart, zone: &TimeZone) {
    let drawing = picture::draw(chart, &|n| Some(format!("#c{c}n{n}")));
    let _ = writeln!(out, "<article>\n<h2>{}</h2>", xml(&chart.title));
    if let Some(description) = &chart.description {
        let _ = writeln!(out, "<p>{}</p>", xml(description));
    }
    if chart.nodes.is_empty() {
        let _ = writeln!(out, "<p>{NOTHING}</p>");
    }
    let (width, height) = (drawing.size.width, drawing.size.height);
    let _ = writeln!(
        out,
        "<p class=\"about\">{}: {}</p>\n<figure><svg class=\"chart\" width=\"{width}\" \
         height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"group\" aria-label=\"{}\">\n{}\
         </svg></figure>\n</article>",
        xml(&chart.file),
        xml(&about(chart, zone)),
        xml(&chart.title),
        drawing.elements
    );
}

fn panel(out: &mut String, c: usize, chart: &Chart, n: usize) {
    let node = &chart.nodes[n];
    let _ = write!(out, "<section class=\"panel\" id=\"c{c}n{n}\"><a class=\"close\" href=\"#\" ");
    let _ = writeln!(out, "aria-label=\"close\">×</a><h3>{}</h3>", xml(&heading(node)));
    if let Some((file, line)) = &node.place {
        let _ = writeln!(out, "<p class=\"about\">{}:{line}</p>", xml(file));
    }
    if let Some(doc) = &node.doc {
        let _ = writeln!(out, "<p>{}</p>", xml(doc));
    }
    for line in outcome_lines(node) {
        let _ = writeln!(out, "<p class=\"outcome\">{}</p>", xml(&line));
    }
    populations(out, c, chart, n);
    if !node.script.is_empty() {
        let _ = writeln!(out, "<h4>As written</h4><pre>{}</pre>", xml_lines(&node.script));
    }
    if let Some(rows) = &node.rows {
        let shown = rows.rows.len() as u64;
        let _ = writeln!(
            out,
            "<h4>{}</h4><div class=\"wide\"><table><thead><tr>{}</tr></thead><tbody>",
            xml(&format!("{} of {}", counted(shown, "row"), count(rows.of))),
            cells("th", &rows.columns)
        );
        for row in &rows.rows {
            let _ = writeln!(out, "<tr>{}</tr>", cells("td", row));
        }
        out.push_str("</tbody></table></div>\n");
    }
    if !node.sql.is_empty() {
        out.push_str("<details><summary>SQL</summary>\n");
        for statement in &node.sql {
            let (title, sql) = (xml(&statement.title), xml_lines(&statement.sql));
            let _ = writeln!(out, "<h4>{title}</h4><pre>{sql}</pre>");
        }
        out.push_str("</details>\n");
    }
    out.push_str("</section>\n");
}

fn heading(node: &Node) -> String {
    match (&node.caption, node.kind) {
        (_, Kind::Audience) => format!("saved audience \"{}\"", node.title),
        (_, Kind::Guard) => node.title.clone(),
        (Some(caption), _) => format!("{} {caption}", node.title),
        (None, _) => node.title.clone(),
    }
}

/// What goes in and what comes out, each a link to the other end.
fn populations(out: &mut String, c: usize, chart: &Chart, n: usize) {
    let mut rows = String::new();
    let mut row = |way: &str, name: &str, ends: &[usize], count_of: Option<u64>| {
        let ends: Vec<String> = ends
            .iter()
            .map(|&end| format!("<a href=\"#c{c}n{end}\">{}</a>", xml(&heading(&chart.nodes[end]))))
            .collect();
        let _ = writeln!(
            rows,
            "<tr><td>{way}</td><td>{}</td><td class=\"n\">{}</td><td>{}</td></tr>",
            xml(name),
            count_of.map(count).unwrap_or_default(),
            ends.join(", ")
        );
    };
    for flow in &chart.flows {
        let Some(u) = flow.uses.iter().find(|u| u.to == n) else { continue };
        let way = match u.kind {
            UseKind::Input => "in",
            UseKind::Condition => "asked",
            UseKind::Order => "after",
        };
        row(way, flow.label.as_deref().unwrap_or_default(), &[flow.from], flow.rows);
    }
    for flow in chart.flows.iter().filter(|flow| flow.from == n) {
        let ends: Vec<usize> = flow.uses.iter().map(|u| u.to).collect();
        row("out", flow.label.as_deref().unwrap_or_default(), &ends, flow.rows);
    }
    if !rows.is_empty() {
        let _ = writeln!(out, "<table class=\"populations\"><tbody>\n{rows}</tbody></table>");
    }
}

fn cells(tag: &str, values: &[String]) -> String {
    values.iter().map(|value| format!("<{tag}>{}</{tag}>", xml(value))).collect()
}
