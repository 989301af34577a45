//! How an audience grew and shrank: a line for a terminal, and a picture.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use crate::catalogue::operations::VersionInfo;
use crate::numbers::{count, counted, instant};

use super::picture::MARGIN;
use super::svg::document;
use super::text::{fit, width, xml};
use super::upset::length;

/// Heights of a line that a terminal shows, the lowest first.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A letter per size, oldest first, in eighths of the largest; a blank for nobody. Of more than fit,
/// the newest.
pub fn sparkline(sizes: &[u64], room: usize) -> String {
    let shown = &sizes[sizes.len().saturating_sub(room)..];
    let most = shown.iter().copied().max().unwrap_or(0).max(1);
    let block = |size: u64| match size {
        0 => ' ',
        size => {
            let eighths = (u128::from(size) * 8).div_ceil(u128::from(most));
            BLOCKS[(eighths as usize).clamp(1, 8) - 1]
        }
    };
    shown.iter().map(|size| block(*size)).collect()
}

/// Sizes.
const HIGH: f64 = 160.0;
const MOVES: f64 = 46.0;

/// The picture of the versions of an audience, oldest first: its size, and below who came and went.
pub fn picture(label: &str, versions: &[VersionInfo], zone: &TimeZone) -> String {
    let count_of = versions.len().max(1) as f64;
    let pitch = (720.0 / count_of).clamp(6.0, 48.0).floor();
    let most = versions.iter().map(|v| v.size).max().unwrap_or(0);
    let moved = versions.iter().map(|v| v.entered.max(v.left)).max().unwrap_or(0);
    let left = MARGIN + width(&count(most.max(moved)), false).max(40.0) + 8.0;
    let right = left + pitch * count_of;
    let (top, foot) = (72.0, 72.0 + HIGH);
    let middle = foot + 24.0 + MOVES;
    let bottom = middle + MOVES;
    let about = match (versions.first(), versions.last()) {
        (Some(first), Some(last)) => format!(
            "{}, from {} to {}",
            counted(versions.len() as u64, "version"),
            instant(first.at, zone),
            instant(last.at, zone)
        ),
        _ => "no versions".to_owned(),
    };
    let whole = (right + MARGIN).max(width(&about, false) + 2.0 * MARGIN).max(320.0);
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<text class=\"heading\" x=\"{MARGIN}\" y=\"28\">{}</text>\
         <text class=\"subheading\" x=\"{MARGIN}\" y=\"46\">{}</text>",
        xml(&fit(label, (whole - 2.0 * MARGIN) / 1.4, true)),
        xml(&about)
    );
    let x = |n: usize| left + pitch * (n as f64 + 0.5);
    let y = |size: u64| foot - (size as f64 / most.max(1) as f64 * HIGH).round();
    let line: Vec<String> =
        versions.iter().enumerate().map(|(n, v)| format!("{} {}", x(n), y(v.size))).collect();
    if let Some(last) = versions.len().checked_sub(1) {
        let line = line.join("L");
        let _ = writeln!(
            out,
            "<path class=\"area\" d=\"M{} {foot}L{line}L{} {foot}z\"/>\
             <path class=\"curve\" d=\"M{line}\"/>",
            x(0),
            x(last)
        );
    }
    for (n, version) in versions.iter().enumerate() {
        let (came, went) =
            (length(version.entered, moved, MOVES), length(version.left, moved, MOVES));
        let wide = (pitch - 2.0).min(18.0);
        let from = x(n) - wide / 2.0;
        let words = format!(
            "version {}, {}: {}, +{} −{} ~{}",
            version.version,
            instant(version.at, zone),
            counted(version.size, "member"),
            count(version.entered),
            count(version.left),
            count(version.changed)
        );
        let _ = writeln!(
            out,
            "<g><title>{}</title><circle class=\"bar\" cx=\"{}\" cy=\"{}\" r=\"3\"/>\
             <rect class=\"came\" x=\"{from}\" y=\"{}\" width=\"{wide}\" height=\"{came}\"/>\
             <rect class=\"went\" x=\"{from}\" y=\"{middle}\" width=\"{wide}\" height=\"{went}\"/></g>",
            xml(&words),
            x(n),
            y(version.size),
            middle - came
        );
    }
    let edge = left - 8.0;
    let mut label = |text: &str, at: f64| {
        let _ = writeln!(out, "<text class=\"end\" x=\"{edge}\" y=\"{at}\">{text}</text>");
    };
    label(&count(most), top + 4.0);
    label("0", foot + 4.0);
    label(&format!("+{}", count(moved)), middle - MOVES + 8.0);
    label(&format!("−{}", count(moved)), bottom);
    for at in [foot, middle] {
        let _ = writeln!(
            out,
            "<line class=\"axis\" x1=\"{left}\" y1=\"{at}\" x2=\"{right}\" y2=\"{at}\"/>"
        );
    }
    document(whole, bottom + MARGIN, &out)
}

#[cfg(test)]
mod tests {
    use super::sparkline;

    #[test]
    fn a_sparkline_starts_at_nobody_and_ends_at_the_largest() {
        // In eighths of 80, rounded up: 10 is 1, 11 is 2, 40 is 4, 80 is 8; nobody is blank.
        assert_eq!(sparkline(&[0, 1, 10, 11, 40, 80], 10), " ▁▁▂▄█");
        // Of three the two newest; the largest of those is 2.
        assert_eq!(sparkline(&[100, 1, 2], 2), "▄█");
        assert_eq!(sparkline(&[], 5), "");
        assert_eq!(sparkline(&[u64::MAX, 0], 5), "█ ");
    }
}
