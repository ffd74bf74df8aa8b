//! One broker session as a machine without I/O: what happened goes in, what to do comes out. It knows the broker's
//! manners, and neither sockets nor the spool nor a clock. Driven by `drive.rs`; its tests are tables.
//!
//! The broker takes one session per key and 41 registrations in it, forgets them with the connection, and blocks whoever
//! reconnects in a loop. So: one registration at a time, each confirmed; a fresh set after any loss; delays that grow
//! until real data has come; an unregistering and a close before every reconnect of our own choosing.

use std::time::{Duration, Instant};

use feed::health::SessionState;
use feed::kis::Subscriptions;
use feed::kis::control::{self, Class, Control, Reply};
use feed::kis::frame::{self, Kind};
use feed::kis::request::{self, Action, ApprovalKey};
use feed::tick::Tick;
use feed_runtime::backoff::Backoff;

mod registration;

use registration::Registrations;

/// An approval key is good for a day; a session that registers with an expired one may get no useful error.
const APPROVAL_LIFE: Duration = Duration::from_secs(12 * 3600);
/// Nothing at all for this long, although the broker asks PINGPONG every ten idle seconds: the connection is dead.
const SILENCE: Duration = Duration::from_secs(60);
/// The broker's samples pause 50 ms between registrations, most clients 100.
const PACE: Duration = Duration::from_millis(100);
const FIRST_DELAY: Duration = Duration::from_secs(1);
const LONGEST_DELAY: Duration = Duration::from_secs(60);
/// What a person must mend is tried again this rarely.
const BLOCKED_DELAY: Duration = Duration::from_secs(300);
/// An approval key that is refused may be stale; one that is refused again and again is a wrong app key.
const AUTH_TRIES: u32 = 3;

/// Something that happened.
#[derive(Debug)]
pub enum Input<'a> {
    /// The broker gave an approval key, or an answer of this class instead, or none (transient).
    Approved(Result<ApprovalKey, Class>),
    /// The socket is open.
    Opened,
    Frame(&'a [u8]),
    /// The socket is closed, or could not be opened.
    Lost,
    /// The time asked for by [`Output::WakeAt`] has come.
    Woke,
    Stop,
}

/// Something to do.
#[derive(Debug)]
pub enum Output {
    Approve,
    Dial,
    /// A text frame. It may contain the approval key: never log it.
    Send(String),
    Live(Tick),
    /// Replaces the time asked for before.
    WakeAt(Instant),
    /// Send what is queued, close, and forget the socket: no [`Input::Lost`] follows.
    Hangup,
}

/// Why the last session ended; the label of the reconnect counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The first session has not ended yet.
    None,
    /// The socket closed or could not be opened.
    Lost,
    Silence,
    /// Another session holds the key (OPSP8996), perhaps our own last one.
    InUse,
    Auth,
    /// The broker had trouble of its own.
    Refused,
}

#[derive(Debug)]
pub struct Session {
    registrations: Registrations,
    approval: Option<(ApprovalKey, Instant)>,
    state: State,
    backoff: Backoff,
    in_use: Backoff,
    auth_failures: u32,
    cause: Cause,
}

#[derive(Debug)]
enum State {
    Waiting { until: Instant },
    Approving,
    Dialing,
    Open { heard: Instant, may_send: Instant },
    Stopped,
}

impl Session {
    /// A session that begins at the first [`Input::Woke`]. `in_use_wait` is the shortest wait after OPSP8996: a session
    /// that was cut off lingers at the broker for an unknown time.
    pub fn new(subscriptions: &Subscriptions, in_use_wait: Duration, seed: u64, now: Instant) -> Self {
        Session {
            registrations: Registrations::new(subscriptions.as_slice()),
            approval: None,
            state: State::Waiting { until: now },
            backoff: Backoff::new(FIRST_DELAY, LONGEST_DELAY, seed),
            in_use: Backoff::new(in_use_wait, in_use_wait.max(BLOCKED_DELAY), seed),
            auth_failures: 0,
            cause: Cause::None,
        }
    }

    pub fn handle(&mut self, input: Input<'_>, now: Instant, out: &mut Vec<Output>) {
        match input {
            Input::Approved(Ok(key)) => {
                self.approval = Some((key, now));
                self.state = State::Dialing;
                out.push(Output::Dial);
            }
            Input::Approved(Err(class)) => self.end(class, now),
            Input::Opened => {
                self.registrations.start_over();
                self.state = State::Open { heard: now, may_send: now };
            }
            Input::Frame(bytes) => self.frame(bytes, now, out),
            Input::Lost => self.wait(Cause::Lost, now),
            Input::Woke => {}
            Input::Stop => {
                self.leave(out);
                self.state = State::Stopped;
            }
        }
        self.go_on(now, out);
    }

    /// Does what is due, and asks to be woken for what is not.
    fn go_on(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.registrations.miss_answers(now);
        match self.state {
            State::Waiting { until } if now < until => out.push(Output::WakeAt(until)),
            State::Waiting { .. } => self.begin(now, out),
            State::Open { heard, .. } if now >= heard + SILENCE => self.leave_for(Cause::Silence, now, out),
            State::Open { .. } if self.registrations.came_to_nothing() => self.leave_for(Cause::Refused, now, out),
            State::Open { heard, may_send } => {
                let next = self.registrations.next_due(now);
                if now < may_send {
                    out.push(Output::WakeAt(next.map_or(heard + SILENCE, |_| may_send)));
                } else if let Some(due) = next.filter(|due| *due > now) {
                    out.push(Output::WakeAt(due.min(heard + SILENCE)));
                } else {
                    self.register_next(now, out);
                    let due = self.registrations.next_due(now).map(|due| due.max(now + PACE));
                    out.push(Output::WakeAt(due.map_or(heard + SILENCE, |due| due.min(heard + SILENCE))));
                }
            }
            State::Approving | State::Dialing | State::Stopped => {}
        }
    }

    fn leave_for(&mut self, cause: Cause, now: Instant, out: &mut Vec<Output>) {
        self.leave(out);
        self.wait(cause, now);
        self.go_on(now, out);
    }

    fn begin(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.approval = self.approval.take().filter(|(_, since)| now < *since + APPROVAL_LIFE);
        if self.approval.is_some() {
            self.state = State::Dialing;
            out.push(Output::Dial);
        } else {
            self.state = State::Approving;
            out.push(Output::Approve);
        }
    }

    fn register_next(&mut self, now: Instant, out: &mut Vec<Output>) {
        if let (State::Open { may_send, .. }, Some((key, _))) = (&mut self.state, &self.approval)
            && let Some(subscription) = self.registrations.ask_next(now)
        {
            *may_send = now + PACE;
            out.push(Output::Send(request::register(key, &subscription)));
        }
    }

    fn frame(&mut self, bytes: &[u8], now: Instant, out: &mut Vec<Output>) {
        let State::Open { heard, .. } = &mut self.state else { return };
        *heard = now;
        match frame::kind(bytes) {
            Kind::Control => self.control(bytes, now, out),
            Kind::Data => {
                self.backoff.reset();
                self.in_use.reset();
                self.auth_failures = 0;
                let ticks = frame::decode(bytes).into_iter().flatten().flatten();
                out.extend(ticks.map(Output::Live));
            }
            Kind::Encrypted | Kind::Unknown => {}
        }
    }

    fn control(&mut self, bytes: &[u8], now: Instant, out: &mut Vec<Output>) {
        match control::parse(bytes) {
            Ok(Control::PingPong) => out.extend(std::str::from_utf8(bytes).map(|text| Output::Send(text.to_owned()))),
            Ok(Control::Reply(reply)) => self.reply(&reply, now, out),
            Err(error) => tracing::warn!(error = %error, "a control frame that is none"),
        }
    }

    /// A reply to one of our registrations decides about that one; another error concerns the whole session.
    fn reply(&mut self, reply: &Reply, now: Instant, out: &mut Vec<Output>) {
        if reply.answers() == Some(Action::Unregister) {
            return;
        }
        let class = reply.code.class();
        let whole_session = matches!(class, Class::InUse | Class::Auth);
        let is_good = matches!(class, Class::Ok | Class::Benign);
        if !whole_session && self.registrations.answered(reply, now) {
            if is_good {
                // The key works, also where a closed market sends no data.
                self.auth_failures = 0;
            }
            return;
        }
        if is_good {
            tracing::warn!(code = reply.code.as_str(), text = %reply.text, "the broker grants what was not asked for");
            return;
        }
        tracing::warn!(code = reply.code.as_str(), text = %reply.text, "the broker refuses the session");
        self.leave(out);
        self.end(class, now);
    }

    /// The session is over for a reason that the broker gave.
    fn end(&mut self, class: Class, now: Instant) {
        match class {
            Class::InUse => self.wait(Cause::InUse, now),
            Class::Auth | Class::Permanent => {
                self.approval = None;
                self.auth_failures += 1;
                self.wait(Cause::Auth, now);
            }
            Class::Ok | Class::Benign | Class::Transient | Class::Capacity => self.wait(Cause::Refused, now),
        }
    }

    fn wait(&mut self, cause: Cause, now: Instant) {
        let delay = match cause {
            Cause::InUse => self.in_use.next_delay(),
            Cause::Auth if self.is_blocked() => BLOCKED_DELAY,
            _ => self.backoff.next_delay(),
        };
        self.cause = cause;
        self.registrations.start_over();
        self.state = State::Waiting { until: now + delay };
    }

    /// Unregisters what is registered and closes: the broker then has nothing left of us.
    fn leave(&mut self, out: &mut Vec<Output>) {
        if let (State::Open { .. }, Some((key, _))) = (&self.state, &self.approval) {
            out.extend(self.registrations.registered().map(|one| Output::Send(request::unregister(key, &one))));
        }
        if matches!(self.state, State::Open { .. } | State::Dialing) {
            out.push(Output::Hangup);
        }
    }

    fn is_blocked(&self) -> bool {
        self.auth_failures >= AUTH_TRIES
    }

    pub fn state(&self) -> SessionState {
        match self.state {
            State::Waiting { .. } if self.is_blocked() => SessionState::Blocked,
            State::Waiting { .. } => SessionState::Backoff,
            State::Approving | State::Dialing => SessionState::Connecting,
            State::Open { .. } if self.registrations.are_settled() => SessionState::Live,
            State::Open { .. } => SessionState::Subscribing,
            State::Stopped => SessionState::Stopped,
        }
    }

    pub fn cause(&self) -> Cause {
        self.cause
    }

    /// For the health document.
    pub fn health(&self) -> feed::health::Session {
        feed::health::Session {
            state: self.state(),
            wanted: self.registrations.wanted(),
            registered: self.registrations.registered().count(),
            refused: self.registrations.refused(),
        }
    }
}

impl Cause {
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::None => "none",
            Cause::Lost => "lost",
            Cause::Silence => "silence",
            Cause::InUse => "in_use",
            Cause::Auth => "auth",
            Cause::Refused => "refused",
        }
    }
}

#[cfg(test)]
mod tests;
