//! How audiences overlap, as an UpSet picture (Lex, Gehlenborg, Strobelt, Vuillemot and Pfister).
//!
//! A row per audience with its size, a column per combination: the dots say which audiences it is
//! of, the bar above says how many are in exactly these.

use std::fmt::Write as _;

use crate::catalogue::operations::{Combination, Overlap};
use crate::numbers::count;

use super::picture::MARGIN;
use super::svg::document;
use super::text::{fit, width, xml};

/// The longest bars.
const UP: f64 = 180.0;
const SIDE: f64 = 120.0;
/// From one audience to the next.
const ROW: f64 = 26.0;
/// The widest label.
const LABEL: f64 = 260.0;

/// The picture of at most so many combinations, those of most members first.
pub fn upset(overlap: &Overlap, limit: usize) -> String {
    let columns: Vec<&Combination> = overlap.exclusive().into_iter().take(limit).collect();
    let labels: Vec<String> =
        overlap.audiences.iter().map(|(label, _)| fit(label, LABEL, false)).collect();
    let label = labels.iter().map(|l| width(l, false)).fold(60.0, f64::max);
    let sizes = overlap.audiences.iter().map(|(_, size)| count(*size));
    let number = sizes.map(|s| width(&s, false)).fold(20.0, f64::max);
    let bars = MARGIN + number + 6.0 + SIDE;
    let names = bars + 12.0;
    let left = names + label + 16.0;
    let widest = columns.iter().map(|c| width(&count(c.only), false)).fold(16.0, f64::max);
    let pitch = (widest + 8.0).max(28.0);
    let right = left + pitch * columns.len() as f64;
    let top = 84.0 + UP;
    let title = format!("Overlap of {} audiences", overlap.audiences.len());
    let about = "above: members of exactly these audiences; left: members of each";
    let whole = (right + MARGIN).max(width(about, false) + 2.0 * MARGIN).max(320.0);
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<text class=\"heading\" x=\"{MARGIN}\" y=\"28\">{title}</text>\
         <text class=\"subheading\" x=\"{MARGIN}\" y=\"46\">{about}</text>"
    );
    let most = overlap.audiences.iter().map(|(_, size)| *size).max().unwrap_or(0).max(1);
    for (n, ((full, size), label)) in overlap.audiences.iter().zip(&labels).enumerate() {
        let y = top + ROW * n as f64;
        let middle = y + ROW / 2.0;
        if n % 2 == 0 {
            let _ = write!(
                out,
                "<rect class=\"stripe\" x=\"{names}\" y=\"{y}\" width=\"{}\" height=\"{ROW}\"/>",
                right - names
            );
        }
        let long = length(*size, most, SIDE);
        let _ = write!(
            out,
            "<rect class=\"bar\" x=\"{}\" y=\"{}\" width=\"{long}\" height=\"{}\"/>",
            bars - long,
            y + 5.0,
            ROW - 10.0
        );
        let baseline = middle + 4.0;
        let _ = write!(
            out,
            "<text class=\"end\" x=\"{}\" y=\"{baseline}\">{}</text>",
            bars - long - 6.0,
            count(*size)
        );
        let _ = writeln!(
            out,
            "<g><title>{}</title><text class=\"start\" x=\"{}\" y=\"{baseline}\">{}</text></g>",
            xml(full),
            names + 6.0,
            xml(label)
        );
    }
    let highest = columns.iter().map(|c| c.only).max().unwrap_or(0).max(1);
    for (n, combination) in columns.iter().enumerate() {
        let x = left + pitch * (n as f64 + 0.5);
        let high = length(combination.only, highest, UP);
        let foot = top - 8.0;
        let _ = write!(
            out,
            "<g><title>{}</title><rect class=\"bar\" x=\"{}\" y=\"{}\" width=\"16\" \
             height=\"{high}\"/><text x=\"{x}\" y=\"{}\">{}</text></g>",
            xml(&overlap.words(combination)),
            x - 8.0,
            foot - high,
            foot - high - 5.0,
            count(combination.only)
        );
        let inside = |n: usize| combination.has(n);
        let rows: Vec<usize> = (0..overlap.audiences.len()).collect();
        let at = |n: usize| top + ROW * (n as f64 + 0.5);
        let mut of = rows.iter().copied().filter(|&n| inside(n));
        if let (Some(first), Some(last)) = (of.next(), of.next_back()) {
            let _ = write!(
                out,
                "<line class=\"tie\" x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{}\"/>",
                at(first),
                at(last)
            );
        }
        for n in rows {
            let class = if inside(n) { "dot" } else { "off" };
            let _ = write!(out, "<circle class=\"{class}\" cx=\"{x}\" cy=\"{}\" r=\"6\"/>", at(n));
        }
        out.push('\n');
    }
    let _ = writeln!(
        out,
        "<line class=\"axis\" x1=\"{left}\" y1=\"{0}\" x2=\"{right}\" y2=\"{0}\"/>",
        top - 8.0
    );
    document(whole, top + ROW * overlap.audiences.len() as f64 + MARGIN, &out)
}

/// A bar's length in whole pixels: somebody is never nothing.
pub(super) fn length(part: u64, most: u64, room: f64) -> f64 {
    match part {
        0 => 0.0,
        part => (part as f64 / most.max(1) as f64 * room).round().max(1.0),
    }
}
