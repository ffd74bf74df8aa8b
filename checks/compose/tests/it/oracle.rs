//! The judge: `docker compose config` of the release whose reading we promise.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::judge::Answer;
use crate::situation::CommandLine;

/// Debian's build; upstream's of the same number links an older reader and answers otherwise.
const RELEASE: &str = "2.26.1-4";
/// Enough for the largest honest project on a busy machine; what hangs, hangs for ever.
const SECONDS: &str = "20";

/// The comparison is worth nothing against another release, and less than nothing against none.
pub(crate) fn must_be_there() {
    let output = Command::new("docker")
        .args(["compose", "version", "--short"])
        .output()
        .expect("the docker command line must be installed: `make setup`");
    let release = String::from_utf8_lossy(&output.stdout);
    assert_eq!(release.trim(), RELEASE, "the release of docker compose to compare with: `make setup`");
}

pub(crate) fn answer(root: &Path, command: &CommandLine) -> Answer {
    // `timeout` ends the whole process group, the plug-in with it.
    let Output { status, stdout, stderr } = Command::new("timeout")
        .args(["--kill-after=1", SECONDS, "docker", "compose", "--profile", "*"])
        .args(&command.options)
        .args(["config", "--format", "json"])
        .current_dir(root.join(&command.folder))
        .env_clear()
        .envs(command.environment(root))
        .stdin(Stdio::null())
        .output()
        .expect("coreutils are installed");
    match status.code() {
        Some(0) => Answer::Accepted(json(&stdout)),
        Some(124 | 137) => Answer::Hangs,
        _ => Answer::Refused(reason(&String::from_utf8_lossy(&stderr))),
    }
}

fn json(stdout: &[u8]) -> Value {
    serde_json::from_slice(stdout).expect("docker compose prints JSON")
}

/// The last line is the reason; warnings of unset variables stand before it.
fn reason(stderr: &str) -> String {
    let panic = stderr.lines().find(|line| line.starts_with("panic:"));
    panic.or(stderr.lines().rfind(|line| !line.is_empty())).unwrap_or("no reason given").to_owned()
}
