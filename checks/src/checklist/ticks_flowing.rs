//! `ticks-flowing`: ticks come into each feed's stream now. Judged by the age of the last tick, so that a quiet symbol
//! is no failure; the rate is told by the entries themselves, or by the spool's mark where the window is full.

use std::time::Duration;

use chrono::{DateTime, Utc};
use feed::entry::{Header, Kind};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::rows_fresh;
use crate::check::{Check, Hop, Layer, Meta, When};
use crate::finding::{Finding, Severity, Subject};
use crate::limits::{self, AgeLimits};
use crate::moment::Moment;
use crate::site::redis::{Connection, Entry, Sample};
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
  tells when the last tick came; without a table that tells it, it is unknown.
  A last tick more than 5s in the future warns: a clock is wrong.

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
/// Between the two looks, where ticks flow.
const GLANCE: Duration = Duration::from_millis(500);
/// Between two looks, where they do not: so exactly is known when `feed:spooled` moved.
const STEP: Duration = Duration::from_millis(100);
/// In so many steps `feed:spooled`, which is written every second, has moved if it ever will.
const STEPS_A_MOVE: usize = 12;
const SPOOLED_EVERY_S: f64 = 1.0;
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
    #[serde(flatten)]
    pub flow: Flow,
    /// Why it is not known when the last tick came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<Unknown>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unknown {
    pub problem: String,
    /// The key of feedctl.yml to look at.
    pub key: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Entries, where they are a stranger's.
    pub ticks: u64,
    /// In so many seconds these ticks came.
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
        budget: Duration::from_secs(11),
    };

    async fn observe(site: &Site, want: &Target) -> Result<Evidence, ProbeError> {
        let looks = want.streams().map(|(name, stream)| look(site, want, name, stream));
        let streams = futures_util::future::try_join_all(looks).await?;
        if streams.is_empty() { Err(not_configured("feeds.NAME.flow")) } else { Ok(Evidence { streams }) }
    }

    fn judge(seen: &Evidence, want: &Target, limits: &Self::Limits, at: &Moment) -> Vec<Finding> {
        seen.streams.iter().filter_map(|seen| judge_stream(seen, want, limits, at)).collect()
    }

    fn unseen(seen: &Evidence) -> Option<ProbeError> {
        let Unknown { problem, key } = seen.streams.iter().find_map(|seen| seen.unknown.clone())?;
        Some(ProbeError::Misconfigured { problem, key, source: None })
    }

    fn sum_up(seen: &Evidence, _want: &Target, _limits: &Self::Limits, _at: &Moment) -> String {
        let said = seen.streams.iter().map(|seen| match (seen.flow.ticks, seen.age_s()) {
            (0, Some(age)) => format!("{}: last tick {} ago", seen.stream, speech::age_s(age)),
            (0, None) => format!("{}: no tick", seen.stream),
            (ticks, _) => {
                let rate = ticks as f64 / seen.flow.watched_s;
                format!("{}: {rate:.1} ticks/s over {}", seen.stream, speech::age_s(seen.flow.watched_s))
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
    let mut seen = seen(stream, &watch(&redis, name, stream).await?);
    if seen.last_tick_at.is_none() && seen.entries > 0 {
        // The archiver trims what it committed, and the one entry left is a heartbeat: the table knows.
        match newest_row(site, want, name).await {
            Ok(newest_at) => seen.last_tick_at = newest_at,
            Err(error) => seen.unknown = Some(unknown(name, &error)),
        }
    }
    Ok(seen)
}

async fn newest_row(site: &Site, want: &Target, name: &str) -> Result<Option<DateTime<Utc>>, ProbeError> {
    let feed = &want.feeds[name];
    let rows = feed.rows.as_ref().ok_or_else(|| not_configured(format!("feeds.{name}.rows")))?;
    Ok(rows_fresh::newest(site, name, feed, rows).await?.newest_at)
}

/// Kept in the feed's evidence, so that what the table does not tell of one feed hides no other feed's dead stream.
fn unknown(name: &str, error: &ProbeError) -> Unknown {
    let problem = format!("only heartbeats are in the stream, and no table tells the last tick: {error}");
    Unknown { problem, key: error.key().map_or_else(|| format!("feeds.{name}.rows"), str::to_owned) }
}

/// Looks at least twice; where nothing flows, until `feed:spooled` was seen to move twice or its next move is overdue.
async fn watch(redis: &Connection, name: &str, stream: &str) -> Result<Vec<Sample>, ProbeError> {
    let first = redis.sample(name, stream, ENTRIES).await?;
    let young = last_tick(&first).is_some_and(|last| (first.now - last).as_seconds_f64() < YOUNG_S);
    let mut looks = vec![first];
    if young {
        sleep(GLANCE).await;
        looks.push(redis.sample(name, stream, ENTRIES).await?);
    }
    while !young && must_go_on(&looks) {
        sleep(STEP).await;
        looks.push(redis.sample(name, stream, ENTRIES).await?);
    }
    Ok(looks)
}

fn must_go_on(looks: &[Sample]) -> bool {
    let marks = marks(looks).len();
    marks < 3 && looks.len() <= STEPS_A_MOVE * marks.max(1)
}

fn seen(stream: &str, looks: &[Sample]) -> Seen {
    let (first, last) = looks.first().zip(looks.last()).expect("a stream is looked at twice");
    let watched_s = (last.now - first.now).as_seconds_f64();
    let flow = in_stream(first, last, watched_s).unwrap_or_else(|| in_spool(&marks(looks), watched_s));
    // What moves only in the spool came between the looks, nobody knows when.
    let last_tick_at = last_tick(last).max((flow.ticks > 0).then_some(first.now));
    Seen { stream: stream.to_owned(), redis_time: last.now, entries: last.length, last_tick_at, flow, unknown: None }
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

/// What the stream grew by; none, where it stood still. Without a writer, the entries added.
fn in_stream(first: &Sample, last: &Sample, watched_s: f64) -> Option<Flow> {
    let Some(after) = newest_header(last) else {
        let top = first.newest.first().map(|entry| entry.id);
        let ticks = last.newest.iter().filter(|entry| Some(entry.id) > top).count() as u64;
        return Some(Flow { ticks, watched_s });
    };
    let before = newest_header(first).filter(|before| before.writer == after.writer && before.ticks < after.ticks)?;
    let received_s = (after.received.instant() - before.received.instant()).as_seconds_f64();
    // Entries of nearly one instant, or of a clock that was set back, tell no rate.
    let watched_s = if received_s < watched_s / 2.0 { watched_s } else { received_s };
    Some(Flow { ticks: after.ticks - before.ticks, watched_s })
}

/// What the spool grew by: between two moves of its mark, or at the one move there was.
fn in_spool(marks: &[(DateTime<Utc>, u64)], watched_s: f64) -> Flow {
    match marks {
        [] | [_] => Flow { ticks: 0, watched_s },
        // However short the watch, a move is what came in a second.
        [(_, before), (_, after)] => {
            Flow { ticks: after.saturating_sub(*before), watched_s: watched_s.max(SPOOLED_EVERY_S) }
        }
        [_, (from, before), .., (to, after)] => {
            Flow { ticks: after.saturating_sub(*before), watched_s: (*to - *from).as_seconds_f64() }
        }
    }
}

/// What `feed:spooled` said of the stream's newest writer, and when it was first seen to say so. What came into the
/// stream was spooled, whether said or not.
fn marks(looks: &[Sample]) -> Vec<(DateTime<Utc>, u64)> {
    let Some(newest) = looks.last().and_then(newest_header) else { return Vec::new() };
    let marks =
        looks.iter().filter_map(|look| Some((look.now, look.spooled.get(&newest.writer)?.ticks.max(newest.ticks))));
    let mut marks: Vec<_> = marks.collect();
    marks.dedup_by_key(|(_, ticks)| *ticks);
    marks
}

/// Of the newest entry in our form.
fn newest_header(sample: &Sample) -> Option<&Header> {
    sample.newest.iter().find_map(|entry: &Entry| entry.header.as_ref())
}

fn judge_stream(seen: &Seen, want: &Target, limits: &AgeLimits<10, 60>, at: &Moment) -> Option<Finding> {
    if seen.unknown.is_some() {
        return None;
    }
    let stream = &seen.stream;
    let finding = |severity, message: String| {
        let finding = Finding::new(severity, Subject::Stream(stream.clone()), message);
        finding.remedy(want.logs_of(Hop::Collector))
    };
    if seen.entries == 0 && seen.flow.ticks == 0 {
        return Some(finding(Severity::Fail, "there is no such stream: no collector has sent anything".to_owned()));
    }
    let (Some(last_tick_at), Some(age)) = (seen.last_tick_at, seen.age_s()) else {
        return Some(finding(Severity::Fail, "nothing but heartbeats, and no row in the last 24 h".to_owned()));
    };
    if let Some(ahead) = limits::ahead(age) {
        let message = format!("the last tick lies {ahead} in the future: a clock is wrong");
        return Some(finding(Severity::Warn, message));
    }
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

    fn check(looks: &[Sample], expected: &[(Severity, &str)], summary: &str) {
        let seen = Evidence { streams: vec![seen("ticks:{kr}", looks)] };
        let (want, limits, at) = (fixture::target(), AgeLimits::default(), fixture::moment());
        assert_eq!(fixture::told(&TicksFlowing::judge(&seen, &want, &limits, &at)), expected);
        assert_eq!(TicksFlowing::sum_up(&seen, &want, &limits, &at), summary);
    }

    #[test]
    fn a_flow_is_what_the_stream_grew_by_between_the_instants_of_its_entries() {
        let flows = |first, second, rate| check(&[first, second], &[], &format!("ticks:{{kr}}: {rate}"));
        let first = || sample(10, &[(10, "frame", 100)], 90);
        flows(first(), sample(12, &[(12, "frame", 150)], 140), "25.0 ticks/s over 2 s");
        // The spool's mark moves once a second: here it caught up with two.
        flows(first(), sample(11, &[(11, "frame", 150)], 189), "50.0 ticks/s over 1 s");
        // What came long before is sent late.
        flows(sample(40, &[(10, "frame", 100)], 0), sample(41, &[(20, "frame", 600)], 0), "50.0 ticks/s over 10 s");
        // One instant, and a clock set back: the looks tell the time.
        flows(first(), sample(12, &[(10, "frame", 104)], 90), "2.0 ticks/s over 2 s");
        flows(first(), sample(12, &[(4, "frame", 104)], 90), "2.0 ticks/s over 2 s");
    }

    #[test]
    fn a_full_window_flows_in_the_spool_alone() {
        const STILL: &str = "no tick for 30 s, since 14:21:10 +09:00 (limit 10 s)";
        let full = |tenths: u32, spooled| {
            let look = sample(40, &[(10, "frame", 100)], spooled);
            Sample { now: look.now + Duration::from_millis(u64::from(tenths) * 100), ..look }
        };
        // Marks of 50 ticks each second: one move in half a second, two and three in little more than one and two.
        check(&[full(0, 900), full(5, 950)], &[], "ticks:{kr}: 50.0 ticks/s over 1 s");
        check(&[full(0, 900), full(1, 950), full(11, 1000)], &[], "ticks:{kr}: 50.0 ticks/s over 1 s");
        let moving = [full(0, 900), full(1, 950), full(11, 1000), full(12, 1000), full(21, 1050)];
        check(&moving, &[], "ticks:{kr}: 50.0 ticks/s over 2 s");
        check(&[full(0, 900), full(9, 901), full(24, 901)], &[], "ticks:{kr}: 0.4 ticks/s over 2.4 s");
        // The mark only comes up to what is in the stream.
        check(&[full(0, 90), full(5, 100)], &[(Severity::Warn, STILL)], "ticks:{kr}: last tick 30 s ago");
    }

    #[test]
    fn a_still_stream_is_watched_until_the_spool_moved_twice_or_its_move_is_overdue() {
        let go_on = |spooled: &[u64], expected| {
            let looks: Vec<_> = spooled.iter().map(|ticks| sample(40, &[(10, "frame", 100)], *ticks)).collect();
            assert_eq!(must_go_on(&looks), expected, "{spooled:?}");
        };
        go_on(&[900], true);
        go_on(&[900; 12], true);
        go_on(&[900; 13], false);
        go_on(&[[900; 12], [950; 12]].concat(), true);
        go_on(&[[900; 12], [950; 12], [950; 12]].concat(), false);
        go_on(&[900, 950, 1000], false);
    }

    #[test]
    fn a_strangers_stream_is_judged_by_its_ids() {
        let looks = [sample(10, &[(9, "?", 1)], 0), sample(11, &[(11, "?", 2), (9, "?", 1)], 0)];
        check(&looks, &[], "ticks:{kr}: 1.0 ticks/s over 1 s");
    }

    #[test]
    fn the_age_of_the_last_tick_is_judged_and_a_heartbeat_is_no_tick() {
        let still = |second, entries| [sample(second - 1, entries, 100), sample(second, entries, 100)];
        let quiet = [(50, "heartbeat", 100), (45, "frame", 100)];
        check(&still(54, &quiet), &[], "ticks:{kr}: last tick 9 s ago");
        let warn = (Severity::Warn, "no tick for 10 s, since 14:21:45 +09:00 (limit 10 s)");
        check(&still(55, &quiet), &[warn], "ticks:{kr}: last tick 10 s ago");
        let fail = (Severity::Fail, "no tick for 1 min, since 14:21:45 +09:00 (limit 1 min)");
        check(&still(105, &quiet), &[fail], "ticks:{kr}: last tick 1 min ago");
    }

    #[test]
    fn a_tick_of_the_future_is_a_wrong_clock() {
        let still = |received| {
            let entries = [(received, "frame", 100)];
            [sample(9, &entries, 100), sample(10, &entries, 100)]
        };
        check(&still(15), &[], "ticks:{kr}: last tick 0 ms ago");
        let ahead = (Severity::Warn, "the last tick lies 12 s in the future: a clock is wrong");
        check(&still(22), &[ahead], "ticks:{kr}: last tick 0 ms ago");
    }

    #[test]
    fn nothing_at_all_is_a_failure() {
        let still = |entries| [sample(10, entries, 0), sample(10, entries, 0)];
        let absent = (Severity::Fail, "there is no such stream: no collector has sent anything");
        check(&still(&[]), &[absent], "ticks:{kr}: no tick");
        let beating = (Severity::Fail, "nothing but heartbeats, and no row in the last 24 h");
        check(&still(&[(9, "heartbeat", 0)]), &[beating], "ticks:{kr}: no tick");
    }

    #[test]
    fn a_feed_whose_table_tells_nothing_is_unknown_and_hides_no_dead_stream() {
        let still = |entries| [sample(109, entries, 100), sample(110, entries, 100)];
        let beating = || {
            let unknown = unknown("kr", &not_configured("feeds.kr.rows"));
            Seen { unknown: Some(unknown), ..seen("ticks:{kr}", &still(&[(109, "heartbeat", 100)])) }
        };
        let judge = |streams| {
            let seen = serde_json::to_value(Evidence { streams }).expect("evidence is plain data");
            let (want, limits, at) = (fixture::target(), AgeLimits::default(), fixture::moment());
            crate::check::judge::<TicksFlowing>(&seen, &want, &limits, &at)
        };
        let error = judge(vec![beating()]).expect_err("nothing tells the last tick");
        let expected =
            "only heartbeats are in the stream, and no table tells the last tick: `feeds.kr.rows` is not configured";
        assert_eq!((error.to_string().as_str(), error.key()), (expected, Some("feeds.kr.rows")));
        let dead = seen("ticks:{us}", &still(&[(50, "frame", 100)]));
        let findings = judge(vec![beating(), dead]).expect("one stream is dead");
        assert_eq!(
            fixture::told(&findings),
            [(Severity::Fail, "no tick for 1 min, since 14:21:50 +09:00 (limit 1 min)")]
        );
    }
}
