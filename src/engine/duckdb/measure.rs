//! What the engine measures of the statements it runs: their time, and every scan of a source.

use std::time::Duration;

use duckdb::profiling::ProfilingInfo;
use serde::Serialize;

use super::{EngineError, Session};

/// A statement that was run.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Its text.
    pub sql: String,
    /// From its start to its last row.
    pub time: Duration,
    /// Rows that it gave or wrote.
    pub rows: u64,
    /// What it read, in the order of the engine's plan.
    pub scans: Vec<SourceScan>,
}

/// One reading of a table or of files.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceScan {
    /// The table, or the first of the files.
    pub source: String,
    /// Rows that were left once filters were pushed into the scan.
    pub rows: u64,
    /// Time of all threads, in milliseconds.
    pub millis: f64,
}

impl Session {
    /// Measures what is run from here on, for [`Session::measured`].
    ///
    /// # Errors
    /// The engine's.
    pub fn measure(&self) -> Result<(), EngineError> {
        self.connection
            .execute_batch("SET enable_profiling = 'no_output'; SET profiling_mode = 'standard'")?;
        *self.measured.borrow_mut() = Some(Vec::new());
        Ok(())
    }

    /// What was run since [`Session::measure`].
    pub fn measured(&self) -> Vec<Measured> {
        self.measured.borrow_mut().as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Notes the statement that has just ended.
    pub(super) fn note_measured(&self, sql: &str, rows: u64) {
        if let Some(measured) = self.measured.borrow_mut().as_mut()
            && let Some(info) = self.connection.get_profiling_info()
        {
            let mut scans = Vec::new();
            collect(&info, &mut scans);
            let time = Duration::try_from_secs_f64(number(&info, "LATENCY")).unwrap_or_default();
            measured.push(Measured { sql: sql.to_owned(), time, rows, scans });
        }
    }
}

fn number(info: &ProfilingInfo, metric: &str) -> f64 {
    info.metrics.get(metric).and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn collect(info: &ProfilingInfo, scans: &mut Vec<SourceScan>) {
    let is_scan = info.metrics.get("OPERATOR_TYPE").is_some_and(|kind| kind == "TABLE_SCAN");
    let source = info
        .metrics
        .get("EXTRA_INFO")
        .and_then(|extra| entry(extra, "Table").or_else(|| entry(extra, "Filename(s)")));
    if let (true, Some(source)) = (is_scan, source) {
        scans.push(SourceScan {
            source,
            rows: number(info, "OPERATOR_CARDINALITY") as u64,
            millis: number(info, "OPERATOR_TIMING") * 1000.0,
        });
    }
    info.children.iter().for_each(|child| collect(child, scans));
}

/// An entry of a map in the engine's form: `{Function=SEQ_SCAN, 'Filename(s)'='a, b'}`. Names and
/// values with signs of their own are quoted.
fn entry(map: &str, name: &str) -> Option<String> {
    let start = [format!("{name}="), format!("'{name}'=")].into_iter().find_map(|key| {
        let at = map.find(&key)?;
        let before = map[..at].chars().next_back();
        matches!(before, Some('{' | ' ')).then_some(at + key.len())
    })?;
    let rest = &map[start..];
    let Some(quoted) = rest.strip_prefix('\'') else {
        let end = rest.find(", ").unwrap_or(rest.len().saturating_sub(1));
        return Some(rest[..end].to_owned());
    };
    let mut text = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '\\' => text.extend(chars.next()),
            '\'' => return Some(text),
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::duckdb::EngineOptions;

    #[test]
    fn entries_of_a_map_are_found_quoted_or_not() {
        let map = "{Function=PARQUET_SCAN, Projections=Table, 'Filename(s)'='/a b/it\\'s, so.parquet', Table=x.y}";
        assert_eq!(entry(map, "Filename(s)").as_deref(), Some("/a b/it's, so.parquet"));
        assert_eq!(entry(map, "Table").as_deref(), Some("x.y"));
        assert_eq!(entry(map, "Function").as_deref(), Some("PARQUET_SCAN"));
        assert_eq!(entry(map, "Rows"), None);
    }

    #[test]
    fn every_scan_of_a_source_is_told_with_its_rows() {
        let session = Session::open(&EngineOptions::default()).unwrap();
        session.execute("CREATE TEMP TABLE t AS SELECT range AS n FROM range(1000)").unwrap();
        session.measure().unwrap();
        let twice = "SELECT count(*) FROM t AS a JOIN t AS b ON a.n = b.n + 1 WHERE b.n >= 10";
        assert_eq!(session.query(twice).unwrap().len(), 1);
        session.execute("CREATE TEMP TABLE u AS SELECT 1 AS one").unwrap();
        let [first, second] = session.measured().try_into().unwrap();
        assert_eq!((first.sql.as_str(), first.rows), (twice, 1));
        assert!(first.time > Duration::ZERO);
        let sources: Vec<&str> = first.scans.iter().map(|s| s.source.as_str()).collect();
        assert_eq!(sources, ["\"temp\".main.t"; 2]);
        assert!(first.scans.iter().any(|s| s.rows == 990), "{:?}", first.scans);
        assert_eq!(second.scans, []);
        assert_eq!(session.measured(), [], "taken");
    }
}
