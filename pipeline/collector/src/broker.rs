//! The broker's two addresses: the approval endpoint over REST, the WebSocket. I/O without decisions; `next` says what
//! happened since.

use std::time::Duration;

use feed::kis::control::Class;
use feed::kis::request::{self, AppKey, AppSecret, ApprovalKey, approval};
use feed_runtime::logging::chain;
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

/// A socket that is ours no more, but for what still comes.
pub struct Closing(Box<Socket>);

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
                tracing::warn!(error = chain(&error.without_url()), "the broker gives no approval key");
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
                    tracing::warn!(error = chain(&error), "the broker's socket cannot be opened");
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

    /// Forgets what is going on. A socket that was open is to be closed.
    pub fn hang_up(&mut self) -> Option<Closing> {
        match std::mem::replace(&mut self.line, Line::Idle) {
            Line::Open(socket) => Some(Closing(socket)),
            Line::Idle | Line::Approving(_) | Line::Dialing(_) => None,
        }
    }
}

impl Closing {
    /// Closes; each frame that still comes is given to `keep` as it is read.
    pub async fn finish(mut self, mut keep: impl FnMut(&[u8])) {
        let closing = async {
            self.0.close().await?;
            while let Some(message) = self.0.next().await {
                match message? {
                    Message::Text(text) => keep(text.as_bytes()),
                    Message::Binary(bytes) => keep(&bytes),
                    _ => {}
                }
            }
            Ok::<(), tungstenite::Error>(())
        };
        if !matches!(timeout(CLOSE_LIMIT, closing).await, Ok(Ok(()))) {
            tracing::warn!("the broker did not confirm the close");
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use secrecy::SecretString;
    use tokio::net::TcpListener;
    use tokio::sync::mpsc::unbounded_channel;
    use tokio_tungstenite::accept_async;

    use super::*;

    /// A broker that is asked for nothing but, perhaps, its socket.
    pub(crate) fn broker(websocket: String) -> Broker {
        rustls::crypto::ring::default_provider().install_default().ok();
        let secret = || SecretString::from("x");
        let (key, secret) = (AppKey::new(secret()), AppSecret::new(secret()));
        let addresses = Addresses { websocket, rest: String::new(), key, secret };
        Broker::new(addresses).expect("a client without settings can be built")
    }

    #[tokio::test]
    async fn what_comes_after_the_hangup_is_kept_before_the_close_is_confirmed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let mut broker = broker(format!("ws://{address}"));
        broker.dial();
        let (stream, _) = listener.accept().await.expect("the collector dials");
        let (server, opened) = tokio::join!(accept_async(stream), broker.next());
        assert!(matches!(opened, Answer::Opened));
        let mut server = server.expect("a handshake");
        let closing = broker.hang_up().expect("the socket is open");
        server.send(Message::text("late")).await.expect("the socket is open");
        let (kept, mut frames) = unbounded_channel();
        let finish = closing.finish(|bytes| kept.send(bytes.to_vec()).expect("the test listens"));
        tokio::select! {
            biased;
            frame = frames.recv() => assert_eq!(frame.as_deref(), Some(&b"late"[..])),
            () = finish => panic!("the close is over before the frame is kept"),
        }
    }
}
