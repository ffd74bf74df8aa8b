//! Redis, asked read commands only. The connection is shared by the checks of one run.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use feed::entry::{
    COMMITTED_KEY, DATA_FIELD, HELD_KEY, Header, Held, META_FIELD, Mark, Received, SPOOLED_KEY, StreamId, WriterId,
};
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, FromRedisValue, InfoDict, IntoConnectionInfo,
    Pipeline,
};
use secrecy::ExposeSecret;
use tokio::sync::OnceCell;

use super::docker::Docker;
use super::place::{self, Place};
use super::{ANSWER_TIMEOUT, CONNECT_TIMEOUT, ProbeError, RedisAccess};
use crate::finding::Subject;
use refusal::Named;

mod refusal;

pub(super) struct Redis {
    access: RedisAccess,
    connection: OnceCell<Result<Connection, ProbeError>>,
}

/// A connection and what its errors mean.
#[derive(Clone)]
pub(crate) struct Connection {
    connection: MultiplexedConnection,
    server: Named,
}

/// A stream entry, as far as a check reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: StreamId,
    /// None for a stranger's entry.
    pub(crate) header: Option<Header>,
}

/// What Redis holds of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sample {
    /// By the clock of Redis.
    pub(crate) now: DateTime<Utc>,
    pub(crate) length: u64,
    /// Newest first.
    pub(crate) newest: Vec<Entry>,
    /// The writers whose spools the stream's collector holds.
    pub(crate) held: Vec<WriterId>,
    /// Of every stream of this Redis.
    pub(crate) spooled: Marks,
    pub(crate) committed: Marks,
}

pub(crate) type Marks = BTreeMap<WriterId, Mark>;

impl Redis {
    pub(super) fn new(access: RedisAccess) -> Self {
        Redis { access, connection: OnceCell::new() }
    }

    pub(super) async fn connect(&self, docker: Option<&Docker>) -> Result<Connection, ProbeError> {
        self.connection.get_or_init(|| connect(&self.access, docker)).await.clone()
    }
}

async fn connect(access: &RedisAccess, docker: Option<&Docker>) -> Result<Connection, ProbeError> {
    let (info, key) = match access {
        RedisAccess::Service { service, port } => {
            let place = place::of_service(docker, service, *port, &Subject::Redis, "redis.service").await?;
            ((place.host, place.port).into_connection_info(), "redis")
        }
        RedisAccess::Url(credential) => {
            (credential.secret.expose_secret().into_connection_info(), credential.key.as_str())
        }
    };
    let unusable = Named { place: String::new(), key: key.to_owned() };
    let info = info.map_err(|error| unusable.explain(error, key))?;
    let server = Named { place: known_place(&info, key).await?, key: key.to_owned() };
    let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(ANSWER_TIMEOUT));
    let opened = match Client::open(info) {
        Ok(client) => client.get_multiplexed_async_connection_with_config(&config).await,
        Err(error) => Err(error),
    };
    match opened {
        Ok(connection) => Ok(Connection { connection, server }),
        Err(error) => Err(server.explain(error, key)),
    }
}

/// The address to connect to, without the secrets of its URL, once its name is known.
async fn known_place(info: &ConnectionInfo, key: &str) -> Result<String, ProbeError> {
    if let ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. } = info.addr() {
        place::check_name(&Place { host: host.clone(), port: *port }, key).await?;
    }
    Ok(info.addr().to_string())
}

impl Connection {
    pub(crate) async fn info(&self) -> Result<InfoDict, ProbeError> {
        let mut pipeline = redis::pipe();
        pipeline.cmd("PING").ignore().cmd("INFO");
        let (info,) = self.ask(&pipeline, &self.server.key).await?;
        Ok(info)
    }

    /// Looks at the stream of a feed and its newest `entries`, in one batch. No transaction: it would need more rights.
    pub(crate) async fn sample(&self, feed: &str, stream: &str, entries: usize) -> Result<Sample, ProbeError> {
        type Raw = ((i64, i64), u64, Vec<RawEntry>, Option<String>, RawHash, RawHash);
        let mut pipeline = redis::pipe();
        pipeline.cmd("TIME").cmd("XLEN").arg(stream);
        pipeline.cmd("XREVRANGE").arg(stream).arg("+").arg("-").arg("COUNT").arg(entries);
        pipeline.cmd("HGET").arg(HELD_KEY).arg(stream);
        pipeline.cmd("HGETALL").arg(SPOOLED_KEY).cmd("HGETALL").arg(COMMITTED_KEY);
        let ((seconds, micros), length, newest, held, spooled, committed): Raw =
            self.ask(&pipeline, &format!("feeds.{feed}.flow")).await?;
        Ok(Sample {
            now: Received(seconds * 1_000_000 + micros).instant(),
            length,
            newest: newest.iter().filter_map(entry).collect(),
            held: held.and_then(|held| held.parse().ok()).map_or(Vec::new(), |held: Held| held.writers),
            spooled: marks(spooled),
            committed: marks(committed),
        })
    }

    /// Entries behind `after` (none: from the first), oldest first, at most `entries`.
    pub(crate) async fn page(
        &self,
        stream: &str,
        after: Option<StreamId>,
        entries: usize,
    ) -> Result<Vec<Entry>, ProbeError> {
        let from = after.map_or("-".to_owned(), |id| format!("({id}"));
        let mut pipeline = redis::pipe();
        pipeline.cmd("XRANGE").arg(stream).arg(from).arg("+").arg("COUNT").arg(entries);
        let (page,): (Vec<RawEntry>,) = self.ask(&pipeline, &self.server.key).await?;
        Ok(page.iter().filter_map(entry).collect())
    }

    /// `key` is the place in feedctl.yml that named what is asked for.
    async fn ask<Answer: FromRedisValue>(&self, pipeline: &Pipeline, key: &str) -> Result<Answer, ProbeError> {
        pipeline.query_async(&mut self.connection.clone()).await.map_err(|error| self.server.explain(error, key))
    }
}

/// Id, then fields and values in turn.
type RawEntry = (String, Vec<Vec<u8>>);

fn entry((id, fields): &RawEntry) -> Option<Entry> {
    let header = match fields.as_slice() {
        [meta, text, data, _] if meta == META_FIELD.as_bytes() && data == DATA_FIELD.as_bytes() => {
            std::str::from_utf8(text).ok().and_then(|text| text.parse().ok())
        }
        _ => None,
    };
    Some(Entry { id: id.parse().ok()?, header })
}

type RawHash = BTreeMap<String, String>;

/// A value of another form is a stranger's, and left out.
fn marks(hash: RawHash) -> Marks {
    hash.into_iter().filter_map(|(writer, mark)| Some((writer.parse().ok()?, mark.parse().ok()?))).collect()
}
