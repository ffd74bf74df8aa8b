//! One issue's trades: prices walk along a ladder, three running sums add up, each record looks like the broker's.
//!
//! Called by the exchange, which says when and how many. Pure: the same seed, key and times give the same frames.

mod day;
mod domestic;
mod ladder;
mod overseas;
mod record;

pub(crate) use record::KST;

use std::fmt::Write;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::frame::Frame;
use crate::key::{Key, Tr};
use day::{Day, Side};
use ladder::Ladder;
use overseas::Venue;

/// How many fields a domestic record has: 46 before 2026-09-14, 47 since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Width {
    Fields46,
    #[default]
    Fields47,
}

/// The market of one key.
#[derive(Debug)]
pub(crate) struct Market {
    key: Key,
    venue: Option<Venue>,
    ladder: Ladder,
    width: Width,
    rng: StdRng,
    /// Best ask, in the ladder's unit; the best bid is one step below.
    ask: i64,
    /// Last trade's instant: time never runs backwards in a market, whatever the clock does.
    last: DateTime<Utc>,
    day: Option<Day>,
}

impl Market {
    /// None for an overseas key without its feed letter and exchange: the broker acknowledges it and sends nothing.
    pub(crate) fn new(key: &Key, seed: u64, width: Width) -> Option<Market> {
        let (venue, ladder) = match key.tr {
            Tr::Hdfscnt0 => (Some(Venue::of(key.code())?), Ladder::Cent),
            _ => (None, Ladder::Krx),
        };
        let mut rng = StdRng::from_seed(seed_of(key, seed));
        let ask = ladder.start(&mut rng);
        Some(Market { key: key.clone(), venue, ladder, width, rng, ask, last: DateTime::UNIX_EPOCH, day: None })
    }

    /// One frame of `records` trades, all at `now`.
    pub(crate) fn trade(&mut self, now: DateTime<Utc>, records: u32) -> Frame {
        self.last = self.last.max(now);
        let mut text = String::with_capacity(320 * records as usize);
        write!(text, "0|{}|{records:03}|", self.key.tr.as_str()).expect("writing into a string cannot fail");
        let mut volume = 0;
        for _ in 0..records {
            volume += self.trade_once(&mut text);
        }
        let cum_volume = self.day.as_ref().map_or(0, |day| day.volume);
        Frame::new(self.key.clone(), text, records.into(), volume, cum_volume)
    }

    /// Returns the quantity traded.
    fn trade_once(&mut self, text: &mut String) -> u64 {
        let korean = record::Stamp::at(self.last, record::KST);
        let local = self.venue.map_or(korean, |venue| record::Stamp::at(self.last, venue.offset(self.last)));
        let side = if self.rng.random_ratio(1, 2) { Side::Buy } else { Side::Sell };
        let volume = quantity(&mut self.rng);
        let close = self.day.as_ref().map_or(self.ask, |day| day.price);
        let day = match self.day.take() {
            Some(day) if day.date == local.date => day,
            _ => Day::new(local.date, close),
        };
        let day = self.day.insert(day);
        self.ask = walk(self.ladder, self.ask, day.previous_close, &mut self.rng);
        let bid = self.ladder.down(self.ask);
        day.trade(local.time, side, if side == Side::Buy { self.ask } else { bid }, volume);
        let quote = record::Quote { ask: self.ask, bid, sizes: [(); 4].map(|()| self.rng.random_range(1..100_000)) };
        match self.venue {
            None => domestic::write(text, self.key.code(), korean, day, &quote, self.width),
            Some(_) => overseas::write(text, self.key.code(), korean, local, day, &quote),
        }
        volume
    }
}

/// At most one step a trade, and back towards the previous close beyond a fifth of it (KRX stops at 30 %).
fn walk(ladder: Ladder, ask: i64, previous_close: i64, rng: &mut StdRng) -> i64 {
    match rng.random_range(0..8) {
        0 if ask * 5 < previous_close * 6 => ladder.up(ask),
        1 if ask * 5 > previous_close * 4 => ladder.down(ask),
        _ => ask,
    }
}

/// Mostly a few, rarely thousands, never zero.
fn quantity(rng: &mut StdRng) -> u64 {
    let scale = match rng.random_range(0..100) {
        0 => 100,
        1..10 => 10,
        _ => 1,
    };
    rng.random_range(1..=20) * scale
}

/// Each key has its own walk, whatever else is registered.
fn seed_of(key: &Key, seed: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    for (byte, of_key) in bytes[8..].iter_mut().zip(key.to_string().bytes()) {
        *byte = of_key;
    }
    bytes
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("width is neither 46 nor 47")]
pub struct UnknownWidth;

impl FromStr for Width {
    type Err = UnknownWidth;

    fn from_str(text: &str) -> Result<Self, UnknownWidth> {
        match text {
            "46" => Ok(Width::Fields46),
            "47" => Ok(Width::Fields47),
            _ => Err(UnknownWidth),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns of single-trade frames, made at these instants by the market of one key.
    fn trades(key: &str, seed: u64, instants: &[&str]) -> Vec<Vec<String>> {
        let key = key.parse().expect("the tests write good keys");
        let mut market = Market::new(&key, seed, Width::Fields47).expect("the tests write keys that trade");
        let trade = |instant: &&str| {
            let frame = market.trade(instant.parse().expect("the tests write instants"), 1);
            let payload = frame.text.as_str().rsplit('|').next().expect("a frame has a payload");
            payload.split('^').map(str::to_owned).collect()
        };
        instants.iter().map(trade).collect()
    }

    #[track_caller]
    fn check(key: &str, instants: [&str; 2], columns: [usize; 2], expected: [[&str; 2]; 2]) {
        let seen = trades(key, 1, &instants);
        assert_eq!([0, 1].map(|row| columns.map(|column| seen[row][column].as_str())), expected, "{key}");
    }

    #[test]
    fn times_are_the_venues_own_and_never_run_backwards() {
        let [evening, midnight] = ["2026-01-15T14:59:59Z", "2026-01-15T15:00:00Z"];
        check("H0STCNT0:005930", [evening, midnight], [33, 1], [["20260115", "235959"], ["20260116", "000000"]]);
        check("H0STCNT0:005930", [midnight, evening], [33, 1], [["20260116", "000000"], ["20260116", "000000"]]);
        check("HDFSCNT0:DNASAAPL", [evening, midnight], [4, 5], [["20260115", "095959"], ["20260115", "100000"]]);
        check("HDFSCNT0:DNASAAPL", [evening, midnight], [6, 7], [["20260115", "235959"], ["20260116", "000000"]]);
    }

    #[test]
    fn a_new_day_starts_its_sums_again_from_the_last_price() {
        let seen =
            trades("H0STCNT0:005930", 1, &["2026-01-15T14:59:58Z", "2026-01-15T14:59:59Z", "2026-01-15T15:00:00Z"]);
        let number = |row: usize, column: usize| seen[row][column].parse::<i64>().expect("a number");
        assert_eq!(number(0, 13) + number(1, 12), number(1, 13));
        assert_eq!(number(2, 12), number(2, 13));
        assert_eq!(number(2, 2) - number(2, 4), number(1, 2), "the previous close is yesterday's last price");
    }

    #[test]
    fn seed_and_key_decide_the_prices() {
        let walk = |key, seed| trades(key, seed, &["2026-01-15T01:00:00Z"; 50]);
        assert_eq!(walk("H0STCNT0:005930", 1), walk("H0STCNT0:005930", 1));
        assert_ne!(walk("H0STCNT0:005930", 1), walk("H0STCNT0:005930", 2));
        assert_ne!(walk("H0STCNT0:005930", 1)[0][2], walk("H0STCNT0:000660", 1)[0][2]);
    }
}
