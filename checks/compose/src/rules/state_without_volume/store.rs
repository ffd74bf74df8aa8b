//! A program that keeps data, known by its image: where it keeps it, and where it listens. The rows are in `table`.

use super::table::{POSTGRES_18, STORES};
use super::words::{Word, option, programs};
use crate::finding::Severity;
use crate::model::Service;
use crate::node::Node;
use crate::rules::image_unpinned::Reference;

pub(in crate::rules) struct Store {
    pub(in crate::rules) title: &'static str,
    /// How bad it is to lose what it keeps.
    pub(super) loses: Severity,
    /// How the image's name ends; in whole parts, so that an exporter or a console is none.
    pub(super) images: &'static [&'static str],
    /// The program itself: another command in its image is a client or a tool.
    pub(super) programs: &'static [&'static str],
    /// Where the images of that name keep their data: it depends on the version and on who made the image.
    pub(super) folders: &'static [&'static str],
    /// Where the images themselves declare a volume, which lies over whatever is mounted above it.
    pub(super) declared: &'static [&'static str],
    /// The variables and options that move it elsewhere.
    pub(super) moved_by: &'static [&'static str],
    pub(super) rather: Option<Rather>,
    /// Whatever is mounted here may move it too, and is not read.
    pub(super) settings: Option<&'static str>,
    /// Where it listens, the usual one first; none where its being reached is no danger.
    pub(in crate::rules) ports: &'static [i64],
    /// The variables and options that name the addresses on which it listens; without them it is every one.
    pub(in crate::rules) bound_by: &'static [&'static str],
}

/// Where the data should lie, if the program itself would put it at a place that nobody means.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rather {
    /// How that place begins.
    pub(super) than: &'static str,
    pub(super) variable: &'static str,
    pub(super) folder: &'static str,
}

impl Store {
    pub(in crate::rules) fn of(service: &Service<'_>) -> Option<&'static Self> {
        let image = service.node.get("image").and_then(Node::as_text)?;
        Self::named(Reference::of(image).path)
    }

    /// By an image's name without its tag.
    pub(in crate::rules) fn named(path: &str) -> Option<&'static Self> {
        let is_end = |image: &&str| path.strip_suffix(image).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'));
        STORES.iter().find(|store| store.images.iter().any(is_end))
    }

    /// Whether it may hold what the feed has stored, and not only what watches it.
    pub(in crate::rules) fn holds_ticks(&self) -> bool {
        self.loses == Severity::Error
    }

    /// Whether the words start the program: none at all, its options or settings alone, or its own name where a program
    /// stands, or behind a script. An empty word, of a variable without value, is taken to do so.
    pub(in crate::rules) fn is_started_by(&self, words: &[Word<'_>]) -> bool {
        let starts = |word: &Word<'_>| word.text.is_empty() || word.text.starts_with('-') || word.text.ends_with(".conf");
        let is_script = |word: &Word<'_>| word.text.ends_with(".sh");
        let behind = words.iter().position(is_script).and_then(|script| words.get(script + 1));
        let mut programs = programs(words).chain(behind.map(|word| word.text.as_str()));
        words.first().is_none_or(starts) || programs.any(|program| self.programs.contains(&program))
    }

    /// Whether it keeps data here at all, as far as the file shows: NATS does so only for JetStream, a sentinel of Redis never
    /// does, nor a Grafana that has another database; a Loki with a file of its own may keep it anywhere.
    pub(super) fn keeps(&self, service: &Service<'_>, words: &[Word<'_>]) -> bool {
        let name = |word: &Word<'_>| word.text.trim_start_matches('-').split('=').next().unwrap_or_default().to_owned();
        let mut options = words.iter().filter(|word| word.text.starts_with('-')).map(name);
        let variable = |name: &str| service.node.at(&["environment", name]).and_then(Node::as_text);
        match self.title {
            "NATS" => options.any(|name| matches!(&*name, "js" | "jetstream" | "sd" | "store_dir")),
            "Redis" => !options.any(|name| name == "sentinel"),
            "Grafana" => {
                variable("GF_DATABASE_URL").is_none()
                    && variable("GF_DATABASE_TYPE").is_none_or(|database| database == "sqlite3")
            }
            "Loki" => option(words, &["-config.file", "--config.file"])
                .is_none_or(|file| file == "/etc/loki/local-config.yaml"),
            _ => true,
        }
    }

    /// Whether the next container looks for its data in another folder: the node of RabbitMQ is `rabbit@HOSTNAME`, and so is
    /// its folder. That of Bitnami is `rabbit@localhost`.
    pub(super) fn is_named_by_the_container(&self, service: &Service<'_>) -> bool {
        let text = |path: &[&str]| service.node.at(path).and_then(Node::as_text).unwrap_or_default();
        self.title == "RabbitMQ"
            && text(&["hostname"]).is_empty()
            && text(&["network_mode"]) != "host"
            && !text(&["environment", "RABBITMQ_NODENAME"]).contains('@')
            && !text(&["image"]).contains("bitnami")
    }

    /// The image, where its version decides where the data lies and comes from a variable without value.
    pub(super) fn unknown_version<'a>(&self, service: &Service<'a>) -> Option<&'a Node> {
        let image = service.node.get("image").filter(|image| image.lacks_a_variable())?;
        let is_unknown = matches!(self.title, "PostgreSQL" | "InfluxDB") && major(image.as_text()?).is_none();
        is_unknown.then_some(image)
    }

    /// The volumes that this image declares, as far as that is known.
    pub(super) fn declared(&self, service: &Service<'_>) -> &'static [&'static str] {
        let image = service.node.get("image").and_then(Node::as_text).unwrap_or_default();
        let is_18 = self.title == "PostgreSQL" && major(image).is_none_or(|major| major >= 18);
        if image.contains("bitnami") || image.contains("kartoza/") || is_18 { &[] } else { self.declared }
    }

    /// Where this container keeps its data: at one of these.
    pub(super) fn folders(&self, service: &Service<'_>, words: &[Word<'_>]) -> Vec<String> {
        let variable = |name: &str| service.node.at(&["environment", name]).and_then(Node::as_text);
        let moved = self.moved_by.iter().filter_map(|name| variable(name).or_else(|| option(words, &[*name])));
        let moved: Vec<String> = moved.flat_map(|folders| folders.split(',')).map(str::to_owned).collect();
        if !moved.is_empty() {
            return moved;
        }
        let image = service.node.get("image").and_then(Node::as_text).unwrap_or_default();
        let only =
            |is_one: &dyn Fn(&str) -> bool| self.folders.iter().copied().filter(|folder| is_one(folder)).collect();
        let folders: Vec<&str> = match (self.title, major(image)) {
            _ if image.contains("bitnami/mariadb") => vec!["/bitnami/mariadb"],
            _ if image.contains("bitnami") => only(&|folder| folder.starts_with("/bitnami")),
            ("Kafka", _) if image.contains("apache/") => only(&|folder| folder.starts_with("/tmp")),
            // Each version has a folder of its own below.
            ("PostgreSQL", _) if image.contains("kartoza/") => vec!["/var/lib/postgresql"],
            // Its entrypoint refuses a volume at the older place.
            ("PostgreSQL", Some(18..)) => vec!["/var/lib/postgresql", POSTGRES_18],
            ("ZooKeeper", _) if image.contains("cp-zookeeper") => only(&|folder| folder.starts_with("/var/lib")),
            ("PostgreSQL", Some(..18)) => only(&|folder| folder != POSTGRES_18),
            ("InfluxDB", Some(1)) => vec!["/var/lib/influxdb"],
            ("InfluxDB", Some(2)) => vec!["/var/lib/influxdb2"],
            ("InfluxDB", Some(3)) => vec!["/var/lib/influxdb3"],
            _ => self.folders.to_vec(),
        };
        folders.into_iter().map(str::to_owned).collect()
    }
}

/// The major version, where the tag says it: `17.5`, `17-alpine`, `2.19.3-pg17`.
fn major(image: &str) -> Option<u32> {
    let tag = image.split('@').next().and_then(|image| image.rsplit_once(':')).map_or("", |(_, tag)| tag);
    let version = tag.rsplit_once("pg").map_or(tag, |(_, version)| version);
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
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
        check("image: 'postgres:17', command: psql -h there -U postgres postgres", Some(("PostgreSQL", false)));
        check("image: 'postgres:17', command: psql postgres://there/postgres", Some(("PostgreSQL", false)));
        check("image: 'postgres:17', command: docker-entrypoint.sh postgres", Some(("PostgreSQL", true)));
        check("image: 'postgres:17', command: [-c, fsync=on]", Some(("PostgreSQL", true)));
        check("image: 'postgres:17', entrypoint: /wrapper.sh, command: postgres -c a=b", Some(("PostgreSQL", true)));
        check("image: 'postgres:17', command: [/backup.sh, there]", Some(("PostgreSQL", false)));
    }
}
