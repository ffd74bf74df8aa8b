//! `feedctl verify` over streams and rows that the test itself writes: two feeds, of which one is well. Each feed is
//! looked at, a backlog is watched, and the table is asked where Redis does not know.

use chrono::{DateTime, TimeDelta, Utc};
use feed::entry::{COMMITTED_KEY, DATA_FIELD, HELD_KEY, META_FIELD, SPOOLED_KEY};
use feed_testkit::{Database, Feedctl, Redis};
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands, pipe};
use serde_json::Value;
use tempfile::TempDir;
use tokio_postgres::Client;

/// A foreign table beside `feed_watermarks`, as the checks ask for them.
const TABLES: &str = "
CREATE TABLE trades (ts timestamptz, code text);
CREATE TABLE feed_watermarks (writer text, stream text, last_n bigint, ticks bigint);
";

const FEEDCTL_YML: &str = r#"
version: 1
project: two-feeds
docker: none
redis: {url_env: REDIS_URL}
database: {url_env: DATABASE_URL}
feeds:
  kr:
    market: always
    symbols: ["005930"]
    flow: {stream: "ticks:{kr}"}
    rows: {table: trades, time: ts, symbol: code}
  us:
    market: always
    symbols: ["AAPL"]
    flow: {stream: "ticks:{us}"}
    rows: {table: trades, time: ts, symbol: code}
"#;

struct Feeds {
    redis: MultiplexedConnection,
    database: Client,
    feedctl: Feedctl,
    // Whoever uses them is dropped first.
    _folder: TempDir,
    _servers: (Redis, Database),
}

impl Feeds {
    async fn start() -> Feeds {
        let (redis, database) = tokio::join!(Redis::start(), Database::new());
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        std::fs::write(folder.path().join("feedctl.yml"), FEEDCTL_YML).expect("the folder is writable");
        let feedctl = Feedctl::new().folder(folder.path());
        let feedctl = feedctl.env("REDIS_URL", redis.url()).env("DATABASE_URL", database.url());
        let client = database.client().await.expect("the database answers");
        client.batch_execute(TABLES).await.expect("the tables can be made");
        let connection = redis.connection().await.expect("redis answers");
        Feeds { redis: connection, database: client, feedctl, _folder: folder, _servers: (redis, database) }
    }

    /// An entry of `feed` as its collector writes it, received `age_s` ago: its writer's `n` of 100 ticks each.
    async fn add(&mut self, feed: &str, kind: &str, n: u64, age_s: i64) {
        let received = ago(age_s);
        let meta = format!("1 {kind} writer-{feed} {} {}", received.timestamp_micros(), n * 100);
        let id = format!("{}-{n}", received.timestamp_millis());
        let fields = [(META_FIELD, meta.as_str()), (DATA_FIELD, "0|H0STCNT0|001|")];
        self.redis.xadd::<_, _, _, _, ()>(stream(feed), id, &fields).await.expect("an entry above the top");
    }

    /// What Redis says of a feed's writer: spooled, and committed.
    async fn mark(&mut self, feed: &str, spooled: u64, committed: Option<u64>) {
        let writer = format!("writer-{feed}");
        let mut marks = pipe();
        marks.hset(HELD_KEY, stream(feed), &writer).hset(SPOOLED_KEY, &writer, mark(spooled));
        if let Some(committed) = committed {
            marks.hset(COMMITTED_KEY, &writer, mark(committed));
        }
        marks.exec_async(&mut self.redis).await.expect("redis answers");
    }

    /// A row of `symbol`, traded `age_s` ago.
    async fn insert(&self, symbol: &str, age_s: i64) {
        let row = format!("INSERT INTO trades VALUES (now() - interval '{age_s} seconds', '{symbol}')");
        self.database.batch_execute(&row).await.expect("the table is there");
    }

    /// What one check found: its status, and the findings as `subject: message`.
    async fn look(&self, check: &str) -> (String, Vec<String>) {
        let run = self.feedctl.run(&["verify", "--only", check, "--format", "json"]).await;
        let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"));
        let outcome = &report["outcomes"][0];
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let findings = outcome["findings"].as_array().expect("a list").iter();
        let told = findings.map(|finding| format!("{}: {}", text(&finding["subject"]), text(&finding["message"])));
        (text(&outcome["status"]), told.collect())
    }

    #[track_caller]
    fn check(seen: &(String, Vec<String>), status: &str, expected: &[&[&str]]) {
        assert_eq!((seen.0.as_str(), seen.1.len()), (status, expected.len()), "{seen:?}");
        for (told, words) in seen.1.iter().zip(expected) {
            assert!(words.iter().all(|word| told.contains(word)), "{words:?} in {told:?}");
        }
    }
}

fn stream(feed: &str) -> String {
    format!("ticks:{{{feed}}}")
}

fn mark(n: u64) -> String {
    format!("{n} {}", n * 100)
}

fn ago(seconds: i64) -> DateTime<Utc> {
    Utc::now() - TimeDelta::seconds(seconds)
}

#[tokio::test]
async fn a_feed_that_flows_hides_no_other() {
    let mut feeds = Feeds::start().await;
    feeds.add("kr", "frame", 1, 0).await;
    feeds.add("us", "frame", 1, 600).await;
    feeds.mark("kr", 1, Some(1)).await;
    feeds.mark("us", 1, Some(1)).await;
    Feeds::check(&feeds.look("ticks-flowing").await, "fail", &[&["ticks:{us}: no tick for 10 min"]]);
}

#[tokio::test]
async fn the_table_tells_the_last_tick_where_redis_holds_heartbeats_only() {
    let mut feeds = Feeds::start().await;
    for feed in ["kr", "us"] {
        feeds.add(feed, "heartbeat", 2, 1).await;
        feeds.mark(feed, 2, Some(2)).await;
    }
    feeds.insert("005930", 5).await;
    feeds.insert("AAPL", 185).await;
    Feeds::check(&feeds.look("ticks-flowing").await, "fail", &[&["ticks:{us}: no tick for 3 min"]]);
    Feeds::check(&feeds.look("rows-fresh").await, "fail", &[&["trades: newest row of feed us", "3 min"]]);
}

#[tokio::test]
async fn a_backlog_is_watched_and_a_drained_feed_hides_no_other() {
    // So far away that it stays waiting however long the look takes.
    const LAST: u64 = 1_000_000;
    let mut feeds = Feeds::start().await;
    feeds.add("kr", "frame", 9, 1).await;
    feeds.mark("kr", 9, Some(9)).await;
    // Committed and not yet trimmed, and then one that is not.
    for (n, age_s) in [(1, 50), (2, 49), (3, 48), (LAST, 36)] {
        feeds.add("us", "frame", n, age_s).await;
    }
    feeds.mark("us", LAST, Some(3)).await;
    let still: &[&[&str]] = &[&["ticks:{us}: 99,999,700 ticks in 999,997 entries", "oldest 3", "nothing is committed"]];
    Feeds::check(&feeds.look("stream-drained").await, "fail", still);

    let mut redis = feeds.redis.clone();
    let draining = tokio::spawn(async move {
        for n in 4..LAST {
            redis.hset::<_, _, _, ()>(COMMITTED_KEY, "writer-us", mark(n)).await.expect("redis answers");
        }
    });
    let drains = feeds.look("stream-drained").await;
    draining.abort();
    Feeds::check(&drains, "warn", &[&["ticks:{us}: ", "it drains"]]);
}

#[tokio::test]
async fn the_table_tells_what_is_committed_where_redis_lost_its_memory() {
    let mut feeds = Feeds::start().await;
    for feed in ["kr", "us"] {
        for n in 1..=9 {
            feeds.add(feed, "frame", n, 100 - n as i64).await;
        }
        feeds.mark(feed, 9, None).await;
    }
    let watermarks = "INSERT INTO feed_watermarks VALUES ('writer-kr', 'ticks:{kr}', 9, 900)";
    feeds.database.batch_execute(watermarks).await.expect("the table is there");
    Feeds::check(&feeds.look("stream-drained").await, "fail", &[&["ticks:{us}: 900 ticks in 9 entries"]]);
}
