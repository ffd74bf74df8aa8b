//! Ticks walk the whole path, through the real binaries, and stand in the table as they were sent.

use std::path::Path;
use std::process::Command;

use feed::entry::{COMMITTED_KEY, META_FIELD, Mark, SPOOLED_KEY, StreamId};
use feed::kis::frame;
use feed::metric;
use feed_simulator::KeySent;
use feed_testkit::{Database, eventually};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use redis::streams::StreamRangeReply;
use tokio_postgres::Client;

use crate::account::{check_equal, number, stored};
use crate::rig::{BOUND, Rig, STREAM, start_archiver, start_collector};

const TICKS: u64 = 6_000;

/// From the first tick to the last row, with records of this many fields.
async fn check_width(database: Database, width: &str) -> Rig {
    let rig = Rig::start(database, 5_000, &[("FEED_SIMULATOR_WIDTH", width)]).await;
    rig.simulator.sends(TICKS).await;
    let sent = rig.drain().await;
    assert_eq!(rig.check_account().await, sent.ticks);
    let client = rig.database.client().await.expect("the database answers");
    assert_eq!(per_key(&client).await, sent.by_key.into_iter().collect::<Vec<_>>());
    assert_eq!(rig.archiver.counter(metric::TICKS_COMMITTED).await.expect("the archiver answers"), sent.ticks);
    rig
}

/// The table by the simulator's names of symbols.
async fn per_key(client: &Client) -> Vec<(String, KeySent)> {
    let query = "SELECT substr(feed, 5) || ':' || CASE feed WHEN 'kis.HDFSCNT0' THEN 'D' || venue ELSE '' END || symbol \
                 COLLATE \"C\" AS key, count(*), sum(volume)::bigint, max(cum_volume) FROM market_ticks GROUP BY 1 ORDER BY 1";
    let rows = client.query(query, &[]).await.expect("the table can be read");
    let row = |row: &tokio_postgres::Row| {
        let number = |at: usize| row.get::<_, i64>(at).unsigned_abs();
        (row.get(0), KeySent { ticks: number(1), volume: number(2), last_cum_volume: number(3) })
    };
    rows.iter().map(row).collect()
}

#[tokio::test]
async fn ticks_of_47_fields_reach_a_hypertable() {
    let mut rig = check_width(Database::new().await, "47").await;
    let client = rig.database.client().await.expect("the database answers");
    let hypertables = "SELECT count(*) FROM timescaledb_information.hypertables WHERE hypertable_name = 'market_ticks'";
    assert_eq!(number(&client, hypertables).await, 1);
    finds_nothing_to_do_after_a_restart(&mut rig, &client).await;
    ends_cleanly_under_load(rig).await;
}

#[tokio::test]
async fn ticks_of_46_fields_reach_a_plain_table() {
    let rig = check_width(Database::plain().await, "46").await;
    let client = rig.database.client().await.expect("the database answers");
    assert_eq!(number(&client, "SELECT count(*) FROM pg_extension WHERE extname = 'timescaledb'").await, 0);
    assert_eq!(
        number(&client, "SELECT count(*) FROM pg_class WHERE relname = 'market_ticks' AND relkind = 'r'").await,
        1
    );
}

async fn finds_nothing_to_do_after_a_restart(rig: &mut Rig, client: &Client) {
    let before = stored(client).await;
    assert!(rig.archiver.terminate().await.success());
    rig.archiver.restart();
    let position = "SELECT last_n FROM feed_watermarks";
    let reached = number(client, position).await;
    // The stream is silent: the next entry is a heartbeat, and whoever stores it has passed all that was there before.
    eventually(BOUND, "a heartbeat is stored", async || match number(client, position).await {
        n if n > reached => Ok(()),
        n => Err(format!("the watermark is at {n}")),
    })
    .await;
    check_equal(&stored(client).await, &before);
    for counter in [metric::TICKS_COMMITTED, metric::DUPLICATES_SKIPPED] {
        assert_eq!(rig.archiver.counter(counter).await.expect("the archiver answers"), 0, "{counter}");
    }
}

/// Each daemon is asked to end while ticks flow; what it has taken goes on, and what it has not is still there.
async fn ends_cleanly_under_load(mut rig: Rig) {
    rig.simulator.unmute().await;
    rig.simulator.sends(TICKS).await;
    assert!(rig.archiver.terminate().await.success());
    rig.simulator.sends(TICKS).await;
    assert!(rig.collector.terminate().await.success());
    rig.archiver.restart();
    rig.archived().await;
    rig.check_account().await;
    rig.collector.restart();
    rig.registered(1).await;
    let wanted = rig.simulator.sent().await;
    rig.simulator.sends(TICKS).await;
    assert!(rig.simulator.daemon.terminate().await.success());
    let client = rig.database.client().await.expect("the database answers");
    let more = wanted.ticks + TICKS;
    eventually(BOUND, "what a simulator sends before it ends is stored", async || {
        let rows = number(&client, "SELECT count(*) FROM market_ticks").await.unsigned_abs();
        if rows >= more { Ok(()) } else { Err(format!("{rows} rows of {more}")) }
    })
    .await;
}

/// Two collectors hear the same trades, each with its own spool and stream. The archiver of the second one comes later, to
/// a table in which one row was changed.
#[tokio::test]
async fn a_second_copy_changes_nothing() {
    let rig = Rig::start(Database::new().await, 0, &[]).await;
    let (spool, stream) = (tempfile::tempdir().expect("a temporary folder can be made"), "ticks:{kr-b}");
    let _second = start_collector(&rig.simulator, &rig.redis, spool.path(), stream);
    rig.registered(2).await;
    rig.simulator.set_rate(5_000).await;
    rig.simulator.sends(TICKS).await;
    let sent = rig.drain().await;

    let client = rig.database.client().await.expect("the database answers");
    let change = "UPDATE market_ticks SET price = price + 1 WHERE symbol = 'AAPL' AND cum_volume = \
                  (SELECT max(cum_volume) FROM market_ticks WHERE symbol = 'AAPL')";
    assert_eq!(client.execute(change, &[]).await.expect("the table can be changed"), 1);
    let before = stored(&client).await;

    let archiver = start_archiver(&rig.redis, &rig.database, stream);
    eventually(BOUND, "both copies are stored", async || {
        let ticks = number(&client, "SELECT sum(ticks)::bigint FROM feed_watermarks").await.unsigned_abs();
        if ticks == 2 * sent.ticks { Ok(()) } else { Err(format!("{ticks} ticks of {}", 2 * sent.ticks)) }
    })
    .await;
    check_equal(&stored(&client).await, &before);
    let expected = [(metric::TICKS_COMMITTED, 0), (metric::DUPLICATES_SKIPPED, sent.ticks), (metric::CONFLICTS, 1)];
    for (counter, value) in expected {
        assert_eq!(archiver.counter(counter).await.expect("the archiver answers"), value, "{counter}");
    }
    let kept = client.query_one("SELECT stream, reason, bytes, record FROM feed_rejects", &[]).await;
    let kept = kept.expect("the one that differs is kept");
    assert_eq!(kept.get::<_, &str>(0), stream);
    assert_eq!(kept.get::<_, &str>(1), "differs from the row under the same key");
    let frame = frame::decode(kept.get(2)).expect("the frame is kept as it came");
    let tick = &frame[usize::try_from(kept.get::<_, i32>(3)).expect("a position")];
    let last = sent.by_key["HDFSCNT0:DNASAAPL"].last_cum_volume;
    assert_eq!(tick.as_ref().map(|tick| tick.cum_volume.0).ok(), Some(last));
}

/// Last night's dump takes the place of a database that the archiver is writing to.
#[tokio::test]
async fn a_database_that_is_put_back_under_load_gets_again_what_it_lost() {
    let rig = Rig::start(Database::new().await, 5_000, &[]).await;
    rig.simulator.sends(TICKS).await;
    let client = rig.database.client().await.expect("the database answers");
    let put_back = "BEGIN; UPDATE feed_watermarks SET last_n = 0, ticks = 0; TRUNCATE market_ticks; COMMIT";
    client.batch_execute(put_back).await.expect("the tables can be changed");
    rig.simulator.sends(2 * TICKS).await;
    let sent = rig.drain().await;
    assert_eq!(rig.check_account().await, sent.ticks);
}

/// Somebody else goes on writing to the stream while nothing is committed, so that the collector's newest entry is never
/// among the last ones.
#[tokio::test]
async fn strangers_on_top_of_the_stream_are_no_reason_to_send_again() {
    let mut rig = Rig::start(Database::new().await, 5_000, &[]).await;
    rig.simulator.sends(TICKS).await;
    rig.drain().await;
    rig.archiver.kill9();
    let mut redis = rig.redis.connection().await.expect("redis answers");
    let committed = mark(&mut redis, COMMITTED_KEY).await.n;
    eventually(BOUND, "the collector has gone on for three heartbeats", async || {
        let mut crowd = redis::pipe();
        for _ in 0..20 {
            crowd.xadd(STREAM, "*", &[("hello", "world")]).ignore();
        }
        crowd.exec_async(&mut redis).await.map_err(|error| error.to_string())?;
        let spooled = mark(&mut redis, SPOOLED_KEY).await.n;
        if spooled >= committed + 3 { Ok(()) } else { Err(format!("it is at {spooled}, committed is {committed}")) }
    })
    .await;
    let entries: StreamRangeReply = redis.xrange_all(STREAM).await.expect("the stream can be read");
    let ours = entries.ids.iter().filter(|entry| entry.contains_key(META_FIELD));
    let numbers: Vec<u64> = ours.map(|entry| entry.id.parse::<StreamId>().expect("an id").n).collect();
    let last = *numbers.last().expect("heartbeats go on");
    assert_eq!(numbers, (numbers[0]..=last).collect::<Vec<_>>(), "each once, in order");
    assert!(last > committed + 1, "{last} of {committed}");
}

/// Somebody puts back an older copy of the spool, and the numbers that come next in it are taken. Once the collector hears
/// that at its start; once, as if Redis had been put back with it, only later.
#[tokio::test]
async fn a_spool_put_back_from_an_older_copy_loses_nothing() {
    let mut rig = Rig::start(Database::new().await, 5_000, &[]).await;
    let older = tempfile::tempdir().expect("a temporary folder can be made");
    rig.simulator.sends(TICKS).await;
    rig.drain().await;
    assert!(rig.collector.terminate().await.success());
    copy(rig.spool.path(), older.path());
    go_on(&mut rig).await;
    rig.drain().await;
    assert!(rig.collector.terminate().await.success());
    std::fs::remove_dir_all(rig.spool.path()).expect("it is ours");
    copy(older.path(), rig.spool.path());
    go_on(&mut rig).await;
    let sent = rig.simulator.mute().await.ticks;
    let client = rig.database.client().await.expect("the database answers");
    eventually(BOUND, "all that was sent is stored", async || {
        let rows = number(&client, "SELECT count(*) FROM market_ticks").await.unsigned_abs();
        if rows == sent { Ok(()) } else { Err(format!("{rows} rows of {sent}")) }
    })
    .await;
    check_followed_older(&rig).await;

    rig.archiver.kill9();
    let newest = feed_collector::spool::folder::Folder::list(rig.spool.path()).expect("it can be listed").pop();
    let mut redis = rig.redis.connection().await.expect("redis answers");
    let mark = Mark { n: 1_000_000, ticks: 1 }.to_string();
    let () = redis.hset(COMMITTED_KEY, newest.expect("a writer").writer().as_str(), mark).await.expect("a hash");
    eventually(BOUND, "the collector ends", async || match rig.collector.get("/livez").await {
        Ok(answer) => Err(answer),
        Err(_) => Ok(()),
    })
    .await;
    assert!(!rig.collector.terminate().await.success(), "it ended by itself");
    rig.collector.restart();
    rig.registered(1).await;
    check_followed_older(&rig).await;
}

/// The collector again, and more ticks.
async fn go_on(rig: &mut Rig) {
    rig.collector.restart();
    rig.registered(1).await;
    rig.simulator.unmute().await;
    rig.simulator.sends(TICKS).await;
}

async fn check_followed_older(rig: &Rig) {
    let metrics = rig.collector.get("/metrics").await.expect("the collector answers");
    let counted = format!("{}_total{{reason=\"older_spool\"}} 1", metric::RESYNCS);
    assert!(metrics.lines().any(|line| line == counted), "{metrics}");
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-r").arg(from.join(".")).arg(to).status();
    assert!(copied.is_ok_and(|status| status.success()), "{} cannot be copied", from.display());
}

/// The mark of the only writer.
async fn mark(redis: &mut MultiplexedConnection, key: &str) -> Mark {
    let marks: Vec<String> = redis.hvals(key).await.expect("a hash");
    marks.first().expect("there is a writer").parse().expect("a mark")
}
