//! From entries to rows: decodes the frames of a batch, sorts the ticks by their natural key, and sets aside what is no
//! tick. No I/O.

use feed::entry::{Received, WriterId};
use feed::kis::frame;
use feed::tick::Tick;

/// A frame that is to be committed.
#[derive(Debug, Clone)]
pub struct Frame {
    pub writer: WriterId,
    pub n: u64,
    pub received: Received,
    pub bytes: Vec<u8>,
}

#[derive(Debug)]
pub struct Row {
    pub tick: Tick,
    pub received: Received,
    pub origin: Origin,
}

/// Where a row comes from: the frame's index in the batch, the record's in the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    pub frame: usize,
    pub record: usize,
}

/// A row of `feed_rejects`.
#[derive(Debug, PartialEq, Eq)]
pub struct Reject {
    pub frame: usize,
    /// None: the whole frame.
    pub record: Option<usize>,
    pub reason: String,
}

/// Decodes `frames`. The rows come sorted by the natural key, which makes their insertion several times faster.
pub fn decode(frames: &[Frame]) -> (Vec<Row>, Vec<Reject>) {
    let (mut rows, mut rejects) = (Vec::with_capacity(2 * frames.len()), Vec::new());
    for (index, frame) in frames.iter().enumerate() {
        match frame::decode(&frame.bytes) {
            Err(error) => rejects.push(Reject { frame: index, record: None, reason: error.to_string() }),
            Ok(records) => {
                for (record, tick) in records.into_iter().enumerate() {
                    let origin = Origin { frame: index, record };
                    match tick {
                        Ok(tick) => rows.push(Row { tick, received: frame.received, origin }),
                        Err(error) => rejects.push(Reject {
                            frame: index,
                            record: Some(record),
                            reason: error.reason.to_string(),
                        }),
                    }
                }
            }
        }
    }
    rows.sort_by(|a, b| key(&a.tick).cmp(&key(&b.tick)));
    (rows, rejects)
}

fn key(tick: &Tick) -> impl Ord {
    (tick.time, tick.symbol, tick.venue, tick.cum_volume)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(symbol: &str, time: &str, volume: &str) -> String {
        format!(
            "{symbol}^{time}^277750^2^3750^1.37^280395.69^283000^283500^276500^278000^277500^{volume}^11955000^3352130122500^83251^86830^3579^120.39^5217059^6280658^5^0.53^53.70^090023^5^-5250^090048^5^-5750^135824^2^1250^20260922^20^N^47588^70626^794823^496479^0.20^17123443^69.82^0^^283000^2"
        )
    }

    fn frame(n: u64, records: &[String]) -> Frame {
        let bytes = format!("0|H0STCNT0|{:03}|{}", records.len(), records.join("^")).into_bytes();
        Frame { writer: "w".parse().expect("a letter"), n, received: Received(0), bytes }
    }

    #[test]
    fn rows_come_sorted_and_what_is_no_tick_is_set_aside() {
        let frames = [
            frame(1, &[record("005930", "140611", "5")]),
            frame(
                2,
                &[record("000660", "140610", "1"), record("000660", "140610", "0"), record("005930", "140610", "2")],
            ),
            Frame { bytes: b"rubbish".to_vec(), ..frame(3, &[]) },
        ];
        let (rows, rejects) = decode(&frames);
        let order: Vec<_> =
            rows.iter().map(|row| (row.tick.symbol.to_string(), row.origin.frame, row.origin.record)).collect();
        assert_eq!(order, [("000660".into(), 1, 0), ("005930".into(), 1, 2), ("005930".into(), 0, 0)]);
        let reject = |frame, record, reason: &str| Reject { frame, record, reason: reason.into() };
        assert_eq!(rejects, [reject(1, Some(1), "volume is zero: no trade"), reject(2, None, "not a data frame")]);
    }
}
