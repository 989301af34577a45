//! Processes of cases: started in a folder, watched by the clock.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::plugin::kit;

/// How long a process may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A process that ended by itself.
pub(super) struct Ran {
    /// How.
    pub(super) status: ExitStatus,
    /// What it wrote.
    pub(super) stdout: String,
    /// What it said.
    pub(super) stderr: String,
}

impl Ran {
    /// How it ended, when it did not end with an exit code.
    pub(super) fn crashed(&self) -> Option<String> {
        match self.status.code() {
            Some(_) => None,
            None => Some(format!("the process ended with {}\n{}", self.status, self.stderr)),
        }
    }
}

/// Runs this program in the folder `work` of `folder`; what it writes stands beside it.
pub(super) fn camp(folder: &Path, args: &[&str]) -> Result<Ran, String> {
    let text = |e: std::io::Error| e.to_string();
    let program = std::env::current_exe().map_err(text)?;
    let (out, err) = (folder.join("stdout"), folder.join("stderr"));
    let mut child = Command::new(program)
        .current_dir(folder.join("work"))
        .args(args)
        .env("NO_COLOR", "1")
        .env("TZ", "UTC")
        .env(kit::SECRET, "the secret of the kit")
        .env_remove("CAMP_DB")
        .stdin(Stdio::null())
        .stdout(File::create(&out).map_err(text)?)
        .stderr(File::create(&err).map_err(text)?)
        .spawn()
        .map_err(text)?;
    let begun = Instant::now();
    let status = loop {
        match child.try_wait().map_err(text)? {
            Some(status) => break status,
            None if begun.elapsed() > LIMIT => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("it does not end within {} s", LIMIT.as_secs()));
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let read = |path: PathBuf| {
        std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(text)
    };
    Ok(Ran { status, stdout: read(out)?, stderr: read(err)? })
}
