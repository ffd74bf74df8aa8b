//! What a container runs: the words of its `entrypoint` and `command`, each with the value that it stands in. A script
//! inside `sh -c` is taken apart too; nothing is expanded.

use crate::model::Service;
use crate::node::{Node, Value};

#[derive(Debug, Clone)]
pub(in crate::rules) struct Word<'a> {
    pub(in crate::rules) text: String,
    /// The entry of the list, or the whole command.
    pub(in crate::rules) node: &'a Node,
}

/// Of `entrypoint` and `command`, in the order in which they run.
pub(in crate::rules) fn words<'a>(service: &Service<'a>) -> Vec<Word<'a>> {
    let node = service.node;
    let parts = ["entrypoint", "command"].into_iter().filter_map(|key| node.get(key));
    unfolded(parts.flat_map(plain).collect())
}

pub(in crate::rules) fn words_of(node: &Node) -> Vec<Word<'_>> {
    unfolded(plain(node))
}

fn plain(node: &Node) -> Vec<Word<'_>> {
    match &node.value {
        Value::List(list) => {
            list.iter().filter_map(|entry| Some(Word { text: entry.as_text()?.to_owned(), node: entry })).collect()
        }
        Value::Text(text) => split(text).into_iter().map(|text| Word { text, node }).collect(),
        _ => Vec::new(),
    }
}

/// With the script behind the `-c` of a shell taken apart.
fn unfolded(words: Vec<Word<'_>>) -> Vec<Word<'_>> {
    let mut all: Vec<Word<'_>> = Vec::with_capacity(words.len());
    for word in words {
        let is_script = all.last().is_some_and(|last| matches!(last.text.as_str(), "-c" | "-ec" | "-lc" | "-exc"));
        match is_script {
            true => all.extend(split(&word.text).into_iter().map(|text| Word { text, node: word.node })),
            false => all.push(word),
        }
    }
    all
}

/// The value of the last option of one of these names: the word behind it, or what follows its `=`.
pub(in crate::rules) fn option<'w>(words: &'w [Word<'_>], names: &[&str]) -> Option<&'w str> {
    let value = |(at, word): (usize, &'w Word<'_>)| match word.text.split_once('=') {
        Some((name, value)) if names.contains(&name) => Some(value),
        _ if names.contains(&word.text.as_str()) => words.get(at + 1).map(|word| word.text.as_str()),
        _ => None,
    };
    words.iter().enumerate().filter_map(value).next_back()
}

/// At blanks outside quotes; a quoted nothing is a word.
fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut open = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, open) {
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(characters.next()),
            (quote, Some(opened)) if quote == opened => open = None,
            ('\'' | '"', None) => {
                open = Some(character);
                word.get_or_insert_default();
            }
            (blank, None) if blank.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::source::{Sources, Span};

    fn check(command: &str, expected: &[&str]) {
        let audit = fixture::audit(&format!("services: {{app: {{image: 'app:1', {command}}}}}"));
        let model = audit.model().expect("Compose takes it");
        let words = words(&model.services["app"]);
        assert_eq!(words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>(), expected, "{command}");
    }

    #[test]
    fn commands() {
        check("", &[]);
        check("command: a  --b='c d' \"\" e\\ f", &["a", "--b=c d", "", "e f"]);
        check("command: [a, '--b', '', 'it''s']", &["a", "--b", "", "it's"]);
        check("command: [a, 'b c']", &["a", "b c"]);
        check("command: [sh, -c, 'a \"b c\" d']", &["sh", "-c", "a", "b c", "d"]);
        check("command: 'sh -c \"a b\" c'", &["sh", "-c", "a", "b", "c"]);
        check("entrypoint: [sh, -c], command: [a b]", &["sh", "-c", "a", "b"]);
        check("command: [b, c], entrypoint: a", &["a", "b", "c"]);
        check("command: []", &[]);
    }

    #[test]
    fn options() {
        let check = |command: &str, expected| {
            let file = Sources::default().add("compose.yaml".into(), command.to_owned());
            let node = Node::text(command, Span::new(file, 0, command.len()));
            assert_eq!(option(&words_of(&node), &["-d", "--dir"]), expected, "{command}");
        };
        check("a --dir /x", Some("/x"));
        check("a --dir=/x -d /y", Some("/y"));
        check("a --directory /x --dir", None);
    }
}
