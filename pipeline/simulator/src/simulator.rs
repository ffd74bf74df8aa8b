//! A running simulator: one port, one market loop, and the handle that stops both.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use feed_runtime::shutdown::Shutdown;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::broker::Broker;
use crate::settings::Settings;
use crate::socket::{Doorway, Reset};
use crate::{connection, control, rest};

/// Connections that keep a request half sent are not waited for longer.
const DRAIN: Duration = Duration::from_secs(10);

/// Dereferences to the [`Broker`] for what a test asks of it. Dropping it stops without waiting.
pub struct Simulator {
    address: SocketAddr,
    broker: Arc<Broker>,
    stop: Shutdown,
    tasks: JoinSet<()>,
    /// Closed when the last session is over.
    gone: mpsc::Receiver<Infallible>,
}

/// What handlers share.
#[derive(Clone)]
struct Hall {
    broker: Arc<Broker>,
    alive: mpsc::Sender<Infallible>,
}

impl Simulator {
    /// Serves on a bound listener until stopped or dropped. Needs a runtime.
    pub fn start(listener: TcpListener, settings: Settings) -> io::Result<Simulator> {
        let address = listener.local_addr()?;
        let broker = Arc::new(Broker::new(settings));
        let (alive, gone) = mpsc::channel(1);
        let hall = Hall { broker: Arc::clone(&broker), alive };
        let sockets = Router::new().fallback(upgrade).with_state(hall);
        let routes = rest::routes().merge(control::routes()).with_state(Arc::clone(&broker)).fallback_service(sockets);
        let service = routes.into_make_service_with_connect_info::<Reset>();
        let stop = Shutdown::new();
        let server = axum::serve(Doorway(listener), service).with_graceful_shutdown(stop.clone().cancelled_owned());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the server ended");
            }
        });
        let (trader, stopped) = (Arc::clone(&broker), stop.clone());
        tasks.spawn(async move {
            stopped.run_until_cancelled(trader.trade()).await;
        });
        Ok(Simulator { address, broker, stop, tasks, gone })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Delivers what was traded, closes every session properly, and returns when all tasks are over.
    pub async fn stop(mut self) {
        self.stop.cancel();
        self.broker.floor().sessions.stop();
        let drained = tokio::time::timeout(DRAIN, async {
            while self.tasks.join_next().await.is_some() {}
            self.gone.recv().await
        });
        if drained.await.is_err() {
            tracing::warn!("stopped with connections open");
        }
    }
}

impl Deref for Simulator {
    type Target = Broker;

    fn deref(&self) -> &Broker {
        &self.broker
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.cancel();
        self.broker.floor().sessions.stop();
    }
}

/// A WebSocket at any path; the path selects nothing at the broker either.
async fn upgrade(
    State(hall): State<Hall>,
    ConnectInfo(reset): ConnectInfo<Reset>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else { return StatusCode::NOT_FOUND.into_response() };
    upgrade.on_upgrade(|socket| async move {
        connection::serve(socket, hall.broker, reset).await;
        drop(hall.alive);
    })
}
