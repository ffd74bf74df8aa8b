//! What Compose fills in where a long form leaves it out.

use super::{list, map, value_of};
use crate::node::{Entry, Map, Node, Value};

pub(super) fn service(service: &mut Node) {
    if let Some(build) = value_of(service, "build").and_then(map)
        && !build.contains_key("dockerfile_inline")
    {
        add(build, "dockerfile", "Dockerfile");
    }
    if let Some(build) = value_of(service, "build").and_then(map) {
        add(build, "context", ".");
    }
    for port in value_of(service, "ports").and_then(list).into_iter().flatten().filter_map(map) {
        add(port, "protocol", "tcp");
        add(port, "mode", "ingress");
    }
}

/// The new value stands where the first key of the mapping does, since nothing else of the file speaks of it.
fn add(map: &mut Map, key: &str, text: &str) {
    let Some(place) = map.values().next().map(|entry| entry.key) else { return };
    if map.get(key).is_none_or(|entry| entry.node.value == Value::Null) {
        map.insert(key.to_owned(), Entry { key: place, node: Node::text(text, place) });
    }
}
