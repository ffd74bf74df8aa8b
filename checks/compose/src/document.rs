//! The text of one file becomes nodes, as go-yaml v3 reads them: aliases and merge keys expanded, plain scalars typed, `!reset` and
//! `!override` taken out and kept as edits. Called by the loader for each file; it knows nothing of Compose but those two tags.

use granit_parser::{Event, Options, Parser};

use self::strict::Strict;
use self::tree::{Raw, Tree};
use crate::node::{Node, Value};
use crate::refusal::Refusal;
use crate::source::{FileId, Span};

mod base64;
pub mod comments;
mod expand;
mod number;
mod refused;
mod reset;
mod scalar;
mod strict;
mod time;
mod tree;

/// One YAML document of a file.
#[derive(Debug)]
pub struct Document {
    /// None for an empty document (only comments).
    pub root: Option<Node>,
    pub edits: Vec<Edit>,
}

/// A `!reset` or `!override`: what it does to the files merged before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Keys and list indices from the root; `*` stands for any, as in the file.
    pub path: Vec<String>,
    pub kind: EditKind,
    pub at: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditKind {
    Reset,
    Override,
}

/// How much a whole project may grow: lowered by each node that is made, so that no alias can eat the memory.
#[derive(Debug)]
pub struct Budget {
    /// Nodes that may still be made.
    pub nodes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { nodes: 3_000_000 }
    }
}

/// Levels of lists and mappings inside each other, aliases counted: below this, recursion is safe everywhere.
const MAXIMUM_NESTING: usize = 500;

/// Every document of a file, in order.
pub fn parse(file: FileId, text: &str, budget: &mut Budget) -> Result<Vec<Document>, Refusal> {
    let mut tree = Tree::default();
    let mut strict = Strict::new(file, text);
    let mut documents = Vec::new();
    for next in Parser::new_from_str_with_options(text, options(false)) {
        let (event, place) = next.map_err(|error| refused::scan(file, text, &error))?;
        strict.check(&event, &place)?;
        if matches!(event, Event::DocumentEnd) {
            documents.push(finish(&mut tree, text, budget)?);
        } else {
            tree.take(event, span(file, place), place.slice(text).unwrap_or_default())?;
        }
    }
    Ok(documents)
}

/// The document that has just ended. Compose, too, finishes one before it reads on: what one resets is gone for the next.
fn finish(tree: &mut Tree, text: &str, budget: &mut Budget) -> Result<Document, Refusal> {
    let Some((root, walks)) = tree.take_root() else { return Ok(Document { root: None, edits: Vec::new() }) };
    let Raw { span, size, ref tag, .. } = *tree.get(root);
    if tag.as_deref() == Some("!!null") {
        return Ok(Document { root: None, edits: Vec::new() });
    }
    budget.nodes = budget
        .nodes
        .checked_sub(size)
        .ok_or_else(|| Refusal::limit(Some(span), "with every alias written out, this would be too large"))?;
    // Without an alias or a tag, nothing is reset and nothing is in a cycle.
    let (edits, kept) = if walks { reset::take_out(tree, root)? } else { (Vec::new(), true) };
    let root = if kept { Some(expand::expand(tree, text, root)?) } else { None };
    Ok(Document { root: root.filter(|node| node.value != Value::Null), edits })
}

fn options(comments: bool) -> Options {
    granit_parser::options! {
        bom_inside_document_as_content: true,
        block_scalar_eof_without_line_feed: true,
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        emit_comments: comments,
        max_buffered_comment_events: usize::MAX,
        flow_nesting_limit: MAXIMUM_NESTING,
        block_nesting_limit: MAXIMUM_NESTING,
    }
}

fn span(file: FileId, place: granit_parser::Span) -> Span {
    let range = place.byte_range().expect("a parser over a text knows its bytes");
    Span::new(file, range.start, range.end.max(range.start))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;
    use crate::source::Sources;

    /// The documents in short form, or the place and words of the refusal.
    pub(super) fn check(text: &str, expected: &str) {
        let shown = match read(text, &mut Budget::default()) {
            Ok(documents) => documents
                .iter()
                .map(|document| document.root.as_ref().map_or("nothing".to_owned(), show))
                .collect::<Vec<_>>()
                .join(" --- "),
            Err(refusal) => refused(text, &refusal),
        };
        assert_eq!(shown, expected, "{text:?}");
    }

    pub(super) fn edits(text: &str, expected: &str) {
        let documents = read(text, &mut Budget::default()).expect("the text has no mistake");
        let edits = documents.iter().flat_map(|document| &document.edits);
        let shown: Vec<_> = edits.map(|edit| format!("{:?} {}", edit.kind, edit.path.join("/"))).collect();
        assert_eq!(shown.join(", "), expected, "{text:?}");
    }

    pub(super) fn document(text: &str) -> (&str, Node) {
        let mut documents = read(text, &mut Budget::default()).expect("the text has no mistake");
        (text, documents.remove(0).root.expect("the text is not empty"))
    }

    fn read(text: &str, budget: &mut Budget) -> Result<Vec<Document>, Refusal> {
        let file = Sources::default().add("f.yml".into(), text.to_owned());
        parse(file, text, budget)
    }

    fn refused(text: &str, refusal: &Refusal) -> String {
        let mut sources = Sources::default();
        sources.add("f.yml".into(), text.to_owned());
        let place = refusal.at.map(|span| sources.place(span)).expect("every refusal of a text has a place");
        format!("refused {}:{}: {}", place.line, place.column, refusal.message)
    }

    fn show(node: &Node) -> String {
        match &node.value {
            Value::Unknown => "unknown".to_owned(),
            Value::Null => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Int(value) => value.to_string(),
            Value::Big(value) => value.to_string(),
            Value::Float(value) => format!("{value:?}"),
            Value::Time(value) => value.clone(),
            Value::Text(value) => format!("{value:?}"),
            Value::List(list) => format!("[{}]", list.iter().map(show).collect::<Vec<_>>().join(", ")),
            Value::Map(map) => {
                let entries = map.iter().map(|(key, entry)| format!("{key}: {}", show(&entry.node)));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
        }
    }

    #[test]
    fn empty_documents() {
        check("", "");
        check("# only a comment\n", "");
        check("---\n", "nothing");
        check("a: b\n---\n# c\n", r#"{a: "b"} --- nothing"#);
        check("a: b\n---\nnull\n", r#"{a: "b"} --- nothing"#);
        check("!!null {a: b}", "nothing");
    }

    #[test]
    fn spans_cover_what_people_see() {
        let text = "a:\n  b: \"c\" # d\n  e: |\n    f\n\ng: [h, i]\n";
        let (_, root) = document(text);
        let covered = |path: &[&str]| {
            let span = root.at(path).expect("the path is in the text").origin.span;
            &text[span.start as usize..span.end as usize]
        };
        assert_eq!(covered(&["a", "b"]), "\"c\"");
        assert_eq!(covered(&["a", "e"]), "f");
        assert_eq!(covered(&["a"]), "b: \"c\" # d\n  e: |\n    f");
        assert_eq!(covered(&["g"]), "[h, i]");
        let key = root.as_map().expect("a mapping")["g"].key;
        assert_eq!(&text[key.start as usize..key.end as usize], "g");
    }

    #[test]
    fn long_keys() {
        let key = "k".repeat(1024);
        check(&format!("{key}: v"), &format!("{{{key}: \"v\"}}"));
        assert!(read(&format!("{key}k: v"), &mut Budget::default()).is_err());
    }

    #[test]
    fn line_ends_and_byte_order_marks() {
        check("a: b\rc:\r- d\r", r#"{a: "b", c: ["d"]}"#);
        check("\u{feff}a: b\n", r#"{a: "b"}"#);
        check("\u{feff}---\na: b\n", r#"{a: "b"}"#);
        check("\u{feff}# c\na: [\n", "refused 2:4: `[` is never closed");
        check("a: |\n  b", r#"{a: "b"}"#);
        check("a: |\r\n  b\r\n  c\r\n", r#"{a: "b\nc\n"}"#);
    }

    #[test]
    fn nesting_has_a_limit() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(read(&deep(MAXIMUM_NESTING), &mut Budget::default()).is_ok());
        let mut chain = String::from("a0: &a0 [x]\n");
        for level in 1..=MAXIMUM_NESTING {
            let _ = writeln!(chain, "a{level}: &a{level} [*a{}]", level - 1);
        }
        for text in [deep(MAXIMUM_NESTING + 1), deep(1_000_000), "- ".repeat(1_000_000), chain] {
            let refusal = read(&text, &mut Budget::default()).expect_err("too deep");
            assert_eq!(refusal.kind, crate::refusal::RefusalKind::Limit, "{}", refusal.message);
            assert!(refusal.at.is_some());
        }
    }

    #[test]
    fn bombs_are_refused_before_they_burst() {
        let mut aliases = String::from("a0: &a0 [x, x]\n");
        let mut merges = String::from("a0: &a0 {k: x}\n");
        for level in 1..64 {
            let below = level - 1;
            let _ = writeln!(aliases, "a{level}: &a{level} [*a{below}, *a{below}]");
            let _ = writeln!(merges, "a{level}: &a{level} {{<<: [*a{below}, *a{below}], k{level}: x}}");
        }
        for text in [aliases, merges] {
            let refusal = read(&text, &mut Budget::default()).expect_err("too large");
            assert_eq!(refusal.kind, crate::refusal::RefusalKind::Limit, "{}", refusal.message);
        }
    }

    #[test]
    fn the_budget_counts_every_node_of_every_document() {
        let mut budget = Budget { nodes: 100 };
        read("a: &x [1, 2]\nb: *x\n---\nc: d\n", &mut budget).expect("it fits");
        assert_eq!(budget.nodes, 100 - 9 - 3);
        read("[1, 2, 3]", &mut Budget { nodes: 3 }).expect_err("four nodes");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(?s).{0,200}") {
            let _ = read(&text, &mut Budget::default());
            let file = Sources::default().add("f.yml".into(), String::new());
            for at in super::comments::comments(file, &text) {
                prop_assert!(text[at.start as usize..at.end as usize].starts_with('#'), "{text:?} {at:?}");
            }
        }

        #[test]
        fn any_yaml_is_read_or_refused(parts in proptest::collection::vec(proptest::sample::select(PARTS), 0..60)) {
            let text = parts.concat();
            if let Err(refusal) = read(&text, &mut Budget::default()) {
                let span = refusal.at.expect("every refusal of a text has a place");
                prop_assert!(text.get(span.start as usize..span.end as usize).is_some(), "{:?} {:?}", text, refusal);
            }
        }
    }

    const PARTS: &[&str] = &[
        "a",
        "b: ",
        "c: d",
        "- ",
        "? ",
        ": ",
        "\n",
        "\n  ",
        "\n    ",
        "\r",
        "\t",
        " ",
        "&x ",
        "*x",
        "<<: ",
        "!reset ",
        "!override ",
        "!!int ",
        "!!str ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "\"",
        "'",
        "|\n",
        ">-\n",
        "# e",
        "---\n",
        "...\n",
        "%",
        "%YAML 1.1\n",
        "é",
        "\u{feff}",
        "\\",
        "1",
        "~",
        "2001-12-14",
        "\0",
        "\u{2028}",
    ];
}
