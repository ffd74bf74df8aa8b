//! `privileged`: a container that can do to the host whatever root can.

use crate::finding::{Finding, Findings, Severity};
use crate::model::{Model, Service};
use crate::node::{Node, Value};
use crate::project::consistency;
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "privileged",
        title: "the container can do to the host whatever root can",
        severity: Severity::Warn,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A service with `privileged: true`, or with every capability (`cap_add: [ALL]`).
Why it matters
  It sees every device and every disk of the host. A mistake in it, or a library that was taken over, can stop the feed, and
  take the keys of the broker with it. No part of a feed needs that: it opens sockets and writes files.
What to do
  Remove it, and give what is missing by name: `devices`, one `cap_add`, or `sysctls`.
Source
  Docker, Runtime privilege and Linux capabilities: https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities
";

const BAD: &str = r#"
services:
  collector:
    image: app:1.4.2
    privileged: true
#               ^^^^
  archiver:
    image: app:1.4.2
    cap_add:
      - ALL
#       ^^^
"#;

const GOOD: &str = r#"
services:
  collector:
    image: app:1.4.2
    privileged: false
  archiver:
    image: app:1.4.2
    cap_add:
      - NET_BIND_SERVICE
"#;

fn run(model: &Model<'_>, findings: &mut Findings) {
    findings.extend(model.services.values().filter_map(finding));
}

fn finding(service: &Service<'_>) -> Option<Finding> {
    let name = service.name;
    if let Some(unknown) = service.node.unknown(&["privileged"]).or_else(|| service.node.unknown(&["cap_add"])) {
        return Some(Finding::unresolved(&RULE.meta, Severity::Warn, name, unknown, "the rights"));
    }
    let (node, label) = all_rights(service)?;
    let message = format!("`{name}` can do to the host whatever root can");
    let finding = Finding::new(&RULE.meta, Severity::Warn, name, node.origin.span, message)
        .label(label)
        .consequence("one mistake in it can stop every container of the host, and read every secret there")
        .remedy("remove it, and name what is missing: `devices`, or one capability under `cap_add`")
        .otherwise("if it is the host's own tool: `# feedctl: allow privileged: the reason`");
    Some(finding)
}

fn all_rights<'a>(service: &Service<'a>) -> Option<(&'a Node, &'static str)> {
    let node = service.node;
    let privileged = node.get("privileged").filter(|privileged| match &privileged.value {
        Value::Bool(truth) => *truth,
        Value::Text(text) => consistency::truth(text) == Some(true),
        _ => false,
    });
    let every = |capability: &&Node| {
        let text = capability.as_text().unwrap_or_default().to_ascii_uppercase();
        matches!(text.as_str(), "ALL" | "CAP_ALL")
    };
    let capability = node.get("cap_add").and_then(Node::as_list).unwrap_or_default().iter().find(every);
    let privileged = privileged.map(|node| (node, "every device, every capability, no confinement"));
    privileged.or(capability.map(|node| (node, "every capability")))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::fixture;

    fn check(service: &str, expected: usize) {
        let audit = fixture::audit(&format!("services: {{app: {{image: 'app:1', {service}}}}}"));
        assert!(!audit.is_refused(), "{service}: {:?}", audit.findings);
        let found = audit.findings.iter().filter(|finding| finding.rule.id == RULE.meta.id);
        assert_eq!(found.count(), expected, "{service}");
    }

    #[test]
    fn rights() {
        check("", 0);
        check("privileged: true", 1);
        check("privileged: 'yes'", 1);
        check("privileged: false", 0);
        check("cap_add: [SYS_NICE]", 0);
        check("cap_drop: [ALL]", 0);
        check("cap_add: [NET_ADMIN, all]", 1);
        check("cap_add: [ALL], privileged: true", 1);
    }
}
