//! The project as the rules see it: its services, what each is for, and what the engine would make of its restart policy.

use std::collections::BTreeMap;

use crate::document::Edit;
use crate::node::{Entry, Node};
use crate::project::Project;
use crate::source::Span;

mod restart;
mod role;
pub mod truth;

pub use restart::{Declared, Policy, Restart};
pub use role::{Basis, Role, RoleKind};

#[derive(Debug)]
pub struct Model<'a> {
    pub project: &'a Project,
    /// By name, whatever their profiles.
    pub services: BTreeMap<&'a str, Service<'a>>,
}

#[derive(Debug)]
pub struct Service<'a> {
    pub name: &'a str,
    /// Its name in the file that defines it first.
    pub key: Span,
    /// In canonical form.
    pub node: &'a Node,
    pub role: Role<'a>,
    /// The profiles that activate it; empty: it is always active.
    pub profiles: Vec<&'a str>,
    pub restart: Restart<'a>,
}

impl<'a> Model<'a> {
    /// `roles` are those of feedctl.yml; a label in the file beats them.
    pub fn new(project: &'a Project, roles: &BTreeMap<String, RoleKind>) -> Self {
        let map = project.root.get("services").and_then(Node::as_map);
        let entries = || map.into_iter().flatten();
        let waits = role::completions(entries());
        let service = |(name, entry): (&'a String, &'a Entry)| {
            let node = &entry.node;
            let role = role::of(name, node, roles, &waits);
            let profiles = node.get("profiles").and_then(Node::as_list).unwrap_or_default();
            let profiles = profiles.iter().filter_map(Node::as_text).collect();
            let service = Service { name, key: entry.key, node, role, profiles, restart: restart::of(node) };
            (name.as_str(), service)
        };
        Self { project, services: entries().map(service).collect() }
    }

    /// Where a file takes away what others say of this key of a service: it, or one above it, is reset or overridden.
    pub fn taken_away(&self, service: &str, key: &[&str]) -> Option<Span> {
        let path = [&["services", service], key].concat();
        let is_above = |edit: &&Edit| {
            edit.path.len() <= path.len() && edit.path.iter().zip(&path).all(|(part, key)| part == key || part == "*")
        };
        self.project.edits.iter().rev().find(is_above).map(|edit| edit.at)
    }

    /// The services that run for ever.
    pub fn lasting(&self) -> impl Iterator<Item = &Service<'a>> {
        self.services.values().filter(|service| service.role.kind == RoleKind::Service)
    }
}
