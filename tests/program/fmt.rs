//! `camp fmt` as a shell sees it.

use super::commands::Folder;

const LOOSE: (&str, &str) = ("loose.camp", "a=build audience from p\n");
const NEAT: (&str, &str) = ("neat.camp", "b = build audience from p\n");
const BROKEN: (&str, &str) = ("broken.camp", "c=build audience from p\nd = build from\n");

#[test]
fn the_examples_are_in_the_style() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let ran = Folder::new(&[]).camp(&["fmt", "--check", examples]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (0, ""), "{ran:#?}");
}

#[test]
fn a_file_is_rewritten_only_when_that_changes_it() {
    let folder = Folder::new(&[LOOSE, NEAT]);
    let neat = folder.path().join("neat.camp");
    let before = std::fs::metadata(&neat).unwrap().modified().unwrap();
    let ran = folder.camp(&["fmt", "loose.camp", "neat.camp"]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (0, "loose.camp\n"), "{ran:#?}");
    assert_eq!(ran.stderr, "1 of 2 files changed\n");
    let text = std::fs::read_to_string(folder.path().join("loose.camp")).unwrap();
    assert_eq!(text, "a = build audience from p\n");
    assert_eq!(std::fs::metadata(&neat).unwrap().modified().unwrap(), before);
}

#[test]
fn a_folder_stands_for_the_scripts_below_it_but_for_hidden_ones() {
    let folder = Folder::new(&[LOOSE, ("other.txt", "a=b\n")]);
    for below in ["teams/mail", ".git"] {
        std::fs::create_dir_all(folder.path().join(below)).unwrap();
        std::fs::write(folder.path().join(below).join("x.camp"), LOOSE.1).unwrap();
    }
    let ran = folder.camp(&["fmt", "."]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (0, "./loose.camp\n./teams/mail/x.camp\n"));
    let hidden = std::fs::read_to_string(folder.path().join(".git/x.camp")).unwrap();
    assert_eq!(hidden, LOOSE.1);
    let none = folder.camp(&["fmt", "teams/mail/x.camp", ".git"]);
    assert_eq!(none.exit, 0, "{none:#?}");
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let empty = folder.camp(&["fmt", "empty"]);
    assert_eq!(empty.exit, 2, "{empty:#?}");
    assert!(empty.stderr.contains("There is no script in the folder"), "{empty:#?}");
}

#[test]
fn a_check_changes_nothing_and_shows_what_would_change() {
    let folder = Folder::new(&[LOOSE, NEAT]);
    let ran = folder.camp(&["fmt", "--check", "."]);
    assert_eq!(ran.exit, 1, "{ran:#?}");
    assert_eq!(
        ran.stdout,
        "--- ./loose.camp\n+++ formatted\n@@ -1 +1 @@\n-a=build audience from p\n+a = build audience from p\n"
    );
    assert_eq!(ran.stderr, "1 of 2 files would change\n");
    let text = std::fs::read_to_string(folder.path().join("loose.camp")).unwrap();
    assert_eq!(text, LOOSE.1);
    let json = folder.camp(&["fmt", "--check", "--format", "json", "neat.camp", "loose.camp"]);
    assert_eq!(json.exit, 1);
    assert_eq!(json.json()["files"][0]["changed"], false);
    assert_eq!(json.json()["files"][1]["file"], "loose.camp");
    assert_eq!(folder.camp(&["fmt", "--check", "neat.camp"]).exit, 0);
}

#[test]
fn the_standard_input_is_printed_in_the_style() {
    let folder = Folder::new(&[]);
    let ran = folder.camp_with(&["fmt", "-"], LOOSE.1);
    assert_eq!(
        (ran.exit, ran.stdout.as_str(), ran.stderr.as_str()),
        (0, "a = build audience from p\n", "")
    );
    let check = folder.camp_with(&["fmt", "-", "--check"], LOOSE.1);
    assert_eq!(check.exit, 1, "{check:#?}");
    assert!(check.stdout.starts_with("--- <stdin>\n"), "{check:#?}");
}

#[test]
fn a_statement_with_an_error_is_named_and_the_rest_is_formatted() {
    let folder = Folder::new(&[BROKEN]);
    let ran = folder.camp(&["fmt", "broken.camp"]);
    assert_eq!(ran.exit, 1, "{ran:#?}");
    assert!(
        ran.stderr.contains("broken.camp:2: this statement has an error and stays as it is"),
        "{ran:#?}"
    );
    let text = std::fs::read_to_string(folder.path().join("broken.camp")).unwrap();
    assert_eq!(text, "c = build audience from p\nd = build from\n");
    let gone = folder.camp(&["fmt", "no.camp"]);
    assert_eq!(gone.exit, 2, "{gone:#?}");
}

#[test]
fn a_script_of_windows_keeps_its_line_ends() {
    let old = "c=build audience from p\r\n# kept\r\nd = build from\r\n";
    let folder = Folder::new(&[("w.camp", old)]);
    let ran = folder.camp(&["fmt", "w.camp"]);
    assert_eq!(ran.exit, 1, "{ran:#?}");
    let text = std::fs::read_to_string(folder.path().join("w.camp")).unwrap();
    assert_eq!(text, "c = build audience from p\r\n# kept\r\nd = build from\r\n");
    let folder =
        Folder::new(&[("w.camp", "c=build audience from p\r\n\r\nd=build audience from p\r\n")]);
    let ran = folder.camp(&["fmt", "w.camp"]);
    assert_eq!(ran.exit, 0, "{ran:#?}");
    let neat = std::fs::read_to_string(folder.path().join("w.camp")).unwrap();
    assert_eq!(neat, "c = build audience from p\r\n\r\nd = build audience from p\r\n");
    assert_eq!(folder.camp(&["fmt", "--check", "w.camp"]).exit, 0, "once is enough");
}
