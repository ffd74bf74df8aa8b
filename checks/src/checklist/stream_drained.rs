//! `stream-drained`: what the collector spooled is committed within seconds. What waits is counted in ticks, by
//! subtraction, so that it is true also when the backlog lies on the collector's disk.

use std::time::Duration;

use feed::entry::{Mark, SPOOLED_KEY};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use sqlx::query_as;
use tokio::time::sleep;

use crate::check::{Check, Hop, Layer, Meta, When};
use crate::finding::{Finding, Severity, Subject};
use crate::limits::{self, AgeLimits};
use crate::moment::Moment;
use crate::sight::{Sight, gather};
use crate::site::redis::{Connection, Entry, Marks, Sample};
use crate::site::{ProbeError, Site, not_configured};
use crate::speech;
use crate::target::Target;
use backlog::{Look, remember, waits};

mod backlog;

pub use backlog::Backlog;

const EXPLAIN: &str = "\
What it checks
  What waits to be committed of each feed's stream: the ticks of `feed:spooled`
  less those of `feed:committed`, for each writer that the collector holds; and
  the age of the oldest entry in the stream that is not committed. Where Redis
  has lost its memory of that, `feed_watermarks` in the database tells it.
  Limits: warn 10s, fail 60s. From the warning on it fails at once when nothing
  at all was committed while it watched for a second. Of a collector that keeps
  no `feed:spooled`, or a stream that nobody writes, nobody knows what waits:
  skipped.

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
  `feed:spooled`, `feed:committed`, `feed:held`, `feed_watermarks`:
  docs/architecture.md";

const NEWEST: usize = 10;
/// The search for the oldest waiting entry reads so many at a time.
const PAGE: usize = 500;
const WATCH: Duration = Duration::from_millis(1200);

const WATERMARKS: &str = "\
SELECT array_agg(writer), array_agg(last_n), array_agg(ticks) FROM feed_watermarks WHERE stream = $1";

pub struct StreamDrained;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// One per feed with a stream.
    pub streams: Vec<Backlog>,
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

    async fn observe(site: &Site, want: &Target) -> Result<Sight<Evidence>, ProbeError> {
        let looks = want.streams().map(|(name, stream)| look(site, want, name, stream));
        Ok(gather(join_all(looks).await, &want.key_of_feeds("flow"))?.map(|streams| Evidence { streams }))
    }

    fn judge(seen: &Evidence, want: &Target, limits: &Self::Limits, _at: &Moment) -> Vec<Finding> {
        seen.streams.iter().filter_map(|backlog| judge_stream(backlog, want, limits)).collect()
    }

    fn sum_up(seen: &Evidence, want: &Target, _limits: &Self::Limits, _at: &Moment) -> String {
        let said = seen.streams.iter().map(|backlog| {
            let oldest = backlog.age_s().map_or(String::new(), |age| format!(", oldest {}", speech::age_s(age)));
            format!("{}: {} waiting{oldest}", backlog.stream, speech::counted(backlog.waiting_ticks, "tick"))
        });
        let told = |stream: &str| seen.streams.iter().any(|backlog| backlog.stream == stream);
        let untold = want.streams().filter(|(_, stream)| !told(stream));
        let untold = untold.map(|(_, stream)| format!("{stream}: nobody tells what waits"));
        said.chain(untold).collect::<Vec<_>>().join("; ")
    }
}

impl Evidence {
    /// Of all streams together.
    pub fn waiting_ticks(&self) -> u64 {
        self.streams.iter().map(|backlog| backlog.waiting_ticks).sum()
    }
}

async fn look(site: &Site, want: &Target, name: &str, stream: &str) -> Result<Backlog, ProbeError> {
    let redis = site.redis().await?;
    let first = take(&redis, name, stream, &Marks::new()).await?;
    if !first.tells_what_waits() {
        return Err(not_configured(SPOOLED_KEY));
    }
    let backlog = Backlog::of(stream, &first);
    if !backlog.must_be_watched() {
        return Ok(backlog);
    }
    // Asked before the watch begins: what is committed while it lasts must not be known at its beginning.
    let watermarks = watermarks(site, want, name, stream).await;
    let first = take(&redis, name, stream, &watermarks).await?;
    sleep(WATCH).await;
    let second = take(&redis, name, stream, &watermarks).await?;
    Ok(Backlog::watched(stream, &first, &second))
}

async fn take(redis: &Connection, name: &str, stream: &str, watermarks: &Marks) -> Result<Look, ProbeError> {
    let mut sample = redis.sample(name, stream, NEWEST).await?;
    remember(&mut sample, watermarks);
    let oldest = oldest_waiting(redis, stream, &sample).await?;
    Ok(Look { sample, oldest })
}

/// What the table holds of each writer; nothing where there is no such table or it cannot be asked, which other checks
/// tell. Redis then has the word alone.
async fn watermarks(site: &Site, want: &Target, name: &str, stream: &str) -> Marks {
    type Columns = (Option<Vec<String>>, Option<Vec<i64>>, Option<Vec<i64>>);
    if !want.feeds[name].heartbeat {
        return Marks::new();
    }
    let row: Result<Columns, _> = site.row(query_as(WATERMARKS).bind(stream), &format!("feeds.{name}.heartbeat")).await;
    let Ok((Some(writers), Some(entries), Some(ticks))) = row else { return Marks::new() };
    let marks = writers.iter().zip(entries.iter().zip(&ticks)).filter_map(|(writer, (entries, ticks))| {
        Some((writer.parse().ok()?, Mark { n: u64::try_from(*entries).ok()?, ticks: u64::try_from(*ticks).ok()? }))
    });
    marks.collect()
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
    use crate::target::{Feed, Flow};

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
    fn a_feed_of_which_nobody_tells_what_waits_is_named() {
        let mut want = fixture::target();
        let us = Feed { flow: Some(Flow::Stream("ticks:{us}".into())), ..want.feeds["kr"].clone() };
        want.feeds.insert("us".into(), us);
        let seen = Evidence { streams: vec![waiting(None, 0, None)] };
        let summary = StreamDrained::sum_up(&seen, &want, &AgeLimits::default(), &fixture::moment());
        assert_eq!(summary, "ticks:{kr}: 0 ticks waiting; ticks:{us}: nobody tells what waits");
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
        check(-5, Some(0), None);
        check(-12, Some(7), Some((Severity::Warn, &told("it drains"))));
        check(-12, Some(0), Some((Severity::Fail, &told("nothing is committed"))));
    }

    #[test]
    fn what_waits_in_the_spool_only_fails_when_nothing_moves() {
        let still = (Severity::Fail, "1,502 ticks wait in the collector's spool only");
        check_backlog(waiting(None, 1502, Some(0)), Some(still));
        check_backlog(waiting(None, 1502, Some(7)), None);
        check_backlog(waiting(None, 0, Some(0)), None);
    }
}
