//! What the YAML parser refuses, in words for people. Called by [`super::parse`].

use granit_parser::{ErrorKind, ScanError};

use super::MAXIMUM_NESTING;
use crate::refusal::Refusal;
use crate::source::{FileId, Span};

pub(super) fn scan(file: FileId, text: &str, error: &ScanError) -> Refusal {
    let start = error.marker().byte_offset().unwrap_or(0).min(text.len());
    let next = text.get(start..).and_then(|rest| rest.chars().next());
    let width = next.filter(|next| !matches!(next, '\n' | '\r')).map_or(0, char::len_utf8);
    let span = Span::new(file, start, start + width);
    if *error.kind() == ErrorKind::RecursionLimitExceeded {
        return Refusal::limit(Some(span), format!("nested more than {MAXIMUM_NESTING} levels deep"));
    }
    let (message, hint) = words(error.kind());
    let refusal = Refusal::at(span, message);
    if hint.is_empty() { refusal } else { refusal.hint(hint) }
}

/// The message and, where there is one, the way out.
fn words(kind: &ErrorKind) -> (String, &'static str) {
    let (message, hint) = match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart => ("a tab cannot indent", "indent with spaces"),
        ErrorKind::MappingValueNotAllowed => ("a mapping cannot begin here", "quote a value that contains `: `"),
        ErrorKind::BlockSequenceEntryNotAllowed => ("a list cannot begin here", "begin it on a line of its own"),
        ErrorKind::ExpectedBlockMappingKey => ("a key is expected here", "indent it like the keys above"),
        ErrorKind::ExpectedBlockSequenceEntry => ("`- ` is expected here", "indent it like the entries above"),
        ErrorKind::InvalidIndentation => ("this indentation fits nothing above", ""),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            ("`:` is missing behind this key", "a key stands on one line and has up to 1,024 characters")
        }
        ErrorKind::ExpectedFlowSequenceSeparator => ("`,` or `]` is expected here", ""),
        ErrorKind::ExpectedFlowMappingSeparator => ("`,` or `}` is expected here", ""),
        ErrorKind::MisplacedFlowCollectionEnd => ("no bracket is open that this one could close", ""),
        ErrorKind::UnclosedQuotedScalar => ("this quote is never closed", ""),
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            ("nothing can stand behind the closing quote", "put the whole value into quotes")
        }
        ErrorKind::UnknownQuotedScalarEscape => {
            ("this escape does not exist", "write `\\\\` for a backslash, or use single quotes")
        }
        ErrorKind::CommentNotSeparated => ("a blank must stand before a comment", ""),
        ErrorKind::UndeclaredTagHandle => ("no `%TAG` line declares this tag", ""),
        ErrorKind::PlainScalarStartsWithDashFlowIndicator => ("this dash must be quoted", "write \"-\""),
        ErrorKind::UnclosedFlowCollection { open } => return (format!("`{open}` is never closed"), ""),
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return (format!("`{open}` cannot be closed by `{close}`"), "");
        }
        ErrorKind::UnexpectedCharacter { character } => {
            let shown = character.escape_debug();
            return (format!("a value cannot begin with `{shown}`"), "put the whole value into quotes");
        }
        rare => {
            let whole = rare.to_string();
            let message = whole.strip_prefix("while ").and_then(|rest| rest.split_once(", ")).map(|(_, rest)| rest);
            return (message.unwrap_or(&whole).to_owned(), "");
        }
    };
    (message.to_owned(), hint)
}

#[cfg(test)]
mod tests {
    use crate::document::tests::check;

    #[test]
    fn words_and_places() {
        check("a: \"b", "refused 1:4: this quote is never closed");
        check("a: [b\n", "refused 1:4: `[` is never closed");
        check("a: b: c\n", "refused 1:5: a mapping cannot begin here");
        check("a: - b\n", "refused 1:4: a list cannot begin here");
        check("a: @b\n", "refused 1:4: a value cannot begin with `@`");
        check("a: \"\\q\"\n", "refused 1:4: this escape does not exist");
        check("a: [b}\n", "refused 1:4: `[` cannot be closed by `}`");
        check("a:\n  b: c\n d: e\n", "refused 3:2: a key is expected here");
        check("a: \"b\" c\n", "refused 1:8: nothing can stand behind the closing quote");
        check("a: !e!b c\n", "refused 1:4: no `%TAG` line declares this tag");
    }
}
