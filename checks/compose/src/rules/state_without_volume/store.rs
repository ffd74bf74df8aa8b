//! STORES: one row per program that keeps data, known by its image. Where it keeps it, and where it listens.

use super::words::{Word, option};
use crate::model::Service;
use crate::node::Node;
use crate::rules::image_unpinned::Reference;

pub(in crate::rules) struct Store {
    pub(in crate::rules) title: &'static str,
    /// The last part of the image's name; whole, so that an exporter or a console is none.
    images: &'static [&'static str],
    /// The program itself: another command in its image is a client or a tool.
    programs: &'static [&'static str],
    /// Where the images of that name keep their data: it depends on the version and on who made the image.
    folders: &'static [&'static str],
    /// Where the images themselves declare a volume, which lies over whatever is mounted above it.
    declared: &'static [&'static str],
    /// The variables and options that move it elsewhere.
    moved_by: &'static [&'static str],
    pub(in crate::rules) ports: &'static [i64],
}

/// From version 18 on the image has a folder for each version, and declares the one above them all.
const POSTGRES_18: &str = "/var/lib/postgresql/18/docker";

#[rustfmt::skip]
const STORES: [Store; 15] = [
    Store { title: "Redis", images: &["redis", "redis-stack", "redis-stack-server", "valkey", "keydb"],
        programs: &["redis-server", "valkey-server", "keydb-server"],
        folders: &["/data", "/bitnami/redis/data", "/bitnami/valkey/data"],
        declared: &["/data"], moved_by: &["--dir"], ports: &[6379] },
    // Its folder is not that of the other images of PostgreSQL (timescale/timescaledb-docker#281).
    Store { title: "TimescaleDB", images: &["timescaledb-ha"], programs: &["postgres"],
        folders: &["/home/postgres/pgdata/data"], declared: &[], moved_by: &["PGDATA", "-D"], ports: &[5432] },
    Store { title: "PostgreSQL", images: &["postgres", "postgresql", "postgis", "pgvector", "timescaledb"],
        programs: &["postgres"],
        folders: &["/var/lib/postgresql/data", POSTGRES_18, "/bitnami/postgresql/data"],
        declared: &["/var/lib/postgresql/data"], moved_by: &["PGDATA", "-D"], ports: &[5432] },
    Store { title: "MySQL", images: &["mysql", "mysql-server", "mariadb", "percona"],
        programs: &["mysqld", "mariadbd"],
        folders: &["/var/lib/mysql", "/bitnami/mysql/data", "/bitnami/mariadb/data"],
        declared: &["/var/lib/mysql"], moved_by: &["--datadir"], ports: &[3306] },
    Store { title: "MongoDB", images: &["mongo", "mongodb", "mongodb-community-server"], programs: &["mongod"],
        folders: &["/data/db", "/bitnami/mongodb/data/db"],
        declared: &["/data/db"], moved_by: &["--dbpath"], ports: &[27017] },
    Store { title: "InfluxDB", images: &["influxdb"], programs: &["influxd", "influxdb3"],
        folders: &["/var/lib/influxdb", "/var/lib/influxdb2", "/var/lib/influxdb3", "/bitnami/influxdb"],
        declared: &["/var/lib/influxdb", "/var/lib/influxdb2"],
        moved_by: &["INFLUXD_BOLT_PATH", "INFLUXD_ENGINE_PATH", "--data-dir"], ports: &[8086, 8181] },
    Store { title: "ClickHouse", images: &["clickhouse", "clickhouse-server"], programs: &["clickhouse-server"],
        folders: &["/var/lib/clickhouse", "/bitnami/clickhouse/data"],
        declared: &["/var/lib/clickhouse"], moved_by: &[], ports: &[8123, 9000, 9004, 9005] },
    Store { title: "QuestDB", images: &["questdb"], programs: &["questdb"],
        folders: &["/var/lib/questdb", "/root/.questdb"],
        declared: &[], moved_by: &["QDB_ROOT", "-d"], ports: &[8812, 9000, 9009] },
    Store { title: "Kafka", images: &["kafka", "cp-kafka"], programs: &["kafka-server-start.sh"],
        folders: &["/var/lib/kafka/data", "/tmp/kraft-combined-logs", "/kafka", "/bitnami/kafka/data"],
        declared: &[], moved_by: &["KAFKA_LOG_DIRS", "KAFKA_LOG_DIR", "KAFKA_CFG_LOG_DIRS"], ports: &[9092] },
    Store { title: "Redpanda", images: &["redpanda"], programs: &["redpanda"],
        folders: &["/var/lib/redpanda/data"], declared: &[], moved_by: &[], ports: &[9092, 19092] },
    Store { title: "RabbitMQ", images: &["rabbitmq"], programs: &["rabbitmq-server"],
        folders: &["/var/lib/rabbitmq", "/bitnami/rabbitmq/mnesia"],
        declared: &["/var/lib/rabbitmq"], moved_by: &["RABBITMQ_MNESIA_BASE"], ports: &[5672, 15672] },
    Store { title: "NATS", images: &["nats"], programs: &["nats-server"],
        folders: &["/tmp/nats/jetstream"], declared: &[], moved_by: &["-sd", "--store_dir"], ports: &[4222] },
    Store { title: "Elasticsearch", images: &["elasticsearch"], programs: &["elasticsearch"],
        folders: &["/usr/share/elasticsearch/data", "/bitnami/elasticsearch/data"],
        declared: &[], moved_by: &["path.data"], ports: &[9200] },
    Store { title: "OpenSearch", images: &["opensearch"], programs: &["opensearch"],
        folders: &["/usr/share/opensearch/data"], declared: &[], moved_by: &["path.data"], ports: &[9200] },
    Store { title: "Cassandra", images: &["cassandra"], programs: &["cassandra"],
        folders: &["/var/lib/cassandra", "/bitnami/cassandra/data"],
        declared: &["/var/lib/cassandra"], moved_by: &[], ports: &[9042] },
];

impl Store {
    pub(in crate::rules) fn of(service: &Service<'_>) -> Option<&'static Self> {
        let image = service.node.get("image").and_then(Node::as_text)?;
        let name = Reference::of(image).name;
        STORES.iter().find(|store| store.images.contains(&name))
    }

    /// Whether the words start the program: none at all, its options or settings alone, or its own name among them.
    pub(in crate::rules) fn is_started_by(&self, words: &[Word<'_>]) -> bool {
        let base = |word: &Word<'_>| self.programs.contains(&word.text.rsplit('/').next().unwrap_or_default());
        let options = |word: &Word<'_>| word.text.starts_with('-') || word.text.ends_with(".conf");
        words.first().is_none_or(options) || words.iter().any(base)
    }

    /// Whether it keeps data at all: NATS does so only for JetStream, and a sentinel of Redis never does.
    pub(super) fn keeps(&self, words: &[Word<'_>]) -> bool {
        let has = |names: &[&str]| words.iter().any(|word| names.contains(&word.text.as_str()));
        match self.title {
            "NATS" => has(&["-js", "--jetstream", "--js", "-sd", "--store_dir"]),
            "Redis" => !has(&["--sentinel"]),
            _ => true,
        }
    }

    /// The volumes that this image declares, as far as that is known.
    pub(super) fn declared(&self, service: &Service<'_>) -> &'static [&'static str] {
        let image = service.node.get("image").and_then(Node::as_text).unwrap_or_default();
        let is_other = image.contains("bitnami") || self.title == "PostgreSQL" && !is_before_18(image);
        if is_other { &[] } else { self.declared }
    }

    /// Where this container keeps its data: at one of these.
    pub(super) fn folders(&self, service: &Service<'_>, words: &[Word<'_>]) -> Vec<String> {
        let variable = |name: &str| service.node.at(&["environment", name]).and_then(Node::as_text);
        let moved = self.moved_by.iter().filter_map(|name| variable(name).or_else(|| option(words, &[*name])));
        let moved: Vec<String> = moved.flat_map(|folders| folders.split(',')).map(str::to_owned).collect();
        match moved.is_empty() {
            true => {
                let is_old = !self.declared(service).is_empty();
                let folders = self.folders.iter().filter(|folder| !(is_old && **folder == POSTGRES_18));
                folders.map(|folder| (*folder).to_owned()).collect()
            }
            false => moved,
        }
    }
}

/// Whether the tag says so: `17.5`, `17-alpine`, `2.19.3-pg17`.
fn is_before_18(image: &str) -> bool {
    let tag = image.split('@').next().and_then(|image| image.rsplit_once(':')).map_or("", |(_, tag)| tag);
    let version = tag.rsplit_once("pg").map_or(tag, |(_, version)| version);
    let major = version.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    major.parse::<u32>().is_ok_and(|major| major < 18)
}

#[cfg(test)]
mod tests {
    use super::super::words::words;
    use super::*;
    use crate::fixture;

    fn check(service: &str, expected: Option<(&str, bool)>) {
        let audit = fixture::audit(&format!("services: {{app: {{{service}}}}}"));
        let model = audit.model().expect("Compose takes it");
        let service = &model.services["app"];
        let seen = Store::of(service).map(|store| (store.title, store.is_started_by(&words(service))));
        assert_eq!(seen, expected, "{service:?}");
    }

    #[test]
    fn what_runs() {
        check("image: 'localhost:5000/bitnami/redis:8'", Some(("Redis", true)));
        check("image: 'timescale/timescaledb:2.19.3-pg17'", Some(("PostgreSQL", true)));
        check("image: 'timescale/timescaledb-ha:pg17'", Some(("TimescaleDB", true)));
        check("image: 'oliver006/redis_exporter:1'", None);
        check("build: .", None);
        check("image: 'redis:8', command: /etc/redis.conf --port 1", Some(("Redis", true)));
        check("image: 'redis:8', command: 'sh -c \"exec /usr/bin/redis-server --port 1\"'", Some(("Redis", true)));
        check("image: 'redis:8', command: redis-cli ping", Some(("Redis", false)));
        check("image: 'postgres:17', entrypoint: pg_dump", Some(("PostgreSQL", false)));
        check("image: 'postgres:17', command: [-c, fsync=on]", Some(("PostgreSQL", true)));
    }
}
