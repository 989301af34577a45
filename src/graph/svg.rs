//! The canvas as one SVG picture, which needs nothing beside itself.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use crate::numbers::instant;

use super::picture::{self, HEADS, MARGIN, STYLE};
use super::text::{fit, xml};
use super::{Canvas, Chart};

/// Room for the title of a campaign.
const HEADING: f64 = 52.0;

/// What is said of a file that only declares.
pub(super) const NOTHING: &str = "nothing is built or saved here";

/// The picture: one campaign below the other. Times are shown in this zone.
pub fn svg(canvas: &Canvas, zone: &TimeZone) -> String {
    let mut body = String::new();
    let (mut y, mut wide) = (0.0, 320.0_f64);
    for chart in &canvas.charts {
        let mut drawing = picture::draw(chart, &|_| None);
        if chart.nodes.is_empty() {
            drawing.elements =
                format!("<text class=\"subheading\" x=\"{MARGIN}\" y=\"14\">{NOTHING}</text>\n");
        }
        wide = wide.max(drawing.size.width);
        // A title is as long as it is, a picture need not be wider for it.
        let room = wide - 2.0 * MARGIN;
        let title = fit(&chart.title, room / 1.4, true);
        let about = fit(&about(chart, zone), room, false);
        let _ = writeln!(
            body,
            "<g transform=\"translate(0 {y})\"><text class=\"heading\" x=\"{MARGIN}\" y=\"28\">{}\
             </text><text class=\"subheading\" x=\"{MARGIN}\" y=\"46\">{}</text>\n\
             <g transform=\"translate(0 {HEADING})\">\n{}</g></g>",
            xml(&title),
            xml(&about),
            drawing.elements
        );
        y += HEADING + drawing.size.height;
    }
    document(wide, y, &body)
}

/// A whole SVG document of this size.
pub(super) fn document(width: f64, height: f64, body: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" width=\"{width}\" \
         height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
         <style>\n{STYLE}</style>\n{HEADS}\n\
         <rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n{body}</svg>\n"
    )
}

/// What is said below the title: the run that the numbers are of.
pub(super) fn about(chart: &Chart, zone: &TimeZone) -> String {
    match &chart.run {
        Some(run) => format!("run {}, as of {}", run.id, instant(run.as_of, zone)),
        None => "no run yet".into(),
    }
}
