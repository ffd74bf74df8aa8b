//! Short forms become long ones: ports, volumes, `depends_on`, `build`, … The loader calls it for each document, behind
//! the check of the shape; it never adds what the file does not say.

use crate::node::{Entry, Map, Node, Origin, Value};
use crate::refusal::Refusal;
use crate::source::Span;

mod forms;
mod ports;
mod resources;
mod services;
mod volumes;

pub(crate) use volumes::{clean, volume_target};

pub fn canonical(root: &mut Node) -> Result<(), Refusal> {
    let Value::Map(sections) = &mut root.value else { return Ok(()) };
    let mut room = Room::default();
    for (name, section) in sections {
        match name.as_str() {
            "services" => each(&mut section.node, |service| services::service(service, &mut room))?,
            "volumes" | "networks" | "secrets" | "configs" => each(&mut section.node, resources::external)?,
            _ => {}
        }
    }
    Ok(())
}

/// How many entries of lists may still become mappings, many times as large: ports, volumes, `depends_on`, …
struct Room(usize);

impl Default for Room {
    fn default() -> Self {
        Self(300_000)
    }
}

impl Room {
    fn take(&mut self, entries: usize, at: Span) -> Result<(), Refusal> {
        let too_many = || Refusal::limit(Some(at), "more than 300,000 ports, volumes and the like in one file");
        self.0 = self.0.checked_sub(entries).ok_or_else(too_many)?;
        Ok(())
    }
}

/// Every value of a mapping, and every entry of a list, that is known.
fn each(node: &mut Node, mut change: impl FnMut(&mut Node) -> Result<(), Refusal>) -> Result<(), Refusal> {
    let mut known = |node: &mut Node| if node.value == Value::Unknown { Ok(()) } else { change(node) };
    match &mut node.value {
        Value::Map(map) => map.values_mut().try_for_each(|entry| known(&mut entry.node)),
        Value::List(list) => list.iter_mut().try_for_each(known),
        _ => Ok(()),
    }
}

/// What no form of `what` is. The shape is checked before, but not in a file that others extend.
fn wrong(node: &Node, what: &str, wanted: &str) -> Refusal {
    Refusal::at(node.origin.span, format!("{what} must be {wanted}"))
}

/// Where a short form stands: all that it becomes has its place and its way.
struct Short<'a>(&'a Origin);

impl Short<'_> {
    fn node(&self, value: Value) -> Node {
        Node { value, origin: self.0.clone() }
    }

    fn text(&self, text: impl Into<String>) -> Node {
        self.node(Value::Text(text.into()))
    }

    fn map<'k>(&self, entries: impl IntoIterator<Item = (&'k str, Node)>) -> Node {
        self.node(Value::Map(entries.into_iter().map(|(key, node)| self.entry(key, node)).collect()))
    }

    fn entry(&self, key: &str, node: Node) -> (String, Entry) {
        (key.to_owned(), Entry { key: self.0.span, node })
    }
}

/// Adds `key` where it is not there.
fn complete(map: &mut Map, key: &str, node: impl FnOnce() -> Node) {
    if !map.contains_key(key) {
        let node = node();
        map.insert(key.to_owned(), Entry { key: node.origin.span, node });
    }
}

#[cfg(test)]
mod tests;
