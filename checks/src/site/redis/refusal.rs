//! What an error of Redis means: its silence, or our configuration with the key to look at.

use std::io;
use std::sync::Arc;

use redis::{ErrorKind, RedisError, ServerError};

use crate::finding::Subject;
use crate::site::{Cause, ProbeError, Silence, place};

/// The server as the user knows it: its address, and the key of feedctl.yml that speaks of it.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) place: String,
    pub(super) key: String,
}

/// Whose fault an error is.
#[derive(Debug, PartialEq, Eq)]
enum Blame {
    /// The server cannot serve now.
    Silent(String),
    Login,
    Privilege,
    /// A key in Redis is of another type than the one configured.
    Type,
    Address,
    Nobody,
}

impl Named {
    /// `key` is the place in feedctl.yml that named what was asked for.
    pub(super) fn explain(&self, error: RedisError, key: &str) -> ProbeError {
        let (problem, key) = match blame(&error) {
            Blame::Silent(reason) => {
                return ProbeError::Silent(Silence { subject: Subject::Redis, place: self.place.clone(), reason });
            }
            Blame::Nobody => {
                return ProbeError::Unreadable { what: "Redis".to_owned(), source: cause(error) };
            }
            Blame::Login => ("Redis refused the login".to_owned(), self.key.as_str()),
            Blame::Address => ("the address of Redis cannot be used".to_owned(), self.key.as_str()),
            Blame::Privilege => {
                ("the Redis user may not run the read commands of the checks".to_owned(), self.key.as_str())
            }
            Blame::Type => (format!("in Redis, what `{key}` names is no stream"), key),
        };
        ProbeError::Misconfigured { problem, key: key.to_owned(), source: Some(cause(error)) }
    }
}

fn blame(error: &RedisError) -> Blame {
    let silent = |kind: io::ErrorKind| Blame::Silent(place::reason(kind));
    match error.kind() {
        ErrorKind::AuthenticationFailed => Blame::Login,
        ErrorKind::InvalidClientConfig => Blame::Address,
        ErrorKind::Io if error.is_connection_refusal() => silent(io::ErrorKind::ConnectionRefused),
        ErrorKind::Io if error.is_timeout() => silent(io::ErrorKind::TimedOut),
        ErrorKind::Io => silent(io::ErrorKind::ConnectionReset),
        _ => answer(error).map_or(Blame::Nobody, |answer| blame_code(answer.code())),
    }
}

/// The first error that the server answered to a batch.
fn answer(error: &RedisError) -> Option<ServerError> {
    error.clone().into_server_errors()?.first().map(|(_, answer)| answer.clone())
}

/// What the server said, without the words of the library around it.
fn cause(error: RedisError) -> Cause {
    match answer(&error) {
        Some(answer) => Arc::new(Said(format!("{} {}", answer.code(), answer.details().unwrap_or_default()))),
        None => Arc::new(error),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Said(String);

/// The first word of an error that the server answers.
fn blame_code(code: &str) -> Blame {
    match code {
        "NOAUTH" | "WRONGPASS" => Blame::Login,
        "NOPERM" => Blame::Privilege,
        "WRONGTYPE" => Blame::Type,
        "LOADING" => Blame::Silent("it still loads its data from disk".to_owned()),
        "MASTERDOWN" | "CLUSTERDOWN" => Blame::Silent("its master is down".to_owned()),
        _ => Blame::Nobody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(error: impl Into<RedisError>, expected: &Blame) {
        assert_eq!(&blame(&error.into()), expected);
    }

    #[test]
    fn an_outage_is_evidence() {
        check(io::Error::from(io::ErrorKind::ConnectionRefused), &Blame::Silent("connection refused".into()));
        check(io::Error::from(io::ErrorKind::TimedOut), &Blame::Silent("no answer in time".into()));
        check(io::Error::from(io::ErrorKind::UnexpectedEof), &Blame::Silent("it closed the connection".into()));
        assert_eq!(blame_code("LOADING"), Blame::Silent("it still loads its data from disk".into()));
    }

    #[test]
    fn a_refusal_is_our_configuration() {
        check((ErrorKind::AuthenticationFailed, "refused"), &Blame::Login);
        check((ErrorKind::InvalidClientConfig, "no TLS"), &Blame::Address);
        let codes = ["NOAUTH", "WRONGPASS", "NOPERM", "WRONGTYPE", "ERR"].map(blame_code);
        assert_eq!(codes, [Blame::Login, Blame::Login, Blame::Privilege, Blame::Type, Blame::Nobody]);
    }
}
