//! The floor behind its lock, with the commands of the control side. Shared by the market loop, the connections, the
//! HTTP endpoints and the [`Simulator`](crate::Simulator); here and in the connections the clock is read.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use chrono::Utc;
use serde::Deserialize;
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior};

use crate::exchange::Exchange;
use crate::floor::Floor;
use crate::key::Key;
use crate::ledger::{Ledger, LogLine, Sent};
use crate::sessions::{AppKey, Ended, SessionReport, Sessions};
use crate::settings::{Rate, Settings};

/// How often trades are made: at the highest rate 500 at a time.
const TURN: Duration = Duration::from_millis(5);

/// A command that waits for sockets gives up waiting after this; a peer that does not read delays it so long.
const PATIENCE: Duration = Duration::from_secs(10);

/// How [`Broker::drop_sessions`] ends a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// All that was traded is delivered first, then a proper close.
    #[default]
    Close,
    /// A reset: what was under way is lost, and the session lingers.
    Abort,
}

pub struct Broker {
    floor: Mutex<Floor>,
    /// Woken after each write and each end of a session.
    progress: Notify,
    /// Silence after which a PINGPONG goes out.
    pub(crate) idle: Duration,
    /// The only customers; empty: everybody.
    pub(crate) appkeys: Vec<AppKey>,
}

impl Broker {
    pub(crate) fn new(settings: Settings) -> Broker {
        let mut exchange = Exchange::new(settings.seed, settings.width, settings.rate, settings.trade_unseen);
        if let Some(replay) = settings.replay {
            exchange.replay(replay.0);
        }
        for key in &settings.symbols {
            exchange.list(key);
        }
        let floor =
            Floor { exchange, sessions: Sessions::new(settings.linger), ledger: Ledger::new(settings.keep_log) };
        let appkeys = settings.appkeys;
        Broker { floor: Mutex::new(floor), progress: Notify::new(), idle: settings.idle, appkeys }
    }

    pub(crate) fn floor(&self) -> MutexGuard<'_, Floor> {
        self.floor.lock().expect("no thread panics while it holds the floor")
    }

    /// Ends all sessions, or that of one appkey, and returns how many once they are over.
    pub async fn drop_sessions(&self, appkey: Option<&AppKey>, how: How) -> usize {
        let end = match how {
            How::Close => Ended::Dropped,
            How::Abort => Ended::Aborted,
        };
        let told = self.floor().sessions.order(appkey, end);
        let ends = told.iter().map(|session| (*session, u64::MAX)).collect::<Vec<_>>();
        self.wait_until(|sessions| sessions.have_written(&ends)).await;
        told.len()
    }

    /// Nothing comes any more for one key, or for all; registrations stay. Returns when the last frame is written.
    pub async fn mute(&self, key: Option<&Key>) {
        self.floor().exchange.mute(key);
        self.settle().await;
    }

    /// Takes back the mute of one key, or every mute.
    pub fn unmute(&self, key: Option<&Key>) {
        self.floor().exchange.unmute(key);
    }

    /// Returns when the frames of the old rate are written: after a pause, what was sent stands still.
    pub async fn set_rate(&self, rate: Rate) {
        self.floor().exchange.set_rate(rate);
        self.settle().await;
    }

    pub fn sent(&self) -> Sent {
        self.floor().ledger.sent()
    }

    /// Every session so far, in the order of arrival.
    pub fn sessions(&self) -> Vec<SessionReport> {
        self.floor().sessions.reports()
    }

    /// At most `most` lines from number `from`, counted from 0; none unless the settings keep a log.
    pub fn log(&self, from: usize, most: usize) -> Option<Vec<LogLine>> {
        self.floor().ledger.log(from, most)
    }

    pub(crate) fn progressed(&self) {
        self.progress.notify_waiters();
    }

    /// Makes trades for ever.
    pub(crate) async fn trade(&self) {
        let mut turns = tokio::time::interval(TURN);
        turns.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut last = Instant::now();
        loop {
            turns.tick().await;
            let now = Instant::now();
            self.floor().exchange.turn(now - last, Utc::now());
            last = now;
        }
    }

    /// Waits until all that was traded before this call has been written.
    async fn settle(&self) {
        let targets = self.floor().sessions.under_way();
        self.wait_until(|sessions| sessions.have_written(&targets)).await;
    }

    async fn wait_until(&self, holds: impl Fn(&Sessions) -> bool) {
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                let progress = self.progress.notified();
                tokio::pin!(progress);
                progress.as_mut().enable();
                if holds(&self.floor().sessions) {
                    return;
                }
                progress.await;
            }
        });
        if waited.await.is_err() {
            tracing::warn!(seconds = PATIENCE.as_secs(), "a peer does not read: not waiting for it any longer");
        }
    }
}
