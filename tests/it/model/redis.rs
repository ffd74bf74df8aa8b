//! Redis as a value: one stream and the hashes of the path.

use std::collections::BTreeMap;

use feed::entry::{Held, Mark, StreamId, WriterId};
use feed_archiver::take::{Entry, Offer};
use feed_collector::ship::{Marks, Ours, Seen};

#[derive(Default)]
pub(super) struct Redis {
    stream: Option<Stream>,
    pub(super) committed: BTreeMap<WriterId, Mark>,
    pub(super) spooled: BTreeMap<WriterId, Mark>,
    pub(super) wanted: BTreeMap<WriterId, u64>,
    pub(super) held: Option<Held>,
    pub(super) memory_full: bool,
}

#[derive(Default)]
struct Stream {
    entries: BTreeMap<StreamId, Option<Entry>>,
    last_id: StreamId,
}

#[derive(Debug, PartialEq)]
pub(super) enum Added {
    Ok,
    /// NOMKSTREAM, and there is no stream.
    Nil,
    /// Out of memory.
    Full,
    /// "The ID specified in XADD is equal or smaller than the target stream top item".
    Low,
}

impl Redis {
    pub(super) fn add(&mut self, id: StreamId, entry: Option<Entry>, may_create: bool) -> Added {
        if self.memory_full {
            return Added::Full;
        }
        if self.stream.is_none() && !may_create {
            return Added::Nil;
        }
        let stream = self.stream.get_or_insert_default();
        if id <= stream.last_id {
            return Added::Low;
        }
        stream.entries.insert(id, entry);
        stream.last_id = id;
        Added::Ok
    }

    pub(super) fn read_after(&self, cursor: StreamId, most: usize) -> Vec<Offer> {
        let above = self.stream.iter().flat_map(|stream| stream.entries.range(cursor..));
        let above = above.filter(|(id, _)| **id > cursor);
        above.take(most).map(|(id, entry)| Offer { id: *id, entry: entry.clone() }).collect()
    }

    pub(super) fn last_id(&self) -> StreamId {
        self.stream.as_ref().map_or(StreamId::default(), |stream| stream.last_id)
    }

    /// What a look that asks for the entry `sent` shows.
    pub(super) fn seen(&self, sent: Option<StreamId>) -> Seen {
        let ours =
            |(id, entry): (&StreamId, &Option<Entry>)| Some(Ours { id: *id, writer: entry.as_ref()?.writer.clone() });
        let entries = || self.stream.iter().flat_map(|stream| &stream.entries);
        let newest = entries().rev().take(8).find_map(ours);
        let sent = entries().find(|(id, _)| Some(**id) == sent).and_then(ours);
        let committed = self.committed.iter().map(|(writer, mark)| (writer.clone(), mark.n)).collect();
        let marks = Marks { committed, wanted: self.wanted.clone() };
        Seen { newest, sent, last_id: self.last_id(), marks }
    }

    pub(super) fn trim_below(&mut self, minimum: StreamId) {
        if let Some(stream) = &mut self.stream {
            stream.entries = stream.entries.split_off(&minimum);
        }
    }

    /// XTRIM MAXLEN by somebody else.
    pub(super) fn trim_to(&mut self, length: usize) {
        let stream = self.stream.iter_mut();
        stream.for_each(|stream| while stream.entries.len() > length && stream.entries.pop_first().is_some() {});
    }

    pub(super) fn delete_top(&mut self) {
        self.stream.iter_mut().for_each(|stream| drop(stream.entries.pop_last()));
    }

    pub(super) fn flush(&mut self) {
        *self = Redis { memory_full: self.memory_full, ..Redis::default() };
    }

    /// A restart without the last entries: what an append-only file may lose with the power.
    pub(super) fn lose_tail(&mut self, entries: usize) {
        if let Some(stream) = &mut self.stream {
            (0..entries).for_each(|_| drop(stream.entries.pop_last()));
            stream.last_id = stream.entries.last_key_value().map_or(StreamId::default(), |(id, _)| *id);
        }
    }
}
