//! A KIS client small enough to be trusted: it knows how to ask and how to split a frame, nothing more.

use std::collections::VecDeque;
use std::future::Future;
use std::time::Duration;

use feed_simulator::{Rate, Settings, Simulator};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

pub(crate) struct Client {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub approval_key: String,
    /// Data frames that came while something else was waited for.
    frames: VecDeque<String>,
}

pub(crate) async fn start(settings: Settings) -> Simulator {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    Simulator::start(listener, settings).expect("a bound listener is all it needs")
}

pub(crate) fn rate(ticks_per_second: u32) -> Rate {
    ticks_per_second.try_into().expect("the tests write good rates")
}

/// The bound of every wait.
pub(crate) async fn soon<T>(what: &str, wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), wait).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// Status and body of one request.
pub(crate) async fn http(simulator: &Simulator, method: &str, path: &str, body: &str) -> (u16, String) {
    let length = body.len();
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    let mut socket = TcpStream::connect(simulator.address()).await.expect("it listens");
    let mut answer = String::new();
    socket.write_all((request + body).as_bytes()).await.expect("it reads");
    soon("an HTTP answer", socket.read_to_string(&mut answer)).await.expect("it answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    (head[9..12].parse().expect("a status is a number"), body.to_owned())
}

pub(crate) async fn approve(simulator: &Simulator, appkey: &str) -> String {
    let body = json!({"grant_type": "client_credentials", "appkey": appkey, "secretkey": "s"}).to_string();
    let (status, body) = http(simulator, "POST", "/oauth2/Approval", &body).await;
    assert_eq!(status, 200, "{body}");
    let body = serde_json::from_str::<Value>(&body).expect("the answer is JSON");
    body["approval_key"].as_str().expect("the key is text").to_owned()
}

impl Client {
    pub(crate) async fn join(simulator: &Simulator, appkey: &str) -> Client {
        let approval_key = approve(simulator, appkey).await;
        let url = format!("ws://{}/tryitout", simulator.address());
        let (socket, _) = tokio_tungstenite::connect_async(url).await.expect("it upgrades at any path");
        Client { socket, approval_key, frames: VecDeque::new() }
    }

    /// A session with these keys registered.
    pub(crate) async fn join_with(simulator: &Simulator, appkey: &str, keys: &[&str]) -> Client {
        let mut client = Client::join(simulator, appkey).await;
        for key in keys {
            assert_eq!(client.ask("1", key).await, "OPSP0000", "{key}");
        }
        client
    }

    pub(crate) async fn say(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.expect("the socket is open");
    }

    pub(crate) fn request(&self, tr_type: &str, key: &str) -> String {
        let (tr_id, tr_key) = key.split_once(':').expect("keys are written TR:ISSUE");
        let header = json!({"approval_key": self.approval_key, "custtype": "P", "tr_type": tr_type, "x-unknown": 1});
        json!({"header": header, "body": {"input": {"tr_id": tr_id, "tr_key": tr_key}}}).to_string()
    }

    /// Sends a request and returns the `msg_cd` of its reply.
    pub(crate) async fn ask(&mut self, tr_type: &str, key: &str) -> String {
        self.say(self.request(tr_type, key)).await;
        self.code().await
    }

    /// The `msg_cd` of the next reply.
    pub(crate) async fn code(&mut self) -> String {
        let reply = serde_json::from_str::<Value>(&self.control().await).expect("control messages are JSON");
        reply["body"]["msg_cd"].as_str().unwrap_or_default().to_owned()
    }

    /// The next message that is not data.
    pub(crate) async fn control(&mut self) -> String {
        loop {
            let text = self.text().await.expect("the session lives");
            if text.starts_with('{') {
                return text;
            }
            self.frames.push_back(text);
        }
    }

    /// The next data frame; none when the session ends first.
    pub(crate) async fn frame(&mut self) -> Option<String> {
        if let Some(frame) = self.frames.pop_front() {
            return Some(frame);
        }
        loop {
            let text = self.text().await?;
            if !text.starts_with('{') {
                return Some(text);
            }
        }
    }

    /// All data frames until the session ends.
    pub(crate) async fn rest(&mut self) -> Vec<String> {
        let mut frames = Vec::new();
        while let Some(frame) = self.frame().await {
            frames.push(frame);
        }
        frames
    }

    /// The next text message; none when the connection has ended, with or without a close.
    async fn text(&mut self) -> Option<String> {
        loop {
            match soon("a message", self.socket.next()).await? {
                Ok(Message::Text(text)) => return Some(text.as_str().to_owned()),
                Ok(Message::Close(_)) => {}
                Err(_) => return None,
                Ok(other) => assert!(other.is_ping() || other.is_pong(), "data comes as text, not as {other:?}"),
            }
        }
    }
}

/// The records of a frame, each a list of fields.
pub(crate) fn records(frame: &str) -> Vec<Vec<String>> {
    let parts = frame.splitn(4, '|').collect::<Vec<_>>();
    let count = parts[2].parse::<usize>().expect("the count is a number");
    let fields = parts[3].split('^').map(str::to_owned).collect::<Vec<_>>();
    assert!((1..=6).contains(&count) && fields.len() % count == 0, "{frame}");
    fields.chunks(fields.len() / count).map(<[String]>::to_vec).collect()
}
