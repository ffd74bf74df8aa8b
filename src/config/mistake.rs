//! A mistake in a file that the user wrote: what is wrong, where, and what would be right.
//!
//! The rest of `config` makes them with [`Source::mistake`]; `main` shows them. The excerpt is the file's own text, so a
//! value that came in through `${…}` is never shown.

use std::ops::Range;
use std::path::PathBuf;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde_saphyr::{Error, Location, MessageFormatter, UserMessageFormatter};

use crate::mask::masked;
use crate::suggest;

const UNFIT: &str = "this value does not fit here";

/// A file as it was read.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

#[derive(Debug, thiserror::Error)]
#[error("{title}")]
pub(crate) struct Mistake {
    path: PathBuf,
    text: String,
    span: Range<usize>,
    title: String,
    hint: String,
}

impl Mistake {
    /// The excerpt with a caret below the mistake; `rich` for a terminal that shows colour and lines.
    pub(crate) fn show(&self, rich: bool) -> String {
        let renderer = if rich { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(if rich { DecorStyle::Unicode } else { DecorStyle::Ascii });
        let path = self.path.display().to_string();
        let mark = AnnotationKind::Primary.span(self.span.clone()).label(&self.hint);
        let excerpt = Snippet::source(&self.text).path(path).annotation(mark);
        renderer.render(&[Level::ERROR.primary_title(&self.title).element(excerpt)])
    }
}

impl Source {
    /// A mistake at `place`; `hint` stands beside the caret and says what would be right.
    pub(crate) fn mistake(&self, place: impl Place, title: impl Into<String>, hint: impl Into<String>) -> Box<Mistake> {
        let span = place.bytes(&self.text);
        let (path, text) = (self.path.clone(), masked(&self.text));
        // An address with a login may stand where the name of a variable or a file belongs.
        let shown = |text: String| if text.contains("://") { masked(&text) } else { text };
        Box::new(Mistake { path, text, span, title: shown(title.into()), hint: shown(hint.into()) })
    }

    /// What the parser objects to, in the words of this file and not of a Rust type.
    pub(crate) fn refused(&self, error: &Error) -> Box<Mistake> {
        let error = error.without_snippet();
        let place = error.location().unwrap_or(Location::UNKNOWN);
        let (title, hint) = match error {
            Error::SerdeUnknownField { field, expected, .. } => {
                (format!("unknown key `{field}`"), meant(field, expected))
            }
            Error::SerdeUnknownVariant { variant, expected, .. } => {
                (format!("unknown value `{variant}`"), meant(variant, expected))
            }
            Error::SerdeMissingField { field, .. } => {
                (format!("the key `{field}` is missing"), format!("add `{field}: …` here"))
            }
            Error::DuplicateMappingKey { key, .. } => {
                let key = key.as_deref().unwrap_or("this key");
                (format!("the key `{key}` stands here twice"), "keep one".to_owned())
            }
            Error::SerdeInvalidType { expected, .. } | Error::SerdeInvalidValue { expected, .. } => {
                (UNFIT.to_owned(), format!("expected {expected}"))
            }
            Error::Unexpected { expected: "mapping start", .. } => {
                (UNFIT.to_owned(), "expected keys with values".to_owned())
            }
            Error::Unexpected { expected: "sequence start", .. } => (UNFIT.to_owned(), "expected a list".to_owned()),
            Error::Unexpected { expected: "string scalar", .. } | Error::NullIntoString { .. } => {
                (UNFIT.to_owned(), "expected a text".to_owned())
            }
            Error::InvalidScalar { ty, .. } if ty.contains("bool") => {
                (UNFIT.to_owned(), "expected true or false".to_owned())
            }
            Error::InvalidScalar { .. } => (UNFIT.to_owned(), "expected a whole number that fits here".to_owned()),
            Error::PropertyRequiredButUnset { name, message, .. }
            | Error::PropertyRequiredButEmpty { name, message, .. } => {
                (format!("the variable `{name}` is not set"), message.clone())
            }
            Error::Message { msg, .. } => (UNFIT.to_owned(), msg.clone()),
            other if other.to_string().contains("tab") => return self.tab(place),
            other => ("not valid YAML here".to_owned(), UserMessageFormatter.format_message(other).into_owned()),
        };
        self.mistake(place, title, hint)
    }

    /// The parser may object to a tab before it comes there, or behind it.
    fn tab(&self, place: Location) -> Box<Mistake> {
        let start = offset(&self.text, place.line(), 1);
        let start = self.text[start..].find('\t').map_or(start, |before| start + before);
        self.mistake(start..start + 1, "not valid YAML here", "a tab: YAML is indented with blanks")
    }
}

/// Where in a text something is.
pub(crate) trait Place {
    fn bytes(&self, text: &str) -> Range<usize>;
}

impl Place for Range<usize> {
    fn bytes(&self, text: &str) -> Range<usize> {
        let start = self.start.min(text.len());
        start..self.end.clamp(start, text.len())
    }
}

impl Place for Location {
    /// A value that spans lines is marked on its first line only; an empty one gets one column.
    fn bytes(&self, text: &str) -> Range<usize> {
        let start = match self.span().byte_offset() {
            Some(offset) => usize::try_from(offset).unwrap_or(0),
            None => offset(text, self.line(), self.column()),
        };
        let start = start.min(text.len());
        let length = self.span().byte_len().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        let line = text[start..].find(['\n', '\r']).map_or(text.len(), |length| start + length);
        start..(start + length.max(1)).min(line)
    }
}

/// Where a line and a column, both from 1, are in a text.
fn offset(text: &str, line: u64, column: u64) -> usize {
    let before = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
    let start: usize = text.split_inclusive('\n').take(before).map(str::len).sum();
    let columns = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
    start + text[start..].chars().take(columns).map(char::len_utf8).sum::<usize>()
}

/// "did you mean …?", or the list where nothing is near.
pub(crate) fn meant(word: &str, known: &[&str]) -> String {
    match suggest::closest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {}", known.join(", ")),
    }
}
