//! The live channel `ticker.kr`: a subscriber that reads gets every tick; one that does not read, or a Redis that does
//! not, delays nobody.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use feed::entry::{DATA_FIELD, Header, META_FIELD};
use feed::kis::frame;
use feed::metric;
use feed_testkit::{Daemon, Database, Redis, Simulator, eventually};
use redis::aio::MultiplexedConnection;
use redis::streams::StreamRangeReply;
use redis::{AsyncCommands, AsyncConnectionConfig, Client, PushInfo, PushKind, Value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::account::{check_equal, spooled};
use crate::rig::{BOUND, Rig, STREAM};

/// Three times what the collector lets wait for the live channel.
const TICKS: u64 = 60_000;

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
    let mut redis = rig.redis.connection().await.expect("redis answers");
    let listeners: String =
        redis::cmd("CLIENT").arg("LIST").arg("TYPE").arg("PUBSUB").query_async(&mut redis).await.expect("text");
    let unread = listeners.split_whitespace().find_map(|word| word.strip_prefix("omem=")).expect("it is still there");
    assert_ne!(unread, "0", "it has not read: {listeners}");
    drop(deaf);
}

#[tokio::test]
async fn a_live_connection_that_stalls_does_not_delay_the_stream() {
    let (redis, simulator) = tokio::join!(Redis::start(), Simulator::start(&[("FEED_SIMULATOR_RATE", "20000")]));
    let spool = tempfile::tempdir().expect("a temporary folder can be made");
    let (through, stalled) = stalling(redis.address()).await;
    let broker = simulator.daemon.address();
    let environment = [
        ("FEED_KIS_WS_URL", &*format!("ws://{broker}")),
        ("FEED_KIS_REST_URL", &format!("http://{broker}")),
        ("FEED_KIS_APPKEY", "key"),
        ("FEED_KIS_APPSECRET", "secret"),
        ("FEED_SUBSCRIPTIONS", "H0STCNT0:005930,H0STCNT0:000660"),
        ("FEED_STREAM", STREAM),
        ("FEED_REDIS_URL", &format!("redis://{through}")),
        ("FEED_SPOOL_DIR", &spool.path().display().to_string()),
    ];
    let collector = Daemon::start("feed-collector", "FEED_HTTP_ADDR", &environment);
    simulator.sends(TICKS).await;
    let sent = simulator.mute().await.ticks;
    let mut redis = redis.connection().await.expect("redis answers");
    eventually(BOUND, "the stream has all that was sent", async || {
        let ticks = newest_ticks(&mut redis).await;
        if ticks == Some(sent) { Ok(()) } else { Err(format!("{ticks:?} ticks of {sent}")) }
    })
    .await;
    assert_ne!(stalled.load(Ordering::Relaxed), 0, "the live channel stalls");
    let entries: StreamRangeReply = redis.xrange_all(STREAM).await.expect("the stream can be read");
    let frames = entries.ids.iter().map(|entry| entry.get::<Vec<u8>>(DATA_FIELD).expect("an entry of ours"));
    assert_eq!(frames.map(|frame| frame::tick_count(&frame)).sum::<u64>(), sent);
    eventually(BOUND, "dropped ticks are counted", async || match collector.counter(metric::LIVE_DROPPED).await {
        Ok(dropped) if dropped > 0 => Ok(()),
        answer => Err(format!("{answer:?}")),
    })
    .await;
}

/// The ticks up to the newest entry of the stream, by its header.
async fn newest_ticks(redis: &mut MultiplexedConnection) -> Option<u64> {
    let newest: StreamRangeReply = redis.xrevrange_count(STREAM, "+", "-", 1).await.expect("the stream can be read");
    let header: Header = newest.ids.first()?.get::<String>(META_FIELD)?.parse().expect("an entry of ours");
    Some(header.ticks)
}

/// A way to Redis that stalls each connection that publishes, from its first message on: the address, and how many it
/// has stalled.
async fn stalling(redis: SocketAddr) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let stalled = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&stalled);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(carry(client, redis, Arc::clone(&count)));
        }
    });
    (address, stalled)
}

async fn carry(client: TcpStream, redis: SocketAddr, stalled: Arc<AtomicUsize>) -> io::Result<()> {
    let (mut questions, mut to_client) = client.into_split();
    let (mut answers, mut to_redis) = TcpStream::connect(redis).await?.into_split();
    tokio::spawn(async move { tokio::io::copy(&mut answers, &mut to_client).await });
    let mut bytes = vec![0; 64 << 10];
    loop {
        let read = questions.read(&mut bytes).await?;
        if read == 0 {
            return Ok(());
        }
        if bytes[..read].windows(7).any(|window| window == b"PUBLISH") {
            stalled.fetch_add(1, Ordering::Relaxed);
            return std::future::pending().await;
        }
        to_redis.write_all(&bytes[..read]).await?;
    }
}
