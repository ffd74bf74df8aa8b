//! Plain numbers as Go reads them. Called by [`super::scalar`].

use crate::node::Value;

/// None where go-yaml sees text.
pub(super) fn parse(text: &str) -> Option<Value> {
    match text.as_bytes().first()? {
        // Go's own reader of floats, which lets `_` stand between digits.
        b'.' if text.ends_with('_') || text.contains("__") || text.contains("._") => None,
        b'.' => float(&text.replace('_', "")),
        b'0'..=b'9' | b'+' | b'-' => {
            let plain = text.replace('_', "");
            integer(&plain).or_else(|| float(&plain)).or_else(|| signed_behind_prefix(&plain))
        }
        _ => None,
    }
}

/// `12`, `0x1f`, `0b1`, `0o17` and, as in YAML 1.1, `017`.
fn integer(plain: &str) -> Option<Value> {
    let (negative, digits) = match plain.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, plain.strip_prefix('+').unwrap_or(plain)),
    };
    let signed = digits.len() < plain.len();
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let size = u64::from_str_radix(digits, base).ok()?;
    match (negative, i64::try_from(size)) {
        (false, Ok(size)) => Some(Value::Int(size)),
        (true, _) => 0_i64.checked_sub_unsigned(size).map(Value::Int),
        // Go reads a number of this size only without a sign.
        (false, Err(_)) => (!signed).then_some(Value::Big(size)),
    }
}

/// go-yaml's own second look at `0b…` and `0o…` takes a sign behind the prefix: `0b-1` is -1.
fn signed_behind_prefix(plain: &str) -> Option<Value> {
    let (base, digits) =
        plain.strip_prefix("0b").map(|rest| (2, rest)).or_else(|| plain.strip_prefix("0o").map(|rest| (8, rest)))?;
    i64::from_str_radix(digits, base).ok().map(Value::Int)
}

fn float(plain: &str) -> Option<Value> {
    let unsigned = plain.strip_prefix(['+', '-']).unwrap_or(plain);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let power = exponent.map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    let well_formed = digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && power.is_none_or(|power| !power.is_empty() && digits(power));
    // What is too large for a float stays text.
    let number: f64 = if well_formed { plain.parse().ok()? } else { return None };
    number.is_finite().then_some(Value::Float(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &str, expected: Option<Value>) {
        for text in texts.split(' ') {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn integers() {
        check("8 +8 010 0o10 0O10 0x8 0X8 0b1000 0B1000 0_10 8_ 0o+10 0b+1000", Some(Value::Int(8)));
        check("-8 -010 -0o10 -0x8 -0b1000 0b-1000 0o-10", Some(Value::Int(-8)));
        check("0 00 0_ -0 +0", Some(Value::Int(0)));
        check("9223372036854775807 0x7fffffffffffffff", Some(Value::Int(i64::MAX)));
        check("-9223372036854775808 -0x8000000000000000", Some(Value::Int(i64::MIN)));
        check("18446744073709551615 0xffffffffffffffff", Some(Value::Big(u64::MAX)));
    }

    #[test]
    fn floats() {
        check("08 8. 8.0 8e0 0.8e1 80e-1 +8.0 8_.0 0_8", Some(Value::Float(8.0)));
        check(".5 +.5 0.5 5e-1 .5e0 .5_0", Some(Value::Float(0.5)));
        check("+9223372036854775808", Some(Value::Float(9_223_372_036_854_775_808.0)));
        check("18446744073709551616", Some(Value::Float(18_446_744_073_709_551_616.0)));
        check("1e-400", Some(Value::Float(0.0)));
    }

    #[test]
    fn text() {
        check("0xg 0x 0o8 0b2 0b -0b-1 0x-1 + - +_ _1 1:2 12:30:45 1,000 1.2.3", None);
        check(". .. .e3 1e 1e+ 1e1.5 0x1p3 1e400 -1e400 .5e400 ._5 inf +Infinity 1é", None);
    }
}
