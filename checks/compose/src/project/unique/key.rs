//! By what the entries of a list are told apart: the table of every list that is folded.

use crate::node::{Node, Value};
use crate::project::canonical::volume_target;
use crate::project::normal::printed;
use crate::refusal::Refusal;

pub(super) type Key = fn(&Node) -> Result<String, Refusal>;

/// None where doubles stay.
pub(super) fn key(path: &[&str]) -> Option<Key> {
    match path {
        ["services", _, key] => of_service(key),
        ["services", _, "build", "additional_contexts" | "args" | "labels" | "platform" | "tags"]
        | ["services", _, "deploy", "labels"]
        | ["services", _, "networks", _, "aliases" | "link_local_ips"]
        | ["networks", _, "labels"]
        | ["networks", _, "ipam", "options"] => Some(name),
        _ => None,
    }
}

fn of_service(key: &str) -> Option<Key> {
    match key {
        "annotations" | "cap_add" | "cap_drop" | "dns" | "dns_opt" | "dns_search" | "environment" | "labels"
        | "links" | "profiles" | "sysctls" | "tmpfs" => Some(name),
        "configs" => Some(config),
        "devices" => Some(device),
        "env_file" => Some(env_file),
        "expose" => Some(exposed),
        "ports" => Some(port),
        "secrets" => Some(secret),
        "volumes" => Some(volume),
        _ => None,
    }
}

/// Of `name=value` or a name alone.
fn name(node: &Node) -> Result<String, Refusal> {
    let text = text(node)?;
    Ok(text.split_once('=').map_or(text, |(name, _)| name).to_owned())
}

fn volume(node: &Node) -> Result<String, Refusal> {
    match &node.value {
        Value::Map(_) => text_at(node, "target", "this volume has no target in the container"),
        // What is no volume is refused in its place, when the long form is made.
        Value::Text(text) => Ok(volume_target(text).unwrap_or_else(|| text.clone())),
        _ => Ok(String::new()),
    }
}

fn device(node: &Node) -> Result<String, Refusal> {
    match &node.value {
        Value::Map(_) => text_at(node, "target", "this device has no target in the container"),
        Value::Text(text) => Ok(text.split(':').nth(1).unwrap_or(text).to_owned()),
        _ => Ok(String::new()),
    }
}

fn env_file(node: &Node) -> Result<String, Refusal> {
    match &node.value {
        Value::Map(_) => text_at(node, "path", "this env_file has no path"),
        Value::Text(text) => Ok(text.clone()),
        _ => Ok(String::new()),
    }
}

fn exposed(node: &Node) -> Result<String, Refusal> {
    match &node.value {
        Value::Text(_) | Value::Int(_) => Ok(printed(&node.value)),
        _ => Err(Refusal::at(node.origin.span, "a port must stand here")),
    }
}

fn secret(node: &Node) -> Result<String, Refusal> {
    mount(node, "/run/secrets")
}

fn config(node: &Node) -> Result<String, Refusal> {
    mount(node, "")
}

fn mount(node: &Node, folder: &str) -> Result<String, Refusal> {
    match (&node.value, node.get("target"), node.get("source")) {
        (Value::Text(source), ..) => Ok(format!("{folder}/{source}")),
        (Value::Map(_), Some(target), _) => text(target).map(str::to_owned),
        (Value::Map(_), None, Some(source)) => Ok(format!("{folder}/{}", printed(&source.value))),
        (Value::Map(_), None, None) => Ok(format!("{folder}/")),
        _ => Err(Refusal::at(node.origin.span, "a name or a mapping must stand here")),
    }
}

fn port(node: &Node) -> Result<String, Refusal> {
    match &node.value {
        Value::Map(map) if !map.contains_key("target") => {
            Err(Refusal::at(node.origin.span, "this port has no target in the container"))
        }
        Value::Map(_) => {
            let [host, published] = [("host_ip", "0.0.0.0"), ("published", "-")].map(|key| part(node, key));
            let [target, protocol] = [("target", "-"), ("protocol", "tcp")].map(|key| part(node, key));
            Ok(format!("{host}:{published}:{target}/{protocol}"))
        }
        Value::Int(_) | Value::Text(_) => Ok(printed(&node.value)),
        _ => Ok(String::new()),
    }
}

/// Numbers and texts differ to Compose: a published `8080` and a published `"8080"` are two entries.
fn part(port: &Node, (key, otherwise): (&str, &str)) -> String {
    match port.get(key).map(|node| &node.value) {
        Some(Value::Text(text)) => text.clone(),
        Some(other) => format!("!{}", printed(other)),
        None => otherwise.to_owned(),
    }
}

fn text_at(node: &Node, key: &str, missing: &str) -> Result<String, Refusal> {
    let text = node.get(key).and_then(Node::as_text);
    text.map(str::to_owned).ok_or_else(|| Refusal::at(node.origin.span, missing))
}

fn text(node: &Node) -> Result<&str, Refusal> {
    node.as_text().ok_or_else(|| Refusal::at(node.origin.span, "a text must stand here"))
}
