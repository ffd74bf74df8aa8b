//! `port-open`: a database or a Redis that the whole world can reach.

use super::state_without_volume::store::Store;
use crate::finding::{Finding, Severity};
use crate::model::{Model, Service};
use crate::node::{Node, Value};
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "port-open",
        title: "a database or Redis is open to the world",
        severity: Severity::Error,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A port of a database or a broker that is published on every address of the host: without an address, or with 0.0.0.0 or ::.
  The ports of an image that is known, and of any image those that hardly anything else uses (3306, 5432, 6379, 9042, 27017).
Why it matters
  Docker writes its own rules before those of ufw and firewalld, so a firewall on the host does not close it. A Redis without
  a password is soon found, emptied and made to run somebody's program; a database is guessed at until it opens.
What to do
  Publish it for this host only (`127.0.0.1:6379:6379`), or not at all: the containers of a project reach each other without.
  From elsewhere go through a tunnel, or publish on the address of a private network.
Source
  Docker, Packet filtering and firewalls: https://docs.docker.com/engine/network/packet-filtering-firewalls/;
  Redis, Security: https://redis.io/docs/latest/operate/oss_and_stack/management/security/
";

const BAD: &str = r#"
services:
  redis:
    image: redis:8.0.2
    ports:
      - 6379:6379
#       ^^^^^^^^^
  database:
    image: our-own-database:17
    ports:
      - target: 5432
        published: "5432"
        host_ip: 0.0.0.0
#                ^^^^^^^
"#;

const GOOD: &str = r#"
services:
  redis:
    image: redis:8.0.2
    ports:
      - 127.0.0.1:6379:6379
  database:
    image: our-own-database:17
    ports:
      - target: 5432
        published: "5432"
        host_ip: 10.0.0.5
"#;

/// Whoever listens here is a database or a Redis. 8123, 9000 and the like have many owners, so there the image decides.
const PORTS: [i64; 5] = [3306, 5432, 6379, 9042, 27017];

fn run(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for service in model.services.values() {
        let own = Store::of(service).map(|store| store.ports).unwrap_or_default();
        let ports = service.node.get("ports").and_then(Node::as_list).unwrap_or_default();
        let mut found: Vec<Finding> = ports.iter().filter_map(|port| finding(service, own, port)).collect();
        // A range is one line of the file and many ports.
        found.dedup_by_key(|finding| finding.at);
        findings.extend(found);
    }
}

fn finding(service: &Service<'_>, own: &[i64], port: &Node) -> Option<Finding> {
    let Some(Value::Int(target)) = port.get("target").map(|node| &node.value) else { return None };
    if !own.contains(target) && !PORTS.contains(target) {
        return None;
    }
    let name = service.name;
    let address = port.get("host_ip");
    let text = address.and_then(Node::as_text).unwrap_or_default();
    let unknown = [address.unwrap_or(port), port].into_iter().find(|node| node.unset().next().is_some());
    match (text, unknown) {
        // The variable may hold the address too.
        ("", Some(node)) => {
            return Some(Finding::unresolved(&RULE.meta, Severity::Error, name, node, "who can reach a port"));
        }
        ("" | "0.0.0.0" | "::", _) => {}
        _ => return None,
    }
    let at = address.unwrap_or(port).origin.span;
    let message = format!("anybody who can reach this host can reach port {target} of `{name}`");
    let finding = Finding::new(&RULE.meta, Severity::Error, name, at, message)
        .label("on every address of the host")
        .consequence("Docker opens it in front of the host's firewall; what is open there is found, and emptied")
        .remedy(format!("publish it for this host only: `127.0.0.1:{}:{target}`", published(port, *target)))
        .otherwise("if a firewall before the host closes it: `# feedctl: allow port-open: which one`");
    Some(finding)
}

fn published(port: &Node, target: i64) -> String {
    let published = port.get("published").and_then(Node::as_text).filter(|text| !text.is_empty());
    published.map_or_else(|| target.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::finding::Certainty;
    use crate::fixture;

    fn check(service: &str, expected: &[Certainty]) {
        let audit = fixture::audit(&format!("services: {{app: {{{service}}}}}"));
        assert!(!audit.is_refused(), "{service}: {:?}", audit.findings);
        let findings = audit.findings.iter().filter(|finding| finding.rule.id == RULE.meta.id);
        assert_eq!(findings.map(|finding| finding.certainty).collect::<Vec<_>>(), expected, "{service}");
    }

    #[test]
    fn who_can_reach_it() {
        let open = &[Certainty::Seen];
        let redis = |port: &str| format!("image: 'redis:8', ports: [{port}]");
        check(&redis("'6379'"), open);
        check(&redis("6379"), open);
        check(&redis("'16379:6379'"), open);
        check(&redis("'0.0.0.0:6379:6379'"), open);
        check(&redis("'[::]:6379:6379'"), open);
        check(&redis("'6370-6380:6370-6380'"), open);
        check(&redis("'127.0.0.1:6379:6379', '[::1]:6379:6379', '10.0.0.5::6379'"), &[]);
        check(&redis("{target: 6379, published: '6379'}"), open);
        check(&redis("{target: 6379, host_ip: 127.0.0.1}"), &[]);
        check(&redis("'8001:8001'"), &[]);
        check("image: 'redis:8', expose: [6379]", &[]);
    }

    #[test]
    fn whose_port_it_is() {
        let open = &[Certainty::Seen];
        check("image: 'app:1', ports: ['5432:5432']", open);
        check("image: 'app:1', ports: ['5432:80']", &[]);
        check("image: 'app:1', ports: ['8123:8123', '9000:9000', '8086:8086']", &[]);
        check("image: 'clickhouse/clickhouse-server:25.3', ports: ['8123:8123']", open);
        check("image: 'questdb/questdb:8', ports: ['9000:9000']", open);
    }

    #[test]
    fn what_is_not_known() {
        check("image: 'redis:8', ports: ['${WHERE}:6379']", &[Certainty::Unresolved]);
        check("image: 'redis:8', ports: [{target: 6379, host_ip: '$ADDRESS'}]", &[Certainty::Unresolved]);
        check("image: 'redis:8', ports: ['${WHERE:-6379}:6379']", &[Certainty::Seen]);
        check("image: 'redis:8', ports: ['127.0.0.1:${PORT}:6379']", &[]);
    }
}
