//! The whole path as processes on private servers: simulator → collector → Redis → archiver → database.

use std::path::Path;
use std::time::Duration;

use feed::kis::frame::tick_count;
use feed_simulator::Sent;
use feed_testkit::{Daemon, Database, Redis, Session, Simulator, eventually};
use tempfile::TempDir;

use crate::account::{check_equal, check_spool, decoded, spooled, stored};

pub(crate) const STREAM: &str = "ticks:{kr}";
const SUBSCRIPTIONS: &str =
    "H0STCNT0:005930,H0STCNT0:000660,H0STCNT0:035420,H0NXCNT0:005930,H0UNCNT0:000660,HDFSCNT0:DNASAAPL";
const REGISTERED: u64 = 6;

/// Long for a busy machine of two cores; each wait ends as soon as its condition holds.
pub(crate) const BOUND: Duration = Duration::from_secs(60);

// Dropped in this order: first who uses, then what is used.
pub(crate) struct Rig {
    pub(crate) archiver: Daemon,
    pub(crate) collector: Daemon,
    pub(crate) simulator: Simulator,
    pub(crate) redis: Redis,
    pub(crate) database: Database,
    pub(crate) spool: TempDir,
}

impl Rig {
    /// Starts all of it, with `rate` ticks per second, and waits until every symbol is registered.
    pub(crate) async fn start(database: Database, rate: u32, settings: &[(&str, &str)]) -> Rig {
        let settings = [&[("FEED_SIMULATOR_RATE", "0")], settings].concat();
        let (redis, simulator) = tokio::join!(Redis::start(), Simulator::start(&settings));
        let spool = tempfile::tempdir().expect("a temporary folder can be made");
        let collector = start_collector(&simulator, &redis, spool.path(), STREAM);
        let archiver = start_archiver(&redis, &database, STREAM);
        archiver.ready().await;
        let rig = Rig { archiver, collector, simulator, redis, database, spool };
        rig.registered(1).await;
        rig.simulator.set_rate(rate).await;
        rig
    }

    /// Waits until so many living sessions have every symbol.
    pub(crate) async fn registered(&self, sessions: usize) {
        eventually(BOUND, "every symbol is registered", async || {
            let seen = self.simulator.sessions().await;
            let whole = |session: &&Session| session.ended.is_none() && session.registered == REGISTERED;
            if seen.iter().filter(whole).count() == sessions { Ok(()) } else { Err(format!("{seen:?}")) }
        })
        .await;
    }

    /// Mutes the simulator, and waits until all that it sent has gone all the way.
    pub(crate) async fn drain(&self) -> Sent {
        let sent = self.simulator.mute().await;
        self.heard().await;
        self.archived().await;
        sent
    }

    /// Waits until the last frame that was sent is in the spool.
    async fn heard(&self) {
        let sent = self.simulator.log().await.pop().expect("something was sent").frame;
        eventually(BOUND, "the last frame is spooled", async || {
            let spooled = spooled(self.spool.path());
            let found = spooled.last().is_some_and(|last| last.frame == sent.as_bytes());
            if found { Ok(()) } else { Err(format!("{} frames are spooled", spooled.len())) }
        })
        .await;
    }

    /// Waits until the watermarks hold as many ticks as the spool.
    pub(crate) async fn archived(&self) {
        let spooled: u64 = spooled(self.spool.path()).iter().map(|spooled| tick_count(&spooled.frame)).sum();
        eventually(BOUND, "the watermarks hold all that is spooled", async || {
            let query = "SELECT coalesce(sum(ticks), 0)::bigint FROM feed_watermarks";
            let client = self.database.client().await.map_err(|error| error.to_string())?;
            let committed = client.query_one(query, &[]).await.map_err(|error| error.to_string())?.get::<_, i64>(0);
            if committed as u64 == spooled { Ok(()) } else { Err(format!("{committed} ticks of {spooled}")) }
        })
        .await;
    }

    /// Everything that was sent to a living socket is in the spool, and everything in the spool is in the table, each
    /// value once; nothing was set aside, nothing is recorded as lost. The number of rows.
    pub(crate) async fn check_account(&self) -> u64 {
        let client = self.database.client().await.expect("the database answers");
        let spooled = spooled(self.spool.path());
        check_spool(&spooled, &self.simulator.log().await, &self.simulator.sessions().await);
        let rows = stored(&client).await;
        check_equal(&rows, &decoded(&spooled));
        for table in ["feed_gaps", "feed_rejects"] {
            let found = client.query(&format!("SELECT {table}::text FROM {table}"), &[]).await;
            let found: Vec<String> = found.expect("the table can be read").iter().map(|row| row.get(0)).collect();
            assert_eq!(found, [] as [String; 0], "{table}");
        }
        rows.len() as u64
    }
}

/// One appkey holds one session, so each stream has its own.
pub(crate) fn start_collector(simulator: &Simulator, redis: &Redis, spool: &Path, stream: &str) -> Daemon {
    let address = simulator.daemon.address();
    let environment = [
        ("FEED_KIS_WS_URL", &*format!("ws://{address}")),
        ("FEED_KIS_REST_URL", &format!("http://{address}")),
        ("FEED_KIS_APPKEY", stream),
        ("FEED_KIS_APPSECRET", "secret"),
        ("FEED_SUBSCRIPTIONS", SUBSCRIPTIONS),
        ("FEED_STREAM", stream),
        ("FEED_REDIS_URL", redis.url()),
        ("FEED_SPOOL_DIR", &spool.display().to_string()),
        ("FEED_IN_USE_WAIT", "1s"),
    ];
    Daemon::start("feed-collector", "FEED_HTTP_ADDR", &environment)
}

pub(crate) fn start_archiver(redis: &Redis, database: &Database, stream: &str) -> Daemon {
    let environment =
        [("FEED_REDIS_URL", redis.url()), ("FEED_DATABASE_URL", &database.url()), ("FEED_STREAMS", stream)];
    Daemon::start("feed-archiver", "FEED_HTTP_ADDR", &environment)
}
