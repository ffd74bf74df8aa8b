//! `ticks-flowing`: ticks come into each feed's stream now. Judged by the age of the last tick, so that a quiet symbol
//! is no failure; the rate is told by the entries themselves, or by the spool's mark where the window is full.

use std::time::Duration;

use chrono::{DateTime, Utc};
use feed::entry::{Header, Kind};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::rows_fresh;
use crate::check::{Check, Hop, Layer, Meta, When};
use crate::finding::{Finding, Severity, Subject};
use crate::limits::{self, AgeLimits};
use crate::moment::Moment;
use crate::sight::{Sight, Unknown, gather};
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

    async fn observe(site: &Site, want: &Target) -> Result<Sight<Evidence>, ProbeError> {
        let looks = want.streams().map(|(name, stream)| look(site, want, name, stream));
        Ok(gather(join_all(looks).await, &want.key_of_feeds("flow"))?.map(|streams| Evidence { streams }))
    }

    fn judge(seen: &Evidence, want: &Target, limits: &Self::Limits, at: &Moment) -> Vec<Finding> {
        seen.streams.iter().filter_map(|seen| judge_stream(seen, want, limits, at)).collect()
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

    /// The archiver trims what it committed, and the one entry left is a heartbeat: the table knows the last tick.
    fn needs_the_table(&self) -> bool {
        self.last_tick_at.is_none() && self.entries > 0
    }

    /// Where the table does not tell it either, nothing is known of the feed, and nothing is configured too little.
    fn told_by_the_table(
        self,
        name: &str,
        newest: Result<Option<DateTime<Utc>>, ProbeError>,
    ) -> Result<Seen, ProbeError> {
        match newest {
            Ok(last_tick_at) => Ok(Seen { last_tick_at, ..self }),
            Err(error) => {
                let problem =
                    format!("only heartbeats are in the stream of {name}, and no table tells the last tick: {error}");
                Err(ProbeError::Unknown(Unknown { problem, key: error.key().map(str::to_owned) }))
            }
        }
    }
}

async fn look(site: &Site, want: &Target, name: &str, stream: &str) -> Result<Seen, ProbeError> {
    let redis = site.redis().await?;
    let seen = seen(stream, &watch(&redis, name, stream).await?);
    match seen.needs_the_table() {
        true => seen.told_by_the_table(name, newest_row(site, want, name).await),
        false => Ok(seen),
    }
}

async fn newest_row(site: &Site, want: &Target, name: &str) -> Result<Option<DateTime<Utc>>, ProbeError> {
    let feed = &want.feeds[name];
    let rows = feed.rows.as_ref().ok_or_else(|| not_configured(format!("feeds.{name}.rows")))?;
    Ok(rows_fresh::newest(site, name, feed, rows).await?.newest_at)
}

async fn watch(redis: &Connection, name: &str, stream: &str) -> Result<Vec<Sample>, ProbeError> {
    let mut looks = vec![redis.sample(name, stream, ENTRIES).await?];
    while let Some(pause) = pause(&looks) {
        sleep(pause).await;
        looks.push(redis.sample(name, stream, ENTRIES).await?);
    }
    Ok(looks)
}

/// How long until the next look. Ticks that flow are looked at twice; where none do, until `feed:spooled` was seen to
/// move twice or its next move is overdue.
fn pause(looks: &[Sample]) -> Option<Duration> {
    let young = |first: &Sample| last_tick(first).is_some_and(|last| (first.now - last).as_seconds_f64() < YOUNG_S);
    if looks.first().is_some_and(young) {
        return (looks.len() < 2).then_some(GLANCE);
    }
    let marks = marks(looks).len();
    (marks < 3 && looks.len() <= STEPS_A_MOVE * marks.max(1)).then_some(STEP)
}

fn seen(stream: &str, looks: &[Sample]) -> Seen {
    let (first, last) = looks.first().zip(looks.last()).expect("a stream is looked at twice");
    let watched_s = (last.now - first.now).as_seconds_f64();
    let flow = in_stream(first, last, watched_s).unwrap_or_else(|| in_spool(&marks(looks), watched_s));
    // What moves only in the spool came between the looks, nobody knows when.
    let last_tick_at = last_tick(last).max((flow.ticks > 0).then_some(first.now));
    Seen { stream: stream.to_owned(), redis_time: last.now, entries: last.length, last_tick_at, flow }
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
        let check = |received, spooled: &[u64], expected| {
            let looks: Vec<_> = spooled.iter().map(|ticks| sample(40, &[(received, "frame", 100)], *ticks)).collect();
            assert_eq!(pause(&looks), expected, "{spooled:?}");
        };
        let still = |spooled: &[u64], expected| check(38, spooled, expected);
        still(&[900], Some(STEP));
        still(&[900; 12], Some(STEP));
        still(&[900; 13], None);
        still(&[[900; 12], [950; 12]].concat(), Some(STEP));
        still(&[[900; 12], [950; 12], [950; 12]].concat(), None);
        still(&[900, 950, 1000], None);
        // What flows is looked at twice, whatever the spool says.
        check(39, &[900], Some(GLANCE));
        check(39, &[900, 900], None);
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
    fn the_table_is_asked_where_the_stream_holds_heartbeats_only_and_without_it_the_feed_is_unknown() {
        let still = |entries: &[_]| seen("ticks:{kr}", &[sample(109, entries, 100), sample(110, entries, 100)]);
        let (beat, tick) = ((109, "heartbeat", 100), (50, "frame", 100));
        let needs = [&[][..], &[beat], &[beat, tick], &[tick]].map(|entries| still(entries).needs_the_table());
        assert_eq!(needs, [false, true, false, false]);

        let check = |newest, expected: Result<Option<DateTime<Utc>>, (&str, Option<&str>)>| {
            let told = still(&[beat]).told_by_the_table("kr", newest);
            let told = told.as_ref().map(|seen| seen.last_tick_at).map_err(|error| (error.to_string(), error.key()));
            assert_eq!(told, expected.map_err(|(problem, key)| (problem.to_owned(), key)));
        };
        let newest = Some(fixture::instant("2026-01-15T05:08:28Z"));
        check(Ok(newest), Ok(newest));
        check(Ok(None), Ok(None));
        let nowhere = "only heartbeats are in the stream of kr, and no table tells the last tick: `feeds.kr.rows` is not configured";
        check(Err(not_configured("feeds.kr.rows")), Err((nowhere, Some("feeds.kr.rows"))));
        let slow = "only heartbeats are in the stream of kr, and no table tells the last tick: the look was not done within 10 s";
        check(Err(ProbeError::OutOfTime { budget: Duration::from_secs(10) }), Err((slow, None)));
    }
}
