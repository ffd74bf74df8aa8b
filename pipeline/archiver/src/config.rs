//! The archiver's command line and environment. Every setting is a variable, so that a compose file can hold it; every
//! secret may also be a file.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use feed_runtime::secret::{SecretError, optional, required};
use secrecy::SecretString;

/// Stores what the collector recorded: Redis stream to TimescaleDB, each tick exactly once.
///
/// Runs until SIGTERM, then commits what it has taken. Exits with 0 after a clean stop, 1 when it could not start or
/// `health` says no, 2 for a wrong setting.
#[derive(Debug, Parser)]
#[command(name = "feed-archiver", version)]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub settings: Settings,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask this archiver's own /readyz: exits with 0 when it is ready, 1 when not. For a container's healthcheck.
    Health,
}

#[derive(Debug, clap::Args)]
pub struct Settings {
    /// Redis, as redis://[:password@]host:port/database.
    #[arg(long, env = "FEED_REDIS_URL", hide_env_values = true)]
    redis_url: Option<SecretString>,
    /// File that holds the Redis URL.
    #[arg(long, env = "FEED_REDIS_URL_FILE")]
    redis_url_file: Option<PathBuf>,
    /// Database, as postgres://user:password@host:port/name; the user must be able to create tables.
    #[arg(long, env = "FEED_DATABASE_URL", hide_env_values = true)]
    database_url: Option<SecretString>,
    /// File that holds the database URL.
    #[arg(long, env = "FEED_DATABASE_URL_FILE")]
    database_url_file: Option<PathBuf>,
    /// Password to give to the role feedctl_reader, with which feedctl looks; without it an existing one stays.
    #[arg(long, env = "FEED_READER_PASSWORD", hide_env_values = true)]
    reader_password: Option<SecretString>,
    /// File that holds the reader's password.
    #[arg(long, env = "FEED_READER_PASSWORD_FILE")]
    reader_password_file: Option<PathBuf>,
    /// Redis streams to archive, separated by commas.
    #[arg(long, env = "FEED_STREAMS", default_value = "ticks:{kr}", value_delimiter = ',')]
    pub streams: Vec<String>,
    /// Where /health/archiver, /livez, /readyz and /metrics answer.
    #[arg(long, env = "FEED_HTTP_ADDR", default_value = "127.0.0.1:9102")]
    pub http_addr: SocketAddr,
}

impl Settings {
    pub fn redis_url(&self) -> Result<SecretString, SecretError> {
        required("FEED_REDIS_URL", self.redis_url.clone(), self.redis_url_file.as_deref())
    }

    pub fn database_url(&self) -> Result<SecretString, SecretError> {
        required("FEED_DATABASE_URL", self.database_url.clone(), self.database_url_file.as_deref())
    }

    pub fn reader_password(&self) -> Result<Option<SecretString>, SecretError> {
        optional("FEED_READER_PASSWORD", self.reader_password.clone(), self.reader_password_file.as_deref())
    }
}
