//! The way from the exchange to one session's socket: bounded, so that a peer that does not read holds the trades back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use crate::frame::Frame;
use crate::sessions::SessionId;

/// Frames that may wait for a socket: about a tenth of a second at the highest rate.
const ROOM: usize = 8192;

/// The exchange's end. All clones of it put under the floor's lock, so that [`Outbox::has_room`] holds until the put.
#[derive(Debug, Clone)]
pub(crate) struct Outbox {
    session: SessionId,
    queue: mpsc::Sender<Arc<Frame>>,
    /// Frames put so far; the session's report counts those that were written.
    put: Arc<AtomicU64>,
}

/// The connection's end.
pub(crate) type Inbox = mpsc::Receiver<Arc<Frame>>;

impl Outbox {
    pub(crate) fn new(session: SessionId) -> (Outbox, Inbox) {
        let (queue, inbox) = mpsc::channel(ROOM);
        (Outbox { session, queue, put: Arc::default() }, inbox)
    }

    pub(crate) fn session(&self) -> SessionId {
        self.session
    }

    pub(crate) fn has_room(&self) -> bool {
        self.queue.capacity() > 0
    }

    pub(crate) fn put(&self, frame: Arc<Frame>) {
        // A receiver that is gone has ended its session: nobody was sent this frame, and nobody counts it.
        if self.queue.try_send(frame).is_ok() {
            self.put.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn frames_put(&self) -> u64 {
        self.put.load(Ordering::Relaxed)
    }
}
