//! The variables and labels of a service: written as a list or a mapping, taken from the environment or from files.

use std::collections::BTreeMap;

use super::files::Files;
use super::{map, printed, value_of};
use crate::node::{Entry, Map, Node, Value, Via};
use crate::project::consistency;
use crate::refusal::Refusal;

type Variables = BTreeMap<String, String>;

/// `environment: [NAME]` takes the value of the files' own environment; a mapping waits for that of the project.
pub(super) fn look_up_list(service: &mut Node, variables: &Variables) {
    let Some(Value::List(list)) = value_of(service, "environment").map(|node| &mut node.value) else { return };
    for node in list {
        let Value::Text(name) = &mut node.value else { continue };
        if let Some(value) = variables.get(name.as_str()) {
            node.origin.via.push(Via::Variable(name.clone()));
            *name = format!("{name}={value}");
        }
    }
}

/// Makes `environment` a mapping of texts, or null for a variable that has no value anywhere.
pub(super) fn environment(
    service: &str,
    node: &mut Node,
    variables: &Variables,
    files: &mut Files<'_>,
) -> Result<(), Refusal> {
    let mut own = value_of(node, "environment").map(pairs).unwrap_or_default();
    for (name, entry) in own.iter_mut().filter(|(_, entry)| entry.node.value == Value::Null) {
        if let Some(value) = variables.get(name) {
            entry.node.value = Value::Text(value.clone());
            entry.node.origin.via.push(Via::Variable(name.clone()));
        }
    }
    let mut all = Map::new();
    for file in node.get("env_file").and_then(Node::as_list).unwrap_or_default() {
        if let Some(format) = file.get("format").filter(|format| format.as_text() != Some("")) {
            return Err(
                Refusal::at(format.origin.span, "Compose 2.26 knows no format of an env_file").hint("remove the key")
            );
        }
        let Some(path) = file.get("path") else { continue };
        let required = file.get("required").is_none_or(|required| truth(required) != Some(false));
        let earlier = |name: &str| text_of(&all, name).or_else(|| variables.get(name).cloned());
        if let Some(found) = files.variables(service, path, required, "env_file", &earlier)? {
            all.extend(found);
        }
    }
    all.extend(own);
    put(node, "environment", all);
    Ok(())
}

/// Makes `labels` a mapping of texts.
pub(super) fn labels(service: &str, node: &mut Node, files: &mut Files<'_>) -> Result<(), Refusal> {
    let mut own = value_of(node, "labels").map(pairs).unwrap_or_default();
    for entry in own.values_mut().filter(|entry| entry.node.value == Value::Null) {
        entry.node.value = Value::Text(String::new());
    }
    let mut all = Map::new();
    for path in node.get("label_file").and_then(Node::as_list).unwrap_or_default() {
        if let Some(found) = files.variables(service, path, true, "label_file", &|name| text_of(&all, name))? {
            all.extend(found);
        }
    }
    all.extend(own);
    put(node, "labels", all);
    Ok(())
}

fn truth(node: &Node) -> Option<bool> {
    match &node.value {
        Value::Bool(truth) => Some(*truth),
        Value::Text(text) => consistency::truth(text),
        _ => None,
    }
}

fn text_of(map: &Map, name: &str) -> Option<String> {
    map.get(name)?.node.as_text().map(str::to_owned)
}

fn put(service: &mut Node, key: &str, all: Map) {
    let place = service.origin.span;
    let Some(service) = map(service) else { return };
    if let Some(entry) = service.get_mut(key) {
        entry.node.value = Value::Map(all);
    } else if !all.is_empty() {
        service.insert(key.to_owned(), Entry { key: place, node: Node::new(Value::Map(all), place) });
    }
}

/// Names and texts of a list or a mapping; of a mapping, Compose takes each `x-` key for an extension and leaves the sum
/// of them behind as one strange variable.
fn pairs(node: &mut Node) -> Map {
    match std::mem::replace(&mut node.value, Value::Null) {
        Value::List(list) => list.into_iter().filter_map(pair).collect(),
        Value::Map(map) => {
            let (extensions, mut pairs): (Map, Map) = map.into_iter().partition(|(key, _)| key.starts_with("x-"));
            for entry in pairs.values_mut().filter(|entry| entry.node.value != Value::Null) {
                entry.node.value = Value::Text(printed(&entry.node.value));
            }
            if let Some(first) = extensions.values().next() {
                let (key, origin) = (first.key, first.node.origin.clone());
                let value = Value::Text(printed(&Value::Map(extensions)));
                pairs.insert("#extensions".to_owned(), Entry { key, node: Node { value, origin } });
            }
            pairs
        }
        _ => Map::new(),
    }
}

fn pair(mut node: Node) -> Option<(String, Entry)> {
    let text = node.as_text()?;
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name.to_owned(), Value::Text(value.to_owned())),
        None => (text.to_owned(), Value::Null),
    };
    node.value = value;
    Some((name, Entry { key: node.origin.span, node }))
}
