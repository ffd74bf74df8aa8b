//! Text frames from the broker's socket. The collector asks each for its kind and count and stores it as it is; the
//! archiver, the live channel and `feedctl decode` decode it.
//!
//! A data frame is `flag|TR|COUNT|payload`, the payload COUNT records of equally many fields, all joined by `^`.

mod columns;
mod record;
mod value;

use std::str;

use crate::kis::Tr;
use crate::tick::Tick;

pub use self::record::{Reason, RecordError};

/// What a frame is, by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Data,
    /// Personal notices; nothing that is collected here.
    Encrypted,
    /// JSON: see [`control`](crate::kis::control).
    Control,
    Unknown,
}

/// Why a whole frame holds no ticks. The message of each is fixed: it is the `reason` in `feed_rejects` and in metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("not a data frame")]
    NotData,
    #[error("encrypted")]
    Encrypted,
    #[error("not UTF-8")]
    NotUtf8,
    #[error("not flag|TR|COUNT|payload")]
    Form,
    #[error("not a trade stream")]
    NotTrades,
    #[error("COUNT is not a number from 1 to 9999")]
    Count,
    #[error("fields do not divide by COUNT")]
    NotDivisible,
    #[error("records of {fields} fields are too narrow: a trade has at least {least}")]
    TooNarrow { fields: usize, least: usize },
    #[error("records are so wide that COUNT must be wrong")]
    TooWide,
}

pub fn kind(frame: &[u8]) -> Kind {
    match frame.first() {
        Some(b'0') => Kind::Data,
        Some(b'1') => Kind::Encrypted,
        Some(b'{') => Kind::Control,
        _ => Kind::Unknown,
    }
}

/// The COUNT that a data frame states, without a look at its records; 0 for any other frame, and when unreadable.
pub fn tick_count(frame: &[u8]) -> u64 {
    let count = if kind(frame) == Kind::Data { frame.splitn(4, |byte| *byte == b'|').nth(2) } else { None };
    count.and_then(read_count).map_or(0, u64::from)
}

/// COUNT is three digits on the wire; one more and fewer are understood.
fn read_count(text: &[u8]) -> Option<u16> {
    if !(1..=4).contains(&text.len()) || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let count = text.iter().fold(0, |count, digit| count * 10 + u16::from(digit - b'0'));
    (count > 0).then_some(count)
}

/// Every record of a trade frame in order, [`tick_count`] many: a bad one does not spoil the others.
///
/// The width of a record is `fields / COUNT`, because KIS appends columns; what lies beyond the known ones is ignored.
pub fn decode(frame: &[u8]) -> Result<Vec<Result<Tick, RecordError>>, FrameError> {
    match kind(frame) {
        Kind::Data => {}
        Kind::Encrypted => return Err(FrameError::Encrypted),
        Kind::Control | Kind::Unknown => return Err(FrameError::NotData),
    }
    let mut parts = str::from_utf8(frame).map_err(|_| FrameError::NotUtf8)?.splitn(4, '|').skip(1);
    let (Some(tr), Some(count), Some(payload)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(FrameError::Form);
    };
    let tr: Tr = tr.parse().map_err(|_| FrameError::NotTrades)?;
    let count = read_count(count.as_bytes()).map(usize::from).ok_or(FrameError::Count)?;
    let width = width(tr, payload, count)?;
    Ok(record::decode(tr, payload, width, count))
}

/// A record twice as wide as known is more than one record, of which all but the first would be lost in silence.
fn width(tr: Tr, payload: &str, count: usize) -> Result<usize, FrameError> {
    let fields = payload.bytes().filter(|byte| *byte == b'^').count() + 1;
    match fields / count {
        _ if !fields.is_multiple_of(count) => Err(FrameError::NotDivisible),
        width if width < tr.minimum_width() => Err(FrameError::TooNarrow { fields: width, least: tr.minimum_width() }),
        width if width >= 2 * tr.minimum_width() => Err(FrameError::TooWide),
        width => Ok(width),
    }
}

#[cfg(test)]
mod captured;
#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::captured::*;
    use super::*;

    /// The frame's ticks as JSON, a bad record as its message; the frame's own count agrees.
    fn check(frame: impl AsRef<[u8]>, expected: &[&str]) {
        let records = decode(frame.as_ref()).expect("a trade frame");
        assert_eq!(tick_count(frame.as_ref()), records.len() as u64);
        let json = |tick: &Tick| serde_json::to_string(tick).expect("a tick is plain data");
        let shown = records.iter().map(|record| record.as_ref().map_or_else(RecordError::to_string, json));
        assert_eq!(shown.collect::<Vec<_>>(), expected);
    }

    fn refuse(frame: impl AsRef<[u8]>, expected: FrameError, count: u64) {
        let frame = frame.as_ref();
        let shown = String::from_utf8_lossy(frame).into_owned();
        assert_eq!((decode(frame).err(), tick_count(frame)), (Some(expected), count), "{shown}");
    }

    #[test]
    fn several_records_in_one_frame() {
        check(
            THREE_RECORDS,
            &[
                r#"{"time":"2025-07-30T00:47:51Z","symbol":"005930","venue":"KRX","price":"71950","volume":1,"cum_volume":8305216,"cum_value":"595403999350","trade_count":49285,"side":5,"phase":"20","feed":"kis.H0STCNT0"}"#,
                r#"{"time":"2025-07-30T00:47:51Z","symbol":"005930","venue":"KRX","price":"71900","volume":2,"cum_volume":8305218,"cum_value":"595404143150","trade_count":49286,"side":5,"phase":"20","feed":"kis.H0STCNT0"}"#,
                r#"{"time":"2025-07-30T00:47:51Z","symbol":"005930","venue":"KRX","price":"72000","volume":75,"cum_volume":8305293,"cum_value":"595409543150","trade_count":49287,"side":1,"phase":"20","feed":"kis.H0STCNT0"}"#,
            ],
        );
    }

    #[test]
    fn the_width_is_the_frames_own() {
        let wide = |feed: &str, venue: &str| {
            format!(
                r#"{{"time":"2026-09-22T05:06:10Z","symbol":"005930","venue":"{venue}","price":"277750","volume":5,"cum_volume":11955000,"cum_value":"3352130122500","trade_count":170081,"side":5,"phase":"20","feed":"kis.{feed}"}}"#
            )
        };
        check(WIDE, &[&wide("H0STCNT0", "KRX")]);
        check(WIDE.replace("H0STCNT0", "H0NXCNT0"), &[&wide("H0NXCNT0", "NXT")]);
        check(WIDE.replace("H0STCNT0", "H0UNCNT0"), &[&wide("H0UNCNT0", "UN")]);
        check(format!("{WIDE}^one^more"), &[&wide("H0STCNT0", "KRX")]);
    }

    #[test]
    fn a_price_is_never_signed_by_its_change() {
        check(
            FALLING,
            &[
                r#"{"time":"2025-07-22T03:06:51Z","symbol":"005930","venue":"KRX","price":"67050","volume":200,"cum_volume":8293601,"cum_value":"560819903500","trade_count":51967,"side":1,"phase":"20","feed":"kis.H0STCNT0"}"#,
            ],
        );
        check(
            format!("0|H0STCNT0|001|{PORTAL_TRADE}"),
            &[
                r#"{"time":"2023-06-12T00:33:54Z","symbol":"005930","venue":"KRX","price":"71900","volume":1,"cum_volume":3052507,"cum_value":"219853241700","trade_count":12042,"side":1,"phase":"20","feed":"kis.H0STCNT0"}"#,
            ],
        );
    }

    #[test]
    fn overseas_time_is_read_in_korea_and_the_exchange_from_the_key() {
        check(
            OVERSEAS_TWO,
            &[
                r#"{"time":"2023-05-02T13:19:12Z","symbol":"AAPL","venue":"NAS","price":"169.7850","volume":1,"cum_volume":108464,"cum_value":"18414163","trade_count":null,"side":null,"phase":"1","feed":"kis.HDFSCNT0"}"#,
                r#"{"time":"2023-05-02T13:19:12Z","symbol":"AAPL","venue":"NAS","price":"169.7900","volume":3,"cum_volume":108467,"cum_value":"18414672","trade_count":null,"side":null,"phase":"1","feed":"kis.HDFSCNT0"}"#,
            ],
        );
        check(
            OVERSEAS_ONE.replace("DNASAAPL", "RBAQAAPL"),
            &[
                r#"{"time":"2023-05-02T13:19:13Z","symbol":"AAPL","venue":"BAQ","price":"169.8000","volume":3,"cum_volume":108470,"cum_value":"18415181","trade_count":null,"side":null,"phase":"1","feed":"kis.HDFSCNT0"}"#,
            ],
        );
    }

    #[test]
    fn a_bad_record_does_not_spoil_the_others() {
        check(
            THREE_RECORDS.replace("^2^8305218^", "^0^8305218^").replace("^72000^2^1400", "^7200O^2^1400"),
            &[
                r#"{"time":"2025-07-30T00:47:51Z","symbol":"005930","venue":"KRX","price":"71950","volume":1,"cum_volume":8305216,"cum_value":"595403999350","trade_count":49285,"side":5,"phase":"20","feed":"kis.H0STCNT0"}"#,
                r#"record 1, CNTG_VOL "0": volume is zero: no trade"#,
                r#"record 2, STCK_PRPR "7200O": not an unsigned decimal number"#,
            ],
        );
    }

    #[test]
    fn everything_else_is_refused_by_name() {
        refuse(BOOK, FrameError::NotTrades, 1);
        refuse(format!("0|H0STASP0|001|{PORTAL_BOOK}"), FrameError::NotTrades, 1);
        refuse(OPERATION, FrameError::NotTrades, 1);
        refuse("1|H0STCNI0|001|c2VjcmV0", FrameError::Encrypted, 0);
        refuse(r#"{"header":{"tr_id":"PINGPONG"}}"#, FrameError::NotData, 0);
        refuse("", FrameError::NotData, 0);
        refuse("hello|H0STCNT0|001|", FrameError::NotData, 0);
        refuse("0|H0STCNT0|001", FrameError::Form, 1);
        refuse("0", FrameError::Form, 0);
        refuse(b"0|H0STCNT0|001|\xff", FrameError::NotUtf8, 1);
    }

    #[test]
    fn a_count_that_cannot_be_is_refused() {
        let with = |count: &str| THREE_RECORDS.replacen("003", count, 1);
        refuse(with("004"), FrameError::NotDivisible, 4);
        refuse(with("006"), FrameError::TooNarrow { fields: 23, least: 46 }, 6);
        refuse(with("9999"), FrameError::NotDivisible, 9999);
        refuse(with("001"), FrameError::TooWide, 1);
        for unreadable in ["000", "", "-03", "+3", "3.0", "10003", "٣"] {
            refuse(with(unreadable), FrameError::Count, 0);
        }
    }

    #[test]
    fn the_first_byte_decides() {
        let kinds = [BOOK, "1|H0STCNI0|001|", "{}", "", " {}"].map(|frame| kind(frame.as_bytes()));
        assert_eq!(kinds, [Kind::Data, Kind::Encrypted, Kind::Control, Kind::Unknown, Kind::Unknown]);
    }
}
