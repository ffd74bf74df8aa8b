//! The simulated broker as a process, and its control side as calls.

use std::time::Duration;

use feed_simulator::Sent;
use serde_json::Value;

use crate::daemon::Daemon;
use crate::eventually::eventually;

pub struct Simulator {
    pub daemon: Daemon,
}

/// A line of the simulator's log: a frame handed to a socket.
#[derive(Debug)]
pub struct Logged {
    pub session: u64,
    pub frame: String,
}

/// One session as the simulator saw it.
#[derive(Debug)]
pub struct Session {
    pub number: u64,
    pub registered: u64,
    /// Frames written to its socket.
    pub frames: u64,
    /// None while it lives; else `lost`, `dropped`, `closed-by-client`, …
    pub ended: Option<String>,
}

impl Simulator {
    /// Keeps its log. Further settings as variables, such as `FEED_SIMULATOR_RATE`.
    pub async fn start(settings: &[(&str, &str)]) -> Simulator {
        let settings = [&[("FEED_SIMULATOR_KEEP_LOG", "true")], settings].concat();
        let daemon = Daemon::start("feed-simulator", "FEED_SIMULATOR_LISTEN", &settings);
        daemon.ready().await;
        Simulator { daemon }
    }

    /// What was written to living sockets.
    pub async fn sent(&self) -> Sent {
        read_sent(&self.get("/control/sent").await)
    }

    /// Ticks per second over all registered keys.
    pub async fn set_rate(&self, rate: u32) {
        self.post(&format!("/control/rate?ticks_per_second={rate}")).await;
    }

    /// No more trades; what was sent until then.
    pub async fn mute(&self) -> Sent {
        read_sent(&self.post("/control/mute").await)
    }

    pub async fn unmute(&self) {
        self.post("/control/unmute").await;
    }

    /// Closes every session after all that was traded has been delivered.
    pub async fn drop_sessions(&self) {
        self.post("/control/drop").await;
    }

    /// Waits until `more` ticks have been sent.
    pub async fn sends(&self, more: u64) {
        let wanted = self.sent().await.ticks + more;
        eventually(Duration::from_secs(60), "the simulator sends more", async || {
            let ticks = self.sent().await.ticks;
            if ticks >= wanted { Ok(()) } else { Err(format!("{ticks} ticks of {wanted}")) }
        })
        .await;
    }

    pub async fn sessions(&self) -> Vec<Session> {
        let answer = self.get("/control/sessions").await;
        let answer: Value = serde_json::from_str(&answer).expect("the answer is JSON");
        let sessions = answer["sessions"].as_array().expect("a list of sessions");
        let number = |session: &Value, key: &str| session[key].as_u64().expect("a number");
        let session = |session: &Value| Session {
            number: number(session, "session"),
            registered: number(session, "registered"),
            frames: number(session, "frames"),
            ended: session["ended"].as_str().map(str::to_owned),
        };
        sessions.iter().map(session).collect()
    }

    /// Every frame of every session, in order within each.
    pub async fn log(&self) -> Vec<Logged> {
        let mut log = Vec::new();
        loop {
            let path = format!("/control/log?from={}", log.len());
            let page = self.get(&path).await;
            if page.is_empty() {
                return log;
            }
            log.extend(page.lines().map(logged));
        }
    }

    async fn get(&self, path: &str) -> String {
        self.daemon.get(path).await.expect("the simulator answers")
    }

    async fn post(&self, path: &str) -> String {
        self.daemon.post(path).await.expect("the simulator answers")
    }
}

fn read_sent(answer: &str) -> Sent {
    serde_json::from_str(answer).expect("the answer is the documented one")
}

fn logged(line: &str) -> Logged {
    let mut words = line.splitn(3, ' ');
    let session = words.next().and_then(|word| word.parse().ok()).expect("a line begins with its session");
    let frame = words.nth(1).expect("a line ends with its frame").to_owned();
    Logged { session, frame }
}
