//! What other keys of the project say without words: the default network, dependencies of links and shared namespaces,
//! names of resources.

use super::{list, map, section, services, value_of};
use crate::node::{Entry, Map, Node, Value};
use crate::project::canonical::clean;
use crate::refusal::Refusal;
use crate::source::Span;

/// A service without `networks` and `network_mode` is in the network `default`, which then is there.
pub(super) fn networks(root: &mut Node) {
    let mut user = None;
    for (_, service) in services(root) {
        let place = service.origin.span;
        let Some(service) = map(service) else { continue };
        if service.contains_key("network_mode") {
            continue;
        }
        let networks = service.entry("networks".to_owned()).or_insert_with(|| nothing(place));
        match &mut networks.node.value {
            Value::Map(map) if !map.is_empty() => user = user.or(map.get("default").map(|entry| entry.key)),
            value => {
                *value = Value::Map(Map::from([("default".to_owned(), nothing(place))]));
                user = user.or(Some(place));
            }
        }
    }
    let (Some(place), Some(root)) = (user, map(root)) else { return };
    let networks = root.entry("networks".to_owned()).or_insert_with(|| nothing(place));
    if networks.node.value == Value::Null {
        networks.node.value = Value::Map(Map::new());
    }
    if let Some(networks) = map(&mut networks.node) {
        networks.entry("default".to_owned()).or_insert_with(|| nothing(place));
    }
}

fn nothing(place: Span) -> Entry {
    Entry { key: place, node: Node::new(Value::Null, place) }
}

pub(super) fn targets(service: &mut Node) -> Result<(), Refusal> {
    for port in known(value_of(service, "ports")) {
        if port.get("target").is_none() {
            return Err(Refusal::at(port.origin.span, "a port without its target").hint("a target is 1 to 65535"));
        }
    }
    for mount in known(value_of(service, "volumes")) {
        let place = mount.origin.span;
        let Some(target) = value_of(mount, "target") else {
            return Err(
                Refusal::at(place, "a volume without its target").hint("add `target`, the path in the container")
            );
        };
        if let Value::Text(path) = &mut target.value {
            *path = clean(path);
        }
    }
    Ok(())
}

fn known(node: Option<&mut Node>) -> impl Iterator<Item = &mut Node> {
    node.and_then(list).into_iter().flatten().filter(|entry| entry.value != Value::Unknown)
}

/// `links`, `volumes_from` and a namespace of another service make this one wait for it.
pub(super) fn dependencies(service: &mut Node) -> Result<(), Refusal> {
    if let Some(pid) = service.get("pid").filter(|pid| pid.value == Value::Null) {
        return Err(Refusal::at(pid.origin.span, "`pid` is empty").hint("remove the key"));
    }
    let texts = |key: &str| -> Vec<(String, Span)> {
        let text = |node: &Node| node.as_text().map(|text| (text.to_owned(), node.origin.span));
        let value = service.get(key);
        let list = value.and_then(Node::as_list).unwrap_or_default();
        value.iter().filter_map(|node| text(node)).chain(list.iter().filter_map(text)).collect()
    };
    let mut found: Vec<(String, Span, bool)> = Vec::new();
    for (link, place) in texts("links") {
        let name = match link.split_once(':') {
            Some((name, alias)) if !alias.contains(':') => name,
            _ => &link,
        };
        found.push((name.to_owned(), place, true));
    }
    for key in ["network_mode", "ipc", "pid", "uts", "cgroup"] {
        let shared = texts(key).into_iter();
        found.extend(shared.filter_map(|(text, place)| Some((text.strip_prefix("service:")?.to_owned(), place, true))));
    }
    for (from, place) in texts("volumes_from").into_iter().filter(|(from, _)| !from.starts_with("container:")) {
        found.push((from.split(':').next().unwrap_or_default().to_owned(), place, false));
    }
    let (Some(first), Some(service)) = (found.first(), map(service)) else { return Ok(()) };
    let all = service.entry("depends_on".to_owned()).or_insert_with(|| nothing(first.1));
    if all.node.value == Value::Null {
        all.node.value = Value::Map(Map::new());
    }
    let Some(all) = map(&mut all.node) else { return Ok(()) };
    for (name, place, restart) in found {
        all.entry(name).or_insert_with(|| dependency(place, restart));
    }
    Ok(())
}

fn dependency(place: Span, restart: bool) -> Entry {
    let entry = |key: &str, value| (key.to_owned(), Entry { key: place, node: Node::new(value, place) });
    let needs = Map::from([
        entry("condition", Value::Text("service_started".to_owned())),
        entry("restart", Value::Bool(restart)),
        entry("required", Value::Bool(true)),
    ]);
    Entry { key: place, node: Node::new(Value::Map(needs), place) }
}

/// A resource without a name is called by its key, behind the project's name unless it is somebody else's.
pub(super) fn names(root: &mut Node, project: &str) {
    for kind in ["networks", "volumes", "configs", "secrets"] {
        for (key, entry) in section(root, kind).into_iter().flatten() {
            let place = entry.key;
            if entry.node.value == Value::Null {
                entry.node.value = Value::Map(Map::new());
            }
            let Some(resource) = map(&mut entry.node) else { continue };
            let external = resource.get("external").is_some_and(|entry| entry.node.is_true());
            let name = if external { key.clone() } else { format!("{project}_{key}") };
            let named = Entry { key: place, node: Node::text(name, place) };
            resource.entry("name".to_owned()).or_insert(named);
        }
    }
}
