//! The folder of one writer: its segments, and the few words beside them that outlive the process.
//!
//! `boot` names the boot of the machine under which it is written, `closed` stands only after a clean end, `lost` is a
//! preallocated line that says what a full disk kept out.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use feed::entry::{Mark, Received, WriterId};

use super::record::{Record, Scan};

/// Names the boot of this machine; a container sees its host's.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

#[derive(Debug, Clone)]
pub struct Folder {
    writer: WriterId,
    path: PathBuf,
}

#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}", path.display())]
pub struct FolderError {
    action: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl Folder {
    /// The folders below `directory`, oldest writer first.
    pub fn list(directory: &Path) -> Result<Vec<Folder>, FolderError> {
        let fail = |source| FolderError { action: "list", path: directory.to_owned(), source };
        let mut folders = Vec::new();
        for entry in fs::read_dir(directory).map_err(fail)? {
            let path = entry.map_err(fail)?.path();
            let writer = path.file_name().and_then(|name| name.to_str()?.parse().ok());
            if let Some(writer) = writer.filter(|_| path.is_dir()) {
                folders.push(Folder { writer, path });
            }
        }
        folders.sort_by(|a, b| a.writer.cmp(&b.writer));
        Ok(folders)
    }

    /// A new writer. Its id is random behind the millisecond of its making, and sorts behind `newest`.
    pub fn create(directory: &Path, newest: Option<&Folder>, now: Received) -> Result<Folder, FolderError> {
        let made = |folder: &Folder| u64::from_str_radix(folder.writer.as_str().split('-').next()?, 16).ok();
        let ms = now.millis().max(newest.and_then(made).map_or(0, |ms| ms + 1));
        let writer: WriterId = format!("{ms:012x}-{:08x}", rand::random::<u32>()).parse().expect("hex digits");
        let folder = Folder { path: directory.join(writer.as_str()), writer };
        folder.does("create", fs::create_dir(&folder.path))?;
        folder.does("write to", fs::write(folder.path.join("lost"), " ".repeat(64)))?;
        Ok(folder)
    }

    pub fn writer(&self) -> &WriterId {
        &self.writer
    }

    pub fn segment_path(&self, first: u64) -> PathBuf {
        self.path.join(format!("{first:020}.spool"))
    }

    /// The first `n` of each segment, ascending.
    pub fn segments(&self) -> Result<Vec<u64>, FolderError> {
        let mut segments = Vec::new();
        for entry in self.does("list", fs::read_dir(&self.path))? {
            let name = self.does("list", entry)?.file_name();
            let first = name.to_str().and_then(|name| name.strip_suffix(".spool")?.parse::<u64>().ok());
            segments.extend(first);
        }
        segments.sort_unstable();
        Ok(segments)
    }

    /// First `n`, end, and the length up to the last sound record of the last segment; of an empty folder, those of the
    /// segment to begin. The length is none where damage stands before or behind that record.
    pub fn last_segment(&self) -> Result<(u64, Mark, Option<u64>), FolderError> {
        let segments = self.segments()?;
        let Some(first) = segments.last().copied() else { return Ok((1, Mark::default(), Some(0))) };
        let bytes = self.does("read", fs::read(self.segment_path(first)))?;
        let length: usize = Scan::new(&bytes).map(|(_, size, _)| size).sum();
        let sound = (length == bytes.len()).then_some(length as u64);
        // A segment that was begun and not written to says nothing about the ticks before it.
        let end = match end_of(&bytes) {
            Some(end) => end,
            None => self.end_before(&segments)?.unwrap_or_default(),
        };
        Ok((first, Mark { n: end.n.max(first - 1), ..end }, sound))
    }

    fn end_before(&self, segments: &[u64]) -> Result<Option<Mark>, FolderError> {
        let Some(before) = segments.len().checked_sub(2).map(|index| segments[index]) else { return Ok(None) };
        Ok(end_of(&self.does("read", fs::read(self.segment_path(before)))?))
    }

    /// The last `n` that was given here, also to what a full disk kept out: everything up to it is to be shipped, as a
    /// frame or as a gap.
    pub fn end(&self) -> Result<Mark, FolderError> {
        let (_, end, _) = self.last_segment()?;
        Ok(Mark { n: end.n.max(self.noted_loss().map_or(0, |(_, to)| to)), ..end })
    }

    /// Whether the next `n` may be given here, of which the archiver is known to have what `committed` says.
    pub fn may_go_on(&self, committed: &BTreeMap<WriterId, Mark>) -> Result<bool, FolderError> {
        let (_, end, sound) = self.last_segment()?;
        // Where nobody can say what was sent of it, it may have been more.
        let known = end.n == 0 || committed.contains_key(&self.writer);
        let boot = fs::read_to_string(self.path.join("boot")).ok();
        let same_boot = boot.is_some() && boot == boot_id();
        let whole = sound.is_some() && (same_boot || self.path.join("closed").exists());
        Ok(whole && known && !self.is_older(committed)?)
    }

    /// Whether the archiver has more of it than is here: then it is a copy that was put back.
    pub fn is_older(&self, committed: &BTreeMap<WriterId, Mark>) -> Result<bool, FolderError> {
        let end = self.end()?;
        Ok(committed.get(&self.writer).is_some_and(|committed| committed.n > end.n))
    }

    /// From here on the writer is not closed, and the disk knows it: otherwise it might go on after a power cut although
    /// its tail is lost. A boot id that stands already is left alone, because a full disk would take it and give nothing.
    pub fn mark_open(&self) -> Result<(), FolderError> {
        let boot = boot_id().unwrap_or_default();
        if fs::read_to_string(self.path.join("boot")).ok().as_ref() != Some(&boot) {
            self.does("write to", fs::write(self.path.join("boot"), boot))?;
        }
        match fs::remove_file(self.path.join("closed")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return self.does("write to", Err(error)),
            _ => {}
        }
        self.does("write to", fs::File::open(&self.path).and_then(|folder| folder.sync_all()))
    }

    pub fn mark_closed(&self) -> io::Result<()> {
        fs::write(self.path.join("closed"), "")
    }

    /// Written in place, so that it works on a full disk; best effort, because the disk is failing already.
    pub fn note_loss(&self, from: u64, to: u64) {
        let note = fs::OpenOptions::new().write(true).open(self.path.join("lost"));
        let written = note.and_then(|mut file| file.write_all(format!("{from} {to} \n").as_bytes()));
        if let Err(error) = written {
            tracing::warn!(error = %error, from, to, "cannot note what a full disk keeps out of the spool");
        }
    }

    pub fn noted_loss(&self) -> Option<(u64, u64)> {
        let text = fs::read_to_string(self.path.join("lost")).ok()?;
        let mut words = text.split_whitespace();
        Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
    }

    /// Deletes segments of which the database has everything and that were last written before `before`. The folder
    /// stays: it says that the writer was here, so that a restored database gets a record of what is gone.
    pub fn expire(&self, committed: u64, before: SystemTime) -> Result<(), FolderError> {
        let segments = self.segments()?;
        for (first, next) in segments.iter().zip(segments.iter().skip(1)) {
            if *next > committed + 1 || self.written(*first)? >= before {
                break;
            }
            self.does("delete a segment of", fs::remove_file(self.segment_path(*first)))?;
        }
        Ok(())
    }

    /// Of a writer that is not written to any more, and of which the database has everything, the last segment may go too.
    /// Behind it a segment is begun that says only how far the writer came, `end`; then [`Folder::expire`] deletes the one
    /// before.
    pub fn retire(&self, end: Mark, before: SystemTime) -> Result<(), FolderError> {
        let last = self.segments()?.pop();
        let Some(last) = last.filter(|first| *first < end.n) else { return Ok(()) };
        if self.written(last)? >= before {
            return Ok(());
        }
        let record = Record { ticks: end.ticks, ..Record::missing(end.n, end.n) };
        // Under another name until it is whole: half a record would take the count with it.
        let unfinished = self.path.join("retiring");
        let write = || {
            let mut file = fs::File::create(&unfinished)?;
            file.write_all(&record.encode())?;
            file.sync_all()?;
            fs::rename(&unfinished, self.segment_path(end.n))
        };
        self.does("write to", write())
    }

    fn written(&self, first: u64) -> Result<SystemTime, FolderError> {
        self.does("read", fs::metadata(self.segment_path(first)).and_then(|metadata| metadata.modified()))
    }

    pub(super) fn does<T>(&self, action: &'static str, result: io::Result<T>) -> Result<T, FolderError> {
        result.map_err(|source| FolderError { action, path: self.path.clone(), source })
    }
}

fn end_of(bytes: &[u8]) -> Option<Mark> {
    Scan::new(bytes).last().map(|(_, _, record)| Mark { n: record.n, ticks: record.ticks })
}

fn boot_id() -> Option<String> {
    fs::read_to_string(BOOT_ID).ok().map(|id| id.trim().to_owned()).filter(|id| !id.is_empty())
}
