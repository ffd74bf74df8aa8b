//! What the archiver shows of itself: written by its streams' loops, read by the HTTP side.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use feed::entry::Mark;
use feed::health::{Health, Status as Verdict};
use feed_runtime::http::Daemon;
use feed_runtime::pulse::Pulse;
use prometheus_client::registry::Registry;

use crate::commit::{Batch, Committed};
use crate::metrics::Metrics;
use crate::take::Taken;

pub struct Status {
    metrics: Metrics,
    streams: BTreeMap<String, Stream>,
    database: AtomicBool,
    registry: Registry,
}

/// One stream's loop.
struct Stream {
    pulse: Pulse,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Why nothing is archived; none when it is.
    fault: Option<String>,
    /// What is being waited for although all works.
    notice: Option<String>,
    last_commit: Option<DateTime<Utc>>,
    /// Of the newest writer.
    committed: Option<Mark>,
    errors: u64,
}

impl Status {
    pub fn new<'a>(streams: impl IntoIterator<Item = &'a String>) -> Self {
        let mut registry = Registry::default();
        let state = || State { fault: Some("not connected yet".to_owned()), ..State::default() };
        let stream = |name: &String| (name.clone(), Stream { pulse: Pulse::started(), state: Mutex::new(state()) });
        Status {
            metrics: Metrics::register(&mut registry),
            streams: streams.into_iter().map(stream).collect(),
            database: AtomicBool::new(false),
            registry,
        }
    }

    pub fn pulse(&self, stream: &str) {
        self.streams[stream].pulse.beat();
    }

    pub fn fault(&self, stream: &str, fault: Option<String>) {
        let mut state = self.state(stream);
        state.errors += u64::from(fault.is_some() && state.fault.is_none());
        state.fault = fault;
        self.streams[stream].pulse.beat();
    }

    pub fn notice(&self, stream: &str, notice: Option<String>) {
        self.state(stream).notice = notice;
    }

    pub fn database_reachable(&self, reachable: bool) {
        self.database.store(reachable, Ordering::Relaxed);
    }

    pub fn taken(&self, stream: &str, taken: &Taken) {
        self.metrics.taken(stream, taken);
    }

    pub fn committed(&self, stream: &str, batch: &Batch, committed: Committed, took: Duration) {
        self.metrics.committed(stream, batch, committed, took);
        let mut state = self.state(stream);
        state.last_commit = Some(Utc::now());
        let newest = batch.taken.advances.last_key_value();
        state.committed = newest.map(|(_, advance)| advance.to).or(state.committed);
    }

    fn state(&self, stream: &str) -> std::sync::MutexGuard<'_, State> {
        self.streams[stream].state.lock().expect("no holder of this lock can panic")
    }

    fn faults(&self) -> Vec<String> {
        self.each(|state| state.fault.clone())
    }

    fn each(&self, what: impl Fn(&State) -> Option<String>) -> Vec<String> {
        let words = |name: &String| what(&self.state(name)).map(|words| format!("{name}: {words}"));
        self.streams.keys().filter_map(words).collect()
    }
}

impl Daemon for Status {
    const NAME: &'static str = "archiver";

    fn health(&self) -> Health {
        let (faults, notices) = (self.faults(), self.each(|state| state.notice.clone()));
        let waiting_for = [faults.as_slice(), &notices].concat();
        let errors = self.streams.keys().map(|name| (name.clone(), self.state(name).errors));
        let add = |a: Mark, b: Mark| Mark { n: a.n + b.n, ticks: a.ticks + b.ticks };
        Health {
            status: match () {
                () if !faults.is_empty() => Verdict::Fail,
                () if !notices.is_empty() => Verdict::Warn,
                () => Verdict::Pass,
            },
            waiting_for: (!waiting_for.is_empty()).then(|| waiting_for.join("; ")),
            last_activity: self.streams.keys().filter_map(|name| self.state(name).last_commit).max(),
            errors: errors.collect(),
            session: None,
            spooled: None,
            committed: self.streams.keys().filter_map(|name| self.state(name).committed).reduce(add),
        }
    }

    fn is_alive(&self) -> bool {
        self.streams.values().all(|stream| stream.pulse.is_alive())
    }

    fn ready(&self) -> Result<(), String> {
        match self.database.load(Ordering::Relaxed) {
            true => Ok(()),
            false => Err(format!("the database is not reached: {}", self.faults().join("; "))),
        }
    }

    fn registry(&self) -> &Registry {
        &self.registry
    }
}
