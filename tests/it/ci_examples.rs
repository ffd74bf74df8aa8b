//! `examples/ci/`, each run as GitHub, GitLab, git or pre-commit runs it: the commands out of the file, in a folder with a
//! compose file, with feedctl in PATH. What these services do besides (checkout, cache, upload) is only looked at.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use feed_testkit::checkout;
use serde::de::DeserializeOwned;
use tempfile::TempDir;

mod hook;
mod jobs;

const GOOD: &str = "services:\n  archiver:\n    image: app:1.4.2\n    restart: unless-stopped\n";
const BAD: &str = "services:\n  archiver:\n    image: app:1.4.2\n";
const UNRESOLVED: &str = "services:\n  archiver:\n    image: app:1.4.2\n    restart: ${POLICY}\n";
const REFUSED: &str = "services:\n  archiver:\n    image: app:1.4.2\n    restrat: always\n";

/// How a job ends, and a word that all its reports hold.
const JOBS: [(&str, i32, &str); 3] =
    [(GOOD, 0, "logs-unbounded"), (BAD, 1, "restart-missing"), (UNRESOLVED, 3, "restart-unresolved")];

/// What a script said, out and error in one, and how it ended.
struct Ran {
    code: i32,
    said: String,
}

/// An example in YAML.
fn example<T: DeserializeOwned>(name: &str) -> T {
    let text = fs::read_to_string(checkout().join("examples/ci").join(name)).expect("the example is in the repository");
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A folder with this compose file in it.
fn project(text: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fs::write(folder.path().join("compose.yaml"), text).expect("the folder is writable");
    folder
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A command in `folder`, with nothing of the test's environment but PATH, and `first` before all else in it.
fn command(folder: &Path, first: &Path, arguments: &[&str]) -> Command {
    let path = std::env::var("PATH").expect("a PATH to find programs on");
    let mut command = Command::new(arguments[0]);
    command.args(&arguments[1..]).current_dir(folder).stdin(Stdio::null()).env_clear();
    command.env("PATH", format!("{}:{path}", first.display())).env("HOME", folder);
    command
}

/// The folder of the built feedctl.
fn feedctl() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_feedctl")).parent().expect("a program lies in a folder")
}

fn run(command: &mut Command) -> Ran {
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).expect("commands write text");
    Ran { code: output.status.code().expect("it is not killed by a signal"), said }
}
