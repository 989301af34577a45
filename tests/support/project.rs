//! A project folder for tests that no case file can express: several processes, kills, locks.

use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};

use super::database;
use super::drive::{self, AS_OF};

/// A folder with a database, scripts and data; gone with the test.
pub struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    /// An empty project whose scripts are in UTC.
    pub fn new() -> Self {
        let project = Project { folder: tempfile::tempdir().unwrap() };
        project.write("camp.toml", "timezone = \"UTC\"\n");
        project
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn database(&self) -> PathBuf {
        self.path("camp.duckdb")
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Runs statements in the project's database and closes it.
    pub fn sql(&self, sql: &str) {
        database::open(&self.database()).unwrap().execute_batch(sql).unwrap();
    }

    /// The rows of a query, each with its values joined by `|`.
    pub fn rows(&self, sql: &str) -> Vec<String> {
        let db = database::open(&self.database()).unwrap();
        database::rows(&db, sql).unwrap().into_iter().map(|r| r.join("|")).collect()
    }

    /// Runs the program to its end.
    pub fn camp(&self, args: &[&str]) -> Ran {
        Ran::of(drive::program(self.folder.path()).args(args).output().unwrap())
    }

    /// `camp run FILE`
    pub fn run(&self, file: &str) -> Ran {
        self.camp(&["run", file, "--as-of", AS_OF])
    }

    /// `camp run FILE`, which must go well.
    pub fn run_well(&self, file: &str) {
        let ran = self.run(file);
        assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    }

    /// Starts the program.
    pub fn start(&self, args: &[&str]) -> Child {
        drive::program(self.folder.path())
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// The files of the folder and of those below, by their names.
    pub fn files(&self) -> Vec<String> {
        fn list(folder: &Path, out: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                if entry.path().is_dir() {
                    list(&entry.path(), out);
                } else {
                    out.push(entry.file_name().to_string_lossy().into_owned());
                }
            }
        }
        let mut out = Vec::new();
        list(self.folder.path(), &mut out);
        out.sort();
        out
    }
}

/// A program that has ended.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; nothing when a signal ended it.
    pub exit: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn of(output: Output) -> Self {
        Ran {
            exit: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
