//! Quoted values of a `.env` file.

/// The text up to the closing `quote`, in which only the quote was escaped, and the bytes that it and the quote take. None
/// where it does not end.
pub(super) fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut raw = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => {
                if c != quote {
                    raw.push('\\');
                }
                raw.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            _ if c == quote => return Some((raw, at + c.len_utf8())),
            _ => raw.push(c),
        }
    }
    None
}

/// The escapes of double quotes, as Go's literals have them; `\$` becomes `$$`, which is no variable. All others stay.
pub(super) fn expanded(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let literal = match escape.chars().next() {
            Some('a') => "\x07",
            Some('b') => "\x08",
            Some('f') => "\x0c",
            Some('n') => "\n",
            Some('r') => "\r",
            Some('t') => "\t",
            Some('v') => "\x0b",
            Some('"') => "\"",
            Some('\\') => "\\",
            Some('$') => "$$",
            Some('0') => {
                rest = octal(escape, &mut text);
                continue;
            }
            _ => {
                text.push('\\');
                rest = escape;
                continue;
            }
        };
        text.push_str(literal);
        rest = &escape[1..];
    }
    text.push_str(rest);
    text
}

/// `\0` and three octal digits are the character of that number. Where they are not, Compose drops the zero.
fn octal<'a>(escape: &'a str, text: &mut String) -> &'a str {
    let digits = escape[1..].bytes().take(3).take_while(u8::is_ascii_digit).count();
    let number = &escape[1..1 + digits];
    match u8::from_str_radix(number, 8) {
        Ok(character) if digits == 3 => text.push(char::from(character)),
        _ => {
            text.push('\\');
            text.push_str(number);
        }
    }
    &escape[1 + digits..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, expected: &str) {
        assert_eq!(expanded(raw), expected, "{raw}");
    }

    #[test]
    fn known_escapes_are_expanded() {
        check(r#"\a\b\f\n\r\t\v\"\\\$"#, "\x07\x08\x0c\n\r\t\x0b\"\\$$");
        check(r"\c \x \u", r"\c \x \u");
        check(r"a\", r"a\");
        check(r"\\n", r"\n");
    }

    #[test]
    fn octal_escapes_have_three_digits_after_the_zero() {
        check(r"\0101 \0303", "A Ã");
        check(r"\0 \01 \012 \0400 \0189 \01011", r"\ \1 \12 \400 \189 A1");
    }
}
