//! The world of the model: what happens at each step, and what must be true in the end.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use feed::entry::{Kind, Mark, StreamId, WriterId};
use feed_archiver::take::{Taken, Taker};
use feed_collector::ship::Shipper;

use super::database::Database;
use super::redis::{Added, Redis};
use super::spools::{Spool, Spools};
use super::tally::Tally;
use super::trusting_ids::IdShipper;

/// Small, so that a full window happens often.
const WINDOW: u64 = 12;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Law {
    Counter,
    Ids,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Frame,
    Heartbeat,
    Ship,
    CollectorSecond,
    Take,
    Commit,
    ArchiverSecond,
    KillCollector,
    KillArchiver,
    KillRedis,
    KillDatabase,
    UnclearCommit,
    LoseTail,
    Flush,
    Trim,
    DeleteTop,
    Stranger,
    StrangerAhead,
    StrangerCrowd,
    StrangerInOurForm,
    MemoryFull,
    MemoryFree,
    ClockBack,
    ClockForward,
    Snapshot,
    Restore,
    LoseSpool,
    NewWriter,
    Expire,
    DiskFull,
}

pub(super) struct World {
    law: Law,
    clock_ms: u64,
    spools: Spools,
    /// Every frame that a spool ever held, or that a full disk kept out of it.
    truth: BTreeSet<(WriterId, u64)>,
    shipper: Shipper,
    id_shipper: IdShipper,
    /// The collector has said which spools it holds: nothing of a writer is sent before it is named.
    announced: bool,
    /// The connection breaks after this many entries of the next pipeline, and no reply comes.
    cut: Option<usize>,
    redis: Redis,
    taker: Taker,
    in_flight: VecDeque<(Taken, Vec<(WriterId, u64)>)>,
    database: Database,
    snapshot: Database,
}

impl World {
    pub(super) fn new(law: Law) -> Self {
        let mut spools = Spools::default();
        spools.begin();
        let mut world = World {
            law,
            clock_ms: 1_000_000,
            spools,
            truth: BTreeSet::new(),
            shipper: Shipper::new(WINDOW),
            id_shipper: IdShipper::default(),
            announced: false,
            cut: None,
            redis: Redis::default(),
            taker: Taker::default(),
            in_flight: VecDeque::new(),
            database: Database::default(),
            snapshot: Database::default(),
        };
        world.start_collector();
        world
    }

    pub(super) fn step(&mut self, step: Step, number: u8) {
        self.clock_ms += u64::from(number) % 3;
        let few = usize::from(number % 8) + 1;
        match step {
            Step::Frame => self.append(Kind::Frame, 0),
            Step::Heartbeat => self.append(Kind::Heartbeat, 0),
            Step::DiskFull => self.append(Kind::Gap, u64::from(number % 3) + 1),
            Step::Ship => self.ship(few),
            Step::CollectorSecond => self.collector_second(),
            Step::Take => self.take(few),
            Step::Commit => self.commit(),
            Step::ArchiverSecond => self.archiver_second(),
            Step::KillCollector => self.start_collector(),
            Step::KillArchiver | Step::KillDatabase => self.start_archiver(),
            Step::UnclearCommit => self.unclear_commit(number.is_multiple_of(2)),
            Step::KillRedis => self.cut = Some(few / 2),
            Step::LoseTail => self.redis_lost_its_tail(few),
            Step::Flush => self.redis.flush(),
            Step::Trim => self.redis.trim_to(few - 1),
            Step::DeleteTop => self.redis.delete_top(),
            Step::Stranger => self.stranger(0),
            Step::StrangerAhead => self.stranger(100 + u64::from(number)),
            Step::StrangerCrowd => (0..10).for_each(|ahead_ms| self.stranger(ahead_ms)),
            Step::StrangerInOurForm => self.stranger_in_our_form(u64::from(number % 2) * 1000),
            Step::MemoryFull => self.redis.memory_full = true,
            Step::MemoryFree => self.redis.memory_full = false,
            Step::ClockBack => self.clock_ms -= u64::from(number) * 10,
            Step::ClockForward => self.clock_ms += u64::from(number) * 10,
            Step::Snapshot => self.snapshot = self.database.clone(),
            Step::Restore => self.database = self.snapshot.clone(),
            Step::LoseSpool => self.lose_spool(),
            Step::NewWriter => self.new_writer(),
            Step::Expire => self.expire(few),
        }
    }

    fn append(&mut self, kind: Kind, lost: u64) {
        let spool = self.spools.current();
        let from = spool.end.n + 1;
        spool.append(kind, lost, self.clock_ms);
        if kind != Kind::Heartbeat {
            self.truth.extend((from..=spool.end.n).map(|n| (spool.writer.clone(), n)));
        }
        self.shipper.spooled(&spool.writer, spool.end.n);
    }

    fn start_collector(&mut self) {
        self.shipper = Shipper::new(WINDOW);
        self.spools.spools.iter().for_each(|spool| self.shipper.spooled(&spool.writer, spool.end.n));
        self.id_shipper = IdShipper::default();
        self.announced = false;
    }

    fn ship(&mut self, most: usize) {
        let cut = self.cut.take();
        if self.law == Law::Ids {
            self.id_shipper.ship(&self.spools, &mut self.redis, self.database.last_id, cut.unwrap_or(most));
            if cut.is_some() {
                self.id_shipper.lose_position();
            }
            return;
        }
        if !self.announced {
            self.collector_second();
        }
        if !self.announced {
            return;
        }
        if self.shipper.must_resync()
            && let Some(answered) = self.shipper.resync(&self.redis.seen(self.shipper.sent()))
        {
            self.redis.wanted.remove(&answered);
        }
        let Some(batch) = self.shipper.plan(most as u64) else { return };
        let spool = self.spools.spools.iter().find(|spool| spool.writer == batch.writer);
        let spool = spool.expect("only spools on the disk are planned");
        let mut n = *batch.range.start();
        let mut sent = 0;
        while n <= *batch.range.end() && cut.is_none_or(|cut| sent < cut) {
            let Some((last, entry)) = spool.read_from(n) else { break };
            let id = self.shipper.id(last, entry.received);
            if self.redis.add(id, Some(entry), batch.may_create) != Added::Ok {
                self.shipper.lose_position();
                return;
            }
            if cut.is_none() {
                self.shipper.shipped(id);
            }
            n = last + 1;
            sent += 1;
        }
        if cut.is_some() {
            self.shipper.lose_position();
        }
    }

    fn collector_second(&mut self) {
        let seen = self.redis.seen(self.shipper.sent());
        if !self.redis.memory_full {
            self.announced = true;
            let before = self.redis.held.clone().unwrap_or_default();
            self.redis.held = Some(self.shipper.held(
                &before,
                &self.redis.spooled,
                &seen.marks,
                Duration::from_millis(self.clock_ms),
            ));
            self.redis.spooled.extend(self.spools.spools.iter().map(|spool| (spool.writer.clone(), spool.end)));
        }
        self.shipper.progress(&seen);
    }

    fn take(&mut self, most: usize) {
        if self.in_flight.len() > 1 {
            return;
        }
        if self.law == Law::Ids {
            return self.take_by_ids(most);
        }
        let offers = self.redis.read_after(self.taker.cursor(), most);
        let taken = self.taker.take(&offers);
        let frame = |index: &usize| {
            let entry = offers[*index].entry.as_ref().expect("a frame has a header");
            (entry.writer.clone(), offers[*index].id.n)
        };
        let frames = taken.frames.iter().map(frame).collect();
        self.hand_over(taken, frames);
    }

    fn hand_over(&mut self, taken: Taken, frames: Vec<(WriterId, u64)>) {
        if !taken.is_empty() {
            self.in_flight.push_back((taken, frames));
        }
    }

    fn take_by_ids(&mut self, most: usize) {
        let offers = self.redis.read_after(self.database.last_id, most);
        let Some(last) = offers.last() else { return };
        self.database.last_id = last.id;
        let ours = offers.iter().filter_map(|offer| Some((offer.entry.as_ref()?, offer.id.n)));
        let frames = ours.filter(|(entry, _)| entry.kind == Kind::Frame).map(|(entry, n)| (entry.writer.clone(), n));
        self.database.insert(&frames.collect::<Vec<_>>());
        self.redis.trim_below(self.database.last_id);
    }

    fn commit(&mut self) {
        let Some((taken, frames)) = self.in_flight.pop_front() else { return };
        if !self.database.commit(&taken, &frames) {
            return self.start_archiver();
        }
        let minimum = self.taker.committed(&taken);
        self.redis.trim_below(minimum);
        self.publish_committed();
    }

    fn unclear_commit(&mut self, applied: bool) {
        if applied && let Some((taken, frames)) = self.in_flight.pop_front() {
            self.database.commit(&taken, &frames);
        }
        self.start_archiver();
    }

    fn start_archiver(&mut self) {
        self.in_flight.clear();
        self.taker = Taker::load(self.database.watermarks());
    }

    fn publish_committed(&mut self) {
        if !self.redis.memory_full {
            self.redis.committed.extend(self.taker.marks().map(|(writer, mark)| (writer.clone(), mark)));
        }
    }

    fn archiver_second(&mut self) {
        if !self.taker.agrees(&self.database.watermarks().collect()) {
            self.start_archiver();
        }
        self.publish_committed();
        if !self.redis.memory_full {
            self.redis.wanted.extend(self.taker.wanted().map(|(writer, n)| (writer.clone(), n)));
        }
        self.taker.check_top(self.redis.last_id());
        if let Some(held) = &self.redis.held
            && self.in_flight.len() < 2
        {
            let gone = self.taker.gone(held, &self.redis.spooled);
            let settled = self.taker.settle(&gone, self.redis.last_id());
            self.hand_over(settled, Vec::new());
            let held = self.redis.held.clone().unwrap_or_default();
            self.taker.look_again(&held, &self.redis.spooled, self.redis.last_id());
        }
    }

    fn redis_lost_its_tail(&mut self, entries: usize) {
        self.redis.lose_tail(entries);
        self.shipper.lose_position();
        self.id_shipper.lose_position();
    }

    fn stranger(&mut self, ahead_ms: u64) {
        let id = StreamId { ms: self.clock_ms.max(self.redis.last_id().ms) + ahead_ms, n: 1 };
        self.redis.add(id, None, true);
    }

    /// Somebody adds the newest entry once more, under its own number or under one far ahead. (With the very next
    /// number he would be the writer: that is not an accident.)
    fn stranger_in_our_form(&mut self, ahead: u64) {
        let last_id = self.redis.last_id();
        let newest = self.redis.read_after(last_id.before(), 1).pop();
        if let Some(entry) = newest.and_then(|offer| offer.entry) {
            self.redis.add(StreamId { ms: last_id.ms + 1, n: last_id.n + ahead }, Some(entry), false);
        }
    }

    /// The disk of the collector is replaced, one second after it said what it held.
    fn lose_spool(&mut self) {
        self.redis.memory_full = false;
        self.collector_second();
        self.spools.spools.clear();
        self.new_writer();
    }

    fn new_writer(&mut self) {
        self.spools.begin();
        self.start_collector();
    }

    /// Segments below the committed `n` are deleted once they are old, of a retired writer all that it has.
    fn expire(&mut self, keep: usize) {
        let newest = self.spools.current().writer.clone();
        for spool in &mut self.spools.spools {
            let committed = self.shipper.committed(&spool.writer).unwrap_or(0);
            spool.records = spool.records.split_off(&committed.saturating_sub(keep as u64));
            if spool.writer != newest && committed >= spool.end.n {
                spool.retire();
            }
        }
    }

    /// The faults end; the daemons go on until nothing moves any more.
    pub(super) fn heal(&mut self) -> Result<(), String> {
        self.redis.memory_full = false;
        for round in 0..400 {
            self.clock_ms += 1000;
            self.collector_second();
            self.ship(50);
            (0..3).for_each(|_| {
                self.take(50);
                self.commit();
                self.commit();
            });
            self.archiver_second();
            if round % 5 == 0 {
                self.append(Kind::Heartbeat, 0);
            }
            if round > 20 && round % 5 == 4 && self.at_rest() {
                return Ok(());
            }
        }
        Err(format!("does not come to rest: {:?}", self.taker))
    }

    fn at_rest(&self) -> bool {
        let watermarks: BTreeMap<WriterId, Mark> = self.database.watermarks().collect();
        let all_there = |spool: &Spool| watermarks.get(&spool.writer).map_or(0, |mark| mark.n) >= spool.end.n;
        self.law == Law::Ids || (self.spools.spools.iter().all(all_there) && self.taker.wanted().next().is_none())
    }

    /// What became of every frame that a spool ever held.
    pub(super) fn tally(&self) -> Tally {
        let mut tally = Tally { frames: self.truth.len(), ..Tally::default() };
        for (writer, n) in &self.truth {
            let (copies, gap) = (self.database.copies(writer, *n), self.database.has_gap(writer, *n));
            match (copies, gap) {
                (1, false) => {}
                (0, true) if self.spools.holds(writer, *n) => tally.given_up += 1,
                (0, true) => tally.recorded += 1,
                (0, false) => tally.lost += 1,
                _ => tally.doubled += 1,
            }
        }
        tally
    }
}
