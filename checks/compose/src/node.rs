//! A YAML value with its origin: where it stands, and through what it came to where it is used. Made by [`document`],
//! rewritten by [`variables`] and [`project`], read by everything else.
//!
//! [`document`]: crate::document
//! [`variables`]: crate::variables
//! [`project`]: crate::project

use std::collections::BTreeMap;

use crate::source::Span;

#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub value: Value,
    pub origin: Origin,
}

/// What go-yaml makes of a value that nothing asks for by type.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer above what `i64` holds.
    Big(u64),
    Float(f64),
    /// A plain date or instant, as text in the form in which Go prints it.
    Time(String),
    Text(String),
    /// Not known here: Compose refuses it as long as a variable has no value.
    Unknown,
    List(Vec<Node>),
    Map(Map),
}

/// The order of keys means nothing to Compose, so it is that of the alphabet here; the spans know that of the file.
pub type Map = BTreeMap<String, Entry>;

#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key itself.
    pub key: Span,
    pub node: Node,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The value as it is written. Of a mapping or list it begins at the first key or entry.
    pub span: Span,
    /// Through what it came, the nearest first; empty for what stands where it is used.
    pub via: Vec<Via>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// An alias (`*name`), also one below `<<`.
    Anchor(Span),
    /// The `extends` of a service: the span of the named service.
    Extends(Span),
    /// An entry of `include`.
    Include(Span),
    /// A variable that has a value.
    Variable(String),
    /// The default of a variable that has no value, or an empty one.
    Default(String),
    /// A variable without value and without default: Compose reads the empty text, we cannot know.
    Unset(String),
}

impl Node {
    pub fn new(value: Value, span: Span) -> Self {
        Self { value, origin: Origin { span, via: Vec::new() } }
    }

    pub fn text(text: impl Into<String>, span: Span) -> Self {
        Self::new(Value::Text(text.into()), span)
    }

    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn is_true(&self) -> bool {
        self.value == Value::Bool(true)
    }

    /// Whether nothing is said: no value, or an empty text.
    pub fn is_empty(&self) -> bool {
        self.value == Value::Null || self.as_text() == Some("")
    }

    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn map_mut(&mut self) -> Option<&mut Map> {
        match &mut self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Whether both say the same, wherever they say it.
    pub fn says_what(&self, other: &Node) -> bool {
        match (&self.value, &other.value) {
            (Value::List(one), Value::List(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.says_what(other))
            }
            (Value::Map(one), Value::Map(other)) => {
                let mut pairs = one.iter().zip(other);
                one.len() == other.len()
                    && pairs.all(|((key, one), (name, other))| key == name && one.node.says_what(&other.node))
            }
            (one, other) => one == other,
        }
    }

    /// What stands under `key` of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map()?.get(key).map(|entry| &entry.node)
    }

    /// What stands at the end of `path`, mapping after mapping.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// What is not known on the way along `path`, or among the entries at its end.
    pub fn unknown(&self, path: &[&str]) -> Option<&Node> {
        match (&self.value, path) {
            (Value::Unknown, _) => Some(self),
            (Value::List(list), []) => list.iter().find(|entry| entry.value == Value::Unknown),
            (Value::Map(map), [key, rest @ ..]) => map.get(*key)?.node.unknown(rest),
            _ => None,
        }
    }

    /// Whether it would be another value if a variable had one.
    pub fn lacks_a_variable(&self) -> bool {
        self.unset().next().is_some()
    }

    /// The variables without value that this very value was made of.
    pub fn unset(&self) -> impl Iterator<Item = &str> {
        self.origin.via.iter().filter_map(|via| match via {
            Via::Unset(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::project::testing::parse;

    #[test]
    fn the_same_words_elsewhere_are_the_same() {
        let check = |one: &str, other: &str, expected: bool| {
            assert_eq!(parse(one).0.says_what(&parse(other).0), expected, "{one} and {other}");
        };
        check("{a: [1, x], b: null}", "{b: null,   a: [1, 'x']}", true);
        check("{a: 1}", "{a: '1'}", false);
        check("[1, 2]", "[1]", false);
        check("{a: 1}", "{b: 1}", false);
        check("{a: 1}", "{a: 1, b: 2}", false);
    }
}
