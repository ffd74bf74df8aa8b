//! Plain dates and instants, in the form in which Go prints them. Called by [`super::scalar`].

/// `2001-12-14 00:00:00 +0000 UTC` for `2001-12-14`; None where go-yaml sees no date.
pub(super) fn parse(text: &str) -> Option<String> {
    let (year, rest) = text.split_at_checked(4).filter(|(year, _)| year.bytes().all(|byte| byte.is_ascii_digit()))?;
    let year: u32 = year.parse().ok()?;
    let (month, rest) = number(rest.strip_prefix('-')?)?;
    let (day, rest) = number(rest.strip_prefix('-')?)?;
    if !(1..=12).contains(&month) || day == 0 || day > days(year, month) {
        return None;
    }
    if rest.is_empty() {
        return Some(format!("{year:04}-{month:02}-{day:02} 00:00:00 +0000 UTC"));
    }
    let zoned = rest.starts_with(['T', 't']);
    let clock =
        rest.strip_prefix(['T', 't']).or_else(|| rest.strip_prefix(' ').map(|rest| rest.trim_start_matches(' ')))?;
    let (hour, rest) = number(clock)?;
    let (minute, rest) = number(rest.strip_prefix(':')?)?;
    let (second, rest) = number(rest.strip_prefix(':')?)?;
    let (fraction, rest) = fraction(rest);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let zone = if zoned { zone(rest)? } else { rest.is_empty().then(|| "+0000 UTC".to_owned())? };
    Some(format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{fraction} {zone}"))
}

/// One or two digits.
fn number(text: &str) -> Option<(u32, &str)> {
    let length = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(length);
    Some((digits.parse().ok()?, rest))
}

/// `.5` of `.500Z`: Go prints nanoseconds without the zeros at the end.
fn fraction(text: &str) -> (String, &str) {
    let Some(behind) = text.strip_prefix(['.', ',']) else { return (String::new(), text) };
    let length = behind.bytes().take_while(u8::is_ascii_digit).count();
    if length == 0 {
        return (String::new(), text);
    }
    let (digits, rest) = behind.split_at(length);
    let digits = digits[..length.min(9)].trim_end_matches('0');
    let dot = if digits.is_empty() { "" } else { "." };
    (format!("{dot}{digits}"), rest)
}

fn zone(text: &str) -> Option<String> {
    if text == "Z" {
        return Some("+0000 UTC".to_owned());
    }
    let bytes = text.as_bytes();
    let [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] = bytes else { return None };
    if ![h1, h2, m1, m2].iter().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = (&text[1..3], &text[4..6]);
    if hours > "24" || minutes > "59" {
        return None;
    }
    if hours == "00" && minutes == "00" {
        return Some("+0000 UTC".to_owned());
    }
    let offset = format!("{}{hours}{minutes}", *sign as char);
    Some(format!("{offset} {offset}"))
}

fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(parse(text).as_deref(), expected, "{text}");
    }

    #[test]
    fn dates() {
        check("2001-12-14", Some("2001-12-14 00:00:00 +0000 UTC"));
        check("2001-1-2", Some("2001-01-02 00:00:00 +0000 UTC"));
        check("2000-02-29", Some("2000-02-29 00:00:00 +0000 UTC"));
        for text in "1900-02-29 2001-02-30 2001-13-01 2001-00-01 2001-01-00 2001-01-001 20011-01-01 2001-12 -2001-12-14"
            .split(' ')
        {
            check(text, None);
        }
    }

    #[test]
    fn instants() {
        check("2001-12-14T21:59:43Z", Some("2001-12-14 21:59:43 +0000 UTC"));
        check("2001-12-14t1:2:3.120-05:00", Some("2001-12-14 01:02:03.12 -0500 -0500"));
        check("2001-12-14 21:59:43", Some("2001-12-14 21:59:43 +0000 UTC"));
        check("2001-12-14   21:59:43,5", Some("2001-12-14 21:59:43.5 +0000 UTC"));
        check("2001-12-14T21:59:43.000+00:00", Some("2001-12-14 21:59:43 +0000 UTC"));
        check("2001-12-14T21:59:43.1234567891Z", Some("2001-12-14 21:59:43.123456789 +0000 UTC"));
        for text in [
            "2001-12-14T21:59:43",
            "2001-12-14 21:59:43Z",
            "2001-12-14T24:00:00Z",
            "2001-12-14T23:60:00Z",
            "2001-12-14T23:59:60Z",
            "2001-12-14T21:59:43.Z",
            "2001-12-14T21:59:43+5:30",
            "2001-12-14T21:59:43+25:00",
            "2001-12-14T1:2Z",
            "2001-12-14x",
            "2001-1é",
        ] {
            check(text, None);
        }
    }
}
