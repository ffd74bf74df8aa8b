//! Named volumes, networks, secrets and configs: the old form `external: {name: x}`.

use super::wrong;
use crate::node::{Entry, Node, Value};
use crate::refusal::Refusal;

pub(super) fn external(resource: &mut Node) -> Result<(), Refusal> {
    let map = match &mut resource.value {
        Value::Map(map) => map,
        Value::Null => return Ok(()),
        _ => return Err(wrong(resource, "a network, volume, secret or config", "a mapping")),
    };
    let Some(Entry { node: external, .. }) = map.get_mut("external") else { return Ok(()) };
    let Value::Map(old) = &mut external.value else { return Ok(()) };
    let name = old.remove("name");
    external.value = Value::Bool(true);
    let Some(name) = name else { return Ok(()) };
    match map.get("name") {
        None => drop(map.insert("name".to_owned(), name)),
        Some(other) if other.node.value == name.node.value => {}
        Some(_) => {
            return Err(Refusal::at(name.node.origin.span, "another name than that of the key `name`")
                .hint("remove `external.name`: `name` beside `external: true` is enough"));
        }
    }
    Ok(())
}
