//! The command line as a user runs it, in an environment that the test gives.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::place::{binary, checkout};

/// How to run it: nothing of the test's own environment reaches it but where programs and the engine are.
pub struct Feedctl {
    folder: PathBuf,
    environment: Vec<(OsString, OsString)>,
    /// A shell command that runs before it, in the same process.
    limit: Option<&'static str>,
}

/// What came of it.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Feedctl {
    pub fn new() -> Feedctl {
        let kept = ["PATH", "DOCKER_HOST"].map(|key| std::env::var_os(key).map(|value| (key.into(), value)));
        Feedctl { folder: checkout().to_owned(), environment: kept.into_iter().flatten().collect(), limit: None }
    }

    pub fn env(mut self, key: &str, value: impl Into<OsString>) -> Feedctl {
        self.environment.push((key.into(), value.into()));
        self
    }

    /// The working folder; else the checkout.
    pub fn folder(mut self, folder: &Path) -> Feedctl {
        self.folder = folder.to_owned();
        self
    }

    /// Under a limit of the shell, like `ulimit -v 1048576`.
    pub fn limited(self, limit: &'static str) -> Feedctl {
        Feedctl { limit: Some(limit), ..self }
    }

    pub async fn run(&self, arguments: &[&str]) -> Run {
        let mut command = match self.limit {
            None => Command::new(binary("feedctl")),
            Some(limit) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", &format!("{limit} && exec \"$0\" \"$@\"")]).arg(binary("feedctl"));
                shell
            }
        };
        command.args(arguments).current_dir(&self.folder).env_clear().envs(self.environment.iter().cloned());
        let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await.expect("feedctl can be started");
        let text = |bytes| String::from_utf8(bytes).expect("feedctl writes text");
        let code = output.status.code().expect("feedctl is not killed by a signal");
        Run { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Default for Feedctl {
    fn default() -> Feedctl {
        Feedctl::new()
    }
}

impl Run {
    /// What the person on duty reads first.
    pub fn headline(&self) -> &str {
        self.stdout.lines().next().unwrap_or_default()
    }
}
