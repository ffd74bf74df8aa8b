//! What an error of the database means: its silence, or our configuration with the key to look at.

use std::sync::Arc;

use crate::finding::Subject;
use crate::site::{Cause, ProbeError, Silence, place};

/// The server as the user knows it, and where feedctl.yml speaks of it.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) place: String,
    pub(super) user: String,
    pub(super) login_key: String,
    pub(super) name_key: String,
    pub(super) address_key: String,
}

/// Whose fault an error is.
#[derive(Debug, PartialEq, Eq)]
enum Blame {
    /// The server cannot serve now.
    Silent(String),
    Login,
    DatabaseName,
    Tls,
    Privilege,
    /// The server does not know a table, a column or a zone as it is configured.
    Name,
    /// A column is there, and is of another type.
    Type,
    Nobody,
}

impl Named {
    /// `key` is the place in feedctl.yml that named what was asked for.
    pub(super) fn explain(&self, error: sqlx::Error, key: &str) -> ProbeError {
        let user = &self.user;
        let (problem, key) = match blame(&error) {
            Blame::Silent(reason) => {
                return ProbeError::Silent(Silence { subject: Subject::Database, place: self.place.clone(), reason });
            }
            Blame::Nobody => {
                return ProbeError::Unreadable { what: "the database".to_owned(), source: cause(error) };
            }
            Blame::Login => (format!("the database refused the login of {user}"), self.login_key.as_str()),
            Blame::DatabaseName => ("the server has no database of that name".to_owned(), self.name_key.as_str()),
            Blame::Tls => ("the database and we do not agree on TLS".to_owned(), self.address_key.as_str()),
            Blame::Privilege => (format!("{user} may not read what `{key}` names"), key),
            Blame::Name => (format!("the database does not know what `{key}` names"), key),
            Blame::Type => {
                (format!("a column that `{key}` names is of another type; a time without zone needs `zone`"), key)
            }
        };
        ProbeError::Misconfigured { problem, key: key.to_owned(), source: Some(cause(error)) }
    }
}

fn blame(error: &sqlx::Error) -> Blame {
    match error {
        sqlx::Error::Io(error) => Blame::Silent(place::reason(error.kind())),
        sqlx::Error::Tls(_) => Blame::Tls,
        sqlx::Error::ColumnDecode { .. } => Blame::Type,
        sqlx::Error::Database(answer) => blame_code(answer.code().as_deref().unwrap_or_default()),
        _ => Blame::Nobody,
    }
}

/// <https://www.postgresql.org/docs/17/errcodes-appendix.html>
fn blame_code(code: &str) -> Blame {
    let silent = |reason: &str| Blame::Silent(reason.to_owned());
    match code {
        "28P01" | "28000" => Blame::Login,
        "3D000" => Blame::DatabaseName,
        "42501" => Blame::Privilege,
        "42P01" | "42703" | "3F000" | "22023" => Blame::Name,
        "42883" | "42804" | "42846" => Blame::Type,
        "57014" => silent("the query did not end in time"),
        "57P01" | "57P02" => silent("it shuts down"),
        "57P03" => silent("it starts up or shuts down"),
        "53300" => silent("it has no free connection"),
        _ => Blame::Nobody,
    }
}

/// What the server or the handshake said, without the words of the library around it, which repeat it.
fn cause(error: sqlx::Error) -> Cause {
    match error {
        sqlx::Error::Database(answer) => Arc::new(Said(answer.message().to_owned())),
        sqlx::Error::Tls(source) | sqlx::Error::ColumnDecode { source, .. } => Arc::from(source),
        error => Arc::new(error),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Said(String);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: &str, expected: &Blame) {
        assert_eq!(&blame_code(code), expected, "{code}");
    }

    #[test]
    fn refusals_are_our_configuration_and_outages_are_evidence() {
        check("28P01", &Blame::Login);
        check("3D000", &Blame::DatabaseName);
        check("42501", &Blame::Privilege);
        check("42P01", &Blame::Name);
        check("42703", &Blame::Name);
        check("42883", &Blame::Type);
        check("57014", &Blame::Silent("the query did not end in time".into()));
        check("57P03", &Blame::Silent("it starts up or shuts down".into()));
        check("XX000", &Blame::Nobody);
    }

    #[test]
    fn a_refused_connection_is_silence_and_a_failed_handshake_is_not() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert_eq!(blame(&sqlx::Error::Io(refused)), Blame::Silent("connection refused".into()));
        assert_eq!(blame(&sqlx::Error::Tls("handshake".into())), Blame::Tls);
    }
}
