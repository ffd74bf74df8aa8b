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
#[serde(try_from = "Written<WARN, FAIL>")]
pub struct AgeLimits<const WARN: u64, const FAIL: u64> {
    /// From this age on it is a warning.
    pub warn: Timespan,
    /// From this age on it is a failure.
    pub fail: Timespan,
}

/// As feedctl.yml has it; the limits may contradict each other.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<const WARN: u64, const FAIL: u64> {
    #[serde(default = "seconds::<WARN>")]
    warn: Timespan,
    #[serde(default = "seconds::<FAIL>")]
    fail: Timespan,
}

impl<const WARN: u64, const FAIL: u64> TryFrom<Written<WARN, FAIL>> for AgeLimits<WARN, FAIL> {
    type Error = String;

    /// A warning that comes after the failure would never be seen.
    fn try_from(Written { warn, fail }: Written<WARN, FAIL>) -> Result<Self, String> {
        match warn > fail {
            true => Err(format!("`warn` is {warn} and `fail` is {fail}: it must warn before it fails")),
            false => Ok(AgeLimits { warn, fail }),
        }
    }
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

/// The command that tells whether a machine's clock is kept right; the other clock may be another machine's.
pub(crate) const CLOCK: &str = "timedatectl";

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
    fn it_warns_before_it_fails() {
        let check = |written: serde_json::Value, expected: Result<(u64, u64), &str>| {
            let read = serde_json::from_value::<AgeLimits<30, 120>>(written);
            let read = read.map(|limits| (limits.warn.0.as_secs(), limits.fail.0.as_secs()));
            assert_eq!(read.map_err(|error| error.to_string()), expected.map_err(str::to_owned));
        };
        check(serde_json::json!({}), Ok((30, 120)));
        check(serde_json::json!({"warn": "2m"}), Ok((120, 120)));
        let contrary = "`warn` is 5 min and `fail` is 2 min: it must warn before it fails";
        check(serde_json::json!({"warn": "5m"}), Err(contrary));
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
