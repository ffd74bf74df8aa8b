//! A look at Redis: one pipeline that reads everything the shipper decides by.

use redis::streams::{StreamInfoStreamReply, StreamRangeReply};
use redis::{FromRedisValue, Value};

use super::*;

/// Strangers' entries may lie on top of ours. Behind this many, only the one that was sent last is found, by its id.
const NEWEST: usize = 8;

pub(super) struct Look {
    pub(super) seen: Seen,
    pub(super) committed: BTreeMap<WriterId, Mark>,
    pub(super) spooled: BTreeMap<WriterId, Mark>,
    pub(super) held: Held,
}

/// What the archiver has of each writer, as far as Redis says so at once: the spool is not opened before this is known,
/// and no frame is kept waiting for long.
pub(crate) async fn committed(url: &SecretString) -> BTreeMap<WriterId, Mark> {
    let ask = async { redis::cmd("HGETALL").arg(COMMITTED_KEY).query_async(&mut connect(url, AT_START).await?).await };
    let Some(answer) = timeout(AT_START, ask).await.ok().and_then(RedisResult::ok) else {
        tracing::warn!("redis does not say what the archiver has: a new writer begins");
        return BTreeMap::new();
    };
    hash(answer)
}

impl Shipping {
    pub(super) async fn look(&self, redis: &mut MultiplexedConnection) -> Result<Look, ShippingError> {
        let stream = &self.settings.stream;
        let mut ask = redis::pipe();
        ask.cmd("XREVRANGE").arg(stream).arg("+").arg("-").arg("COUNT").arg(NEWEST);
        let sent = self.shipper.sent().unwrap_or_default().to_string();
        ask.cmd("XRANGE").arg(stream).arg(&sent).arg(&sent);
        ask.cmd("XINFO").arg("STREAM").arg(stream);
        ask.cmd("HGET").arg(HELD_KEY).arg(stream);
        ask.cmd("HGETALL").arg(COMMITTED_KEY).cmd("HGETALL").arg(WANTED_KEY).cmd("HGETALL").arg(SPOOLED_KEY);
        let answers: Vec<RedisResult<Value>> = ask.ignore_errors().query_async(redis).await?;
        let [entries, sent, info, held, committed, wanted, spooled] = <[_; 7]>::try_from(answers)
            .map_err(|_| redis::RedisError::from((redis::ErrorKind::Parse, "seven questions have seven answers")))?;
        let entries = entries.map_err(|error| match error.code() {
            Some("WRONGTYPE") => ShippingError::WrongType { key: stream.clone() },
            _ => error.into(),
        })?;
        let entries = StreamRangeReply::from_redis_value(entries).unwrap_or_default();
        let sent = StreamRangeReply::from_redis_value(sent?).unwrap_or_default();
        let info = feed_runtime::redis::unless_missing(info)?;
        let info = info.and_then(|info| StreamInfoStreamReply::from_redis_value(info).ok());
        let last_id = info.and_then(|info| info.last_generated_id.parse().ok()).unwrap_or_default();
        let committed = hash::<Mark>(committed?);
        let marks = Marks {
            committed: committed.iter().map(|(writer, mark)| (writer.clone(), mark.n)).collect(),
            wanted: hash::<u64>(wanted?),
        };
        let held: Option<String> = FromRedisValue::from_redis_value(held?).unwrap_or_default();
        Ok(Look {
            seen: Seen { newest: newest(&entries), sent: newest(&sent), last_id, marks },
            committed,
            spooled: hash(spooled?),
            held: held.and_then(|held| held.parse().ok()).unwrap_or_default(),
        })
    }
}

fn newest(entries: &StreamRangeReply) -> Option<Ours> {
    entries.ids.iter().find_map(|entry| {
        let header: Header = entry.get::<String>(META_FIELD)?.parse().ok()?;
        Some(Ours { id: entry.id.parse().ok()?, writer: header.writer })
    })
}

/// The fields of a hash that read as ours.
fn hash<T: std::str::FromStr>(answer: Value) -> BTreeMap<WriterId, T> {
    let fields = BTreeMap::<String, String>::from_redis_value(answer).unwrap_or_default();
    fields.into_iter().filter_map(|(writer, text)| Some((writer.parse().ok()?, text.parse().ok()?))).collect()
}
