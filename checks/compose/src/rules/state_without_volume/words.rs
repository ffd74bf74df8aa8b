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

/// Behind these stands a script of the shell, in one word.
const BEFORE_A_SCRIPT: [&str; 5] = ["-c", "-ec", "-lc", "-exc", "CMD-SHELL"];

/// Words that only lead to the program: shells, those that change the user, and what a shell has between commands.
#[rustfmt::skip]
const BEFORE_A_PROGRAM: [&str; 23] = [
    "sh", "bash", "ash", "-c", "-ec", "-lc", "-exc", "CMD", "CMD-SHELL", "env", "exec", "nohup", "sudo", "tini",
    "dumb-init", "!", "(", "{", "if", "while", "until", "then", "do",
];

/// Like these, with options and numbers of their own behind: `nice -n 10`, `timeout 1d`.
const WITH_OPTIONS: [&str; 8] = ["nice", "ionice", "timeout", "numactl", "taskset", "chrt", "stdbuf", "setpriv"];

/// Like these, with the name of a user behind.
const BEFORE_A_USER: [&str; 2] = ["gosu", "su-exec"];

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
        let is_script = all.last().is_some_and(|last| BEFORE_A_SCRIPT.contains(&last.text.as_str()));
        match is_script {
            true => {
                // There the end of a line ends a command.
                let script = word.text.replace("\\\n", " ").replace('\n', " ; ");
                all.extend(split(&script).into_iter().map(|text| Word { text, node: word.node }));
            }
            false => all.push(word),
        }
    }
    all
}

/// The name of each program that the words start, without its folder: the first word, and what comes first behind a `;`, an
/// `&&` or a `--`.
pub(in crate::rules) fn programs<'w>(words: &'w [Word<'_>]) -> impl Iterator<Item = &'w str> {
    let parts = words.split(|word| matches!(word.text.as_str(), "--" | ";" | "&&" | "||" | "|" | "&" | "else"));
    let parts = parts.flat_map(|part| part.split_inclusive(|word| word.text.ends_with(';')));
    parts.filter_map(program)
}

fn program<'w>(part: &'w [Word<'_>]) -> Option<&'w str> {
    let mut words = part.iter().map(|word| word.text.trim_end_matches(';'));
    let mut is_wrapped = false;
    loop {
        let word = words.next()?;
        let name = word.rsplit('/').next().unwrap_or(word);
        if WITH_OPTIONS.contains(&name) {
            is_wrapped = true;
            continue;
        }
        if is_wrapped && word.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
            continue;
        }
        if BEFORE_A_USER.contains(&name) {
            words.next()?;
            continue;
        }
        let is_variable = word.contains('=') && !word.starts_with('-');
        if !is_variable && !BEFORE_A_PROGRAM.contains(&name) && !name.ends_with("entrypoint.sh") {
            return Some(name);
        }
    }
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

/// All words of the last option of this name, or the variable of this name; none where there is neither.
pub(in crate::rules) fn values<'a>(service: &Service<'a>, words: &[Word<'a>], name: &str) -> Option<Vec<Word<'a>>> {
    if let Some(node) = service.node.at(&["environment", name]) {
        return Some(vec![Word { text: node.as_text()?.to_owned(), node }]);
    }
    let is_it = |word: &Word<'_>| word.text.split('=').next() == Some(name);
    let at = words.iter().rposition(is_it)?;
    if let Some((_, value)) = words[at].text.split_once('=') {
        return Some(vec![Word { text: value.to_owned(), node: words[at].node }]);
    }
    // Redis takes a hyphen before an address for "if there is such a one".
    let is_address = |text: &str| text.starts_with(|c: char| c == ':' || c.is_ascii_digit());
    let is_option = |word: &&Word<'_>| word.text.strip_prefix('-').is_some_and(|rest| !is_address(rest));
    let values: Vec<Word<'a>> = words[at + 1..].iter().take_while(|word| !is_option(word)).cloned().collect();
    let nothing = Word { text: String::new(), node: words[at].node };
    Some(if values.is_empty() { vec![nothing] } else { values })
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
    fn what_is_started() {
        let check = |command: &str, expected: &[&str]| {
            let file = Sources::default().add("compose.yaml".into(), command.to_owned());
            let node = Node::text(command, Span::new(file, 0, command.len()));
            assert_eq!(programs(&words_of(&node)).collect::<Vec<_>>(), expected, "{command}");
        };
        check("", &[]);
        check("/usr/bin/redis-server --port 1", &["redis-server"]);
        check("docker-entrypoint.sh postgres -c fsync=on", &["postgres"]);
        check("gosu postgres pg_dump -U postgres", &["pg_dump"]);
        check("psql -U postgres postgres://postgres@there/postgres", &["psql"]);
        check("sh -c 'exec redis-server'", &["redis-server"]);
        check("sh -c 'set -e\nredis-server \\\n  --port 1\ntrue'", &["set", "redis-server", "true"]);
        check("nice -n 10 redis-server --port 1", &["redis-server"]);
        check("timeout 1d numactl --interleave=all /usr/bin/mongod", &["mongod"]);
        check("sh -c 'until pg_isready -U postgres; do PGDATA=/a/b psql; done'", &["pg_isready", "psql", "done"]);
        check("/wait-for-it.sh database:5432 -- redis-server", &["wait-for-it.sh", "redis-server"]);
        check("--maxmemory 1gb", &["--maxmemory"]);
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
