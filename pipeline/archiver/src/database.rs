//! The database side of one stream: opening it, and the task that works through commits, one after the other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use feed::entry::{Mark, WriterId};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_postgres::{Client, Config, NoTls};

use crate::archive::Settings;
use crate::commit::{Batch, CommitError, Committed, Committer};
use crate::schema;
use crate::status::Status;

const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// What the committer is asked to do.
#[derive(Debug)]
pub enum Job {
    Commit(Box<Batch>),
    /// Read the watermark rows back.
    Look,
}

/// What came of it, in the order of the jobs.
#[derive(Debug)]
pub enum Done {
    Committed { batch: Box<Batch>, committed: Committed, took: Duration },
    Watermarks(BTreeMap<WriterId, Mark>),
    Failed(CommitError),
}

#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error("no connection within 5 s")]
    Timeout,
    #[error("no connection")]
    Connect(#[source] tokio_postgres::Error),
    #[error("the schema cannot be applied")]
    Schema(#[source] tokio_postgres::Error),
    #[error("a query failed")]
    Query(#[from] tokio_postgres::Error),
}

/// Connects, brings the schema up to date, and waits until no other archiver holds the stream.
pub async fn open(settings: &Settings, status: &Arc<Status>) -> Result<Committer, DatabaseError> {
    let mut client = connect(&settings.database).await?;
    schema::apply(&mut client, settings.reader_password.as_ref()).await.map_err(DatabaseError::Schema)?;
    status.database_reachable(true);
    while !try_lock(&client, &settings.stream).await? {
        status.pulse(&settings.stream);
        status.fault(&settings.stream, Some("another archiver holds this stream".to_owned()));
        sleep(Duration::from_secs(1)).await;
    }
    Ok(Committer::new(client, settings.stream.clone()))
}

/// Reads the address. What is wrong with it is not said in its own words: they may hold the password.
///
/// Each session notices a peer that is gone within half a minute, on both sides: the archiver to connect anew, the server
/// to give up the lock of a host that has died.
pub fn config(url: &SecretString) -> Option<Config> {
    let mut config: Config = url.expose_secret().parse().ok()?;
    let limits = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 \
                  -c lock_timeout=30s -c statement_timeout=60s -c idle_in_transaction_session_timeout=60s";
    let options = config.get_options().map_or(limits.to_owned(), |options| format!("{limits} {options}"));
    config
        .options(options)
        .application_name("feed-archiver")
        .connect_timeout(CONNECT_LIMIT)
        .tcp_user_timeout(Duration::from_secs(20))
        .keepalives_idle(Duration::from_secs(10))
        .keepalives_interval(Duration::from_secs(5))
        .keepalives_retries(3);
    Some(config)
}

async fn connect(config: &Config) -> Result<Client, DatabaseError> {
    let connected = timeout(CONNECT_LIMIT, config.connect(NoTls)).await.map_err(|_| DatabaseError::Timeout)?;
    let (client, connection) = connected.map_err(DatabaseError::Connect)?;
    // Ends with the client; its error is the client's at the next query.
    tokio::spawn(connection);
    Ok(client)
}

/// The lock saves the work of two archivers on one stream; the compare-and-set keeps the truth.
async fn try_lock(client: &Client, stream: &str) -> Result<bool, tokio_postgres::Error> {
    let lock = "SELECT pg_try_advisory_lock(hashtextextended('feed-archiver ' || $1, 0))";
    Ok(client.query_one(lock, &[&stream]).await?.get(0))
}

/// Where the writers of `stream` stand.
pub async fn watermarks(client: &Client, stream: &str) -> Result<BTreeMap<WriterId, Mark>, tokio_postgres::Error> {
    let query = "SELECT writer, last_n, ticks FROM feed_watermarks WHERE stream = $1";
    let number = |value: i64| u64::try_from(value).unwrap_or(0);
    let rows = client.query(query, &[&stream]).await?;
    let mark = |row: &tokio_postgres::Row| {
        let writer = row.get::<_, String>(0).parse().ok()?;
        Some((writer, Mark { n: number(row.get(1)), ticks: number(row.get(2)) }))
    };
    Ok(rows.iter().filter_map(mark).collect())
}

/// A stream was renamed, and a writer goes on under the new name: its row follows, so that it is found again.
async fn adopt(client: &Client, stream: &str, batch: &Batch) -> Result<(), tokio_postgres::Error> {
    let writers: Vec<&str> = batch.taken.advances.keys().map(WriterId::as_str).collect();
    let adopt = "UPDATE feed_watermarks SET stream = $1 WHERE writer = ANY($2) AND stream <> $1";
    if client.execute(adopt, &[&stream, &writers]).await? > 0 {
        tracing::info!(stream, "a writer goes on under another stream name");
    }
    Ok(())
}

/// Works through `jobs` until one fails or nobody asks any more.
pub async fn work(mut committer: Committer, stream: String, mut jobs: mpsc::Receiver<Job>, done: mpsc::Sender<Done>) {
    while let Some(job) = jobs.recv().await {
        let started = Instant::now();
        let result = match job {
            Job::Commit(batch) => match committer.commit(&batch).await {
                Ok(committed) => Done::Committed { batch, committed, took: started.elapsed() },
                Err(CommitError::Moved) => match adopt(committer.client(), &stream, &batch).await {
                    Ok(()) => Done::Failed(CommitError::Moved),
                    Err(error) => Done::Failed(error.into()),
                },
                Err(error) => Done::Failed(error),
            },
            Job::Look => match watermarks(committer.client(), &stream).await {
                Ok(rows) => Done::Watermarks(rows),
                Err(error) => Done::Failed(error.into()),
            },
        };
        let failed = matches!(result, Done::Failed(_));
        if done.send(result).await.is_err() || failed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_database_url_is_one() {
        let check = |url: &str, expected| assert_eq!(config(&SecretString::from(url)).is_some(), expected, "{url}");
        check("postgres://feed:secret@database:5432/feed", true);
        check("postgresql://feed@database/feed?options=-c%20search_path%3Dfeed", true);
        check("postgresql+asyncpg://feed:secret@database/feed?sslmode=require", false);
    }
}
