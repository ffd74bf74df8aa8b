//! Proof that a loop turns: the loop beats, `/livez` looks how long ago that was.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A loop that has not beaten for this long hangs: each loop wakes at least once a second.
const LIMIT: Duration = Duration::from_secs(30);

/// Beaten by one loop, read by the HTTP side, for the life of the process.
#[derive(Debug)]
pub struct Pulse {
    started: Instant,
    beat_ms: AtomicU64,
}

impl Pulse {
    pub fn started() -> Self {
        Pulse { started: Instant::now(), beat_ms: AtomicU64::new(0) }
    }

    pub fn beat(&self) {
        self.beat_ms.store(self.elapsed_ms(), Ordering::Relaxed);
    }

    pub fn is_alive(&self) -> bool {
        let age = self.elapsed_ms().saturating_sub(self.beat_ms.load(Ordering::Relaxed));
        Duration::from_millis(age) < LIMIT
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
