//! Records of H0STCNT0, H0NXCNT0 and H0UNCNT0: 47 columns, or the 46 of before 2026-09-14. Source: KIS portal text and
//! captured frames; the numbers in the comments are the columns.

use super::Width;
use super::day::{Day, Mark, Side};
use super::record::{Fields, Quote, Stamp, percent};

/// What an issue traded on the previous day, and has outstanding; made up, but steady.
const PREVIOUS_VOLUME: u64 = 15_000_000;
const SHARES: u64 = 6_000_000_000;

pub(super) fn write(text: &mut String, code: &str, now: Stamp, day: &Day, quote: &Quote, width: Width) {
    let mut fields = Fields(text);
    let change = day.price - day.previous_close;
    fields.put(code); // 0 MKSC_SHRN_ISCD
    fields.time(now.time); // 1 STCK_CNTG_HOUR
    fields.put(day.price); // 2 STCK_PRPR
    fields.difference(change); // 3 PRDY_VRSS_SIGN, 4 PRDY_VRSS
    let rate = percent(change.unsigned_abs(), day.previous_close.unsigned_abs());
    fields.decimal(rate * change.signum(), 2); // 5 PRDY_CTRT
    fields.decimal(i64::try_from(day.value * 100 / day.volume).unwrap_or(i64::MAX), 2); // 6 WGHN_AVRG_STCK_PRC
    fields.put(day.open.price); // 7 STCK_OPRC
    fields.put(day.high.price); // 8 STCK_HGPR
    fields.put(day.low.price); // 9 STCK_LWPR
    fields.put(quote.ask); // 10 ASKP1
    fields.put(quote.bid); // 11 BIDP1
    fields.put(day.quantity); // 12 CNTG_VOL
    fields.put(day.volume); // 13 ACML_VOL
    fields.put(day.value); // 14 ACML_TR_PBMN
    fields.put(day.sells.trades); // 15 SELN_CNTG_CSNU
    fields.put(day.buys.trades); // 16 SHNU_CNTG_CSNU
    fields.put(day.buys.trades.cast_signed() - day.sells.trades.cast_signed()); // 17 NTBY_CNTG_CSNU
    fields.decimal(day.strength(), 2); // 18 CTTR
    fields.put(day.sells.volume); // 19 SELN_CNTG_SMTN
    fields.put(day.buys.volume); // 20 SHNU_CNTG_SMTN
    fields.put(if day.side == Side::Buy { 1 } else { 5 }); // 21 CCLD_DVSN
    fields.decimal((day.buys.volume * 100).div_ceil(day.volume).cast_signed(), 2); // 22 SHNU_RATE, rounded up in captures
    fields.decimal(percent(day.volume, PREVIOUS_VOLUME), 2); // 23 PRDY_VOL_VRSS_ACML_VOL_RATE
    against(&mut fields, day.open, day.price); // 24..=26 OPRC
    against(&mut fields, day.high, day.price); // 27..=29 HGPR
    against(&mut fields, day.low, day.price); // 30..=32 LWPR
    fields.put(now.date); // 33 BSOP_DATE
    fields.put("20"); // 34 NEW_MKOP_CLS_CODE: regular session, normal
    fields.put("N"); // 35 TRHT_YN
    quote.sizes.iter().for_each(|size| fields.put(size)); // 36..=39 ASKP_RSQN1, BIDP_RSQN1, TOTAL_ASKP_RSQN, TOTAL_BIDP_RSQN
    fields.decimal(percent(day.volume, SHARES), 2); // 40 VOL_TNRT
    fields.put(PREVIOUS_VOLUME / 2); // 41 PRDY_SMNS_HOUR_ACML_VOL
    fields.decimal(percent(day.volume, PREVIOUS_VOLUME / 2), 2); // 42 PRDY_SMNS_HOUR_ACML_VOL_RATE
    fields.put("0"); // 43 HOUR_CLS_CODE: in session
    fields.put(""); // 44 MRKT_TRTM_CLS_CODE
    fields.put(day.open.price); // 45 VI_STND_PRC
    if width == Width::Fields47 {
        fields.put("2"); // 46 MARKET_CLS_CODE: regular
    }
}

/// When a price was reached, and where the last one stands against it.
fn against(fields: &mut Fields<'_>, mark: Mark, price: i64) {
    fields.time(mark.time);
    fields.difference(price - mark.price);
}
