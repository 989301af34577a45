//! Boxes and arrows of a chart as SVG elements, for the picture and the page.

use std::fmt::Write as _;

use crate::numbers::count;

use super::layout::{self, Arrow, Direction, Layout, Point, Size};
use super::text::{fit, width, wrap, xml};
use super::{Chart, Flow, Kind, Node, Outcome, UseKind};

/// The widest text of a box, and of a population on its way.
const BOX_TEXT: f64 = 230.0;
const FLOW_TEXT: f64 = 150.0;
/// How much of a rule is seen.
const RULE_LINES: usize = 2;
/// Around the picture, so that frames and shadows are inside.
pub(super) const MARGIN: f64 = 16.0;

/// A drawn chart.
pub(super) struct Drawing {
    /// With its margin.
    pub size: Size,
    /// SVG elements.
    pub elements: String,
}

/// Colours and fonts. Every colour is a variable with a value for light and one for dark.
pub(super) const STYLE: &str = include_str!("picture.css");

/// The heads of arrows, once per document.
pub(super) const HEADS: &str = "<defs>\
    <marker id=\"head\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" \
    markerHeight=\"7\" orient=\"auto-start-reverse\"><path class=\"head\" d=\"M0 1 9 5 0 9z\"/>\
    </marker></defs>";

/// Draws a chart. `link` gives where a box leads to.
pub(super) fn draw(chart: &Chart, link: &dyn Fn(usize) -> Option<String>) -> Drawing {
    let boxes: Vec<Lines> = chart.nodes.iter().map(Lines::of_node).collect();
    let pills: Vec<(usize, Lines)> = chart
        .flows
        .iter()
        .enumerate()
        .filter_map(|(n, flow)| Some((n, Lines::of_flow(flow)?)))
        .collect();
    let mut sizes: Vec<Size> = boxes.iter().map(|lines| lines.size).collect();
    sizes.extend(pills.iter().map(|(_, lines)| lines.size));
    let (arrows, kinds) = arrows(chart, &pills);
    let (layout, direction) = layout::layout_to_fit(&sizes, &arrows);
    let mut out = String::new();
    draw_arrows(&mut out, &layout, direction, &kinds);
    for (n, (node, lines)) in chart.nodes.iter().zip(&boxes).enumerate() {
        let (open, close) = match link(n) {
            Some(href) => (format!("<a href=\"{}\">", xml(&href)), "</a>"),
            None => (String::new(), ""),
        };
        out.push_str(&open);
        draw_box(&mut out, node, lines, moved(layout.boxes[n]));
        out.push_str(close);
        out.push('\n');
    }
    for ((flow, lines), &at) in pills.iter().zip(&layout.boxes[boxes.len()..]) {
        draw_pill(&mut out, &chart.flows[*flow], lines, moved(at));
    }
    let Size { width, height } = layout.size;
    let size = Size { width: width + 2.0 * MARGIN, height: height + 2.0 * MARGIN };
    Drawing { size, elements: out }
}

fn moved(at: Point) -> Point {
    Point { x: at.x + MARGIN, y: at.y + MARGIN }
}

/// What an arrow looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// From an activity to what it makes: no head.
    Made,
    /// Into its use.
    Used(UseKind),
}

fn arrows(chart: &Chart, pills: &[(usize, Lines)]) -> (Vec<Arrow>, Vec<Look>) {
    let mut arrows = Vec::new();
    let mut looks = Vec::new();
    for (n, flow) in chart.flows.iter().enumerate() {
        let pill = pills.iter().position(|(f, _)| *f == n).map(|p| chart.nodes.len() + p);
        if let Some(pill) = pill {
            arrows.push(Arrow { from: flow.from, to: pill, bundle: 0 });
            looks.push(Look::Made);
        }
        for u in &flow.uses {
            let from = pill.unwrap_or(flow.from);
            arrows.push(Arrow { from, to: u.to, bundle: 1 + u.kind as usize });
            looks.push(Look::Used(u.kind));
        }
    }
    (arrows, looks)
}

fn draw_arrows(out: &mut String, layout: &Layout, direction: Direction, looks: &[Look]) {
    for (route, look) in layout.routes.iter().zip(looks) {
        let class = match look {
            Look::Made | Look::Used(UseKind::Input) => "arrow",
            Look::Used(UseKind::Condition) => "arrow condition",
            Look::Used(UseKind::Order) => "arrow order",
        };
        let head = if *look == Look::Made { "" } else { " marker-end=\"url(#head)\"" };
        let _ = writeln!(out, "<path class=\"{class}\" d=\"{}\"{head}/>", path(route, direction));
    }
}

/// Straight pieces, joined by curves that leave and reach them in the way of the arrows.
fn path(route: &[(Point, Point)], direction: Direction) -> String {
    let mut d = String::new();
    let mut last: Option<Point> = None;
    for &(from, to) in route {
        let (from, to) = (moved(from), moved(to));
        match last {
            None => {
                let _ = write!(d, "M{} {}", from.x, from.y);
            }
            Some(at) if at == from => {}
            Some(at) => {
                let (a, b) = match direction {
                    Direction::Right => {
                        let middle = (at.x + from.x) / 2.0;
                        (Point { x: middle, y: at.y }, Point { x: middle, y: from.y })
                    }
                    Direction::Down => {
                        let middle = (at.y + from.y) / 2.0;
                        (Point { x: at.x, y: middle }, Point { x: from.x, y: middle })
                    }
                };
                let _ = write!(d, "C{} {} {} {} {} {}", a.x, a.y, b.x, b.y, from.x, from.y);
            }
        }
        if from != to {
            let _ = write!(d, "L{} {}", to.x, to.y);
        }
        last = Some(to);
    }
    d
}

/// The lines of text in a box.
struct Lines {
    lines: Vec<(String, &'static str)>,
    size: Size,
}

/// From one line to the next.
const LINE: f64 = 17.0;

impl Lines {
    fn new(lines: Vec<(String, &'static str)>, room: f64, padding: (f64, f64)) -> Lines {
        let bold = |class: &str| matches!(class, "title" | "number");
        let lines: Vec<(String, &str)> =
            lines.into_iter().map(|(text, class)| (fit(&text, room, bold(class)), class)).collect();
        let widest = lines.iter().map(|(t, class)| width(t, bold(class))).fold(0.0, f64::max);
        // Even, so that middles are whole pixels.
        let width = (widest / 2.0).ceil() * 2.0 + 2.0 * padding.0;
        let size = Size { width, height: LINE * lines.len() as f64 + 2.0 * padding.1 };
        Lines { lines, size }
    }

    fn of_node(node: &Node) -> Lines {
        let mut lines = vec![(node.title.clone(), "title")];
        if node.kind == Kind::Audience {
            lines = vec![("saved audience".to_owned(), "caption"), (node.title.clone(), "title")];
        }
        lines.extend(node.caption.clone().map(|caption| (caption, "caption")));
        let rule = node.rule.iter().flat_map(|rule| wrap(rule, BOX_TEXT, RULE_LINES));
        lines.extend(rule.map(|line| (line, "rule")));
        match &node.plugin {
            // A plugin of one activity has its name.
            Some(plugin) if *plugin == node.title => lines.push(("plugin".into(), "caption")),
            Some(plugin) => lines.push((format!("plugin {plugin}"), "caption")),
            None => {}
        }
        lines.extend(outcome_lines(node).into_iter().map(|line| (line, "outcome")));
        Lines::new(lines, BOX_TEXT, (14.0, 8.0))
    }

    fn of_flow(flow: &Flow) -> Option<Lines> {
        let mut lines = vec![(flow.label.clone()?, "name")];
        lines.extend(flow.rows.map(|rows| (count(rows), "number")));
        Some(Lines::new(lines, FLOW_TEXT, (12.0, 3.0)))
    }

    fn draw(&self, out: &mut String, middle: f64, top: f64) {
        for (n, (text, class)) in self.lines.iter().enumerate() {
            let y = top + LINE * n as f64 + 12.5;
            let _ = write!(
                out,
                "<text class=\"{class}\" x=\"{middle}\" y=\"{y}\">{}</text>",
                xml(text)
            );
        }
    }
}

/// What a run did at a node, in a line or two.
pub(super) fn outcome_lines(node: &Node) -> Vec<String> {
    match &node.outcome {
        None => Vec::new(),
        Some(Outcome::Skipped) => vec!["skipped".into()],
        Some(Outcome::Saved(s)) => {
            let mut lines = Vec::new();
            if s.audiences > 1 {
                lines.push(format!("{} audiences", count(s.audiences)));
            }
            lines.push(format!("was {}, now {}", count(s.was), count(s.now)));
            lines.push(format!("+{} −{} ~{}", count(s.entered), count(s.left), count(s.changed)));
            lines
        }
        Some(Outcome::Sent(parts)) => {
            let parts = parts.iter().map(|(status, times)| format!("{status} {}", count(*times)));
            vec![parts.collect::<Vec<_>>().join(", ")]
        }
    }
}

fn draw_box(out: &mut String, node: &Node, lines: &Lines, at: Point) {
    let class = match (node.kind, &node.plugin) {
        (Kind::Effect, _) => "effect",
        (Kind::Guard, _) => "guard",
        (Kind::Audience, _) => "audience",
        (Kind::Activity, Some(_)) => "plugin",
        (Kind::Activity, None) => "activity",
    };
    let skipped = if node.outcome == Some(Outcome::Skipped) { " skipped" } else { "" };
    let Size { width, height } = lines.size;
    let round = if node.kind == Kind::Audience { height / 2.0 } else { 7.0 };
    let _ = write!(out, "<g class=\"node {class}{skipped}\">{}", tooltip(node));
    let _ = write!(
        out,
        "<rect x=\"{}\" y=\"{}\" width=\"{width}\" height=\"{height}\" rx=\"{round}\"/>",
        at.x, at.y
    );
    lines.draw(out, at.x + width / 2.0, at.y + 8.0);
    out.push_str("</g>");
}

/// The whole text of a box, which may have been cut in it.
fn tooltip(node: &Node) -> String {
    let mut words = node.title.clone();
    for more in node.caption.iter().chain(&node.rule).chain(&node.doc) {
        words.push('\u{2003}');
        words.push_str(more);
    }
    format!("<title>{}</title>", xml(&words))
}

fn draw_pill(out: &mut String, flow: &Flow, lines: &Lines, at: Point) {
    let class = if flow.rows == Some(0) { "flow nobody" } else { "flow" };
    let Size { width, height } = lines.size;
    let mut words = flow.label.clone().unwrap_or_default();
    if let Some(doc) = &flow.doc {
        words.push('\u{2003}');
        words.push_str(doc);
    }
    let _ = write!(
        out,
        "<g class=\"{class}\"><title>{}</title><rect x=\"{}\" y=\"{}\" width=\"{width}\" \
         height=\"{height}\" rx=\"11\"/>",
        xml(&words),
        at.x,
        at.y
    );
    lines.draw(out, at.x + width / 2.0, at.y + 3.0);
    out.push_str("</g>\n");
}
