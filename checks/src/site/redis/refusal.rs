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
                return ProbeError::Unreadable { what: "Redis".to_owned(), source: cause(&error) };
            }
            // As a service it has no password; only a URL holds one.
            Blame::Login if self.key == "redis" => (
                "Redis wants a password: give its URL, with the password in it, by `redis.url_env`".to_owned(),
                "redis.url_env",
            ),
            Blame::Login => ("Redis refused the login of its URL".to_owned(), self.key.as_str()),
            Blame::Address => (
                "the URL of Redis cannot be used: it is written redis://:PASSWORD@HOST:6379/0".to_owned(),
                self.key.as_str(),
            ),
            Blame::Privilege => {
                ("the Redis user may not run the read commands of the checks".to_owned(), self.key.as_str())
            }
            Blame::Type => (format!("in Redis, what `{key}` names is no stream"), key),
        };
        let source = answer(&error).is_some().then(|| cause(&error));
        ProbeError::Misconfigured { problem, key: key.to_owned(), source }
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

/// What the server said, without the words of the library around it; else what kind of error it is.
fn cause(error: &RedisError) -> Cause {
    Arc::new(Said(match answer(error) {
        Some(answer) => format!("{} {}", answer.code(), answer.details().unwrap_or_default()),
        None => error.category().to_owned(),
    }))
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

    fn check_told(error: impl Into<RedisError>, key: &str, expected: (&str, &str)) {
        let named = Named { place: "10.0.0.2:6379".into(), key: key.into() };
        let error = named.explain(error.into(), key);
        assert_eq!((crate::speech::told(&error).as_str(), error.key()), (expected.0, Some(expected.1)));
    }

    #[test]
    fn a_refusal_is_told_in_the_words_of_the_user() {
        let refused = || (ErrorKind::AuthenticationFailed, "Password authentication failed");
        let wanted = "Redis wants a password: give its URL, with the password in it, by `redis.url_env`";
        check_told(refused(), "redis", (wanted, "redis.url_env"));
        check_told(refused(), "redis.url_file", ("Redis refused the login of its URL", "redis.url_file"));
        let url = "the URL of Redis cannot be used: it is written redis://:PASSWORD@HOST:6379/0";
        check_told((ErrorKind::InvalidClientConfig, "no TLS"), "redis.url_env", (url, "redis.url_env"));
    }
}
