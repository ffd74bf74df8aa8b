//! The protocol that was not taken: it resumes from the stream's last id and reads whatever lies above its own, without
//! counting. Only here, to show that the model can tell the difference.

use feed::entry::StreamId;

use super::redis::{Added, Redis};
use super::spools::Spools;

#[derive(Default)]
pub(super) struct IdShipper {
    /// Everything up to this id is believed to be in Redis. None: Redis has to be looked at.
    sent: Option<StreamId>,
}

impl IdShipper {
    pub(super) fn lose_position(&mut self) {
        self.sent = None;
    }

    /// Resumes behind the last id, or behind the committed one where the stream is gone.
    pub(super) fn ship(&mut self, spools: &Spools, redis: &mut Redis, committed: StreamId, most: usize) {
        let last_id = redis.last_id();
        let sent = *self.sent.get_or_insert(if last_id == StreamId::default() { committed } else { last_id });
        for (id, entry) in spools.with_ids_above(sent, most) {
            match redis.add(id, Some(entry), true) {
                // "Equal or smaller" is believed to mean "already there".
                Added::Ok | Added::Low => self.sent = Some(id),
                Added::Full | Added::Nil => return,
            }
        }
    }
}
