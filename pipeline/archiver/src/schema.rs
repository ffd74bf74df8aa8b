//! The schema of the database: versioned SQL files, applied at the start. It belongs to the archiver; everybody else
//! only reads it, through the role `feedctl_reader`.

use feed_runtime::logging::chain;
use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

/// Each version once, in order.
const VERSIONS: &[(i32, &str)] = &[(1, include_str!("schema/v1.sql"))];

/// Serializes archivers that start at the same moment. Any constant that nobody else uses will do.
const SCHEMA_LOCK: i64 = 0x6665_6564_7363_6865;

/// Brings the database up to the newest version: a hypertable where TimescaleDB is there, a plain table where not.
pub async fn apply(client: &mut Client, reader_password: Option<&SecretString>) -> Result<(), Error> {
    create_extension(client).await;
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&SCHEMA_LOCK]).await?;
    let table = "CREATE TABLE IF NOT EXISTS feed_schema (version integer PRIMARY KEY, applied_at timestamptz NOT NULL)";
    transaction.batch_execute(table).await?;
    let applied =
        transaction.query_one("SELECT coalesce(max(version), 0) FROM feed_schema", &[]).await?.get::<_, i32>(0);
    for (version, sql) in VERSIONS.iter().filter(|(version, _)| *version > applied) {
        transaction.batch_execute(sql).await?;
        transaction.execute("INSERT INTO feed_schema VALUES ($1, now())", &[version]).await?;
        tracing::info!(version, "schema applied");
    }
    make_hypertable(&transaction).await?;
    transaction.commit().await?;
    if let Err(error) = grant_reader(client, reader_password).await {
        tracing::warn!(
            error = chain(&error),
            "the role feedctl_reader could not be set up: feedctl may not be able to read"
        );
    }
    Ok(())
}

/// Where the extension is installed on the server and may be created; elsewhere the table stays plain.
async fn create_extension(client: &Client) {
    let available = "SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb' AND installed_version IS NULL";
    if client.query_opt(available, &[]).await.is_ok_and(|row| row.is_some())
        && let Err(error) = client.batch_execute("CREATE EXTENSION IF NOT EXISTS timescaledb").await
    {
        tracing::warn!(
            error = chain(&error),
            "TimescaleDB is there but could not be created: market_ticks stays a plain table"
        );
    }
}

async fn make_hypertable(client: &tokio_postgres::Transaction<'_>) -> Result<(), Error> {
    if client.query_opt("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'", &[]).await?.is_some() {
        // A day a chunk: a symbol's day is read together, and old days are compressed or dropped as a whole.
        let hypertable = "SELECT create_hypertable('market_ticks', 'time', chunk_time_interval => interval '1 day', \
                          create_default_indexes => false, if_not_exists => true, migrate_data => true)";
        client.execute(hypertable, &[]).await?;
    }
    Ok(())
}

/// A role that reads and nothing else. Without a password it cannot log in until somebody gives it one.
async fn grant_reader(client: &Client, password: Option<&SecretString>) -> Result<(), Error> {
    if client.query_opt("SELECT 1 FROM pg_roles WHERE rolname = 'feedctl_reader'", &[]).await?.is_none() {
        let created = client.batch_execute("CREATE ROLE feedctl_reader LOGIN").await;
        // Another archiver of the same server was faster.
        let exists = |error: &Error| {
            [SqlState::DUPLICATE_OBJECT, SqlState::UNIQUE_VIOLATION].iter().any(|code| error.code() == Some(code))
        };
        created.or_else(|error| if exists(&error) { Ok(()) } else { Err(error) })?;
    }
    if let Some(password) = password {
        // The verifier consists of letters, digits and `$:+/=`: it needs no quoting, and the password stays here.
        let verifier = postgres_protocol::password::scram_sha_256(password.expose_secret().as_bytes());
        client.batch_execute(&format!("ALTER ROLE feedctl_reader LOGIN PASSWORD '{verifier}'")).await?;
    }
    let grants =
        "GRANT SELECT ON market_ticks, feed_watermarks, feed_gaps, feed_rejects, feed_schema TO feedctl_reader";
    client.batch_execute(grants).await
}
