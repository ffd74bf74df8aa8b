//! Which entries of the stream go into the table: the taking half of the law, as decisions without I/O.
//!
//! Of each writer only `n == last + 1` is taken. Lower is skipped, higher is a hole: nothing behind it is taken, it is
//! asked for, and reading goes on for the entries that are sent again. Driven by `archive.rs`, and by the model of the
//! whole path in the tests.

use std::collections::{BTreeMap, VecDeque};

use feed::entry::{Gap, Held as HeldSpools, Kind, Mark, Received, StreamId, WriterId};

/// The reader's memory of one stream. Everything in it can be rebuilt from the watermark rows: after any failure,
/// [`Taker::load`] begins again from them.
#[derive(Debug, Default)]
pub struct Taker {
    lines: BTreeMap<WriterId, Line>,
    cursor: StreamId,
    /// Where the batches on their way begin, oldest first: their entries stay in the stream until they are committed.
    in_flight: VecDeque<StreamId>,
}

#[derive(Debug, Default)]
struct Line {
    /// The watermark row, as far as known here.
    committed: Mark,
    /// The last `n` handed out, committed or on its way.
    taken: Mark,
    /// Entries seen behind a hole, which wait in the stream.
    held: Option<Held>,
    /// The top of the stream when this writer's spool was found gone: once read up to there, nothing more can come.
    gone: Option<StreamId>,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    first_n: u64,
    first_id: StreamId,
}

/// An entry as it stands in the stream, its header read.
#[derive(Debug, Clone)]
pub struct Offer {
    pub id: StreamId,
    /// None: a stranger's.
    pub entry: Option<Entry>,
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub kind: Kind,
    pub writer: WriterId,
    pub received: Received,
    pub ticks: u64,
    /// For an entry of kind gap: what it says is lost.
    pub gap: Option<Gap>,
}

impl Offer {
    /// A gap whose own `n` is not its end is a copy under another id: a stranger's too.
    fn ours(&self) -> Option<&Entry> {
        self.entry.as_ref().filter(|entry| entry.gap.as_ref().is_none_or(|gap| gap.to == self.id.n))
    }
}

/// What is to be committed together.
#[derive(Debug, Default)]
pub struct Taken {
    /// Indices of the offers whose frames are to be committed, in order.
    pub frames: Vec<usize>,
    pub gaps: Vec<TakenGap>,
    /// How far each writer's watermark moves.
    pub advances: BTreeMap<WriterId, Advance>,
    pub skipped: u64,
    pub strangers: u64,
    /// Every entry up to this one was offered.
    pub upto: StreamId,
}

/// A loss is a record: a row of `feed_gaps`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenGap {
    pub writer: WriterId,
    pub from: u64,
    pub to: u64,
    pub reason: String,
}

/// The watermark row of a writer moves from `from` to `to.n`, and only from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advance {
    pub from: u64,
    pub to: Mark,
    /// The newest `received` among the entries; none for a loss without an entry.
    pub received: Option<Received>,
}

impl Taker {
    /// Begins again from the rows of the database: what was handed out and not committed is offered again.
    pub fn load(rows: impl IntoIterator<Item = (WriterId, Mark)>) -> Self {
        let line = |mark: Mark| Line { committed: mark, taken: mark, ..Line::default() };
        let lines = rows.into_iter().map(|(writer, mark)| (writer, line(mark))).collect();
        Taker { lines, ..Taker::default() }
    }

    /// Entries above this id are to be read next.
    pub fn cursor(&self) -> StreamId {
        self.cursor
    }

    /// Chooses among entries read from the cursor on, in their order. It stops early when earlier entries have become
    /// takeable: the cursor then lies before them.
    pub fn take(&mut self, offers: &[Offer]) -> Taken {
        let begin = self.cursor;
        let mut taken = Taken { upto: self.cursor, ..Taken::default() };
        for (index, offer) in offers.iter().enumerate() {
            self.cursor = offer.id;
            taken.upto = offer.id;
            match offer.ours() {
                None => taken.strangers += 1,
                Some(entry) if self.has_taken(&entry.writer, offer.id.n) => taken.skipped += 1,
                Some(entry) => self.take_entry(index, offer.id, entry, &mut taken),
            }
            if self.go_back_to_held() {
                break;
            }
        }
        self.hand_out(&taken, begin);
        taken
    }

    fn hand_out(&mut self, taken: &Taken, begin: StreamId) {
        if !taken.is_empty() {
            self.in_flight.push_back(begin);
        }
    }

    fn has_taken(&self, writer: &WriterId, n: u64) -> bool {
        self.lines.get(writer).is_some_and(|line| n <= line.taken.n)
    }

    /// An entry above what was taken of its writer.
    fn take_entry(&mut self, index: usize, id: StreamId, entry: &Entry, taken: &mut Taken) {
        let line = self.lines.entry(entry.writer.clone()).or_default();
        let from = entry.gap.as_ref().map_or(id.n, |gap| gap.from);
        if from > line.taken.n + 1 {
            line.hold(from, id);
            return;
        }
        match &entry.gap {
            Some(gap) => taken.gap(&entry.writer, line.taken.n + 1, id.n, &gap.reason),
            None if entry.kind == Kind::Frame => taken.frames.push(index),
            None => {}
        }
        // A stretch that the spool has lost does not know how many ticks came before it.
        let to = Mark { n: id.n, ticks: entry.ticks.max(line.taken.ticks) };
        // Nor when it was received.
        let received = Some(entry.received).filter(|received| received.0 > 0);
        taken.advance(&entry.writer, line.taken.n, to, received);
        line.taken = to;
    }

    /// Records as lost what can no longer come: `gone` are the writers whose spools no longer exist, with what those
    /// held; `last_id` is the stream's last id, read after that. Called every second.
    pub fn settle(&mut self, gone: &BTreeMap<WriterId, Mark>, last_id: StreamId) -> Taken {
        let mut taken = Taken { upto: self.cursor, ..Taken::default() };
        self.lines.iter_mut().filter(|(writer, _)| !gone.contains_key(writer)).for_each(|(_, line)| line.gone = None);
        for (writer, spooled) in gone {
            let line = self.lines.entry(writer.clone()).or_default();
            // Noticed a second ago at least: the top that lay there then was read again since.
            let all_read = line.gone.is_some_and(|top| self.cursor >= top);
            line.gone.get_or_insert(last_id);
            let to = line.held.map_or(*spooled, |held| Mark { n: held.first_n - 1, ..line.taken });
            if all_read && to.n > line.taken.n {
                taken.gap(writer, line.taken.n + 1, to.n, "the spool that held it is gone");
                taken.advance(writer, line.taken.n, to, None);
                line.taken = to;
            }
        }
        self.hand_out(&taken, self.cursor);
        self.go_back_to_held();
        taken
    }

    /// Once a hole is closed, the entries that waited behind it are read again from where they lie.
    fn go_back_to_held(&mut self) -> bool {
        let mut went_back = false;
        for line in self.lines.values_mut() {
            if let Some(held) = line.held.filter(|held| held.first_n <= line.taken.n + 1) {
                self.cursor = self.cursor.min(held.first_id.before());
                line.held = None;
                went_back = true;
            }
        }
        went_back
    }

    /// The oldest batch that was handed out is in the database. Returns the id below which the stream may be trimmed:
    /// never past an entry that is on its way, waits behind a hole, or is to be read again.
    pub fn committed(&mut self, taken: &Taken) -> StreamId {
        for (writer, advance) in &taken.advances {
            self.lines.entry(writer.clone()).or_default().committed = advance.to;
        }
        self.in_flight.pop_front();
        let held = self.lines.values().filter_map(|line| line.held).map(|held| held.first_id);
        let on_its_way = self.in_flight.iter().copied();
        held.chain(on_its_way).chain([taken.upto, self.cursor]).min().unwrap_or_default()
    }

    /// Whether the rows of the database are what this memory believes; otherwise somebody restored it, and all begins
    /// again from [`Taker::load`]. Looked at every second: a commit would notice only for the writers that it moves.
    pub fn agrees(&self, rows: &BTreeMap<WriterId, Mark>) -> bool {
        let row = |writer| rows.get(writer).copied().unwrap_or_default();
        self.lines.iter().all(|(writer, line)| row(writer) == line.committed)
    }

    /// Looks whether Redis lost its memory: a top below the cursor means that what follows would never be seen.
    pub fn check_top(&mut self, last_id: StreamId) {
        if last_id < self.cursor {
            self.cursor = StreamId::default();
            self.lines.values_mut().for_each(|line| line.held = None);
        }
    }

    /// Reads all again where nothing is left to read, and yet a spool is said to hold more than was taken: it may lie before
    /// the cursor. Redis lost its newest entries and grew up to the very id that was read last; or an entry was taken for a
    /// stranger's while that mark was old. Called every second, behind [`Taker::settle`], so that what is settled was read.
    pub fn look_again(&mut self, held: &HeldSpools, spooled: &BTreeMap<WriterId, Mark>, last_id: StreamId) {
        let waits = |writer: &WriterId| {
            let line = self.lines.get(writer);
            // What is missing behind a hole is asked for.
            let has_hole = line.is_some_and(|line| line.held.is_some());
            let taken = line.map_or(0, |line| line.taken.n);
            !has_hole && spooled.get(writer).is_some_and(|spooled| spooled.n > taken)
        };
        if last_id == self.cursor && held.writers.iter().chain(&held.gone).any(waits) {
            self.cursor = StreamId::default();
        }
    }

    /// `feed:wanted`: the first missing `n` of each writer with an open hole.
    pub fn wanted(&self) -> impl Iterator<Item = (&WriterId, u64)> {
        self.lines.iter().filter(|(_, line)| line.held.is_some()).map(|(writer, line)| (writer, line.taken.n + 1))
    }

    /// `feed:committed`: what the database holds of each writer.
    pub fn marks(&self) -> impl Iterator<Item = (&WriterId, Mark)> {
        self.lines.iter().map(|(writer, line)| (writer, line.committed))
    }

    /// The writers whose spools no longer exist, with what those held, for [`Taker::settle`]. A writer named for the
    /// first time is known from then on: a database that has no row of it says so through [`Taker::marks`]. An entry
    /// that waits with an `n` above all that its spool ever held is a stranger's, and waits no longer.
    pub fn gone(&mut self, held: &HeldSpools, spooled: &BTreeMap<WriterId, Mark>) -> BTreeMap<WriterId, Mark> {
        for writer in held.writers.iter().chain(&held.gone) {
            let line = self.lines.entry(writer.clone()).or_default();
            let Some(spooled) = spooled.get(writer) else { continue };
            line.held = line.held.filter(|held| held.first_n <= spooled.n);
        }
        let gone = self.lines.iter().filter(|(writer, _)| !held.writers.contains(writer));
        gone.map(|(writer, line)| (writer.clone(), spooled.get(writer).copied().unwrap_or(line.committed))).collect()
    }
}

impl Line {
    fn hold(&mut self, n: u64, id: StreamId) {
        match &mut self.held {
            Some(held) if held.first_n <= n => {}
            // A lower `n` later in the stream: the entries that follow it are the ones to wait for.
            held => *held = Some(Held { first_n: n, first_id: held.map_or(id, |held| held.first_id.min(id)) }),
        }
    }
}

impl Taken {
    fn gap(&mut self, writer: &WriterId, from: u64, to: u64, reason: &str) {
        self.gaps.push(TakenGap { writer: writer.clone(), from, to, reason: reason.to_owned() });
    }

    fn advance(&mut self, writer: &WriterId, from: u64, to: Mark, received: Option<Received>) {
        let advance = self.advances.entry(writer.clone()).or_insert(Advance { from, to, received });
        advance.to = to;
        advance.received = advance.received.max(received);
    }

    pub fn is_empty(&self) -> bool {
        self.advances.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer(name: &str) -> WriterId {
        name.parse().expect("a letter is a writer id")
    }

    fn mark(n: u64) -> Mark {
        Mark { n, ticks: 10 * n }
    }

    /// A frame `n` of writer `a`, `at` the given millisecond.
    fn frame(at: u64, n: u64) -> Offer {
        of("a", at, n, None)
    }

    fn gap(at: u64, from: u64, to: u64) -> Offer {
        of("a", at, to, Some(Gap { from, to, reason: "disk full".into() }))
    }

    fn of(name: &str, at: u64, n: u64, gap: Option<Gap>) -> Offer {
        let kind = if gap.is_some() { Kind::Gap } else { Kind::Frame };
        let entry = Entry { kind, writer: writer(name), received: Received(1), ticks: 10 * n, gap };
        Offer { id: StreamId { ms: at, n }, entry: Some(entry) }
    }

    fn stranger(at: u64) -> Offer {
        Offer { id: StreamId { ms: at, n: 0 }, entry: None }
    }

    /// From a watermark of 40: which `n` are taken of the offers, how far the watermark moves, what is asked for.
    fn check(offers: &[Offer], frames: &[u64], to: u64, wanted: Option<u64>) -> Taker {
        let mut taker = Taker::load([(writer("a"), mark(40))]);
        let taken = taker.take(offers);
        let taken_n: Vec<u64> = taken.frames.iter().map(|index| offers[*index].id.n).collect();
        assert_eq!(taken_n, frames);
        let advance = (to > 40).then_some(Advance { from: 40, to: mark(to), received: Some(Received(1)) });
        assert_eq!(taken.advances.get(&writer("a")).copied(), advance);
        assert_eq!(taker.wanted().map(|(_, n)| n).next(), wanted);
        taker
    }

    #[test]
    fn only_the_next_n_is_taken() {
        check(&[frame(1, 41), frame(1, 42)], &[41, 42], 42, None);
        check(&[frame(1, 39), frame(1, 40), frame(2, 41), frame(3, 41)], &[41], 41, None);
        check(&[stranger(1), frame(1, 41), stranger(2)], &[41], 41, None);
    }

    #[test]
    fn behind_a_hole_nothing_is_taken_and_the_missing_is_asked_for() {
        check(&[frame(1, 43), frame(1, 44)], &[], 40, Some(41));
        check(&[frame(1, 41), frame(1, 43)], &[41], 41, Some(42));
    }

    #[test]
    fn a_filled_hole_sends_the_reader_back_to_what_waited() {
        let taker = check(&[frame(1, 43), frame(1, 44), frame(2, 41), frame(2, 42), frame(2, 43)], &[41, 42], 42, None);
        assert_eq!(taker.cursor(), StreamId { ms: 1, n: 42 });
    }

    #[test]
    fn trimming_stops_before_what_waits() {
        let mut taker = Taker::load([(writer("a"), mark(40))]);
        let taken = taker.take(&[frame(1, 41), frame(1, 43), frame(2, 43)]);
        assert_eq!(taker.committed(&taken), StreamId { ms: 1, n: 43 });
        let taken = taker.take(&[frame(3, 42)]);
        assert_eq!(taker.committed(&taken), StreamId { ms: 1, n: 42 });
    }

    #[test]
    fn trimming_stops_before_what_is_on_its_way() {
        let mut taker = Taker::load([(writer("a"), mark(40))]);
        let first = taker.take(&[frame(1, 43), frame(2, 41), frame(2, 42)]);
        let again = taker.take(&[frame(1, 43), frame(2, 41), frame(2, 42)]);
        assert_eq!((first.frames, again.frames), (vec![1, 2], vec![0]));
        let first = Taken { upto: first.upto, advances: first.advances, ..Taken::default() };
        assert_eq!(taker.committed(&first), StreamId { ms: 1, n: 42 });
    }

    #[test]
    fn a_recorded_gap_moves_the_watermark_over_what_is_lost() {
        let mut taker = Taker::load([(writer("a"), mark(40))]);
        let taken = taker.take(&[gap(1, 39, 44), frame(1, 45)]);
        let lost = TakenGap { writer: writer("a"), from: 41, to: 44, reason: "disk full".into() };
        assert_eq!((taken.gaps, taken.frames), (vec![lost], vec![1]));
        check(&[gap(1, 42, 44)], &[], 40, Some(41));
        check(&[gap(1, 30, 40)], &[], 40, None);
        let copied = Offer { id: StreamId { ms: 1, n: 1041 }, ..gap(1, 41, 41) };
        check(&[copied], &[], 40, None);
    }

    #[test]
    fn a_top_below_the_cursor_means_reading_from_the_start() {
        let mut taker = check(&[frame(5, 41), frame(5, 43)], &[41], 41, Some(42));
        taker.check_top(StreamId { ms: 5, n: 43 });
        assert_eq!(taker.cursor(), StreamId { ms: 5, n: 43 });
        taker.check_top(StreamId { ms: 5, n: 42 });
        assert_eq!((taker.cursor(), taker.wanted().count()), (StreamId::default(), 0));
    }

    #[test]
    fn what_a_lost_spool_held_becomes_a_record_once_the_stream_is_read() {
        let mut taker = Taker::load([(writer("a"), mark(40))]);
        let gone = BTreeMap::from([(writer("a"), mark(50))]);
        let top = StreamId { ms: 2, n: 1 };
        assert!(taker.settle(&gone, top).is_empty());
        taker.take(&[frame(1, 41), frame(1, 44), of("b", 2, 1, None)]);
        let hole = taker.settle(&gone, top);
        assert_eq!((hole.gaps[0].from, hole.gaps[0].to, taker.cursor()), (42, 43, StreamId { ms: 1, n: 43 }));
        taker.take(&[frame(1, 44), of("b", 2, 1, None)]);
        let tail = taker.settle(&gone, top);
        assert_eq!((tail.gaps[0].from, tail.gaps[0].to), (45, 50));
        assert!(taker.settle(&gone, top).is_empty());
    }

    #[test]
    fn all_is_read_again_while_a_spool_holds_more_than_was_taken() {
        let top = StreamId { ms: 5, n: 41 };
        let cursor = |top: StreamId, spooled, offers: &[Offer]| {
            let mut taker = Taker::load([(writer("a"), mark(40))]);
            taker.take(offers);
            let held = HeldSpools { writers: vec![writer("a")], ..HeldSpools::default() };
            taker.look_again(&held, &BTreeMap::from([(writer("a"), mark(spooled))]), top);
            taker.cursor()
        };
        assert_eq!(cursor(top, 42, &[frame(5, 41)]), StreamId::default());
        assert_eq!(cursor(top, 41, &[frame(5, 41)]), top, "all was taken");
        assert_eq!(cursor(StreamId { ms: 6, n: 42 }, 42, &[frame(5, 41)]), top, "there is more to read");
        assert_eq!(
            cursor(StreamId { ms: 5, n: 43 }, 43, &[frame(5, 43)]),
            StreamId { ms: 5, n: 43 },
            "it is asked for"
        );
    }

    #[test]
    fn a_restored_database_is_noticed_for_each_writer() {
        let mut taker = Taker::load([(writer("a"), mark(40)), (writer("b"), mark(2))]);
        let rows = |a, b| BTreeMap::from([(writer("a"), mark(a)), (writer("b"), mark(b))]);
        assert!(taker.agrees(&rows(40, 2)));
        assert!(!taker.agrees(&rows(39, 2)));
        assert!(!taker.agrees(&BTreeMap::from([(writer("b"), mark(2))])));
        taker.take(&[frame(1, 41)]);
        assert!(taker.agrees(&rows(40, 2)), "what is on its way is not there yet");
    }

    #[test]
    fn two_writers_do_not_disturb_each_other() {
        let mut taker = Taker::load([(writer("a"), mark(40))]);
        let taken = taker.take(&[frame(1, 43), of("b", 1, 1, None), frame(2, 44), of("b", 2, 2, None)]);
        assert_eq!(taken.frames, [1, 3]);
    }
}
