//! The keys of one service. Only those that the rules read, so that a new key of Compose is no difference.

use serde_json::Value;

use super::object::{Object, string};
use crate::node::{Map, Node, Value as Yaml};
use crate::project::normal::printed;

pub(super) fn service(node: &Node) -> Value {
    Object::of(node)
        .with("deploy", deploy)
        .named("depends_on", dependency)
        .named("environment", variable)
        .part("healthcheck", healthcheck)
        .text("image")
        .flag("init")
        .named("labels", variable)
        .part("logging", logging)
        .list("ports", port)
        .texts("profiles")
        .text("restart")
        .duration("stop_grace_period")
        .list("volumes", mount)
        .done()
}

fn deploy(node: &Node) -> Option<Value> {
    node.at(&["restart_policy"])?.as_map()?;
    Some(Object::of(node).part("restart_policy", restart_policy).done())
}

fn restart_policy(node: &Node) -> Value {
    Object::of(node).text("condition").duration("delay").count("max_attempts").duration("window").done()
}

fn dependency(node: &Node) -> Value {
    Object::of(node).text("condition").flag("required").truth("restart").done()
}

fn healthcheck(node: &Node) -> Value {
    Object::of(node)
        .truth("disable")
        .duration("interval")
        .count("retries")
        .duration("start_interval")
        .duration("start_period")
        .with("test", test)
        .duration("timeout")
        .done()
}

fn test(node: &Node) -> Option<Value> {
    match &node.value {
        Yaml::Text(command) => Some(Value::Array(vec![string("CMD-SHELL"), string(command)])),
        Yaml::List(words) if !words.is_empty() => {
            Some(Value::Array(words.iter().map(|word| string(printed(&word.value))).collect()))
        }
        _ => None,
    }
}

fn logging(node: &Node) -> Value {
    Object::of(node).text("driver").with("options", options).done()
}

/// As with variables, an `x-` key is lost among options and leaves a strange one behind.
fn options(node: &Node) -> Option<Value> {
    let (extensions, options): (Map, Map) =
        node.as_map()?.clone().into_iter().partition(|(key, _)| key.starts_with("x-"));
    let mut texts: serde_json::Map<_, _> =
        options.iter().map(|(key, entry)| (super::doubled(key), variable(&entry.node))).collect();
    texts.values_mut().filter(|value| value.is_null()).for_each(|value| *value = string(""));
    if !extensions.is_empty() {
        texts.insert("#extensions".to_owned(), string(printed(&Yaml::Map(extensions))));
    }
    (!texts.is_empty()).then_some(Value::Object(texts))
}

fn port(node: &Node) -> Value {
    Object::of(node)
        .text("app_protocol")
        .text("host_ip")
        .text("mode")
        .text("name")
        .text("protocol")
        .text("published")
        .small_count("target")
        .done()
}

fn mount(node: &Node) -> Value {
    let bind = |node: &Node| {
        Object::of(node).truth("create_host_path").text("propagation").text("recursive").text("selinux").done()
    };
    Object::of(node)
        .part("bind", bind)
        .text("consistency")
        .truth("read_only")
        .text("source")
        .text("target")
        .part("tmpfs", |node| Object::of(node).small_count("mode").size("size").done())
        .text("type")
        .part("volume", |node| Object::of(node).truth("nocopy").text("subpath").done())
        .done()
}

fn variable(node: &Node) -> Value {
    match &node.value {
        Yaml::Null => Value::Null,
        value => string(printed(value)),
    }
}
