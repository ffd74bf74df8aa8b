//! The live channel `ticker.kr`: a subscriber that reads gets every tick, one that does not read delays nobody.

use feed::kis::frame;
use feed::metric;
use feed_testkit::{Database, Redis, eventually};
use redis::{AsyncConnectionConfig, Client, PushInfo, PushKind, Value};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::account::{check_equal, spooled};
use crate::rig::{BOUND, Rig};

#[tokio::test]
async fn a_subscriber_gets_what_the_simulator_sent() {
    let rig = Rig::start(Database::new().await, 0, &[]).await;
    let mut pushes = subscribe(&rig.redis).await;
    rig.simulator.set_rate(2_000).await;
    rig.simulator.sends(5_000).await;
    let sent = rig.drain().await;
    let korean = sent.by_key.iter().filter(|(key, _)| !key.starts_with("HDFSCNT0")).map(|(_, sent)| sent.ticks);
    let korean = usize::try_from(korean.sum::<u64>()).expect("a few thousand");

    let mut heard = Vec::new();
    eventually(BOUND, "the subscriber has as many messages as ticks were sent", async || {
        while let Ok(push) = pushes.try_recv() {
            heard.extend(message(push));
        }
        if heard.len() >= korean { Ok(()) } else { Err(format!("{} of {korean}", heard.len())) }
    })
    .await;
    check_equal(&heard, &published(&rig));
    assert_eq!(rig.collector.counter(metric::LIVE_DROPPED).await.expect("the collector answers"), 0);
}

/// The ticks of Korean venues in the spool, in order, as they must be on the channel.
fn published(rig: &Rig) -> Vec<String> {
    let spooled = spooled(rig.spool.path());
    let ticks =
        spooled.iter().flat_map(|record| frame::decode(&record.frame).expect("the simulator sends data frames"));
    let ticks = ticks.map(|tick| tick.expect("the simulator sends trades"));
    let korean = ticks.filter(|tick| ["KRX", "NXT", "UN"].contains(&tick.venue.as_str()));
    korean.map(|tick| serde_json::to_string(&tick).expect("a tick is plain data")).collect()
}

/// The messages come as pushes beside a connection of protocol 3; its end ends the subscription.
async fn subscribe(redis: &Redis) -> mpsc::UnboundedReceiver<PushInfo> {
    let (pushes, receiver) = mpsc::unbounded_channel();
    let client = Client::open(format!("{}?protocol=resp3", redis.url())).expect("a Redis address");
    let config = AsyncConnectionConfig::new().set_push_sender(pushes);
    let connection = client.get_multiplexed_async_connection_with_config(&config).await;
    let mut connection = connection.expect("redis answers");
    connection.subscribe("ticker.kr").await.expect("anybody may subscribe");
    tokio::spawn(async move {
        let _kept = connection;
        std::future::pending::<()>().await
    });
    receiver
}

fn message(push: PushInfo) -> Option<String> {
    match (push.kind, push.data.last()) {
        (PushKind::Message, Some(Value::BulkString(json))) => Some(String::from_utf8_lossy(json).into_owned()),
        _ => None,
    }
}

#[tokio::test]
async fn a_subscriber_that_does_not_read_delays_nobody() {
    const TICKS: u64 = 60_000;
    let rig = Rig::start(Database::new().await, 0, &[]).await;
    let mut deaf = TcpStream::connect(rig.redis.address()).await.expect("redis answers");
    deaf.write_all(b"SUBSCRIBE ticker.kr\r\n").await.expect("redis reads");
    eventually(BOUND, "somebody is subscribed", async || {
        let mut redis = rig.redis.connection().await.map_err(|error| error.to_string())?;
        let listeners =
            redis::cmd("PUBSUB").arg("NUMSUB").arg("ticker.kr").query_async::<(String, u64)>(&mut redis).await;
        listeners.ok().filter(|(_, count)| *count == 1).ok_or_else(|| "nobody".to_owned())
    })
    .await;
    rig.simulator.set_rate(20_000).await;
    rig.simulator.sends(TICKS).await;
    rig.drain().await;
    assert!(rig.check_account().await >= TICKS);
    drop(deaf);
}
