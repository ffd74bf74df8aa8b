//! What was sent, per key and, if asked for, word by word. Written by the connections, read by the control side.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::ws::Utf8Bytes;
use serde::{Deserialize, Serialize};

use crate::frame::Frame;
use crate::sessions::SessionId;

/// `/control/sent`: what was written to living sockets. A trade that several sessions heard counts once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    pub by_key: BTreeMap<String, KeySent>,
    pub ticks: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeySent {
    pub ticks: u64,
    pub volume: u64,
    pub last_cum_volume: u64,
}

/// One line of `/control/log`: a frame handed to a socket. Those of a session beyond its own count of `frames` were handed
/// over, but the writing failed: the peer may have read some of them or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    pub session: SessionId,
    /// From 1 in each session.
    pub sequence: u64,
    pub frame: Utf8Bytes,
}

pub(crate) struct Ledger {
    sent: Sent,
    /// None unless the settings ask for it: it grows with all that is sent.
    log: Option<Vec<LogLine>>,
}

impl Ledger {
    pub(crate) fn new(keep_log: bool) -> Ledger {
        Ledger { sent: Sent::default(), log: keep_log.then(Vec::new) }
    }

    /// Before the writing; `sequence` is that of the first frame.
    pub(crate) fn hand_over(&mut self, session: SessionId, sequence: u64, frames: &[Arc<Frame>]) {
        let line = |(sequence, frame): (u64, &Arc<Frame>)| LogLine { session, sequence, frame: frame.text.clone() };
        if let Some(log) = &mut self.log {
            log.extend((sequence..).zip(frames).map(line));
        }
    }

    /// After the writing.
    pub(crate) fn count(&mut self, frames: &[Arc<Frame>]) {
        for frame in frames.iter().filter(|frame| frame.count()) {
            let name = frame.key.to_string();
            let of_key = self.sent.by_key.entry(name).or_default();
            of_key.ticks += frame.ticks;
            of_key.volume += frame.volume;
            of_key.last_cum_volume = frame.cum_volume;
            self.sent.ticks += frame.ticks;
        }
    }

    pub(crate) fn sent(&self) -> Sent {
        self.sent.clone()
    }

    /// At most `most` lines from number `from`, counted from 0 over all sessions.
    pub(crate) fn log(&self, from: usize, most: usize) -> Option<Vec<LogLine>> {
        let log = self.log.as_ref()?;
        Some(log.iter().skip(from).take(most).cloned().collect())
    }
}
