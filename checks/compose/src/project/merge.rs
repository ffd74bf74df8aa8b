//! Lays one document over what was merged so far, and a service over the one that it extends, by Compose's rules per path
//! (compose-go v2.4.8, `override/merge.go`). Called by the loader; it never looks at more than the two values it is given.

use self::rule::{Rule, rule};
use crate::node::{Entry, Map, Node, Value};
use crate::refusal::Refusal;
use crate::source::Span;

mod keyed;
mod rule;
mod sequence;
mod subnets;
#[cfg(test)]
mod tests;

/// One document over another.
pub(super) fn merge(base: Node, over: Node) -> Result<Node, Refusal> {
    value(base, over, &mut Vec::new())
}

/// A service over the one it extends.
pub(super) fn merge_service(base: Node, over: Node) -> Result<Node, Refusal> {
    value(base, over, &mut vec!["services".to_owned(), String::new()])
}

fn value(base: Node, over: Node, path: &mut Vec<String>) -> Result<Node, Refusal> {
    match (&base.value, &over.value) {
        (_, Value::Unknown) => return Ok(over),
        // What is joined to something unknown is unknown, and what replaces it is not.
        (Value::Unknown, Value::List(_) | Value::Map(_)) => return Ok(base),
        _ => {}
    }
    match rule(path) {
        Rule::Plain => plain(base, over, path),
        Rule::Replace => Ok(over),
        Rule::Sequence => Ok(sequence::join(base, over, path)),
        Rule::Hosts => Ok(sequence::join_new(base, over, path)),
        Rule::Build => both(keyed::build(base), keyed::build(over), path),
        Rule::Dependencies => both(keyed::dependencies(base)?, keyed::dependencies(over)?, path),
        Rule::Networks => both(keyed::networks(base)?, keyed::networks(over)?, path),
        Rule::Logging => logging(base, over, path),
        Rule::Subnets => subnets::merge(base, over, path),
    }
}

fn plain(base: Node, over: Node, path: &mut Vec<String>) -> Result<Node, Refusal> {
    let Node { value, origin } = base;
    match (value, over.value) {
        (value, Value::Null) => Ok(Node { value, origin }),
        // What was an empty list in an earlier document is nothing now, and nothing more makes it a list again.
        (Value::Null, Value::List(list)) if list.is_empty() && !in_service(path) => {
            Ok(Node { value: Value::Null, origin })
        }
        (Value::Map(below), Value::Map(above)) => Ok(Node { value: Value::Map(mappings(below, above, path)?), origin }),
        (Value::List(mut list), Value::List(above)) => {
            list.extend(above);
            Ok(Node { value: Value::List(list), origin })
        }
        (Value::Map(_), _) => Err(unlike(over.origin.span, path, "mapping")),
        (Value::List(_), _) => Err(unlike(over.origin.span, path, "list")),
        (_, value) => Ok(Node { value, origin: over.origin }),
    }
}

fn mappings(mut base: Map, over: Map, path: &mut Vec<String>) -> Result<Map, Refusal> {
    for (name, above) in over {
        let merged = match base.remove(&name) {
            Some(below) if !name.starts_with("x-") => {
                let own = above.node.origin.span;
                path.push(name.clone());
                let node = value(below.node, above.node, path)?;
                path.pop();
                // A value that was replaced has the key above it, one that grew keeps its first.
                Entry { key: if node.origin.span == own { above.key } else { below.key }, node }
            }
            _ => above,
        };
        base.insert(name, merged);
    }
    Ok(base)
}

/// Where a rule knows only mappings: anything else over one changes nothing, and nothing can be laid over anything else.
fn both(base: Node, over: Node, path: &mut Vec<String>) -> Result<Node, Refusal> {
    let Node { value, origin } = base;
    match (value, over.value) {
        (Value::Map(below), Value::Map(above)) => Ok(Node { value: Value::Map(mappings(below, above, path)?), origin }),
        (value, Value::Map(above)) if !above.is_empty() && !matches!(value, Value::Map(_)) => {
            let message = format!("nothing can be laid over this: {} is neither a mapping nor a list", last(path));
            Err(Refusal::at(origin.span, message))
        }
        (value, _) => Ok(Node { value, origin }),
    }
}

/// The options of one driver mean nothing to another, so another driver replaces everything.
fn logging(base: Node, over: Node, path: &mut Vec<String>) -> Result<Node, Refusal> {
    for node in [&base, &over] {
        if node.as_map().is_none() {
            return Err(Refusal::at(node.origin.span, "`logging` is said twice, but is no mapping here")
                .hint("leave it out, or name a driver"));
        }
    }
    match (base.get("driver"), over.get("driver")) {
        (Some(below), Some(above)) if below.value != above.value => Ok(over),
        _ => both(base, over, path),
    }
}

/// Whether this is the merge of [`merge_service`], whose service has no name here.
fn in_service(path: &[String]) -> bool {
    path.get(1).is_some_and(String::is_empty)
}

fn unlike(span: Span, path: &[String], kind: &str) -> Refusal {
    Refusal::at(span, format!("{} is a {kind} in what this is laid over, so it must be one here", last(path)))
}

fn last(path: &[String]) -> &str {
    path.last().filter(|name| !name.is_empty()).map_or("it", String::as_str)
}
