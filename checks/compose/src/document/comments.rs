//! The comments of a file with their places. Called by whoever looks for suppressions in them.

use granit_parser::{Event, Parser};

use crate::source::{FileId, Span};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// From the `#` to the end of the line.
    pub span: Span,
    /// What stands behind the `#`.
    pub text: String,
}

/// Up to the first mistake in the file.
pub fn comments(file: FileId, text: &str) -> Vec<Comment> {
    let events = Parser::new_from_str_with_options(text, super::options(true)).map_while(Result::ok);
    let comment = |(event, span): (Event<'_>, granit_parser::Span)| match event {
        Event::Comment(text, _) => Some(Comment { span: super::span(file, span), text: text.into_owned() }),
        _ => None,
    };
    events.filter_map(comment).collect()
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
        let found: Vec<_> = comments(file, text)
            .into_iter()
            .map(|comment| (sources.place(comment.span).line, sources.text(comment.span).to_owned(), comment.text))
            .collect();
        let line = |line, span: &str, text: &str| (line, span.to_owned(), text.to_owned());
        assert_eq!(
            found,
            [
                line(1, "# one", " one"),
                line(2, "# two", " two"),
                line(3, "#three", "three"),
                line(8, "# four", " four")
            ]
        );
    }
}
