//! What a text or number must be able to mean: durations, sizes, booleans, commands. The shape tells only text from numbers;
//! Compose refuses the rest when it fills its own structures.

use super::{command, duration, hosts, size};
use crate::node::{Node, Value};
use crate::project::normal::printed;
use crate::refusal::Refusal;

/// What Compose keeps a value as.
enum Type {
    Text,
    /// Printed, whatever it is.
    Printed,
    /// Names with texts.
    Texts,
    Flag,
    /// A whole number; of a fraction, the part before the point.
    Whole,
    /// The same, not below zero.
    Natural,
    /// The same, never written as text.
    Bare,
    /// A whole number and nothing that can be made one.
    Limit,
    Real,
    Duration,
    Bytes,
    /// The rights of a file, in octal digits where it is text.
    Rights,
    /// A number of devices, or all.
    Count,
    Command,
    Hosts,
}

pub(super) fn check(root: &Node) -> Result<(), Refusal> {
    for section in ["services", "networks", "volumes", "secrets", "configs"] {
        for (_, entry) in super::section(root, section) {
            walk(section, &mut Vec::new(), &entry.node)?;
        }
    }
    Ok(())
}

fn walk<'a>(section: &str, path: &mut Vec<&'a str>, node: &'a Node) -> Result<(), Refusal> {
    if node.value == Value::Unknown {
        return Ok(());
    }
    let name = path.iter().rev().find(|key| **key != "[]").copied().unwrap_or(section);
    if let Some(expected) = of(section, path) {
        return expected.check(name, node);
    }
    match &node.value {
        Value::Map(map) => {
            for (key, entry) in map.iter().filter(|(key, _)| !key.starts_with("x-")) {
                path.push(key);
                walk(section, path, &entry.node)?;
                path.pop();
            }
            Ok(())
        }
        Value::List(list) => {
            path.push("[]");
            list.iter().try_for_each(|entry| walk(section, path, entry))?;
            path.pop();
            Ok(())
        }
        _ => Type::Text.check(name, node),
    }
}

/// None where it is known only further below, or a text.
fn of(section: &str, path: &[&str]) -> Option<Type> {
    match (section, path) {
        ("services", path) => of_service(path),
        (_, ["labels"]) | ("networks" | "volumes", ["driver_opts"]) => Some(Type::Printed),
        ("secrets" | "configs", ["driver_opts"]) => Some(Type::Texts),
        ("networks", ["ipam", "options"] | ["ipam", "config", "[]", "aux_addresses"]) => Some(Type::Printed),
        (_, ["external"]) | ("networks", ["attachable" | "enable_ipv4" | "enable_ipv6" | "internal"]) => {
            Some(Type::Flag)
        }
        _ => None,
    }
}

fn of_service(path: &[&str]) -> Option<Type> {
    Some(match path {
        ["post_start" | "pre_stop", "[]", key] | ["develop", "watch", "[]", "exec", key] => return of_hook(key),
        ["annotations" | "environment" | "expose" | "labels" | "sysctls"]
        | ["build", "additional_contexts" | "args" | "labels" | "ssh"]
        | ["deploy", "labels"]
        | ["logging", "options"]
        | ["networks", _, "driver_opts"]
        | ["deploy", "resources", "reservations", "devices", "[]", "options"]
        | ["gpus", "[]", "options"] => Type::Printed,
        ["storage_opt"] => Type::Texts,
        ["attach" | "init" | "oom_kill_disable" | "privileged" | "read_only" | "stdin_open" | "tty"]
        | ["build", "no_cache" | "privileged" | "pull"]
        | ["depends_on", _, "required" | "restart"]
        | ["env_file", "[]", "required"]
        | ["healthcheck", "disable"]
        | ["volumes", "[]", "read_only"]
        | ["volumes", "[]", "bind", "create_host_path"]
        | ["volumes", "[]", "volume", "nocopy"] => Type::Flag,
        ["cpu_count" | "cpu_period" | "cpu_quota" | "cpu_rt_period" | "cpu_rt_runtime" | "cpu_shares"]
        | ["oom_score_adj" | "pids_limit" | "scale"]
        | ["deploy", "replicas"]
        | ["deploy", "resources", _, "pids"]
        | ["deploy", "resources", _, "generic_resources", "[]", "discrete_resource_spec", "value"]
        | ["networks", _, "gw_priority" | "priority"] => Type::Whole,
        ["deploy", "placement", "max_replicas_per_node"]
        | ["deploy", "restart_policy", "max_attempts"]
        | ["deploy", "rollback_config" | "update_config", "parallelism"]
        | ["healthcheck", "retries"] => Type::Natural,
        ["blkio_config", "weight"]
        | ["blkio_config", "weight_device", "[]", "weight"]
        | ["ports", "[]", "target"]
        | ["volumes", "[]", "tmpfs", "mode"] => Type::Bare,
        ["cpu_percent" | "cpus"]
        | ["deploy", "resources", _, "cpus"]
        | ["deploy", "rollback_config" | "update_config", "max_failure_ratio"] => Type::Real,
        ["stop_grace_period"]
        | ["deploy", "restart_policy", "delay" | "window"]
        | ["deploy", "rollback_config" | "update_config", "delay" | "monitor"]
        | ["healthcheck", "interval" | "start_interval" | "start_period" | "timeout"] => Type::Duration,
        ["mem_limit" | "mem_reservation" | "mem_swappiness" | "memswap_limit" | "shm_size"]
        | ["blkio_config", _, "[]", "rate"]
        | ["build", "shm_size"]
        | ["deploy", "resources", _, "memory"]
        | ["volumes", "[]", "tmpfs", "size"] => Type::Bytes,
        ["configs" | "secrets", "[]", "mode"] | ["build", "secrets", "[]", "mode"] => Type::Rights,
        ["deploy", "resources", _, "devices", "[]", "count"] | ["gpus", "[]", "count"] => Type::Count,
        ["command" | "entrypoint"] => Type::Command,
        ["extra_hosts"] | ["build", "extra_hosts"] => Type::Hosts,
        ["ulimits", _, "hard" | "soft"] | ["build", "ulimits", _, "hard" | "soft"] => Type::Limit,
        _ => return None,
    })
}

fn of_hook(key: &str) -> Option<Type> {
    Some(match key {
        "command" => Type::Command,
        "environment" => Type::Printed,
        "privileged" => Type::Flag,
        _ => return None,
    })
}

impl Type {
    fn check(&self, name: &str, node: &Node) -> Result<(), Refusal> {
        let value = &node.value;
        let fits = match (self, value) {
            (Self::Printed, _) | (_, Value::Null) => true,
            (Self::Command, Value::List(words)) => {
                return words.iter().try_for_each(|word| Self::Text.check(name, word));
            }
            (Self::Hosts, _) => return hosts::check(node),
            (Self::Texts, Value::Map(map)) => {
                return map.iter().try_for_each(|(key, entry)| match key.starts_with("x-") {
                    true => Err(Refusal::at(entry.key, format!("a key of `{name}` cannot begin with `x-`"))),
                    false => Self::Text.check(key, &entry.node),
                });
            }
            (Self::Text, Value::Text(_) | Value::Int(_) | Value::Big(_)) => true,
            (Self::Command, Value::Text(text)) => command::is_whole(text),
            // A date is no command, and forgotten.
            (Self::Command, Value::Time(_)) => true,
            (Self::Flag, Value::Bool(_)) => true,
            (Self::Flag, Value::Text(text)) => truth(text).is_some(),
            (Self::Whole | Self::Natural | Self::Bare | Self::Real, Value::Big(_)) => true,
            (Self::Whole | Self::Real, Value::Int(_) | Value::Float(_)) => true,
            (Self::Natural | Self::Bare, Value::Int(number)) => *number >= 0,
            (Self::Natural | Self::Bare, Value::Float(number)) => *number >= 0.0,
            (Self::Whole, Value::Text(text)) => text.parse::<i64>().is_ok(),
            (Self::Natural, Value::Text(text)) => text.parse::<i64>().is_ok_and(|number| number >= 0),
            (Self::Real, Value::Text(text)) => text.parse::<f64>().is_ok(),
            (Self::Duration, _) => duration::parse(&printed(value)).is_some(),
            (Self::Bytes, Value::Text(text)) => size::parse(text).is_some(),
            // Of any other kind, Compose reads zero.
            (Self::Bytes, _) => true,
            (Self::Limit | Self::Rights | Self::Count, Value::Int(_)) => true,
            (Self::Rights, Value::Text(text)) => i64::from_str_radix(text, 8).is_ok(),
            (Self::Count, Value::Text(text)) => text.eq_ignore_ascii_case("all") || text.parse::<i64>().is_ok(),
            _ => false,
        };
        let (wanted, hint) = self.words();
        match fits {
            true => Ok(()),
            false => Err(Refusal::at(node.origin.span, format!("`{name}` must be {wanted}")).hint(hint)),
        }
    }

    /// What it must be, and how it is written.
    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::Text => ("text", "write it in quotes"),
            Self::Printed => ("anything", "any value"),
            Self::Texts => ("a mapping", "`name: text`"),
            Self::Flag => ("true or false", "`true` or `false`"),
            Self::Whole | Self::Limit => ("a whole number", "such as `3`"),
            Self::Natural => ("a whole number from zero on", "such as `3`"),
            Self::Bare => ("a whole number from zero on", "such as `3`, without quotes"),
            Self::Real => ("a number", "such as `0.5`"),
            Self::Duration => ("a duration", "a number with its unit: `90s`, `1m30s`, `500ms`"),
            Self::Bytes => ("an amount of memory", "such as `512m` or `1.5g`"),
            Self::Rights => ("the rights of a file", "such as `0440`"),
            Self::Count => ("a number of devices", "such as `1`, or `all`"),
            Self::Command => ("a whole command", "close the quotes, or write the command as a list"),
            Self::Hosts => ("names with addresses", "`name=address`"),
        }
    }
}

/// The words that Compose reads as a boolean, also where one came as text.
pub(crate) fn truth(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "y" | "yes" | "on" => Some(true),
        "false" | "n" | "no" | "off" => Some(false),
        _ => None,
    }
}
