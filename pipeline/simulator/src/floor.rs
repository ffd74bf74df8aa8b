//! The broker's whole state, changed only under one lock: markets, sessions, counts. Answers requests; no I/O, no clock.

use std::sync::Arc;

use tokio::time::Instant;

use crate::exchange::Exchange;
use crate::frame::Frame;
use crate::key::{Key, KeyError};
use crate::ledger::Ledger;
use crate::reply::Code;
use crate::request::{self, Action, Message, Request};
use crate::sessions::{Ended, MOST_REGISTRATIONS, SessionId, Sessions};

pub(crate) struct Floor {
    pub exchange: Exchange,
    pub sessions: Sessions,
    pub ledger: Ledger,
}

/// What to do about a client's message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Nothing,
    Reply(String),
    /// Reply, then close.
    Refuse(String),
}

impl Floor {
    pub(crate) fn answer(&mut self, session: SessionId, text: &str, now: Instant) -> Answer {
        let request = match request::parse(text) {
            Ok(Message::Heartbeat) => return Answer::Nothing,
            Ok(Message::Request(request)) => request,
            Err(code) => return Answer::Reply(code.session_reply()),
        };
        match self.sessions.bind(session, &request.approval_key, now) {
            Err(Code::InUse) => Answer::Refuse(Code::InUse.session_reply()),
            Err(code) => Answer::Reply(code.session_reply()),
            Ok(()) => Answer::Reply(self.carry_out(session, &request).reply(&request.tr_id, &request.tr_key)),
        }
    }

    fn carry_out(&mut self, session: SessionId, request: &Request) -> Code {
        let key = match request.tr_id.parse().and_then(|tr| Key::new(tr, &request.tr_key)) {
            Ok(key) => key,
            Err(KeyError::Code) => return Code::InvalidTrKey,
            Err(KeyError::Tr | KeyError::Form) => return Code::InvalidTrId,
        };
        let seat = self.sessions.seat(session);
        match (request.action, seat.registered.contains(&key)) {
            (Action::Register, true) => Code::AlreadySubscribed,
            (Action::Unregister, false) => Code::NotSubscribed,
            (Action::Register, false) if seat.registered.len() == MOST_REGISTRATIONS => Code::TooMany,
            (Action::Register, false) => {
                self.exchange.subscribe(&key, seat.outbox.clone());
                seat.registered.insert(key);
                Code::Subscribed
            }
            (Action::Unregister, true) => {
                self.exchange.unsubscribe(&key, session);
                seat.registered.remove(&key);
                Code::Unsubscribed
            }
        }
    }

    /// No more trades for this session, and its appkey is free, so that a client which reconnects as soon as it sees the end is
    /// not refused. What the outbox holds may still be written.
    pub(crate) fn leave(&mut self, session: SessionId, ended: Ended, now: Instant) {
        for key in &self.sessions.seat(session).registered {
            self.exchange.unsubscribe(key, session);
        }
        self.sessions.release(session, ended, now);
    }

    pub(crate) fn hand_over(&mut self, session: SessionId, frames: &[Arc<Frame>]) {
        let sequence = self.sessions.seat(session).report.frames + 1;
        self.ledger.hand_over(session, sequence, frames);
    }

    pub(crate) fn count(&mut self, session: SessionId, frames: &[Arc<Frame>]) {
        self.ledger.count(frames);
        let seat = self.sessions.seat(session);
        seat.report.frames += frames.len() as u64;
        seat.report.ticks += frames.iter().map(|frame| frame.ticks).sum::<u64>();
    }
}
