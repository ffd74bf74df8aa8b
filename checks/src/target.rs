//! What should be there: the services, feeds and endpoints that feedctl.yml names. Pure data, kept in the report, so
//! that a past verdict can be judged again. It holds no address and no secret: those are the site's.

use std::collections::BTreeMap;

use feed::market::Market;
use serde::{Deserialize, Serialize};

use crate::check::Hop;
use crate::site::docker::container::RestartPolicy;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The Compose project.
    pub project: String,
    pub services: BTreeMap<String, Service>,
    pub feeds: BTreeMap<String, Feed>,
    /// Health endpoints, name → URL.
    pub health: BTreeMap<String, String>,
    #[serde(default)]
    pub programs: Programs,
}

/// How the user calls the two programs from where he is: the words before a subcommand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Programs {
    pub compose: String,
    pub feedctl: String,
}

/// In the folder of the stack.
impl Default for Programs {
    fn default() -> Self {
        Programs { compose: "docker compose".to_owned(), feedctl: "feedctl".to_owned() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    pub role: Role,
    /// The link of the path that it serves; none: it comes last.
    pub hop: Option<Hop>,
    /// Whether it must be there. What is wrong with a service that need not be there is a warning.
    pub required: bool,
    /// What the compose files say of its restart; none where they cannot be read here.
    pub declared: Option<Declared>,
}

/// A restart policy in the files: what the engine would get from the next `docker compose up`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    pub policy: RestartPolicy,
    /// `docker-compose.yml:31`: the policy, or the service where it has none.
    pub place: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Runs for ever and must come back by itself.
    Service,
    /// Runs once to its end, like a migration.
    OneShot,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Feed {
    pub market: Market,
    /// The symbols whose ticks are this feed's, as the table writes them; empty: every symbol.
    pub symbols: Vec<String>,
    pub flow: Option<Flow>,
    pub rows: Option<Rows>,
    /// Whether the stack keeps `feed_watermarks`.
    pub heartbeat: bool,
}

/// How ticks travel through Redis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// The key of a stream.
    Stream(String),
}

/// Where ticks arrive. Names as PostgreSQL knows them; the table may carry its schema (`public.ticks`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    pub table: String,
    pub time: TimeColumn,
    pub symbol: String,
    pub volume: Option<String>,
    pub cumulative_volume: Option<String>,
}

/// The trade time of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeColumn {
    pub column: String,
    /// Of a column of type `timestamp`: the zone in which it is meant, as PostgreSQL names it.
    pub zone: Option<String>,
}

impl Target {
    /// The services of a hop, by name.
    pub fn services_at(&self, hop: Hop) -> impl Iterator<Item = &str> {
        self.services.iter().filter(move |(_, service)| service.hop == Some(hop)).map(|(name, _)| name.as_str())
    }

    /// Every feed that goes through a stream: its name and the stream's key.
    pub fn streams(&self) -> impl Iterator<Item = (&str, &str)> {
        let flows = self.feeds.iter().filter_map(|(name, feed)| Some((name.as_str(), feed.flow.as_ref()?)));
        flows.map(|(name, Flow::Stream(stream))| (name, stream.as_str()))
    }

    /// What feedctl.yml does not say where no feed has `word`: that of the first feed, or feeds at all.
    pub(crate) fn key_of_feeds(&self, word: &str) -> String {
        self.feeds.keys().next().map_or("feeds".to_owned(), |name| format!("feeds.{name}.{word}"))
    }

    /// The command that shows why the first service of a hop is in trouble.
    pub(crate) fn logs_of(&self, hop: Hop) -> Option<String> {
        self.services_at(hop).next().map(|service| self.compose(&format!("logs --tail 50 {service}")))
    }

    pub(crate) fn compose(&self, subcommand: &str) -> String {
        format!("{} {subcommand}", self.programs.compose)
    }

    pub(crate) fn feedctl(&self, subcommand: &str) -> String {
        format!("{} {subcommand}", self.programs.feedctl)
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture;

    #[test]
    fn a_key_that_no_feed_has_is_named_as_the_user_would_write_it() {
        let mut want = fixture::target();
        assert_eq!(want.key_of_feeds("rows"), "feeds.kr.rows");
        want.feeds.clear();
        assert_eq!(want.key_of_feeds("rows"), "feeds");
    }
}
