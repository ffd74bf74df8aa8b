//! What the files say of a Redis: the words of its command, and of the variables that its images append to it. A setting
//! of a file that it reads is not seen here.

use std::collections::BTreeMap;
use std::slice;

use crate::model::Service;
use crate::node::Node;
use crate::rules::image_unpinned::Reference;
use crate::source::Span;
use crate::rules::state_without_volume::store::Store;
use crate::rules::state_without_volume::words::{Word, words, words_of};

pub(in crate::rules) struct Settings<'a> {
    words: Vec<Word<'a>>,
    /// A redis.conf is given to it or mounted, or the image makes one of its own.
    pub(in crate::rules) has_file: bool,
    /// A variable without value that may hold further settings.
    pub(in crate::rules) open: Option<&'a Node>,
}

/// The value of a setting, and where it is written.
pub(in crate::rules) struct Setting<'s, 'a> {
    pub(in crate::rules) values: Vec<&'s str>,
    pub(in crate::rules) node: &'a Node,
}

/// The images read more arguments here: Redis Stack, those of Bitnami, Valkey.
pub(in crate::rules) const VARIABLES: [&str; 3] = ["REDIS_ARGS", "REDIS_EXTRA_FLAGS", "VALKEY_EXTRA_FLAGS"];

impl<'a> Settings<'a> {
    /// None where the service is no Redis, or a client, or a sentinel, which keeps nothing.
    pub(in crate::rules) fn of(service: &Service<'a>) -> Option<Self> {
        let store = Store::of(service).filter(|store| store.title == "Redis")?;
        let mut words = words(service);
        if !store.is_started_by(&words) || words.iter().any(|word| word.text == "--sentinel") {
            return None;
        }
        let node = service.node;
        let more = || VARIABLES.into_iter().filter_map(|name| node.at(&["environment", name]));
        words.extend(more().flat_map(words_of));
        let open = ["entrypoint", "command"].into_iter().filter_map(|key| node.get(key)).chain(more()).find_map(open);
        let is_bitnami = node.get("image").and_then(Node::as_text).is_some_and(|image| image.contains("bitnami"));
        let words = words.into_iter().flat_map(one_by_one).collect::<Vec<_>>();
        let has_file = is_bitnami || reads_a_file(service, &words);
        Some(Self { words, has_file, open })
    }

    /// The last `--name VALUE …`, as Redis takes it.
    pub(in crate::rules) fn get(&self, name: &str) -> Option<Setting<'_, 'a>> {
        let is_name =
            |word: &Word<'_>| word.text.strip_prefix("--").is_some_and(|text| text.eq_ignore_ascii_case(name));
        let at = self.words.iter().rposition(is_name)?;
        let values = self.words[at + 1..].iter().take_while(|word| !word.text.starts_with("--"));
        let values: Vec<&Word<'a>> = values.collect();
        let node = values.first().map_or(self.words[at].node, |word| word.node);
        Some(Setting { values: values.into_iter().map(|word| word.text.as_str()).collect(), node })
    }

    /// Whether each change is written to the log at once or within a second.
    pub(in crate::rules) fn logs_changes(&self) -> bool {
        self.get("appendonly").is_some_and(|setting| setting.value().eq_ignore_ascii_case("yes"))
    }

    /// Where the snapshots are turned off.
    pub(in crate::rules) fn without_snapshots(&self) -> Option<Setting<'_, 'a>> {
        self.get("save").filter(|setting| setting.value().is_empty())
    }
}

impl Setting<'_, '_> {
    /// The first word; empty where there is none.
    pub(in crate::rules) fn value(&self) -> &str {
        self.values.first().copied().unwrap_or_default()
    }

    /// Whether it is empty only because a variable has no value here.
    pub(in crate::rules) fn is_unresolved(&self) -> bool {
        self.value().is_empty() && self.node.lacks_a_variable()
    }
}

/// Redis takes `--maxmemory 1gb` in one entry of a list for two words.
fn one_by_one(word: Word<'_>) -> Vec<Word<'_>> {
    if !word.text.starts_with("--") || !word.text.contains(' ') {
        return vec![word];
    }
    word.text.split_whitespace().map(|text| Word { text: text.to_owned(), node: word.node }).collect()
}

/// Whether this Redis is of an image that has settings in its variables.
pub(in crate::rules) fn reads_variables(service: &Service<'_>) -> bool {
    let image = service.node.get("image").and_then(Node::as_text).unwrap_or_default();
    Settings::of(service).is_some() && (Reference::of(image).name != "redis" || image.contains("bitnami"))
}

/// The value in which nothing stands between two blanks, for want of a variable, and not as the value of an option.
fn open(part: &Node) -> Option<&Node> {
    let mut before = "";
    let pieces = part.as_list().unwrap_or(slice::from_ref(part)).iter().flat_map(|node| {
        let text = node.as_text().unwrap_or_default();
        text.split(' ').map(move |piece| (piece, node))
    });
    // Of as many variables as can be values, none is open: the other blanks are only blanks.
    let mut values: BTreeMap<Span, usize> = BTreeMap::new();
    let mut open = Vec::new();
    for (piece, node) in pieces {
        match piece.is_empty() && node.lacks_a_variable() {
            true if before.starts_with("--") => *values.entry(node.origin.span).or_default() += 1,
            true => open.push(node),
            false => {}
        }
        before = piece;
    }
    let is_open = |node: &&Node| node.unset().count() > values.get(&node.origin.span).copied().unwrap_or_default();
    open.into_iter().find(is_open)
}

/// Whether a program is given settings of its own, which are not seen here: in its words, or mounted.
pub(in crate::rules) fn reads_a_file(service: &Service<'_>, words: &[Word<'_>]) -> bool {
    let node = service.node;
    let mounts = ["volumes", "configs"].into_iter().filter_map(|key| node.get(key)?.as_list()).flatten();
    let mut targets = mounts.filter_map(|mount| mount.get("target").unwrap_or(mount).as_text());
    let is_clock = |path: &str| matches!(path, "/etc/localtime" | "/etc/timezone");
    let is_file = |path: &str| path.ends_with(".conf") || path.contains("/etc") && !is_clock(path);
    node.get("configs").is_some() || words.iter().any(|word| word.text.ends_with(".conf")) || targets.any(is_file)
}

/// Whether it is a Redis that has nothing to keep: it is told to save nothing, or it is a cache by its name and by its policy.
/// What the command says beats a file, so there it must say both.
pub(in crate::rules) fn is_cache(service: &Service<'_>) -> bool {
    let Some(settings) = Settings::of(service) else { return false };
    let is_log_off = !settings.logs_changes() && (!settings.has_file || settings.get("appendonly").is_some());
    is_named_cache(service, &settings) || settings.without_snapshots().is_some() && is_log_off
}

/// Two statements that what it holds may go. One alone may be a mistake.
pub(in crate::rules) fn is_named_cache(service: &Service<'_>, settings: &Settings<'_>) -> bool {
    let deletes_any = |setting: Setting<'_, '_>| setting.value().to_ascii_lowercase().starts_with("allkeys-");
    let mut words = service.name.split(['-', '_', '.']);
    words.any(|word| word == "cache") && settings.get("maxmemory-policy").is_some_and(deletes_any)
}
