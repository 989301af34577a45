//! Time and memory by the number of audiences and of orders: rows of a table, and a picture.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use crate::Bench;
use crate::contest::{measure, median, millis};
use crate::data::{self, Data, Kind};
use crate::many::{Rule, script};

const AUDIENCES: [u32; 4] = [1, 10, 100, 1000];

/// A line of the picture: so many orders, the time for each number of audiences.
type Line = (u64, Vec<Duration>);

/// By the numbers of orders in `CAMP_BENCH_GROWTH` (`1000000,10000000,100000000`), else the number of all
/// benchmarks; the picture is written into the folder of build output.
pub fn growth(work: &Path) {
    let sizes = std::env::var("CAMP_BENCH_GROWTH").unwrap_or_else(|_| data::orders().to_string());
    let sizes = sizes.split(',').map(|n| n.trim().parse().expect("numbers with commas"));
    let mut lines: Vec<Line> = Vec::new();
    for orders in sizes {
        let data = Data::of(orders);
        let bench = Bench { data: &data, work };
        let mut line = Vec::new();
        for count in AUDIENCES {
            let text = script(&bench.header_of(Kind::Parquet), &Rule::some(count));
            let file = bench.file("growth.camp", &text);
            let costs = measure(&mut [("camp", &mut || {
                bench.camp(&file, &bench.fresh("growth.duckdb"), &[])
            })]);
            let costs = &costs[0].1;
            let (middle, fastest) = median(costs);
            let peak = costs.iter().map(|c| c.peak_kib).max().unwrap() / 1024;
            println!(
                "| growth | {count} audiences, {} M orders, peak memory {peak} MB | {} | {} | |",
                orders / 1_000_000,
                millis(middle),
                millis(fastest)
            );
            line.push(middle);
        }
        lines.push((orders, line));
    }
    let picture = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/growth.svg");
    std::fs::write(&picture, drawn(&lines)).unwrap();
    eprintln!("drawn in {}", picture.display());
}

/// Both axes by powers of ten.
fn drawn(lines: &[Line]) -> String {
    let x = |audiences: f64| 70.0 + audiences.log10() * 160.0;
    // From 0.01 s to 1,000 s.
    let y = |seconds: f64| 330.0 - (seconds.log10() + 2.0) * 60.0;
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 700 390\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <title>Time of a run by its audiences and orders</title>\n\
         <rect width=\"700\" height=\"390\" fill=\"#fff\"/>\n",
    );
    for (power, label) in ["0.01 s", "0.1 s", "1 s", "10 s", "100 s", "1,000 s"].iter().enumerate()
    {
        let at = y(10_f64.powi(power as i32 - 2));
        let _ = writeln!(
            svg,
            "<path d=\"M70 {at}H550\" stroke=\"#ddd\"/><text x=\"62\" y=\"{}\" text-anchor=\"end\">{label}</text>",
            at + 4.0
        );
    }
    for (count, label) in AUDIENCES.iter().zip(["1", "10", "100", "1,000 audiences"]) {
        let at = x(f64::from(*count));
        let _ = writeln!(
            svg,
            "<path d=\"M{at} 30V330\" stroke=\"#ddd\"/><text x=\"{at}\" y=\"350\" text-anchor=\"middle\">{label}</text>"
        );
    }
    for ((orders, times), colour) in lines.iter().zip(["#0b6e4f", "#1d4e89", "#b3541e"]) {
        let points: Vec<(f64, f64)> = AUDIENCES
            .iter()
            .zip(times)
            .map(|(count, time)| (x(f64::from(*count)), y(time.as_secs_f64())))
            .collect();
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
        let _ = writeln!(
            svg,
            "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            path.join("L")
        );
        for (x, y) in &points {
            let _ =
                writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"{colour}\"/>");
        }
        let (x, y) = points[points.len() - 1];
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">{} M orders</text>",
            x + 10.0,
            y + 4.0,
            orders / 1_000_000
        );
    }
    svg.push_str("</svg>\n");
    svg
}
