//! The collector: from the broker's socket to the spool, and from the spool to the Redis stream. It cannot touch SQL.
//!
//! ```text
//! broker.rs ── frames ──► drive.rs ── append ──► spool.rs ── reader ──► shipping.rs ──► Redis stream
//!                            │  ▲                                          ▲
//!                  inputs    ▼  │ outputs                                  │ what to send next
//!                          session.rs ── ticks ──► live.rs ──► channel   ship.rs
//! ```
//!
//! `session.rs` and `ship.rs` decide and do no I/O; the others do I/O and decide nothing.

use std::sync::Arc;

use anyhow::Context;
use chrono::Utc;
use feed::entry::Received;
use feed_runtime::http;
use feed_runtime::shutdown::Shutdown;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub mod broker;
pub mod config;
pub mod drive;
pub mod live;
pub mod metrics;
pub mod session;
pub mod ship;
pub mod shipping;
pub mod spool;
pub mod status;

/// A collector that is built and has not begun.
pub struct Collector {
    drive: drive::Drive,
    shipping: shipping::Settings,
    folders: Vec<spool::folder::Folder>,
    end: watch::Receiver<feed::entry::Mark>,
    ticks: tokio::sync::mpsc::Receiver<feed::tick::Tick>,
    listener: TcpListener,
}

impl Collector {
    /// Reads the secrets, opens the spool, binds the port; connects to nobody.
    pub async fn build(settings: &config::Settings) -> anyhow::Result<Collector> {
        // Without it the first TLS connection would panic; a second call changes nothing.
        rustls::crypto::ring::default_provider().install_default().ok();
        let broker = broker::Broker::new(settings.addresses()?).context("cannot build the HTTP client")?;
        let redis_url = settings.redis_url()?;
        let (spool, folders) = spool::Spool::open(&settings.spool_dir, Received::from(Utc::now()))?;
        let listener = TcpListener::bind(settings.http_addr).await;
        let listener = listener.with_context(|| format!("cannot listen on {}", settings.http_addr))?;
        let now = std::time::Instant::now();
        let session = session::Session::new(&settings.subscriptions, settings.in_use_wait, rand::random(), now);
        let status = Arc::new(status::Status::new(session.health()));
        let (end, ends) = watch::channel(spool.end());
        let (live, ticks) = live::Live::new(Arc::clone(&status));
        let shipping = shipping::Settings {
            redis_url,
            stream: settings.stream.clone(),
            window: settings.window,
            keep: settings.spool_keep,
        };
        let drive = drive::Drive { session, broker, spool, end, live, status, complained: None };
        Ok(Collector { drive, shipping, folders, end: ends, ticks, listener })
    }

    /// Collects until `shutdown`, then drains.
    pub async fn run(self, shutdown: Shutdown) -> anyhow::Result<()> {
        let status = Arc::clone(&self.drive.status);
        let stop_shipping = Shutdown::new();
        let stop_http = Shutdown::new();
        let http = tokio::spawn(http::serve(self.listener, Arc::clone(&status), stop_http.clone()));
        let live = tokio::spawn(live::run(self.shipping.redis_url.clone(), self.ticks, Arc::clone(&status)));
        let shipping = shipping::run(self.shipping, self.folders, self.end, status, stop_shipping.clone());
        let shipping = tokio::spawn(shipping);
        let collected = drive::run(self.drive, shutdown).await;
        stop_shipping.cancel();
        shipping.await.context("shipping panicked")??;
        live.abort();
        stop_http.cancel();
        http.await.context("the HTTP side panicked")?.context("the HTTP side failed")?;
        collected.context("the spool could not be closed cleanly")
    }
}
