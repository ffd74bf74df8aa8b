//! What a daemon says of itself at `/health/collector` and `/health/archiver`. Written by the daemons, read by the checks.
//!
//! A stack of somebody else's may answer with less: every field but `status` is optional when read.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::entry::Mark;

/// The health document. HTTP 200 for `pass` and `warn`, 503 for `fail`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Health {
    pub status: Status,
    /// What the daemon cannot go on without, in words for the person on duty; none when it works.
    #[serde(default)]
    pub waiting_for: Option<String>,
    /// Collector: the last inbound frame of any kind. Archiver: the last commit.
    #[serde(default)]
    pub last_activity: Option<DateTime<Utc>>,
    /// Counted errors since the start, by reason.
    #[serde(default)]
    pub errors: BTreeMap<String, u64>,
    /// The broker session; collector only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// What the spool holds; collector only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spooled: Option<Mark>,
    /// What the database holds, as far as this daemon knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed: Option<Mark>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Pass,
    Warn,
    Fail,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub state: SessionState,
    /// Subscriptions that the configuration asks for.
    pub wanted: usize,
    /// Subscriptions that the broker has acknowledged in this session.
    pub registered: usize,
    /// Subscriptions that the broker refused, or that failed several times and are asked for again later, each with its
    /// reason.
    pub refused: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionState {
    /// Getting the approval key or dialling.
    Connecting,
    /// The socket is open; registrations are being sent or awaited.
    Subscribing,
    /// Every wanted subscription is registered or refused.
    Live,
    /// Waiting before the next try.
    Backoff,
    /// The broker refused the credentials: a person must act.
    Blocked,
    /// Asked to stop.
    Stopped,
}

impl SessionState {
    pub const ALL: [SessionState; 6] = [
        SessionState::Connecting,
        SessionState::Subscribing,
        SessionState::Live,
        SessionState::Backoff,
        SessionState::Blocked,
        SessionState::Stopped,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            SessionState::Connecting => "connecting",
            SessionState::Subscribing => "subscribing",
            SessionState::Live => "live",
            SessionState::Backoff => "backoff",
            SessionState::Blocked => "blocked",
            SessionState::Stopped => "stopped",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_daemon_may_say_only_its_status() {
        let health: Health = serde_json::from_str(r#"{"status":"pass"}"#).expect("status alone is enough");
        assert_eq!((health.status, health.session, health.committed), (Status::Pass, None, None));
    }

    #[test]
    fn the_form_is_the_documented_one() {
        let health = Health {
            status: Status::Warn,
            waiting_for: Some("the broker: backoff 4 s".into()),
            last_activity: DateTime::from_timestamp(1_768_453_711, 0),
            errors: BTreeMap::from([("parse".into(), 2)]),
            session: Some(Session { state: SessionState::Backoff, wanted: 2, registered: 0, refused: vec![] }),
            spooled: Some(Mark { n: 7, ticks: 19 }),
            committed: None,
        };
        let expected = r#"{"status":"warn","waiting_for":"the broker: backoff 4 s","last_activity":"2026-01-15T05:08:31Z","errors":{"parse":2},"session":{"state":"backoff","wanted":2,"registered":0,"refused":[]},"spooled":{"n":7,"ticks":19}}"#;
        assert_eq!(serde_json::to_string(&health).expect("health is plain data"), expected);
    }
}
