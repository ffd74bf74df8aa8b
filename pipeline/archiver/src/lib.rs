//! The archiver: from the Redis stream to TimescaleDB, each tick exactly once. It has no socket to the broker.
//!
//! ```text
//! Redis stream ──► reading.rs ── offers ──► take.rs ── taken ──► rows.rs ── batch ──► commit.rs ──► market_ticks
//!                       ▲                      │                                         │
//!                       └────── cursor ────────┘◄──────────── watermarks ────────────────┘
//! ```
//!
//! `archive.rs` is the loop of one stream, `database.rs` the task that works through its commits. `take.rs` and
//! `rows.rs` decide and do no I/O.

use std::sync::Arc;

use anyhow::{Context, ensure};
use feed_runtime::http;
use feed_runtime::shutdown::Shutdown;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub mod archive;
pub mod commit;
pub mod config;
pub mod database;
pub mod metrics;
pub mod reading;
pub mod rows;
pub mod schema;
pub mod status;
pub mod take;

/// An archiver that is built and has not begun.
pub struct Archiver {
    streams: Vec<archive::Settings>,
    listener: TcpListener,
}

impl Archiver {
    /// Reads the secrets and binds the port; connects to nobody.
    pub async fn build(settings: &config::Settings) -> anyhow::Result<Archiver> {
        let redis_url = settings.redis_url()?;
        let database = database::config(&settings.database_url()?);
        let database = database.context("FEED_DATABASE_URL is not postgres://user:password@host:port/name")?;
        let reader_password = settings.reader_password()?;
        let mut names = settings.streams.clone();
        names.sort();
        names.dedup();
        ensure!(!names.iter().any(String::is_empty), "FEED_STREAMS holds an empty name: separate streams by one comma");
        let stream = |stream| archive::Settings {
            redis_url: redis_url.clone(),
            database: database.clone(),
            reader_password: reader_password.clone(),
            stream,
        };
        let listener = TcpListener::bind(settings.http_addr).await;
        let listener = listener.with_context(|| format!("cannot listen on {}", settings.http_addr))?;
        Ok(Archiver { streams: names.into_iter().map(stream).collect(), listener })
    }

    /// Archives until `shutdown`, then commits what was taken.
    pub async fn run(self, shutdown: Shutdown) -> anyhow::Result<()> {
        let status = Arc::new(status::Status::new(self.streams.iter().map(|settings| &settings.stream)));
        let stop_http = Shutdown::new();
        let http = tokio::spawn(http::serve(self.listener, Arc::clone(&status), stop_http.clone()));
        let mut streams = JoinSet::new();
        for settings in self.streams {
            streams.spawn(archive::run(settings, Arc::clone(&status), shutdown.clone()));
        }
        while let Some(ended) = streams.join_next().await {
            ended.context("the loop of a stream panicked")?;
        }
        stop_http.cancel();
        http.await.context("the HTTP side panicked")?.context("the HTTP side failed")
    }
}
