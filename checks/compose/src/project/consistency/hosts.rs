//! `extra_hosts`: names with addresses, as a list or a mapping.

use crate::node::{Node, Value};
use crate::project::normal::printed;
use crate::refusal::Refusal;

pub(super) fn check(node: &Node) -> Result<(), Refusal> {
    match &node.value {
        Value::List(list) => list.iter().try_for_each(|entry| {
            let text = printed(&entry.value);
            match text.split_once('=').or_else(|| text.split_once(':')) {
                None if entry.value == Value::Unknown => Ok(()),
                Some((name, _)) => is_name(name, entry),
                None => Err(Refusal::at(entry.origin.span, "a host without its address").hint("`name=address`")),
            }
        }),
        Value::Map(map) => map.iter().try_for_each(|(name, entry)| {
            if name.starts_with("x-") {
                return Err(Refusal::at(
                    entry.key,
                    "a host's name cannot begin with `x-`, which Compose takes for an extension",
                ));
            }
            if matches!(entry.node.value, Value::Time(_)) {
                return Err(Refusal::at(entry.node.origin.span, "an address must be text").hint("write it in quotes"));
            }
            is_name(name, &entry.node)
        }),
        _ => Ok(()),
    }
}

fn is_name(name: &str, node: &Node) -> Result<(), Refusal> {
    match name.is_empty() || name.contains([':', '=']) {
        true => Err(Refusal::at(node.origin.span, format!("no name of a host: `{name}`"))),
        false => Ok(()),
    }
}
