//! The files of a project and places in them. Whoever loads a project owns the [`Sources`]; every other part only
//! carries spans, and asks here when a place must be shown.

use std::path::{Path, PathBuf};

/// Every file that was read, in the order of reading. A file that is read twice stands here twice, as it does to Compose.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

#[derive(Debug)]
pub struct Source {
    /// As the user named it, or as the file that refers to it does.
    pub path: PathBuf,
    pub text: String,
    /// The byte at which each line begins.
    lines: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// A stretch of bytes in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    /// The byte behind the last one.
    pub end: u32,
}

/// A place as people count: lines and columns from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place<'a> {
    pub path: &'a Path,
    pub line: usize,
    pub column: usize,
}

impl Sources {
    /// `text` is shorter than 4 GiB: the reader refuses far smaller files.
    pub fn add(&mut self, path: PathBuf, text: String) -> FileId {
        let lines = line_starts(&text).collect();
        let id = u32::try_from(self.files.len()).expect("fewer files than 4 billion");
        self.files.push(Source { path, text, lines });
        FileId(id)
    }

    pub fn get(&self, id: FileId) -> &Source {
        &self.files[id.0 as usize]
    }

    /// Every file, in the order of reading.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &Source)> {
        (0..).map(FileId).zip(&self.files)
    }

    pub fn place(&self, span: Span) -> Place<'_> {
        let source = self.get(span.file);
        let line = source.lines.partition_point(|start| *start <= span.start);
        let before = source.slice(source.lines[line - 1], span.start);
        let column = before.trim_start_matches('\u{feff}').chars().count() + 1;
        Place { path: &source.path, line, column }
    }

    /// The text that a span covers.
    pub fn text(&self, span: Span) -> &str {
        self.get(span.file).slice(span.start, span.end)
    }
}

impl Source {
    /// What lies between two bytes, moved back where they are no place between two characters.
    fn slice(&self, start: u32, end: u32) -> &str {
        let boundary = |byte: u32| self.text.floor_char_boundary(byte as usize);
        &self.text[boundary(start.min(end))..boundary(end)]
    }
}

/// The byte at which each line begins. A line ends with LF, CR or both.
fn line_starts(text: &str) -> impl Iterator<Item = u32> {
    let following = text.bytes().skip(1).map(Some).chain(std::iter::once(None));
    let ends = |(byte, next): &(u8, Option<u8>)| *byte == b'\n' || *byte == b'\r' && *next != Some(b'\n');
    let breaks = text.bytes().zip(following).zip(1..).filter(move |(pair, _)| ends(pair)).map(|(_, next)| next);
    std::iter::once(0).chain(breaks)
}

/// The line of a byte, from 1.
pub(crate) fn line_of(text: &str, byte: usize) -> usize {
    line_starts(text).take_while(|start| *start as usize <= byte).count()
}

impl Span {
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        let byte = |at: usize| u32::try_from(at).expect("files of 4 GiB are refused");
        Self { file, start: byte(start), end: byte(end) }
    }
}

/// How many blanks a line begins with.
pub fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, byte: usize, expected: (usize, usize)) {
        let mut sources = Sources::default();
        let file = sources.add(PathBuf::from("f.yml"), text.to_owned());
        let place = sources.place(Span::new(file, byte, byte));
        assert_eq!((place.line, place.column), expected, "{text:?} {byte}");
    }

    #[test]
    fn lines() {
        for (ends, width) in [("\n", 1), ("\r", 1), ("\r\n", 2)] {
            let text = format!("ab{ends}c{ends}{ends}d");
            check(&text, 0, (1, 1));
            check(&text, 2, (1, 3));
            check(&text, 2 + width, (2, 1));
            check(&text, 3 + 3 * width, (4, 1));
            check(&text, 4 + 3 * width, (4, 2));
        }
        check("a\n", 2, (2, 1));
        check("", 0, (1, 1));
    }

    #[test]
    fn columns_are_characters() {
        check("é😀\tb", 7, (1, 4));
        check("\u{feff}a", 3, (1, 1));
        check("\u{feff}ab", 4, (1, 2));
    }

    #[test]
    fn no_span_panics() {
        check("a😀", 3, (1, 2));
        check("a\nb", 99, (2, 2));
        let mut sources = Sources::default();
        let file = sources.add(PathBuf::from("f.yml"), "a😀b".to_owned());
        let text = |start, end| sources.text(Span::new(file, start, end)).to_owned();
        assert_eq!(text(1, 5), "😀");
        assert_eq!(text(2, 99), "😀b");
        assert_eq!(text(5, 1), "");
    }
}
