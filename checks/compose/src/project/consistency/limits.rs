//! Numbers that can be said in two places must be the same in both, and a fixed container name allows one container.

use super::{size, text};
use crate::node::{Node, Value};
use crate::project::normal::printed;
use crate::refusal::Refusal;

pub(super) fn check(service: &Node) -> Result<(), Refusal> {
    let (scale, replicas) = (service.get("scale"), service.at(&["deploy", "replicas"]));
    if let (Some(scale), Some(replicas)) = (scale, replicas)
        && [scale, replicas].iter().all(|count| count.value != Value::Unknown)
        && number(scale) != number(replicas)
    {
        return Err(differ(replicas, "scale", "deploy.replicas"));
    }
    if let Some(count) = scale.or(replicas).filter(|count| number(count) > 1.0)
        && !text(service, "container_name").is_empty()
    {
        return Err(Refusal::at(count.origin.span, "more than one container cannot have the same `container_name`")
            .hint("remove `container_name`"));
    }
    let (limits, reservations) = ("limits", "reservations");
    same(service, "cpus", number, limits, "cpus")?;
    same(service, "mem_limit", bytes, limits, "memory")?;
    same(service, "mem_reservation", bytes, reservations, "memory")?;
    same(service, "pids_limit", number, limits, "pids")
}

/// If the section of `deploy.resources` is there at all, it must say what the service's own key says.
fn same(service: &Node, key: &str, read: fn(&Node) -> f64, section: &str, other: &str) -> Result<(), Refusal> {
    let Some(own) = service.get(key).filter(|own| read(own) != 0.0) else { return Ok(()) };
    let Some(section_node) = service.at(&["deploy", "resources", section]) else { return Ok(()) };
    match section_node.get(other) {
        Some(Node { value: Value::Unknown, .. }) => Ok(()),
        other if other.map_or(0.0, read) == read(own) => Ok(()),
        _ => Err(differ(own, key, &format!("deploy.resources.{section}.{other}"))),
    }
}

fn differ(node: &Node, key: &str, other: &str) -> Refusal {
    Refusal::at(node.origin.span, format!("`{key}` and `{other}` say different things")).hint("remove one of them")
}

fn number(node: &Node) -> f64 {
    match &node.value {
        // Compose keeps no more digits than this of a number of processors.
        value @ (Value::Int(_) | Value::Big(_) | Value::Float(_) | Value::Text(_)) => {
            printed(value).parse::<f32>().map_or(0.0, f64::from)
        }
        _ => 0.0,
    }
}

/// A fraction of a byte is none: Compose reads zero.
fn bytes(node: &Node) -> f64 {
    match &node.value {
        Value::Float(_) => 0.0,
        value => size::parse(&printed(value)).map_or(0.0, |bytes| bytes as f64),
    }
}
