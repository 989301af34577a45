//! A real browser without a window.

use std::path::Path;
use std::process::{Command, Stdio};

/// Which colours the reader asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Light,
    Dark,
}

/// A browser of this machine.
pub struct Browser(String);

impl Browser {
    /// The one that `CAMP_BROWSER` names, else a Chromium of the machine. Without one the test that
    /// asks says so and checks nothing.
    pub fn find(test: &str) -> Option<Browser> {
        let named = std::env::var("CAMP_BROWSER").ok().filter(|name| !name.is_empty());
        let names = ["chromium", "chromium-browser", "google-chrome", "chrome"];
        let names = named.iter().map(String::as_str).chain(names);
        let runs = |name: &&str| {
            let mut run = Command::new(name);
            run.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
            run.status().is_ok_and(|status| status.success())
        };
        let found = names.into_iter().find(runs).map(|name| Browser(name.to_owned()));
        if found.is_none() {
            eprintln!(
                "SKIPPED: {test} needs a browser, and there is none: install chromium, or name one \
                 in CAMP_BROWSER"
            );
        }
        found
    }

    fn command(&self, scheme: Scheme, profile: &Path) -> Command {
        let mut command = Command::new(&self.0);
        command
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
            .args(["--allow-file-access-from-files", "--no-first-run"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .stderr(Stdio::null());
        if scheme == Scheme::Dark {
            command.arg("--blink-settings=preferredColorScheme=0");
        }
        command
    }

    /// The text of the element `found` of a page, when all its scripts have run.
    pub fn found(&self, page: &Path, scheme: Scheme) -> String {
        let profile = tempfile::tempdir().unwrap();
        let output = self
            .command(scheme, profile.path())
            .args(["--virtual-time-budget=20000", "--dump-dom"])
            .arg(format!("file://{}", page.display()))
            .output()
            .unwrap();
        let dom = String::from_utf8_lossy(&output.stdout).into_owned();
        let start = dom.find("<pre id=\"found\">").unwrap_or_else(|| panic!("no result: {dom}"));
        let text = &dom[start + "<pre id=\"found\">".len()..];
        let text = text.split("</pre>").next().unwrap_or_default();
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    }

    /// A picture of a page.
    pub fn screenshot(&self, page: &str, to: &Path, size: (u32, u32), scheme: Scheme) {
        let profile = tempfile::tempdir().unwrap();
        let status = self
            .command(scheme, profile.path())
            .arg(format!("--screenshot={}", to.display()))
            .arg(format!("--window-size={},{}", size.0, size.1))
            .arg(page)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
    }
}
