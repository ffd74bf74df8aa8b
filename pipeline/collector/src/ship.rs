//! What to send to Redis next: the shipping half of the law, as decisions without I/O.
//!
//! `n` decides, the stream id only orders. Redis refuses an id that is not above its top, so nothing can be put back
//! behind it; whatever Redis may have lost is sent again under new ids, which is always harmless, because the archiver
//! takes each `n` of a writer once. Driven by `shipping.rs`, and by the model of the whole path in the tests.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use feed::entry::{Held, Mark, Received, StreamId, WriterId};

/// A collector that lives spools a heartbeat every three seconds.
const SILENCE: Duration = Duration::from_secs(10);

/// The shipper of one stream: it sends its writers one after the other, each to its end, and begins the next only when
/// the archiver has committed all of the one before. So an entry of a newer writer on the stream says that the older
/// one has nothing more to give.
#[derive(Debug)]
pub struct Shipper {
    /// In the order of their making; the last one is still being written.
    lines: Vec<Line>,
    /// How far beyond the committed `n` may be sent: a long backlog lies on disk, not in Redis.
    window: u64,
    /// None until Redis was looked at, and again after anything that makes what it holds uncertain.
    position: Option<Position>,
    /// The highest millisecond used in an id. It never falls, even when the clock does.
    last_ms: u64,
    /// The entry behind which the position stands; while Redis holds it, nothing has vanished. None until the first is sent.
    sent: Option<StreamId>,
    /// Writers that somebody else named on this stream: their last mark, and since when it stands.
    others: BTreeMap<WriterId, (Mark, Duration)>,
}

/// What the spool of one writer holds, and what the archiver is known to have of it.
#[derive(Debug, Clone)]
struct Line {
    writer: WriterId,
    last: u64,
    committed: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Position {
    line: usize,
    next: u64,
    /// Nothing was sent since Redis was looked at. Only this first batch may create the stream: a later one that finds
    /// it gone must look again.
    first: bool,
}

/// What Redis said when it was looked at.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The newest entry in our form among the last few that are still there.
    pub newest: Option<Ours>,
    /// The entry of [`Shipper::sent`], where it is still there: strangers can hide the newest, and not this one.
    pub sent: Option<Ours>,
    /// The highest id ever used, also when that entry is gone. Zero where there is no stream.
    pub last_id: StreamId,
    pub marks: Marks,
}

#[derive(Debug, Clone)]
pub struct Ours {
    pub id: StreamId,
    pub writer: WriterId,
}

/// `feed:committed` and `feed:wanted`, for the writers asked about.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    pub committed: BTreeMap<WriterId, u64>,
    pub wanted: BTreeMap<WriterId, u64>,
}

/// The next thing to send: these `n` of this writer, in one pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub writer: WriterId,
    pub range: RangeInclusive<u64>,
    pub may_create: bool,
}

impl Shipper {
    pub fn new(window: u64) -> Self {
        Shipper { lines: Vec::new(), window, position: None, last_ms: 0, sent: None, others: BTreeMap::new() }
    }

    /// The spool of `writer` holds everything up to `last`; a writer not known yet is the newest.
    pub fn spooled(&mut self, writer: &WriterId, last: u64) {
        match self.lines.iter_mut().find(|line| line.writer == *writer) {
            Some(line) => line.last = last,
            None => self.lines.push(Line { writer: writer.clone(), last, committed: None }),
        }
    }

    pub fn must_resync(&self) -> bool {
        self.position.is_none()
    }

    /// The entry that a look at Redis is to ask for.
    pub fn sent(&self) -> Option<StreamId> {
        self.sent
    }

    /// Takes up the position that `seen` asks for. Returns the request of the archiver that this answers; it is to be
    /// deleted from `feed:wanted`.
    pub fn resync(&mut self, seen: &Seen) -> Option<WriterId> {
        self.learn(&seen.marks);
        let index = self.turn()?;
        let line = &self.lines[index];
        let committed = line.committed.unwrap_or(0);
        let mine = seen.newest_of(line);
        let wanted = seen.marks.wanted.get(&line.writer).copied().filter(|wanted| *wanted <= line.last + 1);
        let behind_mine = mine.map_or(committed, |id| id.n.max(committed)) + 1;
        let next = wanted.unwrap_or(behind_mine).max(committed + 1).min(line.last + 1);
        let continues = mine.is_some_and(|id| id == seen.last_id && next > id.n);
        let floor = if continues { seen.last_id.ms } else { seen.last_id.ms.saturating_add(1) };
        self.last_ms = self.last_ms.max(floor);
        self.sent = mine.filter(|id| id.n < next);
        self.position = Some(Position { line: index, next, first: true });
        seen.marks.wanted.contains_key(&line.writer).then(|| line.writer.clone())
    }

    /// Anything that makes uncertain what Redis holds: a new connection, a nil, a refusal.
    pub fn lose_position(&mut self) {
        self.position = None;
    }

    /// A look at Redis every second. A commit above the position moves it up. A request of the archiver, the turn of
    /// another writer, or an entry that should be there and is neither there nor committed make it uncertain; the last would
    /// otherwise stay unnoticed for ever when the window is full.
    pub fn progress(&mut self, seen: &Seen) {
        self.learn(&seen.marks);
        let turn = self.turn();
        let Some(position) = &mut self.position else { return };
        let line = &self.lines[position.line];
        let committed = line.committed.unwrap_or(0);
        position.next = position.next.max(committed + 1);
        let there = seen.newest_of(line).map_or(0, |id| id.n);
        let vanished = position.next - 1 > there.max(committed);
        if turn != Some(position.line) || vanished || seen.marks.wanted.contains_key(&line.writer) {
            self.position = None;
        }
    }

    /// What to send now, at most `most` entries; none when all is sent or the window is full.
    pub fn plan(&self, most: u64) -> Option<Batch> {
        let position = self.position?;
        let line = &self.lines[position.line];
        let end = line.committed.unwrap_or(0).saturating_add(self.window).min(line.last);
        let end = end.min(position.next + most - 1);
        (position.next <= end).then(|| Batch {
            writer: line.writer.clone(),
            range: position.next..=end,
            may_create: position.first,
        })
    }

    /// The id of entry `n`: never falling, and above everything that Redis was seen to hold.
    pub fn id(&mut self, n: u64, received: Received) -> StreamId {
        self.last_ms = self.last_ms.max(received.millis());
        StreamId { ms: self.last_ms, n }
    }

    /// Redis has taken everything up to the entry `id`.
    pub fn shipped(&mut self, id: StreamId) {
        if let Some(position) = &mut self.position {
            position.next = position.next.max(id.n + 1);
            position.first = false;
            self.sent = Some(id);
        }
    }

    /// Whether Redis was given everything that the spools hold.
    pub fn has_sent_all(&self) -> bool {
        let newest = self.lines.len().checked_sub(1);
        self.position
            .is_some_and(|position| Some(position.line) == newest && position.next > self.lines[position.line].last)
    }

    /// What the archiver is known to have committed of `writer`; the spool keeps everything above.
    pub fn committed(&self, writer: &WriterId) -> Option<u64> {
        self.lines.iter().find(|line| line.writer == *writer)?.committed
    }

    /// What `feed:held` is to say: the spools held here; and of those that it named before, the ones that are not here
    /// and that the archiver does not have to their end. Such a one is gone once its mark in `feed:spooled` has stood
    /// still for some time; until then another collector may hold it. `now` is of a clock that does not step.
    pub fn held(&mut self, before: &Held, spooled: &BTreeMap<WriterId, Mark>, marks: &Marks, now: Duration) -> Held {
        let mine: Vec<WriterId> = self.lines.iter().map(|line| line.writer.clone()).collect();
        let mut held = Held::default();
        for writer in before.gone.iter().chain(&before.writers).filter(|writer| !mine.contains(writer)) {
            let mark = spooled.get(writer).copied().unwrap_or_default();
            let (seen, since) = self.others.entry(writer.clone()).or_insert((mark, now));
            if *seen != mark {
                (*seen, *since) = (mark, now);
            }
            let has_more = mark.n > marks.committed.get(writer).copied().unwrap_or(0);
            match now.saturating_sub(*since) >= SILENCE {
                false => held.writers.push(writer.clone()),
                true if has_more => held.gone.push(writer.clone()),
                true => {}
            }
        }
        held.writers.extend(mine);
        held
    }

    /// A field that is missing says nothing (Redis lost its memory); one that fell says that the database was restored;
    /// nobody has more than the spool holds.
    fn learn(&mut self, marks: &Marks) {
        for line in &mut self.lines {
            let committed = marks.committed.get(&line.writer).map(|n| (*n).min(line.last));
            line.committed = committed.or(line.committed);
        }
    }

    /// The oldest writer that is not wholly committed, else the newest.
    fn turn(&self) -> Option<usize> {
        let behind = |line: &Line| line.committed.unwrap_or(0) < line.last;
        self.lines.iter().position(behind).or(self.lines.len().checked_sub(1))
    }
}

impl Seen {
    /// An `n` above all that the spool holds was not sent from it: somebody copied an entry.
    fn newest_of(&self, line: &Line) -> Option<StreamId> {
        let ours = self.newest.iter().chain(&self.sent);
        ours.filter(|ours| ours.writer == line.writer && ours.id.n <= line.last).map(|ours| ours.id).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer(name: &str) -> WriterId {
        name.parse().expect("a letter is a writer id")
    }

    fn id(ms: u64, n: u64) -> StreamId {
        StreamId { ms, n }
    }

    fn marks(committed: &[(&str, u64)], wanted: &[(&str, u64)]) -> Marks {
        let map = |pairs: &[(&str, u64)]| pairs.iter().map(|(name, n)| (writer(name), *n)).collect();
        Marks { committed: map(committed), wanted: map(wanted) }
    }

    fn ours(name: &str, id: StreamId) -> Option<Ours> {
        Some(Ours { id, writer: writer(name) })
    }

    /// A spool `a` with 100 frames received in millisecond 5: what is sent first, and under which id?
    fn check(seen: Seen, expected_next: u64, expected_id: StreamId) {
        let mut shipper = Shipper::new(1000);
        shipper.spooled(&writer("a"), 100);
        shipper.resync(&seen);
        let batch = shipper.plan(10).expect("there is something to send");
        assert_eq!(*batch.range.start(), expected_next, "next for {seen:?}");
        assert!(batch.may_create);
        assert_eq!(shipper.id(expected_next, Received(5000)), expected_id, "id for {seen:?}");
    }

    #[test]
    fn an_empty_redis_gets_everything_that_is_not_committed() {
        check(Seen::default(), 1, id(5, 1));
        check(Seen { marks: marks(&[("a", 40)], &[]), ..Seen::default() }, 41, id(5, 41));
    }

    #[test]
    fn behind_its_own_top_entry_it_goes_on() {
        check(
            Seen { newest: ours("a", id(9, 60)), last_id: id(9, 60), marks: marks(&[], &[]), sent: None },
            61,
            id(9, 61),
        );
    }

    #[test]
    fn a_commit_above_the_top_moves_the_position_up() {
        let marks = marks(&[("a", 70)], &[]);
        check(Seen { newest: ours("a", id(9, 60)), last_id: id(9, 60), marks, sent: None }, 71, id(9, 71));
    }

    #[test]
    fn behind_a_stranger_or_a_deleted_top_it_takes_a_new_millisecond() {
        let seen = |newest, marks| Seen { newest, last_id: id(9, 80), marks, sent: None };
        check(seen(ours("b", id(9, 80)), marks(&[("a", 40)], &[])), 41, id(10, 41));
        check(seen(ours("a", id(9, 60)), marks(&[], &[])), 61, id(10, 61));
        check(seen(None, marks(&[("a", 40)], &[])), 41, id(10, 41));
    }

    #[test]
    fn what_the_archiver_asks_for_is_sent_again_above_the_top() {
        let seen = |wanted, committed| Seen {
            newest: ours("a", id(9, 60)),
            last_id: id(9, 60),
            marks: marks(&[("a", committed)], &[("a", wanted)]),
            sent: None,
        };
        check(seen(41, 40), 41, id(10, 41));
        // A request that a commit has overtaken asks for nothing.
        check(seen(41, 60), 61, id(9, 61));
        // A request above what the spool holds cannot be this spool's.
        check(seen(500, 40), 61, id(9, 61));
    }

    #[test]
    fn the_window_bounds_what_lies_in_redis() {
        let mut shipper = Shipper::new(10);
        shipper.spooled(&writer("a"), 100);
        shipper.resync(&Seen { marks: marks(&[("a", 40)], &[]), ..Seen::default() });
        assert_eq!(shipper.plan(100).map(|batch| batch.range), Some(41..=50));
        shipper.shipped(id(5, 50));
        assert_eq!(shipper.plan(100), None);
        shipper.progress(&Seen {
            marks: marks(&[("a", 45)], &[]),
            newest: ours("a", id(5, 100)),
            last_id: id(5, 100),
            sent: None,
        });
        assert_eq!(shipper.plan(100).map(|batch| (batch.range, batch.may_create)), Some((51..=55, false)));
    }

    #[test]
    fn nobody_can_have_committed_more_than_the_spool_holds() {
        let marks = marks(&[("a", u64::MAX)], &[]);
        let mut shipper = Shipper::new(1000);
        shipper.spooled(&writer("a"), 100);
        shipper.resync(&Seen { marks, ..Seen::default() });
        assert_eq!((shipper.plan(9), shipper.has_sent_all()), (None, true));
    }

    #[test]
    fn a_newer_writer_waits_until_the_older_one_is_committed() {
        let mut shipper = Shipper::new(1000);
        shipper.spooled(&writer("a"), 3);
        shipper.spooled(&writer("b"), 5);
        shipper.resync(&Seen::default());
        assert_eq!(shipper.plan(9).map(|batch| (batch.writer, batch.range)), Some((writer("a"), 1..=3)));
        shipper.shipped(id(5, 3));
        assert_eq!(shipper.plan(9), None);
        shipper.progress(&Seen {
            marks: marks(&[("a", 3)], &[]),
            newest: ours("a", id(5, 100)),
            last_id: id(5, 100),
            sent: None,
        });
        assert!(shipper.must_resync());
        shipper.resync(&Seen {
            newest: ours("a", id(5, 3)),
            last_id: id(5, 3),
            marks: marks(&[("a", 3)], &[]),
            sent: None,
        });
        assert_eq!(shipper.plan(9).map(|batch| (batch.writer, batch.range)), Some((writer("b"), 1..=5)));
        // A restored database asks for the older one again.
        shipper.progress(&Seen {
            marks: marks(&[("a", 1)], &[]),
            newest: ours("a", id(5, 100)),
            last_id: id(5, 100),
            sent: None,
        });
        assert!(shipper.must_resync());
    }

    #[test]
    fn a_request_makes_the_position_uncertain_and_is_answered_once() {
        let mut shipper = Shipper::new(1000);
        shipper.spooled(&writer("a"), 100);
        shipper.resync(&Seen { marks: marks(&[("a", 40)], &[]), ..Seen::default() });
        shipper.shipped(id(5, 60));
        shipper.progress(&Seen {
            marks: marks(&[("a", 40)], &[("a", 45)]),
            newest: ours("a", id(5, 100)),
            last_id: id(5, 100),
            sent: None,
        });
        assert!(shipper.must_resync());
        let seen = Seen {
            newest: ours("a", id(9, 60)),
            last_id: id(9, 60),
            marks: marks(&[("a", 40)], &[("a", 45)]),
            sent: None,
        };
        assert_eq!(shipper.resync(&seen), Some(writer("a")));
        assert_eq!(shipper.plan(1).map(|batch| batch.range), Some(45..=45));
    }

    /// Of a spool with 100 frames, of which 40 are committed, everything up to 50 was sent, which fills the window.
    fn full() -> Shipper {
        let mut shipper = Shipper::new(10);
        shipper.spooled(&writer("a"), 100);
        shipper.resync(&Seen { marks: marks(&[("a", 40)], &[]), ..Seen::default() });
        shipper.shipped(id(5, 50));
        assert_eq!(shipper.sent(), Some(id(5, 50)));
        shipper
    }

    #[test]
    fn what_was_sent_and_vanished_is_sent_again_although_the_window_is_full() {
        let mut shipper = full();
        let gone = Seen { last_id: id(5, 50), marks: marks(&[("a", 40)], &[]), ..Seen::default() };
        shipper.progress(&Seen { newest: ours("a", id(5, 50)), ..gone.clone() });
        assert!(!shipper.must_resync());
        shipper.progress(&gone);
        assert!(shipper.must_resync());
        shipper.resync(&gone);
        assert_eq!((shipper.sent(), shipper.plan(100).map(|batch| batch.range)), (None, Some(41..=50)));
    }

    #[test]
    fn strangers_that_hide_the_newest_entry_are_no_reason_to_send_again() {
        let mut shipper = full();
        let hidden =
            Seen { sent: ours("a", id(5, 50)), last_id: id(9, 1), marks: marks(&[("a", 40)], &[]), newest: None };
        shipper.progress(&hidden);
        assert!(!shipper.must_resync());
        shipper.lose_position();
        shipper.resync(&hidden);
        assert_eq!((shipper.sent(), shipper.plan(100)), (Some(id(5, 50)), None));
        // What a later pipeline brought there before its connection broke lies above it.
        shipper.resync(&Seen { newest: ours("a", id(7, 45)), ..hidden });
        assert_eq!(shipper.plan(100).map(|batch| batch.range), Some(46..=50));
    }

    #[test]
    fn a_spool_that_is_no_longer_here_is_named_until_it_is_settled() {
        let mut shipper = Shipper::new(1000);
        shipper.spooled(&writer("b"), 5);
        let mut check = |now: u64, spooled: u64, before: &str, committed: u64, expected: &str| {
            let before = before.parse().expect("a list of writers");
            let spooled = BTreeMap::from([(writer("a"), Mark { n: spooled, ticks: 9 })]);
            let marks = marks(&[("a", committed)], &[]);
            assert_eq!(shipper.held(&before, &spooled, &marks, Duration::from_secs(now)).to_string(), expected);
        };
        check(0, 9, "", 0, "b");
        check(0, 9, "a", 7, "a b");
        check(9, 9, "a b", 7, "a b");
        check(11, 10, "a b", 7, "a b");
        check(20, 10, "a b", 7, "a b");
        check(21, 10, "a b", 7, "-a b");
        check(22, 10, "-a b", 7, "-a b");
        check(23, 10, "-a b", 10, "b");
    }

    #[test]
    fn a_clock_that_steps_back_does_not_lower_the_ids() {
        let mut shipper = Shipper::new(1000);
        assert_eq!(shipper.id(1, Received(9_000)), id(9, 1));
        assert_eq!(shipper.id(2, Received(2_000)), id(9, 2));
    }
}
