//! `camp repl` in a real terminal, through tmux: editing, completion, history, the keys.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::commands::Folder;

/// A terminal with a session in it.
struct Terminal {
    socket: String,
}

impl Terminal {
    fn tmux(&self, line: &[&str]) -> String {
        let ran = Command::new("tmux")
            .args(["-L", &self.socket, "-f", "/dev/null"])
            .args(line)
            .output()
            .unwrap();
        String::from_utf8_lossy(&ran.stdout).into_owned()
    }

    /// Starts a session in a terminal of its own; `name` tells several of a test apart.
    fn start(folder: &Path, name: &str) -> Terminal {
        let terminal = Terminal { socket: format!("camp-{}-{name}", std::process::id()) };
        let home = folder.display();
        let program = env!("CARGO_BIN_EXE_camp");
        let line = format!(
            "cd {home} && env XDG_STATE_HOME={home} NO_COLOR= TERM=screen {program} repl --as-of 2026-11-24; \
             echo left with $?; sleep 600"
        );
        terminal.tmux(&["new-session", "-d", "-x", "100", "-y", "50", &line]);
        terminal
    }

    fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    fn coloured(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-e"])
    }

    fn keys(&self, keys: &[&str]) {
        let mut line = vec!["send-keys"];
        line.extend(keys);
        self.tmux(&line);
    }

    fn types(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    /// Waits until the screen is as it should be.
    fn shows(&self, what: &str, is: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            if is(&screen) {
                return screen;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "no {what}:\n{screen}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

/// The last line that has something in it.
fn last(screen: &str) -> &str {
    screen.trim_end().lines().next_back().unwrap_or("")
}

#[test]
fn a_session_in_a_terminal_edits_completes_remembers_and_leaves() {
    if Command::new("tmux").arg("-V").output().is_err() {
        eprintln!("SKIPPED: tmux is not installed, so no terminal was tried");
        return;
    }
    let rows: String = (0..60_000).map(|n| format!("{n},1,name number {n}\n")).collect();
    let folder = Folder::new(&[
        ("people.csv", "id,country,email\n1,FR,a@x\n2,DE,b@x\n3,FR,\n"),
        ("many.csv", &format!("id,one,name\n{rows}")),
        ("camp.toml", "timezone = \"UTC\"\n"),
    ]);
    let terminal = Terminal::start(folder.path(), "first");
    terminal.shows("prompt", |s| last(s) == "camp>");

    // Words, files and columns are completed.
    terminal.types("dim");
    terminal.keys(&["Tab"]);
    terminal.shows("keyword", |s| last(s) == "camp> dimension");
    terminal.types(" people = \"peo");
    terminal.keys(&["Tab"]);
    terminal.shows("file", |s| last(s) == "camp> dimension people = \"people.csv\"");
    terminal.types(" key id");
    let coloured = terminal.coloured();
    assert!(coloured.contains("dimension\u{1b}[39m"), "words have a colour: {coloured}");
    terminal.keys(&["Enter"]);
    terminal.shows("rows", |s| s.contains("people: 3 rows") && last(s) == "camp>");

    // An entry of two lines: the first one is not finished.
    terminal.types("french = build audience from people where");
    terminal.keys(&["Enter"]);
    terminal.types("  count");
    terminal.keys(&["Tab"]);
    terminal.shows("column", |s| last(s).trim() == "count" || last(s).trim() == "country");
    terminal.types("ry = \"FR\"");
    terminal.keys(&["Enter"]);
    let screen = terminal.shows("population", |s| last(s) == "camp>" && s.contains("french:"));
    assert!(screen.contains("french: 2 rows of people"), "{screen}");

    // Ctrl-C drops what is typed.
    terminal.types("this is dropped");
    terminal.keys(&["C-c"]);
    terminal.shows("prompt", |s| last(s) == "camp>");

    // Ctrl-C stops a query, and the session goes on.
    terminal.types("dimension many = \"many.csv\" key id");
    terminal.keys(&["Enter"]);
    terminal.shows("rows", |s| s.contains("many: 60,000 rows") && last(s) == "camp>");
    terminal.types("link many.others, many.mine on many.one = many.one");
    terminal.keys(&["Enter"]);
    terminal.shows("prompt", |s| last(s) == "camp>");
    terminal.types("all = build audience from many select name");
    terminal.keys(&["Enter"]);
    terminal.shows("rows", |s| s.contains("all: 60,000 rows") && last(s) == "camp>");
    terminal.types(
        "x = build audience from all where any others where (edit_distance(name, all.name) > 1000)",
    );
    terminal.keys(&["Enter"]);
    terminal.shows("progress", |s| last(s).contains("computing"));
    std::thread::sleep(Duration::from_secs(1));
    terminal.keys(&["C-c"]);
    terminal.shows("interrupt", |s| {
        s.contains("interrupted: nothing has changed") && last(s) == "camp>"
    });
    terminal.types("count(french)");
    terminal.keys(&["Enter"]);
    terminal.shows("answer", |s| s.contains("\n2\ncamp>"));

    // Ctrl-D leaves; the next session remembers what was typed.
    terminal.keys(&["C-d"]);
    terminal.shows("end", |s| s.contains("left with 0"));
    let terminal = Terminal::start(folder.path(), "second");
    terminal.shows("prompt", |s| last(s) == "camp>");
    terminal.keys(&["Up"]);
    terminal.shows("history", |s| last(s) == "camp> count(french)");
}
