//! The database, asked one query per session, inside a read-only transaction.

use std::io;
use std::str::FromStr;
use std::sync::Arc;

use secrecy::ExposeSecret;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgRow};
use sqlx::query::QueryAs;
use sqlx::{Connection, FromRow, PgConnection, Postgres as Database, query};
use tokio::time::timeout;

use super::docker::Docker;
use super::place::{self, Place};
use super::{ANSWER_TIMEOUT, CONNECT_TIMEOUT, DatabaseAccess, ProbeError};
use crate::finding::Subject;
use refusal::Named;

mod refusal;

pub(super) struct Postgres {
    access: DatabaseAccess,
}

/// One connection, inside a read-only transaction.
pub(super) struct Session {
    connection: PgConnection,
    server: Named,
}

impl Postgres {
    pub(super) fn new(access: DatabaseAccess) -> Self {
        Postgres { access }
    }

    pub(super) async fn connect(&self, docker: Option<&Docker>) -> Result<Session, ProbeError> {
        let (options, server) = self.options(docker).await?;
        let settings = [("statement_timeout", ANSWER_TIMEOUT.as_millis().to_string())];
        let options = options.application_name("feedctl").options(settings);
        let opening = async {
            let mut connection = PgConnection::connect_with(&options).await?;
            query("BEGIN TRANSACTION READ ONLY").execute(&mut connection).await?;
            Ok(connection)
        };
        let opened =
            timeout(CONNECT_TIMEOUT, opening).await.unwrap_or(Err(io::Error::from(io::ErrorKind::TimedOut).into()));
        match opened {
            Ok(connection) => Ok(Session { connection, server }),
            Err(error) => Err(server.explain(error, &server.name_key)),
        }
    }

    async fn options(&self, docker: Option<&Docker>) -> Result<(PgConnectOptions, Named), ProbeError> {
        match &self.access {
            DatabaseAccess::Service { service, port, name, user, password } => {
                let place = place::of_service(docker, service, *port, &Subject::Database, "database.service").await?;
                let options = PgConnectOptions::new_without_pgpass().host(&place.host).port(place.port);
                let options = options.username(user).database(name);
                let options = match password {
                    Some(password) => options.password(password.secret.expose_secret()),
                    None => options,
                };
                let server = Named {
                    place: place.to_string(),
                    user: user.clone(),
                    login_key: password.as_ref().map_or("database", |password| &password.key).to_owned(),
                    name_key: "database.name".to_owned(),
                    address_key: "database.service".to_owned(),
                };
                Ok((options, server))
            }
            DatabaseAccess::Url(credential) => {
                let key = &credential.key;
                let options = PgConnectOptions::from_str(credential.secret.expose_secret());
                let options = options.map_err(|error| ProbeError::Misconfigured {
                    problem: "the URL of the database cannot be used".to_owned(),
                    key: key.clone(),
                    source: Some(Arc::new(error)),
                })?;
                let place = Place { host: options.get_host().to_owned(), port: options.get_port() };
                if options.get_socket().is_none() && !place.host.starts_with('/') {
                    place::check_name(&place, key).await?;
                }
                let server = Named {
                    place: place.to_string(),
                    user: options.get_username().to_owned(),
                    login_key: key.clone(),
                    name_key: key.clone(),
                    address_key: key.clone(),
                };
                Ok((options, server))
            }
        }
    }
}

impl Session {
    /// The one row of a query, which ends the session.
    pub(super) async fn one<Row>(mut self, query: Query<'_, Row>, key: &str) -> Result<Row, ProbeError>
    where
        Row: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let asking = timeout(ANSWER_TIMEOUT, query.fetch_one(&mut self.connection));
        let row = asking.await.unwrap_or_else(|_| Err(timed_out()));
        // Without a farewell the server logs each look as a lost client; that it went unheard changes nothing.
        let _ = timeout(CONNECT_TIMEOUT, self.connection.close()).await;
        row.map_err(|error| self.server.explain(error, key))
    }
}

pub(crate) type Query<'q, Row> = QueryAs<'q, Database, Row, PgArguments>;

/// An identifier for SQL: the only way in which a configured name gets into a statement.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A table that may carry its schema.
pub(crate) fn quoted_table(table: &str) -> String {
    match table.split_once('.') {
        Some((schema, table)) => format!("{}.{}", quoted(schema), quoted(table)),
        None => quoted(table),
    }
}

fn timed_out() -> sqlx::Error {
    io::Error::from(io::ErrorKind::TimedOut).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configured_name_cannot_leave_its_quotes() {
        assert_eq!(quoted("time"), r#""time""#);
        assert_eq!(quoted(r#"a" FROM secrets; --"#), r#""a"" FROM secrets; --""#);
        assert_eq!(quoted_table("market_ticks"), r#""market_ticks""#);
        assert_eq!(quoted_table("public.Ticks"), r#""public"."Ticks""#);
    }
}
