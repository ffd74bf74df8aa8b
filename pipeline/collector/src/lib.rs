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
use tokio::task::JoinHandle;

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
    /// Reads the secrets, asks Redis what the archiver has, opens the spool, binds the port. A Redis that does not answer
    /// is no obstacle.
    pub async fn build(settings: &config::Settings) -> anyhow::Result<Collector> {
        // Without it the first TLS connection would panic; a second call changes nothing.
        rustls::crypto::ring::default_provider().install_default().ok();
        let broker = broker::Broker::new(settings.addresses()?).context("cannot build the HTTP client")?;
        let redis_url = settings.redis_url()?;
        let committed = shipping::committed(&redis_url).await;
        let (spool, folders) = spool::Spool::open(&settings.spool_dir, &committed, Received::from(Utc::now()))?;
        let listener = TcpListener::bind(settings.http_addr).await;
        let listener = listener.with_context(|| format!("cannot listen on {}", settings.http_addr))?;
        let now = std::time::Instant::now();
        let session = session::Session::new(&settings.subscriptions, settings.in_use_wait, rand::random(), now);
        let status = Arc::new(status::Status::new(session.health(), spool.end()));
        if spool.follows_older() {
            tracing::warn!("the spool was put back from an older copy: a new writer begins");
            status.metrics.resync("older_spool");
        }
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

    /// Collects until `shutdown`, then drains. Should anything beside the collecting end by itself, all is stopped and
    /// its error returned: a process that is started again is better than half a collector.
    pub async fn run(self, shutdown: Shutdown) -> anyhow::Result<()> {
        let status = Arc::clone(&self.drive.status);
        let stop = shutdown.child_token();
        let (stop_shipping, stop_http) = (Shutdown::new(), Shutdown::new());
        let http = beside(&stop, http::serve(self.listener, Arc::clone(&status), stop_http.clone()));
        let live = beside(&stop, live::run(self.shipping.redis_url.clone(), self.ticks, Arc::clone(&status)));
        let shipping = shipping::run(self.shipping, self.folders, self.end, status, stop_shipping.clone());
        let shipping = beside(&stop, shipping);
        let collected = drive::run(self.drive, stop).await;
        stop_shipping.cancel();
        let shipped = shipping.await;
        live.abort();
        let published = live.await.or_else(|error| if error.is_panic() { Err(error) } else { Ok(()) });
        stop_http.cancel();
        let served = http.await;
        shipped.context("shipping panicked")?.context("shipping failed")?;
        published.context("the live channel panicked")?;
        served.context("the HTTP side panicked")?.context("the HTTP side failed")?;
        collected.context("the spool could not be closed cleanly")
    }
}

/// Runs `task` beside the loop that collects. However it ends, by a panic too, it asks to stop.
fn beside<T: Send + 'static>(stop: &Shutdown, task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    let asks_to_stop = stop.clone().drop_guard();
    tokio::spawn(async move {
        let _asks_to_stop = asks_to_stop;
        task.await
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use clap::Parser;

    use super::*;

    async fn check(spoil: impl FnOnce(&mut Collector, &Path), expected: &str) {
        let directory = tempfile::tempdir().expect("a temporary folder");
        let folder = directory.path().to_str().expect("a plain path");
        let nowhere = "http://127.0.0.1:1";
        let words =
            ["feed-collector", "--kis-appkey", "k", "--kis-appsecret", "s", "--redis-url", "redis://127.0.0.1:1"];
        let places = ["--kis-rest-url", nowhere, "--spool-dir", folder, "--http-addr", "127.0.0.1:0"];
        let args = config::Args::try_parse_from(words.into_iter().chain(places)).expect("valid");
        let mut collector = Collector::build(&args.settings).await.expect("all it needs is there");
        spoil(&mut collector, directory.path());
        let ended = tokio::time::timeout(Duration::from_secs(20), collector.run(Shutdown::new())).await;
        let ended = ended.expect("it does not go on").expect_err("it cannot work");
        assert!(format!("{ended:#}").contains(expected), "{ended:#}");
    }

    #[tokio::test]
    async fn a_collector_that_cannot_ship_ends_by_itself() {
        check(|collector, _| collector.folders.clear(), "shipping panicked").await;
        check(|_, spool| std::fs::remove_dir_all(spool).expect("it is ours"), "shipping failed").await;
    }
}
