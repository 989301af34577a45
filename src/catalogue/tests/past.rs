//! The law of replay: the members at any kept version, and everything told about who entered and
//! left, are what a plain list of sets says.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::operations::{self, Stay};
use super::*;
use Update::{Append, Merge, Replace};

type Members = BTreeSet<u8>;

/// What an audience was at each version: the plain list of sets.
#[derive(Clone, Debug, Default)]
struct Model {
    versions: Vec<(&'static str, Members)>,
}

impl Model {
    fn save(&mut self, save: &Step) {
        let old = self.versions.last().cloned();
        let members = match (save.update, old) {
            (Append | Merge, Some((_, old))) => old.union(&save.members).copied().collect(),
            _ => save.members.clone(),
        };
        self.versions.push((save.dimension, members));
    }

    /// The stays of a key in a dimension, as versions from 1.
    fn stays(&self, dimension: &str, key: u8) -> Vec<(u64, Option<u64>)> {
        let mut stays = Vec::new();
        let mut inside = None;
        for (i, (d, members)) in self.versions.iter().enumerate() {
            let version = i as u64 + 1;
            let is = *d == dimension && members.contains(&key);
            match (inside, is) {
                (None, true) => inside = Some(version),
                (Some(since), false) => {
                    stays.push((since, Some(version)));
                    inside = None;
                }
                _ => {}
            }
        }
        stays.extend(inside.map(|since| (since, None)));
        stays
    }
}

/// One save of a history.
#[derive(Clone, Debug)]
struct Step {
    label: &'static str,
    update: Update,
    dimension: &'static str,
    members: Members,
}

fn step() -> impl Strategy<Value = Step> {
    let update = prop_oneof![4 => Just(Replace), 1 => Just(Append), 1 => Just(Merge)];
    let dimension = prop_oneof![5 => Just("customers"), 1 => Just("orders")];
    // Two audiences share the change tables.
    let label = prop_oneof![3 => Just("A"), 1 => Just("B")];
    let members = prop::collection::btree_set(0u8..5, 0..5);
    (label, update, dimension, members).prop_map(|(label, update, dimension, members)| Step {
        label,
        update,
        dimension,
        members,
    })
}

fn rows(members: &Members) -> String {
    let list: Vec<String> = members.iter().map(u8::to_string).collect();
    format!("SELECT unnest([{}]::INTEGER[]) AS id", list.join(", "))
}

fn texts(members: &Members) -> Vec<String> {
    members.iter().map(u8::to_string).collect()
}

fn check_members(p: &Project, label: &str, model: &Model, oldest: usize) {
    let catalogue = p.catalogue();
    let entry = catalogue.find(label).unwrap();
    assert_eq!(entry.audience.version as usize, model.versions.len());
    assert_eq!(entry.audience.oldest_version as usize, oldest);
    assert_eq!(entry.audience.size as usize, model.versions.last().unwrap().1.len());
    for (i, (_, members)) in model.versions.iter().enumerate() {
        let version = i as u64 + 1;
        let sql = operations::members(&p.store, &catalogue, label, Some(version));
        if i + 1 < oldest {
            assert_eq!(sql.unwrap_err().code.0.name, "catalogue.unknown_version");
        } else {
            assert_eq!(p.store.rows(&sql.unwrap()), texts(members), "{label} version {version}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn replay_and_intervals_are_what_a_list_of_sets_says(
        steps in prop::collection::vec(step(), 1..12),
    ) {
        let p = Project::new();
        let mut models = std::collections::BTreeMap::<&str, Model>::new();
        let mut instants = std::collections::BTreeMap::<&str, Vec<Timestamp>>::new();
        for step in &steps {
            let model = models.entry(step.label).or_default();
            let fits = model.versions.last().is_none_or(|(d, _)| *d == step.dimension);
            // Into another dimension only a replace is possible.
            let step = Step { update: if fits { step.update } else { Replace }, ..step.clone() };
            instants.entry(step.label).or_default().push(instant(p.day.get()));
            let wanted = save_of(step.label, step.update, step.dimension, &["id"]);
            let before = model.versions.last().cloned();
            let counted = p.save(&wanted, &rows(&step.members)).unwrap();
            model.save(&step);
            let (dimension, now) = model.versions.last().unwrap();
            let was = before.map_or((*dimension, Members::new()), |b| b);
            let common = if was.0 == *dimension { was.1.intersection(now).count() } else { 0 };
            let expected = counts(
                was.1.len() as u64,
                now.len() as u64,
                (now.len() - common) as u64,
                (was.1.len() - common) as u64,
                0,
            );
            prop_assert_eq!(counted, expected);
        }
        let catalogue = p.catalogue();
        for (label, model) in &models {
            check_members(&p, label, model, 1);
            let as_of = |version: u64| instants[label][version as usize - 1].as_second();
            let mut stays = Vec::new();
            let mut moves = [Vec::new(), Vec::new()];
            let last = model.versions.len();
            for dimension in ["customers", "orders"] {
                for key in 0..5 {
                    for (since, until) in model.stays(dimension, key) {
                        let left = until
                            .map_or_else(|| "- -".into(), |v| format!("{v} {}", as_of(v)));
                        stays.push(format!("{dimension} {key} {since} {} {left}", as_of(since)));
                        if model.versions[last - 1].0 == dimension {
                            moves[1].push(format!("{key} {}", as_of(since)));
                            moves[0].extend(until.map(|v| format!("{key} {}", as_of(v))));
                        }
                    }
                }
            }
            stays.sort();
            let found = p.store.rows(&format!(
                "SELECT dimension, key, entered_version, epoch_us(entered_at) // 1000000, \
                 left_version, epoch_us(left_at) // 1000000 FROM project.camp.membership \
                 WHERE audience = '{label}'"
            ));
            prop_assert_eq!(found, stays, "{}", label);
            let entry = catalogue.find(label).unwrap();
            for (entered, mut expected) in [false, true].into_iter().zip(moves) {
                expected.sort();
                let sql = crate::engine::duckdb::print::select(&entry.moves(entered));
                let found =
                    p.store.rows(&format!("SELECT id, epoch_us(as_of) // 1000000 FROM ({sql})"));
                prop_assert_eq!(found, expected, "{} entered {}", label, entered);
            }
            let (dimension, to) = &model.versions[last - 1];
            for (i, (d, from)) in model.versions.iter().enumerate() {
                let found =
                    operations::difference(&p.store, &catalogue, label, i as u64 + 1, last as u64);
                if d == dimension {
                    let found = found.unwrap();
                    let entered: Members = to.difference(from).copied().collect();
                    let left: Members = from.difference(to).copied().collect();
                    prop_assert_eq!(found.entered, entered.len() as u64);
                    prop_assert_eq!(p.store.rows(&found.entered_sql), texts(&entered));
                    prop_assert_eq!(found.left, left.len() as u64);
                    prop_assert_eq!(p.store.rows(&found.left_sql), texts(&left));
                } else {
                    prop_assert_eq!(found.unwrap_err().code.0.name, "catalogue.not_comparable");
                }
            }
        }
    }

    #[test]
    fn kept_versions_are_replayed_right_whatever_was_forgotten(
        steps in prop::collection::vec((prop::collection::btree_set(0u8..5, 0..5), 1u64..4), 2..9),
    ) {
        let p = Project::new();
        let mut model = Model::default();
        let mut oldest = 1;
        for (members, retain) in &steps {
            let wanted = Save { retain: Some(*retain), ..save("A", Replace) };
            p.save(&wanted, &rows(members)).unwrap();
            model.versions.push(("customers", members.clone()));
            oldest = oldest.max((model.versions.len() + 1).saturating_sub(*retain as usize));
            check_members(&p, "A", &model, oldest);
        }
        let versions: Vec<u64> = operations::versions(&p.store, &p.catalogue(), "a")
            .unwrap()
            .iter()
            .map(|v| v.version)
            .collect();
        let expected: Vec<u64> = (oldest as u64..=model.versions.len() as u64).rev().collect();
        prop_assert_eq!(versions, expected);
        // Nothing older is left in the file.
        prop_assert_eq!(
            p.store.rows(&format!(
                "SELECT 1 FROM project.camp.change_1 WHERE version < {oldest}"
            )),
            Vec::<String>::new()
        );
    }
}

#[test]
fn one_member_who_comes_and_goes_has_every_stay() {
    let p = Project::new();
    for members in ["1, 2", "2", "1, 2", "2", "1, 2"] {
        p.save(&save("Vip", Replace), &format!("SELECT unnest([{members}]) AS id")).unwrap();
    }
    let catalogue = p.catalogue();
    let stays =
        |key: &str| operations::stays(&p.store, &catalogue, "vip", &[key.to_string()]).unwrap();
    let at = |version: i64| Some((version as u64, instant(version - 1)));
    let stay = |entered, left| Stay { key: "1".into(), entered, left };
    assert_eq!(stays("1"), [stay(at(1), at(2)), stay(at(3), at(4)), stay(at(5), None)]);
    assert_eq!(stays("2"), [Stay { key: "2".into(), entered: at(1), left: None }]);
    assert_eq!(stays("3"), []);
}

#[test]
fn a_stay_from_before_the_kept_versions_has_no_beginning() {
    let p = Project::new();
    let kept = Save { retain: Some(2), ..save("t", Replace) };
    for members in ["1, 2", "1, 2", "1", "1, 3"] {
        p.save(&kept, &format!("SELECT unnest([{members}]) AS id")).unwrap();
    }
    let catalogue = p.catalogue();
    let stays =
        |key: &str| operations::stays(&p.store, &catalogue, "t", &[key.to_string()]).unwrap();
    let at = |version: i64| Some((version as u64, instant(version - 1)));
    assert_eq!(stays("1"), [Stay { key: "1".into(), entered: None, left: None }]);
    assert_eq!(stays("2"), [Stay { key: "2".into(), entered: None, left: at(3) }]);
    assert_eq!(stays("3"), [Stay { key: "3".into(), entered: at(4), left: None }]);
}

#[test]
fn a_key_of_several_columns_is_compared_as_a_whole_and_told_as_one_text() {
    let p = Project::new();
    let keyed = |update| save_of("t", update, "lines", &["shop", "no"]);
    let rows = |list: &str| format!("SELECT * FROM (VALUES {list}) AS t(shop, no, x)");
    p.save(&keyed(Replace), &rows("('a', 1, 'p'), ('a', 2, 'q'), ('b', 1, 'r')")).unwrap();
    let merged = p.save(&keyed(Merge), &rows("('a', 2, 'Q'), ('b', 2, 's')")).unwrap();
    assert_eq!(merged, counts(3, 4, 1, 0, 1));
    assert_eq!(p.members("t"), ["a 1 p", "a 2 Q", "b 1 r", "b 2 s"]);
    let replaced = p.save(&keyed(Replace), &rows("('a', 1, 'p'), ('b', 2, 's')")).unwrap();
    assert_eq!(replaced, counts(4, 2, 0, 2, 0));
    let catalogue = p.catalogue();
    let sql = operations::members(&p.store, &catalogue, "t", Some(1)).unwrap();
    assert_eq!(p.store.rows(&sql), ["a 1", "a 2", "b 1"]);
    let key = ["b".to_string(), "2".to_string()];
    let stays = operations::stays(&p.store, &catalogue, "t", &key).unwrap();
    let entered = Some((2, instant(1)));
    assert_eq!(stays, [Stay { key: r#"["b","2"]"#.into(), entered, left: None }]);
}

#[test]
fn a_key_column_that_grows_keeps_its_history() {
    let p = Project::new();
    p.save(&save("t", Replace), "SELECT unnest([1, 2])::INTEGER AS id").unwrap();
    let grown = "SELECT unnest([2, 3000000000])::BIGINT AS ID";
    assert_eq!(p.save(&save("t", Replace), grown).unwrap(), counts(2, 2, 1, 1, 0));
    let sql = operations::members(&p.store, &p.catalogue(), "t", Some(1)).unwrap();
    assert_eq!(p.store.rows(&sql), ["1", "2"]);
    assert_eq!(p.members("t"), ["2", "3000000000"]);
}

#[test]
fn the_view_works_for_any_client_and_under_any_name_of_the_file() {
    let p = Project::new();
    p.save(&save("t", Replace), "SELECT 1 AS id").unwrap();
    p.store.detach_project().unwrap();
    let path = sql::text(p.path().to_str().unwrap());
    p.store.execute(&format!("ATTACH {path} AS other (READ_ONLY)")).unwrap();
    assert_eq!(p.store.rows("SELECT audience, key FROM other.camp.membership"), ["t 1"]);
    p.store.execute("DETACH other").unwrap();
    // Opened as it is, `camp.duckdb` is the database `camp`.
    let client = duckdb::Connection::open(p.path()).unwrap();
    let read = "SELECT audience || key FROM camp.camp.membership";
    assert_eq!(client.query_row(read, [], |r| r.get::<_, String>(0)).unwrap(), "t1");
}

#[test]
fn a_restored_version_is_a_new_one_with_the_values_that_are_still_known() {
    let p = Project::new();
    let kept = Save { retain: Some(9), doc: Some("Best".into()), ..save("Vip", Replace) };
    p.save(&kept, "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(id, x)").unwrap();
    p.save(&kept, "SELECT * FROM (VALUES (2, 'B'), (3, 'c')) AS t(id, x)").unwrap();
    let restore = |version| {
        let result = operations::restore(&p.store, &p.catalogue(), &p.run_record(), "VIP", version);
        p.store.reattach();
        result
    };
    let (staged, _) = restore(1).unwrap();
    assert_eq!(staged.counts, counts(2, 2, 1, 1, 0));
    assert_eq!(p.members("Vip"), ["1 -", "2 B"]);
    let catalogue = p.catalogue();
    let entry = catalogue.find("vip").unwrap();
    assert_eq!((entry.audience.version, entry.retain), (3, Some(9)));
    assert_eq!((entry.audience.label.as_str(), entry.doc.as_deref()), ("Vip", Some("Best")));
    assert_eq!(restore(7).unwrap_err().code.0.name, "catalogue.unknown_version");
    // Another dimension in between.
    p.save(&save_of("Vip", Replace, "orders", &["no"]), "SELECT 9 AS no, 'z' AS x").unwrap();
    restore(2).unwrap();
    assert_eq!(p.members("Vip"), ["2", "3"]);
    assert_eq!(p.catalogue().find("vip").unwrap().audience.dimension, "customers");
}
