//! What must agree within a service.

use super::{list, text};
use crate::node::{Entry, Node, Value};
use crate::refusal::Refusal;

pub(super) fn check(name: &str, entry: &Entry) -> Result<(), Refusal> {
    let service = &entry.node;
    let image = service.get("image");
    let is_known = image.is_none_or(|image| image.value != Value::Unknown);
    if service.get("build").is_none() && is_known && text(service, "image").is_empty() {
        let place = image.filter(|image| image.lacks_a_variable()).map_or(entry.key, |image| image.origin.span);
        return Err(Refusal::at(place, format!("`{name}` has neither `image` nor `build`"))
            .hint("name the image that its containers run"));
    }
    let both = |key: &str, other: &str| {
        let (one, other) = (service.get(key)?, service.get(other)?);
        Some((one.origin.span, other))
    };
    if let Some((at, networks)) = both("network_mode", "networks")
        && !text(service, "network_mode").is_empty()
        && networks.as_map().is_some_and(|map| !map.is_empty())
    {
        return Err(Refusal::at(at, "`network_mode` and `networks` exclude each other").hint("remove one of them"));
    }
    build(service)?;
    healthcheck(service)?;
    watches(service)?;
    devices(service)
}

fn build(service: &Node) -> Result<(), Refusal> {
    let Some(build) = service.get("build") else { return Ok(()) };
    if let Some(inline) = build.get("dockerfile_inline").filter(|_| !text(build, "dockerfile_inline").is_empty())
        && !text(build, "dockerfile").is_empty()
    {
        return Err(Refusal::at(inline.origin.span, "`dockerfile` and `dockerfile_inline` exclude each other"));
    }
    let platforms = list(build, "platforms");
    match service.get("platform") {
        Some(platform) if !platforms.is_empty() && !text(service, "platform").is_empty() => {
            let built = platforms.iter().any(|one| one.value == platform.value);
            let refusal = || Refusal::at(platform.origin.span, "a platform that `build.platforms` does not build");
            built.then_some(()).ok_or_else(refusal)
        }
        _ => Ok(()),
    }
}

fn healthcheck(service: &Node) -> Result<(), Refusal> {
    let Some(first) = service.at(&["healthcheck", "test"]).and_then(Node::as_list).and_then(<[_]>::first) else {
        return Ok(());
    };
    match first.as_text() {
        Some("CMD" | "CMD-SHELL" | "NONE") => Ok(()),
        None if first.value == Value::Unknown => Ok(()),
        _ => Err(Refusal::at(first.origin.span, "the first word of `test` must be `CMD`, `CMD-SHELL` or `NONE`")
            .hint("put `CMD` before it, or write the command as one text")),
    }
}

fn watches(service: &Node) -> Result<(), Refusal> {
    for watch in service.get("develop").map_or(&[][..], |develop| list(develop, "watch")) {
        if text(watch, "target").is_empty() && !matches!(text(watch, "action"), "rebuild" | "restart") {
            return Err(Refusal::at(watch.origin.span, "without a `target`, nothing can be synchronised"));
        }
    }
    Ok(())
}

/// Devices are counted or named.
fn devices(service: &Node) -> Result<(), Refusal> {
    let reserved = service.at(&["deploy", "resources", "reservations"]).map_or(&[][..], |node| list(node, "devices"));
    for device in reserved.iter().chain(list(service, "gpus")) {
        if let (Some(_), Some(ids)) = (device.get("count"), device.get("device_ids")) {
            return Err(Refusal::at(ids.origin.span, "`count` and `device_ids` exclude each other"));
        }
    }
    Ok(())
}
