//! `redis-reachable`: Redis answers, and is set up so that it keeps what it is given.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::check::{Check, Hop, Layer, Meta, When};
use crate::finding::{Finding, Severity, Subject};
use crate::limits::NoLimits;
use crate::moment::Moment;
use crate::sight::Sight;
use crate::site::{ProbeError, Site};
use crate::target::Target;

const EXPLAIN: &str = "\
What it checks
  Redis answers PING within two seconds and has loaded its data; it is a master;
  its memory is not full; and its eviction policy is `noeviction` where a feed
  goes through a stream.

Why it matters
  Redis carries every tick from the collector to the archiver. With another
  eviction policy it throws whole streams away when its memory is full, without
  a word. With `noeviction` it refuses to write, which the collector notices:
  the ticks then wait in its spool.

Seen when it fails
  Refused, no answer in time, or still loading: a failure. Memory full: a
  failure. A replica, another eviction policy, memory above 90 %: a warning. A
  refused login or an unknown host name is our configuration: UNKNOWN.

What to do
  `docker compose ps redis`, `docker compose logs --tail 50 redis`. Set
  `maxmemory-policy noeviction` in redis.conf or on its command line.

Source
  https://redis.io/docs/latest/develop/reference/eviction/ and INFO,
  https://redis.io/docs/latest/commands/info/";

/// Of `maxmemory`: above it the end is near.
const NEARLY_FULL_PERCENT: u64 = 90;

pub struct RedisReachable;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub version: String,
    /// `master` or `slave`, as Redis says.
    pub role: String,
    pub used_memory_bytes: u64,
    /// 0: no limit.
    pub max_memory_bytes: u64,
    pub eviction_policy: Option<String>,
}

impl Check for RedisReachable {
    type Limits = NoLimits;
    type Evidence = Evidence;
    const META: Meta = Meta {
        id: "redis-reachable",
        title: "Redis answers and keeps what it is given",
        explain: EXPLAIN,
        hop: Hop::Redis,
        layer: Layer::Server,
        when: When::Always,
        budget: Duration::from_secs(10),
    };

    async fn observe(site: &Site, _want: &Target) -> Result<Sight<Evidence>, ProbeError> {
        let info = site.redis().await?.info().await?;
        Ok(Evidence {
            version: info.get("redis_version").unwrap_or_default(),
            role: info.get("role").unwrap_or_default(),
            used_memory_bytes: info.get("used_memory").unwrap_or_default(),
            max_memory_bytes: info.get("maxmemory").unwrap_or_default(),
            eviction_policy: info.get("maxmemory_policy"),
        }
        .into())
    }

    fn judge(seen: &Evidence, want: &Target, _limits: &NoLimits, _at: &Moment) -> Vec<Finding> {
        let finding = |severity, message: String| Finding::new(severity, Subject::Redis, message);
        let mut findings = Vec::new();
        let (used, most) = (seen.used_memory_bytes, seen.max_memory_bytes);
        if most > 0 && used >= most {
            let full =
                finding(Severity::Fail, format!("its memory is full: {} of {}", megabytes(used), megabytes(most)));
            findings.push(full.remedy(want.logs_of(Hop::Redis)));
        } else if most > 0 && used.saturating_mul(100) >= most.saturating_mul(NEARLY_FULL_PERCENT) {
            let message = format!("its memory is nearly full: {} of {}", megabytes(used), megabytes(most));
            findings.push(finding(Severity::Warn, message));
        }
        if let Some(policy) = seen.eviction_policy.as_deref().filter(|policy| *policy != "noeviction")
            && want.streams().next().is_some()
        {
            let message =
                format!("its eviction policy is {policy}: when memory is full it throws streams away in silence");
            findings.push(
                finding(Severity::Warn, message).remedy("redis-cli CONFIG SET maxmemory-policy noeviction".to_owned()),
            );
        }
        if seen.role == "slave" {
            findings.push(finding(Severity::Warn, "it is a replica, on which nobody can write".to_owned()));
        }
        findings
    }

    fn sum_up(seen: &Evidence, _want: &Target, _limits: &NoLimits, _at: &Moment) -> String {
        let policy = seen.eviction_policy.as_deref().map_or(String::new(), |policy| format!(", {policy}"));
        format!("Redis {}, {} used{policy}", seen.version, megabytes(seen.used_memory_bytes))
    }
}

fn megabytes(bytes: u64) -> String {
    let tenths = bytes * 10 / (1024 * 1024);
    format!("{}.{} MB", crate::speech::count(tenths / 10), tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    const MB: u64 = 1024 * 1024;

    fn check(change: impl FnOnce(&mut Evidence), expected: &[(Severity, &str)]) {
        let mut seen = Evidence {
            version: "8.0.2".into(),
            role: "master".into(),
            used_memory_bytes: 10 * MB,
            max_memory_bytes: 0,
            eviction_policy: Some("noeviction".into()),
        };
        change(&mut seen);
        let findings = RedisReachable::judge(&seen, &fixture::target(), &NoLimits {}, &fixture::moment());
        assert_eq!(fixture::told(&findings), expected);
    }

    #[test]
    fn redis_keeps_what_it_is_given() {
        check(|_| (), &[]);
        check(|seen| seen.eviction_policy = None, &[]);
        check(|seen| seen.max_memory_bytes = 100 * MB, &[]);
    }

    #[test]
    fn what_would_lose_entries_is_told() {
        check(
            |seen| seen.eviction_policy = Some("allkeys-lru".into()),
            &[(
                Severity::Warn,
                "its eviction policy is allkeys-lru: when memory is full it throws streams away in silence",
            )],
        );
        check(
            |seen| seen.max_memory_bytes = 11 * MB,
            &[(Severity::Warn, "its memory is nearly full: 10.0 MB of 11.0 MB")],
        );
        check(|seen| seen.max_memory_bytes = 10 * MB, &[(Severity::Fail, "its memory is full: 10.0 MB of 10.0 MB")]);
        check(|seen| seen.role = "slave".into(), &[(Severity::Warn, "it is a replica, on which nobody can write")]);
    }
}
