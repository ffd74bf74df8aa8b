//! What the YAML parser allows and go-yaml, an older and stricter reader, refuses. Sees each event with the text before
//! it; called by [`super::parse`]. It never changes what an event says.

use granit_parser::{Event, ScalarStyle, StructureStyle};

use crate::refusal::Refusal;
use crate::source::{FileId, Span};

pub(super) struct Strict<'a> {
    file: FileId,
    text: &'a str,
    /// How many `[` and `{` are open.
    flow: usize,
    /// The style and column of each open list and mapping.
    open: Vec<(StructureStyle, usize)>,
    /// The byte behind the last token that we saw.
    seen: usize,
    /// The indentation that a plain scalar was written in, if that token was one.
    plain: Option<usize>,
    documents: usize,
}

impl<'a> Strict<'a> {
    pub(super) fn new(file: FileId, text: &'a str) -> Self {
        Self { file, text, flow: 0, open: Vec::new(), seen: 0, plain: None, documents: 0 }
    }

    pub(super) fn check(&mut self, event: &Event<'_>, place: &granit_parser::Span) -> Result<(), Refusal> {
        let range = place.byte_range().unwrap_or_default();
        let (start, end) = (range.start, range.end.max(range.start));
        let written = self.text.get(start..end).unwrap_or_default();
        if let Some(tag) = place.tag_span().and_then(|tag| tag.byte_range()) {
            self.tag(tag.start, tag.end)?;
        }
        match event {
            Event::DocumentStart(explicit, version) => {
                let version = version.map(|version| (version.major, version.minor));
                self.prolog(start, *explicit, version)
            }
            Event::StreamEnd => self.gap(self.text.len()),
            Event::Anchor(_, _) => self.name(start, written),
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.name(start, written)?;
                self.token(start, end)
            }
            Event::Scalar(_, style, _, _) if !written.is_empty() => {
                self.scalar(*style, start, written)?;
                self.token(start, end)?;
                self.plain = (*style == ScalarStyle::Plain).then(|| self.open.last().map_or(0, |(_, column)| *column));
                Ok(())
            }
            Event::SequenceStart(style, _, _) | Event::MappingStart(style, _, _) => {
                if *style == StructureStyle::Flow {
                    self.token(start, end)?;
                    self.flow += 1;
                }
                self.open.push((*style, place.start.col()));
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if self.open.pop().is_some_and(|(style, _)| style == StructureStyle::Flow) {
                    self.flow -= 1;
                    self.seen = self.seen.max(end);
                    self.plain = None;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn refuse(&self, start: usize, length: usize, message: &str) -> Refusal {
        Refusal::at(Span::new(self.file, start, start + length), message)
    }

    /// Everything before `---` or, without it, before the first value.
    fn prolog(&mut self, start: usize, explicit: bool, version: Option<(u32, u32)>) -> Result<(), Refusal> {
        self.documents += 1;
        let from = self.seen.min(start);
        let mut at = from;
        for line in self.text[from..start].split_inclusive(['\n', '\r']) {
            let unknown = line.starts_with('%') && !line.starts_with("%YAML") && !line.starts_with("%TAG");
            if unknown || version.is_some_and(|version| version != (1, 1)) && line.starts_with("%YAML") {
                let length = line.trim_end().len();
                return Err(self.refuse(at, length, "Compose takes no directive but `%YAML 1.1` and `%TAG`"));
            }
            if self.documents == 1 && line.starts_with("...") {
                return Err(self.refuse(at, 3, "there is no document yet that could end here"));
            }
            at += line.len();
        }
        self.gap(start)?;
        if self.documents > 1 && !explicit {
            let found = self.refuse(start, 0, "behind `...` the next document must begin with `---`");
            return Err(found.hint("take the line `...` out"));
        }
        Ok(())
    }

    fn token(&mut self, start: usize, end: usize) -> Result<(), Refusal> {
        self.gap(start)?;
        self.seen = self.seen.max(end);
        Ok(())
    }

    /// No tab may stand where a key could begin. Between two tokens are only blanks, comments, indicators, tags and anchors.
    fn gap(&mut self, until: usize) -> Result<(), Refusal> {
        let from = self.seen;
        self.seen = from.max(until);
        let Some(gap) = self.text.get(from..until).filter(|_| self.flow == 0) else { return Ok(()) };
        // A plain scalar might go on in the lines below it, so there a tab does no harm behind the indentation.
        let plain = self.plain.take();
        let blanks = plain.map_or(0, |_| gap.len() - gap.trim_start().len());
        let mut key_allowed = from == 0 || self.text[..from].ends_with(['\n', '\r']);
        let mut line = 0;
        let mut characters = gap.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            match character {
                '\t' if key_allowed && (at >= blanks || plain.is_some_and(|indent| at - line <= indent)) => {
                    return Err(self.tab(from + at));
                }
                '\n' | '\r' => (key_allowed, line) = (true, at + 1),
                '-' | '?' => key_allowed = true,
                ':' | ' ' | '\t' => {}
                '#' => while characters.next_if(|(_, next)| !matches!(next, '\n' | '\r')).is_some() {},
                _ => {
                    while characters.next_if(|(_, next)| !next.is_whitespace()).is_some() {}
                    key_allowed = false;
                }
            }
        }
        Ok(())
    }

    fn tab(&self, at: usize) -> Refusal {
        self.refuse(at, 1, "a tab cannot indent").hint("indent with spaces")
    }

    fn name(&self, start: usize, written: &str) -> Result<(), Refusal> {
        let odd = written
            .char_indices()
            .skip(1)
            .find(|(_, character)| !character.is_ascii_alphanumeric() && !matches!(character, '-' | '_'));
        match odd {
            Some((at, character)) => Err(self
                .refuse(start + at, character.len_utf8(), "this character cannot stand in the name of an anchor")
                .hint("use letters, digits, `-` and `_`")),
            None => Ok(()),
        }
    }

    fn tag(&self, start: usize, end: usize) -> Result<(), Refusal> {
        let glued = self.flow > 0 && self.text[end..].starts_with([',', ']', '}']);
        if glued { Err(self.refuse(start, end - start, "a blank must stand behind this tag")) } else { Ok(()) }
    }

    fn scalar(&self, style: ScalarStyle, start: usize, written: &str) -> Result<(), Refusal> {
        match style {
            ScalarStyle::Plain if self.flow > 0 => {
                let bad = if written.starts_with(':') { Some(0) } else { written.find('?') };
                if let Some(at) = bad {
                    let found = self.refuse(start + at, 1, "this character must be quoted inside `[…]` and `{…}`");
                    return Err(found.hint("put the whole value into quotes"));
                }
            }
            ScalarStyle::DoubleQuoted => self.escapes(start, written)?,
            // Where the header does not give the indentation, only spaces can show it.
            ScalarStyle::Literal | ScalarStyle::Folded if written.starts_with('\t') && !self.explicit(start) => {
                return Err(self.tab(start));
            }
            _ => {}
        }
        let key = self.flow > 0 && self.text[start + written.len()..].trim_start().starts_with(':');
        if key && written.contains(['\n', '\r']) {
            return Err(self.refuse(start, written.len(), "a key must stand on one line"));
        }
        Ok(())
    }

    /// Whether the header of the block that begins here has a digit.
    fn explicit(&self, start: usize) -> bool {
        let above = self.text[self.seen.min(start)..start].trim_end_matches([' ', '\n', '\r']);
        let header = above.rsplit(['\n', '\r']).next().unwrap_or_default();
        let indicators = header.split(" #").next().unwrap_or_default().trim_end();
        indicators.trim_end_matches(['+', '-']).ends_with(|last: char| last.is_ascii_digit())
    }

    /// JSON's `\/` and surrogate pairs.
    fn escapes(&self, start: usize, written: &str) -> Result<(), Refusal> {
        let mut rest = written;
        while let Some(at) = rest.find('\\') {
            let place = start + written.len() - rest.len() + at;
            let escape = &rest[at + 1..];
            let surrogate = escape.starts_with('u')
                && escape
                    .get(1..5)
                    .and_then(|hex| u16::from_str_radix(hex, 16).ok())
                    .is_some_and(|unit| unit >> 11 == 27);
            if escape.starts_with('/') || surrogate {
                let length = if surrogate { 6 } else { 2 };
                return Err(self
                    .refuse(place, length, "Compose does not know this escape of JSON")
                    .hint("write the character itself"));
            }
            rest = escape.char_indices().nth(1).map_or("", |(next, _)| &escape[next..]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::document::tests::check;

    #[test]
    fn tabs_indent_nothing() {
        check("a:\n-\tb\n", "refused 2:2: a tab cannot indent");
        check("a:\n- \tb\n", "refused 2:3: a tab cannot indent");
        check("a:\n  \tb: c\n", "refused 2:3: a tab cannot indent");
        check("a:\n  b:\n\t\n  c: d\n", "refused 3:1: a tab cannot indent");
        check("a: b\n\t# c\n", "refused 2:1: a tab cannot indent");
        check("a: b\n\t\n", "refused 2:1: a tab cannot indent");
        check("a:\n  b: c\n  \t \nd: e\n", "refused 3:3: a tab cannot indent");
        check("a: |\n \tb\n", "refused 2:2: a tab cannot indent");
    }

    #[test]
    fn other_tabs_are_blanks() {
        check("a:\tb\t# c\n", r#"{a: "b"}"#);
        check("a: b\n \t \nc: d\n", r#"{a: "b", c: "d"}"#);
        check("a: [\tb,\n\tc]\n", r#"{a: ["b", "c"]}"#);
        check("a: |2\n  \tb\n", r#"{a: "\tb\n"}"#);
        check("a: >\n  b\n  \tc\n", r#"{a: "b\n\tc\n"}"#);
        check("a: \"b\n\tc\"\n", r#"{a: "b c"}"#);
    }

    #[test]
    fn flow_scalars() {
        check("[a?b]", "refused 1:3: this character must be quoted inside `[…]` and `{…}`");
        check("[http://a:80/b?c=1]", "refused 1:15: this character must be quoted inside `[…]` and `{…}`");
        check("{a: ::1}", "refused 1:5: this character must be quoted inside `[…]` and `{…}`");
        check("[http://a:80/b, a:b]", r#"["http://a:80/b", "a:b"]"#);
        check("a: b?c\nd: ::1\n", r#"{a: "b?c", d: "::1"}"#);
        check("{a\nb: c}", "refused 1:2: a key must stand on one line");
    }

    #[test]
    fn escapes() {
        check(r#""a\/b""#, "refused 1:3: Compose does not know this escape of JSON");
        check(r#""\ud83d\ude00""#, "refused 1:2: Compose does not know this escape of JSON");
        check(r#""\\/ \u00e9 \U0001F600""#, r#""\\/ é 😀""#);
    }

    #[test]
    fn names_and_tags() {
        check("[&a.b c]", "refused 1:4: this character cannot stand in the name of an anchor");
        check("[&é c]", "refused 1:3: this character cannot stand in the name of an anchor");
        check("[!!str]", "refused 1:2: a blank must stand behind this tag");
        check("[!!str ]", r#"[""]"#);
    }

    #[test]
    fn documents() {
        check("%YAML 1.1\n---\na: b\n", r#"{a: "b"}"#);
        check("%YAML 1.2\n---\na: b\n", "refused 1:1: Compose takes no directive but `%YAML 1.1` and `%TAG`");
        check("%FOO bar\n---\na: b\n", "refused 1:1: Compose takes no directive but `%YAML 1.1` and `%TAG`");
        check("a: b\n...\nc: d\n", "refused 3:1: behind `...` the next document must begin with `---`");
        check("a: b\n...\n", r#"{a: "b"}"#);
        check("a: b\n...\n---\nc: d\n", r#"{a: "b"} --- {c: "d"}"#);
        check("...\na: b\n", "refused 1:1: there is no document yet that could end here");
    }
}
