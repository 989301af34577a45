//! What is drawn, in a real browser: nothing overlaps, every text is inside its box and readable, in
//! light and in dark.
//!
//! `CAMP_PICTURES=FOLDER` keeps the pictures and screenshots of them there, to be looked at.

mod browser;

use std::fs;
use std::path::{Path, PathBuf};

use crate::program::examples::examples;
use crate::samples;
use crate::support::drive;
use crate::support::project::Ran;
use browser::{Browser, Scheme};

const SCHEMES: [Scheme; 2] = [Scheme::Light, Scheme::Dark];

/// A name and a picture of it.
type Drawn = (String, String);

fn camp(folder: &Path, line: &[&str]) -> String {
    let ran = Ran::of(drive::program(folder).args(line).output().unwrap());
    assert_eq!(ran.exit, Some(0), "{line:?}\n{}{}", ran.stdout, ran.stderr);
    ran.stdout
}

/// The campaigns of a folder as pictures, and as pages.
fn drawn(folder: &Path, files: &[String], as_of: &str) -> (Vec<Drawn>, Vec<Drawn>) {
    let draw = |format: &str| -> Vec<Drawn> {
        let draw = |file: &String| {
            let line = ["graph", file, "--format", format, "--as-of", as_of, "--timezone", "UTC"];
            (file.clone(), camp(folder, &line))
        };
        files.iter().map(draw).collect()
    };
    (draw("svg"), draw("html"))
}

/// Has the browser look at pictures and fails with all that is wrong with them.
fn look(browser: &Browser, pictures: &[Drawn]) {
    for scheme in SCHEMES {
        let problems = problems(browser, pictures, scheme);
        assert!(problems.is_empty(), "{scheme:?}:\n{}", problems.join("\n"));
    }
    keep(browser, pictures, "svg");
}

/// All that is wrong with pictures.
fn problems(browser: &Browser, pictures: &[Drawn], scheme: Scheme) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let mut page = format!(
        "<!DOCTYPE html><meta charset=utf-8><body><pre id=found></pre><script>{}</script>",
        include_str!("pictures/probe.js")
    );
    for (n, (_, svg)) in pictures.iter().enumerate() {
        page.push_str(&format!("<div id=p{n}>{svg}</div>\n"));
    }
    let names: Vec<&str> = pictures.iter().map(|(name, _)| name.as_str()).collect();
    page.push_str(&format!(
        "<script>let all = 0; {}.forEach((name, n) => {{ \
         const svg = document.querySelector('#p' + n + ' > svg'); const seen = look(name, svg); \
         if (!seen && !svg.textContent.includes('nothing is built')) said(name, 'is empty'); all += seen; }}); \
         document.getElementById('found').textContent = JSON.stringify({{all, problems}});</script>",
        serde_json::to_string(&names).unwrap()
    ));
    let file = dir.path().join("probe.html");
    fs::write(&file, page).unwrap();
    let found = browser.found(&file, scheme);
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    assert!(found["all"].as_u64() > Some(0), "{found}");
    let problems = found["problems"].as_array().unwrap().iter().filter_map(|p| p.as_str());
    problems.map(str::to_owned).collect()
}

/// Where `CAMP_PICTURES` says so, the pictures and what the browser makes of them.
fn keep(browser: &Browser, pictures: &[Drawn], ending: &str) {
    let Some(folder) = std::env::var_os("CAMP_PICTURES").map(PathBuf::from) else { return };
    fs::create_dir_all(&folder).unwrap();
    for (name, text) in pictures {
        let file = folder.join(Path::new(name).with_extension(ending).file_name().unwrap());
        fs::write(&file, text).unwrap();
        let side = |key: &str| {
            let at = text.find("<svg xmlns").or(text.find("<svg class=\"chart\"")).unwrap();
            let rest = text[at..].split(&format!(" {key}=\"")).nth(1).unwrap();
            rest.split(['"', '.']).next().unwrap().parse::<u32>().unwrap()
        };
        let size = if ending == "svg" { (side("width"), side("height")) } else { (1500, 950) };
        for scheme in SCHEMES {
            let to = file.with_extension(format!("{ending}.{scheme:?}.png"));
            browser.screenshot(&format!("file://{}", file.display()), &to, size, scheme);
        }
    }
}

/// Has the browser open pages, choose each box, and fails with all that is wrong with them.
fn open(browser: &Browser, pages: &[Drawn]) {
    let dir = tempfile::tempdir().unwrap();
    let mut probe = format!(
        "<!DOCTYPE html><meta charset=utf-8><body><pre id=found></pre><script>{}</script>\n",
        include_str!("pictures/probe.js")
    );
    for (n, (name, html)) in pages.iter().enumerate() {
        fs::write(dir.path().join(format!("{n}.html")), html).unwrap();
        probe.push_str(&format!(
            "<iframe width=1500 height=950 src=\"{n}.html\" title=\"{name}\"></iframe>\n"
        ));
    }
    probe.push_str(&format!("<script>{}</script>", include_str!("pictures/pages.js")));
    let file = dir.path().join("probe.html");
    fs::write(&file, probe).unwrap();
    for scheme in SCHEMES {
        let found = browser.found(&file, scheme);
        let found: serde_json::Value = serde_json::from_str(&found).unwrap();
        let problems: Vec<&str> =
            found["problems"].as_array().unwrap().iter().filter_map(|p| p.as_str()).collect();
        assert!(problems.is_empty(), "{scheme:?}:\n{}", problems.join("\n"));
        assert!(found["chosen"].as_u64() > Some(pages.len() as u64), "{found}");
    }
    keep(browser, pages, "html");
}

#[test]
fn the_examples_can_be_read_as_pictures_and_as_pages() {
    let Some(browser) = Browser::find("pictures of the examples") else { return };
    let dir = examples();
    let mut files: Vec<String> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".camp") && name != "model.camp")
        .collect();
    files.sort();
    let day = "2026-11-24T00:00:00Z";
    // All but the one that sends.
    for file in files.iter().filter(|f| !f.contains("mail")) {
        camp(dir.path(), &["run", file, "--as-of", day]);
    }
    let (mut pictures, pages) = drawn(dir.path(), &files, day);
    let together: Vec<&str> = files.iter().map(String::as_str).collect();
    let line = [&["graph"], together.as_slice(), &["--as-of", day, "--timezone", "UTC"]].concat();
    pictures.push(("together.camp".into(), camp(dir.path(), &line)));
    look(&browser, &pictures);
    open(&browser, &pages);
}

#[test]
fn the_samples_can_be_read_as_pictures() {
    let Some(browser) = Browser::find("pictures of the samples") else { return };
    let project = samples::project();
    let mut files = Vec::new();
    for sample in samples::samples() {
        let name = sample.file_name().unwrap().to_string_lossy().into_owned();
        fs::copy(&sample, project.path(&name)).unwrap();
        files.push(name);
    }
    let (pictures, pages) = drawn(&project.path("."), &files, samples::AS_OF);
    look(&browser, &pictures);
    open(&browser, &pages);
}

/// A campaign that no page has room for: a fan of sixty, a chain of twenty, thirty that have nothing
/// to do with each other, and labels of every kind.
fn big() -> String {
    let mut text = String::from(
        "campaign \"Big\" timezone \"UTC\"\n\
         dimension people = \"people.csv\" key id columns (id: int, country: text, email: text)\n\
         everybody = build audience from people where id > 0\n",
    );
    for n in 0..60 {
        text.push_str(&format!(
            "segment_{n} = build audience from everybody where id > {n}\n\
             save audience segment_{n} as \"Segment {n}\"\n"
        ));
    }
    let parts: Vec<String> = (0..20).map(|n| format!("segment_{n}")).collect();
    text.push_str(&format!("together = combine {}\n", parts.join(" union ")));
    let mut last = "together".to_owned();
    for n in 0..20 {
        text.push_str(&format!(
            "step_{n}, rest_{n} = build audience from {last} where id != {n} and not in segment_{}\n",
            n + 20
        ));
        last = format!("step_{n}");
    }
    for n in 0..30 {
        text.push_str(&format!(
            "alone_{n}_with_a_name_that_is_longer_than_any_box = build audience from people where id = {n}\n\
             save audience alone_{n}_with_a_name_that_is_longer_than_any_box\n  \
             as \"Alone {n}, with a label that is much longer than what fits into one line of a box\"\n"
        ));
    }
    text
}

#[test]
fn a_big_campaign_can_be_read() {
    let Some(browser) = Browser::find("picture of a big campaign") else { return };
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("people.csv"), "id,country,email\n1,FR,a@x\n2,DE,b@x\n").unwrap();
    fs::write(dir.path().join("big.camp"), big()).unwrap();
    let (pictures, _) = drawn(dir.path(), &["big.camp".into()], "2026-11-24T00:00:00Z");
    look(&browser, &pictures);
}

#[test]
fn overlaps_and_histories_can_be_read() {
    let Some(browser) = Browser::find("pictures of audiences") else { return };
    let dir = tempfile::tempdir().unwrap();
    let people: Vec<String> = (1..3000).map(|n| format!("{n}\n")).collect();
    fs::write(dir.path().join("people.csv"), format!("id\n{}", people.concat())).unwrap();
    let labels = [
        "Thirds",
        "Fifths",
        "A label that is much longer than what fits into one line of it",
        "Élèves",
        "日本のお客様",
        "Nobody",
    ];
    let rules =
        ["mod(id, 3) = 0", "mod(id, 5) = 0", "id < 700", "mod(id, 7) = 1", "id > 2_500", "id < 0"];
    for run in 0..12 {
        let mut text = String::from(
            "campaign \"Many\" timezone \"UTC\"\ndimension people = \"people.csv\" key id columns (id: int)\n",
        );
        for (n, (label, rule)) in labels.iter().zip(rules).enumerate() {
            text.push_str(&format!(
                "p{n} = build audience from people where {rule} and mod(id, 13) > {}\nsave audience p{n} as \"{label}\"\n",
                (run * 5) % 9
            ));
        }
        fs::write(dir.path().join("many.camp"), text).unwrap();
        camp(
            dir.path(),
            &["run", "many.camp", "--as-of", &format!("2026-11-{:02}T08:00:00Z", run + 1)],
        );
    }
    let svg = |line: &[&str]| camp(dir.path(), &[line, &["--format", "svg"]].concat());
    let overlap = [&["audiences", "overlap"], labels.as_slice()].concat();
    let pictures = [
        ("overlap".to_owned(), svg(&overlap)),
        ("overlap_of_two".to_owned(), svg(&["audiences", "overlap", "Thirds", "Nobody"])),
        ("history".to_owned(), svg(&["audiences", "history", "Thirds"])),
        ("history_of_nobody".to_owned(), svg(&["audiences", "history", "Nobody"])),
        ("history_long".to_owned(), svg(&["audiences", "history", labels[2]])),
    ];
    look(&browser, &pictures);
}

/// What the browser is asked is able to find something.
#[test]
fn a_bad_picture_is_found_out() {
    let Some(browser) = Browser::find("bad pictures") else { return };
    let node = |x: u32, text: &str, fill: &str| {
        format!(
            "<g class=\"node\"><rect x=\"{x}\" y=\"20\" width=\"60\" height=\"30\" fill=\"#fff\"/>\
             <text x=\"{x}\" y=\"40\" fill=\"{fill}\">{text}</text></g>"
        )
    };
    let bad = |inside: String| {
        let open = "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" width=\"300\" height=\"100\">\
             <rect class=\"paper\" width=\"300\" height=\"100\" fill=\"#fff\"/>";
        format!("{open}{inside}</svg>")
    };
    let pictures: Vec<Drawn> = [
        ("fine", bad(node(10, "a", "#000"))),
        ("long", bad(node(10, "much longer than its box", "#000"))),
        ("pale", bad(node(10, "a", "#ddd"))),
        ("over", bad(node(10, "a", "#000") + &node(40, "b", "#000"))),
        ("out", bad(node(280, "a", "#000"))),
        ("arrow", bad(node(100, "a", "#000") + "<path class=\"arrow\" d=\"M10 35L250 35\"/>")),
        ("empty", bad(String::new())),
    ]
    .map(|(name, svg)| (name.to_owned(), svg))
    .into();
    let found = problems(&browser, &pictures, Scheme::Light);
    let names: Vec<&str> = found.iter().filter_map(|p| p.split(':').next()).collect();
    assert_eq!(names, ["long", "pale", "over", "out", "arrow", "empty"], "{found:#?}");
}
