//! The comments of a file with their places. Called by whoever looks for suppressions in them.

use granit_parser::{Event, Parser};

use crate::source::{FileId, Span};

/// Each from its `#` to the end of the line, up to the first mistake in the file.
pub fn comments(file: FileId, text: &str) -> impl Iterator<Item = Span> {
    let events = Parser::new_from_str_with_options(text, super::options(true)).map_while(Result::ok);
    events.filter_map(move |(event, span)| matches!(event, Event::Comment(..)).then(|| super::span(file, span)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn each_with_its_place() {
        let text = "# one\na: b # two\nc: [d, #three\n  \"# no\"]\ne: |\n  # no\n\t\n# four\n";
        let mut sources = Sources::default();
        let file = sources.add("f.yml".into(), text.to_owned());
        let found: Vec<_> =
            comments(file, text).map(|comment| (sources.place(comment).line, sources.text(comment))).collect();
        assert_eq!(found, [(1, "# one"), (2, "# two"), (3, "#three"), (8, "# four")]);
    }
}
