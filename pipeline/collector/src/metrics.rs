//! The collector's metrics, under the names of `feed::metric`.

use std::sync::atomic::AtomicU64;

use feed::health::SessionState;
use feed::metric;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

type Label = [(&'static str, &'static str); 1];

#[derive(Debug, Default)]
pub struct Metrics {
    session_state: Family<Label, Gauge>,
    pub last_frame: Gauge<f64, AtomicU64>,
    pub frames_received: Counter,
    pub ticks_received: Counter,
    pub ticks_published: Counter,
    pub live_dropped: Counter,
    pub spool_lost: Counter,
    pub spooled: Gauge,
    pub published: Gauge,
    reconnects: Family<Label, Counter>,
    resyncs: Family<Label, Counter>,
}

impl Metrics {
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Metrics::default();
        registry.register(
            metric::SESSION_STATE,
            "1 for the state of the broker session",
            metrics.session_state.clone(),
        );
        registry.register(metric::LAST_FRAME, "Last inbound frame of any kind", metrics.last_frame.clone());
        registry.register(metric::FRAMES_RECEIVED, "Frames but control messages", metrics.frames_received.clone());
        registry.register(metric::TICKS_RECEIVED, "Ticks by the frames' own counts", metrics.ticks_received.clone());
        registry.register(metric::TICKS_PUBLISHED, "Ticks taken by Redis", metrics.ticks_published.clone());
        registry.register(metric::LIVE_DROPPED, "Live messages dropped", metrics.live_dropped.clone());
        registry.register(metric::SPOOL_LOST, "Frames that could not be spooled", metrics.spool_lost.clone());
        registry.register(metric::SPOOLED_SEQUENCE, "Highest n in the spool", metrics.spooled.clone());
        registry.register(metric::PUBLISHED_SEQUENCE, "Highest n taken by Redis", metrics.published.clone());
        registry.register(metric::RECONNECTS, "Broker sessions ended, by reason", metrics.reconnects.clone());
        registry.register(metric::RESYNCS, "Looks at what Redis holds, by reason", metrics.resyncs.clone());
        metrics
    }

    pub fn session_state(&self, state: SessionState) {
        for one in SessionState::ALL {
            self.session_state.get_or_create(&[("state", one.as_str())]).set(i64::from(one == state));
        }
    }

    pub fn reconnect(&self, reason: &'static str) {
        self.reconnects.get_or_create(&[("reason", reason)]).inc();
    }

    pub fn resync(&self, reason: &'static str) {
        self.resyncs.get_or_create(&[("reason", reason)]).inc();
    }
}
