//! What tests of foreign sources need: the engine's extensions, a Postgres server of their own, SQLite.
//!
//! `scripts/extensions.sh` (part of `make test`) fetches the extensions. Where they, a server or
//! Python are missing, the tests say that they were left out. Nothing here waits for ever.

use std::fs::File;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::drive;
use super::project::{Project, Ran};

/// How long a program of a test may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Of the server's user `camp`.
pub const PASSWORD: &str = "s3cr3t'w0rd";

/// The folder with extensions of the engine, where all of these are there; else says so.
pub fn extensions(names: &[&str]) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".extensions");
    let missing = names.iter().find(|n| !folder.join(format!("{n}.duckdb_extension")).exists());
    if let Some(name) = missing {
        eprintln!("left out: no extension `{name}`; scripts/extensions.sh fetches it");
        return None;
    }
    Some(folder)
}

/// Runs a program to its end, or ends it when that takes too long.
pub fn finish(command: &mut Command) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let (out, err) = (folder.path().join("out"), folder.path().join("err"));
    // Files and not pipes: what a server inherits never ends.
    command.stdin(Stdio::null());
    command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
    let mut child = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            let said = std::fs::read_to_string(&err).unwrap_or_default();
            panic!("{command:?} did not end: {said}");
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    Output { status, stdout: std::fs::read(out).unwrap(), stderr: std::fs::read(err).unwrap() }
}

/// The program with the extensions, and more of the environment.
pub fn camp(project: &Project, args: &[&str], environment: &[(&str, &str)]) -> Ran {
    let mut command = drive::program(&project.path(""));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(".extensions");
    command.args(args).env("CAMP_EXTENSION_DIRECTORY", folder).envs(environment.iter().copied());
    Ran::of(finish(&mut command))
}

/// The same, which must go well.
pub fn camp_well(project: &Project, args: &[&str]) -> Ran {
    let ran = camp(project, args, &[]);
    assert_eq!(ran.exit, Some(0), "{args:?}: {}", ran.stderr);
    ran
}

/// Lets Python's own SQLite work on a file; what it gives, rows by lines and values by `|`.
/// Nothing, after saying so, where there is no Python.
pub fn sqlite(file: &Path, sql: &str) -> Option<String> {
    const PROGRAM: &str = "import sqlite3, sys\nd = sqlite3.connect(sys.argv[1])\n\
        if sys.argv[2].startswith('SELECT'):\n  for r in d.execute(sys.argv[2]): print('|'.join(map(str, r)))\n\
        else:\n  d.executescript(sys.argv[2])\n  d.commit()\n";
    let mut python = Command::new("python3");
    if !python.arg("--version").output().is_ok_and(|o| o.status.success()) {
        eprintln!("left out: there is no python3 to make a SQLite file");
        return None;
    }
    let output = finish(Command::new("python3").args(["-c", PROGRAM]).arg(file).arg(sql));
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

/// A Postgres server on a port of its own, until the test is over.
pub struct Server {
    folder: tempfile::TempDir,
    tools: PathBuf,
    pub port: u16,
    /// Whom it runs as: not root, which it refuses.
    user: Option<(u32, u32)>,
    child: Option<Child>,
}

fn id(words: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(words).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

fn tools() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = debian.map(|e| e.path().join("bin")).collect();
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    folders.into_iter().find(|f| ["initdb", "postgres", "psql"].iter().all(|t| f.join(t).exists()))
}

impl Server {
    /// Nothing, after saying so, where there is none to start.
    pub fn start() -> Option<Server> {
        let Some(tools) = tools() else {
            eprintln!("left out: no Postgres is installed");
            return None;
        };
        let user = match id(&["-u"]) {
            Some(0) => match (id(&["-u", "postgres"]), id(&["-g", "postgres"])) {
                (Some(user), Some(group)) => Some((user, group)),
                _ => {
                    eprintln!("left out: Postgres does not run as root, and nobody is `postgres`");
                    return None;
                }
            },
            _ => None,
        };
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server =
            Server { folder: tempfile::tempdir().unwrap(), tools, port, user, child: None };
        let secret = server.folder.path().join("password");
        std::fs::write(&secret, PASSWORD).unwrap();
        if let Some((user, group)) = user {
            chown(server.folder.path(), Some(user), Some(group)).unwrap();
            chown(&secret, Some(user), Some(group)).unwrap();
        }
        let made = finish(
            server
                .tool("initdb")
                .args(["-U", "camp", "--auth=scram-sha-256", "--no-sync", "-E", "UTF8", "--pwfile"])
                .arg(&secret)
                .arg("-D")
                .arg(server.data()),
        );
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let log = File::create(server.log_file()).unwrap();
        let child = server
            .tool("postgres")
            .arg("-D")
            .arg(server.data())
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories=", "-c", "log_statement=all", "-c", "fsync=off"])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        server.child = Some(child);
        let begun = Instant::now();
        while !finish(&mut server.client("SELECT 1")).status.success() {
            assert!(begun.elapsed() < PATIENCE, "it did not start: {}", server.log());
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(server)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(self.tools.join(name));
        command.current_dir("/").env("LC_ALL", "C.UTF-8");
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }

    fn client(&self, sql: &str) -> Command {
        let mut command = self.tool("psql");
        command
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                "127.0.0.1",
                "-U",
                "camp",
            ])
            .args(["-p", &self.port.to_string(), "-d", "postgres", "-c", sql])
            .env("PGPASSWORD", PASSWORD)
            .env("PGCONNECT_TIMEOUT", "10");
        command
    }

    /// Runs statements with Postgres' own client; rows by lines and values by `|`.
    pub fn sql(&self, sql: &str) -> String {
        let output = finish(&mut self.client(sql));
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Its address, password included.
    pub fn uri(&self) -> String {
        let password = PASSWORD.replace('\'', "%27");
        format!("postgres://camp:{password}@127.0.0.1:{}/postgres", self.port)
    }

    /// What it was told to do, so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        // Ends it and its children at once; a kill would leave those.
        let _ = Command::new("kill").args(["-QUIT", &child.id().to_string()]).status();
        let _ = child.wait();
    }
}
