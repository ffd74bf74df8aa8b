//! The secrets of a run, known by their values, to be taken out of every text that it shows.

use std::collections::{BTreeSet, HashSet};
use std::ops::Bound;

use feedctl_compose::secret;

use super::star;

/// A shorter value stands in too many harmless words, and guards nothing.
const SHORTEST: usize = 4;

/// Values of variables that are no secret, whatever the name: Compose's own words.
#[rustfmt::skip]
const WORDS: [&str; 11] = [
    "true", "false", "none", "null", "auto", "always", "on-failure", "unless-stopped", "service_healthy", "service_started",
    "service_completed_successfully",
];

/// The values of a run's secrets, to be taken out of every text that it shows.
#[derive(Debug)]
pub(crate) struct Masks {
    secrets: BTreeSet<String>,
    /// How they begin: most of a text is passed over by it.
    starts: HashSet<[u8; SHORTEST]>,
    /// The first byte of each, which is cheaper to ask for.
    first: [bool; 256],
}

impl Default for Masks {
    fn default() -> Self {
        Self { secrets: BTreeSet::new(), starts: HashSet::new(), first: [false; 256] }
    }
}

impl Masks {
    /// Learns what is secret in a variable or label: all of it, or the password of a URL.
    pub(crate) fn learn(&mut self, name: &str, value: &str) {
        if secret::is_secret_name(name) {
            self.add(value);
            // Compose and its messages take values apart: lines, and what stands between colons.
            value.lines().for_each(|line| self.add(line));
            if !value.contains("://") {
                value.split(':').for_each(|part| self.add(part));
            }
            self.add(&value.escape_debug().to_string());
        }
        let login = value.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@'));
        if let Some((_, password)) = login.and_then(|(login, _)| login.split_once(':')) {
            self.add(password);
        }
    }

    /// What stands open in the file is no secret: a stack with a password `redis` still has its service `redis`.
    pub(crate) fn spare(&mut self, word: &str) {
        self.secrets.remove(word);
    }

    fn add(&mut self, value: &str) {
        let value = value.trim();
        if value.len() >= SHORTEST && !WORDS.contains(&value.to_ascii_lowercase().as_str()) {
            self.starts.extend(value.as_bytes().first_chunk());
            self.first[usize::from(value.as_bytes()[0])] = true;
            self.secrets.insert(value.to_owned());
        }
    }

    /// `text` with `***` in the place of each secret.
    pub(crate) fn hide(&self, text: &str) -> String {
        self.replaced(text, |_| "***".to_owned())
    }

    /// The same with every byte and every column in its place.
    pub(crate) fn hide_in_place(&self, text: &str) -> String {
        self.replaced(text, |secret| secret.chars().map(star).collect())
    }

    fn replaced(&self, text: &str, mask: impl Fn(&str) -> String) -> String {
        if !text.bytes().any(|byte| self.first[usize::from(byte)]) {
            return text.to_owned();
        }
        let mut replaced = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let before = &text[..text.len() - rest.len()];
            let secret = self.longest(rest).filter(|secret| {
                let is_word = secret.chars().all(|c| c.is_alphabetic() || c == '_' || c == '-');
                !is_word || is_alone(before, &rest[secret.len()..])
            });
            let length = match secret {
                Some(secret) => {
                    replaced += &mask(secret);
                    secret.len()
                }
                None => {
                    replaced.push(c);
                    c.len_utf8()
                }
            };
            rest = &rest[length..];
        }
        replaced
    }

    /// The longest secret that `text` begins with. What stands before it in the alphabet is that secret, or shares with the text
    /// all that a secret could.
    fn longest(&self, text: &str) -> Option<&str> {
        let start = text.as_bytes().first_chunk()?;
        (self.first[usize::from(start[0])] && self.starts.contains(start)).then_some(())?;
        let mut key = text;
        loop {
            let before = self.secrets.range::<str, _>((Bound::Unbounded, Bound::Included(key))).next_back()?;
            if text.starts_with(before.as_str()) {
                return Some(before);
            }
            let shared = key.char_indices().zip(before.chars()).find(|((_, one), other)| one != other);
            key = &key[..shared.map_or(0, |((at, _), _)| at)];
        }
    }
}

/// Whether what stands between is a value, and no word of a sentence, of an address or of YAML: of letters alone a secret is
/// a word like any other, and a password `restart` would tear `restart: unless-stopped`, and be told by the gap.
fn is_alone(before: &str, behind: &str) -> bool {
    let mark = before.trim_end_matches(' ');
    let is_entry = mark.len() < before.len() && mark.ends_with('-');
    let begins = mark.is_empty() || is_entry || mark.ends_with(['`', '\'', '"', ':', '=', ',', '[', '{', '(', '\n']);
    let ends = behind.is_empty() || behind.starts_with(['`', '\'', '"', ',', ']', '}', ')', '\n', '\r']);
    begins && ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_hidden(learned: &[(&str, &str)], text: &str, expected: &str) {
        let mut masks = Masks::default();
        learned.iter().for_each(|(name, value)| masks.learn(name, value));
        masks.spare("redis");
        assert_eq!(masks.hide(text), expected, "{learned:?}");
    }

    #[test]
    fn the_value_of_a_secret_is_hidden_wherever_it_stands() {
        check_hidden(&[("DB_PASSWORD", "hunter2")], "port `hunter2:80` hunter", "port `***:80` hunter");
        check_hidden(
            &[("A_TOKEN", "abcd"), ("B_TOKEN", "abcd-efgh"), ("C_TOKEN", "abcx")],
            "`abcd-efgh` abcd-ef 'abcd' 가abcx \"abcx\"",
            "`***` abcd-ef '***' 가abcx \"***\"",
        );
        check_hidden(
            &[("A_TOKEN", "restart")],
            "add `restart: no`, restart - restart",
            "add `restart: no`, restart - ***",
        );
        check_hidden(
            &[("A_TOKEN", "secret")],
            "# allow secret-inline: a secret of `x`",
            "# allow secret-inline: a secret of `x`",
        );
        check_hidden(&[("A_TOKEN", "example")], "image: example.com/a\nb: example\n", "image: example.com/a\nb: ***\n");
        check_hidden(&[("A_TOKEN", "service_healthy")], "service_healthy", "service_healthy");
        check_hidden(&[("A_TOKEN", "hunter2")], "xhunter2y", "x***y");
        check_hidden(&[("PARTITION_KEY", "symbol"), ("GIT_AUTHOR_EMAIL", "image")], "symbol image", "symbol image");
        check_hidden(&[("PIN_TOKEN", "abc"), ("USE_TOKEN", "True"), ("PWD", "/srv")], "abc True /srv", "abc True /srv");
        check_hidden(&[("REDIS_PASSWORD", "redis"), ("HOST", "hunter2")], "redis hunter2", "redis hunter2");
        check_hidden(&[("TOKEN", "first:second")], "`second` is no number", "`***` is no number");
        check_hidden(&[("PRIVATE_KEY", "BEGIN\nab\"cd\n")], "ab\"cd", "***");
        check_hidden(&[("TOKEN", "ab\"cd")], "\"ab\\\"cd\"", "\"***\"");
        check_hidden(&[("URL", "postgres://me:s3cr@t@db/x")], "me s3cr@t", "me ***");
    }

    #[test]
    fn what_is_hidden_in_place_keeps_every_byte_there() {
        let mut masks = Masks::default();
        masks.learn("TOKEN", "비밀번호é1");
        assert_eq!(masks.hide_in_place("a 비밀번호é1 b"), "a ＊＊＊＊×* b");
    }
}
