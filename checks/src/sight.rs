//! What a look gives: evidence, and what is missing from it. A check that looks at several feeds or endpoints gathers its
//! looks here, so that one that cannot be looked at hides no other. It judges nothing.

use serde::{Deserialize, Serialize};

use crate::site::{ProbeError, Silence, not_configured};
use crate::speech;

/// Stands in the report as a whole: whoever judges it again knows what was not looked at.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Sight<Evidence> {
    #[serde(flatten)]
    pub evidence: Evidence,
    /// Why a feed or an endpoint is not in the evidence; each reason once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<Missed>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// It should answer and does not: a failure.
    Silent(Silence),
    Unknown(Unknown),
}

/// As much of a [`ProbeError`] as evidence can hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    pub problem: String,
    /// The key of feedctl.yml to look at.
    pub key: Option<String>,
}

impl<Evidence> Sight<Evidence> {
    pub(crate) fn map<Other>(self, build: impl FnOnce(Evidence) -> Other) -> Sight<Other> {
        Sight { evidence: build(self.evidence), missed: self.missed }
    }
}

/// Nothing is missing.
impl<Evidence> From<Evidence> for Sight<Evidence> {
    fn from(evidence: Evidence) -> Self {
        Sight { evidence, missed: Vec::new() }
    }
}

impl From<&ProbeError> for Missed {
    fn from(error: &ProbeError) -> Self {
        match error {
            ProbeError::Silent(silence) => Missed::Silent(silence.clone()),
            error => Missed::Unknown(Unknown { problem: speech::told(error), key: error.key().map(str::to_owned) }),
        }
    }
}

/// Looks at several parts as one, without those that the stack does not have. Without any, `key` is what feedctl.yml does
/// not say; and where all parts give the same error and nothing else, it is the error of the whole.
pub(crate) fn gather<Part>(
    looks: impl IntoIterator<Item = Result<Part, ProbeError>>,
    key: &str,
) -> Result<Sight<Vec<Part>>, ProbeError> {
    let mut sight = Sight::from(Vec::new());
    let mut first_error = None;
    let mut absent = None;
    for look in looks {
        match look {
            Ok(part) => sight.evidence.push(part),
            Err(error @ ProbeError::NotConfigured { .. }) => absent = Some(error),
            Err(error) => {
                let missed = Missed::from(&error);
                if !sight.missed.contains(&missed) {
                    sight.missed.push(missed);
                }
                first_error.get_or_insert(error);
            }
        }
    }
    match first_error {
        None if sight.evidence.is_empty() => Err(absent.unwrap_or_else(|| not_configured(key))),
        Some(error) if sight.evidence.is_empty() && sight.missed.len() == 1 => Err(error),
        _ => Ok(sight),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Subject;

    fn unknown(key: &str) -> ProbeError {
        let source = Some(std::sync::Arc::new(std::io::Error::other("42P01")) as _);
        ProbeError::Misconfigured { problem: "there is no such table".into(), key: key.into(), source }
    }

    fn silent() -> ProbeError {
        let place = "10.0.0.2:6379".into();
        ProbeError::Silent(Silence { subject: Subject::Redis, place, reason: "connection refused".into() })
    }

    /// The parts that were seen and what is missing, or the error of the whole.
    fn check(looks: Vec<Result<u8, ProbeError>>, expected: Result<(&[u8], &[&str]), &str>) {
        let gathered = gather(looks, "feeds.NAME.rows").map_err(|error| error.to_string());
        let told = gathered.as_ref().map(|sight| {
            let missed = sight.missed.iter().map(|missed| match missed {
                Missed::Silent(silence) => silence.reason.as_str(),
                Missed::Unknown(unknown) => unknown.problem.as_str(),
            });
            (sight.evidence.as_slice(), missed.collect::<Vec<_>>())
        });
        let expected = expected.map(|(seen, missed)| (seen, missed.to_vec()));
        assert_eq!(told.map_err(String::as_str), expected);
    }

    #[test]
    fn a_part_that_cannot_be_looked_at_hides_no_other() {
        const TABLE: &str = "there is no such table (42P01)";
        check(vec![Ok(1), Ok(2)], Ok((&[1, 2], &[])));
        check(vec![Err(unknown("feeds.kr.rows")), Ok(2)], Ok((&[2], &[TABLE])));
        check(vec![Err(silent()), Ok(2), Err(silent())], Ok((&[2], &["connection refused"])));
        check(vec![Err(unknown("feeds.kr.rows")), Err(silent())], Ok((&[], &[TABLE, "connection refused"])));
        check(vec![Err(unknown("feeds.kr.rows")), Err(unknown("feeds.us.rows"))], Ok((&[], &[TABLE, TABLE])));
    }

    #[test]
    fn what_all_parts_say_is_said_of_the_whole() {
        let refused = "Redis does not answer at 10.0.0.2:6379: connection refused";
        check(vec![Err(silent()), Err(silent())], Err(refused));
        check(vec![], Err("`feeds.NAME.rows` is not configured"));
        check(
            vec![Err(not_configured("database")), Err(not_configured("database"))],
            Err("`database` is not configured"),
        );
        check(vec![Ok(1), Err(not_configured("feed:spooled"))], Ok((&[1], &[])));
        check(vec![Err(not_configured("feed:spooled")), Err(silent())], Err(refused));
    }
}
