//! `path-heartbeat`: something of the feed was committed a moment ago, a heartbeat at least. Holds at night as well.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use sqlx::query_as;

use crate::check::{Check, Hop, Layer, Meta, When};
use crate::finding::{Finding, Severity, Subject};
use crate::limits::{self, AgeLimits};
use crate::moment::Moment;
use crate::sight::{Sight, gather};
use crate::site::{ProbeError, Site};
use crate::speech;
use crate::target::Target;

const EXPLAIN: &str = "\
What it checks
  When the newest thing that the archiver committed of the feed's stream was
  received by the collector: `feed_watermarks.last_received_at` of the stream's
  newest writer, by the database's clock. Limits: warn 30s, fail 60s.

Why it matters
  When no frame comes for some seconds, the collector sends a heartbeat down the
  same path as a tick. So this age tells a broken path from a quiet market, also
  when the market is closed.

Seen when it fails
  Nothing was committed for longer than the limit: the collector, Redis, the
  archiver or the database stands still. Or the archiver never committed
  anything of this stream. An instant more than 5s in the future warns: a clock
  is wrong, and the age tells nothing.

What to do
  The first broken link of the report is the cause. A stack whose collector
  sends no heartbeats: write `heartbeat: false` into the feed.

Source
  Table `feed_watermarks`, written by feed-archiver with each commit:
  docs/architecture.md";

const QUERY: &str = "\
SELECT now(), writer, last_received_at, committed_at
FROM (SELECT) AS nothing LEFT JOIN LATERAL (
    SELECT writer, last_received_at, committed_at FROM feed_watermarks WHERE stream = $1
    ORDER BY last_received_at DESC NULLS LAST LIMIT 1
) AS newest ON true";

pub struct PathHeartbeat;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// One per feed with a stream and a heartbeat.
    pub streams: Vec<Seen>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub stream: String,
    /// The database's `now()`.
    pub database_time: DateTime<Utc>,
    /// The writer that was heard of last; none: nothing of the stream was ever committed.
    pub writer: Option<String>,
    /// When the collector received what was committed last, by the collector's clock.
    pub received_at: Option<DateTime<Utc>>,
    /// By the database's clock.
    pub committed_at: Option<DateTime<Utc>>,
}

impl Check for PathHeartbeat {
    type Limits = AgeLimits<30, 60>;
    type Evidence = Evidence;
    const META: Meta = Meta {
        id: "path-heartbeat",
        title: "something came through the whole path a moment ago",
        explain: EXPLAIN,
        hop: Hop::Database,
        layer: Layer::Rows,
        when: When::Always,
        budget: Duration::from_secs(10),
    };

    async fn observe(site: &Site, want: &Target) -> Result<Sight<Evidence>, ProbeError> {
        let beating = want.streams().filter(|(name, _)| want.feeds[*name].heartbeat);
        let looks = beating.map(async |(name, stream)| {
            let query = query_as(QUERY).bind(stream);
            let key = format!("feeds.{name}.heartbeat");
            let (database_time, writer, received_at, committed_at) = site.row(query, &key).await?;
            Ok(Seen { stream: stream.to_owned(), database_time, writer, received_at, committed_at })
        });
        Ok(gather(join_all(looks).await, &want.key_of_feeds("heartbeat"))?.map(|streams| Evidence { streams }))
    }

    fn judge(seen: &Evidence, want: &Target, limits: &Self::Limits, _at: &Moment) -> Vec<Finding> {
        let findings = seen.streams.iter().filter_map(|seen| {
            let stream = &seen.stream;
            let finding = |severity, message: String| {
                let finding = Finding::new(severity, Subject::Stream(stream.clone()), message);
                finding.remedy(want.logs_of(Hop::Archiver))
            };
            let Some(received_at) = seen.received_at else {
                return Some(finding(Severity::Fail, "the archiver has never committed anything of it".to_owned()));
            };
            let age = (seen.database_time - received_at).as_seconds_f64();
            if let Some(ahead) = limits::ahead(age) {
                let message = format!("what was committed last was received {ahead} in the future: a clock is wrong");
                let finding = Finding::new(Severity::Warn, Subject::Stream(stream.clone()), message);
                return Some(finding.remedy(limits::CLOCK.to_owned()));
            }
            let (severity, limit) = limits.reached(age)?;
            let age = speech::age_s(age);
            let message = format!("what was committed last was received {age} ago (limit {limit})");
            let headline = format!("nothing of {stream} has come through the whole path for {age}");
            Some(finding(severity, message).headline(headline).since(Some(received_at)))
        });
        findings.collect()
    }

    fn sum_up(seen: &Evidence, _want: &Target, _limits: &Self::Limits, _at: &Moment) -> String {
        let said = seen.streams.iter().map(|seen| {
            let stream = &seen.stream;
            let (Some(received), Some(committed)) = (seen.received_at, seen.committed_at) else {
                return format!("{stream}: nothing yet");
            };
            let way = speech::age_s((committed - received).as_seconds_f64());
            let ago = speech::age_s((seen.database_time - committed).as_seconds_f64());
            format!("{stream}: spool to row in {way}, {ago} ago")
        });
        said.collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn check(received_at: Option<&str>, expected: &[(Severity, &str)]) {
        let stream = Seen {
            stream: "ticks:{kr}".into(),
            database_time: fixture::instant("2026-01-15T05:21:07Z"),
            writer: received_at.map(|_| "0f3a9c".into()),
            received_at: received_at.map(fixture::instant),
            committed_at: received_at.map(fixture::instant),
        };
        let seen = Evidence { streams: vec![stream] };
        let findings = PathHeartbeat::judge(&seen, &fixture::target(), &AgeLimits::default(), &fixture::moment());
        assert_eq!(fixture::told(&findings), expected);
    }

    #[test]
    fn the_age_of_the_path_has_limits() {
        check(Some("2026-01-15T05:21:05Z"), &[]);
        // The collector's clock may be ahead of the database's.
        check(Some("2026-01-15T05:21:12Z"), &[]);
        let ahead = "what was committed last was received 23 h in the future: a clock is wrong";
        check(Some("2026-01-16T04:21:07Z"), &[(Severity::Warn, ahead)]);
        let warn = "what was committed last was received 30 s ago (limit 30 s)";
        check(Some("2026-01-15T05:20:37Z"), &[(Severity::Warn, warn)]);
        let fail = "what was committed last was received 12 min 39 s ago (limit 1 min)";
        check(Some("2026-01-15T05:08:28Z"), &[(Severity::Fail, fail)]);
        check(None, &[(Severity::Fail, "the archiver has never committed anything of it")]);
    }
}
