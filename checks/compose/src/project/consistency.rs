//! What must agree across the project: images, volumes, networks, `depends_on` without a cycle. The loader asks last;
//! nothing is changed here.

use crate::node::{Entry, Map, Node};
use crate::refusal::Refusal;

mod command;
mod cycle;
pub(crate) mod duration;
mod hosts;
mod limits;
mod references;
mod resources;
mod service;
pub(crate) mod size;
mod types;

pub(crate) use types::truth;

pub fn check(root: &Node) -> Result<(), Refusal> {
    types::check(root)?;
    resources::check(root)?;
    for (name, entry) in section(root, "services") {
        service::check(name, entry)?;
        limits::check(&entry.node)?;
        references::check(root, &entry.node)?;
    }
    cycle::check(root)
}

/// The entries of a mapping of `node`, none if it is not there.
fn section<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = (&'a str, &'a Entry)> {
    node.get(key).and_then(Node::as_map).into_iter().flatten().map(|(name, entry)| (name.as_str(), entry))
}

fn list<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    node.get(key).and_then(Node::as_list).unwrap_or_default()
}

/// The text at a key, empty if there is none.
fn text<'a>(node: &'a Node, key: &str) -> &'a str {
    node.get(key).and_then(Node::as_text).unwrap_or_default()
}

fn is_external(resource: &Map) -> bool {
    resource.get("external").is_some_and(|entry| entry.node.is_true())
}

#[cfg(test)]
mod tests;
