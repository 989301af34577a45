//! Asks a library what it is in a process of its own, so that a crash is a message. It is no
//! sandbox: the library's initializers run with the user's rights, so its path and hash are shown
//! before.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::plugin as codes;

use super::loader;
use super::manifest::Manifest;

/// The hidden command of the program that a probe runs.
pub const COMMAND: &str = "__probe";
/// How long a library may take to describe itself.
const LIMIT: Duration = Duration::from_secs(5);
/// What stands before the manifest; anything else on the standard output is the library's.
const MARK: &str = "camp-manifest ";

/// What a probe found.
#[derive(Debug)]
pub struct Probed {
    /// The manifest.
    pub manifest: Manifest,
    /// Its text.
    pub text: String,
}

/// Asks a library in a child process; messages speak of `shown`, which it was copied from.
///
/// # Errors
/// When it crashes, hangs, writes to the standard output, or is no plugin.
pub fn probe(library: &Path, shown: &Path) -> Result<Probed, Diagnostic> {
    let shown = shown.display();
    let fault = |title: String, cause: String| {
        Diagnostic::error(codes::NOT_LOADED, title)
            .help("report it to the plugin's author")
            .cause(cause)
    };
    let failed = |e: std::io::Error| fault(format!("`{shown}` cannot be looked at"), e.to_string());
    let library = library.canonicalize().map_err(failed)?;
    let program = std::env::current_exe().map_err(failed)?;
    let mut command = Command::new(program);
    command
        .arg(COMMAND)
        .arg(&library)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        command.process_group(0);
    }
    let mut child = command.spawn().map_err(failed)?;
    let mut out = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(out) = out.as_mut() {
            // A manifest of more is none.
            let _ = out.take(8 << 20).read_to_end(&mut text);
        }
        text
    });
    let begun = Instant::now();
    let status = loop {
        match child.try_wait().map_err(failed)? {
            Some(status) => break status,
            None if begun.elapsed() > LIMIT => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(fault(
                    format!("`{shown}` does not answer"),
                    format!("it took longer than {} s to describe itself", LIMIT.as_secs()),
                ));
            }
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    let text = String::from_utf8_lossy(&reader.join().unwrap_or_default()).into_owned();
    if !status.success() || !text.contains(MARK) {
        let mut said = String::new();
        if let Some(mut stderr) = child.stderr.take() {
            let _ = stderr.read_to_string(&mut said);
        }
        let said = said.trim();
        let cause =
            if said.is_empty() { format!("it ended with {status}") } else { said.to_owned() };
        return Err(fault(format!("`{shown}` is not a plugin that works here"), cause));
    }
    let Some(manifest) = text.strip_prefix(MARK) else {
        return Err(fault(
            format!("`{shown}` writes to the standard output"),
            "that is where Camp's results go".into(),
        ));
    };
    let manifest = manifest.trim_end_matches('\n');
    match Manifest::parse(manifest.as_bytes()) {
        Ok(parsed) => Ok(Probed { manifest: parsed, text: manifest.to_owned() }),
        Err(cause) => Err(fault(format!("the description of `{shown}` is not valid"), cause)),
    }
}

/// What a library is called before it has said so.
fn name_of(library: &Path) -> String {
    library.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

/// What the hidden command does: loads the library and prints its manifest. The words of a failure
/// go to the standard error.
///
/// # Errors
/// Why it cannot be loaded, in one line.
pub fn answer(library: &Path) -> Result<(), String> {
    match loader::load(library) {
        Ok(plugin) => {
            println!("{MARK}{}", plugin.manifest_text);
            Ok(())
        }
        Err(error) => {
            let d = error.into_diagnostic(&name_of(library), library, None);
            Err(match d.cause {
                Some(cause) => format!("{}: {cause}", d.title),
                None => d.title,
            })
        }
    }
}
