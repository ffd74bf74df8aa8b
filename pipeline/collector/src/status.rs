//! What the collector shows of itself: written by its loops, read by the HTTP side.

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::DateTime;
use feed::entry::{Kind, Mark, Received};
use feed::health::{Health, Session, SessionState, Status as Verdict};
use feed_runtime::http::Daemon;
use feed_runtime::pulse::Pulse;
use prometheus_client::registry::Registry;

use crate::metrics::Metrics;

pub struct Status {
    pub metrics: Metrics,
    /// The loop that reads the socket, and the one that ships.
    pub reading: Pulse,
    pub shipping: Pulse,
    session: Mutex<Session>,
    /// Why the spool cannot be written; none when it can.
    spool_fault: Mutex<Option<String>>,
    /// Why what is written cannot be forced to the disk; none when it can.
    sync_fault: Mutex<Option<String>>,
    /// Why nothing is shipped; none when it is.
    redis_fault: Mutex<Option<String>>,
    last_frame: AtomicI64,
    spooled: Mutex<Mark>,
    committed: Mutex<Option<Mark>>,
    parse_errors: AtomicU64,
    failed_syncs: AtomicU64,
    registry: Registry,
}

impl Status {
    /// `spooled`: what the spool already held at the start.
    pub fn new(session: Session, spooled: Mark) -> Self {
        let mut registry = Registry::default();
        let status = Status {
            metrics: Metrics::register(&mut registry),
            reading: Pulse::started(),
            shipping: Pulse::started(),
            session: Mutex::new(session),
            spool_fault: Mutex::new(None),
            sync_fault: Mutex::new(None),
            redis_fault: Mutex::new(Some("not connected yet".to_owned())),
            last_frame: AtomicI64::new(0),
            spooled: Mutex::default(),
            committed: Mutex::new(None),
            parse_errors: AtomicU64::new(0),
            failed_syncs: AtomicU64::new(0),
            registry,
        };
        status.spooled(spooled);
        status
    }

    pub fn session(&self, session: Session) {
        self.metrics.session_state(session.state);
        *lock(&self.session) = session;
    }

    /// A frame of any kind was read.
    pub fn heard(&self, at: Received) {
        self.last_frame.store(at.0, Ordering::Relaxed);
        self.metrics.last_frame.set(at.0 as f64 / 1e6);
    }

    pub fn spooled(&self, end: Mark) {
        *lock(&self.spooled) = end;
        self.metrics.spooled.set(i64::try_from(end.n).unwrap_or(i64::MAX));
    }

    pub fn committed(&self, mark: Option<Mark>) {
        *lock(&self.committed) = mark;
    }

    /// The spool takes records.
    pub fn spool_works(&self) {
        *lock(&self.spool_fault) = None;
    }

    /// A record could not be spooled. Only a frame is a loss: nobody misses a heartbeat.
    pub fn lost(&self, kind: Kind, fault: String) {
        if kind == Kind::Frame {
            self.metrics.spool_lost.inc();
        }
        *lock(&self.spool_fault) = Some(format!("cannot be written: {fault}"));
    }

    /// What came of forcing the spool to the disk. True when the time before came to another end.
    pub fn synced(&self, outcome: &io::Result<()>) -> bool {
        let fault = outcome.as_ref().err().map(|error| format!("cannot be forced to the disk: {error}"));
        self.failed_syncs.fetch_add(u64::from(fault.is_some()), Ordering::Relaxed);
        let mut before = lock(&self.sync_fault);
        let changed = before.is_some() != fault.is_some();
        *before = fault;
        changed
    }

    pub fn redis_fault(&self, fault: Option<String>) {
        *lock(&self.redis_fault) = fault;
    }

    /// A frame that holds no readable tick; it is spooled all the same.
    pub fn unreadable(&self) {
        self.parse_errors.fetch_add(1, Ordering::Relaxed);
    }

    fn errors(&self) -> BTreeMap<String, u64> {
        let counts = [
            ("lost_frames", self.metrics.spool_lost.get()),
            ("failed_syncs", self.failed_syncs.load(Ordering::Relaxed)),
            ("unreadable_frames", self.parse_errors.load(Ordering::Relaxed)),
            ("live_dropped", self.metrics.live_dropped.get()),
        ];
        counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
    }

    /// What is wrong with the spool; that it cannot be written is the worse.
    fn spool(&self) -> Result<(), String> {
        let fault = lock(&self.spool_fault).clone().or_else(|| lock(&self.sync_fault).clone());
        fault.map_or(Ok(()), |fault| Err(format!("the spool {fault}")))
    }
}

impl Daemon for Status {
    const NAME: &'static str = "collector";

    fn health(&self) -> Health {
        let session = lock(&self.session).clone();
        let spool = self.spool().err();
        let redis = lock(&self.redis_fault).clone().map(|fault| format!("redis: {fault}"));
        let broker = match session.state {
            SessionState::Live => None,
            state => Some(format!("the broker: session is {}", state.as_str())),
        };
        let blocked = session.state == SessionState::Blocked;
        let status = match () {
            () if spool.is_some() || blocked => Verdict::Fail,
            () if broker.is_some() || redis.is_some() || !session.refused.is_empty() => Verdict::Warn,
            () => Verdict::Pass,
        };
        let last_frame = self.last_frame.load(Ordering::Relaxed);
        Health {
            status,
            waiting_for: spool.or(broker).or(redis),
            last_activity: (last_frame > 0).then(|| DateTime::from_timestamp_micros(last_frame)).flatten(),
            errors: self.errors(),
            session: Some(session),
            spooled: Some(*lock(&self.spooled)),
            committed: *lock(&self.committed),
        }
    }

    fn is_alive(&self) -> bool {
        self.reading.is_alive() && self.shipping.is_alive()
    }

    /// Only what a restart could mend: the state of the broker must not make the container unhealthy and restarted into
    /// a storm of reconnects, and a Redis that is down is what the spool is for.
    fn ready(&self) -> Result<(), String> {
        self.spool()
    }

    fn registry(&self) -> &Registry {
        &self.registry
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("no holder of this lock can panic")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(spooled: Mark) -> Status {
        Status::new(Session { state: SessionState::Live, wanted: 1, registered: 1, refused: Vec::new() }, spooled)
    }

    #[test]
    fn what_the_spool_held_before_the_start_is_shown() {
        let mark = Mark { n: 7, ticks: 19 };
        let status = status(mark);
        assert_eq!((status.health().spooled, status.metrics.spooled.get()), (Some(mark), 7));
    }

    #[test]
    fn a_lost_frame_is_counted_and_a_lost_heartbeat_is_not() {
        let check = |kind, lost_frames| {
            let status = status(Mark::default());
            status.lost(kind, "no space left".to_owned());
            let health = status.health();
            assert_eq!(health.errors["lost_frames"], lost_frames, "{kind:?}");
            assert_eq!(health.waiting_for.as_deref(), Some("the spool cannot be written: no space left"), "{kind:?}");
        };
        check(Kind::Frame, 1);
        check(Kind::Heartbeat, 0);
    }

    #[test]
    fn only_a_change_is_news() {
        let status = status(Mark::default());
        let failed = || Err(io::Error::from(io::ErrorKind::StorageFull));
        let news = [Ok(()), failed(), failed(), Ok(()), Ok(()), failed()].map(|outcome| status.synced(&outcome));
        assert_eq!(news, [false, true, false, true, false, true]);
    }
}
