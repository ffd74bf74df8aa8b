//! Whether a command written as one text can be taken apart into words, by the rules of Compose's shell-like reader.

/// False where a quote, a backtick, a bracket or a backslash is left open.
pub(super) fn is_whole(text: &str) -> bool {
    let mut open = None;
    let mut escaped = false;
    let mut word = String::new();
    for character in text.chars() {
        if escaped {
            escaped = false;
            word.push(character);
            continue;
        }
        match (character, open) {
            ('\\', Some('\'')) => {}
            ('\\', _) => {
                escaped = true;
                continue;
            }
            (' ' | '\t' | '\r' | '\n', None) => {
                word.clear();
                continue;
            }
            ('\'' | '"' | '`', Some(opened)) if opened == character => open = None,
            ('\'' | '"' | '`', None) => open = Some(character),
            ('(', None) if word.ends_with('$') => open = Some('('),
            ('(', None | Some('(')) => return false,
            (')', Some('(')) => open = None,
            (')', None) => open = Some('('),
            // The rest is for a shell, which Compose does not start.
            (';' | '&' | '|' | '<' | '>', None) => return true,
            _ => {}
        }
        word.push(character);
    }
    open.is_none() && !escaped
}

#[cfg(test)]
mod tests {
    fn check(text: &str, expected: bool) {
        assert_eq!(super::is_whole(text), expected, "{text}");
    }

    #[test]
    fn whole() {
        for text in ["", "a 'b c' \"d\"", "a $(b c) d", "a `b`", r"a\ b", r"'a\'", "a; 'b", "a > `b", "#x", "\"it's\""]
        {
            check(text, true);
        }
    }

    #[test]
    fn left_open() {
        for text in ["echo 'x", "a \"b", "a `b", "a $(b", "a (b)", "a)", r"a \"] {
            check(text, false);
        }
    }
}
