//! A duration as Go reads and prints it (`time.ParseDuration`): `1h30m`, `1.5s`, `250us`; never a number alone, but `0`.

use std::time::Duration;

/// In nanoseconds, below zero too.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut sum: u64 = 0;
    while !rest.is_empty() {
        let (part, behind) = part(rest)?;
        sum = sum.checked_add(part).filter(|sum| *sum <= LIMIT)?;
        rest = behind;
    }
    match negative {
        true => Some(0i64.wrapping_sub_unsigned(sum)),
        false => i64::try_from(sum).ok(),
    }
}

/// What still fits below zero.
const LIMIT: u64 = 1 << 63;

/// One number with its unit, and what is behind it.
fn part(text: &str) -> Option<(u64, &str)> {
    let digits = |text: &str| text.len() - text.trim_start_matches(|byte: char| byte.is_ascii_digit()).len();
    let (whole, mut rest) = text.split_at(digits(text));
    let mut fraction = "";
    if let Some(behind) = rest.strip_prefix('.') {
        (fraction, rest) = behind.split_at(digits(behind));
    }
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let end = rest.find(|byte: char| byte == '.' || byte.is_ascii_digit()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(end);
    let unit: u64 = match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    };
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let (digits, scale) = leading(fraction);
    let part = (digits as f64 * (unit as f64 / scale)) as u64;
    let sum = whole.checked_mul(unit)?.checked_add(part).filter(|sum| *sum <= LIMIT)?;
    Some((sum, rest))
}

/// As many digits of a fraction as a number holds, and what they count.
fn leading(fraction: &str) -> (u64, f64) {
    let mut digits = 0u64;
    let mut scale = 1.0;
    for digit in fraction.bytes().map(|byte| u64::from(byte - b'0')) {
        if digits > (LIMIT - 1) / 10 || digits * 10 + digit > LIMIT {
            break;
        }
        digits = digits * 10 + digit;
        scale *= 10.0;
    }
    (digits, scale)
}

/// As Go prints it: hours, minutes and seconds, or one smaller unit below a second.
pub(crate) fn print(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let length = Duration::from_nanos(nanoseconds.unsigned_abs());
    let all = length.as_nanos();
    if all == 0 {
        return "0s".to_owned();
    }
    if all < 1_000_000_000 {
        let (unit, digits, name) = match all {
            0..1_000 => (1, 0, "ns"),
            1_000..1_000_000 => (1_000, 3, "µs"),
            _ => (1_000_000, 6, "ms"),
        };
        return format!("{sign}{}{}{name}", all / unit, decimals(all % unit, digits));
    }
    let seconds = length.as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let small = format!("{}{}s", seconds % 60, decimals(length.subsec_nanos().into(), 9));
    match (hours, minutes) {
        (0, 0) => format!("{sign}{small}"),
        (0, _) => format!("{sign}{minutes}m{small}"),
        _ => format!("{sign}{hours}h{minutes}m{small}"),
    }
}

fn decimals(part: u128, digits: usize) -> String {
    if part == 0 {
        return String::new();
    }
    format!(".{part:0digits$}").trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(parse(text).map(print).as_deref(), expected, "{text}");
    }

    #[test]
    fn as_go_prints_it() {
        check("90s", Some("1m30s"));
        check("1h5m30s20ms", Some("1h5m30.02s"));
        check("250us", Some("250µs"));
        check("1500ns", Some("1.5µs"));
        check("1μs", Some("1µs"));
        check("0", Some("0s"));
        check("-0", Some("0s"));
        check("1.5h", Some("1h30m0s"));
        check(".5s", Some("500ms"));
        check("1.s", Some("1s"));
        check("-1h", Some("-1h0m0s"));
        check("+1h", Some("1h0m0s"));
        check("1s1h", Some("1h0m1s"));
        check("0.1ns", Some("0s"));
        check("3.333333333333333333333h", Some("3h20m0s"));
        check("2562047h", Some("2562047h0m0s"));
        check("9223372036854775807ns", Some("2562047h47m16.854775807s"));
        check("-9223372036854775808ns", Some("-2562047h47m16.854775808s"));
    }

    #[test]
    fn refused() {
        for text in ["", "1", "00", "-", ".", "s", "1 s", "1S", "1d", "1w2d", "1y", "2562048h", "9223372036854775808ns"]
        {
            check(text, None);
        }
        check("2001-12-14 00:00:00 +0000 UTC", None);
        check("99999999999999999999999s", None);
    }
}
