//! The restart policy that the engine would get from Compose, and the one that was declared: they are not the same.
//!
//! Compose builds the policy from `restart:`; a `deploy.restart_policy` then replaces it whole, also where it names no
//! condition (docker/compose v2.26.1, pkg/compose/create.go). An empty name never restarts.

use crate::node::{Node, Value};

#[derive(Debug, Clone)]
pub struct Restart<'a> {
    pub declared: Option<Declared<'a>>,
    pub effective: Policy<'a>,
    /// The name is empty, which the engine takes for `no` and does not look at the count.
    unnamed: bool,
}

#[derive(Debug, Clone, Copy)]
pub enum Declared<'a> {
    /// `restart: …`.
    Short(&'a Node),
    /// `deploy.restart_policy`, which replaces the `restart:` beside it.
    Deploy { block: &'a Node, condition: Option<&'a Node>, replaced: Option<&'a Node> },
}

/// As the engine has it: `HostConfig.RestartPolicy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy<'a> {
    /// `no`, `always`, `unless-stopped`, `on-failure`, or what the engine will refuse.
    pub name: &'a str,
    pub maximum_retry_count: i64,
}

pub(super) fn of(service: &Node) -> Restart<'_> {
    let short = service.get("restart").filter(|node| node.value != Value::Null);
    let deploy = service.at(&["deploy", "restart_policy"]).filter(|node| node.as_map().is_some());
    if let Some(block) = deploy {
        let condition = block.get("condition");
        let declared = Declared::Deploy { block, condition, replaced: short };
        let attempts = match block.get("max_attempts").map(|node| &node.value) {
            Some(Value::Int(attempts)) => *attempts,
            _ => 0,
        };
        let written = condition.and_then(Node::as_text).unwrap_or_default();
        let effective = Policy { name: engine_name(written), maximum_retry_count: attempts };
        return Restart { declared: Some(declared), effective, unnamed: written.is_empty() };
    }
    let written = short.and_then(Node::as_text).unwrap_or_default();
    let unnamed = written.is_empty() || written.starts_with(':');
    Restart { declared: short.map(Declared::Short), effective: Policy::from_short(written), unnamed }
}

impl Restart<'_> {
    /// Whether the engine refuses to create a container with it.
    pub fn is_refused(&self) -> bool {
        !self.unnamed && self.effective.is_refused()
    }
}

impl<'a> Policy<'a> {
    /// `NAME[:ATTEMPTS]`; attempts that are no number count 0, as Compose ignores the error.
    pub fn from_short(text: &'a str) -> Self {
        let mut words = text.split(':');
        let name = engine_name(words.next().unwrap_or_default());
        let maximum_retry_count = words.next().and_then(|attempts| attempts.parse().ok()).unwrap_or(0);
        Self { name, maximum_retry_count }
    }

    fn is_refused(&self) -> bool {
        match self.name {
            "on-failure" => self.maximum_retry_count < 0,
            "no" | "always" | "unless-stopped" => self.maximum_retry_count != 0,
            _ => true,
        }
    }

    /// Whether a container with this policy comes back after a crash and after a restart of the engine.
    pub fn comes_back(&self) -> bool {
        matches!(self.name, "always" | "unless-stopped") && self.maximum_retry_count == 0
    }
}

impl<'a> Declared<'a> {
    /// Where the policy is written: the value itself, or the block that names none.
    pub fn node(self) -> &'a Node {
        match self {
            Declared::Short(node) => node,
            Declared::Deploy { block, condition, .. } => condition.unwrap_or(block),
        }
    }
}

fn engine_name(condition: &str) -> &str {
    match condition {
        "" | "no" | "none" => "no",
        "any" => "always",
        other => other,
    }
}
