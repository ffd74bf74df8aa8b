//! The short forms that several keys share: a text for a mapping of one key, a text for a list, a list for a mapping.

use super::{Short, wrong};
use crate::node::{Map, Node, Value};
use crate::refusal::Refusal;

/// `text` → `{key: text}`.
pub(super) fn keyed(node: &mut Node, key: &str, what: &str) -> Result<(), Refusal> {
    match &node.value {
        Value::Map(_) => Ok(()),
        Value::Text(text) => {
            let short = Short(&node.origin);
            *node = short.map([(key, short.text(text))]);
            Ok(())
        }
        _ => Err(wrong(node, what, "text or a mapping")),
    }
}

/// `text` → `[text]`.
pub(super) fn list_of_one(node: &mut Node) {
    if node.as_text().is_some() {
        *node = Short(&node.origin).node(Value::List(vec![node.clone()]));
    }
}

/// `[a, b]` → `{a: null, b: null}`.
pub(super) fn names_to_keys(node: &mut Node) -> Result<(), Refusal> {
    let Value::List(list) = &node.value else { return Ok(()) };
    let entry = |name: &Node| {
        let short = Short(&name.origin);
        Ok(short.entry(only_text(name)?, short.node(Value::Null)))
    };
    node.value = Value::Map(known(list).map(entry).collect::<Result<_, Refusal>>()?);
    Ok(())
}

/// Of an unknown entry nobody can say at which key it stands.
fn known(list: &[Node]) -> impl Iterator<Item = &Node> {
    list.iter().filter(|entry| entry.value != Value::Unknown)
}

pub(super) fn only_text(node: &Node) -> Result<&str, Refusal> {
    node.as_text().ok_or_else(|| wrong(node, "an entry", "text"))
}

/// `[a=1, b]` → `{a: 1, b: null}`, where `alone` says whether a name may stand without a value.
pub(super) fn pairs_to_keys(
    node: &mut Node,
    alone: impl Fn(&Node, &str) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let Value::List(list) = &node.value else { return Ok(()) };
    let mut map = Map::new();
    for pair in known(list) {
        let text = only_text(pair)?;
        let short = Short(&pair.origin);
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key, short.text(value)),
            None => {
                alone(pair, text)?;
                (text, short.node(Value::Null))
            }
        };
        map.extend([short.entry(key, value)]);
    }
    node.value = Value::Map(map);
    Ok(())
}
