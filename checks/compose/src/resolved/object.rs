//! A mapping as Go writes it: what is empty is left out, and a dollar sign is doubled.

use serde_json::{Map, Value};

use crate::node::{Node, Value as Yaml};
use crate::project::consistency::{self, duration, size};
use crate::project::normal::printed;

/// A JSON object under construction, with the mapping that it is read from.
pub(super) struct Object<'a> {
    from: &'a Node,
    into: Map<String, Value>,
}

impl<'a> Object<'a> {
    pub(super) fn of(from: &'a Node) -> Self {
        Self { from, into: Map::new() }
    }

    pub(super) fn done(self) -> Value {
        Value::Object(self.into)
    }

    /// Whatever `read` makes of the value, if it makes something.
    pub(super) fn with(mut self, key: &str, read: impl FnOnce(&Node) -> Option<Value>) -> Self {
        if let Some(value) = self.from.get(key).and_then(read) {
            self.into.insert(key.to_owned(), value);
        }
        self
    }

    /// The value in a form of its own, if it is a mapping, even an empty one.
    pub(super) fn part(self, key: &str, read: fn(&Node) -> Value) -> Self {
        self.with(key, |node| node.as_map().map(|_| read(node)))
    }

    pub(super) fn text(self, key: &str) -> Self {
        self.with(key, |node| Some(printed(&node.value)).filter(|text| !text.is_empty()).map(string))
    }

    /// A boolean that is left out when it is false.
    pub(super) fn truth(self, key: &str) -> Self {
        self.with(key, |node| truth(node).filter(|truth| *truth).map(Value::Bool))
    }

    /// A boolean that is kept as soon as it is said.
    pub(super) fn flag(self, key: &str) -> Self {
        self.with(key, |node| truth(node).map(Value::Bool))
    }

    pub(super) fn count(self, key: &str) -> Self {
        self.with(key, |node| whole(node).map(Value::from))
    }

    /// A 32-bit number, of which Go keeps the lower half in silence.
    pub(super) fn small_count(self, key: &str) -> Self {
        self.with(key, |node| whole(node).map(|number| Value::from(number & 0xffff_ffff)).filter(|number| *number != 0))
    }

    pub(super) fn duration(self, key: &str) -> Self {
        self.with(key, |node| duration::parse(node.as_text()?).map(|length| string(duration::print(length))))
    }

    /// An amount of memory, in bytes, as text. Go reads nothing of a number with a point.
    pub(super) fn size(self, key: &str) -> Self {
        self.with(key, |node| {
            let bytes = match &node.value {
                Yaml::Int(bytes) => *bytes,
                Yaml::Text(text) => size::parse(text)?,
                _ => return None,
            };
            (bytes != 0).then(|| string(bytes.to_string()))
        })
    }

    pub(super) fn texts(self, key: &str) -> Self {
        self.with(key, |node| list(node, |entry| string(printed(&entry.value))))
    }

    pub(super) fn list(self, key: &str, read: fn(&Node) -> Value) -> Self {
        self.with(key, |node| list(node, read))
    }

    /// A mapping of names that only the file knows.
    pub(super) fn named(self, key: &str, read: fn(&Node) -> Value) -> Self {
        let pair = |(name, entry): (&String, &crate::node::Entry)| (doubled(name), read(&entry.node));
        self.with(key, |node| {
            Some(node.as_map()?.iter().map(pair).collect::<Map<_, _>>())
                .filter(|map| !map.is_empty())
                .map(Value::Object)
        })
    }
}

fn list(node: &Node, read: impl Fn(&Node) -> Value) -> Option<Value> {
    let list = node.as_list().filter(|list| !list.is_empty())?;
    Some(Value::Array(list.iter().map(read).collect()))
}

fn truth(node: &Node) -> Option<bool> {
    match &node.value {
        Yaml::Bool(truth) => Some(*truth),
        Yaml::Text(text) => consistency::truth(text),
        _ => None,
    }
}

fn whole(node: &Node) -> Option<u64> {
    match &node.value {
        Yaml::Int(number) => u64::try_from(*number).ok(),
        Yaml::Big(number) => Some(*number),
        // Above the range, the processor's conversion answers with the highest bit alone.
        Yaml::Float(number) if *number >= 18_446_744_073_709_551_616.0 => Some(1 << 63),
        Yaml::Float(number) => Some(*number as u64),
        Yaml::Text(text) => text.parse().ok(),
        _ => None,
    }
}

pub(super) fn string(text: impl AsRef<str>) -> Value {
    Value::String(doubled(text.as_ref()))
}

pub(super) fn doubled(text: &str) -> String {
    text.replace('$', "$$")
}
