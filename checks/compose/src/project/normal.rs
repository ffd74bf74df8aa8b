//! What Compose adds at the end: defaults, absolute paths, implied `depends_on`, the environment of `env_file`.
//!
//! The loader calls [`normalize`] once, on the whole project; and [`localize`] on each included project before it is
//! added, because its paths and its environment are its own.

use std::collections::BTreeMap;
use std::path::Path;

use crate::node::{Map, Node, Value};
use crate::project::Gap;
use crate::refusal::Refusal;
use crate::source::Sources;

mod defaults;
mod environment;
mod files;
mod implied;
pub(crate) mod paths;
mod print;

pub(super) use paths::is_remote;
pub(crate) use print::printed;

pub fn normalize(
    root: &mut Node,
    name: &str,
    directory: &Path,
    environment: &BTreeMap<String, String>,
    sources: &mut Sources,
    gaps: &mut Vec<Gap>,
) -> Result<(), Refusal> {
    localize(root, directory, environment)?;
    implied::networks(root);
    let mut files = files::Files::new(sources, gaps, directory);
    for (service, node) in services(root) {
        implied::targets(node)?;
        implied::dependencies(node)?;
        environment::environment(service, node, environment, &mut files)?;
        environment::labels(service, node, &mut files)?;
    }
    implied::names(root, name);
    Ok(())
}

/// Defaults, absolute paths, and `environment: [NAME]` from the environment of these files.
pub fn localize(root: &mut Node, directory: &Path, environment: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let base = paths::Base::new(directory, environment);
    for (_, service) in services(root) {
        defaults::service(service);
        base.service(service)?;
        environment::look_up_list(service, environment);
    }
    base.resources(root);
    Ok(())
}

fn services(root: &mut Node) -> impl Iterator<Item = (&str, &mut Node)> {
    section(root, "services").into_iter().flatten().map(|(name, entry)| (name.as_str(), &mut entry.node))
}

/// A mapping of the root, if it is one.
fn section<'a>(root: &'a mut Node, name: &str) -> Option<&'a mut Map> {
    value_of(root, name).and_then(map)
}

fn map(node: &mut Node) -> Option<&mut Map> {
    match &mut node.value {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

fn list(node: &mut Node) -> Option<&mut Vec<Node>> {
    match &mut node.value {
        Value::List(list) => Some(list),
        _ => None,
    }
}

fn value_of<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    map(node)?.get_mut(key).map(|entry| &mut entry.node)
}

#[cfg(test)]
mod tests;
