//! The same instant and data give the same audiences, however they are computed.

use camp::plan::passes::Passes;

use super::*;

#[test]
fn audiences_of_one_plan_are_those_of_plans_of_their_own() {
    for seed in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let (data, mut random) = stored(9_000 + seed, folder);
        let script = script(&data, &mut random, folder);
        let text = script.text();
        if run(folder, &text, trial::settings(folder, &data)).is_err() {
            continue;
        }
        let together = audiences(folder);
        for label in together.keys() {
            let folder = tempfile::tempdir().unwrap();
            let folder = folder.path();
            data.store(folder);
            let only = vec![label.clone()];
            run_well(folder, &text, Settings { only, ..trial::settings(folder, &data) });
            let alone = audiences(folder);
            assert_eq!(alone[label], together[label], "seed {seed}: {label} in\n{text}");
            assert_eq!(alone.len(), 1, "`--only` saves one audience");
        }
    }
}

/// With subsets of the passes that share work: audiences, counts of all transitions, and what
/// the history notes of a second day.
#[test]
fn the_passes_that_share_work_change_nothing() {
    for seed in 0..2 {
        let folder = tempfile::tempdir().unwrap();
        let (data, mut random) = stored(11_000 + seed, folder.path());
        let text = script(&data, &mut random, folder.path()).text();
        let next = data.later(&mut random);
        let mut first = None;
        // None, all, each alone, and some of the other subsets, others for each data.
        let all = (1 << Passes::names().len()) - 1;
        let alone = (0..Passes::names().len()).map(|n| 1 << n);
        let some = (0..10).map(|n: u64| ((seed * 10 + n + 1) * 37) & all);
        for bits in [0, all].into_iter().chain(alone).chain(some) {
            let left_out = Passes::names().into_iter().enumerate();
            let left_out: Vec<&str> =
                left_out.filter(|(n, _)| bits & (1 << n) != 0).map(|(_, name)| name).collect();
            let folder = tempfile::tempdir().unwrap();
            let folder = folder.path();
            let mut given = Vec::new();
            for data in [&data, &next] {
                data.store(folder);
                let passes = Passes::without(&left_out);
                let settings = Settings { passes, ..trial::settings(folder, data) };
                // A guard that does not hold is no matter here: then nothing is saved, every time.
                let report = run(folder, &text, settings).map_err(|found| trial::words(&found));
                let numbers = report.map(|mut report| {
                    for step in &mut report.steps {
                        // What differs from run to run, and from folder to folder.
                        (step.millis, step.file) = (0, String::new());
                    }
                    format!("{:#?}\n{:#?}", report.steps, report.saves)
                });
                given.push((numbers, audiences(folder)));
            }
            match &first {
                None => first = Some(given),
                Some(first) => {
                    assert_eq!(&given, first, "seed {seed}, without {left_out:?}\n{text}")
                }
            }
        }
    }
}

#[test]
fn threads_and_the_order_of_rows_change_nothing() {
    for seed in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let (mut data, mut random) = stored(10_000 + seed, folder.path());
        let text = script(&data, &mut random, folder.path()).text();
        let mut first: Option<Snapshot> = None;
        for threads in [1, 2] {
            let folder = tempfile::tempdir().unwrap();
            let folder = folder.path();
            data.store(folder);
            let settings = Settings { threads: Some(threads), ..trial::settings(folder, &data) };
            // A guard that does not hold is no matter here: then nothing is saved, both times.
            let _ = run(folder, &text, settings);
            let saved = audiences(folder);
            match &first {
                None => first = Some(saved),
                Some(first) => assert_eq!(&saved, first, "seed {seed}\n{text}"),
            }
            data.tables.iter_mut().for_each(|t| t.rows.reverse());
        }
    }
}

/// Field case 35: relative dates come from the instant and the campaign's zone alone.
#[test]
fn the_zone_of_the_process_changes_nothing() {
    let script = "campaign \"Zones\" timezone \"Europe/Paris\"\n\
        dimension p = \"p.csv\" key id\n\
        t = build audience from p where day = today or at in last 1 day or local >= today\n\
        select year(at) as y, hour(at) as h, hour(local) as l, days_between(day, now) as n\n\
        save audience t as \"t\"\n\
        export t to \"{{today}}.csv\"\n"
        .replace("\nselect", "\n  select");
    let mut first: Option<(Snapshot, String)> = None;
    for zone in ["UTC", "Pacific/Kiritimati", "America/Adak"] {
        let project = crate::support::project::Project::new();
        project.write("z.camp", &script);
        project.write(
            "p.csv",
            "id,day,at,local\n\
             1,2025-06-30,2025-06-29T22:30:00Z,2025-06-29T23:30:00\n\
             2,2025-07-01,2025-06-30T09:59:00Z,2025-06-30T00:00:00\n\
             3,2025-06-29,2025-06-28T21:30:00Z,2025-06-29T13:00:00\n",
        );
        let output = crate::support::drive::program(project.path("").as_path())
            .args(["run", "z.camp", "--as-of", "2025-06-30T10:00:00Z"])
            .env("TZ", zone)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let saved = audiences(project.path("").as_path());
        let exported = std::fs::read_to_string(project.path("2025-06-30.csv")).unwrap();
        assert_eq!(keys(&saved, "t", 1).len(), 2, "{saved:?}");
        match &first {
            None => first = Some((saved, exported)),
            Some(first) => assert_eq!(&(saved, exported), first, "{zone}"),
        }
    }
}
