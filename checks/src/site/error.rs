//! Why a look gave nothing, drawn along one line: the engine is our instrument, so its absence is unknown; Redis, database
//! and endpoints are the object, so their silence is evidence; what they refuse or do not know is our configuration.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::check::Hop;
use crate::finding::{Finding, Severity, Subject};
use crate::sight::Unknown;
use crate::speech;
use crate::target::Target;

/// Why a check has no evidence.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ProbeError {
    /// The stack does not have it: the runner skips the check.
    #[error("`{key}` is not configured")]
    NotConfigured { key: String },
    /// The thing itself did not answer: becomes evidence of a failure.
    #[error("{0}")]
    Silent(Silence),
    /// Our instrument is missing.
    #[error("the Docker engine at {host} ({origin}) cannot be asked")]
    Engine { host: String, origin: Origin, source: Cause },
    /// Our own configuration does not fit what is there: a refused login, an unknown name, a TLS error.
    #[error("{problem}")]
    Misconfigured {
        problem: String,
        /// The key of feedctl.yml to look at, like `database.password_file`.
        key: String,
        source: Option<Cause>,
    },
    /// It answered what we cannot make sense of.
    #[error("{what} gave an answer that cannot be read")]
    Unreadable { what: String, source: Cause },
    #[error("the look was not done within {}", speech::age(*budget))]
    OutOfTime { budget: Duration },
    /// As evidence tells it, or the error of another look.
    #[error("{}", .0.problem)]
    Unknown(Unknown),
    #[error("older evidence, which this version cannot read")]
    OlderEvidence { source: Cause },
}

/// What gave the address of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// `DOCKER_HOST` of the environment.
    Variable,
    /// `docker:` of feedctl.yml.
    Key,
    /// Nothing: where an engine is when nobody says otherwise.
    Default,
}

/// An error of a client library. Shared, because one failed look may answer several checks.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// Redis, database or endpoint refused the connection, or did not answer in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    pub subject: Subject,
    /// Where it was looked for: an address without secrets, or a service.
    pub place: String,
    /// `connection refused`, `no answer within 2 s`, …
    pub reason: String,
}

impl ProbeError {
    /// The key of feedctl.yml to look at.
    pub fn key(&self) -> Option<&str> {
        match self {
            ProbeError::NotConfigured { key } | ProbeError::Misconfigured { key, .. } => Some(key),
            ProbeError::Engine { .. } => Some("docker"),
            ProbeError::Unknown(unknown) => unknown.key.as_deref(),
            ProbeError::Silent(_)
            | ProbeError::Unreadable { .. }
            | ProbeError::OutOfTime { .. }
            | ProbeError::OlderEvidence { .. } => None,
        }
    }

    /// What to do about it now, in words: no command puts a configuration right.
    pub fn remedy(&self) -> Option<String> {
        match self {
            ProbeError::Engine { source, .. } if is_forbidden(source.as_ref()) => {
                Some("add yourself to the group docker and log in again, or run it with sudo".to_owned())
            }
            ProbeError::Engine { origin: Origin::Variable, .. } => {
                Some("correct or unset DOCKER_HOST; `docker` in feedctl.yml beats it".to_owned())
            }
            ProbeError::Engine { origin: Origin::Default, .. } => {
                Some("start the engine, or say where it is: `docker` in feedctl.yml, or DOCKER_HOST".to_owned())
            }
            error => error.key().map(|key| format!("check `{key}` in feedctl.yml")),
        }
    }
}

/// Whether the operating system kept us from the engine's socket.
fn is_forbidden(error: &(dyn Error + 'static)) -> bool {
    let here = error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::PermissionDenied);
    here || error.source().is_some_and(is_forbidden)
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Origin::Variable => "from DOCKER_HOST",
            Origin::Key => "from `docker` in feedctl.yml",
            Origin::Default => "the default",
        })
    }
}

pub(crate) fn not_configured(key: impl Into<String>) -> ProbeError {
    ProbeError::NotConfigured { key: key.into() }
}

impl Silence {
    /// A thing that should answer and does not is a failure, whatever the check wanted to ask it.
    pub(crate) fn finding(&self, want: &Target) -> Finding {
        let hop = match self.subject {
            Subject::Redis => Hop::Redis,
            Subject::Database => Hop::Database,
            _ => Hop::Collector,
        };
        let message = format!("no answer at {}: {}", self.place, self.reason);
        let finding = Finding::new(Severity::Fail, self.subject.clone(), message);
        finding.headline(self.to_string()).remedy(want.logs_of(hop))
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let the = if self.subject == Subject::Database { "the " } else { "" };
        write!(f, "{the}{} does not answer at {}: {}", self.subject, self.place, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(origin: Origin, kind: io::ErrorKind, told: &str, remedy: &str) {
        let source = Arc::new(io::Error::from(kind));
        let error = ProbeError::Engine { host: "tcp://10.0.0.5:2375".into(), origin, source };
        assert_eq!((error.to_string().as_str(), error.remedy().as_deref()), (told, Some(remedy)));
    }

    #[test]
    fn an_engine_that_cannot_be_asked_names_what_gave_its_address() {
        const REFUSED: io::ErrorKind = io::ErrorKind::ConnectionRefused;
        let variable = "the Docker engine at tcp://10.0.0.5:2375 (from DOCKER_HOST) cannot be asked";
        check(Origin::Variable, REFUSED, variable, "correct or unset DOCKER_HOST; `docker` in feedctl.yml beats it");
        let key = "the Docker engine at tcp://10.0.0.5:2375 (from `docker` in feedctl.yml) cannot be asked";
        check(Origin::Key, REFUSED, key, "check `docker` in feedctl.yml");
        let default = "the Docker engine at tcp://10.0.0.5:2375 (the default) cannot be asked";
        let start = "start the engine, or say where it is: `docker` in feedctl.yml, or DOCKER_HOST";
        check(Origin::Default, REFUSED, default, start);
        let group = "add yourself to the group docker and log in again, or run it with sudo";
        check(Origin::Default, io::ErrorKind::PermissionDenied, default, group);
    }
}
