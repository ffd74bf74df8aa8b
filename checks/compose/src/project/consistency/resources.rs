//! Named volumes, secrets and configs: whose they are, and where their content comes from.

use super::{is_external, section, text};
use crate::node::{Entry, Map, Node};
use crate::refusal::Refusal;
use crate::source::Span;

pub(super) fn check(root: &Node) -> Result<(), Refusal> {
    for (name, entry) in section(root, "volumes") {
        entry.node.as_map().map_or(Ok(()), |volume| somebody_elses(name, volume))?;
    }
    for (name, entry) in section(root, "configs") {
        let config = content(name, entry, &["file", "environment", "content"])?;
        if config == 0 && !entry.node.as_map().is_some_and(|config| config.contains_key("external")) {
            return Err(nothing(name, entry.key, "`file`, `environment` or `content`"));
        }
    }
    for (name, entry) in section(root, "secrets") {
        content(name, entry, &["file", "environment"])?;
        let empty = text(&entry.node, "file").is_empty() && text(&entry.node, "environment").is_empty();
        if empty && !entry.node.as_map().is_some_and(is_external) {
            return Err(nothing(name, entry.key, "`file` or `environment`"));
        }
    }
    Ok(())
}

/// An external volume has a name and nothing else.
fn somebody_elses(name: &str, volume: &Map) -> Result<(), Refusal> {
    if !is_external(volume) {
        return Ok(());
    }
    let own = |key: &&String| matches!(key.as_str(), "name" | "external") || key.starts_with("x-");
    match volume.iter().find(|(key, _)| !own(key)) {
        None => Ok(()),
        Some((key, entry)) => {
            Err(Refusal::at(entry.key, format!("the volume `{name}` is external, so `{key}` is not ours"))
                .hint("remove the key, or `external`"))
        }
    }
}

/// How many of the keys that say where the content comes from are there: at most one.
fn content(name: &str, entry: &Entry, keys: &[&str]) -> Result<usize, Refusal> {
    let said: Vec<_> = keys.iter().filter_map(|key| entry.node.as_map()?.get(*key)).collect();
    match said[..] {
        [_, second, ..] => Err(Refusal::at(second.key, format!("`{name}` has more than one content"))
            .hint(format!("only one of {}", keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")))),
        _ => Ok(said.len()),
    }
}

fn nothing(name: &str, at: Span, keys: &str) -> Refusal {
    Refusal::at(at, format!("`{name}` has no content")).hint(format!("add {keys}, or `external: true`"))
}
