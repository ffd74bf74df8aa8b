//! Texts of single fields to values. Each reads the whole text or nothing, and allocates nothing.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use rust_decimal::Decimal;

use crate::tick::{Side, Symbol};

/// Korea, no daylight saving.
const KST: FixedOffset = FixedOffset::east_opt(9 * 3600).expect("nine hours are an offset");

/// Letters and digits only, so that a record that begins in the middle of another is noticed.
pub(super) fn issue_code(text: &str) -> Option<Symbol> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

pub(super) fn date(text: &str) -> Option<NaiveDate> {
    let number = digits(text, 8)?;
    NaiveDate::from_ymd_opt(i32::try_from(number / 10_000).ok()?, number / 100 % 100, number % 100)
}

pub(super) fn instant(date: NaiveDate, text: &str) -> Option<DateTime<Utc>> {
    let number = digits(text, 6)?;
    let local = date.and_hms_opt(number / 10_000, number / 100 % 100, number % 100)?;
    Some(local.and_local_timezone(KST).single()?.to_utc())
}

fn digits(text: &str, length: usize) -> Option<u32> {
    whole(text).filter(|_| text.len() == length).and_then(|number| number.try_into().ok())
}

/// Up to 18 digits: two such numbers together still fit the table's bigint.
pub(super) fn whole(text: &str) -> Option<u64> {
    let digits = (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

/// Unsigned, exact, at most 28 digits.
pub(super) fn decimal(text: &str) -> Option<Decimal> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if plain { Decimal::from_str_exact(text).ok() } else { None }
}

/// An unknown code is no side rather than no trade: the table of codes may grow, and the trade happened.
pub(super) fn side(text: &str) -> Option<Side> {
    match text {
        "1" => Some(Side::Buy),
        "3" => Some(Side::PreOpen),
        "5" => Some(Side::Sell),
        _ => None,
    }
}
