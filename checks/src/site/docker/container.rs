//! What is known of a container: the evidence of the checks that look at containers.

use std::fmt;

use bollard::models::{ContainerInspectResponse, ContainerStateStatusEnum, RestartPolicyNameEnum};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Container {
    pub name: String,
    pub service: String,
    pub state: State,
    /// Of the last run; 0 as long as it has not ended.
    pub exit_code: i64,
    /// The last run was killed for lack of memory.
    pub oom_killed: bool,
    /// Why the engine could not start it.
    pub error: Option<String>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    /// How often the engine started it again since it was created.
    pub restart_count: i64,
    pub restart_policy: RestartPolicy,
}

/// The engine's word for what a container does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Created,
    Running,
    Paused,
    Restarting,
    Stopping,
    Removing,
    Exited,
    Dead,
    /// The engine did not say.
    Unknown,
}

/// When the engine starts a container again. Prints as Compose writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    /// Never; also what an empty name means to the engine.
    No,
    Always,
    UnlessStopped,
    /// After an exit code other than 0, at most so many times; 0: without end.
    OnFailure(i64),
}

impl Container {
    pub(super) fn new(service: &str, inspected: ContainerInspectResponse) -> Self {
        let state = inspected.state.unwrap_or_default();
        let policy = inspected.host_config.and_then(|config| config.restart_policy).unwrap_or_default();
        Container {
            name: inspected.name.unwrap_or_default().trim_start_matches('/').to_owned(),
            service: service.to_owned(),
            state: state.status.map_or(State::Unknown, State::from),
            exit_code: state.exit_code.unwrap_or_default(),
            oom_killed: state.oom_killed.unwrap_or_default(),
            error: state.error.filter(|error| !error.is_empty()),
            started_at: state.started_at.as_deref().and_then(instant),
            finished_at: state.finished_at.as_deref().and_then(instant),
            restart_count: inspected.restart_count.unwrap_or_default(),
            restart_policy: match policy.name {
                Some(RestartPolicyNameEnum::ALWAYS) => RestartPolicy::Always,
                Some(RestartPolicyNameEnum::UNLESS_STOPPED) => RestartPolicy::UnlessStopped,
                Some(RestartPolicyNameEnum::ON_FAILURE) => {
                    RestartPolicy::OnFailure(policy.maximum_retry_count.unwrap_or_default())
                }
                Some(RestartPolicyNameEnum::EMPTY | RestartPolicyNameEnum::NO) | None => RestartPolicy::No,
            },
        }
    }
}

impl From<ContainerStateStatusEnum> for State {
    fn from(status: ContainerStateStatusEnum) -> Self {
        match status {
            ContainerStateStatusEnum::CREATED => State::Created,
            ContainerStateStatusEnum::RUNNING => State::Running,
            ContainerStateStatusEnum::PAUSED => State::Paused,
            ContainerStateStatusEnum::RESTARTING => State::Restarting,
            ContainerStateStatusEnum::REMOVING => State::Removing,
            ContainerStateStatusEnum::EXITED => State::Exited,
            ContainerStateStatusEnum::DEAD => State::Dead,
            ContainerStateStatusEnum::STOPPING => State::Stopping,
            ContainerStateStatusEnum::EMPTY => State::Unknown,
        }
    }
}

impl fmt::Display for RestartPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RestartPolicy::No => f.write_str("no"),
            RestartPolicy::Always => f.write_str("always"),
            RestartPolicy::UnlessStopped => f.write_str("unless-stopped"),
            RestartPolicy::OnFailure(0) => f.write_str("on-failure"),
            RestartPolicy::OnFailure(times) => write!(f, "on-failure:{times}"),
        }
    }
}

/// An instant as the engine writes it; the year 1 means never.
pub(super) fn instant(text: &str) -> Option<DateTime<Utc>> {
    text.parse::<DateTime<Utc>>().ok().filter(|instant| instant.timestamp() > 0)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A running container of `service` that comes back by itself.
    pub(crate) fn container(service: &str) -> Container {
        Container {
            name: format!("feed-{service}-1"),
            service: service.to_owned(),
            state: State::Running,
            exit_code: 0,
            oom_killed: false,
            error: None,
            started_at: instant("2026-01-15T04:50:12Z"),
            finished_at: None,
            restart_count: 0,
            restart_policy: RestartPolicy::UnlessStopped,
        }
    }

    fn check(document: &str, expected: &Container) {
        let inspected = serde_json::from_str(document).expect("an inspect document");
        assert_eq!(&Container::new("archiver", inspected), expected);
    }

    #[test]
    fn an_inspect_document_becomes_what_the_checks_look_at() {
        let policy = |json: &str| {
            format!(
                r#"{{"Name":"/feed-archiver-1","HostConfig":{{"RestartPolicy":{json}}},"State":{{"Status":"running","StartedAt":"2026-01-15T04:50:12Z","FinishedAt":"0001-01-01T00:00:00Z"}}}}"#
            )
        };
        let with = |restart_policy| Container { restart_policy, ..container("archiver") };
        check(&policy(r#"{"Name":"unless-stopped","MaximumRetryCount":0}"#), &with(RestartPolicy::UnlessStopped));
        check(&policy(r#"{"Name":"always"}"#), &with(RestartPolicy::Always));
        check(&policy(r#"{"Name":"no"}"#), &with(RestartPolicy::No));
        check(&policy(r#"{"Name":""}"#), &with(RestartPolicy::No));
        check(&policy(r#"{"Name":"","MaximumRetryCount":3}"#), &with(RestartPolicy::No));
        check(&policy(r#"{"Name":"on-failure","MaximumRetryCount":5}"#), &with(RestartPolicy::OnFailure(5)));
        let dead = r#"{"Name":"/feed-archiver-1","RestartCount":2,"HostConfig":{"RestartPolicy":{"Name":"no"}},"State":{"Status":"exited","ExitCode":137,"OOMKilled":true,"Error":"","StartedAt":"2026-01-15T04:50:12Z","FinishedAt":"2026-01-15T05:08:31.5Z"}}"#;
        check(
            dead,
            &Container {
                state: State::Exited,
                exit_code: 137,
                oom_killed: true,
                finished_at: instant("2026-01-15T05:08:31.5Z"),
                restart_count: 2,
                restart_policy: RestartPolicy::No,
                ..container("archiver")
            },
        );
    }
}
