//! Joins what may be written as a mapping or as a list of `key=value` (labels, environment, …) into one list.

use std::collections::HashSet;

use crate::node::{Entry, Map, Node, Value};
use crate::project::normal::printed;
use crate::project::unique::folds;

/// The second behind the first. What is neither mapping, list nor text adds nothing.
pub(super) fn join(base: Node, over: Node, path: &[String]) -> Node {
    joined(base, over, path, |_, _| true)
}

/// The same without what is there already: a host may have several addresses, so its entries cannot be folded by name.
pub(super) fn join_new(base: Node, over: Node, path: &[String]) -> Node {
    joined(base, over, path, |there, node| node.as_text().is_none_or(|text| !there.contains(text)))
}

fn joined(base: Node, over: Node, path: &[String], wanted: fn(&HashSet<String>, &Node) -> bool) -> Node {
    let nothing = base.value == Value::Null;
    let origin = if nothing { over.origin.clone() } else { base.origin.clone() };
    let mut list = entries(base);
    let there = list.iter().filter_map(Node::as_text).map(str::to_owned).collect();
    list.extend(entries(over).into_iter().filter(|node| wanted(&there, node)));
    // Nothing and an empty list are nothing, which is no list to the shape; but what is folded becomes one again.
    let value = if nothing && list.is_empty() && !folds(path) { Value::Null } else { Value::List(list) };
    Node { value, origin }
}

fn entries(node: Node) -> Vec<Node> {
    match node.value {
        Value::List(list) => list,
        Value::Text(_) => vec![node],
        Value::Map(map) => pairs(map),
        _ => Vec::new(),
    }
}

fn pairs(map: Map) -> Vec<Node> {
    let mut pairs: Vec<Node> = map.into_iter().flat_map(|(key, entry)| pairs_of(&key, entry)).collect();
    pairs.sort_by(|one, other| one.as_text().cmp(&other.as_text()));
    pairs
}

fn pairs_of(key: &str, Entry { key: at, node }: Entry) -> Vec<Node> {
    let pair = |node: Node| {
        let text = format!("{key}={}", printed(&node.value));
        Node { value: Value::Text(text), origin: node.origin }
    };
    match node.value {
        Value::Null => vec![Node::text(key, at)],
        Value::List(list) => list.into_iter().map(pair).collect(),
        _ => vec![pair(node)],
    }
}
