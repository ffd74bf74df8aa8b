//! `unhealthy-forever`: a container that says it is sick, and that nothing starts again.

use std::collections::BTreeSet;

use super::healthcheck_disabled::Healthcheck;
use super::image_unpinned::Reference;
use super::state_without_volume::store::Store;
use crate::finding::{Certainty, Finding, Findings, Severity};
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
  A long-running service with a restart policy and a healthcheck, where nothing in the files acts on `unhealthy`: no test that
  kills the process, and no label that a container of autoheal or deunhealth in these files looks for (`autoheal: \"true\"`, or
  what AUTOHEAL_CONTAINER_LABEL names, or `all`). The label alone restarts nothing. Where it stands and nothing here reads it,
  a container of another project on the same engine may: that cannot be known from the files, so it is neither a pass nor a
  finding, and the comment below says it.
Why it matters
  A restart policy waits for the end of the process. A collector whose socket is dead does not end: it is unhealthy, it runs,
  and it stays so until somebody looks. Measured: an unhealthy container with `unless-stopped` runs on, restarted 0 times.
What to do
  The best is a program that ends by itself when it cannot do its work; the policy then brings it back. Else let something
  restart it: autoheal and its label (where it runs in another project, `# feedctl: allow unhealthy-forever: which one`). Or
  end it from the test: `test: [CMD-SHELL, \"/app health || kill 1\"]`. This needs a process 1 that handles TERM, or `init: true`;
  `kill -9 1` does nothing from inside. A database should not be restarted while it recovers, so it is not asked for here: let
  an alert look at it.
Source
  https://github.com/willfarrell/docker-autoheal, https://github.com/qdm12/deunhealth; moby/moby#28400. Measured on Docker Engine 20.10.
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
  autoheal:
    image: willfarrell/autoheal:1.2.0
    volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]
"#;

const AUTOHEAL: &str = "autoheal";

/// What restarts the unhealthy, by the last part of its image's name, and the label that it looks for.
const HEALERS: [(&str, &str); 3] =
    [("autoheal", AUTOHEAL), ("docker-autoheal", AUTOHEAL), ("deunhealth", "deunhealth.restart.on.unhealthy")];

fn run(model: &Model<'_>, findings: &mut Findings) {
    let labels = labels(model);
    // With this, autoheal looks at every container.
    if labels.contains("all") {
        return;
    }
    findings.extend(model.lasting().filter_map(|service| finding(service, &labels)));
}

/// The labels that make a container one of those that are healed.
fn labels<'a>(model: &Model<'a>) -> BTreeSet<&'a str> {
    model.services.values().filter_map(looked_for).collect()
}

/// Whatever the image is called: who has this variable is one.
fn looked_for<'a>(service: &Service<'a>) -> Option<&'a str> {
    let image = service.node.get("image").and_then(Node::as_text).map(|image| Reference::of(image).name);
    let known = HEALERS.into_iter().find(|(name, _)| image == Some(*name)).map(|(_, label)| label);
    let variable = service.node.at(&["environment", "AUTOHEAL_CONTAINER_LABEL"]);
    match variable.and_then(Node::as_text) {
        Some("") => known.or(Some(AUTOHEAL)),
        label => label.or(known),
    }
}

fn finding(service: &Service<'_>, labels: &BTreeSet<&str>) -> Option<Finding> {
    let Healthcheck::Tested { block, test } = Healthcheck::of(service) else { return None };
    // A store that is killed while it recovers begins to recover again.
    if Store::of(service).is_some_and(Store::holds_ticks) {
        return None;
    }
    let policy = &service.restart.effective;
    if policy.name == "no" || service.restart.is_refused() || kills(test) {
        return None;
    }
    let own = || service.node.get("labels").and_then(Node::as_map).into_iter().flatten();
    for (label, Entry { node, .. }) in own().filter(|(label, _)| labels.contains(label.as_str())) {
        match node.as_text() {
            Some("true") => return None,
            Some("") if node.lacks_a_variable() => {
                let what = format!("the label `{label}`");
                return Some(Finding::unresolved(&RULE.meta, Severity::Warn, service.name, node, &what));
            }
            _ => {}
        }
    }
    let is_known = |label: &str| HEALERS.iter().any(|(_, known)| *known == label);
    let mut unread = own().filter(|(label, entry)| is_known(label) && entry.node.as_text() == Some("true"));
    match unread.next() {
        Some((label, entry)) => Some(read_elsewhere(service, label, &entry.node)),
        None => Some(seen(service, block)),
    }
}

/// What heals looks at every container of the engine, so it may belong to another project.
fn read_elsewhere(service: &Service<'_>, label: &str, node: &Node) -> Finding {
    let name = service.name;
    let message =
        format!("cannot know whether anything acts when `{name}` is unhealthy: nothing here reads its label `{label}`");
    let finding = Finding::new(&RULE.meta, Severity::Warn, name, node.origin.span, message)
        .label("no container of these files looks for this label")
        .consequence("without one on the same engine the label does nothing: an unhealthy container runs on")
        .remedy("add the container that looks for it, or let the program end when it cannot work")
        .otherwise("if it runs in another project: `# feedctl: allow unhealthy-forever: autoheal runs in PROJECT`");
    Finding { certainty: Certainty::Unresolved, ..finding }
}

fn seen(service: &Service<'_>, block: &Entry) -> Finding {
    let (name, policy) = (service.name, service.restart.effective.name);
    let message = format!("nothing acts when `{name}` is unhealthy: it runs on, and does nothing");
    let finding = Finding::new(&RULE.meta, Severity::Warn, name, block.key, message)
        .label("this will say `unhealthy`, and nothing listens")
        .consequence("measured: the engine leaves an unhealthy container running, whatever its restart policy is")
        .remedy("let the program end when it cannot work, run autoheal and label it for it, or test with `… || kill 1`")
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
    fn a_label_acts_only_where_something_looks_for_it() {
        let unresolved = Some(Certainty::Unresolved);
        let labelled = |label: &str, healer: &str| {
            let healer = format!("}}, healer: {{image: '{healer}'");
            format!("restart: always, healthcheck: {{test: x}}, labels: {{{label}}}{healer}")
        };
        check("restart: always, healthcheck: {test: x}, labels: {autoheal: true}", unresolved);
        check(&labelled("autoheal: 'true'", "willfarrell/autoheal:1.2.0"), None);
        check(&labelled("autoheal: true", "localhost:5000/docker-autoheal"), None);
        check(&labelled("autoheal: '$U'", "willfarrell/autoheal:1.2.0"), unresolved);
        check(&labelled("autoheal: 'false'", "willfarrell/autoheal:1.2.0"), Some(Certainty::Seen));
        check(&labelled("autoheal: true", "app:1"), unresolved);
        check(&labelled("autoheal: true", "qmcgaw/deunhealth:v0.3.0"), unresolved);
        check(&labelled("deunhealth.restart.on.unhealthy: 'true'", "qmcgaw/deunhealth:v0.3.0"), None);
        check(&labelled("sick: 'true'", "willfarrell/autoheal:1.2.0"), Some(Certainty::Seen));
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
