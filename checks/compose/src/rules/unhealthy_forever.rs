//! `unhealthy-forever`: a container that says it is sick, and that nothing starts again.

use std::collections::BTreeSet;

use super::healthcheck_disabled::Healthcheck;
use super::state_without_volume::store::Store;
use crate::finding::{Finding, Severity};
use crate::model::{Model, Service};
use crate::node::{Entry, Node};
use crate::project::normal::printed;
use crate::rule::{Meta, Rule};

pub(super) static RULE: Rule = Rule {
    meta: Meta {
        id: "unhealthy-forever",
        title: "an unhealthy container runs on for ever: no restart policy acts on it",
        severity: Severity::Warn,
        explain: EXPLAIN,
        bad: BAD,
        good: GOOD,
    },
    run,
};

const EXPLAIN: &str = "
What it finds
  A long-running service with a restart policy and a healthcheck, where nothing in the files acts on `unhealthy`: no label
  `autoheal: \"true\"` (or the one that AUTOHEAL_CONTAINER_LABEL names, or `all`), and no test that kills the process.
Why it matters
  A restart policy waits for the end of the process. A collector whose socket is dead does not end: it is unhealthy, it runs,
  and it stays so until somebody looks. Measured: an unhealthy container with `unless-stopped` runs on, restarted 0 times.
What to do
  The best is a program that ends by itself when it cannot do its work; the policy then brings it back. Else let something
  restart it (the label of autoheal), or end it from the test: `test: [CMD-SHELL, \"/app health || kill 1\"]`. This needs a
  process 1 that handles TERM, or `init: true`; `kill -9 1` does nothing from inside. A database should not be restarted while
  it recovers: let an alert look, and say so in a comment that allows this.
Source
  docker-autoheal, https://github.com/willfarrell/docker-autoheal; moby/moby#28400. Measured on Docker Engine 20.10.
";

const BAD: &str = r#"
services:
  collector:
    image: app:1.4.2
    restart: unless-stopped
    healthcheck:
#   ^^^^^^^^^^^
      test: [CMD-SHELL, "kill -0 $$(cat /run/collector.pid)"]
"#;

const GOOD: &str = r#"
services:
  collector:
    image: app:1.4.2
    restart: unless-stopped
    labels: [autoheal=true]
    healthcheck:
      test: [CMD, /collector, health]
  archiver:
    image: app:1.4.2
    restart: unless-stopped
    init: true
    healthcheck:
      test: [CMD-SHELL, "/archiver health || kill 1"]
"#;

fn run(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let labels = labels(model);
    // With this, autoheal looks at every container.
    if labels.contains("all") {
        return;
    }
    findings.extend(model.lasting().filter_map(|service| finding(service, &labels)));
}

/// The labels that make a container one of those that are healed.
fn labels<'a>(model: &Model<'a>) -> BTreeSet<&'a str> {
    let named = model.services.values();
    let named = named.filter_map(|service| service.node.at(&["environment", "AUTOHEAL_CONTAINER_LABEL"])?.as_text());
    named.filter(|label| !label.is_empty()).chain(["autoheal"]).collect()
}

fn finding(service: &Service<'_>, labels: &BTreeSet<&str>) -> Option<Finding> {
    let Healthcheck::Tested { block, test } = Healthcheck::of(service) else { return None };
    // A store that is killed while it recovers begins to recover again.
    if Store::of(service).is_some() {
        return None;
    }
    let policy = &service.restart.effective;
    if policy.name == "no" || policy.is_refused() || kills(test) {
        return None;
    }
    let own = service.node.get("labels").and_then(Node::as_map).into_iter().flatten();
    for (label, Entry { node, .. }) in own.filter(|(label, _)| labels.contains(label.as_str())) {
        match node.as_text() {
            Some("true") => return None,
            Some("") if node.unset().next().is_some() => {
                let what = format!("the label `{label}`");
                return Some(Finding::unresolved(&RULE.meta, Severity::Warn, service.name, node, &what));
            }
            _ => {}
        }
    }
    Some(seen(service, block))
}

fn seen(service: &Service<'_>, block: &Entry) -> Finding {
    let (name, policy) = (service.name, service.restart.effective.name);
    let message = format!("nothing acts when `{name}` is unhealthy: it runs on, and does nothing");
    let finding = Finding::new(&RULE.meta, Severity::Warn, name, block.key, message)
        .label("this will say `unhealthy`, and nothing listens")
        .consequence("measured: the engine leaves an unhealthy container running, whatever its restart policy is")
        .remedy("let the program end when it cannot work, label it `autoheal: \"true\"`, or test with `… || kill 1`")
        .otherwise("if an alert looks at it: `# feedctl: allow unhealthy-forever: the name of the alert`");
    match service.restart.declared {
        Some(declared) => finding.related(
            declared.node().origin.span,
            format!("`{policy}` waits for the end of the process, which does not come"),
        ),
        None => finding,
    }
}

/// Whether the test ends the process. `kill -0` only asks whether there is one.
fn kills(test: &Node) -> bool {
    let words = test.as_list().unwrap_or(std::slice::from_ref(test)).iter().map(|word| printed(&word.value));
    let command = words.collect::<Vec<_>>().join(" ").replace("kill -0", "");
    ["kill 1", "kill -", "pkill ", "killall "].iter().any(|kill| command.contains(kill))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::finding::Certainty;
    use crate::fixture;

    fn check(service: &str, expected: Option<Certainty>) {
        let audit = fixture::audit(&format!("services: {{app: {{image: 'app:1', {service}}}}}"));
        assert!(!audit.is_refused(), "{service}: {:?}", audit.findings);
        let mut mine = audit.findings.iter().filter(|finding| finding.rule.id == RULE.meta.id);
        assert_eq!(mine.next().map(|finding| finding.certainty), expected, "{service}");
    }

    #[test]
    fn what_acts() {
        let seen = Some(Certainty::Seen);
        check("restart: always, healthcheck: {test: x}", seen);
        check("restart: on-failure, healthcheck: {test: x}", seen);
        check("restart: always, healthcheck: {test: x}, labels: {autoheal: 'false'}", seen);
        check("restart: always, healthcheck: {test: 'kill -0 1'}", seen);
        check("restart: always, healthcheck: {test: x}, labels: {autoheal: true}", None);
        check("restart: always, healthcheck: {test: x}, labels: {autoheal: '$U'}", Some(Certainty::Unresolved));
        check("restart: always, healthcheck: {test: 'x || kill 1'}", None);
        check("restart: always, healthcheck: {test: [CMD, kill, '-s', TERM, '1']}", None);
    }

    #[test]
    fn what_is_another_rule() {
        check("healthcheck: {test: x}", None);
        check("restart: always", None);
        check("restart: always, healthcheck: {test: [NONE]}", None);
        check("restart: always, healthcheck: {test: x}, labels: {feedctl.role: one-shot}", None);
    }

    #[test]
    fn autoheal_may_look_at_other_labels_or_at_all() {
        let other = |label: &str| {
            let healer = format!("}}, healer: {{image: 'heal:1', environment: [AUTOHEAL_CONTAINER_LABEL={label}]");
            format!("restart: always, healthcheck: {{test: x}}, labels: [sick=true]{healer}")
        };
        check(&other("sick"), None);
        check(&other("all"), None);
        check(&other("ill"), Some(Certainty::Seen));
    }
}
