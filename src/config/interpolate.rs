//! `${VAR}` in feedctl.yml: the YAML reader replaces it as Compose does, and this finds what it would replace in silence.
//!
//! Compose takes an unset variable for the empty text. Here it is a mistake with a place, because an empty host name or
//! symbol would be found much later, by a check that blames the stack.

use std::ops::Range;

use serde_saphyr::granit_parser::{Event, Parser};

/// The first plain `${VAR}` or `$VAR` of `text` whose name `is_set` does not know, with its place; comments are not
/// looked at, and forms with an operator (`${VAR:-default}`, `${VAR:?why}`) say themselves what they want.
pub(super) fn first_unset(text: &str, is_set: impl Fn(&str) -> bool) -> Option<(String, Range<usize>)> {
    for (event, span) in Parser::new_from_str(text).map_while(Result::ok) {
        if let (Event::Scalar(..), Some(place)) = (event, span.byte_range())
            && let Some(found) = references(&text[place.clone()]).find(|(name, _)| !is_set(name))
        {
            let (name, within) = found;
            return Some((name.to_owned(), place.start + within.start..place.start + within.end));
        }
    }
    None
}

/// The names that stand in `scalar` without an operator, and where. `$$` is a dollar sign.
fn references(scalar: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let dollar = from + scalar[from..].find('$')?;
            let after = &scalar[dollar + 1..];
            let braced = after.starts_with('{');
            let body = if braced { &after[1..] } else { after };
            let length = body.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(body.len());
            from = dollar + 1 + usize::from(braced) + length;
            if after.starts_with('$') {
                from = dollar + 2;
            } else if braced && scalar[from..].starts_with('}') {
                from += 1;
                return Some((&body[..length], dollar..from));
            } else if !braced && body.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
                return Some((&body[..length], dollar..from));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let found = first_unset(text, |name| name == "SET");
        assert_eq!(found.map(|(_, place)| &text[place]), expected, "{text}");
    }

    #[test]
    fn an_unset_variable_has_a_place() {
        check("a: ${SET}", None);
        check("a: [1, \"x${LOST}y\"]", Some("${LOST}"));
        check("a: 한글 $LOST.", Some("$LOST"));
        check("# ${LOST}\na: 1", None);
        check("a: $$LOST $${LOST}", None);
        check("a: ${LOST:-x} ${LOST-} ${LOST?why}", None);
        check("a: $5 $ ${ $", None);
        check("a: ${LOST:-x}${SET}$SET${ALSO}", Some("${ALSO}"));
    }
}
