//! What the two record writers share: times, percentages, and fields joined by `^`.

use std::fmt::{Display, Write};

use chrono::{DateTime, Datelike, FixedOffset, Timelike, Utc};

/// Korea, no daylight saving.
pub(crate) const KST: FixedOffset = FixedOffset::east_opt(9 * 3600).expect("nine hours are an offset");

/// Date and time of day as the wire writes them, as numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp {
    /// YYYYMMDD
    pub date: u32,
    /// HHMMSS
    pub time: u32,
}

/// The top of the book at a trade. Sizes: best ask, best bid, all asks, all bids.
#[derive(Debug)]
pub(super) struct Quote {
    pub ask: i64,
    pub bid: i64,
    pub sizes: [u32; 4],
}

/// Appends fields to a frame whose payload begins behind the last `|`.
pub(super) struct Fields<'a>(pub &'a mut String);

impl Stamp {
    pub(super) fn at(instant: DateTime<Utc>, offset: FixedOffset) -> Stamp {
        let local = instant.with_timezone(&offset);
        Stamp {
            date: local.year().unsigned_abs() * 10_000 + local.month() * 100 + local.day(),
            time: local.hour() * 10_000 + local.minute() * 100 + local.second(),
        }
    }
}

impl Fields<'_> {
    pub(super) fn put(&mut self, value: impl Display) {
        if !self.0.ends_with('|') {
            self.0.push('^');
        }
        write!(self.0, "{value}").expect("writing into a string cannot fail");
    }

    pub(super) fn time(&mut self, time: u32) {
        self.put(format_args!("{time:06}"));
    }

    /// A number with `places` decimal places, given in its last place.
    pub(super) fn decimal(&mut self, value: i64, places: u32) {
        let scale = 10_u64.pow(places);
        let (whole, part) = (value.unsigned_abs() / scale, value.unsigned_abs() % scale);
        let minus = if value < 0 { "-" } else { "" };
        self.put(format_args!("{minus}{whole}.{part:0width$}", width = places as usize));
    }

    /// The sign code of a difference, then the difference itself (already signed on the wire).
    pub(super) fn difference(&mut self, value: i64) {
        self.put(sign(value));
        self.put(value);
    }
}

/// 2 up, 3 flat, 5 down. The limits (1, 4) are never reached here.
pub(super) fn sign(difference: i64) -> u8 {
    match difference {
        1.. => 2,
        0 => 3,
        _ => 5,
    }
}

/// `part` of `whole` in hundredths of a percent, rounded half up; zero of nothing.
pub(super) fn percent(part: u64, whole: u64) -> i64 {
    (part * 10_000 + whole / 2).checked_div(whole).unwrap_or(0).cast_signed()
}
