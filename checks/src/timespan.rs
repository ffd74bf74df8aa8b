//! A duration as people write it in feedctl.yml and on the command line: `30s`, `2m`, `1h 30m`, `250ms`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::speech;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timespan(pub Duration);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is not a duration; write a number with its unit: 250ms, 30s, 2m, 1h or 1d")]
pub struct TimespanError {
    pub text: String,
}

impl Timespan {
    pub const fn from_secs(seconds: u64) -> Self {
        Timespan(Duration::from_secs(seconds))
    }
}

impl FromStr for Timespan {
    type Err = TimespanError;

    fn from_str(text: &str) -> Result<Self, TimespanError> {
        parse(text).map(Timespan).ok_or_else(|| TimespanError { text: text.to_owned() })
    }
}

fn parse(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    if rest == "0" {
        return Some(total);
    }
    loop {
        let number = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let (count, behind) = (rest[..number].parse::<u64>().ok()?, rest[number..].trim_start());
        let unit = behind.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(behind.len());
        let millis: u64 = match &behind[..unit] {
            "ms" => 1,
            "s" => 1000,
            "m" | "min" => 60 * 1000,
            "h" => 60 * 60 * 1000,
            "d" => 24 * 60 * 60 * 1000,
            _ => return None,
        };
        total = total.checked_add(Duration::from_millis(count.checked_mul(millis)?))?;
        rest = behind[unit..].trim_start();
        if rest.is_empty() {
            return Some(total);
        }
    }
}

impl fmt::Display for Timespan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&speech::age(self.0))
    }
}

impl<'de> Deserialize<'de> for Timespan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Timespan;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration with its unit, like 30s or 2m")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Timespan, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, millis: Option<u64>) {
        assert_eq!(text.parse().ok(), millis.map(|millis| Timespan(Duration::from_millis(millis))), "{text:?}");
    }

    #[test]
    fn a_duration_has_a_unit() {
        check("30s", Some(30_000));
        check("2m", Some(120_000));
        check("2 min", Some(120_000));
        check("1h 30m", Some(5_400_000));
        check("1h30m", Some(5_400_000));
        check("250ms", Some(250));
        check("1d", Some(86_400_000));
        check("0", Some(0));
        check("0s", Some(0));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "30", "s", "-1s", "1.5s", "30 seconds", "1h30", "99999999999999999999s", "99999999999999999d"]
        {
            check(text, None);
        }
        let error = "30".parse::<Timespan>().expect_err("no unit");
        assert_eq!(
            error.to_string(),
            r#""30" is not a duration; write a number with its unit: 250ms, 30s, 2m, 1h or 1d"#
        );
    }
}
