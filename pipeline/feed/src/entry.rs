//! A stream entry: one frame as the broker sent it, with the words that carry it exactly once to the table.
//!
//! The collector writes entries, the archiver and the checks read them. An entry has two fields, because each field
//! costs the reader: `m`, words separated by blanks, and `d`, the bytes as received. `n` decides, the id only orders.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

/// Redis field that holds [`Header`] as text.
pub const META_FIELD: &str = "m";
/// Redis field that holds the bytes as received; for a gap the text of [`Gap`].
pub const DATA_FIELD: &str = "d";
/// Version word of the form written here. A reader that meets another counts the entry as a stranger's.
pub const VERSION: &str = "1";

/// Hash: writer → `n ticks`, what its spool holds. Written by the collector every second.
pub const SPOOLED_KEY: &str = "feed:spooled";
/// Hash: writer → `n ticks`, what the database holds. Written by the archiver after each commit and every second.
pub const COMMITTED_KEY: &str = "feed:committed";
/// Hash: writer → `n`, what the archiver asks to be sent again. Deleted by the collector once it does so.
pub const WANTED_KEY: &str = "feed:wanted";

/// Hash: stream → [`Held`]. Written by the collector every second.
pub const HELD_KEY: &str = "feed:held";

/// What an entry says of itself, in the words of field `m`:
/// `1 <kind> <writer> <received, microseconds since 1970> <ticks by this writer so far> `.
///
/// The entry's own `n` is the second half of its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub kind: Kind,
    pub writer: WriterId,
    pub received: Received,
    /// Ticks of this writer up to and including this entry, from the frames' own counts.
    pub ticks: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A frame, as received.
    Frame,
    /// Nothing came for some seconds; the path is alive.
    Heartbeat,
    /// The spool no longer has these `n`; the entry's own `n` is the last of them.
    Gap,
}

/// One spool: a random id made when its folder is created. One broker session = one writer = one watermark row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriterId(Box<str>);

/// When a frame was read from the socket, microseconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Received(pub i64);

/// A stream id `<ms>-<n>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct StreamId {
    pub ms: u64,
    pub n: u64,
}

/// Field `d` of a gap: `from to reason`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    pub from: u64,
    pub to: u64,
    pub reason: String,
}

/// Value of `feed:spooled` and `feed:committed`: `n ticks`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Mark {
    pub n: u64,
    pub ticks: u64,
}

/// Value of `feed:held`: the writers whose spools the collector of a stream holds, oldest first, separated by blanks;
/// and, marked by a leading `-`, those that it found named there and does not hold: their spools are gone, and what the
/// archiver misses of them is lost.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Held {
    pub writers: Vec<WriterId>,
    pub gone: Vec<WriterId>,
}

/// Why a text is not what this module writes.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EntryError {
    #[error("entry header has version {0:?}, not {VERSION:?}")]
    Version(String),
    #[error("entry header is not `version kind writer received ticks`")]
    Words,
    #[error("writer id is not 1 to 64 letters, digits or inner hyphens")]
    Writer,
    #[error("stream id is not `ms-n`")]
    StreamId,
    #[error("gap is not `from to reason`")]
    Gap,
    #[error("mark is not `n ticks`")]
    Mark,
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gone = self.gone.iter().map(|writer| format!("-{writer}"));
        let words: Vec<String> = gone.chain(self.writers.iter().map(WriterId::to_string)).collect();
        f.write_str(&words.join(" "))
    }
}

impl FromStr for Held {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<Self, EntryError> {
        let mut held = Held::default();
        for word in text.split_whitespace() {
            match word.strip_prefix('-') {
                Some(gone) => held.gone.push(gone.parse()?),
                None => held.writers.push(word.parse()?),
            }
        }
        Ok(held)
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{VERSION} {} {} {} {}", self.kind, self.writer, self.received.0, self.ticks)
    }
}

impl FromStr for Header {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<Self, EntryError> {
        let mut words = text.split(' ');
        let mut next = || words.next().ok_or(EntryError::Words);
        let version = next()?;
        if version != VERSION {
            return Err(EntryError::Version(version.chars().take(20).collect()));
        }
        let header = Header {
            kind: next()?.parse()?,
            writer: next()?.parse()?,
            received: Received(next()?.parse().map_err(|_| EntryError::Words)?),
            ticks: next()?.parse().map_err(|_| EntryError::Words)?,
        };
        if words.next().is_some() { Err(EntryError::Words) } else { Ok(header) }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Frame => "frame",
            Kind::Heartbeat => "heartbeat",
            Kind::Gap => "gap",
        })
    }
}

impl FromStr for Kind {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<Self, EntryError> {
        match text {
            "frame" => Ok(Kind::Frame),
            "heartbeat" => Ok(Kind::Heartbeat),
            "gap" => Ok(Kind::Gap),
            _ => Err(EntryError::Words),
        }
    }
}

impl WriterId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for WriterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for WriterId {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<Self, EntryError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if (1..=64).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with('-') {
            Ok(WriterId(text.into()))
        } else {
            Err(EntryError::Writer)
        }
    }
}

impl Received {
    /// Milliseconds since 1970; a time before 1970 counts as 1970.
    pub fn millis(self) -> u64 {
        u64::try_from(self.0 / 1000).unwrap_or(0)
    }

    pub fn instant(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

impl From<DateTime<Utc>> for Received {
    fn from(instant: DateTime<Utc>) -> Self {
        Received(instant.timestamp_micros())
    }
}

impl StreamId {
    /// The id just below: what XREAD is given to read from this one on.
    pub fn before(self) -> StreamId {
        match (self.ms, self.n) {
            (0, 0) => self,
            (ms, 0) => StreamId { ms: ms - 1, n: u64::MAX },
            (ms, n) => StreamId { ms, n: n - 1 },
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.n)
    }
}

impl FromStr for StreamId {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<Self, EntryError> {
        let (ms, n) = text.split_once('-').ok_or(EntryError::StreamId)?;
        match (ms.parse(), n.parse()) {
            (Ok(ms), Ok(n)) => Ok(StreamId { ms, n }),
            _ => Err(EntryError::StreamId),
        }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.from, self.to, self.reason)
    }
}

impl FromStr for Gap {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<Self, EntryError> {
        let mut words = text.splitn(3, ' ');
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok()).ok_or(EntryError::Gap);
        let (from, to) = (number()?, number()?);
        let reason = words.next().filter(|reason| !reason.is_empty()).ok_or(EntryError::Gap)?;
        if from == 0 || from > to { Err(EntryError::Gap) } else { Ok(Gap { from, to, reason: reason.to_owned() }) }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.n, self.ticks)
    }
}

impl FromStr for Mark {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<Self, EntryError> {
        let (n, ticks) = text.split_once(' ').ok_or(EntryError::Mark)?;
        match (n.parse(), ticks.parse()) {
            (Ok(n), Ok(ticks)) => Ok(Mark { n, ticks }),
            _ => Err(EntryError::Mark),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read back from `text` must print as `text` again.
    fn check<T>(text: &str)
    where
        T: FromStr<Err = EntryError> + fmt::Display,
    {
        let value = text.parse::<T>().map_err(|error| format!("{text:?}: {error}"));
        assert_eq!(value.map(|value| value.to_string()), Ok(text.to_owned()));
    }

    fn refuse<T>(text: &str, expected: &EntryError)
    where
        T: FromStr<Err = EntryError> + fmt::Debug,
    {
        assert_eq!(text.parse::<T>().err().as_ref(), Some(expected), "{text:?}");
    }

    #[test]
    fn each_written_form_reads_back() {
        check::<Header>("1 frame 0f3a9c 1768453711000123 17");
        check::<Header>("1 heartbeat w-1 -1 0");
        check::<Header>("1 gap w 0 18446744073709551615");
        check::<StreamId>("1768453711000-42");
        check::<Gap>("3 9 the disk was full");
        check::<Mark>("12 40");
        check::<Held>("-a b c");
    }

    #[test]
    fn another_form_is_a_strangers() {
        refuse::<Header>("2 frame w 0 0", &EntryError::Version("2".into()));
        refuse::<Header>("", &EntryError::Version(String::new()));
        refuse::<Header>("1 frame w 0", &EntryError::Words);
        refuse::<Header>("1 frame w 0 0 0", &EntryError::Words);
        refuse::<Header>("1 tick w 0 0", &EntryError::Words);
        refuse::<Header>("1 frame w/1 0 0", &EntryError::Writer);
        refuse::<Header>("1 frame  0 0", &EntryError::Writer);
        refuse::<StreamId>("17", &EntryError::StreamId);
        refuse::<StreamId>("a-1", &EntryError::StreamId);
        refuse::<Gap>("3 9", &EntryError::Gap);
        refuse::<Gap>("9 3 backwards", &EntryError::Gap);
        refuse::<Gap>("0 3 from nothing", &EntryError::Gap);
        refuse::<Mark>("12", &EntryError::Mark);
    }

    #[test]
    fn ids_order_by_time_then_n() {
        let id = |ms, n| StreamId { ms, n };
        assert!(id(1, 9) < id(2, 1) && id(2, 1) < id(2, 2));
    }
}
