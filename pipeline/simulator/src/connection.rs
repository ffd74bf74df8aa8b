//! One WebSocket from upgrade to end: requests in, replies, frames and heartbeats out. Spawned by the upgrade; ends when
//! the client goes, when it is told to, or when the simulator stops.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use chrono::Utc;
use futures_util::SinkExt;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use crate::broker::Broker;
use crate::floor::Answer;
use crate::frame::Frame;
use crate::outbox::Inbox;
use crate::reply;
use crate::sessions::{Admission, Ended, SessionId};
use crate::socket::Reset;

/// Frames written before the socket is flushed and the next request is read.
const BATCH: usize = 256;

/// How long a peer may take to read what it is sent and to answer a close, once its session is to end.
const FAREWELL: Duration = Duration::from_secs(5);

struct Connection {
    socket: WebSocket,
    broker: Arc<Broker>,
    session: SessionId,
    inbox: Inbox,
    order: watch::Receiver<Option<Ended>>,
}

pub(crate) async fn serve(socket: WebSocket, broker: Arc<Broker>, reset: Reset) {
    let Admission { session, inbox, order } = broker.floor().sessions.open(Utc::now());
    tracing::info!(session = session.0, "session opened");
    let mut connection = Connection { socket, broker: Arc::clone(&broker), session, inbox, order };
    let ended = connection.converse().await;
    broker.floor().leave(session, ended, Instant::now());
    if timeout(FAREWELL, connection.part(ended)).await.is_err() {
        tracing::warn!(session = session.0, "the peer did not answer the close");
    }
    if ended == Ended::Aborted {
        reset.ask();
    }
    broker.floor().sessions.close(session, ended, Utc::now());
    broker.progressed();
    tracing::info!(session = session.0, ?ended, "session ended");
}

impl Connection {
    async fn converse(&mut self) -> Ended {
        let mut batch = Vec::with_capacity(BATCH);
        let mut heartbeat_at = Instant::now() + self.broker.idle;
        loop {
            let step = tokio::select! {
                ended = ordered(&mut self.order) => Err(ended),
                message = self.socket.recv() => self.receive(message).await,
                _ = self.inbox.recv_many(&mut batch, BATCH) => {
                    heartbeat_at = Instant::now() + self.broker.idle;
                    self.deliver(&mut batch).await
                }
                () = sleep_until(heartbeat_at) => {
                    heartbeat_at += self.broker.idle;
                    self.write([reply::pingpong(Utc::now()).into()]).await
                }
            };
            if let Err(ended) = step {
                return ended;
            }
        }
    }

    async fn receive(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), Ended> {
        let text = match message {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Binary(bytes))) => String::from_utf8_lossy(&bytes).into_owned().into(),
            // The library answers a ping by itself; a pong answers ours or nothing.
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(()),
            Some(Ok(Message::Close(_))) => return Err(Ended::ClosedByClient),
            Some(Err(_)) | None => return Err(Ended::Lost),
        };
        let answer = self.broker.floor().answer(self.session, &text, Instant::now());
        match answer {
            Answer::Nothing => Ok(()),
            Answer::Reply(reply) => self.write([reply.into()]).await,
            Answer::Refuse(reply) => {
                self.write([reply.into()]).await?;
                Err(Ended::InUse)
            }
        }
    }

    /// Writes frames and counts them once the socket has taken all.
    async fn deliver(&mut self, batch: &mut Vec<Arc<Frame>>) -> Result<(), Ended> {
        self.broker.floor().hand_over(self.session, batch);
        let texts = batch.iter().map(|frame| frame.text.clone()).collect::<Vec<_>>();
        self.write(texts).await?;
        self.broker.floor().count(self.session, batch);
        self.broker.progressed();
        batch.clear();
        Ok(())
    }

    /// A peer that does not read holds this up for as long as it likes, until its session is to end.
    async fn write(&mut self, texts: impl IntoIterator<Item = Utf8Bytes>) -> Result<(), Ended> {
        let socket = &mut self.socket;
        let written = async {
            for text in texts {
                socket.feed(Message::Text(text)).await?;
            }
            socket.flush().await
        };
        tokio::select! {
            result = written => result.map_err(|_| Ended::Lost),
            () = out_of_patience(&mut self.order) => Err(Ended::Aborted),
        }
    }

    /// The end as the peer sees it: of a proper one all that was traded is delivered first.
    async fn part(&mut self, ended: Ended) {
        let close = match ended {
            Ended::Lost | Ended::Aborted => return,
            // The library has queued the answer to the client's close; reading on sends it.
            Ended::ClosedByClient => None,
            Ended::InUse => Some(close_code::NORMAL),
            Ended::Dropped | Ended::Stopped => {
                let mut rest = Vec::new();
                while let Ok(frame) = self.inbox.try_recv() {
                    rest.push(frame);
                }
                if self.deliver(&mut rest).await.is_err() {
                    return;
                }
                Some(close_code::AWAY)
            }
        };
        if let Some(code) = close {
            let frame = CloseFrame { code, reason: Utf8Bytes::default() };
            if self.socket.send(Message::Close(Some(frame))).await.is_err() {
                return;
            }
        }
        // Until the peer has answered, so that it has read all and the socket can go without a reset.
        while let Some(Ok(_)) = self.socket.recv().await {}
    }
}

/// Waits until the session is told to end.
async fn ordered(order: &mut watch::Receiver<Option<Ended>>) -> Ended {
    let told = order.wait_for(Option::is_some).await;
    told.ok().and_then(|end| *end).unwrap_or(Ended::Stopped)
}

/// Waits until a session that was told to end has had its time.
async fn out_of_patience(order: &mut watch::Receiver<Option<Ended>>) {
    if ordered(order).await != Ended::Aborted {
        tokio::time::sleep(FAREWELL).await;
    }
}
