//! The spools of the collector as values: what its disk holds, and what is sent where it holds no more.

use std::collections::BTreeMap;

use feed::entry::{Gap, Kind, Mark, Received, StreamId, WriterId};
use feed_archiver::take::Entry;

/// The spools on the collector's disk, oldest first; the last one is written to.
#[derive(Default)]
pub(super) struct Spools {
    pub(super) spools: Vec<Spool>,
    made: u32,
}

pub(super) struct Spool {
    pub(super) writer: WriterId,
    pub(super) records: BTreeMap<u64, (StreamId, Entry)>,
    pub(super) end: Mark,
}

impl Spools {
    pub(super) fn begin(&mut self) {
        self.made += 1;
        let writer = format!("w{:03}", self.made).parse().expect("letters and digits are a writer id");
        self.spools.push(Spool { writer, records: BTreeMap::new(), end: Mark::default() });
    }

    pub(super) fn current(&mut self) -> &mut Spool {
        self.spools.last_mut().expect("a spool is begun with the world and after each loss")
    }

    pub(super) fn holds(&self, writer: &WriterId, n: u64) -> bool {
        let spool = self.spools.iter().find(|spool| spool.writer == *writer);
        spool.and_then(|spool| spool.records.get(&n)).is_some_and(|(_, entry)| entry.kind != Kind::Gap)
    }

    pub(super) fn with_ids_above(&self, sent: StreamId, most: usize) -> Vec<(StreamId, Entry)> {
        let records = self.spools.iter().flat_map(|spool| spool.records.values());
        records.filter(|(id, _)| *id > sent).take(most).cloned().collect()
    }
}

impl Spool {
    pub(super) fn append(&mut self, kind: Kind, lost: u64, ms: u64) {
        let from = self.end.n + 1;
        let to = from + lost.max(1) - 1;
        self.end = Mark { n: to, ticks: self.end.ticks + u64::from(kind == Kind::Frame) };
        let gap = (kind == Kind::Gap).then(|| Gap { from, to, reason: "disk full".into() });
        let received = Received(i64::try_from(ms * 1000).expect("the model's clock is small"));
        let last_ms = self.records.last_key_value().map_or(0, |(_, (id, _))| id.ms);
        let entry = Entry { kind, writer: self.writer.clone(), received, ticks: self.end.ticks, gap };
        self.records.insert(to, (StreamId { ms: ms.max(last_ms), n: to }, entry));
    }

    /// Of a writer that is not written to any more only its end stays.
    pub(super) fn retire(&mut self) {
        if let Some((n, (id, entry))) = self.records.pop_last() {
            self.records = BTreeMap::from([(n, (id, self.gone(n, n, &entry)))]);
        }
    }

    /// What is sent for `n` and above: a gap where the records are gone.
    pub(super) fn read_from(&self, n: u64) -> Option<(u64, Entry)> {
        let (first, (_, entry)) = self.records.range(n..).next()?;
        let starts = entry.gap.as_ref().map_or(*first, |gap| gap.from);
        if starts <= n {
            return Some((*first, entry.clone()));
        }
        Some((starts - 1, self.gone(n, starts - 1, entry)))
    }

    fn gone(&self, from: u64, to: u64, like: &Entry) -> Entry {
        let gap = Some(Gap { from, to, reason: "no longer in the spool".into() });
        Entry { kind: Kind::Gap, gap, ..like.clone() }
    }
}
