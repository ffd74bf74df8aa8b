//! Reading the stream with plain XREAD: there is no consumer group, because two positions would be two truths.

use std::time::Duration;

use feed::entry::{DATA_FIELD, Header, Kind, META_FIELD, StreamId};
use feed_runtime::redis::connect;
use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Value};
use secrecy::SecretString;

use crate::take::{Entry, Offer};

/// Entries per read: a transaction of some thousand rows is near the fastest.
const AT_ONCE: usize = 2_000;
/// How long a read waits for the first entry.
const BLOCK: Duration = Duration::from_secs(1);

/// What one read brought: the offers, and beside each the bytes of its frame.
#[derive(Debug, Default)]
pub struct Read {
    pub after: StreamId,
    pub offers: Vec<Offer>,
    pub bytes: Vec<Vec<u8>>,
}

/// A connection that only reads: a blocking read would delay everything behind it.
pub async fn open(url: &SecretString) -> RedisResult<MultiplexedConnection> {
    connect(url, BLOCK + Duration::from_secs(4)).await
}

/// Entries above `after`; empty when none came for a second.
pub async fn read(mut redis: MultiplexedConnection, stream: String, after: StreamId) -> RedisResult<Read> {
    let mut command = redis::cmd("XREAD");
    let block_ms = u64::try_from(BLOCK.as_millis()).expect("a second");
    command.arg("COUNT").arg(AT_ONCE).arg("BLOCK").arg(block_ms).arg("STREAMS").arg(&stream).arg(after.to_string());
    let answer = redis.send_packed_command(&command).await?.extract_error()?;
    let mut read = Read { after, ..Read::default() };
    for entry in entries(answer) {
        if let Some((offer, bytes)) = offer(entry) {
            read.offers.push(offer);
            read.bytes.push(bytes);
        }
    }
    Ok(read)
}

/// `[[stream, [[id, [field, value, …]], …]]]`, or a map of that in the newer protocol; nil where nothing came.
fn entries(answer: Value) -> Vec<Value> {
    let of_stream = match answer {
        Value::Array(streams) => streams.into_iter().next(),
        Value::Map(streams) => return streams.into_iter().next().map_or(Vec::new(), |(_, entries)| array(entries)),
        _ => None,
    };
    of_stream.map_or(Vec::new(), |stream| array(stream).into_iter().nth(1).map_or(Vec::new(), array))
}

fn offer(entry: Value) -> Option<(Offer, Vec<u8>)> {
    let mut parts = array(entry).into_iter();
    let id = String::from_utf8(bytes(parts.next()?)?).ok()?.parse().ok()?;
    let mut fields = array(parts.next().unwrap_or(Value::Nil)).into_iter();
    let (mut meta, mut data) = (None, None);
    while let (Some(name), Some(value)) = (fields.next().and_then(bytes), fields.next().and_then(bytes)) {
        if name == META_FIELD.as_bytes() {
            meta = Some(value);
        } else if name == DATA_FIELD.as_bytes() {
            data = Some(value);
        }
    }
    let data = data.unwrap_or_default();
    Some((Offer { id, entry: meta.and_then(|meta| header(&meta, &data)) }, data))
}

fn header(meta: &[u8], data: &[u8]) -> Option<Entry> {
    let header: Header = std::str::from_utf8(meta).ok()?.parse().ok()?;
    let gap = match header.kind {
        Kind::Gap => Some(std::str::from_utf8(data).ok()?.parse().ok()?),
        Kind::Frame | Kind::Heartbeat => None,
    };
    Some(Entry { kind: header.kind, writer: header.writer, received: header.received, ticks: header.ticks, gap })
}

fn array(value: Value) -> Vec<Value> {
    match value {
        Value::Array(values) => values,
        _ => Vec::new(),
    }
}

fn bytes(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.into_bytes()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    /// An entry with these fields: is it ours, and what are its bytes?
    fn check(fields: &[&str], ours: bool, data: &str) {
        let fields = Value::Array(fields.iter().map(|field| text(field)).collect());
        let answer = Value::Array(vec![Value::Array(vec![
            text("s"),
            Value::Array(vec![Value::Array(vec![text("5-1"), fields])]),
        ])]);
        let read: Vec<_> = entries(answer).into_iter().filter_map(offer).collect();
        let [(offer, bytes)] = &read[..] else { panic!("one entry was given, {} came out", read.len()) };
        assert_eq!((offer.id, offer.entry.is_some()), (StreamId { ms: 5, n: 1 }, ours));
        assert_eq!(bytes, data.as_bytes());
    }

    #[test]
    fn an_entry_of_another_form_is_a_strangers() {
        check(&["m", "1 frame w 0 3", "d", "0|x"], true, "0|x");
        check(&["d", "0|x", "m", "1 frame w 0 3"], true, "0|x");
        check(&["m", "1 gap w 0 3", "d", "1 4 lost"], true, "1 4 lost");
        check(&["m", "1 gap w 0 3", "d", "lost"], false, "lost");
        check(&["tick", "{}"], false, "");
        check(&[], false, "");
    }

    #[test]
    fn nothing_came() {
        assert!(entries(Value::Nil).is_empty());
    }
}
