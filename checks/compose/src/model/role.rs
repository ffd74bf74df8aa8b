//! What a service is for: it runs for ever and must come back, or it runs once and must not.

use std::collections::BTreeMap;

use crate::node::{Entry, Node};
use crate::source::Span;

/// The label in which a compose file says it.
const LABEL: &str = "feedctl.role";

#[derive(Debug, Clone)]
pub struct Role<'a> {
    pub kind: RoleKind,
    pub basis: Basis<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleKind {
    Service,
    OneShot,
    /// The label says something else, or nothing that is known here.
    Unknown,
}

/// How we know.
#[derive(Debug, Clone, Copy)]
pub enum Basis<'a> {
    /// The label `feedctl.role`.
    Label(&'a Node),
    /// `services.<name>.role` of feedctl.yml.
    Config,
    /// Inferred: its `deploy.mode` is that of a job.
    Job(&'a Node),
    /// Inferred: another service waits for its completion, at this place.
    WaitedFor { by: &'a str, at: Span },
    /// Nothing says otherwise.
    Assumed,
}

impl RoleKind {
    pub fn name(self) -> &'static str {
        match self {
            RoleKind::Service => "service",
            RoleKind::OneShot => "one-shot",
            RoleKind::Unknown => "unknown",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [RoleKind::Service, RoleKind::OneShot].into_iter().find(|kind| kind.name() == name)
    }
}

/// For each service on whose completion another one waits: who waits, and where that is written.
pub(super) fn completions<'a>(
    services: impl Iterator<Item = (&'a String, &'a Entry)>,
) -> BTreeMap<&'a str, (&'a str, Span)> {
    let mut waits = BTreeMap::new();
    for (name, entry) in services {
        for (wanted, condition) in entry.node.get("depends_on").and_then(Node::as_map).into_iter().flatten() {
            let condition = condition.node.get("condition");
            if let Some(condition) = condition.filter(|node| node.as_text() == Some("service_completed_successfully")) {
                waits.insert(wanted.as_str(), (name.as_str(), condition.origin.span));
            }
        }
    }
    waits
}

pub(super) fn of<'a>(
    name: &str,
    node: &'a Node,
    roles: &BTreeMap<String, RoleKind>,
    waits: &BTreeMap<&'a str, (&'a str, Span)>,
) -> Role<'a> {
    if let Some(label) = node.at(&["labels", LABEL]) {
        let kind = label.as_text().and_then(RoleKind::named).unwrap_or(RoleKind::Unknown);
        return Role { kind, basis: Basis::Label(label) };
    }
    if let Some(kind) = roles.get(name) {
        return Role { kind: *kind, basis: Basis::Config };
    }
    if let Some(mode) = node.at(&["deploy", "mode"]).filter(|mode| is_job(mode)) {
        return Role { kind: RoleKind::OneShot, basis: Basis::Job(mode) };
    }
    match waits.get(name) {
        Some((by, at)) => Role { kind: RoleKind::OneShot, basis: Basis::WaitedFor { by, at: *at } },
        None => Role { kind: RoleKind::Service, basis: Basis::Assumed },
    }
}

/// Swarm runs such a service to its end and no further (https://docs.docker.com/reference/compose-file/deploy/#mode).
fn is_job(mode: &Node) -> bool {
    matches!(mode.as_text(), Some("replicated-job" | "global-job"))
}

#[cfg(test)]
mod tests {
    use super::{Basis, RoleKind};
    use crate::fixture;

    fn check(service: &str, kind: RoleKind, basis: &str) {
        let waits = "depends_on: {app: {condition: service_completed_successfully}}";
        let other = |needs: &str| format!("other: {{image: 'app:1', {needs}}}");
        let other = other(if basis == "waited for" { waits } else { "" });
        let audit = fixture::audit(&format!("services: {{app: {{image: 'app:1', {service}}}, {other}}}"));
        let model = audit.model().expect("Compose takes it");
        let role = &model.services["app"].role;
        let found = match role.basis {
            Basis::Label(_) => "label",
            Basis::Config => "feedctl.yml",
            Basis::Job(_) => "job",
            Basis::WaitedFor { .. } => "waited for",
            Basis::Assumed => "assumed",
        };
        assert_eq!((role.kind, found), (kind, basis), "{service}");
    }

    #[test]
    fn how_the_role_is_known() {
        check("", RoleKind::Service, "assumed");
        check("deploy: {mode: replicated}", RoleKind::Service, "assumed");
        check("deploy: {mode: global}", RoleKind::Service, "assumed");
        check("deploy: {mode: replicated-job}", RoleKind::OneShot, "job");
        check("deploy: {mode: global-job}", RoleKind::OneShot, "job");
        check("deploy: {mode: global-job}, labels: {feedctl.role: service}", RoleKind::Service, "label");
        check("labels: {feedctl.role: oneshot}", RoleKind::Unknown, "label");
        check("", RoleKind::OneShot, "waited for");
    }
}
