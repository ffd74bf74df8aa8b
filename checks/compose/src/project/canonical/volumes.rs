//! `source:target:options` of a service's volume, on any platform: what looks like a drive letter is one.

use super::{Short, wrong};
use crate::node::{Node, Value};
use crate::refusal::Refusal;

pub(super) fn volume(node: &mut Node) -> Result<(), Refusal> {
    let text = match &node.value {
        Value::Text(text) => text,
        Value::Map(_) => return Ok(()),
        _ => return Err(wrong(node, "a volume", "text or a mapping")),
    };
    let spec = parse(text).map_err(|what| {
        Refusal::at(node.origin.span, what).hint("`target`, `source:target` or `source:target:options`")
    })?;
    *node = mount(node, &spec);
    Ok(())
}

/// The target of a short form as it is written, by which Compose tells doubles apart.
pub(crate) fn volume_target(text: &str) -> Option<String> {
    parse(text).ok().map(|spec| spec.target.to_owned())
}

struct Spec<'a> {
    source: &'a str,
    target: &'a str,
    options: &'a str,
    /// Up to two bytes are a path in the container whatever they are, and have no options, not even empty ones.
    bare: bool,
}

fn parse(text: &str) -> Result<Spec<'_>, &'static str> {
    if text.is_empty() {
        return Err("an empty volume");
    }
    if text.len() <= 2 {
        return Ok(Spec { source: "", target: text, options: "", bare: true });
    }
    let parts = parts(text);
    if parts.iter().any(|part| part.is_empty()) {
        return Err("nothing between two colons of a volume");
    }
    let (source, target, options) = match parts[..] {
        [target] => ("", target, ""),
        [source, target] => (source, target, ""),
        [source, target, options] => (source, target, options),
        _ => return Err("too many colons in a volume"),
    };
    Ok(Spec { source, target, options, bare: false })
}

/// At the colons, but for the one behind a single letter.
fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(':') {
        if !is_letter(&text[start..at]) {
            parts.push(&text[start..at]);
            start = at + 1;
        }
    }
    parts.push(&text[start..]);
    parts
}

fn is_letter(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(char::is_alphabetic) && characters.next().is_none()
}

fn mount(node: &Node, spec: &Spec<'_>) -> Node {
    let Spec { source, target, options, bare } = *spec;
    let short = Short(&node.origin);
    let flag = |value| short.node(Value::Bool(value));
    let (mut bind, mut named, mut read_only) = (Vec::new(), None, false);
    for option in options.split(',') {
        match option {
            "ro" => read_only = true,
            "rw" => read_only = false,
            "nocopy" => named = Some(vec![("nocopy", flag(true))]),
            "z" | "Z" => bind.push(("selinux", short.text(option))),
            "private" | "rprivate" | "shared" | "rshared" | "slave" | "rslave" => {
                bind.push(("propagation", short.text(option)));
            }
            // Compose ignores an option that it does not know.
            _ => {}
        }
    }
    let path = is_path(source);
    if path {
        bind.push(("create_host_path", flag(true)));
    } else if !bare {
        named.get_or_insert_default();
    }
    let kind = if path { "bind" } else { "volume" };
    let mut entries = vec![("type", short.text(kind)), ("target", short.text(clean(target)))];
    entries.extend((!source.is_empty()).then(|| ("source", short.text(source))));
    entries.extend(read_only.then(|| ("read_only", flag(true))));
    entries.extend((!bind.is_empty()).then(|| ("bind", short.map(bind))));
    entries.extend(named.map(|options| ("volume", short.map(options))));
    short.map(entries)
}

fn is_path(source: &str) -> bool {
    source.starts_with(['.', '/', '~'])
        || source.starts_with(r"\\")
        || source.split_once(':').is_some_and(|(drive, _)| is_letter(drive))
}

/// A path of the container without `.`, `..` and doubled slashes.
pub(crate) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if rooted => {}
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}
