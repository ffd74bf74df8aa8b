//! `make bench`: how long `feedctl audit-compose` takes as a whole process, beside `docker compose config` on the same
//! project in the same run, and how that grows with the number of services. Prints what it measured; judges nothing.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::Value;
use tempfile::TempDir;

const FILES: [&str; 3] = ["compose.yaml", "compose.staging.yaml", "compose.production.yaml"];
const RUNS: usize = 21;
/// Of the comparison.
const SERVICES: usize = 20;
const CURVE: [usize; 5] = [10, 30, 100, 300, 1000];

/// What the generated services share.
const HEAD: &str = "x-logs: &logs
  driver: json-file
  options: {max-size: 10m, max-file: \"5\"}
x-daemon: &daemon
  restart: unless-stopped
  logging: *logs
  mem_limit: 512m
  init: true
  stop_grace_period: 30s
  healthcheck:
    test: [\"CMD\", \"/app\", \"health\"]
    interval: 5s
    timeout: 4s
    start_period: 30s
";

fn main() -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let project = Project::of(SERVICES)?;
    let mut pair = [project.feedctl(), project.compose()];
    project.have_read(&mut pair)?;
    let [ours, theirs] = times(&mut pair)?;
    writeln!(out, "{SERVICES} services in {} files; wall of the process, {RUNS} runs\n", FILES.len())?;
    writeln!(out, "{:24}{:>10}{:>10}", "", "least", "median")?;
    for (name, times) in [("feedctl audit-compose", &ours), ("docker compose config", &theirs)] {
        writeln!(out, "{name:24}{:>7.1} ms{:>7.1} ms", times.least(), times.median())?;
    }
    let ratios = [ours.least() / theirs.least(), ours.median() / theirs.median()];
    writeln!(out, "{:24}{:>10.3}{:>10.3}\n", "the first by the second", ratios[0], ratios[1])?;

    writeln!(out, "{:>8}{:>13}{:>10}{:>18}", "services", "least", "median", "least / service")?;
    for services in CURVE {
        let project = Project::of(services)?;
        let [times] = times(&mut [project.feedctl()])?;
        let each = times.least() * 1000.0 / services as f64;
        writeln!(out, "{services:>8}{:>10.1} ms{:>7.1} ms{each:>15.0} µs", times.least(), times.median())?;
    }
    Ok(())
}

/// A generated project, as people write one: a base with anchors, two overlays, variables from `.env` and by default.
struct Project {
    folder: TempDir,
    services: usize,
}

impl Project {
    fn of(services: usize) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        let texts = [base(services), staging(services), production(services)];
        for (file, text) in FILES.iter().zip(texts) {
            fs::write(folder.path().join(file), text)?;
        }
        let variables: String = (0..services).map(|index| format!("TAG_{index}=1.4.{index}\n")).collect();
        fs::write(folder.path().join(".env"), variables + "LOG_LEVEL=info\nSTAGE=production\n")?;
        Ok(Self { folder, services })
    }

    /// In the profile of this program: cargo builds it for us.
    fn feedctl(&self) -> Command {
        let mut command = self.command(Path::new(env!("CARGO_BIN_EXE_feedctl")), &["audit-compose"]);
        command.args(FILES.iter().flat_map(|file| ["-f", file])).args(["--format", "json"]);
        command
    }

    fn compose(&self) -> Command {
        let mut command = self.command(Path::new("docker"), &["compose"]);
        command.args(FILES.iter().flat_map(|file| ["-f", file])).args(["config", "--format", "json"]);
        command
    }

    fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Figures of two programs mean something only if both did the work: they read the same services.
    fn have_read(&self, pair: &mut [Command; 2]) -> anyhow::Result<()> {
        let mut said = Vec::new();
        for command in pair {
            let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
            let error = String::from_utf8_lossy(&output.stderr);
            said.push(serde_json::from_slice::<Value>(&output.stdout).with_context(|| error.into_owned())?);
        }
        let (ours, theirs) = (&said[0]["resolved"], &said[1]["services"]);
        for (name, service) in theirs.as_object().context("docker compose lists services")? {
            for key in ["image", "restart", "depends_on", "environment", "healthcheck", "logging"] {
                let (ours, theirs) = (&ours[name][key], &service[key]);
                ensure!(ours == theirs, "{name}: {key}: feedctl read {ours}, docker compose {theirs}");
            }
        }
        let count = ours.as_object().map_or(0, |services| services.len());
        ensure!(count == self.services, "feedctl read {count} of {} services", self.services);
        Ok(())
    }
}

fn base(services: usize) -> String {
    let service = |index: usize| {
        let depends_on = match index {
            0 => String::new(),
            _ => format!("    depends_on:\n      service-{}: {{condition: service_healthy}}\n", index / 2),
        };
        format!(
            "  service-{index}:
    <<: *daemon
    image: registry.test/app-{index}:${{TAG_{index}:-1.0.0}}
    environment:
      LOG: ${{LOG_LEVEL:-warn}}
      STAGE: ${{STAGE:?the stage must be set}}
      NAME: service-{index}
    volumes: [\"data:/var/lib/app\"]
{depends_on}"
        )
    };
    format!("{HEAD}services:\n{}volumes:\n  data:\n", (0..services).map(service).collect::<String>())
}

fn staging(services: usize) -> String {
    let service = |index| {
        let address = format!("127.0.0.1:{}:9101", 10_000 + index);
        format!("  service-{index}:\n    environment: [\"LOG=${{LOG_LEVEL:-debug}}\"]\n    ports: [\"{address}\"]\n")
    };
    format!("services:\n{}", (0..services).map(service).collect::<String>())
}

fn production(services: usize) -> String {
    let service = |index| {
        let policy = if index % 2 == 0 { "always" } else { "${POLICY:-unless-stopped}" };
        format!("  service-{index}:\n    restart: {policy}\n    mem_limit: 1g\n    labels: {{team: feed}}\n")
    };
    format!("services:\n{}", (0..services).map(service).collect::<String>())
}

/// Sorted, the shortest first.
struct Times(Vec<Duration>);

impl Times {
    /// In milliseconds: the machine was the least in the way.
    fn least(&self) -> f64 {
        self.0[0].as_secs_f64() * 1000.0
    }

    /// In milliseconds.
    fn median(&self) -> f64 {
        self.0[self.0.len() / 2].as_secs_f64() * 1000.0
    }
}

/// Runs the commands by turns, so that all meet the same load of the machine.
fn times<const N: usize>(commands: &mut [Command; N]) -> anyhow::Result<[Times; N]> {
    let mut times = [const { Vec::new() }; N];
    for _ in 0..RUNS {
        for (command, times) in commands.iter_mut().zip(&mut times) {
            let command = command.stdout(Stdio::null()).stderr(Stdio::null());
            let started = Instant::now();
            let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
            times.push(started.elapsed());
            // Findings do not disturb the measurement; a project that was not read would.
            ensure!(matches!(status.code(), Some(0 | 1)), "{command:?}: {status}");
        }
    }
    Ok(times.map(|mut times| {
        times.sort_unstable();
        Times(times)
    }))
}
