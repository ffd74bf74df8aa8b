//! `state-without-volume`: a database or a broker whose data goes with its container. Below it: how the rules know such a
//! program, and what a container runs.

use crate::finding::{Finding, Severity};
use crate::model::{Model, Service};
use crate::node::Node;
use crate::rule::{Meta, Rule};
use crate::source::Span;

pub(super) mod store;
pub(super) mod words;

use store::Store;

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
  keeps its data: none at all, or in memory (error), or an anonymous volume that the file asks for (warn). A variable or
  an option that moves the data (`PGDATA`, `--dir`, …) is followed. A mount above a volume that the image itself declares is
  none either: postgres up to 17 declares /var/lib/postgresql/data, so a volume at /var/lib/postgresql stays empty (measured).
  A Redis whose command turns every kind of saving off has nothing to keep: that is `redis-without-persistence`.
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
    Memory,
    Anonymous,
    /// A named volume, or a folder of the host.
    Volume,
}

fn run(model: &Model<'_>, findings: &mut Vec<Finding>) {
    findings.extend(model.lasting().filter_map(finding));
}

fn finding(service: &Service<'_>) -> Option<Finding> {
    let store = Store::of(service)?;
    let words = words::words(service);
    let is_bare = service.node.get("volumes_from").is_none();
    if !is_bare
        || !store.is_started_by(&words)
        || !store.keeps(&words)
        || super::redis_evicts::settings::is_cache(service)
    {
        return None;
    }
    let folders = store.folders(service, &words);
    // A folder that we cannot read may be any.
    if folders.iter().any(|folder| !folder.starts_with('/')) {
        return None;
    }
    let (keep, at) = folders.iter().map(|folder| mount_above(service, store, folder)).max_by_key(|(keep, _)| *keep)?;
    let (name, folder, title) = (service.name, &folders[0], store.title);
    let (severity, label) = match keep {
        Keep::Volume => return None,
        Keep::Container => (Severity::Error, format!("no volume at `{folder}`, where {title} keeps its data")),
        Keep::Hidden => {
            (Severity::Error, format!("too high: the image puts an anonymous volume at `{folder}` over it"))
        }
        Keep::Memory => (Severity::Error, "in memory: gone with each stop of the container".to_owned()),
        Keep::Anonymous => (Severity::Warn, "a volume without a name: the next `down` loses sight of it".to_owned()),
    };
    let message = format!("what `{name}` has stored is gone with its container");
    let finding = Finding::new(&RULE.meta, severity, name, at.unwrap_or(service.key), message)
        .label(label)
        .consequence("after `docker compose down` the next `up` begins with an empty folder, without a word")
        .remedy(format!("add `volumes: [\"{name}:{folder}\"]`, and `{name}:` under the top-level `volumes`"))
        .otherwise("if it may be lost: `# feedctl: allow state-without-volume: the reason`");
    Some(finding)
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
    use crate::finding::Severity;
    use crate::fixture;

    fn check(service: &str, expected: Option<Severity>) {
        let found = fixture::found(&RULE.meta, &format!("services: {{app: {{{service}}}}}\nvolumes: {{kept: }}")).map(|(severity, _)| severity);
        assert_eq!(found, expected, "{service}");
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
        check("image: 'redis:8', volumes: [{type: tmpfs, target: /data}]", lost);
        check("image: 'redis:8', volumes: ['kept:/data'], tmpfs: ['/tmp:size=64m']", None);
        check("image: 'postgres:17', volumes: ['kept:/var/lib'], tmpfs: ['/var/lib/postgresql']", lost);
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
    fn moved_data() {
        check("image: 'redis:8', command: redis-server --dir /keep, volumes: ['kept:/data']", Some(Severity::Error));
        check("image: 'redis:8', command: redis-server --dir /keep, volumes: ['kept:/keep']", None);
        check("image: 'postgres:17', environment: {PGDATA: '$PGDATA'}", None);
        check("image: 'postgres:17', environment: [PGDATA=/pg/17], volumes: ['kept:/pg']", None);
    }

    #[test]
    fn who_keeps_nothing() {
        check("image: 'redis:8', command: redis-server --save '' --appendonly no", None);
        check("image: 'redis:8', command: redis-server --sentinel", None);
        check("image: 'redis:8', command: redis-cli monitor", None);
        check("image: 'nats:2'", None);
        check("image: 'nats:2', command: [-js]", Some(Severity::Error));
        check("image: 'nats:2', command: [-js, -sd, /keep], volumes: ['kept:/keep']", None);
        check("image: 'redis:8', volumes_from: ['container:other']", None);
        check("image: 'postgres:17', labels: {feedctl.role: one-shot}", None);
        check("image: 'app:1'", None);
    }
}
