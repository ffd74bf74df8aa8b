//! STORES: one row per program that keeps data, with the page or the Dockerfile that says where.

use super::store::{Rather, Store};
use crate::finding::Severity;

/// From version 18 on the image has a folder for each version, and declares the one above them all.
pub(super) const POSTGRES_18: &str = "/var/lib/postgresql/18/docker";

const ROW: Store = Store {
    title: "",
    loses: Severity::Error,
    images: &[],
    programs: &[],
    folders: &[],
    declared: &[],
    moved_by: &[],
    rather: None,
    settings: None,
    ports: &[],
    bound_by: &[],
};

#[rustfmt::skip]
pub(super) const STORES: [Store; 32] = [
    // hub.docker.com/_/redis, hub.docker.com/r/valkey/valkey.
    Store { title: "Redis", images: &["redis", "redis-stack", "redis-stack-server", "valkey", "keydb"],
        programs: &["redis-server", "valkey-server", "keydb-server"],
        folders: &["/data", "/bitnami/redis/data", "/bitnami/valkey/data"],
        declared: &["/data"], moved_by: &["--dir"], ports: &[6379], bound_by: &["--bind"], ..ROW },
    // github.com/dragonflydb/dragonfly, tools/packaging/Dockerfile.ubuntu-prod.
    Store { title: "Dragonfly", images: &["dragonfly"], programs: &["dragonfly"],
        folders: &["/data"], declared: &["/data"], moved_by: &["--dir"], ports: &[6379], bound_by: &["--bind"], ..ROW },
    // Its folder is not that of the other images of PostgreSQL (timescale/timescaledb-docker#281).
    Store { title: "TimescaleDB", images: &["timescaledb-ha"], programs: &["postgres"],
        folders: &["/home/postgres/pgdata/data"], moved_by: &["PGDATA", "-D"], ports: &[5432], bound_by: POSTGRES, ..ROW },
    // hub.docker.com/_/postgres, PGDATA.
    Store { title: "PostgreSQL",
        images: &["postgres", "postgresql", "postgis", "pgvector", "timescale", "timescaledb", "citus"],
        programs: &["postgres"],
        folders: &["/var/lib/postgresql/data", POSTGRES_18, "/bitnami/postgresql/data"],
        declared: &["/var/lib/postgresql/data"], moved_by: &["PGDATA", "-D"], ports: &[5432], bound_by: POSTGRES, ..ROW },
    // hub.docker.com/_/mysql, hub.docker.com/_/mariadb.
    Store { title: "MySQL", images: &["mysql", "mysql-server", "mariadb", "percona", "percona-server"],
        programs: &["mysqld", "mariadbd"],
        folders: &["/var/lib/mysql", "/bitnami/mysql/data", "/bitnami/mariadb/data"],
        declared: &["/var/lib/mysql"], moved_by: &["--datadir"], ports: &[3306],
        bound_by: &["--bind-address", "--bind_address"], ..ROW },
    // hub.docker.com/_/mongo.
    Store { title: "MongoDB", images: &["mongo", "mongodb", "mongodb-community-server"], programs: &["mongod"],
        folders: &["/data/db", "/bitnami/mongodb/data/db"],
        declared: &["/data/db"], moved_by: &["--dbpath"], ports: &[27017], bound_by: &["--bind_ip"], ..ROW },
    // hub.docker.com/_/influxdb: each major version has a folder of its own.
    Store { title: "InfluxDB", images: &["influxdb"], programs: &["influxd", "influxdb3"],
        folders: &["/var/lib/influxdb2", "/var/lib/influxdb3", "/var/lib/influxdb", "/bitnami/influxdb"],
        declared: &["/var/lib/influxdb", "/var/lib/influxdb2"],
        moved_by: &["INFLUXD_BOLT_PATH", "INFLUXD_ENGINE_PATH", "INFLUXDB_DATA_DIR", "--data-dir"], ports: &[8086, 8181],
        bound_by: &["INFLUXD_HTTP_BIND_ADDRESS", "INFLUXDB_HTTP_BIND_ADDRESS", "--http-bind-address", "--http-bind"], ..ROW },
    // hub.docker.com/r/clickhouse/clickhouse-server.
    Store { title: "ClickHouse", images: &["clickhouse", "clickhouse-server"], programs: &["clickhouse-server"],
        folders: &["/var/lib/clickhouse", "/bitnami/clickhouse/data"],
        declared: &["/var/lib/clickhouse"], ports: &[8123, 9000, 9004, 9005], ..ROW },
    // questdb.com/docs/deployment/docker; the second is that of 6.0 (core/Dockerfile).
    Store { title: "QuestDB", images: &["questdb"], programs: &["questdb", "questdb.sh"],
        folders: &["/var/lib/questdb", "/root/.questdb"],
        moved_by: &["QDB_ROOT", "QUESTDB_DATA_DIR", "-d"], ports: &[8812, 9000, 9009], ..ROW },
    // docs.victoriametrics.com, -storageDataPath; the image has no other folder than /.
    Store { title: "VictoriaMetrics", images: &["victoria-metrics"],
        programs: &["victoria-metrics-prod", "victoria-metrics"], folders: &["/victoria-metrics-data"],
        moved_by: &["-storageDataPath", "--storageDataPath"], ports: &[8428],
        bound_by: &["-httpListenAddr", "--httpListenAddr"], ..ROW },
    // docs.tdengine.com, Get started with Docker.
    Store { title: "TDengine", images: &["tdengine"], programs: &["taosd"],
        folders: &["/var/lib/taos"], ports: &[6030, 6041], ..ROW },
    // hub.docker.com/_/crate.
    Store { title: "CrateDB", images: &["crate"], programs: &["crate"],
        folders: &["/data"], declared: &["/data"], moved_by: &["-Cpath.data"], ports: &[4200], ..ROW },
    // hub.docker.com/r/cockroachdb/cockroach.
    Store { title: "CockroachDB", images: &["cockroach"], programs: &["cockroach", "start", "start-single-node"],
        folders: &["/cockroach/cockroach-data"], moved_by: &["--store", "-s"], ports: &[26257],
        bound_by: &["--listen-addr"], ..ROW },
    // The volume of apache/kafka is not where it keeps its data: log.dirs in its docker/server.properties, and Kafka's own
    // default, which is in force as soon as a variable KAFKA_… is set (docker/examples/README.md).
    Store { title: "Kafka", images: &["kafka", "kafka-native"], programs: KAFKA,
        folders: &["/tmp/kraft-combined-logs", "/tmp/kafka-logs", "/var/lib/kafka/data", "/kafka", "/bitnami/kafka/data"],
        moved_by: &["KAFKA_LOG_DIRS", "KAFKA_LOG_DIR", "KAFKA_CFG_LOG_DIRS"], settings: Some("/mnt/shared/config"),
        // Which folder of /tmp it is depends on its other variables.
        rather: Some(Rather { than: "/tmp", variable: "KAFKA_LOG_DIRS", folder: "/var/lib/kafka/data" }),
        ports: &[9092], bound_by: &["KAFKA_LISTENERS", "KAFKA_CFG_LISTENERS"], ..ROW },
    // docs.confluent.io, Docker: Mount External Volumes.
    Store { title: "Kafka", images: &["cp-kafka", "cp-server", "confluent-local"], programs: KAFKA,
        folders: &["/var/lib/kafka/data"], declared: &["/var/lib/kafka/data"], moved_by: &["KAFKA_LOG_DIRS", "KAFKA_LOG_DIR"],
        ports: &[9092], bound_by: &["KAFKA_LISTENERS"], ..ROW },
    // hub.docker.com/_/zookeeper. Without it Kafka does not know its own topics.
    Store { title: "ZooKeeper", images: &["zookeeper", "cp-zookeeper"], programs: &["zkServer.sh", "run"],
        folders: &["/data", "/var/lib/zookeeper/data", "/bitnami/zookeeper"],
        moved_by: &["ZOO_DATA_DIR"], ports: &[2181], ..ROW },
    // docs.redpanda.com, Redpanda in Docker.
    Store { title: "Redpanda", images: &["redpanda"], programs: &["redpanda", "start"],
        folders: &["/var/lib/redpanda/data"], ports: &[9092, 19092], bound_by: &["--kafka-addr"], ..ROW },
    // pulsar.apache.org, Run Pulsar in Docker.
    Store { title: "Pulsar", images: &["pulsar", "pulsar-all"], programs: &["pulsar"],
        folders: &["/pulsar/data"], ports: &[6650], ..ROW },
    // etcd.io/docs, Configuration options: data-dir is `NAME.etcd` in the folder in which it starts, and it listens on
    // localhost alone until it is told otherwise.
    Store { title: "etcd", images: &["etcd"], programs: &["etcd"], folders: &["/default.etcd", "/bitnami/etcd/data"],
        moved_by: &["ETCD_DATA_DIR", "--data-dir", "-data-dir"],
        rather: Some(Rather { than: "/default.etcd", variable: "ETCD_DATA_DIR", folder: "/etcd-data" }), ..ROW },
    // learn.microsoft.com, Configure and customize SQL Server Linux containers: Persist your data.
    Store { title: "SQL Server", images: &["mssql/server", "mssql-server-linux", "azure-sql-edge"], programs: &["sqlservr"],
        folders: &["/var/opt/mssql", "/var/opt/mssql/data"], moved_by: &["MSSQL_DATA_DIR"], ports: &[1433],
        bound_by: &["MSSQL_IP_ADDRESS"], ..ROW },
    // neo4j.com/docs, Persisting data with Docker; the second is a link to the first.
    Store { title: "Neo4j", images: &["neo4j"], programs: &["neo4j"],
        folders: &["/data", "/var/lib/neo4j/data", "/bitnami/neo4j/data"], declared: &["/data"],
        moved_by: &["NEO4J_server_directories_data", "NEO4J_dbms_directories_data"], ports: &[7687, 7474],
        bound_by: &["NEO4J_server_default__listen__address", "NEO4J_dbms_default__listen__address"], ..ROW },
    // hub.docker.com/_/couchdb.
    Store { title: "CouchDB", images: &["couchdb"], programs: &["couchdb"],
        folders: &["/opt/couchdb/data", "/bitnami/couchdb/data"], declared: &["/opt/couchdb/data"], ports: &[5984], ..ROW },
    // hub.docker.com/_/rabbitmq.
    Store { title: "RabbitMQ", images: &["rabbitmq"], programs: &["rabbitmq-server"],
        folders: &["/var/lib/rabbitmq", "/bitnami/rabbitmq/mnesia"],
        declared: &["/var/lib/rabbitmq"], moved_by: &["RABBITMQ_MNESIA_BASE"], ports: &[5672, 15672],
        bound_by: &["RABBITMQ_NODE_IP_ADDRESS"], ..ROW },
    // docs.nats.io, JetStream: store_dir.
    Store { title: "NATS", images: &["nats"], programs: &["nats-server"],
        folders: &["/tmp/nats/jetstream"], moved_by: &["-sd", "--sd", "-store_dir", "--store_dir"], ports: &[4222],
        bound_by: &["-a", "-addr", "--addr", "-net", "--net"], ..ROW },
    // www.elastic.co, Install Elasticsearch with Docker; docs.opensearch.org, Docker.
    Store { title: "Elasticsearch", images: &["elasticsearch"], programs: &["elasticsearch", "eswrapper"],
        folders: &["/usr/share/elasticsearch/data", "/bitnami/elasticsearch/data"],
        moved_by: &["path.data"], ports: &[9200], bound_by: &["network.host", "http.host"], ..ROW },
    Store { title: "OpenSearch", images: &["opensearch"], programs: &["opensearch"],
        folders: &["/usr/share/opensearch/data"], moved_by: &["path.data"], ports: &[9200],
        bound_by: &["network.host", "http.host"], ..ROW },
    // hub.docker.com/_/cassandra, hub.docker.com/r/scylladb/scylla.
    Store { title: "Cassandra", images: &["cassandra"], programs: &["cassandra"],
        folders: &["/var/lib/cassandra", "/bitnami/cassandra/data"],
        declared: &["/var/lib/cassandra"], ports: &[9042], ..ROW },
    Store { title: "ScyllaDB", images: &["scylla"], programs: &["scylla"],
        folders: &["/var/lib/scylla"], declared: &["/var/lib/scylla"], ports: &[9042], ..ROW },
    // min.io/docs, Deploy MinIO as a container: the folder is an argument.
    Store { title: "MinIO", images: &["minio"], programs: &["minio", "server"],
        folders: &["/data"], moved_by: &["server", "MINIO_VOLUMES"], ..ROW },
    // What watches the feed: its loss takes no tick along.
    // prometheus.io/docs, Installation: Using Docker; a command of one's own without the path keeps to the folder below.
    Store { title: "Prometheus", loses: Severity::Warn, images: &["prometheus"], programs: &["prometheus"],
        folders: &["/prometheus", "/prometheus/data"],
        moved_by: &["--storage.tsdb.path", "--storage.agent.path"], ..ROW },
    // grafana.com/docs, Configure a Grafana Docker image: GF_PATHS_DATA.
    Store { title: "Grafana", loses: Severity::Warn, images: &["grafana", "grafana-oss", "grafana-enterprise"],
        programs: &["grafana-server", "grafana", "run.sh"],
        folders: &["/var/lib/grafana"], moved_by: &["GF_PATHS_DATA"], ..ROW },
    // github.com/grafana/loki, cmd/loki/loki-docker-config.yaml; a file of one's own may name any place.
    Store { title: "Loki", loses: Severity::Warn, images: &["loki"], programs: &["loki"],
        folders: &["/loki"], moved_by: &["-common.path-prefix", "--common.path-prefix"], settings: Some("/etc/loki"), ..ROW },
];

const KAFKA: &[&str] = &["kafka-server-start.sh", "kafka-server-start", "run"];

const POSTGRES: &[&str] = &["listen_addresses", "--listen_addresses", "--listen-addresses", "-h"];
