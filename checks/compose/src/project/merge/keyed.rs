//! The short forms that are made mappings before they are merged.

use crate::node::{Entry, Map, Node, Value};
use crate::refusal::Refusal;

/// `build: folder` is `build: {context: folder}`.
pub(super) fn build(node: Node) -> Node {
    match node.value {
        Value::Text(_) => {
            let origin = node.origin.clone();
            let context = Entry { key: origin.span, node };
            Node { value: Value::Map(Map::from([("context".to_owned(), context)])), origin }
        }
        _ => node,
    }
}

/// Of a name alone, Compose waits until it has started.
pub(super) fn dependencies(node: Node) -> Result<Node, Refusal> {
    names(node, |name| {
        let entry = |value| Entry { key: name.origin.span, node: Node { value, origin: name.origin.clone() } };
        Value::Map(Map::from([
            ("condition".to_owned(), entry(Value::Text("service_started".to_owned()))),
            ("required".to_owned(), entry(Value::Bool(true))),
        ]))
    })
}

/// A name alone says nothing more of its network.
pub(super) fn networks(node: Node) -> Result<Node, Refusal> {
    names(node, |_| Value::Null)
}

/// A list of names becomes a mapping in which each has its `value`.
fn names(node: Node, value: impl Fn(&Node) -> Value) -> Result<Node, Refusal> {
    let Value::List(list) = node.value else { return Ok(node) };
    let mut map = Map::new();
    for name in list.into_iter().filter(|name| name.value != Value::Unknown) {
        let no_name = || Refusal::at(name.origin.span, "a name must stand here");
        let text = name.as_text().ok_or_else(no_name)?.to_owned();
        let node = Node { value: value(&name), origin: name.origin.clone() };
        map.insert(text, Entry { key: name.origin.span, node });
    }
    Ok(Node { value: Value::Map(map), origin: node.origin })
}
