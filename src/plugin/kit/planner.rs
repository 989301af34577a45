//! What every plan has to keep, whatever the rows: each output has its key, unique and complete, and the
//! columns that were declared; the same rows give the same output in any order and with any number of
//! threads; a complement has everybody whom no other output has.

use std::collections::BTreeSet;
use std::sync::Arc;

use duckdb::{Config, Connection};

use super::direct::bind;
use super::outputs::{self, Promised};
use super::record::Recorded;
use super::relations::{Relation, Rows};
use crate::engine::duckdb::identifier;
use crate::plugin::document::PlanDocument;
use crate::plugin::{gate, wire};

/// Rows as text.
type Cells = Vec<Vec<Option<String>>>;

/// The bytes of a plan; `None` when the plugin refuses the call in words.
fn plan(call: &Recorded) -> Result<Option<Vec<u8>>, String> {
    let host = super::host_call(call, Arc::default());
    let Some(bound) = bind(call, &host)? else { return Ok(None) };
    bound.plan(&host)
}

/// The same call gives the same plan, again and from several threads at once.
pub fn same_plan(call: &Recorded) -> Result<(), String> {
    let first = plan(call)?;
    let differs = || Err("the plan of one call is not always the same".to_owned());
    if plan(call)? != first {
        return differs();
    }
    let plans = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| plan(call))).collect();
        threads.into_iter().map(std::thread::ScopedJoinHandle::join).collect::<Vec<_>>()
    });
    for made in plans {
        match made {
            Ok(made) => {
                if made? != first {
                    return differs();
                }
            }
            Err(_) => return Err("a thread of the kit ended early".into()),
        }
    }
    Ok(())
}

/// The promises hold for such rows.
pub fn holds(call: &Recorded, rows: Rows) -> Result<(), String> {
    let Some(bytes) = plan(call)? else { return Ok(()) };
    let relations = Relation::all(call);
    let names: Vec<String> = relations.iter().map(|r| r.name.clone()).collect();
    let plan = PlanDocument::parse(&bytes, &names)?;
    let known: Vec<_> = names.into_iter().zip(call.relations.iter().cloned()).collect();
    let shapes = gate::check(&plan, &known)?;
    let run = Run { plan: &plan, relations: &relations, rows };
    let engine = run.engine(4, false)?;
    if run.finds_faults(&engine)? {
        // The plugin refuses such rows, in words.
        return Ok(());
    }
    let backwards = run.engine(4, true)?;
    let alone = run.engine(1, false)?;
    let promised = outputs::promised(call)?;
    let mut keys = Vec::new();
    for output in &promised {
        let wrong = |what: String| format!("output `{}`: {what}", output.name);
        let entry = plan
            .output(&output.name, &output.declared)
            .ok_or_else(|| wrong("the plan does not have it".into()))?;
        let at = plan.outputs.iter().position(|o| std::ptr::eq(o, entry)).unwrap_or_default();
        let columns = output.columns(entry.columns.as_deref())?;
        for (name, ty) in &columns {
            match shapes.outputs[at].iter().find(|(n, _)| n == name) {
                None => return Err(wrong(format!("it lacks the column `{name}`"))),
                Some((_, given)) if !wire::same(given, ty) => {
                    return Err(wrong(format!("its `{name}` is {given}, not {ty}")));
                }
                Some(_) => {}
            }
        }
        let names: Vec<String> = columns.iter().map(|(name, _)| identifier(name)).collect();
        let sql = format!("SELECT {} FROM (\n{}\n) AS \"plan\"", names.join(", "), entry.sql);
        let found = run.query(&engine, &sql)?;
        output.check_keys(&found).map_err(wrong)?;
        if run.query(&backwards, &sql)? != found {
            return Err(wrong("its rows depend on the order of the input".into()));
        }
        if run.query(&alone, &sql)? != found {
            return Err(wrong("its rows depend on the number of threads".into()));
        }
        keys.push(found.into_iter().map(|row| row[..output.keys.len()].to_vec()).collect());
    }
    complement(call, &promised, &keys, &run, &engine)
}

/// A declared complement and the other outputs are the input, with nobody twice.
fn complement(
    call: &Recorded,
    promised: &[Promised],
    keys: &[BTreeSet<Vec<Option<String>>>],
    run: &Run<'_>,
    engine: &Connection,
) -> Result<(), String> {
    let Some(at) = promised.iter().position(|output| output.complement) else { return Ok(()) };
    let Some(first) = run.relations.first() else { return Ok(()) };
    let names: Vec<String> = outputs::key_of(&call.document["inputs"][0])
        .iter()
        .map(|(name, _)| identifier(name))
        .collect();
    let sql = format!("SELECT {} FROM {}", names.join(", "), identifier(&first.name));
    let all: BTreeSet<Vec<Option<String>>> = run.query(engine, &sql)?.into_iter().collect();
    let mut others: BTreeSet<Vec<Option<String>>> = BTreeSet::new();
    for (n, keys) in keys.iter().enumerate() {
        if n != at {
            others.extend(keys.iter().cloned());
        }
    }
    if let Some(twice) = others.intersection(&keys[at]).next() {
        return Err(format!("{twice:?} is in `{}` and in another output", promised[at].name));
    }
    others.extend(keys[at].iter().cloned());
    if let Some(lost) = all.difference(&others).next() {
        return Err(format!("{lost:?} of the input is in no output"));
    }
    match others.difference(&all).next() {
        Some(new) => Err(format!("{new:?} is in an output and not in the input")),
        None => Ok(()),
    }
}

/// A plan over rows.
struct Run<'a> {
    plan: &'a PlanDocument,
    relations: &'a [Relation],
    rows: Rows,
}

impl Run<'_> {
    fn engine(&self, threads: u32, reversed: bool) -> Result<Connection, String> {
        let text = |e: duckdb::Error| e.to_string();
        let config = Config::default()
            .enable_autoload_extension(false)
            .and_then(|c| c.with("threads", threads.to_string()))
            .map_err(text)?;
        let engine = Connection::open_in_memory_with_flags(config).map_err(text)?;
        let set = format!("SET TimeZone = 'UTC'; {}", crate::plugin::helpers());
        engine.execute_batch(&set).map_err(text)?;
        for relation in self.relations {
            relation.create(&engine, self.rows, reversed)?;
        }
        Ok(engine)
    }

    fn finds_faults(&self, engine: &Connection) -> Result<bool, String> {
        for check in &self.plan.checks {
            if !self.query(engine, &check.sql)?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The rows of a query that may name everything that the plan's may, in one order.
    fn query(&self, engine: &Connection, sql: &str) -> Result<Cells, String> {
        let inputs = self.relations.iter().map(Relation::with);
        let steps = self
            .plan
            .with
            .iter()
            .map(|with| format!("{} AS (\n{}\n)", identifier(&with.name), with.sql));
        let with: Vec<String> = inputs.chain(steps).collect();
        let sql = format!(
            "WITH {}\nSELECT CAST(COLUMNS(*) AS VARCHAR) FROM (\n{sql}\n) AS \"rows\"",
            with.join(", ")
        );
        let failed = |e: duckdb::Error| format!("its SQL fails: {e}");
        let mut statement = engine.prepare(&sql).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        let mut cells = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            let count = row.as_ref().column_count();
            let row: Result<Vec<Option<String>>, _> = (0..count).map(|n| row.get(n)).collect();
            cells.push(row.map_err(failed)?);
        }
        cells.sort();
        Ok(cells)
    }
}
