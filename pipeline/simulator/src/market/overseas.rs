//! Records of HDFSCNT0: 26 columns, prices with four decimal places, the exchange's own time beside Korea's. Source: KIS
//! portal text and captured frames; the numbers in the comments are the columns.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, Utc, Weekday};

use super::day::Day;
use super::record::{Fields, Quote, Stamp, percent, sign};

/// Where an overseas issue trades, as far as its clock is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Venue {
    NewYork,
    /// Hours east of UTC, no daylight saving.
    Fixed(i32),
}

impl Venue {
    /// From a key: `D` or `R`, three letters of an exchange, a symbol.
    pub(super) fn of(code: &str) -> Option<Venue> {
        let rest = code.strip_prefix(['D', 'R'])?;
        let exchange = rest.get(..3).filter(|_| rest.len() > 3)?;
        match exchange {
            "NAS" | "NYS" | "AMS" | "BAQ" | "BAY" | "BAA" => Some(Venue::NewYork),
            "HKS" | "SHS" | "SZS" => Some(Venue::Fixed(8)),
            "TSE" => Some(Venue::Fixed(9)),
            "HSX" | "HNX" => Some(Venue::Fixed(7)),
            _ => None,
        }
    }

    pub(super) fn offset(self, instant: DateTime<Utc>) -> FixedOffset {
        let hours = match self {
            Venue::Fixed(hours) => hours,
            Venue::NewYork if is_new_york_summer(instant) => -4,
            Venue::NewYork => -5,
        };
        FixedOffset::east_opt(hours * 3600).expect("fewer than 24 hours are an offset")
    }
}

/// Since 2007: from the second Sunday of March, 02:00 (07:00 UTC), to the first of November, 02:00 (06:00 UTC).
fn is_new_york_summer(instant: DateTime<Utc>) -> bool {
    let sunday = |month, nth, hour| {
        let date = NaiveDate::from_weekday_of_month_opt(instant.year(), month, Weekday::Sun, nth);
        date.and_then(|date| date.and_hms_opt(hour, 0, 0)).expect("each month has two Sundays").and_utc()
    };
    (sunday(3, 2, 7)..sunday(11, 1, 6)).contains(&instant)
}

pub(super) fn write(text: &mut String, code: &str, korean: Stamp, local: Stamp, day: &Day, quote: &Quote) {
    let mut fields = Fields(text);
    let change = day.price - day.previous_close;
    let rate = percent(change.unsigned_abs(), day.previous_close.unsigned_abs());
    let [bid_size, ask_size, ..] = quote.sizes;
    fields.put(code); // 0 RSYM
    fields.put(&code[4..]); // 1 SYMB
    fields.put(4); // 2 ZDIV
    fields.put(local.date); // 3 TYMD
    fields.put(local.date); // 4 XYMD
    fields.time(local.time); // 5 XHMS
    fields.put(korean.date); // 6 KYMD
    fields.time(korean.time); // 7 KHMS
    fields.decimal(day.open.price, 4); // 8 OPEN
    fields.decimal(day.high.price, 4); // 9 HIGH
    fields.decimal(day.low.price, 4); // 10 LOW
    fields.decimal(day.price, 4); // 11 LAST
    fields.put(sign(change)); // 12 SIGN
    fields.decimal(change, 4); // 13 DIFF
    let (plus, minus) = (if rate > 0 && change > 0 { "+" } else { "" }, if change < 0 { "-" } else { "" });
    fields.put(format_args!("{plus}{minus}{}.{:02}", rate / 100, rate % 100)); // 14 RATE
    fields.decimal(quote.bid, 4); // 15 PBID
    fields.decimal(quote.ask, 4); // 16 PASK
    fields.put(bid_size); // 17 VBID
    fields.put(ask_size); // 18 VASK
    fields.put(day.quantity); // 19 EVOL
    fields.put(day.volume); // 20 TVOL
    fields.put(day.value / 10_000); // 21 TAMT
    fields.put(day.sells.volume); // 22 BIVL
    fields.put(day.buys.volume); // 23 ASVL
    fields.decimal(day.strength(), 2); // 24 STRN
    fields.put("1"); // 25 MTYP
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: &str, utc: &str, expected: Option<(u32, u32)>) {
        let instant = utc.parse::<DateTime<Utc>>().expect("the table holds instants");
        let local = Venue::of(code).map(|venue| Stamp::at(instant, venue.offset(instant)));
        assert_eq!(local.map(|stamp| (stamp.date, stamp.time)), expected, "{code} {utc}");
    }

    #[test]
    fn each_exchange_has_its_own_clock() {
        check("DNASAAPL", "2023-05-02T13:19:12Z", Some((20_230_502, 91_912)));
        check("DNASAAPL", "2024-12-27T12:02:29Z", Some((20_241_227, 70_229)));
        check("DNYSIBM", "2026-03-08T06:59:59Z", Some((20_260_308, 15_959)));
        check("DNYSIBM", "2026-03-08T07:00:00Z", Some((20_260_308, 30_000)));
        check("RBAQAAPL", "2026-11-01T05:59:59Z", Some((20_261_101, 15_959)));
        check("RBAQAAPL", "2026-11-01T06:00:00Z", Some((20_261_101, 10_000)));
        check("DTSE7203", "2026-01-01T15:00:00Z", Some((20_260_102, 0)));
        check("RHKS00003", "2026-01-01T15:00:00Z", Some((20_260_101, 230_000)));
        check("DHNXABC", "2026-01-01T15:00:00Z", Some((20_260_101, 220_000)));
        check("AAPL", "2026-01-01T15:00:00Z", None);
        check("DXXXAAPL", "2026-01-01T15:00:00Z", None);
        check("DNAS", "2026-01-01T15:00:00Z", None);
    }
}
