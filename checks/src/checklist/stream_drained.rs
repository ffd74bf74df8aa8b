//! `stream-drained`: what the collector spooled is committed within seconds. What waits is counted in ticks, by
//! subtraction, so that it is true also when the backlog lies on the collector's disk.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use feed::entry::{Mark, WriterId};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

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
  What waits to be committed of each feed's stream: the ticks of `feed:spooled`
  less those of `feed:committed`, for each writer that the collector holds; and
  the age of the oldest entry in the stream that is not committed. Limits: warn
  10s, fail 60s. From the warning on it fails at once when nothing at all was
  committed while it watched for a second.

Why it matters
  Ticks that wait are not lost, but the table does not have them. A backlog that
  grows says that the archiver is dead, hangs, is too slow, or cannot write.

Seen when it fails
  The oldest waiting entry is older than the limit. The count tells how much is
  at stake, and whether it grows. Ticks that wait in the collector's spool only
  have no age, and an oldest entry more than 5s in the future has a wrong one:
  they fail when nothing at all was committed in that second.

What to do
  `docker compose logs --tail 50 archiver`; `feedctl verify --only
  services-running,database-reachable`. Once the archiver runs again the backlog
  drains by itself, each tick exactly once.

Source
  `feed:spooled`, `feed:committed`, `feed:held`: docs/architecture.md";

const NEWEST: usize = 10;
/// The search for the oldest waiting entry reads so many at a time.
const PAGE: usize = 500;
/// A backlog older than this is watched for a moment, to see whether it drains.
const WATCHED_FROM_S: f64 = 5.0;
const WATCH: Duration = Duration::from_millis(1200);

pub struct StreamDrained;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// One per feed with a stream.
    pub streams: Vec<Backlog>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Backlog {
    pub stream: String,
    pub redis_time: DateTime<Utc>,
    /// In the collector's spool and in the stream, together: spooled and not committed.
    pub waiting_ticks: u64,
    /// Frames, heartbeats and gaps.
    pub waiting_entries: u64,
    /// When the collector received the oldest entry in the stream that is not committed.
    pub oldest_waiting_at: Option<DateTime<Utc>>,
    /// How many entries were committed while a backlog was watched; none: it was too young to be watched.
    pub committed_while_watched: Option<u64>,
}

impl Check for StreamDrained {
    type Limits = AgeLimits<10, 60>;
    type Evidence = Evidence;
    const META: Meta = Meta {
        id: "stream-drained",
        title: "what the collector has spooled is committed within seconds",
        explain: EXPLAIN,
        hop: Hop::Archiver,
        layer: Layer::Flow,
        when: When::Always,
        budget: Duration::from_secs(11),
    };

    async fn observe(site: &Site, want: &Target) -> Result<Evidence, ProbeError> {
        let looks = want.streams().map(|(name, stream)| look(site, name, stream));
        let streams = futures_util::future::try_join_all(looks).await?;
        if streams.is_empty() { Err(not_configured("feeds.NAME.flow")) } else { Ok(Evidence { streams }) }
    }

    fn judge(seen: &Evidence, want: &Target, limits: &Self::Limits, _at: &Moment) -> Vec<Finding> {
        seen.streams.iter().filter_map(|backlog| judge_stream(backlog, want, limits)).collect()
    }

    fn sum_up(seen: &Evidence, _want: &Target, _limits: &Self::Limits, _at: &Moment) -> String {
        let said = seen.streams.iter().map(|backlog| {
            let oldest = backlog.age_s().map_or(String::new(), |age| format!(", oldest {}", speech::age_s(age)));
            format!("{}: {} waiting{oldest}", backlog.stream, speech::counted(backlog.waiting_ticks, "tick"))
        });
        said.collect::<Vec<_>>().join("; ")
    }
}

impl Evidence {
    /// Of all streams together.
    pub fn waiting_ticks(&self) -> u64 {
        self.streams.iter().map(|backlog| backlog.waiting_ticks).sum()
    }
}

impl Backlog {
    /// Seconds that the oldest entry has waited.
    pub fn age_s(&self) -> Option<f64> {
        self.oldest_waiting_at.map(|oldest| (self.redis_time - oldest).as_seconds_f64())
    }

    /// What waits in the spool only has no age, and a wrong clock tells none: nothing else tells whether it drains.
    fn must_be_watched(&self) -> bool {
        self.age_s().map_or(self.waiting_ticks > 0, |age| age >= WATCHED_FROM_S || limits::ahead(age).is_some())
    }
}

async fn look(site: &Site, name: &str, stream: &str) -> Result<Backlog, ProbeError> {
    let redis = site.redis().await?;
    let first = redis.sample(name, stream, NEWEST).await?;
    let oldest = oldest_waiting(&redis, stream, &first).await?;
    let backlog = backlog(stream, &first, oldest.as_ref());
    if !backlog.must_be_watched() {
        return Ok(backlog);
    }
    sleep(WATCH).await;
    let second = redis.sample(name, stream, NEWEST).await?;
    let oldest = oldest_waiting(&redis, stream, &second).await?;
    let after = self::backlog(stream, &second, oldest.as_ref());
    // A backlog that shrank moves, whether or not the marks of its writers still tell how.
    let shrunk = backlog.waiting_entries.saturating_sub(after.waiting_entries);
    Ok(Backlog { committed_while_watched: Some(committed_between(&first, &second).max(shrunk)), ..after })
}

/// Pages from the front: what is committed and not yet trimmed comes first, and is little.
async fn oldest_waiting(redis: &Connection, stream: &str, sample: &Sample) -> Result<Option<Entry>, ProbeError> {
    let mut after = None;
    loop {
        let page = redis.page(stream, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        after = Some(last.id);
        if let Some(entry) = page.into_iter().find(|entry| waits(entry, sample)) {
            return Ok(Some(entry));
        }
    }
}

/// A stranger's entry waits for nobody.
fn waits(entry: &Entry, sample: &Sample) -> bool {
    entry
        .header
        .as_ref()
        .is_some_and(|header| entry.id.n > sample.committed.get(&header.writer).copied().unwrap_or_default().n)
}

fn backlog(stream: &str, sample: &Sample, oldest: Option<&Entry>) -> Backlog {
    let mut waiting = Mark::default();
    for writer in writers(sample, oldest) {
        let committed = sample.committed.get(&writer).copied().unwrap_or_default();
        // The stream may be a second ahead of `feed:spooled`.
        let spooled = sample.spooled.get(&writer).copied().unwrap_or_default();
        let shipped = newest_of(sample, &writer).unwrap_or_default();
        waiting.n += spooled.n.max(shipped.n).saturating_sub(committed.n);
        waiting.ticks += spooled.ticks.max(shipped.ticks).saturating_sub(committed.ticks);
    }
    Backlog {
        stream: stream.to_owned(),
        redis_time: sample.now,
        waiting_ticks: waiting.ticks,
        waiting_entries: waiting.n,
        oldest_waiting_at: oldest.and_then(|entry| Some(entry.header.as_ref()?.received.instant())),
        committed_while_watched: None,
    }
}

/// The writers of a stream: those whose spools its collector holds, and those seen in it.
fn writers(sample: &Sample, oldest: Option<&Entry>) -> BTreeSet<WriterId> {
    let seen = sample.newest.iter().chain(oldest).filter_map(|entry| Some(entry.header.as_ref()?.writer.clone()));
    sample.held.iter().cloned().chain(seen).collect()
}

fn newest_of(sample: &Sample, writer: &WriterId) -> Option<Mark> {
    sample.newest.iter().find_map(|entry| {
        let header = entry.header.as_ref().filter(|header| header.writer == *writer)?;
        Some(Mark { n: entry.id.n, ticks: header.ticks })
    })
}

fn committed_between(first: &Sample, second: &Sample) -> u64 {
    let entries = |sample: &Sample, writer| sample.committed.get(writer).copied().unwrap_or_default().n;
    writers(second, None).iter().map(|writer| entries(second, writer).saturating_sub(entries(first, writer))).sum()
}

fn judge_stream(backlog: &Backlog, want: &Target, limits: &AgeLimits<10, 60>) -> Option<Finding> {
    let stands_still = backlog.committed_while_watched == Some(0);
    let Some(age) = backlog.age_s() else {
        return (stands_still && backlog.waiting_ticks > 0).then(|| in_spool_only(backlog, want));
    };
    let stream = &backlog.stream;
    let ticks = speech::counted(backlog.waiting_ticks, "tick");
    let entries = speech::count(backlog.waiting_entries);
    let (at_least, how) = match stands_still {
        true => (Severity::Fail, "nothing is committed"),
        false => (Severity::Warn, "it drains"),
    };
    let finding = |reached: Severity, oldest: String| {
        let message = format!("{ticks} in {entries} entries waiting, oldest {oldest}; {how}");
        let finding = Finding::new(reached.max(at_least), Subject::Stream(stream.clone()), message);
        finding.remedy(want.logs_of(Hop::Archiver))
    };
    if let Some(ahead) = limits::ahead(age) {
        return Some(finding(Severity::Warn, format!("{ahead} in the future: a clock is wrong")));
    }
    let (reached, limit) = limits.reached(age)?;
    let age = speech::age_s(age);
    let headline = format!("{stream} is not drained: {ticks} waiting, the oldest for {age}");
    Some(finding(reached, format!("{age} (limit {limit})")).headline(headline).since(backlog.oldest_waiting_at))
}

/// The collector reaches Redis and cannot write into the stream: its log tells why.
fn in_spool_only(backlog: &Backlog, want: &Target) -> Finding {
    let (stream, ticks) = (&backlog.stream, speech::counted(backlog.waiting_ticks, "tick"));
    let wait = if backlog.waiting_ticks == 1 { "waits" } else { "wait" };
    let message = format!("{ticks} {wait} in the collector's spool only");
    let headline = format!("{stream} is not drained: {message}");
    let finding = Finding::new(Severity::Fail, Subject::Stream(stream.clone()), message);
    finding.headline(headline).remedy(want.logs_of(Hop::Collector))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::site::redis::Marks;

    fn marks(marks: &[(&str, u64, u64)]) -> Marks {
        let mark = |&(writer, n, ticks): &(&str, u64, u64)| (writer.parse().expect("a writer"), Mark { n, ticks });
        marks.iter().map(mark).collect()
    }

    fn entry(writer: &str, n: u64, ticks: u64) -> Entry {
        let received = fixture::instant("2026-01-15T05:08:31Z").timestamp_micros();
        let header = format!("1 frame {writer} {received} {ticks}").parse().expect("a header");
        Entry { id: format!("1-{n}").parse().expect("an id"), header: Some(header) }
    }

    fn sample(newest: &[Entry], held: &[&str], spooled: &[(&str, u64, u64)], committed: &[(&str, u64, u64)]) -> Sample {
        Sample {
            now: fixture::instant("2026-01-15T05:21:10Z"),
            length: newest.len() as u64,
            newest: newest.to_vec(),
            held: held.iter().map(|writer| writer.parse().expect("a writer")).collect(),
            spooled: marks(spooled),
            committed: marks(committed),
        }
    }

    fn check_count(sample: &Sample, expected: (u64, u64)) {
        let backlog = backlog("ticks:{kr}", sample, None);
        assert_eq!((backlog.waiting_ticks, backlog.waiting_entries), expected);
    }

    #[test]
    fn what_waits_is_spooled_less_committed() {
        check_count(&sample(&[entry("a", 5, 9)], &["a"], &[("a", 5, 9)], &[("a", 5, 9)]), (0, 0));
        check_count(&sample(&[entry("a", 9, 18)], &["a"], &[("a", 1125, 1511)], &[("a", 5, 9)]), (1502, 1120));
        // The stream is ahead of `feed:spooled`, and `feed:committed` of both.
        check_count(&sample(&[entry("a", 7, 12)], &["a"], &[("a", 5, 9)], &[("a", 5, 9)]), (3, 2));
        check_count(&sample(&[entry("a", 5, 9)], &["a"], &[("a", 5, 9)], &[("a", 6, 11)]), (0, 0));
        // Nothing was ever committed.
        check_count(&sample(&[entry("a", 5, 9)], &["a"], &[("a", 5, 9)], &[]), (9, 5));
    }

    #[test]
    fn each_writer_of_the_stream_counts_and_no_other() {
        let spooled = [("old", 10, 20), ("new", 4, 6), ("other", 99, 99)];
        check_count(&sample(&[entry("old", 10, 20)], &["old", "new"], &spooled, &[("old", 8, 15)]), (11, 6));
        check_count(&sample(&[], &[], &spooled, &[]), (0, 0));
    }

    #[test]
    fn an_entry_waits_when_its_n_is_above_the_committed_one() {
        let sample = sample(&[], &[], &[], &[("a", 5, 9)]);
        let stranger = Entry { header: None, ..entry("a", 6, 10) };
        let waiting =
            [entry("a", 5, 9), entry("a", 6, 10), entry("b", 1, 1), stranger].map(|entry| waits(&entry, &sample));
        assert_eq!(waiting, [false, true, true, false]);
    }

    fn waiting(age_s: Option<i64>, waiting_ticks: u64, committed_while_watched: Option<u64>) -> Backlog {
        let redis_time = fixture::instant("2026-01-15T05:21:10Z");
        Backlog {
            stream: "ticks:{kr}".into(),
            redis_time,
            waiting_ticks,
            waiting_entries: 1120,
            oldest_waiting_at: age_s.map(|age_s| redis_time - chrono::TimeDelta::seconds(age_s)),
            committed_while_watched,
        }
    }

    fn check(age_s: i64, committed_while_watched: Option<u64>, expected: Option<(Severity, &str)>) {
        check_backlog(waiting(Some(age_s), 1502, committed_while_watched), expected);
    }

    fn check_backlog(backlog: Backlog, expected: Option<(Severity, &str)>) {
        let seen = Evidence { streams: vec![backlog] };
        let findings = StreamDrained::judge(&seen, &fixture::target(), &AgeLimits::default(), &fixture::moment());
        assert_eq!(fixture::told(&findings), expected.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn the_age_of_the_oldest_is_judged_and_sooner_when_nothing_moves() {
        let told =
            |age, limit, how| format!("1,502 ticks in 1,120 entries waiting, oldest {age} (limit {limit}); {how}");
        check(0, None, None);
        check(9, Some(0), None);
        check(10, Some(7), Some((Severity::Warn, &told("10 s", "10 s", "it drains"))));
        check(10, Some(0), Some((Severity::Fail, &told("10 s", "10 s", "nothing is committed"))));
        check(60, Some(7), Some((Severity::Fail, &told("1 min", "1 min", "it drains"))));
        check(759, Some(0), Some((Severity::Fail, &told("12 min 39 s", "1 min", "nothing is committed"))));
    }

    #[test]
    fn an_oldest_entry_of_the_future_is_a_wrong_clock() {
        let told =
            |how| format!("1,502 ticks in 1,120 entries waiting, oldest 12 s in the future: a clock is wrong; {how}");
        assert!(waiting(Some(-12), 1502, None).must_be_watched());
        check(-5, Some(0), None);
        check(-12, Some(7), Some((Severity::Warn, &told("it drains"))));
        check(-12, Some(0), Some((Severity::Fail, &told("nothing is committed"))));
    }

    #[test]
    fn what_waits_in_the_spool_only_is_watched_and_fails_when_nothing_moves() {
        let watched = [(None, 0), (None, 1), (Some(4), 1), (Some(5), 1)]
            .map(|(age_s, ticks)| waiting(age_s, ticks, None).must_be_watched());
        assert_eq!(watched, [false, true, false, true]);
        let still = (Severity::Fail, "1,502 ticks wait in the collector's spool only");
        check_backlog(waiting(None, 1502, Some(0)), Some(still));
        check_backlog(waiting(None, 1502, Some(7)), None);
        check_backlog(waiting(None, 0, Some(0)), None);
    }
}
