//! `port-open`: a database or a Redis that the whole world can reach.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::redis_evicts::settings::reads_a_file;
use super::state_without_volume::store::Store;
use super::state_without_volume::words::{Word, values, words};
use crate::finding::{Finding, Findings, Severity};
use crate::model::{Model, Service};
use crate::node::{Node, Value};
use crate::rule::{Meta, Rule};
use crate::source::Span;

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "port-open",
        title: "a database, Redis or Docker itself is open to the world",
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
  The ports of an image that is known, and of any image those that hardly anything else uses (1433, 2379, 2380, 3306, 5432,
  6379, 9042, 11211, 27017), and 2375, where Docker's own API listens without a password.
  With `network_mode: host` nothing is published, and every port of the program is open on every interface of the host: so is
  that of a known image whose command does not bind it to 127.0.0.1 (`--bind 127.0.0.1`, `-c listen_addresses=localhost`).
  Where a file of its own is mounted, which may bind it, this is a warning.
Why it matters
  Docker writes its own rules before those of ufw and firewalld, so a firewall on the host does not close it. A Redis without
  a password is soon found, emptied and made to run somebody's program; a database is guessed at until it opens. Whoever
  reaches Docker's API is root on the host.
What to do
  Publish it for this host only (`127.0.0.1:6379:6379`), or not at all: the containers of a project reach each other without.
  With `network_mode: host` bind the program itself; a `ports:` beside it does nothing.
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
  queue:
    image: redis:8.0.2
    network_mode: host
#                 ^^^^
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
  queue:
    image: redis:8.0.2
    network_mode: host
    command: redis-server --bind 127.0.0.1
"#;

/// Whoever listens here is a database, a Redis, an etcd, a memcached, or Docker's API. 8123, 9000 and the like have many
/// owners, so there the image decides.
const PORTS: [i64; 10] = [1433, 2375, 2379, 2380, 3306, 5432, 6379, 9042, 11211, 27017];

fn run(model: &Model<'_>, findings: &mut Findings) {
    let left = model.project.lacking.iter().map(|lacking| (lacking.at, lacking.text.as_str())).collect();
    for service in model.services.values() {
        let unset = service.node.get("network_mode").filter(|mode| mode.lacks_a_variable());
        findings.extend(unset.filter(|_| Store::of(service).is_some()).map(|mode| unresolved(service, mode)));
        // What it publishes is then ignored by the engine.
        if let Some(mode) = service.node.get("network_mode").filter(|mode| mode.as_text() == Some("host")) {
            findings.extend(on_the_host(service, mode));
            continue;
        }
        let own = Store::of(service).map(|store| store.ports).unwrap_or_default();
        let ports = service.node.get("ports");
        let ports = ports.map(|node| node.as_list().unwrap_or(std::slice::from_ref(node))).unwrap_or_default();
        let mut found: Vec<Finding> = ports.iter().filter_map(|port| finding(service, own, port, &left)).collect();
        // A range is one line of the file and many ports.
        found.dedup_by_key(|finding| finding.at);
        findings.extend(found);
    }
}

/// `left`: what the variables leave of a value that is not known.
fn finding(service: &Service<'_>, own: &[i64], port: &Node, left: &BTreeMap<Span, &str>) -> Option<Finding> {
    let name = service.name;
    let address = port.get("host_ip");
    let text = address.and_then(Node::as_text).unwrap_or_default();
    let node = port.get("target").unwrap_or(port);
    let target = match &node.value {
        Value::Int(target) if own.contains(target) || PORTS.contains(target) => target,
        Value::Unknown => {
            // The short form says its address before its ports.
            let short = left.get(&node.origin.span).and_then(|left| left.rsplitn(3, ':').nth(2));
            let address = short.unwrap_or(text).trim_matches(['[', ']']).parse::<IpAddr>();
            let is_chosen = address.is_ok_and(|address| !address.is_unspecified());
            return (!is_chosen).then(|| unresolved(service, node));
        }
        _ => return None,
    };
    let unknown = [address.unwrap_or(port), port].into_iter().find(|node| node.lacks_a_variable());
    match (text, unknown) {
        // The variable may hold the address too.
        ("", Some(node)) => {
            return Some(unresolved(service, node));
        }
        ("" | "0.0.0.0" | "::", _) => {}
        _ => return None,
    }
    let at = address.unwrap_or(port).origin.span;
    let message = format!("anybody who can reach this host can reach port {target} of `{name}`");
    let finding = Finding::new(&RULE.meta, Severity::Error, name, at, message)
        .label("on every address of the host")
        .consequence("Docker opens it in front of the host's firewall; what is open there is found, and taken over")
        .remedy(format!("publish it for this host only: `127.0.0.1:{}:{target}`", published(port, *target)))
        .otherwise("if a firewall before the host closes it: `# feedctl: allow port-open: which one`");
    Some(finding)
}

fn unresolved(service: &Service<'_>, node: &Node) -> Finding {
    Finding::unresolved(&RULE.meta, Severity::Error, service.name, node, "who can reach a port")
}

/// A program that shares the network of the host listens on each of its interfaces.
fn on_the_host(service: &Service<'_>, mode: &Node) -> Option<Finding> {
    let words = words(service);
    let store = Store::of(service).filter(|store| store.is_started_by(&words))?;
    let port = store.ports.first()?;
    let name = service.name;
    let bound: Vec<Vec<Word<'_>>> =
        store.bound_by.iter().filter_map(|option| values(service, &words, option)).collect();
    if let Some(word) = bound.iter().flatten().find(|word| word.node.lacks_a_variable()) {
        return Some(unresolved(service, word.node));
    }
    if !bound.is_empty() && bound.iter().flatten().all(|word| is_this_host(&word.text)) {
        return None;
    }
    let (severity, label) = match bound.is_empty() && reads_a_file(service, &words) {
        true => (Severity::Warn, "open on every interface of the host, unless its own file binds it"),
        false => (Severity::Error, "its ports are open on every interface of the host"),
    };
    let message = format!("anybody who can reach this host can reach port {port} of `{name}`");
    let bind =
        store.bound_by.first().map(|option| format!(", or bind it to 127.0.0.1 (`{option}`)")).unwrap_or_default();
    let finding = Finding::new(&RULE.meta, severity, name, mode.origin.span, message)
        .label(label)
        .consequence("the program itself listens there, whatever `ports:` says; what is open is found, and emptied")
        .remedy(format!("leave the host's network and publish `127.0.0.1:{port}:{port}`{bind}"))
        .otherwise("if a firewall closes it: `# feedctl: allow port-open: which one`");
    Some(finding)
}

/// Whether each address of a list, with or without scheme and port, is of this host only. Nothing at all is no address.
fn is_this_host(addresses: &str) -> bool {
    addresses.split([',', ' ']).all(|address| {
        // Redis takes a hyphen for "if there is such an address".
        let address = address.split_once("://").map_or(address, |(_, address)| address).trim_start_matches('-');
        address.starts_with("127.")
            || address.starts_with("localhost")
            || matches!(address, "" | "::1")
            || address.starts_with("[::1]")
    })
}

fn published(port: &Node, target: i64) -> String {
    let published = port.get("published").and_then(Node::as_text).filter(|text| !text.is_empty());
    published.map_or_else(|| target.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::finding::{Certainty, Severity};
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
        check("image: 'app:1', ports: ['8123:8123', '9000:9000', '8086:8086', '2376:2376', '7687:7687']", &[]);
        for port in [1433, 2375, 2379, 2380, 11211] {
            check(&format!("image: 'app:1', ports: ['{port}:{port}']"), open);
            check(&format!("image: 'app:1', ports: ['127.0.0.1:{port}:{port}']"), &[]);
        }
        check("image: 'neo4j:5', ports: ['7687:7687']", open);
        check("image: 'couchdb:3', ports: ['5984:5984']", open);
        check("image: 'mcr.microsoft.com/mssql/server:2022-CU14-ubuntu-22.04', network_mode: host", open);
        check("image: 'quay.io/coreos/etcd:v3.5.21', network_mode: host", &[]);
        check("image: 'clickhouse/clickhouse-server:25.3', ports: ['8123:8123']", open);
        check("image: 'questdb/questdb:8', ports: ['9000:9000']", open);
    }

    #[test]
    fn who_shares_the_network_of_the_host() {
        let open = &[Certainty::Seen];
        let host = |service: &str| format!("{service}, network_mode: host");
        check(&host("image: 'redis:8'"), open);
        check(&host("image: 'redis:8', ports: ['127.0.0.1:6379:6379']"), open);
        check(&host("image: 'redis:8', command: redis-server --bind 0.0.0.0"), open);
        check(&host("image: 'redis:8', command: redis-server --bind 127.0.0.1 10.0.0.5"), open);
        check(&host("image: 'redis:8', command: [redis-server, --bind, 127.0.0.1, '-::1', --port, '1']"), &[]);
        check(&host("image: 'redis:8', command: redis-cli monitor"), &[]);
        check(&host("image: 'redis:8', command: 'redis-server --bind $ADDRESS'"), &[Certainty::Unresolved]);
        check(&host("image: 'timescale/timescaledb:2.19.3-pg17'"), open);
        check(&host("image: 'postgres:17', command: postgres -c listen_addresses=localhost"), &[]);
        check(&host("image: 'postgres:17', command: [-c, listen_addresses=]"), &[]);
        check(&host("image: 'postgres:17', command: [-c, 'listen_addresses=*']"), open);
        check(&host("image: 'mysql:8', command: --bind-address=127.0.0.1"), &[]);
        check(&host("image: 'victoriametrics/victoria-metrics:v1', command: '-httpListenAddr=:8428'"), open);
        check(&host("image: 'victoriametrics/victoria-metrics:v1', command: '-httpListenAddr=127.0.0.1:8428'"), &[]);
        check(
            &host(
                "image: 'apache/kafka:4.0.0', environment: {KAFKA_LISTENERS: 'A://127.0.0.1:9092,B://localhost:9093'}",
            ),
            &[],
        );
        check(
            &host("image: 'apache/kafka:4.0.0', environment: {KAFKA_LISTENERS: 'A://:9092,B://localhost:9093'}"),
            open,
        );
        check(&host("image: 'grafana/grafana:12'"), &[]);
        check(&host("image: 'app:1'"), &[]);
        let severity = |service: &str| fixture::found(&RULE.meta, &format!("services: {{app: {{{}}}}}", host(service)));
        let redis = severity("image: 'redis:8'");
        assert_eq!(redis, Some((Severity::Error, Certainty::Seen)));
        let redis =
            severity("image: 'redis:8', volumes: ['./redis.conf:/redis.conf'], command: redis-server /redis.conf");
        assert_eq!(redis, Some((Severity::Warn, Certainty::Seen)));
    }

    #[test]
    fn what_is_not_known() {
        let unresolved = &[Certainty::Unresolved];
        let app = |port: &str| format!("image: 'app:1', ports: {port}");
        check(&app("['5432:${PORT}']"), unresolved);
        check(&app("['${ADDR}', '5432:${PORT:?}']"), &[Certainty::Unresolved; 2]);
        check(&app("$PORTS"), unresolved);
        check(&app("[{target: $PORT}]"), unresolved);
        check(&app("[{target: $PORT, host_ip: '::'}]"), unresolved);
        check(&app("['0.0.0.0:80:$PORT', '[::]:80:$PORT']"), &[Certainty::Unresolved; 2]);
        check(&app("['${ADDR}:80:$PORT']"), unresolved);
        check(&app("['127.0.0.1:$PORT:$PORT', '[::1]:80:$PORT', {target: $PORT, host_ip: 127.0.0.1}]"), &[]);
        check(&app("['${PORT}:8080', '80:${PORT:-8080}']"), &[]);
        check("image: 'redis:8', ports: ['${WHERE}:6379']", &[Certainty::Unresolved]);
        check("image: 'redis:8', ports: [{target: 6379, host_ip: '$ADDRESS'}]", &[Certainty::Unresolved]);
        check("image: 'redis:8', ports: ['${WHERE:-6379}:6379']", &[Certainty::Seen]);
        check("image: 'redis:8', ports: ['127.0.0.1:${PORT}:6379']", &[]);
    }
}
