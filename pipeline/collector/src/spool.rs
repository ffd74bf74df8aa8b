//! The spool: every frame on disk before anything else is done with it. It is the record of this side of Redis.
//!
//! A folder per writer, in it append-only segments named after their first `n`. One `write` a record: what was appended
//! survives a kill of the process at once, and a power cut after the next [`Spool::sync_handle`]. The writing half is
//! here, the reading half in `reader.rs`, what stands on disk in `record.rs`.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use feed::entry::{Gap, Kind, Mark, Received, WriterId};

pub mod folder;
pub mod reader;
pub mod record;

use folder::{Folder, FolderError};
use record::Record;

/// A segment is closed at this size, so that old ones can be deleted.
const SEGMENT_BYTES: u64 = 64 << 20;

/// The writing half: owned by the loop that reads the socket.
#[derive(Debug)]
pub struct Spool {
    folder: Folder,
    segment: Arc<File>,
    /// Bytes of whole records in the segment; anything beyond is the rest of a failed write.
    length: u64,
    end: Mark,
    /// Records that could not be written since the last one that could: they become one gap record.
    lost: Option<Lost>,
    /// The writer before it was put back from an older copy.
    follows_older: bool,
    /// Held for the life of the process: two collectors never write one spool.
    _lock: File,
}

#[derive(Debug, Clone, Copy)]
struct Lost {
    from: u64,
    to: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    #[error("cannot open the spool folder {}", path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error("the spool {} is in use by another collector: give each its own FEED_SPOOL_DIR", path.display())]
    InUse { path: PathBuf },
    #[error("the spool folder cannot be read")]
    Folder(#[from] FolderError),
}

impl Spool {
    /// Opens the spool below `directory`, and says which writers it holds, oldest first; the last one is written to.
    ///
    /// The newest writer is gone on with, unless its tail is torn, it was not closed and the machine has booted since, or
    /// `committed`, what the archiver is known to have, is more than is here or says nothing of it: a number that the disk
    /// has forgotten may have been sent already, so it is never given twice.
    pub fn open(
        directory: &Path,
        committed: &BTreeMap<WriterId, Mark>,
        now: Received,
    ) -> Result<(Spool, Vec<Folder>), SpoolError> {
        let open = |source| SpoolError::Open { path: directory.to_owned(), source };
        fs::create_dir_all(directory).map_err(open)?;
        let lock = File::create(directory.join("lock")).map_err(open)?;
        if lock.try_lock().is_err() {
            return Err(SpoolError::InUse { path: directory.to_owned() });
        }
        let mut folders = Folder::list(directory)?;
        let mut follows_older = false;
        let current = match folders.pop() {
            Some(newest) if newest.may_go_on(committed)? => newest,
            newest => {
                follows_older = newest.as_ref().map_or(Ok(false), |newest| newest.is_older(committed))?;
                folders.extend(newest);
                Folder::create(directory, folders.last(), now)?
            }
        };
        current.mark_open()?;
        let (first, end, length) = current.last_segment()?;
        let segment = Arc::new(append_to(&current.segment_path(first)).map_err(open)?);
        let lost = current.noted_loss().filter(|(_, to)| *to > end.n).map(|(_, to)| Lost { from: end.n + 1, to });
        folders.push(current.clone());
        let length = length.expect("a writer that goes on, like one that begins, has a sound segment");
        Ok((Spool { folder: current, segment, length, end, lost, follows_older, _lock: lock }, folders))
    }

    pub fn writer(&self) -> &WriterId {
        self.folder.writer()
    }

    /// Whether this writer was begun because the one before it was put back from an older copy.
    pub fn follows_older(&self) -> bool {
        self.follows_older
    }

    /// The last `n` given, and the ticks up to it.
    pub fn end(&self) -> Mark {
        self.end
    }

    /// Appends a frame of `ticks` ticks, or a heartbeat. On an error (a full disk) the record is lost and counted: its
    /// `n` becomes part of a gap that is written once the disk takes writes again.
    pub fn append(&mut self, kind: Kind, received: Received, ticks: u64, bytes: &[u8]) -> io::Result<()> {
        let (n, ticks) = (self.next(), self.end.ticks + ticks);
        let record = Record { n, received, ticks, kind, bytes: bytes.to_vec() };
        let written = self.write_lost(received).and_then(|()| self.write(&record));
        match written {
            Ok(()) => self.end = Mark { n, ticks },
            Err(_) => self.lose(n, ticks),
        }
        written
    }

    fn next(&self) -> u64 {
        self.lost.map_or(self.end.n, |lost| lost.to) + 1
    }

    /// Frames lost since the disk was last writable.
    pub fn lost(&self) -> u64 {
        self.lost.map_or(0, |lost| lost.to - lost.from + 1)
    }

    /// What to `fdatasync`, off the thread that reads the socket.
    pub fn sync_handle(&self) -> Arc<File> {
        Arc::clone(&self.segment)
    }

    /// Says on disk that nothing is missing, so that the writer may go on after a reboot.
    pub fn close(mut self, now: Received) -> io::Result<()> {
        self.write_lost(now)?;
        self.segment.sync_data()?;
        self.folder.mark_closed()
    }

    fn write_lost(&mut self, received: Received) -> io::Result<()> {
        let Some(Lost { from, to }) = self.lost else { return Ok(()) };
        let gap = Gap { from, to, reason: "the spool could not be written".to_owned() };
        let bytes = gap.to_string().into_bytes();
        self.write(&Record { n: to, received, ticks: self.end.ticks, kind: Kind::Gap, bytes })?;
        self.end.n = to;
        self.lost = None;
        Ok(())
    }

    fn lose(&mut self, n: u64, ticks: u64) {
        let lost = Lost { from: self.lost.map_or(n, |lost| lost.from), to: n };
        self.folder.note_loss(lost.from, lost.to);
        self.lost = Some(lost);
        self.end.ticks = ticks;
    }

    fn write(&mut self, record: &Record) -> io::Result<()> {
        // Nobody syncs a segment that was left: one that cannot be forced to the disk is gone on with.
        if self.length >= SEGMENT_BYTES && self.segment.sync_data().is_ok() {
            let first = record.first_n();
            self.segment = Arc::new(append_to(&self.folder.segment_path(first))?);
            self.length = 0;
        }
        let bytes = record.encode();
        let written = (&*self.segment).write_all(&bytes);
        match written {
            Ok(()) => self.length += bytes.len() as u64,
            // Half a record must not stand before the next one.
            Err(_) => self.segment.set_len(self.length)?,
        }
        written
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests;
