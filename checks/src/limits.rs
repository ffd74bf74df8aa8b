//! Limits that several checks share; a check with limits of its own keeps them in its file.

use std::time::Duration;

use serde::Deserialize;

use crate::finding::Severity;
use crate::speech;
use crate::timespan::Timespan;

/// Limits of a check that has none.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoLimits {}

/// How old something may be: `{warn: 30s, fail: 2m}`. The defaults in seconds are the check's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgeLimits<const WARN: u64, const FAIL: u64> {
    /// From this age on it is a warning.
    #[serde(default = "seconds::<WARN>")]
    pub warn: Timespan,
    /// From this age on it is a failure.
    #[serde(default = "seconds::<FAIL>")]
    pub fail: Timespan,
}

impl<const WARN: u64, const FAIL: u64> Default for AgeLimits<WARN, FAIL> {
    fn default() -> Self {
        AgeLimits { warn: seconds::<WARN>(), fail: seconds::<FAIL>() }
    }
}

const fn seconds<const COUNT: u64>() -> Timespan {
    Timespan::from_secs(COUNT)
}

impl<const WARN: u64, const FAIL: u64> AgeLimits<WARN, FAIL> {
    /// What an age in seconds amounts to, and the limit that it reached.
    pub(crate) fn reached(&self, age_s: f64) -> Option<(Severity, Timespan)> {
        let age = Duration::try_from_secs_f64(age_s.max(0.0)).unwrap_or(Duration::MAX);
        let limits = [(Severity::Fail, self.fail), (Severity::Warn, self.warn)];
        limits.into_iter().find(|(_, limit)| age >= limit.0)
    }
}

/// How far clocks may differ before it is told.
const CLOCK_SLACK_S: f64 = 5.0;

/// How far in the future something lies by its age in seconds, in words; none: no further than clocks differ.
pub(crate) fn ahead(age_s: f64) -> Option<String> {
    (age_s < -CLOCK_SLACK_S).then(|| speech::age_s(-age_s))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(age_s: f64, expected: Option<(Severity, u64)>) {
        let limits = AgeLimits::<30, 120>::default();
        let expected = expected.map(|(severity, seconds)| (severity, Timespan::from_secs(seconds)));
        assert_eq!(limits.reached(age_s), expected, "{age_s}");
    }

    #[test]
    fn an_age_reaches_its_limit_at_the_limit() {
        check(-1.0, None);
        check(29.999, None);
        check(30.0, Some((Severity::Warn, 30)));
        check(119.999, Some((Severity::Warn, 30)));
        check(120.0, Some((Severity::Fail, 120)));
        check(1e300, Some((Severity::Fail, 120)));
    }
}
