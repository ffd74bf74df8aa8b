//! `ticks-flowing`: ticks come into each feed's stream now. Judged by the age of the last tick, so that a quiet symbol
//! is no failure; the rate is what two looks half a second apart saw.

use std::time::Duration;

use chrono::{DateTime, Utc};
use feed::entry::{Kind, WriterId};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::rows_fresh;
use crate::check::{Check, Hop, Layer, Meta, When};
use crate::finding::{Finding, Severity, Subject};
use crate::limits::AgeLimits;
use crate::moment::Moment;
use crate::site::redis::{Entry, Sample};
use crate::site::{ProbeError, Site, not_configured};
use crate::speech;
use crate::target::Target;

const EXPLAIN: &str = "\
What it checks
  How long ago the last tick came into the feed's stream, by the clock of Redis;
  a heartbeat is no tick. While the collector's window is full the stream stands
  still: then `feed:spooled`, which the collector writes every second, must
  move. Limits: warn 10s, fail 60s.

Why it matters
  It is the first place after the broker where a tick can be counted. If nothing
  flows here, the cause is the broker, the network or the collector, and no
  work on archiver or database will help.

Seen when it fails
  The stream does not exist, or its last tick is older than the limit while the
  market trades. Where Redis holds heartbeats only, the newest row in the table
  tells when the last tick came.

What to do
  `feedctl verify --only collector-ready`, `docker compose logs --tail 50
  collector`. If the session is live and the symbols are registered, the broker
  sends nothing: look at another source. For symbols that trade seldom, raise
  the limits: `checks: {ticks-flowing: {warn: 2m, fail: 10m}}`.

Source
  The stream of `feeds.NAME.flow`, XREVRANGE, TIME and `feed:spooled`:
  docs/architecture.md";

/// So many newest entries are searched for a tick.
const ENTRIES: usize = 200;
/// Between two looks, where ticks flow, and where they do not: then `feed:spooled` must have had its second.
const GLANCE: Duration = Duration::from_millis(500);
const WATCH: Duration = Duration::from_millis(1200);
/// A tick younger than this is a flow.
const YOUNG_S: f64 = 2.0;

pub struct TicksFlowing;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// One per feed with a stream.
    pub streams: Vec<Seen>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    pub stream: String,
    /// By the clock of Redis, like every instant here but `last_tick_at`, which is the collector's or the exchange's.
    pub redis_time: DateTime<Utc>,
    /// In the stream.
    pub entries: u64,
    /// None: no tick is known of, neither in Redis nor in the table.
    pub last_tick_at: Option<DateTime<Utc>>,
    /// Between the two looks; entries, where they are a stranger's.
    pub ticks: u64,
    /// Between the two looks.
    pub watched_s: f64,
}

impl Check for TicksFlowing {
    type Limits = AgeLimits<10, 60>;
    type Evidence = Evidence;
    const META: Meta = Meta {
        id: "ticks-flowing",
        title: "ticks come into the stream",
        explain: EXPLAIN,
        hop: Hop::Collector,
        layer: Layer::Flow,
        when: When::WhileOpen,
        budget: Duration::from_secs(9),
    };

    async fn observe(site: &Site, want: &Target) -> Result<Evidence, ProbeError> {
        let looks = want.streams().map(|(name, stream)| look(site, want, name, stream));
        let streams = futures_util::future::try_join_all(looks).await?;
        if streams.is_empty() { Err(not_configured("feeds.NAME.flow")) } else { Ok(Evidence { streams }) }
    }

    fn judge(seen: &Evidence, want: &Target, limits: &Self::Limits, at: &Moment) -> Vec<Finding> {
        seen.streams.iter().filter_map(|seen| judge_stream(seen, want, limits, at)).collect()
    }

    fn sum_up(seen: &Evidence, _want: &Target, _limits: &Self::Limits, _at: &Moment) -> String {
        let said = seen.streams.iter().map(|seen| match (seen.ticks, seen.age_s()) {
            (0, Some(age)) => format!("{}: last tick {} ago", seen.stream, speech::age_s(age)),
            (0, None) => format!("{}: no tick", seen.stream),
            (ticks, _) => {
                let rate = ticks as f64 / seen.watched_s;
                format!("{}: {rate:.1} ticks/s over {}", seen.stream, speech::age_s(seen.watched_s))
            }
        });
        said.collect::<Vec<_>>().join("; ")
    }
}

impl Seen {
    /// Seconds since the last tick.
    pub fn age_s(&self) -> Option<f64> {
        self.last_tick_at.map(|last| (self.redis_time - last).as_seconds_f64())
    }
}

async fn look(site: &Site, want: &Target, name: &str, stream: &str) -> Result<Seen, ProbeError> {
    let redis = site.redis().await?;
    let first = redis.sample(name, stream, ENTRIES).await?;
    let young = last_tick(&first).is_some_and(|last| (first.now - last).as_seconds_f64() < YOUNG_S);
    sleep(if young { GLANCE } else { WATCH }).await;
    let mut seen = seen(stream, &first, &redis.sample(name, stream, ENTRIES).await?);
    if seen.last_tick_at.is_none() && seen.entries > 0 {
        // The archiver trims what it committed, and the one entry left is a heartbeat: the table knows.
        let feed = &want.feeds[name];
        let rows = feed.rows.as_ref().ok_or_else(|| not_configured(format!("feeds.{name}.rows")))?;
        seen.last_tick_at = rows_fresh::newest(site, name, feed, rows).await?.newest_at;
    }
    Ok(seen)
}

fn seen(stream: &str, first: &Sample, second: &Sample) -> Seen {
    let ticks = ticks_between(first, second);
    let watched_s = (second.now - first.now).as_seconds_f64();
    // What moves only in the spool came between the looks, nobody knows when.
    let last_tick_at = last_tick(second).max((ticks > 0).then_some(first.now));
    Seen { stream: stream.to_owned(), redis_time: second.now, entries: second.length, last_tick_at, ticks, watched_s }
}

/// When the newest tick in the stream was received; of a stranger's entry, its id says when it was added.
fn last_tick(sample: &Sample) -> Option<DateTime<Utc>> {
    let newest = sample.newest.iter().find(|entry| match &entry.header {
        Some(header) => header.kind == Kind::Frame,
        None => true,
    })?;
    match &newest.header {
        Some(header) => Some(header.received.instant()),
        None => DateTime::from_timestamp_millis(i64::try_from(newest.id.ms).ok()?),
    }
}

/// What the stream or the spool of its newest writer grew by; without a writer, the entries added.
fn ticks_between(first: &Sample, second: &Sample) -> u64 {
    let Some((writer, after)) = newest_ticks(second) else {
        let top = first.newest.first().map(|entry| entry.id);
        return second.newest.iter().filter(|entry| Some(entry.id) > top).count() as u64;
    };
    let before = newest_ticks(first).filter(|(before, _)| *before == writer).map(|(_, ticks)| ticks);
    let in_stream = before.map_or(0, |before| after.saturating_sub(before));
    let spooled = |sample: &Sample| sample.spooled.get(writer).map(|mark| mark.ticks);
    let in_spool = spooled(first).zip(spooled(second)).map_or(0, |(before, after)| after.saturating_sub(before));
    in_stream.max(in_spool)
}

/// The writer of the newest entry in our form, and its ticks so far.
fn newest_ticks(sample: &Sample) -> Option<(&WriterId, u64)> {
    let header = sample.newest.iter().find_map(|entry: &Entry| entry.header.as_ref())?;
    Some((&header.writer, header.ticks))
}

fn judge_stream(seen: &Seen, want: &Target, limits: &AgeLimits<10, 60>, at: &Moment) -> Option<Finding> {
    let stream = &seen.stream;
    let finding = |severity, message: String| {
        let finding = Finding::new(severity, Subject::Stream(stream.clone()), message);
        finding.remedy(want.logs_of(Hop::Collector))
    };
    if seen.entries == 0 && seen.ticks == 0 {
        return Some(finding(Severity::Fail, "there is no such stream: no collector has sent anything".to_owned()));
    }
    let (Some(last_tick_at), Some(age)) = (seen.last_tick_at, seen.age_s()) else {
        return Some(finding(Severity::Fail, "nothing but heartbeats, and no row in the last 24 h".to_owned()));
    };
    let (severity, limit) = limits.reached(age)?;
    let age = speech::age_s(age);
    let message = format!("no tick for {age}, since {} (limit {limit})", at.tell(last_tick_at));
    let headline = format!("no tick has come into {stream} for {age}, since {}", at.tell(last_tick_at));
    Some(finding(severity, message).headline(headline).since(Some(last_tick_at)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::fixture;

    /// What Redis holds at 05:21:`second`: entries as `(received second, kind, ticks)`, newest first, and the spool.
    fn sample(second: u32, entries: &[(u32, &str, u64)], spooled_ticks: u64) -> Sample {
        let at = |second: u32| fixture::instant("2026-01-15T05:21:00Z") + Duration::from_secs(second.into());
        let entry = |&(received, kind, ticks): &(u32, &str, u64)| {
            let received = at(received);
            let header = format!("1 {kind} writer {} {ticks}", received.timestamp_micros());
            let id = format!("{}-{ticks}", received.timestamp_millis()).parse().expect("an id");
            Entry { id, header: header.parse().ok() }
        };
        let mark = feed::entry::Mark { n: spooled_ticks, ticks: spooled_ticks };
        Sample {
            now: at(second),
            length: entries.len() as u64,
            newest: entries.iter().map(entry).collect(),
            held: Vec::new(),
            spooled: BTreeMap::from([("writer".parse().expect("a writer"), mark)]),
            committed: BTreeMap::new(),
        }
    }

    fn check(first: &Sample, second: &Sample, expected: &[(Severity, &str)], summary: &str) {
        let seen = Evidence { streams: vec![seen("ticks:{kr}", first, second)] };
        let (want, limits, at) = (fixture::target(), AgeLimits::default(), fixture::moment());
        assert_eq!(fixture::told(&TicksFlowing::judge(&seen, &want, &limits, &at)), expected);
        assert_eq!(TicksFlowing::sum_up(&seen, &want, &limits, &at), summary);
    }

    #[test]
    fn a_flow_is_what_the_two_looks_differ_by() {
        let (first, second) = (sample(10, &[(10, "frame", 100)], 90), sample(12, &[(12, "frame", 150)], 140));
        check(&first, &second, &[], "ticks:{kr}: 25.0 ticks/s over 2 s");
    }

    #[test]
    fn a_full_window_flows_in_the_spool_alone() {
        let (first, second) = (sample(40, &[(10, "frame", 100)], 900), sample(41, &[(10, "frame", 100)], 930));
        check(&first, &second, &[], "ticks:{kr}: 30.0 ticks/s over 1 s");
    }

    #[test]
    fn a_strangers_stream_is_judged_by_its_ids() {
        let (first, second) = (sample(10, &[(9, "?", 1)], 0), sample(11, &[(11, "?", 2), (9, "?", 1)], 0));
        check(&first, &second, &[], "ticks:{kr}: 1.0 ticks/s over 1 s");
    }

    #[test]
    fn the_age_of_the_last_tick_is_judged_and_a_heartbeat_is_no_tick() {
        let still = |second, entries| (sample(second - 1, entries, 100), sample(second, entries, 100));
        let quiet = [(50, "heartbeat", 100), (45, "frame", 100)];
        let (first, second) = still(54, &quiet);
        check(&first, &second, &[], "ticks:{kr}: last tick 9 s ago");
        let (first, second) = still(55, &quiet);
        let warn = (Severity::Warn, "no tick for 10 s, since 14:21:45 +09:00 (limit 10 s)");
        check(&first, &second, &[warn], "ticks:{kr}: last tick 10 s ago");
        let (first, second) = still(105, &quiet);
        let fail = (Severity::Fail, "no tick for 1 min, since 14:21:45 +09:00 (limit 1 min)");
        check(&first, &second, &[fail], "ticks:{kr}: last tick 1 min ago");
    }

    #[test]
    fn nothing_at_all_is_a_failure() {
        let empty = sample(10, &[], 0);
        let absent = (Severity::Fail, "there is no such stream: no collector has sent anything");
        check(&empty, &empty, &[absent], "ticks:{kr}: no tick");
        let heartbeats = sample(10, &[(9, "heartbeat", 0)], 0);
        check(
            &heartbeats,
            &heartbeats,
            &[(Severity::Fail, "nothing but heartbeats, and no row in the last 24 h")],
            "ticks:{kr}: no tick",
        );
    }
}
