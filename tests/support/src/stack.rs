//! The stack of docker-compose.yml with the simulator, as the demo starts it: under a project name, ports and secrets of
//! its own, and gone when the value is dropped.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::container::docker;
use crate::feedctl::Feedctl;
use crate::place::{checkout, free_address};

/// More would starve each other on a small machine.
static PLACES: Semaphore = Semaphore::const_new(2);

pub struct Stack {
    project: String,
    environment: Vec<(&'static str, String)>,
    secrets: TempDir,
    _place: SemaphorePermit<'static>,
}

impl Stack {
    /// Returns when every service is healthy.
    pub async fn start() -> Stack {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let place = PLACES.acquire().await.expect("the semaphore is never closed");
        let secrets = tempfile::tempdir().expect("a temporary folder can be made");
        let project = format!("feed-test-{}-{}", std::process::id(), STARTED.fetch_add(1, Ordering::Relaxed));
        let port = || free_address().port().to_string();
        let environment = vec![
            ("COMPOSE_PROJECT_NAME", project.clone()),
            ("FEED_SECRETS", secrets.path().display().to_string()),
            ("FEED_COLLECTOR_PORT", port()),
            ("FEED_ARCHIVER_PORT", port()),
            ("FEED_REDIS_PORT", port()),
            ("FEED_DATABASE_PORT", port()),
            ("FEED_SIMULATOR_PORT", port()),
        ];
        let made = Command::new(checkout().join(".ci/secrets")).arg(secrets.path()).status();
        assert!(made.is_ok_and(|status| status.success()), "the secrets cannot be made");
        let stack = Stack { project, environment, secrets, _place: place };
        stack.compose(&["up", "--detach", "--wait", "--wait-timeout", "120"]).await;
        stack
    }

    /// `docker compose` for this stack.
    ///
    /// # Panics
    /// When it fails, with what it said.
    pub async fn compose(&self, arguments: &[&str]) {
        let output = tokio::process::Command::from(self.command(arguments)).output().await.expect("docker can be run");
        let said = String::from_utf8_lossy(&output.stderr);
        let shown = arguments.join(" ");
        assert!(output.status.success(), "`docker compose {shown}` failed; `make test` builds the images\n{said}");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(["compose", "--progress", "quiet", "--env-file", "examples/demo.env"]).args(arguments);
        command.current_dir(checkout()).envs(self.environment.iter().cloned());
        command
    }

    /// As a deploy with another compose file would, but without a new container.
    pub fn set_restart_policy(&self, service: &str, policy: &str) {
        docker(&["update", "--restart", policy, &format!("{}-{service}-1", self.project)]);
    }

    /// feedctl with the example's feedctl.yml, at this stack.
    pub fn feedctl(&self) -> Feedctl {
        let feedctl = Feedctl::new().env("FEEDCTL_CONFIG", checkout().join("examples/feedctl.yml"));
        self.environment.iter().fold(feedctl, |feedctl, (key, value)| feedctl.env(key, value))
    }

    /// What must never be shown.
    pub fn secret_texts(&self) -> Vec<String> {
        let files = fs::read_dir(self.secrets.path()).expect("the folder of the secrets is there");
        let text = |file: std::io::Result<fs::DirEntry>| {
            let path = file.expect("the folder of the secrets can be listed").path();
            fs::read_to_string(path).expect("a secret is text").trim().to_owned()
        };
        files.map(text).collect()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        drop(self.command(&["down", "--volumes", "--remove-orphans", "--timeout", "1"]).output());
    }
}
