//! What is not wanted any longer: audiences that have expired, old versions, old runs.

use jiff::Timestamp;

use crate::diagnostic::Diagnostic;

use super::commit::{self, RunRecord};
use super::operations::remove;
use super::schema::{self, Failed};
use super::store::Store;
use super::{Catalogue, Row, sql, unreadable};

/// What is to go. Nothing unless it is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unwanted {
    /// Audiences that expired before this instant and that no other one was computed from.
    pub expired: Option<Timestamp>,
    /// Of each audience all but so many versions.
    pub versions: Option<u64>,
    /// Records of runs that began before this instant, wrote no version that is kept, and sent
    /// nothing.
    pub runs: Option<Timestamp>,
}

/// What went, or would go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vacuumed {
    /// The labels of audiences that are dropped.
    pub audiences: Vec<String>,
    /// Expired ones that stay, each with the labels of those computed from it.
    pub needed: Vec<(String, Vec<String>)>,
    /// How many versions are forgotten.
    pub versions: u64,
    /// How many records of runs are forgotten.
    pub runs: u64,
}

/// What would go. The project must be attached.
///
/// # Errors
/// When the catalogue cannot be read.
pub fn preview(
    store: &dyn Store,
    catalogue: &Catalogue,
    unwanted: &Unwanted,
) -> Result<Vacuumed, Diagnostic> {
    let mut found = Vacuumed::default();
    if catalogue.sequence == 0 {
        return Ok(found);
    }
    if let Some(at) = unwanted.expired {
        expired(catalogue, at, &mut found);
    }
    let count = |sql: String| -> Result<u64, Diagnostic> {
        let rows = store.query(&sql).map_err(unreadable)?;
        rows.into_iter().next().map_or(Ok(0), |row| Row::new(row).int())
    };
    // What is dropped whole is no version or run of what stays.
    let dropped: Vec<String> = found.audiences.iter().map(|label| sql::text(label)).collect();
    let stays = match dropped.is_empty() {
        true => "true".to_owned(),
        false => format!("a.label NOT IN ({})", dropped.join(", ")),
    };
    if let Some(keep) = unwanted.versions {
        let old = old_versions(keep, &stays);
        found.versions =
            count(format!("SELECT count(*) FROM project.camp.version AS v WHERE {old}"))?;
    }
    if let Some(before) = unwanted.runs {
        let kept = unwanted.versions.map_or_else(|| "true".to_owned(), kept_versions);
        let old = old_runs(before, &format!("{stays} AND {kept}"), &stays);
        found.runs = count(format!("SELECT count(*) FROM project.camp.run AS r WHERE {old}"))?;
    }
    Ok(found)
}

/// Removes what is not wanted, in one transaction, with a record of the command. The project is
/// detached afterwards.
///
/// # Errors
/// When the file cannot be had or written; nothing is removed then.
pub fn vacuum(
    store: &dyn Store,
    run: &RunRecord,
    unwanted: &Unwanted,
) -> Result<Vacuumed, Diagnostic> {
    commit::write(store, Some(&run.id), || {
        schema::ensure(store)?;
        let mut present = Catalogue::read(store)?;
        let mut done = Vacuumed::default();
        if let Some(at) = unwanted.expired {
            expired(&present, at, &mut done);
            for label in &done.audiences {
                remove(store, &present, present.get(label)?)?;
            }
        }
        if let Some(keep) = unwanted.versions {
            done.versions = forget_versions(store, &present, keep)?;
        }
        if let Some(before) = unwanted.runs {
            done.runs = forget_runs(store, before)?;
        }
        commit::write_run(store, &present, run, "done", None)?;
        present = Catalogue::read(store)?;
        store.execute(&schema::membership_view(&present))?;
        Ok(done)
    })
}

/// Expired audiences that nothing stands on but others that go as well.
fn expired(catalogue: &Catalogue, at: Timestamp, found: &mut Vacuumed) {
    let over = |label: &str| {
        let expires = catalogue.find(label).and_then(|e| e.audience.expires);
        expires.is_some_and(|expires| expires <= at)
    };
    let mut going: Vec<String> =
        catalogue.labels().filter(|l| over(l)).map(str::to_owned).collect();
    // Whoever is needed by one that stays, stays too.
    loop {
        let needed = going.iter().position(|label| {
            catalogue.readers(label).iter().any(|reader| !going.iter().any(|g| g == reader))
        });
        match needed {
            None => break,
            Some(at) => {
                let label = going.remove(at);
                let readers = catalogue.readers(&label).into_iter().map(str::to_owned).collect();
                found.needed.push((label, readers));
            }
        }
    }
    found.audiences = going;
}

/// The condition that a version `v` is older than the newest `keep` of its audience `a`, which stays.
fn old_versions(keep: u64, stays: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM project.camp.audience AS a WHERE a.id = v.audience \
         AND {stays} AND NOT ({}))",
        kept_versions(keep)
    )
}

/// The condition that a version `v` of an audience `a` is one of the newest.
fn kept_versions(keep: u64) -> String {
    format!("v.version + {} > a.version", keep.max(1))
}

/// The condition that nothing needs the record of a run `r` any longer: no version `v` of an
/// audience `a` that is kept, no audience `a` that stays, no delivery.
fn old_runs(before: Timestamp, kept: &str, stays: &str) -> String {
    format!(
        "r.started < {} \
         AND r.sequence < (SELECT max(sequence) FROM project.camp.run) \
         AND NOT EXISTS (SELECT 1 FROM project.camp.version AS v, project.camp.audience AS a \
           WHERE v.run = r.id AND a.id = v.audience AND {kept}) \
         AND NOT EXISTS (SELECT 1 FROM project.camp.audience AS a WHERE a.run = r.id AND {stays}) \
         AND NOT EXISTS (SELECT 1 FROM project.camp.delivery AS d WHERE d.run = r.id)",
        sql::instant(before)
    )
}

fn forget_versions(store: &dyn Store, present: &Catalogue, keep: u64) -> Result<u64, Failed> {
    let gone = store.execute(&format!(
        "DELETE FROM project.camp.version AS v WHERE {}",
        old_versions(keep, "true")
    ))?;
    if gone == 0 {
        return Ok(0);
    }
    store.execute(&format!(
        "UPDATE project.camp.audience SET oldest_version = version + 1 - {0} \
         WHERE oldest_version + {0} <= version",
        keep.max(1)
    ))?;
    for shape in &present.shapes {
        // The changes of the oldest version that is kept stay: who entered and left then is told.
        store.execute(&format!(
            "DELETE FROM {} AS c WHERE EXISTS (SELECT 1 FROM project.camp.audience AS a \
             WHERE a.id = c.audience AND c.version < a.oldest_version)",
            sql::camp(&shape.change_table())
        ))?;
    }
    Ok(gone)
}

fn forget_runs(store: &dyn Store, before: Timestamp) -> Result<u64, Failed> {
    let old = old_runs(before, "true", "true");
    store.execute(&format!(
        "DELETE FROM project.camp.step AS s WHERE EXISTS (SELECT 1 FROM project.camp.run AS r \
         WHERE r.id = s.run AND {old})"
    ))?;
    Ok(store.execute(&format!("DELETE FROM project.camp.run AS r WHERE {old}"))?)
}
