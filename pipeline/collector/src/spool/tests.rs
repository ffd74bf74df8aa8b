//! The spool on a real disk: ends, tears, flipped bits, missing segments.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::reader::Reader;
use super::*;

const NOW: Received = Received(1_768_453_711_000_000);

/// After the archiver has committed the first `n` of every writer.
fn open_after(directory: &Path, n: u64) -> (Spool, Vec<Folder>) {
    let folders = Folder::list(directory).expect("readable");
    let committed = folders.iter().map(|folder| (folder.writer().clone(), Mark { n, ticks: n })).collect();
    Spool::open(directory, &committed, NOW).expect("the temporary folder is writable")
}

fn open(directory: &Path) -> (Spool, Vec<Folder>) {
    open_after(directory, 0)
}

/// A spool with frames 1 to `last`, one tick each, whose process was killed.
fn killed(directory: &Path, last: u64) -> Folder {
    let (mut spool, folders) = open(directory);
    for n in 1..=last {
        spool.append(Kind::Frame, NOW, 1, format!("frame {n}").as_bytes()).expect("the disk has room");
    }
    folders.last().expect("the one that is written to").clone()
}

fn read(folder: &Folder, from: u64, to: u64) -> Vec<String> {
    let records = Reader::new(folder.clone()).read(from, to).expect("the folder is readable");
    let text = |record: &Record| format!("{}: {}", record.n, String::from_utf8_lossy(&record.bytes));
    records.iter().map(text).collect()
}

#[test]
fn a_killed_writer_goes_on_where_it_was() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let folder = killed(directory.path(), 3);
    let (spool, folders) = open(directory.path());
    assert_eq!((spool.writer(), spool.end(), folders.len()), (folder.writer(), Mark { n: 3, ticks: 3 }, 1));
    assert_eq!(read(&folder, 2, 3), ["2: frame 2", "3: frame 3"]);
}

#[test]
fn a_torn_tail_begins_a_new_writer_and_keeps_what_is_whole() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let folder = killed(directory.path(), 3);
    let segment = OpenOptions::new().write(true).open(folder.segment_path(1)).expect("the segment is there");
    segment.set_len(segment.metadata().expect("it has a length").len() - 1).expect("it can be cut");
    let (spool, folders) = open(directory.path());
    assert_eq!((folders.len(), spool.end()), (2, Mark::default()));
    assert_eq!(folders[0].writer(), folder.writer());
    assert!(folders[0].writer() < spool.writer(), "the newer writer sorts behind");
    assert_eq!(folders[0].last_segment().expect("readable").1.n, 2);
}

#[test]
fn a_copy_that_is_older_than_what_was_committed_begins_a_new_writer() {
    let check = |committed: Option<u64>, frames: u64, goes_on: bool, follows_older: bool| {
        let directory = tempfile::tempdir().expect("a temporary folder");
        let folder = killed(directory.path(), frames);
        let (spool, _) = match committed {
            Some(n) => open_after(directory.path(), n),
            None => Spool::open(directory.path(), &BTreeMap::new(), NOW).expect("the temporary folder is writable"),
        };
        let opened = (spool.writer() == folder.writer(), spool.follows_older());
        assert_eq!(opened, (goes_on, follows_older), "{committed:?} of {frames}");
    };
    check(Some(3), 3, true, false);
    check(Some(4), 3, false, true);
    check(Some(1), 0, false, true);
    // Redis does not say it: it is down, or lost its memory.
    check(None, 3, false, false);
    check(None, 0, true, false);
}

#[test]
fn after_another_boot_only_a_closed_writer_goes_on() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let folder = killed(directory.path(), 3);
    let reboot =
        || fs::write(directory.path().join(folder.writer().as_str()).join("boot"), "another").expect("writable");
    let (spool, _) = open(directory.path());
    spool.close(NOW).expect("the disk has room");
    reboot();
    let (spool, _) = open(directory.path());
    assert_eq!(spool.writer(), folder.writer());
    drop(spool);
    reboot();
    assert_ne!(open(directory.path()).0.writer(), folder.writer());
}

#[test]
fn a_flipped_bit_costs_one_record_and_is_a_gap() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let folder = killed(directory.path(), 4);
    let mut bytes = fs::read(folder.segment_path(1)).expect("the segment is there");
    let at = bytes.windows(7).position(|window| window == b"frame 2").expect("the frame is there");
    bytes[at] ^= 1;
    fs::write(folder.segment_path(1), bytes).expect("writable");
    assert_eq!(read(&folder, 1, 4), ["1: frame 1", "2: 2 2 no longer in the spool", "3: frame 3", "4: frame 4"]);
    assert_eq!(read(&folder, 2, 4), ["2: 2 2 no longer in the spool", "3: frame 3", "4: frame 4"]);
}

#[test]
fn a_missing_or_ruined_segment_is_a_gap_up_to_the_next() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let folder = killed(directory.path(), 4);
    fs::rename(folder.segment_path(1), folder.segment_path(11)).expect("writable");
    assert_eq!(read(&folder, 1, 4), ["4: 1 4 no longer in the spool"].map(|_| "10: 1 10 no longer in the spool"));
    fs::write(folder.segment_path(11), "ruined").expect("writable");
    assert_eq!(read(&folder, 11, 14), ["14: 11 14 no longer in the spool"]);
}

#[test]
fn what_a_full_disk_keeps_out_is_one_gap_also_after_a_kill() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let (mut spool, folders) = open(directory.path());
    spool.append(Kind::Frame, NOW, 1, b"first").expect("the disk has room");
    // A handle that refuses writes stands for the full disk.
    let writable = std::mem::replace(&mut spool.segment, Arc::new(File::open("/dev/null").expect("it is there")));
    assert!(spool.append(Kind::Frame, NOW, 2, b"lost").is_err());
    assert!(spool.append(Kind::Frame, NOW, 2, b"lost too").is_err());
    assert_eq!((spool.end(), spool.lost()), (Mark { n: 1, ticks: 5 }, 2));
    spool.segment = writable;
    spool.append(Kind::Frame, NOW, 1, b"fourth").expect("the disk has room again");
    let expected = ["1: first", "3: 2 3 the spool could not be written", "4: fourth"];
    assert_eq!(read(folders.last().expect("one writer"), 1, 4), expected);
    assert_eq!(read(folders.last().expect("one writer"), 2, 2), expected[1..2]);
    spool.segment = Arc::new(File::open("/dev/null").expect("it is there"));
    assert!(spool.append(Kind::Frame, NOW, 1, b"lost, then killed").is_err());
    drop(spool);
    let (mut spool, folders) = open(directory.path());
    spool.append(Kind::Frame, NOW, 1, b"sixth").expect("the disk has room");
    let expected = ["5: 5 5 the spool could not be written", "6: sixth"];
    assert_eq!(read(folders.last().expect("one writer"), 5, 6), expected);
}

#[test]
fn a_noted_loss_stays_with_its_writer_when_a_new_one_begins() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let folder = killed(directory.path(), 3);
    folder.note_loss(4, 9);
    fs::write(directory.path().join(folder.writer().as_str()).join("boot"), "another").expect("writable");
    let (_, folders) = open(directory.path());
    assert_eq!((folders.len(), folders[0].end().expect("readable").n), (2, 9));
    assert_eq!(read(&folders[0], 3, 9), ["3: frame 3"]);
    assert_eq!(read(&folders[0], 4, 9), ["9: 4 9 no longer in the spool"]);
}

#[test]
fn a_segment_that_was_begun_and_not_written_to_keeps_the_count() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let folder = killed(directory.path(), 3);
    fs::write(folder.segment_path(4), "").expect("writable");
    assert_eq!(open(directory.path()).0.end(), Mark { n: 3, ticks: 3 });
}

#[test]
fn a_segment_that_cannot_be_forced_to_the_disk_is_not_left() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let (mut spool, folders) = open(directory.path());
    let check = |spool: &mut Spool, segments: &[u64]| {
        spool.length = SEGMENT_BYTES;
        spool.append(Kind::Frame, NOW, 1, b"a frame").expect("the disk has room");
        assert_eq!(folders[0].segments().expect("readable"), segments);
    };
    // The null device takes every write and cannot be synced.
    let null = OpenOptions::new().write(true).open("/dev/null").expect("it is there");
    let sound = std::mem::replace(&mut spool.segment, Arc::new(null));
    check(&mut spool, &[1]);
    spool.segment = sound;
    check(&mut spool, &[1, 2]);
}

#[test]
fn a_disk_that_cannot_be_read_is_an_error_and_no_gap() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let folder = killed(directory.path(), 3);
    fs::remove_file(folder.segment_path(1)).expect("writable");
    fs::create_dir(folder.segment_path(1)).expect("writable");
    assert!(Reader::new(folder).read(1, 3).is_err());
}

#[test]
fn old_segments_go_once_they_are_committed() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let folder = killed(directory.path(), 3);
    fs::write(folder.segment_path(4), "").expect("writable");
    let check = |committed, age: Duration, left: &[u64]| {
        folder.expire(committed, SystemTime::now() + Duration::from_secs(60) - age).expect("deletable");
        assert_eq!(folder.segments().expect("readable"), left);
    };
    check(2, Duration::ZERO, &[1, 4]);
    check(3, Duration::from_secs(3600), &[1, 4]);
    check(3, Duration::ZERO, &[4]);
    assert_eq!(read(&folder, 1, 3), ["3: 1 3 no longer in the spool"]);
}

#[test]
fn of_a_retired_writer_its_end_stays() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let folder = killed(directory.path(), 3);
    let end = Mark { n: 3, ticks: 3 };
    let check = |age: Duration, left: &[u64]| {
        let before = SystemTime::now() + Duration::from_secs(60) - age;
        folder.retire(end, before).and_then(|()| folder.expire(3, before)).expect("deletable");
        assert_eq!(folder.segments().expect("readable"), left);
        assert_eq!(folder.end().expect("readable"), end);
    };
    check(Duration::from_secs(3600), &[1]);
    assert_eq!(read(&folder, 3, 3), ["3: frame 3"]);
    check(Duration::ZERO, &[3]);
    check(Duration::ZERO, &[3]);
    assert_eq!(read(&folder, 1, 2), ["2: 1 2 no longer in the spool"]);
    assert_eq!(read(&folder, 3, 3), ["3: 3 3 no longer in the spool"]);
}

#[test]
fn two_collectors_cannot_share_a_spool() {
    let directory = tempfile::tempdir().expect("a temporary folder");
    let (_spool, _) = open(directory.path());
    assert!(matches!(Spool::open(directory.path(), &BTreeMap::new(), NOW), Err(SpoolError::InUse { .. })));
}
