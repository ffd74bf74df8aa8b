//! The live channel: each tick as JSON on `ticker.kr` or `ticker.us`, best effort. It has a connection and a bounded
//! queue of its own, and drops when either is slow: nothing here may delay the spool or the stream.

use std::sync::Arc;
use std::time::Duration;

use feed::tick::{Tick, Venue};
use feed_runtime::backoff::Backoff;
use feed_runtime::redis::connect;
use secrecy::SecretString;
use tokio::sync::mpsc;

use crate::status::Status;

/// Ticks that may wait: a second of the busiest market.
const QUEUE: usize = 20_000;
const AT_ONCE: usize = 500;
const TIMEOUT: Duration = Duration::from_secs(2);

/// The sending half; never blocks.
#[derive(Clone)]
pub struct Live {
    queue: mpsc::Sender<Tick>,
    status: Arc<Status>,
}

impl Live {
    pub fn new(status: Arc<Status>) -> (Live, mpsc::Receiver<Tick>) {
        let (queue, ticks) = mpsc::channel(QUEUE);
        (Live { queue, status }, ticks)
    }

    pub fn publish(&self, tick: Tick) {
        if self.queue.try_send(tick).is_err() {
            self.status.metrics.live_dropped.inc();
        }
    }
}

/// Publishes until every sending half is gone.
pub async fn run(url: SecretString, mut ticks: mpsc::Receiver<Tick>, status: Arc<Status>) {
    let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(10), 0);
    let mut batch = Vec::with_capacity(AT_ONCE);
    let mut connection = None;
    while ticks.recv_many(&mut batch, AT_ONCE).await > 0 {
        if connection.is_none() {
            connection = connect(&url, TIMEOUT).await.ok();
        }
        let sent = match &mut connection {
            Some(redis) => messages(&batch).query_async::<()>(redis).await.is_ok(),
            None => false,
        };
        if sent {
            backoff.reset();
        } else {
            connection = None;
            status.metrics.live_dropped.inc_by(batch.len() as u64);
            tokio::time::sleep(backoff.next_delay()).await;
        }
        batch.clear();
    }
}

fn messages(ticks: &[Tick]) -> redis::Pipeline {
    let mut pipeline = redis::Pipeline::with_capacity(ticks.len());
    for tick in ticks {
        let json = serde_json::to_vec(tick).expect("a tick is plain data");
        pipeline.publish(channel(&tick.venue), json).ignore();
    }
    pipeline
}

/// Korean venues on `ticker.kr`, American ones (their daytime session included) on `ticker.us`, others under their own
/// name.
fn channel(venue: &Venue) -> String {
    match venue.as_str() {
        "KRX" | "NXT" | "UN" => "ticker.kr".to_owned(),
        "NAS" | "NYS" | "AMS" | "BAQ" | "BAY" | "BAA" => "ticker.us".to_owned(),
        other => format!("ticker.{}", other.to_ascii_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_go_to_the_channel_of_their_country() {
        let check = |venue: &str, expected: &str| assert_eq!(channel(&venue.parse().expect("a venue")), expected);
        check("KRX", "ticker.kr");
        check("NXT", "ticker.kr");
        check("BAQ", "ticker.us");
        check("HKS", "ticker.hks");
    }
}
