//! The database as a value: rows by what they stand for, watermarks with compare-and-set, gaps.

use std::collections::BTreeMap;

use feed::entry::{Mark, StreamId, WriterId};
use feed_archiver::take::{Taken, TakenGap};

#[derive(Default, Clone)]
pub(super) struct Database {
    /// How often the frame `n` of a writer is in the table.
    rows: BTreeMap<(WriterId, u64), u32>,
    watermarks: BTreeMap<WriterId, Mark>,
    gaps: Vec<TakenGap>,
    /// The one position of the protocol that trusts ids.
    pub(super) last_id: StreamId,
}

impl Database {
    /// One transaction: every watermark moves from where the archiver believes it, or nothing happens.
    pub(super) fn commit(&mut self, taken: &Taken, frames: &[(WriterId, u64)]) -> bool {
        let stands = |writer: &WriterId| self.watermarks.get(writer).map_or(0, |mark| mark.n);
        if taken.advances.iter().any(|(writer, advance)| stands(writer) != advance.from) {
            return false;
        }
        self.watermarks.extend(taken.advances.iter().map(|(writer, advance)| (writer.clone(), advance.to)));
        self.gaps.extend(taken.gaps.iter().cloned());
        self.insert(frames);
        true
    }

    pub(super) fn insert(&mut self, frames: &[(WriterId, u64)]) {
        frames.iter().for_each(|frame| *self.rows.entry(frame.clone()).or_default() += 1);
    }

    pub(super) fn watermarks(&self) -> impl Iterator<Item = (WriterId, Mark)> {
        self.watermarks.iter().map(|(writer, mark)| (writer.clone(), *mark))
    }

    pub(super) fn copies(&self, writer: &WriterId, n: u64) -> u32 {
        self.rows.get(&(writer.clone(), n)).copied().unwrap_or(0)
    }

    pub(super) fn has_gap(&self, writer: &WriterId, n: u64) -> bool {
        self.gaps.iter().any(|gap| gap.writer == *writer && (gap.from..=gap.to).contains(&n))
    }
}
