//! Who is connected: one session per appkey, up to 41 registrations each, and how each session ended. Pure book-keeping
//! under the floor's lock; time is an argument.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::key::Key;
use crate::outbox::{Inbox, Outbox};
use crate::reply::Code;

/// Registrations that one session may hold, over all streams. Measured: the 42nd gets OPSP0008.
pub(crate) const MOST_REGISTRATIONS: usize = 41;

/// Numbered from 1 in the order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct SessionId(pub u64);

/// Names a customer; never shown.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AppKey(pub String);

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    ClosedByClient,
    /// The connection broke, or ended without a Close frame.
    Lost,
    /// By the control endpoint, after all that was traded had been delivered.
    Dropped,
    /// By the control endpoint, at once and with a reset.
    Aborted,
    /// Another session holds the appkey.
    InUse,
    Stopped,
}

/// One row of `/control/sessions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionReport {
    pub session: SessionId,
    pub opened_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
    pub registered: usize,
    /// Data frames, and the ticks in them, that were written to the socket.
    pub frames: u64,
    pub ticks: u64,
    pub ended: Option<Ended>,
}

/// What the connection of a new session gets.
pub(crate) struct Admission {
    pub session: SessionId,
    pub inbox: Inbox,
    /// None until the session is told to end.
    pub order: watch::Receiver<Option<Ended>>,
}

#[derive(Default)]
pub(crate) struct Sessions {
    linger: Duration,
    /// Every session ever, number n at n - 1.
    seats: Vec<Seat>,
    holders: HashMap<AppKey, Holder>,
    /// All that were ever issued: several are valid at once.
    approvals: HashMap<String, AppKey>,
    stopping: bool,
}

pub(crate) struct Seat {
    pub report: SessionReport,
    pub registered: BTreeSet<Key>,
    pub outbox: Outbox,
    appkey: Option<AppKey>,
    order: watch::Sender<Option<Ended>>,
}

struct Holder {
    session: SessionId,
    /// When the appkey is free again; none while the session lives.
    until: Option<Instant>,
}

impl Sessions {
    pub(crate) fn new(linger: Duration) -> Sessions {
        Sessions { linger, ..Sessions::default() }
    }

    pub(crate) fn approve(&mut self, approval_key: String, appkey: AppKey) {
        self.approvals.insert(approval_key, appkey);
    }

    pub(crate) fn open(&mut self, opened_at: DateTime<Utc>) -> Admission {
        let session = SessionId(self.seats.len() as u64 + 1);
        let (outbox, inbox) = Outbox::new(session);
        let (order, ordered) = watch::channel(self.stopping.then_some(Ended::Stopped));
        let report =
            SessionReport { session, opened_at, closed_at: None, registered: 0, frames: 0, ticks: 0, ended: None };
        self.seats.push(Seat { report, registered: BTreeSet::new(), outbox, appkey: None, order });
        Admission { session, inbox, order: ordered }
    }

    /// The first registration ties a session to its appkey; from then on any valid approval key will do.
    pub(crate) fn bind(&mut self, session: SessionId, approval_key: &str, now: Instant) -> Result<(), Code> {
        let appkey = self.approvals.get(approval_key).ok_or(Code::UnknownApproval)?.clone();
        if self.seat(session).appkey.is_some() {
            return Ok(());
        }
        let blocks = |holder: &Holder| holder.until.is_none_or(|until| now < until);
        if self.holders.get(&appkey).is_some_and(blocks) {
            return Err(Code::InUse);
        }
        self.holders.insert(appkey.clone(), Holder { session, until: None });
        self.seat(session).appkey = Some(appkey);
        Ok(())
    }

    /// Frees the appkey: at once, or after the linger where the broker could not know that the session is over.
    pub(crate) fn release(&mut self, session: SessionId, ended: Ended, now: Instant) {
        let linger = if matches!(ended, Ended::Lost | Ended::Aborted) { self.linger } else { Duration::ZERO };
        if let Some(holder) = self.holders.values_mut().find(|holder| holder.session == session) {
            holder.until = Some(now + linger);
        }
    }

    pub(crate) fn close(&mut self, session: SessionId, ended: Ended, at: DateTime<Utc>) {
        let report = &mut self.seat(session).report;
        (report.closed_at, report.ended) = (Some(at), Some(ended));
    }

    /// Tells the living sessions, or those of one appkey, to end.
    pub(crate) fn order(&mut self, appkey: Option<&AppKey>, end: Ended) -> Vec<SessionId> {
        let meant = |seat: &&Seat| appkey.is_none() || seat.appkey.as_ref() == appkey;
        let tell = |seat: &Seat| {
            seat.order.send_replace(Some(end));
            seat.report.session
        };
        self.living().filter(meant).map(tell).collect()
    }

    /// As [`Sessions::order`] for all, and for those that are still to come.
    pub(crate) fn stop(&mut self) {
        self.stopping = true;
        self.order(None, Ended::Stopped);
    }

    pub(crate) fn seat(&mut self, session: SessionId) -> &mut Seat {
        &mut self.seats[session.0 as usize - 1]
    }

    fn living(&self) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(|seat| seat.report.closed_at.is_none())
    }

    /// What each living session still has to write: itself, and its count of frames by then.
    pub(crate) fn under_way(&self) -> Vec<(SessionId, u64)> {
        self.living().map(|seat| (seat.report.session, seat.outbox.frames_put())).collect()
    }

    /// Whether each of these has written so many frames, or is over.
    pub(crate) fn have_written(&self, targets: &[(SessionId, u64)]) -> bool {
        targets.iter().all(|(session, frames)| {
            let report = &self.seats[session.0 as usize - 1].report;
            report.closed_at.is_some() || report.frames >= *frames
        })
    }

    pub(crate) fn reports(&self) -> Vec<SessionReport> {
        let report = |seat: &Seat| SessionReport { registered: seat.registered.len(), ..seat.report.clone() };
        self.seats.iter().map(report).collect()
    }
}

impl fmt::Debug for AppKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two sessions of one appkey; the first ends as given, and the second tries `after` seconds later.
    #[track_caller]
    fn check(linger: u64, first: Option<Ended>, after: u64, expected: Result<(), Code>) {
        let mut sessions = Sessions::new(Duration::from_secs(linger));
        let (start, at) = (Instant::now(), DateTime::UNIX_EPOCH);
        sessions.approve("one".into(), AppKey("A".into()));
        sessions.approve("two".into(), AppKey("A".into()));
        let (holder, second) = (sessions.open(at).session, sessions.open(at).session);
        assert_eq!(sessions.bind(holder, "one", start), Ok(()));
        assert_eq!(sessions.bind(holder, "two", start), Ok(()), "another approval key in the same session");
        if let Some(ended) = first {
            sessions.release(holder, ended, start);
        }
        assert_eq!(sessions.bind(second, "two", start + Duration::from_secs(after)), expected);
    }

    #[test]
    fn the_first_session_wins_and_a_lost_one_lingers() {
        check(0, None, 1000, Err(Code::InUse));
        check(0, Some(Ended::Lost), 0, Ok(()));
        check(45, Some(Ended::ClosedByClient), 0, Ok(()));
        check(45, Some(Ended::Dropped), 0, Ok(()));
        check(45, Some(Ended::Lost), 44, Err(Code::InUse));
        check(45, Some(Ended::Aborted), 44, Err(Code::InUse));
        check(45, Some(Ended::Lost), 45, Ok(()));
    }
}
