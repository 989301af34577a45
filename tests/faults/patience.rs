//! Waiting for a run to end, and what one is doing that does not.

use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::support::project::Ran;

/// Longer than any run takes, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// More than a look takes. Where a look took longer, the machine or this test was held up.
const LOOK: Duration = Duration::from_millis(100);

/// Runs it to its end.
pub fn run(command: &mut Command, context: &str) -> Ran {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    ended(command.spawn().unwrap(), context)
}

/// A run that does not end is a fault of its own. Time in which it is stopped does not count.
pub fn ended(mut child: Child, context: &str) -> Ran {
    let stdout = drained(child.stdout.take());
    let stderr = drained(child.stderr.take());
    let mut waited = Duration::ZERO;
    let mut looked = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(3));
        let passed = looked.elapsed();
        looked = Instant::now();
        if state(child.id()) != Some('T') {
            waited += passed.min(LOOK);
        }
        if waited > PATIENCE {
            let doing = doing(child.id());
            let _ = child.kill();
            let said = String::from_utf8_lossy(&stderr.join().unwrap()).into_owned();
            panic!("it does not end: {context}\n{doing}\nit said:\n{said}");
        }
    };
    Ran::of(Output { status, stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() })
}

/// Read as it comes: a full pipe would hold the run up.
fn drained(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

/// The letter of `/proc/PID/stat`, where there is one: `T` while it is stopped.
fn state(process: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// What each of its threads waits for, as far as the system and a debugger tell.
fn doing(process: u32) -> String {
    let mut told = String::new();
    let tasks = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    for task in tasks.map(|t| t.path()) {
        let of = |name: &str| fs::read_to_string(task.join(name)).unwrap_or_default();
        let _ = writeln!(
            told,
            "{}: {} | {} | {}\n{}\n{}",
            task.display(),
            of("comm").trim(),
            of("wchan"),
            of("syscall").trim(),
            of("stat").trim(),
            of("stack").trim()
        );
    }
    let mut debugger = Command::new("gdb");
    debugger.args(["-p", &process.to_string(), "-batch", "-ex", "thread apply all bt 40"]);
    if let Ok(output) = debugger.stdin(Stdio::null()).output() {
        told.push_str(&String::from_utf8_lossy(&output.stdout));
    }
    told
}
