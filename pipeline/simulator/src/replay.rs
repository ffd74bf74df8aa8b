//! Reads captured frames, one a line, to be sent again byte for byte. Malformed ones are welcome: a receiver must stand
//! them. Blank lines and control messages are passed over.

use crate::frame::Frame;
use crate::key::{Key, KeyError, Tr};

#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("line {line} is not a frame `0|TR|COUNT|…` with an issue in its first field")]
    Frame { line: usize },
    #[error("line {line} is of no stream that can be registered here")]
    Key { line: usize, source: KeyError },
}

/// The frames in the order of the file.
pub(crate) fn read(text: &str) -> Result<Vec<Frame>, ReplayError> {
    let lines = text.lines().map(str::trim_end).zip(1..);
    lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('{')).map(|(line, at)| frame(line, at)).collect()
}

fn frame(text: &str, line: usize) -> Result<Frame, ReplayError> {
    let malformed = ReplayError::Frame { line };
    let parts = text.splitn(4, '|').collect::<Vec<_>>();
    let [_, tr, count, payload] = parts[..] else { return Err(malformed) };
    let Ok(ticks) = count.parse() else { return Err(malformed) };
    let fields = payload.split('^').collect::<Vec<_>>();
    let key = tr.parse().and_then(|tr| Key::new(tr, fields[0]));
    let key = key.map_err(|source| ReplayError::Key { line, source })?;
    let (volume, cum_volume) = volumes(key.tr, &fields, ticks).unwrap_or_default();
    Ok(Frame::new(key, text.to_owned(), ticks, volume, cum_volume))
}

/// Volume of all records and accumulated volume of the last; none where the fields are not `ticks` equal records.
fn volumes(tr: Tr, fields: &[&str], ticks: u64) -> Option<(u64, u64)> {
    let ticks = usize::try_from(ticks).ok().filter(|ticks| fields.len().is_multiple_of(*ticks))?;
    let (volume, cum_volume) = if tr == Tr::Hdfscnt0 { (19, 20) } else { (12, 13) };
    let mut sums = (0, 0);
    for record in fields.chunks(fields.len() / ticks) {
        sums.0 += record.get(volume)?.parse::<u64>().ok()?;
        sums.1 = record.get(cum_volume)?.parse().ok()?;
    }
    Some(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&[(&str, u64, u64, u64)], &str>) {
        let frames = read(text).map_err(|error| error.to_string());
        let seen = frames.map(|frames| {
            frames.iter().map(|f| (f.key.to_string(), f.ticks, f.volume, f.cum_volume)).collect::<Vec<_>>()
        });
        let expected = expected.map(|rows| rows.iter().map(|row| (row.0.to_owned(), row.1, row.2, row.3)).collect());
        assert_eq!(seen, expected.map_err(str::to_owned));
    }

    #[test]
    fn captures_tell_what_they_count() {
        let us = "0|HDFSCNT0|001|DNASAAPL^AAPL^4^20230502^20230502^091913^20230502^221913^169.9200^170.1000^169.4200^169.8000^2^0.2100^+0.12^169.7700^169.7900^201^2^3^108470^18415181^24757^20519^82.88^1";
        check(&format!("\n{{\"header\":{{}}}}\r\n{us}\r\n"), Ok(&[("HDFSCNT0:DNASAAPL", 1, 3, 108_470)]));
        check("0|H0STCNT0|004|005930^1^2", Ok(&[("H0STCNT0:005930", 4, 0, 0)]));
        check("\nhello", Err("line 2 is not a frame `0|TR|COUNT|…` with an issue in its first field"));
        check("0|H0STASP0|001|005930", Err("line 1 is of no stream that can be registered here"));
    }
}
