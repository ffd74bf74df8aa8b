//! What becomes of a restart policy, measured: on Docker Engine 20.10.24 with Compose 2.26.1, by `tests/it/restart_truth.rs`,
//! which measures again and compares. The rules take their sentences from here, and docs/restart-policies.md prints it.

use super::restart::Policy;

use Fate::{Back, Dead, GivesUp};

/// One way to write a policy, and what the engine gets from Compose.
#[derive(Debug)]
pub struct Spelling {
    /// The keys of the service, in braces: `{restart: always}`.
    pub yaml: &'static str,
    pub engine: Answer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The container is created with it.
    Policy(Policy<'static>),
    /// Compose or the engine refuses to create the container.
    Refused,
}

/// A policy as the engine has it, and what becomes of a container that has it.
#[derive(Debug)]
pub struct Ending {
    pub policy: Policy<'static>,
    /// In the order of [`EVENTS`].
    pub fates: [Fate; EVENTS.len()],
}

/// What ends a container.
pub const EVENTS: [&str; 7] = [
    "exits with 0",
    "exits with 1",
    "is killed by a signal from inside",
    "is stopped through the API",
    "was stopped, then the engine restarts",
    "runs and exits with 0 when the engine restarts",
    "runs and is killed when the engine restarts",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Back,
    Dead,
    /// Dead after this many restarts.
    GivesUp(u8),
}

impl std::fmt::Display for Fate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fate::Back => f.write_str("back"),
            Fate::Dead => f.write_str("dead"),
            Fate::GivesUp(restarts) => write!(f, "dead after {restarts} restarts"),
        }
    }
}

const fn policy(name: &'static str, maximum_retry_count: i64) -> Policy<'static> {
    Policy { name, maximum_retry_count }
}

const fn spelling(yaml: &'static str, name: &'static str, maximum_retry_count: i64) -> Spelling {
    Spelling { yaml, engine: Answer::Policy(policy(name, maximum_retry_count)) }
}

const fn refused(yaml: &'static str) -> Spelling {
    Spelling { yaml, engine: Answer::Refused }
}

/// From the plain ones to the traps. An empty name stands here as `no`: the engine treats it so.
pub static SPELLINGS: &[Spelling] = &[
    spelling("{}", "no", 0),
    spelling("{restart: no}", "no", 0),
    spelling("{restart: 'no'}", "no", 0),
    spelling("{restart: ''}", "no", 0),
    spelling("{restart: always}", "always", 0),
    spelling("{restart: unless-stopped}", "unless-stopped", 0),
    spelling("{restart: on-failure}", "on-failure", 0),
    spelling("{restart: 'on-failure:2'}", "on-failure", 2),
    spelling("{restart: 'on-failure:abc'}", "on-failure", 0),
    spelling("{restart: 'on-failure: 2'}", "on-failure", 0),
    spelling("{restart: any}", "always", 0),
    spelling("{restart: none}", "no", 0),
    refused("{restart: 'always:5'}"),
    refused("{restart: 'no:5'}"),
    refused("{restart: Always}"),
    refused("{restart: never}"),
    refused("{restart: ' always '}"),
    spelling("{deploy: {restart_policy: {condition: any}}}", "always", 0),
    spelling("{deploy: {restart_policy: {condition: none}}}", "no", 0),
    spelling("{deploy: {restart_policy: {condition: on-failure, max_attempts: 2}}}", "on-failure", 2),
    spelling("{restart: always, deploy: {restart_policy: {}}}", "no", 0),
    spelling("{restart: always, deploy: {restart_policy: {delay: 5s}}}", "no", 0),
    spelling("{restart: always, deploy: {restart_policy: {max_attempts: 2}}}", "no", 2),
    spelling("{restart: always, deploy: {restart_policy: {condition: none}}}", "no", 0),
    refused("{deploy: {restart_policy: {condition: any, max_attempts: 2}}}"),
    refused("{deploy: {restart_policy: {condition: none, max_attempts: 2}}}"),
];

pub static ENDINGS: &[Ending] = &[
    Ending { policy: policy("always", 0), fates: [Back, Back, Back, Dead, Back, Back, Back] },
    Ending { policy: policy("no", 0), fates: [Dead, Dead, Dead, Dead, Dead, Dead, Dead] },
    Ending { policy: policy("no", 2), fates: [Dead, Dead, Dead, Dead, Dead, Dead, Dead] },
    Ending { policy: policy("on-failure", 0), fates: [Dead, Back, Back, Dead, Back, Dead, Back] },
    Ending { policy: policy("on-failure", 2), fates: [Dead, GivesUp(2), GivesUp(2), Dead, Back, Dead, Back] },
    Ending { policy: policy("unless-stopped", 0), fates: [Back, Back, Back, Dead, Dead, Back, Back] },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::model::Restart;

    #[test]
    fn the_model_takes_each_spelling_as_the_engine_does() {
        for spelling in SPELLINGS {
            let audit = fixture::audit(&format!("services:\n  s: {{image: 'a:1', <<: {}}}\n", spelling.yaml));
            let model = audit.model().expect("Compose takes each of them");
            let Restart { effective, .. } = &model.services["s"].restart;
            match &spelling.engine {
                Answer::Policy(policy) => assert_eq!(effective, policy, "{}", spelling.yaml),
                Answer::Refused => {
                    assert!(model.services["s"].restart.is_refused(), "{}: {effective:?}", spelling.yaml)
                }
            }
        }
    }

    #[test]
    fn what_comes_back_comes_back_from_every_end_that_nobody_asked_for() {
        for ending in ENDINGS {
            let ends = EVENTS.into_iter().zip(ending.fates).filter(|(event, _)| !event.contains("stopped"));
            let back = ends.into_iter().all(|(_, fate)| fate == Back);
            assert_eq!(ending.policy.comes_back(), back, "{:?}", ending.policy);
        }
    }
}
