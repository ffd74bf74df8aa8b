//! One record on disk: length, checksum, `n`, received, ticks so far, kind, bytes. Little-endian.
//!
//! Form 1. A reader that meets another form stops there, as at a torn tail; old forms are to stay readable for as long
//! as a spool is kept (26 hours).

use feed::entry::{Gap, Kind, Received};

/// Bytes before the body: its length and its CRC-32C.
const PREFIX: usize = 8;
/// Bytes of the body before the frame.
const FIXED: usize = 25;
/// A length above this is no record: the largest frames of the broker are a few kilobytes.
const LONGEST_BODY: usize = 4 << 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub n: u64,
    pub received: Received,
    /// Ticks of this writer up to and including this record.
    pub ticks: u64,
    pub kind: Kind,
    /// The frame as received; of a gap its text.
    pub bytes: Vec<u8>,
}

impl Record {
    /// What stands for a stretch that is no longer there.
    pub fn missing(from: u64, to: u64) -> Record {
        let gap = Gap { from, to, reason: "no longer in the spool".to_owned() };
        Record { n: to, received: Received(0), ticks: 0, kind: Kind::Gap, bytes: gap.to_string().into_bytes() }
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(FIXED + self.bytes.len());
        body.extend_from_slice(&self.n.to_le_bytes());
        body.extend_from_slice(&self.received.0.to_le_bytes());
        body.extend_from_slice(&self.ticks.to_le_bytes());
        body.push(match self.kind {
            Kind::Frame => 0,
            Kind::Heartbeat => 1,
            Kind::Gap => 2,
        });
        body.extend_from_slice(&self.bytes);
        let length = u32::try_from(body.len()).expect("a frame is far below four gigabytes");
        let mut record = Vec::with_capacity(PREFIX + body.len());
        record.extend_from_slice(&length.to_le_bytes());
        record.extend_from_slice(&crc32c::crc32c(&body).to_le_bytes());
        record.extend_from_slice(&body);
        record
    }

    /// The record at the start of `bytes` and its length on disk; none where no whole, sound record stands.
    pub fn decode(bytes: &[u8]) -> Option<(Record, usize)> {
        let length = usize::try_from(u32::from_le_bytes(word(bytes, 0)?)).ok()?;
        if !(FIXED..=LONGEST_BODY).contains(&length) {
            return None;
        }
        let body = bytes.get(PREFIX..PREFIX + length)?;
        if crc32c::crc32c(body) != u32::from_le_bytes(word(bytes, 4)?) {
            return None;
        }
        let kind = match body[24] {
            0 => Kind::Frame,
            1 => Kind::Heartbeat,
            2 => Kind::Gap,
            _ => return None,
        };
        let record = Record {
            n: u64::from_le_bytes(word(body, 0)?),
            received: Received(i64::from_le_bytes(word(body, 8)?)),
            ticks: u64::from_le_bytes(word(body, 16)?),
            kind,
            bytes: body[FIXED..].to_vec(),
        };
        Some((record, PREFIX + length))
    }

    /// What a gap record says is lost.
    pub fn gap(&self) -> Option<Gap> {
        let text = (self.kind == Kind::Gap).then(|| std::str::from_utf8(&self.bytes).ok())??;
        text.parse().ok()
    }

    /// The first `n` that the record stands for.
    pub fn first_n(&self) -> u64 {
        self.gap().map_or(self.n, |gap| gap.from)
    }
}

/// The sound records in `bytes`, each with its offset and size. Damage is stepped over, byte by byte, to the next sound
/// record; what it cost shows as a jump in `n`.
#[derive(Debug)]
pub struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Scan { bytes, at: 0 }
    }
}

impl Iterator for Scan<'_> {
    type Item = (usize, usize, Record);

    fn next(&mut self) -> Option<Self::Item> {
        let sound = |at| Record::decode(&self.bytes[at..]).map(|(record, size)| (at, size, record));
        let (at, size, record) = (self.at..self.bytes.len()).find_map(sound)?;
        self.at = at + size;
        Some((at, size, record))
    }
}

fn word<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}
