//! What a service names must be there: networks, volumes, secrets, configs and other services.

use super::{list, section, text};
use crate::node::{Entry, Node, Value};
use crate::refusal::Refusal;
use crate::source::Span;

pub(super) fn check(root: &Node, service: &Node) -> Result<(), Refusal> {
    let is_there = |kind: &str, name: &str| root.at(&[kind, name]).is_some();
    for (name, Entry { key, .. }) in section(service, "networks") {
        if name.starts_with("x-") {
            return Err(Refusal::at(*key, format!("the network `{name}` is lost: Compose takes it for an extension"))
                .hint("give it a name without `x-`"));
        }
        if !is_there("networks", name) {
            return Err(undefined("network", name, *key));
        }
    }
    for (name, Entry { key, .. }) in section(service, "depends_on") {
        if !is_there("services", name) {
            return Err(undefined("service", name, *key));
        }
    }
    for mount in list(service, "volumes").iter().filter(|mount| text(mount, "type") == "volume") {
        source(mount, "volumes", "volume", &is_there)?;
    }
    for config in list(service, "configs") {
        source(config, "configs", "config", &is_there)?;
    }
    let build = service.get("build");
    for secret in list(service, "secrets").iter().chain(build.map_or(&[][..], |build| list(build, "secrets"))) {
        source(secret, "secrets", "secret", &is_there)?;
    }
    for (_, context) in build.into_iter().flat_map(|build| section(build, "additional_contexts")) {
        let other = context.node.as_text().and_then(|text| text.strip_prefix("service:"));
        if let Some(other) = other.filter(|other| !is_there("services", other)) {
            return Err(undefined("service", other, context.node.origin.span));
        }
    }
    Ok(())
}

fn source(node: &Node, section: &str, kind: &str, is_there: &impl Fn(&str, &str) -> bool) -> Result<(), Refusal> {
    let name = text(node, "source");
    let place = node.get("source").map_or(node.origin.span, |source| source.origin.span);
    // A volume without a name is anonymous.
    let is_unknown = node.value == Value::Unknown || node.unknown(&["source"]).is_some();
    match is_unknown || is_there(section, name) || (kind == "volume" && name.is_empty()) {
        true => Ok(()),
        false => Err(undefined(kind, name, place)),
    }
}

fn undefined(kind: &str, name: &str, at: Span) -> Refusal {
    let refusal = Refusal::at(at, format!("no {kind} is called `{name}`"));
    match (kind, name.contains('/')) {
        ("volume", true) => refusal.hint(format!("a path on the host begins with a dot: `./{name}`")),
        _ => refusal.hint(format!("define it below `{kind}s:` at the top level, or mend the name")),
    }
}
