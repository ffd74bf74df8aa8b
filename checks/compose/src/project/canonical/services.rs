//! The short forms of a service, but for ports and volumes.

use super::forms::{keyed, list_of_one, names_to_keys, only_text, pairs_to_keys};
use super::ports::ports;
use super::volumes::volume;
use super::{Room, Short, complete, each, wrong};
use crate::node::{Map, Node, Value};
use crate::refusal::Refusal;

pub(super) fn service(node: &mut Node, room: &mut Room) -> Result<(), Refusal> {
    let Value::Map(map) = &mut node.value else { return Ok(()) };
    for (key, entry) in map {
        let node = &mut entry.node;
        if node.value == Value::Unknown {
            continue;
        }
        if let ("configs" | "depends_on" | "devices" | "env_file" | "secrets" | "volumes", Value::List(list)) =
            (key.as_str(), &node.value)
        {
            room.take(list.len(), node.origin.span)?;
        }
        match key.as_str() {
            "build" => build(node)?,
            "configs" | "secrets" => each(node, mounted_file)?,
            "depends_on" => depends_on(node)?,
            "devices" => each(node, device)?,
            "dns" | "label_file" => list_of_one(node),
            "env_file" => env_file(node)?,
            "extends" => keyed(node, "service", "`extends`")?,
            "gpus" => gpus(node)?,
            "networks" => names_to_keys(node)?,
            "ports" => ports(node, room)?,
            "ulimits" => each(node, ulimit)?,
            "volumes" => each(node, volume)?,
            _ => {}
        }
    }
    Ok(())
}

fn build(node: &mut Node) -> Result<(), Refusal> {
    keyed(node, "context", "`build`")?;
    let Value::Map(map) = &mut node.value else { return Ok(()) };
    for (key, entry) in map {
        match key.as_str() {
            "additional_contexts" => pairs_to_keys(&mut entry.node, never_alone)?,
            "secrets" => each(&mut entry.node, mounted_file)?,
            "ssh" => pairs_to_keys(&mut entry.node, only_default_alone)?,
            "ulimits" => each(&mut entry.node, ulimit)?,
            _ => {}
        }
    }
    Ok(())
}

fn never_alone(text: &Node, _: &str) -> Result<(), Refusal> {
    Err(Refusal::at(text.origin.span, "a context without its place").hint("`name=path`"))
}

fn only_default_alone(text: &Node, id: &str) -> Result<(), Refusal> {
    if id == "default" {
        return Ok(());
    }
    Err(Refusal::at(text.origin.span, "an SSH key without a path").hint("`default` or `id=path`"))
}

fn mounted_file(node: &mut Node) -> Result<(), Refusal> {
    keyed(node, "source", "a secret or config")
}

/// The number was made of a text before; a fraction is none to Compose, even if it is zero.
fn ulimit(node: &mut Node) -> Result<(), Refusal> {
    match &node.value {
        Value::Int(_) | Value::Map(_) => Ok(()),
        _ => Err(wrong(node, "a limit", "a whole number or a mapping")),
    }
}

fn depends_on(node: &mut Node) -> Result<(), Refusal> {
    let started = |short: &Short<'_>| short.text("service_started");
    match &mut node.value {
        Value::List(list) => {
            let mut map = Map::new();
            for name in list.drain(..).filter(|name| name.value != Value::Unknown) {
                let short = Short(&name.origin);
                let needs = [("condition", started(&short)), ("required", short.node(Value::Bool(true)))];
                map.extend([short.entry(only_text(&name)?, short.map(needs))]);
            }
            node.value = Value::Map(map);
        }
        Value::Map(map) => {
            for entry in map.values_mut() {
                let origin = entry.node.origin.clone();
                let Value::Map(needs) = &mut entry.node.value else {
                    return Err(wrong(&entry.node, "a dependency", "a mapping"));
                };
                complete(needs, "condition", || started(&Short(&origin)));
                complete(needs, "required", || Short(&origin).node(Value::Bool(true)));
            }
        }
        _ => return Err(wrong(node, "`depends_on`", "a list or a mapping")),
    }
    Ok(())
}

fn device(node: &mut Node) -> Result<(), Refusal> {
    let text = match &node.value {
        Value::Text(text) => text,
        Value::Map(_) => return Ok(()),
        _ => return Err(wrong(node, "a device", "text or a mapping")),
    };
    let (source, target, permissions) = match text.split(':').collect::<Vec<_>>()[..] {
        [one] => (one, one, "rwm"),
        [source, target] => (source, target, "rwm"),
        [source, target, permissions] => (source, target, permissions),
        _ => {
            return Err(Refusal::at(node.origin.span, "a device with more than two colons")
                .hint("`source:target:permissions`, or the long form"));
        }
    };
    let short = Short(&node.origin);
    let parts = [("source", source), ("target", target), ("permissions", permissions)];
    *node = short.map(parts.map(|(key, text)| (key, short.text(text))));
    Ok(())
}

fn env_file(node: &mut Node) -> Result<(), Refusal> {
    list_of_one(node);
    if node.as_list().is_none() {
        return Err(wrong(node, "`env_file`", "text or a list"));
    }
    each(node, |file| {
        // A date, say, is forgotten.
        if keyed(file, "path", "an entry of `env_file`").is_err() {
            file.value = Value::Null;
        }
        let origin = file.origin.clone();
        if let Value::Map(map) = &mut file.value {
            complete(map, "required", || Short(&origin).node(Value::Bool(true)));
        }
        Ok(())
    })
}

fn gpus(node: &mut Node) -> Result<(), Refusal> {
    match &node.value {
        Value::List(_) => Ok(()),
        Value::Text(_) => {
            let short = Short(&node.origin);
            *node = short.node(Value::List(vec![short.map([("count", short.text("all"))])]));
            Ok(())
        }
        _ => Err(wrong(node, "`gpus`", "`all` or a list")),
    }
}
