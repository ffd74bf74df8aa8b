//! `!!binary`: standard base64 with padding, line breaks allowed. Called by [`super::scalar`].

pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let symbols: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    let padding = symbols.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
    if !symbols.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::with_capacity(symbols.len() / 4 * 3);
    for group in symbols[..symbols.len() - padding].chunks(4) {
        let bits = group.iter().try_fold(0_u32, |bits, symbol| Some(bits << 6 | value(*symbol)?))?;
        let bits = bits << (6 * (4 - group.len()));
        bytes.extend(&bits.to_be_bytes()[1..group.len()]);
    }
    Some(bytes)
}

fn value(symbol: u8) -> Option<u32> {
    let value = match symbol {
        b'A'..=b'Z' => symbol - b'A',
        b'a'..=b'z' => symbol - b'a' + 26,
        b'0'..=b'9' => symbol - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&[u8]>) {
        assert_eq!(decode(text).as_deref(), expected, "{text}");
    }

    #[test]
    fn groups() {
        check("", Some(b""));
        check("aGk=", Some(b"hi"));
        check("aG\nk=", Some(b"hi"));
        check("YQ==", Some(b"a"));
        check("/+8A", Some(&[0xff, 0xef, 0]));
        for text in ["a", "aGk", "aG k=", "====", "a===", "aGk=aGk=", "é==="] {
            check(text, None);
        }
    }
}
