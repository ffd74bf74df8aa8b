//! The trade streams that are decoded, one row each.

use std::fmt;
use std::str::FromStr;

use crate::tick::Venue;

/// A trade stream, named by its `tr_id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tr {
    /// KRX trades.
    H0stcnt0,
    /// NXT trades.
    H0nxcnt0,
    /// KRX and NXT trades in one stream, without a word of which is which.
    H0uncnt0,
    /// Overseas trades.
    Hdfscnt0,
}

struct Row {
    tr: Tr,
    tr_id: &'static str,
    feed: &'static str,
    /// Columns of a record, at least. KIS appends columns without notice: 46 became 47 on 2026-09-14.
    minimum_width: usize,
    /// None: the exchange stands in the realtime key of each record.
    venue: Option<&'static str>,
}

/// In the order of [`Tr`].
const STREAMS: [Row; 4] = [
    Row { tr: Tr::H0stcnt0, tr_id: "H0STCNT0", feed: "kis.H0STCNT0", minimum_width: 46, venue: Some("KRX") },
    Row { tr: Tr::H0nxcnt0, tr_id: "H0NXCNT0", feed: "kis.H0NXCNT0", minimum_width: 46, venue: Some("NXT") },
    Row { tr: Tr::H0uncnt0, tr_id: "H0UNCNT0", feed: "kis.H0UNCNT0", minimum_width: 46, venue: Some("UN") },
    Row { tr: Tr::Hdfscnt0, tr_id: "HDFSCNT0", feed: "kis.HDFSCNT0", minimum_width: 26, venue: None },
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no trade stream of this name; there are {known}", known = STREAMS.map(|row| row.tr_id).join(", "))]
pub struct UnknownTr;

impl Tr {
    fn row(self) -> &'static Row {
        &STREAMS[self as usize]
    }

    pub fn as_str(self) -> &'static str {
        self.row().tr_id
    }

    /// The name of this source in the column `feed`.
    pub fn feed(self) -> &'static str {
        self.row().feed
    }

    pub fn minimum_width(self) -> usize {
        self.row().minimum_width
    }

    /// The venue of every tick of this stream; none where each record names its own.
    pub fn venue(self) -> Option<Venue> {
        self.row().venue.map(|venue| venue.parse().expect("the venues of the table are short words"))
    }
}

impl fmt::Display for Tr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Tr {
    type Err = UnknownTr;

    fn from_str(tr_id: &str) -> Result<Self, UnknownTr> {
        STREAMS.iter().find(|row| row.tr_id == tr_id).map(|row| row.tr).ok_or(UnknownTr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(tr: Tr, tr_id: &str, venue: Option<&str>) {
        assert_eq!((tr_id.parse(), tr.to_string()), (Ok(tr), tr_id.to_owned()));
        assert_eq!((tr.feed(), tr.venue().as_ref().map(Venue::as_str)), (format!("kis.{tr_id}").as_str(), venue));
    }

    #[test]
    fn each_stream_has_its_row() {
        check(Tr::H0stcnt0, "H0STCNT0", Some("KRX"));
        check(Tr::H0nxcnt0, "H0NXCNT0", Some("NXT"));
        check(Tr::H0uncnt0, "H0UNCNT0", Some("UN"));
        check(Tr::Hdfscnt0, "HDFSCNT0", None);
        assert_eq!("H0STASP0".parse::<Tr>(), Err(UnknownTr));
    }
}
