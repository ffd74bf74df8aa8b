//! The broker's two addresses: the approval endpoint over REST, the WebSocket. I/O without decisions; `next` says what
//! happened since.

use std::time::Duration;

use feed::kis::control::Class;
use feed::kis::request::{self, AppKey, AppSecret, ApprovalKey, approval};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{self, Bytes, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// How long a close may take; the broker frees the session when it sees it.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub struct Addresses {
    pub websocket: String,
    pub rest: String,
    pub key: AppKey,
    pub secret: AppSecret,
}

/// What happened at the broker.
pub enum Answer {
    Approved(Result<ApprovalKey, Class>),
    Opened,
    Frame(Bytes),
    Lost,
}

pub struct Broker {
    addresses: Addresses,
    client: reqwest::Client,
    line: Line,
}

/// One thing at a time is going on with the broker.
enum Line {
    Idle,
    Approving(JoinHandle<Result<ApprovalKey, Class>>),
    Dialing(JoinHandle<Option<Socket>>),
    Open(Box<Socket>),
}

impl Broker {
    pub fn new(addresses: Addresses) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder().timeout(ANSWER_LIMIT).build()?;
        Ok(Broker { addresses, client, line: Line::Idle })
    }

    pub fn approve(&mut self) {
        let url = format!("{}/oauth2/Approval", self.addresses.rest.trim_end_matches('/'));
        let body = approval(&self.addresses.key, &self.addresses.secret);
        let asked = self.client.post(url).header("content-type", "application/json; charset=utf-8").body(body).send();
        self.line = Line::Approving(tokio::spawn(async move {
            let answer = match asked.await {
                Ok(answer) => answer.bytes().await,
                Err(error) => Err(error),
            };
            let body = answer.map_err(|error| {
                // The address may hold nothing secret, but the chain tells the cause better.
                tracing::warn!(error = %error.without_url(), "the broker gives no approval key");
                Class::Transient
            })?;
            request::read_approval(&body).map_err(|error| {
                tracing::warn!(error = %error, "the broker refuses an approval key");
                error.class()
            })
        }));
    }

    pub fn dial(&mut self) {
        let url = self.addresses.websocket.clone();
        self.line = Line::Dialing(tokio::spawn(async move {
            match timeout(ANSWER_LIMIT, connect_async_with_config(url, None, true)).await {
                Ok(Ok((socket, _))) => Some(socket),
                Ok(Err(error)) => {
                    tracing::warn!(error = %error, "the broker's socket cannot be opened");
                    None
                }
                Err(_) => {
                    tracing::warn!("the broker's socket did not open within 10 s");
                    None
                }
            }
        }));
    }

    /// The next thing that happens; for ever where nothing is going on. May be dropped and called again: nothing that
    /// was read is lost.
    pub async fn next(&mut self) -> Answer {
        match &mut self.line {
            Line::Idle => std::future::pending().await,
            Line::Approving(task) => {
                let approval = task.await.unwrap_or(Err(Class::Transient));
                self.line = Line::Idle;
                Answer::Approved(approval)
            }
            Line::Dialing(task) => match task.await.ok().flatten() {
                Some(socket) => {
                    self.line = Line::Open(Box::new(socket));
                    Answer::Opened
                }
                None => self.lost(),
            },
            Line::Open(socket) => loop {
                match socket.next().await {
                    Some(Ok(Message::Text(text))) => return Answer::Frame(text.into()),
                    Some(Ok(Message::Binary(bytes))) => return Answer::Frame(bytes),
                    // Pings are answered by the library.
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                    Some(Ok(Message::Close(frame))) => tracing::warn!(?frame, "the broker closes the session"),
                    Some(Err(error)) => {
                        tracing::warn!(error = %error, "the broker's socket is lost");
                        return self.lost();
                    }
                    None => return self.lost(),
                }
            },
        }
    }

    fn lost(&mut self) -> Answer {
        self.line = Line::Idle;
        Answer::Lost
    }

    /// A failure shows as a lost socket at the next read.
    pub async fn send(&mut self, text: String) {
        if let Line::Open(socket) = &mut self.line {
            let sent = timeout(ANSWER_LIMIT, socket.send(Message::text(text))).await;
            if !matches!(sent, Ok(Ok(()))) {
                tracing::warn!("a message to the broker was not sent");
            }
        }
    }

    /// Closes, and returns the frames that still came.
    pub async fn hang_up(&mut self) -> Vec<Bytes> {
        let Line::Open(mut socket) = std::mem::replace(&mut self.line, Line::Idle) else { return Vec::new() };
        let mut frames = Vec::new();
        let closing = async {
            socket.close().await?;
            while let Some(message) = socket.next().await {
                match message? {
                    Message::Text(text) => frames.push(text.into()),
                    Message::Binary(bytes) => frames.push(bytes),
                    _ => {}
                }
            }
            Ok::<(), tungstenite::Error>(())
        };
        if !matches!(timeout(CLOSE_LIMIT, closing).await, Ok(Ok(()))) {
            tracing::warn!("the broker did not confirm the close");
        }
        frames
    }
}
