//! The account of a run: what the simulator's log says was sent, what the spool holds, what stands in the table, and
//! whether these agree, value by value.

use std::path::Path;

use feed::entry::{Kind, Received};
use feed::kis::frame;
use feed::tick::Tick;
use feed_collector::spool::folder::Folder;
use feed_collector::spool::reader::Reader;
use feed_testkit::{Logged, Session};
use tokio_postgres::{Client, Row};

/// A frame in the spool.
pub(crate) struct Spooled {
    pub(crate) received: Received,
    pub(crate) frame: Vec<u8>,
}

/// A row of `market_ticks`: everything that the exchange said, and when it was received.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stored {
    /// The columns in the order of the table, as PostgreSQL prints them, separated by blanks.
    pub(crate) facts: String,
    pub(crate) received: i64,
}

/// The frames of all writers below `directory`, in order. Heartbeats are passed over.
///
/// # Panics
/// When the spool says that it lost something.
pub(crate) fn spooled(directory: &Path) -> Vec<Spooled> {
    let mut frames = Vec::new();
    for folder in Folder::list(directory).expect("the spool can be listed") {
        let (_, end, _) = folder.last_segment().expect("the spool can be read");
        let mut reader = Reader::new(folder);
        let mut next = 1;
        while next <= end.n {
            for record in reader.read(next, end.n).expect("the spool can be read") {
                assert_eq!(record.gap(), None, "the spool has a gap");
                next = record.n + 1;
                if record.kind == Kind::Frame {
                    frames.push(Spooled { received: record.received, frame: record.bytes });
                }
            }
        }
    }
    frames
}

/// The spool holds the frames of one session after the other, each a prefix of what that session was sent, and all of it
/// unless the connection was lost: bytes that lay unread in the socket of a killed collector are nobody's any more.
pub(crate) fn check_spool(spooled: &[Spooled], log: &[Logged], sessions: &[Session]) {
    let mut rest = spooled;
    for session in sessions {
        let sent = log.iter().filter(|line| line.session == session.number);
        let heard = sent.zip(rest).take_while(|(line, spooled)| line.frame.as_bytes() == spooled.frame).count();
        rest = &rest[heard..];
        if session.ended.as_deref() != Some("lost") {
            assert_eq!(heard as u64, session.frames, "frames heard and sent of {session:?}");
        }
    }
    let at = spooled.len() - rest.len();
    assert!(rest.is_empty(), "frame {at} in the spool is not the next one that was sent: {:?}", rest.first().map(text));
}

fn text(spooled: &Spooled) -> String {
    String::from_utf8_lossy(&spooled.frame).into_owned()
}

/// The rows that the frames must become, sorted.
pub(crate) fn decoded(frames: &[Spooled]) -> Vec<Stored> {
    let mut rows = Vec::new();
    for Spooled { received, frame } in frames {
        for tick in frame::decode(frame).expect("the simulator sends data frames") {
            let facts = facts(&tick.expect("the simulator sends trades"));
            rows.push(Stored { facts, received: received.0 });
        }
    }
    rows.sort();
    rows
}

fn facts(tick: &Tick) -> String {
    let or_null = |value: Option<String>| value.unwrap_or_else(|| "null".to_owned());
    let words = [
        tick.time.timestamp().to_string(),
        tick.symbol.to_string(),
        tick.venue.to_string(),
        tick.price.0.to_string(),
        tick.volume.0.to_string(),
        tick.cum_volume.0.to_string(),
        or_null(tick.cum_value.map(|value| value.0.to_string())),
        or_null(tick.trade_count.map(|count| count.to_string())),
        or_null(tick.side.map(|side| side.code().to_string())),
        tick.phase.to_string(),
        tick.feed.to_string(),
    ];
    words.join(" ")
}

/// The whole table, sorted.
pub(crate) async fn stored(client: &Client) -> Vec<Stored> {
    let query = "SELECT concat_ws(' ', extract(epoch FROM time)::bigint, symbol, venue, price, volume, cum_volume, \
                 coalesce(cum_value::text, 'null'), coalesce(trade_count::text, 'null'), coalesce(side::text, 'null'), \
                 phase, feed), (extract(epoch FROM received_at) * 1000000)::bigint FROM market_ticks";
    let rows = client.query(query, &[]).await.expect("the table can be read");
    let stored = |row: &Row| Stored { facts: row.get(0), received: row.get(1) };
    let mut rows: Vec<_> = rows.iter().map(stored).collect();
    rows.sort();
    rows
}

/// Fails with the first difference; the lists are too long to be shown.
pub(crate) fn check_equal<T: PartialEq + std::fmt::Debug>(stored: &[T], expected: &[T]) {
    let differs = (0..stored.len().max(expected.len())).find(|at| stored.get(*at) != expected.get(*at));
    if let Some(at) = differs {
        panic!(
            "{} rows, expected {}; the first that differs is {at}:\n stored   {:?}\n expected {:?}",
            stored.len(),
            expected.len(),
            stored.get(at),
            expected.get(at)
        );
    }
}

/// The only number that a query answers with.
pub(crate) async fn number(client: &Client, query: &str) -> i64 {
    client.query_one(query, &[]).await.expect("the query is answered").get(0)
}
