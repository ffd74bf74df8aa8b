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
    /// A column has a zone or has none, and is configured the other way.
    Zone,
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
            Blame::Login => {
                // A URL holds both; of a service the user and the password are keys of their own.
                let or =
                    if self.name_key == "database.name" { ": `database.user` or the password is wrong" } else { "" };
                (format!("the database refused the login of {user}{or}"), self.login_key.as_str())
            }
            Blame::DatabaseName => ("the server has no database of that name".to_owned(), self.name_key.as_str()),
            Blame::Tls => ("the database and we do not agree on TLS".to_owned(), self.address_key.as_str()),
            Blame::Privilege => (format!("{user} may not read what `{key}` names"), key),
            Blame::Name => (format!("the database does not know what `{key}` names"), key),
            Blame::Type => (format!("a column that `{key}` names is of another type"), key),
            Blame::Zone => {
                let problem = format!(
                    "the time column of `{key}` is of another kind: one without zone needs \
                     `time: {{column: …, zone: …}}`, and one with zone must have the name alone"
                );
                (problem, key)
            }
        };
        // A value that does not fit is told in types of Rust, which say nothing to the user.
        let source = (!matches!(error, sqlx::Error::ColumnDecode { .. })).then(|| cause(error));
        ProbeError::Misconfigured { problem, key: key.to_owned(), source }
    }
}

fn blame(error: &sqlx::Error) -> Blame {
    match error {
        sqlx::Error::Io(error) => Blame::Silent(place::reason(error.kind())),
        sqlx::Error::Tls(_) => Blame::Tls,
        sqlx::Error::ColumnDecode { .. } => Blame::Zone,
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
        sqlx::Error::Tls(source) => Arc::from(source),
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

    fn check_told(error: sqlx::Error, expected: &str) {
        let named = Named {
            place: "10.0.0.2:5432".into(),
            user: "feedctl_reader".into(),
            login_key: "database.password_file".into(),
            name_key: "database.name".into(),
            address_key: "database.service".into(),
        };
        assert_eq!(crate::speech::told(&named.explain(error, "feeds.kr.rows")), expected);
    }

    #[test]
    fn a_column_of_the_other_kind_is_told_without_types_of_rust() {
        let source = "mismatched types; Rust type `Option<DateTime<Utc>>`".into();
        check_told(
            sqlx::Error::ColumnDecode { index: "1".into(), source },
            "the time column of `feeds.kr.rows` is of another kind: one without zone needs \
             `time: {column: …, zone: …}`, and one with zone must have the name alone",
        );
    }

    #[test]
    fn a_refused_connection_is_silence_and_a_failed_handshake_is_not() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert_eq!(blame(&sqlx::Error::Io(refused)), Blame::Silent("connection refused".into()));
        assert_eq!(blame(&sqlx::Error::Tls("handshake".into())), Blame::Tls);
    }
}
