//! Why a look gave nothing, drawn along one line: the engine is our instrument, so its absence is unknown; Redis, database
//! and endpoints are the object, so their silence is evidence; what they refuse or do not know is our configuration.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::check::Hop;
use crate::finding::{Finding, Severity, Subject};
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
    #[error("the Docker engine at {host} cannot be asked")]
    Engine { host: String, source: Cause },
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
    #[error("older evidence, which this version cannot read")]
    OlderEvidence { source: Cause },
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
            ProbeError::Silent(_)
            | ProbeError::Unreadable { .. }
            | ProbeError::OutOfTime { .. }
            | ProbeError::OlderEvidence { .. } => None,
        }
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
