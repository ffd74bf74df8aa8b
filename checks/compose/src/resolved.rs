//! The project in exactly the form of `docker compose config --format json --profile '*'`, so that anyone can compare.

use serde_json::{Map, Value};

use crate::node::Node;
use crate::project::Project;

mod object;
mod service;

use object::doubled;

/// Service name → the keys that the rules read.
pub fn resolved(project: &Project) -> Value {
    let services = project.root.get("services").and_then(Node::as_map);
    let entry = |(name, entry): (&String, &crate::node::Entry)| (doubled(name), service::service(&entry.node));
    Value::Object(services.into_iter().flatten().map(entry).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests;
