//! `memory-unlimited`: a long-running service that may take the memory of all the others.

use crate::finding::{Finding, Findings, Severity};
use crate::model::{Model, Service};
use crate::node::{Node, Value};
use crate::project::consistency::size;
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "memory-unlimited",
        title: "a leak takes the memory of all the others",
        severity: Severity::Warn,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A long-running service with neither `mem_limit` nor `deploy.resources.limits.memory`, or with one of zero.
Why it matters
  When the host has no memory left, the kernel ends the process that has most, and that may well be Redis or the database
  instead of the one that leaks. A limit lets the guilty container die alone, and its restart policy bring it back.
What to do
  Write `mem_limit` with room above the highest use that `docker stats` has shown on a busy day. For Redis it must be well above
  `maxmemory`, since it forks to save.
Source
  Docker, Resource constraints: https://docs.docker.com/engine/containers/resource_constraints/
";

const BAD: &str = r#"
services:
  archiver:
# ^^^^^^^^
    image: app:1.4.2
  collector:
    image: app:1.4.2
    mem_limit: 0
#              ^
"#;

const GOOD: &str = r#"
services:
  archiver:
    image: app:1.4.2
    mem_limit: 512m
  collector:
    image: app:1.4.2
    deploy:
      resources:
        limits: {memory: 512m}
"#;

fn run(model: &Model<'_>, findings: &mut Findings) {
    findings.extend(model.lasting().filter_map(finding));
}

fn finding(service: &Service<'_>) -> Option<Finding> {
    let places: [&[&str]; 2] = [&["mem_limit"], &["deploy", "resources", "limits", "memory"]];
    let limits: Vec<&Node> = places.into_iter().filter_map(|path| service.node.at(path)).collect();
    if limits.iter().any(|limit| is_limit(limit)) {
        return None;
    }
    let name = service.name;
    if let Some(limit) = limits.iter().find(|limit| limit.lacks_a_variable()) {
        return Some(Finding::unresolved(&RULE.meta, Severity::Warn, name, limit, "the memory limit"));
    }
    let (at, label) = match limits.first() {
        Some(zero) => (zero.origin.span, "zero is no limit"),
        None => (service.key, "no `mem_limit:` here, and no `deploy.resources.limits.memory`"),
    };
    let message = format!("a leak in `{name}` takes the memory of everything else on the host");
    let finding = Finding::new(&RULE.meta, Severity::Warn, name, at, message)
        .label(label)
        .consequence(
            "the kernel then ends the largest process, be it Redis or the database instead of the one that leaks",
        )
        .remedy(match service.node.at(&["deploy", "resources", "limits"]) {
            // Compose refuses a `mem_limit` beside limits that do not say the same.
            Some(_) => "add `memory: 512m` to the `deploy.resources.limits`, or what `docker stats` shows on a busy day",
            None => "add `mem_limit: 512m`, or what `docker stats` shows on a busy day with room above it",
        });
    Some(finding)
}

fn is_limit(limit: &Node) -> bool {
    match &limit.value {
        Value::Int(bytes) => *bytes > 0,
        Value::Text(text) => size::parse(text).is_some_and(|bytes| bytes > 0),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::finding::Certainty;
    use crate::fixture;

    fn found(service: &str) -> Option<Certainty> {
        let text = format!("services: {{app: {{image: 'app:1', {service}}}}}");
        fixture::found(&RULE.meta, &text).map(|(_, certainty)| certainty)
    }

    fn check(service: &str, expected: bool) {
        assert_eq!(found(service), expected.then_some(Certainty::Seen), "{service}");
    }

    #[test]
    fn a_limit_without_value_is_not_known() {
        for limit in ["mem_limit: $LIMIT", "deploy: {resources: {limits: {memory: '${LIMIT:?}'}}}"] {
            assert_eq!(found(limit), Some(Certainty::Unresolved), "{limit}");
        }
        check("mem_limit: '${LIMIT:-1g}'", false);
        check("mem_limit: $LIMIT, deploy: {resources: {limits: {memory: 1g}}}", false);
    }

    #[test]
    fn limits() {
        check("", true);
        check("mem_reservation: 1g", true);
        check("mem_limit: 0", true);
        check("mem_limit: 0m", true);
        check("deploy: {resources: {limits: {cpus: '1'}}}", true);
        check("deploy: {resources: {limits: {memory: 1g}}}", false);
        check("mem_limit: 536870912", false);
        check("labels: {feedctl.role: one-shot}", false);
    }
}
