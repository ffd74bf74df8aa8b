//! The reading half of a spool: records by their `n`, for the shipper. It shares nothing with the writing half but the
//! files, and what is missing in them comes out as a gap.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::folder::{Folder, FolderError};
use super::record::{Record, Scan};

/// Read at once; where no whole record fits, [`LARGEST`] is read instead.
const CHUNK: usize = 256 << 10;
/// More than the largest record.
const LARGEST: usize = 5 << 20;

#[derive(Debug)]
pub struct Reader {
    folder: Folder,
    place: Option<Place>,
}

/// Where the record `n` begins, or what stands in its place.
#[derive(Debug)]
struct Place {
    segment: File,
    first: u64,
    offset: u64,
    n: u64,
}

impl Reader {
    pub fn new(folder: Folder) -> Self {
        Reader { folder, place: None }
    }

    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Closes the segment that was read last: while it is open, the room of a deleted one is not free.
    pub fn rest(&mut self) {
        self.place = None;
    }

    /// Records from `from` to `to`, or as many as fit into one read, without a hole: a stretch that the spool no longer
    /// holds is one record of kind gap. A gap that the writing half recorded comes whole, also where it reaches beyond
    /// `to`, which itself must not lie beyond the end that the writing half has told.
    pub fn read(&mut self, from: u64, to: u64) -> Result<Vec<Record>, FolderError> {
        let place = match self.place.take() {
            Some(place) if place.n == from => Some(place),
            _ => self.seek(from)?,
        };
        let Some(mut place) = place else { return self.missing_up_to_the_next_segment(from, from, to) };
        let records = self.folder.does("read", read_on(&mut place, to))?;
        if records.is_empty() {
            let after = if place.first == from { from + 1 } else { from };
            return self.missing_up_to_the_next_segment(from, after, to);
        }
        self.place = Some(place);
        Ok(with_gaps(from, records))
    }

    /// Nothing more stands for `from` in its segment: either the next one begins with it, or it is missing up to there.
    fn missing_up_to_the_next_segment(&mut self, from: u64, after: u64, to: u64) -> Result<Vec<Record>, FolderError> {
        match self.folder.segments()?.into_iter().find(|first| *first >= after) {
            Some(next) if next == from => self.read(from, to),
            Some(next) => Ok(vec![Record::missing(from, next - 1)]),
            None => Ok(vec![Record::missing(from, to)]),
        }
    }

    /// The place of `n` in the segment that should hold it: from its start, over the records before it.
    fn seek(&self, n: u64) -> Result<Option<Place>, FolderError> {
        let segments = self.folder.segments()?;
        let Some(first) = segments.into_iter().rev().find(|first| *first <= n) else { return Ok(None) };
        let segment = match File::open(self.folder.segment_path(first)) {
            // Expired since the folder was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => self.folder.does("read", opened)?,
        };
        let mut place = Place { segment, first, offset: 0, n };
        loop {
            let bytes = self.folder.does("read", read_at(&place.segment, place.offset, LARGEST))?;
            let mut passed = 0;
            for (at, size, record) in Scan::new(&bytes) {
                if record.n >= n {
                    place.offset += at as u64;
                    return Ok(Some(place));
                }
                passed = at + size;
            }
            if passed == 0 {
                return Ok(Some(place));
            }
            place.offset += passed as u64;
        }
    }
}

fn read_on(place: &mut Place, to: u64) -> io::Result<Vec<Record>> {
    for most in [CHUNK, LARGEST] {
        let bytes = read_at(&place.segment, place.offset, most)?;
        let records: Vec<_> = Scan::new(&bytes).take_while(|(_, _, record)| record.first_n() <= to).collect();
        if let Some((at, size, last)) = records.last() {
            place.offset += (at + size) as u64;
            place.n = last.n + 1;
            return Ok(records.into_iter().map(|(_, _, record)| record).collect());
        }
    }
    Ok(Vec::new())
}

fn with_gaps(from: u64, records: Vec<Record>) -> Vec<Record> {
    let mut next = from;
    let mut whole = Vec::with_capacity(records.len());
    for record in records {
        if record.first_n() > next {
            whole.push(Record::missing(next, record.first_n() - 1));
        }
        next = record.n + 1;
        whole.push(record);
    }
    whole
}

fn read_at(file: &File, offset: u64, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; most];
    let mut filled = 0;
    while filled < most {
        match file.read_at(&mut bytes[filled..], offset + filled as u64)? {
            0 => break,
            read => filled += read,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}
