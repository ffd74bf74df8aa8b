//! Names of containers, log lines and messages of servers are strangers' texts: what would move the cursor, hide or
//! reorder text on a terminal is shown as its number.

pub(in crate::render) fn visible(text: &str) -> String {
    if !text.contains(moves_or_hides) {
        return text.to_owned();
    }
    text.chars().map(|c| if moves_or_hides(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

/// Control characters, and those that Unicode uses to hide or to reorder text.
pub(in crate::render) fn moves_or_hides(c: char) -> bool {
    let hides =
        |c| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    // Most are letters of ASCII, which is quickly asked.
    !matches!(c, ' '..='~') && (c.is_control() || hides(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_deceive_is_shown_as_its_number() {
        let check = |text, expected: &str| assert_eq!(visible(text), expected);
        check("archiver 수집기", "archiver 수집기");
        check("a\x1b[2Jb\nc", "a\\u{1b}[2Jb\\u{a}c");
        check("\u{9b}31m \u{202e}gnp.exe", "\\u{9b}31m \\u{202e}gnp.exe");
    }
}
