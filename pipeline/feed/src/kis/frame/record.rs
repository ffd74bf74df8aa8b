//! The records of a trade frame, one by one. Of their 26 to 47 columns only those of a tick are looked at.

use std::iter;

use chrono::{DateTime, Utc};

use super::columns::{Column, Columns};
use super::value::{date, decimal, instant, issue_code, side, whole};
use crate::kis::Tr;
use crate::kis::subscription::exchange;
use crate::tick::{Money, Price, Shares, Tick};

/// Columns of the widest layout; what a record has beyond them is not looked at.
const WIDEST: usize = 46;

/// Why one record of a frame is no tick.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {record}, {column} {value:?}: {reason}")]
pub struct RecordError {
    /// Position in the frame, from 0.
    pub record: usize,
    pub column: &'static str,
    /// As received, cut after 40 characters.
    pub value: Box<str>,
    pub reason: Reason,
}

/// The message of each is fixed: it is the `reason` in `feed_rejects` and in metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("volume is zero: no trade")]
    NoTrade,
    #[error("not a date YYYYMMDD")]
    Date,
    #[error("not a time HHMMSS")]
    Time,
    #[error("not a whole number of at most 18 digits")]
    Whole,
    #[error("not an unsigned decimal number")]
    Decimal,
    #[error("price is zero")]
    NoPrice,
    #[error("not a symbol")]
    Symbol,
    #[error("not a realtime key")]
    RealtimeKey,
    #[error("not a phase code")]
    Phase,
}

/// `payload` is whole records of `width` fields each, at least the stream's minimum.
pub(super) fn decode(tr: Tr, payload: &str, width: usize, count: usize) -> Vec<Result<Tick, RecordError>> {
    let columns = Columns::of(tr);
    let mut fields = fields(payload);
    (0..count).map(|index| Record::take(index, &mut fields, width).tick(tr, columns)).collect()
}

/// As `payload.split('^')`, whose search starts anew for each field and costs more than fields this short are worth.
fn fields(payload: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(payload);
    iter::from_fn(move || {
        let text = rest?;
        let end = text.bytes().position(|byte| byte == b'^');
        rest = end.map(|end| &text[end + 1..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

/// The fields of one record, up to [`WIDEST`].
struct Record<'a> {
    index: usize,
    fields: [&'a str; WIDEST],
}

impl<'a> Record<'a> {
    fn take(index: usize, fields: &mut impl Iterator<Item = &'a str>, width: usize) -> Self {
        let mut known = [""; WIDEST];
        for (place, field) in fields.take(width).enumerate() {
            if let Some(known) = known.get_mut(place) {
                *known = field;
            }
        }
        Record { index, fields: known }
    }

    /// Volume before price: a record without volume is no trade, whatever its price.
    fn tick(&self, tr: Tr, columns: &Columns) -> Result<Tick, RecordError> {
        let (venue, symbol) = match tr.venue() {
            Some(venue) => (venue, self.read(columns.symbol, issue_code, Reason::Symbol)?),
            None => {
                let venue = self.read(columns.key, exchange, Reason::RealtimeKey)?;
                (venue, self.read(columns.symbol, |text| text.parse().ok(), Reason::Symbol)?)
            }
        };
        let time = self.time(columns)?;
        let volume = self.read(columns.volume, whole, Reason::Whole)?;
        if volume == 0 {
            return Err(self.refuse(columns.volume, Reason::NoTrade));
        }
        let cum_volume = self.read(columns.cum_volume, whole, Reason::Whole)?;
        let price = self.read(columns.price, decimal, Reason::Decimal)?;
        if price.is_zero() {
            return Err(self.refuse(columns.price, Reason::NoPrice));
        }
        Ok(Tick {
            time,
            symbol,
            venue,
            price: Price(price),
            volume: Shares(volume),
            cum_volume: Shares(cum_volume),
            cum_value: self.optional(columns.cum_value, decimal, Reason::Decimal)?.map(Money),
            trade_count: self.trade_count(columns)?,
            side: columns.side.and_then(|column| side(self.fields[column.0])),
            phase: self.read(columns.phase, |text| text.parse().ok(), Reason::Phase)?,
            feed: tr.feed(),
        })
    }

    fn time(&self, columns: &Columns) -> Result<DateTime<Utc>, RecordError> {
        let date = self.read(columns.date, date, Reason::Date)?;
        self.read(columns.time, |text| instant(date, text), Reason::Time)
    }

    /// Both sides' counts added; none where the stream has none or leaves one empty.
    fn trade_count(&self, columns: &Columns) -> Result<Option<u64>, RecordError> {
        let Some([sells, buys]) = columns.counts else { return Ok(None) };
        let sells = self.optional(sells, whole, Reason::Whole)?;
        let buys = self.optional(buys, whole, Reason::Whole)?;
        Ok(sells.zip(buys).map(|(sells, buys)| sells + buys))
    }

    fn read<T>(
        &self,
        column: Column,
        read: impl FnOnce(&str) -> Option<T>,
        otherwise: Reason,
    ) -> Result<T, RecordError> {
        read(self.fields[column.0]).ok_or_else(|| self.refuse(column, otherwise))
    }

    fn optional<T>(
        &self,
        column: Column,
        read: impl FnOnce(&str) -> Option<T>,
        otherwise: Reason,
    ) -> Result<Option<T>, RecordError> {
        if self.fields[column.0].is_empty() { Ok(None) } else { self.read(column, read, otherwise).map(Some) }
    }

    fn refuse(&self, Column(place, column): Column, reason: Reason) -> RecordError {
        let value = self.fields[place].chars().take(40).collect::<String>().into();
        RecordError { record: self.index, column, value, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kis::frame;
    use crate::kis::frame::captured::{OVERSEAS_ONE, WIDE};
    use crate::tick::Side;

    /// `captured`, one record, with `value` in a column.
    fn with(captured: &str, column: usize, value: &str) -> Result<Tick, RecordError> {
        let (head, payload) = captured.split_at(captured.rfind('|').expect("a frame has three bars") + 1);
        let mut fields = payload.split('^').collect::<Vec<_>>();
        fields[column] = value;
        let frame = format!("{head}{}", fields.join("^"));
        frame::decode(frame.as_bytes()).expect("still a trade frame").remove(0)
    }

    fn refuse(captured: &str, column: usize, value: &str, name: &'static str, reason: Reason) {
        let expected = RecordError { record: 0, column: name, value: value.into(), reason };
        assert_eq!(with(captured, column, value), Err(expected));
    }

    #[test]
    fn a_bad_value_is_named_with_its_column() {
        for value in ["", "005 30", "78.47", "-5930", "삼성전자", "12345678901234567"] {
            refuse(WIDE, 0, value, "MKSC_SHRN_ISCD", Reason::Symbol);
        }
        for value in ["", "240000", "096000", "090060", "9:00:0", "90000", "-90000"] {
            refuse(WIDE, 1, value, "STCK_CNTG_HOUR", Reason::Time);
        }
        for value in ["", "-277750", "+1", "1e3", "1_000", ".", "1.2.3", "0x10", "99999999999999999999999999999999"] {
            refuse(WIDE, 2, value, "STCK_PRPR", Reason::Decimal);
        }
        refuse(WIDE, 2, "0.00", "STCK_PRPR", Reason::NoPrice);
        for value in ["", "-5", "+5", "5.0", "1234567890123456789"] {
            refuse(WIDE, 12, value, "CNTG_VOL", Reason::Whole);
            refuse(WIDE, 13, value, "ACML_VOL", Reason::Whole);
        }
        refuse(WIDE, 12, "0", "CNTG_VOL", Reason::NoTrade);
        refuse(WIDE, 14, "much", "ACML_TR_PBMN", Reason::Decimal);
        refuse(WIDE, 15, "-1", "SELN_CNTG_CSNU", Reason::Whole);
        refuse(WIDE, 16, "x", "SHNU_CNTG_CSNU", Reason::Whole);
        for value in ["", "20260931", "20261301", "2026-922", "260922"] {
            refuse(WIDE, 33, value, "BSOP_DATE", Reason::Date);
        }
        refuse(WIDE, 34, "20 x", "NEW_MKOP_CLS_CODE", Reason::Phase);
        for value in ["", "AAPL", "XNASAAPL", "DNAS", "Dnasaapl", "DN한"] {
            refuse(OVERSEAS_ONE, 0, value, "RSYM", Reason::RealtimeKey);
        }
        refuse(OVERSEAS_ONE, 1, "", "SYMB", Reason::Symbol);
    }

    #[test]
    fn a_long_value_is_cut() {
        let error = with(WIDE, 2, &"9".repeat(1000)).expect_err("no price");
        assert_eq!(error.value.len(), 40);
    }

    #[test]
    fn optional_columns_may_be_empty_or_new() {
        let tick = |column, value| with(WIDE, column, value).expect("still a trade");
        assert_eq!(tick(14, "").cum_value, None);
        assert_eq!((tick(15, "").trade_count, tick(16, "").trade_count), (None, None));
        assert_eq!((tick(21, "").side, tick(21, "9").side, tick(21, "3").side), (None, None, Some(Side::PreOpen)));
        assert_eq!(tick(34, "").phase.as_str(), "");
        // The sign code that no table has and the real server sends.
        assert_eq!(tick(3, "0"), tick(3, "2"));
    }

    #[test]
    fn the_date_is_koreas() {
        let time = |captured, column, value| with(captured, column, value).expect("still a trade").time.to_rfc3339();
        assert_eq!(time(WIDE, 1, "083000"), "2026-09-21T23:30:00+00:00");
        assert_eq!(time(OVERSEAS_ONE, 6, "20230503"), "2023-05-03T13:19:13+00:00");
        assert_eq!(time(OVERSEAS_ONE, 4, "20230503"), "2023-05-02T13:19:13+00:00");
    }
}
