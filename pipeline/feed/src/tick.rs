//! One executed trade, in the words of the table `market_ticks`. Decoders make ticks, the archiver stores them, the
//! collector publishes them. A tick knows when the exchange traded, never when we received it.

pub(crate) mod word;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use self::word::word;

pub use self::word::WordError;

/// A trade. `(time, symbol, venue, cum_volume)` is its natural key.
///
/// As JSON the keys are the table's columns, `time` is RFC 3339 in UTC, `price` and `cum_value` are strings, because a
/// JSON number passes through a float in most readers; volumes and counts are numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tick {
    /// The exchange's own time, in whole seconds: several ticks share one.
    pub time: DateTime<Utc>,
    pub symbol: Symbol,
    pub venue: Venue,
    pub price: Price,
    /// Never zero: a record without volume is no trade.
    pub volume: Shares,
    /// Traded on this day and venue up to and including this trade: the previous one plus `volume`.
    pub cum_volume: Shares,
    /// Traded value of the day, likewise.
    pub cum_value: Option<Money>,
    /// Executions of the day, both sides together; rises by one with each trade.
    pub trade_count: Option<u64>,
    pub side: Option<Side>,
    pub phase: PhaseCode,
    /// Where it came from, e.g. `kis.H0STCNT0`.
    pub feed: &'static str,
}

/// Price of one share in the venue's currency; positive, with the decimal places of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Price(pub Decimal);

/// An amount in the venue's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Money(pub Decimal);

/// A number of shares. Decoders give none above `i64::MAX`, the table's bigint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Shares(pub u64);

/// Who started the trade. The numbers are KIS' own (CCLD_DVSN) and the table's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Buy = 1,
    /// Matched before the opening.
    PreOpen = 3,
    Sell = 5,
}

word! {
    /// An issue as its exchange names it: `005930`, `Q500001`, `AAPL`.
    Symbol, "symbol", 1..=16
}

word! {
    /// Where it traded: `KRX`, `NXT`, `UN` (both in one stream); overseas KIS' name of the exchange: `NAS`, `NYS`,
    /// `AMS`, `HKS`, in the Korean day `BAQ`, `BAY`, `BAA`.
    Venue, "venue", 2..=4
}

word! {
    /// The venue's trading phase in its own code; empty where the source says none. Korea: NEW_MKOP_CLS_CODE, `20` is
    /// the regular session. Overseas: MTYP, whose meaning the documentation and the captures disagree about.
    PhaseCode, "phase code", 0..=4
}

impl Side {
    pub fn code(self) -> i16 {
        self as i16
    }
}

impl Serialize for Side {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i16(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: bool) {
        let read_back = text.parse::<Symbol>().map(|symbol| symbol.to_string());
        let refusal = "not a symbol: 1 to 16 printable characters without blanks".to_owned();
        assert_eq!(
            read_back.map_err(|error| error.to_string()),
            if expected { Ok(text.to_owned()) } else { Err(refusal) }
        );
    }

    #[test]
    fn a_word_is_short_and_printable() {
        check("005930", true);
        check("BRK/B", true);
        check("ABCDEFGHIJKLMNOP", true);
        check("ABCDEFGHIJKLMNOPQ", false);
        check("", false);
        check("A B", false);
        check("A\0", false);
        check("삼성", false);
    }

    #[test]
    fn words_order_as_text() {
        let mut words = ["B", "AB", "A", "AAA"].map(|text| text.parse::<Symbol>().expect("a symbol"));
        words.sort();
        assert_eq!(words.map(|word| word.to_string()), ["A", "AAA", "AB", "B"]);
    }
}
