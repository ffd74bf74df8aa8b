//! The path under load while its parts are killed at random moments: at the end the table holds what the spool holds, and
//! the spool holds what was sent to a living socket, value by value.
//!
//! `FEED_CHAOS_SEED` repeats the order and the moments of a run.

use std::hash::{BuildHasher, Hasher, RandomState};

use feed::metric;
use feed_testkit::{Database, eventually};

use crate::account::{number, spooled};
use crate::rig::{BOUND, Rig, STREAM};

const RATE: u32 = 3_000;
/// Between two faults, at most; about half a second.
const MOST_TICKS: u64 = 1_500;

#[derive(Debug, Clone, Copy)]
enum Fault {
    KillCollector,
    KillArchiver,
    KillRedis,
    KillDatabase,
    /// While the archiver is behind.
    Flush,
    /// The broker closes the session properly.
    Drop,
}

const FAULTS: &[(Fault, usize)] = &[
    (Fault::KillCollector, 10),
    (Fault::KillArchiver, 10),
    (Fault::KillRedis, 1),
    (Fault::KillDatabase, 1),
    (Fault::Flush, 1),
    (Fault::Drop, 1),
];

#[tokio::test]
#[expect(clippy::print_stderr, reason = "the harness shows the seed with the failed test")]
async fn nothing_is_lost_or_doubled_whoever_is_killed() {
    let mut random = Random::new();
    eprintln!("FEED_CHAOS_SEED={}", random.0);
    let mut faults: Vec<Fault> = FAULTS.iter().flat_map(|(fault, times)| [*fault].repeat(*times)).collect();
    random.shuffle(&mut faults);
    let mut rig = Rig::start(Database::on_its_own_server().await, RATE, &[]).await;
    let mut kept = 0;
    for fault in faults {
        rig.simulator.sends(random.below(MOST_TICKS)).await;
        eprintln!("{fault:?} at {} ticks", rig.simulator.sent().await.ticks);
        strike(&mut rig, fault, &mut kept).await;
    }
    // Once more at the end, where no later restart of the collector heals what the running one must.
    flush_while_the_archiver_is_behind(&mut rig).await;
    rig.simulator.sends(MOST_TICKS).await;
    let sent = rig.drain().await;

    met_no_duplicate(&rig).await;
    let rows = rig.check_account().await;
    let client = rig.database.client().await.expect("the database answers");
    let watermarks = number(&client, "SELECT sum(ticks)::bigint FROM feed_watermarks").await;
    assert_eq!(rows, watermarks.unsigned_abs(), "rows and ticks by the watermarks");
    eprintln!(
        "{rows} rows; {} ticks were sent, {} of them to sockets of killed collectors",
        sent.ticks,
        sent.ticks - rows
    );
}

/// `kept` are the frames that the spool held when the collector was killed last.
async fn strike(rig: &mut Rig, fault: Fault, kept: &mut u64) {
    match fault {
        Fault::KillCollector => kill_collector(rig, kept).await,
        Fault::KillArchiver => {
            met_no_duplicate(rig).await;
            rig.archiver.kill9();
            rig.archiver.restart();
        }
        Fault::KillRedis => rig.redis.kill9().await,
        Fault::KillDatabase => rig.database.kill9().await,
        Fault::Flush => flush_while_the_archiver_is_behind(rig).await,
        Fault::Drop => rig.simulator.drop_sessions().await,
    }
}

/// What it has read is in the spool when it dies, but for the one frame that is in its hands.
async fn kill_collector(rig: &mut Rig, kept: &mut u64) {
    // One that does not answer yet has read nothing.
    let read = rig.collector.counter(metric::FRAMES_RECEIVED).await.unwrap_or(0);
    rig.collector.kill9();
    let held = spooled(rig.spool.path()).len() as u64;
    assert!(held + 1 >= *kept + read, "the spool holds {held} frames: {kept} of before, and {read} were read since");
    *kept = held;
    rig.collector.restart();
}

async fn flush_while_the_archiver_is_behind(rig: &mut Rig) {
    met_no_duplicate(rig).await;
    rig.archiver.kill9();
    rig.simulator.sends(MOST_TICKS).await;
    eventually(BOUND, "entries wait in the stream", async || {
        let mut redis = rig.redis.connection().await?;
        let waiting = redis::cmd("XLEN").arg(STREAM).query_async::<u64>(&mut redis).await?;
        if waiting > 100 {
            return redis::cmd("FLUSHALL").exec_async(&mut redis).await;
        }
        Err(redis::RedisError::from((redis::ErrorKind::Client, "too few entries", waiting.to_string())))
    })
    .await;
    rig.archiver.restart();
}

/// A row that comes twice would be skipped by its key and not be seen in the table; the archiver counts it, until it is
/// killed. One that does not answer yet has committed nothing.
async fn met_no_duplicate(rig: &Rig) {
    assert_eq!(rig.archiver.counter(metric::DUPLICATES_SKIPPED).await.unwrap_or(0), 0, "duplicates");
}

/// SplitMix64: enough for moments, and repeatable.
struct Random(u64);

impl Random {
    fn new() -> Random {
        let given = std::env::var("FEED_CHAOS_SEED").ok();
        let seed = given.map(|seed| seed.parse().expect("FEED_CHAOS_SEED is a number"));
        Random(seed.unwrap_or_else(|| RandomState::new().build_hasher().finish()))
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            let other = usize::try_from(self.below(at as u64 + 1)).expect("not above `at`");
            items.swap(at, other);
        }
    }
}
