//! No input panics, and what is written is what is read.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::captured::*;
use super::*;

const FRAMES: [&str; 7] = [THREE_RECORDS, WIDE, BOOK, FALLING, OVERSEAS_TWO, OVERSEAS_ONE, OPERATION];

/// Whatever decodes has as many records as the frame says.
fn survives(frame: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(records) = decode(frame) {
        prop_assert_eq!(records.len() as u64, tick_count(frame));
    }
    Ok(())
}

/// A frame before it is written: in each record the texts at [`PLACES`], and nothing in its other fields.
#[derive(Debug)]
struct Written {
    tr: Tr,
    width: usize,
    records: Vec<[String; 9]>,
}

/// Symbol, time, price, volume, accumulated volume, value, date, phase and side of the domestic streams.
const PLACES: [usize; 9] = [0, 1, 2, 12, 13, 14, 33, 34, 21];

fn written() -> impl Strategy<Value = Written> {
    let time = (0_u32..24, 0_u32..60, 0_u32..60).prop_map(|(h, m, s)| format!("{h:02}{m:02}{s:02}"));
    let date = (1990_u32..2100, 1_u32..=12, 1_u32..=28).prop_map(|(y, m, d)| format!("{y:04}{m:02}{d:02}"));
    let record = (
        "[0-9A-Z]{6}|Q[0-9]{6}",
        time,
        r"[1-9][0-9]{0,12}(\.[0-9]{1,8})?",
        "[1-9][0-9]{0,17}",
        "[1-9][0-9]{0,17}",
        "([1-9][0-9]{0,20})?",
        date,
        "[0-9]{0,2}",
        "[135]?",
    );
    let record = record.prop_map(|(a, b, c, d, e, f, g, h, i)| [a, b, c, d, e, f, g, h, i]);
    let trs = select(vec![Tr::H0stcnt0, Tr::H0nxcnt0, Tr::H0uncnt0]);
    (trs, 46_usize..92, vec(record, 1..7)).prop_map(|(tr, width, records)| Written { tr, width, records })
}

impl Written {
    fn frame(&self) -> String {
        let record = |written: &[String; 9]| {
            let mut fields = vec![""; self.width];
            PLACES.iter().zip(written).for_each(|(place, text)| fields[*place] = text);
            fields.join("^")
        };
        let payload = self.records.iter().map(record).collect::<Vec<_>>().join("^");
        format!("0|{}|{:03}|{payload}", self.tr, self.records.len())
    }
}

/// A tick in the words of the wire.
fn words(tick: &Tick) -> [String; 9] {
    let local = tick.time + chrono::TimeDelta::hours(9);
    [
        tick.symbol.to_string(),
        local.format("%H%M%S").to_string(),
        tick.price.0.to_string(),
        tick.volume.0.to_string(),
        tick.cum_volume.0.to_string(),
        tick.cum_value.map(|money| money.0.to_string()).unwrap_or_default(),
        local.format("%Y%m%d").to_string(),
        tick.phase.to_string(),
        tick.side.map(|side| side.code().to_string()).unwrap_or_default(),
    ]
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        survives(&bytes)?;
    }

    #[test]
    fn no_torn_or_scratched_frame_panics(frame in select(&FRAMES[..]), cut: Index, scratches: Vec<(Index, u8)>) {
        let mut bytes = frame.as_bytes()[..=cut.index(frame.len())].to_vec();
        let length = bytes.len();
        scratches.iter().take(4).for_each(|(place, byte)| bytes[place.index(length)] = *byte);
        survives(&bytes)?;
    }

    /// Any field, TR and COUNT included, becomes anything.
    #[test]
    fn no_field_panics(frame in select(&FRAMES[..]), place: Index, text in "\\PC{0,20}|[-+0-9.]{0,40}") {
        let separators = frame.match_indices(['|', '^']).map(|(at, _)| at).collect::<Vec<_>>();
        let at = *place.get(&separators) + 1;
        let end = frame[at..].find(['|', '^']).map_or(frame.len(), |length| at + length);
        survives(format!("{}{text}{}", &frame[..at], &frame[end..]).as_bytes())?;
    }

    #[test]
    fn what_is_written_is_read(written in written()) {
        let ticks = decode(written.frame().as_bytes()).expect("a well-formed frame");
        let read = ticks.iter().map(|tick| words(tick.as_ref().expect("a well-formed record")));
        prop_assert_eq!(read.collect::<Vec<_>>(), written.records);
    }
}
