//! Plugins: planners, executors, and what loading costs.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Bench;
use crate::contest::{compare, measure, median, millis};

/// The plugins of the benchmarks: those that ship lie beside the program, the others are trusted in the
/// folder of the scripts.
pub struct Plugins {
    /// What scripts can use.
    names: Vec<&'static str>,
}

impl Plugins {
    pub fn build(project: &Path) -> Plugins {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let run = |command: &mut Command| assert!(command.status().unwrap().success());
        let camp = Path::new(env!("CARGO_BIN_EXE_camp"));
        run(Command::new(env!("CARGO"))
            .current_dir(root)
            .args(["build", "--quiet", "--release", "--package", "camp-copy"])
            .args(SHIPPED.iter().map(|name| format!("--package=camp-{}", name.replace('_', "-")))));
        fs::write(project.join("camp.toml"), "timezone = \"UTC\"\n").unwrap();
        let suffix = std::env::consts::DLL_SUFFIX;
        let mut libraries = vec![camp.with_file_name(format!("libcamp_copy{suffix}"))];
        for name in ["cap", "measure"] {
            let out = project.join(format!("libcamp_{name}{suffix}"));
            let sample = root.join(format!("plugins/samples/c_{name}"));
            let out_is = format!("OUT={}", out.display());
            run(Command::new("make").arg("--silent").arg("-C").arg(sample).arg(out_is));
            libraries.push(out);
        }
        for library in libraries {
            run(Command::new(camp)
                .current_dir(project)
                .args(["--quiet", "plugin", "add", "--yes"])
                .arg(library)
                .stderr(Stdio::null()));
        }
        Plugins { names: SHIPPED.iter().copied().chain(["cap", "measure"]).collect() }
    }
}

const SHIPPED: [&str; 8] =
    ["change_dimension", "deduplicate", "enrich", "reconcile", "rfm", "sample", "split", "webhook"];

impl Bench<'_> {
    /// The newest order of each customer: a planner against the same SQL by hand. Orders have no primary key,
    /// so both sides look whether theirs is unique, which is no matter of the plugin.
    pub fn plugin_planner(&self) {
        let script = self.file(
            "planner.camp",
            &format!(
                "{}use deduplicate\nall = build audience from orders select amount\n\
                 newest = deduplicate all with by: customer_id, order: ordered_at desc\n\
                 save audience newest as \"Newest\"\n",
                self.header("table")
            ),
        );
        let (attach, _, orders) = self.tables("table");
        let sql = self.file(
            "planner.sql",
            &format!(
                "{attach} CREATE TEMP TABLE key_check AS SELECT sum(times), count(*) FROM (
                   SELECT order_id, count(*) AS times FROM {orders} GROUP BY order_id);
                 CREATE TABLE newest AS SELECT order_id, amount FROM (
                   SELECT order_id, amount, customer_id IS NULL AS alone, row_number() OVER (
                     PARTITION BY customer_id ORDER BY ordered_at DESC NULLS LAST, order_id) AS place
                   FROM {orders}) WHERE alone OR place <= 1;"
            ),
        );
        compare(
            "plugin_planner",
            &mut [
                ("camp, deduplicate", &mut || {
                    self.camp(&script, &self.fresh("planner.duckdb"), &[])
                }),
                ("SQL by hand, key checked", &mut || {
                    self.sql(&sql, &self.fresh("planner_sql.duckdb"))
                }),
            ],
        );
    }

    /// Orders through an executor that copies them, and back: five columns.
    pub fn plugin_executor(&self) {
        for (name, rows) in [("1 M rows", 1_000_000), ("all rows", self.data.orders)] {
            let text = |activity: &str| {
                format!(
                    "{}use copy\nall = build audience from orders\n  where order_id < {rows}\n  \
                     select customer_id, ordered_at, amount, status\n{activity}",
                    self.header("table")
                )
            };
            let through = self.file(
                &format!("executor_{rows}.camp"),
                &text(&format!("same = copy all\nexpect count(same) = {rows}\n")),
            );
            let beside = self.file(
                &format!("no_executor_{rows}.camp"),
                &text(&format!("expect count(all) = {rows}\n")),
            );
            let camp = |script: &Path, more: &[&str]| {
                let database = self.fresh("executor.duckdb");
                self.camp(script, &database, &[&["--quiet"], more].concat())
            };
            let limit = ["--memory-limit", "256MB"];
            let costs = measure(&mut [
                ("through a plugin", &mut || camp(&through, &[])),
                ("without", &mut || camp(&beside, &[])),
                ("through a plugin, --memory-limit 256MB", &mut || camp(&through, &limit)),
            ]);
            let (wall, _) = median(&costs[0].1);
            let (base, _) = median(&costs[1].1);
            let rate = rows as f64 / wall.saturating_sub(base).as_secs_f64().max(1e-9) / 1e6;
            for (contestant, costs) in &costs {
                let (middle, fastest) = median(costs);
                let peak = costs.iter().map(|c| c.peak_kib).max().unwrap() / 1024;
                println!(
                    "| plugin_executor, {name} | {contestant}, peak memory {peak} MB | {} | {} | |",
                    millis(middle),
                    millis(fastest)
                );
            }
            println!("| plugin_executor, {name} | **{rate:.2} M rows/s** | | | |");
        }
    }

    /// A trivial script that uses ten plugins, and one that uses none.
    pub fn plugin_load(&self, plugins: &Plugins) {
        self.file("few.csv", "id,name\n1,a\n2,b\n3,c\n");
        let text = |uses: &str| {
            format!(
                "campaign \"Trivial\" timezone \"UTC\"\n{uses}dimension few = \"few.csv\" key id\n\
                 a = build audience from few where name != \"b\"\nsave audience a as \"Few\"\n"
            )
        };
        let uses: String = plugins.names.iter().map(|name| format!("use {name}\n")).collect();
        let with = self.file("with.camp", &text(&uses));
        let without = self.file("without.camp", &text(""));
        compare(
            "plugin_load",
            &mut [
                ("ten plugins", &mut || self.camp(&with, &self.fresh("with.duckdb"), &["--quiet"])),
                ("none", &mut || self.camp(&without, &self.fresh("without.duckdb"), &["--quiet"])),
            ],
        );
    }
}
