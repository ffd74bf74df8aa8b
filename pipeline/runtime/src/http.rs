//! The HTTP side of a daemon: `/health/NAME`, `/livez`, `/readyz`, `/metrics`; and the client of its own `health`
//! subcommand, because the images hold no shell and no curl.
//!
//! `/livez` says that the loop turns, without looking at any dependency: a Redis outage must not restart a collector
//! and cost it its broker session. `/readyz` says that the daemon can do its work once its peers are there.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use feed::health::{Health, Status};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::shutdown::Shutdown;

/// What a daemon shows of itself. Answers come from memory: none of these may wait.
pub trait Daemon: Send + Sync + 'static {
    /// The last part of `/health/NAME`.
    const NAME: &'static str;

    fn health(&self) -> Health;
    /// Whether the loops turn.
    fn is_alive(&self) -> bool;
    /// What is missing for the work, in words for the person on duty.
    fn ready(&self) -> Result<(), String>;
    fn registry(&self) -> &Registry;
}

/// Serves until `shutdown`.
pub async fn serve<D: Daemon>(listener: TcpListener, daemon: Arc<D>, shutdown: Shutdown) -> io::Result<()> {
    let routes = Router::new()
        .route(&format!("/health/{}", D::NAME), get(health::<D>))
        .route("/livez", get(livez::<D>))
        .route("/readyz", get(readyz::<D>))
        .route("/metrics", get(metrics::<D>))
        .with_state(daemon);
    axum::serve(listener, routes).with_graceful_shutdown(shutdown.cancelled_owned()).await
}

async fn health<D: Daemon>(State(daemon): State<Arc<D>>) -> Response {
    let health = daemon.health();
    let code = if health.status == Status::Fail { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (code, Json(health)).into_response()
}

async fn livez<D: Daemon>(State(daemon): State<Arc<D>>) -> Response {
    let hangs = || Err("the loop has not turned for 30 s".to_owned());
    answer(if daemon.is_alive() { Ok(()) } else { hangs() })
}

async fn readyz<D: Daemon>(State(daemon): State<Arc<D>>) -> Response {
    answer(daemon.ready())
}

fn answer(result: Result<(), String>) -> Response {
    match result {
        Ok(()) => "ok\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

async fn metrics<D: Daemon>(State(daemon): State<Arc<D>>) -> Response {
    let mut text = String::new();
    encode(&mut text, daemon.registry()).expect("writing into a string cannot fail");
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response()
}

#[derive(Debug, thiserror::Error)]
pub enum AskError {
    #[error("no answer from http://{address}/readyz")]
    NoAnswer { address: SocketAddr, source: io::Error },
    #[error("not ready: {reason}")]
    NotReady { reason: String },
}

/// Asks a daemon's own `/readyz`; what a container's healthcheck runs.
pub async fn ask_readyz(address: SocketAddr) -> Result<(), AskError> {
    let no_answer = |source| AskError::NoAnswer { address, source };
    let answer = tokio::time::timeout(Duration::from_secs(3), get_readyz(address)).await;
    let text = answer.map_err(|_| no_answer(io::ErrorKind::TimedOut.into()))?.map_err(no_answer)?;
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    if head.starts_with("HTTP/1.1 200") || head.starts_with("HTTP/1.0 200") {
        Ok(())
    } else {
        Err(AskError::NotReady { reason: body.trim().to_owned() })
    }
}

async fn get_readyz(address: SocketAddr) -> io::Result<String> {
    let mut socket = TcpStream::connect(local(address)).await?;
    socket.write_all(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n").await?;
    let mut text = String::new();
    socket.read_to_string(&mut text).await?;
    Ok(text)
}

/// A daemon that listens everywhere is asked on the loopback.
fn local(address: SocketAddr) -> SocketAddr {
    let loopback = if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() };
    if address.ip().is_unspecified() { SocketAddr::new(loopback, address.port()) } else { address }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    struct Fixed {
        ready: Result<(), String>,
        registry: Registry,
    }

    impl Daemon for Fixed {
        const NAME: &'static str = "fixed";

        fn health(&self) -> Health {
            Health {
                status: Status::Pass,
                waiting_for: None,
                last_activity: None,
                errors: BTreeMap::new(),
                session: None,
                spooled: None,
                committed: None,
            }
        }

        fn is_alive(&self) -> bool {
            true
        }

        fn ready(&self) -> Result<(), String> {
            self.ready.clone()
        }

        fn registry(&self) -> &Registry {
            &self.registry
        }
    }

    async fn check(ready: Result<(), &str>, expected: Result<(), &str>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let shutdown = Shutdown::new();
        let daemon = Fixed { ready: ready.map_err(str::to_owned), registry: Registry::default() };
        let server = tokio::spawn(serve(listener, Arc::new(daemon), shutdown.clone()));
        let got = ask_readyz(address).await.map_err(|error| error.to_string());
        assert_eq!(got, expected.map_err(str::to_owned));
        shutdown.cancel();
        server.await.expect("the server does not panic").expect("the server ends without error");
    }

    #[tokio::test]
    async fn the_health_subcommand_hears_what_readyz_says() {
        check(Ok(()), Ok(())).await;
        check(Err("the database does not answer"), Err("not ready: the database does not answer")).await;
    }
}
