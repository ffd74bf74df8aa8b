//! A Docker Engine of a test's own, so that it can be restarted: its own socket, containers and images, no network. Needs
//! root, as any engine does.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::container::docker;
use crate::eventually::eventually;

const START: Duration = Duration::from_secs(60);

pub struct Engine {
    folder: TempDir,
    daemon: Child,
}

impl Engine {
    /// None where the test does not run as root; it then says so on stderr.
    ///
    /// # Panics
    /// Where CI is set and it does not run as root, or the engine does not come up.
    pub async fn start() -> Option<Engine> {
        let user = Command::new("id").arg("-u").output().expect("`id` is on every machine");
        if user.stdout.trim_ascii() != b"0" {
            let message = "NOT RUN: an engine of its own needs root (`sudo -E make test`)";
            assert!(std::env::var_os("CI").is_none(), "{message}");
            drop(writeln!(std::io::stderr(), "{message}"));
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let daemon = daemon(&folder);
        let engine = Engine { folder, daemon };
        engine.answers().await;
        Some(engine)
    }

    /// Ends the engine as `systemctl restart docker` does, and starts it again.
    pub async fn restart(&mut self) {
        self.stop();
        self.daemon = daemon(&self.folder);
        self.answers().await;
    }

    /// A docker command at this engine.
    pub fn docker(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(arguments).env("DOCKER_HOST", format!("unix://{}", self.socket().display()));
        command
    }

    /// A folder that ends with the engine.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("docker.sock")
    }

    async fn answers(&self) {
        eventually(START, "the private engine answers", async || {
            let output = self.docker(&["version"]).output().expect("docker can be run");
            let log = || fs::read_to_string(self.folder.path().join("dockerd.log")).unwrap_or_default();
            if output.status.success() { Ok(()) } else { Err(log()) }
        })
        .await;
    }

    fn stop(&mut self) {
        // A signal by its name: std has none but SIGKILL.
        drop(Command::new("kill").arg(self.daemon.id().to_string()).status());
        drop(self.daemon.wait());
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let all = self.docker(&["ps", "--all", "--quiet"]).output();
        let ids = all.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let ids: Vec<&str> = ids.split_whitespace().collect();
        if !ids.is_empty() {
            drop(self.docker(&[&["rm", "--force"], ids.as_slice()].concat()).output());
        }
        self.stop();
    }
}

fn daemon(folder: &TempDir) -> Child {
    let inside = |name: &str| folder.path().join(name).display().to_string();
    fs::create_dir_all(inside("files")).expect("the temporary folder is writable");
    let log = fs::File::options().create(true).append(true).open(inside("dockerd.log"));
    let log = log.expect("the temporary folder is writable");
    // The machine's configuration is its own engine's; a file of ours keeps it out.
    fs::write(inside("daemon.json"), "{}").expect("the temporary folder is writable");
    // The machine's own engine knows which driver works here. A containerd may be shared: the namespaces keep us apart.
    let driver = docker(&["info", "--format", "{{.Driver}}"]);
    let namespace = format!("feed-test-{}", std::process::id());
    let plugins = format!("{namespace}-plugins");
    // In a network of its own: an engine without a bridge removes the bridge of the machine's.
    Command::new("unshare")
        .args(["--net", "dockerd"])
        .args(["--config-file", &inside("daemon.json"), "--host", &format!("unix://{}", inside("docker.sock"))])
        .args(["--data-root", &inside("data"), "--exec-root", &inside("run"), "--pidfile", &inside("pid")])
        .args(["--log-level", "error", "--storage-driver", &driver])
        .args(["--bridge", "none", "--iptables=false", "--ip-forward=false"])
        .args(["--containerd-namespace", &namespace, "--containerd-plugins-namespace", &plugins])
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a file can be shared"))
        .stderr(log)
        .spawn()
        .expect("unshare and dockerd can be run: `make setup` installs the engine")
}
