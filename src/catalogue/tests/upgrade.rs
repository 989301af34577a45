//! A catalogue of today under a Camp that is to come, which has one migration more.

use super::super::schema::{MIGRATIONS, bring_up};
use super::*;

/// Today's, and one that adds a column with a value for what is there.
fn next() -> Vec<&'static [&'static str]> {
    let mut migrations = MIGRATIONS.to_vec();
    migrations.push(&[
        "ALTER TABLE project.camp.audience ADD COLUMN note VARCHAR",
        "UPDATE project.camp.audience SET note = 'about ' || label",
    ]);
    migrations
}

/// Brings the catalogue up in one transaction, as a run does.
fn upgrade(p: &Project, migrations: &[&[&str]]) -> bool {
    p.store.attach_project(false).unwrap();
    p.store.begin().unwrap();
    let done = bring_up(&p.store, migrations);
    match &done {
        Ok(_) => p.store.commit().unwrap(),
        Err(_) => p.store.rollback().unwrap(),
    }
    p.store.reattach();
    done.is_ok()
}

#[test]
fn an_upgrade_keeps_all_that_is_there_and_is_made_once() {
    let p = Project::new();
    p.save(&save("t", Update::Replace), "SELECT * FROM (VALUES (1), (2)) r(id)").unwrap();
    p.save(&save("t", Update::Replace), "SELECT 2 AS id").unwrap();
    let versions = "SELECT version, size, entered, left_count FROM project.camp.version";
    let before = p.store.rows(versions);
    for _ in 0..2 {
        assert!(upgrade(&p, &next()));
        assert_eq!(p.store.rows("SELECT version FROM project.camp.meta"), ["2"]);
        assert_eq!(p.store.rows("SELECT note FROM project.camp.audience"), ["about t"]);
        assert_eq!(p.store.rows(versions), before);
        assert_eq!(p.members("t"), ["2"]);
    }
    // The Camp of today does not touch it any more.
    assert_eq!(Catalogue::load(&p.store).unwrap_err().code.0.name, "catalogue.newer");
}

#[test]
fn an_upgrade_that_fails_half_way_leaves_the_old_catalogue() {
    let p = Project::new();
    p.save(&save("t", Update::Replace), "SELECT 1 AS id").unwrap();
    let before = p.catalogue();
    let mut broken = next();
    broken.push(&["UPDATE project.camp.audience SET nothing = 1"]);
    assert!(!upgrade(&p, &broken));
    assert_eq!(p.store.rows("SELECT version FROM project.camp.meta"), ["1"]);
    assert_eq!(p.catalogue(), before);
    p.save(&save("t", Update::Replace), "SELECT 2 AS id").unwrap();
    assert_eq!(p.members("t"), ["2"]);
}
