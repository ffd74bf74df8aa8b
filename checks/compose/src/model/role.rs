//! What a service is for: it runs for ever and must come back, or it runs once and must not.

use std::collections::BTreeMap;

use crate::node::{Entry, Node};

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
    /// Inferred: another service waits for its completion, as this value says.
    WaitedFor { by: &'a str, condition: &'a Node },
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

/// For each service on whose completion another one waits, or may wait for all that is known: who waits, and how that is said.
pub(super) fn completions<'a>(
    services: impl Iterator<Item = (&'a String, &'a Entry)>,
) -> BTreeMap<&'a str, (&'a str, &'a Node)> {
    let mut waits: BTreeMap<&str, (&str, &Node)> = BTreeMap::new();
    for (name, entry) in services {
        for (wanted, condition) in entry.node.get("depends_on").and_then(Node::as_map).into_iter().flatten() {
            let Some(condition) = condition.node.get("condition") else { continue };
            let is_known = condition.as_text() == Some("service_completed_successfully");
            if is_known || condition.lacks_a_variable() && !waits.contains_key(wanted.as_str()) {
                waits.insert(wanted.as_str(), (name.as_str(), condition));
            }
        }
    }
    waits
}

pub(super) fn of<'a>(
    name: &str,
    node: &'a Node,
    roles: &BTreeMap<String, RoleKind>,
    waits: &BTreeMap<&'a str, (&'a str, &'a Node)>,
) -> Role<'a> {
    if let Some(label) = node.at(&["labels", LABEL]) {
        let kind = label.as_text().and_then(RoleKind::named).unwrap_or(RoleKind::Unknown);
        return Role { kind, basis: Basis::Label(label) };
    }
    if let Some(kind) = roles.get(name) {
        return Role { kind: *kind, basis: Basis::Config };
    }
    let once = |said: &Node| if said.lacks_a_variable() { RoleKind::Unknown } else { RoleKind::OneShot };
    if let Some(mode) = node.at(&["deploy", "mode"]).filter(|mode| is_job(mode) || mode.lacks_a_variable()) {
        return Role { kind: once(mode), basis: Basis::Job(mode) };
    }
    match waits.get(name) {
        Some((by, condition)) => Role { kind: once(condition), basis: Basis::WaitedFor { by, condition } },
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
        check("deploy: {mode: $A}", RoleKind::Unknown, "job");
        check("deploy: {mode: $A}, labels: {feedctl.role: service}", RoleKind::Service, "label");
    }
}
