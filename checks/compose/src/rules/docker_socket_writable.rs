//! `docker-socket-writable`: a container that holds the Docker socket, and with it the host.

use crate::finding::{Finding, Findings, Severity};
use crate::model::{Model, Service};
use crate::node::Node;
use crate::project::canonical::clean;
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "docker-socket-writable",
        title: "whoever takes over the container has the whole engine",
        severity: Severity::Warn,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A service with the engine's socket (/var/run/docker.sock or /run/docker.sock), or the folder that it lies in, bound from
  the host without `read_only`. With it this is silent, because somebody has thought of it; it is not safe, see below.
Why it matters
  Whoever can write to the socket is root on the host: one request starts a container with the host's disk in it. And one
  wrong word in a tool that stops or updates containers by a label ends the feed in the middle of a session.
  `:ro` does not change that. It keeps the container from replacing the socket's file; what is sent through it is not looked at.
What to do
  Put a proxy between that lets only the needed requests through (for a reader: GET), on a network of its own, and give the
  socket to that proxy alone, with `:ro`. A tool that only watches may read the engine's metrics instead.
Source
  Docker, Protect the Docker daemon socket: https://docs.docker.com/engine/security/protect-access/
";

const BAD: &str = r#"
services:
  updater:
    image: updater:1.7.1
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock
#       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
"#;

const GOOD: &str = r#"
services:
  updater:
    image: updater:1.7.1
    environment: {DOCKER_HOST: "tcp://proxy:2375"}
  proxy:
    image: socket-proxy:0.3.0
    environment: {CONTAINERS: 1}
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock:ro
"#;

/// The socket itself, and the folders that show it.
const SOURCES: [&str; 5] = ["/var/run/docker.sock", "/run/docker.sock", "/var/run", "/run", "/"];

fn run(model: &Model<'_>, findings: &mut Findings) {
    for service in model.services.values() {
        let volumes = service.node.get("volumes").and_then(Node::as_list).unwrap_or_default();
        findings.extend(volumes.iter().filter(|volume| is_open(volume)).map(|volume| finding(service, volume)));
        findings.extend(service.node.unknown(&["volumes"]).map(|volume| unresolved(service, volume)));
    }
}

fn unresolved(service: &Service<'_>, volume: &Node) -> Finding {
    Finding::unresolved(&RULE.meta, Severity::Warn, service.name, volume, "what of the host is in the container")
}

fn is_open(volume: &Node) -> bool {
    let text = |key| volume.get(key).and_then(Node::as_text).unwrap_or_default();
    let is_read_only = volume.get("read_only").is_some_and(Node::is_true);
    text("type") == "bind" && SOURCES.contains(&clean(text("source")).as_str()) && !is_read_only
}

fn finding(service: &Service<'_>, volume: &Node) -> Finding {
    let name = service.name;
    let message = format!("whoever takes over `{name}` has the engine, and with it the host");
    Finding::new(&RULE.meta, Severity::Warn, name, volume.origin.span, message)
        .label("the engine's socket, and nothing between")
        .consequence(
            "it can stop, remove and start any container, the feed's among them, and one with the host's disk in it",
        )
        .remedy("give it a proxy that lets only the needed requests through; `:ro` guards the file, not the engine")
        .otherwise("if it must have all of it: `# feedctl: allow docker-socket-writable: the reason`")
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::fixture;

    fn check(volume: &str, expected: bool) {
        let audit = fixture::audit(&format!("services: {{app: {{image: 'app:1', volumes: [{volume}]}}}}"));
        assert!(!audit.is_refused(), "{volume}: {:?}", audit.findings);
        assert_eq!(audit.findings.iter().any(|finding| finding.rule.id == RULE.meta.id), expected, "{volume}");
    }

    #[test]
    fn sockets() {
        check("'/var/run/docker.sock:/var/run/docker.sock'", true);
        check("'/run/docker.sock:/tmp/docker.sock:rw'", true);
        check("'/var/run/:/host/run'", true);
        check("'/:/host'", true);
        check("{type: bind, source: /var/run/docker.sock, target: /d.sock}", true);
        check("{type: bind, source: /var/run/docker.sock, target: /d.sock, read_only: true}", false);
        check("'/var/run/docker.sock:/var/run/docker.sock:ro'", false);
        check("'/:/host:ro'", false);
        check("'/var/run/postgresql:/var/run/postgresql'", false);
        check("'./docker.sock:/var/run/docker.sock'", false);
        check("'/var/run/docker.sock'", false);
    }
}
