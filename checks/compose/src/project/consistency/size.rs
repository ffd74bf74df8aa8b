//! An amount of memory as Docker reads it: `512`, `1.5g`, `64 MiB`.

/// In bytes.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let last = text.rfind(|byte: char| byte.is_ascii_digit() || byte == '.' || byte == ' ')?;
    let (number, suffix) = match text.as_bytes()[last] {
        b' ' => (&text[..last], &text[last + 1..]),
        _ => text.split_at(last + 1),
    };
    let number: f64 = number.parse().ok().filter(|number| *number >= 0.0)?;
    let suffix = suffix.to_lowercase();
    let (unit, rest) = suffix.split_at(suffix.chars().next().map_or(0, char::len_utf8));
    let shift = match unit {
        "" | "b" if rest.is_empty() => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        "p" => 50,
        _ => return None,
    };
    matches!(rest, "" | "b" | "ib").then(|| (number * f64::from(shift).exp2()) as i64)
}

#[cfg(test)]
mod tests {
    fn check(text: &str, expected: Option<i64>) {
        assert_eq!(super::parse(text), expected, "{text}");
    }

    #[test]
    fn sizes() {
        check("512", Some(512));
        check("10m", Some(10 << 20));
        check("1.5G", Some(3 << 29));
        check("64 MiB", Some(64 << 20));
        check("1kb", Some(1024));
        check("7b", Some(7));
    }

    #[test]
    fn refused() {
        for text in ["", "m", "-1", "1x", "1bb", "1kx", "1kibb", "1 2 m", "ten"] {
            check(text, None);
        }
    }
}
