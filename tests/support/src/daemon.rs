//! A built binary as a process: killed when the value is dropped, and its log shown when the test fails.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use tempfile::NamedTempFile;

use crate::eventually::eventually;
use crate::http;
use crate::place::{binary, free_address};

/// Lines of the log that a failed test shows.
const TAIL: usize = 40;

pub struct Daemon {
    name: &'static str,
    environment: Vec<(String, String)>,
    address: SocketAddr,
    /// What all processes of this daemon wrote to stderr.
    log: NamedTempFile,
    child: Child,
}

impl Daemon {
    /// Starts `name` with nothing but `environment`, and `listen` set to a free address.
    pub fn start(name: &'static str, listen: &str, environment: &[(&str, &str)]) -> Daemon {
        let address = free_address();
        let log = NamedTempFile::new().expect("a temporary file can be made");
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let mut environment: Vec<_> = environment.iter().map(own).collect();
        environment.push((listen.to_owned(), address.to_string()));
        let child = spawn(name, &environment, &log);
        Daemon { name, environment, address, log, child }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn kill9(&mut self) {
        self.child.kill().expect("a process that nobody waited for can be killed");
        self.child.wait().expect("a child can be waited for");
    }

    /// Starts it again as it was; the process before must be over.
    pub fn restart(&mut self) {
        assert!(self.ended().is_some(), "{} still runs", self.name);
        self.child = spawn(self.name, &self.environment, &self.log);
    }

    /// Asks it to end, as `docker stop` does, and waits until it has.
    pub async fn terminate(&mut self) -> ExitStatus {
        let kill = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status();
        assert!(kill.is_ok_and(|status| status.success()), "{} cannot be signalled", self.name);
        let what = format!("{} ends after SIGTERM", self.name);
        eventually(Duration::from_secs(30), &what, async || self.ended().ok_or("it runs")).await
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be asked for its end")
    }

    pub async fn get(&self, path: &str) -> io::Result<String> {
        http::ask(self.address, "GET", path).await
    }

    pub async fn post(&self, path: &str) -> io::Result<String> {
        http::ask(self.address, "POST", path).await
    }

    /// A counter's value, its labels added up; 0 while there is none.
    pub async fn counter(&self, name: &str) -> io::Result<u64> {
        let value = |line: &str| {
            let rest = line.strip_prefix(name)?.strip_prefix("_total")?;
            rest.rsplit(' ').next()?.parse::<u64>().ok()
        };
        Ok(self.get("/metrics").await?.lines().filter_map(value).sum())
    }

    /// Waits until its `/readyz` says so.
    pub async fn ready(&self) {
        let what = format!("{} is ready", self.name);
        eventually(Duration::from_secs(30), &what, async || self.get("/readyz").await).await;
    }
}

impl Drop for Daemon {
    #[expect(clippy::print_stderr, reason = "the harness shows it with the failed test, and only then")]
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            let log = fs::read_to_string(self.log.path()).unwrap_or_default();
            let lines: Vec<_> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(TAIL)..].join("\n");
            eprintln!("--- log of {}, at most {TAIL} lines\n{tail}", self.name);
        }
    }
}

fn spawn(name: &str, environment: &[(String, String)], log: &NamedTempFile) -> Child {
    let stderr = fs::OpenOptions::new().append(true).open(log.path()).expect("the log can be opened again");
    let mut command = Command::new(binary(name));
    command.env_clear().envs(environment.iter().map(|(key, value)| (key, value)));
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr).spawn();
    child.unwrap_or_else(|error| panic!("{name} cannot be started: {error}"))
}
