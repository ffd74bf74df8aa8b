//! What waits of a stream, by subtraction: plain values of what Redis and the table said. `stream_drained` looks and
//! judges.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use feed::entry::{Mark, WriterId};
use serde::{Deserialize, Serialize};

use crate::limits;
use crate::site::redis::{Entry, Marks, Sample};

/// A backlog older than this is watched for a moment, to see whether it drains.
const WATCHED_FROM_S: f64 = 5.0;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Backlog {
    pub stream: String,
    pub redis_time: DateTime<Utc>,
    /// In the collector's spool and in the stream, together: spooled and not committed.
    pub waiting_ticks: u64,
    /// Frames, heartbeats and gaps.
    pub waiting_entries: u64,
    /// When the collector received the oldest entry in the stream that is not committed.
    pub oldest_waiting_at: Option<DateTime<Utc>>,
    /// How many entries were committed while a backlog was watched; none: it was too young to be watched.
    pub committed_while_watched: Option<u64>,
}

/// One look at a stream.
pub(super) struct Look {
    pub(super) sample: Sample,
    /// The first entry in the stream that is not committed.
    pub(super) oldest: Option<Entry>,
}

impl Look {
    /// Without a writer that tells its count nothing can be subtracted: the stream is a stranger's, or is not there.
    pub(super) fn tells_what_waits(&self) -> bool {
        !writers(self).is_empty()
    }
}

impl Backlog {
    pub(super) fn of(stream: &str, look: &Look) -> Backlog {
        let Look { sample, oldest } = look;
        let mut waiting = Mark::default();
        for writer in writers(look) {
            let committed = committed(sample, &writer);
            // The stream may be a second ahead of `feed:spooled`.
            let spooled = sample.spooled.get(&writer).copied().unwrap_or_default();
            let shipped = newest_of(sample, &writer).unwrap_or_default();
            waiting.n += spooled.n.max(shipped.n).saturating_sub(committed.n);
            waiting.ticks += spooled.ticks.max(shipped.ticks).saturating_sub(committed.ticks);
        }
        Backlog {
            stream: stream.to_owned(),
            redis_time: sample.now,
            waiting_ticks: waiting.ticks,
            waiting_entries: waiting.n,
            oldest_waiting_at: oldest.as_ref().and_then(|entry| Some(entry.header.as_ref()?.received.instant())),
            committed_while_watched: None,
        }
    }

    /// A backlog that shrank moves, whether or not the marks of its writers still tell how.
    pub(super) fn watched(stream: &str, first: &Look, second: &Look) -> Backlog {
        let (before, after) = (Backlog::of(stream, first), Backlog::of(stream, second));
        let shrunk = before.waiting_entries.saturating_sub(after.waiting_entries);
        let committed = writers(second)
            .into_iter()
            .map(|writer| committed(&second.sample, &writer).n.saturating_sub(committed(&first.sample, &writer).n));
        Backlog { committed_while_watched: Some(committed.sum::<u64>().max(shrunk)), ..after }
    }

    /// Seconds that the oldest entry has waited.
    pub fn age_s(&self) -> Option<f64> {
        self.oldest_waiting_at.map(|oldest| (self.redis_time - oldest).as_seconds_f64())
    }

    /// What waits in the spool only has no age, and a wrong clock tells none: nothing else tells whether it drains.
    pub(super) fn must_be_watched(&self) -> bool {
        self.age_s().map_or(self.waiting_ticks > 0, |age| age >= WATCHED_FROM_S || limits::ahead(age).is_some())
    }
}

/// A Redis that lost its memory says less than what is in the table, until the archiver has told it again.
pub(super) fn remember(sample: &mut Sample, watermarks: &Marks) {
    for (writer, mark) in watermarks {
        let known = sample.committed.entry(writer.clone()).or_default();
        if mark.n > known.n {
            *known = *mark;
        }
    }
}

/// A stranger's entry waits for nobody.
pub(super) fn waits(entry: &Entry, sample: &Sample) -> bool {
    entry.header.as_ref().is_some_and(|header| entry.id.n > committed(sample, &header.writer).n)
}

fn committed(sample: &Sample, writer: &WriterId) -> Mark {
    sample.committed.get(writer).copied().unwrap_or_default()
}

/// The writers of a stream: those whose spools its collector holds, and those seen in it.
fn writers(look: &Look) -> BTreeSet<WriterId> {
    let entries = look.sample.newest.iter().chain(&look.oldest);
    let seen = entries.filter_map(|entry| Some(entry.header.as_ref()?.writer.clone()));
    look.sample.held.iter().cloned().chain(seen).collect()
}

fn newest_of(sample: &Sample, writer: &WriterId) -> Option<Mark> {
    sample.newest.iter().find_map(|entry| {
        let header = entry.header.as_ref().filter(|header| header.writer == *writer)?;
        Some(Mark { n: entry.id.n, ticks: header.ticks })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn marks(marks: &[(&str, u64, u64)]) -> Marks {
        let mark = |&(writer, n, ticks): &(&str, u64, u64)| (writer.parse().expect("a writer"), Mark { n, ticks });
        marks.iter().map(mark).collect()
    }

    fn entry(writer: &str, n: u64, ticks: u64) -> Entry {
        let received = fixture::instant("2026-01-15T05:08:31Z").timestamp_micros();
        let header = format!("1 frame {writer} {received} {ticks}").parse().expect("a header");
        Entry { id: format!("1-{n}").parse().expect("an id"), header: Some(header) }
    }

    fn sample(newest: &[Entry], held: &[&str], spooled: &[(&str, u64, u64)], committed: &[(&str, u64, u64)]) -> Sample {
        Sample {
            now: fixture::instant("2026-01-15T05:21:10Z"),
            length: newest.len() as u64,
            newest: newest.to_vec(),
            held: held.iter().map(|writer| writer.parse().expect("a writer")).collect(),
            spooled: marks(spooled),
            committed: marks(committed),
        }
    }

    fn check_count(sample: &Sample, expected: (u64, u64)) {
        let backlog = Backlog::of("ticks:{kr}", &alone(sample));
        assert_eq!((backlog.waiting_ticks, backlog.waiting_entries), expected);
    }

    #[test]
    fn what_waits_is_spooled_less_committed() {
        check_count(&sample(&[entry("a", 5, 9)], &["a"], &[("a", 5, 9)], &[("a", 5, 9)]), (0, 0));
        check_count(&sample(&[entry("a", 9, 18)], &["a"], &[("a", 1125, 1511)], &[("a", 5, 9)]), (1502, 1120));
        // The stream is ahead of `feed:spooled`, and `feed:committed` of both.
        check_count(&sample(&[entry("a", 7, 12)], &["a"], &[("a", 5, 9)], &[("a", 5, 9)]), (3, 2));
        check_count(&sample(&[entry("a", 5, 9)], &["a"], &[("a", 5, 9)], &[("a", 6, 11)]), (0, 0));
        // Nothing was ever committed.
        check_count(&sample(&[entry("a", 5, 9)], &["a"], &[("a", 5, 9)], &[]), (9, 5));
    }

    #[test]
    fn each_writer_of_the_stream_counts_and_no_other() {
        let spooled = [("old", 10, 20), ("new", 4, 6), ("other", 99, 99)];
        check_count(&sample(&[entry("old", 10, 20)], &["old", "new"], &spooled, &[("old", 8, 15)]), (11, 6));
        check_count(&sample(&[], &[], &spooled, &[]), (0, 0));
    }

    #[test]
    fn an_entry_waits_when_its_n_is_above_the_committed_one() {
        let sample = sample(&[], &[], &[], &[("a", 5, 9)]);
        let stranger = Entry { header: None, ..entry("a", 6, 10) };
        let waiting =
            [entry("a", 5, 9), entry("a", 6, 10), entry("b", 1, 1), stranger].map(|entry| waits(&entry, &sample));
        assert_eq!(waiting, [false, true, true, false]);
    }

    #[test]
    fn of_a_stranger_nobody_knows_what_waits() {
        let check = |newest: &[Entry], held: &[&str], expected| {
            let look = alone(&sample(newest, held, &[("other", 99, 99)], &[]));
            assert_eq!(look.tells_what_waits(), expected);
        };
        let stranger = || Entry { header: None, ..entry("a", 6, 10) };
        check(&[], &[], false);
        check(&[stranger()], &[], false);
        check(&[stranger(), entry("a", 5, 9)], &[], true);
        check(&[], &["a"], true);
    }

    fn alone(sample: &Sample) -> Look {
        Look { sample: sample.clone(), oldest: None }
    }

    fn check_watched(first: &Sample, second: &Sample, expected: u64) {
        let backlog = Backlog::watched("ticks:{kr}", &alone(first), &alone(second));
        assert_eq!(backlog.committed_while_watched, Some(expected));
    }

    #[test]
    fn a_backlog_moves_when_something_is_committed_or_it_shrinks() {
        let a = |spooled, committed| sample(&[], &["a"], &[("a", spooled, spooled)], &[("a", committed, committed)]);
        check_watched(&a(100, 5), &a(100, 5), 0);
        check_watched(&a(100, 5), &a(130, 5), 0);
        check_watched(&a(100, 5), &a(130, 9), 4);
        // More came than was committed.
        check_watched(&a(100, 5), &a(100, 100), 95);
        // Redis lost its memory of what was committed.
        check_watched(&a(100, 5), &sample(&[], &["a"], &[("a", 100, 100)], &[]), 0);
        // A writer that is drained is no longer held, and its marks tell nothing.
        let spooled = [("old", 10, 20), ("new", 4, 6)];
        let two = sample(&[], &["old", "new"], &spooled, &[("old", 8, 15)]);
        check_watched(&two, &sample(&[], &["new"], &spooled, &[("old", 8, 15)]), 2);
    }

    #[test]
    fn the_table_is_believed_where_redis_says_less() {
        let check = |committed: &[(&str, u64, u64)], watermarks: &[(&str, u64, u64)], expected| {
            let mut sample = sample(&[], &["a"], &[("a", 1125, 1511)], committed);
            remember(&mut sample, &marks(watermarks));
            check_count(&sample, expected);
        };
        check(&[], &[("a", 1120, 1500)], (11, 5));
        check(&[("a", 5, 9)], &[("a", 1120, 1500)], (11, 5));
        check(&[("a", 1125, 1511)], &[("a", 1120, 1500)], (0, 0));
        check(&[("a", 5, 9)], &[("other", 7, 7)], (1502, 1120));
    }

    #[test]
    fn what_is_old_or_has_no_age_is_watched() {
        let check = |age_s: Option<i64>, waiting_ticks, expected| {
            let redis_time = fixture::instant("2026-01-15T05:21:10Z");
            let backlog = Backlog {
                waiting_ticks,
                oldest_waiting_at: age_s.map(|age_s| redis_time - chrono::TimeDelta::seconds(age_s)),
                ..Backlog::of("ticks:{kr}", &alone(&sample(&[], &[], &[], &[])))
            };
            assert_eq!(backlog.must_be_watched(), expected, "{age_s:?}");
        };
        check(None, 0, false);
        check(None, 1, true);
        check(Some(4), 1, false);
        check(Some(5), 1, true);
        check(Some(-5), 1, false);
        check(Some(-12), 1, true);
    }
}
