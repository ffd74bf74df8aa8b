//! The archiver's metrics, under the names of `feed::metric`.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use feed::metric;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::commit::{Batch, Committed};
use crate::take::Taken;

type OfStream = [(&'static str, String); 1];
type OfWriter = [(&'static str, String); 2];

#[derive(Debug)]
pub struct Metrics {
    ticks: Family<OfStream, Counter>,
    batches: Family<OfStream, Counter>,
    duplicates: Family<OfStream, Counter>,
    conflicts: Family<OfStream, Counter>,
    rejects: Family<OfStream, Counter>,
    skipped: Family<OfStream, Counter>,
    strangers: Family<OfStream, Counter>,
    gaps: Family<OfStream, Counter>,
    missing: Family<OfStream, Counter>,
    sequence: Family<OfWriter, Gauge>,
    heartbeat: Family<OfStream, Gauge<f64, AtomicU64>>,
    duration: Histogram,
}

impl Metrics {
    pub fn register(registry: &mut Registry) -> Self {
        let duration = Histogram::new(exponential_buckets(0.001, 2.0, 14));
        let metrics = Metrics {
            ticks: Family::default(),
            batches: Family::default(),
            duplicates: Family::default(),
            conflicts: Family::default(),
            rejects: Family::default(),
            skipped: Family::default(),
            strangers: Family::default(),
            gaps: Family::default(),
            missing: Family::default(),
            sequence: Family::default(),
            heartbeat: Family::default(),
            duration,
        };
        registry.register(metric::TICKS_COMMITTED, "Rows inserted", metrics.ticks.clone());
        registry.register(metric::BATCHES_COMMITTED, "Transactions", metrics.batches.clone());
        registry.register(metric::DUPLICATES_SKIPPED, "Rows that were there already", metrics.duplicates.clone());
        registry.register(metric::CONFLICTS, "Rows that differ from the one there", metrics.conflicts.clone());
        registry.register(metric::REJECTS, "Frames and records that are no tick", metrics.rejects.clone());
        registry.register(metric::ENTRIES_SKIPPED, "Entries that were stored already", metrics.skipped.clone());
        registry.register(metric::STRANGERS, "Entries of another form", metrics.strangers.clone());
        registry.register(metric::GAPS, "Losses recorded", metrics.gaps.clone());
        registry.register(metric::MISSING_ENTRIES, "Entries in those losses", metrics.missing.clone());
        registry.register(metric::COMMITTED_SEQUENCE, "Highest n committed", metrics.sequence.clone());
        registry.register(metric::HEARTBEAT, "When the newest committed entry was received", metrics.heartbeat.clone());
        registry.register(metric::COMMIT_DURATION, "Duration of a commit", metrics.duration.clone());
        metrics
    }

    pub fn taken(&self, stream: &str, taken: &Taken) {
        self.skipped.get_or_create(&of(stream)).inc_by(taken.skipped);
        self.strangers.get_or_create(&of(stream)).inc_by(taken.strangers);
    }

    pub fn committed(&self, stream: &str, batch: &Batch, committed: Committed, took: Duration) {
        let of = of(stream);
        self.ticks.get_or_create(&of).inc_by(committed.inserted);
        self.batches.get_or_create(&of).inc();
        self.duplicates.get_or_create(&of).inc_by(committed.duplicates);
        self.conflicts.get_or_create(&of).inc_by(committed.conflicts);
        self.rejects.get_or_create(&of).inc_by(batch.rejects.len() as u64);
        self.gaps.get_or_create(&of).inc_by(batch.taken.gaps.len() as u64);
        let missing = batch.taken.gaps.iter().map(|gap| gap.to - gap.from + 1).sum();
        self.missing.get_or_create(&of).inc_by(missing);
        for (writer, advance) in &batch.taken.advances {
            let of_writer = [("stream", stream.to_owned()), ("writer", writer.to_string())];
            self.sequence.get_or_create(&of_writer).set(i64::try_from(advance.to.n).unwrap_or(i64::MAX));
        }
        let received = batch.taken.advances.values().filter_map(|advance| advance.received).max();
        if let Some(received) = received {
            self.heartbeat.get_or_create(&of).set(received.0 as f64 / 1e6);
        }
        self.duration.observe(took.as_secs_f64());
    }
}

fn of(stream: &str) -> OfStream {
    [("stream", stream.to_owned())]
}
