//! The field cases of saving, and what the reference says of `save audience`.

use super::super::operations;
use super::*;
use Update::{Append, Merge, Replace};

fn code(result: Result<Counts, Diagnostic>) -> (String, String) {
    let error = result.unwrap_err();
    (error.code.0.name.to_string(), error.title)
}

#[test]
fn a_first_save_creates_the_audience_and_logs_nothing() {
    let p = Project::new();
    assert_eq!(p.catalogue(), Catalogue::default());
    let rows = "SELECT * FROM (VALUES (1, 'FR'), (2, NULL)) AS t(id, country)";
    assert_eq!(p.save(&save("Vip", Replace), rows).unwrap(), counts(0, 2, 2, 0, 0));
    assert_eq!(p.members("Vip"), ["1 FR", "2 -"]);
    let catalogue = p.catalogue();
    let entry = catalogue.find("vIP").unwrap();
    assert_eq!(entry.audience.label, "Vip");
    assert_eq!(entry.audience.dimension, "customers");
    assert_eq!((entry.audience.version, entry.audience.size), (1, 2));
    assert_eq!((entry.created, entry.updated), (instant(0), instant(0)));
    let columns: Vec<(&str, bool)> =
        entry.audience.columns.iter().map(|c| (c.name.as_str(), c.nullable)).collect();
    assert_eq!(columns, [("id", false), ("country", true)]);
    assert_eq!(p.store.rows("SELECT * FROM project.camp.change_1"), Vec::<String>::new());
}

#[test]
fn case_076_append_matches_columns_by_name() {
    let p = Project::new();
    p.save(&save("t", Replace), "SELECT 1 AS id, 10 AS points, 40 AS age").unwrap();
    let added = p.save(&save("t", Append), "SELECT 2 AS id, 33 AS age, 5 AS points").unwrap();
    assert_eq!(added, counts(1, 2, 1, 0, 0));
    assert_eq!(p.members("t"), ["1 10 40", "2 5 33"]);
}

#[test]
fn case_077_a_new_column_is_added_and_missing_for_old_rows() {
    let p = Project::new();
    p.save(&save("t", Replace), "SELECT 1 AS id").unwrap();
    p.save(&save("t", Append), "SELECT 2 AS id, 'gold' AS tier").unwrap();
    assert_eq!(p.members("t"), ["1 -", "2 gold"]);
    let names: Vec<String> =
        p.catalogue().find("t").unwrap().stored.iter().map(|c| c.name.clone()).collect();
    assert_eq!(names, ["id", "tier"]);
}

#[test]
fn case_078_a_column_that_the_batch_lacks_stays_and_is_missing_for_new_rows() {
    let p = Project::new();
    p.save(&save("t", Replace), "SELECT 1 AS id, 'gold' AS tier").unwrap();
    p.save(&save("t", Append), "SELECT 2 AS id").unwrap();
    assert_eq!(p.members("t"), ["1 gold", "2 -"]);
}

#[test]
fn case_079_append_keeps_old_rows_and_is_idempotent_merge_updates_them() {
    let p = Project::new();
    p.save(&save("t", Replace), "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(id, x)").unwrap();
    let batch = "SELECT * FROM (VALUES (2, 'B'), (3, 'c')) AS t(id, x)";
    assert_eq!(p.save(&save("t", Append), batch).unwrap(), counts(2, 3, 1, 0, 0));
    assert_eq!(p.members("t"), ["1 a", "2 b", "3 c"]);
    assert_eq!(p.save(&save("t", Append), batch).unwrap(), counts(3, 3, 0, 0, 0));
    assert_eq!(p.members("t"), ["1 a", "2 b", "3 c"]);
    assert_eq!(p.save(&save("t", Merge), batch).unwrap(), counts(3, 3, 0, 0, 1));
    assert_eq!(p.members("t"), ["1 a", "2 B", "3 c"]);
}

#[test]
fn case_082_merge_leaves_columns_it_was_not_given() {
    let p = Project::new();
    p.save(&save("t", Replace), "SELECT 1 AS id, 'gold' AS tier, 10 AS points").unwrap();
    let merged = p.save(&save("t", Merge), "SELECT 1 AS id, 20 AS points").unwrap();
    assert_eq!(merged, counts(1, 1, 0, 0, 1));
    assert_eq!(p.members("t"), ["1 gold 20"]);
}

#[test]
fn merge_adds_keys_and_columns_and_takes_missing_values_as_values() {
    let p = Project::new();
    p.save(&save("t", Replace), "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(id, x)").unwrap();
    let batch = "SELECT * FROM (VALUES (2, NULL, 7), (3, 'c', 8)) AS t(id, x, n)";
    assert_eq!(p.save(&save("t", Merge), batch).unwrap(), counts(2, 3, 1, 0, 1));
    assert_eq!(p.members("t"), ["1 a -", "2 - 7", "3 c 8"]);
}

/// Connections of one process share the file, as in a server: not how Camp works, but nobody may
/// lose rows by it.
fn shared(path: &Path) -> (duckdb::Connection, duckdb::Connection) {
    let one = duckdb::Connection::open_in_memory().unwrap();
    let path = sql::text(path.to_str().unwrap());
    one.execute_batch(&format!("ATTACH {path} AS project")).unwrap();
    let two = one.try_clone().unwrap();
    (one, two)
}

#[test]
fn case_083_a_replace_works_while_somebody_reads() {
    let p = Project::new();
    p.save(&save("aud", Replace), "SELECT range AS id FROM range(3)").unwrap();
    let staged = p.stage(&save("aud", Replace), "SELECT range AS id FROM range(3)", 1).unwrap();
    p.store.written.borrow_mut().clear();
    p.commit(&mut [staged]).unwrap();
    let columns = "SELECT range AS id, 1 AS x FROM range(3)";
    p.save(&save("aud", Replace), columns).unwrap();
    let replace = "CREATE OR REPLACE TABLE \"project\".";
    let written = p.store.written.borrow().iter().any(|s| s.starts_with(&replace.replace('"', "")));
    assert!(written, "the statement of this test is no longer the one of a save");
    p.store.detach_project().unwrap();
    let (reader, writer) = shared(&p.path());
    let read = || -> i64 {
        reader.query_row("SELECT count(*) FROM project.audience.aud", [], |r| r.get(0)).unwrap()
    };
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(read(), 3);
    for _ in 0..2 {
        writer
            .execute_batch(
                "CREATE OR REPLACE TABLE project.audience.aud AS SELECT range AS id FROM range(5)",
            )
            .unwrap();
    }
    assert_eq!(read(), 3);
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(read(), 5);
}

#[test]
fn case_084_a_key_can_leave_and_come_back_in_one_save_and_columns_change_with_it() {
    let p = Project::new();
    p.save(&save("aud", Replace), "SELECT 1 AS id").unwrap();
    let replaced =
        p.save(&save("aud", Replace), "SELECT * FROM (VALUES (1, 'x'), (2, 'y')) AS t(id, c)");
    assert_eq!(replaced.unwrap(), counts(1, 2, 1, 0, 1));
    assert_eq!(p.members("aud"), ["1 x", "2 y"]);
}

#[test]
fn case_086_a_replace_that_finds_nobody_is_saved_with_its_columns_and_warns() {
    let p = Project::new();
    let vip = save("vip", Replace);
    p.save(&vip, "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(id, x)").unwrap();
    let staged = p.stage(&vip, "SELECT 1 AS id, 'a' AS x WHERE false", 1).unwrap();
    assert_eq!(staged.counts, counts(2, 0, 0, 2, 0));
    assert_eq!(staged.warnings.len(), 1);
    assert_eq!(staged.warnings[0].code.0.name, "catalogue.emptied");
    p.commit(&mut [staged]).unwrap();
    assert_eq!(p.members("vip"), Vec::<String>::new());
    assert_eq!(p.catalogue().find("vip").unwrap().audience.columns.len(), 2);
}

#[test]
fn case_087_replace_drops_those_who_no_longer_qualify() {
    let p = Project::new();
    p.save(&save("vip", Replace), "SELECT unnest([1, 2]) AS id").unwrap();
    let staged = p.stage(&save("vip", Replace), "SELECT unnest([2, 3]) AS id", 1).unwrap();
    assert_eq!(staged.counts, counts(2, 2, 1, 1, 0));
    assert_eq!(staged.content, "input_1", "a replace copies nothing");
    p.commit(&mut [staged]).unwrap();
    assert_eq!(p.members("vip"), ["2", "3"]);
    assert_eq!(
        p.store.rows("SELECT version, k1, entered FROM project.camp.change_1"),
        ["2 1 false", "2 3 true"]
    );
}

#[test]
fn a_view_of_temporary_tables_can_be_saved() {
    let p = Project::new();
    p.store
        .execute("CREATE TEMP TABLE matrix AS SELECT range AS id, range < 3 AS f FROM range(9)")
        .unwrap();
    p.store.execute("CREATE TEMP VIEW low AS SELECT id FROM temp.matrix WHERE f").unwrap();
    for update in [Replace, Append, Merge] {
        let wanted = Save { staged: "low".into(), ..save("t", update) };
        let staged = stage(&p.store, &p.catalogue(), &wanted, 1).unwrap();
        p.commit(&mut [staged]).unwrap();
        assert_eq!(p.members("t"), ["0", "1", "2"]);
    }
}

#[test]
fn case_088_a_value_that_would_be_narrowed_is_refused_by_column_and_value() {
    let p = Project::new();
    let stored = "SELECT 1::INTEGER AS id, 1::INTEGER AS pts, 1.25::DECIMAL(5, 2) AS amt";
    p.save(&save("t", Replace), stored).unwrap();
    let before = p.members("t");
    for update in [Append, Merge] {
        for (batch, title) in [
            ("SELECT 2 AS id, 2.7 AS pts", "2.7 does not fit column `pts` of the audience `t`"),
            ("SELECT 2 AS id, 3.456 AS amt", "3.456 does not fit column `amt` of the audience `t`"),
            ("SELECT 3000000000 AS id", "3000000000 does not fit column `id` of the audience `t`"),
        ] {
            let result = p.save(&save("t", update), batch);
            assert_eq!(code(result), ("catalogue.lossy_value".into(), title.into()));
        }
    }
    assert_eq!(p.members("t"), before);
    assert_eq!(p.catalogue().find("t").unwrap().audience.version, 1);
    // What fits as it is goes in, whatever its type.
    let fits = "SELECT 2::BIGINT AS id, 4.0 AS pts, 7::BIGINT AS amt";
    p.save(&save("t", Append), fits).unwrap();
    assert_eq!(p.members("t"), ["1 1 1.25", "2 4 7.00"]);
}

#[test]
fn text_is_never_converted_on_the_way_in() {
    let p = Project::new();
    p.save(&save("t", Replace), "SELECT 1 AS id, 5 AS pts").unwrap();
    let (code, title) = code(p.save(&save("t", Append), "SELECT 2 AS id, '6' AS pts"));
    assert_eq!(code, "catalogue.stored_type");
    assert_eq!(title, "column `pts` of the audience `t` holds int, not text");
    assert_eq!(p.members("t"), ["1 5"]);
}

#[test]
fn append_and_merge_into_another_dimension_are_refused_and_replace_takes_it_over() {
    let p = Project::new();
    p.save(&save("t", Replace), "SELECT unnest([1, 2]) AS id").unwrap();
    let orders = |update| save_of("t", update, "orders", &["id"]);
    for update in [Append, Merge] {
        let (code, _) = code(p.save(&orders(update), "SELECT 3 AS id"));
        assert_eq!(code, "catalogue.other_dimension");
    }
    let text_key = p.save(&save("t", Append), "SELECT 'a' AS id");
    assert_eq!(code(text_key).0, "catalogue.other_dimension");
    assert_eq!(p.members("t"), ["1", "2"]);
    let replaced = p.save(&orders(Replace), "SELECT unnest([2, 3, 4]) AS id").unwrap();
    assert_eq!(replaced, counts(2, 3, 3, 2, 0));
    let catalogue = p.catalogue();
    assert_eq!(catalogue.find("t").unwrap().audience.dimension, "orders");
    // The old members are still told by their old dimension.
    let sql = operations::members(&p.store, &catalogue, "t", Some(1)).unwrap();
    assert_eq!(p.store.rows(&sql), ["1", "2"]);
}

#[test]
fn case_089_what_another_run_committed_meanwhile_is_not_lost_and_not_mixed() {
    let p = Project::new();
    p.save(&save("vip", Replace), "SELECT unnest([1, 2]) AS id").unwrap();
    let before = p.catalogue();
    let slow = p.stage(&save("vip", Replace), "SELECT unnest([2, 3]) AS id", 1).unwrap();
    let slow_append = p.stage(&save("log", Append), "SELECT 1 AS id", 2).unwrap();
    // The other run.
    p.save_as(7, &save("vip", Replace), "SELECT unnest([3, 4]) AS id").unwrap();
    p.save_as(8, &save("LOG", Append), "SELECT 9 AS id").unwrap();
    let mut saves = [slow, slow_append];
    let committed = p.commit_from(&before, &mut saves).unwrap();
    assert_eq!(committed.restaged, [0, 1]);
    assert_eq!(saves[0].counts, counts(2, 2, 1, 1, 0));
    assert_eq!(saves[1].counts, counts(1, 2, 1, 0, 0));
    assert_eq!(p.members("vip"), ["2", "3"]);
    assert_eq!(p.members("log"), ["1", "9"]);
    assert_eq!(p.catalogue().find("vip").unwrap().audience.version, 3);
}

#[test]
fn an_audience_that_was_read_and_then_overtaken_is_named() {
    let p = Project::new();
    p.save(&save("base", Replace), "SELECT 1 AS id").unwrap();
    let before = p.catalogue();
    let reading = Save { reads: vec!["Base".into()], ..save("final", Replace) };
    let staged = p.stage(&reading, "SELECT 1 AS id", 1).unwrap();
    p.save_as(7, &save("base", Replace), "SELECT 2 AS id").unwrap();
    let committed = p.commit_from(&before, &mut [staged]).unwrap();
    assert_eq!(committed.overtaken, ["Base"]);
    assert_eq!(committed.restaged, Vec::<usize>::new());
}

#[test]
fn case_089_two_writers_in_one_process_one_wins_whole_the_other_is_told() {
    let p = Project::new();
    p.save(&save("vip", Replace), "SELECT 1 AS id").unwrap();
    p.store.detach_project().unwrap();
    let (first, second) = shared(&p.path());
    let replace = |id| format!("CREATE OR REPLACE TABLE project.audience.vip AS SELECT {id} AS id");
    first.execute_batch(&format!("BEGIN; {}", replace(2))).unwrap();
    let error = second.execute_batch(&format!("BEGIN; {}", replace(3))).unwrap_err();
    assert_eq!(EngineError::from(error).kind, ErrorKind::Conflict);
    first.execute_batch("COMMIT").unwrap();
    drop((first, second));
    p.store.reattach();
    assert_eq!(p.members("vip"), ["2"]);
}

#[test]
fn case_090_labels_that_differ_by_case_are_one_audience() {
    let p = Project::new();
    for (first, second) in
        [("Vip", "VIP"), ("Été", "été"), ("Straße", "STRASSE"), ("ΣΟΦΟΣ", "σοφος")]
    {
        p.save(&save(first, Replace), "SELECT 1 AS id").unwrap();
        let second_save = p.save(&save(second, Append), "SELECT 2 AS id").unwrap();
        assert_eq!(second_save, counts(1, 2, 1, 0, 0), "{first} and {second}");
        let catalogue = p.catalogue();
        let entry = catalogue.find(first).unwrap();
        assert_eq!((entry.audience.label.as_str(), entry.audience.version), (second, 2));
    }
    assert_eq!(
        p.store.rows("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'audience'"),
        ["STRASSE", "VIP", "été", "σοφος"]
    );
    assert_eq!(p.catalogue().labels().count(), 4);
}

#[test]
fn two_saves_of_one_label_in_a_run_are_refused() {
    let p = Project::new();
    let a = p.stage(&save("Été", Replace), "SELECT 1 AS id", 1).unwrap();
    let b = p.stage(&save("été", Replace), "SELECT 2 AS id", 2).unwrap();
    let error = p.commit(&mut [a, b]).unwrap_err();
    assert_eq!(error.code.0.name, "catalogue.saved_twice");
    assert_eq!(p.catalogue(), Catalogue::default());
}

#[test]
fn case_091_an_audience_that_others_read_is_dropped_only_by_force() {
    let p = Project::new();
    p.save(&save("base", Replace), "SELECT 1 AS id").unwrap();
    p.save(&save("base", Replace), "SELECT 2 AS id").unwrap();
    let reading = Save { reads: vec!["BASE".into()], ..save("final", Replace) };
    p.save(&reading, "SELECT 1 AS id").unwrap();
    let drop = |label: &str, force| {
        let result = operations::drop(&p.store, &p.run_record(), label, force);
        p.store.reattach();
        result
    };
    let error = drop("Base", false).unwrap_err();
    assert_eq!(error.code.0.name, "catalogue.in_use");
    assert_eq!(error.title, "the audience `base` is read by `final`");
    assert_eq!(p.members("base"), ["2"]);
    drop("Base", true).unwrap();
    assert_eq!(p.catalogue().labels().collect::<Vec<_>>(), ["final"]);
    assert_eq!(p.store.rows("SELECT * FROM project.camp.change_1"), Vec::<String>::new());
    assert_eq!(p.store.rows("SELECT audience FROM project.camp.membership"), ["final"]);
    assert_eq!(drop("base", false).unwrap_err().code.0.name, "catalogue.unknown_audience");
    // A new audience of that label has no past.
    assert_eq!(p.save(&save("base", Append), "SELECT 5 AS id").unwrap(), counts(0, 1, 1, 0, 0));
    drop("final", false).unwrap();
}

#[test]
fn case_094_append_keeps_a_protected_state_and_merge_counts_what_it_changes() {
    let p = Project::new();
    p.save(&save("t", Replace), "SELECT 1 AS id, 'optout' AS status").unwrap();
    let batch = "SELECT 1 AS id, 'ok' AS status";
    assert_eq!(p.save(&save("t", Append), batch).unwrap(), counts(1, 1, 0, 0, 0));
    assert_eq!(p.members("t"), ["1 optout"]);
    assert_eq!(p.save(&save("t", Merge), batch).unwrap(), counts(1, 1, 0, 0, 1));
    assert_eq!(p.members("t"), ["1 ok"]);
}

#[test]
fn case_143_any_name_works_and_round_trips() {
    let p = Project::new();
    let label = "2025 Q1 – \"VIP\" 'x'; DROP";
    let rows = |key: &str| {
        format!(
            "SELECT {key} AS \"x y\", 1 AS \"a.b\", 'v' AS \"q\"\"t\", 1 AS kind, 2 AS k1, 3 AS n"
        )
    };
    let keyed = |update| save_of(label, update, "my \"dim\"'s", &["x y"]);
    p.save(&keyed(Replace), &rows("1")).unwrap();
    p.save(&keyed(Append), &rows("2")).unwrap();
    p.save(&keyed(Merge), &rows("3")).unwrap();
    p.save(&keyed(Replace), &rows("3")).unwrap();
    let catalogue = p.catalogue();
    let entry = catalogue.find(label).unwrap();
    assert_eq!(entry.audience.label, label);
    assert_eq!(entry.audience.dimension, "my \"dim\"'s");
    let names: Vec<&str> = entry.stored.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["x y", "a.b", "q\"t", "kind", "k1", "n"]);
    assert_eq!(p.members(label), ["3 1 v 1 2 3"]);
    let sql = operations::members(&p.store, &catalogue, label, Some(2)).unwrap();
    assert_eq!(p.store.rows(&sql), ["1", "2"]);
}

#[test]
fn case_148_a_slip_shows_in_the_counts() {
    let p = Project::new();
    p.save(&save("vip", Replace), "SELECT unnest([1, 2]) AS id").unwrap();
    let everybody = p.save(&save("vip", Replace), "SELECT range + 1 AS id FROM range(1000)");
    assert_eq!(everybody.unwrap(), counts(2, 1000, 998, 0, 0));
}

#[test]
fn changed_counts_values_and_not_columns_that_say_the_same() {
    let p = Project::new();
    p.save(&save("t", Replace), "SELECT 1::INTEGER AS id, 5::INTEGER AS a, 'x' AS b").unwrap();
    // Another number type, another order, a new empty column: nobody changed.
    let same = "SELECT 1::BIGINT AS id, 'x' AS b, 5.0 AS a, NULL::DATE AS d";
    assert_eq!(p.save(&save("t", Replace), same).unwrap(), counts(1, 1, 0, 0, 0));
    assert_eq!(p.members("t"), ["1 x 5.0 -"]);
    // A value turned into another kind of value, and one that is gone with its column.
    let other = "SELECT 1 AS id, 'x' AS b, '5.1' AS a";
    assert_eq!(p.save(&save("t", Replace), other).unwrap(), counts(1, 1, 0, 0, 1));
    assert_eq!(p.save(&save("t", Replace), "SELECT 1 AS id").unwrap(), counts(1, 1, 0, 0, 1));
}

#[test]
fn a_save_that_changes_nobody_is_still_a_version_without_changes() {
    let p = Project::new();
    for _ in 0..3 {
        p.save(&save("t", Replace), "SELECT 1 AS id, 'x' AS a").unwrap();
    }
    let versions = operations::versions(&p.store, &p.catalogue(), "T").unwrap();
    let seen: Vec<_> = versions.iter().map(|v| (v.version, v.run.as_str(), v.at, v.size)).collect();
    assert_eq!(
        seen,
        [(3, "run-2", instant(2), 1), (2, "run-1", instant(1), 1), (1, "run-0", instant(0), 1)]
    );
    assert_eq!(p.store.rows("SELECT * FROM project.camp.change_1"), Vec::<String>::new());
}

#[test]
fn update_existing_of_an_unknown_label_names_the_nearest() {
    let p = Project::new();
    p.save(&save("Lapsed buyers", Replace), "SELECT 1 AS id").unwrap();
    let must = Save { must_exist: true, ..save("Lapsed buyer", Replace) };
    let error = p.save(&must, "SELECT 1 AS id").unwrap_err();
    assert_eq!(error.code.0.name, "catalogue.unknown_audience");
    assert_eq!(error.help.as_deref(), Some("did you mean `Lapsed buyers`?"));
}

#[test]
fn a_table_that_is_no_audience_is_never_overwritten() {
    let p = Project::new();
    p.save(&save("a", Replace), "SELECT 1 AS id").unwrap();
    p.store.by_hand(&["CREATE TABLE project.audience.mine AS SELECT 42 AS x"]);
    let error = p.save(&save("Mine", Replace), "SELECT 1 AS id").unwrap_err();
    assert_eq!(error.code.0.name, "catalogue.table_taken");
    assert_eq!(p.members("mine"), ["42"]);
}

#[test]
fn expiry_retention_reads_and_documentation_are_kept_and_renewed() {
    let p = Project::new();
    let first = Save {
        expires: Some(instant(90)),
        retain: Some(3),
        reads: vec!["base".into()],
        doc: Some("Who may get it's mail".into()),
        ..save("t", Replace)
    };
    p.save(&first, "SELECT 1 AS id").unwrap();
    let catalogue = p.catalogue();
    let entry = catalogue.find("t").unwrap();
    assert_eq!(entry.audience.expires, Some(instant(90)));
    assert_eq!(entry.retain, Some(3));
    assert_eq!(entry.reads, ["base"]);
    assert_eq!(entry.doc.as_deref(), Some("Who may get it's mail"));
    p.save(&save("t", Replace), "SELECT 1 AS id").unwrap();
    assert_eq!(p.catalogue().find("t").unwrap().audience.expires, None);
}

#[test]
fn a_newer_catalogue_is_refused_with_both_versions() {
    let p = Project::new();
    p.save(&save("t", Replace), "SELECT 1 AS id").unwrap();
    p.store.by_hand(&["UPDATE project.camp.meta SET version = 99"]);
    let error = Catalogue::load(&p.store).unwrap_err();
    assert_eq!(error.code.0.name, "catalogue.newer");
    assert_eq!(
        error.title,
        format!("the catalogue has version 99, this Camp knows versions up to {}", schema::VERSION)
    );
    // A commit that was already on its way stops too.
    let mut saves: [StagedSave; 0] = [];
    let error = p.commit_from(&Catalogue::default(), &mut saves).unwrap_err();
    assert_eq!(error.code.0.name, "catalogue.newer");
}

#[test]
fn a_database_with_tables_of_its_own_gets_a_catalogue_beside_them() {
    let p = Project::new();
    p.store.by_hand(&["CREATE TABLE project.main.customers AS SELECT 1 AS id"]);
    assert_eq!(p.catalogue(), Catalogue::default());
    p.save(&save("t", Replace), "SELECT id FROM project.main.customers").unwrap();
    assert_eq!(p.members("t"), ["1"]);
}

#[test]
fn runs_are_logged_with_steps_and_saves_and_failed_ones_leave_only_their_log() {
    let p = Project::new();
    assert_eq!(operations::runs(&p.store, 10).unwrap(), []);
    p.save(&save("t", Replace), "SELECT 1 AS id").unwrap();
    let failed = p.run_record();
    assert!(log_failed_run(&p.store, &failed, "it's wrong"));
    p.store.reattach();
    let runs = operations::runs(&p.store, 10).unwrap();
    let seen: Vec<_> = runs
        .iter()
        .map(|r| {
            (
                r.id.as_str(),
                r.sequence,
                r.previous.as_deref(),
                r.status.as_str(),
                r.error.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("run-1", 2, Some("run-0"), "failed", Some("it's wrong")),
            ("run-0", 1, None, "done", None)
        ]
    );
    let details = operations::run(&p.store, "run-0").unwrap();
    assert_eq!(details.run.campaigns, ["Test"]);
    assert_eq!(details.steps.len(), 1);
    assert_eq!(details.saves.len(), 1);
    assert_eq!((details.saves[0].0.as_str(), details.saves[0].1.version), ("t", 1));
    assert!(recorded(&p.store, "run-0").unwrap());
    assert!(!recorded(&p.store, "run-1").unwrap());
    assert_eq!(operations::run(&p.store, "run-").unwrap_err().code.0.name, "catalogue.unknown_run");
    assert_eq!(operations::run(&p.store, "nope").unwrap_err().code.0.name, "catalogue.unknown_run");
}

#[test]
fn deliveries_are_logged() {
    let p = Project::new();
    let delivery = |key: &str, error: Option<&str>| Delivery {
        run: "run-0".into(),
        campaign: "Test".into(),
        activity: "webhook".into(),
        dimension: "customers".into(),
        key: key.into(),
        channel: "email".into(),
        status: if error.is_some() { "failed" } else { "sent" }.into(),
        provider_id: None,
        error: error.map(Into::into),
        attempt: 1,
        sent_at: instant(0),
    };
    log_deliveries(&p.store, &[delivery("1", None), delivery("2", Some("can't"))]).unwrap();
    p.store.reattach();
    assert_eq!(
        p.store.rows("SELECT key, status, error FROM project.camp.delivery"),
        ["1 sent -", "2 failed can't"]
    );
}

#[test]
fn overlap_counts_common_members_and_refuses_other_dimensions() {
    let p = Project::new();
    p.save(&save("a", Replace), "SELECT unnest([1, 2, 3]) AS id").unwrap();
    p.save(&save("b", Replace), "SELECT unnest([2, 3, 4, 5]) AS id").unwrap();
    p.save(&save_of("c", Replace, "orders", &["id"]), "SELECT 2 AS id").unwrap();
    p.save(&save("d", Replace), "SELECT unnest([3, 9]) AS id").unwrap();
    p.save(&save("e", Replace), "SELECT 1 AS id WHERE false").unwrap();
    let catalogue = p.catalogue();
    let overlap = |labels: &[&str]| {
        let labels: Vec<String> = labels.iter().map(|l| (*l).to_owned()).collect();
        operations::overlap(&p.store, &catalogue, &labels)
    };
    // Named twice, in any case, it is one.
    let found = overlap(&["a", "b", "A"]).unwrap();
    assert_eq!(found.audiences, [("a".to_owned(), 3), ("b".to_owned(), 4)]);
    assert_eq!(found.everybody, 5);
    let told = |found: &operations::Overlap| -> Vec<(String, u64, u64)> {
        let all = found.combinations.iter();
        all.map(|c| (found.labels(c).join("+"), c.together, c.only)).collect()
    };
    let told_of = |label: &str, together, only| (label.to_owned(), together, only);
    assert_eq!(told(&found), [told_of("b", 4, 2), told_of("a", 3, 1), told_of("a+b", 2, 2)]);
    // a 1 2 3, b 2 3 4 5, d 3 9, e nobody: 3 is in all but e, and those with e are of nobody.
    assert_eq!(
        told(&overlap(&["e", "d", "b", "a"]).unwrap()),
        [
            told_of("b", 4, 2),
            told_of("a", 3, 1),
            told_of("d", 2, 1),
            told_of("b+a", 2, 1),
            told_of("d+b", 1, 0),
            told_of("d+a", 1, 0),
            told_of("d+b+a", 1, 1),
            told_of("e", 0, 0),
        ]
    );
    let error = overlap(&["a", "c"]).unwrap_err();
    assert_eq!(error.code.0.name, "catalogue.not_comparable");
    assert_eq!(error.title, "`a` and `c` hold rows of `customers` by id and of `orders` by id");
}
