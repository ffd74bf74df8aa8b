//! `state-without-volume`: a database or a broker whose data goes with its container. Below it: how the rules know such a
//! program, and what a container runs.

use crate::finding::{Finding, Findings, Severity};
use crate::model::{Model, Service};
use crate::node::Node;
use crate::rule::{Meta, Rule};
use crate::source::Span;

pub(super) mod store;
mod table;
pub(super) mod words;

use store::{Rather, Store};
use words::Word;

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "state-without-volume",
        title: "the data goes with the container",
        severity: Severity::Error,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A database or a broker, known by its image, with no named volume and no folder of the host at or above the place where it
  keeps its data: an error. A variable or an option that moves the data (`PGDATA`, `--dir`, …) is followed. A mount above a
  volume that the image itself declares is none: postgres up to 17 declares /var/lib/postgresql/data, so a volume at
  /var/lib/postgresql stays empty (measured). Neither is one beside the data: apache/kafka declares /var/lib/kafka/data and
  writes to /tmp unless KAFKA_LOG_DIRS says otherwise. RabbitMQ names its folder after its host, and without `hostname` that is
  the id of the container: the next one has another. A volume that is mounted read-only is an error too: nothing starts on it.
  A warning only: an anonymous volume that the file asks for; `tmpfs` at the data, which nobody writes by accident, and which
  loses all of it at each stop; and what watches the feed but holds none of its ticks (Prometheus, Grafana, Loki).
  Nothing is asked of a Redis that has nothing to keep: its command turns every kind of saving off, or it is a cache by its name
  (`cache`) and by its `allkeys-…` policy. The policy alone is no sign: a Redis full of ticks may have it by mistake.
Why it matters
  Without a volume the data lies in an anonymous one, or in the container. `docker compose up` carries the anonymous one over
  to the next container, so it looks safe for months. After `docker compose down`, or `up -V`, the next container begins with
  an empty folder (measured with Compose 2.26.1), and the database makes itself a new, empty database without a word.
  The image timescaledb-ha keeps its data at another place than postgres, so a volume at the usual one stays empty.
What to do
  Name a volume at the folder (`volumes: [\"database:/var/lib/postgresql/data\"]`) and define it under the top-level `volumes`.
  Copy the data that is there before the next `down`: `docker volume ls -f dangling=true` still has it afterwards.
Source
  Docker, Volumes: https://docs.docker.com/engine/storage/volumes/; timescale/timescaledb-docker#281;
  measured on Docker Engine 20.10 with Compose 2.26.1.
";

const BAD: &str = r#"
services:
  database:
# ^^^^^^^^
    image: timescale/timescaledb:2.19.3-pg17
    volumes: ["./settings:/etc/postgresql"]
  redis:
    image: redis:8.0.2
    tmpfs: /data
#          ^^^^^
  history:
    image: postgres:17.5
    volumes:
      - /var/lib/postgresql/data
#       ^^^^^^^^^^^^^^^^^^^^^^^^
"#;

const GOOD: &str = r#"
services:
  database:
    image: timescale/timescaledb:2.19.3-pg17
    volumes: ["database:/var/lib/postgresql/data"]
  redis:
    image: redis:8.0.2
    volumes: ["/srv/redis:/data"]
  history:
    image: postgres:17.5
    environment: {PGDATA: /pg/17}
    volumes: ["history:/pg"]
volumes:
  database:
  history:
"#;

/// What lies at or above a folder, the best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Keep {
    Container,
    /// A volume that the anonymous one of the image lies over.
    Hidden,
    /// A volume in which the next container looks for another folder.
    Lost,
    ReadOnly,
    Memory,
    Anonymous,
    /// A named volume, or a folder of the host.
    Volume,
}

fn run(model: &Model<'_>, findings: &mut Findings) {
    findings.extend(model.lasting().filter_map(finding));
}

fn finding(service: &Service<'_>) -> Option<Finding> {
    let store = Store::of(service)?;
    let words = words::words(service);
    let is_bare = service.node.get("volumes_from").is_none();
    if !is_bare
        || !store.is_started_by(&words)
        || !store.keeps(service, &words)
        || super::redis_evicts::settings::is_cache(service)
        || store.settings.is_some_and(|place| is_mounted_at(service, place))
    {
        return None;
    }
    let folders = store.folders(service, &words);
    let moved = store.moved_by.iter().filter_map(|name| words::values(service, &words, name)).flatten();
    // In a command that is one text, the variable may be another word.
    let is_all = |word: &Word<'_>| word.text.is_empty() || word.node.as_text() == Some(&word.text);
    let moved = moved.filter(|word| word.node.lacks_a_variable() && is_all(word)).map(|word| word.node);
    if let Some(unknown) = moved.chain(store.unknown_version(service)).next() {
        return Some(Finding::unresolved(&RULE.meta, store.loses, service.name, unknown, "where the data lies"));
    }
    // A folder that we cannot read may be any: one of a shell's variable, or many in one word.
    if folders.iter().any(|folder| !folder.starts_with('/') || folder.contains(['$', '{'])) {
        return None;
    }
    let (keep, at) = folders.iter().map(|folder| mount_above(service, store, folder)).max_by_key(|(keep, _)| *keep)?;
    let keep = if keep == Keep::Volume && store.is_named_by_the_container(service) { Keep::Lost } else { keep };
    let (name, folder, title) = (service.name, &folders[0], store.title);
    let volumes = service.node.get("volumes").and_then(Node::as_list).unwrap_or_default();
    let unknown = volumes.iter().find(|volume| volume.lacks_a_variable() && volume.get("source").is_some());
    let unknown = service.node.unknown(&["volumes"]).or(unknown);
    if let Some(volume) = unknown.filter(|_| !matches!(keep, Keep::Volume | Keep::Lost)) {
        return Some(Finding::unresolved(&RULE.meta, store.loses, name, volume, "where the data lies"));
    }
    let (severity, label) = match keep {
        Keep::Volume => return None,
        Keep::Container => (store.loses, format!("no volume at `{folder}`, where {title} keeps its data")),
        Keep::Hidden => (store.loses, format!("too high: the image puts an anonymous volume at `{folder}` over it")),
        Keep::Lost => (store.loses, "the folder in it has the id of the container in its name".to_owned()),
        Keep::ReadOnly => (store.loses, format!("read-only: {title} cannot write at `{folder}`")),
        // Nobody writes this by accident.
        Keep::Memory => (Severity::Warn, "in memory: gone with each stop of the container".to_owned()),
        Keep::Anonymous => (Severity::Warn, "a volume without a name: the next `down` loses sight of it".to_owned()),
    };
    let message = match keep {
        Keep::ReadOnly => format!("`{name}` can store nothing"),
        _ => format!("what `{name}` has stored is gone with its container"),
    };
    let consequence = match keep {
        Keep::Lost => "each deploy that makes a new container begins with an empty folder, without a word",
        Keep::ReadOnly => "it does not start, or refuses what it is given to write",
        Keep::Memory => "its restart policy brings it back empty, and so does each deploy, without a word",
        _ => "after `docker compose down` the next `up` begins with an empty folder, without a word",
    };
    let volume = |folder: &str| match service.node.get("volumes") {
        Some(_) => format!("`{name}:{folder}` to its `volumes`, and `{name}:` to the top-level ones"),
        None => format!("`volumes: [\"{name}:{folder}\"]`, and `{name}:` under the top-level `volumes`"),
    };
    let remedy = match keep {
        Keep::Memory => format!("write in its place {}", volume(folder)),
        Keep::Lost => format!("add `hostname: {name}`; the messages that are there lie in a folder of the old name"),
        Keep::ReadOnly => "take `:ro` or `read_only` away".to_owned(),
        _ => match store.rather.filter(|rather| folder.starts_with(rather.than)) {
            Some(Rather { variable, folder, .. }) => format!("set `{variable}: {folder}`, and add {}", volume(folder)),
            None => format!("add {}", volume(folder)),
        },
    };
    let finding = Finding::new(&RULE.meta, severity, name, at.unwrap_or(service.key), message)
        .label(label)
        .consequence(consequence)
        .remedy(remedy)
        .otherwise("if it may be lost: `# feedctl: allow state-without-volume: the reason`");
    Some(finding)
}

/// Whether a variable of its container could say that the data lies elsewhere than where its volumes are.
pub(super) fn reads_variables(service: &Service<'_>) -> bool {
    let is_variable = |name: &&str| name.starts_with(|c: char| c.is_ascii_uppercase());
    let moves = |store: &Store| store.moved_by.iter().any(is_variable) && store.is_started_by(&words::words(service));
    service.node.get("volumes").is_some() && Store::of(service).is_some_and(moves)
}

/// Whether something lies at `place` or below it.
fn is_mounted_at(service: &Service<'_>, place: &str) -> bool {
    let mounts = ["volumes", "configs"].into_iter().filter_map(|key| service.node.get(key)?.as_list()).flatten();
    let mut targets = mounts.filter_map(|mount| mount.get("target")?.as_text());
    targets.any(|target| target.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// What the deepest mount at or above `folder` is, and where it is written.
fn mount_above(service: &Service<'_>, store: &Store, folder: &str) -> (Keep, Option<Span>) {
    let volumes = service.node.get("volumes").and_then(Node::as_list).unwrap_or_default();
    let volumes = volumes.iter().filter_map(|volume| {
        let kind = volume.get("type").and_then(Node::as_text).unwrap_or_default();
        let is_named = volume.get("source").and_then(Node::as_text).is_some_and(|source| !source.is_empty());
        let keep = match kind {
            "tmpfs" => Keep::Memory,
            "volume" if !is_named => Keep::Anonymous,
            _ if volume.get("read_only").is_some_and(Node::is_true) => Keep::ReadOnly,
            _ => Keep::Volume,
        };
        Some((volume.get("target")?.as_text()?, keep, volume.origin.span))
    });
    let memory = service.node.get("tmpfs");
    let memory = memory.map(|node| node.as_list().unwrap_or(std::slice::from_ref(node))).unwrap_or_default();
    let memory = memory.iter().filter_map(|node| {
        let target = node.as_text()?.split(':').next()?;
        Some((target.trim_end_matches('/'), Keep::Memory, node.origin.span))
    });
    let holds = |target: &str, path: &str| {
        target == "/" || path.strip_prefix(target).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let mounts = volumes.chain(memory).filter(|(target, ..)| holds(target, folder));
    let Some((target, keep, at)) = mounts.max_by_key(|(target, ..)| target.len()) else {
        return (Keep::Container, None);
    };
    let mut declared = store.declared(service).iter().filter(|path| holds(path, folder));
    let is_hidden = keep == Keep::Volume && declared.any(|path| path.len() > target.len());
    (if is_hidden { Keep::Hidden } else { keep }, Some(at))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::finding::{Certainty, Severity};
    use crate::fixture;

    fn check(service: &str, expected: Option<Severity>) {
        let found = fixture::found(&RULE.meta, &format!("services: {{app: {{{service}}}}}\nvolumes: {{kept: }}"))
            .map(|(severity, _)| severity);
        assert_eq!(found, expected, "{service}");
    }

    #[test]
    fn the_folder_goes_by_the_version_and_the_image() {
        let at = |image: &str, folder: &str| format!("image: '{image}', volumes: ['kept:{folder}']");
        check(&at("postgres:18", "/var/lib/postgresql/data"), Some(Severity::Error));
        check(&at("postgres:18", "/var/lib/postgresql"), None);
        check(&at("postgres:17", "/var/lib/postgresql/data"), None);
        check(&at("kartoza/postgis:16-3.4", "/var/lib/postgresql"), None);
        check(&at("bitnami/mariadb:11.4.5", "/bitnami/mariadb"), None);
        check(&at("bitnami/mariadb:11.4.5", "/bitnami/mysql/data"), Some(Severity::Error));
        check(&at("confluentinc/cp-zookeeper:7.5.0", "/data"), Some(Severity::Error));
        check(&at("confluentinc/cp-zookeeper:7.5.0", "/var/lib/zookeeper/data"), None);
    }

    #[test]
    fn what_a_variable_may_move() {
        let check = |service: &str, expected: bool| {
            let text = format!("services: {{app: {{{service}}}}}\nvolumes: {{kept: }}");
            let found = fixture::found(&RULE.meta, &text).map(|(_, certainty)| certainty);
            assert_eq!(found, expected.then_some(Certainty::Unresolved), "{service}");
        };
        let postgres = |tag: &str| format!("image: 'postgres:{tag}', volumes: ['kept:/var/lib/postgresql/data']");
        check(&postgres("${PG}"), true);
        check(&postgres("${PG:-17}"), false);
        check(&postgres("17${SUFFIX}"), false);
        check("image: 'postgres:17', volumes: ['kept:/var/lib/postgresql/${SUB}']", true);
        let redis = |command: &str| format!("image: 'redis:8', volumes: ['kept:/data'], command: {command}");
        check(&redis("[redis-server, --dir, '${D}', --appendonly, 'yes']"), true);
        check(&redis("'redis-server --dir ${D} --appendonly yes'"), true);
        check(&redis("'redis-server --dir /data --requirepass ${P}'"), false);
        check("image: 'postgres:17', volumes: ['kept:/data'], environment: {PGDATA: '/data/${SUB}'}", true);
    }

    #[test]
    fn where_the_data_lies() {
        let (lost, doubtful) = (Some(Severity::Error), Some(Severity::Warn));
        check("image: 'redis:8'", lost);
        check("image: 'redis:8', volumes: ['kept:/data']", None);
        check("image: 'redis:8', volumes: ['./here:/data/']", None);
        check("image: 'redis:8', volumes: ['kept:/database']", lost);
        check("image: 'redis:8', volumes: ['kept:/data/modules']", lost);
        check("image: 'redis:8', volumes: [/data]", doubtful);
        check("image: 'redis:8', volumes: [{type: tmpfs, target: /data}]", doubtful);
        check("image: 'redis:8', volumes: ['kept:/data'], tmpfs: ['/tmp:size=64m']", None);
        check("image: 'postgres:17', volumes: ['kept:/var/lib'], tmpfs: ['/var/lib/postgresql']", doubtful);
        check("image: 'postgres:17', volumes: ['kept:/var/lib/postgresql/data']", None);
        check("image: 'postgres:17', volumes: ['kept:/var/lib/postgresql']", lost);
        check("image: 'postgres', volumes: ['kept:/var/lib/postgresql']", None);
        check("image: 'timescale/timescaledb:2.19.3-pg17', volumes: ['kept:/var/lib/postgresql']", lost);
        check("image: 'mongo:8', volumes: ['kept:/data']", lost);
        check("image: 'bitnami/postgresql:17', volumes: ['kept:/bitnami']", None);
        check("image: 'postgres:18', volumes: ['kept:/var/lib/postgresql']", None);
        check("image: 'timescale/timescaledb-ha:pg17', volumes: ['kept:/var/lib/postgresql/data']", lost);
        check("image: 'timescale/timescaledb-ha:pg17', volumes: ['kept:/home/postgres/pgdata']", None);
    }

    #[test]
    fn where_each_program_keeps_it() {
        let (lost, doubtful) = (Some(Severity::Error), Some(Severity::Warn));
        let kept = |image: &str, folder: &str, expected| {
            check(&format!("image: '{image}'"), expected);
            check(&format!("image: '{image}', volumes: ['kept:{folder}']"), None);
        };
        kept("docker.dragonflydb.io/dragonflydb/dragonfly:v1.30.0", "/data", lost);
        kept("mariadb:11", "/var/lib/mysql", lost);
        kept("influxdb:2.7", "/var/lib/influxdb2", lost);
        kept("influxdb:3-core", "/var/lib/influxdb3", lost);
        kept("clickhouse/clickhouse-server:25.3", "/var/lib/clickhouse", lost);
        kept("questdb/questdb:8.3.1", "/var/lib/questdb", lost);
        kept("victoriametrics/victoria-metrics:v1.117.0", "/victoria-metrics-data", lost);
        kept("tdengine/tdengine:3.3.6.0", "/var/lib/taos", lost);
        kept("crate:5.10", "/data", lost);
        kept("cockroachdb/cockroach:v25.1.0", "/cockroach/cockroach-data", lost);
        kept("apache/kafka:4.0.0", "/tmp/kafka-logs", lost);
        kept("confluentinc/cp-kafka:7.9.0", "/var/lib/kafka/data", lost);
        kept("zookeeper:3.9", "/data", lost);
        kept("redpandadata/redpanda:v25.1.1", "/var/lib/redpanda/data", lost);
        kept("apachepulsar/pulsar:4.0.4", "/pulsar/data", lost);
        kept("docker.elastic.co/elasticsearch/elasticsearch:9.0.0", "/usr/share/elasticsearch/data", lost);
        kept("opensearchproject/opensearch:3", "/usr/share/opensearch/data", lost);
        kept("cassandra:5", "/var/lib/cassandra", lost);
        kept("scylladb/scylla:6.2", "/var/lib/scylla", lost);
        kept("minio/minio:latest", "/data", lost);
        kept("quay.io/coreos/etcd:v3.5.21", "/default.etcd", lost);
        kept("bitnami/etcd:3.5", "/bitnami/etcd", lost);
        kept("mcr.microsoft.com/mssql/server:2022-latest", "/var/opt/mssql", lost);
        kept("mcr.microsoft.com/mssql/server:2022-latest", "/var/opt/mssql/data", lost);
        kept("neo4j:5", "/data", lost);
        kept("couchdb:3", "/opt/couchdb/data", lost);
        kept("prom/prometheus:v3.3.0", "/prometheus", doubtful);
        kept("grafana/grafana:12.0.0", "/var/lib/grafana", doubtful);
        kept("grafana/loki:3.5.0", "/loki", doubtful);
        check("image: 'influxdb:2.7', volumes: ['kept:/var/lib/influxdb']", lost);
        check("image: 'quay.io/coreos/etcd:v3.5.21', volumes: ['kept:/etcd-data']", lost);
        check("image: 'mssql/other', volumes: ['kept:/a']", None);
        check("image: 'mcr.microsoft.com/server:2022'", None);
        check("image: 'apache/kafka:4.0.0', volumes: ['kept:/var/lib/kafka/data']", lost);
        check("image: 'bitnami/redis:8', volumes: ['kept:/data']", lost);
    }

    #[test]
    fn moved_data() {
        check("image: 'redis:8', command: redis-server --dir /keep, volumes: ['kept:/data']", Some(Severity::Error));
        check("image: 'redis:8', command: redis-server --dir /keep, volumes: ['kept:/keep']", None);
        let vm = "image: 'victoriametrics/victoria-metrics:v1.117.0', command: -storageDataPath=/storage";
        check(&format!("{vm}, volumes: ['kept:/victoria-metrics-data']"), Some(Severity::Error));
        check(&format!("{vm}, volumes: ['kept:/storage']"), None);
        let etcd = |words: &str| format!("image: 'quay.io/coreos/etcd:v3.5.21', volumes: ['kept:/etcd-data'], {words}");
        check(&etcd("command: etcd --data-dir /etcd-data"), None);
        check(&etcd("environment: [ETCD_DATA_DIR=/etcd-data]"), None);
        let kafka = "image: 'apache/kafka:4.0.0', volumes: ['kept:/var/lib/kafka/data']";
        check(&format!("{kafka}, environment: {{KAFKA_LOG_DIRS: /var/lib/kafka/data}}"), None);
        check("image: 'minio/minio:latest', command: server /keep, volumes: ['kept:/keep']", None);
        check("image: 'minio/minio:latest', command: 'server /keep{1...4}', volumes: ['kept:/keep1']", None);
        check("image: 'grafana/loki:3.5.0', volumes: ['./loki.yaml:/etc/loki/local-config.yaml']", None);
        check("image: 'grafana/loki:3.5.0', command: -config.file=/mnt/loki.yaml, volumes: ['./l:/mnt']", None);
        check("image: 'postgres:17', environment: {PGDATA: '$PGDATA'}", Some(Severity::Error));
        check("image: 'postgres:17', environment: [PGDATA=/pg/17], volumes: ['kept:/pg']", None);
    }

    #[test]
    fn a_folder_that_is_named_after_the_container() {
        let rabbit = |keys: &str| format!("image: 'rabbitmq:4', volumes: ['kept:/var/lib/rabbitmq'], {keys}");
        check(&rabbit("init: true"), Some(Severity::Error));
        check(&rabbit("environment: {RABBITMQ_NODENAME: rabbit}"), Some(Severity::Error));
        check(&rabbit("environment: {RABBITMQ_NODENAME: rabbit@queue}"), None);
        check(&rabbit("hostname: queue"), None);
        check(&rabbit("network_mode: host"), None);
        check("image: 'bitnami/rabbitmq:4', volumes: ['kept:/bitnami/rabbitmq/mnesia']", None);
        check("image: 'rabbitmq:4', hostname: queue", Some(Severity::Error));
    }

    #[test]
    fn a_volume_that_nobody_can_write_to() {
        let lost = Some(Severity::Error);
        check("image: 'postgres:17', volumes: ['kept:/var/lib/postgresql/data:ro']", lost);
        check("image: 'redis:8', volumes: [{type: bind, source: ./a, target: /data, read_only: true}]", lost);
        check("image: 'redis:8', volumes: [{type: bind, source: ./a, target: /data, read_only: false}]", None);
        check("image: 'redis:8', volumes: ['kept:/data', './redis.conf:/etc/redis.conf:ro']", None);
        check("image: 'redis:8', volumes: ['./a:/data:ro'], command: redis-server --save '' --appendonly no", None);
    }

    #[test]
    fn who_keeps_nothing() {
        check("image: 'redis:8', command: redis-server --save '' --appendonly no", None);
        check("image: 'redis:8', command: redis-server --sentinel", None);
        check("image: 'redis:8', command: redis-server /r.conf --save '' --appendonly no", None);
        check("image: 'redis:8', command: redis-server /r.conf --save ''", Some(Severity::Error));
        check("image: 'redis:8', command: redis-cli monitor", None);
        check("image: 'postgres:17', command: psql -h database -U postgres postgres", None);
        check("image: 'grafana/grafana:12.0.0', environment: {GF_DATABASE_TYPE: postgres}", None);
        check("image: 'nats:2'", None);
        check("image: 'nats:2', command: [--sd=/keep]", Some(Severity::Error));
        check("image: 'nats:2', command: [-js]", Some(Severity::Error));
        check("image: 'nats:2', command: [-js, -sd, /keep], volumes: ['kept:/keep']", None);
        check("image: 'redis:8', volumes_from: ['container:other']", None);
        check("image: 'postgres:17', labels: {feedctl.role: one-shot}", None);
        check("image: 'app:1'", None);
    }

    #[test]
    fn a_cache_says_so_twice() {
        let redis = |name: &str, command: &str| {
            let text = format!("services: {{{name}: {{image: 'redis:8', command: redis-server {command}}}}}");
            fixture::found(&RULE.meta, &text).map(|(severity, _)| severity)
        };
        let lost = Some(Severity::Error);
        assert_eq!(redis("cache", "--maxmemory 1gb --maxmemory-policy allkeys-lru"), None);
        assert_eq!(redis("redis-cache", "--maxmemory 1gb --maxmemory-policy AllKeys-LFU"), None);
        assert_eq!(redis("redis", "--maxmemory 1gb --maxmemory-policy allkeys-lru"), lost);
        assert_eq!(redis("cache", "--maxmemory 1gb --maxmemory-policy noeviction"), lost);
        assert_eq!(redis("cache", "--maxmemory 1gb"), lost);
    }
}
