//! How the values at a path are merged: the table of everything that is not plain.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Mappings key by key, lists one after the other, anything else replaced; nothing over something changes nothing.
    Plain,
    /// The later one alone counts, also if it is null.
    Replace,
    /// Mappings and lists of `key=value` become one list; doubles are folded later.
    Sequence,
    /// The same, but only what is not there word for word.
    Hosts,
    /// A text is the context.
    Build,
    /// A list of services is a mapping of them.
    Dependencies,
    /// A list of networks is a mapping of them.
    Networks,
    /// Merged while the driver is the same.
    Logging,
    /// `ipam.config`: merged by subnet.
    Subnets,
}

pub(super) fn rule(path: &[String]) -> Rule {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["services", _, key] => service_rule(key),
        ["services", _, "build", "args" | "additional_contexts" | "labels"] => Rule::Sequence,
        ["services", _, "build", "extra_hosts"] => Rule::Hosts,
        ["services", _, "deploy", "labels"] => Rule::Sequence,
        ["services", _, "healthcheck", "test"] => Rule::Replace,
        ["services", _, "ulimits", _] => Rule::Replace,
        ["networks" | "volumes", _, "labels"] => Rule::Sequence,
        ["networks", _, "ipam", "config"] => Rule::Subnets,
        _ => Rule::Plain,
    }
}

fn service_rule(key: &str) -> Rule {
    match key {
        "command" | "entrypoint" => Rule::Replace,
        "annotations" | "dns" | "dns_opt" | "dns_search" | "env_file" | "environment" | "label_file" | "labels"
        | "sysctls" | "tmpfs" => Rule::Sequence,
        "build" => Rule::Build,
        "extra_hosts" => Rule::Hosts,
        "depends_on" => Rule::Dependencies,
        "networks" => Rule::Networks,
        "logging" => Rule::Logging,
        _ => Rule::Plain,
    }
}
